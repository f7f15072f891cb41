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

/* Takes a message about a file. */
typedef void offline_tell(void *context, const char *text);

/* Opens the files; one that cannot be read is told of and left out. NULL if none is left. */
struct offline *offline_new(const char *const *paths, unsigned count, offline_tell *tell, void *context);

/* Reads on: about `budget` frames. False when everything has been read. */
bool offline_read(struct offline *offline, struct engine *engine, unsigned budget);

/* The name of an interface by the number that frames carry; for the engine. `context` is the struct offline. */
const char *offline_interface_name(void *context, uint16_t interface);

/* How much was read, 0.0 to 1.0; negative if that is not known. */
double offline_progress(const struct offline *offline);

/* After the last read: tells of every file that did not end where a file may end. Returns how many were not read whole, those left out
 * at the beginning included. */
unsigned offline_damage(struct offline *offline, offline_tell *tell, void *context);

/* Reads in larger portions from now on, before the first: for an engine with several workers. */
void offline_gather(struct offline *offline);

void offline_free(struct offline *offline);

#endif
