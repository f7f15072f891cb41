/* SPDX-License-Identifier: Apache-2.0 */
/* AH header (see ah.h). */
#include "ah.h"

#include "cursor.h"

/*
 * RFC 4302 section 2:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Next Header   |  Payload Len  |          RESERVED             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Security Parameters Index (SPI)               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Sequence Number Field                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                Integrity Check Value-ICV (variable)           |
 *
 * Section 2.2: the length of the header in units of four octets, less 2.
 */
bool ah_read(struct cursor *cursor, struct ah_header *header)
{
	const uint8_t *p = cursor_bytes(cursor, AH_HEADER_SIZE);

	if (!p)
		return false;
	uint32_t octets = (p[1] + 2u) * 4;
	if (octets < AH_HEADER_SIZE)
		cursor_fail(cursor);
	cursor_skip(cursor, octets - AH_HEADER_SIZE);
	header->next_header = p[0];
	header->spi = cursor_be32(p + 4);
	header->sequence = cursor_be32(p + 8);
	return cursor_ok(cursor);
}
