/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. Called by everything in this folder that keeps state; knows nothing of what the entries mean. */
#include "table.h"

#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

static void *map_pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* Advice only: without huge pages the table works, at more TLB misses. */
	if (size >= HUGE_PAGE)
		(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

static size_t entries_size(const struct table *table)
{
	return ((size_t)table->capacity + 1) * table->entry_size;
}

static size_t buckets_size(const struct table *table)
{
	return ((size_t)table->bucket_mask + 1) * sizeof(uint32_t);
}

bool table_init(struct table *table, size_t entry_size, uint32_t capacity)
{
	memset(table, 0, sizeof(*table));
	if (capacity == 0 || capacity > UINT32_C(1) << 31 || entry_size < sizeof(struct table_link))
		return false;
	table->entry_size = entry_size;
	table->capacity = capacity;
	/* Between one and two buckets per entry: chains of 1.25 to 1.5 entries when the table is full. */
	uint32_t buckets = 16;
	while (buckets < capacity)
		buckets *= 2;
	table->bucket_mask = buckets - 1;
	table->entries = map_pages(entries_size(table));
	table->buckets = map_pages(buckets_size(table));
	if (!table->entries || !table->buckets) {
		table_destroy(table);
		return false;
	}
	return true;
}

void table_destroy(struct table *table)
{
	if (table->entries)
		munmap(table->entries, entries_size(table));
	if (table->buckets)
		munmap(table->buckets, buckets_size(table));
	memset(table, 0, sizeof(*table));
}

size_t table_reserved(const struct table *table)
{
	return table->entries ? entries_size(table) + buckets_size(table) : 0;
}

size_t table_resident(const struct table *table)
{
	return table->entries ? ((size_t)table->fresh + 1) * table->entry_size + buckets_size(table) : 0;
}

uint32_t table_insert(struct table *table, uint64_t hash)
{
	uint32_t number = table->free_head;
	struct table_link *link;

	if (number) {
		link = table_at(table, number);
		table->free_head = link->next;
		memset(link, 0, table->entry_size);
	} else if (table->fresh < table->capacity) {
		number = ++table->fresh;
		link = table_at(table, number);
	} else {
		return 0;
	}
	uint32_t *bucket = &table->buckets[table_bucket(table, hash)];
	link->hash = hash;
	link->next = *bucket;
	*bucket = number;
	table->used++;
	return number;
}

void table_remove(struct table *table, uint32_t number)
{
	struct table_link *link = table_at(table, number);
	uint32_t *from = &table->buckets[table_bucket(table, link->hash)];

	while (*from != number)
		from = &((struct table_link *)table_at(table, *from))->next;
	*from = link->next;
	link->hash = 0;
	link->next = table->free_head;
	table->free_head = number;
	table->used--;
}

void table_evict(struct table *table, uint32_t number)
{
	table_remove(table, number);
	table->evicted++;
}

uint32_t table_sample(struct table *table)
{
	enum { STEPS_MAX = 64 };

	for (unsigned step = 0; step < STEPS_MAX && table->fresh > 0; step++) {
		table->hand = table->hand >= table->fresh ? 1 : table->hand + 1;
		if (table_lives(table, table->hand))
			return table->hand;
	}
	return 0;
}

uint32_t table_draw(struct table *table)
{
	/* The high half of a product with the golden ratio is spread evenly over the places. */
	uint64_t spread = ++table->draws * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	table->hand = (uint32_t)(spread * table->fresh >> 32);
	return table_sample(table);
}
