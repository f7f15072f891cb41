/* SPDX-License-Identifier: Apache-2.0 */
/* See wheel.h. Called by the tracker. */
#include "wheel.h"

#include <stdlib.h>
#include <string.h>

#define TICK_NS (50 * INT64_C(1000000))

bool wheel_init(struct wheel *wheel, uint32_t capacity)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->next = calloc((size_t)capacity + 1, sizeof(*wheel->next));
	wheel->queued = calloc((size_t)capacity + 1, sizeof(*wheel->queued));
	if (wheel->next && wheel->queued)
		return true;
	wheel_destroy(wheel);
	return false;
}

void wheel_destroy(struct wheel *wheel)
{
	free(wheel->next);
	free(wheel->queued);
	memset(wheel, 0, sizeof(*wheel));
}

static void link_in(struct wheel *wheel, uint32_t number, int64_t due_ns)
{
	int64_t tick = due_ns / TICK_NS;

	/* What is due beyond the wheel's reach comes too early once a turn, which does no harm. */
	if (tick < wheel->tick)
		tick = wheel->tick;
	else if (tick >= wheel->tick + WHEEL_SLOTS)
		tick = wheel->tick + WHEEL_SLOTS - 1;
	uint32_t *head = &wheel->heads[tick % WHEEL_SLOTS];
	wheel->next[number] = *head;
	*head = number;
}

void wheel_put(struct wheel *wheel, uint32_t number, int64_t due_ns)
{
	if (wheel->queued[number])
		return;
	wheel->queued[number] = 1;
	link_in(wheel, number, due_ns);
}

static void work_slot(struct wheel *wheel, unsigned slot, int64_t now_ns,
		      int64_t (*due)(void *context, uint32_t number, int64_t now_ns), void *context)
{
	uint32_t number = wheel->heads[slot];

	wheel->heads[slot] = 0;
	while (number) {
		uint32_t following = wheel->next[number];
		int64_t again_ns = due(context, number, now_ns);
		if (again_ns)
			link_in(wheel, number, again_ns);
		else
			wheel->queued[number] = 0;
		number = following;
	}
}

void wheel_turn(struct wheel *wheel, int64_t now_ns, int64_t (*due)(void *context, uint32_t number, int64_t now_ns),
		void *context)
{
	int64_t now_tick = now_ns / TICK_NS;

	/* After a pause longer than a turn every slot is worked through once. */
	if (now_tick - wheel->tick >= WHEEL_SLOTS)
		wheel->tick = now_tick - WHEEL_SLOTS + 1;
	while (wheel->tick < now_tick) {
		/* Moved on first, so that what is put back does not land in the slot at hand. */
		int64_t tick = wheel->tick++;
		work_slot(wheel, (unsigned)(tick % WHEEL_SLOTS), now_ns, due, context);
	}
	work_slot(wheel, (unsigned)(now_tick % WHEEL_SLOTS), now_ns, due, context);
}
