/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's index against the plain reading of the header: every rule, every prefix. Policies and queries are random
 * but the same in every run, drawn from few enough addresses that prefixes nest, rules compete and ties happen.
 */
#include "config/policy.h"
#include "config/policy_index.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct random {
	uint64_t state;
};

static uint32_t draw(struct random *random, uint32_t below)
{
	random->state = random->state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)((random->state >> 33) % below);
}

/* IPv4 10.0-3.x.y or IPv6 2001:db8:0-3::/64 with few distinct bits. */
static void draw_address(struct random *random, bool ipv4, uint8_t address[16])
{
	memset(address, 0, 16);
	if (ipv4) {
		address[10] = address[11] = 0xff;
		address[12] = 10;
		address[13] = (uint8_t)draw(random, 4);
		address[14] = (uint8_t)(draw(random, 4) << 6);
		address[15] = (uint8_t)draw(random, 8);
	} else {
		memcpy(address, "\x20\x01\x0d\xb8", 4);
		address[5] = (uint8_t)draw(random, 4);
		address[7] = (uint8_t)(draw(random, 4) << 4);
		address[15] = (uint8_t)draw(random, 8);
	}
}

static void draw_prefix(struct random *random, bool ipv4, struct policy_prefix *prefix)
{
	static const uint8_t ipv4_lengths[] = { 128, 128, 128, 128, 124, 120, 120, 120, 115, 114, 113, 112 };
	static const uint8_t ipv6_lengths[] = { 128, 128, 128, 126, 125, 125, 64, 64, 63, 61, 60, 48 };

	static const uint8_t broad[] = { 0, 3, 32, 47, 96, 104, 110 };

	draw_address(random, ipv4, prefix->address);
	prefix->length =
	    ipv4 ? ipv4_lengths[draw(random, sizeof(ipv4_lengths))] : ipv6_lengths[draw(random, sizeof(ipv6_lengths))];
	if (draw(random, 12) == 0)
		prefix->length = broad[draw(random, sizeof(broad))];
	for (unsigned bit = prefix->length; bit < 128; bit++)
		prefix->address[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
}

static void draw_rule(struct random *random, struct policy_rule *rule)
{
	bool ipv4 = draw(random, 2);
	size_t sides = 1 + draw(random, 4) % 2;

	memset(rule, 0, sizeof(*rule));
	for (size_t side = 0; side < sides; side++) {
		size_t count = 1 + draw(random, 3);
		rule->between[side] = calloc(count, sizeof(struct policy_prefix));
		rule->between_count[side] = count;
		for (size_t i = 0; i < count; i++)
			draw_prefix(random, ipv4, &rule->between[side][i]);
	}
	if (sides == 1) {
		rule->between[1] = rule->between[0];
		rule->between_count[1] = rule->between_count[0];
	}
	rule->gateway_count = draw(random, 5);
	rule->gateways = calloc(rule->gateway_count + 1, sizeof(*rule->gateways));
	for (size_t i = 0; i < rule->gateway_count; i++)
		draw_address(random, ipv4, rule->gateways[i]);
}

static void draw_policy(struct random *random, struct policy *policy)
{
	policy_init(policy);
	policy->rule_count = draw(random, 40);
	policy->rules = calloc(policy->rule_count + 1, sizeof(*policy->rules));
	for (size_t i = 0; i < policy->rule_count; i++)
		draw_rule(random, &policy->rules[i]);
}

/* Bit by bit, unlike the index. */
static bool contains(const struct policy_prefix *prefix, const uint8_t address[16])
{
	for (unsigned bit = 0; bit < prefix->length; bit++)
		if ((prefix->address[bit / 8] ^ address[bit / 8]) & (0x80 >> (bit % 8)))
			return false;
	return true;
}

static const struct policy_rule *match_plainly(const struct policy *policy, const uint8_t a[16], const uint8_t b[16])
{
	const struct policy_rule *best = NULL;
	int best_shorter = -1, best_longer = -1;

	for (size_t r = 0; r < policy->rule_count; r++) {
		const struct policy_rule *rule = &policy->rules[r];
		for (size_t i = 0; i < rule->between_count[0]; i++) {
			for (size_t j = 0; j < rule->between_count[1]; j++) {
				const struct policy_prefix *one = &rule->between[0][i], *other = &rule->between[1][j];
				int shorter = one->length < other->length ? one->length : other->length;
				int longer = one->length < other->length ? other->length : one->length;

				if (!(contains(one, a) && contains(other, b)) &&
				    !(contains(one, b) && contains(other, a)))
					continue;
				if (shorter < best_shorter || (shorter == best_shorter && longer <= best_longer))
					continue;
				best = rule;
				best_shorter = shorter;
				best_longer = longer;
			}
		}
	}
	return best;
}

struct called {
	size_t rules[64];
	size_t count;
};

static void note_rule(size_t rule, void *context)
{
	struct called *called = context;

	ck_assert_uint_lt(called->count, 64);
	called->rules[called->count++] = rule;
}

static void check_gateways(const struct policy *policy, const uint8_t a[16], const uint8_t b[16])
{
	struct called called = { .count = 0 };
	size_t expected = 0;

	policy_gateway_rules(policy, a, b, note_rule, &called);
	for (size_t r = 0; r < policy->rule_count; r++) {
		if (!policy_is_gateway(&policy->rules[r], a) || !policy_is_gateway(&policy->rules[r], b))
			continue;
		ck_assert_uint_lt(expected, called.count);
		ck_assert_uint_eq(called.rules[expected], r);
		expected++;
	}
	ck_assert_uint_eq(called.count, expected);
}

/* 500 policies, 400 queries each, in both orders: 400 000 questions. */
enum { POLICIES = 500, QUERIES = 400 };

START_TEST(same_as_plain_reading)
{
	struct random random = { .state = 20260720 };
	unsigned matches = 0, ambiguous_families = 0, gateways = 0;

	for (int p = 0; p < POLICIES; p++) {
		struct policy policy;

		draw_policy(&random, &policy);
		ck_assert(policy_seal(&policy));
		for (int q = 0; q < QUERIES; q++) {
			uint8_t a[16], b[16];
			const struct policy_rule *expected;
			bool ipv4 = draw(&random, 2);
			bool mixed = draw(&random, 50) == 0;

			draw_address(&random, ipv4, a);
			draw_address(&random, mixed ? !ipv4 : ipv4, b);
			expected = match_plainly(&policy, a, b);
			ck_assert_ptr_eq(policy_match(&policy, a, b), expected);
			ck_assert_ptr_eq(policy_match(&policy, b, a), expected);
			matches += expected != NULL;
			ambiguous_families += mixed && expected;
			check_gateways(&policy, a, b);
			if (policy.rule_count && policy.rules[0].gateway_count > 1) {
				check_gateways(&policy, policy.rules[0].gateways[0], policy.rules[0].gateways[1]);
				gateways++;
			}
		}
		policy_clear(&policy);
	}
	/* The comparison is worth little if hardly anything matches, or everything does. */
	ck_assert_uint_gt(matches, POLICIES * QUERIES / 3);
	ck_assert_uint_lt(matches, POLICIES * QUERIES - POLICIES * QUERIES / 10);
	ck_assert_uint_gt(ambiguous_families, 0);
	ck_assert_uint_gt(gateways, 0);
}
END_TEST

/* A prefix 10.x.y.0/length counted on the IPv4 address, z the last octet. */
static struct policy_prefix ipv4_prefix(unsigned x, unsigned y, unsigned z, unsigned length)
{
	struct policy_prefix prefix = {
		.address = { [10] = 0xff, [11] = 0xff, 10, (uint8_t)x, (uint8_t)y, (uint8_t)z },
		.length = (uint8_t)(length + 96),
	};
	return prefix;
}

static void add_rule(struct policy *policy, struct policy_prefix one, struct policy_prefix other)
{
	struct policy_rule *rule = &policy->rules[policy->rule_count++];

	for (int side = 0; side < 2; side++) {
		rule->between[side] = calloc(1, sizeof(struct policy_prefix));
		rule->between[side][0] = side ? other : one;
		rule->between_count[side] = 1;
	}
}

static void make_policy(struct policy *policy, size_t capacity)
{
	policy_init(policy);
	policy->rules = calloc(capacity, sizeof(*policy->rules));
}

/* The rule of 10.x.y.z and 10.0.0.9. */
static const struct policy_rule *match(const struct policy *policy, unsigned x, unsigned y, unsigned z)
{
	return policy_match(policy, ipv4_prefix(x, y, z, 32).address, ipv4_prefix(0, 0, 9, 32).address);
}

START_TEST(order_of_the_header)
{
	struct policy policy;
	struct policy_rule *rules;

	make_policy(&policy, 6);
	add_rule(&policy, ipv4_prefix(1, 1, 1, 32), ipv4_prefix(0, 0, 0, 8)); /* 0: one side exact, the other broad */
	add_rule(&policy, ipv4_prefix(1, 0, 0, 16),
		 ipv4_prefix(0, 0, 0, 16)); /* 1: both middling: shorter is longest */
	add_rule(&policy, ipv4_prefix(1, 1, 0, 24), ipv4_prefix(0, 0, 0, 16)); /* 2: same shorter, longer longer */
	add_rule(&policy, ipv4_prefix(1, 0, 0, 16), ipv4_prefix(0, 0, 0, 24)); /* 3: ties with 2, comes later */
	add_rule(&policy, ipv4_prefix(0, 0, 0, 16), ipv4_prefix(1, 1, 0, 24)); /* 4: 2 the other way round */
	add_rule(&policy, ipv4_prefix(0, 0, 0, 8), ipv4_prefix(0, 0, 0, 8));   /* 5: everything of 10.0.0.0/8 */
	rules = policy.rules;
	ck_assert_ptr_null(match(&policy, 1, 1, 1)); /* not sealed: speaks of nothing */
	ck_assert(policy_seal(&policy));
	ck_assert_ptr_eq(match(&policy, 1, 1, 1), &rules[2]);
	ck_assert_ptr_eq(match(&policy, 1, 2, 1), &rules[3]);
	ck_assert_ptr_eq(match(&policy, 2, 2, 1), &rules[5]);
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(1, 1, 1, 32).address, ipv4_prefix(9, 0, 0, 32).address),
			 &rules[0]);
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(1, 2, 1, 32).address, ipv4_prefix(0, 0x80, 0, 32).address),
			 &rules[1]);
	policy_clear(&policy);
}
END_TEST

START_TEST(one_side_among_themselves)
{
	struct policy policy;
	struct policy_rule *rule;

	make_policy(&policy, 1);
	rule = &policy.rules[policy.rule_count++];
	rule->between[0] = calloc(2, sizeof(struct policy_prefix));
	rule->between[0][0] = ipv4_prefix(1, 0, 0, 16);
	rule->between[0][1] = ipv4_prefix(2, 0, 0, 16);
	rule->between_count[0] = rule->between_count[1] = 2;
	rule->between[1] = rule->between[0];
	ck_assert_uint_eq(policy_rule_pairs(rule), 3);
	ck_assert(policy_seal(&policy));
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(1, 0, 1, 32).address, ipv4_prefix(1, 9, 1, 32).address),
			 rule);
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(2, 0, 1, 32).address, ipv4_prefix(1, 9, 1, 32).address),
			 rule);
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(2, 0, 1, 32).address, ipv4_prefix(2, 0, 1, 32).address),
			 rule);
	ck_assert_ptr_null(policy_match(&policy, ipv4_prefix(2, 0, 1, 32).address, ipv4_prefix(3, 0, 1, 32).address));
	policy_clear(&policy);
}
END_TEST

START_TEST(no_rules)
{
	struct policy policy;
	struct called called = { .count = 0 };
	const uint8_t zero[16] = { 0 };

	policy_init(&policy);
	policy_gateway_rules(&policy, zero, zero, note_rule, &called);
	ck_assert(policy_seal(&policy));
	ck_assert_ptr_null(policy_match(&policy, zero, zero));
	policy_gateway_rules(&policy, zero, zero, note_rule, &called);
	ck_assert_uint_eq(called.count, 0);
	policy_clear(&policy);
}
END_TEST

START_TEST(any_with_any)
{
	struct policy policy;
	const struct policy_prefix any = { .length = 0 };
	uint8_t ones[16];
	const uint8_t zero[16] = { 0 };

	memset(ones, 0xff, sizeof(ones));
	make_policy(&policy, 1);
	add_rule(&policy, any, any);
	ck_assert(policy_seal(&policy));
	ck_assert_ptr_eq(policy_match(&policy, zero, ones), &policy.rules[0]);
	policy_clear(&policy);
}
END_TEST

START_TEST(too_many_pairs)
{
	struct policy policy;
	struct policy_rule *rule;
	enum { SIDE = 1001 };

	make_policy(&policy, 1);
	rule = &policy.rules[policy.rule_count++];
	for (int side = 0; side < 2; side++) {
		rule->between[side] = calloc(SIDE, sizeof(struct policy_prefix));
		rule->between_count[side] = SIDE;
		for (unsigned i = 0; i < SIDE; i++)
			rule->between[side][i] = ipv4_prefix((unsigned)side, i / 256, i % 256, 32);
	}
	ck_assert(!policy_seal(&policy));
	ck_assert_ptr_null(policy.index);
	rule->between_count[0] = 999;
	ck_assert(policy_seal(&policy));
	ck_assert_ptr_eq(policy_match(&policy, ipv4_prefix(0, 3, 230, 32).address, ipv4_prefix(1, 3, 232, 32).address),
			 rule);
	ck_assert_ptr_null(
	    policy_match(&policy, ipv4_prefix(0, 3, 231, 32).address, ipv4_prefix(1, 3, 232, 32).address));
	policy_clear(&policy);
}
END_TEST

/* `count` pairs of hosts or networks and a few broad rules; returns nanoseconds of processor time for one query. */
static double time_queries(size_t count, unsigned length)
{
	struct policy policy;
	const struct policy_prefix any = { .length = 0 };
	struct random random = { .state = count };
	enum { TIMED = 400000 };
	clock_t start;
	double spent;
	size_t found = 0;

	make_policy(&policy, count + 3);
	for (unsigned i = 0; i < count; i++) {
		unsigned low = length == 32 ? 7 : 0;
		add_rule(&policy, ipv4_prefix(i >> 8 & 127, i & 255, low, length),
			 ipv4_prefix(128 + (i >> 8 & 127), i & 255, low, length));
	}
	add_rule(&policy, ipv4_prefix(0, 0, 0, 8), ipv4_prefix(0, 0, 0, 8));
	add_rule(&policy, ipv4_prefix(0, 0, 0, 9), any);
	add_rule(&policy, any, any);
	ck_assert(policy_seal(&policy));

	start = clock();
	for (int q = 0; q < TIMED; q++) {
		unsigned i = draw(&random, (uint32_t)count);
		struct policy_prefix one = ipv4_prefix(i >> 8 & 127, i & 255, 7, 32);
		struct policy_prefix other = ipv4_prefix(128 + (i >> 8 & 127), i & 255, 7, 32);
		const struct policy_rule *rule = q % 2 ? policy_match(&policy, one.address, other.address)
						       : policy_match(&policy, other.address, one.address);
		found += rule == &policy.rules[i];
	}
	spent = (double)(clock() - start) / CLOCKS_PER_SEC * 1e9 / TIMED;
	ck_assert_uint_eq(found, TIMED);
	policy_clear(&policy);
	return spent;
}

START_TEST(cost_does_not_grow_with_rules)
{
	unsigned length = _i ? 24 : 32;
	double few = time_queries(100, length);
	double many = time_queries(10000, length);

	printf("/%u: %.0f ns a query with 100 rules, %.0f ns with 10000\n", length, few, many);
	/* A hundred times the rules: a linear search would be a hundred times as slow. Caches may cost some. */
	ck_assert_double_lt(many, few * 25 + 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_index");
	TCase *tests = tcase_create("policy_index");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, same_as_plain_reading);
	tcase_add_test(tests, order_of_the_header);
	tcase_add_test(tests, one_side_among_themselves);
	tcase_add_test(tests, no_rules);
	tcase_add_test(tests, any_with_any);
	tcase_add_test(tests, too_many_pairs);
	tcase_add_loop_test(tests, cost_does_not_grow_with_rules, 0, 2);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
