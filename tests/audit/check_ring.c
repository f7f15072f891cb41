/* SPDX-License-Identifier: Apache-2.0 */
/* ring.c: order, fullness, watermark; and two threads, of which ThreadSanitizer has something to see. */
#include "../../daemon/audit/ring.h"

#include "../suite.h"

#include <pthread.h>
#include <sched.h>

static struct transition numbered(uint64_t serial)
{
	return (struct transition){ .time_ns = (int64_t)serial, .serial = serial, .kind = TRANSITION_NAT };
}

START_TEST(in_order_and_never_more_than_fits)
{
	static const size_t asked[] = { 0, 1, 2, 3, 4, 5, 8, 100 };
	static const uint64_t rooms[] = { 2, 2, 2, 4, 4, 8, 8, 128 };

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct ring *ring = ring_new(asked[i]);
		struct transition transition;
		ck_assert(!ring_take(ring, &transition));
		for (unsigned turn = 0; turn < 3; turn++) {
			for (uint64_t n = 0; n < rooms[i] + 3; n++)
				ring_put(ring, &(struct transition){ .serial = n });
			for (uint64_t n = 0; n < rooms[i]; n++) {
				ck_assert(ring_take(ring, &transition));
				ck_assert_uint_eq(transition.serial, n);
			}
			ck_assert(!ring_take(ring, &transition));
			ck_assert_uint_eq(ring_lost(ring), 3 * (turn + 1));
		}
		ring_free(ring);
	}
	ring_free(NULL);
}
END_TEST

START_TEST(watermark_begins_before_all_time)
{
	struct ring *ring = ring_new(4);

	ck_assert_int_eq(ring_watermark(ring), INT64_MIN);
	ring_publish(ring, 42);
	ck_assert_int_eq(ring_watermark(ring), 42);
	ring_free(ring);
}
END_TEST

enum { COUNT = 200000 };

static void *writer(void *context)
{
	struct ring *ring = context;

	for (uint64_t n = 1; n <= COUNT; n++) {
		struct transition transition = numbered(n);
		uint64_t lost = ring_lost(ring);
		for (;;) {
			ring_put(ring, &transition);
			uint64_t now = ring_lost(ring);
			if (now == lost)
				break;
			lost = now;
			sched_yield();
		}
		ring_publish(ring, (int64_t)n);
	}
	return NULL;
}

START_TEST(two_threads)
{
	struct ring *ring = ring_new(64);
	pthread_t thread;
	uint64_t next = 1;

	ck_assert_int_eq(pthread_create(&thread, NULL, writer, ring), 0);
	while (next <= COUNT) {
		struct transition transition;
		int64_t watermark = ring_watermark(ring);
		bool any = false;
		while (ring_take(ring, &transition)) {
			ck_assert_uint_eq(transition.serial, next);
			ck_assert_int_eq(transition.time_ns, (int64_t)next);
			next++;
			any = true;
		}
		/* What the watermark promises had been put before it was read. */
		ck_assert(watermark < (int64_t)next);
		if (!any)
			sched_yield();
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(ring_watermark(ring), COUNT);
	ring_free(ring);
}
END_TEST

SUITE_MAIN("ring", in_order_and_never_more_than_fits, watermark_begins_before_all_time, two_threads)
