/* SPDX-License-Identifier: Apache-2.0 */
/* The short way through usual frames says, octet for octet of struct packet, what the long one says. */
#include "dissectors/packet_usual.h"

#include "frames.h"
#include "../suite.h"

enum { ROUNDS = 40000 };

static uint64_t random_state = 1;

static uint32_t below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % bound);
}

/* Whether the frame was a usual one; then both ways have to agree, over the same rubbish. */
static bool agree(const struct frame *frame)
{
	struct packet_options options = { .decapsulate = TUNNEL_ALL };
	struct packet usual, walked;

	memset(&usual, 0xa5, sizeof(usual));
	memset(&walked, 0xa5, sizeof(walked));
	if (!packet_usual(frame, &usual))
		return false;
	packet_walk(frame, &options, &walked);
	ck_assert_mem_eq(&usual, &walked, sizeof(usual));
	return true;
}

static void make_nat_t_odd(struct build *build)
{
	build_data(build, 40);
	build_u32(build, below(4));
	build_udp(build, 4500, 4500);
	build_ipv4(build, 17, 1, 2);
	build_ethernet(build, 0x0800);
}

static void make_iketcp(struct build *build)
{
	build_data(build, 40);
	build_u16(build, 'C' << 8 | 'P');
	build_u16(build, 'E' << 8 | 'T');
	build_u16(build, 'I' << 8 | 'K');
	build_tcp(build, 40000, 443, 0x18);
	build_ipv4(build, 6, 1, 2);
	build_ethernet(build, 0x0800);
}

static void (*const makers[])(struct build *) = {
	make_esp, make_esp_udp, make_tcp, make_udp,       make_ike,    make_ike_marker, make_keepalive, make_fragment,
	make_arp, make_esp6,    make_ah,  make_nat_t_odd, make_iketcp, make_vxlan,      make_icmp,
};
enum { MAKERS = sizeof(makers) / sizeof(makers[0]) };

START_TEST(what_is_usual)
{
	for (unsigned i = 0; i < MAKERS; i++) {
		struct build build;

		build_begin(&build);
		makers[i](&build);
		struct frame frame = build_frame(&build, 1, build_length(&build));
		bool usual = makers[i] == make_esp || makers[i] == make_esp_udp ||
			     (makers[i] == make_tcp && frame.captured >= 54);
		if (makers[i] != make_nat_t_odd)
			ck_assert_msg(agree(&frame) == usual, "frame %u", i);
		free((void *)(uintptr_t)frame.bytes);
	}
}
END_TEST

/* Every kind of frame, with octets of its headers changed, cut, padded, and with ports that mean something. */
START_TEST(both_ways_agree)
{
	static const uint16_t ports[] = { 500, 4500, 4789, 2152, 3544, 53, 443 };
	unsigned usual = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct build build;

		build_begin(&build);
		makers[below(MAKERS)](&build);
		uint8_t *octets = build_bytes(&build);
		uint32_t length = build_length(&build);
		for (uint32_t changes = below(4); changes > 0; changes--) {
			uint32_t at = below(4) == 0 ? below(length) : 12 + below(34);
			if (at < length)
				octets[at] = (uint8_t)(below(2) ? below(256) : octets[at] ^ 1u << below(8));
		}
		if (below(4) == 0 && length > 38) {
			uint16_t port = ports[below(sizeof(ports) / sizeof(ports[0]))];
			uint32_t at = 34 + 2 * below(2);
			octets[at] = (uint8_t)(port >> 8);
			octets[at + 1] = (uint8_t)port;
		}
		struct frame frame = build_frame(&build, 1, below(3) ? length : below(length + 1));
		if (below(8) == 0)
			frame.length = below(2 * length);
		usual += agree(&frame);
		free((void *)(uintptr_t)frame.bytes);
	}
	/* Otherwise nothing was tested. */
	ck_assert_uint_gt(usual, ROUNDS / 10);
}
END_TEST

/* A datagram may be IKE on any port: every length its header could have around the right one. */
START_TEST(ike_on_any_port)
{
	for (uint32_t size = 20; size < 48; size++) {
		for (uint32_t claimed = size - 8; claimed < size + 8; claimed++) {
			for (unsigned marker = 0; marker < 2; marker++) {
				struct build build;

				build_begin(&build);
				build_data(&build, size);
				uint8_t *payload = build_bytes(&build);
				memset(payload, 0, marker ? 4 : 0);
				if (size >= 28 + 4 * marker) {
					memset(payload + 24 + 4 * marker, 0, 3);
					payload[27 + 4 * marker] = (uint8_t)claimed;
				}
				build_udp(&build, 10000, 20000);
				build_ipv4(&build, 17, 1, 2);
				build_ethernet(&build, 0x0800);
				struct frame frame = build_frame(&build, 1, build_length(&build));
				agree(&frame);
				free((void *)(uintptr_t)frame.bytes);
			}
		}
	}
}
END_TEST

SUITE_MAIN("packet_usual", what_is_usual, both_ways_agree, ike_on_any_port)
