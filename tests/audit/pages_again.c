/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/audit/pages.h for programs that make and free whole engines ten thousand times: what was given back is zeroed and
 * given out again, since to map and unmap it takes ten times what an engine does with it in a story; and so does the heap.
 * Linked into tests instead of pages.c; one thread. What the daemon has is used by the other tests.
 */
#include "../../daemon/audit/pages.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	AREAS_MAX = 256,
	FEW_PAGES = 8, /* so few are zeroed without asking which were used */
	MANY_PAGES = 64 * 1024,
	HEAP_KEPT = 256 * 1024 * 1024 /* octets */
};

/* Of an entry of /proc/PID/pagemap (proc_pid_pagemap(5)). */
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)

struct area {
	unsigned char *memory;
	size_t pages;
};

/* Areas that were given back. */
static struct area areas[AREAS_MAX];
static size_t area_count;

__attribute__((constructor)) static void keep_heap(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
}

static size_t pages_of(size_t size)
{
	return (size + PAGE - 1) / PAGE;
}

/* Zeroes what was used; false if the kernel does not say what that is. */
static bool zero(const struct area *area)
{
	static uint64_t entries[MANY_PAGES];
	static int map = -1;

	if (area->pages <= FEW_PAGES) {
		memset(area->memory, 0, area->pages * PAGE);
		return true;
	}
	if (map < 0)
		map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t size = area->pages * sizeof(*entries);
	if (area->pages > MANY_PAGES ||
	    pread(map, entries, size, (off_t)((uintptr_t)area->memory / PAGE * sizeof(*entries))) != (ssize_t)size)
		return false;
	for (size_t page = 0; page < area->pages; page++)
		if (entries[page] & (PRESENT | SWAPPED))
			memset(area->memory + page * PAGE, 0, PAGE);
	return true;
}

void *pages_map(size_t size)
{
	size_t pages = pages_of(size);

	for (size_t i = 0; i < area_count; i++)
		if (areas[i].pages == pages) {
			void *memory = areas[i].memory;
			areas[i] = areas[--area_count];
			return memory;
		}
	void *memory =
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* One octet used would cost the zeroing of a huge page. */
	(void)madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

void pages_unmap(void *memory, size_t size)
{
	struct area area = { memory, pages_of(size) };

	if (!memory)
		return;
	if (area_count < AREAS_MAX && zero(&area))
		areas[area_count++] = area;
	else
		(void)munmap(memory, area.pages * PAGE);
}
