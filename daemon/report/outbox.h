/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: findings through the spool to every sink, each at its own pace.
 *
 * A finding goes to the spool, and from there, once it is on disk or that took too long, to each sink in order. A sink gets
 * no more than its window of findings that it has not settled; the rest waits in the spool, so that a sink that is down
 * costs no memory, and what comes twice after a crash is at most that window. Other records are of the moment and go to the
 * sinks directly.
 *
 * A sink that is down for OUTBOX_PATIENCE_MS is a finding itself (`sink-down`), for the other sinks now and for it later; when
 * it is back, it is told of the alerts that are open. After a shorter outage, in which a reader may have died with what it
 * had just read, it is told of those that it heard of in the last OUTBOX_DOUBT_MS. Such a record is an update with the
 * evidence `told_again`. The spool counts as a sink here, since without it nothing is durable.
 *
 * What is acknowledged is not sent, unless it became more severe or ended, and says so then (`acknowledged_until`). Nor is the
 * first word of an engine that was started anew about what is open, where it says what was told before.
 *
 * Called by the reporter, in its one thread.
 */
#ifndef ESPIAL_REPORT_OUTBOX_H
#define ESPIAL_REPORT_OUTBOX_H

#include "sink.h"
#include "spool.h"
#include "standing.h"

enum { OUTBOX_SINKS_MAX = 8, OUTBOX_PATIENCE_MS = 10000, OUTBOX_DOUBT_MS = 10000, OUTBOX_TOLD_AGAIN_MAX = 200 };

struct outbox;

/* Takes spool and standing over; they are freed with it. NULL on lack of memory, and then they are not. */
struct outbox *outbox_new(struct spool *spool, struct standing *standing, const char *sensor,
			  const struct record_sink *notices);

/* Closes every sink, then the spool. */
void outbox_free(struct outbox *outbox);

/*
 * Takes the sink over, before the first finding. window: how many findings it may hold unsettled. kept: it goes on after a
 * restart where it was, by its name; otherwise it begins with what comes next. False, with the sink closed, on lack of
 * memory or places.
 */
bool outbox_add(struct outbox *outbox, struct sink *sink, unsigned window, bool kept);

/* Calls `told` with each finding as it stands from now on, under the number that sinks know: those that are sent, and those that
 * are not since the alert is acknowledged. For whoever shows what is open. */
void outbox_observe(struct outbox *outbox, void (*told)(void *context, const char *line, size_t length), void *context);

/* Somebody knows of the alert until then (by the clock); 0 takes that back. False if it is not open. */
bool outbox_acknowledge(struct outbox *outbox, uint64_t alert, int64_t until_ns);

/* What the spool has behind this number is learned as standing, and nothing from before this process is the present engine's
 * by its number. To be called before the first outbox_take(), with the last number that `standing` knows.
 * False if not all of it could be read, for want of memory or descriptors. */
bool outbox_recall(struct outbox *outbox, uint64_t after);

/* One line from the engine that record_from_json() read as this record. Findings are spooled, under the number of the alert
 * that is open already where an engine that was started anew opens it again (standing.h): that number, 0 of other records. */
uint64_t outbox_take(struct outbox *outbox, const struct record *record, const char *line, size_t length,
		     int64_t monotonic_ns);

/* Whether outbox_take() would spool, octet by octet, what is one of the last records before the start. Of what it may have left
 * out nobody can tell: OUTBOX_PERHAPS. */
enum outbox_recall { OUTBOX_NEW, OUTBOX_PERHAPS, OUTBOX_SPOOLED };
enum outbox_recall outbox_recalls(struct outbox *outbox, const struct record *record, const char *line, size_t length);

/* Sends what can be sent. To be called after outbox_take(), when spool_descriptor() is readable, and every OUTBOX_PACE_MS
 * while outbox_is_busy(). */
void outbox_pump(struct outbox *outbox, int64_t monotonic_ns);
enum { OUTBOX_PACE_MS = 1 };

/* Whether something may be sent soon: findings that are not released, or not settled by a sink that is up. */
bool outbox_is_busy(const struct outbox *outbox);

/* Whether all that was taken has been released: is on disk, or has waited long enough for it. */
bool outbox_is_released(const struct outbox *outbox);

/* About every 100 ms. wall_ns is the time that findings about sinks carry. */
void outbox_tick(struct outbox *outbox, int64_t monotonic_ns, int64_t wall_ns);

/* The sinks, outbox_count() of them, for status. */
struct sink *const *outbox_sinks(const struct outbox *outbox);
size_t outbox_count(const struct outbox *outbox);
const struct spool *outbox_spool(const struct outbox *outbox);

#endif
