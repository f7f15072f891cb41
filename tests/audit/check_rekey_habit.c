/* SPDX-License-Identifier: Apache-2.0 */
/* rule_rekey.c: what a pair's habit is once its lifetimes were changed. */
#include "scene.h"

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
	rekeys(8, 95, false);
	ike_up(A, B);
	rekeys(6, 3600, false);
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
		rekeys(1, 95, false);
	}
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_int_ne(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
	scene_end();
}
END_TEST

SUITE_MAIN("rekey_habit", repaired, a_new_negotiation_each_time)
