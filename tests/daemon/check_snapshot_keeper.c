/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of snapshots against an engine that is not one: what it is told is published, what it cannot read is left out
 * and complained of once, and whoever waits gets what there was before.
 */
#include "../../daemon/loop.h"
#include "../../daemon/report/json.h"
#include "../../daemon/snapshot_keeper.h"
#include "../../daemon/state_writer.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stage {
	struct loop *loop;
	struct open_alerts *alerts;
	struct snapshot_keeper *keeper;
	int ours, engine; /* the two ends */
	unsigned complaints, answers;
	char complaint[400];
	uint64_t packets; /* of the last answer; 0: there was none */
	unsigned ticks;
};

static void complain(void *context, const char *text)
{
	struct stage *stage = context;

	stage->complaints++;
	snprintf(stage->complaint, sizeof(stage->complaint), "%s", text);
}

static void on_tick(void *context)
{
	struct stage *stage = context;

	/* Nothing here takes a second. */
	ck_assert_uint_lt(++stage->ticks, 10000);
	if (stage->ticks % 10 == 0)
		loop_stop(stage->loop);
}

static struct stage *stage_new(void)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	int ends[2];

	ck_assert_ptr_nonnull(stage);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	stage->ours = ends[0];
	stage->engine = ends[1];
	stage->loop = loop_new();
	stage->alerts = open_alerts_new();
	struct snapshot_keeper_settings settings = {
		.loop = stage->loop, .engine = ends[0], .alerts = stage->alerts, .complain = complain, .context = stage
	};
	stage->keeper = snapshot_keeper_new(&settings);
	ck_assert_ptr_nonnull(stage->keeper);
	ck_assert(loop_every(stage->loop, 5, on_tick, stage));
	return stage;
}

static void stage_free(struct stage *stage)
{
	snapshot_keeper_free(stage->keeper);
	open_alerts_free(stage->alerts);
	loop_free(stage->loop);
	close(stage->ours);
	close(stage->engine);
	free(stage);
}

static void fresh(void *context, const struct snapshot *snapshot)
{
	struct stage *stage = context;

	stage->answers++;
	stage->packets = snapshot ? snapshot->summary.packets : 0;
}

/* The loop runs for a moment. */
static void run(struct stage *stage)
{
	loop_run(stage->loop);
}

static void say(const struct stage *stage, const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(write(stage->engine, text, length), (ssize_t)length);
	ck_assert_int_eq(write(stage->engine, "\n", 1), 1);
}

/* What the engine was asked. */
static void hear(const struct stage *stage, const char *wanted)
{
	char text[256];
	ssize_t count = recv(stage->engine, text, sizeof(text) - 1, MSG_DONTWAIT);

	ck_assert_int_gt(count, 0);
	text[count] = '\0';
	ck_assert_str_eq(text, wanted);
}

static void answer(const struct stage *stage, unsigned parts, unsigned packets, const char *more)
{
	struct record record = { .type = RECORD_SUMMARY, .time_ns = INT64_C(1795293000000000000) };
	char begin[sizeof(STATE_BEGIN_FORMAT) + 16];

	record.summary = (struct record_summary){ .packets = packets };
	char *line = record_to_json(&record, "edge-1");
	ck_assert_ptr_nonnull(line);
	snprintf(begin, sizeof(begin), STATE_BEGIN_FORMAT, parts);
	say(stage, begin);
	say(stage, line);
	if (more)
		say(stage, more);
	say(stage, STATE_END);
	free(line);
}

START_TEST(published)
{
	struct stage *stage = stage_new();

	ck_assert(snapshot_keeper_want(stage->keeper, 0, fresh, stage));
	hear(stage, "{\"type\":\"state-wanted\",\"parts\":0}\n");
	answer(stage, 0, 7, NULL);
	run(stage);
	ck_assert_uint_eq(stage->answers, 1);
	ck_assert_uint_eq(stage->packets, 7);
	/* For a second it is fresh, for who wants no more than that. */
	ck_assert(snapshot_keeper_want(stage->keeper, 0, fresh, stage));
	ck_assert_uint_eq(stage->answers, 2);
	ck_assert(snapshot_keeper_want(stage->keeper, RECORD_PART_PAIRS, fresh, stage));
	ck_assert_uint_eq(stage->answers, 2);
	answer(stage, RECORD_PART_PAIRS, 8, NULL);
	run(stage);
	ck_assert_uint_eq(stage->answers, 3);
	ck_assert_uint_eq(stage->packets, 8);
	ck_assert_uint_eq(stage->complaints, 0);
	stage_free(stage);
}
END_TEST

START_TEST(refused)
{
	static const char *const lines[] = {
		"{\"type\":\"pair\"}",
		"{\"type\":\"inventory\",\"time\":7}",
		"it is well",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct stage *stage = stage_new();
		ck_assert(snapshot_keeper_want(stage->keeper, 0, fresh, stage));
		answer(stage, 0, 7, NULL);
		run(stage);
		ck_assert_uint_eq(stage->answers, 1);
		ck_assert(snapshot_keeper_want(stage->keeper, RECORD_PART_PAIRS, fresh, stage));
		answer(stage, RECORD_PART_PAIRS, 8, lines[i]);
		answer(stage, RECORD_PART_PAIRS, 9, lines[i]);
		run(stage);
		/* Once, with the reason, and nothing of it is shown. */
		ck_assert_uint_eq(stage->answers, 1);
		ck_assert_uint_eq(stage->complaints, 1);
		ck_assert_ptr_nonnull(strstr(stage->complaint, "fall behind: "));
		ck_assert_uint_gt(strlen(strstr(stage->complaint, "fall behind: ")), strlen("fall behind: "));
		/* Until it is well again. */
		answer(stage, RECORD_PART_PAIRS, 10, NULL);
		run(stage);
		ck_assert_uint_eq(stage->answers, 2);
		ck_assert_uint_eq(stage->packets, 10);
		answer(stage, RECORD_PART_PAIRS, 11, lines[i]);
		run(stage);
		ck_assert_uint_eq(stage->complaints, 2);
		stage_free(stage);
	}
}
END_TEST

/* What comes to an earlier question is no answer to who wants more than that had. */
START_TEST(late)
{
	struct stage *stage = stage_new();

	ck_assert(snapshot_keeper_want(stage->keeper, 0, fresh, stage));
	ck_assert(snapshot_keeper_want(stage->keeper, RECORD_PART_PAIRS, fresh, stage));
	hear(stage, "{\"type\":\"state-wanted\",\"parts\":0}\n");
	answer(stage, 0, 7, NULL);
	run(stage);
	ck_assert_uint_eq(stage->answers, 1);
	hear(stage, "{\"type\":\"state-wanted\",\"parts\":1}\n");
	answer(stage, 0, 8, NULL);
	run(stage);
	ck_assert_uint_eq(stage->answers, 1);
	answer(stage, RECORD_PART_PAIRS, 9, NULL);
	run(stage);
	ck_assert_uint_eq(stage->answers, 2);
	ck_assert_uint_eq(stage->packets, 9);
	stage_free(stage);
}
END_TEST

SUITE_MAIN("snapshot_keeper", published, refused, late)
