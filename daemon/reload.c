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

enum { PATIENCE_MS = 5000, PIECE_SIZE = 32 << 10, INTERFACES_MAX = 64, NAME_SIZE = 512 };

/* First octets of packets to the engine. */
enum { PACKET_BEGIN = 'c', PACKET_TEXT = 't', PACKET_WITHDRAW = 'w' };

/* ---- the monitor's side ---- */

static bool wait_for(int descriptor, short what, int wait_ms)
{
	struct pollfd ready = { .fd = descriptor, .events = what };

	return poll(&ready, 1, wait_ms) > 0;
}

static bool send_packet(int descriptor, const char *octets, size_t length)
{
	ssize_t sent;

	do
		sent = send(descriptor, octets, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(descriptor, POLLOUT, PATIENCE_MS))));
	return sent == (ssize_t)length;
}

bool reload_send(int descriptor, unsigned number, const char *text, size_t length)
{
	char piece[PIECE_SIZE];
	int head = snprintf(piece, sizeof(piece), "%c%u %zu", PACKET_BEGIN, number, length);

	if (!send_packet(descriptor, piece, (size_t)head))
		return false;
	while (length > 0) {
		size_t part = length < PIECE_SIZE - 1 ? length : PIECE_SIZE - 1;
		piece[0] = PACKET_TEXT;
		memcpy(piece + 1, text, part);
		if (!send_packet(descriptor, piece, part + 1))
			return false;
		text += part;
		length -= part;
	}
	return true;
}

enum reload_outcome reload_hear(int descriptor, unsigned number, int wait_ms, char *problem, size_t problem_size)
{
	char answer[RELOAD_PROBLEM_SIZE + 16];
	ssize_t count;

	while (wait_for(descriptor, POLLIN, wait_ms) &&
	       (count = recv(descriptor, answer, sizeof(answer) - 1, MSG_DONTWAIT)) > 0) {
		char *sentence = NULL;
		answer[count] = '\0';
		if (strtoul(answer + 1, &sentence, 10) != number)
			continue;
		if (answer[0] == '+')
			return RELOAD_TAKEN;
		snprintf(problem, problem_size, "%s", sentence + (*sentence == ' '));
		return RELOAD_REFUSED;
	}
	return RELOAD_WAITING;
}

void reload_withdraw(int descriptor)
{
	const char withdraw = PACKET_WITHDRAW;

	(void)!send(descriptor, &withdraw, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void reload_drain(const int descriptors[2])
{
	char octet;

	for (unsigned end = 0; end < 2; end++)
		while (recv(descriptors[end], &octet, 1, MSG_DONTWAIT) > 0)
			;
}

/* ---- the engine's side ---- */

struct reload_reader {
	struct loop *loop;
	struct loop_event *readable;
	int descriptor;
	bool (*take)(void *context, struct config *config, char *problem, size_t problem_size);
	void *context;
	unsigned number; /* of the order */
	char *text;      /* owned, while an order is read */
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

/* What follows an order that is whole can only take it back. */
static bool is_withdrawn(const struct reload_reader *reader)
{
	char octet;

	return recv(reader->descriptor, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && octet == PACKET_WITHDRAW;
}

static void forget_order(struct reload_reader *reader)
{
	free(reader->text);
	reader->text = NULL;
}

/* problem: NULL if it is in force. */
static void answer(const struct reload_reader *reader, const char *problem)
{
	char line[RELOAD_PROBLEM_SIZE];

	if (problem)
		snprintf(line, sizeof(line), "-%u %.480s", reader->number, problem);
	else
		snprintf(line, sizeof(line), "+%u", reader->number);
	send_packet(reader->descriptor, line, strlen(line));
}

static void take_order(struct reload_reader *reader)
{
	char problem[RELOAD_PROBLEM_SIZE] = "it came too late";
	struct config *config = read_message(reader->text, reader->length, problem, sizeof(problem));

	forget_order(reader);
	/* Whoever gave up waiting has said that nothing came of it. */
	if (config && is_withdrawn(reader)) {
		config_free(config);
		config = NULL;
	}
	answer(reader, config && reader->take(reader->context, config, problem, sizeof(problem)) ? NULL : problem);
}

static void begin_order(struct reload_reader *reader, const char *head)
{
	unsigned long length = 0;

	forget_order(reader);
	reader->used = 0;
	if (sscanf(head, "%u %lu", &reader->number, &length) != 2 || length == 0 || length > RELOAD_TEXT_MAX) {
		answer(reader, "the configuration is longer than one can be");
		return;
	}
	reader->length = length;
	reader->text = malloc(length + 1);
	if (!reader->text)
		answer(reader, "not enough memory for another configuration");
}

static void take_text(struct reload_reader *reader, const char *octets, size_t count)
{
	if (!reader->text || count > reader->length - reader->used)
		return;
	memcpy(reader->text + reader->used, octets, count);
	reader->used += count;
	if (reader->used < reader->length)
		return;
	reader->text[reader->length] = '\0';
	take_order(reader);
}

static void on_readable(void *context)
{
	struct reload_reader *reader = context;
	char packet[PIECE_SIZE + 1];
	ssize_t count = recv(reader->descriptor, packet, PIECE_SIZE, MSG_DONTWAIT);

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_forget(reader->loop, reader->readable);
		reader->readable = NULL;
		return;
	}
	if (count < 0)
		return;
	packet[count] = '\0';
	if (packet[0] == PACKET_BEGIN)
		begin_order(reader, packet + 1);
	else if (packet[0] == PACKET_TEXT)
		take_text(reader, packet + 1, (size_t)count - 1);
	else
		forget_order(reader);
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
