/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot: all that the running sensor knows at one moment, as values that never change.
 *
 * The reporter asks the engine for its state now and then, reads the lines into a builder, and publishes the result.
 * Control socket, page and metrics answer from a snapshot, however slowly their client reads: nobody waits for them, and
 * they wait for nobody. A snapshot is counted by reference: whoever means to look at it after returning to the event
 * loop holds it, and lets it go when done; the last one frees it. Holding and letting go is safe from any thread, the
 * rest of a snapshot is only read.
 *
 * Everything that hangs on a snapshot, strings included, belongs to it and lives as long as it is held. Texts that come
 * from packets (names of protocols, vendor IDs, evidence) are hostile and unescaped: escape them for where they go. What
 * is not known is NULL, or negative where the member says so; counters are since the engine's start.
 */
#ifndef ESPIAL_REPORT_SNAPSHOT_H
#define ESPIAL_REPORT_SNAPSHOT_H

#include "record_reader.h"
#include "sink.h"
#include "../audit/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inventory;
struct open_alerts;

/* A pair, and the state of affairs about it. */
struct snapshot_pair {
	struct record_pair pair;
	uint32_t alerts;             /* open alerts about it, its hosts' and SAs' not counted in */
	enum finding_severity worst; /* of these; SEVERITY_COUNT without any */
};

struct snapshot_ike_sa {
	int64_t last_ns; /* its last message */
	struct record_ike_sa ike_sa;
};

/* An alert that is open: the last word of it. */
struct snapshot_alert {
	struct finding finding; /* state is open or update */
	int64_t opened_ns;      /* when it was opened; of a former life of the reporter: when it was first heard of */
	int64_t acknowledged_until_ns; /* 0: nobody said that it is known */
};

struct snapshot_interface {
	struct record_interface interface;
	double frames_per_second; /* since the snapshot before; negative: not known yet */
};

struct snapshot_sink {
	const char *name;
	struct sink_health health;
};

struct snapshot {
	uint64_t number; /* counts up by one with each, from 1 */
	unsigned parts;  /* enum record_part: what is in it of pairs, SAs, IKE SAs, inventory; else these are empty */
	int64_t time_ns; /* wall clock when the engine's answer was complete */
	const char *sensor; /* name of the sensor */
	const char *version;
	int64_t started_ns; /* wall clock of the engine's start */

	/* By address: a, then b; two pairs with equal addresses lie in different realms. */
	const struct snapshot_pair *pairs;
	size_t pair_count;
	/* By pair, then by first packet: snapshot_sas_of(). */
	const struct record_sa *sas;
	size_t sa_count;
	/* In the order of their first messages. */
	const struct snapshot_ike_sa *ike_sas;
	size_t ike_sa_count;
	/* Worst severity first, of equals the newest. Each alert has a pointer of its own. */
	const struct snapshot_alert *const *alerts;
	size_t alert_count;
	size_t alerts_by_severity[SEVERITY_COUNT];
	/* Living, whatever the parts */
	uint64_t verdicts[PAIR_VERDICT_COUNT], living_sas, living_ike_sas;

	/* The sensor's health */
	struct record_summary summary; /* totals; reasons and copies are not known here */
	double packets_per_second;     /* since the snapshot before; negative: not known yet */
	double bits_per_second;        /* likewise; octets on the wire */
	const struct snapshot_interface *interfaces;
	size_t interface_count;
	const struct record_worker *workers;
	size_t worker_count;
	struct record_cost stages[RECORD_STAGE_COUNT];
	const struct record_table *tables;
	size_t table_count;
	uint64_t memory; /* octets resident in all tables */
	uint64_t transitions_lost, untracked;
	const struct snapshot_sink *sinks; /* text, json, syslog: as configured */
	size_t sink_count;
	const struct inventory *inventory; /* sorted; NULL: it was not asked for */
};

/* One more reference; returns its argument. NULL stays NULL. */
const struct snapshot *snapshot_hold(const struct snapshot *snapshot);
/* One reference less. */
void snapshot_let_go(const struct snapshot *snapshot);

/* The SAs between two addresses, in both directions, in order of first packet: the first of `count` in a row. NULL and 0
 * if there are none. */
const struct record_sa *snapshot_sas_of(const struct snapshot *snapshot, const struct address *a,
					const struct address *b, size_t *count);
/* The pair of these addresses, in any order; where several realms have it, the first. NULL if there is none. */
const struct snapshot_pair *snapshot_find_pair(const struct snapshot *snapshot, const struct address *a,
					       const struct address *b);
/* The open alert of this number, NULL if there is none. */
const struct snapshot_alert *snapshot_find_alert(const struct snapshot *snapshot, uint64_t alert);

/* ---- how one is made ---- */

struct snapshot_builder;

/* NULL on lack of memory. */
struct snapshot_builder *snapshot_builder_new(void);
void snapshot_builder_free(struct snapshot_builder *builder);

/* Takes a record: pair, sa, ike_sa, summary, health. Findings are taken too, for tests, which thus can feed what
 * `audit --json` writes; the reporter passes its open alerts to snapshot_builder_finish(). Others are passed over. */
void snapshot_builder_add(struct snapshot_builder *builder, const struct record *record, const char *sensor);

/* Reads a JSON line, of a record or of an inventory, and adds it. False if it was refused: snapshot_builder_problem() says why. */
bool snapshot_builder_line(struct snapshot_builder *builder, const char *line, size_t length);
const char *snapshot_builder_problem(const struct snapshot_builder *builder);

/* What the engine's lines do not say. */
struct snapshot_surroundings {
	int64_t time_ns;                   /* wall clock */
	bool partial;                      /* only `parts` were asked for; else the usual ones */
	unsigned parts;                    /* enum record_part */
	const struct snapshot *before;     /* for rates and the number; NULL: there was none */
	const struct open_alerts *alerts;  /* NULL: those of the findings that were added */
	const struct snapshot_sink *sinks; /* copied */
	size_t sink_count;
};

/* Makes the snapshot, with one reference for the caller, and frees the builder in any case. NULL on lack of memory, then or
 * before. */
const struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder,
					       const struct snapshot_surroundings *surroundings);

/* All at once, for tests: lines as `espial audit --json` writes them, one below the other. NULL if one is refused. */
const struct snapshot *snapshot_from_lines(const char *lines);

#endif
