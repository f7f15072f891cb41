/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: what is fed comes out, in order, once, and stays while it is held. And the open alerts that they show. */
#include "sample.h"
#include "../suite.h"

#include "../../daemon/report/json.h"
#include "../../daemon/report/metrics.h"
#include "../../daemon/report/open_alerts.h"
#include "../../daemon/report/snapshot.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static struct record pair_record(const char *a, const char *b, const char *rule)
{
	static const struct record_protocol protocols[] = { { "HTTP", 3, 300 }, { SAMPLE_HOSTILE, 1, 60 } };
	struct record record = { .type = RECORD_PAIR };

	record.pair = (struct record_pair){ .a = sample_address(a),
					    .b = sample_address(b),
					    .verdict = PAIR_MIXED,
					    .rule = rule,
					    .cleartext = protocols,
					    .cleartext_count = 2,
					    .rekey_interval_median = -1 };
	return record;
}

static struct record sa_record(const char *src, const char *dst, uint32_t spi, int64_t first_ns)
{
	struct record record = { .type = RECORD_SA, .time_ns = first_ns };

	record.sa = (struct record_sa){ .src = sample_address(src),
					.dst = sample_address(dst),
					.spi = spi,
					.protocol = 50,
					.first_ns = first_ns,
					.last_ns = first_ns,
					.lost = -1,
					.replayed = -1 };
	return record;
}

static struct finding alert_of(uint64_t number, enum finding_severity severity, enum finding_state state)
{
	struct record record = sample_finding();

	record.finding.alert = number;
	record.finding.severity = severity;
	record.finding.state = state;
	record.finding.time_ns = (int64_t)(number & UINT32_MAX) * SECOND;
	return record.finding;
}

static void add(struct snapshot_builder *builder, struct record record)
{
	char *line = record_to_json(&record, "edge-1");

	ck_assert_ptr_nonnull(line);
	ck_assert_msg(snapshot_builder_line(builder, line, strlen(line)), "%s: %s", snapshot_builder_problem(builder),
		      line);
	free(line);
}

static const struct snapshot *finish(struct snapshot_builder *builder, const struct snapshot *before, int64_t time_ns)
{
	struct snapshot_surroundings surroundings = { .before = before, .time_ns = time_ns };
	const struct snapshot *snapshot = snapshot_builder_finish(builder, &surroundings);

	ck_assert_ptr_nonnull(snapshot);
	return snapshot;
}

START_TEST(lines_come_back_in_order)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	add(builder, pair_record("10.0.0.7", "10.0.0.9", "branch"));
	add(builder, pair_record("10.0.0.1", "10.0.0.2", "branch"));
	add(builder, sa_record("10.0.0.2", "10.0.0.1", 3, 20 * SECOND));
	add(builder, sa_record("10.0.0.7", "10.0.0.9", 2, 5 * SECOND));
	add(builder, sa_record("10.0.0.1", "10.0.0.2", 1, 10 * SECOND));
	const struct snapshot *snapshot = finish(builder, NULL, SECOND);
	ck_assert_uint_eq(snapshot->pair_count, 2);
	ck_assert_uint_eq(snapshot->sa_count, 3);
	ck_assert_str_eq(snapshot->sensor, "edge-1");
	ck_assert_str_eq(snapshot->pairs[0].pair.rule, "branch");
	/* Equal texts are one. */
	ck_assert_ptr_eq(snapshot->pairs[0].pair.rule, snapshot->pairs[1].pair.rule);
	ck_assert_str_eq(snapshot->pairs[1].pair.cleartext[0].name, "HTTP");
	struct address a = sample_address("10.0.0.2"), b = sample_address("10.0.0.1");
	size_t count;
	const struct record_sa *sas = snapshot_sas_of(snapshot, &a, &b, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(sas[0].spi, 1);
	ck_assert_uint_eq(sas[1].spi, 3);
	const struct snapshot_pair *pair = snapshot_find_pair(snapshot, &a, &b);
	ck_assert_ptr_eq(pair, &snapshot->pairs[0]);
	a = sample_address("10.0.0.3");
	ck_assert_ptr_null(snapshot_sas_of(snapshot, &a, &b, &count));
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(snapshot_find_pair(snapshot, &a, &b));
	snapshot_let_go(snapshot);
}
END_TEST

/* Every text and list of a record is the snapshot's own: a row is written as the line was that it came of, when that line and the
 * reader's memory of it are long gone. */
START_TEST(a_row_is_what_was_told)
{
	static const char *const names[] = { "AES_CBC_256", SAMPLE_HOSTILE, "0x00001001" };
	struct record records[3] = { pair_record("10.0.0.1", "10.0.0.2", "branch"),
				     sa_record("10.0.0.1", "10.0.0.2", 1, SECOND),
				     { .type = RECORD_IKE_SA, .time_ns = SECOND } };
	struct snapshot_builder *builder = snapshot_builder_new();
	char *told[3];

	records[0].time_ns = SECOND;
	records[0].pair.carries = names;
	records[0].pair.carries_count = 3;
	records[1].sa.exchange = "CREATE_CHILD_SA";
	records[1].sa.has_initiator = records[1].sa.has_ike = true;
	records[1].sa.initiator = records[1].sa.src;
	records[2].ike_sa = (struct record_ike_sa){ .initiator = sample_address("10.0.0.1"),
						    .responder = sample_address("10.0.0.2"),
						    .roles_known = true,
						    .ispi = 1,
						    .rspi = 2,
						    .major = 2,
						    .mode = IKE_MODE_IKEV2,
						    .step = "IKE_AUTH",
						    .outcome = IKE_OUTCOME_ESTABLISHED,
						    .offered = names,
						    .offered_count = 3,
						    .selected = names,
						    .selected_count = 2,
						    .auth = "certificate",
						    .vendors = names + 1,
						    .vendor_count = 2,
						    .notifies = names + 1,
						    .notify_count = 1,
						    .children = names + 2,
						    .child_count = 1,
						    .nat = "initiator" };
	for (unsigned i = 0; i < 3; i++) {
		told[i] = record_to_json(&records[i], "edge-1");
		ck_assert_ptr_nonnull(told[i]);
		add(builder, records[i]);
	}
	/* Others, whose texts come where those of the records were read. */
	for (unsigned i = 1; i < 100; i++) {
		add(builder, sa_record("10.0.0.3", "10.0.0.4", i, i * SECOND));
		add(builder, pair_record("10.0.0.3", "10.0.0.4", "another"));
	}
	const struct snapshot *snapshot = finish(builder, NULL, SECOND);
	records[0].pair = snapshot->pairs[0].pair;
	records[1].sa = snapshot->sas[0];
	records[2].ike_sa = snapshot->ike_sas[0].ike_sa;
	for (unsigned i = 0; i < 3; i++) {
		char *shown = record_to_json(&records[i], "edge-1");
		ck_assert_str_eq(shown, told[i]);
		free(shown);
		free(told[i]);
	}
	snapshot_let_go(snapshot);
}
END_TEST

/* Ends of every kind, so that whatever the sort looks at first decides once: addresses that differ in the first, the middle and
 * the last octets, both families, both directions, times and SPIs. Each is found with its pair, and the whole is in order. */
START_TEST(sas_are_in_order_whatever_their_ends)
{
	static const char *const ends[] = { "::1",           "::2",           "0:0:1::1",        "0:0:0:1::1",
					    "0.0.0.1",       "10.0.0.1",      "10.0.0.2",        "255.255.255.254",
					    "2001:db8::1",   "2001:db8::2",   "2001:db8:0:1::1", "2001:db9::1",
					    "fe80::1:0:0:1", "fe80::1:0:0:2", "::ffff:0:0:1",    "1::" };
	enum { ENDS = sizeof(ends) / sizeof(ends[0]), PAIRS = ENDS * (ENDS - 1) / 2 };
	struct snapshot_builder *builder = snapshot_builder_new();
	struct snapshot_surroundings surroundings = { .time_ns = SECOND };
	size_t count;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = ENDS; i-- > 0;) {
			for (unsigned k = 0; k < ENDS; k++) {
				/* Each pair twice, once each way; equal times in two of three rounds. */
				if (i != k)
					add(builder,
					    sa_record(ends[i], ends[k], 0x1000 + (7 * (i + k) + 5 * round) % 16,
						      (int64_t)(1 + round / 2) * SECOND));
			}
		}
	}
	const struct snapshot *snapshot = snapshot_builder_finish(builder, &surroundings);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot->sa_count, 3 * 2 * PAIRS);
	for (unsigned i = 0; i < ENDS; i++) {
		for (unsigned k = 0; k < i; k++) {
			struct address a = sample_address(ends[i]), b = sample_address(ends[k]);
			const struct record_sa *sas = snapshot_sas_of(snapshot, &a, &b, &count);
			ck_assert_uint_eq(count, 6);
			for (size_t at = 1; at < count; at++)
				ck_assert(sas[at - 1].first_ns < sas[at].first_ns ||
					  (sas[at - 1].first_ns == sas[at].first_ns && sas[at - 1].spi <= sas[at].spi));
		}
	}
	snapshot_let_go(snapshot);
}
END_TEST

START_TEST(rates_come_from_two_snapshots_of_one_engine)
{
	struct record_interface interface = { "eth1", true, 1000, 5, 0 };
	struct record_table tables[] = { { "flows", 1, 10, 0, 4096 }, { "sas", 1, 10, 0, 1024 } };
	struct record_worker workers[] = { { 700, 600, 0, 0, NULL }, { 300, 400, 0, 0, "1" } };
	struct record health = { .type = RECORD_HEALTH,
				 .health = { .version = "1",
					     .started_ns = SECOND,
					     .workers = workers,
					     .worker_count = 2,
					     .stages = { [RECORD_STAGE_NAME] = { 10, 5000 } },
					     .interfaces = &interface,
					     .interface_count = 1,
					     .tables = tables,
					     .table_count = 2 } };
	struct record summary = { .type = RECORD_SUMMARY, .summary = { .packets = 1000, .bytes = 100000 } };
	struct snapshot_builder *builder = snapshot_builder_new();

	add(builder, summary);
	add(builder, health);
	const struct snapshot *first = finish(builder, NULL, 100 * SECOND);
	ck_assert_double_lt(first->packets_per_second, 0);
	ck_assert_double_lt(first->interfaces[0].frames_per_second, 0);
	ck_assert_uint_eq(first->memory, 5120);
	ck_assert_uint_eq(first->worker_count, 2);
	ck_assert_uint_eq(first->workers[0].read, 700);
	ck_assert_ptr_null(first->workers[0].processors);
	ck_assert_str_eq(first->workers[1].processors, "1");
	ck_assert_int_eq(first->stages[RECORD_STAGE_NAME].ns, 5000);
	builder = snapshot_builder_new();
	summary.summary.packets = 1500;
	summary.summary.bytes = 150000;
	interface.received = 1600;
	add(builder, summary);
	add(builder, health);
	const struct snapshot *second = finish(builder, first, 102 * SECOND);
	ck_assert_uint_eq(second->number, 2);
	ck_assert_double_eq(second->packets_per_second, 250);
	ck_assert_double_eq(second->bits_per_second, 200000);
	ck_assert_double_eq(second->interfaces[0].frames_per_second, 300);
	/* Another engine began to count anew. */
	builder = snapshot_builder_new();
	health.health.started_ns = 90 * SECOND;
	add(builder, summary);
	add(builder, health);
	const struct snapshot *third = finish(builder, second, 103 * SECOND);
	ck_assert_double_lt(third->packets_per_second, 0);
	snapshot_let_go(first);
	snapshot_let_go(second);
	snapshot_let_go(third);
}
END_TEST

START_TEST(alerts_live_from_open_to_clear)
{
	struct open_alerts *alerts = open_alerts_new();
	struct finding finding = alert_of(1, SEVERITY_LOW, FINDING_OPEN);

	ck_assert(open_alerts_take(alerts, &finding));
	finding = alert_of(2, SEVERITY_HIGH, FINDING_OPEN);
	ck_assert(open_alerts_take(alerts, &finding));
	finding = alert_of(3, SEVERITY_HIGH, FINDING_OPEN);
	ck_assert(open_alerts_take(alerts, &finding));
	ck_assert(open_alerts_acknowledge(alerts, 2, 77));
	ck_assert(!open_alerts_acknowledge(alerts, 9, 77));
	/* An update keeps what was said of the alert before. */
	finding = alert_of(2, SEVERITY_CRITICAL, FINDING_UPDATE);
	finding.time_ns = 1000 * SECOND;
	ck_assert(open_alerts_take(alerts, &finding));
	size_t count;
	const struct snapshot_alert **list = open_alerts_list(alerts, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(list[0]->finding.alert, 2);
	ck_assert_int_eq(list[0]->opened_ns, 2 * SECOND);
	ck_assert_int_eq(list[0]->acknowledged_until_ns, 77);
	ck_assert_uint_eq(list[1]->finding.alert, 3);
	ck_assert_uint_eq(list[2]->finding.alert, 1);
	/* What is held stays, whatever becomes of the alert. */
	finding = alert_of(2, SEVERITY_CRITICAL, FINDING_CLEAR);
	ck_assert(open_alerts_take(alerts, &finding));
	ck_assert_uint_eq(open_alerts_count(alerts), 2);
	ck_assert_str_eq(list[0]->finding.rule, sample_finding().finding.rule);
	open_alerts_free(alerts);
	for (size_t i = 0; i < count; i++)
		open_alert_let_go(list[i]);
	free(list);
}
END_TEST

/* The texts of a record live as long as the line that it was read from. */
START_TEST(an_open_alert_has_texts_of_its_own)
{
	struct open_alerts *alerts = open_alerts_new();
	struct finding finding = alert_of(1, SEVERITY_LOW, FINDING_OPEN);
	char texts[][8] = { "eth1", "eth2", "branch", "HTTP", "quiet", "note", "value" };
	char before[sizeof(texts)];

	finding.interface = texts[0];
	finding.realm_interface = texts[1];
	finding.rule = texts[2];
	finding.protocol = texts[3];
	finding.cleared_by = texts[4];
	finding.evidence_count = 0;
	finding_note_text(&finding, texts[5], texts[6]);
	ck_assert(open_alerts_take(alerts, &finding));
	memcpy(before, texts, sizeof(texts));
	memset(texts, 'x', sizeof(texts) - 1);
	size_t count;
	const struct snapshot_alert **list = open_alerts_list(alerts, &count);
	ck_assert_uint_eq(count, 1);
	const struct finding *held = &list[0]->finding;
	const char *const found[] = { held->interface,       held->realm_interface, held->rule,
				      held->protocol,        held->cleared_by,      held->evidence[0].key,
				      held->evidence[0].text };
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		ck_assert_str_eq(found[i], before + i * sizeof(texts[0]));
	open_alerts_free(alerts);
	open_alert_let_go(list[0]);
	free(list);
}
END_TEST

/* How long a snapshot takes of IKE SAs that offer these names, 32 each. */
static double seconds_for(char (*names)[32], size_t count)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct timespec from, until;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (size_t i = 0; i + 32 <= count; i += 32) {
		const char *offered[32];
		for (size_t k = 0; k < 32; k++)
			offered[k] = names[i + k];
		struct record record = { .type = RECORD_IKE_SA, .time_ns = SECOND };
		record.ike_sa = (struct record_ike_sa){ .initiator = sample_address("192.0.2.1"),
							.responder = sample_address("192.0.2.2"),
							.ispi = i + 1,
							.offered = offered,
							.offered_count = 32 };
		snapshot_builder_add(builder, &record, "s");
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &until);
	snapshot_builder_free(builder);
	return (double)(until.tv_sec - from.tv_sec) + (double)(until.tv_nsec - from.tv_nsec) / 1e9;
}

/* Who sends packets chooses numbers of algorithms, and so names. The bad ones come to lie close together by FNV-1a. */
START_TEST(names_from_the_wire_do_not_crowd)
{
	enum { COUNT = 16384, SLOTS = 65536, CLOSE = 64 };
	char(*names)[32] = calloc(2 * COUNT, sizeof(*names));
	size_t good = 0, bad = 0;

	ck_assert_ptr_nonnull(names);
	for (unsigned id = 1024; bad < COUNT && id < 65536; id++)
		for (unsigned bits = 1; bad < COUNT && bits < 65536; bits += 7) {
			char name[32];
			int length = snprintf(name, sizeof(name), "ENCRYPTION_%u_%u", id, bits);
			uint64_t hash = UINT64_C(0xcbf29ce484222325);
			for (int i = 0; i < length; i++)
				hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
			if (good < COUNT)
				strcpy(names[good++], name);
			if (((hash ^ hash >> 32) & (SLOTS - 1)) < CLOSE)
				strcpy(names[COUNT + bad++], name);
		}
	ck_assert_uint_eq(bad, COUNT);
	double usual = seconds_for(names, COUNT), crowded = seconds_for(names + COUNT, COUNT);
	ck_assert_msg(crowded < 20 * usual + 0.05, "%.3f s instead of %.3f s", crowded, usual);
	free(names);
}
END_TEST

START_TEST(what_is_told_once_is_not_open)
{
	struct open_alerts *alerts = open_alerts_new();
	struct finding finding = alert_of(1, SEVERITY_INFO, FINDING_OPEN);

	finding.id = FINDING_SECURED_AGAIN;
	finding.cause = CAUSE_NONE;
	ck_assert(open_alerts_take(alerts, &finding));
	ck_assert_uint_eq(open_alerts_count(alerts), 0);
	open_alerts_free(alerts);
}
END_TEST

START_TEST(alerts_are_bounded_and_the_least_goes_first)
{
	struct open_alerts *alerts = open_alerts_new();
	struct finding finding;

	/* Numbers that begin alike lie in one another's way; half of them go again. */
	for (uint64_t i = 1; i <= OPEN_ALERTS_MAX; i++) {
		finding = alert_of(i << 20, i == 7 ? SEVERITY_INFO : SEVERITY_MEDIUM, FINDING_OPEN);
		ck_assert(open_alerts_take(alerts, &finding));
	}
	ck_assert_uint_eq(open_alerts_count(alerts), OPEN_ALERTS_MAX);
	finding = alert_of(1, SEVERITY_HIGH, FINDING_OPEN);
	ck_assert(open_alerts_take(alerts, &finding));
	ck_assert_uint_eq(open_alerts_count(alerts), OPEN_ALERTS_MAX);
	ck_assert_uint_eq(open_alerts_given_up(alerts), 1);
	ck_assert(!open_alerts_acknowledge(alerts, UINT64_C(7) << 20, 1));
	for (uint64_t i = 2; i <= OPEN_ALERTS_MAX; i += 2) {
		finding = alert_of(i << 20, SEVERITY_MEDIUM, FINDING_CLEAR);
		ck_assert(open_alerts_take(alerts, &finding));
	}
	for (uint64_t i = 1; i <= OPEN_ALERTS_MAX; i++)
		ck_assert_int_eq(open_alerts_acknowledge(alerts, i << 20, 1), i % 2 == 1 && i != 7);
	/* What was open before anybody listened. */
	finding = alert_of(3, SEVERITY_LOW, FINDING_UPDATE);
	ck_assert(!open_alerts_holds(alerts, 3));
	ck_assert(open_alerts_recall(alerts, &finding, 5, 9));
	ck_assert(open_alerts_holds(alerts, 3));
	finding.count++;
	ck_assert(open_alerts_take(alerts, &finding));
	size_t count;
	const struct snapshot_alert **list = open_alerts_list(alerts, &count);
	ck_assert_uint_eq(list[count - 1]->finding.alert, 3);
	ck_assert_int_eq(list[count - 1]->opened_ns, 5);
	ck_assert_int_eq(list[count - 1]->acknowledged_until_ns, 9);
	for (size_t i = 0; i < count; i++)
		open_alert_let_go(list[i]);
	free(list);
	finding.state = FINDING_CLEAR;
	ck_assert(!open_alerts_recall(alerts, &finding, 5, 9));
	open_alerts_free(alerts);
}
END_TEST

START_TEST(a_snapshot_counts_alerts_into_pairs)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct record record = sample_finding();
	struct address_text a, b;

	add(builder, pair_record(address_text(&record.finding.a, &a), address_text(&record.finding.b, &b), NULL));
	add(builder, pair_record("10.9.9.1", "10.9.9.2", NULL));
	add(builder, record);
	const struct snapshot *snapshot = finish(builder, NULL, 1);
	ck_assert_uint_eq(snapshot->alert_count, 1);
	ck_assert_uint_eq(snapshot->alerts_by_severity[record.finding.severity], 1);
	const struct snapshot_pair *pair = snapshot_find_pair(snapshot, &record.finding.a, &record.finding.b);
	ck_assert_uint_eq(pair->alerts, 1);
	ck_assert_int_eq(pair->worst, record.finding.severity);
	ck_assert_uint_eq(snapshot->pairs[0].alerts + snapshot->pairs[1].alerts, 1);
	ck_assert_ptr_nonnull(snapshot_find_alert(snapshot, record.finding.alert));
	ck_assert_ptr_null(snapshot_find_alert(snapshot, record.finding.alert + 1));
	ck_assert_ptr_eq(snapshot_hold(snapshot), snapshot);
	snapshot_let_go(snapshot);
	ck_assert_uint_eq(snapshot->pair_count, 2); /* still held */
	snapshot_let_go(snapshot);
	ck_assert_ptr_null(snapshot_hold(NULL));
	snapshot_let_go(NULL);
}
END_TEST

/* An alert that somebody raised to see it arrive is shown, and counts nowhere. */
START_TEST(a_test_is_no_finding)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct record record = sample_finding(), test = record;
	struct metrics_tally tally = { 0 };
	struct address_text a, b;
	size_t length;

	test.finding.alert++;
	finding_note_boolean(&test.finding, FINDING_EVIDENCE_TEST, true);
	ck_assert(finding_is_test(&test.finding));
	finding_note_boolean(&record.finding, FINDING_EVIDENCE_TEST, false);
	ck_assert(!finding_is_test(&record.finding));
	add(builder, pair_record(address_text(&record.finding.a, &a), address_text(&record.finding.b, &b), NULL));
	add(builder, record);
	add(builder, test);
	const struct snapshot *snapshot = finish(builder, NULL, 1);
	ck_assert_uint_eq(snapshot->alert_count, 2);
	ck_assert_uint_eq(snapshot->alerts_by_severity[record.finding.severity], 1);
	ck_assert_uint_eq(snapshot->pairs[0].alerts, 1);
	metrics_tally_take(&tally, &record.finding);
	metrics_tally_take(&tally, &test.finding);
	test.finding.state = FINDING_CLEAR;
	metrics_tally_take(&tally, &test.finding);
	ck_assert_uint_eq(tally.opened[FINDING_CLEARTEXT_LEAK], 1);
	ck_assert_uint_eq(tally.cleared[FINDING_CLEARTEXT_LEAK], 0);
	char *text = metrics_text(snapshot, &tally, true, &length);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\nespial_open_alerts{id=\"cleartext-leak\"} 1\n"));
	free(text);
	snapshot_let_go(snapshot);
}
END_TEST

START_TEST(lines_of_an_audit_make_one)
{
	char *lines[3], all[16384];
	struct record records[] = { sample_finding(), pair_record("10.0.0.1", "10.0.0.2", "x"),
				    sa_record("10.0.0.1", "10.0.0.2", 1, 5) };

	for (size_t i = 0; i < 3; i++)
		lines[i] = record_to_json(&records[i], "edge-1");
	snprintf(all, sizeof(all), "%s\n%s\n\n%s", lines[0], lines[1], lines[2]);
	const struct snapshot *snapshot = snapshot_from_lines(all);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot->pair_count + snapshot->sa_count + snapshot->alert_count, 3);
	snapshot_let_go(snapshot);
	snprintf(all, sizeof(all), "%s\n{}\n", lines[0]);
	ck_assert_ptr_null(snapshot_from_lines(all));
	snapshot = snapshot_from_lines("");
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot->pair_count, 0);
	snapshot_let_go(snapshot);
	for (size_t i = 0; i < 3; i++)
		free(lines[i]);
}
END_TEST

SUITE_MAIN("snapshot", lines_come_back_in_order, a_row_is_what_was_told, sas_are_in_order_whatever_their_ends,
	   rates_come_from_two_snapshots_of_one_engine, alerts_live_from_open_to_clear,
	   an_open_alert_has_texts_of_its_own, names_from_the_wire_do_not_crowd, what_is_told_once_is_not_open,
	   alerts_are_bounded_and_the_least_goes_first, a_snapshot_counts_alerts_into_pairs, a_test_is_no_finding,
	   lines_of_an_audit_make_one)
