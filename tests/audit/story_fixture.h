/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of tests that tell a story and look at what came of it: fixture_begin(), sentences of story.h, tell(), what is
 * expected, end(). A program of this kind has one story at a time.
 */
#ifndef ESPIAL_TESTS_AUDIT_STORY_FIXTURE_H
#define ESPIAL_TESTS_AUDIT_STORY_FIXTURE_H

#include "../suite.h"
#include "story.h"

static struct config *config;
static struct story_script *script;
static struct story_options options;
static struct story_result *result;

/* An empty story, of which findings about leaks will be told. `policy` as in story_policy(). */
static inline void fixture_begin(const char *policy)
{
	config = story_policy(policy);
	script = story_new();
	options = story_options(story_policy_of(config));
	options.leaks_only = true;
	result = NULL;
}

/* Again and again, as the story grows or the options change. */
static inline void tell(void)
{
	story_result_free(result);
	result = story_tell(script, &options);
}

static inline void end(void)
{
	story_result_free(result);
	story_free(script);
	story_policy_free(config);
}

/* `part` stands in `text`, which is a part of the result, `count` times. */
static inline void has_times(const char *text, const char *part, size_t count)
{
	ck_assert_msg(story_count(text, part) == count, "%zu times, not %zu: %s\nin:\n%.4000s", story_count(text, part),
		      count, part, text);
}

#endif
