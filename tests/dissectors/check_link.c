/* SPDX-License-Identifier: Apache-2.0 */
/* Link layers: what follows, what they said, and how they fail. */
#include "dissectors/link.h"

#include "build.h"
#include "../suite.h"

/* Reads all of `build`, with `captured` octets there. */
static enum link_content read_cut(struct build *build, uint16_t link_type, uint32_t captured, struct cursor *cursor,
				  struct link *link)
{
	*cursor = build_cursor(build, captured);
	*link = (struct link){ .decapsulate = TUNNEL_ALL };
	return link_read(cursor, link_type, link);
}

static enum link_content read_all(struct build *build, uint16_t link_type, struct cursor *cursor, struct link *link)
{
	return read_cut(build, link_type, build_length(build), cursor, link);
}

/* Each makes the link header of one kind before an IPv4 packet, and says its link type. */
static uint16_t make_ethernet(struct build *build)
{
	build_ethernet(build, 0x0800);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_vlan(struct build *build)
{
	build_vlan(build, 0xe011, 0x0800);
	build_ethernet(build, 0x8100);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_vlan_stack(struct build *build)
{
	build_vlan(build, 5, 0x0800);
	build_vlan(build, 6, 0x8100);
	build_vlan(build, 17, 0x9100);
	build_vlan(build, 0, 0x88a8); /* a priority tag counts as none */
	build_ethernet(build, 0x8100);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_llc_ip(struct build *build)
{
	build_u8(build, 3);
	build_u16(build, 0x0606);
	build_ethernet(build, build_length(build));
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_snap(struct build *build)
{
	build_u16(build, 0x0800);
	build_u16(build, 0);
	build_u32(build, 0xaaaa0300);
	build_ethernet(build, build_length(build));
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_mpls(struct build *build)
{
	build_label(build, 18, true);
	build_label(build, 17, false);
	build_label(build, 16, false);
	build_ethernet(build, 0x8847);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_pseudowire(struct build *build)
{
	build_ethernet(build, 0x0800);
	build_u32(build, 0); /* control word */
	build_label(build, 16, true);
	build_ethernet(build, 0x8848);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_pseudowire_bare(struct build *build)
{
	build_ethernet(build, 0x0800); /* its first octet is 0x52 */
	build_label(build, 16, true);
	build_ethernet(build, 0x8847);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_pppoe(struct build *build)
{
	build_pppoe(build, 0x0021);
	build_ethernet(build, 0x8864);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_ppp_ether(struct build *build)
{
	build_pppoe(build, 0x0021);
	return LINK_TYPE_PPP_ETHER;
}
static uint16_t make_ppp(struct build *build)
{
	build_u32(build, 0xff030021);
	return LINK_TYPE_PPP;
}
static uint16_t make_ppp_short(struct build *build)
{
	build_u8(build, 0x21);
	return LINK_TYPE_PPP_HDLC;
}
static uint16_t make_ppp_mpls(struct build *build)
{
	build_label(build, 16, true);
	build_u16(build, 0x0281);
	return LINK_TYPE_PPP;
}
static uint16_t make_hdlc(struct build *build)
{
	build_u32(build, 0x0f000800);
	return LINK_TYPE_C_HDLC;
}
static uint16_t make_hdlc_guessed(struct build *build)
{
	build_u32(build, 0x0f000800);
	return LINK_TYPE_PPP_HDLC;
}
static uint16_t make_sll(struct build *build)
{
	build_u16(build, 0x0800);
	build_data(build, 12);
	build_u16(build, 0);
	return LINK_TYPE_LINUX_SLL;
}
static uint16_t make_sll2(struct build *build)
{
	build_data(build, 9);
	build_u8(build, 0);
	build_data(build, 8);
	build_u16(build, 0x0800);
	return LINK_TYPE_LINUX_SLL2;
}
static uint16_t make_raw(struct build *build)
{
	(void)build;
	return LINK_TYPE_RAW;
}
static uint16_t make_null(struct build *build)
{
	build_u32(build, 0x02000000);
	return LINK_TYPE_NULL;
}
static uint16_t make_null_big(struct build *build)
{
	build_u32(build, 2);
	return LINK_TYPE_NULL;
}
static uint16_t make_loop(struct build *build)
{
	build_u32(build, 2);
	return LINK_TYPE_LOOP;
}
static uint16_t make_nflog(struct build *build)
{
	uint32_t length = build_length(build) + 4;
	build_u16(build, 0x0900); /* the packet, little-endian */
	build_u16(build, (length & 0xff) << 8 | length >> 8);
	build_u32(build, 0x6162e1e1); /* a prefix of two octets, padded */
	build_u32(build, 0x06000a00);
	build_u32(build, 0x02000000);
	return LINK_TYPE_NFLOG;
}
static uint16_t make_nflog_big(struct build *build)
{
	uint32_t length = build_length(build) + 4;
	build_u16(build, 9);
	build_u16(build, length);
	build_u32(build, 0x02000000);
	return LINK_TYPE_NFLOG;
}
static uint16_t make_vntag(struct build *build)
{
	build_u16(build, 0x0800);
	build_u32(build, 0x80010002);
	build_ethernet(build, 0x8926);
	return LINK_TYPE_ETHERNET;
}
static uint16_t make_macsec(struct build *build)
{
	build_u16(build, 0x0800);
	build_data(build, 8);
	build_u32(build, 1);
	build_u16(build, 0x2000);
	build_ethernet(build, 0x88e5);
	return LINK_TYPE_ETHERNET;
}

static const struct {
	const char *name;
	uint16_t (*make)(struct build *build);
	uint16_t tunnels, vlan;
	int32_t behind; /* octets of IP that are needed; negative: octets of header that are not */
} kinds[] = {
	{ "ethernet", make_ethernet, 0, 0, 0 },
	{ "vlan", make_vlan, TUNNEL_VLAN, 0x011, 0 },
	{ "vlan stack", make_vlan_stack, TUNNEL_VLAN, 17, 0 },
	{ "llc ip", make_llc_ip, 0, 0, 0 },
	{ "snap", make_snap, 0, 0, 0 },
	{ "mpls", make_mpls, TUNNEL_MPLS, 0, 1 },
	{ "pseudowire", make_pseudowire, TUNNEL_MPLS, 0, 0 },
	{ "pseudowire without control word", make_pseudowire_bare, TUNNEL_MPLS, 0, 0 },
	{ "pppoe", make_pppoe, TUNNEL_PPPOE, 0, 0 },
	{ "ppp ether", make_ppp_ether, TUNNEL_PPPOE, 0, 0 },
	{ "ppp", make_ppp, 0, 0, 0 },
	{ "ppp compressed", make_ppp_short, 0, 0, 0 },
	{ "ppp mpls", make_ppp_mpls, TUNNEL_MPLS, 0, 1 },
	{ "hdlc", make_hdlc, 0, 0, 0 },
	{ "hdlc guessed", make_hdlc_guessed, 0, 0, 0 },
	{ "sll", make_sll, 0, 0, 0 },
	{ "sll2", make_sll2, 0, 0, -9 },
	{ "raw", make_raw, 0, 0, 1 },
	{ "null little-endian", make_null, 0, 0, 0 },
	{ "null big-endian", make_null_big, 0, 0, 0 },
	{ "loop", make_loop, 0, 0, 0 },
	{ "nflog", make_nflog, 0, 0, 0 },
	{ "nflog big-endian", make_nflog_big, 0, 0, 0 },
	{ "vntag", make_vntag, TUNNEL_VLAN, 0, 0 },
	{ "macsec", make_macsec, TUNNEL_VLAN, 0, 0 },
};

START_TEST(every_kind_and_every_cut)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct build build;
		struct cursor cursor;
		struct link link;
		build_begin(&build);
		build_data(&build, 8);
		build_ipv4(&build, 17, 1, 2);
		uint32_t inner = build_length(&build);
		uint16_t link_type = kinds[i].make(&build);
		uint32_t header = build_length(&build) - inner;

		ck_assert_msg(read_all(&build, link_type, &cursor, &link) == LINK_IPV4, "%s", kinds[i].name);
		ck_assert_msg(cursor.at == header, "%s", kinds[i].name);
		ck_assert_msg(cursor_left(&cursor) == inner, "%s", kinds[i].name);
		ck_assert_msg(link.tunnels == kinds[i].tunnels, "%s", kinds[i].name);
		ck_assert_msg(link.vlan == kinds[i].vlan, "%s", kinds[i].name);
		for (uint32_t captured = 0; captured < build_length(&build); captured++) {
			enum link_content content = read_cut(&build, link_type, captured, &cursor, &link);
			if ((int32_t)captured >= (int32_t)header + kinds[i].behind)
				ck_assert_msg(content == LINK_IPV4, "%s cut at %u", kinds[i].name, captured);
			else if (strcmp(kinds[i].name, "pseudowire without control word") == 0 && captured > 18)
				continue; /* whether it is one cannot be told from less */
			else
				ck_assert_msg(content == LINK_FAILED && cursor.error == CURSOR_TRUNCATED,
					      "%s cut at %u: %d", kinds[i].name, captured, content);
		}
	}
}
END_TEST

START_TEST(what_is_not_allowed_is_not_ip)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct build build;
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		uint16_t link_type = kinds[i].make(&build);
		struct cursor cursor = build_cursor(&build, build_length(&build));
		struct link link = { .decapsulate = (uint16_t)~kinds[i].tunnels };
		ck_assert_msg(link_read(&cursor, link_type, &link) == (kinds[i].tunnels ? LINK_NON_IP : LINK_IPV4),
			      "%s", kinds[i].name);
		ck_assert_uint_eq(link.tunnels, 0);
	}
}
END_TEST

START_TEST(groups)
{
	static const struct {
		uint8_t first;
		bool group;
	} rows[] = { { 0x52, false }, { 0x01, true }, { 0x33, true }, { 0xff, true }, { 0xfe, false } };
	struct build build;
	struct cursor cursor;
	struct link link;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		build_ethernet(&build, 0x0800);
		build_set(&build, 0, 1, rows[i].first);
		read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link);
		ck_assert_int_eq(link.group, rows[i].group);
	}
	for (unsigned packet_type = 0; packet_type < 5; packet_type++) {
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		make_sll(&build);
		build_set(&build, 0, 2, packet_type);
		ck_assert_int_eq(read_all(&build, LINK_TYPE_LINUX_SLL, &cursor, &link), LINK_IPV4);
		ck_assert_int_eq(link.group, packet_type == 1 || packet_type == 2);
	}
}
END_TEST

START_TEST(families_of_loopback)
{
	static const struct {
		uint32_t family;
		enum link_content content;
	} rows[] = { { 2, LINK_IPV4 },  { 10, LINK_IPV6 }, { 24, LINK_IPV6 },
		     { 28, LINK_IPV6 }, { 30, LINK_IPV6 }, { 7, LINK_NON_IP } };
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned swap = 0; swap < 2; swap++) {
			struct build build;
			struct cursor cursor;
			struct link link;
			build_begin(&build);
			build_u32(&build, swap ? __builtin_bswap32(rows[i].family) : rows[i].family);
			ck_assert_int_eq(read_all(&build, LINK_TYPE_NULL, &cursor, &link), rows[i].content);
		}
}
END_TEST

START_TEST(what_is_no_ip)
{
	static const struct {
		uint32_t type;
		enum link_content content;
	} rows[] = { { 0x0806, LINK_NON_IP },  { 0x88cc, LINK_NON_IP }, { 0x86dd, LINK_IPV6 },
		     { 0x7777, LINK_UNKNOWN }, { 1501, LINK_UNKNOWN },  { 0x05ff, LINK_UNKNOWN } };
	struct build build;
	struct cursor cursor;
	struct link link;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&build);
		build_data(&build, 46);
		build_ethernet(&build, rows[i].type);
		ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), rows[i].content);
	}
	/* Spanning tree, a SNAP protocol of one vendor, IPX behind the length. */
	static const uint32_t llc[] = { 0x424203, 0xaaaa0300, 0xffff03 };
	for (unsigned i = 0; i < 3; i++) {
		build_begin(&build);
		build_data(&build, 40);
		if (i == 1)
			build_u32(&build, 0x000c2000);
		else
			build_u8(&build, llc[i] & 0xff);
		if (i == 1)
			build_u32(&build, llc[i]);
		else
			build_u16(&build, llc[i] >> 8);
		build_ethernet(&build, build_length(&build));
		ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), LINK_NON_IP);
	}
	/* Encrypted or changed MACsec. */
	for (unsigned bit = 0x04; bit <= 0x08; bit += 4) {
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		make_macsec(&build);
		build_set(&build, 14, 1, 0x20 | bit);
		ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), LINK_NON_IP);
	}
	/* A label stack over an associated channel. */
	build_begin(&build);
	build_u32(&build, 0x10000021);
	build_label(&build, 13, true);
	build_ethernet(&build, 0x8847);
	ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), LINK_NON_IP);
	/* PPPoE with a code, PPP with LCP. */
	build_begin(&build);
	build_pppoe(&build, 0xc021);
	ck_assert_int_eq(read_all(&build, LINK_TYPE_PPP_ETHER, &cursor, &link), LINK_NON_IP);
	build_set(&build, 1, 1, 0xa7);
	ck_assert_int_eq(read_all(&build, LINK_TYPE_PPP_ETHER, &cursor, &link), LINK_NON_IP);
	/* A link type nobody decodes. */
	ck_assert_int_eq(read_all(&build, 127, &cursor, &link), LINK_UNDECODED);
}
END_TEST

/* `octets` at `offset` become `value` in a frame that `make` put before an IPv4 packet. */
static void expect_malformed(uint16_t (*make)(struct build *build), uint32_t offset, unsigned octets, uint32_t value)
{
	struct build build;
	struct cursor cursor;
	struct link link;
	build_begin(&build);
	build_ipv4(&build, 17, 1, 2);
	uint16_t link_type = make(&build);
	build_set(&build, offset, octets, value);
	ck_assert_int_eq(read_all(&build, link_type, &cursor, &link), LINK_FAILED);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
}

START_TEST(lies)
{
	expect_malformed(make_snap, 12, 2, 29);      /* 802.3 length: 28 octets follow */
	expect_malformed(make_snap, 12, 2, 7);       /* too short for its own SNAP header */
	expect_malformed(make_pppoe, 18, 2, 23);     /* 22 follow */
	expect_malformed(make_pppoe, 18, 2, 1);      /* too short for a protocol */
	expect_malformed(make_pppoe, 14, 1, 0x21);   /* version */
	expect_malformed(make_raw, 0, 1, 0x55);      /* neither IPv4 nor IPv6 */
	expect_malformed(make_nflog, 4, 2, 0x0300);  /* a field shorter than its header */
	expect_malformed(make_nflog, 12, 2, 0x1900); /* 20 + 4 follow */
	expect_malformed(make_mpls, 24, 1, 0x40);    /* no bottom of the stack: IP is read as labels */
}
END_TEST

START_TEST(bounds)
{
	struct build build;
	struct cursor cursor;
	struct link link;
	for (unsigned count = 0; count <= LINK_HEADERS_MAX + 1u; count++) {
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		for (unsigned i = 0; i < count; i++)
			build_vlan(&build, 5, i == 0 ? 0x0800 : 0x8100);
		build_ethernet(&build, count == 0 ? 0x0800 : 0x8100);
		bool fits = count < LINK_HEADERS_MAX;
		ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), fits ? LINK_IPV4 : LINK_FAILED);
		ck_assert_int_eq(cursor.error, fits ? CURSOR_OK : CURSOR_MALFORMED);
	}
	for (unsigned count = 1; count <= LINK_LABELS_MAX + 1u; count++) {
		build_begin(&build);
		build_ipv4(&build, 17, 1, 2);
		for (unsigned i = 0; i < count; i++)
			build_label(&build, 16, i == 0);
		build_ethernet(&build, 0x8847);
		bool fits = count <= LINK_LABELS_MAX;
		ck_assert_int_eq(read_all(&build, LINK_TYPE_ETHERNET, &cursor, &link), fits ? LINK_IPV4 : LINK_FAILED);
		ck_assert_int_eq(cursor.error, fits ? CURSOR_OK : CURSOR_MALFORMED);
	}
}
END_TEST

SUITE_MAIN("link", every_kind_and_every_cut, what_is_not_allowed_is_not_ip, groups, families_of_loopback, what_is_no_ip,
	   lies, bounds)
