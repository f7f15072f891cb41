/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload tree of the IKE log, levels 3 to 7, see ike_log.h.
 *
 * The chain is walked once; what belongs to a payload is found in the message's arrays by where it lies. The level only
 * decides which payloads are shown and how much of each.
 */
#include "../../dissectors/ike_algorithm.h"
#include "ike_log_entry.h"
#include "timestamp.h"
#include "../../dissectors/ike_names.h"
#include "../../dissectors/ike_vendor.h"
#include "../audit/finding.h"

#include <string.h>

enum {
	LEVEL_PROPOSALS = 3,
	LEVEL_NOTIFIES = 4,
	LEVEL_PAYLOADS = 5,
	LEVEL_ATTRIBUTES = 6,
	LEVEL_OCTETS = 7,
	INDENT = 4,      /* columns of a payload's line; two more for each level below */
	DATA_SHOWN = 20, /* octets of values of no known form */
	NAME_SHOWN = 96,
	DUMP_WIDTH = 16,
	GENERIC_HEADER = 4,
};

struct tree {
	const struct page *page;
	const struct ike_log_entry *entry;
	const struct ike_message *message;
	unsigned level;
	struct line line;
};

static void flush(struct tree *tree, unsigned depth)
{
	page_wrap(tree->page, depth ? STYLE_PLAIN : STYLE_HEADING, INDENT + 2 * (size_t)depth, 0, tree->line.text);
	line_clear(&tree->line);
}

bool ike_log_within(const struct ike_payload *payload, struct ike_slice slice)
{
	return slice.length > 0 && slice.offset >= payload->offset &&
	       slice.offset < (uint32_t)payload->offset + payload->length;
}

static bool is_type(const struct tree *tree, const struct ike_payload *payload, uint8_t v1, uint8_t v2)
{
	return payload->type == (tree->message->header.major == 2 ? v2 : v1);
}

static bool is_nat_hash(const struct ike_payload *payload)
{
	return payload->type == IKEV1_PAYLOAD_NAT_D || payload->type == IKEV1_PAYLOAD_NAT_D_OLD ||
	       payload->type == IKEV1_PAYLOAD_NAT_D_DRAFT;
}

static unsigned level_of(const struct tree *tree, const struct ike_payload *payload)
{
	if (is_type(tree, payload, IKEV1_PAYLOAD_SA, IKEV2_PAYLOAD_SA))
		return LEVEL_PROPOSALS;
	if (is_type(tree, payload, IKEV1_PAYLOAD_NOTIFY, IKEV2_PAYLOAD_NOTIFY) ||
	    is_type(tree, payload, IKEV1_PAYLOAD_VENDOR, IKEV2_PAYLOAD_VENDOR) ||
	    is_type(tree, payload, IKEV1_PAYLOAD_DELETE, IKEV2_PAYLOAD_DELETE) ||
	    (tree->message->header.major == 1 && is_nat_hash(payload)))
		return LEVEL_NOTIFIES;
	return LEVEL_PAYLOADS;
}

/* ---- SA ---- */

static void add_number_name(struct line *line, const char *name, unsigned number)
{
	if (name)
		line_add(line, "%s (%u)", name, number);
	else
		line_add(line, "%u", number);
}

static void add_value(struct tree *tree, struct ike_slice slice)
{
	const uint8_t *octets = ike_slice_bytes(tree->entry->octets, slice);

	if (octets)
		line_add_hex(&tree->line, octets, slice.length, DATA_SHOWN);
	else
		line_add(&tree->line, "empty");
}

static void v1_attributes(struct tree *tree, const struct ikev1_transform *transform)
{
	struct ike_slice rest = transform->attributes;
	struct ike_attribute attribute;

	while (ike_attribute_read(tree->entry->octets, &rest, true, &attribute)) {
		const char *name = transform->phase2 ? ikev1_phase2_attribute_name(attribute.type)
						     : ikev1_attribute_name(attribute.type);
		const char *value = NULL;
		if (!transform->phase2 && attribute.type == IKEV1_ATTRIBUTE_ENCRYPTION)
			value = ikev1_encryption_name(attribute.value);
		else if (!transform->phase2 && attribute.type == IKEV1_ATTRIBUTE_HASH)
			value = ikev1_hash_name(attribute.value);
		else if (!transform->phase2 && attribute.type == IKEV1_ATTRIBUTE_AUTH)
			value = ikev1_auth_name(attribute.value);
		else if (!transform->phase2 && attribute.type == IKEV1_ATTRIBUTE_GROUP)
			value = ike_group_name(attribute.value);
		else if (attribute.type ==
			 (transform->phase2 ? IKEV1_PHASE2_ATTRIBUTE_LIFE_TYPE : IKEV1_ATTRIBUTE_LIFE_TYPE))
			value = ikev1_life_type_name(attribute.value);
		line_add(&tree->line, "attribute ");
		add_number_name(&tree->line, name, attribute.type);
		line_add(&tree->line, " = ");
		if (attribute.data.length <= 4)
			add_number_name(&tree->line, value, attribute.value);
		else
			add_value(tree, attribute.data);
		line_add(&tree->line, ", at offset %u", attribute.data.offset);
		flush(tree, 3);
	}
}

static void v1_proposal(struct tree *tree, const struct ike_proposal *proposal)
{
	for (unsigned i = 0; i < proposal->count; i++) {
		const struct ikev1_transform *transform = &tree->message->v1_transforms[proposal->first + i];
		line_add(&tree->line, "transform %u: ", transform->number);
		ike_words_v1_transform(transform, proposal->protocol, &tree->line);
		flush(tree, 2);
		if (tree->level >= LEVEL_ATTRIBUTES)
			v1_attributes(tree, transform);
	}
}

static void v2_proposal(struct tree *tree, const struct ike_proposal *proposal)
{
	if (tree->level < LEVEL_ATTRIBUTES) {
		ike_words_v2_proposal(tree->message, proposal, true, &tree->line);
		flush(tree, 2);
		return;
	}
	for (unsigned i = 0; i < proposal->count; i++) {
		const struct ikev2_transform *transform = &tree->message->v2_transforms[proposal->first + i];
		line_add(&tree->line, "transform ");
		add_number_name(&tree->line, ikev2_transform_type_name(transform->type), transform->type);
		line_add(&tree->line, ": ");
		add_number_name(&tree->line, ikev2_transform_name(transform->type, transform->id), transform->id);
		if (transform->key_length)
			line_add(&tree->line, ", key length %u", transform->key_length);
		if (transform->other)
			line_add(&tree->line, ", with other attributes");
		line_add(&tree->line, ", at offset %u", transform->offset);
		flush(tree, 2);
	}
}

static void sa_payload(struct tree *tree, unsigned index)
{
	const struct ike_message *message = tree->message;

	if (message->header.major == 1 && tree->level >= LEVEL_ATTRIBUTES) {
		line_add(&tree->line, "DOI %u, situation 0x%x", message->doi, message->situation);
		flush(tree, 1);
	}
	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ike_proposal *proposal = &message->proposals[i];
		const char *protocol = ike_protocol_name(message->header.major, proposal->protocol);
		if (proposal->payload != index)
			continue;
		line_add(&tree->line, "%s %u, ", ike_algorithm_selects(message) ? "selected proposal" : "proposal",
			 proposal->number);
		if (protocol)
			line_add(&tree->line, "%s", protocol);
		else
			line_add(&tree->line, "protocol %u", proposal->protocol);
		if (proposal->spi.length) {
			line_add(&tree->line, ", SPI 0x");
			add_value(tree, proposal->spi);
		}
		if (proposal->transforms_said != proposal->count)
			line_add(&tree->line, ", says it has %u transforms", proposal->transforms_said);
		flush(tree, 1);
		if (message->header.major == 2)
			v2_proposal(tree, proposal);
		else
			v1_proposal(tree, proposal);
	}
}

/* ---- notifies, vendor IDs, NAT ---- */

static void nat_line(struct tree *tree, bool source)
{
	const struct ike_nat_result *nat = &tree->entry->nat;
	unsigned verdict = source ? nat->source : nat->destination;

	line_add(&tree->line, "%s address and port, hashed: ", source ? "sender's" : "receiver's");
	if (verdict == IKE_NAT_UNCHANGED)
		line_add(&tree->line, "as seen here");
	else if (verdict == IKE_NAT_TRANSLATED)
		line_add(&tree->line, "not as seen here, a NAT lies between (or UDP is forced)");
	else
		line_add(&tree->line, "cannot be compared");
	flush(tree, 1);
}

static void group_data(struct tree *tree, const uint8_t *data, uint16_t length)
{
	if (length < 2)
		return;
	const struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, (uint16_t)(data[0] << 8 | data[1]), 0 };
	line_add(&tree->line, "group ");
	line_add_algorithm(&tree->line, &group);
	flush(tree, 1);
}

static void hash_data(struct tree *tree, const uint8_t *data, uint16_t length)
{
	line_add(&tree->line, "can hash with ");
	for (unsigned i = 0; i + 1 < length; i += 2) {
		unsigned number = (unsigned)data[i] << 8 | data[i + 1];
		const char *name = ikev2_hash_name(number);
		if (name)
			line_add(&tree->line, "%s%s", i ? ", " : "", name);
		else
			line_add(&tree->line, "%s%u", i ? ", " : "", number);
	}
	flush(tree, 1);
}

static void notify_payload(struct tree *tree, unsigned index)
{
	const struct ike_message *message = tree->message;

	for (unsigned i = 0; i < message->notify_count; i++) {
		const struct ike_notify *notify = &message->notifies[i];
		const uint8_t *data = ike_slice_bytes(tree->entry->octets, notify->data);
		bool v2 = message->header.major == 2;
		if (notify->payload != index)
			continue;
		if (v2 && (notify->type == IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP ||
			   notify->type == IKEV2_NOTIFY_NAT_DETECTION_DESTINATION_IP)) {
			nat_line(tree, notify->type == IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP);
		} else if (v2 && data && notify->type == IKEV2_NOTIFY_INVALID_KE_PAYLOAD) {
			group_data(tree, data, notify->data.length);
		} else if (v2 && data && notify->type == IKEV2_NOTIFY_SIGNATURE_HASH_ALGORITHMS) {
			hash_data(tree, data, notify->data.length);
		} else if (data) {
			line_add(&tree->line, "%u octet%s of data: ", notify->data.length,
				 finding_plural(notify->data.length));
			add_value(tree, notify->data);
			flush(tree, 1);
		}
		if (notify->spi.length) {
			line_add(&tree->line, "about SPI 0x");
			add_value(tree, notify->spi);
			flush(tree, 1);
		}
	}
}

static void vendor_name(struct tree *tree, const struct ike_payload *payload)
{
	for (unsigned i = 0; i < tree->message->vendor_count; i++) {
		struct ike_slice slice = tree->message->vendors[i];
		const uint8_t *octets = ike_slice_bytes(tree->entry->octets, slice);
		struct ike_vendor vendor;
		if (!octets || !ike_log_within(payload, slice))
			continue;
		if (!ike_vendor_identify(octets, slice.length, &vendor)) {
			line_add(&tree->line, ": unknown, ");
			if (vendor.text_length)
				line_add_octets(&tree->line, octets, slice.length, NAME_SHOWN);
			else
				line_add_hex(&tree->line, octets, slice.length, DATA_SHOWN);
			return;
		}
		line_add(&tree->line, ": %s", vendor.name);
		if (vendor.detail)
			line_add(&tree->line, ", %s", vendor.detail);
		if (vendor.text_length) {
			line_add(&tree->line, " ");
			line_add_octets(&tree->line, octets + vendor.text, vendor.text_length, NAME_SHOWN);
		}
		return;
	}
}

static void notify_name(struct tree *tree, unsigned index)
{
	for (unsigned i = 0; i < tree->message->notify_count; i++) {
		if (tree->message->notifies[i].payload != index)
			continue;
		line_add(&tree->line, ": ");
		ike_words_notify(tree->message, tree->message->notifies[i].type, &tree->line);
		return;
	}
}

static void delete_payload(struct tree *tree, const struct ike_payload *payload)
{
	for (unsigned i = 0; i < tree->message->delete_count; i++) {
		const struct ike_delete *end = &tree->message->deletes[i];
		if (end->spis.length && !ike_log_within(payload, end->spis))
			continue;
		const char *protocol = ike_protocol_name(tree->message->header.major, end->protocol);
		line_add(&tree->line, "%u of %s", end->count, protocol ? protocol : "an unknown protocol");
		if (end->spis.length) {
			line_add(&tree->line, ": ");
			add_value(tree, end->spis);
		}
		flush(tree, 1);
	}
}

/* ---- the rest ---- */

static void identity_payload(struct tree *tree, const struct ike_payload *payload)
{
	for (unsigned i = 0; i < tree->message->identity_count; i++) {
		const struct ike_identity *identity = &tree->message->identities[i];
		const uint8_t *data = ike_slice_bytes(tree->entry->octets, identity->data);
		struct address_text text;
		struct address address;
		if (!ike_log_within(payload, identity->data))
			continue;
		add_number_name(&tree->line, ike_identity_type_name(identity->type), identity->type);
		line_add(&tree->line, " ");
		if (identity->type == IKE_ID_IPV4_ADDR && identity->data.length == 4) {
			address = address_from_ipv4(data);
			line_add(&tree->line, "%s", address_text(&address, &text));
		} else if (identity->type == IKE_ID_IPV6_ADDR && identity->data.length == 16) {
			address = address_from_ipv6(data);
			line_add(&tree->line, "%s", address_text(&address, &text));
		} else {
			line_add_octets(&tree->line, data, identity->data.length, NAME_SHOWN);
		}
		flush(tree, 1);
	}
}

bool ike_log_certificate(const struct ike_log_entry *entry, const struct ike_certificate *certificate,
			 struct certificate_facts *facts)
{
	const uint8_t *octets = ike_slice_bytes(entry->octets, certificate->data);

	return entry->certificate && octets && ike_certificate_is_x509(certificate) &&
	       entry->certificate(entry->certificate_context, octets, certificate->data.length, facts);
}

/* The texts of a certificate are printable: certificate_facts.h. */
static void certificate_lines(struct tree *tree, const struct ike_certificate *certificate)
{
	enum certificate_validity validity;
	struct timestamp_text from, until;
	struct certificate_facts facts;

	if (!ike_log_certificate(tree->entry, certificate, &facts))
		return;
	validity = certificate_validity(&facts, tree->entry->record->time_ns);
	line_add(&tree->line, "%s%s", facts.authority ? "of an authority, " : "of ",
		 facts.subject[0] ? facts.subject : "nobody by name");
	flush(tree, 2);
	line_add(&tree->line, "issued by %s, serial number %s", facts.issuer, facts.serial);
	flush(tree, 2);
	line_add(&tree->line, "valid from %.19sZ to %.19sZ%s", timestamp_text(facts.not_before_ns, &from),
		 timestamp_text(facts.not_after_ns, &until),
		 validity == CERTIFICATE_EXPIRED         ? ": expired"
		 : validity == CERTIFICATE_NOT_YET_VALID ? ": not valid yet"
							 : "");
	flush(tree, 2);
	line_add(&tree->line, "key %s", facts.key[0] ? facts.key : "not known");
	if (facts.key_bits)
		line_add(&tree->line, ", %u bits", facts.key_bits);
	if (facts.signature[0])
		line_add(&tree->line, ", signed with %s", facts.signature);
	flush(tree, 2);
}

static void certificates(struct tree *tree, const struct ike_certificate *rows, unsigned count, unsigned index,
			 bool request)
{
	for (unsigned i = 0; i < count; i++) {
		if (rows[i].payload != index)
			continue;
		add_number_name(&tree->line, ike_certificate_encoding_name(rows[i].encoding), rows[i].encoding);
		line_add(&tree->line, ", %u octets", rows[i].data.length);
		if (request && tree->message->header.major == 2)
			line_add(&tree->line,
				 rows[i].data.length / 20 == 1 ? ": hash of the key of %u authority"
							       : ": hashes of the keys of %u authorities",
				 rows[i].data.length / 20);
		flush(tree, 1);
		if (!request)
			certificate_lines(tree, &rows[i]);
	}
}

static void other_payload(struct tree *tree, const struct ike_payload *payload, unsigned index)
{
	const struct ike_message *message = tree->message;
	const char *name;

	if (is_type(tree, payload, IKEV1_PAYLOAD_KE, IKEV2_PAYLOAD_KE)) {
		if (!ike_log_within(payload, message->ke))
			return;
		const struct ike_algorithm group = { IKE_ALGORITHM_GROUP, 2, message->ke_group, 0 };
		if (message->header.major == 2) {
			line_add_algorithm(&tree->line, &group);
			line_add(&tree->line, ", ");
		}
		line_add(&tree->line, "public value of %u octets", message->ke.length);
		flush(tree, 1);
	} else if (is_type(tree, payload, IKEV1_PAYLOAD_NONCE, IKEV2_PAYLOAD_NONCE)) {
		if (!ike_log_within(payload, message->nonce))
			return;
		line_add(&tree->line, "%u octets", message->nonce.length);
		flush(tree, 1);
	} else if (is_type(tree, payload, IKEV1_PAYLOAD_CERT, IKEV2_PAYLOAD_CERT)) {
		certificates(tree, message->certificates, message->certificate_count, index, false);
	} else if (is_type(tree, payload, IKEV1_PAYLOAD_CERTREQ, IKEV2_PAYLOAD_CERTREQ)) {
		certificates(tree, message->certreqs, message->certreq_count, index, true);
	} else if (is_type(tree, payload, IKEV1_PAYLOAD_ID, IKEV2_PAYLOAD_IDI) ||
		   (message->header.major == 2 && payload->type == IKEV2_PAYLOAD_IDR)) {
		identity_payload(tree, payload);
	} else if (message->header.major == 2 && payload->type == IKEV2_PAYLOAD_AUTH && message->has_auth) {
		name = ikev2_auth_name(message->auth_method);
		add_number_name(&tree->line, name, message->auth_method);
		flush(tree, 1);
	} else if (is_type(tree, payload, IKEV1_PAYLOAD_ATTRIBUTES, IKEV2_PAYLOAD_CP) && message->has_config) {
		add_number_name(&tree->line, ike_config_type_name(message->config_type), message->config_type);
		flush(tree, 1);
	} else if (message->header.major == 2 && payload->type == IKEV2_PAYLOAD_EAP && message->has_eap) {
		name = eap_type_name(message->eap_type);
		line_add(&tree->line, "%s %s",
			 eap_code_name(message->eap_code) ? eap_code_name(message->eap_code) : "?", name ? name : "");
		flush(tree, 1);
	}
}

/* Sixteen octets to a line, with what is printable beside. */
static void dump(struct tree *tree, const struct ike_payload *payload)
{
	uint32_t captured = tree->entry->record->ike_message.captured;
	uint32_t from = (uint32_t)payload->offset + GENERIC_HEADER, end = (uint32_t)payload->offset + payload->length;

	if (end > captured)
		end = captured;
	for (uint32_t at = from; at < end; at += DUMP_WIDTH) {
		const uint8_t *octets = tree->entry->octets + at;
		uint32_t count = end - at < DUMP_WIDTH ? end - at : DUMP_WIDTH;
		line_add(&tree->line, "%04x ", at);
		for (uint32_t i = 0; i < DUMP_WIDTH; i++) {
			if (i < count)
				line_add(&tree->line, " %02x", octets[i]);
			else
				line_add(&tree->line, "   ");
		}
		line_add(&tree->line, "  ");
		for (uint32_t i = 0; i < count; i++)
			line_add(&tree->line, "%c", octets[i] >= 0x20 && octets[i] < 0x7f ? octets[i] : '.');
		/* Not wrapped: the blanks are columns. */
		page_spaces(tree->page, INDENT + 2);
		page_put(tree->page, STYLE_QUIET, tree->line.text);
		page_newline(tree->page);
		line_clear(&tree->line);
	}
}

static bool is_encrypted(const struct tree *tree, const struct ike_payload *payload)
{
	return tree->message->header.major == 2 &&
	       (payload->type == IKEV2_PAYLOAD_SK || payload->type == IKEV2_PAYLOAD_SKF);
}

static void payload_heading(struct tree *tree, const struct ike_payload *payload, unsigned index)
{
	ike_words_payload(tree->message, payload->type, &tree->line);
	if (is_type(tree, payload, IKEV1_PAYLOAD_NOTIFY, IKEV2_PAYLOAD_NOTIFY))
		notify_name(tree, index);
	if (is_type(tree, payload, IKEV1_PAYLOAD_VENDOR, IKEV2_PAYLOAD_VENDOR))
		vendor_name(tree, payload);
	if (tree->level >= LEVEL_PAYLOADS)
		line_add(&tree->line, ", %u octets", payload->length);
	if (tree->level >= LEVEL_ATTRIBUTES) {
		line_add(&tree->line, ", type %u, at offset %u", payload->type, payload->offset);
		if (payload->critical)
			line_add(&tree->line, ", critical");
		if (!payload->known)
			line_add(&tree->line, ", not known");
	}
	flush(tree, 0);
}

static void write_payload(struct tree *tree, const struct ike_payload *payload, unsigned index)
{
	if (tree->level < level_of(tree, payload))
		return;
	payload_heading(tree, payload, index);
	if (is_encrypted(tree, payload))
		return; /* the message's own line says what is hidden */
	if (is_type(tree, payload, IKEV1_PAYLOAD_SA, IKEV2_PAYLOAD_SA))
		sa_payload(tree, index);
	else if (is_type(tree, payload, IKEV1_PAYLOAD_NOTIFY, IKEV2_PAYLOAD_NOTIFY))
		notify_payload(tree, index);
	else if (is_type(tree, payload, IKEV1_PAYLOAD_DELETE, IKEV2_PAYLOAD_DELETE))
		delete_payload(tree, payload);
	else if (tree->message->header.major == 1 && is_nat_hash(payload))
		for (unsigned i = 0; i < tree->message->nat_hash_count; i++) {
			if (ike_log_within(payload, tree->message->nat_hashes[i].hash))
				nat_line(tree, tree->message->nat_hashes[i].source);
		}
	else
		other_payload(tree, payload, index);
	if (tree->level >= LEVEL_OCTETS)
		dump(tree, payload);
}

void ike_log_tree(const struct page *page, const struct ike_log_entry *entry, unsigned level)
{
	struct tree tree = { .page = page, .entry = entry, .message = entry->message, .level = level };
	const struct ike_header *header = &entry->message->header;

	if (level < LEVEL_PROPOSALS)
		return;
	line_add(&tree.line, "SPIs 0x%016llx 0x%016llx, message id %u, %u octets",
		 (unsigned long long)header->initiator_spi, (unsigned long long)header->responder_spi,
		 header->message_id, header->length);
	if (level >= LEVEL_ATTRIBUTES)
		line_add(&tree.line, ", version %u.%u, exchange type %u, flags 0x%02x", header->major, header->minor,
			 header->exchange, header->flags);
	page_wrap(page, STYLE_QUIET, INDENT, 0, tree.line.text);
	line_clear(&tree.line);
	for (unsigned i = 0; i < entry->message->payload_count; i++)
		write_payload(&tree, &entry->message->payloads[i], i);
	if (entry->message->overflow) {
		line_add(&tree.line, "more of something than is kept: not all is shown");
		flush(&tree, 0);
	}
	if (entry->message->trailing && level >= LEVEL_ATTRIBUTES) {
		line_add(&tree.line, "%u octet%s behind the message", entry->message->trailing,
			 finding_plural(entry->message->trailing));
		flush(&tree, 0);
	}
}
