/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel: nothing comes early by more than its tick, nothing is forgotten, and a busy entry costs few looks. */
#include "../suite.h"

#include "../../daemon/audit/wheel.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define TICK (50 * MS)

enum { ENTRIES = 200 };

struct owner {
	int64_t due[ENTRIES + 1]; /* 0: none */
	int64_t came[ENTRIES + 1];
	unsigned looks;
	int64_t again; /* how long an entry stays when its time came; 0: it goes */
};

static int64_t due(void *context, uint32_t number, int64_t now_ns)
{
	struct owner *owner = context;

	owner->looks++;
	if (owner->due[number] > now_ns)
		return owner->due[number];
	owner->came[number] = now_ns;
	return owner->again ? (owner->due[number] = now_ns + owner->again) : 0;
}

START_TEST(everything_comes_in_time)
{
	struct wheel wheel;
	struct owner owner = { 0 };
	int64_t start = 1000 * S + 7;

	ck_assert(wheel_init(&wheel, ENTRIES));
	wheel_turn(&wheel, start, due, &owner);
	for (uint32_t i = 1; i <= ENTRIES; i++) {
		/* From at once to far beyond the wheel's reach of 3.2 s. */
		owner.due[i] = start + (int64_t)i * 77 * MS;
		wheel_put(&wheel, i, owner.due[i]);
	}
	for (int64_t now = start; now <= start + 20 * S; now += 10 * MS)
		wheel_turn(&wheel, now, due, &owner);
	for (uint32_t i = 1; i <= ENTRIES; i++) {
		ck_assert_msg(owner.came[i] >= owner.due[i] && owner.came[i] - owner.due[i] <= TICK + 10 * MS,
			      "entry %u came %lld late", i, (long long)(owner.came[i] - owner.due[i]));
		ck_assert_uint_eq(wheel.queued[i], 0);
	}
	wheel_destroy(&wheel);
}
END_TEST

START_TEST(after_a_long_pause_all_is_worked_through)
{
	struct wheel wheel;
	struct owner owner = { 0 };

	ck_assert(wheel_init(&wheel, ENTRIES));
	for (uint32_t i = 1; i <= ENTRIES; i++) {
		owner.due[i] = 5 * S + (int64_t)i * 20 * MS;
		wheel_put(&wheel, i, owner.due[i]);
	}
	wheel_turn(&wheel, 3600 * S, due, &owner);
	for (uint32_t i = 1; i <= ENTRIES; i++)
		ck_assert_int_eq(owner.came[i], 3600 * S);
	ck_assert_uint_eq(owner.looks, ENTRIES);
	wheel_destroy(&wheel);
}
END_TEST

START_TEST(put_twice_is_put_once)
{
	struct wheel wheel;
	struct owner owner = { 0 };

	ck_assert(wheel_init(&wheel, 3));
	owner.due[2] = S;
	wheel_put(&wheel, 2, S);
	wheel_put(&wheel, 2, S);
	for (int64_t now = 0; now < 3 * S; now += TICK)
		wheel_turn(&wheel, now, due, &owner);
	ck_assert_int_eq(owner.came[2], S);
	/* And may be put again, once it came. */
	owner.due[2] = 4 * S;
	wheel_put(&wheel, 2, 4 * S);
	for (int64_t now = 3 * S; now < 5 * S; now += TICK)
		wheel_turn(&wheel, now, due, &owner);
	ck_assert_int_eq(owner.came[2], 4 * S);
	wheel_destroy(&wheel);
}
END_TEST

/* An entry that goes on for a minute, due two seconds after each look, is looked at thirty times. */
START_TEST(a_busy_entry_is_cheap)
{
	struct wheel wheel;
	struct owner owner = { .again = 2 * S };

	ck_assert(wheel_init(&wheel, 1));
	owner.due[1] = 2 * S;
	wheel_put(&wheel, 1, 2 * S);
	for (int64_t now = 0; now <= 60 * S; now += MS)
		wheel_turn(&wheel, now, due, &owner);
	ck_assert_uint_ge(owner.looks, 28);
	ck_assert_uint_le(owner.looks, 90);
	wheel_destroy(&wheel);
}
END_TEST

START_TEST(what_is_overdue_comes_at_once)
{
	struct wheel wheel;
	struct owner owner = { 0 };

	ck_assert(wheel_init(&wheel, 1));
	wheel_turn(&wheel, 100 * S, due, &owner);
	owner.due[1] = 50 * S;
	wheel_put(&wheel, 1, 50 * S);
	wheel_turn(&wheel, 100 * S, due, &owner);
	ck_assert_int_eq(owner.came[1], 100 * S);
	wheel_destroy(&wheel);
}
END_TEST

SUITE_MAIN("wheel", everything_comes_in_time, after_a_long_pause_all_is_worked_through, put_twice_is_put_once,
	   a_busy_entry_is_cheap, what_is_overdue_comes_at_once)
