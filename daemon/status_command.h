/* SPDX-License-Identifier: Apache-2.0 */
/* espial status: how the running espiald fares. */
#ifndef ESPIAL_DAEMON_STATUS_COMMAND_H
#define ESPIAL_DAEMON_STATUS_COMMAND_H

int status_command(int count, char **arguments);

#endif
