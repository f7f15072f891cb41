/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker's ESP and AH: SAs by (source, destination, protocol, SPI) within a realm, and what they tell of their pair:
 * when each direction began and fell quiet, and whether the pair may be learned (DESIGN section 6, "Learned pairs").
 * Sequence numbers: RFC 4303 section 2.2, RFC 4302 section 2.5.
 */
#include "track.h"

#include "hash.h"
#include "track_state.h"

#include <string.h>

enum {
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PORT_NATT = 4500,
	SPI_RESERVED_MAX = 255, /* RFC 4303 section 2.1 */
};

struct sa_key {
	uint8_t src[16], dst[16];
	uint32_t realm;
	uint32_t spi;
	uint32_t protocol;
	uint32_t zero;
};

uint64_t track_sa_hash(const struct track *track, const struct address *src, const struct address *dst, uint32_t realm,
		       uint32_t spi, uint8_t protocol)
{
	struct sa_key key = { .realm = realm, .spi = spi, .protocol = protocol };

	memcpy(key.src, src->bytes, 16);
	memcpy(key.dst, dst->bytes, 16);
	return hash_octets(&key, sizeof(key), track->settings.seed);
}

static void sa_evict(struct track *track)
{
	struct candidate victim = { 0 };

	for (unsigned i = 0; i < TRACK_EVICT_CANDIDATES; i++) {
		uint32_t number = table_sample(&track->sas);
		if (!number)
			break;
		const struct sa *sa = table_at(&track->sas, number);
		const struct pair *pair = table_at(&track->pairs, sa->pair);
		bool orphan = pair->generation != sa->pair_generation || !pair->link.hash;
		bool two_way = !orphan && pair->esp_packets[0] && pair->esp_packets[1];
		/* Who knows the addresses can make up SPIs for a pair that is two-way: what sent only once goes first. */
		unsigned rank = orphan ? 4 : (two_way ? 0u : 2u) + (sa->packets == 1 ? 1u : 0u);
		if (!victim.number || rank > victim.rank || (rank == victim.rank && sa->last_ns < victim.last_ns))
			victim = (struct candidate){ number, rank, sa->last_ns };
	}
	if (!victim.number)
		return;
	const struct sa *sa = table_at(&track->sas, victim.number);
	struct pair *pair = table_at(&track->pairs, sa->pair);
	if (pair->link.hash && pair->generation == sa->pair_generation && pair->sas)
		pair->sas--;
	table_evict(&track->sas, victim.number);
}

/* An SA needs a pair; it may have lost its own. */
static bool sa_adopt(struct track *track, struct sa *sa, const struct packet *packet, const struct track_key *key)
{
	uint32_t number = track_pair_obtain(track, packet, key);
	if (!number)
		return false;
	struct pair *pair = table_at(&track->pairs, number);
	sa->pair = number;
	sa->pair_generation = pair->generation;
	pair->sas++;
	return true;
}

static uint32_t sa_make(struct track *track, const struct packet *packet, const struct track_key *key, bool ah)
{
	uint32_t number = table_insert(&track->sas, key->hash);
	if (!number) {
		sa_evict(track);
		number = table_insert(&track->sas, key->hash);
	}
	if (!number) {
		track->counters.untracked++;
		return 0;
	}
	struct sa *sa = table_at(&track->sas, number);
	if (!sa_adopt(track, sa, packet, key)) {
		table_remove(&track->sas, number);
		return 0;
	}
	sa->spi = packet->spi;
	sa->seq_first = sa->seq_high = packet->sequence;
	sa->flags = (uint8_t)((key->direction ? SA_DIRECTION : 0) | (ah ? SA_AH : 0));
	sa->encap = packet->encap;
	track->sa_cold[number] = (struct sa_cold){ .first_ns = key->time_ns, .seq_low = packet->sequence };
	track->counters.sas++;
	return number;
}

static bool behind_nat(const struct packet *packet)
{
	return packet->encap == PACKET_ENCAP_UDP && (packet->src_port != PORT_NATT || packet->dst_port != PORT_NATT);
}

static void esp_transition(struct track *track, struct pair *pair, enum transition_kind kind, unsigned direction,
			   int64_t time_ns, const struct packet *packet)
{
	struct transition transition = { .time_ns = time_ns, .kind = (uint8_t)kind, .direction = (uint8_t)direction };
	transition.esp.last_ns = pair->esp_last_ns[direction];
	if (packet) {
		transition.interface = packet->interface;
		transition.esp.spi = packet->spi;
		transition.esp.protocol = packet->class == PACKET_AH ? PROTOCOL_AH : PROTOCOL_ESP;
		transition.esp.encap = packet->encap;
	}
	track_put(track, &transition, pair);
}

/* A direction whose last packet is longer ago than the threshold became quiet when the threshold had passed, whenever
 * that is noticed. */
void track_esp_notice_quiet(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	uint16_t quiet = (uint16_t)(PAIR_ESP_QUIET_0 << direction);
	int64_t since = pair->esp_last_ns[direction] + TRACK_QUIET_NS;

	if ((pair->flags & quiet) || since > now_ns)
		return;
	pair->flags |= quiet;
	esp_transition(track, pair, TRANSITION_ESP_QUIET, direction, since, NULL);
}

void track_esp_end(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	int64_t last = pair->esp_last_ns[direction];

	track_esp_notice_quiet(track, pair, direction, now_ns);
	if (pair->flags & (uint16_t)(PAIR_ESP_QUIET_0 << direction))
		return;
	/* A silence stands before all else of its time, and this one is to stand behind the last packet. */
	esp_transition(track, pair, TRANSITION_ESP_QUIET, direction, last < now_ns ? now_ns : last + 1, NULL);
}

static void learn_count(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	uint32_t need = track->settings.learn_packets;

	if (pair->rising[direction] < need)
		pair->rising[direction]++;
	if ((pair->flags & (PAIR_LEARNABLE | PAIR_NAT)) || pair->rising[0] < need || pair->rising[1] < need ||
	    now_ns - pair->esp_first_ns < track->settings.learn_span_ns)
		return;
	if (address_is_group(&pair->address[0]) || address_is_group(&pair->address[1]))
		return;
	pair->flags |= PAIR_LEARNABLE;
	esp_transition(track, pair, TRANSITION_LEARNABLE, direction, now_ns, NULL);
}

void track_esp(struct track *track, const struct packet *packet, const struct track_key *key, uint64_t hash)
{
	bool ah = packet->class == PACKET_AH;
	unsigned d = key->direction;
	int64_t now = key->time_ns;
	uint32_t number = table_find(&track->sas, hash);
	bool born = number == 0;

	if (born) {
		struct track_key own = *key;
		own.hash = hash;
		number = sa_make(track, packet, &own, ah);
		if (!number)
			return;
	}
	struct sa *sa = table_at(&track->sas, number);
	struct pair *pair = table_at(&track->pairs, sa->pair);
	if (pair->generation != sa->pair_generation || !pair->link.hash) {
		if (!sa_adopt(track, sa, packet, key))
			return;
		pair = table_at(&track->pairs, sa->pair);
	}
	if (born)
		esp_transition(track, pair, TRANSITION_SA_BORN, d, now, packet);

	uint32_t ahead = packet->sequence - sa->seq_high;
	bool rose = born || (ahead != 0 && ahead < UINT32_C(1) << 31);
	struct sa_cold *cold = &track->sa_cold[number];
	if (rose)
		sa->seq_high = packet->sequence;
	else
		cold->repeated++;
	if (packet->sequence < cold->seq_low)
		cold->seq_low = packet->sequence;
	sa->packets++;
	sa->bytes += packet->length;
	sa->last_ns = now;
	sa->last_length = packet->payload_length;

	uint16_t quiet = (uint16_t)(PAIR_ESP_QUIET_0 << d);
	if (!(pair->flags & quiet))
		track_esp_notice_quiet(track, pair, d, now);
	uint16_t had = pair->flags;
	if (!(had & (ah ? PAIR_HAS_AH : PAIR_HAS_ESP))) {
		track_pair_speaks_ipsec(track, pair, sa->pair);
		pair->flags |= ah ? PAIR_HAS_AH : PAIR_HAS_ESP;
	}
	if (pair->esp_first_ns == 0)
		pair->esp_first_ns = now;
	if (behind_nat(packet))
		track_pair_is_nat(track, pair, now);
	if (pair->flags & quiet) {
		esp_transition(track, pair, TRANSITION_ESP_BEGAN, d, now, packet);
		pair->flags &= (uint16_t)~quiet;
		track_activate(track, sa->pair);
	}
	pair->esp_last_ns[d] = now;
	pair->esp_last_length[d] = packet->payload_length;
	pair->esp_packets[d]++;
	pair->esp_bytes += packet->length;
	if (rose && packet->spi > SPI_RESERVED_MAX && !(pair->flags & PAIR_LEARNABLE))
		learn_count(track, pair, d, now);
	if (pair->flags & PAIR_RING) {
		struct story *story = track_story(track, pair);
		if (story) {
			story->ring[story->ring_at] =
			    (struct story_esp){ now, packet->payload_length, packet->interface, (uint8_t)d, false };
			story->ring_at = (uint8_t)((story->ring_at + 1) % STORY_RING);
		}
	}
	if (packet->flags & PACKET_FIRST_FRAGMENT) {
		/* Later fragments only add octets; the SA is where they belong. */
		struct fragments_home home = { FRAGMENTS_SA, number, sa->link.hash };
		uint32_t packets;
		uint64_t bytes;
		fragments_first(track->fragments, track_datagram_hash(track, packet, key->realm), &home, now, &packets,
				&bytes);
		track->counters.fragments_orphaned -= packets;
		sa->bytes += bytes;
		pair->esp_bytes += bytes;
	}
}

/* AH around ESP, or around a tunnel: the AH has its own SA, between its own addresses. */
void track_outer_ah(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct packet ah = *packet;
	struct track_key ah_key = *key;

	ah.class = PACKET_AH;
	ah.src = packet->ah.src;
	ah.dst = packet->ah.dst;
	ah.spi = packet->ah.spi;
	ah.sequence = packet->ah.sequence;
	ah.encap = PACKET_ENCAP_NONE;
	ah.flags = 0;
	ah_key.direction = address_compare(&ah.src, &ah.dst) > 0;
	track_esp(track, &ah, &ah_key, track_sa_hash(track, &ah.src, &ah.dst, key->realm, ah.spi, PROTOCOL_AH));
}
