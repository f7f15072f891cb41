/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files, read by our own walk over a buffer.
 *
 * pcap in every variant (micro- and nanosecond, both byte orders, Kuznetzov's modified records) and pcapng (several
 * sections and interfaces, any link types, any time resolution and offset, both byte orders), plain or compressed by
 * gzip or zstd, from a file or from standard input, all through a bounded buffer. Any other format gets one exact error.
 *
 * A frame may have 262 144 octets, or as many as the file's own snap length says, 16 MiB at most; more is damage. A
 * wire length below the captured one is raised to it. A time outside of 1970 to 2260 is damage: 64 bits of nanoseconds
 * have room for what is added to it. pcapng's simple packets have no time and get that of the frame before them (0 if
 * there is none).
 */
#ifndef ESPIAL_DAEMON_CAPTURE_FILE_H
#define ESPIAL_DAEMON_CAPTURE_FILE_H

#include "../dissectors/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_file;

/* One sentence for a person: the file's name, what is wrong, at which octet. */
struct capture_file_error {
	char text[512];
};

/* Opens `path` ("-": standard input). NULL with the error set if it cannot be read as a capture. */
struct capture_file *capture_file_open(const char *path, struct capture_file_error *error);

/* Frames of up to so many octets of the file are there at once from now on, where there was room for less. */
void capture_file_widen(struct capture_file *file, size_t octets);

/*
 * The next frames in file order, at most `max`. Returns how many; 0 at the end of the file or at damage that cannot be
 * read past. Bytes are borrowed until the next call. frame.interface numbers the file's interfaces from 0 over all
 * sections.
 */
unsigned capture_file_next(struct capture_file *file, struct frame *frames, unsigned max);

/* After capture_file_next() returned 0: whether the file ended where a file may end. If not, the error is set: what was
 * found at which octet, and how much was left out. */
bool capture_file_sound(const struct capture_file *file, struct capture_file_error *error);

/* Interfaces met so far. The name is the one the file gives (if_name), else "interface N"; for pcap, "". */
unsigned capture_file_interfaces(const struct capture_file *file);
const char *capture_file_interface_name(const struct capture_file *file, unsigned interface);

/* How much of the file was read, 0.0 to 1.0; negative where the size is not known (a pipe). For compressed files by
 * compressed octets. */
double capture_file_progress(const struct capture_file *file);

void capture_file_close(struct capture_file *file);

#endif
