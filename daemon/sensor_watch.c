/* SPDX-License-Identifier: Apache-2.0 */
/* See sensor_watch.h. */
#include "sensor_watch.h"

#include "audit/transition.h"
#include "engine.h"
#include "frame_time.h"
#include "interface_watch.h"
#include "live.h"
#include "loop.h"
#include "../config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

enum { LOOK_MS = 100, INTERFACES_MAX = 256 };

struct watched {
	char name[IFNAMSIZ]; /* as the configuration has it; empty: the place is free */
	struct interface_view view;
	uint64_t received; /* at the last look */
	uint16_t kind;     /* of the interface of `number`, when it was first seen open */
	unsigned number;
	bool told_name; /* that it is called otherwise by now */
};

struct sensor_watch {
	struct loop *loop;
	struct live *live;
	struct engine *engine;
	struct interface_watch *interfaces; /* borrowed; NULL: there is no netlink */
	struct loop_event *heard;
	struct record_sink notices;
	bool changed;    /* the kernel spoke of some interface */
	int64_t look_ns; /* monotonic: of the last look */
	int64_t clock_step_ns;
	int64_t apart_ns; /* wall clock less the one since the machine started, at the last look at them */
	struct watched watched[INTERFACES_MAX];
};

static __attribute__((format(printf, 2, 3))) void say(struct sensor_watch *watch, const char *format, ...)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = loop_wall_ns() };
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	record.notice = (struct record_notice){ NOTICE_WARNING, text };
	record_write(&watch->notices, &record);
}

/* ---- interfaces ---- */

static enum transition_capture_state state_of(const struct watched *one, const struct live_figures *figures)
{
	const struct interface_view *view = &one->view;

	if (!figures->number && figures->open)
		return CAPTURE_UP; /* "any" */
	switch (view->answer) {
	case INTERFACE_MISSING:
		return CAPTURE_MISSING;
	case INTERFACE_THERE:
		if (!view->facts.on)
			return CAPTURE_OFF;
		if (!figures->open)
			return CAPTURE_FAILED;
		/* Some drivers do not tell of their carrier; frames do. */
		return view->facts.carrier || figures->received > one->received ? CAPTURE_UP : CAPTURE_NO_CARRIER;
	default:
		return figures->open ? CAPTURE_UP : CAPTURE_FAILED;
	}
}

/* An interface that is captured on is known by its number: it may be called otherwise by now. */
static void look_at_open(struct sensor_watch *watch, uint16_t place, const struct live_figures *figures)
{
	struct watched *one = &watch->watched[place];
	const struct interface_facts *facts = &one->view.facts;
	struct interface_facts other;

	if (one->view.answer != INTERFACE_THERE)
		return;
	if (one->number != facts->number) {
		one->number = facts->number;
		one->kind = facts->kind;
	}
	if (one->kind != facts->kind) {
		say(watch, "%s: its frames are of another kind by now; opening it anew", one->name);
		one->number = 0;
		live_reopen(watch->live, place, NULL);
		return;
	}
	if (strcmp(facts->name, one->name) == 0) {
		one->told_name = false;
		live_call(watch->live, place, NULL);
		return;
	}
	if (interface_watch_ask(watch->interfaces, 0, figures->config->name, &other) == INTERFACE_THERE) {
		say(watch, "%s: another interface has that name by now; it is captured on from now on", one->name);
		live_reopen(watch->live, place, NULL);
	} else if (!one->told_name) {
		say(watch, "%s: is called %s by now, and captured on as before; name it so in the configuration",
		    one->name, facts->name);
		one->told_name = true;
	}
}

/* One that is not: it may be there under another name. */
static void look_at_closed(struct sensor_watch *watch, uint16_t place)
{
	struct watched *one = &watch->watched[place];
	struct interface_facts facts;

	if (one->view.answer == INTERFACE_THERE && one->told_name) {
		one->told_name = false;
		live_reopen(watch->live, place, NULL);
	}
	if (one->view.answer != INTERFACE_MISSING || !one->number ||
	    interface_watch_ask(watch->interfaces, one->number, "", &facts) != INTERFACE_THERE)
		return;
	one->view.answer = INTERFACE_THERE;
	one->view.facts = facts;
	if (!one->told_name)
		say(watch, "%s: is called %s by now; capturing on it under that name: name it so in the configuration",
		    one->name, facts.name);
	one->told_name = true;
	live_reopen(watch->live, place, facts.name);
}

static void tell(struct sensor_watch *watch, uint16_t place, const struct transition_capture *capture)
{
	struct transition transition = { .kind = TRANSITION_CAPTURE, .interface = place };

	transition.capture = *capture;
	engine_tell(watch->engine, &transition);
}

/* The place has another interface by now, or none. */
static void leave(struct sensor_watch *watch, uint16_t place, int64_t now_ns)
{
	struct watched *one = &watch->watched[place];
	struct transition_capture ended = { .monotonic_ns = now_ns, .state = CAPTURE_ENDED };

	if (one->name[0])
		tell(watch, place, &ended);
	*one = (struct watched){ 0 };
}

static void look_at_interface(struct sensor_watch *watch, uint16_t place, int64_t now_ns)
{
	struct watched *one = &watch->watched[place];
	struct live_figures figures;

	live_read_figures(watch->live, place, &figures);
	if (!figures.config || strcmp(figures.config->name, one->name) != 0)
		leave(watch, place, now_ns);
	if (!figures.config)
		return;
	snprintf(one->name, sizeof(one->name), "%s", figures.config->name);
	bool real = strcmp(one->name, "any") != 0;
	bool changed = real && interface_view_look(&one->view, watch->interfaces, figures.number, one->name);
	if (real && figures.open)
		look_at_open(watch, place, &figures);
	else if (real)
		look_at_closed(watch, place);
	if (real && one->view.answer == INTERFACE_THERE)
		live_set_missed(watch->live, place, one->view.missed);
	struct transition_capture capture = {
		.monotonic_ns = now_ns,
		.silent_after_ns = figures.config->silent_after_ns,
		.received = figures.received,
		.dropped = figures.dropped,
		.missed = one->view.missed,
		.mtu = real && one->view.answer == INTERFACE_THERE ? one->view.facts.mtu : 0,
		.state = (uint8_t)state_of(one, &figures),
	};
	one->received = figures.received;
	tell(watch, place, &capture);
	/* Without netlink nobody says when it is worth a try. */
	if (!figures.open && (changed || !watch->interfaces))
		live_retry(watch->live, place);
}

static void look_at_interfaces(struct sensor_watch *watch, int64_t now_ns)
{
	size_t count = live_places(watch->live);

	watch->look_ns = now_ns;
	watch->changed = false;
	for (size_t i = 0; i < count && i < INTERFACES_MAX; i++)
		look_at_interface(watch, (uint16_t)i, now_ns);
}

/* ---- the clock ---- */

/* What the two clocks are apart. Whoever is stopped between the two readings tries again. Both go on while the machine sleeps. */
static int64_t clocks_apart(void)
{
	enum { TRIES = 8, CLOSE_NS = 1000000 };
	int64_t before, wall, after;
	unsigned tries = 0;

	do {
		before = loop_boot_ns();
		wall = loop_wall_ns();
		after = loop_boot_ns();
	} while (after - before > CLOSE_NS && ++tries < TRIES);
	return wall - before;
}

static void look_at_clock(void *context)
{
	struct sensor_watch *watch = context;
	int64_t apart = clocks_apart(), step = apart - watch->apart_ns;
	struct transition transition = { .kind = TRANSITION_CLOCK };

	watch->apart_ns = apart;
	if (step < watch->clock_step_ns && step > -watch->clock_step_ns)
		return;
	transition.clock.step_ns = step;
	transition.clock.apart_ns = live_clock_set(watch->live, step);
	transition.clock.agree_ns = FRAME_TIME_EASE * llabs(transition.clock.apart_ns);
	engine_tell(watch->engine, &transition);
}

/* ---- the loop ---- */

static void on_change(void *context)
{
	struct sensor_watch *watch = context;

	watch->changed |= interface_watch_changed(watch->interfaces);
}

static void on_look(void *context)
{
	struct sensor_watch *watch = context;
	int64_t now = loop_monotonic_ns();

	look_at_clock(watch);
	if (watch->changed || now - watch->look_ns >= SECOND)
		look_at_interfaces(watch, now);
}

struct sensor_watch *sensor_watch_new(struct loop *loop, struct live *live, struct engine *engine,
				      struct interface_watch *interfaces, int64_t clock_step_ns,
				      const struct record_sink *notices)
{
	struct sensor_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->loop = loop;
	watch->live = live;
	watch->engine = engine;
	watch->interfaces = interfaces;
	watch->notices = *notices;
	watch->clock_step_ns = clock_step_ns;
	watch->apart_ns = clocks_apart();
	live_watch_clock(live, look_at_clock, watch);
	if (interfaces)
		watch->heard = loop_on_readable(loop, interface_watch_descriptor(interfaces), on_change, watch);
	if ((interfaces && !watch->heard) || !loop_every(loop, LOOK_MS, on_look, watch)) {
		sensor_watch_free(watch);
		return NULL;
	}
	return watch;
}

void sensor_watch_reload(struct sensor_watch *watch, int64_t clock_step_ns)
{
	watch->clock_step_ns = clock_step_ns;
}

void sensor_watch_free(struct sensor_watch *watch)
{
	if (!watch)
		return;
	live_watch_clock(watch->live, NULL, NULL);
	if (watch->heard)
		loop_forget(watch->loop, watch->heard);
	free(watch);
}
