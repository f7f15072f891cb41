/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the capture of one alert is to show: which frames belong to it, and which of these are what the alert is about.
 *
 * Made of a finding when it opens. To it belong: every packet between the two hosts of the pair, or of the one host; ESP, AH
 * and IKE among the two and their gateways; and ICMP errors about any of that, whoever sent them. Pure values, so that they
 * can be passed between threads.
 */
#ifndef ESPIAL_AUDIT_EVIDENCE_CASE_H
#define ESPIAL_AUDIT_EVIDENCE_CASE_H

#include "evidence_mark.h"
#include "evidence_ring.h"
#include "finding.h"
#include "../../dissectors/packet.h"

struct policy;

enum { EVIDENCE_OTHERS_MAX = 16 };

struct evidence_case {
	uint64_t alert;
	int64_t opened_ns; /* time of the record that opened it */
	int64_t first_ns;  /* when what it is about began */
	uint8_t id;        /* enum finding_id */
	bool about_host;   /* hosts[0] alone is meant */
	bool any_realm;    /* of a host the realm is not known */
	bool has_spi, has_ike_spi;
	bool has_flow; /* src and dst: in one direction only */
	uint8_t other_count;
	uint32_t realm;
	uint32_t spi;
	uint64_t ike_spi; /* of the initiator */
	struct address hosts[2];
	struct address src, dst;
	struct address others[EVIDENCE_OTHERS_MAX]; /* gateways, and whoever the finding names besides */
	uint32_t host_keys[2];                      /* evidence_key() of the above */
	uint32_t other_keys[EVIDENCE_OTHERS_MAX];
};

/* A short name of an address: different addresses may have the same. */
static inline uint32_t evidence_key(const struct address *address)
{
	uint64_t high, low;

	memcpy(&high, address->bytes, sizeof(high));
	memcpy(&low, address->bytes + 8, sizeof(low));
	uint64_t mixed = (low ^ high * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(mixed >> 32);
}

/* False if there is nothing to show: an event without an end, or a finding about the sensor. */
bool evidence_case_make(struct evidence_case *evidence, const struct finding *finding, const struct policy *policy);

/* Whether the entry may belong, by keys alone: what it denies does not. */
bool evidence_case_may_hold(const struct evidence_case *evidence, const struct evidence_entry *entry);

/* Whether it does belong, by the packet that was read from its octets, and why it is pointed out. */
bool evidence_case_holds(const struct evidence_case *evidence, const struct evidence_entry *entry,
			 const struct packet *packet, enum evidence_mark *mark);

#endif
