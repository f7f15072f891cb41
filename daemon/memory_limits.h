/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the tables, and the frames that report.evidence remembers, fit into `limits.memory`, which is the ceiling of all of them
 * together: what the file names stays, what it does not name is made smaller. And what the system is told of it.
 */
#ifndef ESPIAL_DAEMON_MEMORY_LIMITS_H
#define ESPIAL_DAEMON_MEMORY_LIMITS_H

#include "../config/config.h"

enum { LIMITS_TEXT_SIZE = 512 };

struct limits_outcome {
	char text[LIMITS_TEXT_SIZE]; /* what they take by part; or why they do not fit, and what to do */
	bool scaled;                 /* some were made smaller */
};

/* Changes limits of the configuration that it does not name. False if the named ones cannot fit. */
bool limits_fit(struct config *config, struct limits_outcome *outcome);

/*
 * A ceiling of the process's address space, for what should not be: what it asks for beyond finds no memory, which is told like
 * any lack of memory. Above all that tables, their copies and threads may map. Nothing where that cannot be had.
 */
void limits_hold_process(const struct config *config);

/* Whether the service manager gives less memory than the tables may take: then `text` says so, and what to do. */
bool limits_exceed_service(const struct config *config, char text[LIMITS_TEXT_SIZE]);

#endif
