/* SPDX-License-Identifier: Apache-2.0 */
/* See http.h. */
#include "http.h"

#include "loop.h"
#include "page.h"
#include "report/api.h"
#include "report/metrics.h"
#include "report/snapshot.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define MILLISECOND INT64_C(1000000)

enum {
	CONNECTIONS_DEFAULT = 64,
	CONNECTIONS_SPARE = 8, /* accepted before the listener hears that there are enough */
	REQUEST_MS_DEFAULT = 15000,
	ANSWER_MS_DEFAULT = 60000,
	HEADERS_MAX = 8192,
	BODY_MAX = 1024, /* nothing that is served reads one */
	INPUT_MAX = 16384,
	SWEEP_MS = 100,
	CROWD_MS = 300, /* how long a connection without a request is left alone while others wait for its place */
};

/* Nothing from elsewhere, nothing inline, in nobody's frame. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

struct connection {
	struct bufferevent *stream; /* one reference is ours; NULL: the slot is free */
	int64_t since_ns;           /* accepted, asked, or answered last */
	bool answering;
};

/* An answer on its way. */
struct answering {
	struct http *http;
	struct evhttp_request *request;
	struct api_answer *answer; /* owned */
	struct answering *next;
};

/* A request that waits for a fresh snapshot. */
struct waiting {
	struct http *http;
	struct evhttp_request *request;
	bool metrics;           /* what was asked for; otherwise, */
	struct api_query query; /* this */
	struct waiting *next;
};

struct http {
	struct evhttp *server;           /* owned */
	struct evconnlistener *listener; /* the server's */
	const struct snapshot *snapshot; /* held */
	struct connection *connections;  /* owned, slot_count of them */
	struct answering *answers;       /* owned list */
	struct waiting *waiting;         /* owned list, the latest first */
	bool asked;                      /* for a snapshot, that has not come yet */
	unsigned asked_parts;            /* of it */
	struct http_settings settings;   /* `want`, `forget` and `source` of it */
	struct event *sweeper;           /* owned */
	struct metrics_tally tally;
	struct http_door door;
	unsigned connections_max, slot_count, connection_count;
	int64_t request_ns, answer_ns;
};

/* ---- connections ---- */

static struct connection *connection_of(struct http *http, const struct evhttp_request *request)
{
	struct evhttp_connection *line = evhttp_request_get_connection((struct evhttp_request *)request);
	const struct bufferevent *stream = line ? evhttp_connection_get_bufferevent(line) : NULL;

	for (unsigned i = 0; stream && i < http->slot_count; i++)
		if (http->connections[i].stream == stream)
			return &http->connections[i];
	return NULL;
}

/* Called for each connection before evhttp has it. Our reference keeps the descriptor from being used anew while we might
 * still shut it. */
static struct bufferevent *on_connection(struct event_base *base, void *context)
{
	struct http *http = context;
	struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (!stream)
		return NULL;
	/* What arrives while an answer is read is not wanted without bound. */
	bufferevent_setwatermark(stream, EV_READ, 0, INPUT_MAX);
	for (unsigned i = 0; i < http->slot_count; i++) {
		struct connection *connection = &http->connections[i];
		if (connection->stream)
			continue;
		bufferevent_incref(stream);
		*connection = (struct connection){ .stream = stream, .since_ns = loop_monotonic_ns() };
		http->connection_count++;
		break;
	}
	if (http->connection_count >= http->connections_max)
		evconnlistener_disable(http->listener);
	return stream;
}

static void close_soon(const struct connection *connection)
{
	int descriptor = bufferevent_getfd(connection->stream);

	if (descriptor >= 0)
		(void)shutdown(descriptor, SHUT_RDWR);
}

/* evhttp frees a connection by itself and tells nobody; what it has freed has no callbacks any more. */
static bool is_gone(const struct connection *connection)
{
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(connection->stream, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static void sweep(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;

	struct http *http = context;
	int64_t now = loop_monotonic_ns();
	bool crowded = http->connection_count >= http->connections_max;

	for (unsigned i = 0; i < http->slot_count; i++) {
		struct connection *connection = &http->connections[i];
		if (!connection->stream)
			continue;
		if (is_gone(connection)) {
			bufferevent_decref(connection->stream);
			connection->stream = NULL;
			http->connection_count--;
			continue;
		}
		int64_t limit = connection->answering ? http->answer_ns
				: crowded             ? CROWD_MS * MILLISECOND
						      : http->request_ns;
		if (now - connection->since_ns > limit)
			close_soon(connection);
	}
	if (http->connection_count < http->connections_max)
		evconnlistener_enable(http->listener);
}

/* ---- answers ---- */

static void on_complete(struct evhttp_request *request, void *context)
{
	struct connection *connection = connection_of(context, request);

	if (!connection)
		return;
	connection->answering = false;
	connection->since_ns = loop_monotonic_ns();
}

static void add_headers(struct evhttp_request *request, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Content-Security-Policy", policy);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "X-Frame-Options", "DENY");
	evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
	evhttp_add_header(headers, "Cross-Origin-Resource-Policy", "same-origin");
	evhttp_add_header(headers, "Cross-Origin-Opener-Policy", "same-origin");
	evhttp_add_header(headers, "Cache-Control", "no-store");
}

/* Takes the buffer; NULL is an empty one. */
static void reply(struct evhttp_request *request, int status, const char *reason, struct evbuffer *body)
{
	evhttp_send_reply(request, status, reason, body);
	if (body)
		evbuffer_free(body);
}

/* An answer of one sentence, as JSON where JSON was asked for. The sentence is ours. */
static void refuse(struct evhttp_request *request, int status, const char *reason, const char *sentence)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	bool json = path && strncmp(path, "/api/", 5) == 0;
	struct evbuffer *body = evbuffer_new();

	add_headers(request, json ? "application/json" : "text/plain; charset=utf-8");
	if (body)
		evbuffer_add_printf(body, json ? "{\"error\":\"%s\"}\n" : "%s\n", sentence);
	reply(request, status, reason, body);
}

static void free_octets(const void *octets, size_t length, void *context)
{
	(void)octets;
	(void)length;
	free(context);
}

static void drop_answer(struct answering *answering)
{
	struct answering **from = &answering->http->answers;

	while (*from && *from != answering)
		from = &(*from)->next;
	if (*from)
		*from = answering->next;
	api_answer_free(answering->answer);
	free(answering);
}

/* evhttp takes a request that is being answered off a connection that is going down, and leaves it to whoever answers. */
static void free_left_alone(struct evhttp_request *request)
{
	if (!evhttp_request_get_connection(request))
		evhttp_request_free(request);
}

static void on_closed(struct evhttp_connection *line, void *context)
{
	struct answering *answering = context;
	struct evhttp_request *request = answering->request;

	(void)line;
	drop_answer(answering);
	free_left_alone(request);
}

static void finish(struct answering *answering)
{
	struct evhttp_request *request = answering->request;

	evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	drop_answer(answering);
	evhttp_send_reply_end(request);
}

/* The next piece, once the one before has left. */
static void go_on(struct evhttp_connection *line, void *context)
{
	struct answering *answering = context;
	size_t length;
	char *piece = api_answer_next(answering->answer, &length);
	struct evbuffer *body = piece ? evbuffer_new() : NULL;

	(void)line;
	if (body && evbuffer_add_reference(body, piece, length, free_octets, piece) == 0) {
		evhttp_send_reply_chunk_with_cb(answering->request, body, go_on, answering);
	} else if (!piece && !api_answer_failed(answering->answer)) {
		finish(answering);
	} else {
		/* Cut off, so that nobody takes it for the whole. */
		struct connection *connection = connection_of(answering->http, answering->request);
		free(piece);
		if (connection)
			close_soon(connection);
	}
	if (body)
		evbuffer_free(body);
}

static void stream_answer(struct http *http, struct evhttp_request *request, const struct api_query *query)
{
	struct answering *answering = calloc(1, sizeof(*answering));

	if (answering)
		answering->answer = api_answer_new(http->snapshot, query);
	if (!answering || !answering->answer) {
		free(answering);
		refuse(request, 503, "Service Unavailable",
		       "not enough memory for this answer; ask for less with limit");
		return;
	}
	answering->http = http;
	answering->request = request;
	answering->next = http->answers;
	http->answers = answering;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_closed, answering);
	add_headers(request, "application/json");
	evhttp_send_reply_start(request, HTTP_OK, "OK");
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		finish(answering);
	else
		go_on(NULL, answering);
}

/* True if the other side has this snapshot already, and was told so. */
static bool is_known(const struct http *http, struct evhttp_request *request)
{
	const char *has = evhttp_find_header(evhttp_request_get_input_headers(request), "If-None-Match");
	char tag[64];

	snprintf(tag, sizeof(tag), "\"%llx-%llx\"", (unsigned long long)http->snapshot->time_ns,
		 (unsigned long long)http->snapshot->number);
	evhttp_add_header(evhttp_request_get_output_headers(request), "ETag", tag);
	if (!has || !strstr(has, tag))
		return false;
	add_headers(request, "application/json");
	reply(request, HTTP_NOTMODIFIED, "Not Modified", NULL);
	return true;
}

static void answer_metrics(const struct http *http, struct evhttp_request *request)
{
	const char *accept = evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");
	bool open = accept && strstr(accept, "application/openmetrics-text");
	struct evbuffer *body = evbuffer_new();
	size_t length;
	char *text = metrics_text(http->snapshot, &http->tally, open, &length);

	if (!body || !text || evbuffer_add_reference(body, text, length, free_octets, text) != 0) {
		free(text);
		if (body)
			evbuffer_free(body);
		refuse(request, 503, "Service Unavailable", "not enough memory for the metrics");
		return;
	}
	add_headers(request, open ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT);
	reply(request, HTTP_OK, "OK", body);
}

static void answer_state(struct http *http, struct evhttp_request *request, const struct api_query *query,
			 unsigned parts)
{
	if (!http->snapshot)
		refuse(request, 503, "Service Unavailable",
		       "the engine has not told its state yet; ask again in a moment");
	else if (parts & ~http->snapshot->parts)
		refuse(request, 503, "Service Unavailable",
		       "the engine has not told of that lately; ask again in a moment");
	else if (!is_known(http, request))
		stream_answer(http, request, query);
}

static void drop_waiting(struct waiting *waiting)
{
	struct waiting **from = &waiting->http->waiting;

	while (*from && *from != waiting)
		from = &(*from)->next;
	if (*from)
		*from = waiting->next;
	free(waiting);
}

static void on_closed_waiting(struct evhttp_connection *line, void *context)
{
	struct waiting *waiting = context;
	struct evhttp_request *request = waiting->request;

	(void)line;
	drop_waiting(waiting);
	free_left_alone(request);
}

static void ask_state(struct http *http);

/* What somebody waits for; of alerts and status nothing but what every snapshot has. */
static unsigned parts_of(const struct waiting *waiting)
{
	static const unsigned parts[API_RESOURCE_COUNT] = {
		[API_PAIRS] = RECORD_PART_PAIRS,
		[API_SAS] = RECORD_PART_SAS,
		[API_IKE] = RECORD_PART_IKE_SAS,
		[API_INVENTORY] = RECORD_PART_INVENTORY,
	};

	return waiting->metrics ? RECORD_PARTS_USUAL : parts[waiting->query.resource];
}

/* All who wait are answered, with the former state if there is no newer one; who came for other parts while an answer was on
 * its way waits for the next. */
static void on_fresh(void *context, const struct snapshot *snapshot)
{
	struct http *http = context;
	struct waiting *later = NULL;
	unsigned asked = snapshot ? http->asked_parts : RECORD_PARTS_ALL;

	http->asked = false;
	if (snapshot)
		http_publish(http, snapshot);
	while (http->waiting) {
		struct waiting *first = http->waiting, waiting = *first;
		if (parts_of(first) & ~asked) {
			http->waiting = first->next;
			first->next = later;
			later = first;
			continue;
		}
		drop_waiting(first);
		evhttp_connection_set_closecb(evhttp_request_get_connection(waiting.request), NULL, NULL);
		if (waiting.metrics)
			answer_metrics(http, waiting.request);
		else
			answer_state(http, waiting.request, &waiting.query, parts_of(&waiting));
	}
	http->waiting = later;
	if (later)
		ask_state(http);
}

static void ask_state(struct http *http)
{
	http->asked = true;
	http->asked_parts = 0;
	for (const struct waiting *waiting = http->waiting; waiting; waiting = waiting->next)
		http->asked_parts |= parts_of(waiting);
	if (!http->settings.want || !http->settings.want(http->settings.source, http->asked_parts, on_fresh, http))
		on_fresh(http, NULL);
}

/* Answers once a fresh snapshot is there. One is asked for at a time, however many wait. `query` NULL: metrics. */
static void await_state(struct http *http, struct evhttp_request *request, const struct api_query *query)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting) {
		refuse(request, 503, "Service Unavailable", "not enough memory; ask again in a moment");
		return;
	}
	*waiting = (struct waiting){ .http = http, .request = request, .metrics = !query, .next = http->waiting };
	if (query)
		waiting->query = *query;
	http->waiting = waiting;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_closed_waiting, waiting);
	if (!http->asked)
		ask_state(http);
}

static void answer_api(struct http *http, struct evhttp_request *request, const char *name)
{
	const char *text = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct api_query query = api_query_all(api_resource_find(name));
	const char *problem = "the parameters cannot be read";
	struct evkeyvalq parameters;
	bool good;

	if (query.resource == API_RESOURCE_COUNT) {
		refuse(request, 404, "Not Found",
		       "there are status, pairs, sas, ike, alerts and inventory under /api/v1/");
		return;
	}
	TAILQ_INIT(&parameters);
	good = !text || !*text || evhttp_parse_query_str(text, &parameters) == 0;
	for (const struct evkeyval *one = parameters.tqh_first; good && one; one = one->next.tqe_next)
		good = api_query_add(&query, one->key, one->value, &problem);
	evhttp_clear_headers(&parameters);
	if (!good || !api_query_complete(&query, &problem))
		refuse(request, 400, "Bad Request", problem);
	else
		await_state(http, request, &query);
}

static bool answer_file(struct evhttp_request *request, const char *path)
{
	for (size_t i = 0; i < page_file_count; i++) {
		const struct page_file *file = &page_files[i];
		if (strcmp(path, file->path) != 0)
			continue;
		struct evbuffer *body = evbuffer_new();
		add_headers(request, file->type);
		if (body)
			(void)evbuffer_add_reference(body, file->octets, file->size, NULL, NULL);
		reply(request, HTTP_OK, "OK", body);
		return true;
	}
	return false;
}

/* True if the request may be answered; otherwise it has been refused. */
static bool may_ask(const struct http *http, struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	enum evhttp_cmd_type command = evhttp_request_get_command(request);

	if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
		refuse(request, 405, "Method Not Allowed", "this page is read only: there are GET and HEAD");
		return false;
	}
	if (evhttp_uri_get_host(evhttp_request_get_evhttp_uri(request))) {
		refuse(request, 400, "Bad Request", "this is no proxy: ask for a path");
		return false;
	}
	if (!http->door.has_token && !http_host_is_local(evhttp_find_header(headers, "Host"))) {
		refuse(request, 421, "Misdirected Request",
		       "ask for localhost: without a token this page answers to no other name");
		return false;
	}
	if (http->door.has_token &&
	    !http_token_matches(&http->door.token, evhttp_find_header(headers, "Authorization"))) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "WWW-Authenticate",
				  "Basic realm=\"espial: any name, and the token as password\", charset=\"UTF-8\"");
		refuse(request, 401, "Unauthorized",
		       "the token is missing or wrong; it stands in the token-file of the sensor");
		return false;
	}
	return true;
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct http *http = context;
	struct connection *connection = connection_of(http, request);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

	if (connection) {
		connection->answering = true;
		connection->since_ns = loop_monotonic_ns();
	}
	evhttp_request_set_on_complete_cb(request, on_complete, http);
	if (!may_ask(http, request))
		return;
	if (path && strncmp(path, "/api/v1/", 8) == 0)
		answer_api(http, request, path + 8);
	else if (path && strcmp(path, "/metrics") == 0)
		await_state(http, request, NULL);
	else if (!path || !answer_file(request, *path ? path : "/"))
		refuse(request, 404, "Not Found", "there is nothing here; the page is at /");
}

/* ---- the whole ---- */

static bool serve(struct http *http, struct loop *loop)
{
	struct event_base *base = loop_base(loop);

	http->server = evhttp_new(base);
	http->listener = http->server
			     ? evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
						  http->door.descriptor)
			     : NULL;
	if (!http->listener) {
		close(http->door.descriptor);
		return false;
	}
	evhttp_set_bevcb(http->server, on_connection, http);
	evhttp_set_gencb(http->server, on_request, http);
	evhttp_set_max_headers_size(http->server, HEADERS_MAX);
	evhttp_set_max_body_size(http->server, BODY_MAX);
	evhttp_set_timeout(http->server, (int)(http->answer_ns / MILLISECOND / 1000) + 1);
	/* All are let in, so that the others hear which there are. */
	evhttp_set_allowed_methods(http->server, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						     EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
						     EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	if (!evhttp_bind_listener(http->server, http->listener)) {
		evconnlistener_free(http->listener);
		return false;
	}
	struct timeval period = { .tv_usec = SWEEP_MS * 1000 };
	http->sweeper = event_new(base, -1, EV_PERSIST, sweep, http);
	return http->sweeper && event_add(http->sweeper, &period) == 0;
}

struct http *http_new(struct loop *loop, const struct http_settings *settings)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http) {
		close(settings->door->descriptor);
		return NULL;
	}
	http->settings = *settings;
	http->door = *settings->door;
	http->connections_max = settings->connections_max ? settings->connections_max : CONNECTIONS_DEFAULT;
	http->slot_count = http->connections_max + CONNECTIONS_SPARE;
	http->request_ns = (settings->request_ms ? settings->request_ms : REQUEST_MS_DEFAULT) * MILLISECOND;
	http->answer_ns = (settings->answer_ms ? settings->answer_ms : ANSWER_MS_DEFAULT) * MILLISECOND;
	http->connections = calloc(http->slot_count, sizeof(struct connection));
	if (http->connections && serve(http, loop))
		return http;
	http_free(http);
	return NULL;
}

void http_publish(struct http *http, const struct snapshot *snapshot)
{
	const struct snapshot *before = http->snapshot;

	http->snapshot = snapshot_hold(snapshot);
	snapshot_let_go(before);
}

void http_count(struct http *http, const struct finding *finding)
{
	metrics_tally_take(&http->tally, finding);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->asked && http->settings.forget)
		http->settings.forget(http->settings.source, http);
	if (http->door.socket)
		unlink(http->door.socket);
	if (http->sweeper)
		event_free(http->sweeper);
	if (http->server)
		evhttp_free(http->server);
	while (http->answers)
		drop_answer(http->answers);
	while (http->waiting)
		drop_waiting(http->waiting);
	for (unsigned i = 0; http->connections && i < http->slot_count; i++)
		if (http->connections[i].stream)
			bufferevent_decref(http->connections[i].stream);
	snapshot_let_go(http->snapshot);
	free(http->connections);
	free(http);
}
