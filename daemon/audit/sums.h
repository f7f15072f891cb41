/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all workers tell of one thing, added up: the frames of an interface in a second (TRANSITION_SEEN), tables that are full
 * (TABLE_FULL), what SAs lack (LOSS).
 *
 * These speak of no pair, so each worker tells its own part. Rules weigh shares in them, and a share of a part is not that of the
 * whole: the judge gets one transition, once all workers have told. One worker's go the same way, so that nothing depends on
 * how many there are, not even the order among those of one time.
 */
#ifndef ESPIAL_AUDIT_SUMS_H
#define ESPIAL_AUDIT_SUMS_H

#include "transition.h"

struct sums;

/* NULL on lack of memory. */
struct sums *sums_new(void);
void sums_free(struct sums *sums);

/* How many were not taken for want of memory. */
uint64_t sums_lost(const struct sums *sums);

/* Takes a transition that is added up. False if it is not of that kind, or there is no memory: it goes on as it is. */
bool sums_take(struct sums *sums, const struct transition *transition);

/* Puts what is of this time or before, in order of time; all workers have told up to it. */
void sums_release(struct sums *sums, int64_t until_ns, const struct transition_sink *sink);

/* Gives a transition that others than workers tell of the sensor its place behind those of the same time. */
void sums_place(struct sums *sums, struct transition *transition);

#endif
