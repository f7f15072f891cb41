/* SPDX-License-Identifier: Apache-2.0 */
/* Records to JSON lines, see json.h. The file sink is json_sink.c, the way back record_reader.c. */
#include "json.h"

#include "bulk_line.h"
#include "community_id.h"
#include "ip_service.h"
#include "json_line.h"
#include "health_json.h"
#include "known_json.h"
#include "memory_or_end.h"
#include "timestamp.h"
#include "utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson counts on lack of memory by returning NULL, and json_object_set_new() takes a NULL value as an error. One flag
 * gathers it, so that no call site has to ask. */
struct writer {
	json_t *object;
	bool failed;
};

/* False when the value could not be put, and is freed. */
static bool put(struct writer *writer, const char *key, json_t *value)
{
	if (json_object_set_new(writer->object, key, value) == 0)
		return true;
	writer->failed = true;
	return false;
}

static void put_null(struct writer *writer, const char *key)
{
	put(writer, key, json_null());
}

static json_t *text_value(const char *text)
{
	char *valid;
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	valid = utf8_repair(text); /* jansson refuses what is no UTF-8 */
	value = json_string(valid);
	free(valid);
	return value;
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	put(writer, key, text_value(text));
}

/* JSON integers end at 2^63 - 1 here; a counter that got there stays there. */
static void put_count(struct writer *writer, const char *key, uint64_t count)
{
	put(writer, key, json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
}

static json_t *address_value(const struct address *address)
{
	struct address_text buffer;

	return json_string(address_text(address, &buffer));
}

static void put_address(struct writer *writer, const char *key, const struct address *address)
{
	put(writer, key, address_value(address));
}

static json_t *time_value(int64_t time_ns)
{
	struct timestamp_text buffer;

	return json_string(timestamp_text(time_ns, &buffer));
}

static void put_time(struct writer *writer, const char *key, int64_t time_ns)
{
	put(writer, key, time_value(time_ns));
}

static json_t *real_value(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *spi_value(uint32_t spi)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", spi);
	return json_string(text);
}

static void put_spi(struct writer *writer, const char *key, bool known, uint32_t spi)
{
	put(writer, key, known ? spi_value(spi) : json_null());
}

static void put_ike_spi(struct writer *writer, const char *key, bool known, uint64_t spi)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)spi);
	put(writer, key, known ? json_string(text) : json_null());
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == 50 ? "esp" : protocol == 51 ? "ah" : NULL;
}

/* A new object inside the writer's; its failure is the writer's. */
static struct writer open_object(struct writer *writer, const char *key)
{
	struct writer inner = { .object = json_object() };

	if (!put(writer, key, inner.object))
		inner = (struct writer){ .failed = true };
	return inner;
}

static void close_object(struct writer *writer, const struct writer *inner)
{
	writer->failed = writer->failed || inner->failed;
}

static void put_subject(struct writer *writer, const struct finding *finding, const char *sensor)
{
	struct writer subject = open_object(writer, "subject");

	put_text(&subject, "kind", finding_subject_name(finding->subject));
	switch (finding->subject) {
	case SUBJECT_PAIR:
		put(&subject, "a", finding->has_pair ? address_value(&finding->a) : json_null());
		put(&subject, "b", finding->has_pair ? address_value(&finding->b) : json_null());
		break;
	case SUBJECT_HOST:
		put_address(&subject, "address", &finding->a);
		break;
	case SUBJECT_SA:
		put(&subject, "src", finding->has_flow ? address_value(&finding->src) : json_null());
		put(&subject, "dst", finding->has_flow ? address_value(&finding->dst) : json_null());
		put_spi(&subject, "spi", finding->has_spi, finding->spi);
		put_text(&subject, "proto", protocol_name(finding->ip_protocol));
		break;
	case SUBJECT_SENSOR:
	case SUBJECT_COUNT:
		put_text(&subject, "name", sensor);
		break;
	}
	close_object(writer, &subject);
}

static json_t *evidence_value(const struct finding_evidence *note)
{
	switch (note->kind) {
	case EVIDENCE_INTEGER:
		return json_integer(note->integer);
	case EVIDENCE_REAL:
		return real_value(note->real);
	case EVIDENCE_BOOLEAN:
		return json_boolean(note->integer != 0);
	case EVIDENCE_TEXT:
		return text_value(note->text);
	case EVIDENCE_ADDRESS:
		return address_value(&note->address);
	case EVIDENCE_TIME:
		return time_value(note->integer);
	case EVIDENCE_SPI:
		return spi_value((uint32_t)note->integer);
	}
	return json_null();
}

static void put_community_id(struct writer *writer, const struct finding *finding)
{
	struct community_id id;

	if (finding->has_flow && finding->has_ports &&
	    community_id(&finding->src, &finding->dst, finding->src_port, finding->dst_port, finding->ip_protocol, &id))
		put_text(writer, "community_id", id.text);
	else
		put_null(writer, "community_id");
}

/* Only where there are several networks with the same addresses. */
static void put_realm(struct writer *writer, uint32_t realm, const char *interface)
{
	if (interface)
		put_text(writer, "realm", interface);
	else if (realm)
		put(writer, "realm", json_integer(realm));
}

static void put_finding(struct writer *writer, const struct finding *finding, const char *sensor)
{
	const struct catalogue_row *row = catalogue_row(finding->id);
	bool host = finding->subject == SUBJECT_HOST;
	int64_t first = timestamp_microseconds(finding->first_ns), last = timestamp_microseconds(finding->last_ns);
	struct writer evidence;
	char alert[24];

	/* A string: JSON readers that hold numbers as doubles would round 64 bits. */
	snprintf(alert, sizeof(alert), "%016llx", (unsigned long long)finding->alert);
	put_text(writer, "alert", alert);
	if (finding->record) {
		snprintf(alert, sizeof(alert), "%016llx", (unsigned long long)finding->record);
		put_text(writer, "record", alert);
	}
	if (finding->not_durable)
		put(writer, "durable", json_false());
	put_text(writer, "id", row->name);
	put_text(writer, "cause", finding->cause == CAUSE_NONE ? NULL : catalogue_cause(finding->cause)->name);
	put_text(writer, "state", finding_state_name(finding->state));
	put_text(writer, "severity", finding_severity_name(finding->severity));
	put_text(writer, "grade", finding_grade_name(finding->grade));
	put_subject(writer, finding, sensor);
	put(writer, "a", finding->has_pair || host ? address_value(&finding->a) : json_null());
	put(writer, "b", finding->has_pair && !host ? address_value(&finding->b) : json_null());
	put(writer, "src", finding->has_flow ? address_value(&finding->src) : json_null());
	put(writer, "dst", finding->has_flow ? address_value(&finding->dst) : json_null());
	put(writer, "src_port", finding->has_ports ? json_integer(finding->src_port) : json_null());
	put(writer, "dst_port", finding->has_ports ? json_integer(finding->dst_port) : json_null());
	put_spi(writer, "spi", finding->has_spi, finding->spi);
	put_ike_spi(writer, "ike_spi", finding->has_ike_spi, finding->ike_spi);
	put_text(writer, "interface", finding->interface);
	put(writer, "vlan", finding->vlan ? json_integer(finding->vlan) : json_null());
	put_realm(writer, finding->realm, finding->realm_interface);
	put_text(writer, "rule", finding->rule);
	put_text(writer, "protocol", finding->protocol);
	put_community_id(writer, finding);
	put_count(writer, "count", finding->count);
	put_count(writer, "bytes", finding->bytes);
	put_time(writer, "first", finding->first_ns);
	put_time(writer, "last", finding->last_ns);
	put(writer, "duration", json_real((double)(last - first) / 1e6));
	put_text(writer, "cleared_by", finding->cleared_by);
	put_text(writer, "text", finding->text);
	put_text(writer, "advice", catalogue_advice(finding->id, finding->cause));
	put(writer, "windows_event", row->windows_event ? json_integer(row->windows_event) : json_null());
	evidence = open_object(writer, "evidence");
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE_MAX; i++)
		put(&evidence, finding->evidence[i].key, evidence_value(&finding->evidence[i]));
	close_object(writer, &evidence);
}

/* A list of texts; null if there are none. */
static void put_names(struct writer *writer, const char *key, const char *const *names, size_t count)
{
	if (count == 0) {
		put_null(writer, key);
		return;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(list, text_value(names[i])) != 0)
			writer->failed = true;
	put(writer, key, list);
}

static void put_volume(struct writer *writer, const char *key, uint64_t packets, uint64_t bytes)
{
	struct writer volume = open_object(writer, key);

	put_count(&volume, "packets", packets);
	put_count(&volume, "bytes", bytes);
	close_object(writer, &volume);
}

static void put_pair(struct writer *writer, const struct record_pair *pair)
{
	json_t *list;

	put_address(writer, "a", &pair->a);
	put_address(writer, "b", &pair->b);
	put_text(writer, "verdict", pair_verdict_name(pair->verdict));
	put_text(writer, "rule", pair->rule);
	put_names(writer, "carries", pair->carries, pair->carries_count);
	put_volume(writer, "esp", pair->esp_packets, pair->esp_bytes);
	put_volume(writer, "offending", pair->offending_packets, pair->offending_bytes);
	list = json_array();
	if (!put(writer, "cleartext", list))
		list = NULL;
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		struct writer row = { .object = json_object() };
		struct ip_service_text service;

		put_text(&row, "protocol", pair->cleartext[i].name);
		put_text(&row, "service",
			 ip_service_text(pair->cleartext[i].ip_protocol, pair->cleartext[i].port, &service));
		put_count(&row, "packets", pair->cleartext[i].packets);
		put_count(&row, "bytes", pair->cleartext[i].bytes);
		if (json_array_append_new(list, row.object) != 0)
			writer->failed = true;
		close_object(writer, &row);
	}
	put_count(writer, "rekeys", pair->rekeys);
	put(writer, "rekey_interval_median",
	    pair->rekey_interval_median < 0 ? json_null() : real_value(pair->rekey_interval_median));
	put_text(writer, "rekey_initiator", record_initiator_name(pair->rekey_initiator));
	put_realm(writer, pair->realm, pair->realm_interface);
}

static void put_sa(struct writer *writer, const struct record_sa *sa)
{
	static const char *const encapsulations[] = { "none", "udp", "tcp" };
	struct writer continues;

	put_address(writer, "src", &sa->src);
	put_address(writer, "dst", &sa->dst);
	put_spi(writer, "spi", true, sa->spi);
	put_text(writer, "proto", protocol_name(sa->protocol));
	put_text(writer, "encap", (size_t)sa->encap < 3 ? encapsulations[sa->encap] : "none");
	put_time(writer, "first", sa->first_ns);
	put_time(writer, "last", sa->last_ns);
	put_count(writer, "packets", sa->packets);
	put_count(writer, "bytes", sa->bytes);
	put_count(writer, "seq_first", sa->seq_first);
	put_count(writer, "seq_last", sa->seq_last);
	put(writer, "lost", sa->lost < 0 ? json_null() : json_integer(sa->lost));
	put(writer, "replayed", sa->replayed < 0 ? json_null() : json_integer(sa->replayed));
	put_spi(writer, "replaces", sa->has_replaces, sa->replaces);
	if (sa->has_continues) {
		continues = open_object(writer, "continues");
		put_address(&continues, "src", &sa->continues_src);
		put_address(&continues, "dst", &sa->continues_dst);
		put_spi(&continues, "spi", true, sa->continues_spi);
		close_object(writer, &continues);
	} else {
		put_null(writer, "continues");
	}
	put_ike_spi(writer, "ike_spi", sa->has_ike, sa->ike_spi);
	put_text(writer, "exchange", sa->exchange);
	if (sa->has_initiator)
		put_address(writer, "initiator", &sa->initiator);
	else
		put_null(writer, "initiator");
	put_text(writer, "state", sa_state_name(sa->state));
	put_realm(writer, sa->realm, sa->realm_interface);
}

static void put_schedule(struct writer *writer, const struct record_ike_sa *ike)
{
	if (ike->schedule_count == 0) {
		put_null(writer, "schedule");
		return;
	}
	struct writer schedule = open_object(writer, "schedule");
	json_t *gaps = json_array();
	for (unsigned i = 0; i < ike->schedule_count; i++)
		if (json_array_append_new(gaps, json_real((double)ike->schedule_ds[i] / 10)) != 0)
			schedule.failed = true;
	put_text(&schedule, "sender", ike->schedule_responder ? "responder" : "initiator");
	put(&schedule, "gaps", gaps);
	close_object(writer, &schedule);
}

static void put_ike_sa(struct writer *writer, const struct record_ike_sa *ike)
{
	char version[12];

	snprintf(version, sizeof(version), "%u.%u", ike->major, ike->minor);
	put_address(writer, "initiator", &ike->initiator);
	put_address(writer, "responder", &ike->responder);
	put_ike_spi(writer, "ispi", true, ike->ispi);
	put_ike_spi(writer, "rspi", ike->rspi != 0, ike->rspi);
	put_text(writer, "version", version);
	put_text(writer, "mode", ike->mode == IKE_MODE_UNKNOWN ? NULL : ike_mode_name(ike->mode));
	put_text(writer, "step", ike->step);
	put_text(writer, "outcome", ike_outcome_name(ike->outcome));
	put_names(writer, "offered", ike->offered, ike->offered_count);
	put_names(writer, "selected", ike->selected, ike->selected_count);
	put_text(writer, "auth", ike->auth);
	put_names(writer, "vendors", ike->vendors, ike->vendor_count);
	put_names(writer, "notifies", ike->notifies, ike->notify_count);
	put_names(writer, "children", ike->children, ike->child_count);
	put_text(writer, "nat", ike->nat);
	put_count(writer, "retransmissions", ike->retransmissions);
	put_schedule(writer, ike);
}

static void put_summary(struct writer *writer, const struct record_summary *summary)
{
	struct writer classes;

	put_count(writer, "packets", summary->packets);
	put_count(writer, "bytes", summary->bytes);
	put(writer, "first", summary->has_time ? time_value(summary->first_ns) : json_null());
	put(writer, "last", summary->has_time ? time_value(summary->last_ns) : json_null());
	classes = open_object(writer, "classes");
	for (size_t i = 0; i < PACKET_CLASS_COUNT; i++)
		put_count(&classes, packet_class_name((enum packet_class)i), summary->classes[i]);
	close_object(writer, &classes);
	put_count(writer, "sas", summary->sas);
	put_count(writer, "ike_sas", summary->ike_sas);
	put_count(writer, "pairs", summary->pairs);
	put_count(writer, "flows", summary->flows);
	put_count(writer, "findings", summary->findings);
	put_count(writer, "in_progress", summary->in_progress);
}

static void put_notice(struct writer *writer, const struct record_notice *notice)
{
	static const char *const levels[] = { "error", "warning", "info" };

	put_text(writer, "level", (size_t)notice->level < 3 ? levels[notice->level] : "info");
	put_text(writer, "text", notice->text ? notice->text : "");
}

void json_memory_or_end(void)
{
	json_set_alloc_funcs(memory_or_end, free);
}

char *record_to_json(const struct record *record, const char *sensor)
{
	static const char *const types[] = { "finding",     "pair",   "sa",         "ike_sa",
					     "summary",     "notice", "known_pair", "known_host",
					     "known_alert", "health", "started",    "held_alert" };
	char *line = bulk_line_write(record, sensor);
	if (line)
		return line;
	struct writer writer = { .object = json_object() };

	if (record->type == RECORD_IKE_MESSAGE) {
		json_decref(writer.object);
		return NULL;
	}
	put_text(&writer, "type", types[record->type]);
	put_time(&writer, "time", record->time_ns);
	put_text(&writer, "sensor", sensor);
	switch (record->type) {
	case RECORD_FINDING:
	case RECORD_HELD_ALERT:
		put_finding(&writer, &record->finding, sensor);
		break;
	case RECORD_PAIR:
		put_pair(&writer, &record->pair);
		break;
	case RECORD_SA:
		put_sa(&writer, &record->sa);
		break;
	case RECORD_IKE_SA:
		put_ike_sa(&writer, &record->ike_sa);
		break;
	case RECORD_SUMMARY:
		put_summary(&writer, &record->summary);
		break;
	case RECORD_NOTICE:
		put_notice(&writer, &record->notice);
		break;
	case RECORD_KNOWN_PAIR:
	case RECORD_KNOWN_HOST:
	case RECORD_KNOWN_ALERT:
		writer.failed |= !known_json_put(writer.object, record);
		break;
	case RECORD_HEALTH:
		writer.failed |= !health_json_put(writer.object, &record->health);
		break;
	case RECORD_STARTED:
	case RECORD_IKE_MESSAGE:
		break;
	}
	if (!writer.failed)
		return json_line(writer.object);
	json_decref(writer.object);
	return NULL;
}
