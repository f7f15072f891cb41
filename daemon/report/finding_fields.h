/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding as names and texts: the one list of what a syslog message says, whatever shape it takes.
 *
 * A shape (rfc5424.c, the eventlog module, others to come) walks this list instead of the struct, so that all shapes
 * name the same fields alike. Values are valid UTF-8 without control characters and at most FINDING_FIELD_MAX octets; one
 * that was longer ends with "…".
 * Pure: everything lives in the caller's struct.
 */
#ifndef ESPIAL_REPORT_FINDING_FIELDS_H
#define ESPIAL_REPORT_FINDING_FIELDS_H

#include "../audit/finding.h"

enum {
	FINDING_FIELD_MAX = 639,   /* octets of a value: all that evidence may have */
	FINDING_FIELDS_FIXED = 32, /* fields besides evidence, at most */
	FINDING_FIELDS_MAX = FINDING_FIELDS_FIXED + FINDING_EVIDENCE_MAX,
	FINDING_FIELD_NAME_MAX = 32, /* RFC 5424 section 6.3.3 */
};

struct finding_field {
	char name[FINDING_FIELD_NAME_MAX + 1]; /* printable ASCII without '=', ']', '"' and space */
	char value[FINDING_FIELD_MAX + 1];
};

struct finding_fields {
	struct finding_field fields[FINDING_FIELDS_MAX];
	size_t count;          /* of all */
	size_t evidence_begin; /* fields from here on are evidence */
};

enum { REALM_TEXT_SIZE = 64 };

/* Which network a pair, an SA or a finding is of, where capture.realm keeps several apart: the name of the interface, or the number of the VLAN or
 * VNI, as text, since a field of an index has one type. NULL where nothing keeps them apart. */
const char *realm_text(uint32_t realm, const char *interface, char text[REALM_TEXT_SIZE]);

/* Fields that are not known are left out. */
void finding_fields_set(const struct finding *finding, const char *sensor, struct finding_fields *fields);

#endif
