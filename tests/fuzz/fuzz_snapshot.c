/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine that was taken over tells of its state, and what the page, its API, metrics and the bill of cryptography make
 * of it. The input is lines, one below the other; a line of one "-" ends a snapshot and begins the next. What has to hold: what
 * is refused is refused with a sentence, each answer of the API and the bill are JSON, metrics are lines of names, labels and
 * numbers, each series once, and text for a terminal has no control characters.
 */
#include "fuzz.h"

#include "daemon/report/api.h"
#include "daemon/report/inventory.h"
#include "daemon/report/metrics.h"
#include "daemon/report/utf8.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

enum { LINES_MAX = 64, SERIES_MAX = 16384 };

static bool is_json(const char *text, size_t length)
{
	json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

	json_decref(root);
	return root != NULL;
}

static void check_api(const struct snapshot *snapshot, const struct api_query *query)
{
	struct api_answer *answer = api_answer_new(snapshot, query);
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	DEMAND(answer && file);
	for (char *piece;; free(piece)) {
		size_t octets;
		piece = api_answer_next(answer, &octets);
		if (!piece)
			break;
		DEMAND(octets > 0 && fwrite(piece, 1, octets, file) == octets);
	}
	fclose(file);
	DEMAND(!api_answer_failed(answer));
	if (!is_json(text, length))
		fprintf(stderr, "%s\n", text);
	DEMAND(is_json(text, length));
	free(text);
	api_answer_free(answer);
}

static void check_answers(const struct snapshot *snapshot)
{
	for (unsigned resource = 0; resource < API_RESOURCE_COUNT; resource++) {
		struct api_query query = api_query_all((enum api_resource)resource);
		const char *problem;
		check_api(snapshot, &query);
		if (resource == API_STATUS || resource == API_INVENTORY)
			continue;
		DEMAND(api_query_add(&query, "limit", "1", &problem));
		check_api(snapshot, &query);
		query = api_query_all((enum api_resource)resource);
		if (snapshot->pair_count && api_query_add(&query, "a", "10.8.1.1", &problem) &&
		    api_query_add(&query, "b", "10.8.1.2", &problem) && api_query_complete(&query, &problem))
			check_api(snapshot, &query);
	}
}

static int by_text(const void *left, const void *right)
{
	const char *const *one = left, *const *other = right;

	return strcmp(*one, *other);
}

/* `name{label="value",...}`, a blank, a number; of the value only the quotes and escapes count. */
static void check_series(char *line)
{
	char *at = line, *end;

	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	DEMAND(at > line);
	if (*at == '{') {
		do {
			char *label = ++at;
			while (isalnum((unsigned char)*at) || *at == '_')
				at++;
			DEMAND(at > label && at[0] == '=' && at[1] == '"');
			for (at += 2; *at != '"'; at++) {
				DEMAND(*at != '\0');
				if (*at == '\\') {
					at++;
					DEMAND(*at == '\\' || *at == '"' || *at == 'n');
				}
			}
			at++;
		} while (*at == ',');
		DEMAND(*at == '}');
		at++;
	}
	DEMAND(*at == ' ' && at[1] != '\0' && at[1] != ' ');
	*at++ = '\0';
	strtod(at, &end);
	DEMAND(end > at && (*end == '\0' || *end == ' '));
}

static void check_metrics(const struct snapshot *snapshot, bool open)
{
	static const struct metrics_tally tally = { .opened = { 7 }, .cleared = { 5 } };
	static char *series[SERIES_MAX];
	size_t length, count = 0;
	char *text = metrics_text(snapshot, &tally, open, &length), *rest = text, *line;

	DEMAND(text && length && strlen(text) == length && text[length - 1] == '\n');
	for (const char *at = text, *end = text + length; at < end;) {
		uint32_t code = utf8_next(&at, end);
		DEMAND(code == '\n' || !utf8_is_control(code));
	}
	while ((line = strsep(&rest, "\n")) && *line) {
		if (*line == '#')
			continue;
		check_series(line);
		DEMAND(count < SERIES_MAX);
		series[count++] = line;
	}
	qsort(series, count, sizeof(series[0]), by_text);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(series[i - 1], series[i]) == 0)
			fprintf(stderr, "%s\n", series[i]);
		DEMAND(strcmp(series[i - 1], series[i]) != 0);
	}
	free(text);
}

static void check_inventory(const struct inventory *inventory)
{
	char *text = NULL;
	size_t length = 0;

	for (unsigned form = 0; form < 2; form++) {
		FILE *file = open_memstream(&text, &length);
		DEMAND(file != NULL);
		const struct page page = { file, 80, false, true };
		if (form)
			DEMAND(inventory_write_cyclonedx(inventory, file, "edge-1"));
		else
			inventory_write_text(inventory, &page);
		fclose(file);
		DEMAND(!form || is_json(text, length));
		for (const char *at = text, *end = text + length; at < end && !form;) {
			uint32_t code = utf8_next(&at, end);
			DEMAND(code == '\n' || !utf8_is_control(code));
		}
		free(text);
	}
}

static const struct snapshot *finish(struct snapshot_builder *builder, const struct snapshot *before)
{
	const struct snapshot_sink sinks[] = { { "syslog", { .up = false, .problem = "it is away: \"x\"\n" } } };
	const struct snapshot_surroundings surroundings = {
		.time_ns = INT64_C(1795293000000000000),
		.before = before,
		.sinks = sinks,
		.sink_count = 1,
	};
	const struct snapshot *snapshot = snapshot_builder_finish(builder, &surroundings);

	DEMAND(snapshot != NULL);
	check_answers(snapshot);
	check_metrics(snapshot, true);
	check_metrics(snapshot, false);
	if (snapshot->inventory)
		check_inventory(snapshot->inventory);
	return snapshot;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	const struct snapshot *before = NULL;

	DEMAND(builder != NULL);
	for (unsigned i = 0; i < LINES_MAX && size > 0; i++) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t length = newline ? (size_t)(newline - data) : size;
		/* In a block of just its size, for the reader takes a length. */
		char *line = malloc(length + 1);
		DEMAND(line != NULL);
		memcpy(line, data, length);
		data += length + (newline != NULL);
		size -= length + (newline != NULL);
		if (length == 1 && *line == '-') {
			const struct snapshot *next = finish(builder, before);
			snapshot_let_go(before);
			before = next;
			builder = snapshot_builder_new();
			DEMAND(builder != NULL);
		} else if (!snapshot_builder_line(builder, line, length)) {
			DEMAND(snapshot_builder_problem(builder)[0] != '\0');
		}
		free(line);
	}
	const struct snapshot *last = finish(builder, before);
	snapshot_let_go(before);
	snapshot_let_go(last);
	return 0;
}
