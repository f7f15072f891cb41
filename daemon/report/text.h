/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text sink: the report of `espial audit` that a person reads.
 *
 * Findings are written as they come. Pairs, SAs and the rest are only gathered, in bounded memory, and told in a report
 * when the summary arrives (or at close, if none came): verdict per pair, findings with counts, the mix of protocols,
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

#endif
