/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the present snapshot (report/snapshot.h), and has a new one made when somebody wants it.
 *
 * It asks the engine, at most once a second, and only while somebody wants to know. Belongs to the thread of its loop.
 */
#ifndef ESPIAL_DAEMON_SNAPSHOT_KEEPER_H
#define ESPIAL_DAEMON_SNAPSHOT_KEEPER_H

#include "report/open_alerts.h"
#include "report/snapshot.h"

struct loop;
struct snapshot_keeper;

struct snapshot_keeper_settings {
	struct loop *loop;
	int engine;                 /* stream socket to the engine's state writer */
	struct open_alerts *alerts; /* borrowed; of the same thread */
	/* Hands over how the sinks fare; returns how many, at most `max`. Names live as long as the keeper. */
	size_t (*sinks)(void *context, struct snapshot_sink *sinks, size_t max);
	/* Takes a line of ike_tap.h, as it came; NULL: nobody ever listens. */
	void (*ike)(void *context, const char *line, size_t length);
	/* What is wrong with what the engine says, once until it is well again. */
	void (*complain)(void *context, const char *text);
	void *context;
};

/* NULL on lack of memory. */
struct snapshot_keeper *snapshot_keeper_new(const struct snapshot_keeper_settings *settings);
void snapshot_keeper_free(struct snapshot_keeper *keeper);

/* The latest snapshot, held for the caller, who lets it go; NULL before the first. */
const struct snapshot *snapshot_keeper_latest(const struct snapshot_keeper *keeper);

/*
 * Calls `fresh` once, from the loop or before this returns, with a snapshot that is at most a second old and has the parts
 * (enum record_part; 0: totals, health and alerts alone): borrowed for the call, hold it to keep it. If the engine does not
 * answer within eight seconds it gets the latest there is, or NULL if that has not the parts. False if too many wait already.
 */
bool snapshot_keeper_want(struct snapshot_keeper *keeper, unsigned parts,
			  void (*fresh)(void *context, const struct snapshot *snapshot), void *context);

/* Somebody listens to IKE messages from now on, or nobody does any longer: the engine is told every second. */
void snapshot_keeper_listen(struct snapshot_keeper *keeper, bool listen);

/* Forgets what was asked for with this context: it is about to be freed. */
void snapshot_keeper_forget(struct snapshot_keeper *keeper, const void *context);

#endif
