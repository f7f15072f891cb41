/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON-lines file sink, see json.h.
 *
 * Every line goes through the queue, so that order holds whatever the file does. A write that stopped in the middle of a
 * line goes on there; if the file was exchanged meanwhile, the new file gets the whole line. What is in the queue when
 * it is full stays, the newcomer is given up: the beginning of a story is worth more than its repetition.
 */
#include "json.h"
#include "group_file.h"
#include "known_json.h"
#include "memory_or_end.h"
#include "open_failure.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct line {
	struct line *next;
	bool finding;
	size_t length; /* with the newline */
	char text[];
};

struct json_sink {
	struct sink sink;
	char *path;   /* owned */
	char *sensor; /* owned */
	bool standard_output;
	int file;    /* -1: not open */
	ino_t inode; /* of the open file */
	dev_t device;
	struct line *head, **tail; /* what waits, oldest first */
	size_t octets;             /* of all that waits */
	uint64_t findings_done;    /* written, or given up */
	size_t written;            /* octets of head that are in the file already */
	int64_t gone_ns;           /* when the file was found to be another, or gone; 0: it was not */
};

/* Whoever takes the file away, for rotation, makes the next: it is not made for want of something to write before this is over. */
enum { ROTATION_MS = 2000 };

static void set_problem(struct json_sink *json, const char *what, int error)
{
	char reason[OPEN_FAILURE_SIZE];

	json->sink.health.up = false;
	snprintf(json->sink.health.problem, sizeof(json->sink.health.problem), "%s %.60s: %s", what, json->path,
		 open_failure(error, reason));
}

static void close_file(struct json_sink *json)
{
	if (json->file >= 0 && !json->standard_output)
		close(json->file);
	json->file = -1;
	json->written = 0; /* the next file gets the line from its beginning */
}

static bool open_file(struct json_sink *json)
{
	struct stat status;

	if (json->file >= 0)
		return true;
	if (json->standard_output) {
		json->file = STDOUT_FILENO;
		return true;
	}
	/* O_NONBLOCK: opening a FIFO nobody reads must not stop us; it means nothing for a file. */
	group_file_make(json->path);
	json->file = open(json->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (json->file < 0) {
		set_problem(json, "cannot open", errno);
		return false;
	}
	if (fstat(json->file, &status) == 0) {
		json->inode = status.st_ino;
		json->device = status.st_dev;
	}
	return true;
}

static void remove_head(struct json_sink *json)
{
	struct line *line = json->head;

	json->head = line->next;
	if (!json->head)
		json->tail = &json->head;
	json->octets -= line->length;
	json->written = 0;
	json->sink.health.queued--;
	json->findings_done += line->finding;
	free(line);
}

/* Waits, on standard output only, until more can be written. */
static bool wait_for_reader(const struct json_sink *json)
{
	struct pollfd ready = { .fd = json->file, .events = POLLOUT };

	return json->standard_output && poll(&ready, 1, -1) > 0;
}

static void flush(struct json_sink *json)
{
	while (json->head && open_file(json)) {
		struct line *line = json->head;
		size_t left = line->length - json->written;
		ssize_t count;

		count = write(json->file, line->text + json->written, left);
		if (count < 0) {
			if (errno == EINTR || (errno == EAGAIN && wait_for_reader(json)))
				continue;
			if (errno != EAGAIN)
				set_problem(json, "cannot write", errno);
			return;
		}
		json->sink.health.up = true;
		json->sink.health.problem[0] = '\0';
		json->written += (size_t)count;
		if (json->written == line->length) {
			json->sink.health.delivered++;
			remove_head(json);
		}
	}
}

static void json_write(struct sink *sink, const struct record *record)
{
	struct json_sink *json = (struct json_sink *)sink;
	if (record->type == RECORD_IKE_MESSAGE || known_json_is(record->type) || record->type == RECORD_STARTED ||
	    record->type == RECORD_HELD_ALERT)
		return;
	char *text = record_to_json(record, json->sensor);
	size_t length = text ? strlen(text) + 1 : 0;
	struct line *line = NULL;

	if (text && sink->health.queued < JSON_SINK_LINES_MAX && json->octets + length <= JSON_SINK_OCTETS_MAX)
		line = memory_or_end(sizeof(*line) + length);
	if (line) {
		line->next = NULL;
		line->length = length;
		line->finding = record->type == RECORD_FINDING;
		memcpy(line->text, text, length - 1);
		line->text[length - 1] = '\n';
		*json->tail = line;
		json->tail = &line->next;
		json->octets += length;
		sink->health.queued++;
	} else {
		sink->health.dropped++;
		json->findings_done += record->type == RECORD_FINDING;
	}
	free(text);
	/* While the file fails, tick() tries again: a full disk is not asked for every record. */
	if (sink->health.up)
		flush(json);
}

static uint64_t json_settled(struct sink *sink)
{
	return ((struct json_sink *)sink)->findings_done;
}

/* Whether it can be opened is known before there is something to write. */
static void open_idle(struct json_sink *json, int64_t monotonic_ns)
{
	if (json->head || json->file >= 0 ||
	    (json->gone_ns && monotonic_ns - json->gone_ns < ROTATION_MS * INT64_C(1000000)) || !open_file(json))
		return;
	json->gone_ns = 0;
	json->sink.health.up = true;
	json->sink.health.problem[0] = '\0';
}

static void json_tick(struct sink *sink, int64_t monotonic_ns)
{
	struct json_sink *json = (struct json_sink *)sink;
	struct stat status;

	if (json->file >= 0 && !json->standard_output &&
	    (stat(json->path, &status) != 0 || status.st_ino != json->inode || status.st_dev != json->device)) {
		close_file(json);
		json->gone_ns = monotonic_ns;
	}
	flush(json);
	open_idle(json, monotonic_ns);
}

static void json_close(struct sink *sink)
{
	struct json_sink *json = (struct json_sink *)sink;

	flush(json);
	while (json->head)
		remove_head(json);
	close_file(json);
	free(json->path);
	free(json->sensor);
	free(json);
}

struct sink *json_sink_new(const char *path, const char *sensor)
{
	static const struct sink_ops ops = {
		.write = json_write, .tick = json_tick, .settled = json_settled, .close = json_close
	};
	struct json_sink *json = calloc(1, sizeof(*json));

	if (!json)
		return NULL;
	json->sink.ops = &ops;
	json->sink.name = "json";
	json->sink.health.up = true;
	json->path = strdup(path);
	json->sensor = strdup(sensor);
	json->standard_output = strcmp(path, "-") == 0;
	json->file = -1;
	json->tail = &json->head;
	if (!json->path || !json->sensor) {
		json_close(&json->sink);
		return NULL;
	}
	return &json->sink;
}
