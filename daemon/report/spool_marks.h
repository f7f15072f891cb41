/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each sink has come in the spool: a small file of places that are written over where they stand.
 *
 * Writing a place needs no new room on the disk, and what was written is there when the process was killed; it is not
 * waited for, since after a power cut a place that is too old costs a few copies and nothing is lost. For spool.c only.
 */
#ifndef ESPIAL_REPORT_SPOOL_MARKS_H
#define ESPIAL_REPORT_SPOOL_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum { SPOOL_MARKS_MAX = 16, SPOOL_MARK_NAME = 24 };

struct spool_mark {
	char name[SPOOL_MARK_NAME]; /* of the sink; empty: a free place */
	uint64_t number;            /* all up to it is settled */
};

struct spool_marks {
	int file;   /* -1: none */
	bool found; /* there was one before, and it could be read */
	struct spool_mark marks[SPOOL_MARKS_MAX];
	struct spool_mark *shared; /* a copy that outlives the process, if any (spool_refuge.h) */
};

/* Opens "positions" in the folder, or makes it. Without a file (folder -1, no room) marks live in memory. */
void spool_marks_open(struct spool_marks *marks, int folder);

/* For a folder that can be written to only now: marks go there from memory. */
void spool_marks_keep(struct spool_marks *marks, int folder);

/* Takes over what the copy knows better than the file, and keeps the copy from now on. It outlives the marks. */
void spool_marks_share(struct spool_marks *marks, struct spool_mark shared[SPOOL_MARKS_MAX]);

/* From now on there is no copy, and what it knew is forgotten: the file alone is to be believed at the next start. */
void spool_marks_unshare(struct spool_marks *marks);

/* Whether the file in the folder is there and says that every sink had all up to the number. Changes nothing. */
bool spool_marks_settled(int folder, uint64_t number);

void spool_marks_close(struct spool_marks *marks);

/* The place of the name, taken if there is none yet, with `otherwise` as its number. -1 if all are taken. */
int spool_marks_place(struct spool_marks *marks, const char *name, uint64_t otherwise);

void spool_marks_set(struct spool_marks *marks, int place, uint64_t number);

#endif
