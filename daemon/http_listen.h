/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening socket of the page: a Unix socket, or TCP at an address. Called by http.c.
 */
#ifndef ESPIAL_DAEMON_HTTP_LISTEN_H
#define ESPIAL_DAEMON_HTTP_LISTEN_H

#include <stddef.h>

/* A socket that listens, non-blocking, or -1 and why in `problem`. A path (beginning with '/') is made with mode 0660, in the
 * place of a socket file that nobody listens on; ADDRESS:PORT, [ADDRESS]:PORT and localhost:PORT are TCP. */
int http_listen(const char *where, char *problem, size_t problem_size);

#endif
