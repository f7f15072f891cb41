/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stages of the way of a packet cost, by samples: one in STOPWATCH_EVERY batches is timed, with the steady clock, which takes no
 * system call. A batch that took a millisecond had to share its processor, and is left out: it says nothing about the stage.
 * Used by who works with packets live: capture.c, worker.c, workers.c. Files are not timed: tests/bench/stages.c does that.
 */
#ifndef ESPIAL_DAEMON_STOPWATCH_H
#define ESPIAL_DAEMON_STOPWATCH_H

#include "audit/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	STOPWATCH_EVERY = 61, /* no number that traffic has a habit of */
	STOPWATCH_INTERRUPTED_NS = 1000000,
};

/* Counts the batches that are not timed. Begin with all zero: the first one is. */
struct stopwatch {
	unsigned left;
};

/* Whether it is the turn of this batch. */
static inline bool stopwatch_turn(struct stopwatch *watch)
{
	if (watch->left > 0) {
		watch->left--;
		return false;
	}
	watch->left = STOPWATCH_EVERY - 1;
	return true;
}

static inline int64_t stopwatch_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Processor time of the calling thread, for one that waits in between. That takes a system call. */
static inline int64_t stopwatch_thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* So many packets took so long, unless something came in between. */
static inline void stopwatch_add(struct record_cost *cost, uint64_t packets, int64_t nanoseconds)
{
	if (nanoseconds < 0 || nanoseconds >= STOPWATCH_INTERRUPTED_NS)
		return;
	cost->packets += packets;
	cost->ns += nanoseconds;
}

/* Of one thread or interface and of another. */
static inline void stopwatch_sum(struct record_cost *sum, const struct record_cost *cost)
{
	sum->packets += cost->packets;
	sum->ns += cost->ns;
}

#endif
