/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Realms, which keep equal addresses of several networks apart, from one engine to the next. The tracker has numbers for
 * them (audit/track.h). Where each interface is a realm, that is the interface's, and another one at the next start or after
 * a reload: what is written is its name. The engine calls this, with its own interfaces.
 */
#ifndef ESPIAL_DAEMON_REALMS_H
#define ESPIAL_DAEMON_REALMS_H

#include "audit/record.h"
#include "audit/track.h"

struct realms {
	const struct track_interface *interfaces; /* borrowed */
	uint32_t count;
	const char *(*interface_name)(void *context, uint16_t interface); /* NULL: they have no names */
	void *context;
};

/* The record with the name of its realm, if it is about a pair of one that has a name; otherwise false. */
bool realms_name(const struct realms *realms, const struct record *record, struct record *named);

/* Gives a record that another engine wrote the number that its realm has by now. False if there is no such realm any more. */
bool realms_find(const struct realms *realms, struct record *record);

#endif
