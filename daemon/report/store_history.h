/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of traffic in the store: how much was secured and how much was clear, by hour, pair and rule, and which
 * algorithms IKE selected; what `espial report` and `check-config --replay` are made of. For the store's files only.
 *
 * Its input is a look: a snapshot, every five minutes and at the end of an engine. The counters of a snapshot are those since
 * its engine began; the file holds what they were at the look before, for each pair and protocol, and takes what was added,
 * in the same transaction that notes the new ones. So a look may be missed or come twice, and reporter and engine may end at
 * any time: nothing is counted twice, and what was not counted at one look is at the next, unless the engine went with it.
 *
 * Bounds: HISTORY_PAIRS pairs of an engine's life have rows of their own, those with IPsec or a rule first; of how many had
 * no room, the looks tell. Rows of single pairs are by hour for HISTORY_HOURLY_DAYS, then by day.
 */
#ifndef ESPIAL_REPORT_STORE_HISTORY_H
#define ESPIAL_REPORT_STORE_HISTORY_H

#include "store_file.h"

struct snapshot;

enum {
	HISTORY_PAIRS = 20000,
	HISTORY_OTHERS = 10000, /* of these, that show neither IPsec nor a rule */
	HISTORY_HOURLY_DAYS = 8,
	HISTORY_SELECTIONS = 50000,
};

/* The tables: a step of store_file.c's migrations. */
extern const char store_history_schema[];

/* What stands for a kind of traffic where it is no protocol. */
#define HISTORY_ESP "=esp"
#define HISTORY_INTEGRITY "=integrity" /* AH of pairs without ESP; ESP that can be read */
#define HISTORY_OFFENDING "=offending"
#define HISTORY_CLEAR "=clear" /* all of it, of rules only */

/* Writes all of a look or nothing; SQLite's code. */
int store_history_write(struct sqlite3 *database, const struct snapshot *look);

/* Forgets what is older than the time, and makes days of hours that are older than HISTORY_HOURLY_DAYS before now. */
void store_history_prune(struct sqlite3 *database, int64_t before_ns, int64_t now_ns);

/* Forgets the oldest tenth of what is kept by pair. False if there was nothing. */
bool store_history_forget_oldest(struct sqlite3 *database);

#endif
