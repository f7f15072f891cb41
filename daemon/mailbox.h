/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox: texts from one thread to another that waits in an event loop.
 *
 * Putting never blocks for longer than a copy takes. It is bounded: a reader that does not keep up loses the newest, and
 * they are counted.
 */
#ifndef ESPIAL_DAEMON_MAILBOX_H
#define ESPIAL_DAEMON_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

/* Room for so many octets. NULL on lack of memory or descriptors. */
struct mailbox *mailbox_new(size_t room);
void mailbox_free(struct mailbox *mailbox);

/* Puts a copy. False if there was no room for it. */
bool mailbox_put(struct mailbox *mailbox, const char *text, size_t length);
/* The same with an octet before it. */
bool mailbox_put_marked(struct mailbox *mailbox, char mark, const void *text, size_t length);

/* Readable while there may be something. */
int mailbox_descriptor(const struct mailbox *mailbox);

/* Nothing is put any more: the reader is to end. Needs no room. */
void mailbox_end(struct mailbox *mailbox);

/* Hands over everything that was put, in order; each text ends with a NUL beyond its length. False after mailbox_end(). */
bool mailbox_take(struct mailbox *mailbox, void (*each)(void *context, const char *text, size_t length), void *context);

/* Texts that found no room. */
uint64_t mailbox_lost(struct mailbox *mailbox);

#endif
