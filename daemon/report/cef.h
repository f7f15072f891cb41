/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding in the Common Event Format: "CEF:0|espial|espial|VERSION|ID|NAME|0-10|key=value ...".
 *
 * Escaping is that of ArcSight's "Common Event Format" guide: `|` and `\` in the header, `=`, `\` and line ends in values;
 * values are taken from finding_fields.h, so control characters are gone already. IPv6 addresses have keys of their own
 * (c6a2, c6a3). Custom strings are labelled: cs1 spi, cs2 diagnosis, cs3 rule, cs4 grade, cs5 pair, cs6 evidence. Called by
 * syslog.c; pure.
 */
#ifndef ESPIAL_REPORT_CEF_H
#define ESPIAL_REPORT_CEF_H

#include "../audit/finding.h"

/*
 * The message without a syslog header, terminated. Whole: with evidence and advice. Returns its length; what would go beyond
 * the size is left out in whole pairs, msg at last. size must be at least 1024.
 */
size_t cef_format(const struct finding *finding, const char *sensor, bool whole, char *out, size_t size);

/* 0 to 10. */
int cef_severity(enum finding_severity severity);

#endif
