/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing half of the store, see store.h.
 *
 * Records wait in a queue that the owner's thread fills and the writing thread takes whole; it writes what it took in one
 * transaction together with the position, so that a record is in the file once however often it is given. What the file
 * refuses stays in the writing thread's hands and is tried again; the queue is then full, and the owner gives no more.
 * The SQLite handle belongs to the writing thread alone.
 */
#include "store.h"

#include "json.h"
#include "snapshot.h"
#include "store_file.h"
#include "store_history.h"
#include "store_write.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

enum { RETRY_MS = 1000, UPKEEP_MS = 600000, CLOSE_MS = 1000, LOOKS_MAX = 2 };

struct store {
	struct sink sink;
	char *path, *sensor; /* owned */
	int64_t keep_ns;
	uint64_t size_max;
	struct record_sink notices;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of all that follows, up to the mark */
	pthread_cond_t work;  /* something to do for the writing thread */
	pthread_cond_t done;  /* it did something */
	struct store_item *head, **tail;
	unsigned queued;  /* findings and others that wait, in the writing thread's hands too */
	uint64_t settled; /* findings that are written, or given up */
	uint64_t delivered, position;
	const struct snapshot *looks[LOOKS_MAX]; /* held, to be written; oldest first */
	size_t look_count;
	uint64_t looks_taken;
	bool looking; /* one is being written */
	bool stop, up;
	struct store_problem problem; /* while not up */
	struct store_problem notice;  /* to be told; empty: none */
	/* mark: the writing thread's own */
	struct sqlite3 *database; /* NULL: not open */
	int64_t upkeep_ns;        /* monotonic; next look at age and size */
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/* Waits on the condition; locked. False when the time is over. */
static bool wait_ms(struct store *store, pthread_cond_t *condition, int64_t milliseconds)
{
	int64_t until = clock_ns(CLOCK_MONOTONIC) + milliseconds * 1000000;
	struct timespec deadline = { .tv_sec = until / SECOND, .tv_nsec = until % SECOND };

	return pthread_cond_timedwait(condition, &store->lock, &deadline) != ETIMEDOUT;
}

static void report_state(struct store *store, bool up, const struct store_problem *problem)
{
	pthread_mutex_lock(&store->lock);
	store->up = up;
	if (!up)
		store->problem = *problem;
	pthread_mutex_unlock(&store->lock);
}

/* Whether there is a file to write to. */
static bool ready(struct store *store, struct store_problem *problem)
{
	for (unsigned attempt = 0; !store->database && attempt < 2; attempt++) {
		enum store_file_state state = store_file_open(store->path, &store->database, problem);

		if (state == STORE_FILE_READY) {
			uint64_t position = store_write_position(store->database);
			pthread_mutex_lock(&store->lock);
			store->position = position;
			pthread_mutex_unlock(&store->lock);
		} else if (state == STORE_FILE_TROUBLE ||
			   !store_file_set_aside(store->path, state, clock_ns(CLOCK_REALTIME), problem)) {
			return false;
		} else {
			pthread_mutex_lock(&store->lock);
			store->notice = *problem;
			pthread_mutex_unlock(&store->lock);
		}
	}
	return store->database != NULL;
}

/* Tries until it is done or cannot be done now. */
static bool write_items(struct store *store, const struct store_item *items, struct store_problem *problem)
{
	for (unsigned attempt = 0; attempt < 3 && ready(store, problem); attempt++) {
		switch (store_write_items(store->database, items, problem)) {
		case STORE_WRITTEN:
			return true;
		case STORE_NO_ROOM: /* the oldest history goes first */
			store_write_make_room(store->database);
			break;
		case STORE_BROKEN:
			store_write_close(store->database);
			store->database = NULL;
			if (!store_file_set_aside(store->path, STORE_FILE_DAMAGED, clock_ns(CLOCK_REALTIME), problem))
				return false;
			pthread_mutex_lock(&store->lock);
			store->notice = *problem;
			pthread_mutex_unlock(&store->lock);
			break;
		case STORE_REFUSED:
			/* Removed under our hands, or the file system went read-only: a new handle knows. */
			store_write_close(store->database);
			store->database = NULL;
			return false;
		}
	}
	return false;
}

static unsigned count_items(const struct store_item *items, unsigned *findings, uint64_t *last)
{
	unsigned count = 0;

	*findings = 0;
	for (; items; items = items->next) {
		count++;
		*findings += items->type == RECORD_FINDING;
		if (items->type == RECORD_FINDING && items->number > *last)
			*last = items->number;
	}
	return count;
}

static void free_items(struct store_item *items)
{
	while (items) {
		struct store_item *next = items->next;
		free(items->record);
		free(items);
		items = next;
	}
}

/* ---- looks ---- */

/* Locked. The newest of an engine stands for those before: counters only rise. */
static void add_look(struct store *store, const struct snapshot *look)
{
	if (store->look_count && store->looks[store->look_count - 1]->started_ns == look->started_ns) {
		snapshot_let_go(store->looks[--store->look_count]);
	} else if (store->look_count == LOOKS_MAX) {
		snapshot_let_go(store->looks[0]);
		memmove(store->looks, store->looks + 1, --store->look_count * sizeof(struct snapshot *));
	}
	store->looks[store->look_count++] = snapshot_hold(look);
}

static const struct snapshot *take_look(struct store *store)
{
	const struct snapshot *look = NULL;

	pthread_mutex_lock(&store->lock);
	if (store->look_count) {
		look = store->looks[0];
		memmove(store->looks, store->looks + 1, --store->look_count * sizeof(struct snapshot *));
	}
	store->looking = look != NULL;
	pthread_mutex_unlock(&store->lock);
	return look;
}

/* What cannot be written now is written with the next look: that one has the same counters, and more. */
static void write_looks(struct store *store)
{
	const struct snapshot *look;

	while (store->database && (look = take_look(store))) {
		struct store_problem problem = { "" };

		switch (store_write_outcome(store_history_write(store->database, look))) {
		case STORE_NO_ROOM:
			store_write_make_room(store->database);
			break;
		case STORE_BROKEN:
			store_write_close(store->database);
			store->database = NULL;
			if (store_file_set_aside(store->path, STORE_FILE_DAMAGED, clock_ns(CLOCK_REALTIME), &problem)) {
				pthread_mutex_lock(&store->lock);
				store->notice = problem;
				pthread_mutex_unlock(&store->lock);
			}
			break;
		default:
			break;
		}
		snapshot_let_go(look);
	}
	pthread_mutex_lock(&store->lock);
	store->looking = false;
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->lock);
}

uint64_t store_take_look(struct sink *sink, const struct snapshot *look)
{
	struct store *store = (struct store *)sink;

	pthread_mutex_lock(&store->lock);
	add_look(store, look);
	uint64_t number = ++store->looks_taken;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
	return number;
}

uint64_t store_looks_done(struct sink *sink)
{
	struct store *store = (struct store *)sink;

	pthread_mutex_lock(&store->lock);
	uint64_t done = store->looks_taken - store->look_count - store->looking;
	pthread_mutex_unlock(&store->lock);
	return done;
}

static void upkeep(struct store *store)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!store->database || now < store->upkeep_ns)
		return;
	store->upkeep_ns = now + UPKEEP_MS * INT64_C(1000000);
	int64_t wall = clock_ns(CLOCK_REALTIME);
	store_history_prune(store->database, wall - store->keep_ns, wall);
	store_write_prune(store->database, wall - store->keep_ns, store->size_max);
}

static void *write_thread(void *context)
{
	struct store *store = context;
	struct store_item *items = NULL;
	bool stop = false;

	while (!stop) {
		struct store_problem problem = { "" };
		unsigned findings;

		bool good = ready(store, &problem) && (!items || write_items(store, items, &problem));
		report_state(store, good, &problem);
		if (good) {
			write_looks(store);
			upkeep(store);
		}
		pthread_mutex_lock(&store->lock);
		if (good && items) {
			store->queued -= count_items(items, &findings, &store->position);
			store->settled += findings;
			store->delivered += findings;
			pthread_cond_broadcast(&store->done);
		}
		if (good) {
			free_items(items);
			items = NULL;
		}
		if (!good)
			wait_ms(store, &store->work, store->stop ? 50 : RETRY_MS);
		else
			while (!store->head && !store->look_count && !store->stop)
				if (!wait_ms(store, &store->work, UPKEEP_MS))
					break;
		if (!items) {
			items = store->head;
			store->head = NULL;
			store->tail = &store->head;
		}
		stop = store->stop && (!items || !good);
		pthread_mutex_unlock(&store->lock);
	}
	if (store->database)
		store_write_close(store->database);
	store->database = NULL;
	free_items(items);
	return NULL;
}

static void store_sink_write(struct sink *sink, const struct record *record)
{
	struct store *store = (struct store *)sink;
	struct store_item *item = store_item_new(record, store->sensor);

	if (!item && !store_item_wanted(record))
		return;
	pthread_mutex_lock(&store->lock);
	/* What is not in the spool can be told again by the engine; a finding cannot. */
	bool known = record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_HOST;
	unsigned most = known ? STORE_QUEUE_MAX + STORE_KNOWN_MAX : STORE_QUEUE_MAX;
	if (item && (store->queued < most || record->type == RECORD_FINDING)) {
		*store->tail = item;
		store->tail = &item->next;
		store->queued++;
		item = NULL;
		pthread_cond_signal(&store->work);
	} else {
		sink->health.dropped++;
		store->settled += record->type == RECORD_FINDING;
	}
	pthread_mutex_unlock(&store->lock);
	free_items(item);
}

static void store_sink_tick(struct sink *sink, int64_t monotonic_ns)
{
	struct store *store = (struct store *)sink;
	struct store_problem notice;

	(void)monotonic_ns;
	pthread_mutex_lock(&store->lock);
	sink->health.up = store->up;
	sink->health.delivered = store->delivered;
	sink->health.queued = store->queued;
	if (store->up)
		sink->health.problem[0] = '\0';
	else
		snprintf(sink->health.problem, sizeof(sink->health.problem), "%.70s: %.80s", store->path,
			 store->problem.text);
	notice = store->notice;
	store->notice.text[0] = '\0';
	pthread_mutex_unlock(&store->lock);
	if (notice.text[0]) {
		char text[640];
		struct record record = { .type = RECORD_NOTICE, .time_ns = clock_ns(CLOCK_REALTIME) };

		snprintf(text, sizeof(text), "store %.300s: %s", store->path, notice.text);
		record.notice = (struct record_notice){ NOTICE_WARNING, text };
		record_write(&store->notices, &record);
	}
}

static uint64_t store_sink_settled(struct sink *sink)
{
	struct store *store = (struct store *)sink;
	uint64_t settled;

	pthread_mutex_lock(&store->lock);
	settled = store->settled;
	pthread_mutex_unlock(&store->lock);
	return settled;
}

static void store_sink_close(struct sink *sink)
{
	struct store *store = (struct store *)sink;

	if (store->has_thread) {
		int64_t until = clock_ns(CLOCK_MONOTONIC) + CLOSE_MS * INT64_C(1000000);

		pthread_mutex_lock(&store->lock);
		pthread_cond_signal(&store->work);
		while (store->up && (store->queued > 0 || store->look_count > 0 || store->looking) &&
		       clock_ns(CLOCK_MONOTONIC) < until)
			wait_ms(store, &store->done, 50);
		store->stop = true;
		pthread_cond_signal(&store->work);
		pthread_mutex_unlock(&store->lock);
		pthread_join(store->thread, NULL);
	}
	free_items(store->head);
	while (store->look_count)
		snapshot_let_go(store->looks[--store->look_count]);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->done);
	free(store->path);
	free(store->sensor);
	free(store);
}

uint64_t store_position(struct sink *sink)
{
	struct store *store = (struct store *)sink;
	uint64_t position;

	pthread_mutex_lock(&store->lock);
	position = store->position;
	pthread_mutex_unlock(&store->lock);
	return position;
}

struct sink *store_sink_new(const struct store_settings *settings)
{
	static const struct sink_ops ops = { .write = store_sink_write,
					     .tick = store_sink_tick,
					     .settled = store_sink_settled,
					     .close = store_sink_close };
	struct store *store = calloc(1, sizeof(*store));
	pthread_condattr_t monotonic;

	if (!store)
		return NULL;
	store->sink.ops = &ops;
	store->sink.name = "store";
	store->sink.health.up = store->up = true;
	store->path = strdup(settings->path);
	store->sensor = strdup(settings->sensor);
	store->keep_ns = settings->keep_ns;
	store->size_max = settings->size_max;
	store->notices = settings->notices;
	store->tail = &store->head;
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &monotonic);
	pthread_cond_init(&store->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	store->has_thread =
	    store->path && store->sensor && pthread_create(&store->thread, NULL, write_thread, store) == 0;
	if (store->has_thread)
		return &store->sink;
	store_sink_close(&store->sink);
	return NULL;
}
