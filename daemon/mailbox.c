/* SPDX-License-Identifier: Apache-2.0 */
/* See mailbox.h. */
#include "mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct letter {
	struct letter *next;
	size_t length;
	char text[];
};

struct mailbox {
	pthread_mutex_t lock; /* for the members below it, but the descriptor */
	struct letter *first, **end;
	size_t room, used; /* octets */
	uint64_t lost;
	bool ended;
	int descriptor; /* eventfd */
};

struct mailbox *mailbox_new(size_t room)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (!mailbox)
		return NULL;
	mailbox->room = room;
	mailbox->end = &mailbox->first;
	mailbox->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->descriptor < 0 || pthread_mutex_init(&mailbox->lock, NULL) != 0) {
		if (mailbox->descriptor >= 0)
			close(mailbox->descriptor);
		free(mailbox);
		return NULL;
	}
	return mailbox;
}

static void free_letters(struct letter *letter)
{
	while (letter) {
		struct letter *next = letter->next;
		free(letter);
		letter = next;
	}
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	free_letters(mailbox->first);
	close(mailbox->descriptor);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

static void give_word(struct mailbox *mailbox)
{
	uint64_t one = 1;

	/* A full counter means that word was given already. */
	while (write(mailbox->descriptor, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Puts the mark, so many octets of it, and the text. */
static bool put(struct mailbox *mailbox, char mark, size_t marks, const void *text, size_t text_length)
{
	size_t length = marks + text_length;
	struct letter *letter = malloc(sizeof(*letter) + length + 1);
	bool fits = false;

	if (letter) {
		*letter = (struct letter){ .length = length };
		memset(letter->text, mark, marks);
		memcpy(letter->text + marks, text, text_length);
		letter->text[length] = '\0';
	}
	pthread_mutex_lock(&mailbox->lock);
	if (letter && mailbox->used + length <= mailbox->room) {
		*mailbox->end = letter;
		mailbox->end = &letter->next;
		mailbox->used += length;
		letter = NULL;
		fits = true;
	} else {
		mailbox->lost++;
	}
	pthread_mutex_unlock(&mailbox->lock);
	free(letter);
	if (fits)
		give_word(mailbox);
	return fits;
}

bool mailbox_put(struct mailbox *mailbox, const char *text, size_t length)
{
	return put(mailbox, '\0', 0, text, length);
}

bool mailbox_put_marked(struct mailbox *mailbox, char mark, const void *text, size_t length)
{
	return put(mailbox, mark, 1, text, length);
}

void mailbox_end(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->ended = true;
	pthread_mutex_unlock(&mailbox->lock);
	give_word(mailbox);
}

int mailbox_descriptor(const struct mailbox *mailbox)
{
	return mailbox->descriptor;
}

bool mailbox_take(struct mailbox *mailbox, void (*each)(void *context, const char *text, size_t length), void *context)
{
	uint64_t count;

	while (read(mailbox->descriptor, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&mailbox->lock);
	struct letter *letters = mailbox->first;
	mailbox->first = NULL;
	mailbox->end = &mailbox->first;
	mailbox->used = 0;
	bool ended = mailbox->ended;
	pthread_mutex_unlock(&mailbox->lock);
	for (const struct letter *letter = letters; letter; letter = letter->next)
		each(context, letter->text, letter->length);
	free_letters(letters);
	return !ended;
}

uint64_t mailbox_lost(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	uint64_t lost = mailbox->lost;
	pthread_mutex_unlock(&mailbox->lock);
	return lost;
}
