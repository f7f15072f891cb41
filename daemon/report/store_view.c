/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of the store, see store.h. */
#include "store.h"

#include "store_file.h"
#include "store_view.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VIEW_BUSY_MS = 250 };

static bool fail(struct store_view *view, const char *path, const char *why, char *problem, size_t problem_size)
{
	snprintf(problem, problem_size, "the store %s cannot be read: %s", path, why);
	store_view_close(view);
	return false;
}

/* Whether it is a store of a version that is understood. */
static bool is_ours(sqlite3 *database, char *why, size_t why_size)
{
	sqlite3_stmt *statement = NULL;
	int64_t application = 0, version = 0;
	bool empty = false;

	if (sqlite3_prepare_v2(database,
			       "SELECT a.application_id, v.user_version, NOT EXISTS (SELECT 1 FROM sqlite_master) "
			       "FROM pragma_application_id a, pragma_user_version v",
			       -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		snprintf(why, why_size, "%s", sqlite3_errmsg(database));
		sqlite3_finalize(statement);
		return false;
	}
	application = sqlite3_column_int64(statement, 0);
	version = sqlite3_column_int64(statement, 1);
	empty = sqlite3_column_int(statement, 2) != 0;
	sqlite3_finalize(statement);
	if (application == STORE_APPLICATION_ID && version == STORE_VERSION) {
		bool plain = store_file_is_plain(database);
		if (!plain)
			snprintf(why, why_size, "it contradicts itself");
		return plain;
	}
	if (application == STORE_APPLICATION_ID)
		snprintf(why, why_size, "its schema has version %lld, and this espial knows %d", (long long)version,
			 STORE_VERSION);
	else if (application == 0 && version == 0 && empty)
		snprintf(why, why_size, "it is being made; try again in a moment");
	else
		snprintf(why, why_size, "it is not a store of espial");
	return false;
}

struct store_view *store_view_open(const char *path, char *problem, size_t problem_size)
{
	struct store_view *view = calloc(1, sizeof(*view));
	char why[160] = "not enough memory";

	if (view &&
	    sqlite3_open_v2(path, &view->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(view->database, VIEW_BUSY_MS);
		sqlite3_exec(view->database, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
		sqlite3_db_config(view->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(view->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		if (is_ours(view->database, why, sizeof(why)))
			return view;
	} else if (view) {
		snprintf(why, sizeof(why), "%s", sqlite3_errmsg(view->database));
	}
	fail(view, path, why, problem, problem_size);
	return NULL;
}

void store_view_close(struct store_view *view)
{
	if (!view)
		return;
	sqlite3_close(view->database);
	free(view);
}

sqlite3_stmt *store_view_prepare(struct store_view *view, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(view->database, sql, -1, &statement, NULL) != SQLITE_OK) {
		sqlite3_finalize(statement);
		return NULL;
	}
	return statement;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

static struct store_alert alert_at(sqlite3_stmt *statement)
{
	int64_t severity = sqlite3_column_int64(statement, 4);

	return (struct store_alert){
		.alert = (uint64_t)sqlite3_column_int64(statement, 0),
		.id = text_at(statement, 1),
		.cause = text_at(statement, 2),
		.state = text_at(statement, 3),
		.severity =
		    severity >= 0 && severity < SEVERITY_COUNT ? (enum finding_severity)severity : SEVERITY_INFO,
		.record = text_at(statement, 5),
		.number = (uint64_t)sqlite3_column_int64(statement, 6),
		.opened_ns = sqlite3_column_int64(statement, 7),
		.told_ns = sqlite3_column_int64(statement, 8),
		.acknowledged_until_ns = sqlite3_column_int64(statement, 9),
		.acknowledged_by = text_at(statement, 10),
	};
}

int store_view_hand_over(sqlite3_stmt *statement, bool (*each)(void *context, const struct store_alert *alert),
			 void *context)
{
	int count = 0, code;
	bool whole = true;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct store_alert alert = alert_at(statement);
		if (!alert.id || !alert.state || !alert.record) {
			whole = false;
			continue;
		}
		count++;
		if (!each(context, &alert)) {
			code = SQLITE_DONE;
			break;
		}
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE && whole ? count : -1;
}

int store_view_alerts(struct store_view *view, const struct store_filter *filter,
		      bool (*each)(void *context, const struct store_alert *alert), void *context)
{
	sqlite3_stmt *statement = store_view_prepare(
	    view,
	    "SELECT alert.alert, id, cause, state, severity, record, number, opened, told, until, by"
	    " FROM alert LEFT JOIN acknowledgement USING(alert)"
	    " WHERE (NOT ?1 OR state <> 'clear') AND (told >= ?2 OR state <> 'clear') AND severity <= ?3"
	    " AND (?4 IS NULL OR a = ?4 OR b = ?4) AND (?5 IS NULL OR a = ?5 OR b = ?5) AND (?7 IS NULL OR id = ?7)"
	    " ORDER BY told DESC, number DESC LIMIT ?6");
	struct address_text a, b;

	if (!statement)
		return -1;
	sqlite3_bind_int(statement, 1, filter->open);
	sqlite3_bind_int64(statement, 2, filter->since_ns ? filter->since_ns : INT64_MIN);
	sqlite3_bind_int(statement, 3, (int)filter->severity);
	store_file_bind(statement, 4, filter->a ? address_text(filter->a, &a) : NULL);
	store_file_bind(statement, 5, filter->b ? address_text(filter->b, &b) : NULL);
	store_file_bind(statement, 7, filter->id);
	sqlite3_bind_int64(statement, 6, (int64_t)(filter->limit ? filter->limit : STORE_LIST_DEFAULT));
	return store_view_hand_over(statement, each, context);
}

int store_view_history(struct store_view *view, uint64_t alert,
		       bool (*each)(void *context, const struct store_alert *told), void *context)
{
	sqlite3_stmt *statement = store_view_prepare(
	    view, "SELECT h.alert, h.id, h.cause, h.state, h.severity, h.record, h.number, coalesce(a.opened, h.told),"
		  " h.told, k.until, k.by FROM history h LEFT JOIN alert a ON a.alert = h.alert"
		  " LEFT JOIN acknowledgement k ON k.alert = h.alert WHERE h.alert = ?1 ORDER BY h.number");

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, (int64_t)alert);
	return store_view_hand_over(statement, each, context);
}

bool store_view_acknowledge(struct store_view *view, uint64_t alert, int64_t until_ns, const char *by, char *problem,
			    size_t problem_size)
{
	/* The one row is not written where there is no such alert. */
	sqlite3_stmt *statement = store_view_prepare(
	    view, until_ns ? "INSERT INTO acknowledgement(alert, until, by, at)"
			     " SELECT alert, ?2, ?3, ?4 FROM alert WHERE alert = ?1"
			     " ON CONFLICT(alert) DO UPDATE SET until=excluded.until, by=excluded.by,"
			     " at=excluded.at"
			   : "DELETE FROM acknowledgement WHERE alert = ?1");
	struct timespec now;
	int code = SQLITE_ERROR;

	clock_gettime(CLOCK_REALTIME, &now);
	if (statement) {
		sqlite3_bind_int64(statement, 1, (int64_t)alert);
		if (until_ns) {
			sqlite3_bind_int64(statement, 2, until_ns);
			store_file_bind(statement, 3, by ? by : "");
			sqlite3_bind_int64(statement, 4, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
		}
		code = sqlite3_step(statement);
	}
	if (code != SQLITE_DONE)
		snprintf(problem, problem_size, "the acknowledgement cannot be written: %s",
			 sqlite3_errmsg(view->database));
	sqlite3_finalize(statement);
	if (code == SQLITE_DONE && sqlite3_changes(view->database) > 0)
		return true;
	if (code == SQLITE_DONE)
		snprintf(problem, problem_size,
			 until_ns ? "there is no alert %016llx" : "alert %016llx is not acknowledged",
			 (unsigned long long)alert);
	return false;
}

int store_view_known(struct store_view *view, bool (*each)(void *context, const char *record), void *context)
{
	sqlite3_stmt *statement = store_view_prepare(view, "SELECT record FROM known ORDER BY last DESC");
	int count = 0, code;
	bool whole = true;

	if (!statement)
		return -1;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *record = text_at(statement, 0);
		if (!record) {
			whole = false;
			continue;
		}
		count++;
		if (!each(context, record)) {
			code = SQLITE_DONE;
			break;
		}
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE && whole ? count : -1;
}
