/* SPDX-License-Identifier: Apache-2.0 */
/* The IKE header (RFC 7296 section 3.1, RFC 2408 section 3.1) and whether something looks like one. */
#include "dissectors/ike.h"

#include "build.h"
#include "../suite.h"

START_TEST(header_and_cuts)
{
	static const uint8_t octets[28] = { 1,  2,  3,  4,    5,  6, 7, 8, 9, 10, 11, 12, 13, 14,
					    15, 16, 33, 0x21, 34, 8, 0, 0, 0, 7,  0,  0,  1,  0 };
	struct ike_header header;
	for (uint32_t captured = 0; captured <= sizeof(octets); captured++) {
		struct cursor cursor = cursor_make(octets, captured, sizeof(octets));
		ck_assert_int_eq(ike_header_read(&cursor, &header), captured == sizeof(octets));
		ck_assert_int_eq(cursor.error, captured == sizeof(octets) ? CURSOR_OK : CURSOR_TRUNCATED);
	}
	ck_assert_uint_eq(header.initiator_spi, 0x0102030405060708);
	ck_assert_uint_eq(header.responder_spi, 0x090a0b0c0d0e0f10);
	ck_assert_uint_eq(header.next_payload, 33);
	ck_assert_uint_eq(header.major, 2);
	ck_assert_uint_eq(header.minor, 1);
	ck_assert_uint_eq(header.exchange, 34);
	ck_assert_uint_eq(header.flags, 8);
	ck_assert_uint_eq(header.message_id, 7);
	ck_assert_uint_eq(header.length, 256);
	struct cursor cursor = cursor_make(octets, 27, 27);
	ck_assert(!ike_header_read(&cursor, &header));
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
	ck_assert_uint_eq(header.initiator_spi, 0);
}
END_TEST

START_TEST(plausible)
{
	const struct ike_header v2 = { 1, 0, 33, 2, 0, 34, IKEV2_FLAG_INITIATOR, 0, 100 };
	const struct ike_header v1 = { 1, 0, 1, 1, 0, 2, 0, 0, 100 };
	struct ike_header header;

	ck_assert(ike_header_plausible(&v1, 100));
	ck_assert(ike_header_plausible(&v2, 100));
	ck_assert(!ike_header_plausible(&v1, 99));
	ck_assert(!ike_header_plausible(&v2, 101));
	for (unsigned octet = 0; octet < 256; octet++) {
		header = v1;
		header.exchange = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), (octet >= 1 && octet <= 6) || octet == 32 ||
									 octet == 33 ||
									 (octet >= 243 && octet <= 246) /* AuthIP */);
		header = v1;
		header.next_payload = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), (octet >= 1 && octet <= 21) || octet >= 128);
		header = v1;
		header.flags = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), octet < 8);
		header = v2;
		header.exchange = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), octet >= 34 && octet <= 44);
		header = v2;
		header.next_payload = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), octet >= 33 && octet <= 54);
		header = v2;
		header.flags = (uint8_t)octet;
		ck_assert_int_eq(ike_header_plausible(&header, 100), (octet & 0xc7) == 0);
		header = v2;
		header.major = (uint8_t)(octet >> 4);
		header.minor = octet & 15;
		ck_assert_int_eq(ike_header_plausible(&header, 100), octet >> 4 == 2);
		header = v1;
		header.major = (uint8_t)(octet >> 4);
		header.minor = octet & 15;
		ck_assert_int_eq(ike_header_plausible(&header, 100), octet == 0x10);
	}
	header = v2;
	header.initiator_spi = 0;
	ck_assert(!ike_header_plausible(&header, 100));
	header = v2;
	header.next_payload = 0;
	header.length = 28;
	ck_assert(ike_header_plausible(&header, 28));
	header.length = 27;
	ck_assert(!ike_header_plausible(&header, 27));
}
END_TEST

SUITE_MAIN("ike", header_and_cuts, plausible)
