/* SPDX-License-Identifier: Apache-2.0 */
/* The telling of a script: what daemon/worker.c and daemon/engine.c do, without classifier and threads. See story.h. */
#include "story_frames.h"
#include "story_memory.h"

#include "../../config/config.h"
#include "../../daemon/audit/hash.h"
#include "../../daemon/audit/ring.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINKTYPE_ETHERNET = 1,
	RING_ROOM = 4096,
	LINE_SIZE = 2048,
	NAMES_MAX = 16,
	FLOWS = 4096,
};

struct text {
	char *octets; /* owned */
	size_t used, size;
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
	struct text findings, records;
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

static __attribute__((format(printf, 2, 3))) void say(struct text *text, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	int written = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	size_t length = written < LINE_SIZE ? (size_t)written : LINE_SIZE - 1;
	if (text->used + length + 1 > text->size) {
		text->size = 2 * (text->used + length + 1);
		text->octets = must(realloc(text->octets, text->size));
	}
	memcpy(text->octets + text->used, line, length + 1);
	text->used += length;
}

static char *take(struct text *text)
{
	return text->octets ? text->octets : must(calloc(1, 1));
}

/* Seconds since the epoch of stories, exactly. */
static const char *moment(int64_t ns, char buffer[32])
{
	if (ns == 0)
		return "-";
	int64_t since = ns - STORY_EPOCH;
	snprintf(buffer, 32, "%s%" PRId64 ".%09" PRId64, since < 0 ? "-" : "", labs(since) / STORY_SECOND,
		 labs(since) % STORY_SECOND);
	return buffer;
}

/* ---- what comes out ---- */

static void say_finding(struct text *text, const struct finding *finding)
{
	struct address_text a, b;
	char at[32], first[32], last[32];
	const struct catalogue_cause *cause = catalogue_cause(finding->cause);

	say(text, "%s %s %s/%s %s %s %016" PRIx64 " a=%s b=%s", moment(finding->time_ns, at),
	    finding_state_name(finding->state), catalogue_row(finding->id)->name,
	    finding->cause && cause ? cause->name : "-", finding_severity_name(finding->severity),
	    finding_grade_name(finding->grade), finding->alert, address_text(&finding->a, &a),
	    address_text(&finding->b, &b));
	say(text, " from=%s ports=%u,%u rule=%s protocol=%s count=%" PRIu64 " bytes=%" PRIu64 " first=%s last=%s by=%s",
	    address_text(&finding->src, &a), finding->src_port, finding->dst_port, finding->rule ? finding->rule : "-",
	    finding->protocol ? finding->protocol : "-", finding->count, finding->bytes,
	    moment(finding->first_ns, first), moment(finding->last_ns, last),
	    finding->cleared_by ? finding->cleared_by : "-");
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		say(text, " %s=", note->key);
		switch (note->kind) {
		case EVIDENCE_INTEGER:
		case EVIDENCE_BOOLEAN:
			say(text, "%" PRId64, note->integer);
			break;
		case EVIDENCE_REAL:
			say(text, "%.9f", note->real);
			break;
		case EVIDENCE_TEXT:
			say(text, "[%s]", note->text);
			break;
		case EVIDENCE_ADDRESS:
			say(text, "%s", address_text(&note->address, &a));
			break;
		case EVIDENCE_TIME:
			say(text, "%s", moment(note->integer, at));
			break;
		case EVIDENCE_SPI:
			say(text, "%x", (unsigned)note->integer);
			break;
		}
	}
	say(text, " \"%s\"\n", finding->text);
}

static void say_record(struct text *text, const struct record *record)
{
	struct address_text a, b;
	char first[32], last[32];

	switch (record->type) {
	case RECORD_SA: {
		const struct record_sa *sa = &record->sa;
		say(text, "sa %s %s %08x proto=%u encap=%d first=%s last=%s packets=%" PRIu64 " bytes=%" PRIu64,
		    address_text(&sa->src, &a), address_text(&sa->dst, &b), sa->spi, sa->protocol, (int)sa->encap,
		    moment(sa->first_ns, first), moment(sa->last_ns, last), sa->packets, sa->bytes);
		say(text, " seq=%u..%u lost=%" PRId64 " replayed=%" PRId64 " state=%s", sa->seq_first, sa->seq_last,
		    sa->lost, sa->replayed, sa_state_name(sa->state));
		if (sa->has_continues)
			say(text, " continues=%s > %s %08x", address_text(&sa->continues_src, &a),
			    address_text(&sa->continues_dst, &b), sa->continues_spi);
		say(text, "\n");
		break;
	}
	case RECORD_IKE_SA: {
		const struct record_ike_sa *ike = &record->ike_sa;
		say(text, "ike %s %s known=%d %" PRIx64 "/%" PRIx64 " %u.%u %s step=%s %s\n",
		    address_text(&ike->initiator, &a), address_text(&ike->responder, &b), ike->roles_known, ike->ispi,
		    ike->rspi, ike->major, ike->minor, ike_mode_name(ike->mode), ike->step ? ike->step : "-",
		    ike_outcome_name(ike->outcome));
		break;
	}
	case RECORD_PAIR: {
		const struct record_pair *pair = &record->pair;
		say(text, "pair %s %s %s rule=%s esp=%" PRIu64 "/%" PRIu64, address_text(&pair->a, &a),
		    address_text(&pair->b, &b), pair_verdict_name(pair->verdict), pair->rule ? pair->rule : "-",
		    pair->esp_packets, pair->esp_bytes);
		for (size_t i = 0; i < pair->cleartext_count; i++)
			say(text, " %s=%" PRIu64 "/%" PRIu64, pair->cleartext[i].name, pair->cleartext[i].packets,
			    pair->cleartext[i].bytes);
		if (pair->rekeys)
			say(text, " rekeys=%u", pair->rekeys);
		say(text, "\n");
		break;
	}
	default:
		abort();
	}
}

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
		say_record(&teller->records, record);
		return;
	}
	if (teller->options.leaks_only && record->finding.id != FINDING_CLEARTEXT_LEAK)
		return;
	say_finding(&teller->findings, &record->finding);
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

void story_transition_text(const struct transition *transition, char *buffer, size_t size)
{
	static const char *const names[] = {
		[TRANSITION_SA_BORN] = "sa-born",
		[TRANSITION_SA_WOKE] = "sa-woke",
		[TRANSITION_SA_QUIET] = "sa-quiet",
		[TRANSITION_SA_GOES_ON] = "sa-goes-on",
		[TRANSITION_SA_COUNT] = "sa-count",
		[TRANSITION_SEQUENCE] = "sequence",
		[TRANSITION_UNANSWERED] = "unanswered",
		[TRANSITION_ANSWERED] = "answered",
		[TRANSITION_READABLE] = "readable",
		[TRANSITION_SHAPE] = "shape",
		[TRANSITION_ESP_BEGAN] = "esp-began",
		[TRANSITION_LEARNABLE] = "learnable",
		[TRANSITION_NAT] = "nat",
		[TRANSITION_IKE_MESSAGE] = "ike",
		[TRANSITION_ICMP_ERROR] = "icmp-error",
		[TRANSITION_CLEAR_BEGAN] = "clear-began",
		[TRANSITION_CLEAR_SERVICE] = "clear-service",
		[TRANSITION_CLEAR_PROGRESS] = "clear-progress",
		[TRANSITION_CLEAR_QUIET] = "clear-quiet",
		[TRANSITION_ESP_QUIET] = "esp-quiet",
		[TRANSITION_KNOCK] = "knock",
		[TRANSITION_TABLE_FULL] = "table-full",
		[TRANSITION_KERBEROS] = "kerberos",
		[TRANSITION_FETCH] = "fetch",
		[TRANSITION_LOSS] = "loss",
		[TRANSITION_SEEN] = "seen",
		[TRANSITION_CAPTURE] = "capture",
		[TRANSITION_CLOCK] = "clock",
	};
	struct address_text a, b;
	char at[32], x[32], y[32], z[32];
	size_t kinds = sizeof(names) / sizeof(names[0]);

	int n = snprintf(buffer, size, "%s %s d=%u if=%u vlan=%u realm=%u %s %s", moment(transition->time_ns, at),
			 transition->kind < kinds ? names[transition->kind] : "?", transition->direction,
			 transition->interface, transition->vlan, transition->realm, address_text(&transition->a, &a),
			 address_text(&transition->b, &b));
	buffer += n;
	size -= (size_t)n;
	switch (transition->kind) {
	case TRANSITION_SA_BORN:
	case TRANSITION_ESP_BEGAN:
	case TRANSITION_ESP_QUIET:
	case TRANSITION_LEARNABLE:
		snprintf(buffer, size, " spi=%x proto=%u last=%s", transition->esp.spi, transition->esp.protocol,
			 moment(transition->esp.last_ns, x));
		break;
	case TRANSITION_CLEAR_BEGAN:
	case TRANSITION_CLEAR_SERVICE:
	case TRANSITION_CLEAR_PROGRESS:
	case TRANSITION_CLEAR_QUIET: {
		const struct transition_clear *clear = &transition->clear;
		snprintf(buffer, size,
			 " service=%u/%u %s enc=%d cred=%d ports=%u,%u packets=%" PRIu64 ",%" PRIu64 " bytes=%" PRIu64
			 " last=%s,%s since=%s",
			 clear->service.protocol, clear->service.port, clear->service.name ? clear->service.name : "-",
			 clear->service.encrypted, clear->service.credentials, clear->src_port, clear->dst_port,
			 clear->packets[0], clear->packets[1], clear->bytes, moment(clear->last_ns[0], x),
			 moment(clear->last_ns[1], y), moment(clear->since_ns, z));
		break;
	}
	case TRANSITION_IKE_MESSAGE:
		snprintf(buffer, size, " ispi=%" PRIx64 " exchange=%u octets=%u", transition->ike.header.initiator_spi,
			 transition->ike.header.exchange, transition->ike.octets);
		break;
	case TRANSITION_KERBEROS:
		snprintf(buffer, size, " type=%u error=%d service=%s", transition->kerberos.type,
			 (int)transition->kerberos.error, transition->kerberos.name);
		break;
	case TRANSITION_FETCH:
		snprintf(buffer, size, " %s port=%u",
			 transition->fetch.what == FETCH_UNANSWERED ? "unanswered"
			 : transition->fetch.what == FETCH_REFUSED  ? "refused"
								    : "answered",
			 transition->fetch.port);
		break;
	case TRANSITION_ICMP_ERROR:
		snprintf(buffer, size, " v%u %u/%u quoted=%u", transition->icmp.version, transition->icmp.type,
			 transition->icmp.code, transition->icmp.protocol);
		break;
	default:
		break;
	}
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
	struct text text = { 0 };
	char line[LINE_SIZE];

	if (teller->kept_count)
		qsort(teller->kept, teller->kept_count, sizeof(*teller->kept), by_order);
	for (size_t i = 0; i < teller->kept_count; i++) {
		story_transition_text(&teller->kept[i], line, sizeof(line));
		say(&text, "%s\n", line);
	}
	free(teller->kept);
	return take(&text);
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
	result->findings = take(&teller->findings);
	result->records = take(&teller->records);
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
	char yaml[LINE_SIZE];

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
