/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of traffic: that what engines counted is there once, however looks come and whoever is started again meanwhile;
 * by rule, by day and by pair; and that it stays within its bounds.
 */
#include "sample.h"
#include "../../daemon/report/snapshot.h"
#include "../../daemon/report/store.h"
#include "../../daemon/report/store_file.h"
#include "../../daemon/report/store_history.h"
#include "../suite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
/* 2026-11-21T20:00:00Z */
#define BEGIN (SAMPLE_TIME / HOUR * HOUR)

/* ---- an engine, as far as its counters go ---- */

struct told_pair {
	const char *a, *b, *rule, *carries;
	enum pair_verdict verdict;
	uint64_t esp, offending, dns, http; /* packets; of 100 octets each */
};

static const struct snapshot *look_at(int64_t engine_ns, int64_t time_ns, uint64_t frames,
				      const struct told_pair *pairs, size_t count)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct record record = { .type = RECORD_SUMMARY, .time_ns = time_ns };
	struct record_interface interface = { "eth1", true, frames, frames / 10, 1 };

	ck_assert_ptr_nonnull(builder);
	record.summary = (struct record_summary){ .packets = frames, .bytes = frames * 100 };
	snapshot_builder_add(builder, &record, "edge-1");
	record = (struct record){ .type = RECORD_HEALTH, .time_ns = time_ns };
	record.health = (struct record_health){
		.version = "1", .started_ns = engine_ns, .interfaces = &interface, .interface_count = 1
	};
	snapshot_builder_add(builder, &record, "edge-1");
	for (size_t i = 0; i < count; i++) {
		const struct told_pair *pair = &pairs[i];
		struct record_protocol protocols[] = { { "HTTP", pair->http, pair->http * 100, 6, 80 },
						       { "DNS", pair->dns, pair->dns * 100, 17, 53 } };
		record = (struct record){ .type = RECORD_PAIR, .time_ns = time_ns };
		record.pair = (struct record_pair){
			.a = sample_address(pair->a),
			.b = sample_address(pair->b),
			.verdict = pair->verdict,
			.rule = pair->rule,
			.carries = &pair->carries,
			.carries_count = pair->carries != NULL,
			.esp_packets = pair->esp,
			.esp_bytes = pair->esp * 100,
			.offending_packets = pair->offending,
			.offending_bytes = pair->offending * 100,
			.cleartext = protocols,
			.cleartext_count = pair->dns || pair->http ? 2 : 0,
			.rekey_interval_median = -1,
		};
		snapshot_builder_add(builder, &record, "edge-1");
	}
	const struct snapshot_surroundings surroundings = { .time_ns = time_ns };
	const struct snapshot *look = snapshot_builder_finish(builder, &surroundings);
	ck_assert_ptr_nonnull(look);
	return look;
}

/* ---- a store ---- */

struct stage {
	char folder[64], path[96];
	struct sink *sink;
};

static struct stage stage_new(void)
{
	struct stage stage = { .folder = "check_store_history.XXXXXX" };

	ck_assert_ptr_nonnull(mkdtemp(stage.folder));
	snprintf(stage.path, sizeof(stage.path), "%s/espial.db", stage.folder);
	return stage;
}

static void stage_end(struct stage *stage)
{
	char command[128];

	if (stage->sink)
		sink_close(stage->sink);
	snprintf(command, sizeof(command), "rm -rf '%s'", stage->folder);
	ck_assert_int_eq(system(command), 0);
}

static void begin(struct stage *stage)
{
	struct store_settings settings = { .path = stage->path, .sensor = "edge-1", .keep_ns = 36500 * DAY };

	stage->sink = store_sink_new(&settings);
	ck_assert_ptr_nonnull(stage->sink);
}

static void end(struct stage *stage)
{
	sink_close(stage->sink);
	stage->sink = NULL;
}

static void take(struct stage *stage, const struct snapshot *look)
{
	uint64_t number = store_take_look(stage->sink, look);

	snapshot_let_go(look);
	for (unsigned i = 0; i < 2000 && store_looks_done(stage->sink) < number; i++)
		usleep(5000);
	ck_assert_uint_eq(store_looks_done(stage->sink), number);
}

static struct store_view *view_of(const struct stage *stage)
{
	char problem[300] = "";
	struct store_view *view = store_view_open(stage->path, problem, sizeof(problem));

	ck_assert_msg(view, "%s", problem);
	return view;
}

struct sought {
	const char *rule, *what, *a;
	int64_t day; /* -1: any */
	uint64_t packets, bytes;
	unsigned rows;
};

static bool add_up(void *context, const struct store_volume *volume)
{
	struct sought *sought = context;

	if (strcmp(volume->rule, sought->rule) != 0 || strcmp(volume->what, sought->what) != 0 ||
	    (sought->a && (!volume->a || strcmp(volume->a, sought->a) != 0)) ||
	    (sought->day >= 0 && volume->day != sought->day))
		return true;
	sought->packets += volume->packets;
	sought->bytes += volume->bytes;
	sought->rows++;
	return true;
}

/* Packets of a rule in a span; octets have to be a hundred times as many. */
static uint64_t of_rule(const struct stage *stage, int64_t since_ns, int64_t until_ns, const char *rule,
			const char *what)
{
	struct store_view *view = view_of(stage);
	struct sought sought = { rule, what, NULL, -1, 0, 0, 0 };
	const struct store_span span = { since_ns, until_ns };

	ck_assert_int_ge(store_view_rules(view, &span, add_up, &sought), 0);
	store_view_close(view);
	ck_assert_uint_le(sought.rows, 1);
	ck_assert_uint_eq(sought.bytes, 100 * sought.packets);
	return sought.packets;
}

static uint64_t of_pair(const struct stage *stage, int64_t day, const char *a, const char *rule, const char *what)
{
	struct store_view *view = view_of(stage);
	struct sought sought = { rule, what, a, day, 0, 0, 0 };

	ck_assert_int_ge(store_view_traffic(view, day, add_up, &sought), 0);
	store_view_close(view);
	ck_assert_uint_le(sought.rows, 1);
	return sought.packets;
}

static int64_t ask(const struct stage *stage, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *database;

	ck_assert_int_eq(sqlite3_open(stage->path, &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return number;
}

#define HQ(esp, offending, dns, http)                                                                                  \
	{                                                                                                              \
		"10.1.0.1", "10.2.0.2", "hq", NULL, (offending) ? PAIR_MIXED : PAIR_SECURED, esp, offending, dns, http \
	}

START_TEST(everything_is_counted_once)
{
	struct stage stage = stage_new();
	int64_t engine = BEGIN + 10 * SECOND, other = BEGIN + 2 * HOUR;
	struct told_pair pair = HQ(100, 0, 10, 0);

	begin(&stage);
	take(&stage, look_at(engine, BEGIN + 600 * SECOND, 1000, &pair, 1));
	take(&stage, look_at(engine, BEGIN + 600 * SECOND, 1000, &pair, 1)); /* the same look again */
	pair = (struct told_pair)HQ(150, 5, 10, 5);
	take(&stage, look_at(engine, BEGIN + 900 * SECOND, 1500, &pair, 1));
	/* an older one, late: of a dump that nobody looked at */
	struct told_pair older = HQ(120, 0, 10, 0);
	take(&stage, look_at(engine, BEGIN + 950 * SECOND, 1200, &older, 1));
	ck_assert_uint_eq(of_rule(&stage, BEGIN, BEGIN + HOUR, "hq", HISTORY_ESP), 150);
	ck_assert_uint_eq(of_rule(&stage, BEGIN, BEGIN + HOUR, "hq", HISTORY_CLEAR), 15);
	ck_assert_uint_eq(of_rule(&stage, BEGIN, BEGIN + HOUR, "hq", HISTORY_OFFENDING), 5);
	/* the reporter is started again, the engine goes on */
	end(&stage);
	begin(&stage);
	pair = (struct told_pair)HQ(180, 5, 12, 5);
	take(&stage, look_at(engine, BEGIN + 1800 * SECOND, 1800, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, BEGIN, BEGIN + HOUR, "hq", HISTORY_ESP), 180);
	/* in the next hour */
	pair = (struct told_pair)HQ(280, 5, 12, 5);
	take(&stage, look_at(engine, BEGIN + HOUR + 1200 * SECOND, 2800, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, BEGIN, BEGIN + HOUR, "hq", HISTORY_ESP), 180 + 100);
	pair = (struct told_pair)HQ(290, 5, 12, 5);
	take(&stage, look_at(engine, BEGIN + HOUR + 1500 * SECOND, 2900, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, BEGIN + HOUR, BEGIN + 2 * HOUR, "hq", HISTORY_ESP), 10);
	/* another engine counts from the beginning */
	pair = (struct told_pair)HQ(40, 1, 0, 1);
	take(&stage, look_at(other, other + 60 * SECOND, 400, &pair, 1));
	pair = (struct told_pair)HQ(41, 1, 0, 1);
	take(&stage, look_at(other, other + 90 * SECOND, 401, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 290 + 41);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_OFFENDING), 6);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_CLEAR), 17 + 1);
	ck_assert_uint_eq(of_pair(&stage, BEGIN / DAY, "10.1.0.1", "hq", "DNS\tudp/53"), 12);
	ck_assert_uint_eq(of_pair(&stage, BEGIN / DAY, "10.1.0.1", "hq", "HTTP\ttcp/80"), 6);
	ck_assert_uint_eq(of_pair(&stage, BEGIN / DAY, "10.1.0.1", "hq", HISTORY_ESP), 331);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM look WHERE dropped > 0 AND up = 1"), 7);
	stage_end(&stage);
}
END_TEST

/* A pair that made room in the engine and came again begins at nothing; one that is away meanwhile loses nothing. */
START_TEST(counters_that_fall_begin_anew)
{
	struct stage stage = stage_new();
	struct told_pair pair = HQ(100, 0, 0, 0);

	begin(&stage);
	take(&stage, look_at(BEGIN, BEGIN + 60 * SECOND, 1, &pair, 1));
	take(&stage, look_at(BEGIN, BEGIN + 120 * SECOND, 2, NULL, 0));
	pair = (struct told_pair)HQ(30, 0, 0, 0);
	take(&stage, look_at(BEGIN, BEGIN + 180 * SECOND, 3, &pair, 1));
	pair = (struct told_pair)HQ(35, 0, 0, 0);
	take(&stage, look_at(BEGIN, BEGIN + 240 * SECOND, 4, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 135);
	stage_end(&stage);
}
END_TEST

START_TEST(esp_is_of_the_rules_that_it_carries)
{
	struct stage stage = stage_new();
	const struct told_pair pairs[] = {
		{ "192.0.2.1", "192.0.2.2", "learned", "branch", PAIR_MIXED, 70, 0, 0, 3 },
		{ "10.61.1.1", "10.61.2.1", "branch", NULL, PAIR_CLEARTEXT, 0, 20, 0, 20 },
		{ "10.9.0.1", "10.9.0.2", "labs", NULL, PAIR_INTEGRITY_ONLY, 9, 0, 0, 0 },
		/* of two realms */
		{ "10.7.0.1", "10.7.0.2", "hq", NULL, PAIR_SECURED, 4, 0, 0, 0 },
		{ "10.7.0.1", "10.7.0.2", "hq", NULL, PAIR_SECURED, 5, 0, 0, 0 },
		{ "10.8.0.1", "10.8.0.2", NULL, NULL, PAIR_CLEARTEXT, 0, 0, 0, 50 },
	};

	begin(&stage);
	take(&stage, look_at(BEGIN, BEGIN + 60 * SECOND, 1, pairs, 6));
	take(&stage, look_at(BEGIN, BEGIN + 90 * SECOND, 2, pairs, 6));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "branch", HISTORY_ESP), 70);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "branch", HISTORY_OFFENDING), 20);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "learned", HISTORY_CLEAR), 3);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "learned", HISTORY_ESP), 0);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "labs", HISTORY_INTEGRITY), 9);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "labs", HISTORY_ESP), 0);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 9);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "", HISTORY_CLEAR), 50);
	stage_end(&stage);
}
END_TEST

/* ESP that turns out to be readable, and is replaced: each octet is counted once, as what it was. */
START_TEST(a_verdict_that_changes_takes_nothing_along)
{
	struct stage stage = stage_new();
	struct told_pair pair = HQ(10, 0, 0, 0);

	begin(&stage);
	take(&stage, look_at(BEGIN, BEGIN + 60 * SECOND, 1, &pair, 1));
	pair.verdict = PAIR_INTEGRITY_ONLY;
	pair.esp = 25;
	take(&stage, look_at(BEGIN, BEGIN + 120 * SECOND, 2, &pair, 1));
	pair.verdict = PAIR_SECURED;
	pair.esp = 40;
	take(&stage, look_at(BEGIN, BEGIN + 180 * SECOND, 3, &pair, 1));
	/* Plain text behind an ESP header. */
	pair.verdict = PAIR_CLEARTEXT;
	pair.esp = 47;
	take(&stage, look_at(BEGIN, BEGIN + 240 * SECOND, 4, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 25);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_INTEGRITY), 22);
	stage_end(&stage);
}
END_TEST

START_TEST(a_rule_of_another_name_takes_over)
{
	struct stage stage = stage_new();
	struct told_pair pair = HQ(100, 0, 0, 0);

	begin(&stage);
	take(&stage, look_at(BEGIN, BEGIN + 60 * SECOND, 1, &pair, 1));
	pair.rule = "headquarters";
	pair.esp = 130;
	take(&stage, look_at(BEGIN, BEGIN + 120 * SECOND, 2, &pair, 1));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 100);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "headquarters", HISTORY_ESP), 30);
	stage_end(&stage);
}
END_TEST

START_TEST(hours_become_days_and_days_go)
{
	struct stage stage = stage_new();
	int64_t today = BEGIN / DAY * DAY;
	struct store_problem problem;
	sqlite3 *database;

	begin(&stage);
	for (int day = 30; day >= 0; day--) {
		struct told_pair pair = HQ(24, 0, 0, 0);
		for (int hour = 0; hour < 24; hour += 6) {
			int64_t time = today - day * DAY + hour * HOUR;
			pair.esp = 10;
			take(&stage, look_at(time, time + 60 * SECOND, 1, &pair, 1));
		}
	}
	end(&stage);
	ck_assert_int_eq(store_file_open(stage.path, &database, &problem), STORE_FILE_READY);
	int64_t now = today + 12 * HOUR;
	for (unsigned i = 0; i < 8; i++)
		store_history_prune(database, now - 20 * DAY, now);
	sqlite3_close(database);
	/* By the hour from eight days ago, by the day from twenty days ago; and a day is the same in either. */
	ck_assert_int_eq(ask(&stage, "SELECT min(hour) FROM traffic"), (today / DAY - 8) * 24);
	ck_assert_int_eq(ask(&stage, "SELECT max(day) FROM traffic_day"), today / DAY - 9);
	ck_assert_int_eq(ask(&stage, "SELECT min(day) FROM traffic_day"), today / DAY - 20);
	ck_assert_uint_eq(of_pair(&stage, today / DAY - 15, "10.1.0.1", "hq", HISTORY_ESP), 40);
	ck_assert_uint_eq(of_pair(&stage, today / DAY - 3, "10.1.0.1", "hq", HISTORY_ESP), 40);
	ck_assert_uint_eq(of_pair(&stage, today / DAY - 25, "10.1.0.1", "hq", HISTORY_ESP), 0);
	ck_assert_int_eq(ask(&stage, "SELECT min(time) FROM look") / DAY, today / DAY - 20);
	/* The oldest of it goes first where there is no room. */
	ck_assert_int_eq(store_file_open(stage.path, &database, &problem), STORE_FILE_READY);
	ck_assert(store_history_forget_oldest(database));
	sqlite3_close(database);
	ck_assert_int_eq(ask(&stage, "SELECT min(day) FROM traffic_day"), today / DAY - 18);
	stage_end(&stage);
}
END_TEST

START_TEST(pairs_have_a_bound_and_ipsec_the_better_claim)
{
	enum { OTHERS = HISTORY_OTHERS + 500, SECURED = 700 };
	struct stage stage = stage_new();
	struct told_pair *pairs = calloc(OTHERS + SECURED, sizeof(*pairs));
	char(*names)[32] = calloc(OTHERS + SECURED, sizeof(*names));

	ck_assert(pairs && names);
	for (unsigned i = 0; i < OTHERS + SECURED; i++) {
		snprintf(names[i], sizeof(names[i]), "10.%u.%u.%u", 1 + i / 40000, i / 200 % 200, 1 + i % 200);
		pairs[i] = (struct told_pair){ names[i], "172.16.0.1", NULL, NULL, PAIR_CLEARTEXT, 0, 0, 0, 2 };
		if (i >= OTHERS)
			pairs[i] = (struct told_pair){ names[i], "172.16.0.1", "hq", NULL, PAIR_SECURED, 3, 0, 0, 0 };
	}
	begin(&stage);
	take(&stage, look_at(BEGIN, BEGIN + 60 * SECOND, 1, pairs, OTHERS + SECURED));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "hq", HISTORY_ESP), 3 * SECURED);
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "", HISTORY_CLEAR), 2 * HISTORY_OTHERS);
	ck_assert_int_eq(ask(&stage, "SELECT beyond_pairs FROM look"), 500);
	ck_assert_int_eq(ask(&stage, "SELECT beyond_bytes FROM look"), 500 * 200);
	/* Whoever has a row keeps it: the counts go on from where they were. */
	for (unsigned i = 0; i < OTHERS; i++)
		pairs[i].http = 3;
	take(&stage, look_at(BEGIN, BEGIN + 120 * SECOND, 2, pairs, OTHERS + SECURED));
	ck_assert_uint_eq(of_rule(&stage, 0, INT64_MAX, "", HISTORY_CLEAR), 3 * HISTORY_OTHERS);
	free(names);
	free(pairs);
	stage_end(&stage);
}
END_TEST

static const struct snapshot *selecting(int64_t time_ns, const char *cipher)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct record record = { .type = RECORD_IKE_SA, .time_ns = time_ns };

	record.ike_sa = (struct record_ike_sa){
		.initiator = sample_address("192.0.2.1"),
		.responder = sample_address("192.0.2.2"),
		.ispi = (uint64_t)time_ns,
		.major = 2,
		.mode = IKE_MODE_IKEV2,
		.outcome = IKE_OUTCOME_ESTABLISHED,
		.selected = (const char *const[]){ cipher, "MODP_2048" },
		.selected_count = 2,
	};
	snapshot_builder_add(builder, &record, "edge-1");
	record = (struct record){ .type = RECORD_HEALTH, .health = { .version = "1", .started_ns = BEGIN } };
	snapshot_builder_add(builder, &record, "edge-1");
	const struct snapshot_surroundings surroundings = { .time_ns = time_ns };
	const struct snapshot *look = snapshot_builder_finish(builder, &surroundings);
	ck_assert_ptr_nonnull(look);
	return look;
}

struct selections {
	unsigned count;
	char selected[4][64];
	int64_t first_ns[4], last_ns[4];
};

static bool note_selection(void *context, const struct store_selection *selection)
{
	struct selections *selections = context;

	ck_assert_str_eq(selection->initiator, "192.0.2.1");
	ck_assert_uint_eq(selection->version, 2);
	snprintf(selections->selected[selections->count], 64, "%s", selection->selected);
	selections->first_ns[selections->count] = selection->first_ns;
	selections->last_ns[selections->count++] = selection->last_ns;
	return selections->count < 4;
}

START_TEST(selections_are_there_with_their_times)
{
	struct stage stage = stage_new();
	struct selections selections = { .count = 0 };
	const struct store_span all = { 0, INT64_MAX }, later = { BEGIN + 2 * HOUR, INT64_MAX };

	begin(&stage);
	take(&stage, selecting(BEGIN + 60 * SECOND, "AES_CBC_128"));
	take(&stage, selecting(BEGIN + HOUR, "AES_CBC_128"));
	take(&stage, selecting(BEGIN + 3 * HOUR, "AES_GCM_16_256"));
	struct store_view *view = view_of(&stage);
	ck_assert_int_eq(store_view_selections(view, &all, note_selection, &selections), 2);
	ck_assert_str_eq(selections.selected[0], "AES_GCM_16_256/MODP_2048");
	ck_assert_str_eq(selections.selected[1], "AES_CBC_128/MODP_2048");
	ck_assert_int_eq(selections.first_ns[1], BEGIN + 60 * SECOND);
	ck_assert_int_eq(selections.last_ns[1], BEGIN + HOUR);
	selections.count = 0;
	ck_assert_int_eq(store_view_selections(view, &later, note_selection, &selections), 1);
	store_view_close(view);
	stage_end(&stage);
}
END_TEST

SUITE_MAIN("store_history", everything_is_counted_once, counters_that_fall_begin_anew,
	   esp_is_of_the_rules_that_it_carries, a_verdict_that_changes_takes_nothing_along,
	   a_rule_of_another_name_takes_over, hours_become_days_and_days_go,
	   pairs_have_a_bound_and_ipsec_the_better_claim, selections_are_there_with_their_times)
