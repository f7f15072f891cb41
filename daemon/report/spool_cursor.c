/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See spool.h: how a sink goes through the spool, in memory and on disk. Runs in the owner's thread.
 */
#include "spool_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_PATIENCE_MS = 2000 }; /* so long a disk may fail to read a segment before the findings behind it go on */

struct spool_cursor *spool_cursor_new(struct spool *spool, const char *name, bool kept)
{
	struct spool_cursor *cursor = calloc(1, sizeof(*cursor));
	size_t at = 0;

	while (at < CURSORS_MAX && spool->cursors[at])
		at++;
	if (!cursor || at == CURSORS_MAX) {
		free(cursor);
		return NULL;
	}
	cursor->spool = spool;
	/* Without the file of marks nobody knows what was settled: rather all that is left once more than nothing. */
	pthread_mutex_lock(&spool->lock);
	uint64_t otherwise =
	    spool->marks.found || !spool->segment_count ? spool->released : spool->segments[0].first - 1;
	pthread_mutex_unlock(&spool->lock);
	cursor->place = kept ? spool_marks_place(&spool->marks, name, otherwise) : -1;
	cursor->number = cursor->place >= 0 ? spool->marks.marks[cursor->place].number : spool->last;
	if (cursor->number > spool->last) /* of a spool that is gone */
		cursor->number = otherwise;
	cursor->settled = cursor->number;
	spool->cursors[at] = cursor;
	return cursor;
}

void spool_cursor_free(struct spool_cursor *cursor)
{
	if (!cursor)
		return;
	for (size_t i = 0; i < CURSORS_MAX; i++)
		if (cursor->spool->cursors[i] == cursor)
			cursor->spool->cursors[i] = NULL;
	free(cursor->octets);
	free(cursor);
}

enum reading {
	READ,       /* there it is */
	READ_OUT,   /* there is nothing more */
	READ_LATER, /* the disk, or a lack of memory or descriptors, is in the way */
};

/* A segment could not be read. A lack is waited out; a disk has `patience`; then the segment is set aside. */
static enum reading fail_to_read(struct spool *spool, uint64_t first, int error, bool patient)
{
	char reason[64], name[SPOOL_NAME_SIZE];
	int64_t now = spool_clock_ns();

	if (!spool->read_fails_ns)
		spool->read_fails_ns = now;
	spool_segment_name(first, name);
	snprintf(spool->read_problem, sizeof(spool->read_problem), "cannot read %.70s/%s: %s", spool->folder, name,
		 strerror_r(error, reason, sizeof(reason)));
	if (spool_folder_lacks(error) || (patient && now - spool->read_fails_ns < READ_PATIENCE_MS * SPOOL_MILLISECOND))
		return READ_LATER;
	spool->read_fails_ns = 0;
	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < spool->segment_count; i++)
		if (spool->segments[i].first == first && !spool->segments[i].error)
			spool_find_unreadable(spool, &spool->segments[i], error);
	pthread_cond_signal(&spool->work);
	pthread_mutex_unlock(&spool->lock);
	return READ_OUT;
}

/* The segment that holds the number, or the first behind it; 0 if there is none. */
static uint64_t segment_of(struct spool *spool, uint64_t number, int *directory)
{
	uint64_t first = 0;

	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < spool->segment_count; i++)
		if (!spool->segments[i].error && (!first || spool->segments[i].first <= number))
			first = spool->segments[i].first;
	*directory = spool->has_folder ? spool->directory : -1;
	pthread_mutex_unlock(&spool->lock);
	return first;
}

/* Goes on to the segment that holds the number, or the first behind it. */
static enum reading load_segment(struct spool_cursor *cursor, uint64_t number)
{
	struct spool *spool = cursor->spool;
	enum reading reading = READ_OUT;
	int directory;

	free(cursor->octets);
	cursor->octets = NULL;
	cursor->offset = cursor->size = 0;
	for (unsigned tries = 0; reading == READ_OUT && tries < SEGMENTS_MAX; tries++) {
		cursor->segment = segment_of(spool, number, &directory);
		if (!cursor->segment || directory < 0)
			return READ_OUT;
		cursor->octets = spool_folder_read(directory, cursor->segment, &cursor->size);
		reading = cursor->octets ? READ : fail_to_read(spool, cursor->segment, errno, !cursor->impatient);
	}
	if (reading == READ)
		spool->read_fails_ns = 0;
	return reading;
}

/* The next segment behind that of this number; 0 if there is none. */
static uint64_t segment_behind(struct spool *spool, uint64_t first)
{
	uint64_t next = 0;

	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < spool->segment_count && !next; i++)
		if (!spool->segments[i].error && spool->segments[i].first > first)
			next = spool->segments[i].first;
	pthread_mutex_unlock(&spool->lock);
	return next;
}

/* The next record behind the cursor that memory has let go, at most `end`. */
static enum reading next_on_disk(struct spool_cursor *cursor, uint64_t end, struct spool_item *item)
{
	enum reading reading = READ;
	struct spool_record record;
	uint64_t loaded = 0;

	for (unsigned loads = 0; loads < SEGMENTS_MAX && reading == READ; loads++) {
		while (cursor->octets && spool_segment_next(cursor->octets, cursor->size, &cursor->offset, &record)) {
			if (record.number <= cursor->number)
				continue;
			if (record.number > end)
				return READ_OUT;
			*item = (struct spool_item){ record.number, record.octets, record.length, false };
			return READ;
		}
		/* At its end: it may have grown, or there is another. */
		loaded = cursor->segment;
		reading = load_segment(cursor, cursor->number + 1);
		if (reading == READ && cursor->segment == loaded && loads > 0) {
			/* Nothing more in it: on to the one behind. */
			uint64_t next = segment_behind(cursor->spool, loaded);
			reading = next && next <= end ? load_segment(cursor, next) : READ_OUT;
		}
	}
	return reading == READ ? READ_OUT : reading;
}

bool spool_next(struct spool_cursor *cursor, struct spool_item *item)
{
	struct spool *spool = cursor->spool;
	uint64_t base, number;
	bool found = false;

	if (cursor->number >= spool->released)
		return false;
	pthread_mutex_lock(&spool->lock);
	base = spool->base;
	pthread_mutex_unlock(&spool->lock);
	/* Only the owner moves base, and it is here. */
	if (cursor->number + 1 < base) {
		uint64_t end = base - 1 < spool->released ? base - 1 : spool->released;
		enum reading reading = next_on_disk(cursor, end, item);
		if (reading == READ)
			cursor->number = item->number;
		if (reading != READ_OUT)
			return reading == READ;
		cursor->number = end;
		if (end >= spool->released)
			return false;
	}
	free(cursor->octets);
	cursor->octets = NULL;
	cursor->segment = 0;
	number = cursor->number + 1;
	pthread_mutex_lock(&spool->lock);
	if (number <= spool->last) {
		const struct entry *entry = spool_entry(spool, number);
		*item = (struct spool_item){ number, entry->octets, entry->length, entry->not_durable };
		found = true;
	}
	pthread_mutex_unlock(&spool->lock);
	if (found)
		cursor->number = number;
	return found;
}

bool spool_replay(struct spool *spool, uint64_t after, void (*each)(void *context, const struct spool_item *item),
		  void *context)
{
	struct spool_cursor cursor = { .spool = spool, .place = -1, .impatient = true, .number = after };
	enum reading reading = READ;
	struct spool_item item;

	/* Only the owner moves base and last, and it is here: entries stay where they are. */
	while (reading == READ && cursor.number + 1 < spool->base) {
		reading = next_on_disk(&cursor, spool->base - 1, &item);
		if (reading == READ) {
			cursor.number = item.number;
			each(context, &item);
		}
	}
	free(cursor.octets);
	for (uint64_t number = spool->base > after ? spool->base : after + 1; number <= spool->last; number++) {
		const struct entry *entry = spool_entry(spool, number);
		item = (struct spool_item){ number, entry->octets, entry->length, entry->not_durable };
		each(context, &item);
	}
	return reading != READ_LATER;
}

/* The file of marks is for us, and not yet kept: the folder came late. */
static bool may_keep_marks(struct spool *spool)
{
	bool may, has_past;

	if (spool->marks.file >= 0)
		return false;
	pthread_mutex_lock(&spool->lock);
	may = spool->has_folder && !spool->has_past;
	has_past = spool->has_past;
	pthread_mutex_unlock(&spool->lock);
	/* The marks of before say what of it was told: they stand in the file, and nothing is to overrule them. */
	if (has_past)
		spool_marks_unshare(&spool->marks);
	return may;
}

void spool_settle(struct spool_cursor *cursor, uint64_t number)
{
	struct spool *spool = cursor->spool;
	uint64_t needed = UINT64_MAX;

	if (number > cursor->settled)
		cursor->settled = number;
	if (may_keep_marks(spool))
		spool_marks_keep(&spool->marks, spool->directory);
	if (cursor->place >= 0)
		spool_marks_set(&spool->marks, cursor->place, cursor->settled);
	for (size_t i = 0; i < CURSORS_MAX; i++)
		if (spool->cursors[i] && spool->cursors[i]->settled < needed)
			needed = spool->cursors[i]->settled;
	pthread_mutex_lock(&spool->lock);
	if (needed != UINT64_MAX && needed > spool->needed) {
		spool->needed = needed;
		while (spool->base <= spool->last && spool->base <= needed)
			spool_let_go(spool);
		if (spool->segment_count > 1 && spool->segments[1].first <= needed + 1)
			pthread_cond_signal(&spool->work);
	}
	pthread_mutex_unlock(&spool->lock);
}
