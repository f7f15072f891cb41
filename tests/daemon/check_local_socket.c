/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets in the file system: who may reach them, and what they may take the place of.
 */
#include "../../daemon/local_socket.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[80], reason[100];

static void setup(void)
{
	snprintf(folder, sizeof(folder), P_tmpdir "/check_local.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
}

static void teardown(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static int listen_at(const char *where)
{
	return local_socket_listen(where, 1, reason, sizeof(reason));
}

/* A connection, non-blocking; -1 with errno. */
static int reach(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, where);
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
		return descriptor;
	int error = errno;
	close(descriptor);
	errno = error;
	return -1;
}

START_TEST(is_for_its_group_alone)
{
	const struct group *group = getgrnam("espial");
	struct stat status;
	mode_t before = umask(0);
	int descriptor = listen_at(path);

	ck_assert_int_ge(descriptor, 0);
	ck_assert_uint_eq(umask(before), 0); /* as it was */
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 07777, 0660);
	if (group && geteuid() == 0)
		ck_assert_uint_eq(status.st_gid, group->gr_gid);
	ck_assert(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
	int client = reach(path);
	ck_assert_int_ge(client, 0);
	close(client);
	close(descriptor);
}
END_TEST

START_TEST(takes_the_place_of_one_left_behind)
{
	int former = listen_at(path);

	close(former); /* by a kill: the file stays */
	ck_assert_int_eq(access(path, F_OK), 0);
	int descriptor = listen_at(path);
	ck_assert_int_ge(descriptor, 0);
	int client = reach(path);
	ck_assert_int_ge(client, 0);
	close(client);
	close(descriptor);
}
END_TEST

START_TEST(leaves_one_alone_that_somebody_listens_on)
{
	int clients[8], former = listen_at(path);
	unsigned count = 0;

	ck_assert_int_eq(listen_at(path), -1);
	ck_assert_str_eq(reason, "another process listens there already");
	/* and that is too busy to take another connection */
	while (count < 8 && (clients[count] = reach(path)) >= 0)
		count++;
	ck_assert_uint_lt(count, 8);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(listen_at(path), -1);
	ck_assert_str_eq(reason, "another process listens there already");
	int taken = accept(former, NULL, NULL);
	ck_assert_int_ge(taken, 0); /* it is reached as before */
	close(taken);
	int client = reach(path);
	ck_assert_int_ge(client, 0);
	close(client);
	while (count > 0)
		close(clients[--count]);
	close(former);
}
END_TEST

START_TEST(leaves_files_alone)
{
	char target[100], octets[8] = "";
	int file = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(file, "secret", 6), 6);
	close(file);
	ck_assert_int_eq(listen_at(path), -1);
	ck_assert_str_eq(reason, "a file that is no socket is in its place");
	file = open(path, O_RDONLY);
	ck_assert_int_eq(read(file, octets, sizeof(octets)), 6);
	ck_assert_str_eq(octets, "secret");
	close(file);
	/* a link, whatever it points at: neither it nor that */
	snprintf(target, sizeof(target), "%s/target", folder);
	int elsewhere = listen_at(target);
	close(elsewhere);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(listen_at(path), -1);
	ck_assert_str_eq(reason, "a file that is no socket is in its place");
	ck_assert_int_eq(access(target, F_OK), 0);
}
END_TEST

START_TEST(says_what_is_wrong_with_the_path)
{
	char where[200], longest[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, folder, strlen(folder));
	longest[strlen(folder)] = '/';
	ck_assert_int_eq(listen_at(longest), -1);
	ck_assert_str_eq(reason, "the path is longer than 107 octets");
	longest[sizeof(longest) - 2] = '\0'; /* one octet less fits */
	int descriptor = listen_at(longest);
	ck_assert_msg(descriptor >= 0, "%s", reason);
	close(descriptor);
	snprintf(where, sizeof(where), "%s/no/such/socket", folder);
	ck_assert_int_eq(listen_at(where), -1);
	ck_assert_str_eq(reason, "No such file or directory");
}
END_TEST

START_TEST(makes_a_folder_as_root)
{
	struct stat status;
	char where[100];

	snprintf(where, sizeof(where), "%s/run/socket", folder);
	int descriptor = listen_at(where);
	if (geteuid() != 0) {
		ck_assert_int_eq(descriptor, -1);
		return;
	}
	ck_assert_int_ge(descriptor, 0);
	close(descriptor);
	*strrchr(where, '/') = '\0';
	ck_assert_int_eq(stat(where, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07027,
			  0); /* nobody else looks into it, and the group does not write to it */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local_socket");
	TCase *cases = tcase_create("local_socket");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, is_for_its_group_alone);
	tcase_add_test(cases, takes_the_place_of_one_left_behind);
	tcase_add_test(cases, leaves_one_alone_that_somebody_listens_on);
	tcase_add_test(cases, leaves_files_alone);
	tcase_add_test(cases, says_what_is_wrong_with_the_path);
	tcase_add_test(cases, makes_a_folder_as_root);
	suite_add_tcase(suite, cases);
	return suite_end(suite);
}
