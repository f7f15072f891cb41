/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through one frame (see packet.h): link, IP, transport, and down again where a tunnel carries another packet.
 *
 * The dissectors beside this file read headers; here is decided what they mean together: which class a frame has, which
 * IP header is the one that counts, and what a UDP port is taken for (RFC 3948, RFC 7296 section 2.23, RFC 9329).
 */
#include "packet.h"

#include "ah.h"
#include "cursor.h"
#include "esp.h"
#include "icmp.h"
#include "ike.h"
#include "ip.h"
#include "link.h"
#include "packet_usual.h"
#include "transport.h"
#include "tunnel.h"

enum { PORT_IKE = 500, PORT_NAT_T = 4500 };

/* AH headers in one frame before PACKET_REASON_DEPTH: each costs a turn of recursion. */
enum { AH_COUNT_MAX = 8 };

enum { TRANSPORT_FRAGMENT_FLAGS = PACKET_FIRST_FRAGMENT | PACKET_LATER_FRAGMENT | PACKET_LAST_FRAGMENT };

/* Where the walk is. */
struct walk {
	struct packet *packet;     /* what is known so far; the caller's, or a trial behind AH */
	struct cursor cursor;      /* always over the whole frame, so that positions compare */
	struct link link;          /* headers below IP, of the frame and of tunnels */
	struct ip_header ip;       /* nearest IP header that was read */
	enum link_content content; /* what the cursor stands on, before an IP header */
	uint8_t depth;             /* IP headers read */
	uint8_t ah_count;          /* AH headers read */
	bool whole_fragment;       /* in a first fragment that is there whole: what is missing is in later ones */
};

/* Every function below that reads returns whether there is an inner packet to go on with; if not, class is set. */

static bool classify(struct walk *walk, enum packet_class class)
{
	walk->packet->class = (uint8_t) class;
	return false;
}

static bool fail(struct walk *walk, enum packet_reason reason)
{
	struct packet *packet = walk->packet;

	packet->class = walk->cursor.error == CURSOR_TRUNCATED ? PACKET_TRUNCATED : PACKET_MALFORMED;
	packet->reason = (uint8_t)reason;
	packet->flags &= (uint16_t)~PACKET_SHORT;
	if (packet->class == PACKET_TRUNCATED && walk->whole_fragment) {
		packet->class = PACKET_MALFORMED;
		packet->reason = PACKET_REASON_FRAGMENT;
	}
	return false;
}

/* The payload begins at the cursor. It ends with what the cursor was promised, but never behind the IP packet. */
static inline void take_payload(struct walk *walk)
{
	const struct cursor *cursor = &walk->cursor;
	struct packet *packet = walk->packet;
	uint32_t end = cursor->promised < walk->ip.end ? cursor->promised : walk->ip.end;

	packet->payload_length = end > cursor->at ? end - cursor->at : 0;
	packet->payload_captured = cursor_here(cursor);
	packet->payload = packet->payload_captured > 0 ? cursor->base + cursor->at : NULL;
}

static void take_ports(struct packet *packet, const struct transport *transport)
{
	packet->src_port = transport->src_port;
	packet->dst_port = transport->dst_port;
	packet->tcp_flags = transport->tcp_flags;
}

/* The header in walk->ip is now the packet's; all that an outer one said about its transport is forgotten. */
static inline void take_ip(struct walk *walk)
{
	const struct ip_header *ip = &walk->ip;
	struct packet *packet = walk->packet;

	packet->flags &= (uint16_t) ~(TRANSPORT_FRAGMENT_FLAGS | PACKET_SHORT);
	if (ip->captured < ip->length)
		packet->flags |= PACKET_SHORT;
	packet->encap = PACKET_ENCAP_NONE;
	packet->has_ip = true;
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->tcp_flags = 0;
	packet->icmp_type = 0;
	packet->icmp_code = 0;
	packet->src_port = 0;
	packet->dst_port = 0;
	if (ip->version == 4) {
		packet->src = address_from_ipv4(ip->src);
		packet->dst = address_from_ipv4(ip->dst);
	} else {
		packet->src = address_from_ipv6(ip->src);
		packet->dst = address_from_ipv6(ip->dst);
	}
	packet->length = ip->length;
	packet->spi = 0;
	packet->sequence = 0;
	packet->fragment_id = ip->id;
	packet->fragment_offset = (uint16_t)ip->offset;
	packet->ip = ip->start;
	packet->ip_captured = ip->captured;
	take_payload(walk);
}

/* Goes on inside a tunnel: `cursor` and `link` are what its reader left. */
static bool descend(struct walk *walk, enum link_content content, const struct cursor *cursor, const struct link *link)
{
	walk->packet->carrier_src = walk->packet->src;
	walk->packet->carrier_dst = walk->packet->dst;
	walk->cursor = *cursor;
	walk->link = *link;
	walk->content = content;
	return true;
}

/* The payload has been taken at the ESP header. */
static bool read_esp(struct walk *walk, enum packet_encap encap)
{
	struct packet *packet = walk->packet;
	struct esp_header esp;

	if (!esp_read(&walk->cursor, &esp))
		return fail(walk, PACKET_REASON_ESP);
	packet->spi = esp.spi;
	packet->sequence = esp.sequence;
	packet->encap = (uint8_t)encap;
	return classify(walk, PACKET_ESP);
}

static bool read_wesp(struct walk *walk)
{
	if (!esp_unwrap(&walk->cursor))
		return fail(walk, PACKET_REASON_ESP);
	walk->packet->flags |= PACKET_WESP;
	take_payload(walk);
	return read_esp(walk, PACKET_ENCAP_NONE);
}

static bool read_ike(struct walk *walk, enum packet_encap encap)
{
	struct ike_header header;

	take_payload(walk);
	if (!ike_header_read(&walk->cursor, &header))
		return fail(walk, PACKET_REASON_IKE);
	walk->packet->encap = (uint8_t)encap;
	return classify(walk, PACKET_IKE);
}

/*
 * RFC 3948 section 2: what shares port 4500.
 *
 *  one octet 0xff                      keepalive
 *  four zero octets | IKE header       IKE, behind the non-ESP marker
 *  SPI, not zero | sequence number ... ESP
 */
static bool read_nat_t(struct walk *walk)
{
	struct cursor *cursor = &walk->cursor;
	uint32_t left = cursor_left(cursor);

	if (left == 1) {
		uint8_t only = cursor_u8(cursor);
		if (!cursor_ok(cursor))
			return fail(walk, PACKET_REASON_UDP);
		return classify(walk, only == 0xff ? PACKET_KEEPALIVE : PACKET_CLEARTEXT);
	}
	if (left < 4)
		return classify(walk, PACKET_CLEARTEXT);

	struct cursor behind = *cursor;
	uint32_t marker = cursor_u32(&behind);
	if (!cursor_ok(&behind)) {
		cursor->error = behind.error;
		return fail(walk, PACKET_REASON_UDP);
	}
	if (marker == 0) {
		*cursor = behind;
		walk->packet->flags |= PACKET_IKE_MARKER;
		return read_ike(walk, PACKET_ENCAP_UDP);
	}
	if (left < ESP_HEADER_SIZE)
		return classify(walk, PACKET_CLEARTEXT);
	if (marker == 2 && esp_unwrap_udp(cursor)) {
		walk->packet->flags |= PACKET_WESP;
		take_payload(walk);
	}
	return read_esp(walk, PACKET_ENCAP_UDP);
}

/* Whether IKE begins `skip` octets on. Cheap to deny: the length has to be in the right place. */
static bool ike_begins(struct cursor cursor, uint32_t skip)
{
	struct ike_header header;

	cursor_skip(&cursor, skip);
	uint32_t datagram = cursor_left(&cursor);
	return ike_header_read(&cursor, &header) && header.length == datagram &&
	       ike_header_plausible(&header, datagram);
}

/* A UDP port that promises nothing: IKE all the same if it looks like it, with or without the marker. */
static bool read_udp_payload(struct walk *walk)
{
	struct cursor peek = walk->cursor;
	uint32_t marker = cursor_u32(&peek);

	if (cursor_here(&walk->cursor) < IKE_HEADER_SIZE)
		return classify(walk, PACKET_CLEARTEXT);
	if (ike_begins(walk->cursor, 0))
		return read_ike(walk, PACKET_ENCAP_UDP);
	if (marker == 0 && ike_begins(walk->cursor, 4)) {
		cursor_skip(&walk->cursor, 4);
		walk->packet->flags |= PACKET_IKE_MARKER;
		return read_ike(walk, PACKET_ENCAP_UDP);
	}
	return classify(walk, PACKET_CLEARTEXT);
}

/* Some daemons keep a mapping of port 500 alive just as RFC 3948 section 2.3 has it for 4500. */
static bool keepalive(const struct walk *walk)
{
	struct cursor cursor = walk->cursor;

	return cursor_left(&cursor) == 1 && cursor_u8(&cursor) == 0xff;
}

/*
 * Whether a datagram on IKE's own port is something else. The port is a strong hint, so only what contradicts IKE in two
 * places is not believed: a major version that does not exist, and a length that is not the datagram's.
 */
static bool is_no_ike(const struct walk *walk)
{
	struct cursor cursor = walk->cursor;
	uint32_t datagram = cursor_left(&cursor);
	struct ike_header header;

	return ike_header_read(&cursor, &header) && header.length != datagram &&
	       ((header.major != 1 && header.major != 2) || header.minor > 1 || header.exchange < 2);
}

static bool read_udp(struct walk *walk)
{
	struct transport transport;

	if (!transport_read_udp(&walk->cursor, &transport))
		return fail(walk, PACKET_REASON_UDP);
	take_ports(walk->packet, &transport);
	take_payload(walk);
	if (transport.src_port == PORT_NAT_T || transport.dst_port == PORT_NAT_T)
		return read_nat_t(walk);
	if (transport.src_port == PORT_IKE || transport.dst_port == PORT_IKE) {
		if (keepalive(walk))
			return classify(walk, PACKET_KEEPALIVE);
		return is_no_ike(walk) ? classify(walk, PACKET_CLEARTEXT) : read_ike(walk, PACKET_ENCAP_UDP);
	}
	if (tunnel_has_port(transport.src_port, transport.dst_port)) {
		struct cursor cursor = walk->cursor;
		struct link link = walk->link;
		enum link_content content = tunnel_read_udp(&cursor, transport.src_port, transport.dst_port, &link);
		if (content != LINK_UNKNOWN)
			return descend(walk, content, &cursor, &link);
	}
	return read_udp_payload(walk);
}

/*
 * RFC 9329 section 3: a stream of frames; section 4: the initiator opens it with the six octets IKETCP.
 *
 *  length, this field included (2) | four zero octets | IKE message       or     length (2) | ESP
 *
 * A segment may begin anywhere in the stream, so only a frame that lies in the segment whole is believed.
 */
static void read_tcp_frame(struct walk *walk, bool nat_t)
{
	static const uint8_t prefix[6] = { 'I', 'K', 'E', 'T', 'C', 'P' };
	struct packet *packet = walk->packet;
	struct cursor cursor = walk->cursor;

	if (cursor_here(&cursor) >= sizeof(prefix) && memcmp(packet->payload, prefix, sizeof(prefix)) == 0) {
		packet->flags |= PACKET_IKETCP;
		cursor_skip(&cursor, sizeof(prefix));
	} else if (!nat_t) {
		return;
	}
	uint16_t length = cursor_u16(&cursor);
	if (length < 2 + ESP_HEADER_SIZE)
		return;
	cursor_narrow(&cursor, length - 2u);
	struct cursor behind = cursor;
	uint32_t marker = cursor_u32(&behind);
	if (!cursor_need(&cursor, ESP_HEADER_SIZE))
		return;
	if (marker != 0) {
		walk->cursor = cursor;
		take_payload(walk);
		read_esp(walk, PACKET_ENCAP_TCP);
	} else if (ike_begins(behind, 0)) {
		walk->cursor = behind;
		packet->flags |= PACKET_IKE_MARKER;
		read_ike(walk, PACKET_ENCAP_TCP);
	}
}

bool packet_read_stream(struct packet *packet)
{
	struct walk walk = {
		.packet = packet,
		.cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length),
		.ip.end = packet->payload_length,
	};

	if (packet->payload)
		read_tcp_frame(&walk, true);
	return packet->class != PACKET_CLEARTEXT;
}

static bool read_tcp(struct walk *walk)
{
	struct packet *packet = walk->packet;
	struct transport transport;

	if (!transport_read_tcp(&walk->cursor, walk->ip.fragment, &transport))
		return fail(walk, PACKET_REASON_TCP);
	take_ports(packet, &transport);
	take_payload(walk);
	classify(walk, PACKET_CLEARTEXT);
	bool nat_t = transport.src_port == PORT_NAT_T || transport.dst_port == PORT_NAT_T;
	if (packet->payload && (nat_t || packet->payload[0] == 'I'))
		read_tcp_frame(walk, nat_t);
	return false;
}

static bool read_other_transport(struct walk *walk)
{
	uint8_t protocol = walk->ip.protocol;
	struct transport transport;

	if (!transport_read_other(&walk->cursor, protocol, &transport))
		return fail(walk, protocol == IP_PROTOCOL_UDP_LITE ? PACKET_REASON_UDP : PACKET_REASON_TRANSPORT);
	take_ports(walk->packet, &transport);
	take_payload(walk);
	return classify(walk, PACKET_CLEARTEXT);
}

static bool read_icmp(struct walk *walk)
{
	struct packet *packet = walk->packet;
	struct icmp_header header;

	if (!icmp_read(&walk->cursor, &header))
		return fail(walk, PACKET_REASON_ICMP);
	packet->icmp_type = header.type;
	packet->icmp_code = header.code;
	take_payload(walk);
	if (icmp_read_quoted(walk->cursor, walk->ip.version, &header, &packet->quoted))
		packet->flags |= PACKET_QUOTES;
	return classify(walk, PACKET_ICMP);
}

static bool read_gre(struct walk *walk)
{
	struct cursor cursor = walk->cursor;
	struct link link = walk->link;
	enum link_content content = tunnel_read_gre(&cursor, &link);

	return content == LINK_UNKNOWN ? classify(walk, PACKET_CLEARTEXT) : descend(walk, content, &cursor, &link);
}

static bool read_etherip(struct walk *walk)
{
	struct cursor cursor = walk->cursor;
	struct link link = walk->link;
	enum link_content content = tunnel_read_etherip(&cursor, &link);

	return content == LINK_UNKNOWN ? classify(walk, PACKET_CLEARTEXT) : descend(walk, content, &cursor, &link);
}

/* RFC 2003, RFC 2473, RFC 4213. AH's tunnel mode (RFC 4302 section 3.1.2) is no tunnel of its own and always walked. */
static bool read_ip_in_ip(struct walk *walk, enum link_content content)
{
	struct link link = walk->link;

	if (!(link.decapsulate & TUNNEL_IPIP) && walk->ah_count == 0)
		return classify(walk, PACKET_CLEARTEXT);
	link.tunnels |= TUNNEL_IPIP;
	return descend(walk, content, &walk->cursor, &link);
}

static bool read_ah(struct walk *walk);

/* What stands behind an IP header, or behind AH. */
static inline bool read_payload(struct walk *walk)
{
	switch (walk->ip.protocol) {
	case IP_PROTOCOL_TCP:
		return read_tcp(walk);
	case IP_PROTOCOL_UDP:
		return read_udp(walk);
	case IP_PROTOCOL_ESP:
		return read_esp(walk, PACKET_ENCAP_NONE);
	case IP_PROTOCOL_AH:
		return read_ah(walk);
	case IP_PROTOCOL_WESP:
		return read_wesp(walk);
	case IP_PROTOCOL_ICMP:
		return walk->ip.version == 4 ? read_icmp(walk) : classify(walk, PACKET_CLEARTEXT);
	case IP_PROTOCOL_ICMPV6:
		return walk->ip.version == 6 ? read_icmp(walk) : classify(walk, PACKET_CLEARTEXT);
	case IP_PROTOCOL_SCTP:
	case IP_PROTOCOL_DCCP:
	case IP_PROTOCOL_UDP_LITE:
		return read_other_transport(walk);
	case IP_PROTOCOL_IPV4:
		return read_ip_in_ip(walk, LINK_IPV4);
	case IP_PROTOCOL_IPV6:
		return read_ip_in_ip(walk, LINK_IPV6);
	case IP_PROTOCOL_GRE:
		return read_gre(walk);
	case IP_PROTOCOL_ETHERIP:
		return read_etherip(walk);
	default:
		return classify(walk, PACKET_CLEARTEXT);
	}
}

/* Behind a first fragment's header. What is missing of a fragment inside a whole one is in later ones, too. */
static void note_whole_fragment(struct walk *walk)
{
	if (walk->ip.captured >= walk->ip.length)
		walk->whole_fragment = true;
}

/* A failure while reading an IP header, or extension headers, which may lie behind that of a first fragment. */
static bool fail_ip(struct walk *walk, enum packet_reason reason)
{
	if (reason == PACKET_REASON_EXTENSION && walk->ip.fragment)
		note_whole_fragment(walk);
	return fail(walk, reason);
}

static bool read_ip(struct walk *walk)
{
	enum packet_reason reason =
	    walk->content == LINK_IPV4 ? ip_read_v4(&walk->cursor, &walk->ip) : ip_read_v6(&walk->cursor, &walk->ip);
	if (reason != PACKET_REASON_NONE)
		return fail_ip(walk, reason);
	take_ip(walk);
	if (walk->ip.fragment) {
		if (walk->ip.offset > 0) {
			walk->packet->flags |= PACKET_LATER_FRAGMENT | (walk->ip.more ? 0 : PACKET_LAST_FRAGMENT);
			return classify(walk, PACKET_FRAGMENT);
		}
		walk->packet->flags |= PACKET_FIRST_FRAGMENT;
		note_whole_fragment(walk);
	}
	return read_payload(walk);
}

/* From the content at the cursor to a class. */
static void walk_down(struct walk *walk)
{
	do {
		struct packet *packet = walk->packet;
		if (walk->content != LINK_IPV4 && walk->content != LINK_IPV6) {
			if (walk->content == LINK_FAILED) {
				fail(walk, walk->depth == 0 ? PACKET_REASON_LINK : PACKET_REASON_TUNNEL);
				return;
			}
			if (walk->content == LINK_UNDECODED)
				packet->reason = PACKET_REASON_LINK_TYPE;
			packet->has_ip = false;
			classify(walk, PACKET_NON_IP);
			return;
		}
		if (walk->depth == PACKET_DEPTH_MAX) {
			cursor_fail(&walk->cursor);
			fail(walk, PACKET_REASON_DEPTH);
			return;
		}
		walk->depth++;
	} while (read_ip(walk));
}

/* Whether what ended a trial behind AH might have hidden ESP: then it is not known to be AH alone. */
static bool may_hide_esp(const struct packet *trial)
{
	if (trial->class == PACKET_MALFORMED)
		return trial->reason == PACKET_REASON_ESP;
	return trial->class == PACKET_TRUNCATED &&
	       (trial->reason == PACKET_REASON_ESP || trial->reason == PACKET_REASON_IPV4 ||
		trial->reason == PACKET_REASON_IPV6 || trial->reason == PACKET_REASON_EXTENSION);
}

/*
 * AH: what is behind it is read on trial, into a copy. ESP found there, at whatever depth, makes the copy the packet.
 * Otherwise the packet is AH's, and takes over only what stood behind the same IP header: another AH, or the ports.
 */
static bool read_ah(struct walk *walk)
{
	struct packet *packet = walk->packet;
	struct ah_header ah;

	take_payload(walk);
	if (walk->ah_count == AH_COUNT_MAX) {
		cursor_fail(&walk->cursor);
		return fail(walk, PACKET_REASON_DEPTH);
	}
	walk->ah_count++;
	if (!ah_read(&walk->cursor, &ah))
		return fail(walk, PACKET_REASON_AH);
	packet->flags |= PACKET_HAS_AH;
	packet->ah = (struct packet_ah){ packet->src, packet->dst, ah.spi, ah.sequence, ah.next_header };
	packet->protocol = IP_PROTOCOL_AH;
	packet->spi = ah.spi;
	packet->sequence = ah.sequence;
	classify(walk, PACKET_AH);

	struct packet trial = *packet;
	struct walk behind = *walk;
	behind.packet = &trial;
	behind.ip.protocol = ah.next_header;
	if (behind.ip.version == 6) {
		enum packet_reason reason = ip_read_extensions(&behind.cursor, &behind.ip);
		if (reason != PACKET_REASON_NONE)
			fail_ip(&behind, reason);
		else if (behind.ip.fragment && behind.ip.offset == 0)
			note_whole_fragment(&behind);
	}
	trial.protocol = behind.ip.protocol;
	take_payload(&behind);
	if (cursor_ok(&behind.cursor) && behind.ip.offset == 0 && read_payload(&behind))
		walk_down(&behind);

	bool same_ip = behind.depth == walk->depth;
	if (trial.class == PACKET_ESP || (trial.class == PACKET_AH && same_ip)) {
		*packet = trial;
		packet->protocol = trial.class == PACKET_AH ? IP_PROTOCOL_AH : trial.protocol;
		walk->link = behind.link;
	} else if (may_hide_esp(&trial)) {
		packet->class = trial.class;
		packet->reason = trial.reason;
		packet->flags &= (uint16_t)~PACKET_SHORT;
	} else if (same_ip) {
		packet->src_port = trial.src_port;
		packet->dst_port = trial.dst_port;
		packet->tcp_flags = trial.tcp_flags;
		packet->icmp_type = trial.icmp_type;
		packet->icmp_code = trial.icmp_code;
	}
	return false;
}

void packet_read(const struct frame *frame, const struct packet_options *options, struct packet *packet)
{
	if (!packet_usual(frame, packet))
		packet_walk(frame, options, packet);
}

void packet_walk(const struct frame *frame, const struct packet_options *options, struct packet *packet)
{
	struct walk walk;

	packet->time_ns = frame->time_ns;
	packet->frame_length = frame->length;
	packet->interface = frame->interface;
	packet->reason = PACKET_REASON_NONE;
	packet->flags = 0;
	packet->encap = PACKET_ENCAP_NONE;
	packet->has_ip = false;

	walk.packet = packet;
	walk.cursor = cursor_make(frame->bytes, frame->captured, frame->length);
	walk.link = (struct link){ .decapsulate = options->decapsulate };
	walk.depth = 0;
	walk.ah_count = 0;
	walk.whole_fragment = false;
	walk.content = link_read(&walk.cursor, frame->link_type, &walk.link);
	walk_down(&walk);

	packet->tunnels = walk.link.tunnels;
	packet->vlan = walk.link.vlan;
	packet->vni = walk.link.vni;
	if (walk.link.group)
		packet->flags |= PACKET_GROUP_LINK;
}

const char *packet_class_name(enum packet_class class)
{
	static const char *const names[PACKET_CLASS_COUNT] = {
		[PACKET_ESP] = "esp",
		[PACKET_AH] = "ah",
		[PACKET_IKE] = "ike",
		[PACKET_KEEPALIVE] = "keepalive",
		[PACKET_ICMP] = "icmp",
		[PACKET_CLEARTEXT] = "cleartext",
		[PACKET_NON_IP] = "non_ip",
		[PACKET_FRAGMENT] = "fragment",
		[PACKET_MALFORMED] = "malformed",
		[PACKET_TRUNCATED] = "truncated",
	};
	return (unsigned)class < PACKET_CLASS_COUNT ? names[class] : "?";
}

const char *packet_reason_name(enum packet_reason reason)
{
	static const char *const names[PACKET_REASON_COUNT] = {
		[PACKET_REASON_NONE] = "none",
		[PACKET_REASON_LINK] = "link",
		[PACKET_REASON_LINK_TYPE] = "link_type",
		[PACKET_REASON_TUNNEL] = "tunnel",
		[PACKET_REASON_DEPTH] = "depth",
		[PACKET_REASON_IPV4] = "ipv4",
		[PACKET_REASON_IPV6] = "ipv6",
		[PACKET_REASON_EXTENSION] = "extension",
		[PACKET_REASON_FRAGMENT] = "fragment",
		[PACKET_REASON_TCP] = "tcp",
		[PACKET_REASON_UDP] = "udp",
		[PACKET_REASON_ICMP] = "icmp",
		[PACKET_REASON_ESP] = "esp",
		[PACKET_REASON_AH] = "ah",
		[PACKET_REASON_IKE] = "ike",
		[PACKET_REASON_TRANSPORT] = "transport",
	};
	return (unsigned)reason < PACKET_REASON_COUNT ? names[reason] : "?";
}
