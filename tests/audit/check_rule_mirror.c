/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror-one-way, mirror-doubled, capture-offload: what comes of traffic that is seen half, twice, or in merged frames; told by one
 * worker and by several. And all that looks like it: a tap of two legs, scans, syslog, dead peers, copies on an IPsec host, traffic
 * whose other direction is in ESP.
 */
#include "story_fixture.h"

#include "../../dissectors/ike.h"

#include <stdio.h>
#include <string.h>

#define S STORY_SECOND
#define MS STORY_MILLISECOND

enum { SYN = 0x02, RST = 0x04, ACK = 0x10, CLIENT = 1, SERVER = 2, BOTH = 3 };

static void begin(void)
{
	fixture_begin(NULL);
	options.leaks_only = false;
	options.batch = 1; /* no batch spans a pause */
	options.step_ns = S;
}

/* The n-th record of the id; NULL if there are not so many. */
static const struct finding *told(enum finding_id id, unsigned number)
{
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == id && number-- == 0)
			return &result->finding[i];
	return NULL;
}

static int64_t figure(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0)
			return finding->evidence[i].integer;
	ck_abort_msg("no %s", key);
	return 0;
}

static void nothing_of(enum finding_id id)
{
	for (unsigned trackers = 1; trackers <= 3; trackers++) {
		options.trackers = trackers;
		tell();
		ck_assert_msg(!told(id, 0), "in:\n%.4000s", result->findings);
	}
	end();
}

/* A download of client number `n`, as far as `seen`: bits CLIENT and SERVER. Each side on its own leg of a tap, if it is one; the
 * legs are read one after the other, as a busy sensor does. */
static void download(unsigned n, unsigned seen, bool tap)
{
	char client[32];
	snprintf(client, sizeof(client), "198.51.%u.%u", 100 + n / 250, 1 + n % 250);
	struct story_stream stream = story_stream(client, "192.0.2.80", 6, 80);

	for (unsigned side = 0; side < 2; side++) {
		if (!(seen & (side ? SERVER : CLIENT)))
			continue;
		if (tap)
			story_tap(script, (uint16_t)side, 0, 0);
		story_tcp(script, &stream, side, side ? SYN | ACK : SYN, 0);
		for (unsigned i = 0; i < 8; i++)
			story_tcp(script, &stream, side, ACK, side ? 1400 : i == 1 ? 300 : 0);
	}
	story_tap(script, 0, 0, 0);
}

static void downloads(unsigned first, unsigned count, unsigned seen, bool tap)
{
	for (unsigned i = 0; i < count; i++) {
		download(first + i, seen, tap);
		story_wait(script, 2 * S);
	}
}

/* ---- mirror-one-way ---- */

START_TEST(one_direction)
{
	for (unsigned side = CLIENT; side <= SERVER; side++)
		for (unsigned trackers = 1; trackers <= 3; trackers++) {
			begin();
			downloads(0, 40, side, false);
			options.trackers = trackers;
			tell();
			const struct finding *open = told(FINDING_MIRROR_ONE_WAY, 0);
			ck_assert_ptr_nonnull(open);
			ck_assert_int_eq(open->state, FINDING_OPEN);
			ck_assert_int_eq(open->subject, SUBJECT_SENSOR);
			ck_assert_int_eq(open->severity, SEVERITY_LOW);
			ck_assert_int_eq(open->grade, GRADE_LIKELY);
			ck_assert_int_eq(figure(open, "two_way"), 0);
			/* The fifth conversation is told of at the end of its second, the ninth. */
			ck_assert_int_ge(open->time_ns - STORY_EPOCH, 39 * S);
			ck_assert_int_le(open->time_ns - STORY_EPOCH, 42 * S);
			ck_assert_ptr_null(told(FINDING_MIRROR_ONE_WAY, 1));
			end();
		}
}
END_TEST

START_TEST(four_are_too_few)
{
	begin();
	downloads(0, 4, CLIENT, false);
	options.end_ns = 120 * S;
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

START_TEST(both_directions)
{
	begin();
	downloads(0, 40, BOTH, false);
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

START_TEST(a_tap_of_two_legs)
{
	begin();
	downloads(0, 100, BOTH, true);
	nothing_of(FINDING_MIRROR_ONE_WAY);
	/* Read in gulps: ten clients on the one leg, then their answers on the other. */
	begin();
	for (unsigned i = 0; i < 200; i += 10) {
		for (unsigned seen = CLIENT; seen <= SERVER; seen++)
			for (unsigned k = 0; k < 10; k++)
				download(i + k, seen, true);
		story_wait(script, 3 * S);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* Some of the traffic goes another way: that is not the mirror. */
START_TEST(asymmetric_in_part)
{
	begin();
	for (unsigned i = 0; i < 200; i++) {
		download(i, i % 10 ? CLIENT : BOTH, false);
		story_wait(script, S);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

START_TEST(it_ends_when_the_other_comes)
{
	begin();
	downloads(0, 40, CLIENT, false);
	downloads(100, 40, BOTH, false);
	tell();
	const struct finding *clear = told(FINDING_MIRROR_ONE_WAY, 1);
	ck_assert_ptr_nonnull(clear);
	ck_assert_int_eq(clear->state, FINDING_CLEAR);
	ck_assert_str_eq(clear->cleared_by, "both-directions");
	ck_assert_int_le(clear->time_ns - STORY_EPOCH, 90 * S);
	ck_assert_uint_eq(clear->alert, told(FINDING_MIRROR_ONE_WAY, 0)->alert);
	ck_assert_uint_ge(clear->count, told(FINDING_MIRROR_ONE_WAY, 0)->count);
	ck_assert_int_eq(figure(clear, "one_way"), (int64_t)clear->count);
	ck_assert_ptr_null(told(FINDING_MIRROR_ONE_WAY, 2));
	end();
}
END_TEST

/* Nothing of it is left in the window when it ends: it tells how much it was. */
START_TEST(it_ends_for_want_of_traffic)
{
	begin();
	downloads(0, 40, CLIENT, false);
	options.end_ns = 3600 * S;
	options.step_ns = 10 * S;
	tell();
	const struct finding *clear = told(FINDING_MIRROR_ONE_WAY, 1);
	ck_assert_ptr_nonnull(clear);
	ck_assert_int_eq(clear->state, FINDING_CLEAR);
	ck_assert_str_eq(clear->cleared_by, "quiet");
	ck_assert_uint_ge(clear->count, told(FINDING_MIRROR_ONE_WAY, 0)->count);
	ck_assert_uint_le(clear->count, 40);
	ck_assert_int_eq(figure(clear, "one_way"), (int64_t)clear->count);
	end();
}
END_TEST

/* Nobody acknowledges: scans, floods, syslog, and servers that answer whom they never see. */
START_TEST(what_has_no_other_side)
{
	begin();
	for (unsigned i = 0; i < 500; i++) {
		char host[32];
		snprintf(host, sizeof(host), "203.0.113.%u", 1 + i % 250);
		struct story_stream scan = story_stream("198.51.100.9", host, 6, (uint16_t)(1 + i));
		struct story_stream syslog = story_stream(host, "192.0.2.5", 17, 514);
		for (unsigned k = 0; k < 6; k++) {
			story_tcp(script, &scan, false, SYN, 0);
			story_tcp(script, &scan, false, RST | ACK, 0);
			story_send(script, &syslog, false, 200);
		}
		struct story_stream victim = story_stream(host, "192.0.2.81", 6, 443);
		for (unsigned k = 0; k < 6; k++)
			story_tcp(script, &victim, true, SYN | ACK, 0);
		story_wait(script, 300 * MS);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* An hour of backup through a tunnel of which one direction has traffic. */
START_TEST(esp_one_way)
{
	begin();
	struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
	for (unsigned i = 0; i < 3600; i++) {
		story_esp(script, &sa, 1000);
		story_wait(script, S);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* On an IPsec host, what comes in is seen as ESP and once more in clear, what goes out as ESP alone. */
START_TEST(copies_on_an_ipsec_host)
{
	begin();
	struct story_sa in = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
	struct story_sa out = story_sa("198.51.100.1", "192.0.2.1", 0x2001);
	for (unsigned i = 0; i < 100; i++) {
		char host[32];
		snprintf(host, sizeof(host), "10.1.0.%u", 1 + i);
		struct story_stream stream = story_stream(host, "10.2.0.80", 6, 80);
		for (unsigned k = 0; k < 8; k++) {
			story_esp(script, &in, 120);
			story_tcp(script, &stream, false, k ? ACK : SYN, k ? 40 : 0);
			story_esp(script, &out, 1400);
		}
		story_wait(script, S);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* One peer sends ESP, the other answers in clear: that is a leak, not the mirror. */
START_TEST(the_other_direction_is_in_esp)
{
	begin();
	for (unsigned i = 0; i < 100; i++) {
		char host[32];
		snprintf(host, sizeof(host), "198.51.100.%u", 1 + i);
		struct story_sa sa = story_sa("192.0.2.1", host, 0x1000 + i);
		struct story_stream stream = story_stream(host, "192.0.2.1", 6, 445);
		for (unsigned k = 0; k < 8; k++) {
			story_esp(script, &sa, 120);
			story_tcp(script, &stream, false, ACK, 100);
		}
		story_wait(script, S);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* A message of a peer that is seen alone. */
static void alone(unsigned exchange, uint32_t id, bool response)
{
	struct story_ike ike = { .src = story_host("192.0.2.1"),
				 .dst = story_host("198.51.100.1"),
				 .initiator_spi = 0x1111,
				 .responder_spi = id ? 0x2222 : 0,
				 .major = 2,
				 .exchange = (uint8_t)exchange,
				 .flags = (uint8_t)(response ? IKEV2_FLAG_RESPONSE : IKEV2_FLAG_INITIATOR),
				 .message_id = id };
	story_ike(script, &ike);
}

static void tunnel(struct story_sa *sa, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		story_esp(script, sa, 120);
		story_wait(script, S);
	}
}

/* A sensor of one tunnel: the peer goes on from exchange to exchange, and its ESP flows. */
START_TEST(one_tunnel)
{
	for (unsigned rekeys = 0; rekeys < 2; rekeys++) {
		begin();
		struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
		alone(34, 0, false);
		story_wait(script, 50 * MS);
		alone(35, 1, false);
		tunnel(&sa, 45);
		if (rekeys) {
			alone(36, 2, false);
			tunnel(&sa, 300);
		}
		tell();
		const struct finding *open = told(FINDING_MIRROR_ONE_WAY, 0);
		ck_assert_msg(open != NULL, "in:\n%.4000s", result->findings);
		ck_assert_int_eq(open->state, FINDING_OPEN);
		ck_assert_int_eq(figure(open, "ike_one_way"), 1);
		ck_assert_int_eq(figure(open, "esp_one_way"), 1);
		ck_assert_ptr_null(told(FINDING_MIRROR_ONE_WAY, 1));
		end();
	}
}
END_TEST

/* The answer that the next request had to wait for was in view, and then the peer died: that it is silent now is no one-way mirror. */
START_TEST(a_peer_that_died_after_its_answer)
{
	begin();
	struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
	story_ikev2(script, "192.0.2.1", "198.51.100.1", 0x1111, true);
	alone(35, 1, false); /* brought late */
	tunnel(&sa, 300);
	for (unsigned i = 0; i < 6; i++) {
		alone(37, 2, false);
		tunnel(&sa, 4);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* A peer that is dead does not answer either: its partner asks the same thing again and again. */
START_TEST(a_dead_peer)
{
	begin();
	struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
	for (unsigned i = 0; i < 20; i++) {
		alone(37, 57, false);
		tunnel(&sa, 4);
	}
	for (unsigned i = 0; i < 20; i++) {
		alone(34, 0, false);
		tunnel(&sa, 4);
	}
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

START_TEST(one_way_switched_off)
{
	begin();
	downloads(0, 40, CLIENT, false);
	options.thresholds.one_way = 0;
	nothing_of(FINDING_MIRROR_ONE_WAY);
}
END_TEST

/* What rests on answers that were not seen is less sure: here, that nobody opened IKE. */
START_TEST(absence_is_in_doubt)
{
	for (unsigned seen = CLIENT; seen <= BOTH; seen += 2) {
		fixture_begin("  rules:\n    - { name: r, between: [10.9.0.1, 10.9.0.2], level: require }\n");
		options.leaks_only = false;
		struct story_stream leak = story_stream("10.9.0.1", "10.9.0.2", 6, 80);
		downloads(0, 40, seen, false);
		for (unsigned i = 0; i < 30; i++) {
			story_send(script, &leak, i % 2, 100);
			story_wait(script, S);
		}
		tell();
		const struct finding *finding = NULL;
		for (unsigned i = 0; told(FINDING_CLEARTEXT_LEAK, i); i++)
			if (told(FINDING_CLEARTEXT_LEAK, i)->cause == CAUSE_NOBODY_INITIATES)
				finding = told(FINDING_CLEARTEXT_LEAK, i);
		ck_assert_msg(finding != NULL, "in:\n%.4000s", result->findings);
		bool noted = false;
		for (size_t i = 0; i < finding->evidence_count; i++)
			noted |= strcmp(finding->evidence[i].key, "mirror_one_way") == 0;
		ck_assert_int_eq(noted, seen != BOTH);
		ck_assert_int_eq(finding->grade, seen == BOTH ? GRADE_OBSERVED : GRADE_LIKELY);
		end();
	}
}
END_TEST

/* ---- mirror-doubled ---- */

static void esp(unsigned seconds, unsigned copies, uint32_t spi)
{
	struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", spi);

	for (unsigned i = 0; i < 10 * seconds; i++) {
		for (unsigned k = 0; k < copies; k++) {
			struct story_sa same = sa;
			story_esp(script, &same, 100);
		}
		story_lose(&sa);
		story_wait(script, 100 * MS);
	}
}

START_TEST(doubled_and_mended)
{
	for (unsigned trackers = 1; trackers <= 2; trackers++) {
		begin();
		esp(60, 2, 0x1001);
		esp(900, 1, 0x1002);
		options.trackers = trackers;
		tell();
		const struct finding *open = told(FINDING_MIRROR_DOUBLED, 0), *clear = told(FINDING_MIRROR_DOUBLED, 1);
		ck_assert_int_eq(open->state, FINDING_OPEN);
		ck_assert_int_eq(open->subject, SUBJECT_SENSOR);
		ck_assert_ptr_nonnull(clear);
		ck_assert_int_eq(clear->state, FINDING_CLEAR);
		ck_assert_str_eq(clear->cleared_by, "no-more-copies");
		ck_assert_int_ge(clear->time_ns - STORY_EPOCH, 660 * S);
		ck_assert_int_le(clear->time_ns - STORY_EPOCH, 662 * S);
		ck_assert_uint_ge(clear->count, 595);
		ck_assert_uint_le(clear->count, 610);
		ck_assert_ptr_null(told(FINDING_MIRROR_DOUBLED, 2));
		end();
	}
}
END_TEST

/* Nothing but the same packet: somebody sends it so. */
START_TEST(a_flood_of_one_packet)
{
	begin();
	for (unsigned i = 0; i < 5000; i++) {
		struct story_sa sa = story_sa("192.0.2.1", "198.51.100.1", 0x1001);
		story_esp(script, &sa, 100);
		story_wait(script, 100000);
	}
	nothing_of(FINDING_MIRROR_DOUBLED);
}
END_TEST

/* ---- capture-offload ---- */

static void frames(unsigned count, uint32_t octets, const char *client, const char *server)
{
	struct story_stream stream = story_stream(client, server, 6, 80);

	for (unsigned i = 0; i < count; i++) {
		story_tcp(script, &stream, true, ACK, 1000);
		story_cut(script, octets > 1054 ? octets - 1054 : 0);
		story_wait(script, 100 * MS);
	}
}

START_TEST(merged_frames)
{
	for (unsigned trackers = 1; trackers <= 2; trackers++) {
		begin();
		frames(9, 65000, "198.51.100.1", "192.0.2.80");
		frames(100, 1514, "198.51.100.1", "192.0.2.80");
		options.trackers = trackers;
		tell();
		ck_assert_ptr_null(told(FINDING_CAPTURE_OFFLOAD, 0));
		frames(50, 65000, "198.51.100.1", "192.0.2.80");
		for (unsigned i = 0; i < 70; i++) {
			story_wait(script, STORY_MINUTE);
			frames(1, 1514, "198.51.100.1", "192.0.2.80");
		}
		tell();
		const struct finding *open = told(FINDING_CAPTURE_OFFLOAD, 0),
				     *clear = told(FINDING_CAPTURE_OFFLOAD, 1);
		ck_assert_int_eq(open->state, FINDING_OPEN);
		ck_assert_int_eq(open->severity, SEVERITY_LOW);
		ck_assert_int_eq(open->grade, GRADE_OBSERVED);
		ck_assert_int_eq(figure(open, "longest_frame"), 65000);
		ck_assert_ptr_nonnull(strstr(open->text, "ethtool -K INTERFACE gro off lro off"));
		ck_assert_ptr_nonnull(clear);
		ck_assert_int_eq(clear->state, FINDING_CLEAR);
		ck_assert_str_eq(clear->cleared_by, "no-more-merged");
		ck_assert_uint_eq(clear->count, 59);
		ck_assert_ptr_null(told(FINDING_CAPTURE_OFFLOAD, 2));
		end();
	}
}
END_TEST

/* Jumbo frames, tags and labels, and what a host says to itself. */
START_TEST(what_a_link_can_carry)
{
	begin();
	frames(100, 9216 + 38, "198.51.100.1", "192.0.2.80");
	frames(100, 65000, "127.0.0.1", "127.0.0.1");
	frames(100, 65000, "127.0.0.5", "127.0.0.1");
	frames(100, 65000, "192.0.2.80", "192.0.2.80");
	nothing_of(FINDING_CAPTURE_OFFLOAD);
}
END_TEST

SUITE_MAIN("rule_mirror", one_direction, four_are_too_few, both_directions, a_tap_of_two_legs, asymmetric_in_part,
	   it_ends_when_the_other_comes, it_ends_for_want_of_traffic, what_has_no_other_side, esp_one_way,
	   copies_on_an_ipsec_host, the_other_direction_is_in_esp, one_tunnel, a_peer_that_died_after_its_answer,
	   a_dead_peer, one_way_switched_off, absence_is_in_doubt, doubled_and_mended, a_flood_of_one_packet,
	   merged_frames, what_a_link_can_carry)
