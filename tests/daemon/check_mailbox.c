/* SPDX-License-Identifier: Apache-2.0 */
/* What is put comes in order, what finds no room is counted, and the end needs none. */
#include "../../daemon/mailbox.h"
#include "../suite.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 8 };

static char heard[128];

static void hear(void *context, const char *text, size_t length)
{
	size_t used = strlen(heard);

	(void)context;
	ck_assert_uint_eq(strlen(text), length);
	snprintf(heard + used, sizeof(heard) - used, "<%s>", text);
}

static bool is_readable(const struct mailbox *mailbox)
{
	struct pollfd poll_for = { .fd = mailbox_descriptor(mailbox), .events = POLLIN };

	return poll(&poll_for, 1, 0) == 1;
}

START_TEST(in_order)
{
	struct mailbox *mailbox = mailbox_new(ROOM);

	heard[0] = '\0';
	ck_assert(!is_readable(mailbox));
	ck_assert(mailbox_put(mailbox, "one", 3));
	ck_assert(mailbox_put_marked(mailbox, 'm', "two", 3));
	ck_assert(is_readable(mailbox));
	ck_assert(!mailbox_put(mailbox, "three", 5));
	ck_assert_uint_eq(mailbox_lost(mailbox), 1);
	ck_assert(mailbox_take(mailbox, hear, NULL));
	ck_assert_str_eq(heard, "<one><mtwo>");
	ck_assert(!is_readable(mailbox));
	mailbox_free(mailbox);
}
END_TEST

START_TEST(a_full_one_ends_too)
{
	struct mailbox *mailbox = mailbox_new(ROOM);

	heard[0] = '\0';
	ck_assert(mailbox_put(mailbox, "12345678", 8));
	mailbox_end(mailbox);
	ck_assert(is_readable(mailbox));
	ck_assert(!mailbox_take(mailbox, hear, NULL));
	ck_assert_str_eq(heard, "<12345678>");
	ck_assert(!mailbox_take(mailbox, hear, NULL));
	mailbox_free(mailbox);
}
END_TEST

SUITE_MAIN("mailbox", in_order, a_full_one_ends_too)
