/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock-jump of a capture file: the frames of one interface go back by two seconds or more. What is no step of a clock: frames a
 * little out of order, interfaces whose clocks are apart, a pause, and whatever live capture brings, whose clock is watched itself.
 */
#include "../../daemon/engine.h"
#include "../../config/config.h"
#include "../suite.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define EPOCH (INT64_C(1700000000) * SECOND)

struct heard {
	unsigned count; /* clock-jump */
	struct finding last;
};

static void hear(void *context, const struct record *record)
{
	struct heard *heard = context;

	if (record->type != RECORD_FINDING || record->finding.id != FINDING_CLOCK_JUMP)
		return;
	heard->count++;
	heard->last = record->finding;
}

/* An ARP request, at each of these times in milliseconds, by turns on so many interfaces. */
static struct heard heard_of(const int64_t *times, unsigned count, unsigned interfaces, bool offline)
{
	static const uint8_t request[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,
					     1,    8,    6,    0,    1,    8,    0, 6, 4, 0, 1 };
	struct heard heard = { 0 };
	struct config *config = config_default();
	struct engine_settings settings = { .config = config, .offline = offline };
	struct record_sink sink = { hear, &heard };

	ck_assert_ptr_nonnull(config);
	config->limits.flows = config->limits.sas = config->limits.pairs = config->limits.ike = config->limits.learned =
	    64;
	struct engine *engine = engine_new(&settings, &sink);
	ck_assert_ptr_nonnull(engine);
	for (unsigned i = 0; i < count; i++) {
		struct frame frame = { .bytes = request,
				       .captured = sizeof(request),
				       .length = sizeof(request),
				       .time_ns = EPOCH + times[i] * (SECOND / 1000),
				       .link_type = 1,
				       .interface = (uint16_t)(i % interfaces) };
		engine_frames(engine, &frame, 1);
	}
	engine_finish(engine);
	engine_free(engine);
	config_free(config);
	return heard;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(a_step_back)
{
	static const int64_t times[] = { 0, 1000, 2000, 5000, 2500, 3000, 4000, 6000 };
	struct heard heard = heard_of(times, COUNT(times), 1, true);

	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.last.severity, SEVERITY_LOW);
	ck_assert_ptr_nonnull(strstr(heard.last.text, "go back by 2.5 seconds"));
}
END_TEST

/* Two files put one behind the other, again and again: told once, since time stands still meanwhile. */
START_TEST(steps_without_end)
{
	int64_t times[400];

	for (unsigned i = 0; i < COUNT(times); i++)
		times[i] = i % 2 ? 60000 : 0;
	ck_assert_uint_eq(heard_of(times, COUNT(times), 1, true).count, 1);
}
END_TEST

START_TEST(a_little_out_of_order)
{
	static const int64_t times[] = { 0, 1999, 0, 1500, 3000, 1100, 4000 };

	ck_assert_uint_eq(heard_of(times, COUNT(times), 1, true).count, 0);
}
END_TEST

START_TEST(interfaces_apart)
{
	static const int64_t times[] = { 0, 90000, 1000, 91000, 2000, 92000, 3000, 93000 };

	ck_assert_uint_eq(heard_of(times, COUNT(times), 2, true).count, 0);
}
END_TEST

START_TEST(a_pause)
{
	static const int64_t times[] = { 0, 86400000, 172800000 };

	ck_assert_uint_eq(heard_of(times, COUNT(times), 1, true).count, 0);
}
END_TEST

START_TEST(live_frames)
{
	static const int64_t times[] = { 0, 60000, 0, 60000 };

	ck_assert_uint_eq(heard_of(times, COUNT(times), 1, false).count, 0);
}
END_TEST

SUITE_MAIN("frame_clock", a_step_back, steps_without_end, a_little_out_of_order, interfaces_apart, a_pause, live_frames)
