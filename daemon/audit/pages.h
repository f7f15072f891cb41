/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for large arrays that are reached at random: zeroed, reserved at once, resident as it is used.
 *
 * It asks for huge pages, since with small ones each access would walk the page table too: of a table of a hundred thousand
 * entries every second access costs more for finding the page than for the line in it. All but its first two megabytes: most
 * arrays never fill these, and a huge page is cleared whole when the first octet of it is written, which takes 0.1 to 5 ms.
 */
#ifndef ESPIAL_AUDIT_PAGES_H
#define ESPIAL_AUDIT_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

/* NULL on lack of address space. */
void *pages_map(size_t size);

/* Of what is filled from one end to the other, and reached no more often than that: no huge pages. `size` as it was asked for. */
void pages_keep_small(void *memory, size_t size);

/* `size` as it was asked for. NULL is nothing. */
void pages_unmap(void *memory, size_t size);

/*
 * Sends for the cache line, which is going to be written. To gcc 12 a function that does no more than this has no effect, and at
 * -O2 it leaves its calls out: the empty statement, which it has to believe, is one.
 */
static inline void pages_fetch(const void *line)
{
	__builtin_prefetch(line, 1);
	__asm__ volatile("" : : "r"(line));
}

/* All lines from there up to `end`. */
static inline void pages_fetch_range(const void *from, const void *end)
{
	for (uintptr_t line = (uintptr_t)from & ~(uintptr_t)(CACHE_LINE - 1); line < (uintptr_t)end; line += CACHE_LINE)
		pages_fetch((const void *)line);
}

#endif
