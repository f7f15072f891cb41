/* SPDX-License-Identifier: Apache-2.0 */
/* record.c: every enumerator has its own name, and what is out of range has "?". */
#include "../../daemon/audit/record.h"

#include "../suite.h"

static void names(const char *(*name)(int), int count)
{
	ck_assert_str_eq(name(-1), "?");
	ck_assert_str_eq(name(count), "?");
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(name(i), name(j));
}

static const char *verdict(int i)
{
	return pair_verdict_name((enum pair_verdict)i);
}

static const char *state(int i)
{
	return sa_state_name((enum sa_record_state)i);
}

static const char *mode(int i)
{
	return ike_mode_name((enum ike_mode)i);
}

static const char *outcome(int i)
{
	return ike_outcome_name((enum ike_outcome)i);
}

START_TEST(all_have_names)
{
	names(verdict, PAIR_VERDICT_COUNT);
	names(state, SA_STATE_COUNT);
	names(mode, IKE_MODE_COUNT);
	names(outcome, IKE_OUTCOME_COUNT);
}
END_TEST

SUITE_MAIN("record", all_have_names)
