/* SPDX-License-Identifier: Apache-2.0 */
/* AH headers (RFC 4302). */
#include "dissectors/ah.h"

#include "build.h"
#include "../suite.h"

START_TEST(header)
{
	struct build build;
	struct ah_header ah;
	build_begin(&build);
	build_data(&build, 3);
	build_ah(&build, 6, 0xfedcba98, 0x01020304);
	struct cursor cursor = build_cursor(&build, build_length(&build));
	ck_assert(ah_read(&cursor, &ah));
	ck_assert_uint_eq(ah.next_header, 6);
	ck_assert_uint_eq(ah.spi, 0xfedcba98);
	ck_assert_uint_eq(ah.sequence, 0x01020304);
	ck_assert_uint_eq(cursor_left(&cursor), 3);
}
END_TEST

START_TEST(cut_anywhere)
{
	struct build build;
	struct ah_header ah;
	build_begin(&build);
	build_ah(&build, 6, 1, 2);
	for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
		struct cursor cursor = build_cursor(&build, captured);
		/* The integrity check value is not needed. */
		ck_assert_int_eq(ah_read(&cursor, &ah), captured >= AH_HEADER_SIZE);
		ck_assert_int_eq(cursor.error, captured >= AH_HEADER_SIZE ? CURSOR_OK : CURSOR_TRUNCATED);
	}
}
END_TEST

START_TEST(lengths)
{
	struct build build;
	struct ah_header ah;
	for (uint32_t words = 0; words < 256; words++) {
		build_begin(&build);
		build_ah(&build, 6, 1, 2);
		build_set(&build, 1, 1, words);
		struct cursor cursor = build_cursor(&build, build_length(&build));
		/* At least the fixed part, at most what is there: 24 octets. */
		ck_assert_int_eq(ah_read(&cursor, &ah), words >= 1 && words <= 4);
		ck_assert_int_eq(cursor.error, words >= 1 && words <= 4 ? CURSOR_OK : CURSOR_MALFORMED);
	}
}
END_TEST

SUITE_MAIN("ah", header, cut_anywhere, lengths)
