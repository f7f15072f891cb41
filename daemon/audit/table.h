/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded table: entries of one size in a slab, found through a hash index.
 *
 * Whoever sends packets chooses our keys, so: the number of entries is fixed when the table is made, the hash is keyed
 * (hash.h), and a full table gives nothing until its owner has evicted something. Which entry that is, is the owner's
 * decision (table_sample() offers candidates at a flat cost); the table only counts.
 *
 * An entry keeps its place and its number (1 to capacity) for its whole life, so other tables may refer to it by number;
 * 0 is "none". An entry's first member is a struct table_link. The 64-bit hash of the key is the key's identity here:
 * with a keyed hash two living keys meet by chance once in about 10^7 tables of a million entries, and the owner may
 * compare more of the entry where it holds more.
 *
 * Lookup is two dependent loads, the bucket and the entry. A batch hides both: table_prefetch_bucket() for every packet,
 * then table_prefetch_entry() for every packet, then the work.
 *
 * The index has buckets for the entries that there are, not for all that could be: of an index made for a million entries a
 * hundred thousand would have a cache line each. It doubles when there are more entries than that, which takes some ten
 * nanoseconds for each entry: a million of them make the packet that is the one too many wait 10 ms, once.
 *
 * Memory is mapped once (pages.h), on huge pages where the kernel gives them, and becomes resident only as entries are used.
 */
#ifndef ESPIAL_AUDIT_TABLE_H
#define ESPIAL_AUDIT_TABLE_H

#include "pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
	uint64_t hash;  /* of the key; 0: the entry is free */
	uint32_t next;  /* entry in the same bucket, or next free entry */
	uint32_t owner; /* for the table's user: here it fills what would be padding */
};

struct table {
	uint32_t *buckets;      /* entry numbers, owned; room for all there can be */
	unsigned char *entries; /* slab, owned */
	size_t entry_size;
	uint32_t bucket_mask; /* of those in use: one less than a power of two */
	uint32_t bucket_room; /* a power of two */
	uint32_t capacity;
	uint32_t allowed; /* of these, entries that may be in use */
	uint32_t used;
	uint32_t fresh;     /* entries 1 to fresh were used at some time */
	uint32_t free_head; /* list of entries that were removed */
	uint32_t hand;      /* where table_sample() goes on */
	uint64_t draws;     /* state of table_draw() */
	uint64_t evicted;   /* counted by table_evict() */
};

/* A table for `capacity` entries of `entry_size` octets. False on lack of memory or a capacity of 0 or over 2^31. */
bool table_init(struct table *table, size_t entry_size, uint32_t capacity);
void table_destroy(struct table *table);

/* Four to eight buckets for each entry: eleven in twelve are first of their chain, where they are fetched ahead. */
enum { TABLE_BUCKETS_LEAST = 4 };

/* Octets that an entry of this size costs a table at most, its part of the index included. */
static inline size_t table_cost(size_t entry_size)
{
	return entry_size + 2 * TABLE_BUCKETS_LEAST * sizeof(uint32_t);
}

/* Octets mapped for the table, and octets that its used part makes resident. */
size_t table_reserved(const struct table *table);
size_t table_resident(const struct table *table);

/* From now on no more entries than so many may be in use; those beyond stay until they go. At most the capacity. */
void table_allow(struct table *table, uint32_t entries);

/* A zeroed entry for the key with this hash, which must not be in the table. 0 if the table is full. */
uint32_t table_insert(struct table *table, uint64_t hash);

/* Frees an entry. Its number may be given out again. */
void table_remove(struct table *table, uint32_t number);

/* table_remove(), counted as an eviction. */
void table_evict(struct table *table, uint32_t number);

/* The next living entry from the table's hand on, going round; 0 if there is none within 64 steps. */
uint32_t table_sample(struct table *table);

/* A living entry from a place drawn anew each time, the same in every run; 0 if there is none within 64 steps of it. */
uint32_t table_draw(struct table *table);

static inline void *table_at(const struct table *table, uint32_t number)
{
	return table->entries + (size_t)number * table->entry_size;
}

/* The number of an entry that table_at() gave. */
static inline uint32_t table_number(const struct table *table, const void *entry)
{
	return (uint32_t)((size_t)((const unsigned char *)entry - table->entries) / table->entry_size);
}

static inline uint32_t table_bucket(const struct table *table, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & table->bucket_mask;
}

static inline void table_prefetch_bucket(const struct table *table, uint64_t hash)
{
	pages_fetch(&table->buckets[table_bucket(table, hash)]);
}

/* The first entry of the bucket, 0: none. Nearly always the one with this hash, if there is one. */
static inline uint32_t table_first(const struct table *table, uint64_t hash)
{
	return table->buckets[table_bucket(table, hash)];
}

static inline void table_prefetch_entry(const struct table *table, uint64_t hash)
{
	uint32_t number = table_first(table, hash);
	if (number)
		pages_fetch(table_at(table, number));
}

/* The one, and when that has come, `found`, the other. */
static inline void table_prefetch(const struct table *table, uint64_t hash, bool found)
{
	if (found)
		table_prefetch_entry(table, hash);
	else
		table_prefetch_bucket(table, hash);
}

/* The entry's number, 0 if the key is not there. */
static inline uint32_t table_find(const struct table *table, uint64_t hash)
{
	uint32_t number = table_first(table, hash);
	while (number) {
		const struct table_link *link = table_at(table, number);
		if (link->hash == hash)
			return number;
		number = link->next;
	}
	return 0;
}

/* Whether an entry number from 1 to table->fresh is in use. */
static inline bool table_lives(const struct table *table, uint32_t number)
{
	const struct table_link *link = table_at(table, number);
	return link->hash != 0;
}

#endif
