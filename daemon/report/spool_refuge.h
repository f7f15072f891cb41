/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool's refuge: memory that outlives the process, for what no disk has taken yet.
 *
 * Where a disk is full, read-only or late, records are sent all the same, and a reporter that is killed before every sink
 * has them would take them along. The refuge is shared memory of the process that starts reporters: each finds there
 * what the one before it had not on disk, under the same numbers, and how far each sink had come. A kill between any two
 * instructions leaves it whole. It does not outlive espiald, nor the machine. For spool.c only.
 */
#ifndef ESPIAL_REPORT_SPOOL_REFUGE_H
#define ESPIAL_REPORT_SPOOL_REFUGE_H

#include "spool_marks.h"
#include "spool_segment.h"

enum { SPOOL_REFUGE_HALF = 4 << 20 }; /* octets of records that find room */

struct spool_refuge;

/* A descriptor of shared memory for a refuge, empty; -1 with errno. It takes room only as it is used. */
int spool_refuge_new(void);

/* The refuge behind the descriptor, which stays the caller's; NULL if it is not one or memory is short. One process at a
 * time. What is in it belongs to the spool in `folder`: of another one it is emptied. */
struct spool_refuge *spool_refuge_open(int memory, const char *folder);
void spool_refuge_close(struct spool_refuge *refuge);

/* The next record at or behind *offset, which begins at 0; false behind the last. Its octets live until the next put. */
bool spool_refuge_next(const struct spool_refuge *refuge, size_t *offset, struct spool_record *record);

/* Takes a copy; what is numbered `settled` or less is needed no more and makes room. Numbers follow one another: false
 * where there is no room, or one before it found none. */
bool spool_refuge_put(struct spool_refuge *refuge, uint64_t number, const char *octets, size_t length,
		      uint64_t settled);

/* SPOOL_MARKS_MAX places, written over where they stand. */
struct spool_mark *spool_refuge_marks(struct spool_refuge *refuge);

#endif
