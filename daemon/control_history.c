/* SPDX-License-Identifier: Apache-2.0 */
/* See control_history.h. */
#include "control_history.h"

#include "report/blind_time.h"
#include "report/json_line.h"
#include "report/record_reader.h"
#include "report/store_history.h"
#include "report/timestamp.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * INT64_C(1000000000))

enum { RULE_SIZE = 1100 };

/* What a rule had, gathered from its rows, which come one after the other. */
struct sums {
	bool any;
	char rule[RULE_SIZE];
	int64_t day;
	uint64_t packets[4], bytes[4];
};

struct answer {
	const struct control_history *request;
	const char *type; /* of lines of sums */
	struct sums sums;
	struct blind_time *blind;
	struct record_reader reader;
	/* what was watched, while looks of one engine come */
	struct store_look first, last;
	int64_t watched_from_ns;
	uint64_t beyond_pairs, beyond_bytes; /* the most at any look */
	bool enough;                         /* there is no room for more */
};

static bool put(struct answer *answer, json_t *object)
{
	char *line = json_line(object);

	answer->enough |= !line || !answer->request->put(answer->request->context, line);
	return !answer->enough;
}

static json_t *count_value(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

static json_t *time_value(int64_t time_ns)
{
	struct timestamp_text text;

	return time_ns > 0 ? json_string(timestamp_text(time_ns, &text)) : json_null();
}

static json_t *text_value(const char *text)
{
	json_t *value = text ? json_string(text) : NULL;
	return value ? value : json_null(); /* no UTF-8: names here come from the configuration and from the engine */
}

/* Names that are parted, as a list. */
static json_t *names_value(const char *text, char between)
{
	json_t *list = json_array();

	while (*text) {
		const char *end = strchr(text, between);
		size_t length = end ? (size_t)(end - text) : strlen(text);
		json_t *name = json_stringn(text, length);
		json_array_append_new(list, name ? name : json_string("?"));
		text += length + (end != NULL);
	}
	return list;
}

static json_t *volume_value(uint64_t packets, uint64_t bytes)
{
	return json_pack("{s:o, s:o}", "packets", count_value(packets), "bytes", count_value(bytes));
}

static json_t *day_value(int64_t day)
{
	struct timestamp_text text;

	return json_stringn(timestamp_text(day * DAY, &text), strlen("2026-11-21"));
}

/* Whether the name is among those that are parted by tabs. */
static bool is_wanted(const struct answer *answer, const char *rules)
{
	const char *wanted = answer->request->rule;
	size_t length = strlen(wanted);

	for (const char *at = rules; at && *wanted; at = strchr(at, '\t') ? strchr(at, '\t') + 1 : NULL)
		if (strncmp(at, wanted, length) == 0 && (at[length] == '\t' || !at[length]))
			return true;
	return !*wanted;
}

/* ---- rules and days ---- */

static bool put_sums(struct answer *answer)
{
	static const char *const keys[] = { "secured", "integrity", "offending", "clear" };
	const struct sums *sums = &answer->sums;

	if (!sums->any)
		return true;
	json_t *object = json_pack("{s:s, s:o}", "type", answer->type, "rules", names_value(sums->rule, '\t'));
	if (sums->day >= 0)
		json_object_set_new(object, "day", day_value(sums->day));
	for (size_t i = 0; i < 4; i++)
		json_object_set_new(object, keys[i], volume_value(sums->packets[i], sums->bytes[i]));
	answer->sums.any = false;
	return put(answer, object);
}

static bool sum_up(struct answer *answer, const struct store_volume *volume, int64_t day)
{
	static const char *const words[] = { HISTORY_ESP, HISTORY_INTEGRITY, HISTORY_OFFENDING, HISTORY_CLEAR };
	struct sums *sums = &answer->sums;

	if (!is_wanted(answer, volume->rule))
		return true;
	if (sums->any && (sums->day != day || strcmp(sums->rule, volume->rule) != 0) && !put_sums(answer))
		return false;
	if (!sums->any) {
		*sums = (struct sums){ .any = true, .day = day };
		snprintf(sums->rule, sizeof(sums->rule), "%s", volume->rule);
	}
	for (size_t i = 0; i < 4; i++)
		if (strcmp(volume->what, words[i]) == 0) {
			sums->packets[i] += volume->packets;
			sums->bytes[i] += volume->bytes;
		}
	return true;
}

static bool on_rule(void *context, const struct store_volume *volume)
{
	return sum_up(context, volume, -1);
}

static bool on_day(void *context, const struct store_volume *volume)
{
	return sum_up(context, volume, volume->day);
}

/* ---- the sensor ---- */

static bool on_told(void *context, const struct store_alert *told)
{
	struct answer *answer = context;
	struct record record;

	if (record_from_json(told->record, strlen(told->record), &answer->reader, &record) &&
	    record.type == RECORD_FINDING)
		blind_time_told(answer->blind, &record.finding);
	return true;
}

/* An engine's time, as far as it is in the span. */
static bool put_watched(struct answer *answer)
{
	const struct store_look *first = &answer->first, *last = &answer->last;
	int64_t since_ns = answer->request->since_ns;

	if (!last->time_ns || last->time_ns <= since_ns)
		return true;
	return put(answer,
		   json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "type", "report_watched", "from",
			     time_value(answer->watched_from_ns < since_ns ? since_ns : answer->watched_from_ns),
			     "until", time_value(last->time_ns), "packets", count_value(last->packets - first->packets),
			     "bytes", count_value(last->bytes - first->bytes), "dropped",
			     count_value(last->dropped - first->dropped), "interfaces", (json_int_t)last->interfaces,
			     "up", (json_int_t)last->up));
}

static bool on_look(void *context, const struct store_look *look)
{
	struct answer *answer = context;
	bool same = answer->last.time_ns && answer->last.engine_ns == look->engine_ns;

	blind_time_look(answer->blind, look);
	if (look->beyond_pairs > answer->beyond_pairs)
		answer->beyond_pairs = look->beyond_pairs;
	if (look->beyond_bytes > answer->beyond_bytes)
		answer->beyond_bytes = look->beyond_bytes;
	/* Counters that fell, of interfaces that were taken out, begin anew. */
	if (same && look->dropped >= answer->last.dropped && look->packets >= answer->last.packets) {
		answer->last = *look;
		return true;
	}
	if (!put_watched(answer))
		return false;
	bool before = look->time_ns <= answer->request->since_ns;
	answer->first = same || before ? *look : (struct store_look){ .engine_ns = look->engine_ns };
	answer->watched_from_ns = same ? answer->last.time_ns : before ? look->time_ns : look->engine_ns;
	answer->last = *look;
	return true;
}

static bool put_blind(struct answer *answer)
{
	size_t count;
	const struct blind_period *periods = blind_time_periods(answer->blind, &count);

	for (size_t i = 0; i < count; i++)
		if (!put(answer, json_pack("{s:s, s:o, s:o, s:f, s:s, s:o}", "type", "report_blind", "from",
					   time_value(periods[i].from_ns), "until", time_value(periods[i].until_ns),
					   "duration", (double)(periods[i].until_ns - periods[i].from_ns) / 1e9, "why",
					   blind_why_name(periods[i].why), "interface",
					   periods[i].interface[0] ? text_value(periods[i].interface) : json_null())))
			return false;
	return true;
}

/* ---- cryptography ---- */

static bool on_selection(void *context, const struct store_selection *selection)
{
	struct answer *answer = context;

	if (!is_wanted(answer, selection->rule))
		return true;
	return put(answer, json_pack("{s:s, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "type", "selection", "initiator",
				     text_value(selection->initiator), "responder", text_value(selection->responder),
				     "rules", names_value(selection->rule, '\t'), "version", (int)selection->version,
				     "selected", names_value(selection->selected, '/'), "first",
				     time_value(selection->first_ns), "last", time_value(selection->last_ns)));
}

/* ---- answers ---- */

static bool report_lines(struct answer *answer, struct store_view *view, const struct store_span *span)
{
	bool read = store_view_sensor(view, span, on_told, answer) >= 0 &&
		    store_view_looks(view, span, on_look, answer) >= 0 && put_watched(answer) && put_blind(answer);

	answer->type = "report_rule";
	read = read && store_view_rules(view, span, on_rule, answer) >= 0 && put_sums(answer);
	answer->type = "report_day";
	read = read && store_view_days(view, span, on_day, answer) >= 0 && put_sums(answer);
	read = read && store_view_selections(view, span, on_selection, answer) >= 0;
	return read &&
	       put(answer,
		   json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "type", "report", "time",
			     time_value(span->until_ns), "sensor", text_value(answer->request->sensor), "since",
			     time_value(span->since_ns), "until", time_value(span->until_ns), "begin",
			     time_value(store_view_begin(view)), "blind",
			     (double)blind_time_total_ns(answer->blind) / 1e9, "blind_left_out",
			     count_value(blind_time_left_out(answer->blind)), "beyond_pairs",
			     count_value(answer->beyond_pairs), "beyond_bytes", count_value(answer->beyond_bytes)));
}

static bool failed(const struct answer *answer, char *problem, size_t size)
{
	snprintf(problem, size, "%s",
		 answer->enough ? "that is more than one answer can hold; ask for less, with --since or --rule"
				: "the history cannot be read; look at the log of espiald");
	return false;
}

bool control_history_report(const struct control_history *request, char *problem, size_t problem_size)
{
	struct store_view *view = store_view_open(request->store, problem, problem_size);
	const struct store_span span = { request->since_ns, request->now_ns };
	struct answer answer = { .request = request };

	if (!view)
		return false;
	answer.blind = blind_time_new(&span);
	bool good = answer.blind && report_lines(&answer, view, &span) && !answer.enough;
	if (!good)
		failed(&answer, problem, problem_size);
	record_reader_clear(&answer.reader);
	blind_time_free(answer.blind);
	store_view_close(view);
	return good;
}

static bool on_traffic(void *context, const struct store_volume *volume)
{
	struct answer *answer = context;
	const char *tab = strchr(volume->what, '\t');

	json_t *protocol = json_stringn(volume->what, tab ? (size_t)(tab - volume->what) : strlen(volume->what));
	return put(answer,
		   json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "type", "traffic", "day",
			     day_value(volume->day), "a", text_value(volume->a), "b", text_value(volume->b), "rules",
			     names_value(volume->rule, '\t'), "what", protocol ? protocol : json_string("?"), "service",
			     text_value(tab ? tab + 1 : NULL), "packets", count_value(volume->packets), "bytes",
			     count_value(volume->bytes)));
}

bool control_history_day(const struct control_history *request, char *problem, size_t problem_size)
{
	struct store_view *view = store_view_open(request->store, problem, problem_size);
	const struct store_span span = { request->day * DAY, (request->day + 1) * DAY - 1 };
	struct answer answer = { .request = request };

	if (!view)
		return false;
	bool good = store_view_traffic(view, request->day, on_traffic, &answer) >= 0 &&
		    store_view_selections(view, &span, on_selection, &answer) >= 0 && !answer.enough;
	store_view_close(view);
	return good || failed(&answer, problem, problem_size);
}
