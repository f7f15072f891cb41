/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_shelf.h. A list in order of the alerts' numbers. */
#include "evidence_shelf.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum { DIGITS = 16 };

static const char ending[] = ".pcapng", unfinished[] = ".new";

struct capture {
	uint64_t alert;
	uint64_t octets;
	int64_t changed_ns;
};

struct evidence_shelf {
	char *path;               /* owned */
	struct capture *captures; /* owned, by rising alert */
	size_t count, room;
	uint64_t octets;
};

/* Index of the alert, or where it would be. */
static size_t find(const struct evidence_shelf *shelf, uint64_t alert)
{
	size_t low = 0, high = shelf->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (shelf->captures[middle].alert < alert)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct evidence_shelf *shelf, size_t at, uint64_t alert)
{
	return at < shelf->count && shelf->captures[at].alert == alert;
}

bool evidence_shelf_has(const struct evidence_shelf *shelf, uint64_t alert)
{
	return is_at(shelf, find(shelf, alert), alert);
}

void evidence_shelf_note(struct evidence_shelf *shelf, uint64_t alert, uint64_t octets, int64_t changed_ns)
{
	size_t at = find(shelf, alert);

	if (!is_at(shelf, at, alert)) {
		if (shelf->count == shelf->room) {
			size_t room = shelf->room ? shelf->room * 2 : 256;
			struct capture *captures = realloc(shelf->captures, room * sizeof(*captures));
			if (!captures)
				return; /* it stays until the next start */
			shelf->captures = captures;
			shelf->room = room;
		}
		memmove(shelf->captures + at + 1, shelf->captures + at, (shelf->count - at) * sizeof(struct capture));
		shelf->captures[at] = (struct capture){ .alert = alert };
		shelf->count++;
	}
	struct capture *capture = &shelf->captures[at];
	shelf->octets += octets - capture->octets;
	capture->octets = octets;
	capture->changed_ns = changed_ns;
}

void evidence_shelf_resize(struct evidence_shelf *shelf, uint64_t alert, uint64_t octets)
{
	size_t at = find(shelf, alert);

	if (is_at(shelf, at, alert))
		evidence_shelf_note(shelf, alert, octets, shelf->captures[at].changed_ns);
}

static void take_out(struct evidence_shelf *shelf, size_t at)
{
	shelf->octets -= shelf->captures[at].octets;
	shelf->count--;
	memmove(shelf->captures + at, shelf->captures + at + 1, (shelf->count - at) * sizeof(struct capture));
}

void evidence_shelf_forget(struct evidence_shelf *shelf, uint64_t alert)
{
	size_t at = find(shelf, alert);

	if (is_at(shelf, at, alert))
		take_out(shelf, at);
}

/* What cannot be removed is not tried again: it counts as gone. */
static void remove_at(struct evidence_shelf *shelf, size_t at)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%016llx%s", shelf->path, (unsigned long long)shelf->captures[at].alert,
		     ending) < (int)sizeof(path))
		(void)unlink(path);
	take_out(shelf, at);
}

void evidence_shelf_expire(struct evidence_shelf *shelf, int64_t before_ns)
{
	for (size_t at = shelf->count; at-- > 0;)
		if (shelf->captures[at].changed_ns < before_ns)
			remove_at(shelf, at);
}

void evidence_shelf_bound(struct evidence_shelf *shelf, uint64_t octets, uint32_t files, uint64_t but)
{
	while ((octets && shelf->octets > octets) || (files && shelf->count > files)) {
		size_t oldest = SIZE_MAX;
		for (size_t at = 0; at < shelf->count; at++)
			if (shelf->captures[at].alert != but &&
			    (oldest == SIZE_MAX || shelf->captures[at].changed_ns < shelf->captures[oldest].changed_ns))
				oldest = at;
		if (oldest == SIZE_MAX)
			return;
		remove_at(shelf, oldest);
	}
}

/* Sixteen digits and then this ending. */
static bool is_named(const char *name, const char *with)
{
	return strspn(name, "0123456789abcdef") == DIGITS && strcmp(name + DIGITS, with) == 0;
}

static void read_folder(struct evidence_shelf *shelf, DIR *folder)
{
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		struct stat status;
		if (is_named(entry->d_name, unfinished))
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
		if (!is_named(entry->d_name, ending) ||
		    fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		evidence_shelf_note(shelf, strtoull(entry->d_name, NULL, 16), (uint64_t)status.st_size,
				    status.st_mtim.tv_sec * SECOND + status.st_mtim.tv_nsec);
	}
}

struct evidence_shelf *evidence_shelf_new(const char *path)
{
	struct evidence_shelf *shelf = calloc(1, sizeof(*shelf));

	if (!shelf || !(shelf->path = strdup(path))) {
		free(shelf);
		return NULL;
	}
	DIR *folder = opendir(path);
	if (folder) {
		read_folder(shelf, folder);
		closedir(folder);
	}
	return shelf;
}

void evidence_shelf_free(struct evidence_shelf *shelf)
{
	if (!shelf)
		return;
	free(shelf->captures);
	free(shelf->path);
	free(shelf);
}
