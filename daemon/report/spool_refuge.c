/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See spool_refuge.h. Two halves, of which one is in use. A record is written behind the last one, and counts when `used` says
 * so; to make room, what is still needed is copied into the other half, and that one is in use from then on.
 */
#include "spool_refuge.h"

#include "fnv.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct half {
	_Atomic uint64_t used; /* octets */
	char octets[SPOOL_REFUGE_HALF];
};

struct shared {
	uint64_t folder; /* hash of its name; 0: new */
	struct spool_mark marks[SPOOL_MARKS_MAX];
	_Atomic uint64_t in_use; /* 0 or 1 */
	struct half halves[2];
};

struct spool_refuge {
	struct shared *shared; /* mapped */
	uint64_t last;         /* number of the last record; 0: none */
};

int spool_refuge_new(void)
{
	int memory = memfd_create("espiald-spool", MFD_CLOEXEC);

	if (memory >= 0 && ftruncate(memory, (off_t)sizeof(struct shared)) != 0) {
		close(memory);
		return -1;
	}
	return memory;
}

static uint64_t name_of(const char *folder)
{
	uint64_t hash = fnv_text(folder);

	return hash ? hash : 1;
}

static struct half *half_in_use(const struct spool_refuge *refuge)
{
	return &refuge->shared->halves[atomic_load(&refuge->shared->in_use) & 1];
}

static bool is_sound(const struct shared *shared)
{
	for (size_t i = 0; i < SPOOL_MARKS_MAX; i++)
		if (!memchr(shared->marks[i].name, '\0', SPOOL_MARK_NAME))
			return false;
	return shared->halves[0].used <= SPOOL_REFUGE_HALF && shared->halves[1].used <= SPOOL_REFUGE_HALF;
}

struct spool_refuge *spool_refuge_open(int memory, const char *folder)
{
	struct stat status;
	struct spool_refuge *refuge;
	struct spool_record record;
	struct shared *shared;
	size_t offset = 0;

	if (memory < 0 || fstat(memory, &status) != 0 || status.st_size != (off_t)sizeof(*shared))
		return NULL;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (shared == MAP_FAILED)
		return NULL;
	refuge = malloc(sizeof(*refuge));
	if (!refuge) {
		munmap(shared, sizeof(*shared));
		return NULL;
	}
	*refuge = (struct spool_refuge){ .shared = shared };
	if (shared->folder != name_of(folder) || !is_sound(shared)) {
		atomic_store(&shared->halves[0].used, 0);
		atomic_store(&shared->halves[1].used, 0);
		memset(shared->marks, 0, sizeof(shared->marks));
		shared->folder = name_of(folder);
	}
	while (spool_refuge_next(refuge, &offset, &record))
		refuge->last = record.number;
	return refuge;
}

void spool_refuge_close(struct spool_refuge *refuge)
{
	if (refuge)
		munmap(refuge->shared, sizeof(*refuge->shared));
	free(refuge);
}

bool spool_refuge_next(const struct spool_refuge *refuge, size_t *offset, struct spool_record *record)
{
	const struct half *half = half_in_use(refuge);

	return spool_segment_next(half->octets, half->used, offset, record);
}

/* Moves what is still needed into the other half, which is in use then. */
static struct half *make_room(struct spool_refuge *refuge, uint64_t settled)
{
	const struct half *from = half_in_use(refuge);
	uint64_t other = !(atomic_load(&refuge->shared->in_use) & 1);
	struct half *to = &refuge->shared->halves[other];
	struct spool_record record;
	size_t offset = 0, used = 0;

	while (spool_segment_next(from->octets, from->used, &offset, &record))
		if (record.number > settled)
			used += spool_segment_put(to->octets + used, record.number, record.octets, record.length);
	atomic_store(&to->used, used);
	atomic_store(&refuge->shared->in_use, other);
	return to;
}

bool spool_refuge_put(struct spool_refuge *refuge, uint64_t number, const char *octets, size_t length, uint64_t settled)
{
	struct half *half = half_in_use(refuge);

	if (half->used && refuge->last <= settled)
		atomic_store(&half->used, 0);
	if (half->used && number != refuge->last + 1)
		return false;
	if (SPOOL_HEADER + length > SPOOL_REFUGE_HALF - half->used)
		half = make_room(refuge, settled);
	if (SPOOL_HEADER + length > SPOOL_REFUGE_HALF - half->used)
		return false;
	size_t count = spool_segment_put(half->octets + half->used, number, octets, length);
	atomic_store(&half->used, half->used + count);
	refuge->last = number;
	return true;
}

struct spool_mark *spool_refuge_marks(struct spool_refuge *refuge)
{
	return refuge->shared->marks;
}
