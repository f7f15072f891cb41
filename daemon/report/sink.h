/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink: one way records leave espial.
 *
 * Each sink is a pair of files (text.[ch], json.[ch], syslog.[ch]) with a constructor that returns a struct sink. The
 * owner calls write() for each record, tick() about every 100 ms, and close() once. No call may block: a sink that
 * cannot pass on keeps what it has, up to its bound, and counts what it had to drop.
 */
#ifndef ESPIAL_REPORT_SINK_H
#define ESPIAL_REPORT_SINK_H

#include "../audit/record.h"

#include <stdbool.h>
#include <stdint.h>

struct sink;

/* How a sink fares, for status and for the `sink-down` finding. */
struct sink_health {
	bool up;            /* the last attempt to open it, or to pass something on, worked; or none was made yet */
	uint64_t delivered; /* records passed on */
	uint64_t queued;    /* records kept for later */
	uint64_t dropped;   /* records given up because the bound was reached */
	uint64_t outages;   /* times that a reader was lost: what it had read last may be lost with it */
	char problem[160];  /* while not up: what and why, one sentence */
};

struct sink_ops {
	void (*write)(struct sink *sink, const struct record *record);
	/* monotonic_ns: any clock that never runs back, for retries. May be NULL. */
	void (*tick)(struct sink *sink, int64_t monotonic_ns);
	/* Of the findings given to write(), how many, from the first, need not be given again after a crash: they were passed
	 * on for sure, or given up. NULL: what is written is settled. */
	uint64_t (*settled)(struct sink *sink);
	/* Tries once more what is queued, without blocking for more than a second, and frees the sink. */
	void (*close)(struct sink *sink);
};

/* First member of every sink's own struct. */
struct sink {
	const struct sink_ops *ops;
	const char *name; /* "text", "json", "syslog" */
	struct sink_health health;
};

static inline void sink_write(struct sink *sink, const struct record *record)
{
	sink->ops->write(sink, record);
}

static inline void sink_tick(struct sink *sink, int64_t monotonic_ns)
{
	if (sink->ops->tick)
		sink->ops->tick(sink, monotonic_ns);
}

static inline void sink_close(struct sink *sink)
{
	if (sink)
		sink->ops->close(sink);
}

#endif
