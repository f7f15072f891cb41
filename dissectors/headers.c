/* SPDX-License-Identifier: Apache-2.0 */
/* See headers.h. */
#include "headers.h"

#include "ah.h"
#include "cursor.h"
#include "esp.h"
#include "icmp.h"
#include "ike.h"
#include "ike_names.h"
#include "ip.h"

enum {
	PAYLOADS_MAX = 64,    /* of an IKE message: no sound one has as many */
	PAYLOAD_HEADER = 4,   /* RFC 2408 section 3.2, RFC 7296 section 3.2 */
	FRAGMENT_HEADER = 8,  /* RFC 7383 section 2.5: with number and total */
	TRANSPORT_QUOTED = 8, /* RFC 792: so much of a transport header has to be quoted */
	AUTHENTICATED = 12,   /* RFC 4302 section 2: AH up to its integrity check value */
	PORT_NAT_T = 4500,
};

static uint32_t at_most(uint32_t octets, uint32_t limit)
{
	return octets < limit ? octets : limit;
}

/* Payloads of IKEv1 that anyone on the path may know (RFC 2408 section 3, RFC 3947). */
static bool is_open_v1(uint8_t type)
{
	switch (type) {
	case IKEV1_PAYLOAD_SA:
	case IKEV1_PAYLOAD_KE:
	case IKEV1_PAYLOAD_NONCE:
	case IKEV1_PAYLOAD_CERTREQ:
	case IKEV1_PAYLOAD_NOTIFY:
	case IKEV1_PAYLOAD_DELETE:
	case IKEV1_PAYLOAD_VENDOR:
	case IKEV1_PAYLOAD_NAT_D:
	case IKEV1_PAYLOAD_NAT_D_DRAFT:
	case IKEV1_PAYLOAD_NAT_D_OLD:
		return true;
	default:
		return false;
	}
}

/* The same of IKEv2 (RFC 7296 section 3). */
static bool is_open_v2(uint8_t type)
{
	switch (type) {
	case IKEV2_PAYLOAD_SA:
	case IKEV2_PAYLOAD_KE:
	case IKEV2_PAYLOAD_NONCE:
	case IKEV2_PAYLOAD_CERTREQ:
	case IKEV2_PAYLOAD_NOTIFY:
	case IKEV2_PAYLOAD_DELETE:
	case IKEV2_PAYLOAD_VENDOR:
		return true;
	default:
		return false;
	}
}

/* Of a payload that is not open, what says that it is there. */
static uint32_t named_only(uint8_t major, uint8_t type)
{
	if (major == 2 && type == IKEV2_PAYLOAD_SK)
		return PAYLOAD_HEADER;
	return major == 2 && type == IKEV2_PAYLOAD_SKF ? FRAGMENT_HEADER : 0;
}

/* Octets of an IKE message that are open to all. What only looks like IKE by its port has none. */
static uint32_t ike_open(const struct packet *packet)
{
	struct cursor cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length);
	struct ike_header header;

	if (!ike_header_read(&cursor, &header))
		return 0;
	/* The rest of a message in IP fragments lies in later ones. */
	uint32_t datagram = packet->flags & PACKET_FIRST_FRAGMENT ? header.length : packet->payload_length;
	if (header.length != datagram || header.initiator_spi == 0 || (header.major != 1 && header.major != 2))
		return 0;
	if (header.major == 1 && header.flags & IKEV1_FLAG_ENCRYPTION)
		return cursor.at;
	uint8_t type = header.next_payload;
	for (unsigned i = 0; i < PAYLOADS_MAX; i++) {
		uint32_t start = cursor.at;
		if (header.major == 1 ? !is_open_v1(type) : !is_open_v2(type))
			return start + named_only(header.major, type);
		uint8_t next = cursor_u8(&cursor);
		cursor_u8(&cursor);
		uint32_t length = cursor_u16(&cursor);
		if (!cursor_ok(&cursor) || length < PAYLOAD_HEADER)
			return start;
		cursor_skip(&cursor, length - PAYLOAD_HEADER);
		if (!cursor_ok(&cursor))
			return packet->flags & PACKET_FIRST_FRAGMENT ? packet->payload_captured : start;
		type = next;
	}
	return cursor.at;
}

/* Of the transport that an ICMP error quotes: what says whose it is. */
static uint32_t transport_quoted(uint8_t protocol, struct cursor cursor)
{
	switch (protocol) {
	case IP_PROTOCOL_UDP: {
		/* RFC 3948: the SPI of ESP in UDP is what such an error is told by. */
		uint16_t src_port = cursor_u16(&cursor);
		uint16_t dst_port = cursor_u16(&cursor);
		bool nat_t = cursor_ok(&cursor) && (src_port == PORT_NAT_T || dst_port == PORT_NAT_T);
		return TRANSPORT_QUOTED + (nat_t ? ESP_HEADER_SIZE : 0);
	}
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP_LITE:
	case IP_PROTOCOL_SCTP:
	case IP_PROTOCOL_DCCP:
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
	case IP_PROTOCOL_ESP:
		return TRANSPORT_QUOTED;
	case IP_PROTOCOL_AH:
		return AUTHENTICATED;
	default:
		return 0;
	}
}

/* Octets behind the ICMP header of an error that belong to headers of the packet it quotes. */
static uint32_t icmp_quoted(const struct packet *packet)
{
	enum { QUOTE_PROMISE = 1 << 17 }; /* as in icmp.c: a quote is cut by design */
	struct cursor cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length);
	struct ip_header ip;

	cursor_widen(&cursor, QUOTE_PROMISE);
	enum packet_reason reason =
	    packet->protocol == IP_PROTOCOL_ICMPV6 ? ip_read_v6(&cursor, &ip) : ip_read_v4(&cursor, &ip);
	if (reason != PACKET_REASON_NONE)
		return 0;
	return cursor.at + (ip.offset == 0 ? transport_quoted(ip.protocol, cursor) : 0);
}

/* RFC 4302 section 2.2: the header's length in words of 32 bits, less two. */
static uint32_t ah_length(const struct packet *packet)
{
	return packet->payload_captured < AH_HEADER_SIZE ? packet->payload_captured : (packet->payload[1] + 2u) * 4;
}

/* Octets of the packet's payload that are headers of their own. */
static uint32_t behind_transport(const struct packet *packet, bool ike_whole)
{
	switch (packet->class) {
	case PACKET_ESP:
		return ESP_HEADER_SIZE;
	case PACKET_AH:
		return ah_length(packet);
	case PACKET_IKE:
		return ike_whole ? packet->payload_length : ike_open(packet);
	case PACKET_ICMP:
		return packet->flags & PACKET_QUOTES ? icmp_quoted(packet) : 0;
	case PACKET_KEEPALIVE:
		return 1;
	default:
		return 0;
	}
}

uint32_t headers_length_of(const struct frame *frame, const struct packet *packet, bool ike_whole)
{
	if (!packet->has_ip)
		return 0;
	if (!packet->payload) /* the capture ends with the headers, or the packet does, and then comes padding */
		return at_most((uint32_t)(packet->ip - frame->bytes) + at_most(packet->ip_captured, packet->length),
			       frame->captured);
	uint32_t headers = (uint32_t)(packet->payload - frame->bytes);
	return at_most(headers + at_most(behind_transport(packet, ike_whole), packet->payload_captured),
		       frame->captured);
}
