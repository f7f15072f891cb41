/* SPDX-License-Identifier: Apache-2.0 */
/* `espial ike --log`: the IKE messages that the running daemon sees, in words, as they come. */
#ifndef ESPIAL_DAEMON_IKE_LOG_COMMAND_H
#define ESPIAL_DAEMON_IKE_LOG_COMMAND_H

#include "control_client.h"
#include "../dissectors/address.h"

/* The level of --log[=1..7]; 0 with a message if it is none. */
unsigned ike_log_level(const char *text);

/* Writes until the daemon ends or the user does. Of any pair, of those of one address, or of one pair. Returns the exit
 * status. */
int ike_log_listen(const struct ask_options *options, unsigned level, const struct address *addresses, unsigned count);

#endif
