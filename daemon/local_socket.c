/* SPDX-License-Identifier: Apache-2.0 */
/* See local_socket.h. */
#include "local_socket.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char account[] = "espial"; /* user and group that may ask */

/* Where systemd did not make /run/espial, since somebody tries espiald by hand. What cannot be made shows when the socket
 * cannot. */
static void make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *end = strrchr(path, '/');

	if (geteuid() != 0 || !end || end == path)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(end - path), path);
	if (mkdir(folder, 0750) != 0)
		return;
	const struct group *group = getgrnam(account);
	const struct passwd *user = getpwnam(account);
	if (user && group && chown(folder, user->pw_uid, group->gr_gid) != 0)
		(void)chmod(folder, 0755); /* a folder of root's is no use to the group otherwise */
}

/* As root it is made for the user that this process becomes; otherwise it is that user's already. */
static void give_away(const char *path)
{
	const struct group *group = getgrnam(account);
	const struct passwd *user = getpwnam(account);

	if (geteuid() == 0 && group && chown(path, user ? user->pw_uid : (uid_t)-1, group->gr_gid) != 0)
		(void)chmod(path, 0600);
}

static int bind_private(int descriptor, const struct sockaddr_un *address)
{
	mode_t before = umask(0117);
	int error = bind(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;

	umask(before);
	return error;
}

/* What stands in the place, and why it is to stay there; NULL: it was left over by a process that was killed. */
static const char *reason_to_stay(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status) != 0)
		return strerror(errno);
	if (!S_ISSOCK(status.st_mode))
		return "a file that is no socket is in its place";
	int asking = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (asking < 0)
		return strerror(errno);
	/* Whoever is too busy to answer listens all the same. */
	bool nobody = connect(asking, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
	close(asking);
	return nobody ? NULL : "another process listens there already";
}

/* NULL, or why not. */
static const char *make(int descriptor, const struct sockaddr_un *address, int backlog)
{
	const char *stays = NULL;
	int error = bind_private(descriptor, address);

	if (error == EADDRINUSE) {
		stays = reason_to_stay(address);
		if (!stays && unlink(address->sun_path) == 0)
			error = bind_private(descriptor, address);
	}
	if (stays || error)
		return stays ? stays : strerror(error);
	give_away(address->sun_path);
	return listen(descriptor, backlog) == 0 ? NULL : strerror(errno);
}

int local_socket_listen(const char *path, int backlog, char *reason, size_t reason_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path)) {
		snprintf(reason, reason_size, "the path is longer than %zu octets", sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, length + 1);
	make_folder(path);
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const char *problem = descriptor < 0 ? strerror(errno) : make(descriptor, &address, backlog);
	if (!problem)
		return descriptor;
	snprintf(reason, reason_size, "%s", problem);
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}
