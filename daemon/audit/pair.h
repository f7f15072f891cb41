/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker keeps: pairs, flows, SAs, and the story of a pair that is watched.
 *
 * These structs are shared by the files of the tracker (track.c, track_clear.c, twin.c) and by nothing else; the judge
 * has its own view, made of transitions.
 *
 * Layout is by use. An ESP packet that comes in order touches one line of its SA and one of its pair, a clear packet one of
 * its flow and two of its pair. A story is what a pair gets
 * when its clear traffic can matter (a rule speaks of it, or it also speaks ESP, AH or IKE): most pairs never have one.
 */
#ifndef ESPIAL_AUDIT_PAIR_H
#define ESPIAL_AUDIT_PAIR_H

#include "dialogue.h"
#include "esp_doubt.h"
#include "readable.h"
#include "sequence.h"
#include "table.h"
#include "transition.h"

#include <stddef.h>

enum { SIDES = 2 }; /* index by direction: 0 lower address to higher, 1 the other way */

/* Bits of pair.flags */
enum {
	PAIR_WATCHED = 1 << 0,     /* a rule speaks of it, or ESP, AH or IKE was seen: clear packets are judged */
	PAIR_READABLE = 1 << 1,    /* what its ESP carries could be read at some time: the judge knows of now */
	PAIR_ESP_QUIET_0 = 1 << 2, /* ESP of direction 0 is quiet (or never was) */
	PAIR_ESP_QUIET_1 = 1 << 3,
	PAIR_LEARNABLE = 1 << 4, /* the transition was sent */
	PAIR_RING = 1 << 5,      /* ESP packets are remembered in the story's ring, for decapsulated copies */
	PAIR_HAS_IKE = 1 << 6,
	PAIR_HAS_AH = 1 << 7,
	PAIR_HAS_ESP = 1 << 8,
	PAIR_NAT = 1 << 9,      /* one of the two addresses stands for a NAT */
	PAIR_CLEAR = 1 << 10,   /* clear traffic was seen, allowed or not */
	PAIR_KNOCKED = 1 << 11, /* a client knocks in vain, and that was told */
	PAIR_RISEN_0 = 1 << 12, /* ESP of direction 0 rose as often as the guard needs */
	PAIR_RISEN_1 = 1 << 13,
	PAIR_CLEAR_RUNS = 1 << 14, /* offending clear traffic began, and CLEAR_QUIET was not told since */
	PAIR_COPIES = 1 << 15,     /* so many decapsulated copies were seen one way that they are its habit */
};

struct pair {
	_Alignas(64) struct table_link link; /* owner: the place in the ring that is written next */
	uint16_t flags;
	uint16_t generation; /* of this entry's number: a flow or SA that remembers another one has lost its pair */
	uint32_t story;      /* entry of the story table, 0: none */
	uint32_t dialogue;   /* entry of the dialogue table, 0: none */
	uint16_t esp_last_length[SIDES]; /* octets behind the IP header of the last ESP packet; UINT16_MAX: or more */
	int64_t esp_last_ns[SIDES];
	uint32_t esp_packets[SIDES]; /* 0: none ever; what it has no room for: esp_carried */
	uint64_t esp_bytes;          /* octets of IP packets with ESP or AH */
	/* second line: clear packets */
	int64_t clear_last_ns; /* any clear packet, 0: none */
	int64_t clear_run_ns;  /* first of the present run of clear packets, which ESP or a pause ends */
	uint64_t clear_bytes;
	uint64_t clear_packets;
	int64_t knock_ns; /* when a client first knocked of late, 0: never */
	uint32_t rule;    /* policy rule + 1, 0: none */
	uint32_t sas;     /* living SAs */
	/* ESP packets whose sequence number rose, SPI 256 or above; stops at the guard's need */
	uint16_t rising[SIDES];
	uint16_t vlan;
	uint16_t clear_interface; /* of the last offending packet */
	uint32_t realm;
	/* third line: who they are, and since when */
	struct address address[2]; /* lower first */
	int64_t esp_first_ns;      /* 0: none */
	uint32_t esp_carried; /* packets of both sides in units of PAIR_CARRY, that the counters above are without */
	/* on port 4500, made before one of them was known to be ESP; to ESP_DOUBT_SAS (esp_doubt.h) */
	uint16_t doubted_sas;
};

#define PAIR_CARRY (UINT32_C(1) << 31)

static inline void pair_add_esp_packets(struct pair *pair, unsigned direction, uint64_t packets)
{
	uint64_t sum = pair->esp_packets[direction] + packets;

	/* The half stays, so that a direction that spoke is never taken for one that did not. */
	if (sum > UINT32_MAX) {
		uint64_t carried = sum / PAIR_CARRY - 1;
		pair->esp_carried += (uint32_t)carried;
		sum -= carried * PAIR_CARRY;
	}
	pair->esp_packets[direction] = (uint32_t)sum;
}

static inline uint64_t pair_esp_packets(const struct pair *pair)
{
	return (uint64_t)pair->esp_packets[0] + pair->esp_packets[1] + (uint64_t)pair->esp_carried * PAIR_CARRY;
}

/* When the later of both directions last sent ESP or AH; 0: none did. */
static inline int64_t pair_esp_last(const struct pair *pair)
{
	return pair->esp_last_ns[0] > pair->esp_last_ns[1] ? pair->esp_last_ns[0] : pair->esp_last_ns[1];
}

/* Bits of flow.flags */
enum {
	FLOW_SERVICE_KNOWN = 1 << 0, /* service side was told by a SYN or by the first datagram */
	FLOW_SERVICE_IS_B = 1 << 1,  /* the listening side is the pair's higher address */
	FLOW_NAME_FINAL = 1 << 2,    /* named for good or given up */
	FLOW_ENCRYPTED = 1 << 3,     /* the named protocol is itself encrypted */
	FLOW_CREDENTIALS = 1 << 4,   /* credentials seen in clear */
	FLOW_IPSEC = 1 << 5,    /* UDP or TCP flow that was proved to carry IKE or ESP: its packets are not clear */
	FLOW_NO_SLOT = 1 << 6,  /* no name is wanted, or the classifier had no slot */
	FLOW_ANSWERED = 1 << 7, /* both sides had sent when the counts were last folded, or ICMP answered for one */
};

/* What policy said of a flow; asked once, and again when its name becomes known. */
enum flow_verdict { FLOW_UNASKED, FLOW_ALLOWED, FLOW_OFFENDING, FLOW_PENDING };

/* Of a TCP flow whose packets show that both sides talk: how much of that is seen. */
enum flow_sides { FLOW_SIDES_UNKNOWN, FLOW_SIDES_ONE, FLOW_SIDES_BOTH };

struct flow {
	_Alignas(64) struct table_link link; /* owner: the pair's number */
	int64_t last_ns;
	uint64_t bytes[SIDES]; /* octets of IP packets, since the counts were last folded into the pair's mix */
	uint32_t packets[SIDES];
	uint16_t port[2];                    /* of the pair's lower and higher address */
	uint16_t app : 10;                   /* the classifier's number, less than TRACK_APPS */
	uint16_t before_0 : 3, before_1 : 3; /* packets of each side folded away so far; counts to FLOW_BEFORE_MAX */
	uint16_t pair_generation;
	uint16_t slot; /* of the classifier, 0: none */
	uint8_t protocol;
	uint8_t flags;
	uint32_t holder : 12;         /* index of the counter of who holds the flow */
	uint32_t sided_interface : 8; /* where the one side was seen, with FLOW_SIDES_ONE */
	uint32_t verdict : 2;         /* enum flow_verdict */
	uint32_t sides : 2;           /* enum flow_sides */
	uint32_t service : 5;         /* index in the story's services + 1, 0: to be looked up */
	uint32_t run : 3;             /* of the story, in which it was: its last bits */
};

enum { FLOW_BEFORE_MAX = 7 };

/* Packets of a side since the flow began, whether anybody looked meanwhile or not: the first of them in any case. */
static inline uint32_t flow_packets(const struct flow *flow, unsigned side)
{
	return flow->packets[side] + (side ? flow->before_1 : flow->before_0);
}

/* Bits of sa.flags */
enum {
	SA_DIRECTION = 1 << 0, /* from the pair's higher address to the lower */
	SA_AH = 1 << 1,
	SA_QUIET = 1 << 2,   /* no packet for TRACK_QUIET_NS */
	SA_DOUBTED = 1 << 3, /* it may be none: nothing was told of it yet */
	SA_DOUBLED_TOLD = 1 << 4,
	SA_WRAP_TOLD = 1 << 5,
	SA_OPAQUE = 1 << 6,  /* what it carries is decided, and cannot be read */
	SA_GOES_ON = 1 << 7, /* the transition was sent: its packets are told from time to time */
};

struct sa {
	_Alignas(64) struct table_link link; /* owner: the pair's number */
	uint32_t spi;
	uint16_t pair_generation;
	uint8_t flags;
	uint8_t encap : 2;   /* enum packet_encap, of the first packet */
	uint8_t changes : 6; /* of the pair's dialogue, as of its last packet */
	int64_t last_ns;
	uint64_t packets;
	uint64_t bytes; /* octets of IP packets */
	union {
		struct sequence_run run;
		struct esp_doubt doubt; /* with SA_DOUBTED */
	};
};

/* How an SA's sequence stood when its loss was last looked at. */
struct sa_loss {
	uint32_t distinct, lost;
	uint32_t second; /* of frame time; 0: never */
};

/* Parallel to the SAs, by the same number. */
struct sa_cold {
	int64_t first_ns;
	struct sequence sequence;
	struct readable readable;
	struct sa_loss loss;
	uint8_t name_tries;     /* packets that the classifier may still be shown to name what is inside */
	uint16_t replay_minute; /* of frame time, its last bits, in which replays were last told */
};

enum { STORY_SERVICES_MAX = 16, STORY_RING = 16 };

struct story_service {
	struct transition_service service;
	uint32_t copies; /* packets of it that were explained as decapsulated copies; counts until that is its rule */
	bool offended;   /* there were others too */
	uint16_t run;    /* of the story, in which it was told last */
};

/* Bits of story_esp.marks: the others are the interface, as far as they reach */
enum { STORY_ESP_USED = 1 << 15, STORY_ESP_DIRECTION = 1 << 14, STORY_ESP_INTERFACE = STORY_ESP_DIRECTION - 1 };

/* One ESP packet, as far as telling a decapsulated copy needs it. */
struct story_esp {
	uint32_t tick;   /* when: 8192 nanoseconds each, which start again after 9 hours */
	uint16_t length; /* octets behind the IP header, 0: the place is empty */
	uint16_t marks;  /* USED: a clear packet was found to be its copy */
};

/* An offending packet touches the first line, the ring if there was ESP a moment ago, and the line behind it where copies are
 * known. An ESP packet writes one place of the ring and reads nothing. */
struct story {
	_Alignas(64) struct table_link link; /* key: the pair's number */
	uint64_t clear_packets[SIDES];       /* offending ones */
	uint64_t clear_bytes;
	int64_t clear_last_ns[SIDES];
	int64_t clear_told_ns; /* of the last transition with totals */
	/* second and third line: the latest ESP packets of the pair; the oldest is where pair.link.owner says */
	struct story_esp ring[STORY_RING];
	uint32_t copies[SIDES];      /* clear packets explained as decapsulated copies; halved with the next */
	uint32_t unexplained[SIDES]; /* clear packets that were not */
	uint32_t copy_fits[SIDES];   /* ciphers that fit all copies, one bit each; good if there are some */
	uint32_t other_fits[SIDES];  /* those that fit what was near ESP of late, and fitted none of those */
	uint8_t others[SIDES];       /* how many more of these there were than of those */
	uint8_t service_count;
	/* Of the services that found no place in the present run: not encrypted; credentials seen. */
	bool rest_plain, rest_credentials;
	uint16_t run; /* of offending packets: each tells its services */
	struct story_service services[STORY_SERVICES_MAX];
};

/* For so long an ESP packet may explain a clear one as its decapsulated copy. */
#define STORY_YOUNG_NS INT64_C(10000000)

_Static_assert(offsetof(struct story, ring) == 64 && offsetof(struct story, copies) == 64 + 128, "a story's lines");

static inline uint32_t story_tick(int64_t time_ns)
{
	return (uint32_t)((uint64_t)time_ns >> 13);
}

#endif
