/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See evidence_ring.h. Positions count octets from the first put on, gaps at the end of the buffer included, so an entry is
 * whole as long as no more than the buffer's size was written since it began.
 */
#include "evidence_ring.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ALIGNED = _Alignof(struct evidence_piece) };

bool evidence_ring_init(struct evidence_ring *ring, size_t size)
{
	*ring = (struct evidence_ring){ 0 };
	if (size < EVIDENCE_RING_MIN)
		size = EVIDENCE_RING_MIN;
	if (size > UINT32_MAX / 2)
		size = UINT32_MAX / 2;
	size &= ~(size_t)(ALIGNED - 1);
	void *octets = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (octets == MAP_FAILED)
		return false;
	ring->octets = octets;
	ring->size = (uint32_t)size;
	return true;
}

void evidence_ring_clear(struct evidence_ring *ring)
{
	if (ring->octets)
		munmap(ring->octets, ring->size);
	*ring = (struct evidence_ring){ 0 };
}

/* The entry that begins `back` octets before the end of what was written. */
static bool reach(const struct evidence_ring *ring, uint64_t back, struct evidence_place *place)
{
	if (back == 0 || back > ring->size || back > ring->written)
		return false;
	uint32_t offset = back <= ring->at ? ring->at - (uint32_t)back : ring->at + ring->size - (uint32_t)back;
	place->position = ring->written - back;
	place->entry = (const struct evidence_entry *)(const void *)(ring->octets + offset);
	place->octets = (const uint8_t *)(place->entry + 1);
	return true;
}

bool evidence_ring_latest(const struct evidence_ring *ring, struct evidence_place *place)
{
	return reach(ring, ring->last, place);
}

bool evidence_ring_before(const struct evidence_ring *ring, struct evidence_place *place)
{
	uint32_t back = place->entry->back * (uint32_t)sizeof(struct evidence_piece);

	return back && reach(ring, ring->written - place->position + back, place);
}

bool evidence_ring_at(const struct evidence_ring *ring, uint64_t position, struct evidence_place *place)
{
	return position < ring->written && reach(ring, ring->written - position, place);
}
