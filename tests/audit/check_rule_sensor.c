/* SPDX-License-Identifier: Apache-2.0 */
/* table-full: one alert while anything has to make room, with what did, and its end after a minute without. */
#include "story_fixture.h"

#include <string.h>

#define S STORY_SECOND

/* Small tables, time going on for three minutes. */
static void begin(void)
{
	fixture_begin(NULL);
	options.leaks_only = false;
	options.sas = 8;
	options.ike = 8;
	options.batch = 1; /* no batch spans a pause */
	options.end_ns = 180 * S;
	options.step_ns = S;
}

static const struct finding *told(unsigned number)
{
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == FINDING_TABLE_FULL && number-- == 0)
			return &result->finding[i];
	return NULL;
}

static int64_t figure(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0)
			return finding->evidence[i].integer;
	ck_abort_msg("no %s", key);
	return 0;
}

/* So many SPIs, four of each second. */
static void spray(unsigned count)
{
	struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1000);

	for (unsigned i = 0; i < count; i++) {
		sa.spi++;
		story_esp(script, &sa, 100);
		story_wait(script, 250 * STORY_MILLISECOND);
	}
}

START_TEST(opens_once_and_ends)
{
	for (unsigned trackers = 1; trackers <= 2; trackers++) {
		begin();
		spray(100);
		options.trackers = trackers;
		tell();
		ck_assert_int_eq(told(0)->state, FINDING_OPEN);
		const struct finding *last = told(1);
		ck_assert_int_eq(last->state, FINDING_CLEAR);
		ck_assert_str_eq(last->cleared_by, "room-again");
		ck_assert_ptr_null(told(2));
		ck_assert_int_eq(figure(last, "sas"), 92);
		ck_assert_int_eq(figure(last, "ike_sas"), 0);
		ck_assert_int_ge(last->time_ns - last->last_ns, 60 * S);
		ck_assert_int_le(last->time_ns - last->last_ns, 61 * S);
		ck_assert_uint_eq(result->judge.open, 0);
		end();
	}
}
END_TEST

/* A sensor that has run for months has tables full of the past: that an SA of this morning makes room is no lack of it. */
START_TEST(the_past_makes_room_in_silence)
{
	struct story_sa out = story_sa("192.0.2.1", "198.51.100.1", 0x1000),
			back = story_sa("198.51.100.1", "192.0.2.1", 0x2000);

	begin();
	for (unsigned hour = 0; hour < 40; hour++) {
		out.spi++, back.spi++;
		out.sequence = back.sequence = 0;
		for (unsigned i = 0; i < 6; i++) {
			story_esp(script, i < 3 ? &out : &back,
				  100); /* one packet alone would be the first to make room */
			story_wait(script, S);
		}
		struct story_ike ike = { .src = story_host("192.0.2.1"),
					 .dst = story_host("198.51.100.1"),
					 .initiator_spi = hour + 1,
					 .major = 2,
					 .exchange = 34,
					 .flags = 8 };
		story_ike(script, &ike);
		story_wait(script, 61 * STORY_MINUTE);
	}
	tell();
	ck_assert_uint_gt(result->track.sas_evicted, 50);
	ck_assert_uint_gt(result->ike_evicted, 20);
	ck_assert_ptr_null(told(0));
	end();
}
END_TEST

START_TEST(a_pause_shorter_than_a_minute_does_not_end_it)
{
	begin();
	spray(40);
	story_wait(script, 50 * S);
	spray(40);
	tell();
	ck_assert_int_eq(told(1)->state, FINDING_CLEAR);
	ck_assert_int_eq(figure(told(1), "sas"), 72);
	ck_assert_ptr_null(told(2));
	end();
}
END_TEST

/* What is told after an end counts anew. */
START_TEST(opens_again)
{
	begin();
	spray(40);
	story_wait(script, 90 * S);
	spray(40);
	tell();
	ck_assert_int_eq(told(1)->state, FINDING_CLEAR);
	/* What had to make room in the last second before the pause is noticed behind it. */
	int64_t first = figure(told(1), "sas");
	ck_assert_int_ge(first, 28);
	ck_assert_int_le(first, 32);
	ck_assert_int_eq(told(2)->state, FINDING_OPEN);
	ck_assert_int_eq(figure(told(3), "sas"), 72 - first);
	ck_assert_int_eq(told(3)->state, FINDING_CLEAR);
	end();
}
END_TEST

/* The judge's own table: no worker tells of it. */
START_TEST(ike_sas)
{
	begin();
	for (unsigned i = 0; i < 100; i++) {
		story_ikev2(script, "192.0.2.1", "198.51.100.1", 0x1000 + i, true);
		story_wait(script, 250 * STORY_MILLISECOND);
	}
	tell();
	ck_assert_int_eq(told(0)->state, FINDING_OPEN);
	ck_assert_int_eq(told(1)->state, FINDING_CLEAR);
	ck_assert_int_eq(figure(told(1), "ike_sas"), (int64_t)result->ike_evicted);
	ck_assert_int_eq(figure(told(1), "ike_sas"), 92);
	ck_assert_int_eq(figure(told(1), "sas"), 0);
	end();
}
END_TEST

SUITE_MAIN("rule_sensor", opens_once_and_ends, the_past_makes_room_in_silence,
	   a_pause_shorter_than_a_minute_does_not_end_it, opens_again, ike_sas)
