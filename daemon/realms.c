/* SPDX-License-Identifier: Apache-2.0 */
/* See realms.h. */
#include "realms.h"

#include <string.h>

/* The name of the interface that is a realm of its own and has this number; NULL if there is none. */
static const char *name_of(const struct realms *realms, uint32_t realm)
{
	if (realm == 0 || realm > realms->count || realms->interfaces[realm - 1].realm != TRACK_REALM_INTERFACE ||
	    !realms->interface_name)
		return NULL;
	return realms->interface_name(realms->context, (uint16_t)(realm - 1));
}

bool realms_name(const struct realms *realms, const struct record *record, struct record *named)
{
	enum record_type type = record->type == RECORD_HELD_ALERT ? RECORD_FINDING : record->type;
	uint32_t realm = type == RECORD_FINDING      ? record->finding.realm
			 : type == RECORD_PAIR       ? record->pair.realm
			 : type == RECORD_SA         ? record->sa.realm
			 : type == RECORD_KNOWN_PAIR ? record->known_pair.realm
						     : 0;
	const char *name = name_of(realms, realm);

	if (!name)
		return false;
	*named = *record;
	if (type == RECORD_FINDING)
		named->finding.realm_interface = name;
	else if (type == RECORD_PAIR)
		named->pair.realm_interface = name;
	else if (type == RECORD_SA)
		named->sa.realm_interface = name;
	else
		named->known_pair.interface = name;
	return true;
}

/* A number alone is good for what is not called by an interface. */
static bool find(const struct realms *realms, const char *interface, uint32_t *realm)
{
	bool numbered = false;

	for (uint32_t i = 0; i < realms->count; i++) {
		const char *name = name_of(realms, i + 1);
		numbered |=
		    realms->interfaces[i].realm == TRACK_REALM_VLAN || realms->interfaces[i].realm == TRACK_REALM_VNI;
		if (!interface || !name || strcmp(name, interface) != 0)
			continue;
		*realm = i + 1;
		return true;
	}
	return !interface && (*realm == 0 || numbered);
}

bool realms_find(const struct realms *realms, struct record *record)
{
	switch (record->type) {
	case RECORD_FINDING:
		return find(realms, record->finding.realm_interface, &record->finding.realm);
	case RECORD_KNOWN_PAIR:
		return find(realms, record->known_pair.interface, &record->known_pair.realm);
	default:
		return true;
	}
}
