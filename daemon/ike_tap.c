/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_tap.h. */
#include "ike_tap.h"

#include "mailbox.h"
#include "report/ike_octets.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LEASE_NS (3 * INT64_C(1000000000))

/* A line has at least a hundred octets, so that this many newlines have room too. */
enum { ROOM = 1 << 20, LINES_MAX = ROOM / 64, STATE_SIZE = 128 };

struct ike_tap {
	const char *sensor;
	int descriptor;
	struct mailbox *mail;    /* owned */
	_Atomic uint64_t unkept; /* messages of which there was no line */
	atomic_bool on;          /* somebody listens */
	/* the capturing thread's */
	bool began, answer_due;
	int64_t until_ns;
	uint64_t told_lost;
	char *batch; /* of ROOM + LINES_MAX + STATE_SIZE octets, owned */
	size_t used, sent;
};

struct ike_tap *ike_tap_new(const char *sensor, int descriptor)
{
	struct ike_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->sensor = sensor;
	tap->descriptor = descriptor;
	tap->mail = mailbox_new(ROOM);
	tap->batch = malloc(ROOM + LINES_MAX + STATE_SIZE);
	if (tap->mail && tap->batch)
		return tap;
	ike_tap_free(tap);
	return NULL;
}

void ike_tap_free(struct ike_tap *tap)
{
	if (!tap)
		return;
	mailbox_free(tap->mail);
	free(tap->batch);
	free(tap);
}

void ike_tap_put(struct ike_tap *tap, const struct record *record)
{
	if (!atomic_load_explicit(&tap->on, memory_order_relaxed))
		return;
	char *line = ike_octets_line(record, tap->sensor);

	if (line)
		mailbox_put(tap->mail, line, strlen(line)); /* the mailbox counts what finds no room */
	else
		atomic_fetch_add(&tap->unkept, 1);
	free(line);
}

static uint64_t lost(struct ike_tap *tap)
{
	return mailbox_lost(tap->mail) + atomic_load(&tap->unkept);
}

static void drop(void *context, const char *line, size_t length)
{
	(void)context;
	(void)line;
	(void)length;
}

void ike_tap_wanted(struct ike_tap *tap, int64_t now_ns)
{
	if (!tap->on) {
		mailbox_take(tap->mail, drop, NULL);
		tap->told_lost = lost(tap);
		tap->began = true;
		atomic_store(&tap->on, true);
	}
	tap->until_ns = now_ns + LEASE_NS;
	tap->answer_due = true;
}

static void add(void *context, const char *line, size_t length)
{
	struct ike_tap *tap = context;

	memcpy(tap->batch + tap->used, line, length);
	tap->used += length;
	tap->batch[tap->used++] = '\n';
}

static void make_batch(struct ike_tap *tap)
{
	/* An answer with the state may have been given up in the middle of a line. */
	tap->batch[0] = '\n';
	tap->used = 1;
	tap->sent = 0;
	mailbox_take(tap->mail, add, tap);
	if (tap->answer_due) {
		uint64_t total = lost(tap);
		char text[STATE_SIZE];
		int length = snprintf(text, sizeof(text), IKE_STATE_FORMAT, tap->began,
				      (unsigned long long)(total - tap->told_lost));
		add(tap, text, (size_t)length);
		tap->told_lost = total;
		tap->began = tap->answer_due = false;
	}
	if (tap->used == 1)
		tap->used = 0;
}

void ike_tap_send(struct ike_tap *tap, int64_t now_ns)
{
	if (tap->on && now_ns > tap->until_ns) {
		atomic_store(&tap->on, false);
		tap->answer_due = false;
	}
	if (tap->on && tap->used == 0)
		make_batch(tap);
	while (tap->sent < tap->used) {
		ssize_t count =
		    send(tap->descriptor, tap->batch + tap->sent, tap->used - tap->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return;
		tap->sent += (size_t)count;
	}
	tap->used = tap->sent = 0;
}

bool ike_tap_is_idle(const struct ike_tap *tap)
{
	return tap->used == 0;
}
