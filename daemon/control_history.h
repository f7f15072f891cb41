/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers about the past, out of the store: `report` and `history` of docs/control-protocol.md. Lines are made here and handed
 * over one by one; who takes them says when it is enough.
 */
#ifndef ESPIAL_DAEMON_CONTROL_HISTORY_H
#define ESPIAL_DAEMON_CONTROL_HISTORY_H

#include "report/store.h"

struct control_history {
	const char *store;  /* path */
	const char *sensor; /* NULL: not known */
	int64_t since_ns, now_ns;
	const char *rule; /* only of this rule; "": any */
	int64_t day;      /* `history`: from the epoch */
	/* Takes a line, which it frees; false if there is no room for more. */
	bool (*put)(void *context, char *line);
	void *context;
};

/* What is told of a span: false with one sentence if it cannot be read, or is too much. */
bool control_history_report(const struct control_history *request, char *problem, size_t problem_size);

/* The traffic of one day by pair, and what IKE peers selected that was seen on it. */
bool control_history_day(const struct control_history *request, char *problem, size_t problem_size);

#endif
