/* SPDX-License-Identifier: Apache-2.0 */
/* See pages.h. Called by the tables and by what stands beside them, by the same numbers. */
#include "pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
	HUGE_PAGE = 2 * 1024 * 1024,
	SMALL = HUGE_PAGE, /* so much of the beginning stays on small pages */
};

/* Whole huge pages where it is worth one, so that the last of them is one too. */
static size_t rounded(size_t size)
{
	return size < HUGE_PAGE / 4 ? size : (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
}

void *pages_map(size_t size)
{
	size_t wanted = rounded(size);
	bool huge = wanted >= HUGE_PAGE;
	size_t mapped = huge ? wanted + HUGE_PAGE : wanted;
	unsigned char *memory =
	    mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (!huge)
		return memory;
	/* What stands out before and behind is given back. */
	size_t before = -(uintptr_t)memory % HUGE_PAGE;
	if (before > 0)
		(void)munmap(memory, before);
	if (before < HUGE_PAGE)
		(void)munmap(memory + before + wanted, HUGE_PAGE - before);
	/* Advice only: without huge pages all works, at more misses. */
	if (wanted > SMALL)
		(void)madvise(memory + before + SMALL, wanted - SMALL, MADV_HUGEPAGE);
	return memory + before;
}

void pages_keep_small(void *memory, size_t size)
{
	(void)madvise(memory, rounded(size), MADV_NOHUGEPAGE);
}

void pages_unmap(void *memory, size_t size)
{
	if (memory)
		(void)munmap(memory, rounded(size));
}
