/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_pieces.h. */
#include "ike_pieces.h"

#include "../../dissectors/cursor.h"
#include "../../dissectors/ike_fragment.h"
#include "../../dissectors/ike_message.h"

#include <stdlib.h>
#include <string.h>

#define COPY_NS (50 * INT64_C(1000000)) /* ike_story.c: what comes again so soon is a copy */

struct piece {
	struct transition transition; /* its message is owned */
	struct ike_slice octets;      /* of the message that is joined */
	uint8_t number;
};

struct set {
	int64_t first_ns; /* 0: free */
	int64_t last_ns;
	struct address src, dst;
	uint32_t realm;
	uint64_t ispi;
	uint16_t id;
	bool whole; /* given away: what is kept tells copies */
	uint8_t given;
	uint8_t count;
	uint32_t used; /* octets of pieces */
	struct ike_fragment_set seen;
	struct piece pieces[IKE_PIECES_MAX];
};

struct ike_pieces {
	uint64_t *lost;   /* borrowed */
	unsigned waiting; /* pieces in all */
	struct set sets[IKE_PIECES_SETS];
};

struct ike_pieces *ike_pieces_new(uint64_t *lost)
{
	struct ike_pieces *pieces = calloc(1, sizeof(*pieces));

	if (pieces)
		pieces->lost = lost;
	return pieces;
}

void ike_pieces_free(struct ike_pieces *pieces)
{
	if (!pieces)
		return;
	for (unsigned s = 0; s < IKE_PIECES_SETS; s++)
		for (unsigned i = pieces->sets[s].given; i < pieces->sets[s].count; i++)
			transition_discard(&pieces->sets[s].pieces[i].transition);
	free(pieces);
}

static const struct address *source_of(const struct transition *transition)
{
	return transition->direction ? &transition->b : &transition->a;
}

static const struct address *destination_of(const struct transition *transition)
{
	return transition->direction ? &transition->a : &transition->b;
}

static bool is_piece(const struct transition *transition, const struct ike_message *message)
{
	return message->header.major == 1 && message->protection == IKE_CLEAR_FRAGMENT &&
	       message->state == IKE_STATE_WHOLE && transition->ike.captured == transition->ike.octets &&
	       message->fragment.length > 0 && message->fragment.length <= IKE_PIECES_OCTETS;
}

static bool same_ike_sa(const struct set *set, const struct transition *transition)
{
	return set->first_ns && set->realm == transition->realm && set->ispi == transition->ike.header.initiator_spi;
}

static struct set *set_of(struct ike_pieces *pieces, const struct transition *transition, uint16_t id)
{
	for (unsigned i = 0; i < IKE_PIECES_SETS; i++) {
		struct set *set = &pieces->sets[i];
		if (same_ike_sa(set, transition) && set->id == id && address_equal(&set->src, source_of(transition)) &&
		    address_equal(&set->dst, destination_of(transition)))
			return set;
	}
	return NULL;
}

/* The piece of that number is there, with the same octets. */
static bool is_there(const struct set *set, const struct transition *transition, const struct ike_message *message)
{
	for (unsigned i = set->given; i < set->count && !set->whole; i++) {
		const struct piece *piece = &set->pieces[i];
		if (piece->number == message->fragment_number)
			return piece->transition.ike.captured == transition->ike.captured &&
			       memcmp(piece->transition.ike.message, transition->ike.message,
				      transition->ike.captured) == 0;
	}
	return set->whole;
}

static bool is_copy(const struct set *set, const struct transition *transition, const struct ike_message *message)
{
	return transition->time_ns - set->last_ns < COPY_NS && is_there(set, transition, message);
}

/* Whether the piece goes on with what the set has. */
static bool fits(const struct set *set, const struct ike_message *message)
{
	struct ike_fragment_set seen = set->seen;

	return !set->whole && !set->given && set->count < IKE_PIECES_MAX &&
	       set->used + message->fragment.length <= IKE_PIECES_OCTETS &&
	       ike_fragment_set_add(&seen, message) == IKE_FRAGMENT_NEW;
}

static struct set *free_set(struct ike_pieces *pieces)
{
	struct set *oldest = NULL;

	for (unsigned i = 0; i < IKE_PIECES_SETS; i++) {
		struct set *set = &pieces->sets[i];
		if (!set->first_ns)
			return set;
		/* What was given away, or back, has nothing to lose. */
		if ((set->whole || set->given == set->count) && (!oldest || set->last_ns < oldest->last_ns))
			oldest = set;
	}
	return oldest;
}

static bool join(const struct set *set, struct ike_pieces_joined *result, uint64_t *lost)
{
	const struct transition *last = &set->pieces[set->count - 1].transition;
	struct transition *joined = &result->transition;
	uint8_t *octets = malloc(set->used);
	uint32_t used = 0;

	if (!octets) {
		++*lost;
		return false;
	}
	for (unsigned number = 1; number <= set->seen.last; number++)
		for (unsigned i = 0; i < set->count; i++) {
			const struct piece *piece = &set->pieces[i];
			if (piece->number != number)
				continue;
			memcpy(octets + used, piece->transition.ike.message + piece->octets.offset,
			       piece->octets.length);
			used += piece->octets.length;
		}
	*result = (struct ike_pieces_joined){ .transition = *last, .count = set->count };
	for (unsigned i = 0; i < set->count; i++)
		if (set->pieces[i].transition.ike.octets > result->largest)
			result->largest = set->pieces[i].transition.ike.octets;
	joined->ike.message = octets;
	joined->ike.captured = joined->ike.octets = used;
	struct cursor cursor = cursor_make(octets, used, used);
	/* Another IKE SA's, or none at all: whoever made this up gets nowhere with it. */
	if (!ike_header_read(&cursor, &joined->ike.header) || joined->ike.header.major != 1 ||
	    joined->ike.header.initiator_spi != set->ispi) {
		free(octets);
		return false;
	}
	return true;
}

static void let_go(struct ike_pieces *pieces, struct set *set)
{
	for (unsigned i = set->given; i < set->count; i++)
		transition_discard(&set->pieces[i].transition);
	pieces->waiting -= (unsigned)(set->count - set->given);
	set->given = set->count;
}

enum ike_pieces_result ike_pieces_take(struct ike_pieces *pieces, const struct transition *transition,
				       const struct ike_message *message, struct ike_pieces_joined *joined)
{
	if (!is_piece(transition, message))
		return IKE_PIECES_ALONE;
	struct set *set = set_of(pieces, transition, message->fragment_id);
	if (set && is_copy(set, transition, message)) {
		struct transition copy = *transition;
		transition_discard(&copy);
		return IKE_PIECES_WAITS;
	}
	if (set && !fits(set, message)) {
		if (set->given < set->count && !set->whole)
			return IKE_PIECES_ALONE;
		set->first_ns = 0;
		set = NULL;
	}
	if (!set) {
		set = free_set(pieces);
		if (!set)
			return IKE_PIECES_ALONE;
		*set = (struct set){ .first_ns = transition->time_ns,
				     .src = *source_of(transition),
				     .dst = *destination_of(transition),
				     .realm = transition->realm,
				     .ispi = transition->ike.header.initiator_spi,
				     .id = message->fragment_id };
	}
	if (ike_fragment_set_add(&set->seen, message) != IKE_FRAGMENT_NEW)
		return IKE_PIECES_ALONE;
	set->pieces[set->count++] = (struct piece){ *transition, message->fragment, (uint8_t)message->fragment_number };
	set->used += message->fragment.length;
	set->last_ns = transition->time_ns;
	pieces->waiting++;
	if (!ike_fragment_set_complete(&set->seen) || !join(set, joined, pieces->lost))
		return IKE_PIECES_WAITS;
	set->whole = true;
	let_go(pieces, set);
	return IKE_PIECES_WHOLE;
}

/* Whether nothing of the set can go on to wait, now that this comes. */
static bool in_the_way(const struct set *set, const struct transition *transition, const struct ike_message *message)
{
	if (!transition)
		return true;
	if (!same_ike_sa(set, transition))
		return false;
	/* The other side's pieces, and those of one message in several sets, wait side by side only for a moment. */
	if (!is_piece(transition, message) || set->id != message->fragment_id ||
	    !address_equal(&set->src, source_of(transition)))
		return true;
	return !is_copy(set, transition, message) && !fits(set, message);
}

bool ike_pieces_give_back(struct ike_pieces *pieces, const struct transition *transition,
			  const struct ike_message *message, struct transition *piece)
{
	struct set *found = NULL, *oldest = NULL;
	bool room = false;

	if (!pieces->waiting)
		return false;
	for (unsigned i = 0; i < IKE_PIECES_SETS; i++) {
		struct set *set = &pieces->sets[i];
		bool waits = set->first_ns && !set->whole && set->given < set->count;
		room |= !waits;
		if (!waits)
			continue;
		if (!oldest || set->first_ns < oldest->first_ns)
			oldest = set;
		if (in_the_way(set, transition, message) && (!found || set->first_ns < found->first_ns))
			found = set;
	}
	if (!found && !room && transition && is_piece(transition, message) &&
	    !set_of(pieces, transition, message->fragment_id))
		found = oldest;
	if (!found)
		return false;
	*piece = found->pieces[found->given++].transition;
	pieces->waiting--;
	if (found->given == found->count)
		found->first_ns = 0;
	return true;
}
