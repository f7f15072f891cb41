/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's answer to "state-wanted": its state as JSON lines, the parts that are asked for, without holding up capture or judge.
 *
 * The capturing thread copies the tables in slices of a millisecond or so between batches; a thread that lives as long as
 * the answer sorts, writes and may wait for the reporter to read. One answer at a time; requests meanwhile are answered
 * by the next. It also keeps the inventory (report/inventory.h), which is one of the parts. The lines of an answer stand between
 * "state-begin", which says what parts are in it, and "state-end". Between answers go IKE messages, while they are wanted: ike_tap.h.
 */
#ifndef ESPIAL_DAEMON_STATE_WRITER_H
#define ESPIAL_DAEMON_STATE_WRITER_H

#include <stdint.h>

struct engine;
struct live;
struct record;
struct loop;
struct processors;
struct state_writer;

struct state_writer_settings {
	struct loop *loop; /* the capturing thread's */
	struct engine *engine;
	struct live *live;
	const char *sensor; /* borrowed */
	int64_t started_ns; /* wall clock of the engine's start */
	/* where others run while the capturing thread is pinned, else none; borrowed */
	const struct processors *processors;
	int descriptor; /* stream socket: requests in, lines out */
};

/* The lines by which reporter and engine understand each other on that socket. */
#define STATE_WANTED_FORMAT "{\"type\":\"state-wanted\",\"parts\":%u}" /* enum record_part */
#define STATE_BEGIN_FORMAT "{\"type\":\"state-begin\",\"parts\":%u}"   /* likewise: at least what was asked for */
#define STATE_END "{\"type\":\"state-end\"}"

/* NULL on lack of memory. */
struct state_writer *state_writer_new(const struct state_writer_settings *settings);

/* The judge's thread: what it judged, an IKE message or a finding, for the inventory and for who listens. */
void state_writer_judged(struct state_writer *writer, const struct record *record);

/* Waits for the end of an answer that is being written; before the engine is freed. */
void state_writer_free(struct state_writer *writer);

#endif
