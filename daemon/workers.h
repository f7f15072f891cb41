/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workers: several that go through the same frames together, or one alone. With the same findings.
 *
 * Frames are gathered into a chunk, and a chunk is gone through in two steps, with all waiting for all between them. Read: each
 * worker dissects a part of the frames and says who owns each packet (audit/owners.h). Track: each worker goes through the whole
 * chunk in order, and tracks what it owns. So what a worker comes to depends on the order of frames alone, never on how far
 * others are. What they tell is gathered, and goes to the sink by the calling thread's hand; what speaks of no pair is added up
 * (audit/sums.h). Chunks of few frames are gone through by the calling thread alone, in the same way.
 *
 * All functions are the calling thread's; the threads of the others (team.h) work only within workers_work() and workers_pin(), and
 * sleep otherwise.
 *
 * The limits of tables are those of all workers together, and so is the number of flows under inspection: what is free is divided
 * anew after each chunk. So nothing depends on the number of workers until one of these is nearly used up; from then on which
 * entries make room for others does, and which flows go without a name.
 *
 * One thing is told apart by one worker only: ESP on ports that IKE proved (RFC 3948 with other ports), inside of a tunnel in clear
 * whose own pair has another owner, counts as clear traffic of that tunnel too.
 */
#ifndef ESPIAL_DAEMON_WORKERS_H
#define ESPIAL_DAEMON_WORKERS_H

#include "audit/owners.h"
#include "worker.h"

struct workers;

enum { WORKERS_MAX = OWNERS_MAX };

struct config;

/* The number of workers that a configuration asks for: the largest that any interface does, 0 for "auto". */
unsigned workers_asked(const struct config *config);

/* The same as a number to make. "auto" is one: that more of them gain time was not seen on any machine yet (docs/performance.md). */
unsigned workers_wanted(const struct config *config);

/* settings: of each, its rates and limits those of all together. Starts the threads, if count is more than 1. NULL on lack of
 * memory, or if there cannot be so many threads. */
struct workers *workers_new(const struct worker_settings *settings, unsigned count, const struct transition_sink *sink);
void workers_free(struct workers *workers);
unsigned workers_count(const struct workers *workers);

/* Takes frames, in their order. One worker goes through them at once; of several they are gathered, and their octets have to
 * live until workers_work(), which may happen within. */
void workers_frames(struct workers *workers, const struct frame *frames, unsigned count);

/* Here, between frames, time has passed up to `now_ns`. */
void workers_pass(struct workers *workers, int64_t now_ns);

/* Goes through all that was gathered. What workers told is at the sink afterwards. */
void workers_work(struct workers *workers);

/* Lets what was added up go on, of this time and before: all that was gathered was worked through. */
void workers_release(struct workers *workers, int64_t until_ns);

/* What others tell of an interface or of the sensor, as of now. */
void workers_tell(struct workers *workers, const struct transition *transition);

/* The capture ends: what waits for more goes on as it is. After workers_work(); before the last workers_release(). */
void workers_end(struct workers *workers);

/* Latest time of a frame taken, or that was passed; 0 before. */
int64_t workers_now(const struct workers *workers);

/* As track_know_pair() and track_set_policy(), by the owner and by all. Where rules with gateways came or went a pair may have another
 * owner, who begins with it anew; the judge knows its SAs. */
bool workers_know_pair(struct workers *workers, uint32_t realm, uint16_t vlan, const struct address *a,
		       const struct address *b);
bool workers_set_policy(struct workers *workers, const struct policy *policy);

/*
 * The threads run on these processors from now on, dealt out among them (processors.h); if none are asked for, on those that they
 * may run on otherwise. What the system does not allow is left as it is: workers_pinned() tells.
 */
struct processors;
void workers_pin(struct workers *workers, const struct processors *asked, const struct processors *otherwise);

/* Where a worker was told to run, none if anywhere; `now` gets where it may run by now. After workers_pin(). */
const struct processors *workers_pinned(const struct workers *workers, unsigned index, struct processors *now);

/* A worker's tracker, from 0. */
struct track *workers_track(const struct workers *workers, unsigned index);

/* Sums over all. */
struct track_counters workers_counters(const struct workers *workers);
void workers_tables(const struct workers *workers, struct record_table tables[TRACK_TABLES]);
uint64_t workers_memory(const struct workers *workers);

/* How a worker fares; where it runs is left to workers_pinned(). What decode, track and name have cost all of them so far: other
 * stages are zero, as are all without `costs`. Between workers_work() and the next frames. */
struct record_worker workers_worker(const struct workers *workers, unsigned index);
void workers_costs(const struct workers *workers, struct record_cost costs[RECORD_STAGE_COUNT]);

/* Transitions that found no memory. */
uint64_t workers_lost(const struct workers *workers);

const char *workers_app_name(const struct workers *workers, uint16_t app);

#endif
