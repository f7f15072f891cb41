/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP (RFC 4303), bare, in UDP (RFC 3948) and wrapped (WESP, RFC 5840).
 *
 * Called by packet.c, and by icmp.c for quoted packets. Reads the header only: what is behind it is not ours to read.
 */
#ifndef ESPIAL_DISSECTORS_ESP_H
#define ESPIAL_DISSECTORS_ESP_H

#include "cursor.h"

enum { ESP_HEADER_SIZE = 8 };

struct esp_header {
	uint32_t spi;      /* host byte order */
	uint32_t sequence; /* low 32 bits */
};

/*
 * RFC 4303 section 2:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |               Security Parameters Index (SPI)                 |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Sequence Number                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Payload Data (variable)                    |
 *
 * An SPI of zero must not be sent (section 2.1) but is reported as it stands. True if the cursor is still sound after
 * it. Inline, since most packets of a tunnel end here.
 */
static inline bool esp_read(struct cursor *cursor, struct esp_header *header)
{
	const uint8_t *p = cursor_bytes(cursor, ESP_HEADER_SIZE);

	if (!p)
		return false;
	header->spi = cursor_be32(p);
	header->sequence = cursor_be32(p + 4);
	return true;
}

/* Moves over a WESP header to the ESP header behind it. False if it is malformed or cut: the cursor says which. */
bool esp_unwrap(struct cursor *cursor);

/*
 * Whether a UDP payload that opens with SPI 2 is WESP (RFC 5840 section 2.1 reserves that value), and if so moves to the ESP
 * header. Nothing is moved otherwise.
 */
bool esp_unwrap_udp(struct cursor *cursor);

#endif
