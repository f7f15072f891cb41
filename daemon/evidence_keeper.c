/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_keeper.h. */
#include "evidence_keeper.h"

#include "loop.h"
#include "mailbox.h"
#include "report/evidence_parcel.h"
#include "report/record_reader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000000)
#define PATIENCE_NS (5 * SECOND) /* a parcel waits so long for the word on its alert */

enum {
	MAIL_ROOM = 4 << 20,
	NAMES_MAX = 1024, /* alerts whose two numbers are known */
	WAITING_MAX = 64, /* parcels that wait for the word on their alert */
	TICK_MS = 1000,
	TICKS_A_MINUTE = 60,
	AT_ONCE = 64, /* parcels, between two looks at the mail */
};

struct name {
	uint64_t engine; /* the engine's number; 0: none */
	uint64_t alert;
};

struct waiting {
	uint8_t *octets; /* owned; NULL: the place is free */
	size_t length;
	uint64_t engine;
	int64_t since_ns; /* monotonic */
};

struct evidence_keeper {
	int engine;
	struct mailbox *mail; /* owned: to the thread */
	pthread_t thread;
	bool thread_runs;
	pthread_mutex_t lock; /* for the copy */
	struct sink_health health;
	/* the thread's */
	struct loop *loop;
	struct evidence_folder *folder;
	struct record_reader reader;
	struct name names[NAMES_MAX];
	unsigned next_name;
	struct waiting waiting[WAITING_MAX];
	uint64_t lost; /* as the engine said last */
	unsigned ticks;
	uint8_t parcel[EVIDENCE_PARCEL_MAX + 1];
};

/* The first octet of a letter. */
enum { LETTER_FINDING = 'f', LETTER_NAME = 'n' };

/* Most alerts go out under the engine's own number. */
static uint64_t alert_of(const struct evidence_keeper *keeper, uint64_t engine)
{
	for (unsigned i = 0; engine && i < NAMES_MAX; i++)
		if (keeper->names[i].engine == engine)
			return keeper->names[i].alert;
	return engine;
}

static void note_name(struct evidence_keeper *keeper, uint64_t engine, uint64_t alert)
{
	for (unsigned i = 0; i < NAMES_MAX; i++)
		if (keeper->names[i].engine == engine) {
			keeper->names[i].alert = alert;
			return;
		}
	keeper->names[keeper->next_name++ % NAMES_MAX] = (struct name){ engine, alert };
}

static bool add(struct evidence_keeper *keeper, uint64_t engine, const uint8_t *octets, size_t length)
{
	return evidence_folder_add(keeper->folder, alert_of(keeper, engine), octets, length, loop_wall_ns());
}

/* ---- parcels that came early ---- */

static void let_go(struct waiting *waiting)
{
	free(waiting->octets);
	*waiting = (struct waiting){ .octets = NULL };
}

static void let_wait(struct evidence_keeper *keeper, uint64_t engine, size_t length)
{
	struct waiting *place = NULL;

	for (unsigned i = 0; i < WAITING_MAX && !place; i++)
		if (!keeper->waiting[i].octets)
			place = &keeper->waiting[i];
	uint8_t *octets = place ? malloc(length) : NULL;
	if (!octets) {
		evidence_folder_lost(keeper->folder, 1);
		return;
	}
	memcpy(octets, keeper->parcel, length);
	*place = (struct waiting){ octets, length, engine, loop_monotonic_ns() };
}

/* Something was told of the alert. */
static void look_at_waiting(struct evidence_keeper *keeper, uint64_t alert)
{
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		struct waiting *waiting = &keeper->waiting[i];
		if (!waiting->octets || alert_of(keeper, waiting->engine) != alert)
			continue;
		if (add(keeper, waiting->engine, waiting->octets, waiting->length))
			let_go(waiting);
	}
}

static void give_up_waiting(struct evidence_keeper *keeper)
{
	int64_t now = loop_monotonic_ns();

	for (unsigned i = 0; i < WAITING_MAX; i++) {
		if (!keeper->waiting[i].octets || now - keeper->waiting[i].since_ns < PATIENCE_NS)
			continue;
		evidence_folder_lost(keeper->folder, 1);
		let_go(&keeper->waiting[i]);
	}
}

/* ---- the thread ---- */

static void show_health(struct evidence_keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->health = *evidence_folder_health(keeper->folder);
	pthread_mutex_unlock(&keeper->lock);
}

static void take_finding(struct evidence_keeper *keeper, const char *line, size_t length)
{
	struct record record;

	if (!record_from_json(line, length, &keeper->reader, &record) || record.type != RECORD_FINDING)
		return;
	evidence_folder_tell(keeper->folder, record.finding.alert, &record.finding);
	look_at_waiting(keeper, record.finding.alert);
}

static void take_letter(void *context, const char *text, size_t length)
{
	struct evidence_keeper *keeper = context;
	struct name name;

	switch (length ? text[0] : 0) {
	case LETTER_FINDING:
		take_finding(keeper, text + 1, length - 1);
		break;
	case LETTER_NAME:
		if (length != 1 + sizeof(name))
			break;
		memcpy(&name, text + 1, sizeof(name));
		note_name(keeper, name.engine, name.alert);
		look_at_waiting(keeper, name.alert);
		break;
	default:
		break;
	}
}

static void take_mail(struct evidence_keeper *keeper)
{
	if (!mailbox_take(keeper->mail, take_letter, keeper))
		loop_stop(keeper->loop);
}

static void on_mail(void *context)
{
	struct evidence_keeper *keeper = context;

	take_mail(keeper);
	show_health(keeper);
}

/* An engine that begins anew counts from zero. */
static void note_lost(struct evidence_keeper *keeper, uint64_t lost)
{
	if (lost > keeper->lost)
		evidence_folder_lost(keeper->folder, lost - keeper->lost);
	keeper->lost = lost;
}

static bool take_parcel(struct evidence_keeper *keeper)
{
	struct evidence_unpacking unpacking;
	ssize_t length = recv(keeper->engine, keeper->parcel, sizeof(keeper->parcel), MSG_DONTWAIT);

	if (length < 0)
		return errno == EINTR;
	if (length == 0 || !evidence_parcel_open(&unpacking, keeper->parcel, (size_t)length))
		return length > 0;
	note_lost(keeper, unpacking.lost);
	if (!add(keeper, unpacking.alert, keeper->parcel, (size_t)length))
		let_wait(keeper, unpacking.alert, (size_t)length);
	return true;
}

static void on_parcel(void *context)
{
	struct evidence_keeper *keeper = context;

	/* The word on an alert sets out before its frames. */
	take_mail(keeper);
	for (unsigned i = 0; i < AT_ONCE && take_parcel(keeper); i++)
		;
	show_health(keeper);
}

static void on_tick(void *context)
{
	struct evidence_keeper *keeper = context;

	give_up_waiting(keeper);
	if (keeper->ticks++ % TICKS_A_MINUTE == 0)
		evidence_folder_tick(keeper->folder, loop_wall_ns());
	show_health(keeper);
}

static void *keep(void *context)
{
	struct evidence_keeper *keeper = context;

	prctl(PR_SET_NAME, "espiald-capture");
	loop_run(keeper->loop);
	on_parcel(keeper);
	return NULL;
}

static bool prepare(struct evidence_keeper *keeper, const struct evidence_folder_settings *settings)
{
	keeper->mail = mailbox_new(MAIL_ROOM);
	keeper->loop = loop_new();
	keeper->folder = evidence_folder_new(settings);
	return keeper->mail && keeper->loop && keeper->folder &&
	       loop_on_readable(keeper->loop, mailbox_descriptor(keeper->mail), on_mail, keeper) &&
	       loop_on_readable(keeper->loop, keeper->engine, on_parcel, keeper) &&
	       loop_every(keeper->loop, TICK_MS, on_tick, keeper);
}

struct evidence_keeper *evidence_keeper_new(const struct evidence_folder_settings *settings, int engine)
{
	struct evidence_keeper *keeper = calloc(1, sizeof(*keeper));
	sigset_t all, before;

	if (!keeper)
		return NULL;
	keeper->engine = engine;
	keeper->health.up = true;
	pthread_mutex_init(&keeper->lock, NULL);
	/* Signals are for the reporter's own thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	keeper->thread_runs = prepare(keeper, settings) && pthread_create(&keeper->thread, NULL, keep, keeper) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (keeper->thread_runs)
		return keeper;
	evidence_keeper_free(keeper);
	return NULL;
}

void evidence_keeper_free(struct evidence_keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->thread_runs) {
		mailbox_end(keeper->mail);
		pthread_join(keeper->thread, NULL);
	}
	for (unsigned i = 0; i < WAITING_MAX; i++)
		let_go(&keeper->waiting[i]);
	evidence_folder_free(keeper->folder);
	record_reader_clear(&keeper->reader);
	loop_free(keeper->loop);
	mailbox_free(keeper->mail);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

void evidence_keeper_tell(struct evidence_keeper *keeper, const char *line, size_t length)
{
	mailbox_put_marked(keeper->mail, LETTER_FINDING, line, length);
}

void evidence_keeper_name(struct evidence_keeper *keeper, uint64_t engine, uint64_t alert)
{
	struct name name = { engine, alert };

	mailbox_put_marked(keeper->mail, LETTER_NAME, &name, sizeof(name));
}

struct sink_health evidence_keeper_health(struct evidence_keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	struct sink_health health = keeper->health;
	pthread_mutex_unlock(&keeper->lock);
	return health;
}
