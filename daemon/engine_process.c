/* SPDX-License-Identifier: Apache-2.0 */
/* See engine_process.h. Records are written by two threads (the judge's, and the capturing one for notices and dumps),
 * so the writer has a lock; a line always goes out whole. */
#include "engine_process.h"

#include "audit/finding.h"
#include "audit/record.h"
#include "certificate.h"
#include "engine.h"
#include "evidence_post.h"
#include "handover.h"
#include "interface_watch.h"
#include "kept_names.h"
#include "live.h"
#include "loop.h"
#include "memory_limits.h"
#include "pins.h"
#include "reload.h"
#include "report/json.h"
#include "report/nat_hash.h"
#include "report/write_whole.h"
#include "sandbox.h"
#include "sandbox_files.h"
#include "sensor_watch.h"
#include "state_writer.h"
#include "workers.h"
#include "../config/config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANNOT_TELL "the engine cannot tell the monitor that it is up: not enough memory or too many open files"

enum {
	PULSE_MS = 1000,
	ALIVE_MS = 5 * 60 * 1000,
	EVIDENCE_MS = 100,
	KNOWN_PULSES =
	    3, /* what is known is awaited so long before the first frame is taken; frames wait in the ring */
};

/* How the engine before this one left, and when this one came. */
struct engine_restart {
	int64_t unseen_ns; /* until it was started; 0: there was none before */
	int64_t begun_ns;  /* monotonic: when that was */
	int64_t wall_ns;   /* the same by the clock */
};

struct writer {
	int descriptor;
	const char *sensor;
	pthread_mutex_t lock;
};

struct process {
	struct writer writer;
	struct loop *loop;
	struct engine *engine;
	struct live *live;
	struct interface_watch *interfaces; /* owned; NULL: no netlink here */
	struct sensor_watch *watch;
	int pulse;            /* where an octet goes every second while capture and judge work; -1: nowhere */
	uint64_t judge_pulse; /* as it was then */
	int64_t started_ns;   /* wall clock; by it the reporter knows this engine from others */
	struct state_writer *state;
	struct pins pins;
	struct reload_reader *orders;
	struct handover_taker *taker; /* NULL: nobody tells what was known */
	unsigned pulses;              /* until frames are taken */
	bool capturing;
	bool failed; /* to tell the monitor that it captures */
	const struct engine_process *settings;
	struct engine_restart restart;
	int evidence_socket;
	struct evidence_post *evidence; /* NULL: nobody wants captures of alerts */
	struct config *reloaded;        /* in force, if another came than that of the start; owned */
	struct kept_names names;        /* of those and of former ones */
};

static void write_record(void *context, const struct record *record)
{
	struct writer *writer = context;
	char *line = record_to_json(record, writer->sensor);

	if (!line)
		return; /* no record that has a line */
	size_t length = strlen(line);
	line[length] = '\n'; /* in place of the end of the string */
	pthread_mutex_lock(&writer->lock);
	/* If the reporter is gone for good the monitor is too, and this process is about to be told to end. What is lost otherwise, or
	 * in part, might be an alert that is told once: another engine tells anew what it finds. */
	if (!write_whole(writer->descriptor, line, length + 1) && errno != EPIPE)
		_exit(EXIT_FAILURE);
	pthread_mutex_unlock(&writer->lock);
	free(line);
}

/* What the judge writes: IKE messages go to the inventory and to who listens, all else to the reporter. */
static void write_judged(void *context, const struct record *record)
{
	struct process *process = context;

	if (process->state)
		state_writer_judged(process->state, record);
	if (record->type != RECORD_IKE_MESSAGE)
		write_record(&process->writer, record);
}

static void notice(struct process *process, enum notice_level level, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = loop_wall_ns() };

	record.notice = (struct record_notice){ level, text };
	write_record(&process->writer, &record);
}

static void begin_capture(struct process *process);

static void look_at_pins(struct process *process)
{
	struct pins_news news;

	while (pins_look(&process->pins, &news))
		notice(process, news.lost ? NOTICE_WARNING : NOTICE_INFO, news.text);
}

/* The capturing loop is here, and the judge has worked since: both are alive. */
static void on_pulse(void *context)
{
	struct process *process = context;
	uint64_t judge = engine_pulse(process->engine);

	if (judge != process->judge_pulse && process->pulse >= 0)
		(void)!write(process->pulse, "e", 1);
	process->judge_pulse = judge;
	look_at_pins(process);
	if (!process->capturing && ++process->pulses >= KNOWN_PULSES)
		begin_capture(process);
}

static void on_terminate(void *context)
{
	struct process *process = context;
	loop_stop(process->loop);
}

static void tell_drops(struct process *process)
{
	struct live_stats stats;
	char text[256];

	live_read_stats(process->live, &stats);
	snprintf(
	    text, sizeof(text),
	    "capture: %llu frame%s received, %llu dropped by the kernel, %llu before the kernel, %u interface%s up",
	    (unsigned long long)stats.received, finding_plural(stats.received), (unsigned long long)stats.dropped,
	    (unsigned long long)stats.interface_dropped, stats.up, finding_plural(stats.up));
	notice(process, NOTICE_INFO, text);
}

/* Which engine it is whose records follow, for the history of traffic. */
static void tell_health(struct process *process)
{
	enum { INTERFACES_MAX = 64 };
	struct record_interface interfaces[INTERFACES_MAX];
	struct record record = { .type = RECORD_HEALTH, .time_ns = loop_wall_ns() };

	record.health = (struct record_health){
		.version = ESPIAL_VERSION,
		.started_ns = process->started_ns,
		.interfaces = interfaces,
		.interface_count = live_interfaces(process->live, interfaces, INTERFACES_MAX),
	};
	write_record(&process->writer, &record);
}

static void on_dump(void *context)
{
	struct process *process = context;

	tell_health(process);
	engine_write_records(process->engine);
	tell_drops(process);
}

/* A finding about the sensor that is told once. */
static struct finding *begin_finding(struct record *record, enum finding_id id)
{
	*record = (struct record){ .type = RECORD_FINDING, .time_ns = loop_wall_ns() };
	struct finding *finding = &record->finding;

	finding->time_ns = finding->first_ns = finding->last_ns = record->time_ns;
	finding->alert = (uint64_t)record->time_ns;
	finding->id = id;
	finding->state = FINDING_OPEN;
	finding->severity = catalogue_row(id)->severity;
	finding->grade = GRADE_OBSERVED;
	finding->subject = SUBJECT_SENSOR;
	finding->count = 1;
	return finding;
}

/* It is over when frames are taken again: an alert that nobody ever clears would stay open in every SIEM. */
static void tell_restart(struct process *process, bool is_up)
{
	const struct engine_restart *restart = &process->restart;
	struct record record;
	struct finding *finding = begin_finding(&record, FINDING_ENGINE_RESTARTED);
	double unseen = (double)(restart->unseen_ns + (loop_monotonic_ns() - restart->begun_ns)) / 1e9;

	finding->alert = (uint64_t)restart->wall_ns;
	finding->first_ns = restart->wall_ns - restart->unseen_ns;
	if (is_up) {
		finding->state = FINDING_CLEAR;
		finding->cleared_by = "up-again";
	}
	snprintf(finding->text, sizeof(finding->text),
		 is_up ? "The engine is up again; %.1f seconds of traffic were not seen."
		       : "The engine ended unexpectedly and was started again; %.1f seconds of traffic were not seen.",
		 unseen);
	finding_note_real(finding, "unseen_seconds", unseen);
	write_record(&process->writer, &record);
}

/* Silence is to mean that all is well: so this goes the way of every alert, from here through each sink. */
static void on_alive(void *context)
{
	struct process *process = context;
	struct engine_counters counters = engine_counters(process->engine);
	struct judge_counters judged = engine_judged(process->engine);
	struct live_stats stats;
	struct record record;
	struct finding *finding = begin_finding(&record, FINDING_SENSOR_ALIVE);

	live_read_stats(process->live, &stats);
	finding->count = counters.track.packets;
	finding->bytes = counters.track.bytes;
	snprintf(
	    finding->text, sizeof(finding->text),
	    "The sensor is alive: %llu packet%s seen, %llu dropped, %llu pair%s secured, %llu in clear, %llu alert%s "
	    "open.",
	    (unsigned long long)counters.track.packets, finding_plural(counters.track.packets),
	    (unsigned long long)stats.dropped, (unsigned long long)judged.secured_pairs,
	    finding_plural(judged.secured_pairs), (unsigned long long)judged.clear_pairs,
	    (unsigned long long)judged.open, finding_plural(judged.open));
	finding_note_integer(finding, "packets", (int64_t)counters.track.packets);
	finding_note_integer(finding, "dropped", (int64_t)stats.dropped);
	finding_note_integer(finding, "interface_dropped", (int64_t)stats.interface_dropped);
	finding_note_integer(finding, "interfaces_up", stats.up);
	finding_note_integer(finding, "secured_pairs", (int64_t)judged.secured_pairs);
	finding_note_integer(finding, "clear_pairs", (int64_t)judged.clear_pairs);
	finding_note_integer(finding, "alerts_open", (int64_t)judged.open);
	write_record(&process->writer, &record);
}

static const char *interface_name(void *context, uint16_t interface)
{
	return live_interface_name(context, interface);
}

/* What the reporter could not take at once. */
static void on_evidence(void *context)
{
	struct process *process = context;
	evidence_post_try(process->evidence, engine_evidence_lost(process->engine));
}

/* False on lack of memory. */
static bool make_evidence(struct process *process, const struct engine_process *settings,
			  struct evidence_settings *evidence)
{
	const struct config_evidence *config = &settings->config->evidence;
	struct evidence_post_settings post = { .deliver = evidence_post_send,
					       .context = &process->evidence_socket,
					       .interface_name = interface_name,
					       .interface_context = process->live };

	if (!config->dir || settings->evidence < 0)
		return true;
	process->evidence_socket = settings->evidence;
	process->evidence = evidence_post_new(&post);
	if (!process->evidence)
		return false;
	*evidence = evidence_post_fills(process->evidence, config);
	return loop_every(process->loop, EVIDENCE_MS, on_evidence, process);
}

static void tell_reload(struct process *process, const struct config *config)
{
	struct record record;
	struct finding *finding = begin_finding(&record, FINDING_POLICY_RELOADED);

	snprintf(finding->text, sizeof(finding->text),
		 "The configuration was read again: %zu rule%s and %zu interface%s are in force.",
		 config->policy.rule_count, finding_plural(config->policy.rule_count), config->interface_count,
		 finding_plural(config->interface_count));
	finding_note_integer(finding, "rules", (int64_t)config->policy.rule_count);
	finding_note_integer(finding, "interfaces", (int64_t)config->interface_count);
	write_record(&process->writer, &record);
}

/* A configuration came. What is known stays; the capture goes on. */
static bool on_config(void *context, struct config *config, char *problem, size_t problem_size)
{
	struct process *process = context;

	if (!kept_names_take(&process->names, config) || !engine_reload(process->engine, config)) {
		snprintf(problem, problem_size, "not enough memory for another configuration; the one in force stays");
		kept_names_free_config(&process->names, config);
		return false;
	}
	if (workers_asked(config) != workers_asked(process->settings->config))
		notice(process, NOTICE_WARNING,
		       "capture.workers changed; as many go on as before until espiald is started anew");
	live_reload(process->live, config);
	pins_reload(&process->pins, config);
	sensor_watch_reload(process->watch, config->health.clock_step_ns);
	/* Nobody goes by the one before any more; names are kept. */
	kept_names_free_config(&process->names, process->reloaded);
	process->reloaded = config;
	if (!(config->alerts.off & CONFIG_EVENT_POLICY_RELOADED))
		tell_reload(process, config);
	return true;
}

/* The engine has no business with any file. OpenSSL has a configuration, which it reads before. */
static bool give_up_files(struct process *process)
{
	const struct sandbox_files none = { .count = 0 };
	struct sandbox_error error;

	nat_hash_prepare();
	certificate_prepare();
	/* Where the kernel lacks it the reporter says so, for both. */
	if (sandbox_confine_files(&none, &error) != SANDBOX_FILES_FAILED)
		return true;
	notice(process, NOTICE_ERROR, error.text);
	return false;
}

/* ---- what was known before ---- */

static void on_known_until(void *context, int64_t until_ns)
{
	struct process *process = context;
	const struct engine_restart *restart = &process->restart;

	/* Of an engine whose end was seen it is known better. */
	if (restart->unseen_ns && restart->wall_ns - restart->unseen_ns > until_ns)
		until_ns = restart->wall_ns - restart->unseen_ns;
	engine_know_until(process->engine, until_ns);
}

static void on_known(void *context, const struct record *record)
{
	struct process *process = context;

	engine_know(process->engine, record, loop_wall_ns());
}

static void on_known_end(void *context)
{
	begin_capture(context);
}

static void on_known_again(void *context)
{
	struct process *process = context;

	engine_tell_known(process->engine);
}

static bool begin_taking(struct process *process, int64_t started_ns)
{
	struct handover_taker_settings settings = {
		.loop = process->loop,
		.descriptor = process->settings->known,
		.started_ns = started_ns,
		.until = on_known_until,
		.know = on_known,
		.end = on_known_end,
		.again = on_known_again,
		.context = process,
	};

	process->taker = handover_taker_new(&settings);
	return process->taker != NULL;
}

/* Frames are taken from now on: what was known is, or it takes too long. */
static void begin_capture(struct process *process)
{
	if (process->capturing)
		return;
	process->capturing = true;
	live_start(process->live, process->engine);
	if (process->restart.unseen_ns)
		tell_restart(process, true);
	if (process->settings->ready >= 0 && write(process->settings->ready, "+", 1) != 1) {
		process->failed = true;
		loop_stop(process->loop);
	}
}

static int run(struct process *process, const struct engine_process *settings)
{
	struct record_sink records = { write_record, &process->writer };
	struct record_sink judged = { write_judged, process };
	struct live_error live_error;
	struct sandbox_error sandbox_error;

	process->live = live_new(settings->config, process->loop, true, &records, &live_error);
	if (!process->live) {
		notice(process, NOTICE_ERROR, live_error.text);
		return 1;
	}
	if (!sandbox_drop(true, &sandbox_error)) {
		notice(process, NOTICE_ERROR, sandbox_error.text);
		return 1;
	}
	/* Its sockets are made before the process is confined. */
	process->interfaces = interface_watch_new();
	limits_hold_process(settings->config);
	if (!give_up_files(process))
		return 1;
	struct evidence_settings evidence;
	bool enough = make_evidence(process, settings, &evidence);
	struct engine_settings engine = { .config = settings->config,
					  .threaded = true,
					  .workers = workers_wanted(settings->config),
					  .ike_messages = settings->state >= 0,
					  .remember = true,
					  .evidence = process->evidence ? &evidence : NULL,
					  .interface_name = interface_name,
					  .interface_context = process->live };
	process->engine = enough ? engine_new(&engine, &judged) : NULL;
	if (!process->engine || !loop_on_signal(process->loop, SIGTERM, on_terminate, process) ||
	    !loop_on_signal(process->loop, SIGINT, on_terminate, process) ||
	    !loop_on_signal(process->loop, SIGUSR1, on_dump, process)) {
		notice(process, NOTICE_ERROR, "not enough memory for the tables; lower limits in the configuration");
		return 1;
	}
	process->watch = sensor_watch_new(process->loop, process->live, process->engine, process->interfaces,
					  settings->config->health.clock_step_ns, &records);
	if (!process->watch) {
		notice(process, NOTICE_ERROR, "not enough memory to watch the interfaces");
		return 1;
	}
	process->started_ns = loop_wall_ns();
	struct state_writer_settings state = {
		.loop = process->loop,
		.engine = process->engine,
		.live = process->live,
		.sensor = settings->config->sensor,
		.started_ns = process->started_ns,
		.descriptor = settings->state,
		.processors = &process->pins.before,
	};
	process->state = settings->state < 0 ? NULL : state_writer_new(&state);
	if (settings->state >= 0 && !process->state) {
		notice(process, NOTICE_ERROR, "not enough memory to answer for the engine's state");
		return 1;
	}
	process->orders =
	    settings->orders < 0 ? NULL : reload_reader_new(process->loop, settings->orders, on_config, process);
	/* To the microsecond, as JSON has it: what is known comes back with it. */
	struct record started = { .type = RECORD_STARTED, .time_ns = loop_wall_ns() / 1000 * 1000 };
	if (settings->known >= 0 && !begin_taking(process, started.time_ns)) {
		notice(process, NOTICE_ERROR, "not enough memory for what was known before");
		return 1;
	}
	write_record(&process->writer, &started);
	process->restart = (struct engine_restart){ settings->unseen_ns, loop_monotonic_ns(), loop_wall_ns() };
	if (process->restart.unseen_ns)
		tell_restart(process, false);
	/* Behind all other threads, which stay where they are. */
	pins_begin(&process->pins, process->engine, settings->config);
	look_at_pins(process);
	if (!sandbox_confine(SANDBOX_ENGINE, &sandbox_error)) {
		notice(process, NOTICE_ERROR, sandbox_error.text);
		return 1;
	}
	if (!process->taker)
		begin_capture(process);
	process->pulse = settings->ready;
	if (process->failed || !loop_every(process->loop, ALIVE_MS, on_alive, process) ||
	    !loop_every(process->loop, PULSE_MS, on_pulse, process)) {
		notice(process, NOTICE_ERROR, CANNOT_TELL);
		return 1;
	}
	loop_run(process->loop);
	if (process->failed) {
		notice(process, NOTICE_ERROR, CANNOT_TELL);
		return 1;
	}
	live_drain(process->live);
	engine_finish(process->engine);
	tell_health(process);
	engine_write_records(process->engine);
	tell_drops(process);
	return 0;
}

int engine_process_run(const struct engine_process *settings)
{
	struct process process = { .writer = { .descriptor = settings->to_reporter,
					       .sensor = settings->config->sensor },
				   .settings = settings };
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	pthread_mutex_init(&process.writer.lock, NULL);
	/* An engine before this one may have ended in the middle of a line. */
	(void)write_whole(process.writer.descriptor, "\n", 1);
	process.loop = loop_new();
	if (process.loop)
		status = run(&process, settings);
	else
		notice(&process, NOTICE_ERROR, "the engine cannot start: not enough memory or too many open files");
	handover_taker_free(process.taker);
	reload_reader_free(process.orders);
	state_writer_free(process.state);
	sensor_watch_free(process.watch);
	interface_watch_free(process.interfaces);
	engine_free(process.engine);
	evidence_post_free(process.evidence);
	live_free(process.live);
	loop_free(process.loop);
	kept_names_free_config(&process.names, process.reloaded);
	kept_names_clear(&process.names);
	pthread_mutex_destroy(&process.writer.lock);
	return status;
}
