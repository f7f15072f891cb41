/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Later IP fragments, brought home to the flow or SA of the first one (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * Only the first fragment has ports or an SPI. A fixed cache of 4096 datagrams remembers to whom a datagram's fragments
 * belong; fragments that come before the first one wait there as a count. Old datagrams make room for new ones; none is
 * believed for longer than 60 seconds.
 */
#ifndef ESPIAL_AUDIT_FRAGMENTS_H
#define ESPIAL_AUDIT_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct fragments;

enum fragments_owner { FRAGMENTS_UNKNOWN, FRAGMENTS_FLOW, FRAGMENTS_SA };

struct fragments_home {
	enum fragments_owner owner;
	uint32_t number; /* of the flow or SA */
	uint64_t hash;   /* of the flow or SA, to see whether the number was given to another since */
};

/* NULL on lack of memory. */
struct fragments *fragments_new(void);
void fragments_free(struct fragments *fragments);

/* The first fragment of the datagram with this hash belongs to `home`. Returns how many octets of later fragments, in
 * how many packets, were waiting for it. */
void fragments_first(struct fragments *fragments, uint64_t datagram, const struct fragments_home *home, int64_t now_ns,
		     uint32_t *packets, uint64_t *bytes);

/* A later fragment: its home, or FRAGMENTS_UNKNOWN after it was counted to wait. */
struct fragments_home fragments_later(struct fragments *fragments, uint64_t datagram, uint32_t bytes, int64_t now_ns);

#endif
