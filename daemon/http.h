/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page, the JSON API and the metrics, over HTTP/1.1 (evhttp): the home of it, beside the event loop.
 *
 * Read only: GET and HEAD. It answers from a snapshot, a piece at a time as the other side reads, so that no client, slow, many or hostile, keeps the reporter from its sinks: connections, the octets and the time that a
 * request may take, and the time that an answer may take, have bounds; where there are too many connections, those are closed
 * that ask for nothing. What it serves is listed in docs/api.md.
 */
#ifndef ESPIAL_DAEMON_HTTP_H
#define ESPIAL_DAEMON_HTTP_H

#include "http_listen.h"

#include <stdbool.h>

struct finding;
struct http;
struct loop;
struct snapshot;

struct http_settings {
	const struct http_door *door; /* copied; its descriptor is owned from now on */
	/*
	 * Asks for a new snapshot with the parts (enum record_part): `fresh` is to be called once, at once or later, with one to borrow, NULL if there is none. False:
	 * nobody will call. NULL: there are none but those of http_publish().
	 */
	bool (*want)(void *source, unsigned parts, void (*fresh)(void *context, const struct snapshot *snapshot),
		     void *context);
	/* Takes the last back: the context is about to be freed. */
	void (*forget)(void *source, const void *context);
	void *source; /* for both */
	/* Bounds; 0: the defaults. */
	unsigned connections_max;
	unsigned request_ms; /* how long a connection may take for a request, or wait between two */
	unsigned answer_ms;  /* how long an answer may take to be read */
};

/* Begins to answer. NULL on lack of memory; the door is closed then. */
struct http *http_new(struct loop *loop, const struct http_settings *settings);

/* From now on answers are of this snapshot, which is held; NULL: the sensor has not told its state yet. */
void http_publish(struct http *http, const struct snapshot *snapshot);

/* Counts a finding for the metrics. */
void http_count(struct http *http, const struct finding *finding);

/* Closes all connections and removes the socket file. */
void http_free(struct http *http);

#endif
