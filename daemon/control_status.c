/* SPDX-License-Identifier: Apache-2.0 */
/* See control_status.h. */
#include "control_status.h"

#include "report/json.h"
#include "report/json_line.h"
#include "report/timestamp.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *count_value(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

static json_t *time_or_null(int64_t time_ns)
{
	struct timestamp_text text;

	return time_ns ? json_string(timestamp_text(time_ns, &text)) : json_null();
}

static json_t *rate_or_null(double rate)
{
	return rate >= 0 && isfinite(rate) ? json_real(rate) : json_null();
}

/* A text that may be no UTF-8 reads as null: names here come from the configuration. */
static json_t *text_or_null(const char *text)
{
	json_t *value = text ? json_string(text) : NULL;
	return value ? value : json_null();
}

static json_t *interfaces_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->interface_count; i++) {
		const struct snapshot_interface *row = &snapshot->interfaces[i];
		const struct record_interface *one = &row->interface;
		json_array_append_new(list, json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
						      text_or_null(one->name), "up", one->up, "received",
						      count_value(one->received), "dropped", count_value(one->dropped),
						      "interface_dropped", count_value(one->interface_dropped),
						      "frames_per_second", rate_or_null(row->frames_per_second), "ring",
						      count_value(one->ring), "ring_used", count_value(one->ring_used),
						      "ring_peak", count_value(one->ring_peak), "ring_full",
						      count_value(one->ring_full)));
	}
	return list;
}

static json_t *seconds_value(int64_t nanoseconds)
{
	return json_real((double)nanoseconds / 1e9);
}

static json_t *workers_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->worker_count; i++) {
		const struct record_worker *worker = &snapshot->workers[i];
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "read", count_value(worker->read),
						      "tracked", count_value(worker->tracked), "together",
						      seconds_value(worker->together_ns), "waited",
						      seconds_value(worker->waited_ns), "processors",
						      text_or_null(worker->processors)));
	}
	return list;
}

static json_t *stages_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (int i = 0; i < RECORD_STAGE_COUNT; i++) {
		const struct record_cost *cost = &snapshot->stages[i];
		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:o, s:o}", "name", record_stage_name((enum record_stage)i), "packets",
				    count_value(cost->packets), "seconds", seconds_value(cost->ns), "ns_per_packet",
				    cost->packets ? json_real((double)cost->ns / (double)cost->packets) : json_null()));
	}
	return list;
}

static json_t *tables_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->table_count; i++) {
		const struct record_table *table = &snapshot->tables[i];
		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_or_null(table->name), "used",
						count_value(table->used), "limit", count_value(table->limit), "evicted",
						count_value(table->evicted), "bytes", count_value(table->octets)));
	}
	return list;
}

static json_t *sinks_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->sink_count; i++) {
		const struct sink_health *health = &snapshot->sinks[i].health;
		json_array_append_new(
		    list, json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "name", text_or_null(snapshot->sinks[i].name),
				    "up", health->up, "delivered", count_value(health->delivered), "queued",
				    count_value(health->queued), "dropped", count_value(health->dropped), "problem",
				    health->up ? json_null() : text_or_null(health->problem)));
	}
	return list;
}

static json_t *alerts_of(const struct snapshot *snapshot)
{
	json_t *alerts = json_object();

	for (int i = 0; i < SEVERITY_COUNT; i++)
		json_object_set_new(alerts, finding_severity_name((enum finding_severity)i),
				    count_value(snapshot->alerts_by_severity[i]));
	return alerts;
}

static json_t *verdicts_of(const struct snapshot *snapshot)
{
	json_t *verdicts = json_object();

	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		json_object_set_new(verdicts, pair_verdict_name((enum pair_verdict)i),
				    count_value(snapshot->verdicts[i]));
	return verdicts;
}

static json_t *classes_of(const struct snapshot *snapshot)
{
	json_t *classes = json_object();

	for (int i = 0; i < PACKET_CLASS_COUNT; i++)
		json_object_set_new(classes, packet_class_name((enum packet_class)i),
				    count_value(snapshot->summary.classes[i]));
	return classes;
}

char *control_status_line(const struct snapshot *snapshot, int64_t now_ns)
{
	const struct record_summary *summary = &snapshot->summary;

	return json_line(json_pack(
	    "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o, s:o}",
	    "type", "status", "time", time_or_null(snapshot->time_ns), "sensor", text_or_null(snapshot->sensor),
	    "version", text_or_null(snapshot->version), "started", time_or_null(snapshot->started_ns), "uptime",
	    json_real(snapshot->started_ns ? (double)(now_ns - snapshot->started_ns) / 1e9 : 0), "packets",
	    count_value(summary->packets), "bytes", count_value(summary->bytes), "last_packet",
	    time_or_null(summary->last_ns), "packets_per_second", rate_or_null(snapshot->packets_per_second),
	    "bits_per_second", rate_or_null(snapshot->bits_per_second), "classes", classes_of(snapshot), "interfaces",
	    interfaces_of(snapshot), "workers", workers_of(snapshot), "stages", stages_of(snapshot), "tables",
	    tables_of(snapshot), "memory", count_value(snapshot->memory), "transitions_lost",
	    count_value(snapshot->transitions_lost), "untracked", count_value(snapshot->untracked), "pairs",
	    verdicts_of(snapshot), "sas", count_value(snapshot->living_sas), "alerts", alerts_of(snapshot), "sinks",
	    sinks_of(snapshot)));
}

/* Puts `finding`, a line of JSON already, into the object of an alert. */
static char *alert_line(uint64_t alert, const char *state, int64_t opened_ns, int64_t until_ns, const char *by,
			const char *finding)
{
	char number[24], *line, *whole = NULL;

	snprintf(number, sizeof(number), "%016llx", (unsigned long long)alert);
	line = json_line(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "type", "alert", "alert", number, "state", state,
				   "opened", time_or_null(opened_ns), "acknowledged_until", time_or_null(until_ns),
				   "acknowledged_by", text_or_null(by)));
	/* In place of the closing brace. */
	if (line && finding && asprintf(&whole, "%.*s,\"finding\":%s}", (int)strlen(line) - 1, line, finding) < 0)
		whole = NULL;
	free(line);
	return whole;
}

char *control_alert_line(const struct snapshot_alert *alert, const char *sensor)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = alert->finding.time_ns };
	char *finding, *line;

	record.finding = alert->finding;
	finding = record_to_json(&record, sensor);
	line = alert_line(alert->finding.alert, finding_state_name(alert->finding.state), alert->opened_ns,
			  alert->acknowledged_until_ns, NULL, finding);
	free(finding);
	return line;
}

char *control_stored_line(const struct store_alert *alert)
{
	return alert_line(alert->alert, alert->state, alert->opened_ns, alert->acknowledged_until_ns,
			  alert->acknowledged_by, alert->record);
}

char *control_error_line(const char *text)
{
	return json_line(json_pack("{s:s, s:o}", "type", "error", "text", text_or_null(text)));
}

char *control_outcome_line(const char *text)
{
	return json_line(json_pack("{s:s, s:o}", "type", "outcome", "text", text_or_null(text)));
}
