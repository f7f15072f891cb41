/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See remote.h. A message waits, is being written, or is written and not settled: a list in order of arrival, with a mark
 * up to where it was written. A lost connection sets the mark back to the first.
 */
#include "memory_or_end.h"
#include "remote.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MILLISECOND INT64_C(1000000)

struct message {
	struct message *next;
	uint64_t end; /* octets in the socket when its last one was in; set once written */
	size_t length, cut_length;
	char octets[]; /* framed, then the cut */
};

/* One look-up, shared by its thread and the remote; who lets go last frees it. */
struct lookup {
	atomic_int holders;
	atomic_bool done;
	char host[256], port[8];
	int type, error;
	struct addrinfo *found;
};

enum state { STATE_AWAY, STATE_LOOKING, STATE_CONNECTING, STATE_GREETING, STATE_UP };

struct remote {
	enum remote_protocol protocol;
	char *host, *name; /* owned */
	unsigned port;
	struct tls_context *context; /* owned; NULL unless TLS */
	struct sink_health *health;
	enum state state;
	struct lookup *lookup;
	struct addrinfo *addresses; /* owned; of the last look-up */
	struct addrinfo *address;   /* being tried */
	int socket;
	struct tls *tls;
	struct message *first, **last; /* not settled */
	struct message *writing;       /* first that is not written whole; NULL: all are */
	size_t written;                /* octets of it */
	uint64_t octets;               /* in the socket since it was connected */
	uint64_t pushed, settled;
	size_t held;
	int64_t now_ns, retry_ns, since_ns, backoff_ns;
	char problem[160];
};

static void let_go(struct lookup *lookup)
{
	if (!lookup || atomic_fetch_sub(&lookup->holders, 1) != 1)
		return;
	if (lookup->found)
		freeaddrinfo(lookup->found);
	free(lookup);
}

static void *look_up(void *context)
{
	struct lookup *lookup = context;
	struct addrinfo hints = { .ai_socktype = lookup->type, .ai_flags = AI_ADDRCONFIG };

	lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found);
	if (lookup->error) { /* an address needs no interface to be one */
		hints.ai_flags = AI_NUMERICHOST;
		if (getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found) == 0)
			lookup->error = 0;
	}
	atomic_store(&lookup->done, true);
	let_go(lookup);
	return NULL;
}

static void lose(struct remote *remote, const char *why)
{
	if (remote->state == STATE_UP)
		remote->health->outages++;
	tls_free(remote->tls);
	remote->tls = NULL;
	if (remote->socket >= 0)
		close(remote->socket);
	remote->socket = -1;
	remote->writing = remote->first;
	remote->written = 0;
	remote->octets = 0;
	remote->state = STATE_AWAY;
	remote->health->up = false;
	snprintf(remote->health->problem, sizeof(remote->health->problem), "%.60s port %u: %.70s", remote->host,
		 remote->port, why);
	remote->backoff_ns = remote->backoff_ns ? remote->backoff_ns * 2 : REMOTE_BACKOFF_FIRST_MS * MILLISECOND;
	if (remote->backoff_ns > REMOTE_BACKOFF_LAST_MS * MILLISECOND)
		remote->backoff_ns = REMOTE_BACKOFF_LAST_MS * MILLISECOND;
	remote->retry_ns = remote->now_ns + remote->backoff_ns;
}

static void lose_by(struct remote *remote, int error)
{
	char reason[64];

	lose(remote, strerror_r(error, reason, sizeof(reason)));
}

static void begin_lookup(struct remote *remote)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_t thread;

	if (!lookup)
		return;
	atomic_init(&lookup->holders, 2);
	atomic_init(&lookup->done, false);
	snprintf(lookup->host, sizeof(lookup->host), "%s", remote->host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", remote->port);
	lookup->type = remote->protocol == REMOTE_UDP ? SOCK_DGRAM : SOCK_STREAM;
	if (pthread_create(&thread, NULL, look_up, lookup) != 0) {
		free(lookup);
		lose_by(remote, EAGAIN);
		return;
	}
	pthread_detach(thread);
	remote->lookup = lookup;
	remote->state = STATE_LOOKING;
	remote->since_ns = remote->now_ns;
}

/* This address or one behind it; away if none is left. */
static void try_address(struct remote *remote)
{
	int error = EADDRNOTAVAIL, one = 1;

	for (; remote->address; remote->address = remote->address->ai_next) {
		const struct addrinfo *address = remote->address;
		remote->socket = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
					address->ai_protocol);
		if (remote->socket < 0) {
			error = errno;
			continue;
		}
		if (remote->protocol != REMOTE_UDP) {
			(void)setsockopt(remote->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			(void)setsockopt(remote->socket, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		}
		if (connect(remote->socket, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) {
			remote->state = STATE_CONNECTING;
			remote->since_ns = remote->now_ns;
			return;
		}
		error = errno;
		close(remote->socket);
		remote->socket = -1;
	}
	lose_by(remote, error);
}

/* The address at hand is of no use: the next one, or away if it was the last. */
static void pass_on(struct remote *remote, const char *why)
{
	if (!remote->address->ai_next) {
		lose(remote, why);
		return;
	}
	tls_free(remote->tls);
	remote->tls = NULL;
	close(remote->socket);
	remote->socket = -1;
	remote->address = remote->address->ai_next;
	try_address(remote);
}

static void take_lookup(struct remote *remote)
{
	struct lookup *lookup = remote->lookup;

	if (!atomic_load(&lookup->done)) {
		if (remote->now_ns - remote->since_ns > REMOTE_PATIENCE_MS * MILLISECOND) {
			remote->lookup = NULL;
			let_go(lookup);
			lose(remote, "its name is looked up without an answer");
		}
		return;
	}
	remote->lookup = NULL;
	if (lookup->error) {
		lose(remote, gai_strerror(lookup->error));
	} else {
		if (remote->addresses)
			freeaddrinfo(remote->addresses);
		remote->addresses = remote->address = lookup->found;
		lookup->found = NULL;
		try_address(remote);
	}
	let_go(lookup);
}

static void is_up(struct remote *remote)
{
	remote->state = STATE_UP;
	remote->backoff_ns = 0;
	remote->health->up = true;
	remote->health->problem[0] = '\0';
	remote->octets = remote->tls ? tls_octets(remote->tls) : 0;
}

static void connected(struct remote *remote)
{
	struct pollfd ready = { .fd = remote->socket, .events = POLLOUT };
	socklen_t length = sizeof(int);
	char reason[64];
	int error = 0;

	if (poll(&ready, 1, 0) <= 0) {
		if (remote->now_ns - remote->since_ns > REMOTE_PATIENCE_MS * MILLISECOND)
			pass_on(remote, strerror_r(ETIMEDOUT, reason, sizeof(reason)));
		return;
	}
	if (getsockopt(remote->socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
		pass_on(remote, strerror_r(error, reason, sizeof(reason)));
		return;
	}
	if (remote->protocol != REMOTE_TLS) {
		is_up(remote);
		return;
	}
	remote->tls = tls_new(remote->context, remote->socket, remote->name);
	remote->state = STATE_GREETING;
	if (!remote->tls)
		lose_by(remote, ENOMEM);
}

static void greet(struct remote *remote)
{
	switch (tls_handshake(remote->tls, remote->problem, sizeof(remote->problem))) {
	case TLS_DONE:
		is_up(remote);
		break;
	case TLS_AGAIN:
		if (remote->now_ns - remote->since_ns > REMOTE_PATIENCE_MS * MILLISECOND)
			pass_on(remote, "the TLS handshake is not answered");
		break;
	case TLS_FAILED:
		pass_on(remote, remote->problem);
		break;
	}
}

static bool is_alive(struct remote *remote)
{
	char octets[256];
	ssize_t count;

	if (remote->tls)
		return tls_is_alive(remote->tls);
	do
		count = recv(remote->socket, octets, sizeof(octets), MSG_DONTWAIT);
	while (count > 0);
	return count < 0 && (errno == EAGAIN || errno == EINTR);
}

/* How many octets of the message went; -1 for none now, -2 when the connection is lost. */
static ssize_t write_some(struct remote *remote, const struct message *message)
{
	const char *octets = message->octets + remote->written;
	size_t count = message->length - remote->written, written = 0;
	ssize_t sent;

	if (remote->tls) {
		switch (tls_write(remote->tls, octets, count, &written, remote->problem, sizeof(remote->problem))) {
		case TLS_DONE:
			remote->octets = tls_octets(remote->tls);
			return (ssize_t)written;
		case TLS_AGAIN:
			return -1;
		case TLS_FAILED:
			lose(remote, remote->problem);
			return -2;
		}
	}
	sent = send(remote->socket, octets, count, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno == EMSGSIZE && message->cut_length > 0) {
		sent = send(remote->socket, message->octets + message->length, message->cut_length,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
		sent = sent < 0 ? sent : (ssize_t)count;
	}
	if (sent >= 0) {
		remote->octets += (uint64_t)sent;
		return sent;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return -1;
	if (errno == EMSGSIZE) /* no way to send it: given up */
		return (ssize_t)count;
	lose_by(remote, errno);
	return -2;
}

static void write_all(struct remote *remote)
{
	while (remote->state == STATE_UP && remote->writing) {
		struct message *message = remote->writing;
		ssize_t count = write_some(remote, message);

		if (count < 0)
			return;
		remote->written += (size_t)count;
		if (remote->written < message->length)
			continue;
		message->end = remote->octets;
		remote->writing = message->next;
		remote->written = 0;
	}
}

static void go_on(struct remote *remote)
{
	if (remote->state == STATE_AWAY && remote->now_ns >= remote->retry_ns)
		begin_lookup(remote);
	if (remote->state == STATE_LOOKING)
		take_lookup(remote);
	if (remote->state == STATE_CONNECTING)
		connected(remote);
	if (remote->state == STATE_GREETING)
		greet(remote);
	if (remote->state == STATE_UP && !is_alive(remote))
		lose(remote, "the server ended the connection");
	write_all(remote);
}

static void remove_first(struct remote *remote)
{
	struct message *message = remote->first;

	remote->first = message->next;
	if (!remote->first)
		remote->last = &remote->first;
	if (remote->writing == message) {
		remote->writing = remote->first;
		remote->written = 0;
	}
	remote->held--;
	remote->settled++;
	remote->health->queued--;
	free(message);
}

uint64_t remote_settled(struct remote *remote)
{
	int waiting = 0;
	uint64_t arrived;

	go_on(remote);
	if (remote->state != STATE_UP)
		return remote->settled;
	if (remote->protocol != REMOTE_UDP && ioctl(remote->socket, SIOCOUTQ, &waiting) != 0)
		return remote->settled;
	arrived = remote->octets - (uint64_t)(waiting > 0 ? waiting : 0);
	while (remote->first && remote->first != remote->writing && remote->first->end <= arrived) {
		remote->health->delivered++;
		remove_first(remote);
	}
	return remote->settled;
}

void remote_push(struct remote *remote, const char *whole, size_t whole_length, const char *cut, size_t cut_length)
{
	char frame[24] = "";
	int head = remote->protocol == REMOTE_UDP ? 0 : snprintf(frame, sizeof(frame), "%zu ", whole_length);
	size_t length = (size_t)head + whole_length;
	struct message *message;

	remote->pushed++;
	/* Never the one that is being written: its frame is on the way. */
	if (remote->held >= REMOTE_MESSAGES_MAX && !(remote->first == remote->writing && remote->written > 0)) {
		remote->health->dropped++;
		remove_first(remote);
	}
	message = memory_or_end(sizeof(*message) + length + cut_length);
	*message = (struct message){ .length = length, .cut_length = cut_length };
	memcpy(message->octets, frame, (size_t)head);
	memcpy(message->octets + head, whole, whole_length);
	if (cut_length > 0)
		memcpy(message->octets + length, cut, cut_length);
	*remote->last = message;
	remote->last = &message->next;
	if (!remote->writing)
		remote->writing = message;
	remote->held++;
	remote->health->queued++;
	go_on(remote);
}

void remote_tick(struct remote *remote, int64_t monotonic_ns)
{
	remote->now_ns = monotonic_ns;
	(void)remote_settled(remote);
}

struct remote *remote_new(const struct remote_options *options, struct sink_health *health, char *problem,
			  size_t problem_size)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	snprintf(problem, problem_size, "not enough memory");
	if (!remote)
		return NULL;
	remote->protocol = options->protocol;
	remote->host = strdup(options->host);
	remote->name = strdup(options->name ? options->name : options->host);
	remote->port = options->port;
	remote->health = health;
	remote->socket = -1;
	remote->last = &remote->first;
	health->up = true;
	if (options->protocol == REMOTE_TLS)
		remote->context = tls_context_new(&options->files, problem, problem_size);
	if (remote->host && remote->name && (options->protocol != REMOTE_TLS || remote->context))
		return remote;
	remote_free(remote);
	return NULL;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	for (unsigned i = 0; i < 100 && remote->first && remote->state != STATE_AWAY; i++) {
		(void)remote_settled(remote);
		if (remote->first)
			poll(NULL, 0, 10);
	}
	while (remote->first)
		remove_first(remote);
	let_go(remote->lookup);
	if (remote->addresses)
		freeaddrinfo(remote->addresses);
	tls_free(remote->tls);
	tls_context_free(remote->context);
	if (remote->socket >= 0)
		close(remote->socket);
	free(remote->host);
	free(remote->name);
	free(remote);
}
