/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: history of alerts, and what a new engine is to know again, in SQLite (WAL).
 *
 * Two halves. The sink (store_sink_new) takes records and writes them in a thread of its own, many in one transaction;
 * nobody waits for it, and what it has not written yet is still in the spool. The view reads, for `espial alerts`, while
 * the sink writes: each view is a connection of its own, for one thread. It also writes acknowledgements.
 *
 * What is kept: each alert as it was told last, everything that was told of it, who acknowledged it, pairs and hosts that
 * the next engine is to know, accepted proposal sets by pair of IKE peers, the counters of SAs, and the history of traffic by
 * hour, pair and rule. Cleared alerts older than `keep` go, then, while the file is larger than
 * `size_max` or the disk is full, the oldest. A file that is damaged, of another program, or of a newer version is set
 * aside under another name with one notice, and a new one begun; an older version is brought up to date in place.
 *
 * Called by the reporter and by what serves the control socket. The file belongs to this module alone.
 */
#ifndef ESPIAL_REPORT_STORE_H
#define ESPIAL_REPORT_STORE_H

#include "sink.h"

#include <stddef.h>

enum {
	STORE_VERSION = 4,      /* of the schema; PRAGMA user_version */
	STORE_QUEUE_MAX = 1024, /* records that may wait for the writing thread */
	STORE_KNOWN_MAX =
	    131072, /* known pairs and hosts that may wait for it besides: at its end an engine tells of all */
	STORE_LIST_DEFAULT = 100, /* alerts that store_view_alerts() gives when not asked for a number */
};

struct snapshot;

struct store_settings {
	const char *path;   /* copied */
	const char *sensor; /* copied */
	int64_t keep_ns;    /* cleared alerts, known pairs and hosts, proposal sets and SAs older than this go */
	uint64_t size_max;  /* octets of the file; 0: no bound */
	/* Where notices go. Called in the thread that calls store_sink_new() and sink_tick(). */
	struct record_sink notices;
};

/* A sink named "store". NULL on lack of memory only: a file that cannot be opened now is tried again, health says why. */
struct sink *store_sink_new(const struct store_settings *settings);

/* The record number (finding.record) up to which all is in the file; 0 if there is nothing, or no file yet. */
uint64_t store_position(struct sink *store);

/*
 * Takes a look for the history of traffic (store_history.h), which is written in the store's own thread. The snapshot is held
 * until then; where looks come faster than they can be written, the newest of an engine stands for those before. From any
 * thread. Its number, which store_looks_done() reaches when the look is written, or given up.
 */
uint64_t store_take_look(struct sink *store, const struct snapshot *look);
uint64_t store_looks_done(struct sink *store);

/* ---- reading ---- */

struct store_view;

/* NULL, with one sentence, if there is no store at the path or it cannot be read. The file is not created. */
struct store_view *store_view_open(const char *path, char *problem, size_t problem_size);
void store_view_close(struct store_view *view);

/* Which alerts. All zero but `severity` = SEVERITY_INFO asks for all. */
struct store_filter {
	bool open;                      /* only those that are not cleared */
	int64_t since_ns;               /* only those that are open, or that something was told of since; 0: any */
	enum finding_severity severity; /* only those of this severity or worse */
	const struct address *a, *b;    /* only of this pair, in either order; only a: of any pair with it; NULL: any */
	const char *id;                 /* only findings of this id; NULL: any */
	size_t limit;                   /* at most so many, newest first; 0: STORE_LIST_DEFAULT */
};

/* An alert as it stands, or one thing that was told of it. Texts are borrowed for the call that hands it over. */
struct store_alert {
	uint64_t alert;
	const char *id, *cause, *state; /* as in JSON lines; cause may be NULL */
	enum finding_severity severity;
	const char *record;            /* the JSON line of the `finding`, as told last (or as told then) */
	uint64_t number;               /* of that record, finding.record */
	int64_t opened_ns;             /* when it was first told */
	int64_t told_ns;               /* when this was told */
	int64_t acknowledged_until_ns; /* 0: not acknowledged */
	const char *acknowledged_by;   /* NULL: not acknowledged */
};

/* Hands over the alerts that the filter asks for, newest word first, until `each` returns false. How many were handed over,
 * or -1 if the store could not be read, or not all of it: `each` may have had some then. */
int store_view_alerts(struct store_view *view, const struct store_filter *filter,
		      bool (*each)(void *context, const struct store_alert *alert), void *context);

/* Hands over what was told of one alert, oldest first. How many; 0: there is no such alert; -1: not readable. */
int store_view_history(struct store_view *view, uint64_t alert,
		       bool (*each)(void *context, const struct store_alert *told), void *context);

/* Notes that somebody knows of the alert until then; until_ns 0 takes it back. False with one sentence if there is no such
 * alert, or it could not be written. */
bool store_view_acknowledge(struct store_view *view, uint64_t alert, int64_t until_ns, const char *by, char *problem,
			    size_t problem_size);

/* ---- the history of traffic (store_history.h) ---- */

/* Part of the past, by the clock. What is kept by the hour or by the day is taken whole where it is touched. */
struct store_span {
	int64_t since_ns, until_ns;
};

/* A sum. Texts are borrowed for the call; they are names out of records, and hostile. */
struct store_volume {
	const char *rule;  /* "" none; several, of gateways that carry them all, are parted by tabs */
	const char *what;  /* HISTORY_ESP and its like, or a protocol and, behind a tab, its service */
	const char *a, *b; /* of a pair; else NULL */
	int64_t day;       /* from the epoch, where it is asked for by day */
	uint64_t packets, bytes;
};
typedef bool store_volume_function(void *context, const struct store_volume *volume);

/* Sums of each rule; of each day and rule; of each pair of one day. Each gives how many were handed over, -1 if the store
 * could not be read. */
int store_view_rules(struct store_view *view, const struct store_span *span, store_volume_function *each,
		     void *context);
int store_view_days(struct store_view *view, const struct store_span *span, store_volume_function *each, void *context);
int store_view_traffic(struct store_view *view, int64_t day, store_volume_function *each, void *context);

/* A look: how the sensor was. Counters are since its engine began. */
struct store_look {
	int64_t time_ns, engine_ns;
	uint64_t packets, bytes, dropped;
	unsigned interfaces, up;
	uint64_t beyond_pairs, beyond_bytes; /* without rows of their own in the history */
};
int store_view_looks(struct store_view *view, const struct store_span *span,
		     bool (*each)(void *context, const struct store_look *look), void *context);

/* What IKE peers selected, and when that was seen. */
struct store_selection {
	const char *initiator, *responder, *selected, *rule; /* selected: names parted by slashes */
	unsigned version;
	int64_t first_ns, last_ns;
};
int store_view_selections(struct store_view *view, const struct store_span *span,
			  bool (*each)(void *context, const struct store_selection *selection), void *context);

/* What was told of the sensor itself, oldest first: all that it says of when it did not see, and what is open since before. */
int store_view_sensor(struct store_view *view, const struct store_span *span,
		      bool (*each)(void *context, const struct store_alert *told), void *context);

/* When the first look was; 0: there was none. */
int64_t store_view_begin(struct store_view *view);

/* Hands over what is known, pairs and hosts as the JSON lines of their records, what was heard of last first. How many, -1: not
 * readable, or not all of it. */
int store_view_known(struct store_view *view, bool (*each)(void *context, const char *record), void *context);

#endif
