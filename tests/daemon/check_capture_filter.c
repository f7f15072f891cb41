/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter that says how much of a frame is copied, run by libpcap's machine over frames made here: what each class gets,
 * that nothing is lost however short a frame is, and that what it cuts is read as before.
 */
#include "../../daemon/capture_filter.h"
#include "../../dissectors/packet.h"
#include "../suite.h"

#include <pcap/pcap.h>
#include <string.h>

enum { ETHERNET = 1, RAW = 101, FRAME = 1400, LINK = 14, IPV4 = 20, IPV6 = 40, ANY_PORT = 40000 };

static struct bpf_insn program[CAPTURE_FILTER_STEPS_MAX];
static unsigned steps_of_program;

static void make(uint16_t link_type)
{
	struct capture_filter_step steps[CAPTURE_FILTER_STEPS_MAX];

	steps_of_program = (unsigned)capture_filter(link_type, steps);
	for (unsigned i = 0; i < steps_of_program; i++)
		program[i] =
		    (struct bpf_insn){ steps[i].code, steps[i].when_true, steps[i].when_false, steps[i].value };
}

static uint32_t given(const uint8_t *frame, uint32_t length)
{
	return bpf_filter(program, frame, length, length);
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* A frame of FRAME octets with an IP packet of the protocol. Returns what stands behind the IP header. */
static uint8_t *packet(uint8_t frame[FRAME], bool v6, uint8_t protocol)
{
	uint8_t *ip = frame + LINK;

	memset(frame, 0x5a, FRAME);
	put16(frame + LINK - 2, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, FRAME - LINK - IPV6);
		ip[6] = protocol;
		return ip + IPV6;
	}
	ip[0] = 0x45;
	put16(ip + 2, FRAME - LINK);
	put16(ip + 6, 0x4000); /* do not fragment */
	ip[9] = protocol;
	return ip + IPV4;
}

static uint8_t *udp(uint8_t frame[FRAME], bool v6, unsigned source, unsigned destination)
{
	uint8_t *header = packet(frame, v6, 17);

	put16(header, source);
	put16(header + 2, destination);
	put16(header + 4, (unsigned)(frame + FRAME - header));
	return header + 8;
}

static void esp(uint8_t *header, uint32_t spi, uint32_t sequence)
{
	put32(header, spi);
	put32(header + 4, sequence);
}

START_TEST(what_each_gets)
{
	uint8_t frame[FRAME];

	make(ETHERNET);
	ck_assert_uint_gt(steps_of_program, 0);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		esp(packet(frame, v6, 50), 0xc0000001, 33);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_ESP);
		esp(packet(frame, v6, 50), 0xc0000001, 32);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		esp(packet(frame, v6, 50), 0xc0000001, 64000);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		for (unsigned side = 0; side < 2; side++) {
			unsigned from = side ? 4500 : ANY_PORT, to = side ? ANY_PORT : 4500;
			esp(udp(frame, v6, from, to), 0xc0000001, 1001);
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_ESP);
			esp(udp(frame, v6, from, to), 0xc0000001, 5);
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
			esp(udp(frame, v6, from, to), 0, 1001); /* the marker: IKE */
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
			udp(frame, v6, side ? 500 : ANY_PORT, side ? ANY_PORT : 500);
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
			udp(frame, v6, side ? 88 : ANY_PORT, side ? ANY_PORT : 88);
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		}
		udp(frame, v6, ANY_PORT, 4789);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		udp(frame, v6, ANY_PORT, 53);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_CLEAR);
		packet(frame, v6, 6);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_CLEAR);
		put16(packet(frame, v6, 6), 4500);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		packet(frame, v6, v6 ? 58 : 1);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_OTHER);
		/* AH, GRE, IP in IP, WESP, extension headers, what nobody knows */
		static const uint8_t whole[] = { 51, 47, 4, 41, 141, 0, 43, 44, 60, 132, 255 };
		for (unsigned i = 0; i < sizeof(whole); i++) {
			packet(frame, v6, whole[i]);
			ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		}
	}
	packet(frame, false, 50);
	put16(frame + LINK - 2, 0x8100);
	ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
	put16(frame + LINK - 2, 0x0806);
	ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
}
END_TEST

START_TEST(pieces_and_what_may_be_ike_come_whole)
{
	uint8_t frame[FRAME];

	make(ETHERNET);
	for (unsigned offset = 0; offset < 0x4000; offset = 2 * offset + 1) {
		esp(packet(frame, false, 50), 0xc0000001, 1001);
		put16(frame + LINK + 6, 0x4000 | offset);
		ck_assert_uint_eq(given(frame, FRAME), offset ? CAPTURE_FILTER_WHOLE : CAPTURE_FILTER_ESP);
	}
	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint8_t *payload = udp(frame, v6, ANY_PORT, 848);
		uint32_t length = (uint32_t)(frame + FRAME - payload);
		put32(payload + 24, length);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		put32(payload + 24, length - 1);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_CLEAR);
		put32(payload, 0);
		put32(payload + 28, length - 4);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		put32(payload + 28, length);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_CLEAR);
	}
	/* With options in the IP header all stands further on. */
	uint8_t *payload = udp(frame, false, ANY_PORT, 848);
	for (unsigned words = 5; words <= 15; words++) {
		uint8_t *header = frame + LINK + words * 4;
		payload = header + 8;
		memset(frame + LINK + IPV4, 1, sizeof(frame) - LINK - IPV4);
		frame[LINK] = (uint8_t)(0x40 | words);
		put16(header, ANY_PORT);
		put16(header + 2, 848);
		put16(header + 4, (unsigned)(frame + FRAME - header));
		put32(payload + 24, (uint32_t)(frame + FRAME - payload));
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_WHOLE);
		put32(payload + 24, 7);
		ck_assert_uint_eq(given(frame, FRAME), CAPTURE_FILTER_CLEAR);
	}
}
END_TEST

/* A frame that a load would run out of is one that gets lost. */
START_TEST(no_frame_is_lost)
{
	static const unsigned ports[] = { 500, 4500, 53, 4789 };
	uint8_t frame[FRAME];

	for (unsigned raw = 0; raw < 2; raw++) {
		make(raw ? RAW : ETHERNET);
		for (unsigned v6 = 0; v6 < 2; v6++)
			for (unsigned protocol = 0; protocol < 256; protocol++)
				for (unsigned port = 0; port < sizeof(ports) / sizeof(ports[0]); port++) {
					put16(packet(frame, v6, (uint8_t)protocol) + 2, ports[port]);
					if (!v6)
						frame[LINK] = 0x4f;
					const uint8_t *from = raw ? frame + LINK : frame;
					for (uint32_t length = 1; length < 200; length++)
						ck_assert_uint_gt(given(from, length), 0);
				}
	}
	make(ETHERNET);
	memset(frame, 0xff, sizeof(frame));
	for (uint32_t length = 1; length < FRAME; length++)
		ck_assert_uint_gt(given(frame, length), 0);
}
END_TEST

/* What is read of a frame does not depend on the cut, but for how much of its payload there is. */
START_TEST(cut_frames_are_read_alike)
{
	static const uint8_t protocols[] = { 50, 17, 6, 1, 58 };
	static const unsigned ports[] = { 500, 4500, 53, 443, ANY_PORT };
	struct packet_options options = { TUNNEL_ALL };
	uint8_t bytes[FRAME];

	make(ETHERNET);
	for (unsigned i = 0; i < 2 * sizeof(protocols) * sizeof(ports) / sizeof(ports[0]); i++) {
		uint8_t protocol = protocols[i / 2 % sizeof(protocols)];
		uint8_t *header = packet(bytes, i % 2, protocol);
		put16(header, ANY_PORT);
		put16(header + 2, ports[i / 2 / sizeof(protocols)]);
		if (protocol == 17)
			put16(header + 4, (unsigned)(bytes + FRAME - header));
		if (protocol == 50)
			esp(header, 0xc0000001, 1001);
		struct frame frame = { .bytes = bytes, .captured = FRAME, .length = FRAME, .link_type = ETHERNET };
		struct packet whole = { 0 }, cut = { 0 };
		packet_read(&frame, &options, &whole);
		uint32_t snap = given(bytes, FRAME);
		frame.captured = snap < FRAME ? snap : FRAME;
		packet_read(&frame, &options, &cut);
		ck_assert_uint_eq(cut.class, whole.class);
		ck_assert_uint_eq(cut.reason, whole.reason);
		ck_assert_uint_eq(cut.length, whole.length);
		ck_assert_uint_eq(cut.payload_length, whole.payload_length);
		ck_assert_uint_eq(cut.spi, whole.spi);
		ck_assert_uint_eq(cut.sequence, whole.sequence);
		ck_assert_uint_eq(cut.src_port, whole.src_port);
		ck_assert_uint_eq(cut.dst_port, whole.dst_port);
		ck_assert(address_equal(&cut.src, &whole.src) && address_equal(&cut.dst, &whole.dst));
	}
}
END_TEST

START_TEST(other_links_are_copied_whole)
{
	make(113); /* LINUX_SLL */
	ck_assert_uint_eq(steps_of_program, 0);
	make(RAW);
	uint8_t frame[FRAME];
	esp(packet(frame, true, 50), 0xc0000001, 1001);
	ck_assert_uint_eq(given(frame + LINK, FRAME - LINK), CAPTURE_FILTER_ESP);
}
END_TEST

SUITE_MAIN("capture_filter", what_each_gets, pieces_and_what_may_be_ike_come_whole, no_frame_is_lost,
	   cut_frames_are_read_alike, other_links_are_copied_whole)
