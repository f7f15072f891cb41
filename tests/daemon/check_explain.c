/* SPDX-License-Identifier: Apache-2.0 */
/* Every finding and every cause has all parts of its explanation; names that are none; what the command answers. */
#include "../../daemon/explain_command.h"
#include "../../daemon/report/explanation.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A sentence or two: not empty, not cut off, nothing left open. */
static void is_text(const char *name, const char *part, const char *text)
{
	ck_assert_msg(text != NULL && strlen(text) >= 5, "%s has no %s", name, part);
	ck_assert_msg(strchr(".?", text[strlen(text) - 1]), "%s: %s does not end: %s", name, part, text);
	ck_assert_msg(strstr(text, "  ") == NULL, "%s: %s has two blanks: %s", name, part, text);
	ck_assert_msg(strstr(text, "TODO") == NULL && strstr(text, "FIXME") == NULL, "%s: %s is not done", name, part);
}

START_TEST(every_finding_has_all_parts)
{
	const struct catalogue_row *row = catalogue_row((enum finding_id)_i);
	const struct explanation *text = explanation_of((enum finding_id)_i);

	ck_assert_ptr_nonnull(text);
	is_text(row->name, "evidence", text->evidence);
	is_text(row->name, "look-alikes", text->lookalike);
	is_text(row->name, "what cannot be seen", text->unseen);
	if (row->subject == SUBJECT_SENSOR) {
		is_text(row->name, "sensor", text->sensor);
		ck_assert(!text->windows && !text->strongswan && !text->libreswan);
		return;
	}
	ck_assert_ptr_null(text->sensor);
	is_text(row->name, "Windows", text->windows);
	is_text(row->name, "strongSwan", text->strongswan);
	is_text(row->name, "Libreswan", text->libreswan);
}
END_TEST

START_TEST(every_cause_has_all_parts)
{
	unsigned count = 0;

	for (int cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		const struct cause_explanation *text =
		    explanation_of_cause((enum finding_id)_i, (enum finding_cause)cause);
		char name[80];
		snprintf(name, sizeof(name), "%s/%s", catalogue_row((enum finding_id)_i)->name,
			 catalogue_cause((enum finding_cause)cause)->name);
		if (cause == CAUSE_NONE || !catalogue_allows((enum finding_id)_i, (enum finding_cause)cause)) {
			ck_assert_msg(text == NULL, "%s is not in the catalogue", name);
			continue;
		}
		ck_assert_msg(text != NULL, "%s is not explained", name);
		is_text(name, "evidence", text->evidence);
		is_text(name, "look-alikes", text->lookalike);
		is_text(name, "where to look", text->look);
		is_text(name, "what cannot be seen", text->unseen);
		count++;
	}
	ck_assert(count > 0 || catalogue_allows((enum finding_id)_i, CAUSE_NONE));
}
END_TEST

START_TEST(numbers_out_of_range_have_none)
{
	ck_assert_ptr_null(explanation_of(FINDING_ID_COUNT));
	ck_assert_ptr_null(explanation_of_cause(FINDING_ID_COUNT, CAUSE_STALE));
	ck_assert_ptr_null(explanation_of_cause(FINDING_BAD_SPI, CAUSE_COUNT));
}
END_TEST

START_TEST(the_nearest_name_is_suggested)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{ "rekey-to-often", "rekey-too-often" },
		{ "badspi", "bad-spi" },
		{ "cleartext-leak/soft-sa", "cleartext-leak/soft-sa" },
		{ "cleartext-leak/softsa", "cleartext-leak/soft-sa" },
		{ "soft-sa", "cleartext-leak/soft-sa" },
		{ "kerberos", "ike-auth-failed/kerberos" },
		{ "cert", "ike-auth-failed/certificate" },
		{ "bad-spi/stael", "bad-spi/stale" },
		{ "nosuch", "" },
		{ "x", "" },
		{ "/", "" },
	};
	char nearest[128], longest[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		explain_command_nearest(cases[i].typed, nearest, sizeof(nearest));
		ck_assert_msg(strcmp(nearest, cases[i].meant) == 0, "%s: %s", cases[i].typed, nearest);
	}
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	explain_command_nearest(longest, nearest, sizeof(nearest));
	explain_command_nearest("", nearest, sizeof(nearest));
}
END_TEST

/* Runs the command with its output going to files; returns the status. */
static int run(char **arguments, char out[65536], char err[4096])
{
	FILE *files[2] = { tmpfile(), tmpfile() };
	char *texts[2] = { out, err };
	size_t sizes[2] = { 65536, 4096 };
	int saved[2], count = 0;

	while (arguments[count])
		count++;
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(files[i]);
		saved[i] = dup(i + 1);
		dup2(fileno(files[i]), i + 1);
	}
	int status = explain_command(count, arguments);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
		rewind(files[i]);
		texts[i][fread(texts[i], 1, sizes[i] - 1, files[i])] = '\0';
		fclose(files[i]);
	}
	return status;
}

static char out[65536], err[4096];

static char *word(const char *text)
{
	return (char *)(uintptr_t)text; /* getopt's type; nothing is changed */
}

START_TEST(the_list_has_every_finding)
{
	char *arguments[] = { word("explain"), NULL };

	setenv("COLUMNS", "80", 1);
	setenv("LC_ALL", "C", 1); /* an octet is a column */
	ck_assert_int_eq(run(arguments, out, err), 0);
	for (int id = 0; id < FINDING_ID_COUNT; id++)
		ck_assert_ptr_nonnull(strstr(out, catalogue_row((enum finding_id)id)->name));
	for (const char *line = out; *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(strcspn(line, "\n") <= 80, "too wide: %.100s", line);
}
END_TEST

START_TEST(a_cause_is_told_with_its_finding)
{
	char *text[] = { word("explain"), word("bad-spi/one-way"), NULL };
	char *json[] = { word("explain"), word("--json"), word("bad-spi/one-way"), NULL };

	ck_assert_int_eq(run(text, out, err), 0);
	ck_assert_ptr_nonnull(strstr(out, "bad-spi/one-way"));
	ck_assert_ptr_nonnull(strstr(out, "XfrmInNoStates"));
	ck_assert_ptr_nonnull(strstr(out, "4965"));
	ck_assert_int_eq(run(json, out, err), 0);
	ck_assert_ptr_nonnull(strstr(out, "\"id\":\"bad-spi\",\"cause\":\"one-way\""));
	ck_assert_ptr_nonnull(strstr(out, "\"windows_event\":4965"));
}
END_TEST

/* Where the rules tell severities apart, so does the explanation. */
START_TEST(severities_by_cause)
{
	static const struct {
		const char *name, *has, *lacks;
	} cases[] = {
		{ "cleartext-leak", "medium under request", "low under request" },
		{ "cleartext-leak/sa-lost", "medium under request", "low under request" },
		{ "cleartext-leak/before-sa", "low under request", "medium under request" },
		{ "cleartext-leak/soft-sa", "low under request", "medium under request" },
		{ "cleartext-leak/selector-gap", "low for learned pairs", "medium for learned" },
		{ "bad-spi/stale", "medium once it lasts", "no SA that is known" },
		{ "bad-spi/notified", "no SA that is known", "high" },
		{ "ike-refused/mode", "medium", "low" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *arguments[] = { word("explain"), word(cases[i].name), NULL };
		ck_assert_int_eq(run(arguments, out, err), 0);
		char *line = strstr(out, "\nseverity "), *end = line ? strstr(line, "\nabout ") : NULL, *to = line;
		ck_assert_ptr_nonnull(end);
		*end = '\0';
		/* Wherever the lines end. */
		for (const char *at = line; *at; at++)
			if (*at != ' ' && *at != '\n')
				*to++ = *at;
			else if (to == line || to[-1] != ' ')
				*to++ = ' ';
		*to = '\0';
		ck_assert_msg(strstr(line, cases[i].has) && !strstr(line, cases[i].lacks), "%s", line);
	}
	/* And what the catalogue has is one of them. */
	for (int id = 0; id < FINDING_ID_COUNT; id++) {
		const char *text = explanation_severity((enum finding_id)id, CAUSE_NONE);
		const char *name = finding_severity_name(catalogue_row((enum finding_id)id)->severity);
		ck_assert_msg(!text || strstr(text, name), "%s: %s", catalogue_row((enum finding_id)id)->name, text);
	}
}
END_TEST

START_TEST(an_unknown_name_is_an_error)
{
	static const char *const names[] = { "bad-spy", "bad-spi/soft-sa", "bad-spi/", "/", "", "\033[31m" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *arguments[] = { word("explain"), word(names[i]), NULL };
		ck_assert_msg(run(arguments, out, err) == 2, "%s", names[i]);
		ck_assert_str_eq(out, "");
		ck_assert_int_eq(strstr(err, "did you mean '") != NULL, i < 3);
		ck_assert_ptr_nonnull(strstr(err, "is no finding"));
		ck_assert_ptr_null(strchr(err, '\033'));
	}
	char *wrong[] = { word("explain"), word("--wrong"), NULL };
	ck_assert_int_eq(run(wrong, out, err), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, every_finding_has_all_parts, 0, FINDING_ID_COUNT);
	tcase_add_loop_test(tests, every_cause_has_all_parts, 0, FINDING_ID_COUNT);
	tcase_add_test(tests, numbers_out_of_range_have_none);
	tcase_add_test(tests, the_nearest_name_is_suggested);
	tcase_add_test(tests, the_list_has_every_finding);
	tcase_add_test(tests, a_cause_is_told_with_its_finding);
	tcase_add_test(tests, severities_by_cause);
	tcase_add_test(tests, an_unknown_name_is_an_error);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
