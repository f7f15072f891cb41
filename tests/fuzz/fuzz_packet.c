/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_read() over anything. Octet 0 chooses the link type, its highest bit a wire length beyond the capture, with the
 * next one far beyond, as of a jumbogram; octet 1 chooses what may be decapsulated (0: all); the rest is the frame.
 */
#include "fuzz.h"

#include "dissectors/headers.h"
#include "dissectors/link.h"
#include "dissectors/packet_usual.h"

#include <string.h>

static const uint16_t link_types[] = {
	LINK_TYPE_ETHERNET,   LINK_TYPE_RAW,
	LINK_TYPE_NULL,       LINK_TYPE_PPP,
	LINK_TYPE_PPP_ETHER,  LINK_TYPE_PPP_HDLC,
	LINK_TYPE_C_HDLC,     LINK_TYPE_LINUX_SLL,
	LINK_TYPE_LINUX_SLL2, LINK_TYPE_NFLOG,
	LINK_TYPE_IPV4,       LINK_TYPE_IPV6,
	LINK_TYPE_LOOP,       127,
};
enum { LINK_TYPE_COUNT = sizeof(link_types) / sizeof(link_types[0]), UNSEEN = 1000, UNSEEN_JUMBO = 70000 };

/* `octets` at `p` lie within the frame. */
static bool within(const struct frame *frame, const uint8_t *p, uint32_t octets)
{
	if (octets == 0)
		return true;
	return p >= frame->bytes && octets <= frame->captured && (size_t)(p - frame->bytes) <= frame->captured - octets;
}

static void check_ip(const struct frame *frame, const struct packet *packet)
{
	DEMAND(packet->payload_captured <= packet->payload_length);
	DEMAND(within(frame, packet->payload, packet->payload_captured));
	DEMAND(packet->payload_captured == 0 || packet->payload);
	DEMAND(packet->ip_captured <= packet->length);
	DEMAND(packet->ip_captured >= 20);
	DEMAND(within(frame, packet->ip, packet->ip_captured));
	DEMAND(packet->class != PACKET_ESP || packet->payload_length >= 8);
	DEMAND(packet->class != PACKET_IKE || packet->payload_captured >= 28);
	DEMAND(packet->class != PACKET_AH || (packet->flags & PACKET_HAS_AH && packet->protocol == 51));
	DEMAND((packet->class == PACKET_FRAGMENT) == ((packet->flags & PACKET_LATER_FRAGMENT) != 0));
}

static void check_packet(const struct frame *frame, const struct packet *packet)
{
	bool failed = packet->class == PACKET_MALFORMED || packet->class == PACKET_TRUNCATED;
	bool lower = packet->class == PACKET_NON_IP;

	DEMAND(packet->class < PACKET_CLASS_COUNT);
	DEMAND(packet->reason < PACKET_REASON_COUNT);
	DEMAND(packet->encap <= PACKET_ENCAP_TCP);
	DEMAND(packet->vlan < 4096);
	DEMAND(packet->vni < 1 << 24);
	DEMAND(failed || lower || packet->has_ip);
	DEMAND(!lower || !packet->has_ip);
	DEMAND(!failed || packet->reason != PACKET_REASON_NONE);
	DEMAND(failed || packet->reason == (lower && packet->reason ? PACKET_REASON_LINK_TYPE : PACKET_REASON_NONE));
	/* What was captured whole cannot be cut off. */
	DEMAND(packet->class != PACKET_TRUNCATED || frame->captured < frame->length);
	DEMAND(!failed || !(packet->flags & PACKET_SHORT));
	if (packet->has_ip)
		check_ip(frame, packet);
}

/* What would be kept of the frame: headers, and nothing of ESP or of clear text. */
static void check_headers(const struct frame *frame, const struct packet *packet)
{
	enum { ESP_HEADER = 8 };
	uint32_t kept = headers_length(frame, packet, false);
	uint32_t payload =
	    packet->has_ip && packet->payload ? (uint32_t)(packet->payload - frame->bytes) : frame->captured;

	DEMAND(kept <= frame->captured && (packet->has_ip || kept == 0));
	DEMAND(headers_length(frame, packet, true) >= kept);
	DEMAND(packet->class != PACKET_CLEARTEXT || kept <= payload);
	DEMAND(packet->class != PACKET_ESP || kept <= payload + ESP_HEADER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 1 << 18)
		return 0;
	uint32_t captured = (uint32_t)(size - 2);
	uint32_t unseen = data[0] < 0x80 ? 0 : data[0] < 0xc0 ? UNSEEN : UNSEEN_JUMBO;
	struct frame frame = {
		.bytes = data + 2,
		.captured = captured,
		.length = captured + unseen,
		.time_ns = 1,
		.link_type = link_types[(data[0] & 0x7f) % LINK_TYPE_COUNT],
		.interface = 2,
	};
	struct packet_options options = { .decapsulate = (uint16_t)(data[1] == 0 ? TUNNEL_ALL : data[1] << 2) };
	struct packet first, second;

	/* Twice, over different rubbish, and the second time without the short way: what is said must come from the frame. */
	memset(&first, 0x00, sizeof(first));
	memset(&second, 0xff, sizeof(second));
	packet_read(&frame, &options, &first);
	packet_walk(&frame, &options, &second);
	check_packet(&frame, &first);
	DEMAND(packet_class_name(first.class)[0] != '?' && packet_reason_name(first.reason)[0] != '?');
	check_packet(&frame, &second);
	check_headers(&frame, &first);
	check_headers(&frame, &second);
	DEMAND(first.class == second.class && first.reason == second.reason && first.flags == second.flags);
	DEMAND(first.tunnels == second.tunnels && first.vlan == second.vlan && first.vni == second.vni);
	DEMAND(first.encap == second.encap && first.has_ip == second.has_ip && first.interface == second.interface);
	if (first.has_ip) {
		DEMAND(first.protocol == second.protocol && first.ttl == second.ttl && first.length == second.length);
		DEMAND(address_equal(&first.src, &second.src) && address_equal(&first.dst, &second.dst));
		DEMAND(first.src_port == second.src_port && first.dst_port == second.dst_port);
		DEMAND(first.spi == second.spi && first.sequence == second.sequence);
		DEMAND(first.fragment_id == second.fragment_id && first.fragment_offset == second.fragment_offset);
		DEMAND(first.tcp_flags == second.tcp_flags && first.icmp_type == second.icmp_type);
		DEMAND(first.payload == second.payload && first.payload_length == second.payload_length);
		DEMAND(first.ip == second.ip && first.ip_captured == second.ip_captured);
	}
	if (first.has_ip && first.flags & PACKET_QUOTES) {
		DEMAND(address_equal(&first.quoted.src, &second.quoted.src) && first.quoted.spi == second.quoted.spi);
		DEMAND(first.quoted.src_port == second.quoted.src_port && first.quoted.mtu == second.quoted.mtu);
	}
	if (first.has_ip && first.flags & PACKET_HAS_AH)
		DEMAND(address_equal(&first.ah.dst, &second.ah.dst) && first.ah.spi == second.ah.spi);
	return 0;
}
