/* SPDX-License-Identifier: Apache-2.0 */
/* See control.h. A client asks one thing at a time; while it is answered nothing more is read from it. */
#include "control.h"

#include "control_evidence.h"
#include "control_history.h"
#include "control_request.h"
#include "control_status.h"
#include "ike_tap.h"
#include "loop.h"
#include "report/ike_octets.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/store.h"
#include "report/timestamp.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define REQUEST_NS (10 * SECOND) /* from connecting, or the answer before, to a whole request */
#define READ_NS (30 * SECOND)    /* without reading anything of what waits */
#define SILENCE_NS (5 * SECOND)  /* without a word of the engine, while somebody listens */
#define ORDER_NS (30 * SECOND)   /* for what others have to do */
#define LOOK_NS (3 * SECOND)     /* for the present to be in the history */
#define DAY (86400 * SECOND)

enum {
	CLIENTS_MAX = 64,
	CHUNK = 64 << 10, /* octets that wait for a client before more is made */
	TICK_MS = 100,
	ALERTS_LIMIT = 1000,
	HISTORY_OCTETS_MAX = 64 << 20, /* of alerts out of the store for one answer */
	LISTEN_OCTETS_MAX = 1 << 20,   /* of IKE messages that wait for one client */
};

enum client_state { ASKING, WAITING, ANSWERING, LISTENING };

struct client {
	struct client *next;
	struct control *control;
	struct bufferevent *stream; /* owned */
	enum client_state state;
	int64_t since_ns; /* monotonic: of the state; while answering, of the last octet read */
	size_t unread;    /* octets that waited then */
	struct control_request request;
	const struct snapshot *snapshot; /* held while answering */
	size_t at;                       /* next row of it */
	uint64_t look;                   /* that its answer about the past waits for; 0: none */
	uint64_t missed;                 /* while listening: messages that found no room, and were not told of */
	bool refused;                    /* nothing is read from it any more */
	bool closing;                    /* when all is read */
};

struct control {
	struct control_settings settings;
	struct evconnlistener *listener; /* owned, as are the clients */
	struct client *clients;
	size_t client_count;
	/* while somebody listens */
	bool listening, silent;    /* silent: and it was told */
	bool heard;                /* the engine answered since */
	int64_t heard_ns;          /* monotonic: then, or when the first began to listen */
	struct ike_octets *octets; /* owned */
};

static void go_on(struct client *client);

/* ---- clients ---- */

static void free_client(struct client *client)
{
	struct control *control = client->control;
	struct client **from = &control->clients;

	while (*from != client)
		from = &(*from)->next;
	*from = client->next;
	control->client_count--;
	snapshot_keeper_forget(control->settings.keeper, client);
	snapshot_let_go(client->snapshot);
	bufferevent_free(client->stream);
	free(client);
}

static size_t waiting_octets(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->stream));
}

static void enter(struct client *client, enum client_state state)
{
	client->state = state;
	client->since_ns = loop_monotonic_ns();
	client->unread = waiting_octets(client);
	/* Who listens and asks again wants to listen no longer. */
	if (state == ASKING || state == LISTENING)
		bufferevent_enable(client->stream, EV_READ);
	else
		bufferevent_disable(client->stream, EV_READ);
}

static void put(struct client *client, const char *text)
{
	bufferevent_write(client->stream, text, strlen(text));
}

static void put_line(struct client *client, char *line)
{
	if (!line)
		return;
	size_t length = strlen(line);
	line[length] = '\n'; /* where its NUL was */
	bufferevent_write(client->stream, line, length + 1);
	free(line);
}

/* The last line of an answer. */
static void finish(struct client *client)
{
	snapshot_let_go(client->snapshot);
	client->snapshot = NULL;
	put(client, "{\"type\":\"done\"}\n");
	enter(client, ASKING);
}

static void fail(struct client *client, const char *text)
{
	snapshot_let_go(client->snapshot);
	client->snapshot = NULL;
	put_line(client, control_error_line(text));
	enter(client, ASKING);
}

/* ---- answers out of a snapshot ---- */

static char *row_of(const struct client *client, size_t at)
{
	const struct snapshot *snapshot = client->snapshot;
	struct record record; /* not cleared as a whole: it is large, and rows are many */

	record.time_ns = snapshot->summary.last_ns;
	switch (client->request.kind) {
	case CONTROL_PAIRS:
		record.type = RECORD_PAIR;
		record.pair = snapshot->pairs[at].pair;
		break;
	case CONTROL_SAS:
		record.type = RECORD_SA;
		record.sa = snapshot->sas[at];
		record.time_ns = snapshot->sas[at].last_ns;
		break;
	case CONTROL_IKE:
		record.type = RECORD_IKE_SA;
		record.ike_sa = snapshot->ike_sas[at].ike_sa;
		record.time_ns = snapshot->ike_sas[at].last_ns;
		break;
	case CONTROL_INVENTORY:
		return inventory_json_line(snapshot->inventory, at, snapshot->sensor);
	default:
		return control_alert_line(snapshot->alerts[at], snapshot->sensor);
	}
	return record_to_json(&record, snapshot->sensor);
}

static size_t rows_of(const struct client *client)
{
	const struct snapshot *snapshot = client->snapshot;

	switch (client->request.kind) {
	case CONTROL_PAIRS:
		return snapshot->pair_count;
	case CONTROL_SAS:
		return snapshot->sa_count;
	case CONTROL_IKE:
		return snapshot->ike_sa_count;
	case CONTROL_INVENTORY:
		return inventory_json_count(snapshot->inventory);
	default:
		return snapshot->alert_count;
	}
}

static bool about(const struct control_request *request, const struct address *one, const struct address *other)
{
	if (request->has_peer)
		return address_equal(&request->a, one) || address_equal(&request->a, other);
	return !request->has_pair || (address_equal(&request->a, one) && address_equal(&request->b, other)) ||
	       (address_equal(&request->a, other) && address_equal(&request->b, one));
}

static bool is_asked_for(const struct client *client, size_t at)
{
	const struct control_request *request = &client->request;
	const struct snapshot *snapshot = client->snapshot;

	switch (request->kind) {
	case CONTROL_PAIRS:
		return about(request, &snapshot->pairs[at].pair.a, &snapshot->pairs[at].pair.b);
	case CONTROL_SAS:
		return about(request, &snapshot->sas[at].src, &snapshot->sas[at].dst);
	case CONTROL_IKE:
		return about(request, &snapshot->ike_sas[at].ike_sa.initiator, &snapshot->ike_sas[at].ike_sa.responder);
	case CONTROL_INVENTORY:
		return true;
	default:
		break;
	}
	const struct finding *finding = &snapshot->alerts[at]->finding;
	if (request->kind == CONTROL_ALERT)
		return finding->alert == request->alert;
	if (finding->severity > request->severity || finding->time_ns < request->since_ns ||
	    (request->id[0] && strcmp(catalogue_row(finding->id)->name, request->id) != 0))
		return false;
	if (finding->has_pair || finding->subject == SUBJECT_HOST)
		return about(request, &finding->a, &finding->b);
	return !request->has_pair && !request->has_peer;
}

/* Makes rows while the client has few to read; called again when it has read them. */
static void stream(struct client *client)
{
	size_t rows = rows_of(client);

	while (client->at < rows && waiting_octets(client) < CHUNK) {
		size_t at = client->at++;
		if (is_asked_for(client, at))
			put_line(client, row_of(client, at));
	}
	if (client->at == rows)
		finish(client);
}

static void on_fresh(void *context, const struct snapshot *snapshot)
{
	struct client *client = context;

	if (!snapshot) {
		fail(client,
		     "the engine does not answer; it may be starting: try again, and look at the log of espiald");
		return;
	}
	if (client->request.kind == CONTROL_INVENTORY && !snapshot->inventory) {
		fail(client, "there is not enough memory for the inventory now; try again");
		return;
	}
	client->snapshot = snapshot_hold(snapshot);
	client->at = 0;
	enter(client, ANSWERING);
	if (client->request.kind == CONTROL_STATUS) {
		put_line(client, control_status_line(snapshot, loop_wall_ns()));
		finish(client);
		return;
	}
	stream(client);
}

static void want_snapshot(struct client *client)
{
	static const unsigned parts[CONTROL_KINDS] = { [CONTROL_PAIRS] = RECORD_PART_PAIRS,
						       [CONTROL_SAS] = RECORD_PART_SAS,
						       [CONTROL_IKE] = RECORD_PART_IKE_SAS,
						       [CONTROL_INVENTORY] = RECORD_PART_INVENTORY };

	enter(client, WAITING);
	if (!snapshot_keeper_want(client->control->settings.keeper, parts[client->request.kind], on_fresh, client))
		fail(client, "too many ask at once; try again");
}

/* ---- answers out of the store ---- */

static bool put_stored(void *context, const struct store_alert *alert)
{
	struct client *client = context;

	put_line(client, control_stored_line(alert));
	return waiting_octets(client) < HISTORY_OCTETS_MAX;
}

/* ---- answers about the past ---- */

static bool put_history(void *context, char *line)
{
	struct client *client = context;

	put_line(client, line);
	return waiting_octets(client) < HISTORY_OCTETS_MAX;
}

static void answer_history(struct client *client)
{
	const struct control_settings *settings = &client->control->settings;
	const struct control_request *request = &client->request;
	struct control_history history = {
		.store = settings->store,
		.sensor = client->snapshot ? client->snapshot->sensor : NULL,
		.since_ns = request->since_ns,
		.now_ns = loop_wall_ns(),
		.rule = request->rule,
		.day = request->day,
		.put = put_history,
		.context = client,
	};
	char problem[256];

	client->look = 0;
	enter(client, ANSWERING);
	if (request->kind == CONTROL_REPORT ? control_history_report(&history, problem, sizeof(problem))
					    : control_history_day(&history, problem, sizeof(problem)))
		finish(client);
	else
		fail(client, problem);
}

/* The history is to reach to the present: so it takes a look first. */
static void on_look(void *context, const struct snapshot *snapshot)
{
	struct client *client = context;

	if (!snapshot) {
		answer_history(client);
		return;
	}
	client->snapshot = snapshot_hold(snapshot);
	client->look = store_take_look(client->control->settings.history, snapshot);
}

static void want_history(struct client *client)
{
	const struct control_settings *settings = &client->control->settings;

	if (!settings->store || !settings->history) {
		fail(client,
		     "there is no history: name a file under report.store.path in the configuration of espiald");
		return;
	}
	if (client->request.kind == CONTROL_HISTORY && client->request.day != loop_wall_ns() / DAY) {
		answer_history(client);
		return;
	}
	enter(client, WAITING);
	if (!snapshot_keeper_want(settings->keeper, RECORD_PART_PAIRS | RECORD_PART_IKE_SAS, on_look, client))
		fail(client, "too many ask at once; try again");
}

static void look_at_looks(struct client *client, int64_t waited_ns)
{
	if (store_looks_done(client->control->settings.history) >= client->look || waited_ns > LOOK_NS)
		answer_history(client);
}

static void answer_from_store(struct client *client)
{
	const struct control_request *request = &client->request;
	char problem[256];
	struct store_view *view = store_view_open(client->control->settings.store, problem, sizeof(problem));

	if (!view) {
		fail(client, problem);
		return;
	}
	struct store_filter filter = {
		.open = request->open,
		.since_ns = request->since_ns,
		.severity = request->severity,
		.a = request->has_pair || request->has_peer ? &request->a : NULL,
		.b = request->has_pair ? &request->b : NULL,
		.id = request->id[0] ? request->id : NULL,
		.limit = request->limit ? (size_t)request->limit : ALERTS_LIMIT,
	};
	enter(client, ANSWERING);
	int count = request->kind == CONTROL_ALERT ? store_view_history(view, request->alert, put_stored, client)
						   : store_view_alerts(view, &filter, put_stored, client);
	store_view_close(view);
	if (count < 0)
		fail(client, "the history of alerts cannot be read; look at the log of espiald");
	else if (count == 0 && request->kind == CONTROL_ALERT)
		fail(client, "there is no such alert; 'espial alerts' lists them");
	else
		finish(client);
}

/* ---- captures ---- */

static void answer_with_capture(struct client *client)
{
	const struct control_evidence evidence = {
		.folder = client->control->settings.evidence,
		.alert = client->request.alert,
		.put = put_history,
		.context = client,
	};
	char problem[256];

	enter(client, ANSWERING);
	if (control_evidence(&evidence, problem, sizeof(problem)))
		finish(client);
	else
		fail(client, problem);
}

/* In the history, so that it outlives this process; with whoever tells sinks; and where open alerts are shown. False with one
 * sentence. */
static bool acknowledge(struct client *client, char *problem, size_t problem_size)
{
	const struct control_settings *settings = &client->control->settings;
	const struct control_request *request = &client->request;
	char who[64] = "unknown";
	struct ucred peer;
	socklen_t length = sizeof(peer);

	snprintf(problem, problem_size, "'until' is over already: name a time to come, or null to take it back");
	if (request->until_ns && request->until_ns <= loop_wall_ns())
		return false;
	snprintf(problem, problem_size, "there is no such open alert; 'espial alerts --open' lists them");
	if (!open_alerts_holds(settings->alerts, request->alert))
		return false;
	if (settings->store) {
		struct store_view *view = store_view_open(settings->store, problem, problem_size);
		if (getsockopt(bufferevent_getfd(client->stream), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
			snprintf(who, sizeof(who), "uid %u", (unsigned)peer.uid);
		bool written =
		    view && store_view_acknowledge(view, request->alert, request->until_ns, who, problem, problem_size);
		store_view_close(view);
		if (!written)
			return false;
	}
	snprintf(problem, problem_size, "this cannot be asked of the daemon now; try again");
	return settings->acknowledge && settings->acknowledge(settings->context, request->alert, request->until_ns) &&
	       open_alerts_acknowledge(settings->alerts, request->alert, request->until_ns);
}

/* ---- IKE messages as they come ---- */

static void put_loss(struct client *client, uint64_t count, const char *why)
{
	char line[256];

	if (count)
		snprintf(line, sizeof(line), "{\"type\":\"ike_lost\",\"messages\":%llu,\"text\":\"%s\"}\n",
			 (unsigned long long)count, why);
	else
		snprintf(line, sizeof(line), "{\"type\":\"ike_lost\",\"messages\":null,\"text\":\"%s\"}\n", why);
	put(client, line);
}

static void put_loss_to_all(struct control *control, uint64_t count, const char *why)
{
	for (struct client *client = control->clients; client; client = client->next)
		if (client->state == LISTENING)
			put_loss(client, count, why);
}

static void put_ike_octets(struct client *client, const char *line, size_t length)
{
	if (waiting_octets(client) + length > LISTEN_OCTETS_MAX) {
		client->missed++;
		return;
	}
	if (client->missed)
		put_loss(client, client->missed, "they were not read as fast as they came");
	client->missed = 0;
	bufferevent_write(client->stream, line, length);
	put(client, "\n");
}

/* How the engine fares with it. */
static void take_ike_state(struct control *control, const char *line, size_t length)
{
	unsigned began;
	unsigned long long lost;
	char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text) - 1), line);
	if (sscanf(text, IKE_STATE_FORMAT, &began, &lost) != 2)
		return;
	if (lost)
		put_loss_to_all(control, lost, "they came faster than the engine could pass them on");
	if (control->silent || (began && control->heard))
		put_loss_to_all(control, 0, "the engine answers again; what came meanwhile is not here");
	control->heard = true;
	control->silent = false;
	control->heard_ns = loop_monotonic_ns();
}

void control_tell_ike(struct control *control, const char *line, size_t length)
{
	struct record record;

	if (!ike_octets_read(line, length, &record, control->octets)) {
		take_ike_state(control, line, length);
		return;
	}
	for (struct client *client = control->clients; client; client = client->next)
		if (client->state == LISTENING &&
		    about(&client->request, &record.ike_message.src, &record.ike_message.dst))
			put_ike_octets(client, line, length);
}

/* Sees whether anybody listens, and whether the engine does its part. */
static void look_at_listeners(struct control *control)
{
	bool listening = false;

	for (const struct client *client = control->clients; client; client = client->next)
		listening |= client->state == LISTENING;
	if (listening && !control->listening) {
		control->heard = control->silent = false;
		control->heard_ns = loop_monotonic_ns();
	}
	if (listening != control->listening)
		snapshot_keeper_listen(control->settings.keeper, listening);
	control->listening = listening;
	if (listening && !control->silent && loop_monotonic_ns() - control->heard_ns > SILENCE_NS) {
		put_loss_to_all(control, 0, "the engine does not answer; look at the log of espiald");
		control->silent = true;
	}
}

/* ---- requests ---- */

static void obey(struct client *client)
{
	const struct control_settings *settings = &client->control->settings;

	switch (client->request.kind) {
	case CONTROL_ALERTS:
	case CONTROL_ALERT:
		if (settings->store) {
			answer_from_store(client);
			return;
		}
		want_snapshot(client);
		return;
	case CONTROL_EVIDENCE:
		answer_with_capture(client);
		return;
	case CONTROL_ACK: {
		char problem[256];
		if (acknowledge(client, problem, sizeof(problem)))
			finish(client);
		else
			fail(client, problem);
		return;
	}
	case CONTROL_IKE_LOG:
		client->missed = 0;
		enter(client, LISTENING);
		look_at_listeners(client->control);
		return;
	case CONTROL_REPORT:
	case CONTROL_HISTORY:
		want_history(client);
		return;
	case CONTROL_RELOAD:
	case CONTROL_TEST_ALERT:
		enter(client, WAITING);
		if (!settings->order || !settings->order(settings->context, control_kind_name(client->request.kind)))
			fail(client, "this cannot be asked of the daemon now; try again");
		return;
	default:
		want_snapshot(client);
		return;
	}
}

void control_answer(struct control *control, const char *what, bool done, const char *text)
{
	struct client *next;

	for (struct client *client = control->clients; client; client = next) {
		next = client->next;
		if (client->state != WAITING || strcmp(control_kind_name(client->request.kind), what) != 0)
			continue;
		if (!done) {
			fail(client, text);
			continue;
		}
		put_line(client, control_outcome_line(text));
		finish(client);
	}
}

/* Takes the next request, if there is a whole one. */
static void go_on(struct client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->stream);

	if (client->state == LISTENING && (client->closing || evbuffer_get_length(input) > 0))
		finish(client);
	while (client->state == ASKING && !client->refused) {
		size_t length;
		char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
		if (!line) {
			if (evbuffer_get_length(input) <= CONTROL_REQUEST_MAX)
				break;
			fail(client, "the request is too long");
			client->refused = client->closing = true;
			break;
		}
		bool read = control_request_read(line, length, &client->request);
		free(line);
		if (read)
			obey(client);
		else
			fail(client, client->request.problem);
	}
	if (client->closing)
		bufferevent_disable(client->stream, EV_READ);
	if (client->closing && client->state == ASKING && waiting_octets(client) == 0)
		free_client(client);
}

static void on_read(struct bufferevent *stream_, void *context)
{
	(void)stream_;
	go_on(context);
}

static void on_written(struct bufferevent *stream_, void *context)
{
	struct client *client = context;

	(void)stream_;
	if (client->state == ANSWERING)
		stream(client);
	go_on(client);
}

static void on_event(struct bufferevent *stream_, short what, void *context)
{
	struct client *client = context;

	(void)stream_;
	if (what & BEV_EVENT_ERROR) {
		free_client(client);
	} else if (what & BEV_EVENT_EOF) {
		/* It will ask no more, but may still read what it asked for. */
		client->closing = true;
		go_on(client);
	}
}

static void on_connect(struct evconnlistener *listener, evutil_socket_t descriptor, struct sockaddr *address,
		       int length, void *context)
{
	static const char full[] = "{\"type\":\"error\",\"text\":\"too many clients; try again\"}\n";
	struct control *control = context;
	struct client *client = control->client_count < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;

	(void)address;
	(void)length;
	if (client)
		client->stream =
		    bufferevent_socket_new(evconnlistener_get_base(listener), descriptor, BEV_OPT_CLOSE_ON_FREE);
	if (!client || !client->stream) {
		(void)!send(descriptor, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		evutil_closesocket(descriptor);
		free(client);
		return;
	}
	client->control = control;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	bufferevent_setcb(client->stream, on_read, on_written, on_event, client);
	bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_REQUEST_MAX + 1);
	bufferevent_setwatermark(client->stream, EV_WRITE, CHUNK / 2, 0);
	bufferevent_enable(client->stream, EV_WRITE);
	enter(client, ASKING);
}

/* Puts out who takes too long. */
static void on_tick(void *context)
{
	struct control *control = context;
	int64_t now = loop_monotonic_ns();
	struct client *next;

	look_at_listeners(control);
	for (struct client *client = control->clients; client; client = next) {
		next = client->next;
		size_t unread = waiting_octets(client);
		if (unread < client->unread)
			client->since_ns = now;
		client->unread = unread;
		int64_t waited = now - client->since_ns;
		if (unread > 0 ? waited > READ_NS : client->state == ASKING ? waited > REQUEST_NS : false)
			free_client(client);
		else if (client->state == WAITING && client->look)
			look_at_looks(client, waited);
		else if (client->state == WAITING && waited > ORDER_NS)
			fail(client, "it takes too long; look at the log of espiald");
	}
}

/* ---- making and ending ---- */

struct control *control_new(const struct control_settings *settings)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control) {
		close(settings->listening);
		return NULL;
	}
	control->settings = *settings;
	control->octets = malloc(sizeof(*control->octets));
	control->listener = evconnlistener_new(loop_base(settings->loop), on_connect, control, LEV_OPT_CLOSE_ON_FREE, 0,
					       settings->listening);
	if (!control->listener) {
		close(settings->listening);
		free(control->octets);
		free(control);
		return NULL;
	}
	if (!control->octets || !loop_every(settings->loop, TICK_MS, on_tick, control)) {
		control_free(control);
		return NULL;
	}
	return control;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	while (control->clients)
		free_client(control->clients);
	evconnlistener_free(control->listener);
	free(control->octets);
	free(control);
}
