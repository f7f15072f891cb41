/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine process: captures, judges, and writes JSON lines to the reporter. It holds CAP_NET_RAW and nothing else.
 *
 * SIGTERM ends it cleanly with a final summary, SIGUSR1 makes it write the records of its present state.
 */
#ifndef ESPIAL_DAEMON_ENGINE_PROCESS_H
#define ESPIAL_DAEMON_ENGINE_PROCESS_H

#include <stdint.h>

struct config;

struct engine_process {
	const struct config *config; /* sealed */
	int to_reporter;             /* stream socket or pipe for JSON lines */
	int state;                   /* stream socket: requests for the state in, its JSON lines out; -1: none */
	int orders;                  /* stream socket: configurations in, outcomes out (reload.h); -1: none */
	int known;                   /* stream socket: what the engine before this one knew (handover.h); -1: none */
	int evidence;                /* packet socket: frames of alerts out (report/evidence_parcel.h); -1: none */
	int ready;                   /* pipe: "+" once capture runs, "e" every second while it does; -1: nobody waits */
	int64_t unseen_ns;           /* not 0: an engine before this one ended so long ago; becomes a finding */
};

/* Runs until SIGTERM. Returns the exit status. */
int engine_process_run(const struct engine_process *process);

#endif
