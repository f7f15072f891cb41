/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text report: small stories against the golden texts in text/ (run with UPDATE_GOLDEN=1 to write them anew, then read
 * the difference), hostile strings, every width, and many pairs.
 */
#include "../../daemon/report/text.h"
#include "../../daemon/report/text_page.h"
#include "../../daemon/report/utf8.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>

static void write_leak(struct sink *sink)
{
	struct record record = sample_finding();
	struct record_protocol protocols[] = { { "HTTP", 200, 150000 }, { "DNS", 10, 900 }, { "icmp", 3, 252 } };
	struct record pairs[] = {
		{ .type = RECORD_PAIR,
		  .pair = { .a = sample_address("10.1.0.3"),
			    .b = sample_address("10.2.0.3"),
			    .verdict = PAIR_SECURED,
			    .rule = "hq-branch",
			    .esp_packets = 1000,
			    .esp_bytes = 880000,
			    .rekeys = 4 } },
		{ .type = RECORD_PAIR,
		  .pair = { .a = sample_address("10.1.0.1"),
			    .b = sample_address("10.2.0.2"),
			    .verdict = PAIR_MIXED,
			    .rule = "hq-branch",
			    .esp_packets = 50,
			    .esp_bytes = 42000,
			    .cleartext = protocols,
			    .cleartext_count = 3 } },
		{ .type = RECORD_PAIR,
		  .pair = { .a = sample_address("2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
			    .b = sample_address("2001:db8:aaaa:bbbb:cccc:dddd:eeee:2"),
			    .verdict = PAIR_NEGOTIATING } },
	};
	struct record sa = { .type = RECORD_SA, .sa = { .protocol = 50, .bytes = 922000, .lost = 2, .replayed = -1 } };
	struct record ike = { .type = RECORD_IKE_SA, .ike_sa = { .outcome = IKE_OUTCOME_REFUSED } };
	struct record notice = { .type = RECORD_NOTICE,
				 .notice = { NOTICE_WARNING, "the capture has an unknown block" } };
	struct record summary = { .type = RECORD_SUMMARY };

	sink_write(sink, &notice);
	sink_write(sink, &record);
	record.finding.state = FINDING_UPDATE;
	record.finding.count = 200;
	record.finding.bytes = 150000;
	sink_write(sink, &record);
	record.finding.alert = 2;
	record.finding.state = FINDING_OPEN;
	record.finding.id = FINDING_IKE_REFUSED;
	record.finding.cause = CAUSE_NO_PROPOSAL;
	record.finding.severity = SEVERITY_MEDIUM;
	record.finding.rule = NULL;
	record.finding.count = 0;
	strcpy(record.finding.text, "10.2.0.2 refused the IKE proposal of 10.1.0.1: they differ in encryption.");
	sink_write(sink, &record);
	record.finding.alert = 0x0123456789abcdefULL;
	record.finding.state = FINDING_CLEAR;
	record.finding.id = FINDING_CLEARTEXT_LEAK;
	record.finding.cause = CAUSE_SA_LOST;
	record.finding.severity = SEVERITY_HIGH;
	record.finding.cleared_by = "secured-again";
	record.finding.last_ns += INT64_C(63000000000);
	sink_write(sink, &record);
	sink_write(sink, &sa);
	sink_write(sink, &ike);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		sink_write(sink, &pairs[i]);
	summary.summary = (struct record_summary){
		.packets = 1300, .bytes = 1100000, .has_time = true, .first_ns = SAMPLE_TIME, .in_progress = 1
	};
	summary.summary.last_ns = SAMPLE_TIME + INT64_C(125000000000);
	summary.summary.classes[PACKET_ESP] = 1050;
	summary.summary.classes[PACKET_IKE] = 34;
	summary.summary.classes[PACKET_ICMP] = 3;
	summary.summary.classes[PACKET_CLEARTEXT] = 210;
	summary.summary.classes[PACKET_MALFORMED] = 2;
	summary.summary.classes[PACKET_TRUNCATED] = 1;
	summary.summary.reasons[PACKET_REASON_IPV4] = 1;
	summary.summary.reasons[PACKET_REASON_UDP] = 2;
	sink_write(sink, &summary);
}

static void write_healthy(struct sink *sink)
{
	struct record pair = { .type = RECORD_PAIR,
			       .pair = { .a = sample_address("192.0.2.1"),
					 .b = sample_address("198.51.100.1"),
					 .verdict = PAIR_SECURED,
					 .rule = "learned",
					 .esp_packets = 90,
					 .esp_bytes = 12000,
					 .rekeys = 1 } };
	struct record summary = { .type = RECORD_SUMMARY, .summary = { .packets = 96, .bytes = 14000 } };

	summary.summary.classes[PACKET_ESP] = 90;
	summary.summary.classes[PACKET_IKE] = 6;
	sink_write(sink, &pair);
	sink_write(sink, &summary);
}

static void write_unsecured(struct sink *sink)
{
	struct record_protocol protocols[] = { { "HTTP", 90, 12000 } };
	struct record pair = { .type = RECORD_PAIR,
			       .pair = { .a = sample_address("192.0.2.1"),
					 .b = sample_address("192.0.2.2"),
					 .verdict = PAIR_CLEARTEXT,
					 .cleartext = protocols,
					 .cleartext_count = 1 } };
	struct record summary = { .type = RECORD_SUMMARY, .summary = { .packets = 120, .bytes = 13000 } };

	summary.summary.classes[PACKET_CLEARTEXT] = 90;
	summary.summary.classes[PACKET_NON_IP] = 30;
	sink_write(sink, &pair);
	sink_write(sink, &summary);
}

/* Four alerts about pairs of one host, of which a group takes over the first three; the fourth is another host's. */
static void write_grouped(struct sink *sink)
{
	struct record summary = { .type = RECORD_SUMMARY, .summary = { .packets = 120, .bytes = 13000 } };
	struct record record = sample_finding();

	for (unsigned i = 0; i < 4; i++) {
		record.finding.alert = i + 1;
		sink_write(sink, &record);
	}
	record.finding.state = FINDING_CLEAR;
	record.finding.cleared_by = FINDING_GROUPED;
	for (unsigned i = 0; i < 3; i++) {
		record.finding.alert = i + 1;
		sink_write(sink, &record);
	}
	record = sample_finding();
	record.finding.alert = 9;
	record.finding.subject = SUBJECT_HOST;
	record.finding.has_pair = record.finding.has_flow = false;
	sink_write(sink, &record);
	sink_write(sink, &summary);
}

static void write_empty(struct sink *sink)
{
	struct record summary = { .type = RECORD_SUMMARY };

	sink_write(sink, &summary);
}

/* The text of a story; free() it. Not inlined: gcc 12 takes the memory stream's buffer for the local that named it. */
static __attribute__((noinline)) char *tell(void (*story)(struct sink *), unsigned width, bool colour, bool unicode)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct sink *sink = text_sink_new(file, width, colour, unicode);

	story(sink);
	sink_close(sink);
	fclose(file);
	return text;
}

static const struct {
	const char *name;
	void (*story)(struct sink *);
	unsigned width;
	bool colour, unicode;
} stories[] = {
	{ "leak-60", write_leak, 60, false, true },       { "leak-80-ascii", write_leak, 80, false, false },
	{ "leak-120", write_leak, 120, false, true },     { "leak-80-colour", write_leak, 80, true, true },
	{ "healthy-80", write_healthy, 80, false, true }, { "unsecured-80", write_unsecured, 80, false, true },
	{ "empty-80", write_empty, 80, false, true },
};

START_TEST(stories_read_as_written)
{
	char path[512], *text = tell(stories[_i].story, stories[_i].width, stories[_i].colour, stories[_i].unicode);
	static char golden[1 << 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/text/%s.txt", TEST_DIRECTORY, stories[_i].name);
	if (getenv("UPDATE_GOLDEN")) {
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		fclose(file);
	}
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is missing", path);
	golden[fread(golden, 1, sizeof(golden) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(text, golden);
	free(text);
}
END_TEST

START_TEST(members_of_a_group_count_once)
{
	char *text = tell(write_grouped, 80, false, false);

	ck_assert_msg(strstr(text, "\n2 findings need attention; the worst is high."), "%s", text);
	ck_assert_msg(strstr(text, "\nHIGH           2  cleartext-leak/sa-lost\n"), "%s", text);
	free(text);
}
END_TEST

START_TEST(no_line_is_too_long)
{
	for (unsigned width = 60; width <= 200; width++) {
		char *text = tell(write_leak, width, false, width % 2), *rest = text, *line;

		while ((line = strsep(&rest, "\n")))
			ck_assert_msg(utf8_width(line) <= width, "at %u: '%s'", width, line);
		free(text);
	}
}
END_TEST

/* A leak whose cause is found, that goes on, and that becomes worse; then its end. */
static void write_cause(struct sink *sink)
{
	static const struct {
		enum finding_state state;
		enum finding_cause cause;
		enum finding_severity severity;
	} records[] = {
		{ FINDING_OPEN, CAUSE_UNKNOWN, SEVERITY_HIGH },       { FINDING_UPDATE, CAUSE_UNKNOWN, SEVERITY_HIGH },
		{ FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH },     { FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_HIGH },
		{ FINDING_UPDATE, CAUSE_SA_LOST, SEVERITY_CRITICAL }, { FINDING_CLEAR, CAUSE_SA_LOST, SEVERITY_HIGH },
	};
	struct record record = sample_finding();

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		record.finding.state = records[i].state;
		record.finding.cause = records[i].cause;
		record.finding.severity = records[i].severity;
		record.finding.cleared_by = record.finding.state == FINDING_CLEAR ? "secured-again" : NULL;
		snprintf(record.finding.text, sizeof(record.finding.text), "Sentence %zu.", i + 1);
		sink_write(sink, &record);
	}
}

START_TEST(an_update_says_what_is_news)
{
	static const bool told[] = { true, false, true, false, true, false };
	char *text = tell(write_cause, 120, false, false), sentence[32];

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		snprintf(sentence, sizeof(sentence), "\n          Sentence %zu.\n", i + 1);
		ck_assert_msg((strstr(text, sentence) != NULL) == told[i], "sentence %zu of\n%s", i + 1, text);
	}
	ck_assert_msg(strstr(text, "high, 17 packets, 12.3 kB\n          Sentence 3.\n"
				   "          -> Find what removed the SA: ") != NULL,
		      "%s", text);
	free(text);
}
END_TEST

/* As `espial alerts show` of an espiald without a store, which knows the newest state alone. */
static void write_update_alone(struct sink *sink)
{
	struct record record = sample_finding();

	record.finding.state = FINDING_UPDATE;
	sink_write(sink, &record);
	text_sink_leave(sink);
}

START_TEST(an_alert_of_which_nothing_was_told_is_told_whole)
{
	char *text = tell(write_update_alone, 120, false, false);

	ck_assert_msg(strncmp(text, "HIGH      cleartext-leak/sa-lost  10.1.0.1 <-> 10.2.0.2\n", 56) == 0, "%s", text);
	ck_assert_msg(strstr(text, "\n          10.2.0.2 sends HTTP to 10.1.0.1 in clear since its SA ended.\n") !=
			  NULL,
		      "%s", text);
	ck_assert_msg(strstr(text, "\n          -> Find what removed the SA: ") != NULL, "%s", text);
	ck_assert_msg(!strstr(text, "Pairs"), "%s", text);
	free(text);
}
END_TEST

static void write_hostile(struct sink *sink)
{
	static const char hostile[] = SAMPLE_HOSTILE "\x1b[5m\x1b]0;title\x07\xc2\x9b"
						     "5m\r\b";
	struct record_protocol protocols[] = { { hostile, 9, 900 }, { "\xff", 1, 1 }, { NULL, 1, 1 }, { "", 1, 1 } };
	struct record pair = {
		.type = RECORD_PAIR,
		.pair = { .verdict = PAIR_MIXED, .rule = hostile, .cleartext = protocols, .cleartext_count = 4 }
	};
	struct record notice = { .type = RECORD_NOTICE, .notice = { NOTICE_ERROR, hostile } };
	struct record summary = { .type = RECORD_SUMMARY,
				  .summary = { .packets = 11, .classes = { [PACKET_CLEARTEXT] = 11 } } };
	struct record finding = sample_finding();

	finding.finding.protocol = finding.finding.rule = finding.finding.interface = finding.finding.cleared_by =
	    hostile;
	snprintf(finding.finding.text, sizeof(finding.finding.text), "%s", hostile);
	sink_write(sink, &notice);
	for (int state = 0; state < FINDING_STATE_COUNT; state++) {
		finding.finding.state = (enum finding_state)state;
		sink_write(sink, &finding);
	}
	sink_write(sink, &pair);
	sink_write(sink, &summary);
}

/* _i: bit 0 colour, bit 1 Unicode */
START_TEST(hostile_strings_never_reach_the_terminal)
{
	bool colour = _i & 1, unicode = _i & 2;
	char *text = tell(write_hostile, 80, colour, unicode);
	const char *at = text, *end = text + strlen(text);

	ck_assert_ptr_null(strstr(text, "\x1b[5m"));
	while (at < end) {
		const char *begin = at;
		uint32_t code = utf8_next(&at, end);

		if (code == '\x1b') {
			size_t digits = strspn(at + 1, "0123456789;");

			ck_assert_msg(colour && *at == '[' && digits > 0 && at[1 + digits] == 'm', "escape at '%.20s'",
				      begin);
		} else if (code != '\n') {
			ck_assert_msg(!utf8_is_control(code), "U+%04X at '%.20s'", code, begin);
		}
		ck_assert_msg(unicode || code < 0x80, "U+%04X", code);
		ck_assert_msg(code != UTF8_REPLACEMENT || memcmp(begin, "\xef\xbf\xbd", 3) == 0,
			      "stray octet at '%.20s'", begin);
	}
	free(text);
}
END_TEST

static void write_many(struct sink *sink)
{
	struct record_protocol protocol = { "HTTP", 1, 100 };
	struct record summary = { .type = RECORD_SUMMARY, .summary = { .packets = 300000 } };

	summary.summary.classes[PACKET_ESP] = 280000;
	summary.summary.classes[PACKET_CLEARTEXT] = 20000;
	for (uint32_t i = 0; i < 300000; i++) {
		uint8_t a[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i }, b[4] = { 192, 0, 2, 1 };
		struct record pair = { .type = RECORD_PAIR,
				       .pair = { .a = address_from_ipv4(a), .b = address_from_ipv4(b) } };
		char name[32];

		snprintf(name, sizeof(name), "tcp/%u", i % 5000);
		protocol.name = name;
		pair.pair.verdict = i == 150000 ? PAIR_MIXED : PAIR_SECURED;
		pair.pair.esp_packets = 1;
		pair.pair.cleartext = &protocol;
		pair.pair.cleartext_count = pair.pair.verdict == PAIR_MIXED || i < 20000;
		sink_write(sink, &pair);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		struct record finding = sample_finding();

		finding.finding.alert = i;
		sink_write(sink, &finding);
	}
	sink_write(sink, &summary);
}

START_TEST(many_pairs_are_bounded)
{
	char *text = tell(write_many, 80, false, false), *pairs = strstr(text, "\nPairs -"), *at = pairs;
	size_t rows = 0;

	ck_assert_ptr_nonnull(pairs);
	while ((at = strstr(at, " <-> "))) {
		rows++;
		at++;
	}
	ck_assert_uint_eq(rows, 40);
	at = strstr(pairs, "\nmixed ");
	ck_assert_msg(at && at < strstr(pairs, "\nsecured "), "the worst is not first");
	ck_assert_ptr_nonnull(strstr(text, "10.2.73.240 <-> 192.0.2.1"));
	ck_assert_ptr_nonnull(strstr(text, "and 300.0k more: 300.0k secured"));
	ck_assert_ptr_nonnull(strstr(text, " more, not told apart here"));
	ck_assert_ptr_nonnull(strstr(text, "+ others"));
	free(text);
}
END_TEST

/* What finds no row of its own needs attention all the same: many that need none do not hide it. */
START_TEST(attention_beyond_the_bound)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct sink *sink = text_sink_new(file, 80, false, false);

	for (uint32_t i = 0; i < 20001; i++) {
		struct record finding = sample_finding();
		finding.finding.alert = i + 1;
		finding.finding.id = i == 20000 ? FINDING_CLEARTEXT_LEAK : FINDING_NOT_QUANTUM_SAFE;
		finding.finding.cause = i == 20000 ? CAUSE_SA_LOST : CAUSE_NONE;
		finding.finding.severity = i == 20000 ? SEVERITY_CRITICAL : SEVERITY_INFO;
		sink_write(sink, &finding);
	}
	fflush(file);
	size_t told = size;
	write_healthy(sink);
	sink_close(sink);
	fclose(file);
	ck_assert_msg(strstr(text + told, "1 finding needs attention; the worst is critical.") != NULL, "%s",
		      text + told);
	free(text);
}
END_TEST

/* Whatever frames have been found to be is said in words. */
START_TEST(every_reason_is_told)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct sink *sink = text_sink_new(file, 80, false, false);
	struct record summary = { .type = RECORD_SUMMARY };

	summary.summary.packets = summary.summary.classes[PACKET_MALFORMED] = 100000;
	for (unsigned i = PACKET_REASON_NONE + 1; i < PACKET_REASON_COUNT; i++)
		summary.summary.reasons[i] = 900 + i;
	sink_write(sink, &summary);
	sink_close(sink);
	fclose(file);
	for (unsigned i = PACKET_REASON_NONE + 1; i < PACKET_REASON_COUNT; i++) {
		char figure[16];
		snprintf(figure, sizeof(figure), " %u  ", 900 + i);
		const char *row = strstr(text, figure);
		ck_assert_msg(row && row[strlen(figure)] > ' ', "reason %u is not in:\n%s", i, text);
	}
	free(text);
}
END_TEST

START_TEST(close_without_summary_tells_what_there_is)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct sink *sink = text_sink_new(file, 80, false, false);
	struct record record = sample_finding();

	sink_write(sink, &record);
	sink_close(sink);
	fclose(file);
	ck_assert_ptr_nonnull(strstr(text, "1 finding needs attention"));
	free(text);
	text = NULL;
	file = open_memstream(&text, &size);
	sink_close(text_sink_new(file, 80, false, false));
	fclose(file);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

/* The state is told on request, and again at the end: what was found before is a part of both. */
START_TEST(findings_outlast_a_report)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct sink *sink = text_sink_new(file, 80, false, false);
	struct record record = sample_finding();

	sink_write(sink, &record);
	write_healthy(sink);
	fflush(file);
	size_t first = size;
	write_healthy(sink);
	fflush(file);
	ck_assert_msg(strstr(text + first, "1 finding needs attention") != NULL, "%s", text);
	ck_assert_msg(strstr(text + first, "1 pair is secured") != NULL, "%s",
		      text); /* not two: the state is that of now */
	size_t told = size;
	sink_close(sink);
	fclose(file);
	ck_assert_uint_eq(size, told);
	free(text);
}
END_TEST

/* One process goes on where another ended: one report, which counts what was open. */
START_TEST(report_of_a_successor)
{
	for (unsigned knows = 0; knows < 2; knows++) {
		char *text = NULL;
		size_t size = 0;
		FILE *file = open_memstream(&text, &size);
		struct sink *sink = text_sink_new(file, 80, false, false);
		struct record record = sample_finding();

		sink_write(sink, &record);
		text_sink_leave(sink);
		sink_close(sink);
		fflush(file);
		ck_assert_msg(!strstr(text, "attention"), "%s", text);
		sink = text_sink_new(file, 80, false, false);
		if (knows)
			text_sink_recall(sink, &record.finding);
		text_sink_since(sink, SAMPLE_TIME, knows);
		write_healthy(sink);
		sink_close(sink);
		fclose(file);
		ck_assert_msg((strstr(text, "1 finding needs attention") != NULL) == (knows == 1), "%s", text);
		ck_assert_msg((strstr(text, "worse was found since") != NULL) == (knows == 0), "%s", text);
		ck_assert_msg(strstr(text, "Findings are those since 20") != NULL, "%s", text);
		ck_assert_msg((strstr(text, ", and those that were") != NULL) == (knows == 1), "%s", text);
		free(text);
	}
}
END_TEST

START_TEST(figures_are_short)
{
	static const struct {
		uint64_t value;
		const char *count, *octets;
	} numbers[] = {
		{ 0, "0", "0 B" },
		{ 999, "999", "999 B" },
		{ 1000, "1000", "1.0 kB" },
		{ 1551, "1551", "1.6 kB" },
		{ 99999, "99999", "100.0 kB" },
		{ 100000, "100.0k", "100.0 kB" },
		{ 999949, "999.9k", "999.9 kB" },
		{ 999950, "1.0M", "1.0 MB" },
		{ UINT64_C(12340000000), "12.3G", "12.3 GB" },
		{ UINT64_MAX, "18.4E", "18.4 EB" },
	};
	static const struct {
		int64_t nanoseconds;
		const char *text;
	} spans[] = {
		{ -1, "?" },
		{ 0, "0.0 s" },
		{ 49999999, "0.0 s" },
		{ 50000000, "0.1 s" },
		{ INT64_C(9940000000), "9.9 s" },
		{ INT64_C(10000000000), "10 s" },
		{ INT64_C(59999999999), "59 s" },
		{ INT64_C(125000000000), "2 min 5 s" },
		{ INT64_C(11045000000000), "3 h 4 min" },
		{ INT64_C(180000000000000), "2 d 2 h" },
		{ INT64_MAX, "106751 d 23 h" },
	};
	struct page_figure figure;

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		ck_assert_str_eq(page_count(numbers[i].value, &figure), numbers[i].count);
		ck_assert_str_eq(page_octets(numbers[i].value, &figure), numbers[i].octets);
	}
	for (unsigned i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		ck_assert_str_eq(page_duration(spans[i].nanoseconds, &figure), spans[i].text);
	ck_assert_str_eq(page_time(INT64_C(1763757000123456789), &figure), "2025-11-21 20:30:00");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *texts = tcase_create("texts");

	tcase_add_loop_test(texts, stories_read_as_written, 0, (int)(sizeof(stories) / sizeof(stories[0])));
	tcase_add_test(texts, members_of_a_group_count_once);
	tcase_add_test(texts, an_update_says_what_is_news);
	tcase_add_test(texts, an_alert_of_which_nothing_was_told_is_told_whole);
	tcase_add_test(texts, no_line_is_too_long);
	tcase_add_loop_test(texts, hostile_strings_never_reach_the_terminal, 0, 4);
	tcase_add_test(texts, many_pairs_are_bounded);
	tcase_add_test(texts, attention_beyond_the_bound);
	tcase_add_test(texts, every_reason_is_told);
	tcase_add_test(texts, figures_are_short);
	tcase_add_test(texts, findings_outlast_a_report);
	tcase_add_test(texts, report_of_a_successor);
	tcase_add_test(texts, close_without_summary_tells_what_there_is);
	tcase_set_timeout(texts, 60);
	suite_add_tcase(suite, texts);
	return suite_end(suite);
}
