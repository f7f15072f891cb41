/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames built for tests, from the inside out: each call puts one header before what is there already, so every length
 * field comes out right by itself. A test that wants a lie changes the octet afterwards with build_set().
 */
#ifndef ESPIAL_TESTS_DISSECTORS_BUILD_H
#define ESPIAL_TESTS_DISSECTORS_BUILD_H

#include "dissectors/address.h"
#include "dissectors/cursor.h"
#include "dissectors/packet.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct build {
	uint8_t room[4096];
	uint32_t start; /* the frame is room[start] to the end of room */
};

static inline void build_begin(struct build *build)
{
	build->start = sizeof(build->room);
}

static inline uint32_t build_length(const struct build *build)
{
	return (uint32_t)sizeof(build->room) - build->start;
}

static inline uint8_t *build_bytes(struct build *build)
{
	return build->room + build->start;
}

static inline void build_put(struct build *build, const void *octets, uint32_t count)
{
	if (count > build->start)
		abort();
	build->start -= count;
	memcpy(build_bytes(build), octets, count);
}

static inline void build_u8(struct build *build, unsigned value)
{
	uint8_t octet = (uint8_t)value;
	build_put(build, &octet, 1);
}

static inline void build_u16(struct build *build, unsigned value)
{
	build_u8(build, value);
	build_u8(build, value >> 8);
}

static inline void build_u32(struct build *build, uint32_t value)
{
	build_u16(build, value & 0xffff);
	build_u16(build, value >> 16);
}

/* `count` octets that are no protocol: 0xe1, 0xe2, ... */
static inline void build_data(struct build *build, uint32_t count)
{
	while (count-- > 0)
		build_u8(build, 0xe1 + count % 13);
}

/* Octets behind what is there: padding, or a frame check sequence. */
static inline void build_pad(struct build *build, uint32_t count)
{
	uint32_t length = build_length(build);
	if (count > build->start)
		abort();
	build->start -= count;
	memmove(build_bytes(build), build_bytes(build) + count, length);
	memset(build_bytes(build) + length, 0xee, count);
}

/* Changes `count` octets at `offset` of the frame to `value`, big-endian. */
static inline void build_set(struct build *build, uint32_t offset, unsigned count, uint32_t value)
{
	for (unsigned i = 0; i < count; i++)
		build_bytes(build)[offset + i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

static inline void build_esp(struct build *build, uint32_t spi, uint32_t sequence)
{
	build_u32(build, sequence);
	build_u32(build, spi);
}

/* With an integrity check value of 12 octets. */
static inline void build_ah(struct build *build, unsigned next, uint32_t spi, uint32_t sequence)
{
	build_data(build, 12);
	build_u32(build, sequence);
	build_u32(build, spi);
	build_u16(build, 0);
	build_u8(build, 4);
	build_u8(build, next);
}

static inline void build_ike(struct build *build, uint64_t initiator_spi, unsigned version, unsigned exchange)
{
	uint32_t length = build_length(build) + 28;
	build_u32(build, length);
	build_u32(build, 0);
	build_u8(build, version == 0x20 ? 0x08 : 0);
	build_u8(build, exchange);
	build_u8(build, version);
	build_u8(build, version == 0x20 ? 33 : 1);
	build_u32(build, 0);
	build_u32(build, 0);
	build_u32(build, (uint32_t)initiator_spi);
	build_u32(build, (uint32_t)(initiator_spi >> 32));
}

static inline void build_udp(struct build *build, unsigned src_port, unsigned dst_port)
{
	uint32_t length = build_length(build) + 8;
	build_u16(build, 0);
	build_u16(build, length);
	build_u16(build, dst_port);
	build_u16(build, src_port);
}

static inline void build_tcp(struct build *build, unsigned src_port, unsigned dst_port, unsigned flags)
{
	build_u32(build, 0);
	build_u16(build, 0xffff);
	build_u8(build, flags);
	build_u8(build, 0x50);
	build_u32(build, 0);
	build_u32(build, 1);
	build_u16(build, dst_port);
	build_u16(build, src_port);
}

/* 192.0.2.`from` to 192.0.2.`to`; `fragment` is the word of flags and offset. */
static inline void build_ipv4_fragment(struct build *build, unsigned protocol, unsigned from, unsigned to,
				       unsigned fragment)
{
	uint32_t length = build_length(build) + 20;
	build_u32(build, 0xc0000200 | to);
	build_u32(build, 0xc0000200 | from);
	build_u16(build, 0);
	build_u8(build, protocol);
	build_u8(build, 64);
	build_u16(build, fragment);
	build_u16(build, 0x1234);
	build_u16(build, length);
	build_u16(build, 0x4500);
}

static inline void build_ipv4(struct build *build, unsigned protocol, unsigned from, unsigned to)
{
	build_ipv4_fragment(build, protocol, from, to, 0);
}

/* 2001:db8::`from` to 2001:db8::`to`. */
static inline void build_ipv6(struct build *build, unsigned next, unsigned from, unsigned to)
{
	uint32_t length = build_length(build);
	for (unsigned i = 0; i < 2; i++) {
		build_u32(build, i == 0 ? to : from);
		build_u32(build, 0);
		build_u32(build, 0);
		build_u32(build, 0x20010db8);
	}
	build_u8(build, 63);
	build_u8(build, next);
	build_u16(build, length);
	build_u32(build, 0x60000000);
}

/* An IPv6 extension header of eight octets. */
static inline void build_extension(struct build *build, unsigned next)
{
	build_u32(build, 0);
	build_u16(build, 0x0104); /* PadN over the rest */
	build_u8(build, 0);
	build_u8(build, next);
}

/* An IPv6 fragment header; `fragment` is the word of offset and M. */
static inline void build_fragment(struct build *build, unsigned next, unsigned fragment)
{
	build_u32(build, 0xabcdef01);
	build_u16(build, fragment);
	build_u8(build, 0);
	build_u8(build, next);
}

static inline void build_ethernet(struct build *build, unsigned type)
{
	static const uint8_t addresses[12] = { 0x52, 0x54, 0, 0, 0, 2, 0x52, 0x54, 0, 0, 0, 1 };
	build_u16(build, type);
	build_put(build, addresses, sizeof(addresses));
}

/* The tag behind its EtherType. */
static inline void build_vlan(struct build *build, unsigned identifier, unsigned type)
{
	build_u16(build, type);
	build_u16(build, identifier);
}

static inline void build_label(struct build *build, uint32_t label, bool bottom)
{
	build_u32(build, label << 12 | (bottom ? 0x100u : 0) | 64);
}

static inline void build_pppoe(struct build *build, unsigned protocol)
{
	build_u16(build, protocol);
	uint32_t length = build_length(build);
	build_u16(build, length);
	build_u16(build, 7);
	build_u16(build, 0x1100);
}

static inline void build_gre(struct build *build, unsigned flags, unsigned type)
{
	if (flags & 0x1000)
		build_u32(build, 9);
	if (flags & 0x2000)
		build_u32(build, 0x00abcd01);
	if (flags & 0x8000)
		build_u32(build, 0);
	build_u16(build, type);
	build_u16(build, flags);
}

static inline void build_vxlan(struct build *build, uint32_t network)
{
	build_u32(build, network << 8);
	build_u32(build, 0x08000000);
}

static inline void build_geneve(struct build *build, uint32_t network, unsigned type)
{
	build_u32(build, 0x01020304); /* an option without data */
	build_u32(build, network << 8);
	build_u16(build, type);
	build_u16(build, 0x0100);
}

static inline void build_gtpu(struct build *build)
{
	uint32_t length = build_length(build);
	build_u32(build, 0x11223344);
	build_u16(build, length);
	build_u16(build, 0x30ff);
}

/* The first `captured` octets as a frame of their own memory, so that reading one too many is seen. Free `bytes`. */
static inline struct frame build_frame(struct build *build, uint16_t link_type, uint32_t captured)
{
	uint8_t *copy = malloc(captured > 0 ? captured : 1);
	if (!copy)
		abort();
	memcpy(copy, build_bytes(build), captured);
	return (struct frame){ .bytes = copy,
			       .captured = captured,
			       .length = build_length(build),
			       .time_ns = 1700000000000000000,
			       .link_type = link_type,
			       .interface = 3 };
}

static inline struct address build_address4(unsigned last)
{
	uint8_t octets[4] = { 192, 0, 2, (uint8_t)last };
	return address_from_ipv4(octets);
}

static inline struct address build_address6(unsigned last)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	octets[15] = (uint8_t)last;
	return address_from_ipv6(octets);
}

/* A cursor over all that was built, of which `captured` octets are there. */
static inline struct cursor build_cursor(struct build *build, uint32_t captured)
{
	return cursor_make(build_bytes(build), captured, build_length(build));
}

#endif
