/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker's clear flows: two-way five-tuples of everything that is neither ESP, AH nor IKE; their fragments, their
 * names, their end. Called by track.c for each clear packet, and now and then to forget idle ones.
 */
#include "track.h"

#include "hash.h"
#include "track_state.h"
#include "../../dissectors/cursor.h"
#include "../../dissectors/esp.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

#define FLOW_IDLE_TCP_NS (600 * SECOND) /* a TCP flow without packets is forgotten */
#define FLOW_IDLE_NS (180 * SECOND)     /* any other flow */
#define CLEAR_RUN_NS (60 * SECOND)      /* how far back a run of clear packets reaches */

enum {
	FLOW_SLICES = 60, /* one round over all flows takes so many slices */
	PROTOCOL_IPIP = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_GRE = 47,
	NAT_KEEPALIVE = 0xff, /* RFC 3948 section 2.3 */
	TCP_SYN = 0x02,
	TCP_ACK = 0x10,
};

struct datagram_key {
	uint8_t src[16], dst[16];
	uint32_t realm;
	uint32_t id;
	uint32_t protocol;
	uint32_t zero;
};

uint64_t track_datagram_hash(const struct track *track, const struct packet *packet, uint32_t realm)
{
	struct datagram_key key = { .realm = realm, .id = packet->fragment_id, .protocol = packet->protocol };

	memcpy(key.src, packet->src.bytes, 16);
	memcpy(key.dst, packet->dst.bytes, 16);
	return hash_octets(&key, sizeof(key), track->settings.seed);
}

struct pair *track_pair_of_flow(struct track *track, const struct flow *flow)
{
	struct pair *pair = pair_at(track, flow->link.owner);
	return flow->link.owner && pair->link.hash && pair->generation == flow->pair_generation ? pair : NULL;
}

/* Who holds a flow: the client's IPv4 /24 or IPv6 /64. */
static uint32_t holder_of(const struct track *track, const struct packet *packet, unsigned direction, uint8_t flags)
{
	/* The packet's own addresses: those of the pair are in a line of it that nothing else of this needs. */
	bool from_service = (direction == 1) == ((flags & FLOW_SERVICE_IS_B) != 0);
	const struct address *client = from_service ? &packet->dst : &packet->src;
	uint64_t hash = hash_octets(client->bytes, address_is_ipv4(client) ? 15 : 8, track->settings.seed);
	return (uint32_t)(hash % TRACK_HOLDERS);
}

static __attribute__((noinline)) void flow_forget(struct track *track, uint32_t number, bool evicted)
{
	struct flow *flow = flow_at(track, number);

	track->holders[flow->holder]--;
	if (flow->slot && track->freed_count < TRACK_FREED_SLOTS)
		track->freed[track->freed_count++] = flow->slot;
	track_flow_fold(track, flow);
	if (evicted)
		table_evict(&track->flows, number);
	else
		table_remove(&track->flows, number);
}

static bool flow_is_idle(const struct flow *flow, int64_t now_ns)
{
	int64_t idle = flow->protocol == PROTOCOL_TCP ? FLOW_IDLE_TCP_NS : FLOW_IDLE_NS;
	/* A proved NAT-T channel is worth remembering for as long as its SAs could live. */
	return !(flow->flags & FLOW_IPSEC) && now_ns - flow->last_ns > idle;
}

static void flow_evict(struct track *track)
{
	uint32_t victim = 0, victim_held = 0;
	bool victim_answered = true;
	int64_t victim_last = 0;

	/* A flow that is being named holds a slot; passing its slot back takes room on the stack of freed ones. */
	if (track->freed_count == TRACK_FREED_SLOTS)
		return;
	for (unsigned i = 0; i < TRACK_EVICT_CANDIDATES; i++) {
		uint32_t number = table_sample(&track->flows);
		if (!number)
			break;
		const struct flow *flow = flow_at(track, number);
		const struct pair *pair = track_pair_of_flow(track, flow);
		bool answered = (flow->flags & FLOW_ANSWERED) || (flow_packets(flow, 0) && flow_packets(flow, 1));
		/* The packets of a NAT-T channel count as its pair's ESP. */
		if (pair && (flow->flags & FLOW_IPSEC) && pair->esp_packets[0] && pair->esp_packets[1])
			answered = true;
		uint32_t held = pair ? track->holders[flow->holder] : UINT32_MAX;
		bool worse = answered != victim_answered ? !answered
			     : held != victim_held       ? held > victim_held
							 : flow->last_ns < victim_last;
		if (!victim || worse) {
			victim = number;
			victim_answered = answered;
			victim_held = held;
			victim_last = flow->last_ns;
		}
	}
	if (victim)
		flow_forget(track, victim, true);
}

/* Which side listens: the one a SYN goes to, that a SYN-ACK comes from, or the one with the lower port; else the one
 * spoken to first. */
static uint8_t service_side(const struct packet *packet, unsigned direction)
{
	bool to_dst = true;
	bool known = false;

	if (packet->protocol == PROTOCOL_TCP && packet->tcp_flags & TCP_SYN) {
		to_dst = !(packet->tcp_flags & TCP_ACK);
		known = true;
	} else if (packet->src_port != packet->dst_port) {
		to_dst = packet->dst_port < packet->src_port;
	}
	bool is_b = to_dst == (direction == 0);
	return (uint8_t)((known ? FLOW_SERVICE_KNOWN : 0) | (is_b ? FLOW_SERVICE_IS_B : 0));
}

static __attribute__((noinline)) uint32_t flow_make(struct track *track, const struct packet *packet,
						    const struct track_key *key)
{
	uint32_t number = table_insert(&track->flows, key->hash);
	if (!number) {
		flow_evict(track);
		number = table_insert(&track->flows, key->hash);
	}
	if (!number) {
		track->counters.untracked++;
		return 0;
	}
	uint32_t pair_number = track_pair_obtain(track, packet, key);
	if (!pair_number) {
		table_remove(&track->flows, number);
		return 0;
	}
	struct flow *flow = flow_at(track, number);
	struct pair *pair = pair_at(track, pair_number);
	flow->link.owner = pair_number;
	flow->pair_generation = pair->generation;
	flow->protocol = packet->protocol;
	flow->port[key->direction] = packet->src_port;
	flow->port[!key->direction] = packet->dst_port;
	flow->flags = service_side(packet, key->direction);
	if (!track->settings.classify_all && !(pair->flags & PAIR_WATCHED) && !track_host_known(track, &packet->src) &&
	    !track_host_known(track, &packet->dst))
		flow->flags |= FLOW_NO_SLOT;
	flow->holder = holder_of(track, packet, key->direction, flow->flags) & (TRACK_HOLDERS - 1u);
	track->holders[flow->holder]++;
	track->counters.flows++;
	return number;
}

/* Clear packets without a pause and without ESP between them are one run: a leak is told since the run began, even if its
 * first packets were harmless pings, unless those went on for so long that they are a habit of their own. */
static void note_clear_run(struct pair *pair, int64_t now_ns)
{
	bool paused = (pair->clear_last_ns == 0) | (now_ns - pair->clear_last_ns > TRACK_QUIET_NS);
	bool begins =
	    paused | (pair_esp_last(pair) >= pair->clear_run_ns) | (now_ns - pair->clear_run_ns > CLEAR_RUN_NS);

	/* All bits or none: with ESP around it, nobody could guess. */
	int64_t kept = (int64_t)begins - 1;
	pair->clear_run_ns = (pair->clear_run_ns & kept) | (now_ns & ~kept);
	pair->clear_last_ns = now_ns;
}

struct track_handle track_flow(struct track *track, struct packet *packet, const struct track_key *key)
{
	struct track_handle handle = { 0 };
	int64_t now = key->time_ns;
	unsigned d = key->direction;
	uint32_t number = flow_find(track, key);

	/* Whether an idle flow was swept yet must not matter. */
	if (number && flow_is_idle(flow_at(track, number), now) && track->freed_count < TRACK_FREED_SLOTS) {
		flow_forget(track, number, false);
		number = 0;
	}
	if (!number) {
		number = flow_make(track, packet, key);
		if (!number)
			return handle;
	}
	struct flow *flow = flow_at(track, number);
	struct pair *pair = track_pair_of_flow(track, flow);
	if (!pair) {
		uint32_t pair_number = track_pair_obtain(track, packet, key);
		if (!pair_number)
			return handle;
		pair = pair_at(track, pair_number);
		flow->link.owner = pair_number;
		flow->pair_generation = pair->generation;
		flow->verdict = FLOW_UNASKED;
		flow->service = 0;
	}
	flow->last_ns = now;
	if ((flow->flags & FLOW_IPSEC) && track_stream(track, packet, key, &handle))
		return handle;
	flow->packets[d]++;
	flow->bytes[d] += packet->length;
	pair->clear_packets++;
	pair->clear_bytes += packet->length;
	note_clear_run(pair, now);
	if (flow_packets(flow, d) <= TRACK_FETCH_TRIES && packet->protocol == PROTOCOL_TCP)
		track_fetch(track, flow, packet, key);
	pair->flags |= PAIR_CLEAR;
	if (packet->flags & PACKET_FIRST_FRAGMENT) {
		struct track_early early =
		    track_first_fragment(track, packet, key, FRAGMENTS_FLOW, number, flow->link.hash);
		flow->packets[d] += early.packets;
		flow->bytes[d] += early.bytes;
		pair->clear_packets += early.packets;
		pair->clear_bytes += early.bytes;
	}
	if (flow_packets(flow, d) <= TRACK_SIDED_PACKETS && packet->class == PACKET_CLEARTEXT &&
	    packet->protocol == PROTOCOL_TCP)
		track_seen_tcp(track, number, packet, d);
	if (packet->tcp_flags & TCP_SYN && packet->class == PACKET_CLEARTEXT)
		track_knock(track, number, packet, key);
	handle.flow = number;
	handle.slot = flow->slot;
	/* The rest of a stream that carries IKE and ESP (RFC 9329) is theirs, wherever its segments begin. */
	handle.watched = ((pair->flags & PAIR_WATCHED) != 0) & !(flow->flags & FLOW_IPSEC);
	handle.wants_name = !(flow->flags & FLOW_NAME_FINAL) && (!(flow->flags & FLOW_NO_SLOT) || handle.watched) &&
			    packet->class == PACKET_CLEARTEXT && packet->payload_captured > 0;
	return handle;
}

/* Apart, so that flows and SAs of whole packets need no room for it. */
__attribute__((noinline)) struct track_early track_first_fragment(struct track *track, const struct packet *packet,
								  const struct track_key *key,
								  enum fragments_owner owner, uint32_t number,
								  uint64_t hash)
{
	struct fragments_home home = { owner, number, hash };
	struct track_early early;

	fragments_first(track->fragments, track_datagram_hash(track, packet, key->realm), &home, key->time_ns,
			&early.packets, &early.bytes);
	track->counters.fragments_orphaned -= early.packets;
	return early;
}

void track_later_fragment(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct fragments_home home = fragments_later(track->fragments, track_datagram_hash(track, packet, key->realm),
						     packet->length, key->time_ns);

	if (home.owner == FRAGMENTS_FLOW) {
		struct flow *flow = flow_at(track, home.number);
		if (flow->link.hash != home.hash)
			return;
		flow->packets[key->direction]++;
		flow->bytes[key->direction] += packet->length;
		struct pair *pair = track_pair_of_flow(track, flow);
		if (pair) {
			pair->clear_packets++;
			pair->clear_bytes += packet->length;
		}
	} else if (home.owner == FRAGMENTS_SA) {
		struct sa *sa = sa_at(track, home.number);
		if (sa->link.hash != home.hash)
			return;
		sa->bytes += packet->length;
		struct pair *pair = pair_at(track, sa->link.owner);
		if (pair->link.hash && pair->generation == sa->pair_generation)
			pair->esp_bytes += packet->length;
	} else {
		track->counters.fragments_orphaned++;
	}
}

/* UDP on ports that an IKE message with the non-ESP marker proved to be a NAT-T channel: what has no marker is ESP. */
bool track_reclassify(struct track *track, struct packet *packet, const struct track_key *key)
{
	if (packet->protocol != PROTOCOL_UDP || packet->payload_captured == 0)
		return false;
	uint32_t number = flow_find(track, key);
	if (!number)
		return false;
	struct flow *flow = flow_at(track, number);
	if (!(flow->flags & FLOW_IPSEC))
		return false;
	flow->last_ns = key->time_ns;
	if (packet->payload_length == 1 && packet->payload[0] == NAT_KEEPALIVE)
		packet->class = PACKET_KEEPALIVE;
	if (packet->payload_captured < ESP_HEADER_SIZE)
		return false;
	struct cursor cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length);
	uint32_t spi = cursor_u32(&cursor);
	if (spi == 0)
		return false;
	packet->spi = spi;
	packet->sequence = cursor_u32(&cursor);
	packet->class = PACKET_ESP;
	packet->encap = PACKET_ENCAP_UDP;
	return true;
}

void track_flow_carries_ipsec(struct track *track, const struct packet *packet, const struct track_key *key)
{
	uint32_t number = flow_find(track, key);

	if (!number)
		number = flow_make(track, packet, key);
	if (!number)
		return;
	struct flow *flow = flow_at(track, number);
	flow->flags |= FLOW_IPSEC;
	flow->last_ns = key->time_ns;
}

/* ---- tunnels in clear ---- */

/* What the tunnel nearest to the payload is to the pair whose packets carry it. */
static uint8_t carrier_protocol(const struct packet *packet, uint16_t *port)
{
	enum { PORT_VXLAN = 4789, PORT_GENEVE = 6081, PORT_GTP = 2152 };
	*port = 0;
	if (packet->tunnels & TUNNEL_VXLAN)
		*port = PORT_VXLAN;
	else if (packet->tunnels & TUNNEL_GENEVE)
		*port = PORT_GENEVE;
	else if (packet->tunnels & TUNNEL_GTP)
		*port = PORT_GTP;
	if (*port)
		return PROTOCOL_UDP;
	if (packet->tunnels & (TUNNEL_GRE | TUNNEL_ERSPAN))
		return PROTOCOL_GRE;
	/* By what it carries: RFC 2003 and 2473 section 3, RFC 4213 section 3. */
	return address_is_ipv4(&packet->src) ? PROTOCOL_IPIP : PROTOCOL_IPV6;
}

/* Whether the pair is worth looking at: it speaks IPsec, or a rule names it. Mirror sessions bring all their traffic in one
 * tunnel, so the last answers are kept. */
static bool carrier_matters(struct track *track, const struct packet *carrier, const struct track_key *key)
{
	uint64_t hash = track_pair_hash(track, &carrier->src, &carrier->dst, key);
	uint32_t number = table_find(&track->pairs, hash);

	if (number)
		return (pair_at(track, number)->flags & PAIR_WATCHED) != 0;
	uint64_t *kept = &track->idle_carriers[hash % TRACK_IDLE_CARRIERS];
	if (*kept == hash)
		return false;
	if (policy_match(track->settings.policy, carrier->src.bytes, carrier->dst.bytes))
		return true;
	*kept = hash;
	return false;
}

void track_carrier(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct packet carrier = *packet;
	struct track_key own = *key;

	own.entry = 0;
	carrier.src = packet->carrier_src;
	carrier.dst = packet->carrier_dst;
	own.direction = address_compare(&carrier.src, &carrier.dst) > 0;
	if (!carrier_matters(track, &carrier, &own))
		return;
	carrier.class = PACKET_CLEARTEXT;
	carrier.flags &= (uint16_t) ~(PACKET_FIRST_FRAGMENT | PACKET_QUOTES);
	carrier.src_port = 0;
	carrier.protocol = carrier_protocol(packet, &carrier.dst_port);
	carrier.icmp_type = carrier.icmp_code = carrier.tcp_flags = 0;
	carrier.payload_captured = 0;
	own.hash = track_flow_hash(track, &carrier, own.realm, own.direction);
	struct track_handle handle = track_flow(track, &carrier, &own);
	if (handle.flow && handle.watched)
		track_clear(track, handle.flow, &carrier, &own);
}

void track_name(struct track *track, uint32_t number, const struct track_named *named)
{
	struct flow *flow = flow_at(track, number);

	flow->slot = (uint16_t)named->slot; /* slots are counted in tens of thousands at most */
	if (named->no_slot) {
		flow->flags |= FLOW_NO_SLOT | FLOW_NAME_FINAL;
		return;
	}
	uint16_t app = named->app < TRACK_APPS ? named->app : 0;
	bool news = app != flow->app || (named->credentials && !(flow->flags & FLOW_CREDENTIALS)) ||
		    named->encrypted != ((flow->flags & FLOW_ENCRYPTED) != 0);
	flow->app = app & (TRACK_APPS - 1u);
	if (named->name && app)
		track->app_names[app] = named->name;
	if (named->encrypted)
		flow->flags |= FLOW_ENCRYPTED;
	else
		flow->flags &= (uint8_t)~FLOW_ENCRYPTED;
	if (named->credentials)
		flow->flags |= FLOW_CREDENTIALS;
	if (named->final)
		flow->flags |= FLOW_NAME_FINAL;
	if (news || named->final) {
		flow->verdict = FLOW_UNASKED;
		flow->service = 0;
	}
}

void track_sweep_flows(struct track *track, int64_t now_ns)
{
	uint32_t count = track->flows.fresh / FLOW_SLICES + 1;

	for (uint32_t i = 0; i < count && track->freed_count < TRACK_FREED_SLOTS; i++) {
		track->flow_hand = track->flow_hand >= track->flows.fresh ? 1 : track->flow_hand + 1;
		if (track->flows.fresh == 0 || !table_lives(&track->flows, track->flow_hand))
			continue;
		if (flow_is_idle(flow_at(track, track->flow_hand), now_ns))
			flow_forget(track, track->flow_hand, false);
	}
}
