/* SPDX-License-Identifier: Apache-2.0 */
/* The telling of a script: what daemon/worker.c and daemon/engine.c do, without classifier and threads. See story.h. */
#include "story_frames.h"
#include "story_memory.h"
#include "story_words.h"

#include "../../config/config.h"
#include "../../daemon/audit/hash.h"
#include "../../daemon/audit/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINKTYPE_ETHERNET = 1,
	RING_ROOM = 4096,
	NAMES_MAX = 16,
	FLOWS = 4096,
};

struct teller;

/* One tracker and what stands between it and the judge. */
struct branch {
	struct teller *teller;
	struct track *track; /* owned */
	struct ring *ring;   /* owned; NULL: straight to the judge */
	struct packet packets[TRACK_BATCH];
	struct track_key keys[TRACK_BATCH];
	unsigned count; /* packets of the present batch */
};

struct teller {
	const struct story_script *script;
	struct story_options options;
	struct story_result *result;
	struct judge *judge; /* owned */
	struct branch branches[STORY_TRACKERS_MAX];
	struct story_text findings, records;
	struct transition *kept; /* owned */
	size_t kept_count, kept_room;
	unsigned payload_packets[NAMES_MAX]; /* seen on the name's port */
	size_t finding_room;
	int64_t now_ns, stepped_ns;
	struct story_memory *memory; /* what the next life is to know; owned; NULL: there is none */
	unsigned restarts;
	bool reloaded;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- what comes out ---- */

static void write_record(void *context, const struct record *record)
{
	struct teller *teller = context;
	struct story_result *result = teller->result;

	if (record->type == RECORD_NOTICE || record->type == RECORD_KNOWN_ALERT || record->type == RECORD_HELD_ALERT)
		return;
	if (teller->memory && (record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_HOST ||
			       (record->type == RECORD_FINDING && !catalogue_is_event(record->finding.id))))
		story_memory_keep(teller->memory, record);
	result->known += record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_HOST;
	if (record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_HOST)
		return;
	if (record->type != RECORD_FINDING) {
		story_say_record(&teller->records, record);
		return;
	}
	if (teller->options.leaks_only && record->finding.id != FINDING_CLEARTEXT_LEAK)
		return;
	story_say_finding(&teller->findings, &record->finding);
	if (result->finding_count == teller->finding_room) {
		teller->finding_room = teller->finding_room ? 2 * teller->finding_room : 16;
		result->finding = must(realloc(result->finding, teller->finding_room * sizeof(*result->finding)));
	}
	struct finding *copy = &result->finding[result->finding_count++];
	*copy = record->finding;
	for (size_t i = 0; i < copy->evidence_count; i++)
		copy->evidence[i].text = NULL;
	copy->rule = NULL;
}

static void put_transition(void *context, const struct transition *transition)
{
	struct branch *branch = context;
	struct teller *teller = branch->teller;

	if (teller->options.keep_transitions) {
		if (teller->kept_count == teller->kept_room) {
			teller->kept_room = teller->kept_room ? 2 * teller->kept_room : 256;
			teller->kept = must(realloc(teller->kept, teller->kept_room * sizeof(*teller->kept)));
		}
		teller->kept[teller->kept_count++] = *transition;
	}
	if (branch->ring)
		ring_put(branch->ring, transition);
	else
		judge_put(teller->judge, transition);
}

static int by_order(const void *left, const void *right)
{
	return transition_before(left, right) ? -1 : transition_before(right, left) ? 1 : 0;
}

static char *transitions_text(struct teller *teller)
{
	struct story_text text = { 0 };
	char line[STORY_LINE_SIZE];

	if (teller->kept_count)
		qsort(teller->kept, teller->kept_count, sizeof(*teller->kept), by_order);
	for (size_t i = 0; i < teller->kept_count; i++) {
		story_transition_text(&teller->kept[i], line, sizeof(line));
		story_say(&text, "%s\n", line);
	}
	free(teller->kept);
	return story_text_take(&text);
}

/* ---- the way of a batch ---- */

static void name_flow(struct teller *teller, struct track *track, struct track_handle handle,
		      const struct packet *packet)
{
	for (unsigned i = 0; i < teller->options.name_count; i++) {
		const struct story_name *name = &teller->options.names[i];
		if (packet->dst_port != name->port && packet->src_port != name->port)
			continue;
		if (++teller->payload_packets[i] < name->after) {
			struct track_named not_yet = { .slot = handle.slot ? handle.slot : i + 1 };
			track_name(track, handle.flow, &not_yet);
			return;
		}
		struct track_named named = { .app = name->no_slot ? 0 : name->app,
					     .name = name->no_slot ? NULL : name->name,
					     .final = !name->no_slot,
					     .encrypted = name->encrypted,
					     .credentials = name->credentials,
					     .no_slot = name->no_slot };
		track_name(track, handle.flow, &named);
		return;
	}
}

static void work(struct branch *branch)
{
	struct teller *teller = branch->teller;

	if (branch->count == 0)
		return;
	track_prepare(branch->track, branch->packets, branch->keys, branch->count);
	for (unsigned i = 0; i < branch->count; i++) {
		struct packet *packet = &branch->packets[i];
		struct track_handle handle = track_packet(branch->track, packet, &branch->keys[i]);
		if (!handle.flow)
			continue;
		if (handle.wants_name)
			name_flow(teller, branch->track, handle, packet);
		if (handle.watched)
			track_clear(branch->track, handle.flow, packet, &branch->keys[i]);
	}
	branch->count = 0;
	while (track_freed_slot(branch->track))
		;
}

static void empty_ring(struct teller *teller, struct branch *branch)
{
	struct transition transition;

	while (ring_take(branch->ring, &transition))
		judge_put(teller->judge, &transition);
}

/* Somebody looks at all that the trackers know. */
static void look(struct teller *teller)
{
	struct track_state *state = must(track_state_new(RECORD_PART_PAIRS | RECORD_PART_SAS));

	for (unsigned i = 0; i < teller->options.trackers; i++) {
		if (i > 0)
			track_state_go_on(state, teller->branches[i - 1].track);
		while (!track_state_collect(teller->branches[i].track, state, UINT32_MAX))
			;
	}
	track_state_free(state);
}

static void step(struct teller *teller, int64_t now_ns)
{
	int64_t watermark = INT64_MAX, looks_ns = teller->options.look_ns;

	if (looks_ns && now_ns / looks_ns != teller->stepped_ns / looks_ns)
		look(teller);

	for (unsigned i = 0; i < teller->options.trackers; i++) {
		struct branch *branch = &teller->branches[i];
		track_advance(branch->track, now_ns);
		while (track_freed_slot(branch->track))
			;
		int64_t mark = now_ns - 1;
		if (branch->ring) {
			ring_publish(branch->ring, mark);
			mark = ring_watermark(branch->ring);
			empty_ring(teller, branch);
		}
		if (mark < watermark)
			watermark = mark;
	}
	judge_advance(teller->judge, watermark);
	teller->stepped_ns = now_ns;
}

static uint64_t pair_number(const struct packet *packet, uint64_t seed)
{
	struct address ends[2] = { packet->src, packet->dst };

	if (!packet->has_ip)
		return 0;
	if (address_compare(&ends[0], &ends[1]) > 0) {
		ends[0] = packet->dst;
		ends[1] = packet->src;
	}
	return hash_octets(ends, sizeof(ends), seed);
}

static void read_frame(const struct teller *teller, size_t index, struct packet *packet)
{
	const struct story_frame *from = &teller->script->frames[index];
	struct packet_options options = { TUNNEL_ALL };
	struct frame frame = { .bytes = teller->script->octets + from->at,
			       .captured = from->length,
			       .length = from->length + from->cut,
			       .time_ns = from->time_ns,
			       .link_type = LINKTYPE_ETHERNET,
			       .interface = from->interface };
	packet_read(&frame, &options, packet);
}

struct place {
	size_t index;
	uint64_t key;
};

static int by_key(const void *left, const void *right)
{
	const struct place *l = left, *r = right;
	if (l->key != r->key)
		return l->key < r->key ? -1 : 1;
	return l->index < r->index ? -1 : 1;
}

/* The order of telling: as written, or with pairs changed about at equal times. */
static struct place *order_of(const struct teller *teller)
{
	const struct story_script *script = teller->script;
	struct place *places = must(malloc((script->count + 1) * sizeof(*places)));

	for (size_t i = 0; i < script->count; i++) {
		struct packet packet;
		places[i].index = i;
		if (teller->options.shuffle) {
			read_frame(teller, i, &packet);
			places[i].key = pair_number(&packet, teller->options.shuffle);
		}
	}
	for (size_t from = 0, to; teller->options.shuffle && from < script->count; from = to) {
		for (to = from; to < script->count && script->frames[to].time_ns == script->frames[from].time_ns; to++)
			;
		qsort(places + from, to - from, sizeof(*places), by_key);
	}
	return places;
}

static void begin(struct teller *teller);

/* Killed, and begun anew by what was written. */
static void restart(struct teller *teller, int64_t at_ns)
{
	struct branch *branch = &teller->branches[0];

	track_free(branch->track);
	judge_free(teller->judge);
	*branch = (struct branch){ .teller = teller };
	begin(teller);
	/* What is given to the judge makes it write, which changes what was kept. */
	size_t count = teller->options.forgetful ? 0 : teller->memory->count;
	struct record *given = must(malloc((count + 1) * sizeof(*given)));
	memcpy(given, teller->memory->records, count * sizeof(*given));
	judge_know_until(teller->judge, teller->options.forgetful ? 0 : teller->stepped_ns);
	for (unsigned findings = 0; findings < 2; findings++)
		for (size_t i = 0; i < count; i++) {
			const struct record_known_pair *pair = &given[i].known_pair;
			if ((given[i].type == RECORD_FINDING) != (findings == 1))
				continue;
			judge_know(teller->judge, &given[i], at_ns);
			if (given[i].type == RECORD_KNOWN_PAIR)
				track_know_pair(branch->track, pair->realm, pair->vlan, &pair->a, &pair->b);
		}
	free(given);
}

/* Whether the next restart is before this frame. */
static bool restarts_before(const struct teller *teller, size_t frame)
{
	int64_t after = teller->restarts < STORY_RESTARTS_MAX ? teller->options.restart_ns[teller->restarts] : 0;

	return after && teller->script->frames[frame].time_ns >= STORY_EPOCH + after;
}

static bool reloads_before(const struct teller *teller, size_t frame)
{
	return teller->options.reload_ns && !teller->reloaded &&
	       teller->script->frames[frame].time_ns >= STORY_EPOCH + teller->options.reload_ns;
}

/* As an engine does it: what was told by the policy so far is judged by it. */
static void reload(struct teller *teller)
{
	const struct story_options *options = &teller->options;

	const struct policy *policy = options->reload_policy ? options->reload_policy : options->policy;

	step(teller, teller->now_ns);
	bool done = judge_set_policy(teller->judge, policy, &options->thresholds, &options->alerts);
	for (unsigned i = 0; i < options->trackers; i++)
		done = track_set_policy(teller->branches[i].track, policy) && done;
	if (!done)
		abort();
	teller->reloaded = true;
}

/* Kills and begins anew, if it is time; what nobody sees of the frames is passed over. Where to go on. */
static size_t go_on_at(struct teller *teller, size_t frame)
{
	if (!restarts_before(teller, frame))
		return frame;
	int64_t until = STORY_EPOCH + teller->options.restart_ns[teller->restarts] + teller->options.unseen_ns;
	teller->result->restarted_at[teller->restarts++] = teller->result->finding_count;
	while (frame < teller->script->count && teller->script->frames[frame].time_ns < until)
		frame++;
	restart(teller, until);
	return frame;
}

static void tell_frames(struct teller *teller)
{
	const struct story_options *options = &teller->options;
	struct place *places = order_of(teller);

	for (size_t i = 0; i < teller->script->count;) {
		if (reloads_before(teller, i))
			reload(teller);
		i = go_on_at(teller, i);
		for (unsigned n = 0; n < options->batch && i < teller->script->count && !restarts_before(teller, i) &&
				     !reloads_before(teller, i);
		     n++, i++) {
			struct packet packet;
			read_frame(teller, places[i].index, &packet);
			struct branch *branch = &teller->branches[pair_number(&packet, 0) % options->trackers];
			branch->packets[branch->count++] = packet;
			if (packet.time_ns > teller->now_ns)
				teller->now_ns = packet.time_ns;
		}
		for (unsigned b = 0; b < options->trackers; b++)
			work(&teller->branches[b]);
		if (teller->now_ns - teller->stepped_ns >= options->step_ns)
			step(teller, teller->now_ns);
	}
	free(places);
	int64_t end = teller->now_ns + options->end_ns;
	while (teller->now_ns < end) {
		int64_t pause = options->step_ns > STORY_MINUTE ? STORY_MINUTE : options->step_ns;
		teller->now_ns = pause > 0 && end - teller->now_ns > pause ? teller->now_ns + pause : end;
		step(teller, teller->now_ns);
	}
}

/* ---- beginning and end ---- */

struct story_options story_options(const struct policy *policy)
{
	return (struct story_options){ .policy = policy,
				       .batch = TRACK_BATCH,
				       .step_ns = 50 * STORY_MILLISECOND,
				       .trackers = 1,
				       .flows = FLOWS,
				       .sas = FLOWS,
				       .ike = FLOWS,
				       .pairs = FLOWS,
				       .judged_pairs = FLOWS,
				       .learned = 1024,
				       .learn_packets = 4,
				       .thresholds = judge_default_thresholds() };
}

static void begin(struct teller *teller)
{
	const struct story_options *options = &teller->options;
	struct record_sink sink = { write_record, teller };
	struct judge_settings judging = { .policy = options->policy,
					  .thresholds = options->thresholds,
					  .alerts = options->alerts,
					  .lifecycle = options->lifecycle,
					  .last_word = options->last_word,
					  .remember = options->restart_ns[0] != 0,
					  .certificate = options->certificate,
					  .pairs = options->judged_pairs,
					  .sas = options->sas,
					  .ike = options->ike,
					  .learned = options->learned };
	struct track_settings tracking = { .policy = options->policy,
					   .side = options->side,
					   .interfaces = options->interfaces,
					   .interface_count = options->interface_count,
					   .flows = options->flows,
					   .sas = options->sas,
					   .pairs = options->pairs,
					   .learn_packets = options->learn_packets,
					   .learn_span_ns = options->learn_span_ns,
					   .classify_all = options->classify_all };

	if (options->batch < 1 || options->batch > TRACK_BATCH || options->trackers < 1 ||
	    options->trackers > STORY_TRACKERS_MAX || options->name_count > NAMES_MAX)
		abort();
	teller->judge = must(judge_new(&judging, &sink));
	for (unsigned i = 0; i < options->trackers; i++) {
		struct branch *branch = &teller->branches[i];
		branch->teller = teller;
		branch->track = must(track_new(&tracking, &(struct transition_sink){ put_transition, branch }));
		if (options->trackers > 1)
			branch->ring = must(ring_new(RING_ROOM));
	}
}

static const char *app_name(void *context, uint16_t app)
{
	const struct teller *teller = context;

	for (unsigned i = 0; i < teller->options.name_count; i++)
		if (teller->options.names[i].app == app)
			return teller->options.names[i].name;
	return NULL;
}

static void complete_pair(void *context, uint32_t realm, struct record_pair *pair,
			  const char *carries[RECORD_CARRIES_MAX])
{
	struct teller *teller = context;

	judge_complete_pair(teller->judge, realm, pair, carries);
}

static void complete_sa(void *context, uint32_t realm, struct record_sa *sa)
{
	struct teller *teller = context;

	judge_complete_sa(teller->judge, realm, sa);
}

static void add_counters(struct track_counters *sum, const struct track_counters *one)
{
	sum->packets += one->packets;
	sum->bytes += one->bytes;
	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		sum->classes[i] += one->classes[i];
	for (unsigned i = 0; i < PACKET_REASON_COUNT; i++)
		sum->reasons[i] += one->reasons[i];
	if (one->first_ns && (sum->first_ns == 0 || one->first_ns < sum->first_ns))
		sum->first_ns = one->first_ns;
	if (one->last_ns > sum->last_ns)
		sum->last_ns = one->last_ns;
	sum->flows += one->flows;
	sum->sas += one->sas;
	sum->pairs += one->pairs;
	sum->flows_evicted += one->flows_evicted;
	sum->sas_evicted += one->sas_evicted;
	sum->pairs_evicted += one->pairs_evicted;
	sum->untracked += one->untracked;
	sum->fragments_orphaned += one->fragments_orphaned;
	sum->copies += one->copies;
}

static void end(struct teller *teller)
{
	struct story_result *result = teller->result;
	struct record_sink sink = { write_record, teller };
	struct track_knowledge knowledge = { teller, app_name, complete_pair, complete_sa, NULL };

	for (unsigned i = 0; i < teller->options.trackers; i++)
		track_end(teller->branches[i].track, teller->now_ns);
	step(teller, teller->now_ns);
	judge_finish(teller->judge, teller->now_ns);
	result->memory = track_memory(teller->branches[0].track);
	judge_write_ike_sas(teller->judge, &sink);
	result->ike_evicted = judge_ike_evicted(teller->judge);
	for (unsigned i = 0; i < teller->options.trackers; i++) {
		struct branch *branch = &teller->branches[i];
		track_write_records(branch->track, &knowledge, &sink);
		add_counters(&result->track, track_counters(branch->track));
		if (branch->ring)
			result->lost += ring_lost(branch->ring);
		track_free(branch->track);
		ring_free(branch->ring);
	}
	result->judge = *judge_counters(teller->judge);
	judge_free(teller->judge);
	free(teller->memory);
	result->transitions = transitions_text(teller);
	result->findings = story_text_take(&teller->findings);
	result->records = story_text_take(&teller->records);
}

struct story_result *story_tell(const struct story_script *script, const struct story_options *options)
{
	struct teller *teller = must(calloc(1, sizeof(*teller)));
	struct story_result *result = must(calloc(1, sizeof(*result)));

	teller->script = script;
	teller->options = *options;
	teller->result = result;
	teller->now_ns = script->count ? script->frames[0].time_ns : STORY_EPOCH;
	teller->stepped_ns = teller->now_ns;
	if (options->restart_ns[0])
		teller->memory = must(calloc(1, sizeof(*teller->memory)));
	begin(teller);
	tell_frames(teller);
	end(teller);
	free(teller);
	return result;
}

void story_result_free(struct story_result *result)
{
	if (!result)
		return;
	free(result->findings);
	free(result->records);
	free(result->transitions);
	free(result->finding);
	free(result);
}

size_t story_count(const char *text, const char *part)
{
	size_t count = 0;

	while (*text) {
		const char *line_end = strchr(text, '\n');
		size_t length = line_end ? (size_t)(line_end - text) : strlen(text);
		if (memmem(text, length, part, strlen(part)))
			count++;
		text += length + (line_end ? 1 : 0);
	}
	return count;
}

/* ---- policies ---- */

struct config *story_policy(const char *members)
{
	struct config_error error;
	struct config *config;
	char yaml[STORY_LINE_SIZE];

	if (members) {
		int length = snprintf(yaml, sizeof(yaml), "policy:\n%s", members);
		config = config_parse("story", yaml, (size_t)length, &error);
	} else {
		config = config_default();
	}
	if (!config || !config_seal(config)) {
		fprintf(stderr, "%s\n", config ? "no memory" : error.text);
		abort();
	}
	return config;
}

void story_policy_free(struct config *config)
{
	config_free(config);
}

const struct policy *story_policy_of(const struct config *config)
{
	return &config->policy;
}
