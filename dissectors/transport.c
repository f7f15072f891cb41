/* SPDX-License-Identifier: Apache-2.0 */
/* Transport headers (see transport.h). */
#include "transport.h"

#include "cursor.h"
#include "ip.h"

/*
 * RFC 9293 section 3.1:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source Port          |       Destination Port        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Sequence Number                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Acknowledgment Number                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Data |       |C|E|U|A|P|R|S|F|                               |
 *  | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
 *  |       |       |R|E|G|K|H|T|N|N|                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           Checksum            |         Urgent Pointer        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                           [Options]                           |
 *
 * The flags are the last we need; what follows them need not be captured.
 */
bool transport_read_tcp(struct cursor *cursor, bool first_fragment, struct transport *transport)
{
	enum { HEADER_SIZE = 20, NEEDED = 14 };
	const uint8_t *p = cursor_bytes(cursor, NEEDED);

	if (p) {
		uint32_t header_octets = (p[12] >> 4) * 4u;
		if (header_octets < HEADER_SIZE)
			cursor_fail(cursor);
		transport->src_port = cursor_be16(p);
		transport->dst_port = cursor_be16(p + 2);
		transport->tcp_flags = p[13];
		cursor_skip(cursor, header_octets - NEEDED);
		return cursor_ok(cursor);
	}
	if (!first_fragment || cursor->error != CURSOR_TRUNCATED)
		return false;
	cursor->error = CURSOR_OK;
	transport->src_port = cursor_u16(cursor);
	transport->dst_port = cursor_u16(cursor);
	transport->tcp_flags = 0;
	return cursor_ok(cursor);
}

/*
 * RFC 768:
 *
 *   0      7 8     15 16    23 24    31
 *  +--------+--------+--------+--------+
 *  |   Source Port   | Destination Port|
 *  +--------+--------+--------+--------+
 *  |     Length      |    Checksum     |
 *  +--------+--------+--------+--------+
 *
 * RFC 2675 section 4: a length of zero stands for one beyond 65535, so it is only believed in a jumbogram.
 */
bool transport_read_udp(struct cursor *cursor, struct transport *transport)
{
	enum { HEADER_SIZE = 8, LENGTH_MAX = 65535 };
	uint32_t datagram = cursor_left(cursor);
	const uint8_t *p = cursor_bytes(cursor, HEADER_SIZE);

	if (!p)
		return false;
	transport->src_port = cursor_be16(p);
	transport->dst_port = cursor_be16(p + 2);
	transport->tcp_flags = 0;
	uint32_t length = cursor_be16(p + 4);
	if (length == 0 && datagram > LENGTH_MAX)
		return true;
	if (length < HEADER_SIZE)
		cursor_fail(cursor);
	else
		cursor_narrow(cursor, length - HEADER_SIZE);
	return cursor_ok(cursor);
}

/*
 * All three begin with the ports. UDP-Lite (RFC 3828 section 3.1): 8 octets. SCTP (RFC 9260 section 3.1): 12 octets
 * before the first chunk. DCCP (RFC 4340 section 5.1): the data offset, in units of four octets, is octet 4.
 */
bool transport_read_other(struct cursor *cursor, uint8_t protocol, struct transport *transport)
{
	transport->src_port = cursor_u16(cursor);
	transport->dst_port = cursor_u16(cursor);
	transport->tcp_flags = 0;
	if (protocol == IP_PROTOCOL_DCCP) {
		uint32_t header_octets = cursor_u8(cursor) * 4u;
		if (cursor_ok(cursor) && header_octets < 12)
			cursor_fail(cursor);
		cursor_skip(cursor, header_octets - 5);
	} else {
		cursor_skip(cursor, protocol == IP_PROTOCOL_SCTP ? 8 : 4);
	}
	return cursor_ok(cursor);
}
