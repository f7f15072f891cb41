/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnoses against their nearest neighbours: for each cause a scene that has it, and one that differs in just what makes it
 * another cause, or none. And for each thing that administrators are told to look for when IPsec fails, what espial says.
 *
 * check_diagnosis            the suite
 * check_diagnosis --table    the rows with a problem as a table, for docs/troubleshooting.md (tests/audit/troubleshooting.py)
 */
#include "diagnosis_rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static void tell_row(const struct row *row)
{
	scene_begin(row->policy);
	row->play();
	tell();
}

/* What is wrong with the row's diagnosis; NULL: nothing. */
static const char *wrong(const struct row *row)
{
	const struct finding *last = last_word(row->id);

	if (row->severity < 0)
		return last ? "something is said" : NULL;
	if (!last)
		return "nothing is said";
	if (last->cause != row->cause)
		return "another cause";
	if ((int)last->severity != row->severity || last->grade != row->grade)
		return "another severity or grade";
	if (row->notes) {
		char line[4096];
		line_of(last, line, sizeof(line));
		if (!strstr(line, row->notes))
			return "other evidence";
	}
	return row->says && !strstr(last->text, row->says) ? "other words" : NULL;
}

START_TEST(each_has_its_diagnosis)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		tell_row(&rows[i]);
		const char *problem = wrong(&rows[i]);
		if (problem)
			fprintf(stderr, "%s: %s\nwanted %s/%s '%s' in\n%s\n", rows[i].wire, problem,
				catalogue_row(rows[i].id)->name, catalogue_cause(rows[i].cause)->name,
				rows[i].says ? rows[i].says : "", result->findings);
		bad += problem != NULL;
		scene_end();
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* Of each finding and subject one alert at a time, and no number told of twice as open. */
START_TEST(one_alert_each)
{
	for (unsigned i = 0; i < ROWS; i++) {
		tell_row(&rows[i]);
		for (size_t k = 0; k < result->finding_count; k++) {
			const struct finding *finding = &result->finding[k];
			bool open = false;
			for (size_t j = 0; j < k; j++)
				if (result->finding[j].alert == finding->alert)
					open = result->finding[j].state != FINDING_CLEAR;
			ck_assert_msg(open == (finding->state != FINDING_OPEN), "%s: %s", rows[i].wire,
				      result->findings);
			ck_assert(catalogue_allows(finding->id, finding->cause));
			ck_assert_uint_gt(strlen(catalogue_advice(finding->id, finding->cause)), 10);
		}
		scene_end();
	}
}
END_TEST

/* ---- the catalogue, walked ---- */

/*
 * What the sensor finds of itself is no scene of two peers: each with the test that raises it, and sees it end or not come.
 * Only for the first sign of life, after five minutes, no test waits.
 */
static const struct {
	enum finding_id id;
	const char *test; /* below tests/; NULL: none */
} of_the_sensor[] = {
	{ FINDING_POLICY_RELOADED, "e2e/check_control.py" },
	{ FINDING_SENSOR_ALIVE, NULL },
	{ FINDING_SINK_DOWN, "e2e/check_strongswan_faults.py" },
	{ FINDING_ENGINE_RESTARTED, "e2e/check_robust.py" },
	{ FINDING_CAPTURE_SILENT, "e2e/check_sensor.py" },
	{ FINDING_CAPTURE_DROPS, "e2e/check_sensor.py" },
	{ FINDING_CAPTURE_DOWN, "e2e/check_sensor.py" },
	{ FINDING_MIRROR_ONE_WAY, "audit/check_rule_mirror.c" },
	{ FINDING_CAPTURE_OFFLOAD, "e2e/check_sensor.py" },
	{ FINDING_CLOCK_JUMP, "e2e/check_sensor.py" },
};

static bool is_the_sensors(enum finding_id id)
{
	for (size_t i = 0; i < sizeof(of_the_sensor) / sizeof(of_the_sensor[0]); i++)
		if (of_the_sensor[i].id == id)
			return true;
	return false;
}

static char *text_of(const char *below)
{
	char path[512];

	snprintf(path, sizeof(path), SOURCE_ROOT "/%s", below);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	char *text = calloc(1, 1 << 18);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_gt(fread(text, 1, (1 << 18) - 1, file), 0);
	fclose(file);
	return text;
}

START_TEST(the_sensors_have_tests_elsewhere)
{
	for (size_t i = 0; i < sizeof(of_the_sensor) / sizeof(of_the_sensor[0]); i++) {
		char path[256];
		if (!of_the_sensor[i].test)
			continue;
		snprintf(path, sizeof(path), "tests/%s", of_the_sensor[i].test);
		char *text = text_of(path);
		const char *name = catalogue_row(of_the_sensor[i].id)->name;
		char member[64] = "FINDING_";
		for (size_t k = 0; name[k]; k++)
			member[8 + k] = (char)(name[k] == '-' ? '_' : toupper((unsigned char)name[k]));
		ck_assert_msg(strstr(text, name) || strstr(text, member), "%s says nothing of %s", path, name);
		free(text);
	}
}
END_TEST

static bool is_near(const struct row *row, enum finding_cause cause)
{
	enum finding_cause wanted = cause == CAUSE_NONE ? CAUSE_COUNT : cause;

	for (unsigned i = 0; i < sizeof(row->near) / sizeof(row->near[0]); i++)
		if (row->near[i] == wanted)
			return true;
	return false;
}

/* Each id and cause has a scene that shows it, and one that looks most like it and shows another cause, or nothing. */
START_TEST(each_has_a_scene_and_a_neighbour)
{
	unsigned bad = 0;

	for (unsigned id = 0; id < FINDING_ID_COUNT; id++)
		for (unsigned cause = 0; cause < CAUSE_COUNT; cause++) {
			bool shown = false, beside = false;
			if (!catalogue_allows((enum finding_id)id, (enum finding_cause)cause) ||
			    is_the_sensors((enum finding_id)id))
				continue;
			for (unsigned k = 0; k < ROWS; k++) {
				const struct row *row = &rows[k];
				bool same = row->id == id && row->severity >= 0 && row->cause == cause;
				shown |= same;
				beside |= row->id == id && !same && is_near(row, (enum finding_cause)cause);
			}
			if (!shown || !beside)
				fprintf(stderr, "%s/%s has no %s\n", catalogue_row((enum finding_id)id)->name,
					catalogue_cause((enum finding_cause)cause)->name,
					shown ? "neighbour" : "scene");
			bad += !shown || !beside;
		}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* The same of each hint at what is wrong with a certificate. */
START_TEST(each_hint_has_a_scene_and_a_neighbour)
{
	static const char *const hints[] = { "[crl-unreachable]", "[expired-likely]", "[ca-disjoint]",
					     "[fragment-loss]", "[unknown]" };

	for (unsigned i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		bool shown = false, beside = false;
		for (unsigned k = 0; k < ROWS; k++) {
			const struct row *row = &rows[k];
			if (!row->notes || !strstr(row->notes, "certificate_hint="))
				continue;
			bool same = strstr(row->notes, hints[i]) != NULL;
			shown |= same;
			beside |= !same && row->near_notes && strstr(row->near_notes, hints[i]);
		}
		ck_assert_msg(shown && beside, "%s has no %s", hints[i], shown ? "neighbour" : "scene");
	}
}
END_TEST

/* ---- the table ---- */

START_TEST(table)
{
	printf("| what people notice | what the wire shows | espial says | how bad, how sure | what to do |\n"
	       "|---|---|---|---|---|\n");
	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		if (!row->problem)
			continue;
		tell_row(row);
		const struct finding *last = last_word(row->id);
		ck_assert_ptr_nonnull(last);
		const char *cause = catalogue_cause(last->cause)->name;
		printf("| %s | %s | `%s%s%s` | %s, %s | %s |\n", row->problem, row->wire, catalogue_row(last->id)->name,
		       *cause ? "/" : "", cause, finding_severity_name(last->severity), finding_grade_name(last->grade),
		       catalogue_advice(last->id, last->cause));
		scene_end();
	}
}
END_TEST

/* A scene asserts, which only a running test may do. */
static int print_table(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, table);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
	const TTest *const tests[] = { each_has_its_diagnosis, one_alert_each, each_has_a_scene_and_a_neighbour,
				       each_hint_has_a_scene_and_a_neighbour, the_sensors_have_tests_elsewhere };

	if (count > 1 && strcmp(arguments[1], "--table") == 0)
		return print_table();
	return suite_run("diagnosis", tests, sizeof(tests) / sizeof(tests[0]));
}
