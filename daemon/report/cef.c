/* SPDX-License-Identifier: Apache-2.0 */
/* See cef.h. */
#include "cef.h"

#include "community_id.h"
#include "finding_fields.h"
#include "timestamp.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 2047 }; /* what a field of text may have is 4000 (cs1 to cs6) */

struct message {
	char *out;
	size_t size, used;
	size_t extension; /* where it begins, behind the header; 0: not yet */
};

int cef_severity(enum finding_severity severity)
{
	static const int numbers[SEVERITY_COUNT] = {
		[SEVERITY_CRITICAL] = 10, [SEVERITY_HIGH] = 8, [SEVERITY_MEDIUM] = 5,
		[SEVERITY_LOW] = 3,       [SEVERITY_INFO] = 1,
	};
	return (size_t)severity < SEVERITY_COUNT ? numbers[severity] : 1;
}

/* Adds the text whole or not at all. */
static bool put(struct message *message, const char *text, size_t length)
{
	if (length >= message->size - message->used)
		return false;
	memcpy(message->out + message->used, text, length);
	message->used += length;
	message->out[message->used] = '\0';
	return true;
}

/* A field of the header, behind the one before. */
static void put_header(struct message *message, const char *value)
{
	char plain[VALUE_MAX + 1], escaped[2 * VALUE_MAX + 2];
	size_t used = 0;

	utf8_plain(value, SIZE_MAX, plain, sizeof(plain));
	for (const char *at = plain; *at; at++) {
		if (*at == '|' || *at == '\\')
			escaped[used++] = '\\';
		escaped[used++] = *at;
	}
	escaped[used++] = '|';
	put(message, escaped, used);
}

/* " key=value"; nothing for NULL and for what does not fit. */
static void put_pair(struct message *message, const char *key, const char *value)
{
	char plain[VALUE_MAX + 1], escaped[2 * VALUE_MAX + 64];
	size_t used;

	if (!value)
		return;
	utf8_plain_marked(value, plain, sizeof(plain));
	used = (size_t)snprintf(escaped, 40, "%s%s=", message->used == message->extension ? "" : " ", key);
	for (const char *at = plain; *at; at++) {
		if (*at == '=' || *at == '\\')
			escaped[used++] = '\\';
		escaped[used++] = *at;
	}
	put(message, escaped, used);
}

static void put_number(struct message *message, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put_pair(message, key, text);
}

static void put_labelled(struct message *message, unsigned number, const char *label, const char *value)
{
	char key[16];

	if (!value || !*value)
		return;
	snprintf(key, sizeof(key), "cs%u", number);
	put_pair(message, key, value);
	snprintf(key, sizeof(key), "cs%uLabel", number);
	put_pair(message, key, label);
}

static void put_address(struct message *message, const char *key, const char *v6_key, const char *label,
			const struct address *address)
{
	struct address_text text;
	char label_key[16];

	if (address_is_ipv4(address)) {
		put_pair(message, key, address_text(address, &text));
		return;
	}
	put_pair(message, v6_key, address_text(address, &text));
	snprintf(label_key, sizeof(label_key), "%sLabel", v6_key);
	put_pair(message, label_key, label);
}

static void put_flow(struct message *message, const struct finding *finding)
{
	static const char *const protocols[256] = {
		[1] = "ICMP", [6] = "TCP", [17] = "UDP", [50] = "ESP", [51] = "AH", [58] = "ICMP6", [132] = "SCTP"
	};

	if (!finding->has_flow)
		return;
	put_address(message, "src", "c6a2", "Source IPv6 Address", &finding->src);
	put_address(message, "dst", "c6a3", "Destination IPv6 Address", &finding->dst);
	if (finding->has_ports) {
		put_number(message, "spt", finding->src_port);
		put_number(message, "dpt", finding->dst_port);
	}
	put_pair(message, "proto", protocols[finding->ip_protocol]);
}

/* "key: value; ..." of all evidence, each value as the other shapes have it. */
static void evidence_text(const struct finding *finding, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < finding->evidence_count && used < size; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		struct timestamp_text time;
		struct address_text address;
		const char *separator = used ? "; " : "";
		int length = 0;

		if (note->kind == EVIDENCE_TEXT)
			length = snprintf(out + used, size - used, "%s%s: %s", separator, note->key,
					  note->text ? note->text : "");
		else if (note->kind == EVIDENCE_BOOLEAN)
			length = snprintf(out + used, size - used, "%s%s: %s", separator, note->key,
					  note->integer ? "true" : "false");
		else if (note->kind == EVIDENCE_SPI)
			length = snprintf(out + used, size - used, "%s%s: 0x%08x", separator, note->key,
					  (unsigned)note->integer);
		else if (note->kind == EVIDENCE_REAL)
			length = snprintf(out + used, size - used, "%s%s: %.15g", separator, note->key, note->real);
		else if (note->kind == EVIDENCE_ADDRESS)
			length = snprintf(out + used, size - used, "%s%s: %s", separator, note->key,
					  address_text(&note->address, &address));
		else if (note->kind == EVIDENCE_TIME)
			length = snprintf(out + used, size - used, "%s%s: %s", separator, note->key,
					  timestamp_text(note->integer, &time));
		else
			length =
			    snprintf(out + used, size - used, "%s%s: %" PRId64, separator, note->key, note->integer);
		used += length > 0 ? (size_t)length : 0;
	}
	if (used >= size)
		finding_mark_cut(out, size);
}

static void put_who(struct message *message, const struct finding *finding)
{
	struct address_text a, b;
	char text[128];

	if (finding->subject == SUBJECT_HOST) {
		put_labelled(message, 5, "host", address_text(&finding->a, &a));
	} else if (finding->has_pair) {
		snprintf(text, sizeof(text), "%s %s", address_text(&finding->a, &a), address_text(&finding->b, &b));
		put_labelled(message, 5, "pair", text);
	}
	if (finding->has_spi) {
		snprintf(text, sizeof(text), "0x%08x", finding->spi);
		put_labelled(message, 1, "spi", text);
	} else if (finding->has_ike_spi) {
		snprintf(text, sizeof(text), "0x%016" PRIx64, finding->ike_spi);
		put_labelled(message, 1, "spi", text);
	}
}

size_t cef_format(const struct finding *finding, const char *sensor, bool whole, char *out, size_t size)
{
	struct message message = { out, size, 0, 0 };
	const struct catalogue_row *row = catalogue_row(finding->id);
	struct community_id id;
	char text[VALUE_MAX + 1], realm[REALM_TEXT_SIZE];

	out[0] = '\0';
	put_header(&message, "CEF:0");
	put_header(&message, "espial");
	put_header(&message, "espial");
	put_header(&message, ESPIAL_VERSION);
	put_header(&message, row->name);
	put_header(&message, row->meaning);
	snprintf(text, sizeof(text), "%d", cef_severity(finding->severity));
	put_header(&message, text);
	message.extension = message.used;
	put_number(&message, "rt", (uint64_t)(timestamp_microseconds(finding->time_ns) / 1000));
	put_pair(&message, "dvchost", sensor);
	snprintf(text, sizeof(text), "%016" PRIx64, finding->alert);
	put_pair(&message, "externalId", text);
	put_pair(&message, "act", finding_state_name(finding->state));
	put_flow(&message, finding);
	put_pair(&message, "app", finding->protocol);
	put_number(&message, "cnt", finding->count);
	put_number(&message, "in", finding->bytes);
	put_number(&message, "start", (uint64_t)(timestamp_microseconds(finding->first_ns) / 1000));
	put_number(&message, "end", (uint64_t)(timestamp_microseconds(finding->last_ns) / 1000));
	put_pair(&message, "deviceInboundInterface", finding->interface);
	put_pair(&message, "reason", finding->cleared_by);
	put_who(&message, finding);
	put_labelled(&message, 2, "diagnosis",
		     finding->cause == CAUSE_NONE ? NULL : catalogue_cause(finding->cause)->name);
	put_labelled(&message, 3, "rule", finding->rule);
	put_labelled(&message, 4, "grade", finding_grade_name(finding->grade));
	if (finding->record) {
		snprintf(text, sizeof(text), "%016" PRIx64, finding->record);
		put_pair(&message, "espialRecord", text);
	}
	if (finding->not_durable)
		put_pair(&message, "espialDurable", "false");
	put_pair(&message, "espialRealm", realm_text(finding->realm, finding->realm_interface, realm));
	if (finding->has_flow && finding->has_ports &&
	    community_id(&finding->src, &finding->dst, finding->src_port, finding->dst_port, finding->ip_protocol, &id))
		put_pair(&message, "espialCommunityId", id.text);
	put_pair(&message, "msg", finding->text);
	if (!whole) {
		put_pair(&message, "espialCut", "evidence,advice");
		return message.used;
	}
	put_pair(&message, "espialAdvice", catalogue_advice(finding->id, finding->cause));
	evidence_text(finding, text, sizeof(text));
	put_labelled(&message, 6, "evidence", text);
	return message.used;
}
