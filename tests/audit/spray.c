/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPI spray: ESP packets with random SPIs from spoofed addresses among a thousand real SAs, told packet by packet (a script
 * of so many would not fit). Memory stays at its limit, every real SA keeps its story, and one finding is about the flood.
 *
 *   spray [packets of the flood, 200000]
 *
 * Prints what a tracked SA, pair and flow take.
 */
#include "../../config/config.h"
#include "../../daemon/audit/judge.h"
#include "../../daemon/audit/pair.h"
#include "../../daemon/audit/track.h"
#include "../sanitized.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { REAL = 1000, LIMIT = 4096, EVERY = 20, PROTOCOL_ESP = 50, SIZE = 120 };

#define BEGIN (INT64_C(1700000000) * 1000000000)
#define STEP_NS INT64_C(50000000)

struct real {
	struct address src, dst;
	uint32_t spi;
	uint64_t sent;
};

struct stage {
	struct judge *judge;
	struct track *track;
	struct packet packets[TRACK_BATCH];
	struct track_key keys[TRACK_BATCH];
	unsigned count;
	uint64_t state; /* of the generator */
	struct real real[REAL];
	/* what came out */
	unsigned opened, about_flood, cleared;
	unsigned kept; /* real SAs with exact counts and no loss */
};

static uint64_t draw(struct stage *stage)
{
	stage->state ^= stage->state << 13;
	stage->state ^= stage->state >> 7;
	stage->state ^= stage->state << 17;
	return stage->state;
}

static struct address host(uint32_t number)
{
	const uint8_t octets[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				    (uint8_t)number };
	return address_from_ipv4(octets);
}

static void put_transition(void *context, const struct transition *transition)
{
	struct stage *stage = context;

	judge_put(stage->judge, transition);
}

static void take_record(void *context, const struct record *record)
{
	struct stage *stage = context;

	if (record->type == RECORD_FINDING) {
		const struct finding *finding = &record->finding;
		if (finding->severity <= SEVERITY_MEDIUM && finding->state == FINDING_OPEN) {
			stage->opened++;
			stage->about_flood += finding->id == FINDING_TABLE_FULL;
		}
		stage->cleared += finding->id == FINDING_TABLE_FULL && finding->state == FINDING_CLEAR;
	} else if (record->type == RECORD_SA) {
		const struct record_sa *sa = &record->sa;
		/* Numbered by their addresses; spoofed ones are elsewhere. */
		for (unsigned i = 0; i < REAL; i++) {
			const struct real *real = &stage->real[i];
			if (real->spi == sa->spi && address_equal(&real->src, &sa->src) &&
			    address_equal(&real->dst, &sa->dst))
				stage->kept += sa->packets == real->sent && sa->seq_first == 1 && sa->lost == 0;
		}
	}
}

static void work(struct stage *stage)
{
	track_prepare(stage->track, stage->packets, stage->keys, stage->count);
	for (unsigned i = 0; i < stage->count; i++)
		track_packet(stage->track, &stage->packets[i], &stage->keys[i]);
	stage->count = 0;
}

static void step(struct stage *stage, int64_t now_ns)
{
	work(stage);
	track_advance(stage->track, now_ns);
	judge_advance(stage->judge, now_ns - 1);
}

static void send(struct stage *stage, const struct address *src, const struct address *dst, uint32_t spi,
		 uint32_t sequence, int64_t now_ns)
{
	static const uint8_t payload[SIZE];
	struct packet *packet = &stage->packets[stage->count++];

	memset(packet, 0, sizeof(*packet));
	packet->time_ns = now_ns;
	packet->frame_length = packet->length = SIZE + 20;
	packet->class = PACKET_ESP;
	packet->has_ip = true;
	packet->src = *src;
	packet->dst = *dst;
	packet->protocol = PROTOCOL_ESP;
	packet->spi = spi;
	packet->sequence = sequence;
	packet->payload = payload;
	packet->payload_captured = 16; /* not whole: nothing to read in it */
	packet->payload_length = SIZE;
	if (stage->count == TRACK_BATCH)
		work(stage);
}

static const char *app_name(void *context, uint16_t app)
{
	(void)context;
	(void)app;
	return NULL;
}

static void complete_pair(void *context, uint32_t realm, struct record_pair *pair,
			  const char *carries[RECORD_CARRIES_MAX])
{
	(void)context;
	(void)realm;
	(void)carries;
	pair->rekeys = 0;
}

static void complete_sa(void *context, uint32_t realm, struct record_sa *sa)
{
	(void)context;
	(void)realm;
	sa->state = SA_ACTIVE;
}

/* The flood, with a real packet every so many. Returns the time at its end. */
static int64_t run(struct stage *stage, uint64_t flood, uint64_t *memory, long *resident)
{
	int64_t now = BEGIN, stepped = BEGIN;
	unsigned turn = 0;

	for (uint64_t i = 0; i < flood; i++) {
		/* A packet of the flood each 10 microseconds; both sides of each real pair speak in turn. */
		now += 10000;
		struct address src = host((uint32_t)draw(stage) | 0x80000000), dst = host((uint32_t)draw(stage));
		send(stage, &src, &dst, (uint32_t)draw(stage), (uint32_t)draw(stage), now);
		/* All real ones are there before it floods. */
		for (unsigned real = 0; real < (i == 0 ? 2 * REAL : i % EVERY == 0); real++) {
			struct real *one = &stage->real[turn++ % REAL];
			send(stage, &one->src, &one->dst, one->spi, (uint32_t)++one->sent, now);
		}
		if (now - stepped >= STEP_NS) {
			step(stage, now);
			stepped = now;
		}
		if (i == flood / 2) {
			struct rusage usage;
			getrusage(RUSAGE_SELF, &usage);
			*memory = track_memory(stage->track);
			*resident = usage.ru_maxrss;
		}
	}
	return now;
}

int main(int argc, char **argv)
{
	uint64_t flood = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000, memory = 0;
	struct stage *stage = calloc(1, sizeof(*stage));
	struct config *config = config_default();
	struct rusage usage;
	long resident = 0;

	if (!stage || !config || !config_seal(config) || flood == 0)
		return EXIT_FAILURE;
	struct record_sink sink = { take_record, stage };
	struct judge_settings judging = { .policy = &config->policy,
					  .thresholds = judge_default_thresholds(),
					  .pairs = LIMIT,
					  .sas = LIMIT,
					  .ike = LIMIT,
					  .learned = 1024 };
	struct track_settings tracking = {
		.policy = &config->policy, .flows = LIMIT, .sas = LIMIT, .pairs = LIMIT, .learn_packets = 1000
	};
	stage->judge = judge_new(&judging, &sink);
	stage->track = track_new(&tracking, &(struct transition_sink){ put_transition, stage });
	if (!stage->judge || !stage->track)
		return EXIT_FAILURE;
	stage->state = UINT64_C(88172645463325252);
	for (uint32_t i = 0; i < REAL; i++) {
		struct address low = host(0x0a000000 + i / 2 * 2), high = host(0x0a000001 + i / 2 * 2);
		stage->real[i] = (struct real){ i % 2 ? high : low, i % 2 ? low : high, 0x5000 + i, 0 };
	}
	int64_t now = run(stage, flood, &memory, &resident);
	uint64_t memory_end = track_memory(stage->track);
	/* Quiet for three minutes: it is over. */
	for (int64_t quiet = 0; quiet < 180; quiet++)
		step(stage, now += INT64_C(1000000000));
	judge_finish(stage->judge, now);
	struct track_knowledge knowledge = { stage, app_name, complete_pair, complete_sa };
	track_write_records(stage->track, &knowledge, &sink);
	getrusage(RUSAGE_SELF, &usage);

	/* Four to eight buckets of 4 octets for each entry; the wheel's 5 octets for each SA and pair. */
	printf("octets each: SA %zu (%zu hot, %zu cold), flow %zu, pair %zu, dialogue %zu; index of a table 16 to 32 and "
	       "5 of "
	       "the wheel\n",
	       sizeof(struct sa) + sizeof(struct sa_cold), sizeof(struct sa), sizeof(struct sa_cold),
	       sizeof(struct flow), sizeof(struct pair), sizeof(struct dialogue));
	const struct track_counters *counters = track_counters(stage->track);
	printf("%" PRIu64 " packets: %" PRIu64 " SAs made, %" PRIu64
	       " evicted; %u of %u real SAs kept; %u findings of medium "
	       "or above, %u about the flood, %u cleared\n",
	       counters->packets, counters->sas, counters->sas_evicted, stage->kept, (unsigned)REAL, stage->opened,
	       stage->about_flood, stage->cleared);
	printf("tables %" PRIu64 " octets half way, %" PRIu64 " at the end; resident at most %ld and %ld KiB\n", memory,
	       memory_end, resident, usage.ru_maxrss);
	/* Timers and transitions in wait may take a little more; a leak for each SPI would take far more than that. What a
	 * sanitizer notes of each address goes on growing. */
	bool bounded = memory == memory_end && (SANITIZED || usage.ru_maxrss - resident < 4096);
	bool ok =
	    stage->kept == REAL && stage->opened == 1 && stage->about_flood == 1 && stage->cleared == 1 && bounded;
	printf("%s\n", ok ? "as it should be" : "NOT as it should be");
	track_free(stage->track);
	judge_free(stage->judge);
	config_free(config);
	free(stage);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
