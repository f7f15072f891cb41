/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through one IKE message: what ike_message.c, ikev1.c and ikev2.c share, and nobody else includes.
 *
 * Every cursor here has the message's first octet as its base, so that positions are offsets within the message and
 * become slices as they are. A part is therefore a copy of its parent with a narrower promise (ike_walk_part()), not a
 * sub-cursor of its own base.
 */
#ifndef ESPIAL_DISSECTORS_IKE_WALK_H
#define ESPIAL_DISSECTORS_IKE_WALK_H

#include "cursor.h"
#include "ike_message.h"

enum { IKE_GENERIC_SIZE = 4 }; /* RFC 2408 section 3.2, RFC 7296 section 3.2 */

struct ike_walk {
	struct ike_message *message; /* where findings go */
	struct cursor chain;         /* on the next payload's generic header */
	uint8_t type;                /* of the payload being read */
	uint8_t index;               /* of the payload being read */
};

/* The next `octets` as a cursor of their own; the parent has passed them. Too many fail both. */
static inline struct cursor ike_walk_part(struct cursor *parent, uint32_t octets)
{
	struct cursor part = *parent;

	cursor_narrow(&part, octets);
	cursor_skip(parent, octets);
	return part;
}

/* The next `octets` as a slice; empty after a failure. */
static inline struct ike_slice ike_walk_slice(struct cursor *cursor, uint32_t octets)
{
	struct ike_slice slice = { 0, 0 };

	if (cursor_need(cursor, octets)) {
		slice.offset = (uint16_t)cursor->at;
		slice.length = (uint16_t)octets;
		cursor->at += octets;
	}
	return slice;
}

/* All that is left as a slice. */
static inline struct ike_slice ike_walk_rest(struct cursor *cursor)
{
	return ike_walk_slice(cursor, cursor_left(cursor));
}

/* The next entry of an array of `max` whose count is `*count`, or NULL and `overflow`. Counts it. */
#define IKE_WALK_ENTRY(walk, array, count, max)                                                                        \
	((walk)->message->count < (max) ? &(walk)->message->array[(walk)->message->count++]                            \
					: ((walk)->message->overflow = true, NULL))

/* Notes a fault at `offset` of the payload being read; the first is kept. */
void ike_walk_fault(struct ike_walk *walk, enum ike_fault fault, uint32_t offset);

/* Notes how a cursor over a part of this payload ended: nothing, a fault, or a cut. */
void ike_walk_end(struct ike_walk *walk, const struct cursor *cursor);

/* Reads one transform behind its four octets into the message and counts it in `proposal`. False if there is no room. */
typedef bool ike_walk_transform(struct ike_walk *walk, struct ike_proposal *proposal, struct cursor *part);

/*
 * Reads the proposals of an SA payload and their transforms, which chain alike in both versions: the first octet tells
 * whether another follows (`more_proposals`, `more_transforms`), a length includes these four octets.
 */
void ike_walk_proposals(struct ike_walk *walk, struct cursor *body, uint8_t more_proposals, uint8_t more_transforms,
			ike_walk_transform *read_transform);

/* A notify, once its protocol is known to come next. `spi` is false where the octet of its size says something else. */
void ike_walk_notify(struct ike_walk *walk, struct cursor *body, bool spi);

/* A delete, from its protocol on. */
void ike_walk_delete(struct ike_walk *walk, struct cursor *body);

/* A certificate or a certificate request: an encoding, and data. */
void ike_walk_certificate(struct ike_walk *walk, struct cursor *body, bool request);

/* A vendor ID. */
void ike_walk_vendor(struct ike_walk *walk, struct cursor *body);

/* A nonce. */
void ike_walk_nonce(struct ike_walk *walk, struct cursor *body);

/* A key exchange value, of `group` if the version says it here. */
void ike_walk_ke(struct ike_walk *walk, struct cursor *body, uint16_t group);

/* An identity whose type and IKEv1 fields were read. */
void ike_walk_identity(struct ike_walk *walk, struct cursor *body, uint8_t type, uint8_t protocol, uint16_t port);

/* A NAT detection hash. */
void ike_walk_nat_hash(struct ike_walk *walk, struct ike_slice hash, bool source);

#endif
