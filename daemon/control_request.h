/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on the control socket, read from one line of JSON. Pure: no socket, no clock. What is not exactly as
 * docs/control-protocol.md has it is refused with a sentence that says what is wrong.
 */
#ifndef ESPIAL_DAEMON_CONTROL_REQUEST_H
#define ESPIAL_DAEMON_CONTROL_REQUEST_H

#include "audit/finding.h"

enum control_kind {
	CONTROL_STATUS,
	CONTROL_PAIRS,
	CONTROL_SAS,
	CONTROL_IKE,
	CONTROL_IKE_LOG,
	CONTROL_ALERTS,
	CONTROL_ALERT,
	CONTROL_EVIDENCE,
	CONTROL_ACK,
	CONTROL_RELOAD,
	CONTROL_TEST_ALERT,
	CONTROL_REPORT,
	CONTROL_HISTORY,
	CONTROL_INVENTORY,
	CONTROL_KINDS
};

enum { CONTROL_REQUEST_MAX = 4096 }; /* octets of a line */

struct control_request {
	enum control_kind kind;
	bool has_pair, has_peer;        /* both addresses, or one */
	struct address a, b;            /* of "pair" */
	bool open;                      /* alerts: only those that are open */
	int64_t since_ns;               /* alerts: told of since then; report: from then on; 0: any */
	enum finding_severity severity; /* alerts: this or worse */
	uint64_t limit;                 /* alerts: at most so many; 0: as many as usual */
	uint64_t alert;                 /* alert, evidence, ack */
	int64_t until_ns;               /* ack; 0 takes it back */
	int64_t day;                    /* history: days from the epoch */
	char id[32];                    /* alerts: only findings of this id; "": any */
	char rule[256];                 /* report: only of this rule; "": any */
	char problem[160];              /* why it was refused */
};

/* The word that stands for it in a request. */
const char *control_kind_name(enum control_kind kind);

/* False with the problem set. */
bool control_request_read(const char *line, size_t length, struct control_request *request);

#endif
