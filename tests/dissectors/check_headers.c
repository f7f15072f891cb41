/* SPDX-License-Identifier: Apache-2.0 */
/* headers_length(): what of a frame is kept, and that nothing which was said in clear is. */
#include "dissectors/headers.h"

#include "dissectors/ike_names.h"
#include "dissectors/link.h"

#include "build.h"
#include "frames.h"
#include "ike_build.h"
#include "../suite.h"

enum { ETHERNET = LINK_TYPE_ETHERNET, SECRET = 0x5e };

static const struct packet_options all = { .decapsulate = TUNNEL_ALL };

/* Octets kept of the frame as captured, and the packet, whose pointers are then gone. */
static uint32_t kept_of(struct build *build, uint32_t captured, bool ike_whole, struct packet *packet)
{
	struct frame frame = build_frame(build, ETHERNET, captured);

	packet_read(&frame, &all, packet);
	uint32_t kept = headers_length(&frame, packet, ike_whole);
	ck_assert_uint_le(kept, captured);
	free((void *)(uintptr_t)frame.bytes);
	return kept;
}

static uint32_t kept(struct build *build)
{
	struct packet packet;
	return kept_of(build, build_length(build), false, &packet);
}

static const struct {
	const char *name;
	void (*make)(struct build *build);
	uint32_t kept;
} kinds[] = {
	{ "esp", make_esp, 14 + 20 + 8 },
	{ "esp over ipv6", make_esp6, 14 + 40 + 16 + 8 },
	{ "esp in udp", make_esp_udp, 14 + 20 + 8 + 8 },
	{ "wesp", make_wesp, 14 + 20 + 4 + 8 },
	{ "ah", make_ah, 14 + 20 + 24 },
	{ "ah and esp", make_ah_esp, 14 + 40 + 24 + 8 },
	{ "ah tunnel", make_ah_tunnel, 14 + 20 + 24 },
	{ "ah tunnel with esp", make_ah_tunnel_esp, 14 + 20 + 24 + 20 + 8 },
	{ "keepalive", make_keepalive, 14 + 20 + 8 + 1 },
	{ "icmp", make_icmp, 14 + 20 + 8 },
	{ "tcp", make_tcp, 14 + 20 + 20 },
	{ "udp", make_udp, 14 + 40 + 8 },
	{ "arp", make_arp, 0 },
	{ "later fragment", make_fragment, 14 + 20 },
	{ "vxlan", make_vxlan, 14 + 20 + 8 + 8 + 14 + 20 + 8 },
	{ "ip in ip in ip", make_ip_in_ip, 14 + 40 + 20 + 40 + 8 },
	{ "erspan", make_erspan, 14 + 20 + 8 + 8 + 14 + 20 + 20 },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

START_TEST(each_kind)
{
	struct build build;

	for (unsigned i = 0; i < KINDS; i++) {
		build_begin(&build);
		kinds[i].make(&build);
		ck_assert_msg(kept(&build) == kinds[i].kept, "%s: %u octets are kept, not %u", kinds[i].name,
			      kept(&build), kinds[i].kept);
	}
}
END_TEST

/* However little was captured: no more than of the whole frame, and what is kept is read as the same packet. */
START_TEST(cut_anywhere)
{
	struct build build;
	struct packet packet, again;

	for (unsigned i = 0; i < KINDS; i++) {
		build_begin(&build);
		kinds[i].make(&build);
		for (uint32_t captured = 0; captured <= build_length(&build); captured++) {
			uint32_t octets = kept_of(&build, captured, false, &packet);
			/* A truncated header ends what is kept before it, never behind it. */
			ck_assert_uint_le(octets, kinds[i].kept);
			/* Of AH in tunnel mode alone nobody knows that it hides no ESP. */
			if (captured == build_length(&build) && packet.class != PACKET_AH && octets > 0) {
				ck_assert_uint_eq(kept_of(&build, octets, false, &again), octets);
				ck_assert_uint_eq(packet.class, again.class);
				ck_assert_uint_eq(packet.spi, again.spi);
			}
			if (octets == 0)
				continue;
			kept_of(&build, octets, false, &again);
			ck_assert(again.has_ip);
			ck_assert(address_equal(&packet.src, &again.src));
			ck_assert(address_equal(&packet.dst, &again.dst));
		}
	}
}
END_TEST

/* Padding behind a short packet is whatever the sender's memory held. */
START_TEST(padding)
{
	struct build build;

	build_begin(&build);
	build_tcp(&build, 1000, 80, 0x10);
	build_ipv4(&build, 6, 1, 2);
	build_ethernet(&build, 0x0800);
	build_pad(&build, 6);
	ck_assert_uint_eq(kept(&build), 14 + 20 + 20);
}
END_TEST

/* ---- ICMP errors ---- */

/* An error of type 3 that quotes what was built. */
static void unreachable(struct build *build)
{
	build_u32(build, 0);
	build_u32(build, 0x03010000);
	build_ipv4(build, 1, 7, 1);
	build_ethernet(build, 0x0800);
}

START_TEST(quotes)
{
	enum { BEFORE = 14 + 20 + 8 };
	struct build build;

	build_begin(&build);
	build_data(&build, 64);
	build_tcp(&build, 1000, 80, 0x18);
	build_ipv4(&build, 6, 1, 2);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE + 20 + 8);

	build_begin(&build);
	build_data(&build, 64);
	build_udp(&build, 1000, 53);
	build_ipv4(&build, 17, 1, 2);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE + 20 + 8);

	build_begin(&build);
	build_data(&build, 64);
	build_esp(&build, 0xcafe0001, 77);
	build_udp(&build, 4500, 4500);
	build_ipv4(&build, 17, 1, 2);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE + 20 + 8 + 8);

	/* Of a protocol whose header nobody knows, and of a later fragment: not one octet behind IP. */
	build_begin(&build);
	build_data(&build, 64);
	build_ipv4(&build, 89, 1, 2);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE + 20);
	build_begin(&build);
	build_data(&build, 64);
	build_ipv4_fragment(&build, 17, 1, 2, 0x0010);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE + 20);

	/* What an echo carries is no quote, nor is what an error carries that is no IP packet. */
	build_begin(&build);
	build_data(&build, 64);
	unreachable(&build);
	ck_assert_uint_eq(kept(&build), BEFORE);
}
END_TEST

/* ---- IKE ---- */

enum { IKE_AT = 14 + 20 + 8 };

/* The message in UDP on port 500; octets that are kept of it, behind UDP. */
static uint32_t kept_of_ike(const struct ike_build *ike, bool whole)
{
	struct build build;
	struct packet packet;

	build_begin(&build);
	build_put(&build, ike->octets, ike->length);
	build_udp(&build, 500, 500);
	build_ipv4(&build, 17, 1, 2);
	build_ethernet(&build, 0x0800);
	uint32_t octets = kept_of(&build, build_length(&build), whole, &packet);
	ck_assert_uint_eq(packet.class, PACKET_IKE);
	ck_assert_uint_ge(octets, IKE_AT);
	return octets - IKE_AT;
}

static void put_secret(struct ike_build *ike, unsigned type)
{
	uint32_t start = ike_open(ike, type);

	for (unsigned i = 0; i < 20; i++)
		ike_put(ike, 1, SECRET);
	ike_close(ike, start);
}

START_TEST(ike_that_is_open)
{
	struct ike_build ike;

	ike_begin(&ike, 0x20, 34, 0x08);
	for (unsigned type = IKEV2_PAYLOAD_SA; type <= IKEV2_PAYLOAD_KE; type++)
		ike_close(&ike, (ike_open(&ike, type), ike_put_data(&ike, 24), ike.length - 28));
	ike_put_payload(&ike, IKEV2_PAYLOAD_NONCE, 4, 1);
	ike_put_payload(&ike, IKEV2_PAYLOAD_NOTIFY, 4, 0x00004004);
	ike_put_payload(&ike, IKEV2_PAYLOAD_VENDOR, 4, 1);
	ike_end(&ike);
	ck_assert_uint_eq(kept_of_ike(&ike, false), ike.length);
	ck_assert_uint_eq(kept_of_ike(&ike, true), ike.length);

	/* Main mode, first message. */
	ike_begin(&ike, 0x10, 2, 0);
	ike_put_payload(&ike, IKEV1_PAYLOAD_SA, 8, 0x0000000100000001);
	ike_put_payload(&ike, IKEV1_PAYLOAD_VENDOR, 8, 1);
	ike_end(&ike);
	ck_assert_uint_eq(kept_of_ike(&ike, false), ike.length);

	/* Of what is encrypted: that it is, and which fragment it is. */
	ike_begin(&ike, 0x20, 35, 0x08);
	uint32_t start = ike.length;
	put_secret(&ike, IKEV2_PAYLOAD_SK);
	ike_end(&ike);
	ck_assert_uint_eq(kept_of_ike(&ike, false), start + 4);
	ck_assert_uint_eq(kept_of_ike(&ike, true), ike.length);
	ike_begin(&ike, 0x20, 35, 0x08);
	ike_close(&ike, (start = ike_open(&ike, IKEV2_PAYLOAD_SKF)));
	ike_put(&ike, 4, 0x00010002);
	ike_put_data(&ike, 40);
	ike_close(&ike, start);
	ike_end(&ike);
	ck_assert_uint_eq(kept_of_ike(&ike, false), start + 8);
	ike_begin(&ike, 0x10, 5, 0x01);
	put_secret(&ike, IKEV1_PAYLOAD_HASH);
	ike_end(&ike);
	ck_assert_uint_eq(kept_of_ike(&ike, false), IKE_HEADER_SIZE);
}
END_TEST

/* Each payload that tells who somebody is, or by which a key can be guessed, wherever it stands; and unknown ones. */
START_TEST(ike_that_is_not)
{
	struct ike_build ike;

	for (unsigned type = 0; type < 256; type++) {
		for (unsigned major = 1; major <= 2; major++) {
			ike_begin(&ike, major << 4, major == 1 ? 4 : 34, 0);
			ike_put_payload(&ike, major == 1 ? IKEV1_PAYLOAD_SA : IKEV2_PAYLOAD_SA, 8, 1);
			ike_put_payload(&ike, major == 1 ? IKEV1_PAYLOAD_NONCE : IKEV2_PAYLOAD_NONCE, 8, 1);
			uint32_t before = ike.length;
			put_secret(&ike, type);
			ike_put_payload(&ike, major == 1 ? IKEV1_PAYLOAD_VENDOR : IKEV2_PAYLOAD_VENDOR, 8, 1);
			ike_end(&ike);
			uint32_t octets = kept_of_ike(&ike, false);
			bool open = octets == ike.length;
			ck_assert(open || octets == before || (major == 2 && octets == before + 4 && type == 46) ||
				  (major == 2 && octets == before + 8 && type == 53));
			static const uint8_t v1[] = { 1, 4, 7, 10, 11, 12, 13, 15, 20, 130 };
			static const uint8_t v2[] = { 33, 34, 38, 40, 41, 42, 43 };
			bool known = major == 1 ? memchr(v1, (int)type, sizeof(v1)) != NULL
						: memchr(v2, (int)type, sizeof(v2)) != NULL;
			ck_assert_msg(open == known, "payload %u of version %u", type, major);
		}
	}
}
END_TEST

/* Lengths that lie, and clear text on IKE's own port, which may look like a header of it. */
START_TEST(ike_that_lies)
{
	struct ike_build ike;
	struct build build;
	struct packet packet;
	static const char text[] = "USER alice\r\nPASS \x21 secret\r\n and something more of it\r\n";

	for (unsigned length = 0; length < 70; length++) {
		ike_begin(&ike, 0x20, 34, 0x08);
		ike_put_payload(&ike, IKEV2_PAYLOAD_SA, 8, 1);
		put_secret(&ike, IKEV2_PAYLOAD_IDI);
		ike_end(&ike);
		ike_set(&ike, 30, 2, length);
		uint32_t octets = kept_of_ike(&ike, false);
		/* Only what claims to be part of the proposals is taken for such. */
		ck_assert(octets <= 28 + length || octets == 28);
	}
	build_begin(&build);
	build_put(&build, text, sizeof(text));
	build_udp(&build, 500, 500);
	build_ipv4(&build, 17, 1, 2);
	build_ethernet(&build, 0x0800);
	ck_assert_uint_eq(kept_of(&build, build_length(&build), false, &packet), IKE_AT);
	ck_assert_uint_eq(packet.class, PACKET_IKE);
}
END_TEST

/* A message in IP fragments: of the first one what is open, of later ones nothing. */
START_TEST(ike_in_fragments)
{
	struct ike_build ike;
	struct build build;
	struct packet packet;

	ike_begin(&ike, 0x20, 34, 0x08);
	uint32_t start = ike_open(&ike, IKEV2_PAYLOAD_KE);
	ike_put_data(&ike, 1200);
	ike_close(&ike, start);
	ike_put_payload(&ike, IKEV2_PAYLOAD_NONCE, 8, 1);
	ike_end(&ike);
	build_begin(&build);
	build_put(&build, ike.octets, ike.length);
	build_udp(&build, 500, 500);
	struct build first = { .start = sizeof(first.room) };
	build_put(&first, build_bytes(&build), 808);
	build_ipv4_fragment(&first, 17, 1, 2, 0x2000);
	build_ethernet(&first, 0x0800);
	ck_assert_uint_eq(kept_of(&first, build_length(&first), false, &packet), 14 + 20 + 808);
	ck_assert(packet.flags & PACKET_FIRST_FRAGMENT);
	struct build later = { .start = sizeof(later.room) };
	build_put(&later, build_bytes(&build) + 808, build_length(&build) - 808);
	build_ipv4_fragment(&later, 17, 1, 2, 808 / 8);
	build_ethernet(&later, 0x0800);
	ck_assert_uint_eq(kept_of(&later, build_length(&later), true, &packet), 14 + 20);
}
END_TEST

SUITE_MAIN("headers", each_kind, cut_anywhere, padding, quotes, ike_that_is_open, ike_that_is_not, ike_that_lies,
	   ike_in_fragments)
