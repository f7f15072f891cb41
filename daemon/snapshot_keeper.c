/* SPDX-License-Identifier: Apache-2.0 */
/* See snapshot_keeper.h. What the engine says is believed line by line only, as in record_reader.h. */
#include "snapshot_keeper.h"

#include "ike_tap.h"
#include "line_reader.h"
#include "loop.h"
#include "state_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000000)
#define FRESH_NS SECOND
#define PATIENCE_NS (8 * SECOND)
#define LISTEN_NS SECOND /* between two words that somebody listens */

enum { WAITING_MAX = 64, TICK_MS = 50, READ_SIZE = 256 << 10, SINKS_MAX = 16, RECORDS_MAX = 4 << 20 };

struct waiting {
	void (*fresh)(void *context, const struct snapshot *snapshot); /* NULL: forgotten */
	void *context;
	unsigned parts; /* enum record_part: what it wants of it */
};

struct snapshot_keeper {
	struct snapshot_keeper_settings settings;
	struct loop_event *readable;
	const struct snapshot *latest; /* held */
	int64_t latest_ns;             /* monotonic */
	struct waiting waiting[WAITING_MAX];
	size_t waiting_count;
	int64_t asked_ns;                 /* monotonic; 0: no answer is awaited */
	unsigned asked_parts;             /* for these, with that */
	struct snapshot_builder *builder; /* between begin and end of an answer */
	unsigned answered_parts;          /* that are in that answer, as it says */
	size_t records;
	bool complained; /* of an answer, and none was good since */
	bool listening;
	int64_t listened_ns;       /* monotonic; when the engine was told so */
	struct line_reader *lines; /* owned */
	char *octets;              /* READ_SIZE, owned */
};

/* Whoever wants more than came goes on waiting; `all` ends that, with nothing for who wants what there is not. */
static void tell_waiting(struct snapshot_keeper *keeper, bool all)
{
	const struct snapshot *snapshot = snapshot_hold(keeper->latest);
	unsigned parts = snapshot ? snapshot->parts : 0;
	struct waiting waiting[WAITING_MAX];
	size_t count = 0, left = 0;

	/* They may want to know again at once. */
	for (size_t i = 0; i < keeper->waiting_count; i++) {
		if (all || !(keeper->waiting[i].parts & ~keeper->answered_parts))
			waiting[count++] = keeper->waiting[i];
		else
			keeper->waiting[left++] = keeper->waiting[i];
	}
	keeper->waiting_count = left;
	for (size_t i = 0; i < count; i++)
		if (waiting[i].fresh)
			waiting[i].fresh(waiting[i].context, waiting[i].parts & ~parts ? NULL : snapshot);
	snapshot_let_go(snapshot);
}

static void ask(struct snapshot_keeper *keeper);

static void publish(struct snapshot_keeper *keeper)
{
	struct snapshot_sink sinks[SINKS_MAX];
	struct snapshot_surroundings surroundings = {
		.time_ns = loop_wall_ns(),
		.partial = true,
		.parts = keeper->answered_parts,
		.before = keeper->latest,
		.alerts = keeper->settings.alerts,
		.sinks = sinks,
		.sink_count =
		    keeper->settings.sinks ? keeper->settings.sinks(keeper->settings.context, sinks, SINKS_MAX) : 0,
	};
	const struct snapshot *snapshot = snapshot_builder_finish(keeper->builder, &surroundings);

	keeper->builder = NULL;
	/* An answer to an earlier question, which was given up, may come late and have less than is asked for by now. */
	if (!(keeper->asked_parts & ~keeper->answered_parts))
		keeper->asked_ns = 0;
	if (!snapshot)
		return;
	snapshot_let_go(keeper->latest);
	keeper->latest = snapshot;
	keeper->latest_ns = loop_monotonic_ns();
	keeper->complained = false;
	tell_waiting(keeper, false);
	if (keeper->waiting_count && !keeper->asked_ns)
		ask(keeper);
}

/* One line that is not as it should be makes the whole answer one not to be believed: people get the answer before it. */
static void refuse(struct snapshot_keeper *keeper)
{
	const char *problem = snapshot_builder_problem(keeper->builder);
	char text[320];

	snprintf(text, sizeof(text), "the engine's state is left out, and the page and 'espial status' fall behind: %s",
		 keeper->records > RECORDS_MAX ? "it has no end" : problem);
	if (!keeper->complained)
		keeper->settings.complain(keeper->settings.context, text);
	keeper->complained = true;
	snapshot_builder_free(keeper->builder);
	keeper->builder = NULL;
}

static void take_line(void *context, const char *line, size_t length)
{
	static const char ike[] = "{\"type\":\"ike_octets\"", state[] = "{\"type\":\"ike_state\"";
	struct snapshot_keeper *keeper = context;
	unsigned parts;

	if (!line)
		return;
	if ((length >= sizeof(ike) - 1 && memcmp(line, ike, sizeof(ike) - 1) == 0) ||
	    (length >= sizeof(state) - 1 && memcmp(line, state, sizeof(state) - 1) == 0)) {
		if (keeper->listening && keeper->settings.ike)
			keeper->settings.ike(keeper->settings.context, line, length);
	} else if (sscanf(line, STATE_BEGIN_FORMAT, &parts) == 1) {
		snapshot_builder_free(keeper->builder);
		keeper->builder = snapshot_builder_new();
		keeper->answered_parts = parts & RECORD_PARTS_ALL;
		keeper->records = 0;
	} else if (length == sizeof(STATE_END) - 1 && memcmp(line, STATE_END, length) == 0) {
		if (keeper->builder)
			publish(keeper);
	} else if (keeper->builder && length > 0) {
		if (++keeper->records > RECORDS_MAX || !snapshot_builder_line(keeper->builder, line, length))
			refuse(keeper);
	}
}

static void on_readable(void *context)
{
	struct snapshot_keeper *keeper = context;
	ssize_t count = recv(keeper->settings.engine, keeper->octets, READ_SIZE, MSG_DONTWAIT);

	if (count > 0) {
		line_reader_take(keeper->lines, keeper->octets, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_forget(keeper->settings.loop, keeper->readable);
		keeper->readable = NULL;
	}
}

static void ask(struct snapshot_keeper *keeper)
{
	char request[64];

	keeper->asked_ns = loop_monotonic_ns();
	keeper->asked_parts = 0;
	for (size_t i = 0; i < keeper->waiting_count; i++)
		keeper->asked_parts |= keeper->waiting[i].parts;
	snprintf(request, sizeof(request), STATE_WANTED_FORMAT "\n", keeper->asked_parts);
	/* If it cannot be sent there is no engine, or one that does not read: then patience ends it. */
	(void)!send(keeper->settings.engine, request, strlen(request), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void listen_on(struct snapshot_keeper *keeper)
{
	static const char request[] = IKE_WANTED "\n";

	keeper->listened_ns = loop_monotonic_ns();
	(void)!send(keeper->settings.engine, request, sizeof(request) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_tick(void *context)
{
	struct snapshot_keeper *keeper = context;
	int64_t now = loop_monotonic_ns();

	if (keeper->asked_ns && now - keeper->asked_ns > PATIENCE_NS) {
		keeper->asked_ns = 0;
		tell_waiting(keeper, true);
	}
	if (keeper->waiting_count && !keeper->asked_ns)
		ask(keeper);
	if (keeper->listening && now - keeper->listened_ns >= LISTEN_NS)
		listen_on(keeper);
}

void snapshot_keeper_listen(struct snapshot_keeper *keeper, bool listen)
{
	if (listen && !keeper->listening)
		listen_on(keeper);
	keeper->listening = listen;
}

struct snapshot_keeper *snapshot_keeper_new(const struct snapshot_keeper_settings *settings)
{
	struct snapshot_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	keeper->settings = *settings;
	keeper->octets = malloc(READ_SIZE);
	keeper->lines = line_reader_new(RECORD_LINE_MAX, take_line, keeper);
	keeper->readable = loop_on_readable(settings->loop, settings->engine, on_readable, keeper);
	if (!keeper->octets || !keeper->lines || !keeper->readable ||
	    !loop_every(settings->loop, TICK_MS, on_tick, keeper)) {
		snapshot_keeper_free(keeper);
		return NULL;
	}
	return keeper;
}

void snapshot_keeper_free(struct snapshot_keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->readable)
		loop_forget(keeper->settings.loop, keeper->readable);
	snapshot_builder_free(keeper->builder);
	snapshot_let_go(keeper->latest);
	free(keeper->octets);
	line_reader_free(keeper->lines);
	free(keeper);
}

const struct snapshot *snapshot_keeper_latest(const struct snapshot_keeper *keeper)
{
	return snapshot_hold(keeper->latest);
}

bool snapshot_keeper_want(struct snapshot_keeper *keeper, unsigned parts,
			  void (*fresh)(void *context, const struct snapshot *snapshot), void *context)
{
	if (keeper->latest && loop_monotonic_ns() - keeper->latest_ns < FRESH_NS && !(parts & ~keeper->latest->parts)) {
		fresh(context, keeper->latest);
		return true;
	}
	if (keeper->waiting_count == WAITING_MAX)
		return false;
	keeper->waiting[keeper->waiting_count++] = (struct waiting){ fresh, context, parts };
	if (!keeper->asked_ns)
		ask(keeper);
	return true;
}

void snapshot_keeper_forget(struct snapshot_keeper *keeper, const void *context)
{
	for (size_t i = 0; i < keeper->waiting_count; i++)
		if (keeper->waiting[i].context == context)
			keeper->waiting[i].fresh = NULL;
}
