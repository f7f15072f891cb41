/* SPDX-License-Identifier: Apache-2.0 */
/* See blind_time.h. */
#include "blind_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define SAME_START_NS                                                                                                  \
	(5 * SECOND) /* between an engine's start and the end of the blindness that its restart tells of */

enum { WORDS_FIRST = 64 };

/* When something was heard of the sensor; with unseen_ns, that an engine was started again then. */
struct word {
	int64_t time_ns, unseen_ns;
};

/* An interface that went away, and is not back. */
struct outage {
	uint64_t alert;
	size_t period;
};

struct blind_time {
	struct store_span span;
	struct blind_period *periods; /* BLIND_PERIODS_MAX, owned; likewise below */
	size_t period_count;
	uint64_t left_out;
	struct outage *outages;
	size_t outage_count;
	struct word *words; /* grows */
	size_t word_count, word_room;
	struct store_look last; /* time_ns 0: none yet */
	int64_t begin_ns;
	bool sorted;
};

struct blind_time *blind_time_new(const struct store_span *span)
{
	struct blind_time *blind = calloc(1, sizeof(*blind));

	if (!blind)
		return NULL;
	blind->span = *span;
	blind->periods = calloc(BLIND_PERIODS_MAX, sizeof(*blind->periods));
	blind->outages = calloc(BLIND_PERIODS_MAX, sizeof(*blind->outages));
	if (blind->periods && blind->outages)
		return blind;
	blind_time_free(blind);
	return NULL;
}

void blind_time_free(struct blind_time *blind)
{
	if (!blind)
		return;
	free(blind->periods);
	free(blind->outages);
	free(blind->words);
	free(blind);
}

/* The period's number, which is BLIND_PERIODS_MAX if it was left out. */
static size_t add(struct blind_time *blind, enum blind_why why, int64_t from_ns, int64_t until_ns)
{
	if (from_ns < blind->span.since_ns)
		from_ns = blind->span.since_ns;
	if (until_ns > blind->span.until_ns)
		until_ns = blind->span.until_ns;
	if (from_ns >= until_ns)
		return BLIND_PERIODS_MAX;
	if (blind->period_count == BLIND_PERIODS_MAX) {
		blind->left_out++;
		return BLIND_PERIODS_MAX;
	}
	blind->periods[blind->period_count] = (struct blind_period){ from_ns, until_ns, why, "" };
	return blind->period_count++;
}

/* ---- what was told ---- */

static void hear(struct blind_time *blind, int64_t time_ns, int64_t unseen_ns)
{
	if (blind->word_count == blind->word_room) {
		size_t room = blind->word_room ? 2 * blind->word_room : WORDS_FIRST;
		struct word *more = realloc(blind->words, room * sizeof(*more));
		if (!more)
			return; /* a word less makes blind time longer, not shorter */
		blind->words = more;
		blind->word_room = room;
	}
	blind->words[blind->word_count++] = (struct word){ time_ns, unseen_ns };
}

static int64_t unseen_of(const struct finding *finding)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, "unseen_seconds") == 0 &&
		    finding->evidence[i].kind == EVIDENCE_REAL && finding->evidence[i].real >= 0 &&
		    finding->evidence[i].real < 1e9)
			return (int64_t)(finding->evidence[i].real * 1e9);
	return finding->last_ns - finding->first_ns;
}

static size_t add_outage(struct blind_time *blind, const struct finding *finding, int64_t until_ns)
{
	size_t period = add(blind, finding->id == FINDING_CAPTURE_DOWN ? BLIND_CAPTURE_DOWN : BLIND_CAPTURE_SILENT,
			    finding->first_ns, until_ns);

	if (period < BLIND_PERIODS_MAX)
		snprintf(blind->periods[period].interface, sizeof(blind->periods[period].interface), "%s",
			 finding->interface ? finding->interface : "");
	return period;
}

static void note_outage(struct blind_time *blind, const struct finding *finding)
{
	size_t i = 0;

	while (i < blind->outage_count && blind->outages[i].alert != finding->alert)
		i++;
	if (finding->state == FINDING_CLEAR) {
		int64_t until_ns = finding->time_ns;
		if (i == blind->outage_count) {
			(void)add_outage(blind, finding, until_ns); /* what was told of it before is not of this span */
			return;
		}
		struct blind_period *period = &blind->periods[blind->outages[i].period];
		if (until_ns < period->until_ns)
			period->until_ns = until_ns > period->from_ns ? until_ns : period->from_ns;
		blind->outages[i] = blind->outages[--blind->outage_count];
		return;
	}
	if (i < blind->outage_count || blind->outage_count == BLIND_PERIODS_MAX)
		return;
	size_t period = add_outage(blind, finding, INT64_MAX);
	if (period == BLIND_PERIODS_MAX)
		return;
	blind->outages[blind->outage_count++] = (struct outage){ finding->alert, period };
}

void blind_time_told(struct blind_time *blind, const struct finding *finding)
{
	switch (finding->id) {
	case FINDING_ENGINE_RESTARTED:
		/* Its end says how long it was; where that is missing, the beginning says nearly as much. */
		hear(blind, finding->first_ns + unseen_of(finding), unseen_of(finding));
		break;
	case FINDING_CAPTURE_DOWN:
	case FINDING_CAPTURE_SILENT:
		note_outage(blind, finding);
		hear(blind, finding->time_ns, 0);
		break;
	default:
		hear(blind, finding->time_ns, 0);
		break;
	}
}

/* ---- looks ---- */

/* Between two engines: what is known of the time from the last look of the one to the beginning of the other. */
static void bridge(struct blind_time *blind, int64_t from_ns, int64_t engine_ns)
{
	bool restarted = false;

	for (size_t i = 0; i < blind->word_count; i++) {
		const struct word *word = &blind->words[i];
		if (word->time_ns <= from_ns || word->time_ns > engine_ns + SAME_START_NS)
			continue;
		if (word->unseen_ns && word->time_ns >= engine_ns - SAME_START_NS)
			restarted = true;
		else if (word->time_ns < engine_ns)
			from_ns = word->time_ns;
	}
	if (!restarted)
		add(blind, BLIND_SENSOR_DOWN, from_ns, engine_ns);
}

void blind_time_look(struct blind_time *blind, const struct store_look *look)
{
	if (!blind->last.time_ns)
		blind->begin_ns = look->engine_ns < look->time_ns ? look->engine_ns : look->time_ns;
	else if (look->engine_ns != blind->last.engine_ns)
		bridge(blind, blind->last.time_ns, look->engine_ns);
	blind->last = *look;
}

/* ---- the outcome ---- */

static int by_beginning(const void *left, const void *right)
{
	const struct blind_period *one = left, *other = right;

	if (one->from_ns != other->from_ns)
		return one->from_ns < other->from_ns ? -1 : 1;
	return one->until_ns < other->until_ns ? -1 : one->until_ns > other->until_ns;
}

/* An engine's restart is told twice, when it begins and when it is over: the longer one holds. */
static void add_restarts(struct blind_time *blind)
{
	int64_t begun_ns = INT64_MIN;
	size_t period = BLIND_PERIODS_MAX;

	for (size_t i = 0; i < blind->word_count; i++) {
		const struct word *word = &blind->words[i];
		if (!word->unseen_ns)
			continue;
		if (word->time_ns - word->unseen_ns == begun_ns && period < BLIND_PERIODS_MAX) {
			if (word->time_ns > blind->periods[period].until_ns && word->time_ns <= blind->span.until_ns)
				blind->periods[period].until_ns = word->time_ns;
			continue;
		}
		begun_ns = word->time_ns - word->unseen_ns;
		period = add(blind, BLIND_ENGINE_RESTARTED, begun_ns, word->time_ns);
	}
}

static void sort(struct blind_time *blind)
{
	if (blind->sorted)
		return;
	add_restarts(blind);
	qsort(blind->periods, blind->period_count, sizeof(*blind->periods), by_beginning);
	blind->sorted = true;
}

const struct blind_period *blind_time_periods(struct blind_time *blind, size_t *count)
{
	sort(blind);
	*count = blind->period_count;
	return blind->periods;
}

uint64_t blind_time_left_out(const struct blind_time *blind)
{
	return blind->left_out;
}

int64_t blind_time_total_ns(struct blind_time *blind)
{
	int64_t total = 0, until = INT64_MIN;

	sort(blind);
	for (size_t i = 0; i < blind->period_count; i++) {
		const struct blind_period *period = &blind->periods[i];
		int64_t from = period->from_ns > until ? period->from_ns : until;
		if (period->until_ns > from)
			total += period->until_ns - from;
		if (period->until_ns > until)
			until = period->until_ns;
	}
	return total;
}

int64_t blind_time_begin_ns(const struct blind_time *blind)
{
	return blind->begin_ns;
}

const char *blind_why_name(enum blind_why why)
{
	static const char *const names[BLIND_WHY_COUNT] = {
		[BLIND_SENSOR_DOWN] = "sensor-down",
		[BLIND_ENGINE_RESTARTED] = "engine-restarted",
		[BLIND_CAPTURE_DOWN] = "capture-down",
		[BLIND_CAPTURE_SILENT] = "capture-silent",
	};
	return (size_t)why < BLIND_WHY_COUNT ? names[why] : "?";
}
