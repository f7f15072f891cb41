/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libcyaml schema of the configuration file, and loading by it. Called by config.c.
 *
 * libcyaml 1.3 cannot read two things that people write: a key with nothing behind it (every setting of a section
 * commented out), and an entry of `between` that is either one prefix or a list. It also reads aliases by replaying
 * recorded events. So it is not given the file but the document rewritten: aliases followed, empty sections as empty
 * ones, each side of `between` as { prefixes: [...] }. Its verdict stands; where it refuses, config_schema_check.c
 * finds the place and the words, since libcyaml's own backtrace names the last key read, not the missing one.
 */
#include "config_schema.h"
#include "config_schema_check.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_TEXT_MAX = 4095, NAME_MAX_OCTETS = 127, SENSOR_MAX = 63, VALUE_MAX = 255 };
enum {
	GATEWAYS_MAX = 64,
	INTERFACES_MAX = 64,
	SERVICES_MAX = 256,
	PREFIXES_MAX = 10000,
	MAINTENANCE_MAX = 256,
	PROCESSORS_MAX = 256
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(*(array))))
#define WORD CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT
#define TEXT CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL

static const cyaml_strval_t switches[] = {
	{ "true", CONFIG_SWITCH_ON },   { "yes", CONFIG_SWITCH_ON }, { "on", CONFIG_SWITCH_ON },
	{ "false", CONFIG_SWITCH_OFF }, { "no", CONFIG_SWITCH_OFF }, { "off", CONFIG_SWITCH_OFF },
};

static const cyaml_strval_t sides[] = {
	{ "outside", CONFIG_SIDE_OUTSIDE },
	{ "inside", CONFIG_SIDE_INSIDE },
	{ "host", CONFIG_SIDE_HOST },
};

static const cyaml_strval_t realms[] = {
	{ "none", CONFIG_REALM_NONE },
	{ "vlan", CONFIG_REALM_VLAN },
	{ "vni", CONFIG_REALM_VNI },
	{ "interface", CONFIG_REALM_INTERFACE },
};

static const cyaml_strval_t tunnels[] = {
	{ "vlan", CONFIG_TUNNEL_VLAN },     { "mpls", CONFIG_TUNNEL_MPLS },     { "pppoe", CONFIG_TUNNEL_PPPOE },
	{ "gre", CONFIG_TUNNEL_GRE },       { "erspan", CONFIG_TUNNEL_ERSPAN }, { "vxlan", CONFIG_TUNNEL_VXLAN },
	{ "geneve", CONFIG_TUNNEL_GENEVE }, { "ipip", CONFIG_TUNNEL_IPIP },     { "gtp", CONFIG_TUNNEL_GTP },
	{ "other", CONFIG_TUNNEL_OTHER },
};

static const cyaml_strval_t classifiers[] = {
	{ "policy", CONFIG_CLASSIFY_POLICY },
	{ "all", CONFIG_CLASSIFY_ALL },
};

static const cyaml_strval_t presets[] = {
	{ "windows-2003", POLICY_EXEMPT_WINDOWS_2003 },
	{ "windows-2000", POLICY_EXEMPT_WINDOWS_2000 },
	{ "none", POLICY_EXEMPT_NONE },
};

static const cyaml_strval_t levels[] = {
	{ "require", POLICY_REQUIRE },
	{ "request", POLICY_REQUEST },
	{ "respond", POLICY_RESPOND },
};

/* `json` alone means the Elastic Common Schema. */
static const cyaml_strval_t shapes[] = {
	{ "eventlog", CONFIG_SHAPE_EVENTLOG }, { "rfc5424", CONFIG_SHAPE_RFC5424 }, { "cef", CONFIG_SHAPE_CEF },
	{ "json", CONFIG_SHAPE_ECS },          { "ecs", CONFIG_SHAPE_ECS },         { "ocsf", CONFIG_SHAPE_OCSF },
};

static const cyaml_strval_t payloads[] = {
	{ "headers", CONFIG_PAYLOAD_HEADERS },
	{ "ike", CONFIG_PAYLOAD_IKE },
};

static const cyaml_strval_t events[] = {
	{ "peer-new", CONFIG_EVENT_PEER_NEW },           { "sa-up", CONFIG_EVENT_SA_UP },
	{ "sa-rekeyed", CONFIG_EVENT_SA_REKEYED },       { "sa-down", CONFIG_EVENT_SA_DOWN },
	{ "secured-again", CONFIG_EVENT_SECURED_AGAIN }, { "policy-reloaded", CONFIG_EVENT_POLICY_RELOADED },
};

static const cyaml_schema_value_t text_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, VALUE_MAX) };

static const cyaml_schema_field_t interface_fields[] = {
	CYAML_FIELD_STRING_PTR("interface", CYAML_FLAG_POINTER, struct config_file_interface, interface, 1, VALUE_MAX),
	CYAML_FIELD_ENUM("side", WORD, struct config_file_interface, side, sides, COUNT(sides)),
	CYAML_FIELD_ENUM("realm", WORD, struct config_file_interface, realm, realms, COUNT(realms)),
	CYAML_FIELD_STRING_PTR("workers", TEXT, struct config_file_interface, workers, 1, VALUE_MAX),
	CYAML_FIELD_SEQUENCE("pin", TEXT, struct config_file_interface, pin, &text_value, 0, PROCESSORS_MAX),
	CYAML_FIELD_STRING_PTR("buffer", TEXT, struct config_file_interface, buffer, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("silent-after", TEXT, struct config_file_interface, silent_after, 1, VALUE_MAX),
	CYAML_FIELD_FLAGS_PTR("decapsulate", WORD | CYAML_FLAG_POINTER, struct config_file_interface, decapsulate,
			      tunnels, COUNT(tunnels)),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t interface_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_file_interface, interface_fields),
};

static const cyaml_schema_field_t side_fields[] = {
	CYAML_FIELD_SEQUENCE("prefixes", CYAML_FLAG_POINTER, struct config_file_side, prefixes, &text_value, 1,
			     PREFIXES_MAX),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema_side = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_file_side, side_fields),
};

static const cyaml_schema_field_t rule_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct config_file_rule, name, 1, NAME_MAX_OCTETS),
	CYAML_FIELD_SEQUENCE("between", CYAML_FLAG_POINTER, struct config_file_rule, between, &config_schema_side, 1,
			     2),
	CYAML_FIELD_ENUM("level", WORD, struct config_file_rule, level, levels, COUNT(levels)),
	CYAML_FIELD_SEQUENCE("gateways", TEXT, struct config_file_rule, gateways, &text_value, 2, GATEWAYS_MAX),
	CYAML_FIELD_STRING_PTR("crypto", TEXT, struct config_file_rule, crypto, 1, VALUE_MAX),
	CYAML_FIELD_SEQUENCE("allow", TEXT, struct config_file_rule, allow, &text_value, 0, SERVICES_MAX),
	CYAML_FIELD_SEQUENCE("deny", TEXT, struct config_file_rule, deny, &text_value, 0, SERVICES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t rule_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_file_rule, rule_fields),
};

static const cyaml_schema_field_t policy_fields[] = {
	CYAML_FIELD_ENUM("learn", WORD, struct config_file_policy, learn, switches, COUNT(switches)),
	CYAML_FIELD_ENUM("exempt", WORD, struct config_file_policy, exempt, presets, COUNT(presets)),
	CYAML_FIELD_SEQUENCE("allow", TEXT, struct config_file_policy, allow, &text_value, 0, SERVICES_MAX),
	CYAML_FIELD_SEQUENCE("rules", TEXT, struct config_file_policy, rules, &rule_value, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t rekey_fields[] = {
	CYAML_FIELD_STRING_PTR("min-lifetime", TEXT, struct config_file_rekey, min_lifetime, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("min-volume", TEXT, struct config_file_rekey, min_volume, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("stale-grace", TEXT, struct config_file_rekey, stale_grace, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t health_fields[] = {
	CYAML_FIELD_STRING_PTR("down-after", TEXT, struct config_file_health, down_after, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("silent-after", TEXT, struct config_file_health, silent_after, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("drops", TEXT, struct config_file_health, drops, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("merged-frames", TEXT, struct config_file_health, merged_frames, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("one-way", TEXT, struct config_file_health, one_way, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("clock-step", TEXT, struct config_file_health, clock_step, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("over-after", TEXT, struct config_file_health, over_after, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	CYAML_FIELD_STRING_PTR("flows", TEXT, struct config_file_limits, flows, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("sas", TEXT, struct config_file_limits, sas, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("ike", TEXT, struct config_file_limits, ike, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("pairs", TEXT, struct config_file_limits, pairs, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("learned", TEXT, struct config_file_limits, learned, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("memory", TEXT, struct config_file_limits, memory, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t maintenance_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct config_file_maintenance, name, 1, NAME_MAX_OCTETS),
	CYAML_FIELD_SEQUENCE("hosts", TEXT, struct config_file_maintenance, hosts, &text_value, 0, PREFIXES_MAX),
	CYAML_FIELD_STRING_PTR("at", CYAML_FLAG_POINTER, struct config_file_maintenance, at, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t maintenance_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_file_maintenance, maintenance_fields),
};

static const cyaml_schema_field_t alerts_fields[] = {
	CYAML_FIELD_FLAGS_PTR("off", WORD | CYAML_FLAG_POINTER, struct config_file_alerts, off, events, COUNT(events)),
	CYAML_FIELD_STRING_PTR("per-minute", TEXT, struct config_file_alerts, per_minute, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("group-of", TEXT, struct config_file_alerts, group_of, 1, VALUE_MAX),
	CYAML_FIELD_SEQUENCE("maintenance", TEXT, struct config_file_alerts, maintenance, &maintenance_value, 0,
			     MAINTENANCE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t syslog_fields[] = {
	CYAML_FIELD_STRING_PTR("to", TEXT, struct config_file_report, syslog.to, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("facility", TEXT, struct config_file_report, syslog.facility, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("ca", TEXT, struct config_file_report, syslog.ca, 1, PATH_TEXT_MAX),
	CYAML_FIELD_STRING_PTR("name", TEXT, struct config_file_report, syslog.name, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("certificate", TEXT, struct config_file_report, syslog.certificate, 1, PATH_TEXT_MAX),
	CYAML_FIELD_STRING_PTR("key", TEXT, struct config_file_report, syslog.key, 1, PATH_TEXT_MAX),
	CYAML_FIELD_ENUM("shape", WORD, struct config_file_report, syslog.shape, shapes, COUNT(shapes)),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t json_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct config_file_report, json.file, 1, PATH_TEXT_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
	CYAML_FIELD_STRING_PTR("socket", CYAML_FLAG_POINTER, struct config_file_report, control.socket, 1,
			       PATH_TEXT_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t spool_fields[] = {
	CYAML_FIELD_STRING_PTR("dir", TEXT, struct config_file_report, spool.dir, 1, PATH_TEXT_MAX),
	CYAML_FIELD_STRING_PTR("size", TEXT, struct config_file_report, spool.size, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t store_fields[] = {
	CYAML_FIELD_STRING_PTR("path", TEXT, struct config_file_report, store.path, 1, PATH_TEXT_MAX),
	CYAML_FIELD_STRING_PTR("keep", TEXT, struct config_file_report, store.keep, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("size", TEXT, struct config_file_report, store.size, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t http_fields[] = {
	CYAML_FIELD_STRING_PTR("listen", CYAML_FLAG_POINTER, struct config_file_report, http.listen, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("token-file", TEXT, struct config_file_report, http.token_file, 1, PATH_TEXT_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t evidence_fields[] = {
	CYAML_FIELD_STRING_PTR("dir", TEXT, struct config_file_report, evidence.dir, 1, PATH_TEXT_MAX),
	CYAML_FIELD_ENUM("payload", WORD, struct config_file_report, evidence.payload, payloads, COUNT(payloads)),
	CYAML_FIELD_STRING_PTR("file-size", TEXT, struct config_file_report, evidence.file_size, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("size", TEXT, struct config_file_report, evidence.size, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("files", TEXT, struct config_file_report, evidence.files, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("keep", TEXT, struct config_file_report, evidence.keep, 1, VALUE_MAX),
	CYAML_FIELD_STRING_PTR("memory", TEXT, struct config_file_report, evidence.memory, 1, VALUE_MAX),
	CYAML_FIELD_END,
};

/* The sections of `report` are read into one struct: their fields' offsets count from its start. */
#define REPORT_SECTION(name, fields)                                                                                   \
	{                                                                                                              \
		.key = name, .data_offset = 0,                                                                         \
		.value = { CYAML_VALUE_MAPPING(CYAML_FLAG_OPTIONAL, struct config_file_report, fields) },              \
	}

static const cyaml_schema_field_t report_fields[] = {
	REPORT_SECTION("syslog", syslog_fields),   REPORT_SECTION("json", json_fields),
	REPORT_SECTION("spool", spool_fields),     REPORT_SECTION("store", store_fields),
	REPORT_SECTION("http", http_fields),       REPORT_SECTION("evidence", evidence_fields),
	REPORT_SECTION("control", control_fields), CYAML_FIELD_END,
};

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_STRING_PTR("sensor", TEXT, struct config_file, sensor, 1, SENSOR_MAX),
	CYAML_FIELD_SEQUENCE("capture", TEXT, struct config_file, capture, &interface_value, 0, INTERFACES_MAX),
	CYAML_FIELD_ENUM("classify", WORD, struct config_file, classify, classifiers, COUNT(classifiers)),
	CYAML_FIELD_MAPPING("policy", CYAML_FLAG_OPTIONAL, struct config_file, policy, policy_fields),
	CYAML_FIELD_MAPPING("rekey", CYAML_FLAG_OPTIONAL, struct config_file, rekey, rekey_fields),
	CYAML_FIELD_MAPPING("health", CYAML_FLAG_OPTIONAL, struct config_file, health, health_fields),
	CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct config_file, limits, limits_fields),
	CYAML_FIELD_MAPPING("alerts", CYAML_FLAG_OPTIONAL, struct config_file, alerts, alerts_fields),
	CYAML_FIELD_MAPPING("report", CYAML_FLAG_OPTIONAL, struct config_file, report, report_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_file, file_fields),
};

const cyaml_schema_field_t *config_schema_field(const cyaml_schema_value_t *value, const char *key)
{
	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++)
		if (strcmp(field->key, key) == 0)
			return field;
	return NULL;
}

/* The rewritten document as it grows. */
struct rewrite {
	const struct config_document *document;
	yaml_emitter_t emitter;
	char *text; /* owned */
	size_t length, capacity;
};

static int append(void *context, unsigned char *octets, size_t count)
{
	struct rewrite *rewrite = context;

	if (rewrite->capacity - rewrite->length < count) {
		size_t capacity = rewrite->capacity * 2 + count;
		char *text = realloc(rewrite->text, capacity);
		if (!text)
			return 0;
		rewrite->text = text;
		rewrite->capacity = capacity;
	}
	memcpy(rewrite->text + rewrite->length, octets, count);
	rewrite->length += count;
	return 1;
}

static bool emit_scalar(struct rewrite *rewrite, const char *text)
{
	yaml_event_t event;

	/* In quotes, so that no text can be taken for anything but text. */
	return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
					    YAML_DOUBLE_QUOTED_SCALAR_STYLE) &&
	       yaml_emitter_emit(&rewrite->emitter, &event);
}

static bool emit_start(struct rewrite *rewrite, yaml_node_type_t type)
{
	yaml_event_t event;
	int made = type == YAML_MAPPING_NODE
		       ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_FLOW_MAPPING_STYLE)
		       : yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_FLOW_SEQUENCE_STYLE);

	return made && yaml_emitter_emit(&rewrite->emitter, &event);
}

static bool emit_end(struct rewrite *rewrite, yaml_node_type_t type)
{
	yaml_event_t event;
	int made = type == YAML_MAPPING_NODE ? yaml_mapping_end_event_initialize(&event)
					     : yaml_sequence_end_event_initialize(&event);

	return made && yaml_emitter_emit(&rewrite->emitter, &event);
}

static bool emit_node(struct rewrite *rewrite, const yaml_node_t *node, const cyaml_schema_value_t *value);

/* One side of `between`, written as one prefix or as a list. */
static bool emit_side(struct rewrite *rewrite, const yaml_node_t *node)
{
	bool list = node->type == YAML_SEQUENCE_NODE;

	return emit_start(rewrite, YAML_MAPPING_NODE) && emit_scalar(rewrite, "prefixes") &&
	       (list || emit_start(rewrite, YAML_SEQUENCE_NODE)) &&
	       emit_node(rewrite, node, list ? &side_fields[0].value : &text_value) &&
	       (list || emit_end(rewrite, YAML_SEQUENCE_NODE)) && emit_end(rewrite, YAML_MAPPING_NODE);
}

static bool emit_mapping(struct rewrite *rewrite, const yaml_node_t *node, const cyaml_schema_value_t *value)
{
	if (!emit_start(rewrite, YAML_MAPPING_NODE))
		return false;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
	     pair++) {
		const char *key = (const char *)config_document_node(rewrite->document, pair->key)->data.scalar.value;
		const cyaml_schema_field_t *field =
		    value && value->type == CYAML_MAPPING ? config_schema_field(value, key) : NULL;

		if (!emit_scalar(rewrite, key) ||
		    !emit_node(rewrite, config_document_node(rewrite->document, pair->value),
			       field ? &field->value : NULL))
			return false;
	}
	return emit_end(rewrite, YAML_MAPPING_NODE);
}

/* `value` is what the schema expects here, NULL if it expects nothing in particular. */
static bool emit_node(struct rewrite *rewrite, const yaml_node_t *node, const cyaml_schema_value_t *value)
{
	if (value == &config_schema_side)
		return emit_side(rewrite, node);
	if (value && config_document_is_null(node)) {
		yaml_node_type_t expected = config_schema_node_type(value);
		if (expected == YAML_SCALAR_NODE)
			return emit_scalar(rewrite, ""); /* which no value of the schema may be */
		return emit_start(rewrite, expected) && emit_end(rewrite, expected);
	}
	if (node->type == YAML_SCALAR_NODE)
		return emit_scalar(rewrite, (const char *)node->data.scalar.value);
	if (node->type == YAML_MAPPING_NODE)
		return emit_mapping(rewrite, node, value);

	if (!emit_start(rewrite, YAML_SEQUENCE_NODE))
		return false;
	for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
	     item++)
		if (!emit_node(rewrite, config_document_node(rewrite->document, *item),
			       value && value->type == CYAML_SEQUENCE ? value->sequence.entry : NULL))
			return false;
	return emit_end(rewrite, YAML_SEQUENCE_NODE);
}

/* All of it; false on lack of memory, which is all that can fail. */
static bool rewrite_document(struct rewrite *rewrite)
{
	yaml_event_t event;

	yaml_emitter_set_output(&rewrite->emitter, append, rewrite);
	yaml_emitter_set_unicode(&rewrite->emitter, 1);
	yaml_emitter_set_width(&rewrite->emitter, -1);
	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	       yaml_emitter_emit(&rewrite->emitter, &event) &&
	       yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
	       yaml_emitter_emit(&rewrite->emitter, &event) &&
	       emit_node(rewrite, rewrite->document->root, &file_value) &&
	       yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&rewrite->emitter, &event) &&
	       yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&rewrite->emitter, &event);
}

/* libcyaml's memory comes from where ours does: what it loaded may be taken over by the configuration. */
static void *memory(void *context, void *block, size_t size)
{
	(void)context;
	if (size == 0) {
		free(block);
		return NULL;
	}
	return realloc(block, size);
}

/* libcyaml's first complaint. */
struct complaint {
	char text[160];
};

static void note_complaint(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	struct complaint *complaint = context;

	(void)level;
	if (complaint->text[0])
		return;
	vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	complaint->text[strcspn(complaint->text, "\n")] = '\0';
}

static struct config_file *load(const struct config_document *document, const struct rewrite *rewrite,
				struct config_error *error)
{
	struct complaint complaint = { "" };
	const cyaml_config_t config = {
		.log_fn = note_complaint,
		.log_ctx = &complaint,
		.mem_fn = memory,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_data_t *data = NULL;
	cyaml_err_t result =
	    cyaml_load_data((const uint8_t *)rewrite->text, rewrite->length, &config, &file_value, &data, NULL);

	if (result == CYAML_OK && data)
		return data;
	if (result == CYAML_ERR_OOM || result == CYAML_OK)
		config_error_at(error, document->name, 0, "", "not enough memory to read the file");
	else if (config_schema_explain(document, &file_value, error))
		config_error_at(error, document->name, 0, "", "does not fit the schema: %s (%s)", complaint.text,
				cyaml_strerror(result));
	return NULL;
}

struct config_file *config_schema_load(const struct config_document *document, struct config_error *error)
{
	struct rewrite rewrite = { .document = document };
	struct config_file *file = NULL;

	if (!document->root || config_document_is_null(document->root)) {
		file = calloc(1, sizeof(*file));
		if (!file)
			config_error_at(error, document->name, 0, "", "not enough memory to read the file");
		return file;
	}
	if (!yaml_emitter_initialize(&rewrite.emitter)) {
		config_error_at(error, document->name, 0, "", "not enough memory to read the file");
		return NULL;
	}
	if (rewrite_document(&rewrite))
		file = load(document, &rewrite, error);
	else
		config_error_at(error, document->name, 0, "", "not enough memory to read the file");
	yaml_emitter_delete(&rewrite.emitter);
	free(rewrite.text);
	return file;
}

void config_schema_free(struct config_file *file)
{
	const cyaml_config_t config = { .mem_fn = memory, .log_level = CYAML_LOG_ERROR };

	if (file)
		cyaml_free(&config, &file_value, file, 0);
}
