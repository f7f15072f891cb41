/* SPDX-License-Identifier: Apache-2.0 */
/* What may be clear, packet by packet through the whole core: levels, presets, groups, DHCP, neighbour discovery, lists of the
 * policy and of a rule; and alerts that could be an exemption say so. */
#include "scene.h"

#include <stdio.h>

#define V6A "2001:db8::1"
#define V6B "2001:db8::2"

/* One kind of packet between two hosts. */
enum kind {
	WEB,
	NAMES,
	TIME,
	KERBEROS_TCP,
	KERBEROS_UDP,
	RSVP,
	OSPF,
	DHCP,
	DHCP6,
	BROADCAST,
	MULTICAST,
	ECHO_SMALL,
	ECHO_LARGE,
	NEIGHBOUR,
	UNREACHABLE,
	REDIRECT,
	TIMESTAMP,
	KIND_COUNT
};

static void icmp(const char *src, const char *dst, uint8_t protocol, uint8_t type)
{
	struct story_stream stream = story_stream(src, dst, protocol, 0);
	uint8_t octets[32] = { type };

	story_payload(script, &stream, false, octets, sizeof(octets));
}

static void stream(const char *src, const char *dst, uint8_t protocol, uint16_t port)
{
	struct story_stream one = story_stream(src, dst, protocol, port);

	story_send(script, &one, false, 100);
}

static void send_kind(enum kind kind)
{
	struct address a = story_host(A), b = story_host(B);

	switch (kind) {
	case WEB:
		stream(A, B, 6, 80);
		break;
	case NAMES:
		stream(A, B, 17, 53);
		break;
	case TIME:
		stream(A, B, 17, 123);
		break;
	case KERBEROS_TCP:
		stream(A, B, 6, 88);
		break;
	case KERBEROS_UDP:
		stream(A, B, 17, 88);
		break;
	case RSVP:
		stream(A, B, 46, 0);
		break;
	case OSPF:
		stream(A, B, 89, 0);
		break;
	case DHCP:
		stream(A, B, 17, 67);
		break;
	case DHCP6:
		stream(V6A, V6B, 17, 547);
		break;
	case BROADCAST:
		stream(A, "255.255.255.255", 17, 9999);
		break;
	case MULTICAST:
		stream(A, "224.0.0.251", 17, 5353);
		break;
	case ECHO_SMALL:
		story_echo(script, &a, &b, 128);
		break;
	case ECHO_LARGE:
		story_echo(script, &a, &b, 129);
		break;
	case NEIGHBOUR:
		icmp(V6A, V6B, 58, 135);
		icmp(V6B, V6A, 58, 136);
		break;
	case UNREACHABLE:
		icmp(A, B, 1, 3);
		break;
	case REDIRECT:
		icmp(A, B, 1, 5);
		break;
	case TIMESTAMP:
		icmp(A, B, 1, 13);
		break;
	case KIND_COUNT:
		break;
	}
}

static bool leaks(const char *policy, enum kind kind)
{
	scene_begin(policy);
	send_kind(kind);
	seconds(1);
	send_kind(kind);
	tell();
	bool leak = last_told(FINDING_CLEARTEXT_LEAK) != NULL;
	scene_end();
	return leak;
}

#define ANY "  rules:\n    - { name: all, between: [any] }\n"
#define RULE(more) "  rules:\n    - { name: all, between: [any], " more " }\n"

START_TEST(presets)
{
	static const struct {
		const char *policy;
		uint32_t clear; /* kinds that may be clear, a bit each */
	} cases[] = {
#define BIT(kind) (UINT32_C(1) << (kind))
#define ALWAYS (BIT(DHCP) | BIT(DHCP6))
#define GROUPS (BIT(BROADCAST) | BIT(MULTICAST))
#define HARMLESS (BIT(ECHO_SMALL) | BIT(NEIGHBOUR) | BIT(UNREACHABLE) | BIT(REDIRECT))
#define TICKETS (BIT(KERBEROS_TCP) | BIT(KERBEROS_UDP))
		{ ANY, ALWAYS | GROUPS | HARMLESS },
		{ "  exempt: windows-2003\n" ANY, ALWAYS | GROUPS | HARMLESS },
		{ "  exempt: windows-2000\n" ANY, ALWAYS | GROUPS | HARMLESS | TICKETS | BIT(RSVP) },
		{ "  exempt: none\n" ANY, ALWAYS | HARMLESS },
		{ "  exempt: none\n  allow: []\n" ANY, ALWAYS },
		{ "  allow: []\n" ANY, ALWAYS | GROUPS },
		{ "  allow: [icmp, udp/53, proto/89]\n" ANY, ALWAYS | GROUPS | HARMLESS | BIT(NAMES) | BIT(OSPF) },
		/* A rule adds to the policy, and takes away from it, from the preset too. */
		{ RULE("allow: [tcp/80, udp/123]"), ALWAYS | GROUPS | HARMLESS | BIT(WEB) | BIT(TIME) },
		{ RULE("deny: [icmp]"), ALWAYS | GROUPS },
		{ "  allow: [tcp/80]\n" RULE("allow: [icmp], deny: [tcp/80]"), ALWAYS | GROUPS | HARMLESS },
		{ "  exempt: windows-2000\n" RULE("deny: [tcp/88]"),
		  ALWAYS | GROUPS | HARMLESS | BIT(KERBEROS_UDP) | BIT(RSVP) },
		{ RULE("deny: [udp/67, udp/547]"), ALWAYS | GROUPS | HARMLESS },
		{ RULE("deny: [udp/5353]"), ALWAYS | BIT(BROADCAST) | HARMLESS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			bool clear = (cases[i].clear & BIT(kind)) != 0;
			ck_assert_msg(leaks(cases[i].policy, (enum kind)kind) == !clear, "kind %d %s under\n%s", kind,
				      clear ? "leaks" : "does not leak", cases[i].policy);
		}
}
END_TEST

/* Of several rules the one that speaks of the pair most narrowly counts, with its own lists. */
START_TEST(the_narrowest_rule)
{
	static const char policy[] =
	    "  rules:\n"
	    "    - { name: wide, between: [192.0.2.0/24, any], allow: [tcp/80] }\n"
	    "    - { name: narrow, between: [192.0.2.0/24, 198.51.100.0/24], allow: [udp/53] }\n";

	ck_assert(leaks(policy, WEB));
	ck_assert(!leaks(policy, NAMES));
}
END_TEST

/* What a level makes of the same traffic. */
START_TEST(levels)
{
	enum what { CLEAR, CLEAR_AFTER_IKE, CLEAR_BEFORE_SA, FELL_BACK, LOST };
	static const struct {
		const char *level;
		enum what what;
		int severity; /* -1: no leak */
	} cases[] = {
		{ "require", CLEAR, SEVERITY_HIGH },
		{ "require", CLEAR_AFTER_IKE, SEVERITY_HIGH },
		{ "require", CLEAR_BEFORE_SA, SEVERITY_HIGH },
		{ "require", FELL_BACK, SEVERITY_HIGH },
		{ "require", LOST, SEVERITY_HIGH },
		{ "request", CLEAR, SEVERITY_MEDIUM },
		{ "request", CLEAR_AFTER_IKE, SEVERITY_MEDIUM },
		{ "request", CLEAR_BEFORE_SA, SEVERITY_LOW },
		{ "request", FELL_BACK, SEVERITY_LOW },
		{ "request", LOST, SEVERITY_MEDIUM },
		{ "respond", CLEAR, -1 },
		{ "respond", CLEAR_AFTER_IKE, SEVERITY_LOW },
		{ "respond", CLEAR_BEFORE_SA, -1 },
		{ "respond", FELL_BACK, SEVERITY_LOW },
		{ "respond", LOST, SEVERITY_LOW },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char policy[128];
		snprintf(policy, sizeof(policy),
			 "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: %s }\n",
			 cases[i].level);
		scene_begin(policy);
		switch (cases[i].what) {
		case CLEAR:
			clear(20, BOTH);
			break;
		case CLEAR_AFTER_IKE:
			ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
			seconds(20);
			clear(20, BOTH);
			break;
		case CLEAR_BEFORE_SA:
			clear(5, BOTH);
			ike_up(A, B);
			esp(20, BOTH);
			break;
		case FELL_BACK:
			for (unsigned n = 0; n < 3; n++) {
				ike_try(A, B, 7);
				seconds(n < 2 ? 1.5 : 0);
			}
			clear(20, BOTH);
			break;
		case LOST:
			ike_up(A, B);
			esp(20, BOTH);
			clear(20, BOTH);
			break;
		}
		tell();
		const struct finding *last = last_word(FINDING_CLEARTEXT_LEAK);
		ck_assert_msg((last ? (int)last->severity : -1) == cases[i].severity, "%s, %d:\n%s", cases[i].level,
			      (int)cases[i].what, result->findings);
		scene_end();
	}
}
END_TEST

/* An alert about nothing but what many policies exempt says so; one with anything else does not. */
START_TEST(could_be_exempt)
{
	static const struct {
		enum kind kinds[2];
		const char *says; /* NULL: nothing of the kind */
	} cases[] = {
		{ { NAMES, NAMES }, "if it may be clear here, allow DNS" },
		{ { KERBEROS_TCP, KERBEROS_UDP }, "allow Kerberos (or exempt: windows-2000)" },
		{ { RSVP, RSVP }, "allow RSVP (or exempt: windows-2000)" },
		{ { OSPF, OSPF }, "allow OSPF" },
		{ { ECHO_LARGE, TIMESTAMP }, "allow ICMP beyond what `icmp` allows" },
		{ { WEB, WEB }, NULL },
		{ { NAMES, WEB }, NULL },
		{ { NAMES, TIME }, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_begin(ANY);
		for (unsigned n = 0; n < 24; n++) {
			send_kind(cases[i].kinds[n & 1]);
			seconds(0.5);
		}
		/* Long enough for the cause, which is told with it. */
		ike_unanswered(A, B, 3, 3);
		seconds(5);
		send_kind(cases[i].kinds[0]);
		tell();
		const struct finding *last = last_word(FINDING_CLEARTEXT_LEAK);
		ck_assert_ptr_nonnull(last);
		ck_assert_msg(cases[i].says ? strstr(last->text, cases[i].says) != NULL
					    : !strstr(last->text, "may be clear"),
			      "case %zu: %s", i, last->text);
		ck_assert_uint_eq(strstr(last->text, "may be clear") != NULL, cases[i].says != NULL);
		scene_end();
	}
}
END_TEST

SUITE_MAIN("exempt", presets, the_narrowest_rule, levels, could_be_exempt)
