/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery to a local log socket, see delivery.h.
 *
 * A message is in exactly one place: waiting (a first-in-first-out list per severity, in one common numbering, so that
 * both "next" and "first to give up" are heads of lists), current (a stream took part of it), or sent (not yet known to
 * be read). A lost connection moves sent and current back to the heads of their waiting lists.
 */
#include "delivery.h"
#include "memory_or_end.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct message {
	struct message *next;
	uint64_t number; /* order of arrival */
	enum finding_severity severity;
	bool use_cut; /* the socket found the whole too long */
	size_t whole_length, cut_length;
	size_t kernel_octets; /* at least so much of the socket's memory it takes until it is read; once sent */
	char octets[];        /* the whole, then the cut; each followed by one NUL */
};

struct list {
	struct message *head, **tail;
};

/* Which socket file it was: a restarted daemon makes a new one. */
struct identity {
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

struct delivery {
	struct sockaddr_un address;
	struct sink_health *health; /* of the owner */
	int socket;                 /* -1: not connected */
	bool stream;
	struct identity identity; /* of the socket file we are connected to */
	struct list waiting[SEVERITY_COUNT];
	struct message *current; /* sent in part, or next after a failure */
	size_t current_sent;     /* octets of it, terminator included */
	struct list sent;        /* not yet known to be read, oldest first */
	size_t sent_octets;      /* sum of kernel_octets in sent */
	size_t messages, octets; /* held in all, for the bound */
	uint64_t next_number;
	int64_t now_ns;   /* of the last tick */
	int64_t retry_ns; /* not before */
	int64_t backoff_ns;
	bool may_connect; /* the back-off is over, or there was none */
};

static void list_init(struct list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void list_append(struct list *list, struct message *message)
{
	message->next = NULL;
	*list->tail = message;
	list->tail = &message->next;
}

static void list_prepend(struct list *list, struct message *message)
{
	message->next = list->head;
	if (!list->head)
		list->tail = &message->next;
	list->head = message;
}

static struct message *list_take(struct list *list)
{
	struct message *message = list->head;

	if (message) {
		list->head = message->next;
		if (!list->head)
			list->tail = &list->head;
	}
	return message;
}

/* Octets that go over the socket; the NUL behind a message belongs to a stream only. */
static size_t wire_length(const struct delivery *delivery, const struct message *message)
{
	return (message->use_cut ? message->cut_length : message->whole_length) + delivery->stream;
}

static const char *wire_octets(const struct message *message)
{
	return message->octets + (message->use_cut ? message->whole_length + 1 : 0);
}

static size_t held_octets(const struct message *message)
{
	return sizeof(*message) + message->whole_length + message->cut_length + 2;
}

static void release(struct delivery *delivery, struct message *message)
{
	delivery->messages--;
	delivery->octets -= held_octets(message);
	free(message);
}

static void set_problem(struct delivery *delivery, const char *what, int error)
{
	char reason[64];

	delivery->health->up = false;
	snprintf(delivery->health->problem, sizeof(delivery->health->problem), "%s %.70s: %s", what,
		 delivery->address.sun_path, strerror_r(error, reason, sizeof(reason)));
}

/* Gives up the least severe, and of these the oldest, until the bound holds. What is in the socket already is not ours
 * to give up, and is bounded by the socket. */
static void keep_bound(struct delivery *delivery)
{
	while (delivery->messages > DELIVERY_MESSAGES_MAX || delivery->octets > DELIVERY_OCTETS_MAX) {
		struct message *message = NULL;

		for (int severity = SEVERITY_COUNT - 1; severity >= 0 && !message; severity--)
			message = list_take(&delivery->waiting[severity]);
		if (!message)
			return;
		delivery->health->queued--;
		delivery->health->dropped++;
		release(delivery, message);
	}
}

/* The next to send becomes current. */
static bool take_next(struct delivery *delivery)
{
	struct list *best = NULL;

	if (delivery->current)
		return true;
	for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
		struct list *list = &delivery->waiting[severity];

		if (list->head && (!best || list->head->number < best->head->number))
			best = list;
	}
	if (!best)
		return false;
	delivery->current = list_take(best);
	delivery->current_sent = 0;
	return true;
}

/* Puts what may be lost back in front of what waits. */
static void send_again(struct delivery *delivery)
{
	struct message *reversed = NULL, *message;

	while ((message = list_take(&delivery->sent))) {
		message->next = reversed;
		reversed = message;
		delivery->health->delivered--;
		delivery->health->queued++;
	}
	delivery->sent_octets = 0;
	if (delivery->current) /* newer than all that was sent */
		list_prepend(&delivery->waiting[delivery->current->severity], delivery->current);
	delivery->current = NULL;
	while (reversed) {
		message = reversed;
		reversed = message->next;
		list_prepend(&delivery->waiting[message->severity], message);
	}
}

static void disconnect(struct delivery *delivery)
{
	if (delivery->socket >= 0) {
		close(delivery->socket);
		delivery->health->outages++;
	}
	delivery->socket = -1;
	send_again(delivery);
}

static bool identify(const struct delivery *delivery, struct identity *identity)
{
	struct stat status;

	if (stat(delivery->address.sun_path, &status) != 0)
		return false;
	*identity = (struct identity){ status.st_dev, status.st_ino, status.st_ctim };
	return true;
}

static bool same_socket_file(const struct delivery *delivery)
{
	struct identity now;

	return identify(delivery, &now) && now.device == delivery->identity.device &&
	       now.inode == delivery->identity.inode && now.changed.tv_sec == delivery->identity.changed.tv_sec &&
	       now.changed.tv_nsec == delivery->identity.changed.tv_nsec;
}

/* A connected socket of the type, or -1 with errno. */
static int connect_type(const struct delivery *delivery, int type)
{
	int handle = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (handle < 0)
		return -1;
	if (connect(handle, (const struct sockaddr *)&delivery->address, sizeof(delivery->address)) == 0)
		return handle;
	error = errno;
	close(handle);
	errno = error;
	return -1;
}

static bool connect_now(struct delivery *delivery)
{
	/* Asked before: a socket file that changes in between is seen as changed, and connected anew. */
	bool known = identify(delivery, &delivery->identity);

	delivery->stream = false;
	delivery->socket = connect_type(delivery, SOCK_DGRAM);
	if (delivery->socket < 0 && errno == EPROTOTYPE) {
		delivery->stream = true;
		delivery->socket = connect_type(delivery, SOCK_STREAM);
	}
	if (delivery->socket >= 0 && known) {
		delivery->backoff_ns = 0;
		delivery->health->up = true;
		delivery->health->problem[0] = '\0';
		return true;
	}
	set_problem(delivery, "cannot connect to", delivery->socket >= 0 ? ENOENT : errno);
	disconnect(delivery);
	if (delivery->backoff_ns == 0)
		delivery->backoff_ns = DELIVERY_BACKOFF_FIRST_MS * INT64_C(1000000);
	else if (delivery->backoff_ns < DELIVERY_BACKOFF_LAST_MS * INT64_C(500000))
		delivery->backoff_ns *= 2;
	else
		delivery->backoff_ns = DELIVERY_BACKOFF_LAST_MS * INT64_C(1000000);
	delivery->retry_ns = delivery->now_ns + delivery->backoff_ns;
	delivery->may_connect = false;
	return false;
}

/* Whether the one we are connected to is still there to read. Asked after SIOCOUTQ, never before. */
static bool reader_alive(const struct delivery *delivery)
{
	struct pollfd state = { .fd = delivery->socket };
	int probe;

	if (delivery->stream)
		return poll(&state, 1, 0) == 0; /* POLLHUP and POLLERR need not be asked for */
	if (!same_socket_file(delivery))
		return false;
	probe = connect_type(delivery, SOCK_DGRAM);
	if (probe < 0)
		return false;
	close(probe);
	return true;
}

/* Octets of the socket's memory that wait to be read; 0 if the kernel does not say. */
static size_t kernel_queue(const struct delivery *delivery)
{
	int queued = 0;

	return ioctl(delivery->socket, SIOCOUTQ, &queued) == 0 && queued > 0 ? (size_t)queued : 0;
}

/*
 * Forgets what has been read. The oldest is read first, and each message takes at least its kernel_octets: so one is
 * read for sure when those behind it account for all that is still queued.
 */
static void confirm(struct delivery *delivery)
{
	size_t queued;

	if (delivery->socket < 0 || !delivery->sent.head)
		return;
	queued = kernel_queue(delivery);
	if (delivery->sent_octets - delivery->sent.head->kernel_octets < queued || !reader_alive(delivery))
		return;
	while (delivery->sent.head && delivery->sent_octets - delivery->sent.head->kernel_octets >= queued) {
		delivery->sent_octets -= delivery->sent.head->kernel_octets;
		release(delivery, list_take(&delivery->sent));
	}
}

static void finish_current(struct delivery *delivery, bool was_sent)
{
	struct message *message = delivery->current;

	delivery->current = NULL;
	delivery->health->queued--;
	if (was_sent) {
		delivery->health->delivered++;
		delivery->sent_octets += message->kernel_octets;
		list_append(&delivery->sent, message);
	} else {
		delivery->health->dropped++;
		release(delivery, message);
	}
}

/* Sends one piece of current. False when no more can be sent now. */
static bool send_piece(struct delivery *delivery)
{
	struct message *message = delivery->current;
	size_t length = wire_length(delivery, message);
	size_t before = kernel_queue(delivery), after;
	ssize_t count = send(delivery->socket, wire_octets(message) + delivery->current_sent,
			     length - delivery->current_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count >= 0) {
		/* The reader may take some away in between: the difference is never too much. */
		after = kernel_queue(delivery);
		if (delivery->current_sent == 0)
			message->kernel_octets = 0;
		message->kernel_octets += after > before + (size_t)count ? after - before : (size_t)count;
		delivery->current_sent += (size_t)count;
		if (delivery->current_sent == length)
			finish_current(delivery, true);
		return true;
	}
	switch (errno) {
	case EINTR:
		return true;
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return false;
	case EMSGSIZE:
		if (!message->use_cut && message->cut_length > 0)
			message->use_cut = true;
		else
			finish_current(delivery, false);
		return true;
	default: /* ECONNREFUSED, ENOTCONN, EPIPE, ECONNRESET, ...: this socket is of no more use */
		set_problem(delivery, "cannot send to", errno);
		disconnect(delivery);
		return false;
	}
}

static void flush(struct delivery *delivery)
{
	/* A lost connection is tried anew at once, one time: mostly the daemon is back already. */
	for (int attempt = 0; attempt < 2; attempt++) {
		if (delivery->socket < 0 && (!delivery->may_connect || !connect_now(delivery)))
			return;
		while (delivery->socket >= 0 && take_next(delivery)) {
			if (!send_piece(delivery))
				break;
		}
		if (delivery->socket >= 0)
			return;
	}
}

void delivery_push(struct delivery *delivery, enum finding_severity severity, const char *whole, size_t whole_length,
		   const char *cut, size_t cut_length)
{
	struct message *message = memory_or_end(sizeof(*message) + whole_length + cut_length + 2);

	message->number = delivery->next_number++;
	message->severity = (unsigned)severity < SEVERITY_COUNT ? severity : SEVERITY_INFO;
	message->use_cut = false;
	message->whole_length = whole_length;
	message->cut_length = cut_length;
	memcpy(message->octets, whole, whole_length);
	message->octets[whole_length] = '\0';
	if (cut_length > 0)
		memcpy(message->octets + whole_length + 1, cut, cut_length);
	message->octets[whole_length + 1 + cut_length] = '\0';
	list_append(&delivery->waiting[message->severity], message);
	delivery->messages++;
	delivery->octets += held_octets(message);
	delivery->health->queued++;
	/* What was tried while there was nothing to say must not delay the first that there is. */
	if (delivery->health->queued == 1)
		delivery->may_connect = true;
	confirm(delivery);
	flush(delivery);
	keep_bound(delivery);
}

uint64_t delivery_settled(struct delivery *delivery)
{
	uint64_t settled = delivery->next_number;

	confirm(delivery);
	if (delivery->sent.head)
		settled = delivery->sent.head->number;
	else if (delivery->current)
		settled = delivery->current->number;
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		if (delivery->waiting[severity].head && delivery->waiting[severity].head->number < settled)
			settled = delivery->waiting[severity].head->number;
	return settled;
}

void delivery_tick(struct delivery *delivery, int64_t monotonic_ns)
{
	struct pollfd state = { .fd = delivery->socket };

	delivery->now_ns = monotonic_ns;
	confirm(delivery);
	/* Replaced while its old reader still holds the old one, or gone; a datagram socket is not told. */
	if (delivery->socket >= 0 && (delivery->stream ? poll(&state, 1, 0) != 0 : !same_socket_file(delivery)))
		disconnect(delivery);
	if (monotonic_ns >= delivery->retry_ns)
		delivery->may_connect = true;
	/* An idle datagram socket whose daemon died without a trace still looks well: ask while something is unconfirmed. */
	if (delivery->socket >= 0 && delivery->sent.head && !reader_alive(delivery))
		disconnect(delivery);
	/* Also with nothing to send: that nobody listens is to be known before there is. */
	flush(delivery);
}

struct delivery *delivery_new(const char *path, struct sink_health *health)
{
	struct delivery *delivery;

	if (strlen(path) >= sizeof(delivery->address.sun_path))
		return NULL;
	delivery = calloc(1, sizeof(*delivery));
	if (!delivery)
		return NULL;
	delivery->address.sun_family = AF_UNIX;
	strcpy(delivery->address.sun_path, path);
	delivery->health = health;
	delivery->socket = -1;
	delivery->may_connect = true;
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		list_init(&delivery->waiting[severity]);
	list_init(&delivery->sent);
	health->up = true;
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	struct message *message;

	if (!delivery)
		return;
	delivery->may_connect = true;
	if (delivery->health->queued > 0)
		flush(delivery);
	for (int i = 0; i < 10 && delivery->socket >= 0 && delivery->health->queued > 0; i++) {
		struct pollfd ready = { .fd = delivery->socket, .events = POLLOUT };

		delivery->may_connect = false;
		if (poll(&ready, 1, 100) > 0)
			flush(delivery);
	}
	if (delivery->socket >= 0)
		close(delivery->socket);
	free(delivery->current);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
		while ((message = list_take(&delivery->waiting[severity])))
			free(message);
	}
	while ((message = list_take(&delivery->sent)))
		free(message);
	free(delivery);
}
