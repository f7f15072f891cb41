/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's view of pairs and hosts, for judge.c and the rules.
 *
 * A judged pair is made when the first transition about it comes: when a rule speaks of it and it is clear, or when it
 * speaks ESP, AH or IKE. Times are frame times; 0 means never.
 */
#ifndef ESPIAL_AUDIT_JUDGE_STATE_H
#define ESPIAL_AUDIT_JUDGE_STATE_H

#include "alert.h"
#include "judge.h"
#include "table.h"
#include "../../config/policy.h"

/* One direction's ESP or AH. */
struct judged_esp {
	int64_t first_ns;
	int64_t began_ns; /* of the present or last run of packets */
	int64_t last_ns;  /* of the last run once it ended; while running, at least two seconds ago */
	bool running;
};

/* One side's IKE towards the other. */
struct judged_ike {
	int64_t opened_ns;  /* last first message (IKE_SA_INIT request, main or aggressive mode message 1) */
	int64_t message_ns; /* last message of any kind */
	bool beyond_init;   /* sent IKE_AUTH or quick mode at some time */
};

enum { LEAK_SERVICES = 16 };

/* A service in clear, and whether it ran beside ESP before the leak at hand began. */
struct leak_service {
	struct transition_service service;
	int64_t first_ns, last_ns;
	bool beside; /* was there while ESP ran: ordinary for a learned pair */
};

struct leak {
	struct alert alert;
	bool running;  /* offending traffic since begin_ns: a leak, told (alert open) or not yet (learned pairs) */
	bool decided;  /* the cause will not change any more */
	bool idle_before; /* ESP was there, but long before */
	uint8_t first_direction;
	bool has_ports;
	uint16_t src_port, dst_port;
	uint16_t interface;
	uint8_t directions;   /* bit per direction that was clear since begin_ns */
	int64_t begin_ns;     /* first offending packet */
	int64_t since_ns;     /* first clear packet of that run, harmless ones included */
	uint64_t base_packets, base_bytes; /* the tracker's totals before it */
	uint64_t packets, bytes;           /* the tracker's totals */
	int64_t last_ns;
	int64_t esp_before_ns; /* last ESP known when the leak began */
	bool quiet;
	int64_t opened_by_ns[2]; /* IKE opened by this side since shortly before the leak, and when first */
	bool default_response;
	unsigned service_count;
	struct leak_service services[LEAK_SERVICES];
	int64_t rest_plain_ns; /* last packet of a service without a place here that is not encrypted */
	enum finding_cause cause;
};

struct judged_pair {
	struct table_link link;
	uint32_t realm;
	struct address address[2];
	uint16_t vlan;
	uint32_t rule; /* policy rule + 1, 0: none */
	bool learnable, learned, nat;
	int64_t refuted_ns; /* an ICMP error said that ESP is not spoken here */
	uint32_t sas;       /* births seen */
	uint32_t last_spi[2];
	struct judged_esp esp[2];
	struct judged_ike ike[2];
	struct leak leak;
	int64_t due_ns; /* when the rules want to look again, 0: not */
};

/* A host, and whether it speaks IPsec with more than one other. */
struct judged_host {
	struct table_link link;
	struct address first_peer;
	bool more;
};

/* A network (IPv4 /24, IPv6 /64), and how many learned pairs have an end in it. */
struct learned_network {
	struct table_link link;
	uint32_t learned;
};

/* The living pairs that carry the traffic of a rule with gateways. */
enum { JUDGE_CARRIERS = 16 };
struct judged_rule {
	uint64_t carriers[JUDGE_CARRIERS]; /* hashes of their keys */
	unsigned count;
};

struct timer {
	int64_t due_ns;
	uint32_t pair;
};

struct judge {
	struct judge_settings settings;
	struct record_sink sink;
	struct judge_counters counters;
	struct table pairs, hosts, networks;
	struct judged_rule *rules; /* by rule; owned */
	uint32_t learned;
	int64_t now_ns;
	/* two heaps, owned */
	struct transition *waiting;
	size_t waiting_count, waiting_room;
	struct timer *timers;
	size_t timer_count, timer_room;
};

/* judge.c */
struct judged_pair *judge_pair(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b);
/* Asks for a look at the pair at or before `due_ns`. */
void judge_wake(struct judge *judge, struct judged_pair *pair, int64_t due_ns);
/* Whether the host speaks IPsec with someone other than `peer`. */
bool judge_host_elsewhere(struct judge *judge, const struct address *host, const struct address *peer);
const struct policy_rule *judge_rule(const struct judge *judge, const struct judged_pair *pair);
const char *judge_interface(const struct judge *judge, uint16_t interface);

/* What is known of the ESP that protects a pair: its own, or that of its rule's gateways. */
struct protection {
	bool tunnelled;     /* taken from gateways: directions are not comparable with the pair's */
	bool any;           /* ESP was seen at all */
	int64_t first_ns;   /* of both directions */
	int64_t last_ns[2]; /* as of now; a running direction counts as now less the quiet threshold */
	int64_t began_ns[2];
	bool running[2];
};
void judge_protection(struct judge *judge, const struct judged_pair *pair, struct protection *protection);
/* The pairs whose IKE and ESP protect this one: itself, or the carriers of its rule. Returns how many. */
unsigned judge_protectors(struct judge *judge, struct judged_pair *pair, struct judged_pair **protectors, unsigned max);

/* learn.c */
void learn_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* The pair is no longer learned: others may take its place. */
void learn_forget(struct judge *judge, struct judged_pair *pair);
bool learn_holds(const struct judge *judge, const struct judged_pair *pair, int64_t now_ns);

#endif
