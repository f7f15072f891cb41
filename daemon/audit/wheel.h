/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer wheel for things that become quiet: at most one timer per numbered entry of a table.
 *
 * An entry that goes on being active does not touch its timer: when the timer comes, the owner says when it is due by now,
 * and the timer is put there. So a busy entry costs one look per waiting time, not one per packet.
 *
 * An entry that is removed leaves its timer behind; it comes once more, and whoever has the number then answers for it. Due
 * times of a number never go back while it is queued, which holds for "last packet plus a constant" since time does not run
 * back.
 */
#ifndef ESPIAL_AUDIT_WHEEL_H
#define ESPIAL_AUDIT_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 64 };

struct wheel {
	uint32_t heads[WHEEL_SLOTS]; /* first number of each slot's list, 0: empty */
	uint32_t *next;              /* by number, owned */
	uint8_t *queued;             /* by number, owned */
	int64_t tick;                /* the slots before it have been worked through */
};

/* For numbers 1 to capacity. False on lack of memory. */
bool wheel_init(struct wheel *wheel, uint32_t capacity);
void wheel_destroy(struct wheel *wheel);

/* Queues the number, unless it is queued. */
void wheel_put(struct wheel *wheel, uint32_t number, int64_t due_ns);

/* Calls `due` for each number whose time may have come. It returns when the number is due next, or 0 to let it go; a time
 * at or before now_ns is not allowed. */
void wheel_turn(struct wheel *wheel, int64_t now_ns, int64_t (*due)(void *context, uint32_t number, int64_t now_ns),
		void *context);

#endif
