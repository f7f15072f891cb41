/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and the ceiling over them: what is named stays, what is not is made smaller, and what cannot fit is refused. */
#include "../../daemon/engine.h"
#include "../../daemon/memory_limits.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

static struct config *config_of(const char *limits)
{
	struct config_error error;
	char text[256];

	snprintf(text, sizeof(text), "limits: { %s }\n", limits);
	struct config *config = config_parse("test", text, strlen(text), &error);
	ck_assert_msg(config, "%s", error.text);
	return config;
}

/* Octets that an engine with these limits maps for its tables, by the tables' own account of what an entry costs. */
static uint64_t octets_of(const struct config_limits *limits)
{
	struct track_costs track = track_costs();
	struct judge_costs judge = judge_costs();

	return limits->flows * track.flow + limits->sas * (track.sa + judge.sa) +
	       limits->pairs * (track.pair + judge.pair) + limits->ike * judge.ike;
}

START_TEST(what_is_not_named_is_made_smaller)
{
	struct config *config = config_of("memory: 256MiB");
	struct config_limits before = config->limits;
	struct limits_outcome outcome;

	ck_assert_uint_gt(octets_of(&before), config->limits.memory);
	ck_assert(limits_fit(config, &outcome));
	ck_assert(outcome.scaled);
	ck_assert_uint_le(octets_of(&config->limits), config->limits.memory);
	ck_assert_uint_gt(octets_of(&config->limits), config->limits.memory / 10 * 9);
	ck_assert_uint_lt(config->limits.pairs, before.pairs);
	ck_assert_uint_gt(config->limits.pairs, 1024);
	ck_assert_uint_le(config->limits.learned, config->limits.pairs);
	ck_assert_ptr_nonnull(strstr(outcome.text, "limits.memory is 268.4 MB"));
	/* Once they fit nothing changes any more. */
	before = config->limits;
	ck_assert(limits_fit(config, &outcome));
	ck_assert(!outcome.scaled);
	ck_assert_uint_eq(config->limits.pairs, before.pairs);
	config_free(config);
}
END_TEST

START_TEST(what_is_named_stays)
{
	struct config *config = config_of("memory: 300MiB, sas: 150k");
	struct limits_outcome outcome;

	ck_assert(limits_fit(config, &outcome));
	ck_assert(outcome.scaled);
	ck_assert_uint_eq(config->limits.sas, 150000);
	ck_assert_uint_lt(config->limits.flows, 1000000);
	ck_assert_uint_le(octets_of(&config->limits), config->limits.memory);
	config_free(config);
}
END_TEST

START_TEST(what_fits_is_left_alone)
{
	struct config *config = config_of("memory: 8GiB");
	struct limits_outcome outcome;

	ck_assert(limits_fit(config, &outcome));
	ck_assert(!outcome.scaled);
	ck_assert_uint_eq(config->limits.flows, 1000000);
	ck_assert_uint_eq(config->limits.pairs, 200000);
	ck_assert_ptr_nonnull(strstr(outcome.text, "200000 pairs"));
	config_free(config);
}
END_TEST

START_TEST(what_cannot_fit_is_refused)
{
	struct config *config = config_of("memory: 256MiB, pairs: 500k");
	struct limits_outcome outcome;

	ck_assert(!limits_fit(config, &outcome));
	ck_assert_ptr_nonnull(strstr(outcome.text, "raise it to"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "500000 pairs"));
	ck_assert_uint_eq(config->limits.pairs, 500000);
	config_free(config);
	/* The smallest that can be said holds little, but all of it. */
	config = config_of("memory: 16MiB");
	ck_assert(limits_fit(config, &outcome));
	ck_assert_uint_ge(config->limits.flows, 1024);
	config_free(config);
}
END_TEST

/* What evidence remembers of each interface is taken out of what tables may have; without a folder it is nothing. */
START_TEST(evidence_counts)
{
	static const char text[] = "capture: [ { interface: a }, { interface: b } ]\n"
				   "report: { evidence: { dir: /var/lib/espial/evidence, memory: 64MiB } }\n"
				   "limits: { memory: 400MiB }\n";
	struct config_error error;
	struct config *config = config_parse("test", text, strlen(text), &error);
	struct limits_outcome outcome;

	ck_assert_msg(config, "%s", error.text);
	ck_assert(limits_fit(config, &outcome));
	ck_assert_uint_le(octets_of(&config->limits), config->limits.memory - (128 << 20));
	ck_assert_uint_gt(octets_of(&config->limits), (config->limits.memory - (128 << 20)) / 10 * 9);
	ck_assert_ptr_nonnull(strstr(outcome.text, "report.evidence 134.2 MB"));
	config->limits.memory = 128 << 20;
	ck_assert(!limits_fit(config, &outcome));
	ck_assert_ptr_nonnull(strstr(outcome.text, "report.evidence 134.2 MB"));
	config_free(config);
	config = config_of("memory: 400MiB");
	ck_assert(limits_fit(config, &outcome));
	ck_assert_ptr_null(strstr(outcome.text, "report.evidence"));
	config_free(config);
}
END_TEST

/* The account is true: an engine that is made by it maps no more for its tables than the ceiling, and a fifth for the rest. */
START_TEST(an_engine_maps_what_was_reckoned)
{
	struct config *config = config_of("memory: 400MiB");
	struct limits_outcome outcome;
	struct record_sink nobody = { NULL, NULL };
	unsigned long before, after;

	ck_assert(limits_fit(config, &outcome));
	ck_assert(config_seal(config));
	FILE *file = fopen("/proc/self/statm", "r");
	ck_assert_int_eq(fscanf(file, "%lu", &before), 1);
	fclose(file);
	struct engine_settings settings = { .config = config };
	struct engine *engine = engine_new(&settings, &nobody);
	ck_assert_ptr_nonnull(engine);
	file = fopen("/proc/self/statm", "r");
	ck_assert_int_eq(fscanf(file, "%lu", &after), 1);
	fclose(file);
	uint64_t mapped = (uint64_t)(after - before) * 4096;
	ck_assert_msg(mapped < config->limits.memory + config->limits.memory / 5 + (96 << 20), "%llu octets mapped",
		      (unsigned long long)mapped);
	engine_free(engine);
	config_free(config);
}
END_TEST

SUITE_MAIN("memory_limits", what_is_not_named_is_made_smaller, what_is_named_stays, what_fits_is_left_alone,
	   what_cannot_fit_is_refused, evidence_counts, an_engine_maps_what_was_reckoned)
