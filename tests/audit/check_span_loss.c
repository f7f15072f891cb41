/* SPDX-License-Identifier: Apache-2.0 */
/* What the span port loses makes findings less sure that rest on what was not seen; what a path loses does not. */
#include "sa_fixture.h"

#include <string.h>

/* The share of loss that a record of bad-spi/one-way notes; 0: none, or all of them note one. */
static double noted(unsigned *with, unsigned *without)
{
	double share = 0;

	*with = *without = 0;
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		bool found = false;
		if (finding->id != FINDING_BAD_SPI || finding->cause != CAUSE_ONE_WAY)
			continue;
		for (size_t j = 0; j < finding->evidence_count; j++)
			if (strcmp(finding->evidence[j].key, "span_loss") == 0) {
				ck_assert_msg(!found, "noted twice");
				found = true;
				share = finding->evidence[j].real;
			}
		*(found ? with : without) += 1;
	}
	ck_assert_msg(*with + *without > 0, "no bad-spi in:\n%.6000s", result->findings);
	return share;
}

/* How sure the alert ever was. */
static enum finding_grade surest(void)
{
	enum finding_grade grade = GRADE_COUNT;

	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == FINDING_BAD_SPI && result->finding[i].grade < grade)
			grade = result->finding[i].grade;
	return grade;
}

/* Two minutes of talk, seen as `view` is set, and half a minute of the same without answers. */
static void lose_an_sa(uint64_t seed, struct sa_story_view seen, uint32_t jump)
{
	begin(seed);
	view = seen;
	sa_story_talk(story, A, MINUTE, 300 * MS);
	if (jump) {
		sa_story_jump(story, A, jump);
		sa_story_jump(story, B, jump);
	}
	sa_story_talk(story, A, MINUTE, 300 * MS);
	sa_story_in_vain(story, A, 30 * S, 300 * MS);
	tell();
}

START_TEST(loss_on_the_span_makes_less_sure)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		unsigned with, without;
		lose_an_sa(seed, (struct sa_story_view){ .loss = 50 }, 0);
		double share = noted(&with, &without);
		ck_assert_uint_eq(without, 0);
		ck_assert_msg(share > 0.02 && share < 0.09, "%f", share);
		ck_assert_int_eq(surest(), GRADE_POSSIBLE);
		end();
	}
}
END_TEST

START_TEST(what_is_no_loss_of_the_span_does_not)
{
	static const struct {
		struct sa_story_view view;
		uint32_t jump;
	} rows[] = { { { 0 }, 0 },
		     { { .loss = 50, .spared = { [A] = true } }, 0 },
		     { { .loss = 50, .spared = { [B] = true } }, 0 },
		     { { .reorder = 30 }, 0 },
		     { { .doubled = true }, 0 },
		     { { 0 }, 1 << 16 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint64_t seed = 11; seed <= 14; seed++) {
			unsigned with, without;
			lose_an_sa(seed, rows[i].view, rows[i].jump);
			noted(&with, &without);
			ck_assert_msg(with == 0 && surest() == GRADE_LIKELY, "row %u:\n%.6000s", i, result->findings);
			end();
		}
}
END_TEST

SUITE_MAIN("span_loss", loss_on_the_span_makes_less_sure, what_is_no_loss_of_the_span_does_not)
