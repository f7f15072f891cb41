/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's tables when they are too small: nothing crashes, what was established stays, and the counters add up. */
#include "story_fixture.h"

#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define RULE "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: require }\n"

enum { TINY = 16, FLOOD = 100000, BEAT = 8 };

static void begin(const char *policy)
{
	fixture_begin(policy);
	options.flows = options.sas = options.pairs = TINY;
}

static void tell_within_limits(void)
{
	tell();
	const struct track_counters *c = &result->track;
	ck_assert_uint_eq(c->packets, story_length(script));
	uint64_t classes = 0;
	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		classes += c->classes[i];
	ck_assert_uint_eq(classes, c->packets);
	ck_assert_uint_le(c->flows - c->flows_evicted, options.flows);
	ck_assert_uint_le(c->sas - c->sas_evicted, options.sas);
	ck_assert_uint_eq(c->pairs - c->pairs_evicted, story_count(result->records, "pair "));
	ck_assert_uint_le(story_count(result->records, "pair "), options.pairs);
}

static void has(const char *part, size_t count)
{
	has_times(result->records, part, count);
}

START_TEST(flood_of_flows)
{
	begin(NULL);
	struct story_stream known = story_stream(A, B, 6, 443);
	story_send(script, &known, false, 10);
	story_send(script, &known, true, 10);
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct story_stream stream = known;
		stream.client_port = (uint16_t)(1024 + i % 60000);
		stream.server_port = (uint16_t)(1 + i / 60000);
		stream.client = story_host_number(7); /* one spoofed host */
		story_send(script, &stream, false, 0);
		if (i % BEAT == 0)
			story_send(script, &known, i & 1, 10);
		story_wait(script, 1000);
	}
	tell_within_limits();
	/* The established flow was never made anew. */
	ck_assert_uint_eq(result->track.flows, FLOOD + 1);
	ck_assert_uint_eq(result->track.flows_evicted, FLOOD + 1 - TINY);
	ck_assert_uint_eq(result->track.untracked, 0);
	has("tcp/443=12502/", 1);
	end();
}
END_TEST

/* Answered flows of many networks: who holds most pays first. */
START_TEST(one_network_takes_all_it_can)
{
	begin(NULL);
	struct story_stream known = story_stream(A, B, 6, 443);
	story_send(script, &known, false, 10);
	story_send(script, &known, true, 10);
	for (uint32_t i = 0; i < 5000; i++) {
		struct story_stream stream = story_stream("203.0.113.1", B, 6, 443);
		stream.client_port = (uint16_t)(1024 + i);
		story_send(script, &stream, false, 0);
		story_send(script, &stream, true, 0);
		story_wait(script, 1000);
	}
	/* It was silent all the time, and is still known. */
	story_send(script, &known, false, 10);
	tell_within_limits();
	ck_assert_uint_eq(result->track.flows, 5001);
	end();
}
END_TEST

/* The holder's count has to come back when pairs are evicted, or old tenants would look like hoarders. */
START_TEST(evicted_pairs_hold_nothing)
{
	begin(NULL);
	options.flows = 64;
	options.pairs = 16;
	struct story_stream quiet = story_stream(A, B, 6, 443);
	/* Churn of pairs in the network of the quiet one. */
	for (uint32_t i = 0; i < 3000; i++) {
		struct story_stream stream = story_stream("192.0.2.7", B, 6, 443);
		stream.server = story_host_number(i);
		story_send(script, &stream, false, 10);
		story_send(script, &stream, true, 10);
		story_wait(script, 1000);
	}
	story_wait(script, 20 * STORY_MINUTE);
	story_send(script, &quiet, false, 10);
	story_send(script, &quiet, true, 10);
	/* A hoard of 200 answered flows of another network has to pay for itself. */
	for (uint32_t i = 0; i < 200; i++) {
		struct story_stream stream = story_stream("203.0.113.1", B, 6, 443);
		stream.client_port = (uint16_t)(1024 + i);
		story_send(script, &stream, false, 0);
		story_send(script, &stream, true, 0);
		story_wait(script, 1000);
	}
	story_send(script, &quiet, false, 10);
	result = story_tell(script, &options);
	ck_assert_uint_eq(result->track.flows, 3000 + 1 + 200);
	end();
}
END_TEST

static void flood_of_spis(bool same_pair)
{
	begin(NULL);
	struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
	for (unsigned i = 0; i < 4; i++) {
		story_esp(script, &out, 100);
		story_esp(script, &back, 100);
	}
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct story_sa spoofed = out;
		if (!same_pair)
			spoofed.src = story_host_number(i % 5);
		spoofed.spi = 0x10000 + i;
		spoofed.sequence = 0;
		story_esp(script, &spoofed, 50);
		/* The silence between is longer than the table is large. */
		if (i % (4 * TINY) == 0) {
			story_esp(script, &out, 100);
			story_esp(script, &back, 100);
		}
		story_wait(script, 1000);
	}
	tell_within_limits();
	ck_assert_uint_eq(result->track.sas, FLOOD + 2);
	ck_assert_uint_eq(result->track.sas_evicted, FLOOD + 2 - TINY);
	has(" 00001001 proto=50 encap=0 first=0.000000000 ", 1);
	has(" 00002001 proto=50 encap=0 first=0.000000000 ", 1);
	end();
}

START_TEST(flood_of_spis_elsewhere)
{
	flood_of_spis(false);
}
END_TEST

START_TEST(flood_of_spis_in_the_pair)
{
	flood_of_spis(true);
}
END_TEST

/* On port 4500 nothing tells yet whether they are SAs at all (esp_doubt.h): each that made room counts among those that were seen. */
START_TEST(flood_of_spis_in_doubt)
{
	begin(NULL);
	struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct story_sa doubted = out;
		doubted.src = story_host_number(i % 5);
		doubted.in_udp = true;
		doubted.src_port = doubted.dst_port = 4500;
		doubted.spi = 0x10000 + i;
		doubted.sequence = 70000 + 7919 * i;
		story_esp(script, &doubted, 50);
		if (i % (4 * TINY) == 0) {
			story_esp(script, &out, 100);
			story_esp(script, &back, 100);
		}
		story_wait(script, 1000);
	}
	tell_within_limits();
	ck_assert_uint_ge(result->track.sas, result->track.sas_evicted);
	ck_assert_uint_ge(result->track.sas - result->track.sas_evicted, story_count(result->records, "sa "));
	ck_assert_uint_gt(result->track.sas_evicted, 0);
	has(" 00001001 proto=50 encap=0 first=0.000000000 ", 1);
	has(" 00002001 proto=50 encap=0 ", 1);
	end();
}
END_TEST

START_TEST(flood_of_pairs)
{
	begin(NULL);
	struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
	story_esp(script, &out, 100);
	story_esp(script, &back, 100);
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct story_sa spoofed = story_sa(A, B, 0x10000 + i);
		struct story_stream stream = story_stream(A, B, 17, 53);
		spoofed.dst = story_host_number(i);
		stream.server = story_host_number(i ^ 0x800000);
		if (i & 1)
			story_esp(script, &spoofed, 50);
		else
			story_send(script, &stream, false, 10);
		if (i % 1000 == 0) {
			story_esp(script, &out, 100);
			story_esp(script, &back, 100);
		}
		story_wait(script, 1000);
	}
	tell_within_limits();
	ck_assert_uint_eq(result->track.pairs, FLOOD + 1);
	has("pair " A " " B " secured rule=learned esp=202/", 1);
	has(" 00001001 proto=50 encap=0 first=0.000000000 ", 1);
	end();
}
END_TEST

/* Pairs come and go in the same places: what refers to the old ones must not take the new ones for them. */
START_TEST(a_place_is_not_its_former_tenant)
{
	begin(NULL);
	options.flows = 256;
	/* 65536 later pairs, a whole round of 16 bits, in the sixteen places. */
	for (uint32_t i = 0; i < 65536 + 16; i++) {
		struct story_stream stream = story_stream(A, B, 17, 53);
		stream.server = story_host_number(i);
		story_send(script, &stream, false, 10);
		story_wait(script, 1000);
	}
	tell_within_limits();
	/* Nobody took over what another had sent. */
	has(" udp/53=2/", 0);
	has(" cleartext ", TINY);
	end();
}
END_TEST

/* The judge has to hear of the silence of a pair that is no longer there to fall silent. */
START_TEST(an_evicted_pair_falls_silent)
{
	begin(RULE);
	options.keep_transitions = true;
	struct story_sa out = story_sa(A, B, 0x1001);
	struct story_stream web = story_stream(A, B, 6, 80);
	story_esp(script, &out, 100);
	story_wait(script, STORY_SECOND);
	story_send(script, &web, false, 200);
	for (uint32_t i = 0; i < 200; i++) {
		/* Two-way ESP ranks higher than the pair of the story. */
		struct story_sa there = story_sa(A, B, 0x10000 + i), here = story_sa(B, A, 0x10000 + i);
		there.src = here.dst = story_host_number(i);
		story_esp(script, &there, 50);
		story_esp(script, &here, 50);
		story_wait(script, 1000);
	}
	story_wait(script, STORY_MINUTE);
	story_esp(
	    script,
	    &(struct story_sa){ .src = story_host("203.0.113.1"), .dst = story_host(B), .spi = 5000, .protocol = 50 },
	    100);
	options.end_ns = 10 * STORY_MINUTE;
	tell_within_limits();
	has("pair " A " " B, 0);
	struct story_result *kept = result;
	ck_assert_uint_eq(story_count(kept->transitions, "clear-quiet d=0 if=0 vlan=0 realm=0 " A " " B), 1);
	ck_assert_uint_eq(story_count(kept->transitions, "esp-quiet d=0 if=0 vlan=0 realm=0 " A " " B), 1);
	ck_assert_uint_eq(story_count(kept->findings, " clear cleartext-leak"), 1);
	ck_assert_uint_eq(kept->judge.clear_pairs, 0);
	end();
}
END_TEST

/* The tracker forgot the totals; the finding must not count backwards. */
static void evicted_leak(unsigned before)
{
	begin(RULE);
	struct story_stream web = story_stream(A, B, 6, 80);
	for (unsigned i = 0; i < before; i++)
		story_send(script, &web, false, 200);
	for (uint32_t i = 0; i < 200; i++) {
		struct story_sa there = story_sa(A, B, 0x10000 + i), here = story_sa(B, A, 0x10000 + i);
		there.src = here.dst = story_host_number(i);
		story_esp(script, &there, 50);
		story_esp(script, &here, 50);
		story_wait(script, 1000);
	}
	for (unsigned i = 0; i < 3; i++)
		story_send(script, &web, false, 200);
	options.end_ns = 10 * STORY_MINUTE;
	tell_within_limits();
	ck_assert_uint_ge(result->finding_count, 1);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_uint_le(result->finding[i].count, before + 3);
	ck_assert_uint_eq(result->finding[result->finding_count - 1].count, before + 3);
	end();
}

START_TEST(an_evicted_leak_goes_on_counting)
{
	evicted_leak(10);
	evicted_leak(1);
}
END_TEST

/* A NAT-T channel on odd ports is proved once, by IKE; a flood must not make its ESP look clear. */
START_TEST(a_proved_channel_survives)
{
	begin(RULE);
	options.keep_transitions = true;
	struct story_ike ike = { .src = story_host(A),
				 .dst = story_host(B),
				 .src_port = 6000,
				 .dst_port = 6001,
				 .initiator_spi = 7,
				 .major = 2,
				 .exchange = 34,
				 .flags = IKEV2_FLAG_INITIATOR,
				 .marker = true };
	struct story_sa out = story_sa(A, B, 0x1001), back = story_sa(B, A, 0x2001);
	out.in_udp = back.in_udp = true;
	out.src_port = back.dst_port = 6000;
	out.dst_port = back.src_port = 6001;
	story_ike(script, &ike);
	for (uint32_t i = 0; i < 2000; i++) {
		struct story_stream stream = story_stream("203.0.113.1", "203.0.113.2", 17, 53);
		stream.client = story_host_number(i << 8);
		if (i % BEAT == 0) {
			story_esp(script, &out, 100);
			story_esp(script, &back, 100);
		}
		story_send(script, &stream, false, 10);
		story_wait(script, 1000);
	}
	tell_within_limits();
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 500);
	ck_assert_uint_eq(story_count(result->transitions, "clear-"), 0);
	end();
}
END_TEST

/* Active pairs that are evicted must not cost a walk over all active pairs. */
START_TEST(active_pairs_are_dropped_at_once)
{
	begin(NULL);
	options.pairs = options.sas = 20000;
	for (uint32_t i = 0; i < 200000; i++) {
		struct story_sa spoofed = story_sa(A, B, 0x10000 + i);
		spoofed.src = story_host_number(i);
		story_esp(script, &spoofed, 50);
	}
	result = story_tell(script, &options);
	ck_assert_uint_eq(result->track.pairs_evicted, 180000);
	end();
}
END_TEST

SUITE_MAIN("track_limits", flood_of_flows, one_network_takes_all_it_can, evicted_pairs_hold_nothing,
	   flood_of_spis_elsewhere, flood_of_spis_in_the_pair, flood_of_spis_in_doubt, flood_of_pairs,
	   a_place_is_not_its_former_tenant, an_evicted_pair_falls_silent, an_evicted_leak_goes_on_counting,
	   a_proved_channel_survives, active_pairs_are_dropped_at_once)
