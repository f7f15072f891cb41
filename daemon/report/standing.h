/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands: alerts that are open and pairs that are learned, each as the last JSON line about it.
 *
 * For whoever missed it: a sink that was down is told of the open alerts again, and an engine that starts is given back
 * both, so that it neither forgets nor repeats. Bounded: beyond STANDING_ALERTS_MAX and STANDING_LEARNED_MAX nothing new is
 * kept. Called by outbox.c and the reporter, in one thread.
 */
#ifndef ESPIAL_REPORT_STANDING_H
#define ESPIAL_REPORT_STANDING_H

#include "../audit/record.h"

enum { STANDING_ALERTS_MAX = 16384, STANDING_LEARNED_MAX = 65536 };

struct standing;

/* NULL on lack of memory. */
struct standing *standing_new(void);
void standing_free(struct standing *standing);

/* Takes what the record changes. The line is the record's, and copied; other records pass by. */
void standing_take(struct standing *standing, const struct record *record, const char *line, size_t length,
		   int64_t monotonic_ns);

size_t standing_alerts(const struct standing *standing);

/* Hands over the lines of the open alerts that something was told of at or after this time. */
void standing_each_alert(const struct standing *standing, int64_t since_ns,
			 void (*each)(void *context, const char *line), void *context);

/* Hands over the lines of the learned pairs. */
void standing_each_learned(const struct standing *standing, void (*each)(void *context, const char *line),
			   void *context);

#endif
