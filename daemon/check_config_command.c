/* SPDX-License-Identifier: Apache-2.0 */
/* See check_config_command.h. The past is asked of the running espiald, day by day, and judged here (replay.h). */
#include "check_config_command.h"

#include "audit/finding.h"
#include "control_client.h"
#include "http_listen.h"
#include "loop.h"
#include "memory_limits.h"
#include "processors.h"
#include "replay.h"
#include "report/json_line.h"
#include "report/text_table.h"
#include "report/timestamp.h"
#include "reporter_sinks.h"
#include "service_names.h"
#include "terminal.h"
#include "time_argument.h"
#include "../config/config.h"

#include <getopt.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * INT64_C(1000000000))

static const char usage[] =
    "Usage: espial check-config [OPTION]... FILE\n"
    "\n"
    "Tells whether espiald could use this configuration; each mistake with its line and key. With --replay also what\n"
    "its rules, levels, lists and verdict tables would have raised on the traffic that the running espiald has in its\n"
    "store, and what of that was not raised, or was and would not be.\n"
    "\n"
    "      --replay       judge the past anew\n"
    "      --since T      from when on: 30d (the default), 12h, 2026-11-21; whole days\n"
    "      --json         JSON lines of type \"replay\", and a summary\n"
    "      --socket PATH  where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0 if it can be used; 1 if it would have raised something of severity medium or worse that was not\n"
    "raised; 2 if it cannot be used, or the past could not be asked for.\n";

enum { ROWS_MAX = 60, REQUEST_SIZE = 192, TEXT_SIZE = 512 };

struct past {
	struct replay *replay;
	const char *socket;
	bool json, refused;
	int64_t since_ns, begin_ns; /* begin: of the history; 0: there is none */
	uint64_t beyond_pairs;
	struct control_client_error error;
};

/* ---- asking ---- */

static void take_line(void *context, const char *line, size_t length)
{
	struct past *past = context;

	past->refused |= !replay_line(past->replay, line, length);
}

/* Of what a report says only its last line is of interest: since when there is a history, and what is not in it. */
static void take_report(void *context, const char *line, size_t length)
{
	static const char start[] = "{\"type\":\"report\",";
	struct past *past = context;

	if (length < sizeof(start) || memcmp(line, start, sizeof(start) - 1) != 0)
		return;
	json_t *object = json_loadb(line, length, 0, NULL);
	const char *begin = json_string_value(json_object_get(object, "begin"));
	json_int_t beyond = json_integer_value(json_object_get(object, "beyond_pairs"));
	if (begin && !timestamp_parse(begin, &past->begin_ns))
		past->refused = true;
	past->beyond_pairs = beyond > 0 ? (uint64_t)beyond : 0;
	json_decref(object);
}

static bool ask(struct past *past, const char *request, void (*take)(void *context, const char *line, size_t length))
{
	return control_client_ask(past->socket, request, take, past, &past->error);
}

static bool ask_past(struct past *past)
{
	static const char *const ids[] = { "cleartext-leak", "weak-ike-selected" };
	struct timestamp_text text;
	int64_t today = loop_wall_ns() / DAY;
	char request[REQUEST_SIZE];

	snprintf(request, sizeof(request), "{\"request\":\"report\",\"since\":\"%s\"}",
		 timestamp_text(past->since_ns, &text));
	if (!ask(past, request, take_report))
		return false;
	int64_t day = (past->begin_ns > past->since_ns ? past->begin_ns : past->since_ns) / DAY;
	past->since_ns = day * DAY;
	for (; past->begin_ns && day <= today; day++) {
		snprintf(request, sizeof(request), "{\"request\":\"history\",\"day\":\"%.10s\"}",
			 timestamp_text(day * DAY, &text));
		if (!ask(past, request, take_line))
			return false;
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(request, sizeof(request),
			 "{\"request\":\"alerts\",\"since\":\"%s\",\"id\":\"%s\",\"limit\":100000}",
			 timestamp_text(past->since_ns, &text), ids[i]);
		if (!ask(past, request, take_line))
			return false;
	}
	return true;
}

/* ---- telling ---- */

static json_t *day_value(int64_t day)
{
	struct timestamp_text text;

	return day < 0 ? json_null() : json_stringn(timestamp_text(day * DAY, &text), strlen("2026-11-21"));
}

static json_t *text_value(const char *text)
{
	json_t *value = text && *text ? json_string(text) : NULL;
	return value ? value : json_null();
}

static void write_json(const struct past *past, const struct replay_row *rows, size_t count)
{
	size_t counts[REPLAY_OUTCOME_COUNT] = { 0 };
	struct address_text a, b;
	struct timestamp_text text;

	for (size_t i = 0; i < count; i++) {
		const struct replay_row *row = &rows[i];
		counts[row->outcome]++;
		char *line = json_line(json_pack(
		    "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "type", "replay", "outcome",
		    replay_outcome_name(row->outcome), "id", catalogue_row(row->id)->name, "severity",
		    finding_severity_name(row->severity), "a", address_text(&row->a, &a), "b",
		    address_text(&row->b, &b), "rule", text_value(row->rule), "packets", (json_int_t)row->packets,
		    "bytes", (json_int_t)row->bytes, "first", day_value(row->first_day), "last",
		    day_value(row->last_day), "what", text_value(row->what), "doubt", text_value(row->doubt)));
		if (line)
			print_line(NULL, line, strlen(line));
		free(line);
	}
	char *line = json_line(json_pack(
	    "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "type", "replay_summary", "since",
	    timestamp_text(past->since_ns, &text), "pairs", (json_int_t)replay_pairs(past->replay), "selections",
	    (json_int_t)replay_selections(past->replay), "beyond_pairs", (json_int_t)past->beyond_pairs, "new",
	    (json_int_t)counts[REPLAY_NEW], "gone", (json_int_t)counts[REPLAY_GONE], "unknown",
	    (json_int_t)counts[REPLAY_UNKNOWN], "same", (json_int_t)counts[REPLAY_SAME]));
	if (line)
		print_line(NULL, line, strlen(line));
	free(line);
}

static void sentence(const struct page *page, enum page_style style, const char *text)
{
	page_wrap(page, style, 0, 0, text);
}

static enum page_style severity_style(enum finding_severity severity)
{
	static const enum page_style styles[SEVERITY_COUNT] = { STYLE_CRITICAL, STYLE_HIGH, STYLE_MEDIUM, STYLE_LOW,
								STYLE_QUIET };
	return (size_t)severity < SEVERITY_COUNT ? styles[severity] : STYLE_PLAIN;
}

static void write_rows(const struct page *page, const struct replay_row *rows, size_t count,
		       enum replay_outcome outcome)
{
	static const struct text_column columns[] = {
		{ .title = "SEVERITY" },
		{ .title = "FINDING", .rank = 4 },
		{ .title = "A" },
		{ .title = "B" },
		{ .title = "OCTETS", .right = true, .rank = 2 },
		{ .title = "LAST SEEN", .rank = 3 },
		{ .title = "RULE", .flexible = true, .rank = 1 },
		{ .title = "WHAT", .flexible = true, .rank = 5 },
	};
	static const char *const titles[REPLAY_OUTCOME_COUNT] = {
		[REPLAY_NEW] = "Would have been raised, and was not",
		[REPLAY_GONE] = "Was raised, and would not have been",
		[REPLAY_UNKNOWN] = "Cannot be told from the history",
		[REPLAY_SAME] = "Raised by both",
	};
	struct text_table *table = text_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct timestamp_text day;
	struct page_figure figure;
	size_t told = 0, all = 0;
	char text[TEXT_SIZE];

	for (size_t i = 0; table && i < count; i++) {
		const struct replay_row *row = &rows[i];
		struct address_text address;
		if (row->outcome != outcome || ++all > ROWS_MAX)
			continue;
		told++;
		text_table_put(table, severity_style(row->severity), finding_severity_name(row->severity));
		text_table_put(table, STYLE_PLAIN, catalogue_row(row->id)->name);
		text_table_put(table, STYLE_PLAIN, address_text(&row->a, &address));
		text_table_put(table, STYLE_PLAIN, address_text(&row->b, &address));
		text_table_put(table, STYLE_PLAIN, row->bytes ? page_octets(row->bytes, &figure) : "-");
		timestamp_text(row->last_day < 0 ? 0 : row->last_day * DAY, &day);
		snprintf(text, sizeof(text), "%.10s", row->last_day < 0 ? "-" : day.text);
		text_table_put(table, STYLE_PLAIN, text);
		text_table_put(table, STYLE_PLAIN, row->rule ? row->rule : "-");
		snprintf(text, sizeof(text), "%s%s%s", row->what, row->doubt && row->what[0] ? ": " : "",
			 row->doubt ? row->doubt : "");
		text_table_put(table, STYLE_PLAIN, text);
	}
	if (told) {
		page_heading(page, titles[outcome]);
		text_table_write(table, page, terminal_has_width());
		if (all > told) {
			snprintf(text, sizeof(text), "... and %zu more: --json has all of them.", all - told);
			sentence(page, STYLE_QUIET, text);
		}
	}
	text_table_free(table);
}

static void write_text(const struct past *past, const struct replay_row *rows, size_t count)
{
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	size_t counts[REPLAY_OUTCOME_COUNT] = { 0 };
	struct timestamp_text since;
	char text[TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		counts[rows[i].outcome]++;
	snprintf(text, sizeof(text),
		 "On the traffic of %zu pair%s since %.10s this configuration would have raised %zu that were not "
		 "raised, and %zu of "
		 "those that were raised; %zu that were raised it would not have; of %zu it cannot be told.",
		 replay_pairs(past->replay), finding_plural(replay_pairs(past->replay)),
		 timestamp_text(past->since_ns, &since), counts[REPLAY_NEW], counts[REPLAY_SAME], counts[REPLAY_GONE],
		 counts[REPLAY_UNKNOWN]);
	sentence(&page, counts[REPLAY_NEW] ? STYLE_MEDIUM : STYLE_GOOD, text);
	for (unsigned outcome = 0; outcome < REPLAY_OUTCOME_COUNT; outcome++)
		write_rows(&page, rows, count, (enum replay_outcome)outcome);
	page_heading(&page, "What this cannot know");
	sentence(&page, STYLE_PLAIN,
		 "Judged anew are rules, levels, gateways, allow and deny lists, learning, and verdict tables. "
		 "Findings about "
		 "negotiations, SPIs, rekeys and the sensor do not depend on them, or on what the history does not "
		 "keep, and are "
		 "taken to be as they were; so are maintenance windows, groups and limits of alerts.");
	sentence(&page, STYLE_PLAIN,
		 "Severities are the highest that the configuration gives: credentials in clear, and protocols that "
		 "are encrypted "
		 "by themselves, are not told apart. Pings are taken to be small.");
	if (past->beyond_pairs) {
		snprintf(text, sizeof(text),
			 "At most %llu pair%s at once found no room in the history, and %s not judged.",
			 (unsigned long long)past->beyond_pairs, finding_plural(past->beyond_pairs),
			 past->beyond_pairs == 1 ? "is" : "are");
		sentence(&page, STYLE_MEDIUM, text);
	}
}

static int replay_past(struct past *past, const struct policy *policy)
{
	size_t count = 0;
	int status = EXIT_DONE;

	past->replay = replay_new(policy);
	if (past->replay && !ask_past(past))
		return ask_failed(&past->error);
	const struct replay_row *rows = past->replay ? replay_rows(past->replay, &count) : NULL;
	if (!rows) {
		complain("not enough memory");
		return EXIT_TROUBLE;
	}
	if (past->refused) {
		complain("some lines could not be read: this espial and espiald are of different versions");
		return EXIT_TROUBLE;
	}
	if (!past->begin_ns)
		complain("the history is empty yet: there is nothing to judge; try again in a few minutes");
	for (size_t i = 0; i < count; i++)
		if (rows[i].outcome == REPLAY_NEW && rows[i].severity <= SEVERITY_MEDIUM)
			status = EXIT_FINDINGS;
	if (past->json)
		write_json(past, rows, count);
	else if (past->begin_ns)
		write_text(past, rows, count);
	return status;
}

/* ---- the command ---- */

static int check(const char *path, bool replaying, struct past *past)
{
	struct config_error error = { "not enough memory" };
	struct config *config = config_load(path, &error);
	int status = EXIT_DONE;

	if (!config) {
		complain("%s", error.text);
		return EXIT_TROUBLE;
	}
	struct limits_outcome limits;
	if (!limits_fit(config, &limits)) {
		complain("%s: %s", path, limits.text);
		config_free(config);
		return EXIT_TROUBLE;
	}
	char reason[256], token[512];
	if (!reporter_sinks_check(config, reason, sizeof(reason))) {
		complain("%s: report.syslog: %s", path, reason);
		config_free(config);
		return EXIT_TROUBLE;
	}
	if (!http_token_check(config->http.token_file, token, sizeof(token)))
		complain("%s: %s", path, token);
	/* It may be the configuration of another machine, or of a service that may run elsewhere. */
	char pins[PROCESSORS_PROBLEM_SIZE];
	if (!processors_check(config, pins, sizeof(pins)))
		complain("%s", pins);
	service_names_complain(&config->policy, "espial", path);
	if (config->interface_count == 0)
		complain("%s: no interface to watch: espiald needs one with -i, or under 'capture'", path);
	if (!past->json)
		printf("%s: usable, %zu rule%s, %zu interface%s\n", path, config->policy.rule_count,
		       finding_plural(config->policy.rule_count), config->interface_count,
		       finding_plural(config->interface_count));
	if (replaying && !config_seal(config)) {
		complain("not enough memory");
		status = EXIT_TROUBLE;
	} else if (replaying) {
		status = replay_past(past, &config->policy);
	}
	replay_free(past->replay);
	config_free(config);
	return status;
}

int check_config_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "replay", no_argument, NULL, 'r' }, { "since", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },   { "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },   { NULL, 0, NULL, 0 },
	};
	struct past past = { .replay = NULL };
	const char *since = NULL;
	bool replaying = false;
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		case 'r':
			replaying = true;
			break;
		case 'f':
			since = optarg;
			break;
		case 'j':
			past.json = true;
			break;
		case 's':
			past.socket = optarg;
			break;
		default:
			fputs("Try 'espial check-config --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	if (optind + 1 != count || (!replaying && (since || past.json || past.socket))) {
		complain(optind + 1 != count
			     ? "check-config: name one configuration file\nTry 'espial check-config --help'."
			     : "--since, --json and --socket are for --replay\nTry 'espial check-config --help'.");
		return EXIT_TROUBLE;
	}
	const char *problem = since_argument(since ? since : "30d", &past.since_ns);
	if (problem) {
		complain("--since %s: %s\nTry 'espial check-config --help'.", since, problem);
		return EXIT_TROUBLE;
	}
	return check(arguments[optind], replaying, &past);
}
