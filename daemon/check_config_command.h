/* SPDX-License-Identifier: Apache-2.0 */
/* `espial check-config`: whether a configuration can be used, and what it would have raised on the past. */
#ifndef ESPIAL_DAEMON_CHECK_CONFIG_COMMAND_H
#define ESPIAL_DAEMON_CHECK_CONFIG_COMMAND_H

int check_config_command(int count, char **arguments);

#endif
