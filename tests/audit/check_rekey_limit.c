/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey-too-often: whether time or volume is the limit, over random pairs of each kind: the random part that strongSwan,
 * Libreswan and Windows take off a lifetime, traffic that is even, that comes in bursts or changes over the day. What is
 * said for sure has to be right; what is even both ways is not said for sure.
 */
#include "ike_script.h"
#include "../suite.h"
#include "../../daemon/audit/rules.h"

enum { STORIES = 400, STEPS = 14, RATE_EVEN = 0, RATE_BURSTY, RATE_KINDS };

static uint64_t state;

static double draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

struct pair_of {
	bool by_volume;
	double jitter; /* at most this share is taken off the limit */
	double limit;  /* seconds, or octets */
	unsigned rate; /* kind of traffic */
};

static struct script *script;
static double answer_share; /* what the other direction sends for each octet; 0: a stream of its own that is even */

static void at_second(enum transition_kind kind, unsigned direction, uint32_t spi, double second, uint64_t bytes)
{
	struct transition transition = { .kind = (uint8_t)kind, .direction = (uint8_t)direction };

	script->now_ns = START + (int64_t)(second * 1e9);
	transition.esp = (struct transition_esp){ .spi = spi,
						  .protocol = 50,
						  .sequence = 1,
						  .last_ns = script->now_ns - 2000 * MS,
						  .packets = 100,
						  .bytes = bytes };
	put_transition(script, &transition, 1, 2);
}

/* One life: SAs of both directions, each replaced as the limit has it; packets have 100 octets. */
static void live(const struct pair_of *pair)
{
	double now = 10, base = 5000 + 40000 * draw();

	at_second(TRANSITION_SA_BORN, 0, 0x1000, now, 0);
	at_second(TRANSITION_SA_BORN, 1, 0x2000, now, 0);
	for (uint32_t step = 0; step < STEPS; step++) {
		double rate = base * (pair->rate == RATE_BURSTY ? 0.3 + 3 * draw() * draw() : 0.995 + 0.01 * draw());
		double share = 1 - pair->jitter * draw();
		double lasts = pair->by_volume ? pair->limit * share / rate : pair->limit * share;
		double octets = pair->by_volume ? pair->limit * share : rate * lasts;
		double answers = answer_share > 0 ? octets * answer_share : 700 * lasts;
		now += lasts;
		at_second(TRANSITION_SA_BORN, 0, 0x1001 + step, now, 0);
		at_second(TRANSITION_SA_BORN, 1, 0x2001 + step, now + 0.1, 0);
		at_second(TRANSITION_SA_QUIET, 0, 0x1000 + step, now + 2, (uint64_t)(octets / 100) * 100);
		at_second(TRANSITION_SA_QUIET, 1, 0x2000 + step, now + 2.1, (uint64_t)(answers / 100) * 100);
	}
}

/* The last of the alert; NULL if there was none. */
static const struct seen *told(void)
{
	const struct seen *last = NULL;

	for (unsigned i = 0; i < script->seen_count; i++)
		if (script->seen[i].id == FINDING_REKEY_TOO_OFTEN)
			last = &script->seen[i];
	return last;
}

/* What is said for sure of `STORIES` such pairs: right, wrong, and not said. */
static void count(bool by_volume, unsigned rate, unsigned *right, unsigned *wrong, unsigned *open)
{
	static const double jitters[] = { 0, 0.02, 0.1, 0.15 };

	*right = *wrong = *open = 0;
	for (unsigned story = 0; story < STORIES; story++) {
		struct pair_of pair = { by_volume, jitters[story % 4], by_volume ? 4e5 : 20 + 180 * draw(), rate };
		answer_share = story % 3 ? 0.1 + draw() : 0;
		script = script_new(16);
		live(&pair);
		const struct seen *seen = told();
		ck_assert_ptr_nonnull(seen);
		if (seen->grade == GRADE_POSSIBLE)
			++*open;
		else if ((seen->cause == CAUSE_VOLUME) == by_volume)
			++*right;
		else
			++*wrong;
		script_free(script);
	}
}

START_TEST(bursty_traffic_tells)
{
	state = 88172645463325252u;
	for (unsigned by_volume = 0; by_volume < 2; by_volume++) {
		unsigned right, wrong, open;
		count(by_volume, RATE_BURSTY, &right, &wrong, &open);
		fprintf(stderr, "%s, bursty: %u right, %u wrong, %u not told\n", by_volume ? "volume" : "time", right,
			wrong, open);
		ck_assert_uint_ge(right, STORIES * 97 / 100);
		ck_assert_uint_le(wrong, STORIES / 100);
	}
}
END_TEST

START_TEST(even_traffic_tells_nothing)
{
	state = 88172645463325252u;
	for (unsigned by_volume = 0; by_volume < 2; by_volume++) {
		unsigned right, wrong, open;
		count(by_volume, RATE_EVEN, &right, &wrong, &open);
		fprintf(stderr, "%s, even: %u right, %u wrong, %u not told\n", by_volume ? "volume" : "time", right,
			wrong, open);
		ck_assert_uint_le(wrong, STORIES / 100);
		ck_assert_uint_ge(open, STORIES * 9 / 10);
	}
}
END_TEST

SUITE_MAIN("rekey_limit", bursty_traffic_tells, even_traffic_tells_nothing)
