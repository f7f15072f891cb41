/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flood of initiator SPIs: first messages from spoofed addresses, each with an SPI of its own, at ten thousand a second,
 * among a thousand peers that are up and speak now and then, and two negotiations that are refused meanwhile. Memory stays
 * at its limit, every peer keeps its story from its first message on, the refusals are told, and the flood is told as
 * what it is.
 *
 *   ike_spray [messages of the flood, 100000]
 */
#include "../sanitized.h"
#include "../suite.h"
#include "ike_script.h"

#include "../../daemon/audit/ike_story.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

enum { PEERS = 1000, LIMIT = 4096, RESPONDERS = 20, STRANGER = 5001, FIRST_ISPI = 0x1000000, GROWTH_MAX_MB = 64 };

#define FLOOD_STEP_NS INT64_C(100000)

static uint32_t count = 100000;

static uint64_t ispi_of(unsigned peer)
{
	return FIRST_ISPI + 2 * peer;
}

static void say_pair(struct script *script, unsigned peer, unsigned direction)
{
	say_between(script, 0, 2 * peer + 1, 2 * peer + 2, direction);
}

static void establish(struct script *script, unsigned peer)
{
	v2_init(script, ispi_of(peer), GOOD);
	say_pair(script, peer, 0);
	script->now_ns += MS;
	v2_answer(script, ispi_of(peer), GOOD, false);
	say_pair(script, peer, 1);
	script->now_ns += MS;
	v2_secret(script, ispi_of(peer), IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 250);
	say_pair(script, peer, 0);
	script->now_ns += MS;
	v2_secret(script, ispi_of(peer), IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 230);
	say_pair(script, peer, 1);
	script->now_ns += MS;
}

/* Is the other side still there? It is. */
static void speak(struct script *script, unsigned peer, uint32_t id)
{
	v2_secret(script, ispi_of(peer), IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, 0, 80);
	say_pair(script, peer, 0);
	v2_secret(script, ispi_of(peer), IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, 0, 80);
	say_pair(script, peer, 1);
}

struct pattern {
	uint8_t octets[512];
	uint32_t length;
};

/* A first message, whose initiator SPI ends in zeros. */
static void make_pattern(struct script *script, struct pattern *pattern)
{
	v2_init(script, UINT64_C(0xf100000000000000), GOOD);
	ck_assert_uint_le(script->length, sizeof(pattern->octets));
	script->octets[26] = (uint8_t)(script->length >> 8);
	script->octets[27] = (uint8_t)script->length;
	memcpy(pattern->octets, script->octets, script->length);
	pattern->length = script->length;
}

/* 172.16.0.0/12 to one of the real responders. */
static void flood(struct script *script, const struct pattern *pattern, uint32_t number)
{
	const uint32_t spoofed = (172u << 24 | 16u << 16) + (number * 2654435761u & 0xfffff);
	const uint8_t source[4] = { (uint8_t)(spoofed >> 24), (uint8_t)(spoofed >> 16), (uint8_t)(spoofed >> 8),
				    (uint8_t)spoofed };
	const uint8_t target[4] = { 10, 0, 0, (uint8_t)(2 + 2 * (number % RESPONDERS)) };
	struct transition transition = { .kind = TRANSITION_IKE_MESSAGE, .direction = 1 };

	/* Built once: building asks Check about every octet. */
	memcpy(script->octets, pattern->octets, pattern->length);
	script->length = pattern->length;
	for (unsigned i = 0; i < 4; i++)
		script->octets[4 + i] = (uint8_t)(number >> (24 - 8 * i));
	struct cursor cursor = cursor_make(script->octets, script->length, script->length);
	ike_header_read(&cursor, &transition.ike.header);
	transition.ike.src_port = transition.ike.dst_port = 500;
	transition.ike.octets = transition.ike.captured = script->length;
	transition.ike.message = malloc(script->length);
	if (!transition.ike.message)
		abort();
	memcpy(transition.ike.message, script->octets, script->length);
	transition.time_ns = script->now_ns;
	transition.serial = ++script->serial;
	transition.a = address_from_ipv4(target);
	transition.b = address_from_ipv4(source);
	judge_put(script->judge, &transition);
	judge_advance(script->judge, script->now_ns);
	script->now_ns += FLOOD_STEP_NS;
}

/* Refused twice, as a daemon that tries again has it. */
static void be_refused(struct script *script, unsigned peer_a, uint64_t ispi)
{
	for (unsigned i = 0; i < 2; i++) {
		v2_init(script, ispi + 2 * i, GOOD);
		say_between(script, 0, peer_a, peer_a + 1, 0);
		v2_refusal(script, ispi + 2 * i, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
		say_between(script, 0, peer_a, peer_a + 1, 1);
	}
}

struct kept {
	unsigned established, others, strangers;
};

static void keep(void *context, const struct record *record)
{
	const struct record_ike_sa *ike = &record->ike_sa;
	struct kept *kept = context;

	if (record->type != RECORD_IKE_SA)
		return;
	if (ike->ispi >> 56 == 0xf1)
		kept->strangers++;
	else if (ike->ispi >= FIRST_ISPI && ike->ispi < ispi_of(PEERS) && ike->outcome == IKE_OUTCOME_ESTABLISHED &&
		 ike->roles_known)
		kept->established++;
	else
		kept->others++;
}

static long resident_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

START_TEST(initiator_spis)
{
	struct script *script = script_new(LIMIT);
	struct kept kept = { 0 }, at_first = { 0 };
	struct record_sink first_sink = { keep, &at_first };
	struct pattern pattern;

	for (unsigned peer = 0; peer < PEERS; peer++)
		establish(script, peer);
	pass(script, 60000);
	make_pattern(script, &pattern);
	long before_kb = resident_kb();
	for (uint32_t i = 0; i < count; i++) {
		flood(script, &pattern, i);
		if (i % 50 == 0)
			speak(script, i / 50 % PEERS, 2 + i / 50 / PEERS);
		/* The table has just become full, and the first had to make room. */
		if (i == LIMIT) {
			ck_assert_msg(judge_write_ike_sas(script->judge, &first_sink), "memory for records");
			ck_assert_msg(at_first.established == PEERS, "every peer keeps its story from the first on");
		}
		if (i == count / 4) {
			be_refused(script, STRANGER, 0x7000001);
			be_refused(script, 7, 0x7100001); /* of a pair that is up */
		}
	}
	unsigned refused = opens_of(script, FINDING_IKE_REFUSED); /* while the flood goes on */
	long grown_kb = resident_kb() - before_kb;
	uint64_t memory = judge_ike_memory(script->judge);
	pass(script, 120000);
	struct record_sink sink = { keep, &kept };
	ck_assert_msg(judge_write_ike_sas(script->judge, &sink), "memory for records");
	const struct judge_counters *counters = judge_counters(script->judge);
	printf("%" PRIu32 " first messages: %" PRIu64 " IKE SAs seen, %" PRIu64 " evicted, %" PRIu64
	       " octets of stories (limit %d), process grew by %ld kB\n",
	       count, counters->ike_sas, judge_ike_evicted(script->judge), memory, LIMIT, grown_kb);
	printf("%u of %d peers whole, %u strangers kept; refused told %u times; %u floods, %u times table-full\n",
	       kept.established, PEERS, kept.strangers, refused, opens_of(script, FINDING_IKE_FLOOD),
	       opens_of(script, FINDING_TABLE_FULL));
	ck_assert_msg(kept.established == PEERS, "every peer keeps its story");
	ck_assert_msg(kept.established + kept.others + kept.strangers <= LIMIT, "the table keeps its limit");
	ck_assert_msg(memory <= LIMIT * (sizeof(struct ike_story) + 64), "memory stays at the limit");
	/* A sanitizer keeps what was freed, so the process grows with all that ever was. */
	ck_assert_msg(SANITIZED || grown_kb < GROWTH_MAX_MB * 1024, "the process does not grow with the flood");
	ck_assert_msg(refused == 2 && opens_of(script, FINDING_IKE_REFUSED) == 2,
		      "both refusals are told meanwhile, once");
	ck_assert_msg(opens_of(script, FINDING_IKE_FLOOD) > 0, "the flood is told");
	ck_assert_msg(opens_of(script, FINDING_TABLE_FULL) == 1, "that the table is full is told once");
	ck_assert_msg(counters->lost == 0, "nothing is lost");
	script_free(script);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const tests[] = { initiator_spis };

	if (argc > 1)
		count = (uint32_t)strtoul(argv[1], NULL, 10);
	return suite_run("ike_spray", tests, 1);
}
