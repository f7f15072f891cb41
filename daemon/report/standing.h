/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands: alerts that are open, and pairs and hosts that are known, each as the last JSON line about it.
 *
 * An alert may be acknowledged: somebody knows of it, and until then no sink is reminded of it, unless it becomes more severe.
 *
 * For whoever missed it: a sink that was down is told of the open alerts again. And for what an engine that was started anew
 * does not know: what it opens about the same subject is the alert that is open already, under its old number, and what it
 * does not come upon again for STANDING_PATIENCE_NS is over, unless it said that it goes on with it, or holds it back. It is given what is known
 * (handover.h), for which these lines are kept. Of sinks no engine knows: their alerts are the reporter's own, by their number.
 *
 * Bounded: beyond STANDING_ALERTS_MAX nothing new is kept; beyond STANDING_KNOWN_MAX a learned pair takes the place of what
 * is none, and what spoke last the place of what was silent longest. Called by outbox.c and the reporter, in one thread.
 */
#ifndef ESPIAL_REPORT_STANDING_H
#define ESPIAL_REPORT_STANDING_H

#include "../audit/record.h"

enum { STANDING_ALERTS_MAX = 16384, STANDING_KNOWN_MAX = 65536 };
/* Octets that a known pair and a known host take at most, by the longest lines that there are of them (check_memory_limits.c). */
enum { STANDING_PAIR_OCTETS = 3328, STANDING_HOST_OCTETS = 1856 };
#define STANDING_PATIENCE_NS (INT64_C(15) * 60 * 1000000000)

struct standing;

/* NULL on lack of memory. */
struct standing *standing_new(void);
void standing_free(struct standing *standing);

/* Takes what the record changes. The line is the record's, and copied; other records pass by. */
void standing_take(struct standing *standing, const struct record *record, const char *line, size_t length,
		   int64_t monotonic_ns);

/* All that was taken so far is of before this process: which engine told of it is not known, nor by which number the
 * present one calls it. */
void standing_recalled(struct standing *standing);

/* An engine was started: it knows none of these alerts by its own number. */
void standing_engine_started(struct standing *standing, int64_t monotonic_ns);

/*
 * If the finding is about an alert that is open under another number, makes it a word about that: with its number, since when it
 * is, and counts that go on (catalogue_adds_up()), of which it notes what engines before counted. The finding's own number is
 * another name of the alert from now on. False, and untouched, if there is no such alert.
 */
enum standing_turn {
	STANDING_FIRST, /* of this engine: nothing that it counted is in what was told so far */
	STANDING_LATER, /* it said something before, which may not have been told */
	STANDING_AGAIN, /* perhaps it was told already: as it was put then */
};
bool standing_adopt(struct standing *standing, struct finding *finding, enum standing_turn turn);

/* What the first word about an alert is to be taken for, when standing_adopt() has spoken. */
enum standing_word {
	STANDING_NEWS,   /* to be told */
	STANDING_KNOWN,  /* an engine that was started anew came upon it, and it is as it was told last */
	STANDING_QUIET,  /* it is acknowledged */
	STANDING_WORSE,  /* it is acknowledged, and has become more severe than it was then: to be told */
	STANDING_ENDING, /* it is acknowledged, and over: to be told */
};
/* `anew`: an engine opened what is open already. What is found is kept by standing_take(). */
enum standing_word standing_word(const struct standing *standing, const struct finding *finding, bool anew);

/* Somebody knows of the alert until then (by the clock of findings); 0 takes that back. False if it is not open. */
bool standing_acknowledge(struct standing *standing, uint64_t alert, int64_t until_ns);
/* Until when, 0: it is not acknowledged, or that is over. */
int64_t standing_acknowledged(const struct standing *standing, uint64_t alert, int64_t now_ns);

/* When the alert was first told, which a line of a later word does not say. */
void standing_opened(struct standing *standing, uint64_t alert, int64_t opened_ns);

/* The line of one alert that the present engine has not come upon in its time; NULL if there is none. */
const char *standing_overdue(const struct standing *standing, int64_t monotonic_ns);

/* Hands over the lines of the open alerts that something was told of at or after this time. */
void standing_each_alert(const struct standing *standing, int64_t since_ns,
			 void (*each)(void *context, const char *line), void *context);

/* Hands over all that is open: the line, when it was opened, and until when it is acknowledged (0: not). */
void standing_each_open(const struct standing *standing,
			void (*each)(void *context, const char *line, int64_t opened_ns, int64_t acknowledged_ns),
			void *context);

/* Hands over the lines of the known pairs, then of the known hosts. */
void standing_each_known(const struct standing *standing, void (*each)(void *context, const char *line), void *context);
size_t standing_known(const struct standing *standing);

/* The time of the last word of an engine; 0: there was none. */
int64_t standing_until(const struct standing *standing);

#endif
