/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing all of it: write() until nothing is left, over signals and short writes.
 *
 * For files, pipes and sockets that block. Called by whoever keeps files, the engine and the clients.
 */
#ifndef ESPIAL_REPORT_WRITE_WHOLE_H
#define ESPIAL_REPORT_WRITE_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/* False with errno if not all was written, and how much was is not known then; a descriptor that takes nothing counts as
 * full (ENOSPC). */
bool write_whole(int descriptor, const void *octets, size_t length);

#endif
