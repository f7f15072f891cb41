/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.c and evidence_case.c: which frames an alert gets. Frames are built, put as a worker puts them, and what is handed over is read
 * again and held to the alert's subject by rules of the test's own.
 */
#include "../../daemon/audit/evidence.h"

#include "../../config/policy.h"
#include "../dissectors/build.h"
#include "../dissectors/frames.h"
#include "../suite.h"

#include <pthread.h>
#include <sched.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define BEGIN (1000 * SECOND)

enum { GIVEN_MAX = 4096, ETHERNET = 1, SECRET = 0x5e, OCTETS = 1 << 20, ROUTER = 77 };

/* What was handed over. */
struct given {
	uint64_t alert;
	struct evidence_frame frame; /* with bytes of its own */
	struct packet packet;
};

struct bench {
	struct evidence *evidence;
	struct policy policy;
	struct given given[GIVEN_MAX];
	unsigned count;
	int64_t now_ns;
	uint32_t realm;
	uint16_t interface;
};

static const struct packet_options all = { .decapsulate = TUNNEL_ALL };

static void take(void *context, uint64_t alert, const struct evidence_frame *frames, size_t count)
{
	struct bench *bench = context;

	for (size_t i = 0; i < count && bench->count < GIVEN_MAX; i++) {
		struct given *given = &bench->given[bench->count++];
		uint8_t *bytes = malloc(frames[i].frame.captured + 1);
		ck_assert_ptr_nonnull(bytes);
		memcpy(bytes, frames[i].frame.bytes, frames[i].frame.captured);
		given->alert = alert;
		given->frame = frames[i];
		given->frame.frame.bytes = bytes;
		packet_read(&given->frame.frame, &all, &given->packet);
		/* In order within one call. */
		ck_assert(i == 0 || frames[i].frame.time_ns >= frames[i - 1].frame.time_ns);
		ck_assert_uint_le(frames[i].frame.captured, frames[i].frame.length);
	}
}

static void drop_given(struct bench *bench)
{
	for (unsigned i = 0; i < bench->count; i++)
		free((void *)(uintptr_t)bench->given[i].frame.frame.bytes);
	bench->count = 0;
}

static struct bench *begin(size_t octets)
{
	static struct bench bench;
	struct evidence_settings settings = { .octets = octets, .give = take, .context = &bench };

	memset(&bench, 0, sizeof(bench));
	policy_init(&bench.policy);
	ck_assert(policy_seal(&bench.policy));
	bench.evidence = evidence_new(&settings);
	bench.now_ns = BEGIN;
	ck_assert_ptr_nonnull(bench.evidence);
	ck_assert(evidence_interface(bench.evidence, 0));
	ck_assert(evidence_interface(bench.evidence, 0));
	return &bench;
}

static void end(struct bench *bench)
{
	drop_given(bench);
	evidence_free(bench->evidence);
	policy_clear(&bench->policy);
}

/* ---- traffic ---- */

/* Puts what was built, a millisecond after the one before. */
static void put(struct bench *bench, struct build *build, bool offends)
{
	struct frame frame = {
		.bytes = build_bytes(build),
		.captured = build_length(build),
		.length = build_length(build),
		.time_ns = bench->now_ns,
		.link_type = ETHERNET,
		.interface = bench->interface,
	};
	struct packet packet;

	packet_read(&frame, &all, &packet);
	evidence_put(bench->evidence, &frame, &packet, bench->realm, offends);
	bench->now_ns += MILLISECOND;
}

static void put_secret(struct build *build, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		build_u8(build, SECRET);
}

static void put_ip(struct bench *bench, struct build *build, unsigned protocol, unsigned from, unsigned to,
		   bool offends)
{
	build_ipv4(build, protocol, from, to);
	build_ethernet(build, 0x0800);
	put(bench, build, offends);
}

static void esp(struct bench *bench, unsigned from, unsigned to, uint32_t spi)
{
	struct build build;
	build_begin(&build);
	put_secret(&build, 64);
	build_esp(&build, spi, 1);
	put_ip(bench, &build, 50, from, to, false);
}

static void tcp(struct bench *bench, unsigned from, unsigned to, unsigned flags, bool offends)
{
	struct build build;
	build_begin(&build);
	put_secret(&build, 64);
	build_tcp(&build, 1000, 80, flags);
	put_ip(bench, &build, 6, from, to, offends);
}

static void ike(struct bench *bench, unsigned from, unsigned to, uint64_t spi)
{
	struct build build;
	build_begin(&build);
	put_secret(&build, 64);
	build_ike(&build, spi, 0x20, 34);
	build_udp(&build, 500, 500);
	put_ip(bench, &build, 17, from, to, false);
}

static void echo(struct bench *bench, unsigned from, unsigned to)
{
	struct build build;
	build_begin(&build);
	put_secret(&build, 56);
	build_u32(&build, 1);
	build_u32(&build, 0x08000000);
	put_ip(bench, &build, 1, from, to, false);
}

/* The router tells `from` that its ESP to `to` did not get there. */
static void unreachable(struct bench *bench, unsigned from, unsigned to)
{
	struct build build;
	build_begin(&build);
	put_secret(&build, 64);
	build_esp(&build, 5, 1);
	build_ipv4(&build, 50, from, to);
	build_u32(&build, 0);
	build_u32(&build, 0x03010000);
	put_ip(bench, &build, 1, ROUTER, from, false);
}

/* ---- alerts ---- */

static struct finding about_pair(const struct bench *bench, enum finding_id id, unsigned a, unsigned b)
{
	struct finding finding = {
		.time_ns = bench->now_ns,
		.first_ns = bench->now_ns,
		.alert = 0xa1,
		.id = id,
		.subject = SUBJECT_PAIR,
		.has_pair = true,
		.a = build_address4(a),
		.b = build_address4(b),
		.realm = bench->realm,
	};
	return finding;
}

static struct finding about_host(const struct bench *bench, enum finding_id id, unsigned host)
{
	struct finding finding = about_pair(bench, id, host, 0);

	finding.subject = SUBJECT_HOST;
	finding.has_pair = false;
	finding.b = (struct address){ { 0 } };
	return finding;
}

static void open_alert(struct bench *bench, const struct finding *finding)
{
	struct evidence_case opened;

	ck_assert(evidence_case_make(&opened, finding, &bench->policy));
	ck_assert(evidence_open(bench->evidence, &opened));
	ck_assert(!evidence_step(bench->evidence, bench->now_ns, 100));
}

/* ---- what may be in it ---- */

static bool is_between(const struct given *given, unsigned a, unsigned b)
{
	struct address one = build_address4(a), other = build_address4(b);
	const struct packet *packet = &given->packet;

	return packet->has_ip && ((address_equal(&packet->src, &one) && address_equal(&packet->dst, &other)) ||
				  (address_equal(&packet->src, &other) && address_equal(&packet->dst, &one)));
}

static unsigned count_between(const struct bench *bench, unsigned a, unsigned b, enum packet_class class)
{
	unsigned count = 0;

	for (unsigned i = 0; i < bench->count; i++)
		count += is_between(&bench->given[i], a, b) && bench->given[i].packet.class == class;
	return count;
}

static unsigned count_marks(const struct bench *bench, enum evidence_mark mark)
{
	unsigned count = 0;

	for (unsigned i = 0; i < bench->count; i++)
		count += bench->given[i].frame.mark == mark;
	return count;
}

/* Not one octet of what was said. */
static void check_no_secret(const struct bench *bench)
{
	for (unsigned i = 0; i < bench->count; i++)
		for (uint32_t at = 0; at < bench->given[i].frame.frame.captured; at++)
			ck_assert_uint_ne(bench->given[i].frame.frame.bytes[at], SECRET);
}

START_TEST(a_leak)
{
	struct bench *bench = begin(OCTETS);

	/* Others, the pair, and the pair in clear, mixed. */
	for (unsigned i = 0; i < 20; i++) {
		esp(bench, 3, 4, 9);
		esp(bench, 1, 2, 5);
		tcp(bench, 1, 3, 0x18, true);
		echo(bench, 2, 4);
		ike(bench, 3, 1, 7);
	}
	ike(bench, 1, 2, 7);
	unreachable(bench, 1, 2);
	unreachable(bench, 3, 4);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	tcp(bench, 1, 2, 0x02, true);
	tcp(bench, 2, 1, 0x12, true);
	tcp(bench, 1, 2, 0x10, false);
	open_alert(bench, &finding);
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_CLEARTEXT), 3);
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_ESP), 12);
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_IKE), 1);
	ck_assert_uint_eq(count_between(bench, ROUTER, 1, PACKET_ICMP), 1);
	ck_assert_uint_eq(bench->count, 17);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_CLEAR), 2);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_NONE), 15);
	check_no_secret(bench);
	end(bench);
}
END_TEST

/* What comes afterwards: of the pair alone, a bounded number, for a bounded time. */
START_TEST(what_comes_later)
{
	struct bench *bench = begin(OCTETS);

	tcp(bench, 1, 2, 0x02, true);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 1);
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 10; i++) {
			esp(bench, 3, 4, 9);
			tcp(bench, 1, 2, 0x10, true);
			ike(bench, 2, 1, 7);
			ike(bench, 2, 3, 7);
		}
		evidence_step(bench->evidence, bench->now_ns, 1);
	}
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_CLEARTEXT), 1 + EVIDENCE_AFTER_MAX / 2);
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_IKE), EVIDENCE_AFTER_MAX / 2);
	ck_assert_uint_eq(bench->count, 1 + EVIDENCE_AFTER_MAX);
	drop_given(bench);

	open_alert(bench, &finding);
	drop_given(bench);
	bench->now_ns += EVIDENCE_FOLLOW_NS + SECOND;
	evidence_step(bench->evidence, bench->now_ns, 1);
	tcp(bench, 1, 2, 0x10, true);
	evidence_step(bench->evidence, bench->now_ns, 1);
	ck_assert_uint_eq(bench->count, 0);
	check_no_secret(bench);
	end(bench);
}
END_TEST

/* Of very much: how it was before, how it began, and how it is. */
START_TEST(first_and_last)
{
	struct bench *bench = begin(8 << 20);

	for (unsigned i = 0; i < 100; i++)
		esp(bench, 1, 2, 5);
	int64_t began = bench->now_ns;
	for (unsigned i = 0; i < 5000; i++)
		tcp(bench, 1, 2, 0x10, true);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	finding.first_ns = began;
	open_alert(bench, &finding);
	ck_assert_uint_le(bench->count, EVIDENCE_BEFORE_MAX);
	ck_assert_uint_ge(count_between(bench, 1, 2, PACKET_ESP), 8);
	unsigned early = 0, late = 0;
	for (unsigned i = 0; i < bench->count; i++) {
		int64_t time = bench->given[i].frame.frame.time_ns;
		early += time >= began && time < began + 20 * MILLISECOND;
		late += time >= bench->now_ns - 40 * MILLISECOND;
	}
	ck_assert_uint_ge(early, 16);
	ck_assert_uint_ge(late, 30);
	ck_assert_int_eq(bench->given[bench->count - 1].frame.frame.time_ns, bench->now_ns - MILLISECOND);
	/* The first packet that offended is there. */
	bool first = false;
	for (unsigned i = 0; i < bench->count; i++)
		first |=
		    bench->given[i].frame.frame.time_ns == began && bench->given[i].frame.mark == EVIDENCE_MARK_CLEAR;
	ck_assert(first);
	end(bench);
}
END_TEST

/* ESP at line rate does not push out what was negotiated minutes ago. */
START_TEST(talk_lasts)
{
	struct bench *bench = begin(OCTETS);

	ike(bench, 1, 2, 7);
	for (unsigned i = 0; i < 40000; i++)
		esp(bench, 3, 4, 9);
	struct finding finding = about_pair(bench, FINDING_IKE_UNANSWERED, 1, 2);
	finding.first_ns = BEGIN;
	finding.has_ike_spi = true;
	finding.ike_spi = 7;
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 1);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_IKE), 1);
	end(bench);
}
END_TEST

START_TEST(gateways)
{
	static uint8_t addresses[2][16];
	struct bench *bench = begin(OCTETS);
	struct policy policy;
	struct address gateway[2] = { build_address4(11), build_address4(12) };
	struct evidence_case opened;

	for (unsigned i = 0; i < 2; i++)
		memcpy(addresses[i], gateway[i].bytes, 16);
	policy_init(&policy);
	struct policy_rule rule = { .between_count = { 1, 1 }, .level = POLICY_REQUIRE, .gateway_count = 2 };
	rule.name = strdup("r");
	rule.gateways = malloc(sizeof(addresses));
	memcpy(rule.gateways, addresses, sizeof(addresses));
	for (unsigned side = 0; side < 2; side++) {
		struct address host = build_address4(side + 1);
		rule.between[side] = calloc(1, sizeof(struct policy_prefix));
		memcpy(rule.between[side]->address, host.bytes, 16);
		rule.between[side]->length = 128;
	}
	policy.rules = malloc(sizeof(rule));
	policy.rules[0] = rule;
	policy.rule_count = 1;
	ck_assert(policy_seal(&policy));

	esp(bench, 11, 12, 5);
	ike(bench, 12, 11, 7);
	unreachable(bench, 11, 12);
	tcp(bench, 11, 12, 0x10, false); /* their own business */
	echo(bench, 12, 11);
	esp(bench, 11, 13, 6);
	ike(bench, 13, 12, 6);
	tcp(bench, 1, 2, 0x10, true);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	ck_assert(evidence_case_make(&opened, &finding, &policy));
	ck_assert_uint_eq(opened.other_count, 2);
	ck_assert(evidence_open(bench->evidence, &opened));
	evidence_step(bench->evidence, bench->now_ns, 1);
	ck_assert_uint_eq(count_between(bench, 11, 12, PACKET_ESP), 1);
	ck_assert_uint_eq(count_between(bench, 11, 12, PACKET_IKE), 1);
	ck_assert_uint_eq(count_between(bench, ROUTER, 11, PACKET_ICMP), 1);
	ck_assert_uint_eq(count_between(bench, 1, 2, PACKET_CLEARTEXT), 1);
	ck_assert_uint_eq(bench->count, 4);
	policy_clear(&policy);
	end(bench);
}
END_TEST

/* Equal addresses of another network are other hosts. */
START_TEST(realms)
{
	struct bench *bench = begin(OCTETS);

	bench->realm = 20;
	tcp(bench, 1, 2, 0x02, true);
	bench->realm = 10;
	tcp(bench, 1, 2, 0x02, true);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 1);
	ck_assert_int_eq(bench->given[0].frame.frame.time_ns, BEGIN + MILLISECOND);
	bench->realm = 20;
	tcp(bench, 1, 2, 0x02, true);
	evidence_step(bench->evidence, bench->now_ns, 1);
	ck_assert_uint_eq(bench->count, 1);
	end(bench);
}
END_TEST

START_TEST(a_host)
{
	struct bench *bench = begin(OCTETS);

	for (unsigned i = 2; i < 10; i++) {
		ike(bench, 1, i, i);
		ike(bench, i, i + 1, i);
		esp(bench, i, 1, i);
		esp(bench, i, i + 1, i);
	}
	struct finding finding = about_host(bench, FINDING_IKE_RESTART, 1);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 16);
	for (unsigned i = 0; i < bench->count; i++) {
		struct address host = build_address4(1);
		const struct packet *packet = &bench->given[i].packet;
		ck_assert(address_equal(&packet->src, &host) || address_equal(&packet->dst, &host));
	}
	end(bench);
}
END_TEST

/* Errors about what was sent belong, whoever tells; but not when they go to somebody who has nothing to do with it. */
START_TEST(errors)
{
	struct bench *bench = begin(OCTETS);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);

	unreachable(bench, 1, 2);
	unreachable(bench, 1, 3);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 1);
	unreachable(bench, 2, 1);
	unreachable(bench, 2, 3);
	echo(bench, 1, 3);
	evidence_step(bench->evidence, bench->now_ns, 3);
	ck_assert_uint_eq(bench->count, 2);
	for (unsigned i = 0; i < bench->count; i++)
		ck_assert_int_eq(bench->given[i].packet.class, PACKET_ICMP);
	end(bench);
}
END_TEST

/* The alert of an SA points out packets of this SA, in this direction. */
START_TEST(an_sa)
{
	struct bench *bench = begin(OCTETS);

	esp(bench, 1, 2, 5);
	esp(bench, 1, 2, 6);
	esp(bench, 2, 1, 5);
	struct finding finding = about_pair(bench, FINDING_ESP_REPLAY, 1, 2);
	finding.subject = SUBJECT_SA;
	finding.has_flow = finding.has_spi = true;
	finding.src = build_address4(1);
	finding.dst = build_address4(2);
	finding.spi = 5;
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 3);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_SPI), 1);
	ck_assert_int_eq(bench->given[0].frame.mark, EVIDENCE_MARK_SPI);
	end(bench);
}
END_TEST

START_TEST(other_marks)
{
	struct bench *bench = begin(OCTETS);
	struct build build;

	tcp(bench, 1, 2, 0x02, false);
	tcp(bench, 2, 1, 0x12, false);
	struct finding finding = about_pair(bench, FINDING_LOCKED_OUT, 1, 2);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 2);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_KNOCK), 1);
	drop_given(bench);

	build_begin(&build);
	put_secret(&build, 20);
	build_tcp(&build, 1000, 80, 0x18);
	build_ah(&build, 6, 0xbeef, 5);
	put_ip(bench, &build, 51, 4, 5, false);
	finding = about_pair(bench, FINDING_INTEGRITY_ONLY, 4, 5);
	open_alert(bench, &finding);
	ck_assert_uint_eq(bench->count, 1);
	ck_assert_uint_eq(count_marks(bench, EVIDENCE_MARK_AH), 1);
	check_no_secret(bench);
	end(bench);
}
END_TEST

/* Nothing to show: events, which have no end, and the sensor. */
START_TEST(no_case)
{
	struct bench *bench = begin(OCTETS);
	struct evidence_case opened;
	struct finding finding = about_pair(bench, FINDING_SA_UP, 1, 2);

	ck_assert(!evidence_case_make(&opened, &finding, &bench->policy));
	finding = about_pair(bench, FINDING_CAPTURE_SILENT, 1, 2);
	finding.subject = SUBJECT_SENSOR;
	finding.has_pair = false;
	ck_assert(!evidence_case_make(&opened, &finding, &bench->policy));
	end(bench);
}
END_TEST

START_TEST(a_tunnel_in_words)
{
	struct bench *bench = begin(OCTETS);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	struct evidence_case opened;
	static const char *const bad[] = { "", "and", " and ", "x and y", "192.0.2.9", NULL };

	finding_note_text(&finding, "gateways_inferred", "192.0.2.11 and 2001:db8::1");
	ck_assert(evidence_case_make(&opened, &finding, &bench->policy));
	ck_assert_uint_eq(opened.other_count, 2);
	for (unsigned i = 0; bad[i]; i++) {
		finding.evidence[0].text = bad[i];
		ck_assert(evidence_case_make(&opened, &finding, &bench->policy));
		ck_assert_uint_eq(opened.other_count, 0);
	}
	end(bench);
}
END_TEST

/* Too many alerts at once are counted, not waited for; every interface has its own frames. */
START_TEST(bounds)
{
	struct bench *bench = begin(OCTETS);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	struct evidence_case opened;
	unsigned taken = 0;

	for (uint16_t i = 0; i < 256; i++) {
		ck_assert(evidence_interface(bench->evidence, i));
		bench->interface = i;
		tcp(bench, 1, 2, 0x02, true);
	}
	ck_assert(!evidence_interface(bench->evidence, 256));
	bench->interface = 300; /* counts as the last */
	tcp(bench, 1, 2, 0x02, true);
	ck_assert(evidence_case_make(&opened, &finding, &bench->policy));
	while (evidence_open(bench->evidence, &opened))
		taken++;
	ck_assert_uint_ge(taken, 64);
	ck_assert_uint_eq(evidence_lost(bench->evidence), 1);
	ck_assert(evidence_step(bench->evidence, bench->now_ns, 1));
	ck_assert_uint_eq(bench->count, EVIDENCE_BEFORE_MAX);
	drop_given(bench);
	ck_assert(!evidence_step(bench->evidence, bench->now_ns, taken));
	ck_assert(evidence_open(bench->evidence, &opened));
	end(bench);
}
END_TEST

/* An interface that nobody remembers costs nothing and breaks nothing; nor do frames without IP, or without an octet. */
START_TEST(hostile_frames)
{
	struct bench *bench = begin(OCTETS);
	static uint8_t jumbo[70000];
	struct build build;

	build_begin(&build);
	make_arp(&build);
	put(bench, &build, false);
	for (uint32_t captured = 0; captured <= 90; captured++) {
		struct frame frame = { jumbo, captured, captured, bench->now_ns, ETHERNET, 0 };
		struct packet packet;
		build_begin(&build);
		make_ah_tunnel_esp(&build);
		memcpy(jumbo, build_bytes(&build), captured < build_length(&build) ? captured : build_length(&build));
		packet_read(&frame, &all, &packet);
		evidence_put(bench->evidence, &frame, &packet, 0, true);
	}
	/* An IP packet of 64 KiB, offloaded on its way, with a lying length. */
	build_begin(&build);
	build_tcp(&build, 1000, 80, 0x18);
	build_ipv4(&build, 6, 1, 2);
	build_ethernet(&build, 0x0800);
	build_set(&build, 14 + 2, 2, 65535);
	memset(jumbo, SECRET, sizeof(jumbo));
	memcpy(jumbo, build_bytes(&build), build_length(&build));
	struct frame frame = { jumbo, sizeof(jumbo), sizeof(jumbo), bench->now_ns, ETHERNET, 0 };
	struct packet packet;
	packet_read(&frame, &all, &packet);
	evidence_put(bench->evidence, &frame, &packet, 0, true);
	frame.interface = 9;
	evidence_put(bench->evidence, &frame, &packet, 0, true);
	evidence_put(NULL, &frame, &packet, 0, true);
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	open_alert(bench, &finding);
	ck_assert_uint_gt(bench->count, 0);
	ck_assert_uint_eq(bench->given[bench->count - 1].frame.frame.length, sizeof(jumbo));
	ck_assert_uint_eq(bench->given[bench->count - 1].frame.frame.captured, 14 + 20 + 20);
	check_no_secret(bench);
	end(bench);
}
END_TEST

/* Whatever the traffic and whatever the alert: what is handed over belongs to its subject, once, and says nothing. */
START_TEST(property)
{
	enum { ROUNDS = 300, PACKETS = 400, HOSTS = 6 };
	uint64_t state = 99;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct bench *bench = begin(round % 3 ? OCTETS : 1);
		unsigned a = 1 + (unsigned)(round % HOSTS), b = 1 + (unsigned)((round / HOSTS + a) % HOSTS);
		bool host = round % 5 == 0;
		struct finding finding;
		if (a == b)
			b = a % HOSTS + 1;
		for (unsigned i = 0; i < PACKETS; i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			uint32_t chance = (uint32_t)(state >> 32);
			unsigned from = 1 + chance % HOSTS, to = 1 + chance / HOSTS % HOSTS;
			bench->realm = chance / 64 % 8 == 0;
			switch (chance / 1024 % 6) {
			case 0:
				esp(bench, from, to, chance % 5);
				break;
			case 1:
				ike(bench, from, to, chance % 3 + 1);
				break;
			case 2:
				echo(bench, from, to);
				break;
			case 3:
				unreachable(bench, from, to);
				break;
			default:
				tcp(bench, from, to, chance % 64, chance % 2);
				break;
			}
			bench->realm = 0;
			if (i == PACKETS / 2) {
				finding = host ? about_host(bench, FINDING_IKE_FLOOD, a)
					       : about_pair(bench, (enum finding_id)(round % FINDING_PEER_NEW), a, b);
				if (catalogue_is_event(finding.id))
					break;
				open_alert(bench, &finding);
			} else if (i % 16 == 0) {
				evidence_step(bench->evidence, bench->now_ns, 3);
			}
		}
		evidence_step(bench->evidence, bench->now_ns, 3);
		for (unsigned i = 0; i < bench->count; i++) {
			const struct given *given = &bench->given[i];
			struct address one = build_address4(a);
			const struct packet *packet = &given->packet;
			bool of_host = address_equal(&packet->src, &one) || address_equal(&packet->dst, &one);
			bool quoted = packet->class == PACKET_ICMP && (packet->flags & PACKET_QUOTES) != 0;
			struct given inner = *given;
			if (quoted) {
				inner.packet.src = packet->quoted.src;
				inner.packet.dst = packet->quoted.dst;
			}
			ck_assert_uint_eq(given->alert, 0xa1);
			struct address_text src, dst;
			ck_assert_msg(host ? of_host : is_between(given, a, b) || (quoted && is_between(&inner, a, b)),
				      "round %u: %s to %s does not belong to %u and %u", round,
				      address_text(&packet->src, &src), address_text(&packet->dst, &dst), a, b);
			/* Each once: times are unique here. */
			ck_assert(i == 0 || given->frame.frame.time_ns > bench->given[i - 1].frame.frame.time_ns);
		}
		check_no_secret(bench);
		end(bench);
	}
}
END_TEST

/* ---- two threads ---- */

enum { OPENINGS = 2000 };

static void *open_many(void *context)
{
	struct bench *bench = context;
	struct finding finding = about_pair(bench, FINDING_CLEARTEXT_LEAK, 1, 2);
	struct evidence_case opened;

	if (!evidence_case_make(&opened, &finding, &bench->policy))
		return NULL;
	for (unsigned i = 0; i < OPENINGS; i++) {
		opened.alert = i + 1;
		while (!evidence_open(bench->evidence, &opened))
			sched_yield();
	}
	return NULL;
}

START_TEST(two_threads)
{
	struct bench *bench = begin(OCTETS);
	pthread_t thread;

	tcp(bench, 1, 2, 0x02, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, open_many, bench), 0);
	uint64_t expected = 1;
	while (expected <= OPENINGS) {
		evidence_step(bench->evidence, bench->now_ns, 3);
		for (unsigned i = 0; i < bench->count; i++)
			ck_assert_uint_eq(bench->given[i].alert, expected++);
		drop_given(bench);
	}
	pthread_join(thread, NULL);
	end(bench);
}
END_TEST

SUITE_MAIN("evidence", a_leak, what_comes_later, first_and_last, talk_lasts, gateways, realms, a_host, errors, an_sa,
	   other_marks, no_case, a_tunnel_in_words, bounds, hostile_frames, property, two_threads)
