/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payloads of IKEv2 that a message shows in clear (see ike_message.h): RFC 7296 section 3, encrypted fragments of
 * RFC 7383, additional key exchanges of RFC 9370. Traffic selectors, EAP and configuration are encrypted by every sound
 * sender; they are read all the same, for a message that has them in clear deserves to be shown.
 */
#include "ikev2.h"

#include "ike_names.h"
#include "ike_walk.h"

#include <stddef.h>

enum { MORE_PROPOSALS = 2, MORE_TRANSFORMS = 3 }; /* RFC 7296 sections 3.3.1 and 3.3.2 */
enum { ATTRIBUTES_MAX = 16 };                     /* of one transform; RFC 7296 knows one */
enum { SELECTOR_SIZE = 8 };                       /* octets of a selector before its addresses */

/* Type, a reserved octet, identifier, attributes. */
static bool read_transform(struct ike_walk *walk, struct ike_proposal *proposal, struct cursor *part)
{
	struct ikev2_transform transform = { .offset = (uint16_t)(part->at - IKE_GENERIC_SIZE) };
	struct ike_attribute attribute;

	transform.type = cursor_u8(part);
	cursor_u8(part);
	transform.id = cursor_u16(part);
	struct ike_slice rest = ike_walk_rest(part);
	if (!cursor_ok(part))
		return true;
	for (unsigned i = 0; i < ATTRIBUTES_MAX && ike_attribute_read(part->base, &rest, true, &attribute); i++) {
		if (attribute.type == IKEV2_ATTRIBUTE_KEY_LENGTH && attribute.value <= UINT16_MAX)
			transform.key_length = (uint16_t)attribute.value;
		else
			transform.other = true;
	}
	if (rest.length > 0)
		ike_walk_fault(walk, IKE_FAULT_BODY, rest.offset);
	struct ikev2_transform *entry = IKE_WALK_ENTRY(walk, v2_transforms, transform_count, IKEV2_TRANSFORMS_MAX);
	if (entry) {
		*entry = transform;
		proposal->count++;
	}
	return entry != NULL;
}

static void read_ke(struct ike_walk *walk, struct cursor *body)
{
	uint16_t group = cursor_u16(body);

	cursor_u16(body);
	ike_walk_ke(walk, body, group);
}

static void read_identity(struct ike_walk *walk, struct cursor *body)
{
	uint8_t type = cursor_u8(body);

	cursor_skip(body, 3);
	ike_walk_identity(walk, body, type, 0, 0);
}

static void read_auth(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint8_t method = cursor_u8(body);

	cursor_skip(body, 3);
	struct ike_slice auth = ike_walk_rest(body);
	if (!cursor_ok(body) || message->has_auth)
		return;
	message->has_auth = true;
	message->auth_method = method;
	message->auth = auth;
}

static void read_notify(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint8_t before = message->notify_count;

	ike_walk_notify(walk, body, true);
	if (message->notify_count == before)
		return;
	const struct ike_notify *notify = &message->notifies[before];
	if (notify->type == IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP ||
	    notify->type == IKEV2_NOTIFY_NAT_DETECTION_DESTINATION_IP)
		ike_walk_nat_hash(walk, notify->data, notify->type == IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP);
}

/* The start and end addresses each take half of what the selector has; a security label or a type unknown takes all. */
static void read_selector(struct ike_walk *walk, uint8_t type, uint8_t protocol, struct cursor *part)
{
	struct ike_selector selector = { .type = type, .protocol = protocol };
	uint32_t address = type == IKEV2_SELECTOR_IPV4_RANGE ? 4 : type == IKEV2_SELECTOR_IPV6_RANGE ? 16 : 0;

	selector.responder = walk->type == IKEV2_PAYLOAD_TSR;
	if (address > 0) {
		selector.start_port = cursor_u16(part);
		selector.end_port = cursor_u16(part);
		selector.start = ike_walk_slice(part, address);
		selector.end = ike_walk_slice(part, address);
		if (cursor_left(part) > 0)
			cursor_fail(part);
	} else {
		selector.start = ike_walk_rest(part);
	}
	if (!cursor_ok(part))
		return;
	struct ike_selector *entry = IKE_WALK_ENTRY(walk, selectors, selector_count, IKE_SELECTORS_MAX);
	if (entry)
		*entry = selector;
}

static void read_selectors(struct ike_walk *walk, struct cursor *body)
{
	uint32_t start = body->at;
	unsigned said = cursor_u8(body), found = 0;

	cursor_skip(body, 3);
	while (cursor_left(body) > 0 && found < said) {
		uint8_t type = cursor_u8(body);
		uint8_t protocol = cursor_u8(body);
		uint16_t length = cursor_u16(body);
		if (cursor_ok(body) && length < SELECTOR_SIZE)
			cursor_fail(body);
		struct cursor part = ike_walk_part(body, (uint32_t)length - IKE_GENERIC_SIZE);
		if (!cursor_ok(body))
			return;
		found++;
		read_selector(walk, type, protocol, &part);
		ike_walk_end(walk, &part);
	}
	if (cursor_ok(body) && (found != said || cursor_left(body) > 0))
		ike_walk_fault(walk, IKE_FAULT_COUNT, start);
}

static void read_config(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint8_t type = cursor_u8(body);

	cursor_skip(body, 3);
	struct ike_slice attributes = ike_walk_rest(body);
	if (!cursor_ok(body) || message->has_config)
		return;
	message->has_config = true;
	message->config_type = type;
	message->config = attributes;
}

/* RFC 3748 section 4: success and failure end after the length. */
static void read_eap(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint8_t code = cursor_u8(body);
	uint8_t identifier = cursor_u8(body);
	uint16_t length = cursor_u16(body);

	if (cursor_ok(body) && (length < 4 || length - 4u > cursor_left(body)))
		cursor_fail(body);
	uint8_t type = cursor_ok(body) && length > 4 ? cursor_u8(body) : 0;
	if (!cursor_ok(body) || message->has_eap)
		return;
	message->has_eap = true;
	message->eap_code = code;
	message->eap_id = identifier;
	message->eap_type = type;
}

/* The body is encrypted, so a capture that was cut in it lost nothing. */
static void read_encrypted(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;

	message->protection = IKE_ENCRYPTED;
	message->first_inner = message->payloads[walk->index].next;
	message->hidden = (uint16_t)cursor_left(body);
}

/* RFC 7383 section 2.5: only the first fragment names the first inner payload; the others say 0. */
static void read_encrypted_fragment(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;

	message->protection = IKE_ENCRYPTED_FRAGMENT;
	uint16_t number = cursor_u16(body);
	uint16_t total = cursor_u16(body);
	if (!cursor_ok(body))
		return;
	message->fragment_number = number;
	message->fragment_total = total;
	message->fragment_last = number == total;
	message->first_inner = number == 1 ? message->payloads[walk->index].next : 0;
	message->hidden = (uint16_t)cursor_left(body);
	if (number == 0 || number > total)
		ike_walk_fault(walk, IKE_FAULT_COUNT, body->at - 4);
}

bool ikev2_payload_read(struct ike_walk *walk, struct cursor *body)
{
	switch (walk->type) {
	case IKEV2_PAYLOAD_SA:
		walk->message->sa_count++;
		ike_walk_proposals(walk, body, MORE_PROPOSALS, MORE_TRANSFORMS, read_transform);
		return true;
	case IKEV2_PAYLOAD_KE:
		read_ke(walk, body);
		return true;
	case IKEV2_PAYLOAD_IDI:
	case IKEV2_PAYLOAD_IDR:
		read_identity(walk, body);
		return true;
	case IKEV2_PAYLOAD_CERT:
	case IKEV2_PAYLOAD_CERTREQ:
		ike_walk_certificate(walk, body, walk->type == IKEV2_PAYLOAD_CERTREQ);
		return true;
	case IKEV2_PAYLOAD_AUTH:
		read_auth(walk, body);
		return true;
	case IKEV2_PAYLOAD_NONCE:
		ike_walk_nonce(walk, body);
		return true;
	case IKEV2_PAYLOAD_NOTIFY:
		read_notify(walk, body);
		return true;
	case IKEV2_PAYLOAD_DELETE:
		ike_walk_delete(walk, body);
		return true;
	case IKEV2_PAYLOAD_VENDOR:
		ike_walk_vendor(walk, body);
		return true;
	case IKEV2_PAYLOAD_TSI:
	case IKEV2_PAYLOAD_TSR:
		read_selectors(walk, body);
		return true;
	case IKEV2_PAYLOAD_SK:
		read_encrypted(walk, body);
		return true;
	case IKEV2_PAYLOAD_SKF:
		read_encrypted_fragment(walk, body);
		return true;
	case IKEV2_PAYLOAD_CP:
		read_config(walk, body);
		return true;
	case IKEV2_PAYLOAD_EAP:
		read_eap(walk, body);
		return true;
	case IKEV2_PAYLOAD_GSPM:
	case IKEV2_PAYLOAD_IDG:
	case IKEV2_PAYLOAD_GSA:
	case IKEV2_PAYLOAD_KD:
	case IKEV2_PAYLOAD_PS:
		return true;
	default:
		return false;
	}
}
