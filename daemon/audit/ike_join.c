/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_join.h. */
#include "ike_join.h"

#include <stdlib.h>
#include <string.h>

enum {
	UNIT = 8,                                    /* octets: what offsets of fragments count in */
	UNITS = (IKE_JOIN_OCTETS + 2 * UNIT) / UNIT, /* UDP's header and the marker included */
};

struct slot {
	uint64_t datagram; /* 0: free */
	int64_t first_ns;
	struct transition transition;  /* of the first fragment; its message is not used */
	uint32_t had;                  /* octets that the first fragment held */
	uint32_t skipped;              /* octets of the datagram before the message */
	uint32_t missing;              /* octets of the message not here yet */
	uint8_t here[(UNITS + 7) / 8]; /* bit per unit of the datagram */
	uint8_t octets[IKE_JOIN_OCTETS];
};

struct ike_join {
	struct transition_sink sink;
	uint64_t *unread; /* borrowed */
	unsigned used;
	struct slot slots[IKE_JOIN_SLOTS];
};

struct ike_join *ike_join_new(const struct transition_sink *sink, uint64_t *unread)
{
	struct ike_join *join = calloc(1, sizeof(*join));

	if (join)
		*join = (struct ike_join){ .sink = *sink, .unread = unread };
	return join;
}

void ike_join_free(struct ike_join *join)
{
	free(join);
}

/* With all of the message, or with what its first fragment held. */
static void go_on(struct ike_join *join, struct slot *slot, int64_t time_ns)
{
	struct transition transition = slot->transition;
	uint32_t count = slot->missing ? slot->had : transition.ike.header.length;

	transition.time_ns = time_ns;
	transition.ike.captured = 0;
	transition.ike.message = malloc(count ? count : 1);
	if (transition.ike.message) {
		memcpy(transition.ike.message, slot->octets, count);
		transition.ike.captured = count;
	} else {
		++*join->unread;
	}
	if (!slot->missing)
		transition.ike.octets = count;
	slot->datagram = 0;
	join->used--;
	join->sink.put(join->sink.context, &transition);
}

static struct slot *find(struct ike_join *join, uint64_t datagram)
{
	for (unsigned i = 0; join->used && i < IKE_JOIN_SLOTS; i++)
		if (join->slots[i].datagram == datagram)
			return &join->slots[i];
	return NULL;
}

/* Takes octets of the datagram from `offset` on; true with the last that was missing. */
static bool take(struct slot *slot, uint32_t offset, const uint8_t *octets, uint32_t count)
{
	uint32_t length = slot->transition.ike.header.length;

	for (uint32_t at = 0; at < count; at += UNIT) {
		uint32_t unit = (offset + at) / UNIT, many = count - at < UNIT ? count - at : UNIT;
		if (unit >= UNITS)
			break;
		if (slot->here[unit / 8] & 1u << unit % 8)
			continue;
		slot->here[unit / 8] |= (uint8_t)(1u << unit % 8);
		for (uint32_t i = 0; i < many; i++) {
			uint32_t place = offset + at + i;
			if (place < slot->skipped || place - slot->skipped >= length)
				continue;
			slot->octets[place - slot->skipped] = octets[at + i];
			slot->missing--;
		}
	}
	return slot->missing == 0;
}

bool ike_join_first(struct ike_join *join, uint64_t datagram, const struct transition *transition, uint32_t skipped)
{
	uint32_t length = transition->ike.header.length, had = transition->ike.captured;
	struct slot *place = NULL;

	datagram |= 1; /* 0 means free */
	if (length > IKE_JOIN_OCTETS || had >= length || skipped > 2 * UNIT || !transition->ike.message)
		return false;
	struct slot *again = find(join, datagram);
	if (again && again->had == had && memcmp(again->octets, transition->ike.message, had) == 0) {
		struct transition copy = *transition;
		transition_discard(&copy); /* of a mirror that shows packets twice */
		return true;
	}
	if (again)
		go_on(join, again, transition->time_ns);
	for (unsigned i = 0; i < IKE_JOIN_SLOTS; i++) {
		struct slot *slot = &join->slots[i];
		if (!slot->datagram) {
			place = slot;
			break;
		}
		if (!place || slot->first_ns < place->first_ns)
			place = slot;
	}
	if (place->datagram)
		go_on(join, place, transition->time_ns);
	place->datagram = datagram;
	place->first_ns = transition->time_ns;
	place->transition = *transition;
	place->transition.ike.message = NULL;
	place->had = had;
	place->skipped = skipped;
	place->missing = length - had;
	memset(place->here, 0, sizeof(place->here));
	memcpy(place->octets, transition->ike.message, had);
	/* A first fragment ends with a unit: what is cut within one comes again with the next, or is missing. */
	for (uint32_t unit = 0; unit < (skipped + had) / UNIT; unit++)
		place->here[unit / 8] |= (uint8_t)(1u << unit % 8);
	place->missing += (skipped + had) % UNIT;
	join->used++;
	struct transition taken = *transition;
	transition_discard(&taken);
	return true;
}

bool ike_join_later(struct ike_join *join, uint64_t datagram, uint32_t offset, const uint8_t *octets, uint32_t count,
		    int64_t now_ns)
{
	ike_join_advance(join, now_ns);
	struct slot *slot = find(join, datagram | 1);
	if (!slot)
		return false;
	if (take(slot, offset, octets, count))
		go_on(join, slot, now_ns);
	return true;
}

/* The one that began first; NULL if there is none. */
static struct slot *oldest(struct ike_join *join)
{
	struct slot *first = NULL;

	for (unsigned i = 0; i < IKE_JOIN_SLOTS; i++) {
		struct slot *slot = &join->slots[i];
		if (slot->datagram && (!first || slot->first_ns < first->first_ns))
			first = slot;
	}
	return first;
}

void ike_join_advance(struct ike_join *join, int64_t now_ns)
{
	struct slot *slot;

	while (join->used && (slot = oldest(join)) && now_ns >= slot->first_ns + IKE_JOIN_NS)
		go_on(join, slot, slot->first_ns + IKE_JOIN_NS);
}

void ike_join_end(struct ike_join *join, int64_t now_ns)
{
	ike_join_advance(join, now_ns);
	for (unsigned i = 0; i < IKE_JOIN_SLOTS; i++)
		if (join->slots[i].datagram)
			go_on(join, &join->slots[i], now_ns);
}

uint64_t ike_join_memory(const struct ike_join *join)
{
	return sizeof(*join);
}
