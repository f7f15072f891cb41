/* SPDX-License-Identifier: Apache-2.0 */
/* esp_doubt.c alone, then in the tracker: what other protocols on port 4500 come to, and that ESP is believed. */
#include "story_fixture.h"

#include "../../daemon/audit/esp_doubt.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define RULE "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: require }\n"

enum { NATT = 4500, UDP = 17, MIDDLE = 70000 /* a number that tells nothing */ };

/* ---- one SA ---- */

static struct esp_doubt doubt;
static uint16_t digest;

static enum esp_doubt_verdict first(uint32_t number)
{
	return esp_doubt_begin(&doubt, number, ++digest);
}

static enum esp_doubt_verdict next(uint32_t number)
{
	return esp_doubt_packet(&doubt, number, ++digest);
}

START_TEST(a_low_number_begins_an_sa)
{
	ck_assert_int_eq(first(0), ESP_DOUBT_OPEN);
	ck_assert_int_eq(first(1), ESP_DOUBT_COUNTS);
	ck_assert_int_eq(first(1024), ESP_DOUBT_COUNTS);
	ck_assert_int_eq(first(1025), ESP_DOUBT_OPEN);
}
END_TEST

START_TEST(a_step_forward_counts)
{
	first(MIDDLE);
	ck_assert_int_eq(next(MIDDLE + 1), ESP_DOUBT_COUNTS);
	first(MIDDLE);
	ck_assert_int_eq(next(MIDDLE + 65535), ESP_DOUBT_COUNTS);
	first(UINT32_MAX);
	ck_assert_int_eq(next(0), ESP_DOUBT_COUNTS); /* extended numbers show their lower half */
	first(MIDDLE);
	ck_assert_int_eq(next(MIDDLE + 65536), ESP_DOUBT_OPEN);
	ck_assert_int_eq(next(MIDDLE + 65537), ESP_DOUBT_OPEN); /* after one that was none, two have to */
	ck_assert_int_eq(next(MIDDLE + 65538), ESP_DOUBT_COUNTS);
}
END_TEST

START_TEST(copies_and_overtaken_packets_say_nothing)
{
	first(MIDDLE);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(esp_doubt_packet(&doubt, MIDDLE, digest), ESP_DOUBT_OPEN);
		ck_assert_int_eq(next(MIDDLE - 1 - i), ESP_DOUBT_OPEN);
		digest = doubt.digest;
	}
	ck_assert_int_eq(next(MIDDLE + 1), ESP_DOUBT_COUNTS);
}
END_TEST

START_TEST(a_number_that_stays_is_something_else)
{
	first(MIDDLE);
	for (unsigned i = 1; i < 4; i++)
		ck_assert_int_eq(next(MIDDLE), ESP_DOUBT_OPEN);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(next(MIDDLE), ESP_DOUBT_OTHER);
	/* A lucky step is not enough any more, but whoever goes on to count is believed. */
	ck_assert_int_eq(next(MIDDLE + 1), ESP_DOUBT_OTHER);
	unsigned steps = 1;
	while (next(MIDDLE + 1 + steps) != ESP_DOUBT_COUNTS)
		steps++;
	ck_assert_uint_lt(steps, 10);
}
END_TEST

/* ---- a pair ---- */

static struct story_stream stream;
static struct story_sa out, back;

static void begin(void)
{
	fixture_begin(RULE);
	options.keep_transitions = true;
	stream = story_stream(A, B, UDP, NATT);
	stream.client_port = NATT;
	out = story_sa(A, B, 0xc0001001);
	back = story_sa(B, A, 0xc0002001);
	out.in_udp = back.in_udp = true;
	out.src_port = out.dst_port = back.src_port = back.dst_port = NATT;
	out.sequence = back.sequence = MIDDLE;
}

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A datagram whose first eight octets are these two words. */
static void datagram(bool from_server, uint32_t first_word, uint32_t second_word, uint32_t serial)
{
	uint8_t payload[64] = { 0 };

	put32(payload, first_word);
	put32(payload + 4, second_word);
	put32(payload + 8, serial);
	story_payload(script, &stream, from_server, payload, sizeof(payload));
}

static void is_a_leak(const char *what)
{
	tell();
	ck_assert_msg(story_count(result->findings, "open cleartext-leak") > 0, "%s: no leak in %.2000s", what,
		      result->findings);
	ck_assert_msg(story_count(result->records, "pair " A " " B " cleartext") == 1, "%s: %.2000s", what,
		      result->records);
	ck_assert_uint_eq(result->track.sas, 0);
	end();
}

static void is_no_leak(const char *what)
{
	tell();
	ck_assert_msg(story_count(result->findings, "cleartext-leak") == 0, "%s: %.2000s", what, result->findings);
	end();
}

START_TEST(other_protocols_are_clear)
{
	begin();
	for (uint32_t i = 0; i < 100; i++) {
		/* WireGuard: type 4 and the receiver's index, anew after 40 packets. */
		datagram(i & 1, 0x04000000, (i & 1 ? 0x8b1c44d2 : 0x1f02a6c3) + i / 40 * 0x31004077, i);
		story_wait(script, STORY_SECOND / 10);
	}
	is_a_leak("WireGuard");
	begin();
	for (uint32_t i = 0; i < 1000; i++) {
		/* RTP: its number in the lower half, then the timestamp. */
		datagram(i & 1, 0x80000000 | ((i & 1 ? 0xfff0 : 0x1000) + i / 2) % 0x10000, 0x5aa00000 + i / 2 * 160,
			 i);
		story_wait(script, STORY_SECOND / 100);
	}
	is_a_leak("RTP");
	begin();
	for (uint32_t i = 0; i < 50; i++) {
		/* DTLS 1.2 application data: epoch 1 and the record's number, whose last octets are behind the eight. */
		datagram(i & 1, 0x17fefd00, 0x01000000, i);
		story_wait(script, STORY_SECOND / 10);
	}
	is_a_leak("DTLS");
}
END_TEST

START_TEST(a_few_stray_octets_are_none)
{
	uint8_t payload[7] = { 0xff, 0xff, 0xff, 0xff };

	begin();
	for (uint32_t octets = 1; octets <= sizeof(payload); octets++)
		story_payload(script, &stream, false, payload, octets);
	is_no_leak("stray octets");
}
END_TEST

START_TEST(esp_from_the_middle_is_esp)
{
	begin();
	for (unsigned i = 0; i < 60; i++) {
		story_esp(script, &out, 100);
		story_esp(script, &back, 100);
		story_wait(script, STORY_SECOND);
	}
	tell();
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 120);
	ck_assert_uint_eq(result->track.sas, 2);
	has_times(result->records, "pair " A " " B " secured rule=r esp=120/15360", 1);
	ck_assert_str_eq(result->findings, "");
	end();
	/* What came while it was doubted counts. */
	begin();
	story_esp(script, &out, 100);
	story_esp(script, &out, 100);
	tell();
	has_times(result->records, "pair " A " " B " secured rule=r esp=2/256", 1);
	end();
}
END_TEST

START_TEST(many_clients_of_one_nat_are_esp)
{
	enum { CLIENTS = 120 };
	struct story_sa clients[CLIENTS][2];

	begin();
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i][0] = out;
		clients[i][1] = back;
		clients[i][0].spi += 7919 * i;
		clients[i][1].spi += 104729 * i;
		clients[i][0].src_port = clients[i][1].dst_port = (uint16_t)(20000 + i);
		clients[i][0].sequence = clients[i][1].sequence = MIDDLE + 1000003 * i;
	}
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < CLIENTS; i++) {
			story_esp(script, &clients[i][0], 100);
			story_esp(script, &clients[i][1], 100);
			story_wait(script, STORY_SECOND / 10);
		}
	tell();
	ck_assert_uint_eq(result->track.sas, 2 * CLIENTS);
	ck_assert_uint_eq(result->track.classes[PACKET_ESP], 6 * CLIENTS);
	ck_assert_str_eq(result->findings, "");
	end();
}
END_TEST

START_TEST(esp_that_begins_late_is_believed)
{
	begin();
	for (uint32_t i = 0; i < 1000; i++) {
		datagram(i & 1, 0x80000000 | i, 0x5aa00000 + i * 160, i);
		story_wait(script, STORY_SECOND / 100);
	}
	out.sequence = back.sequence = 0;
	for (unsigned i = 0; i < 20; i++) {
		story_esp(script, &out, 100);
		story_esp(script, &back, 100);
		story_wait(script, STORY_SECOND);
	}
	tell();
	ck_assert_uint_eq(result->track.sas, 2);
	has_times(result->findings, "clear cleartext-leak", 1);
	end();
}
END_TEST

SUITE_MAIN("esp_doubt", a_low_number_begins_an_sa, a_step_forward_counts, copies_and_overtaken_packets_say_nothing,
	   a_number_that_stays_is_something_else, other_protocols_are_clear, a_few_stray_octets_are_none,
	   esp_from_the_middle_is_esp, many_clients_of_one_nat_are_esp, esp_that_begins_late_is_believed)
