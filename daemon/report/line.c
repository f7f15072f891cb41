/* SPDX-License-Identifier: Apache-2.0 */
/* See line.h. */
#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void line_add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->used;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line->text + line->used, room, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length < room) {
		line->used += (size_t)length;
		return;
	}
	line->used = sizeof(line->text) - 1;
	memcpy(line->text + sizeof(line->text) - 4, "...", 4);
}

void line_add_octets(struct line *line, const uint8_t *octets, size_t count, size_t limit)
{
	for (size_t i = 0; i < count && i < limit; i++) {
		if (octets[i] >= 0x20 && octets[i] < 0x7f && octets[i] != '\\')
			line_add(line, "%c", octets[i]);
		else
			line_add(line, "\\x%02x", octets[i]);
	}
	if (count > limit)
		line_add(line, "...");
}

void line_add_hex(struct line *line, const uint8_t *octets, size_t count, size_t limit)
{
	for (size_t i = 0; i < count && i < limit; i++)
		line_add(line, "%02x", octets[i]);
	if (count > limit)
		line_add(line, "...");
}

void line_add_algorithm(struct line *line, const struct ike_algorithm *algorithm)
{
	char name[IKE_ALGORITHM_NAME_SIZE];

	line_add(line, "%s", ike_algorithm_name(algorithm, name));
}
