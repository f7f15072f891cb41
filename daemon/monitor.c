/* SPDX-License-Identifier: Apache-2.0 */
/* See monitor.h. */
#include "monitor.h"

#include "engine_process.h"
#include "loop.h"
#include "reporter.h"
#include "sandbox.h"
#include "../config/config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum {
	QUICK_DEATHS_MAX = 5, /* a process that ends so often within a minute will not do better the next time */
	RESTART_DELAY_MS = 200,
	END_TRIES = 100, /* of 100 ms: how long a process may take to end before it is killed */
};

struct child {
	const char *name;
	pid_t pid; /* 0: not running */
	unsigned deaths;
	int64_t first_death_ns; /* of those counted */
	int64_t died_ns;
};

struct monitor {
	const struct config *config;
	const struct monitor_reload *reload;
	int stream[2]; /* [0] the engine writes, [1] the reporter reads */
	int state[2];  /* [0] the engine answers for its state, [1] the reporter asks */
	int ready[2];  /* the engine says when capture runs */
	int signals;
	sigset_t before; /* signal mask for the children */
	struct child engine, reporter;
	bool is_ready;
	int status;
};

static void say(const char *text)
{
	fprintf(stderr, "%sespiald: %s\n", getenv("JOURNAL_STREAM") ? "<4>" : "", text);
}

/* In the child: what it must not inherit. */
static void become_child(struct monitor *monitor, pid_t parent)
{
	sigprocmask(SIG_SETMASK, &monitor->before, NULL);
	close(monitor->signals);
	/* Without the monitor nobody would end a child. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
}

static bool start_engine(struct monitor *monitor)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		become_child(monitor, parent);
		close(monitor->stream[1]);
		close(monitor->state[1]);
		close(monitor->ready[0]);
		struct engine_process process = {
			.config = monitor->config,
			.to_reporter = monitor->stream[0],
			.state = monitor->state[0],
			.ready = monitor->ready[1],
			.unseen_ns = monitor->engine.died_ns ? loop_monotonic_ns() - monitor->engine.died_ns : 0,
		};
		prctl(PR_SET_NAME, "espiald-engine");
		_exit(engine_process_run(&process));
	}
	monitor->engine.pid = pid > 0 ? pid : 0;
	return pid > 0;
}

static bool start_reporter(struct monitor *monitor)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		become_child(monitor, parent);
		close(monitor->stream[0]);
		close(monitor->state[0]);
		close(monitor->ready[0]);
		close(monitor->ready[1]);
		struct reporter reporter = {
			.config = monitor->config,
			.from_engine = monitor->stream[1],
			.state = monitor->state[1],
		};
		prctl(PR_SET_NAME, "espiald-report");
		_exit(reporter_run(&reporter));
	}
	monitor->reporter.pid = pid > 0 ? pid : 0;
	return pid > 0;
}

/* Notes the end of a process. False if it ended too often. */
static bool note_death(struct child *child, int status)
{
	int64_t now = loop_monotonic_ns();
	char text[160];

	child->pid = 0;
	child->died_ns = now;
	if (now - child->first_death_ns > 60 * SECOND) {
		child->first_death_ns = now;
		child->deaths = 0;
	}
	child->deaths++;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "the %s was killed by signal %d (%s); starting it again", child->name,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "the %s ended with status %d; starting it again", child->name,
			 WEXITSTATUS(status));
	if (child->deaths >= QUICK_DEATHS_MAX)
		snprintf(text, sizeof(text), "the %s ended %u times within a minute; giving up", child->name,
			 child->deaths);
	say(text);
	return child->deaths < QUICK_DEATHS_MAX;
}

static void await(struct child *child)
{
	for (unsigned tries = 0; child->pid; tries++) {
		if (waitpid(child->pid, NULL, WNOHANG) != 0) {
			child->pid = 0;
		} else {
			if (tries == END_TRIES)
				kill(child->pid, SIGKILL);
			poll(NULL, 0, 100);
		}
	}
}

/* Engine first: what it says at its end still goes through the reporter, which ends with the stream. */
static void end_all(struct monitor *monitor)
{
	loop_notify("STOPPING=1");
	if (monitor->engine.pid)
		kill(monitor->engine.pid, SIGTERM);
	await(&monitor->engine);
	close(monitor->stream[0]);
	close(monitor->state[0]);
	monitor->stream[0] = monitor->state[0] = -1;
	await(&monitor->reporter);
}

/* True to go on. */
static bool reap(struct monitor *monitor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = pid == monitor->engine.pid ? &monitor->engine : &monitor->reporter;
		if (!monitor->is_ready && child == &monitor->engine && WIFEXITED(status)) {
			/* It said why; doing the same again would say the same. */
			child->pid = 0;
			monitor->status = 2;
			return false;
		}
		if (!note_death(child, status)) {
			monitor->status = 1;
			return false;
		}
		poll(NULL, 0, RESTART_DELAY_MS);
		if (!(child == &monitor->engine ? start_engine(monitor) : start_reporter(monitor))) {
			say("cannot start a process again: not enough memory or too many processes");
			monitor->status = 1;
			return false;
		}
	}
	return true;
}

/* True to go on. */
static bool obey(struct monitor *monitor)
{
	struct signalfd_siginfo signal;

	if (read(monitor->signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
		return true;
	switch (signal.ssi_signo) {
	case SIGCHLD:
		return reap(monitor);
	case SIGUSR1:
		if (monitor->engine.pid)
			kill(monitor->engine.pid, SIGUSR1);
		return true;
	case SIGHUP:
		if (!monitor->reload->ready(monitor->reload->context))
			return true;
		monitor->status = MONITOR_RELOAD;
		return false;
	default:
		return false;
	}
}

static void note_ready(struct monitor *monitor)
{
	char octet;

	if (read(monitor->ready[0], &octet, 1) != 1 || monitor->is_ready)
		return;
	monitor->is_ready = true;
	loop_notify("READY=1");
}

static void watch(struct monitor *monitor)
{
	struct pollfd descriptors[] = {
		{ .fd = monitor->signals, .events = POLLIN },
		{ .fd = monitor->ready[0], .events = POLLIN },
	};

	for (;;) {
		if (poll(descriptors, 2, -1) < 0 && errno != EINTR)
			return;
		if (descriptors[1].revents & POLLIN)
			note_ready(monitor);
		if (descriptors[0].revents & POLLIN && !obey(monitor))
			return;
	}
}

int monitor_run(const struct config *config, const struct monitor_reload *reload)
{
	struct monitor monitor = {
		.config = config,
		.reload = reload,
		.stream = { -1, -1 },
		.state = { -1, -1 },
		.ready = { -1, -1 },
		.signals = -1,
		.engine = { .name = "engine" },
		.reporter = { .name = "reporter" },
	};
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGCHLD);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor.stream) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor.state) != 0 || pipe(monitor.ready) != 0 ||
	    sigprocmask(SIG_BLOCK, &ours, &monitor.before) != 0 ||
	    (monitor.signals = signalfd(-1, &ours, SFD_CLOEXEC)) < 0) {
		say("cannot start: too many open files");
		return 1;
	}
	if (start_reporter(&monitor) && start_engine(&monitor))
		watch(&monitor);
	else
		monitor.status = 1;
	end_all(&monitor);
	close(monitor.stream[1]);
	close(monitor.state[1]);
	close(monitor.ready[0]);
	close(monitor.ready[1]);
	close(monitor.signals);
	sigprocmask(SIG_SETMASK, &monitor.before, NULL);
	return monitor.status;
}
