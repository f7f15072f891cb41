/* SPDX-License-Identifier: Apache-2.0 */
/* See health_json.h. */
#include "health_json.h"

#include "memory_or_end.h"
#include "timestamp.h"
#include "utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define SECOND 1e9
#define YEARS_S (100.0 * 365 * 86400) /* nothing takes so long */

/* ---- writing ---- */

static json_t *count_of(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

static json_t *text_of(const char *text)
{
	char *valid = text ? utf8_repair(text) : NULL;
	json_t *value = valid ? json_string(valid) : json_null();

	free(valid);
	return value;
}

static json_t *seconds_of(int64_t nanoseconds)
{
	return json_real((double)nanoseconds / SECOND);
}

static json_t *interface_of(const struct record_interface *interface)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", text_of(interface->name), "up",
			 interface->up, "received", count_of(interface->received), "dropped",
			 count_of(interface->dropped), "interface_dropped", count_of(interface->interface_dropped),
			 "ring", count_of(interface->ring), "ring_used", count_of(interface->ring_used), "ring_peak",
			 count_of(interface->ring_peak), "ring_full", count_of(interface->ring_full));
}

static json_t *worker_of(const struct record_worker *worker)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "read", count_of(worker->read), "tracked",
			 count_of(worker->tracked), "together", seconds_of(worker->together_ns), "waited",
			 seconds_of(worker->waited_ns), "processors", text_of(worker->processors));
}

static json_t *table_of(const struct record_table *table)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_of(table->name), "used", count_of(table->used),
			 "limit", count_of(table->limit), "evicted", count_of(table->evicted), "bytes",
			 count_of(table->octets));
}

bool health_json_put(json_t *object, const struct record_health *health)
{
	json_t *interfaces = json_array(), *workers = json_array(), *stages = json_object(), *tables = json_array(),
	       *verdicts = json_object();
	struct timestamp_text started;
	bool good = interfaces && workers && stages && tables && verdicts;

	for (size_t i = 0; i < health->interface_count; i++)
		good &= json_array_append_new(interfaces, interface_of(&health->interfaces[i])) == 0;
	for (size_t i = 0; i < health->worker_count; i++)
		good &= json_array_append_new(workers, worker_of(&health->workers[i])) == 0;
	for (int i = 0; i < RECORD_STAGE_COUNT; i++)
		good &= json_object_set_new(stages, record_stage_name((enum record_stage)i),
					    json_pack("{s:o, s:o}", "packets", count_of(health->stages[i].packets),
						      "seconds", seconds_of(health->stages[i].ns))) == 0;
	for (size_t i = 0; i < health->table_count; i++)
		good &= json_array_append_new(tables, table_of(&health->tables[i])) == 0;
	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		good &= json_object_set_new(verdicts, pair_verdict_name((enum pair_verdict)i),
					    count_of(health->verdicts[i])) == 0;
	good &= json_object_set_new(object, "version", text_of(health->version)) == 0;
	good &= json_object_set_new(object, "started", json_string(timestamp_text(health->started_ns, &started))) == 0;
	good &= json_object_set_new(object, "interfaces", interfaces) == 0;
	good &= json_object_set_new(object, "workers", workers) == 0;
	good &= json_object_set_new(object, "stages", stages) == 0;
	good &= json_object_set_new(object, "tables", tables) == 0;
	good &= json_object_set_new(object, "transitions_lost", count_of(health->transitions_lost)) == 0;
	good &= json_object_set_new(object, "untracked", count_of(health->untracked)) == 0;
	good &= json_object_set_new(object, "alerts_open", count_of(health->alerts_open)) == 0;
	good &= json_object_set_new(object, "pairs", verdicts) == 0;
	return good;
}

/* ---- reading ---- */

/* An object of which keys are taken. The first that is wrong sticks. */
struct part {
	json_t *object;
	size_t taken; /* all there must be */
	const char *wrong;
};

static json_t *take(struct part *part, const char *key)
{
	json_t *value = json_object_get(part->object, key);

	part->taken++;
	if (!value && !part->wrong)
		part->wrong = key;
	return value;
}

static void refuse_unless(struct part *part, bool good, const char *key)
{
	if (!good && !part->wrong)
		part->wrong = key;
}

static uint64_t take_count(struct part *part, const char *key)
{
	const json_t *value = take(part, key);
	json_int_t count = json_integer_value(value);

	refuse_unless(part, json_is_integer(value) && count >= 0, key);
	return count > 0 ? (uint64_t)count : 0;
}

static const char *take_text(struct part *part, const char *key)
{
	const char *text = json_string_value(take(part, key));

	refuse_unless(part, text != NULL, key);
	return text ? text : "";
}

static int64_t take_seconds(struct part *part, const char *key)
{
	const json_t *value = take(part, key);
	double seconds = json_number_value(value);
	bool good = json_is_number(value) && isfinite(seconds) && seconds >= 0 && seconds < YEARS_S;

	refuse_unless(part, good, key);
	return good ? (int64_t)(seconds * SECOND + 0.5) : 0;
}

/* The object is done with: there was nothing else in it. */
static void close_part(struct part *part, struct part *inner, const char *key)
{
	refuse_unless(inner, json_is_object(inner->object) && json_object_size(inner->object) == inner->taken, key);
	if (inner->wrong && !part->wrong)
		part->wrong = inner->wrong;
}

/* A list of at most `max`, for each of which there is room at *rows, made here. */
static size_t take_list(struct part *part, const char *key, size_t max, size_t size, json_t **list, void **rows)
{
	*list = take(part, key);

	size_t count = json_array_size(*list);
	if (!json_is_array(*list) || count > max) {
		refuse_unless(part, false, key);
		count = 0;
	}
	*rows = memory_zeroed_or_end(count ? count : 1, size);
	return count;
}

static void take_interfaces(struct part *part, struct record_reader *reader, struct record_health *health)
{
	json_t *list;
	void *rows;

	health->interface_count =
	    take_list(part, "interfaces", RECORD_INTERFACES_MAX, sizeof(*reader->interfaces), &list, &rows);
	health->interfaces = reader->interfaces = rows;
	for (size_t i = 0; i < health->interface_count; i++) {
		struct record_interface *interface = &reader->interfaces[i];
		struct part row = { .object = json_array_get(list, i) };
		const json_t *up = take(&row, "up");

		refuse_unless(&row, json_is_boolean(up), "up");
		interface->name = take_text(&row, "name");
		interface->up = json_is_true(up);
		interface->received = take_count(&row, "received");
		interface->dropped = take_count(&row, "dropped");
		interface->interface_dropped = take_count(&row, "interface_dropped");
		interface->ring = take_count(&row, "ring");
		interface->ring_used = take_count(&row, "ring_used");
		interface->ring_peak = take_count(&row, "ring_peak");
		interface->ring_full = take_count(&row, "ring_full");
		close_part(part, &row, "interfaces");
	}
}

static void take_workers(struct part *part, struct record_reader *reader, struct record_health *health)
{
	json_t *list;
	void *rows;

	health->worker_count = take_list(part, "workers", RECORD_WORKERS_MAX, sizeof(*reader->workers), &list, &rows);
	health->workers = reader->workers = rows;
	for (size_t i = 0; i < health->worker_count; i++) {
		struct record_worker *worker = &reader->workers[i];
		struct part row = { .object = json_array_get(list, i) };
		const json_t *processors = take(&row, "processors");

		refuse_unless(&row, json_is_string(processors) || json_is_null(processors), "processors");
		worker->processors = json_string_value(processors);
		worker->read = take_count(&row, "read");
		worker->tracked = take_count(&row, "tracked");
		worker->together_ns = take_seconds(&row, "together");
		worker->waited_ns = take_seconds(&row, "waited");
		close_part(part, &row, "workers");
	}
}

static void take_tables(struct part *part, struct record_reader *reader, struct record_health *health)
{
	json_t *list;
	void *rows;

	health->table_count = take_list(part, "tables", RECORD_TABLES_MAX, sizeof(*reader->tables), &list, &rows);
	health->tables = reader->tables = rows;
	for (size_t i = 0; i < health->table_count; i++) {
		struct record_table *table = &reader->tables[i];
		struct part row = { .object = json_array_get(list, i) };

		table->name = take_text(&row, "name");
		table->used = take_count(&row, "used");
		table->limit = take_count(&row, "limit");
		table->evicted = take_count(&row, "evicted");
		table->octets = take_count(&row, "bytes");
		close_part(part, &row, "tables");
	}
}

static void take_stages(struct part *part, struct record_health *health)
{
	struct part stages = { .object = take(part, "stages") };

	for (int i = 0; i < RECORD_STAGE_COUNT; i++) {
		struct part stage = { .object = take(&stages, record_stage_name((enum record_stage)i)) };
		health->stages[i].packets = take_count(&stage, "packets");
		health->stages[i].ns = take_seconds(&stage, "seconds");
		close_part(&stages, &stage, "stages");
	}
	close_part(part, &stages, "stages");
}

const char *health_json_take(json_t *object, struct record_reader *reader, struct record_health *health)
{
	struct part part = { .object = object };

	/* Read by the caller. */
	(void)take(&part, "type");
	(void)take(&part, "time");
	(void)take(&part, "sensor");
	health->version = take_text(&part, "version");
	refuse_unless(&part, timestamp_parse(take_text(&part, "started"), &health->started_ns), "started");
	take_interfaces(&part, reader, health);
	take_workers(&part, reader, health);
	take_stages(&part, health);
	take_tables(&part, reader, health);
	health->transitions_lost = take_count(&part, "transitions_lost");
	health->untracked = take_count(&part, "untracked");
	health->alerts_open = take_count(&part, "alerts_open");
	struct part verdicts = { .object = take(&part, "pairs") };
	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		health->verdicts[i] = take_count(&verdicts, pair_verdict_name((enum pair_verdict)i));
	close_part(&part, &verdicts, "pairs");
	refuse_unless(&part, json_object_size(object) == part.taken, "record");
	return part.wrong;
}
