/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a negotiation that came to nothing: cause of a refusal, sentence and evidence. See rule_ike.h.
 *
 * Why a responder refused is read from its notify; whether it is the algorithms or the peer itself that it does not want,
 * which one number says of both, from what the same responder was seen to choose or to offer elsewhere.
 */
#include "rule_ike.h"

#include "../../dissectors/ike_names.h"
#include "finding.h"

#include <stdio.h>
#include <string.h>

#define COMES_BACK_NS (60 * INT64_C(1000000000))

enum { LIST_SIZE = 128 };

/* What the responder is known to take, of the version of `story`: empty if nothing is known. */
static struct ike_suite known_of(struct judge *judge, const struct ike_story *story)
{
	const struct judged_host *host = judge_host(judge, &story->responder);
	struct ike_suite known = { 0 };

	const struct judged_suites *suites = known_suites(judge, &story->responder, false);
	if (!host)
		return known;
	const struct ike_story *chose =
	    host->chose_ispi ? ike_story_find(judge->stories, host->realm, host->chose_ispi) : NULL;
	const struct ike_story *offered =
	    host->offered_ispi ? ike_story_find(judge->stories, host->realm, host->offered_ispi) : NULL;
	if (chose && chose->selected.major == story->major)
		known = chose->selected;
	else if (suites && suites->chose.major == story->major)
		known = suites->chose;
	if (offered && offered != story && offered->offered.major == story->major)
		ike_suite_merge(&known, &offered->offered);
	else if (suites && suites->offered.major == story->major && suites->offered_ispi != story->ispi)
		ike_suite_merge(&known, &suites->offered);
	return known;
}

static enum finding_cause proposal_cause(struct judge *judge, const struct ike_story *story)
{
	struct ike_suite known = known_of(judge, story);
	enum ike_algorithm_kind kind;

	if (!known.major || !story->offered.major)
		return CAUSE_NO_PROPOSAL;
	return ike_suite_differs(&story->offered, &known, &kind) ? CAUSE_NO_PROPOSAL : CAUSE_UNKNOWN_PEER;
}

enum finding_cause rule_ike_refusal(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
				    uint16_t notify)
{
	(void)pair;
	if (story->major == 1) {
		switch (notify) {
		case IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN:
		case IKEV1_NOTIFY_ATTRIBUTES_NOT_SUPPORTED:
		case IKEV1_NOTIFY_BAD_PROPOSAL_SYNTAX:
			return proposal_cause(judge, story);
		case IKEV1_NOTIFY_INVALID_MAJOR_VERSION:
		case IKEV1_NOTIFY_INVALID_MINOR_VERSION:
			return CAUSE_VERSION;
		case IKEV1_NOTIFY_INVALID_EXCHANGE_TYPE:
		case IKEV1_NOTIFY_UNSUPPORTED_EXCHANGE_TYPE:
			return CAUSE_MODE;
		case IKEV1_NOTIFY_INVALID_ID_INFORMATION:
			return CAUSE_UNKNOWN_PEER;
		case IKEV1_NOTIFY_INVALID_KEY_INFORMATION:
			return CAUSE_KEY_EXCHANGE_GROUP;
		default:
			return CAUSE_OTHER;
		}
	}
	switch (notify) {
	case IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN:
		return proposal_cause(judge, story);
	case IKEV2_NOTIFY_INVALID_KE_PAYLOAD:
		return CAUSE_KEY_EXCHANGE_GROUP;
	case IKEV2_NOTIFY_INVALID_MAJOR_VERSION:
		return CAUSE_VERSION;
	case IKEV2_NOTIFY_AUTHENTICATION_FAILED:
		return CAUSE_UNKNOWN_PEER;
	default:
		return CAUSE_OTHER;
	}
}

/* "AES_CBC_128 and AES_CBC_256, it takes ..." */
static void say_difference(struct judge *judge, const struct ike_story *story, struct finding *finding)
{
	struct ike_suite known = known_of(judge, story);
	char offered[LIST_SIZE] = "", takes[LIST_SIZE] = "";
	struct address_text text;
	enum ike_algorithm_kind kind;

	if (!known.major || !ike_suite_differs(&story->offered, &known, &kind)) {
		if (finding->cause == CAUSE_UNKNOWN_PEER)
			finding_say(finding,
				    ": what was offered is what it takes from others, so it has no connection for "
				    "this peer");
		else
			finding_say(finding,
				    ", and which attribute differs is not known, for nothing else was seen of %s",
				    address_text(&finding->dst, &text));
		return;
	}
	ike_suite_list(&story->offered, kind, offered, sizeof(offered));
	ike_suite_list(&known, kind, takes, sizeof(takes));
	finding_say(finding, ", and the %s differs: offered %s, known to be taken %s", ike_kind_name(kind), offered,
		    takes);
	finding_note_text(finding, "attribute", ike_kind_name(kind));
	finding_note_words(finding, "known_to_be_taken", takes);
}

static void describe_refusal(struct judge *judge, const struct trouble *trouble, const struct ike_story *story,
			     struct finding *finding)
{
	struct address_text a, b;
	char all[LIST_SIZE] = "";
	const char *name = ike_notify_name(trouble->major, trouble->notify);

	address_text(&finding->src, &a);
	address_text(&finding->dst, &b);
	finding_say(finding, "%s refuses the IKE negotiation that %s opens, with %s", b.text, a.text,
		    name ? name : "a notify without a name");
	finding_note_text(finding, "notify", name ? name : "");
	finding_note_integer(finding, "notify_type", trouble->notify);
	finding_note_boolean(finding, "authenticated", false);
	rule_ike_note_takes(judge, &finding->dst, finding, "responder_takes");
	if (!story)
		return;
	for (unsigned kind = 0; kind < IKE_ALGORITHM_ADDITIONAL; kind++)
		ike_suite_list(&story->offered, kind, all, sizeof(all));
	finding_note_words(finding, "offered", all);
	if (finding->cause == CAUSE_NO_PROPOSAL || finding->cause == CAUSE_UNKNOWN_PEER)
		say_difference(judge, story, finding);
	if (story->wanted_group && trouble->notify == IKEV2_NOTIFY_INVALID_KE_PAYLOAD) {
		const char *group = ike_group_name(story->wanted_group);
		finding_say(finding, ", since it wants group %u%s%s", story->wanted_group, group ? ", " : "",
			    group ? group : "");
		finding_note_text(finding, "wanted_group", group ? group : "");
	}
	/* One number stands for two reasons, and only habit tells them apart. */
	if (finding->cause == CAUSE_UNKNOWN_PEER && trouble->notify == IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN)
		finding->grade = GRADE_LIKELY;
}

/*
 * Somebody whom no rule names and who was never seen to speak IPsec knocks at a gateway that serves others: a scanner, most
 * times, or a peer that is not set up yet, which tries again.
 */
static bool passes_by(struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble)
{
	const struct judged_host *initiator = judge_host(judge, &pair->address[trouble->direction]);
	const struct judged_host *responder = judge_host(judge, &pair->address[!trouble->direction]);

	return trouble->last_ns - trouble->first_ns < COMES_BACK_NS && judge_host_speaks_esp(responder, pair->realm) &&
	       !judge_host_speaks_esp(initiator, pair->realm) && !judge_rule_or_carried(judge, pair);
}

/* What makes little of a refusal. */
static void describe_stranger(struct finding *finding)
{
	struct address_text initiator;

	finding->severity = SEVERITY_INFO;
	finding_say(finding, "; %s was never seen to speak IPsec, and scanners look like this too",
		    address_text(&finding->src, &initiator));
	finding_note_boolean(finding, "stranger", true);
}

/* "4.0, 7.2, 13.0": how long the sender waits for an answer each time, which tells whose software it is. */
static void note_schedule(const struct ike_story *story, struct finding *finding)
{
	char words[64] = "";

	for (unsigned i = 0; story && i < story->schedule_count; i++) {
		size_t length = strlen(words);
		snprintf(words + length, sizeof(words) - length, "%s%.1f", i ? ", " : "",
			 (double)story->schedule_ds[i] / 10);
	}
	finding_note_words(finding, "schedule", words);
}

static void describe_silence(struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble,
			     const struct ike_story *story, struct finding *finding)
{
	const struct judged_negotiation *negotiation = &pair->negotiation;

	finding_note_integer(finding, "tries", trouble->sends);
	finding_note_real(finding, "last_gap", (double)trouble->gap_ds / 10);
	note_schedule(story, finding);
	rule_ike_note_takes(judge, &finding->dst, finding, "responder_takes");
	finding_note_integer(finding, "message_octets", trouble->octets);
	if (negotiation->icmp_ns && negotiation->icmp_ns >= trouble->begun_ns &&
	    negotiation->icmp_direction == trouble->direction) {
		char icmp[32];
		snprintf(icmp, sizeof(icmp), "%s %u/%u", negotiation->icmp_version == 6 ? "ICMPv6" : "ICMP",
			 negotiation->icmp_type, negotiation->icmp_code);
		finding_note_words(finding, "icmp", icmp);
		finding_say(finding, ", and %s came back: %s", icmp,
			    negotiation->icmp_version == 4 && negotiation->icmp_code == 3    ? "no IKE service there"
			    : negotiation->icmp_version == 6 && negotiation->icmp_code == 4  ? "no IKE service there"
			    : negotiation->icmp_version == 4 && negotiation->icmp_code == 13 ? "filtered on the way"
											     : "not to be reached");
	}
}

/* IKE_SA_INIT goes to port 500, and what follows to 4500 (RFC 7296 section 2.23), which has to be opened apart from it. */
static void describe_port(const struct ike_story *story, struct finding *finding)
{
	if (!story || !story->answered_port || story->asked_port == story->answered_port)
		return;
	finding_say(finding, ", and it is the first to UDP port %u, which may be blocked: port %u was answered",
		    story->asked_port, story->answered_port);
	finding_note_integer(finding, "port", story->asked_port);
	finding_note_integer(finding, "port_answered", story->answered_port);
}

/* The step before the one that is not answered. */
static const char *answered_step(const struct trouble *trouble)
{
	switch (trouble->exchange) {
	case IKEV2_EXCHANGE_IKE_SA_INIT:
		return "nothing";
	case IKEV2_EXCHANGE_CREATE_CHILD_SA:
	case IKEV2_EXCHANGE_IKE_FOLLOWUP_KE:
		return "IKE_AUTH";
	case IKEV1_EXCHANGE_QUICK:
		return "phase 1";
	default:
		return trouble->major == 1 ? "an earlier message of phase 1" : "IKE_SA_INIT";
	}
}

static void describe_child(const struct trouble *trouble, const struct ike_story *story, struct finding *finding)
{
	const char *name = trouble->notify ? ike_notify_name(trouble->major, trouble->notify) : NULL;
	struct address_text a, b;

	address_text(&finding->src, &a);
	address_text(&finding->dst, &b);
	if (story && !story->child_refused_ns[0] && !trouble->beside) {
		finding->grade = GRADE_POSSIBLE;
		finding_say(
		    finding,
		    "IKE between %s and %s is up, %s, and no ESP follows: the SA for traffic may be refused, for "
		    "its ESP proposals or its traffic selectors",
		    a.text, b.text,
		    trouble->major == 1 ? "quick mode is not answered"
					: "the answer to the proof is as short as one that brings no SA");
		return;
	}
	finding->grade = name ? GRADE_OBSERVED : GRADE_LIKELY;
	if (trouble->beside) {
		finding->severity = SEVERITY_LOW;
		finding_note_boolean(finding, "beside_others", true);
		finding_say(
		    finding,
		    "%s and %s have SAs for traffic, and one that is to join them, or to take the place of one, is "
		    "refused again and again",
		    a.text, b.text);
	} else {
		finding_say(finding,
			    "IKE between %s and %s is up, and the SA for traffic is refused (%u time%s so far)", a.text,
			    b.text, trouble->count, finding_plural(trouble->count));
	}
	if (!name) {
		finding_say(finding,
			    ": the ESP proposals%s or the traffic selectors differ, which of the %s is encrypted",
			    trouble->beside ? ", the key exchange groups" : "", trouble->beside ? "three" : "two");
		return;
	}
	bool selectors = trouble->notify == IKEV1_NOTIFY_INVALID_ID_INFORMATION;
	bool proposals = trouble->notify == IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN;
	finding_say(finding, ", said in clear: %s%s", name,
		    selectors   ? ", so the traffic selectors differ"
		    : proposals ? ", so the ESP proposals differ"
				: "");
	finding_note_text(finding, "notify", name);
	if (selectors || proposals)
		finding_note_text(finding, "attribute", selectors ? "traffic selectors" : "ESP proposals");
}

void rule_ike_describe(struct judge *judge, const struct judged_pair *pair, enum trouble_kind kind,
		       struct finding *finding)
{
	static const enum finding_id ids[TROUBLE_COUNT] = {
		[TROUBLE_UNANSWERED] = FINDING_IKE_UNANSWERED, [TROUBLE_REFUSED] = FINDING_IKE_REFUSED,
		[TROUBLE_STALLED] = FINDING_IKE_STALLED,       [TROUBLE_PATH_MTU] = FINDING_IKE_PATH_MTU,
		[TROUBLE_AUTH] = FINDING_IKE_AUTH_FAILED,      [TROUBLE_CHILD] = FINDING_IKE_CHILD_REFUSED,
	};
	const struct trouble *trouble = &pair->negotiation.troubles[kind];
	const struct ike_story *story = ike_story_find(judge->stories, pair->realm, trouble->ispi);
	const char *step = ike_story_step(trouble->major, trouble->exchange);
	struct address_text a, b;

	alert_begin(judge, pair, ids[kind], finding);
	finding->cause = trouble->cause;
	finding->has_flow = finding->has_ike_spi = true;
	finding->src = pair->address[trouble->direction];
	finding->dst = pair->address[!trouble->direction];
	finding->ike_spi = trouble->ispi;
	finding->count = trouble->count;
	finding->first_ns = trouble->begun_ns;
	finding->last_ns = trouble->last_ns;
	address_text(&finding->src, &a);
	address_text(&finding->dst, &b);
	switch (kind) {
	case TROUBLE_UNANSWERED:
		finding_say(finding, "%s opens IKE with %s, %u time%s in %.1f s without any answer", a.text, b.text,
			    trouble->sends, finding_plural(trouble->sends),
			    (double)(trouble->last_ns - trouble->attempt_ns) / 1e9);
		if (trouble->attempt_ns > trouble->begun_ns)
			finding_say(finding, ", and has tried for %.0f s in all",
				    (double)(trouble->last_ns - trouble->begun_ns) / 1e9);
		describe_silence(judge, pair, trouble, story, finding);
		break;
	case TROUBLE_REFUSED:
		if (trouble->silent) {
			rule_ike_describe_silence(judge, pair, trouble, story, finding);
			break;
		}
		describe_refusal(judge, trouble, story, finding);
		if (passes_by(judge, pair, trouble))
			describe_stranger(finding);
		break;
	case TROUBLE_STALLED:
		finding_say(finding, "The negotiation of %s and %s stops at %s, sent %u time%s, %s was answered",
			    a.text, b.text, step ? step : "a step", trouble->sends, finding_plural(trouble->sends),
			    answered_step(trouble));
		finding_note_text(finding, "step", step ? step : "");
		describe_port(story, finding);
		describe_silence(judge, pair, trouble, story, finding);
		break;
	case TROUBLE_PATH_MTU:
		finding->grade = GRADE_LIKELY;
		finding_say(
		    finding,
		    "Small IKE messages between %s and %s are answered, and one of %u octets, sent %u times, is not",
		    a.text, b.text, trouble->octets, trouble->sends);
		finding_note_text(finding, "step", step ? step : "");
		describe_port(story, finding);
		describe_silence(judge, pair, trouble, story, finding);
		break;
	case TROUBLE_AUTH:
		rule_ike_describe_proof(judge, pair, story, finding);
		break;
	default:
		describe_child(trouble, story, finding);
		break;
	}
	finding_note_integer(finding, "attempts", trouble->count);
	finding_say(finding, ".");
}
