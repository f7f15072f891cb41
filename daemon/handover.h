/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known on its way from the reporter, which keeps it, to an engine that was started anew, which does not.
 *
 * One stream of lines, from the reporter to the engine, that outlives both. Whoever begins to write ends with a newline what
 * somebody before it may have left in the middle of a line:
 *
 *   known STARTED UNTIL   for the engine that said it started then; the one before it saw the traffic until then (0: not
 *                         known); both nanoseconds since the epoch
 *   {...}                 records: known_pair, known_host, and the findings that are open, as sinks know them
 *   end STARTED           that was all
 *   again                 from a reporter that was started anew: what is known is to be written again
 *
 * What is for another engine, and what is no such line, is passed over.
 */
#ifndef ESPIAL_DAEMON_HANDOVER_H
#define ESPIAL_DAEMON_HANDOVER_H

#include "report/standing.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* ---- the reporter's side ---- */

struct handover_giver;

/* NULL on lack of memory. The descriptor is borrowed. */
struct handover_giver *handover_giver_new(struct loop *loop, int descriptor);
void handover_giver_free(struct handover_giver *giver);

/* Hands over all that stands to the engine that started then, as fast as it reads; what was under way to another is given up.
 * False on lack of memory. */
bool handover_give(struct handover_giver *giver, const struct standing *standing, int64_t started_ns);

/* ---- the engine's side ---- */

struct handover_taker;

struct handover_taker_settings {
	struct loop *loop;
	int descriptor;     /* borrowed */
	int64_t started_ns; /* as it said itself, to the microsecond */
	void (*until)(void *context, int64_t until_ns);
	void (*know)(void *context, const struct record *record);
	void (*end)(void *context);
	void (*again)(void *context);
	void *context;
};

/* NULL on lack of memory. */
struct handover_taker *handover_taker_new(const struct handover_taker_settings *settings);
void handover_taker_free(struct handover_taker *taker);

#endif
