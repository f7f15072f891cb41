/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alerts that are open, as the reporter hears of them: opened or updated by a finding, gone with its clear.
 *
 * Each open alert is a value that does not change: an update puts a new one in its place, so that a snapshot can hold the
 * former. Bounded: beyond OPEN_ALERTS_MAX the oldest of the least severity is let go and counted. Belongs to one thread.
 */
#ifndef ESPIAL_REPORT_OPEN_ALERTS_H
#define ESPIAL_REPORT_OPEN_ALERTS_H

#include "snapshot.h"

enum { OPEN_ALERTS_MAX = 20000 };

/* NULL on lack of memory. */
struct open_alerts *open_alerts_new(void);
void open_alerts_free(struct open_alerts *alerts);

/* Takes a finding as it was told; what is told once and never cleared, as secured-again, is passed over. False if there was
 * no memory for it. */
bool open_alerts_take(struct open_alerts *alerts, const struct finding *finding);

/* Takes an alert that was open before anybody listened here: when it was opened, and until when it is acknowledged, 0: it is
 * not. */
bool open_alerts_recall(struct open_alerts *alerts, const struct finding *finding, int64_t opened_ns,
			int64_t acknowledged_ns);

bool open_alerts_holds(const struct open_alerts *alerts, uint64_t alert);

/* Somebody knows of the alert, and will not be reminded until then; 0 takes that back. False if it is not open. */
bool open_alerts_acknowledge(struct open_alerts *alerts, uint64_t alert, int64_t until_ns);

size_t open_alerts_count(const struct open_alerts *alerts);
uint64_t open_alerts_given_up(const struct open_alerts *alerts);

/* The alerts, worst severity first, of equals the newest: a list of pointers, each held once for the caller, who frees the
 * list and lets each go. NULL on lack of memory; never NULL otherwise. */
const struct snapshot_alert **open_alerts_list(const struct open_alerts *alerts, size_t *count);
void open_alert_let_go(const struct snapshot_alert *alert);

#endif
