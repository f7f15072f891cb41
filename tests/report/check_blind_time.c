/* SPDX-License-Identifier: Apache-2.0 */
/* Blind time: engines that follow one another well or badly, interfaces that go, and what must not count as blind. */
#include "sample.h"
#include "../../daemon/report/blind_time.h"
#include "../suite.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

static struct blind_time *begin(int64_t since_minute, int64_t until_minute)
{
	const struct store_span span = { since_minute * MINUTE, until_minute * MINUTE };
	struct blind_time *blind = blind_time_new(&span);

	ck_assert_ptr_nonnull(blind);
	return blind;
}

static void look(struct blind_time *blind, int64_t engine_minute, int64_t minute)
{
	const struct store_look look = { .engine_ns = engine_minute * MINUTE, .time_ns = minute * MINUTE };

	blind_time_look(blind, &look);
}

static struct finding about(enum finding_id id, int64_t first_ns, int64_t time_ns)
{
	return (struct finding){
		.id = id, .state = FINDING_OPEN, .first_ns = first_ns, .last_ns = time_ns, .time_ns = time_ns
	};
}

static const struct blind_period *only(struct blind_time *blind, enum blind_why why, int64_t from_ns, int64_t until_ns)
{
	size_t count;
	const struct blind_period *periods = blind_time_periods(blind, &count);

	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(periods[0].why, why);
	ck_assert_int_eq(periods[0].from_ns, from_ns);
	ck_assert_int_eq(periods[0].until_ns, until_ns);
	ck_assert_int_eq(blind_time_total_ns(blind), until_ns - from_ns);
	return periods;
}

static void none(struct blind_time *blind)
{
	size_t count;

	blind_time_periods(blind, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(blind_time_total_ns(blind), 0);
	blind_time_free(blind);
}

START_TEST(one_engine_sees_all)
{
	struct blind_time *blind = begin(0, 100);

	for (int minute = 1; minute <= 100; minute += 5)
		look(blind, 1, minute);
	ck_assert_int_eq(blind_time_begin_ns(blind), MINUTE);
	none(blind);
	/* Looks that were late, or left out, say nothing of the engine, which went on. */
	blind = begin(0, 100);
	look(blind, 1, 5);
	look(blind, 1, 95);
	none(blind);
	/* Nothing is known of the time before the first. */
	blind = begin(0, 100);
	look(blind, 50, 55);
	none(blind);
}
END_TEST

START_TEST(down_from_the_last_word_to_the_next_engine)
{
	struct blind_time *blind = begin(0, 100);
	struct finding alive = about(FINDING_SENSOR_ALIVE, 22 * MINUTE, 22 * MINUTE);

	blind_time_told(blind, &alive);
	look(blind, 1, 20);
	look(blind, 40, 45);
	only(blind, BLIND_SENSOR_DOWN, 22 * MINUTE, 40 * MINUTE);
	blind_time_free(blind);
	/* An engine that ended well looked at its end: not a second is lost between that and the next. */
	blind = begin(0, 100);
	look(blind, 1, 20);
	look(blind, 20, 25);
	none(blind);
}
END_TEST

/* The engine ended between two looks, and the next one knows for how long nothing was seen. */
START_TEST(a_restart_is_as_long_as_it_says)
{
	struct blind_time *blind = begin(0, 100);
	struct finding restart = about(FINDING_ENGINE_RESTARTED, 23 * MINUTE, 23 * MINUTE + SECOND);

	finding_note_real(&restart, "unseen_seconds", 0.5);
	blind_time_told(blind, &restart);
	restart.state = FINDING_CLEAR;
	restart.evidence_count = 0;
	finding_note_real(&restart, "unseen_seconds", 1.25);
	blind_time_told(blind, &restart);
	look(blind, 1, 20);
	look(blind, 23, 25);
	only(blind, BLIND_ENGINE_RESTARTED, 23 * MINUTE, 23 * MINUTE + SECOND + SECOND / 4);
	blind_time_free(blind);
}
END_TEST

/* The engine was started again, and an hour later the whole machine went: both are told. */
START_TEST(a_restart_does_not_excuse_what_came_after_it)
{
	struct blind_time *blind = begin(0, 200);
	struct finding restart = about(FINDING_ENGINE_RESTARTED, 23 * MINUTE, 23 * MINUTE);
	size_t count;

	finding_note_real(&restart, "unseen_seconds", 2);
	blind_time_told(blind, &restart);
	look(blind, 1, 20);
	look(blind, 90, 95);
	const struct blind_period *periods = blind_time_periods(blind, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(periods[0].why, BLIND_ENGINE_RESTARTED);
	ck_assert_int_eq(periods[1].why, BLIND_SENSOR_DOWN);
	ck_assert_int_eq(periods[1].from_ns, 23 * MINUTE + 2 * SECOND);
	ck_assert_int_eq(periods[1].until_ns, 90 * MINUTE);
	blind_time_free(blind);
}
END_TEST

START_TEST(an_interface_is_blind_from_its_alert_to_its_end)
{
	struct blind_time *blind = begin(10, 100);
	struct finding down = about(FINDING_CAPTURE_DOWN, 30 * MINUTE, 30 * MINUTE);

	down.alert = 7;
	down.interface = "eth1";
	look(blind, 1, 5);
	blind_time_told(blind, &down);
	down.state = FINDING_UPDATE;
	down.time_ns = 32 * MINUTE;
	blind_time_told(blind, &down);
	down.state = FINDING_CLEAR;
	down.time_ns = 40 * MINUTE;
	blind_time_told(blind, &down);
	look(blind, 1, 99);
	ck_assert_str_eq(only(blind, BLIND_CAPTURE_DOWN, 30 * MINUTE, 40 * MINUTE)->interface, "eth1");
	blind_time_free(blind);
	/* One that is not back lasts to the end; and two at once count once. */
	blind = begin(10, 100);
	struct finding silent = about(FINDING_CAPTURE_SILENT, 5 * MINUTE, 12 * MINUTE);
	silent.alert = 8;
	blind_time_told(blind, &silent);
	down = about(FINDING_CAPTURE_DOWN, 90 * MINUTE, 91 * MINUTE);
	down.alert = 9;
	blind_time_told(blind, &down);
	look(blind, 1, 99);
	ck_assert_int_eq(blind_time_total_ns(blind), 90 * MINUTE);
	blind_time_free(blind);
}
END_TEST

/* Of which only the end was told in the span, since somebody knew of it. */
START_TEST(an_outage_that_began_before)
{
	struct blind_time *blind = begin(10, 100);
	struct finding down = about(FINDING_CAPTURE_DOWN, 2 * MINUTE, 30 * MINUTE);

	down.interface = "eth1";
	down.state = FINDING_CLEAR;
	blind_time_told(blind, &down);
	const struct blind_period *period = only(blind, BLIND_CAPTURE_DOWN, 10 * MINUTE, 30 * MINUTE);
	ck_assert_str_eq(period->interface, "eth1");
	blind_time_free(blind);
}
END_TEST

START_TEST(what_is_outside_the_span_is_left_out)
{
	struct blind_time *blind = begin(50, 100);

	look(blind, 1, 20);
	look(blind, 40, 60);
	none(blind);
	blind = begin(30, 100);
	look(blind, 1, 20);
	look(blind, 40, 60);
	only(blind, BLIND_SENSOR_DOWN, 30 * MINUTE, 40 * MINUTE);
	blind_time_free(blind);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_counted)
{
	struct blind_time *blind = begin(0, INT64_C(1) << 20);
	size_t count;

	for (int i = 1; i <= BLIND_PERIODS_MAX + 10; i++)
		look(blind, 10 * i, 10 * i + 5);
	blind_time_periods(blind, &count);
	ck_assert_uint_eq(count, BLIND_PERIODS_MAX);
	ck_assert_uint_eq(blind_time_left_out(blind), 9);
	blind_time_free(blind);
}
END_TEST

SUITE_MAIN("blind_time", one_engine_sees_all, down_from_the_last_word_to_the_next_engine,
	   a_restart_is_as_long_as_it_says, a_restart_does_not_excuse_what_came_after_it,
	   an_interface_is_blind_from_its_alert_to_its_end, an_outage_that_began_before,
	   what_is_outside_the_span_is_left_out, more_than_there_is_room_for_is_counted)
