/* SPDX-License-Identifier: Apache-2.0 */
/* See offline.h. */
#include "offline.h"

#include "capture_file.h"
#include "engine.h"
#include "report/memory_or_end.h"

#include <stdio.h>
#include <stdlib.h>

#define CLOSE_NS INT64_C(10000000)

enum {
	BATCH = 256,           /* frames of a file at once */
	BATCH_GATHERED = 4096, /* where several workers go through them */
	SMALL_BATCH = 32,
	INTERFACES_MAX = 256,
};

struct source {
	struct capture_file *file;
	struct frame *frames; /* owned */
	unsigned count, at;
	bool ended;
	unsigned known;    /* interfaces of the file that have a number */
	uint16_t *numbers; /* of the file's interfaces among all; owned */
	bool renumbers;    /* these differ from the file's own */
};

struct offline {
	struct source *sources;
	unsigned count;
	unsigned refused;    /* files that could not be opened or are no captures */
	unsigned batch;      /* room for frames in each */
	uint16_t interfaces; /* numbers given out */
	struct {
		unsigned source, interface;
	} names[INTERFACES_MAX];
};

struct offline *offline_new(const char *const *paths, unsigned count, offline_tell *tell, void *context)
{
	struct offline *offline = memory_zeroed_or_end(1, sizeof(*offline));
	struct capture_file_error problem;

	offline->sources = memory_zeroed_or_end(count, sizeof(*offline->sources));
	offline->batch = BATCH;
	for (unsigned i = 0; i < count; i++) {
		struct source *source = &offline->sources[offline->count];
		source->file = capture_file_open(paths[i], &problem);
		if (!source->file) {
			tell(context, problem.text);
			offline->refused++;
			continue;
		}
		source->frames = memory_or_end(offline->batch * sizeof(*source->frames));
		offline->count++;
	}
	if (offline->count > 0)
		return offline;
	offline_free(offline);
	return NULL;
}

void offline_gather(struct offline *offline)
{
	/* Of many files each brings but a part of what is gone through together. */
	enum { ROOM = 2 * 1024 * 1024, FILES = 4 };

	if (offline->count > FILES)
		return;
	offline->batch = BATCH_GATHERED;
	for (unsigned i = 0; i < offline->count; i++) {
		struct source *source = &offline->sources[i];
		source->frames = memory_more_or_end(source->frames, offline->batch * sizeof(*source->frames));
		capture_file_widen(source->file, ROOM);
	}
}

void offline_free(struct offline *offline)
{
	if (!offline)
		return;
	for (unsigned i = 0; i < offline->count; i++) {
		capture_file_close(offline->sources[i].file);
		free(offline->sources[i].frames);
		free(offline->sources[i].numbers);
	}
	free(offline->sources);
	free(offline);
}

/* Gives numbers to interfaces of a source that are new. Beyond the names that are kept, the last number stands for all. */
static void number_interfaces(struct offline *offline, unsigned index, struct engine *engine)
{
	struct source *source = &offline->sources[index];
	unsigned count = capture_file_interfaces(source->file);

	if (count <= source->known)
		return;
	uint16_t *numbers = source->numbers = memory_more_or_end(source->numbers, count * sizeof(*numbers));
	for (; source->known < count; source->known++) {
		uint16_t number = offline->interfaces;
		if (number < INTERFACES_MAX) {
			offline->names[number].source = index;
			offline->names[number].interface = source->known;
			offline->interfaces++;
			engine_interface(engine, number, capture_file_interface_name(source->file, source->known));
		} else {
			number = INTERFACES_MAX - 1;
		}
		source->renumbers |= number != source->known;
		numbers[source->known] = number;
	}
}

static bool refill(struct offline *offline, unsigned index, struct engine *engine)
{
	struct source *source = &offline->sources[index];

	if (source->ended)
		return false;
	/* The file's frames so far may go now. */
	engine_flush(engine);
	source->at = 0;
	source->count = capture_file_next(source->file, source->frames, offline->batch);
	if (source->count == 0) {
		source->ended = true;
		return false;
	}
	number_interfaces(offline, index, engine);
	for (unsigned i = 0; source->renumbers && i < source->count; i++)
		source->frames[i].interface = source->numbers[source->frames[i].interface];
	return true;
}

/*
 * Where a run of frames ends that goes to the engine at once. The engine looks between runs at what fell quiet, so a run is
 * short, unless its frames follow one another so closely that there would be nothing to see.
 */
static unsigned run_end(const struct source *source)
{
	uint64_t begin = (uint64_t)source->frames[source->at].time_ns;
	unsigned end = source->at + SMALL_BATCH;
	unsigned last = source->count - source->at < BATCH ? source->count : source->at + BATCH;

	if (end >= source->count)
		return source->count;
	while (end < last && (uint64_t)source->frames[end].time_ns - begin < CLOSE_NS)
		end++;
	return end;
}

static bool read_one(struct offline *offline, struct engine *engine, unsigned budget)
{
	struct source *source = &offline->sources[0];

	for (unsigned done = 0; done < budget;) {
		if (source->at == source->count && !refill(offline, 0, engine))
			return false;
		unsigned end = run_end(source);
		engine_gather(engine, source->frames + source->at, end - source->at);
		done += end - source->at;
		source->at = end;
	}
	return true;
}

/* Of the sources that have a frame, the one whose frame is earliest; ties go to the file named first. */
static struct source *earliest(struct offline *offline, struct engine *engine, int64_t *next_ns)
{
	struct source *first = NULL;

	*next_ns = INT64_MAX;
	for (unsigned i = 0; i < offline->count; i++) {
		struct source *source = &offline->sources[i];
		if (source->at == source->count && !refill(offline, i, engine))
			continue;
		int64_t time = source->frames[source->at].time_ns;
		if (!first || time < first->frames[first->at].time_ns) {
			if (first)
				*next_ns = first->frames[first->at].time_ns;
			first = source;
		} else if (time < *next_ns) {
			*next_ns = time;
		}
	}
	return first;
}

static bool read_merged(struct offline *offline, struct engine *engine, unsigned budget)
{
	for (unsigned done = 0; done < budget;) {
		int64_t next_ns;
		struct source *source = earliest(offline, engine, &next_ns);
		if (!source)
			return false;
		/* A run of frames that all come before any other file's next one goes in together. */
		unsigned end = source->at + 1, last = run_end(source);
		while (end < last && source->frames[end].time_ns < next_ns &&
		       source->frames[end].time_ns >= source->frames[end - 1].time_ns)
			end++;
		engine_gather(engine, source->frames + source->at, end - source->at);
		done += end - source->at;
		source->at = end;
	}
	return true;
}

bool offline_read(struct offline *offline, struct engine *engine, unsigned budget)
{
	bool more = offline->count == 1 ? read_one(offline, engine, budget) : read_merged(offline, engine, budget);

	engine_flush(engine);
	return more;
}

const char *offline_interface_name(void *context, uint16_t interface)
{
	const struct offline *offline = context;

	if (interface >= offline->interfaces)
		return NULL;
	return capture_file_interface_name(offline->sources[offline->names[interface].source].file,
					   offline->names[interface].interface);
}

double offline_progress(const struct offline *offline)
{
	double sum = 0;

	for (unsigned i = 0; i < offline->count; i++) {
		double part = capture_file_progress(offline->sources[i].file);
		if (part < 0)
			return -1;
		sum += part;
	}
	return sum / offline->count;
}

unsigned offline_damage(struct offline *offline, offline_tell *tell, void *context)
{
	unsigned damaged = offline->refused;

	for (unsigned i = 0; i < offline->count; i++) {
		struct capture_file_error error;
		if (capture_file_sound(offline->sources[i].file, &error))
			continue;
		damaged++;
		tell(context, error.text);
	}
	return damaged;
}
