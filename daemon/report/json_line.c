/* SPDX-License-Identifier: Apache-2.0 */
/* See json_line.h. */
#include "json_line.h"
#include "memory_or_end.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Fifteen digits survive text and back for any double, and print 0.1 as 0.1. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15))

/* DEL is the one control character that JSON_ENSURE_ASCII lets through; it can only stand inside a string. */
static char *escape_del(char *line)
{
	static const char escaped[] = "\\u007f";
	size_t count = 0, used = 0;
	char *copy;

	for (const char *at = line; *at; at++)
		count += *at == 0x7f;
	if (count == 0)
		return line;
	copy = memory_or_end(strlen(line) + count * (sizeof(escaped) - 2) + 1);
	for (const char *at = line; *at; at++) {
		if (*at == 0x7f) {
			memcpy(copy + used, escaped, sizeof(escaped) - 1);
			used += sizeof(escaped) - 1;
		} else {
			copy[used++] = *at;
		}
	}
	copy[used] = '\0';
	free(line);
	return copy;
}

char *json_line(json_t *value)
{
	char *line = value ? json_dumps(value, DUMP_FLAGS) : NULL;

	json_decref(value);
	return line ? escape_del(line) : NULL;
}

char *json_line_text(const char *line, size_t length, const char *within, const char *key)
{
	json_t *object = json_loadb(line, length, 0, NULL);
	const json_t *inner = within ? json_object_get(object, within) : object;
	const char *text = json_string_value(json_object_get(inner, key));
	char *copy = text ? strdup(text) : NULL;

	json_decref(object);
	return copy;
}
