/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flood, frame by frame through the whole engine, among two hundred real pairs of which one begins to leak and one goes
 * on with a stale SPI. The flood must cost no memory beyond the limits, be a finding itself, raise nothing about the real
 * pairs, take none of their SAs, and delay what is told of the leak and of the SPI by less than a second.
 *
 *   flood KIND [COUNT]
 *
 *   none       nothing: when leak and stale SPI are told without a flood
 *   flows      clear packets of as many flows, between few hosts
 *   pairs      clear packets of as many pairs of hosts
 *   fragments  first fragments without an end, and later ones without a beginning
 *   spis       ESP with random SPIs between random hosts
 *   ike        IKE_SA_INIT of random initiators to the real peers
 *   nesting    packets in packets in packets, deeper than anyone has use for
 *   leaks      clear packets from as many forged sources that a rule wants secured
 *   hub        ten thousand secured pairs of one gateway that all begin to leak at once
 *   crowd      secured pairs of as many hosts, without one origin, that all begin to leak at once
 *
 * The flood comes evenly in 40 s of frame time. Ten million flows are for people (`flood flows 10000000`).
 */
#include "../../config/config.h"
#include "../../daemon/engine.h"
#include "../../dissectors/link.h"
#include "../sanitized.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define BEGIN (INT64_C(1800000000) * SECOND)
#define TICK_NS (250 * MILLISECOND) /* each real pair speaks */
#define FLOOD_AT (5 * SECOND)
#define REKEY_AT (15 * SECOND)
#define LEAK_AT (20 * SECOND)
#define END_AT (45 * SECOND)
#define HOLD_NS (180 * SECOND)           /* after which a flood is over */
#define STALE_NS (12 * SECOND + TICK_NS) /* when it is told after its successor came, without a flood */

enum {
	REAL = 200,
	LEAKING = 0,
	STALE = 1,
	CROWD = 10000,
	FRAME_MAX = 9000,
	ETHERNET = 14,
	IPV4 = 20,
	NOISE = 1 << 16,
	PROTOCOL_IPIP = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	MORE_FRAGMENTS = 0x2000,
	GROWTH_MAX_KB = 16 * 1024, /* huge pages of tables that are full are used for the first time still */
};

static const char limits[] = "sensor: flood\n"
			     "limits: { flows: 16384, sas: 32768, ike: 4096, pairs: 32768, learned: 4096 }\n"
			     "policy:\n"
			     "  rules:\n"
			     "    - { name: real, between: [10.1.0.0/16, 10.2.0.0/16], level: require }\n"
			     "    - { name: wide, between: [172.16.0.0/12, 172.16.0.0/12], level: require }\n";

enum kind { NONE, FLOWS, PAIRS, FRAGMENTS, SPIS, IKE, NESTING, LEAKS, HUB, CROWD_KIND, KINDS };
static const char *const kinds[KINDS] = { "none", "flows",   "pairs", "fragments", "spis",
					  "ike",  "nesting", "leaks", "hub",       "crowd" };

struct side {
	uint32_t src, dst, spi, sequence;
	uint64_t sent;
};

struct stage {
	enum kind kind;
	struct engine *engine;
	struct frame frames[32];
	uint8_t octets[32][FRAME_MAX];
	unsigned count;
	int64_t now_ns;
	uint64_t state;
	uint8_t noise[NOISE];
	struct side sides[REAL][2];
	struct side stale;
	struct side crowd[CROWD][2];
	uint64_t frames_sent;
	/* what came out */
	int64_t leak_told_ns, stale_told_ns;
	unsigned floods, cleared, others, opened, kept, groups;
};

static uint64_t draw(struct stage *stage)
{
	stage->state ^= stage->state << 13;
	stage->state ^= stage->state >> 7;
	stage->state ^= stage->state << 17;
	return stage->state;
}

/* ---- frames ---- */

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

static void flush(struct stage *stage)
{
	if (stage->count)
		engine_frames(stage->engine, stage->frames, stage->count);
	stage->count = 0;
}

/* A frame to be filled from its IP header on. */
static uint8_t *begin_frame(struct stage *stage)
{
	uint8_t *octets = stage->octets[stage->count];

	memset(octets, 0x02, 12);
	put16(octets + 12, 0x0800);
	return octets + ETHERNET;
}

static void end_frame(struct stage *stage, uint32_t ip_length)
{
	stage->frames[stage->count] = (struct frame){ .bytes = stage->octets[stage->count],
						      .captured = ETHERNET + ip_length,
						      .length = ETHERNET + ip_length,
						      .time_ns = BEGIN + stage->now_ns,
						      .link_type = LINK_TYPE_ETHERNET };
	stage->frames_sent++;
	if (++stage->count == sizeof(stage->frames) / sizeof(stage->frames[0]))
		flush(stage);
}

/* Where the payload of so many octets goes. */
static uint8_t *ipv4(uint8_t *at, uint32_t src, uint32_t dst, uint8_t protocol, uint32_t length, uint32_t fragment,
		     uint32_t identification)
{
	memset(at, 0, IPV4);
	at[0] = 0x45;
	put16(at + 2, IPV4 + length);
	put16(at + 4, identification);
	put16(at + 6, fragment);
	at[8] = 64;
	at[9] = protocol;
	put32(at + 12, src);
	put32(at + 16, dst);
	uint32_t sum = 0;
	for (unsigned i = 0; i < IPV4; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(at + 10, ~sum);
	return at + IPV4;
}

static void send_esp(struct stage *stage, uint32_t src, uint32_t dst, uint32_t spi, uint32_t sequence, uint32_t length)
{
	uint8_t *at = ipv4(begin_frame(stage), src, dst, PROTOCOL_ESP, length, 0, 0);

	put32(at, spi);
	put32(at + 4, sequence);
	memcpy(at + 8, stage->noise + draw(stage) % (NOISE - 1500), length - 8);
	end_frame(stage, IPV4 + length);
}

static void send_side(struct stage *stage, struct side *side)
{
	send_esp(stage, side->src, side->dst, side->spi, ++side->sequence,
		 8 + 16 + 16 * (2 + (uint32_t)draw(stage) % 20) + 16);
	side->sent++;
}

static void send_udp(struct stage *stage, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port,
		     const uint8_t *payload, uint32_t length)
{
	uint8_t *at = ipv4(begin_frame(stage), src, dst, PROTOCOL_UDP, 8 + length, 0, 0);

	put16(at, src_port);
	put16(at + 2, dst_port);
	put16(at + 4, 8 + length);
	put16(at + 6, 0);
	memcpy(at + 8, payload, length);
	end_frame(stage, IPV4 + 8 + length);
}

static void send_http(struct stage *stage, uint32_t src, uint32_t dst, uint16_t src_port, uint32_t sequence)
{
	static const char request[] = "GET /report HTTP/1.1\r\nHost: intranet.example\r\n\r\n";
	uint32_t length = 20 + sizeof(request) - 1;
	uint8_t *at = ipv4(begin_frame(stage), src, dst, PROTOCOL_TCP, length, 0, 0);

	memset(at, 0, 20);
	put16(at, src_port);
	put16(at + 2, 80);
	put32(at + 4, sequence);
	at[12] = 0x50;
	at[13] = 0x18;
	put16(at + 14, 64000);
	memcpy(at + 20, request, sizeof(request) - 1);
	end_frame(stage, IPV4 + length);
}

/* A message of IKEv2 with nothing but a nonce, or with an encrypted payload. */
static void send_ike(struct stage *stage, uint32_t src, uint32_t dst, uint64_t ispi, uint64_t rspi, uint8_t exchange,
		     uint8_t flags, uint32_t id)
{
	uint8_t message[28 + 84];
	bool first = exchange == 34;
	uint32_t length = 28 + (first ? 36 : 84);

	put32(message, (uint32_t)(ispi >> 32));
	put32(message + 4, (uint32_t)ispi);
	put32(message + 8, (uint32_t)(rspi >> 32));
	put32(message + 12, (uint32_t)rspi);
	message[16] = first ? 40 : 46;
	message[17] = 0x20;
	message[18] = exchange;
	message[19] = flags;
	put32(message + 20, id);
	put32(message + 24, length);
	put16(message + 28, first ? 0 : 36 << 8);
	put16(message + 30, length - 28);
	memcpy(message + 32, stage->noise + draw(stage) % (NOISE - 1500), length - 32);
	send_udp(stage, src, dst, 500, 500, message, length);
}

/* ---- floods ---- */

static void send_fragment(struct stage *stage, uint32_t src, uint32_t dst, bool first)
{
	uint8_t *at =
	    ipv4(begin_frame(stage), src, dst, PROTOCOL_UDP, 64,
		 first ? MORE_FRAGMENTS : MORE_FRAGMENTS | (8 + (uint32_t)draw(stage) % 100), (uint32_t)draw(stage));

	memcpy(at, stage->noise + draw(stage) % (NOISE - 1500), 64);
	if (first)
		put16(at + 4, 1400);
	end_frame(stage, IPV4 + 64);
}

static void send_nested(struct stage *stage, uint32_t src, uint32_t dst)
{
	uint32_t depth = 4 + (uint32_t)draw(stage) % 100, length = depth * IPV4 + 28;
	uint8_t *at = begin_frame(stage);

	for (uint32_t i = 0; i < depth; i++)
		at =
		    ipv4(at, src + i, dst, i + 1 < depth ? PROTOCOL_IPIP : PROTOCOL_UDP, length - (i + 1) * IPV4, 0, 0);
	memset(at, 0, 28);
	put16(at, 1000);
	put16(at + 2, 2000);
	put16(at + 4, 28);
	end_frame(stage, length);
}

static void flood(struct stage *stage, uint64_t number)
{
	uint32_t one = (uint32_t)draw(stage), other = (uint32_t)draw(stage);

	switch (stage->kind) {
	case FLOWS:
		send_udp(stage, 0x0a030000 | (one & 7), 0x0a040000 | (other & 7), (uint16_t)(one >> 16),
			 (uint16_t)(other >> 16), stage->noise + (one & 0xfff), 64);
		break;
	case PAIRS:
		send_udp(stage, 0x50000000 | (one & 0xffffff), 0x60000000 | (other & 0xffffff), 4000, 4001,
			 stage->noise, 64);
		break;
	case FRAGMENTS:
		send_fragment(stage, 0x0a030000 | (one & 0xff), 0x0a040000 | (other & 0xff), number & 1);
		break;
	case SPIS:
		send_esp(stage, one | 0x80000000, other & 0x5fffffff, 256 + (uint32_t)draw(stage), one, 120);
		break;
	case IKE:
		send_ike(stage, 0x50000000 | (one & 0xffffff), stage->sides[other % REAL][0].dst, draw(stage), 0, 34,
			 0x08, 0);
		break;
	case NESTING:
		send_nested(stage, one | 0x80000000, other & 0x5fffffff);
		break;
	case LEAKS:
		send_udp(stage, 0xac100000 | (one & 0xfffff), 0xac100000 | (other & 0xfffff), 4000, 4001, stage->noise,
			 64);
		break;
	default:
		break;
	}
}

/* Pairs that are secured before they all fail. */
static void make_crowd(struct stage *stage)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		uint32_t a = 0xac100000 + i * (stage->kind == HUB ? 1 : 2) + 2,
			 b = stage->kind == HUB ? 0xac1f0001 : a + 1 + 0x80000;
		stage->crowd[i][0] = (struct side){ a, b, 0xa0000000 + 2 * i, 0, 0 };
		stage->crowd[i][1] = (struct side){ b, a, 0xa0000001 + 2 * i, 0, 0 };
	}
}

static void crowd_tick(struct stage *stage, unsigned tick)
{
	if (stage->kind != HUB && stage->kind != CROWD_KIND)
		return;
	/* A quarter of them at each of four ticks. */
	for (uint32_t i = tick % 4; i < CROWD; i += 4)
		if (stage->now_ns < LEAK_AT - SECOND) {
			send_side(stage, &stage->crowd[i][0]);
			send_side(stage, &stage->crowd[i][1]);
		} else {
			send_http(stage, stage->crowd[i][0].src, stage->crowd[i][0].dst, 40000, tick * 100);
		}
}

/* ---- the real ones ---- */

static void make_real(struct stage *stage)
{
	for (uint32_t i = 0; i < REAL; i++) {
		uint32_t a = 0x0a010001 + i, b = 0x0a020001 + i;
		uint64_t ispi = 0x1111000000000000 + i;

		stage->sides[i][0] = (struct side){ a, b, 0xc0000000 + 2 * i, 0, 0 };
		stage->sides[i][1] = (struct side){ b, a, 0xc0000001 + 2 * i, 0, 0 };
		stage->now_ns += MILLISECOND;
		send_ike(stage, a, b, ispi, 0, 34, 0x08, 0);
		send_ike(stage, b, a, ispi, ispi ^ 0xff, 34, 0x20, 0);
		send_ike(stage, a, b, ispi, ispi ^ 0xff, 35, 0x08, 1);
		send_ike(stage, b, a, ispi, ispi ^ 0xff, 35, 0x20, 1);
	}
}

static void real_tick(struct stage *stage, unsigned tick)
{
	struct side *stale = stage->sides[STALE];

	for (unsigned i = 0; i < REAL; i++) {
		send_side(stage, &stage->sides[i][0]);
		send_side(stage, &stage->sides[i][1]);
	}
	if (stage->now_ns >= REKEY_AT && !stage->stale.spi) {
		stage->stale = stale[0];
		for (unsigned d = 0; d < 2; d++)
			stale[d] = (struct side){ stale[d].src, stale[d].dst, 0xd0000000 + d, 0, 0 };
	} else if (stage->stale.spi) {
		send_side(stage, &stage->stale);
	}
	if (stage->now_ns >= LEAK_AT)
		send_http(stage, stage->sides[LEAKING][0].src, stage->sides[LEAKING][0].dst, 50000, tick * 100);
}

/* ---- what comes of it ---- */

static bool is_real(const struct address *address)
{
	return address_is_ipv4(address) && address->bytes[12] == 10 &&
	       (address->bytes[13] == 1 || address->bytes[13] == 2);
}

static void note_finding(struct stage *stage, const struct finding *finding)
{
	bool about_real = finding->has_pair && is_real(&finding->a) && is_real(&finding->b);
	unsigned number = finding->a.bytes[15] - 1u;

	if (finding->id == FINDING_TABLE_FULL && finding->state == FINDING_CLEAR)
		stage->cleared++;
	if (finding->state != FINDING_OPEN || catalogue_is_event(finding->id))
		return;
	stage->opened++;
	if (finding->id == FINDING_CLEARTEXT_LEAK && about_real && number == LEAKING)
		stage->leak_told_ns = finding->time_ns - BEGIN;
	else if (finding->id == FINDING_BAD_SPI && about_real && number == STALE)
		stage->stale_told_ns = finding->time_ns - BEGIN;
	else if (about_real)
		stage->others += finding->severity <= SEVERITY_LOW;
	else if (finding->id == FINDING_TABLE_FULL || finding->id == FINDING_IKE_FLOOD)
		stage->floods++;
	else if (finding->subject == SUBJECT_HOST)
		stage->groups++;
	if (getenv("FLOOD_TELL") && stage->opened < 400)
		printf("%.3f %s\n", (double)(finding->time_ns - BEGIN) / 1e9, finding->text);
}

static void take_record(void *context, const struct record *record)
{
	struct stage *stage = context;

	if (record->type == RECORD_FINDING)
		note_finding(stage, &record->finding);
	if (record->type == RECORD_NOTICE && getenv("FLOOD_TELL"))
		printf("%.3f notice: %s\n", (double)(record->time_ns - BEGIN) / 1e9, record->notice.text);
	if (record->type != RECORD_SA)
		return;
	for (unsigned i = 0; i < REAL; i++)
		for (unsigned d = 0; d < 2; d++) {
			const struct side *side = &stage->sides[i][d];
			stage->kept += side->spi == record->sa.spi && side->sent == record->sa.packets &&
				       record->sa.lost == 0 && record->sa.seq_first == 1;
		}
}

static long resident_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void run(struct stage *stage, uint64_t count, uint64_t *half, long *half_kb)
{
	uint64_t flooded = 0;
	unsigned tick = 0;

	make_real(stage);
	make_crowd(stage);
	for (int64_t due = SECOND; due < END_AT; due += TICK_NS, tick++) {
		/* What is due of the flood until the next tick, evenly. */
		uint64_t until =
		    due + TICK_NS <= FLOOD_AT
			? 0
			: (uint64_t)((double)count * (double)(due + TICK_NS - FLOOD_AT) / (double)(END_AT - FLOOD_AT));
		uint64_t part = until - flooded;

		stage->now_ns = due;
		real_tick(stage, tick);
		crowd_tick(stage, tick);
		for (uint64_t i = 0; i < part; i++) {
			stage->now_ns = due + (int64_t)((double)TICK_NS * (double)i / (double)part);
			flood(stage, flooded++);
		}
		if (due == 30 * SECOND) {
			*half = engine_counters(stage->engine).memory;
			*half_kb = resident_kb();
		}
	}
	flush(stage);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0, half = 0;
	struct stage *stage = calloc(1, sizeof(*stage));
	struct config_error error;
	struct config *config = config_parse("flood", limits, strlen(limits), &error);
	long half_kb = 0;

	if (!stage || !config || !config_seal(config)) {
		fprintf(stderr, "%s\n", config ? "no memory" : error.text);
		return EXIT_FAILURE;
	}
	while (argc > 1 && stage->kind < KINDS && strcmp(argv[1], kinds[stage->kind]) != 0)
		stage->kind++;
	if (stage->kind == KINDS) {
		fprintf(stderr, "flood KIND [COUNT]\n");
		return EXIT_FAILURE;
	}
	stage->state = UINT64_C(88172645463325252);
	for (unsigned i = 0; i < NOISE; i++)
		stage->noise[i] = (uint8_t)(draw(stage) >> 32);
	struct engine_settings settings = { .config = config };
	struct record_sink sink = { take_record, stage };
	stage->engine = engine_new(&settings, &sink);
	if (!stage->engine)
		return EXIT_FAILURE;
	run(stage, count, &half, &half_kb);
	uint64_t memory = engine_counters(stage->engine).memory;
	for (int64_t quiet = 0; quiet < HOLD_NS; quiet += SECOND)
		engine_advance(stage->engine, BEGIN + (stage->now_ns += SECOND));
	engine_finish(stage->engine);
	long grown_kb = resident_kb() - half_kb;
	engine_write_records(stage->engine);
	struct engine_counters counters = engine_counters(stage->engine);

	printf("%s, %" PRIu64
	       " frames: %u alerts opened, %u of the flood (%u ended), %u of groups, %u about real pairs that "
	       "should not be; %u of %u real SAs whole\n",
	       kinds[stage->kind], stage->frames_sent, stage->opened, stage->floods, stage->cleared, stage->groups,
	       stage->others, stage->kept, 2 * REAL);
	printf("evicted: %" PRIu64 " flows, %" PRIu64 " SAs, %" PRIu64 " pairs; tables %" PRIu64
	       " octets, then %" PRIu64 "; resident grew by %ld kB in the second half\n",
	       counters.track.flows_evicted, counters.track.sas_evicted, counters.track.pairs_evicted, half, memory,
	       grown_kb);
	double leak = stage->leak_told_ns ? (double)(stage->leak_told_ns - LEAK_AT) / 1e9 : -1,
	       stale = stage->stale_told_ns ? (double)(stage->stale_told_ns - REKEY_AT) / 1e9 : -1;
	printf("leak told after %.3f s, stale SPI %.3f s after its successor came\n", leak, stale);
	bool full = stage->kind == FLOWS || stage->kind == PAIRS || stage->kind == SPIS || stage->kind == IKE ||
		    stage->kind == LEAKS;
	bool ok = leak >= 0 && leak < 1 && stale > 0 && stale < (double)STALE_NS / 1e9 + 1 && stage->others == 0 &&
		  stage->kept == 2 * REAL && memory < half + GROWTH_MAX_KB * 1024 &&
		  (SANITIZED || grown_kb < GROWTH_MAX_KB) && (!full || stage->floods > 0) &&
		  (stage->kind != HUB || stage->groups == 1);
	printf("%s\n", ok ? "as it should be" : "NOT as it should be");
	engine_free(stage->engine);
	config_free(config);
	free(stage);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
