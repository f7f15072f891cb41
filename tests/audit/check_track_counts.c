/* SPDX-License-Identifier: Apache-2.0 */
/* track_esp.c, track_report.c: counts that go past 2^32, which a tunnel of 10 Gbit/s does within hours. */
#include "../suite.h"
#include "../../config/policy.h"
#include "../../daemon/audit/track_state.h"

static void discard(void *context, const struct transition *transition)
{
	(void)context;
	(void)transition;
}

static void keep_pair(void *context, const struct record *record)
{
	if (record->type == RECORD_PAIR)
		*(struct record_pair *)context = record->pair;
}

static void complete_pair(void *context, uint32_t realm, struct record_pair *pair,
			  const char *carries[RECORD_CARRIES_MAX])
{
	(void)context;
	(void)realm;
	(void)pair;
	(void)carries;
}

static void complete_sa(void *context, uint32_t realm, struct record_sa *sa)
{
	(void)context;
	(void)realm;
	(void)sa;
}

static struct address host(uint8_t number)
{
	return (struct address){ .bytes = { [10] = 0xff, [11] = 0xff, 192, 0, 2, number } };
}

static void esp_packets(struct track *track, unsigned count)
{
	static const uint8_t octets[108];
	static uint32_t sequence;

	for (unsigned i = 0; i < count; i++) {
		struct packet packet = { .time_ns = INT64_C(1000000000000) + sequence,
					 .class = PACKET_ESP,
					 .has_ip = true,
					 .protocol = 50,
					 .src = host(1),
					 .dst = host(2),
					 .length = 128,
					 .spi = 0x1001,
					 .sequence = sequence + 1,
					 .payload = octets,
					 .payload_captured = sizeof(octets),
					 .payload_length = sizeof(octets) };
		struct track_key key;
		sequence++;
		track_prepare(track, &packet, &key, 1);
		track_packet(track, &packet, &key);
	}
}

/* What goes back is taken for a counter that began anew: the store would count all octets of the pair once more. */
START_TEST(esp_packets_of_a_pair)
{
	struct policy policy;
	struct record_pair pair = { 0 };
	struct record_sink sink = { keep_pair, &pair };
	struct track_knowledge knowledge = { .pair = complete_pair, .sa = complete_sa };

	policy_init(&policy);
	ck_assert(policy_seal(&policy));
	struct track_settings settings = { .policy = &policy, .flows = 16, .sas = 16, .pairs = 16, .learn_packets = 4 };
	struct track *track = track_new(&settings, &(struct transition_sink){ discard, NULL });
	ck_assert_ptr_nonnull(track);
	esp_packets(track, 10);
	pair_at(track, 1)->esp_packets[0] = UINT32_MAX - 5;
	for (uint64_t count = (uint64_t)UINT32_MAX - 5 + 4; count < (uint64_t)UINT32_MAX + 40; count += 4) {
		esp_packets(track, 4);
		track_write_records(track, &knowledge, &sink);
		ck_assert_uint_eq(pair.esp_packets, count);
	}
	track_free(track);
	policy_clear(&policy);
}
END_TEST

SUITE_MAIN("track_counts", esp_packets_of_a_pair)
