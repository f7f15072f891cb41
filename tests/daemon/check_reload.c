/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.c, both sides in one process: what is taken, refused, taken back before the engine came to it, sent in part, answered too late,
 * and left unread by an engine that ended.
 */
#include "../../config/config.h"
#include "../../daemon/loop.h"
#include "../../daemon/reload.h"
#include "../suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ONE "test\n\ncapture: [{interface: e0}]\n"
#define OTHER "test\n\ncapture: [{interface: e0}, {interface: e1}]\n"

struct fixture {
	int ends[2]; /* [0] the engine's */
	struct loop *loop;
	struct reload_reader *reader;
	unsigned taken;
	size_t interfaces; /* of the last that was taken */
	char problem[RELOAD_PROBLEM_SIZE];
};

static bool take(void *context, struct config *config, char *problem, size_t problem_size)
{
	struct fixture *fixture = context;

	(void)problem;
	(void)problem_size;
	fixture->taken++;
	fixture->interfaces = config->interface_count;
	config_free(config);
	return true;
}

static void on_due(void *context)
{
	loop_stop(context);
}

static void begin(struct fixture *fixture)
{
	*fixture = (struct fixture){ .loop = loop_new() };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fixture->ends), 0);
	ck_assert(loop_every(fixture->loop, 20, on_due, fixture->loop));
	fixture->reader = reload_reader_new(fixture->loop, fixture->ends[0], take, fixture);
	ck_assert_ptr_nonnull(fixture->reader);
}

static void end(struct fixture *fixture)
{
	reload_reader_free(fixture->reader);
	loop_free(fixture->loop);
	close(fixture->ends[0]);
	close(fixture->ends[1]);
}

static bool send_text(struct fixture *fixture, unsigned number, const char *text)
{
	return reload_send(fixture->ends[1], number, text, strlen(text));
}

/* The engine does what there is to do. */
static void run_engine(struct fixture *fixture)
{
	loop_run(fixture->loop);
}

static enum reload_outcome hear(struct fixture *fixture, unsigned number)
{
	return reload_hear(fixture->ends[1], number, 0, fixture->problem, sizeof(fixture->problem));
}

START_TEST(taken_and_refused)
{
	struct fixture fixture;

	begin(&fixture);
	ck_assert(send_text(&fixture, 1, ONE));
	ck_assert_int_eq(hear(&fixture, 1), RELOAD_WAITING);
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 1), RELOAD_TAKEN);
	ck_assert_uint_eq(fixture.taken, 1);
	ck_assert(send_text(&fixture, 2, "test\n\nnonsense: 1\n"));
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 2), RELOAD_REFUSED);
	ck_assert_msg(strncmp(fixture.problem, "test:1: ", 8) == 0, "%s", fixture.problem);
	ck_assert(send_text(&fixture, 3, "test"));
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 3), RELOAD_REFUSED);
	ck_assert_str_eq(fixture.problem, "a configuration came in pieces");
	ck_assert_uint_eq(fixture.taken, 1);
	end(&fixture);
}
END_TEST

/* Longer than a packet, and than the socket holds at once: the engine reads meanwhile. */
START_TEST(long_text)
{
	enum { LENGTH = 150000 };
	struct fixture fixture;
	char *text = malloc(LENGTH);

	begin(&fixture);
	memset(text, '\n', LENGTH);
	memcpy(text, "test\ne7\n\n", 9);
	ck_assert(reload_send(fixture.ends[1], 1, text, LENGTH));
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 1), RELOAD_TAKEN);
	ck_assert_uint_eq(fixture.interfaces, 1);
	free(text);
	end(&fixture);
}
END_TEST

/* The engine was slow, and the monitor has said that nothing came of it. */
START_TEST(withdrawn)
{
	struct fixture fixture;

	begin(&fixture);
	ck_assert(send_text(&fixture, 1, ONE));
	reload_withdraw(fixture.ends[1]);
	run_engine(&fixture);
	ck_assert_uint_eq(fixture.taken, 0);
	ck_assert_int_eq(hear(&fixture, 1), RELOAD_REFUSED);
	/* It came to it before: then it is in force, and says so. */
	ck_assert(send_text(&fixture, 2, ONE));
	run_engine(&fixture);
	reload_withdraw(fixture.ends[1]);
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 2), RELOAD_TAKEN);
	/* And the next is not held up by either. */
	ck_assert(send_text(&fixture, 3, OTHER));
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 3), RELOAD_TAKEN);
	ck_assert_uint_eq(fixture.taken, 2);
	ck_assert_uint_eq(fixture.interfaces, 2);
	end(&fixture);
}
END_TEST

/* An answer to an order is not one to another. */
START_TEST(late_answer)
{
	struct fixture fixture;

	begin(&fixture);
	ck_assert(send_text(&fixture, 1, ONE));
	run_engine(&fixture);
	ck_assert(send_text(&fixture, 2, "test\n\nnonsense: 1\n"));
	ck_assert_int_eq(hear(&fixture, 2), RELOAD_WAITING);
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 2), RELOAD_REFUSED);
	end(&fixture);
}
END_TEST

/* What found no room is not the beginning of what comes next. */
START_TEST(sent_in_part)
{
	static const char head[] = "c1 1000", some[] = "ttest\n\ncapture: [{inter", wrong[] = "c2 0", more[] = "tmore";
	struct fixture fixture;

	begin(&fixture);
	ck_assert_int_gt(send(fixture.ends[1], head, strlen(head), 0), 0);
	ck_assert_int_gt(send(fixture.ends[1], some, strlen(some), 0), 0);
	run_engine(&fixture);
	ck_assert_int_gt(send(fixture.ends[1], wrong, strlen(wrong), 0), 0);
	ck_assert_int_gt(send(fixture.ends[1], more, strlen(more), 0), 0);
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 2), RELOAD_REFUSED);
	ck_assert(send_text(&fixture, 3, OTHER));
	run_engine(&fixture);
	ck_assert_int_eq(hear(&fixture, 3), RELOAD_TAKEN);
	ck_assert_uint_eq(fixture.interfaces, 2);
	end(&fixture);
}
END_TEST

/* The next engine does not find what the one before left. */
START_TEST(drained)
{
	struct fixture fixture;

	begin(&fixture);
	ck_assert(send_text(&fixture, 1, ONE));
	run_engine(&fixture);
	ck_assert(send_text(&fixture, 2, ONE));
	reload_reader_free(fixture.reader);
	reload_drain(fixture.ends);
	fixture.reader = reload_reader_new(fixture.loop, fixture.ends[0], take, &fixture);
	run_engine(&fixture);
	ck_assert_uint_eq(fixture.taken, 1);
	ck_assert_int_eq(hear(&fixture, 1), RELOAD_WAITING);
	end(&fixture);
}
END_TEST

SUITE_MAIN("reload", taken_and_refused, long_text, withdrawn, late_answer, sent_in_part, drained)
