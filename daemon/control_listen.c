/* SPDX-License-Identifier: Apache-2.0 */
/* See control_listen.h. */
#include "control_listen.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* Where systemd did not make /run/espial, since somebody tries espiald by hand. What cannot be made shows when the socket
 * cannot. */
static void make_folder(const char *path, const struct passwd *user, const struct group *group)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *end = strrchr(path, '/');

	if (!end || end == path)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(end - path), path);
	if (mkdir(folder, 0750) != 0 || !user || !group)
		return;
	if (chown(folder, user->pw_uid, group->gr_gid) != 0)
		(void)chmod(folder, 0755); /* a folder of root's is no use to the group otherwise */
}

int control_listen(const char *path, char *problem, size_t problem_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct group *group = getgrnam("espial");
	const struct passwd *user = getpwnam("espial");
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(problem, problem_size, "control socket %.80s...: the path is too long", path);
		close(descriptor);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* Left over by an espiald that was killed: nobody answers there any more. */
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0) {
		snprintf(problem, problem_size, "control socket %s: another espiald answers there already", path);
		close(descriptor);
		return -1;
	}
	struct stat status;
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		(void)unlink(path);
	if (geteuid() == 0)
		make_folder(path, user, group);
	mode_t mask = umask(0117);
	int bound = bind(descriptor, (struct sockaddr *)&address, sizeof(address));
	int reason = errno;
	umask(mask);
	if (bound != 0 || listen(descriptor, BACKLOG) != 0) {
		snprintf(problem, problem_size,
			 "control socket %s cannot be made: %s; 'espial status' and its like will not work", path,
			 strerror(bound != 0 ? reason : errno));
		close(descriptor);
		return -1;
	}
	/* As root it is made for the user that this process becomes; otherwise it is that user's already. */
	if (geteuid() == 0 && group && chown(path, user ? user->pw_uid : (uid_t)-1, group->gr_gid) != 0)
		(void)chmod(path, 0600);
	return descriptor;
}
