/* SPDX-License-Identifier: Apache-2.0 */
/* See time_argument.h. */
#include "time_argument.h"

#include "loop.h"
#include "report/timestamp.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

bool time_argument(const char *text, int direction, int64_t *time_ns)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "s", 1 }, { "min", 60 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 } };
	int64_t now = loop_wall_ns() / SECOND;
	char whole[TIMESTAMP_SIZE], *end;
	long amount = strtol(text, &end, 10);

	for (size_t i = 0; end != text && amount > 0 && amount < 100000 && i < sizeof(units) / sizeof(units[0]); i++)
		/* Nanoseconds reach the years 1677 to 2262. */
		if (strcmp(end, units[i].unit) == 0)
			return !__builtin_mul_overflow(now + direction * amount * units[i].seconds, SECOND, time_ns);
	size_t length = strlen(text);
	if (length == sizeof("2026-11-21") - 1)
		snprintf(whole, sizeof(whole), "%sT00:00:00.000000Z", text);
	else if (length == sizeof("2026-11-21T20:30:00Z") - 1)
		snprintf(whole, sizeof(whole), "%.19s.000000Z", text);
	else
		snprintf(whole, sizeof(whole), "%.30s", text);
	return timestamp_parse(whole, time_ns);
}

const char *since_argument(const char *text, int64_t *time_ns)
{
	if (!time_argument(text, -1, time_ns))
		return "give 12h, 30d, a date, or a time in UTC";
	return *time_ns > loop_wall_ns() ? "that is in the future" : NULL;
}
