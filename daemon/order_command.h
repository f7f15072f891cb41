/* SPDX-License-Identifier: Apache-2.0 */
/* espial reload and test-alert: what is asked of the running espiald. */
#ifndef ESPIAL_DAEMON_ORDER_COMMAND_H
#define ESPIAL_DAEMON_ORDER_COMMAND_H

int reload_command(int count, char **arguments);
int test_alert_command(int count, char **arguments);

#endif
