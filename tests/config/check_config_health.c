/* SPDX-License-Identifier: Apache-2.0 */
/* config_health.c: when the sensor calls itself blind, for all interfaces and for one; and what that may not be. */
#include "config/config.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

static struct config *parse(const char *yaml, struct config_error *error)
{
	return config_parse("t.yaml", yaml, strlen(yaml), error);
}

START_TEST(all_of_it)
{
	struct config_error error;
	struct config *config = parse("capture:\n"
				      "  - { interface: eth1, silent-after: 90s }\n"
				      "  - { interface: eth2, silent-after: never }\n"
				      "  - { interface: eth3, silent-after: auto }\n"
				      "  - { interface: eth4 }\n"
				      "health:\n"
				      "  down-after: 5s\n"
				      "  silent-after: 2min\n"
				      "  drops: 2.5%\n"
				      "  merged-frames: 1k\n"
				      "  one-way: 20\n"
				      "  clock-step: 500ms\n"
				      "  over-after: 10min\n",
				      &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert_int_eq(config->interfaces[0].silent_after_ns, 90 * SECOND);
	ck_assert_int_lt(config->interfaces[1].silent_after_ns, 0);
	ck_assert_int_eq(config->interfaces[2].silent_after_ns, 0);
	ck_assert_int_eq(config->interfaces[3].silent_after_ns, 0);
	const struct config_health *health = &config->health;
	ck_assert_int_eq(health->down_after_ns, 5 * SECOND);
	ck_assert_int_eq(health->silent_after_ns, 120 * SECOND);
	ck_assert_uint_eq(health->drops, 25000);
	ck_assert_uint_eq(health->merged_frames, 1000);
	ck_assert_uint_eq(health->one_way, 20);
	ck_assert_int_eq(health->clock_step_ns, SECOND / 2);
	ck_assert_int_eq(health->over_after_ns, 600 * SECOND);
	config_free(config);
}
END_TEST

START_TEST(nothing_of_it)
{
	static const char *const files[] = { "sensor: s\n", "health:\n", "health: {}\n" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config_error error;
		struct config *config = parse(files[i], &error);
		ck_assert_msg(config != NULL, "%s", error.text);
		ck_assert_int_eq(config->health.down_after_ns, 2 * SECOND);
		ck_assert_int_eq(config->health.silent_after_ns, 60 * SECOND);
		ck_assert_uint_eq(config->health.drops, 1000);
		ck_assert_uint_eq(config->health.merged_frames, 10);
		ck_assert_uint_eq(config->health.one_way, 5);
		ck_assert_int_eq(config->health.clock_step_ns, 2 * SECOND);
		ck_assert_int_eq(config->health.over_after_ns, 60 * SECOND);
		config_free(config);
	}
}
END_TEST

START_TEST(switched_off)
{
	struct config_error error;
	struct config *config = parse("health: { drops: none, merged-frames: none, one-way: none }\n", &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert_uint_eq(config->health.drops, 0);
	ck_assert_uint_eq(config->health.merged_frames, 0);
	ck_assert_uint_eq(config->health.one_way, 0);
	config_free(config);
}
END_TEST

START_TEST(shares)
{
	static const struct {
		const char *text;
		uint32_t millionths; /* 0: no share */
	} cases[] = {
		{ "100%", 1000000 }, { "0.0001%", 1 },  { "0.1%", 1000 }, { "12.3456%", 123456 }, { "007%", 70000 },
		{ "0.10%", 1000 },   { "0%", 0 },       { "101%", 0 },    { "0.00001%", 0 },      { "1", 0 },
		{ "%", 0 },          { ".5%", 0 },      { "5.%", 0 },     { "-1%", 0 },           { "1 %", 0 },
		{ "1%%", 0 },        { "4295000%", 0 }, { "1e1%", 0 },    { "99999999999%", 0 },  { "all", 0 },
	};
	char yaml[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_error error;
		snprintf(yaml, sizeof(yaml), "health: { drops: '%s' }\n", cases[i].text);
		struct config *config = parse(yaml, &error);
		ck_assert_msg((config != NULL) == (cases[i].millionths != 0), "'%s'", cases[i].text);
		if (config)
			ck_assert_uint_eq(config->health.drops, cases[i].millionths);
		else
			ck_assert_msg(strstr(error.text, "t.yaml:1: health.drops: '") == error.text, "%s", error.text);
		config_free(config);
	}
}
END_TEST

START_TEST(mistakes)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{ "health: { downafter: 2s }\n", "t.yaml:1: health.downafter: 'downafter' is not a known key: did you "
						 "mean 'down-after'?" },
		{ "health: { down-after: 0s }\n", "t.yaml:1: health.down-after: '0s' is out of range: 1s to 1h" },
		{ "health:\n  silent-after: soon\n", "t.yaml:2: health.silent-after: 'soon' is not a duration" },
		{ "health: { clock-step: 1ms }\n", "100ms to 1d" },
		{ "health: { over-after: 2d }\n", "1s to 1d" },
		{ "health: { merged-frames: 0 }\n", "health.merged-frames: '0' is out of range: 1 to 1M, or 'none'" },
		{ "health: { one-way: -1 }\n", "health.one-way: '-1' is not a count" },
		{ "health: { drops: some }\n",
		  "health.drops: 'some' is not a share: a number and %, as in 0.1% or 25%" },
		{ "capture:\n  - interface: eth1\n    silent-after: 0s\n",
		  "t.yaml:3: capture[0].silent-after: '0s' is out of range: 1s to 30d, 'auto' or 'never' is possible" },
		{ "capture: [{ interface: eth1, silent-after: none }]\n", "capture[0].silent-after: 'none' is not a" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_error error;
		ck_assert_ptr_null(parse(cases[i].yaml, &error));
		ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s", error.text);
	}
}
END_TEST

SUITE_MAIN("config_health", all_of_it, nothing_of_it, switched_off, shares, mistakes)
