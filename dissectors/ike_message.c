/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk along the payloads of an IKE message, and what both versions share (see ike_message.h).
 *
 * A payload begins with its generic header (RFC 2408 section 3.2; RFC 7296 section 3.2, which made the first reserved
 * bit the critical one). Proposals and transforms chain the same way inside an SA payload:
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Next Payload  |C|  Reserved   |        Payload Length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#include "ike_message.h"

#include "cursor.h"
#include "ike_names.h"
#include "ike_walk.h"
#include "ikev1.h"
#include "ikev2.h"

#include <stddef.h>

enum { CRITICAL_BIT = 0x80 };

void ike_walk_fault(struct ike_walk *walk, enum ike_fault fault, uint32_t offset)
{
	struct ike_message *message = walk->message;

	if (message->fault == IKE_FAULT_NONE) {
		message->fault = (uint8_t)fault;
		message->fault_offset = offset;
		message->fault_payload = walk->type;
	}
	message->state = IKE_STATE_MALFORMED;
	if (message->fault_count < UINT16_MAX)
		message->fault_count++;
}

void ike_walk_end(struct ike_walk *walk, const struct cursor *cursor)
{
	struct ike_message *message = walk->message;

	if (cursor->error == CURSOR_MALFORMED) {
		ike_walk_fault(walk, IKE_FAULT_BODY, cursor->at);
	} else if (cursor->error == CURSOR_TRUNCATED && message->state == IKE_STATE_WHOLE) {
		message->state = IKE_STATE_TRUNCATED;
		message->fault_offset = cursor->at;
		message->fault_payload = walk->type;
	}
}

/* The header of the next proposal or transform. False at the end of `chain` or at a fault; else `part` is the body. */
static bool read_link(struct ike_walk *walk, struct cursor *chain, uint8_t more, struct cursor *part)
{
	uint32_t start = chain->at;

	if (cursor_left(chain) == 0)
		return false;
	uint8_t next = cursor_u8(chain);
	cursor_u8(chain);
	uint32_t length = cursor_u16(chain);
	if (!cursor_ok(chain))
		return false;
	if (length < IKE_GENERIC_SIZE || length - IKE_GENERIC_SIZE > cursor_left(chain)) {
		chain->at = start;
		cursor_fail(chain);
		return false;
	}
	*part = ike_walk_part(chain, length - IKE_GENERIC_SIZE);
	/* It promises another and there is none, or the other way round: what is there is read all the same. */
	if (next != (cursor_left(chain) > 0 ? more : 0))
		ike_walk_fault(walk, IKE_FAULT_COUNT, start);
	return true;
}

/* What proposals of both versions share, SPI included. NULL if it is not all there, or if there is no room. */
static struct ike_proposal *read_proposal(struct ike_walk *walk, struct cursor *part)
{
	struct ike_proposal proposal = { .first = walk->message->transform_count, .payload = walk->index };

	proposal.number = cursor_u8(part);
	proposal.protocol = cursor_u8(part);
	uint8_t spi_length = cursor_u8(part);
	proposal.transforms_said = cursor_u8(part);
	proposal.spi = ike_walk_slice(part, spi_length);
	if (!cursor_ok(part))
		return NULL;
	struct ike_proposal *entry = IKE_WALK_ENTRY(walk, proposals, proposal_count, IKE_PROPOSALS_MAX);
	if (entry)
		*entry = proposal;
	return entry;
}

/* Every turn takes four octets or more of the payload; it ends with them, or when there is no room for another. */
void ike_walk_proposals(struct ike_walk *walk, struct cursor *body, uint8_t more_proposals, uint8_t more_transforms,
			ike_walk_transform *read_transform)
{
	struct cursor part, transform_part;
	bool room = true;

	while (room && read_link(walk, body, more_proposals, &part)) {
		uint32_t start = part.at;
		struct ike_proposal *proposal = read_proposal(walk, &part);
		unsigned transforms = 0;
		room = proposal || !cursor_ok(&part);
		while (proposal && room && read_link(walk, &part, more_transforms, &transform_part)) {
			room = read_transform(walk, proposal, &transform_part);
			ike_walk_end(walk, &transform_part);
			transforms++;
		}
		if (proposal && room && cursor_ok(&part) && transforms != proposal->transforms_said)
			ike_walk_fault(walk, IKE_FAULT_COUNT, start);
		ike_walk_end(walk, &part);
	}
}

void ike_walk_notify(struct ike_walk *walk, struct cursor *body, bool spi)
{
	struct ike_notify notify = { .payload = walk->index };

	notify.protocol = cursor_u8(body);
	uint8_t spi_length = cursor_u8(body);
	notify.type = cursor_u16(body);
	notify.spi = ike_walk_slice(body, spi ? spi_length : 0);
	notify.data = ike_walk_rest(body);
	if (!cursor_ok(body))
		return;
	struct ike_notify *entry = IKE_WALK_ENTRY(walk, notifies, notify_count, IKE_NOTIFIES_MAX);
	if (entry)
		*entry = notify;
}

void ike_walk_delete(struct ike_walk *walk, struct cursor *body)
{
	struct ike_delete delete = { 0 };
	uint32_t start = body->at;

	delete.protocol = cursor_u8(body);
	delete.spi_length = cursor_u8(body);
	delete.count = cursor_u16(body);
	if (cursor_ok(body) && cursor_left(body) != (uint32_t) delete.spi_length * delete.count) {
		ike_walk_fault(walk, IKE_FAULT_COUNT, start);
		return;
	}
	delete.spis = ike_walk_rest(body);
	if (!cursor_ok(body))
		return;
	struct ike_delete *entry = IKE_WALK_ENTRY(walk, deletes, delete_count, IKE_DELETES_MAX);
	if (entry)
		*entry = delete;
}

void ike_walk_certificate(struct ike_walk *walk, struct cursor *body, bool request)
{
	struct ike_certificate certificate = { .payload = walk->index };
	struct ike_certificate *entry;

	certificate.encoding = cursor_u8(body);
	certificate.data = ike_walk_rest(body);
	if (!cursor_ok(body))
		return;
	if (request)
		entry = IKE_WALK_ENTRY(walk, certreqs, certreq_count, IKE_CERTREQS_MAX);
	else
		entry = IKE_WALK_ENTRY(walk, certificates, certificate_count, IKE_CERTIFICATES_MAX);
	if (entry)
		*entry = certificate;
}

void ike_walk_vendor(struct ike_walk *walk, struct cursor *body)
{
	struct ike_slice vendor = ike_walk_rest(body);

	if (!cursor_ok(body))
		return;
	struct ike_slice *entry = IKE_WALK_ENTRY(walk, vendors, vendor_count, IKE_VENDORS_MAX);
	if (entry)
		*entry = vendor;
}

void ike_walk_nonce(struct ike_walk *walk, struct cursor *body)
{
	struct ike_slice nonce = ike_walk_rest(body);

	if (cursor_ok(body) && walk->message->nonce_count++ == 0)
		walk->message->nonce = nonce;
}

void ike_walk_ke(struct ike_walk *walk, struct cursor *body, uint16_t group)
{
	struct ike_slice value = ike_walk_rest(body);

	if (cursor_ok(body) && walk->message->ke_count++ == 0) {
		walk->message->ke = value;
		walk->message->ke_group = group;
	}
}

void ike_walk_identity(struct ike_walk *walk, struct cursor *body, uint8_t type, uint8_t protocol, uint16_t port)
{
	struct ike_slice data = ike_walk_rest(body);

	if (!cursor_ok(body))
		return;
	struct ike_identity *entry = IKE_WALK_ENTRY(walk, identities, identity_count, IKE_IDENTITIES_MAX);
	if (entry)
		*entry = (struct ike_identity){
			.data = data, .type = type, .payload = walk->type, .protocol = protocol, .port = port
		};
}

void ike_walk_nat_hash(struct ike_walk *walk, struct ike_slice hash, bool source)
{
	struct ike_nat_hash *entry = IKE_WALK_ENTRY(walk, nat_hashes, nat_hash_count, IKE_NAT_HASHES_MAX);

	if (entry)
		*entry = (struct ike_nat_hash){ .hash = hash, .source = source };
}

/* Everything but the arrays' entries, which their counts make undefined. */
static void clear(struct ike_message *message)
{
	message->header = (struct ike_header){ 0 };
	message->state = IKE_STATE_WHOLE;
	message->fault = IKE_FAULT_NONE;
	message->fault_payload = 0;
	message->overflow = false;
	message->fault_offset = 0;
	message->fault_count = 0;
	message->trailing = 0;
	message->protection = IKE_CLEAR;
	message->first_inner = 0;
	message->hidden = 0;
	message->fragment_number = message->fragment_total = message->fragment_id = 0;
	message->fragment_last = false;
	message->fragment = (struct ike_slice){ 0, 0 };
	message->payload_count = message->unknown_count = 0;
	message->sa_count = message->proposal_count = 0;
	message->transform_count = 0;
	message->doi = message->situation = 0;
	message->ke_count = message->nonce_count = 0;
	message->ke_group = 0;
	message->ke = message->nonce = (struct ike_slice){ 0, 0 };
	message->notify_count = message->delete_count = message->vendor_count = 0;
	message->certificate_count = message->certreq_count = message->identity_count = 0;
	message->nat_hash_count = message->selector_count = 0;
	message->has_hash = message->has_signature = message->has_auth = false;
	message->auth_method = 0;
	message->hash = message->signature = message->auth = (struct ike_slice){ 0, 0 };
	message->has_config = false;
	message->config_type = 0;
	message->config_id = 0;
	message->config = (struct ike_slice){ 0, 0 };
	message->has_eap = false;
	message->eap_code = message->eap_id = message->eap_type = 0;
}

/* One payload; false when the walk cannot go on behind it. `next` is its type before, and the type that follows after.
 */
static bool read_payload(struct ike_walk *walk, uint8_t *next)
{
	struct ike_message *message = walk->message;
	struct cursor *chain = &walk->chain;
	uint32_t start = chain->at;

	walk->type = *next;
	*next = cursor_u8(chain);
	uint8_t reserved = cursor_u8(chain);
	uint16_t length = cursor_u16(chain);
	if (!cursor_ok(chain)) {
		if (chain->error == CURSOR_MALFORMED)
			ike_walk_fault(walk, IKE_FAULT_CHAIN, start);
		else
			ike_walk_end(walk, chain);
		return false;
	}
	if (length < IKE_GENERIC_SIZE || (uint32_t)length - IKE_GENERIC_SIZE > cursor_left(chain)) {
		ike_walk_fault(walk, IKE_FAULT_CHAIN, start);
		return false;
	}
	struct cursor body = ike_walk_part(chain, (uint32_t)length - IKE_GENERIC_SIZE);
	struct ike_payload *payload = &message->payloads[message->payload_count];
	walk->index = message->payload_count++;
	*payload = (struct ike_payload){ .offset = (uint16_t)start,
					 .length = length,
					 .type = walk->type,
					 .next = *next,
					 .critical = message->header.major == 2 && reserved & CRITICAL_BIT };
	payload->known = message->header.major == 1 ? ikev1_payload_read(walk, &body) : ikev2_payload_read(walk, &body);
	message->unknown_count = (uint8_t)(message->unknown_count + !payload->known);
	ike_walk_end(walk, &body);
	return true;
}

static void read_payloads(struct ike_walk *walk)
{
	uint8_t next = walk->message->header.next_payload;

	while (next != 0) {
		if (walk->message->payload_count == IKE_PAYLOADS_MAX) {
			walk->type = next;
			ike_walk_fault(walk, IKE_FAULT_TOO_MANY, walk->chain.at);
			return;
		}
		/* What follows SK or SKF is encrypted, and its Next Payload names what is inside it. */
		if (!read_payload(walk, &next) || walk->message->protection >= IKE_ENCRYPTED)
			return;
	}
	walk->type = 0;
	if (cursor_left(&walk->chain) > 0)
		ike_walk_fault(walk, IKE_FAULT_CHAIN, walk->chain.at);
}

bool ike_message_read(const uint8_t *message, uint32_t captured, uint32_t length, struct ike_message *out)
{
	struct ike_walk walk = { .message = out, .chain = cursor_make(message, captured, length) };
	struct ike_header *header = &out->header;

	clear(out);
	if (!ike_header_read(&walk.chain, header)) {
		if (walk.chain.error == CURSOR_MALFORMED)
			ike_walk_fault(&walk, IKE_FAULT_HEADER, 0);
		else
			ike_walk_end(&walk, &walk.chain);
		return false;
	}
	uint32_t sent = walk.chain.promised < IKE_LENGTH_MAX ? walk.chain.promised : IKE_LENGTH_MAX;
	if (header->major != 1 && header->major != 2) {
		ike_walk_fault(&walk, IKE_FAULT_VERSION, 17);
		return true;
	}
	if (header->length < IKE_HEADER_SIZE) {
		ike_walk_fault(&walk, IKE_FAULT_LENGTH, 24);
		return true;
	}
	if (header->length > sent)
		ike_walk_fault(&walk, IKE_FAULT_LENGTH, 24);
	else
		out->trailing = walk.chain.promised - header->length;
	cursor_narrow(&walk.chain, (header->length < sent ? header->length : sent) - IKE_HEADER_SIZE);
	if (header->major == 1 && header->flags & IKEV1_FLAG_ENCRYPTION) {
		out->protection = IKE_ENCRYPTED;
		out->first_inner = header->next_payload;
		out->hidden = (uint16_t)cursor_left(&walk.chain);
	} else {
		read_payloads(&walk);
	}
	return true;
}

bool ike_attribute_read(const uint8_t *message, struct ike_slice *rest, bool formats, struct ike_attribute *attribute)
{
	struct cursor cursor =
	    cursor_make(message, (uint32_t)rest->offset + rest->length, (uint32_t)rest->offset + rest->length);

	*attribute = (struct ike_attribute){ 0 };
	cursor_skip(&cursor, rest->offset);
	if (rest->length == 0)
		return false;
	uint16_t type = cursor_u16(&cursor);
	attribute->type = type & 0x7fff;
	attribute->brief = formats && type & 0x8000;
	attribute->data = ike_walk_slice(&cursor, attribute->brief ? 2 : cursor_u16(&cursor));
	if (!cursor_ok(&cursor))
		return false;
	const uint8_t *octets = message + attribute->data.offset;
	for (uint32_t i = 0; i < attribute->data.length; i++)
		attribute->value = attribute->value > UINT32_MAX >> 8 ? UINT32_MAX : attribute->value << 8 | octets[i];
	rest->offset = (uint16_t)cursor.at;
	rest->length = (uint16_t)cursor_left(&cursor);
	return true;
}

const struct ikev2_transform *ike_message_transform(const struct ike_message *message,
						    const struct ike_proposal *proposal, uint8_t type)
{
	for (uint32_t i = proposal->first; i < (uint32_t)proposal->first + proposal->count; i++)
		if (message->header.major == 2 && message->v2_transforms[i].type == type)
			return &message->v2_transforms[i];
	return NULL;
}

const struct ike_notify *ike_message_notify(const struct ike_message *message, uint16_t type)
{
	for (uint32_t i = 0; i < message->notify_count; i++)
		if (message->notifies[i].type == type)
			return &message->notifies[i];
	return NULL;
}

bool ike_certificate_is_x509(const struct ike_certificate *certificate)
{
	return certificate->encoding == IKE_CERTIFICATE_PKCS7 ||
	       certificate->encoding == IKE_CERTIFICATE_X509_SIGNATURE ||
	       certificate->encoding == IKE_CERTIFICATE_X509_KEY_EXCHANGE;
}

const char *ike_state_name(enum ike_state state)
{
	static const char *const names[] = { "whole", "truncated", "malformed" };

	return (unsigned)state < IKE_STATE_COUNT ? names[state] : "?";
}

const char *ike_fault_name(enum ike_fault fault)
{
	static const char *const names[] = {
		"none", "header", "version", "length", "chain", "body", "count", "too-many"
	};

	return (unsigned)fault < IKE_FAULT_COUNT_OF ? names[fault] : "?";
}
