/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: workers and judge put together, for files in one thread, for live capture in two, and one more for each worker
 * beyond the first.
 *
 * Inline (audits of files): engine_frames() works frames through and judges at once. Threaded (live): engine_frames()
 * belongs to the capturing thread, a thread of the engine's own judges, and between them is a ring; records are then
 * written from the judge's thread.
 */
#ifndef ESPIAL_DAEMON_ENGINE_H
#define ESPIAL_DAEMON_ENGINE_H

#include "audit/evidence.h"
#include "audit/judge.h"
#include "audit/record.h"
#include "audit/track.h"
#include "../dissectors/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct engine;

struct engine_settings {
	const struct config *config; /* borrowed, sealed */
	bool offline;                /* an audit: learned pairs need less, hashes are not random */
	bool last_word;              /* at the end, what open leaks came to is told: nobody goes on with them */
	bool threaded;
	bool ike_messages; /* write a record for every IKE message */
	bool remember;     /* write what an engine that is started anew is to know */
	unsigned workers;  /* that go through the frames together (workers.h); 0: 1 */
	const char *(*interface_name)(void *context, uint16_t interface);
	void *interface_context;
	/* Frames of each alert that opens go there, from the capturing thread; `decapsulate` is the engine's to set. Borrowed
	 * until engine_new() returns; NULL: none. */
	const struct evidence_settings *evidence;
};

/* NULL on lack of memory. */
struct engine *engine_new(const struct engine_settings *settings, const struct record_sink *sink);

/* Ends the judge's thread, if there is one, after it has taken everything, and frees. */
void engine_free(struct engine *engine);

/* Gives interface number `index` the settings that the configuration has under `name`, or the defaults. For capture files,
 * whose interfaces are met on the way: before the first frame of the interface. */
void engine_interface(struct engine *engine, uint16_t index, const char *name);

/*
 * The policy, thresholds, wishes about alerts and interfaces of another configuration from now on; called by the capturing thread between
 * batches. Tables, and what is known, stay. The configuration must live as long as it is in force, and the names in it
 * and in those before (kept_names.h) as long as the engine. False, and nothing changed, on lack of memory.
 */
bool engine_reload(struct engine *engine, const struct config *config);

/*
 * The capturing thread, which is the calling one, and the workers run on these processors from now on; if none are asked for, where
 * they may otherwise. The judge's thread is left where it is.
 */
struct processors;
void engine_pin(struct engine *engine, const struct processors *asked, const struct processors *otherwise);

/* The number of workers; and after engine_pin(), where one was told to run, none if anywhere, and may run by now. */
unsigned engine_workers(const struct engine *engine);
const struct processors *engine_pinned(const struct engine *engine, unsigned worker, struct processors *now);

/* Does the work while the judge's thread stands still: what that thread writes to can be read meanwhile. Not for long. */
void engine_while_judge_stands(struct engine *engine, void (*work)(void *context), void *context);

/*
 * What an engine before this one knew (judge.h); called by the capturing thread. `now_ns` is the clock of frames. What is about
 * a pair of a realm that is none any more is left out. until: when that one last saw the traffic, before the first record.
 */
void engine_know(struct engine *engine, const struct record *record, int64_t now_ns);
void engine_know_until(struct engine *engine, int64_t until_ns);

/* What is known is written again: somebody lost it. */
void engine_tell_known(struct engine *engine);

/* Works through frames in their order; their octets live until it returns. */
void engine_frames(struct engine *engine, const struct frame *frames, unsigned count);

/*
 * The same where the octets go on living until engine_flush(): several workers gather them and go through many at once. Each call
 * brings frames between two looks at what fell quiet, which are at the same frames as if engine_frames() had been called.
 * Between engine_gather() and engine_flush() nothing else is called.
 */
void engine_gather(struct engine *engine, const struct frame *frames, unsigned count);
void engine_flush(struct engine *engine);

/* Lets time pass to `now_ns`, when no frame says so. */
void engine_advance(struct engine *engine, int64_t now_ns);

/* What the capture's own side has to tell the judge: TRANSITION_CAPTURE, TRANSITION_CLOCK. Its time becomes the present. Called by
 * the capturing thread between batches. */
void engine_tell(struct engine *engine, const struct transition *transition);

/* Latest time of a frame or of engine_advance(); 0 before. */
int64_t engine_now(const struct engine *engine);

/* The capture ended: judges what is left. In a threaded engine the judge's thread is ended first. No frames after this. */
void engine_finish(struct engine *engine);

/*
 * The engine's present state as records, without holding up packets or alerts. The capturing thread calls
 * engine_state_collect() between batches, each time for at most `entries` table entries, until it returns true. After
 * that any one thread may call engine_state_write(), which in a threaded engine lets the judge's thread stand still for
 * moments only, and free the state. It must not outlive the engine.
 */
struct engine_state;
/* parts: enum record_part; `sorted`: records in an order that depends only on the traffic. NULL on lack of memory. */
struct engine_state *engine_state_new(struct engine *engine, unsigned parts, bool sorted);
bool engine_state_collect(struct engine_state *state, uint32_t entries);
/* Writes sa, ike_sa, pair and summary records, as far as they are wanted; once. False, and nothing is written, if there was no
 * memory for all. */
bool engine_state_write(struct engine_state *state, const struct record_sink *sink);
void engine_state_free(struct engine_state *state);

/* What a health record says of the tables, of workers and of stages but the first, which is read; that, its interfaces and the rest
 * are the caller's. After engine_state_collect(). The
 * list lives as long as the state. */
void engine_state_health(struct engine_state *state, struct record_health *health);

/* Writes all that of an engine whose capture stands still, or at its end; ends the process on lack of memory. */
void engine_write_records(struct engine *engine);

/* The judge's counters now, while its thread waits a moment. Not from that thread. */
struct judge_counters engine_judged(struct engine *engine);

/* Counts up while the judge works, at least once a second; of an engine without threads it stays. From any thread. */
uint64_t engine_pulse(const struct engine *engine);

struct engine_counters {
	struct track_counters track;
	/* in a threaded engine: as of engine_finish() */
	struct judge_counters judge;
	/* changes and IKE messages that were not judged, or not whole, for want of memory or room */
	uint64_t transitions_lost;
	uint64_t memory; /* octets resident in tables */
};

struct engine_counters engine_counters(struct engine *engine);

/* Alerts of which there was no room to look for frames. From any thread. */
uint64_t engine_evidence_lost(const struct engine *engine);

#endif
