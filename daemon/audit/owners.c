/* SPDX-License-Identifier: Apache-2.0 */
/* See owners.h. Called by who deals packets to several workers. */
#include "owners.h"

#include "pair_key.h"
#include "../../config/policy.h"

#include <stdlib.h>
#include <string.h>

enum {
	NO_GROUP = UINT8_MAX,
	GATEWAY_PAIRS_MAX = 1 << 20, /* of all rules; with more of them all rules with gateways are one group */
};

/* Two gateways of a rule, lower first. */
struct gateway_pair {
	uint8_t address[2][16];
	uint32_t rule;
};

struct owners {
	const struct policy *policy;
	unsigned count;
	uint64_t seed;
	bool by_rule;
	uint8_t *of_rule; /* by rule: its group's owner, NO_GROUP without gateways; owned */
};

/* Evenly, by the upper half. */
static unsigned owner_of_hash(const struct owners *owners, uint64_t hash)
{
	return (unsigned)((hash >> 32) * owners->count >> 32);
}

/* ---- groups: each rule names another one of its group, the first of them itself ---- */

static uint32_t first_of(uint32_t *groups, uint32_t rule)
{
	while (groups[rule] != rule) {
		groups[rule] = groups[groups[rule]];
		rule = groups[rule];
	}
	return rule;
}

static void join(uint32_t *groups, uint32_t one, uint32_t other)
{
	uint32_t left = first_of(groups, one), right = first_of(groups, other);

	if (left < right)
		groups[right] = left;
	else
		groups[left] = right;
}

static int by_addresses(const void *left, const void *right)
{
	const struct gateway_pair *one = left, *other = right;
	int order = memcmp(one->address, other->address, sizeof(one->address));

	return order ? order : (one->rule > other->rule) - (one->rule < other->rule);
}

static size_t count_pairs(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count && count <= GATEWAY_PAIRS_MAX; i++) {
		size_t gateways = policy->rules[i].gateway_count;
		count += gateways > GATEWAY_PAIRS_MAX ? gateways : gateways * (gateways + 1) / 2;
	}
	return count;
}

/* The pairs of each rule's gateways; a gateway with itself, which stands for no pair, is left out. */
static size_t list_pairs(const struct policy *policy, struct gateway_pair *pairs)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		for (size_t a = 0; a < rule->gateway_count; a++)
			for (size_t b = a + 1; b < rule->gateway_count; b++) {
				int order = memcmp(rule->gateways[a], rule->gateways[b], 16);
				struct gateway_pair *pair = &pairs[count++];
				memcpy(pair->address[order > 0], rule->gateways[a], 16);
				memcpy(pair->address[order <= 0], rule->gateways[b], 16);
				pair->rule = (uint32_t)i;
			}
	}
	return count;
}

static bool join_by_pairs(const struct policy *policy, size_t room, uint32_t *groups)
{
	struct gateway_pair *pairs = malloc((room ? room : 1) * sizeof(*pairs));

	if (!pairs)
		return false;
	size_t count = list_pairs(policy, pairs);
	if (count)
		qsort(pairs, count, sizeof(*pairs), by_addresses);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && memcmp(pairs[i].address, pairs[i - 1].address, sizeof(pairs[i].address)) == 0) {
			join(groups, pairs[i - 1].rule, pairs[i].rule);
			continue;
		}
		/* The gateways' own clear packets may be what another rule speaks of. */
		const struct policy_rule *rule = policy_match(policy, pairs[i].address[0], pairs[i].address[1]);
		if (rule && rule->gateway_count)
			join(groups, (uint32_t)(rule - policy->rules), pairs[i].rule);
	}
	free(pairs);
	return true;
}

static void join_all(const struct policy *policy, uint32_t *groups)
{
	uint32_t first = 0;

	while (policy->rules[first].gateway_count == 0)
		first++;
	for (uint32_t i = first; i < policy->rule_count; i++)
		if (policy->rules[i].gateway_count)
			join(groups, first, i);
}

/* Gives each group its owner, by the lowest of its gateways. */
static bool settle(struct owners *owners, uint32_t *groups)
{
	const struct policy *policy = owners->policy;
	const uint8_t **lowest = calloc(policy->rule_count, sizeof(*lowest));

	if (!lowest)
		return false;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const uint8_t **of_group = &lowest[first_of(groups, i)];
		for (size_t g = 0; g < rule->gateway_count; g++)
			if (!*of_group || memcmp(rule->gateways[g], *of_group, 16) < 0)
				*of_group = rule->gateways[g];
	}
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		owners->of_rule[i] = NO_GROUP;
		if (policy->rules[i].gateway_count)
			owners->of_rule[i] =
			    (uint8_t)owner_of_hash(owners, hash_octets(lowest[first_of(groups, i)], 16, owners->seed));
	}
	free(lowest);
	return true;
}

static bool make_groups(struct owners *owners)
{
	const struct policy *policy = owners->policy;
	size_t pairs = count_pairs(policy);
	uint32_t *groups = malloc(policy->rule_count * sizeof(*groups));

	owners->of_rule = malloc(policy->rule_count);
	for (uint32_t i = 0; groups && i < policy->rule_count; i++)
		groups[i] = i;
	bool done = groups && owners->of_rule;
	if (done && pairs > GATEWAY_PAIRS_MAX)
		join_all(policy, groups);
	else if (done)
		done = join_by_pairs(policy, pairs, groups);
	done = done && settle(owners, groups);
	free(groups);
	return done;
}

struct owners *owners_new(const struct policy *policy, unsigned count, uint64_t seed)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return NULL;
	owners->policy = policy;
	owners->count = count;
	owners->seed = seed;
	for (size_t i = 0; i < policy->rule_count; i++)
		owners->by_rule |= policy->rules[i].gateway_count > 0;
	if (owners->by_rule && !make_groups(owners)) {
		owners_free(owners);
		return NULL;
	}
	return owners;
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	free(owners->of_rule);
	free(owners);
}

uint64_t owners_hash(const struct owners *owners, uint32_t realm, const struct address *one,
		     const struct address *other)
{
	bool swap = address_compare(one, other) > 0;

	return pair_key_hash(realm, swap ? other : one, swap ? one : other, owners->seed);
}

bool owners_by_rule(const struct owners *owners)
{
	return owners->by_rule;
}

unsigned owners_of(const struct owners *owners, uint64_t hash, const struct address *one, const struct address *other)
{
	const struct policy *policy = owners->policy;

	if (!owners->by_rule)
		return owner_of_hash(owners, hash);
	const struct policy_rule *rule = policy_match(policy, one->bytes, other->bytes);
	if (rule && rule->gateway_count)
		return owners->of_rule[rule - policy->rules];
	rule = policy_first_gateway_rule(policy, one->bytes, other->bytes);
	return rule ? owners->of_rule[rule - policy->rules] : owner_of_hash(owners, hash);
}
