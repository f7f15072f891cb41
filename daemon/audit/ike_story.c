/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_story.h. Called by the judge for each IKE message; records are ike_story_record.c's. */
#include "ike_story.h"

#include "hash.h"
#include "ike_story_state.h"
#include "../../dissectors/ike_names.h"
#include "../../dissectors/ike_vendor.h"

#include <stdlib.h>
#include <string.h>

#define MILLISECOND INT64_C(1000000)

#define OUTLIVED_NS                                                                                                    \
	(INT64_C(3600000) * MILLISECOND) /* quiet for so long, a story makes room without that being a lack of it */
#define COPY_NS (50 * MILLISECOND)       /* EVIDENCE-measured section 7: what comes again so soon is a copy */

enum {
	STATUS_TYPES = 16384, /* RFC 7296 section 3.10.1, RFC 2408 section 3.14.1: from here on no errors */
	FRAGMENT_BITS = 64,
	CHILD_REQUEST_MIN = 200, /* octets; the same: a proof that asks for a child too; without 176 */
	KEY_REQUEST_MAX = 800,   /* octets; EVIDENCE-measured section 3: longer proofs carry certificates */
	LONE_NOTIFY_MAX = 80, /* octets; the same, section 1: one notify without data, where those of MOBIKE have 96 */
	REFUSAL_MAX = 128, /* octets; a notify by the widest of ciphers, where an SA, a nonce and selectors have 180 */
	EAP_END_MAX = 80,  /* octets; an answer with the four of EAP-Success or EAP-Failure, by the widest of ciphers */
};

struct ike_stories *ike_stories_new(const struct ike_stories_settings *settings)
{
	struct ike_stories *stories = calloc(1, sizeof(*stories));
	if (!stories)
		return NULL;
	stories->settings = *settings;
	if (!table_init(&stories->table, sizeof(struct ike_story), settings->capacity)) {
		free(stories);
		return NULL;
	}
	/* The first that have to make room may stand behind all that is established: their search is paid for already. */
	stories->patience = stories->table.capacity;
	return stories;
}

void ike_stories_free(struct ike_stories *stories)
{
	if (!stories)
		return;
	table_destroy(&stories->table);
	free(stories);
}

uint64_t ike_stories_evicted(const struct ike_stories *stories)
{
	return stories->table.evicted;
}

uint64_t ike_stories_crowded_out(const struct ike_stories *stories)
{
	return stories->table.evicted - stories->outlived;
}

uint64_t ike_story_cost(void)
{
	return table_cost(sizeof(struct ike_story));
}

uint64_t ike_stories_memory(const struct ike_stories *stories)
{
	return table_resident(&stories->table);
}

/* ---- the table ---- */

/* Higher goes first. */
static unsigned eviction_rank(const struct ike_story *story)
{
	if (story->established_ns)
		return 0;
	if (story->auth_sent_ns)
		return 1;
	return story->progressed ? 2 : 3;
}

/*
 * The worst of a few entries goes. Established stories often stand side by side: as long as there is nothing else among
 * them the search goes on, by what evictions have saved up for it, so that its cost stays flat under a flood.
 */
static void evict_one(struct ike_stories *stories, int64_t now_ns)
{
	enum { CANDIDATES = 16, SAVED = 256 };
	uint32_t victim = 0;
	unsigned victim_rank = 0;

	stories->patience += SAVED;
	if (stories->patience > stories->table.capacity)
		stories->patience = stories->table.capacity;
	for (unsigned i = 0; i < CANDIDATES || (victim_rank == 0 && stories->patience > 0); i++) {
		uint32_t number = table_sample(&stories->table);
		if (!number)
			break;
		if (i >= CANDIDATES)
			stories->patience--;
		const struct ike_story *candidate = table_at(&stories->table, number);
		const struct ike_story *worst = table_at(&stories->table, victim);
		unsigned rank = eviction_rank(candidate);
		if (!victim || rank > victim_rank || (rank == victim_rank && candidate->last_ns < worst->last_ns)) {
			victim = number;
			victim_rank = rank;
		}
	}
	if (!victim)
		return;
	const struct ike_story *story = table_at(&stories->table, victim);
	stories->outlived += now_ns - story->last_ns > OUTLIVED_NS;
	table_evict(&stories->table, victim);
}

static uint64_t key_hash(const struct ike_stories *stories, uint32_t realm, uint64_t ispi)
{
	struct {
		uint64_t spi;
		uint32_t realm, zero;
	} key = { ispi, realm, 0 };
	return hash_octets(&key, sizeof(key), stories->settings.seed);
}

void ike_stories_fetch(const struct ike_stories *stories, uint32_t realm, uint64_t ispi, bool found)
{
	uint64_t hash = key_hash(stories, realm, ispi);

	if (!found) {
		table_prefetch_bucket(&stories->table, hash);
		return;
	}
	/* What any message touches: suites and names, in between, are for few. */
	const struct ike_story *story = table_at(&stories->table, table_first(&stories->table, hash));
	pages_fetch_range(story, &story->offered);
	pages_fetch_range(&story->auth_octets, story + 1);
}

struct ike_story *ike_story_find(struct ike_stories *stories, uint32_t realm, uint64_t ispi)
{
	uint32_t number = table_find(&stories->table, key_hash(stories, realm, ispi));
	return number ? table_at(&stories->table, number) : NULL;
}

static struct ike_story *obtain(struct ike_stories *stories, const struct ike_arrival *arrival,
				const struct ike_header *header, bool *born)
{
	uint64_t hash = key_hash(stories, arrival->realm, header->initiator_spi);
	uint32_t number = table_find(&stories->table, hash);

	*born = number == 0;
	if (number)
		return table_at(&stories->table, number);
	number = table_insert(&stories->table, hash);
	if (!number) {
		evict_one(stories, arrival->time_ns);
		number = table_insert(&stories->table, hash);
		if (!number)
			return NULL;
	}
	struct ike_story *story = table_at(&stories->table, number);
	story->realm = arrival->realm;
	story->initiator = arrival->src;
	story->responder = arrival->dst;
	story->opened_direction = arrival->direction;
	story->ispi = header->initiator_spi;
	story->first_ns = arrival->time_ns;
	return story;
}

/* ---- what a message says in clear ---- */

static void note_notifies(struct ike_story *story, const struct ike_message *message, unsigned side)
{
	for (unsigned i = 0; i < message->notify_count; i++) {
		uint16_t type = message->notifies[i].type;
		bool known = false;
		for (unsigned n = 0; n < story->notify_count && !known; n++)
			known = story->notifies[n] == type;
		if (!known && story->notify_count < IKE_STORY_NOTIFIES)
			story->notifies[story->notify_count++] = type;
		if (message->header.major == 2 && type == IKEV2_NOTIFY_CHILDLESS_IKEV2_SUPPORTED)
			story->childless = true;
		if (message->header.major == 2 && type == IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED)
			story->fragments[side] = true;
	}
}

static void note_vendors(struct ike_story *story, const struct ike_message *message, const uint8_t *octets,
			 unsigned side)
{
	for (unsigned i = 0; i < message->vendor_count; i++) {
		struct ike_vendor vendor;
		struct ike_slice slice = message->vendors[i];
		bool known = false;
		if (!slice.length || !ike_vendor_identify(octets + slice.offset, slice.length, &vendor))
			continue;
		story->gssapi |= vendor.feature == IKE_VENDOR_GSSAPI;
		story->fragments[side] |= vendor.feature == IKE_VENDOR_FRAGMENTATION;
		story->xauth |= vendor.feature == IKE_VENDOR_XAUTH;
		const char *name = vendor.detail ? vendor.detail : vendor.name;
		for (unsigned n = 0; n < story->vendor_count && !known; n++)
			known = strcmp(story->vendors[n], name) == 0;
		if (!known && story->vendor_count < IKE_STORY_VENDORS)
			story->vendors[story->vendor_count++] = name;
	}
}

static void note_authorities(struct ike_story *story, const struct ike_message *message, const uint8_t *octets,
			     unsigned side)
{
	for (unsigned i = 0; i < message->certreq_count; i++) {
		struct ike_slice name = message->certreqs[i].data;
		uint8_t *count = &story->authority_count[side];
		bool known = false;
		if (!name.length) /* "any authority" */
			continue;
		uint32_t hash = (uint32_t)hash_octets(octets + name.offset, name.length, 0);
		for (unsigned n = 0; n < *count && !known; n++)
			known = story->authorities[side][n] == hash;
		if (!known && *count < IKE_STORY_AUTHORITIES)
			story->authorities[side][(*count)++] = hash;
	}
}

static void note_nat(struct ike_stories *stories, struct ike_story *story, const struct ike_arrival *arrival,
		     const struct ike_message *message, unsigned side)
{
	const struct ike_algorithm *hash = ike_suite_find(&story->selected, IKE_ALGORITHM_PRF);

	if (!stories->settings.hash || !message->nat_hash_count)
		return;
	struct ike_nat_result result = ike_nat_compare(
	    message, arrival->octets, &arrival->src, arrival->src_port, &arrival->dst, arrival->dst_port,
	    ike_nat_algorithm(hash ? hash->id : 0), stories->settings.hash, stories->settings.hash_context);
	if (result.source == IKE_NAT_NOT_SAID && result.destination == IKE_NAT_NOT_SAID)
		return;
	story->nat_known = true;
	story->nat_side[side] |= result.source == IKE_NAT_TRANSLATED;
	story->nat_side[!side] |= result.destination == IKE_NAT_TRANSLATED;
}

/* The first error that the message says in clear; NULL if it says none. */
const struct ike_notify *ike_story_error_in_clear(const struct ike_message *message)
{
	for (unsigned i = 0; i < message->notify_count; i++)
		if (message->notifies[i].type < STATUS_TYPES && message->notifies[i].type > 0)
			return &message->notifies[i];
	return NULL;
}

static bool offers_quantum_safety(const struct ike_suite *suite)
{
	for (unsigned i = 0; i < suite->count; i++)
		if (ike_algorithm_quantum_safe(&suite->algorithms[i]))
			return true;
	return false;
}

enum ike_event_kind ike_story_selected(struct ike_story *story, const struct ike_message *message, int64_t now_ns)
{
	if (story->answered_ns)
		return IKE_EVENT_PROGRESS;
	ike_suite_read(message, &story->selected);
	story->quantum_safe = offers_quantum_safety(&story->selected);
	story->asked_certificate = message->certreq_count > 0;
	story->answered_ns = now_ns;
	return IKE_EVENT_ANSWERED;
}

enum ike_event_kind ike_story_refused(struct ike_story *story, const struct ike_message *message,
				      const struct ike_arrival *arrival, const struct ike_notify *notify)
{
	story->refused_ns = arrival->time_ns;
	story->refusal = notify->type;
	if (message->header.major == 2 && notify->type == IKEV2_NOTIFY_INVALID_KE_PAYLOAD) {
		story->group_refusals++;
		if (notify->data.length == 2)
			story->wanted_group = (uint16_t)(arrival->octets[notify->data.offset] << 8 |
							 arrival->octets[notify->data.offset + 1]);
	}
	return IKE_EVENT_REFUSED;
}

enum ike_event_kind ike_story_accepted(struct ike_story *story, int64_t now_ns)
{
	story->rejected_ns = 0;
	if (story->established_ns)
		return IKE_EVENT_PROGRESS;
	story->established_ns = now_ns;
	return IKE_EVENT_AUTH_ACCEPTED;
}

/* RFC 7296 section 2.16: the answer that looked like the last was the responder's proof alone. */
static enum ike_event_kind continued(struct ike_story *story)
{
	story->established_ns = 0;
	story->child_agreed = story->child_doubted = false;
	return IKE_EVENT_AUTH_CONTINUED;
}

enum ike_event_kind ike_story_rejected(struct ike_story *story, int64_t now_ns)
{
	story->rejected_ns = now_ns;
	story->established_ns = 0;
	return IKE_EVENT_AUTH_REJECTED;
}

enum ike_event_kind ike_story_child_agreed(struct ike_story *story, int64_t now_ns)
{
	if (!story->established_ns)
		story->established_ns = now_ns;
	story->child_agreed = true;
	memset(story->child_refused_ns, 0, sizeof(story->child_refused_ns));
	return IKE_EVENT_CHILD_ACCEPTED;
}

enum ike_event_kind ike_story_child_refused(struct ike_story *story, int64_t now_ns)
{
	memmove(story->child_refused_ns + 1, story->child_refused_ns,
		sizeof(story->child_refused_ns) - sizeof(story->child_refused_ns[0]));
	story->child_refused_ns[0] = now_ns;
	return IKE_EVENT_CHILD_REFUSED;
}

/* ---- requests and their repetition ---- */

void ike_story_request_begin(struct ike_request *request, const struct ike_message *message,
			     const struct ike_arrival *arrival, uint64_t digest)
{
	*request = (struct ike_request){
		.first_ns = arrival->time_ns,
		.last_ns = arrival->time_ns,
		.digest = digest,
		.message_id = message->header.message_id,
		.octets = arrival->length,
		.largest = arrival->largest ? arrival->largest : arrival->length,
		.exchange = message->header.exchange,
		.first_inner = message->first_inner,
		.sends = 1,
		.fragments = UINT64_C(1) << (message->fragment_number % FRAGMENT_BITS),
	};
}

/* Whether it is news that the same request came again; a mirror's copy is not. */
bool ike_story_request_again(struct ike_request *request, int64_t now_ns)
{
	int64_t gap = now_ns - request->last_ns;

	if (gap < COPY_NS)
		return false;
	int64_t tenths = gap / (100 * MILLISECOND);
	request->last_ns = now_ns;
	request->gap_ds = tenths > UINT16_MAX ? UINT16_MAX : (uint16_t)tenths;
	if (request->sends <= IKE_STORY_GAPS)
		request->gaps_ds[request->sends - 1] = request->gap_ds;
	if (request->sends < UINT16_MAX)
		request->sends++;
	return true;
}

/* A further piece of a request in fragments. True if it is another one than those seen. */
bool ike_story_request_piece(struct ike_request *request, const struct ike_message *message,
			     const struct ike_arrival *arrival)
{
	uint64_t bit = UINT64_C(1) << (message->fragment_number % FRAGMENT_BITS);

	if (request->fragments & bit)
		return false;
	request->fragments |= bit;
	request->octets += arrival->length;
	if (arrival->length > request->largest)
		request->largest = arrival->length;
	return true;
}

/* ---- IKEv2 ---- */

/* A further fragment of a request. Fragments may come in any order, and only the first says what is inside. */
static void v2_piece(struct ike_story *story, struct ike_request *request, const struct ike_message *message)
{
	if (message->fragment_number == 1)
		request->first_inner = message->first_inner;
	if (request->exchange != IKEV2_EXCHANGE_IKE_AUTH)
		return;
	if (request->first_inner == IKEV2_PAYLOAD_EAP)
		story->eap = true;
	if (request->first_ns == story->auth_sent_ns)
		story->auth_octets = request->octets;
}

static enum ike_event_kind v2_request(struct ike_story *story, const struct ike_message *message,
				      const struct ike_arrival *arrival, unsigned side, uint64_t digest)
{
	struct ike_request *request = &story->request[side];
	uint8_t exchange = message->header.exchange;
	bool opening = exchange == IKEV2_EXCHANGE_IKE_SA_INIT || exchange == IKEV2_EXCHANGE_IKE_SESSION_RESUME;
	bool same = request->sends && request->message_id == message->header.message_id &&
		    request->exchange == exchange && (!opening || request->digest == digest);

	if (same) {
		if (ike_story_request_piece(request, message, arrival)) {
			v2_piece(story, request, message);
			return IKE_EVENT_NONE;
		}
		if (message->fragment_number > 1 || !ike_story_request_again(request, arrival->time_ns))
			return IKE_EVENT_NONE;
		return IKE_EVENT_REPEATED;
	}
	bool changed = request->sends && opening && request->exchange == exchange;
	bool goes_on = request->answered && request->exchange == IKEV2_EXCHANGE_IKE_AUTH &&
		       message->header.message_id == request->message_id + 1;
	/* An older request that comes late must not take the place of the one under way. */
	if (request->sends && !opening && message->header.message_id < request->message_id)
		return IKE_EVENT_NONE;
	ike_story_request_begin(request, message, arrival, digest);
	story->closed_ns = story->disowned_ns = 0;
	if (opening) {
		ike_suite_read(message, &story->offered);
		story->opened = true;
		return changed ? IKE_EVENT_RETRIED : IKE_EVENT_OPENED;
	}
	switch (exchange) {
	case IKEV2_EXCHANGE_IKE_AUTH:
		if (message->first_inner == IKEV2_PAYLOAD_EAP)
			story->eap = true;
		story->eap_ended_ns = 0;
		if (goes_on && story->established_ns)
			return continued(story);
		if (story->auth_sent_ns)
			return IKE_EVENT_PROGRESS;
		story->auth_sent_ns = arrival->time_ns;
		story->auth_octets = request->octets;
		return IKE_EVENT_AUTH_SENT;
	case IKEV2_EXCHANGE_CREATE_CHILD_SA:
		story->child_exchanges++;
		ike_story_accepted(story, arrival->time_ns);
		return IKE_EVENT_PROGRESS;
	case IKEV2_EXCHANGE_INFORMATIONAL:
		if (message->first_inner == IKEV2_PAYLOAD_DELETE)
			story->deleted_ns = arrival->time_ns;
		/* RFC 7296 section 2.21.2: the responder's proof was not believed, as it may be. */
		if (goes_on && side == 0 && story->established_ns && message->first_inner == IKEV2_PAYLOAD_NOTIFY &&
		    arrival->length <= LONE_NOTIFY_MAX &&
		    arrival->time_ns - story->established_ns <= IKE_STORY_DISOWN_NS)
			story->disowned_ns = arrival->time_ns;
		if (message->protection != IKE_CLEAR && !story->rejected_ns)
			ike_story_accepted(story, arrival->time_ns);
		return IKE_EVENT_PROGRESS;
	default:
		return IKE_EVENT_PROGRESS;
	}
}

static enum ike_event_kind v2_auth_answer(struct ike_story *story, const struct ike_message *message,
					  const struct ike_arrival *arrival, const struct ike_request *request)
{
	switch (message->first_inner) {
	case IKEV2_PAYLOAD_NOTIFY:
		/* Without its request in view there is nothing to tell a refusal by. */
		return request ? ike_story_rejected(story, arrival->time_ns) : IKE_EVENT_PROGRESS;
	case IKEV2_PAYLOAD_EAP:
		story->eap = true;
		story->eap_ended_ns = request && arrival->length <= EAP_END_MAX ? arrival->time_ns : 0;
		return IKE_EVENT_PROGRESS;
	case IKEV2_PAYLOAD_IDR:
	case IKEV2_PAYLOAD_AUTH:
		if (!story->answer_octets)
			story->answer_octets = arrival->length;
		/* EVIDENCE-measured section 1: with keys an answer that brings no child is about half its request. */
		if (request && !story->eap && story->auth_octets < KEY_REQUEST_MAX) {
			bool whole = 100 * (uint64_t)arrival->length >= 56 * (uint64_t)story->auth_octets;
			story->child_agreed |= whole;
			story->child_doubted = !whole && story->auth_octets >= CHILD_REQUEST_MIN;
		}
		return ike_story_accepted(story, arrival->time_ns);
	default:
		return IKE_EVENT_PROGRESS;
	}
}

static enum ike_event_kind v2_response(struct ike_story *story, const struct ike_message *message,
				       const struct ike_arrival *arrival, unsigned side, struct ike_event *event)
{
	struct ike_request *request = &story->request[!side];
	uint8_t exchange = message->header.exchange;
	bool matches =
	    request->sends && request->message_id == message->header.message_id && request->exchange == exchange;
	bool again = matches && request->understood;

	if (matches)
		request->answered = true;
	if (message->fragment_number > 1)
		return IKE_EVENT_NONE;
	if (matches)
		request->understood = true;
	switch (exchange) {
	case IKEV2_EXCHANGE_IKE_SA_INIT:
	case IKEV2_EXCHANGE_IKE_SESSION_RESUME: {
		const struct ike_notify *error = ike_story_error_in_clear(message);
		if (message->proposal_count > 0 ||
		    (exchange == IKEV2_EXCHANGE_IKE_SESSION_RESUME && !error && message->nonce_count))
			return ike_story_selected(story, message, arrival->time_ns);
		if (ike_message_notify(message, IKEV2_NOTIFY_COOKIE))
			return IKE_EVENT_CHALLENGED;
		if (!error || !matches || again)
			return IKE_EVENT_PROGRESS;
		event->notify = error->type;
		return ike_story_refused(story, message, arrival, error);
	}
	case IKEV2_EXCHANGE_IKE_AUTH:
		if (again && !story->rejected_ns)
			return IKE_EVENT_NONE;
		return v2_auth_answer(story, message, arrival, matches ? request : NULL);
	case IKEV2_EXCHANGE_CREATE_CHILD_SA:
		if (again)
			return IKE_EVENT_NONE;
		story->child_exchanges += !matches;
		ike_story_accepted(story, arrival->time_ns);
		/* Transport mode announces itself by a notify too; only a short one is a refusal. */
		if (matches && message->first_inner == IKEV2_PAYLOAD_NOTIFY && arrival->length <= REFUSAL_MAX &&
		    10 * (uint64_t)arrival->length <= 6 * (uint64_t)request->octets)
			return ike_story_child_refused(story, arrival->time_ns);
		return matches ? ike_story_child_agreed(story, arrival->time_ns) : IKE_EVENT_PROGRESS;
	case IKEV2_EXCHANGE_INFORMATIONAL:
		if (message->protection != IKE_CLEAR && !story->rejected_ns)
			ike_story_accepted(story, arrival->time_ns);
		/* RFC 7296 section 1.4.1: that of a child is answered by the Delete of its other direction. */
		if (matches && request->first_inner == IKEV2_PAYLOAD_DELETE && message->first_inner == 0)
			story->closed_ns = arrival->time_ns;
		return IKE_EVENT_PROGRESS;
	default:
		return IKE_EVENT_PROGRESS;
	}
}

static enum ike_event_kind v2_message(struct ike_story *story, const struct ike_message *message,
				      const struct ike_arrival *arrival, unsigned side, uint64_t digest,
				      struct ike_event *event)
{
	if (message->header.exchange == IKEV2_EXCHANGE_INFORMATIONAL && message->protection == IKE_CLEAR) {
		const struct ike_notify *error = ike_story_error_in_clear(message);
		event->notify = error ? error->type : 0;
		return error ? IKE_EVENT_NOTIFIED : IKE_EVENT_PROGRESS;
	}
	if (message->header.flags & IKEV2_FLAG_RESPONSE)
		return v2_response(story, message, arrival, side, event);
	return v2_request(story, message, arrival, side, digest);
}

/* ---- one message ---- */

static uint8_t mode_of(const struct ike_header *header)
{
	if (header->major >= 2)
		return IKE_MODE_IKEV2;
	if (header->exchange == IKEV1_EXCHANGE_MAIN)
		return IKE_MODE_MAIN;
	if (header->exchange == IKEV1_EXCHANGE_AGGRESSIVE)
		return IKE_MODE_AGGRESSIVE;
	return IKE_MODE_UNKNOWN;
}

/* By addresses, of which a NAT may have changed one meanwhile. */
static bool sent_by_initiator(const struct ike_story *story, const struct ike_arrival *arrival)
{
	if (address_equal(&arrival->src, &story->initiator))
		return true;
	if (address_equal(&arrival->src, &story->responder))
		return false;
	return address_equal(&arrival->dst, &story->responder);
}

/* 0 if the message comes from the initiator, 1 if from the responder; learns which is which. */
static unsigned side_of(struct ike_story *story, const struct ike_arrival *arrival, const struct ike_header *header)
{
	bool v2 = header->major >= 2;
	bool from_initiator = v2 ? (header->flags & IKEV2_FLAG_INITIATOR) != 0 : header->responder_spi == 0;

	/* A proposal in answer to a cookie is the responder's, seen though its question was not. */
	bool answers = !v2 && header->responder_spi && header->next_payload == IKEV1_PAYLOAD_SA &&
		       (header->exchange == IKEV1_EXCHANGE_MAIN || header->exchange == IKEV1_EXCHANGE_AGGRESSIVE);
	bool notice =
	    header->exchange == IKEV1_EXCHANGE_INFORMATIONAL || header->exchange == IKEV1_EXCHANGE_AUTHIP_NOTIFY;
	/* An error in clear that answers a first message has no responder cookie either, but comes from the responder. */
	if (!v2 && from_initiator && notice)
		from_initiator = story->roles_known && sent_by_initiator(story, arrival);
	else if (!story->roles_known && (v2 || from_initiator || answers)) {
		story->roles_known = true;
		story->initiator = from_initiator ? arrival->src : arrival->dst;
		story->responder = from_initiator ? arrival->dst : arrival->src;
		story->opened_direction = from_initiator ? arrival->direction : !arrival->direction;
	}
	if (v2)
		return from_initiator ? 0 : 1;
	return sent_by_initiator(story, arrival) ? 0 : 1;
}

/* Addresses may change under an IKE SA. They can be forged, too: it has moved once both sides spoke elsewhere. Returns the pair
 * it moved from, 0 if it did not. */
static uint64_t note_pair(struct ike_story *story, uint64_t pair, unsigned side)
{
	uint64_t before = story->pair;

	if (!before || pair == before) {
		story->pair = pair;
		story->next_pair = 0;
		return 0;
	}
	if (pair != story->next_pair)
		story->next_sides = 0;
	story->next_pair = pair;
	story->next_sides |= (uint8_t)(1u << side);
	if (story->next_sides != 3)
		return 0;
	story->pair = pair;
	story->next_pair = 0;
	return before;
}

/* How the side repeats itself, by the request that it repeated most. */
static void note_schedule(struct ike_story *story, unsigned side)
{
	const struct ike_request *request = &story->request[side];
	unsigned gaps = request->sends - 1u < IKE_STORY_GAPS ? request->sends - 1u : IKE_STORY_GAPS;

	story->repeated++;
	if (gaps < story->schedule_count || (gaps == story->schedule_count && request->sends - 1u > gaps))
		return;
	story->schedule_count = (uint8_t)gaps;
	story->schedule_responder = side == 1;
	memcpy(story->schedule_ds, request->gaps_ds, sizeof(story->schedule_ds));
}

struct ike_event ike_story_message(struct ike_stories *stories, const struct ike_arrival *arrival,
				   const struct ike_message *message)
{
	const struct ike_header *header = &message->header;
	struct ike_event event = { .kind = IKE_EVENT_NONE };
	struct ike_story *story = obtain(stories, arrival, header, &event.born);

	if (!story)
		return event;
	event.story = story;
	unsigned side = side_of(story, arrival, header);
	event.from_initiator = side == 0;
	event.moved_from = note_pair(story, arrival->pair, side);
	story->last_ns = arrival->time_ns;
	/* An answer in the other version is about this story, and does not change what it is. */
	bool foreign = story->major && story->major != header->major;
	if (!foreign) {
		story->major = header->major;
		story->minor = header->minor;
		story->exchange = header->exchange;
	}
	if (header->responder_spi)
		story->rspi = header->responder_spi;
	if (story->mode == IKE_MODE_UNKNOWN)
		story->mode = mode_of(header);
	if (side == 0 && !story->said_ns[0])
		story->initiator_port = arrival->src_port;
	if (side == 0)
		story->asked_port = arrival->dst_port;
	else
		story->answered_port = arrival->src_port;
	story->said_ns[side] = arrival->time_ns;
	story->two_way = story->said_ns[0] && story->said_ns[1];
	uint64_t digest = hash_octets(arrival->octets, arrival->captured, 0);
	if (foreign) {
		const struct ike_notify *error = ike_story_error_in_clear(message);
		if (side == 0 || !error || story->answered_ns)
			return event;
		story->request[0].answered = true;
		event.notify = error->type;
		event.kind = ike_story_refused(story, message, arrival, error);
		return event;
	}
	if (header->major != 1 && header->major != 2)
		return event;
	note_notifies(story, message, side);
	note_vendors(story, message, arrival->octets, side);
	note_authorities(story, message, arrival->octets, side);
	event.kind = header->major == 2 ? v2_message(story, message, arrival, side, digest, &event)
					: ike_story_v1(story, message, arrival, side, digest, &event);
	if (event.kind == IKE_EVENT_REPEATED)
		note_schedule(story, side);
	note_nat(stories, story, arrival, message, side);
	if (side == 0 && event.kind != IKE_EVENT_OPENED && event.kind != IKE_EVENT_NONE)
		story->progressed = true;
	return event;
}

void ike_story_child(struct ike_story *story, uint32_t spi)
{
	story->children[story->child_count++ % IKE_STORY_CHILDREN] = spi;
}

/* ---- what can be told of it ---- */

/* By the method that was chosen, or by vendor ID: some choose a plain method and go on to XAUTH all the same. */
static bool v1_xauth(const struct ike_story *story)
{
	const struct ike_algorithm *method = ike_suite_find(&story->selected, IKE_ALGORITHM_AUTHENTICATION);

	if (story->xauth)
		return true;
	return method && !story->gssapi &&
	       ((method->id >= IKEV1_AUTH_HYBRID_INIT_RSA && method->id <= IKEV1_AUTH_HYBRID_RESP_DSS) ||
		(method->id >= IKEV1_AUTH_XAUTH_INIT_PSK && method->id <= IKEV1_AUTH_XAUTH_RESP_RSA_REVISED));
}

bool ike_story_proves_further(const struct ike_story *story)
{
	return story->major == 1 ? story->transaction_ns && v1_xauth(story) : story->eap;
}

static enum ike_auth v1_auth(const struct ike_story *story)
{
	const struct ike_algorithm *method = ike_suite_find(&story->selected, IKE_ALGORITHM_AUTHENTICATION);

	switch (method ? method->id : 0) {
	case IKEV1_AUTH_PSK:
		return IKE_AUTH_PRE_SHARED_KEY;
	case IKEV1_AUTH_XAUTH_INIT_PSK:
		if (story->gssapi && !story->xauth)
			return IKE_AUTH_KERBEROS;
		return story->xauth ? IKE_AUTH_PRE_SHARED_KEY : IKE_AUTH_UNKNOWN;
	case IKEV1_AUTH_XAUTH_RESP_PSK:
		return IKE_AUTH_PRE_SHARED_KEY;
	case 0:
		return IKE_AUTH_UNKNOWN;
	default:
		return IKE_AUTH_CERTIFICATE;
	}
}

enum ike_auth ike_story_auth(const struct ike_story *story)
{
	enum { KEY_MAX = 500 }; /* octets; EVIDENCE-measured section 3 */

	if (story->major == 1)
		return v1_auth(story);
	if (story->eap)
		return IKE_AUTH_EAP;
	if (!story->auth_octets || !story->answered_ns)
		return IKE_AUTH_UNKNOWN;
	if (story->auth_octets >= KEY_REQUEST_MAX && story->asked_certificate)
		return IKE_AUTH_CERTIFICATE;
	if (story->auth_octets < KEY_MAX && !story->asked_certificate)
		return IKE_AUTH_PRE_SHARED_KEY;
	return IKE_AUTH_UNKNOWN;
}
