/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a confined process may still do: each case forks, confines itself as a role, tries one thing, and tells by its exit
 * how that went. Under sanitizers there is no confinement to test.
 */
#include "../../config/config.h"
#include "../../daemon/reporter_files.h"
#include "../../daemon/sandbox.h"
#include "../../daemon/sandbox_files.h"
#include "../sanitized.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
	int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);

	return descriptor >= 0 && ioctl(descriptor, SIOCGIFINDEX, &request) == 0;
}

/* Where a thread runs is changed to where it runs already. */
static bool pin(pid_t thread)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && sched_setaffinity(thread, sizeof(set), &set) == 0;
}

static bool pin_oneself(void)
{
	return pin(0);
}

static bool pin_the_parent(void)
{
	return pin(getppid());
}

static bool internet_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 && socket(AF_INET6, SOCK_STREAM, 0) >= 0;
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
	ck_assert_int_eq(as(SANDBOX_ENGINE, internet_socket), REFUSED);
	ck_assert_int_eq(as(SANDBOX_ENGINE, start_thread), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_ENGINE, ask_interface), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_ENGINE, pin_oneself), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_ENGINE, pin_the_parent), REFUSED);
}
END_TEST

START_TEST(the_reporter_has_files_and_no_packets)
{
	ck_assert_int_eq(as(SANDBOX_REPORTER, read_file), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, write_file), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, internet_socket), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, start_thread), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_REPORTER, start_process), REFUSED);
	ck_assert_int_eq(as(SANDBOX_REPORTER, packet_socket), REFUSED);
	ck_assert_int_eq(as(SANDBOX_REPORTER, bluetooth_socket), REFUSED);
	ck_assert_int_eq(as(SANDBOX_REPORTER, pin_oneself), REFUSED);
}
END_TEST

START_TEST(the_monitor_starts_processes)
{
	ck_assert_int_eq(as(SANDBOX_MONITOR, start_process), WENT_WELL);
	ck_assert_int_eq(as(SANDBOX_MONITOR, read_file), WENT_WELL);
}
END_TEST

/* ---- files ---- */

/* Each case has a folder with what a sensor would have there. */
static char folder[] = "check_sandbox.XXXXXX";
static char whole[128]; /* its absolute path */

static void path_in(char path[192], const char *name)
{
	snprintf(path, 192, "%s/%s", whole, name);
}

static bool put(const char *name)
{
	char path[192];
	path_in(path, name);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file >= 0)
		close(file);
	return file >= 0;
}

static bool can_read(const char *name)
{
	char path[192];
	path_in(path, name);
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file >= 0)
		close(file);
	return file >= 0;
}

static void make_folder(void)
{
	char path[192], here[96];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	strcpy(folder, "check_sandbox.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(whole, sizeof(whole), "%s/%s", here, folder);
	for (const char *const *name = (const char *const[]){ "state", "log", "run", "other", NULL }; *name; name++) {
		path_in(path, *name);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	ck_assert(put("state/espial.db") && put("other/secret") && put("run/http.sock"));
}

static void remove_folder(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf '%s'", whole);
	ck_assert_int_eq(system(command), 0);
}

/* What a process may do that is confined to these; each attempt is a letter: upper case went well. */
static void confined(const struct sandbox_files *files, const char *expected, void (*attempts)(char *outcome))
{
	char outcome[32] = "";
	int ends[2], status;

	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct sandbox_error error;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    sandbox_confine_files(files, &error) != SANDBOX_FILES_CONFINED)
			_exit(NOT_CONFINED);
		attempts(outcome);
		_exit(write(ends[1], outcome, sizeof(outcome)) == sizeof(outcome) ? WENT_WELL : REFUSED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == WENT_WELL, "it was not confined: %x", status);
	ck_assert_int_eq(read(ends[0], outcome, sizeof(outcome)), sizeof(outcome));
	close(ends[0]);
	close(ends[1]);
	ck_assert_str_eq(outcome, expected);
}

static char *note(char *outcome, char letter, bool went_well)
{
	*outcome = (char)(went_well ? letter - 'a' + 'A' : letter);
	return outcome + 1;
}

static bool move(const char *from, const char *to)
{
	char source[192], target[192];

	path_in(source, from);
	path_in(target, to);
	return rename(source, target) == 0;
}

static bool drop(const char *name)
{
	char path[192];

	path_in(path, name);
	return unlink(path) == 0;
}

static bool reach(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bool allowed = connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 || errno != EACCES;
	close(descriptor);
	return allowed;
}

static bool listen_at(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bool allowed = bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 || errno != EACCES;
	close(descriptor);
	return allowed;
}

static void try_everything(char *outcome)
{
	outcome = note(outcome, 'a', put("state/new"));
	outcome = note(outcome, 'b', can_read("state/espial.db"));
	outcome = note(outcome, 'c', move("state/new", "state/moved"));
	outcome = note(outcome, 'd', drop("state/moved"));
	outcome = note(outcome, 'e', put("log/alerts.jsonl"));
	outcome = note(outcome, 'f', can_read("other/secret"));
	outcome = note(outcome, 'g', put("other/new"));
	outcome = note(outcome, 'h', move("state/espial.db", "other/espial.db"));
	outcome = note(outcome, 'i', drop("other/secret"));
	outcome = note(outcome, 'j', put("run/new.sock"));
	outcome = note(outcome, 'k', drop("run/http.sock"));
	outcome = note(outcome, 'l', open("/etc/passwd", O_RDONLY) >= 0);
	outcome = note(outcome, 'm', open("/", O_RDONLY | O_DIRECTORY) >= 0);
	outcome = note(outcome, 'n', reach(1));
	outcome = note(outcome, 'o', reach(601));
	outcome = note(outcome, 'p', listen_at(0));
	outcome = note(outcome, 'q', kill(getppid(), 0) == 0);
	/* Not files: what the process has still works. */
	note(outcome, 'r', work());
}

/* What older versions of Landlock do not forbid went well. */
static void by_version(char *expected)
{
	int version = sandbox_files_version();

	for (char *at = expected; *at; at++)
		if ((version < 4 && strchr("nop", *at)) || (version < 6 && *at == 'q'))
			*at = (char)(*at - 'a' + 'A');
}

static bool has_landlock(void)
{
	if (sandbox_files_version())
		return true;
	struct sandbox_error error;
	ck_assert_int_eq(sandbox_confine_files(&(struct sandbox_files){ .count = 0 }, &error), SANDBOX_FILES_NOT_HERE);
	ck_assert_ptr_nonnull(strstr(error.text, "has no Landlock"));
	return false;
}

START_TEST(without_places_there_are_no_files)
{
	char expected[] = "abcdefghijklmnopqR";

	if (!has_landlock())
		return;
	by_version(expected);
	make_folder();
	confined(&(struct sandbox_files){ .count = 0 }, expected, try_everything);
	remove_folder();
}
END_TEST

/* The reporter of a whole configuration reaches what it keeps, and not what lies beside it. */
START_TEST(the_reporter_reaches_what_it_keeps)
{
	char expected[] = "ABCDEfghijKlmnopqR", remote[] = "ABCDEfghijKlmnOpqR", yaml[1024];
	static struct reporter_files list;
	struct config_error error;

	if (!has_landlock())
		return;
	by_version(expected);
	by_version(remote);
	for (unsigned server = 0; server < 2; server++) {
		make_folder();
		snprintf(yaml, sizeof(yaml),
			 "report:\n  syslog: { to: %s }\n  json: { file: %s/log/alerts.jsonl }\n"
			 "  store: { path: %s/state/espial.db }\n  http: { listen: %s/run/http.sock }\n"
			 "  evidence: { dir: %s/state/evidence }\n",
			 server ? "tcp://192.0.2.9" : "/dev/log", whole, whole, whole, whole);
		struct config *config = config_parse("test", yaml, strlen(yaml), &error);
		ck_assert_msg(config, "%s", error.text);
		reporter_files_list(config, &list);
		confined(&list.files, server ? remote : expected, try_everything);
		config_free(config);
		remove_folder();
	}
}
END_TEST

static void make_later(char *outcome)
{
	char made[192];

	path_in(made, "state/later");
	outcome = note(outcome, 'a', mkdir(made, 0700) == 0);
	outcome = note(outcome, 'b', put("state/later/file"));
	note(outcome, 'c', put("other/file"));
}

/* A folder that is not there yet can still be made, and nothing beside it. */
START_TEST(a_folder_that_comes_later)
{
	char path[192];
	struct sandbox_place place = { path, SANDBOX_KEEP };
	struct sandbox_files files = { .places = &place, .count = 1 };

	if (!has_landlock())
		return;
	make_folder();
	path_in(path, "state/later/still");
	confined(&files, "ABc", make_later);
	remove_folder();
}
END_TEST

#if SANITIZED

int main(void)
{
	(void)as, (void)start_program, (void)trace, (void)start_process, (void)start_thread, (void)read_file,
	    (void)write_file, (void)packet_socket, (void)bluetooth_socket, (void)ask_interface, (void)work,
	    (void)pin_oneself, (void)pin_the_parent;
	(void)nobody_starts_programs_or_traces, (void)the_engine_has_no_files_and_no_processes,
	    (void)the_reporter_has_files_and_no_packets, (void)the_monitor_starts_processes,
	    (void)without_places_there_are_no_files, (void)the_reporter_reaches_what_it_keeps,
	    (void)a_folder_that_comes_later;
	puts("skipped: sanitizers do what a confined process may not");
	return 77;
}
#else
SUITE_MAIN("sandbox", nobody_starts_programs_or_traces, the_engine_has_no_files_and_no_processes,
	   the_reporter_has_files_and_no_packets, the_monitor_starts_processes, without_places_there_are_no_files,
	   the_reporter_reaches_what_it_keeps, a_folder_that_comes_later)
#endif
