/* SPDX-License-Identifier: Apache-2.0 */
/* See spool_marks.h. */
#include "spool_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "positions";

static void write_mark(struct spool_marks *marks, int place)
{
	off_t at = (off_t)((size_t)place * sizeof(marks->marks[0]));

	if (marks->shared)
		marks->shared[place] = marks->marks[place];
	if (marks->file >= 0)
		while (pwrite(marks->file, &marks->marks[place], sizeof(marks->marks[0]), at) < 0 && errno == EINTR)
			;
}

/* Whether the file could be read and is one of marks. */
static bool read_file(int file, struct spool_mark marks[SPOOL_MARKS_MAX])
{
	const ssize_t size = (ssize_t)(SPOOL_MARKS_MAX * sizeof(marks[0]));
	bool sound = pread(file, marks, (size_t)size, 0) == size;

	for (size_t i = 0; sound && i < SPOOL_MARKS_MAX; i++)
		sound = memchr(marks[i].name, '\0', SPOOL_MARK_NAME) != NULL;
	return sound;
}

void spool_marks_open(struct spool_marks *marks, int folder)
{
	struct spool_mark read_marks[SPOOL_MARKS_MAX];

	memset(marks, 0, sizeof(*marks));
	int file = folder >= 0 ? openat(folder, file_name, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
	marks->file = file;
	if (folder >= 0 && file < 0) /* of a disk that may be read, but not written to now */
		file = openat(folder, file_name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return;
	marks->found = read_file(file, read_marks);
	if (marks->found)
		memcpy(marks->marks, read_marks, sizeof(read_marks));
	if (marks->file < 0)
		close(file);
	for (int i = 0; i < SPOOL_MARKS_MAX; i++)
		write_mark(marks, i); /* all of its room is taken now, while there is some */
}

void spool_marks_keep(struct spool_marks *marks, int folder)
{
	marks->file = openat(folder, file_name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	for (int i = 0; marks->file >= 0 && i < SPOOL_MARKS_MAX; i++)
		write_mark(marks, i);
}

void spool_marks_share(struct spool_marks *marks, struct spool_mark shared[SPOOL_MARKS_MAX])
{
	for (size_t i = 0; i < SPOOL_MARKS_MAX; i++) {
		if (!shared[i].name[0])
			continue;
		int place = spool_marks_place(marks, shared[i].name, shared[i].number);
		if (place >= 0 && marks->marks[place].number < shared[i].number)
			marks->marks[place].number = shared[i].number;
		marks->found = true;
	}
	marks->shared = shared;
	for (int i = 0; i < SPOOL_MARKS_MAX; i++)
		write_mark(marks, i);
}

void spool_marks_unshare(struct spool_marks *marks)
{
	if (marks->shared)
		memset(marks->shared, 0, SPOOL_MARKS_MAX * sizeof(marks->shared[0]));
	marks->shared = NULL;
}

bool spool_marks_settled(int folder, uint64_t number)
{
	struct spool_mark marks[SPOOL_MARKS_MAX];
	int file = openat(folder, file_name, O_RDONLY | O_CLOEXEC);
	bool settled = file >= 0 && read_file(file, marks), any = false;

	for (size_t i = 0; settled && i < SPOOL_MARKS_MAX; i++) {
		if (!marks[i].name[0])
			continue;
		any = true;
		settled = marks[i].number >= number;
	}
	if (file >= 0)
		close(file);
	return settled && any;
}

void spool_marks_close(struct spool_marks *marks)
{
	if (marks->file >= 0)
		close(marks->file);
	marks->file = -1;
}

int spool_marks_place(struct spool_marks *marks, const char *name, uint64_t otherwise)
{
	int free_place = -1;

	for (int i = SPOOL_MARKS_MAX - 1; i >= 0; i--) {
		if (strcmp(marks->marks[i].name, name) == 0)
			return i;
		if (!marks->marks[i].name[0])
			free_place = i;
	}
	if (free_place < 0)
		return -1;
	snprintf(marks->marks[free_place].name, SPOOL_MARK_NAME, "%s", name);
	marks->marks[free_place].number = otherwise;
	write_mark(marks, free_place);
	return free_place;
}

void spool_marks_set(struct spool_marks *marks, int place, uint64_t number)
{
	if (place < 0 || marks->marks[place].number == number)
		return;
	marks->marks[place].number = number;
	write_mark(marks, place);
}
