/* SPDX-License-Identifier: Apache-2.0 */
/* See explain_command.h. */
#include "explain_command.h"

#include "audit/finding.h"
#include "report/explanation.h"
#include "report/json_line.h"
#include "report/text_page.h"
#include "terminal.h"
#include "../config/spelling.h"

#include <getopt.h>
#include <jansson.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_TROUBLE = 2, NAME_MAX_OCTETS = SPELLING_WORD_MAX, NAME_COLUMNS = 25, LABEL_COLUMNS = 12 };

const char explain_command_usage[] =
    "Usage: espial explain [--json]                      every finding, one line each\n"
    "       espial explain [--json] FINDING[/CAUSE]...   what it means and what to do\n"
    "\n"
    "Tells the meaning of a finding, the evidence it rests on, what else can look like it, what to do,\n"
    "which event, log line or command on the hosts to look at, and what the wire cannot show.\n"
    "\n"
    "      --json                   JSON lines of type \"explanation\"\n"
    "  -h, --help                   this text\n"
    "\n"
    "Exit status: 0, or 2 for a name that is not known.\n";

/* ---- names ---- */

struct search {
	char name[NAME_MAX_OCTETS + 1];
	size_t best;
	char *nearest;
	size_t size;
};

/* `name` as a person would type it, `full` as it is to be suggested. */
static void consider(struct search *search, const char *name, const char *full)
{
	size_t far = spelling_distance(search->name, name);
	/* A third of the word, and at least one letter, may be wrong: what is farther was not meant. */
	size_t tolerated = strlen(name) / 3 ? strlen(name) / 3 : 1;

	/* Part of a name is nearer than any other word of its length. */
	if (far > 1 && strlen(search->name) >= 3 && strstr(name, search->name))
		far = 1;
	if (far > tolerated || far >= search->best)
		return;
	search->best = far;
	snprintf(search->nearest, search->size, "%s", full);
}

void explain_command_nearest(const char *name, char *nearest, size_t size)
{
	struct search search = { .best = SIZE_MAX, .nearest = nearest, .size = size };
	char full[NAME_MAX_OCTETS + 1];

	*nearest = '\0';
	snprintf(search.name, sizeof(search.name), "%.*s", NAME_MAX_OCTETS, name);
	for (int id = 0; id < FINDING_ID_COUNT; id++) {
		const char *finding = catalogue_row((enum finding_id)id)->name;
		consider(&search, finding, finding);
		for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
			if (!catalogue_allows((enum finding_id)id, (enum finding_cause)cause))
				continue;
			const char *word = catalogue_cause((enum finding_cause)cause)->name;
			snprintf(full, sizeof(full), "%s/%s", finding, word);
			consider(&search, full, full);
			consider(&search, word, full);
		}
	}
}

static bool find(const char *name, enum finding_id *id, enum finding_cause *cause)
{
	char finding[NAME_MAX_OCTETS + 1];
	const char *slash = strchr(name, '/');

	*cause = CAUSE_NONE;
	if (strlen(name) > NAME_MAX_OCTETS)
		return false;
	snprintf(finding, sizeof(finding), "%.*s", slash ? (int)(slash - name) : NAME_MAX_OCTETS, name);
	int number = catalogue_find_id(finding);
	if (number < 0)
		return false;
	*id = (enum finding_id)number;
	if (!slash)
		return true;
	number = catalogue_find_cause(slash + 1);
	if (number < 0)
		return false;
	*cause = (enum finding_cause)number;
	return catalogue_allows(*id, *cause);
}

static bool has_causes(enum finding_id id)
{
	return !catalogue_allows(id, CAUSE_NONE);
}

/* ---- text ---- */

static void part(const struct page *page, const char *label, const char *text)
{
	if (!text)
		return;
	page_put_left(page, STYLE_QUIET, label, LABEL_COLUMNS);
	page_wrap(page, STYLE_PLAIN, LABEL_COLUMNS, LABEL_COLUMNS, text);
}

static void list_causes(const struct page *page, enum finding_id id)
{
	page_heading(page, "Causes");
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		if (!catalogue_allows(id, (enum finding_cause)cause))
			continue;
		const struct catalogue_cause *known = catalogue_cause((enum finding_cause)cause);
		page_put_left(page, STYLE_HEADING, known->name, NAME_COLUMNS);
		page_wrap(page, STYLE_PLAIN, NAME_COLUMNS, NAME_COLUMNS, known->meaning);
	}
}

static void tell(const struct page *page, enum finding_id id, enum finding_cause cause)
{
	const struct catalogue_row *row = catalogue_row(id);
	const struct explanation *finding = explanation_of(id);
	const struct cause_explanation *why = explanation_of_cause(id, cause);
	const char *severity = explanation_severity(id, cause);
	char text[160];

	page_put(page, STYLE_HEADING, row->name);
	if (why) {
		page_put(page, STYLE_HEADING, "/");
		page_put(page, STYLE_HEADING, catalogue_cause(cause)->name);
	}
	page_newline(page);
	page_wrap(page, STYLE_PLAIN, 0, 0, row->meaning);
	if (why)
		page_wrap(page, STYLE_PLAIN, 0, 0, catalogue_cause(cause)->meaning);
	page_newline(page);
	part(page, "severity", severity ? severity : finding_severity_name(row->severity));
	snprintf(text, sizeof(text), "a %s", finding_subject_name(row->subject));
	part(page, "about", text);
	part(page, "evidence", why ? why->evidence : finding->evidence);
	part(page, "look-alikes", why ? why->lookalike : finding->lookalike);
	part(page, "to do", catalogue_advice(id, cause));
	part(page, "not visible", why ? why->unseen : finding->unseen);
	page_heading(page, finding->sensor ? "Where to look on the sensor" : "Where to look on the hosts");
	if (row->windows_event) {
		snprintf(text, sizeof(text), "Windows event %u is the nearest", row->windows_event);
		part(page, "event", text);
	}
	part(page, "first", why ? why->look : NULL);
	part(page, "Windows", finding->windows);
	part(page, "strongSwan", finding->strongswan);
	part(page, "Libreswan", finding->libreswan);
	part(page, "sensor", finding->sensor);
	if (!why && has_causes(id))
		list_causes(page, id);
}

static void list(const struct page *page)
{
	page_wrap(page, STYLE_PLAIN, 0, 0, "What espial reports. 'espial explain FINDING' tells more of each.");
	for (int id = 0; id < FINDING_ID_COUNT; id++) {
		static const struct {
			enum finding_id first;
			const char *title;
		} groups[] = {
			{ FINDING_CLEARTEXT_LEAK, "Traffic that is not secured" },
			{ FINDING_IKE_UNANSWERED, "Negotiation" },
			{ FINDING_WEAK_IKE_SELECTED, "Cryptography" },
			{ FINDING_BAD_SPI, "Security associations" },
			{ FINDING_PEER_NEW, "Lifecycle" },
			{ FINDING_SENSOR_ALIVE, "The sensor" },
		};
		const struct catalogue_row *row = catalogue_row((enum finding_id)id);
		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			if (groups[i].first == (enum finding_id)id)
				page_heading(page, groups[i].title);
		page_put_left(page, STYLE_HEADING, row->name, NAME_COLUMNS);
		page_wrap(page, STYLE_PLAIN, NAME_COLUMNS, NAME_COLUMNS, row->meaning);
	}
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *cause_names(enum finding_id id)
{
	json_t *names = json_array();

	for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
		if (catalogue_allows(id, (enum finding_cause)cause))
			json_array_append_new(names, json_string(catalogue_cause((enum finding_cause)cause)->name));
	return names;
}

static bool tell_json(FILE *file, enum finding_id id, enum finding_cause cause)
{
	const struct catalogue_row *row = catalogue_row(id);
	const struct explanation *finding = explanation_of(id);
	const struct cause_explanation *why = explanation_of_cause(id, cause);
	json_t *object = json_pack(
	    "{s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:{s:o, s:o, s:o, s:o, s:o}}", "type",
	    "explanation", "id", row->name, "cause", text_or_null(why ? catalogue_cause(cause)->name : NULL),
	    "severity", finding_severity_name(row->severity), "severity_by_case",
	    text_or_null(explanation_severity(id, cause)), "subject", finding_subject_name(row->subject), "meaning",
	    why ? catalogue_cause(cause)->meaning : row->meaning, "windows_event",
	    row->windows_event ? json_integer(row->windows_event) : json_null(), "causes", cause_names(id), "evidence",
	    why ? why->evidence : finding->evidence, "false_positives", why ? why->lookalike : finding->lookalike,
	    "advice", catalogue_advice(id, cause), "not_visible", why ? why->unseen : finding->unseen, "look", "first",
	    text_or_null(why ? why->look : NULL), "windows", text_or_null(finding->windows), "strongswan",
	    text_or_null(finding->strongswan), "libreswan", text_or_null(finding->libreswan), "sensor",
	    text_or_null(finding->sensor));
	char *line = json_line(object);

	if (line)
		fprintf(file, "%s\n", line);
	free(line);
	return line != NULL;
}

static int unknown(const char *name)
{
	char nearest[2 * NAME_MAX_OCTETS], plain[2 * NAME_MAX_OCTETS];
	const struct page page = { .unicode = false };
	struct page_text text;

	explain_command_nearest(name, nearest, sizeof(nearest));
	snprintf(plain, sizeof(plain), "%s", page_plain(&page, name, NAME_MAX_OCTETS, &text));
	fprintf(stderr, "espial: '%s' is no finding%s%s%s\n'espial explain' lists all there are.\n", plain,
		*nearest ? "; did you mean '" : "", nearest, *nearest ? "'?" : "");
	return EXIT_TROUBLE;
}

int explain_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, good = true;
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(explain_command_usage, stdout);
			return EXIT_DONE;
		}
		if (option != 'j') {
			fputs("Try 'espial explain --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
		json = true;
	}
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	enum finding_id id;
	enum finding_cause cause;
	for (int i = optind; i < count; i++)
		if (!find(arguments[i], &id, &cause))
			return unknown(arguments[i]);
	if (optind == count && !json)
		list(&page);
	for (int i = 0; optind == count && json && i < FINDING_ID_COUNT; i++)
		good &= tell_json(stdout, (enum finding_id)i, CAUSE_NONE);
	for (int i = optind; i < count; i++) {
		find(arguments[i], &id, &cause);
		if (!json && i > optind)
			page_newline(&page);
		if (json)
			good &= tell_json(stdout, id, cause);
		else
			tell(&page, id, cause);
	}
	if (good)
		return EXIT_DONE;
	fputs("espial: not enough memory\n", stderr);
	return EXIT_TROUBLE;
}
