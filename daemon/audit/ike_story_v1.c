/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stories of IKEv1 (RFC 2408, 2409) and of AuthIP ([MS-AIPS]), message by message. See ike_story.h; called by ike_story.c.
 *
 * From message 5 of main mode on all is encrypted: what a message means is told by its exchange, its side and by what came
 * before it (EVIDENCE-measured section 2).
 */
#include "ike_story.h"

#include "ike_story_state.h"
#include "../../dissectors/ike_names.h"

#define SECOND INT64_C(1000000000)
#define QUICK_ANSWER_NS (3 * SECOND) /* EVIDENCE-measured section 2: a refusal of quick mode comes within this */
#define PROOF_ANSWER_NS (8 * SECOND) /* what comes later, of a proof that is not repeated, is about something else */

/* A main mode message that is encrypted, or a piece of one that must be for where it stands. */
static enum ike_event_kind v1_main_proof(struct ike_story *story, const struct ike_message *message,
					 const struct ike_arrival *arrival, unsigned side)
{
	if (!story->roles_known)
		return IKE_EVENT_PROGRESS;
	if (side == 0) {
		if (message->protection == IKE_CLEAR_FRAGMENT && !story->answered_ns)
			return IKE_EVENT_PROGRESS;
		if (story->auth_sent_ns)
			return IKE_EVENT_PROGRESS;
		story->auth_sent_ns = arrival->time_ns;
		story->auth_octets = arrival->length;
		return IKE_EVENT_AUTH_SENT;
	}
	if (message->protection == IKE_CLEAR_FRAGMENT && !story->auth_sent_ns)
		return IKE_EVENT_PROGRESS;
	return ike_story_accepted(story, arrival->time_ns);
}

static enum ike_event_kind v1_phase1(struct ike_story *story, const struct ike_message *message,
				     const struct ike_arrival *arrival, unsigned side)
{
	bool aggressive = message->header.exchange == IKEV1_EXCHANGE_AGGRESSIVE;

	if (message->sa_count > 0) {
		if (side == 0) {
			ike_suite_read(message, &story->offered);
			story->opened = true;
			return IKE_EVENT_OPENED;
		}
		return ike_story_selected(story, message, arrival->time_ns);
	}
	if (aggressive) {
		/* Message 3, encrypted or not; seen alone it still says that phase 1 went through. */
		if (side == 0 && story->roles_known && story->answered_ns) {
			story->auth_sent_ns = arrival->time_ns;
			return ike_story_accepted(story, arrival->time_ns);
		}
		return IKE_EVENT_PROGRESS;
	}
	if (message->protection == IKE_ENCRYPTED || message->protection == IKE_CLEAR_FRAGMENT)
		return v1_main_proof(story, message, arrival, side);
	return IKE_EVENT_PROGRESS;
}

static struct ike_quick *quick_find(struct ike_story *story, uint32_t id)
{
	for (unsigned i = 0; i < IKE_STORY_QUICKS; i++)
		if (story->quick[i].begun_ns && story->quick[i].id == id)
			return &story->quick[i];
	return NULL;
}

/*
 * Takes the place of the oldest. If that may yet be answered, more of them are under way than are remembered, and whose a message
 * with an unknown ID is nobody can say: it opens nothing that could be refused.
 */
static void quick_begin(struct ike_story *story, uint32_t id, unsigned side, int64_t now_ns, uint64_t digest)
{
	story->quick_latest = (uint8_t)((story->quick_latest + 1) % IKE_STORY_QUICKS);
	struct ike_quick *quick = &story->quick[story->quick_latest];
	bool crowded = quick->begun_ns && now_ns - quick->begun_ns <= QUICK_ANSWER_NS;
	*quick = (struct ike_quick){
		.begun_ns = now_ns, .digest = digest, .id = id, .side = (uint8_t)side, .open = !crowded
	};
}

/* The quick mode that a notice of this side would refuse: the oldest that the other side opened lately. */
static struct ike_quick *quick_refusable(struct ike_story *story, unsigned side, int64_t now_ns)
{
	struct ike_quick *found = NULL;

	for (unsigned i = 0; i < IKE_STORY_QUICKS; i++) {
		struct ike_quick *quick = &story->quick[i];
		if (quick->open && quick->side != side && now_ns - quick->begun_ns <= QUICK_ANSWER_NS &&
		    (!found || quick->begun_ns < found->begun_ns))
			found = quick;
	}
	return found;
}

/*
 * The last message of phase 1 is the sender's own proof, and what XAUTH ends with is not to be read: that neither is believed shows in
 * a notice or a Delete at once behind it, where quick mode should be. So may the notice of a first contact, but then more follows.
 */
static void v1_disowned(struct ike_story *story, int64_t now_ns, unsigned side)
{
	int64_t proven_ns =
	    story->transaction_ns > story->established_ns ? story->transaction_ns : story->established_ns;

	if (story->disowned_ns) {
		if (now_ns - story->disowned_ns > IKE_STORY_DISOWN_NS)
			story->disowned_ns = 0;
		return;
	}
	if (!ike_story_begun(story) || !story->established_ns || story->rejected_ns || ike_story_quick_began(story) ||
	    now_ns - proven_ns > IKE_STORY_DISOWN_NS)
		return;
	story->disowned_ns = now_ns;
	story->disowned_side = (uint8_t)side;
}

static enum ike_event_kind v1_quick(struct ike_story *story, const struct ike_message *message,
				    const struct ike_arrival *arrival, unsigned side, uint64_t digest)
{
	enum ike_event_kind up = ike_story_accepted(story, arrival->time_ns);
	story->disowned_ns = 0;
	struct ike_quick *quick = quick_find(story, message->header.message_id);

	if (!quick) {
		quick_begin(story, message->header.message_id, side, arrival->time_ns, digest);
		return up;
	}
	/* Whoever opened it and says something else now was answered, in view or not. */
	if (quick->agreed || quick->digest == digest)
		return up;
	/* What looked like a refusal was a notice that came before the answer. */
	quick->open = false;
	quick->agreed = true;
	return ike_story_child_agreed(story, arrival->time_ns);
}

const struct ike_request *ike_story_quick_unanswered(const struct ike_story *story)
{
	const struct ike_quick *quick = &story->quick[story->quick_latest];
	const struct ike_request *request = &story->request[quick->side];

	return quick->open && request->exchange == IKEV1_EXCHANGE_QUICK && request->message_id == quick->id ? request
													    : NULL;
}

/* RFC 2408 section 3.14.1 */
static bool about_a_proof(uint16_t notify)
{
	switch (notify) {
	case IKEV1_NOTIFY_INVALID_ID_INFORMATION:
	case IKEV1_NOTIFY_INVALID_CERT_ENCODING:
	case IKEV1_NOTIFY_INVALID_CERTIFICATE:
	case IKEV1_NOTIFY_CERT_TYPE_UNSUPPORTED:
	case IKEV1_NOTIFY_INVALID_CERT_AUTHORITY:
	case IKEV1_NOTIFY_INVALID_HASH_INFORMATION:
	case IKEV1_NOTIFY_AUTHENTICATION_FAILED:
	case IKEV1_NOTIFY_INVALID_SIGNATURE:
	case IKEV1_NOTIFY_CERTIFICATE_UNAVAILABLE:
		return true;
	default:
		return false;
	}
}

/*
 * Whether what this side says alone would be about the other's proof. That is answered soon, or repeated; that it was believed may be
 * out of view, and the next that is heard of it somebody who asks whether the peer lives.
 */
static bool is_proving(const struct ike_story *story, int64_t now_ns, unsigned side)
{
	const struct ike_request *proof = &story->request[!side];

	if (!story->roles_known || story->established_ns ||
	    !(side == 1                            ? story->auth_sent_ns
	      : story->mode == IKE_MODE_AGGRESSIVE ? story->answered_ns
						   : 0))
		return false;
	return proof->sends > 1 || now_ns - proof->first_ns <= PROOF_ANSWER_NS;
}

static enum ike_event_kind v1_informational(struct ike_story *story, const struct ike_message *message,
					    const struct ike_arrival *arrival, unsigned side, struct ike_event *event)
{
	struct ike_quick *refused = quick_refusable(story, side, arrival->time_ns);
	bool proving = is_proving(story, arrival->time_ns, side);

	if (message->protection == IKE_CLEAR) {
		const struct ike_notify *error = ike_story_error_in_clear(message);
		if (!error)
			return IKE_EVENT_PROGRESS;
		event->notify = error->type;
		if (error->type == IKEV1_NOTIFY_INVALID_SPI || error->type == IKEV1_NOTIFY_INVALID_COOKIE)
			return IKE_EVENT_NOTIFIED;
		if (refused) {
			refused->open = false;
			return ike_story_child_refused(story, arrival->time_ns);
		}
		/* A proof by GSS-API goes with the key exchange, in clear, before anything is encrypted. */
		if (proving || (story->answered_ns && !story->established_ns && about_a_proof(error->type)))
			return ike_story_rejected(story, arrival->time_ns);
		bool opening = side == 1 && story->opened && !story->established_ns;
		return opening ? ike_story_refused(story, message, arrival, error) : IKE_EVENT_NOTIFIED;
	}
	if (proving)
		return ike_story_rejected(story, arrival->time_ns);
	if (refused) {
		refused->open = false;
		return ike_story_child_refused(story, arrival->time_ns);
	}
	if (!story->rejected_ns && !ike_story_begun(story))
		ike_story_accepted(story, arrival->time_ns);
	v1_disowned(story, arrival->time_ns, side);
	return IKE_EVENT_PROGRESS;
}

/* AuthIP ([MS-AIPS] section 3): proofs go with the key exchange, in clear, and how many there are depends on the method. */
static enum ike_event_kind authip_main(struct ike_story *story, const struct ike_message *message,
				       const struct ike_arrival *arrival, unsigned side)
{
	story->authip = true;
	if (message->sa_count == 0)
		return IKE_EVENT_PROGRESS;
	if (side == 1)
		return ike_story_selected(story, message, arrival->time_ns);
	ike_suite_read(message, &story->offered);
	story->opened = true;
	return IKE_EVENT_OPENED;
}

enum ike_event_kind ike_story_v1(struct ike_story *story, const struct ike_message *message,
				 const struct ike_arrival *arrival, unsigned side, uint64_t digest,
				 struct ike_event *event)
{
	struct ike_request *own = &story->request[side], *other = &story->request[!side];

	if (message->fragment_number > 1) {
		if (own->sends && ike_story_request_piece(own, message, arrival) && side == 0 && story->auth_sent_ns &&
		    own->exchange == message->header.exchange)
			story->auth_octets = own->octets;
		return IKE_EVENT_NONE;
	}
	if (own->sends && own->digest == digest)
		return ike_story_request_again(own, arrival->time_ns) ? IKE_EVENT_REPEATED : IKE_EVENT_NONE;
	ike_story_request_begin(own, message, arrival, digest);
	if (other->sends)
		other->answered = true;
	switch (message->header.exchange) {
	case IKEV1_EXCHANGE_MAIN:
	case IKEV1_EXCHANGE_AGGRESSIVE:
		return v1_phase1(story, message, arrival, side);
	case IKEV1_EXCHANGE_QUICK:
		return v1_quick(story, message, arrival, side, digest);
	case IKEV1_EXCHANGE_TRANSACTION:
		story->transaction_ns = arrival->time_ns;
		story->disowned_ns = 0;
		return ike_story_accepted(story, arrival->time_ns);
	case IKEV1_EXCHANGE_INFORMATIONAL:
	case IKEV1_EXCHANGE_AUTHIP_NOTIFY:
		return v1_informational(story, message, arrival, side, event);
	case IKEV1_EXCHANGE_AUTHIP_MAIN:
		return authip_main(story, message, arrival, side);
	case IKEV1_EXCHANGE_AUTHIP_QUICK:
		return v1_quick(story, message, arrival, side, digest);
	case IKEV1_EXCHANGE_AUTHIP_EXTENDED:
		return ike_story_accepted(story, arrival->time_ns);
	default:
		return IKE_EVENT_PROGRESS;
	}
}
