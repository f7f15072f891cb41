/* SPDX-License-Identifier: Apache-2.0 */
/* See status_command.h. Says first whether all is well, and if not, what to do. */
#include "status_command.h"

#include "audit/finding.h"
#include "audit/record.h"
#include "control_client.h"
#include "report/text_page.h"
#include "report/text_table.h"
#include "terminal.h"

#include <getopt.h>
#include <jansson.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char status_usage[] =
    "Usage: espial status [OPTION]...\n"
    "\n"
    "Tells how the running espiald fares: what it captures and what it loses, how full its tables are, whether alerts\n"
    "leave it, and how many are open.\n"
    "\n"
    "      --json             one line of JSON\n"
    "      --watch[=SECONDS]  again and again, every 2 seconds unless told otherwise\n"
    "      --socket PATH      where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 if all is well, 1 if the sensor sees or tells less than it should, 2 if espiald could not be "
    "asked.\n";

enum { FULL_PERCENT = 90, TEXT_SIZE = 256, TITLE_WIDTH = 12 };

struct status {
	struct ask_options options;
	struct page page;
	json_t *object; /* of one answer; owned */
};

static void take_line(void *context, const char *line, size_t length)
{
	struct status *status = context;

	if (status->options.json)
		print_line(NULL, line, length);
	if (!status->object)
		status->object = json_loadb(line, length, 0, NULL);
}

static uint64_t count_of(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));
	return value > 0 ? (uint64_t)value : 0;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "?";
}

__attribute__((format(printf, 4, 5))) static void line(const struct page *page, const char *title,
						       enum page_style style, const char *format, ...)
{
	char text[TEXT_SIZE];
	struct page_text plain;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	page_put_left(page, STYLE_QUIET, title, TITLE_WIDTH);
	/* Names of interfaces have up to fifteen characters. */
	size_t at = strlen(title) < TITLE_WIDTH ? TITLE_WIDTH : strlen(title) + 1;
	page_spaces(page, at - TITLE_WIDTH ? 1 : 0);
	page_plain(page, text, sizeof(text), &plain);
	if (terminal_has_width()) {
		page_wrap(page, style, TITLE_WIDTH, at, plain.text);
	} else {
		page_put(page, style, plain.text);
		page_newline(page);
	}
}

/* Empty while there is none: that takes two looks. */
static const char *rate_of(const json_t *object, const char *key, const char *unit, char *text, size_t size)
{
	static const char *const thousands[] = { "", "k", "M", "G", "T" };
	const json_t *value = json_object_get(object, key);
	double rate = json_number_value(value);
	unsigned at = 0;

	while (rate >= 1000 && at < 4) {
		rate /= 1000;
		at++;
	}
	if (json_is_number(value))
		snprintf(text, size, at ? "%.1f %s%s" : "%.0f %s%s", rate, thousands[at], unit);
	else
		text[0] = '\0';
	return text;
}

/* Beneath the interface: how near it came to losing frames. */
static void tell_ring(const struct status *status, const json_t *row)
{
	uint64_t ring = count_of(row, "ring"), full = count_of(row, "ring_full");
	struct page_figure figures[4];

	if (!ring || !json_is_true(json_object_get(row, "up")))
		return;
	line(&status->page, "", full ? STYLE_MEDIUM : STYLE_QUIET, "ring of %s, %s used of late, %s at most%s%s%s",
	     page_octets(ring, &figures[0]), page_share(count_of(row, "ring_used"), ring, &figures[1]),
	     page_share(count_of(row, "ring_peak"), ring, &figures[2]), full ? ", " : "",
	     full ? page_count(full, &figures[3]) : "",
	     full == 1 ? " time full"
	     : full    ? " times full"
		       : "");
}

static void tell_interfaces(const struct status *status)
{
	const json_t *list = json_object_get(status->object, "interfaces"), *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		bool up = json_is_true(json_object_get(row, "up"));
		uint64_t received = count_of(row, "received"), dropped = count_of(row, "dropped");
		struct page_figure frames, lost, share;
		char rate[TEXT_SIZE];
		rate_of(row, "frames_per_second", "/s", rate, sizeof(rate));
		line(&status->page, text_of(row, "name"), up && !dropped ? STYLE_PLAIN : STYLE_HIGH,
		     "%s, %s frame%s%s%s%s, %s dropped%s%s%s", up ? "up" : "DOWN", page_count(received, &frames),
		     finding_plural(received), *rate ? " (" : "", rate, *rate ? ")" : "", page_count(dropped, &lost),
		     dropped ? " (" : "", dropped ? page_share(dropped, received + dropped, &share) : "",
		     dropped ? ")" : "");
		tell_ring(status, row);
	}
}

static double seconds_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void tell_workers(const struct status *status)
{
	const json_t *list = json_object_get(status->object, "workers"), *row;
	size_t index, count = json_array_size(list);

	json_array_foreach(list, index, row)
	{
		const char *processors = json_string_value(json_object_get(row, "processors"));
		double together = seconds_of(row, "together"), waited = seconds_of(row, "waited");
		struct page_figure read, tracked, share;
		char title[TEXT_SIZE], work[TEXT_SIZE] = "read and tracked", waits[TEXT_SIZE] = "";
		snprintf(title, sizeof(title), "worker %zu", index + 1);
		if (count > 1)
			snprintf(work, sizeof(work), "read, %s tracked",
				 page_count(count_of(row, "tracked"), &tracked));
		if (together > 0)
			snprintf(waits, sizeof(waits), ", waiting %s",
				 page_share((uint64_t)(waited * 1e9), (uint64_t)(together * 1e9), &share));
		line(&status->page, title, STYLE_PLAIN, "%s frame%s %s%s%s%s", page_count(count_of(row, "read"), &read),
		     finding_plural(count_of(row, "read")), work, waits, processors ? ", on processor " : "",
		     processors ? processors : "");
	}
}

static double nanoseconds_of(const json_t *stage)
{
	double nanoseconds = seconds_of(stage, "ns_per_packet");
	return nanoseconds > 0 ? nanoseconds : 0;
}

/* Stages have the names that tests/bench/stages.c has for them. */
static void put_stage(struct text_table *table, const json_t *stage, double whole)
{
	const char *name = text_of(stage, "name");
	double nanoseconds = nanoseconds_of(stage);
	struct page_figure figure;
	char text[TEXT_SIZE];

	text_table_put(table, STYLE_PLAIN, strcmp(name, "name") == 0 ? "name (nDPI)" : name);
	snprintf(text, sizeof(text), "%.0f", nanoseconds);
	text_table_put(table, STYLE_PLAIN, json_is_number(json_object_get(stage, "ns_per_packet")) ? text : "-");
	text_table_put(table, STYLE_PLAIN,
		       page_share((uint64_t)(nanoseconds * 1000), (uint64_t)(whole * 1000), &figure));
	text_table_put(table, STYLE_QUIET, page_count(count_of(stage, "packets"), &figure));
}

/* Since the start, of those packets that were timed. */
static void tell_stages(const struct status *status)
{
	enum { TIMED_ENOUGH = 1000 };
	static const struct text_column columns[] = {
		{ .title = "STAGE" },
		{ .title = "NS A PACKET", .right = true },
		{ .title = "SHARE", .right = true },
		{ .title = "PACKETS TIMED", .right = true, .rank = 1 },
	};
	const json_t *list = json_object_get(status->object, "stages"), *row;
	struct text_table *table = text_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	double whole = 0;
	size_t index;

	uint64_t least = UINT64_MAX; /* packets that any stage was timed with */
	json_array_foreach(list, index, row)
	{
		whole += nanoseconds_of(row);
		least = count_of(row, "packets") < least ? count_of(row, "packets") : least;
	}
	json_array_foreach(list, index, row) if (table && whole > 0) put_stage(table, row, whole);
	if (table && whole > 0) {
		page_heading(&status->page, "cost of a packet");
		text_table_write(table, &status->page, terminal_has_width());
		bool millions = whole <= 1e4;
		/* The first packets cost many times what those do that come when caches are warm. */
		if (least < TIMED_ENOUGH)
			line(&status->page, "together", STYLE_PLAIN, "%.0f ns, of too few packets to say more", whole);
		else
			line(&status->page, "together", STYLE_PLAIN,
			     "%.0f ns: %.1f %s packets a second, if one processor did all", whole,
			     (millions ? 1e3 : 1e6) / whole, millions ? "million" : "thousand");
	}
	text_table_free(table);
}

static void tell_tables(const struct status *status)
{
	const json_t *list = json_object_get(status->object, "tables"), *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		uint64_t used = count_of(row, "used"), limit = count_of(row, "limit"),
			 evicted = count_of(row, "evicted");
		bool full = limit && used >= limit / 100 * FULL_PERCENT;
		struct page_figure figures[4];
		line(&status->page, text_of(row, "name"), full ? STYLE_MEDIUM : STYLE_PLAIN,
		     "%s of %s (%s), %s evicted, %s", page_count(used, &figures[0]), page_count(limit, &figures[1]),
		     page_share(used, limit, &figures[2]), page_count(evicted, &figures[3]),
		     page_octets(count_of(row, "bytes"), &(struct page_figure){ "" }));
	}
}

static void tell_sinks(const struct status *status)
{
	const json_t *list = json_object_get(status->object, "sinks"), *row;
	size_t index;

	if (json_array_size(list) == 0)
		line(&status->page, "none", STYLE_MEDIUM, "alerts go nowhere; name a sink under 'report'");
	json_array_foreach(list, index, row)
	{
		bool up = json_is_true(json_object_get(row, "up"));
		struct page_figure delivered, queued, dropped;
		line(&status->page, text_of(row, "name"), up ? STYLE_PLAIN : STYLE_HIGH,
		     "%s, %s delivered, %s waiting, %s given up%s%s", up ? "up" : "DOWN",
		     page_count(count_of(row, "delivered"), &delivered), page_count(count_of(row, "queued"), &queued),
		     page_count(count_of(row, "dropped"), &dropped), up ? "" : ": ", up ? "" : text_of(row, "problem"));
	}
}

static void tell_counts(const struct status *status, const char *title, const char *key, const char *nothing,
			const char *more)
{
	const json_t *object = json_object_get(status->object, key);
	char text[TEXT_SIZE] = "";
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t used = strlen(text);
		struct page_figure figure;
		if (json_integer_value(value) > 0)
			snprintf(text + used, sizeof(text) - used, "%s%s %s", used ? ", " : "",
				 page_count((uint64_t)json_integer_value(value), &figure), name);
	}
	line(&status->page, title, STYLE_PLAIN, "%s%s", *text ? text : nothing, *text ? more : "");
}

static void tell(const struct status *status)
{
	const struct page *page = &status->page;
	const json_t *object = status->object;
	struct page_figure figure, octets;
	char packets[TEXT_SIZE], bits[TEXT_SIZE];

	line(page, "sensor", STYLE_HEADING, "%s, espiald %s, up for %s", text_of(object, "sensor"),
	     text_of(object, "version"),
	     page_duration((int64_t)(json_number_value(json_object_get(object, "uptime")) * 1e9), &figure));
	rate_of(object, "packets_per_second", "packets/s", packets, sizeof(packets));
	rate_of(object, "bits_per_second", "bit/s", bits, sizeof(bits));
	bool rates = *packets && *bits;
	line(page, "traffic", STYLE_PLAIN, "%s packet%s, %s%s%s%s%s%s",
	     page_count(count_of(object, "packets"), &figure), finding_plural(count_of(object, "packets")),
	     page_octets(count_of(object, "bytes"), &octets), rates ? " (" : "", rates ? packets : "",
	     rates ? ", " : "", rates ? bits : "", rates ? ")" : "");
	tell_counts(status, "classes", "classes", "nothing yet", "");
	tell_counts(status, "pairs", "pairs", "none", "");
	line(page, "SAs", STYLE_PLAIN, "%s", page_count(count_of(object, "sas"), &figure));
	tell_counts(status, "open alerts", "alerts", "none", "; 'espial alerts --open' lists them");
	page_heading(page, "capture");
	tell_interfaces(status);
	tell_workers(status);
	page_heading(page, "sinks");
	tell_sinks(status);
	page_heading(page, "tables");
	tell_tables(status);
	line(page, "memory", STYLE_PLAIN, "%s in tables", page_octets(count_of(object, "memory"), &figure));
	if (count_of(object, "transitions_lost") || count_of(object, "untracked"))
		line(page, "lost", STYLE_HIGH, "%llu transition%s, %llu packet%s that found no place in a table",
		     (unsigned long long)count_of(object, "transitions_lost"),
		     finding_plural(count_of(object, "transitions_lost")),
		     (unsigned long long)count_of(object, "untracked"), finding_plural(count_of(object, "untracked")));
	tell_stages(status);
}

/* The same for a person and for a program: the exit status must not depend on --json. */
static bool is_unwell(const json_t *object)
{
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(object, "interfaces"), index, row)
	{
		if (!json_is_true(json_object_get(row, "up")) || count_of(row, "dropped"))
			return true;
	}
	json_array_foreach(json_object_get(object, "sinks"), index, row)
	{
		if (!json_is_true(json_object_get(row, "up")))
			return true;
	}
	json_array_foreach(json_object_get(object, "tables"), index, row)
	{
		uint64_t limit = count_of(row, "limit");
		if (limit && count_of(row, "used") >= limit / 100 * FULL_PERCENT && count_of(row, "evicted"))
			return true;
	}
	return count_of(object, "transitions_lost") || count_of(object, "untracked");
}

static int status_once(void *context)
{
	struct status *status = context;
	struct control_client_error error;

	status->object = NULL;
	status->page =
	    (struct page){ ask_output(&status->options), terminal_width(), terminal_colour(), terminal_unicode() };
	bool answered =
	    control_client_ask(status->options.socket, "{\"request\":\"status\"}", take_line, status, &error);
	if (!answered) {
		json_decref(status->object);
		return ask_failed(&error);
	}
	if (!json_is_object(status->object)) {
		complain("the answer cannot be read: this espial and espiald are of different versions");
		json_decref(status->object);
		return EXIT_TROUBLE;
	}
	if (!status->options.json)
		tell(status);
	bool unwell = is_unwell(status->object);
	json_decref(status->object);
	return unwell ? EXIT_FINDINGS : EXIT_DONE;
}

int status_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct status status = { .object = NULL };
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(status_usage, stdout);
			return EXIT_DONE;
		} else if (option == 'j') {
			status.options.json = true;
		} else if (option == 's') {
			status.options.socket = optarg;
		} else if (option == 'w') {
			status.options.watch = ask_watch_seconds(optarg);
			if (!status.options.watch)
				return EXIT_TROUBLE;
		} else {
			fputs("Try 'espial status --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	if (optind < count) {
		complain("'%s' is not expected here\nTry 'espial status --help'.", arguments[optind]);
		return EXIT_TROUBLE;
	}
	return ask_repeatedly(&status.options, status_once, &status);
}
