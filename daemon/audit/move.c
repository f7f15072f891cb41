/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SAs and IKE SAs that go on between other addresses: MOBIKE (RFC 4555), and a NAT that gives its client another address
 * (RFC 7296 section 2.23). One of the two ends has another address from some moment on; SPIs and sequence numbers go on.
 *
 * An SA that is born is taken for one that moved if another one has its SPI and protocol, one end in common and the other not,
 * ceased as this one began, and counted up to where this one begins. While the other one may still speak it is only
 * likely; it is sure once that one has fallen quiet. SPIs are random, but those of manual keys may be equal towards many
 * peers: then the numbers differ, or both go on. Where the IKE SA was seen to move too, numbers may have skipped any amount.
 *
 * What moved has its history with it: since when its keys are in use and what they carried, how its pair rekeyed, that its IKE
 * was in view, that it was learned. What is left of the pair between the old addresses is over. Ports are no part of an SA
 * here, so a NAT that only gives another port changes nothing.
 */
#include "hash.h"
#include "judge_state.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#define OVERLAP_NS (2 * INT64_C(1000000000)) /* packets of both, on different ways */

enum {
	WAYS = 4,          /* SAs kept for one place of the index */
	BEHIND_MAX = 8,    /* numbers by which the first packet may be behind the last of the other */
	SKIP_MAX = 1 << 20 /* numbers that may be missing between the two */
};

size_t move_index_cost(void)
{
	return 2 * sizeof(uint32_t); /* places are a power of two */
}

bool move_index_init(struct move_index *index, uint32_t sas)
{
	uint32_t places = WAYS;

	while (places < sas)
		places *= 2;
	index->numbers = calloc(places, sizeof(*index->numbers));
	index->mask = places - 1;
	return index->numbers != NULL;
}

void move_index_destroy(struct move_index *index)
{
	free(index->numbers);
}

static uint32_t *places_of(const struct judge *judge, uint32_t realm, uint8_t protocol, uint32_t spi)
{
	struct {
		uint32_t spi, realm, protocol, zero;
	} key = { spi, realm, protocol, 0 };
	uint32_t at = (uint32_t)hash_octets(&key, sizeof(key), judge->settings.seed) & judge->moves.mask;

	return &judge->moves.numbers[at & ~(uint32_t)(WAYS - 1)];
}

static struct judged_sa *sa_at(const struct judge *judge, uint32_t number)
{
	return table_at(&judge->sas, number);
}

static struct judged_pair *pair_of(const struct judge *judge, const struct judged_sa *sa)
{
	uint32_t number = table_find(&judge->pairs, sa->pair);

	return number ? table_at(&judge->pairs, number) : NULL;
}

static void remember(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa, uint32_t number)
{
	uint32_t *places = places_of(judge, pair->realm, sa->protocol, sa->spi);
	unsigned last = 0;

	while (last < WAYS - 1 && places[last] != number)
		last++;
	memmove(&places[1], &places[0], last * sizeof(*places));
	places[0] = number;
}

/* Source and destination of one SA. */
static const struct address *end_of(const struct judged_pair *pair, const struct judged_sa *sa, bool destination)
{
	return &pair->address[destination ? !sa->direction : sa->direction];
}

/* One end of the two is the same and the other is not; which one moved. */
static bool one_end_moved(const struct judged_pair *from, const struct judged_sa *old, const struct judged_pair *to,
			  const struct judged_sa *new, bool *destination)
{
	bool same_source = address_equal(end_of(from, old, false), end_of(to, new, false));
	bool same_destination = address_equal(end_of(from, old, true), end_of(to, new, true));

	*destination = same_source;
	return same_source != same_destination;
}

/* The IKE SA that the old one came of speaks between the new addresses now. */
static bool ike_moved(const struct judge *judge, const struct judged_pair *to, const struct judged_sa *old)
{
	const struct ike_story *story = old->ike_major ? ike_story_find(judge->stories, to->realm, old->ike_spi) : NULL;

	return story && story->pair == to->link.hash;
}

/* The old one ceased as the new one began, and counted up to it. */
static bool follows(const struct judge *judge, const struct judged_pair *to, const struct judged_sa *old,
		    const struct judged_sa *new)
{
	int64_t begins = new->woke_ns > new->born_ns ? new->woke_ns : new->born_ns;
	int64_t skipped = (int64_t) new->sequence_first - old->sequence;

	/* Who begins to count is new. */
	if (old->last_ns > begins + OVERLAP_NS || skipped < -BEHIND_MAX || new->sequence_first <= 1)
		return false;
	return skipped <= SKIP_MAX || ike_moved(judge, to, old);
}

/* ---- what a pair takes along ---- */

static void adopt_rekeys(struct judged_pair *to, struct judged_pair *from, bool turned)
{
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_rekeys *old = &from->rekeys[d ^ turned];
		struct judged_rekeys *new = &to->rekeys[d];
		if (new->count >= old->count)
			continue;
		*new = *old;
		for (unsigned i = 0; turned && i < REKEY_REMEMBERED; i++)
			new->initiator[i] = new->initiator[i] == INITIATOR_A   ? INITIATOR_B
					    : new->initiator[i] == INITIATOR_B ? INITIATOR_A
									       : new->initiator[i];
	}
}

static void adopt_ike(struct judged_pair *to, struct judged_pair *from, bool turned)
{
	struct judged_negotiation *old = &from->negotiation, *new = &to->negotiation;

	for (unsigned side = 0; side < 2; side++) {
		const struct judged_ike *before = &from->ike[side ^ turned];
		struct judged_ike *now = &to->ike[side];
		now->beyond_init |= before->beyond_init;
		if (!now->message_ns)
			now->message_ns = before->message_ns;
	}
	if (old->established_ns > new->established_ns) {
		new->established_ns = old->established_ns;
		new->established_ispi = old->established_ispi;
	}
	/* Who begins again between the new addresses does not leave the old ones behind as silent peers. */
	old->established_ns = 0;
	old->established_ispi = 0;
	old->again_ns = 0;
}

/* Whether the lower address of one pair is the higher one of the other. */
static bool is_turned(const struct judged_pair *from, const struct judged_pair *to)
{
	return address_equal(&from->address[0], &to->address[1]) || address_equal(&from->address[1], &to->address[0]);
}

void move_known(struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned side = 0; side < 2; side++) {
		struct judged_host *host = judge_host(judge, &pair->address[side]);
		if (host)
			host->told_new = true;
	}
}

/* ---- SAs ---- */

/* Of both directions: one alone is too easily forged to make anybody forget a pair. */
static bool all_moved(const struct judge *judge, const struct judged_pair *to)
{
	for (unsigned d = 0; d < 2; d++)
		if (!to->newest_sa[d] || sa_at(judge, to->newest_sa[d])->came != MOVE_SURE)
			return false;
	return true;
}

static void confirm(struct judge *judge, struct judged_pair *to, struct judged_sa *old, struct judged_sa *new)
{
	struct judged_pair *from = pair_of(judge, old);
	bool destination;

	if (!from || !one_end_moved(from, old, to, new, &destination))
		return;
	bool turned = is_turned(from, to);
	lineage_part(judge, to, new);
	new->came = MOVE_SURE;
	new->came_address = *end_of(from, old, destination);
	new->came_end = destination;
	new->keyed_ns = old->keyed_ns;
	new->keyed = old->keyed;
	new->before_packets = old->before_packets + old->packets - new->packets;
	new->before_bytes = old->before_bytes + old->bytes - new->bytes;
	if (old->ike_major) {
		new->ike_spi = old->ike_spi;
		new->ike_major = old->ike_major;
		new->exchange = old->exchange;
		new->initiator = !turned                         ? old->initiator
				 : old->initiator == INITIATOR_A ? INITIATOR_B
				 : old->initiator == INITIATOR_B ? INITIATOR_A
								 : old->initiator;
	}
	new->told_up = true;
	new->told_down = false;
	old->told_down = true;
	adopt_rekeys(to, from, turned);
	adopt_ike(to, from, turned);
	if (all_moved(judge, to))
		learn_move(judge, from, to);
	move_known(judge, to);
	rule_spi_moved(judge, from);
	rule_rekey_moved(judge, from);
}

/* It did not move after all: it still speaks, or speaks again, where it was. */
static void dissolve(struct judge *judge, struct judged_pair *to, struct judged_sa *old, struct judged_sa *new)
{
	struct judged_pair *from = pair_of(judge, old);

	if (from && new->came == MOVE_SURE)
		learn_move(judge, to, from);
	new->came = MOVE_NONE;
	new->came_from = 0;
	old->went_to = 0;
	rule_lifecycle_peers(judge, to);
}

static void settle(struct judge *judge, struct judged_sa *old, struct judged_sa *new)
{
	struct judged_pair *to = pair_of(judge, new);

	if (!to)
		return;
	if (follows(judge, to, old, new))
		confirm(judge, to, old, new);
	else
		dissolve(judge, to, old, new);
}

/* It begins to speak: whether it did so before, between other addresses. */
static void appear(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	const uint32_t *places = places_of(judge, pair->realm, sa->protocol, sa->spi);
	uint32_t number = table_number(&judge->sas, sa);
	struct judged_sa *found = NULL;
	bool destination;

	for (unsigned i = 0; i < WAYS; i++) {
		if (!places[i] || places[i] == number || !table_lives(&judge->sas, places[i]))
			continue;
		struct judged_sa *other = sa_at(judge, places[i]);
		const struct judged_pair *from =
		    other->spi == sa->spi && other->protocol == sa->protocol ? pair_of(judge, other) : NULL;
		if (!from || from == pair || from->realm != pair->realm || other->went_to ||
		    !one_end_moved(from, other, pair, sa, &destination) ||
		    (other->quiet && !follows(judge, pair, other, sa)))
			continue;
		if (!found || other->last_ns > found->last_ns)
			found = other;
	}
	if (!found)
		return;
	/* One that comes back has gone nowhere any more. */
	if (sa->went_to == table_number(&judge->sas, found))
		sa->went_to = 0;
	sa->came_from = table_number(&judge->sas, found);
	sa->came = MOVE_LIKELY;
	found->went_to = number;
	if (found->quiet)
		settle(judge, found, sa);
}

void move_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_esp *esp = &transition->esp;

	if (transition->kind != TRANSITION_SA_BORN && transition->kind != TRANSITION_SA_QUIET &&
	    transition->kind != TRANSITION_SA_WOKE)
		return;
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, esp->protocol, esp->spi);
	if (!sa)
		return;
	switch (transition->kind) {
	case TRANSITION_SA_BORN:
		sa->sequence_first = sa->sequence = esp->sequence;
		if (!sa->recalled)
			sa->keyed_ns = sa->born_ns;
		appear(judge, pair, sa);
		remember(judge, pair, sa, table_number(&judge->sas, sa));
		break;
	case TRANSITION_SA_WOKE:
		/* Only what went away can come back. */
		if (!sa->went_to)
			break;
		sa->sequence_first = esp->sequence;
		appear(judge, pair, sa);
		if (sa->went_to && pair_of(judge, sa_at(judge, sa->went_to)))
			dissolve(judge, pair_of(judge, sa_at(judge, sa->went_to)), sa, sa_at(judge, sa->went_to));
		break;
	default:
		sa->sequence = esp->sequence;
		if (sa->went_to && sa_at(judge, sa->went_to)->came == MOVE_LIKELY)
			settle(judge, sa, sa_at(judge, sa->went_to));
		break;
	}
}

enum move_state move_state_of(const struct judge *judge, const struct judged_pair *pair)
{
	enum move_state state = MOVE_NONE;

	for (unsigned d = 0; d < 2; d++)
		if (pair->newest_sa[d] && sa_at(judge, pair->newest_sa[d])->came > state)
			state = sa_at(judge, pair->newest_sa[d])->came;
	return state;
}

void move_forget(struct judge *judge, uint32_t number)
{
	const struct judged_sa *sa = sa_at(judge, number);

	if (sa->came_from && sa_at(judge, sa->came_from)->went_to == number)
		sa_at(judge, sa->came_from)->went_to = 0;
	if (sa->went_to && sa_at(judge, sa->went_to)->came_from == number) {
		struct judged_sa *next = sa_at(judge, sa->went_to);
		next->came_from = 0;
		if (next->came == MOVE_LIKELY)
			next->came = MOVE_NONE;
	}
}

/* ---- IKE SAs ---- */

void move_ike(struct judge *judge, struct judged_pair *pair)
{
	uint32_t number = judge->ike.moved_from ? table_find(&judge->pairs, judge->ike.moved_from) : 0;
	struct judged_pair *from = number ? table_at(&judge->pairs, number) : NULL;

	if (!from || from == pair || !judge->ike.story->established_ns)
		return;
	bool shares = address_equal(&from->address[0], &pair->address[0]) ||
		      address_equal(&from->address[1], &pair->address[1]) || is_turned(from, pair);
	if (!shares)
		return;
	adopt_ike(pair, from, is_turned(from, pair));
	move_known(judge, pair);
}
