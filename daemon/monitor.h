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
#include <stddef.h>

struct config;

/* Where the configuration comes from when it is to be read again. */
struct monitor_reload {
	/* The configuration as it is in its file now, sealed, and the message about it that reload.h describes: both are the
	 * caller's. NULL with one sentence if it cannot be used. */
	struct config *(*read)(void *context, char **text, size_t *length, char *problem, size_t problem_size);
	void *context;
};

/*
 * Runs until SIGTERM or SIGINT. Returns the exit status of the program: 0 after a clean end, 2 if capture could not begin.
 *
 * SIGHUP, or the reporter's word, has the configuration read again and passed to the engine, which goes on capturing with
 * all that it knows. The reporter is started anew if what it does changed. A configuration that cannot be used changes nothing.
 */
int monitor_run(const struct config *config, const struct monitor_reload *reload);

#endif
