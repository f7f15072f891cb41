/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See reporter.h. What comes from the engine is looked at first (MSG_PEEK) and taken from the stream only when its findings
 * are on disk, or have waited long enough: what a reporter that is killed had not spooled, the next one finds in the
 * stream. What it finds there that was spooled is known by its text. What waited long enough is in the refuge (spool_refuge.h) by then.
 */
#include "reporter.h"

#include "audit/record.h"
#include "evidence_keeper.h"
#include "handover.h"
#include "http_listen.h"
#include "line_reader.h"
#include "local_socket.h"
#include "loop.h"
#include "mailbox.h"
#include "memory_limits.h"
#include "report/json.h"
#include "report/outbox.h"
#include "report/record_reader.h"
#include "report/snapshot.h"
#include "report/store.h"
#include "report/text.h"
#include "reporter_files.h"
#include "reporter_sinks.h"
#include "sandbox.h"
#include "service.h"
#include "../config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TEST_NS (2 * INT64_C(1000000000))     /* for a test alert to be passed on */
#define LAST_WORD_NS (300 * INT64_C(1000000)) /* for an answer to reach whoever asked */
#define RENEWAL_NS (12 * INT64_C(1000000000)) /* how long whoever waits for an answer can hold up the next reporter */

enum { TICK_MS = 100, READ_SIZE = 65536, DRAIN_MS = 1500, ORDERS_ROOM = 4096, PULSE_MS = 1000 };

struct process {
	const struct reporter *settings;
	struct loop *loop;
	struct loop_event *stream; /* NULL while what was looked at is not taken */
	struct outbox *outbox;
	struct standing *standing;                 /* of the outbox */
	struct handover_giver *giver;              /* NULL: nobody takes what is known */
	uint64_t test_alert;                       /* number of the test alert that is out; 0: none */
	int64_t test_begun_ns;                     /* monotonic */
	uint64_t test_delivered[OUTBOX_SINKS_MAX]; /* what each sink had delivered before it */
	struct service *service;                   /* NULL: nobody can ask */
	struct sink *store;                        /* of the outbox; NULL: there is none */
	struct sink *text;                         /* likewise */
	/* of what an engine tells of its state, at its end above all; NULL: nothing yet */
	struct snapshot_builder *builder;
	const struct snapshot *last_look; /* what came of it; held; NULL: nothing yet */
	struct evidence_keeper *evidence; /* NULL: nobody wants captures of alerts */
	struct mailbox *orders;           /* what people ask of this thread */
	unsigned unanswered;              /* orders that the monitor was passed and has not answered */
	int64_t answered_ns;              /* monotonic: when it did last */
	int64_t renewal_ns;               /* monotonic: since when another reporter is to take over; 0: none */
	struct record_reader reader;
	int pace;         /* timer while the outbox is busy */
	bool paced;       /* it runs */
	bool recalling;   /* what comes may have come to a reporter before */
	bool is_pipe;     /* the stream cannot be looked at without taking */
	size_t looked_at; /* octets of the stream that are dealt with, and not taken yet */
	struct line_reader *lines;
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

/* What an engine tells of its state at its end is a last look for the history of traffic. */
static void note_state(struct process *process, const struct record *record)
{
	if (record->type == RECORD_STARTED || record->type == RECORD_HEALTH) {
		snapshot_builder_free(process->builder);
		snapshot_let_go(process->last_look);
		process->last_look = NULL;
		process->builder = record->type == RECORD_HEALTH ? snapshot_builder_new() : NULL;
	}
	if (!process->builder)
		return;
	snapshot_builder_add(process->builder, record, process->settings->config->sensor);
	if (record->type != RECORD_SUMMARY)
		return;
	const struct snapshot_surroundings surroundings = { .time_ns = loop_wall_ns() };
	process->last_look = snapshot_builder_finish(process->builder, &surroundings);
	process->builder = NULL;
}

static void take_line(void *context, const char *line, size_t length)
{
	struct process *process = context;
	struct record record;

	if (!line)
		log_notice(NOTICE_WARNING, "a line from the engine was longer than a record can be, and was left out");
	if (length == 0)
		return;
	if (!record_from_json(line, length, &process->reader, &record)) {
		char text[256];
		snprintf(text, sizeof(text), "a line from the engine was refused: %s", process->reader.problem);
		log_notice(NOTICE_WARNING, text);
		return;
	}
	if (record.type == RECORD_NOTICE) {
		log_notice(record.notice.level, record.notice.text);
		return;
	}
	if (process->store && record.type != RECORD_FINDING)
		note_state(process, &record);
	if (record.type == RECORD_HEALTH)
		return;
	if (record.type == RECORD_FINDING && process->recalling) {
		enum outbox_recall recall = outbox_recalls(process->outbox, &record, line, length);
		process->recalling = recall != OUTBOX_NEW;
		if (recall == OUTBOX_SPOOLED)
			return;
	}
	uint64_t alert = outbox_take(process->outbox, &record, line, length, loop_monotonic_ns());
	if (record.type == RECORD_STARTED && process->giver &&
	    !handover_give(process->giver, process->standing, record.time_ns))
		log_notice(NOTICE_WARNING, "not enough memory to tell the new engine what is known");
	if (process->evidence && alert && alert != record.finding.alert)
		evidence_keeper_name(process->evidence, record.finding.alert, alert);
}

/* What stands, for whoever shows it: as sinks know it, with what the reporter itself found. */
static void on_told(void *context, const char *line, size_t length)
{
	struct process *process = context;

	if (process->service)
		service_tell_finding(process->service, line, length);
	if (process->evidence)
		evidence_keeper_tell(process->evidence, line, length);
}

static void show_open(void *context, const char *line, int64_t opened_ns, int64_t acknowledged_ns)
{
	struct process *process = context;

	service_tell_open(process->service, line, opened_ns, acknowledged_ns);
}

/* Takes from the stream what was dealt with. */
static void take_looked_at(struct process *process)
{
	char octets[READ_SIZE];

	while (process->looked_at > 0) {
		size_t part = process->looked_at < sizeof(octets) ? process->looked_at : sizeof(octets);
		ssize_t count = recv(process->settings->from_engine, octets, part, 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break; /* it was there a moment ago: the stream is broken, which the next look will tell */
		process->looked_at -= (size_t)count;
	}
	process->looked_at = 0;
}

static void on_readable(void *context);

/* Sends what can be sent, and sees to it that this goes on. */
static void pump(struct process *process)
{
	struct itimerspec pace = { { 0, OUTBOX_PACE_MS * 1000000 }, { 0, OUTBOX_PACE_MS * 1000000 } };
	bool busy;

	outbox_pump(process->outbox, loop_monotonic_ns());
	if (process->looked_at && outbox_is_released(process->outbox))
		take_looked_at(process);
	if (process->looked_at && process->stream) {
		loop_forget(process->loop, process->stream);
		process->stream = NULL;
	} else if (!process->looked_at && !process->stream) {
		process->stream = loop_on_readable(process->loop, process->settings->from_engine, on_readable, process);
		if (!process->stream)
			loop_stop(process->loop);
	}
	busy = outbox_is_busy(process->outbox);
	if (busy == process->paced)
		return;
	process->paced = busy;
	if (!busy)
		pace = (struct itimerspec){ { 0, 0 }, { 0, 0 } };
	(void)timerfd_settime(process->pace, 0, &pace, NULL);
}

static void on_readable(void *context)
{
	struct process *process = context;
	char octets[READ_SIZE];
	ssize_t count = process->is_pipe ? -1 : recv(process->settings->from_engine, octets, sizeof(octets), MSG_PEEK);

	if (count < 0 && (process->is_pipe || errno == ENOTSOCK)) {
		process->is_pipe = true;
		count = read(process->settings->from_engine, octets, sizeof(octets));
	}
	if (count > 0) {
		const char *last = memrchr(octets, '\n', (size_t)count);
		/* Without the end of a line there is nothing yet to wait for. */
		size_t whole = last && !process->is_pipe ? (size_t)(last - octets) + 1 : (size_t)count;

		line_reader_take(process->lines, octets, whole);
		process->looked_at = process->is_pipe ? 0 : whole;
		pump(process);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_stop(process->loop);
	}
}

static void on_committed(void *context)
{
	pump(context);
}

static void on_pace(void *context)
{
	struct process *process = context;
	uint64_t expirations;

	(void)!read(process->pace, &expirations, sizeof(expirations));
	pump(process);
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
	finding_note_boolean(finding, FINDING_EVIDENCE_TEST, true);
	for (size_t i = 0; open && i < outbox_count(process->outbox); i++)
		process->test_delivered[i] = outbox_sinks(process->outbox)[i]->health.delivered;
	char *line = record_to_json(&record, process->settings->config->sensor);
	if (line)
		outbox_take(process->outbox, &record, line, strlen(line), loop_monotonic_ns());
	free(line);
	pump(process);
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
	size_t count = outbox_count(process->outbox);
	bool all = count > 0;

	for (size_t i = 0; i < count; i++) {
		const struct sink *sink = outbox_sinks(process->outbox)[i];
		bool passed = sink->health.up && sink->health.delivered > process->test_delivered[i];
		size_t used = strlen(text);
		all &= passed;
		snprintf(text + used, sizeof(text) - used, "%s%s: %s", used ? "\n" : "", sink->name,
			 passed            ? "passed on"
			 : sink->health.up ? "still waiting after two seconds"
					   : sink->health.problem);
	}
	if (count == 0)
		snprintf(text, sizeof(text), "there is no sink: name one under 'report' in the configuration");
	tell_test(process, false);
	process->test_alert = 0;
	service_tell_outcome(process->service, "test-alert", all, text);
}

static void take_order(void *context, const char *what, size_t length)
{
	struct process *process = context;

	unsigned long long alert;
	long long until_ns;

	if (strcmp(what, "test-alert") == 0)
		begin_test(process);
	else if (sscanf(what, SERVICE_ACKNOWLEDGE, &alert, &until_ns) == 2)
		(void)outbox_acknowledge(process->outbox, alert, until_ns);
	else if (send(process->settings->monitor, what, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length)
		process->unanswered++;
	else
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
	if (process->unanswered == 0)
		return; /* it is for a reporter before this one */
	process->unanswered--;
	process->answered_ns = loop_monotonic_ns();
	if (process->service)
		service_tell_outcome(process->service, "reload", answer[0] == '+', answer + 1);
}

/* The configuration changed in what the reporter does: it ends, and is started anew. */
static void on_renew(void *context)
{
	struct process *process = context;

	if (!process->renewal_ns)
		process->renewal_ns = loop_monotonic_ns();
}

/* Whoever waits for an answer gets it first: the next reporter does not know of them. */
static bool may_be_renewed(const struct process *process)
{
	int64_t now = loop_monotonic_ns();
	int64_t since = process->answered_ns > process->renewal_ns ? process->answered_ns : process->renewal_ns;

	if (!process->renewal_ns)
		return false;
	return now - process->renewal_ns > RENEWAL_NS ||
	       (process->unanswered == 0 && !process->test_alert && now - since > LAST_WORD_NS);
}

/* How the sinks fare, and the captures of alerts with them. */
static void tell_sinks(struct process *process)
{
	struct sink evidence = { .name = "evidence" };
	struct sink *sinks[OUTBOX_SINKS_MAX + 1];
	size_t count = outbox_count(process->outbox);

	memcpy(sinks, outbox_sinks(process->outbox), count * sizeof(struct sink *));
	if (process->evidence) {
		evidence.health = evidence_keeper_health(process->evidence);
		sinks[count++] = &evidence;
	}
	service_tell_sinks(process->service, sinks, count);
}

static void on_tick(void *context)
{
	struct process *process = context;

	outbox_tick(process->outbox, loop_monotonic_ns(), loop_wall_ns());
	pump(process);
	if (process->service && process->test_alert && loop_monotonic_ns() - process->test_begun_ns > TEST_NS)
		end_test(process);
	if (process->service)
		tell_sinks(process);
	if (may_be_renewed(process))
		loop_stop(process->loop);
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
		.store = process->store,
		.notices = { on_notice, NULL },
	};

	process->orders = mailbox_new(ORDERS_ROOM);
	settings.orders = process->orders;
	if (process->orders && loop_on_readable(process->loop, mailbox_descriptor(process->orders), on_order, process))
		process->service = service_new(&settings);
	if (process->service)
		standing_each_open(process->standing, show_open, process);
	else
		log_notice(NOTICE_WARNING, "not enough memory to answer on the control socket and to serve the page");
}

/* What is still on its way gets a last chance; the rest is in the spool. */
static void drain(struct process *process)
{
	int64_t until = loop_monotonic_ns() + DRAIN_MS * INT64_C(1000000);

	while (outbox_is_busy(process->outbox) && loop_monotonic_ns() < until) {
		poll(NULL, 0, OUTBOX_PACE_MS);
		outbox_tick(process->outbox, loop_monotonic_ns(), loop_wall_ns());
	}
	if (outbox_is_released(process->outbox))
		take_looked_at(process);
}

/* The report at the end counts what is open, whoever told of it. */
static void recall_for_report(void *context, const char *line, int64_t opened_ns, int64_t acknowledged_ns)
{
	struct process *process = context;
	struct record record;

	(void)opened_ns;
	(void)acknowledged_ns;
	if (record_from_json(line, strlen(line), &process->reader, &record) && record.type == RECORD_FINDING)
		text_sink_recall(process->text, &record.finding);
}

static void find_sinks(struct process *process)
{
	for (size_t i = 0; i < outbox_count(process->outbox); i++) {
		struct sink *sink = outbox_sinks(process->outbox)[i];
		if (strcmp(sink->name, "store") == 0)
			process->store = sink;
		else if (strcmp(sink->name, "text") == 0)
			process->text = sink;
	}
	if (!process->text)
		return;
	standing_each_open(process->standing, recall_for_report, process);
	if (process->settings->anew)
		text_sink_since(process->text, loop_wall_ns(), process->store != NULL);
}

static bool begin(struct process *process)
{
	static const struct record_sink notices = { on_notice, NULL };
	const struct spool *spool;

	process->lines = line_reader_new(RECORD_LINE_MAX, take_line, process);
	process->loop = loop_new();
	process->standing = standing_new();
	process->pace = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!process->lines || !process->loop || !process->standing || process->pace < 0) {
		standing_free(process->standing);
		log_notice(NOTICE_ERROR, "the reporter cannot start: not enough memory or too many open files");
		return false;
	}
	if (process->settings->config->evidence.dir && process->settings->evidence >= 0) {
		process->evidence =
		    reporter_evidence_new(process->settings->config, process->settings->evidence, &notices);
		if (!process->evidence)
			log_notice(NOTICE_WARNING, "no captures of alerts are kept: not enough memory");
	}
	process->outbox =
	    reporter_outbox_new(process->settings->config, process->standing, process->settings->refuge, &notices);
	if (!process->outbox)
		return false;
	spool = outbox_spool(process->outbox);
	outbox_observe(process->outbox, on_told, process);
	find_sinks(process);
	if (process->settings->known >= 0)
		process->giver = handover_giver_new(process->loop, process->settings->known);
	process->recalling = true;
	(void)fcntl(process->settings->from_engine, F_SETFL, O_NONBLOCK);
	process->stream = loop_on_readable(process->loop, process->settings->from_engine, on_readable, process);
	return process->stream && loop_on_readable(process->loop, spool_descriptor(spool), on_committed, process) &&
	       loop_on_readable(process->loop, process->pace, on_pace, process) &&
	       loop_every(process->loop, TICK_MS, on_tick, process);
}

/* The control socket; -1, after a notice, if there can be none. */
static int listen_for_control(const char *path)
{
	enum { BACKLOG = 128 };
	char reason[100], problem[320];
	int listening = local_socket_listen(path, BACKLOG, reason, sizeof(reason));

	if (listening >= 0)
		return listening;
	snprintf(problem, sizeof(problem),
		 "control socket %.108s cannot be made: %s; 'espial status' and its like will not work", path, reason);
	log_notice(NOTICE_WARNING, problem);
	return -1;
}

int reporter_run(const struct reporter *settings)
{
	struct process process = { .settings = settings, .pace = -1 };
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
	if (settings->config->control && settings->state >= 0)
		listening = listen_for_control(settings->config->control);
	struct http_door page = { .descriptor = -1 };
	const struct config_http *http = &settings->config->http;
	if (http->listen && settings->state >= 0 &&
	    !http_open(&page, http->listen, http->token_file, problem, sizeof(problem)))
		log_notice(NOTICE_WARNING, problem);
	reporter_prepare_folders(settings->config);
	if (!sandbox_drop(false, &error)) {
		log_notice(NOTICE_ERROR, error.text);
		return 1;
	}
	limits_hold_process(settings->config);
	reporter_confine_files(settings->config, &(struct record_sink){ on_notice, NULL });
	if (begin(&process)) {
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
		drain(&process);
		if (process.renewal_ns && process.text)
			text_sink_leave(process.text);
		if (process.last_look)
			store_take_look(process.store, process.last_look);
		status = 0;
	}
	service_free(process.service);
	snapshot_builder_free(process.builder);
	snapshot_let_go(process.last_look);
	handover_giver_free(process.giver);
	evidence_keeper_free(process.evidence);
	mailbox_free(process.orders);
	outbox_free(process.outbox);
	record_reader_clear(&process.reader);
	loop_free(process.loop);
	if (process.pace >= 0)
		close(process.pace);
	line_reader_free(process.lines);
	return status;
}
