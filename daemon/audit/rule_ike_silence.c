/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What silence means: openings without an answer from a responder that takes another version or mode, and IKE SAs that
 * are up and bring no SA for traffic. See rule_ike.h.
 *
 * Many a responder does not refuse what it does not take but leaves it unanswered. That is told from a host that is down,
 * or filtered, by signs of life of it since the first try, and from what it took before: from this peer (likely) or from
 * others (possible; it may only not know this one). Clients that fall back to what the responder takes, within
 * ike_fallback_ns, are sound.
 *
 * That a child SA was refused is hidden in the answer to the proof. An answer of about half its request's length, no ESP
 * and nothing further for child_doubt_ns make it possible (EVIDENCE-measured section 1); so does quick mode that is
 * repeated for so long without an answer.
 */
#include "rule_ike.h"

#include "../../dissectors/ike_names.h"
#include "finding.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3 }; /* of quick mode, as rule_ike.c has it for openings */

static const char *mode_words(unsigned mode)
{
	switch (mode) {
	case IKE_MODE_MAIN:
		return "IKEv1 main mode";
	case IKE_MODE_AGGRESSIVE:
		return "IKEv1 aggressive mode";
	case IKE_MODE_IKEV2:
		return "IKEv2";
	default:
		return "?";
	}
}

static unsigned bit_of(unsigned mode)
{
	return mode == IKE_MODE_UNKNOWN ? 0 : 1u << mode;
}

void rule_ike_takes(struct judge *judge, const struct ike_story *story)
{
	struct judged_host *host = judge_host(judge, &story->responder);

	if (!host || !story->opened || (host->takes & bit_of(story->mode)))
		return;
	host->takes |= (uint8_t)bit_of(story->mode);
	known_note_host(judge, host);
}

/* The words of the bits that are set, in order. */
static void note_words(struct finding *finding, const char *key, unsigned bits, unsigned count,
		       const char *(*word)(unsigned bit))
{
	char words[96] = "";

	for (unsigned bit = 1; bit < count; bit++)
		if (bits & 1u << bit) {
			size_t length = strlen(words);
			snprintf(words + length, sizeof(words) - length, "%s%s", length ? ", " : "", word(bit));
		}
	if (words[0])
		finding_note_words(finding, key, words);
	else
		finding_note_text(finding, key, NULL);
}

void rule_ike_note_takes(struct judge *judge, const struct address *host, struct finding *finding, const char *key)
{
	const struct judged_host *known = judge_host(judge, host);

	note_words(finding, key, known ? known->takes : 0, IKE_MODE_COUNT, mode_words);
}

static const char *auth_words(unsigned auth)
{
	return ike_auth_name((enum ike_auth)auth);
}

void rule_ike_note_proves(struct judge *judge, const struct address *host, struct finding *finding, const char *key)
{
	const struct judged_host *known = judge_host(judge, host);

	note_words(finding, key, known ? known->proves : 0, IKE_AUTH_COUNT, auth_words);
}

/* Any sign of the responder since the first try. */
static bool lives(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
		  const struct ike_request *request)
{
	unsigned from_responder = address_equal(&pair->address[1], &story->responder);

	return judge_host_alive(judge, pair->realm, &story->responder, request->first_ns - 1) ||
	       pair->esp[from_responder].running;
}

enum finding_cause rule_ike_silence(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
				    const struct ike_request *request)
{
	const struct judged_host *host = judge_host(judge, &story->responder);
	unsigned tried = bit_of(story->mode), takes = host ? host->takes : 0;

	if (!tried || !takes || (takes & tried) || !lives(judge, pair, story, request))
		return CAUSE_NONE;
	bool v1 = takes & (bit_of(IKE_MODE_MAIN) | bit_of(IKE_MODE_AGGRESSIVE));
	return story->mode != IKE_MODE_IKEV2 && v1 ? CAUSE_MODE : CAUSE_VERSION;
}

void rule_ike_describe_silence(struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble,
			       const struct ike_story *story, struct finding *finding)
{
	const struct judged_host *host = judge_host(judge, &finding->dst);
	const struct ike_story *other = ike_story_find(judge->stories, pair->realm, pair->negotiation.established_ispi);
	unsigned tried = story ? story->mode : trouble->major == 2 ? IKE_MODE_IKEV2 : IKE_MODE_MAIN;
	const char *taken = "?";
	struct address_text a, b;

	/* What this pair agreed on says more than what others did. */
	bool same = other && other->mode != tried && address_equal(&other->responder, &finding->dst);
	for (unsigned mode = IKE_MODE_MAIN; host && mode <= IKE_MODE_IKEV2; mode++)
		if (host->takes & bit_of(mode))
			taken = mode_words(mode);
	if (same)
		taken = mode_words(other->mode);
	finding->grade = same ? GRADE_LIKELY : GRADE_POSSIBLE;
	finding_say(finding,
		    "%s opens %s with %s, %u time%s without any answer, and the %s may be why: it takes %s from %s",
		    address_text(&finding->src, &a), mode_words(tried), address_text(&finding->dst, &b), trouble->sends,
		    finding_plural(trouble->sends), finding->cause == CAUSE_MODE ? "mode" : "version", taken,
		    same ? "this peer" : "others");
	finding_note_text(finding, "attribute", finding->cause == CAUSE_MODE ? "mode" : "version");
	finding_note_text(finding, "offered", mode_words(tried));
	finding_note_text(finding, "known_to_be_taken", taken);
	finding_note_integer(finding, "tries", trouble->sends);
	rule_ike_note_proves(judge, &finding->dst, finding, "responder_proves_by");
}

/* ---- children ---- */

void rule_ike_doubt_child(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	const struct ike_request *request = story->major == 1 ? ike_story_quick_unanswered(story) : NULL;
	bool unanswered = request && request->sends >= TRIES;

	if (negotiation->doubt_ispi == story->ispi || story->child_agreed ||
	    !(story->major == 1 ? unanswered : story->child_doubted))
		return;
	negotiation->doubt_ispi = story->ispi;
	negotiation->doubt_ns = story->major == 1 ? request->first_ns : judge->now_ns;
	judge_wake(judge, pair, RULE_IKE, negotiation->doubt_ns + judge->settings.thresholds.child_doubt_ns);
}

const struct ike_story *rule_ike_childless(struct judge *judge, struct judged_pair *pair)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	int64_t due = negotiation->doubt_ns + judge->settings.thresholds.child_doubt_ns;

	if (!negotiation->doubt_ispi || !negotiation->doubt_ns)
		return NULL;
	if (judge->now_ns < due) {
		judge_wake(judge, pair, RULE_IKE, due);
		return NULL;
	}
	negotiation->doubt_ns = 0;
	const struct ike_story *story = ike_story_find(judge->stories, pair->realm, negotiation->doubt_ispi);
	if (!story || !ike_story_begun(story) || !story->established_ns || story->child_agreed || story->deleted_ns ||
	    story->child_refused_ns[0])
		return NULL;
	/* The answer to quick mode came late. */
	if (story->major == 1 && !story->quick[story->quick_latest].open)
		return NULL;
	return story;
}
