/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask the page: pure checks of what a request says of itself. Called by http.c.
 *
 * A page on loopback can be reached by every web page that the same person's browser has open. Host names that are not this
 * machine's are refused, so that a foreign name that is made to resolve to loopback (DNS rebinding) gets nothing. Where a
 * token is asked for, it stands in the request, and any name will do.
 */
#ifndef ESPIAL_DAEMON_HTTP_GUARD_H
#define ESPIAL_DAEMON_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_TOKEN_MIN = 16, HTTP_TOKEN_MAX = 255 };

struct http_token {
	char text[HTTP_TOKEN_MAX + 1]; /* zeroes behind it */
	size_t length;
};

/* Takes the token out of the content of a token file: its one line, printable ASCII without spaces, of the lengths above.
 * False, and why in `problem`, if there is none such. */
bool http_token_read(struct http_token *token, const char *content, size_t length, const char **problem);

/* Whether the value of an Authorization header (NULL: there was none) carries the token: as "Bearer TOKEN" (RFC 6750 section
 * 2.1), or as the password of "Basic" (RFC 7617), which browsers ask for by themselves. Takes as long for a wrong token as for the
 * right one. */
bool http_token_matches(const struct http_token *token, const char *authorization);

/* Whether the value of a Host header (RFC 9110 section 7.2) means this machine by a name that nobody else can own: localhost or an
 * address of loopback, with any port, since the page is often reached through a forwarded one. */
bool http_host_is_local(const char *host);

#endif
