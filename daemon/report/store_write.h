/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store's writing thread does to the file. For store.c only; every call may wait for the disk.
 */
#ifndef ESPIAL_REPORT_STORE_WRITE_H
#define ESPIAL_REPORT_STORE_WRITE_H

#include "store_file.h"
#include "../audit/record.h"

/* A record on its way into the file. */
struct store_item {
	struct store_item *next;
	enum record_type type;
	uint64_t number; /* finding.record */
	int64_t time_ns;
	char *record; /* its JSON line; owned */
	union {
		struct {
			uint64_t alert;
			const char *id, *cause, *state; /* constants; cause may be NULL */
			enum finding_severity severity;
		} finding;
		struct {
			uint32_t realm;
			int64_t last_ns;
			bool forgotten;
		} known;
		struct record_sa sa;
	};
	struct address_text a, b; /* of a finding's pair or host, of what is known, initiator and responder, or src
				     and dst; empty: none */
	char selected[256];       /* of an IKE SA */
};

/* Whether the store keeps records like this one. */
bool store_item_wanted(const struct record *record);

/* NULL if it is not wanted, or on lack of memory. */
struct store_item *store_item_new(const struct record *record, const char *sensor);

enum store_write { STORE_WRITTEN, STORE_NO_ROOM, STORE_BROKEN, STORE_REFUSED };

/* What SQLite's code of a transaction that was not committed means; STORE_WRITTEN for SQLITE_OK. */
enum store_write store_write_outcome(int code);

/* Writes all or none of them. */
enum store_write store_write_items(struct sqlite3 *database, const struct store_item *items,
				   struct store_problem *problem);

/* Number of the last finding in the file, 0 for none. */
uint64_t store_write_position(struct sqlite3 *database);

/* Forgets what is older than the time, and then the oldest until the file is not larger than size_max (0: any): of what is known
 * until that takes half of it, then of the history. */
void store_write_prune(struct sqlite3 *database, int64_t before_ns, uint64_t size_max);

/* Forgets the oldest tenth of the history, and gives the room back to the file system. */
void store_write_make_room(struct sqlite3 *database);

void store_write_close(struct sqlite3 *database);

#endif
