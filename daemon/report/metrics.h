/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensor knows as metrics, for Prometheus and the like: OpenMetrics 1.0, or the older text format 0.0.4.
 *
 * The number of series is bounded whatever is on the wire: by interfaces, tables, sinks, kinds of findings, and rules, of which those
 * beyond METRICS_RULES_MAX are told together. No address is ever a label. The names are public interface; they are listed
 * in docs/metrics.md. Called by daemon/http.c.
 */
#ifndef ESPIAL_REPORT_METRICS_H
#define ESPIAL_REPORT_METRICS_H

#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"

enum { METRICS_RULES_MAX = 200 };

/* What no snapshot holds: alerts that were opened since the reporter's start, also those that ended between two scrapes. */
struct metrics_tally {
	uint64_t opened[FINDING_ID_COUNT];
	uint64_t cleared[FINDING_ID_COUNT];
};

/* Counts a finding. */
void metrics_tally_take(struct metrics_tally *tally, const struct finding *finding);

/* All metrics as text, to be freed by the caller; `open`: as OpenMetrics. Without a snapshot, only that there is none yet. NULL on
 * lack of memory. */
char *metrics_text(const struct snapshot *snapshot, const struct metrics_tally *tally, bool open, size_t *length);

#endif
