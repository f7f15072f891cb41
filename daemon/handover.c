/* SPDX-License-Identifier: Apache-2.0 */
/* See handover.h. */
#include "handover.h"

#include "line_reader.h"
#include "loop.h"
#include "report/record_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { READ_SIZE = 64 << 10, HEAD_SIZE = 80 };

/* ---- the reporter's side ---- */

struct handover_giver {
	struct loop *loop;
	int descriptor;
	struct loop_event *writable; /* NULL while there is nothing to send */
	char *text;                  /* owned */
	size_t length, sent;
};

static void put_line(void *context, const char *line)
{
	FILE *text = context;

	fputs(line, text);
	fputc('\n', text);
}

static void stop(struct handover_giver *giver)
{
	if (giver->writable)
		loop_forget(giver->loop, giver->writable);
	giver->writable = NULL;
	free(giver->text);
	giver->text = NULL;
	giver->length = giver->sent = 0;
}

static void on_writable(void *context)
{
	struct handover_giver *giver = context;
	ssize_t count = send(giver->descriptor, giver->text + giver->sent, giver->length - giver->sent,
			     MSG_DONTWAIT | MSG_NOSIGNAL);

	if (count > 0)
		giver->sent += (size_t)count;
	if (giver->sent == giver->length || (count < 0 && errno != EAGAIN && errno != EINTR))
		stop(giver);
}

/* Sends what was written to `text`, which is closed. False, and nothing is sent, on lack of memory. */
static bool begin_sending(struct handover_giver *giver, FILE *text)
{
	bool whole = !ferror(text);

	if (fclose(text) == 0 && whole)
		giver->writable = loop_on_writable(giver->loop, giver->descriptor, on_writable, giver);
	if (giver->writable)
		return true;
	stop(giver);
	return false;
}

bool handover_give(struct handover_giver *giver, const struct standing *standing, int64_t started_ns)
{
	char head[HEAD_SIZE];

	stop(giver);
	FILE *text = open_memstream(&giver->text, &giver->length);
	if (!text)
		return false;
	snprintf(head, sizeof(head), "\nknown %lld %lld", (long long)started_ns, (long long)standing_until(standing));
	put_line(text, head);
	standing_each_known(standing, put_line, text);
	standing_each_alert(standing, INT64_MIN, put_line, text);
	snprintf(head, sizeof(head), "end %lld", (long long)started_ns);
	put_line(text, head);
	return begin_sending(giver, text);
}

struct handover_giver *handover_giver_new(struct loop *loop, int descriptor)
{
	struct handover_giver *giver = calloc(1, sizeof(*giver));

	if (!giver)
		return NULL;
	giver->loop = loop;
	giver->descriptor = descriptor;
	FILE *text = open_memstream(&giver->text, &giver->length);
	if (text) {
		put_line(text, "\nagain");
		if (begin_sending(giver, text))
			return giver;
	}
	free(giver);
	return NULL;
}

void handover_giver_free(struct handover_giver *giver)
{
	if (!giver)
		return;
	stop(giver);
	free(giver);
}

/* ---- the engine's side ---- */

struct handover_taker {
	struct handover_taker_settings settings;
	struct loop_event *readable;
	struct record_reader reader;
	bool ours;                 /* what comes is for this engine */
	struct line_reader *lines; /* owned */
	char *octets;              /* READ_SIZE, owned */
};

static void take_line(void *context, const char *line, size_t length)
{
	struct handover_taker *taker = context;
	const struct handover_taker_settings *settings = &taker->settings;
	long long started, until;
	struct record record;

	if (!line)
		return;
	if (sscanf(line, "known %lld %lld", &started, &until) == 2) {
		taker->ours = started == settings->started_ns;
		if (taker->ours)
			settings->until(settings->context, until);
	} else if (sscanf(line, "end %lld", &started) == 1) {
		if (taker->ours)
			settings->end(settings->context);
		taker->ours = false;
	} else if (strcmp(line, "again") == 0) {
		settings->again(settings->context);
	} else if (taker->ours && length > 0 && record_from_json(line, length, &taker->reader, &record)) {
		settings->know(settings->context, &record);
	}
}

static void on_readable(void *context)
{
	struct handover_taker *taker = context;
	ssize_t count = recv(taker->settings.descriptor, taker->octets, READ_SIZE, MSG_DONTWAIT);

	if (count > 0) {
		line_reader_take(taker->lines, taker->octets, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_forget(taker->settings.loop, taker->readable);
		taker->readable = NULL;
	}
}

struct handover_taker *handover_taker_new(const struct handover_taker_settings *settings)
{
	struct handover_taker *taker = calloc(1, sizeof(*taker));

	if (!taker)
		return NULL;
	taker->settings = *settings;
	taker->octets = malloc(READ_SIZE);
	taker->lines = line_reader_new(RECORD_LINE_MAX, take_line, taker);
	taker->readable = loop_on_readable(settings->loop, settings->descriptor, on_readable, taker);
	if (taker->octets && taker->lines && taker->readable)
		return taker;
	handover_taker_free(taker);
	return NULL;
}

void handover_taker_free(struct handover_taker *taker)
{
	if (!taker)
		return;
	if (taker->readable)
		loop_forget(taker->settings.loop, taker->readable);
	record_reader_clear(&taker->reader);
	free(taker->octets);
	line_reader_free(taker->lines);
	free(taker);
}
