/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report at the end of an audit: what is gathered for it, and how it is told.
 *
 * Memory is bounded whatever comes: the worst pairs are kept whole and all are counted; alerts and protocol names live
 * in fixed tables, and what finds no place there is counted together. Called by text.c only.
 */
#ifndef ESPIAL_REPORT_TEXT_REPORT_H
#define ESPIAL_REPORT_TEXT_REPORT_H

#include "../audit/record.h"
#include "text_page.h"

enum {
	REPORT_PAIR_ROWS = 40,       /* pairs told */
	REPORT_PROTOCOL_ROWS = 12,   /* cleartext protocols told */
	REPORT_PROTOCOLS_MAX = 1024, /* names told apart */
	REPORT_ALERTS_MAX = 16384,   /* alerts told apart */
};

struct report;

struct report *report_new(void);
void report_free(struct report *report);

/* Takes what it needs of any record. */
void report_add(struct report *report, const struct record *record);

/* Of a record that is not taken yet: whether one of its alert was before, or is not known to have been, for want of room; and whether
 * it has another cause than the one before, or is worse than all before. */
struct finding;
bool report_knows(const struct report *report, const struct finding *finding);
bool report_is_news(const struct report *report, const struct finding *finding);

/* An alert that was told before: it counts. */
void report_recall(struct report *report, const struct finding *finding);

/* Findings of before are not known, or only those that were open then: the report says so. */
void report_since(struct report *report, int64_t since_ns, bool knows_open);

/* Whether there is anything to tell. */
bool report_is_empty(const struct report *report);

/* The report was told: what is gathered from now on is another state. Findings go on to count. */
void report_told(struct report *report);

void report_write(struct report *report, const struct page *page);

/* Style and padded word of a severity: "HIGH". */
enum page_style report_severity_style(enum finding_severity severity);
const char *report_severity_word(enum finding_severity severity);

#endif
