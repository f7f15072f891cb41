/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets in the file system on which people and programs of this machine reach the reporter: the control socket and, where it is
 * configured, the page. Made before the reporter gives up root. Called by reporter.c and http_listen.c.
 */
#ifndef ESPIAL_DAEMON_LOCAL_SOCKET_H
#define ESPIAL_DAEMON_LOCAL_SOCKET_H

#include <stddef.h>

/*
 * Makes the socket and listens, non-blocking: mode 0660, of the group `espial` where there is one; as root, of the user `espial`, and in
 * a folder that is made if only it is missing. A socket file that nobody listens on any more makes room. One on which somebody
 * listens, however busy, and a file that is no socket are left as they are. Returns the descriptor, the caller's; -1, with the
 * reason as part of a sentence, if it cannot be made.
 */
int local_socket_listen(const char *path, int backlog, char *reason, size_t reason_size);

#endif
