/* SPDX-License-Identifier: Apache-2.0 */
/* espial alerts: what the running espiald has told, and what is known of it. */
#ifndef ESPIAL_DAEMON_ALERTS_COMMAND_H
#define ESPIAL_DAEMON_ALERTS_COMMAND_H

int alerts_command(int count, char **arguments);

#endif
