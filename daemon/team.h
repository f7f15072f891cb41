/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that do jobs together: each does its part, and all wait for the last one. The calling thread is one of them. Called by
 * workers.c; all functions are the calling thread's.
 */
#ifndef ESPIAL_DAEMON_TEAM_H
#define ESPIAL_DAEMON_TEAM_H

#include <stdint.h>
#include <sys/types.h>

struct team;

enum { TEAM_MAX = 8 };

/* job: what it is, of the caller's own meaning, from 0. */
typedef void team_work(void *context, int job, unsigned index);

/* Starts count - 1 threads, which sleep. NULL on lack of memory, or if there cannot be so many. */
struct team *team_new(unsigned count, team_work *work, void *context);
void team_free(struct team *team);

/* Each does its part of the job: the calling thread that of index 0. Returns when all are done. */
void team_do(struct team *team, int job);

/* The system's number of a thread, once a job was done. */
pid_t team_thread(const struct team *team, unsigned index);

/* How long jobs took, from the order until the last one was done, and how much of that this one waited for others, or to be woken:
 * nanoseconds in all. */
int64_t team_together_ns(const struct team *team);
int64_t team_waited_ns(const struct team *team, unsigned index);

#endif
