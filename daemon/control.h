/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: where `espial status` and its like ask the running daemon. docs/control-protocol.md is its contract.
 *
 * Clients are taken to be hostile: their number, the length of a request, the time until it is complete, and what waits to
 * be read by them are bounded, and who exceeds is put out with one line that says why. Answers are streamed from a held
 * snapshot as fast as the client reads, so a slow one costs memory that is bounded and nobody's time.
 */
#ifndef ESPIAL_DAEMON_CONTROL_H
#define ESPIAL_DAEMON_CONTROL_H

#include "snapshot_keeper.h"

#include <stdbool.h>
#include <stddef.h>

struct control;
struct loop;

struct control_settings {
	struct loop *loop;
	int listening; /* from local_socket_listen(); owned from now on */
	struct snapshot_keeper *keeper;
	struct open_alerts *alerts; /* to acknowledge; of the same thread */
	const char *store;          /* path of the history, NULL: none */
	struct sink *history;       /* the store itself, which takes looks; borrowed; NULL: none */
	const char *evidence;       /* path of the captures of alerts, NULL: none */
	/* Asks for what is not this thread's to do: "reload" or "test-alert". False if it cannot be asked now. The answer is
	 * brought by control_answer(). */
	bool (*order)(void *context, const char *what);
	/* Somebody knows of the alert until then (nanoseconds since the epoch), 0 takes it back: for who tells sinks. False if
	 * that cannot be said now. */
	bool (*acknowledge)(void *context, uint64_t alert, int64_t until_ns);
	void *context;
};

/* NULL on lack of memory. */
struct control *control_new(const struct control_settings *settings);
void control_free(struct control *control);

/* A line of ike_tap.h from the engine, for everyone who listens to IKE messages. */
void control_tell_ike(struct control *control, const char *line, size_t length);

/* The outcome of what was ordered, for everyone who waits for it: one sentence, or several lines. */
void control_answer(struct control *control, const char *what, bool done, const char *text);

#endif
