/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SPIs of a pair over time, as a chart of one line per SA in the report. Called by text_report.c, which hands over SA
 * records as they come and has the chart written at the end. Bounded: the first SAs are kept, the busiest directions told.
 */
#ifndef ESPIAL_REPORT_TEXT_TIMELINE_H
#define ESPIAL_REPORT_TEXT_TIMELINE_H

#include "../audit/record.h"
#include "text_page.h"

enum { TIMELINE_SAS_MAX = 4096 };

struct timeline_sa {
	struct address src, dst;
	uint32_t spi, replaces;
	uint8_t protocol;
	bool has_replaces;
	enum sa_record_state state;
	int64_t first_ns, last_ns;
	uint64_t bytes, lost;
};

struct timeline {
	size_t count;
	uint64_t more; /* SAs beyond the bound */
	struct timeline_sa sas[TIMELINE_SAS_MAX];
};

void timeline_add(struct timeline *timeline, const struct record_sa *sa);

/* Between the two times, which are those of the capture. Writes nothing if no direction had more than one SA. */
void timeline_write(struct timeline *timeline, int64_t first_ns, int64_t last_ns, const struct page *page);

#endif
