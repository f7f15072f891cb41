/* SPDX-License-Identifier: Apache-2.0 */
/* `espial explain`: what a finding means, what else looks like it, what to do, and where on the hosts to look. */
#ifndef ESPIAL_DAEMON_EXPLAIN_COMMAND_H
#define ESPIAL_DAEMON_EXPLAIN_COMMAND_H

#include <stddef.h>

/* `arguments` begins with "explain". Returns the exit status: 0, or 2 for a name that is none. */
int explain_command(int count, char **arguments);

/* What `espial explain --help` prints. */
extern const char explain_command_usage[];

/* The known name nearest to `name`, of findings, causes and FINDING/CAUSE, or "" if none is near. Written to `nearest` of `size` octets,
 * at least one. */
void explain_command_nearest(const char *name, char *nearest, size_t size);

#endif
