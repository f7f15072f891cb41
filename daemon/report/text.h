/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text sink: the report of `espial audit` that a person reads.
 *
 * Findings are written as they come. Pairs, SAs and the rest are only gathered, in bounded memory, and told in a report
 * when a summary arrives (or at close, if none came): verdict per pair, findings with counts, the mix of protocols,
 * oddities, and what could not be seen. Colours and Unicode only where the caller says so; no string from outside
 * reaches the terminal unchanged. Called by `espial audit`, and by espiald in the foreground without a log socket.
 */
#ifndef ESPIAL_REPORT_TEXT_H
#define ESPIAL_REPORT_TEXT_H

#include "sink.h"

#include <stdio.h>

/* The file is borrowed and must outlive the sink; width is in columns (40 to 200, others are taken as the nearest). NULL
 * on lack of memory. */
struct sink *text_sink_new(FILE *file, unsigned width, bool colour, bool unicode);

/*
 * For a process that goes on where another ended. An alert that is open: it counts in the report, and is not told anew. Since when
 * findings are known, where that is not all the time; knows_open: and those that were open then. And, to the one that ends: another will
 * write the report.
 */
struct finding;
void text_sink_recall(struct sink *sink, const struct finding *finding);
void text_sink_since(struct sink *sink, int64_t since_ns, bool knows_open);
void text_sink_leave(struct sink *sink);

#endif
