/* SPDX-License-Identifier: Apache-2.0 */
/* fragments.c: before and after the first, how long a datagram is believed, and many datagrams in one set. */
#include "../../daemon/audit/fragments.h"

#include "../suite.h"

#define SECOND INT64_C(1000000000)

static struct fragments *fragments;

static void begin(void)
{
	fragments = fragments_new();
	ck_assert_ptr_nonnull(fragments);
}

static void end(void)
{
	fragments_free(fragments);
}

static const struct fragments_home flow = { FRAGMENTS_FLOW, 5, 55 };
static const struct fragments_home sa = { FRAGMENTS_SA, 6, 66 };

START_TEST(later_ones_find_home)
{
	uint32_t packets = 9;
	uint64_t bytes = 9;

	begin();
	fragments_first(fragments, 1, &flow, SECOND, &packets, &bytes);
	ck_assert_uint_eq(packets, 0);
	ck_assert_uint_eq(bytes, 0);
	struct fragments_home home = fragments_later(fragments, 1, 100, SECOND);
	ck_assert_int_eq(home.owner, FRAGMENTS_FLOW);
	ck_assert_uint_eq(home.number, 5);
	ck_assert_uint_eq(home.hash, 55);
	ck_assert_int_eq(fragments_later(fragments, 2, 100, SECOND).owner, FRAGMENTS_UNKNOWN);
	end();
}
END_TEST

START_TEST(those_before_wait)
{
	uint32_t packets;
	uint64_t bytes;

	begin();
	ck_assert_int_eq(fragments_later(fragments, 1, 100, SECOND).owner, FRAGMENTS_UNKNOWN);
	ck_assert_int_eq(fragments_later(fragments, 1, 50, SECOND).owner, FRAGMENTS_UNKNOWN);
	fragments_first(fragments, 1, &sa, SECOND, &packets, &bytes);
	ck_assert_uint_eq(packets, 2);
	ck_assert_uint_eq(bytes, 150);
	ck_assert_int_eq(fragments_later(fragments, 1, 1, SECOND).owner, FRAGMENTS_SA);
	/* The identification came round: what waited was told already. */
	fragments_first(fragments, 1, &flow, 2 * SECOND, &packets, &bytes);
	ck_assert_uint_eq(packets, 0);
	ck_assert_int_eq(fragments_later(fragments, 1, 1, 2 * SECOND).owner, FRAGMENTS_FLOW);
	end();
}
END_TEST

START_TEST(believed_for_a_minute)
{
	uint32_t packets;
	uint64_t bytes;

	begin();
	fragments_first(fragments, 1, &flow, SECOND, &packets, &bytes);
	ck_assert_int_eq(fragments_later(fragments, 1, 1, 61 * SECOND).owner, FRAGMENTS_FLOW);
	ck_assert_int_eq(fragments_later(fragments, 1, 1, 61 * SECOND + 1).owner, FRAGMENTS_UNKNOWN);
	/* And the one that waits since then is not lost to the datagram that is too old. */
	fragments_first(fragments, 1, &sa, 62 * SECOND, &packets, &bytes);
	ck_assert_uint_eq(packets, 1);
	end();
}
END_TEST

/* 1024 sets of four: hashes that are equal modulo 1024 share a set. */
START_TEST(the_oldest_of_a_set_goes)
{
	uint32_t packets;
	uint64_t bytes;

	begin();
	for (uint64_t i = 1; i <= 5; i++)
		fragments_first(fragments, i * 1024, &flow, (int64_t)i * SECOND, &packets, &bytes);
	ck_assert_int_eq(fragments_later(fragments, 2 * 1024, 1, 6 * SECOND).owner, FRAGMENTS_FLOW);
	ck_assert_int_eq(fragments_later(fragments, 5 * 1024, 1, 6 * SECOND).owner, FRAGMENTS_FLOW);
	ck_assert_int_eq(fragments_later(fragments, 1024, 1, 6 * SECOND).owner, FRAGMENTS_UNKNOWN);
	end();
}
END_TEST

SUITE_MAIN("fragments", later_ones_find_home, those_before_wait, believed_for_a_minute, the_oldest_of_a_set_goes)
