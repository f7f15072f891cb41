/* SPDX-License-Identifier: Apache-2.0 */
/* See standing.h. Two lists in order of a 64-bit key, the alert's number or a hash of the pair. */
#include "standing.h"

#include <stdlib.h>
#include <string.h>

struct place {
	uint64_t key;
	int64_t told_ns; /* monotonic */
	char *line;      /* owned */
};

struct shelf {
	struct place *places; /* owned, by rising key */
	size_t count, room, most;
};

struct standing {
	struct shelf alerts, learned;
};

/* Index of the key, or where it would be. */
static size_t find(const struct shelf *shelf, uint64_t key)
{
	size_t low = 0, high = shelf->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (shelf->places[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct shelf *shelf, size_t at, uint64_t key)
{
	return at < shelf->count && shelf->places[at].key == key;
}

static void remove_key(struct shelf *shelf, uint64_t key)
{
	size_t at = find(shelf, key);

	if (!is_at(shelf, at, key))
		return;
	free(shelf->places[at].line);
	shelf->count--;
	memmove(shelf->places + at, shelf->places + at + 1, (shelf->count - at) * sizeof(*shelf->places));
}

static bool make_room(struct shelf *shelf)
{
	size_t room = shelf->room ? shelf->room * 2 : 64;
	struct place *places;

	if (shelf->count >= shelf->most)
		return false;
	if (shelf->count < shelf->room)
		return true;
	places = realloc(shelf->places, room * sizeof(*places));
	if (!places)
		return false;
	shelf->places = places;
	shelf->room = room;
	return true;
}

static void put(struct shelf *shelf, uint64_t key, const char *line, size_t length, int64_t now_ns)
{
	char *copy = strndup(line, length);
	size_t at = find(shelf, key);

	if (copy && is_at(shelf, at, key)) {
		free(shelf->places[at].line);
		shelf->places[at].line = copy;
		shelf->places[at].told_ns = now_ns;
	} else if (copy && make_room(shelf)) {
		memmove(shelf->places + at + 1, shelf->places + at, (shelf->count - at) * sizeof(*shelf->places));
		shelf->places[at] = (struct place){ key, now_ns, copy };
		shelf->count++;
	} else {
		free(copy);
	}
}

static uint64_t key_of(const struct record_learned *learned)
{
	uint64_t key = 0xcbf29ce484222325 ^ learned->realm; /* FNV-1a */

	for (size_t i = 0; i < sizeof(learned->a.bytes); i++)
		key = (key ^ learned->a.bytes[i]) * 0x100000001b3;
	for (size_t i = 0; i < sizeof(learned->b.bytes); i++)
		key = (key ^ learned->b.bytes[i]) * 0x100000001b3;
	return key;
}

void standing_take(struct standing *standing, const struct record *record, const char *line, size_t length,
		   int64_t monotonic_ns)
{
	if (record->type == RECORD_FINDING && record->finding.state == FINDING_CLEAR)
		remove_key(&standing->alerts, record->finding.alert);
	else if (record->type == RECORD_FINDING)
		put(&standing->alerts, record->finding.alert, line, length, monotonic_ns);
	else if (record->type == RECORD_LEARNED && record->learned.forgotten)
		remove_key(&standing->learned, key_of(&record->learned));
	else if (record->type == RECORD_LEARNED)
		put(&standing->learned, key_of(&record->learned), line, length, monotonic_ns);
}

size_t standing_alerts(const struct standing *standing)
{
	return standing->alerts.count;
}

static void hand_over(const struct shelf *shelf, int64_t since_ns, void (*each)(void *context, const char *line),
		      void *context)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->places[i].told_ns >= since_ns)
			each(context, shelf->places[i].line);
}

void standing_each_alert(const struct standing *standing, int64_t since_ns,
			 void (*each)(void *context, const char *line), void *context)
{
	hand_over(&standing->alerts, since_ns, each, context);
}

void standing_each_learned(const struct standing *standing, void (*each)(void *context, const char *line),
			   void *context)
{
	hand_over(&standing->learned, INT64_MIN, each, context);
}

struct standing *standing_new(void)
{
	struct standing *standing = calloc(1, sizeof(*standing));

	if (!standing)
		return NULL;
	standing->alerts.most = STANDING_ALERTS_MAX;
	standing->learned.most = STANDING_LEARNED_MAX;
	return standing;
}

static void empty(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		free(shelf->places[i].line);
	free(shelf->places);
}

void standing_free(struct standing *standing)
{
	if (!standing)
		return;
	empty(&standing->alerts);
	empty(&standing->learned);
	free(standing);
}
