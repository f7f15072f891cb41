/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text and back. */
#include "../../daemon/report/timestamp.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <time.h>

/* Every day of 64 bits of nanoseconds there and back, as the C library has it; and what is no time. */
START_TEST(times_are_those_of_the_calendar)
{
	static const char *const wrong[] = { "2026-02-29T00:00:00.000000Z", "2100-02-29T00:00:00.000000Z",
					     "2026-13-01T00:00:00.000000Z", "2026-00-01T00:00:00.000000Z",
					     "2026-04-31T00:00:00.000000Z", "2026-04-00T00:00:00.000000Z",
					     "2026-04-01T24:00:00.000000Z", "2026-04-01T00:60:00.000000Z",
					     "2026-04-01T00:00:60.000000Z", "2026-04-01 00:00:00.000000Z",
					     "2026/04/01T00:00:00.000000Z", "2026-04-01T00:00:00,000000Z",
					     "2026-04-01T00:00:00.000000z", "2026-04-01T00.00:00.000000Z",
					     "2026-04-01T00:00:00.00000Z",  "2026-04-01T00:00:00.0000000Z",
					     "+026-04-01T00:00:00.000000Z", "2300-01-01T00:00:00.000000Z",
					     "1600-03-01T00:00:00.000000Z", "" };
	struct timestamp_text text;
	int64_t back;

	for (int64_t day = -106750; day < 106751; day++) {
		int64_t seconds = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
		int64_t time_ns = seconds * 1000000000 + (day % 2 ? 123456000 : 0);
		time_t clock = (time_t)seconds;
		struct tm parts;
		char expected[64];
		size_t used = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", gmtime_r(&clock, &parts));
		snprintf(expected + used, sizeof(expected) - used, ".%sZ", day % 2 ? "123456" : "000000");
		ck_assert_str_eq(timestamp_text(time_ns, &text), expected);
		ck_assert(timestamp_parse(expected, &back));
		ck_assert_int_eq(back, time_ns);
	}
	ck_assert_str_eq(timestamp_text(INT64_MAX, &text), "2262-04-11T23:47:16.854775Z");
	ck_assert_str_eq(timestamp_text(INT64_MIN, &text), "1677-09-21T00:12:43.145224Z");
	ck_assert(timestamp_parse("2024-02-29T23:59:59.999999Z", &back));
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!timestamp_parse(wrong[i], &back), "%s", wrong[i]);
}
END_TEST

SUITE_MAIN("timestamp", times_are_those_of_the_calendar)
