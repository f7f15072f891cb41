/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `capture.pin` in the engine: puts capture and workers on their processors, and looks whether they still may run there. One that was
 * switched off, or taken from the service, is told once, and tried again each time. Called by engine_process.c, by the capturing
 * thread.
 */
#ifndef ESPIAL_DAEMON_PINS_H
#define ESPIAL_DAEMON_PINS_H

#include "processors.h"
#include "workers.h"

struct pins {
	struct engine *engine; /* borrowed */
	/* where threads of this process run that nobody pinned; of none while nobody is pinned */
	struct processors before;
	struct processors home; /* the same, in any case */
	struct processors asked;
	bool told[WORKERS_MAX]; /* that the worker is not where it should be */
};

/* Of a process that is not pinned yet, by what the configuration asks. */
void pins_begin(struct pins *pins, struct engine *engine, const struct config *config);

/* Another configuration. */
void pins_reload(struct pins *pins, const struct config *config);

/* The next sentence about a worker that lost its processor, or has it again; false if there is none. To be asked until then. */
struct pins_news {
	bool lost;
	char text[256];
};
bool pins_look(struct pins *pins, struct pins_news *news);

#endif
