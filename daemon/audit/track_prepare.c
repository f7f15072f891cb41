/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker's way into a batch: keys of its packets, and their memory sent for ahead. And what a worker among several needs:
 * which parts of a packet there are, and limits that several trackers share. Called by worker.c and workers.c, see track.h.
 */
#include "track.h"

#include "track_state.h"

enum {
	CACHE_LINE = 64,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
};

uint32_t track_realm(const struct track *track, const struct packet *packet)
{
	switch (track_interface_of(track, packet->interface).realm) {
	case TRACK_REALM_VLAN:
		return packet->vlan;
	case TRACK_REALM_VNI:
		return packet->vni;
	case TRACK_REALM_INTERFACE:
		return packet->interface + UINT32_C(1);
	case TRACK_REALM_NONE:
		break;
	}
	return 0;
}

static inline void prefetch_lines(const void *from, size_t size)
{
	for (uintptr_t line = (uintptr_t)from & ~(uintptr_t)(CACHE_LINE - 1); line < (uintptr_t)from + size;
	     line += CACHE_LINE)
		pages_fetch((const void *)line);
}

/* Whether the SA's next packet, even if it comes in order, needs what is kept apart. */
static inline bool sa_wants_cold(const struct sa *sa)
{
	return !(sa->flags & SA_OPAQUE) || sa->run.until_ns == 0;
}

static inline bool is_of_sa(const struct packet *packet)
{
	return packet->class == PACKET_ESP || packet->class == PACKET_AH;
}

/* All of the key but the time, and which parts are meant. */
static inline void make_key(struct track *track, const struct packet *packet, struct track_key *key)
{
	key->realm = track_realm(track, packet);
	if (!key->keyed)
		return;
	key->direction = address_compare(&packet->src, &packet->dst) > 0;
	if (is_of_sa(packet)) {
		key->hash = track_sa_hash(track, &packet->src, &packet->dst, key->realm, packet->spi,
					  packet->class == PACKET_ESP ? PROTOCOL_ESP : PROTOCOL_AH);
		table_prefetch_bucket(&track->sas, key->hash);
	} else {
		key->hash = track_flow_hash(track, packet, key);
		table_prefetch_bucket(&track->flows, key->hash);
	}
}

void track_prepare(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (packets[i].time_ns > track->now_ns)
			track->now_ns = packets[i].time_ns;
		keys[i].time_ns = track->now_ns;
		keys[i].parts = TRACK_WHOLE;
		keys[i].keyed = packets[i].has_ip;
		make_key(track, &packets[i], &keys[i]);
	}
}

void track_prepare_parts(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (keys[i].time_ns > track->now_ns)
			track->now_ns = keys[i].time_ns;
		keys[i].keyed = packets[i].has_ip && (keys[i].parts & TRACK_OWN);
		make_key(track, &packets[i], &keys[i]);
	}
}

void track_at_frame(struct track *track, uint64_t frame)
{
	track->frame = frame;
}

unsigned track_parts(const struct packet *packet)
{
	unsigned parts = TRACK_OWN;

	if (packet->class == PACKET_ESP && (packet->flags & PACKET_HAS_AH))
		parts |= TRACK_OUTER_AH;
	if (packet->class == PACKET_ICMP && (packet->flags & PACKET_QUOTES))
		parts |= TRACK_QUOTED;
	if ((packet->tunnels & TUNNELS_OF_IP) &&
	    (packet->class == PACKET_NON_IP || packet->class == PACKET_ICMP || packet->class == PACKET_CLEARTEXT))
		parts |= TRACK_CARRIER;
	return parts;
}

void track_part_ends(const struct packet *packet, unsigned part, const struct address *ends[2])
{
	ends[0] = part == TRACK_OUTER_AH ? &packet->ah.src
		  : part == TRACK_QUOTED ? &packet->quoted.src
					 : &packet->carrier_src;
	ends[1] = part == TRACK_OUTER_AH ? &packet->ah.dst
		  : part == TRACK_QUOTED ? &packet->quoted.dst
					 : &packet->carrier_dst;
}

/* The packet's entry if it is the first of its bucket, which it nearly always is, if it is there. */
static inline uint32_t likely_entry(const struct table *table, const struct track_key *key)
{
	uint32_t number = key->keyed ? table->buckets[table_bucket(table, key->hash)] : 0;

	return number && ((const struct table_link *)table_at(table, number))->hash == key->hash ? number : 0;
}

/* A flow or SA that is there names its pair; the first packet of one that is not will look for its pair. */
static void fetch_pairs(const struct track *track, const struct packet *packets, const struct track_key *keys,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		bool sa = is_of_sa(&packets[i]);
		const struct table *table = sa ? &track->sas : &track->flows;
		uint32_t number = likely_entry(table, &keys[i]);
		if (!number) {
			if (keys[i].keyed)
				table_prefetch_bucket(
				    &track->pairs, track_pair_hash(track, &packets[i].src, &packets[i].dst, &keys[i]));
			continue;
		}
		const struct table_link *link = table_at(table, number);
		if (sa && sa_wants_cold(table_at(table, number)))
			prefetch_lines(&track->sa_cold[number], sizeof(*track->sa_cold));
		prefetch_lines(table_at(&track->pairs, link->owner), sa ? CACHE_LINE : 2 * CACHE_LINE);
	}
}

/* Of the story what the next clear packet will touch, or the next one of an SA. */
static inline void fetch_story(const struct track *track, const struct pair *pair, bool sa, int64_t now_ns)
{
	const struct story *story = table_at(&track->stories, pair->story);

	if (sa) {
		if (pair->flags & PAIR_RING)
			pages_fetch(&story->ring[pair->link.owner]);
		return;
	}
	pages_fetch(story);
	if (now_ns - pair->esp_last_ns[0] <= STORY_YOUNG_NS || now_ns - pair->esp_last_ns[1] <= STORY_YOUNG_NS)
		prefetch_lines(story->ring, sizeof(story->ring));
	if (pair->flags & PAIR_COPIES)
		pages_fetch(&story->copies);
}

/* A pair names its dialogue and its story. */
static void fetch_stories(const struct track *track, const struct packet *packets, const struct track_key *keys,
			  unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		bool sa = is_of_sa(&packets[i]);
		const struct table *table = sa ? &track->sas : &track->flows;
		uint32_t number = likely_entry(table, &keys[i]);
		if (!number) {
			if (keys[i].keyed)
				table_prefetch_entry(
				    &track->pairs, track_pair_hash(track, &packets[i].src, &packets[i].dst, &keys[i]));
			continue;
		}
		const struct table_link *link = table_at(table, number);
		const struct pair *pair = table_at(&track->pairs, link->owner);
		if (sa && pair->dialogue)
			prefetch_lines(table_at(&track->dialogues, pair->dialogue), DIALOGUE_USUAL);
		if (pair->story)
			fetch_story(track, pair, sa, keys[i].time_ns);
	}
}

void track_fetch_ahead(const struct track *track, const struct packet *packets, const struct track_key *keys,
		       unsigned count, unsigned step)
{
	switch (step) {
	case 0:
		for (unsigned i = 0; i < count; i++)
			if (keys[i].keyed)
				table_prefetch_entry(is_of_sa(&packets[i]) ? &track->sas : &track->flows, keys[i].hash);
		break;
	case 1:
		fetch_pairs(track, packets, keys, count);
		break;
	case 2:
		fetch_stories(track, packets, keys, count);
		break;
	default:
		break;
	}
}

/* ---- several trackers ---- */

enum { SHARED_TABLES = 6 };

static struct table *shared_table(struct track *track, unsigned which)
{
	struct table *const tables[SHARED_TABLES] = { &track->pairs,   &track->flows,     &track->sas,
						      &track->stories, &track->dialogues, &track->mixes };

	return tables[which];
}

void track_share_limits(struct track *const *tracks, unsigned count)
{
	for (unsigned which = 0; which < SHARED_TABLES; which++) {
		uint32_t used = 0, limit = shared_table(tracks[0], which)->capacity;
		for (unsigned i = 0; i < count; i++)
			used += shared_table(tracks[i], which)->used;
		uint32_t left = used < limit ? limit - used : 0;
		for (unsigned i = 0; i < count; i++) {
			struct table *table = shared_table(tracks[i], which);
			/* The last ones, which cannot be divided, are the first worker's. */
			table_allow(table, table->used + left / count + (i == 0 ? left % count : 0));
		}
	}
}

void track_counters_add(struct track_counters *sum, const struct track_counters *counters)
{
	if (counters->packets && (!sum->packets || counters->first_ns < sum->first_ns))
		sum->first_ns = counters->first_ns;
	if (counters->last_ns > sum->last_ns)
		sum->last_ns = counters->last_ns;
	sum->packets += counters->packets;
	sum->bytes += counters->bytes;
	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		sum->classes[i] += counters->classes[i];
	for (unsigned i = 0; i < PACKET_REASON_COUNT; i++)
		sum->reasons[i] += counters->reasons[i];
	sum->flows += counters->flows;
	sum->sas += counters->sas;
	sum->pairs += counters->pairs;
	sum->flows_evicted += counters->flows_evicted;
	sum->sas_evicted += counters->sas_evicted;
	sum->pairs_evicted += counters->pairs_evicted;
	sum->untracked += counters->untracked;
	sum->fragments_orphaned += counters->fragments_orphaned;
	sum->copies += counters->copies;
	sum->unread += counters->unread;
}
