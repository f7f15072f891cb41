/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See workers.h. Called by the engine. The threads and what is whose:
 *
 *   calling thread   the chunk between its steps, reader 0, worker 0, the shared hosts; everything outside of workers_work()
 *   thread i         in the step of reading reader i and its part of the chunk's packets; in the step of tracking worker i
 */
#include "workers.h"

#include "audit/hosts.h"
#include "audit/sums.h"
#include "processors.h"
#include "stopwatch.h"
#include "team.h"
#include "../config/config.h"

#include <stdlib.h>
#include <string.h>

enum {
	CHUNK = 4096, /* frames gone through together */
	ALONE = 192,  /* fewer are not worth waking others for */
	MARKS = 256,  /* times that pass within a chunk */
	KEPT = 32768, /* pairs whose owner a reader remembers */
	TOLD_FIRST = 1024,
	TOLD_KEPT = 65536, /* a list that grew beyond is given back */
	FOUND_PER_FRAME = 4,
};

_Static_assert((int)WORKERS_MAX <= (int)TEAM_MAX, "a team has to have room for all");
_Static_assert((int)WORKERS_MAX <= (int)WORKER_SHARERS_MAX, "worker_share_limits() has to have room for all");
_Static_assert(CHUNK <= UINT16_MAX + 1, "dealt.frame has to hold a place in the chunk");

/* A pair that a reader met: its hash, but for the last bits, which are its owner and whether it is noted as one that speaks IPsec,
 * whose hosts are known or found. 0: none. */
enum { KEPT_OWNER = 7, KEPT_NOTED = 8, KEPT_BITS = KEPT_OWNER | KEPT_NOTED };
_Static_assert(WORKERS_MAX <= KEPT_OWNER + 1, "a kept pair has to hold its owner");

/* A host that speaks IPsec, and since which frame of the chunk. */
struct found {
	struct address address;
	uint32_t frame;
};

/* What one thread makes of its part of a chunk. */
struct reader {
	struct dealt *dealt[WORKERS_MAX]; /* by owner; owned */
	unsigned dealt_count[WORKERS_MAX];
	struct found *found; /* owned */
	unsigned found_count;
	uint64_t *kept; /* KEPT of them, owned */
	uint64_t read;  /* frames, in all */
	/* with `costs` only */
	unsigned untimed; /* frames since the last that were timed */
	struct record_cost decode, deal;
};

/* What a worker told in the chunk at hand. */
struct told {
	struct transition *list; /* owned */
	size_t count, room;
	uint64_t lost;
};

/* Time that passes before the frame of this place. */
struct mark {
	unsigned end;
	int64_t now_ns;
};

enum job { JOB_READ, JOB_TRACK, JOB_PIN };

struct workers {
	struct worker_settings settings;
	struct transition_sink sink;
	unsigned count;
	struct worker *worker[WORKERS_MAX];
	struct track *track[WORKERS_MAX]; /* theirs */
	struct sums *sums;
	int64_t now_ns;
	struct processors pins[WORKERS_MAX]; /* where each was told to run; none: anywhere */
	/* several only */
	struct owners *owners;
	struct hosts *hosts;
	struct reader readers[WORKERS_MAX];
	unsigned reader_count; /* that the chunk at hand was read by */
	struct told told[WORKERS_MAX];
	struct frame *frames; /* the chunk: gathered frames, CHUNK of each of these; owned */
	struct packet *packets;
	int64_t *time_ns;
	uint8_t *answers;
	unsigned gathered;
	struct mark marks[MARKS];
	unsigned mark_count;
	uint64_t number; /* of the chunk's first frame */
	uint64_t lost;
	struct team *team; /* owned */
};

unsigned workers_asked(const struct config *config)
{
	unsigned most = 0;

	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].workers > most)
			most = config->interfaces[i].workers;
	return most < WORKERS_MAX ? most : WORKERS_MAX;
}

unsigned workers_wanted(const struct config *config)
{
	unsigned asked = workers_asked(config);

	return asked ? asked : 1;
}

/* ---- what workers tell ---- */

static void put_on(struct workers *workers, const struct transition *transition)
{
	if (!sums_take(workers->sums, transition))
		workers->sink.put(workers->sink.context, transition);
}

static void put_at_once(void *context, const struct transition *transition)
{
	put_on(context, transition);
}

static void put_to_list(void *context, const struct transition *transition)
{
	struct told *told = context;

	if (told->count == told->room) {
		size_t room = told->room ? 2 * told->room : TOLD_FIRST;
		struct transition *more = realloc(told->list, room * sizeof(*more));
		if (!more) {
			struct transition lost = *transition;
			transition_discard(&lost);
			told->lost++;
			return;
		}
		told->list = more;
		told->room = room;
	}
	told->list[told->count++] = *transition;
}

static void hand_on(struct workers *workers)
{
	for (unsigned i = 0; i < workers->count && workers->count > 1; i++) {
		struct told *told = &workers->told[i];
		for (size_t at = 0; at < told->count; at++)
			put_on(workers, &told->list[at]);
		told->count = 0;
		workers->lost += told->lost;
		told->lost = 0;
		if (told->room > TOLD_KEPT) {
			free(told->list);
			told->list = NULL;
			told->room = 0;
		}
	}
}

/* ---- reading ---- */

static void find_host(const struct workers *workers, struct reader *reader, unsigned frame,
		      const struct address *address)
{
	if (!hosts_known(workers->hosts, address, UINT64_MAX))
		reader->found[reader->found_count++] = (struct found){ *address, frame };
}

/* The owner of the pair; `speaks`: the packet shows that both speak IPsec. */
static unsigned owner_of(const struct workers *workers, struct reader *reader, uint32_t realm,
			 const struct address *one, const struct address *other, bool speaks, unsigned frame)
{
	uint64_t hash = owners_hash(workers->owners, realm, one, other);

	if (!speaks && !owners_by_rule(workers->owners))
		return owners_of(workers->owners, hash, one, other);
	uint64_t *kept = &reader->kept[hash / (KEPT_BITS + 1) % KEPT];
	if ((*kept ^ hash) & ~(uint64_t)KEPT_BITS)
		*kept = (hash & ~(uint64_t)KEPT_BITS) | owners_of(workers->owners, hash, one, other);
	if (speaks && !(*kept & KEPT_NOTED)) {
		/* As a tracker would come to know them, lower address first. */
		bool swap = address_compare(one, other) > 0;
		find_host(workers, reader, frame, swap ? other : one);
		find_host(workers, reader, frame, swap ? one : other);
		*kept |= KEPT_NOTED;
	}
	return *kept & KEPT_OWNER;
}

static void give(struct reader *reader, unsigned owner, unsigned frame, unsigned part)
{
	unsigned count = reader->dealt_count[owner];
	struct dealt *last = count ? &reader->dealt[owner][count - 1] : NULL;

	if (last && last->frame == frame) {
		last->parts |= (uint8_t)part;
		return;
	}
	reader->dealt[owner][reader->dealt_count[owner]++] = (struct dealt){ (uint16_t)frame, (uint8_t)part };
}

static void deal(const struct workers *workers, struct reader *reader, unsigned frame)
{
	const struct packet *packet = &workers->packets[frame];
	uint32_t realm = track_realm(workers->track[0], packet);
	unsigned parts = track_parts(packet), owner = 0;
	bool speaks = packet->class == PACKET_ESP || packet->class == PACKET_AH || packet->class == PACKET_IKE;

	/* The outer AH first, as it is tracked first. */
	for (unsigned part = TRACK_OUTER_AH; part <= TRACK_CARRIER; part <<= 1) {
		const struct address *ends[2];
		if (!(parts & part))
			continue;
		track_part_ends(packet, part, ends);
		give(reader, owner_of(workers, reader, realm, ends[0], ends[1], part == TRACK_OUTER_AH, frame), frame,
		     part);
	}
	if (packet->has_ip)
		owner = owner_of(workers, reader, realm, &packet->src, &packet->dst, speaks, frame);
	give(reader, owner, frame, TRACK_OWN);
}

static inline void read_frame(struct workers *workers, unsigned frame)
{
	worker_read(&workers->settings, &workers->frames[frame], &workers->packets[frame]);
}

/* The same for a few frames, one after the other what else goes together. */
static void read_timed(struct workers *workers, struct reader *reader, unsigned begin, unsigned end)
{
	int64_t began = stopwatch_ns(), read;

	for (unsigned frame = begin; frame < end; frame++)
		read_frame(workers, frame);
	read = stopwatch_ns();
	for (unsigned frame = begin; frame < end; frame++)
		deal(workers, reader, frame);
	stopwatch_add(&reader->decode, end - begin, read - began);
	stopwatch_add(&reader->deal, end - begin, stopwatch_ns() - read);
}

static void read_part(struct workers *workers, unsigned index)
{
	struct reader *reader = &workers->readers[index];
	unsigned begin = (unsigned)((uint64_t)workers->gathered * index / workers->reader_count);
	unsigned end = (unsigned)((uint64_t)workers->gathered * (index + 1) / workers->reader_count);

	memset(reader->dealt_count, 0, sizeof(reader->dealt_count));
	reader->found_count = 0;
	reader->read += end - begin;
	if (workers->settings.costs && (reader->untimed += end - begin) >= TRACK_BATCH * STOPWATCH_EVERY) {
		reader->untimed = 0;
		unsigned some = end - begin < TRACK_BATCH ? end - begin : TRACK_BATCH;
		read_timed(workers, reader, begin, begin + some);
		begin += some;
	}
	for (unsigned frame = begin; frame < end; frame++) {
		read_frame(workers, frame);
		deal(workers, reader, frame);
	}
}

/* Readers have parts one behind the other, so hosts come in the order of frames. */
static void add_hosts(struct workers *workers)
{
	for (unsigned i = 0; i < workers->reader_count; i++) {
		const struct reader *reader = &workers->readers[i];
		for (unsigned at = 0; at < reader->found_count; at++)
			hosts_add(workers->hosts, &reader->found[at].address,
				  workers->number + reader->found[at].frame);
	}
}

/* ---- tracking ---- */

static void track_part(struct workers *workers, unsigned index)
{
	const struct dealt *lists[WORKERS_MAX];
	unsigned counts[WORKERS_MAX];
	struct dealt_lists dealt = { lists, counts, workers->reader_count, 0, 0 };
	struct worker_chunk chunk = { workers->frames, workers->packets, workers->time_ns, workers->number,
				      workers->settings.evidence ? workers->answers : NULL };

	for (unsigned i = 0; i < workers->reader_count; i++) {
		lists[i] = workers->readers[i].dealt[index];
		counts[i] = workers->readers[i].dealt_count[index];
	}
	for (unsigned i = 0; i < workers->mark_count; i++) {
		worker_dealt(workers->worker[index], &chunk, &dealt, workers->marks[i].end);
		worker_advance(workers->worker[index], workers->marks[i].now_ns);
	}
	worker_dealt(workers->worker[index], &chunk, &dealt, workers->gathered);
}

static void put_evidence(struct workers *workers)
{
	for (unsigned frame = 0; frame < workers->gathered; frame++) {
		const struct packet *packet = &workers->packets[frame];
		if (workers->answers[frame] & WORKER_EVIDENCE)
			evidence_put(workers->settings.evidence, &workers->frames[frame], packet,
				     track_realm(workers->track[0], packet),
				     (workers->answers[frame] & WORKER_OFFENDS) != 0);
	}
}

/* ---- jobs ---- */

static void do_job(void *context, int job, unsigned index)
{
	struct workers *workers = context;

	switch ((enum job)job) {
	case JOB_READ:
		read_part(workers, index);
		break;
	case JOB_TRACK:
		track_part(workers, index);
		break;
	case JOB_PIN:
		(void)processors_take(&workers->pins[index]);
		break;
	}
}

/* ---- chunks ---- */

void workers_work(struct workers *workers)
{
	bool alone = workers->gathered < ALONE;

	if (workers->count == 1 || (workers->gathered == 0 && workers->mark_count == 0))
		return;
	workers->reader_count = alone ? 1 : workers->count;
	if (alone)
		read_part(workers, 0);
	else
		team_do(workers->team, JOB_READ);
	add_hosts(workers);
	if (!alone)
		team_do(workers->team, JOB_TRACK);
	for (unsigned i = 0; alone && i < workers->count; i++)
		track_part(workers, i);
	if (workers->settings.evidence)
		put_evidence(workers);
	hand_on(workers);
	worker_share_limits(workers->worker, workers->count);
	workers->number += workers->gathered;
	workers->gathered = workers->mark_count = 0;
}

void workers_frames(struct workers *workers, const struct frame *frames, unsigned count)
{
	if (workers->count == 1) {
		worker_frames(workers->worker[0], frames, count);
		workers->now_ns = worker_now(workers->worker[0]);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		if (workers->gathered == CHUNK)
			workers_work(workers);
		if (frames[i].time_ns > workers->now_ns)
			workers->now_ns = frames[i].time_ns;
		workers->frames[workers->gathered] = frames[i];
		workers->time_ns[workers->gathered++] = workers->now_ns;
	}
}

void workers_pass(struct workers *workers, int64_t now_ns)
{
	if (now_ns > workers->now_ns)
		workers->now_ns = now_ns;
	if (workers->count == 1) {
		worker_advance(workers->worker[0], workers->now_ns);
		return;
	}
	if (workers->mark_count == MARKS)
		workers_work(workers);
	workers->marks[workers->mark_count++] = (struct mark){ workers->gathered, workers->now_ns };
}

void workers_release(struct workers *workers, int64_t until_ns)
{
	sums_release(workers->sums, until_ns, &workers->sink);
}

void workers_tell(struct workers *workers, const struct transition *transition)
{
	struct transition told = *transition;

	told.time_ns = workers->now_ns;
	sums_place(workers->sums, &told);
	workers->sink.put(workers->sink.context, &told);
}

void workers_end(struct workers *workers)
{
	for (unsigned i = 0; i < workers->count; i++) {
		track_end(workers->track[i], workers->now_ns);
		worker_advance(workers->worker[i], workers->now_ns);
	}
	hand_on(workers);
	workers_release(workers, INT64_MAX);
}

/* ---- making them ---- */

static bool make_reader(const struct workers *workers, struct reader *reader, bool first)
{
	/* The first one reads small chunks alone, the others always have their part. */
	unsigned part = CHUNK / workers->count + 1;
	bool good = true;

	if (first && part < ALONE)
		part = ALONE;
	for (unsigned i = 0; i < workers->count; i++) {
		reader->dealt[i] = malloc(part * sizeof(*reader->dealt[i]));
		good = good && reader->dealt[i];
	}
	reader->found = malloc((size_t)part * FOUND_PER_FRAME * sizeof(*reader->found));
	reader->kept = calloc(KEPT, sizeof(*reader->kept));
	return good && reader->found && reader->kept;
}

/* What several need beside themselves. */
static bool make_shared(struct workers *workers)
{
	const struct track_settings *track = &workers->settings.track;
	bool good = true;

	workers->owners = owners_new(track->policy, workers->count, track->seed);
	workers->hosts = hosts_new(track->seed);
	workers->frames = malloc(CHUNK * sizeof(*workers->frames));
	workers->packets = malloc(CHUNK * sizeof(*workers->packets));
	workers->time_ns = malloc(CHUNK * sizeof(*workers->time_ns));
	workers->answers = calloc(CHUNK, sizeof(*workers->answers));
	for (unsigned i = 0; i < workers->count; i++)
		good = make_reader(workers, &workers->readers[i], i == 0) && good;
	return good && workers->owners && workers->hosts && workers->frames && workers->packets && workers->time_ns &&
	       workers->answers;
}

static bool make_workers(struct workers *workers)
{
	struct worker_settings settings = workers->settings;

	settings.track.hosts = workers->hosts;
	settings.classify_rate = (settings.classify_rate + workers->count - 1) / workers->count;
	if (workers->count > 1)
		settings.evidence = NULL; /* put by the calling thread, in the order of frames */
	for (unsigned i = 0; i < workers->count; i++) {
		struct transition_sink sink = { put_to_list, &workers->told[i] };
		if (workers->count == 1)
			sink = (struct transition_sink){ put_at_once, workers };
		settings.names = workers->worker[0];
		workers->worker[i] = worker_new(&settings, &sink);
		if (!workers->worker[i])
			return false;
		workers->track[i] = worker_track(workers->worker[i]);
	}
	if (workers->count > 1)
		worker_share_limits(workers->worker, workers->count);
	return true;
}

struct workers *workers_new(const struct worker_settings *settings, unsigned count, const struct transition_sink *sink)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (!workers)
		return NULL;
	workers->settings = *settings;
	workers->sink = *sink;
	workers->count = count < WORKERS_MAX ? count ? count : 1 : WORKERS_MAX;
	workers->sums = sums_new();
	if (!workers->sums || (workers->count > 1 && !make_shared(workers)) || !make_workers(workers) ||
	    (workers->count > 1 && !(workers->team = team_new(workers->count, do_job, workers)))) {
		workers_free(workers);
		return NULL;
	}
	return workers;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	team_free(workers->team);
	/* The first one last: others have its names. */
	for (unsigned i = WORKERS_MAX; i-- > 0;) {
		worker_free(workers->worker[i]);
		for (size_t at = 0; at < workers->told[i].count; at++)
			transition_discard(&workers->told[i].list[at]);
		free(workers->told[i].list);
		for (unsigned owner = 0; owner < WORKERS_MAX; owner++)
			free(workers->readers[i].dealt[owner]);
		free(workers->readers[i].found);
		free(workers->readers[i].kept);
	}
	owners_free(workers->owners);
	hosts_free(workers->hosts);
	sums_free(workers->sums);
	free(workers->frames);
	free(workers->packets);
	free(workers->time_ns);
	free(workers->answers);
	free(workers);
}

/* ---- where they run ---- */

void workers_pin(struct workers *workers, const struct processors *asked, const struct processors *otherwise)
{
	for (unsigned i = 0; i < workers->count; i++)
		processors_share(asked->count ? asked : otherwise, asked->count ? i : 0,
				 asked->count ? workers->count : 1, &workers->pins[i]);
	if (workers->team)
		team_do(workers->team, JOB_PIN);
	else
		do_job(workers, JOB_PIN, 0);
	for (unsigned i = 0; i < workers->count && asked->count == 0; i++)
		workers->pins[i].count = 0;
}

const struct processors *workers_pinned(const struct workers *workers, unsigned index, struct processors *now)
{
	processors_of(workers->team ? team_thread(workers->team, index) : 0, now);
	return &workers->pins[index];
}

/* ---- over all of them ---- */

unsigned workers_count(const struct workers *workers)
{
	return workers->count;
}

int64_t workers_now(const struct workers *workers)
{
	return workers->now_ns;
}

struct track *workers_track(const struct workers *workers, unsigned index)
{
	return workers->track[index];
}

static unsigned owner_by_addresses(const struct workers *workers, uint32_t realm, const struct address *a,
				   const struct address *b)
{
	return owners_of(workers->owners, owners_hash(workers->owners, realm, a, b), a, b);
}

bool workers_know_pair(struct workers *workers, uint32_t realm, uint16_t vlan, const struct address *a,
		       const struct address *b)
{
	unsigned owner = 0;

	if (workers->count > 1)
		owner = owner_by_addresses(workers, realm, a, b);
	return track_know_pair(workers->track[owner], realm, vlan, a, b);
}

/* A worker from which pairs leave. */
struct leaving {
	struct workers *workers;
	unsigned index;
};

static bool stays(void *context, uint32_t realm, const struct address *a, const struct address *b)
{
	const struct leaving *leaving = context;
	return owner_by_addresses(leaving->workers, realm, a, b) == leaving->index;
}

static void left(void *context, uint32_t realm, uint16_t vlan, const struct address *a, const struct address *b)
{
	const struct leaving *leaving = context;
	const struct workers *workers = leaving->workers;

	(void)track_know_pair(workers->track[owner_by_addresses(workers, realm, a, b)], realm, vlan, a, b);
}

static void take_owners(struct workers *workers, struct owners *owners)
{
	bool by_rule = owners_by_rule(owners) || owners_by_rule(workers->owners);

	owners_free(workers->owners);
	workers->owners = owners;
	for (unsigned i = 0; i < workers->count; i++)
		memset(workers->readers[i].kept, 0, KEPT * sizeof(*workers->readers[i].kept));
	for (unsigned i = 0; by_rule && i < workers->count; i++) {
		struct leaving from = { workers, i };
		track_leave(workers->track[i], &(struct track_leaving){ &from, stays, left }, workers->now_ns);
	}
	hand_on(workers);
}

bool workers_set_policy(struct workers *workers, const struct policy *policy)
{
	struct owners *owners = NULL;
	bool done = true;

	if (workers->count > 1) {
		owners = owners_new(policy, workers->count, workers->settings.track.seed);
		if (!owners)
			return false;
	}
	for (unsigned i = 0; i < workers->count; i++)
		done = track_set_policy(workers->track[i], policy) && done;
	if (!done) {
		owners_free(owners);
		return false;
	}
	if (workers->count > 1)
		take_owners(workers, owners);
	return true;
}

struct track_counters workers_counters(const struct workers *workers)
{
	struct track_counters sum = *track_counters(workers->track[0]);

	for (unsigned i = 1; i < workers->count; i++)
		track_counters_add(&sum, track_counters(workers->track[i]));
	return sum;
}

void workers_tables(const struct workers *workers, struct record_table tables[TRACK_TABLES])
{
	track_tables(workers->track[0], tables);
	for (unsigned i = 1; i < workers->count; i++) {
		struct record_table more[TRACK_TABLES];
		track_tables(workers->track[i], more);
		for (unsigned table = 0; table < TRACK_TABLES; table++) {
			tables[table].used += more[table].used;
			tables[table].evicted += more[table].evicted;
			tables[table].octets += more[table].octets;
		}
	}
}

struct record_worker workers_worker(const struct workers *workers, unsigned index)
{
	uint64_t tracked = track_counters(workers->track[index])->packets;
	struct record_worker worker = { .read = workers->team ? workers->readers[index].read : tracked,
					.tracked = tracked };

	if (workers->team) {
		worker.together_ns = team_together_ns(workers->team);
		worker.waited_ns = team_waited_ns(workers->team, index);
	}
	return worker;
}

void workers_costs(const struct workers *workers, struct record_cost costs[RECORD_STAGE_COUNT])
{
	memset(costs, 0, RECORD_STAGE_COUNT * sizeof(*costs));
	for (unsigned i = 0; i < workers->count; i++) {
		const struct reader *reader = &workers->readers[i];
		struct record_cost *track = &costs[RECORD_STAGE_TRACK], own[RECORD_STAGE_COUNT];
		worker_costs(workers->worker[i], own);
		for (int stage = 0; stage < RECORD_STAGE_COUNT; stage++)
			stopwatch_sum(&costs[stage], &own[stage]);
		stopwatch_sum(&costs[RECORD_STAGE_DECODE], &reader->decode);
		/* Who is whose is found for the tables' sake: what one frame of it took, for each that was tracked. */
		if (reader->deal.packets > 0)
			track->ns += (int64_t)((double)reader->deal.ns / (double)reader->deal.packets *
					       (double)own[RECORD_STAGE_TRACK].packets);
	}
}

uint64_t workers_memory(const struct workers *workers)
{
	uint64_t sum = workers->hosts ? hosts_memory(workers->hosts) : 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += track_memory(workers->track[i]);
	return sum;
}

uint64_t workers_lost(const struct workers *workers)
{
	return workers->lost + sums_lost(workers->sums);
}

const char *workers_app_name(const struct workers *workers, uint16_t app)
{
	return worker_app_name(workers->worker[0], app);
}
