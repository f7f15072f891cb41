/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_time.c: frames of a line whose clock is set at random, told to the engine's time as live.c does: it goes on by the steady clock,
 * within an eighth and what the step takes to be noticed, never runs back by more than frames are late, and agrees with the clock in the end.
 */
#include "../../daemon/frame_time.h"
#include "../suite.h"

#include <stdbool.h>
#include <stdlib.h>

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
}
END_TEST

START_TEST(an_hour_back)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, EPOCH, 0);
	frame_time_set(&time, -HOUR, 0);
	/* What was taken before waits in a ring for a second; what is taken since claims to be old. */
	ck_assert_int_eq(frame_time_of(&time, EPOCH + SECOND, 2 * SECOND), EPOCH + SECOND);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 2 * SECOND - HOUR, 2 * SECOND), EPOCH + 2 * SECOND);
	frame_time_came(&time, EPOCH + 2 * SECOND, 2 * SECOND);
	/* Time goes on an eighth slower, until the clock has caught up. */
	for (int64_t now = 2 * SECOND; now <= 9 * HOUR; now += 60 * SECOND) {
		frame_time_ease(&time, now);
		int64_t of = frame_time_of(&time, EPOCH + now - HOUR, now);
		ck_assert_int_eq(of, now < 8 * HOUR ? EPOCH + now - now / 8 : EPOCH + now - HOUR);
		frame_time_came(&time, of, now);
		ck_assert_int_eq(frame_time_now(&time, now), of);
	}
	ck_assert_int_eq(time.apart_ns, 0);
}
END_TEST

START_TEST(an_hour_forward)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, EPOCH, 0);
	frame_time_set(&time, HOUR, 0);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + SECOND, 2 * SECOND), EPOCH + SECOND);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 2 * SECOND + HOUR, 2 * SECOND), EPOCH + 2 * SECOND);
	for (int64_t now = 2 * SECOND; now <= 9 * HOUR; now += 60 * SECOND) {
		frame_time_ease(&time, now);
		int64_t of = frame_time_of(&time, EPOCH + now + HOUR, now);
		ck_assert_int_eq(of, now < 8 * HOUR ? EPOCH + now + now / 8 : EPOCH + now + HOUR);
		frame_time_came(&time, of, now);
		ck_assert_int_eq(frame_time_now(&time, now), of);
	}
	/* Set right again while it is still apart: they agree at once. */
	frame_time_set(&time, -HOUR, 9 * HOUR);
	frame_time_set(&time, HOUR, 9 * HOUR);
	ck_assert_int_eq(time.apart_ns, 0);
}
END_TEST

/* A machine without a battery begins in 1970, or years late. */
START_TEST(years_forward)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, 7 * SECOND, 0);
	frame_time_set(&time, EPOCH, SECOND);
	ck_assert_int_eq(frame_time_of(&time, EPOCH + 8 * SECOND, SECOND), EPOCH + 8 * SECOND);
	frame_time_came(&time, EPOCH + 8 * SECOND, SECOND);
	ck_assert_int_eq(frame_time_now(&time, 2 * SECOND), EPOCH + 9 * SECOND);
}
END_TEST

/* Nothing came for longer than the clock was set back. */
START_TEST(a_quiet_line)
{
	struct frame_time time = { 0 };

	frame_time_came(&time, EPOCH, 0);
	frame_time_set(&time, -HOUR, 0);
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

/* The clock is set back and forward, to wherever; a step is noticed within 100 ms or before the first frame that claims to be early,
 * frames are late by up to 300 ms. */
START_TEST(any_steps)
{
	for (uint64_t seed = 1; seed <= 500; seed++) {
		struct frame_time time = { 0 };
		int64_t steady = 0, wrong = 0, told = 0, noticed_ns = 0, last = EPOCH, last_at = 0;
		state = seed;
		frame_time_came(&time, EPOCH, 0);
		for (unsigned i = 0; i < 400; i++) {
			steady += draw(50 * MS) + 1;
			int64_t frame = EPOCH + steady - draw(300 * MS) + wrong;
			bool early = frame_time_of(&time, frame, steady) - frame_time_now(&time, steady) > 200 * MS;
			if (told != wrong && (steady >= noticed_ns || early)) {
				frame_time_set(&time, wrong - told, steady);
				told = wrong;
			}
			if (told == wrong && draw(40) == 0) {
				wrong = draw(3) ? draw(2 * HOUR) - HOUR : 0;
				noticed_ns = steady + draw(100 * MS);
			}
			frame_time_ease(&time, steady);
			int64_t of = frame_time_of(&time, frame, steady);
			frame_time_came(&time, of, steady);
			int64_t now = frame_time_now(&time, steady), passed = steady - last_at;
			ck_assert_msg(now - last <= passed + passed / 8 + 500 * MS &&
					  now - last >= passed - passed / 8 - 500 * MS,
				      "seed %u, frame %u: in %lld ms it went on by %lld ms", (unsigned)seed, i,
				      (long long)(passed / MS), (long long)((now - last) / MS));
			if (i % 16 == 0) {
				last = now;
				last_at = steady;
			}
		}
		for (; time.apart_ns != 0 || told != wrong; steady += SECOND) {
			ck_assert_int_lt(steady, 10 * HOUR);
			frame_time_set(&time, wrong - told, steady);
			told = wrong;
			frame_time_ease(&time, steady);
			frame_time_came(&time, frame_time_of(&time, EPOCH + steady + wrong, steady), steady);
		}
		ck_assert_int_eq(frame_time_of(&time, EPOCH + steady + wrong, steady), EPOCH + steady + wrong);
		ck_assert_int_le(llabs(frame_time_now(&time, steady) - (EPOCH + steady + wrong)), 500 * MS);
	}
}
END_TEST

SUITE_MAIN("frame_time", as_the_clock_has_it, an_hour_back, an_hour_forward, years_forward, a_quiet_line, any_steps)
