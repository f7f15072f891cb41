/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment of the spool: a file of records, each with a number and a checksum, only ever appended to.
 *
 * Named "%016x.spool" by the number of its first record. A record is a header of SPOOL_HEADER octets (magic, length,
 * number, CRC-32C of number, length and octets) and its octets; integers in the byte order of the host, since the file
 * stays there. What a crash tore off at the end, or a disk changed in the middle, does not read as a record. For spool.c
 * only.
 */
#ifndef ESPIAL_REPORT_SPOOL_SEGMENT_H
#define ESPIAL_REPORT_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_HEADER = 24, SPOOL_RECORD_MAX = 256 << 10, SPOOL_NAME_SIZE = 32 };

struct spool_record {
	uint64_t number;
	const char *octets; /* in what was read; not terminated */
	size_t length;
};

/* Writes header and octets to out, which has room for SPOOL_HEADER + length. Returns how many octets these are. */
size_t spool_segment_put(char *out, uint64_t number, const char *octets, size_t length);

/*
 * The next whole record at or behind *offset, which is moved behind it. What is no record is passed over, octet by octet,
 * to the next that is one. False if there is none.
 */
bool spool_segment_next(const char *octets, size_t size, size_t *offset, struct spool_record *record);

/*
 * The end of the last record: what the file is cut to, so that nothing torn stands at its end. After a start records go to another
 * segment, since a header that was passed over might claim what is put behind it.
 */
size_t spool_segment_sound(const char *octets, size_t size);

/* The file's name, and the number back from it; false if it is not the name of a segment. */
void spool_segment_name(uint64_t number, char name[SPOOL_NAME_SIZE]);
bool spool_segment_number(const char *name, uint64_t *number);

/* The whole file, to be freed; NULL with errno. Reads at most limit octets. */
char *spool_segment_read(int folder, uint64_t number, size_t limit, size_t *size);

#endif
