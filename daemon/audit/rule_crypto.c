/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What IKE is made of: weak-ike-selected, weak-ike-offered, aggressive-psk, ike-version-1, not-quantum-safe.
 *
 * What a responder selected is an alert about the pair, judged by the verdict table that the pair's rule names; what an
 * initiator offers is advice about the host. A later selection of the same pair without it ends the alert once the IKE SA that it
 * was told of is gone: two may have several at once, of different makes. It is gone if it never came up, was deleted, or said
 * nothing, its ESP included, for selection_gone_ns.
 */
#include "crypto_table.h"
#include "rules.h"

#include "../../dissectors/ike_names.h"

#include <stdio.h>
#include <string.h>

enum { LIST_SIZE = 256 };

/* Lists what is not fine, with the reason; returns the worst verdict. */
static enum crypto_verdict judge_suite(enum crypto_table table, const struct ike_suite *suite, char *list)
{
	enum crypto_verdict worst = CRYPTO_FINE;
	char name[IKE_ALGORITHM_NAME_SIZE];

	list[0] = '\0';
	for (unsigned i = 0; i < suite->count; i++) {
		const struct ike_algorithm *algorithm = &suite->algorithms[i];
		const char *why;
		enum crypto_verdict verdict = crypto_verdict(table, suite->major, algorithm, &why);
		if (verdict == CRYPTO_FINE)
			continue;
		if (verdict > worst)
			worst = verdict;
		size_t length = strlen(list);
		snprintf(list + length, LIST_SIZE - length, "%s%s (%s)", length ? ", " : "",
			 ike_algorithm_name(algorithm, name), why);
	}
	return worst;
}

/* RFC 8221 section 5: a cipher that does not protect integrity itself, chosen without an algorithm that does. */
static bool lacks_integrity(const struct ike_suite *suite)
{
	const struct ike_algorithm *cipher = ike_suite_find(suite, IKE_ALGORITHM_ENCRYPTION);
	const struct ike_algorithm *integrity = ike_suite_find(suite, IKE_ALGORITHM_INTEGRITY);

	/* Without the rest it is no selection, only a damaged one. */
	if (!ike_suite_find(suite, IKE_ALGORITHM_PRF) || !ike_suite_find(suite, IKE_ALGORITHM_GROUP))
		return false;
	return suite->major == 2 && cipher && cipher->id <= IKEV2_ENCR_AES_CTR &&
	       (!integrity || integrity->id == IKEV2_INTEG_NONE);
}

/* `story` may be NULL: it is not known any more. */
static void begin(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
		  enum finding_id id, struct finding *finding)
{
	unsigned direction = story && address_equal(&pair->address[1], &story->initiator);

	alert_begin(judge, pair, id, finding);
	if (story) {
		finding->has_flow = finding->has_ike_spi = true;
		finding->src = pair->address[direction];
		finding->dst = pair->address[!direction];
		finding->ike_spi = story->ispi;
	}
	const struct policy_rule *rule = judge_rule_or_carried(judge, pair);
	if (rule)
		finding->rule = rule->name;
}

static const enum finding_id ids[SELECTION_COUNT] = {
	[SELECTION_WEAK] = FINDING_WEAK_IKE_SELECTED,
	[SELECTION_AGGRESSIVE] = FINDING_AGGRESSIVE_PSK,
	[SELECTION_VERSION_1] = FINDING_IKE_VERSION_1,
	[SELECTION_QUANTUM] = FINDING_NOT_QUANTUM_SAFE,
};

/* Of the IKE SA at hand. */
static void tell(struct judge *judge, struct judged_pair *pair, enum selection_kind kind, struct finding *finding)
{
	struct judged_selection *selection = &pair->negotiation.selections[kind];

	selection->ispi = judge->ike.story->ispi;
	selection->changed = false;
	alert_tell_pair(judge, pair, &selection->alert, finding);
}

/* Whether an SA for traffic that came of the IKE SA is in use. */
static bool carries(const struct judge *judge, const struct judged_pair *pair, uint64_t ispi)
{
	enum { LOOKED_AT = 16 };

	for (unsigned d = 0; d < 2; d++) {
		uint32_t number = pair->newest_sa[d];
		for (unsigned i = 0; number && i < LOOKED_AT; i++) {
			const struct judged_sa *sa = table_at(&judge->sas, number);
			if (sa->ike_spi == ispi && !sa->quiet)
				return true;
			number = sa->older;
		}
	}
	return false;
}

/* When the IKE SA is gone, as far as is known now; 0: it is. */
static int64_t gone_ns(const struct judge *judge, const struct judged_pair *pair, uint64_t ispi)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	const struct ike_story *story = ike_story_find(judge->stories, pair->realm, ispi);

	if (!story || !story->established_ns)
		return 0;
	int64_t silent_ns = story->last_ns + thresholds->selection_gone_ns;
	int64_t gone_ns = story->closed_ns ? story->closed_ns + thresholds->again_settle_ns : silent_ns;
	if (judge->now_ns < gone_ns)
		return gone_ns;
	return !story->closed_ns && carries(judge, pair, ispi) ? judge->now_ns + thresholds->selection_gone_ns : 0;
}

static void end_if_gone(struct judge *judge, struct judged_pair *pair, enum selection_kind kind)
{
	struct judged_selection *selection = &pair->negotiation.selections[kind];
	int64_t due_ns = gone_ns(judge, pair, selection->ispi);
	struct finding finding;

	if (due_ns) {
		judge_wake(judge, pair, RULE_CRYPTO, due_ns);
		return;
	}
	begin(judge, pair, ike_story_find(judge->stories, pair->realm, selection->ispi), ids[kind], &finding);
	alert_recall(judge, &selection->alert, &finding);
	finding.last_ns = judge->now_ns;
	finding.cleared_by = "changed";
	finding_say(&finding, "The two have negotiated anew, without that.");
	alert_clear(judge, &selection->alert, &finding);
}

/* The selection at hand is without it. */
static void changed(struct judge *judge, struct judged_pair *pair, enum selection_kind kind)
{
	struct judged_selection *selection = &pair->negotiation.selections[kind];

	selection->changed = selection->alert.open;
	if (selection->changed)
		end_if_gone(judge, pair, kind);
}

/* ---- what is over since nobody speaks any more ---- */

static void wait_for_silence(struct judge *judge, struct judged_pair *pair)
{
	judge_wake(judge, pair, RULE_CRYPTO, judge->now_ns + judge->settings.thresholds.selection_hold_ns);
}

void rule_crypto_host_due(struct judge *judge, struct judged_host *host)
{
	int64_t ends_ns = host->offered_ns + judge->settings.thresholds.selection_hold_ns;
	struct finding finding;

	if (!host->offered.open)
		return;
	if (judge->now_ns < ends_ns) {
		judge_wake_host(judge, host, HOST_OFFERED, ends_ns);
		return;
	}
	alert_begin_host(judge, &host->address, FINDING_WEAK_IKE_OFFERED, &finding);
	alert_end(judge, &host->offered, &finding, "quiet", "It has not offered that for long.");
}

static void end_by_silence(struct judge *judge, struct judged_pair *pair, struct alert *alert, enum finding_id id)
{
	int64_t hold = judge->settings.thresholds.selection_hold_ns;
	int64_t last = judge_silent_since(pair, judge_pair_last(judge, pair));
	struct finding finding;

	if (!alert->open)
		return;
	if (judge->now_ns - last < hold) {
		judge_wake(judge, pair, RULE_CRYPTO, last + hold);
		return;
	}
	alert_begin(judge, pair, id, &finding);
	alert_end(judge, alert, &finding, "quiet", "The two have spoken neither IKE nor ESP for long.");
}

void rule_crypto_due(struct judge *judge, struct judged_pair *pair)
{
	for (enum selection_kind kind = 0; kind < SELECTION_COUNT; kind++) {
		struct judged_selection *selection = &pair->negotiation.selections[kind];
		if (selection->alert.open && selection->changed)
			end_if_gone(judge, pair, kind);
		end_by_silence(judge, pair, &selection->alert, ids[kind]);
	}
	end_by_silence(judge, pair, &pair->negotiation.authorities, FINDING_IKE_CA_MISMATCH);
}

static void judge_selection(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	const struct policy_rule *rule = judge_rule_or_carried(judge, pair);
	enum crypto_table table = crypto_table_find(rule ? rule->crypto : NULL);
	char list[LIST_SIZE];
	struct address_text a, b;
	struct finding finding;
	enum crypto_verdict worst = judge_suite(table, &story->selected, list);

	if (lacks_integrity(&story->selected)) {
		size_t length = strlen(list);
		snprintf(list + length, LIST_SIZE - length, "%sno integrity protection", length ? ", " : "");
		worst = CRYPTO_FORBIDDEN;
	}
	if (worst == CRYPTO_FINE) {
		changed(judge, pair, SELECTION_WEAK);
		return;
	}
	begin(judge, pair, story, FINDING_WEAK_IKE_SELECTED, &finding);
	finding.severity = worst == CRYPTO_FORBIDDEN ? SEVERITY_MEDIUM : SEVERITY_LOW;
	finding_say(&finding, "IKE between %s and %s uses %s.", address_text(&finding.src, &a),
		    address_text(&finding.dst, &b), list);
	finding_note_words(&finding, "weak", list);
	finding_note_text(&finding, "table", crypto_table_name(table));
	finding_note_boolean(&finding, "forbidden", worst == CRYPTO_FORBIDDEN);
	tell(judge, pair, SELECTION_WEAK, &finding);
}

static bool is_shared_key(const struct ike_story *story)
{
	return ike_story_auth(story) == IKE_AUTH_PRE_SHARED_KEY;
}

static void judge_version(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct address_text a, b;
	struct finding finding;

	if (story->major != 1) {
		changed(judge, pair, SELECTION_VERSION_1);
		return;
	}
	begin(judge, pair, story, FINDING_IKE_VERSION_1, &finding);
	finding_say(&finding, "%s and %s negotiate with IKEv1.", address_text(&finding.src, &a),
		    address_text(&finding.dst, &b));
	finding_note_text(&finding, "mode", ike_mode_name(story->mode));
	tell(judge, pair, SELECTION_VERSION_1, &finding);
}

static void judge_mode(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct address_text a, b;
	struct finding finding;

	if (story->mode != IKE_MODE_AGGRESSIVE || !is_shared_key(story)) {
		changed(judge, pair, SELECTION_AGGRESSIVE);
		return;
	}
	begin(judge, pair, story, FINDING_AGGRESSIVE_PSK, &finding);
	finding_say(&finding,
		    "%s answers %s in aggressive mode with a hash of the pre-shared key, which can be guessed from it.",
		    address_text(&finding.dst, &b), address_text(&finding.src, &a));
	tell(judge, pair, SELECTION_AGGRESSIVE, &finding);
}

static void judge_quantum(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct address_text a, b;
	char group[LIST_SIZE] = "";
	struct finding finding;

	if (story->quantum_safe) {
		changed(judge, pair, SELECTION_QUANTUM);
		return;
	}
	begin(judge, pair, story, FINDING_NOT_QUANTUM_SAFE, &finding);
	ike_suite_list(&story->selected, IKE_ALGORITHM_GROUP, group, sizeof(group));
	bool shared = story->major == 2 && judge->ike.kind == IKE_EVENT_ANSWERED &&
		      ike_message_notify(judge->message, IKEV2_NOTIFY_USE_PPK);
	finding_say(&finding, "The key exchange of %s and %s is %s alone%s.", address_text(&finding.src, &a),
		    address_text(&finding.dst, &b), group[0] ? group : "a classical one",
		    shared ? ", though both may mix in a post-quantum shared key (RFC 8784)" : "");
	finding_note_words(&finding, "group", group);
	finding_note_boolean(&finding, "postquantum_shared_key", shared);
	tell(judge, pair, SELECTION_QUANTUM, &finding);
}

static void judge_offer(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct judged_host *host = judge_host(judge, &story->initiator);
	const struct policy_rule *rule = judge_rule_or_carried(judge, pair);
	enum crypto_table table = crypto_table_find(rule ? rule->crypto : NULL);
	char list[LIST_SIZE];
	struct address_text text;
	struct finding finding;

	if (!host || judge_suite(table, &story->offered, list) == CRYPTO_FINE)
		return;
	host->offered_ns = judge->now_ns;
	judge_wake_host(judge, host, HOST_OFFERED, judge->now_ns + judge->settings.thresholds.selection_hold_ns);
	if (host->offered.open)
		return;
	alert_begin_host(judge, &story->initiator, FINDING_WEAK_IKE_OFFERED, &finding);
	finding.has_ike_spi = true;
	finding.ike_spi = story->ispi;
	finding_say(&finding, "%s offers %s for IKE.", address_text(&story->initiator, &text), list);
	finding_note_words(&finding, "weak", list);
	finding_note_text(&finding, "table", crypto_table_name(table));
	alert_tell_host(judge, &host->offered, &finding);
}

/* What the two hosts show of what they take, for whoever asks later why one refuses the other. */
static void remember(struct judge *judge, const struct ike_story *story, bool chosen)
{
	struct judged_host *host = judge_host(judge, chosen ? &story->responder : &story->initiator);

	if (!host)
		return;
	host->realm = story->realm;
	if (chosen)
		host->chose_ispi = story->ispi;
	else
		host->offered_ispi = story->ispi;
}

/* The same for longer than the IKE SA is kept, of what both sides took part in: anybody can offer anything. */
static void remember_taken(struct judge *judge, const struct ike_story *story)
{
	struct judged_suites *responder = known_suites(judge, &story->responder, true);
	struct judged_host *host = judge_host(judge, &story->responder);

	if (responder) {
		responder->chose = story->selected;
		responder->last_ns = judge->now_ns;
	}
	if (host)
		known_note_host(judge, host);
	struct judged_suites *initiator = story->offered.major ? known_suites(judge, &story->initiator, true) : NULL;
	if (!initiator)
		return;
	initiator->offered = story->offered;
	initiator->offered_ispi = story->ispi;
	initiator->last_ns = judge->now_ns;
	host = judge_host(judge, &story->initiator);
	if (host)
		known_note_host(judge, host);
}

void rule_crypto_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct ike_story *story = judge->ike.story;

	if (transition->kind != TRANSITION_IKE_MESSAGE || !story)
		return;
	switch (judge->ike.kind) {
	case IKE_EVENT_OPENED:
	case IKE_EVENT_RETRIED:
		remember(judge, story, false);
		judge_offer(judge, pair, story);
		break;
	case IKE_EVENT_ANSWERED:
	case IKE_EVENT_AUTH_SENT:
	case IKE_EVENT_AUTH_ACCEPTED:
		/* An answer that nobody in view asked for may be a reflection; one that is gone on with is not. */
		if (!story->selected.major || story->judged ||
		    (judge->ike.kind == IKE_EVENT_ANSWERED && !story->opened))
			break;
		story->judged = true;
		remember(judge, story, true);
		remember_taken(judge, story);
		judge_selection(judge, pair, story);
		judge_version(judge, pair, story);
		judge_mode(judge, pair, story);
		judge_quantum(judge, pair, story);
		wait_for_silence(judge, pair);
		break;
	case IKE_EVENT_PROGRESS:
		if (story->closed_ns == judge->now_ns)
			judge_wake(judge, pair, RULE_CRYPTO,
				   judge->now_ns + judge->settings.thresholds.again_settle_ns);
		break;
	default:
		break;
	}
}
