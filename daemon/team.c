/* SPDX-License-Identifier: Apache-2.0 */
/* See team.h. What a member writes, the calling thread reads between jobs. */
#include "team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	SPINS = 10000, /* looks at what others do, some hundred microseconds, before a thread sleeps */
	JOB_END = -1,
	JOB_BEGIN = -2, /* nothing: who is done with it has begun, and said which thread it is */
};

struct member {
	struct team *team;
	unsigned index;
	pthread_t thread;
	pid_t number;
	bool runs;
	int64_t worked_ns;
};

struct team {
	team_work *work;
	void *context;
	unsigned count;
	struct member members[TEAM_MAX];
	int64_t together_ns;
	int job;                /* written before `order` */
	atomic_uint order;      /* counts the jobs that were given */
	atomic_uint done;       /* threads that are done with the latest */
	atomic_uint sleepers;   /* threads that wait for `go` */
	atomic_bool all_wanted; /* the calling thread waits for `all_done` */
	pthread_mutex_t lock;
	pthread_cond_t go, all_done;
};

static inline void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static unsigned await_order(struct team *team, unsigned seen)
{
	unsigned order;

	for (unsigned spin = 0; spin < SPINS; spin++) {
		order = atomic_load_explicit(&team->order, memory_order_acquire);
		if (order != seen)
			return order;
		pause_a_moment();
	}
	/* Who gives the order looks for sleepers after it gave it, and whoever goes to sleep looks for it after saying so. */
	pthread_mutex_lock(&team->lock);
	atomic_fetch_add(&team->sleepers, 1);
	while ((order = atomic_load(&team->order)) == seen)
		pthread_cond_wait(&team->go, &team->lock);
	atomic_fetch_sub(&team->sleepers, 1);
	pthread_mutex_unlock(&team->lock);
	return order;
}

static void do_part(struct team *team, int job, struct member *member)
{
	int64_t began = clock_ns();

	team->work(team->context, job, member->index);
	member->worked_ns += clock_ns() - began;
}

static void *member_thread(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	unsigned seen = 0;

	member->number = gettid();
	for (;;) {
		seen = await_order(team, seen);
		int job = team->job;
		if (job == JOB_END)
			break;
		if (job != JOB_BEGIN)
			do_part(team, job, member);
		if (atomic_fetch_add(&team->done, 1) + 2 == team->count && atomic_load(&team->all_wanted)) {
			pthread_mutex_lock(&team->lock);
			pthread_cond_signal(&team->all_done);
			pthread_mutex_unlock(&team->lock);
		}
	}
	return NULL;
}

static void give_order(struct team *team, int job)
{
	team->job = job;
	atomic_store(&team->done, 0);
	atomic_fetch_add(&team->order, 1);
	if (atomic_load(&team->sleepers) == 0)
		return;
	pthread_mutex_lock(&team->lock);
	pthread_cond_broadcast(&team->go);
	pthread_mutex_unlock(&team->lock);
}

static void await_all(struct team *team)
{
	unsigned others = team->count - 1;

	for (unsigned spin = 0; spin < SPINS; spin++) {
		if (atomic_load_explicit(&team->done, memory_order_acquire) == others)
			return;
		pause_a_moment();
	}
	pthread_mutex_lock(&team->lock);
	atomic_store(&team->all_wanted, true);
	while (atomic_load(&team->done) != others)
		pthread_cond_wait(&team->all_done, &team->lock);
	atomic_store(&team->all_wanted, false);
	pthread_mutex_unlock(&team->lock);
}

void team_do(struct team *team, int job)
{
	int64_t began = clock_ns();

	give_order(team, job);
	do_part(team, job, &team->members[0]);
	await_all(team);
	team->together_ns += clock_ns() - began;
}

struct team *team_new(unsigned count, team_work *work, void *context)
{
	struct team *team = calloc(1, sizeof(*team));

	if (!team)
		return NULL;
	team->work = work;
	team->context = context;
	team->count = count < TEAM_MAX ? count : TEAM_MAX;
	if (pthread_mutex_init(&team->lock, NULL) != 0) {
		free(team);
		return NULL;
	}
	pthread_cond_init(&team->go, NULL);
	pthread_cond_init(&team->all_done, NULL);
	for (unsigned i = 0; i < team->count; i++) {
		struct member *member = &team->members[i];
		*member = (struct member){ .team = team, .index = i };
		if (i == 0)
			continue;
		member->runs = pthread_create(&member->thread, NULL, member_thread, member) == 0;
		if (!member->runs) {
			team_free(team);
			return NULL;
		}
	}
	give_order(team, JOB_BEGIN);
	await_all(team);
	return team;
}

void team_free(struct team *team)
{
	if (!team)
		return;
	give_order(team, JOB_END);
	for (unsigned i = 1; i < team->count; i++)
		if (team->members[i].runs)
			pthread_join(team->members[i].thread, NULL);
	pthread_cond_destroy(&team->go);
	pthread_cond_destroy(&team->all_done);
	pthread_mutex_destroy(&team->lock);
	free(team);
}

pid_t team_thread(const struct team *team, unsigned index)
{
	return index == 0 ? gettid() : team->members[index].number;
}

int64_t team_together_ns(const struct team *team)
{
	return team->together_ns;
}

int64_t team_waited_ns(const struct team *team, unsigned index)
{
	return team->together_ns - team->members[index].worked_ns;
}
