/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: bounds, chains, places that come back, sampling, and what random use does to it against a plain array. */
#include "../../daemon/audit/table.h"

#include "../suite.h"

struct entry {
	struct table_link link;
	uint64_t value;
};

START_TEST(what_cannot_be_made)
{
	struct table table;

	ck_assert(!table_init(&table, sizeof(struct entry), 0));
	ck_assert(!table_init(&table, sizeof(struct entry), (UINT32_C(1) << 31) + 1));
	ck_assert(!table_init(&table, sizeof(struct table_link) - 1, 4));
	ck_assert_uint_eq(table_reserved(&table), 0);
	ck_assert_uint_eq(table_resident(&table), 0);
	/* More than an address space holds. */
	ck_assert(!table_init(&table, SIZE_MAX / 1024, UINT32_C(1) << 9));
	ck_assert(!table.entries && !table.buckets);
}
END_TEST

START_TEST(full_means_full)
{
	for (uint32_t capacity = 1; capacity <= 40; capacity++) {
		struct table table;
		ck_assert(table_init(&table, sizeof(struct entry), capacity));
		for (uint32_t i = 1; i <= capacity; i++)
			ck_assert_uint_eq(table_insert(&table, i), i);
		ck_assert_uint_eq(table_insert(&table, 1000), 0);
		ck_assert_uint_eq(table.used, capacity);
		table_evict(&table, capacity);
		ck_assert_uint_eq(table.evicted, 1);
		ck_assert_uint_eq(table_insert(&table, 1000), capacity);
		ck_assert_uint_eq(table_insert(&table, 1001), 0);
		table_destroy(&table);
		table_destroy(&table);
	}
}
END_TEST

/* Equal upper halves share a bucket: the worst chain. */
START_TEST(one_long_chain)
{
	enum { COUNT = 100 };
	struct table table;

	ck_assert(table_init(&table, sizeof(struct entry), COUNT));
	for (uint32_t i = 1; i <= COUNT; i++)
		((struct entry *)table_at(&table, table_insert(&table, i)))->value = i;
	for (uint32_t i = 2; i <= COUNT; i += 2)
		table_remove(&table, table_find(&table, i));
	for (uint32_t i = 1; i <= COUNT; i++) {
		uint32_t number = table_find(&table, i);
		ck_assert_int_eq(number != 0, i % 2);
		if (number)
			ck_assert_uint_eq(((struct entry *)table_at(&table, number))->value, i);
	}
	ck_assert_uint_eq(table.evicted, 0);
	table_destroy(&table);
}
END_TEST

START_TEST(a_place_comes_back_zeroed)
{
	struct table table;

	ck_assert(table_init(&table, sizeof(struct entry), 4));
	uint32_t number = table_insert(&table, 7);
	((struct entry *)table_at(&table, number))->value = 99;
	ck_assert(table_lives(&table, number));
	table_remove(&table, number);
	ck_assert(!table_lives(&table, number));
	ck_assert_uint_eq(table_find(&table, 7), 0);
	ck_assert_uint_eq(table_insert(&table, 8), number);
	ck_assert_uint_eq(((struct entry *)table_at(&table, number))->value, 0);
	table_destroy(&table);
}
END_TEST

START_TEST(sampling_goes_round)
{
	enum { COUNT = 10 };
	struct table table;
	unsigned seen[COUNT + 1] = { 0 };

	ck_assert(table_init(&table, sizeof(struct entry), 1000));
	ck_assert_uint_eq(table_sample(&table), 0);
	for (uint32_t i = 1; i <= COUNT; i++)
		table_insert(&table, i);
	table_remove(&table, 3);
	for (unsigned i = 0; i < 2 * (COUNT - 1); i++)
		seen[table_sample(&table)]++;
	for (uint32_t i = 1; i <= COUNT; i++)
		ck_assert_uint_eq(seen[i], i == 3 ? 0 : 2);
	table_destroy(&table);
}
END_TEST

START_TEST(sampling_gives_up_in_a_desert)
{
	struct table table;

	ck_assert(table_init(&table, sizeof(struct entry), 1000));
	for (uint32_t i = 1; i <= 200; i++)
		table_insert(&table, i);
	for (uint32_t i = 1; i <= 200; i++)
		table_remove(&table, i);
	ck_assert_uint_eq(table_sample(&table), 0);
	ck_assert_uint_eq(table.used, 0);
	table_destroy(&table);
}
END_TEST

/* Any use: the table agrees with an array that is searched. */
START_TEST(agrees_with_an_array)
{
	enum { CAPACITY = 37, TURNS = 20000 };
	struct table table;
	uint64_t model[CAPACITY + 1] = { 0 };
	uint64_t state = 88172645463325252u;
	uint32_t used = 0;

	ck_assert(table_init(&table, sizeof(struct entry), CAPACITY));
	for (unsigned turn = 0; turn < TURNS; turn++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		uint64_t hash = ((state % 64 + 1) << 32) | (state >> 60);
		uint32_t number = table_find(&table, hash);
		uint32_t expected = 0;
		for (uint32_t i = 1; i <= CAPACITY; i++)
			if (model[i] == hash)
				expected = i;
		ck_assert_uint_eq(number, expected);
		if (number) {
			table_remove(&table, number);
			model[number] = 0;
			used--;
		} else {
			number = table_insert(&table, hash);
			ck_assert_int_eq(number != 0, used < CAPACITY);
			if (number) {
				ck_assert_uint_eq(model[number], 0);
				model[number] = hash;
				used++;
			}
		}
		ck_assert_uint_eq(table.used, used);
	}
	ck_assert_uint_le(table_resident(&table), table_reserved(&table));
	table_destroy(&table);
}
END_TEST

SUITE_MAIN("table", what_cannot_be_made, full_means_full, one_long_chain, a_place_comes_back_zeroed,
	   sampling_goes_round, sampling_gives_up_in_a_desert, agrees_with_an_array)
