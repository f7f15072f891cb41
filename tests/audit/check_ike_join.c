/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in fragments: whole whatever the order of what follows the first, and as they are where something is missing. */
#include "../suite.h"

#include "../../daemon/audit/ike_join.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

enum { LENGTH = 4000, UDP_HEADER = 8, FIRST = 1480 - UDP_HEADER, KEPT = 64 };

static struct {
	struct transition kept[KEPT];
	unsigned count;
} out;

static uint8_t message[LENGTH];
static struct ike_join *join;
static uint64_t unread;

static void put(void *context, const struct transition *transition)
{
	(void)context;
	ck_assert_uint_lt(out.count, KEPT);
	out.kept[out.count++] = *transition;
}

static void begin(void)
{
	out.count = 0;
	for (unsigned i = 0; i < LENGTH; i++)
		message[i] = (uint8_t)(i * 7 + i / 256);
	join = ike_join_new(&(struct transition_sink){ put, NULL }, &unread);
	ck_assert_ptr_nonnull(join);
}

static void end(void)
{
	ike_join_end(join, 100 * SECOND);
	for (unsigned i = 0; i < out.count; i++)
		transition_discard(&out.kept[i]);
	ike_join_free(join);
}

static bool first(uint64_t datagram, int64_t now_ns, uint32_t had, uint32_t length)
{
	struct transition transition = { .kind = TRANSITION_IKE_MESSAGE, .time_ns = now_ns };

	transition.ike.header.length = length;
	transition.ike.octets = transition.ike.captured = had;
	transition.ike.message = malloc(had);
	ck_assert_ptr_nonnull(transition.ike.message);
	memcpy(transition.ike.message, message, had);
	if (ike_join_first(join, datagram, &transition, UDP_HEADER))
		return true;
	transition_discard(&transition);
	return false;
}

/* The piece of the datagram from `offset` on, `count` octets. */
static bool later(uint64_t datagram, int64_t now_ns, uint32_t offset, uint32_t count)
{
	return ike_join_later(join, datagram, offset, message + offset - UDP_HEADER, count, now_ns);
}

static void is_whole(unsigned index, int64_t time_ns)
{
	ck_assert_uint_lt(index, out.count);
	ck_assert_uint_eq(out.kept[index].ike.captured, LENGTH);
	ck_assert_uint_eq(out.kept[index].ike.octets, LENGTH);
	ck_assert_int_eq(out.kept[index].time_ns, time_ns);
	ck_assert_mem_eq(out.kept[index].ike.message, message, LENGTH);
}

START_TEST(whole)
{
	begin();
	ck_assert(first(2, 1000, FIRST, LENGTH));
	ck_assert(later(2, 2000, 1480, 1480));
	ck_assert_uint_eq(out.count, 0);
	ck_assert(later(2, 3000, 2960, LENGTH + UDP_HEADER - 2960));
	is_whole(0, 3000);
	ck_assert_uint_eq(out.count, 1);
	ck_assert(!later(2, 4000, 2960, LENGTH + UDP_HEADER - 2960)); /* nobody waits any more */
	end();
	ck_assert_uint_eq(out.count, 1);
}
END_TEST

/* The last before the second; each twice, as a mirror may show them; with pieces that overlap. */
START_TEST(any_order)
{
	begin();
	ck_assert(first(2, 1000, FIRST, LENGTH));
	ck_assert(first(2, 1100, FIRST, LENGTH));
	ck_assert(later(2, 2000, 2960, LENGTH + UDP_HEADER - 2960));
	ck_assert(later(2, 2100, 2960, LENGTH + UDP_HEADER - 2960));
	ck_assert(later(2, 2200, 1400, 160)); /* half of it is known */
	ck_assert(later(2, 3000, 1480, 1480));
	is_whole(0, 3000);
	end();
}
END_TEST

/* What is missing is missing: after a second the first fragment goes on alone, at its time. */
START_TEST(incomplete)
{
	begin();
	ck_assert(first(2, 5000, FIRST, LENGTH));
	ck_assert(later(2, 6000, 1480, 1480));
	ike_join_advance(join, SECOND);
	ck_assert_uint_eq(out.count, 0);
	ck_assert(!later(2, 2 * SECOND, 2960, LENGTH + UDP_HEADER - 2960));
	ck_assert_uint_eq(out.count, 1);
	ck_assert_int_eq(out.kept[0].time_ns, SECOND + 5000);
	ck_assert_uint_eq(out.kept[0].ike.captured, FIRST);
	ck_assert_uint_eq(out.kept[0].ike.octets, FIRST);
	ck_assert_mem_eq(out.kept[0].ike.message, message, FIRST);
	/* At the end of a capture at once. */
	ck_assert(first(4, 3 * SECOND, FIRST, LENGTH));
	ike_join_end(join, 3 * SECOND + 1);
	ck_assert_int_eq(out.kept[1].time_ns, 3 * SECOND + 1);
	end();
}
END_TEST

/* More at a time than there is room for: the oldest goes on, none is lost. */
START_TEST(bounded)
{
	begin();
	for (unsigned i = 0; i < IKE_JOIN_SLOTS + 10; i++)
		ck_assert(first(2 + 2 * i, i, FIRST, LENGTH));
	ck_assert_uint_eq(out.count, 10);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_eq(out.kept[i].ike.captured, FIRST);
	end();
	ck_assert_uint_eq(out.count, IKE_JOIN_SLOTS + 10);
}
END_TEST

/* Too long to wait for; nothing to wait for; offsets and lengths that cannot be. */
START_TEST(hostile)
{
	static const uint8_t rubbish[65535];
	begin();
	ck_assert(!first(2, 1000, FIRST, IKE_JOIN_OCTETS + 1));
	ck_assert(!first(2, 1000, FIRST, FIRST));
	ck_assert(first(2, 1000, FIRST, IKE_JOIN_OCTETS));
	for (uint32_t offset = 0; offset < 65536; offset += 8)
		ck_assert(ike_join_later(join, 2, offset, rubbish, offset % 3000, 2000) || out.count == 1);
	end();
	ck_assert_uint_eq(out.count, 1);
}
END_TEST

SUITE_MAIN("ike_join", whole, any_order, incomplete, bounded, hostile)
