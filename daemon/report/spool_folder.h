/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of the spool: which segments it holds, how they are taken up at a start, and what becomes of one that cannot be
 * read. Such a segment is not an empty one: nothing is written to it, deleted or numbered as if it were, and it is kept under
 * a name of its own, which no spool takes for a segment. For spool.c only.
 */
#ifndef ESPIAL_REPORT_SPOOL_FOLDER_H
#define ESPIAL_REPORT_SPOOL_FOLDER_H

#include "spool_segment.h"

struct spool_place {
	uint64_t first; /* number of its first record */
	uint64_t octets;
	int error; /* errno why it cannot be read; 0: as far as is known it can */
};

/* Whether the error is a lack that passes, of memory or descriptors, and says nothing of the file. */
bool spool_folder_lacks(int error);

/* The segments in the folder, by number; 0, or errno, and then none is listed. */
int spool_folder_list(int folder, struct spool_place *places, size_t room, size_t *count);

/* Reads the segment, to be freed. An error of the disk is asked about once more. NULL with errno. */
char *spool_folder_read(int folder, uint64_t first, size_t *size);

/*
 * Goes through the segment's records and cuts off its torn end. *last is raised to the last number in it. 0, or errno, and
 * then *last is as it was.
 */
int spool_folder_recover(int folder, uint64_t first, void (*each)(void *context, const struct spool_record *record),
			 void *context, uint64_t *last);

/* A number that no record of a segment of this size goes beyond. */
uint64_t spool_folder_bound(const struct spool_place *place);

/* Gives the segment the name that unreadable ones bear. False, and it stays where it is, where the disk does not let it. */
bool spool_folder_set_aside(int folder, uint64_t first);

/* That name. */
void spool_folder_aside_name(uint64_t first, char name[SPOOL_NAME_SIZE + 16]);

void spool_folder_remove(int folder, uint64_t first);

#endif
