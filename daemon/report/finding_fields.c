/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as names and texts, see finding_fields.h. */
#include "finding_fields.h"

#include "community_id.h"
#include "timestamp.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>

static void add(struct finding_fields *fields, const char *name, const char *value)
{
	struct finding_field *field;
	size_t used = 0;

	if (!value || fields->count >= FINDING_FIELDS_MAX)
		return;
	field = &fields->fields[fields->count++];
	for (; *name && used < FINDING_FIELD_NAME_MAX; name++) {
		bool fits = *name > 0x20 && *name < 0x7f && *name != '=' && *name != ']' && *name != '"';
		field->name[used++] = fits ? *name : '_';
	}
	field->name[used] = '\0';
	utf8_plain_marked(value, field->value, sizeof(field->value));
}

static void __attribute__((format(printf, 3, 4)))
add_format(struct finding_fields *fields, const char *name, const char *format, ...)
{
	char value[64];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	add(fields, name, value);
}

static void add_address(struct finding_fields *fields, const char *name, const struct address *address)
{
	struct address_text buffer;

	add(fields, name, address_text(address, &buffer));
}

static void add_time(struct finding_fields *fields, const char *name, int64_t time_ns)
{
	struct timestamp_text buffer;

	add(fields, name, timestamp_text(time_ns, &buffer));
}

const char *realm_text(uint32_t realm, const char *interface, char text[REALM_TEXT_SIZE])
{
	if (interface)
		return interface;
	if (realm == 0)
		return NULL;
	snprintf(text, REALM_TEXT_SIZE, "%u", realm);
	return text;
}

static void add_flow(struct finding_fields *fields, const struct finding *finding)
{
	struct community_id id;
	char realm[REALM_TEXT_SIZE];

	if (finding->has_flow) {
		add_address(fields, "src", &finding->src);
		add_address(fields, "dst", &finding->dst);
	}
	if (finding->has_ports) {
		add_format(fields, "src_port", "%u", finding->src_port);
		add_format(fields, "dst_port", "%u", finding->dst_port);
	}
	if (finding->has_spi)
		add_format(fields, "spi", "0x%08x", finding->spi);
	if (finding->has_ike_spi)
		add_format(fields, "ike_spi", "0x%016llx", (unsigned long long)finding->ike_spi);
	add(fields, "interface", finding->interface);
	if (finding->vlan)
		add_format(fields, "vlan", "%u", finding->vlan);
	add(fields, "realm", realm_text(finding->realm, finding->realm_interface, realm));
	if (finding->has_flow && finding->has_ports &&
	    community_id(&finding->src, &finding->dst, finding->src_port, finding->dst_port, finding->ip_protocol, &id))
		add(fields, "community_id", id.text);
}

static void add_evidence(struct finding_fields *fields, const struct finding_evidence *note)
{
	switch (note->kind) {
	case EVIDENCE_INTEGER:
		add_format(fields, note->key, "%lld", (long long)note->integer);
		break;
	case EVIDENCE_REAL:
		add_format(fields, note->key, "%.15g", note->real);
		break;
	case EVIDENCE_BOOLEAN:
		add(fields, note->key, note->integer ? "true" : "false");
		break;
	case EVIDENCE_TEXT:
		add(fields, note->key, note->text);
		break;
	case EVIDENCE_ADDRESS:
		add_address(fields, note->key, &note->address);
		break;
	case EVIDENCE_TIME:
		add_time(fields, note->key, note->integer);
		break;
	case EVIDENCE_SPI:
		add_format(fields, note->key, "0x%08x", (unsigned)note->integer);
		break;
	}
}

void finding_fields_set(const struct finding *finding, const char *sensor, struct finding_fields *fields)
{
	const struct catalogue_row *row = catalogue_row(finding->id);
	bool host = finding->subject == SUBJECT_HOST;

	fields->count = 0;
	add_format(fields, "alert", "%016llx", (unsigned long long)finding->alert);
	if (finding->record)
		add_format(fields, "record", "%016llx", (unsigned long long)finding->record);
	if (finding->not_durable)
		add(fields, "durable", "false");
	add(fields, "id", row->name);
	add(fields, "cause", finding->cause == CAUSE_NONE ? NULL : catalogue_cause(finding->cause)->name);
	add(fields, "state", finding_state_name(finding->state));
	add(fields, "severity", finding_severity_name(finding->severity));
	add(fields, "grade", finding_grade_name(finding->grade));
	add(fields, "subject", finding_subject_name(finding->subject));
	add(fields, "sensor", sensor);
	if (finding->has_pair || host)
		add_address(fields, "a", &finding->a);
	if (finding->has_pair && !host)
		add_address(fields, "b", &finding->b);
	add(fields, "rule", finding->rule);
	add(fields, "protocol", finding->protocol);
	add_flow(fields, finding);
	add_format(fields, "count", "%llu", (unsigned long long)finding->count);
	add_format(fields, "bytes", "%llu", (unsigned long long)finding->bytes);
	add_time(fields, "first", finding->first_ns);
	add_time(fields, "last", finding->last_ns);
	add(fields, "cleared_by", finding->cleared_by);
	if (row->windows_event)
		add_format(fields, "windows_event", "%u", row->windows_event);
	fields->evidence_begin = fields->count;
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE_MAX; i++)
		add_evidence(fields, &finding->evidence[i]);
}
