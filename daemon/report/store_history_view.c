/* SPDX-License-Identifier: Apache-2.0 */
/* The history of traffic and of the sensor, read: the last part of store.h. */
#include "store_file.h"
#include "store_view.h"

#include <sqlite3.h>

#define HOUR (3600 * INT64_C(1000000000))

static const char *text_at(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

/* The next row; false at the end, with *code SQLITE_DONE, or for a reason. */
static bool step(sqlite3_stmt *statement, int *code)
{
	*code = sqlite3_step(statement);
	return *code == SQLITE_ROW;
}

/* Finalizes. What all rows must have, and one had not, makes it -1; whoever had enough ended it well. */
static int outcome(sqlite3_stmt *statement, int code, int count, bool whole)
{
	sqlite3_finalize(statement);
	return (code == SQLITE_DONE || code == SQLITE_ROW) && whole ? count : -1;
}

/* Columns: rule, what, a, b, day, packets, bytes. */
static int volumes(sqlite3_stmt *statement, store_volume_function *each, void *context)
{
	bool whole = true, more = true;
	int count = 0, code = SQLITE_DONE;

	while (more && step(statement, &code)) {
		struct store_volume volume = {
			.rule = text_at(statement, 0),
			.what = text_at(statement, 1),
			.a = text_at(statement, 2),
			.b = text_at(statement, 3),
			.day = sqlite3_column_int64(statement, 4),
			.packets = (uint64_t)sqlite3_column_int64(statement, 5),
			.bytes = (uint64_t)sqlite3_column_int64(statement, 6),
		};
		if (!volume.rule || !volume.what) {
			whole = false;
			continue;
		}
		count++;
		more = each(context, &volume);
	}
	return outcome(statement, code, count, whole);
}

static sqlite3_stmt *by_hours(struct store_view *view, const struct store_span *span, const char *sql)
{
	sqlite3_stmt *statement = store_view_prepare(view, sql);

	if (statement) {
		sqlite3_bind_int64(statement, 1, span->since_ns / HOUR);
		sqlite3_bind_int64(statement, 2, span->until_ns / HOUR + (span->until_ns % HOUR != 0));
	}
	return statement;
}

int store_view_rules(struct store_view *view, const struct store_span *span, store_volume_function *each, void *context)
{
	sqlite3_stmt *statement =
	    by_hours(view, span,
		     "SELECT r.text, w.text, NULL, NULL, 0, sum(t.packets), sum(t.bytes) FROM traffic_rule t"
		     " JOIN word r ON r.id = t.rule JOIN word w ON w.id = t.what"
		     " WHERE t.hour >= ?1 AND t.hour < ?2 GROUP BY t.rule, t.what ORDER BY r.text, w.text");

	return statement ? volumes(statement, each, context) : -1;
}

int store_view_days(struct store_view *view, const struct store_span *span, store_volume_function *each, void *context)
{
	sqlite3_stmt *statement = by_hours(
	    view, span,
	    "SELECT r.text, w.text, NULL, NULL, t.hour / 24, sum(t.packets), sum(t.bytes) FROM traffic_rule t"
	    " JOIN word r ON r.id = t.rule JOIN word w ON w.id = t.what"
	    " WHERE t.hour >= ?1 AND t.hour < ?2 GROUP BY t.hour / 24, t.rule, t.what ORDER BY t.hour / 24, r.text");

	return statement ? volumes(statement, each, context) : -1;
}

int store_view_traffic(struct store_view *view, int64_t day, store_volume_function *each, void *context)
{
	/* A day is in one of the two tables, or, on the day that hours become days, in both. */
	sqlite3_stmt *statement = store_view_prepare(
	    view,
	    "SELECT r.text, w.text, c.a, c.b, ?1, sum(t.packets), sum(t.bytes) FROM ("
	    " SELECT couple, rule, what, packets, bytes FROM traffic_day WHERE day = ?1 UNION ALL"
	    " SELECT couple, rule, what, packets, bytes FROM traffic WHERE hour >= ?1 * 24 AND hour < ?1 * 24 + 24) t"
	    " JOIN word r ON r.id = t.rule JOIN word w ON w.id = t.what JOIN couple c ON c.id = t.couple"
	    " GROUP BY t.couple, t.rule, t.what");

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, day);
	return volumes(statement, each, context);
}

static sqlite3_stmt *in_span(struct store_view *view, const struct store_span *span, const char *sql)
{
	sqlite3_stmt *statement = store_view_prepare(view, sql);

	if (statement) {
		sqlite3_bind_int64(statement, 1, span->since_ns);
		sqlite3_bind_int64(statement, 2, span->until_ns);
	}
	return statement;
}

int store_view_looks(struct store_view *view, const struct store_span *span,
		     bool (*each)(void *context, const struct store_look *look), void *context)
{
	/* And the last one before: what came between is of the span. */
	sqlite3_stmt *statement = in_span(
	    view, span,
	    "SELECT time, engine, packets, bytes, dropped, interfaces, up, beyond_pairs, beyond_bytes FROM look"
	    " WHERE time >= coalesce((SELECT max(time) FROM look WHERE time < ?1), ?1) AND time <= ?2 ORDER BY time");
	int count = 0, code = SQLITE_DONE;
	bool more = true;

	if (!statement)
		return -1;
	while (more && step(statement, &code)) {
		struct store_look look = {
			.time_ns = sqlite3_column_int64(statement, 0),
			.engine_ns = sqlite3_column_int64(statement, 1),
			.packets = (uint64_t)sqlite3_column_int64(statement, 2),
			.bytes = (uint64_t)sqlite3_column_int64(statement, 3),
			.dropped = (uint64_t)sqlite3_column_int64(statement, 4),
			.interfaces = (unsigned)sqlite3_column_int(statement, 5),
			.up = (unsigned)sqlite3_column_int(statement, 6),
			.beyond_pairs = (uint64_t)sqlite3_column_int64(statement, 7),
			.beyond_bytes = (uint64_t)sqlite3_column_int64(statement, 8),
		};
		count++;
		more = each(context, &look);
	}
	return outcome(statement, code, count, true);
}

int store_view_selections(struct store_view *view, const struct store_span *span,
			  bool (*each)(void *context, const struct store_selection *selection), void *context)
{
	sqlite3_stmt *statement =
	    in_span(view, span,
		    "SELECT initiator, responder, selected, rule, version, first, last FROM selection"
		    " WHERE last >= ?1 AND first <= ?2 ORDER BY initiator, responder, last DESC");
	bool whole = true, more = true;
	int count = 0, code = SQLITE_DONE;

	if (!statement)
		return -1;
	while (more && step(statement, &code)) {
		struct store_selection selection = {
			.initiator = text_at(statement, 0),
			.responder = text_at(statement, 1),
			.selected = text_at(statement, 2),
			.rule = text_at(statement, 3),
			.version = (unsigned)sqlite3_column_int(statement, 4),
			.first_ns = sqlite3_column_int64(statement, 5),
			.last_ns = sqlite3_column_int64(statement, 6),
		};
		if (!selection.initiator || !selection.responder || !selection.selected || !selection.rule) {
			whole = false;
			continue;
		}
		count++;
		more = each(context, &selection);
	}
	return outcome(statement, code, count, whole);
}

int store_view_sensor(struct store_view *view, const struct store_span *span,
		      bool (*each)(void *context, const struct store_alert *told), void *context)
{
	sqlite3_stmt *statement = in_span(
	    view, span,
	    "SELECT h.alert, h.id, h.cause, h.state, h.severity, h.record, h.number, h.told, h.told, NULL, NULL"
	    " FROM history h WHERE h.told >= ?1 AND h.told <= ?2 AND h.id IN ('sensor-alive', 'engine-restarted',"
	    " 'capture-silent', 'capture-down', 'capture-drops', 'clock-jump', 'mirror-one-way', 'policy-reloaded')"
	    /* Of what is acknowledged nothing is told, however long it lasts. */
	    " UNION ALL SELECT alert, id, cause, state, severity, record, number, opened, told, NULL, NULL FROM alert"
	    " WHERE told < ?1 AND state <> 'clear' AND id IN ('capture-silent', 'capture-down')"
	    " ORDER BY 7");

	return statement ? store_view_hand_over(statement, each, context) : -1;
}

int64_t store_view_begin(struct store_view *view)
{
	sqlite3_stmt *statement = store_view_prepare(view, "SELECT min(time) FROM look");
	int64_t begin = 0;
	int code;

	if (statement && step(statement, &code))
		begin = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return begin;
}
