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

/* A date, or a time as any of our outputs has it: "2026-11-21", "2026-11-21 20:30", "2026-11-21T20:30:00.123456Z". */
static bool read_time(const char *text, int64_t *time_ns)
{
	static const char rest[] = "0000-00-00T00:00:00.000000Z";
	enum { DATE = 10, MINUTE = 16, SECONDS = 19, TENTH = 21, WHOLE = 26 };
	size_t length = strlen(text);
	char whole[TIMESTAMP_SIZE];

	if (length > DATE && text[length - 1] == 'Z')
		length--;
	if (length != DATE && length != MINUTE && length != SECONDS && (length < TENTH || length > WHOLE))
		return false;
	snprintf(whole, sizeof(whole), "%.*s%s", (int)length, text, rest + length);
	if (whole[DATE] == ' ')
		whole[DATE] = 'T';
	return timestamp_parse(whole, time_ns);
}

bool time_argument(const char *text, int direction, int64_t *time_ns)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "s", 1 }, { "min", 60 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 } };
	int64_t now = loop_wall_ns() / SECOND;
	char *end;
	long amount = strtol(text, &end, 10);

	for (size_t i = 0; end != text && amount > 0 && amount < 100000 && i < sizeof(units) / sizeof(units[0]); i++)
		/* Nanoseconds reach the years 1677 to 2262. */
		if (strcmp(end, units[i].unit) == 0)
			return !__builtin_mul_overflow(now + direction * amount * units[i].seconds, SECOND, time_ns);
	return read_time(text, time_ns);
}

const char *since_argument(const char *text, int64_t *time_ns)
{
	if (!time_argument(text, -1, time_ns))
		return "give 12h, 30d, 2026-11-21, or 2026-11-21 20:30 (UTC)";
	return *time_ns > loop_wall_ns() ? "that is in the future" : NULL;
}
