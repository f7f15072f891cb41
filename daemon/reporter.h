/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reporter process: takes the engine's JSON lines and passes them to the sinks. It holds no capability.
 *
 * It ends when the engine's side of the stream is closed and its sinks have had a last try.
 */
#ifndef ESPIAL_DAEMON_REPORTER_H
#define ESPIAL_DAEMON_REPORTER_H

#include <stdbool.h>

struct config;

struct reporter {
	const struct config *config;
	int from_engine; /* stream socket or pipe of JSON lines */
	int state;  /* stream socket: asks the engine for its state, whose lines come back (state_writer.h); -1: none */
	int pulse;  /* pipe: "r" every second while sinks are served; -1: nobody waits */
	int refuge; /* of spool_refuge_new(), for this reporter and those after it; -1: none */
	int known;  /* stream socket: what the next engine is to know goes there (handover.h); -1: nowhere */
	int evidence; /* packet socket: frames of alerts from the engine (report/evidence_parcel.h); -1: none */
	bool anew;    /* another one was there before in the life of this monitor */
	int monitor;  /* packet socket to the monitor: "reload", and its outcome; -1: none */
};

/* Runs until the stream ends. Returns the exit status. */
int reporter_run(const struct reporter *reporter);

#endif
