/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. Called by everything in this folder that keeps state; knows nothing of what the entries mean. */
#include "table.h"

#include <string.h>

enum { BUCKETS_FIRST = 4096 };
#define BUCKETS_MOST (UINT32_C(1) << 31)

static size_t entries_size(const struct table *table)
{
	return ((size_t)table->capacity + 1) * table->entry_size;
}

static size_t buckets_size(const struct table *table)
{
	return (size_t)table->bucket_room * sizeof(uint32_t);
}

bool table_init(struct table *table, size_t entry_size, uint32_t capacity)
{
	memset(table, 0, sizeof(*table));
	if (capacity == 0 || capacity > UINT32_C(1) << 31 || entry_size < sizeof(struct table_link))
		return false;
	table->entry_size = entry_size;
	table->capacity = table->allowed = capacity;
	table->bucket_room = BUCKETS_FIRST;
	while (table->bucket_room / TABLE_BUCKETS_LEAST < capacity && table->bucket_room < BUCKETS_MOST)
		table->bucket_room *= 2;
	table->bucket_mask = BUCKETS_FIRST - 1;
	table->entries = pages_map(entries_size(table));
	table->buckets = pages_map(buckets_size(table));
	if (!table->entries || !table->buckets) {
		table_destroy(table);
		return false;
	}
	return true;
}

void table_destroy(struct table *table)
{
	pages_unmap(table->entries, entries_size(table));
	pages_unmap(table->buckets, buckets_size(table));
	memset(table, 0, sizeof(*table));
}

size_t table_reserved(const struct table *table)
{
	return table->entries ? entries_size(table) + buckets_size(table) : 0;
}

size_t table_resident(const struct table *table)
{
	return table->entries ? ((size_t)table->fresh + 1) * table->entry_size +
				    ((size_t)table->bucket_mask + 1) * sizeof(uint32_t)
			      : 0;
}

void table_allow(struct table *table, uint32_t entries)
{
	table->allowed = entries < table->capacity ? entries : table->capacity;
}

static void link_in(struct table *table, uint32_t number)
{
	struct table_link *link = table_at(table, number);
	uint32_t *bucket = &table->buckets[table_bucket(table, link->hash)];

	link->next = *bucket;
	*bucket = number;
}

static void double_buckets(struct table *table)
{
	table->bucket_mask = 2 * table->bucket_mask + 1;
	memset(table->buckets, 0, ((size_t)table->bucket_mask + 1) * sizeof(*table->buckets));
	/* In the order of the slab, which is read ahead of us; entries come to their buckets anyhow. */
	for (uint32_t number = 1; number <= table->fresh; number++)
		if (table_lives(table, number))
			link_in(table, number);
}

uint32_t table_insert(struct table *table, uint64_t hash)
{
	uint32_t number = table->free_head;
	struct table_link *link;

	if (table->used >= table->allowed)
		return 0;
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
	if (table->used > table->bucket_mask / TABLE_BUCKETS_LEAST && table->bucket_mask + 1 < table->bucket_room)
		double_buckets(table);
	link->hash = hash;
	link_in(table, number);
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
