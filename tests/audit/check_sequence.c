/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers of one SA: what is new, late, copied, replayed or counted anew; losses; the wrap of 32 bits. */
#include "../suite.h"

#include "../../daemon/audit/sequence.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)

static struct sequence sequence;
static int64_t now;

/* Octets of the first life and of a second one differ. */
static uint16_t digest(uint32_t number, unsigned life)
{
	return (uint16_t)(number * 31 + life * 7919) | 1;
}

static enum sequence_verdict take(uint32_t number)
{
	return sequence_packet(&sequence, number, digest(number, 0), now);
}

static void begin(uint32_t number)
{
	now = 5 * S;
	sequence_begin(&sequence, number, digest(number, 0), now);
}

/* Numbers from..to, a millisecond apart. */
static void run(uint32_t from, uint32_t to)
{
	for (uint32_t number = from; number != to + 1; number++) {
		now += MS;
		ck_assert_int_eq(take(number), SEQUENCE_NEW);
	}
}

START_TEST(rising_numbers_are_new)
{
	begin(1);
	run(2, 500);
	ck_assert_uint_eq(sequence.first, 1);
	ck_assert_uint_eq(sequence.high, 500);
	ck_assert_uint_eq(sequence.distinct, 500);
	ck_assert_uint_eq(sequence.late, 0);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
}
END_TEST

START_TEST(one_packet_has_lost_nothing)
{
	begin(7000);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
	ck_assert_uint_eq(sequence.low, 7000);
}
END_TEST

START_TEST(late_at_the_edges_of_the_window)
{
	static const struct {
		uint32_t behind;
		enum sequence_verdict verdict;
	} rows[] = { { 1, SEQUENCE_LATE },   { 63, SEQUENCE_LATE },  { 64, SEQUENCE_LATE },  { 65, SEQUENCE_LATE },
		     { 126, SEQUENCE_LATE }, { 127, SEQUENCE_LATE }, { 128, SEQUENCE_LATE }, { 129, SEQUENCE_LATE } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(1000);
		now += MS;
		ck_assert_int_eq(take(1400), SEQUENCE_NEW);
		ck_assert_msg(take(1400 - rows[i].behind) == rows[i].verdict, "%u behind", rows[i].behind);
		ck_assert_uint_eq(sequence.late, 1);
		ck_assert_uint_eq(sequence.far, rows[i].behind >= SEQUENCE_WINDOW);
		ck_assert_uint_eq(sequence.behind_max, rows[i].behind < SEQUENCE_WINDOW ? rows[i].behind : 0);
		/* It comes once more: now it was seen. */
		ck_assert_int_ne(take(1400 - rows[i].behind), SEQUENCE_LATE);
		ck_assert_int_ne(sequence.distinct, 1);
	}
}
END_TEST

START_TEST(window_moves_by_every_step)
{
	for (uint32_t step = 1; step <= 130; step++) {
		begin(1000);
		run(1001, 1001);
		now += MS;
		ck_assert_int_eq(take(1001 + step), SEQUENCE_NEW);
		enum sequence_verdict again = take(1001);
		ck_assert_msg(again == (step <= 3 ? SEQUENCE_DOUBLED : SEQUENCE_REPEATED), "step %u: %d", step, again);
		if (step > 1 && step <= 128)
			ck_assert_msg(take(1002) == SEQUENCE_LATE, "step %u", step);
	}
}
END_TEST

START_TEST(copies_and_repetitions)
{
	begin(1);
	run(2, 100);
	for (uint32_t behind = 0; behind <= 3; behind++)
		ck_assert_int_eq(take(100 - behind), SEQUENCE_DOUBLED);
	ck_assert_int_eq(take(96), SEQUENCE_REPEATED);
	now += 49 * MS;
	ck_assert_int_eq(take(100), SEQUENCE_DOUBLED);
	now += MS;
	ck_assert_int_eq(take(100), SEQUENCE_REPEATED);
	now += 949 * MS;
	ck_assert_int_eq(take(100), SEQUENCE_REPEATED);
	now += MS;
	ck_assert_int_eq(take(100), SEQUENCE_REPLAYED);
	ck_assert_uint_eq(sequence.near, 5);
	ck_assert_uint_eq(sequence.replayed, 1);
	ck_assert_uint_eq(sequence.distinct, 100);
}
END_TEST

START_TEST(replay_of_an_old_stretch)
{
	begin(1);
	run(2, 1000);
	now += 3 * S;
	run(1001, 1200);
	/* Number 300 is seconds old, number 1199 is not. */
	ck_assert_int_eq(take(300), SEQUENCE_REPLAYED);
	ck_assert_int_eq(take(1190), SEQUENCE_REPEATED);
	/* The very first ones too, with the octets of the first time. */
	for (uint32_t number = 1; number <= 20; number++)
		ck_assert_int_eq(take(number), SEQUENCE_REPLAYED);
	ck_assert_uint_eq(sequence.replayed, 21);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
}
END_TEST

/* A full queue lets some packets through two seconds after the others: each came once. */
START_TEST(late_by_seconds)
{
	begin(1);
	for (uint32_t number = 2; number <= 2000; number++) {
		now += 14 * MS;
		if (number % 40 != 0)
			ck_assert_int_eq(take(number), SEQUENCE_NEW);
		if (number % 40 == 3 && number > 163)
			ck_assert_int_eq(take(number - 163), SEQUENCE_LATE);
	}
	ck_assert_uint_eq(sequence.far, 45);
	ck_assert_uint_eq(sequence.replayed, 0);
	ck_assert_uint_eq(sequence_lost(&sequence), 4);
}
END_TEST

/* Where the span port loses packets, those that come again from far behind may be the lost ones, until there are more. */
START_TEST(replay_where_some_are_missing)
{
	begin(1);
	run(2, 1000);
	now += MS;
	ck_assert_int_eq(take(1011), SEQUENCE_NEW);
	run(1012, 2000);
	now += 3 * S;
	run(2001, 2200);
	for (uint32_t number = 500; number < 510; number++)
		ck_assert_int_eq(take(number), SEQUENCE_LATE);
	for (uint32_t number = 510; number < 530; number++)
		ck_assert_int_eq(take(number), SEQUENCE_REPLAYED);
	ck_assert_uint_eq(sequence.replayed, 20);
	/* The same one again and again, and the first ones, whose octets are known, at once. */
	begin(1);
	run(2, 1000);
	now += MS;
	ck_assert_int_eq(take(2000), SEQUENCE_NEW);
	now += 3 * S;
	ck_assert_int_eq(take(300), SEQUENCE_LATE);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(take(300), SEQUENCE_REPLAYED);
	for (uint32_t number = 1; number <= 16; number++)
		ck_assert_int_eq(take(number), SEQUENCE_REPLAYED);
	ck_assert_int_eq(take(17), SEQUENCE_LATE);
}
END_TEST

/* What went before the first in view may come late without end: nobody saw it, and it is none of what was lost. */
START_TEST(late_from_before_the_view)
{
	begin(5000);
	run(5001, 5300);
	now += 2 * S;
	for (uint32_t number = 4000; number < 4010; number++)
		ck_assert_int_eq(take(number), SEQUENCE_LATE);
	ck_assert_uint_eq(sequence.replayed, 0);
	ck_assert_uint_eq(sequence.low, 5000);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
	/* One of the first that was late itself is known too. */
	begin(1);
	now += MS;
	ck_assert_int_eq(take(3), SEQUENCE_NEW);
	ck_assert_int_eq(take(2), SEQUENCE_LATE);
	run(4, 300);
	now += MS;
	ck_assert_int_eq(take(310), SEQUENCE_NEW);
	now += 2 * S;
	ck_assert_int_eq(take(2), SEQUENCE_REPLAYED);
}
END_TEST

START_TEST(counting_from_the_beginning)
{
	begin(1);
	run(2, 300);
	now += S;
	ck_assert_int_eq(sequence_packet(&sequence, 1, digest(1, 1), now), SEQUENCE_REPEATED);
	ck_assert_int_eq(sequence_packet(&sequence, 2, digest(2, 1), now), SEQUENCE_REPEATED);
	ck_assert_int_eq(sequence_packet(&sequence, 3, digest(3, 1), now), SEQUENCE_RESET);
	ck_assert_uint_eq(sequence.high, 3);
	ck_assert_int_eq(sequence_packet(&sequence, 4, digest(4, 1), now), SEQUENCE_NEW);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
	ck_assert_uint_eq(sequence.replayed, 0);
}
END_TEST

START_TEST(counting_anew_after_a_late_view)
{
	/* The beginning was not in view: small numbers can only come from a new count. */
	begin(5000);
	run(5001, 5300);
	now += 2 * S;
	ck_assert_int_eq(take(1), SEQUENCE_REPEATED);
	ck_assert_int_eq(take(2), SEQUENCE_REPEATED);
	ck_assert_int_eq(take(3), SEQUENCE_RESET);
}
END_TEST

START_TEST(two_strange_packets_are_no_restart)
{
	begin(1);
	run(2, 300);
	now += S;
	sequence_packet(&sequence, 1, digest(1, 1), now);
	sequence_packet(&sequence, 2, digest(2, 1), now);
	run(301, 301);
	ck_assert_int_eq(sequence_packet(&sequence, 3, digest(3, 1), now), SEQUENCE_REPEATED);
	ck_assert_uint_eq(sequence.high, 301);
}
END_TEST

START_TEST(numbers_wrap)
{
	begin(0xfffffff0);
	run(0xfffffff1, 5);
	ck_assert_uint_eq(sequence.high, 5);
	ck_assert_uint_eq(sequence.distinct, 22);
	ck_assert_uint_eq(sequence_lost(&sequence), 0);
	now += MS;
	ck_assert_int_eq(take(8), SEQUENCE_NEW);
	/* Late behind the wrap, and before it: neither makes the span begin elsewhere. */
	ck_assert_int_eq(take(7), SEQUENCE_LATE);
	ck_assert_uint_eq(sequence_lost(&sequence), 1);
	ck_assert_int_eq(take(0xffffffe8), SEQUENCE_LATE);
	ck_assert_uint_eq(sequence.low, 0xffffffe8);
	ck_assert_uint_eq(sequence_lost(&sequence), 8);
	ck_assert_int_eq(take(0xfffffff8), SEQUENCE_REPEATED);
}
END_TEST

START_TEST(the_far_half_is_behind)
{
	begin(10);
	now += MS;
	ck_assert_int_eq(take(10 + 0x7fffffffu), SEQUENCE_NEW);
	begin(10);
	now += MS;
	ck_assert_int_ne(take(10 + 0x80000000u), SEQUENCE_NEW);
}
END_TEST

START_TEST(losses_are_counted)
{
	begin(1);
	for (uint32_t number = 2; number <= 10000; number++) {
		now += MS;
		if (number % 20 != 0 || number == 10000)
			take(number);
	}
	ck_assert_uint_eq(sequence_lost(&sequence), 499);
	/* One of them was only late. */
	ck_assert_int_eq(take(9980), SEQUENCE_LATE);
	ck_assert_uint_eq(sequence_lost(&sequence), 498);
	/* Before the first in view: the span grows with it. */
	begin(50);
	run(51, 60);
	ck_assert_int_eq(take(48), SEQUENCE_LATE);
	ck_assert_uint_eq(sequence_lost(&sequence), 1);
}
END_TEST

START_TEST(a_jump_is_loss_and_nothing_else)
{
	begin(1);
	run(2, 200);
	now += S;
	ck_assert_int_eq(take(1u << 20), SEQUENCE_NEW);
	run((1u << 20) + 1, (1u << 20) + 50);
	ck_assert_uint_eq(sequence.replayed, 0);
	ck_assert_uint_eq(sequence_lost(&sequence), (1u << 20) + 50 - 251);
}
END_TEST

START_TEST(digests_only_at_the_beginning)
{
	begin(0xfffffffe);
	ck_assert(sequence_wants_digest(&sequence, 0xfffffffe));
	ck_assert(sequence_wants_digest(&sequence, 13));
	ck_assert(!sequence_wants_digest(&sequence, 14));
	ck_assert(!sequence_wants_digest(&sequence, 0xfffffffd));
}
END_TEST

/* Any traffic, taken with and without runs: nobody can tell which. */
START_TEST(runs_change_nothing)
{
	static const uint32_t beginnings[] = { 1, 5000, 0xeffffff0, 0xffffff00 };
	uint64_t random = 1;

	for (unsigned round = 0; round < 400; round++) {
		struct sequence plain, beside;
		struct sequence_run run = { 0 };
		uint32_t number = beginnings[round % 4];
		int64_t time = S, last = S;

		sequence_begin(&plain, number, 1, time);
		sequence_begin(&beside, number, 1, time);
		sequence_run_begin(&run, &beside);
		for (unsigned i = 0; i < 2000; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			uint32_t dice = (uint32_t)(random >> 33);
			uint32_t taken = dice % 100 < 97 ? number + 1
					 : dice % 3 == 0 ? number - dice / 300 % 200
							 : number + dice / 300 % 300;
			time += dice / 7 % 500 == 0 ? 2 * S : dice / 11 % MS;
			enum sequence_verdict verdict = sequence_packet(&plain, taken, (uint16_t)(dice | 1), time);
			if (sequence_run_takes(&run, taken, time)) {
				ck_assert_int_eq(verdict, SEQUENCE_NEW);
			} else {
				sequence_settle(&beside, &run, last);
				ck_assert_int_eq(sequence_packet(&beside, taken, (uint16_t)(dice | 1), time), verdict);
				sequence_run_begin(&run, &beside);
			}
			if (verdict == SEQUENCE_NEW || verdict == SEQUENCE_LATE || verdict == SEQUENCE_RESET)
				last = time;
			if (verdict == SEQUENCE_NEW || verdict == SEQUENCE_RESET)
				number = taken;
			if (dice % 50 == 0)
				sequence_settle(&beside, &run, last);
			if (run.count == 0)
				ck_assert_mem_eq(&plain, &beside, sizeof(plain));
		}
	}
}
END_TEST

/* One number for all packets, with octets that differ, is no replay; the same octets are. */
START_TEST(no_counting)
{
	struct sequence still;

	sequence_begin(&still, 0x7b227365, 11, 1);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(sequence_packet(&still, 0x7b227365, (uint16_t)(12 + i), 1 + i * INT64_C(400000000)),
				 SEQUENCE_STILL);
	ck_assert_uint_eq(still.replayed, 0);
	ck_assert_int_eq(sequence_packet(&still, 0x7b227365, 11, INT64_C(60000000000)), SEQUENCE_REPLAYED);
	/* Who counts after all is as anybody. */
	ck_assert_int_eq(sequence_packet(&still, 0x7b227366, 13, INT64_C(61000000000)), SEQUENCE_NEW);
	ck_assert_int_ne(sequence_packet(&still, 0x7b227365, 14, INT64_C(62000000000)), SEQUENCE_STILL);
}
END_TEST

SUITE_MAIN("sequence", no_counting, runs_change_nothing, rising_numbers_are_new, one_packet_has_lost_nothing,
	   late_at_the_edges_of_the_window, window_moves_by_every_step, copies_and_repetitions,
	   replay_of_an_old_stretch, late_by_seconds, replay_where_some_are_missing, late_from_before_the_view,
	   counting_from_the_beginning, counting_anew_after_a_late_view, two_strange_packets_are_no_restart,
	   numbers_wrap, the_far_half_is_behind, losses_are_counted, a_jump_is_loss_and_nothing_else,
	   digests_only_at_the_beginning)
