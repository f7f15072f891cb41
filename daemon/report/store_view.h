/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half's inside, for store_view.c and store_history_view.c. */
#ifndef ESPIAL_REPORT_STORE_VIEW_H
#define ESPIAL_REPORT_STORE_VIEW_H

#include "store.h"

struct sqlite3;
struct sqlite3_stmt;

struct store_view {
	struct sqlite3 *database;
};

/* NULL if the store cannot answer it. */
struct sqlite3_stmt *store_view_prepare(struct store_view *view, const char *sql);

/* Runs the statement, which it finalizes, and hands over its rows: alert, id, cause, state, severity, record, number, opened,
 * told, until, by. Those of a damaged file without what every row has are passed over, and the file counts as not readable. */
int store_view_hand_over(struct sqlite3_stmt *statement, bool (*each)(void *context, const struct store_alert *alert),
			 void *context);

#endif
