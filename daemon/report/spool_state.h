/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool's state, for spool.c and spool_cursor.c alone. Two threads: the owner's, and the writer, which alone touches the
 * disk but for reading what is committed. What both use is under the lock, which is never held while the disk is waited for.
 */
#ifndef ESPIAL_REPORT_SPOOL_STATE_H
#define ESPIAL_REPORT_SPOOL_STATE_H

#include "spool.h"
#include "spool_folder.h"
#include "spool_marks.h"
#include "spool_refuge.h"

#include <pthread.h>

#define SPOOL_MILLISECOND INT64_C(1000000)

enum {
	CURSORS_MAX = SPOOL_MARKS_MAX,
	SEGMENTS_MAX = 4096,
	BATCH_OCTETS = 1 << 20,
	UNREAD_MAX = 64, /* segments that could not be read, and are to be told */
};

struct entry {
	char *octets; /* owned */
	size_t length;
	int64_t appended_ns;
	bool not_durable;
};

/* A segment that could not be read. */
struct unread {
	uint64_t first;
	int error;
	bool moved; /* to its other name */
};

struct spool_cursor {
	struct spool *spool;
	int place;      /* among the marks; -1: not kept */
	bool impatient; /* does not wait for a disk that fails */
	uint64_t number, settled;
	/* what is being read from disk */
	uint64_t segment; /* its first record's number; 0: none */
	char *octets;     /* owned */
	size_t size, offset;
};

struct spool {
	char *folder; /* owned; NULL: memory only */
	uint64_t size_max, segment_max;
	int event;
	pthread_t thread;
	bool has_thread;
	/* the owner's */
	struct spool_cursor *cursors[CURSORS_MAX];
	struct spool_marks marks;
	struct spool_refuge *refuge; /* NULL: none */
	uint64_t released;
	uint64_t began;       /* the first number that this process gave, or would have */
	uint64_t found;       /* number of the last record on disk at the start; 0: none */
	uint64_t *remembered; /* SPOOL_REMEMBERED hashes of records before the start; owned */
	size_t remembered_count;
	uint64_t unread_last;  /* the highest number that a segment which could not be read at the start may hold */
	int64_t read_fails_ns; /* since when a cursor waits for the disk; 0: none does */
	char read_problem[SPOOL_PROBLEM]; /* why */
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct entry *ring;  /* SPOOL_MEMORY_RECORDS; owned; entry of number n at n % SPOOL_MEMORY_RECORDS */
	uint64_t base, last; /* numbers in memory: base to last; none if base > last */
	size_t memory;       /* octets of them */
	uint64_t committed;  /* all up to it is on disk, or was given up */
	uint64_t needed;     /* nothing up to it is needed by any sink */
	bool failing, stop, has_folder;
	int failure; /* errno while failing */
	struct spool_health health;
	struct spool_place segments[SEGMENTS_MAX];
	size_t segment_count;
	bool has_past;                    /* the folder came late, with records of before, which are left alone */
	bool past_told;                   /* and that was said */
	size_t unreadable;                /* among the segments; the writer sets them aside */
	struct unread unread[UNREAD_MAX]; /* was set aside and is to be told */
	size_t unread_count, unread_more; /* unread_more: for which there was no room */
	/* the writer's */
	int directory, file; /* -1: not open */
	uint64_t file_first; /* number of the file's first record */
	uint64_t gone[SEGMENTS_MAX];
	char *batch; /* of BATCH_OCTETS + SPOOL_RECORD_MAX + SPOOL_HEADER; owned */
};

static inline struct entry *spool_entry(const struct spool *spool, uint64_t number)
{
	return &spool->ring[number % SPOOL_MEMORY_RECORDS];
}

/* Monotonic. */
int64_t spool_clock_ns(void);

/* Lets go of the oldest in memory; locked. */
void spool_let_go(struct spool *spool);

/* The writer is to set the segment aside; locked. */
static inline void spool_find_unreadable(struct spool *spool, struct spool_place *place, int error)
{
	place->error = error;
	spool->unreadable++;
}

#endif
