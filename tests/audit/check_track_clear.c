/* SPDX-License-Identifier: Apache-2.0 */
/* track_clear.c: what offends, what is a decapsulated copy, and which services are told. */
#include "story_fixture.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define RULE "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: require }\n"
#define TUNNEL                                                                                                         \
	"  rules:\n    - { name: t, between: [10.1.0.0/16, 10.2.0.0/16], level: require, gateways: [" A ", " B "] }\n"

static void begin(const char *policy)
{
	fixture_begin(policy);
	options.keep_transitions = true;
}

/* Tells, and counts transitions with the text. */
static size_t told(const char *part)
{
	tell();
	return story_count(result->transitions, part);
}

/* What AES-CBC with a 128-bit ICV makes of this many octets. */
static uint32_t aes_cbc(uint32_t carried)
{
	return 8 + 16 + (carried + 2 + 15) / 16 * 16 + 16;
}

static uint32_t aes_gcm(uint32_t carried)
{
	return 8 + 8 + (carried + 2 + 3) / 4 * 4 + 16;
}

/* TCP without payload is 40 octets long, or 60 in IPv6: the pure acknowledgements of a transport mode SA too. */
START_TEST(transport_mode_copies)
{
	static const uint32_t payloads[] = { 0, 1, 100, 1300 };
	static const struct {
		const char *a, *b;
	} ends[] = { { A, B }, { "2001:db8::1", "2001:db8::2" } };

	for (unsigned family = 0; family < 2; family++)
		for (unsigned i = 0; i < 4; i++) {
			begin("  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24] }\n"
			      "    - { name: s, between: ['2001:db8::1', '2001:db8::2'] }\n");
			struct story_sa out = story_sa(ends[family].a, ends[family].b, 0x1001);
			struct story_stream web = story_stream(ends[family].a, ends[family].b, 6, 80);
			for (unsigned n = 0; n < 20; n++) {
				story_esp(script, &out, aes_cbc(20 + payloads[i]));
				story_wait(script, STORY_MILLISECOND);
				story_send(script, &web, false, payloads[i]);
				story_wait(script, STORY_SECOND);
			}
			ck_assert_uint_eq(told("clear-"), 0);
			ck_assert_uint_eq(result->track.copies, 20);
			end();
		}
}
END_TEST

START_TEST(what_is_no_copy)
{
	static const struct {
		const char *what;
		int64_t wait;
		uint32_t esp_octets; /* for a clear packet of 240 octets, 220 of them behind the IP header */
		uint16_t interface;
		bool other_direction, clear_first;
		bool copy;
	} cases[] = {
		{ "just in time", 10 * STORY_MILLISECOND, 264, 0, false, false, true },
		{ "just too late", 10 * STORY_MILLISECOND + 1, 264, 0, false, false, false },
		{ "shorter ICV", 0, 260, 0, false, false, true },
		{ "GCM", 0, 256, 0, false, false, true },
		{ "tunnel mode", 0, 296, 0, false, false, true },
		{ "what no cipher adds", 0, 257, 0, false, false, false },
		{ "too little", 0, 238, 0, false, false, false },
		{ "too much", 0, 400, 0, false, false, false },
		{ "another interface", 0, 264, 1, false, false, false },
		{ "another direction", 0, 264, 0, true, false, false },
		{ "clear before ESP", STORY_MILLISECOND, 264, 0, false, true, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(RULE);
		struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
		struct story_stream web = story_stream(A, B, 6, 80);
		if (cases[i].clear_first)
			story_send(script, &web, false, 200);
		else
			story_esp(script, cases[i].other_direction ? &back : &out, cases[i].esp_octets);
		story_tap(script, cases[i].interface, 0, 0);
		story_wait(script, cases[i].wait);
		if (cases[i].clear_first)
			story_esp(script, &out, cases[i].esp_octets);
		else
			story_send(script, &web, false, 200);
		size_t clear = told("clear-began");
		ck_assert_msg(clear == (cases[i].copy ? 0u : 1u), "%s", cases[i].what);
		end();
	}
}
END_TEST

/* A pair that no rule speaks of: its first clear packet may be a copy of the last ESP packet, whose interface nobody
 * remembered; from then on the interface counts. */
START_TEST(copies_of_a_learned_pair)
{
	for (uint16_t interface = 0; interface < 2; interface++) {
		begin(NULL);
		struct story_sa out = story_sa(A, B, 0x1001);
		struct story_stream web = story_stream(A, B, 6, 80);
		for (unsigned n = 0; n < 3; n++) {
			story_tap(script, 0, 0, 0);
			story_esp(script, &out, 256);
			story_tap(script, interface, 0, 0);
			story_send(script, &web, false, 200);
			story_wait(script, STORY_SECOND);
		}
		ck_assert_uint_eq(told("clear-began"), interface);
		ck_assert_uint_eq(result->track.copies, interface ? 1 : 3);
		end();
	}
}
END_TEST

START_TEST(each_esp_packet_explains_one)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	story_esp(script, &out, 256);
	story_send(script, &web, false, 200);
	ck_assert_uint_eq(told("clear-began"), 0);
	story_send(script, &web, false, 200);
	ck_assert_uint_eq(told("clear-began"), 1);
	end();
}
END_TEST

/* Sixteen ESP packets are remembered; a burst of so many, then their copies. */
START_TEST(a_burst_of_copies)
{
	for (unsigned burst = 16; burst <= 17; burst++) {
		begin(RULE);
		struct story_sa out = story_sa(A, B, 0x1001);
		struct story_stream web = story_stream(A, B, 6, 80);
		for (unsigned i = 0; i < burst; i++)
			story_esp(script, &out, 256 + 100 * i);
		for (unsigned i = 0; i < burst; i++)
			story_send(script, &web, false, 200 + 100 * i);
		ck_assert_uint_eq(told("clear-began"), burst - 16);
		ck_assert_uint_eq(result->track.copies, 16);
		end();
	}
}
END_TEST

/* Where copies are the rule, one packet and one in twenty may lack its ESP packet. */
START_TEST(lost_esp_packets)
{
	for (unsigned lost = 3; lost <= 4; lost++) {
		begin(RULE);
		struct story_sa out = story_sa(A, B, 0x1001);
		struct story_stream web = story_stream(A, B, 6, 80);
		for (unsigned i = 0; i < 60; i++) {
			if (i >= 40 && i < 40 + lost)
				story_lose(&out);
			else
				story_esp(script, &out, 256);
			story_send(script, &web, false, 200);
			story_wait(script, STORY_SECOND);
		}
		ck_assert_uint_eq(told("clear-began"), lost - 3);
		end();
	}
}
END_TEST

/* A mirror that loses frames loses one of the first as soon as one of the last; a leak, which begins with its first packet, does not
 * stop at one. */
START_TEST(an_esp_packet_lost_early)
{
	for (unsigned after = 2; after <= 3; after++)
		for (unsigned lost = 1; lost <= 2; lost++) {
			begin(RULE);
			struct story_sa out = story_sa(A, B, 0x1001);
			struct story_stream web = story_stream(A, B, 6, 80);
			for (unsigned i = 0; i < 12; i++) {
				if (i >= after && i < after + lost)
					story_lose(&out);
				else
					story_esp(script, &out, 256);
				story_send(script, &web, false, 200);
				story_wait(script, STORY_SECOND);
			}
			ck_assert_uint_eq(told("clear-began"), after < 3 || lost > 1);
			end();
		}
}
END_TEST

/* However many copies there were before: a leak that takes their place is not taken for one of them for long. */
START_TEST(a_leak_after_many_copies)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i < 4000; i++) {
		story_esp(script, &out, 256);
		story_send(script, &web, false, 200);
		story_wait(script, 100 * STORY_MILLISECOND);
	}
	for (unsigned i = 0; i < 30; i++) {
		story_send(script, &web, false, 200);
		story_wait(script, 100 * STORY_MILLISECOND);
	}
	ck_assert_uint_eq(told("clear-began"), 1);
	ck_assert_uint_eq(result->track.copies, 4000);
	end();
}
END_TEST

/* And when it is over, copies are the rule again: the long leak does not outweigh them. */
START_TEST(copies_after_a_long_leak)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i < 9000; i++) {
		if (i == 4400)
			story_wait(script, 5 * STORY_SECOND);
		if (i < 400 || (i >= 4400 && i != 8990))
			story_esp(script, &out, 256);
		story_send(script, &web, false, 200);
		story_wait(script, 100 * STORY_MILLISECOND);
	}
	ck_assert_uint_eq(told("clear-began"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "clear-quiet"), 1);
	end();
}
END_TEST

/* The two agree on another cipher, as after a change of their configuration: what is behind their ESP are copies as before. */
START_TEST(copies_of_another_cipher)
{
	begin(RULE);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (uint32_t round = 0; round < 4; round++) {
		struct story_sa out = story_sa(A, B, 0x1001 + round);
		for (unsigned i = 0; i < 400; i++) {
			uint32_t payload = 100 + i * 37 % 1000;
			story_esp(script, &out, round % 2 ? aes_gcm(20 + payload) : aes_cbc(20 + payload));
			story_send(script, &web, false, payload);
			story_wait(script, 100 * STORY_MILLISECOND);
		}
	}
	ck_assert_uint_eq(told("clear-"), 0);
	ck_assert_uint_ge(result->track.copies, 1600 - 3 * 20);
	end();
}
END_TEST

START_TEST(copies_one_way_excuse_nothing_the_other_way)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i < 20; i++) {
		story_esp(script, &out, 256);
		story_send(script, &web, false, 200);
		story_send(script, &web, true, 200);
		story_wait(script, STORY_SECOND);
	}
	ck_assert_uint_eq(told("clear-began d=1"), 1);
	ck_assert_uint_eq(result->track.copies, 20);
	end();
}
END_TEST

START_TEST(tunnel_mode_copies)
{
	for (unsigned lost = 0; lost < 2; lost++) {
		begin(TUNNEL);
		struct story_sa out = story_sa(A, B, 0x1001);
		struct story_stream web = story_stream("10.1.0.5", "10.2.0.5", 6, 80);
		for (unsigned i = 0; i < 20; i++) {
			if (!lost || i != 2)
				story_esp(script, &out, 240 + 36);
			story_wait(script, STORY_MILLISECOND);
			story_send(script, &web, false, 200);
			story_wait(script, STORY_SECOND);
		}
		ck_assert_uint_eq(told("clear-began"), lost);
		ck_assert_uint_eq(result->track.copies, 20 - lost);
		end();
	}
}
END_TEST

/* ---- what offends ---- */

START_TEST(icmp_by_type_and_size)
{
	static const struct {
		const char *a, *b;
		uint32_t octets;
		unsigned clear;
	} cases[] = { { A, B, 128, 0 },
		      { A, B, 129, 1 },
		      { "2001:db8::1", "2001:db8::2", 128, 0 },
		      { "2001:db8::1", "2001:db8::2", 129, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin("  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24] }\n"
		      "    - { name: s, between: ['2001:db8::1', '2001:db8::2'] }\n");
		struct address a = story_host(cases[i].a), b = story_host(cases[i].b);
		story_echo(script, &a, &b, cases[i].octets);
		ck_assert_uint_eq(told("clear-began"), cases[i].clear);
		/* Errors are harmless whatever their size. */
		story_icmp_error(script, &a, &b, &a, i < 2 ? 3 : 1, 3, 17);
		ck_assert_uint_eq(told("clear-began"), cases[i].clear);
		end();
	}
}
END_TEST

START_TEST(ports_allowed_and_denied)
{
	begin("  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], allow: [tcp/80, proto/89], deny: "
	      "[icmp] }\n");
	struct story_stream web = story_stream(A, B, 6, 80), ospf = story_stream(A, B, 89, 0);
	struct story_stream dhcp = story_stream(A, B, 17, 67);
	struct address a = story_host(A), b = story_host(B);
	story_send(script, &web, false, 200);
	story_send(script, &web, true, 200);
	story_send(script, &ospf, false, 200);
	story_send(script, &dhcp, false, 200);
	ck_assert_uint_eq(told("clear-"), 0);
	story_echo(script, &a, &b, 10);
	ck_assert_uint_eq(told("clear-began"), 1);
	end();
}
END_TEST

#define BY_NAME "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], allow: [dns] }\n"

START_TEST(pending_by_name)
{
	static const struct {
		struct story_name name;
		unsigned packets;
		unsigned clear; /* packets told */
	} cases[] = {
		{ { .port = 53, .app = 5, .name = "DNS", .after = 3 }, 5, 0 },
		{ { .port = 53, .app = 6, .name = "HTTP", .after = 3 }, 5, 3 },
		{ { .port = 53, .app = 6, .name = "HTTP", .after = 9 }, 5, 0 },
		{ { .port = 53, .no_slot = true, .after = 1 }, 5, 5 },
		/* A number beyond the classifier's has no name. */
		{ { .port = 53, .app = 5000, .name = "DNS", .after = 1 }, 5, 5 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(BY_NAME);
		struct story_stream dns = story_stream(A, B, 17, 53);
		char expected[64];
		options.names = &cases[i].name;
		options.name_count = 1;
		for (unsigned n = 0; n < cases[i].packets; n++)
			story_send(script, &dns, false, 200);
		ck_assert_uint_eq(told("clear-began"), cases[i].clear ? 1 : 0);
		story_wait(script, 3 * STORY_SECOND);
		story_ikev2(script, A, B, 1, false);
		snprintf(expected, sizeof(expected), "clear-quiet d=0 if=0 vlan=0 realm=0 " A " " B);
		ck_assert_uint_eq(told(expected), cases[i].clear ? 1 : 0);
		snprintf(expected, sizeof(expected), "packets=%u,0 ", cases[i].clear);
		if (cases[i].clear)
			ck_assert_ptr_nonnull(strstr(result->transitions, expected));
		end();
	}
}
END_TEST

START_TEST(names_that_come_late)
{
	static const struct story_name name = { .port = 80, .app = 7, .name = "HTTP", .credentials = true, .after = 3 };
	begin(RULE);
	struct story_stream web = story_stream(A, B, 6, 80), second = web;
	second.client_port++;
	options.names = &name;
	options.name_count = 1;
	for (unsigned i = 0; i < 5; i++)
		story_send(script, &web, false, 200);
	/* A second flow without payload counts for the service that is named. */
	story_send(script, &second, false, 0);
	ck_assert_uint_eq(told("clear-began"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "clear-service"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "service=6/80 HTTP enc=0 cred=1"), 1);
	end();
}
END_TEST

START_TEST(encrypted_by_port_until_named)
{
	static const struct {
		uint8_t protocol;
		uint16_t port;
		bool encrypted;
	} cases[] = { { 6, 443, true }, { 6, 8443, true }, { 17, 443, true }, { 17, 51820, true },
		      { 6, 80, false }, { 17, 22, false }, { 6, 22, true } };
	static const struct story_name plain = { .port = 443, .app = 7, .name = "HTTP", .after = 2 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(RULE);
		struct story_stream stream = story_stream(A, B, cases[i].protocol, cases[i].port);
		stream.client_port = 60000;
		story_send(script, &stream, false, 200);
		ck_assert_uint_eq(told(cases[i].encrypted ? "enc=1" : "enc=0"), 1);
		end();
	}
	begin(RULE);
	struct story_stream stream = story_stream(A, B, 6, 443);
	options.names = &plain;
	options.name_count = 1;
	story_send(script, &stream, false, 200);
	story_send(script, &stream, false, 200);
	ck_assert_uint_eq(told("clear-service"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "HTTP enc=0"), 1);
	end();
}
END_TEST

START_TEST(more_services_than_fit)
{
	begin(RULE);
	for (unsigned round = 0; round < 3; round++)
		for (uint16_t port = 1; port <= 30; port++) {
			struct story_stream stream = story_stream(A, B, 17, port);
			story_send(script, &stream, false, 200);
		}
	ck_assert_uint_eq(told("clear-began"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "clear-service"), 16);
	/* All of them count. */
	story_wait(script, 5 * STORY_SECOND);
	story_ikev2(script, A, B, 1, false);
	ck_assert_uint_eq(told("clear-quiet"), 1);
	ck_assert_uint_eq(story_count(result->transitions, "packets=90,0 "), 1);
	end();
}
END_TEST

START_TEST(progress_once_a_second)
{
	begin(RULE);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i <= 50; i++) {
		story_send(script, &web, false, 200);
		story_wait(script, 100 * STORY_MILLISECOND);
	}
	ck_assert_uint_eq(told("clear-progress"), 5);
	/* The first packet the other way is news. */
	story_send(script, &web, true, 200);
	ck_assert_uint_eq(told("clear-progress d=1"), 1);
	end();
}
END_TEST

SUITE_MAIN("track_clear", transport_mode_copies, what_is_no_copy, copies_of_a_learned_pair,
	   each_esp_packet_explains_one, a_burst_of_copies, lost_esp_packets, an_esp_packet_lost_early,
	   a_leak_after_many_copies, copies_after_a_long_leak, copies_of_another_cipher,
	   copies_one_way_excuse_nothing_the_other_way, tunnel_mode_copies, icmp_by_type_and_size,
	   ports_allowed_and_denied, pending_by_name, names_that_come_late, encrypted_by_port_until_named,
	   more_services_than_fit, progress_once_a_second)
