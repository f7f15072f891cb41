/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the IKE log as a JSON line; its keys are documented in ike_log.h. */
#include "../../dissectors/ike_algorithm.h"
#include "hex.h"
#include "ike_log_entry.h"
#include "json_line.h"
#include "timestamp.h"
#include "../../dissectors/ike_names.h"
#include "../../dissectors/ike_vendor.h"

#include <jansson.h>

enum { LEVEL_PROPOSALS = 3, LEVEL_NOTIFIES = 4, LEVEL_PAYLOADS = 5, LEVEL_OFFSETS = 6, LEVEL_OCTETS = 7 };

/* Hexadecimal digits of any length; NULL without memory. */
static json_t *hex_value(const uint8_t *octets, size_t count)
{
	char *text = malloc(2 * count + 1);

	if (!text)
		return NULL;
	hex_put(text, octets, count);
	json_t *value = json_stringn(text, 2 * count);
	free(text);
	return value;
}

static json_t *slice_value(const struct ike_log_entry *entry, struct ike_slice slice)
{
	const uint8_t *octets = ike_slice_bytes(entry->octets, slice);

	return octets ? hex_value(octets, slice.length) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *address_value(const struct address *address)
{
	struct address_text text;

	return json_string(address_text(address, &text));
}

static json_t *spi_value(uint64_t spi)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)spi);
	return json_string(text);
}

static json_t *algorithm_value(const struct ike_algorithm *algorithm)
{
	struct line name;

	line_clear(&name);
	line_add_algorithm(&name, algorithm);
	return json_pack("{s:s, s:s, s:i, s:o}", "kind", ike_algorithm_kind_name(algorithm->kind), "name", name.text,
			 "id", algorithm->id, "key_length",
			 algorithm->key_length ? json_integer(algorithm->key_length) : json_null());
}

static json_t *proposal_value(const struct ike_log_entry *entry, const struct ike_proposal *proposal,
			      const struct ikev1_transform *transform)
{
	const struct ike_message *message = entry->message;
	json_t *algorithms = json_array();
	struct ike_algorithm algorithm[4];
	unsigned count = transform ? ike_algorithms_of_v1(transform, algorithm) : 0;

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(algorithms, algorithm_value(&algorithm[i]));
	for (unsigned i = 0; !transform && i < proposal->count; i++)
		if (ike_algorithm_of_v2(&message->v2_transforms[proposal->first + i], algorithm))
			json_array_append_new(algorithms, algorithm_value(algorithm));
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "number", proposal->number, "protocol",
			 text_or_null(ike_protocol_name(message->header.major, proposal->protocol)), "spi",
			 slice_value(entry, proposal->spi), "algorithms", algorithms, "life_seconds",
			 transform && transform->life_seconds ? json_integer(transform->life_seconds) : json_null(),
			 "life_kilobytes",
			 transform && transform->life_kilobytes ? json_integer(transform->life_kilobytes)
								: json_null());
}

/* IKEv1: one entry for each transform, for each is a whole suite. */
static json_t *proposals_value(const struct ike_log_entry *entry)
{
	const struct ike_message *message = entry->message;
	json_t *list = json_array();

	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ike_proposal *proposal = &message->proposals[i];
		if (message->header.major == 2)
			json_array_append_new(list, proposal_value(entry, proposal, NULL));
		else
			for (unsigned j = 0; j < proposal->count; j++)
				json_array_append_new(
				    list,
				    proposal_value(entry, proposal, &message->v1_transforms[proposal->first + j]));
	}
	return list;
}

static json_t *key_exchange_value(const struct ike_message *message)
{
	const struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, message->ke_group, 0 };
	struct line name;

	if (message->ke_count == 0)
		return json_null();
	line_clear(&name);
	if (message->header.major == 2)
		line_add_algorithm(&name, &group);
	return json_pack("{s:o, s:i}", "group", name.used ? json_string(name.text) : json_null(), "octets",
			 message->ke.length);
}

static json_t *notifies_value(const struct ike_log_entry *entry)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < entry->message->notify_count; i++) {
		const struct ike_notify *notify = &entry->message->notifies[i];
		json_array_append_new(
		    list, json_pack("{s:i, s:o, s:b, s:o}", "type", notify->type, "name",
				    text_or_null(ike_notify_name(entry->message->header.major, notify->type)), "error",
				    ike_words_error(entry->message, notify), "data", slice_value(entry, notify->data)));
	}
	return list;
}

static json_t *vendors_value(const struct ike_log_entry *entry)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < entry->message->vendor_count; i++) {
		struct ike_slice slice = entry->message->vendors[i];
		const uint8_t *octets = ike_slice_bytes(entry->octets, slice);
		struct ike_vendor vendor;
		if (!octets)
			continue;
		bool known = ike_vendor_identify(octets, slice.length, &vendor);
		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:o}", "name", text_or_null(known ? vendor.name : NULL),
						"detail", text_or_null(known ? vendor.detail : NULL), "octets",
						hex_value(octets, slice.length)));
	}
	return list;
}

static json_t *facts_value(const struct ike_log_entry *entry, const struct ike_certificate *certificate)
{
	struct timestamp_text from, until;
	struct certificate_facts facts;

	if (!ike_log_certificate(entry, certificate, &facts))
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:b}", "subject", facts.subject, "issuer",
			 facts.issuer, "serial", facts.serial, "not_before", timestamp_text(facts.not_before_ns, &from),
			 "not_after", timestamp_text(facts.not_after_ns, &until), "key", facts.key, "key_bits",
			 facts.key_bits, "signature", facts.signature, "authority", facts.authority);
}

static json_t *certificates_value(const struct ike_log_entry *entry)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < entry->message->certificate_count; i++) {
		const struct ike_certificate *certificate = &entry->message->certificates[i];
		json_array_append_new(list,
				      json_pack("{s:i, s:i, s:o}", "encoding", certificate->encoding, "octets",
						certificate->data.length, "facts", facts_value(entry, certificate)));
	}
	return list;
}

static json_t *payloads_value(const struct ike_log_entry *entry, unsigned level)
{
	const struct ike_message *message = entry->message;
	uint32_t captured = entry->record->ike_message.captured;
	json_t *list = json_array();

	for (unsigned i = 0; i < message->payload_count; i++) {
		const struct ike_payload *payload = &message->payloads[i];
		bool hidden = message->header.major == 2 &&
			      (payload->type == IKEV2_PAYLOAD_SK || payload->type == IKEV2_PAYLOAD_SKF);
		uint32_t end = (uint32_t)payload->offset + payload->length;
		json_t *hex = json_null();
		if (end > captured)
			end = captured;
		if (level >= LEVEL_OCTETS && !hidden && end > payload->offset)
			hex = hex_value(entry->octets + payload->offset, end - payload->offset);
		json_array_append_new(
		    list, json_pack("{s:i, s:o, s:i, s:o, s:o}", "type", payload->type, "name",
				    text_or_null(ike_payload_name(message->header.major, payload->type)), "octets",
				    payload->length, "offset",
				    level >= LEVEL_OFFSETS ? json_integer(payload->offset) : json_null(), "hex", hex));
	}
	return list;
}

static json_t *hidden_value(const struct ike_message *message)
{
	bool fragment = message->protection == IKE_ENCRYPTED_FRAGMENT;

	if (message->protection != IKE_ENCRYPTED && !fragment)
		return json_null();
	const char *inner = message->first_inner ? ike_payload_name(message->header.major, message->first_inner) : NULL;
	return json_pack("{s:i, s:o, s:o, s:o}", "octets", message->hidden, "fragment",
			 fragment ? json_integer(message->fragment_number) : json_null(), "fragments",
			 fragment ? json_integer(message->fragment_total) : json_null(), "first_payload",
			 text_or_null(inner));
}

static json_t *fault_value(const struct ike_message *message)
{
	if (message->fault == IKE_FAULT_NONE)
		return json_null();
	return json_pack("{s:s, s:I}", "what", ike_fault_name((enum ike_fault)message->fault), "offset",
			 (json_int_t)message->fault_offset);
}

static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

char *ike_log_json(const struct ike_log_entry *entry, const char *sensor, unsigned level)
{
	static const char *const encaps[] = { "none", "udp", "tcp" };
	static const char *const outcomes[] = { "step", "progress", "failure", "end" };
	const struct record_ike_message *record = &entry->record->ike_message;
	const struct ike_message *message = entry->message;
	const struct ike_header *header = &message->header;
	bool v2 = header->major == 2, good = true;
	struct timestamp_text time;
	json_t *object = json_object();
	char version[16];

	snprintf(version, sizeof(version), "%u.%u", header->major, header->minor);
	good &= put(object, "type", json_string("ike_message"));
	good &= put(object, "time", json_string(timestamp_text(entry->record->time_ns, &time)));
	good &= put(object, "sensor", json_string(sensor));
	good &= put(object, "src", address_value(&record->src));
	good &= put(object, "dst", address_value(&record->dst));
	good &= put(object, "src_port", json_integer(record->src_port));
	good &= put(object, "dst_port", json_integer(record->dst_port));
	good &= put(object, "encap", json_string((size_t)record->encap < 3 ? encaps[record->encap] : "none"));
	good &= put(object, "ispi", spi_value(header->initiator_spi));
	good &= put(object, "rspi", spi_value(header->responder_spi));
	good &= put(object, "version", json_string(version));
	good &= put(object, "exchange", text_or_null(ike_exchange_name(header->major, header->exchange)));
	good &= put(object, "message_id", json_integer(header->message_id));
	good &= put(object, "initiator", v2 ? json_boolean(header->flags & IKEV2_FLAG_INITIATOR) : json_null());
	good &= put(object, "response", v2 ? json_boolean(header->flags & IKEV2_FLAG_RESPONSE) : json_null());
	good &= put(object, "step", json_string(entry->step->text));
	good &= put(object, "meaning", json_string(entry->meaning->text));
	good &= put(object, "outcome", json_string(outcomes[entry->outcome]));
	good &= put(object, "retransmission", json_integer(entry->before.retransmission));
	good &= put(object, "after",
		    entry->before.retransmission ? json_real((double)entry->before.gap_ns / 1e9) : json_null());
	good &= put(object, "octets", json_integer(record->length));
	good &= put(object, "captured", json_integer(record->captured));
	good &= put(object, "joined", record->joined ? json_integer(record->joined) : json_null());
	good &= put(object, "state", json_string(ike_state_name((enum ike_state)message->state)));
	good &= put(object, "fault", fault_value(message));
	good &= put(object, "hidden", hidden_value(message));
	good &= put(object, "proposals", level >= LEVEL_PROPOSALS ? proposals_value(entry) : json_null());
	good &= put(object, "key_exchange", level >= LEVEL_PROPOSALS ? key_exchange_value(message) : json_null());
	good &= put(object, "notifies", level >= LEVEL_NOTIFIES ? notifies_value(entry) : json_null());
	good &= put(object, "vendors", level >= LEVEL_NOTIFIES ? vendors_value(entry) : json_null());
	good &= put(object, "nat",
		    level >= LEVEL_NOTIFIES ? json_pack("{s:s, s:s}", "source", ike_log_nat_name(entry->nat.source),
							"destination", ike_log_nat_name(entry->nat.destination))
					    : json_null());
	good &= put(object, "certificates", level >= LEVEL_PAYLOADS ? certificates_value(entry) : json_null());
	good &= put(object, "payloads", level >= LEVEL_PAYLOADS ? payloads_value(entry, level) : json_null());
	if (good)
		return json_line(object);
	json_decref(object);
	return NULL;
}
