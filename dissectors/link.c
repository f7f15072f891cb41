/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link layers (see link.h).
 *
 * IEEE 802.3 and 802.2 (RFC 1042), 802.1Q and 802.1ad tags, MPLS (RFC 3032) with pseudowires (RFC 4448), PPPoE (RFC
 * 2516), PPP (RFC 1661, 1662), Cisco HDLC (RFC 1547 section 4.3.1 describes its use), VN-tag (802.1BR's forerunner),
 * MACsec (802.1AE) without encryption, the cooked headers of Linux, the loopback headers of the BSDs, NFLOG.
 *
 * Each reader takes one header and answers with the EtherType of what follows. Where a format has no EtherType of its
 * own, a number above 0xffff stands in.
 */
#include "link.h"

#include "cursor.h"
#include "packet.h"

enum {
	ETHERTYPE_FIRST = 0x0600, /* below: a length (IEEE 802.3 section 3.2.6) */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848, /* RFC 5332 */
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_MACSEC = 0x88e5,
	ETHERTYPE_VNTAG = 0x8926,
	/* Stand-ins. */
	TYPE_LLC = 0x10000,    /* IEEE 802.2 header */
	TYPE_NON_IP = 0x10001, /* known to be no IP */
	TYPE_UNKNOWN = 0x10002,
};

/* Octets 12 and 13 of an Ethernet header. */
enum { ETHERNET_TYPE_OFFSET = 12 };

/* EtherTypes that are common and carry no IP that we read. Only tells a frame from what merely looks like one. */
static bool ethertype_is_other(uint32_t ethertype)
{
	switch (ethertype) {
	case TYPE_NON_IP:
	case 0x0806: /* ARP */
	case 0x8035: /* RARP */
	case 0x809b: /* AppleTalk */
	case 0x80f3: /* AppleTalk ARP */
	case 0x8137: /* IPX */
	case 0x8808: /* flow control */
	case 0x8809: /* LACP and other slow protocols */
	case 0x8863: /* PPPoE discovery */
	case 0x886c: /* vendor specific, wireless */
	case 0x886d: /* adapter teaming probes */
	case 0x8870: /* jumbo LLC */
	case 0x8874: /* vendor specific, loop detection */
	case 0x888e: /* EAPOL */
	case 0x8892: /* PROFINET */
	case 0x88a2: /* ATA over Ethernet */
	case 0x88a4: /* EtherCAT */
	case 0x88b5: /* local experiments */
	case 0x88b6:
	case 0x88b7: /* by organisation */
	case 0x88b8: /* GOOSE */
	case 0x88ba: /* sampled values */
	case 0x88c7: /* pre-authentication */
	case 0x88cc: /* LLDP */
	case 0x88e1: /* HomePlug */
	case 0x88e7: /* provider backbone bridging */
	case 0x88f5: /* MVRP */
	case 0x88f6: /* MMRP */
	case 0x88f7: /* PTP */
	case 0x8902: /* connectivity fault management */
	case 0x8906: /* FCoE */
	case 0x890d: /* fast roaming */
	case 0x8914: /* FCoE initialisation */
	case 0x8915: /* RoCE */
	case 0x894f: /* NSH */
	case 0x9000: /* loopback test */
		return true;
	default:
		return false;
	}
}

static bool ethertype_is_header(uint32_t ethertype)
{
	switch (ethertype) {
	case LINK_ETHERTYPE_IPV4:
	case LINK_ETHERTYPE_IPV6:
	case LINK_ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
	case ETHERTYPE_PPPOE_SESSION:
	case ETHERTYPE_MACSEC:
	case ETHERTYPE_VNTAG:
		return true;
	default:
		return false;
	}
}

enum link_content link_read_version(struct cursor *cursor)
{
	struct cursor peek = *cursor;
	uint8_t version = cursor_u8(&peek) >> 4;

	if (!cursor_ok(&peek)) {
		cursor->error = peek.error;
		return LINK_FAILED;
	}
	return version == 4 ? LINK_IPV4 : version == 6 ? LINK_IPV6 : LINK_UNKNOWN;
}

/*
 * IEEE 802.3 section 3.1.1:
 *
 *  destination (6) | source (6) | EtherType, or length of what follows (2)
 */
static inline uint32_t read_ethernet(struct cursor *cursor, struct link *link)
{
	const uint8_t *header = cursor_bytes(cursor, 14);

	if (!header)
		return TYPE_NON_IP;
	/* The group bit: least significant of the first octet (IEEE 802 section 8.2). */
	link->group = header[0] & 1;
	uint32_t type = cursor_be16(header + ETHERNET_TYPE_OFFSET);
	if (type >= ETHERTYPE_FIRST)
		return type;
	if (type > 1500)
		return TYPE_UNKNOWN; /* neither a length nor a type */
	cursor_narrow(cursor, type);
	return TYPE_LLC;
}

/*
 * IEEE 802.2 section 3.2, RFC 1042:
 *
 *  DSAP (1) | SSAP (1) | control (1 or 2)        and for DSAP = SSAP = 0xaa, SNAP:   OUI (3) | EtherType (2)
 */
static uint32_t read_llc(struct cursor *cursor)
{
	uint16_t access_points = cursor_u16(cursor);
	if (access_points == 0xffff)
		return TYPE_NON_IP; /* IPX straight behind the length */
	uint8_t control = cursor_u8(cursor);
	if (access_points == 0x0606 && control == 0x03)
		return LINK_ETHERTYPE_IPV4; /* RFC 948 */
	if (access_points != 0xaaaa || control != 0x03)
		return TYPE_NON_IP; /* spanning tree, IS-IS, NetBEUI, ... */

	uint32_t organisation = (uint32_t)cursor_u8(cursor) << 16;
	organisation |= cursor_u16(cursor);
	uint16_t type = cursor_u16(cursor);
	/* RFC 1042: zero. 0x0000f8: bridge tunnels (IEEE 802.1H). Any other numbers its own protocols (CDP, ...). */
	return organisation == 0 || organisation == 0x0000f8 ? type : (uint32_t)TYPE_NON_IP;
}

/*
 * IEEE 802.1Q section 9.6, behind the EtherType that announces it:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-----+-+-----------------------+-------------------------------+
 *  | PCP |D|    VLAN identifier    |           EtherType           |
 *  +-----+-+-----------------------+-------------------------------+
 */
static uint32_t read_vlan(struct cursor *cursor, struct link *link)
{
	uint16_t identifier = cursor_u16(cursor) & 0x0fff;
	uint32_t type = cursor_u16(cursor);

	if (link->vlan == 0)
		link->vlan = identifier;
	link->tunnels |= TUNNEL_VLAN;
	if (type >= ETHERTYPE_FIRST)
		return type;
	if (type > 1500)
		return TYPE_UNKNOWN;
	cursor_narrow(cursor, type);
	return TYPE_LLC;
}

/*
 * VN-tag, behind its EtherType:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+---------------------------+-+-+---+-----------------------+
 *  |D|P|  destination interface    |L|R|Ver|   source interface    |
 *  +-+-+---------------------------+-+-+---+-----------------------+
 *  |           EtherType           |
 *  +-------------------------------+
 */
static uint32_t read_vntag(struct cursor *cursor, struct link *link)
{
	cursor_skip(cursor, 4);
	link->tunnels |= TUNNEL_VLAN;
	return cursor_u16(cursor);
}

/*
 * IEEE 802.1AE section 9.3, behind its EtherType:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+---+---------------+-------------------------------+
 *  |V|S|C|B|E|C|AN |  short length |      packet number ...        |
 *  +-+-+-+-+-+-+---+---------------+-------------------------------+
 *  |    ... packet number          |  SCI (8, if the first C) ...
 *  +-------------------------------+
 *
 * With neither E (encrypted) nor the second C (changed text) the EtherType that was there follows in clear, and an
 * integrity check value ends the frame; the IP length keeps it apart from data.
 */
static uint32_t read_macsec(struct cursor *cursor, struct link *link)
{
	uint8_t control = cursor_u8(cursor);

	cursor_skip(cursor, 5);
	if (control & 0x20)
		cursor_skip(cursor, 8);
	if (control & 0x0c)
		return TYPE_NON_IP;
	link->tunnels |= TUNNEL_VLAN;
	return cursor_u16(cursor);
}

/*
 * Where a pseudowire's Ethernet frame begins: behind a control word (RFC 4448 section 4.6) or at once. Both may begin
 * with four zero bits, so whichever gives an EtherType we know is believed, the control word first.
 */
static uint32_t pseudowire_skip(const struct cursor *cursor)
{
	for (uint32_t skip = 4;; skip = 0) {
		struct cursor peek = *cursor;
		cursor_skip(&peek, skip + ETHERNET_TYPE_OFFSET);
		uint16_t type = cursor_u16(&peek);
		if (cursor_ok(&peek) && (ethertype_is_header(type) || ethertype_is_other(type)))
			return skip;
		if (skip == 0)
			return 4;
	}
}

/*
 * RFC 3032 section 2.1, one label stack entry:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                Label                  | TC  |S|       TTL     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Nothing says what follows the entry with S set; as routers do (RFC 4928 section 3), the next four bits are asked.
 */
static uint32_t read_mpls(struct cursor *cursor, struct link *link)
{
	bool bottom = false;

	for (unsigned count = 0; !bottom && cursor_ok(cursor); count++) {
		if (count == LINK_LABELS_MAX)
			cursor_fail(cursor);
		bottom = cursor_u32(cursor) & 0x100;
	}
	link->tunnels |= TUNNEL_MPLS;

	struct cursor peek = *cursor;
	uint8_t nibble = cursor_u8(&peek) >> 4;
	if (!cursor_ok(&peek)) {
		cursor->error = peek.error;
		return TYPE_NON_IP;
	}
	switch (nibble) {
	case 4:
		return LINK_ETHERTYPE_IPV4;
	case 6:
		return LINK_ETHERTYPE_IPV6;
	case 0:
		cursor_skip(cursor, pseudowire_skip(cursor));
		return LINK_ETHERTYPE_ETHERNET;
	case 1:
		return TYPE_NON_IP; /* associated channel (RFC 4385 section 5) */
	default:
		/* A pseudowire without control word, or something else altogether. */
		return pseudowire_skip(cursor) == 0 ? (uint32_t)LINK_ETHERTYPE_ETHERNET : (uint32_t)TYPE_NON_IP;
	}
}

/*
 * RFC 1661 section 2 and 6.5: the protocol, two octets, of which the first goes unsaid if it is zero and that was
 * agreed; RFC 1662 section 3.1: address 0xff and control 0x03 before it, unless that was agreed away.
 */
static uint32_t read_ppp(struct cursor *cursor)
{
	uint16_t protocol = cursor_u8(cursor);

	if (protocol == 0xff) {
		if (cursor_u8(cursor) != 0x03)
			return TYPE_NON_IP;
		protocol = cursor_u8(cursor);
	}
	/* An odd octet ends the number (RFC 1661 section 2). */
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | cursor_u8(cursor));
	switch (protocol) {
	case 0x0021:
		return LINK_ETHERTYPE_IPV4; /* RFC 1332 */
	case 0x0057:
		return LINK_ETHERTYPE_IPV6; /* RFC 5072 */
	case 0x0281:
	case 0x0283:
		return LINK_ETHERTYPE_MPLS; /* RFC 3032 section 4.3 */
	default:
		return TYPE_NON_IP;
	}
}

/*
 * RFC 2516 section 4:
 *
 *                       1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  VER  | TYPE  |      CODE     |          SESSION_ID           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |            LENGTH             |           payload             ~
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
static uint32_t read_pppoe(struct cursor *cursor, struct link *link)
{
	uint8_t version = cursor_u8(cursor);
	uint8_t code = cursor_u8(cursor);
	cursor_skip(cursor, 2);
	uint16_t length = cursor_u16(cursor);

	if (cursor_ok(cursor) && version != 0x11)
		cursor_fail(cursor);
	cursor_narrow(cursor, length);
	link->tunnels |= TUNNEL_PPPOE;
	return code == 0 ? (uint32_t)LINK_ETHERTYPE_PPP : (uint32_t)TYPE_NON_IP;
}

/* Cisco HDLC: address 0x0f (unicast) or 0x8f (broadcast), a zero octet, EtherType. */
static uint32_t read_cisco_hdlc(struct cursor *cursor, struct link *link)
{
	link->group = cursor_u8(cursor) == 0x8f;
	cursor_skip(cursor, 1);
	return cursor_u16(cursor);
}

/* HDLC of unknown kind: Cisco's addresses are none that PPP could begin with. */
static uint32_t read_hdlc(struct cursor *cursor, struct link *link)
{
	struct cursor peek = *cursor;
	uint8_t start = cursor_u8(&peek);

	if (start == 0x0f || start == 0x8f)
		return read_cisco_hdlc(cursor, link);
	return LINK_ETHERTYPE_PPP;
}

/* BSD loopback: the address family in four octets, of the capturing machine's byte order (NULL) or big-endian (LOOP).
 * Families are small, so the order shows. */
static uint32_t read_loopback(struct cursor *cursor)
{
	uint32_t family = cursor_u32(cursor);

	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return LINK_ETHERTYPE_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return LINK_ETHERTYPE_IPV6;
	default:
		return TYPE_NON_IP;
	}
}

/* The `protocol` of both cooked headers: an EtherType, or a small number of Linux's own. */
static uint32_t cooked_type(uint16_t packet_type, uint32_t protocol, struct link *link)
{
	link->group = packet_type == 1 || packet_type == 2; /* broadcast, multicast */
	if (protocol == 4)
		return TYPE_LLC;
	return protocol < ETHERTYPE_FIRST ? (uint32_t)TYPE_NON_IP : protocol;
}

/* Linux cooked capture: packet type (2), ARPHRD_ (2), address length (2), address (8), protocol (2). */
static uint32_t read_sll(struct cursor *cursor, struct link *link)
{
	uint16_t packet_type = cursor_u16(cursor);
	cursor_skip(cursor, 12);
	return cooked_type(packet_type, cursor_u16(cursor), link);
}

/* Version 2: protocol (2), zero (2), interface (4), ARPHRD_ (2), packet type (1), address length (1), address (8). */
static uint32_t read_sll2(struct cursor *cursor, struct link *link)
{
	uint16_t protocol = cursor_u16(cursor);
	cursor_skip(cursor, 8);
	uint8_t packet_type = cursor_u8(cursor);
	cursor_skip(cursor, 9);
	return cooked_type(packet_type, protocol, link);
}

static uint16_t swap16(uint16_t value, bool swap)
{
	return swap ? __builtin_bswap16(value) : value;
}

/*
 * Netfilter log: address family (1), version (1), resource (2, big-endian), then fields of length (2) and type (2) in
 * the byte order of the capturing machine, each padded to four octets; the length counts its own header. Field 9 is
 * the packet. Types are small, so the order shows.
 */
static uint32_t read_nflog(struct cursor *cursor)
{
	enum { FIELDS_MAX = 32, FIELD_PAYLOAD = 9 };
	uint8_t family = cursor_u8(cursor);
	cursor_skip(cursor, 3);

	for (unsigned count = 0; count < FIELDS_MAX && cursor_left(cursor) > 0; count++) {
		uint16_t length = cursor_u16(cursor);
		uint16_t type = cursor_u16(cursor);
		bool swapped = type > 0xff;
		length = swap16(length, swapped);
		type = swap16(type, swapped);
		if (cursor_ok(cursor) && length < 4)
			cursor_fail(cursor);
		if (!cursor_ok(cursor))
			break;
		uint32_t value = length - 4u;
		if (type == FIELD_PAYLOAD) {
			cursor_narrow(cursor, value);
			return family == 2    ? (uint32_t)LINK_ETHERTYPE_IPV4
			       : family == 10 ? (uint32_t)LINK_ETHERTYPE_IPV6
					      : (uint32_t)TYPE_NON_IP;
		}
		uint32_t padded = (value + 3) & ~3u;
		cursor_skip(cursor, padded < cursor_left(cursor) ? padded : value);
	}
	return TYPE_NON_IP;
}

static bool allowed(const struct link *link, uint16_t tunnel)
{
	return (link->decapsulate & tunnel) != 0;
}

enum link_content link_read_ethertype(struct cursor *cursor, uint32_t ethertype, struct link *link)
{
	uint32_t type = ethertype;

	for (unsigned count = 0; cursor_ok(cursor); count++) {
		if (count == LINK_HEADERS_MAX) {
			cursor_fail(cursor);
			break;
		}
		switch (type) {
		case LINK_ETHERTYPE_IPV4:
			return LINK_IPV4;
		case LINK_ETHERTYPE_IPV6:
			return LINK_IPV6;
		case LINK_ETHERTYPE_ETHERNET:
			type = read_ethernet(cursor, link);
			break;
		case TYPE_LLC:
			type = read_llc(cursor);
			break;
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_QINQ_OLD:
			if (!allowed(link, TUNNEL_VLAN))
				return LINK_NON_IP;
			type = read_vlan(cursor, link);
			break;
		case ETHERTYPE_VNTAG:
			if (!allowed(link, TUNNEL_VLAN))
				return LINK_NON_IP;
			type = read_vntag(cursor, link);
			break;
		case ETHERTYPE_MACSEC:
			if (!allowed(link, TUNNEL_VLAN))
				return LINK_NON_IP;
			type = read_macsec(cursor, link);
			break;
		case LINK_ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UPSTREAM:
			if (!allowed(link, TUNNEL_MPLS))
				return LINK_NON_IP;
			type = read_mpls(cursor, link);
			break;
		case ETHERTYPE_PPPOE_SESSION:
			if (!allowed(link, TUNNEL_PPPOE))
				return LINK_NON_IP;
			type = read_pppoe(cursor, link);
			break;
		case LINK_ETHERTYPE_PPP:
			type = read_ppp(cursor);
			break;
		default:
			return ethertype_is_other(type) ? LINK_NON_IP : LINK_UNKNOWN;
		}
	}
	return LINK_FAILED;
}

enum link_content link_read(struct cursor *cursor, uint16_t link_type, struct link *link)
{
	uint32_t type;

	switch (link_type) {
	case LINK_TYPE_ETHERNET:
		type = read_ethernet(cursor, link);
		if (type == LINK_ETHERTYPE_IPV4) /* nearly every frame: no way round by the loop */
			return LINK_IPV4;
		break;
	case LINK_TYPE_NULL:
	case LINK_TYPE_LOOP:
		type = read_loopback(cursor);
		break;
	case LINK_TYPE_PPP:
	case LINK_TYPE_PPP_HDLC:
		type = read_hdlc(cursor, link);
		break;
	case LINK_TYPE_PPP_ETHER:
		type = ETHERTYPE_PPPOE_SESSION;
		break;
	case LINK_TYPE_C_HDLC:
		type = read_cisco_hdlc(cursor, link);
		break;
	case LINK_TYPE_LINUX_SLL:
		type = read_sll(cursor, link);
		break;
	case LINK_TYPE_LINUX_SLL2:
		type = read_sll2(cursor, link);
		break;
	case LINK_TYPE_NFLOG:
		type = read_nflog(cursor);
		break;
	case LINK_TYPE_IPV4:
		type = LINK_ETHERTYPE_IPV4;
		break;
	case LINK_TYPE_IPV6:
		type = LINK_ETHERTYPE_IPV6;
		break;
	case LINK_TYPE_RAW:
	case LINK_TYPE_DLT_RAW:
	case LINK_TYPE_DLT_RAW_BSD:
		if (link_read_version(cursor) == LINK_UNKNOWN)
			cursor_fail(cursor); /* the link type promises IP */
		return cursor_ok(cursor) ? link_read_version(cursor) : LINK_FAILED;
	default:
		return LINK_UNDECODED;
	}
	return link_read_ethertype(cursor, type, link);
}
