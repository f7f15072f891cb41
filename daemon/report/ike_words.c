/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_words.h. */
#include "ike_words.h"

#include "../../dissectors/ike_algorithm.h"
#include "../../dissectors/ike_names.h"

#include <string.h>

static bool is_v2(const struct ike_message *message)
{
	return message->header.major == 2;
}

static bool is_response(const struct ike_message *message)
{
	return is_v2(message) && (message->header.flags & IKEV2_FLAG_RESPONSE);
}

void ike_words_notify(const struct ike_message *message, uint16_t type, struct line *line)
{
	const char *name = ike_notify_name(message->header.major, type);

	if (name)
		line_add(line, "%s", name);
	else
		line_add(line, "notify %u", type);
}

void ike_words_payload(const struct ike_message *message, uint8_t type, struct line *line)
{
	const char *name = ike_payload_name(message->header.major, type);

	if (name)
		line_add(line, "%s", name);
	else
		line_add(line, "payload %u", type);
}

bool ike_words_error(const struct ike_message *message, const struct ike_notify *notify)
{
	return notify->type < (is_v2(message) ? 16384 : 8192);
}

/* ---- the step ---- */

static void v1_phase1_step(const struct ike_message *message, const struct ike_words_before *before, struct line *line)
{
	bool main_mode = message->header.exchange == IKEV1_EXCHANGE_MAIN;
	unsigned first = 0; /* the number if the initiator sent it */

	if (message->protection == IKE_CLEAR_FRAGMENT)
		return; /* of which message will be known when it is whole */

	if (message->sa_count > 0) {
		/* Without a responder's cookie it can only be the first. */
		line_add(line, " message %u", message->header.responder_spi == 0 ? 1 : 2);
		return;
	}
	if (!main_mode)
		first = 3;
	else if (message->protection == IKE_ENCRYPTED)
		first = 5;
	else if (message->ke_count > 0)
		first = 3;
	if (first == 3 && !main_mode)
		line_add(line, " message 3");
	else if (first && before->roles_known)
		line_add(line, " message %u", before->from_initiator ? first : first + 1);
	else if (first)
		line_add(line, " message %u or %u", first, first + 1);
}

void ike_words_step(const struct ike_message *message, const struct ike_words_before *before, struct line *line)
{
	const struct ike_header *header = &message->header;
	const char *name = ike_exchange_name(header->major, header->exchange);

	if (name)
		line_add(line, "%s", name);
	else
		line_add(line, "%sexchange %u", ike_header_is_authip(header) ? "AuthIP " : "", header->exchange);
	if (is_v2(message)) {
		line_add(line, is_response(message) ? " response" : " request");
		if (header->message_id)
			line_add(line, " %u", header->message_id);
	} else if (header->exchange == IKEV1_EXCHANGE_MAIN || header->exchange == IKEV1_EXCHANGE_AGGRESSIVE) {
		v1_phase1_step(message, before, line);
	} else if ((header->exchange == IKEV1_EXCHANGE_QUICK || header->exchange == IKEV1_EXCHANGE_AUTHIP_QUICK) &&
		   before->quick_step) {
		line_add(line, " message %u", before->quick_step);
	}
}

/* ---- proposals ---- */

static const char *short_kind(unsigned kind)
{
	return kind == IKE_ALGORITHM_PRF ? "PRF " : kind == IKE_ALGORITHM_ADDITIONAL ? "additional " : "";
}

void ike_words_v2_proposal(const struct ike_message *message, const struct ike_proposal *proposal, bool all,
			   struct line *line)
{
	const char *separator = "";

	for (unsigned kind = 0; kind < IKE_ALGORITHM_KIND_COUNT; kind++) {
		unsigned count = 0;
		for (unsigned i = 0; i < proposal->count; i++) {
			struct ike_algorithm algorithm;
			if (!ike_algorithm_of_v2(&message->v2_transforms[proposal->first + i], &algorithm) ||
			    algorithm.kind != kind)
				continue;
			if (count++ == 0) {
				line_add(line, "%s%s", separator, short_kind(kind));
				line_add_algorithm(line, &algorithm);
			} else if (all) {
				line_add(line, "|");
				line_add_algorithm(line, &algorithm);
			}
		}
		if (count > 0)
			separator = ", ";
		if (count > 1 && !all)
			line_add(line, " (+%u)", count - 1);
	}
	if (!*separator)
		line_add(line, "nothing that is known");
}

static void v1_phase2_transform(const struct ikev1_transform *transform, uint8_t protocol, struct line *line)
{
	const char *name = ikev1_phase2_transform_name(protocol, transform->id);

	if (name)
		line_add(line, "%s", name);
	else
		line_add(line, "transform %u", transform->id);
	if (transform->key_length)
		line_add(line, "-%u", transform->key_length);
	const char *integrity = transform->authentication ? ikev1_integrity_name(transform->authentication) : NULL;
	if (integrity)
		line_add(line, ", %s", integrity);
	const char *mode = transform->encapsulation ? ikev1_encapsulation_name(transform->encapsulation) : NULL;
	if (mode)
		line_add(line, ", %s", mode);
	if (transform->group) {
		const struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, transform->group, 0 };
		line_add(line, ", ");
		line_add_algorithm(line, &group);
	}
}

void ike_words_v1_transform(const struct ikev1_transform *transform, uint8_t protocol, struct line *line)
{
	struct ike_algorithm algorithms[4];
	unsigned count = ike_algorithms_of_v1(transform, algorithms);

	if (transform->phase2)
		v1_phase2_transform(transform, protocol, line);
	for (unsigned i = 0; i < count; i++) {
		line_add(line, "%s", i ? ", " : "");
		line_add_algorithm(line, &algorithms[i]);
	}
	if (!transform->phase2 && count == 0)
		line_add(line, "nothing that is known");
	if (transform->life_seconds)
		line_add(line, ", life %u s", transform->life_seconds);
	if (transform->life_kilobytes)
		line_add(line, ", life %u kB", transform->life_kilobytes);
}

static void more(unsigned count, const char *what, struct line *line)
{
	if (count > 1)
		line_add(line, " and %u more %s%s", count - 1, what, count == 2 ? "" : "s");
}

static void proposals(const struct ike_message *message, struct line *line)
{
	bool selects = ike_algorithm_selects(message);

	if (message->proposal_count == 0) {
		line_add(line, "an SA without a proposal that can be read");
		return;
	}
	line_add(line, "%s ", selects ? "selects" : "offers");
	const struct ike_proposal *first = &message->proposals[0];
	if (is_v2(message)) {
		ike_words_v2_proposal(message, first, selects, line);
		if (!selects)
			more(message->proposal_count, "proposal", line);
	} else if (message->transform_count > 0) {
		ike_words_v1_transform(&message->v1_transforms[0], first->protocol, line);
		if (!selects)
			more(message->transform_count, "transform", line);
	} else {
		line_add(line, "nothing");
	}
}

/* ---- the meaning ---- */

static const struct ike_notify *first_error(const struct ike_message *message)
{
	for (unsigned i = 0; i < message->notify_count; i++)
		if (ike_words_error(message, &message->notifies[i]))
			return &message->notifies[i];
	return NULL;
}

static enum ike_words_outcome v2_init(const struct ike_message *message, const uint8_t *octets,
				      const struct ike_words_before *before, struct line *line)
{
	const struct ike_notify *error = first_error(message);
	const struct ike_notify *cookie = ike_message_notify(message, IKEV2_NOTIFY_COOKIE);

	if (error && error->type == IKEV2_NOTIFY_INVALID_KE_PAYLOAD) {
		const uint8_t *data = ike_slice_bytes(octets, error->data);
		line_add(line, "wants another key exchange");
		if (data && error->data.length >= 2) {
			struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, (uint16_t)(data[0] << 8 | data[1]), 0 };
			line_add(line, ": ");
			line_add_algorithm(line, &group);
		}
		return IKE_WORDS_STEP;
	}
	if (error) {
		line_add(line, "refused: ");
		ike_words_notify(message, error->type, line);
		return IKE_WORDS_FAILURE;
	}
	if (is_response(message) && message->sa_count == 0 && cookie) {
		line_add(line, "asks for the request again with this cookie (it is under load, or careful)");
		return IKE_WORDS_STEP;
	}
	if (message->sa_count == 0) {
		line_add(line, "without an SA payload");
		return IKE_WORDS_STEP;
	}
	if (!is_response(message) && cookie)
		line_add(line, "with the cookie asked for, ");
	else if (!is_response(message) && before->answers && !before->retransmission)
		line_add(line, "again after an answer, ");
	proposals(message, line);
	if (!is_response(message) && message->ke_count > 0) {
		struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, message->ke_group, 0 };
		line_add(line, "; begins with ");
		line_add_algorithm(line, &group);
	}
	return is_response(message) ? IKE_WORDS_PROGRESS : IKE_WORDS_STEP;
}

static enum ike_words_outcome v2_auth(const struct ike_message *message, struct line *line)
{
	uint8_t inner = message->first_inner;

	if (!is_response(message)) {
		if (inner == IKEV2_PAYLOAD_IDI)
			line_add(line, "says who it is and asks for a child SA");
		else if (inner == IKEV2_PAYLOAD_EAP)
			line_add(line, "goes on with EAP");
		else if (inner == IKEV2_PAYLOAD_AUTH)
			line_add(line, "ends EAP with its proof");
		else
			line_add(line, "authenticates");
		return IKE_WORDS_STEP;
	}
	switch (inner) {
	case IKEV2_PAYLOAD_NOTIFY:
		line_add(line, "refused, likely: the first hidden payload is a notify");
		return IKE_WORDS_FAILURE;
	case IKEV2_PAYLOAD_IDR:
		line_add(line, "goes on: the responder says who it is");
		return IKE_WORDS_PROGRESS;
	case IKEV2_PAYLOAD_AUTH:
		line_add(line, "goes on: the responder's proof ends EAP");
		return IKE_WORDS_PROGRESS;
	case IKEV2_PAYLOAD_EAP:
		line_add(line, "goes on with EAP");
		return IKE_WORDS_STEP;
	default:
		line_add(line, "answers");
		return IKE_WORDS_STEP;
	}
}

/* A notify stands first in a refusal, but in an agreement about transport mode too: a refusal is much shorter than its
 * request, an agreement is not. */
static enum ike_words_outcome v2_child_answer(const struct ike_message *message, const struct ike_words_before *before,
					      struct line *line)
{
	if (message->first_inner == IKEV2_PAYLOAD_SA) {
		line_add(line, "agreed: there is a new SA");
		return IKE_WORDS_PROGRESS;
	}
	if (message->first_inner != IKEV2_PAYLOAD_NOTIFY) {
		line_add(line, "answers");
		return IKE_WORDS_STEP;
	}
	if (before->request_octets == 0) {
		line_add(line, "a notify comes first: refused, or agreed with an option");
		return IKE_WORDS_STEP;
	}
	if ((uint64_t)message->header.length * 10 <= (uint64_t)before->request_octets * 6) {
		line_add(line, "refused, likely: a notify comes first and the answer is short");
		return IKE_WORDS_FAILURE;
	}
	line_add(line, "agreed, likely: a notify comes first, as for transport mode");
	return IKE_WORDS_PROGRESS;
}

static enum ike_words_outcome v2_child(const struct ike_message *message, const struct ike_words_before *before,
				       struct line *line)
{
	if (is_response(message))
		return v2_child_answer(message, before, line);
	if (message->first_inner == IKEV2_PAYLOAD_SA)
		line_add(line, "asks for a new SA");
	else if (message->first_inner == IKEV2_PAYLOAD_NOTIFY)
		line_add(line, "asks to rekey an SA, or for one with options");
	else
		line_add(line, "asks for an SA");
	return IKE_WORDS_STEP;
}

static void clear_notifies(const struct ike_message *message, struct line *line)
{
	for (unsigned i = 0; i < message->notify_count; i++) {
		line_add(line, "%s", i ? ", " : "says in clear: ");
		ike_words_notify(message, message->notifies[i].type, line);
	}
}

static enum ike_words_outcome v2_informational(const struct ike_message *message, struct line *line)
{
	bool response = is_response(message);

	if (message->protection == IKE_CLEAR) {
		clear_notifies(message, line);
		if (message->delete_count)
			line_add(line, "%sdeletes in clear", message->notify_count ? ", " : "");
		if (!message->notify_count && !message->delete_count)
			line_add(line, "says nothing, and that in clear");
		return first_error(message) ? IKE_WORDS_FAILURE : IKE_WORDS_STEP;
	}
	switch (message->first_inner) {
	case IKEV2_PAYLOAD_NONE:
		line_add(line, response ? "empty: acknowledges" : "empty: asks whether the peer lives");
		return IKE_WORDS_STEP;
	case IKEV2_PAYLOAD_DELETE:
		line_add(line, response ? "deletes its half" : "deletes an SA");
		return IKE_WORDS_END;
	case IKEV2_PAYLOAD_NOTIFY:
		line_add(line, "carries a notify");
		return IKE_WORDS_STEP;
	case IKEV2_PAYLOAD_CP:
		line_add(line, "carries configuration");
		return IKE_WORDS_STEP;
	default:
		line_add(line, response ? "answers" : "says something");
		return IKE_WORDS_STEP;
	}
}

static enum ike_words_outcome v1_informational(const struct ike_message *message, struct line *line)
{
	if (message->protection == IKE_ENCRYPTED) {
		line_add(line, "a notify or a deletion");
		return IKE_WORDS_STEP;
	}
	const struct ike_notify *error = first_error(message);
	if (error) {
		line_add(line, "refused: ");
		ike_words_notify(message, error->type, line);
		return IKE_WORDS_FAILURE;
	}
	clear_notifies(message, line);
	if (message->delete_count)
		line_add(line, "%sdeletes in clear", message->notify_count ? ", " : "");
	if (!message->notify_count && !message->delete_count)
		line_add(line, "says nothing that can be read");
	return message->delete_count ? IKE_WORDS_END : IKE_WORDS_STEP;
}

static enum ike_words_outcome v1_phase1(const struct ike_message *message, const struct ike_words_before *before,
					struct line *line)
{
	bool main_mode = message->header.exchange == IKEV1_EXCHANGE_MAIN;

	if (message->sa_count > 0) {
		proposals(message, line);
		if (!main_mode && message->identity_count > 0)
			line_add(line, "; its identity is in clear%s", message->has_hash ? ", and its proof" : "");
		return ike_algorithm_selects(message) ? IKE_WORDS_PROGRESS : IKE_WORDS_STEP;
	}
	if (message->protection == IKE_ENCRYPTED || message->has_hash || message->has_signature) {
		line_add(line, "identity and proof");
		const char *method = before->auth ? ikev1_auth_name(before->auth) : NULL;
		if (method)
			line_add(line, " (%s)", method);
		if (!before->roles_known)
			return IKE_WORDS_STEP;
		bool last = main_mode ? !before->from_initiator : before->from_initiator;
		if (last)
			line_add(line, ": phase 1 is complete, likely");
		return last ? IKE_WORDS_PROGRESS : IKE_WORDS_STEP;
	}
	if (message->ke_count > 0) {
		line_add(line, "key exchange of %u octets%s", message->ke.length,
			 message->certreq_count ? ", asks for a certificate" : "");
		return IKE_WORDS_STEP;
	}
	line_add(line, "nothing that is known at this step");
	return IKE_WORDS_STEP;
}

/* [MS-AIPS] section 3.2: an SA both ways first, then keys and GSS-API tokens until both are content. */
static enum ike_words_outcome authip_main(const struct ike_message *message, struct line *line)
{
	if (message->sa_count > 0) {
		proposals(message, line);
		return ike_algorithm_selects(message) ? IKE_WORDS_PROGRESS : IKE_WORDS_STEP;
	}
	if (message->protection == IKE_ENCRYPTED)
		line_add(line, "proof");
	else if (message->ke_count > 0)
		line_add(line, "key exchange of %u octets", message->ke.length);
	else
		line_add(line, "goes on with its proof");
	return IKE_WORDS_STEP;
}

static enum ike_words_outcome v1_quick(const struct ike_words_before *before, struct line *line)
{
	switch (before->quick_step) {
	case 1:
		line_add(line, "offers an SA");
		return IKE_WORDS_STEP;
	case 2:
		line_add(line, "answers the offer");
		return IKE_WORDS_STEP;
	case 3:
		line_add(line, "confirms: the SA is up, likely");
		return IKE_WORDS_PROGRESS;
	default:
		line_add(line, "negotiates an SA");
		return IKE_WORDS_STEP;
	}
}

static enum ike_words_outcome v1_transaction(const struct ike_message *message, struct line *line)
{
	const char *type = message->has_config ? ike_config_type_name(message->config_type) : NULL;

	line_add(line, type ? "XAUTH or configuration, in clear: %s" : "XAUTH or configuration", type);
	return IKE_WORDS_STEP;
}

enum ike_words_outcome ike_words_meaning(const struct ike_message *message, const uint8_t *octets,
					 const struct ike_words_before *before, struct line *line)
{
	uint8_t exchange = message->header.exchange;

	if (message->header.major != 1 && !is_v2(message)) {
		line_add(line, "a version that is not known; nothing was read");
		return IKE_WORDS_STEP;
	}
	if (message->protection == IKE_ENCRYPTED_FRAGMENT) {
		line_add(line, "fragment %u of %u", message->fragment_number, message->fragment_total);
		/* Only the first fragment says what is inside. */
		if (message->fragment_number != 1)
			return IKE_WORDS_STEP;
		line_add(line, ": ");
	}
	if (message->protection == IKE_CLEAR_FRAGMENT) {
		line_add(line, "fragment %u%s of message %u", message->fragment_number,
			 message->fragment_last ? ", the last," : "", message->fragment_id);
		return IKE_WORDS_STEP;
	}
	if (is_v2(message)) {
		switch (exchange) {
		case IKEV2_EXCHANGE_IKE_SA_INIT:
			return v2_init(message, octets, before, line);
		case IKEV2_EXCHANGE_IKE_AUTH:
			return v2_auth(message, line);
		case IKEV2_EXCHANGE_CREATE_CHILD_SA:
			return v2_child(message, before, line);
		case IKEV2_EXCHANGE_INFORMATIONAL:
			return v2_informational(message, line);
		case IKEV2_EXCHANGE_IKE_INTERMEDIATE:
		case IKEV2_EXCHANGE_IKE_FOLLOWUP_KE:
			line_add(line, "an additional key exchange");
			return IKE_WORDS_STEP;
		default:
			line_add(line, "not looked into");
			return IKE_WORDS_STEP;
		}
	}
	switch (exchange) {
	case IKEV1_EXCHANGE_MAIN:
	case IKEV1_EXCHANGE_AGGRESSIVE:
		return v1_phase1(message, before, line);
	case IKEV1_EXCHANGE_QUICK:
		return v1_quick(before, line);
	case IKEV1_EXCHANGE_AUTHIP_MAIN:
		return authip_main(message, line);
	case IKEV1_EXCHANGE_AUTHIP_QUICK:
		return v1_quick(before, line);
	case IKEV1_EXCHANGE_AUTHIP_EXTENDED:
		line_add(line, "a second proof, of the user likely");
		return IKE_WORDS_STEP;
	case IKEV1_EXCHANGE_INFORMATIONAL:
	case IKEV1_EXCHANGE_ACKNOWLEDGED:
	case IKEV1_EXCHANGE_AUTHIP_NOTIFY:
		return v1_informational(message, line);
	case IKEV1_EXCHANGE_TRANSACTION:
		return v1_transaction(message, line);
	default:
		line_add(line, "not looked into");
		return IKE_WORDS_STEP;
	}
}

void ike_words_hidden(const struct ike_message *message, struct line *line)
{
	if (message->protection != IKE_ENCRYPTED && message->protection != IKE_ENCRYPTED_FRAGMENT)
		return;
	line_add(line, "%u octets hidden", message->hidden);
	if (message->protection == IKE_ENCRYPTED_FRAGMENT && message->fragment_number != 1)
		return;
	if (message->first_inner == 0) {
		if (message->header.major == 2 && message->protection == IKE_ENCRYPTED)
			line_add(line, ", no payload inside");
		return;
	}
	line_add(line, ", first inside: ");
	ike_words_payload(message, message->first_inner, line);
}
