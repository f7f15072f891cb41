/* SPDX-License-Identifier: Apache-2.0 */
/* See monitor.h. */
#include "monitor.h"

#include "audit/finding.h"
#include "engine_process.h"
#include "loop.h"
#include "reload.h"
#include "report/spool_refuge.h"
#include "reporter.h"
#include "sandbox.h"
#include "../config/config.h"
#include "../config/config_changes.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#if SANDBOX_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

#define SECOND INT64_C(1000000000)
#define PULSE_LATE_NS (5 * SECOND) /* pulses come every second */

enum {
	QUICK_DEATHS_MAX = 5, /* a process that ends so often within a minute will not do better the next time */
	RESTART_DELAY_MS = 200,
	PULSE_MS = 1000,
	END_TRIES = 100, /* of 100 ms: how long a process may take to end before it is killed */
	HEAR_MS = 100,
	HEAR_TRIES = 50, /* of HEAR_MS: how long an engine may take for a configuration */
};

struct child {
	const char *name;
	pid_t pid; /* 0: not running */
	unsigned deaths;
	int64_t first_death_ns; /* of those counted */
	int64_t died_ns;
};

struct monitor {
	const struct config *config;   /* in force */
	const struct config *first;    /* the caller's: all others are ours */
	const struct config *laid_out; /* by which the engine was started that runs */
	struct config *unanswered; /* sent and taken back, and the engine has not said what became of it; else NULL */
	unsigned order;            /* number of the one that was sent last */
	const struct monitor_reload *reload;
	int stream[2];                  /* [0] the engine writes, [1] the reporter reads */
	int state[2];                   /* [0] the engine answers for its state, [1] the reporter asks */
	int orders[2];                  /* [0] the engine takes configurations, [1] the monitor's */
	int known[2];                   /* [0] the engine takes what is known, [1] the reporter gives it */
	int asks[2];                    /* [0] the monitor's, [1] the reporter passes on what people ask */
	int evidence[2];                /* [0] the engine hands on frames of alerts, [1] the reporter keeps them */
	int ready[2];                   /* engine and reporter say that they work: pulses */
	int64_t engine_ns, reporter_ns; /* monotonic: when each did last */
	int refuge;                     /* what one reporter leaves to the next; -1: none */
	int signals;
	sigset_t before; /* signal mask for the children */
	struct child engine, reporter;
	bool reported; /* there was a reporter */
	bool renewing; /* the reporter is to end, to begin anew */
	pid_t leaving; /* the one that was asked to; 0: none */
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

/* In the child: what atexit() has is the monitor's, a checker's look for leaks included, so that is had here. */
_Noreturn static void end_child(int status)
{
#if SANDBOX_LEAKS
	__lsan_do_leak_check(); /* ends the process if there are any */
#endif
	_exit(status);
}

/* Frees what nobody goes by any more. */
static void let_go(const struct monitor *monitor, const struct config *config)
{
	if (config && config != monitor->first && config != monitor->config && config != monitor->laid_out)
		config_free((struct config *)(uintptr_t)config);
}

static bool start_engine(struct monitor *monitor)
{
	pid_t parent = getpid();

	/* What the one before did not take, or took and did not say so, is not in force. */
	reload_drain(monitor->orders);
	config_free(monitor->unanswered);
	monitor->unanswered = NULL;
	pid_t pid = fork();

	if (pid == 0) {
		become_child(monitor, parent);
		if (monitor->refuge >= 0)
			close(monitor->refuge);
		close(monitor->stream[1]);
		close(monitor->state[1]);
		close(monitor->orders[1]);
		close(monitor->known[1]);
		close(monitor->asks[0]);
		close(monitor->asks[1]);
		close(monitor->evidence[1]);
		close(monitor->ready[0]);
		struct engine_process process = {
			.config = monitor->config,
			.to_reporter = monitor->stream[0],
			.state = monitor->state[0],
			.orders = monitor->orders[0],
			.known = monitor->known[0],
			.evidence = monitor->evidence[0],
			.ready = monitor->ready[1],
			.unseen_ns = monitor->engine.died_ns ? loop_monotonic_ns() - monitor->engine.died_ns : 0,
		};
		prctl(PR_SET_NAME, "espiald-engine");
		end_child(engine_process_run(&process));
	}
	monitor->engine.pid = pid > 0 ? pid : 0;
	const struct config *before = monitor->laid_out;
	monitor->laid_out = monitor->config;
	let_go(monitor, before);
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
		close(monitor->orders[0]);
		close(monitor->orders[1]);
		close(monitor->known[0]);
		close(monitor->asks[0]);
		close(monitor->evidence[0]);
		close(monitor->ready[0]);
		struct reporter reporter = {
			.config = monitor->config,
			.from_engine = monitor->stream[1],
			.state = monitor->state[1],
			.pulse = monitor->ready[1],
			.refuge = monitor->refuge,
			.known = monitor->known[1],
			.monitor = monitor->asks[1],
			.evidence = monitor->evidence[1],
			.anew = monitor->reported,
		};
		prctl(PR_SET_NAME, "espiald-report");
		end_child(reporter_run(&reporter));
	}
	monitor->reporter.pid = pid > 0 ? pid : 0;
	monitor->reported |= pid > 0;
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
		bool asked = pid == monitor->leaving;
		if (child == &monitor->reporter) {
			/* The next one is new already. */
			monitor->renewing = false;
			monitor->leaving = 0;
		}
		if (asked)
			child->pid = 0;
		else if (!note_death(child, status)) {
			monitor->status = 1;
			return false;
		}
		if (!asked)
			poll(NULL, 0, RESTART_DELAY_MS);
		if (!(child == &monitor->engine ? start_engine(monitor) : start_reporter(monitor))) {
			say("cannot start a process again: not enough memory or too many processes");
			monitor->status = 1;
			return false;
		}
	}
	return true;
}

/* ---- another configuration ---- */

/* What is in force, and what of it waits for the next start. */
static void describe(const struct monitor *monitor, const char *changed, char outcome[RELOAD_PROBLEM_SIZE])
{
	const struct config *config = monitor->config;
	char later[CONFIG_START_NAMES_SIZE];
	unsigned count = config_start_names(monitor->laid_out, config, later);

	snprintf(outcome, RELOAD_PROBLEM_SIZE, "configuration read again: %s%zu rule%s, %zu interface%s%s%s", changed,
		 config->policy.rule_count, finding_plural(config->policy.rule_count), config->interface_count,
		 finding_plural(config->interface_count),
		 count ? "; heeded when espiald is started the next time: " : "", later);
}

/* The engine obeys the configuration, and so do the others from now on. Writes one sentence. */
static void adopt(struct monitor *monitor, struct config *next, char outcome[RELOAD_PROBLEM_SIZE])
{
	const struct config *before = monitor->config;

	monitor->renewing |= monitor->reporter.pid && !config_same_report(before, next);
	monitor->config = next;
	describe(monitor, "", outcome);
	let_go(monitor, before);
}

/* Whether the engine ended and was not reaped yet. */
static bool engine_is_dead(const struct monitor *monitor)
{
	siginfo_t ended = { 0 };

	return !monitor->engine.pid ||
	       (waitid(P_PID, (id_t)monitor->engine.pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid);
}

/* Hears what became of an order that was taken back. The engine may have been at it: then it is in force all the same. */
static void hear_late(struct monitor *monitor)
{
	char text[RELOAD_PROBLEM_SIZE];
	enum reload_outcome outcome = reload_hear(monitor->orders[1], monitor->order, 0, text, sizeof(text));

	if (!monitor->unanswered || outcome == RELOAD_WAITING)
		return;
	if (outcome == RELOAD_TAKEN) {
		adopt(monitor, monitor->unanswered, text);
		say("the engine took the configuration after all");
		say(text);
	} else {
		config_free(monitor->unanswered);
	}
	monitor->unanswered = NULL;
}

/* Has the engine obey: RELOAD_TAKEN, or a sentence; and where it is RELOAD_WAITING an answer may still come. */
static enum reload_outcome order(struct monitor *monitor, const char *text, size_t length, char *problem,
				 size_t problem_size)
{
	enum reload_outcome outcome = RELOAD_WAITING;

	snprintf(problem, problem_size, "the engine does not take the configuration; look at the log");
	hear_late(monitor);
	if (monitor->unanswered)
		snprintf(problem, problem_size, "the engine has not come to the configuration before; look at the log");
	if (monitor->unanswered || !reload_send(monitor->orders[1], ++monitor->order, text, length))
		return RELOAD_REFUSED;
	for (unsigned tries = 0; outcome == RELOAD_WAITING && tries < HEAR_TRIES; tries++) {
		bool dead = engine_is_dead(monitor);
		outcome = reload_hear(monitor->orders[1], monitor->order, dead ? 0 : HEAR_MS, problem, problem_size);
		if (!dead || outcome != RELOAD_WAITING)
			continue;
		snprintf(problem, problem_size, "the engine ended before it took the configuration");
		break;
	}
	if (outcome == RELOAD_WAITING)
		reload_withdraw(monitor->orders[1]);
	return outcome;
}

/*
 * Reads the configuration again and has it obeyed. Writes one sentence about the outcome behind '+' or '-', and says it. True to go
 * on. An engine that ended is started first: of several signals the kernel tells the smallest number first, and SIGCHLD is large.
 */
static bool reload(struct monitor *monitor, char outcome[RELOAD_PROBLEM_SIZE + 1])
{
	char problem[RELOAD_PROBLEM_SIZE - 64], *text = NULL;
	size_t length = 0;
	struct config *next = monitor->reload->read(monitor->reload->context, &text, &length, problem, sizeof(problem));
	enum reload_outcome done = RELOAD_REFUSED;
	bool goes_on;

	/* While an engine may still come to another it is told even so. */
	if (next && !monitor->unanswered && config_same(monitor->config, next)) {
		free(text);
		config_free(next);
		outcome[0] = '+';
		describe(monitor, "nothing changed: ", outcome + 1);
		say(outcome + 1);
		return true;
	}
	for (unsigned tries = 0; (goes_on = reap(monitor)) && next && tries < 2; tries++) {
		done = order(monitor, text, length, problem, sizeof(problem));
		if (done != RELOAD_WAITING || !engine_is_dead(monitor))
			break;
		/* Nobody is left to answer: the next engine is started without the order. */
		done = RELOAD_REFUSED;
	}
	free(text);
	if (!goes_on) {
		config_free(next);
		return false;
	}
	outcome[0] = done == RELOAD_TAKEN ? '+' : '-';
	if (done == RELOAD_TAKEN)
		adopt(monitor, next, outcome + 1);
	else
		snprintf(outcome + 1, RELOAD_PROBLEM_SIZE, "%s; the configuration in force stays", problem);
	if (done == RELOAD_WAITING)
		monitor->unanswered = next;
	else if (done == RELOAD_REFUSED)
		config_free(next);
	say(outcome + 1);
	return true;
}

/* What the reporter passes on: "reload" is all there is. True to go on. */
static bool answer_reporter(struct monitor *monitor)
{
	char question[64], answer[RELOAD_PROBLEM_SIZE + 1];
	ssize_t count = recv(monitor->asks[0], question, sizeof(question), MSG_DONTWAIT);

	if (count != (ssize_t)strlen("reload") || memcmp(question, "reload", (size_t)count) != 0)
		return true;
	if (!reload(monitor, answer))
		return false;
	(void)!send(monitor->asks[0], answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

/* The reporter ends when it has answered whoever waits and has passed on what it has, and is started with what is new. */
static void renew_reporter(struct monitor *monitor)
{
	if (!monitor->renewing || !monitor->reporter.pid || monitor->reporter.pid == monitor->leaving)
		return;
	monitor->leaving = monitor->reporter.pid;
	kill(monitor->leaving, SIGUSR2);
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
		return reload(monitor, (char[RELOAD_PROBLEM_SIZE + 1]){ 0 });
	default:
		return false;
	}
}

/* Notes the pulses of engine and reporter. */
static void note_pulses(struct monitor *monitor)
{
	char octets[64];
	ssize_t count = read(monitor->ready[0], octets, sizeof(octets));

	for (ssize_t i = 0; i < count; i++) {
		if (octets[i] == 'r')
			monitor->reporter_ns = loop_monotonic_ns();
		else
			monitor->engine_ns = loop_monotonic_ns();
		if (octets[i] != '+' || monitor->is_ready)
			continue;
		monitor->is_ready = true;
		loop_notify("READY=1");
	}
}

/* The service manager's watchdog is fed while both work; who does not starves it, and all are started anew. */
static void feed_watchdog(const struct monitor *monitor)
{
	int64_t now = loop_monotonic_ns();

	if (monitor->is_ready && now - monitor->engine_ns < PULSE_LATE_NS && now - monitor->reporter_ns < PULSE_LATE_NS)
		loop_notify("WATCHDOG=1");
}

static void watch(struct monitor *monitor)
{
	struct pollfd descriptors[] = {
		{ .fd = monitor->signals, .events = POLLIN },
		{ .fd = monitor->ready[0], .events = POLLIN },
		{ .fd = monitor->asks[0], .events = POLLIN },
		{ .fd = monitor->orders[1], .events = POLLIN },
	};

	for (;;) {
		if (poll(descriptors, 4, PULSE_MS) < 0) {
			if (errno != EINTR)
				return;
			continue; /* what it said the last time holds no more: to read by that would be to wait */
		}
		if (descriptors[1].revents & POLLIN)
			note_pulses(monitor);
		feed_watchdog(monitor);
		if (descriptors[3].revents & POLLIN)
			hear_late(monitor);
		if (descriptors[2].revents & POLLIN && !answer_reporter(monitor))
			return;
		if (descriptors[0].revents & POLLIN && !obey(monitor))
			return;
		renew_reporter(monitor);
	}
}

/* With fewer it would run, and not be able to open what it is to write to. */
static bool enough_descriptors(void)
{
	enum { NEEDED = 64, WANTED = 1024 };
	struct rlimit limit;
	char text[160];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= WANTED)
		return true;
	limit.rlim_cur = limit.rlim_max < WANTED ? limit.rlim_max : WANTED;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < NEEDED) {
		snprintf(text, sizeof(text),
			 "may open %llu files at most, and needs %d: raise the limit (ulimit -n, LimitNOFILE=)",
			 (unsigned long long)limit.rlim_cur, NEEDED);
		say(text);
		return false;
	}
	return true;
}

int monitor_run(const struct config *config, const struct monitor_reload *reload)
{
	struct monitor monitor = {
		.config = config,
		.first = config,
		.reload = reload,
		.stream = { -1, -1 },
		.state = { -1, -1 },
		.orders = { -1, -1 },
		.known = { -1, -1 },
		.asks = { -1, -1 },
		.evidence = { -1, -1 },
		.ready = { -1, -1 },
		.refuge = -1,
		.signals = -1,
		.engine = { .name = "engine" },
		.reporter = { .name = "reporter" },
	};
	sigset_t ours;

	if (!enough_descriptors())
		return 2;
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGCHLD);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor.stream) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor.state) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, monitor.orders) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor.known) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, monitor.asks) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, monitor.evidence) != 0 || pipe(monitor.ready) != 0 ||
	    sigprocmask(SIG_BLOCK, &ours, &monitor.before) != 0 ||
	    (monitor.signals = signalfd(-1, &ours, SFD_CLOEXEC)) < 0) {
		say("cannot start: too many open files");
		return 1;
	}
	monitor.refuge = spool_refuge_new();
	if (monitor.refuge < 0)
		say("what no disk takes will not outlive the reporter: no shared memory");
	struct sandbox_error confined;
	if (!sandbox_confine(SANDBOX_MONITOR, &confined))
		say(confined.text);
	if (start_reporter(&monitor) && start_engine(&monitor)) {
		watch(&monitor);
	} else {
		say("cannot start a process: not enough memory or too many processes");
		monitor.status = 1;
	}
	end_all(&monitor);
	close(monitor.stream[1]);
	close(monitor.state[1]);
	for (unsigned end = 0; end < 2; end++) {
		close(monitor.orders[end]);
		close(monitor.known[end]);
		close(monitor.asks[end]);
		close(monitor.evidence[end]);
	}
	config_free(monitor.unanswered);
	const struct config *last = monitor.config, *laid_out = monitor.laid_out;
	monitor.config = monitor.laid_out = NULL;
	let_go(&monitor, last);
	if (laid_out != last)
		let_go(&monitor, laid_out);
	if (monitor.refuge >= 0)
		close(monitor.refuge);
	close(monitor.ready[0]);
	close(monitor.ready[1]);
	close(monitor.signals);
	sigprocmask(SIG_SETMASK, &monitor.before, NULL);
	return monitor.status;
}
