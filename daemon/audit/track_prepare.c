/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker's way into a batch: keys of its packets, and their memory sent for ahead. And what a worker among several needs:
 * which parts of a packet there are, and limits that several trackers share. Called by worker.c and workers.c, see track.h.
 */
#include "track.h"

#include "track_state.h"

enum {
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

/* Whether the SA's next packet, even if it comes in order, needs what is kept apart. */
static inline bool sa_wants_cold(const struct sa *sa, int64_t now_ns)
{
	return !(sa->flags & SA_OPAQUE) || now_ns >= sa->run.until_ns;
}

/* Chosen by arithmetic: a compiler that sees a condition jumps. */
static inline uint32_t choose(bool which, uint32_t if_so, uint32_t if_not)
{
	return if_not ^ ((if_so ^ if_not) & -(uint32_t)which);
}

static inline const void *choose_place(bool which, const void *if_so, const void *if_not)
{
	return (const void *)((uintptr_t)if_not ^ (((uintptr_t)if_so ^ (uintptr_t)if_not) & -(uintptr_t)which));
}

/*
 * All of the key but the time, and which parts are meant. Of SAs and flows come by turns, so that a processor could guess only
 * every second time which of both is next: what differs between them is chosen, and nothing is jumped over.
 */
static inline __attribute__((always_inline)) void make_key(struct track *track, const struct packet *packet,
							   struct track_key *key)
{
	key->realm = track_realm(track, packet);
	key->entry = 0;
	key->slot = 0;
	key->of_sa = packet->class == PACKET_ESP || packet->class == PACKET_AH;
	key->hash = 0;
	if (!key->keyed)
		return;
	key->direction = address_compare(&packet->src, &packet->dst) > 0;

	bool of_sa = key->of_sa, swap = key->direction && !of_sa;
	const struct address *first = choose_place(swap, &packet->dst, &packet->src);
	const struct address *second = choose_place(swap, &packet->src, &packet->dst);
	uint32_t ports = (uint32_t)packet->dst_port << 16 | packet->src_port, turned = ports << 16 | ports >> 16;
	uint32_t word = choose(of_sa, packet->spi, choose(swap, turned, ports));
	uint32_t protocol = choose(packet->class == PACKET_ESP, PROTOCOL_ESP, packet->protocol);

	key->hash = entry_hash(track, first, second, key->realm, word, protocol);
	table_prefetch_bucket(choose_place(of_sa, &track->sas, &track->flows), key->hash);
}

/* Puts the batch in the order in which it is fetched: what is of SAs, then, from the end, what is of flows. Those who fetch it
 * can guess, then. */
static inline unsigned put_in_turn(struct track_key *keys, unsigned at, unsigned sas, unsigned count)
{
	bool of_sa = keys[at].of_sa;

	keys[choose(of_sa, sas, count - 1 - (at - sas))].turn = (uint8_t)at;
	return sas + of_sa;
}

/* The frames of a batch, or of one tracker among several. */
struct frames {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
};

static inline void count_frame(struct frames *frames, const struct packet *packet)
{
	frames->packets++;
	frames->bytes += packet->frame_length;
	frames->first_ns = packet->time_ns < frames->first_ns ? packet->time_ns : frames->first_ns;
	frames->last_ns = packet->time_ns > frames->last_ns ? packet->time_ns : frames->last_ns;
}

static void add_frames(struct track_counters *counters, const struct frames *frames)
{
	if (frames->packets == 0)
		return;
	if (counters->packets == 0 || frames->first_ns < counters->first_ns)
		counters->first_ns = frames->first_ns;
	if (frames->last_ns > counters->last_ns)
		counters->last_ns = frames->last_ns;
	counters->packets += frames->packets;
	counters->bytes += frames->bytes;
}

void track_prepare(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count)
{
	struct frames frames = { .first_ns = INT64_MAX, .last_ns = INT64_MIN };
	unsigned sas = 0;

	for (unsigned i = 0; i < count; i++) {
		if (packets[i].time_ns > track->now_ns)
			track->now_ns = packets[i].time_ns;
		keys[i].time_ns = track->now_ns;
		keys[i].parts = TRACK_WHOLE;
		keys[i].keyed = packets[i].has_ip;
		make_key(track, &packets[i], &keys[i]);
		sas = put_in_turn(keys, i, sas, count);
		count_frame(&frames, &packets[i]);
	}
	add_frames(&track->counters, &frames);
}

void track_prepare_parts(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count)
{
	struct frames frames = { .first_ns = INT64_MAX, .last_ns = INT64_MIN };
	unsigned sas = 0;

	for (unsigned i = 0; i < count; i++) {
		if (keys[i].time_ns > track->now_ns)
			track->now_ns = keys[i].time_ns;
		keys[i].keyed = packets[i].has_ip && (keys[i].parts & TRACK_OWN);
		make_key(track, &packets[i], &keys[i]);
		sas = put_in_turn(keys, i, sas, count);
		if (keys[i].parts & TRACK_OWN)
			count_frame(&frames, &packets[i]);
	}
	add_frames(&track->counters, &frames);
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

/* The first entry of the packet's bucket, which nearly always is the packet's, if that is there. */
static inline void fetch_entry(const struct track *track, struct track_key *key)
{
	const struct table *table = key->of_sa ? &track->sas : &track->flows;

	key->entry = table_first(table, key->hash);
	pages_fetch(key->of_sa ? (const void *)sa_at(track, key->entry) : flow_at(track, key->entry));
}

static inline const struct table_link *link_at(const struct track *track, const struct track_key *key)
{
	return key->of_sa ? &sa_at(track, key->entry)->link : &flow_at(track, key->entry)->link;
}

static inline void fetch_pair_of(const struct track *track, const struct track_key *key, uint32_t number)
{
	const char *pair = (const char *)pair_at(track, number);

	pages_fetch(pair);
	if (!key->of_sa)
		pages_fetch(pair + CACHE_LINE);
	else if (sa_wants_cold(sa_at(track, key->entry), key->time_ns))
		pages_fetch_range(&track->sa_cold[key->entry], &track->sa_cold[key->entry + 1]);
}

/* A new flow is worth a name where its hosts are known. */
static inline void fetch_hosts(const struct track *track, const struct packet *packet, const struct track_key *key,
			       bool found)
{
	if (key->of_sa)
		return;
	hosts_fetch(track->hosts, &packet->src, found);
	hosts_fetch(track->hosts, &packet->dst, found);
}

/* A flow or SA that is there names its pair; the first packet of one that is not will look for its pair. If another one is the
 * first of the bucket, the second is looked at a step later, and what is behind its pair is not fetched. */
static inline void fetch_pair(const struct track *track, const struct packet *packet, struct track_key *key)
{
	const struct table_link *link = link_at(track, key);

	key->second = false;
	if (link->hash == key->hash) {
		key->slot = key->of_sa ? 0 : flow_at(track, key->entry)->slot;
		fetch_pair_of(track, key, link->owner);
	} else if (key->entry && link->next) {
		key->entry = link->next;
		key->second = true;
		pages_fetch(link_at(track, key));
	} else {
		key->entry = 0;
		table_prefetch_bucket(&track->pairs, track_pair_hash(track, &packet->src, &packet->dst, key));
		fetch_hosts(track, packet, key, false);
	}
}

/* Of the story what the next clear packet will touch, or the next one of an SA. */
static inline void fetch_story(const struct track *track, const struct pair *pair, const struct track_key *key)
{
	enum { USUAL_SERVICES = 4 };
	const struct story *story = story_at(track, pair->story);

	if (key->of_sa) {
		if (pair->flags & PAIR_RING)
			pages_fetch(&story->ring[pair->link.owner]);
		return;
	}
	pages_fetch(story);
	if (key->time_ns - pair_esp_last(pair) <= STORY_YOUNG_NS)
		pages_fetch_range(story->ring, &story->ring[STORY_RING]);
	if (pair->flags & PAIR_COPIES)
		pages_fetch(&story->copies);
	if (!flow_at(track, key->entry)->service)
		pages_fetch_range(&story->service_count, &story->services[USUAL_SERVICES]);
}

/* What a packet of a pair whose cipher class is known, and that uses few lengths, touches. */
static inline void fetch_dialogue(const struct dialogue *dialogue)
{
	pages_fetch(dialogue);
	for (unsigned d = 0; d < SIDES; d++) {
		pages_fetch(&dialogue->side[d]);
		pages_fetch(dialogue->side[d].waiting_tick);
	}
}

/* A pair names its dialogue and its story. */
static inline void fetch_behind_pair(const struct track *track, const struct packet *packet,
				     const struct track_key *key)
{
	if (!key->entry) {
		uint64_t hash = track_pair_hash(track, &packet->src, &packet->dst, key);
		const struct pair *pair = pair_at(track, table_first(&track->pairs, hash));
		pages_fetch_range(pair, pair + 1);
		fetch_hosts(track, packet, key, true);
		return;
	}
	uint32_t number = link_at(track, key)->owner;
	if (key->second) {
		fetch_pair_of(track, key, number);
		return;
	}
	const struct pair *pair = pair_at(track, number);
	if (key->of_sa && pair->dialogue)
		fetch_dialogue(dialogue_at(track, pair->dialogue));
	if (pair->story)
		fetch_story(track, pair, key);
}

bool track_fetch_ahead(const struct track *track, const struct packet *packets, struct track_key *keys, unsigned from,
		       unsigned to, unsigned step)
{
	const struct track_key *turn = keys + from, *end = keys + to;
	uint16_t slots = 0;

	switch (step) {
	case 0:
		for (; turn < end; turn++)
			if (keys[turn->turn].keyed)
				fetch_entry(track, &keys[turn->turn]);
		break;
	case 1:
		for (; turn < end; turn++) {
			if (keys[turn->turn].keyed)
				fetch_pair(track, &packets[turn->turn], &keys[turn->turn]);
			slots |= keys[turn->turn].slot;
		}
		break;
	default:
		for (; turn < end; turn++)
			if (keys[turn->turn].keyed)
				fetch_behind_pair(track, &packets[turn->turn], &keys[turn->turn]);
		break;
	}
	return slots != 0;
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
	add_frames(sum, &(struct frames){ counters->packets, counters->bytes, counters->first_ns, counters->last_ns });
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
