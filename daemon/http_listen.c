/* SPDX-License-Identifier: Apache-2.0 */
/* See http_listen.h. */
#include "http_listen.h"

#include "local_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 };

union place {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* The configuration has been checked; what cannot be read here, it would have refused. */
static socklen_t read_address(const char *where, union place *place)
{
	char text[64];
	const char *colon = strrchr(where, ':');
	bool brackets = where[0] == '[';
	size_t length = colon ? (size_t)(colon - where) : 0;

	memset(place, 0, sizeof(*place));
	if (!colon || length >= sizeof(text) || (brackets && length < 2))
		return 0;
	memcpy(text, where + (brackets ? 1 : 0), length);
	text[length - (brackets ? 2 : 0)] = '\0';
	in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (brackets) {
		place->in6.sin6_family = AF_INET6;
		place->in6.sin6_port = port;
		return inet_pton(AF_INET6, text, &place->in6.sin6_addr) == 1 ? sizeof(place->in6) : 0;
	}
	place->in.sin_family = AF_INET;
	place->in.sin_port = port;
	if (strcmp(text, "localhost") == 0)
		strcpy(text, "127.0.0.1");
	return inet_pton(AF_INET, text, &place->in.sin_addr) == 1 ? sizeof(place->in) : 0;
}

static int listen_tcp(const char *where, char *reason, size_t reason_size)
{
	union place place;
	socklen_t length = read_address(where, &place);
	int handle, on = 1;

	if (!length) {
		snprintf(reason, reason_size, "that is no address with a port");
		return -1;
	}
	handle = socket(place.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A reporter that is started again has to find its place free. */
	if (handle >= 0 && setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(handle, &place.any, length) == 0 && listen(handle, BACKLOG) == 0)
		return handle;
	snprintf(reason, reason_size, "%s", strerror(errno));
	if (handle >= 0)
		close(handle);
	return -1;
}

/* False with the reason. */
static bool read_token(const char *path, struct http_token *token, const char **reason)
{
	char content[HTTP_TOKEN_MAX + 3]; /* with a line's end, and one octet to see that it is too long */
	int handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = handle < 0 ? -1 : read(handle, content, sizeof(content));

	if (length < 0)
		*reason = strerror(errno);
	if (handle >= 0)
		close(handle);
	return length >= 0 && http_token_read(token, content, (size_t)length, reason);
}

static bool token_usable(const char *path, struct http_token *token, char *problem, size_t problem_size)
{
	const char *reason;

	if (read_token(path, token, &reason))
		return true;
	snprintf(problem, problem_size,
		 "report.http.token-file %s cannot be used: %s; the page is not served, alerts are not affected", path,
		 reason);
	return false;
}

bool http_token_check(const char *token_file, char *problem, size_t problem_size)
{
	struct http_token token;

	return !token_file || token_usable(token_file, &token, problem, problem_size);
}

bool http_open(struct http_door *door, const char *listen_at, const char *token_file, char *problem,
	       size_t problem_size)
{
	char why[100];

	*door = (struct http_door){ .descriptor = -1, .has_token = token_file };
	if (token_file && !token_usable(token_file, &door->token, problem, problem_size))
		return false;
	door->socket = listen_at[0] == '/' ? listen_at : NULL;
	door->descriptor = door->socket ? local_socket_listen(listen_at, BACKLOG, why, sizeof(why))
					: listen_tcp(listen_at, why, sizeof(why));
	if (door->descriptor >= 0)
		return true;
	snprintf(problem, problem_size,
		 "report.http.listen: nothing can listen at %s: %s; the page is not served, alerts are not affected",
		 listen_at, why);
	return false;
}
