/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleartext-leak: a pair that should be secured emits clear packets that may not be clear.
 *
 * The tracker has sorted out what may be clear; every CLEAR transition is an offence of a pair that a rule names, or of a
 * pair that has ESP, AH or IKE of its own. What this file decides:
 *
 *   whether it is a leak   by rule: at once. A pair without a rule: only if it was learned, and only once it can be told
 *                          that ESP ended and that the clear service is not one that always ran beside it.
 *   why                    after leak_decide_ns, from what ESP and IKE did, in this order:
 *                            ESP before and after the clear traffic began -> selector-gap, or one-way if never in the
 *                              same direction;
 *                            ESP before, none after -> sa-lost, once it is silent for longer than it rests at times
 *                              (half as long again, if it rested twice and went on with the same SPIs); after long silence,
 *                              and new ESP follows: after-idle;
 *                            no ESP before, ESP follows -> before-sa, unless it took long and the reason was found;
 *                            no ESP, IKE that failed since shortly before -> unanswered (soft-sa where the clear traffic
 *                              began when hosts fall back), refused, auth-failed, child-refused, whichever was last;
 *                            no ESP, no IKE, clear both ways -> nobody-initiates.
 *                          A cause that rests on what happened is not taken back when more happens later; but sa-lost
 *                          is, for selector-gap, when SPIs of before speak again.
 *   when it ends           ESP both ways and no clear packet for leak_secured_ns, or long quiet.
 *
 * For a rule with gateways, ESP and IKE are those of its gateways (judge_protection()). For a rule between hosts that speak
 * neither themselves and name no gateways, a tunnel is looked for whose ESP ended as the clear traffic began: if there is just
 * one, it is taken to have carried the traffic (rule_leak_carrier.c), and what is told of the cause is likely, not observed.
 */
#include "rules.h"

#include "rule_leak.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

/* ESP so long after the first clear packet was no straggler: it went on. Less than leak_decide_ns by the time after which
 * a silent direction is known to be quiet. */
#define ESP_WENT_ON_NS SECOND
/* Who falls back to clear traffic, and back to ESP, does so within this. */
#define TOOK_OVER_NS (3 * SECOND)

enum {
	TROUBLE_BEFORE_S = 30, /* EVIDENCE-measured section 8: IKE that failed so shortly before is the reason */
	/* A Delete, or a new beginning, so shortly before the last ESP is why that was the last. */
	ENDED_BEFORE_S = 5,
	DEFAULT_RESPONSE_S = 2, /* EVIDENCE: the receiver of clear traffic opens IKE within so many seconds */
};

static bool seen_since_begin(const struct leak *leak, const struct leak_service *service)
{
	return service->last_ns >= leak->begin_ns;
}

bool rule_leak_has_service(const struct leak *leak, unsigned index)
{
	return seen_since_begin(leak, &leak->services[index]);
}

/* The place that a new service takes when none is free: that of one not seen since the leak began, which of the longest time
 * ago, and of those that are ordinary beside ESP only where there is no other. NULL if there is none. */
static struct leak_service *oldest(struct leak *leak)
{
	struct leak_service *found = NULL;

	for (unsigned i = 0; i < leak->service_count; i++) {
		struct leak_service *known = &leak->services[i];
		if (leak->running && seen_since_begin(leak, known))
			continue;
		if (!found || known->beside < found->beside ||
		    (known->beside == found->beside && known->last_ns < found->last_ns))
			found = known;
	}
	return found;
}

/* The service's entry, made if it is new; when no place can be had the last one stands for the rest. */
static struct leak_service *service_entry(struct leak *leak, const struct transition_service *service, int64_t now_ns)
{
	struct leak_service *nameless = NULL;

	for (unsigned i = 0; i < leak->service_count; i++) {
		struct leak_service *known = &leak->services[i];
		enum service_fit fit = transition_service_fit(&known->service, service);
		if (fit == SERVICE_SAME)
			return known;
		if (fit == SERVICE_NAMELESS)
			nameless = known;
	}
	if (nameless)
		return nameless;
	struct leak_service *entry =
	    leak->service_count < LEAK_SERVICES ? &leak->services[leak->service_count++] : oldest(leak);
	if (!entry)
		return &leak->services[LEAK_SERVICES - 1];
	*entry = (struct leak_service){ .service = *service, .first_ns = now_ns };
	return entry;
}

static void note_service(struct leak *leak, const struct transition_service *service, int64_t now_ns)
{
	if (service->protocol == 0)
		return;
	struct leak_service *entry = service_entry(leak, service, now_ns);
	bool credentials = entry->service.credentials || service->credentials;
	bool same = transition_service_shares_port(&entry->service, service);
	if (same && (service->name || !entry->service.name))
		entry->service = *service;
	/* The place that stands for the rest is encrypted only if all of the rest is. */
	if (!same)
		leak->rest_ns = now_ns;
	if (!same && !service->encrypted)
		leak->rest_plain_ns = now_ns;
	entry->service.credentials = credentials;
	entry->last_ns = now_ns;
}

/* ---- severity ---- */

static enum finding_severity severity_of(const struct judge *judge, const struct judged_pair *pair)
{
	const struct leak *leak = &pair->leak;
	const struct policy_rule *rule = judge_rule(judge, pair);
	bool any = false, all_encrypted = true, credentials = false;

	for (unsigned i = 0; i < leak->service_count; i++) {
		if (!seen_since_begin(leak, &leak->services[i]))
			continue;
		any = true;
		if (!leak->services[i].service.encrypted)
			all_encrypted = false;
		if (leak->services[i].service.credentials)
			credentials = true;
	}
	if (any && all_encrypted && leak->rest_plain_ns < leak->begin_ns)
		return SEVERITY_LOW;
	if (!rule)
		return leak->cause == CAUSE_SELECTOR_GAP ? SEVERITY_LOW : SEVERITY_MEDIUM;
	switch (rule->level) {
	case POLICY_REQUIRE:
		return credentials ? SEVERITY_CRITICAL : SEVERITY_HIGH;
	case POLICY_REQUEST:
		return leak->cause == CAUSE_BEFORE_SA || leak->cause == CAUSE_SOFT_SA ? SEVERITY_LOW : SEVERITY_MEDIUM;
	case POLICY_RESPOND:
		break;
	}
	return SEVERITY_LOW;
}

/* ---- telling ---- */

static void describe(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	struct leak *leak = &pair->leak;
	const struct policy_rule *rule = judge_rule(judge, pair);
	unsigned d = leak->first_direction;

	alert_begin(judge, pair, FINDING_CLEARTEXT_LEAK, finding);
	finding->cause = leak->cause;
	finding->severity = severity_of(judge, pair);
	finding->grade = !rule ? GRADE_POSSIBLE : judge_carrier_inferred(judge, pair) ? GRADE_LIKELY : GRADE_OBSERVED;
	finding->has_flow = true;
	finding->src = pair->address[d];
	finding->dst = pair->address[!d];
	finding->has_ports = leak->has_ports;
	finding->src_port = leak->src_port;
	finding->dst_port = leak->dst_port;
	finding->interface = judge_interface(judge, leak->interface);
	finding->rule = rule ? rule->name : "learned";
	finding->count = leak->packets - leak->base_packets;
	finding->bytes = leak->bytes - leak->base_bytes;
	finding->first_ns = leak->since_ns;
	finding->last_ns = leak->last_ns;
	rule_leak_explain(judge, pair, finding);
}

static void tell(struct judge *judge, struct judged_pair *pair)
{
	struct finding finding;

	describe(judge, pair, &finding);
	alert_tell_pair(judge, pair, &pair->leak.alert, &finding);
	if (pair->leak.alert.told_ns == judge->now_ns)
		pair->leak.told = finding.count;
}

static void finish_leak(struct judge *judge, struct judged_pair *pair, const char *why)
{
	struct leak *leak = &pair->leak;

	if (leak->alert.open) {
		struct finding finding;
		describe(judge, pair, &finding);
		finding.cleared_by = why;
		rule_leak_explain_clear(&finding);
		alert_clear(judge, &leak->alert, &finding);
		judge->counters.clear_pairs--;
		if (strcmp(why, "secured-again") == 0)
			rule_lifecycle_secured_again(judge, pair, &finding);
	}
	leak->running = false;
	leak->cause = CAUSE_UNKNOWN;
	leak->carrier = 0;
	leak->carrier_asked = false;
}

void rule_leak_end(struct judge *judge, struct judged_pair *pair, const char *why)
{
	if (pair->leak.running)
		finish_leak(judge, pair, why);
}

/* ---- the cause ---- */

/* What IKE did between those who protect the pair. */
struct negotiation {
	bool any;             /* a message of either side, ever */
	int64_t opened_ns[2]; /* last first message per side; sides as of the protector */
};

static struct negotiation negotiation_of(struct judge *judge, struct judged_pair *pair)
{
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	struct negotiation negotiation = { 0 };

	for (unsigned i = 0; i < count; i++)
		for (unsigned side = 0; side < 2; side++) {
			const struct judged_ike *ike = &protectors[i]->ike[side];
			negotiation.any |= ike->message_ns != 0;
			if (ike->opened_ns > negotiation.opened_ns[side])
				negotiation.opened_ns[side] = ike->opened_ns;
		}
	return negotiation;
}

/* The failure of those who protect the pair that came last, if it is a reason for this leak; NULL if none is. */
const struct trouble *rule_leak_trouble(struct judge *judge, struct judged_pair *pair)
{
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	const struct trouble *latest = NULL;

	for (unsigned i = 0; i < count; i++)
		for (unsigned kind = 0; kind < TROUBLE_COUNT; kind++) {
			const struct trouble *trouble = &protectors[i]->negotiation.troubles[kind];
			/* What was not told yet may be a step only, such as another group that is wanted. */
			if (trouble->first_ns && trouble->alert.open &&
			    trouble->last_ns >= pair->leak.begin_ns - TROUBLE_BEFORE_S * SECOND &&
			    (!latest || trouble->last_ns >= latest->last_ns))
				latest = trouble;
		}
	return latest;
}

/* Hosts that may fall back to clear traffic do so when the first message has had no answer for a certain time: 3 s, with
 * Simple Policy Update half a second (EVIDENCE section 1). */
static bool fell_back(const struct leak *leak, const struct trouble *trouble)
{
	int64_t waited = leak->since_ns - trouble->begun_ns;

	return (waited >= 25 * SECOND / 10 && waited <= 4 * SECOND) ||
	       (waited >= 4 * SECOND / 10 && waited <= 7 * SECOND / 10);
}

static enum finding_cause cause_of_trouble(struct judge *judge, struct judged_pair *pair)
{
	const struct trouble *trouble = rule_leak_trouble(judge, pair);

	if (!trouble)
		return CAUSE_UNKNOWN;
	switch (trouble->kind) {
	case TROUBLE_UNANSWERED:
		return fell_back(&pair->leak, trouble) ? CAUSE_SOFT_SA : CAUSE_UNANSWERED;
	case TROUBLE_REFUSED:
		return CAUSE_REFUSED;
	case TROUBLE_CHILD:
		return CAUSE_CHILD_REFUSED;
	default:
		/* However it came about, the negotiation ended without proof. */
		return CAUSE_AUTH_FAILED;
	}
}

/*
 * The SPIs of before the clear traffic speak again, both ways: no SA was lost, ESP only rested. Unless the clear traffic took
 * over from it and gave back, as it does where the policy was gone for a while and the SAs were not.
 */
static bool went_on(const struct leak *leak, const struct protection *protection)
{
	int64_t first = protection->went_on_ns[0] < protection->went_on_ns[1] ? protection->went_on_ns[0]
									      : protection->went_on_ns[1];

	if (!first)
		return false;
	bool beside = leak->last_ns >= first + ESP_WENT_ON_NS;
	bool took_over = leak->begin_ns - leak->esp_before_ns <= TOOK_OVER_NS && first - leak->last_ns <= TOOK_OVER_NS;
	return beside || !took_over;
}

/* The two negotiate from the beginning, or use another SPI, since shortly before this time. */
static bool begins_anew(const struct judge *judge, const struct judged_pair *pair, int64_t time_ns)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, i);
		if (pair->ike[i].opened_ns >= time_ns - ENDED_BEFORE_S * SECOND || (sa && sa->born_ns > time_ns))
			return true;
	}
	return false;
}

/* ESP is silent, but hardly longer than it is at times, and nothing says that its SAs are gone. */
static bool may_rest(struct judge *judge, struct judged_pair *pair, const struct protection *protection)
{
	int64_t idle = judge->settings.thresholds.leak_after_idle_ns;
	int64_t rest = protection->rest_ns < idle ? protection->rest_ns : idle;
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	int64_t before = pair->leak.esp_before_ns, due = before + rest + rest / 2;

	if (judge->now_ns >= due || rule_leak_trouble(judge, pair))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (protectors[i]->deleted_ns >= before - ENDED_BEFORE_S * SECOND ||
		    begins_anew(judge, protectors[i], before))
			return false;
	judge_wake(judge, pair, RULE_LEAK, due);
	return true;
}

static enum finding_cause cause_after_esp(const struct judge *judge, const struct leak *leak,
					  const struct protection *protection, bool *decided)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	uint8_t still = 0; /* directions with ESP after the clear traffic had begun */
	bool came_back = false;

	for (unsigned d = 0; d < 2; d++) {
		if (protection->last_ns[d] < leak->begin_ns + ESP_WENT_ON_NS)
			continue;
		still |= (uint8_t)(1u << d);
		/* A direction that was silent, and came back when the clear traffic was over, did not run beside it. */
		if (protection->began_ns[d] > leak->begin_ns &&
		    leak->last_ns < protection->began_ns[d] + ESP_WENT_ON_NS)
			came_back = true;
	}
	*decided = true;
	if (still && !came_back) {
		bool apart = !protection->tunnelled && (still & leak->directions) == 0;
		return apart ? CAUSE_ONE_WAY : CAUSE_SELECTOR_GAP;
	}
	if (went_on(leak, protection))
		return CAUSE_SELECTOR_GAP;
	int64_t before = leak->esp_before_ns;
	/* Long silence before it may be an SA that idled out; only ESP that follows can say so. */
	if (leak->begin_ns - before >= thresholds->leak_after_idle_ns) {
		*decided = false;
		return CAUSE_UNKNOWN;
	}
	return CAUSE_SA_LOST;
}

/* When the clear traffic began, ESP still counted as running, and only bounds of its last packet were known. Where it fell
 * quiet since, the packet's time is. */
static void settle_esp_before(struct leak *leak, const struct protection *protection)
{
	int64_t before = 0;

	for (unsigned d = 0; d < 2; d++) {
		int64_t last = protection->last_ns[d] < leak->begin_ns ? protection->last_ns[d] : leak->begin_ns;
		if (protection->running[d] || protection->began_ns[d] > leak->begin_ns)
			return;
		if (last > before)
			before = last;
	}
	if (before)
		leak->esp_before_ns = before;
}

static bool esp_before(const struct leak *leak, const struct protection *protection)
{
	return protection->any && protection->first_ns <= leak->begin_ns;
}

/* ESP both ways that began after the clear traffic did. */
static bool esp_followed(const struct leak *leak, const struct protection *protection)
{
	return protection->began_ns[0] > leak->begin_ns && protection->began_ns[1] > leak->begin_ns;
}

/* The tunnel that was taken for the carrier speaks again, and has for a while: had it carried the clear traffic, that would be
 * over. */
static bool came_back(const struct judge *judge, const struct protection *protection)
{
	int64_t since = judge->now_ns - judge->settings.thresholds.leak_decide_ns;

	return protection->running[0] && protection->running[1] && protection->began_ns[0] <= since &&
	       protection->began_ns[1] <= since;
}

static void decide(struct judge *judge, struct judged_pair *pair, bool at_end)
{
	struct leak *leak = &pair->leak;
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	struct protection protection;
	int64_t age = judge->now_ns - leak->begin_ns;

	judge_protection(judge, pair, &protection);
	if (leak->carrier && !leak->quiet && came_back(judge, &protection)) {
		leak->carrier = 0;
		leak->decided = leak->idle_before = false;
		leak->cause = CAUSE_UNKNOWN;
		judge_protection(judge, pair, &protection);
	}
	/* It was refuted. */
	if (leak->decided && leak->cause == CAUSE_SA_LOST && !leak->carrier && went_on(leak, &protection))
		leak->cause = CAUSE_SELECTOR_GAP;
	if (leak->decided)
		return;
	if (pair->rule && !protection.any && !leak->carrier_asked && (age >= thresholds->leak_decide_ns || at_end)) {
		leak->carrier_asked = true;
		leak->carrier = rule_leak_carrier(judge, pair);
		if (leak->carrier) {
			judge_protection(judge, pair, &protection);
			leak->esp_before_ns = protection.last_ns[0] > protection.last_ns[1] ? protection.last_ns[0]
											    : protection.last_ns[1];
		}
	}
	if (!leak->idle_before && esp_before(leak, &protection)) {
		if (age < thresholds->leak_decide_ns && !at_end)
			return;
		settle_esp_before(leak, &protection);
		enum finding_cause cause = cause_after_esp(judge, leak, &protection, &leak->decided);
		if (cause == CAUSE_SA_LOST && !esp_followed(leak, &protection) && may_rest(judge, pair, &protection)) {
			leak->decided = false;
			return;
		}
		leak->cause = cause;
		leak->idle_before = !leak->decided;
		if (leak->decided)
			return;
	}
	if (esp_followed(leak, &protection)) {
		/* ESP at last, after a reason for its absence was found, takes nothing back: it was repaired. */
		unsigned first = protection.began_ns[1] < protection.began_ns[0];
		leak->decided = true;
		if (leak->cause != CAUSE_UNKNOWN && !leak->idle_before &&
		    protection.began_ns[first] - leak->begin_ns > thresholds->leak_before_sa_ns)
			return;
		leak->cause = leak->idle_before ? CAUSE_AFTER_IDLE : CAUSE_BEFORE_SA;
		return;
	}
	enum finding_cause failed = cause_of_trouble(judge, pair);
	if (failed != CAUSE_UNKNOWN) {
		if (failed == CAUSE_SOFT_SA && leak->cause != CAUSE_SOFT_SA)
			leak->fall_backs++;
		leak->cause = failed;
		return;
	}
	struct negotiation negotiation = negotiation_of(judge, pair);
	int64_t need = at_end ? thresholds->leak_decide_ns : thresholds->leak_nobody_ns;
	if (!protection.any && !negotiation.any && leak->directions == 3 && age >= need)
		leak->cause = CAUSE_NOBODY_INITIATES;
}

/* Whether a learned pair's clear traffic is more than what always ran beside its ESP. */
static bool new_beside_esp(const struct leak *leak)
{
	for (unsigned i = 0; i < leak->service_count; i++)
		if (seen_since_begin(leak, &leak->services[i]) && !leak->services[i].beside)
			return true;
	return false;
}

/* Whether one was not marked before. */
static bool mark_beside(struct leak *leak)
{
	bool news = false;

	for (unsigned i = 0; i < leak->service_count; i++)
		if (seen_since_begin(leak, &leak->services[i])) {
			news |= !leak->services[i].beside;
			leak->services[i].beside = true;
		}
	return news;
}

/* Looks again at a running leak: cause, then whether to tell. */
static void consider(struct judge *judge, struct judged_pair *pair, bool at_end)
{
	struct leak *leak = &pair->leak;

	decide(judge, pair, at_end);
	if (!pair->rule) {
		if (!leak->decided)
			return;
		if (!leak->alert.open && !new_beside_esp(leak))
			return;
		if (leak->cause == CAUSE_SELECTOR_GAP && mark_beside(leak))
			known_note_pair(judge, pair);
	}
	bool first = !leak->alert.open;
	tell(judge, pair);
	if (first)
		judge->counters.clear_pairs++;
}

/* ---- begin and end ---- */

static void begin(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct leak *leak = &pair->leak;
	const struct transition_clear *clear = &transition->clear;

	leak->running = true;
	leak->decided = leak->idle_before = leak->default_response = false;
	leak->cause = CAUSE_UNKNOWN;
	leak->begin_ns = transition->time_ns;
	/* What went before belonged to an earlier leak, or was expected. */
	leak->since_ns = clear->since_ns > leak->last_ns ? clear->since_ns : transition->time_ns;
	leak->first_direction = transition->direction;
	leak->has_ports = clear->src_port || clear->dst_port;
	leak->src_port = clear->src_port;
	leak->dst_port = clear->dst_port;
	leak->interface = transition->interface;
	leak->directions = 0;
	leak->opened_by_ns[0] = leak->opened_by_ns[1] = 0;
	leak->base_packets = leak->packets;
	leak->base_bytes = leak->bytes;
	for (unsigned i = 0; i < leak->service_count; i++)
		leak->services[i].service.credentials = false;
	struct protection protection;
	judge_protection(judge, pair, &protection);
	leak->esp_before_ns =
	    protection.last_ns[0] > protection.last_ns[1] ? protection.last_ns[0] : protection.last_ns[1];
	struct negotiation negotiation = negotiation_of(judge, pair);
	for (unsigned side = 0; side < 2; side++)
		if (negotiation.opened_ns[side] &&
		    transition->time_ns - negotiation.opened_ns[side] <= EXCHANGE_OPENED_BEFORE_S * SECOND)
			leak->opened_by_ns[side] = negotiation.opened_ns[side];
	judge_wake(judge, pair, RULE_LEAK, transition->time_ns + judge->settings.thresholds.leak_decide_ns);
}

/* `respond`: clear is expected until IKE was opened or ESP was there. */
static bool expected_clear(struct judge *judge, struct judged_pair *pair)
{
	const struct policy_rule *rule = judge_rule(judge, pair);
	struct protection protection;

	if (!rule || rule->level != POLICY_RESPOND)
		return false;
	judge_protection(judge, pair, &protection);
	struct negotiation negotiation = negotiation_of(judge, pair);
	return !protection.any && !negotiation.opened_ns[0] && !negotiation.opened_ns[1];
}

/*
 * The judge hears of the pair's clear traffic for the first time, and the tracker has counted before: the pair had to make room
 * here. All but the packet at hand was told of, or was of no interest then, and is not told again.
 */
static void take_up(struct leak *leak, const struct transition *transition)
{
	const struct transition_clear *clear = &transition->clear;
	uint64_t packets = clear->packets[0] + clear->packets[1];

	if (leak->packets || packets < 2 || transition->kind == TRANSITION_CLEAR_QUIET)
		return;
	leak->packets = packets - 1;
	leak->bytes = clear->bytes - clear->octets;
	/* So was the beginning of a run that goes on. */
	if (transition->kind != TRANSITION_CLEAR_BEGAN)
		leak->last_ns = clear->since_ns;
}

static void clear_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct leak *leak = &pair->leak;
	const struct transition_clear *clear = &transition->clear;
	bool quiet = transition->kind == TRANSITION_CLEAR_QUIET;
	bool ours = pair->rule ? !expected_clear(judge, pair) : learn_holds(judge, pair, judge->now_ns);

	take_up(leak, transition);
	if (!quiet && ours && !leak->running)
		begin(judge, pair, transition);
	uint64_t packets = clear->packets[0] + clear->packets[1];
	if (packets < leak->packets || (packets == leak->packets && !quiet)) {
		/* The tracker had to forget the pair and counts anew: a packet was told that adds nothing. */
		leak->base_packets -= leak->packets;
		leak->base_bytes -= leak->bytes;
	}
	leak->packets = packets;
	leak->bytes = clear->bytes;
	leak->last_ns = clear->last_ns[0] > clear->last_ns[1] ? clear->last_ns[0] : clear->last_ns[1];
	leak->quiet = quiet;
	if (!quiet)
		note_service(leak, &clear->service, transition->time_ns);
	if (!leak->running)
		return;
	for (unsigned d = 0; d < 2; d++)
		if (clear->last_ns[d] >= leak->begin_ns)
			leak->directions |= (uint8_t)(1u << d);
	if (quiet)
		judge_wake(judge, pair, RULE_LEAK, leak->last_ns + judge->settings.thresholds.leak_secured_ns);
	consider(judge, pair, false);
}

/* Whether the leak is over: ESP both ways since the last clear packet, and quiet for long enough; or long quiet. */
static const char *over(struct judge *judge, struct judged_pair *pair)
{
	const struct leak *leak = &pair->leak;
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	int64_t silence = judge->now_ns - leak->last_ns;
	struct protection protection;

	if (!leak->quiet)
		return NULL;
	judge_protection(judge, pair, &protection);
	bool secured = protection.last_ns[0] > leak->last_ns && protection.last_ns[1] > leak->last_ns;
	bool gap = leak->cause == CAUSE_SELECTOR_GAP;
	if (secured && silence >= (gap ? thresholds->leak_gap_hold_ns : thresholds->leak_secured_ns))
		return "secured-again";
	return silence >= thresholds->leak_hold_ns ? "quiet" : NULL;
}

void rule_leak_due(struct judge *judge, struct judged_pair *pair)
{
	struct leak *leak = &pair->leak;
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;

	if (!leak->running)
		return;
	consider(judge, pair, false);
	const char *why = over(judge, pair);
	if (why) {
		finish_leak(judge, pair, why);
		return;
	}
	/* Come back: for the cause, for the end, for the hourly word. */
	int64_t now = judge->now_ns;
	if (!leak->decided && now < leak->begin_ns + thresholds->leak_nobody_ns)
		judge_wake(judge, pair, RULE_LEAK, leak->begin_ns + thresholds->leak_nobody_ns);
	int64_t ends = leak->last_ns + thresholds->leak_secured_ns;
	if (leak->quiet)
		judge_wake(judge, pair, RULE_LEAK, ends > now ? ends : now + thresholds->leak_secured_ns);
	else if (leak->alert.open)
		judge_wake(judge, pair, RULE_LEAK, leak->alert.told_ns + thresholds->update_ns);
}

/* A pair of gateways changed: the pairs behind it look again when their own timers come; a decision needs no hurry. */
void rule_leak_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct leak *leak = &pair->leak;

	switch (transition->kind) {
	case TRANSITION_CLEAR_BEGAN:
	case TRANSITION_CLEAR_SERVICE:
	case TRANSITION_CLEAR_PROGRESS:
	case TRANSITION_CLEAR_QUIET:
		clear_transition(judge, pair, transition);
		break;
	case TRANSITION_IKE_MESSAGE: {
		unsigned side = transition->direction;
		if (leak->running)
			consider(judge, pair, false);
		if (!leak->running || pair->ike[side].opened_ns != transition->time_ns || leak->opened_by_ns[side])
			break;
		leak->opened_by_ns[side] = transition->time_ns;
		if (side != leak->first_direction &&
		    transition->time_ns - leak->begin_ns <= DEFAULT_RESPONSE_S * SECOND)
			leak->default_response = true;
		break;
	}
	case TRANSITION_ESP_BEGAN:
	case TRANSITION_ESP_QUIET:
		if (leak->running) {
			consider(judge, pair, false);
			if (leak->quiet)
				judge_wake(judge, pair, RULE_LEAK,
					   leak->last_ns + judge->settings.thresholds.leak_secured_ns);
		}
		break;
	default:
		break;
	}
}

void rule_leak_finish(struct judge *judge, struct judged_pair *pair)
{
	struct leak *leak = &pair->leak;

	if (!leak->running)
		return;
	consider(judge, pair, true);
	if (judge->settings.last_word && leak->alert.open && leak->packets - leak->base_packets > leak->told) {
		struct finding finding;
		describe(judge, pair, &finding);
		alert_update(judge, &leak->alert, &finding);
	}
	if (!leak->decided && leak->cause == CAUSE_UNKNOWN)
		judge->counters.in_progress++;
}
