/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine that is killed in the middle of a capture, and the next one, which is told what was written to be known: it may
 * alarm of nothing that one engine alone does not alarm of. restarts TIMES FILE [A,B...]
 *
 * The file is read once by one engine, then TIMES times with a restart, at moments that are evenly apart. Nothing is lost but
 * what the first had not written yet. An alarm is a finding of medium severity or above; as the same counts one of the same
 * kind about the same pair or host, or about a group of such pairs, whenever it was opened. A,B: have to be secured, as `espial audit --secured` takes it.
 *
 * Prints what is new, and ends with 1 if there is any. What is missing is printed too, and no mistake by itself: who saw half
 * of a negotiation, or had three seconds to decide and was killed after two, does not tell of it.
 */
#include "config/config.h"
#include "daemon/capture_file.h"
#include "daemon/engine.h"
#include "tests/audit/story_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 400000, ALARMS_MAX = 4096, BATCH = 32, TIMES_MAX = 1000 };

struct capture {
	struct frame *frames; /* with octets of their own */
	unsigned count;
	char names[16][64];
	unsigned interfaces;
};

struct alarm {
	enum finding_id id;
	struct address a, b;
};

struct hearing {
	struct story_memory memory;
	struct alarm alarms[ALARMS_MAX];
	unsigned alarm_count;
	const struct hearing *before; /* one engine alone: what it said is no news */
	const char *what;             /* whose differences are printed */
	unsigned news, missing;
};

static void *must(void *memory)
{
	if (memory)
		return memory;
	fputs("restarts: not enough memory\n", stderr);
	exit(2);
}

/* NULL: it is not among them. */
static const struct alarm *find(const struct hearing *hearing, enum finding_id id, const struct address *a,
				const struct address *b)
{
	for (unsigned i = 0; i < hearing->alarm_count; i++)
		if (hearing->alarms[i].id == id && address_equal(&hearing->alarms[i].a, a) &&
		    address_equal(&hearing->alarms[i].b, b))
			return &hearing->alarms[i];
	return NULL;
}

/* Whether that one spoke of it, or of a group that the pair was in. */
static bool spoke_of(const struct hearing *hearing, enum finding_id id, const struct address *a,
		     const struct address *b)
{
	static const struct address none;

	return find(hearing, id, a, b) || find(hearing, id, a, &none) || find(hearing, id, b, &none);
}

static void hear(void *context, const struct record *record)
{
	struct hearing *hearing = context;
	const struct finding *finding = &record->finding;

	if (record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_HOST || record->type == RECORD_FINDING)
		story_memory_keep(&hearing->memory, record);
	if (record->type != RECORD_FINDING || finding->state == FINDING_CLEAR || finding->severity > SEVERITY_MEDIUM ||
	    find(hearing, finding->id, &finding->a, &finding->b))
		return;
	if (hearing->alarm_count < ALARMS_MAX)
		hearing->alarms[hearing->alarm_count++] = (struct alarm){ finding->id, finding->a, finding->b };
	if (!hearing->before || spoke_of(hearing->before, finding->id, &finding->a, &finding->b))
		return;
	hearing->news++;
	printf("%s: new: %s\n", hearing->what, finding->text);
}

/* What one engine alone alarms of, and these two did not. */
static void look_for_missing(struct hearing *hearing)
{
	struct address_text a, b;

	for (unsigned i = 0; i < hearing->before->alarm_count; i++) {
		const struct alarm *alarm = &hearing->before->alarms[i];
		if (spoke_of(hearing, alarm->id, &alarm->a, &alarm->b))
			continue;
		hearing->missing++;
		printf("%s: missing: %s of %s and %s\n", hearing->what, catalogue_row(alarm->id)->name,
		       address_text(&alarm->a, &a), address_text(&alarm->b, &b));
	}
}

static struct capture read_capture(const char *path)
{
	struct capture_file_error error;
	struct capture_file *file = capture_file_open(path, &error);
	struct capture capture = { .frames = must(calloc(FRAMES_MAX, sizeof(struct frame))) };
	struct frame frames[BATCH];
	unsigned count;

	if (!file) {
		fprintf(stderr, "restarts: %s\n", error.text);
		exit(2);
	}
	while ((count = capture_file_next(file, frames, BATCH)) > 0)
		for (unsigned i = 0; i < count && capture.count < FRAMES_MAX; i++) {
			struct frame *frame = &capture.frames[capture.count++];
			uint8_t *octets = must(malloc(frames[i].captured + 1));
			*frame = frames[i];
			memcpy(octets, frames[i].bytes, frames[i].captured);
			frame->bytes = octets;
		}
	capture.interfaces = capture_file_interfaces(file);
	for (unsigned i = 0; i < capture.interfaces && i < 16; i++)
		snprintf(capture.names[i], sizeof(capture.names[i]), "%s", capture_file_interface_name(file, i));
	capture_file_close(file);
	return capture;
}

static struct engine *begin(const struct config *config, const struct capture *capture, struct hearing *hearing)
{
	struct engine_settings settings = { .config = config, .offline = true, .remember = true };
	struct record_sink sink = { hear, hearing };
	struct engine *engine = must(engine_new(&settings, &sink));

	for (unsigned i = 0; i < capture->interfaces && i < 16; i++)
		engine_interface(engine, (uint16_t)i, capture->names[i]);
	return engine;
}

static void go_on(struct engine *engine, const struct capture *capture, unsigned from, unsigned to)
{
	for (unsigned count; from < to; from += count) {
		count = to - from < BATCH ? to - from : BATCH;
		engine_frames(engine, capture->frames + from, count);
	}
}

static void restart(const struct config *config, const struct capture *capture, unsigned at, struct hearing *hearing)
{
	const struct record *records = hearing->memory.records;
	struct engine *engine = begin(config, capture, hearing);

	go_on(engine, capture, 0, at);
	int64_t now = engine_now(engine);
	engine_free(engine);
	engine = begin(config, capture, hearing);
	/* What is given makes the engine write, which changes what was kept. */
	size_t count = hearing->memory.count;
	struct record *given = must(malloc((count + 1) * sizeof(*given)));
	memcpy(given, records, count * sizeof(*given));
	engine_know_until(engine, now);
	for (unsigned findings = 0; findings < 2; findings++)
		for (size_t i = 0; i < count; i++)
			if ((given[i].type == RECORD_FINDING) == findings)
				engine_know(engine, &given[i], now);
	free(given);
	go_on(engine, capture, at, capture->count);
	engine_finish(engine);
	engine_free(engine);
}

int main(int argc, char **argv)
{
	static struct hearing alone, again;
	unsigned news = 0, missing = 0, times = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct config *config = must(config_default());
	struct config_error error;
	char what[64];

	if (times < 1 || times > TIMES_MAX) {
		fputs("usage: restarts TIMES FILE [A,B...]\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		if (!config_add_secured(config, argv[i], &error)) {
			fprintf(stderr, "restarts: %s\n", error.text);
			return 2;
		}
	if (!config_seal(config))
		must(NULL);
	struct capture capture = read_capture(argv[2]);
	struct engine *engine = begin(config, &capture, &alone);
	go_on(engine, &capture, 0, capture.count);
	engine_finish(engine);
	engine_free(engine);
	for (unsigned i = 1; i <= times; i++) {
		unsigned at = (unsigned)((uint64_t)capture.count * i / (times + 1));
		memset(&again, 0, sizeof(again));
		snprintf(what, sizeof(what), "restarted after frame %u of %u", at, capture.count);
		again.before = &alone;
		again.what = what;
		restart(config, &capture, at, &again);
		look_for_missing(&again);
		news += again.news;
		missing += again.missing;
	}
	for (unsigned i = 0; i < capture.count; i++)
		free((void *)(uintptr_t)capture.frames[i].bytes);
	free(capture.frames);
	config_free(config);
	printf("%u restarts, %u alarms of one engine alone: %u new, %u missing\n", times, alone.alarm_count, news,
	       missing);
	return news > 0;
}
