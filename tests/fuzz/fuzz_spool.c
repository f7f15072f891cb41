/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment of the spool as a crash, a bad disk or somebody else left it. The input is the file. Every record that is read
 * lies in it, behind the one before, and written again is the same octets; what is put behind the sound part is read last, unless
 * somebody forged a header that claims it.
 */
#include "fuzz.h"

#include "daemon/report/spool_segment.h"

#include <string.h>

static const char appended[] = "{\"a\": 1}";

static void check_record(const char *octets, size_t size, size_t offset, const struct spool_record *record)
{
	DEMAND(record->length <= SPOOL_RECORD_MAX && record->octets >= octets + SPOOL_HEADER);
	DEMAND(record->octets + record->length == octets + offset && offset <= size);
	char *again = malloc(SPOOL_HEADER + record->length);
	DEMAND(again != NULL);
	DEMAND(spool_segment_put(again, record->number, record->octets, record->length) ==
	       SPOOL_HEADER + record->length);
	DEMAND(memcmp(again, record->octets - SPOOL_HEADER, SPOOL_HEADER + record->length) == 0);
	free(again);
}

/* Cut to its sound part, as after a crash, it has the records that it had. */
static void check_cut(const char *octets, size_t sound, unsigned count)
{
	struct spool_record record;
	size_t offset = 0;
	unsigned found = 0;

	DEMAND(spool_segment_sound(octets, sound) == sound);
	while (spool_segment_next(octets, sound, &offset, &record))
		found++;
	DEMAND(found == count);
}

/* Appends a record behind the sound part. */
static void check_append(const char *octets, size_t sound, unsigned count)
{
	char *longer = malloc(sound + SPOOL_HEADER + sizeof(appended));
	struct spool_record record = { 0 };
	size_t offset = 0, begins = 0;
	unsigned found = 0;

	DEMAND(longer != NULL);
	if (sound > 0)
		memcpy(longer, octets, sound);
	size_t size = sound + spool_segment_put(longer + sound, 7, appended, sizeof(appended));
	while (spool_segment_next(longer, size, &offset, &record)) {
		begins = (size_t)(record.octets - longer) - SPOOL_HEADER;
		found++;
		if (begins < sound && offset > sound) {
			free(longer);
			return;
		}
	}
	DEMAND(spool_segment_sound(longer, size) == size);
	DEMAND(found == count + 1 && begins == sound && record.number == 7 && record.length == sizeof(appended));
	DEMAND(memcmp(record.octets, appended, sizeof(appended)) == 0);
	free(longer);
}

static void check_name(const char *octets, size_t size)
{
	char name[SPOOL_NAME_SIZE] = "", again[SPOOL_NAME_SIZE];
	uint64_t number;

	memcpy(name, octets, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	if (spool_segment_number(name, &number)) {
		spool_segment_name(number, again);
		DEMAND(strcmp(name, again) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *octets = (const char *)data;
	struct spool_record record;
	size_t offset = 0, last = 0;
	unsigned count = 0;

	while (spool_segment_next(octets, size, &offset, &record)) {
		DEMAND(offset >= last + SPOOL_HEADER);
		check_record(octets, size, offset, &record);
		last = offset;
		count++;
	}
	DEMAND(spool_segment_sound(octets, size) == last);
	check_cut(octets, last, count);
	check_append(octets, last, count);
	check_name(octets, size);
	return 0;
}
