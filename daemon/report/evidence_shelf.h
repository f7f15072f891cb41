/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which captures are in a folder, how large and how old they are, and which have to go.
 *
 * Read from the folder once, and kept up with what is done there since. Only files named as captures are, sixteen digits and
 * `.pcapng`, are seen; what a writer that was killed left over under the ending `.new` is removed. Called by evidence_folder.c.
 */
#ifndef ESPIAL_REPORT_EVIDENCE_SHELF_H
#define ESPIAL_REPORT_EVIDENCE_SHELF_H

#include <stdbool.h>
#include <stdint.h>

struct evidence_shelf;

/* A folder that cannot be read counts as empty. NULL on lack of memory. */
struct evidence_shelf *evidence_shelf_new(const char *path);
void evidence_shelf_free(struct evidence_shelf *shelf);

bool evidence_shelf_has(const struct evidence_shelf *shelf, uint64_t alert);

/* The file has so many octets now, written at this time. */
void evidence_shelf_note(struct evidence_shelf *shelf, uint64_t alert, uint64_t octets, int64_t changed_ns);

/* The same, but its age is as it was. */
void evidence_shelf_resize(struct evidence_shelf *shelf, uint64_t alert, uint64_t octets);

/* The file is gone. */
void evidence_shelf_forget(struct evidence_shelf *shelf, uint64_t alert);

/* Removes the files that were written before this time. */
void evidence_shelf_expire(struct evidence_shelf *shelf, int64_t before_ns);

/* Removes the oldest until all together have at most so many octets and are at most so many (0: no bound), but for that of one
 * alert. */
void evidence_shelf_bound(struct evidence_shelf *shelf, uint64_t octets, uint32_t files, uint64_t but);

#endif
