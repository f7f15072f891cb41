/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations: what the catalogue (audit/finding.h) has no room for.
 *
 * For every finding and every cause: which evidence it rests on, what else looks like it, where on the hosts to look, and
 * what the wire cannot show. Constants only. Called by `espial explain`; tests hold that nothing is missing.
 */
#ifndef ESPIAL_REPORT_EXPLANATION_H
#define ESPIAL_REPORT_EXPLANATION_H

#include "../audit/finding.h"

/* Of a finding. The three stacks are NULL for findings about the sensor, `sensor` for all others. */
struct explanation {
	const char *evidence;   /* what on the wire it is told by */
	const char *lookalike;  /* what else can look like it */
	const char *windows;    /* event numbers, logs and commands */
	const char *strongswan; /* log lines and commands */
	const char *libreswan;
	const char *sensor; /* commands on the sensor's host */
	const char *unseen; /* what the wire cannot show */
};

/* Of a cause, for the finding it was given for. */
struct cause_explanation {
	const char *evidence;
	const char *lookalike;
	const char *look; /* the line, event or command on a host that settles it */
	const char *unseen;
};

/* NULL for a number that is no finding. */
const struct explanation *explanation_of(enum finding_id id);

/* Of what the severity depends, for the finding or for this cause of it; NULL: it is always that of the catalogue. No sentence:
 * the severities, each with its case. */
const char *explanation_severity(enum finding_id id, enum finding_cause cause);

/* NULL if the catalogue does not allow the cause for the finding, and for CAUSE_NONE. */
const struct cause_explanation *explanation_of_cause(enum finding_id id, enum finding_cause cause);

#endif
