/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP and the packets its errors quote (see icmp.h). */
#include "icmp.h"

#include "cursor.h"
#include "esp.h"
#include "ip.h"

/* RFC 792; RFC 4443 section 3 */
enum { ICMP_UNREACHABLE = 3, ICMP_QUENCH = 4, ICMP_REDIRECT = 5, ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER = 12 };
enum { ICMP_CODE_FRAGMENTATION = 4 };
enum { ICMPV6_UNREACHABLE = 1, ICMPV6_TOO_BIG = 2, ICMPV6_TIME_EXCEEDED = 3, ICMPV6_PARAMETER = 4 };

enum { PORT_NAT_T = 4500 };

/*
 * RFC 792, RFC 4443 section 2.1:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Type      |     Code      |          Checksum             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                     by type and code                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
bool icmp_read(struct cursor *cursor, struct icmp_header *header)
{
	const uint8_t *p = cursor_bytes(cursor, ICMP_HEADER_SIZE);

	if (!p)
		return false;
	header->type = p[0];
	header->code = p[1];
	header->rest = cursor_be32(p + 4);
	return true;
}

static bool quotes(uint8_t version, uint8_t type)
{
	if (version == 6)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER;
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

/* RFC 1191 section 4: low half of octets 4 to 7, RFC 4443 section 3.2: all of them. */
static uint16_t next_hop_mtu(uint8_t version, const struct icmp_header *header)
{
	if (version == 6 && header->type == ICMPV6_TOO_BIG)
		return header->rest > UINT16_MAX ? UINT16_MAX : (uint16_t)header->rest;
	if (version == 4 && header->type == ICMP_UNREACHABLE && header->code == ICMP_CODE_FRAGMENTATION)
		return (uint16_t)header->rest;
	return 0;
}

/* As much of the transport as is there; each member stays 0 if it is not. */
static void read_quoted_transport(struct cursor *cursor, struct packet_quoted *quoted)
{
	switch (quoted->protocol) {
	case IP_PROTOCOL_ESP:
		quoted->spi = cursor_u32(cursor);
		break;
	case IP_PROTOCOL_WESP:
		if (esp_unwrap(cursor))
			quoted->spi = cursor_u32(cursor);
		break;
	case IP_PROTOCOL_AH:
		cursor_skip(cursor, 4);
		quoted->spi = cursor_u32(cursor);
		break;
	case IP_PROTOCOL_UDP:
	case IP_PROTOCOL_UDP_LITE:
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_SCTP:
	case IP_PROTOCOL_DCCP: {
		uint16_t src_port = cursor_u16(cursor);
		uint16_t dst_port = cursor_u16(cursor);
		if (!cursor_ok(cursor))
			break;
		quoted->src_port = src_port;
		quoted->dst_port = dst_port;
		if (quoted->protocol == IP_PROTOCOL_UDP && (src_port == PORT_NAT_T || dst_port == PORT_NAT_T)) {
			/* RFC 3948 section 2.2: the non-ESP marker is an SPI of zero, which is "none" here too. */
			cursor_skip(cursor, 4);
			quoted->spi = cursor_u32(cursor);
		}
		break;
	}
	default:
		break;
	}
}

bool icmp_read_quoted(struct cursor cursor, uint8_t version, const struct icmp_header *header,
		      struct packet_quoted *quoted)
{
	/* More than the longest packet: whatever the quoted length says, its missing rest is merely not here. */
	enum { QUOTE_PROMISE = 1 << 17 };
	struct ip_header ip;

	if (!quotes(version, header->type))
		return false;
	cursor_widen(&cursor, QUOTE_PROMISE);
	enum packet_reason reason = version == 6 ? ip_read_v6(&cursor, &ip) : ip_read_v4(&cursor, &ip);
	/* Extension headers may be cut off: addresses are there all the same. */
	if (reason != PACKET_REASON_NONE && reason != PACKET_REASON_EXTENSION && reason != PACKET_REASON_FRAGMENT)
		return false;

	*quoted = (struct packet_quoted){
		.src = version == 6 ? address_from_ipv6(ip.src) : address_from_ipv4(ip.src),
		.dst = version == 6 ? address_from_ipv6(ip.dst) : address_from_ipv4(ip.dst),
		.protocol = ip.protocol,
		.mtu = next_hop_mtu(version, header),
	};
	if (reason == PACKET_REASON_NONE && ip.offset == 0)
		read_quoted_transport(&cursor, quoted);
	return true;
}
