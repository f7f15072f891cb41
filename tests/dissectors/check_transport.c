/* SPDX-License-Identifier: Apache-2.0 */
/* TCP, UDP, UDP-Lite, SCTP and DCCP headers. */
#include "dissectors/transport.h"

#include "dissectors/ip.h"

#include "build.h"
#include "../suite.h"

START_TEST(tcp)
{
	struct build build;
	struct transport transport;
	build_begin(&build);
	build_data(&build, 20);
	build_tcp(&build, 1000, 2000, 0x12);
	for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
		struct cursor cursor = build_cursor(&build, captured);
		ck_assert_int_eq(transport_read_tcp(&cursor, false, &transport), captured >= 14);
		ck_assert_int_eq(cursor.error, captured >= 14 ? CURSOR_OK : CURSOR_TRUNCATED);
		/* A first fragment needs the ports alone. */
		cursor = build_cursor(&build, captured);
		ck_assert_int_eq(transport_read_tcp(&cursor, true, &transport), captured >= 4);
		ck_assert_uint_eq(captured >= 4 ? transport.dst_port : 2000, 2000);
	}
	ck_assert_uint_eq(transport.src_port, 1000);
	ck_assert_uint_eq(transport.tcp_flags, 0x12);
	for (unsigned words = 0; words < 16; words++) {
		build_set(&build, 12, 1, words << 4);
		struct cursor cursor = build_cursor(&build, build_length(&build));
		bool fits = words >= 5 && words <= 10;
		ck_assert_int_eq(transport_read_tcp(&cursor, false, &transport), fits);
		ck_assert_int_eq(cursor.error, fits ? CURSOR_OK : CURSOR_MALFORMED);
		ck_assert_uint_eq(cursor_left(&cursor), fits ? 40 - words * 4 : 0);
	}
}
END_TEST

START_TEST(udp)
{
	struct build build;
	struct transport transport;
	build_begin(&build);
	build_data(&build, 20);
	build_udp(&build, 1000, 2000);
	for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
		struct cursor cursor = build_cursor(&build, captured);
		ck_assert_int_eq(transport_read_udp(&cursor, &transport), captured >= 8);
		ck_assert_int_eq(cursor.error, captured >= 8 ? CURSOR_OK : CURSOR_TRUNCATED);
	}
	ck_assert_uint_eq(transport.src_port, 1000);
	ck_assert_uint_eq(transport.dst_port, 2000);
	for (uint32_t length = 0; length < 40; length++) {
		build_set(&build, 4, 2, length);
		struct cursor cursor = build_cursor(&build, build_length(&build));
		bool fits = length >= 8 && length <= 28;
		ck_assert_int_eq(transport_read_udp(&cursor, &transport), fits);
		ck_assert_int_eq(cursor.error, fits ? CURSOR_OK : CURSOR_MALFORMED);
		ck_assert_uint_eq(cursor_left(&cursor), fits ? length - 8 : 0);
	}
	/* A jumbogram's length is zero. */
	build_set(&build, 4, 2, 0);
	struct cursor cursor = cursor_make(build_bytes(&build), build_length(&build), 70000);
	ck_assert(transport_read_udp(&cursor, &transport));
	ck_assert_uint_eq(cursor_left(&cursor), 70000 - 8);
}
END_TEST

START_TEST(others)
{
	static const struct {
		uint8_t protocol;
		uint32_t needed, header;
	} rows[] = {
		{ IP_PROTOCOL_SCTP, 4, 12 },
		{ IP_PROTOCOL_UDP_LITE, 4, 8 },
		{ IP_PROTOCOL_DCCP, 5, 16 },
	};
	struct build build;
	struct transport transport;
	build_begin(&build);
	build_data(&build, 24);
	build_u32(&build, 0x04000000);
	build_u16(&build, 2000);
	build_u16(&build, 1000);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
			struct cursor cursor = build_cursor(&build, captured);
			bool there = captured >= rows[i].needed;
			ck_assert_int_eq(transport_read_other(&cursor, rows[i].protocol, &transport), there);
			ck_assert_int_eq(cursor.error, there ? CURSOR_OK : CURSOR_TRUNCATED);
			ck_assert_uint_eq(cursor_left(&cursor), there ? 32 - rows[i].header : 0);
		}
		ck_assert_uint_eq(transport.src_port, 1000);
		ck_assert_uint_eq(transport.dst_port, 2000);
		for (uint32_t promised = 0; promised < rows[i].header; promised++) {
			struct cursor cursor = cursor_make(build_bytes(&build), promised, promised);
			ck_assert(!transport_read_other(&cursor, rows[i].protocol, &transport));
			ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
		}
	}
	build_set(&build, 4, 1, 2);
	struct cursor cursor = build_cursor(&build, build_length(&build));
	ck_assert(!transport_read_other(&cursor, IP_PROTOCOL_DCCP, &transport));
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
}
END_TEST

SUITE_MAIN("transport", tcp, udp, others)
