/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of live frames while the clock that gives them theirs is set.
 *
 * Frames bear the time of the machine's clock. Where that is set back, by an hour say, time would stand still for an hour in the
 * engine, in which it never runs back: nothing that waits for some seconds to pass would be told. Where it is set forward, all that
 * is under way would count as silent for an hour, and over. So time goes on with the steady clock, and what the clock was set by is taken
 * off the times of frames; and since what is told should bear the right time before long, the two are brought together slowly: time goes
 * an eighth slower or faster than it is until they agree, so that an hour is made good in eight. Forward by more than a day, as after a
 * start without a clock, is taken at once.
 *
 * Frames that were taken before the step, and still wait in a ring, have the time of before, which tells them apart.
 *
 * Pure: clocks are arguments. Called by live.c.
 */
#ifndef ESPIAL_DAEMON_FRAME_TIME_H
#define ESPIAL_DAEMON_FRAME_TIME_H

#include <stdint.h>

enum { FRAME_TIME_EASE = 8 }; /* the part of the time that passes by which time is brought nearer to the clock */
#define FRAME_TIME_FORWARD_MAX (INT64_C(86400) * 1000000000)

struct frame_time {
	int64_t latest_ns;  /* time of the latest frame; 0: there was none */
	int64_t arrived_ns; /* by the steady clock, when it came */
	/* to be added to what frames bear: above 0 the clock was set back, below forward; 0: they agree */
	int64_t apart_ns;
	int64_t eased_ns; /* by the steady clock, when they were last brought nearer to each other */
};

/* At `steady_ns` it was seen that the clock was set by so much, back if it is negative. */
void frame_time_set(struct frame_time *time, int64_t step_ns, int64_t steady_ns);

/* Brings time and clock nearer to each other, for what passed since this was last called: some times a second. */
void frame_time_ease(struct frame_time *time, int64_t steady_ns);

/* The time of a frame that bears `frame_ns` and came at `steady_ns`. */
int64_t frame_time_of(const struct frame_time *time, int64_t frame_ns, int64_t steady_ns);

/* The latest frame of those that came at `steady_ns` has this time. */
void frame_time_came(struct frame_time *time, int64_t time_ns, int64_t steady_ns);

/* What the time is at `steady_ns`; 0 before the first frame. */
int64_t frame_time_now(const struct frame_time *time, int64_t steady_ns);

#endif
