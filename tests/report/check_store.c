/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what comes back, what goes with age and size, and files that are not (or no longer) a store. */
#include "sample.h"
#include "../../daemon/report/store.h"
#include "../../daemon/report/store_file.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY (86400 * INT64_C(1000000000))

struct stage {
	char folder[64], path[96], notice[800];
	unsigned notices;
};

static void note(void *context, const struct record *record)
{
	struct stage *stage = context;

	stage->notices++;
	snprintf(stage->notice, sizeof(stage->notice), "%s", record->notice.text);
}

static struct stage stage_new(void)
{
	struct stage stage = { .folder = "check_store.XXXXXX" };

	ck_assert_ptr_nonnull(mkdtemp(stage.folder));
	snprintf(stage.path, sizeof(stage.path), "%s/espial.db", stage.folder);
	return stage;
}

static void stage_end(struct stage *stage)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", stage->folder);
	ck_assert_int_eq(system(command), 0);
}

static struct sink *open_sized(struct stage *stage, uint64_t size_max)
{
	struct store_settings settings = { .path = stage->path,
					   .sensor = "edge-1",
					   .keep_ns = 36500 * DAY,
					   .size_max = size_max,
					   .notices = { note, stage } };
	struct sink *sink = store_sink_new(&settings);

	ck_assert_ptr_nonnull(sink);
	return sink;
}

static struct sink *open_store(struct stage *stage)
{
	return open_sized(stage, 0);
}

static void pause_ms(long milliseconds)
{
	nanosleep(&(struct timespec){ .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 }, NULL);
}

/* Until so many findings are settled. */
static void await(struct sink *sink, uint64_t settled)
{
	for (unsigned i = 0; i < 1000 && sink->ops->settled(sink) < settled; i++)
		pause_ms(10);
	sink_tick(sink, 0);
	ck_assert_uint_eq(sink->ops->settled(sink), settled);
}

static struct record told(uint64_t alert, uint64_t number, enum finding_state state)
{
	struct record record = sample_finding();

	record.finding.alert = alert;
	record.finding.record = number;
	record.finding.state = state;
	record.finding.cleared_by = state == FINDING_CLEAR ? "quiet" : NULL;
	record.time_ns = record.finding.time_ns = SAMPLE_TIME + (int64_t)number * 1000;
	return record;
}

struct listing {
	unsigned count;
	uint64_t alerts[64];
	char states[64][8];
	char last[4096];
	int64_t until_ns;
	char by[32];
};

static bool list(void *context, const struct store_alert *alert)
{
	struct listing *listing = context;

	ck_assert_str_eq(alert->id, "cleartext-leak");
	ck_assert_str_eq(alert->cause, "sa-lost");
	ck_assert_int_eq(alert->severity, SEVERITY_HIGH);
	if (listing->count < 64) {
		listing->alerts[listing->count] = alert->alert;
		snprintf(listing->states[listing->count], 8, "%s", alert->state);
	}
	snprintf(listing->last, sizeof(listing->last), "%s", alert->record);
	listing->until_ns = alert->acknowledged_until_ns;
	snprintf(listing->by, sizeof(listing->by), "%s", alert->acknowledged_by ? alert->acknowledged_by : "");
	listing->count++;
	return true;
}

static struct store_view *view_of(const struct stage *stage)
{
	char problem[300] = "";
	struct store_view *view = store_view_open(stage->path, problem, sizeof(problem));

	ck_assert_msg(view, "%s", problem);
	return view;
}

static struct listing alerts(struct store_view *view, const struct store_filter *filter)
{
	struct listing listing = { .count = 0 };

	ck_assert_int_eq(store_view_alerts(view, filter, list, &listing), (int)listing.count);
	return listing;
}

START_TEST(comes_back)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record records[] = { told(UINT64_MAX - 1, 11, FINDING_OPEN), told(7, 12, FINDING_OPEN),
				    told(UINT64_MAX - 1, 13, FINDING_UPDATE), told(7, 14, FINDING_CLEAR) };

	for (size_t i = 0; i < 4; i++)
		sink_write(sink, &records[i]);
	sink_write(sink, &records[1]); /* told again: it is there once, and what came later stands */
	await(sink, 5);
	ck_assert_uint_eq(store_position(sink), 14);
	sink_close(sink);

	/* a restart */
	sink = open_store(&stage);
	for (unsigned i = 0; i < 500 && store_position(sink) == 0; i++)
		pause_ms(10);
	ck_assert_uint_eq(store_position(sink), 14);
	struct store_view *view = view_of(&stage);
	struct listing all = alerts(view, &(struct store_filter){ .severity = SEVERITY_INFO });
	ck_assert_uint_eq(all.count, 2);
	ck_assert_uint_eq(all.alerts[0], 7);
	ck_assert_str_eq(all.states[0], "clear");
	ck_assert_uint_eq(all.alerts[1], UINT64_MAX - 1);
	struct listing open = alerts(view, &(struct store_filter){ .severity = SEVERITY_INFO, .open = true });
	ck_assert_uint_eq(open.count, 1);
	ck_assert_uint_eq(open.alerts[0], UINT64_MAX - 1);
	ck_assert_ptr_nonnull(strstr(open.last, "\"record\":\"000000000000000d\""));
	struct listing history = { .count = 0 };
	ck_assert_int_eq(store_view_history(view, UINT64_MAX - 1, list, &history), 2);
	ck_assert_str_eq(history.states[0], "open");
	ck_assert_str_eq(history.states[1], "update");
	ck_assert_int_eq(store_view_history(view, 99, list, &history), 0);
	store_view_close(view);
	sink_close(sink);
	ck_assert_uint_eq(stage.notices, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(filters)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record one = told(1, 1, FINDING_CLEAR), two = told(2, 2, FINDING_OPEN), host = told(3, 3, FINDING_OPEN);
	struct address a = sample_address("10.1.0.1"), b = sample_address("10.2.0.2"),
		       v6 = sample_address("2001:db8::9");

	two.finding.a = a;
	two.finding.b = v6;
	host.finding.subject = SUBJECT_HOST;
	host.finding.has_pair = false;
	host.finding.a = v6;
	sink_write(sink, &one);
	sink_write(sink, &two);
	sink_write(sink, &host);
	await(sink, 3);
	struct store_view *view = view_of(&stage);
	struct store_filter filter = { .severity = SEVERITY_INFO, .a = &b, .b = &a };
	ck_assert_uint_eq(alerts(view, &filter).count, 1);
	filter = (struct store_filter){ .severity = SEVERITY_INFO, .a = &v6 };
	ck_assert_uint_eq(alerts(view, &filter).count, 2);
	filter = (struct store_filter){ .severity = SEVERITY_CRITICAL };
	ck_assert_uint_eq(alerts(view, &filter).count, 0);
	/* What is open lasts, though nothing was told of it since. */
	filter = (struct store_filter){ .severity = SEVERITY_HIGH, .since_ns = host.time_ns };
	ck_assert_uint_eq(alerts(view, &filter).count, 2);
	filter = (struct store_filter){ .severity = SEVERITY_HIGH, .limit = 2 };
	ck_assert_uint_eq(alerts(view, &filter).count, 2);
	store_view_close(view);
	sink_close(sink);
	stage_end(&stage);
}
END_TEST

START_TEST(acknowledges)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record record = told(5, 1, FINDING_OPEN);
	struct store_filter all = { .severity = SEVERITY_INFO };
	char problem[300] = "";

	sink_write(sink, &record);
	await(sink, 1);
	struct store_view *view = view_of(&stage);
	ck_assert(!store_view_acknowledge(view, 6, SAMPLE_TIME, "operator", problem, sizeof(problem)));
	ck_assert_str_eq(problem, "there is no alert 0000000000000006");
	ck_assert(store_view_acknowledge(view, 5, SAMPLE_TIME, SAMPLE_HOSTILE "'; DROP TABLE alert; --", problem,
					 sizeof(problem)));
	ck_assert(store_view_acknowledge(view, 5, SAMPLE_TIME + 1, "operator", problem, sizeof(problem)));
	struct listing listing = alerts(view, &all);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_int_eq(listing.until_ns, SAMPLE_TIME + 1);
	ck_assert_str_eq(listing.by, "operator");
	/* what is told next changes nothing about it */
	record = told(5, 2, FINDING_UPDATE);
	sink_write(sink, &record);
	await(sink, 2);
	ck_assert_int_eq(alerts(view, &all).until_ns, SAMPLE_TIME + 1);
	ck_assert(store_view_acknowledge(view, 5, 0, NULL, problem, sizeof(problem)));
	ck_assert_int_eq(alerts(view, &all).until_ns, 0);
	/* It ends with the alert: who knew of it stays, and what opens under the number is another one. */
	ck_assert(store_view_acknowledge(view, 5, INT64_MAX, "operator", problem, sizeof(problem)));
	record = told(5, 3, FINDING_CLEAR);
	sink_write(sink, &record);
	record = told(5, 4, FINDING_OPEN);
	sink_write(sink, &record);
	await(sink, 4);
	listing = alerts(view, &all);
	ck_assert_int_eq(listing.until_ns, SAMPLE_TIME + 3 * 1000);
	ck_assert_str_eq(listing.by, "operator");
	store_view_close(view);
	sink_close(sink);
	stage_end(&stage);
}
END_TEST

static bool count_lines(void *context, const char *record)
{
	ck_assert_ptr_nonnull(strstr(record, "\"type\":\"known_"));
	++*(unsigned *)context;
	return true;
}

static int64_t ask(const struct stage *stage, const char *sql)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;

	ck_assert_int_eq(sqlite3_open_v2(stage->path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(database));
	int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return value;
}

/* What is told once and has no end does not stand open. */
static bool count_told(void *context, const struct store_alert *told)
{
	unsigned *count = context;

	ck_assert_str_eq(told->id, "capture-down");
	++*count;
	return true;
}

/* An interface that is down since before, of which nothing is told as somebody knows of it. */
START_TEST(blind_since_before)
{
	struct stage stage = stage_new();
	struct sink *store = open_store(&stage);
	struct record down = told(7, 1, FINDING_OPEN), leak = told(8, 2, FINDING_OPEN);
	const struct store_span later = { SAMPLE_TIME + DAY, SAMPLE_TIME + 2 * DAY };
	unsigned count = 0;

	down.finding.id = FINDING_CAPTURE_DOWN;
	down.finding.cause = CAUSE_NONE;
	sink_write(store, &down);
	sink_write(store, &leak);
	await(store, 2);
	struct store_view *view = view_of(&stage);
	ck_assert_int_eq(store_view_sensor(view, &later, count_told, &count), 1);
	ck_assert_uint_eq(count, 1);
	down.finding.state = FINDING_CLEAR;
	down.finding.cleared_by = "again";
	down.finding.record = 3;
	sink_write(store, &down);
	await(store, 3);
	ck_assert_int_eq(store_view_sensor(view, &later, count_told, &count), 0);
	store_view_close(view);
	sink_close(store);
	stage_end(&stage);
}
END_TEST

START_TEST(an_event_is_over)
{
	struct stage stage = stage_new();
	struct sink *store = open_store(&stage);
	struct record event = told(7, 1, FINDING_OPEN), leak = told(8, 2, FINDING_OPEN);

	event.finding.id = FINDING_SA_UP;
	event.finding.cause = CAUSE_NONE;
	sink_write(store, &event);
	sink_write(store, &leak);
	await(store, 2);
	struct store_view *view = view_of(&stage);
	struct listing open = alerts(view, &(struct store_filter){ .open = true, .severity = SEVERITY_INFO });
	ck_assert_uint_eq(open.count, 1);
	ck_assert_uint_eq(open.alerts[0], 8);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM alert"), 2);
	store_view_close(view);
	sink_close(store);
	stage_end(&stage);
}
END_TEST

START_TEST(keeps_what_an_engine_knew)
{
	static const char *const selected[] = { "AES_CBC_256", "HMAC_SHA2_256_128", "MODP_2048" };
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record pair = { .type = RECORD_KNOWN_PAIR, .time_ns = SAMPLE_TIME };
	struct record host = { .type = RECORD_KNOWN_HOST, .time_ns = SAMPLE_TIME };
	struct record sa = { .type = RECORD_SA, .time_ns = SAMPLE_TIME };
	struct record ike = { .type = RECORD_IKE_SA, .time_ns = SAMPLE_TIME };
	struct record mark = told(1, 1, FINDING_OPEN);
	unsigned count = 0;

	pair.known_pair =
	    (struct record_known_pair){ .a = sample_address("10.1.0.1"),
					.b = sample_address("10.2.0.2"),
					.realm = 3,
					.learned = true,
					.direction = { { .first_ns = 5, .last_ns = 77 }, { .last_ns = 0 } } };
	sink_write(sink, &pair);
	pair.known_pair.realm = 4;
	sink_write(sink, &pair);
	pair.known_pair.forgotten = true;
	sink_write(sink, &pair);
	host.known_host =
	    (struct record_known_host){ .address = pair.known_pair.a, .first_peer = pair.known_pair.b, .last_ns = 99 };
	sink_write(sink, &host);
	host.known_host.told_new = true;
	sink_write(sink, &host);
	sa.sa = (struct record_sa){ .src = pair.known_pair.a,
				    .dst = pair.known_pair.b,
				    .spi = 0xc0ffee01,
				    .protocol = 50,
				    .packets = 10,
				    .bytes = 1000,
				    .state = SA_ACTIVE };
	sink_write(sink, &sa);
	sa.sa.packets = 20;
	sink_write(sink, &sa);
	ike.ike_sa = (struct record_ike_sa){ .initiator = pair.known_pair.a,
					     .responder = pair.known_pair.b,
					     .major = 2,
					     .selected = selected,
					     .selected_count = 3 };
	sink_write(sink, &ike);
	sink_write(sink, &ike);
	sink_write(sink, &mark);
	await(sink, 1);
	struct store_view *view = view_of(&stage);
	ck_assert_int_eq(store_view_known(view, count_lines, &count), 2);
	ck_assert_uint_eq(count, 2);
	store_view_close(view);
	sink_close(sink);
	ck_assert_int_eq(ask(&stage, "SELECT realm FROM known WHERE b='10.2.0.2' AND last=77"), 3);
	ck_assert_int_eq(ask(&stage, "SELECT record LIKE '%\"told_new\":true%' FROM known WHERE b='' AND last=99"), 1);
	ck_assert_int_eq(ask(&stage, "SELECT packets FROM sa"), 20);
	ck_assert_int_eq(ask(&stage, "SELECT times FROM proposal_set WHERE "
				     "selected='AES_CBC_256/HMAC_SHA2_256_128/MODP_2048'"),
			 2);
	stage_end(&stage);
}
END_TEST

/* The file with this content is set aside with one notice, and the store works. */
static void set_aside(struct stage *stage, const char *word)
{
	struct sink *sink = open_store(stage);
	struct record record = told(1, 1, FINDING_OPEN);
	char pattern[160];
	glob_t found;

	sink_write(sink, &record);
	await(sink, 1);
	sink_tick(sink, 0);
	ck_assert_uint_eq(stage->notices, 1);
	ck_assert_msg(strstr(stage->notice, word), "%s", stage->notice);
	struct store_view *view = view_of(stage);
	ck_assert_uint_eq(alerts(view, &(struct store_filter){ .severity = SEVERITY_INFO }).count, 1);
	store_view_close(view);
	sink_close(sink);
	snprintf(pattern, sizeof(pattern), "%s.%s-*T??????", stage->path, word);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	globfree(&found);
}

static void write_file(const struct stage *stage, const char *text)
{
	size_t count = strlen(text);
	FILE *file = fopen(stage->path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, count, file), count);
	fclose(file);
}

START_TEST(sets_aside_what_is_no_database)
{
	struct stage stage = stage_new();

	write_file(&stage,
		   "this is a letter, not a database, and longer than its header would be. Indeed it is so long that");
	set_aside(&stage, "damaged");
	stage_end(&stage);
}
END_TEST

static void make(struct stage *stage, const char *sql)
{
	sqlite3 *database = NULL;

	ck_assert_int_eq(sqlite3_open(stage->path, &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

START_TEST(sets_aside_another_programs_database)
{
	struct stage stage = stage_new();

	make(&stage, "CREATE TABLE bookmarks(url TEXT); INSERT INTO bookmarks VALUES('x')");
	set_aside(&stage, "foreign");
	stage_end(&stage);
}
END_TEST

START_TEST(sets_aside_a_newer_version)
{
	struct stage stage = stage_new();

	make(&stage, "PRAGMA application_id=0x4553504c; PRAGMA user_version=99; CREATE TABLE alert(x)");
	set_aside(&stage, "newer");
	stage_end(&stage);
}
END_TEST

/* The file has room for a version below 0, which no espial writes. */
START_TEST(sets_aside_an_impossible_version)
{
	struct stage stage = stage_new();

	make(&stage, "PRAGMA application_id=0x4553504c; PRAGMA user_version=-1; CREATE TABLE alert(x)");
	set_aside(&stage, "damaged");
	stage_end(&stage);
}
END_TEST

START_TEST(sets_aside_overwritten_pages)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	char junk[4096];

	for (uint64_t i = 1; i <= 200; i++) {
		struct record record = told(i, i, FINDING_OPEN);
		sink_write(sink, &record);
	}
	await(sink, 200);
	sink_close(sink);
	memset(junk, 0xa5, sizeof(junk));
	int file = open(stage.path, O_WRONLY);
	for (off_t page = 2; page < 12; page++)
		ck_assert_int_eq(pwrite(file, junk, sizeof(junk), page * 4096), sizeof(junk));
	close(file);
	set_aside(&stage, "damaged");
	stage_end(&stage);
}
END_TEST

START_TEST(migrates_an_older_version)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record record = told(5, 1, FINDING_OPEN);

	sink_write(sink, &record);
	await(sink, 1);
	sink_close(sink);
	/* As the version before left it, which had a table of learned pairs, or as version 1 did. */
	static const char *const former[] = {
		"DROP TABLE known; CREATE TABLE learned(a TEXT NOT NULL); INSERT INTO learned VALUES('10.1.0.1');"
		"PRAGMA user_version=3",
		("DROP TABLE known; DROP TABLE proposal_set; DROP TABLE sa;"
		 "DROP TABLE look; DROP TABLE word; DROP TABLE couple; DROP TABLE traffic; DROP TABLE traffic_day;"
		 "DROP TABLE traffic_rule; DROP TABLE counted; DROP TABLE counted_at; DROP TABLE selection;"
		 "PRAGMA user_version=1"),
	};
	make(&stage, former[_i]);
	sink = open_store(&stage);
	record = told(5, 2, FINDING_CLEAR);
	sink_write(sink, &record);
	await(sink, 1);
	sink_close(sink);
	ck_assert_uint_eq(stage.notices, 0);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM history"), 2);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM known"), 0);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM sqlite_schema WHERE name='learned'"), 0);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM traffic"), 0);
	ck_assert_int_eq(ask(&stage, "PRAGMA user_version"), STORE_VERSION);
	stage_end(&stage);
}
END_TEST

START_TEST(keeps_its_size)
{
	enum { SIZE = 512 << 10 };
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct stat status;
	uint64_t number = 0;

	for (; number < 1000; number++) {
		struct record record = told(number, number + 1, number == 3 ? FINDING_OPEN : FINDING_CLEAR);
		if (number % 200 == 0)
			await(sink, number);
		sink_write(sink, &record);
	}
	await(sink, 1000);
	sink_close(sink);
	ck_assert_int_eq(stat(stage.path, &status), 0);
	ck_assert_int_gt(status.st_size, 2 * SIZE);
	sink = open_sized(&stage, SIZE);
	struct record record = told(number, number + 1, FINDING_OPEN);
	sink_write(sink, &record);
	await(sink, 1);
	sink_close(sink);
	ck_assert_int_eq(stat(stage.path, &status), 0);
	ck_assert_int_le(status.st_size, SIZE + (64 << 10));
	/* what is open stays, and so does the newest */
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM alert WHERE alert=3 AND state='open'"), 1);
	ck_assert_int_eq(ask(&stage, "SELECT max(number) FROM history"), (int64_t)number + 1);
	ck_assert_int_gt(ask(&stage, "SELECT min(number) FROM history"), 500);
	stage_end(&stage);
}
END_TEST

/* Pairs that somebody made up, and that the engine forgot without a word, do not push the history out. */
START_TEST(known_pairs_keep_their_share)
{
	enum { SIZE = 4 << 20 };
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);

	for (uint64_t i = 1; i <= 100; i++) {
		struct record record = told(i, i, FINDING_CLEAR);
		sink_write(sink, &record);
	}
	await(sink, 100);
	sink_close(sink);
	sqlite3 *database = NULL;
	ck_assert_int_eq(sqlite3_open(stage.path, &database), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(database,
			 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140000)"
			 " INSERT INTO known SELECT '10.' || i, '192.0.2.1', 0, 9000000000000000000 + i,"
			 " '{\"type\":\"known_pair\"}' || printf('%.*c', CASE WHEN i > 120000 THEN 900 ELSE 1 END, 'x')"
			 " FROM n",
			 NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(database);
	sink = open_sized(&stage, SIZE);
	struct record record = told(101, 101, FINDING_OPEN);
	sink_write(sink, &record);
	await(sink, 1);
	sink_close(sink);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM history"), 101);
	ck_assert_int_le(ask(&stage, "SELECT page_count * 4096 FROM pragma_page_count"), SIZE);
	/* The newest stay. */
	ck_assert_int_eq(ask(&stage, "SELECT max(last) - 9000000000000000000 FROM known"), 140000);
	ck_assert_int_gt(ask(&stage, "SELECT count(*) FROM known"), 1000);
	stage_end(&stage);
}
END_TEST

START_TEST(keeps_its_age)
{
	struct stage stage = stage_new();
	struct sink *sink = open_store(&stage);
	struct record old = told(1, 1, FINDING_CLEAR), open = told(2, 2, FINDING_OPEN),
		      fresh = told(3, 3, FINDING_CLEAR);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	old.time_ns = open.time_ns = (int64_t)now.tv_sec * 1000000000 - 40 * DAY;
	fresh.time_ns = (int64_t)now.tv_sec * 1000000000 - 20 * DAY;
	sink_write(sink, &old);
	sink_write(sink, &open);
	sink_write(sink, &fresh);
	await(sink, 3);
	sink_close(sink);
	struct store_settings settings = { .path = stage.path, .sensor = "edge-1", .keep_ns = 30 * DAY };
	sink = store_sink_new(&settings);
	struct record record = told(4, 4, FINDING_OPEN);
	record.time_ns = (int64_t)now.tv_sec * 1000000000;
	sink_write(sink, &record);
	await(sink, 1);
	sink_close(sink);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM alert"), 3);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM history WHERE alert=1"), 0);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM history WHERE alert=2"), 1);
	stage_end(&stage);
}
END_TEST

START_TEST(waits_for_its_folder)
{
	struct stage stage = stage_new();
	char folder[80];

	snprintf(folder, sizeof(folder), "%s/later", stage.folder);
	snprintf(stage.path, sizeof(stage.path), "%s/espial.db", folder);
	struct sink *sink = open_store(&stage);
	struct record record = told(1, 1, FINDING_OPEN);
	sink_write(sink, &record);
	pause_ms(100);
	sink_tick(sink, 0);
	ck_assert(!sink->health.up);
	ck_assert_msg(strstr(sink->health.problem, "unable to open database file: No such file"), "%s",
		      sink->health.problem);
	ck_assert_uint_eq(sink->ops->settled(sink), 0);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	await(sink, 1);
	ck_assert(sink->health.up);
	sink_close(sink);
	ck_assert_int_eq(ask(&stage, "SELECT count(*) FROM history"), 1);
	stage_end(&stage);
}
END_TEST

START_TEST(group_reads_it_whatever_the_mask)
{
	struct stage stage = stage_new();
	struct stat status;
	char beside[120];
	mode_t mask = umask(0077);
	struct sink *sink = open_store(&stage);
	struct record record = told(1, 1, FINDING_OPEN);

	sink_write(sink, &record);
	await(sink, 1);
	ck_assert_int_eq(stat(stage.path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	snprintf(beside, sizeof(beside), "%s-wal", stage.path);
	ck_assert_int_eq(stat(beside, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	umask(mask);
	sink_close(sink);
	stage_end(&stage);
}
END_TEST

START_TEST(view_refuses_with_a_sentence)
{
	struct stage stage = stage_new();
	char problem[300] = "";

	ck_assert_ptr_null(store_view_open(stage.path, problem, sizeof(problem)));
	ck_assert_msg(strstr(problem, "unable to open"), "%s", problem);
	ck_assert_int_ne(access(stage.path, F_OK), 0);
	make(&stage, "VACUUM");
	ck_assert_ptr_null(store_view_open(stage.path, problem, sizeof(problem)));
	ck_assert_msg(strstr(problem, "being made"), "%s", problem);
	make(&stage, "CREATE TABLE bookmarks(url TEXT)");
	ck_assert_ptr_null(store_view_open(stage.path, problem, sizeof(problem)));
	ck_assert_msg(strstr(problem, "not a store of espial"), "%s", problem);
	stage_end(&stage);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *cases = tcase_create("store");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, comes_back);
	tcase_add_test(cases, filters);
	tcase_add_test(cases, acknowledges);
	tcase_add_test(cases, an_event_is_over);
	tcase_add_test(cases, blind_since_before);
	tcase_add_test(cases, keeps_what_an_engine_knew);
	tcase_add_test(cases, sets_aside_what_is_no_database);
	tcase_add_test(cases, sets_aside_another_programs_database);
	tcase_add_test(cases, sets_aside_a_newer_version);
	tcase_add_test(cases, sets_aside_an_impossible_version);
	tcase_add_test(cases, sets_aside_overwritten_pages);
	tcase_add_loop_test(cases, migrates_an_older_version, 0, 2);
	tcase_add_test(cases, keeps_its_size);
	tcase_add_test(cases, known_pairs_keep_their_share);
	tcase_add_test(cases, keeps_its_age);
	tcase_add_test(cases, waits_for_its_folder);
	tcase_add_test(cases, group_reads_it_whatever_the_mask);
	tcase_add_test(cases, view_refuses_with_a_sentence);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
