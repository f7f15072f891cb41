/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture: the interfaces, feeding an engine from an event loop.
 *
 * An interface that goes away is opened again when it is back, without end. Time while nothing arrives is the last
 * frame's time plus what the monotonic clock says has passed.
 */
#ifndef ESPIAL_DAEMON_LIVE_H
#define ESPIAL_DAEMON_LIVE_H

#include "audit/record.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct config_interface;
struct engine;
struct live;
struct loop;

struct live_error {
	char text[512];
};

/*
 * Opens every interface of the configuration. An interface that cannot be opened is an error, unless it is only missing
 * and `patient` is set: then it is waited for. NULL with the error set. `notices` gets a word when an interface goes,
 * comes back, or loses frames.
 */
struct live *live_new(const struct config *config, struct loop *loop, bool patient, const struct record_sink *notices,
		      struct live_error *error);

/* From now on frames go to the engine. */
void live_start(struct live *live, struct engine *engine);

/* Captures on the interfaces of another configuration from now on, and gives their settings to the engine: those that stay
 * go on without a gap. Called after engine_reload() with the same; both configurations must live as long as this. */
void live_reload(struct live *live, const struct config *config);

/* The name of the interface with this number in frames, also after it was taken out; NULL if there never was one. From any
 * thread. */
const char *live_interface_name(const struct live *live, uint16_t interface);

/* Takes what is in the rings, and the last counters. */
void live_drain(struct live *live);

void live_free(struct live *live);

/* The interfaces, as rows of a health record; names live as long as the configuration. Returns how many, at most `max`. */
size_t live_interfaces(struct live *live, struct record_interface *interfaces, size_t max);

/* What it has cost so far to take frames out of the rings, by samples (stopwatch.h). */
struct record_cost live_cost(struct live *live);

/* For sensor_watch.c, which knows of the system's interfaces: places that were used at some time, and how one stands. */
size_t live_places(const struct live *live);
struct live_figures {
	const struct config_interface *config; /* NULL: the place is free */
	bool open;
	unsigned number;            /* of the interface in the system, while it is open; 0 for "any" */
	uint64_t received, dropped; /* as in live_stats */
};
void live_read_figures(struct live *live, size_t place, struct live_figures *figures);

/* What the card lost in all, by a better source than libpcap, which reads files for it. */
void live_set_missed(struct live *live, size_t place, uint64_t missed);

/* The clock that gives frames their time was set by so much (frame_time.h). What their time is behind it by since, less than 0: ahead. */
int64_t live_clock_set(struct live *live, int64_t step_ns);

/* Calls this, before they are taken, when frames come that claim to be of later: it calls live_clock_set() if the clock was set. */
void live_watch_clock(struct live *live, void (*look)(void *context), void *context);

/* One that is away is tried again now, not only in half a second. */
void live_retry(struct live *live, size_t place);

/* The name under which it is opened next time; NULL: that of the configuration. */
void live_call(struct live *live, size_t place, const char *name);

/* Closes it if it is open, and opens it under the name that it has by now; NULL: under that of the configuration. */
void live_reopen(struct live *live, size_t place, const char *name);

struct live_stats {
	uint64_t received, dropped, interface_dropped;
	unsigned up; /* interfaces that are open */
};

/* Totals over all interfaces, those that were closed in between included. */
void live_read_stats(struct live *live, struct live_stats *stats);

#endif
