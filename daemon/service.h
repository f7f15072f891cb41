/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers people: a thread of the reporter with an event loop of its own, so that no client of the control socket or
 * of the page, however it behaves, comes between an alert and its sinks.
 *
 * It owns the snapshot keeper, the open alerts, the control socket and the page, and has the store take a look every five
 * minutes. The reporter's thread passes it copies: each
 * finding's line, and how the sinks fare.
 */
#ifndef ESPIAL_DAEMON_SERVICE_H
#define ESPIAL_DAEMON_SERVICE_H

#include "report/sink.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct http_door;
struct mailbox;
struct service;

struct service_settings {
	const struct config *config;  /* borrowed */
	int engine;                   /* stream socket to the engine's state writer */
	int listening;                /* control socket, from local_socket_listen(); -1: none; owned from now on */
	const struct http_door *page; /* copied; descriptor -1: there is none; owned from now on */
	struct mailbox *orders;       /* "reload", "test-alert" and SERVICE_ACKNOWLEDGE go here; borrowed */
	struct sink *store;           /* takes looks for the history of traffic; borrowed; NULL: there is none */
	struct record_sink notices;   /* called in the service's thread */
};

/* Somebody knows of the alert of this number until then, nanoseconds since the epoch; 0 takes it back. */
#define SERVICE_ACKNOWLEDGE "ack %llx %lld"

/* Starts the thread. NULL on lack of memory. */
struct service *service_new(const struct service_settings *settings);

/* Ends the thread. */
void service_free(struct service *service);

/* A finding as sinks get it. */
void service_tell_finding(struct service *service, const char *line, size_t length);

/* An alert that is open since a former life of the reporter, by its last finding; until when it is acknowledged, 0: it is not. */
void service_tell_open(struct service *service, const char *line, int64_t opened_ns, int64_t acknowledged_ns);

/* How the sinks fare now. */
void service_tell_sinks(struct service *service, struct sink *const *sinks, size_t count);

/* What became of an order. */
void service_tell_outcome(struct service *service, const char *what, bool done, const char *text);

#endif
