/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's file: opened, recognized, brought up to the present schema, or set aside. For store.c and store_view.c only.
 */
#ifndef ESPIAL_REPORT_STORE_FILE_H
#define ESPIAL_REPORT_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

/* "ESPL": PRAGMA application_id of a store. */
#define STORE_APPLICATION_ID 0x4553504c

enum store_file_state {
	STORE_FILE_READY,   /* of the present version */
	STORE_FILE_DAMAGED, /* no database, or one that contradicts itself */
	STORE_FILE_FOREIGN, /* a database of something else */
	STORE_FILE_NEWER,   /* of a version that is not known yet */
	STORE_FILE_TROUBLE, /* cannot be opened or changed now: no folder, no right, no room */
};

struct store_problem {
	char text[240]; /* one sentence's worth */
};

/*
 * Opens the file for writing, making and migrating what is to be made and migrated. *database is set only when READY, and
 * is then the caller's to sqlite3_close().
 */
enum store_file_state store_file_open(const char *path, struct sqlite3 **database, struct store_problem *problem);

/* Renames the file and what belongs to it (-wal, -shm) to "PATH.damaged-YYYYMMDDTHHMMSS" and the like, and says in a
 * sentence what was done. False if it could not be renamed. */
bool store_file_set_aside(const char *path, enum store_file_state state, int64_t now_ns, struct store_problem *problem);

/* Runs statements without results. */
bool store_file_run(struct sqlite3 *database, const char *sql, struct store_problem *problem);

/* Whether there are only tables and indexes, as in every store. A view or a trigger that somebody put in could keep SQLite
 * busy without end. False as well if that cannot be read. */
bool store_file_is_plain(struct sqlite3 *database);

/* Whether SQLite's code means that the file itself is bad. */
bool store_file_is_damage(int code);

/* sqlite3_bind_text() for a text that outlives the step; NULL is NULL. */
void store_file_bind(struct sqlite3_stmt *statement, int at, const char *text);

#endif
