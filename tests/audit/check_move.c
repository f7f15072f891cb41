/* SPDX-License-Identifier: Apache-2.0 */
/* SAs that go on between other addresses, by MOBIKE or behind a NAT, and those that only look as if they did. */
#include "sa_fixture.h"

#include <stdio.h>
#include <string.h>

/* Tells with the events of peers and SAs. */
static void tell_all(void)
{
	struct story_options options = story_options(story_policy_of(config));

	options.flows = options.ike = options.pairs = options.judged_pairs = 16;
	options.sas = 128;
	options.end_ns = MINUTE;
	options.step_ns = S;
	options.lifecycle = true;
	if (story)
		script = sa_story_script(story, &view);
	result = story_tell(script, &options);
}

/* An empty story that is told frame by frame. */
static void begin_script(void)
{
	if (!config)
		config = story_policy(NULL);
	story = NULL;
	script = story_new();
}

static void has(const char *part, size_t count)
{
	ck_assert_msg(story_count(result->records, part) == count, "%zu times, not %zu: %s\nin:\n%.6000s",
		      story_count(result->records, part), count, part, result->records);
}

static unsigned told(enum finding_id id)
{
	return opened(id);
}

static void no_alarm(void)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		bool event = catalogue_is_event(finding->id);
		ck_assert_msg(event || finding->id == FINDING_NOT_QUANTUM_SAFE ||
				  finding->id == FINDING_ESP_UNNEGOTIATED,
			      "an alarm in:\n%.6000s", result->findings);
		ck_assert_msg(finding->first_ns >= STORY_EPOCH, "before all time:\n%.6000s", result->findings);
	}
}

/* ---- what moved ---- */

START_TEST(by_mobike)
{
	for (unsigned side = A; side <= B; side++) {
		begin(1 + side);
		sa_story_informational(story, side);
		sa_story_move(story, side);
		sa_story_informational(story, side);
		sa_story_informational(story, !side);
		sa_story_talk(story, A, MINUTE, 300 * MS);
		tell_all();
		no_alarm();
		has(" continues=", 2);
		has("state=superseded", 2);
		has("state=stale", 0);
		/* Each address that is new belongs to somebody who was known. */
		ck_assert_uint_eq(told(FINDING_PEER_NEW), 2);
		ck_assert_uint_eq(told(FINDING_SA_UP), 2);
		ck_assert_uint_eq(told(FINDING_SA_DOWN), 0);
		end();
	}
}
END_TEST

/* Without IKE in view: SPIs and numbers tell. */
START_TEST(behind_a_nat)
{
	for (unsigned side = A; side <= B; side++) {
		begin(5 + side);
		for (unsigned i = 0; i < 3; i++) {
			sa_story_wait(story, (1 + 100 * i) * S);
			sa_story_move(story, side);
			sa_story_talk(story, side, MINUTE, 300 * MS);
		}
		tell_all();
		no_alarm();
		has(" continues=", 6);
		has("state=superseded", 6);
		ck_assert_uint_eq(told(FINDING_PEER_NEW), 2);
		ck_assert_uint_eq(told(FINDING_SA_UP), 2);
		/* Nobody has to wonder where its keys come from. */
		ck_assert_uint_eq(told(FINDING_ESP_UNNEGOTIATED), 0);
		end();
	}
}
END_TEST

/* Whatever the capture loses. */
START_TEST(seen_with_gaps)
{
	for (unsigned seed = 10; seed < 60; seed++) {
		begin(seed);
		view.loss = 50;
		view.reorder = 30;
		sa_story_move(story, seed % 2);
		sa_story_talk(story, A, MINUTE, 100 * MS);
		tell_all();
		has(" continues=", 2);
		end();
	}
}
END_TEST

/* By one direction alone. */
START_TEST(one_direction_in_view)
{
	for (unsigned hidden = A; hidden <= B; hidden++) {
		begin(70 + hidden);
		view.hidden[hidden] = true;
		sa_story_move(story, A);
		sa_story_talk(story, A, MINUTE, 300 * MS);
		tell_all();
		no_alarm();
		has(" continues=", 1);
		end();
	}
}
END_TEST

/* How often keys are changed is counted over all addresses. */
START_TEST(rekeys_and_moves)
{
	begin(80);
	for (unsigned i = 0; i < 8; i++) {
		/* Other volumes each time, so that the clock shows. */
		sa_story_talk(story, A, 20 * S, (100 + 100 * (i % 3)) * MS);
		sa_story_move(story, A);
		sa_story_talk(story, A, 20 * S, (100 + 100 * (i % 3)) * MS);
		sa_story_rekey(story);
	}
	tell_all();
	ck_assert_uint_ge(opened(FINDING_REKEY_TOO_OFTEN), 1);
	const struct finding *last = NULL;
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == FINDING_REKEY_TOO_OFTEN && result->finding[i].state != FINDING_CLEAR)
			last = &result->finding[i];
	ck_assert_ptr_nonnull(last);
	/* The first child lived half a minute longer. */
	ck_assert_msg(strstr(last->text, "every 40") || strstr(last->text, "every 41"), "%s", last->text);
	ck_assert_uint_ge(last->count, 3);
	has("rekeys=8", 1);
	has(" continues=", 16);
	end();
}
END_TEST

/* What is sent to the old address, until its sender learns of the new one, is lost; but there is no bad SPI. */
START_TEST(found_out_late)
{
	for (int64_t late = 3 * S; late <= 40 * S; late += 12 * S) {
		begin(90);
		sa_story_talk(story, B, 30 * S, 300 * MS);
		int64_t since = sa_story_now(story);
		sa_story_in_vain(story, B, late, 400 * MS);
		sa_story_move(story, A);
		sa_story_talk(story, A, MINUTE, 300 * MS);
		tell_all();
		has(" continues=", 2);
		ck_assert_uint_eq(opened(FINDING_BAD_SPI), late > 5 * S);
		for (size_t i = 0; i < result->finding_count; i++) {
			const struct finding *finding = &result->finding[i];
			if (finding->id != FINDING_BAD_SPI)
				continue;
			ck_assert_int_eq(finding->severity, SEVERITY_INFO);
			ck_assert_int_ge(finding->first_ns, since);
			if (finding->state == FINDING_CLEAR)
				ck_assert_str_eq(finding->cleared_by, "moved");
		}
		end();
	}
}
END_TEST

/* A talks on from its new address at once, and B goes on towards the old one for a while. */
START_TEST(the_other_side_follows_late)
{
	begin(95);
	sa_story_talk(story, B, 30 * S, 300 * MS);
	int64_t from = sa_story_now(story);
	sa_story_in_vain(story, B, 15 * S, 400 * MS);
	sa_story_set(story, from + 100 * MS);
	sa_story_move(story, A);
	sa_story_in_vain(story, A, 15 * S, 400 * MS);
	sa_story_talk(story, A, MINUTE, 300 * MS);
	tell_all();
	has(" continues=", 2);
	ck_assert_uint_eq(opened(FINDING_BAD_SPI), 0);
	end();
}
END_TEST

/* To another address and back. */
START_TEST(there_and_back)
{
	struct story_sa out = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
			back = story_sa("10.2.2.2", "10.1.1.1", 0xc0000002);

	begin_script();
	story_ikev2(script, "10.1.1.1", "10.2.2.2", 0x77, true);
	for (unsigned leg = 0; leg < 3; leg++) {
		out.src = back.dst = story_host(leg == 1 ? "10.1.1.9" : "10.1.1.1");
		for (unsigned i = 0; i < 60; i++) {
			story_esp(script, &out, 120);
			story_esp(script, &back, 180);
			story_wait(script, 500 * MS);
		}
	}
	tell_all();
	no_alarm();
	has(" continues=10.1.1.9 > 10.2.2.2", 1);
	has(" continues=10.1.1.1 > 10.2.2.2", 1);
	has(" continues=10.2.2.2 > 10.1.1.9", 1);
	has("state=active", 2);
	ck_assert_uint_eq(told(FINDING_PEER_NEW), 2);
	ck_assert_uint_eq(told(FINDING_SA_UP), 2);
	end();
}
END_TEST

/* A NAT that gives another port only: the SA is the same. */
START_TEST(another_port_in_udp)
{
	struct story_sa out = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
			back = story_sa("10.2.2.2", "10.1.1.1", 0xc0000002);

	begin_script();
	out.in_udp = back.in_udp = true;
	out.dst_port = back.src_port = 4500;
	for (unsigned leg = 0; leg < 3; leg++) {
		out.src_port = back.dst_port = (uint16_t)(30000 + leg);
		for (unsigned i = 0; i < 60; i++) {
			story_esp(script, &out, 120);
			story_esp(script, &back, 180);
			story_wait(script, 500 * MS);
		}
	}
	tell_all();
	no_alarm();
	has("sa ", 2);
	has(" continues=", 0);
	has("state=active", 2);
	end();
}
END_TEST

/* And one that gives another address too. */
START_TEST(another_address_in_udp)
{
	struct story_sa out = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
			back = story_sa("10.2.2.2", "10.1.1.1", 0xc0000002);

	begin_script();
	out.in_udp = back.in_udp = true;
	out.dst_port = back.src_port = 4500;
	for (unsigned leg = 0; leg < 2; leg++) {
		out.src = back.dst = story_host(leg ? "10.1.1.200" : "10.1.1.1");
		out.src_port = back.dst_port = (uint16_t)(30000 + leg);
		for (unsigned i = 0; i < 60; i++) {
			story_esp(script, &out, 120);
			story_esp(script, &back, 180);
			story_wait(script, 500 * MS);
		}
		story_wait(script, 30 * S);
	}
	tell_all();
	no_alarm();
	has(" continues=", 2);
	end();
}
END_TEST

/* What was learned of the two goes with them: clear traffic between the old addresses is nobody's leak, between the new ones
 * it is one. */
START_TEST(what_was_learned_moves_too)
{
	for (unsigned clear_at = 0; clear_at < 2; clear_at++) {
		struct story_sa out = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
				back = story_sa("10.2.2.2", "10.1.1.1", 0xc0000002);
		begin_script();
		for (unsigned leg = 0; leg < 2; leg++) {
			out.src = back.dst = story_host(leg ? "10.1.1.9" : "10.1.1.1");
			for (unsigned i = 0; i < 60; i++) {
				story_esp(script, &out, 120);
				story_esp(script, &back, 180);
				story_wait(script, 500 * MS);
			}
		}
		struct story_stream stream = story_stream(clear_at ? "10.1.1.9" : "10.1.1.1", "10.2.2.2", 6, 80);
		for (unsigned i = 0; i < 60; i++) {
			story_send(script, &stream, i & 1, 300);
			story_wait(script, 500 * MS);
		}
		tell_all();
		ck_assert_msg(opened(FINDING_CLEARTEXT_LEAK) == clear_at, "%.6000s", result->findings);
		has("rule=learned", 1);
		end();
	}
}
END_TEST

/* ---- what did not ---- */

static void speak(struct story_sa *sa, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		story_esp(script, sa, 120);
		story_wait(script, 200 * MS);
	}
}

START_TEST(an_equal_spi_elsewhere)
{
	struct story_sa one = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
			other = story_sa("10.3.3.3", "10.4.4.4", 0xc0000001);

	begin_script();
	speak(&one, 50);
	other.sequence = 50;
	speak(&other, 50);
	tell_all();
	has(" continues=", 0);
	end();
}
END_TEST

/* Manual keys: one SPI towards everyone. */
START_TEST(an_equal_spi_towards_many)
{
	struct story_sa one = story_sa("10.1.1.1", "10.2.2.2", 0x1001),
			other = story_sa("10.1.1.1", "10.2.2.3", 0x1001);

	/* Both speak. */
	begin_script();
	for (unsigned i = 0; i < 100; i++) {
		speak(&one, 1);
		if (i == 30)
			other.sequence = one.sequence;
		if (i >= 30)
			speak(&other, 1);
	}
	tell_all();
	has(" continues=", 0);
	end();
	/* One after the other, each from the beginning. */
	begin_script();
	one.sequence = 0;
	speak(&one, 50);
	other.sequence = 0;
	speak(&other, 50);
	tell_all();
	has(" continues=", 0);
	end();
	/* One after the other, and the second counts from far away. */
	begin_script();
	one.sequence = 0;
	speak(&one, 50);
	other.sequence = 3u << 20;
	speak(&other, 50);
	tell_all();
	has(" continues=", 0);
	end();
}
END_TEST

/* Somebody else sends with the SPI of an SA that is only silent for a moment: it speaks again where it was. */
START_TEST(somebody_else_with_its_spi)
{
	struct story_sa out = story_sa("10.1.1.1", "10.2.2.2", 0xc0000001),
			back = story_sa("10.2.2.2", "10.1.1.1", 0xc0000002);

	begin_script();
	for (unsigned i = 0; i < 60; i++) {
		speak(&out, 1);
		speak(&back, 1);
	}
	story_wait(script, 10 * S);
	struct story_sa forged = out;
	forged.src = story_host("10.6.6.6");
	forged.sequence += 1000;
	speak(&forged, 3);
	story_wait(script, 5 * S);
	for (unsigned i = 0; i < 60; i++) {
		speak(&out, 1);
		speak(&back, 1);
	}
	tell_all();
	no_alarm();
	has(" continues=", 0);
	has("state=superseded", 0);
	has("rule=learned", 1);
	end();
}
END_TEST

SUITE_MAIN("move", by_mobike, behind_a_nat, seen_with_gaps, one_direction_in_view, rekeys_and_moves, found_out_late,
	   the_other_side_follows_late, there_and_back, another_port_in_udp, another_address_in_udp,
	   what_was_learned_moves_too, an_equal_spi_elsewhere, an_equal_spi_towards_many, somebody_else_with_its_spi)
