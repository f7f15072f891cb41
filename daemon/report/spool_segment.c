/* SPDX-License-Identifier: Apache-2.0 */
/* See spool_segment.h. */
#include "spool_segment.h"

#include "read_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
	char magic[4];
	uint32_t length;
	uint64_t number;
	uint32_t checksum;
	uint32_t reserved; /* 0 */
};
_Static_assert(sizeof(struct header) == SPOOL_HEADER, "the header is written as it is");

static const char magic[4] = { 'E', 'S', 'P', 'R' };

/* CRC-32C (RFC 3720 appendix B.4), bit by bit: a few thousand octets at a time are checked, between two waits for a disk. */
static uint32_t crc32c(uint32_t crc, const void *octets, size_t count)
{
	const uint8_t *at = octets;

	crc = ~crc;
	for (size_t i = 0; i < count; i++) {
		crc ^= at[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static uint32_t checksum_of(uint64_t number, const char *octets, uint32_t length)
{
	uint32_t crc = crc32c(0, &number, sizeof(number));

	crc = crc32c(crc, &length, sizeof(length));
	return crc32c(crc, octets, length);
}

size_t spool_segment_put(char *out, uint64_t number, const char *octets, size_t length)
{
	struct header header = { .length = (uint32_t)length, .number = number };

	memcpy(header.magic, magic, sizeof(magic));
	header.checksum = checksum_of(number, octets, header.length);
	memcpy(out, &header, sizeof(header));
	memcpy(out + sizeof(header), octets, length);
	return sizeof(header) + length;
}

/* Whether a whole record stands just there. */
static bool record_at(const char *octets, size_t size, size_t offset, struct spool_record *record)
{
	struct header header;

	if (size - offset < sizeof(header) || memcmp(octets + offset, magic, sizeof(magic)) != 0)
		return false;
	memcpy(&header, octets + offset, sizeof(header));
	if (header.reserved || header.length > SPOOL_RECORD_MAX || header.length > size - offset - sizeof(header))
		return false;
	*record = (struct spool_record){ header.number, octets + offset + sizeof(header), header.length };
	return checksum_of(header.number, record->octets, header.length) == header.checksum;
}

bool spool_segment_next(const char *octets, size_t size, size_t *offset, struct spool_record *record)
{
	while (*offset < size) {
		const char *found;

		if (record_at(octets, size, *offset, record)) {
			*offset += SPOOL_HEADER + record->length;
			return true;
		}
		found = memmem(octets + *offset + 1, size - *offset - 1, magic, sizeof(magic));
		*offset = found ? (size_t)(found - octets) : size;
	}
	return false;
}

size_t spool_segment_sound(const char *octets, size_t size)
{
	struct spool_record record;
	size_t offset = 0, sound = 0;

	while (spool_segment_next(octets, size, &offset, &record))
		sound = offset;
	return sound;
}

void spool_segment_name(uint64_t number, char name[SPOOL_NAME_SIZE])
{
	snprintf(name, SPOOL_NAME_SIZE, "%016" PRIx64 ".spool", number);
}

bool spool_segment_number(const char *name, uint64_t *number)
{
	if (strlen(name) != 22 || strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, ".spool") != 0)
		return false;
	*number = strtoull(name, NULL, 16);
	return true;
}

char *spool_segment_read(int folder, uint64_t number, size_t limit, size_t *size)
{
	char name[SPOOL_NAME_SIZE], *octets;
	struct stat status;
	ssize_t used = -1;
	size_t room;
	int file, error;

	spool_segment_name(number, name);
	file = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	if (fstat(file, &status) != 0) {
		error = errno;
		close(file);
		errno = error;
		return NULL;
	}
	room = (size_t)status.st_size < limit ? (size_t)status.st_size : limit;
	octets = malloc(room + 1);
	if (octets)
		used = read_whole(file, octets, room);
	error = octets ? errno : ENOMEM;
	close(file);
	if (used < 0) {
		free(octets);
		errno = error;
		return NULL;
	}
	*size = (size_t)used;
	return octets;
}
