/* SPDX-License-Identifier: Apache-2.0 */
/* rule_rekey.c: what a pair's habit is once its lifetimes were changed, with and without a restart, and what is no change. */
#include "scene.h"

enum { MEGABYTE = 1000 * 1000 };

static unsigned opened(enum finding_id id)
{
	unsigned count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == id && result->finding[i].state == FINDING_OPEN;
	return count;
}

/* Children that live for an hour each, and the capture begins two minutes before the first of them is rekeyed, forty seconds
 * before the next: how long they had lived was not seen. `begun` if it was, and they live no longer. */
static void children_about_to_be_rekeyed(unsigned children, bool begun)
{
	struct story_sa out[8], back[8];

	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	ike_up(A, B);
	for (unsigned i = 0; i < children; i++) {
		out[i] = story_sa(A, B, 0x1000 * (i + 1));
		back[i] = story_sa(B, A, 0x1000 * (i + 1) + 1);
		out[i].sequence = back[i].sequence = begun ? 0 : 3600;
	}
	for (unsigned t = 0; t < 900; t++) {
		for (unsigned i = 0; i < children; i++) {
			/* One after the other is rekeyed; again after as long, if lifetimes are short. */
			unsigned due = 120 + 40 * i;
			if (t == due || (begun && t > due && (t - due) % 120 == 0)) {
				out[i] = story_sa(A, B, out[i].spi + 0x10);
				back[i] = story_sa(B, A, back[i].spi + 0x10);
			}
			story_esp(script, &out[i], 120);
			story_esp(script, &back[i], 184);
		}
		seconds(1);
	}
	tell();
}
START_TEST(seen_shortly_before_it_was_due)
{
	for (unsigned children = 3; children <= 8; children++) {
		children_about_to_be_rekeyed(children, false);
		ck_assert_msg(opened(FINDING_REKEY_TOO_OFTEN) == 0, "%u children:\n%.4000s", children,
			      result->findings);
		scene_end();
	}
	children_about_to_be_rekeyed(1, true);
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	scene_end();
}
END_TEST

/* Lifetimes are set right, and the service restarted: the long ones are not overdue. */
START_TEST(repaired)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	ike_up(A, B);
	rekeys(8, 95, false);
	ike_up(A, B);
	rekeys(6, 3600, false);
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_uint_eq(opened(FINDING_REKEY_OVERDUE), 0);
	scene_end();
}
END_TEST

/* Who authenticates anew for each SA does it too often all the same. */
START_TEST(a_new_negotiation_each_time)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	for (unsigned i = 0; i < 8; i++) {
		ike_up(A, B);
		rekeys(1, 95, false);
	}
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_int_ne(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
	scene_end();
}
END_TEST

/* ---- lifetimes that are changed while the SAs go on ---- */

static void by_the_hour(unsigned hours)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	ike_up(A, B);
	rekeys(hours, 3600, true);
	/* The change comes in the middle of an SA. */
	rekeys(1, 1000, true);
}

/* Told with the fourth short interval and no earlier, however long the old habit is. */
START_TEST(changed_without_a_restart)
{
	static const unsigned hours[] = { 3, 8, 16, 40 };

	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
		by_the_hour(hours[i]);
		rekeys(3, 95, true);
		esp(5, BOTH);
		tell();
		ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 0);
		rekeys(1, 90, true);
		esp(5, BOTH);
		tell();
		ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
		ck_assert_int_eq(last_told(FINDING_REKEY_TOO_OFTEN)->cause, CAUSE_TIME);
		/* And it lasts, until the hour is set again. */
		rekeys(20, 95, true);
		tell();
		ck_assert_int_ne(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
		rekeys(5, 3600, true);
		tell();
		ck_assert_int_eq(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
		ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
		scene_end();
	}
}
END_TEST

/* Those who authenticate anew for each SA, too. */
START_TEST(changed_with_a_negotiation_each_time)
{
	by_the_hour(16);
	for (unsigned i = 0; i < 5; i++) {
		rekeys(1, 95, true);
		ike_up(A, B);
	}
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	scene_end();
}
END_TEST

/* Three rekeys by hand, a minute apart, or three connections made anew; and then by the hour as before. */
START_TEST(by_hand)
{
	for (unsigned anew = 0; anew < 2; anew++) {
		by_the_hour(8);
		for (unsigned times = 0; times < 4; times++) {
			for (unsigned i = 0; i < 3; i++) {
				rekeys(1, 60, true);
				if (anew)
					ike_up(A, B);
			}
			rekeys(2, 3600, true);
		}
		tell();
		ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 0);
		ck_assert_uint_eq(opened(FINDING_REKEY_OVERDUE), 0);
		scene_end();
	}
}
END_TEST

/* A little below the hour, or the five minutes, is no other habit: 310 s, and a tenth less at random. */
START_TEST(a_habit_at_the_limit)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	ike_up(A, B);
	rekeys(16, 330, true);
	for (unsigned i = 0; i < 4; i++) {
		rekeys(5, 290, true);
		rekeys(12, 330, true);
	}
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 0);
	scene_end();
}
END_TEST

/* ---- transitions, which carry what no script of packets could: volumes ---- */

static unsigned alerts_of(const struct script *of)
{
	unsigned count = 0;

	for (unsigned i = 0; i < of->seen_count; i++)
		count += of->seen[i].id == FINDING_REKEY_TOO_OFTEN && of->seen[i].state == FINDING_OPEN;
	return count;
}

/* The SA of this number lives so long and carries so much; the next one follows. */
static void an_sa(struct script *to, uint32_t number, double lives, uint64_t octets)
{
	struct transition born = { .kind = TRANSITION_SA_BORN,
				   .esp = { .spi = 0x1001 + number, .protocol = 50, .sequence = 1 } };
	struct transition quiet = { .kind = TRANSITION_SA_QUIET,
				    .esp = { .spi = 0x1000 + number,
					     .protocol = 50,
					     .packets = 100 + (uint32_t)(octets / 1400),
					     .bytes = octets } };

	to->now_ns += (int64_t)(lives * 1e9) - 2000 * MS;
	put_transition(to, &born, 1, 2);
	quiet.esp.last_ns = to->now_ns;
	to->now_ns += 2000 * MS;
	put_transition(to, &quiet, 1, 2);
}

/* Sixteen hours, and then for the fifth part of one a minute each: what was carried tells what it is. */
static unsigned after_a_day(uint64_t octets, unsigned varied, double varied_seconds)
{
	struct script *one = script_new(16);
	struct transition born = { .kind = TRANSITION_SA_BORN,
				   .esp = { .spi = 0x1000, .protocol = 50, .sequence = 1 } };
	uint32_t number = 0;

	put_transition(one, &born, 1, 2);
	for (; number < 16; number++)
		an_sa(one, number, 3600 - number % 5 * 60, 2 * MEGABYTE * (1 + number % 7));
	for (; number < 26; number++)
		an_sa(one, number, 60 + varied_seconds * (number * 5 % 7),
		      octets + octets * varied / 10 * (number * 3 % 5));
	unsigned alerts = alerts_of(one);
	script_free(one);
	return alerts;
}

START_TEST(a_backup_at_night)
{
	/* A gigabyte is the limit, and the line as fast as ever: nobody changed anything. */
	ck_assert_uint_eq(after_a_day(1000 * MEGABYTE, 0, 0), 0);
	ck_assert_uint_eq(after_a_day(1000 * MEGABYTE, 0, 20), 0);
	/* By the clock all the same, while the amounts vary. */
	ck_assert_uint_eq(after_a_day(1000 * MEGABYTE, 5, 0), 1);
	/* A limit so low is wrong at any speed. */
	ck_assert_uint_eq(after_a_day(4 * MEGABYTE, 0, 20), 1);
	/* Neither the clock nor the amount. */
	ck_assert_uint_eq(after_a_day(4 * MEGABYTE, 5, 40), 0);
}
END_TEST

SUITE_MAIN("rekey_habit", seen_shortly_before_it_was_due, repaired, a_new_negotiation_each_time,
	   changed_without_a_restart, changed_with_a_negotiation_each_time, by_hand, a_habit_at_the_limit,
	   a_backup_at_night)
