/* SPDX-License-Identifier: Apache-2.0 */
/* See story_memory.h. */
#include "story_memory.h"

#include <stdlib.h>

static bool same_subject(const struct record *one, const struct record *other)
{
	if (one->type != other->type)
		return false;
	switch (one->type) {
	case RECORD_KNOWN_PAIR:
		return address_equal(&one->known_pair.a, &other->known_pair.a) &&
		       address_equal(&one->known_pair.b, &other->known_pair.b) &&
		       one->known_pair.realm == other->known_pair.realm;
	case RECORD_KNOWN_HOST:
		return address_equal(&one->known_host.address, &other->known_host.address);
	default:
		return one->finding.alert == other->finding.alert;
	}
}

void story_memory_keep(struct story_memory *memory, const struct record *record)
{
	bool gone = record->type == RECORD_KNOWN_PAIR   ? record->known_pair.forgotten
		    : record->type == RECORD_KNOWN_HOST ? record->known_host.forgotten
							: record->finding.state == FINDING_CLEAR;
	size_t at = 0;

	while (at < memory->count && !same_subject(&memory->records[at], record))
		at++;
	if (at == memory->count && gone)
		return;
	if (gone) {
		memory->records[at] = memory->records[--memory->count];
		return;
	}
	if (at == memory->count && memory->count++ == STORY_MEMORY_MAX)
		abort();
	memory->records[at] = *record;
	for (size_t i = 0; record->type == RECORD_FINDING && i < record->finding.evidence_count; i++)
		if (record->finding.evidence[i].kind == EVIDENCE_TEXT)
			memory->records[at].finding.evidence[i].text = NULL;
}
