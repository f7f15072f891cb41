/* SPDX-License-Identifier: Apache-2.0 */
/* ESP that hides nothing: every length of IV and ICV, tunnel and transport mode, and that ciphertext never passes. */
#include "../suite.h"

#include "../../daemon/audit/readable.h"

#include <stdint.h>
#include <string.h>

enum { PACKET_MAX = 2048, ICMP = 1, TCP = 6, UDP = 17, IP_IN_IP = 4, IPV6_IN_IP = 41, ICMPV6 = 58, SCTP = 132 };

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void noise(uint8_t *at, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		at[i] = (uint8_t)(draw() >> 24);
}

/* A segment, datagram or message with `data` octets of noise. Returns its length. */
static uint32_t put_transport(uint8_t *at, uint8_t protocol, uint32_t data)
{
	uint32_t header = protocol == TCP ? 20 : 8;

	noise(at, header + data);
	if (protocol == TCP) {
		put16(at, 40000);
		put16(at + 2, 80);
		put16(at + 12, 0x5018);
	} else if (protocol == UDP) {
		put16(at, 40000);
		put16(at + 2, 53);
		put16(at + 4, 8 + data);
	} else if (protocol == ICMP || protocol == ICMPV6) {
		at[0] = protocol == ICMP ? 8 : 128;
		at[1] = 0;
	}
	return header + data;
}

/* mode: 0 transport, 4 or 41 the tunnel's. */
static uint32_t put_esp(uint8_t *packet, uint8_t mode, uint8_t protocol, uint32_t data, uint32_t iv, uint32_t icv)
{
	uint8_t *at = packet + 8;

	noise(packet, 8 + iv);
	at += iv;
	uint8_t *carried = at;
	if (mode == IP_IN_IP) {
		uint32_t inner = put_transport(at + 20, protocol, data);
		memset(at, 0, 20);
		at[0] = 0x45;
		put16(at + 2, 20 + inner);
		at[9] = protocol;
		at += 20 + inner;
	} else if (mode == IPV6_IN_IP) {
		uint32_t inner = put_transport(at + 40, protocol, data);
		memset(at, 0, 40);
		at[0] = 0x60;
		put16(at + 4, inner);
		at[6] = protocol;
		at += 40 + inner;
	} else {
		at += put_transport(at, protocol, data);
	}
	uint8_t pad = 0;
	while ((at - carried + 2) % 4 != 0)
		*at++ = ++pad;
	*at++ = pad;
	*at++ = mode ? mode : protocol;
	noise(at, icv);
	return (uint32_t)(at - packet) + icv;
}

static const struct {
	uint8_t icv, iv;
} combinations[] = { { 12, 0 }, { 16, 0 }, { 24, 0 }, { 32, 0 }, { 0, 0 }, { 12, 8 }, { 16, 8 }, { 24, 8 }, { 32, 8 } };
enum { COMBINATIONS = sizeof(combinations) / sizeof(combinations[0]) };

static const struct {
	uint8_t mode, protocol;
} carried[] = {
	{ 0, TCP },          { 0, UDP },         { 0, ICMP },         { IP_IN_IP, TCP },   { IP_IN_IP, UDP },
	{ IP_IN_IP, ICMP },  { IP_IN_IP, SCTP }, { IPV6_IN_IP, TCP }, { IPV6_IN_IP, UDP }, { IPV6_IN_IP, ICMPV6 },
	{ IPV6_IN_IP, SCTP }
};

START_TEST(every_combination_is_read_at_the_third_packet)
{
	for (unsigned c = 0; c < COMBINATIONS; c++) {
		for (unsigned m = 0; m < sizeof(carried) / sizeof(carried[0]); m++) {
			struct readable readable = { 0 };
			struct readable_inner inner = { 0 };
			uint8_t packet[PACKET_MAX];
			for (unsigned i = 0; i < 3; i++) {
				uint32_t length = put_esp(packet, carried[m].mode, carried[m].protocol, 40 + 9 * i,
							  combinations[c].iv, combinations[c].icv);
				bool changed = readable_packet(&readable, packet, length, &inner);
				ck_assert_msg(changed == (i == 2), "icv %u iv %u mode %u proto %u packet %u",
					      combinations[c].icv, combinations[c].iv, carried[m].mode,
					      carried[m].protocol, i);
			}
			ck_assert_int_eq(readable.state, READABLE_NULL);
			ck_assert_uint_eq(inner.protocol, carried[m].protocol);
			ck_assert_uint_eq(inner.icv, combinations[c].icv);
			ck_assert_uint_eq(inner.iv, combinations[c].iv);
			ck_assert_uint_eq(inner.next_header, carried[m].mode ? carried[m].mode : carried[m].protocol);
			if (carried[m].protocol == UDP)
				ck_assert_uint_eq(inner.dst_port, 53);
			if (carried[m].protocol == TCP)
				ck_assert_uint_eq(inner.dst_port, 80);
		}
	}
}
END_TEST

START_TEST(one_miss_starts_the_row_again)
{
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[PACKET_MAX];

	for (unsigned i = 0; i < 2; i++)
		readable_packet(&readable, packet, put_esp(packet, 0, UDP, 40 + i, 0, 12), &inner);
	noise(packet, 120);
	packet[107] = 99; /* no next header anyone uses */
	readable_packet(&readable, packet, 120, &inner);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(!readable_packet(&readable, packet, put_esp(packet, 0, UDP, 40 + i, 0, 12), &inner));
	ck_assert(readable_packet(&readable, packet, put_esp(packet, 0, UDP, 50, 0, 12), &inner));
}
END_TEST

START_TEST(one_miss_revokes)
{
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[PACKET_MAX];

	for (unsigned i = 0; i < 3; i++)
		readable_packet(&readable, packet, put_esp(packet, IP_IN_IP, TCP, 40 + i, 0, 16), &inner);
	ck_assert_int_eq(readable.state, READABLE_NULL);
	ck_assert(readable_wants(&readable, 16) && !readable_wants(&readable, 17));
	/* The same again changes nothing; what does not fit the same combination revokes, for good. */
	ck_assert(!readable_packet(&readable, packet, put_esp(packet, IP_IN_IP, TCP, 70, 0, 16), &inner));
	memset(packet + 8, 0xa5, 120);
	ck_assert(readable_packet(&readable, packet, 128, &inner));
	ck_assert_int_eq(readable.state, READABLE_NO);
	ck_assert_uint_eq(readable.missed, 1);
	ck_assert(!readable_wants(&readable, 16));
}
END_TEST

START_TEST(a_changing_combination_does_not_decide)
{
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[PACKET_MAX];

	for (unsigned i = 0; i < 9; i++)
		ck_assert(!readable_packet(
		    &readable, packet, put_esp(packet, 0, UDP, 40 + i, 0, (const uint8_t[]){ 12, 32 }[i % 2]), &inner));
	ck_assert_int_ne(readable.state, READABLE_NULL);
}
END_TEST

START_TEST(truncated_and_empty)
{
	struct readable_inner inner;
	uint8_t packet[PACKET_MAX];
	uint32_t whole = put_esp(packet, IP_IN_IP, TCP, 64, 8, 16);

	/* Without its trailer nothing is decided, and nothing is read beyond the end (the sanitizers watch). */
	for (uint32_t length = 0; length < whole - 16; length++) {
		struct readable readable = { 0 };
		uint8_t *copy = malloc(length ? length : 1);
		memcpy(copy, packet, length);
		for (unsigned i = 0; i < 3; i++)
			readable_packet(&readable, copy, length, &inner);
		ck_assert_int_ne(readable.state, READABLE_NULL);
		free(copy);
	}
}
END_TEST

START_TEST(inner_packets_are_looked_into)
{
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[PACKET_MAX];

	for (unsigned i = 0; i < 3; i++)
		readable_packet(&readable, packet, put_esp(packet, IP_IN_IP, UDP, 40 + i, 8, 16), &inner);
	uint32_t length = put_esp(packet, IP_IN_IP, UDP, 99, 8, 16);
	ck_assert(readable_look(&readable, packet, length, &inner));
	ck_assert_uint_eq(inner.offset, 16);
	ck_assert_uint_eq(inner.length, 20 + 8 + 99);
	memset(packet + 8, 0xa5, length - 8);
	ck_assert(!readable_look(&readable, packet, length, &inner));
}
END_TEST

/* Ciphertext in rows of twelve, which is how an SA is looked at: a hundred thousand packets, and none is read. */
START_TEST(ciphertext_is_never_read)
{
	enum { PACKETS = 100000 };
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[512];
	unsigned given_up = 0;

	for (unsigned i = 0; i < PACKETS; i++) {
		uint32_t length = 64 + (uint32_t)(draw() % 100) * 4;
		noise(packet, length);
		readable_packet(&readable, packet, length, &inner);
		ck_assert_msg(readable.state == READABLE_OPEN || readable.state == READABLE_NO, "packet %u", i);
		if (readable.state == READABLE_NO) {
			readable = (struct readable){ 0 };
			given_up++;
		}
	}
	ck_assert_uint_ge(given_up, PACKETS / 13 - 50);
}
END_TEST

START_TEST(text_behind_an_esp_header)
{
	struct readable readable = { 0 };
	struct readable_inner inner;
	uint8_t packet[200] = { 0, 0, 16, 1, 0, 0, 0, 1 };

	memset(packet + 8, 'q', sizeof(packet) - 8);
	ck_assert(!readable_packet(&readable, packet, 8 + 47, &inner)); /* too little to tell */
	ck_assert(!readable_packet(&readable, packet, 120, &inner));
	ck_assert(!readable_packet(&readable, packet, 120, &inner));
	ck_assert(readable_packet(&readable, packet, 56, &inner));
	ck_assert_int_eq(readable.state, READABLE_PLAIN);
}
END_TEST

SUITE_MAIN("readable", every_combination_is_read_at_the_third_packet, one_miss_starts_the_row_again, one_miss_revokes,
	   a_changing_combination_does_not_decide, truncated_and_empty, inner_packets_are_looked_into,
	   ciphertext_is_never_read, text_behind_an_esp_header)
