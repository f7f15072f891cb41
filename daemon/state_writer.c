/* SPDX-License-Identifier: Apache-2.0 */
/* See state_writer.h. */
#include "state_writer.h"

#include "audit/record.h"
#include "certificate.h"
#include "engine.h"
#include "ike_tap.h"
#include "live.h"
#include "loop.h"
#include "processors.h"
#include "report/inventory.h"
#include "report/json.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SLICE_NS INT64_C(1500000) /* of a tick, for copying */

enum {
	TICK_MS = 10,
	ENTRIES = 512, /* between two looks at the clock */
	BUFFER_SIZE = 64 << 10,
	REQUEST_SIZE = 256,
	INTERFACES_MAX = 64,
	PATIENCE_MS = 10000, /* a reporter that reads nothing for so long gets no answer */
};

struct state_writer {
	struct state_writer_settings settings;
	struct ike_tap *ike; /* owned */
	struct loop_event *readable;
	char request[REQUEST_SIZE];
	size_t request_length;
	bool wanted;
	unsigned parts_wanted;       /* enum record_part; of all who asked since the answer before */
	struct inventory *inventory; /* the judge's thread writes to it; owned */
	struct engine_state *state;  /* while copying, and while written */
	bool collecting;
	pthread_t thread;
	bool thread_runs;
	unsigned parts;            /* of the answer that is made */
	struct inventory *telling; /* a copy, while it is written; owned; NULL: it is not asked for */
	atomic_bool written;       /* the thread is done */
	atomic_bool stop;
	struct record_interface interfaces[INTERFACES_MAX];
	size_t interface_count;
	struct record_cost read;      /* what it costs to take frames out of the rings */
	struct processors processors; /* where the thread runs; none: as the one that starts it */
	/* the thread's */
	char *buffer; /* BUFFER_SIZE, owned */
	size_t used;
	bool failed;
};

/* Sends what is in the buffer; gives up when told to stop or when nobody reads. */
static void flush(struct state_writer *writer)
{
	size_t sent = 0;

	for (unsigned waited = 0; !writer->failed && sent < writer->used;) {
		ssize_t count = send(writer->settings.descriptor, writer->buffer + sent, writer->used - sent,
				     MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count > 0) {
			sent += (size_t)count;
			waited = 0;
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		struct pollfd ready = { .fd = writer->settings.descriptor, .events = POLLOUT };
		if (count == 0 || errno != EAGAIN || atomic_load(&writer->stop) || waited >= PATIENCE_MS)
			writer->failed = true;
		else if (poll(&ready, 1, 100) == 0)
			waited += 100;
	}
	writer->used = 0;
}

static void put_line(struct state_writer *writer, const char *line)
{
	size_t length = strlen(line);

	if (writer->used + length + 1 > BUFFER_SIZE)
		flush(writer);
	if (writer->failed || length + 1 > BUFFER_SIZE)
		return;
	memcpy(writer->buffer + writer->used, line, length);
	writer->buffer[writer->used + length] = '\n';
	writer->used += length + 1;
}

static void put_record(void *context, const struct record *record)
{
	struct state_writer *writer = context;
	if (writer->telling && record->type == RECORD_SA)
		inventory_add(writer->telling, record);
	char *line = writer->failed ? NULL : record_to_json(record, writer->settings.sensor);

	if (line)
		put_line(writer, line);
	free(line);
}

static void copy_inventory(void *context)
{
	struct state_writer *writer = context;

	writer->telling = inventory_copy(writer->inventory);
}

static void put_inventory(struct state_writer *writer)
{
	inventory_sort(writer->telling);
	for (size_t i = 0; i < inventory_json_count(writer->telling) && !writer->failed; i++) {
		char *line = inventory_json_line(writer->telling, i, writer->settings.sensor);
		if (line)
			put_line(writer, line);
		free(line);
	}
	inventory_free(writer->telling);
	writer->telling = NULL;
}

static void *write_state(void *context)
{
	struct state_writer *writer = context;
	struct record_sink sink = { put_record, writer };
	struct record record = { .type = RECORD_HEALTH, .time_ns = loop_wall_ns() };
	char begin[sizeof(STATE_BEGIN_FORMAT) + 16];

	/* It has the processors of the thread that started it, which are for packets. */
	(void)processors_take(&writer->processors);
	writer->used = 0;
	writer->failed = false;
	/* The answer before may have been given up in the middle of a line. */
	put_line(writer, "");
	snprintf(begin, sizeof(begin), STATE_BEGIN_FORMAT, writer->parts);
	put_line(writer, begin);
	if (writer->parts & RECORD_PART_INVENTORY)
		engine_while_judge_stands(writer->settings.engine, copy_inventory, writer);
	writer->failed |= !engine_state_write(writer->state, &sink); /* who asked hears no end of it, and asks again */
	record.health = (struct record_health){
		.version = ESPIAL_VERSION,
		.started_ns = writer->settings.started_ns,
		.interfaces = writer->interfaces,
		.interface_count = writer->interface_count,
		.stages = { [RECORD_STAGE_READ] = writer->read },
	};
	engine_state_health(writer->state, &record.health);
	put_record(writer, &record);
	if (writer->telling)
		put_inventory(writer);
	put_line(writer, STATE_END);
	flush(writer);
	atomic_store(&writer->written, true);
	return NULL;
}

static void end_answer(struct state_writer *writer)
{
	if (writer->thread_runs)
		pthread_join(writer->thread, NULL);
	writer->thread_runs = false;
	engine_state_free(writer->state);
	writer->state = NULL;
	writer->collecting = false;
}

static void collect(struct state_writer *writer)
{
	int64_t until = loop_monotonic_ns() + SLICE_NS;

	do {
		if (!engine_state_collect(writer->state, ENTRIES))
			continue;
		writer->collecting = false;
		writer->read = live_cost(writer->settings.live);
		writer->processors = *writer->settings.processors;
		writer->interface_count = live_interfaces(writer->settings.live, writer->interfaces, INTERFACES_MAX);
		atomic_store(&writer->written, false);
		writer->thread_runs = pthread_create(&writer->thread, NULL, write_state, writer) == 0;
		if (!writer->thread_runs)
			end_answer(writer);
		return;
	} while (loop_monotonic_ns() < until);
}

static void on_tick(void *context)
{
	struct state_writer *writer = context;

	if (writer->thread_runs && atomic_load(&writer->written))
		end_answer(writer);
	if (!writer->state && writer->wanted && ike_tap_is_idle(writer->ike)) {
		writer->wanted = false;
		/* The inventory tells of SAs too. */
		writer->parts = writer->parts_wanted & RECORD_PART_INVENTORY ? writer->parts_wanted | RECORD_PART_SAS
									     : writer->parts_wanted;
		writer->parts_wanted = 0;
		writer->state = engine_state_new(writer->settings.engine, writer->parts, false);
		writer->collecting = writer->state != NULL;
	}
	if (writer->collecting)
		collect(writer);
	if (!writer->thread_runs)
		ike_tap_send(writer->ike, loop_monotonic_ns());
}

static void take_request(struct state_writer *writer)
{
	unsigned parts;

	if (sscanf(writer->request, STATE_WANTED_FORMAT, &parts) == 1) {
		writer->wanted = true;
		writer->parts_wanted |= parts & RECORD_PARTS_ALL;
	} else if (strcmp(writer->request, IKE_WANTED) == 0)
		ike_tap_wanted(writer->ike, loop_monotonic_ns());
}

void state_writer_judged(struct state_writer *writer, const struct record *record)
{
	inventory_add(writer->inventory, record);
	if (record->type == RECORD_IKE_MESSAGE)
		ike_tap_put(writer->ike, record);
}

static void on_readable(void *context)
{
	struct state_writer *writer = context;
	char octets[REQUEST_SIZE];
	ssize_t count = recv(writer->settings.descriptor, octets, sizeof(octets), MSG_DONTWAIT);

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_forget(writer->settings.loop, writer->readable);
		writer->readable = NULL;
		return;
	}
	for (ssize_t i = 0; i < count; i++) {
		if (octets[i] != '\n') {
			/* What is too long is no request of ours: its end is kept, which makes it none. */
			writer->request_length %= REQUEST_SIZE - 1;
			writer->request[writer->request_length++] = octets[i];
			continue;
		}
		writer->request[writer->request_length] = '\0';
		take_request(writer);
		writer->request_length = 0;
	}
}

struct state_writer *state_writer_new(const struct state_writer_settings *settings)
{
	struct state_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->settings = *settings;
	writer->buffer = malloc(BUFFER_SIZE);
	writer->ike = ike_tap_new(settings->sensor, settings->descriptor);
	writer->inventory = inventory_new(certificate_read, NULL);
	writer->readable = loop_on_readable(settings->loop, settings->descriptor, on_readable, writer);
	if (!writer->buffer || !writer->ike || !writer->inventory || !writer->readable ||
	    !loop_every(settings->loop, TICK_MS, on_tick, writer)) {
		state_writer_free(writer);
		return NULL;
	}
	return writer;
}

void state_writer_free(struct state_writer *writer)
{
	if (!writer)
		return;
	atomic_store(&writer->stop, true);
	end_answer(writer);
	ike_tap_free(writer->ike);
	inventory_free(writer->telling);
	inventory_free(writer->inventory);
	free(writer->buffer);
	free(writer);
}
