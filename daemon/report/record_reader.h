/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON lines back to records: the inverse of record_to_json().
 *
 * The reporter reads what the engine wrote with this. The engine handles hostile bytes and may have been taken over, so
 * a line is believed only as far as it is exactly of the documented shape: known keys, all of them, each of its type and
 * range, bounded in length and number; anything else is refused with a sentence. What JSON does not carry comes back
 * from what it does: ip_protocol from `community_id` or from the subject's `proto`. roles_known, reasons and nanoseconds
 * below the microsecond are lost. Called by the reporter's main loop; pure but for memory.
 */
#ifndef ESPIAL_REPORT_RECORD_READER_H
#define ESPIAL_REPORT_RECORD_READER_H

#include "../audit/record.h"

enum {
	RECORD_LINE_MAX = 256 << 10, /* octets of a line */
	RECORD_PROTOCOLS_MAX = 1024, /* elements of `cleartext` of a pair */
	RECORD_NAMES_MAX = 64,       /* of each list of an ike_sa */
	RECORD_NAME_LISTS = 5,       /* offered, selected, vendors, notifies, children; of a pair: carries */
	RECORD_INTERFACES_MAX = 256, /* of a health record, as are the next */
	RECORD_TABLES_MAX = 64,
	RECORD_WORKERS_MAX = 64,
};

/* Start with all zero. It may be used for any number of lines, and is emptied by record_reader_clear(). */
struct record_reader {
	const char *sensor;                    /* of the last record read; owned by the reader */
	char problem[160];                     /* why the last line was refused */
	void *root;                            /* the parsed line, which the record's strings live in; owned */
	struct record_protocol *cleartext;     /* of a pair; owned */
	const char **names[RECORD_NAME_LISTS]; /* of an ike_sa; lists owned, texts in root */
	struct record_interface *interfaces;   /* of a health record; owned, texts in root; likewise the next */
	struct record_table *tables;
	struct record_worker *workers;
	char *copy; /* of a line of sa or pair, whose texts live there; owned, and kept from line to line */
	size_t copy_room;
};

/*
 * Reads one line, without or with its newline. True: the record is set, and its strings live until the next call with
 * this reader or its clear. False: problem says why, and the record is all zero.
 */
bool record_from_json(const char *text, size_t length, struct record_reader *reader, struct record *record);

void record_reader_clear(struct record_reader *reader);

#endif
