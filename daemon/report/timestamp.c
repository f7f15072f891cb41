/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 timestamps, see timestamp.h. */
#include "timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t timestamp_microseconds(int64_t time_ns)
{
	return time_ns / 1000 - (time_ns % 1000 < 0);
}

const char *timestamp_text(int64_t time_ns, struct timestamp_text *buffer)
{
	int64_t microseconds = timestamp_microseconds(time_ns);
	int64_t fraction = microseconds % 1000000;
	time_t seconds = (time_t)(microseconds / 1000000);
	struct tm parts;
	size_t length;

	if (fraction < 0) {
		fraction += 1000000;
		seconds--;
	}
	gmtime_r(&seconds, &parts); /* cannot fail: the year of any int64_t of nanoseconds fits */
	length = strftime(buffer->text, sizeof(buffer->text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(buffer->text + length, sizeof(buffer->text) - length, ".%06dZ", (int)fraction);
	return buffer->text;
}

/* A run of decimal digits, no sign, no space. -1 if it is not that. */
static int digits(const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool timestamp_parse(const char *text, int64_t *time_ns)
{
	struct timestamp_text again;
	struct tm parts = { 0 };
	int64_t nanoseconds;
	int fraction;

	if (strlen(text) != sizeof("2026-11-21T20:30:00.123456Z") - 1)
		return false;
	fraction = digits(text + 20, 6);
	parts.tm_year = digits(text, 4) - 1900;
	parts.tm_mon = digits(text + 5, 2) - 1;
	parts.tm_mday = digits(text + 8, 2);
	parts.tm_hour = digits(text + 11, 2);
	parts.tm_min = digits(text + 14, 2);
	parts.tm_sec = digits(text + 17, 2);
	if (fraction < 0 || __builtin_mul_overflow((int64_t)timegm(&parts), (int64_t)1000000000, &nanoseconds) ||
	    __builtin_add_overflow(nanoseconds, (int64_t)fraction * 1000, &nanoseconds))
		return false;
	/* Separators, ranges and days of the month are right if, and only if, the same text comes back. */
	if (strcmp(timestamp_text(nanoseconds, &again), text) != 0)
		return false;
	*time_ns = nanoseconds;
	return true;
}
