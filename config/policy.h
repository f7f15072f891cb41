/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: what should be secured, between whom, and what may be clear.
 *
 * An immutable snapshot, built by config.c from YAML or by config_add_secured() from the command line. The engine only
 * reads it; a reload builds a new one. Addresses are sixteen octets in network byte order, IPv4 as ::ffff:a.b.c.d, so
 * that this folder depends on nothing of the rest.
 */
#ifndef ESPIAL_CONFIG_POLICY_H
#define ESPIAL_CONFIG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much a rule asks (the levels of the Windows policies; DESIGN section 6). */
enum policy_level {
	POLICY_REQUIRE, /* Secure Server: any clear packet that is not allowed is a leak */
	POLICY_REQUEST, /* Server: a leak, low where soft-sa or before-sa explains it */
	POLICY_RESPOND, /* Client: clear is expected until the peer opens IKE */
};

/* What is exempt without being named (DESIGN section 6). */
enum policy_exempt {
	POLICY_EXEMPT_WINDOWS_2003, /* IKE */
	POLICY_EXEMPT_WINDOWS_2000, /* IKE, Kerberos, RSVP, broadcast, multicast */
	POLICY_EXEMPT_NONE,         /* nothing but IKE, without which there is no security at all */
};

struct policy_prefix {
	uint8_t address[16]; /* host bits are zero */
	uint8_t length;      /* 0 to 128, counted on the sixteen octets: IPv4 /24 is 120 */
};

/*
 * One entry of an `allow` or `deny` list.
 *
 *   icmp             the class of ICMP that is harmless: errors, neighbour discovery, echo of up to 128 octets of data
 *   dns, http, ...   a name as the classifier gives it, compared without regard to case
 *   tcp/22, udp/53   IP protocol and the service's port
 *   proto/89         an IP protocol by number
 */
struct policy_service {
	enum { POLICY_SERVICE_ICMP, POLICY_SERVICE_NAME, POLICY_SERVICE_PORT, POLICY_SERVICE_PROTOCOL } kind;
	uint8_t protocol; /* IANA number, for PORT and PROTOCOL */
	uint16_t port;    /* for PORT */
	char *name;       /* lower case, for NAME and for ICMP ("icmp") */
};

struct policy_services {
	struct policy_service *entries; /* owned */
	size_t count;
};

struct policy_rule {
	char *name; /* unique; what alerts call it */
	struct policy_prefix *between[2]; /* owned; the two sides. One-sided (`between: [P]`): both sides are the same list */
	size_t between_count[2];
	enum policy_level level;
	uint8_t (*gateways)[16]; /* owned; the addresses whose ESP carries this rule's traffic; none: the pair itself does */
	size_t gateway_count;
	char *crypto; /* name of a verdict table: "rfc8247", "cnsa-2.0", "nist-800-77r1" or one of the file's own */
	struct policy_services allow, deny;
	int line; /* in the file, 0 from the command line */
};

struct policy {
	bool learn;
	enum policy_exempt exempt;
	struct policy_services allow; /* for every rule and for learned pairs */
	struct policy_rule *rules;    /* owned, in file order */
	size_t rule_count;
	struct policy_index *index;   /* owned; for policy_match(), built by policy_seal() */
};

/* Nothing but the defaults of DESIGN section 6: learn, windows-2003, allow icmp, no rules. */
void policy_init(struct policy *policy);

/* Frees what the policy owns, not the policy itself. */
void policy_clear(struct policy *policy);

/*
 * Builds the index after the last rule was added. Call once. Returns false on lack of memory.
 */
bool policy_seal(struct policy *policy);

/*
 * The rule for traffic between a and b, in either order: of all rules of which one side contains a and the other b, the
 * one whose shorter of the two matching prefixes is longest, then whose longer one is, then the one first in the file.
 * NULL if no rule speaks of the two. The index of the rule is `rule - policy->rules`. Cost does not grow linearly with
 * the number of rules whose prefixes differ only in address (a policy of 10 000 pairs is ordinary).
 */
const struct policy_rule *policy_match(const struct policy *policy, const uint8_t a[16], const uint8_t b[16]);

/* Whether a is one of the rule's gateways. */
bool policy_is_gateway(const struct policy_rule *rule, const uint8_t a[16]);

/* The rules that name both a and b as gateways: calls `each` with the index of every such rule. */
void policy_gateway_rules(const struct policy *policy, const uint8_t a[16], const uint8_t b[16],
                          void (*each)(size_t rule, void *context), void *context);

/* The first of those; NULL if there is none. */
const struct policy_rule *policy_first_gateway_rule(const struct policy *policy, const uint8_t a[16], const uint8_t b[16]);

/* What a packet or flow is, as far as allow and deny lists can ask. */
struct policy_traffic {
	uint8_t protocol;   /* IANA number */
	uint16_t port;      /* of the service (the side that listens), 0 if none or unknown */
	const char *name;   /* the classifier's name, NULL while it is not known */
	bool name_pending;  /* the classifier may still find a name */
	bool icmp_harmless; /* protocol is ICMP or ICMPv6 and it is an error, neighbour discovery, or a small echo */
	bool group;         /* destination is multicast or broadcast */
};

enum policy_allowed {
	POLICY_CLEAR_DENIED,  /* may not be clear */
	POLICY_CLEAR_ALLOWED, /* may be clear */
	POLICY_CLEAR_PENDING, /* an allow or deny entry depends on the name, which is not known yet */
};

/*
 * Whether the traffic may be clear: preset, the policy's allow and the rule's allow together, less the rule's deny
 * (rule NULL: a learned pair). DHCP (udp/67, udp/68, udp/546, udp/547) is always allowed; so is IKE, which the caller knows
 * by its bytes and never asks about. Multicast and broadcast are allowed unless the preset is `none`.
 */
enum policy_allowed policy_may_be_clear(const struct policy *policy, const struct policy_rule *rule,
                                        const struct policy_traffic *traffic);

/* "require", "request", "respond". */
const char *policy_level_name(enum policy_level level);

#endif
