/* SPDX-License-Identifier: Apache-2.0 */
/* See service.h. */
#include "service.h"

#include "control.h"
#include "http.h"
#include "loop.h"
#include "mailbox.h"
#include "report/open_alerts.h"
#include "report/record_reader.h"
#include "report/store.h"
#include "snapshot_keeper.h"
#include "../config/config.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define LOOK_NS (300 * SECOND) /* between two looks for the history: by the clock, so that hours are parted well */
#define FIRST_LOOK_NS (5 * SECOND)

enum { SINKS_MAX = 8, NAME_SIZE = 32, MAIL_ROOM = 64 << 20, OUTCOME_SIZE = 2048, LOOK_TICK_MS = 1000 };

/* How a sink fares, as told last. */
struct sink_row {
	char name[NAME_SIZE];
	struct sink_health health;
};

struct service {
	struct service_settings settings;
	pthread_t thread;
	bool thread_runs;
	struct mailbox *mail; /* owned; to the thread: its first octet says what, see below */
	pthread_mutex_t lock; /* for the sinks */
	struct sink_row sinks[SINKS_MAX];
	size_t sink_count;
	/* the thread's, made before it starts */
	struct loop *loop;
	struct open_alerts *alerts;
	struct snapshot_keeper *keeper;
	struct control *control; /* NULL: there is no socket */
	struct http *page;       /* NULL: there is none */
	struct record_reader reader;
	struct sink_row shown[SINKS_MAX]; /* where a snapshot finds names */
	int64_t begun_ns;                 /* wall clock */
	int64_t look_slot;                /* of the last look: time by LOOK_NS; 0: none yet */
};

/* The first octet of a letter. */
enum { LETTER_FINDING = 'f', LETTER_OPEN = 'o', LETTER_DONE = 'd', LETTER_FAILED = 'x' };

static void take_finding(struct service *service, const char *line, size_t length)
{
	struct record record;

	if (!record_from_json(line, length, &service->reader, &record) || record.type != RECORD_FINDING)
		return;
	open_alerts_take(service->alerts, &record.finding);
	if (service->page)
		http_count(service->page, &record.finding);
}

/* "OPENED UNTIL " and the finding. */
static void take_open(struct service *service, const char *text, size_t length)
{
	long long opened, until;
	struct record record;
	int used = 0;

	if (sscanf(text, "%lld %lld %n", &opened, &until, &used) != 2 || used <= 0 || (size_t)used > length ||
	    !record_from_json(text + used, length - (size_t)used, &service->reader, &record) ||
	    record.type != RECORD_FINDING)
		return;
	open_alerts_recall(service->alerts, &record.finding, opened, until);
}

static void take_letter(void *context, const char *text, size_t length)
{
	struct service *service = context;

	switch (length ? text[0] : 0) {
	case LETTER_FINDING:
		take_finding(service, text + 1, length - 1);
		break;
	case LETTER_OPEN:
		take_open(service, text + 1, length - 1);
		break;
	case LETTER_DONE:
	case LETTER_FAILED: {
		/* What was ordered ends with a newline, then comes the text. */
		char what[NAME_SIZE];
		const char *newline = strchr(text, '\n');
		if (!newline || !service->control || newline - text > NAME_SIZE)
			break;
		snprintf(what, sizeof(what), "%.*s", (int)(newline - text - 1), text + 1);
		control_answer(service->control, what, text[0] == LETTER_DONE, newline + 1);
		break;
	}
	default:
		break;
	}
}

static void on_mail(void *context)
{
	struct service *service = context;

	if (!mailbox_take(service->mail, take_letter, service))
		loop_stop(service->loop);
}

static size_t show_sinks(void *context, struct snapshot_sink *sinks, size_t max)
{
	struct service *service = context;
	size_t count;

	pthread_mutex_lock(&service->lock);
	count = service->sink_count < max ? service->sink_count : max;
	memcpy(service->shown, service->sinks, sizeof(service->shown));
	pthread_mutex_unlock(&service->lock);
	for (size_t i = 0; i < count; i++)
		sinks[i] = (struct snapshot_sink){ service->shown[i].name, service->shown[i].health };
	return count;
}

static void take_ike(void *context, const char *line, size_t length)
{
	struct service *service = context;

	if (service->control)
		control_tell_ike(service->control, line, length);
}

static bool order(void *context, const char *what)
{
	struct service *service = context;

	return service->settings.orders && mailbox_put(service->settings.orders, what, strlen(what));
}

static bool acknowledge(void *context, uint64_t alert, int64_t until_ns)
{
	char what[64];

	snprintf(what, sizeof(what), SERVICE_ACKNOWLEDGE, (unsigned long long)alert, (long long)until_ns);
	return order(context, what);
}

static void take_look(void *context, const struct snapshot *snapshot)
{
	struct service *service = context;

	if (snapshot)
		store_take_look(service->settings.store, snapshot);
}

static void on_look_tick(void *context)
{
	struct service *service = context;
	int64_t now = loop_wall_ns(), slot = now / LOOK_NS;

	if (service->look_slot ? slot == service->look_slot : now - service->begun_ns < FIRST_LOOK_NS)
		return;
	service->look_slot = slot;
	snapshot_keeper_want(service->keeper, RECORD_PART_PAIRS | RECORD_PART_IKE_SAS, take_look, service);
}

static void *serve(void *context)
{
	struct service *service = context;

	prctl(PR_SET_NAME, "espiald-service");
	loop_run(service->loop);
	return NULL;
}

static bool want(void *source, unsigned parts, void (*fresh)(void *context, const struct snapshot *snapshot),
		 void *context)
{
	return snapshot_keeper_want(source, parts, fresh, context);
}

static void forget(void *source, const void *context)
{
	snapshot_keeper_forget(source, context);
}

static bool prepare_page(struct service *service)
{
	struct http_settings settings = {
		.door = service->settings.page, .want = want, .forget = forget, .source = service->keeper
	};

	service->page = http_new(service->loop, &settings);
	return service->page != NULL;
}

static void complain(void *context, const char *text)
{
	const struct service *service = context;
	struct record record = { .type = RECORD_NOTICE };

	record.notice = (struct record_notice){ NOTICE_WARNING, text };
	record_write(&service->settings.notices, &record);
}

static bool prepare(struct service *service)
{
	const struct service_settings *settings = &service->settings;
	struct snapshot_keeper_settings keeper = {
		.engine = settings->engine,
		.sinks = show_sinks,
		.ike = take_ike,
		.complain = complain,
		.context = service,
	};

	service->mail = mailbox_new(MAIL_ROOM);
	service->loop = keeper.loop = loop_new();
	service->alerts = keeper.alerts = open_alerts_new();
	if (!service->mail || !service->loop || !service->alerts ||
	    !loop_on_readable(service->loop, mailbox_descriptor(service->mail), on_mail, service))
		return false;
	service->keeper = snapshot_keeper_new(&keeper);
	if (!service->keeper)
		return false;
	service->begun_ns = loop_wall_ns();
	if (settings->store && !loop_every(service->loop, LOOK_TICK_MS, on_look_tick, service))
		return false;
	if (settings->page->descriptor >= 0 && !prepare_page(service))
		return false;
	if (settings->listening < 0)
		return true;
	struct control_settings control = { .loop = service->loop,
					    .listening = settings->listening,
					    .keeper = service->keeper,
					    .alerts = service->alerts,
					    .store = settings->config->store.path,
					    .history = settings->store,
					    .evidence = settings->config->evidence.dir,
					    .order = order,
					    .acknowledge = acknowledge,
					    .context = service };
	service->control = control_new(&control);
	return service->control != NULL;
}

struct service *service_new(const struct service_settings *settings)
{
	struct service *service = calloc(1, sizeof(*service));
	sigset_t all, before;

	if (!service)
		return NULL;
	service->settings = *settings;
	pthread_mutex_init(&service->lock, NULL);
	/* Signals are for the reporter's own thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	service->thread_runs = prepare(service) && pthread_create(&service->thread, NULL, serve, service) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!service->thread_runs) {
		service_free(service);
		return NULL;
	}
	return service;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	if (service->thread_runs) {
		mailbox_end(service->mail);
		pthread_join(service->thread, NULL);
	}
	control_free(service->control);
	http_free(service->page);
	snapshot_keeper_free(service->keeper);
	open_alerts_free(service->alerts);
	record_reader_clear(&service->reader);
	loop_free(service->loop);
	mailbox_free(service->mail);
	pthread_mutex_destroy(&service->lock);
	free(service);
}

void service_tell_finding(struct service *service, const char *line, size_t length)
{
	mailbox_put_marked(service->mail, LETTER_FINDING, line, length);
}

void service_tell_open(struct service *service, const char *line, int64_t opened_ns, int64_t acknowledged_ns)
{
	char *letter = NULL;
	int length =
	    asprintf(&letter, "%c%lld %lld %s", LETTER_OPEN, (long long)opened_ns, (long long)acknowledged_ns, line);

	if (length < 0)
		return;
	mailbox_put(service->mail, letter, (size_t)length);
	free(letter);
}

void service_tell_sinks(struct service *service, struct sink *const *sinks, size_t count)
{
	pthread_mutex_lock(&service->lock);
	service->sink_count = count < SINKS_MAX ? count : SINKS_MAX;
	for (size_t i = 0; i < service->sink_count; i++) {
		snprintf(service->sinks[i].name, NAME_SIZE, "%s", sinks[i]->name);
		service->sinks[i].health = sinks[i]->health;
	}
	pthread_mutex_unlock(&service->lock);
}

void service_tell_outcome(struct service *service, const char *what, bool done, const char *text)
{
	char letter[OUTCOME_SIZE];
	int length = snprintf(letter, sizeof(letter), "%c%s\n%s", done ? LETTER_DONE : LETTER_FAILED, what, text);

	if (length > 0)
		mailbox_put(service->mail, letter,
			    (size_t)length < sizeof(letter) ? (size_t)length : sizeof(letter) - 1);
}
