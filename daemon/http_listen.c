/* SPDX-License-Identifier: Apache-2.0 */
/* See http_listen.h. */
#include "http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

union place {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
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

/* Whether the file is a socket left behind by a process that is gone. */
static bool is_left_behind(const union place *place)
{
	struct stat status;
	int handle;
	bool refused;

	if (lstat(place->un.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (handle < 0)
		return false;
	refused = connect(handle, &place->any, sizeof(place->un)) != 0 && errno == ECONNREFUSED;
	close(handle);
	return refused;
}

/* As root it is made for the user that this process becomes, and for who may ask; otherwise it is that user's already. */
static void give_away(const char *path)
{
	const struct group *group = getgrnam("espial");
	const struct passwd *user = getpwnam("espial");

	if (geteuid() == 0 && group && chown(path, user ? user->pw_uid : (uid_t)-1, group->gr_gid) != 0)
		(void)chmod(path, 0600);
}

static int bind_unix(const char *path, union place *place)
{
	int handle, bound;
	mode_t before;

	memset(place, 0, sizeof(*place));
	if (strlen(path) >= sizeof(place->un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	place->un.sun_family = AF_UNIX;
	strcpy(place->un.sun_path, path);
	handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (handle < 0)
		return -1;
	before = umask(0117);
	bound = bind(handle, &place->any, sizeof(place->un));
	if (bound != 0 && errno == EADDRINUSE && is_left_behind(place)) {
		unlink(path);
		bound = bind(handle, &place->any, sizeof(place->un));
	}
	umask(before);
	if (bound == 0) {
		give_away(path);
		return handle;
	}
	int error = errno;
	close(handle);
	errno = error;
	return -1;
}

static int bind_tcp(const char *where, union place *place)
{
	socklen_t length = read_address(where, place);
	int handle, on = 1;

	if (!length) {
		errno = EINVAL;
		return -1;
	}
	handle = socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (handle < 0)
		return -1;
	/* A reporter that is started again has to find its place free. */
	if (setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(handle, &place->any, length) == 0)
		return handle;
	int error = errno;
	close(handle);
	errno = error;
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

bool http_open(struct http_door *door, const char *listen_at, const char *token_file, char *problem,
	       size_t problem_size)
{
	const char *reason;
	union place place;

	*door = (struct http_door){ .descriptor = -1, .has_token = token_file };
	if (token_file && !read_token(token_file, &door->token, &reason)) {
		snprintf(
		    problem, problem_size,
		    "report.http.token-file %s cannot be used: %s; the page is not served, alerts are not affected",
		    token_file, reason);
		return false;
	}
	door->socket = listen_at[0] == '/' ? listen_at : NULL;
	door->descriptor = door->socket ? bind_unix(listen_at, &place) : bind_tcp(listen_at, &place);
	if (door->descriptor >= 0 && listen(door->descriptor, BACKLOG) == 0)
		return true;
	snprintf(problem, problem_size,
		 "report.http.listen: nothing can listen at %s: %s; the page is not served, alerts are not affected",
		 listen_at, strerror(errno));
	if (door->descriptor >= 0)
		close(door->descriptor);
	door->descriptor = -1;
	return false;
}
