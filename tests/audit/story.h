/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stories for tests of the core: frames made in memory at given times, told to trackers and a judge the way a worker does
 * it, and what came of it.
 *
 * A script is a list of frames and a clock. Hosts are addresses; an SA is one direction of ESP or AH with its sequence
 * counter; a stream is a client and a server with ports. Everything is deterministic: the same calls make the same
 * octets. story_tell() may tell one script in many ways (batches, trackers, order), which is what the tests compare.
 *
 *   struct story_script *script = story_new();
 *   struct story_sa out = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
 *   story_esp(script, &out, 100);
 *   story_wait(script, 3 * STORY_SECOND);
 *   struct story_result *result = story_tell(script, &options);
 *
 * The script owns its octets; a result owns its texts. Used by the check programs and the fuzz target of this folder.
 */
#ifndef ESPIAL_TESTS_AUDIT_STORY_H
#define ESPIAL_TESTS_AUDIT_STORY_H

#include "../../daemon/audit/judge.h"
#include "../../daemon/audit/track.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_MILLISECOND INT64_C(1000000)
#define STORY_SECOND INT64_C(1000000000)
#define STORY_MINUTE (60 * STORY_SECOND)
#define STORY_HOUR (60 * STORY_MINUTE)
#define STORY_DAY (24 * STORY_HOUR)
/* When every story begins. */
#define STORY_EPOCH (INT64_C(1700000000) * STORY_SECOND)

struct story_script;

/* ---- the clock and the tap ---- */

/* NULL is never returned: a test without memory ends the program. */
struct story_script *story_new(void);
void story_free(struct story_script *script);

/* The clock: the time of the next frame. */
int64_t story_now(const struct story_script *script);
void story_wait(struct story_script *script, int64_t ns);
void story_at(struct story_script *script, int64_t after_epoch_ns);

/* Where the next frames are seen: interface, VLAN (0: untagged), VXLAN network (0: none). */
void story_tap(struct story_script *script, uint16_t interface, uint16_t vlan, uint32_t vni);

size_t story_length(const struct story_script *script); /* frames */

/* The latest frame was so many octets longer on the wire than what is captured of it. */
void story_cut(struct story_script *script, uint32_t octets);

/* ---- hosts, SAs, streams ---- */

struct address story_host(const char *text);
/* 10.x.y.z from a number, for floods. */
struct address story_host_number(uint32_t number);

struct story_sa {
	struct address src, dst;
	uint32_t spi;
	uint32_t sequence; /* of the last packet */
	uint8_t protocol;  /* 50 or 51 */
	bool in_udp;
	uint16_t src_port, dst_port; /* in_udp */
};
struct story_sa story_sa(const char *src, const char *dst, uint32_t spi);

/* Sends one packet; `octets` is what the ESP or AH header and all behind it take (at least 8; AH: at least 24). */
void story_esp(struct story_script *script, struct story_sa *sa, uint32_t octets);
/* The same with these octets behind the sequence number, octets - 8 of them. */
void story_esp_with(struct story_script *script, struct story_sa *sa, const uint8_t *behind, uint32_t octets);
/* Sends one that the capture misses. */
void story_lose(struct story_sa *sa);
/* Sends one in two fragments, in order or the later one first. */
void story_esp_fragmented(struct story_script *script, struct story_sa *sa, uint32_t octets, bool later_first);
/* AH around ESP, both between the AH's addresses. */
void story_ah_over_esp(struct story_script *script, struct story_sa *ah, struct story_sa *esp, uint32_t octets);

struct story_stream {
	struct address client, server;
	uint16_t client_port, server_port;
	uint8_t protocol; /* 6, 17 or any */
};
struct story_stream story_stream(const char *client, const char *server, uint8_t protocol, uint16_t server_port);

/* One packet with `octets` of payload; TCP flags or ports as they come. */
void story_send(struct story_script *script, const struct story_stream *stream, bool from_server, uint32_t octets);
void story_tcp(struct story_script *script, const struct story_stream *stream, bool from_server, uint8_t flags,
	       uint32_t octets);
/* The payload as given. */
void story_payload(struct story_script *script, const struct story_stream *stream, bool from_server,
		   const uint8_t *payload, uint32_t octets);
/* A datagram in two fragments. */
void story_send_fragmented(struct story_script *script, const struct story_stream *stream, bool from_server,
			   uint32_t octets, bool later_first);

/* ---- IKE, keepalives, ICMP ---- */

struct story_ike {
	struct address src, dst;
	uint16_t src_port, dst_port; /* 0: 500 */
	uint64_t initiator_spi, responder_spi;
	uint8_t major, exchange, flags;
	uint8_t inner; /* INFORMATIONAL of IKEv2: type of the first payload inside, 0: none */
	bool marker;   /* behind the non-ESP marker, as on port 4500 */
	uint32_t message_id;
};
void story_ike(struct story_script *script, const struct story_ike *ike);
/* IKE_SA_INIT and, if `complete`, IKE_AUTH, each answered after a millisecond, with this initiator SPI. */
void story_ikev2(struct story_script *script, const char *initiator, const char *responder, uint64_t spi,
		 bool complete);

void story_keepalive(struct story_script *script, const struct address *src, const struct address *dst,
		     uint16_t src_port, uint16_t dst_port);
void story_echo(struct story_script *script, const struct address *src, const struct address *dst, uint32_t octets);
/* An ICMP error from `sender` to `src`, quoting the header of a packet src sent to dst, with 8 octets behind it. */
void story_icmp_error(struct story_script *script, const struct address *sender, const struct address *src,
		      const struct address *dst, uint8_t type, uint8_t code, uint8_t quoted_protocol);

/* ---- telling ---- */

/* A name that the absent classifier would give: from the `after`th payload packet of any flow on that port on. */
struct story_name {
	uint16_t port;
	uint16_t app;
	const char *name;
	bool encrypted, credentials, no_slot;
	unsigned after; /* 1: from the first */
};

enum { STORY_TRACKERS_MAX = 4, STORY_RESTARTS_MAX = 4 };

struct story_options {
	const struct policy *policy; /* sealed; borrowed */
	unsigned batch;              /* frames at a time, 1 to TRACK_BATCH */
	int64_t step_ns;             /* frame time between two track_advance() */
	unsigned trackers;           /* pairs are split over so many; more than one goes through rings */
	uint64_t shuffle;            /* not 0: frames of different pairs at equal times come in another order */
	struct track_interface side;
	const struct track_interface *interfaces;
	unsigned interface_count;
	uint32_t flows, sas, ike, pairs, learned;
	uint32_t judged_pairs;
	uint32_t learn_packets;
	int64_t learn_span_ns;
	bool classify_all;
	struct judge_thresholds thresholds;
	struct alert_settings alerts; /* all zero: every alert by itself */
	const struct story_name *names;
	unsigned name_count;
	int64_t end_ns;        /* let time pass so far after the last frame, in steps of step_ns at most a minute */
	bool keep_transitions; /* as text, in judged order */
	bool lifecycle;        /* events of peers and SAs are told */
	bool last_word;        /* what leaks came to is told at the end, as of a file */
	bool leaks_only;       /* of the findings, only cleartext-leak is kept */
	/* So long after STORY_EPOCH everything is killed and begun anew: told of what was written to be known, and of the
	 * findings that are open; 0: never. One tracker only. What passes within unseen_ns after it nobody sees. */
	int64_t restart_ns[STORY_RESTARTS_MAX];
	int64_t unseen_ns;
	bool forgetful;    /* nothing is handed over */
	int64_t reload_ns; /* so long after STORY_EPOCH the policy is set anew, as it was, or another one; 0: never */
	const struct policy *reload_policy; /* NULL: as it was */
	int64_t look_ns; /* so often somebody looks at what the trackers know, as the page does; 0: nobody does */
	certificate_read_function *certificate; /* NULL: certificates in clear are not read */
};

/* Ordinary sizes; batch 32, step 50 ms, one tracker, learning after 4 packets. */
struct story_options story_options(const struct policy *policy);

struct story_result {
	char *findings;          /* one line per finding record, in order of telling; owned */
	char *records;           /* sa, ike_sa and pair records, one line each; owned */
	char *transitions;       /* sorted with transition_before(); owned; "" unless kept */
	struct finding *finding; /* copies; borrowed strings: text evidence is NULL; owned */
	size_t finding_count;
	uint64_t ike_evicted;        /* IKE SAs the judge had no room for any more */
	struct track_counters track; /* of all trackers together, as far as it can be added */
	struct judge_counters judge;
	size_t known;                            /* known_pair and known_host records that were written */
	size_t restarted_at[STORY_RESTARTS_MAX]; /* findings before each restart */
	uint64_t lost;                           /* by rings */
	uint64_t memory;                         /* of the first tracker */
};

struct story_result *story_tell(const struct story_script *script, const struct story_options *options);
void story_result_free(struct story_result *result);

/* The number of lines in a text that contain `part`. */
size_t story_count(const char *text, const char *part);

/* A sealed policy from YAML `policy:` members ("rules: ..."), or of the defaults if NULL. Owned by the caller, to be freed
 * with story_policy_free(). A mistake ends the program. */
struct config;
struct config *story_policy(const char *members);
void story_policy_free(struct config *config);
const struct policy *story_policy_of(const struct config *config);

/* One transition or record as a line. */
void story_transition_text(const struct transition *transition, char *buffer, size_t size);

#endif
