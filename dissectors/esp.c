/* SPDX-License-Identifier: Apache-2.0 */
/* WESP, the wrapping of ESP (see esp.h, where ESP itself is read). */
#include "esp.h"

/*
 * RFC 5840 section 2:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next Header  |   HdrLen      |  TrailerLen   |V|V|E|P| Rsvd  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Padding (4, if P: over IPv6)                  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Existing ESP Encapsulation               ~
 */
bool esp_unwrap(struct cursor *cursor)
{
	uint32_t header = cursor_u32(cursor);

	if (cursor_ok(cursor) && header & 0xc0)
		cursor_fail(cursor); /* only version 0 is defined */
	if (header & 0x10)
		cursor_skip(cursor, 4);
	return cursor_ok(cursor);
}

/* RFC 5840 section 2.1: in UDP a four-octet 0x00000002 stands before the WESP header. */
bool esp_unwrap_udp(struct cursor *cursor)
{
	struct cursor inner = *cursor;

	if (cursor_u32(&inner) != 2 || !esp_unwrap(&inner) || !cursor_need(&inner, ESP_HEADER_SIZE))
		return false;
	*cursor = inner;
	return true;
}
