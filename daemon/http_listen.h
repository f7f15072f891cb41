/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the page needs from the system, asked for before the reporter gives up what it may: the listening socket and the token.
 * Called by reporter.c, for http.c; the token also by who checks a configuration.
 */
#ifndef ESPIAL_DAEMON_HTTP_LISTEN_H
#define ESPIAL_DAEMON_HTTP_LISTEN_H

#include "http_guard.h"

#include <stddef.h>

/* Whether the token file, which may be NULL, can be used; if not, `problem` is one sentence. */
bool http_token_check(const char *token_file, char *problem, size_t problem_size);

struct http_door {
	int descriptor; /* listens, non-blocking; -1: there is none */
	bool has_token;
	struct http_token token;
	const char *socket; /* path of the socket file, borrowed; NULL: it is TCP */
};

/*
 * Opens it. A path (beginning with '/') is a socket in the file system (local_socket.h); ADDRESS:PORT, [ADDRESS]:PORT and localhost:PORT are TCP. `token_file` may be NULL. False,
 * with one sentence, if it cannot be opened; the descriptor is -1 then.
 */
bool http_open(struct http_door *door, const char *listen, const char *token_file, char *problem, size_t problem_size);

#endif
