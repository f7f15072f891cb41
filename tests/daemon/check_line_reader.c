/* SPDX-License-Identifier: Apache-2.0 */
/* Lines come whole, in whatever pieces their octets did; one that is too long is told and passed over. */
#include "../../daemon/line_reader.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 8 };

static char heard[256];

static void hear(void *context, const char *line, size_t length)
{
	size_t used = strlen(heard);

	ck_assert_ptr_eq(context, heard);
	if (line)
		ck_assert_uint_eq(strlen(line), length);
	snprintf(heard + used, sizeof(heard) - used, "<%s>", line ? line : "too long");
}

START_TEST(whatever_the_pieces)
{
	static const char stream[] = "one\n\n12345678\n123456789\nfour\nnot yet";

	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		struct line_reader *reader = line_reader_new(LONGEST, hear, heard);
		heard[0] = '\0';
		for (size_t at = 0; at < sizeof(stream) - 1; at += piece) {
			size_t left = sizeof(stream) - 1 - at;
			line_reader_take(reader, stream + at, left < piece ? left : piece);
		}
		ck_assert_str_eq(heard, "<one><><12345678><too long><four>");
		line_reader_take(reader, "\n", 1);
		ck_assert_str_eq(heard, "<one><><12345678><too long><four><not yet>");
		line_reader_free(reader);
	}
}
END_TEST

SUITE_MAIN("line_reader", whatever_the_pieces)
