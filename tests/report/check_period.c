/* SPDX-License-Identifier: Apache-2.0 */
/* A period out of lines: what belongs together is one row, what is not as it should be is refused, and shares do not round what
 * leaked away. How it is written is held by tests/e2e/check_report.py. */
#include "../../daemon/report/period.h"
#include "../../daemon/report/json.h"
#include "../suite.h"
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void judge(void *context, unsigned version, const char *const *names, size_t count,
		  struct period_selection *selection)
{
	(void)context;
	ck_assert_uint_eq(version, 2);
	selection->verdicts[0] = count == 2 && strcmp(names[0], "AES_CBC_256") == 0 ? PERIOD_FINE : PERIOD_UNKNOWN;
}

static const struct period_judge by_nobody = { { "one", "two", "three" }, judge, NULL };

static bool take(struct period_reader *reader, const char *line)
{
	return period_reader_line(reader, line, strlen(line));
}

static void rule(struct period_reader *reader, const char *names, unsigned secured, unsigned offending, unsigned clear)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "{\"type\":\"report_rule\",\"rules\":[%s],\"secured\":{\"packets\":1,\"bytes\":%u},\"integrity\":{"
		 "\"packets\":0,"
		 "\"bytes\":0},\"offending\":{\"packets\":1,\"bytes\":%u},\"clear\":{\"packets\":1,\"bytes\":%u}}",
		 names, secured, offending, clear);
	ck_assert(take(reader, line));
}

START_TEST(rules_that_share_gateways_are_one)
{
	struct period_reader *reader = period_reader_new(&by_nobody);

	rule(reader, "", 0, 0, 7);
	rule(reader, "\"a\"", 0, 10, 20);
	rule(reader, "\"a\",\"b\"", 1000, 0, 0);
	rule(reader, "\"alone\"", 5, 0, 0);
	rule(reader, "\"b\"", 0, 0, 3);
	rule(reader, "\"b\",\"c\"", 2000, 0, 0);
	rule(reader, "\"c\"", 0, 1, 1);
	rule(reader, "\"learned\"", 9, 0, 0);
	const struct period *period = period_reader_finish(reader);
	ck_assert_uint_eq(period->rule_count, 4);
	ck_assert_uint_eq(period->rules[0].names, 3);
	ck_assert_uint_eq(period->rules[0].volumes.secured, 3000);
	ck_assert_uint_eq(period->rules[0].volumes.offending, 11);
	ck_assert_uint_eq(period->rules[0].volumes.clear, 24);
	ck_assert_ptr_nonnull(strstr(period->rules[0].name, "a, b"));
	ck_assert_str_eq(period->rules[1].name, "alone");
	ck_assert_str_eq(period->rules[2].name, "learned pairs");
	ck_assert_str_eq(period->rules[3].name, "no rule");
	ck_assert(period->rules[3].none);
	struct period_volumes total = period_total(period);
	ck_assert_uint_eq(total.secured, 3014);
	double share;
	ck_assert(period_share(&total, &share) && fabs(share - 3014.0 / 3025.0) < 1e-9);
	ck_assert(!period_share(&period->rules[3].volumes, &share));
	period_reader_free(reader);
}
END_TEST

START_TEST(what_is_not_as_it_should_be_is_refused)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"{\"type\":\"report_rule\"}",
		"{\"type\":\"report_rule\",\"rules\":[\"a\"],\"secured\":{\"packets\":1,\"bytes\":-1},\"integrity\":{},"
		"\"offending\":{},\"clear\":{}}",
		"{\"type\":\"report_blind\",\"from\":\"2026-11-21T20:30:00.000000Z\",\"until\":\"2026-11-21T20:31:00."
		"000000Z\","
		"\"duration\":60.0,\"why\":\"tired\",\"interface\":null}",
		"{\"type\":\"selection\",\"initiator\":\"10.0.0.x\",\"responder\":\"10.0.0.2\",\"rules\":[],"
		"\"version\":2,"
		"\"selected\":[],\"first\":null,\"last\":null}",
		"{\"type\":\"alert\",\"finding\":{}}",
		"{\"type\":\"report\",\"sensor\":\"s\"}",
		"{\"type\":\"pair\"}",
	};
	struct period_reader *reader = period_reader_new(&by_nobody);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!take(reader, wrong[i]), "taken: %s", wrong[i]);
	ck_assert(!period_reader_finish(reader)->complete);
	period_reader_free(reader);
}
END_TEST

START_TEST(selections_are_judged)
{
	struct period_reader *reader = period_reader_new(&by_nobody);

	ck_assert(
	    take(reader,
		 "{\"type\":\"selection\",\"initiator\":\"10.0.0.1\",\"responder\":\"2001:db8::2\",\"rules\":[\"a\"],"
		 "\"version\":2,\"selected\":[\"AES_CBC_256\",\"MODP_2048\"],"
		 "\"first\":\"2026-11-21T20:30:00.000000Z\",\"last\":\"2026-11-21T20:31:00.000000Z\"}"));
	ck_assert(take(reader,
		       "{\"type\":\"report\",\"sensor\":\"s\",\"since\":null,\"until\":\"2026-11-21T20:31:00.000000Z\","
		       "\"begin\":null,\"blind\":0.0,\"blind_left_out\":0,\"beyond_pairs\":0,\"beyond_bytes\":0}"));
	const struct period *period = period_reader_finish(reader);
	ck_assert(period->complete);
	ck_assert_uint_eq(period->selection_count, 1);
	ck_assert_str_eq(period->selections[0].selected, "AES_CBC_256 / MODP_2048");
	ck_assert_int_eq(period->selections[0].verdicts[0], PERIOD_FINE);
	period_reader_free(reader);
}
END_TEST

/* The alert of espial test-alert is no leak, and one that a group speaks for is told with that. */
START_TEST(a_test_is_no_leak)
{
	struct period_reader *reader = period_reader_new(&by_nobody);

	for (unsigned test = 0; test < 4; test++) {
		struct record record = sample_finding();
		char *line;

		if (test > 1)
			record.finding.state = FINDING_CLEAR;
		if (test > 1)
			record.finding.cleared_by = test == 2 ? "quiet" : FINDING_GROUPED;
		if (test == 1)
			finding_note_boolean(&record.finding, FINDING_EVIDENCE_TEST, true);
		line = record_to_json(&record, "s");
		ck_assert_ptr_nonnull(line);
		/* What stands in an answer of `alerts`. */
		char whole[8192];
		snprintf(whole, sizeof(whole), "{\"type\":\"alert\",\"alert\":\"0123456789abcdef\",\"finding\":%s}",
			 line);
		ck_assert_msg(take(reader, whole), "refused: %s", whole);
		ck_assert(period_reader_is_test(reader) == (test == 1));
		free(line);
	}
	ck_assert_uint_eq(period_reader_finish(reader)->leak_count, 2);
	period_reader_free(reader);
}
END_TEST

/* A leak of a megabyte beside a terabyte is not nothing. */
START_TEST(shares_are_not_rounded_away)
{
	static const struct {
		double share;
		const char *text;
	} cases[] = {
		{ 1, "100" },
		{ 0, "0" },
		{ 0.5, "50.0" },
		{ 0.9994, "99.940" },
		{ 0.9995, "99.950" },
		{ 0.999, "99.9" },
		{ 0.99999, "99.999" },
		{ 0.999998, "99.99980" },
		{ 1 - 1e-6, "99.99990" },
		{ 1 - 1e-12, "99.99999" },
		{ 1e-12, "0.00001" },
		{ 0.0003, "0.030" },
		{ 0.001, "0.1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[PERIOD_SHARE_SIZE];
		period_share_text(cases[i].share, text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* "There was no blind time" is a word about the time that is known. */
START_TEST(what_is_not_known_is_not_well)
{
	static const struct {
		const char *begin, *known; /* of the history, in JSON; what is said of it, or NULL */
	} histories[] = { { "\"2026-11-21T20:00:00.000000Z\"", "2026-11-21 20:00:00" },
			  { "null", "2026-11-21 20:30:00" },
			  { "\"2026-10-01T00:00:00.000000Z\"", NULL } };
	static void (*const writers[])(const struct period *, const struct period_judge *,
				       FILE *) = { period_write_html, period_write_csv };

	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
		struct period_reader *reader = period_reader_new(&by_nobody);
		const char *known = histories[i].known;
		char line[512], day[16], *text = NULL;
		size_t size;
		snprintf(line, sizeof(line),
			 "{\"type\":\"report\",\"sensor\":\"s\",\"since\":\"2026-11-01T00:00:00.000000Z\",\"until\":"
			 "\"2026-11-21T20:30:00.000000Z\",\"begin\":%s,\"blind\":0.0,\"blind_left_out\":0,"
			 "\"beyond_pairs\":0,\"beyond_bytes\":0}",
			 histories[i].begin);
		ck_assert(take(reader, line));
		const struct period *period = period_reader_finish(reader);
		for (size_t k = 0; k < 3; k++) {
			FILE *file = open_memstream(&text, &size);
			if (k < 2)
				writers[k](period, &by_nobody, file);
			else
				period_write_text(period, &by_nobody, &(struct page){ file, 200, false, false });
			fclose(file);
			snprintf(day, sizeof(day), "%.10s", known ? known : "2026-11-0");
			ck_assert_msg(!known || strstr(text, day) != NULL, "%zu %zu: %.300s", i, k, text);
			ck_assert_msg((strstr(text, " since 2026") || strstr(text, "Since then there was none") ||
				       strstr(text, "nothing is known of before")) == (known != NULL),
				      "%zu %zu: %.300s", i, k, text);
			free(text);
		}
		period_reader_free(reader);
	}
}
END_TEST

/* By whatever it is told. */
START_TEST(a_small_leak_is_in_every_shape)
{
	struct period_reader *reader = period_reader_new(&by_nobody);
	char *text = NULL, *csv = NULL;
	size_t text_length, csv_length;

	rule(reader, "\"a\"", 4000000000, 1, 1);
	const struct period *period = period_reader_finish(reader);
	((struct period *)(uintptr_t)period)->sensor = strdup("s");
	FILE *file = open_memstream(&text, &text_length);
	struct page page = { .file = file, .width = 120 };
	period_write_text(period, &by_nobody, &page);
	fclose(file);
	ck_assert_msg(strstr(text, "99.99999 %") && !strstr(text, "100.0"), "%s", text);
	file = open_memstream(&csv, &csv_length);
	period_write_csv(period, &by_nobody, file);
	fclose(file);
	ck_assert_msg(strstr(csv, ",0.999999,"), "%s", csv);
	free(text);
	free(csv);
	period_reader_free(reader);
}
END_TEST

/* What a name has of tabs, line breaks, controls or octets that are no UTF-8 makes no cell of the table. */
START_TEST(a_cell_is_one_cell)
{
	struct period_reader *reader = period_reader_new(&by_nobody);
	char *csv = NULL;
	size_t length;

	rule(reader, "\"=a,\\\"b\\\"\\tc\\rd\\u007fe\\u202ef\"", 1, 0, 0);
	FILE *file = open_memstream(&csv, &length);
	period_write_csv(period_reader_finish(reader), &by_nobody, file);
	fclose(file);
	ck_assert_msg(strstr(csv, "\r\nrule,\"'=a,\"\"b\"\"\ufffdc\ufffdd\ufffde\ufffdf\","), "%s", csv);
	free(csv);
	period_reader_free(reader);
}
END_TEST

SUITE_MAIN("period", shares_are_not_rounded_away, a_cell_is_one_cell, what_is_not_known_is_not_well,
	   a_small_leak_is_in_every_shape, rules_that_share_gateways_are_one, what_is_not_as_it_should_be_is_refused,
	   selections_are_judged, a_test_is_no_leak)
