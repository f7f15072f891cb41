/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading all of it: read() until the end, over signals and short reads.
 *
 * For files. Called by whoever keeps files, which tells what ends from what cannot be read: a file that is cut after its last
 * sound octet must not be cut because a disk failed for a moment.
 */
#ifndef ESPIAL_REPORT_READ_WHOLE_H
#define ESPIAL_REPORT_READ_WHOLE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads from where the descriptor stands to the end of the file, `room` octets at most, and gives how many these are. -1 with errno if that
 * failed on the way: nothing is known of the rest then. */
ssize_t read_whole(int descriptor, void *octets, size_t room);

#endif
