/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of an inventory back to what they say: inventory_take_line() of inventory.h.
 *
 * What was read is written again, and has to give the very same line: so nothing passes that was not written here, whoever
 * sent it.
 */
#include "inventory.h"
#include "json_line.h"
#include "timestamp.h"

#include "../../dissectors/ike_algorithm.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int64_t time_of(const json_t *object, const char *key)
{
	int64_t time_ns = 0;

	return timestamp_parse(text_of(object, key), &time_ns) ? time_ns : 0;
}

static bool has(const json_t *object, const char *key, const char *word)
{
	const json_t *list = json_object_get(object, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text && strcmp(text, word) == 0)
			return true;
	}
	return false;
}

/* ---- subjects ---- */

static bool read_algorithm(const json_t *row, struct ike_algorithm *algorithm)
{
	const char *kind = text_of(row, "kind");

	*algorithm = (struct ike_algorithm){
		.major = (uint8_t)(json_integer_value(json_object_get(row, "registry")) & 0xff),
		.id = (uint16_t)(json_integer_value(json_object_get(row, "id")) & 0xffff),
		.key_length = (uint16_t)(json_integer_value(json_object_get(row, "key_length")) & 0xffff),
	};
	while (algorithm->kind < IKE_ALGORITHM_KIND_COUNT &&
	       strcmp(ike_algorithm_kind_name(algorithm->kind), kind) != 0)
		algorithm->kind++;
	return algorithm->kind < IKE_ALGORITHM_KIND_COUNT;
}

/* Uses are told in one order, selected and offered apart: together they are in that order again. */
static bool read_uses(struct inventory_subject *subject, const json_t *list, bool selected)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct ike_algorithm algorithm;
		unsigned k = 0;
		if (!read_algorithm(json_array_get(list, i), &algorithm))
			return false;
		while (k < subject->use_count &&
		       memcmp(&subject->uses[k].algorithm, &algorithm, sizeof(algorithm)) != 0)
			k++;
		if (k == INVENTORY_USES)
			return false;
		if (k == subject->use_count)
			subject->uses[subject->use_count++] = (struct inventory_use){ .algorithm = algorithm };
		if (selected)
			subject->uses[k].selected = true;
		else
			subject->uses[k].offered = true;
	}
	return true;
}

static bool read_ends(const json_t *object, struct address *a, struct address *b)
{
	const json_t *subject = json_object_get(object, "subject");

	*b = (struct address){ 0 };
	if (strcmp(text_of(subject, "kind"), "peer") == 0)
		return address_parse(text_of(subject, "address"), a);
	return address_parse(text_of(subject, "a"), a) && address_parse(text_of(subject, "b"), b) &&
	       !address_is_unspecified(b);
}

static bool read_subject(struct inventory *inventory, const json_t *object)
{
	const char *quantum = text_of(object, "quantum_safe");
	const json_t *vendors = json_object_get(object, "vendors");
	struct inventory_subject *subject;
	struct address a, b;

	if (!read_ends(object, &a, &b) || json_array_size(vendors) > INVENTORY_VENDORS)
		return false;
	subject = inventory_make_subject(inventory, &a, &b, time_of(object, "first"));
	if (!subject)
		return false;
	subject->last_ns = time_of(object, "last");
	subject->v1 = has(object, "versions", "1.0");
	subject->v2 = has(object, "versions", "2.0");
	subject->main = has(object, "modes", "main");
	subject->aggressive = has(object, "modes", "aggressive");
	subject->certificates = json_is_true(json_object_get(object, "certificates"));
	subject->messages = (uint64_t)json_integer_value(json_object_get(object, "messages"));
	subject->esp = (uint8_t)((has(object, "esp", "encrypted") ? INVENTORY_ENCRYPTED : 0) |
				 (has(object, "esp", "null") ? INVENTORY_NULL : 0) |
				 (has(object, "esp", "64-bit-block") ? INVENTORY_BLOCK64 : 0) |
				 (has(object, "esp", "ah") ? INVENTORY_AH : 0));
	/* A shared key is all that makes it likely. */
	subject->ppk_asked = subject->ppk_answered =
	    strcmp(quantum, inventory_quantum_name(INVENTORY_LIKELY_SAFE)) == 0;
	for (size_t i = 0; i < json_array_size(vendors); i++) {
		const char *name = json_string_value(json_array_get(vendors, i));
		subject->vendors[i] = name ? inventory_keep_name(inventory, name) : NULL;
		if (!subject->vendors[i])
			return false;
		subject->vendor_count++;
	}
	return read_uses(subject, json_object_get(object, "selected"), true) &&
	       read_uses(subject, json_object_get(object, "offered"), false);
}

/* ---- certificates ---- */

static void read_text(const json_t *object, const char *key, char *text, size_t size)
{
	snprintf(text, size, "%s", text_of(object, key));
}

static bool read_certificate(struct inventory *inventory, const json_t *object)
{
	struct inventory_certificate certificate = { .first_ns = time_of(object, "first"),
						     .last_ns = time_of(object, "last") };
	struct certificate_facts *facts = &certificate.facts;
	const char *digest = text_of(object, "digest");

	if (!address_parse(text_of(object, "address"), &certificate.host) ||
	    strlen(digest) != 2 * sizeof(facts->digest))
		return false;
	for (size_t i = 0; i < sizeof(facts->digest); i++) {
		char octet[3] = { digest[2 * i], digest[2 * i + 1], '\0' };
		facts->digest[i] = (uint8_t)strtoul(octet, NULL, 16);
	}
	read_text(object, "subject", facts->subject, sizeof(facts->subject));
	read_text(object, "issuer", facts->issuer, sizeof(facts->issuer));
	read_text(object, "serial", facts->serial, sizeof(facts->serial));
	read_text(object, "key", facts->key, sizeof(facts->key));
	read_text(object, "signature", facts->signature, sizeof(facts->signature));
	facts->not_before_ns = time_of(object, "not_before");
	facts->not_after_ns = time_of(object, "not_after");
	facts->key_bits = (uint16_t)(json_integer_value(json_object_get(object, "key_bits")) & 0xffff);
	facts->authority = json_is_true(json_object_get(object, "authority"));
	return inventory_make_certificate(inventory, &certificate);
}

/* ---- lines ---- */

/* Into an inventory of its own first, so that it can be written again. */
static bool is_ours(const json_t *object, const char *line, size_t length,
		    bool (*read)(struct inventory *inventory, const json_t *object))
{
	struct inventory *alone = inventory_new(NULL, NULL);
	bool same = false;

	if (alone && read(alone, object)) {
		inventory_sort(alone);
		char *again = inventory_json_line(alone, 0, text_of(object, "sensor"));
		same = again && strlen(again) == length && memcmp(again, line, length) == 0;
		free(again);
	}
	inventory_free(alone);
	return same;
}

static bool take_summary(struct inventory *inventory, const json_t *object)
{
	json_int_t unlisted = json_integer_value(json_object_get(object, "unlisted"));

	if (unlisted < 0 || json_object_size(object) != 7)
		return false;
	inventory_add_unlisted(inventory, (uint64_t)unlisted);
	return true;
}

bool inventory_take_line(struct inventory *inventory, const char *line, size_t length)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	const char *type = text_of(object, "type");
	bool taken = false;

	if (strcmp(type, "inventory") == 0)
		taken = is_ours(object, line, length, read_subject) && read_subject(inventory, object);
	else if (strcmp(type, "inventory_certificate") == 0)
		taken = is_ours(object, line, length, read_certificate) && read_certificate(inventory, object);
	else if (strcmp(type, "inventory_summary") == 0)
		taken = take_summary(inventory, object);
	json_decref(object);
	return taken;
}
