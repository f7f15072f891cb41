/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of live frames while the clock that gives them theirs is set.
 *
 * Frames bear the time of the machine's clock. Where that is set back, by an hour say, time would stand still for an hour in the
 * engine, in which it never runs back: nothing that waits for some seconds to pass would be told. So time goes on with the steady clock,
 * and what frames are behind since the step is added to theirs, until the clock is set forward again or the engine is started anew.
 * Frames that were taken before the step, and still wait in a ring, have the right time, which tells them apart.
 *
 * Pure: clocks are arguments. Called by live.c.
 */
#ifndef ESPIAL_DAEMON_FRAME_TIME_H
#define ESPIAL_DAEMON_FRAME_TIME_H

#include <stdint.h>

struct frame_time {
	int64_t latest_ns;  /* time of the latest frame; 0: there was none */
	int64_t arrived_ns; /* by the steady clock, when it came */
	int64_t behind_ns;  /* so much frames are behind since the clock was set; 0: nothing */
};

/* The clock was set by so much, back if it is negative. */
void frame_time_set(struct frame_time *time, int64_t step_ns);

/* The time of a frame that bears `frame_ns` and came at `steady_ns`. */
int64_t frame_time_of(const struct frame_time *time, int64_t frame_ns, int64_t steady_ns);

/* The latest frame of those that came at `steady_ns` has this time. */
void frame_time_came(struct frame_time *time, int64_t time_ns, int64_t steady_ns);

/* What the time is at `steady_ns`; 0 before the first frame. */
int64_t frame_time_now(const struct frame_time *time, int64_t steady_ns);

#endif
