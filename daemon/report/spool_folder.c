/* SPDX-License-Identifier: Apache-2.0 */
/* See spool_folder.h. */
#include "spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool spool_folder_lacks(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

static int compare_places(const void *a, const void *b)
{
	const struct spool_place *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

/* 0 at the end of the listing, or errno. */
static int take_places(int folder, DIR *listing, struct spool_place *places, size_t room, size_t *count)
{
	const struct dirent *entry;
	struct stat status;

	while (*count < room && (errno = 0, entry = readdir(listing))) {
		uint64_t first;
		if (!spool_segment_number(entry->d_name, &first))
			continue;
		if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			return errno;
		if (S_ISREG(status.st_mode))
			places[(*count)++] = (struct spool_place){ first, (uint64_t)status.st_size, 0 };
	}
	return *count < room ? errno : 0;
}

int spool_folder_list(int folder, struct spool_place *places, size_t room, size_t *count)
{
	/* Opened anew: a copy of the descriptor would go on where the listing before it ended. */
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = again >= 0 ? fdopendir(again) : NULL;
	int error = listing ? 0 : errno;

	*count = 0;
	if (listing) {
		error = take_places(folder, listing, places, room, count);
		closedir(listing);
	} else if (again >= 0) {
		close(again);
	}
	if (error)
		*count = 0;
	qsort(places, *count, sizeof(places[0]), compare_places);
	return error;
}

char *spool_folder_read(int folder, uint64_t first, size_t *size)
{
	char *octets = spool_segment_read(folder, first, SIZE_MAX >> 1, size);

	if (!octets && errno == EIO)
		octets = spool_segment_read(folder, first, SIZE_MAX >> 1, size);
	return octets;
}

int spool_folder_recover(int folder, uint64_t first, void (*each)(void *context, const struct spool_record *record),
			 void *context, uint64_t *last)
{
	struct spool_record record;
	char name[SPOOL_NAME_SIZE];
	size_t size, offset = 0, sound;
	char *octets = spool_folder_read(folder, first, &size);

	if (!octets)
		return errno;
	while (spool_segment_next(octets, size, &offset, &record)) {
		if (record.number > *last)
			*last = record.number;
		each(context, &record);
	}
	sound = spool_segment_sound(octets, size);
	spool_segment_name(first, name);
	if (sound < size) {
		int file = openat(folder, name, O_WRONLY | O_CLOEXEC);
		if (file >= 0 && ftruncate(file, (off_t)sound) == 0)
			(void)fdatasync(file);
		if (file >= 0)
			close(file);
	}
	free(octets);
	return 0;
}

uint64_t spool_folder_bound(const struct spool_place *place)
{
	return place->first + place->octets / SPOOL_HEADER;
}

void spool_folder_aside_name(uint64_t first, char name[SPOOL_NAME_SIZE + 16])
{
	char segment[SPOOL_NAME_SIZE];

	spool_segment_name(first, segment);
	snprintf(name, SPOOL_NAME_SIZE + 16, "%s.unreadable", segment);
}

bool spool_folder_set_aside(int folder, uint64_t first)
{
	char name[SPOOL_NAME_SIZE], aside[SPOOL_NAME_SIZE + 16];

	spool_segment_name(first, name);
	spool_folder_aside_name(first, aside);
	/* One of that name is there already only if somebody gave it back the other: then it is not written over. */
	return renameat2(folder, name, folder, aside, RENAME_NOREPLACE) == 0;
}

void spool_folder_remove(int folder, uint64_t first)
{
	char name[SPOOL_NAME_SIZE];

	spool_segment_name(first, name);
	(void)unlinkat(folder, name, 0);
}
