/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of tests that tell life stories of SAs: begin(), sentences of sa_story.h, tell(), what is expected, end(). */
#ifndef ESPIAL_TESTS_AUDIT_SA_FIXTURE_H
#define ESPIAL_TESTS_AUDIT_SA_FIXTURE_H

#include "../suite.h"
#include "sa_story.h"

#define MS STORY_MILLISECOND
#define S STORY_SECOND
#define MINUTE STORY_MINUTE
#define HOUR STORY_HOUR

enum { A = SA_STORY_A, B = SA_STORY_B };

static struct config *config;
static struct sa_story *story;
static struct sa_story_view view;
static struct story_script *script;
static struct story_result *result;

/* Two peers that have talked for half a minute. */
static inline void begin(uint64_t seed)
{
	if (!config)
		config = story_policy(NULL);
	story = sa_story_new(seed);
	view = (struct sa_story_view){ 0 };
	sa_story_negotiate(story, A);
	sa_story_talk(story, A, 30 * S, 300 * MS);
}

static inline void tell(void)
{
	struct story_options options = story_options(story_policy_of(config));

	options.flows = options.ike = options.pairs = options.judged_pairs = 16;
	options.sas = 128;
	options.end_ns = MINUTE;
	options.step_ns = S;
	script = sa_story_script(story, &view);
	result = story_tell(script, &options);
}

static inline void end(void)
{
	story_result_free(result);
	story_free(script);
	sa_story_free(story);
}

/* Findings about SPIs and their sequence numbers; the story's IKE is others' concern. */
static inline bool concerns(enum finding_id id)
{
	return id == FINDING_BAD_SPI || id == FINDING_ESP_REPLAY || id == FINDING_ESP_SEQUENCE_RESET ||
	       id == FINDING_ESP_SEQUENCE_NEAR_WRAP || id == FINDING_REKEY_TOO_OFTEN || id == FINDING_READABLE_ESP ||
	       id == FINDING_MIRROR_DOUBLED || id == FINDING_INTEGRITY_ONLY || id == FINDING_ESP_64_BIT_BLOCK ||
	       id == FINDING_CLEARTEXT_LEAK;
}

static inline unsigned opened(enum finding_id id)
{
	unsigned count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == id && result->finding[i].state == FINDING_OPEN;
	return count;
}

static inline enum finding_severity worst(enum finding_id id, uint32_t spi)
{
	enum finding_severity severity = SEVERITY_COUNT;

	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == id && (!spi || result->finding[i].spi == spi) &&
		    result->finding[i].severity < severity)
			severity = result->finding[i].severity;
	return severity;
}

#endif
