/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See spool.h. Records in memory are one run of numbers, `base` to `last`, in a ring of entries; all before it, if not
 * settled, is on disk only. Two threads: the owner's, and the writer, which alone touches the disk but for reading what
 * is committed. What both use is under the lock, which is never held while the disk is waited for.
 */
#include "spool.h"

#include "memory_or_end.h"
#include "spool_marks.h"
#include "spool_refuge.h"
#include "spool_segment.h"
#include "write_whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND INT64_C(1000000)

enum {
	CURSORS_MAX = SPOOL_MARKS_MAX,
	SEGMENTS_MAX = 4096,
	SEGMENT_LEAST = 64 << 10,
	SEGMENT_MOST = 4 << 20,
	BATCH_OCTETS = 1 << 20,
	RETRY_MS = 500,
	CLOSE_MS = 1000,
};

struct entry {
	char *octets; /* owned */
	size_t length;
	int64_t appended_ns;
	bool not_durable;
};

struct segment {
	uint64_t first; /* number of its first record */
	uint64_t octets;
};

struct spool_cursor {
	struct spool *spool;
	int place; /* among the marks; -1: not kept */
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
	uint64_t found;       /* number of the last record on disk at the start; 0: none */
	uint64_t *remembered; /* SPOOL_REMEMBERED hashes of records before the start; owned */
	size_t remembered_count;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct entry *ring;  /* SPOOL_MEMORY_RECORDS; owned; entry of number n at n % SPOOL_MEMORY_RECORDS */
	uint64_t base, last; /* numbers in memory: base to last; none if base > last */
	size_t memory;       /* octets of them */
	uint64_t committed;  /* all up to it is on disk, or was given up */
	uint64_t needed;     /* nothing up to it is needed by any sink */
	bool failing, stop, has_folder;
	struct spool_health health;
	struct segment segments[SEGMENTS_MAX];
	size_t segment_count;
	/* the writer's */
	int directory, file; /* -1: not open */
	char *batch;         /* of BATCH_OCTETS + SPOOL_RECORD_MAX + SPOOL_HEADER; owned */
};

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * MILLISECOND + now.tv_nsec;
}

static void wait_ms(struct spool *spool, pthread_cond_t *condition, int64_t milliseconds)
{
	int64_t until = monotonic_ns() + milliseconds * MILLISECOND;
	struct timespec deadline = { .tv_sec = until / (1000 * MILLISECOND), .tv_nsec = until % (1000 * MILLISECOND) };

	pthread_cond_timedwait(condition, &spool->lock, &deadline);
}

static struct entry *entry_of(const struct spool *spool, uint64_t number)
{
	return &spool->ring[number % SPOOL_MEMORY_RECORDS];
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
	char reason[64];

	spool->failing = true;
	spool->health.up = false;
	snprintf(spool->health.problem, sizeof(spool->health.problem), "%s %.70s: %s", what, spool->folder,
		 strerror_r(error, reason, sizeof(reason)));
}

static int compare_segments(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

/* What is in the folder; locked. */
static void list_segments(struct spool *spool)
{
	DIR *listing = fdopendir(dup(spool->directory));
	const struct dirent *entry;
	struct stat status;

	spool->segment_count = 0;
	spool->health.octets = 0;
	while (listing && (entry = readdir(listing)) && spool->segment_count < SEGMENTS_MAX) {
		uint64_t first;
		if (!spool_segment_number(entry->d_name, &first) ||
		    fstatat(spool->directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		spool->segments[spool->segment_count++] = (struct segment){ first, (uint64_t)status.st_size };
		spool->health.octets += (uint64_t)status.st_size;
	}
	if (listing)
		closedir(listing);
	qsort(spool->segments, spool->segment_count, sizeof(spool->segments[0]), compare_segments);
}

/* The last records of the segment: the last number, and hashes of the last few. Its torn end is cut off. */
static uint64_t recover_last(struct spool *spool, const struct segment *segment)
{
	struct spool_record record;
	char name[SPOOL_NAME_SIZE];
	size_t size, offset = 0, sound;
	uint64_t last = segment->first ? segment->first - 1 : 0;
	char *octets = spool_segment_read(spool->directory, segment->first, SIZE_MAX >> 1, &size);

	if (!octets)
		return last;
	while (spool_segment_next(octets, size, &offset, &record)) {
		if (record.number > last)
			last = record.number;
		spool->remembered[spool->remembered_count++ % SPOOL_REMEMBERED] = hash_of(record.octets, record.length);
	}
	sound = spool_segment_sound(octets, size);
	spool_segment_name(segment->first, name);
	if (sound < size) {
		int file = openat(spool->directory, name, O_WRONLY | O_CLOEXEC);
		if (file >= 0 && ftruncate(file, (off_t)sound) == 0)
			(void)fdatasync(file);
		if (file >= 0)
			close(file);
	}
	free(octets);
	return last;
}

/* Opens the folder, once it can be. Called before the thread runs, and by it. Locked. */
static bool open_folder(struct spool *spool)
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
	list_segments(spool);
	spool->has_folder = true;
	return true;
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

static void remove_segment(struct spool *spool, uint64_t first)
{
	char name[SPOOL_NAME_SIZE];

	spool_segment_name(first, name);
	(void)unlinkat(spool->directory, name, 0);
}

/* Takes segments off the list that nobody needs or that are beyond the bound; locked. Returns how many are in `gone`. */
static size_t take_old(struct spool *spool, uint64_t gone[SEGMENTS_MAX])
{
	size_t count = 0;

	while (spool->segment_count - count > 1) {
		const struct segment *oldest = &spool->segments[count];
		uint64_t end = oldest[1].first;
		bool settled = end <= spool->needed + 1;

		if (!settled && spool->health.octets <= spool->size_max && spool->segment_count < SEGMENTS_MAX)
			break;
		if (!settled)
			spool->health.lost += end - (oldest->first > spool->needed ? oldest->first : spool->needed + 1);
		spool->health.octets -= oldest->octets;
		gone[count++] = oldest->first;
	}
	memmove(spool->segments, spool->segments + count, (spool->segment_count - count) * sizeof(spool->segments[0]));
	spool->segment_count -= count;
	return count;
}

static void note_written(struct spool *spool, uint64_t first, size_t count)
{
	struct stat status;

	if (fstat(spool->file, &status) == 0 && (uint64_t)status.st_size == count)
		spool->segments[spool->segment_count++] = (struct segment){ first, 0 };
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
		const struct entry *entry = entry_of(spool, number);
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

static void *writer_thread(void *context)
{
	struct spool *spool = context;
	uint64_t *gone = malloc(SEGMENTS_MAX * sizeof(*gone));

	pthread_mutex_lock(&spool->lock);
	while (!spool->stop || (!spool->failing && spool->committed < spool->last)) {
		uint64_t first, last;
		size_t count, old;
		int error = 0;

		if (!spool->has_folder && !open_folder(spool)) {
			tell_owner(spool);
			wait_ms(spool, &spool->work, RETRY_MS);
			continue;
		}
		count = gather(spool, &first, &last);
		old = gone ? take_old(spool, gone) : 0;
		pthread_mutex_unlock(&spool->lock);
		for (size_t i = 0; i < old; i++)
			remove_segment(spool, gone[i]);
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
		while (!error && !spool->stop && spool->committed >= spool->last &&
		       !(spool->segment_count > 1 && spool->segments[1].first <= spool->needed + 1))
			pthread_cond_wait(&spool->work, &spool->lock);
	}
	pthread_mutex_unlock(&spool->lock);
	free(gone);
	return NULL;
}

/* ---- the owner ---- */

static void recover(struct spool *spool, uint64_t first)
{
	spool->last = first ? first - 1 : 0;
	if (spool->folder && open_folder(spool) && spool->segment_count > 0) {
		/* The last but one too: the last may be young. */
		for (size_t i = spool->segment_count > 1 ? spool->segment_count - 2 : 0; i < spool->segment_count;
		     i++) {
			uint64_t last = recover_last(spool, &spool->segments[i]);
			if (last > spool->found)
				spool->found = last;
		}
	}
	if (spool->found > spool->last)
		spool->last = spool->found;
	spool->base = spool->last + 1;
	spool->committed = spool->released = spool->last;
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
		return NULL;
	}
	recover(spool, first);
	spool_marks_open(&spool->marks, spool->directory);
	if (folder)
		spool->has_thread = pthread_create(&spool->thread, NULL, writer_thread, spool) == 0;
	if (spool->has_thread || !folder)
		return spool;
	spool_close(spool);
	return NULL;
}

/* Puts one record of the refuge behind what is there; locked. False where it does not fit. */
static bool board(struct spool *spool, const struct spool_record *record)
{
	char *copy;

	/* The first: numbers go on from there and not from the clock; what is before it and not on disk was settled. */
	if (spool->base > spool->last) {
		spool->base = record->number;
		spool->last = spool->committed = spool->released = record->number - 1;
	}
	if (record->number != spool->last + 1 || spool->last - spool->base + 1 >= SPOOL_MEMORY_RECORDS ||
	    !(copy = strndup(record->octets, record->length)))
		return false;
	spool->last++;
	*entry_of(spool, spool->last) = (struct entry){ copy, record->length, monotonic_ns(), false };
	spool->memory += record->length;
	spool->remembered[spool->remembered_count++ % SPOOL_REMEMBERED] = hash_of(record->octets, record->length);
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
		int64_t until = monotonic_ns() + CLOSE_MS * MILLISECOND;

		pthread_mutex_lock(&spool->lock);
		pthread_cond_signal(&spool->work);
		while (!spool->failing && spool->committed < spool->last && monotonic_ns() < until)
			wait_ms(spool, &spool->done, 50);
		spool->stop = true;
		pthread_cond_signal(&spool->work);
		pthread_mutex_unlock(&spool->lock);
		pthread_join(spool->thread, NULL);
	}
	for (uint64_t number = spool->base; spool->ring && number <= spool->last; number++)
		free(entry_of(spool, number)->octets);
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

/* Lets go of the oldest in memory; locked. */
static void let_go(struct spool *spool)
{
	struct entry *entry = entry_of(spool, spool->base);

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
		let_go(spool);
	number = ++spool->last;
	*entry_of(spool, number) = (struct entry){ copy, length, now_ns, false };
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
		struct entry *entry = entry_of(spool, spool->released + 1);

		if (spool->folder && !spool->failing && now_ns - entry->appended_ns < SPOOL_PATIENCE_MS * MILLISECOND)
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

/* ---- cursors ---- */

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

/* Goes on to the segment that holds the number, or the first behind it. False if there is none on disk. */
static bool load_segment(struct spool_cursor *cursor, uint64_t number)
{
	struct spool *spool = cursor->spool;
	uint64_t first = 0;
	int directory;

	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < spool->segment_count; i++)
		if (!first || spool->segments[i].first <= number)
			first = spool->segments[i].first;
	directory = spool->has_folder ? spool->directory : -1;
	pthread_mutex_unlock(&spool->lock);
	free(cursor->octets);
	cursor->octets = NULL;
	cursor->segment = first;
	cursor->offset = cursor->size = 0;
	if (first && directory >= 0)
		cursor->octets = spool_segment_read(directory, first, SIZE_MAX >> 1, &cursor->size);
	return cursor->octets != NULL;
}

/* The next record behind the cursor that memory has let go, at most `end`. */
static bool next_on_disk(struct spool_cursor *cursor, uint64_t end, struct spool_item *item)
{
	struct spool_record record;
	uint64_t loaded = 0;

	for (unsigned loads = 0; loads < SEGMENTS_MAX; loads++) {
		while (cursor->octets && spool_segment_next(cursor->octets, cursor->size, &cursor->offset, &record)) {
			if (record.number <= cursor->number)
				continue;
			if (record.number > end)
				return false;
			*item = (struct spool_item){ record.number, record.octets, record.length, false };
			return true;
		}
		/* At its end: it may have grown, or there is another. */
		loaded = cursor->segment;
		if (!load_segment(cursor, cursor->number + 1))
			return false;
		if (cursor->segment == loaded && loads > 0) {
			/* Nothing more in it: on to the one behind. */
			uint64_t next = 0;
			pthread_mutex_lock(&cursor->spool->lock);
			for (size_t i = 0; i < cursor->spool->segment_count && !next; i++)
				if (cursor->spool->segments[i].first > loaded)
					next = cursor->spool->segments[i].first;
			pthread_mutex_unlock(&cursor->spool->lock);
			if (!next || next > end || !load_segment(cursor, next))
				return false;
		}
	}
	return false;
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
		if (next_on_disk(cursor, end, item)) {
			cursor->number = item->number;
			return true;
		}
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
		const struct entry *entry = entry_of(spool, number);
		*item = (struct spool_item){ number, entry->octets, entry->length, entry->not_durable };
		found = true;
	}
	pthread_mutex_unlock(&spool->lock);
	if (found)
		cursor->number = number;
	return found;
}

void spool_replay(struct spool *spool, uint64_t after, void (*each)(void *context, const struct spool_item *item),
		  void *context)
{
	struct spool_cursor cursor = { .spool = spool, .place = -1, .number = after };
	struct spool_item item;

	/* Only the owner moves base and last, and it is here: entries stay where they are. */
	while (cursor.number + 1 < spool->base && next_on_disk(&cursor, spool->base - 1, &item)) {
		cursor.number = item.number;
		each(context, &item);
	}
	free(cursor.octets);
	for (uint64_t number = spool->base > after ? spool->base : after + 1; number <= spool->last; number++) {
		const struct entry *entry = entry_of(spool, number);
		item = (struct spool_item){ number, entry->octets, entry->length, entry->not_durable };
		each(context, &item);
	}
}

static bool has_folder(struct spool *spool)
{
	bool has;

	pthread_mutex_lock(&spool->lock);
	has = spool->has_folder;
	pthread_mutex_unlock(&spool->lock);
	return has;
}

void spool_settle(struct spool_cursor *cursor, uint64_t number)
{
	struct spool *spool = cursor->spool;
	uint64_t needed = UINT64_MAX;

	if (number > cursor->settled)
		cursor->settled = number;
	if (spool->marks.file < 0 && has_folder(spool)) /* it came late */
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
			let_go(spool);
		if (spool->segment_count > 1 && spool->segments[1].first <= needed + 1)
			pthread_cond_signal(&spool->work);
	}
	pthread_mutex_unlock(&spool->lock);
}

void spool_read_health(struct spool *spool, struct spool_health *health)
{
	pthread_mutex_lock(&spool->lock);
	*health = spool->health;
	pthread_mutex_unlock(&spool->lock);
}
