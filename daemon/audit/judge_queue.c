/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for the judge: transitions and timers, in two binary heaps, earliest first. Called by judge.c and, for timers, by
 * the rules.
 *
 * A timer belongs to a rule and a pair or host and is only good while the due_ns of that says the same time; asking for an
 * earlier time just puts another timer and lets the old one come to nothing.
 */
#include "judge_state.h"

#include <stdlib.h>

enum { HEAP_ROOM = 1024 };

static bool waits_before(const struct judge *judge, struct waiting left, struct waiting right)
{
	return left.time_ns != right.time_ns
		   ? left.time_ns < right.time_ns
		   : transition_before(&judge->waiting_in[left.slot], &judge->waiting_in[right.slot]);
}

/* Room for `room` that wait. False, and what there was stays, on lack of memory. */
static bool waiting_grow(struct judge *judge, size_t room)
{
	struct waiting *heap = realloc(judge->waiting, room * sizeof(*heap));
	if (heap)
		judge->waiting = heap;
	struct transition *slots = realloc(judge->waiting_in, room * sizeof(*slots));
	if (slots)
		judge->waiting_in = slots;
	uint32_t *unused = realloc(judge->waiting_free, room * sizeof(*unused));
	if (unused)
		judge->waiting_free = unused;
	if (!heap || !slots || !unused)
		return false;
	for (size_t slot = judge->waiting_room; slot < room; slot++)
		judge->waiting_free[slot] = (uint32_t)slot;
	judge->waiting_room = room;
	return true;
}

bool judge_queue_init(struct judge *judge)
{
	judge->timers = malloc(HEAP_ROOM * sizeof(*judge->timers));
	judge->timer_room = HEAP_ROOM;
	return waiting_grow(judge, HEAP_ROOM) && judge->timers;
}

void judge_queue_free(struct judge *judge)
{
	for (size_t i = 0; i < judge->waiting_count; i++)
		transition_discard(&judge->waiting_in[judge->waiting[i].slot]);
	free(judge->waiting);
	free(judge->waiting_in);
	free(judge->waiting_free);
	free(judge->timers);
}

void judge_put(struct judge *judge, const struct transition *transition)
{
	if (judge->waiting_count == judge->waiting_room && !waiting_grow(judge, 2 * judge->waiting_room)) {
		struct transition lost = *transition;
		transition_discard(&lost);
		judge->counters.lost++;
		return;
	}
	size_t at = judge->waiting_count++;
	struct waiting added = { transition->time_ns, judge->waiting_free[at] };
	judge->waiting_in[added.slot] = *transition;
	while (at > 0 && waits_before(judge, added, judge->waiting[(at - 1) / 2])) {
		judge->waiting[at] = judge->waiting[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	judge->waiting[at] = added;
}

struct transition judge_take_transition(struct judge *judge)
{
	struct waiting first = judge->waiting[0], last = judge->waiting[--judge->waiting_count];
	size_t count = judge->waiting_count, at = 0;

	for (size_t child = 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && waits_before(judge, judge->waiting[child + 1], judge->waiting[child]))
			child++;
		if (!waits_before(judge, judge->waiting[child], last))
			break;
		judge->waiting[at] = judge->waiting[child];
		at = child;
	}
	judge->waiting[at] = last;
	judge->waiting_free[count] = first.slot;
	return judge->waiting_in[first.slot];
}

static bool timer_before(const struct timer *left, const struct timer *right)
{
	return left->due_ns != right->due_ns   ? left->due_ns < right->due_ns
	       : left->owner != right->owner   ? left->owner < right->owner
	       : left->number != right->number ? left->number < right->number
					       : left->rule < right->rule;
}

/* Puts the timer where it belongs, from this place of the heap downwards. */
static void sift_timer(struct judge *judge, size_t at, struct timer timer)
{
	size_t count = judge->timer_count;

	for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && timer_before(&judge->timers[child + 1], &judge->timers[child]))
			child++;
		if (!timer_before(&judge->timers[child], &timer))
			break;
		judge->timers[at] = judge->timers[child];
		at = child;
	}
	judge->timers[at] = timer;
}

/* Where its owner has written down when it is due; of the sensor, and of an entry that is gone, NULL. */
static int64_t *owners_due(const struct judge *judge, const struct timer *timer)
{
	const struct table *table = timer->owner == TIMER_PAIR ? &judge->pairs : &judge->hosts;

	if (timer->owner == TIMER_SENSOR || !table_lives(table, timer->number))
		return NULL;
	if (timer->owner == TIMER_PAIR)
		return &((struct judged_pair *)table_at(table, timer->number))->due_ns[timer->rule];
	return &((struct judged_host *)table_at(table, timer->number))->due_ns[timer->rule];
}

static bool is_good(const struct judge *judge, const struct timer *timer)
{
	const int64_t *due_ns = owners_due(judge, timer);

	return timer->owner == TIMER_SENSOR || (due_ns && *due_ns == timer->due_ns);
}

/* Those of pairs that are gone would stay for as long as they were set: whoever makes pairs up could fill the memory. */
static void sweep_timers(struct judge *judge)
{
	size_t kept = 0;

	for (size_t i = 0; i < judge->timer_count; i++)
		if (is_good(judge, &judge->timers[i]))
			judge->timers[kept++] = judge->timers[i];
	judge->timer_count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_timer(judge, i, judge->timers[i]);
}

static void put_timer(struct judge *judge, struct timer timer)
{
	if (judge->timer_count == judge->timer_room) {
		sweep_timers(judge);
		struct timer *more = judge->timer_count > judge->timer_room / 2
					 ? realloc(judge->timers, 2 * judge->timer_room * sizeof(*more))
					 : NULL;
		if (more) {
			judge->timers = more;
			judge->timer_room *= 2;
		} else if (judge->timer_count == judge->timer_room) {
			judge->counters.lost++;
			return;
		}
	}
	size_t at = judge->timer_count++;
	while (at > 0 && timer_before(&timer, &judge->timers[(at - 1) / 2])) {
		judge->timers[at] = judge->timers[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	judge->timers[at] = timer;
}

bool judge_take_timer(struct judge *judge, struct timer *timer)
{
	struct timer last = judge->timers[--judge->timer_count];

	*timer = judge->timer_count > 0 ? judge->timers[0] : last;
	if (judge->timer_count > 0)
		sift_timer(judge, 0, last);
	if (!is_good(judge, timer))
		return false;
	int64_t *due_ns = owners_due(judge, timer);
	if (due_ns)
		*due_ns = 0;
	return true;
}

/* `due` is where the owner writes it down. */
static void wake(struct judge *judge, int64_t *due, struct timer timer)
{
	/* What should have been looked at long ago is looked at now: time does not run back. */
	if (timer.due_ns < judge->now_ns)
		timer.due_ns = judge->now_ns;
	if (*due && *due <= timer.due_ns)
		return;
	*due = timer.due_ns;
	put_timer(judge, timer);
}

void judge_wake(struct judge *judge, struct judged_pair *pair, enum rule_number rule, int64_t due_ns)
{
	uint32_t number = table_number(&judge->pairs, pair);

	wake(judge, &pair->due_ns[rule], (struct timer){ due_ns, number, TIMER_PAIR, (uint16_t)rule });
}

void judge_wake_host(struct judge *judge, struct judged_host *host, enum host_rule_number rule, int64_t due_ns)
{
	uint32_t number = table_number(&judge->hosts, host);

	wake(judge, &host->due_ns[rule], (struct timer){ due_ns, number, TIMER_HOST, (uint16_t)rule });
}

void judge_wake_sensor(struct judge *judge, enum sensor_timer timer, int64_t due_ns)
{
	put_timer(judge, (struct timer){ due_ns, 0, TIMER_SENSOR, (uint16_t)timer });
}
