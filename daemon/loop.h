/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: the home of libevent, and of readiness and watchdog through libsystemd.
 *
 * A loop belongs to one thread. Callbacks run one after the other. What is added stays until the loop is freed, except
 * descriptors, which loop_forget() takes out.
 */
#ifndef ESPIAL_DAEMON_LOOP_H
#define ESPIAL_DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_event;

/* NULL on lack of memory or descriptors. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Calls `ready` whenever the descriptor can be read. NULL on failure. */
struct loop_event *loop_on_readable(struct loop *loop, int descriptor, void (*ready)(void *context), void *context);
/* Calls `ready` whenever the descriptor takes octets: forget it when there is nothing to write. */
struct loop_event *loop_on_writable(struct loop *loop, int descriptor, void (*ready)(void *context), void *context);
void loop_forget(struct loop *loop, struct loop_event *event);

/* Calls `due` every `milliseconds`. */
bool loop_every(struct loop *loop, unsigned milliseconds, void (*due)(void *context), void *context);

/* Calls `caught` from the loop, not from the signal handler. */
bool loop_on_signal(struct loop *loop, int number, void (*caught)(void *context), void *context);

/* The library's own loop, for what speaks to clients through it (control.c, http.c). */
struct event_base *loop_base(struct loop *loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* CLOCK_MONOTONIC and CLOCK_REALTIME, nanoseconds: for edges only. */
int64_t loop_monotonic_ns(void);
int64_t loop_wall_ns(void);
/* CLOCK_BOOTTIME: the monotonic clock that goes on while the machine sleeps, as the wall clock does. */
int64_t loop_boot_ns(void);

/* Tells the service manager, if there is one: "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=...". */
void loop_notify(const char *state);

/* "libevent 2.1.12-stable" for --version. */
const char *loop_library(void);

#endif
