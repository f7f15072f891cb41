/* SPDX-License-Identifier: Apache-2.0 */
/* What is gathered of a period, see period.h. The writers are period_text.c, period_html.c and period_csv.c. */
#include "period.h"

#include "record_reader.h"
#include "timestamp.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 1000000, NAMES_MAX = 64, TEXT_SIZE = 2048 };

/* A line of sums, before rows that belong together are joined. */
struct sums {
	char names[TEXT_SIZE]; /* parted by newlines */
	struct period_volumes volumes;
};

struct period_reader {
	const struct period_judge *judge;
	struct record_reader records;
	struct period period;
	struct sums *sums; /* owned */
	size_t sum_count;
	bool failed; /* no memory, or a line that is not as it should be */
	bool test;   /* the last line was a test's */
};

struct period_reader *period_reader_new(const struct period_judge *judge)
{
	struct period_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->judge = judge;
	return reader;
}

void period_reader_free(struct period_reader *reader)
{
	if (!reader)
		return;
	struct period *period = &reader->period;
	for (size_t i = 0; i < period->rule_count; i++)
		free(period->rules[i].name);
	for (size_t i = 0; i < period->leak_count; i++) {
		free(period->leaks[i].rule);
		free(period->leaks[i].protocol);
	}
	for (size_t i = 0; i < period->selection_count; i++) {
		free(period->selections[i].rules);
		free(period->selections[i].selected);
	}
	free(period->rules);
	free(period->days);
	free(period->leaks);
	free(period->blinds);
	free(period->selections);
	free(period->watched);
	free(period->sensor);
	free(reader->sums);
	record_reader_clear(&reader->records);
	free(reader);
}

/* One more item at the end of a list; all zero. NULL on lack of memory, or where there are too many. */
static void *add(struct period_reader *reader, void *list, size_t *count, size_t size)
{
	void **items = list;

	/* At powers of two there is no room for one more. */
	if ((*count & (*count - 1)) == 0) {
		void *more = *count < ITEMS_MAX ? realloc(*items, (*count ? 2 * *count : 1) * size) : NULL;
		if (!more) {
			reader->failed = true;
			return NULL;
		}
		*items = more;
	}
	return memset((char *)*items + (*count)++ * size, 0, size);
}

/* ---- values of a line; what is missing or wrong makes the reader fail ---- */

static const char *text_of(struct period_reader *reader, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	reader->failed |= !text;
	return text ? text : "";
}

static uint64_t count_of(struct period_reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	reader->failed |= !json_is_integer(value) || json_integer_value(value) < 0;
	return json_is_integer(value) && json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
}

/* 0 for null. */
static int64_t time_of(struct period_reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	int64_t time_ns = 0;

	if (!json_is_null(value))
		reader->failed |= !json_is_string(value) || !timestamp_parse(json_string_value(value), &time_ns);
	return time_ns;
}

static uint64_t octets_of(struct period_reader *reader, const json_t *object, const char *key)
{
	return count_of(reader, json_object_get(object, key), "bytes");
}

static struct period_volumes volumes_of(struct period_reader *reader, const json_t *object)
{
	return (struct period_volumes){
		.secured = octets_of(reader, object, "secured"),
		.integrity = octets_of(reader, object, "integrity"),
		.offending = octets_of(reader, object, "offending"),
		.clear = octets_of(reader, object, "clear"),
	};
}

/* A list of names as one text. */
static void join_names(struct period_reader *reader, const json_t *list, const char *between, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	reader->failed |= !json_is_array(list);
	for (size_t i = 0; i < json_array_size(list) && used < size; i++) {
		const char *name = json_string_value(json_array_get(list, i));
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? between : "", name ? name : "?");
	}
}

static char *copy(struct period_reader *reader, const char *text)
{
	char *copied = strdup(text);

	reader->failed |= !copied;
	return copied;
}

/* ---- lines ---- */

static void add_volumes(struct period_volumes *to, const struct period_volumes *more)
{
	to->secured += more->secured;
	to->integrity += more->integrity;
	to->offending += more->offending;
	to->clear += more->clear;
}

static void take_rule(struct period_reader *reader, const json_t *object)
{
	struct sums *sums = add(reader, &reader->sums, &reader->sum_count, sizeof(*sums));

	if (!sums)
		return;
	join_names(reader, json_object_get(object, "rules"), "\n", sums->names, sizeof(sums->names));
	sums->volumes = volumes_of(reader, object);
}

/* Days come once for each rule; what no rule speaks of is left out of them. */
static void take_day(struct period_reader *reader, const json_t *object)
{
	struct period *period = &reader->period;
	const char *day = text_of(reader, object, "day");
	struct period_volumes volumes = volumes_of(reader, object);

	if (json_array_size(json_object_get(object, "rules")) == 0)
		return;
	struct period_day *last = period->day_count ? &period->days[period->day_count - 1] : NULL;
	if (!last || strcmp(last->day, day) != 0) {
		last = add(reader, &period->days, &period->day_count, sizeof(*last));
		if (!last)
			return;
		snprintf(last->day, sizeof(last->day), "%s", day);
	}
	add_volumes(&last->volumes, &volumes);
}

static void take_watched(struct period_reader *reader, const json_t *object)
{
	struct period *period = &reader->period;
	struct period_watched *watched = add(reader, &period->watched, &period->watched_count, sizeof(*watched));

	if (!watched)
		return;
	watched->from_ns = time_of(reader, object, "from");
	watched->until_ns = time_of(reader, object, "until");
	watched->packets = count_of(reader, object, "packets");
	watched->dropped = count_of(reader, object, "dropped");
}

static void take_blind(struct period_reader *reader, const json_t *object)
{
	struct period *period = &reader->period;
	struct blind_period *blind = add(reader, &period->blinds, &period->blind_count, sizeof(*blind));
	const char *why = text_of(reader, object, "why"), *interface;

	if (!blind)
		return;
	blind->from_ns = time_of(reader, object, "from");
	blind->until_ns = time_of(reader, object, "until");
	while (blind->why < BLIND_WHY_COUNT && strcmp(blind_why_name(blind->why), why) != 0)
		blind->why++;
	reader->failed |= blind->why == BLIND_WHY_COUNT;
	interface = json_string_value(json_object_get(object, "interface"));
	snprintf(blind->interface, sizeof(blind->interface), "%s", interface ? interface : "");
}

static void take_selection(struct period_reader *reader, const json_t *object)
{
	struct period *period = &reader->period;
	struct period_selection *selection =
	    add(reader, &period->selections, &period->selection_count, sizeof(*selection));
	const json_t *list = json_object_get(object, "selected");
	const char *names[NAMES_MAX];
	size_t count = 0;
	char text[TEXT_SIZE];

	if (!selection)
		return;
	reader->failed |= !address_parse(text_of(reader, object, "initiator"), &selection->initiator) ||
			  !address_parse(text_of(reader, object, "responder"), &selection->responder);
	join_names(reader, json_object_get(object, "rules"), ", ", text, sizeof(text));
	selection->rules = copy(reader, text);
	join_names(reader, list, " / ", text, sizeof(text));
	selection->selected = copy(reader, text);
	selection->version = (unsigned)(count_of(reader, object, "version") & 0xff);
	selection->first_ns = time_of(reader, object, "first");
	selection->last_ns = time_of(reader, object, "last");
	for (size_t i = 0; i < json_array_size(list) && count < NAMES_MAX; i++)
		if (json_is_string(json_array_get(list, i)))
			names[count++] = json_string_value(json_array_get(list, i));
	reader->judge->judge(reader->judge->context, selection->version, names, count, selection);
}

static void take_report(struct period_reader *reader, const json_t *object)
{
	struct period *period = &reader->period;
	const json_t *blind = json_object_get(object, "blind"), *sensor = json_object_get(object, "sensor");

	period->sensor = copy(reader, json_is_string(sensor) ? json_string_value(sensor) : "?");
	period->since_ns = time_of(reader, object, "since");
	period->until_ns = time_of(reader, object, "until");
	period->begin_ns = time_of(reader, object, "begin");
	reader->failed |= !json_is_real(blind) || json_real_value(blind) < 0 || json_real_value(blind) > 9e9;
	period->blind_ns = json_is_real(blind) ? (int64_t)(json_real_value(blind) * 1e9) : 0;
	period->blind_left_out = count_of(reader, object, "blind_left_out");
	period->beyond_pairs = count_of(reader, object, "beyond_pairs");
	period->beyond_bytes = count_of(reader, object, "beyond_bytes");
	period->complete = !reader->failed;
}

/* {"type":"alert",...,"finding":{...}}, the finding last: what control_status.c writes. */
static void take_alert(struct period_reader *reader, const char *line, size_t length)
{
	static const char mark[] = ",\"finding\":";
	const char *finding = memmem(line, length, mark, sizeof(mark) - 1);
	struct record record;

	finding = finding ? finding + sizeof(mark) - 1 : line;
	if (!record_from_json(finding, length - (size_t)(finding - line) - 1, &reader->records, &record) ||
	    record.type != RECORD_FINDING) {
		reader->failed = true;
		return;
	}
	reader->test = finding_is_test(&record.finding);
	if (reader->test || finding_is_grouped(&record.finding))
		return;
	struct period *period = &reader->period;
	struct period_leak *leak = add(reader, &period->leaks, &period->leak_count, sizeof(*leak));
	if (!leak)
		return;
	leak->finding = record.finding;
	leak->finding.evidence_count = 0;
	leak->finding.interface = leak->finding.realm_interface = leak->finding.cleared_by = NULL;
	leak->rule = copy(reader, record.finding.rule ? record.finding.rule : "");
	leak->protocol = copy(reader, record.finding.protocol ? record.finding.protocol : "");
	leak->finding.rule = leak->rule;
	leak->finding.protocol = leak->protocol;
}

bool period_reader_line(struct period_reader *reader, const char *line, size_t length)
{
	static const struct {
		const char *type;
		void (*take)(struct period_reader *reader, const json_t *object);
	} types[] = { { "report_rule", take_rule },       { "report_day", take_day },
		      { "report_watched", take_watched }, { "report_blind", take_blind },
		      { "selection", take_selection },    { "report", take_report } };
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	const char *type = json_string_value(json_object_get(object, "type"));
	bool known = false;

	reader->failed = reader->test = false;
	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i].type) == 0) {
			types[i].take(reader, object);
			known = true;
		}
	if (type && strcmp(type, "alert") == 0) {
		take_alert(reader, line, length);
		known = true;
	}
	json_decref(object);
	return known && !reader->failed;
}

bool period_reader_is_test(const struct period_reader *reader)
{
	return reader->test;
}

/* ---- what belongs together ---- */

static bool has_name(const char *names, const char *name, size_t length)
{
	for (const char *at = names; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, name, length) == 0 && (at[length] == '\n' || !at[length]))
			return true;
	return false;
}

static bool share_a_name(const char *names, const char *other)
{
	for (const char *at = other; at && *at;) {
		const char *end = strchr(at, '\n');
		size_t length = end ? (size_t)(end - at) : strlen(at);
		if (has_name(names, at, length))
			return true;
		at = end ? end + 1 : NULL;
	}
	return false;
}

static void merge_names(char *names, const char *other)
{
	for (const char *at = other; at && *at;) {
		const char *end = strchr(at, '\n');
		size_t length = end ? (size_t)(end - at) : strlen(at), used = strlen(names);
		if (!has_name(names, at, length))
			snprintf(names + used, TEXT_SIZE - used, "%s%.*s", used ? "\n" : "", (int)length, at);
		at = end ? end + 1 : NULL;
	}
}

/* Rules that share gateways are one: whose ESP it was cannot be told. Each that is taken in may bring more. */
static void join_sums(struct period_reader *reader)
{
	struct sums *sums = reader->sums;

	for (size_t i = 0; i < reader->sum_count; i++) {
		if (!strchr(sums[i].names, '\n'))
			continue;
		for (size_t k = 0; k < reader->sum_count; k++) {
			if (k == i || !sums[k].names[0] || !share_a_name(sums[i].names, sums[k].names))
				continue;
			add_volumes(&sums[i].volumes, &sums[k].volumes);
			merge_names(sums[i].names, sums[k].names);
			sums[k] = sums[--reader->sum_count];
			if (i == reader->sum_count)
				i = k;
			k = SIZE_MAX; /* from the first again */
		}
	}
}

static int by_name(const void *left, const void *right)
{
	const struct period_rule *one = left, *other = right;

	if (one->none != other->none)
		return one->none ? 1 : -1;
	return strcmp(one->name, other->name);
}

static int by_time(const void *left, const void *right)
{
	const struct period_leak *one = left, *other = right;

	return one->finding.first_ns < other->finding.first_ns ? -1 : one->finding.first_ns > other->finding.first_ns;
}

static char *shown_name(const char *names)
{
	char text[2 * TEXT_SIZE] = "";
	size_t used = 0;

	if (!*names)
		return strdup("no rule");
	if (strcmp(names, "learned") == 0)
		return strdup("learned pairs");
	for (const char *at = names; *at && used + 3 < sizeof(text); at++) {
		if (*at == '\n') {
			text[used++] = ',';
			text[used++] = ' ';
		} else {
			text[used++] = *at;
		}
	}
	return strdup(text);
}

const struct period *period_reader_finish(struct period_reader *reader)
{
	struct period *period = &reader->period;

	join_sums(reader);
	for (size_t i = 0; i < reader->sum_count; i++) {
		struct period_rule *rule = add(reader, &period->rules, &period->rule_count, sizeof(*rule));
		if (!rule)
			break;
		rule->name = shown_name(reader->sums[i].names);
		rule->none = !reader->sums[i].names[0];
		rule->names = 1;
		for (const char *at = reader->sums[i].names; *at; at++)
			rule->names += *at == '\n';
		rule->volumes = reader->sums[i].volumes;
		if (!rule->name)
			period->rule_count--;
	}
	reader->sum_count = 0;
	if (period->rule_count)
		qsort(period->rules, period->rule_count, sizeof(*period->rules), by_name);
	if (period->leak_count)
		qsort(period->leaks, period->leak_count, sizeof(*period->leaks), by_time);
	return period;
}

/* ---- figures ---- */

bool period_share(const struct period_volumes *volumes, double *share)
{
	double whole = (double)volumes->secured + (double)volumes->integrity + (double)volumes->offending;

	*share = whole > 0 ? (double)volumes->secured / whole : 0;
	return whole > 0;
}

void period_share_text(double share, char text[PERIOD_SHARE_SIZE])
{
	const double least = 1e-7;
	double rest = share < 0.5 ? share : 1 - share;
	int digits = rest <= 0 ? 0 : rest < 9e-6 ? 5 : rest < 1e-3 ? 3 : 1;

	if (rest > 0 && rest < least)
		share = share < 0.5 ? least : 1 - least;
	snprintf(text, PERIOD_SHARE_SIZE, "%.*f", digits, 100 * share);
}

int64_t period_known_from(const struct period *period)
{
	int64_t begin_ns = period->begin_ns ? period->begin_ns : period->until_ns;

	return begin_ns > period->since_ns ? begin_ns : 0;
}

struct period_volumes period_total(const struct period *period)
{
	struct period_volumes total = { 0 };

	for (size_t i = 0; i < period->rule_count; i++)
		if (!period->rules[i].none)
			add_volumes(&total, &period->rules[i].volumes);
	return total;
}

uint64_t period_dropped(const struct period *period, uint64_t *packets)
{
	uint64_t dropped = 0;

	*packets = 0;
	for (size_t i = 0; i < period->watched_count; i++) {
		dropped += period->watched[i].dropped;
		*packets += period->watched[i].packets;
	}
	return dropped;
}

const char *period_verdict_name(enum period_verdict verdict)
{
	static const char *const names[] = { "fine", "discouraged", "forbidden", "unknown" };

	return (size_t)verdict < 4 ? names[verdict] : "?";
}
