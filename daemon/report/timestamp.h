/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time as text: RFC 3339, UTC, microseconds. Called by the sinks and by the reader of records; pure.
 */
#ifndef ESPIAL_REPORT_TIMESTAMP_H
#define ESPIAL_REPORT_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 32 };
struct timestamp_text {
	char text[TIMESTAMP_SIZE]; /* "2026-11-21T20:30:00.123456Z" */
};

/* Whole microseconds since the epoch, rounded down. */
int64_t timestamp_microseconds(int64_t time_ns);

/* Any time_ns has a text (years 1677 to 2262). Returns buffer->text. */
const char *timestamp_text(int64_t time_ns, struct timestamp_text *buffer);

/* Reads exactly what timestamp_text() writes. False, and untouched, if it is anything else. */
bool timestamp_parse(const char *text, int64_t *time_ns);

#endif
