/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of captures: one small pcapng file for each alert, ALERT.pcapng by its sixteen digits.
 *
 * A file begins with what is known of the alert, as the section's comment, and is begun anew with each word on it; frames follow, and those
 * that the alert is about carry a comment of their own. Files have a bound, so has the folder: the oldest go first, by size and by age.
 * Files of other names are left alone. What cannot be written, on a full disk for instance, is lost and counted, and the first time a notice says so.
 *
 * Called by one thread, which may wait for the disk; evidence_folder_read() by any.
 */
#ifndef ESPIAL_REPORT_EVIDENCE_FOLDER_H
#define ESPIAL_REPORT_EVIDENCE_FOLDER_H

#include "sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evidence_folder;

/* The largest bound of a file that can be asked for. */
enum { EVIDENCE_FILE_MAX = 4 << 20 };

struct evidence_folder_settings {
	const char *path;   /* copied */
	const char *sensor; /* copied */
	uint64_t file_size; /* octets of one file, EVIDENCE_FILE_MAX at most */
	uint64_t size;      /* of all files; 0: no bound */
	uint32_t files;     /* how many; 0: no bound */
	int64_t keep_ns;    /* since a file was written to last; 0: for ever */
	bool anew;          /* a file that is there from before is of another run */
	struct record_sink notices;
};

/* The folder is there already, or will be: what is wrong shows in its health. NULL on lack of memory. */
struct evidence_folder *evidence_folder_new(const struct evidence_folder_settings *settings);
void evidence_folder_free(struct evidence_folder *folder);

/* What was told of an alert: open, update or clear. `alert` is its number for people. */
void evidence_folder_tell(struct evidence_folder *folder, uint64_t alert, const struct finding *finding);

/* Frames of it, a parcel; `alert` likewise. False if nothing was told of the alert lately, and nothing was done. */
bool evidence_folder_add(struct evidence_folder *folder, uint64_t alert, const uint8_t *parcel, size_t length,
			 int64_t wall_ns);

/* Forgets what is too old; about once a minute. */
void evidence_folder_tick(struct evidence_folder *folder, int64_t wall_ns);

/* Frames or alerts that were lost elsewhere. */
void evidence_folder_lost(struct evidence_folder *folder, uint64_t count);

/* up, delivered (files begun), dropped (frames lost), problem. Of the thread that calls the above. */
const struct sink_health *evidence_folder_health(const struct evidence_folder *folder);

/* The capture of an alert, whole, in octets to be freed. NULL with one sentence that says what to do. */
uint8_t *evidence_folder_read(const char *path, uint64_t alert, size_t *length, char *problem, size_t problem_size);

#endif
