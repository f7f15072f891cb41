/* SPDX-License-Identifier: Apache-2.0 */
/* See sums.h. Called by who drives the workers. */
#include "sums.h"

#include <stdlib.h>

enum { ROOM_FIRST = 64 };

#define PLACE_TOLD (UINT64_C(1) << 32) /* serials of what is told from outside begin here */

struct sums {
	struct transition *parts; /* owned */
	size_t count, room;
	uint64_t told;
	uint64_t lost; /* parts that found no memory */
};

struct sums *sums_new(void)
{
	struct sums *sums = calloc(1, sizeof(*sums));

	if (!sums)
		return NULL;
	sums->parts = malloc(ROOM_FIRST * sizeof(*sums->parts));
	sums->room = ROOM_FIRST;
	if (!sums->parts) {
		free(sums);
		return NULL;
	}
	return sums;
}

uint64_t sums_lost(const struct sums *sums)
{
	return sums->lost;
}

void sums_free(struct sums *sums)
{
	if (!sums)
		return;
	free(sums->parts);
	free(sums);
}

/* The place among those of one time; 0: it is none that is added up. */
static uint64_t place_of(const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_SEEN:
		return 1 + (uint64_t)transition->interface;
	case TRANSITION_TABLE_FULL:
		return UINT64_C(1) << 17;
	case TRANSITION_LOSS:
		return UINT64_C(1) << 18;
	default:
		return 0;
	}
}

bool sums_take(struct sums *sums, const struct transition *transition)
{
	uint64_t place = place_of(transition);

	if (!place)
		return false;
	if (sums->count == sums->room) {
		struct transition *more = realloc(sums->parts, 2 * sums->room * sizeof(*more));
		if (!more) {
			sums->lost++;
			return false;
		}
		sums->parts = more;
		sums->room *= 2;
	}
	sums->parts[sums->count] = *transition;
	sums->parts[sums->count++].serial = place;
	return true;
}

static int by_time(const void *left, const void *right)
{
	const struct transition *one = left, *other = right;

	if (one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns ? -1 : 1;
	return (one->serial > other->serial) - (one->serial < other->serial);
}

static void add_seen(struct transition_seen *sum, const struct transition_seen *part)
{
	sum->frames += part->frames;
	sum->esp += part->esp;
	sum->doubled += part->doubled;
	sum->over_ethernet += part->over_ethernet;
	sum->over_jumbo += part->over_jumbo;
	if (part->longest > sum->longest)
		sum->longest = part->longest;
	sum->talkers |= part->talkers;
	sum->one_way += part->one_way;
	sum->two_way += part->two_way;
}

static void add_full(struct transition_full *sum, const struct transition_full *part)
{
	sum->flows += part->flows;
	sum->sas += part->sas;
	sum->pairs += part->pairs;
	sum->untracked += part->untracked;
}

static void add_loss(struct transition_loss *sum, const struct transition_loss *part)
{
	for (unsigned d = 0; d < 2; d++) {
		sum->sas[d] += part->sas[d];
		sum->lossy[d] += part->lossy[d];
		sum->passed[d] += part->passed[d];
		sum->missing[d] += part->missing[d];
	}
}

static void add(struct transition *sum, const struct transition *part)
{
	if (sum->kind == TRANSITION_SEEN)
		add_seen(&sum->seen, &part->seen);
	else if (sum->kind == TRANSITION_TABLE_FULL)
		add_full(&sum->full, &part->full);
	else
		add_loss(&sum->loss, &part->loss);
}

void sums_release(struct sums *sums, int64_t until_ns, const struct transition_sink *sink)
{
	size_t at = 0, kept = 0;

	if (sums->count == 0)
		return;
	qsort(sums->parts, sums->count, sizeof(*sums->parts), by_time);
	while (at < sums->count && sums->parts[at].time_ns <= until_ns) {
		struct transition *sum = &sums->parts[at++];
		while (at < sums->count && by_time(sum, &sums->parts[at]) == 0)
			add(sum, &sums->parts[at++]);
		sink->put(sink->context, sum);
	}
	while (at < sums->count)
		sums->parts[kept++] = sums->parts[at++];
	sums->count = kept;
}

void sums_place(struct sums *sums, struct transition *transition)
{
	transition->serial = PLACE_TOLD + ++sums->told;
}
