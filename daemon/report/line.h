/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line: text put together piece by piece in bounded room.
 *
 * What does not fit is cut and marked. Octets from the wire go in through line_add_octets() only, which lets nothing
 * but printable ASCII through. Called by the IKE log and the inventory. Pure.
 */
#ifndef ESPIAL_REPORT_LINE_H
#define ESPIAL_REPORT_LINE_H

#include "../../dissectors/ike_algorithm.h"

#include <stddef.h>
#include <stdint.h>

enum { LINE_SIZE = 1024 };

struct line {
	size_t used; /* octets before the terminating zero */
	char text[LINE_SIZE];
};

static inline void line_clear(struct line *line)
{
	line->used = 0;
	line->text[0] = '\0';
}

/* Adds formatted text; arguments must be safe to show. When the line is full it ends in "...". */
void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds octets from outside, at most `limit` of them: printable ASCII as it is, anything else as \xNN. */
void line_add_octets(struct line *line, const uint8_t *octets, size_t count, size_t limit);

/* Adds octets as hexadecimal digits, at most `limit` octets of them. */
void line_add_hex(struct line *line, const uint8_t *octets, size_t count, size_t limit);

/* Adds the algorithm's name. */
void line_add_algorithm(struct line *line, const struct ike_algorithm *algorithm);

#endif
