/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reporter's end of captures of evidence: a thread that takes parcels from the engine and writes them into the folder.
 *
 * It alone waits for that disk, so neither alerts nor the engine do. The reporter's thread tells it what goes out about each alert, and under which number, since
 * an engine that was started anew calls an alert by a number of its own; a parcel that comes before the word on its alert waits for it a
 * while.
 */
#ifndef ESPIAL_DAEMON_EVIDENCE_KEEPER_H
#define ESPIAL_DAEMON_EVIDENCE_KEEPER_H

#include "report/evidence_folder.h"

#include <stddef.h>
#include <stdint.h>

struct evidence_keeper;

/* Starts the thread, which takes parcels from the packet socket `engine`. NULL on lack of memory. */
struct evidence_keeper *evidence_keeper_new(const struct evidence_folder_settings *settings, int engine);

/* Ends the thread, which writes what is there already. */
void evidence_keeper_free(struct evidence_keeper *keeper);

/* A finding's line as it goes out. Never waits: of too many the latest are lost. */
void evidence_keeper_tell(struct evidence_keeper *keeper, const char *line, size_t length);

/* What the engine calls by its own number goes out as alert `alert`. */
void evidence_keeper_name(struct evidence_keeper *keeper, uint64_t engine, uint64_t alert);

/* How it fares: a copy. From any thread. */
struct sink_health evidence_keeper_health(struct evidence_keeper *keeper);

#endif
