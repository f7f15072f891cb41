/* SPDX-License-Identifier: Apache-2.0 */
/* ESP headers (RFC 4303) and their wrapping (RFC 5840). */
#include "dissectors/esp.h"

#include "build.h"
#include "../suite.h"

START_TEST(header_and_cuts)
{
	struct build build;
	struct esp_header esp;
	build_begin(&build);
	build_data(&build, 4);
	build_esp(&build, 0xfedcba98, 0x80000001);
	for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
		struct cursor cursor = build_cursor(&build, captured);
		ck_assert_int_eq(esp_read(&cursor, &esp), captured >= ESP_HEADER_SIZE);
		ck_assert_int_eq(cursor.error, captured >= ESP_HEADER_SIZE ? CURSOR_OK : CURSOR_TRUNCATED);
	}
	ck_assert_uint_eq(esp.spi, 0xfedcba98);
	ck_assert_uint_eq(esp.sequence, 0x80000001);
	for (uint32_t promised = 0; promised < ESP_HEADER_SIZE; promised++) {
		struct cursor cursor = cursor_make(build_bytes(&build), promised, promised);
		ck_assert(!esp_read(&cursor, &esp));
		ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
	}
}
END_TEST

/* `flags`: the fourth octet. Octets passed, or -1. */
static int unwrap(unsigned flags, uint32_t captured, enum cursor_error *error)
{
	struct build build;
	build_begin(&build);
	build_esp(&build, 5, 6);
	if (flags & 0x10)
		build_u32(&build, 0);
	build_u32(&build, 0x04100c00 | flags);
	struct cursor cursor = build_cursor(&build, captured);
	bool done = esp_unwrap(&cursor);
	*error = cursor.error;
	return done ? (int)cursor.at : -1;
}

START_TEST(wesp_header)
{
	enum cursor_error error;
	ck_assert_int_eq(unwrap(0x00, 12, &error), 4);
	ck_assert_int_eq(unwrap(0x20, 12, &error), 4);
	ck_assert_int_eq(unwrap(0x10, 16, &error), 8);
	ck_assert_int_eq(unwrap(0x40, 12, &error), -1);
	ck_assert_int_eq(error, CURSOR_MALFORMED);
	ck_assert_int_eq(unwrap(0x80, 12, &error), -1);
	ck_assert_int_eq(unwrap(0x00, 3, &error), -1);
	ck_assert_int_eq(error, CURSOR_TRUNCATED);
}
END_TEST

START_TEST(wesp_in_udp)
{
	struct build build;
	for (uint32_t protocol = 1; protocol <= 3; protocol++) {
		build_begin(&build);
		build_esp(&build, 5, 6);
		build_u32(&build, 0x04100c20);
		build_u32(&build, protocol);
		for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
			struct cursor cursor = build_cursor(&build, captured);
			bool wesp = protocol == 2 && captured == build_length(&build);
			ck_assert_int_eq(esp_unwrap_udp(&cursor), wesp);
			ck_assert_uint_eq(cursor.at, wesp ? 8 : 0);
			ck_assert(cursor_ok(&cursor));
		}
	}
}
END_TEST

SUITE_MAIN("esp", header_and_cuts, wesp_header, wesp_in_udp)
