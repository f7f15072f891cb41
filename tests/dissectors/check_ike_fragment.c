/* SPDX-License-Identifier: Apache-2.0 */
/* The book-keeping of IKEv1 fragments: any order, repeats, other messages, pieces that contradict one another. */
#include "dissectors/ike_fragment.h"

#include "ike_build.h"
#include "../suite.h"

static struct ike_message message;

static enum ike_fragment_result add(struct ike_fragment_set *set, unsigned id, unsigned number, bool last)
{
	message.protection = IKE_CLEAR_FRAGMENT;
	message.fragment_id = (uint16_t)id;
	message.fragment_number = (uint16_t)number;
	message.fragment_last = last;
	return ike_fragment_set_add(set, &message);
}

START_TEST(any_order)
{
	static const unsigned orders[6][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
					       { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };

	for (unsigned i = 0; i < 6; i++) {
		struct ike_fragment_set set = { 0 };
		for (unsigned j = 0; j < 3; j++) {
			ck_assert(!ike_fragment_set_complete(&set));
			ck_assert_int_eq(add(&set, 7, orders[i][j], orders[i][j] == 3), IKE_FRAGMENT_NEW);
			ck_assert_int_eq(add(&set, 7, orders[i][j], orders[i][j] == 3), IKE_FRAGMENT_REPEATED);
		}
		ck_assert(ike_fragment_set_complete(&set));
		ck_assert_int_eq(add(&set, 7, 4, false), IKE_FRAGMENT_CONFLICT);
		ck_assert_int_eq(add(&set, 7, 2, true), IKE_FRAGMENT_CONFLICT);
		ck_assert_int_eq(add(&set, 8, 1, false), IKE_FRAGMENT_FOREIGN);
		ck_assert(ike_fragment_set_complete(&set) && set.count == 3);
	}
}
END_TEST

START_TEST(edges)
{
	struct ike_fragment_set set = { 0 };

	ck_assert_int_eq(add(&set, 0, 0, true), IKE_FRAGMENT_FOREIGN);
	ck_assert_int_eq(add(&set, 0, 256, true), IKE_FRAGMENT_FOREIGN);
	message.protection = IKE_ENCRYPTED_FRAGMENT;
	message.fragment_number = 1;
	ck_assert_int_eq(ike_fragment_set_add(&set, &message), IKE_FRAGMENT_FOREIGN);
	ck_assert_uint_eq(set.count, 0);
	ck_assert_int_eq(add(&set, 1, 64, false), IKE_FRAGMENT_NEW);
	ck_assert_int_eq(add(&set, 1, 63, true), IKE_FRAGMENT_CONFLICT);
	for (unsigned number = 1; number <= 255; number++) {
		ck_assert(!ike_fragment_set_complete(&set));
		ck_assert_int_eq(add(&set, 1, number, number == 255),
				 number == 64 ? IKE_FRAGMENT_REPEATED : IKE_FRAGMENT_NEW);
	}
	ck_assert(ike_fragment_set_complete(&set));
}
END_TEST

SUITE_MAIN("ike_fragment", any_order, edges)
