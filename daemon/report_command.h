/* SPDX-License-Identifier: Apache-2.0 */
/* `espial report`: what a span of time was like, out of the history of the running espiald. */
#ifndef ESPIAL_DAEMON_REPORT_COMMAND_H
#define ESPIAL_DAEMON_REPORT_COMMAND_H

int report_command(int count, char **arguments);

#endif
