/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON value as one line of text: how everything that espial writes as JSON lines is spelled.
 *
 * Compact ASCII: every other character is escaped, and every control character with it, DEL included, so that a hostile
 * name can neither break a line nor steer a terminal. Called by all that write JSON. Pure.
 */
#ifndef ESPIAL_REPORT_JSON_LINE_H
#define ESPIAL_REPORT_JSON_LINE_H

#include <stddef.h>

struct json_t; /* of jansson */

/* Takes the reference. The line without its newline, to be freed; NULL on lack of memory, and for NULL, which stands for
 * lack of memory when the value was made. */
char *json_line(struct json_t *value);

/* The string at `key` of a line's object, or of the object at `within` in it unless that is NULL; to be freed. NULL if there is none,
 * and on lack of memory. */
char *json_line_text(const char *line, size_t length, const char *within, const char *key);

#endif
