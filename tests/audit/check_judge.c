/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: transitions in whatever order of arrival give the same findings at the same times; timers at their moment;
 * what the judge does when it has to forget. Thresholds are walked through as a script of time: a table of moments, and
 * what has been said by each. */
#include "../suite.h"
#include "story.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define RULE "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: require }\n"

enum { HEARD_MAX = 64, PUT_MAX = 64 };

static struct config *config;
static struct judge *judge;
static struct finding heard[HEARD_MAX];
static unsigned heard_count;

static void hear(void *context, const struct record *record)
{
	(void)context;
	if (record->finding.id != FINDING_CLEARTEXT_LEAK)
		return;
	ck_assert_uint_lt(heard_count, HEARD_MAX);
	heard[heard_count++] = record->finding;
}

static const char *interface_name(void *context, uint16_t interface)
{
	(void)context;
	return interface == 1 ? "eth1" : "";
}

static void begin_with(const char *policy, uint32_t pairs)
{
	config = story_policy(policy);
	struct judge_settings settings = { .policy = story_policy_of(config),
					   .thresholds = judge_default_thresholds(),
					   .pairs = pairs,
					   .sas = 64,
					   .ike = 64,
					   .learned = 16,
					   .interface_name = interface_name };
	judge = judge_new(&settings, &(struct record_sink){ hear, NULL });
	heard_count = 0;
}

static void begin(uint32_t pairs)
{
	begin_with(RULE, pairs);
}

static void end(void)
{
	judge_free(judge);
	story_policy_free(config);
}

static int64_t at(double seconds)
{
	return STORY_EPOCH + (int64_t)(seconds * 1e9);
}

static struct transition transition(double seconds, enum transition_kind kind, unsigned direction)
{
	struct transition t = { .time_ns = at(seconds),
				.kind = (uint8_t)kind,
				.direction = (uint8_t)direction,
				.interface = 1,
				.a = story_host(A),
				.b = story_host(B) };
	return t;
}

static struct transition clear(double seconds, enum transition_kind kind, unsigned direction, uint64_t packets,
			       double last)
{
	struct transition t = transition(seconds, kind, direction);
	t.clear = (struct transition_clear){ .service = { .protocol = 6, .port = 80 },
					     .src_port = 40000,
					     .dst_port = 80,
					     .bytes = 100 * packets,
					     .since_ns = at(seconds) };
	t.clear.packets[direction] = packets;
	t.clear.last_ns[direction] = at(last);
	return t;
}

static struct transition esp(double seconds, enum transition_kind kind, unsigned direction, double last)
{
	struct transition t = transition(seconds, kind, direction);
	t.esp = (struct transition_esp){ .spi = 0x1001, .protocol = 50, .last_ns = at(last) };
	return t;
}

/* The life of one leak: lost at 10, clear from 11 to 20, ESP back at 30. */
static unsigned life(struct transition *t)
{
	unsigned n = 0;

	t[n++] = esp(0, TRANSITION_SA_BORN, 0, 0);
	t[n++] = esp(0, TRANSITION_ESP_BEGAN, 0, 0);
	t[n++] = esp(0.1, TRANSITION_ESP_BEGAN, 1, 0);
	t[n++] = clear(11, TRANSITION_CLEAR_BEGAN, 0, 1, 11);
	t[n++] = esp(12, TRANSITION_ESP_QUIET, 0, 10);
	t[n++] = esp(12, TRANSITION_ESP_QUIET, 1, 10);
	t[n++] = clear(15, TRANSITION_CLEAR_PROGRESS, 0, 50, 15);
	t[n++] = clear(22, TRANSITION_CLEAR_QUIET, 0, 90, 20);
	t[n++] = esp(30, TRANSITION_ESP_BEGAN, 0, 10);
	t[n++] = esp(30, TRANSITION_ESP_BEGAN, 1, 10);
	for (unsigned i = 0; i < n; i++)
		t[i].serial = i + 1;
	return n;
}

START_TEST(a_script_of_time)
{
	static const struct {
		double advance;
		unsigned heard; /* after it */
		enum finding_state state;
		enum finding_cause cause;
		double time; /* of the last */
	} script[] = {
		{ 10.999, 0, FINDING_OPEN, CAUSE_NONE, 0 },       { 11, 1, FINDING_OPEN, CAUSE_UNKNOWN, 11 },
		{ 13.999, 1, FINDING_OPEN, CAUSE_UNKNOWN, 11 },   { 14, 2, FINDING_UPDATE, CAUSE_SA_LOST, 14 },
		{ 29.999, 2, FINDING_UPDATE, CAUSE_SA_LOST, 14 }, { 30, 3, FINDING_CLEAR, CAUSE_SA_LOST, 30 },
		{ 4000, 3, FINDING_CLEAR, CAUSE_SA_LOST, 30 },
	};
	struct transition t[PUT_MAX];
	unsigned count = life(t);

	begin(16);
	for (unsigned i = 0; i < count; i++)
		judge_put(judge, &t[i]);
	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
		judge_advance(judge, at(script[i].advance));
		ck_assert_msg(heard_count == script[i].heard, "at %.3f: %u", script[i].advance, heard_count);
		if (!heard_count)
			continue;
		const struct finding *last = &heard[heard_count - 1];
		ck_assert_int_eq(last->state, script[i].state);
		ck_assert_int_eq(last->cause, script[i].cause);
		ck_assert_int_eq(last->time_ns, at(script[i].time));
		ck_assert_str_eq(last->interface, "eth1");
	}
	judge_finish(judge, at(5000));
	ck_assert_uint_eq(heard_count, 3);
	end();
}
END_TEST

START_TEST(any_order_of_arrival)
{
	struct transition t[PUT_MAX];
	struct finding first[HEARD_MAX];
	unsigned count = life(t), first_count = 0;
	uint32_t state = 7;

	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = count - 1; i > 0; i--) {
			state = state * 1664525 + 1013904223;
			unsigned other = (state >> 8) % (i + 1);
			struct transition swap = t[i];
			t[i] = t[other];
			t[other] = swap;
		}
		begin(16);
		for (unsigned i = 0; i < count; i++)
			judge_put(judge, &t[i]);
		/* The watermark comes in strides of any length. */
		for (double now = 0; now < 400; now += 1 + (round % 50) * 3)
			judge_advance(judge, at(now));
		judge_finish(judge, at(400));
		if (round == 0) {
			first_count = heard_count;
			memcpy(first, heard, sizeof(first));
		}
		ck_assert_uint_eq(heard_count, first_count);
		for (unsigned i = 0; i < heard_count; i++) {
			ck_assert_int_eq(heard[i].time_ns, first[i].time_ns);
			ck_assert_int_eq(heard[i].state, first[i].state);
			ck_assert_int_eq(heard[i].cause, first[i].cause);
			ck_assert_uint_eq(heard[i].alert, first[i].alert);
			ck_assert_str_eq(heard[i].text, first[i].text);
		}
		end();
	}
}
END_TEST

/* More than the heaps were made for, and they come out in order. */
START_TEST(heaps_grow)
{
	enum { COUNT = 5000 };
	begin(COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct transition t = clear((i * 7919u) % COUNT, TRANSITION_CLEAR_QUIET, 0, 1, 0);
		t.b = story_host_number(i);
		judge_put(judge, &t);
	}
	judge_advance(judge, at(COUNT));
	ck_assert_uint_eq(judge_counters(judge)->lost, 0);
	ck_assert_uint_eq(heard_count, 0);
	end();
	begin(COUNT);
	for (uint32_t i = 0; i < 1500; i++) {
		struct transition t = clear(i, TRANSITION_CLEAR_PROGRESS, 0, 1, i);
		t.b = address_from_ipv4((const uint8_t[]){ 203, 0, (uint8_t)(i >> 8), (uint8_t)i });
		judge_put(judge, &t);
		t = esp(i, TRANSITION_ESP_BEGAN, 0, 0);
		judge_put(judge, &t);
	}
	judge_advance(judge, at(COUNT));
	ck_assert_uint_eq(judge_counters(judge)->lost, 0);
	end();
}
END_TEST

START_TEST(an_open_alert_is_forgotten_last)
{
	begin(16);
	struct transition t = clear(0, TRANSITION_CLEAR_BEGAN, 0, 1, 0);
	judge_put(judge, &t);
	t = clear(0.5, TRANSITION_CLEAR_PROGRESS, 1, 1, 0.5);
	t.clear.packets[0] = 1;
	judge_put(judge, &t);
	for (uint32_t i = 0; i < 1000; i++) {
		struct transition other = esp(1 + 0.001 * i, TRANSITION_ESP_BEGAN, i & 1, 0);
		other.b = story_host_number(i / 2);
		other.serial = i;
		if (address_compare(&other.a, &other.b) > 0) {
			other.a = other.b;
			other.b = story_host(A);
		}
		judge_put(judge, &other);
	}
	judge_advance(judge, at(2.5));
	ck_assert_uint_eq(judge_counters(judge)->clear_pairs, 1);
	ck_assert_uint_le(judge_counters(judge)->secured_pairs, 16);
	ck_assert_uint_eq(heard_count, 1);
	/* And it still comes to its end. */
	struct transition quiet = clear(3, TRANSITION_CLEAR_QUIET, 0, 1, 0);
	quiet.clear.packets[1] = 1;
	judge_put(judge, &quiet);
	judge_finish(judge, at(400));
	ck_assert_int_eq(heard[heard_count - 1].state, FINDING_CLEAR);
	ck_assert_uint_eq(judge_counters(judge)->clear_pairs, 0);
	end();
}
END_TEST

/* Whoever sends in clear from addresses that are not his opens an alert each where everybody shall be secured. */
START_TEST(peers_outlive_alerts_about_strangers)
{
	begin(16);
	for (unsigned d = 0; d < 2; d++) {
		struct transition t = esp(0, TRANSITION_ESP_BEGAN, d, 0);
		judge_put(judge, &t);
	}
	for (uint32_t i = 0; i < 30; i++) {
		struct transition t = clear(1 + 0.001 * i, TRANSITION_CLEAR_BEGAN, 0, 1, 1 + 0.001 * i);
		t.a = address_from_ipv4((const uint8_t[]){ 192, 0, 2, (uint8_t)(2 + i) });
		t.serial = i;
		judge_put(judge, &t);
	}
	judge_advance(judge, at(2.5));
	ck_assert_uint_gt(judge_counters(judge)->clear_pairs, 10);
	ck_assert_uint_eq(judge_counters(judge)->secured_pairs, 1);
	end();
}
END_TEST

START_TEST(open_alerts_only)
{
	begin(4);
	for (uint32_t i = 1; i <= 20; i++) {
		struct transition t = clear(i, TRANSITION_CLEAR_BEGAN, 0, 1, i);
		char text[32];
		snprintf(text, sizeof(text), "198.51.100.%u", i);
		t.b = story_host(text);
		judge_put(judge, &t);
	}
	judge_advance(judge, at(30));
	ck_assert_uint_eq(judge_counters(judge)->opened, 20);
	ck_assert_uint_eq(judge_counters(judge)->open, 4);
	ck_assert_uint_eq(judge_counters(judge)->clear_pairs, 4);
	end();
}
END_TEST

START_TEST(names_of_rules)
{
	struct address a = story_host(A), b = story_host(B), other = story_host("203.0.113.1");

	begin(4);
	ck_assert_str_eq(judge_pair_rule(judge, 0, &a, &b), "r");
	ck_assert_ptr_null(judge_pair_rule(judge, 0, &a, &other));
	struct transition t = esp(0, TRANSITION_ESP_BEGAN, 0, 0);
	t.b = other;
	judge_put(judge, &t);
	judge_advance(judge, at(1));
	ck_assert_ptr_null(judge_pair_rule(judge, 0, &a, &other));
	end();
	judge_free(NULL);
}
END_TEST

/* People switch learning off to be rid of what is told of learned pairs: that is so at once, and for good. */
START_TEST(learning_is_switched_off)
{
	struct config *other = story_policy("  learn: false\n");
	struct judge_thresholds thresholds = judge_default_thresholds();
	struct alert_settings alerts = { .group_members = 0 };
	unsigned serial = 0;

	for (unsigned off = 0; off < 2; off++) {
		begin_with("  learn: true\n", 64);
		struct transition t[] = {
			esp(0, TRANSITION_SA_BORN, 0, 0),
			esp(0, TRANSITION_ESP_BEGAN, 0, 0),
			esp(0.1, TRANSITION_ESP_BEGAN, 1, 0),
			esp(1, TRANSITION_LEARNABLE, 0, 0),
			clear(11, TRANSITION_CLEAR_BEGAN, 0, 1, 11),
			esp(12, TRANSITION_ESP_QUIET, 0, 10),
			esp(12, TRANSITION_ESP_QUIET, 1, 10),
			clear(15, TRANSITION_CLEAR_PROGRESS, 0, 50, 15),
		};
		for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
			t[i].serial = ++serial;
			judge_put(judge, &t[i]);
		}
		judge_advance(judge, at(40));
		ck_assert_uint_ge(heard_count, 1);
		ck_assert_str_eq(heard[0].rule, "learned");
		unsigned before = heard_count;
		if (off)
			ck_assert(judge_set_policy(judge, story_policy_of(other), &thresholds, &alerts));
		ck_assert_uint_eq(heard_count, before + off);
		if (off) {
			ck_assert_int_eq(heard[before].state, FINDING_CLEAR);
			ck_assert_str_eq(heard[before].cleared_by, "policy-changed");
		}
		before = heard_count;
		struct transition again = clear(60, TRANSITION_CLEAR_QUIET, 0, 90, 50);
		again.serial = ++serial;
		judge_put(judge, &again);
		again = clear(100, TRANSITION_CLEAR_BEGAN, 0, 120, 100);
		again.serial = ++serial;
		judge_put(judge, &again);
		judge_advance(judge, at(150));
		if (off)
			ck_assert_uint_eq(heard_count, before);
		else
			ck_assert_int_ne(heard[heard_count - 1].state, FINDING_CLEAR);
		end();
	}
	story_policy_free(other);
}
END_TEST

SUITE_MAIN("judge", a_script_of_time, any_order_of_arrival, heaps_grow, an_open_alert_is_forgotten_last,
	   peers_outlive_alerts_about_strangers, open_alerts_only, names_of_rules, learning_is_switched_off)
