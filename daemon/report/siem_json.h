/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding as JSON for SIEMs: in the Elastic Common Schema, and in the Open Cybersecurity Schema Framework.
 *
 * ECS: event.kind alert, event.category network, rule.id our finding; what ECS has no field for stands under `espial`, with
 * the names of our own JSON lines. OCSF: a Detection Finding (2004), a Compliance Finding (2003) for weak cryptography, and
 * Tunnel Activity (4014) where an SA came, was renewed, or went; what has no attribute stands under `unmapped`. Both carry
 * the ATT&CK technique as an exposure, where there is one. Values are as hostile as in a finding, and escaped by
 * json_line.h. Called by syslog.c.
 */
#ifndef ESPIAL_REPORT_SIEM_JSON_H
#define ESPIAL_REPORT_SIEM_JSON_H

#include "../audit/finding.h"

/* One line without its newline, to be freed; NULL on lack of memory. Whole: with evidence and advice. */
char *siem_json_ecs(const struct finding *finding, const char *sensor, bool whole);
char *siem_json_ocsf(const struct finding *finding, const char *sensor, bool whole);

#endif
