/* SPDX-License-Identifier: Apache-2.0 */
/* espial pairs, sas, ike: tables of what the running espiald knows. */
#ifndef ESPIAL_DAEMON_LISTING_COMMAND_H
#define ESPIAL_DAEMON_LISTING_COMMAND_H

int pairs_command(int count, char **arguments);
int sas_command(int count, char **arguments);
int ike_command(int count, char **arguments);

#endif
