/* SPDX-License-Identifier: Apache-2.0 */
/* See store_history.h. */
#include "store_history.h"

#include "ip_service.h"
#include "snapshot.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR (3600 * INT64_C(1000000000))
#define DAY (24 * HOUR)

enum { WHATS_MAX = 64, TEXT_SIZE = 256, CARRIES_SIZE = 1024 };

/* `hour` and `day` count from the epoch. `what` is a protocol's name and, behind a tab, its service; or one of the words above. */
const char store_history_schema[] =
    "CREATE TABLE look("
    " time INTEGER PRIMARY KEY, engine INTEGER NOT NULL," /* nanoseconds since the epoch; when the engine began */
    " packets INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped INTEGER NOT NULL," /* since then */
    " interfaces INTEGER NOT NULL, up INTEGER NOT NULL,"
    " beyond_pairs INTEGER NOT NULL, beyond_bytes INTEGER NOT NULL);" /* that have no rows of their own */
    "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE couple("
    " id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, last INTEGER NOT NULL, UNIQUE(a, b));" /* last hour */
    "CREATE TABLE traffic("
    " hour INTEGER NOT NULL, couple INTEGER NOT NULL, rule INTEGER NOT NULL, what INTEGER NOT NULL,"
    " packets INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(hour, couple, rule, what)) WITHOUT ROWID;"
    "CREATE TABLE traffic_day("
    " day INTEGER NOT NULL, couple INTEGER NOT NULL, rule INTEGER NOT NULL, what INTEGER NOT NULL,"
    " packets INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(day, couple, rule, what)) WITHOUT ROWID;"
    "CREATE TABLE traffic_rule("
    " hour INTEGER NOT NULL, rule INTEGER NOT NULL, what INTEGER NOT NULL,"
    " packets INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(hour, rule, what)) WITHOUT ROWID;"
    "CREATE TABLE counted("
    " couple INTEGER NOT NULL, what INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY(couple, what)) WITHOUT ROWID;"
    "CREATE TABLE counted_at("
    " only INTEGER PRIMARY KEY CHECK(only = 1), engine INTEGER NOT NULL, time INTEGER NOT NULL, packets INTEGER NOT "
    "NULL);"
    "INSERT INTO counted_at VALUES(1, 0, 0, 0);"
    "CREATE TABLE selection("
    " initiator TEXT NOT NULL, responder TEXT NOT NULL, version INTEGER NOT NULL, selected TEXT NOT NULL,"
    " rule TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY(initiator, responder, version, selected)) WITHOUT ROWID;";

enum statement {
	WORD_FIND,
	WORD_ADD,
	COUPLE_FIND,
	COUPLE_ADD,
	COUPLE_LAST,
	KNOWN,
	BASE,
	BASE_SET,
	TRAFFIC,
	TRAFFIC_RULE,
	SELECTION,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[WORD_FIND] = "SELECT id FROM word WHERE text=?1",
	[WORD_ADD] = "INSERT INTO word(text) VALUES(?1)",
	[COUPLE_FIND] = "SELECT id FROM couple WHERE a=?1 AND b=?2",
	[COUPLE_ADD] = "INSERT INTO couple(a, b, last) VALUES(?1, ?2, ?3)",
	[COUPLE_LAST] = "UPDATE couple SET last=?2 WHERE id=?1 AND last < ?2",
	[KNOWN] = "SELECT 1 FROM counted WHERE couple=?1 LIMIT 1",
	[BASE] = "SELECT packets, bytes FROM counted WHERE couple=?1 AND what=?2",
	[BASE_SET] = "INSERT OR REPLACE INTO counted(couple, what, packets, bytes) VALUES(?1, ?2, ?3, ?4)",
	[TRAFFIC] = "INSERT INTO traffic(hour, couple, rule, what, packets, bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
		    " ON CONFLICT DO UPDATE SET packets=packets + excluded.packets, bytes=bytes + excluded.bytes",
	[TRAFFIC_RULE] = "INSERT INTO traffic_rule(hour, rule, what, packets, bytes) VALUES(?1, ?3, ?4, ?5, ?6)"
			 " ON CONFLICT DO UPDATE SET packets=packets + excluded.packets, bytes=bytes + excluded.bytes",
	[SELECTION] = "INSERT INTO selection(initiator, responder, version, selected, rule, first, last)"
		      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6)"
		      " ON CONFLICT DO UPDATE SET last=max(last, excluded.last), rule=excluded.rule",
};

struct writing {
	sqlite3 *database;
	sqlite3_stmt *statements[STATEMENTS];
	int code; /* SQLITE_OK so far; the first failure sticks */
	int64_t hour, before_ns;
	int64_t words[4];       /* of the constant ones; 0: not asked for yet */
	unsigned pairs, others; /* that have rows */
	uint64_t beyond_pairs, beyond_bytes;
};

static sqlite3_stmt *begin(struct writing *writing, enum statement which)
{
	sqlite3_stmt **statement = &writing->statements[which];

	if (writing->code == SQLITE_OK && !*statement)
		writing->code = sqlite3_prepare_v2(writing->database, texts[which], -1, statement, NULL);
	if (writing->code != SQLITE_OK)
		return NULL;
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
	return *statement;
}

static void end(struct writing *writing, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code != SQLITE_DONE)
		writing->code = code;
	/* A statement that is not reset keeps its hold on the texts that it was given. */
	sqlite3_reset(statement);
}

/* Whether there is a row: its columns can be read until the statement is begun again. */
static bool found(struct writing *writing, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		writing->code = code;
	return code == SQLITE_ROW;
}

static int64_t number_of(struct writing *writing, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;

	if (writing->code == SQLITE_OK)
		writing->code = sqlite3_prepare_v2(writing->database, sql, -1, &statement, NULL);
	if (writing->code == SQLITE_OK && found(writing, statement))
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static int64_t word_of(struct writing *writing, const char *text)
{
	sqlite3_stmt *statement = begin(writing, WORD_FIND);

	if (!statement)
		return 0;
	store_file_bind(statement, 1, text);
	if (found(writing, statement))
		return sqlite3_column_int64(statement, 0);
	statement = begin(writing, WORD_ADD);
	if (!statement)
		return 0;
	store_file_bind(statement, 1, text);
	end(writing, statement);
	return sqlite3_last_insert_rowid(writing->database);
}

/* ---- what a pair has ---- */

enum constant { ESP, INTEGRITY, OFFENDING, CLEAR };

static int64_t constant_word(struct writing *writing, enum constant which)
{
	static const char *const names[] = { HISTORY_ESP, HISTORY_INTEGRITY, HISTORY_OFFENDING, HISTORY_CLEAR };

	if (!writing->words[which])
		writing->words[which] = word_of(writing, names[which]);
	return writing->words[which];
}

/* A counter of a pair, as the engine has it. */
struct counter {
	int64_t key;  /* word by which it is known again */
	int64_t what; /* word under which it is kept; 0: for the rule alone */
	int64_t rule;
	uint64_t packets, bytes;
	bool of_rule; /* it is added to the rule's too */
};

struct counters {
	struct counter list[WHATS_MAX];
	size_t count;
};

static void count(struct counters *counters, const struct counter *counter)
{
	size_t i = 0;

	while (i < counters->count && counters->list[i].key != counter->key)
		i++;
	if (i == WHATS_MAX)
		return;
	if (i == counters->count)
		counters->list[counters->count++] =
		    (struct counter){ counter->key, counter->what, counter->rule, 0, 0, counter->of_rule };
	counters->list[i].packets += counter->packets;
	counters->list[i].bytes += counter->bytes;
}

/* The rules whose traffic is in a pair's ESP: those that it carries as gateways, or its own. */
static const char *rule_of_esp(const struct record_pair *pair, char text[CARRIES_SIZE])
{
	size_t used = 0;

	if (!pair->carries_count)
		return pair->rule ? pair->rule : "";
	text[0] = '\0';
	for (size_t i = 0; i < pair->carries_count && used < CARRIES_SIZE; i++)
		used += (size_t)snprintf(text + used, CARRIES_SIZE - used, "%s%s", i ? "\t" : "", pair->carries[i]);
	return text;
}

static void count_pair(struct writing *writing, const struct record_pair *pair, struct counters *counters)
{
	char rules[CARRIES_SIZE], text[TEXT_SIZE];
	int64_t rule = word_of(writing, pair->rule ? pair->rule : "");
	/* Clear text that has an ESP header is no more than that. */
	bool readable = pair->verdict == PAIR_INTEGRITY_ONLY || pair->verdict == PAIR_CLEARTEXT;
	enum constant secured = readable ? INTEGRITY : ESP;
	struct counter clear = { constant_word(writing, CLEAR), 0, rule, 0, 0, true };

	if (pair->esp_packets)
		/* One counter of the engine, whatever the verdict is by now: it must not begin anew with another verdict. */
		count(counters, &(struct counter){ constant_word(writing, ESP), constant_word(writing, secured),
						   word_of(writing, rule_of_esp(pair, rules)), pair->esp_packets,
						   pair->esp_bytes, true });
	if (pair->offending_packets)
		count(counters, &(struct counter){ constant_word(writing, OFFENDING), constant_word(writing, OFFENDING),
						   rule, pair->offending_packets, pair->offending_bytes, true });
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		const struct record_protocol *protocol = &pair->cleartext[i];
		const char *name = protocol->name ? protocol->name : "unknown";
		struct ip_service_text service;
		const char *over = ip_service_text(protocol->ip_protocol, protocol->port, &service);
		snprintf(text, sizeof(text), "%.200s%s%s", name, over ? "\t" : "", over ? over : "");
		count(counters, &(struct counter){ word_of(writing, name), word_of(writing, text), rule,
						   protocol->packets, protocol->bytes, false });
		clear.packets += protocol->packets;
		clear.bytes += protocol->bytes;
	}
	if (clear.packets)
		count(counters, &clear);
}

/* ---- what was added ---- */

static void bind_volume(sqlite3_stmt *statement, int at, uint64_t packets, uint64_t bytes)
{
	sqlite3_bind_int64(statement, at, (int64_t)(packets & INT64_MAX));
	sqlite3_bind_int64(statement, at + 1, (int64_t)(bytes & INT64_MAX));
}

static void put_traffic(struct writing *writing, enum statement table, int64_t couple, const struct counter *added)
{
	sqlite3_stmt *statement = begin(writing, table);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, writing->hour);
	if (table == TRAFFIC)
		sqlite3_bind_int64(statement, 2, couple);
	sqlite3_bind_int64(statement, 3, added->rule);
	sqlite3_bind_int64(statement, 4, added->what ? added->what : added->key);
	bind_volume(statement, 5, added->packets, added->bytes);
	end(writing, statement);
}

/* Puts what a counter gained since the look before; less than before is a counter that began anew. */
static void put_counter(struct writing *writing, int64_t couple, const struct counter *counter)
{
	sqlite3_stmt *statement = begin(writing, BASE);
	uint64_t packets = 0, bytes = 0;

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, couple);
	sqlite3_bind_int64(statement, 2, counter->key);
	bool known = found(writing, statement);
	if (known) {
		packets = (uint64_t)sqlite3_column_int64(statement, 0);
		bytes = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	if (known && counter->packets == packets && counter->bytes == bytes)
		return;
	struct counter added = *counter;
	if (counter->packets >= packets && counter->bytes >= bytes) {
		added.packets -= packets;
		added.bytes -= bytes;
	}
	statement = begin(writing, BASE_SET);
	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, couple);
	sqlite3_bind_int64(statement, 2, counter->key);
	bind_volume(statement, 3, counter->packets, counter->bytes);
	end(writing, statement);
	if (counter->of_rule)
		put_traffic(writing, TRAFFIC_RULE, couple, &added);
	if (counter->what)
		put_traffic(writing, TRAFFIC, couple, &added);
}

static bool is_of_ipsec(const struct record_pair *pair)
{
	return pair->rule || pair->carries_count || pair->esp_packets || pair->verdict == PAIR_NEGOTIATING ||
	       pair->verdict == PAIR_INTEGRITY_ONLY;
}

static int64_t couple_of(struct writing *writing, const struct record_pair *pair, bool add)
{
	sqlite3_stmt *statement = begin(writing, COUPLE_FIND);
	struct address_text a, b;
	int64_t couple = 0;

	if (!statement)
		return 0;
	store_file_bind(statement, 1, address_text(&pair->a, &a));
	store_file_bind(statement, 2, address_text(&pair->b, &b));
	if (found(writing, statement))
		couple = sqlite3_column_int64(statement, 0);
	if (couple || !add || !(statement = begin(writing, COUPLE_ADD)))
		return couple;
	store_file_bind(statement, 1, a.text);
	store_file_bind(statement, 2, b.text);
	sqlite3_bind_int64(statement, 3, writing->hour);
	end(writing, statement);
	return sqlite3_last_insert_rowid(writing->database);
}

static bool is_known(struct writing *writing, int64_t couple)
{
	sqlite3_stmt *statement = couple ? begin(writing, KNOWN) : NULL;

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, couple);
	return found(writing, statement);
}

static void touch_couple(struct writing *writing, int64_t couple)
{
	sqlite3_stmt *statement = begin(writing, COUPLE_LAST);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, couple);
	sqlite3_bind_int64(statement, 2, writing->hour);
	end(writing, statement);
}

/* One pair, which is several rows of the snapshot where realms have the same addresses. */
static void put_pair(struct writing *writing, const struct snapshot_pair *rows, size_t row_count, bool of_ipsec)
{
	struct counters counters = { .count = 0 };
	int64_t couple = couple_of(writing, &rows[0].pair, false);
	bool room = of_ipsec ? writing->pairs < HISTORY_PAIRS
			     : writing->pairs < HISTORY_PAIRS && writing->others < HISTORY_OTHERS;

	for (size_t i = 0; i < row_count; i++)
		count_pair(writing, &rows[i].pair, &counters);
	if (!counters.count)
		return;
	if (!room && !is_known(writing, couple)) {
		writing->beyond_pairs++;
		for (size_t i = 0; i < row_count; i++) {
			writing->beyond_bytes += rows[i].pair.esp_bytes;
			for (size_t k = 0; k < rows[i].pair.cleartext_count; k++)
				writing->beyond_bytes += rows[i].pair.cleartext[k].bytes;
		}
		return;
	}
	writing->pairs++;
	writing->others += !of_ipsec;
	if (!couple)
		couple = couple_of(writing, &rows[0].pair, true);
	for (size_t i = 0; i < counters.count; i++)
		put_counter(writing, couple, &counters.list[i]);
	touch_couple(writing, couple);
}

/* Those with IPsec or a rule first: they have the better claim to room. */
static void put_pairs(struct writing *writing, const struct snapshot *look)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0, next; i < look->pair_count && writing->code == SQLITE_OK; i = next) {
			bool of_ipsec = is_of_ipsec(&look->pairs[i].pair);
			for (next = i + 1; next < look->pair_count &&
					   address_equal(&look->pairs[next].pair.a, &look->pairs[i].pair.a) &&
					   address_equal(&look->pairs[next].pair.b, &look->pairs[i].pair.b);
			     next++)
				of_ipsec |= is_of_ipsec(&look->pairs[next].pair);
			if (of_ipsec == (pass == 0))
				put_pair(writing, &look->pairs[i], next - i, of_ipsec);
		}
	}
}

/* ---- what IKE selected ---- */

static void put_selection(struct writing *writing, const struct snapshot *look, const struct snapshot_ike_sa *row)
{
	const struct record_ike_sa *ike = &row->ike_sa;
	char selected[2 * TEXT_SIZE] = "", rules[CARRIES_SIZE];
	struct address_text initiator, responder;
	const struct snapshot_pair *pair = snapshot_find_pair(look, &ike->initiator, &ike->responder);
	size_t used = 0;

	for (size_t i = 0; i < ike->selected_count && used < sizeof(selected); i++)
		used +=
		    (size_t)snprintf(selected + used, sizeof(selected) - used, "%s%s", i ? "/" : "", ike->selected[i]);
	sqlite3_stmt *statement = begin(writing, SELECTION);
	if (!statement)
		return;
	store_file_bind(statement, 1, address_text(&ike->initiator, &initiator));
	store_file_bind(statement, 2, address_text(&ike->responder, &responder));
	sqlite3_bind_int(statement, 3, ike->major);
	store_file_bind(statement, 4, selected);
	store_file_bind(statement, 5, pair ? rule_of_esp(&pair->pair, rules) : "");
	sqlite3_bind_int64(statement, 6, row->last_ns);
	end(writing, statement);
}

static void put_selections(struct writing *writing, const struct snapshot *look)
{
	int64_t room = HISTORY_SELECTIONS - number_of(writing, "SELECT count(*) FROM selection");

	for (size_t i = look->ike_sa_count; i-- > 0 && room > 0 && writing->code == SQLITE_OK;) {
		if (look->ike_sas[i].ike_sa.selected_count == 0 || look->ike_sas[i].last_ns < writing->before_ns)
			continue;
		put_selection(writing, look, &look->ike_sas[i]);
		room--;
	}
}

/* ---- a look ---- */

static void put_look(struct writing *writing, const struct snapshot *look)
{
	static const char text[] = "INSERT OR REPLACE INTO look(time, engine, packets, bytes, dropped, interfaces, up,"
				   " beyond_pairs, beyond_bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
	sqlite3_stmt *statement = NULL;
	uint64_t dropped = 0;
	int up = 0;

	for (size_t i = 0; i < look->interface_count; i++) {
		dropped += look->interfaces[i].interface.dropped + look->interfaces[i].interface.interface_dropped;
		up += look->interfaces[i].interface.up;
	}
	if (writing->code == SQLITE_OK)
		writing->code = sqlite3_prepare_v2(writing->database, text, -1, &statement, NULL);
	if (writing->code != SQLITE_OK)
		return;
	sqlite3_bind_int64(statement, 1, look->time_ns);
	sqlite3_bind_int64(statement, 2, look->started_ns);
	bind_volume(statement, 3, look->summary.packets, look->summary.bytes);
	sqlite3_bind_int64(statement, 5, (int64_t)(dropped & INT64_MAX));
	sqlite3_bind_int64(statement, 6, (int64_t)look->interface_count);
	sqlite3_bind_int(statement, 7, up);
	bind_volume(statement, 8, writing->beyond_pairs, writing->beyond_bytes);
	end(writing, statement);
	sqlite3_finalize(statement);
}

static void run(struct writing *writing, const char *sql)
{
	if (writing->code == SQLITE_OK)
		writing->code = sqlite3_exec(writing->database, sql, NULL, NULL, NULL);
}

/* Notes whose counters the file has from now on. False if they are older than those that it has. Frames tell that: clocks may
 * be set. */
static bool turn_to(struct writing *writing, const struct snapshot *look)
{
	bool same = number_of(writing, "SELECT engine FROM counted_at") == look->started_ns;
	int64_t packets = (int64_t)(look->summary.packets & INT64_MAX);
	char text[192];

	if (same && packets < number_of(writing, "SELECT packets FROM counted_at"))
		return false;
	writing->before_ns = same ? number_of(writing, "SELECT time FROM counted_at") : look->started_ns;
	if (writing->before_ns > look->time_ns)
		writing->before_ns = look->time_ns;
	if (!same)
		run(writing, "DELETE FROM counted");
	snprintf(text, sizeof(text), "UPDATE counted_at SET engine=%lld, time=%lld, packets=%lld",
		 (long long)look->started_ns, (long long)look->time_ns, (long long)packets);
	run(writing, text);
	/* What was added between two looks belongs to the hour of its middle. */
	writing->hour = (writing->before_ns + (look->time_ns - writing->before_ns) / 2) / HOUR;
	return true;
}

int store_history_write(sqlite3 *database, const struct snapshot *look)
{
	struct writing writing = { .database = database };

	run(&writing, "BEGIN IMMEDIATE");
	if (turn_to(&writing, look)) {
		put_pairs(&writing, look);
		put_selections(&writing, look);
		put_look(&writing, look);
	}
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(writing.statements[i]);
	run(&writing, "COMMIT");
	if (writing.code != SQLITE_OK)
		sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	return writing.code;
}

/* ---- upkeep ---- */

static void run_with(sqlite3 *database, const char *sql, int64_t value)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, value);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
}

/* An hour at a time: whoever reads meanwhile does not wait long. */
static void make_days(sqlite3 *database, int64_t before_hour)
{
	enum { AT_ONCE = 24 };
	struct writing writing = { .database = database };
	char text[512];

	for (unsigned i = 0; i < AT_ONCE && writing.code == SQLITE_OK; i++) {
		int64_t hour = number_of(&writing, "SELECT coalesce(min(hour), -1) FROM traffic");
		if (hour < 0 || hour >= before_hour)
			return;
		snprintf(text, sizeof(text),
			 "BEGIN IMMEDIATE;"
			 "INSERT INTO traffic_day SELECT %lld, couple, rule, what, packets, bytes FROM traffic WHERE"
			 " hour=%lld ON CONFLICT DO UPDATE SET packets=packets + excluded.packets,"
			 " bytes=bytes + excluded.bytes;"
			 "DELETE FROM traffic WHERE hour=%lld; COMMIT",
			 (long long)(hour / 24), (long long)hour, (long long)hour);
		run(&writing, text);
		if (writing.code != SQLITE_OK)
			sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	}
}

void store_history_prune(sqlite3 *database, int64_t before_ns, int64_t now_ns)
{
	make_days(database, (now_ns / DAY - HISTORY_HOURLY_DAYS) * 24);
	run_with(database, "DELETE FROM look WHERE time < ?1", before_ns);
	run_with(database, "DELETE FROM selection WHERE last < ?1", before_ns);
	run_with(database, "DELETE FROM traffic_rule WHERE hour < ?1", before_ns / HOUR);
	run_with(database, "DELETE FROM traffic WHERE hour < ?1", before_ns / HOUR);
	run_with(database, "DELETE FROM traffic_day WHERE day < ?1", before_ns / DAY);
	run_with(database,
		 "DELETE FROM couple WHERE last < ?1 AND NOT EXISTS(SELECT 1 FROM counted WHERE couple=couple.id)",
		 before_ns / HOUR);
}

bool store_history_forget_oldest(sqlite3 *database)
{
	struct writing writing = { .database = database };
	int64_t days = number_of(&writing, "SELECT count(DISTINCT day) FROM traffic_day");
	int64_t hours = number_of(&writing, "SELECT count(DISTINCT hour) FROM traffic");

	if (days)
		run_with(
		    database,
		    "DELETE FROM traffic_day WHERE day IN (SELECT DISTINCT day FROM traffic_day ORDER BY day LIMIT ?1)",
		    days / 10 + 1);
	else if (hours)
		run_with(database,
			 "DELETE FROM traffic WHERE hour IN (SELECT DISTINCT hour FROM traffic ORDER BY hour LIMIT ?1)",
			 hours / 10 + 1);
	return days || hours;
}
