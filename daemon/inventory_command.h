/* SPDX-License-Identifier: Apache-2.0 */
/* `espial inventory`: the cryptography that captures show, by pair and peer. */
#ifndef ESPIAL_DAEMON_INVENTORY_COMMAND_H
#define ESPIAL_DAEMON_INVENTORY_COMMAND_H

/* `arguments` begins with "inventory". Returns the exit status: 0, or 2 for a usage or input error. */
int inventory_command(int count, char **arguments);

/* What `espial inventory --help` prints. */
extern const char inventory_command_usage[];

#endif
