/* SPDX-License-Identifier: Apache-2.0 */
/* See siem_json.h. ECS 9, https://www.elastic.co/docs/reference/ecs; OCSF 1.4, https://schema.ocsf.io. */
#include "siem_json.h"

#include "community_id.h"
#include "finding_fields.h"
#include "json_line.h"
#include "timestamp.h"
#include "utf8.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An object being made. What fails is lack of memory, and makes the whole NULL. */
struct maker {
	bool failed;
};

static void put(struct maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		maker->failed = true;
}

static json_t *object_in(struct maker *maker, json_t *object, const char *key)
{
	json_t *inner = json_object();

	put(maker, object, key, inner);
	return inner;
}

/* Left out if it is not known. */
static void put_text(struct maker *maker, json_t *object, const char *key, const char *text)
{
	char *valid;

	if (!text)
		return;
	valid = utf8_repair(text);
	put(maker, object, key, json_string(valid));
	free(valid);
}

static void __attribute__((format(printf, 4, 5)))
put_format(struct maker *maker, json_t *object, const char *key, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put(maker, object, key, json_string(text));
}

static void put_count(struct maker *maker, json_t *object, const char *key, uint64_t count)
{
	put(maker, object, key, json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
}

static void put_address(struct maker *maker, json_t *object, const char *key, const struct address *address)
{
	struct address_text text;

	put(maker, object, key, json_string(address_text(address, &text)));
}

static void put_time(struct maker *maker, json_t *object, const char *key, int64_t time_ns)
{
	struct timestamp_text text;

	put(maker, object, key, json_string(timestamp_text(time_ns, &text)));
}

/* Milliseconds since the epoch, OCSF's timestamp_t. */
static void put_millis(struct maker *maker, json_t *object, const char *key, int64_t time_ns)
{
	put(maker, object, key, json_integer(timestamp_microseconds(time_ns) / 1000));
}

static void append_address(struct maker *maker, json_t *list, const struct address *address)
{
	struct address_text text;

	if (json_array_append_new(list, json_string(address_text(address, &text))) != 0)
		maker->failed = true;
}

static void put_community_id(struct maker *maker, json_t *object, const char *key, const struct finding *finding)
{
	struct community_id id;

	if (finding->has_flow && finding->has_ports &&
	    community_id(&finding->src, &finding->dst, finding->src_port, finding->dst_port, finding->ip_protocol, &id))
		put_text(maker, object, key, id.text);
}

static void put_evidence(struct maker *maker, json_t *object, const struct finding_evidence *note)
{
	switch (note->kind) {
	case EVIDENCE_INTEGER:
		put(maker, object, note->key, json_integer(note->integer));
		break;
	case EVIDENCE_REAL:
		put(maker, object, note->key, isfinite(note->real) ? json_real(note->real) : json_null());
		break;
	case EVIDENCE_BOOLEAN:
		put(maker, object, note->key, json_boolean(note->integer != 0));
		break;
	case EVIDENCE_TEXT:
		put_text(maker, object, note->key, note->text);
		break;
	case EVIDENCE_ADDRESS:
		put_address(maker, object, note->key, &note->address);
		break;
	case EVIDENCE_TIME:
		put_time(maker, object, note->key, note->integer);
		break;
	case EVIDENCE_SPI:
		put_format(maker, object, note->key, "0x%08x", (unsigned)note->integer);
		break;
	}
}

/* What our own JSON lines have and no schema: the same names. */
static void put_ours(struct maker *maker, json_t *object, const struct finding *finding, bool whole)
{
	char realm[REALM_TEXT_SIZE];
	json_t *evidence;

	put_format(maker, object, "alert", "%016" PRIx64, finding->alert);
	if (finding->record)
		put_format(maker, object, "record", "%016" PRIx64, finding->record);
	if (finding->not_durable)
		put(maker, object, "durable", json_false());
	put_text(maker, object, "state", finding_state_name(finding->state));
	put_text(maker, object, "severity", finding_severity_name(finding->severity));
	put_text(maker, object, "grade", finding_grade_name(finding->grade));
	put_text(maker, object, "subject", finding_subject_name(finding->subject));
	if (finding->cause != CAUSE_NONE)
		put_text(maker, object, "cause", catalogue_cause(finding->cause)->name);
	put_text(maker, object, "realm", realm_text(finding->realm, finding->realm_interface, realm));
	put_text(maker, object, "rule", finding->rule);
	if (finding->has_pair || finding->subject == SUBJECT_HOST)
		put_address(maker, object, "a", &finding->a);
	if (finding->has_pair && finding->subject != SUBJECT_HOST)
		put_address(maker, object, "b", &finding->b);
	if (finding->has_spi)
		put_format(maker, object, "spi", "0x%08x", finding->spi);
	if (finding->has_ike_spi)
		put_format(maker, object, "ike_spi", "0x%016" PRIx64, finding->ike_spi);
	put_count(maker, object, "count", finding->count);
	put_count(maker, object, "bytes", finding->bytes);
	put_text(maker, object, "cleared_by", finding->cleared_by);
	if (!whole) {
		put_text(maker, object, "cut", "evidence,advice");
		return;
	}
	put_text(maker, object, "advice", catalogue_advice(finding->id, finding->cause));
	evidence = object_in(maker, object, "evidence");
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE_MAX; i++)
		put_evidence(maker, evidence, &finding->evidence[i]);
}

/* ATT&CK: what such a state exposes to. It says nothing of an attack. */
struct technique {
	const char *id, *name;
};

static const struct technique *technique_of(enum finding_id id)
{
	static const struct technique sniffing = { "T1040", "Network Sniffing" },
				      weaken = { "T1600", "Weaken Encryption" },
				      cracking = { "T1110.002", "Password Cracking" };

	switch (id) {
	case FINDING_CLEARTEXT_LEAK:
	case FINDING_READABLE_ESP:
	case FINDING_INTEGRITY_ONLY:
		return &sniffing;
	case FINDING_WEAK_IKE_SELECTED:
	case FINDING_ESP_64_BIT_BLOCK:
		return &weaken;
	case FINDING_AGGRESSIVE_PSK:
		return &cracking;
	default:
		return NULL;
	}
}

/* ---- ECS ---- */

static void ecs_event(struct maker *maker, json_t *root, const struct finding *finding)
{
	static const int severities[SEVERITY_COUNT] = { 99, 73, 47, 21, 1 }; /* as Elastic's own rules number them */
	json_t *event = object_in(maker, root, "event");

	put_text(maker, event, "kind", "alert");
	put(maker, event, "category", json_pack("[s]", "network"));
	put(maker, event, "type", json_pack("[s]", finding->id == FINDING_CLEARTEXT_LEAK ? "info" : "protocol"));
	put_text(maker, event, "action",
		 finding->id == FINDING_CLEARTEXT_LEAK ? "cleartext-detected" : catalogue_row(finding->id)->name);
	put_text(maker, event, "code", catalogue_row(finding->id)->name);
	put_text(maker, event, "reason", finding->text);
	put_text(maker, event, "provider", "espial");
	put_text(maker, event, "dataset", "espial.finding");
	put(maker, event, "severity",
	    json_integer((size_t)finding->severity < SEVERITY_COUNT ? severities[finding->severity] : 1));
	put_time(maker, event, "start", finding->first_ns);
	put_time(maker, event, "end", finding->last_ns);
	put(maker, event, "duration", json_integer(finding->last_ns - finding->first_ns));
	if (finding->record)
		put_format(maker, event, "id", "%016" PRIx64, finding->record);
}

/* ECS wants names of protocols in lower case. */
static void put_lower(struct maker *maker, json_t *object, const char *key, const char *text)
{
	char *lower;

	if (!text)
		return;
	lower = utf8_repair(text);
	for (char *at = lower; at && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	put(maker, object, key, lower ? json_string(lower) : NULL);
	free(lower);
}

static void ecs_network(struct maker *maker, json_t *root, const struct finding *finding)
{
	static const char *const transports[256] = {
		[1] = "icmp", [6] = "tcp", [17] = "udp", [58] = "ipv6-icmp", [132] = "sctp"
	};
	json_t *network = object_in(maker, root, "network"), *end;

	if (finding->subject == SUBJECT_SA || finding->has_ike_spi)
		put_text(maker, network, "type", "ipsec");
	else if (finding->has_flow)
		put_text(maker, network, "type", address_is_ipv4(&finding->src) ? "ipv4" : "ipv6");
	put_lower(maker, network, "protocol", finding->protocol);
	put_community_id(maker, network, "community_id", finding);
	if (!finding->has_flow)
		return;
	put_text(maker, network, "transport", transports[finding->ip_protocol]);
	if (finding->ip_protocol)
		put_format(maker, network, "iana_number", "%u", finding->ip_protocol);
	end = object_in(maker, root, "source");
	put_address(maker, end, "ip", &finding->src);
	if (finding->has_ports)
		put(maker, end, "port", json_integer(finding->src_port));
	end = object_in(maker, root, "destination");
	put_address(maker, end, "ip", &finding->dst);
	if (finding->has_ports)
		put(maker, end, "port", json_integer(finding->dst_port));
}

static void ecs_observer(struct maker *maker, json_t *root, const struct finding *finding, const char *sensor)
{
	json_t *observer = object_in(maker, root, "observer"), *ingress;

	put_text(maker, observer, "product", "espial");
	put_text(maker, observer, "vendor", "espial");
	put_text(maker, observer, "type", "sensor");
	put_text(maker, observer, "version", ESPIAL_VERSION);
	put_text(maker, observer, "name", sensor);
	if (!finding->interface && !finding->vlan)
		return;
	ingress = object_in(maker, observer, "ingress");
	if (finding->interface)
		put_text(maker, object_in(maker, ingress, "interface"), "name", finding->interface);
	if (finding->vlan)
		put_format(maker, object_in(maker, ingress, "vlan"), "id", "%u", finding->vlan);
}

char *siem_json_ecs(const struct finding *finding, const char *sensor, bool whole)
{
	struct maker maker = { false };
	json_t *root = json_object(), *inner, *addresses;
	const struct catalogue_row *row = catalogue_row(finding->id);
	const struct technique *technique = technique_of(finding->id);

	put_time(&maker, root, "@timestamp", finding->time_ns);
	put_text(&maker, object_in(&maker, root, "ecs"), "version", "9.0.0");
	put_text(&maker, root, "message", finding->text);
	ecs_event(&maker, root, finding);
	ecs_network(&maker, root, finding);
	ecs_observer(&maker, root, finding, sensor);
	inner = object_in(&maker, root, "rule");
	put_text(&maker, inner, "id", row->name);
	put_text(&maker, inner, "name", row->meaning);
	put_text(&maker, inner, "ruleset", finding->rule);
	if (technique) {
		inner = object_in(&maker, root, "threat");
		put_text(&maker, inner, "framework", "MITRE ATT&CK");
		put(&maker, inner, "technique",
		    json_pack("{s:[s], s:[s]}", "id", technique->id, "name", technique->name));
	}
	if (finding->has_pair || finding->subject == SUBJECT_HOST) {
		addresses = json_array();
		append_address(&maker, addresses, &finding->a);
		if (finding->has_pair && finding->subject != SUBJECT_HOST)
			append_address(&maker, addresses, &finding->b);
		put(&maker, object_in(&maker, root, "related"), "ip", addresses);
	}
	put_ours(&maker, object_in(&maker, root, "espial"), finding, whole);
	if (!maker.failed)
		return json_line(root);
	json_decref(root);
	return NULL;
}

/* ---- OCSF ---- */

enum {
	OCSF_COMPLIANCE_FINDING = 2003,
	OCSF_DETECTION_FINDING = 2004,
	OCSF_TUNNEL_ACTIVITY = 4014,
};

static int ocsf_class(enum finding_id id)
{
	switch (id) {
	case FINDING_WEAK_IKE_SELECTED:
	case FINDING_WEAK_IKE_OFFERED:
	case FINDING_AGGRESSIVE_PSK:
	case FINDING_IKE_VERSION_1:
	case FINDING_ESP_64_BIT_BLOCK:
	case FINDING_NOT_QUANTUM_SAFE:
		return OCSF_COMPLIANCE_FINDING;
	case FINDING_SA_UP:
	case FINDING_SA_REKEYED:
	case FINDING_SA_DOWN:
		return OCSF_TUNNEL_ACTIVITY;
	default:
		return OCSF_DETECTION_FINDING;
	}
}

/* Create, Update, Close of a finding; Open, Close, Renew of a tunnel. */
static int ocsf_activity(const struct finding *finding, int class)
{
	if (class == OCSF_TUNNEL_ACTIVITY)
		return finding->id == FINDING_SA_UP ? 1 : finding->id == FINDING_SA_DOWN ? 2 : 3;
	return finding->state == FINDING_OPEN ? 1 : finding->state == FINDING_UPDATE ? 2 : 3;
}

/* What the requirement stands in; of weak algorithms, the table that the rule was judged by, which a clear does not repeat. */
static const char *ocsf_standard(const struct finding *finding)
{
	static const struct {
		const char *table, *standard;
	} tables[] = { { "rfc8247", "RFC 8247" }, { "cnsa-2.0", "CNSA 2.0" }, { "nist-800-77r1", "NIST SP 800-77r1" } };

	switch (finding->id) {
	case FINDING_AGGRESSIVE_PSK:
	case FINDING_IKE_VERSION_1:
		return "RFC 9395";
	case FINDING_ESP_64_BIT_BLOCK:
		return "RFC 8221";
	case FINDING_NOT_QUANTUM_SAFE:
		return "RFC 9370";
	default:
		break;
	}
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE_MAX; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++)
			if (note->kind == EVIDENCE_TEXT && note->text && strcmp(note->key, "table") == 0 &&
			    strcmp(note->text, tables[k].table) == 0)
				return tables[k].standard;
	}
	return NULL;
}

/* Fail; once it is over Pass, or Warning, which is OCSF's word for a result that nobody knows. */
static int ocsf_compliance_status(const struct finding *finding)
{
	if (finding->state != FINDING_CLEAR)
		return 3;
	return finding->cleared_by && strcmp(finding->cleared_by, "changed") == 0 ? 1 : 2;
}

static void ocsf_compliance(struct maker *maker, json_t *root, const struct finding *finding)
{
	json_t *compliance = object_in(maker, root, "compliance"), *standards = json_array();
	const char *standard = ocsf_standard(finding);

	put_text(maker, compliance, "control", catalogue_row(finding->id)->name);
	put(maker, compliance, "status_id", json_integer(ocsf_compliance_status(finding)));
	if (standard && json_array_append_new(standards, json_string(standard)) != 0)
		maker->failed = true;
	put(maker, compliance, "standards", standards); /* required, if empty */
}

static json_t *ocsf_endpoint(struct maker *maker, const struct address *address, bool has_port, uint16_t port)
{
	json_t *endpoint = json_object();

	put_address(maker, endpoint, "ip", address);
	if (has_port)
		put(maker, endpoint, "port", json_integer(port));
	return endpoint;
}

static void ocsf_flow(struct maker *maker, json_t *object, const struct finding *finding)
{
	json_t *connection;

	put(maker, object, "src_endpoint", ocsf_endpoint(maker, &finding->src, finding->has_ports, finding->src_port));
	put(maker, object, "dst_endpoint", ocsf_endpoint(maker, &finding->dst, finding->has_ports, finding->dst_port));
	connection = object_in(maker, object, "connection_info");
	put(maker, connection, "direction_id", json_integer(0)); /* a span port has no inside */
	if (finding->ip_protocol)
		put(maker, connection, "protocol_num", json_integer(finding->ip_protocol));
	put(maker, connection, "protocol_ver_id", json_integer(address_is_ipv4(&finding->src) ? 4 : 6));
	put_community_id(maker, connection, "community_uid", finding);
}

static void ocsf_finding(struct maker *maker, json_t *root, const struct finding *finding, int class, bool whole)
{
	static const int statuses[FINDING_STATE_COUNT] = {
		[FINDING_OPEN] = 1, [FINDING_UPDATE] = 2, [FINDING_CLEAR] = 4
	};
	const struct catalogue_row *row = catalogue_row(finding->id);
	const struct technique *technique = technique_of(finding->id);
	json_t *info = object_in(maker, root, "finding_info"), *evidences, *evidence;

	put_format(maker, info, "uid", "%016" PRIx64, finding->alert);
	put_text(maker, info, "title", row->meaning);
	put_text(maker, info, "desc", finding->text);
	put(maker, info, "types", json_pack("[s]", row->name));
	put_millis(maker, info, "first_seen_time", finding->first_ns);
	put_millis(maker, info, "last_seen_time", finding->last_ns);
	put(maker, info, "analytic", json_pack("{s:s, s:s, s:i}", "uid", row->name, "name", row->name, "type_id", 1));
	if (technique)
		put(maker, info, "attacks",
		    json_pack("[{s:{s:s, s:s}}]", "technique", "uid", technique->id, "name", technique->name));
	put(maker, root, "status_id", json_integer(statuses[finding->state]));
	if (whole)
		put_text(maker, object_in(maker, root, "remediation"), "desc",
			 catalogue_advice(finding->id, finding->cause));
	if (class == OCSF_COMPLIANCE_FINDING) {
		ocsf_compliance(maker, root, finding);
		return;
	}
	put(maker, root, "is_alert", json_true());
	put(maker, root, "confidence_id",
	    json_integer(finding->grade == GRADE_OBSERVED ? 3
			 : finding->grade == GRADE_LIKELY ? 2
							  : 1));
	if (!finding->has_flow)
		return;
	evidences = json_array();
	put(maker, root, "evidences", evidences);
	evidence = json_object();
	if (json_array_append_new(evidences, evidence) != 0)
		maker->failed = true;
	ocsf_flow(maker, evidence, finding);
}

static void ocsf_metadata(struct maker *maker, json_t *root, const struct finding *finding, const char *sensor)
{
	json_t *metadata = object_in(maker, root, "metadata");

	put_text(maker, metadata, "version", "1.4.0");
	put(maker, metadata, "product",
	    json_pack("{s:s, s:s, s:s}", "name", "espial", "vendor_name", "espial", "version", ESPIAL_VERSION));
	put_text(maker, metadata, "log_name", "espial");
	put_text(maker, metadata, "log_provider", sensor);
	if (finding->record)
		put_format(maker, metadata, "uid", "%016" PRIx64, finding->record);
}

char *siem_json_ocsf(const struct finding *finding, const char *sensor, bool whole)
{
	static const int severities[SEVERITY_COUNT] = { 5, 4, 3, 2, 1 };
	struct maker maker = { false };
	json_t *root = json_object(), *observables = json_array();
	int class = ocsf_class(finding->id), activity = ocsf_activity(finding, class);
	struct address_text text;

	put(&maker, root, "class_uid", json_integer(class));
	put(&maker, root, "category_uid", json_integer(class / 1000));
	put(&maker, root, "activity_id", json_integer(activity));
	put(&maker, root, "type_uid", json_integer(class * 100 + activity));
	put_millis(&maker, root, "time", finding->time_ns);
	put(&maker, root, "severity_id",
	    json_integer((size_t)finding->severity < SEVERITY_COUNT ? severities[finding->severity] : 1));
	put_text(&maker, root, "message", finding->text);
	put_count(&maker, root, "count", finding->count ? finding->count : 1);
	put_millis(&maker, root, "start_time", finding->first_ns);
	put_millis(&maker, root, "end_time", finding->last_ns);
	ocsf_metadata(&maker, root, finding, sensor);
	if (class == OCSF_TUNNEL_ACTIVITY) {
		put_text(&maker, root, "protocol_name", "IPSec");
		put(&maker, root, "observation_point_id", json_integer(3)); /* neither end: a mirror */
		put_text(&maker, root, "network_observation_point", finding->interface);
		if (finding->has_flow)
			ocsf_flow(&maker, root, finding);
	} else {
		ocsf_finding(&maker, root, finding, class, whole);
	}
	put(&maker, root, "observables", observables);
	for (unsigned i = 0; i < 2 && (finding->has_pair || (finding->subject == SUBJECT_HOST && i == 0)); i++)
		if (json_array_append_new(
			observables, json_pack("{s:s, s:i, s:s}", "name", i ? "unmapped.b" : "unmapped.a", "type_id", 2,
					       "value", address_text(i ? &finding->b : &finding->a, &text))) != 0)
			maker.failed = true;
	put_ours(&maker, object_in(&maker, root, "unmapped"), finding, whole);
	if (!maker.failed)
		return json_line(root);
	json_decref(root);
	return NULL;
}
