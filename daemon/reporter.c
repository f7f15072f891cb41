/* SPDX-License-Identifier: Apache-2.0 */
/* See reporter.h. */
#include "reporter.h"

#include "audit/record.h"
#include "control.h"
#include "http_listen.h"
#include "loop.h"
#include "mailbox.h"
#include "report/json.h"
#include "report/record_reader.h"
#include "report/syslog.h"
#include "report/text.h"
#include "sandbox.h"
#include "service.h"
#include "../config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEST_NS (2 * INT64_C(1000000000)) /* for a test alert to be passed on */

enum { SINKS_MAX = 4, TICK_MS = 100, READ_SIZE = 65536, WIDTH_DEFAULT = 100, ORDERS_ROOM = 4096, PULSE_MS = 1000 };

struct process {
	const struct reporter *settings;
	struct loop *loop;
	struct sink *sinks[SINKS_MAX];
	bool told_down[SINKS_MAX];
	unsigned sink_count;
	uint64_t test_alert;                /* number of the test alert that is out; 0: none */
	int64_t test_begun_ns;              /* monotonic */
	uint64_t test_delivered[SINKS_MAX]; /* what each sink had delivered before it */
	struct service *service;            /* NULL: nobody can ask */
	struct mailbox *orders;             /* what people ask of this thread */
	struct record_reader reader;
	char *line; /* of RECORD_LINE_MAX octets, owned */
	size_t length;
	bool overlong; /* the rest of a line that was too long is passed over */
};

static void log_notice(enum notice_level level, const char *text)
{
	/* sd-daemon(3): the journal takes the priority from a prefix; a terminal does without. */
	static const char *const prefixes[] = { "<3>", "<4>", "<6>" };
	fprintf(stderr, "%sespiald: %s\n", getenv("JOURNAL_STREAM") ? prefixes[level] : "", text);
}

static void on_notice(void *context, const struct record *record)
{
	(void)context;
	if (record->type == RECORD_NOTICE)
		log_notice(record->notice.level, record->notice.text);
}

static void take_line(struct process *process)
{
	struct record record;

	if (process->length == 0)
		return;
	if (!record_from_json(process->line, process->length, &process->reader, &record)) {
		char text[256];
		snprintf(text, sizeof(text), "a line from the engine was refused: %s", process->reader.problem);
		log_notice(NOTICE_WARNING, text);
		return;
	}
	if (record.type == RECORD_NOTICE) {
		log_notice(record.notice.level, record.notice.text);
		return;
	}
	for (unsigned i = 0; i < process->sink_count; i++)
		sink_write(process->sinks[i], &record);
	if (process->service && record.type == RECORD_FINDING)
		service_tell_finding(process->service, process->line, process->length);
}

static void take_octets(struct process *process, const char *octets, size_t count)
{
	for (const char *end = octets + count; octets < end;) {
		const char *newline = memchr(octets, '\n', (size_t)(end - octets));
		size_t part = (size_t)((newline ? newline : end) - octets);
		if (process->length + part > RECORD_LINE_MAX)
			process->overlong = true;
		if (!process->overlong) {
			memcpy(process->line + process->length, octets, part);
			process->length += part;
		}
		if (!newline)
			return;
		if (process->overlong)
			log_notice(NOTICE_WARNING,
				   "a line from the engine was longer than a record can be, and was left out");
		else
			take_line(process);
		process->length = 0;
		process->overlong = false;
		octets = newline + 1;
	}
}

static void on_readable(void *context)
{
	struct process *process = context;
	char octets[READ_SIZE];
	ssize_t count = read(process->settings->from_engine, octets, sizeof(octets));

	if (count > 0)
		take_octets(process, octets, (size_t)count);
	else if (count == 0 || (errno != EAGAIN && errno != EINTR))
		loop_stop(process->loop);
}

/* ---- what people ask ---- */

/* An alert that says of itself that it is none, between addresses for documentation (RFC 5737). */
static void tell_test(struct process *process, bool open)
{
	static const uint8_t one[] = { 192, 0, 2, 1 }, other[] = { 192, 0, 2, 2 };
	struct record record = { .type = RECORD_FINDING, .time_ns = loop_wall_ns() };
	struct finding *finding = &record.finding;

	finding->alert = process->test_alert;
	finding->id = FINDING_CLEARTEXT_LEAK;
	finding->cause = CAUSE_UNKNOWN;
	finding->state = open ? FINDING_OPEN : FINDING_CLEAR;
	finding->cleared_by = open ? NULL : "test-alert";
	finding->severity = SEVERITY_HIGH;
	finding->grade = GRADE_OBSERVED;
	finding->subject = SUBJECT_PAIR;
	finding->has_pair = finding->has_flow = true;
	finding->a = finding->src = address_from_ipv4(one);
	finding->b = finding->dst = address_from_ipv4(other);
	finding->rule = "test";
	finding->time_ns = finding->last_ns = record.time_ns;
	finding->first_ns = (int64_t)process->test_alert;
	finding->count = 1;
	snprintf(finding->text, sizeof(finding->text),
		 "TEST: nothing happened; somebody ran espial test-alert to see whether alerts arrive.");
	finding_note_boolean(finding, "test", true);
	for (unsigned i = 0; i < process->sink_count; i++) {
		if (open)
			process->test_delivered[i] = process->sinks[i]->health.delivered;
		sink_write(process->sinks[i], &record);
	}
}

static void begin_test(struct process *process)
{
	if (process->test_alert)
		return; /* whoever asks now gets the same answer */
	process->test_alert = (uint64_t)loop_wall_ns();
	process->test_begun_ns = loop_monotonic_ns();
	tell_test(process, true);
}

static void end_test(struct process *process)
{
	char text[1024] = "";
	bool all = process->sink_count > 0;

	for (unsigned i = 0; i < process->sink_count; i++) {
		const struct sink *sink = process->sinks[i];
		bool passed = sink->health.up && sink->health.delivered > process->test_delivered[i];
		size_t used = strlen(text);
		all &= passed;
		snprintf(text + used, sizeof(text) - used, "%s%s: %s", used ? "\n" : "", sink->name,
			 passed            ? "passed on"
			 : sink->health.up ? "still waiting after two seconds"
					   : sink->health.problem);
	}
	if (process->sink_count == 0)
		snprintf(text, sizeof(text), "there is no sink: name one under 'report' in the configuration");
	tell_test(process, false);
	process->test_alert = 0;
	service_tell_outcome(process->service, "test-alert", all, text);
}

static void take_order(void *context, const char *what, size_t length)
{
	struct process *process = context;

	if (strcmp(what, "test-alert") == 0)
		begin_test(process);
	else if (send(process->settings->monitor, what, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
		service_tell_outcome(process->service, what, false, "the monitor does not listen; look at the log");
}

static void on_monitor(void *context)
{
	struct process *process = context;
	char answer[1024];
	ssize_t count = recv(process->settings->monitor, answer, sizeof(answer) - 1, MSG_DONTWAIT);

	if (count <= 0)
		return;
	answer[count] = '\0';
	if (process->service)
		service_tell_outcome(process->service, "reload", answer[0] == '+', answer + 1);
}

/* The configuration changed in what the reporter does: it ends, and is started anew. */
static void on_renew(void *context)
{
	struct process *process = context;

	loop_stop(process->loop);
}

static void on_tick(void *context)
{
	struct process *process = context;
	int64_t now = loop_monotonic_ns();

	for (unsigned i = 0; i < process->sink_count; i++) {
		struct sink *sink = process->sinks[i];
		sink_tick(sink, now);
		bool down = !sink->health.up;
		if (down == process->told_down[i])
			continue;
		process->told_down[i] = down;
		char text[256];
		if (down)
			snprintf(text, sizeof(text), "sink %s is down: %s; findings are kept for it", sink->name,
				 sink->health.problem);
		else
			snprintf(text, sizeof(text), "sink %s is up again, %llu records delivered, %llu given up",
				 sink->name, (unsigned long long)sink->health.delivered,
				 (unsigned long long)sink->health.dropped);
		log_notice(down ? NOTICE_WARNING : NOTICE_INFO, text);
	}
	if (process->service && process->test_alert && now - process->test_begun_ns > TEST_NS)
		end_test(process);
	if (process->service)
		service_tell_sinks(process->service, process->sinks, process->sink_count);
}

static void on_pulse(void *context)
{
	struct process *process = context;

	(void)!write(process->settings->pulse, "r", 1);
}

static void on_order(void *context)
{
	struct process *process = context;

	mailbox_take(process->orders, take_order, process);
}

/* What answers people. Without it alerts still go out. */
static void start_service(struct process *process, int listening, const struct http_door *page)
{
	struct service_settings settings = {
		.config = process->settings->config,
		.engine = process->settings->state,
		.listening = listening,
		.page = page,
	};

	process->orders = mailbox_new(ORDERS_ROOM);
	settings.orders = process->orders;
	if (process->orders && loop_on_readable(process->loop, mailbox_descriptor(process->orders), on_order, process))
		process->service = service_new(&settings);
	if (!process->service)
		log_notice(NOTICE_WARNING, "not enough memory to answer on the control socket and to serve the page");
}

static bool add_sink(struct process *process, struct sink *sink, const char *what)
{
	if (!sink) {
		char text[256];
		snprintf(text, sizeof(text), "the %s sink cannot be made: not enough memory, or its path is too long",
			 what);
		log_notice(NOTICE_ERROR, text);
		return false;
	}
	process->sinks[process->sink_count++] = sink;
	return true;
}

/* The text report is for a person at a terminal or behind a pipe; the journal gets the notices, the log the findings. */
static bool add_text(struct process *process)
{
	struct winsize size;
	const char *no_color = getenv("NO_COLOR");

	if (getenv("JOURNAL_STREAM"))
		return true;
	setlocale(LC_CTYPE, "");
	bool terminal = isatty(STDOUT_FILENO);
	unsigned width =
	    terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
	bool unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return add_sink(process, text_sink_new(stdout, width, terminal && !(no_color && *no_color), unicode), "text");
}

static bool add_sinks(struct process *process)
{
	static const struct record_sink notices = { on_notice, NULL };
	const struct config *config = process->settings->config;

	if (!add_text(process))
		return false;
	if (config->json.file && !add_sink(process, json_sink_new(config->json.file, config->sensor), "json"))
		return false;
	if (!config->syslog.enabled)
		return true;
	struct syslog_options options = {
		.to = config->syslog.to,
		.sensor = config->sensor,
		.facility = config->syslog.facility,
		.shape = config->syslog.shape == CONFIG_SHAPE_EVENTLOG ? SYSLOG_SHAPE_EVENTLOG : SYSLOG_SHAPE_RFC5424,
		.module = getenv("ESPIAL_EVTLOG_MODULE"),
		.notices = &notices,
	};
	return add_sink(process, syslog_sink_new(&options), "syslog");
}

int reporter_run(const struct reporter *settings)
{
	struct process process = { .settings = settings };
	struct sandbox_error error;
	int status = 1;

	/* The terminal's Ctrl-C reaches every process; the monitor is the one that acts on it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	char problem[256];
	int listening = -1;
	if (settings->config->control && settings->state >= 0) {
		listening = control_listen(settings->config->control, problem, sizeof(problem));
		if (listening < 0)
			log_notice(NOTICE_WARNING, problem);
	}
	struct http_door page = { .descriptor = -1 };
	const struct config_http *http = &settings->config->http;
	if (http->listen && settings->state >= 0 &&
	    !http_open(&page, http->listen, http->token_file, problem, sizeof(problem)))
		log_notice(NOTICE_WARNING, problem);
	if (!sandbox_drop(false, &error)) {
		log_notice(NOTICE_ERROR, error.text);
		return 1;
	}
	process.line = malloc(RECORD_LINE_MAX);
	process.loop = loop_new();
	(void)fcntl(settings->from_engine, F_SETFL, O_NONBLOCK);
	if (process.line && process.loop && add_sinks(&process) &&
	    loop_on_readable(process.loop, settings->from_engine, on_readable, &process) &&
	    loop_every(process.loop, TICK_MS, on_tick, &process)) {
		if (settings->monitor >= 0)
			loop_on_readable(process.loop, settings->monitor, on_monitor, &process);
		if (settings->pulse >= 0)
			loop_every(process.loop, PULSE_MS, on_pulse, &process);
		loop_on_signal(process.loop, SIGUSR2, on_renew, &process);
		if (settings->state >= 0)
			start_service(&process, listening, &page);
		if (!sandbox_confine(SANDBOX_REPORTER, &error))
			log_notice(NOTICE_WARNING, error.text);
		loop_run(process.loop);
		status = 0;
	}
	service_free(process.service);
	mailbox_free(process.orders);
	for (unsigned i = 0; i < process.sink_count; i++)
		sink_close(process.sinks[i]);
	record_reader_clear(&process.reader);
	loop_free(process.loop);
	free(process.line);
	return status;
}
