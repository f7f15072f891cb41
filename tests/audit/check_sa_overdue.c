/* SPDX-License-Identifier: Apache-2.0 */
/* rekey-overdue, told to the whole core: a habit of the clock that is broken, and what only looks like it. */
#include "../suite.h"
#include "sa_story.h"

#include <string.h>

#define MS STORY_MILLISECOND
#define S STORY_SECOND
#define MINUTE STORY_MINUTE

enum { A = SA_STORY_A };

static struct config *config;
static struct sa_story *story;

static void begin(uint64_t seed)
{
	config = story_policy(NULL);
	story = sa_story_new(seed);
	sa_story_negotiate(story, A);
}

/* Six SAs of so long each, with more and more traffic. */
static void by_a_clock_of(int64_t interval_ns)
{
	for (unsigned i = 0; i < 6; i++) {
		sa_story_talk(story, A, interval_ns, (200 + 90 * i) * MS);
		sa_story_rekey(story);
	}
}

static void by_the_clock(void)
{
	by_a_clock_of(30 * S);
}

/* Ends the story, and gives how often rekey-overdue was told in this state. */
static unsigned told(enum finding_state state, const char *words)
{
	struct story_options options = story_options(story_policy_of(config));
	struct sa_story_view view = { 0 };
	unsigned count = 0;

	options.end_ns = MINUTE;
	options.step_ns = S;
	struct story_script *script = sa_story_script(story, &view);
	struct story_result *result = story_tell(script, &options);
	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == FINDING_REKEY_OVERDUE && result->finding[i].state == state;
	if (words)
		ck_assert_msg(strstr(result->findings, words), "no '%s' in:\n%.6000s", words, result->findings);
	story_result_free(result);
	story_free(script);
	sa_story_free(story);
	story_policy_free(config);
	return count;
}

START_TEST(goes_on_for_many_intervals)
{
	begin(1);
	by_the_clock();
	sa_story_talk(story, A, 5 * MINUTE, S);
	ck_assert_uint_eq(told(FINDING_OPEN, "changed keys every 31 s"), 2);
}
END_TEST

START_TEST(is_over_once_rekeyed)
{
	begin(2);
	by_the_clock();
	sa_story_talk(story, A, 5 * MINUTE, S);
	sa_story_rekey(story);
	sa_story_talk(story, A, 30 * S, S);
	ck_assert_uint_eq(told(FINDING_CLEAR, "by=rekeyed"), 2);
}
END_TEST

START_TEST(a_habit_that_is_kept)
{
	begin(3);
	by_the_clock();
	sa_story_talk(story, A, 40 * S, S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 0);
}
END_TEST

START_TEST(no_habit_at_all)
{
	begin(4);
	sa_story_talk(story, A, 60 * MINUTE, S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 0);
}
END_TEST

/* As even in octets as in seconds: a limit of volume is reached later by a line that has less to do. */
START_TEST(a_limit_of_volume_on_a_quiet_line)
{
	begin(5);
	for (unsigned i = 0; i < 6; i++) {
		sa_story_talk(story, A, 30 * S, 300 * MS);
		sa_story_rekey(story);
	}
	sa_story_talk(story, A, 5 * MINUTE, 10 * S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 0);
}
END_TEST

/* Nobody uses the SA that is old. */
START_TEST(silence)
{
	begin(6);
	by_the_clock();
	sa_story_talk(story, A, 20 * S, S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 0);
}
END_TEST

/* The same with a habit so short that four intervals are over while the SA counts as one in use. */
START_TEST(silence_after_a_quick_habit)
{
	begin(7);
	by_a_clock_of(8 * S);
	sa_story_talk(story, A, 4 * S, S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 0);
}
END_TEST

START_TEST(a_quick_habit_that_is_broken)
{
	begin(8);
	by_a_clock_of(8 * S);
	sa_story_talk(story, A, 40 * S, S);
	ck_assert_uint_eq(told(FINDING_OPEN, NULL), 2);
}
END_TEST

SUITE_MAIN("sa_overdue", goes_on_for_many_intervals, is_over_once_rekeyed, a_habit_that_is_kept, no_habit_at_all,
	   a_limit_of_volume_on_a_quiet_line, silence, silence_after_a_quick_habit, a_quick_habit_that_is_broken)
