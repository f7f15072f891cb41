/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: frames through decode, classify and track, in batches.
 *
 * It owns a tracker and a classifier and shares nothing with other workers. What changed goes to a transition sink: a
 * ring when a judge thread takes it, the judge itself when one thread does all.
 */
#ifndef ESPIAL_DAEMON_WORKER_H
#define ESPIAL_DAEMON_WORKER_H

#include "audit/evidence.h"
#include "audit/track.h"
#include "../dissectors/frame.h"

#include <stdint.h>

struct worker;

struct worker_settings {
	struct track_settings track;
	uint32_t classify_slots;     /* flows that may be under inspection at once */
	uint32_t classify_rate;      /* flows whose inspection may begin per second of frame time; 0: all */
	const uint16_t *decapsulate; /* TUNNEL_ bits by frame.interface; borrowed */
	unsigned decapsulate_count;
	uint16_t decapsulate_otherwise; /* of interfaces beyond */
	struct evidence *evidence;      /* remembers packets for captures; borrowed; NULL: nobody does */
};

/* NULL on lack of memory. */
struct worker *worker_new(const struct worker_settings *settings, const struct transition_sink *sink);
void worker_free(struct worker *worker);

/* Works through frames in their order. */
void worker_frames(struct worker *worker, const struct frame *frames, unsigned count);

/* Lets time pass up to `now_ns`. Returns the watermark: all transitions up to it have been put. */
int64_t worker_advance(struct worker *worker, int64_t now_ns);

/* Latest frame time, or time let pass; 0 before the first. */
int64_t worker_now(const struct worker *worker);

struct track *worker_track(struct worker *worker);

/* The classifier's name of an app, NULL if it has none. */
const char *worker_app_name(const struct worker *worker, uint16_t app);

#endif
