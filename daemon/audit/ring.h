/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring between one worker and the judge: transitions one way, one writer, one reader, no lock.
 *
 * With the transitions goes a watermark: the frame time up to which the worker has put everything. A full ring loses the
 * transition and counts it; the worker, which is the one that must keep up with the wire, never waits.
 */
#ifndef ESPIAL_AUDIT_RING_H
#define ESPIAL_AUDIT_RING_H

#include "transition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Room for `capacity` transitions, rounded up to a power of two. NULL on lack of memory. */
struct ring *ring_new(size_t capacity);
void ring_free(struct ring *ring);

/* The worker's side. What a lost transition owned is freed. */
void ring_put(struct ring *ring, const struct transition *transition);
void ring_publish(struct ring *ring, int64_t watermark_ns);

/* The judge's side. The watermark is to be read before the transitions are taken. */
int64_t ring_watermark(const struct ring *ring);
bool ring_take(struct ring *ring, struct transition *transition);
uint64_t ring_lost(const struct ring *ring);

#endif
