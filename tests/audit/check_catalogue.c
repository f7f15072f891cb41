/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue in code against the written one, ../shared/FINDINGS.md beside the source tree: ids, causes and default
 * severities, in both directions; and every text is there and reads as a sentence. Without the written catalogue the
 * comparison cannot be made: exit 77, which meson counts as skipped, after the rest was checked.
 */
#include "../../daemon/audit/finding.h"
#include "../suite.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef SOURCE_ROOT
#error "the build names SOURCE_ROOT"
#endif

/* What FINDINGS.md says. */
struct written {
	bool id[FINDING_ID_COUNT];
	int severity[FINDING_ID_COUNT]; /* -1: none named */
	bool cause[FINDING_ID_COUNT][CAUSE_COUNT];
	char problem[256]; /* first thing the code does not know */
};

static FILE *open_written(void)
{
	return fopen(SOURCE_ROOT "/../shared/FINDINGS.md", "r");
}

/* The next `token` from *at on. False at the end. */
static bool next_token(const char **at, char token[64])
{
	const char *begin = strchr(*at, '`');
	const char *end = begin ? strchr(begin + 1, '`') : NULL;

	if (!end || end - begin > 63)
		return false;
	memcpy(token, begin + 1, (size_t)(end - begin - 1));
	token[end - begin - 1] = '\0';
	*at = end + 1;
	return true;
}

static int first_severity(const char *cell)
{
	const char *best = NULL;
	int found = -1;

	for (int s = 0; s < SEVERITY_COUNT; s++) {
		const char *at = strstr(cell, finding_severity_name((enum finding_severity)s));
		if (at && (!best || at < best)) {
			best = at;
			found = s;
		}
	}
	return found;
}

static void add_id(struct written *written, const char *name, int severity)
{
	int id = catalogue_find_id(name);

	if (id < 0) {
		snprintf(written->problem, sizeof(written->problem), "id %s is not in the code", name);
		return;
	}
	written->id[id] = true;
	written->severity[id] = severity;
}

static void add_cause(struct written *written, int id, const char *name)
{
	int cause = catalogue_find_cause(name);

	if (cause < 0)
		snprintf(written->problem, sizeof(written->problem), "cause %s is not in the code", name);
	else
		written->cause[id][cause] = true;
}

/* Causes are the tokens of a cell before its list of evidence; a token may also name another finding. */
static void add_causes(struct written *written, int id, const char *cell)
{
	char text[2048], token[64];
	const char *at = text;
	char *evidence;

	snprintf(text, sizeof(text), "%s", cell);
	evidence = strstr(text, "evidence");
	if (evidence)
		*evidence = '\0';
	while (next_token(&at, token)) {
		if (catalogue_find_id(token) >= 0) /* ike-restart: "`restart-check` (info; ..." */
			add_id(written, token, first_severity(at));
		else
			add_cause(written, id, token);
	}
}

/* "| a | b | c |" into cells. */
static size_t split(char *line, char *cells[8])
{
	size_t count = 0;
	char *at = line + 1;

	while (count < 8) {
		char *bar = strchr(at, '|');
		if (!bar)
			break;
		*bar = '\0';
		cells[count++] = at;
		at = bar + 1;
	}
	return count;
}

static void add_ids(struct written *written, const char *cell, int severity)
{
	char token[64];

	while (next_token(&cell, token))
		add_id(written, token, severity);
}

static void read_row(struct written *written, char section, char *line)
{
	char *cells[8], token[64];
	size_t count = split(line, cells);
	const char *at = count ? cells[0] : "";
	bool three = count == 3;

	if (section == 'F') {
		for (size_t i = 0; i + 1 < count; i += 3)
			add_ids(written, cells[i], first_severity(cells[i + 1]));
		return;
	}
	if (!three || !next_token(&at, token))
		return;
	if (section == 'A' && catalogue_find_id(token) < 0) {
		add_cause(written, FINDING_CLEARTEXT_LEAK, token);
		return;
	}
	add_id(written, token, first_severity(cells[1]));
	if (catalogue_find_id(token) < 0)
		return;
	if (section == 'A')
		add_causes(written, catalogue_find_id(token), cells[1]);
	else if (section == 'B' || section == 'D')
		add_causes(written, catalogue_find_id(token), cells[2]);
}

static void read_written(struct written *written)
{
	FILE *file = open_written();
	char line[4096];
	char section = 0;

	memset(written, 0, sizeof(*written));
	for (size_t i = 0; i < FINDING_ID_COUNT; i++)
		written->severity[i] = -1;
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "## ", 3) == 0)
			section = line[4] == '.' ? line[3] : 0;
		else if (section && line[0] == '|')
			read_row(written, section, line);
		else if (section == 'A' && strncmp(line, "`cleartext-leak`", 16) == 0)
			add_id(written, "cleartext-leak", first_severity(line));
		else if (section == 'E' && line[0] == '`')
			add_ids(written, line, SEVERITY_INFO);
	}
	fclose(file);
}

START_TEST(code_equals_the_written_catalogue)
{
	struct written written;

	read_written(&written);
	ck_assert_msg(!written.problem[0], "%s", written.problem);
	for (int id = 0; id < FINDING_ID_COUNT; id++) {
		const struct catalogue_row *row = catalogue_row((enum finding_id)id);
		bool any = false;

		ck_assert_msg(written.id[id], "%s is not in FINDINGS.md", row->name);
		ck_assert_msg(written.severity[id] == (int)row->severity,
			      "severity of %s is %s in code, %s in FINDINGS.md", row->name,
			      finding_severity_name(row->severity),
			      finding_severity_name((enum finding_severity)written.severity[id]));
		for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
			any = any || written.cause[id][cause];
			ck_assert_msg(written.cause[id][cause] ==
					  catalogue_allows((enum finding_id)id, (enum finding_cause)cause),
				      "%s/%s: code and FINDINGS.md differ", row->name,
				      catalogue_cause((enum finding_cause)cause)->name);
		}
		ck_assert_msg(catalogue_allows((enum finding_id)id, CAUSE_NONE) == !any, "%s without a cause",
			      row->name);
	}
}
END_TEST

static void check_sentence(const char *name, const char *text)
{
	ck_assert_msg(text && strlen(text) > 15, "%s: text missing", name);
	ck_assert_msg(isupper((unsigned char)text[0]), "%s: '%s' does not begin as a sentence", name, text);
	ck_assert_msg(text[strlen(text) - 1] == '.', "%s: '%s' does not end as a sentence", name, text);
	ck_assert_msg(!strstr(text, "  ") && !strstr(text, ",and") && !strchr(text, '\n'), "%s: spacing in '%s'", name,
		      text);
}

START_TEST(every_text_is_there)
{
	for (int id = 0; id < FINDING_ID_COUNT; id++) {
		const struct catalogue_row *row = catalogue_row((enum finding_id)id);

		ck_assert_ptr_nonnull(row->name);
		check_sentence(row->name, row->meaning);
		check_sentence(row->name, row->advice);
		ck_assert_int_eq(catalogue_find_id(row->name), id);
		ck_assert_msg(row->windows_event == 0 || (row->windows_event >= 541 && row->windows_event <= 547) ||
				  row->windows_event == 4283 ||
				  (row->windows_event >= 4650 && row->windows_event <= 4655) ||
				  row->windows_event == 4963 || row->windows_event == 4965,
			      "%s names event %u, which is none of ours", row->name, row->windows_event);
		ck_assert_int_lt(row->severity, SEVERITY_COUNT);
		ck_assert_int_lt(row->subject, SUBJECT_COUNT);
	}
	for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
		const struct catalogue_cause *cause = catalogue_cause((enum finding_cause)i);
		bool used = false;

		ck_assert_ptr_nonnull(cause->name);
		check_sentence(cause->name, cause->meaning);
		if (cause->advice)
			check_sentence(cause->name, cause->advice);
		ck_assert_int_eq(catalogue_find_cause(cause->name), i);
		for (int id = 0; id < FINDING_ID_COUNT; id++)
			used = used || catalogue_allows((enum finding_id)id, (enum finding_cause)i);
		ck_assert_msg(used, "%s belongs to no finding", cause->name);
	}
}
END_TEST

START_TEST(advice_prefers_the_cause)
{
	ck_assert_str_eq(catalogue_advice(FINDING_CLEARTEXT_LEAK, CAUSE_SA_LOST),
			 catalogue_cause(CAUSE_SA_LOST)->advice);
	ck_assert_str_eq(catalogue_advice(FINDING_CLEARTEXT_LEAK, CAUSE_UNKNOWN),
			 catalogue_row(FINDING_CLEARTEXT_LEAK)->advice);
	ck_assert_str_eq(catalogue_advice(FINDING_SA_UP, CAUSE_NONE), catalogue_row(FINDING_SA_UP)->advice);
}
END_TEST

START_TEST(out_of_range_is_harmless)
{
	ck_assert_str_eq(catalogue_row(FINDING_ID_COUNT)->name, "?");
	ck_assert_str_eq(catalogue_cause((enum finding_cause)1000)->name, "?");
	ck_assert_ptr_nonnull(catalogue_advice((enum finding_id)1000, (enum finding_cause)1000));
	ck_assert(!catalogue_allows(FINDING_ID_COUNT, CAUSE_NONE));
	ck_assert(!catalogue_allows(FINDING_SA_UP, CAUSE_UNKNOWN));
	ck_assert_int_eq(catalogue_find_id("no-such-finding"), -1);
	ck_assert_int_eq(catalogue_find_id(""), -1);
	ck_assert_int_eq(catalogue_find_id(NULL), -1);
	ck_assert_int_eq(catalogue_find_cause(""), -1);
	ck_assert_int_eq(catalogue_find_cause(NULL), -1);
	ck_assert_str_eq(finding_severity_name(SEVERITY_COUNT), "?");
	ck_assert_int_eq(finding_severity_find("High"), -1);
	ck_assert_int_eq(finding_state_find(NULL), -1);
}
END_TEST

START_TEST(names_go_both_ways)
{
	for (int i = 0; i < SEVERITY_COUNT; i++)
		ck_assert_int_eq(finding_severity_find(finding_severity_name((enum finding_severity)i)), i);
	for (int i = 0; i < FINDING_STATE_COUNT; i++)
		ck_assert_int_eq(finding_state_find(finding_state_name((enum finding_state)i)), i);
	for (int i = 0; i < GRADE_COUNT; i++)
		ck_assert_int_eq(finding_grade_find(finding_grade_name((enum finding_grade)i)), i);
	for (int i = 0; i < SUBJECT_COUNT; i++)
		ck_assert_int_eq(finding_subject_find(finding_subject_name((enum finding_subject)i)), i);
}
END_TEST

START_TEST(notes_stop_at_the_bound)
{
	struct finding finding = { 0 };

	for (int i = 0; i < FINDING_EVIDENCE_MAX + 3; i++)
		finding_note_integer(&finding, "n", i);
	ck_assert_uint_eq(finding.evidence_count, FINDING_EVIDENCE_MAX);
	ck_assert_int_eq(finding.evidence[FINDING_EVIDENCE_MAX - 1].integer, FINDING_EVIDENCE_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalogue");
	TCase *texts = tcase_create("texts");
	FILE *file = open_written();

	tcase_add_test(texts, every_text_is_there);
	tcase_add_test(texts, advice_prefers_the_cause);
	tcase_add_test(texts, out_of_range_is_harmless);
	tcase_add_test(texts, names_go_both_ways);
	tcase_add_test(texts, notes_stop_at_the_bound);
	if (file)
		tcase_add_test(texts, code_equals_the_written_catalogue);
	suite_add_tcase(suite, texts);
	if (suite_end(suite) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (!file) {
		puts("skipped the comparison: no ../shared/FINDINGS.md beside the source tree");
		return 77;
	}
	fclose(file);
	return EXIT_SUCCESS;
}
