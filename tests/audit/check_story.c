/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The property that the design promises (DESIGN section 2): one worker or many, whatever the batches, the same findings
 * come of the same traffic. Random stories of ESP, clear bursts, IKE and pauses over several pairs are told in many ways.
 *
 * Stories leave out what does not hold by design: frames of one pair that are late belong to one worker (its time does not
 * run back, that of another may differ), and a gateway's decapsulated copies have to be seen by the gateway's own worker.
 */
#include "../suite.h"
#include "story.h"

#include <stdio.h>
#include <string.h>

#define POLICY                                                                                                         \
	"  rules:\n"                                                                                                   \
	"    - { name: r, between: [192.0.2.0/25, 198.51.100.0/24], level: require, allow: [tcp/179, dns] }\n"         \
	"    - { name: q, between: [192.0.2.128/26, 198.51.100.0/24], level: request }\n"                              \
	"    - { name: s, between: [192.0.2.192/26, 198.51.100.0/24], level: respond }\n"                              \
	"    - { name: t, between: [10.1.0.0/16, 10.2.0.0/16], level: require, gateways: [192.0.2.1, 198.51.100.1] "   \
	"}\n"

enum { STORIES = 2000, PAIRS = 6, ACTS_MAX = 60 };

struct random {
	uint64_t state;
};

static uint32_t below(struct random *random, uint32_t limit)
{
	random->state = random->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random->state >> 33) % limit;
}

static const struct {
	const char *a, *b;
} pairs[PAIRS] = {
	{ "192.0.2.1", "198.51.100.1" },   /* rule r, and the gateways of t */
	{ "192.0.2.2", "198.51.100.2" },   /* r */
	{ "192.0.2.130", "198.51.100.1" }, /* q */
	{ "192.0.2.200", "198.51.100.1" }, /* s */
	{ "203.0.113.1", "203.0.113.2" },  /* to be learned */
	{ "10.1.0.5", "10.2.0.5" },        /* behind the gateways */
};

static const struct story_name names[] = {
	{ .port = 53, .app = 5, .name = "DNS", .after = 1 },
	{ .port = 8000, .app = 7, .name = "HTTP", .credentials = true, .after = 1 },
};

static struct story_script *write_story(uint64_t seed)
{
	static const int64_t pauses[] = { 0,
					  1,
					  STORY_MILLISECOND,
					  300 * STORY_MILLISECOND,
					  STORY_SECOND,
					  2 * STORY_SECOND,
					  3 * STORY_SECOND,
					  5 * STORY_SECOND,
					  11 * STORY_SECOND,
					  61 * STORY_SECOND,
					  301 * STORY_SECOND };
	static const uint16_t ports[] = { 80, 443, 53, 8000, 179, 22 };
	struct story_script *script = story_new();
	struct random random = { seed * 2 + 1 };
	struct story_sa sas[PAIRS][2];
	uint32_t acts = 5 + below(&random, ACTS_MAX);

	for (unsigned p = 0; p < PAIRS; p++) {
		sas[p][0] = story_sa(pairs[p].a, pairs[p].b, 0x1000 + p);
		sas[p][1] = story_sa(pairs[p].b, pairs[p].a, 0x2000 + p);
	}
	for (uint32_t act = 0; act < acts; act++) {
		uint32_t p = below(&random, PAIRS), what = below(&random, 10), count = 1 + below(&random, 8);
		int64_t gap = pauses[below(&random, 5)];
		struct story_stream stream =
		    story_stream(pairs[p].a, pairs[p].b, below(&random, 2) ? 6 : 17, ports[below(&random, 6)]);
		stream.client_port = 60000;
		bool inside = p == PAIRS - 1;
		/* Several pairs at the same instants: the order among them is what a capture made of it. */
		uint32_t second = below(&random, PAIRS);
		for (uint32_t i = 0; i < count; i++) {
			if (what < 4 && !inside) {
				story_esp(script, &sas[p][0], 100 + below(&random, 200));
				if (below(&random, 4))
					story_esp(script, &sas[p][1], 100 + below(&random, 200));
			} else if (what < 7) {
				/* Larger than any ESP packet here: no copy of a gateway's. */
				story_send(script, &stream, below(&random, 3) == 0, 600 + below(&random, 300));
			} else if (what == 7 && !inside) {
				story_ikev2(script, below(&random, 2) ? pairs[p].a : pairs[p].b,
					    below(&random, 2) ? pairs[p].b : pairs[p].a, 0x100 + act,
					    below(&random, 2));
				break;
			} else if (what == 8) {
				struct address a = story_host(pairs[p].a), b = story_host(pairs[p].b);
				story_echo(script, &a, &b, below(&random, 2) ? 32 : 600);
			} else {
				story_wait(script, pauses[below(&random, sizeof(pauses) / sizeof(pauses[0]))]);
			}
			if (second != PAIRS - 1 && second != p)
				story_esp(script, &sas[second][below(&random, 2)], 150);
			story_wait(script, gap);
		}
	}
	return script;
}

static void same(const struct story_script *script, const struct story_options *options, const char *findings,
		 uint64_t seed, const char *way)
{
	struct story_result *result = story_tell(script, options);

	ck_assert_uint_eq(result->lost, 0);
	ck_assert_msg(strcmp(result->findings, findings) == 0, "story %llu, %s:\n%s\ninstead of\n%s",
		      (unsigned long long)seed, way, result->findings, findings);
	story_result_free(result);
}

START_TEST(the_same_findings_however_told)
{
	struct config *config = story_policy(POLICY);
	size_t findings = 0, stories = 0;

	for (uint64_t seed = 0; seed < STORIES; seed++) {
		struct story_script *script = write_story(seed);
		struct story_options plain = story_options(story_policy_of(config)), other;
		plain.flows = plain.sas = plain.ike = plain.pairs = plain.judged_pairs = 64;
		plain.names = names;
		plain.name_count = sizeof(names) / sizeof(names[0]);
		plain.end_ns = below(&(struct random){ seed }, 2) ? 10 * STORY_MINUTE : 0;
		struct story_result *first = story_tell(script, &plain);
		findings += first->finding_count;
		stories += first->finding_count > 0;

		other = plain;
		other.batch = 1 + (unsigned)(seed % 7);
		other.step_ns = 0;
		same(script, &other, first->findings, seed, "small batches");
		other.step_ns = (int64_t)(1 + seed % 5000) * STORY_MILLISECOND;
		same(script, &other, first->findings, seed, "rare looks");
		other = plain;
		other.trackers = 3;
		same(script, &other, first->findings, seed, "three trackers");
		other.shuffle = seed + 1;
		same(script, &other, first->findings, seed, "three trackers, interleaved otherwise");
		other.trackers = 1;
		other.batch = 1;
		same(script, &other, first->findings, seed, "interleaved otherwise");
		story_result_free(first);
		story_free(script);
	}
	/* Stories in which nothing happens would prove nothing. */
	ck_assert_uint_gt(stories, STORIES / 2);
	ck_assert_uint_gt(findings, 2 * STORIES);
	story_policy_free(config);
}
END_TEST

SUITE_MAIN("story", the_same_findings_however_told)
