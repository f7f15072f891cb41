/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations that come to nothing: ike-unanswered, ike-refused, ike-auth-failed, ike-child-refused, ike-stalled,
 * ike-path-mtu, and bad-spi where a peer says so in clear.
 *
 * Each is a trouble of a pair. A failure begins it or counts it up; a success of the step in question, or of a later one,
 * ends it, and before it was told makes it none: refusals in clear can be forged, responders are slow, and many a refusal
 * is only a step (a cookie, another group). So a first failure waits for ike_settle_ns; a second one is told at once.
 *
 *   unanswered     the same first message three times or more, ike_silence_ns without anything back. Only one message's
 *                  repetition counts: an initiator whose answers are not in view goes on and does not repeat itself. All
 *                  tries within TRIES_SPAN_NS are those of a scanner: who wants an answer waits for it.
 *   stalled        the same for a later message before the IKE SA is up, or for one that asks it for a further SA while the
 *                  other side speaks ESP; path-mtu if that message is a large one.
 *   auth-failed    ike_story.h's AUTH_REJECTED, and what rule_ike_auth.c finds undone behind the first answer.
 *   child-refused  CHILD_REFUSED, while neither this IKE SA has a child nor the pair speaks ESP; where one of that is so, the
 *                  third in a row, for then it is a further network's SA, or the one that is to replace what is in use.
 */
#include "rule_ike.h"
#include "rules.h"

#include "../../dissectors/ike_names.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)

enum {
	TRIES = 3,           /* EVIDENCE section 1: fewer may be loss on the span port */
	LARGE_OCTETS = 1232, /* what an IPv6 path has to carry, less its IP and UDP headers (RFC 8200 section 5) */
	KEY_REQUEST_MAX = 800,
	UNPROVEN_REFUSALS = 2, /* of children, where the length of IKE_AUTH does not tell whether it had one */
};
#define AGAIN_NS SECOND /* a failure so soon after another is part of it */
#define TRIES_SPAN_NS (2 * SECOND)
#define REFUSALS_SPAN_NS                                                                                               \
	(10 * SECOND) /* of children; who asks again so soon waits for the peer to be done with something */

static void tell(struct judge *judge, struct judged_pair *pair, enum trouble_kind kind)
{
	struct trouble *trouble = &pair->negotiation.troubles[kind];
	struct finding finding;

	rule_ike_describe(judge, pair, kind, &finding);
	alert_tell_pair(judge, pair, &trouble->alert, &finding);
	judge_wake(judge, pair, RULE_IKE, trouble->last_ns + judge->settings.thresholds.ike_hold_ns);
}

static void end(struct judge *judge, struct judged_pair *pair, enum trouble_kind kind, const char *why)
{
	struct trouble *trouble = &pair->negotiation.troubles[kind];

	if (trouble->alert.open) {
		struct finding finding;
		rule_ike_describe(judge, pair, kind, &finding);
		finding.cleared_by = why;
		alert_clear(judge, &trouble->alert, &finding);
	}
	trouble->first_ns = 0;
	trouble->count = 0;
}

/*
 * Whether a client behind a NAT was not believed, and it is another one behind the same address that comes so far: that of `story`, or,
 * NULL, one that cannot be told from it.
 */
static bool of_another(const struct trouble *trouble, enum trouble_kind kind, const struct ike_story *story)
{
	return kind == TROUBLE_AUTH && trouble->port && (!story || story->initiator_port != trouble->port);
}

/* The negotiation got as far as `reached`: what was wrong before is over. */
static void succeed(struct judge *judge, struct judged_pair *pair, const struct ike_story *story,
		    enum trouble_kind reached, const char *why)
{
	for (unsigned kind = 0; kind <= reached; kind++) {
		const struct trouble *trouble = &pair->negotiation.troubles[kind];
		if (trouble->first_ns && !of_another(trouble, kind, story))
			end(judge, pair, kind, why);
	}
}

/* Up, it seems. Where EAP failed before, or a side disowned it, the first answer to a proof is the responder's part of it and
 * decides nothing. */
static void accepted(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	bool first = story->exchange == IKEV2_EXCHANGE_IKE_AUTH && !story->eap;

	for (unsigned kind = 0; kind <= TROUBLE_AUTH; kind++) {
		const struct trouble *trouble = &pair->negotiation.troubles[kind];
		bool waits = trouble->disowned || (trouble->eap && first);
		if (trouble->first_ns && !waits && !of_another(trouble, kind, story))
			end(judge, pair, kind, "established");
	}
}

static int64_t settle_ns(const struct judge *judge, const struct judged_pair *pair, enum trouble_kind kind)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;

	if (pair->negotiation.troubles[kind].silent || pair->negotiation.troubles[kind].authip)
		return thresholds->ike_fallback_ns;
	switch (kind) {
	case TROUBLE_UNANSWERED:
		return thresholds->ike_silence_ns;
	case TROUBLE_STALLED:
	case TROUBLE_PATH_MTU:
		return thresholds->ike_stall_ns;
	default:
		return thresholds->ike_settle_ns;
	}
}

/* An ICMP error since the attempt began says that nobody is there. */
static bool unreachable(const struct judged_negotiation *negotiation, const struct trouble *trouble)
{
	return negotiation->icmp_ns >= trouble->begun_ns && negotiation->icmp_ns > 0 &&
	       negotiation->icmp_direction == trouble->direction;
}

/* When it is time to tell, if nothing makes the trouble none until then. */
static int64_t ripe_ns(const struct judge *judge, const struct judged_pair *pair, enum trouble_kind kind)
{
	const struct trouble *trouble = &pair->negotiation.troubles[kind];
	bool silence = trouble->silent || (kind < TROUBLE_AUTH && kind != TROUBLE_REFUSED);

	return (silence ? trouble->begun_ns : trouble->first_ns) + settle_ns(judge, pair, kind);
}

static bool ripe(const struct judge *judge, const struct judged_pair *pair, enum trouble_kind kind)
{
	const struct trouble *trouble = &pair->negotiation.troubles[kind];

	if (kind == TROUBLE_UNANSWERED && !trouble->authip && unreachable(&pair->negotiation, trouble))
		return true;
	if (judge->now_ns >= ripe_ns(judge, pair, kind))
		return true;
	return !trouble->silent && !trouble->authip && (kind == TROUBLE_REFUSED || kind >= TROUBLE_AUTH) &&
	       trouble->count > 1;
}

/* A failure. `request` is the message that got no answer; NULL where there was one. */
static void fail(struct judge *judge, struct judged_pair *pair, enum trouble_kind kind, const struct ike_story *story,
		 const struct ike_request *request, enum finding_cause cause)
{
	struct trouble *trouble = &pair->negotiation.troubles[kind];
	bool fresh = trouble->first_ns == 0;

	if (fresh) {
		trouble->first_ns = judge->now_ns;
		trouble->begun_ns = request ? request->first_ns : story->first_ns;
	}
	/* An opening that is changed and refused again, for another group or by an answer to what it was before, is one attempt. */
	bool same = kind == TROUBLE_REFUSED && !request && trouble->ispi == story->ispi;
	if (fresh || (judge->now_ns - trouble->last_ns >= AGAIN_NS && !same))
		trouble->count++;
	trouble->silent = kind == TROUBLE_REFUSED && request;
	trouble->authip = story->authip && kind <= TROUBLE_REFUSED;
	trouble->last_ns = judge->now_ns;
	trouble->kind = kind;
	trouble->ispi = story->ispi;
	trouble->major = story->major;
	trouble->eap = ike_story_proves_further(story);
	trouble->disowned = story->disowned_ns != 0;
	trouble->by_responder = trouble->disowned && story->disowned_side == 1;
	trouble->port = story->nat_side[0] ? story->initiator_port : 0;
	trouble->notify = judge->ike.notify;
	trouble->direction = story->opened_direction;
	if (address_equal(&pair->address[0], &story->initiator) || address_equal(&pair->address[1], &story->initiator))
		trouble->direction = !address_equal(&pair->address[0], &story->initiator);
	if (request) {
		trouble->attempt_ns = request->first_ns;
		trouble->octets = request->largest;
		trouble->sends = request->sends;
		trouble->gap_ds = request->gap_ds;
		trouble->exchange = request->exchange;
	} else {
		trouble->exchange = story->exchange;
	}
	/* What was known stays better than what is not. */
	if (fresh || cause != CAUSE_UNKNOWN)
		trouble->cause = cause;
	if (trouble->alert.open || ripe(judge, pair, kind))
		tell(judge, pair, kind);
	else
		judge_wake(judge, pair, RULE_IKE, ripe_ns(judge, pair, kind));
}

static bool speaks_esp(const struct judged_pair *pair, int64_t since_ns)
{
	for (unsigned d = 0; d < 2; d++)
		if (pair->esp[d].running || pair->esp[d].last_ns >= since_ns)
			return true;
	return false;
}

/* A message of an IKE SA that is up asks for a further SA, and the other side, which speaks ESP as before, does not answer. That it does
 * not say whether it lives means something else. */
static bool asks_in_vain(const struct judged_pair *pair, const struct ike_story *story,
			 const struct ike_request *request, unsigned direction)
{
	bool asks = story->major == 1 ? ike_story_quick_unanswered(story) == request
				      : !request->answered && (request->exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA ||
							       request->exchange == IKEV2_EXCHANGE_IKE_FOLLOWUP_KE);

	return asks && pair->esp[!direction].running;
}

static void repeated(struct judge *judge, struct judged_pair *pair, const struct ike_story *story, unsigned direction)
{
	const struct ike_request *request = &story->request[!judge->ike.from_initiator];
	bool unanswered = story->established_ns ? asks_in_vain(pair, story, request, direction) : !request->answered;

	rule_ike_doubt_child(judge, pair, story);
	if (!unanswered || request->sends < TRIES || judge->now_ns - request->first_ns < TRIES_SPAN_NS)
		return;
	/* An opening: in a mirror of one direction a later message may go without its answer in view. */
	if (!story->two_way && judge->ike.from_initiator && judge->message->sa_count > 0) {
		enum finding_cause cause = rule_ike_silence(judge, pair, story, request);
		if (cause != CAUSE_NONE)
			succeed(judge, pair, story, TROUBLE_UNANSWERED, "explained");
		fail(judge, pair, cause == CAUSE_NONE ? TROUBLE_UNANSWERED : TROUBLE_REFUSED, story, request, cause);
		return;
	}
	/* Who was refused a ticket has nothing to go on with: the other side waits, and repeats what it said last. */
	if (story->two_way && !story->established_ns && rule_ike_lacks_ticket(judge, pair, story)) {
		fail(judge, pair, TROUBLE_AUTH, story, request, CAUSE_KERBEROS);
		return;
	}
	/* Of an opening that another host answered, or whose answer is not in view, nothing is known. */
	if (story->two_way)
		fail(judge, pair, request->largest > LARGE_OCTETS ? TROUBLE_PATH_MTU : TROUBLE_STALLED, story, request,
		     CAUSE_NONE);
}

/* Once is nothing: another group is asked for, or both sides ask at once. Nor is it the same refusal after a long time, or where a new
 * SA came meanwhile, of which IKE had said that it was agreed on, out of view. */
static bool again_and_again(const struct judge *judge, const struct judged_pair *pair, const struct ike_story *story)
{
	const int64_t *at = story->child_refused_ns;

	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, d);
		if (sa && sa->born_ns >= at[IKE_STORY_REFUSALS - 1])
			return false;
	}
	for (unsigned i = 0; i + 1 < IKE_STORY_REFUSALS; i++)
		if (!at[i + 1] || at[i] - at[i + 1] > judge->settings.thresholds.ike_hold_ns)
			return false;
	return at[0] - at[IKE_STORY_REFUSALS - 1] >= REFUSALS_SPAN_NS;
}

static void child_refused(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	bool unproven = story->major >= 2 && story->auth_octets >= KEY_REQUEST_MAX;
	bool beside = story->child_agreed || speaks_esp(pair, story->first_ns);

	if (beside ? !again_and_again(judge, pair, story) : !ike_story_begun(story))
		return;
	pair->negotiation.troubles[TROUBLE_CHILD].beside = beside;
	if (unproven && !story->child_refused_ns[UNPROVEN_REFUSALS - 1])
		return;
	fail(judge, pair, TROUBLE_CHILD, story, NULL, CAUSE_NONE);
}

/* An IKE SA that came up some time ago has no child to this day. */
static void childless(struct judge *judge, struct judged_pair *pair)
{
	const struct ike_story *story = rule_ike_childless(judge, pair);

	if (!story || speaks_esp(pair, story->first_ns))
		return;
	judge->ike = (struct ike_event){ .kind = IKE_EVENT_NONE }; /* no message leads to this */
	pair->negotiation.troubles[TROUBLE_CHILD].beside = false;
	fail(judge, pair, TROUBLE_CHILD, story, NULL, CAUSE_NONE);
}

/* EAP of this IKE SA came to nothing, or one side disowned it, if it is one. */
static void undone(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	if (!story)
		return;
	bool first_proofs = story->disowned_ns && !(story->major == 1 && ike_story_proves_further(story));
	judge->ike.notify = 0; /* nothing of the message at hand is about it */
	fail(judge, pair, TROUBLE_AUTH, story, NULL,
	     first_proofs ? rule_ike_proof_failed(judge, pair, story) : CAUSE_UNKNOWN);
}

/* The initiator tries what the responder takes after all. */
static void fallen_back(struct judged_pair *pair, const struct ike_story *story)
{
	struct trouble *trouble = &pair->negotiation.troubles[TROUBLE_REFUSED];

	if (!trouble->silent || trouble->alert.open || trouble->ispi == story->ispi ||
	    trouble->direction != story->opened_direction)
		return;
	trouble->first_ns = 0;
	trouble->count = 0;
}

/* ---- a peer says in clear that it does not know an SPI ---- */

static uint32_t notified_spi(const struct judge *judge, const uint8_t *octets)
{
	const struct ike_message *message = judge->message;

	for (unsigned i = 0; i < message->notify_count; i++) {
		const struct ike_notify *notify = &message->notifies[i];
		struct ike_slice slice = notify->data.length == 4 ? notify->data : notify->spi;
		if (notify->type != judge->ike.notify || slice.length != 4)
			continue;
		const uint8_t *at = octets + slice.offset;
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	}
	return 0;
}

static void begin_notified(struct judge *judge, const struct judged_pair *pair, struct finding *finding)
{
	const struct judged_negotiation *negotiation = &pair->negotiation;

	alert_begin(judge, pair, FINDING_BAD_SPI, finding);
	finding->cause = CAUSE_NOTIFIED;
	finding->first_ns = negotiation->notified_first_ns;
	finding->last_ns = negotiation->notified_ns;
	finding->count = negotiation->notified_count;
	finding->has_flow = finding->has_ike_spi = true;
	finding->src = pair->address[negotiation->notified_direction];
	finding->dst = pair->address[!negotiation->notified_direction];
	finding->ike_spi = negotiation->notified_ispi;
}

static void notified(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	enum { PROTOCOL_ESP = 50, INVALID_COOKIE = 4, INVALID_SPI = 11 }; /* numbers of both versions */
	struct judged_negotiation *negotiation = &pair->negotiation;
	uint16_t type = judge->ike.notify;
	unsigned direction = !transition->direction; /* of what the notice complains about */
	struct address_text sender;
	struct finding finding;

	if (type != INVALID_COOKIE && type != INVALID_SPI)
		return;
	uint32_t spi = type == INVALID_SPI ? notified_spi(judge, transition->ike.message) : 0;
	struct judged_sa *sa = spi ? lineage_find(judge, pair, direction, PROTOCOL_ESP, spi) : NULL;
	if (sa) {
		rule_spi_notified(judge, pair, sa);
		return;
	}
	if (!negotiation->notified.open) {
		negotiation->notified_first_ns = judge->now_ns;
		negotiation->notified_count = 0;
	}
	negotiation->notified_ns = judge->now_ns;
	negotiation->notified_count++;
	negotiation->notified_direction = (uint8_t)direction;
	negotiation->notified_ispi = judge->ike.story->ispi;
	begin_notified(judge, pair, &finding);
	finding_say(&finding, "%s says in clear that it does not know the %s it is addressed with.",
		    address_text(&finding.dst, &sender), type == INVALID_SPI ? "SPI" : "IKE SA");
	const char *name = ike_notify_name(judge->ike.story->major, type);
	finding_note_text(&finding, "notify", name ? name : "");
	alert_tell_pair(judge, pair, &negotiation->notified, &finding);
	judge_wake(judge, pair, RULE_IKE, judge->now_ns + judge->settings.thresholds.bad_spi_hold_ns);
}

static void end_notified(struct judge *judge, struct judged_pair *pair)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	int64_t hold = judge->settings.thresholds.bad_spi_hold_ns;
	struct address_text sender, receiver;
	struct finding finding;

	if (!negotiation->notified.open)
		return;
	if (judge->now_ns - negotiation->notified_ns < hold) {
		judge_wake(judge, pair, RULE_IKE, negotiation->notified_ns + hold);
		return;
	}
	begin_notified(judge, pair, &finding);
	finding.severity = negotiation->notified.severity;
	finding.grade = negotiation->notified.grade;
	finding.cleared_by = "quiet";
	finding_say(&finding, "%s sent %s no such notice any more.", address_text(&finding.dst, &sender),
		    address_text(&finding.src, &receiver));
	alert_clear(judge, &negotiation->notified, &finding);
}

/* ---- the rule ---- */

static void message(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	struct ike_story *story = judge->ike.story;

	undone(judge, pair, rule_ike_undone_replaced(judge, pair, story));
	switch (judge->ike.kind) {
	case IKE_EVENT_REPEATED:
		repeated(judge, pair, story, transition->direction);
		break;
	case IKE_EVENT_CHALLENGED:
		succeed(judge, pair, story, TROUBLE_UNANSWERED, "answered");
		break;
	case IKE_EVENT_OPENED:
		fallen_back(pair, story);
		break;
	case IKE_EVENT_ANSWERED:
		rule_ike_takes(judge, story);
		succeed(judge, pair, story, TROUBLE_REFUSED, "answered");
		break;
	case IKE_EVENT_AUTH_SENT:
		succeed(judge, pair, story, TROUBLE_REFUSED, "answered");
		break;
	case IKE_EVENT_REFUSED:
		succeed(judge, pair, story, TROUBLE_UNANSWERED, "answered");
		fail(judge, pair, TROUBLE_REFUSED, story, NULL,
		     rule_ike_refusal(judge, pair, story, judge->ike.notify));
		break;
	case IKE_EVENT_AUTH_ACCEPTED:
		accepted(judge, pair, story);
		rule_ike_proof_held(judge, pair, story);
		negotiation->established_ispi = story->ispi;
		negotiation->established_ns = judge->now_ns;
		rule_ike_doubt_child(judge, pair, story);
		break;
	case IKE_EVENT_AUTH_CONTINUED:
		rule_ike_proof_continued(judge, pair, story);
		break;
	case IKE_EVENT_AUTH_REJECTED:
		succeed(judge, pair, story, TROUBLE_PATH_MTU, "answered");
		fail(judge, pair, TROUBLE_AUTH, story, NULL, rule_ike_proof_failed(judge, pair, story));
		break;
	case IKE_EVENT_CHILD_ACCEPTED:
		succeed(judge, pair, story, TROUBLE_CHILD, "established");
		negotiation->established_ispi = story->ispi;
		break;
	case IKE_EVENT_CHILD_REFUSED:
		child_refused(judge, pair, story);
		break;
	case IKE_EVENT_NOTIFIED:
		notified(judge, pair, transition);
		break;
	default:
		break;
	}
	rule_ike_host_event(judge, pair);
}

void rule_ike_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	enum { PROTOCOL_UDP = 17 };
	struct judged_negotiation *negotiation = &pair->negotiation;

	switch (transition->kind) {
	case TRANSITION_IKE_MESSAGE:
		if (judge->ike.story)
			message(judge, pair, transition);
		break;
	case TRANSITION_ICMP_ERROR:
		if (transition->icmp.protocol != PROTOCOL_UDP) {
			negotiation->esp_icmp_ns = transition->time_ns;
			negotiation->esp_icmp_type = transition->icmp.type;
			negotiation->esp_icmp_code = transition->icmp.code;
			negotiation->esp_icmp_version = transition->icmp.version;
			break;
		}
		negotiation->icmp_ns = transition->time_ns;
		negotiation->icmp_type = transition->icmp.type;
		negotiation->icmp_code = transition->icmp.code;
		negotiation->icmp_version = transition->icmp.version;
		negotiation->icmp_direction = transition->direction;
		break;
	case TRANSITION_ESP_BEGAN:
		if (pair->esp[0].running && pair->esp[1].running && !negotiation->troubles[TROUBLE_CHILD].beside)
			succeed(judge, pair, NULL, TROUBLE_CHILD, "secured-again");
		break;
	default:
		break;
	}
}

void rule_ike_due(struct judge *judge, struct judged_pair *pair)
{
	int64_t hold = judge->settings.thresholds.ike_hold_ns;

	for (unsigned kind = 0; kind < TROUBLE_COUNT; kind++) {
		struct trouble *trouble = &pair->negotiation.troubles[kind];
		if (!trouble->first_ns)
			continue;
		if (judge->now_ns - trouble->last_ns >= hold)
			end(judge, pair, kind, "quiet");
		else if (trouble->alert.open)
			judge_wake(judge, pair, RULE_IKE, trouble->last_ns + hold);
		else if (ripe(judge, pair, kind))
			tell(judge, pair, kind);
		else
			judge_wake(judge, pair, RULE_IKE, ripe_ns(judge, pair, kind));
	}
	childless(judge, pair);
	undone(judge, pair, rule_ike_undone_due(judge, pair));
	end_notified(judge, pair);
	rule_ike_again_due(judge, pair);
}

void rule_ike_finish(struct judge *judge, struct judged_pair *pair)
{
	for (unsigned kind = 0; kind < TROUBLE_COUNT; kind++) {
		const struct trouble *trouble = &pair->negotiation.troubles[kind];
		if (trouble->first_ns && !trouble->alert.open)
			judge->counters.in_progress++;
	}
}
