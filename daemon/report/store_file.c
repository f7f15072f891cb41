/* SPDX-License-Identifier: Apache-2.0 */
/* See store_file.h. Each schema version is what the migrations up to it make: a new file runs them all. */
#include "store_file.h"

#include "group_file.h"
#include "open_failure.h"
#include "store.h"
#include "store_history.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BUSY_MS = 2000, PATH_SIZE = 4200 };

/* migrations[v - 1] makes version v out of version v - 1. Published ones never change. */
static const char *const migrations[STORE_VERSION] = {
	/* 1: alerts and what was told of them */
	"CREATE TABLE alert("
	" alert INTEGER PRIMARY KEY," /* the 64 bits of the id, as a signed number */
	" id TEXT NOT NULL, cause TEXT, state TEXT NOT NULL, severity INTEGER NOT NULL," /* enum finding_severity */
	" a TEXT, b TEXT,"
	" opened INTEGER NOT NULL, told INTEGER NOT NULL," /* nanoseconds since the epoch */
	" number INTEGER NOT NULL, record TEXT NOT NULL);"
	"CREATE INDEX alert_told ON alert(told);"
	"CREATE TABLE history("
	" number INTEGER PRIMARY KEY,"
	" alert INTEGER NOT NULL, id TEXT NOT NULL, cause TEXT, state TEXT NOT NULL, severity INTEGER NOT NULL,"
	" told INTEGER NOT NULL, record TEXT NOT NULL);"
	"CREATE INDEX history_alert ON history(alert, number);"
	"CREATE TABLE acknowledgement("
	" alert INTEGER PRIMARY KEY, until INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL);"
	"CREATE TABLE position(only INTEGER PRIMARY KEY CHECK(only = 1), number INTEGER NOT NULL);"
	"INSERT INTO position VALUES(1, 0);",
	/* 2: what a new engine is to know */
	"CREATE TABLE learned("
	" a TEXT NOT NULL, b TEXT NOT NULL, realm INTEGER NOT NULL, last INTEGER NOT NULL, record TEXT NOT NULL,"
	" PRIMARY KEY(a, b, realm)) WITHOUT ROWID;"
	"CREATE TABLE proposal_set("
	" initiator TEXT NOT NULL, responder TEXT NOT NULL, selected TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL,"
	" PRIMARY KEY(initiator, responder, selected)) WITHOUT ROWID;"
	"CREATE TABLE sa("
	" src TEXT NOT NULL, dst TEXT NOT NULL, proto INTEGER NOT NULL, spi INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, replaces INTEGER, state TEXT NOT "
	"NULL,"
	" PRIMARY KEY(src, dst, proto, spi, first)) WITHOUT ROWID;",
	/* 3: the history of traffic */
	store_history_schema,
	/* 4: pairs with their rekeys, and hosts, in the place of learned pairs alone */
	"CREATE TABLE known("
	" a TEXT NOT NULL, b TEXT NOT NULL, realm INTEGER NOT NULL," /* b: '' of a host, whose realm is 0 */
	" last INTEGER NOT NULL, record TEXT NOT NULL,"
	" PRIMARY KEY(a, b, realm)) WITHOUT ROWID;"
	"DROP TABLE learned;",
};

static enum store_file_state state_of(int code)
{
	return store_file_is_damage(code) ? STORE_FILE_DAMAGED : STORE_FILE_TROUBLE;
}

bool store_file_is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_FORMAT;
}

static void explain(struct store_problem *problem, sqlite3 *database)
{
	char reason[OPEN_FAILURE_SIZE];
	int error =
	    database && (sqlite3_errcode(database) & 0xff) == SQLITE_CANTOPEN ? sqlite3_system_errno(database) : 0;

	snprintf(problem->text, sizeof(problem->text), "%s%s%s",
		 database ? sqlite3_errmsg(database) : "not enough memory", error ? ": " : "",
		 error ? open_failure(error, reason) : "");
}

bool store_file_run(sqlite3 *database, const char *sql, struct store_problem *problem)
{
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	explain(problem, database);
	return false;
}

void store_file_bind(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

/* The one number that a query gives. False with the code in *code. */
static bool ask(sqlite3 *database, const char *sql, int64_t *value, int *code)
{
	sqlite3_stmt *statement = NULL;

	*code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
	if (*code == SQLITE_OK)
		*code = sqlite3_step(statement);
	if (*code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return *code == SQLITE_ROW;
}

bool store_file_is_plain(sqlite3 *database)
{
	int64_t others = 0;
	int code;

	return ask(database, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')", &others,
		   &code) &&
	       others == 0;
}

/* Whether the database agrees with itself, as far as a quick look tells. */
static bool is_sound(sqlite3 *database, int *code)
{
	sqlite3_stmt *statement = NULL;
	bool sound = false;

	*code = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (*code == SQLITE_OK)
		*code = sqlite3_step(statement);
	if (*code == SQLITE_ROW) {
		const char *answer = (const char *)sqlite3_column_text(statement, 0);
		sound = answer && strcmp(answer, "ok") == 0;
		if (!sound)
			*code = SQLITE_CORRUPT;
	}
	sqlite3_finalize(statement);
	return sound;
}

static bool migrate(sqlite3 *database, int64_t version, struct store_problem *problem)
{
	char pragma[80];

	for (; version < STORE_VERSION; version++) {
		snprintf(pragma, sizeof(pragma), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
			 STORE_APPLICATION_ID, (int)version + 1);
		if (!store_file_run(database, "BEGIN IMMEDIATE", problem))
			return false;
		if (!store_file_run(database, migrations[version], problem) ||
		    !store_file_run(database, pragma, problem) || !store_file_run(database, "COMMIT", problem)) {
			sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
			return false;
		}
	}
	return true;
}

static enum store_file_state recognize(sqlite3 *database, struct store_problem *problem)
{
	int64_t application = 0, version = 0, tables = 0;
	int code;

	if (!ask(database, "SELECT count(*) FROM sqlite_schema", &tables, &code) ||
	    !ask(database, "PRAGMA application_id", &application, &code) ||
	    !ask(database, "PRAGMA user_version", &version, &code)) {
		explain(problem, database);
		return state_of(code);
	}
	if (application != STORE_APPLICATION_ID && (tables > 0 || application != 0)) {
		snprintf(problem->text, sizeof(problem->text), "it is a database of another program");
		return STORE_FILE_FOREIGN;
	}
	if (version > STORE_VERSION) {
		snprintf(problem->text, sizeof(problem->text), "its schema has version %lld, and this espial knows %d",
			 (long long)version, STORE_VERSION);
		return STORE_FILE_NEWER;
	}
	/* The number is signed in the file. */
	if (version < 0 || !store_file_is_plain(database)) {
		snprintf(problem->text, sizeof(problem->text), "it contradicts itself");
		return STORE_FILE_DAMAGED;
	}
	if (tables > 0 && !is_sound(database, &code)) {
		snprintf(problem->text, sizeof(problem->text), "it contradicts itself");
		return state_of(code);
	}
	/* Before the first table, or it has no effect: pages of what is deleted go back to the file system. */
	if (tables == 0 && !store_file_run(database, "PRAGMA auto_vacuum=INCREMENTAL", problem))
		return state_of(sqlite3_errcode(database));
	if (!store_file_run(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", problem) ||
	    !migrate(database, version, problem))
		return state_of(sqlite3_errcode(database));
	return STORE_FILE_READY;
}

enum store_file_state store_file_open(const char *path, sqlite3 **database, struct store_problem *problem)
{
	enum store_file_state state;
	sqlite3 *opened = NULL;

	group_file_make(path); /* what SQLite makes beside it has the same mode */
	int code =
	    sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	*database = NULL;
	if (code != SQLITE_OK) {
		explain(problem, opened);
		state = state_of(code);
	} else {
		sqlite3_busy_timeout(opened, BUSY_MS);
		/* Nothing beside the file itself: elsewhere the reporter may not write. */
		sqlite3_exec(opened, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
		/* Nothing in the file may make SQLite call what the file names. */
		sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		state = recognize(opened, problem);
	}
	if (state == STORE_FILE_READY)
		*database = opened;
	else
		sqlite3_close(opened);
	return state;
}

bool store_file_set_aside(const char *path, enum store_file_state state, int64_t now_ns, struct store_problem *problem)
{
	static const char *const tails[] = { "-wal", "-shm", "" };
	const char *word = state == STORE_FILE_FOREIGN ? "foreign" : state == STORE_FILE_NEWER ? "newer" : "damaged";
	time_t seconds = (time_t)(now_ns / 1000000000);
	char aside[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE + 8], stamp[32];
	struct store_problem why = *problem;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &parts);
	snprintf(aside, sizeof(aside), "%s.%s-%s", path, word, stamp);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", path, tails[i]);
		snprintf(to, sizeof(to), "%s%s", aside, tails[i]);
		if (rename(from, to) != 0 && !tails[i][0]) {
			snprintf(problem->text, sizeof(problem->text), "%.90s, and it cannot be set aside", why.text);
			return false;
		}
	}
	snprintf(problem->text, sizeof(problem->text), "%.90s; it is now %.80s, and a new one is begun", why.text,
		 strrchr(aside, '/') ? strrchr(aside, '/') + 1 : aside);
	return true;
}
