/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pieces of an IKEv1 message cut up by Cisco's and Microsoft's fragmentation (payload 132) have been seen.
 *
 * A piece carries the identifier of its message, a number from 1 to 255 and whether it is the last; the octets of all
 * pieces, in order, are an IKE message from its header on. Only the book-keeping is here: the tracker holds the octets,
 * bounds them and hands what is joined to ike_message_read(). Fragments of RFC 7383 are encrypted and cannot be joined.
 */
#ifndef ESPIAL_DISSECTORS_IKE_FRAGMENT_H
#define ESPIAL_DISSECTORS_IKE_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

struct ike_message;

/* All zero is an empty set. */
struct ike_fragment_set {
	uint64_t seen[4]; /* bit n: the piece of number n */
	uint16_t id;      /* of the message; means nothing while no piece was seen */
	uint8_t count;    /* pieces seen */
	uint8_t last;     /* number of the last piece; 0 while not known */
};

enum ike_fragment_result {
	IKE_FRAGMENT_NEW,      /* noted: its octets are wanted */
	IKE_FRAGMENT_REPEATED, /* seen before */
	IKE_FRAGMENT_FOREIGN,  /* no fragment, or of another message: nothing was noted */
	IKE_FRAGMENT_CONFLICT, /* behind the last piece, or a second last one: nothing was noted */
};

/* Notes the piece that `message` is. */
enum ike_fragment_result ike_fragment_set_add(struct ike_fragment_set *set, const struct ike_message *message);

/* Whether the pieces 1 to the last were all seen. */
bool ike_fragment_set_complete(const struct ike_fragment_set *set);

#endif
