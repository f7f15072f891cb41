/* SPDX-License-Identifier: Apache-2.0 */
/* See loop.h. */
#include "loop.h"

#include <event2/event.h>

#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#ifdef ESPIAL_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define SECOND INT64_C(1000000000)

struct loop_event {
	struct event *event; /* owned */
	void (*call)(void *context);
	void *context;
	struct loop_event *next;
};

struct loop {
	struct event_base *base;   /* owned */
	struct loop_event *events; /* owned list */
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->base = event_base_new();
	if (!loop->base) {
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->events)
		loop_forget(loop, loop->events);
	event_base_free(loop->base);
	free(loop);
}

static void pass_on(evutil_socket_t descriptor, short what, void *context)
{
	const struct loop_event *event = context;

	(void)descriptor;
	(void)what;
	event->call(event->context);
}

static struct loop_event *add(struct loop *loop, evutil_socket_t source, short what, const struct timeval *period,
			      void (*call)(void *context), void *context)
{
	struct loop_event *event = calloc(1, sizeof(*event));

	if (!event)
		return NULL;
	event->call = call;
	event->context = context;
	event->event = event_new(loop->base, source, (short)(what | EV_PERSIST), pass_on, event);
	if (!event->event || event_add(event->event, period) != 0) {
		if (event->event)
			event_free(event->event);
		free(event);
		return NULL;
	}
	event->next = loop->events;
	loop->events = event;
	return event;
}

struct loop_event *loop_on_readable(struct loop *loop, int descriptor, void (*ready)(void *context), void *context)
{
	return add(loop, descriptor, EV_READ, NULL, ready, context);
}

struct loop_event *loop_on_writable(struct loop *loop, int descriptor, void (*ready)(void *context), void *context)
{
	return add(loop, descriptor, EV_WRITE, NULL, ready, context);
}

void loop_forget(struct loop *loop, struct loop_event *event)
{
	struct loop_event **from = &loop->events;

	if (!event)
		return;
	while (*from && *from != event)
		from = &(*from)->next;
	if (*from)
		*from = event->next;
	event_free(event->event);
	free(event);
}

bool loop_every(struct loop *loop, unsigned milliseconds, void (*due)(void *context), void *context)
{
	struct timeval period = { .tv_sec = milliseconds / 1000, .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000 };

	return add(loop, -1, 0, &period, due, context) != NULL;
}

bool loop_on_signal(struct loop *loop, int number, void (*caught)(void *context), void *context)
{
	return add(loop, number, EV_SIGNAL, NULL, caught, context) != NULL;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

void loop_run(struct loop *loop)
{
	event_base_dispatch(loop->base);
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

int64_t loop_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t loop_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t loop_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

void loop_notify(const char *state)
{
#ifdef ESPIAL_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

const char *loop_library(void)
{
	return event_get_version();
}
