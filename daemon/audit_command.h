/* SPDX-License-Identifier: Apache-2.0 */
/* `espial audit`: the packet-capture check, over files, standard input or an interface. */
#ifndef ESPIAL_DAEMON_AUDIT_COMMAND_H
#define ESPIAL_DAEMON_AUDIT_COMMAND_H

/* `arguments` begins with "audit". Returns the exit status: 0 clean, 1 findings of the asked severity or above, 2 usage or
 * input error. */
int audit_command(int count, char **arguments);

/* What `espial audit --help` prints. */
extern const char audit_command_usage[];

#endif
