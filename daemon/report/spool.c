/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See spool.h and spool_state.h. Records in memory are one run of numbers, `base` to `last`, in a ring of entries; all before it,
 * if not settled, is on disk only.
 */
#include "spool.h"

#include "memory_or_end.h"
#include "open_failure.h"
#include "spool_folder.h"
#include "spool_state.h"
#include "write_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SEGMENT_LEAST = 64 << 10,
	SEGMENT_MOST = 4 << 20,
	RETRY_MS = 500,
	CLOSE_MS = 1000,
};

int64_t spool_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * SPOOL_MILLISECOND + now.tv_nsec;
}

static void wait_ms(struct spool *spool, pthread_cond_t *condition, int64_t milliseconds)
{
	int64_t until = spool_clock_ns() + milliseconds * SPOOL_MILLISECOND;
	struct timespec deadline = { .tv_sec = until / (1000 * SPOOL_MILLISECOND),
				     .tv_nsec = until % (1000 * SPOOL_MILLISECOND) };

	pthread_cond_timedwait(condition, &spool->lock, &deadline);
}

static uint64_t hash_of(const char *octets, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a: names records, protects nothing */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)octets[i]) * 0x100000001b3;
	return hash;
}

/* ---- the writer ---- */

static void set_failing(struct spool *spool, const char *what, int error)
{
	char reason[OPEN_FAILURE_SIZE];

	spool->failing = true;
	spool->failure = error;
	spool->health.up = false;
	snprintf(spool->health.problem, sizeof(spool->health.problem), "%s %.70s: %s", what, spool->folder,
		 open_failure(error, reason));
}

static void remember(void *context, const struct spool_record *record)
{
	struct spool *spool = context;

	spool->remembered[spool->remembered_count++ % SPOOL_REMEMBERED] = hash_of(record->octets, record->length);
}

/* What is in the folder; locked. False, with the reason in health, where it cannot be listed. */
static bool list_segments(struct spool *spool)
{
	int error = spool_folder_list(spool->directory, spool->segments, SEGMENTS_MAX, &spool->segment_count);

	spool->health.octets = 0;
	for (size_t i = 0; i < spool->segment_count; i++)
		spool->health.octets += spool->segments[i].octets;
	if (error)
		set_failing(spool, "cannot list", error);
	return error == 0;
}

/* The folder came after the start. What is in it of before is taken up only if no sink wants any of it; otherwise it is left
 * for the next start, which tells it in order. False if numbers would come twice. Locked. */
static bool take_late(struct spool *spool)
{
	if (!spool->segment_count)
		return true;

	const struct spool_place *newest = &spool->segments[spool->segment_count - 1];
	uint64_t last = newest->first ? newest->first - 1 : 0;
	bool whole = spool_folder_recover(spool->directory, newest->first, remember, spool, &last) == 0;
	if (!whole)
		last = spool_folder_bound(newest);
	if (last >= spool->began) {
		set_failing(spool, "cannot go on in", EEXIST);
		snprintf(spool->health.problem, sizeof(spool->health.problem),
			 "%.70s came late and has records of a clock that was ahead: espiald has to be started again",
			 spool->folder);
		return false;
	}
	if (whole && spool_marks_settled(spool->directory, last))
		return true;
	spool->has_past = true;
	spool->segment_count = 0;
	spool->health.octets = 0;
	return true;
}

/* Whether the folder is ours from now on, until it is closed or the process ends. A file system that knows no locks has no say. */
static bool lock_folder(int directory)
{
	return flock(directory, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool spool_is_taken(const char *folder)
{
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool taken = directory >= 0 && !lock_folder(directory);

	if (directory >= 0)
		close(directory);
	return taken;
}

/* Opens the folder, once it can be. Called before the thread runs, and by it, late. Locked. */
static bool open_folder(struct spool *spool, bool late)
{
	if (mkdir(spool->folder, 0750) != 0 && errno != EEXIST) {
		set_failing(spool, "cannot make", errno);
		return false;
	}
	spool->directory = open(spool->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->directory < 0) {
		set_failing(spool, "cannot open", errno);
		return false;
	}
	if (!lock_folder(spool->directory)) {
		set_failing(spool, "another process has", EBUSY);
		close(spool->directory);
		spool->directory = -1;
		return false;
	}
	spool->has_folder = list_segments(spool) && (!late || take_late(spool));
	if (!spool->has_folder) {
		close(spool->directory);
		spool->directory = -1;
	}
	return spool->has_folder;
}

/* A file to append to, and how long it is; a new one where there is none or it is full. */
static bool open_segment(struct spool *spool, uint64_t first, uint64_t *length)
{
	char name[SPOOL_NAME_SIZE];
	struct stat status;

	if (spool->file >= 0 && fstat(spool->file, &status) == 0 && status.st_nlink > 0 &&
	    (uint64_t)status.st_size < spool->segment_max) {
		*length = (uint64_t)status.st_size;
		return true;
	}
	if (spool->file >= 0)
		close(spool->file);
	spool_segment_name(first, name);
	spool->file_first = first;
	spool->file = openat(spool->directory, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (spool->file < 0 || fstat(spool->file, &status) != 0)
		return false;
	(void)fsync(spool->directory); /* the name, too, is to outlive a power cut */
	*length = (uint64_t)status.st_size;
	return true;
}

/* Writes the batch behind what is there, or leaves the file as it was. 0, or errno. */
static int write_batch(struct spool *spool, size_t count, uint64_t first)
{
	uint64_t before = 0;
	int error;

	if (!open_segment(spool, first, &before))
		return errno;
	if (write_whole(spool->file, spool->batch, count) && fdatasync(spool->file) == 0)
		return 0;
	error = errno;
	/* Never half a record: what follows it would have to be searched for. */
	if (ftruncate(spool->file, (off_t)before) != 0 || before == 0) {
		close(spool->file);
		spool->file = -1;
	}
	return error;
}

/* Takes segments off the list that nobody needs or that are beyond the bound; locked. Returns how many are in gone. */
static size_t take_old(struct spool *spool)
{
	size_t count = 0;

	while (spool->segment_count - count > 1) {
		const struct spool_place *oldest = &spool->segments[count];
		uint64_t end = oldest[1].first;
		bool settled = end <= spool->needed + 1;

		if (oldest->error) /* it is set aside first */
			break;
		if (!settled && spool->health.octets <= spool->size_max && spool->segment_count - count < SEGMENTS_MAX)
			break;
		if (!settled)
			spool->health.lost += end - (oldest->first > spool->needed ? oldest->first : spool->needed + 1);
		spool->health.octets -= oldest->octets;
		spool->gone[count++] = oldest->first;
	}
	memmove(spool->segments, spool->segments + count, (spool->segment_count - count) * sizeof(spool->segments[0]));
	spool->segment_count -= count;
	return count;
}

static void note_written(struct spool *spool, uint64_t first, size_t count)
{
	struct stat status;

	/* One that was found empty is listed already. */
	if (fstat(spool->file, &status) == 0 && (uint64_t)status.st_size == count &&
	    spool->segment_count < SEGMENTS_MAX &&
	    !(spool->segment_count && spool->segments[spool->segment_count - 1].first == first))
		spool->segments[spool->segment_count++] = (struct spool_place){ first, 0, 0 };
	if (spool->segment_count)
		spool->segments[spool->segment_count - 1].octets += count;
	spool->health.octets += count;
}

/* Puts what is to be written into the batch; locked. Returns its length; *first and *last are its numbers. */
static size_t gather(struct spool *spool, uint64_t *first, uint64_t *last)
{
	size_t used = 0;
	uint64_t number = spool->committed + 1;

	if (number < spool->base)
		number = spool->base;
	if (number <= spool->needed) /* sent without having been written, and settled */
		number = spool->needed + 1;
	*first = number;
	for (; number <= spool->last && used < BATCH_OCTETS; number++) {
		const struct entry *entry = spool_entry(spool, number);
		used += spool_segment_put(spool->batch + used, number, entry->octets, entry->length);
	}
	*last = number - 1;
	return used;
}

static void tell_owner(const struct spool *spool)
{
	uint64_t one = 1;

	(void)!write(spool->event, &one, sizeof(one));
}

/* Takes what cannot be read out of the list and gives it another name; locked, and unlocked meanwhile. */
static void set_aside(struct spool *spool)
{
	for (size_t i = 0; i < spool->segment_count && spool->unreadable;) {
		const struct spool_place place = spool->segments[i];

		if (!place.error) {
			i++;
			continue;
		}
		memmove(&spool->segments[i], &spool->segments[i + 1],
			(spool->segment_count - i - 1) * sizeof(spool->segments[0]));
		spool->segment_count--;
		spool->unreadable--;
		spool->health.octets -= place.octets;
		pthread_mutex_unlock(&spool->lock);
		if (spool->file >= 0 && spool->file_first == place.first) {
			close(spool->file);
			spool->file = -1;
		}
		bool moved = spool_folder_set_aside(spool->directory, place.first);
		pthread_mutex_lock(&spool->lock);
		if (spool->unread_count < UNREAD_MAX)
			spool->unread[spool->unread_count++] = (struct unread){ place.first, place.error, moved };
		else
			spool->unread_more++;
	}
}

static void *writer_thread(void *context)
{
	struct spool *spool = context;

	pthread_mutex_lock(&spool->lock);
	while (!spool->stop || (!spool->failing && spool->committed < spool->last)) {
		uint64_t first, last;
		size_t count, old;
		int error = 0;

		if (!spool->has_folder && !open_folder(spool, true)) {
			tell_owner(spool);
			wait_ms(spool, &spool->work, RETRY_MS);
			continue;
		}
		set_aside(spool);
		count = gather(spool, &first, &last);
		old = take_old(spool);
		pthread_mutex_unlock(&spool->lock);
		for (size_t i = 0; i < old; i++)
			spool_folder_remove(spool->directory, spool->gone[i]);
		if (count)
			error = write_batch(spool, count, first);
		pthread_mutex_lock(&spool->lock);
		if (!error) {
			spool->committed = last > spool->committed ? last : spool->committed;
			spool->failing = false;
			spool->health.up = true;
			spool->health.problem[0] = '\0';
			if (count)
				note_written(spool, first, count);
		} else {
			set_failing(spool, "cannot write to", error);
		}
		tell_owner(spool);
		pthread_cond_broadcast(&spool->done);
		if (error && !spool->stop)
			wait_ms(spool, &spool->work, RETRY_MS);
		while (!error && !spool->stop && !spool->unreadable && spool->committed >= spool->last &&
		       !(spool->segment_count > 1 && spool->segments[1].first <= spool->needed + 1))
			pthread_cond_wait(&spool->work, &spool->lock);
	}
	pthread_mutex_unlock(&spool->lock);
	return NULL;
}

/* ---- the owner ---- */

/* 0, or errno where nobody can say what is in the folder until there is more memory or a descriptor. */
static int recover(struct spool *spool, uint64_t first)
{
	spool->last = first ? first - 1 : 0;
	spool->base = spool->last + 1; /* nothing is in memory, also if this ends early */
	if (spool->folder && !open_folder(spool, false) && spool_folder_lacks(spool->failure))
		return spool->failure;
	/* The last but one too: the last may be young. */
	for (size_t i = spool->segment_count > 1 ? spool->segment_count - 2 : 0; i < spool->segment_count; i++) {
		struct spool_place *place = &spool->segments[i];
		uint64_t last = place->first ? place->first - 1 : 0;
		int error = spool_folder_recover(spool->directory, place->first, remember, spool, &last);

		if (spool_folder_lacks(error))
			return error;
		if (error) {
			spool_find_unreadable(spool, place, error);
			spool->unread_last = spool_folder_bound(place);
		}
		if (last > spool->found)
			spool->found = last;
	}
	if (spool->found > spool->last)
		spool->last = spool->found;
	if (spool->unread_last > spool->last) /* no number twice, whatever is in it */
		spool->last = spool->unread_last;
	spool->base = spool->began = spool->last + 1;
	spool->committed = spool->released = spool->last;
	return 0;
}

struct spool *spool_open(const char *folder, uint64_t size_max, uint64_t first)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	pthread_condattr_t monotonic;

	if (!spool)
		return NULL;
	spool->directory = spool->file = spool->marks.file = -1;
	spool->health.up = true;
	spool->size_max = size_max;
	spool->segment_max = size_max / 16 < SEGMENT_LEAST  ? SEGMENT_LEAST
			     : size_max / 16 > SEGMENT_MOST ? SEGMENT_MOST
							    : size_max / 16;
	pthread_mutex_init(&spool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&spool->work, &monotonic);
	pthread_cond_init(&spool->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	spool->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	spool->ring = calloc(SPOOL_MEMORY_RECORDS, sizeof(*spool->ring));
	spool->remembered = calloc(SPOOL_REMEMBERED, sizeof(*spool->remembered));
	spool->batch = folder ? malloc(BATCH_OCTETS + SPOOL_RECORD_MAX + SPOOL_HEADER) : NULL;
	spool->folder = folder ? strdup(folder) : NULL;
	if (spool->event < 0 || !spool->ring || !spool->remembered || (folder && (!spool->batch || !spool->folder))) {
		spool_close(spool);
		errno = ENOMEM;
		return NULL;
	}
	int error = recover(spool, first);
	if (error) {
		spool_close(spool);
		errno = error;
		return NULL;
	}
	spool_marks_open(&spool->marks, spool->directory);
	if (folder)
		error = pthread_create(&spool->thread, NULL, writer_thread, spool);
	spool->has_thread = folder && !error;
	if (!error)
		return spool;
	spool_close(spool);
	errno = error;
	return NULL;
}

/* Puts one record of the refuge behind what is there; locked. False where it does not fit. */
static bool board(struct spool *spool, const struct spool_record *record)
{
	bool renumbers = spool->unread_last >= record->number || spool->base <= spool->unread_last;
	char *copy;

	/* The first: numbers go on from there and not from the clock; what is before it and not on disk was settled. */
	if (spool->base > spool->last && !renumbers) {
		spool->base = spool->began = record->number;
		spool->last = spool->committed = spool->released = record->number - 1;
	}
	/* Whether what could not be read holds it nobody knows: then it comes under a number of its own. */
	if ((record->number != spool->last + 1 && !renumbers) || spool->last - spool->base + 1 >= SPOOL_MEMORY_RECORDS)
		return false;
	copy = memory_or_end(record->length + 1);
	memcpy(copy, record->octets, record->length);
	copy[record->length] = '\0';
	spool->last++;
	*spool_entry(spool, spool->last) = (struct entry){ copy, record->length, spool_clock_ns(), false };
	spool->memory += record->length;
	remember(spool, record);
	return true;
}

bool spool_shelter(struct spool *spool, int memory)
{
	struct spool_refuge *refuge = spool->folder ? spool_refuge_open(memory, spool->folder) : NULL;
	struct spool_record record;
	size_t offset = 0;

	if (!refuge)
		return false;
	pthread_mutex_lock(&spool->lock);
	while (spool_refuge_next(refuge, &offset, &record))
		if (record.number > spool->found && !board(spool, &record))
			break;
	pthread_cond_signal(&spool->work);
	pthread_mutex_unlock(&spool->lock);
	spool_marks_share(&spool->marks, spool_refuge_marks(refuge));
	spool->refuge = refuge;
	return true;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->has_thread) {
		int64_t until = spool_clock_ns() + CLOSE_MS * SPOOL_MILLISECOND;

		pthread_mutex_lock(&spool->lock);
		pthread_cond_signal(&spool->work);
		while (!spool->failing && spool->committed < spool->last && spool_clock_ns() < until)
			wait_ms(spool, &spool->done, 50);
		spool->stop = true;
		pthread_cond_signal(&spool->work);
		pthread_mutex_unlock(&spool->lock);
		pthread_join(spool->thread, NULL);
	}
	for (uint64_t number = spool->base; spool->ring && number <= spool->last; number++)
		free(spool_entry(spool, number)->octets);
	spool_marks_close(&spool->marks);
	spool_refuge_close(spool->refuge);
	if (spool->event >= 0)
		close(spool->event);
	if (spool->directory >= 0)
		close(spool->directory);
	if (spool->file >= 0)
		close(spool->file);
	pthread_mutex_destroy(&spool->lock);
	pthread_cond_destroy(&spool->work);
	pthread_cond_destroy(&spool->done);
	free(spool->ring);
	free(spool->remembered);
	free(spool->batch);
	free(spool->folder);
	free(spool);
}

void spool_let_go(struct spool *spool)
{
	struct entry *entry = spool_entry(spool, spool->base);

	if (spool->base > spool->committed && spool->base > spool->needed) {
		spool->health.lost++;
		spool->committed = spool->base;
	}
	spool->memory -= entry->length;
	free(entry->octets);
	*entry = (struct entry){ .octets = NULL };
	spool->base++;
}

uint64_t spool_append(struct spool *spool, const char *octets, size_t length, int64_t now_ns)
{
	uint64_t number;

	if (length > SPOOL_RECORD_MAX)
		return 0;
	char *copy = memory_or_end(length + 1);
	memcpy(copy, octets, length);
	copy[length] = '\0';
	pthread_mutex_lock(&spool->lock);
	while (spool->base <= spool->last &&
	       (spool->last - spool->base + 1 >= SPOOL_MEMORY_RECORDS || spool->memory + length > SPOOL_MEMORY_OCTETS))
		spool_let_go(spool);
	number = ++spool->last;
	*spool_entry(spool, number) = (struct entry){ copy, length, now_ns, false };
	spool->memory += length;
	pthread_cond_signal(&spool->work);
	pthread_mutex_unlock(&spool->lock);
	return number;
}

uint64_t spool_released(struct spool *spool, int64_t now_ns)
{
	uint64_t count;

	(void)!read(spool->event, &count, sizeof(count));
	pthread_mutex_lock(&spool->lock);
	if (spool->released < spool->committed)
		spool->released = spool->committed;
	while (spool->released < spool->last) {
		struct entry *entry = spool_entry(spool, spool->released + 1);

		if (spool->folder && !spool->failing &&
		    now_ns - entry->appended_ns < SPOOL_PATIENCE_MS * SPOOL_MILLISECOND)
			break;
		entry->not_durable = spool->folder != NULL;
		spool->released++;
		if (spool->refuge) /* full: then it is as safe as this process */
			(void)spool_refuge_put(spool->refuge, spool->released, entry->octets, entry->length,
					       spool->committed > spool->needed ? spool->committed : spool->needed);
	}
	pthread_mutex_unlock(&spool->lock);
	return spool->released;
}

int spool_descriptor(const struct spool *spool)
{
	return spool->event;
}

uint64_t spool_last(const struct spool *spool)
{
	return spool->last;
}

bool spool_recalls(const struct spool *spool, const char *octets, size_t length)
{
	size_t count = spool->remembered_count < SPOOL_REMEMBERED ? spool->remembered_count : SPOOL_REMEMBERED;
	uint64_t hash = hash_of(octets, length);

	for (size_t i = 0; i < count; i++)
		if (spool->remembered[i] == hash)
			return true;
	return false;
}

void spool_read_health(struct spool *spool, struct spool_health *health)
{
	pthread_mutex_lock(&spool->lock);
	*health = spool->health;
	pthread_mutex_unlock(&spool->lock);
	if (health->up && spool->read_fails_ns) {
		health->up = false;
		memcpy(health->problem, spool->read_problem, sizeof(health->problem));
	}
}

bool spool_tell(struct spool *spool, char text[SPOOL_TOLD])
{
	char segment[SPOOL_NAME_SIZE], aside[SPOOL_NAME_SIZE + 16], reason[64];
	bool told = true;

	pthread_mutex_lock(&spool->lock);
	if (spool->unread_count) {
		const struct unread unread = spool->unread[--spool->unread_count];
		spool_segment_name(unread.first, segment);
		spool_folder_aside_name(unread.first, aside);
		snprintf(text, SPOOL_TOLD, "the findings in %s/%s cannot be read: %s; the file is kept as %s%s",
			 spool->folder, segment, strerror_r(unread.error, reason, sizeof(reason)),
			 unread.moved ? aside : segment,
			 unread.moved ? ", and what was not sent yet is in it" : ", and the next start tries again");
	} else if (spool->unread_more) {
		snprintf(text, SPOOL_TOLD, "%zu more files in %s cannot be read and are kept as *.unreadable",
			 spool->unread_more, spool->folder);
		spool->unread_more = 0;
	} else if (spool->has_past && !spool->past_told) {
		spool->past_told = true;
		snprintf(text, SPOOL_TOLD,
			 "%s could not be opened when espiald started and holds findings from before: they are kept, "
			 "and sent when espiald starts again",
			 spool->folder);
	} else {
		told = false;
	}
	pthread_mutex_unlock(&spool->lock);
	return told;
}
