/* SPDX-License-Identifier: Apache-2.0 */
/* Processors that the configuration asks for: dealt out, written, tried on the machine that the test runs on. */
#include "../../config/config.h"
#include "../../daemon/processors.h"
#include "../../daemon/team.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct config *parse(const char *yaml)
{
	struct config_error error;
	struct config *config = config_parse("t.yaml", yaml, strlen(yaml), &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	return config;
}

static const char *share(const struct processors *all, unsigned index, unsigned count)
{
	static char text[PROCESSORS_TEXT_SIZE];
	struct processors part;

	processors_share(all, index, count, &part);
	return processors_text(&part, text);
}

START_TEST(each_worker_has_its_part)
{
	struct config *config = parse("capture:\n"
				      "  - { interface: a, pin: [6, 2-4] }\n"
				      "  - { interface: b }\n"
				      "  - { interface: c, pin: [3, 9] }\n");
	struct processors all, none = { .count = 0 };
	char text[PROCESSORS_TEXT_SIZE];

	processors_asked(config, &all);
	ck_assert_uint_eq(all.count, 5);
	ck_assert_uint_eq(all.list[0], 6);
	ck_assert_str_eq(processors_text(&all, text), "2-4,6,9");
	ck_assert_str_eq(share(&all, 0, 1), "2-4,6,9");
	ck_assert_str_eq(share(&all, 0, 2), "3,6,9"); /* the first, third and fifth of 6, 2, 3, 4, 9 */
	ck_assert_str_eq(share(&all, 1, 2), "2,4");
	ck_assert_str_eq(share(&all, 4, 5), "9");
	ck_assert_str_eq(share(&all, 5, 8), "6"); /* more workers than processors */
	ck_assert_str_eq(share(&all, 7, 8), "3");
	ck_assert_str_eq(share(&none, 1, 2), "");
	config_free(config);
}
END_TEST

START_TEST(long_lists_end_in_dots)
{
	struct processors every_other = { .count = 0 };
	char text[PROCESSORS_TEXT_SIZE];

	for (unsigned number = 0; number < PROCESSORS_MAX; number += 2)
		every_other.list[every_other.count++] = (uint16_t)number;
	processors_text(&every_other, text);
	ck_assert_uint_lt(strlen(text), sizeof(text));
	ck_assert_str_eq(text + strlen(text) - 4, ",...");
	ck_assert_int_eq(strncmp(text, "0,2,4,6,", 8), 0);
}
END_TEST

START_TEST(order_makes_no_difference)
{
	struct processors one = { { 1, 2 }, 2 }, other = { { 2, 1 }, 2 }, third = { { 2, 3 }, 2 };

	ck_assert(processors_same(&one, &other));
	ck_assert(!processors_same(&one, &third));
}
END_TEST

/* Nothing of the machine is changed by the question, and what is not there is told by its place. */
START_TEST(what_is_not_there_is_told)
{
	struct processors before, after;
	struct config *config;
	char yaml[128], problem[PROCESSORS_PROBLEM_SIZE];

	processors_of(0, &before);
	ck_assert_uint_gt(before.count, 0);
	snprintf(yaml, sizeof(yaml), "capture:\n  - interface: a\n    pin: [%u]\n", before.list[0]);
	config = parse(yaml);
	ck_assert(processors_check(config, problem, sizeof(problem)));
	ck_assert_str_eq(problem, "");
	config_free(config);

	snprintf(yaml, sizeof(yaml),
		 "capture:\n  - interface: a\n  - interface: b\n    pin:\n      - %u\n      - 1000-1001\n",
		 before.list[0]);
	config = parse(yaml);
	ck_assert(!processors_check(config, problem, sizeof(problem)));
	ck_assert_msg(
	    strstr(problem, "t.yaml:6: capture[1].pin[1]: there is no processor 1000 here; espiald may run on ") ==
		problem,
	    "%s", problem);
	config_free(config);
	processors_of(0, &after);
	ck_assert(processors_same(&before, &after));

	config = parse("capture:\n  - interface: a\n");
	ck_assert(processors_check(config, problem, sizeof(problem)));
	config_free(config);
}
END_TEST

START_TEST(a_thread_goes_where_it_may)
{
	struct processors before, one, now, nowhere = { { 1023 }, 1 }, none = { .count = 0 };

	processors_of(0, &before);
	one = (struct processors){ { before.list[before.count - 1] }, 1 };
	ck_assert(processors_take(&one));
	processors_of(0, &now);
	ck_assert(processors_same(&one, &now));
	ck_assert(!processors_take(&nowhere));
	ck_assert(!processors_take(&none));
	processors_of(0, &now);
	ck_assert(processors_same(&one, &now));
	ck_assert(processors_take(&before));
}
END_TEST

/* ---- jobs together ---- */

static void sleep_longer(void *context, int job, unsigned index)
{
	struct timespec time = { .tv_nsec = (long)index * 20000000 };
	unsigned *done = context;

	nanosleep(&time, NULL);
	done[index] += (unsigned)job;
}

START_TEST(who_waits_for_whom)
{
	enum { TRIES = 10, LEAST_NS = 79000000 };
	unsigned done[3];
	struct team *team = NULL;

	/* A busy machine may lend the first one's processor to others while its part is timed: then once more. */
	for (int i = 0; i < TRIES && (!team || team_waited_ns(team, 0) < LEAST_NS); i++) {
		team_free(team);
		memset(done, 0, sizeof(done));
		team = team_new(3, sleep_longer, done);
		ck_assert_ptr_nonnull(team);
		team_do(team, 5);
		team_do(team, 2);
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(done[i], 7);
	/* The last one of three slept 40 ms each time, the first not at all. */
	ck_assert_int_ge(team_together_ns(team), 80000000);
	ck_assert_int_ge(team_waited_ns(team, 0), LEAST_NS);
	ck_assert_int_ge(team_waited_ns(team, 0), team_waited_ns(team, 1));
	ck_assert_int_ge(team_waited_ns(team, 1), team_waited_ns(team, 2));
	ck_assert_int_ge(team_waited_ns(team, 2), 0);
	ck_assert_int_eq(team_thread(team, 0), gettid());
	ck_assert_int_ne(team_thread(team, 1), team_thread(team, 2));
	team_free(team);
}
END_TEST

SUITE_MAIN("processors", each_worker_has_its_part, long_lists_end_in_dots, order_makes_no_difference,
	   what_is_not_there_is_told, a_thread_goes_where_it_may, who_waits_for_whom)
