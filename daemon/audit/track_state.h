/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's inside, for the files that make it up: track.c and track_*.c. */
#ifndef ESPIAL_AUDIT_TRACK_STATE_H
#define ESPIAL_AUDIT_TRACK_STATE_H

#include "fragments.h"
#include "hash.h"
#include "hosts.h"
#include "ike_join.h"
#include "pair.h"
#include "pair_key.h"
#include "track.h"
#include "wheel.h"
#include "../../config/policy.h"

#include <string.h>

enum {
	TRACK_HOLDERS = 4096,     /* counters of who holds how many flows; flow.holder has room for no more */
	TRACK_RULE_GATEWAYS = 16, /* gateway pairs remembered per rule */
	TRACK_FREED_SLOTS = 64,
	TRACK_EVICT_CANDIDATES = 16,
	TRACK_EVICT_CANDIDATES_MAX = 64,
	TRACK_APPS = 1024, /* numbers a classifier may use */
	TRACK_IDLE_CARRIERS = 256,
	TRACK_INTERFACES = 256, /* later ones count with the last */
	TUNNELS_OF_IP = TUNNEL_ALL & ~(TUNNEL_VLAN | TUNNEL_MPLS | TUNNEL_PPPOE),
};

/* Which living pairs carry the traffic of a rule with gateways. */
struct rule_carriers {
	uint32_t pairs[TRACK_RULE_GATEWAYS];
	uint16_t generations[TRACK_RULE_GATEWAYS];
	uint32_t count;
};

/* A candidate for eviction. */
struct candidate {
	uint32_t number;
	unsigned rank; /* higher goes first */
	int64_t last_ns;
};

/* What a pair's clear flows were, once the flows themselves are gone. */
struct mix {
	struct table_link link;
	uint32_t pair;
	uint16_t generation;
	uint16_t app;
	uint16_t port; /* with an app, that of all its flows; 0 where they differ */
	uint8_t protocol;
	bool other; /* stands for all that found no place of its own */
	uint64_t packets, bytes;
};

struct track {
	struct track_settings settings;
	struct transition_sink sink;
	struct track_counters counters;
	int64_t now_ns;
	int64_t turned_ns;   /* what fell quiet until then was noticed */
	int64_t flow_due_ns; /* when the next slice of flows is */
	uint64_t serial;
	struct table pairs, flows, sas, stories, dialogues, mixes;
	struct hosts *hosts; /* the settings', or owned */
	uint64_t frame;      /* number of the frame at hand, where several workers share the hosts; else 0 */
	struct wheel pair_wheel, sa_wheel; /* whose quiet has to be noticed */
	struct sa_cold *sa_cold;           /* by SA number; owned */
	struct ike_join *join;             /* owned */
	struct fragments *fragments;
	struct rule_carriers *carriers; /* by rule; owned */
	uint16_t *pair_generations;     /* how often the pair's number was given out, by number; owned */
	uint32_t holders[TRACK_HOLDERS];
	uint32_t freed[TRACK_FREED_SLOTS]; /* a stack of classifier slots */
	uint32_t freed_count;
	struct transition_full full_told; /* what had made room when that was last told, in all */
	struct transition_full outlived;  /* of what made room: had been quiet so long that nothing went with it */
	int64_t full_look_ns;             /* when to look again, at most once a second */
	struct transition_loss loss;      /* not told yet */
	int64_t loss_due_ns;              /* when it is */
	struct transition_seen *seen;     /* of the present second, by interface; TRACK_INTERFACES, owned */
	unsigned seen_count;              /* interfaces below this one had frames at some time */
	int64_t seen_until_ns;            /* when it ends */
	uint32_t flow_hand;               /* where the round over idle flows goes on */
	uint64_t idle_carriers[TRACK_IDLE_CARRIERS]; /* hashes of tunnel ends that nobody asked about */
	const char *app_names[TRACK_APPS];           /* by app number, as track_name() brought them */
};

/* Entries by their number, as table_at() has them, their size known to the compiler. */
static inline struct pair *pair_at(const struct track *track, uint32_t number)
{
	return (struct pair *)(void *)track->pairs.entries + number;
}

static inline struct flow *flow_at(const struct track *track, uint32_t number)
{
	return (struct flow *)(void *)track->flows.entries + number;
}

static inline struct sa *sa_at(const struct track *track, uint32_t number)
{
	return (struct sa *)(void *)track->sas.entries + number;
}

static inline struct story *story_at(const struct track *track, uint32_t number)
{
	return (struct story *)(void *)track->stories.entries + number;
}

static inline struct dialogue *dialogue_at(const struct track *track, uint32_t number)
{
	return (struct dialogue *)(void *)track->dialogues.entries + number;
}

/* The key of a flow or SA as it is hashed. Every octet is set. */
struct entry_key {
	uint8_t address[2][16]; /* of a flow the lower first, of an SA the source */
	uint32_t realm;
	uint32_t zero;
	uint32_t word; /* of a flow its ports, that of the lower address in the low half; of an SA the SPI */
	uint32_t protocol;
};

/* The same between IPv4 addresses, in a third of the octets. */
struct entry_key_v4 {
	uint8_t address[2][4];
	uint32_t realm_protocol; /* a realm has no more than 24 bits: VLAN, VNI, an interface's number */
	uint32_t word;
};

static inline uint64_t entry_hash(const struct track *track, const struct address *first, const struct address *second,
				  uint32_t realm, uint32_t word, uint32_t protocol)
{
	if (address_is_ipv4(first) && address_is_ipv4(second)) {
		struct entry_key_v4 key = { .realm_protocol = realm | protocol << 24, .word = word };

		memcpy(key.address[0], first->bytes + 12, 4);
		memcpy(key.address[1], second->bytes + 12, 4);
		return hash_octets(&key, sizeof(key), track->settings.seed);
	}
	struct entry_key key = { .realm = realm, .word = word, .protocol = protocol };

	memcpy(key.address[0], first->bytes, 16);
	memcpy(key.address[1], second->bytes, 16);
	return hash_octets(&key, sizeof(key), track->settings.seed);
}

static inline uint64_t track_flow_hash(const struct track *track, const struct packet *packet, uint32_t realm,
				       unsigned direction)
{
	uint32_t src_port = packet->src_port, dst_port = packet->dst_port;

	return direction
		   ? entry_hash(track, &packet->dst, &packet->src, realm, dst_port | src_port << 16, packet->protocol)
		   : entry_hash(track, &packet->src, &packet->dst, realm, src_port | dst_port << 16, packet->protocol);
}

/* The number of the packet's flow, 0: none. What was sent for ahead is looked at first. */
static inline uint32_t flow_find(const struct track *track, const struct track_key *key)
{
	return key->entry && !key->of_sa && flow_at(track, key->entry)->link.hash == key->hash
		   ? key->entry
		   : table_find(&track->flows, key->hash);
}

/* The same of an SA with that hash, which need not be the key's. */
static inline uint32_t sa_find(const struct track *track, const struct track_key *key, uint64_t hash)
{
	return key->entry && key->of_sa && sa_at(track, key->entry)->link.hash == hash ? key->entry
										       : table_find(&track->sas, hash);
}

static inline struct track_interface track_interface_of(const struct track *track, uint16_t interface)
{
	return interface < track->settings.interface_count ? track->settings.interfaces[interface]
							   : track->settings.side;
}

/* track.c */
uint64_t track_pair_hash(const struct track *track, const struct address *src, const struct address *dst,
			 const struct track_key *key);
uint32_t track_pair_obtain(struct track *track, const struct packet *packet, const struct track_key *key);
struct story *track_story(struct track *track, struct pair *pair);
void track_put(struct track *track, struct transition *transition, const struct pair *pair);
/* The pair is to be looked at when it may have become quiet. */
void track_activate(struct track *track, uint32_t pair, int64_t now_ns);
bool track_host_known(const struct track *track, const struct address *address);
/* A pair begins to speak ESP, AH or IKE. */
void track_pair_speaks_ipsec(struct track *track, struct pair *pair, uint32_t number);

/* One of the two addresses stands for a NAT: told once. */
void track_pair_is_nat(struct track *track, struct pair *pair, int64_t now_ns);

/* track_icmp.c */
void track_icmp_error(struct track *track, const struct packet *packet, const struct track_key *key);

/* track_seen.c */
/* Frames longer than this did not come so over a link of that MTU: 14 octets of Ethernet, two tags, a few labels. */
#define TRACK_FRAME_MAX(mtu) ((mtu) + 14 + 2 * 4 + 4 * 4)
enum { TRACK_MTU_ETHERNET = 1500, TRACK_MTU_JUMBO = 9216 };
void track_seen_long(struct transition_seen *seen, const struct packet *packet);
/* The second of frame time is over: it is told. */
void track_seen_turn(struct track *track, int64_t now_ns);
/* One of the first TCP packets of a direction of the flow, already counted: whether it shows that both sides talk, and whether
 * both are seen. */
enum { TRACK_SIDED_PACKETS = 4 };
void track_seen_tcp(struct track *track, uint32_t flow, const struct packet *packet, unsigned direction);
static inline struct transition_seen *track_seen_of(struct track *track, uint16_t interface)
{
	unsigned place = interface < TRACK_INTERFACES ? interface : TRACK_INTERFACES - 1;

	if (place >= track->seen_count)
		track->seen_count = place + 1;
	return &track->seen[place];
}

/* Whether the pair is watched for what it did before this tracker began: track_know_pair(). */
static inline bool track_pair_remembered(const struct pair *pair)
{
	return (pair->flags & PAIR_WATCHED) && !pair->rule &&
	       !(pair->flags & (PAIR_HAS_ESP | PAIR_HAS_AH | PAIR_HAS_IKE));
}

/* track.c */
/* The segment of a stream that carries IKE and ESP is taken for what it begins with, if that is there whole. */
bool track_stream(struct track *track, struct packet *packet, const struct track_key *key, struct track_handle *handle);

/* track_esp.c */
/* The handle has the SA's number if it is readable and its content has no name yet. What was read as ESP in UDP and turns out to
 * be none is made a clear packet, and taken as one. */
struct track_handle track_esp(struct track *track, struct packet *packet, const struct track_key *key, uint64_t hash);
void track_outer_ah(struct track *track, const struct packet *packet, const struct track_key *key);
/* The pair's SAs may have ended, as IKE says: those that go on are told. */
void track_esp_may_end(struct track *track, const struct pair *pair, int64_t now_ns);
/* The capture ends. */
void track_esp_finish(struct track *track, int64_t now_ns);
/* When the SA may be quiet; 0 if it is, or is gone. */
int64_t track_sa_due(void *track, uint32_t number, int64_t now_ns);
void track_esp_notice_quiet(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns);
/* The pair is about to be forgotten: what was not quiet is told to be. */
void track_esp_end(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns);

/* track_flow.c */
uint64_t track_datagram_hash(const struct track *track, const struct packet *packet, uint32_t realm);
struct pair *track_pair_of_flow(struct track *track, const struct flow *flow);
/* What a stream carries that is known to carry IKE and ESP is made a packet of these, and taken as one. */
struct track_handle track_flow(struct track *track, struct packet *packet, const struct track_key *key);
void track_flow_carries_ipsec(struct track *track, const struct packet *packet, const struct track_key *key);
bool track_reclassify(struct track *track, struct packet *packet, const struct track_key *key);
/* A clear packet that came in a tunnel: the tunnel itself is clear traffic of the pair that carries it. */
void track_carrier(struct track *track, const struct packet *packet, const struct track_key *key);
/* Later fragments that came before the first one of their datagram, which no longer are without a home. */
struct track_early {
	uint64_t bytes;
	uint32_t packets;
};

/* The packet is such a first one, of the flow or SA with that number and hash: what follows it, and what came early, is that one's. */
struct track_early track_first_fragment(struct track *track, const struct packet *packet, const struct track_key *key,
					enum fragments_owner owner, uint32_t number, uint64_t hash);
void track_later_fragment(struct track *track, const struct packet *packet, const struct track_key *key);
void track_sweep_flows(struct track *track, int64_t now_ns);

/* track_service.c */
/* A clear packet from a KDC's port. */
void track_kerberos(struct track *track, const struct packet *packet, const struct track_key *key);
enum { TRACK_FETCH_TRIES = 3 }; /* a connection asked for so often and not answered comes to nothing */
/* One of the first TCP packets of a direction of the flow, already counted: whether it shows that a fetch comes to nothing, or
 * does after all. */
void track_fetch(struct track *track, const struct flow *flow, const struct packet *packet,
		 const struct track_key *key);

/* track_clear.c */
void track_clear_notice_quiet(struct track *track, struct pair *pair, struct story *story, int64_t now_ns);
/* A TCP packet with SYN: whether somebody knocks in clear at a secured host, and nobody answers. */
void track_knock(struct track *track, uint32_t number, const struct packet *packet, const struct track_key *key);
/* The pair is about to be forgotten, as track_esp_end(). */
void track_clear_end(struct track *track, struct pair *pair, struct story *story, int64_t now_ns);

/* track_report.c */
/* Moves the flow's counts into its pair's mix. */
void track_flow_fold(struct track *track, struct flow *flow);

#endif
