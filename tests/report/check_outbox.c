/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox with sinks of our own: windows, restarts, sinks that are down, and what is told again. Time is an argument. */
#include "sample.h"
#include "../../daemon/report/json.h"
#include "../../daemon/report/outbox.h"
#include "../../daemon/report/timestamp.h"
#include "../suite.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum { HELD_MAX = 2048, SIZE = 1 << 20 };

struct held {
	uint64_t alert, record;
	enum finding_id id;
	enum finding_state state;
	bool not_durable, told_again;
	enum finding_cause cause;
	uint64_t count;
	int64_t acknowledged_ns; /* as it says itself; 0: it does not */
	char about[32];          /* of sink-down: which */
};

/* A sink that keeps what it gets, and settles as far as it is told to. */
struct fake {
	struct sink sink;
	struct held *held; /* the test's */
	unsigned *count, *closed;
	uint64_t settles; /* UINT64_MAX: all */
	uint64_t given;
};

static char parent[64], folder[80];
static struct held held[2][HELD_MAX];
static unsigned counts[2], closed, notices;
static struct fake *fakes[2];
static struct outbox *outbox;
static int64_t skew_ns; /* how far the test let time pass */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec + skew_ns;
}

static void fake_write(struct sink *sink, const struct record *record)
{
	struct fake *fake = (struct fake *)sink;

	if (record->type != RECORD_FINDING)
		return;
	ck_assert_uint_lt(*fake->count, HELD_MAX);
	struct held *place = &fake->held[(*fake->count)++];
	*place = (struct held){ record->finding.alert,
				record->finding.record,
				record->finding.id,
				record->finding.state,
				record->finding.not_durable,
				false,
				record->finding.cause,
				record->finding.count,
				0,
				"" };
	for (size_t i = 0; i < record->finding.evidence_count; i++) {
		const struct finding_evidence *note = &record->finding.evidence[i];
		if (strcmp(note->key, "told_again") == 0)
			place->told_again = note->integer;
		if (strcmp(note->key, "acknowledged_until") == 0)
			ck_assert(timestamp_parse(note->text, &place->acknowledged_ns));
		if (strcmp(note->key, "sink") == 0)
			snprintf(place->about, sizeof(place->about), "%s", note->text);
	}
	fake->given++;
}

static uint64_t fake_settled(struct sink *sink)
{
	struct fake *fake = (struct fake *)sink;

	return fake->settles < fake->given ? fake->settles : fake->given;
}

static void fake_close(struct sink *sink)
{
	closed++;
	free(sink);
}

static void note(void *context, const struct record *record)
{
	(void)context;
	(void)record;
	notices++;
}

static void begin_in(const char *where)
{
	static const struct sink_ops ops = { .write = fake_write, .settled = fake_settled, .close = fake_close };
	static const char *const names[] = { "one", "two" };
	struct record_sink sink = { note, NULL };
	struct standing *standing = standing_new();

	outbox = outbox_new(spool_open(where, SIZE, 1), standing, "edge-1", &sink);
	ck_assert_ptr_nonnull(outbox);
	for (size_t i = 0; i < 2; i++) {
		fakes[i] = calloc(1, sizeof(*fakes[i]));
		*fakes[i] = (struct fake){ .sink = { .ops = &ops, .name = names[i], .health = { .up = true } },
					   .held = held[i],
					   .count = &counts[i],
					   .settles = UINT64_MAX };
		counts[i] = 0;
		ck_assert(outbox_add(outbox, &fakes[i]->sink, i ? 1 : 64, true));
	}
}

static void setup(void)
{
	snprintf(parent, sizeof(parent), P_tmpdir "/check_outbox.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(folder, sizeof(folder), "%s/spool", parent);
	begin_in(folder);
}

static void teardown(void)
{
	char command[100];

	outbox_free(outbox);
	snprintf(command, sizeof(command), "rm -rf '%s'", parent);
	ck_assert_int_eq(system(command), 0);
}

/* What the engine says at this second of the test's own time. */
static int64_t second;
static uint64_t tells_of; /* the last octet of the subject */
static uint16_t tagged;   /* VLAN of the packet that it is told by */
static uint32_t realm;    /* and which network the pair is of: by number, or by its interface */
static const char *realm_interface;
static uint64_t counted = 17; /* packets that the engine counted */

static void take_as(uint64_t alert, enum finding_state state, enum finding_cause cause, enum finding_severity severity)
{
	struct record record = sample_finding();

	record.finding.alert = alert;
	record.finding.state = state;
	record.finding.cause = cause;
	record.finding.severity = severity;
	record.finding.a.bytes[15] = (uint8_t)(record.finding.a.bytes[15] + tells_of);
	record.finding.count = counted;
	record.finding.vlan = tagged;
	record.finding.realm = realm;
	record.finding.realm_interface = realm_interface;
	record.finding.cleared_by = state == FINDING_CLEAR ? "quiet" : NULL;
	record.time_ns = record.finding.time_ns = SAMPLE_TIME + second * SECOND;
	char *line = record_to_json(&record, "edge-1");
	outbox_take(outbox, &record, line, strlen(line), now_ns());
	free(line);
}

static void take(uint64_t alert, enum finding_state state)
{
	take_as(alert, state, CAUSE_SA_LOST, SEVERITY_HIGH);
}

/* Until everything is on disk and with the sinks, as far as they take it. */
static void pump(void)
{
	do {
		poll(NULL, 0, 1);
		outbox_pump(outbox, now_ns());
	} while (!outbox_is_released(outbox));
	outbox_pump(outbox, now_ns());
}

static void pass(int64_t seconds)
{
	skew_ns += seconds * SECOND;
	outbox_tick(outbox, now_ns(), SAMPLE_TIME + skew_ns);
	pump();
}

START_TEST(goes_to_every_sink_in_order)
{
	for (uint64_t alert = 1; alert <= 300; alert++)
		take(alert, FINDING_OPEN);
	pump();
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(counts[i], 300);
		for (unsigned k = 0; k < 300; k++) {
			ck_assert_uint_eq(held[i][k].alert, k + 1);
			ck_assert_uint_eq(held[i][k].record, k + 1);
			ck_assert(!held[i][k].not_durable);
		}
	}
	ck_assert(!outbox_is_busy(outbox));
}
END_TEST

START_TEST(gives_no_more_than_the_window)
{
	fakes[0]->settles = fakes[1]->settles = 0;
	for (uint64_t alert = 1; alert <= 300; alert++)
		take(alert, FINDING_OPEN);
	pump();
	ck_assert_uint_eq(counts[0], 64);
	ck_assert_uint_eq(counts[1], 1);
	ck_assert(outbox_is_busy(outbox));
	fakes[1]->settles = 2;
	pump();
	ck_assert_uint_eq(counts[1], 3);
	fakes[0]->settles = fakes[1]->settles = UINT64_MAX;
	pump();
	ck_assert_uint_eq(counts[0], 300);
	ck_assert_uint_eq(counts[1], 300);
}
END_TEST

/* What was handed over but not settled comes again after a restart, with its number, and nothing else does. */
START_TEST(restart_repeats_the_window_only)
{
	fakes[1]->settles = 10;
	for (uint64_t alert = 1; alert <= 30; alert++)
		take(alert, FINDING_OPEN);
	pump();
	ck_assert_uint_eq(counts[1], 11);
	outbox_free(outbox);
	ck_assert_uint_eq(closed, 2);
	begin_in(folder);
	pump();
	ck_assert_uint_eq(counts[0], 0);
	ck_assert_uint_eq(counts[1], 20);
	ck_assert_uint_eq(held[1][0].record, 11);
	ck_assert_uint_eq(held[1][19].record, 30);
	struct record record = sample_finding();
	record.finding.alert = 30;
	char *line = record_to_json(&record, "edge-1");
	ck_assert(spool_recalls(outbox_spool(outbox), line, strlen(line)));
	free(line);
}
END_TEST

/* The engine was started anew and said so to a reporter that is gone; only the spool knows what was open then. */
START_TEST(name_outlives_both_processes)
{
	struct record started = { .type = RECORD_STARTED };

	take(1, FINDING_OPEN);
	pump();
	outbox_take(outbox, &started, "", 0, now_ns());
	outbox_free(outbox);
	begin_in(folder);
	outbox_recall(outbox, 0);
	take_as(2, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	outbox_free(outbox);
	begin_in(folder); /* killed before it took the line from the stream */
	outbox_recall(outbox, 0);
	struct record record = sample_finding();
	record.time_ns = record.finding.time_ns = SAMPLE_TIME;
	record.finding.alert = 2;
	record.finding.cause = CAUSE_ONE_WAY;
	char *line = record_to_json(&record, "edge-1");
	ck_assert_int_eq(outbox_recalls(outbox, &record, line, strlen(line)), OUTBOX_SPOOLED);
	record.finding.count++;
	free(line);
	line = record_to_json(&record, "edge-1");
	ck_assert_int_eq(outbox_recalls(outbox, &record, line, strlen(line)), OUTBOX_PERHAPS);
	free(line);
	record.finding.a.bytes[15]++;
	record.finding.alert = 77;
	line = record_to_json(&record, "edge-1");
	ck_assert_int_eq(outbox_recalls(outbox, &record, line, strlen(line)), OUTBOX_NEW);
	free(line);
	take(2, FINDING_UPDATE);
	take(2, FINDING_CLEAR);
	take(3, FINDING_OPEN); /* after its end it is another one */
	pump();
	ck_assert_uint_eq(counts[1], 3);
	ck_assert_uint_eq(held[1][0].alert, 1);
	ck_assert_int_eq(held[1][0].state, FINDING_UPDATE);
	ck_assert_uint_eq(held[1][1].alert, 1);
	ck_assert_int_eq(held[1][1].state, FINDING_CLEAR);
	ck_assert_uint_eq(held[1][2].alert, 3);
	ck_assert_int_eq(held[1][2].state, FINDING_OPEN);
}
END_TEST

/* ---- what an engine that was started anew says of what is open ---- */

static void start_engine(void)
{
	struct record started = { .type = RECORD_STARTED };

	outbox_take(outbox, &started, "", 0, now_ns());
}

static unsigned observed;
static char observed_last[8192];

static void observe(void *context, const char *line, size_t length)
{
	ck_assert_ptr_eq(context, &observed);
	snprintf(observed_last, sizeof(observed_last), "%.*s", (int)length, line);
	observed++;
}

START_TEST(first_word_of_a_new_engine)
{
	outbox_observe(outbox, observe, &observed);
	observed = 0;
	take(1, FINDING_OPEN);
	start_engine();
	take(2, FINDING_OPEN); /* the same: nobody has to hear it again */
	pump();
	ck_assert_uint_eq(counts[0], 1);
	ck_assert_uint_eq(observed, 2);
	ck_assert_ptr_nonnull(strstr(observed_last, "\"alert\":\"0000000000000001\""));
	ck_assert_ptr_nonnull(strstr(observed_last, "\"state\":\"update\""));
	/* But it was come upon, and is not over. */
	pass(20 * 60);
	ck_assert_uint_eq(counts[0], 1);
	take_as(2, FINDING_UPDATE, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(held[0][1].alert, 1);
	start_engine();
	take_as(3, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_CRITICAL); /* it knows more */
	pump();
	ck_assert_uint_eq(counts[0], 3);
	ck_assert_int_eq(held[0][2].state, FINDING_UPDATE);
	/* What it does not come upon is over after a while. */
	start_engine();
	pass(16 * 60);
	ck_assert_uint_eq(counts[0], 4);
	ck_assert_int_eq(held[0][3].state, FINDING_CLEAR);
	ck_assert_ptr_nonnull(strstr(observed_last, "not-seen-again"));
}
END_TEST

/* What engines counted adds up, whichever reporter heard the first word of one. */
START_TEST(counts_of_several_engines)
{
	struct record record = sample_finding();

	take(1, FINDING_OPEN);
	start_engine();
	counted = 5;
	take_as(2, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(held[0][1].count, 17 + 5);
	outbox_free(outbox);
	begin_in(folder); /* killed before it took the line from the stream */
	outbox_recall(outbox, 0);
	record.time_ns = record.finding.time_ns = SAMPLE_TIME;
	record.finding.alert = 2;
	record.finding.count = 5;
	record.finding.cause = CAUSE_ONE_WAY;
	char *line = record_to_json(&record, "edge-1");
	ck_assert_int_eq(outbox_recalls(outbox, &record, line, strlen(line)), OUTBOX_SPOOLED);
	free(line);
	counted = 9;
	take_as(2, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH);
	start_engine();
	counted = 1;
	take_as(3, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH);
	start_engine();
	take_as(4, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH); /* nobody hears of it, and it counts */
	counted = 2;
	take_as(4, FINDING_CLEAR, CAUSE_ONE_WAY, SEVERITY_HIGH);
	counted = 17;
	pump();
	ck_assert_uint_eq(counts[0], 3);
	ck_assert_uint_eq(held[0][0].count, 17 + 9);
	ck_assert_uint_eq(held[0][1].count, 17 + 9 + 1);
	ck_assert_uint_eq(held[0][2].count, 17 + 9 + 1 + 2);
	ck_assert_uint_eq(held[0][2].alert, 1);
}
END_TEST

/* Its first word was not spooled, and the reporter that heard it is gone. */
START_TEST(count_of_a_silent_first_word)
{
	take(1, FINDING_OPEN);
	pump();
	start_engine();
	counted = 1;
	take(2, FINDING_OPEN);
	outbox_free(outbox);
	begin_in(folder);
	outbox_recall(outbox, 0);
	counted = 3;
	take_as(2, FINDING_UPDATE, CAUSE_ONE_WAY, SEVERITY_HIGH);
	counted = 2;
	take_as(2, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH); /* as a rule may have it */
	counted = 17;
	pump();
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(held[0][0].count, 17 + 3);
	ck_assert_uint_eq(held[0][1].count, 17 + 2);
}
END_TEST

/* Where a router shows each direction in a VLAN of its own, the pair is seen in one or the other first. */
START_TEST(seen_in_another_vlan)
{
	tagged = 10;
	take(1, FINDING_OPEN);
	start_engine();
	tagged = 20;
	take_as(2, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH);
	tagged = 0;
	pump();
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(held[0][1].alert, 1);
	ck_assert_int_eq(held[0][1].state, FINDING_UPDATE);
}
END_TEST

/* Pairs with the same addresses in several networks have an alert each, before and after. */
START_TEST(of_several_realms)
{
	static const struct {
		uint32_t number;
		const char *interface;
	} realms[] = { { 0, NULL }, { 10, NULL }, { 20, NULL }, { 0, "eth1" }, { 0, "eth2" } };
	enum { REALMS = sizeof(realms) / sizeof(realms[0]) };

	for (uint64_t engine = 0; engine < 2; engine++) {
		for (uint64_t i = 0; i < REALMS; i++) {
			uint64_t at = engine ? REALMS - 1 - i : i;
			realm = realms[at].number;
			realm_interface = realms[at].interface;
			take_as(1 + at + engine * 100, FINDING_OPEN, engine ? CAUSE_ONE_WAY : CAUSE_SA_LOST,
				SEVERITY_HIGH);
		}
		start_engine();
	}
	realm = 0;
	realm_interface = NULL;
	pump();
	ck_assert_uint_eq(counts[0], 2 * REALMS);
	for (unsigned i = 0; i < REALMS; i++) {
		ck_assert_int_eq(held[0][i].state, FINDING_OPEN);
		ck_assert_int_eq(held[0][REALMS + i].state, FINDING_UPDATE);
		ck_assert_uint_eq(held[0][REALMS + i].alert, REALMS - i);
	}
}
END_TEST

/* ---- acknowledgement ---- */

START_TEST(acknowledged)
{
	int64_t until = SAMPLE_TIME / 1000 * 1000 + 4 * 3600 * SECOND;

	outbox_observe(outbox, observe, &observed);
	observed = 0;
	take_as(1, FINDING_OPEN, CAUSE_UNKNOWN, SEVERITY_MEDIUM);
	ck_assert(!outbox_acknowledge(outbox, 2, until));
	ck_assert(outbox_acknowledge(outbox, 1, until));
	for (second = 0; second <= 3 * 3600; second += 3600)
		take_as(1, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_MEDIUM);
	pump();
	ck_assert_uint_eq(counts[0], 1);
	second = 3 * 3600;
	ck_assert_uint_eq(observed, 5); /* who looks sees how it is now */
	/* It got worse, and says so; as it was then is no news any more. */
	take_as(1, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_CRITICAL);
	pump();
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_int_eq(held[0][1].acknowledged_ns, until);
	ck_assert_ptr_nonnull(strstr(observed_last, "It was acknowledged, and is more severe since."));
	take_as(1, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH);
	take_as(1, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_CRITICAL);
	pump();
	ck_assert_uint_eq(counts[0], 2);
	/* The time is over. */
	second = 4 * 3600 + 1;
	take_as(1, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 3);
	ck_assert_int_eq(held[0][2].acknowledged_ns, 0);
	/* Taken back; and the end is told in any case. */
	ck_assert(outbox_acknowledge(outbox, 1, INT64_MAX));
	ck_assert(outbox_acknowledge(outbox, 1, 0));
	take_as(1, FINDING_UPDATE, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 4);
	ck_assert(outbox_acknowledge(outbox, 1, until + SECOND * 86400));
	take_as(1, FINDING_CLEAR, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 5);
	ck_assert_int_eq(held[0][4].state, FINDING_CLEAR);
	ck_assert_int_eq(held[0][4].acknowledged_ns, until + SECOND * 86400);
	ck_assert(!outbox_acknowledge(outbox, 1, until));
	/* Another one of the same is not acknowledged. */
	take_as(9, FINDING_OPEN, CAUSE_ONE_WAY, SEVERITY_HIGH);
	take_as(9, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 7);
	second = 0;
}
END_TEST

/* Under whatever number engines that are started anew call it. */
START_TEST(acknowledged_over_restarts)
{
	take_as(1, FINDING_OPEN, CAUSE_SA_LOST, SEVERITY_MEDIUM);
	ck_assert(outbox_acknowledge(outbox, 1, SAMPLE_TIME + 3600 * SECOND));
	for (uint64_t engine = 2; engine < 5; engine++) {
		start_engine();
		/* It does not know yet what it is about. */
		take_as(engine, FINDING_OPEN, CAUSE_UNKNOWN, SEVERITY_HIGH);
		take_as(engine, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_MEDIUM);
	}
	pump();
	ck_assert_uint_eq(counts[0], 1);
	/* It stays more severe: that is told, if not at first. */
	take_as(4, FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(held[0][1].alert, 1);
	ck_assert_int_ne(held[0][1].acknowledged_ns, 0);
	/* Others are told. */
	tells_of = 1;
	take_as(20, FINDING_OPEN, CAUSE_UNKNOWN, SEVERITY_HIGH);
	tells_of = 0;
	pump();
	ck_assert_uint_eq(counts[0], 3);
	/* A reporter that comes after knows the alert by the spool; who acknowledged is in the store. */
	outbox_free(outbox);
	begin_in(folder);
	outbox_recall(outbox, 0);
	ck_assert(outbox_acknowledge(outbox, 1, SAMPLE_TIME + 3600 * SECOND));
	take_as(1, FINDING_UPDATE, CAUSE_ONE_WAY, SEVERITY_HIGH);
	take_as(1, FINDING_CLEAR, CAUSE_ONE_WAY, SEVERITY_HIGH);
	pump();
	ck_assert_uint_eq(counts[0], 1);
	ck_assert_int_eq(held[0][0].state, FINDING_CLEAR);
}
END_TEST

static unsigned count_of(size_t sink, enum finding_id id, enum finding_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < counts[sink]; i++)
		count += held[sink][i].id == id && held[sink][i].state == state;
	return count;
}

START_TEST(sink_that_is_down_is_a_finding)
{
	take(1, FINDING_OPEN);
	take(2, FINDING_OPEN);
	take(2, FINDING_CLEAR);
	pump();
	fakes[1]->sink.health.up = false;
	fakes[1]->settles = 3;
	snprintf(fakes[1]->sink.health.problem, 100, "nobody listens");
	pass(0);
	pass(9);
	ck_assert_uint_eq(notices, 1);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_OPEN), 0);
	pass(2);
	pass(60);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_OPEN), 1);
	ck_assert_str_eq(held[0][counts[0] - 1].about, "two");
	uint64_t alert = held[0][counts[0] - 1].alert;
	take(3, FINDING_OPEN);
	pump();
	ck_assert_uint_eq(counts[1], 4); /* sink-down itself is the one in its window */
	fakes[1]->sink.health.up = true;
	fakes[1]->settles = UINT64_MAX;
	pass(1);
	pass(1);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_CLEAR), 1);
	ck_assert_uint_eq(held[0][counts[0] - 1].alert, alert);
	/* the one that was down: what waited, in order, and then what is open */
	ck_assert_uint_eq(counts[1], 3 + 3 + 2);
	ck_assert_int_eq(held[1][3].id, FINDING_SINK_DOWN);
	ck_assert_uint_eq(held[1][4].alert, 3);
	ck_assert_uint_eq(count_of(1, FINDING_SINK_DOWN, FINDING_CLEAR), 1);
	uint64_t again = 0;
	for (unsigned i = 5; i < 8; i++) {
		if (!held[1][i].told_again)
			continue;
		ck_assert_int_eq(held[1][i].state, FINDING_UPDATE);
		ck_assert_uint_eq(held[1][i].record, 0);
		again = again * 10 + held[1][i].alert;
	}
	ck_assert_uint_eq(again, 13); /* 1 and 3, not the cleared 2 */
	/* the other one is not */
	for (unsigned i = 0; i < counts[0]; i++)
		ck_assert(!held[0][i].told_again);
}
END_TEST

/* What goes on with a sink only the reporter knows: engines come and go. */
START_TEST(sinks_are_the_reporters_own)
{
	outbox_observe(outbox, observe, &observed);
	fakes[1]->sink.health.up = false;
	fakes[1]->settles = 0;
	pass(0);
	pass(11);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_OPEN), 1);
	uint64_t two = held[0][counts[0] - 1].alert;
	start_engine();
	pass(20 * 60);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_CLEAR), 0);
	/* Another one is down too: an alert of its own, and its end is not that of the first. */
	fakes[0]->sink.health.up = false;
	pass(0);
	pass(11);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_OPEN), 2);
	uint64_t one = held[0][counts[0] - 1].alert;
	ck_assert_uint_ne(one, two);
	ck_assert_str_eq(held[0][counts[0] - 1].about, "one");
	fakes[0]->sink.health.up = true;
	pass(1);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_CLEAR), 1);
	ck_assert_ptr_nonnull(strstr(observed_last, "up-again"));
	fakes[1]->sink.health.up = true;
	fakes[1]->settles = UINT64_MAX;
	pass(1);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_CLEAR), 2);
	uint64_t ended[2] = { 0 };
	for (unsigned i = 0, at = 0; i < counts[0]; i++)
		if (held[0][i].id == FINDING_SINK_DOWN && held[0][i].state == FINDING_CLEAR)
			ended[at++] = held[0][i].alert;
	ck_assert_uint_eq(ended[0], one);
	ck_assert_uint_eq(ended[1], two);
}
END_TEST

START_TEST(short_outage_repeats_what_is_young)
{
	take(1, FINDING_OPEN);
	pump();
	pass(60);
	take(2, FINDING_OPEN);
	pump();
	pass(3);
	fakes[1]->sink.health.outages = 1;
	pass(1);
	ck_assert_uint_eq(counts[1], 3);
	ck_assert_uint_eq(held[1][2].alert, 2);
	ck_assert(held[1][2].told_again);
	pass(1);
	ck_assert_uint_eq(counts[1], 3);
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(notices, 0);
}
END_TEST

START_TEST(without_a_disk_all_goes_out_marked)
{
	char nowhere[120];

	outbox_free(outbox);
	snprintf(nowhere, sizeof(nowhere), "%s/none/spool", parent);
	begin_in(nowhere);
	for (uint64_t alert = 1; alert <= 50; alert++)
		take(alert, FINDING_OPEN);
	pump();
	ck_assert_uint_eq(counts[0], 50);
	ck_assert_uint_eq(counts[1], 50);
	ck_assert(held[0][49].not_durable);
	pass(0);
	pass(11);
	ck_assert_uint_eq(count_of(0, FINDING_SINK_DOWN, FINDING_OPEN), 1);
	ck_assert_str_eq(held[0][50].about, "spool");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *cases = tcase_create("outbox");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, goes_to_every_sink_in_order);
	tcase_add_test(cases, gives_no_more_than_the_window);
	tcase_add_test(cases, restart_repeats_the_window_only);
	tcase_add_test(cases, name_outlives_both_processes);
	tcase_add_test(cases, first_word_of_a_new_engine);
	tcase_add_test(cases, counts_of_several_engines);
	tcase_add_test(cases, count_of_a_silent_first_word);
	tcase_add_test(cases, seen_in_another_vlan);
	tcase_add_test(cases, of_several_realms);
	tcase_add_test(cases, acknowledged);
	tcase_add_test(cases, acknowledged_over_restarts);
	tcase_add_test(cases, sink_that_is_down_is_a_finding);
	tcase_add_test(cases, sinks_are_the_reporters_own);
	tcase_add_test(cases, short_outage_repeats_what_is_young);
	tcase_add_test(cases, without_a_disk_all_goes_out_marked);
	suite_add_tcase(suite, cases);
	return suite_end(suite);
}
