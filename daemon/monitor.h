/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor: starts the engine and the reporter, starts them again when one ends unasked, and passes signals on.
 *
 * It reads nothing that comes from the network. Between engine and reporter runs one stream of JSON lines whose two ends
 * the monitor keeps open, so that what one process wrote before the other ended is not lost.
 */
#ifndef ESPIAL_DAEMON_MONITOR_H
#define ESPIAL_DAEMON_MONITOR_H

#include <stdbool.h>

struct config;

enum { MONITOR_RELOAD = -1 };

/* What SIGHUP asks for: whether there is a new configuration to start again with. If not, everything goes on. */
struct monitor_reload {
	bool (*ready)(void *context);
	void *context;
};

/* Runs until SIGTERM or SIGINT. Returns the exit status of the program: 0 after a clean end, 2 if capture could not begin;
 * or MONITOR_RELOAD after a SIGHUP for which there is a new configuration. */
int monitor_run(const struct config *config, const struct monitor_reload *reload);

#endif
