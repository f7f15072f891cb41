/* SPDX-License-Identifier: Apache-2.0 */
/* What the control socket needs from the system, before the reporter gives up root. Called by reporter.c, for control.c. */
#ifndef ESPIAL_DAEMON_CONTROL_LISTEN_H
#define ESPIAL_DAEMON_CONTROL_LISTEN_H

#include <stddef.h>

/*
 * Makes the socket, non-blocking, in the place of a socket file that nobody answers on: mode 0660, of the group `espial` where
 * there is one. Returns the descriptor, the caller's; -1, with one sentence, if it cannot be made.
 */
int control_listen(const char *path, char *problem, size_t problem_size);

#endif
