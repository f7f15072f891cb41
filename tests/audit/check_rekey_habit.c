/* SPDX-License-Identifier: Apache-2.0 */
/* rule_rekey.c: what a pair's habit is once its lifetimes were changed. */
#include "scene.h"

/* SAs that live so long, one after the other, in use all the time. */
static void rekeys(unsigned count, double lives)
{
	for (unsigned i = 0; i < count; i++) {
		for (double t = 0; t < lives; t += lives < 1000 ? 1 : 30) {
			story_esp(script, &esp_out, 80 + 4 * (i % 5) + (uint32_t)t % 7 * 16);
			story_esp(script, &esp_back, 120);
			seconds(lives < 1000 ? 1 : 30);
		}
		new_sas();
	}
}

static unsigned opened(enum finding_id id)
{
	unsigned count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == id && result->finding[i].state == FINDING_OPEN;
	return count;
}

/* Lifetimes are set right, and the service restarted: the long ones are not overdue. */
START_TEST(repaired)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	ike_up(A, B);
	rekeys(8, 95);
	ike_up(A, B);
	rekeys(6, 3600);
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_uint_eq(opened(FINDING_REKEY_OVERDUE), 0);
	scene_end();
}
END_TEST

/* Who authenticates anew for each SA does it too often all the same. */
START_TEST(a_new_negotiation_each_time)
{
	scene_begin(NULL);
	options.step_ns = STORY_SECOND;
	for (unsigned i = 0; i < 8; i++) {
		ike_up(A, B);
		rekeys(1, 95);
	}
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_int_ne(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
	scene_end();
}
END_TEST

SUITE_MAIN("rekey_habit", repaired, a_new_negotiation_each_time)
