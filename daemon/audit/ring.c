/* SPDX-License-Identifier: Apache-2.0 */
/* See ring.h. */
#include "ring.h"

#include "pages.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ring {
	_Alignas(CACHE_LINE) _Atomic size_t head; /* next place to write; the worker's */
	_Atomic int64_t watermark_ns;
	_Atomic uint64_t lost;
	_Alignas(CACHE_LINE) _Atomic size_t tail; /* next place to read; the judge's */
	_Alignas(CACHE_LINE) size_t mask;
	struct transition *slots; /* owned */
};

struct ring *ring_new(size_t capacity)
{
	size_t size = 2;

	while (size < capacity)
		size *= 2;
	struct ring *ring = aligned_alloc(CACHE_LINE, sizeof(*ring));
	if (!ring)
		return NULL;
	*ring = (struct ring){ .mask = size - 1, .slots = malloc(size * sizeof(struct transition)) };
	if (!ring->slots) {
		free(ring);
		return NULL;
	}
	atomic_init(&ring->watermark_ns, INT64_MIN);
	return ring;
}

void ring_free(struct ring *ring)
{
	struct transition transition;

	if (!ring)
		return;
	while (ring_take(ring, &transition))
		transition_discard(&transition);
	free(ring->slots);
	free(ring);
}

void ring_put(struct ring *ring, const struct transition *transition)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head - tail > ring->mask) {
		struct transition lost = *transition;
		transition_discard(&lost);
		atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
		return;
	}
	ring->slots[head & ring->mask] = *transition;
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

void ring_publish(struct ring *ring, int64_t watermark_ns)
{
	atomic_store_explicit(&ring->watermark_ns, watermark_ns, memory_order_release);
}

int64_t ring_watermark(const struct ring *ring)
{
	return atomic_load_explicit(&ring->watermark_ns, memory_order_acquire);
}

bool ring_take(struct ring *ring, struct transition *transition)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (head == tail)
		return false;
	*transition = ring->slots[tail & ring->mask];
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

uint64_t ring_lost(const struct ring *ring)
{
	return atomic_load_explicit(&ring->lost, memory_order_relaxed);
}
