/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of a stream that comes in pieces.
 */
#ifndef ESPIAL_DAEMON_LINE_READER_H
#define ESPIAL_DAEMON_LINE_READER_H

#include <stddef.h>

struct line_reader;

/*
 * `each` gets every line without its newline, with a NUL beyond its length, until it returns; or NULL for one that was longer
 * than `longest` octets, whose rest was passed over. NULL on lack of memory.
 */
struct line_reader *line_reader_new(size_t longest, void (*each)(void *context, const char *line, size_t length),
				    void *context);
void line_reader_free(struct line_reader *reader);

void line_reader_take(struct line_reader *reader, const char *octets, size_t count);

#endif
