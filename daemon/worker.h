/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: frames through decode, classify and track, in batches.
 *
 * It owns a tracker and a classifier. One alone takes frames as they come (worker_frames()). One among several (workers.h) is
 * dealt packets that were read already, its own and parts of others', in the order of their frames. What changed goes to a
 * transition sink.
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
	bool costs;                     /* what stages cost is told, by samples (stopwatch.h) */
	const struct worker *names; /* whose names of apps are used, so that one name is one pointer; NULL: its own */
};

/* packet_read() as its interface's frames are to be read. */
void worker_read(const struct worker_settings *settings, const struct frame *frame, struct packet *packet);

/* A packet that a worker has parts of. */
struct dealt {
	uint16_t frame; /* its place in the chunk */
	uint8_t parts;  /* TRACK_ bits */
};

/* Bits of worker_chunk.answers */
enum { WORKER_EVIDENCE = 1 << 0, WORKER_OFFENDS = 1 << 1 };

/* Frames that several workers go through together. */
struct worker_chunk {
	const struct frame *frames;
	struct packet *packets; /* as they were read; each is written by the owner of its own part at most */
	const int64_t *time_ns; /* of each frame, made monotonic */
	uint64_t number;        /* of the first frame, over all chunks */
	uint8_t *answers;       /* by frame: whether it is evidence, and offends; NULL if nobody asks */
};

/* What a worker was dealt of a chunk: lists one behind the other, by frame. */
struct dealt_lists {
	const struct dealt *const *lists;
	const unsigned *counts;
	unsigned count;    /* of lists */
	unsigned list, at; /* where it goes on */
};

/* NULL on lack of memory. */
struct worker *worker_new(const struct worker_settings *settings, const struct transition_sink *sink);
void worker_free(struct worker *worker);

/* Works through frames in their order. */
void worker_frames(struct worker *worker, const struct frame *frames, unsigned count);

/* Works through what it was dealt of the chunk's frames before `end`. */
void worker_dealt(struct worker *worker, const struct worker_chunk *chunk, struct dealt_lists *dealt, unsigned end);

/* Lets time pass up to `now_ns`. Returns the watermark: all transitions up to it have been put. */
int64_t worker_advance(struct worker *worker, int64_t now_ns);

/* Latest frame time, or time let pass; 0 before the first. */
int64_t worker_now(const struct worker *worker);

struct track *worker_track(struct worker *worker);

/* Lets several workers, which were made with the same settings, have as many entries and flows under inspection together as one
 * may: what is left is divided anew. Between two chunks. */
enum { WORKER_SHARERS_MAX = 8 };
void worker_share_limits(struct worker *const *workers, unsigned count);

/* What decode, track and name have cost it so far; decode only of frames of its own. Zero without `costs`. */
void worker_costs(const struct worker *worker, struct record_cost costs[RECORD_STAGE_COUNT]);

/* The classifier's name of an app, NULL if it has none. */
const char *worker_app_name(const struct worker *worker, uint16_t app);

#endif
