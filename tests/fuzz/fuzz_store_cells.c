/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store whose file is sound, and in whose cells stands anything: what somebody wrote with a tool of SQLite's, or what an
 * espial of another time meant otherwise. It is read as a view, taken into answers about the past, those into a report and a
 * replay; looks are added and the old is pruned, and what came of that is read again. What has to hold: no text that leaves
 * for a terminal has a control character, what is written has no share above one, and of the store as it was made each line of
 * an answer is taken.
 *
 * Octet 0: settings. Then changes: table, row, column, kind, and a value by kind; see change().
 */
#include "store_reading.h"

#include "config/policy.h"
#include "daemon/control_history.h"
#include "daemon/crypto_judgement.h"
#include "daemon/replay.h"
#include "daemon/report/record_reader.h"
#include "daemon/report/snapshot.h"
#include "daemon/report/standing.h"
#include "daemon/report/store_file.h"
#include "daemon/report/store_history.h"
#include "daemon/report/store_write.h"
#include "daemon/report/utf8.h"
#include "tests/report/sample.h"

#include <sqlite3.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define BEGIN (SAMPLE_TIME / HOUR * HOUR)

enum { ALERT = 1, CELLS_MAX = 128, CHANGES_MAX = 24, LINES_MAX = 4096 };

/* ---- the store as it is made ---- */

static struct {
	unsigned char *octets; /* of the file */
	size_t size;
	unsigned cell_count;
	struct {
		char read[240], write[240]; /* ?1 row, ?2 value */
	} cells[CELLS_MAX];                 /* each column of each table */
} made;

static void run(sqlite3 *database, const char *sql)
{
	char *problem = NULL;

	if (sqlite3_exec(database, sql, NULL, NULL, &problem) == SQLITE_OK)
		return;
	fprintf(stderr, "%s: %s\n", sql, problem);
	abort();
}

static void put_records(sqlite3 *database)
{
	struct store_problem problem = { "" };
	struct store_item *items = NULL, **end = &items;

	for (uint64_t number = 1; number <= 4; number++) {
		struct record record = sample_finding();
		record.finding.alert = ALERT + number / 2;
		record.finding.record = number;
		if (number == 3)
			record.finding.id = FINDING_CAPTURE_DOWN;
		if (number == 3)
			record.finding.subject = SUBJECT_SENSOR;
		if (number == 4) {
			record.finding.state = FINDING_CLEAR;
			record.finding.cleared_by = "quiet";
		}
		*end = store_item_new(&record, "edge-1");
		DEMAND(*end != NULL);
		end = &(*end)->next;
	}
	const char *selected[] = { "AES_CBC_256", "HMAC_SHA2_256_128", "MODP_2048" };
	struct record records[3] = { { .type = RECORD_KNOWN_PAIR, .time_ns = BEGIN },
				     { .type = RECORD_KNOWN_HOST, .time_ns = BEGIN },
				     { .type = RECORD_IKE_SA, .time_ns = BEGIN } };
	records[0].known_pair.a = records[1].known_host.address = sample_address("10.1.0.1");
	records[0].known_pair.b = records[1].known_host.first_peer = sample_address("10.2.0.2");
	records[0].known_pair.direction[0].last_ns = records[1].known_host.last_ns = BEGIN;
	records[2].ike_sa = (struct record_ike_sa){ .initiator = sample_address("10.1.0.1"),
						    .responder = sample_address("10.2.0.2"),
						    .major = 2,
						    .outcome = IKE_OUTCOME_ESTABLISHED,
						    .selected = selected,
						    .selected_count = 3 };
	for (unsigned i = 0; i < 3; i++) {
		*end = store_item_new(&records[i], "edge-1");
		DEMAND(*end != NULL);
		end = &(*end)->next;
	}
	DEMAND(store_write_items(database, items, &problem) == STORE_WRITTEN);
	while (items) {
		struct store_item *next = items->next;
		free(items->record);
		free(items);
		items = next;
	}
	run(database, "INSERT INTO acknowledgement VALUES(1, 1795300000000000000, 'root', 1795293000000000000)");
}

/* What an engine counted by then: `frames` of them. */
static const struct snapshot *look_at(int64_t engine_ns, int64_t time_ns, uint64_t frames)
{
	static const char *const selected[] = { "AES_CBC_256", "HMAC_SHA2_256_128", "MODP_2048" };
	static const char *const carries[] = { "branch", "labs" };
	struct snapshot_builder *builder = snapshot_builder_new();
	struct record record = { .type = RECORD_SUMMARY, .time_ns = time_ns };
	struct record_interface interface = { "eth1", true, frames, frames / 10, 1 };
	struct record_protocol protocols[] = { { "HTTP", frames, frames * 100, 6, 80 }, { "DNS", 1, 100, 17, 53 } };

	DEMAND(builder != NULL);
	record.summary = (struct record_summary){ .packets = frames, .bytes = frames * 100 };
	snapshot_builder_add(builder, &record, "edge-1");
	record = (struct record){ .type = RECORD_HEALTH, .time_ns = time_ns };
	record.health = (struct record_health){
		.version = "1", .started_ns = engine_ns, .interfaces = &interface, .interface_count = 1
	};
	snapshot_builder_add(builder, &record, "edge-1");
	for (unsigned i = 0; i < 3; i++) {
		record = (struct record){ .type = RECORD_PAIR, .time_ns = time_ns };
		record.pair = (struct record_pair){
			.a = sample_address("10.1.0.1"),
			.b = sample_address(i == 0   ? "10.2.0.2"
					    : i == 1 ? "10.2.0.3"
						     : "2001:db8::2"),
			.verdict = i ? PAIR_MIXED : PAIR_SECURED,
			.rule = i < 2 ? "hq" : NULL,
			.carries = carries,
			.carries_count = i ? 0 : 2,
			.esp_packets = frames,
			.esp_bytes = frames * 100,
			.offending_packets = i,
			.offending_bytes = i * 100,
			.cleartext = protocols,
			.cleartext_count = 2,
			.rekey_interval_median = -1,
		};
		snapshot_builder_add(builder, &record, "edge-1");
	}
	record = (struct record){ .type = RECORD_IKE_SA, .time_ns = time_ns };
	record.ike_sa = (struct record_ike_sa){ .initiator = sample_address("10.1.0.1"),
						.responder = sample_address("10.2.0.2"),
						.roles_known = true,
						.ispi = 7,
						.rspi = 8,
						.major = 2,
						.outcome = IKE_OUTCOME_ESTABLISHED,
						.selected = selected,
						.selected_count = 3 };
	snapshot_builder_add(builder, &record, "edge-1");
	const struct snapshot_surroundings surroundings = { .time_ns = time_ns };
	const struct snapshot *look = snapshot_builder_finish(builder, &surroundings);
	DEMAND(look != NULL);
	return look;
}

static void put_looks(sqlite3 *database)
{
	for (unsigned i = 0; i < 4; i++) {
		int64_t engine_ns = i < 2 ? BEGIN : BEGIN + DAY;
		const struct snapshot *look = look_at(engine_ns, engine_ns + (1 + i) * 600 * SECOND, 10 + i);
		DEMAND(store_history_write(database, look) == SQLITE_OK);
		snapshot_let_go(look);
	}
	run(database,
	    "INSERT OR REPLACE INTO traffic_day SELECT 20777, couple, rule, what, packets, bytes FROM traffic");
}

/* Without what the tables demand of their cells, and without a log beside the file. */
static void make_loose(sqlite3 *database)
{
	run(database, "PRAGMA journal_mode=DELETE; PRAGMA writable_schema=1;"
		      "UPDATE sqlite_schema SET sql = replace(replace(sql, ' NOT NULL', ''), ' CHECK(only = 1)', '')"
		      " WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%';"
		      "PRAGMA writable_schema=0; PRAGMA application_id=0x4553504c; VACUUM");
}

static void list_cells(sqlite3 *database)
{
	sqlite3_stmt *statement;

	/* A row of a table without row numbers is found by its key. */
	DEMAND(sqlite3_prepare_v2(
		   database,
		   "SELECT s.name, c.name, CASE WHEN s.sql LIKE '%WITHOUT ROWID%' THEN"
		   " (SELECT group_concat(k.name, ',') FROM pragma_table_info(s.name) k WHERE k.pk) ELSE 'rowid' END"
		   " FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' ORDER BY 1, c.cid",
		   -1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(statement, 0);
		const char *column = (const char *)sqlite3_column_text(statement, 1);
		const char *key = (const char *)sqlite3_column_text(statement, 2);
		DEMAND(made.cell_count < CELLS_MAX);
		char *read = made.cells[made.cell_count].read, *write = made.cells[made.cell_count].write;
		size_t size = sizeof(made.cells[0].read);
		DEMAND((size_t)snprintf(read, size, "SELECT \"%s\" FROM \"%s\" LIMIT 1 OFFSET ?1", column, table) <
			   size &&
		       (size_t)snprintf(write, size,
					"UPDATE OR IGNORE \"%s\" SET \"%s\" = ?2 WHERE (%s) = (SELECT %s FROM \"%s\" "
					"LIMIT 1 OFFSET ?1)",
					table, column, key, key, table) < size);
		made.cell_count++;
	}
	sqlite3_finalize(statement);
}

static void make_store(void)
{
	struct store_problem problem = { "" };
	sqlite3 *database = NULL;

	store_put((const uint8_t *)"", 0);
	DEMAND(store_file_open(store_path, &database, &problem) == STORE_FILE_READY);
	put_records(database);
	put_looks(database);
	list_cells(database);
	sqlite3_close(database);
	/* Opened anew, without what keeps the schema from being written. */
	DEMAND(sqlite3_open(store_path, &database) == SQLITE_OK);
	make_loose(database);
	sqlite3_close(database);
	FILE *file = fopen(store_path, "rb");
	DEMAND(file != NULL && fseek(file, 0, SEEK_END) == 0);
	made.size = (size_t)ftell(file);
	made.octets = malloc(made.size);
	rewind(file);
	DEMAND(made.octets && fread(made.octets, 1, made.size, file) == made.size);
	fclose(file);
}

/* ---- what is changed ---- */

struct input {
	const uint8_t *data;
	size_t left;
};

static uint64_t take(struct input *input, unsigned octets)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < octets && input->left; i++, input->left--)
		value = value << 8 | *input->data++;
	return value;
}

static const uint8_t *take_octets(struct input *input, size_t *count)
{
	const uint8_t *octets = input->data;

	*count = (size_t)take(input, 1);
	if (input->left < *count)
		*count = input->left;
	octets = input->data;
	input->data += *count;
	input->left -= *count;
	return octets;
}

/* The text that is there with one octet changed, or cut. */
static void bind_edited(sqlite3 *database, unsigned cell, unsigned row, struct input *input, sqlite3_stmt *write,
			bool cut)
{
	sqlite3_stmt *read;
	size_t at = (size_t)take(input, 2);
	uint8_t octet = (uint8_t)take(input, 1);

	DEMAND(sqlite3_prepare_v2(database, made.cells[cell].read, -1, &read, NULL) == SQLITE_OK);
	sqlite3_bind_int(read, 1, (int)row);
	if (sqlite3_step(read) == SQLITE_ROW && sqlite3_column_bytes(read, 0) > 0) {
		size_t length = (size_t)sqlite3_column_bytes(read, 0);
		char *text = malloc(length);
		DEMAND(text != NULL);
		memcpy(text, sqlite3_column_text(read, 0), length);
		text[at % length] = (char)octet;
		sqlite3_bind_text(write, 2, text, (int)(cut ? at % length : length), free);
	}
	sqlite3_finalize(read);
}

static void change(sqlite3 *database, struct input *input)
{
	static const int64_t extremes[] = {
		INT64_MIN,   INT64_MIN + 1,  -1, 0, 1, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MAX / 2,
		BEGIN - DAY, BEGIN + 2 * DAY
	};
	unsigned cell = (unsigned)take(input, 1) % made.cell_count, row = (unsigned)take(input, 1) % 16;
	unsigned kind = (unsigned)take(input, 1) % 9;
	sqlite3_stmt *write;
	size_t count;
	double real;

	DEMAND(sqlite3_prepare_v2(database, made.cells[cell].write, -1, &write, NULL) == SQLITE_OK);
	sqlite3_bind_int(write, 1, (int)row);
	switch (kind) {
	case 0:
		sqlite3_bind_null(write, 2);
		break;
	case 1:
		sqlite3_bind_int(write, 2, (int8_t)take(input, 1));
		break;
	case 2:
		sqlite3_bind_int64(write, 2, (int64_t)take(input, 8));
		break;
	case 3: {
		uint64_t bits = take(input, 8);
		memcpy(&real, &bits, sizeof(real));
		sqlite3_bind_double(write, 2, real);
		break;
	}
	case 4:
	case 5: {
		const uint8_t *octets = take_octets(input, &count);
		if (kind == 4)
			sqlite3_bind_text(write, 2, (const char *)octets, (int)count, SQLITE_STATIC);
		else
			sqlite3_bind_blob(write, 2, octets, (int)count, SQLITE_STATIC);
		break;
	}
	case 6:
		sqlite3_bind_int64(write, 2, extremes[take(input, 1) % (sizeof(extremes) / sizeof(extremes[0]))]);
		break;
	default:
		bind_edited(database, cell, row, input, write, kind == 8);
		break;
	}
	sqlite3_step(write); /* a key that is there already stays */
	sqlite3_finalize(write);
}

static void change_cells(struct input *input)
{
	sqlite3 *database = NULL;

	DEMAND(sqlite3_open(store_path, &database) == SQLITE_OK);
	run(database, "PRAGMA synchronous=OFF; BEGIN");
	for (unsigned i = 0; i < CHANGES_MAX && input->left > 3; i++)
		change(database, input);
	run(database, "COMMIT");
	sqlite3_close(database);
}

/* ---- what comes of it ---- */

struct reading {
	struct period_reader *period;
	struct replay *replay;
	unsigned lines, refused;
};

static bool take_line(void *context, char *line)
{
	struct reading *reading = context;
	size_t length = strlen(line);

	DEMAND(length > 0 && !memchr(line, '\n', length - 1));
	/* A line of the one is none of the other: `report_...` and `traffic`. */
	bool taken = reading->period && period_reader_line(reading->period, line, length);
	taken |= reading->replay && replay_line(reading->replay, line, length);
	reading->refused += !taken;
	free(line);
	return ++reading->lines < LINES_MAX;
}

/* What a terminal or a browser gets, has no control characters and is UTF-8. */
static void check_text(const char *text, size_t length, bool lines)
{
	for (const char *at = text, *end = text + length; at < end;) {
		uint32_t code = utf8_next(&at, end);
		DEMAND(code == '\n' || (code == '\r' && lines) || !utf8_is_control(code));
	}
}

static void write_period(const struct period *period, const struct period_judge *judge)
{
	char *text = NULL;
	size_t length = 0;

	for (unsigned form = 0; form < 3; form++) {
		FILE *file = open_memstream(&text, &length);
		DEMAND(file != NULL);
		const struct page page = { file, 80, false, true };
		if (form == 0)
			period_write_text(period, judge, &page);
		else if (form == 1)
			period_write_html(period, judge, file);
		else
			period_write_csv(period, judge, file);
		fclose(file);
		check_text(text, length, form == 2);
		free(text);
	}
	struct period_volumes total = period_total(period);
	double share;
	DEMAND(!period_share(&total, &share) || (share >= 0 && share <= 1));
}

/* The number of lines that were refused. */
static unsigned read_answers(const struct policy *policy, const char *rule)
{
	struct crypto_judgement *judgement = crypto_judgement_new();
	struct period_judge judge = crypto_judgement_judge(judgement);
	struct reading reading = { period_reader_new(&judge), NULL, 0, 0 }, past = { NULL, replay_new(policy), 0, 0 };
	struct control_history request = { .store = store_path,
					   .sensor = "edge-1",
					   .since_ns = BEGIN - 30 * DAY,
					   .now_ns = BEGIN + 3 * DAY,
					   .rule = rule,
					   .day = BEGIN / DAY,
					   .put = take_line };
	char problem[240] = "";
	size_t rows;

	DEMAND(judgement && reading.period && past.replay);
	request.context = &reading;
	DEMAND(control_history_report(&request, problem, sizeof(problem)) || problem[0]);
	const struct period *period = period_reader_finish(reading.period);
	if (period->complete)
		write_period(period, &judge);
	request.context = &past;
	DEMAND(control_history_day(&request, problem, sizeof(problem)) || problem[0]);
	DEMAND(replay_rows(past.replay, &rows) != NULL);
	period_reader_free(reading.period);
	replay_free(past.replay);
	crypto_judgement_free(judgement);
	return reading.refused + past.refused;
}

/* As the reporter does when it starts: what stands, and what an engine is to know. */
struct recalling {
	struct standing *standing;
	struct record_reader reader;
	unsigned count;
};

static bool recall_line(void *context, const char *line)
{
	struct recalling *recalling = context;
	struct record record;

	if (record_from_json(line, strlen(line), &recalling->reader, &record))
		standing_take(recalling->standing, &record, line, strlen(line), 0);
	return ++recalling->count < STORE_HANDED_MAX;
}

static bool recall_alert(void *context, const struct store_alert *alert)
{
	struct recalling *recalling = context;

	standing_opened(recalling->standing, alert->alert, alert->opened_ns);
	standing_acknowledge(recalling->standing, alert->alert, alert->acknowledged_until_ns);
	return recall_line(context, alert->record);
}

static void recall(void)
{
	struct store_filter open = { .open = true, .severity = SEVERITY_INFO, .limit = STANDING_ALERTS_MAX };
	struct recalling recalling = { .standing = standing_new() };
	char problem[240] = "";
	struct store_view *view = store_view_open(store_path, problem, sizeof(problem));

	DEMAND(view && recalling.standing);
	store_view_alerts(view, &open, recall_alert, &recalling);
	store_view_known(view, recall_line, &recalling);
	standing_recalled(recalling.standing);
	standing_until(recalling.standing);
	store_view_close(view);
	record_reader_clear(&recalling.reader);
	standing_free(recalling.standing);
}

/* What the writing thread does: looks go on, and what is old is forgotten. */
static void go_on(unsigned settings)
{
	struct store_problem problem = { "" };
	struct sqlite3 *database = NULL;

	if (store_file_open(store_path, &database, &problem) != STORE_FILE_READY) {
		DEMAND(problem.text[0] && memchr(problem.text, '\0', sizeof(problem.text)));
		return;
	}
	run(database, "PRAGMA synchronous=OFF");
	store_write_position(database);
	int64_t engine_ns = settings & 1 ? BEGIN + DAY : BEGIN + 2 * DAY;
	const struct snapshot *look = look_at(engine_ns, BEGIN + 2 * DAY + HOUR, settings & 2 ? 5 : 500);
	store_history_write(database, look);
	snapshot_let_go(look);
	if (settings & 4)
		store_history_prune(database, BEGIN - DAY, BEGIN + 40 * DAY);
	if (settings & 8)
		store_write_prune(database, BEGIN + DAY, settings & 16 ? 4096 : 0);
	if (settings & 32)
		store_history_forget_oldest(database);
	store_write_close(database);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned settings = (unsigned)take(&input, 1);
	struct policy policy;

	if (!made.octets)
		make_store();
	policy_init(&policy);
	DEMAND(policy_seal(&policy));
	store_put(made.octets, made.size);
	change_cells(&input);
	unsigned refused = read_answers(&policy, settings & 64 ? "hq" : "");
	DEMAND(size > 1 || refused == 0);
	recall();
	go_on(settings);
	if (store_read(ALERT, BEGIN / DAY) && settings & 128)
		read_answers(&policy, "");
	policy_clear(&policy);
	store_remove();
	return 0;
}
