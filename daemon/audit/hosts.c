/* SPDX-License-Identifier: Apache-2.0 */
/* See hosts.h. Called by the tracker, and by who drives several of them. */
#include "hosts.h"

#include "hash.h"
#include "table.h"

#include <stdlib.h>

enum { HOSTS_MAX = 65536 };

struct host {
	struct table_link link;
	uint64_t frame; /* known from this one on */
};

struct hosts {
	struct table table;
	uint64_t seed;
};

struct hosts *hosts_new(uint64_t seed)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return NULL;
	hosts->seed = seed;
	if (!table_init(&hosts->table, sizeof(struct host), HOSTS_MAX)) {
		free(hosts);
		return NULL;
	}
	return hosts;
}

void hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	table_destroy(&hosts->table);
	free(hosts);
}

static uint64_t hash_of(const struct hosts *hosts, const struct address *address)
{
	return hash_octets(address->bytes, sizeof(address->bytes), hosts->seed);
}

void hosts_add(struct hosts *hosts, const struct address *address, uint64_t frame)
{
	uint64_t hash = hash_of(hosts, address);

	if (table_find(&hosts->table, hash))
		return;
	uint32_t number = table_insert(&hosts->table, hash);
	if (number)
		((struct host *)table_at(&hosts->table, number))->frame = frame;
}

bool hosts_known(const struct hosts *hosts, const struct address *address, uint64_t frame)
{
	uint32_t number = table_find(&hosts->table, hash_of(hosts, address));

	return number && ((const struct host *)table_at(&hosts->table, number))->frame <= frame;
}

void hosts_fetch(const struct hosts *hosts, const struct address *address, bool found)
{
	table_prefetch(&hosts->table, hash_of(hosts, address), found);
}

size_t hosts_memory(const struct hosts *hosts)
{
	return table_resident(&hosts->table);
}
