/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP and ICMPv6 headers and the packets their errors quote. */
#include "dissectors/icmp.h"

#include "build.h"
#include "../suite.h"

START_TEST(header_and_cuts)
{
	static const uint8_t octets[9] = { 3, 4, 0, 0, 1, 2, 3, 4, 5 };
	struct icmp_header header;
	for (uint32_t captured = 0; captured <= sizeof(octets); captured++) {
		struct cursor cursor = cursor_make(octets, captured, sizeof(octets));
		ck_assert_int_eq(icmp_read(&cursor, &header), captured >= ICMP_HEADER_SIZE);
		ck_assert_int_eq(cursor.error, captured >= ICMP_HEADER_SIZE ? CURSOR_OK : CURSOR_TRUNCATED);
	}
	ck_assert_uint_eq(header.type, 3);
	ck_assert_uint_eq(header.code, 4);
	ck_assert_uint_eq(header.rest, 0x01020304);
	struct cursor cursor = cursor_make(octets, 7, 7);
	ck_assert(!icmp_read(&cursor, &header));
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
}
END_TEST

/* What is quoted of `build`, of which `octets` came along, by an ICMP error of `version` (4 or 6). */
static bool quote(struct build *build, uint8_t version, uint32_t octets, struct packet_quoted *quoted)
{
	struct icmp_header header = { .type = version == 4 ? 3 : 1, .code = version == 4 ? 1 : 4 };
	return icmp_read_quoted(cursor_make(build_bytes(build), octets, octets), version, &header, quoted);
}

START_TEST(quotes_over_ipv4)
{
	static const struct {
		uint8_t protocol;
		uint32_t needed; /* octets of transport until the SPI is there; 0: there is none */
	} rows[] = { { 50, 4 }, { 51, 8 }, { 17, 12 }, { 6, 0 }, { 132, 0 }, { 141, 8 }, { 1, 0 } };
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build build;
		struct packet_quoted quoted;
		build_begin(&build);
		build_data(&build, 1000);
		switch (rows[i].protocol) {
		case 50:
			build_esp(&build, 0xabcd, 7);
			break;
		case 51:
			build_ah(&build, 17, 0xabcd, 7);
			break;
		case 141:
			build_esp(&build, 0xabcd, 7);
			build_u32(&build, 0x04100c00);
			break;
		case 17:
			build_esp(&build, 0xabcd, 7);
			build_udp(&build, 4500, 61000);
			break;
		default:
			build_u16(&build, 61000);
			build_u16(&build, 4500);
		}
		build_ipv4(&build, rows[i].protocol, 1, 2);
		for (uint32_t octets = 0; octets <= 60; octets++) {
			uint32_t transport = octets < 20 ? 0 : octets - 20;
			ck_assert_int_eq(quote(&build, 4, octets, &quoted), octets >= 20);
			if (octets < 20)
				continue;
			struct address src = build_address4(1), dst = build_address4(2);
			ck_assert(address_equal(&quoted.src, &src));
			ck_assert(address_equal(&quoted.dst, &dst));
			ck_assert_uint_eq(quoted.protocol, rows[i].protocol);
			bool spi = rows[i].needed > 0 && transport >= rows[i].needed;
			ck_assert_uint_eq(quoted.spi, spi ? 0xabcd : 0);
			bool ports = transport >= 4 &&
				     (rows[i].protocol == 17 || rows[i].protocol == 6 || rows[i].protocol == 132);
			ck_assert_uint_eq(quoted.src_port, ports ? 4500 : 0);
			ck_assert_uint_eq(quoted.dst_port, ports ? 61000 : 0);
			ck_assert_uint_eq(quoted.mtu, 0);
		}
	}
}
END_TEST

START_TEST(quotes_over_ipv6_extension_headers)
{
	struct build build;
	struct packet_quoted quoted;
	build_begin(&build);
	build_data(&build, 1000);
	build_esp(&build, 0xabcd, 7);
	build_extension(&build, 50);
	build_extension(&build, 60);
	build_ipv6(&build, 43, 1, 2);
	for (uint32_t octets = 0; octets <= 80; octets++) {
		ck_assert_int_eq(quote(&build, 6, octets, &quoted), octets >= 40);
		if (octets < 40)
			continue;
		struct address dst = build_address6(2);
		ck_assert(address_equal(&quoted.dst, &dst));
		ck_assert_uint_eq(quoted.spi, octets >= 60 ? 0xabcd : 0);
		ck_assert_uint_eq(quoted.protocol, octets >= 50 ? 50 : octets >= 42 ? 60 : 43);
	}
}
END_TEST

START_TEST(later_fragments_have_no_ports)
{
	struct build build;
	struct packet_quoted quoted;
	build_begin(&build);
	build_data(&build, 100);
	build_ipv4_fragment(&build, 17, 1, 2, 0x0004);
	ck_assert(quote(&build, 4, 48, &quoted));
	ck_assert_uint_eq(quoted.src_port, 0);
	ck_assert_uint_eq(quoted.spi, 0);
}
END_TEST

START_TEST(only_errors_quote)
{
	struct build build;
	struct packet_quoted quoted;
	build_begin(&build);
	build_data(&build, 8);
	build_ipv4(&build, 17, 1, 2);
	for (unsigned type = 0; type < 256; type++) {
		struct icmp_header header = { .type = (uint8_t)type };
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		ck_assert_int_eq(icmp_read_quoted(build_cursor(&build, 28), 4, &header, &quoted), error);
	}
	build_begin(&build);
	build_data(&build, 8);
	build_ipv6(&build, 17, 1, 2);
	for (unsigned type = 0; type < 256; type++) {
		struct icmp_header header = { .type = (uint8_t)type };
		ck_assert_int_eq(icmp_read_quoted(build_cursor(&build, 48), 6, &header, &quoted),
				 type >= 1 && type <= 4);
	}
}
END_TEST

START_TEST(next_hop_mtu)
{
	static const struct {
		uint8_t version, type, code;
		uint32_t rest;
		uint16_t mtu;
	} rows[] = {
		{ 4, 3, 4, 1400, 1400 }, { 4, 3, 4, 0xffff0578, 1400 }, { 4, 3, 1, 1400, 0 }, { 4, 11, 4, 1400, 0 },
		{ 6, 2, 0, 1280, 1280 }, { 6, 2, 0, 65536, 65535 },     { 6, 1, 4, 1280, 0 },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct icmp_header header = { rows[i].type, rows[i].code, rows[i].rest };
		struct build build;
		struct packet_quoted quoted;
		build_begin(&build);
		build_data(&build, 8);
		if (rows[i].version == 4)
			build_ipv4(&build, 50, 1, 2);
		else
			build_ipv6(&build, 50, 1, 2);
		ck_assert(
		    icmp_read_quoted(build_cursor(&build, build_length(&build)), rows[i].version, &header, &quoted));
		ck_assert_uint_eq(quoted.mtu, rows[i].mtu);
	}
}
END_TEST

SUITE_MAIN("icmp", header_and_cuts, quotes_over_ipv4, quotes_over_ipv6_extension_headers, later_fragments_have_no_ports,
	   only_errors_quote, next_hop_mtu)
