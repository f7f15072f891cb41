/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and the ceiling over them: what is named stays, what is not is made smaller, and what cannot fit is refused. */
#include "../../daemon/engine.h"
#include "../../daemon/memory_limits.h"
#include "../../daemon/report/json.h"
#include "../../daemon/report/standing.h"
#include "../sanitized.h"
#include "../suite.h"

#include <stdio.h>
#include <stdlib.h>
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
	       limits->pairs * (track.pair + judge.pair) + limits->ike * judge.ike +
	       (limits->pairs < judge.alerts_max ? limits->pairs : judge.alerts_max) * judge.alert;
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
	/* What is not named, and what does not count towards limits.memory, is not what it fails by. */
	ck_assert_ptr_nonnull(strstr(outcome.text, " 1024 flows "));
	ck_assert_ptr_null(strstr(outcome.text, "reporter"));
	ck_assert_uint_eq(config->limits.pairs, 500000);
	config_free(config);
	/* What it says can be copied, and is enough. */
	char copied[64] = "";
	ck_assert_int_eq(sscanf(strstr(outcome.text, "raise it to ") + strlen("raise it to "), "%63[^,]", copied), 1);
	char settings[128];
	snprintf(settings, sizeof(settings), "memory: %s, pairs: 500k", copied);
	config = config_of(settings);
	ck_assert(limits_fit(config, &outcome));
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

/* Octets that an engine with these tables maps. */
static uint64_t mapped_by(const struct config_limits *limits)
{
	struct config *config = config_default();
	struct record_sink nobody = { NULL, NULL };
	unsigned long before, after;

	ck_assert_ptr_nonnull(config);
	config->limits = *limits;
	ck_assert(config_seal(config));
	FILE *file = fopen("/proc/self/statm", "r");
	ck_assert_int_eq(fscanf(file, "%lu", &before), 1);
	fclose(file);
	struct engine_settings settings = { .config = config, .remember = true };
	struct engine *engine = engine_new(&settings, &nobody);
	ck_assert_ptr_nonnull(engine);
	file = fopen("/proc/self/statm", "r");
	ck_assert_int_eq(fscanf(file, "%lu", &after), 1);
	fclose(file);
	engine_free(engine);
	config_free(config);
	return (uint64_t)(after - before) * 4096;
}

/* Of each table by itself: what an entry more maps is what was reckoned, nothing is left out, and no more than a fifth of it is air. */
START_TEST(each_entry_is_reckoned)
{
	enum { BASE = 1 << 17 };
	/* The index is largest just behind a power of two, and smallest just there. */
	static const uint32_t sizes[] = { 1 << 21, (1 << 21) + 1, 3000000 };
	struct config_limits base = { BASE, BASE, BASE, BASE, 1000, UINT64_C(8) << 30, 0 };
	uint64_t base_mapped = mapped_by(&base), base_octets = octets_of(&base);

	/* A sanitizer keeps something beside whatever is allocated. */
	for (unsigned part = 0; part < 4 && !SANITIZED; part++)
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct config_limits limits = base;
			uint32_t *const entries[] = { &limits.flows, &limits.sas, &limits.ike, &limits.pairs };
			*entries[part] = part == 3 ? sizes[i] / 4 + sizes[i] % 4 : sizes[i];
			/* Huge pages are whole, and the index of what is compared with is at its smallest. */
			int64_t mapped = (int64_t)(mapped_by(&limits) - base_mapped);
			int64_t reckoned = (int64_t)(octets_of(&limits) - base_octets), pages = 12 << 20;
			ck_assert_msg(mapped <= reckoned + pages && mapped >= reckoned - reckoned / 5 - pages,
				      "part %u, %u entries: %lld octets mapped, %lld reckoned", part, sizes[i],
				      (long long)mapped, (long long)reckoned);
		}
}
END_TEST

static size_t line_of(const struct record *record)
{
	/* A name as long as can be. */
	char sensor[65], *line;

	memset(sensor, 'x', sizeof(sensor) - 1);
	sensor[sizeof(sensor) - 1] = '\0';
	line = record_to_json(record, sensor);
	ck_assert_ptr_nonnull(line);
	size_t length = strlen(line);
	free(line);
	return length;
}

/* The longest lines that the reporter may have to remember, and what a place for one costs besides. */
START_TEST(known_lines_are_reckoned)
{
	enum { PLACE = 192 };
	const int64_t time = INT64_C(1800000000123456789);
	struct record pair = { .type = RECORD_KNOWN_PAIR, .time_ns = time };
	struct record host = { .type = RECORD_KNOWN_HOST, .time_ns = time };
	struct record_known_pair *known = &pair.known_pair;

	memset(&known->a, 0xfd, sizeof(known->a));
	memset(&known->b, 0xfe, sizeof(known->b));
	known->realm = UINT32_MAX;
	known->interface = "fifteen-letters";
	known->vlan = 4094;
	known->beside_count = KNOWN_SERVICES;
	for (unsigned i = 0; i < KNOWN_SERVICES; i++)
		known->beside[i] = (struct known_service){ 17, 65535, false };
	for (unsigned d = 0; d < 2; d++) {
		struct known_direction *direction = &known->direction[d];
		direction->first_ns = direction->last_ns = time;
		direction->rekeys = direction->habit = UINT32_MAX;
		direction->remembered = direction->rekey_count = KNOWN_REKEYS;
		direction->sa_count = KNOWN_SAS;
		/* A week, and a terabyte. */
		for (unsigned i = 0; i < KNOWN_REKEYS; i++)
			direction->rekey[i] =
			    (struct known_rekey){ INT64_C(604800123456789), UINT64_C(1234567890123), 1 };
		for (unsigned i = 0; i < KNOWN_SAS; i++)
			direction->sa[i] = (struct known_spi){ UINT32_MAX, 50, false, time, time, time };
	}
	memset(&host.known_host.address, 0xfd, sizeof(struct address));
	memset(&host.known_host.first_peer, 0xfe, sizeof(struct address));
	host.known_host.takes = 0xff;
	host.known_host.last_ns = time;
	for (unsigned i = 0; i < 2; i++) {
		struct ike_suite *suite = i ? &host.known_host.chose : &host.known_host.offered;
		suite->major = 2;
		suite->count = IKE_SUITE_MAX;
		for (unsigned n = 0; n < IKE_SUITE_MAX; n++)
			suite->algorithms[n] = (struct ike_algorithm){ .kind = 2, .id = 65535, .key_length = 256 };
	}
	ck_assert_uint_le(line_of(&pair) + PLACE, STANDING_PAIR_OCTETS);
	ck_assert_uint_ge(line_of(&pair) + 2 * PLACE, STANDING_PAIR_OCTETS - PLACE);
	ck_assert_uint_le(line_of(&host) + PLACE, STANDING_HOST_OCTETS);
	ck_assert_uint_ge(line_of(&host) + 2 * PLACE, STANDING_HOST_OCTETS - PLACE);
}
END_TEST

SUITE_MAIN("memory_limits", what_is_not_named_is_made_smaller, what_is_named_stays, what_fits_is_left_alone,
	   what_cannot_fit_is_refused, evidence_counts, an_engine_maps_what_was_reckoned, each_entry_is_reckoned,
	   known_lines_are_reckoned)
