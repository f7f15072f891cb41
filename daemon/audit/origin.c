/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which exchange of IKE an SA came of, and who asked for it (RFC 7296 sections 1.2 and 1.3, RFC 2409 section 5.5).
 *
 * The SPIs of ESP stand in what IKE encrypts, so an SA is tied to an exchange by time: the latest one before its first
 * packet that no SA of its direction and protocol came of yet, within ORIGIN_NS (EVIDENCE-measured section 9: at most 16.5 s
 * in healthy negotiations) or, for the first SA of a direction, at any time before. An SA that was up before the capture
 * began has no origin in view. An exchange that may have replaced the IKE SA itself counts only where no other does.
 */
#include "judge_state.h"
#include "../../dissectors/ike_names.h"

#define SECOND INT64_C(1000000000)
#define ORIGIN_NS (30 * SECOND)
#define COLLISION_NS (2 * SECOND) /* exchanges of both sides so near to each other: either may have won */

enum { PROTOCOL_AH = 51 };

static bool makes_sas(const struct ike_event *event)
{
	if (!event->story)
		return false;
	return event->kind == IKE_EVENT_CHILD_ACCEPTED ||
	       (event->kind == IKE_EVENT_AUTH_ACCEPTED && event->story->major == 2 &&
		event->story->exchange == IKEV2_EXCHANGE_IKE_AUTH);
}

/* The message at hand is the answer. */
static void note_exchange(const struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct ike_story *story = judge->ike.story;
	const struct ike_request *request = &story->request[judge->ike.from_initiator];
	bool rekey = story->major == 2 && story->exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA &&
		     request->first_inner == IKEV2_PAYLOAD_SA && judge->message->first_inner == IKEV2_PAYLOAD_SA;

	pair->exchanges[pair->exchange_at] = (struct judged_exchange){ .time_ns = transition->time_ns,
								       .ispi = story->ispi,
								       .major = story->major,
								       .exchange = story->exchange,
								       .initiator = !transition->direction,
								       .may_be_ike = rekey };
	pair->exchange_at = (uint8_t)((pair->exchange_at + 1) % EXCHANGES_REMEMBERED);
}

void origin_transition(const struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	if (transition->kind == TRANSITION_IKE_MESSAGE && makes_sas(&judge->ike))
		note_exchange(judge, pair, transition);
}

static bool fits(const struct judged_exchange *exchange, const struct judged_sa *sa, uint8_t bit)
{
	return exchange->time_ns && !(exchange->seen & bit) &&
	       (!sa->older || sa->born_ns - exchange->time_ns <= ORIGIN_NS);
}

void origin_find(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	uint8_t bit = (uint8_t)(1u << (sa->direction + (sa->protocol == PROTOCOL_AH ? 2 : 0)));
	struct judged_exchange *best = NULL;

	sa->initiator = INITIATOR_UNKNOWN;
	for (unsigned i = 0; i < EXCHANGES_REMEMBERED; i++) {
		struct judged_exchange *exchange = &pair->exchanges[i];
		if (!fits(exchange, sa, bit))
			continue;
		if (!best || (best->may_be_ike && !exchange->may_be_ike) ||
		    (best->may_be_ike == exchange->may_be_ike && exchange->time_ns > best->time_ns))
			best = exchange;
	}
	if (!best)
		return;
	best->seen |= bit;
	sa->ike_spi = best->ispi;
	sa->ike_major = best->major;
	sa->exchange = best->exchange;
	sa->beside = best->may_be_ike;
	sa->initiator = best->initiator ? INITIATOR_B : INITIATOR_A;
	for (unsigned i = 0; i < EXCHANGES_REMEMBERED; i++) {
		const struct judged_exchange *other = &pair->exchanges[i];
		if (other != best && fits(other, sa, bit) && other->initiator != best->initiator &&
		    other->may_be_ike == best->may_be_ike && best->time_ns - other->time_ns <= COLLISION_NS)
			sa->initiator = INITIATOR_UNKNOWN;
	}
	struct ike_story *story = ike_story_find(judge->stories, pair->realm, best->ispi);
	if (story)
		ike_story_child(story, sa->spi);
}

enum record_initiator origin_of_rekeys(const struct judged_pair *pair)
{
	unsigned votes[2] = { 0, 0 };

	for (unsigned d = 0; d < 2; d++) {
		const struct judged_rekeys *rekeys = &pair->rekeys[d];
		uint32_t count = rekeys->count < REKEY_REMEMBERED ? rekeys->count : REKEY_REMEMBERED;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t place = (rekeys->at + REKEY_REMEMBERED - 1 - i) % REKEY_REMEMBERED;
			if (rekeys->initiator[place] == INITIATOR_A || rekeys->initiator[place] == INITIATOR_B)
				votes[rekeys->initiator[place] == INITIATOR_B]++;
		}
	}
	unsigned all = votes[0] + votes[1];
	if (all == 0)
		return INITIATOR_UNKNOWN;
	/* A lone exception, as after a collision, is no habit. */
	return 4 * votes[0] >= 3 * all ? INITIATOR_A : 4 * votes[1] >= 3 * all ? INITIATOR_B : INITIATOR_BOTH;
}

void origin_note(const struct judged_pair *pair, struct finding *finding)
{
	enum record_initiator initiator = origin_of_rekeys(pair);

	if (initiator == INITIATOR_A || initiator == INITIATOR_B)
		finding_note_address(finding, "initiator", &pair->address[initiator == INITIATOR_B]);
	else
		finding_note_text(finding, "initiator", initiator == INITIATOR_BOTH ? "both" : NULL);
}
