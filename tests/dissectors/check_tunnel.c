/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels over IP and UDP: what they carry, what they are not, and how they fail. */
#include "dissectors/tunnel.h"

#include "build.h"
#include "../suite.h"

enum { GRE = 0, ETHERIP = 1 }; /* instead of a UDP port */

static enum link_content read_from(struct cursor *cursor, unsigned port, struct link *link)
{
	*link = (struct link){ .decapsulate = TUNNEL_ALL };
	if (port == GRE)
		return tunnel_read_gre(cursor, link);
	if (port == ETHERIP)
		return tunnel_read_etherip(cursor, link);
	return tunnel_read_udp(cursor, 50000, (uint16_t)port, link);
}

/* Each makes one tunnel header, and what stands below IP inside it, before an IP packet. */
static void make_gre(struct build *build)
{
	build_gre(build, 0, 0x0800);
}
static void make_gre_options(struct build *build)
{
	build_gre(build, 0xb000, 0x0800);
}
static void make_gre_mpls(struct build *build)
{
	build_label(build, 16, true);
	build_gre(build, 0, 0x8847);
}
static void make_nvgre(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_gre(build, 0x2000, 0x6558);
}
static void make_pptp(struct build *build)
{
	build_u32(build, 0xff030021);
	uint32_t length = build_length(build);
	build_u32(build, 3);
	build_u32(build, 2);
	build_u32(build, length << 16 | 9);
	build_u32(build, 0x3081880b);
}
static void make_erspan1(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_gre(build, 0, 0x88be);
}
static void make_erspan2(struct build *build)
{
	build_vlan(build, 17, 0x0800);
	build_ethernet(build, 0x8100);
	build_u32(build, 5);
	build_u32(build, 0x10110001);
	build_gre(build, 0x1000, 0x88be);
}
static void make_erspan3(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_u32(build, 0);
	build_u32(build, 0);
	build_u32(build, 0x00000001); /* platform specific follows */
	build_u32(build, 99);
	build_u32(build, 0x20110001);
	build_gre(build, 0x1000, 0x22eb);
}
static void make_erspan3_ip(struct build *build)
{
	build_u32(build, 2 << 10);
	build_u32(build, 99);
	build_u32(build, 0x20110001);
	build_gre(build, 0x1000, 0x22eb);
}
static void make_etherip(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_u16(build, 0x3000);
}
static void make_vxlan(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_vxlan(build, 0xabcd01);
}
static void make_vxlan_policy(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_vxlan(build, 0xabcd01);
	build_set(build, 0, 4, 0x88480123);
}
static void make_gpe(struct build *build)
{
	build_u32(build, 0xabcd0100);
	build_u32(build, 0x0c000001);
}
static void make_gpe_ethernet(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_u32(build, 0xabcd0100);
	build_u32(build, 0x08000000);
}
static void make_geneve(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_geneve(build, 0xabcd01, 0x6558);
}
static void make_geneve_ip(struct build *build)
{
	build_geneve(build, 0xabcd01, 0x0800);
}
static void make_gtpu(struct build *build)
{
	build_gtpu(build);
}
static void make_gtpu_extension(struct build *build)
{
	build_u32(build, 0x01e1e100); /* one extension, the last */
	build_u32(build, 0x00010085); /* sequence number, N-PDU, next extension */
	build_gtpu(build);
	build_set(build, 0, 1, 0x36);
}

static const struct {
	const char *name;
	void (*make)(struct build *build);
	unsigned port;
	uint16_t tunnels;
	uint32_t vni;
	int32_t behind; /* octets of IP that are needed; negative: octets of header that are not */
} kinds[] = {
	{ "gre", make_gre, GRE, TUNNEL_GRE, 0, 0 },
	{ "gre with all options", make_gre_options, GRE, TUNNEL_GRE, 0, -4 },
	{ "gre mpls", make_gre_mpls, GRE, TUNNEL_GRE | TUNNEL_MPLS, 0, 1 },
	{ "nvgre", make_nvgre, GRE, TUNNEL_GRE, 0x00abcd, 0 },
	{ "pptp", make_pptp, GRE, TUNNEL_GRE, 0, 0 },
	{ "erspan 1", make_erspan1, GRE, TUNNEL_ERSPAN, 0, 0 },
	{ "erspan 2", make_erspan2, GRE, TUNNEL_ERSPAN | TUNNEL_VLAN, 0, 0 },
	{ "erspan 3", make_erspan3, GRE, TUNNEL_ERSPAN, 0, 0 },
	{ "erspan 3 ip", make_erspan3_ip, GRE, TUNNEL_ERSPAN, 0, 1 },
	{ "etherip", make_etherip, ETHERIP, TUNNEL_OTHER, 0, 0 },
	{ "vxlan", make_vxlan, 4789, TUNNEL_VXLAN, 0xabcd01, 0 },
	{ "vxlan, linux's port", make_vxlan, 8472, TUNNEL_VXLAN, 0xabcd01, 0 },
	{ "vxlan group policy", make_vxlan_policy, 4789, TUNNEL_VXLAN, 0xabcd01, 0 },
	{ "vxlan-gpe", make_gpe, 4790, TUNNEL_VXLAN, 0xabcd01, 0 },
	{ "vxlan-gpe ethernet", make_gpe_ethernet, 4790, TUNNEL_VXLAN, 0xabcd01, 0 },
	{ "geneve", make_geneve, 6081, TUNNEL_GENEVE, 0xabcd01, 0 },
	{ "geneve ip", make_geneve_ip, 6081, TUNNEL_GENEVE, 0xabcd01, -4 },
	{ "gtp-u", make_gtpu, 2152, TUNNEL_GTP, 0, 1 },
	{ "gtp-u extension", make_gtpu_extension, 2152, TUNNEL_GTP, 0, 1 },
	{ "gre in udp", make_gre, 4754, TUNNEL_GRE, 0, 0 },
	{ "gre in udp, keyed", make_gre_options, 4754, TUNNEL_GRE, 0, -4 },
};

START_TEST(every_kind_and_every_cut)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct build build;
		struct link link;
		build_begin(&build);
		build_data(&build, 8);
		build_ipv4(&build, 17, 1, 2);
		uint32_t inner = build_length(&build);
		kinds[i].make(&build);
		uint32_t header = build_length(&build) - inner;
		struct cursor cursor = build_cursor(&build, build_length(&build));
		ck_assert_msg(read_from(&cursor, kinds[i].port, &link) == LINK_IPV4, "%s", kinds[i].name);
		ck_assert_msg(cursor.at == header && cursor_left(&cursor) == inner, "%s", kinds[i].name);
		ck_assert_msg(link.tunnels == kinds[i].tunnels, "%s", kinds[i].name);
		ck_assert_msg(link.vni == kinds[i].vni, "%s", kinds[i].name);
		uint32_t needed = (uint32_t)((int32_t)header + kinds[i].behind);
		cursor = build_cursor(&build, needed);
		ck_assert_msg(read_from(&cursor, kinds[i].port, &link) == LINK_IPV4, "%s", kinds[i].name);
		for (uint32_t captured = 0; captured < needed; captured++) {
			cursor = build_cursor(&build, captured);
			ck_assert_msg(read_from(&cursor, kinds[i].port, &link) == LINK_FAILED &&
					  cursor.error == CURSOR_TRUNCATED,
				      "%s cut at %u", kinds[i].name, captured);
		}
		/* Not to be looked through: not a tunnel. */
		cursor = build_cursor(&build, build_length(&build));
		link = (struct link){ .decapsulate = TUNNEL_VLAN | TUNNEL_MPLS };
		enum link_content content = kinds[i].port == GRE ? tunnel_read_gre(&cursor, &link)
					    : kinds[i].port == ETHERIP
						? tunnel_read_etherip(&cursor, &link)
						: tunnel_read_udp(&cursor, 50000, (uint16_t)kinds[i].port, &link);
		ck_assert_msg(content == LINK_UNKNOWN, "%s", kinds[i].name);
	}
}
END_TEST

/* What `make` gives with `octets` at `offset` changed to `value`. */
static enum link_content changed(void (*make)(struct build *build), unsigned port, uint32_t offset, unsigned octets,
				 uint32_t value)
{
	struct build build;
	struct link link;
	build_begin(&build);
	build_data(&build, 8);
	build_ipv4(&build, 17, 1, 2);
	make(&build);
	build_set(&build, offset, octets, value);
	struct cursor cursor = build_cursor(&build, build_length(&build));
	enum link_content content = read_from(&cursor, port, &link);
	ck_assert(content != LINK_FAILED || cursor.error == CURSOR_MALFORMED);
	return content;
}

START_TEST(false_friends)
{
	static const struct {
		void (*make)(struct build *build);
		unsigned port;
		uint32_t offset;
		unsigned octets;
		uint32_t value;
	} rows[] = {
		{ make_vxlan, 4789, 0, 1, 0x00 }, /* no I */
		{ make_vxlan, 4789, 0, 1, 0x0c }, /* reserved bit */
		{ make_vxlan, 4789, 3, 1, 0x01 }, /* reserved octet */
		{ make_vxlan, 4789, 7, 1, 0x01 },
		{ make_vxlan, 4789, 20, 2, 0x7777 }, /* EtherType nobody knows */
		{ make_gpe, 4790, 0, 1, 0x04 },
		{ make_gpe, 4790, 0, 1, 0x1c },    /* version */
		{ make_gpe, 4790, 3, 1, 0x09 },    /* next protocol */
		{ make_geneve, 6081, 0, 1, 0x41 }, /* version */
		{ make_geneve, 6081, 1, 1, 0x01 }, /* reserved */
		{ make_geneve, 6081, 0, 1, 0x3f }, /* options longer than the datagram */
		{ make_geneve, 6081, 2, 2, 0x7777 },
		{ make_gtpu, 2152, 0, 1, 0x50 },           /* version */
		{ make_gtpu, 2152, 1, 1, 0x01 },           /* echo request */
		{ make_gtpu, 2152, 2, 2, 29 },             /* length */
		{ make_gtpu, 2152, 8, 1, 0x15 },           /* not IP */
		{ make_gtpu_extension, 2152, 12, 1, 0 },   /* an extension without length */
		{ make_gtpu_extension, 2152, 12, 1, 200 }, /* one that is too long */
		{ make_gre, 4754, 0, 2, 0x0008 },          /* reserved */
		{ make_gre, 4754, 0, 2, 0x0001 },          /* version */
		{ make_gre, 4754, 2, 2, 0x7777 },
		{ make_gre, GRE, 0, 2, 0x0002 },
		{ make_gre, GRE, 0, 2, 0x4000 },  /* source routes */
		{ make_pptp, GRE, 2, 2, 0x0800 }, /* version 1 carries PPP */
		{ make_etherip, ETHERIP, 0, 2, 0x4000 },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(changed(rows[i].make, rows[i].port, rows[i].offset, rows[i].octets, rows[i].value) ==
				  LINK_UNKNOWN,
			      "row %u", i);
}
END_TEST

START_TEST(contents_other_than_ip)
{
	ck_assert_int_eq(changed(make_vxlan, 4789, 20, 2, 0x0806), LINK_NON_IP);
	ck_assert_int_eq(changed(make_geneve, 6081, 24, 2, 0x0806), LINK_NON_IP);
	ck_assert_int_eq(changed(make_geneve, 6081, 1, 1, 0x80), LINK_NON_IP); /* control */
	ck_assert_int_eq(changed(make_gpe, 4790, 3, 1, 4), LINK_NON_IP);       /* NSH */
	ck_assert_int_eq(changed(make_gre, GRE, 2, 2, 0x2001), LINK_NON_IP);   /* NHRP: IP said it is GRE */
	ck_assert_int_eq(changed(make_erspan1, GRE, 16, 2, 0x7777), LINK_NON_IP);
	ck_assert_int_eq(changed(make_erspan3, GRE, 18, 1, 0x04), LINK_NON_IP); /* frame type 1 */
	ck_assert_int_eq(changed(make_etherip, ETHERIP, 14, 2, 0x7777), LINK_NON_IP);
	ck_assert_int_eq(changed(make_pptp, GRE, 18, 2, 0x00fd), LINK_NON_IP); /* compressed or encrypted */
	ck_assert_int_eq(changed(make_pptp, GRE, 4, 2, 0), LINK_NON_IP);       /* acknowledgement */
	ck_assert_int_eq(changed(make_gre, GRE, 2, 2, 0x86dd), LINK_IPV6);
}
END_TEST

START_TEST(lies)
{
	ck_assert_int_eq(changed(make_pptp, GRE, 4, 2, 33), LINK_FAILED);      /* 32 follow */
	ck_assert_int_eq(changed(make_erspan2, GRE, 8, 1, 0x20), LINK_FAILED); /* version */
	ck_assert_int_eq(changed(make_erspan3, GRE, 8, 1, 0x10), LINK_FAILED);
	for (uint32_t length = 0; length < 16; length++) {
		struct build build;
		struct link link;
		build_begin(&build);
		make_gre_options(&build);
		struct cursor cursor = cursor_make(build_bytes(&build), length, length);
		ck_assert_int_eq(read_from(&cursor, GRE, &link), LINK_FAILED);
		ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
		/* On a UDP port it is merely something else. */
		cursor = cursor_make(build_bytes(&build), length, length);
		ck_assert_int_eq(read_from(&cursor, 4754, &link), LINK_UNKNOWN);
	}
}
END_TEST

/* RFC 4380 section 5.1.1. `src` is the first half of the inner source. */
static enum link_content teredo(bool authentication, bool origin, uint32_t src, unsigned more, uint32_t *at)
{
	struct build build;
	struct link link;
	build_begin(&build);
	build_data(&build, 8);
	build_ipv6(&build, 17, 1, 2);
	build_set(&build, 8, 4, src);
	build_set(&build, 4, 2, 8 + more);
	if (origin) {
		build_u32(&build, 0xc0000201);
		build_u32(&build, 0x1234);
	}
	if (authentication) {
		build_data(&build, 9 + 2 + 3);
		build_u32(&build, 0x00010203);
	}
	struct cursor cursor = build_cursor(&build, build_length(&build));
	enum link_content content = read_from(&cursor, 3544, &link);
	*at = cursor.at;
	return content;
}

START_TEST(teredo_forms)
{
	uint32_t at;
	ck_assert_int_eq(teredo(false, false, 0x20010000, 0, &at), LINK_IPV6);
	ck_assert_uint_eq(at, 0);
	ck_assert_int_eq(teredo(false, true, 0x20010000, 0, &at), LINK_IPV6);
	ck_assert_uint_eq(at, 8);
	ck_assert_int_eq(teredo(true, false, 0xfe800000, 0, &at), LINK_IPV6);
	ck_assert_uint_eq(at, 18);
	ck_assert_int_eq(teredo(true, true, 0x20010000, 0, &at), LINK_IPV6);
	ck_assert_uint_eq(at, 26);
	ck_assert_int_eq(teredo(false, false, 0x20010db8, 0, &at), LINK_UNKNOWN);
	ck_assert_int_eq(teredo(false, false, 0x20010000, 1, &at), LINK_UNKNOWN);
	/* A bubble: 40 octets and no payload. */
	struct build build;
	struct link link;
	build_begin(&build);
	build_ipv6(&build, 59, 1, 2);
	build_set(&build, 24, 4, 0x20010000);
	for (uint32_t captured = 0; captured <= 40; captured++) {
		struct cursor cursor = build_cursor(&build, captured);
		ck_assert_int_eq(read_from(&cursor, 3544, &link), captured < 40 ? LINK_FAILED : LINK_IPV6);
		ck_assert_int_eq(cursor.error, captured < 40 ? CURSOR_TRUNCATED : CURSOR_OK);
	}
}
END_TEST

START_TEST(ports)
{
	static const uint16_t known[] = { 4789, 8472, 4790, 6081, 2152, 3544, 4754 };
	for (unsigned port = 0; port < 65536; port++) {
		bool destination = false;
		for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			destination |= port == known[i];
		ck_assert_int_eq(tunnel_has_port(1, (uint16_t)port), destination);
		ck_assert_int_eq(tunnel_has_port((uint16_t)port, 1), port == 2152 || port == 3544);
	}
	struct build build;
	struct link link = { .decapsulate = TUNNEL_ALL };
	build_begin(&build);
	build_ipv4(&build, 17, 1, 2);
	make_gtpu(&build);
	struct cursor cursor = build_cursor(&build, build_length(&build));
	ck_assert_int_eq(tunnel_read_udp(&cursor, 2152, 40000, &link), LINK_IPV4);
	cursor = build_cursor(&build, build_length(&build));
	ck_assert_int_eq(tunnel_read_udp(&cursor, 40000, 40001, &link), LINK_UNKNOWN);
}
END_TEST

SUITE_MAIN("tunnel", every_kind_and_every_cut, false_friends, contents_other_than_ip, lies, teredo_forms, ports)
