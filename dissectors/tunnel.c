/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels (see tunnel.h).
 *
 * GRE (RFC 2784, 2890), NVGRE (RFC 7637), PPTP's GRE (RFC 2637), ERSPAN I to III (draft-foschiano-erspan-03), EtherIP
 * (RFC 3378), VXLAN (RFC 7348, group policy draft), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), GENEVE (RFC 8926), GTP-U
 * (3GPP TS 29.281), Teredo (RFC 4380), GRE in UDP (RFC 8086).
 *
 * IP in IP needs no header of its own and is packet.c's.
 */
#include "tunnel.h"

#include "cursor.h"
#include "packet.h"

enum { PORT_VXLAN = 4789, PORT_VXLAN_LINUX = 8472, PORT_VXLAN_GPE = 4790, PORT_GENEVE = 6081 };
enum { PORT_GTPU = 2152, PORT_TEREDO = 3544, PORT_GRE_UDP = 4754 };

/* GRE protocol types that are no EtherTypes of ours. */
enum { GRE_ERSPAN = 0x88be, GRE_ERSPAN_3 = 0x22eb };

/* RFC 2890 section 2; the bits that RFC 1701 and 2637 add. */
enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGE = 0x0080,
	GRE_VERSION = 0x0007,
	GRE_RESERVED = 0x4ff8, /* zero in version 0 */
};

static bool allowed(const struct link *link, uint16_t tunnel)
{
	return (link->decapsulate & tunnel) != 0;
}

/*
 * draft-foschiano-erspan-03 section 4.2, type II (version 1), and section 4.3, type III (version 2):
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Ver  |          VLAN         | COS | En|T|    Session ID     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      Reserved         |                  Index                |    II
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *  |                          Timestamp                            |    III
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |             SGT               |P|    FT   |   Hw ID   |D|Gra|O|
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      platform specific, 8 octets, if O                        |
 *
 * Type I has no header: the GRE header without a sequence number is followed by the frame.
 */
static enum link_content read_erspan(struct cursor *cursor, uint16_t gre_type, uint16_t gre_flags, struct link *link)
{
	uint8_t frame_type = 0;

	if (!allowed(link, TUNNEL_ERSPAN))
		return LINK_UNKNOWN;
	if (gre_type == GRE_ERSPAN_3 || gre_flags & GRE_SEQUENCE) {
		uint8_t version = cursor_u8(cursor) >> 4;
		cursor_skip(cursor, 7);
		if (gre_type == GRE_ERSPAN_3) {
			uint32_t last = cursor_u32(cursor);
			frame_type = last >> 10 & 0x1f;
			if (last & 1)
				cursor_skip(cursor, 8);
		}
		if (cursor_ok(cursor) && version != (gre_type == GRE_ERSPAN_3 ? 2 : 1))
			cursor_fail(cursor);
	}
	link->tunnels |= TUNNEL_ERSPAN;
	if (frame_type == 0)
		return link_read_ethertype(cursor, LINK_ETHERTYPE_ETHERNET, link);
	return frame_type == 2 ? link_read_version(cursor) : LINK_NON_IP;
}

/*
 * RFC 2637 section 4.1: version 1 with K, protocol type PPP; the key is the payload's length and a call.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |C|R|K|S|s|Recur|A| Flags | Ver |         Protocol Type         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |    Key (HW) Payload Length    |       Key (LW) Call ID        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                  Sequence Number (Optional)                   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |               Acknowledgment Number (Optional)                |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static enum link_content read_gre_ppp(struct cursor *cursor, uint16_t type, uint16_t flags, struct link *link)
{
	if (!allowed(link, TUNNEL_GRE) || type != LINK_ETHERTYPE_PPP || !(flags & GRE_KEY))
		return LINK_UNKNOWN;
	uint16_t length = cursor_u16(cursor);
	cursor_skip(cursor, 2);
	if (flags & GRE_SEQUENCE)
		cursor_skip(cursor, 4);
	if (flags & GRE_ACKNOWLEDGE)
		cursor_skip(cursor, 4);
	cursor_narrow(cursor, length);
	link->tunnels |= TUNNEL_GRE;
	if (cursor_ok(cursor) && length == 0)
		return LINK_NON_IP; /* an acknowledgement alone */
	return link_read_ethertype(cursor, LINK_ETHERTYPE_PPP, link);
}

/*
 * RFC 2784 section 2 with RFC 2890 section 2. `guessed`: only a UDP port says that this is GRE.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |C| |K|S| Reserved0       | Ver |         Protocol Type         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      Checksum (optional)      |       Reserved1 (Optional)    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Key (optional)                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Sequence Number (Optional)                    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static enum link_content read_gre(struct cursor *cursor, bool guessed, struct link *link)
{
	uint16_t flags = cursor_u16(cursor);
	uint16_t type = cursor_u16(cursor);

	if (!cursor_ok(cursor))
		return LINK_FAILED;
	if ((flags & GRE_VERSION) == 1 && !guessed)
		return read_gre_ppp(cursor, type, flags, link);
	/* RFC 1701's source routes are gone (RFC 2784 section 2.3); whoever sets R is not understood. */
	if ((flags & GRE_VERSION) != 0 || flags & GRE_ROUTING || (guessed && flags & GRE_RESERVED))
		return LINK_UNKNOWN;

	uint32_t key = 0;
	if (flags & GRE_CHECKSUM)
		cursor_skip(cursor, 4);
	if (flags & GRE_KEY)
		key = cursor_u32(cursor);
	if (flags & GRE_SEQUENCE)
		cursor_skip(cursor, 4);
	if (type == GRE_ERSPAN || type == GRE_ERSPAN_3)
		return read_erspan(cursor, type, flags, link);
	if (!allowed(link, TUNNEL_GRE))
		return LINK_UNKNOWN;

	link->tunnels |= TUNNEL_GRE;
	/* RFC 7637 section 3.2: NVGRE is a keyed GRE with an Ethernet frame; 24 bits of the key are its network. */
	if (type == LINK_ETHERTYPE_ETHERNET && flags & GRE_KEY)
		link->vni = key >> 8;
	return link_read_ethertype(cursor, type, link);
}

enum link_content tunnel_read_gre(struct cursor *cursor, struct link *link)
{
	uint16_t before = link->tunnels;
	enum link_content content = read_gre(cursor, false, link);

	/* The IP header said GRE and its header was sound: what it carries is merely no IP. */
	if (content == LINK_UNKNOWN && link->tunnels != before)
		return LINK_NON_IP;
	return content;
}

/* RFC 3378 section 3: version (4 bits, 3), reserved (12 bits, zero), then an Ethernet frame. */
enum link_content tunnel_read_etherip(struct cursor *cursor, struct link *link)
{
	if (!allowed(link, TUNNEL_OTHER))
		return LINK_UNKNOWN;
	uint16_t version = cursor_u16(cursor);
	if (!cursor_ok(cursor))
		return LINK_FAILED;
	if (version != 0x3000)
		return LINK_UNKNOWN;
	link->tunnels |= TUNNEL_OTHER;
	enum link_content content = link_read_ethertype(cursor, LINK_ETHERTYPE_ETHERNET, link);
	return content == LINK_UNKNOWN ? LINK_NON_IP : content;
}

/*
 * RFC 7348 section 5; G and the group policy are draft-smith-vxlan-group-policy's:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |G|R|R|R|I|R|R|R|R|D|R|R|A|R|R|R|        Group Policy ID        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                VXLAN Network Identifier (VNI) |   Reserved    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static enum link_content read_vxlan(struct cursor *cursor, struct link *link)
{
	if (!allowed(link, TUNNEL_VXLAN))
		return LINK_UNKNOWN;
	uint32_t flags = cursor_u32(cursor);
	uint32_t network = cursor_u32(cursor);
	if (!cursor_ok(cursor))
		return LINK_FAILED;
	bool policy = flags & 0x80000000;
	if ((flags & (policy ? 0x7fb70000 : 0x7fffffff)) != 0x08000000 || network & 0xff)
		return LINK_UNKNOWN;
	link->tunnels |= TUNNEL_VXLAN;
	link->vni = network >> 8;
	return link_read_ethertype(cursor, LINK_ETHERTYPE_ETHERNET, link);
}

/*
 * draft-ietf-nvo3-vxlan-gpe section 3:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |R|R|Ver|I|P|B|O|       Reserved                |Next Protocol  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                VXLAN Network Identifier (VNI) |   Reserved    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static enum link_content read_vxlan_gpe(struct cursor *cursor, struct link *link)
{
	if (!allowed(link, TUNNEL_VXLAN))
		return LINK_UNKNOWN;
	uint32_t flags = cursor_u32(cursor);
	uint32_t network = cursor_u32(cursor);
	if (!cursor_ok(cursor))
		return LINK_FAILED;
	/* Reserved bits and version zero, I set, no operations message; without P it is an Ethernet frame. */
	if ((flags & 0xf9ffff00) != 0x08000000 || network & 0xff)
		return LINK_UNKNOWN;
	link->tunnels |= TUNNEL_VXLAN;
	link->vni = network >> 8;
	switch (flags & 0x04000000 ? flags & 0xff : 3) {
	case 1:
		return LINK_IPV4;
	case 2:
		return LINK_IPV6;
	case 3:
		return link_read_ethertype(cursor, LINK_ETHERTYPE_ETHERNET, link);
	case 4:
		return LINK_NON_IP; /* NSH */
	case 5:
		return link_read_ethertype(cursor, LINK_ETHERTYPE_MPLS, link);
	default:
		return LINK_UNKNOWN;
	}
}

/*
 * RFC 8926 section 3.4:
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Ver|  Opt Len  |O|C|    Rsvd.  |          Protocol Type        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |        Virtual Network Identifier (VNI)       |    Reserved   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  ~                    Variable-Length Options                    ~
 */
static enum link_content read_geneve(struct cursor *cursor, struct link *link)
{
	if (!allowed(link, TUNNEL_GENEVE))
		return LINK_UNKNOWN;
	uint16_t flags = cursor_u16(cursor);
	uint16_t type = cursor_u16(cursor);
	uint32_t network = cursor_u32(cursor);
	if (!cursor_ok(cursor))
		return LINK_FAILED;
	if (flags & 0xc03f || network & 0xff)
		return LINK_UNKNOWN;
	cursor_skip(cursor, (flags >> 8 & 0x3fu) * 4);
	link->tunnels |= TUNNEL_GENEVE;
	link->vni = network >> 8;
	if (flags & 0x0080)
		return LINK_NON_IP; /* control: no frame inside */
	return link_read_ethertype(cursor, type, link);
}

/*
 * 3GPP TS 29.281 section 5.1:
 *
 *  version (3 bits, 1) PT (1) 0 E S PN | message type (1) | length (2) | TEID (4)
 *  and if any of E, S, PN: sequence number (2) | N-PDU number (1) | next extension (1)
 *  extension (section 5.2): length in units of four octets (1) | ... | next extension (1), 0 ends the chain
 */
static enum link_content read_gtpu(struct cursor *cursor, struct link *link)
{
	enum { T_PDU = 255, EXTENSIONS_MAX = 8 };

	if (!allowed(link, TUNNEL_GTP))
		return LINK_UNKNOWN;
	uint8_t flags = cursor_u8(cursor);
	uint8_t message = cursor_u8(cursor);
	uint16_t length = cursor_u16(cursor);
	cursor_skip(cursor, 4);
	if (!cursor_ok(cursor))
		return LINK_FAILED;
	if ((flags & 0xf8) != 0x30 || message != T_PDU || length != cursor_left(cursor))
		return LINK_UNKNOWN;
	if (flags & 0x07) {
		cursor_skip(cursor, 3);
		uint8_t next = cursor_u8(cursor);
		if (!(flags & 0x04))
			next = 0; /* the field is there, but means nothing */
		for (unsigned count = 0; next != 0 && cursor_ok(cursor); count++) {
			uint32_t octets = cursor_u8(cursor) * 4u;
			if (octets == 0 || count == EXTENSIONS_MAX) {
				cursor_fail(cursor);
				break;
			}
			cursor_skip(cursor, octets - 2);
			next = cursor_u8(cursor);
		}
	}
	link->tunnels |= TUNNEL_GTP;
	return link_read_version(cursor);
}

/*
 * RFC 4380 section 5.1.1: an IPv6 packet, before it perhaps an authentication header and an origin:
 *
 *  0x00 | 0x01 | identifier length (1) | value length (1) | identifier | value | nonce (8) | confirmation (1)
 *  0x00 | 0x00 | port (2) | address (4)
 *
 * Nothing marks the packet as Teredo, so its length has to fit and one address has to be Teredo's (2001::/32, section
 * 2.6) or link-local, as in the exchange with a server (section 5.2.1).
 */
static enum link_content read_teredo(struct cursor *cursor, struct link *link)
{
	if (!allowed(link, TUNNEL_OTHER))
		return LINK_UNKNOWN;
	struct cursor peek = *cursor;
	if (cursor_u16(&peek) == 0x0001) {
		cursor_skip(cursor, 2);
		uint32_t identifier = cursor_u8(cursor);
		uint32_t value = cursor_u8(cursor);
		cursor_skip(cursor, identifier + value + 9);
		peek = *cursor;
		cursor_u16(&peek);
	}
	struct cursor origin = *cursor;
	if (cursor_u16(&origin) == 0x0000 && cursor_ok(&origin))
		cursor_skip(cursor, 8);

	struct cursor inner = *cursor;
	const uint8_t *header = cursor_bytes(&inner, 40);
	if (!header) {
		cursor->error = inner.error;
		return LINK_FAILED;
	}
	bool teredo = cursor_be32(header + 8) == 0x20010000 || cursor_be32(header + 24) == 0x20010000;
	bool local = (cursor_be16(header + 8) & 0xffc0) == 0xfe80;
	if (header[0] >> 4 != 6 || cursor_be16(header + 4) > cursor_left(&inner) || (!teredo && !local))
		return LINK_UNKNOWN;
	link->tunnels |= TUNNEL_OTHER;
	return LINK_IPV6;
}

bool tunnel_has_port(uint16_t src_port, uint16_t dst_port)
{
	switch (dst_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
	case PORT_VXLAN_GPE:
	case PORT_GENEVE:
	case PORT_GRE_UDP:
	case PORT_GTPU:
	case PORT_TEREDO:
		return true;
	default:
		return src_port == PORT_GTPU || src_port == PORT_TEREDO;
	}
}

enum link_content tunnel_read_udp(struct cursor *cursor, uint16_t src_port, uint16_t dst_port, struct link *link)
{
	enum link_content content;

	switch (dst_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		content = read_vxlan(cursor, link);
		break;
	case PORT_VXLAN_GPE:
		content = read_vxlan_gpe(cursor, link);
		break;
	case PORT_GENEVE:
		content = read_geneve(cursor, link);
		break;
	case PORT_GRE_UDP:
		content = read_gre(cursor, true, link);
		break;
	default:
		if (dst_port == PORT_GTPU || src_port == PORT_GTPU)
			content = read_gtpu(cursor, link);
		else if (dst_port == PORT_TEREDO || src_port == PORT_TEREDO)
			content = read_teredo(cursor, link);
		else
			return LINK_UNKNOWN;
	}
	/* What contradicts itself is not the tunnel that its port suggests. */
	if (content == LINK_FAILED && cursor->error == CURSOR_MALFORMED)
		return LINK_UNKNOWN;
	return content;
}
