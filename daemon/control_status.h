/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of answers on the control socket that are no records: docs/control-protocol.md. Pure but for memory. */
#ifndef ESPIAL_DAEMON_CONTROL_STATUS_H
#define ESPIAL_DAEMON_CONTROL_STATUS_H

#include "report/snapshot.h"
#include "report/store.h"

/* Each gives a line without its newline, to be freed; NULL on lack of memory. */

/* {"type":"status",...}: the health of the sensor as of the snapshot; now_ns is the wall clock. */
char *control_status_line(const struct snapshot *snapshot, int64_t now_ns);

/* {"type":"alert",...}: an alert, and the finding that was told last of it. */
char *control_alert_line(const struct snapshot_alert *alert, const char *sensor);
char *control_stored_line(const struct store_alert *alert);

/* {"type":"error","text":...} and {"type":"outcome","text":...} */
char *control_error_line(const char *text);
char *control_outcome_line(const char *text);

#endif
