/* SPDX-License-Identifier: Apache-2.0 */
/* What the next engine is to know: as lines and back, what is refused of them, and what of it is kept when there is too much. */
#include "sample.h"
#include "../../daemon/report/json.h"
#include "../../daemon/report/record_reader.h"
#include "../../daemon/report/standing.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % bound;
}

/* Microseconds, as JSON has them. */
static int64_t moment(void)
{
	return SAMPLE_TIME / 1000 * 1000 - (int64_t)draw(1000000000) * 1000000;
}

static struct record some_pair(void)
{
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = SAMPLE_TIME / 1000 * 1000 };
	struct record_known_pair *pair = &record.known_pair;

	pair->a = sample_address("10.1.0.1");
	pair->b = sample_address(draw(2) ? "10.2.0.2" : "2001:db8::2");
	pair->realm = (uint32_t)draw(UINT32_MAX);
	pair->interface = draw(2) ? NULL : "eth1";
	pair->vlan = (uint16_t)draw(4096);
	pair->learned = draw(2);
	pair->forgotten = draw(2);
	for (unsigned d = 0; d < 2; d++) {
		struct known_direction *direction = &pair->direction[d];
		direction->rekeys = (uint32_t)draw(100);
		direction->habit = (uint32_t)draw(direction->rekeys + 1);
		direction->rekey_count = (unsigned)draw(KNOWN_REKEYS + 1);
		direction->sa_count = (unsigned)draw(KNOWN_SAS + 1);
		direction->running = draw(2);
		if (direction->rekey_count > direction->rekeys)
			direction->rekey_count = direction->rekeys;
		direction->remembered = (uint32_t)draw(direction->rekey_count + 1);
		for (unsigned i = 0; i < direction->rekey_count; i++)
			direction->rekey[i] = (struct known_rekey){ (int64_t)draw(UINT64_C(100000000000000)) + 1,
								    draw(4) ? draw(INT64_MAX) : KNOWN_BYTES_NOT,
								    (enum record_initiator)draw(INITIATOR_COUNT) };
		for (unsigned i = 0; i < direction->sa_count; i++)
			direction->sa[i] =
			    (struct known_spi){ (uint32_t)draw(UINT32_MAX),
						draw(2) ? 50 : 51,
						draw(2),
						SAMPLE_TIME / 1000 * 1000 - (int64_t)i * 1000000,
						SAMPLE_TIME / 1000 * 1000,
						SAMPLE_TIME / 1000 * 1000 - (int64_t)(i + draw(2)) * 1000000 };
		if (draw(4)) {
			direction->last_ns = moment();
			direction->first_ns = direction->last_ns - (int64_t)draw(1000) * 1000;
		}
	}
	pair->beside_count = (unsigned)draw(KNOWN_SERVICES + 1);
	for (unsigned i = 0; i < pair->beside_count; i++)
		pair->beside[i] = (struct known_service){ (uint8_t)draw(256), (uint16_t)draw(65536), draw(2) };
	return record;
}

static struct ike_suite some_suite(void)
{
	struct ike_suite suite = { .major = (uint8_t)(1 + draw(2)), .count = (uint8_t)(1 + draw(IKE_SUITE_MAX)) };

	for (unsigned i = 0; i < suite.count; i++) {
		uint8_t kind = (uint8_t)draw(IKE_ALGORITHM_KIND_COUNT);
		suite.algorithms[i] = (struct ike_algorithm){ kind, kind == IKE_ALGORITHM_GROUP ? 2 : suite.major,
							      (uint16_t)draw(65536), (uint16_t)draw(65536) };
	}
	return draw(3) ? suite : (struct ike_suite){ 0 };
}

static struct record some_host(void)
{
	struct record record = { .type = RECORD_KNOWN_HOST, .time_ns = SAMPLE_TIME / 1000 * 1000 };

	record.known_host = (struct record_known_host){ .address = sample_address("10.1.0.1"),
							.first_peer = sample_address("10.2.0.2"),
							.more = draw(2),
							.told_new = draw(2),
							.proof_held = draw(2),
							.forgotten = draw(2),
							.takes = (uint8_t)(draw(8) << 1),
							.last_ns = moment(),
							.chose = some_suite(),
							.offered = some_suite() };
	return record;
}

START_TEST(comes_back_as_it_was)
{
	struct record_reader reader = { .sensor = NULL };

	for (unsigned i = 0; i < 4000; i++) {
		struct record record = i % 2 ? some_host() : some_pair(), again;
		char *line = record_to_json(&record, "edge-1");
		ck_assert_ptr_nonnull(line);
		ck_assert_uint_lt(strlen(line), 4096);
		ck_assert_msg(record_from_json(line, strlen(line), &reader, &again), "%s\n%s", reader.problem, line);
		char *second = record_to_json(&again, "edge-1");
		ck_assert_str_eq(line, second);
		/* Not only the same line, but the same values, where octets are all there is to compare. */
		if (record.type == RECORD_KNOWN_PAIR)
			for (unsigned d = 0; d < 2; d++)
				for (unsigned k = 0; k < record.known_pair.direction[d].rekey_count; k++) {
					const struct known_rekey *one = &record.known_pair.direction[d].rekey[k];
					const struct known_rekey *other = &again.known_pair.direction[d].rekey[k];
					ck_assert_int_eq(one->interval_ns, other->interval_ns);
					ck_assert_uint_eq(one->bytes, other->bytes);
					ck_assert_int_eq(one->initiator, other->initiator);
				}
		else if (record.known_host.chose.major)
			ck_assert_mem_eq(again.known_host.chose.algorithms, record.known_host.chose.algorithms,
					 record.known_host.chose.count * sizeof(struct ike_algorithm));
		free(line);
		free(second);
	}
	record_reader_clear(&reader);
}
END_TEST

/* In a good line, this becomes that. */
static const struct {
	bool host;
	const char *from, *to;
} lies[] = {
	{ false, "\"a\":\"10.1.0.1\"", "\"a\":\"10.9.0.1\"" }, /* not the lower one */
	{ false, "\"a\":\"10.1.0.1\"", "\"a\":\"10.2.0.2\"" },
	{ false, "\"a\":\"10.1.0.1\"", "\"a\":\"10.1.0.01\"" },
	{ false, "\"a\":\"10.1.0.1\"", "\"a\":null" },
	{ false, "\"realm\":0", "\"realm\":-1" },
	{ false, "\"realm\":0", "\"realm\":4294967296" },
	{ false, "\"realm\":0", "\"realm\":0,\"more\":1" },
	{ false, "\"realm\":0,", "" },
	{ false, "\"interface\":null", "\"interface\":7" },
	{ false, "\"vlan\":0", "\"vlan\":4096" },
	{ false, "\"learned\":true", "\"learned\":1" },
	{ false, "\"forgotten\":false", "\"forgotten\":null" },
	{ false, "\"directions\":[", "\"directions\":[{}," },
	{ false, "\"running\":true", "\"running\":0" },
	{ false, "\"rekeys\":3", "\"rekeys\":1" }, /* fewer than intervals */
	{ false, "\"habit\":2", "\"habit\":4" },
	{ false, "\"remembered\":2", "\"remembered\":3" },
	{ false, "[100.0,1000,\"a\"]", "[0.0,1000,\"a\"]" },
	{ false, "[100.0,1000,\"a\"]", "[-1.0,1000,\"a\"]" },
	{ false, "[100.0,1000,\"a\"]", "[1e300,1000,\"a\"]" },
	{ false, "[100.0,1000,\"a\"]", "[100.0,-1,\"a\"]" },
	{ false, "[100.0,1000,\"a\"]", "[100.0,1000,\"c\"]" },
	{ false, "[100.0,1000,\"a\"]", "[100.0,1000]" },
	{ false, "[100.0,1000,\"a\"]", "[100.0,\"1000\",\"a\"]" },
	{ false, "[\"0x00000101\",\"esp\"", "[\"0x101\",\"esp\"" },
	{ false, "[\"0x00000101\",\"esp\"", "[\"0x00000101\",\"tcp\"" },
	{ false, "[\"0x00000101\",\"esp\"", "[257,\"esp\"" },
	{ false, "\"2026-11-21T20:29:00.000000Z\",\"2026-11-21T20:30:00.000000Z\",false]",
	  "\"2026-11-21T20:29:00.000000Z\",\"2026-11-21T20:28:00.000000Z\",false]" },    /* ended before it was born */
	{ false, "\"2026-11-21T20:28:00.000000Z\"", "\"2026-11-21T20:29:01.000000Z\"" }, /* keyed after */
	{ false, "\"2026-11-21T20:28:00.000000Z\"", "null" },
	{ false, "\"first\":\"2026-11-21T20:00:00.000000Z\"", "\"first\":\"2026-11-21T21:00:00.000000Z\"" },
	{ false, "\"first\":\"2026-11-21T20:00:00.000000Z\"", "\"first\":null" },
	{ false, "\"first\":\"2026-11-21T20:00:00.000000Z\"", "\"first\":\"1969-11-21T21:00:00.000000Z\"" },
	{ false, "[6,443,true]", "[256,443,true]" },
	{ false, "[6,443,true]", "[6,65536,true]" },
	{ false, "[6,443,true]", "[6,443]" },
	{ false, "known_pair", "known_host" },
	{ true, "known_host", "known_pair" },
	{ true, "known_host", "known_alert" },
	{ true, "\"more\":true", "\"more\":\"true\"" },
	{ true, "\"takes\":[\"main\"]", "\"takes\":[\"main\",\"none\"]" },
	{ true, "\"takes\":[\"main\"]", "\"takes\":[\"main\",\"main\",\"main\",\"main\"]" },
	{ true, "\"takes\":[\"main\"]", "\"takes\":\"main\"" },
	{ true, "\"major\":2", "\"major\":3" },
	{ true, "\"algorithms\":[", "\"algorithms\":[[\"none\",1,1]," },
	{ true, "\"algorithms\":[", "\"algorithms\":[[\"encryption\",65536,1]," },
	{ true, "\"algorithms\":[", "\"algorithms\":[[\"encryption\",12]," },
	{ true, "\"offered\":null", "\"offered\":{\"major\":2,\"algorithms\":[]}" },
	{ true, "\"first_peer\":\"10.2.0.2\"", "\"first_peer\":null" },
};

static struct record plain(bool host)
{
	int64_t hour = SAMPLE_TIME - SAMPLE_TIME % (3600 * INT64_C(1000000000));
	struct record record = { .type = host ? RECORD_KNOWN_HOST : RECORD_KNOWN_PAIR, .time_ns = SAMPLE_TIME };
	const int64_t minute = 60 * INT64_C(1000000000);

	if (host) {
		record.known_host = (struct record_known_host){ .address = sample_address("10.1.0.1"),
								.first_peer = sample_address("10.2.0.2"),
								.more = true,
								.takes = 1 << IKE_MODE_MAIN,
								.last_ns = hour };
		record.known_host.chose = (struct ike_suite){ .major = 2, .count = 1 };
		record.known_host.chose.algorithms[0] = (struct ike_algorithm){ IKE_ALGORITHM_ENCRYPTION, 2, 12, 256 };
		return record;
	}
	record.known_pair = (struct record_known_pair){ .a = sample_address("10.1.0.1"),
							.b = sample_address("10.2.0.2"),
							.learned = true,
							.beside_count = 1,
							.beside = { { 6, 443, true } } };
	for (unsigned d = 0; d < 2; d++)
		record.known_pair.direction[d] = (struct known_direction){
			.first_ns = hour,
			.last_ns = hour + 30 * minute,
			.running = true,
			.rekeys = 3,
			.habit = 2,
			.remembered = 2,
			.rekey_count = 2,
			.sa_count = 1,
			.rekey = { { 100 * INT64_C(1000000000), 1000, INITIATOR_A },
				   { 101 * INT64_C(1000000000), KNOWN_BYTES_NOT, INITIATOR_UNKNOWN } },
			.sa = { { 0x101, 50, false, hour + 29 * minute, hour + 30 * minute, hour + 28 * minute } },
		};
	return record;
}

START_TEST(lies_are_refused)
{
	struct record_reader reader = { .sensor = NULL };
	struct record record = plain(lies[_i].host), again;
	char *line = record_to_json(&record, "edge-1");
	char *at = strstr(line, lies[_i].from), lie[8192];

	ck_assert(record_from_json(line, strlen(line), &reader, &again));
	ck_assert_msg(at, "%s is not in %s", lies[_i].from, line);
	snprintf(lie, sizeof(lie), "%.*s%s%s", (int)(at - line), line, lies[_i].to, at + strlen(lies[_i].from));
	ck_assert_msg(!record_from_json(lie, strlen(lie), &reader, &again), "%s", lie);
	ck_assert(reader.problem[0] != '\0');
	record_reader_clear(&reader);
	free(line);
}
END_TEST

/* ---- what stands ---- */

static unsigned handed, learned, hosts;

static void each(void *context, const char *line)
{
	(void)context;
	handed++;
	learned += strstr(line, "\"learned\":true") != NULL;
	hosts += strstr(line, "known_host") != NULL;
}

static void look(const struct standing *standing)
{
	handed = learned = hosts = 0;
	standing_each_known(standing, each, NULL);
	ck_assert_uint_eq(handed, standing_known(standing));
}

static void take(struct standing *standing, struct record *record)
{
	char *line = record_to_json(record, "edge-1");

	standing_take(standing, record, line, strlen(line), 0);
	free(line);
}

START_TEST(the_last_word_stands)
{
	struct standing *standing = standing_new();
	struct record pair = plain(false), host = plain(true);

	take(standing, &pair);
	take(standing, &pair);
	take(standing, &host);
	pair.known_pair.realm = 5;
	take(standing, &pair);
	look(standing);
	ck_assert_uint_eq(handed, 3);
	ck_assert_uint_eq(hosts, 1);
	pair.known_pair.learned = false;
	take(standing, &pair);
	look(standing);
	ck_assert_uint_eq(learned, 1);
	pair.known_pair.forgotten = true;
	take(standing, &pair);
	host.known_host.forgotten = true;
	take(standing, &host);
	look(standing);
	ck_assert_uint_eq(handed, 1);
	standing_free(standing);
}
END_TEST

static void take_number(struct standing *standing, uint32_t number, bool is_learned, int64_t last_ns)
{
	struct record record = plain(false);

	memcpy(record.known_pair.b.bytes + 12, &(uint32_t){ 0x0a | number << 8 }, 4);
	record.known_pair.realm = number;
	record.known_pair.learned = is_learned;
	record.known_pair.direction[0].last_ns = record.known_pair.direction[1].last_ns =
	    record.known_pair.direction[0].first_ns + last_ns * 1000;
	/* The text does not matter here. */
	standing_take(standing, &record, is_learned ? "\"learned\":true" : "{}", is_learned ? 14 : 2, 0);
}

/* Whoever makes pairs up drives out none that were learned, and of the others those that were silent longest. */
START_TEST(too_many)
{
	enum { LEARNED = 1000, MOST = STANDING_KNOWN_MAX };
	struct standing *standing = standing_new();

	for (uint32_t i = 0; i < LEARNED; i++)
		take_number(standing, i, true, 5);
	for (uint32_t i = LEARNED; i < MOST + 3000; i++)
		take_number(standing, i, false, i);
	look(standing);
	ck_assert_uint_eq(handed, MOST);
	ck_assert_uint_eq(learned, LEARNED);
	/* A newly learned one finds a place. */
	take_number(standing, MOST + 5000, true, 1);
	look(standing);
	ck_assert_uint_eq(handed, MOST);
	ck_assert_uint_eq(learned, LEARNED + 1);
	standing_free(standing);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("known");
	TCase *cases = tcase_create("known");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, comes_back_as_it_was);
	tcase_add_loop_test(cases, lies_are_refused, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(cases, the_last_word_stands);
	tcase_add_test(cases, too_many);
	suite_add_tcase(suite, cases);
	return suite_end(suite);
}
