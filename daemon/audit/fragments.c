/* SPDX-License-Identifier: Apache-2.0 */
/* See fragments.h. */
#include "fragments.h"

#include <stdlib.h>

enum { SETS = 1024, WAYS = 4 };

#define BELIEVED_NS (60 * INT64_C(1000000000))

struct datagram {
	uint64_t hash; /* 0: empty */
	int64_t time_ns;
	struct fragments_home home;
	uint64_t waiting_bytes;
	uint32_t waiting_packets;
};

struct fragments {
	struct datagram sets[SETS][WAYS];
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *fragments)
{
	free(fragments);
}

/* The datagram's place, taken from the oldest of its set if it is not there. */
static struct datagram *place(struct fragments *fragments, uint64_t hash, int64_t now_ns)
{
	struct datagram *set = fragments->sets[hash % SETS];
	struct datagram *oldest = &set[0];

	for (unsigned way = 0; way < WAYS; way++) {
		if (set[way].hash == hash && now_ns - set[way].time_ns <= BELIEVED_NS)
			return &set[way];
		if (set[way].hash == 0 || set[way].time_ns < oldest->time_ns)
			oldest = &set[way];
	}
	*oldest = (struct datagram){ .hash = hash, .time_ns = now_ns };
	return oldest;
}

void fragments_first(struct fragments *fragments, uint64_t datagram, const struct fragments_home *home, int64_t now_ns,
		     uint32_t *packets, uint64_t *bytes)
{
	struct datagram *entry = place(fragments, datagram, now_ns);

	*packets = entry->waiting_packets;
	*bytes = entry->waiting_bytes;
	entry->home = *home;
	entry->time_ns = now_ns;
	entry->waiting_packets = 0;
	entry->waiting_bytes = 0;
}

struct fragments_home fragments_later(struct fragments *fragments, uint64_t datagram, uint32_t bytes, int64_t now_ns)
{
	struct datagram *entry = place(fragments, datagram, now_ns);

	if (entry->home.owner == FRAGMENTS_UNKNOWN) {
		entry->waiting_packets++;
		entry->waiting_bytes += bytes;
	}
	return entry->home;
}
