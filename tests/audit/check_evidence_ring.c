/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_ring.c: what was put last is read back octet by octet, as far back as the ring is large, and nothing else is. */
#include "../../daemon/audit/evidence_ring.h"

#include "../suite.h"

#include <stdlib.h>
#include <string.h>

enum { PUTS = 20000 };

static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

/* The octets of the n-th frame, told from its number alone. */
static void make_octets(uint32_t number, uint8_t *octets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		octets[i] = (uint8_t)(number * 31 + i * 7);
}

START_TEST(nothing_yet)
{
	struct evidence_ring ring;
	struct evidence_place place;

	ck_assert(evidence_ring_init(&ring, 1));
	ck_assert_uint_ge(ring.size, EVIDENCE_RING_MIN);
	ck_assert(!evidence_ring_latest(&ring, &place));
	ck_assert(!evidence_ring_at(&ring, 0, &place));
	ck_assert(!evidence_ring_at(&ring, 1000, &place));
	evidence_ring_clear(&ring);
	evidence_ring_clear(&ring);
}
END_TEST

/* Frames of every length, none and more than is kept among them, through several rounds of the ring. */
START_TEST(read_back)
{
	static const uint32_t lengths[] = { 0,    1, 7, 8, 42, 66, 74, 1500, EVIDENCE_KEPT_MAX, EVIDENCE_KEPT_MAX + 1,
					    65535 };
	static uint8_t octets[65536], expected[65536];
	static uint64_t positions[PUTS];
	static uint32_t kept[PUTS];
	struct evidence_ring ring;
	uint64_t state = 7;

	ck_assert(evidence_ring_init(&ring, 200001));
	for (uint32_t n = 0; n < PUTS; n++) {
		uint32_t count =
		    next_random(&state) % 4 ? next_random(&state) % 120 : lengths[next_random(&state) % 11];
		struct evidence_entry *entry;
		make_octets(n, octets, count);
		kept[n] = count < EVIDENCE_KEPT_MAX ? count : EVIDENCE_KEPT_MAX;
		entry = evidence_ring_put(&ring, octets, kept[n], n % 3 ? count : sizeof(octets), &positions[n]);
		ck_assert_uint_eq((uintptr_t)entry % 16, 0);
		entry->time_ns = n;
		entry->realm = n;
		if (n % 97 && n < PUTS - 1)
			continue;
		struct evidence_place place;
		uint32_t number = n, held = 0;
		bool more = evidence_ring_latest(&ring, &place);
		ck_assert(more);
		for (; more; more = evidence_ring_before(&ring, &place), number--) {
			ck_assert_uint_eq(place.entry->realm, number);
			ck_assert_int_eq(place.entry->time_ns, number);
			ck_assert_uint_eq(place.position, positions[number]);
			ck_assert_uint_eq(place.entry->kept, kept[number]);
			make_octets(number, expected, kept[number]);
			ck_assert_int_eq(memcmp(place.octets, expected, kept[number]), 0);
			held += (uint32_t)sizeof(struct evidence_entry) + kept[number];
			if (number == 0)
				break;
		}
		/* No less than the ring is large, but for one frame, one gap and what aligns. */
		uint32_t first = more ? 0 : number + 1;
		uint32_t waste = 2 * (EVIDENCE_KEPT_MAX + 64) + (n - first + 1) * 16;
		ck_assert(first == 0 || held + waste >= ring.size);
		ck_assert_uint_le(held, ring.size);
		/* By their positions: all that was just read, and nothing older. */
		for (uint32_t i = n < 3000 ? 0 : n - 3000; i <= n; i++) {
			bool there = evidence_ring_at(&ring, positions[i], &place);
			ck_assert_int_eq(there, i >= first);
			if (there)
				ck_assert_uint_eq(place.entry->realm, i);
		}
		ck_assert(!evidence_ring_at(&ring, ring.written, &place));
	}
	evidence_ring_clear(&ring);
}
END_TEST

SUITE_MAIN("evidence_ring", nothing_yet, read_back)
