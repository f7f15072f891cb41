/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_time.c: frames of a line whose clock is set at random, told to the engine's time as live.c does: it goes on by the steady clock,
 * within what the step takes to be noticed, and never runs back by more than frames are late.
 */
#include "../../daemon/frame_time.h"
#include "../suite.h"

#include <stdio.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR (3600 * SECOND)
#define EPOCH (INT64_C(1700000000) * SECOND)

START_TEST(as_the_clock_has_it)
{
	struct frame_time time = { 0 };

	ck_assert_int_eq(frame_time_now(&time, 77), 0);
	ck_assert_int_eq(frame_time_of(&time, EPOCH, 10 * SECOND), EPOCH);
	frame_time_came(&time, EPOCH, 10 * SECOND);
	ck_assert_int_eq(frame_time_now(&time, 12 * SECOND), EPOCH + 2 * SECOND);
	/* Late, out of order, on: that is as it was. */
	ck_assert_int_eq(frame_time_of(&time, EPOCH - 5 * SECOND, 12 * SECOND), EPOCH - 5 * SECOND);
	frame_time_came(&time, EPOCH - 5 * SECOND, 12 * SECOND);
	ck_assert_int_eq(frame_time_now(&time, 12 * SECOND), EPOCH + 2 * SECOND);
	frame_time_set(&time, HOUR);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + HOUR, 13 * SECOND), EPOCH + HOUR);
	frame_time_came(&time, EPOCH + HOUR, 13 * SECOND);
	ck_assert_int_eq(frame_time_now(&time, 13 * SECOND), EPOCH + HOUR);
}
END_TEST

START_TEST(an_hour_back)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, EPOCH, 0);
	frame_time_set(&time, -HOUR);
	/* What was taken before waits in a ring for a second; what is taken since claims to be old. */
	ck_assert_int_eq(frame_time_of(&time, EPOCH + SECOND, 2 * SECOND), EPOCH + SECOND);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 2 * SECOND - HOUR, 2 * SECOND), EPOCH + 2 * SECOND);
	frame_time_came(&time, EPOCH + 2 * SECOND, 2 * SECOND);
	/* For two hours: the clock does not catch up with itself. */
	for (int64_t now = 3 * SECOND; now < 2 * HOUR; now += 60 * SECOND) {
		int64_t of = frame_time_of(&time, EPOCH + now - HOUR, now);
		ck_assert_int_eq(of, EPOCH + now);
		frame_time_came(&time, of, now);
	}
	/* Set right again, and further than that. */
	frame_time_set(&time, 2 * HOUR);
	ck_assert_int_eq(time.behind_ns, 0);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 3 * HOUR, 2 * HOUR), EPOCH + 3 * HOUR);
}
END_TEST

/* Nothing came for longer than the clock was set back. */
START_TEST(a_quiet_line)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, EPOCH, 0);
	frame_time_set(&time, -HOUR);
	ck_assert_int_eq(frame_time_now(&time, 5 * HOUR), EPOCH + 5 * HOUR);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 4 * HOUR, 5 * HOUR), EPOCH + 5 * HOUR);
}
END_TEST

static uint64_t state;

static int64_t draw(int64_t bound)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (int64_t)(state >> 33) % bound;
}

/* The clock is set back and forward again, never beyond where it began; a step is noticed within 100 ms, frames are late by up to 300 ms. */
START_TEST(any_steps_back)
{
	for (uint64_t seed = 1; seed <= 500; seed++) {
		struct frame_time time = { 0 };
		int64_t steady = 0, wrong = 0, told = 0, noticed_ns = 0;
		state = seed;
		frame_time_came(&time, EPOCH, 0);
		for (unsigned i = 0; i < 400; i++) {
			steady += draw(50 * MS) + 1;
			if (told != wrong && steady >= noticed_ns) {
				frame_time_set(&time, wrong - told);
				told = wrong;
			}
			if (told == wrong && draw(40) == 0) {
				wrong = draw(3) ? -2 * SECOND - draw(HOUR) : 0;
				noticed_ns = steady + draw(100 * MS);
			}
			int64_t late = draw(300 * MS);
			int64_t of = frame_time_of(&time, EPOCH + steady - late + wrong, steady);
			frame_time_came(&time, of, steady);
			int64_t off = frame_time_now(&time, steady) - (EPOCH + steady);
			ck_assert_msg(off <= 2 * SECOND && off >= -400 * MS, "seed %u, frame %u: %lld ms off",
				      (unsigned)seed, i, (long long)(off / MS));
		}
	}
}
END_TEST

SUITE_MAIN("frame_time", as_the_clock_has_it, an_hour_back, a_quiet_line, any_steps_back)
