/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that were seen to speak IPsec: whose clear flows are worth a name.
 *
 * With several workers one of these belongs to all. Then whoever reads the frames adds hosts between two chunks, with the
 * number of the frame that showed them, and whoever tracks a packet asks for what was known at its own frame: what a worker
 * comes to does not depend on how far the others are. Only read while several threads have it.
 */
#ifndef ESPIAL_AUDIT_HOSTS_H
#define ESPIAL_AUDIT_HOSTS_H

#include "../../dissectors/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hosts;

/* seed: of the hash. NULL on lack of memory. */
struct hosts *hosts_new(uint64_t seed);
void hosts_free(struct hosts *hosts);

/* The host is known from this frame on; if it was already, that stays. Once there are 65536 later ones are left out, which costs
 * only names. */
void hosts_add(struct hosts *hosts, const struct address *address, uint64_t frame);

/* Whether it was known at this frame. */
bool hosts_known(const struct hosts *hosts, const struct address *address, uint64_t frame);

/* Sends for what that will read: first for where it begins, then, `found`, for what stands there. */
void hosts_fetch(const struct hosts *hosts, const struct address *address, bool found);

/* Octets resident. */
size_t hosts_memory(const struct hosts *hosts);

#endif
