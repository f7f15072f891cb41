/* SPDX-License-Identifier: Apache-2.0 */
/* See worker.h. The one place where dissectors, tracker and classifier meet. */
#include "worker.h"

#include "classify.h"
#include "stopwatch.h"
#include "../dissectors/packet_usual.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

enum { TCP_SYN = 0x02 };

/* Packets that were read, until they are worked through. */
struct batch {
	unsigned count;
	bool timed;
	bool inspected;               /* a flow in it holds a slot of the classifier */
	int64_t prepared_ns;          /* of a timed one: how long it took to prepare */
	const struct frame *frames;   /* the caller's, for as long as it waits; not of what was dealt */
	uint16_t places[TRACK_BATCH]; /* in the chunk, of what was dealt */
	struct packet packets[TRACK_BATCH];
	struct track_key keys[TRACK_BATCH];
};

struct worker {
	struct worker_settings settings;
	struct track *track;
	struct classifier *classifier;
	int64_t now_ns;
	int64_t credit_ns;   /* time that new flows may still take of, a second by the rate each */
	int64_t credited_ns; /* up to when it was given */
	/* with `costs` only */
	struct stopwatch watch;
	bool timing;       /* the batch at hand is timed */
	int64_t named_ns;  /* and naming took so long of it */
	int64_t passed_ns; /* what letting time pass took, in all */
	struct record_cost costs[RECORD_STAGE_COUNT];
	struct batch batches[2]; /* one is worked through while the memory of the next is on its way */
};

struct worker *worker_new(const struct worker_settings *settings, const struct transition_sink *sink)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->settings = *settings;
	worker->track = track_new(&settings->track, sink);
	worker->classifier = classifier_new(settings->classify_slots);
	if (!worker->track || !worker->classifier) {
		worker_free(worker);
		return NULL;
	}
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	track_free(worker->track);
	classifier_free(worker->classifier);
	free(worker);
}

static void free_slots(struct worker *worker)
{
	uint32_t slot;

	while ((slot = track_freed_slot(worker->track)) != CLASSIFY_SLOT_NONE)
		classifier_end(worker->classifier, slot);
}

static uint16_t ip_length(uint32_t captured)
{
	return captured > UINT16_MAX ? UINT16_MAX : (uint16_t)captured;
}

/*
 * Whether the classifier may begin with one more flow. To name one costs as much as tracking a hundred packets: with a hundred
 * thousand new flows a second the ring would run over, and packets of all flows would be lost, where the names of some are
 * all that has to be. A second's worth may be saved up.
 */
static bool may_begin(struct worker *worker, int64_t now_ns)
{
	uint32_t rate = worker->settings.classify_rate;

	if (rate == 0)
		return true;
	if (now_ns > worker->credited_ns) {
		int64_t credit = worker->credit_ns + (now_ns - worker->credited_ns);
		worker->credit_ns = credit < SECOND ? credit : SECOND;
		worker->credited_ns = now_ns;
	}
	if (worker->credit_ns < SECOND / rate)
		return false;
	worker->credit_ns -= SECOND / rate;
	return true;
}

static void name_flow(struct worker *worker, struct track_handle handle, const struct packet *packet)
{
	struct track_named named = { .slot = handle.slot };
	struct classify_result result = { 0 };

	if (named.slot == CLASSIFY_SLOT_NONE && may_begin(worker, packet->time_ns))
		named.slot = classifier_begin(worker->classifier);
	if (named.slot == CLASSIFY_SLOT_NONE) {
		named.no_slot = true;
		track_name(worker->track, handle.flow, &named);
		return;
	}
	classifier_packet(worker->classifier, named.slot, packet->ip, ip_length(packet->ip_captured), packet->time_ns,
			  false, &result);
	named.app = result.app;
	named.name = worker_app_name(worker, result.app);
	named.final = result.final;
	named.encrypted = result.encrypted;
	named.credentials = result.credentials;
	if (result.final)
		named.slot = CLASSIFY_SLOT_NONE;
	track_name(worker->track, handle.flow, &named);
}

/* An SA carries many flows, so each of its packets is tried for itself until one has a name. */
static void name_inner(struct worker *worker, struct track_handle handle, const struct packet *packet, int64_t now_ns)
{
	uint8_t inner[TRACK_INNER_MAX];
	struct classify_result result = { 0 };
	uint32_t length = track_inner(worker->track, handle.sa, packet, inner);
	uint32_t slot = length > 0 ? classifier_begin(worker->classifier) : CLASSIFY_SLOT_NONE;

	if (slot == CLASSIFY_SLOT_NONE)
		return;
	classifier_packet(worker->classifier, slot, inner, ip_length(length), packet->time_ns, true, &result);
	const char *name = worker_app_name(worker, result.app);
	if (name)
		track_name_inner(worker->track, handle.sa, name, now_ns);
}

/* What has no name yet may get one. Apart, since hardly any packet needs it. */
static __attribute__((noinline)) void name(struct worker *worker, struct track_handle handle,
					   const struct packet *packet, int64_t now_ns)
{
	int64_t began = worker->timing ? stopwatch_ns() : 0;

	if (handle.sa)
		name_inner(worker, handle, packet, now_ns);
	if (handle.flow && handle.wants_name)
		name_flow(worker, handle, packet);
	if (worker->timing)
		worker->named_ns += stopwatch_ns() - began;
}

void worker_read(const struct worker_settings *settings, const struct frame *frame, struct packet *packet)
{
	/* The usual frame needs no options. */
	if (packet_usual(frame, packet))
		return;
	struct packet_options options = { frame->interface < settings->decapsulate_count
					      ? settings->decapsulate[frame->interface]
					      : settings->decapsulate_otherwise };
	packet_walk(frame, &options, packet);
}

static void read_batch(struct worker *worker, struct batch *batch, const struct frame *frames, unsigned count)
{
	int64_t began = 0, read = 0;

	batch->count = count < TRACK_BATCH ? count : TRACK_BATCH;
	batch->frames = frames;
	batch->inspected = false;
	batch->timed = worker->settings.costs && batch->count > 0 && stopwatch_turn(&worker->watch);
	if (batch->timed)
		began = stopwatch_ns();
	for (unsigned i = 0; i < batch->count; i++)
		worker_read(&worker->settings, &frames[i], &batch->packets[i]);
	if (batch->timed)
		read = stopwatch_ns();
	track_prepare(worker->track, batch->packets, batch->keys, batch->count);
	if (batch->timed) {
		batch->prepared_ns = stopwatch_ns() - read;
		stopwatch_add(&worker->costs[RECORD_STAGE_DECODE], batch->count, read - began);
	}
}

/* Whether an alert may ever want to show the packet. What is in clear between hosts that nobody watches is no evidence of
 * anything, unless one of them knocks. */
static bool is_evidence(struct track_handle handle, const struct packet *packet)
{
	return packet->class != PACKET_CLEARTEXT || handle.watched || !handle.flow || packet->tcp_flags & TCP_SYN;
}

/* Whether the packet offends, of which the tracker said that. */
static inline bool offends(struct worker *worker, struct packet *packet, const struct track_key *key,
			   struct track_handle handle)
{
	if (handle.sa || handle.wants_name)
		name(worker, handle, packet, key->time_ns);
	return handle.watched && track_clear(worker->track, handle.flow, packet, key);
}

static inline void work_on_frame(struct worker *worker, struct batch *batch, unsigned at)
{
	struct packet *packet = &batch->packets[at];
	const struct track_key *key = &batch->keys[at];
	struct track_handle handle = track_packet(worker->track, packet, key);
	bool offending = offends(worker, packet, key, handle);

	if (worker->settings.evidence && is_evidence(handle, packet))
		evidence_put(worker->settings.evidence, &batch->frames[at], packet, key->realm, offending);
}

/* What was dealt is evidence when whoever dealt it says so to the rings, in the order of frames: it is told, and if the packet
 * turned out to be another one than it was read as, it is given back, unless others may be reading it. */
static void work_on_dealt(struct worker *worker, const struct worker_chunk *chunk, struct batch *batch, unsigned at)
{
	struct packet *packet = &batch->packets[at];
	const struct track_key *key = &batch->keys[at];
	struct packet *read = &chunk->packets[batch->places[at]];

	track_at_frame(worker->track, chunk->number + batch->places[at]);
	struct track_handle handle = track_packet(worker->track, packet, key);
	bool offending = offends(worker, packet, key, handle);
	if (!chunk->answers || !(key->parts & TRACK_OWN))
		return;
	chunk->answers[batch->places[at]] =
	    (uint8_t)((is_evidence(handle, packet) ? WORKER_EVIDENCE : 0) | (offending ? WORKER_OFFENDS : 0));
	if (packet->class != read->class && track_parts(read) == TRACK_OWN)
		*read = *packet;
}

/* One step of it, for packets whose turns are `from` up to `to`. The last one knows which flows are under inspection. */
static inline void fetch_ahead(const struct worker *worker, struct batch *batch, unsigned from, unsigned to,
			       unsigned step)
{
	batch->inspected |= track_fetch_ahead(worker->track, batch->packets, batch->keys, from, to, step);
	if (!batch->inspected || step < TRACK_FETCH_STEPS - 1)
		return;
	for (unsigned at = from; at < to; at++)
		if (batch->keys[at].slot && batch->packets[at].payload_captured > 0)
			classifier_fetch(worker->classifier, batch->keys[at].slot);
}

/* A little of that before packet `at` of the batch before: the processor has room for some twenty lines that are on their way,
 * and who asks for more waits. */
static inline void fetch_some(const struct worker *worker, struct batch *next, unsigned at)
{
	enum { TURNS = TRACK_BATCH / (TRACK_FETCH_STEPS + 1), SOME = TRACK_BATCH / TURNS };
	unsigned step = at / TURNS, from = at % TURNS * SOME;
	unsigned to = from + SOME < next->count ? from + SOME : next->count;

	if (step < TRACK_FETCH_STEPS && from < to)
		fetch_ahead(worker, next, from, to, step);
}

static int64_t begin_timing(struct worker *worker)
{
	worker->timing = true;
	worker->named_ns = 0;
	return stopwatch_ns();
}

static void end_timing(struct worker *worker, const struct batch *batch, int64_t began)
{
	int64_t took = batch->prepared_ns + stopwatch_ns() - began;

	worker->timing = false;
	if (took >= STOPWATCH_INTERRUPTED_NS)
		return;
	stopwatch_add(&worker->costs[RECORD_STAGE_TRACK], batch->count, took - worker->named_ns);
	stopwatch_add(&worker->costs[RECORD_STAGE_NAME], batch->count, worker->named_ns);
}

/* Works through a batch, and in between sends for the memory of the one that follows it. chunk: NULL for frames of its own. */
static inline void work_through(struct worker *worker, const struct worker_chunk *chunk, struct batch *batch,
				struct batch *next)
{
	int64_t began = batch->timed ? begin_timing(worker) : 0;

	for (unsigned i = 0; i < batch->count; i++) {
		fetch_some(worker, next, i);
		if (chunk)
			work_on_dealt(worker, chunk, batch, i);
		else
			work_on_frame(worker, batch, i);
	}
	if (batch->keys[batch->count - 1].time_ns > worker->now_ns)
		worker->now_ns = batch->keys[batch->count - 1].time_ns;
	free_slots(worker);
	if (batch->timed)
		end_timing(worker, batch, began);
}

void worker_frames(struct worker *worker, const struct frame *frames, unsigned count)
{
	struct batch *batch = &worker->batches[0], *next = &worker->batches[1];

	if (count == 0)
		return;
	read_batch(worker, batch, frames, count);
	/* Nothing goes before the first one. */
	for (unsigned step = 0; step < TRACK_FETCH_STEPS; step++)
		fetch_ahead(worker, batch, 0, batch->count, step);
	while (batch->count > 0) {
		frames += batch->count;
		count -= batch->count;
		read_batch(worker, next, frames, count);
		work_through(worker, NULL, batch, next);

		struct batch *done = batch;
		batch = next;
		next = done;
	}
}

/* What stands behind the usual members, half of a packet, is there for few. */
static inline void copy_packet(struct packet *to, const struct packet *from)
{
	bool more = from->tunnels || (from->flags & (PACKET_HAS_AH | PACKET_QUOTES));

	memcpy(to, from, more ? sizeof(*to) : offsetof(struct packet, carrier_src));
}

/* Copied, since other workers read most of them: what follows touches only memory of this one. */
static void take_dealt(struct worker *worker, const struct worker_chunk *chunk, struct dealt_lists *dealt, unsigned end,
		       struct batch *batch)
{
	int64_t began = 0;

	batch->timed = worker->settings.costs && dealt->list < dealt->count && stopwatch_turn(&worker->watch);
	if (batch->timed)
		began = stopwatch_ns();
	batch->count = 0;
	batch->inspected = false;
	while (batch->count < TRACK_BATCH && dealt->list < dealt->count) {
		if (dealt->at == dealt->counts[dealt->list]) {
			dealt->list++;
			dealt->at = 0;
			continue;
		}
		const struct dealt *next = &dealt->lists[dealt->list][dealt->at];
		if (next->frame >= end)
			break;
		dealt->at++;
		batch->places[batch->count] = next->frame;
		copy_packet(&batch->packets[batch->count], &chunk->packets[next->frame]);
		batch->keys[batch->count].time_ns = chunk->time_ns[next->frame];
		batch->keys[batch->count++].parts = next->parts;
	}
	track_prepare_parts(worker->track, batch->packets, batch->keys, batch->count);
	if (batch->timed)
		batch->prepared_ns = stopwatch_ns() - began;
}

void worker_dealt(struct worker *worker, const struct worker_chunk *chunk, struct dealt_lists *dealt, unsigned end)
{
	struct batch *batch = &worker->batches[0], *next = &worker->batches[1];

	take_dealt(worker, chunk, dealt, end, batch);
	for (unsigned step = 0; step < TRACK_FETCH_STEPS; step++)
		fetch_ahead(worker, batch, 0, batch->count, step);
	while (batch->count > 0) {
		take_dealt(worker, chunk, dealt, end, next);
		work_through(worker, chunk, batch, next);

		struct batch *done = batch;
		batch = next;
		next = done;
	}
}

int64_t worker_advance(struct worker *worker, int64_t now_ns)
{
	if (now_ns > worker->now_ns)
		worker->now_ns = now_ns;
	int64_t began = worker->settings.costs ? stopwatch_ns() : 0;
	track_advance(worker->track, worker->now_ns);
	free_slots(worker);
	if (worker->settings.costs)
		worker->passed_ns += stopwatch_ns() - began;
	/* A frame of the very same time may still come. */
	return worker->now_ns - 1;
}

int64_t worker_now(const struct worker *worker)
{
	return worker->now_ns;
}

void worker_costs(const struct worker *worker, struct record_cost costs[RECORD_STAGE_COUNT])
{
	uint64_t packets = track_counters(worker->track)->packets;
	struct record_cost *track = &costs[RECORD_STAGE_TRACK];

	memcpy(costs, worker->costs, sizeof(worker->costs));
	/* Letting time pass is timed always, and for all packets. */
	if (packets > 0)
		track->ns += (int64_t)((double)worker->passed_ns * (double)track->packets / (double)packets);
}

struct track *worker_track(struct worker *worker)
{
	return worker->track;
}

void worker_share_limits(struct worker *const *workers, unsigned count)
{
	struct track *tracks[WORKER_SHARERS_MAX] = { NULL };
	uint32_t used = 0, slots = workers[0]->settings.classify_slots;

	for (unsigned i = 0; i < count; i++) {
		tracks[i] = workers[i]->track;
		used += classifier_used(workers[i]->classifier);
	}
	track_share_limits(tracks, count);
	for (unsigned i = 0; i < count; i++)
		classifier_allow(workers[i]->classifier,
				 classifier_used(workers[i]->classifier) + (used < slots ? (slots - used) / count : 0));
}

const char *worker_app_name(const struct worker *worker, uint16_t app)
{
	const struct worker *names = worker->settings.names ? worker->settings.names : worker;

	return classifier_name(names->classifier, app);
}
