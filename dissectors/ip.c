/* SPDX-License-Identifier: Apache-2.0 */
/* IP headers (see ip.h): RFC 791, RFC 8200, RFC 2675 (jumbograms), RFC 6946 (atomic fragments). */
#include "ip.h"

#include "cursor.h"

enum { IP_PACKET_MAX = 65535, IPV4_HEADER_SIZE = 20, IPV6_HEADER_SIZE = 40 };

/* Any IP packet is reassembled to at most this, so a first fragment's promise never needs more. */
enum { FRAGMENT_PROMISE = 1 << 17 };

/* RFC 791 section 3.2: no fragment may reach beyond the largest packet, and a later one carries something. */
static enum packet_reason check_fragment(struct cursor *cursor, const struct ip_header *header, uint32_t octets)
{
	if (header->offset > 0 && (octets == 0 || octets > IP_PACKET_MAX - header->offset)) {
		cursor_fail(cursor);
		return PACKET_REASON_FRAGMENT;
	}
	/* Octets of this fragment are all there are in this frame, but not all there are of the packet. */
	if (header->offset == 0)
		cursor_widen(cursor, FRAGMENT_PROMISE);
	return PACKET_REASON_NONE;
}

static uint32_t captured_from(const struct cursor *cursor, uint32_t start)
{
	return cursor->captured > start ? cursor->captured - start : 0;
}

/*
 * RFC 791 section 3.1:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version|  IHL  |Type of Service|          Total Length         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Identification        |Flags|      Fragment Offset    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Time to Live |    Protocol   |         Header Checksum       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Source Address                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Destination Address                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Options                    |    Padding    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * A total length of zero is what a sender's own capture shows of packets that the interface will cut up, or of ones
 * beyond 65535 octets: the frame then says where the packet ends.
 */
enum packet_reason ip_read_v4(struct cursor *cursor, struct ip_header *header)
{
	uint32_t start = cursor->at;
	const uint8_t *p = cursor_bytes(cursor, IPV4_HEADER_SIZE);

	if (!p)
		return PACKET_REASON_IPV4;
	uint32_t header_octets = (p[0] & 0x0fu) * 4;
	uint32_t length = cursor_be16(p + 2);
	if (length == 0)
		length = cursor->promised - start;
	if (p[0] >> 4 != 4 || header_octets < IPV4_HEADER_SIZE || length < header_octets) {
		cursor_fail(cursor);
		return PACKET_REASON_IPV4;
	}
	cursor_narrow(cursor, length - IPV4_HEADER_SIZE);
	cursor_skip(cursor, header_octets - IPV4_HEADER_SIZE);
	if (!cursor_ok(cursor))
		return PACKET_REASON_IPV4;

	uint16_t fragment = cursor_be16(p + 6);
	header->start = p;
	header->src = p + 12;
	header->dst = p + 16;
	header->captured = captured_from(cursor, start);
	header->length = length;
	header->end = cursor->promised;
	header->id = cursor_be16(p + 4);
	header->offset = (fragment & 0x1fffu) * 8;
	header->version = 4;
	header->protocol = p[9];
	header->ttl = p[8];
	header->more = fragment & 0x2000;
	header->fragment = header->more || header->offset > 0;
	if (header->fragment)
		return check_fragment(cursor, header, length - header_octets);
	return PACKET_REASON_NONE;
}

/*
 * RFC 2675 section 2: the payload length in 32 bits, as a hop-by-hop option of type 0xc2 with 4 octets. 0 if there is
 * none. `options` is narrowed to the options; type, length, value, but a type of zero is a single octet of padding.
 */
static uint32_t jumbo_length(struct cursor options)
{
	for (unsigned count = 0; count < IP_OPTIONS_MAX && cursor_left(&options) > 0; count++) {
		uint8_t type = cursor_u8(&options);
		if (type == 0)
			continue;
		uint8_t octets = cursor_u8(&options);
		if (type == 0xc2 && octets == 4)
			return cursor_u32(&options);
		cursor_skip(&options, octets);
	}
	return 0;
}

/*
 * The end of a packet whose payload length is zero: by its jumbo option, or, beyond what the field can say, by the
 * frame (some senders' own captures). Otherwise it ends with its header.
 */
static enum packet_reason read_jumbo(struct cursor *cursor, struct ip_header *header)
{
	uint32_t left = cursor_left(cursor);

	if (header->protocol == IP_PROTOCOL_HOP_BY_HOP) {
		struct cursor options = *cursor;
		uint32_t octets = ((cursor_u16(&options) & 0xffu) + 1) * 8;
		cursor_narrow(&options, octets - 2);
		if (!cursor_ok(&options)) {
			cursor->error = options.error;
			return PACKET_REASON_EXTENSION;
		}
		/* The option has to be there to be found; where it is cut off, nothing is known of the end. */
		if (options.captured - options.at < octets - 2) {
			cursor->error = CURSOR_TRUNCATED;
			return PACKET_REASON_EXTENSION;
		}
		uint32_t jumbo = jumbo_length(options);
		if (jumbo > IP_PACKET_MAX) {
			cursor_narrow(cursor, jumbo);
			return cursor_ok(cursor) ? PACKET_REASON_NONE : PACKET_REASON_IPV6;
		}
		if (jumbo != 0) {
			cursor_fail(cursor); /* RFC 2675 section 3: not a jumbogram's */
			return PACKET_REASON_EXTENSION;
		}
	}
	if (left <= IP_PACKET_MAX)
		cursor_narrow(cursor, 0);
	return PACKET_REASON_NONE;
}

/*
 * RFC 8200 section 4.5:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Identification                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static enum packet_reason read_fragment(struct cursor *cursor, struct ip_header *header)
{
	const uint8_t *p = cursor_bytes(cursor, 8);

	if (!p)
		return PACKET_REASON_EXTENSION;
	uint16_t fragment = cursor_be16(p + 2);
	header->protocol = p[0];
	if ((fragment & 0xfff9) == 0)
		return PACKET_REASON_NONE; /* atomic: offset 0 and nothing more (RFC 6946) */
	if (header->fragment) {
		cursor_fail(cursor); /* a fragment of a fragment */
		return PACKET_REASON_FRAGMENT;
	}
	header->id = cursor_be32(p + 4);
	header->offset = fragment & 0xfff8u;
	header->more = fragment & 1;
	header->fragment = true;
	return check_fragment(cursor, header, cursor_left(cursor));
}

/*
 * RFC 8200 section 4.3, 4.4, 4.6, RFC 6275 section 6.1.1, RFC 7401 section 5.1, RFC 5533 section 5: all begin alike.
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next Header  |  Hdr Ext Len  |                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *  |              (Hdr Ext Len + 1) * 8 octets in all              |
 *
 * Mobility, HIP and Shim6 mostly carry a message of their own and nothing else: then they are the packet's protocol,
 * as HIP is over IPv4, rather than "no next header".
 */
enum packet_reason ip_read_extensions(struct cursor *cursor, struct ip_header *header)
{
	for (unsigned count = 0;; count++) {
		uint8_t current = header->protocol;
		switch (current) {
		case IP_PROTOCOL_FRAGMENT: {
			enum packet_reason reason = read_fragment(cursor, header);
			if (reason != PACKET_REASON_NONE || header->offset > 0)
				return reason;
			break;
		}
		case IP_PROTOCOL_HOP_BY_HOP:
		case IP_PROTOCOL_DESTINATION:
		case IP_PROTOCOL_ROUTING:
		case IP_PROTOCOL_MOBILITY:
		case IP_PROTOCOL_HIP:
		case IP_PROTOCOL_SHIM6: {
			const uint8_t *p = cursor_bytes(cursor, 2);
			if (!p)
				return PACKET_REASON_EXTENSION;
			cursor_skip(cursor, (p[1] + 1u) * 8 - 2);
			if (p[0] == IP_PROTOCOL_NO_NEXT && current >= IP_PROTOCOL_MOBILITY)
				return cursor_ok(cursor) ? PACKET_REASON_NONE : PACKET_REASON_EXTENSION;
			header->protocol = p[0];
			break;
		}
		default:
			return PACKET_REASON_NONE;
		}
		if (count == IP_EXTENSIONS_MAX)
			cursor_fail(cursor);
		if (!cursor_ok(cursor))
			return PACKET_REASON_EXTENSION;
	}
}

/*
 * RFC 8200 section 3:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version| Traffic Class |           Flow Label                  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Payload Length        |  Next Header  |   Hop Limit   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Source Address (16 octets)                    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |               Destination Address (16 octets)                 |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
enum packet_reason ip_read_v6(struct cursor *cursor, struct ip_header *header)
{
	uint32_t start = cursor->at;
	const uint8_t *p = cursor_bytes(cursor, IPV6_HEADER_SIZE);

	if (!p)
		return PACKET_REASON_IPV6;
	if (p[0] >> 4 != 6) {
		cursor_fail(cursor);
		return PACKET_REASON_IPV6;
	}
	header->start = p;
	header->src = p + 8;
	header->dst = p + 24;
	header->id = 0;
	header->offset = 0;
	header->version = 6;
	header->protocol = p[6];
	header->ttl = p[7];
	header->more = false;
	header->fragment = false;

	uint32_t payload = cursor_be16(p + 4);
	if (payload != 0) {
		cursor_narrow(cursor, payload);
		if (!cursor_ok(cursor))
			return PACKET_REASON_IPV6;
	} else {
		enum packet_reason reason = read_jumbo(cursor, header);
		if (reason != PACKET_REASON_NONE)
			return reason;
	}
	header->captured = captured_from(cursor, start);
	header->length = cursor->promised - start;
	header->end = cursor->promised;
	return ip_read_extensions(cursor, header);
}
