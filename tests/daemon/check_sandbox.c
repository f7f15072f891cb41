/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a confined process may still do: each case forks, confines itself as a role, tries one thing, and tells by its exit
 * how that went. Under sanitizers there is no confinement to test.
 */
#include "../../daemon/sandbox.h"
#include "../sanitized.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WENT_WELL = 0, REFUSED = 10, NOT_CONFINED = 11, KILLED = 100 };

/* How it went for a process of the role: one of the above. */
static int as(enum sandbox_role role, bool (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct sandbox_error error;
		if (!sandbox_confine(role, &error))
			_exit(NOT_CONFINED);
		_exit(attempt() ? WENT_WELL : REFUSED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static bool start_program(void)
{
	execl("/bin/true", "true", NULL);
	return false;
}

static bool trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool start_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static void *nothing(void *context)
{
	return context;
}

static bool start_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool read_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool write_file(void)
{
	char path[] = "espial-sandbox.XXXXXX";
	int descriptor = mkstemp(path);

	if (descriptor >= 0)
		unlink(path);
	return descriptor >= 0;
}

static bool packet_socket(void)
{
	/* Without the right it fails with EPERM anyway; a filter lets it come that far only where it is allowed. */
	int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
	return descriptor >= 0;
}

static bool bluetooth_socket(void)
{
	return socket(31, SOCK_RAW, 0) >= 0 || errno != EPERM;
}

static bool ask_interface(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

	return descriptor >= 0 && ioctl(descriptor, SIOCGIFINDEX, &request) == 0;
}

static bool work(void)
{
	struct timespec moment = { .tv_nsec = 1000 };
	char *memory = malloc(8 << 20);
	int ends[2];

	if (!memory || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return false;
	memset(memory, 1, 8 << 20);
	bool passed = write(ends[0], "x", 1) == 1 && read(ends[1], memory, 1) == 1 && nanosleep(&moment, NULL) == 0;
	free(memory);
	return passed;
}

START_TEST(nobody_starts_programs_or_traces)
{
	for (int role = SANDBOX_MONITOR; role <= SANDBOX_REPORTER; role++) {
		ck_assert_int_eq(as((enum sandbox_role)role, start_program), KILLED);
		ck_assert_int_eq(as((enum sandbox_role)role, trace), KILLED);
		ck_assert_int_eq(as((enum sandbox_role)role, work), WENT_WELL);
	}
}
END_TEST

START_TEST(the_engine_has_no_files_and_no_processes)
{
	ck_assert_int_eq(as(SANDBOX_ENGINE, read_file), REFUSED);
	ck_assert_int_eq(as(SANDBOX_ENGINE, write_file), REFUSED);
	ck_assert_int_eq(as(SANDBOX_ENGINE, start_process), REFUSED);
	ck_assert_int_eq(as(SANDBOX_ENGINE, bluetooth_socket), REFUSED);
	ck_assert_int_eq(as(SANDBOX_ENGINE, start_thread), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_ENGINE, ask_interface), WENT_WELL);
}
END_TEST

START_TEST(the_reporter_has_files_and_no_packets)
{
	ck_assert_int_eq(as(SANDBOX_REPORTER, read_file), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, write_file), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, start_thread), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, start_process), REFUSED);
	ck_assert_int_eq(as(SANDBOX_REPORTER, packet_socket), REFUSED);
	ck_assert_int_eq(as(SANDBOX_REPORTER, bluetooth_socket), REFUSED);
}
END_TEST

START_TEST(the_monitor_starts_processes)
{
	ck_assert_int_eq(as(SANDBOX_MONITOR, start_process), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_MONITOR, read_file), WENT_WELL);
}
END_TEST

#if SANITIZED
#include <stdio.h>

int main(void)
{
	(void)as, (void)start_program, (void)trace, (void)start_process, (void)start_thread, (void)read_file,
	    (void)write_file, (void)packet_socket, (void)bluetooth_socket, (void)ask_interface, (void)work;
	(void)nobody_starts_programs_or_traces, (void)the_engine_has_no_files_and_no_processes,
	    (void)the_reporter_has_files_and_no_packets, (void)the_monitor_starts_processes;
	puts("skipped: sanitizers do what a confined process may not");
	return 77;
}
#else
SUITE_MAIN("sandbox", nobody_starts_programs_or_traces, the_engine_has_no_files_and_no_processes,
	   the_reporter_has_files_and_no_packets, the_monitor_starts_processes)
#endif
