/* SPDX-License-Identifier: Apache-2.0 */
/* track.c, track_esp.c, track_flow.c, track_report.c: what packets become in flows, SAs, pairs, counters and transitions,
 * and that none of it depends on batches or on when silence is looked for. Limits and floods: check_track_limits.c. */
#include "story_fixture.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define RULE "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: require }\n"

static void begin(const char *policy)
{
	fixture_begin(policy);
	options.keep_transitions = true;
}

START_TEST(counters_of_everything)
{
	begin(NULL);
	struct story_sa out = story_sa(A, B, 0x1001), ah = story_sa(B, A, 0x2001);
	struct story_stream web = story_stream(A, B, 6, 80);
	struct address a = story_host(A), b = story_host(B);
	ah.protocol = 51;
	story_esp(script, &out, 100);
	story_esp(script, &ah, 100);
	story_ikev2(script, A, B, 1, true);
	story_keepalive(script, &a, &b, 4500, 4500);
	story_echo(script, &a, &b, 10);
	story_send(script, &web, false, 10);
	story_send_fragmented(script, &web, true, 1000, false);
	tell();
	const struct track_counters *c = &result->track;
	ck_assert_uint_eq(c->packets, story_length(script));
	ck_assert_uint_eq(c->classes[PACKET_ESP], 1);
	ck_assert_uint_eq(c->classes[PACKET_AH], 1);
	ck_assert_uint_eq(c->classes[PACKET_IKE], 4);
	ck_assert_uint_eq(c->classes[PACKET_KEEPALIVE], 1);
	ck_assert_uint_eq(c->classes[PACKET_ICMP], 1);
	ck_assert_uint_eq(c->classes[PACKET_CLEARTEXT], 2);
	ck_assert_uint_eq(c->classes[PACKET_FRAGMENT], 1);
	ck_assert_uint_eq(c->flows, 2);
	ck_assert_uint_eq(c->sas, 2);
	ck_assert_uint_eq(c->pairs, 1);
	ck_assert_uint_eq(result->judge.ike_sas, 1);
	ck_assert_int_eq(c->first_ns, STORY_EPOCH);
	ck_assert_int_eq(c->last_ns, story_now(script));
	ck_assert_uint_eq(c->untracked, 0);
	ck_assert_uint_eq(c->fragments_orphaned, 0);
	has_times(result->records, "pair " A " " B " ", 1);
	has_times(result->records, "icmp=1/38 ", 0); /* icmp stands last: least octets */
	has_times(result->records, "tcp/80=3/", 1);
	ck_assert_uint_gt(result->memory, 0);
	end();
}
END_TEST

START_TEST(a_flow_is_two_way_and_named_by_its_service)
{
	static const struct {
		uint8_t protocol;
		uint16_t client_port, server_port;
		bool syn, from_server;
		const char *label;
	} cases[] = {
		{ 6, 40000, 80, true, false, " tcp/80=" },          { 6, 80, 40000, true, false, " tcp/40000=" },
		{ 6, 80, 40000, false, false, " tcp/80=" },         { 17, 5000, 5000, false, false, " udp/5000=" },
		{ 132, 40000, 36412, false, true, " sctp/36412=" }, { 89, 0, 0, false, false, " proto/89=" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(NULL);
		struct story_stream stream = story_stream(A, B, cases[i].protocol, cases[i].server_port);
		stream.client_port = cases[i].client_port;
		if (cases[i].protocol == 132) {
			/* Ports, tag, checksum. */
			uint8_t header[16] = { 0x9c, 0x40, 0x8e, 0x3c };
			story_payload(script, &stream, false, header, sizeof(header));
		} else {
			story_tcp(script, &stream, cases[i].from_server, cases[i].syn ? 0x02 : 0x10, 20);
			story_tcp(script, &stream, !cases[i].from_server, 0x10, 20);
		}
		tell();
		ck_assert_uint_eq(result->track.flows, 1);
		has_times(result->records, cases[i].label, 1);
		end();
	}
}
END_TEST

START_TEST(realms_keep_equal_addresses_apart)
{
	static const struct {
		enum track_realm realm;
		unsigned pairs;
	} cases[] = {
		{ TRACK_REALM_NONE, 1 }, { TRACK_REALM_VLAN, 2 }, { TRACK_REALM_VNI, 2 }, { TRACK_REALM_INTERFACE, 2 }
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(NULL);
		struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
		struct story_stream web = story_stream(A, B, 6, 80);
		options.side.realm = cases[i].realm;
		for (unsigned tap = 0; tap < 2; tap++) {
			story_tap(script, (uint16_t)tap, (uint16_t)(10 + tap), 100 + tap);
			story_esp(script, &out, 100);
			story_esp(script, &back, 100);
			story_send(script, &web, false, 10);
		}
		tell();
		ck_assert_uint_eq(result->track.pairs, cases[i].pairs);
		ck_assert_uint_eq(result->track.sas, 2 * cases[i].pairs);
		ck_assert_uint_eq(result->track.flows, cases[i].pairs);
		ck_assert_uint_eq(story_count(result->records, "pair "), cases[i].pairs);
		end();
	}
}
END_TEST

START_TEST(an_interface_may_differ_from_the_rest)
{
	begin(RULE);
	const struct track_interface sides[] = { { TRACK_SIDE_OUTSIDE, TRACK_REALM_NONE },
						 { TRACK_SIDE_INSIDE, TRACK_REALM_INTERFACE } };
	struct story_stream web = story_stream(A, B, 6, 80);
	options.interfaces = sides;
	options.interface_count = 2;
	story_tap(script, 1, 0, 0);
	story_send(script, &web, false, 10);
	tell();
	has_times(result->transitions, "clear-", 0);
	story_tap(script, 0, 0, 0);
	story_send(script, &web, false, 10);
	tell();
	has_times(result->transitions, "clear-began", 1);
	ck_assert_uint_eq(result->track.pairs, 2);
	end();
}
END_TEST

START_TEST(fragments_belong_to_their_first)
{
	for (unsigned later_first = 0; later_first < 2; later_first++) {
		for (unsigned v6 = 0; v6 < 2; v6++) {
			const char *a = v6 ? "2001:db8::1" : A, *b = v6 ? "2001:db8::2" : B;
			begin(NULL);
			struct story_sa out = story_sa(a, b, 0x1001);
			struct story_stream dns = story_stream(a, b, 17, 53);
			char expected[96];
			story_esp_fragmented(script, &out, 1000, later_first);
			story_send_fragmented(script, &dns, false, 1000, later_first);
			tell();
			/* Each of the two has its own IP header, and IPv6 a fragment header. */
			unsigned headers = v6 ? 96 : 40;
			snprintf(expected, sizeof(expected), " packets=1 bytes=%u ", 1000 + headers);
			has_times(result->records, expected, 1);
			snprintf(expected, sizeof(expected), " esp=1/%u udp/53=2/%u", 1000 + headers, 1008 + headers);
			has_times(result->records, expected, 1);
			ck_assert_uint_eq(result->track.classes[PACKET_FRAGMENT], 2);
			ck_assert_uint_eq(result->track.fragments_orphaned, 0);
			end();
		}
	}
}
END_TEST

START_TEST(an_orphaned_fragment_is_counted)
{
	begin(NULL);
	struct story_stream dns = story_stream(A, B, 17, 53);
	story_send_fragmented(script, &dns, false, 1000, true);
	/* The first comes too late to be believed. */
	story_wait(script, 2 * STORY_MINUTE);
	struct story_stream other = story_stream(A, B, 17, 54);
	story_send_fragmented(script, &other, false, 1000, true);
	tell();
	ck_assert_uint_eq(result->track.fragments_orphaned, 0);
	end();
}
END_TEST

static void odd_ports(struct story_ike *ike, struct story_sa *esp)
{
	*ike = (struct story_ike){ .src = story_host(A),
				   .dst = story_host(B),
				   .src_port = 6000,
				   .dst_port = 6001,
				   .initiator_spi = 7,
				   .major = 2,
				   .exchange = 34,
				   .flags = IKEV2_FLAG_INITIATOR,
				   .marker = true };
	*esp = story_sa(A, B, 0x1001);
	esp->in_udp = true;
	esp->src_port = 6000;
	esp->dst_port = 6001;
}

START_TEST(esp_on_odd_ports_after_ike_with_marker)
{
	struct story_ike ike;
	struct story_sa esp;
	struct address a = story_host(A), b = story_host(B);

	begin(RULE);
	odd_ports(&ike, &esp);
	story_ike(script, &ike);
	story_esp(script, &esp, 100);
	story_esp(script, &esp, 100);
	story_keepalive(script, &a, &b, 6000, 6001);
	tell();
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 2);
	ck_assert_uint_eq(result->track.classes[PACKET_KEEPALIVE], 1);
	ck_assert_uint_eq(result->track.classes[PACKET_CLEARTEXT], 0);
	has_times(result->records, "sa " A " " B " 00001001 proto=50 encap=1 ", 1);
	has_times(result->transitions, "nat ", 1);
	has_times(result->transitions, "clear-", 0);
	end();

	/* Without the marker nothing is proved. */
	begin(RULE);
	odd_ports(&ike, &esp);
	ike.marker = false;
	story_ike(script, &ike);
	story_esp(script, &esp, 100);
	tell();
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 0);
	has_times(result->transitions, "clear-began", 1);
	end();
}
END_TEST

START_TEST(ah_over_esp_gives_two_sas)
{
	begin(NULL);
	struct story_sa esp = story_sa(A, B, 0x1001), ah = story_sa(A, B, 0x3001);
	ah.protocol = 51;
	for (unsigned i = 0; i < 3; i++)
		story_ah_over_esp(script, &ah, &esp, 100);
	tell();
	ck_assert_uint_eq(result->track.sas, 2);
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 3);
	has_times(result->records, "00001001 proto=50 encap=0 ", 1);
	has_times(result->records, "00003001 proto=51 encap=0 ", 1);
	has_times(result->records, "packets=3 ", 2);
	has_times(result->records, "pair " A " " B " secured", 1);
	has_times(result->transitions, "esp-began", 1);
	end();
}
END_TEST

START_TEST(sequence_numbers_of_an_sa)
{
	static const struct {
		uint32_t sequence[5];
		unsigned count;
		const char *expected;
	} cases[] = {
		{ { 1, 2, 3 }, 3, " seq=1..3 lost=0 replayed=0" },    { { 5, 9 }, 2, " seq=5..9 lost=3 replayed=0" },
		{ { 1, 3, 2 }, 3, " seq=1..3 lost=0 replayed=0" },    { { 1, 1 }, 2, " seq=1..1 lost=0 replayed=0" },
		{ { 0xffffffff, 0 }, 2, " seq=4294967295..0 lost=" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(NULL);
		struct story_sa out = story_sa(A, B, 0x1001);
		for (unsigned k = 0; k < cases[i].count; k++) {
			out.sequence = cases[i].sequence[k] - 1;
			story_esp(script, &out, 100);
		}
		tell();
		has_times(result->records, cases[i].expected, 1);
		end();
	}
}
END_TEST

START_TEST(time_never_runs_back)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	story_at(script, 10 * STORY_SECOND);
	story_esp(script, &out, 100);
	story_at(script, 4 * STORY_SECOND);
	story_send(script, &web, false, 300);
	story_esp(script, &out, 100);
	tell();
	ck_assert_int_eq(result->track.first_ns, STORY_EPOCH + 4 * STORY_SECOND);
	ck_assert_int_eq(result->track.last_ns, STORY_EPOCH + 10 * STORY_SECOND);
	has_times(result->transitions, "10.000000000 clear-began", 1);
	has_times(result->records, "first=10.000000000 last=10.000000000 packets=2", 1);
	end();
}
END_TEST

START_TEST(silence_has_its_exact_time)
{
	begin(RULE);
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	story_esp(script, &out, 100);
	story_send(script, &web, false, 300);
	/* One short of quiet, just quiet, long quiet. */
	story_at(script, 2 * STORY_SECOND - 1);
	story_esp(script, &out, 100);
	story_send(script, &web, false, 300);
	story_at(script, 4 * STORY_SECOND - 1);
	story_esp(script, &out, 100);
	story_send(script, &web, false, 300);
	story_at(script, 60 * STORY_SECOND);
	story_esp(script, &out, 100);
	tell();
	has_times(result->transitions, "0.000000000 esp-began", 2);
	has_times(result->transitions, "3.999999999 esp-quiet", 1);
	has_times(result->transitions, "3.999999999 esp-began", 1);
	has_times(result->transitions, "3.999999999 clear-quiet", 1);
	has_times(result->transitions, "5.999999999 esp-quiet", 1);
	has_times(result->transitions, "5.999999999 clear-quiet", 1);
	has_times(result->transitions, "60.000000000 esp-began", 1);
	/* The quiet that ends when the next run begins comes before it. */
	ck_assert(strstr(result->transitions, "3.999999999 esp-quiet") <
		  strstr(result->transitions, "3.999999999 esp-began"));
	end();
}
END_TEST

/* Everything that has a time of its own, and gaps that are just thresholds. */
static void busy_story(void)
{
	static const int64_t gaps[] = { 1,
					20 * STORY_MILLISECOND,
					STORY_SECOND,
					2 * STORY_SECOND - 1,
					2 * STORY_SECOND,
					2 * STORY_SECOND + 1,
					0,
					5 * STORY_SECOND,
					61 * STORY_SECOND,
					200 * STORY_SECOND,
					700 * STORY_SECOND };
	struct story_sa sas[4] = { story_sa(A, B, 0x1001), story_sa(B, A, 0x2001), story_sa("192.0.2.9", B, 0x1003),
				   story_sa(B, "192.0.2.9", 0x2003) };
	struct story_stream streams[4] = { story_stream(A, B, 6, 80), story_stream("192.0.2.9", B, 17, 53),
					   story_stream(B, A, 6, 22), story_stream("192.0.2.77", B, 6, 8080) };
	struct address a = story_host(A), b = story_host(B);
	uint32_t state = 1;

	/* The high port listens, which only its SYN can tell. */
	struct story_stream upside_down = story_stream(A, B, 6, 50000);
	upside_down.client_port = 1000;
	for (unsigned i = 0; i < 600; i++) {
		state = state * 1103515245 + 12345;
		unsigned what = state >> 16 & 15, which = state >> 24 & 3;
		if (what < 4)
			story_esp(script, &sas[which], 100 + (state >> 20 & 63));
		else if (what < 9)
			story_send(script, &streams[which], state >> 28 & 1, 300);
		else if (what == 9)
			story_echo(script, &a, &b, state >> 27 & 1 ? 10 : 500);
		else if (what == 10)
			story_tcp(script, &upside_down, false, i < 40 ? 0x02 : 0x10, 30);
		else if (what == 11)
			story_ikev2(script, A, B, i, which & 1);
		else
			story_wait(script, gaps[(state >> 18) % (sizeof(gaps) / sizeof(gaps[0]))]);
		if (i % 37 == 36)
			story_wait(script, -STORY_MILLISECOND); /* late frames */
	}
}

START_TEST(the_same_whatever_the_batch)
{
	static const unsigned batches[] = { 1, 7, 32 };
	static const int64_t steps[] = { 0, 50 * STORY_MILLISECOND, 777 * STORY_MILLISECOND, 90 * STORY_SECOND,
					 10 * STORY_HOUR };
	struct story_result *first = NULL;

	begin(RULE);
	busy_story();
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			options.batch = batches[i];
			options.step_ns = steps[k];
			result = NULL;
			tell();
			if (!first) {
				first = result;
				ck_assert_uint_gt(story_count(first->transitions, ""), 100);
				continue;
			}
			ck_assert_str_eq(result->transitions, first->transitions);
			ck_assert_str_eq(result->findings, first->findings);
			ck_assert_str_eq(result->records, first->records);
			ck_assert_mem_eq(&result->track, &first->track, sizeof(first->track));
			story_result_free(result);
		}
	result = first;
	end();
}
END_TEST

START_TEST(icmp_errors_are_the_quoted_pairs)
{
	begin(NULL);
	struct address a = story_host(A), b = story_host(B), router = story_host("203.0.113.1");
	struct story_sa out = story_sa(A, B, 0x1001);
	/* A pair nobody saw says nothing. */
	story_icmp_error(script, &router, &a, &b, 3, 2, 50);
	story_esp(script, &out, 100);
	story_icmp_error(script, &router, &a, &b, 3, 2, 50);
	story_icmp_error(script, &router, &a, &b, 3, 3, 17);
	story_icmp_error(script, &router, &a, &b, 3, 3, 6);
	tell();
	has_times(result->transitions, "icmp-error d=0", 2);
	has_times(result->transitions, " v4 3/2 quoted=50", 1);
	has_times(result->transitions, " v4 3/3 quoted=17", 1);
	end();
}
END_TEST

START_TEST(verdicts_of_pairs)
{
	begin(RULE);
	struct story_sa ah = story_sa(A, B, 0x3001), esp = story_sa("192.0.2.2", B, 0x1001);
	struct story_sa mixed = story_sa("192.0.2.3", B, 0x1002), ah_mixed = story_sa("192.0.2.8", B, 0x1009);
	ah.protocol = ah_mixed.protocol = 51;
	struct story_stream beside = story_stream("192.0.2.3", B, 6, 80), clear = story_stream("192.0.2.4", B, 6, 80);
	struct story_stream unwatched = story_stream("203.0.113.5", B, 6, 80),
			    ah_beside = story_stream("192.0.2.8", B, 6, 1);
	struct address idle = story_host("203.0.113.6"), b = story_host(B);
	story_esp(script, &ah, 100);
	story_esp(script, &esp, 100);
	story_esp(script, &mixed, 100);
	story_esp(script, &ah_mixed, 100);
	story_wait(script, STORY_SECOND);
	story_send(script, &beside, false, 10);
	story_send(script, &clear, false, 10);
	story_send(script, &unwatched, false, 10);
	story_send(script, &ah_beside, false, 10);
	story_ikev2(script, "192.0.2.7", B, 1, true);
	story_keepalive(script, &idle, &b, 4500, 4500);
	tell();
	has_times(result->records, "pair " A " " B " integrity-only rule=r", 1);
	has_times(result->records, "pair 192.0.2.2 " B " secured rule=r", 1);
	has_times(result->records, "pair 192.0.2.3 " B " mixed rule=r", 1);
	has_times(result->records, "pair 192.0.2.8 " B " mixed rule=r", 1);
	has_times(result->records, "pair 192.0.2.4 " B " cleartext rule=r", 1);
	has_times(result->records, "pair 198.51.100.1 203.0.113.5 cleartext rule=-", 1);
	has_times(result->records, "pair 192.0.2.7 " B " negotiating", 1);
	has_times(result->records, "pair 198.51.100.1 203.0.113.6 idle", 1);
	end();
}
END_TEST

START_TEST(many_protocols_end_in_other)
{
	begin(NULL);
	for (uint16_t port = 1; port <= 40; port++) {
		struct story_stream stream = story_stream(A, B, 17, port);
		story_send(script, &stream, false, 1000u - port);
	}
	tell();
	has_times(result->records, " udp/31=1/", 1);
	has_times(result->records, " other=9/", 1);
	has_times(result->records, " udp/32=", 0);
	end();
}
END_TEST

START_TEST(names_are_counted_together)
{
	static const struct story_name names[] = { { .port = 80, .app = 7, .name = "HTTP", .after = 1 },
						   { .port = 8080, .app = 7, .name = "HTTP", .after = 1 } };
	begin(NULL);
	struct story_stream one = story_stream(A, B, 6, 80), other = story_stream(A, B, 6, 8080);
	struct story_sa esp = story_sa(A, "203.0.113.1", 0x1001);
	/* Only hosts that speak IPsec, or everything, get names. */
	for (unsigned all = 0; all < 3; all++) {
		story_free(script);
		script = story_new();
		options.names = names;
		options.name_count = 2;
		options.classify_all = all == 1;
		if (all == 2)
			story_esp(script, &esp, 100);
		story_send(script, &one, false, 10);
		story_send(script, &other, false, 10);
		tell();
		has_times(result->records, " HTTP=2/", all ? 1 : 0);
	}
	end();
}
END_TEST

START_TEST(idle_flows_are_forgotten_but_not_their_counts)
{
	begin(NULL);
	struct story_stream dns = story_stream(A, B, 17, 53), web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i < 3; i++) {
		story_send(script, &dns, false, 10);
		story_send(script, &web, false, 10);
		story_wait(script, 400 * STORY_SECOND);
	}
	tell();
	has_times(result->records, " udp/53=3/", 1);
	has_times(result->records, " tcp/80=3/", 1);
	ck_assert_uint_eq(result->track.flows, 4);
	end();
}
END_TEST

SUITE_MAIN("track", counters_of_everything, a_flow_is_two_way_and_named_by_its_service,
	   realms_keep_equal_addresses_apart, an_interface_may_differ_from_the_rest, fragments_belong_to_their_first,
	   an_orphaned_fragment_is_counted, esp_on_odd_ports_after_ike_with_marker, ah_over_esp_gives_two_sas,
	   sequence_numbers_of_an_sa, time_never_runs_back, silence_has_its_exact_time, the_same_whatever_the_batch,
	   icmp_errors_are_the_quoted_pairs, verdicts_of_pairs, many_protocols_end_in_other, names_are_counted_together,
	   idle_flows_are_forgotten_but_not_their_counts)
