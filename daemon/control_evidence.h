/* SPDX-License-Identifier: Apache-2.0 */
/* The capture of an alert as lines of an answer of the control socket. Called by control.c; its reader is evidence_command.c. */
#ifndef ESPIAL_DAEMON_CONTROL_EVIDENCE_H
#define ESPIAL_DAEMON_CONTROL_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control_evidence;

/* Reads the capture from the folder, whole. NULL with one sentence that says what to do, also where `path` is NULL: none are kept. */
struct control_evidence *control_evidence_new(const char *path, uint64_t alert, char *problem, size_t problem_size);
void control_evidence_free(struct control_evidence *evidence);

/* The next line, to be freed: {"type":"evidence","alert":"...","octets":N,"hex":"..."}. NULL at the end, and on lack of memory. */
char *control_evidence_next(struct control_evidence *evidence);

#endif
