/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's order of work, and the pairs that rules look at. See judge.h; what waits for its turn is in judge_queue.c. A
 * timer goes before a transition of the same time.
 */
#include "judge.h"

#include "pair_key.h"
#include "judge_state.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define QUIET_NS (2 * SECOND) /* what the trackers use, track.h */
#define ROUND_TRIP_NS SECOND  /* who says something in IKE has its answer by then */

enum {
	DUE_AT_ONCE = 16,
	EXCHANGE_V1_MAIN = 2, /* RFC 2408 section 3.1 */
	EXCHANGE_V1_AGGRESSIVE = 4,
	EXCHANGE_V1_QUICK = 32,     /* RFC 2409 appendix A */
	EXCHANGE_AUTHIP_MAIN = 243, /* [MS-AIPS] section 2.2.1 */
	EXCHANGE_AUTHIP_QUICK = 244,
	EXCHANGE_V2_SA_INIT = 34, /* RFC 7296 section 3.1 */
	EXCHANGE_V2_AUTH = 35,
	NETWORKS_MAX = 65536,
	PROTOCOL_ESP = 50,
};

struct judge_thresholds judge_default_thresholds(void)
{
	return (struct judge_thresholds){
		.leak_decide_ns = 3 * SECOND,
		.leak_nobody_ns = 10 * SECOND,
		.leak_secured_ns = 5 * SECOND,
		.leak_gap_hold_ns = MINUTE,
		.leak_hold_ns = 5 * MINUTE,
		.leak_before_sa_ns = MINUTE,
		.leak_after_idle_ns = 5 * MINUTE,
		.rekey_min_lifetime_ns = 5 * MINUTE,
		.rekey_min_volume = 50 * 1000 * 1000,
		.stale_grace_ns = 10 * SECOND,
		.bad_spi_hold_ns = 30 * SECOND,
		.rekey_hold_ns = 15 * MINUTE,
		.unnegotiated_ns = 30 * SECOND,
		.integrity_ns = 3 * SECOND,
		.content_hold_ns = 15 * MINUTE,
		.replay_hold_ns = 5 * MINUTE,
		.sequence_hold_ns = HOUR,
		.selection_gone_ns = HOUR,
		.selection_hold_ns = DAY,
		.ike_silence_ns = 4 * SECOND,
		.ike_stall_ns = 20 * SECOND,
		.ike_settle_ns = 5 * SECOND,
		.ike_fallback_ns = 30 * SECOND,
		.child_doubt_ns = 30 * SECOND,
		.auth_tie_ns = MINUTE,
		.ike_hold_ns = 5 * MINUTE,
		.certificate_skew_ns = 5 * MINUTE,
		.certificate_hold_ns = DAY,
		.again_settle_ns = 10 * SECOND,
		.restart_ns = 30 * SECOND,
		.restart_check_ns = MINUTE,
		.restart_peers = 3,
		.flood_half_open = 64,
		.full_hold_ns = MINUTE,
		.down_after_ns = 2 * SECOND,
		.silent_after_ns = MINUTE,
		.silent_watch_ns = DAY,
		.silent_talkers = 8,
		.silent_busy = 95,
		.silent_pauses = 4,
		.drops = 1000,
		.drops_least = 10,
		.drops_hold_ns = MINUTE,
		.merged_frames = 10,
		.merged_hold_ns = HOUR,
		.one_way = 5,
		.one_way_share = 20,
		.one_way_settle_ns = 30 * SECOND,
		.mirror_hold_ns = 10 * MINUTE,
		.clock_tell_ns = MINUTE,
		.blind_doubt_ns = MINUTE,
		.update_ns = HOUR,
		.forget_learned_ns = 14 * DAY,
		.remember_ns = 2 * SECOND,
		.remember_idle_ns = 5 * MINUTE,
		.remember_round_ns = 10 * MINUTE,
		.remember_fresh_ns = HOUR,
		.remember_beat_ns = 30 * SECOND,
		.claim_ns = 20 * MINUTE,
		.recall_overlap_ns = 2 * SECOND,
	};
}

struct judge *judge_new(const struct judge_settings *settings, const struct record_sink *sink)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	if (!judge)
		return NULL;
	judge->settings = *settings;
	judge->sink = *sink;
	size_t rules_named = settings->policy->rule_count;
	judge->rules = calloc(rules_named ? rules_named : 1, sizeof(*judge->rules));
	bool ok = table_init(&judge->pairs, sizeof(struct judged_pair), settings->pairs) &&
		  table_init(&judge->hosts, sizeof(struct judged_host), settings->pairs) &&
		  table_init(&judge->networks, sizeof(struct learned_network), NETWORKS_MAX) &&
		  table_init(&judge->sas, sizeof(struct judged_sa), settings->sas) &&
		  move_index_init(&judge->moves, settings->sas) &&
		  table_init(&judge->suites, sizeof(struct judged_suites), settings->ike) && known_init(judge);
	struct ike_stories_settings stories = { settings->ike, settings->seed, settings->nat_hash,
						settings->nat_hash_context };
	judge->stories = ike_stories_new(&stories);
	judge->services = services_new(settings->seed);
	judge->sensor.captures = calloc(JUDGE_INTERFACES, sizeof(*judge->sensor.captures));
	judge->message = malloc(sizeof(*judge->message));
	judge->pieces = ike_pieces_new(&judge->counters.lost);
	judge->desk = alert_desk_new(&settings->alerts, settings->pairs);
	if (!ok || !judge->desk || !judge->stories || !judge->services || !judge->message || !judge->pieces ||
	    !judge->sensor.captures || !judge->rules || !judge_queue_init(judge)) {
		judge_free(judge);
		return NULL;
	}
	return judge;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	judge_queue_free(judge);
	table_destroy(&judge->pairs);
	table_destroy(&judge->hosts);
	table_destroy(&judge->networks);
	table_destroy(&judge->sas);
	move_index_destroy(&judge->moves);
	table_destroy(&judge->suites);
	free(judge->known.queue);
	ike_stories_free(judge->stories);
	alert_desk_free(judge->desk);
	services_free(judge->services);
	free(judge->sensor.captures);
	ike_pieces_free(judge->pieces);
	free(judge->message);
	free(judge->rules);
	free(judge);
}

/* ---- pairs ---- */

static uint64_t pair_hash(const struct judge *judge, uint32_t realm, const struct address *a, const struct address *b)
{
	return pair_key_hash(realm, a, b, judge->settings.seed);
}

int64_t judge_pair_last(const struct judge *judge, const struct judged_pair *pair)
{
	int64_t last = judge_pair_esp_last(judge, pair);

	for (unsigned d = 0; d < 2; d++) {
		if (pair->esp[d].last_ns > last)
			last = pair->esp[d].last_ns;
		if (pair->ike[d].message_ns > last)
			last = pair->ike[d].message_ns;
	}
	return last;
}

/* Clear traffic included. */
static int64_t last_seen(const struct judge *judge, const struct judged_pair *pair)
{
	int64_t last = judge_pair_last(judge, pair);

	return pair->leak.last_ns > last ? pair->leak.last_ns : last;
}

static void set_secured(struct judge *judge, struct judged_pair *pair, bool secured)
{
	judge->counters.secured_pairs += (uint64_t)secured - pair->secured;
	pair->secured = secured;
}

void judge_count_secured(struct judge *judge, struct judged_pair *pair)
{
	bool integrity_alone = pair->has_ah && !pair->has_esp;

	set_secured(judge, pair,
		    pair->esp[0].first_ns && pair->esp[1].first_ns && !integrity_alone && !pair->readable.open &&
			!pair->hides_nothing);
}

/* How many alerts are open about the pair's negotiations. */
static unsigned in_trouble(const struct judged_pair *pair)
{
	unsigned open = 0;

	for (unsigned i = 0; i < TROUBLE_COUNT; i++)
		open += pair->negotiation.troubles[i].alert.open;
	return open;
}

/*
 * Higher goes first. Whoever spoofs addresses can make pairs that one side alone speaks in; to have the other side answer, or
 * refuse, takes more, and to have it agree takes a peer. So a failure that waits to be told outlives the strangers, and a peer
 * what is told of strangers: forged packets in clear open an alert each where a rule wants everybody secured.
 */
static unsigned eviction_rank(const struct judged_pair *pair)
{
	bool two_way = pair->esp[0].first_ns && pair->esp[1].first_ns;
	bool proven = two_way || pair->negotiation.established_ns;
	bool waits = pair->ike[0].beyond_init && pair->ike[1].beyond_init;
	bool open = pair->leak.alert.open || in_trouble(pair);

	for (unsigned i = 0; i < TROUBLE_COUNT; i++)
		waits |= pair->negotiation.troubles[i].first_ns && i != TROUBLE_UNANSWERED;
	if (open && (proven || waits || pair->leak.directions == 3))
		return 0;
	if (proven)
		return 1;
	if (waits)
		return 2;
	return open ? 3 : 4;
}

/* Makes room: first what means least, then the oldest. */
static void evict_pair(struct judge *judge)
{
	enum { CANDIDATES = 16 };
	uint32_t victim = 0;
	unsigned victim_rank = 0;
	int64_t victim_last = 0;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		uint32_t number = table_draw(&judge->pairs);
		if (!number)
			break;
		const struct judged_pair *pair = table_at(&judge->pairs, number);
		unsigned rank = eviction_rank(pair);
		int64_t last = last_seen(judge, pair);
		if (!victim || rank > victim_rank || (rank == victim_rank && last < victim_last)) {
			victim = number;
			victim_rank = rank;
			victim_last = last;
		}
	}
	if (!victim)
		return;
	struct judged_pair *pair = table_at(&judge->pairs, victim);
	judge_forget_pair_alerts(judge, pair);
	set_secured(judge, pair, false);
	rule_mirror_forget(judge, pair);
	judge_host_parts(judge, pair);
	pair->known_ns = 0; /* the next engine may have room for it */
	learn_forget(judge, pair);
	table_evict(&judge->pairs, victim);
}

struct judged_pair *judge_pair(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b)
{
	uint32_t number = table_find(&judge->pairs, pair_hash(judge, realm, a, b));
	return number ? table_at(&judge->pairs, number) : NULL;
}

static struct judged_pair *obtain_pair(struct judge *judge, uint64_t hash, uint32_t realm, const struct address *a,
				       const struct address *b, bool evict)
{
	uint32_t number = table_find(&judge->pairs, hash);
	if (number)
		return table_at(&judge->pairs, number);
	number = table_insert(&judge->pairs, hash);
	if (!number && evict) {
		evict_pair(judge);
		number = table_insert(&judge->pairs, hash);
		judge->counters.lost += !number;
	}
	if (!number)
		return NULL;
	struct judged_pair *pair = table_at(&judge->pairs, number);
	pair->realm = realm;
	pair->address[0] = *a;
	pair->address[1] = *b;
	const struct policy *policy = judge->settings.policy;
	const struct policy_rule *rule = policy_match(policy, a->bytes, b->bytes);
	pair->rule = rule ? (uint32_t)(rule - policy->rules) + 1 : 0;
	return pair;
}

struct judged_pair *judge_pair_obtain(struct judge *judge, uint32_t realm, const struct address *a,
				      const struct address *b, bool evict)
{
	return obtain_pair(judge, pair_hash(judge, realm, a, b), realm, a, b, evict);
}

const struct policy_rule *judge_rule(const struct judge *judge, const struct judged_pair *pair)
{
	return pair->rule ? &judge->settings.policy->rules[pair->rule - 1] : NULL;
}

const struct policy_rule *judge_rule_or_carried(const struct judge *judge, const struct judged_pair *pair)
{
	const struct policy_rule *rule = judge_rule(judge, pair);

	return rule ? rule
		    : policy_first_gateway_rule(judge->settings.policy, pair->address[0].bytes, pair->address[1].bytes);
}

const char *judge_interface(const struct judge *judge, uint16_t interface)
{
	if (!judge->settings.interface_name)
		return NULL;
	const char *name = judge->settings.interface_name(judge->settings.interface_context, interface);
	return name && *name ? name : NULL;
}

/* ---- what protects a pair ---- */

struct carrier_note {
	struct judge *judge;
	uint64_t hash;
};

static void note_carrier(size_t rule, void *context)
{
	struct carrier_note *note = context;
	struct judged_rule *judged = &note->judge->rules[rule];

	for (unsigned i = 0; i < judged->count; i++) {
		if (judged->carriers[i] == note->hash)
			return;
		if (!table_find(&note->judge->pairs, judged->carriers[i])) {
			judged->carriers[i] = note->hash;
			return;
		}
	}
	if (judged->count < JUDGE_CARRIERS)
		judged->carriers[judged->count++] = note->hash;
}

unsigned judge_protectors(struct judge *judge, struct judged_pair *pair, struct judged_pair **protectors, unsigned max)
{
	const struct policy_rule *rule = judge_rule(judge, pair);
	unsigned count = 0;

	if (!rule || rule->gateway_count == 0) {
		uint32_t carrier = pair->leak.carrier ? table_find(&judge->pairs, pair->leak.carrier) : 0;
		protectors[count++] = pair;
		if (carrier && count < max)
			protectors[count++] = table_at(&judge->pairs, carrier);
		return count;
	}
	const struct judged_rule *judged = &judge->rules[pair->rule - 1];
	for (unsigned i = 0; i < judged->count && count < max; i++) {
		uint32_t number = table_find(&judge->pairs, judged->carriers[i]);
		if (number)
			protectors[count++] = table_at(&judge->pairs, number);
	}
	return count;
}

bool judge_carrier_inferred(struct judge *judge, const struct judged_pair *pair)
{
	return pair->leak.carrier && table_find(&judge->pairs, pair->leak.carrier);
}

int64_t judge_esp_last(const struct judge *judge, const struct judged_esp *esp)
{
	if (!esp->running)
		return esp->last_ns;
	int64_t at_least = judge->now_ns - QUIET_NS;
	return at_least > esp->began_ns ? at_least : esp->began_ns;
}

int64_t judge_pair_esp_last(const struct judge *judge, const struct judged_pair *pair)
{
	int64_t first = judge_esp_last(judge, &pair->esp[0]), second = judge_esp_last(judge, &pair->esp[1]);

	return first > second ? first : second;
}

enum { RESTS_MIN = 2 /* so many make a habit of resting */ };

void judge_protection(struct judge *judge, const struct judged_pair *pair, struct protection *protection)
{
	struct judged_pair *protectors[JUDGE_CARRIERS];
	/* The pair itself is not changed: protectors are only read here. */
	unsigned count = judge_protectors(judge, (struct judged_pair *)(uintptr_t)pair, protectors, JUDGE_CARRIERS);
	const struct policy_rule *rule = judge_rule(judge, pair);

	memset(protection, 0, sizeof(*protection));
	protection->tunnelled = (rule && rule->gateway_count > 0) || pair->leak.carrier;
	for (unsigned i = 0; i < count; i++) {
		for (unsigned d = 0; d < 2; d++) {
			const struct judged_esp *esp = &protectors[i]->esp[d];
			if (!esp->first_ns)
				continue;
			int64_t last = judge_esp_last(judge, esp);
			protection->any = true;
			if (!protection->first_ns || esp->first_ns < protection->first_ns)
				protection->first_ns = esp->first_ns;
			if (last > protection->last_ns[d])
				protection->last_ns[d] = last;
			if (esp->began_ns > protection->began_ns[d])
				protection->began_ns[d] = esp->began_ns;
			protection->running[d] |= esp->running;
			if (esp->woke_born_ns <= pair->leak.begin_ns && esp->woke_ns > pair->leak.begin_ns &&
			    esp->woke_ns > protection->went_on_ns[d])
				protection->went_on_ns[d] = esp->woke_ns;
			if (esp->rests >= RESTS_MIN && esp->rest_ns > protection->rest_ns)
				protection->rest_ns = esp->rest_ns;
		}
	}
}

/* ---- work ---- */

void judge_note_protector(struct judge *judge, const struct judged_pair *pair)
{
	struct carrier_note note = { judge, pair->link.hash };
	policy_gateway_rules(judge->settings.policy, pair->address[0].bytes, pair->address[1].bytes, note_carrier,
			     &note);
}

/* Whether the message wants an answer. IKEv1 has no word for it: there, what follows one of the other side within a round trip is
 * taken for the answer to that. */
static bool asks(const struct judged_pair *pair, const struct transition *transition)
{
	const struct ike_header *header = &transition->ike.header;

	if (header->major >= 2)
		return !(header->flags & IKEV2_FLAG_RESPONSE);
	return transition->time_ns - pair->ike[!transition->direction].message_ns > ROUND_TRIP_NS;
}

static void note_asked(struct judged_pair *pair, const struct transition *transition)
{
	struct judged_ike *ike = &pair->ike[transition->direction], *other = &pair->ike[!transition->direction];

	other->asked_ns = other->asked_last_ns = 0;
	if (!asks(pair, transition))
		return;
	ike->asked_last_ns = transition->time_ns;
	if (!ike->asked_ns)
		ike->asked_ns = transition->time_ns;
}

static void note_ike(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct ike_header *header = &transition->ike.header;
	struct judged_ike *ike = &pair->ike[transition->direction];
	bool v2 = header->major >= 2;
	bool opens = header->responder_spi == 0 &&
		     (v2 ? header->exchange == EXCHANGE_V2_SA_INIT && !(header->flags & IKEV2_FLAG_RESPONSE)
			 : header->exchange == EXCHANGE_V1_MAIN || header->exchange == EXCHANGE_V1_AGGRESSIVE ||
			       header->exchange == EXCHANGE_AUTHIP_MAIN);

	if (!pair->ike[0].message_ns && !pair->ike[1].message_ns)
		judge_note_protector(judge, pair);
	note_asked(pair, transition);
	ike->message_ns = transition->time_ns;
	if (opens)
		ike->opened_ns = transition->time_ns;
	if (v2 ? header->exchange == EXCHANGE_V2_AUTH
	       : header->exchange == EXCHANGE_V1_QUICK || header->exchange == EXCHANGE_AUTHIP_QUICK)
		ike->beyond_init = true;
	judge_host_speaks(judge, pair);
}

static void note_esp_began(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_esp *esp = &pair->esp[transition->direction];

	if (!esp->first_ns) {
		esp->first_ns = transition->time_ns;
		judge_note_protector(judge, pair);
		if (pair->esp[0].first_ns && pair->esp[1].first_ns) {
			judge_host_speaks(judge, pair);
			judge_host_secures(judge, pair);
		}
	}
	esp->interface = transition->interface;
	esp->began_ns = esp->last_ns = transition->time_ns;
	esp->running = true;
}

void judge_note(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	pair->vlan = transition->vlan;
	switch (transition->kind) {
	case TRANSITION_SA_BORN:
		pair->sas++;
		if (transition->esp.protocol == PROTOCOL_ESP)
			pair->has_esp = true;
		else if (!pair->has_ah) {
			pair->has_ah = true;
			pair->ah_first_ns = transition->time_ns;
		}
		break;
	case TRANSITION_ESP_BEGAN:
		note_esp_began(judge, pair, transition);
		break;
	case TRANSITION_ESP_QUIET:
		pair->esp[transition->direction].running = false;
		pair->esp[transition->direction].last_ns = transition->esp.last_ns;
		known_note_quiet(judge, pair);
		break;
	case TRANSITION_IKE_MESSAGE:
		note_ike(judge, pair, transition);
		move_ike(judge, pair);
		break;
	default:
		break;
	}
	rule_mirror_transition(judge, pair, transition);
	judge_host_lives(judge, transition);
	origin_transition(judge, pair, transition);
	lineage_transition(judge, pair, transition);
	move_transition(judge, pair, transition);
	learn_transition(judge, pair, transition);
	if (transition->kind == TRANSITION_SA_BORN || transition->kind == TRANSITION_ESP_BEGAN)
		judge_count_secured(judge, pair);
	if (transition->kind == TRANSITION_SA_BORN)
		known_note_pair(judge, pair);
	else if (transition->kind == TRANSITION_ESP_BEGAN)
		known_note_quiet(judge, pair);
}

void judge_ask_rules(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	for (unsigned i = 0; i < RULE_COUNT; i++)
		rules[i].transition(judge, pair, transition);
}

static void run_timer(struct judge *judge)
{
	struct timer timer;
	bool good = judge_take_timer(judge, &timer);

	judge->now_ns = timer.due_ns;
	if (!good)
		return;
	if (timer.owner == TIMER_PAIR)
		rules[timer.rule].due(judge, table_at(&judge->pairs, timer.number));
	else if (timer.owner == TIMER_HOST)
		host_rules[timer.rule].due(judge, table_at(&judge->hosts, timer.number));
	else
		(timer.rule == SENSOR_TABLES ? rule_sensor_due : rule_mirror_due)(judge);
}

/* A transition that is due, with what it needs on the way. */
struct due {
	struct transition transition;
	uint64_t hash; /* of its pair; 0: it is about none */
};

static bool is_about_a_pair(const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_TABLE_FULL:
	case TRANSITION_LOSS:
	case TRANSITION_SEEN:
	case TRANSITION_CAPTURE:
	case TRANSITION_CLOCK:
	case TRANSITION_KERBEROS:
	case TRANSITION_FETCH:
		return false;
	default:
		return true;
	}
}

/* Sends for what the rules read of a pair when nothing is wrong with it: a few lines of many. */
static void fetch_pair(const struct judge *judge, const struct due *due)
{
	uint32_t number = table_first(&judge->pairs, due->hash);
	const struct judged_pair *pair = table_at(&judge->pairs, number);

	if (!number)
		return;
	pages_fetch_range(pair, &pair->negotiation);
	pages_fetch_range(&pair->exchange_at, pair->due_ns);
	pages_fetch(&pair->knock);
	if (due->transition.kind == TRANSITION_CLEAR_PROGRESS)
		pages_fetch_range(&pair->leak, pair->leak.services);
	else
		pages_fetch(&pair->leak.running);
}

/* Takes what is due, some at a time, so that their pairs, SAs and IKE SAs come into the cache together: each is a chain of misses. */
static unsigned take_due(struct judge *judge, struct due *due, int64_t watermark_ns)
{
	unsigned count = 0;

	while (count < DUE_AT_ONCE && judge->waiting_count > 0 && judge->waiting[0].time_ns <= watermark_ns) {
		struct due *one = &due[count++];
		one->transition = judge_take_transition(judge);
		one->hash = 0;
		if (!is_about_a_pair(&one->transition))
			continue;
		one->hash = pair_hash(judge, one->transition.realm, &one->transition.a, &one->transition.b);
		table_prefetch_bucket(&judge->pairs, one->hash);
		judge_host_fetch(judge, &one->transition, false);
		if (one->transition.kind == TRANSITION_IKE_MESSAGE)
			ike_stories_fetch(judge->stories, one->transition.realm,
					  one->transition.ike.header.initiator_spi, false);
		else
			lineage_fetch(judge, one->hash, &one->transition, false);
	}
	for (unsigned i = 0; i < count; i++) {
		if (due[i].hash) {
			fetch_pair(judge, &due[i]);
			judge_host_fetch(judge, &due[i].transition, true);
		}
		if (due[i].transition.kind == TRANSITION_IKE_MESSAGE)
			ike_stories_fetch(judge->stories, due[i].transition.realm,
					  due[i].transition.ike.header.initiator_spi, true);
		else if (due[i].hash)
			lineage_fetch(judge, due[i].hash, &due[i].transition, true);
	}
	return count;
}

static void run_without_pair(struct judge *judge, const struct transition *transition)
{
	judge->now_ns = transition->time_ns;
	switch (transition->kind) {
	case TRANSITION_TABLE_FULL:
		rule_sensor_tables_full(judge, &transition->full);
		break;
	case TRANSITION_LOSS:
		rule_sensor_loss(judge, &transition->loss);
		break;
	case TRANSITION_SEEN:
		rule_mirror_seen(judge, transition);
		break;
	case TRANSITION_CAPTURE:
		rule_capture_look(judge, transition);
		break;
	case TRANSITION_CLOCK:
		rule_sensor_clock(judge, transition);
		break;
	default:
		services_note(judge->services, transition);
		break;
	}
}

static void run_transition(struct judge *judge, struct due *due)
{
	struct transition *transition = &due->transition;

	if (!due->hash) {
		run_without_pair(judge, transition);
		return;
	}
	/* First of all: who has to make room for this pair does so now. */
	judge->now_ns = transition->time_ns;
	struct judged_pair *pair =
	    obtain_pair(judge, due->hash, transition->realm, &transition->a, &transition->b, true);
	if (!judge->known.first_ns)
		judge->known.first_ns = transition->time_ns;
	if (transition->kind == TRANSITION_IKE_MESSAGE) {
		judge_ike(judge, pair, transition);
	} else if (pair) {
		judge_note(judge, pair, transition);
		judge_ask_rules(judge, pair, transition);
	}
	transition_discard(transition);
}

static void look_at_desk(struct judge *judge, int64_t due_ns)
{
	if (due_ns > judge->now_ns)
		judge->now_ns = due_ns;
	alert_desk_look(judge);
}

void judge_advance(struct judge *judge, int64_t watermark_ns)
{
	struct due due[DUE_AT_ONCE];
	unsigned at = 0, count = 0;

	for (;;) {
		if (at == count) {
			at = 0;
			count = take_due(judge, due, watermark_ns);
		}
		bool transition = at < count;
		int64_t time_ns = transition ? due[at].transition.time_ns : watermark_ns;
		bool timer = judge->timer_count > 0 && judge->timers[0].due_ns <= time_ns;
		int64_t desk = alert_desk_due(judge->desk);
		if (desk && desk <= time_ns && (!timer || desk <= judge->timers[0].due_ns))
			look_at_desk(judge, desk);
		else if (timer)
			run_timer(judge);
		else if (transition)
			run_transition(judge, &due[at++]);
		else
			break;
	}
	if (watermark_ns > judge->now_ns)
		judge->now_ns = watermark_ns;
	known_step(judge);
}

void judge_finish(struct judge *judge, int64_t end_ns)
{
	judge_advance(judge, end_ns);
	judge_ike_finish(judge);
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		if (!table_lives(&judge->pairs, number))
			continue;
		for (unsigned i = 0; i < RULE_COUNT; i++)
			if (rules[i].finish)
				rules[i].finish(judge, table_at(&judge->pairs, number));
	}
	for (uint32_t number = 1; number <= judge->hosts.fresh; number++)
		for (unsigned i = 0; i < HOST_RULE_COUNT && table_lives(&judge->hosts, number); i++)
			if (host_rules[i].finish)
				host_rules[i].finish(judge, table_at(&judge->hosts, number));
	rule_mirror_finish(judge);
	alert_desk_finish(judge);
	known_finish(judge);
}
