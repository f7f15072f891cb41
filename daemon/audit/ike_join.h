/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE messages that came in IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5), joined for the judge.
 *
 * Certificates make IKE messages longer than a path carries. A message whose first fragment was read waits for the others
 * and goes on with the time of the one that makes it whole, or, IKE_JOIN_NS after the first, as much of it as its first
 * fragment held. Fragments that come before the first one are not waited for.
 *
 * Memory is fixed: IKE_JOIN_SLOTS messages at a time; one more, and the oldest goes on as it is. Octets that come twice
 * are taken as they came first. Called by the tracker, which owns one.
 */
#ifndef ESPIAL_AUDIT_IKE_JOIN_H
#define ESPIAL_AUDIT_IKE_JOIN_H

#include "transition.h"

#define IKE_JOIN_NS INT64_C(1000000000)

enum { IKE_JOIN_SLOTS = 32, IKE_JOIN_OCTETS = 16384 };

struct ike_join;

/* `sink` gets what goes on; its transitions lack their serial numbers. *unread, which is to live as long, counts messages that
 * went on without their octets, for want of memory. NULL on lack of memory. */
struct ike_join *ike_join_new(const struct transition_sink *sink, uint64_t *unread);
void ike_join_free(struct ike_join *join);

/*
 * The first fragment of the datagram with this hash: `transition` with its message as far as it is there, the rest of
 * which follows. `skipped` octets of the datagram stand before the message: UDP's header, and the marker. Takes the
 * message over. False, and nothing is taken, if the message is too long to wait for.
 */
bool ike_join_first(struct ike_join *join, uint64_t datagram, const struct transition *transition, uint32_t skipped);

/* A later fragment: `offset` within the datagram. True if its message waits for it. */
bool ike_join_later(struct ike_join *join, uint64_t datagram, uint32_t offset, const uint8_t *octets, uint32_t count,
		    int64_t now_ns);

/* Lets go on what has waited for IKE_JOIN_NS at `now_ns`. */
void ike_join_advance(struct ike_join *join, int64_t now_ns);

/* Lets everything go on: the capture ends. */
void ike_join_end(struct ike_join *join, int64_t now_ns);

/* Octets resident. */
uint64_t ike_join_memory(const struct ike_join *join);

#endif
