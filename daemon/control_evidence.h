/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture of an alert as lines of an answer of the control socket. Lines are made here and handed over one by one; who takes
 * them says when it is enough. Called by control.c; its reader is evidence_command.c.
 */
#ifndef ESPIAL_DAEMON_CONTROL_EVIDENCE_H
#define ESPIAL_DAEMON_CONTROL_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control_evidence {
	const char *folder; /* NULL: no captures are kept */
	uint64_t alert;
	/* Takes a line, which it frees; false if there is no room for more. */
	bool (*put)(void *context, char *line);
	void *context;
};

/*
 * Puts the whole capture, as it is now: {"type":"evidence","alert":"...","octets":N,"hex":"..."}. False with one sentence that says
 * what to do if there is none, it cannot be read, or not all of it could be put.
 */
bool control_evidence(const struct control_evidence *request, char *problem, size_t problem_size);

#endif
