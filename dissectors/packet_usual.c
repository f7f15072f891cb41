/* SPDX-License-Identifier: Apache-2.0 */
/* See packet_usual.h. RFC 791, RFC 4303, RFC 3948, RFC 9293, RFC 768; the diagrams are in the files of the headers. */
#include "packet_usual.h"

#include "cursor.h"
#include "esp.h"
#include "ike.h"
#include "ip.h"
#include "link.h"
#include "tunnel.h"

enum {
	ETHERNET = 14,
	IPV4 = 20,
	UDP = 8,
	TCP = 20,
	NEEDED =
	    ETHERNET + IPV4 + TCP, /* octets that have to be there: 8 of ESP too, or 12 of UDP and what it carries */
	PORT_IKE = 500,
	PORT_NAT_T = 4500,
	SPI_LOWEST = 3,  /* RFC 3948 section 2.2, RFC 5840 section 2.1: 0 and 2 mark what is no plain ESP in UDP */
	IKE_LENGTH = 24, /* where an IKE header has the message's length */
	MARKER = 4,
};

/* `header` octets of transport have been read; what follows is the payload. */
static void take_payload(struct packet *packet, const uint8_t *ip, uint32_t header, uint32_t length)
{
	uint32_t start = IPV4 + header < packet->ip_captured ? IPV4 + header : packet->ip_captured;
	uint32_t captured = packet->ip_captured - start;

	packet->payload_length = length;
	packet->payload_captured = captured < length ? captured : length;
	packet->payload = packet->payload_captured > 0 ? ip + start : NULL;
}

static bool take_esp(struct packet *packet, const uint8_t *esp, enum packet_encap encap)
{
	packet->spi = cursor_be32(esp);
	packet->sequence = cursor_be32(esp + 4);
	packet->encap = (uint8_t)encap;
	packet->class = PACKET_ESP;
	return true;
}

static bool take_tcp(struct packet *packet, const uint8_t *ip)
{
	const uint8_t *tcp = ip + IPV4;
	uint32_t header = (tcp[12] >> 4) * 4u;

	packet->src_port = cursor_be16(tcp);
	packet->dst_port = cursor_be16(tcp + 2);
	packet->tcp_flags = tcp[13];
	packet->class = PACKET_CLEARTEXT;
	if (header < TCP || packet->length < IPV4 + header || packet->src_port == PORT_NAT_T ||
	    packet->dst_port == PORT_NAT_T)
		return false;
	take_payload(packet, ip, header, packet->length - IPV4 - header);
	return !packet->payload || packet->payload[0] != 'I'; /* IKETCP */
}

/* Whether a datagram on a port that promises nothing may yet be IKE: its length would stand in the right place. */
static bool may_be_ike(const uint8_t *payload, uint32_t captured, uint32_t length)
{
	if (captured < IKE_HEADER_SIZE)
		return false;
	return cursor_be32(payload + IKE_LENGTH) == length ||
	       (cursor_be32(payload) == 0 &&
		(captured < MARKER + IKE_HEADER_SIZE || cursor_be32(payload + MARKER + IKE_LENGTH) == length - MARKER));
}

static bool take_udp(struct packet *packet, const uint8_t *ip)
{
	const uint8_t *udp = ip + IPV4;
	uint32_t length = cursor_be16(udp + 4);

	packet->src_port = cursor_be16(udp);
	packet->dst_port = cursor_be16(udp + 2);
	if (length < UDP || packet->length < IPV4 + length)
		return false;
	take_payload(packet, ip, UDP, length - UDP);
	if (packet->src_port == PORT_NAT_T || packet->dst_port == PORT_NAT_T)
		return packet->payload_captured >= ESP_HEADER_SIZE && cursor_be32(udp + UDP) >= SPI_LOWEST &&
		       take_esp(packet, udp + UDP, PACKET_ENCAP_UDP);
	packet->class = PACKET_CLEARTEXT;
	return packet->src_port != PORT_IKE && packet->dst_port != PORT_IKE &&
	       !tunnel_has_port(packet->src_port, packet->dst_port) &&
	       !may_be_ike(packet->payload, packet->payload_captured, packet->payload_length);
}

bool packet_usual(const struct frame *frame, struct packet *packet)
{
	if (frame->link_type != LINK_TYPE_ETHERNET || frame->captured < NEEDED)
		return false;
	const uint8_t *ip = frame->bytes + ETHERNET;
	uint32_t captured = frame->captured - ETHERNET;
	/* Version and header length; neither offset nor more fragments. */
	if (cursor_be16(ip - 2) != LINK_ETHERTYPE_IPV4 || ip[0] != 0x45 || (cursor_be16(ip + 6) & 0x3fff) != 0)
		return false;
	uint32_t length = cursor_be16(ip + 2);
	uint32_t promised = (frame->length > frame->captured ? frame->length : frame->captured) - ETHERNET;
	if (length < IPV4 + ESP_HEADER_SIZE || length > promised)
		return false;

	packet->time_ns = frame->time_ns;
	packet->frame_length = frame->length;
	packet->interface = frame->interface;
	packet->reason = PACKET_REASON_NONE;
	packet->flags = frame->bytes[0] & 1 ? PACKET_GROUP_LINK : 0;
	packet->tunnels = 0;
	packet->vlan = 0;
	packet->vni = 0;
	packet->encap = PACKET_ENCAP_NONE;
	packet->has_ip = true;
	packet->protocol = ip[9];
	packet->ttl = ip[8];
	packet->tcp_flags = 0;
	packet->icmp_type = 0;
	packet->icmp_code = 0;
	packet->src_port = 0;
	packet->dst_port = 0;
	packet->src = address_from_ipv4(ip + 12);
	packet->dst = address_from_ipv4(ip + 16);
	packet->length = length;
	packet->spi = 0;
	packet->sequence = 0;
	packet->fragment_id = cursor_be16(ip + 4);
	packet->fragment_offset = 0;
	packet->ip = ip;
	packet->ip_captured = captured < length ? captured : length;
	if (packet->ip_captured < length)
		packet->flags |= PACKET_SHORT;

	switch (packet->protocol) {
	case IP_PROTOCOL_ESP:
		take_payload(packet, ip, 0, length - IPV4);
		return take_esp(packet, ip + IPV4, PACKET_ENCAP_NONE);
	case IP_PROTOCOL_TCP:
		return length >= IPV4 + TCP && take_tcp(packet, ip);
	case IP_PROTOCOL_UDP:
		return take_udp(packet, ip);
	default:
		return false;
	}
}
