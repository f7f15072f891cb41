/* SPDX-License-Identifier: Apache-2.0 */
/* Which lengths get answers, when a sender talks to nobody, and what lengths tell of the cipher. */
#include "../suite.h"

#include "../../daemon/audit/dialogue.h"

#include <string.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

enum { SPI = 0x1001, OTHER_SPI = 0x1002 };

static struct dialogue dialogue;
static struct dialogue_run ended;
static int64_t now;

static void begin(void)
{
	memset(&dialogue, 0, sizeof(dialogue));
	now = 1000 * S;
}

static unsigned ask(uint32_t spi, uint32_t length)
{
	return dialogue_packet(&dialogue, 0, spi, length, false, now, &ended);
}

static unsigned answer(uint32_t length)
{
	return dialogue_packet(&dialogue, 1, SPI, length, false, now, &ended);
}

static void talk(unsigned times, uint32_t length, int64_t round_trip)
{
	for (unsigned i = 0; i < times; i++) {
		ck_assert_uint_eq(ask(SPI, length) & DIALOGUE_UNANSWERED, 0);
		now += round_trip;
		answer(200);
		now += S;
	}
}

/* Asks for so long in vain; the number of levels that were told. */
static unsigned in_vain(uint32_t spi, uint32_t length, int64_t lasts, int64_t period)
{
	unsigned told = 0;

	for (int64_t end = now + lasts; now <= end; now += period)
		told += (ask(spi, length) & DIALOGUE_UNANSWERED) != 0;
	return told;
}

START_TEST(levels_at_five_ten_and_twenty_seconds)
{
	static const struct {
		int64_t lasts;
		unsigned told, minutes; /* levels; and then what was lost so far, as the minute changes */
	} rows[] = { { 5 * S - 1, 0, 0 },  { 5 * S, 1, 0 },  { 10 * S - 1, 1, 0 }, { 10 * S, 2, 0 },
		     { 20 * S - 1, 2, 0 }, { 20 * S, 3, 0 }, { 300 * S, 3, 4 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		talk(10, 100, 5 * MS);
		ck_assert_msg(in_vain(SPI, 100, rows[i].lasts, 500 * MS) == rows[i].told + rows[i].minutes, "row %u",
			      i);
		ck_assert_uint_eq(dialogue.side[0].run.told, rows[i].told);
	}
}
END_TEST

START_TEST(an_answer_ends_what_was_told)
{
	begin();
	talk(10, 100, 5 * MS);
	int64_t since = now;
	in_vain(SPI, 100, 12 * S, 500 * MS);
	ck_assert_uint_eq(answer(200), DIALOGUE_ANSWERED);
	ck_assert_uint_eq(ended.spi, SPI);
	ck_assert_int_eq(ended.first_ns, since);
	ck_assert_uint_eq(ended.packets, 24);
	ck_assert_uint_eq(ended.bytes, 2400);
	ck_assert_uint_eq(ended.told, 2);
	/* Once; and what was not told needs no end. */
	ck_assert_uint_eq(answer(200), DIALOGUE_NOTHING);
	in_vain(SPI, 100, 3 * S, 500 * MS);
	ck_assert_uint_eq(answer(200), DIALOGUE_NOTHING);
}
END_TEST

START_TEST(lengths_are_learned_at_the_third_time)
{
	for (unsigned times = 1; times <= 4; times++) {
		begin();
		talk(times, 100, 5 * MS);
		ck_assert_msg((in_vain(SPI, 100, 30 * S, 500 * MS) > 0) == (times >= 3), "%u times", times);
	}
}
END_TEST

START_TEST(a_late_answer_is_none)
{
	begin();
	talk(20, 100, S + MS);
	ck_assert_uint_eq(in_vain(SPI, 100, 60 * S, 500 * MS), 0);
	begin();
	talk(20, 100, S);
	ck_assert_uint_gt(in_vain(SPI, 100, 60 * S, 500 * MS), 0);
}
END_TEST

START_TEST(what_is_no_longer_answered_is_unlearned)
{
	begin();
	talk(10, 100, 5 * MS);
	/* Short stretches without answers, each ended by a pause, say of the length that it is not a question. */
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(in_vain(SPI, 100, 2 * S, 500 * MS), 0);
		now += 10 * S;
	}
	ck_assert_uint_eq(in_vain(SPI, 100, 60 * S, 500 * MS), 0);
	/* And it is learned again. */
	talk(400, 100, 5 * MS);
	ck_assert_uint_gt(in_vain(SPI, 100, 60 * S, 500 * MS), 0);
}
END_TEST

START_TEST(a_pause_or_another_spi_begins_anew)
{
	begin();
	talk(10, 100, 5 * MS);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(in_vain(SPI, 100, 4 * S, S), 0);
		ck_assert_uint_eq(in_vain(OTHER_SPI, 100, 4 * S, S), 0);
	}
	begin();
	talk(10, 100, 5 * MS);
	ck_assert_uint_eq(in_vain(SPI, 100, 4 * S, S), 0);
	now += 5 * S + 1 - S;
	ck_assert_uint_eq(in_vain(SPI, 100, 4 * S, S), 0);
	/* A pause of five seconds is none. */
	begin();
	talk(10, 100, 5 * MS);
	ck_assert_uint_eq(in_vain(SPI, 100, 60 * S, 5 * S), 3);
}
END_TEST

START_TEST(one_way_streams_are_no_questions)
{
	begin();
	talk(30, 100, 5 * MS);
	ck_assert_uint_eq(in_vain(SPI, 612, 3600 * S, 100 * MS), 0);
	/* Nor is half a question among them: fewer than half of the packets are of answered lengths. */
	begin();
	talk(30, 100, 5 * MS);
	unsigned told = 0;
	for (unsigned i = 0; i < 600; i++, now += 100 * MS)
		told += (ask(SPI, i % 5 < 2 ? 100 : 612) & DIALOGUE_UNANSWERED) != 0;
	ck_assert_uint_eq(told, 0);
}
END_TEST

/* It runs beside the dialogue, and answers to that come within the second all the time. */
START_TEST(a_stream_beside_a_dialogue_is_not_answered)
{
	begin();
	for (unsigned i = 0; i < 60; i++) {
		ask(SPI, 612);
		now += 300 * MS;
		ask(SPI, 100);
		now += 10 * MS;
		answer(200);
		now += 300 * MS;
	}
	ck_assert_uint_eq(in_vain(SPI, 612, 600 * S, 300 * MS), 0);
	begin();
	for (unsigned i = 0; i < 60; i++) {
		ask(SPI, 612);
		now += 300 * MS;
		ask(SPI, 100);
		now += 10 * MS;
		answer(200);
		now += 300 * MS;
	}
	ck_assert_uint_gt(in_vain(SPI, 100, 60 * S, 300 * MS), 0);
}
END_TEST

START_TEST(a_burst_is_one_question)
{
	begin();
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < 4; k++, now += 5 * MS)
			ask(SPI, 100 + 4 * k);
		answer(200);
		now += S;
	}
	for (unsigned k = 0; k < 4; k++) {
		struct dialogue before = dialogue;
		ck_assert_uint_gt(in_vain(SPI, 100 + 4 * k, 60 * S, 500 * MS), 0);
		dialogue = before;
	}
}
END_TEST

START_TEST(many_lengths_do_not_crowd_out_the_frequent)
{
	begin();
	talk(20, 100, 5 * MS);
	for (uint32_t i = 0; i < 1000; i++) {
		ask(SPI, 300 + i);
		now += 10 * MS;
		if (i % 50 == 0)
			answer(200);
	}
	now += 10 * S;
	ck_assert_uint_gt(in_vain(SPI, 100, 60 * S, 500 * MS), 0);
}
END_TEST

/* ---- cipher classes: EVIDENCE-measured section 4 ---- */

static enum dialogue_shape shape_of(const uint16_t *lengths, unsigned count, unsigned packets)
{
	begin();
	for (unsigned i = 0; i < packets; i++)
		dialogue_packet(&dialogue, i % 2, SPI, lengths[i % count], true, now += 10 * MS, &ended);
	return dialogue_shape(&dialogue);
}

START_TEST(shapes_of_ciphers)
{
	static const uint16_t des96[] = { 68, 76, 84, 92, 100, 108, 116, 124 };
	static const uint16_t des128[] = { 72, 80, 88, 96, 104, 112, 120, 128 };
	static const uint16_t aes96[] = { 68, 84, 100, 116, 132, 148, 164, 180 };
	static const uint16_t aes128[] = { 72, 88, 104, 120, 136, 152, 168, 184 };
	static const uint16_t aead[] = { 68, 72, 76, 80, 84, 88, 92, 96 };

	ck_assert_int_eq(shape_of(des96, 8, 64), DIALOGUE_SHAPE_64_BIT_LIKELY);
	ck_assert_int_eq(shape_of(des96, 7, 64), DIALOGUE_SHAPE_64_BIT_POSSIBLE);
	ck_assert_int_eq(shape_of(des96, 5, 64), DIALOGUE_SHAPE_64_BIT_POSSIBLE);
	ck_assert_int_eq(shape_of(des96, 4, 64), DIALOGUE_SHAPE_UNKNOWN);
	ck_assert_int_eq(shape_of(des96, 8, 31), DIALOGUE_SHAPE_UNKNOWN);
	ck_assert_int_eq(shape_of(des96, 8, 32), DIALOGUE_SHAPE_64_BIT_LIKELY);
	ck_assert_int_ne(shape_of(aes96, 8, 500), DIALOGUE_SHAPE_64_BIT_LIKELY);
	ck_assert_int_ne(shape_of(aes96, 8, 500), DIALOGUE_SHAPE_64_BIT_POSSIBLE);
	ck_assert_int_eq(shape_of(aes128, 8, 500), DIALOGUE_SHAPE_UNKNOWN);
	ck_assert_int_eq(shape_of(aead, 8, 64), DIALOGUE_SHAPE_OTHER);
	/* 3DES with an ICV of 16 octets: residues 0 and 8. */
	static const uint16_t des_sha2[] = { 64, 72, 80, 88, 96, 104, 112, 120 };
	ck_assert_int_eq(shape_of(des_sha2, 8, 64), DIALOGUE_SHAPE_64_BIT_LIKELY);
	ck_assert_int_eq(shape_of(des128, 8, 64), DIALOGUE_SHAPE_64_BIT_LIKELY);
}
END_TEST

START_TEST(a_shape_is_told_once_and_taken_back)
{
	unsigned told = 0;

	begin();
	for (unsigned i = 0; i < 200; i++)
		told +=
		    dialogue_packet(&dialogue, i % 2, SPI, 68 + 8 * (i % 8), true, now += MS, &ended) == DIALOGUE_SHAPE;
	ck_assert_uint_eq(told, 1);
	ck_assert(dialogue_packet(&dialogue, 0, SPI, 72, true, now, &ended) & DIALOGUE_SHAPE);
	ck_assert_int_eq(dialogue.shape_told, DIALOGUE_SHAPE_OTHER);
	/* Packets that are not to be pooled say nothing. */
	begin();
	for (unsigned i = 0; i < 200; i++)
		ck_assert_uint_eq(dialogue_packet(&dialogue, i % 2, SPI, 68 + 8 * (i % 8), false, now += MS, &ended),
				  0);
}
END_TEST

/* Once it was told, a short pause changes neither since when nor how many; it does not make the run last either. */
START_TEST(what_is_lost_is_counted_past_a_pause)
{
	begin();
	talk(10, 100, 5 * MS);
	int64_t since = now;
	ck_assert_uint_eq(in_vain(SPI, 100, 6 * S, 500 * MS), 1);
	now += 20 * S;
	ck_assert_uint_eq(in_vain(SPI, 100, 2 * S, 500 * MS), 0);
	ck_assert_uint_eq(in_vain(SPI, 100, 3 * S, 500 * MS), 1);
	ck_assert_uint_eq(ask(OTHER_SPI, 100), DIALOGUE_LEFT);
	ck_assert_int_eq(ended.first_ns, since);
	ck_assert_uint_eq(ended.packets, 13 + 5 + 7);
	/* After a long one it begins anew. */
	begin();
	talk(10, 100, 5 * MS);
	in_vain(SPI, 100, 6 * S, 500 * MS);
	now += 40 * S;
	since = now;
	ck_assert_uint_eq(in_vain(SPI, 100, 6 * S, 500 * MS), 1);
	ck_assert_int_eq(dialogue.side[0].run.first_ns, since);
	ck_assert_uint_eq(dialogue.side[0].run.packets, 13);
}
END_TEST

/* All places are of lengths that are seen often, so that two new ones in one burst get the same place, one after the other. */
START_TEST(octets_of_a_length_that_gave_its_place_are_not_anothers)
{
	begin();
	for (uint32_t i = 0; i < DIALOGUE_LENGTHS; i++)
		talk(4, 100 + 8 * i, 5 * MS);
	ck_assert_uint_eq(in_vain(SPI, 100, 6 * S, 500 * MS), 1);
	ask(SPI, 60);
	ask(SPI, 1500);
	now += 5 * MS;
	ck_assert_uint_eq(answer(200), DIALOGUE_ANSWERED);
	/* What waited under the length that is forgotten counts as lost, the other one as answered. */
	ck_assert_uint_eq(ended.packets, 13 + 1);
	ck_assert_uint_eq(ended.bytes, 13 * 100 + 60);
}
END_TEST

/* Nor is the one packet of the new length taken for two. */
START_TEST(a_length_in_the_place_of_another_is_seen_once)
{
	begin();
	for (uint32_t i = 0; i < DIALOGUE_LENGTHS; i++)
		talk(4, 100 + 8 * i, 5 * MS);
	ask(SPI, 60);
	ask(SPI, 1500);
	now += 5 * MS;
	answer(200);
	for (unsigned i = 0; i < DIALOGUE_LENGTHS; i++)
		if (dialogue.side[0].lengths[i].length == 1500)
			ck_assert_uint_eq(dialogue.side[0].lengths[i].seen, 1);
}
END_TEST

SUITE_MAIN("dialogue", what_is_lost_is_counted_past_a_pause, levels_at_five_ten_and_twenty_seconds,
	   an_answer_ends_what_was_told, lengths_are_learned_at_the_third_time, a_late_answer_is_none,
	   what_is_no_longer_answered_is_unlearned, a_pause_or_another_spi_begins_anew,
	   one_way_streams_are_no_questions, a_stream_beside_a_dialogue_is_not_answered, a_burst_is_one_question,
	   many_lengths_do_not_crowd_out_the_frequent, shapes_of_ciphers, a_shape_is_told_once_and_taken_back,
	   octets_of_a_length_that_gave_its_place_are_not_anothers, a_length_in_the_place_of_another_is_seen_once)
