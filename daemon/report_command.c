/* SPDX-License-Identifier: Apache-2.0 */
/* See report_command.h. It asks for the history and for the leaks, and has period.h tell them. */
#include "report_command.h"

#include "control_client.h"
#include "crypto_judgement.h"
#include "report/json_line.h"
#include "report/period.h"
#include "report/timestamp.h"
#include "terminal.h"
#include "time_argument.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: espial report [--since T] [--rule NAME] [--html | --csv | --json] [OPTION]...\n"
    "\n"
    "Tells for audit and procurement what the running espiald saw, out of its store: the share of octets that was\n"
    "secured, by rule; leaks with duration and volume; when nothing was seen; what IKE selected, judged by the tables\n"
    "of RFC 8247, CNSA 2.0 and NIST SP 800-77r1.\n"
    "\n"
    "      --since T      from when on: 30d (the default), 12h, 2026-11-21, or 2026-11-21T20:30:00Z\n"
    "      --rule NAME    only of this rule\n"
    "      --html         one HTML file that needs nothing else: espial report --html > report.html\n"
    "      --csv          a table for a spreadsheet\n"
    "      --json         JSON lines, as espiald has them\n"
    "      --socket PATH  where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"
    "  -h, --help         this text\n"
    "\n"
    "Figures of single hours are kept as long as alerts are (report.store.keep).\n"
    "Exit status: 0, 1 if there was a leak of severity medium or worse, 2 if espiald could not be asked.\n";

enum format { FORMAT_TEXT, FORMAT_HTML, FORMAT_CSV, FORMAT_JSON };
enum { REQUEST_SIZE = 2048 };

struct asked {
	const char *socket, *rule;
	int64_t since_ns;
	enum format format;
	struct period_reader *reader;
	bool refused, bad, several_formats;
};

static void choose_format(struct asked *asked, enum format format)
{
	asked->several_formats |= asked->format != FORMAT_TEXT && asked->format != format;
	asked->format = format;
}

/* A name as it stands in JSON. False if it does not fit. */
static bool quote(const char *text, char *quoted, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		if (used + 8 > size)
			return false;
		if (*text == '"' || *text == '\\')
			quoted[used++] = '\\';
		if ((unsigned char)*text < ' ')
			used += (size_t)snprintf(quoted + used, 8, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			quoted[used++] = *text;
	}
	quoted[used] = '\0';
	return true;
}

/* Whether a line of an alert is one of the rule that was asked for. */
static bool is_of_rule(const struct asked *asked, const char *line, size_t length)
{
	char *rule = json_line_text(line, length, "finding", "rule"),
	     *type = json_line_text(line, length, NULL, "type");
	/* What cannot be read is refused by who reads it next. */
	bool found = !asked->rule || !type || (rule && strcmp(rule, asked->rule) == 0);

	free(rule);
	free(type);
	return found;
}

static void take_line(void *context, const char *line, size_t length)
{
	static const char alert[] = "{\"type\":\"alert\"";
	struct asked *asked = context;

	if (length >= sizeof(alert) - 1 && memcmp(line, alert, sizeof(alert) - 1) == 0 &&
	    !is_of_rule(asked, line, length))
		return;
	if (!period_reader_line(asked->reader, line, length))
		asked->refused = true;
	if (asked->format == FORMAT_JSON && !period_reader_is_test(asked->reader))
		print_line(NULL, line, length);
}

static bool ask(struct asked *asked, struct control_client_error *error)
{
	/* What says of itself that it was clear where it should not have been. */
	static const char *const leaks[] = { "cleartext-leak", "readable-esp", "integrity-only" };
	char rule[REQUEST_SIZE], request[2 * REQUEST_SIZE];
	struct timestamp_text since;

	timestamp_text(asked->since_ns, &since);
	if (asked->rule && !quote(asked->rule, rule, sizeof(rule))) {
		snprintf(error->text, sizeof(error->text), "--rule: no rule has so long a name");
		return false;
	}
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		snprintf(request, sizeof(request),
			 "{\"request\":\"alerts\",\"since\":\"%s\",\"id\":\"%s\",\"limit\":100000}", since.text,
			 leaks[i]);
		if (!control_client_ask(asked->socket, request, take_line, asked, error))
			return false;
	}
	snprintf(request, sizeof(request), "{\"request\":\"report\",\"since\":\"%s\"%s%s%s}", since.text,
		 asked->rule ? ",\"rule\":\"" : "", asked->rule ? rule : "", asked->rule ? "\"" : "");
	return control_client_ask(asked->socket, request, take_line, asked, error);
}

static int write_period(const struct asked *asked, const struct period_judge *judge)
{
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	const struct period *period = period_reader_finish(asked->reader);
	bool bad = false;

	for (size_t i = 0; i < period->leak_count; i++)
		bad |= period->leaks[i].finding.severity <= SEVERITY_MEDIUM;
	if (asked->refused || !period->complete) {
		complain("some lines could not be read: this espial and espiald are of different versions");
		return EXIT_TROUBLE;
	}
	if (asked->rule && !period->rule_count)
		complain(
		    "the history has no traffic of a rule '%s' in this time; 'espial report' lists those that it has",
		    asked->rule);
	switch (asked->format) {
	case FORMAT_TEXT:
		period_write_text(period, judge, &page);
		break;
	case FORMAT_HTML:
		period_write_html(period, judge, stdout);
		break;
	case FORMAT_CSV:
		period_write_csv(period, judge, stdout);
		break;
	case FORMAT_JSON:
		break;
	}
	return bad ? EXIT_FINDINGS : EXIT_DONE;
}

int report_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "since", required_argument, NULL, 'f' }, { "rule", required_argument, NULL, 'r' },
		{ "html", no_argument, NULL, 'm' },        { "csv", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },        { "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
	};
	struct asked asked = { .format = FORMAT_TEXT };
	struct control_client_error error;
	const char *since = "30d";
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		case 'f':
			since = optarg;
			break;
		case 'r':
			asked.rule = optarg;
			break;
		case 's':
			asked.socket = optarg;
			break;
		case 'm':
			choose_format(&asked, FORMAT_HTML);
			break;
		case 'c':
			choose_format(&asked, FORMAT_CSV);
			break;
		case 'j':
			choose_format(&asked, FORMAT_JSON);
			break;
		default:
			fputs("Try 'espial report --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	if (optind < count) {
		complain("'%s' is not expected here\nTry 'espial report --help'.", arguments[optind]);
		return EXIT_TROUBLE;
	}
	const char *problem = since_argument(since, &asked.since_ns);
	if (problem) {
		complain("--since %s: %s\nTry 'espial report --help'.", since, problem);
		return EXIT_TROUBLE;
	}
	if (asked.several_formats) {
		complain("--html, --csv and --json: give one of them\nTry 'espial report --help'.");
		return EXIT_TROUBLE;
	}
	struct crypto_judgement *judgement = crypto_judgement_new();
	struct period_judge judge = crypto_judgement_judge(judgement);
	asked.reader = judgement ? period_reader_new(&judge) : NULL;
	int status = EXIT_TROUBLE;
	if (!asked.reader)
		complain("not enough memory");
	else
		status = ask(&asked, &error) ? write_period(&asked, &judge) : ask_failed(&error);
	period_reader_free(asked.reader);
	crypto_judgement_free(judgement);
	return status;
}
