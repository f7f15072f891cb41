/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines that follow one another, and the reporter that outlives them: what a judge says as JSON lines to an outbox, what stands
 * back to the next judge. What is told of traffic that goes on is what it would be without a restart.
 */
#include "../../daemon/audit/judge.h"
#include "../../daemon/realms.h"
#include "../../daemon/report/json.h"
#include "../../daemon/report/outbox.h"
#include "../../daemon/report/record_reader.h"
#include "../audit/story.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

enum { HELD_MAX = 64, SPOOL_SIZE = 1 << 20 };
#define A "10.9.0.1"
#define B "10.9.0.2"
#define RULE "  rules:\n    - { name: r, between: [" A ", " B "], level: require }\n"

static const char *names[] = { "eth0", "eth1" };
static struct track_interface interfaces[2];
static struct alert_settings settings;
static struct config *config;
static struct judge *judge;
static struct outbox *outbox;
static struct standing *standing;
static struct record_reader reader;
static int64_t now_ns, monotonic_ns;

/* What the sink was told. */
static struct finding told[HELD_MAX];
static char cleared_by[HELD_MAX][32];
static double unseen[HELD_MAX]; /* seconds, as its evidence says */
static unsigned count;

static const char *name_of(void *context, uint16_t interface)
{
	(void)context;
	return interface < 2 ? names[interface] : NULL;
}

static void sink_take(struct sink *sink, const struct record *record)
{
	(void)sink;
	if (record->type != RECORD_FINDING || catalogue_is_event(record->finding.id))
		return;
	ck_assert_uint_lt(count, HELD_MAX);
	told[count] = record->finding;
	snprintf(cleared_by[count], sizeof(cleared_by[count]), "%s",
		 record->finding.cleared_by ? record->finding.cleared_by : "");
	unseen[count] = 0;
	for (size_t i = 0; i < record->finding.evidence_count; i++)
		if (strcmp(record->finding.evidence[i].key, "unseen_seconds") == 0)
			unseen[count] = record->finding.evidence[i].real;
	count++;
}

static void sink_end(struct sink *sink)
{
	(void)sink;
}

static void nobody(void *context, const struct record *record)
{
	(void)context;
	(void)record;
}

static const struct realms realms = { interfaces, 2, name_of, NULL };

/* From the judge to the reporter. */
static void say(void *context, const struct record *record)
{
	static struct record_reader from_engine;
	struct record read, named;

	(void)context;
	if (record->type == RECORD_NOTICE)
		return;
	if (realms_name(&realms, record, &named))
		record = &named;
	char *line = record_to_json(record, "edge-1");
	ck_assert_ptr_nonnull(line);
	ck_assert_msg(record_from_json(line, strlen(line), &from_engine, &read), "%s\n%s", from_engine.problem, line);
	outbox_take(outbox, &read, line, strlen(line), monotonic_ns);
	record_reader_clear(&from_engine);
	free(line);
}

static void begin_engine(void)
{
	struct judge_settings judging = { .policy = story_policy_of(config),
					  .thresholds = judge_default_thresholds(),
					  .alerts = settings,
					  .pairs = 4096,
					  .sas = 1024,
					  .ike = 64,
					  .learned = 64,
					  .remember = true,
					  .interface_name = name_of };
	struct record started = { .type = RECORD_STARTED, .time_ns = now_ns };

	judge = judge_new(&judging, &(struct record_sink){ say, NULL });
	ck_assert_ptr_nonnull(judge);
	outbox_take(outbox, &started, "", 0, monotonic_ns);
}

static void begin(const char *policy)
{
	static const struct sink_ops ops = { .write = sink_take, .close = sink_end };
	static struct sink sink;

	config = story_policy(policy);
	now_ns = STORY_EPOCH;
	monotonic_ns = 1000 * STORY_SECOND;
	count = 0;
	standing = standing_new();
	outbox = outbox_new(spool_open(NULL, SPOOL_SIZE, 1), standing, "edge-1", &(struct record_sink){ nobody, NULL });
	ck_assert_ptr_nonnull(outbox);
	sink = (struct sink){ .ops = &ops, .name = "one", .health = { .up = true } };
	ck_assert(outbox_add(outbox, &sink, 64, false));
	begin_engine();
}

static void end(void)
{
	judge_free(judge);
	outbox_free(outbox);
	story_policy_free(config);
	record_reader_clear(&reader);
	settings = alert_default_settings();
}

/* From the reporter to the next judge. */
static void know(const char *line)
{
	struct record record;

	ck_assert(record_from_json(line, strlen(line), &reader, &record));
	if (realms_find(&realms, &record))
		judge_know(judge, &record, now_ns);
}

struct lines {
	char *lines[HELD_MAX];
	unsigned count;
};

static void keep(void *context, const char *line)
{
	struct lines *lines = context;

	ck_assert_uint_lt(lines->count, HELD_MAX);
	lines->lines[lines->count++] = strdup(line);
}

/* What is handed over is read before the new engine says anything about it. */
static void restart(void)
{
	struct lines lines = { .count = 0 };

	judge_free(judge);
	begin_engine();
	standing_each_known(standing, keep, &lines);
	standing_each_alert(standing, INT64_MIN, keep, &lines);
	judge_know_until(judge, standing_until(standing));
	for (unsigned i = 0; i < lines.count; i++) {
		know(lines.lines[i]);
		free(lines.lines[i]);
	}
}

static void look(void)
{
	judge_advance(judge, now_ns);
	outbox_tick(outbox, monotonic_ns, now_ns);
	outbox_pump(outbox, monotonic_ns);
}

static void pass(int64_t ns)
{
	for (int64_t left = ns, step; left > 0; left -= step) {
		step = left < STORY_SECOND ? left : STORY_SECOND;
		now_ns += step;
		monotonic_ns += step;
		look();
	}
}

/* The leak of one pair: a packet a second. */
static void leak_of(const char *a, const char *b, int64_t seconds)
{
	for (int64_t i = 1; i <= seconds; i++) {
		struct transition put = { .time_ns = now_ns,
					  .kind = i == 1 ? TRANSITION_CLEAR_BEGAN : TRANSITION_CLEAR_PROGRESS,
					  .a = story_host(a),
					  .b = story_host(b) };
		put.clear = (struct transition_clear){ .service = { .protocol = 6, .port = 80 },
						       .src_port = 40000,
						       .dst_port = 80,
						       .octets = 100,
						       .bytes = (uint64_t)i * 100,
						       .since_ns = now_ns };
		put.clear.packets[0] = (uint64_t)i;
		put.clear.last_ns[0] = now_ns;
		judge_put(judge, &put);
		pass(STORY_SECOND);
	}
}

static void leak(int64_t seconds)
{
	leak_of(A, B, seconds);
}

static void leak_ends(uint64_t packets)
{
	struct transition put = {
		.time_ns = now_ns, .kind = TRANSITION_CLEAR_QUIET, .a = story_host(A), .b = story_host(B)
	};

	put.clear.packets[0] = packets;
	put.clear.bytes = packets * 100;
	put.clear.last_ns[0] = now_ns;
	judge_put(judge, &put);
	pass(10 * STORY_MINUTE);
}

static void window(int64_t from, int64_t until)
{
	static struct alert_maintenance maintenance;

	maintenance = (struct alert_maintenance){ .name = "night",
						  .from_ns = STORY_EPOCH + from * STORY_SECOND,
						  .until_ns = STORY_EPOCH + until * STORY_SECOND };
	settings.maintenance = &maintenance;
	settings.maintenance_count = 1;
}

/* ---- alerts that the next engine holds back ---- */

START_TEST(restarted_in_a_maintenance_window)
{
	window(600, 3600);
	begin(RULE);
	leak(900);
	ck_assert_uint_eq(count, 1);
	restart();
	leak(3600);
	/* Neither over nor another one. */
	for (unsigned i = 1; i < count; i++) {
		ck_assert_int_eq(told[i].state, FINDING_UPDATE);
		ck_assert_uint_eq(told[i].alert, told[0].alert);
	}
	leak_ends(3600);
	ck_assert_int_eq(told[count - 1].state, FINDING_CLEAR);
	ck_assert_uint_eq(told[count - 1].alert, told[0].alert);
	end();
}
END_TEST

/* What is held back, and over before the window is, was told by another engine: its end is told. */
START_TEST(over_in_a_maintenance_window)
{
	window(600, 9000);
	begin(RULE);
	leak(900);
	restart();
	leak(60);
	leak_ends(60);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(told[1].state, FINDING_CLEAR);
	ck_assert_uint_eq(told[1].alert, told[0].alert);
	ck_assert_str_eq(cleared_by[1], "quiet");
	/* What opens and ends behind the window alone, nobody hears of. */
	leak(60);
	leak_ends(60);
	ck_assert_uint_eq(count, 2);
	end();
}
END_TEST

/* The rate is used up by others. */
START_TEST(restarted_into_a_crowd)
{
	begin("  rules:\n    - { name: r, between: [10.0.0.0/8, 172.16.0.0/12], level: require }\n");
	leak_of(A, "172.16.0.1", 60);
	uint64_t number = told[0].alert;
	settings.per_minute[ALERT_CLEARTEXT] = 1;
	settings.group_members = 0;
	restart();
	for (unsigned i = 0; i < 30; i++) {
		char other[24];
		snprintf(other, sizeof(other), "172.16.1.%u", i);
		leak_of("10.1.0.1", other, 1);
	}
	leak_of(A, "172.16.0.1", 40 * 60);
	for (unsigned i = 1; i < count; i++)
		if (address_equal(&told[i].a, &told[0].a)) {
			ck_assert_uint_eq(told[i].alert, number);
			ck_assert_int_eq(told[i].state, FINDING_UPDATE);
		}
	end();
}
END_TEST

/* A group speaks for it from now on. */
START_TEST(restarted_into_a_group)
{
	static const char *const others[] = { "172.16.0.1", "172.16.0.2", "172.16.0.3", "172.16.0.4",
					      "172.16.0.5", "172.16.0.6", "172.16.0.7" };
	begin("  rules:\n    - { name: r, between: [10.0.0.0/8, 172.16.0.0/12], level: require }\n");
	for (unsigned i = 0; i < 7; i++) {
		leak_of(A, others[i], 1);
		pass(5 * STORY_MINUTE);
	}
	ck_assert_uint_eq(count, 7);
	restart();
	for (unsigned i = 0; i < 7; i++)
		leak_of(A, others[i], 1);
	pass(STORY_MINUTE);
	unsigned grouped = 0;
	for (unsigned i = 7; i < count; i++)
		grouped += strcmp(cleared_by[i], FINDING_GROUPED) == 0;
	ck_assert_uint_eq(grouped, 7);
	pass(20 * STORY_MINUTE);
	for (unsigned i = 7; i < count; i++)
		ck_assert_str_ne(cleared_by[i], "not-seen-again");
	end();
}
END_TEST

/* ---- counts ---- */

START_TEST(counts_go_on)
{
	begin(RULE);
	uint64_t all = 0;
	for (unsigned engine = 0; engine < 3; engine++) {
		if (engine)
			restart();
		leak(3700);
		all += 3700;
	}
	leak_ends(3700);
	for (unsigned i = 1; i < count; i++) {
		ck_assert_uint_eq(told[i].alert, told[0].alert);
		ck_assert_uint_ge(told[i].count, told[i - 1].count);
		ck_assert_uint_ge(told[i].bytes, told[i - 1].bytes);
	}
	/* What was counted behind the last word of an engine nobody knows. */
	ck_assert_int_eq(told[count - 1].state, FINDING_CLEAR);
	ck_assert_uint_gt(told[count - 1].count, all - 2 * 200);
	ck_assert_uint_le(told[count - 1].count, all);
	ck_assert_uint_eq(told[count - 1].bytes, told[count - 1].count * 100);
	end();
}
END_TEST

/* ---- a mirror that is dead ---- */

static uint64_t received;

/* A second of an interface that brings so many frames, of many conversations. */
static void captured(uint16_t interface, unsigned frames)
{
	struct transition seen = { .time_ns = now_ns, .kind = TRANSITION_SEEN, .interface = interface },
			  stands = { .time_ns = now_ns, .kind = TRANSITION_CAPTURE, .interface = interface };

	received += frames;
	seen.seen.frames = frames;
	seen.seen.talkers = UINT64_MAX;
	stands.capture.received = received;
	stands.capture.monotonic_ns = monotonic_ns;
	if (frames)
		judge_put(judge, &seen);
	judge_put(judge, &stands);
	pass(STORY_SECOND);
}

START_TEST(mirror_stays_dead)
{
	begin("  learn: false\n");
	for (unsigned i = 0; i < 12 * 60; i++)
		captured(1, 50);
	int64_t since = now_ns;
	for (unsigned i = 0; i < 300; i++)
		captured(1, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(told[0].id, FINDING_CAPTURE_SILENT);
	for (unsigned engine = 0; engine < 2; engine++) {
		received = 0;
		restart();
		for (unsigned i = 0; i < 1800; i++)
			captured(1, 0);
		ck_assert_uint_eq(count, 1);
	}
	double silence = (double)(now_ns - since) / (double)STORY_SECOND;
	captured(1, 50);
	captured(1, 50);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(told[1].state, FINDING_CLEAR);
	ck_assert_uint_eq(told[1].alert, told[0].alert);
	ck_assert_str_eq(cleared_by[1], "frames-again");
	ck_assert_int_eq(told[1].first_ns, told[0].first_ns);
	/* How long nobody saw anything, by whichever engine. */
	ck_assert_double_eq_tol(unseen[1], silence, 3);
	end();
}
END_TEST

/* It is another interface that the next engine captures on. */
START_TEST(mirror_is_not_captured_any_more)
{
	begin("  learn: false\n");
	for (unsigned i = 0; i < 12 * 60; i++)
		captured(1, 50);
	for (unsigned i = 0; i < 300; i++)
		captured(1, 0);
	names[1] = "eth7";
	restart();
	for (unsigned i = 0; i < 1200; i++)
		captured(1, 0);
	names[1] = "eth1";
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(cleared_by[1], "not-seen-again");
	end();
}
END_TEST

/* ---- pairs of one of several networks ---- */

static void esp(enum transition_kind kind, unsigned direction, uint32_t realm, uint16_t vlan)
{
	struct transition put = { .time_ns = now_ns,
				  .kind = (uint8_t)kind,
				  .direction = (uint8_t)direction,
				  .realm = realm,
				  .vlan = vlan,
				  .a = story_host(A),
				  .b = story_host(B) };

	put.esp.protocol = 51;
	put.esp.spi = 0x1000 + direction;
	put.esp.sequence = 1;
	judge_put(judge, &put);
}

/* AH alone, from now on. */
static void speak(uint32_t realm, uint16_t vlan)
{
	for (unsigned d = 0; d < 2; d++) {
		esp(TRANSITION_SA_BORN, d, realm, vlan);
		esp(TRANSITION_ESP_BEGAN, d, realm, vlan);
	}
}

/* What the next engine takes over is the alert of the pair that speaks, in whichever network that is. */
START_TEST(pair_of_a_realm)
{
	static const struct {
		enum track_realm kind;
		uint32_t realm;
		uint16_t vlan;
	} cases[] = { { TRACK_REALM_NONE, 0, 0 },       { TRACK_REALM_NONE, 0, 10 },    { TRACK_REALM_VLAN, 10, 10 },
		      { TRACK_REALM_VLAN, 0, 0 },       { TRACK_REALM_VNI, 70000, 10 }, { TRACK_REALM_VNI, 0, 10 },
		      { TRACK_REALM_INTERFACE, 2, 10 }, { TRACK_REALM_INTERFACE, 1, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		interfaces[0].realm = interfaces[1].realm = cases[i].kind;
		begin(RULE);
		speak(cases[i].realm, cases[i].vlan);
		pass(STORY_MINUTE);
		/* integrity-only, and esp-unnegotiated */
		unsigned before = count;
		ck_assert_uint_eq(before, 2);
		restart();
		speak(cases[i].realm, cases[i].vlan);
		pass(40 * STORY_MINUTE);
		ck_assert_msg(count == before, "case %zu: %u told", i, count);
		end();
	}
	interfaces[0].realm = interfaces[1].realm = TRACK_REALM_NONE;
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { restarted_in_a_maintenance_window,
				       over_in_a_maintenance_window,
				       restarted_into_a_crowd,
				       restarted_into_a_group,
				       counts_go_on,
				       mirror_stays_dead,
				       mirror_is_not_captured_any_more,
				       pair_of_a_realm };

	settings = alert_default_settings();
	return suite_run("succession", tests, sizeof(tests) / sizeof(tests[0]));
}
