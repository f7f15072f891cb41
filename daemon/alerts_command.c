/* SPDX-License-Identifier: Apache-2.0 */
/* See alerts_command.h. The findings inside the lines of alerts are records like any other, and read as such. */
#include "alerts_command.h"

#include "control_client.h"
#include "evidence_command.h"
#include "loop.h"
#include "report/finding_fields.h"
#include "report/record_reader.h"
#include "report/text.h"
#include "report/text_table.h"
#include "report/timestamp.h"
#include "terminal.h"
#include "time_argument.h"

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char alerts_usage[] =
    "Usage: espial alerts [OPTION]...                       list alerts, the newest first\n"
    "       espial alerts show ALERT [OPTION]...            what was told of one\n"
    "       espial alerts ack ALERT --until T [OPTION]...   it is known: no word about it before T, but its end, and\n"
    "                                                       that it became more severe\n"
    "\n"
    "      --open             only alerts that are open\n"
    "      --since T          what is open, or was told of since: 2h, 7d, 2026-11-21, or 2026-11-21T20:30:00Z\n"
    "      --severity LEVEL   this or worse: critical, high, medium, low, info\n"
    "      --id FINDING       only of this kind: cleartext-leak, bad-spi; 'espial explain' lists them\n"
    "      --pair A[,B]       only about this pair, or about any pair of A\n"
    "      --until T          ack: as --since, in the future (4h is in four hours); 'now' takes it back\n"
    "      --pcap FILE        show: its capture into a file, for Wireshark and the like; '-': standard output\n"
    "      --json             JSON lines, as espiald has them\n"
    "      --watch[=SECONDS]  again and again, every 2 seconds unless told otherwise\n"
    "      --socket PATH      where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"
    "  -h, --help             this text\n"
    "\n"
    "STATE is open, cleared, known (acknowledged), or told: of an event, which has no end. Times are UTC.\n"
    "Without a store in the configuration espiald knows of open alerts only.\n"
    "Exit status: 1 if one of severity medium or worse is listed, 0 if not, 2 if espiald could not be asked.\n";

enum { REQUEST_SIZE = 768, CHOICE_SIZE = 128, TEXT_SIZE = 256 };

/* Keys of a request. An option that is given twice says the last, and a key stands once. */
enum choice { CHOICE_OPEN, CHOICE_SINCE, CHOICE_UNTIL, CHOICE_PAIR, CHOICE_ID, CHOICE_SEVERITY, CHOICE_COUNT };

struct asked {
	struct ask_options options;
	char choices[CHOICE_COUNT][CHOICE_SIZE]; /* each ",KEY:VALUE", or nothing */
	char request[REQUEST_SIZE];
	struct text_table *table;     /* of one answer; NULL while one alert is shown */
	struct sink *sink;            /* writes findings for a person, while one is shown */
	struct finding_fields fields; /* of the newest record of that one */
	struct record_reader reader;
	int64_t until_ns; /* of the line read last: acknowledged until then, 0: it is not */
	bool refused, bad;
	bool chosen;         /* not all were asked for */
	const char *capture; /* where the capture of the alert is to go; NULL: it was not asked for */
};

static const struct text_column columns[] = {
	{ .title = "ALERT" },
	{ .title = "SEVERITY" },
	{ .title = "STATE" },
	{ .title = "LAST TOLD (UTC)", .rank = 3 },
	{ .title = "COUNT", .right = true, .rank = 4 },
	{ .title = "FINDING", .last_cut = true },
	{ .title = "ABOUT", .rank = 1 },
	{ .title = "WHAT", .flexible = true, .rank = 2 },
};

static enum page_style severity_style(enum finding_severity severity)
{
	static const enum page_style styles[SEVERITY_COUNT] = { STYLE_CRITICAL, STYLE_HIGH, STYLE_MEDIUM, STYLE_LOW,
								STYLE_QUIET };
	return (size_t)severity < SEVERITY_COUNT ? styles[severity] : STYLE_PLAIN;
}

/* Until when it is acknowledged, from what stands before the finding; 0: it is not, or no longer. */
static int64_t acknowledged_until(const char *line, size_t length)
{
	static const char key[] = "\"acknowledged_until\":\"";
	const char *found = memmem(line, length, key, sizeof(key) - 1);
	char text[TIMESTAMP_SIZE];
	int64_t until;

	if (!found)
		return 0;
	found += sizeof(key) - 1;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(found, "\""), found);
	return timestamp_parse(text, &until) && until > loop_wall_ns() ? until : 0;
}

/* An event has no end that could be told: it is never open. */
static const char *state_word(const struct finding *finding, bool acknowledged)
{
	return acknowledged                      ? "known"
	       : catalogue_is_event(finding->id) ? "told"
	       : finding->state == FINDING_CLEAR ? "cleared"
						 : "open";
}

static void put_row(struct asked *asked, const struct record *record, bool acknowledged)
{
	const struct finding *finding = &record->finding;
	struct address_text a, b;
	struct page_figure figure;
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)finding->alert);
	text_table_put(asked->table, STYLE_PLAIN, text);
	text_table_put(asked->table, severity_style(finding->severity), finding_severity_name(finding->severity));
	text_table_put(asked->table, STYLE_PLAIN, state_word(finding, acknowledged));
	text_table_put(asked->table, STYLE_PLAIN, page_time(record->time_ns, &figure));
	text_table_put(asked->table, STYLE_PLAIN, page_count(finding->count, &figure));
	snprintf(text, sizeof(text), "%s%s%s", catalogue_row(finding->id)->name,
		 finding->cause == CAUSE_NONE ? "" : "/",
		 finding->cause == CAUSE_NONE ? "" : catalogue_cause(finding->cause)->name);
	text_table_put(asked->table, STYLE_PLAIN, text);
	if (finding->has_pair && finding->subject != SUBJECT_HOST)
		snprintf(text, sizeof(text), "%s %s", address_text(&finding->a, &a), address_text(&finding->b, &b));
	else
		snprintf(text, sizeof(text), "%s",
			 finding->subject == SUBJECT_HOST ? address_text(&finding->a, &a) : "the sensor");
	text_table_put(asked->table, STYLE_PLAIN, text);
	text_table_put(asked->table, STYLE_PLAIN, finding->text);
}

/* A line is {"type":"alert",...,"finding":{...}}, the finding last: what control_status.c writes. */
static void take_line(void *context, const char *line, size_t length)
{
	static const char mark[] = ",\"finding\":";
	struct asked *asked = context;
	const char *finding = memmem(line, length, mark, sizeof(mark) - 1);
	struct record record;

	if (asked->options.json)
		print_line(NULL, line, length);
	if (!finding) {
		asked->refused = true;
		return;
	}
	asked->until_ns = acknowledged_until(line, (size_t)(finding - line));
	finding += sizeof(mark) - 1;
	if (!record_from_json(finding, length - (size_t)(finding - line) - 1, &asked->reader, &record) ||
	    record.type != RECORD_FINDING) {
		asked->refused = true;
		return;
	}
	asked->bad |= record.finding.severity <= SEVERITY_MEDIUM && !finding_is_test(&record.finding);
	if (asked->options.json)
		return; /* told as it came; read for the exit status, which must not depend on --json */
	if (asked->sink) {
		sink_write(asked->sink, &record);
		finding_fields_set(&record.finding, NULL, &asked->fields);
	} else
		put_row(asked, &record, asked->until_ns != 0 && record.finding.state != FINDING_CLEAR);
}

static int finish(struct asked *asked, bool answered, const struct control_client_error *error)
{
	record_reader_clear(&asked->reader);
	if (!answered)
		return ask_failed(error);
	if (asked->refused) {
		complain("some lines could not be read: this espial and espiald are of different versions");
		return EXIT_TROUBLE;
	}
	return asked->bad ? EXIT_FINDINGS : EXIT_DONE;
}

static int list_once(void *context)
{
	struct asked *asked = context;
	struct control_client_error error;
	const struct page page = { ask_output(&asked->options), terminal_width(), terminal_colour(),
				   terminal_unicode() };

	asked->bad = false;
	if (asked->options.json)
		return finish(
		    asked, control_client_ask(asked->options.socket, asked->request, take_line, asked, &error), &error);
	asked->table = text_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	if (!asked->table) {
		complain("not enough memory");
		return EXIT_TROUBLE;
	}
	bool answered = control_client_ask(asked->options.socket, asked->request, take_line, asked, &error);
	if (answered && text_table_rows(asked->table) == 0)
		say_beside(&asked->options, "%s; %s'espial status' tells whether frames arrive",
			   asked->chosen ? "no such alerts" : "there are no alerts",
			   asked->chosen ? "'espial alerts' without a choice lists all, " : "");
	else if (answered)
		text_table_write(asked->table, &page, terminal_has_width());
	if (answered && text_table_rows(asked->table) && isatty(STDOUT_FILENO))
		page_wrap(&page, STYLE_QUIET, 0, 0,
			  "'espial alerts show ALERT' tells what an alert rests on and what to do.");
	text_table_free(asked->table);
	return finish(asked, answered, &error);
}

/* What the newest record says besides what stands above it: the flow, the evidence. */
static void write_fields(const struct finding_fields *fields, const struct page *page)
{
	static const char above[] =
	    " alert record id cause state severity grade subject a b rule count bytes first cleared_by ";
	char name[FINDING_FIELD_NAME_MAX + 3];
	size_t column = 0;

	for (size_t i = 0; i < fields->count; i++)
		if (column < strlen(fields->fields[i].name) + 2)
			column = strlen(fields->fields[i].name) + 2;
	page_heading(page, "Evidence");
	for (size_t i = 0; i < fields->count; i++) {
		const struct finding_field *field = &fields->fields[i];
		struct page_text value;

		snprintf(name, sizeof(name), " %s ", field->name);
		if (strstr(above, name))
			continue;
		page_put_left(page, STYLE_QUIET, field->name, column);
		page_wrap(page, STYLE_PLAIN, column, column, page_plain(page, field->value, SIZE_MAX, &value));
	}
}

static int show(struct asked *asked)
{
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	struct control_client_error error;

	if (asked->options.json)
		return list_once(asked);
	asked->sink = text_sink_new(stdout, terminal_width(), terminal_colour(), terminal_unicode());
	if (!asked->sink) {
		complain("not enough memory");
		return EXIT_TROUBLE;
	}
	bool answered = control_client_ask(asked->options.socket, asked->request, take_line, asked, &error);
	text_sink_leave(asked->sink); /* no report: one alert says nothing of what else was seen */
	sink_close(asked->sink);
	if (answered && asked->until_ns) {
		struct timestamp_text until;
		printf("acknowledged until %s: until then it is told only if it becomes more severe, or ends\n",
		       timestamp_text(asked->until_ns, &until));
	}
	if (answered && asked->fields.count)
		write_fields(&asked->fields, &page);
	return finish(asked, answered, &error);
}

static int acknowledge(const struct asked *asked)
{
	struct control_client_error error;

	return control_client_ask(asked->options.socket, asked->request, NULL, NULL, &error) ? EXIT_DONE
											     : ask_failed(&error);
}

/* What comes from the arguments was read and is spelled anew. */
__attribute__((format(printf, 3, 4))) static void ask_for(struct asked *asked, enum choice choice, const char *format,
							  ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(asked->choices[choice], CHOICE_SIZE, format, arguments);
	va_end(arguments);
}

/* alert: NULL where it is about no one alert. */
static void write_request(struct asked *asked, const char *what, const char *alert)
{
	const char(*choices)[CHOICE_SIZE] = asked->choices;

	snprintf(asked->request, sizeof(asked->request), "{\"request\":\"%s\"%s%s%s%s%s%s%s%s%s}", what,
		 choices[CHOICE_OPEN], choices[CHOICE_SINCE], choices[CHOICE_UNTIL], choices[CHOICE_PAIR],
		 choices[CHOICE_ID], choices[CHOICE_SEVERITY], alert ? ",\"alert\":\"" : "", alert ? alert : "",
		 alert ? "\"" : "");
}

static bool wrong(const char *option, const char *text, const char *what)
{
	complain("%s %s: %s\nTry 'espial alerts --help'.", option, text, what);
	return false;
}

static bool take_pair(struct asked *asked, char *text)
{
	struct address address[2];
	struct address_text shown[2];
	char *comma = strchr(text, ',');

	if (comma)
		*comma = '\0';
	if (!address_parse(text, &address[0]) || (comma && !address_parse(comma + 1, &address[1])))
		return wrong("--pair", text, "give one address, or two with a comma between them");
	if (comma)
		ask_for(asked, CHOICE_PAIR, ",\"pair\":[\"%s\",\"%s\"]", address_text(&address[0], &shown[0]),
			address_text(&address[1], &shown[1]));
	else
		ask_for(asked, CHOICE_PAIR, ",\"pair\":[\"%s\"]", address_text(&address[0], &shown[0]));
	return true;
}

static bool take_time(struct asked *asked, const char *text, int direction)
{
	struct timestamp_text shown;
	int64_t time_ns;

	if (direction > 0 && strcmp(text, "now") == 0) {
		ask_for(asked, CHOICE_UNTIL, ",\"until\":null");
		return true;
	}
	if (!time_argument(text, direction, &time_ns))
		return wrong(direction > 0 ? "--until" : "--since", text,
			     "give 30min, 4h, 7d, 2026-11-21, or 2026-11-21 20:30 (UTC)");
	if (direction > 0 && time_ns <= loop_wall_ns())
		return wrong("--until", text, "that is over already; 'now' takes an acknowledgement back");
	if (direction < 0 && time_ns > loop_wall_ns())
		return wrong("--since", text, "that is in the future");
	if (direction > 0)
		ask_for(asked, CHOICE_UNTIL, ",\"until\":\"%s\"", timestamp_text(time_ns, &shown));
	else
		ask_for(asked, CHOICE_SINCE, ",\"since\":\"%s\"", timestamp_text(time_ns, &shown));
	return true;
}

static bool take_option(struct asked *asked, int option, char *value)
{
	asked->chosen |= strchr("ofpiv", option) != NULL;
	switch (option) {
	case 'j':
		asked->options.json = true;
		return true;
	case 'w':
		asked->options.watch = ask_watch_seconds(value);
		return asked->options.watch > 0;
	case 's':
		asked->options.socket = value;
		return true;
	case 'P':
		asked->capture = value;
		return true;
	case 'o':
		ask_for(asked, CHOICE_OPEN, ",\"open\":true");
		return true;
	case 'f':
		return take_time(asked, value, -1);
	case 'u':
		return take_time(asked, value, 1);
	case 'p':
		return take_pair(asked, value);
	case 'i':
		if (catalogue_find_id(value) < 0)
			return wrong("--id", value, "no finding is called so; 'espial explain' lists them");
		ask_for(asked, CHOICE_ID, ",\"id\":\"%s\"", value);
		return true;
	case 'v':
		if (finding_severity_find(value) < 0)
			return wrong("--severity", value, "give critical, high, medium, low or info");
		ask_for(asked, CHOICE_SEVERITY, ",\"severity\":\"%s\"", value);
		return true;
	default:
		fputs("Try 'espial alerts --help'.\n", stderr);
		return false;
	}
}

int alerts_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },           { "watch", optional_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },   { "open", no_argument, NULL, 'o' },
		{ "since", required_argument, NULL, 'f' },    { "until", required_argument, NULL, 'u' },
		{ "severity", required_argument, NULL, 'v' }, { "pair", required_argument, NULL, 'p' },
		{ "id", required_argument, NULL, 'i' },       { "pcap", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
	};
	struct asked asked = { .table = NULL };
	const char *action = count > 1 && arguments[1][0] != '-' ? arguments[1] : "alerts", *alert = NULL;
	bool listing = strcmp(action, "alerts") == 0, until = false;
	uint64_t number; /* asked for as it is written */
	int option;

	setlocale(LC_CTYPE, "");
	if (!listing && strcmp(action, "show") != 0 && strcmp(action, "ack") != 0) {
		complain("'%s' is neither show nor ack\nTry 'espial alerts --help'.", action);
		return EXIT_TROUBLE;
	}
	if (!listing) {
		arguments[1] = arguments[0]; /* the name that getopt begins its messages with */
		count--;
		arguments++;
	}
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(alerts_usage, stdout);
			return EXIT_DONE;
		}
		until |= option == 'u';
		if (!take_option(&asked, option, optarg))
			return EXIT_TROUBLE;
	}
	if (!listing && optind < count)
		alert = arguments[optind++];
	if (optind < count || (!listing && !finding_number_read(alert, &number))) {
		complain("%s\nTry 'espial alerts --help'.",
			 listing ? "no argument is expected here" : "name one alert by its sixteen digits");
		return EXIT_TROUBLE;
	}
	const char *problem =
	    until && strcmp(action, "ack") != 0 ? "--until is for 'espial alerts ack'"
	    : !listing && asked.chosen
		? "--open, --since, --severity, --id and --pair choose from the list; show and ack are about one alert"
	    : !listing && asked.options.watch     ? "--watch is for the list; show and ack are about one alert"
	    : asked.capture && asked.options.json ? "--json and --pcap: give one of them"
						  : NULL;
	if (problem) {
		complain("%s\nTry 'espial alerts --help'.", problem);
		return EXIT_TROUBLE;
	}
	if (asked.capture && strcmp(action, "show") != 0) {
		complain("--pcap %s: there is a capture of one alert only, as in espial alerts show ALERT --pcap FILE\n"
			 "Try 'espial alerts --help'.",
			 asked.capture);
		return EXIT_TROUBLE;
	}
	if (asked.capture)
		return evidence_command_save(&asked.options, alert, asked.capture);
	write_request(&asked, listing ? "alerts" : strcmp(action, "show") == 0 ? "alert" : "ack", alert);
	if (listing)
		return ask_repeatedly(&asked.options, list_once, &asked);
	if (strcmp(action, "show") == 0)
		return show(&asked);
	if (until)
		return acknowledge(&asked);
	complain("alerts ack: say until when, as in --until 4h\nTry 'espial alerts --help'.");
	return EXIT_TROUBLE;
}
