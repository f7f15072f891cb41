/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several workers over generated traffic, against one: every record the same, whatever the chunks. What crosses pairs is in it: hosts
 * that come to be known in the middle of a chunk, AH around ESP of others, ICMP errors that quote, tunnels in clear, rules with
 * gateways and decapsulated copies, and packets that go back in time. And who owns what, what is added up, and since when hosts
 * are known.
 */
#include "../../config/config.h"
#include "../../daemon/audit/hosts.h"
#include "../../daemon/audit/owners.h"
#include "../../daemon/audit/sums.h"
#include "../../daemon/engine.h"
#include "../../daemon/report/json.h"
#include "../../daemon/workers.h"
#include "../../dissectors/link.h"
#include "../sanitized.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MICROSECOND INT64_C(1000)
#define BEGIN (INT64_C(1800000000) * SECOND)

enum { FRAMES = 40000, FRAME_MAX = 192, ETHERNET = 14, IPV4 = 20, PAIRS = 300, RUN_MAX = 700 };

static const char rules[] =
    "sensor: workers\n"
    "policy:\n"
    "  rules:\n"
    "    - { name: site, between: [10.40.0.0/24, 10.50.0.0/24], gateways: [192.0.2.1, 192.0.2.2] }\n"
    "    - { name: other, between: [10.60.0.0/24, 10.70.0.0/24], gateways: [192.0.2.1, 192.0.2.3] }\n"
    "    - { name: third, between: [192.0.2.1, 192.0.2.3], gateways: [192.0.2.7, 192.0.2.8] }\n"
    "    - { name: pair, between: [10.1.0.0/16, 10.2.0.0/16], level: require }\n";

struct trace {
	struct frame frames[FRAMES];
	uint8_t octets[FRAMES][FRAME_MAX];
	unsigned count;
	int64_t now_ns;
	uint64_t state;
	uint32_t sequence[2 * PAIRS + 8];
};

/* All that an engine wrote, as lines. */
struct text {
	char *octets;
	size_t length, room;
};

static uint32_t draw(struct trace *trace, uint32_t below)
{
	trace->state ^= trace->state << 13;
	trace->state ^= trace->state >> 7;
	trace->state ^= trace->state << 17;
	return (uint32_t)(trace->state >> 33) % below;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The place behind an IPv4 header for `length` octets of the protocol. */
static uint8_t *put_ip(uint8_t *at, uint32_t src, uint32_t dst, uint8_t protocol, uint32_t length)
{
	memset(at, 0, IPV4);
	at[0] = 0x45;
	put16(at + 2, IPV4 + length);
	at[8] = 64;
	at[9] = protocol;
	put32(at + 12, src);
	put32(at + 16, dst);
	return at + IPV4;
}

static uint8_t *begin(struct trace *trace)
{
	uint8_t *octets = trace->octets[trace->count];

	memset(octets, 2, 12);
	put16(octets + 12, 0x0800);
	return octets + ETHERNET;
}

static void end(struct trace *trace, uint32_t ip_length)
{
	int64_t back = draw(trace, 50) == 0 ? 30 * MICROSECOND : 0;

	ck_assert_uint_le(ETHERNET + ip_length, FRAME_MAX);
	trace->now_ns += (int64_t)draw(trace, 2000) * MICROSECOND;
	trace->frames[trace->count] = (struct frame){ .bytes = trace->octets[trace->count],
						      .captured = ETHERNET + ip_length,
						      .length = ETHERNET + ip_length,
						      .time_ns = BEGIN + trace->now_ns - back,
						      .link_type = LINK_TYPE_ETHERNET,
						      .interface = (uint16_t)draw(trace, 2) };
	trace->count++;
}

static void put_esp(struct trace *trace, uint8_t *at, uint32_t spi, uint32_t number, uint32_t length)
{
	put32(at, spi);
	put32(at + 4, ++trace->sequence[number]);
	for (uint32_t i = 8; i < length; i++)
		at[i] = (uint8_t)draw(trace, 256);
}

static void add_esp(struct trace *trace, uint32_t src, uint32_t dst, uint32_t number)
{
	enum { LENGTH = 84 };

	put_esp(trace, put_ip(begin(trace), src, dst, 50, LENGTH),
		0x1000 + number + ((unsigned)trace->count / 9000 << 16), number, LENGTH);
	end(trace, IPV4 + LENGTH);
}

/* An ESP packet of the pair that AH of another one goes around. */
static void add_ah_around(struct trace *trace, uint32_t src, uint32_t dst, uint32_t number)
{
	enum { LENGTH = 64, AH = 24 };
	uint8_t *ah = put_ip(begin(trace), 0xc6336401 + number % 5, 0xc6336440, 51, AH + IPV4 + LENGTH);

	memset(ah, 0, AH);
	ah[0] = 4;
	ah[1] = AH / 4 - 2;
	put32(ah + 4, 0x900 + number % 5);
	put32(ah + 8, ++trace->sequence[2 * PAIRS + number % 5]);
	put_esp(trace, put_ip(ah + AH, src, dst, 50, LENGTH), 0x1000 + number, number, LENGTH);
	end(trace, IPV4 + AH + IPV4 + LENGTH);
}

static void add_tcp(struct trace *trace, uint32_t src, uint32_t dst, uint32_t ports, uint8_t flags, const char *text,
		    uint32_t carrier)
{
	uint32_t length = 20 + (uint32_t)strlen(text), ip = IPV4 + length;
	uint8_t *at = begin(trace);

	if (carrier)
		at = put_ip(at, carrier, carrier + 1, 4, ip);
	at = put_ip(at, src, dst, 6, length);
	memset(at, 0, 20);
	put32(at, ports);
	at[12] = 0x50;
	at[13] = flags;
	memcpy(at + 20, text, strlen(text));
	end(trace, ip + (carrier ? IPV4 : 0));
}

static void add_ike(struct trace *trace, uint32_t src, uint32_t dst, uint32_t number, bool answer)
{
	enum { LENGTH = 32 };
	uint8_t *udp = put_ip(begin(trace), src, dst, 17, 8 + LENGTH), *ike = udp + 8;

	put32(udp, 500u << 16 | 500u);
	put32(udp + 4, (8 + LENGTH) << 16);
	memset(ike, 0, LENGTH);
	put32(ike, 0x11110000 + number);
	put32(ike + 8, answer ? 0x22220000 + number : 0);
	ike[16] = 41;
	ike[17] = 0x20;
	ike[18] = 34;
	ike[19] = answer ? 0x20 : 0x08;
	put32(ike + 24, LENGTH);
	put32(ike + 28, 4);
	end(trace, IPV4 + 8 + LENGTH);
}

/* "Port unreachable" and the like of somebody on the way, about an ESP or TCP packet of the two. */
static void add_icmp(struct trace *trace, uint32_t src, uint32_t dst, uint32_t number, bool tcp)
{
	uint8_t *icmp = put_ip(begin(trace), 0x0afe0001 + number % 3, src, 1, 8 + IPV4 + 8);

	memset(icmp, 0, 8);
	icmp[0] = 3;
	icmp[1] = 2;
	uint8_t *quoted = put_ip(icmp + 8, src, dst, tcp ? 6 : 50, 64);
	put32(quoted, tcp ? 0x30390050 : 0x1000 + number);
	put32(quoted + 4, 1);
	end(trace, IPV4 + 8 + IPV4 + 8);
}

static void add_one(struct trace *trace)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	uint32_t number = draw(trace, PAIRS), way = draw(trace, 2);
	uint32_t a = 0x0a010000 + number % 40, b = 0x0a020000 + number;
	uint32_t src = way ? b : a, dst = way ? a : b;
	uint32_t stranger = 0x0a030000 + draw(trace, 64);
	bool early = trace->count < FRAMES / 4;

	switch (draw(trace, early ? 13 : 16)) {
	case 0:
		add_tcp(trace, src, dst, 0x30390050, 0x18, request, 0);
		break;
	case 1:
		add_tcp(trace, stranger, b, 0x40000050 + number, 0x02, "", 0);
		break;
	case 2:
		add_ike(trace, a, b, number, false);
		add_ike(trace, b, a, number, true);
		break;
	case 3:
		add_icmp(trace, src, dst, 2 * number + way, draw(trace, 2) == 0);
		break;
	case 4:
		add_tcp(trace, 0xc0a80001 + number % 7, 0xc0a80101, 0x500001bb, 0x10, "x", 0x0a010000 + number % 40);
		break;
	case 5:
		add_ah_around(trace, src, dst, 2 * number + way);
		break;
	case 6:
		/* ESP between gateways, and what was in it, on the same port. */
		add_esp(trace, 0xc0000201, 0xc0000202 + way, 2 * PAIRS + 5 + way);
		add_tcp(trace, way ? 0x0a3c0001 : 0x0a280001 + number % 5, way ? 0x0a460001 : 0x0a320001, 0x50000016,
			0x18, "01234567", 0);
		break;
	case 7:
		add_tcp(trace, stranger, stranger + 0x10000, 0x50000000 + draw(trace, 3000) * 65536 + 443, 0x10,
			request, 0);
		break;
	default:
		add_esp(trace, src, dst, 2 * number + way);
		break;
	}
}

static struct trace *make_trace(uint64_t seed)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	ck_assert_ptr_nonnull(trace);
	trace->state = UINT64_C(88172645463325252) + seed;
	while (trace->count < FRAMES - 2)
		add_one(trace);
	return trace;
}

static void take(void *context, const struct record *record)
{
	struct text *text = context;
	char *line = record_to_json(record, "workers");
	size_t length = line ? strlen(line) : 0;

	if (text->length + length + 1 > text->room) {
		text->room = 2 * (text->room + length + 1);
		text->octets = realloc(text->octets, text->room);
		ck_assert_ptr_nonnull(text->octets);
	}
	memcpy(text->octets + text->length, line ? line : "", length);
	text->length += length;
	text->octets[text->length++] = '\n';
	free(line);
}

/* Runs of drawn lengths, or all at once; live with a judge's thread, or as a file. */
static struct text told(struct trace *trace, unsigned workers, unsigned run_max, bool threaded)
{
	struct text text = { 0 };
	struct config_error error;
	struct config *config = config_parse("workers", rules, strlen(rules), &error);
	struct record_sink sink = { take, &text };

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert(config_seal(config));
	struct engine_settings settings = {
		.config = config, .offline = !threaded, .threaded = threaded, .workers = workers
	};
	struct engine *engine = engine_new(&settings, &sink);
	ck_assert_ptr_nonnull(engine);
	for (unsigned at = 0; at < trace->count;) {
		unsigned run = 1 + draw(trace, run_max);
		if (run > trace->count - at)
			run = trace->count - at;
		if (threaded)
			engine_frames(engine, trace->frames + at, run);
		else
			engine_gather(engine, trace->frames + at, run);
		at += run;
		if (!threaded && draw(trace, 8) == 0)
			engine_flush(engine);
	}
	if (!threaded)
		engine_flush(engine);
	engine_finish(engine);
	ck_assert_uint_eq(engine_counters(engine).transitions_lost, 0);
	ck_assert_uint_eq(engine_counters(engine).track.packets, trace->count);
	engine_write_records(engine);
	engine_free(engine);
	config_free(config);
	return text;
}

static void compare(const struct text *one, const struct text *several, unsigned workers)
{
	size_t at = 0;

	while (at < one->length && at < several->length && one->octets[at] == several->octets[at])
		at++;
	if (at == one->length && at == several->length)
		return;
	while (at > 0 && one->octets[at - 1] != '\n')
		at--;
	ck_abort_msg("with %u workers it is not the same:\n%.600s\nand with one:\n%.600s", workers,
		     several->octets + at, one->octets + at);
}

START_TEST(same_as_one)
{
	static const unsigned counts[] = { 2, 3, 5, 8 };
	struct trace *trace = make_trace((uint64_t)_i);
	struct text one = told(trace, 1, RUN_MAX, false);

	/* It has to be worth the comparison. */
	one.octets[one.length - 1] = '\0';
	ck_assert_ptr_nonnull(strstr(one.octets, "cleartext-leak"));
	ck_assert_ptr_nonnull(strstr(one.octets, "\"carries\":[\"site\"]"));
	one.octets[one.length - 1] = '\n';
	for (unsigned i = 0; i < (SANITIZED ? 2 : sizeof(counts) / sizeof(counts[0])); i++) {
		struct text several = told(trace, counts[i], i % 2 ? 40 : RUN_MAX, false);
		compare(&one, &several, counts[i]);
		free(several.octets);
	}
	free(one.octets);
	free(trace);
}
END_TEST

/* With a judge's thread alerts come in the order of their times all the same. */
START_TEST(same_live)
{
	struct trace *trace = make_trace(77);
	struct text one = told(trace, 1, RUN_MAX, true), several = told(trace, 3, RUN_MAX, true);

	compare(&one, &several, 3);
	free(one.octets);
	free(several.octets);
	free(trace);
}
END_TEST

/* ---- who owns what ---- */

static struct address ipv4(uint32_t address)
{
	uint8_t octets[4];

	put32(octets, address);
	return address_from_ipv4(octets);
}

static unsigned owner(const struct owners *owners, uint32_t a, uint32_t b)
{
	struct address one = ipv4(a), other = ipv4(b);
	uint64_t hash = owners_hash(owners, 0, &one, &other);

	ck_assert_uint_eq(hash, owners_hash(owners, 0, &other, &one));
	unsigned found = owners_of(owners, hash, &one, &other);
	ck_assert_uint_eq(found, owners_of(owners, hash, &other, &one));
	return found;
}

/* ---- another policy ---- */

enum { SITES = 12 };

static struct config *sites(char *text, size_t size, bool named)
{
	size_t used = (size_t)snprintf(text, size,
				       "sensor: workers\npolicy:\n  rules:\n"
				       "    - { name: pair, between: [10.1.0.0/16, 10.2.0.0/16] }\n");
	struct config_error error;

	for (unsigned i = 0; named && i < SITES; i++)
		used +=
		    (size_t)snprintf(text + used, size - used,
				     "    - { name: s%u, between: [10.%u.0.0/16, 10.%u.0.0/16], gateways: [192.0.2.%u, "
				     "192.0.2.%u] }\n",
				     i, 40 + i, 60 + i, 2 * i + 1, 2 * i + 2);
	struct config *config = config_parse("workers", text, used, &error);
	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert(config_seal(config));
	return config;
}

static uint32_t gateway(unsigned number)
{
	return 0xc0000201 + number;
}

/* Sound ESP of all gateways and of other pairs, each way, for so many seconds. */
static void add_sound(struct trace *trace, struct engine *engine, unsigned seconds)
{
	for (unsigned round = 0; round < seconds * 4; round++) {
		trace->count = 0;
		for (unsigned i = 0; i < SITES + 60; i++)
			for (unsigned way = 0; way < 2; way++) {
				uint32_t a = i < SITES ? gateway(2 * i) : 0x0a010000 + i;
				uint32_t b = i < SITES ? gateway(2 * i + 1) : 0x0a020000 + i;
				add_esp(trace, way ? b : a, way ? a : b, 2 * i + way);
				trace->frames[trace->count - 1].time_ns = BEGIN + trace->now_ns;
			}
		trace->now_ns = (trace->now_ns / (SECOND / 4) + 1) * (SECOND / 4);
		engine_frames(engine, trace->frames, trace->count);
	}
}

static unsigned count_moved(const struct config *before, const struct config *after, unsigned workers)
{
	struct owners *former = owners_new(&before->policy, workers, 0),
		      *latter = owners_new(&after->policy, workers, 0);
	unsigned moved = 0;

	for (unsigned i = 0; i < SITES; i++)
		moved += owner(former, gateway(2 * i), gateway(2 * i + 1)) !=
			 owner(latter, gateway(2 * i), gateway(2 * i + 1));
	owners_free(former);
	owners_free(latter);
	return moved;
}

static void take_finding(void *context, const struct record *record)
{
	if (record->type == RECORD_FINDING || record->type == RECORD_SA)
		take(context, record);
}

/* Findings, and in `sas` how many SAs there are at the end. */
static struct text told_over_reloads(struct trace *trace, unsigned workers, unsigned *sas)
{
	char texts[2][4096];
	struct config *plain = sites(texts[0], sizeof(texts[0]), false);
	struct config *named = sites(texts[1], sizeof(texts[1]), true);
	struct text text = { 0 }, records = { 0 };
	struct record_sink sink = { take_finding, &text };
	struct engine_settings settings = { .config = plain, .offline = true, .workers = workers };
	struct engine *engine = engine_new(&settings, &sink);

	ck_assert_ptr_nonnull(engine);
	memset(trace, 0, sizeof(*trace));
	trace->state = 1;
	if (workers > 1)
		ck_assert_uint_gt(count_moved(plain, named, workers), 3);
	add_sound(trace, engine, 20);
	ck_assert(engine_reload(engine, named));
	add_sound(trace, engine, 20);
	ck_assert(engine_reload(engine, plain));
	add_sound(trace, engine, 20);
	engine_finish(engine);
	records = text;
	text = (struct text){ 0 };
	engine_write_records(engine);
	*sas = 0;
	for (size_t at = 0; at < text.length; at++)
		*sas += text.octets[at] == '\n';
	free(text.octets);
	engine_free(engine);
	config_free(plain);
	config_free(named);
	return records;
}

/* Pairs whose owner changes in a reload go on as if nothing had been: of sound ESP nothing else is told than by one worker. */
START_TEST(reloaded)
{
	struct trace *trace = malloc(sizeof(*trace));
	unsigned sas_of_one, sas;

	ck_assert_ptr_nonnull(trace);
	struct text one = told_over_reloads(trace, 1, &sas_of_one);
	struct text several = told_over_reloads(trace, 3, &sas);
	compare(&one, &several, 3);
	ck_assert_uint_eq(sas, sas_of_one);
	free(one.octets);
	free(several.octets);
	free(trace);
}
END_TEST

START_TEST(groups)
{
	struct config_error error;
	struct config *config = config_parse("workers", rules, strlen(rules), &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert(config_seal(config));
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct owners *owners = owners_new(&config->policy, 5, seed);
		ck_assert_ptr_nonnull(owners);
		ck_assert(owners_by_rule(owners));
		/* A rule's pairs, and those of its gateways. */
		unsigned site = owner(owners, 0xc0000201, 0xc0000202);
		for (uint32_t host = 0; host < 30; host++)
			ck_assert_uint_eq(owner(owners, 0x0a280000 + host, 0x0a320007), site);
		/* "other" and "third": what carries the one is what the other speaks of. */
		unsigned other = owner(owners, 0xc0000201, 0xc0000203);
		ck_assert_uint_eq(owner(owners, 0x0a3c0001, 0x0a460001), other);
		ck_assert_uint_eq(owner(owners, 0xc0000207, 0xc0000208), other);
		/* All others are spread. */
		unsigned seen = 0;
		for (uint32_t host = 0; host < 100; host++)
			seen |= 1u << owner(owners, 0x0a010001, 0x0a020000 + host);
		ck_assert_uint_eq(seen, 31);
		owners_free(owners);
	}
	config_free(config);
}
END_TEST

/* ---- since when a host is known ---- */

START_TEST(hosts_since)
{
	struct hosts *hosts = hosts_new(1);
	struct address one = ipv4(1), other = ipv4(2);

	ck_assert_ptr_nonnull(hosts);
	hosts_add(hosts, &one, 10);
	hosts_add(hosts, &one, 5);
	ck_assert(!hosts_known(hosts, &one, 9));
	ck_assert(hosts_known(hosts, &one, 10));
	ck_assert(!hosts_known(hosts, &other, UINT64_MAX));
	hosts_free(hosts);
}
END_TEST

/* ---- what is added up ---- */

struct put {
	struct transition list[8];
	unsigned count;
};

static void keep(void *context, const struct transition *transition)
{
	struct put *put = context;

	ck_assert_uint_lt(put->count, 8);
	put->list[put->count++] = *transition;
}

START_TEST(added_up)
{
	struct sums *sums = sums_new();
	struct put put = { .count = 0 };
	struct transition_sink sink = { keep, &put };
	struct transition seen = { .kind = TRANSITION_SEEN, .time_ns = 2 * SECOND, .interface = 1 };
	struct transition loss = { .kind = TRANSITION_LOSS, .time_ns = 2 * SECOND };
	struct transition born = { .kind = TRANSITION_SA_BORN, .time_ns = 2 * SECOND };

	ck_assert_ptr_nonnull(sums);
	ck_assert(!sums_take(sums, &born));
	loss.loss.sas[0] = 3;
	ck_assert(sums_take(sums, &loss));
	seen.seen =
	    (struct transition_seen){ .frames = 5, .esp = 4, .doubled = 1, .longest = 100, .talkers = 1, .one_way = 2 };
	ck_assert(sums_take(sums, &seen));
	seen.seen =
	    (struct transition_seen){ .frames = 7, .esp = 2, .doubled = 0, .longest = 90, .talkers = 6, .one_way = -1 };
	ck_assert(sums_take(sums, &seen));
	seen.time_ns = 3 * SECOND;
	ck_assert(sums_take(sums, &seen));
	sums_release(sums, 2 * SECOND - 1, &sink);
	ck_assert_uint_eq(put.count, 0);
	sums_release(sums, 2 * SECOND, &sink);
	ck_assert_uint_eq(put.count, 2);
	ck_assert_uint_eq(put.list[0].kind, TRANSITION_SEEN);
	ck_assert_uint_eq(put.list[0].seen.frames, 12);
	ck_assert_uint_eq(put.list[0].seen.esp, 6);
	ck_assert_uint_eq(put.list[0].seen.longest, 100);
	ck_assert_uint_eq(put.list[0].seen.talkers, 7);
	ck_assert_int_eq(put.list[0].seen.one_way, 1);
	ck_assert_uint_eq(put.list[1].kind, TRANSITION_LOSS);
	ck_assert(transition_before(&put.list[0], &put.list[1]));
	struct transition clock = { .kind = TRANSITION_CLOCK, .time_ns = 2 * SECOND };
	sums_place(sums, &clock);
	ck_assert(transition_before(&put.list[1], &clock));
	sums_release(sums, INT64_MAX, &sink);
	ck_assert_uint_eq(put.count, 3);
	ck_assert_uint_eq(put.list[2].seen.frames, 7);
	sums_free(sums);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workers");
	TCase *cases = tcase_create("workers");

	tcase_set_timeout(cases, 240);
	tcase_add_loop_test(cases, same_as_one, 0, 2);
	tcase_add_test(cases, same_live);
	tcase_add_test(cases, reloaded);
	tcase_add_test(cases, groups);
	tcase_add_test(cases, hosts_since);
	tcase_add_test(cases, added_up);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
