/* SPDX-License-Identifier: Apache-2.0 */
/* See line_reader.h. */
#include "line_reader.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct line_reader {
	void (*each)(void *context, const char *line, size_t length);
	void *context;
	size_t longest, length;
	bool overlong; /* the rest of a line that was too long is passed over */
	char line[];   /* longest + 1 */
};

struct line_reader *line_reader_new(size_t longest, void (*each)(void *context, const char *line, size_t length),
				    void *context)
{
	struct line_reader *reader = malloc(sizeof(*reader) + longest + 1);

	if (reader)
		*reader = (struct line_reader){ .each = each, .context = context, .longest = longest };
	return reader;
}

void line_reader_free(struct line_reader *reader)
{
	free(reader);
}

void line_reader_take(struct line_reader *reader, const char *octets, size_t count)
{
	for (const char *end = octets + count; octets < end;) {
		const char *newline = memchr(octets, '\n', (size_t)(end - octets));
		size_t part = (size_t)((newline ? newline : end) - octets);
		reader->overlong |= reader->length + part > reader->longest;
		if (!reader->overlong) {
			memcpy(reader->line + reader->length, octets, part);
			reader->length += part;
		}
		if (!newline)
			return;
		reader->line[reader->length] = '\0';
		if (reader->overlong)
			reader->each(reader->context, NULL, 0);
		else
			reader->each(reader->context, reader->line, reader->length);
		reader->length = 0;
		reader->overlong = false;
		octets = newline + 1;
	}
}
