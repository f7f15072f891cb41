/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payloads of IKEv1 that a message shows in clear (see ike_message.h): RFC 2408 section 3, with the IPsec domain of
 * interpretation of RFC 2407 and the attributes of RFC 2409 appendix A; NAT-D of RFC 3947 and its drafts; Cisco's and
 * Microsoft's fragments; what Microsoft's AuthIP changes ([MS-AIPS] section 2.2.3).
 */
#include "ikev1.h"

#include "ike_names.h"
#include "ike_walk.h"

#include <stddef.h>

enum { DOI_ISAKMP = 0, DOI_IPSEC = 1 }; /* RFC 2408 section 2.1, RFC 2407 section 6.1 */
enum { FRAGMENT_LAST = 0x01 };
enum { ATTRIBUTES_MAX = 64 }; /* of one transform; the registries have 16 */

static bool is_authip(const struct ike_walk *walk)
{
	return walk->message->header.exchange >= IKEV1_EXCHANGE_AUTHIP_MAIN;
}

static uint16_t clip(uint32_t value)
{
	return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* A duration, in the unit that the life type before it said; without one the registry's default of seconds holds. */
static void take_life(struct ikev1_transform *transform, uint32_t life_type, uint32_t duration)
{
	if (life_type == IKEV1_LIFE_KILOBYTES)
		transform->life_kilobytes = duration;
	else
		transform->life_seconds = duration;
}

static void take_phase1(struct ikev1_transform *transform, uint32_t *life_type, const struct ike_attribute *attribute)
{
	uint16_t value = clip(attribute->value);

	switch (attribute->type) {
	case IKEV1_ATTRIBUTE_ENCRYPTION:
		transform->encryption = value;
		break;
	case IKEV1_ATTRIBUTE_HASH:
		transform->hash = value;
		break;
	case IKEV1_ATTRIBUTE_AUTH:
		transform->auth = value;
		break;
	case IKEV1_ATTRIBUTE_GROUP:
		transform->group = value;
		break;
	case IKEV1_ATTRIBUTE_GROUP_TYPE:
		transform->group_type = value;
		break;
	case IKEV1_ATTRIBUTE_LIFE_TYPE:
		*life_type = value;
		break;
	case IKEV1_ATTRIBUTE_LIFE_DURATION:
		take_life(transform, *life_type, attribute->value);
		break;
	case IKEV1_ATTRIBUTE_PRF:
		transform->prf = value;
		break;
	case IKEV1_ATTRIBUTE_KEY_LENGTH:
		transform->key_length = value;
		break;
	default:
		transform->other = true;
	}
}

static void take_phase2(struct ikev1_transform *transform, uint32_t *life_type, const struct ike_attribute *attribute)
{
	uint16_t value = clip(attribute->value);

	switch (attribute->type) {
	case IKEV1_PHASE2_ATTRIBUTE_LIFE_TYPE:
		*life_type = value;
		break;
	case IKEV1_PHASE2_ATTRIBUTE_LIFE_DURATION:
		take_life(transform, *life_type, attribute->value);
		break;
	case IKEV1_PHASE2_ATTRIBUTE_GROUP:
		transform->group = value;
		break;
	case IKEV1_PHASE2_ATTRIBUTE_ENCAPSULATION:
		transform->encapsulation = value;
		break;
	case IKEV1_PHASE2_ATTRIBUTE_AUTHENTICATION:
		transform->authentication = value;
		break;
	case IKEV1_PHASE2_ATTRIBUTE_KEY_LENGTH:
		transform->key_length = value;
		break;
	case IKEV1_PHASE2_ATTRIBUTE_ESN:
		transform->esn = value;
		break;
	default:
		transform->other = true;
	}
}

/* Number, identifier, two reserved octets, attributes. */
static bool read_transform(struct ike_walk *walk, struct ike_proposal *proposal, struct cursor *part)
{
	struct ikev1_transform transform = { .phase2 = proposal->protocol != IKEV1_PROTOCOL_ISAKMP };
	struct ike_attribute attribute;
	uint32_t life_type = 0;

	transform.number = cursor_u8(part);
	transform.id = cursor_u8(part);
	cursor_u16(part);
	transform.attributes = ike_walk_rest(part);
	if (!cursor_ok(part))
		return true;
	struct ike_slice rest = transform.attributes;
	for (unsigned i = 0; i < ATTRIBUTES_MAX && ike_attribute_read(part->base, &rest, true, &attribute); i++) {
		if (transform.phase2)
			take_phase2(&transform, &life_type, &attribute);
		else
			take_phase1(&transform, &life_type, &attribute);
	}
	if (rest.length > 0)
		ike_walk_fault(walk, IKE_FAULT_BODY, rest.offset);
	struct ikev1_transform *entry = IKE_WALK_ENTRY(walk, v1_transforms, transform_count, IKEV1_TRANSFORMS_MAX);
	if (entry) {
		*entry = transform;
		proposal->count++;
	}
	return entry != NULL;
}

static void read_sa(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint32_t doi = cursor_u32(body);

	/* Another domain lays out what follows in its own way. */
	if (!cursor_ok(body))
		return;
	bool ipsec = doi == DOI_ISAKMP || doi == DOI_IPSEC;
	uint32_t situation = ipsec ? cursor_u32(body) : 0;
	if (!cursor_ok(body))
		return;
	if (message->sa_count++ == 0) {
		message->doi = doi;
		message->situation = situation;
	}
	if (ipsec)
		ike_walk_proposals(walk, body, IKEV1_PAYLOAD_PROPOSAL, IKEV1_PAYLOAD_TRANSFORM, read_transform);
}

static void read_identity(struct ike_walk *walk, struct cursor *body)
{
	uint8_t type = cursor_u8(body);
	uint8_t protocol = cursor_u8(body);
	uint16_t port = cursor_u16(body);

	ike_walk_identity(walk, body, type, protocol, port);
}

static void read_attributes(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint8_t type = cursor_u8(body);
	cursor_u8(body);
	uint16_t identifier = cursor_u16(body);
	struct ike_slice attributes = ike_walk_rest(body);

	if (!cursor_ok(body) || message->has_config)
		return;
	message->has_config = true;
	message->config_type = type;
	message->config_id = identifier;
	message->config = attributes;
}

/* RFC 3947 section 3.2: the first hash is of the other side's address, the ones behind it of the sender's own. */
static void read_nat_hash(struct ike_walk *walk, struct cursor *body)
{
	struct ike_slice hash = ike_walk_rest(body);

	if (cursor_ok(body))
		ike_walk_nat_hash(walk, hash, walk->message->nat_hash_count > 0);
}

static void read_fragment(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;
	uint16_t identifier = cursor_u16(body);
	uint8_t number = cursor_u8(body);
	uint8_t flags = cursor_u8(body);
	struct ike_slice octets = ike_walk_rest(body);

	if (!cursor_ok(body))
		return;
	if (number == 0) {
		cursor_fail(body);
		return;
	}
	message->protection = IKE_CLEAR_FRAGMENT;
	message->fragment_id = identifier;
	message->fragment_number = number;
	message->fragment_last = flags & FRAGMENT_LAST;
	message->fragment = octets;
}

/* 15 is GDOI's SA KEK outside the exchanges in which the drafts of RFC 3947 put NAT-D. */
static bool has_draft_nat_d(const struct ike_walk *walk)
{
	uint8_t exchange = walk->message->header.exchange;

	return exchange == IKEV1_EXCHANGE_BASE || exchange == IKEV1_EXCHANGE_MAIN ||
	       exchange == IKEV1_EXCHANGE_AGGRESSIVE;
}

bool ikev1_payload_read(struct ike_walk *walk, struct cursor *body)
{
	struct ike_message *message = walk->message;

	switch (walk->type) {
	case IKEV1_PAYLOAD_SA:
		read_sa(walk, body);
		return true;
	case IKEV1_PAYLOAD_KE:
		ike_walk_ke(walk, body, 0);
		return true;
	case IKEV1_PAYLOAD_ID:
		read_identity(walk, body);
		return true;
	case IKEV1_PAYLOAD_CERT:
	case IKEV1_PAYLOAD_CERTREQ:
		ike_walk_certificate(walk, body, walk->type == IKEV1_PAYLOAD_CERTREQ);
		return true;
	case IKEV1_PAYLOAD_HASH:
		message->hash = ike_walk_rest(body);
		message->has_hash = true;
		return true;
	case IKEV1_PAYLOAD_SIGNATURE:
		message->signature = ike_walk_rest(body);
		message->has_signature = true;
		return true;
	case IKEV1_PAYLOAD_NONCE:
		ike_walk_nonce(walk, body);
		return true;
	case IKEV1_PAYLOAD_NOTIFY:
		cursor_u32(body);
		ike_walk_notify(walk, body, !is_authip(walk));
		return true;
	case IKEV1_PAYLOAD_DELETE:
		cursor_u32(body);
		ike_walk_delete(walk, body);
		return true;
	case IKEV1_PAYLOAD_VENDOR:
		ike_walk_vendor(walk, body);
		return true;
	case IKEV1_PAYLOAD_ATTRIBUTES:
		read_attributes(walk, body);
		return true;
	case IKEV1_PAYLOAD_NAT_D_DRAFT:
		if (has_draft_nat_d(walk))
			read_nat_hash(walk, body);
		return true;
	case IKEV1_PAYLOAD_NAT_D:
	case IKEV1_PAYLOAD_NAT_D_OLD:
		read_nat_hash(walk, body);
		return true;
	case IKEV1_PAYLOAD_FRAGMENT:
		read_fragment(walk, body);
		return true;
	case IKEV1_PAYLOAD_NAT_OA_DRAFT:
	case IKEV1_PAYLOAD_KEY_DOWNLOAD:
	case IKEV1_PAYLOAD_SEQUENCE:
	case IKEV1_PAYLOAD_PROOF:
	case IKEV1_PAYLOAD_NAT_OA:
	case IKEV1_PAYLOAD_GAP:
	case IKEV1_PAYLOAD_GSSAPI:
	case IKEV1_PAYLOAD_NAT_OA_OLD:
	case IKEV1_PAYLOAD_AUTHIP_CRYPTO:
	case IKEV1_PAYLOAD_AUTHIP_GSS_ID:
	case IKEV1_PAYLOAD_AUTHIP_AUTH:
		return true;
	default:
		return false;
	}
}
