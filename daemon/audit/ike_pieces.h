/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKEv1 messages that came in Cisco's and Microsoft's fragments (payload 132, [MS-IKEE] section 2.2.4), joined for the judge.
 *
 * Each piece is a message of its own, with an IKE header that names the exchange and with a piece of the octets of another one.
 * What it is a piece of is only known when all are there: message 5 of main mode is encrypted, message 2 of aggressive mode
 * has certificates in clear. So pieces wait for one another. The last of them makes a message of them all. If something else of
 * their IKE SA comes first, pieces are given back one by one, and count for what can be told of each.
 *
 * Memory is fixed: IKE_PIECES_SETS messages at a time, of IKE_PIECES_OCTETS and IKE_PIECES_MAX pieces each; one more, and the
 * oldest is given back. A mirror's copies of pieces count for nothing. Called by the judge, which owns one.
 */
#ifndef ESPIAL_AUDIT_IKE_PIECES_H
#define ESPIAL_AUDIT_IKE_PIECES_H

#include "transition.h"

struct ike_message;
struct ike_pieces;

enum { IKE_PIECES_SETS = 32, IKE_PIECES_MAX = 32, IKE_PIECES_OCTETS = 16384 };

enum ike_pieces_result {
	IKE_PIECES_ALONE, /* no piece, or one that fits nothing: it goes on as it is; nothing was taken */
	IKE_PIECES_WAITS, /* the transition was taken over, or was a copy and is discarded */
	IKE_PIECES_WHOLE, /* the same, and `joined` is the whole message, of the time of the last piece */
};

/* *lost, which is to live as long, counts messages that found no memory to be joined in. NULL on lack of memory. */
struct ike_pieces *ike_pieces_new(uint64_t *lost);
void ike_pieces_free(struct ike_pieces *pieces);

struct ike_pieces_joined {
	struct transition transition; /* the caller's to discard */
	unsigned count;               /* pieces that it is of */
	uint32_t largest;             /* octets of the largest of them, as a message */
};

/* Takes the transition, whose message was read as `message`. `joined` is set with IKE_PIECES_WHOLE. */
enum ike_pieces_result ike_pieces_take(struct ike_pieces *pieces, const struct transition *transition,
				       const struct ike_message *message, struct ike_pieces_joined *joined);

/*
 * Gives back the first piece that waits and is in the way: of the same IKE SA as this transition, unless it is a piece itself
 * that may yet fit; or, while all places are taken, of the oldest set. NULL: any, the capture ends. False if there is none.
 * The piece is the caller's.
 */
bool ike_pieces_give_back(struct ike_pieces *pieces, const struct transition *transition,
			  const struct ike_message *message, struct transition *piece);

#endif
