/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory as JSON lines; the keys are documented in inventory.h. */
#include "inventory.h"
#include "json_line.h"
#include "timestamp.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *time_value(int64_t time_ns)
{
	struct timestamp_text text;

	return json_string(timestamp_text(time_ns, &text));
}

static json_t *subject_value(const struct inventory_subject *subject)
{
	struct address_text a, b;

	if (!subject->pair)
		return json_pack("{s:s, s:s}", "kind", "peer", "address", address_text(&subject->a, &a));
	return json_pack("{s:s, s:s, s:s}", "kind", "pair", "a", address_text(&subject->a, &a), "b",
			 address_text(&subject->b, &b));
}

static json_t *uses_value(const struct inventory_subject *subject, bool selected)
{
	json_t *list = json_array();
	struct line name;

	for (unsigned i = 0; i < subject->use_count; i++) {
		const struct inventory_use *use = &subject->uses[i];
		if (!(selected ? use->selected : use->offered))
			continue;
		line_clear(&name);
		line_add_algorithm(&name, &use->algorithm);
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:i, s:o, s:i}", "kind", ike_algorithm_kind_name(use->algorithm.kind),
				    "name", name.text, "id", use->algorithm.id, "key_length",
				    use->algorithm.key_length ? json_integer(use->algorithm.key_length) : json_null(),
				    "registry", use->algorithm.major));
	}
	return list;
}

static void append_if(json_t *list, bool condition, const char *text)
{
	if (condition)
		json_array_append_new(list, json_string(text));
}

json_t *inventory_json_names(const struct inventory_subject *subject, enum inventory_trait trait)
{
	json_t *list = json_array();
	bool told = subject->esp & (INVENTORY_NULL | INVENTORY_BLOCK64);

	switch (trait) {
	case INVENTORY_VERSIONS:
		append_if(list, subject->v1, "1.0");
		append_if(list, subject->v2, "2.0");
		break;
	case INVENTORY_MODES:
		append_if(list, subject->main, "main");
		append_if(list, subject->aggressive, "aggressive");
		append_if(list, subject->v2, "ikev2");
		break;
	case INVENTORY_ESP:
		append_if(list, (subject->esp & INVENTORY_ENCRYPTED) && !told, "encrypted");
		append_if(list, subject->esp & INVENTORY_NULL, "null");
		append_if(list, subject->esp & INVENTORY_BLOCK64, "64-bit-block");
		append_if(list, subject->esp & INVENTORY_AH, "ah");
		break;
	case INVENTORY_VENDORS_SEEN:
		for (unsigned i = 0; i < subject->vendor_count; i++)
			append_if(list, true, subject->vendors[i]);
		break;
	}
	return list;
}

static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static json_t *line_of(const struct inventory_subject *subject, const char *sensor)
{
	json_t *object = json_object();
	bool good = true;

	good &= put(object, "type", json_string("inventory"));
	good &= put(object, "time", time_value(subject->last_ns));
	good &= put(object, "sensor", json_string(sensor));
	good &= put(object, "subject", subject_value(subject));
	good &= put(object, "versions", inventory_json_names(subject, INVENTORY_VERSIONS));
	good &= put(object, "modes", inventory_json_names(subject, INVENTORY_MODES));
	good &= put(object, "selected", uses_value(subject, true));
	good &= put(object, "offered", uses_value(subject, false));
	good &= put(object, "vendors", inventory_json_names(subject, INVENTORY_VENDORS_SEEN));
	good &= put(object, "certificates", json_boolean(subject->certificates));
	good &= put(object, "esp", inventory_json_names(subject, INVENTORY_ESP));
	good &= put(object, "quantum_safe", json_string(inventory_quantum_name(inventory_quantum(subject))));
	good &= put(object, "first", time_value(subject->first_ns));
	good &= put(object, "last", time_value(subject->last_ns));
	good &= put(object, "messages", json_integer((json_int_t)subject->messages));
	if (good)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *certificate_line(const struct inventory_certificate *shown, const char *sensor)
{
	static const char *const states[] = { "valid", "expired", "not-yet-valid" };
	const struct certificate_facts *facts = &shown->facts;
	struct address_text address;
	struct line digest;

	line_clear(&digest);
	line_add_hex(&digest, facts->digest, sizeof(facts->digest), sizeof(facts->digest));
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:i, s:s, s:b, s:s, s:o, s:o}",
			 "type", "inventory_certificate", "time", time_value(shown->last_ns), "sensor", sensor,
			 "address", address_text(&shown->host, &address), "subject", facts->subject, "issuer",
			 facts->issuer, "serial", facts->serial, "not_before", time_value(facts->not_before_ns),
			 "not_after", time_value(facts->not_after_ns), "state",
			 states[certificate_validity(facts, shown->last_ns)], "key", facts->key, "key_bits",
			 facts->key_bits, "signature", facts->signature, "authority", facts->authority, "digest",
			 digest.text, "first", time_value(shown->first_ns), "last", time_value(shown->last_ns));
}

static json_t *summary_line(const struct inventory *inventory, const char *sensor)
{
	size_t count = inventory_count(inventory), pairs = 0;
	int64_t last_ns = 0;

	for (size_t i = 0; i < count; i++) {
		const struct inventory_subject *subject = inventory_subject(inventory, i);
		pairs += subject->pair;
		if (subject->last_ns > last_ns)
			last_ns = subject->last_ns;
	}
	return json_pack("{s:s, s:o, s:s, s:I, s:I, s:I, s:I}", "type", "inventory_summary", "time",
			 time_value(last_ns), "sensor", sensor, "peers", (json_int_t)(count - pairs), "pairs",
			 (json_int_t)pairs, "certificates", (json_int_t)inventory_certificate_count(inventory),
			 "unlisted", (json_int_t)inventory_unlisted(inventory));
}

size_t inventory_json_count(const struct inventory *inventory)
{
	return inventory_count(inventory) + inventory_certificate_count(inventory) + 1;
}

char *inventory_json_line(const struct inventory *inventory, size_t at, const char *sensor)
{
	size_t subjects = inventory_count(inventory), certificates = inventory_certificate_count(inventory);

	if (at < subjects)
		return json_line(line_of(inventory_subject(inventory, at), sensor));
	if (at < subjects + certificates)
		return json_line(certificate_line(inventory_certificate(inventory, at - subjects), sensor));
	return at == subjects + certificates ? json_line(summary_line(inventory, sensor)) : NULL;
}

bool inventory_write_json(const struct inventory *inventory, FILE *file, const char *sensor)
{
	for (size_t i = 0; i < inventory_json_count(inventory); i++) {
		char *line = inventory_json_line(inventory, i, sensor);
		if (!line)
			return false;
		fprintf(file, "%s\n", line);
		free(line);
	}
	return true;
}
