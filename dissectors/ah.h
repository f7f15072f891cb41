/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AH (RFC 4302): header only. Called by packet.c. The walk goes on behind it, since AH hides nothing.
 */
#ifndef ESPIAL_DISSECTORS_AH_H
#define ESPIAL_DISSECTORS_AH_H

#include <stdbool.h>
#include <stdint.h>

struct cursor;

enum { AH_HEADER_SIZE = 12 }; /* without the integrity check value */

struct ah_header {
	uint32_t spi; /* host byte order */
	uint32_t sequence;
	uint8_t next_header;
};

/* Reads the header and moves behind its integrity check value, which need not be captured. False: see the cursor. */
bool ah_read(struct cursor *cursor, struct ah_header *header);

#endif
