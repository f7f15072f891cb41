/* SPDX-License-Identifier: Apache-2.0 */
/* packet_read(): whole frames, from the link header to the class. */
#include "dissectors/packet.h"

#include "dissectors/link.h"

#include "build.h"
#include "frames.h"
#include "../suite.h"

enum { ETHERNET = LINK_TYPE_ETHERNET };

static const struct packet_options all = { .decapsulate = TUNNEL_ALL };

/* Reads the first `captured` octets into `packet`, which holds rubbish before. The payload pointers are then gone. */
static void read_with(struct build *build, uint16_t link_type, uint32_t captured, const struct packet_options *options,
		      struct packet *packet)
{
	struct frame frame = build_frame(build, link_type, captured);
	memset(packet, 0xa5, sizeof(*packet));
	packet_read(&frame, options, packet);
	free((void *)(uintptr_t)frame.bytes);
	ck_assert_uint_eq(packet->frame_length, frame.length);
	ck_assert_int_eq(packet->time_ns, frame.time_ns);
	ck_assert_uint_eq(packet->interface, frame.interface);
	bool failed = packet->class == PACKET_MALFORMED || packet->class == PACKET_TRUNCATED;
	ck_assert(!failed || packet->reason != PACKET_REASON_NONE);
	ck_assert(packet->class != PACKET_TRUNCATED || captured < frame.length);
}

static struct packet read_frame(struct build *build)
{
	struct packet packet;
	read_with(build, ETHERNET, build_length(build), &all, &packet);
	return packet;
}

static void expect_pair4(const struct packet *packet, unsigned from, unsigned to)
{
	struct address src = build_address4(from), dst = build_address4(to);
	ck_assert(packet->has_ip);
	ck_assert(address_equal(&packet->src, &src));
	ck_assert(address_equal(&packet->dst, &dst));
}

static void expect_pair6(const struct packet *packet, unsigned from, unsigned to)
{
	struct address src = build_address6(from), dst = build_address6(to);
	ck_assert(packet->has_ip);
	ck_assert(address_equal(&packet->src, &src));
	ck_assert(address_equal(&packet->dst, &dst));
}

static const struct {
	const char *name;
	void (*make)(struct build *build);
	enum packet_class class;
	uint32_t needed; /* octets captured from which on the class is known */
	uint16_t tunnels;
	uint16_t flags;
} kinds[] = {
	{ "esp", make_esp, PACKET_ESP, 42, 0, 0 },
	{ "esp over ipv6", make_esp6, PACKET_ESP, 78, 0, 0 },
	{ "esp in udp", make_esp_udp, PACKET_ESP, 50, 0, 0 },
	{ "wesp", make_wesp, PACKET_ESP, 46, 0, PACKET_WESP },
	{ "ah", make_ah, PACKET_AH, 46, 0, PACKET_HAS_AH },
	{ "ah and esp", make_ah_esp, PACKET_ESP, 86, 0, PACKET_HAS_AH },
	{ "ah tunnel", make_ah_tunnel, PACKET_AH, 78, 0, PACKET_HAS_AH },
	{ "ah tunnel with esp", make_ah_tunnel_esp, PACKET_ESP, 86, TUNNEL_IPIP, PACKET_HAS_AH },
	{ "ike", make_ike, PACKET_IKE, 70, 0, 0 },
	{ "ike behind the marker", make_ike_marker, PACKET_IKE, 74, 0, PACKET_IKE_MARKER },
	{ "keepalive", make_keepalive, PACKET_KEEPALIVE, 43, 0, 0 },
	{ "icmp", make_icmp, PACKET_ICMP, 42, 0, 0 },
	{ "tcp", make_tcp, PACKET_CLEARTEXT, 48, 0, 0 },
	{ "udp", make_udp, PACKET_CLEARTEXT, 62, 0, 0 },
	{ "arp", make_arp, PACKET_NON_IP, 14, 0, 0 },
	{ "later fragment", make_fragment, PACKET_FRAGMENT, 34, 0, PACKET_LATER_FRAGMENT },
	{ "vxlan", make_vxlan, PACKET_ESP, 92, TUNNEL_VXLAN, 0 },
	{ "ip in ip in ip", make_ip_in_ip, PACKET_ESP, 122, TUNNEL_IPIP, 0 },
	{ "erspan", make_erspan, PACKET_CLEARTEXT, 98, TUNNEL_ERSPAN, 0 },
};

START_TEST(every_kind_and_every_cut)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct build build;
		struct packet packet;
		build_begin(&build);
		kinds[i].make(&build);
		for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
			read_with(&build, ETHERNET, captured, &all, &packet);
			enum packet_class class = captured < kinds[i].needed ? PACKET_TRUNCATED : kinds[i].class;
			ck_assert_msg(packet.class == class, "%s cut at %u: %s %s", kinds[i].name, captured,
				      packet_class_name(packet.class), packet_reason_name(packet.reason));
			if (class == PACKET_TRUNCATED)
				continue;
			ck_assert_msg(packet.tunnels == kinds[i].tunnels, "%s: %x", kinds[i].name, packet.tunnels);
			ck_assert_msg((packet.flags & ~PACKET_SHORT) == kinds[i].flags, "%s: %x", kinds[i].name,
				      packet.flags);
			ck_assert_int_eq(packet.reason, PACKET_REASON_NONE);
			if (class == PACKET_ESP) {
				ck_assert_uint_eq(packet.spi, 0xcafe0001);
				ck_assert_uint_eq(packet.sequence, 77);
			}
		}
		ck_assert_msg(!(packet.flags & PACKET_SHORT), "%s", kinds[i].name);
	}
}
END_TEST

START_TEST(details_of_esp)
{
	struct build build;
	build_begin(&build);
	make_esp(&build);
	build_pad(&build, 3);
	struct packet packet = read_frame(&build);
	expect_pair4(&packet, 1, 2);
	ck_assert_uint_eq(packet.protocol, 50);
	ck_assert_uint_eq(packet.ttl, 64);
	ck_assert_uint_eq(packet.length, 68);
	ck_assert_uint_eq(packet.ip_captured, 68);
	ck_assert_uint_eq(packet.payload_length, 48);
	ck_assert_uint_eq(packet.payload_captured, 48);
	ck_assert_ptr_eq(packet.payload, packet.ip + 20);
	ck_assert_uint_eq(packet.fragment_id, 0x1234);
	ck_assert_uint_eq(packet.encap, PACKET_ENCAP_NONE);

	build_begin(&build);
	make_esp_udp(&build);
	packet = read_frame(&build);
	ck_assert_uint_eq(packet.encap, PACKET_ENCAP_UDP);
	ck_assert_uint_eq(packet.protocol, 17);
	ck_assert_uint_eq(packet.src_port, 4500);
	ck_assert_uint_eq(packet.dst_port, 61234);
	ck_assert_uint_eq(packet.payload_length, 48);
	ck_assert_ptr_eq(packet.payload, packet.ip + 28);

	/* Cut behind the ESP header: classified, and said to be short. */
	read_with(&build, ETHERNET, 60, &all, &packet);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	ck_assert(packet.flags & PACKET_SHORT);
	ck_assert_uint_eq(packet.payload_captured, 18);
	ck_assert_uint_eq(packet.payload_length, 48);

	build_begin(&build);
	make_wesp(&build);
	packet = read_frame(&build);
	ck_assert_ptr_eq(packet.payload, packet.ip + 24);
	ck_assert_uint_eq(packet.protocol, 141);
}
END_TEST

START_TEST(details_of_ah)
{
	struct build build;
	struct address one = build_address4(1), two = build_address4(2);
	build_begin(&build);
	make_ah(&build);
	struct packet packet = read_frame(&build);
	expect_pair4(&packet, 1, 2);
	ck_assert_uint_eq(packet.protocol, 51);
	ck_assert_uint_eq(packet.spi, 0xbeef);
	ck_assert_uint_eq(packet.sequence, 5);
	ck_assert_uint_eq(packet.ah.spi, 0xbeef);
	ck_assert_uint_eq(packet.ah.next_header, 6);
	ck_assert(address_equal(&packet.ah.src, &one) && address_equal(&packet.ah.dst, &two));
	ck_assert_uint_eq(packet.src_port, 1000);
	ck_assert_uint_eq(packet.dst_port, 80);
	ck_assert_uint_eq(packet.tcp_flags, 0x18);
	ck_assert_ptr_eq(packet.payload, packet.ip + 20);

	build_begin(&build);
	make_ah_tunnel(&build);
	packet = read_frame(&build);
	expect_pair4(&packet, 1, 2);
	ck_assert_uint_eq(packet.src_port, 0);
	ck_assert_uint_eq(packet.tunnels, 0);

	build_begin(&build);
	make_ah_tunnel_esp(&build);
	/* AH's tunnel mode is walked whatever may be decapsulated. */
	struct packet_options none = { 0 };
	read_with(&build, ETHERNET, build_length(&build), &none, &packet);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	expect_pair4(&packet, 8, 9);
	ck_assert_uint_eq(packet.spi, 0xcafe0001);
	ck_assert_uint_eq(packet.protocol, 50);
	ck_assert_uint_eq(packet.ah.spi, 0xbeef);
	ck_assert(address_equal(&packet.ah.src, &one) && address_equal(&packet.ah.dst, &two));
	ck_assert(address_equal(&packet.carrier_src, &one) && address_equal(&packet.carrier_dst, &two));

	/* The payload is that of the header that counts: ESP's, without AH before it. */
	build_begin(&build);
	make_ah_esp(&build);
	packet = read_frame(&build);
	ck_assert_ptr_eq(packet.payload, packet.ip + 40 + 24);
	ck_assert_uint_eq(packet.payload_length, 28);
	ck_assert_uint_eq(packet.payload_captured, 28);

	/* AH over AH: the one nearest to the payload. */
	build_begin(&build);
	build_data(&build, 8);
	build_ah(&build, 59, 0xbbbb, 6);
	build_extension(&build, 51);
	build_ah(&build, 60, 0xaaaa, 5);
	build_ipv6(&build, 51, 1, 2);
	build_ethernet(&build, 0x86dd);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_AH);
	expect_pair6(&packet, 1, 2);
	ck_assert_uint_eq(packet.spi, 0xbbbb);
	ck_assert_uint_eq(packet.ah.next_header, 59);

	/* What is behind AH cannot make it malformed, unless it says it is ESP. */
	build_begin(&build);
	build_data(&build, 7);
	build_ah(&build, 6, 0xbeef, 5);
	build_ipv4(&build, 51, 1, 2);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_AH);
	build_set(&build, 34, 1, 50);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_MALFORMED);
	ck_assert_int_eq(packet.reason, PACKET_REASON_ESP);
	ck_assert(packet.flags & PACKET_HAS_AH);
}
END_TEST

/* A datagram with `octets` between the ports. */
static struct packet udp(unsigned src_port, unsigned dst_port, const void *octets, uint32_t count)
{
	struct build build;
	build_begin(&build);
	build_put(&build, octets, count);
	build_udp(&build, src_port, dst_port);
	build_ipv4(&build, 17, 1, 2);
	build_ethernet(&build, 0x0800);
	struct packet packet = read_frame(&build);
	packet.payload = NULL;
	return packet;
}

START_TEST(udp_rules)
{
	static const struct {
		const char *octets;
		uint32_t count;
		enum packet_class class;
	} rows[] = {
		{ "", 0, PACKET_CLEARTEXT },
		{ "\xff", 1, PACKET_KEEPALIVE },
		{ "\xfe", 1, PACKET_CLEARTEXT },
		{ "\0", 1, PACKET_CLEARTEXT },
		{ "\xff\xff", 2, PACKET_CLEARTEXT },
		{ "\0\0\0", 3, PACKET_CLEARTEXT },
		{ "\0\0\0\0", 4, PACKET_MALFORMED },
		{ "\0\0\0\1", 4, PACKET_CLEARTEXT },
		{ "\0\0\0\1\0\0\0", 7, PACKET_CLEARTEXT },
		{ "\0\0\0\1\0\0\0\1", 8, PACKET_ESP },
		{ "\0\0\0\2\4\14\0\0\0\0\0\1\0\0\0", 15, PACKET_ESP }, /* too short for WESP: SPI 2 */
		{ "\0\0\0\0\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 31, PACKET_MALFORMED },
		{ "\0\0\0\0\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32, PACKET_IKE },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet out = udp(4500, 1000, rows[i].octets, rows[i].count);
		struct packet in = udp(1000, 4500, rows[i].octets, rows[i].count);
		ck_assert_msg(out.class == rows[i].class, "row %u: %s", i, packet_class_name(out.class));
		ck_assert_msg(in.class == rows[i].class, "row %u: %s", i, packet_class_name(in.class));
		if (out.class == PACKET_MALFORMED)
			ck_assert_int_eq(out.reason, PACKET_REASON_IKE);
		ck_assert_int_eq(udp(1000, 1001, rows[i].octets, rows[i].count).class, PACKET_CLEARTEXT);
	}
	static const uint8_t zero[28];
	static const uint8_t plausible[28] = { [7] = 1, [16] = 33, [17] = 0x20, [18] = 34, [19] = 8, [27] = 28 };
	ck_assert_int_eq(udp(500, 1000, plausible, 28).class, PACKET_IKE);
	ck_assert_int_eq(udp(1000, 500, plausible, 28).class, PACKET_IKE);
	/* Neither version nor length is IKE's. */
	ck_assert_int_eq(udp(500, 1000, zero, 28).class, PACKET_CLEARTEXT);
	ck_assert_int_eq(udp(500, 1000, "\xff", 1).class, PACKET_KEEPALIVE);
	for (uint32_t count = 0; count < 28; count++) {
		struct packet packet = udp(500, 500, zero, count);
		ck_assert_int_eq(packet.class, PACKET_MALFORMED);
		ck_assert_int_eq(packet.reason, PACKET_REASON_IKE);
	}
	/* WESP in UDP. */
	struct packet wesp = udp(4500, 1000, "\0\0\0\2\4\20\14\40\0\0\0\7\0\0\0\1", 16);
	ck_assert_int_eq(wesp.class, PACKET_ESP);
	ck_assert(wesp.flags & PACKET_WESP);
	ck_assert_uint_eq(wesp.spi, 7);
	ck_assert_uint_eq(wesp.payload_length, 8);
}
END_TEST

START_TEST(ike_on_any_port)
{
	for (unsigned marker = 0; marker < 2; marker++)
		for (unsigned version = 0x10; version <= 0x30; version += 0x10) {
			struct build build;
			build_begin(&build);
			build_data(&build, 60);
			build_ike(&build, 0x1122334455667788, version, version == 0x10 ? 2 : 34);
			if (marker)
				build_u32(&build, 0);
			build_udp(&build, 1000, 848);
			build_ipv6(&build, 17, 1, 2);
			build_ethernet(&build, 0x86dd);
			struct packet packet = read_frame(&build);
			ck_assert_int_eq(packet.class, version == 0x30 ? PACKET_CLEARTEXT : PACKET_IKE);
			if (version == 0x30)
				continue;
			ck_assert_int_eq((packet.flags & PACKET_IKE_MARKER) != 0, marker);
			ck_assert_uint_eq(packet.payload_length, 88);
			ck_assert_uint_eq(packet.encap, PACKET_ENCAP_UDP);
			/* Cut below the header it is not known to be IKE, and not held against it. */
			uint32_t header = 14 + 40 + 8 + marker * 4;
			read_with(&build, ETHERNET, header + 27, &all, &packet);
			ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
			read_with(&build, ETHERNET, header + 28, &all, &packet);
			ck_assert_int_eq(packet.class, PACKET_IKE);
		}
}
END_TEST

/* A segment: `prefix` or not, a frame length that is `more` than the frame, ESP or IKE. */
static void build_segment(struct build *build, unsigned port, bool prefix, bool ike, int more)
{
	build_begin(build);
	build_data(build, 40);
	if (ike) {
		build_ike(build, 0x1122334455667788, 0x20, 34);
		build_u32(build, 0);
	} else {
		build_esp(build, 0xcafe0001, 77);
	}
	build_u16(build, build_length(build) + 2 + (uint32_t)more);
	if (prefix)
		build_put(build, "IKETCP", 6);
	build_tcp(build, 50000, port, 0x18);
	build_ipv4(build, 6, 1, 2);
	build_ethernet(build, 0x0800);
}

static struct packet tcp(unsigned port, bool prefix, bool ike, int more)
{
	struct build build;

	build_segment(&build, port, prefix, ike, more);
	return read_frame(&build);
}

START_TEST(tcp_encapsulation)
{
	for (unsigned ike = 0; ike < 2; ike++)
		for (unsigned prefix = 0; prefix < 2; prefix++)
			for (unsigned nat_t = 0; nat_t < 2; nat_t++) {
				struct packet packet = tcp(nat_t ? 4500 : 443, prefix, ike, 0);
				bool known = prefix || nat_t;
				ck_assert_int_eq(packet.class, !known ? PACKET_CLEARTEXT
							       : ike  ? PACKET_IKE
								      : PACKET_ESP);
				ck_assert_int_eq((packet.flags & PACKET_IKETCP) != 0, prefix);
				ck_assert_uint_eq(packet.encap, known ? PACKET_ENCAP_TCP : PACKET_ENCAP_NONE);
				ck_assert_uint_eq(packet.tcp_flags, 0x18);
				if (known)
					ck_assert_uint_eq(packet.payload_length, ike ? 68 : 48);
				/* A frame that goes on in the next segment is not believed. */
				packet = tcp(nat_t ? 4500 : 443, prefix, ike, 1);
				ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
				ck_assert_uint_eq(packet.encap, PACKET_ENCAP_NONE);
			}
	/* A frame that ends early: the rest is the next one. IKE has to fill its frame. */
	ck_assert_int_eq(tcp(4500, false, false, -8).class, PACKET_ESP);
	ck_assert_uint_eq(tcp(4500, false, false, -8).payload_length, 40);
	ck_assert_int_eq(tcp(4500, false, true, -8).class, PACKET_CLEARTEXT);
	ck_assert_int_eq(tcp(4500, false, false, -41).class, PACKET_CLEARTEXT);
}
END_TEST

/* On another port only somebody who knows the stream can say that it is one. */
START_TEST(tcp_stream)
{
	for (unsigned ike = 0; ike < 2; ike++)
		for (int more = -8; more <= 1; more++) {
			struct build build;
			struct packet packet;
			bool there = more <= 0 && (!ike || more == 0);
			build_segment(&build, 443, false, ike, more);
			struct frame frame = build_frame(&build, ETHERNET, build_length(&build));
			packet_read(&frame, &all, &packet);
			ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
			ck_assert_int_eq(packet_read_stream(&packet), there);
			ck_assert_int_eq(packet.class, !there ? PACKET_CLEARTEXT : ike ? PACKET_IKE : PACKET_ESP);
			if (there)
				ck_assert_uint_eq(packet.payload_length, ike ? 68 : 48 + (uint32_t)more);
			free((void *)(uintptr_t)frame.bytes);
		}
}
END_TEST

START_TEST(fragments)
{
	struct build build;
	struct packet packet;
	/* A first fragment of a datagram of 1008 octets, of which 32 are here. */
	build_begin(&build);
	build_data(&build, 16);
	build_esp(&build, 0xcafe0001, 77);
	build_udp(&build, 4500, 61234);
	build_set(&build, 4, 2, 1008);
	build_ipv4_fragment(&build, 17, 1, 2, 0x2000);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	ck_assert_uint_eq(packet.flags, PACKET_FIRST_FRAGMENT);
	ck_assert_uint_eq(packet.spi, 0xcafe0001);
	ck_assert_uint_eq(packet.dst_port, 61234);
	ck_assert_uint_eq(packet.payload_length, 24);
	ck_assert_uint_eq(packet.fragment_id, 0x1234);

	/* Later ones. */
	build_begin(&build);
	build_data(&build, 24);
	build_ipv4_fragment(&build, 17, 1, 2, 0x2004);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_FRAGMENT);
	ck_assert_uint_eq(packet.flags, PACKET_LATER_FRAGMENT);
	ck_assert_uint_eq(packet.fragment_offset, 32);
	ck_assert_uint_eq(packet.protocol, 17);
	ck_assert_uint_eq(packet.payload_length, 24);
	ck_assert_uint_eq(packet.src_port, 0);
	build_set(&build, 20, 2, 0x0004);
	packet = read_frame(&build);
	ck_assert_uint_eq(packet.flags, PACKET_LATER_FRAGMENT | PACKET_LAST_FRAGMENT);

	build_begin(&build);
	build_data(&build, 24);
	build_fragment(&build, 50, 0x0020);
	build_ipv6(&build, 44, 1, 2);
	build_ethernet(&build, 0x86dd);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_FRAGMENT);
	ck_assert_uint_eq(packet.fragment_id, 0xabcdef01);
	ck_assert_uint_eq(packet.fragment_offset, 32);
	ck_assert_uint_eq(packet.protocol, 50);

	/* Atomic: no fragment at all. */
	build_begin(&build);
	build_esp(&build, 0xcafe0001, 77);
	build_fragment(&build, 50, 0);
	build_ipv6(&build, 44, 1, 2);
	build_ethernet(&build, 0x86dd);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	ck_assert_uint_eq(packet.flags, 0);

	/* A first fragment of eight octets still has the ports of TCP. */
	build_begin(&build);
	build_tcp(&build, 1000, 80, 0x02);
	build_ipv4_fragment(&build, 6, 1, 2, 0x2000);
	build_set(&build, 2, 2, 28);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
	ck_assert_uint_eq(packet.dst_port, 80);
	ck_assert_uint_eq(packet.tcp_flags, 0);

	/* One that ends within ESP's header is there whole, so it was not the capture that cut it. */
	build_begin(&build);
	build_data(&build, 4);
	build_ipv4_fragment(&build, 50, 1, 2, 0x2000);
	build_ethernet(&build, 0x0800);
	build_pad(&build, 20);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_MALFORMED);
	ck_assert_int_eq(packet.reason, PACKET_REASON_FRAGMENT);
	read_with(&build, ETHERNET, 36, &all, &packet);
	ck_assert_int_eq(packet.class, PACKET_TRUNCATED);

	/* The same within extension headers (RFC 7112 forbids it). */
	build_begin(&build);
	build_extension(&build, 60);
	build_fragment(&build, 60, 1);
	build_ipv6(&build, 44, 1, 2);
	build_ethernet(&build, 0x86dd);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_MALFORMED);
	ck_assert_int_eq(packet.reason, PACKET_REASON_FRAGMENT);
	read_with(&build, ETHERNET, 63, &all, &packet);
	ck_assert_int_eq(packet.class, PACKET_TRUNCATED);
	ck_assert_int_eq(packet.reason, PACKET_REASON_EXTENSION);

	/* A tunnel cut into fragments: the inner packet goes on in the next one. */
	build_begin(&build);
	build_data(&build, 100);
	build_esp(&build, 0xcafe0001, 77);
	build_ipv4(&build, 50, 1, 2);
	build_gre(&build, 0, 0x0800);
	build_ipv4_fragment(&build, 47, 11, 12, 0x2000);
	build_set(&build, 2, 2, 20 + 4 + 20 + 48);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	expect_pair4(&packet, 1, 2);
	ck_assert_uint_eq(packet.length, 128);
	ck_assert_uint_eq(packet.flags, PACKET_SHORT);
}
END_TEST

START_TEST(lies)
{
	static const struct {
		void (*make)(struct build *build);
		uint32_t offset;
		unsigned octets;
		uint32_t value;
		enum packet_reason reason;
	} rows[] = {
		{ make_esp, 14, 1, 0x65, PACKET_REASON_IPV4 }, /* version */
		{ make_esp, 14, 1, 0x44, PACKET_REASON_IPV4 }, /* header length */
		{ make_esp, 16, 2, 69, PACKET_REASON_IPV4 },   /* total length */
		{ make_esp, 16, 2, 19, PACKET_REASON_IPV4 },
		{ make_esp, 16, 2, 27, PACKET_REASON_ESP },          /* 7 octets of ESP */
		{ make_esp, 20, 2, 0x1fff, PACKET_REASON_FRAGMENT }, /* beyond 65535 */
		{ make_wesp, 37, 1, 0x80, PACKET_REASON_ESP },       /* version of WESP */
		{ make_esp6, 18, 2, 65, PACKET_REASON_IPV6 },
		{ make_esp6, 55, 1, 0xff, PACKET_REASON_EXTENSION },
		{ make_esp_udp, 38, 2, 57, PACKET_REASON_UDP },
		{ make_esp_udp, 38, 2, 7, PACKET_REASON_UDP },
		{ make_ah, 35, 1, 0, PACKET_REASON_AH },
		{ make_ah, 35, 1, 0xff, PACKET_REASON_AH },
		{ make_ike, 38, 2, 35, PACKET_REASON_IKE }, /* 27 octets of IKE */
		{ make_ike_marker, 38, 2, 39, PACKET_REASON_IKE },
		{ make_icmp, 16, 2, 27, PACKET_REASON_ICMP },
		{ make_tcp, 46, 1, 0x40, PACKET_REASON_TCP }, /* data offset */
		{ make_tcp, 16, 2, 39, PACKET_REASON_TCP },
		{ make_vxlan, 66, 2, 69, PACKET_REASON_IPV4 }, /* inner total length */
		{ make_erspan, 42, 1, 0x20, PACKET_REASON_TUNNEL },
		{ make_ip_in_ip, 74, 1, 0x50, PACKET_REASON_IPV6 }, /* inner version */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build build;
		build_begin(&build);
		rows[i].make(&build);
		build_set(&build, rows[i].offset, rows[i].octets, rows[i].value);
		struct packet packet = read_frame(&build);
		ck_assert_msg(packet.class == PACKET_MALFORMED && packet.reason == rows[i].reason, "row %u: %s %s", i,
			      packet_class_name(packet.class), packet_reason_name(packet.reason));
	}
}
END_TEST

START_TEST(transports_without_a_class_of_their_own)
{
	static const struct {
		uint8_t protocol;
		bool ports;
		enum packet_reason reason; /* when there are but three octets */
	} rows[] = {
		{ 132, true, PACKET_REASON_TRANSPORT }, { 33, true, PACKET_REASON_TRANSPORT },
		{ 136, true, PACKET_REASON_UDP },       { 89, false, PACKET_REASON_NONE },
		{ 58, false, PACKET_REASON_NONE }, /* ICMPv6 is not IPv4's */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t octets = 3; octets <= 20; octets += 17) {
			struct build build;
			build_begin(&build);
			build_data(&build, octets - (octets > 8 ? 8 : 0));
			if (octets > 8) {
				build_u32(&build, 0x04000000);
				build_u16(&build, 2000);
				build_u16(&build, 1000);
			}
			build_ipv4(&build, rows[i].protocol, 1, 2);
			build_ethernet(&build, 0x0800);
			struct packet packet = read_frame(&build);
			bool failed = octets == 3 && rows[i].reason != PACKET_REASON_NONE;
			ck_assert_int_eq(packet.class, failed ? PACKET_MALFORMED : PACKET_CLEARTEXT);
			ck_assert_int_eq(packet.reason, failed ? rows[i].reason : PACKET_REASON_NONE);
			if (octets == 20)
				ck_assert_uint_eq(packet.dst_port, rows[i].ports ? 2000 : 0);
			ck_assert_uint_eq(packet.protocol, rows[i].protocol);
		}
}
END_TEST

START_TEST(icmp_errors)
{
	struct build build;
	build_begin(&build);
	build_data(&build, 20);
	build_esp(&build, 0xcafe0001, 77);
	build_ipv4(&build, 50, 2, 1);
	build_u32(&build, 1400);
	build_u32(&build, 0x03040000);
	build_ipv4(&build, 1, 9, 2);
	build_ethernet(&build, 0x0800);
	struct packet packet = read_frame(&build);
	struct address two = build_address4(2), one = build_address4(1);
	ck_assert_int_eq(packet.class, PACKET_ICMP);
	expect_pair4(&packet, 9, 2);
	ck_assert_uint_eq(packet.icmp_type, 3);
	ck_assert_uint_eq(packet.icmp_code, 4);
	ck_assert_uint_eq(packet.flags, PACKET_QUOTES);
	ck_assert_uint_eq(packet.quoted.spi, 0xcafe0001);
	ck_assert_uint_eq(packet.quoted.mtu, 1400);
	ck_assert(address_equal(&packet.quoted.src, &two) && address_equal(&packet.quoted.dst, &one));
	ck_assert_uint_eq(packet.spi, 0);
	ck_assert_uint_eq(packet.payload_length, 48);
	/* The quote cut off: an ICMP error all the same. */
	read_with(&build, ETHERNET, 14 + 20 + 8 + 19, &all, &packet);
	ck_assert_int_eq(packet.class, PACKET_ICMP);
	ck_assert(!(packet.flags & PACKET_QUOTES));
}
END_TEST

START_TEST(tunnels)
{
	struct build build;
	struct packet packet;
	struct address outer = build_address4(11);
	build_begin(&build);
	make_vxlan(&build);
	packet = read_frame(&build);
	expect_pair4(&packet, 1, 2);
	ck_assert_uint_eq(packet.vni, 42);
	ck_assert_uint_eq(packet.src_port, 0);
	ck_assert(address_equal(&packet.carrier_src, &outer));
	ck_assert_uint_eq(packet.encap, PACKET_ENCAP_NONE);

	/* Left out of the options: cleartext of the outer pair. */
	struct packet_options some = { .decapsulate = TUNNEL_ALL & ~TUNNEL_VXLAN };
	read_with(&build, ETHERNET, build_length(&build), &some, &packet);
	ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
	expect_pair4(&packet, 11, 12);
	ck_assert_uint_eq(packet.tunnels, 0);
	ck_assert_uint_eq(packet.vni, 0);
	ck_assert_uint_eq(packet.dst_port, 4789);

	/* Something else on that port: cleartext, and nothing of the attempt remains. */
	build_set(&build, 42, 1, 0x55);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
	expect_pair4(&packet, 11, 12);
	ck_assert_uint_eq(packet.tunnels, 0);
	ck_assert_uint_eq(packet.vni, 0);

	/* Inside, no IP: who carries it is known all the same. */
	build_begin(&build);
	make_arp(&build);
	build_vxlan(&build, 42);
	build_udp(&build, 55555, 4789);
	build_ipv4(&build, 17, 11, 12);
	build_ethernet(&build, 0x0800);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_NON_IP);
	ck_assert(!packet.has_ip);
	ck_assert_uint_eq(packet.tunnels, TUNNEL_VXLAN);
	struct address carrier = build_address4(11);
	ck_assert(address_equal(&packet.carrier_src, &carrier));

	build_begin(&build);
	make_ip_in_ip(&build);
	packet = read_frame(&build);
	expect_pair6(&packet, 3, 4);
	outer = build_address4(5);
	ck_assert(address_equal(&packet.carrier_src, &outer));
	some.decapsulate = TUNNEL_ALL & ~TUNNEL_IPIP;
	read_with(&build, ETHERNET, build_length(&build), &some, &packet);
	ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
	expect_pair6(&packet, 7, 8);

	build_begin(&build);
	make_erspan(&build);
	some.decapsulate = TUNNEL_ALL & ~TUNNEL_ERSPAN;
	read_with(&build, ETHERNET, build_length(&build), &some, &packet);
	ck_assert_int_eq(packet.class, PACKET_CLEARTEXT);
	expect_pair4(&packet, 11, 12);
	ck_assert_uint_eq(packet.protocol, 47);
	some.decapsulate = TUNNEL_ERSPAN;
	read_with(&build, ETHERNET, build_length(&build), &some, &packet);
	expect_pair4(&packet, 1, 2);
}
END_TEST

START_TEST(depth)
{
	for (unsigned count = 1; count <= PACKET_DEPTH_MAX + 1u; count++) {
		struct build build;
		build_begin(&build);
		build_esp(&build, 0xcafe0001, 77);
		for (unsigned i = 0; i < count; i++)
			build_ipv4(&build, i == 0 ? 50 : 4, count - i, 100);
		build_ethernet(&build, 0x0800);
		struct packet packet = read_frame(&build);
		bool fits = count <= PACKET_DEPTH_MAX;
		ck_assert_int_eq(packet.class, fits ? PACKET_ESP : PACKET_MALFORMED);
		ck_assert_int_eq(packet.reason, fits ? PACKET_REASON_NONE : PACKET_REASON_DEPTH);
		expect_pair4(&packet, fits ? count : PACKET_DEPTH_MAX, 100);
	}
	for (unsigned count = 1; count <= 10; count++) {
		struct build build;
		build_begin(&build);
		build_esp(&build, 0xcafe0001, 77);
		for (unsigned i = 0; i < count; i++)
			build_ah(&build, i == 0 ? 50 : 51, count - i, 1);
		build_ipv4(&build, 51, 1, 2);
		build_ethernet(&build, 0x0800);
		struct packet packet = read_frame(&build);
		ck_assert_int_eq(packet.class, count <= 8 ? PACKET_ESP : PACKET_AH);
		ck_assert_uint_eq(packet.ah.spi, count <= 8 ? count : 8);
	}
}
END_TEST

START_TEST(link_facts)
{
	struct build build;
	struct packet packet;
	build_begin(&build);
	make_esp(&build);
	build_bytes(&build)[0] = 0x01;
	packet = read_frame(&build);
	ck_assert_uint_eq(packet.flags, PACKET_GROUP_LINK);
	read_with(&build, 127, build_length(&build), &all, &packet);
	ck_assert_int_eq(packet.class, PACKET_NON_IP);
	ck_assert_int_eq(packet.reason, PACKET_REASON_LINK_TYPE);
	ck_assert(!packet.has_ip);

	build_begin(&build);
	build_data(&build, 20);
	build_esp(&build, 0xcafe0001, 77);
	build_ipv4(&build, 50, 1, 2);
	build_vlan(&build, 17, 0x0800);
	build_ethernet(&build, 0x8100);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	ck_assert_uint_eq(packet.vlan, 17);
	ck_assert_uint_eq(packet.tunnels, TUNNEL_VLAN);
	/* An IPv4 total length of zero: to the end of the frame. */
	build_set(&build, 20, 2, 0);
	packet = read_frame(&build);
	ck_assert_int_eq(packet.class, PACKET_ESP);
	ck_assert_uint_eq(packet.length, 48);
}
END_TEST

START_TEST(captured_frames)
{
	for (unsigned i = 0; i < sizeof(frames_captured) / sizeof(frames_captured[0]); i++) {
		struct frame frame = {
			frames_captured[i].octets, frames_captured[i].count, frames_captured[i].count, 0, ETHERNET, 0
		};
		struct packet packet;
		struct address_text src, dst;
		packet_read(&frame, &all, &packet);
		ck_assert_msg(packet.class == frames_captured[i].class, "%s: %s", frames_captured[i].name,
			      packet_class_name(packet.class));
		ck_assert_str_eq(address_text(&packet.src, &src), frames_captured[i].src);
		ck_assert_str_eq(address_text(&packet.dst, &dst), frames_captured[i].dst);
		ck_assert_uint_eq(packet.spi, frames_captured[i].spi);
	}
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(packet_class_name(PACKET_ESP), "esp");
	ck_assert_str_eq(packet_class_name(PACKET_NON_IP), "non_ip");
	ck_assert_str_eq(packet_class_name(PACKET_TRUNCATED), "truncated");
	ck_assert_str_eq(packet_class_name(PACKET_CLASS_COUNT), "?");
	ck_assert_str_eq(packet_reason_name(PACKET_REASON_LINK_TYPE), "link_type");
	ck_assert_str_eq(packet_reason_name(PACKET_REASON_COUNT), "?");
	/* Every number has a name, and no two the same. */
	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			ck_assert_str_ne(packet_class_name(i), packet_class_name(j));
	for (unsigned i = 0; i < PACKET_REASON_COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			ck_assert_str_ne(packet_reason_name(i), packet_reason_name(j));
}
END_TEST

SUITE_MAIN("packet", every_kind_and_every_cut, details_of_esp, details_of_ah, udp_rules, ike_on_any_port,
	   tcp_encapsulation, tcp_stream, fragments, lies, transports_without_a_class_of_their_own, icmp_errors,
	   tunnels, depth, link_facts, captured_frames, names)
