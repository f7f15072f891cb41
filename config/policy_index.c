/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule speaks of two addresses (policy_match) and which rules two gateways carry (policy_gateway_rules).
 *
 * Every distinct prefix of the policy has a number. An address is looked up once per prefix length that the policy
 * uses, in one hash table on (length, masked address); what is found is its chain of enclosing prefixes, longest
 * first. A second hash table on the unordered pair of prefix numbers holds the first rule that brings the two together,
 * so a query tries the few pairs of the two chains. The cost depends on how many different prefix lengths there are
 * and how deeply prefixes nest, not on how many rules there are.
 *
 * Gateways have a third table: address to the ascending list of rules that name it.
 *
 * All of it is built once by policy_seal() and only read afterwards, by any number of threads.
 */
#include "policy_index.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_MAX = 128, CHAIN_MAX = LENGTH_MAX + 1 };

static const uint32_t NONE = UINT32_MAX;

struct prefix_slot {
	uint8_t address[16];
	uint32_t number; /* of the prefix; NONE: the slot is free */
	uint8_t length;
};

struct pair_slot {
	uint32_t low, high; /* numbers of the two prefixes, low <= high */
	uint32_t rule;      /* index of the first rule in file order; NONE: the slot is free */
};

struct gateway_slot {
	uint8_t address[16];
	uint32_t *rules; /* owned, ascending; NULL: the slot is free */
	uint32_t count, capacity;
};

struct policy_index {
	struct prefix_slot *prefixes;  /* owned */
	struct pair_slot *pairs;       /* owned */
	struct gateway_slot *gateways; /* owned */
	size_t prefix_mask;            /* slots less one; slots are a power of two and at most half of them are used */
	size_t pair_mask;              /* likewise */
	size_t gateway_mask;           /* likewise */
	uint8_t lengths[CHAIN_MAX];    /* the prefix lengths in use, longest first */
	size_t length_count;
	uint32_t prefix_count;
};

/* The prefixes of the policy that contain one address, longest first. */
struct chain {
	uint32_t numbers[CHAIN_MAX];
	uint8_t lengths[CHAIN_MAX];
	size_t count;
};

/* A bijective mix, so that addresses which differ in few bits part. */
static uint64_t mix(uint64_t value)
{
	value ^= value >> 31;
	value *= 0x9e3779b97f4a7c15U;
	value ^= value >> 29;
	value *= 0xd6e8feb86659fd93U;
	value ^= value >> 32;
	return value;
}

static uint64_t hash_address(const uint8_t address[16], uint64_t seed)
{
	uint64_t halves[2];

	memcpy(halves, address, sizeof(halves));
	return mix(mix(halves[0] + seed) ^ halves[1]);
}

static void mask_address(const uint8_t address[16], unsigned length, uint8_t masked[16])
{
	unsigned whole = length / 8;

	memcpy(masked, address, whole);
	memset(masked + whole, 0, 16 - whole);
	if (length % 8)
		masked[whole] = (uint8_t)(address[whole] & (0xff00 >> (length % 8)));
}

/* Slots for `count` entries, at most half full. */
static size_t slots_for(size_t count)
{
	size_t slots = 16;

	while (slots < count * 2)
		slots *= 2;
	return slots;
}

/* The slot that holds the prefix, or the free slot where it belongs. */
static struct prefix_slot *prefix_slot(const struct policy_index *index, const uint8_t address[16], uint8_t length)
{
	size_t at = (size_t)hash_address(address, length) & index->prefix_mask;

	for (;; at = (at + 1) & index->prefix_mask) {
		struct prefix_slot *slot = &index->prefixes[at];
		if (slot->number == NONE ||
		    (slot->length == length && memcmp(slot->address, address, sizeof(slot->address)) == 0))
			return slot;
	}
}

/* The slot that holds the pair of prefixes, or the free slot where it belongs. */
static struct pair_slot *pair_slot(const struct policy_index *index, uint32_t one, uint32_t other)
{
	uint32_t low = one < other ? one : other;
	uint32_t high = one < other ? other : one;
	size_t at = (size_t)mix((uint64_t)low << 32 | high) & index->pair_mask;

	for (;; at = (at + 1) & index->pair_mask) {
		struct pair_slot *slot = &index->pairs[at];
		if (slot->rule == NONE) {
			slot->low = low;
			slot->high = high;
			return slot;
		}
		if (slot->low == low && slot->high == high)
			return slot;
	}
}

/* The slot that holds the gateway, or the free slot where it belongs. */
static struct gateway_slot *gateway_slot(const struct policy_index *index, const uint8_t address[16])
{
	size_t at = (size_t)hash_address(address, 0) & index->gateway_mask;

	for (;; at = (at + 1) & index->gateway_mask) {
		struct gateway_slot *slot = &index->gateways[at];
		if (!slot->rules || memcmp(slot->address, address, sizeof(slot->address)) == 0)
			return slot;
	}
}

uint64_t policy_rule_pairs(const struct policy_rule *rule)
{
	uint64_t count = rule->between_count[0];

	if (rule->between[0] == rule->between[1])
		return count * (count + 1) / 2;
	return count * rule->between_count[1];
}

static uint32_t add_prefix(struct policy_index *index, const struct policy_prefix *prefix)
{
	struct prefix_slot *slot = prefix_slot(index, prefix->address, prefix->length);

	if (slot->number == NONE) {
		memcpy(slot->address, prefix->address, sizeof(slot->address));
		slot->length = prefix->length;
		slot->number = index->prefix_count++;
	}
	return slot->number;
}

static void add_pair(struct policy_index *index, uint32_t one, uint32_t other, uint32_t rule)
{
	struct pair_slot *slot = pair_slot(index, one, other);

	/* Rules come in file order, and of equals the first counts. */
	if (slot->rule == NONE)
		slot->rule = rule;
}

static void add_rule(struct policy_index *index, const struct policy_rule *rule, uint32_t number, uint32_t *numbers)
{
	bool same = rule->between[0] == rule->between[1];
	uint32_t *sides[2] = { numbers, same ? numbers : numbers + rule->between_count[0] };

	for (int side = 0; side < (same ? 1 : 2); side++)
		for (size_t i = 0; i < rule->between_count[side]; i++)
			sides[side][i] = add_prefix(index, &rule->between[side][i]);
	for (size_t i = 0; i < rule->between_count[0]; i++)
		for (size_t j = same ? i : 0; j < rule->between_count[1]; j++)
			add_pair(index, sides[0][i], sides[1][j], number);
}

static bool add_gateway(struct policy_index *index, const uint8_t address[16], uint32_t rule)
{
	struct gateway_slot *slot = gateway_slot(index, address);

	if (slot->count && slot->rules[slot->count - 1] == rule)
		return true;
	if (slot->count == slot->capacity) {
		uint32_t capacity = slot->capacity ? slot->capacity * 2 : 2;
		uint32_t *rules = realloc(slot->rules, capacity * sizeof(*rules));
		if (!rules)
			return false;
		slot->rules = rules;
		slot->capacity = capacity;
		memcpy(slot->address, address, sizeof(slot->address));
	}
	slot->rules[slot->count++] = rule;
	return true;
}

static void note_lengths(struct policy_index *index)
{
	bool used[CHAIN_MAX] = { false };

	for (size_t at = 0; at <= index->prefix_mask; at++)
		if (index->prefixes[at].number != NONE)
			used[index->prefixes[at].length] = true;
	for (int length = LENGTH_MAX; length >= 0; length--)
		if (used[length])
			index->lengths[index->length_count++] = (uint8_t)length;
}

static bool make_tables(struct policy_index *index, size_t prefixes, size_t pairs, size_t gateways)
{
	size_t prefix_slots = slots_for(prefixes);
	size_t pair_slots = slots_for(pairs);
	size_t gateway_slots = slots_for(gateways);

	index->prefixes = calloc(prefix_slots, sizeof(*index->prefixes));
	index->pairs = calloc(pair_slots, sizeof(*index->pairs));
	index->gateways = calloc(gateway_slots, sizeof(*index->gateways));
	if (!index->prefixes || !index->pairs || !index->gateways)
		return false;
	for (size_t at = 0; at < prefix_slots; at++)
		index->prefixes[at].number = NONE;
	for (size_t at = 0; at < pair_slots; at++)
		index->pairs[at].rule = NONE;
	index->prefix_mask = prefix_slots - 1;
	index->pair_mask = pair_slots - 1;
	index->gateway_mask = gateway_slots - 1;
	return true;
}

static bool fill(struct policy_index *index, const struct policy *policy, uint32_t *numbers)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		add_rule(index, rule, (uint32_t)i, numbers);
		for (size_t g = 0; g < rule->gateway_count; g++)
			if (!add_gateway(index, rule->gateways[g], (uint32_t)i))
				return false;
	}
	note_lengths(index);
	return true;
}

bool policy_seal(struct policy *policy)
{
	struct policy_index *index;
	uint32_t *numbers;
	uint64_t pairs = 0;
	size_t prefixes = 0, gateways = 0, widest = 1;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		size_t sides = rule->between_count[0] + rule->between_count[1];
		pairs += policy_rule_pairs(rule);
		if (pairs > POLICY_PAIRS_MAX)
			return false;
		prefixes += sides;
		gateways += rule->gateway_count;
		if (sides > widest)
			widest = sides;
	}

	index = calloc(1, sizeof(*index));
	numbers = calloc(widest, sizeof(*numbers));
	if (!index || !numbers || !make_tables(index, prefixes, (size_t)pairs, gateways) ||
	    !fill(index, policy, numbers)) {
		free(numbers);
		policy_index_free(index);
		return false;
	}
	free(numbers);
	policy_index_free(policy->index);
	policy->index = index;
	return true;
}

void policy_index_free(struct policy_index *index)
{
	if (!index)
		return;
	/* The mask is set once all three tables exist; before that no slot can own anything. */
	for (size_t at = 0; index->gateway_mask && at <= index->gateway_mask; at++)
		free(index->gateways[at].rules);
	free(index->gateways);
	free(index->pairs);
	free(index->prefixes);
	free(index);
}

static void find_chain(const struct policy_index *index, const uint8_t address[16], struct chain *chain)
{
	chain->count = 0;
	for (size_t i = 0; i < index->length_count; i++) {
		uint8_t masked[16];
		const struct prefix_slot *slot;

		mask_address(address, index->lengths[i], masked);
		slot = prefix_slot(index, masked, index->lengths[i]);
		if (slot->number == NONE)
			continue;
		chain->numbers[chain->count] = slot->number;
		chain->lengths[chain->count++] = slot->length;
	}
}

/* Like pair_slot(), but for reading: the table may be in use by other threads. NONE if no rule has the pair. */
static uint32_t pair_rule(const struct policy_index *index, uint32_t one, uint32_t other)
{
	uint32_t low = one < other ? one : other;
	uint32_t high = one < other ? other : one;
	size_t at = (size_t)mix((uint64_t)low << 32 | high) & index->pair_mask;

	for (;; at = (at + 1) & index->pair_mask) {
		const struct pair_slot *slot = &index->pairs[at];
		if (slot->rule == NONE || (slot->low == low && slot->high == high))
			return slot->rule;
	}
}

const struct policy_rule *policy_match(const struct policy *policy, const uint8_t a[16], const uint8_t b[16])
{
	const struct policy_index *index = policy->index;
	struct chain of_a, of_b;
	uint32_t best = NONE;
	int best_rank = -1;

	if (!index || index->length_count == 0)
		return NULL;
	find_chain(index, a, &of_a);
	if (of_a.count == 0)
		return NULL;
	find_chain(index, b, &of_b);

	for (size_t i = 0; i < of_a.count; i++) {
		for (size_t j = 0; j < of_b.count; j++) {
			int one = of_a.lengths[i], other = of_b.lengths[j];
			/* The header's order in one number: the shorter length counts first, then the longer one. */
			int rank = one < other ? one << 8 | other : other << 8 | one;
			uint32_t rule;

			if (rank < best_rank)
				break; /* both chains grow shorter from here on */
			rule = pair_rule(index, of_a.numbers[i], of_b.numbers[j]);
			if (rule == NONE)
				continue;
			if (rank > best_rank || rule < best)
				best = rule;
			best_rank = rank;
		}
	}
	return best == NONE ? NULL : &policy->rules[best];
}

void policy_gateway_rules(const struct policy *policy, const uint8_t a[16], const uint8_t b[16],
			  void (*each)(size_t rule, void *context), void *context)
{
	const struct gateway_slot *shorter, *longer;
	const uint8_t *sought = b;

	if (!policy->index)
		return;
	shorter = gateway_slot(policy->index, a);
	longer = gateway_slot(policy->index, b);
	/* A hub is in every rule, its branch in few: walk the shorter list. */
	if (shorter->count > longer->count) {
		shorter = longer;
		sought = a;
	}
	for (uint32_t i = 0; i < shorter->count; i++)
		if (policy_is_gateway(&policy->rules[shorter->rules[i]], sought))
			each(shorter->rules[i], context);
}

static void note_first(size_t rule, void *context)
{
	size_t *first = context;

	if (*first == SIZE_MAX)
		*first = rule;
}

const struct policy_rule *policy_first_gateway_rule(const struct policy *policy, const uint8_t a[16],
						    const uint8_t b[16])
{
	size_t first = SIZE_MAX;

	policy_gateway_rules(policy, a, b, note_first, &first);
	return first == SIZE_MAX ? NULL : &policy->rules[first];
}
