/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See engine.h. The threads and who may touch what:
 *
 *   capturing thread   the workers (workers.h), which may have threads of their own; writes the ring
 *   judge's thread     judge, record sink; reads the ring
 *   any one thread     writes records from a copy that the capturing thread made, and asks the judge through a gate at
 *                      which the judge's thread then waits
 */
#include "engine.h"

#include "audit/evidence.h"
#include "audit/ike_story.h"
#include "audit/ring.h"
#include "certificate.h"
#include "engine_wishes.h"
#include "processors.h"
#include "realms.h"
#include "report/memory_or_end.h"
#include "report/nat_hash.h"
#include "report/random_seed.h"
#include "stopwatch.h"
#include "workers.h"
#include "../config/config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

#define STEP_NS (10 * MILLISECOND)      /* frame time between two looks at what fell quiet, offline */
#define LIVE_STEP_NS (20 * MILLISECOND) /* and live, where the watermark lets alerts out */

enum {
	INTERFACES_MAX = 256,
	RING_ROOM = 65536,
	CLASSIFY_SLOTS = 20000, /* DESIGN section 8 */
	CLASSIFY_RATE = 10000,  /* live, flows a second: a tenth of a processor */
	LEARN_PACKETS = 20,     /* DESIGN section 6 */
	LEARN_SPAN_S = 60,
	AUDIT_LEARN_PACKETS = 4,
	GATE_POLL_MS = 1000,
	EVIDENCE_A_STEP = 4, /* alerts whose frames are looked for at once, a millisecond each at most */
};

struct engine {
	struct engine_settings settings;
	struct record_sink sink;
	struct workers *workers;
	struct judge *judge;
	struct evidence *evidence;             /* owned; NULL: nobody wants captures of alerts */
	struct alert_maintenance *maintenance; /* owned */
	struct track_interface interfaces[INTERFACES_MAX];
	uint16_t decapsulate[INTERFACES_MAX];
	int64_t stepped_ns;               /* frame time of the last look */
	int64_t watermark_ns;             /* of what was gathered, or let out last */
	bool unsettled;                   /* the judge does not know of it yet */
	int64_t frame_ns[INTERFACES_MAX]; /* offline: of the latest frame of each interface; 0: there was none */
	bool finished;
	/* threaded only */
	struct ring *ring;
	pthread_t thread;
	bool thread_runs;
	int wake_descriptor; /* eventfd: there is something in the ring, or an order */
	atomic_bool stop;
	_Atomic uint64_t pulse; /* rounds of the judge's thread */
	_Atomic int64_t judged_ns,
	    recorded_ns;      /* processor time of that thread; and how much of it went into records */
	unsigned messages;    /* IKE messages of which the record was not timed */
	pthread_mutex_t gate; /* held by the judge's thread while it works */
};

static void put_to_judge(void *context, const struct transition *transition)
{
	struct engine *engine = context;
	judge_put(engine->judge, transition);
}

static void put_to_ring(void *context, const struct transition *transition)
{
	struct engine *engine = context;
	ring_put(engine->ring, transition);
}

static void interface_settings(struct engine *engine, unsigned index, const struct config_interface *from)
{
	static const enum track_side sides[] = { TRACK_SIDE_OUTSIDE, TRACK_SIDE_INSIDE, TRACK_SIDE_HOST };
	static const enum track_realm realms[] = { TRACK_REALM_NONE, TRACK_REALM_VLAN, TRACK_REALM_VNI,
						   TRACK_REALM_INTERFACE };

	engine->interfaces[index].side = from ? sides[from->side] : TRACK_SIDE_OUTSIDE;
	engine->interfaces[index].realm = from ? realms[from->realm] : TRACK_REALM_NONE;
	engine->decapsulate[index] = from ? from->decapsulate : TUNNEL_ALL;
}

void engine_interface(struct engine *engine, uint16_t index, const char *name)
{
	const struct config *config = engine->settings.config;
	const struct config_interface *found = NULL;

	if (index >= INTERFACES_MAX)
		return;
	for (size_t i = 0; i < config->interface_count && !found; i++)
		if (strcmp(config->interfaces[i].name, name) == 0)
			found = &config->interfaces[i];
	interface_settings(engine, index, found);
	if (engine->evidence)
		(void)evidence_interface(engine->evidence, index);
}

static void wait_for_word(struct engine *engine)
{
	struct pollfd poll_descriptor = { .fd = engine->wake_descriptor, .events = POLLIN };
	uint64_t count;

	if (poll(&poll_descriptor, 1, GATE_POLL_MS) > 0 &&
	    read(engine->wake_descriptor, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return; /* another look does no harm */
}

static void judge_what_came(struct engine *engine)
{
	struct transition transition;
	int64_t watermark = ring_watermark(engine->ring);

	while (ring_take(engine->ring, &transition))
		judge_put(engine->judge, &transition);
	judge_advance(engine->judge, watermark);
}

static void *judge_thread(void *context)
{
	struct engine *engine = context;

	while (!atomic_load(&engine->stop)) {
		wait_for_word(engine);
		pthread_mutex_lock(&engine->gate);
		int64_t began = stopwatch_thread_ns();
		judge_what_came(engine);
		atomic_fetch_add_explicit(&engine->judged_ns, stopwatch_thread_ns() - began, memory_order_relaxed);
		pthread_mutex_unlock(&engine->gate);
		atomic_fetch_add_explicit(&engine->pulse, 1, memory_order_relaxed);
	}
	return NULL;
}

uint64_t engine_pulse(const struct engine *engine)
{
	return atomic_load_explicit(&engine->pulse, memory_order_relaxed);
}

static void give_word(struct engine *engine)
{
	uint64_t one = 1;

	/* A full counter means that word was given already. */
	while (write(engine->wake_descriptor, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static bool start_thread(struct engine *engine)
{
	engine->ring = ring_new(RING_ROOM);
	engine->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!engine->ring || engine->wake_descriptor < 0 || pthread_mutex_init(&engine->gate, NULL) != 0)
		return false;
	engine->thread_runs = pthread_create(&engine->thread, NULL, judge_thread, engine) == 0;
	return engine->thread_runs;
}

static void end_thread(struct engine *engine)
{
	if (!engine->thread_runs)
		return;
	atomic_store(&engine->stop, true);
	give_word(engine);
	pthread_join(engine->thread, NULL);
	pthread_mutex_destroy(&engine->gate);
	engine->thread_runs = false;
	judge_what_came(engine);
}

/* Of the records that come with every IKE message one is timed for many: to look at that clock costs as much as such a record. */
static void write_timed(struct engine *engine, const struct record *record)
{
	bool many = record->type == RECORD_IKE_MESSAGE;

	if (many && engine->messages++ % STOPWATCH_EVERY) {
		record_write(&engine->sink, record);
		return;
	}
	int64_t began = stopwatch_thread_ns();
	record_write(&engine->sink, record);
	atomic_fetch_add_explicit(&engine->recorded_ns, (stopwatch_thread_ns() - began) * (many ? STOPWATCH_EVERY : 1),
				  memory_order_relaxed);
}

static struct realms realms_of(const struct engine *engine)
{
	return (struct realms){ engine->interfaces, INTERFACES_MAX, engine->settings.interface_name,
				engine->settings.interface_context };
}

/* What the judge writes. An alert that opens is evidence from now on: first it is told, then its frames are looked for. */
static void put_record(void *context, const struct record *record)
{
	struct engine *engine = context;
	struct realms realms = realms_of(engine);
	struct evidence_case opened;
	struct record named;

	if (realms_name(&realms, record, &named))
		record = &named;
	if (engine->settings.threaded)
		write_timed(engine, record);
	else
		record_write(&engine->sink, record);
	if (engine->evidence && record->type == RECORD_FINDING && record->finding.state == FINDING_OPEN &&
	    evidence_case_make(&opened, &record->finding, &engine->settings.config->policy))
		(void)evidence_open(engine->evidence, &opened); /* it counts what finds no room */
}

/* False on lack of memory. */
static bool make_evidence(struct engine *engine)
{
	const struct config *config = engine->settings.config;
	struct evidence_settings settings;

	if (!engine->settings.evidence)
		return true;
	settings = *engine->settings.evidence;
	settings.decapsulate = engine->decapsulate;
	settings.decapsulate_count = INTERFACES_MAX;
	engine->evidence = evidence_new(&settings);
	bool good = engine->evidence != NULL;
	for (size_t i = 0; good && !engine->settings.offline && i < config->interface_count; i++)
		good = i >= INTERFACES_MAX || evidence_interface(engine->evidence, (uint16_t)i);
	return good;
}

struct engine *engine_new(const struct engine_settings *settings, const struct record_sink *sink)
{
	const struct config *config = settings->config;
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->settings = *settings;
	engine->sink = *sink;
	engine->wake_descriptor = -1;
	for (unsigned i = 0; i < INTERFACES_MAX; i++)
		interface_settings(engine, i,
				   !settings->offline && i < config->interface_count ? &config->interfaces[i] : NULL);

	uint64_t seed = settings->offline ? 0 : random_seed();
	struct worker_settings worker = {
		.track = {
			.policy = &config->policy,
			.interfaces = engine->interfaces,
			.interface_count = INTERFACES_MAX,
			.flows = config->limits.flows,
			.sas = config->limits.sas,
			.pairs = config->limits.pairs,
			.learn_packets = settings->offline ? AUDIT_LEARN_PACKETS : LEARN_PACKETS,
			.learn_span_ns = settings->offline ? 0 : LEARN_SPAN_S * SECOND,
			.classify_all = config->classify == CONFIG_CLASSIFY_ALL,
			.seed = seed,
		},
		.classify_slots = CLASSIFY_SLOTS,
		.classify_rate = settings->offline ? 0 : CLASSIFY_RATE,
		.decapsulate = engine->decapsulate,
		.decapsulate_count = INTERFACES_MAX,
		.decapsulate_otherwise = TUNNEL_ALL,
		.costs = settings->threaded,
	};
	struct judge_settings judge = {
		.policy = &config->policy,
		.thresholds = judge_default_thresholds(),
		.pairs = config->limits.pairs,
		.sas = config->limits.sas,
		.ike = config->limits.ike,
		.learned = config->limits.learned,
		.seed = seed,
		/* The records at the end of an audit say as much. */
		.lifecycle = !settings->offline,
		.last_word = settings->last_word,
		.ike_messages = settings->ike_messages,
		.remember = settings->remember,
		.interface_name = settings->interface_name,
		.interface_context = settings->interface_context,
		.nat_hash = nat_hash,
		.certificate = certificate_read,
	};
	engine->maintenance = engine_alerts(&config->alerts, settings->offline, &judge.alerts);
	if (!engine->maintenance || !make_evidence(engine)) {
		engine_free(engine);
		return NULL;
	}
	nat_hash_prepare();
	certificate_prepare();
	engine_thresholds(&judge.thresholds, config);
	worker.evidence = engine->evidence;
	struct transition_sink put = { settings->threaded ? put_to_ring : put_to_judge, engine };
	struct record_sink records = { put_record, engine };
	engine->workers = workers_new(&worker, settings->workers, &put);
	engine->judge = judge_new(&judge, &records);
	if (!engine->workers || !engine->judge || (settings->threaded && !start_thread(engine))) {
		engine_free(engine);
		return NULL;
	}
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	end_thread(engine);
	workers_free(engine->workers);
	judge_free(engine->judge);
	evidence_free(engine->evidence);
	free(engine->maintenance);
	ring_free(engine->ring);
	if (engine->wake_descriptor >= 0)
		close(engine->wake_descriptor);
	free(engine);
}

/* Looks for frames of alerts; of all, if the judge is done. */
static void look_for_evidence(struct engine *engine, bool all)
{
	while (engine->evidence && evidence_step(engine->evidence, workers_now(engine->workers), EVIDENCE_A_STEP) &&
	       all)
		;
}

/* What workers told goes on to the judge, and time up to the watermark. */
static void settle(struct engine *engine)
{
	workers_work(engine->workers);
	if (!engine->unsettled)
		return;
	engine->unsettled = false;
	workers_release(engine->workers, engine->watermark_ns);
	if (engine->settings.threaded) {
		/* Live, an alert should not wait for the next frame: what has this very time is let out too. */
		ring_publish(engine->ring, engine->watermark_ns);
		give_word(engine);
	} else {
		judge_advance(engine->judge, engine->watermark_ns);
	}
	look_for_evidence(engine, !engine->settings.threaded);
}

/* Where captures of alerts are wanted the judge looks at each step: what it opens, frames of then have to be there for. */
static void step(struct engine *engine, int64_t now_ns)
{
	workers_pass(engine->workers, now_ns);
	engine->stepped_ns = workers_now(engine->workers);
	/* A frame of the very same time may still come. */
	engine->watermark_ns = engine->stepped_ns - (engine->settings.threaded ? 0 : 1);
	engine->unsettled = true;
	if (workers_count(engine->workers) == 1 || engine->evidence)
		settle(engine);
}

/* The frames of one interface go back in time where the clock of who captured was set, or where files were put one behind the
 * other. Interfaces that have no number of their own share the last. */
static void notice_steps(struct engine *engine, const struct frame *frames, unsigned count)
{
	struct transition transition = { .kind = TRANSITION_CLOCK };
	const int64_t least_ns = engine->settings.config->health.clock_step_ns;

	for (unsigned i = 0; i < count; i++) {
		if (frames[i].interface >= INTERFACES_MAX - 1)
			continue;
		int64_t before = engine->frame_ns[frames[i].interface];
		engine->frame_ns[frames[i].interface] = frames[i].time_ns;
		if (before - frames[i].time_ns < least_ns || !before)
			continue;
		transition.interface = frames[i].interface;
		transition.clock = (struct transition_clock){ .step_ns = frames[i].time_ns - before, .of_file = true };
		engine_tell(engine, &transition);
	}
}

void engine_gather(struct engine *engine, const struct frame *frames, unsigned count)
{
	if (engine->settings.offline)
		notice_steps(engine, frames, count);
	workers_frames(engine->workers, frames, count);
	int64_t now = workers_now(engine->workers);
	if (now - engine->stepped_ns >= (engine->settings.threaded ? LIVE_STEP_NS : STEP_NS))
		step(engine, now);
}

void engine_flush(struct engine *engine)
{
	settle(engine);
}

void engine_frames(struct engine *engine, const struct frame *frames, unsigned count)
{
	engine_gather(engine, frames, count);
	settle(engine);
}

void engine_advance(struct engine *engine, int64_t now_ns)
{
	if (now_ns > workers_now(engine->workers))
		step(engine, now_ns);
	settle(engine);
}

void engine_tell(struct engine *engine, const struct transition *transition)
{
	workers_tell(engine->workers, transition);
}

int64_t engine_now(const struct engine *engine)
{
	return workers_now(engine->workers);
}

void engine_finish(struct engine *engine)
{
	if (engine->finished)
		return;
	engine->finished = true;
	settle(engine);
	workers_end(engine->workers);
	end_thread(engine);
	judge_finish(engine->judge, workers_now(engine->workers));
	look_for_evidence(engine, true);
}

uint64_t engine_evidence_lost(const struct engine *engine)
{
	return engine->evidence ? evidence_lost(engine->evidence) : 0;
}

/* All that found no room or memory on its way to a judgement. In a threaded engine with the gate closed. */
static uint64_t transitions_lost(const struct engine *engine, const struct track_counters *track)
{
	return track->unread + workers_lost(engine->workers) + (engine->ring ? ring_lost(engine->ring) : 0) +
	       judge_counters(engine->judge)->lost;
}

struct engine_counters engine_counters(struct engine *engine)
{
	struct engine_counters counters = {
		.track = workers_counters(engine->workers),
		.memory = workers_memory(engine->workers) + judge_ike_memory(engine->judge),
	};

	if (!engine->thread_runs) {
		counters.judge = *judge_counters(engine->judge);
		counters.transitions_lost = transitions_lost(engine, &counters.track);
	}
	return counters;
}

/* ---- another configuration ---- */

/* The judge's thread works inside the gate: who holds it has the judge for itself. */
static void close_gate(struct engine *engine)
{
	if (engine->thread_runs)
		pthread_mutex_lock(&engine->gate);
}

static void open_gate(struct engine *engine)
{
	if (engine->thread_runs)
		pthread_mutex_unlock(&engine->gate);
}

struct judge_counters engine_judged(struct engine *engine)
{
	close_gate(engine);
	struct judge_counters counters = *judge_counters(engine->judge);
	open_gate(engine);
	return counters;
}

void engine_while_judge_stands(struct engine *engine, void (*work)(void *context), void *context)
{
	close_gate(engine);
	work(context);
	open_gate(engine);
}

void engine_pin(struct engine *engine, const struct processors *asked, const struct processors *otherwise)
{
	workers_pin(engine->workers, asked, otherwise);
}

unsigned engine_workers(const struct engine *engine)
{
	return workers_count(engine->workers);
}

const struct processors *engine_pinned(const struct engine *engine, unsigned worker, struct processors *now)
{
	return workers_pinned(engine->workers, worker, now);
}

/* ---- what an engine before this one knew ---- */

void engine_know(struct engine *engine, const struct record *record, int64_t now_ns)
{
	struct record copy = *record;
	const struct record_known_pair *pair = &copy.known_pair;
	struct realms realms = realms_of(engine);

	if (!realms_find(&realms, &copy))
		return;
	if (copy.type == RECORD_KNOWN_PAIR)
		(void)workers_know_pair(engine->workers, pair->realm, pair->vlan, &pair->a, &pair->b);
	close_gate(engine);
	judge_know(engine->judge, &copy, now_ns);
	open_gate(engine);
}

void engine_know_until(struct engine *engine, int64_t until_ns)
{
	close_gate(engine);
	judge_know_until(engine->judge, until_ns);
	open_gate(engine);
}

void engine_tell_known(struct engine *engine)
{
	close_gate(engine);
	judge_tell_known(engine->judge);
	open_gate(engine);
}

/* Puts judge and tracker under the configuration; one or the other may be under it already. */
static bool obey(struct engine *engine, const struct config *config, const struct alert_settings *alerts)
{
	struct judge_thresholds thresholds = judge_default_thresholds();

	engine_thresholds(&thresholds, config);
	return judge_set_policy(engine->judge, &config->policy, &thresholds, alerts) &&
	       workers_set_policy(engine->workers, &config->policy);
}

bool engine_reload(struct engine *engine, const struct config *config)
{
	const struct config *before = engine->settings.config;
	struct alert_settings alerts, former;
	struct alert_maintenance *windows = engine_alerts(&config->alerts, engine->settings.offline, &alerts);
	struct alert_maintenance *again = engine_alerts(&before->alerts, engine->settings.offline, &former);
	bool done = windows && again;

	/* What the tracker told by the old policy is judged by it. */
	close_gate(engine);
	if (done && engine->settings.threaded)
		judge_what_came(engine);
	if (done && !obey(engine, config, &alerts)) {
		done = false;
		(void)obey(engine, before, &former);
		/* Without memory even for that, some of the new ones are in use. */
		free(engine->maintenance);
		engine->maintenance = again;
		windows = again = NULL;
	} else if (done) {
		free(engine->maintenance);
		engine->maintenance = windows;
		windows = NULL;
		engine->settings.config = config;
	}
	open_gate(engine);
	free(windows);
	free(again);
	return done;
}

/* ---- the state as records ---- */

struct engine_state {
	struct engine *engine;
	struct track_state *track; /* owned */
	bool sorted;
	unsigned worker; /* whose tables are copied */
	struct track_counters totals;
	int64_t now_ns;
	struct record_table tables[TRACK_TABLES + JUDGE_TABLES];
	struct record_worker workers[WORKERS_MAX];
	char processors[WORKERS_MAX][PROCESSORS_TEXT_SIZE];
	struct record_cost costs[RECORD_STAGE_COUNT];
};

static const char *app_name(void *context, uint16_t app)
{
	struct engine *engine = context;
	return workers_app_name(engine->workers, app);
}

static void complete_pair(void *context, uint32_t realm, struct record_pair *pair,
			  const char *carries[RECORD_CARRIES_MAX])
{
	struct engine *engine = context;

	close_gate(engine);
	judge_complete_pair(engine->judge, realm, pair, carries);
	open_gate(engine);
}

static void complete_sa(void *context, uint32_t realm, struct record_sa *sa)
{
	struct engine *engine = context;

	close_gate(engine);
	judge_complete_sa(engine->judge, realm, sa);
	open_gate(engine);
}

static void write_ike_sas(void *context, const struct record_sink *sink)
{
	enum { AT_ONCE = 16 };
	struct engine *engine = context;
	const struct ike_stories *stories = judge_ike_stories(engine->judge);

	close_gate(engine);
	struct ike_walk *walk = ike_walk_new(stories);
	open_gate(engine);
	if (!walk)
		memory_end();
	for (bool done = false; !done;) {
		close_gate(engine);
		done = ike_walk_write(walk, stories, AT_ONCE, sink);
		open_gate(engine);
	}
	ike_walk_free(walk);
}

struct engine_state *engine_state_new(struct engine *engine, unsigned parts, bool sorted)
{
	struct engine_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->engine = engine;
	state->sorted = sorted;
	state->track = track_state_new(parts);
	if (!state->track) {
		free(state);
		return NULL;
	}
	return state;
}

static void collect_workers(struct engine_state *state)
{
	struct workers *workers = state->engine->workers;
	struct processors now;

	for (unsigned i = 0; i < workers_count(workers); i++) {
		state->workers[i] = workers_worker(workers, i);
		if (workers_pinned(workers, i, &now)->count > 0)
			state->workers[i].processors = processors_text(&now, state->processors[i]);
	}
	workers_costs(workers, state->costs);
}

/* Both are of the judge's thread as a whole, so they are for all packets that there were. */
static void collect_judge(struct engine_state *state)
{
	const struct engine *engine = state->engine;
	int64_t records = atomic_load_explicit(&engine->recorded_ns, memory_order_relaxed);
	int64_t all = atomic_load_explicit(&engine->judged_ns, memory_order_relaxed);

	if (!engine->thread_runs)
		return;
	state->costs[RECORD_STAGE_JUDGE] =
	    (struct record_cost){ state->totals.packets, all > records ? all - records : 0 };
	state->costs[RECORD_STAGE_RECORDS] = (struct record_cost){ state->totals.packets, records };
}

bool engine_state_collect(struct engine_state *state, uint32_t entries)
{
	struct workers *workers = state->engine->workers;
	struct track *track = workers_track(workers, state->worker);

	if (!track_state_collect(track, state->track, entries))
		return false;
	if (++state->worker < workers_count(workers)) {
		track_state_go_on(state->track, track);
		return false;
	}
	state->totals = workers_counters(workers);
	state->now_ns = workers_now(workers);
	workers_tables(workers, state->tables);
	collect_workers(state);
	collect_judge(state);
	return true;
}

bool engine_state_write(struct engine_state *state, const struct record_sink *sink)
{
	struct engine *engine = state->engine;
	const struct track_counters *totals = &state->totals;
	struct record record = { .type = RECORD_SUMMARY, .time_ns = state->now_ns };

	struct track_knowledge knowledge = { engine, app_name, complete_pair, complete_sa, write_ike_sas };
	if (!track_state_write(state->track, state->sorted, &knowledge, sink))
		return false;
	struct judge_counters judged = engine_judged(engine);
	record.summary = (struct record_summary){
		.packets = totals->packets,
		.bytes = totals->bytes,
		.has_time = totals->packets > 0,
		.first_ns = totals->first_ns,
		.last_ns = totals->last_ns,
		.copies = totals->copies,
		.sas = totals->sas,
		.ike_sas = judged.ike_sas,
		.pairs = totals->pairs,
		.flows = totals->flows,
		.findings = judged.opened,
		.in_progress = judged.in_progress,
	};
	memcpy(record.summary.classes, totals->classes, sizeof(record.summary.classes));
	memcpy(record.summary.reasons, totals->reasons, sizeof(record.summary.reasons));
	record_write(sink, &record);
	return true;
}

void engine_state_health(struct engine_state *state, struct record_health *health)
{
	struct engine *engine = state->engine;

	close_gate(engine);
	judge_tables(engine->judge, state->tables + TRACK_TABLES);
	health->alerts_open = judge_counters(engine->judge)->open;
	health->transitions_lost = transitions_lost(engine, &state->totals);
	open_gate(engine);
	health->workers = state->workers;
	health->worker_count = workers_count(engine->workers);
	for (int stage = RECORD_STAGE_DECODE; stage < RECORD_STAGE_COUNT; stage++)
		health->stages[stage] = state->costs[stage];
	health->tables = state->tables;
	health->table_count = TRACK_TABLES + JUDGE_TABLES;
	memcpy(health->verdicts, track_state_verdicts(state->track), sizeof(health->verdicts));
	health->untracked = state->totals.untracked;
}

void engine_state_free(struct engine_state *state)
{
	if (!state)
		return;
	track_state_free(state->track);
	free(state);
}

void engine_write_records(struct engine *engine)
{
	struct engine_state *state = engine_state_new(engine, RECORD_PARTS_USUAL, true);

	while (state && !engine_state_collect(state, UINT32_MAX))
		;
	if (!state || !engine_state_write(state, &engine->sink))
		memory_end();
	engine_state_free(state);
}
