/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `espial pairs promote`: rules for pairs that espiald learned, ready for the configuration, each with what it rests on. Writes to
 * standard output alone. Called by listing_command.c.
 */
#ifndef ESPIAL_DAEMON_PROMOTE_COMMAND_H
#define ESPIAL_DAEMON_PROMOTE_COMMAND_H

#include "../dissectors/address.h"

/*
 * Of no address: all learned pairs that no rule speaks of; of one: those of it; of two: this pair, learned or not yet, but not
 * one that has a rule. `name` is the rule's, for two addresses only, NULL: made of them. `socket` may be NULL, as everywhere.
 * Returns the exit status, and says what is wrong.
 */
int promote_pairs(const char *socket, const struct address *addresses, unsigned count, const char *name);

#endif
