/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6 headers, extension headers, fragments, jumbograms. */
#include "dissectors/ip.h"

#include "build.h"
#include "../suite.h"

static enum packet_reason read4(struct build *build, struct cursor *cursor, struct ip_header *ip)
{
	*cursor = build_cursor(build, build_length(build));
	return ip_read_v4(cursor, ip);
}

static enum packet_reason read6(struct build *build, struct cursor *cursor, struct ip_header *ip)
{
	*cursor = build_cursor(build, build_length(build));
	return ip_read_v6(cursor, ip);
}

START_TEST(ipv4)
{
	struct build build;
	struct cursor cursor;
	struct ip_header ip;
	build_begin(&build);
	build_data(&build, 30);
	build_ipv4(&build, 6, 1, 2);
	build_pad(&build, 7);
	ck_assert_int_eq(read4(&build, &cursor, &ip), PACKET_REASON_NONE);
	ck_assert_uint_eq(ip.length, 50);
	ck_assert_uint_eq(ip.captured, 50);
	ck_assert_uint_eq(ip.protocol, 6);
	ck_assert_uint_eq(ip.ttl, 64);
	ck_assert_uint_eq(ip.id, 0x1234);
	ck_assert_uint_eq(ip.version, 4);
	ck_assert(!ip.fragment);
	ck_assert_ptr_eq(ip.start, build_bytes(&build));
	ck_assert_uint_eq(ip.src[3], 1);
	ck_assert_uint_eq(ip.dst[3], 2);
	ck_assert_uint_eq(cursor_left(&cursor), 30); /* padding is no data */
	for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
		cursor = build_cursor(&build, captured);
		enum packet_reason reason = ip_read_v4(&cursor, &ip);
		ck_assert_int_eq(reason, captured >= 20 ? PACKET_REASON_NONE : PACKET_REASON_IPV4);
		ck_assert_int_eq(cursor.error, captured >= 20 ? CURSOR_OK : CURSOR_TRUNCATED);
	}
}
END_TEST

START_TEST(ipv4_lies)
{
	struct build build;
	struct cursor cursor;
	struct ip_header ip;
	for (unsigned first = 0; first < 256; first++) {
		build_begin(&build);
		build_data(&build, 30);
		build_ipv4(&build, 6, 1, 2);
		build_set(&build, 0, 1, first);
		unsigned octets = (first & 15) * 4;
		bool sound = first >> 4 == 4 && octets >= 20 && octets <= 50;
		ck_assert_int_eq(read4(&build, &cursor, &ip), sound ? PACKET_REASON_NONE : PACKET_REASON_IPV4);
		ck_assert_int_eq(cursor.error, sound ? CURSOR_OK : CURSOR_MALFORMED);
		ck_assert_uint_eq(cursor_left(&cursor), sound ? 50 - octets : 0);
	}
	for (unsigned length = 0; length < 60; length++) {
		build_begin(&build);
		build_data(&build, 30);
		build_ipv4(&build, 6, 1, 2);
		build_set(&build, 2, 2, length);
		/* Zero means: to the end of the frame. */
		bool sound = length == 0 || (length >= 20 && length <= 50);
		ck_assert_int_eq(read4(&build, &cursor, &ip), sound ? PACKET_REASON_NONE : PACKET_REASON_IPV4);
		ck_assert_int_eq(cursor.error, sound ? CURSOR_OK : CURSOR_MALFORMED);
		if (sound)
			ck_assert_uint_eq(ip.length, length == 0 ? 50 : length);
	}
}
END_TEST

START_TEST(ipv4_fragments)
{
	static const struct {
		unsigned word;
		uint32_t payload;
		enum packet_reason reason;
		bool fragment, more;
		uint32_t offset;
	} rows[] = {
		{ 0x0000, 16, PACKET_REASON_NONE, false, false, 0 },
		{ 0x4000, 16, PACKET_REASON_NONE, false, false, 0 }, /* don't fragment */
		{ 0x2000, 16, PACKET_REASON_NONE, true, true, 0 },
		{ 0x2002, 16, PACKET_REASON_NONE, true, true, 16 },
		{ 0x0002, 16, PACKET_REASON_NONE, true, false, 16 },
		{ 0x0002, 0, PACKET_REASON_FRAGMENT, true, false, 16 }, /* carries nothing */
		{ 0x1fff, 7, PACKET_REASON_NONE, true, false, 65528 },
		{ 0x1fff, 8, PACKET_REASON_FRAGMENT, true, false, 65528 }, /* beyond 65535 */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build build;
		struct cursor cursor;
		struct ip_header ip;
		build_begin(&build);
		build_data(&build, rows[i].payload);
		build_ipv4_fragment(&build, 17, 1, 2, rows[i].word);
		ck_assert_int_eq(read4(&build, &cursor, &ip), rows[i].reason);
		ck_assert_int_eq(cursor.error, rows[i].reason == PACKET_REASON_NONE ? CURSOR_OK : CURSOR_MALFORMED);
		ck_assert_int_eq(ip.fragment, rows[i].fragment);
		ck_assert_int_eq(ip.more, rows[i].more);
		ck_assert_uint_eq(ip.offset, rows[i].offset);
		/* Behind a first fragment there is more to come, and `end` says where this one ends. */
		ck_assert_uint_eq(ip.end, 20 + rows[i].payload);
		if (rows[i].fragment && rows[i].offset == 0)
			ck_assert_uint_gt(cursor_left(&cursor), rows[i].payload);
	}
}
END_TEST

START_TEST(ipv6_extensions)
{
	static const uint8_t kinds[] = { 0, 60, 43, 135, 139, 140, 44 };
	for (unsigned i = 0; i < sizeof(kinds); i++)
		for (unsigned count = 0; count <= IP_EXTENSIONS_MAX + 1u; count++) {
			struct build build;
			struct cursor cursor;
			struct ip_header ip;
			build_begin(&build);
			build_data(&build, 8);
			unsigned next = 50;
			for (unsigned j = 0; j < count; j++) {
				if (kinds[i] == 44)
					build_fragment(&build, next, 0); /* atomic */
				else
					build_extension(&build, next);
				next = kinds[i];
			}
			build_ipv6(&build, next, 1, 2);
			if (count > IP_EXTENSIONS_MAX) {
				ck_assert_int_eq(read6(&build, &cursor, &ip), PACKET_REASON_EXTENSION);
				ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
				continue;
			}
			ck_assert_int_eq(read6(&build, &cursor, &ip), PACKET_REASON_NONE);
			ck_assert_uint_eq(ip.protocol, 50);
			ck_assert(!ip.fragment);
			ck_assert_uint_eq(ip.length, 48 + count * 8);
			ck_assert_uint_eq(cursor_left(&cursor), 8);
			for (uint32_t captured = 0; captured < 40 + count * 8; captured++) {
				cursor = build_cursor(&build, captured);
				/* Of the last header only its first two octets are needed. */
				bool enough = count > 0 && kinds[i] != 44 && captured >= 40 + count * 8 - 6;
				ck_assert_int_eq(ip_read_v6(&cursor, &ip) == PACKET_REASON_NONE, enough);
				ck_assert_int_eq(cursor.error, enough ? CURSOR_OK : CURSOR_TRUNCATED);
			}
		}
}
END_TEST

START_TEST(ipv6_lies)
{
	struct build build;
	struct cursor cursor;
	struct ip_header ip;
	for (unsigned length = 0; length < 0x30; length++) {
		build_begin(&build);
		build_data(&build, 24);
		build_extension(&build, 17);
		build_ipv6(&build, 60, 1, 2);
		build_set(&build, 4, 2, length);
		enum packet_reason reason = read6(&build, &cursor, &ip);
		ck_assert_int_eq(reason, length > 32  ? PACKET_REASON_IPV6
					 : length < 8 ? PACKET_REASON_EXTENSION
						      : PACKET_REASON_NONE);
		ck_assert_int_eq(cursor.error, reason == PACKET_REASON_NONE ? CURSOR_OK : CURSOR_MALFORMED);
	}
	for (unsigned words = 0; words < 256; words++) {
		build_begin(&build);
		build_data(&build, 24);
		build_extension(&build, 17);
		build_ipv6(&build, 60, 1, 2);
		build_set(&build, 41, 1, words);
		ck_assert_int_eq(read6(&build, &cursor, &ip),
				 words <= 3 ? PACKET_REASON_NONE : PACKET_REASON_EXTENSION);
		ck_assert_int_eq(cursor.error, words <= 3 ? CURSOR_OK : CURSOR_MALFORMED);
	}
	for (unsigned version = 0; version < 16; version++) {
		build_set(&build, 41, 1, 0);
		build_set(&build, 0, 1, version << 4);
		ck_assert_int_eq(read6(&build, &cursor, &ip), version == 6 ? PACKET_REASON_NONE : PACKET_REASON_IPV6);
	}
}
END_TEST

START_TEST(ipv6_messages_in_extension_headers)
{
	static const uint8_t kinds[] = { 135, 139, 140, 60 };
	for (unsigned i = 0; i < sizeof(kinds); i++) {
		struct build build;
		struct cursor cursor;
		struct ip_header ip;
		build_begin(&build);
		build_extension(&build, 59);
		build_ipv6(&build, kinds[i], 1, 2);
		ck_assert_int_eq(read6(&build, &cursor, &ip), PACKET_REASON_NONE);
		ck_assert_uint_eq(ip.protocol, kinds[i] == 60 ? 59 : kinds[i]);
	}
}
END_TEST

START_TEST(ipv6_fragments)
{
	static const struct {
		unsigned word;
		uint32_t payload;
		enum packet_reason reason;
		bool fragment;
		uint32_t offset;
	} rows[] = {
		{ 0x0000, 16, PACKET_REASON_NONE, false, 0 },
		{ 0x0006, 16, PACKET_REASON_NONE, false, 0 }, /* reserved bits */
		{ 0x0001, 16, PACKET_REASON_NONE, true, 0 },
		{ 0x0010, 16, PACKET_REASON_NONE, true, 16 },
		{ 0x0010, 0, PACKET_REASON_FRAGMENT, true, 16 },
		{ 0xfff8, 7, PACKET_REASON_NONE, true, 65528 },
		{ 0xfff8, 8, PACKET_REASON_FRAGMENT, true, 65528 },
	};
	struct build build;
	struct cursor cursor;
	struct ip_header ip;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&build);
		build_data(&build, rows[i].payload);
		build_fragment(&build, 17, rows[i].word);
		build_ipv6(&build, 44, 1, 2);
		ck_assert_int_eq(read6(&build, &cursor, &ip), rows[i].reason);
		ck_assert_int_eq(ip.fragment, rows[i].fragment);
		ck_assert_uint_eq(ip.offset, rows[i].offset);
		ck_assert_uint_eq(ip.protocol, 17);
		ck_assert_uint_eq(ip.id, rows[i].fragment ? 0xabcdef01 : 0);
	}
	/* A fragment of a fragment. */
	build_begin(&build);
	build_data(&build, 16);
	build_fragment(&build, 17, 8);
	build_fragment(&build, 44, 1);
	build_ipv6(&build, 44, 1, 2);
	ck_assert_int_eq(read6(&build, &cursor, &ip), PACKET_REASON_FRAGMENT);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
}
END_TEST

/* RFC 2675: the option says `jumbo`; the frame was `length` octets on the wire. */
static enum packet_reason jumbo(uint32_t option, uint32_t jumbo, uint32_t length, struct cursor *cursor,
				struct ip_header *ip)
{
	static struct build build;
	build_begin(&build);
	build_data(&build, 20);
	build_u32(&build, jumbo);
	build_u16(&build, option);
	build_u16(&build, 17 << 8);
	build_ipv6(&build, 0, 1, 2);
	build_set(&build, 4, 2, 0);
	*cursor = cursor_make(build_bytes(&build), build_length(&build), length);
	return ip_read_v6(cursor, ip);
}

START_TEST(ipv6_jumbograms)
{
	struct cursor cursor;
	struct ip_header ip;
	ck_assert_int_eq(jumbo(0xc204, 70000, 70040, &cursor, &ip), PACKET_REASON_NONE);
	ck_assert_uint_eq(ip.length, 70040);
	ck_assert_uint_eq(cursor_left(&cursor), 70000 - 8);
	ck_assert_int_eq(jumbo(0xc204, 70000, 70050, &cursor, &ip), PACKET_REASON_NONE);
	ck_assert_uint_eq(ip.length, 70040);
	ck_assert_int_eq(jumbo(0xc204, 70001, 70040, &cursor, &ip), PACKET_REASON_IPV6);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
	ck_assert_int_eq(jumbo(0xc204, 65535, 70040, &cursor, &ip), PACKET_REASON_EXTENSION);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
	ck_assert_int_eq(jumbo(0xc204, UINT32_MAX, 70040, &cursor, &ip), PACKET_REASON_IPV6);
	/* No such option: to the end of what is too long for the field, otherwise nothing. */
	ck_assert_int_eq(jumbo(0x0104, 0, 70040, &cursor, &ip), PACKET_REASON_NONE);
	ck_assert_uint_eq(ip.length, 70040);
	ck_assert_int_eq(jumbo(0x0104, 0, 68, &cursor, &ip), PACKET_REASON_EXTENSION);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
}
END_TEST

SUITE_MAIN("ip", ipv4, ipv4_lies, ipv4_fragments, ipv6_extensions, ipv6_lies, ipv6_messages_in_extension_headers,
	   ipv6_fragments, ipv6_jumbograms)
