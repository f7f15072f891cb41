/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand random life stories of SAs: findings equal their truth, whatever is lost, reordered, doubled or hidden. */
#include "sa_fixture.h"

#include <stdio.h>

struct truth {
	enum finding_id id;
	uint32_t spi; /* 0: not about one */
	int64_t first_ns;
	enum finding_severity worst;
	uint64_t lost; /* packets into a bad SPI; 0: not counted */
};

enum { TRUTHS_MAX = 8, STORIES = 10000 };

static struct truth truths[TRUTHS_MAX];
static unsigned truth_count;

static void expect(enum finding_id id, uint32_t spi, int64_t first_ns, enum finding_severity worst_of_it)
{
	truths[truth_count++] = (struct truth){ id, spi, first_ns, worst_of_it, 0 };
}

/* The peer loses its SA for a while; always well away from the times at which that begins to count. */
static void lose_sa(void)
{
	static const int64_t lasts[] = { 3 * S, 8 * S, 16 * S, 26 * S, 40 * S };
	enum finding_severity severity = SEVERITY_INFO;
	int64_t since = sa_story_now(story), time = lasts[sa_story_draw(story, 5)];
	uint32_t spi = sa_story_spi(story, A, sa_story_in_use(story, A));

	int64_t period = (200 + sa_story_draw(story, 400)) * MS;
	sa_story_in_vain(story, A, time, period);
	int64_t until = sa_story_now(story);
	if (sa_story_draw(story, 2)) {
		sa_story_set(story, since + 2 * S);
		sa_story_informational(story, B);
		if (time > 20 * S)
			severity = SEVERITY_MEDIUM;
		sa_story_set(story, until);
	}
	if (time > 5 * S && !view.hidden[0] && !view.hidden[1]) {
		expect(FINDING_BAD_SPI, spi, since, severity);
		/* Exactly those that the capture shows; their order changes nothing but which is the latest. */
		if (view.loss == 0 && view.reorder == 0)
			truths[truth_count - 1].lost = (uint64_t)((time + period - 1) / period);
	}
	if (sa_story_draw(story, 2))
		sa_story_negotiate(story, sa_story_draw(story, 2));
	sa_story_talk(story, A, 5 * S, 250 * MS);
}

static void replay_some(void)
{
	unsigned sender = sa_story_draw(story, 2);

	sa_story_talk(story, A, 10 * S, 250 * MS);
	sa_story_replay(story, sender, 10 + sa_story_draw(story, 20), 2 * S);
	if (!view.hidden[sender])
		expect(FINDING_ESP_REPLAY, sa_story_spi(story, sender, sa_story_in_use(story, sender)), 0,
		       SEVERITY_MEDIUM);
	sa_story_talk(story, A, 3 * S, 250 * MS);
}

static void restart_count(void)
{
	unsigned sender = sa_story_draw(story, 2);

	sa_story_talk(story, A, 10 * S, 250 * MS);
	sa_story_restart(story, sender);
	sa_story_talk(story, A, 10 * S, 250 * MS);
	if (!view.hidden[sender])
		expect(FINDING_ESP_SEQUENCE_RESET, sa_story_spi(story, sender, sa_story_in_use(story, sender)), 0,
		       SEVERITY_MEDIUM);
}

static void live_in_parallel(void)
{
	unsigned one = sa_story_in_use(story, A), other = sa_story_child(story);

	for (unsigned turn = 0; turn < 20; turn++) {
		sa_story_use(story, A, turn % 2 ? one : other);
		sa_story_use(story, B, turn % 2 ? one : other);
		sa_story_talk(story, A, 600 * MS, 250 * MS);
	}
}

static void harmless(void)
{
	int64_t from = sa_story_now(story);
	unsigned side = sa_story_draw(story, 2);

	switch (sa_story_draw(story, 6)) {
	case 0:
		sa_story_talk(story, side, 15 * S, (100 + sa_story_draw(story, 900)) * MS);
		break;
	case 1:
		sa_story_wait(story, (int64_t)(1 + sa_story_draw(story, 3600)) * S);
		break;
	case 2:
		sa_story_stream(story, side, 40 * S, (200 + sa_story_draw(story, 800)) * MS);
		break;
	case 3:
		/* A stream beside a dialogue, and longer. */
		sa_story_talk(story, A, 15 * S, (400 + sa_story_draw(story, 400)) * MS);
		sa_story_set(story, from + 17 * MS);
		sa_story_stream(story, A, 40 * S, (200 + sa_story_draw(story, 800)) * MS);
		break;
	case 4:
		sa_story_jump(story, side, 1u << (4 + sa_story_draw(story, 20)));
		sa_story_talk(story, A, 5 * S, 250 * MS);
		break;
	default:
		/* Fast enough that reordering is one. */
		sa_story_talk(story, A, 300 * MS, 5 * MS);
		sa_story_wait(story, 100 * MS); /* so that the last answers are not the stream's */
		sa_story_stream(story, side, 300 * MS, 3 * MS);
		break;
	}
}

/* A new SA, in use for a while; the rest of its life both are silent. */
static void one_more(int64_t lives)
{
	int64_t from = sa_story_now(story);

	sa_story_talk(story, A, 12 * S, S);
	sa_story_set(story, from + lives);
	sa_story_rekey(story);
}

/* Both rekey at once: two children, each used by who asked for it, until one is deleted. */
static void collide(int64_t lives)
{
	int64_t from = sa_story_now(story);

	sa_story_talk(story, A, 12 * S, S);
	sa_story_set(story, from + lives);
	unsigned kept = sa_story_child(story), other = sa_story_child(story);
	sa_story_use(story, A, kept);
	sa_story_use(story, B, other);
	sa_story_talk(story, A, (int64_t)(1 + sa_story_draw(story, 4)) * S, 250 * MS);
	sa_story_use(story, B, kept);
	sa_story_talk(story, A, 3 * S, 250 * MS);
}

/* By a clock of many minutes for a while; and then short lifetimes that last, or something that passes. */
static void change_habit(void)
{
	unsigned before = 4 + sa_story_draw(story, 16), after = 2 + sa_story_draw(story, 3);
	unsigned what = sa_story_draw(story, 5);
	int64_t usual = (int64_t)(12 + sa_story_draw(story, 48)) * MINUTE;

	for (unsigned i = 0; i < before; i++)
		one_more(usual - (int64_t)sa_story_draw(story, 100) * usual / 1000);
	one_more((int64_t)(20 + sa_story_draw(story, 600)) * S);
	switch (what) {
	case 0: /* a lifetime of seconds, of which up to a tenth is taken off */
	{
		int64_t lifetime = (int64_t)(20 + sa_story_draw(story, 200)) * S;
		for (unsigned i = 0; i < 6; i++)
			one_more(lifetime - (int64_t)sa_story_draw(story, 100) * lifetime / 1000);
		expect(FINDING_REKEY_TOO_OFTEN, 0, 0, SEVERITY_LOW);
		return;
	}
	case 1: /* by hand, as even as a hand is or by a script; the SA of before was cut short already */
	case 2: /* or connections made anew */
	{
		int64_t lifetime = (int64_t)(15 + sa_story_draw(story, 90)) * S;
		for (unsigned i = 1 + sa_story_draw(story, 2); i > 0; i--) {
			one_more(lifetime + (int64_t)sa_story_draw(story, 3) * S);
			if (what == 2)
				sa_story_negotiate(story, sa_story_draw(story, 2));
		}
		break;
	}
	case 3: /* both sides at once, each time from now on */
		for (unsigned i = 0; i < 6; i++)
			collide(usual - (int64_t)sa_story_draw(story, 100) * usual / 1000);
		break;
	default: /* silence */
		sa_story_wait(story, (int64_t)(1 + sa_story_draw(story, 3)) * HOUR);
		break;
	}
	for (unsigned i = 0; i < after; i++)
		one_more(usual - (int64_t)sa_story_draw(story, 100) * usual / 1000);
}

static void live(uint64_t seed)
{
	begin(seed);
	truth_count = 0;
	view.loss = sa_story_draw(story, 2) ? 0 : sa_story_draw(story, 51);
	view.reorder = sa_story_draw(story, 2) ? 0 : sa_story_draw(story, 31);
	view.doubled = sa_story_draw(story, 10) == 0;
	if (sa_story_draw(story, 10) == 0)
		view.hidden[sa_story_draw(story, 2)] = true;
	if (sa_story_draw(story, 12) == 0) {
		int64_t lifetime = (int64_t)(10 + sa_story_draw(story, 60)) * S;
		for (unsigned i = 0; i < 8; i++) {
			sa_story_talk(story, A, lifetime, S);
			sa_story_rekey(story);
		}
		expect(FINDING_REKEY_TOO_OFTEN, 0, 0, SEVERITY_LOW);
		return;
	}
	if (seed % 12 == 0) {
		change_habit();
		return;
	}
	unsigned event = sa_story_draw(story, 6), chapters = 2 + sa_story_draw(story, 3);
	for (unsigned i = 0; i < chapters; i++) {
		harmless();
		if (i != 0)
			continue;
		if (sa_story_draw(story, 3) == 0) {
			sa_story_talk(story, A, 3 * S, 250 * MS);
			sa_story_rekey(story);
		}
		/* All lengths are known by now, and the dialogue was the latest. */
		sa_story_talk(story, A, 20 * S, 250 * MS);
		if (event == 0)
			lose_sa();
		else if (event == 1)
			replay_some();
		else if (event == 2)
			restart_count();
		else if (event == 3)
			live_in_parallel();
	}
}

/* What the last record of the alert counts. */
static uint64_t last_count(enum finding_id id, uint32_t spi)
{
	uint64_t count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == id && result->finding[i].spi == spi)
			count = result->finding[i].count;
	return count;
}

static const char *judged(void)
{
	static const char *const verdicts[] = { "is missing", "began at another time", "has another severity",
						"has another count of what was lost" };
	unsigned found = 0, want = truth_count;

	for (unsigned t = 0; t < truth_count; t++) {
		const struct finding *first = NULL;
		for (size_t i = 0; i < result->finding_count && !first; i++)
			if (result->finding[i].id == truths[t].id &&
			    (!truths[t].spi || result->finding[i].spi == truths[t].spi))
				first = &result->finding[i];
		if (!first)
			return verdicts[0];
		if (truths[t].first_ns &&
		    (first->first_ns < truths[t].first_ns - 2 * S || first->first_ns > truths[t].first_ns + 2 * S))
			return verdicts[1];
		if (worst(truths[t].id, truths[t].spi) != truths[t].worst)
			return verdicts[2];
		if (truths[t].lost && last_count(truths[t].id, truths[t].spi) != truths[t].lost)
			return verdicts[3];
	}
	/* The first child alone shows 100 packets and more each way. */
	if (view.doubled) {
		if (opened(FINDING_MIRROR_DOUBLED) != 1)
			return "the mirror's doubling is missing";
		want++;
	}
	for (size_t i = 0; i < result->finding_count; i++)
		found += concerns(result->finding[i].id) && result->finding[i].state == FINDING_OPEN;
	return found == want ? NULL : "a finding is too many";
}

START_TEST(findings_equal_the_truth)
{
	unsigned wrong = 0;

	for (uint64_t seed = 1; seed <= STORIES; seed++) {
		live(seed * 7919);
		tell();
		const char *verdict = judged();
		if (verdict && wrong++ < 5) {
			fprintf(stderr, "story %u: loss %u reorder %u doubled %d hidden %d%d: %s\n", (unsigned)seed,
				view.loss, view.reorder, view.doubled, view.hidden[0], view.hidden[1], verdict);
			for (unsigned t = 0; t < truth_count; t++)
				fprintf(stderr, "  truth: %s %08x first %lld\n", catalogue_row(truths[t].id)->name,
					truths[t].spi, (long long)(truths[t].first_ns - STORY_EPOCH));
			fprintf(stderr, "%.3000s\n", result->findings);
		}
		end();
	}
	ck_assert_msg(wrong == 0, "%u of %u stories", wrong, (unsigned)STORIES);
}
END_TEST

SUITE_MAIN("sa_property", findings_equal_the_truth)
