/* SPDX-License-Identifier: Apache-2.0 */
/* See reload.h. */
#include "reload.h"

#include "loop.h"
#include "../config/config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 5000, HEAD_SIZE = 32, INTERFACES_MAX = 64, NAME_SIZE = 512 };

/* ---- the monitor's side ---- */

static bool wait_for(int descriptor, short what)
{
	struct pollfd ready = { .fd = descriptor, .events = what };

	return poll(&ready, 1, PATIENCE_MS) > 0;
}

static bool send_all(int descriptor, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(descriptor, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(descriptor, POLLOUT))))
			continue;
		if (sent <= 0)
			return false;
		text += sent;
		length -= (size_t)sent;
	}
	return true;
}

bool reload_send(int descriptor, const char *text, size_t length, char *problem, size_t problem_size)
{
	char head[HEAD_SIZE], answer[RELOAD_PROBLEM_SIZE];
	size_t used = 0;

	snprintf(problem, problem_size, "the engine does not take the configuration; look at the log");
	/* An answer that came too late is not this one's. */
	while (recv(descriptor, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
	snprintf(head, sizeof(head), "config %zu\n", length);
	if (!send_all(descriptor, head, strlen(head)) || !send_all(descriptor, text, length))
		return false;
	while (used < sizeof(answer) - 1 && !memchr(answer, '\n', used) && wait_for(descriptor, POLLIN)) {
		ssize_t count = recv(descriptor, answer + used, sizeof(answer) - 1 - used, 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		used += (size_t)count;
	}
	answer[used] = '\0';
	char *newline = strchr(answer, '\n');
	if (!newline)
		return false;
	*newline = '\0';
	if (answer[0] == '+')
		return true;
	snprintf(problem, problem_size, "%s", answer + 1);
	return false;
}

/* ---- the engine's side ---- */

struct reload_reader {
	struct loop *loop;
	struct loop_event *readable;
	int descriptor;
	bool (*take)(void *context, struct config *config, char *problem, size_t problem_size);
	void *context;
	char head[HEAD_SIZE];
	size_t head_used;
	char *text; /* owned, while a message is read */
	size_t length, used;
};

/* The configuration of a message; NULL with a sentence. */
static struct config *read_message(char *text, size_t length, char *problem, size_t problem_size)
{
	const char *interfaces[INTERFACES_MAX];
	struct config_error error = { "not enough memory" };
	size_t count = 0, at = strcspn(text, "\n");
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)(at < NAME_SIZE ? at : NAME_SIZE - 1), text);
	for (at++; at < length && text[at] != '\n' && count < INTERFACES_MAX; at++) {
		interfaces[count++] = text + at;
		at += strcspn(text + at, "\n");
		text[at] = '\0';
	}
	if (at >= length) {
		snprintf(problem, problem_size, "a configuration came in pieces");
		return NULL;
	}
	struct config *config = config_parse(name, text + at + 1, length - at - 1, &error);
	if (config && ((count && !config_only_interfaces(config, interfaces, count)) || !config_seal(config))) {
		config_free(config);
		config = NULL;
	}
	if (!config)
		snprintf(problem, problem_size, "%s", error.text);
	return config;
}

static void answer(struct reload_reader *reader)
{
	char problem[RELOAD_PROBLEM_SIZE] = "", line[RELOAD_PROBLEM_SIZE + 2];
	struct config *config = read_message(reader->text, reader->length, problem, sizeof(problem));
	bool done = config && reader->take(reader->context, config, problem, sizeof(problem));

	free(reader->text);
	reader->text = NULL;
	snprintf(line, sizeof(line), "%s%.500s\n", done ? "+" : "-", done ? "" : problem);
	send_all(reader->descriptor, line, strlen(line));
}

/* The octets of "config LENGTH\n". */
static void take_head(struct reload_reader *reader, char octet)
{
	if (octet != '\n') {
		reader->head_used %= sizeof(reader->head) - 1;
		reader->head[reader->head_used++] = octet;
		return;
	}
	reader->head[reader->head_used] = '\0';
	reader->head_used = 0;
	unsigned long length = strncmp(reader->head, "config ", 7) == 0 ? strtoul(reader->head + 7, NULL, 10) : 0;
	if (length == 0 || length > RELOAD_TEXT_MAX)
		return;
	reader->text = malloc(length + 1);
	reader->length = length;
	reader->used = 0;
}

static void on_readable(void *context)
{
	struct reload_reader *reader = context;
	char octet;
	ssize_t count;

	if (reader->text)
		count =
		    recv(reader->descriptor, reader->text + reader->used, reader->length - reader->used, MSG_DONTWAIT);
	else
		count = recv(reader->descriptor, &octet, 1, MSG_DONTWAIT);
	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_forget(reader->loop, reader->readable);
		reader->readable = NULL;
		return;
	}
	if (count < 0)
		return;
	if (!reader->text) {
		take_head(reader, octet);
		return;
	}
	reader->used += (size_t)count;
	if (reader->used < reader->length)
		return;
	reader->text[reader->length] = '\0';
	answer(reader);
}

struct reload_reader *reload_reader_new(struct loop *loop, int descriptor,
					bool (*take)(void *context, struct config *config, char *problem,
						     size_t problem_size),
					void *context)
{
	struct reload_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	*reader = (struct reload_reader){ .loop = loop, .descriptor = descriptor, .take = take, .context = context };
	reader->readable = loop_on_readable(loop, descriptor, on_readable, reader);
	if (reader->readable)
		return reader;
	free(reader);
	return NULL;
}

void reload_reader_free(struct reload_reader *reader)
{
	if (!reader)
		return;
	if (reader->readable)
		loop_forget(reader->loop, reader->readable);
	free(reader->text);
	free(reader);
}
