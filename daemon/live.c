/* SPDX-License-Identifier: Apache-2.0 */
/* See live.h. */
#include "live.h"

#include "audit/finding.h"
#include "capture.h"
#include "engine.h"
#include "frame_time.h"
#include "loop.h"
#include "stopwatch.h"
#include "workers.h"
#include "../config/config.h"

#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

/* A frame may wait in the ring for its block to be handed over; time that is let pass stays behind it by this much. */
#define RING_DELAY_NS (40 * MILLISECOND)
#define DROP_NOTICE_NS (60 * SECOND)
/* Frames so far ahead of the time are a reason to look at the clock. */
#define EARLY_NS (200 * MILLISECOND)

/* GATHERED: frames that several workers go through together. */
enum { GATHERED = 2048, TICK_MS = 20, REOPEN_MS = 500, BUDGET = 8192, INTERFACES_MAX = 256 };

struct live_interface {
	const struct config_interface *config; /* NULL: it was taken out, the place is free */
	_Atomic(const char *) name;            /* for whoever asks from another thread; stays when it is taken out */
	struct capture *capture;               /* NULL while it is away */
	struct loop_event *event;
	struct live *live;
	uint16_t index;
	bool told_missing;
	char called[IFNAMSIZ]; /* by now, if not as in the configuration; else empty */
	bool has_missed;       /* somebody else than libpcap says what the card lost: */
	uint64_t missed;
	struct capture_stats before; /* of captures that were closed */
	uint64_t dropped_told;
	int64_t dropped_told_ns; /* monotonic */
};

struct live {
	const struct config *config;
	struct loop *loop;
	struct record_sink notices;
	struct engine *engine;             /* NULL until live_start() */
	struct live_interface *interfaces; /* INTERFACES_MAX places, owned; an interface keeps its place and number */
	size_t count;                      /* places that were used at some time */
	struct record_cost read;           /* of captures that were closed */
	bool gathers;                      /* frames are handed on in portions for several workers */
	struct frame_time time;
	void (*look_at_clock)(void *context);
	void *look_context;
};

static void say(struct live *live, enum notice_level level, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = loop_wall_ns() };

	record.notice = (struct record_notice){ level, text };
	record_write(&live->notices, &record);
}

/* While the machine's clock is apart from the time: with the time that they would have. */
static void take_set_frames(struct live *live, const struct frame *frames, unsigned count, int64_t now)
{
	struct frame set[32];

	for (unsigned at = 0, some; at < count; at += some) {
		some = count - at < 32 ? count - at : 32;
		for (unsigned i = 0; i < some; i++) {
			set[i] = frames[at + i];
			set[i].time_ns = frame_time_of(&live->time, set[i].time_ns, now);
		}
		engine_frames(live->engine, set, some);
		frame_time_came(&live->time, set[some - 1].time_ns, now);
	}
}

/* None is taken before its time, unless the clock was set forward and nobody has looked since. */
static bool is_early(const struct live *live, const struct frame *frame, int64_t now)
{
	int64_t expected = frame_time_now(&live->time, now);

	return expected && frame_time_of(&live->time, frame->time_ns, now) - expected > EARLY_NS;
}

static void take_frames(void *context, const struct frame *frames, unsigned count)
{
	struct live *live = context;
	int64_t now = loop_monotonic_ns();

	if (live->look_at_clock && is_early(live, &frames[count - 1], now))
		live->look_at_clock(live->look_context);
	if (live->time.apart_ns) {
		take_set_frames(live, frames, count, now);
		return;
	}
	engine_frames(live->engine, frames, count);
	frame_time_came(&live->time, frames[count - 1].time_ns, now);
}

int64_t live_clock_set(struct live *live, int64_t step_ns)
{
	frame_time_set(&live->time, step_ns, loop_monotonic_ns());
	return -live->time.apart_ns;
}

void live_watch_clock(struct live *live, void (*look)(void *context), void *context)
{
	live->look_at_clock = look;
	live->look_context = context;
}

static void close_interface(struct live *live, struct live_interface *interface)
{
	struct capture_stats stats;

	if (!interface->capture)
		return;
	capture_read_stats(interface->capture, &stats);
	interface->before.received += stats.received;
	interface->before.dropped += stats.dropped;
	interface->before.interface_dropped += stats.interface_dropped;
	interface->before.ring_full += stats.ring_full;
	if (stats.ring_peak > interface->before.ring_peak)
		interface->before.ring_peak = stats.ring_peak;
	stopwatch_sum(&live->read, &stats.read);
	loop_forget(live->loop, interface->event);
	interface->event = NULL;
	capture_close(interface->capture);
	interface->capture = NULL;
}

static void dispatch(struct live *live, struct live_interface *interface)
{
	struct capture_error error;

	if (!interface->capture || !live->engine)
		return;
	if (capture_dispatch(interface->capture, BUDGET, take_frames, live, &error) >= 0)
		return;
	close_interface(live, interface);
	interface->told_missing = true;
	char text[768];
	snprintf(text, sizeof(text), "%s; waiting for it to come back", error.text);
	say(live, NOTICE_WARNING, text);
}

static void on_readable(void *context)
{
	struct live_interface *interface = context;
	dispatch(interface->live, interface);
}

static bool open_interface(struct live *live, struct live_interface *interface, struct capture_error *error)
{
	const struct config_interface *config = interface->config;

	interface->capture = capture_open(interface->called[0] ? interface->called : config->name, interface->index,
					  (size_t)config->buffer, error);
	if (!interface->capture)
		return false;
	if (live->gathers)
		capture_widen(interface->capture, GATHERED);
	interface->event = loop_on_readable(live->loop, capture_descriptor(interface->capture), on_readable, interface);
	if (!interface->event) {
		capture_close(interface->capture);
		interface->capture = NULL;
		snprintf(error->text, sizeof(error->text), "%s: no memory to wait for frames", config->name);
		return false;
	}
	return true;
}

static void tell_drops(struct live *live, struct live_interface *interface, int64_t now_ns)
{
	struct capture_stats stats = { 0 };

	if (!interface->config)
		return;
	if (interface->capture)
		capture_read_stats(interface->capture, &stats);
	uint64_t dropped = interface->before.dropped + stats.dropped;
	if (dropped == interface->dropped_told ||
	    (interface->dropped_told && now_ns - interface->dropped_told_ns < DROP_NOTICE_NS))
		return;
	char text[256];
	snprintf(text, sizeof(text),
		 "%s: the kernel dropped %llu frame%s because the ring was full; enlarge capture.buffer",
		 interface->config->name, (unsigned long long)(dropped - interface->dropped_told),
		 finding_plural(dropped - interface->dropped_told));
	interface->dropped_told = dropped;
	interface->dropped_told_ns = now_ns;
	say(live, NOTICE_WARNING, text);
}

static void on_tick(void *context)
{
	struct live *live = context;

	if (!live->engine)
		return;
	for (size_t i = 0; i < live->count; i++)
		dispatch(live, &live->interfaces[i]);
	int64_t now = loop_monotonic_ns();
	/* Before the first frame it is what the clock says, and goes on from that. */
	if (!live->time.latest_ns)
		frame_time_came(&live->time, loop_wall_ns(), now);
	frame_time_ease(&live->time, now);
	engine_advance(live->engine, frame_time_now(&live->time, now) - RING_DELAY_NS);
}

void live_retry(struct live *live, size_t place)
{
	struct live_interface *interface = &live->interfaces[place];
	struct capture_error error;
	char text[256];

	if (!interface->config || interface->capture || !open_interface(live, interface, &error))
		return;
	snprintf(text, sizeof(text), "%s: capturing again", interface->config->name);
	interface->told_missing = false;
	say(live, NOTICE_INFO, text);
}

void live_call(struct live *live, size_t place, const char *name)
{
	struct live_interface *interface = &live->interfaces[place];

	snprintf(interface->called, sizeof(interface->called), "%s", name ? name : "");
}

void live_reopen(struct live *live, size_t place, const char *name)
{
	close_interface(live, &live->interfaces[place]);
	live_call(live, place, name);
	live_retry(live, place);
}

static void on_reopen(void *context)
{
	struct live *live = context;
	int64_t now = loop_monotonic_ns();

	for (size_t i = 0; i < live->count; i++) {
		tell_drops(live, &live->interfaces[i], now);
		live_retry(live, i);
	}
}

/* The place is this interface's from now on. */
static void take_place(struct live *live, size_t place, const struct config_interface *config)
{
	struct live_interface *interface = &live->interfaces[place];

	interface->config = config;
	interface->called[0] = '\0';
	interface->has_missed = false;
	/* What was counted and told was another interface's. */
	interface->before = (struct capture_stats){ 0 };
	interface->dropped_told = 0;
	interface->dropped_told_ns = 0;
	interface->live = live;
	interface->index = (uint16_t)place;
	atomic_store(&interface->name, config->name);
}

struct live *live_new(const struct config *config, struct loop *loop, bool patient, const struct record_sink *notices,
		      struct live_error *error)
{
	struct live *live = calloc(1, sizeof(*live));

	snprintf(error->text, sizeof(error->text), "not enough memory to capture");
	if (!live)
		return NULL;
	live->config = config;
	live->loop = loop;
	live->notices = *notices;
	live->gathers = workers_wanted(config) > 1;
	live->interfaces = calloc(INTERFACES_MAX, sizeof(*live->interfaces));
	if (!live->interfaces || !loop_every(loop, TICK_MS, on_tick, live) ||
	    !loop_every(loop, REOPEN_MS, on_reopen, live)) {
		live_free(live);
		return NULL;
	}
	live->count = config->interface_count < INTERFACES_MAX ? config->interface_count : INTERFACES_MAX;
	for (size_t i = 0; i < live->count; i++) {
		struct live_interface *interface = &live->interfaces[i];
		struct capture_error problem;
		take_place(live, i, &config->interfaces[i]);
		if (open_interface(live, interface, &problem))
			continue;
		if (!patient || !problem.missing) {
			snprintf(error->text, sizeof(error->text), "%s", problem.text);
			live_free(live);
			return NULL;
		}
		interface->told_missing = true;
		char text[768];
		snprintf(text, sizeof(text), "%s; waiting for it", problem.text);
		say(live, NOTICE_WARNING, text);
	}
	return live;
}

void live_start(struct live *live, struct engine *engine)
{
	live->engine = engine;
}

static const struct config_interface *named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (strcmp(config->interfaces[i].name, name) == 0)
			return &config->interfaces[i];
	return NULL;
}

static bool is_watched(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->count; i++)
		if (live->interfaces[i].config && strcmp(live->interfaces[i].config->name, name) == 0)
			return true;
	return false;
}

static void add_interface(struct live *live, const struct config_interface *config)
{
	struct capture_error error;
	char text[768];
	size_t place = 0;

	while (place < live->count && live->interfaces[place].config)
		place++;
	if (place == INTERFACES_MAX)
		return;
	if (place == live->count)
		live->count++;
	take_place(live, place, config);
	bool open = open_interface(live, &live->interfaces[place], &error);
	live->interfaces[place].told_missing = !open;
	snprintf(text, sizeof(text), "%s%s", open ? config->name : error.text,
		 open ? ": captured from now on" : "; waiting for it");
	say(live, open ? NOTICE_INFO : NOTICE_WARNING, text);
}

void live_reload(struct live *live, const struct config *config)
{
	for (size_t i = 0; i < live->count; i++) {
		struct live_interface *interface = &live->interfaces[i];
		if (!interface->config)
			continue;
		const struct config_interface *still = named(config, interface->config->name);
		if (!still) {
			char text[256];
			snprintf(text, sizeof(text), "%s: no longer captured", interface->config->name);
			say(live, NOTICE_INFO, text);
			close_interface(live, interface);
		}
		interface->config = still;
	}
	live->config = config;
	for (size_t i = 0; i < config->interface_count; i++)
		if (!is_watched(live, config->interfaces[i].name))
			add_interface(live, &config->interfaces[i]);
	for (size_t i = 0; i < live->count; i++)
		if (live->interfaces[i].config)
			engine_interface(live->engine, (uint16_t)i, live->interfaces[i].config->name);
}

const char *live_interface_name(const struct live *live, uint16_t interface)
{
	return interface < INTERFACES_MAX ? atomic_load(&live->interfaces[interface].name) : NULL;
}

void live_drain(struct live *live)
{
	for (size_t i = 0; i < live->count; i++)
		dispatch(live, &live->interfaces[i]);
}

void live_free(struct live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < live->count; i++)
		close_interface(live, &live->interfaces[i]);
	free(live->interfaces);
	free(live);
}

static struct record_interface read_interface(const struct live_interface *interface)
{
	struct capture_stats now = { 0 };

	if (interface->capture)
		capture_read_stats(interface->capture, &now);
	return (struct record_interface){
		.name = atomic_load(&interface->name),
		.up = interface->capture != NULL,
		.received = interface->before.received + now.received,
		.dropped = interface->before.dropped + now.dropped,
		.interface_dropped = interface->has_missed
					 ? interface->missed
					 : interface->before.interface_dropped + now.interface_dropped,
		.ring = now.ring,
		.ring_used = now.ring_used,
		.ring_peak = now.ring_peak > interface->before.ring_peak ? now.ring_peak : interface->before.ring_peak,
		.ring_full = interface->before.ring_full + now.ring_full,
	};
}

size_t live_places(const struct live *live)
{
	return live->count;
}

void live_read_figures(struct live *live, size_t place, struct live_figures *figures)
{
	const struct live_interface *interface = &live->interfaces[place];
	struct record_interface now = read_interface(interface);

	*figures = (struct live_figures){ .config = interface->config,
					  .open = now.up,
					  .number = now.up ? capture_number(interface->capture) : 0,
					  .received = now.received,
					  .dropped = now.dropped };
}

void live_set_missed(struct live *live, size_t place, uint64_t missed)
{
	live->interfaces[place].has_missed = true;
	live->interfaces[place].missed = missed;
}

size_t live_interfaces(struct live *live, struct record_interface *interfaces, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < live->count && count < max; i++)
		if (live->interfaces[i].config)
			interfaces[count++] = read_interface(&live->interfaces[i]);
	return count;
}

struct record_cost live_cost(struct live *live)
{
	struct record_cost sum = live->read;

	for (size_t i = 0; i < live->count; i++) {
		struct capture_stats now = { 0 };
		if (live->interfaces[i].capture)
			capture_read_stats(live->interfaces[i].capture, &now);
		stopwatch_sum(&sum, &now.read);
	}
	return sum;
}

void live_read_stats(struct live *live, struct live_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (size_t i = 0; i < live->count; i++) {
		struct record_interface interface = read_interface(&live->interfaces[i]);
		stats->up += interface.up;
		stats->received += interface.received;
		stats->dropped += interface.dropped;
		stats->interface_dropped += interface.interface_dropped;
	}
}
