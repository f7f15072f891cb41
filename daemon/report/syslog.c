/* SPDX-License-Identifier: Apache-2.0 */
/* The syslog sink, see syslog.h. */
#include "syslog.h"

#include "cef.h"
#include "delivery.h"
#include "evtlog.h"
#include "remote.h"
#include "rfc5424.h"
#include "siem_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "espiald"

struct syslog_sink {
	struct sink sink;
	struct rfc5424_origin origin;
	char *sensor;          /* owned; origin points to it */
	struct evtlog *evtlog; /* NULL unless the shape is eventlog */
	const struct shape *shape;
	struct delivery *delivery; /* to a local socket, or NULL */
	struct remote *remote;     /* to a server, or NULL */
	uint64_t notices;          /* messages that were no findings */
};

/* A row: how a finding becomes a whole message. Returns its length, 0 if it does not fit. */
struct shape {
	size_t (*format)(const struct syslog_sink *syslog, const struct finding *finding, enum rfc5424_extent extent,
			 char *out, size_t size);
};

static size_t format_eventlog(const struct syslog_sink *syslog, const struct finding *finding,
			      enum rfc5424_extent extent, char *out, size_t size)
{
	struct rfc5424_origin origin = syslog->origin;
	size_t used, length;

	origin.header = RFC5424_HEADER_LOCAL;
	used = rfc5424_put_header(&origin, rfc5424_severity(finding->severity), finding->time_ns, NULL, out, size);
	length =
	    evtlog_format(syslog->evtlog, finding, syslog->sensor, extent == RFC5424_WHOLE, out + used, size - used);
	return length ? used + length : 0;
}

static size_t format_rfc5424(const struct syslog_sink *syslog, const struct finding *finding,
			     enum rfc5424_extent extent, char *out, size_t size)
{
	return rfc5424_format(finding, &syslog->origin, extent, out, size);
}

/* The header, as for plain text, and where the text begins; the full frame has no structured data here. */
static size_t put_header(const struct syslog_sink *syslog, const struct finding *finding, char *out, size_t size)
{
	size_t used = rfc5424_put_header(&syslog->origin, rfc5424_severity(finding->severity), finding->time_ns,
					 catalogue_row(finding->id)->name, out, size);

	if (syslog->origin.header == RFC5424_HEADER_FULL && size - used > 2) {
		memcpy(out + used, "- ", 3);
		used += 2;
	}
	return used;
}

static size_t format_cef(const struct syslog_sink *syslog, const struct finding *finding, enum rfc5424_extent extent,
			 char *out, size_t size)
{
	size_t used = put_header(syslog, finding, out, size);

	return used + cef_format(finding, syslog->sensor, extent == RFC5424_WHOLE, out + used, size - used);
}

static size_t put_json(const struct syslog_sink *syslog, const struct finding *finding, char *line, char *out,
		       size_t size)
{
	size_t used = put_header(syslog, finding, out, size), length = line ? strlen(line) : 0;

	/* Half a JSON text is none. */
	if (length == 0 || length >= size - used)
		used = length = 0;
	else
		memcpy(out + used, line, length + 1);
	free(line);
	return used + length;
}

static size_t format_ecs(const struct syslog_sink *syslog, const struct finding *finding, enum rfc5424_extent extent,
			 char *out, size_t size)
{
	return put_json(syslog, finding, siem_json_ecs(finding, syslog->sensor, extent == RFC5424_WHOLE), out, size);
}

static size_t format_ocsf(const struct syslog_sink *syslog, const struct finding *finding, enum rfc5424_extent extent,
			  char *out, size_t size)
{
	return put_json(syslog, finding, siem_json_ocsf(finding, syslog->sensor, extent == RFC5424_WHOLE), out, size);
}

static const struct shape shapes[SYSLOG_SHAPE_COUNT] = {
	[SYSLOG_SHAPE_EVENTLOG] = { format_eventlog }, [SYSLOG_SHAPE_RFC5424] = { format_rfc5424 },
	[SYSLOG_SHAPE_CEF] = { format_cef },           [SYSLOG_SHAPE_ECS] = { format_ecs },
	[SYSLOG_SHAPE_OCSF] = { format_ocsf },
};

static void push(struct syslog_sink *syslog, enum finding_severity severity, const char *whole, size_t whole_length,
		 const char *cut, size_t cut_length)
{
	if (syslog->remote)
		remote_push(syslog->remote, whole, whole_length, cut, cut_length);
	else
		delivery_push(syslog->delivery, severity, whole, whole_length, cut, cut_length);
}

static void write_finding(struct syslog_sink *syslog, const struct finding *finding)
{
	char whole[RFC5424_MESSAGE_MAX], cut[RFC5424_MESSAGE_MAX];
	size_t whole_length = syslog->shape->format(syslog, finding, RFC5424_WHOLE, whole, sizeof(whole));
	size_t cut_length = syslog->shape->format(syslog, finding, RFC5424_CUT, cut, sizeof(cut));

	if (whole_length > 0) {
		push(syslog, finding->severity, whole, whole_length, cut, cut_length);
		return;
	}
	if (cut_length == 0) /* what a library cannot format, we can */
		cut_length = rfc5424_format(finding, &syslog->origin, RFC5424_CUT, cut, sizeof(cut));
	push(syslog, finding->severity, cut, cut_length, NULL, 0);
}

static void write_notice(struct syslog_sink *syslog, const struct record *record)
{
	static const enum finding_severity severities[] = { SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_INFO };
	enum finding_severity severity =
	    (size_t)record->notice.level < 3 ? severities[record->notice.level] : SEVERITY_INFO;
	char message[RFC5424_CUT_MAX];
	size_t length = rfc5424_format_text(record->notice.text ? record->notice.text : "", rfc5424_severity(severity),
					    record->time_ns, &syslog->origin, message, sizeof(message));

	syslog->notices++;
	push(syslog, severity, message, length, NULL, 0);
}

static void syslog_write(struct sink *sink, const struct record *record)
{
	struct syslog_sink *syslog = (struct syslog_sink *)sink;

	if (record->type == RECORD_FINDING)
		write_finding(syslog, &record->finding);
	else if (record->type == RECORD_NOTICE)
		write_notice(syslog, record);
}

/* Each finding is one message; a notice, which is one too, is settled in its turn. */
static uint64_t syslog_settled(struct sink *sink)
{
	struct syslog_sink *syslog = (struct syslog_sink *)sink;
	uint64_t messages = syslog->remote ? remote_settled(syslog->remote) : delivery_settled(syslog->delivery);

	return messages > syslog->notices ? messages - syslog->notices : 0;
}

static void syslog_tick(struct sink *sink, int64_t monotonic_ns)
{
	struct syslog_sink *syslog = (struct syslog_sink *)sink;

	if (syslog->remote)
		remote_tick(syslog->remote, monotonic_ns);
	else
		delivery_tick(syslog->delivery, monotonic_ns);
}

static void syslog_close(struct sink *sink)
{
	struct syslog_sink *syslog = (struct syslog_sink *)sink;

	remote_free(syslog->remote);
	delivery_free(syslog->delivery);
	evtlog_close(syslog->evtlog);
	free(syslog->sensor);
	free(syslog);
}

bool syslog_is_system_socket(const char *path)
{
	static const char *const paths[] = { "/dev/log", "/run/systemd/journal/dev-log", "/run/systemd/journal/syslog",
					     "/var/run/log", "/run/log" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(path, paths[i]) == 0)
			return true;
	}
	return false;
}

static void tell(const struct record_sink *notices, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .notice = { .level = NOTICE_WARNING, .text = text } };
	struct timespec now;

	if (!notices)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	record.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	record_write(notices, &record);
}

static void tell_fallback(const struct record_sink *notices, const char *problem)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "syslog: the eventlog shape needs syslog-ng's libevtlog, which cannot be loaded (%s); "
		 "writing the rfc5424 shape instead",
		 problem);
	tell(notices, text);
}

struct sink *syslog_sink_new(const struct syslog_options *options)
{
	static const struct sink_ops ops = {
		.write = syslog_write, .tick = syslog_tick, .settled = syslog_settled, .close = syslog_close
	};
	struct syslog_sink *syslog = calloc(1, sizeof(*syslog));
	enum syslog_shape shape = options->shape;
	bool local = options->header == SYSLOG_HEADER_LOCAL;
	char problem[256] = "";

	if (!syslog)
		return NULL;
	if (options->header == SYSLOG_HEADER_AUTO)
		local = !options->remote && syslog_is_system_socket(options->to);
	syslog->sink.ops = &ops;
	syslog->sink.name = "syslog";
	syslog->sensor = strdup(options->sensor);
	syslog->origin = (struct rfc5424_origin){
		.facility = options->facility,
		.sensor = syslog->sensor,
		.program = PROGRAM,
		.pid = getpid(),
		.header = local ? RFC5424_HEADER_LOCAL : RFC5424_HEADER_FULL,
	};
	if (options->remote) {
		syslog->remote = remote_new(options->remote, &syslog->sink.health, problem, sizeof(problem));
		if (!syslog->remote)
			tell(options->notices, problem);
	} else {
		syslog->delivery = delivery_new(options->to, &syslog->sink.health);
	}
	if (!syslog->sensor || (!syslog->delivery && !syslog->remote)) {
		syslog_close(&syslog->sink);
		return NULL;
	}
	if (shape == SYSLOG_SHAPE_EVENTLOG) {
		syslog->evtlog = evtlog_open(options->module, PROGRAM, options->facility, problem, sizeof(problem));
		if (!syslog->evtlog) {
			tell_fallback(options->notices, problem);
			shape = SYSLOG_SHAPE_RFC5424;
		}
	}
	syslog->shape = &shapes[(unsigned)shape < SYSLOG_SHAPE_COUNT ? shape : SYSLOG_SHAPE_RFC5424];
	return &syslog->sink;
}
