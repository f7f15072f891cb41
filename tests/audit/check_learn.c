/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c and its part of track_esp.c: what makes a learned pair, every guard against making one, and what a leak of one
 * looks like. */
#include "story_fixture.h"
#include "../../daemon/audit/judge_state.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"

static struct story_sa out, back;
static struct story_stream web;

static void begin(const char *policy)
{
	fixture_begin(policy);
	options.learn_packets = 20;
	options.learn_span_ns = STORY_MINUTE;
	out = story_sa(A, B, 0x1001);
	back = story_sa(B, A, 0x2001);
	web = story_stream(A, B, 6, 80);
}

static bool learned(void)
{
	tell();
	return story_count(result->records, " rule=learned ") > 0;
}

/* `packets` each way, evenly over the time. */
static void esp(unsigned packets, int64_t over_ns)
{
	for (unsigned i = 0; i < packets; i++) {
		if (i)
			story_wait(script, over_ns / (packets - 1));
		story_esp(script, &out, 120);
		story_esp(script, &back, 120);
	}
}

START_TEST(the_guards)
{
	begin(NULL);
	esp(21, STORY_MINUTE);
	ck_assert(learned());
	end();

	begin(NULL);
	esp(19, STORY_HOUR);
	ck_assert_msg(!learned(), "too few packets");
	end();

	begin(NULL);
	esp(100, STORY_MINUTE - STORY_SECOND);
	ck_assert_msg(!learned(), "too short");
	end();

	begin(NULL);
	out.spi = 255;
	esp(100, STORY_HOUR);
	ck_assert_msg(!learned(), "a reserved SPI");
	end();

	begin(NULL);
	for (unsigned i = 0; i < 100; i++) {
		story_esp(script, &out, 120);
		story_wait(script, STORY_SECOND);
	}
	ck_assert_msg(!learned(), "one way");
	end();

	begin(NULL);
	for (unsigned i = 0; i < 100; i++) {
		out.sequence = back.sequence = 0;
		esp(1, 0);
		story_wait(script, STORY_SECOND);
	}
	ck_assert_msg(!learned(), "sequence numbers that do not rise");
	end();

	begin(NULL);
	out.dst = back.src = story_host("239.1.2.3");
	esp(100, STORY_HOUR);
	ck_assert_msg(!learned(), "a group");
	end();

	begin("  learn: false\n");
	esp(100, STORY_HOUR);
	ck_assert_msg(!learned(), "policy says no");
	end();
}
END_TEST

START_TEST(not_through_a_nat)
{
	struct address a = story_host(A), b = story_host(B);

	for (unsigned late = 0; late < 2; late++) {
		begin(NULL);
		if (late)
			esp(30, 2 * STORY_MINUTE);
		story_keepalive(script, &a, &b, 4500, 4500);
		if (!late)
			esp(30, 2 * STORY_MINUTE);
		ck_assert_msg(!learned(), "NAT keepalive, late %u", late);
		end();
	}
	begin(NULL);
	out.in_udp = back.in_udp = true;
	out.src_port = out.dst_port = back.src_port = back.dst_port = 4500;
	esp(30, 2 * STORY_MINUTE);
	ck_assert_msg(learned(), "both ports 4500");
	end();
	begin(NULL);
	out.in_udp = back.in_udp = true;
	out.src_port = back.dst_port = 31000;
	out.dst_port = back.src_port = 4500;
	esp(30, 2 * STORY_MINUTE);
	ck_assert_msg(!learned(), "a port that was changed");
	end();
}
END_TEST

START_TEST(refuted_by_an_end)
{
	static const struct {
		const char *sender;
		uint8_t type, code, quoted;
		bool learned;
	} cases[] = { { B, 3, 2, 50, false },
		      { B, 3, 2, 51, false },
		      { B, 3, 3, 50, true },
		      { "203.0.113.1", 3, 2, 50, true },
		      { B, 3, 2, 17, true } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned late = 0; late < 2; late++) {
			struct address sender = story_host(cases[i].sender), a = story_host(A), b = story_host(B);
			begin(NULL);
			esp(late ? 30 : 1, 2 * STORY_MINUTE);
			story_icmp_error(script, &sender, &a, &b, cases[i].type, cases[i].code, cases[i].quoted);
			story_wait(script, STORY_SECOND);
			esp(30, 2 * STORY_MINUTE);
			ck_assert_msg(learned() == cases[i].learned, "case %zu, late %u", i, late);
			end();
		}
	/* IPv6: an unrecognised next header. */
	for (uint8_t code = 0; code < 2; code++) {
		begin(NULL);
		out = story_sa("2001:db8::1", "2001:db8::2", 0x1001);
		back = story_sa("2001:db8::2", "2001:db8::1", 0x2001);
		esp(30, 2 * STORY_MINUTE);
		story_icmp_error(script, &out.dst, &out.src, &out.dst, 4, code, 50);
		ck_assert(learned() == (code == 0));
		end();
	}
}
END_TEST

START_TEST(a_complete_exchange_and_esp)
{
	begin(NULL);
	story_ikev2(script, A, B, 5, true);
	esp(1, 0);
	ck_assert(learned());
	end();
	begin(NULL);
	story_ikev2(script, A, B, 5, false);
	esp(1, 0);
	ck_assert(!learned());
	end();
}
END_TEST

START_TEST(bounded_per_network)
{
	begin(NULL);
	options.learned = 1000; /* a 32nd would be less than 64 */
	for (unsigned host = 0; host < 100; host++) {
		out.src = back.dst = story_host_number(host);
		out.spi = back.spi = 0x1000 + host;
		out.dst = back.src = story_host_number(0x10000 + (host << 8));
		story_at(script, host * STORY_MILLISECOND);
		for (unsigned i = 0; i < 30; i++)
			story_esp(script, &out, 100), story_esp(script, &back, 100);
		story_wait(script, 0);
	}
	options.learn_span_ns = 0;
	learned();
	ck_assert_uint_eq(story_count(result->records, " rule=learned "), 64);
	options.learned = 10;
	learned();
	ck_assert_uint_eq(story_count(result->records, " rule=learned "), 10);
	end();
}
END_TEST

/* What the judge had to forget makes room for others. */
static void swallow(void *context, const struct record *record)
{
	(void)context;
	(void)record;
}

/* However many networks had a learned pair at some time, years of road warriors for instance: the next one gets its place. */
START_TEST(networks_come_and_go)
{
	struct config *policy = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(policy),
					   .thresholds = judge_default_thresholds(),
					   .pairs = 100000,
					   .sas = 64,
					   .ike = 64,
					   .learned = 50000 };
	struct judge *judge = judge_new(&settings, &(struct record_sink){ swallow, NULL });
	struct transition transition = { .time_ns = STORY_EPOCH, .kind = TRANSITION_LEARNABLE };
	struct address hub = story_host(A);

	for (uint32_t i = 0; i < 70000; i++) {
		const uint8_t octets[4] = { (uint8_t)(20 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i, 7 };
		struct address client = address_from_ipv4(octets);
		struct judged_pair *pair = judge_pair_obtain(judge, 0, &client, &hub, true);
		learn_transition(judge, pair, &transition);
		ck_assert_msg(pair->learned, "the pair of network %u is not learned", i);
		learn_forget(judge, pair);
	}
	ck_assert_uint_eq(judge->learned, 0);
	ck_assert_uint_eq(judge->networks.used, 0);
	judge_free(judge);
	story_policy_free(policy);
}
END_TEST

START_TEST(evicted_ones_do_not_count)
{
	begin(NULL);
	options.learn_span_ns = 0;
	options.learned = 8;
	options.judged_pairs = 16;
	for (uint32_t host = 0; host < 100; host++) {
		out.src = back.dst = story_host_number(host << 8);
		out.spi = back.spi = 0x1000 + host;
		for (unsigned i = 0; i < 30; i++)
			story_esp(script, &out, 100), story_esp(script, &back, 100);
		story_wait(script, 10 * STORY_SECOND);
	}
	/* The last pair leaks after all that: somebody has to have been learned again. */
	learned();
	ck_assert_uint_gt(story_count(result->records, " rule=learned "), 0);
	ck_assert_uint_le(result->judge.secured_pairs, 16);
	end();
}
END_TEST

START_TEST(a_leak_of_a_learned_pair)
{
	static const struct {
		uint16_t port;
		enum finding_severity severity;
	} cases[] = { { 80, SEVERITY_MEDIUM }, { 443, SEVERITY_LOW } };

	for (unsigned i = 0; i < 2; i++) {
		begin(NULL);
		web.server_port = cases[i].port;
		esp(121, 2 * STORY_MINUTE);
		story_wait(script, STORY_SECOND);
		for (unsigned k = 0; k < 40; k++) {
			story_send(script, &web, k & 1, 500);
			story_wait(script, STORY_SECOND / 2);
		}
		learned();
		ck_assert_uint_eq(result->finding_count, 1);
		ck_assert_int_eq(result->finding[0].cause, CAUSE_SA_LOST);
		ck_assert_int_eq(result->finding[0].grade, GRADE_POSSIBLE);
		ck_assert_int_eq(result->finding[0].severity, cases[i].severity);
		ck_assert_uint_eq(story_count(result->findings, " rule=learned "), 1);
		ck_assert_uint_eq(story_count(result->findings, "though the two used to speak ESP"), 1);
		end();
	}
}
END_TEST

/* A gateway's portal beside its tunnel is told once and low; another service beside it is news. */
/* A rule for a learned pair that leaked does not make it a secured one: what offended then does so still. */
START_TEST(promoted_to_a_rule)
{
	static const struct {
		const char *policy, *verdict;
	} cases[] = {
		{ "  rules: [{ name: r, between: [" A ", " B "] }]\n", " mixed " },
		{ "  rules: [{ name: r, between: [" A ", " B "], level: request }]\n", " mixed " },
		{ "  rules: [{ name: r, between: [" A ", " B "], allow: [tcp/80] }]\n", " secured " },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *other = story_policy(cases[i].policy);
		begin(NULL);
		esp(40, 2 * STORY_MINUTE);
		for (unsigned n = 0; n < 20; n++) {
			story_tcp(script, &web, n & 1, 16, 500);
			story_wait(script, 50 * STORY_MILLISECOND);
		}
		story_wait(script, STORY_SECOND);
		options.reload_ns = story_now(script) - STORY_EPOCH;
		options.reload_policy = story_policy_of(other);
		esp(40, STORY_MINUTE);
		tell();
		ck_assert_msg(story_count(result->records, cases[i].verdict) == 1, "not%sin\n%s", cases[i].verdict,
			      result->records);
		end();
		story_policy_free(other);
	}
}
END_TEST

/* A pair whose ESP never rests is learned all the same once nothing speaks against it any more: with its next keys. */
START_TEST(without_a_rest)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "  rules: [{ name: r, between: [" A ", " B "] }]\n", NULL },
		{ "  learn: false\n", NULL },
		{ NULL, "  learn: false\n" },
		{ NULL, "  rules: [{ name: r, between: [" A ", " B "], level: respond }]\n" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *other = story_policy(cases[i].after);
		begin(cases[i].before);
		esp(120, 2 * STORY_MINUTE);
		story_wait(script, STORY_SECOND);
		options.reload_ns = story_now(script) - STORY_EPOCH;
		options.reload_policy = story_policy_of(other);
		esp(120, 2 * STORY_MINUTE);
		out = story_sa(A, B, 0x1002);
		back = story_sa(B, A, 0x2002);
		story_wait(script, STORY_SECOND);
		esp(120, 2 * STORY_MINUTE);
		story_wait(script, STORY_SECOND);
		for (unsigned k = 0; k < 40; k++) {
			story_send(script, &web, k & 1, 500);
			story_wait(script, STORY_SECOND / 2);
		}
		learned();
		ck_assert_msg(story_count(result->findings, " open cleartext-leak/sa-lost medium possible ") == (i < 2),
			      "case %u:\n%s%s", i, result->findings, result->records);
		ck_assert_msg((story_count(result->findings, " rule=learned ") > 0) == (i < 2), "case %u:\n%s", i,
			      result->findings);
		end();
		story_policy_free(other);
	}
}
END_TEST

START_TEST(what_always_ran_beside)
{
	begin(NULL);
	struct story_stream other = story_stream(A, B, 6, 8080);
	esp(61, STORY_MINUTE);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned k = 0; k < 20; k++) {
			esp(1, 0);
			story_send(script, round == 2 ? &other : &web, k & 1, 500);
			story_wait(script, STORY_SECOND / 2);
		}
		for (unsigned k = 0; k < 400; k++) {
			esp(1, 0);
			story_wait(script, STORY_SECOND);
		}
	}
	learned();
	ck_assert_uint_eq(story_count(result->findings, " open "), 2);
	ck_assert_uint_eq(story_count(result->findings, "selector-gap low possible"), result->finding_count);
	/* Opened and cleared. */
	ck_assert_uint_eq(story_count(result->findings, "tcp/8080"), 2);
	end();
}
END_TEST

/* Services that come and go beside the ESP, as the dynamic ports of remote procedure calls, hide no other that comes after them. */
START_TEST(many_that_ran_beside)
{
	begin(NULL);
	esp(61, STORY_MINUTE);
	for (uint16_t round = 0; round < 18; round++) {
		struct story_stream other = story_stream(A, B, 6, (uint16_t)(49664 + round));
		other.client_port = 60000;
		for (unsigned k = 0; k < 20; k++) {
			esp(1, 0);
			story_send(script, &other, k & 1, 500);
			story_wait(script, STORY_SECOND / 2);
		}
		for (unsigned k = 0; k < 400; k++) {
			esp(1, 0);
			story_wait(script, STORY_SECOND);
		}
	}
	for (unsigned k = 0; k < 40; k++) {
		story_send(script, &web, k & 1, 500);
		story_wait(script, STORY_SECOND / 2);
	}
	learned();
	ck_assert_uint_eq(story_count(result->findings, " open cleartext-leak/selector-gap low possible "), 18);
	ck_assert_uint_eq(story_count(result->findings, " open cleartext-leak/sa-lost medium possible "), 1);
	ck_assert_uint_eq(story_count(result->findings, "sends tcp/80 to"), 1);
	end();
}
END_TEST

START_TEST(forgotten_after_a_fortnight)
{
	for (unsigned days = 13; days <= 15; days += 2) {
		begin(NULL);
		esp(61, STORY_MINUTE);
		story_wait(script, days * STORY_DAY);
		for (unsigned k = 0; k < 40; k++) {
			story_send(script, &web, k & 1, 500);
			story_wait(script, STORY_SECOND / 2);
		}
		esp(20, 10 * STORY_SECOND);
		learned();
		ck_assert_uint_eq(story_count(result->findings, " open cleartext-leak/after-idle"), days < 14 ? 1 : 0);
		end();
	}
}
END_TEST

/* A pair that speaks for twenty seconds and rests for as long is asked something in clear while it rests; `lost`: and does not
 * speak again. */
static void asked_in_a_rest(bool lost)
{
	begin(NULL);
	for (unsigned i = 0; i < 12; i++) {
		if (lost && i == 5)
			break;
		for (unsigned k = 0; k < 20; k++) {
			story_esp(script, &out, 120);
			story_esp(script, &back, 120);
			story_wait(script, STORY_SECOND);
		}
		story_wait(script, 5 * STORY_SECOND);
		for (unsigned k = 0; k < 10; k++) {
			if (i == 3 && !lost) {
				story_send(script, &web, false, 500);
				story_send(script, &web, true, 500);
			}
			story_wait(script, STORY_SECOND);
		}
		story_wait(script, 5 * STORY_SECOND);
	}
	for (unsigned k = 0; lost && k < 60; k++) {
		story_send(script, &web, false, 500);
		story_send(script, &web, true, 500);
		story_wait(script, STORY_SECOND);
	}
	ck_assert(learned());
}
START_TEST(a_pair_that_rests)
{
	asked_in_a_rest(false);
	has_times(result->findings, "sa-lost", 0);
	has_times(result->findings, "open cleartext-leak/selector-gap low possible", 1);
	end();
	asked_in_a_rest(true);
	has_times(result->findings, "sa-lost medium possible", 1);
	end();
}
END_TEST

SUITE_MAIN("learn", a_pair_that_rests, the_guards, not_through_a_nat, refuted_by_an_end, a_complete_exchange_and_esp,
	   bounded_per_network, networks_come_and_go, evicted_ones_do_not_count, a_leak_of_a_learned_pair,
	   promoted_to_a_rule, without_a_rest, what_always_ran_beside, many_that_ran_beside,
	   forgotten_after_a_fortnight)
