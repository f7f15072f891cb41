/* SPDX-License-Identifier: Apache-2.0 */
/* See store_write.h. */
#include "store_write.h"

#include "json.h"
#include "memory_or_end.h"
#include "standing.h"
#include "store_history.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool store_item_wanted(const struct record *record)
{
	switch (record->type) {
	case RECORD_FINDING:
	case RECORD_KNOWN_PAIR:
	case RECORD_KNOWN_HOST:
	case RECORD_SA:
		return true;
	case RECORD_IKE_SA:
		return record->ike_sa.selected_count > 0;
	default:
		return false;
	}
}

static void set_selected(struct store_item *item, const struct record_ike_sa *ike)
{
	size_t used = 0;

	for (size_t i = 0; i < ike->selected_count && used < sizeof(item->selected); i++)
		used += (size_t)snprintf(item->selected + used, sizeof(item->selected) - used, "%s%s", i ? "/" : "",
					 ike->selected[i]);
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

struct store_item *store_item_new(const struct record *record, const char *sensor)
{
	struct store_item *item = store_item_wanted(record) ? memory_zeroed_or_end(1, sizeof(*item)) : NULL;

	if (!item)
		return NULL;
	item->type = record->type;
	item->time_ns = record->time_ns;
	item->record = record_to_json(record, sensor);
	if (!item->record) {
		free(item);
		return NULL;
	}
	if (record->type == RECORD_FINDING) {
		const struct finding *finding = &record->finding;
		item->number = finding->record;
		item->finding.alert = finding->alert;
		item->finding.id = catalogue_row(finding->id)->name;
		item->finding.cause = finding->cause == CAUSE_NONE ? NULL : catalogue_cause(finding->cause)->name;
		/* What is told once is over as it is told: nothing would ever clear it. */
		item->finding.state =
		    finding_state_name(catalogue_is_event(finding->id) ? FINDING_CLEAR : finding->state);
		item->finding.severity = finding->severity;
		if (finding->has_pair || finding->subject == SUBJECT_HOST)
			address_text(&finding->a, &item->a);
		if (finding->has_pair && finding->subject != SUBJECT_HOST)
			address_text(&finding->b, &item->b);
	} else if (record->type == RECORD_KNOWN_PAIR) {
		const struct record_known_pair *pair = &record->known_pair;
		item->known.realm = pair->realm;
		item->known.last_ns = later(pair->direction[0].last_ns, pair->direction[1].last_ns);
		item->known.forgotten = pair->forgotten;
		address_text(&pair->a, &item->a);
		address_text(&pair->b, &item->b);
	} else if (record->type == RECORD_KNOWN_HOST) {
		item->known.last_ns = record->known_host.last_ns;
		item->known.forgotten = record->known_host.forgotten;
		address_text(&record->known_host.address, &item->a);
	} else if (record->type == RECORD_SA) {
		item->sa = record->sa;
		address_text(&record->sa.src, &item->a);
		address_text(&record->sa.dst, &item->b);
	} else {
		set_selected(item, &record->ike_sa);
		address_text(&record->ike_sa.initiator, &item->a);
		address_text(&record->ike_sa.responder, &item->b);
	}
	return item;
}

/* ---- writing ---- */

enum statement { ALERT, ENDED, HISTORY, POSITION, KNOWN, FORGOTTEN, SELECTED, SA, STATEMENT_COUNT };

/* Statements of one transaction, prepared when first needed. The first failure sticks. */
struct batch {
	sqlite3 *database;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	int code; /* SQLITE_OK so far */
};

static const char *const texts[STATEMENT_COUNT] = {
	[ALERT] = "INSERT INTO alert(alert, id, cause, state, severity, a, b, opened, told, number, record)"
		  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10) ON CONFLICT(alert) DO UPDATE SET"
		  " cause=excluded.cause, state=excluded.state, severity=excluded.severity, told=excluded.told,"
		  " number=excluded.number, record=excluded.record WHERE excluded.number > alert.number",
	/* Who knew of it knew of this one, and not of what may open under its number later. */
	[ENDED] = "UPDATE acknowledgement SET until=?2 WHERE alert=?1 AND until > ?2",
	[HISTORY] = "INSERT OR IGNORE INTO history(number, alert, id, cause, state, severity, told, record)"
		    " VALUES(?9, ?1, ?2, ?3, ?4, ?5, ?8, ?10)",
	[POSITION] = "UPDATE position SET number=max(number, ?1)",
	[KNOWN] = "INSERT INTO known(a, b, realm, last, record) VALUES(?1, ?2, ?3, ?4, ?5)"
		  " ON CONFLICT DO UPDATE SET last=excluded.last, record=excluded.record",
	[FORGOTTEN] = "DELETE FROM known WHERE a=?1 AND b=?2 AND realm=?3",
	[SELECTED] = "INSERT INTO proposal_set(initiator, responder, selected, first, last, times)"
		     " VALUES(?1, ?2, ?3, ?4, ?4, 1) ON CONFLICT DO UPDATE SET last=max(last, excluded.last),"
		     " times=times + 1",
	[SA] = "INSERT INTO sa(src, dst, proto, spi, first, last, packets, bytes, replaces, state)"
	       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET last=excluded.last,"
	       " packets=excluded.packets, bytes=excluded.bytes, replaces=excluded.replaces, state=excluded.state",
};

/* The statement, ready to be bound; NULL after a failure. */
static sqlite3_stmt *begin(struct batch *batch, enum statement which)
{
	if (batch->code == SQLITE_OK && !batch->statements[which])
		batch->code = sqlite3_prepare_v2(batch->database, texts[which], -1, &batch->statements[which], NULL);
	if (batch->code != SQLITE_OK)
		return NULL;
	sqlite3_reset(batch->statements[which]);
	sqlite3_clear_bindings(batch->statements[which]);
	return batch->statements[which];
}

static void end(struct batch *batch, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code != SQLITE_DONE)
		batch->code = code;
}

static const char *text_or_null(const struct address_text *text)
{
	return text->text[0] ? text->text : NULL;
}

static void put_finding(struct batch *batch, enum statement which, const struct store_item *item)
{
	sqlite3_stmt *statement = begin(batch, which);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, (int64_t)item->finding.alert);
	store_file_bind(statement, 2, item->finding.id);
	store_file_bind(statement, 3, item->finding.cause);
	store_file_bind(statement, 4, item->finding.state);
	sqlite3_bind_int(statement, 5, (int)item->finding.severity);
	if (which == ALERT) {
		store_file_bind(statement, 6, text_or_null(&item->a));
		store_file_bind(statement, 7, text_or_null(&item->b));
	}
	sqlite3_bind_int64(statement, 8, item->time_ns);
	sqlite3_bind_int64(statement, 9, (int64_t)item->number);
	store_file_bind(statement, 10, item->record);
	end(batch, statement);
}

static void put_end(struct batch *batch, const struct store_item *item)
{
	sqlite3_stmt *statement = begin(batch, ENDED);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, (int64_t)item->finding.alert);
	sqlite3_bind_int64(statement, 2, item->time_ns);
	end(batch, statement);
}

static void put_known(struct batch *batch, const struct store_item *item)
{
	sqlite3_stmt *statement = begin(batch, item->known.forgotten ? FORGOTTEN : KNOWN);

	if (!statement)
		return;
	store_file_bind(statement, 1, item->a.text);
	store_file_bind(statement, 2, item->b.text); /* of a host: empty */
	sqlite3_bind_int64(statement, 3, item->known.realm);
	if (!item->known.forgotten) {
		sqlite3_bind_int64(statement, 4, item->known.last_ns);
		store_file_bind(statement, 5, item->record);
	}
	end(batch, statement);
}

static void put_selected(struct batch *batch, const struct store_item *item)
{
	sqlite3_stmt *statement = begin(batch, SELECTED);

	if (!statement)
		return;
	store_file_bind(statement, 1, item->a.text);
	store_file_bind(statement, 2, item->b.text);
	store_file_bind(statement, 3, item->selected);
	sqlite3_bind_int64(statement, 4, item->time_ns);
	end(batch, statement);
}

static void put_sa(struct batch *batch, const struct store_item *item)
{
	sqlite3_stmt *statement = begin(batch, SA);

	if (!statement)
		return;
	store_file_bind(statement, 1, item->a.text);
	store_file_bind(statement, 2, item->b.text);
	sqlite3_bind_int(statement, 3, item->sa.protocol);
	sqlite3_bind_int64(statement, 4, item->sa.spi);
	sqlite3_bind_int64(statement, 5, item->sa.first_ns);
	sqlite3_bind_int64(statement, 6, item->sa.last_ns);
	sqlite3_bind_int64(statement, 7, (int64_t)item->sa.packets);
	sqlite3_bind_int64(statement, 8, (int64_t)item->sa.bytes);
	if (item->sa.has_replaces)
		sqlite3_bind_int64(statement, 9, item->sa.replaces);
	store_file_bind(statement, 10, sa_state_name(item->sa.state));
	end(batch, statement);
}

static void put_position(struct batch *batch, uint64_t number)
{
	sqlite3_stmt *statement = begin(batch, POSITION);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, (int64_t)number);
	end(batch, statement);
}

enum store_write store_write_outcome(int code)
{
	if (code == SQLITE_OK)
		return STORE_WRITTEN;
	if (store_file_is_damage(code) || (code & 0xff) == SQLITE_ERROR)
		return STORE_BROKEN; /* SQLITE_ERROR: tables are not those of the version that the file claims */
	return (code & 0xff) == SQLITE_FULL ? STORE_NO_ROOM : STORE_REFUSED;
}

enum store_write store_write_items(sqlite3 *database, const struct store_item *items, struct store_problem *problem)
{
	struct batch batch = { .database = database };
	uint64_t last = 0;

	batch.code = sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (const struct store_item *item = items; item && batch.code == SQLITE_OK; item = item->next) {
		if (item->type == RECORD_FINDING) {
			put_finding(&batch, ALERT, item);
			put_finding(&batch, HISTORY, item);
			if (strcmp(item->finding.state, finding_state_name(FINDING_CLEAR)) == 0)
				put_end(&batch, item);
			last = item->number > last ? item->number : last;
		} else if (item->type == RECORD_KNOWN_PAIR || item->type == RECORD_KNOWN_HOST) {
			put_known(&batch, item);
		} else if (item->type == RECORD_IKE_SA) {
			put_selected(&batch, item);
		} else {
			put_sa(&batch, item);
		}
	}
	put_position(&batch, last);
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(batch.statements[i]);
	if (batch.code == SQLITE_OK)
		batch.code = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
	if (batch.code == SQLITE_OK)
		return STORE_WRITTEN;
	snprintf(problem->text, sizeof(problem->text), "%s", sqlite3_errmsg(database));
	sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	return store_write_outcome(batch.code);
}

/* ---- upkeep ---- */

/* The one number that a query gives, 0 if it gives none. */
static int64_t number_of(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

uint64_t store_write_position(sqlite3 *database)
{
	return (uint64_t)number_of(database, "SELECT number FROM position");
}

static void run_with(sqlite3 *database, const char *sql, int64_t value)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, value);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
}

/* Gives free pages back, and what the log holds. */
static void give_back(sqlite3 *database)
{
	sqlite3_exec(database, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

static void forget_oldest(sqlite3 *database, int64_t count)
{
	run_with(database, "DELETE FROM history WHERE number IN (SELECT number FROM history ORDER BY number LIMIT ?1)",
		 count);
	/* An alert that is open stays, whatever its age: the history may be gone, the problem is not. */
	run_with(database, "DELETE FROM alert WHERE state='clear' AND told < (SELECT min(told) FROM history) AND ?1",
		 count);
}

void store_write_make_room(sqlite3 *database)
{
	/* First: while the log holds room, not even a deletion can be written. */
	sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	forget_oldest(database, number_of(database, "SELECT count(*) / 10 + 1 FROM history"));
	store_history_forget_oldest(database);
	give_back(database);
}

static uint64_t size_of(sqlite3 *database)
{
	int64_t pages = number_of(database, "PRAGMA page_count") - number_of(database, "PRAGMA freelist_count");

	return (uint64_t)(pages * number_of(database, "PRAGMA page_size"));
}

/* The oldest of what is known: whoever spoofs addresses of a rule can make pairs, of which no engine says that they are gone. */
static void bound_known(sqlite3 *database, uint64_t size_max)
{
	static const char sql[] = "DELETE FROM known WHERE (a, b, realm) IN"
				  " (SELECT a, b, realm FROM known ORDER BY last LIMIT ?1)";
	int64_t rows = number_of(database, "SELECT count(*) FROM known");

	/* No reporter takes more pairs and hosts. */
	if (rows > 2 * STANDING_KNOWN_MAX)
		run_with(database, sql, rows - 2 * STANDING_KNOWN_MAX);
	for (unsigned round = 0; size_max && round < 64; round++) {
		int64_t octets = number_of(database, "SELECT total(length(record)) FROM known");
		if (size_of(database) <= size_max || (uint64_t)octets <= size_max / 2)
			break;
		run_with(database, sql, number_of(database, "SELECT count(*) / 10 + 1 FROM known"));
	}
}

void store_write_prune(sqlite3 *database, int64_t before_ns, uint64_t size_max)
{
	static const char *const aged[] = {
		"DELETE FROM history WHERE told < ?1 AND alert NOT IN (SELECT alert FROM alert WHERE state <> 'clear')",
		"DELETE FROM alert WHERE state='clear' AND told < ?1",
		"DELETE FROM acknowledgement WHERE until < ?1",
		"DELETE FROM known WHERE last < ?1",
		"DELETE FROM proposal_set WHERE last < ?1",
		"DELETE FROM sa WHERE last < ?1",
	};

	for (size_t i = 0; i < sizeof(aged) / sizeof(aged[0]); i++)
		run_with(database, aged[i], before_ns);
	bound_known(database, size_max);
	for (unsigned round = 0; size_max && round < 64 && size_of(database) > size_max; round++) {
		int64_t rows = number_of(database, "SELECT count(*) FROM history");
		bool traffic = store_history_forget_oldest(database);
		if (rows == 0 && !traffic)
			break;
		forget_oldest(database, rows / 10 + 1);
		run_with(database, "DELETE FROM sa WHERE last < (SELECT min(told) FROM history) AND ?1", 1);
	}
	give_back(database);
}

void store_write_close(sqlite3 *database)
{
	sqlite3_close(database);
}
