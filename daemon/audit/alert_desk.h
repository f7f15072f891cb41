/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk that all alerts go over on their way out: alert.c hands in what is news, the desk decides who hears of it.
 *
 *   maintenance   what opens about a host that is being worked on is held back, and told when the time is over if it lasts
 *   group         alerts of one kind about many pairs of one host or gateway become one alert about that host, with a list
 *   rate          of what is left, so many a minute and class; the rest is told as the rate allows
 *   reserve       as many again for peers proven to be some, two a minute of any two networks: whoever forges addresses, or
 *                 a network that fails as a whole, does not make the others wait
 *
 * Nothing is lost on the way: what was held back and is over before its time is counted and said in a notice. What is held
 * keeps a copy of its finding; when there are too many, the one that is told later has the figures and not the sentence.
 * What is held or grouped may have been told by an engine before this one: for a while after a start, records say of it that it
 * lasts, or ended (RECORD_HELD_ALERT), for whoever keeps what stands.
 * Called by alert.c and judge.c only. Pure: time is the judge's.
 */
#ifndef ESPIAL_AUDIT_ALERT_DESK_H
#define ESPIAL_AUDIT_ALERT_DESK_H

#include "alert.h"
#include "table.h"

struct alert_desk;
struct judged_pair;

/* What is open beyond that is told as it comes. */
enum { ALERT_DESK_MAX = 65536 };

/* Octets that one alert may cost at most. */
uint64_t alert_desk_cost(void);

/* NULL on lack of memory. The settings are copied, what they borrow is not. */
struct alert_desk *alert_desk_new(const struct alert_settings *settings, uint32_t capacity);
void alert_desk_free(struct alert_desk *desk);

/*
 * Other settings from now on. What was told stays told; what is held for a window is held on, or let go, by the windows of now,
 * and what their names have in common goes on being counted. False, and nothing changed, on lack of memory.
 */
bool alert_desk_set(struct judge *judge, const struct alert_settings *settings);

/* An alert opened, changed or ended: finding.alert, state and time are set. `pair` is NULL if it is not about one. */
void alert_desk_open(struct judge *judge, struct alert *alert, struct finding *finding, const struct judged_pair *pair);
/* It goes on, and nothing is worth a word: figures are kept for the next one. */
void alert_desk_note(struct judge *judge, struct alert *alert, struct finding *finding);
void alert_desk_update(struct judge *judge, struct alert *alert, struct finding *finding);
void alert_desk_clear(struct judge *judge, struct alert *alert, struct finding *finding);
/* What is known of an open alert since it was told: first, last, count, octets. */
void alert_desk_recall(const struct judge *judge, const struct alert *alert, struct finding *finding);

/* An alert that an engine before this one told of: it is told still. */
void alert_desk_know(struct judge *judge, struct alert *alert, const struct finding *finding,
		     const struct judged_pair *pair);

/* An event happened: it is told if it is not switched off and the rate allows it, or counted. */
void alert_desk_event(struct judge *judge, struct finding *finding);

/* When the desk has to be looked at next, 0: never; and looking at it, at judge->now_ns. */
int64_t alert_desk_due(const struct alert_desk *desk);
void alert_desk_look(struct judge *judge);

/* The capture ends: what waits is told, maintenance excepted. */
void alert_desk_finish(struct judge *judge);

#endif
