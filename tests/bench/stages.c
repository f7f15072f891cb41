/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each part of the way of a packet costs: stages FILE [ROUNDS]
 *
 * The file is worked through again and again, each time by one part more: read, decode, track, name (nDPI), judge, records. What a part
 * costs is the difference between two of these, in processor time per packet, the median of the rounds (default 3). Records are those of
 * all pairs, SAs and IKE SAs at the end; writing them as JSON is not in it. `espial status` has the same words for what it measures live.
 */
#include "../../config/config.h"
#include "../../daemon/capture_file.h"
#include "../../daemon/engine.h"
#include "../../daemon/worker.h"
#include "../../dissectors/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 256, ROUNDS_MAX = 31, INTERFACES = 256 };

enum stage { READ, DECODE, TRACK, NAME, JUDGE, RECORDS, STAGES };

struct bench {
	const char *path;
	struct config *config;
	uint16_t decapsulate[INTERFACES];
	uint64_t packets;
	uint64_t seen; /* so that nothing is left out as unused */
};

static double processor_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void discard(void *context, const struct transition *transition)
{
	struct transition copy = *transition;

	(void)context;
	transition_discard(&copy);
}

static void count_record(void *context, const struct record *record)
{
	struct bench *bench = context;

	bench->seen += record->type;
}

static struct worker *make_worker(const struct bench *bench, enum stage stage)
{
	static const struct transition_sink nowhere = { discard, NULL };
	struct worker_settings settings = {
		.track = { .policy = &bench->config->policy,
			   .flows = bench->config->limits.flows,
			   .sas = bench->config->limits.sas,
			   .pairs = bench->config->limits.pairs,
			   .learn_packets = 4 },
		.classify_slots = stage >= NAME ? 20000 : 0,
		.decapsulate = bench->decapsulate,
		.decapsulate_count = INTERFACES,
		.decapsulate_otherwise = TUNNEL_ALL,
	};

	return worker_new(&settings, &nowhere);
}

static void decode(struct bench *bench, const struct frame *frames, unsigned count)
{
	static const struct packet_options options = { .decapsulate = TUNNEL_ALL };
	struct packet packet;

	for (unsigned i = 0; i < count; i++) {
		packet_read(&frames[i], &options, &packet);
		bench->seen += packet.class;
	}
}

/* Processor nanoseconds of the file up to that stage; ends the process where that cannot be had. */
static double round_of(struct bench *bench, enum stage stage)
{
	struct frame frames[BATCH];
	struct capture_file_error error;
	struct record_sink records = { count_record, bench };
	struct engine_settings settings = { .config = bench->config, .offline = true };
	double began = processor_ns();
	struct capture_file *file = capture_file_open(bench->path, &error);
	struct worker *worker = stage == TRACK || stage == NAME ? make_worker(bench, stage) : NULL;
	struct engine *engine = stage >= JUDGE ? engine_new(&settings, &records) : NULL;
	unsigned count;
	int64_t stepped_ns = 0;

	if (!file || ((stage == TRACK || stage == NAME) && !worker) || (stage >= JUDGE && !engine)) {
		fprintf(stderr, "stages: %s\n", file ? "not enough memory" : error.text);
		exit(2);
	}
	bench->packets = 0;
	while ((count = capture_file_next(file, frames, BATCH)) > 0) {
		bench->packets += count;
		if (stage == READ)
			bench->seen += frames[count - 1].bytes[0];
		else if (stage == DECODE)
			decode(bench, frames, count);
		else if (engine)
			engine_frames(engine, frames, count);
		if (!worker)
			continue;
		worker_frames(worker, frames, count);
		if (worker_now(worker) - stepped_ns >= INT64_C(50000000)) {
			stepped_ns = worker_now(worker);
			worker_advance(worker, stepped_ns);
		}
	}
	if (engine) {
		engine_finish(engine);
		if (stage == RECORDS)
			engine_write_records(engine);
	}
	engine_free(engine);
	worker_free(worker);
	capture_file_close(file);
	return processor_ns() - began;
}

static int ascending(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int main(int argc, char **argv)
{
	static const char *const names[STAGES] = { "read", "decode", "track", "name (nDPI)", "judge", "records" };
	struct bench bench = { .config = config_default() };
	unsigned rounds = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	double times[STAGES][ROUNDS_MAX];

	if (argc < 2 || argc > 3 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: stages FILE [ROUNDS, at most %d]\n", ROUNDS_MAX);
		return 2;
	}
	if (!bench.config || !config_seal(bench.config)) {
		fputs("stages: not enough memory\n", stderr);
		return 2;
	}
	bench.path = argv[1];
	for (unsigned i = 0; i < INTERFACES; i++)
		bench.decapsulate[i] = TUNNEL_ALL;
	for (unsigned round = 0; round < rounds; round++)
		for (enum stage stage = READ; stage < STAGES; stage++)
			times[stage][round] = round_of(&bench, stage);
	for (enum stage stage = READ; stage < STAGES; stage++)
		qsort(times[stage], rounds, sizeof(times[stage][0]), ascending);
	double packets = bench.packets > 0 ? (double)bench.packets : 1, whole = times[RECORDS][rounds / 2], before = 0;
	for (enum stage stage = READ; stage < STAGES; stage++) {
		double median = times[stage][rounds / 2];
		printf("%-15s %7.1f ns per packet  %3.0f %%\n", names[stage], (median - before) / packets,
		       100 * (median - before) / whole);
		before = median;
	}
	printf("%-15s %7.1f ns per packet, %llu packets\n", "together", whole / packets,
	       (unsigned long long)bench.packets);
	config_free(bench.config);
	return 0;
}
