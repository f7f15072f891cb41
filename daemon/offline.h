/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files, in order of time, into an engine.
 *
 * One file is walked as it is. Several are merged by the times of their frames, so that rotated files may be named in any
 * order and the two sides of a tap may lie in two files.
 */
#ifndef ESPIAL_DAEMON_OFFLINE_H
#define ESPIAL_DAEMON_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct offline;

struct offline_error {
	char text[512];
};

/* Opens all files. NULL with the error set if one cannot be read. */
struct offline *offline_new(const char *const *paths, unsigned count, struct offline_error *error);

/* Reads on: about `budget` frames. False when everything has been read. */
bool offline_read(struct offline *offline, struct engine *engine, unsigned budget);

/* The name of an interface by the number that frames carry; for the engine. `context` is the struct offline. */
const char *offline_interface_name(void *context, uint16_t interface);

/* How much was read, 0.0 to 1.0; negative if that is not known. */
double offline_progress(const struct offline *offline);

/* After the last read: calls `each` for every file that did not end where a file may end. Returns how many. */
unsigned offline_damage(struct offline *offline, void (*each)(void *context, const char *text), void *context);

/* Reads in larger portions from now on, before the first: for an engine with several workers. */
void offline_gather(struct offline *offline);

void offline_free(struct offline *offline);

#endif
