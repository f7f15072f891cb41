/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another policy would have raised on the past: `check-config --replay`.
 *
 * The history of traffic (docs/control-protocol.md: `history`, `alerts`) says who spoke what in clear with whom on which day,
 * and what IKE selected. From that, rules, levels, allow and deny lists and verdict tables can be judged anew, and held
 * against what was raised in fact. What the history does not say is not guessed: such rows are told as not known, with the
 * reason. Pure but for memory.
 */
#ifndef ESPIAL_DAEMON_REPLAY_H
#define ESPIAL_DAEMON_REPLAY_H

#include "audit/finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct replay;

enum replay_outcome {
	REPLAY_NEW,     /* would have been raised, and was not */
	REPLAY_GONE,    /* was raised, and would not have been */
	REPLAY_UNKNOWN, /* cannot be told */
	REPLAY_SAME,    /* raised by both */
	REPLAY_OUTCOME_COUNT
};

enum { REPLAY_WHAT_SIZE = 256 };

struct replay_row {
	enum replay_outcome outcome;
	enum finding_id id;
	enum finding_severity severity; /* at most, by the new policy; of what is gone, as it was */
	struct address a, b;
	const char *rule; /* of the new policy, or "learned"; NULL: none. Lives as long as the policy */
	uint64_t packets, bytes;
	int64_t first_day, last_day; /* from the epoch */
	char what[REPLAY_WHAT_SIZE]; /* protocols, or algorithms with reasons; hostile */
	const char *doubt;           /* why it is not known; constant, or NULL */
};

/* The policy is borrowed, sealed. NULL on lack of memory. */
struct replay *replay_new(const struct policy *policy);
void replay_free(struct replay *replay);

/* A line of an answer to `history` or `alerts`. False if it is none, or not as it should be, or there is no memory. */
bool replay_line(struct replay *replay, const char *line, size_t length);

/* When all lines came: the rows, by outcome, then the worst and the largest first. NULL on lack of memory. */
const struct replay_row *replay_rows(struct replay *replay, size_t *count);

/* Pairs of which the history spoke, and selections. */
size_t replay_pairs(const struct replay *replay);
size_t replay_selections(const struct replay *replay);

const char *replay_outcome_name(enum replay_outcome outcome); /* "new", "gone", "unknown", "same" */

#endif
