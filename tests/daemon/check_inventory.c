/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: laboratory captures as golden text, what counts as quantum-safe, a flood that must not push out a pair
 * that negotiated, and the bill of cryptography against the rules of CycloneDX 1.6 for what it holds. The official schema
 * is asked by check_cyclonedx.py, where it can be had.
 */
#include "../../daemon/certificate.h"
#include "../../daemon/report/inventory.h"

#include "../dissectors/ike_build.h"
#include "replay.h"
#include "../suite.h"

#include <jansson.h>

static struct ike_build built;
static struct inventory *inventory;

static void make(void)
{
	inventory = inventory_new(certificate_read, NULL);
	ck_assert_ptr_nonnull(inventory);
}

static void discard(void)
{
	inventory_free(inventory);
}

static void on_record(void *context, const struct record *record)
{
	inventory_add(context, record);
}

static struct address number_address(uint32_t number)
{
	uint8_t octets[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			      (uint8_t)number };

	return address_from_ipv4(octets);
}

static void send(uint32_t from, uint32_t to, int64_t time_ns)
{
	struct record record = { .type = RECORD_IKE_MESSAGE, .time_ns = time_ns };

	record.ike_message = (struct record_ike_message){
		.src = number_address(from),
		.dst = number_address(to),
		.src_port = 500,
		.dst_port = 500,
		.message = built.octets,
		.captured = built.length,
		.length = built.length,
	};
	inventory_add(inventory, &record);
}

/* An IKE_SA_INIT; groups of 0 are left out. */
static void init_message(bool response, unsigned group, unsigned additional, bool ppk)
{
	ike_begin(&built, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, response ? IKEV2_FLAG_RESPONSE : IKEV2_FLAG_INITIATOR);
	uint32_t sa = ike_open(&built, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&built, 0, 1, IKEV2_PROTOCOL_IKE, 0, additional ? 4 : 3);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_AES_GCM_16, 256);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_PRF, IKEV2_PRF_HMAC_SHA2_384, 0);
	if (additional)
		ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_ADDKE1, additional, 0);
	ike_put_v2_transform(&built, 0, IKEV2_TRANSFORM_KE, group, 0);
	ike_close(&built, proposal);
	ike_close(&built, sa);
	if (ppk) {
		uint32_t start = ike_open(&built, IKEV2_PAYLOAD_NOTIFY);
		ike_put(&built, 4, IKEV2_NOTIFY_USE_PPK);
		ike_close(&built, start);
	}
	ike_end(&built);
}

static const struct inventory_subject *pair_of(uint32_t a, uint32_t b)
{
	struct address left = number_address(a), right = number_address(b);

	inventory_sort(inventory);
	for (size_t i = 0; i < inventory_count(inventory); i++) {
		const struct inventory_subject *subject = inventory_subject(inventory, i);
		if (subject->pair && address_equal(&subject->a, &left) && address_equal(&subject->b, &right))
			return subject;
	}
	return NULL;
}

START_TEST(quantum_safety_is_what_was_selected)
{
	static const struct {
		unsigned group, additional;
		bool ppk_request, ppk_response, answered;
		enum inventory_quantum is;
	} cases[] = {
		{ IKE_GROUP_CURVE25519, 0, false, false, true, INVENTORY_NOT_SAFE },
		{ IKE_GROUP_CURVE25519, IKE_GROUP_ML_KEM_768, false, false, true, INVENTORY_SAFE },
		{ IKE_GROUP_CURVE25519, IKE_GROUP_ML_KEM_768, false, false, false, INVENTORY_UNKNOWN },
		{ IKE_GROUP_ML_KEM_1024, 0, false, false, true, INVENTORY_SAFE },
		{ IKE_GROUP_CURVE25519, IKE_GROUP_ECP_384, false, false, true, INVENTORY_NOT_SAFE },
		{ IKE_GROUP_CURVE25519, 0, true, true, true, INVENTORY_LIKELY_SAFE },
		{ IKE_GROUP_CURVE25519, 0, true, false, true, INVENTORY_NOT_SAFE },
	};

	init_message(false, cases[_i].group, cases[_i].additional, cases[_i].ppk_request);
	send(1, 2, 1);
	init_message(true, cases[_i].group, cases[_i].additional, cases[_i].ppk_response);
	if (cases[_i].answered)
		send(2, 1, 2);
	const struct inventory_subject *pair = pair_of(1, 2);
	ck_assert_ptr_nonnull(pair);
	ck_assert_int_eq(inventory_quantum(pair), cases[_i].is);
	ck_assert_int_eq(inventory_has_selection(pair), cases[_i].answered);
	ck_assert_uint_eq(pair->use_count, cases[_i].additional ? 4 : 3);
	/* A peer that was only asked is not one. */
	ck_assert_uint_eq(inventory_count(inventory), cases[_i].answered ? 3 : 2);
}
END_TEST

START_TEST(a_flood_of_offers_does_not_push_out_who_negotiated)
{
	init_message(false, IKE_GROUP_CURVE25519, 0, false);
	send(1, 2, 1);
	init_message(true, IKE_GROUP_CURVE25519, 0, false);
	send(2, 1, 2);
	init_message(false, IKE_GROUP_MODP_1024, 0, false);
	for (uint32_t i = 0; i < 100000; i++)
		send(1000 + i, 2, 3 + i);
	const struct inventory_subject *pair = pair_of(1, 2);
	ck_assert_ptr_nonnull(pair);
	ck_assert(inventory_has_selection(pair));
	ck_assert_uint_le(inventory_count(inventory), INVENTORY_SUBJECTS);
	ck_assert_uint_gt(inventory_unlisted(inventory), 100000);
}
END_TEST

static void negotiate(uint32_t initiator, uint32_t responder, int64_t time_ns)
{
	init_message(false, IKE_GROUP_CURVE25519, 0, false);
	send(initiator, responder, time_ns);
	init_message(true, IKE_GROUP_CURVE25519, 0, false);
	send(responder, initiator, time_ns + 1);
}

/* Clients whose addresses change are many in the course of months: who is there now is not crowded out by who was. */
START_TEST(those_of_long_ago_make_way)
{
	const int64_t day = INT64_C(86400000000000);

	for (uint32_t i = 0; i < 20000; i++)
		negotiate(1000 + i, 2, 1 + i);
	for (uint32_t i = 0; i < 100; i++) {
		negotiate(100000 + i, 2, 29 * day + i);
		negotiate(200000 + i, 2, 31 * day + i);
	}
	unsigned soon = 0, late = 0;
	for (uint32_t i = 0; i < 100; i++) {
		soon += pair_of(2, 100000 + i) != NULL;
		late += pair_of(2, 200000 + i) != NULL;
	}
	ck_assert_uint_lt(soon, 10);
	ck_assert_uint_eq(late, 100);
}
END_TEST

static bool count_certificate(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	unsigned *read = context;

	memset(facts, 0, sizeof(*facts));
	memcpy(facts->digest, octets, length < sizeof(facts->digest) ? length : sizeof(facts->digest));
	++*read;
	return true;
}

/* To read one takes as long as to judge twenty messages, and strangers may send any number. */
START_TEST(a_flood_of_certificates_is_not_read)
{
	unsigned read = 0;
	struct inventory *given = inventory;

	inventory = inventory_new(count_certificate, &read);
	ck_assert_ptr_nonnull(inventory);
	for (uint32_t i = 0; i < 100000; i++) {
		ike_begin(&built, 0x10, IKEV1_EXCHANGE_AGGRESSIVE, 0);
		uint32_t start = ike_open(&built, IKEV1_PAYLOAD_CERT);
		ike_put(&built, 1, 4); /* X.509, for signatures */
		ike_put(&built, 4, i);
		ike_close(&built, start);
		ike_end(&built);
		send(1000 + i, 2, i * INT64_C(20000));
	}
	/* Two seconds of them. */
	ck_assert_uint_ge(read, 400);
	ck_assert_uint_le(read, 600);
	ck_assert_uint_gt(inventory_unlisted(inventory), 99000);
	inventory_free(inventory);
	inventory = given;
}
END_TEST

START_TEST(more_algorithms_than_are_kept_are_said_to_be)
{
	ike_begin(&built, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, IKEV2_FLAG_INITIATOR);
	uint32_t sa = ike_open(&built, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&built, 0, 1, IKEV2_PROTOCOL_IKE, 0, INVENTORY_USES + 1);
	for (unsigned i = 0; i <= INVENTORY_USES; i++)
		ike_put_v2_transform(&built, i < INVENTORY_USES ? 3 : 0, IKEV2_TRANSFORM_ENCR, 1000 + i, 0);
	ike_close(&built, proposal);
	ike_close(&built, sa);
	ike_end(&built);
	send(1, 2, 1);
	const struct inventory_subject *pair = pair_of(1, 2);
	ck_assert_ptr_nonnull(pair);
	ck_assert_uint_eq(pair->use_count, INVENTORY_USES);
	ck_assert(pair->more);
}
END_TEST

START_TEST(esp_is_told_as_far_as_it_shows)
{
	struct record record = { .type = RECORD_SA };
	struct address a = number_address(1), b = number_address(2);

	record.sa = (struct record_sa){ .src = b, .dst = a, .protocol = 50 };
	inventory_add(inventory, &record);
	ck_assert_uint_eq(pair_of(1, 2)->esp, INVENTORY_ENCRYPTED);
	record.sa.protocol = 51;
	inventory_add(inventory, &record);
	ck_assert_uint_eq(pair_of(1, 2)->esp, INVENTORY_ENCRYPTED | INVENTORY_AH);
	memset(&record, 0, sizeof(record));
	record.type = RECORD_FINDING;
	record.finding.id = FINDING_READABLE_ESP;
	record.finding.has_pair = true;
	record.finding.a = a;
	record.finding.b = b;
	record.finding.state = FINDING_CLEAR;
	inventory_add(inventory, &record);
	ck_assert_uint_eq(pair_of(1, 2)->esp & INVENTORY_NULL, 0);
	record.finding.state = FINDING_OPEN;
	inventory_add(inventory, &record);
	ck_assert_uint_eq(pair_of(1, 2)->esp & INVENTORY_NULL, INVENTORY_NULL);
	record.finding.id = FINDING_ESP_64_BIT_BLOCK;
	inventory_add(inventory, &record);
	ck_assert_uint_eq(pair_of(1, 2)->esp & INVENTORY_BLOCK64, INVENTORY_BLOCK64);
}
END_TEST

START_TEST(golden_texts)
{
	static const char *const names[] = { "refused", "ikev1", "nat", "certificates", "shown", "fragmented" };
	const struct page page = { .width = 80 };
	struct page to_memory = page;
	char capture[64], golden[64], *octets = NULL;
	size_t length = 0;

	snprintf(capture, sizeof(capture), "ike_log/%s.pcap", names[_i]);
	snprintf(golden, sizeof(golden), "ike_log/%s-inventory.txt", names[_i]);
	replay(capture, on_record, inventory);
	inventory_sort(inventory);
	to_memory.file = open_memstream(&octets, &length);
	inventory_write_text(inventory, &to_memory);
	fclose(to_memory.file);
	compare_golden(golden, octets, length);
	free(octets);
}
END_TEST

/* ---- JSON lines ---- */

START_TEST(json_lines_have_their_keys)
{
	static const char *const keys[] = { "type",  "time",         "sensor",  "subject", "versions",
					    "modes", "selected",     "offered", "vendors", "certificates",
					    "esp",   "quantum_safe", "first",   "last",    "messages" };
	char *octets = NULL;
	size_t length = 0;
	unsigned lines = 0;

	replay("ike_log/ikev1.pcap", on_record, inventory);
	inventory_sort(inventory);
	FILE *file = open_memstream(&octets, &length);
	ck_assert(inventory_write_json(inventory, file, "test"));
	fclose(file);
	for (char *line = octets; *line; lines++) {
		char *newline = strchr(line, '\n');
		*newline = '\0';
		json_t *object = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(object);
		if (newline[1]) {
			ck_assert_uint_eq(json_object_size(object), sizeof(keys) / sizeof(keys[0]));
			for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
				ck_assert_msg(json_object_get(object, keys[i]) != NULL, "no %s", keys[i]);
			ck_assert_uint_eq(json_array_size(json_object_get(object, "selected")), 4);
		} else {
			ck_assert_str_eq(json_string_value(json_object_get(object, "type")), "inventory_summary");
		}
		json_decref(object);
		line = newline + 1;
	}
	ck_assert_uint_eq(lines, 4); /* a pair, two peers, the summary */
	free(octets);
}
END_TEST

START_TEST(json_lines_of_certificates)
{
	static const char *const keys[] = { "type",      "time",       "sensor",    "address", "subject", "issuer",
					    "serial",    "not_before", "not_after", "state",   "key",     "key_bits",
					    "signature", "authority",  "digest",    "first",   "last" };
	char *octets = NULL;
	size_t length = 0;
	unsigned certificates = 0, expired = 0;

	replay("ike_log/shown.pcap", on_record, inventory);
	replay("ike_log/shown.pcap", on_record, inventory); /* shown again: the same two */
	inventory_sort(inventory);
	FILE *file = open_memstream(&octets, &length);
	ck_assert(inventory_write_json(inventory, file, "test"));
	fclose(file);
	for (char *line = octets; *line;) {
		char *newline = strchr(line, '\n');
		*newline = '\0';
		json_t *object = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(object);
		if (strcmp(json_string_value(json_object_get(object, "type")), "inventory_certificate") == 0) {
			certificates++;
			ck_assert_uint_eq(json_object_size(object), sizeof(keys) / sizeof(keys[0]));
			for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
				ck_assert_msg(json_object_get(object, keys[i]) != NULL, "no %s", keys[i]);
			expired += strcmp(json_string_value(json_object_get(object, "state")), "expired") == 0;
		}
		json_decref(object);
		line = newline + 1;
	}
	ck_assert_uint_eq(certificates, 2);
	ck_assert_uint_eq(expired, 1);
	free(octets);
}
END_TEST

/* What is written can be read, and is then the same in every shape; a line that was changed anywhere is refused. */
START_TEST(lines_give_the_inventory_again)
{
	static const char *const captures[] = { "ike_log/refused.pcap", "ike_log/ikev1.pcap",
						"ike_log/nat.pcap",     "ike_log/certificates.pcap",
						"ike_log/shown.pcap",   "ike_log/fragmented.pcap" };
	struct inventory *again = inventory_new(NULL, NULL);
	char *octets[2] = { NULL, NULL };
	size_t length[2];

	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++)
		replay(captures[i], on_record, inventory);
	inventory_sort(inventory);
	size_t count = inventory_json_count(inventory);
	ck_assert_uint_gt(count, 12);
	for (size_t i = 0; i < count; i++) {
		char *line = inventory_json_line(inventory, i, "edge-1");
		ck_assert_msg(inventory_take_line(again, line, strlen(line)), "refused: %s", line);
		free(line);
	}
	ck_assert_ptr_null(inventory_json_line(inventory, count, "edge-1"));
	inventory_sort(again);
	for (unsigned i = 0; i < 2; i++) {
		FILE *file = open_memstream(&octets[i], &length[i]);
		const struct page page = { .file = file, .width = 80 };
		const struct inventory *one = i ? again : inventory;
		inventory_write_text(one, &page);
		ck_assert(inventory_write_json(one, file, "edge-1"));
		fclose(file);
	}
	ck_assert_str_eq(octets[0], octets[1]);
	free(octets[0]);
	free(octets[1]);
	inventory_free(again);
}
END_TEST

START_TEST(a_line_that_was_changed_is_refused)
{
	replay("ike_log/shown.pcap", on_record, inventory);
	inventory_sort(inventory);
	for (size_t at = 0; at + 1 < inventory_json_count(inventory); at++) {
		struct inventory *other = inventory_new(NULL, NULL);
		char *line = inventory_json_line(inventory, at, "edge-1");
		size_t length = strlen(line);
		for (size_t i = at % 7; i < length; i += 7) {
			char before = line[i];
			line[i] = before == 'x' ? 'y' : 'x';
			/* Into one that is empty: what is refused must not stay. Names and digests are any. */
			if (!inventory_take_line(other, line, length)) {
				inventory_sort(other);
				ck_assert_uint_eq(inventory_count(other), 0);
				ck_assert_uint_eq(inventory_certificate_count(other), 0);
			} else {
				inventory_free(other);
				other = inventory_new(NULL, NULL);
			}
			line[i] = before;
		}
		for (size_t i = 0; i < length; i += 5)
			ck_assert(!inventory_take_line(other, line, i));
		ck_assert(inventory_take_line(other, line, length));
		ck_assert(!inventory_take_line(other, line, length) || strstr(line, "inventory_certificate"));
		free(line);
		inventory_free(other);
	}
}
END_TEST

/* ---- CycloneDX ---- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* No key but these: the schema closes its objects. */
static void only_keys(json_t *object, const char *const *words)
{
	const char *key;
	json_t *value;

	ck_assert(json_is_object(object));
	json_object_foreach(object, key, value) ck_assert_msg(is_one_of(key, words), "key %s", key);
}

static void check_references(json_t *list, json_t *references)
{
	size_t index;
	json_t *value;

	ck_assert(json_is_array(list));
	json_array_foreach(list, index, value)
	    ck_assert_msg(json_object_get(references, json_string_value(value)) != NULL, "%s leads nowhere",
			  json_string_value(value));
}

static void check_algorithm(json_t *properties)
{
	static const char *const keys[] = { "primitive",
					    "parameterSetIdentifier",
					    "curve",
					    "mode",
					    "cryptoFunctions",
					    "classicalSecurityLevel",
					    "nistQuantumSecurityLevel",
					    NULL };
	static const char *const primitives[] = { "mac",       "block-cipher", "signature", "hash",  "kdf",
						  "key-agree", "kem",          "ae",        "other", NULL };
	static const char *const modes[] = { "cbc", "ccm", "gcm", "ctr", NULL };
	static const char *const functions[] = { "keygen",      "encrypt",     "decrypt", "digest",
						 "tag",         "keyderive",   "sign",    "verify",
						 "encapsulate", "decapsulate", "other",   NULL };
	size_t index;
	json_t *value;

	only_keys(properties, keys);
	ck_assert(is_one_of(json_string_value(json_object_get(properties, "primitive")), primitives));
	value = json_object_get(properties, "mode");
	ck_assert(!value || is_one_of(json_string_value(value), modes));
	json_array_foreach(json_object_get(properties, "cryptoFunctions"), index, value)
	    ck_assert(is_one_of(json_string_value(value), functions));
	value = json_object_get(properties, "nistQuantumSecurityLevel");
	ck_assert(!value || (json_integer_value(value) >= 0 && json_integer_value(value) <= 6));
}

static void check_protocol(json_t *properties, json_t *references)
{
	static const char *const keys[] = { "type", "version", "ikev2TransformTypes", "cryptoRefArray", NULL };
	static const char *const types[] = { "ike", "ipsec", NULL };
	static const char *const transforms[] = { "encr", "prf", "integ", "ke", NULL };
	const char *key;
	json_t *value;

	only_keys(properties, keys);
	ck_assert(is_one_of(json_string_value(json_object_get(properties, "type")), types));
	value = json_object_get(properties, "ikev2TransformTypes");
	if (value)
		only_keys(value, transforms);
	json_t *lists = value;
	json_object_foreach(lists, key, value) check_references(value, references);
	value = json_object_get(properties, "cryptoRefArray");
	if (value)
		check_references(value, references);
}

static void leads_somewhere(json_t *properties, const char *key, json_t *references)
{
	const char *reference = json_string_value(json_object_get(properties, key));

	ck_assert_ptr_nonnull(reference);
	ck_assert_msg(json_object_get(references, reference) != NULL, "%s leads nowhere", reference);
}

static void check_certificate(json_t *properties, json_t *references)
{
	static const char *const keys[] = { "subjectName",         "issuerName",
					    "notValidBefore",      "notValidAfter",
					    "certificateFormat",   "signatureAlgorithmRef",
					    "subjectPublicKeyRef", NULL };

	only_keys(properties, keys);
	for (unsigned i = 0; keys[i]; i++)
		ck_assert_ptr_nonnull(json_object_get(properties, keys[i]));
	leads_somewhere(properties, "signatureAlgorithmRef", references);
	leads_somewhere(properties, "subjectPublicKeyRef", references);
}

static void check_key(json_t *properties)
{
	static const char *const keys[] = { "type", "size", NULL };

	only_keys(properties, keys);
	ck_assert_str_eq(json_string_value(json_object_get(properties, "type")), "public-key");
	ck_assert_int_ge(json_integer_value(json_object_get(properties, "size")), 256);
}

static void check_component(json_t *component, json_t *references)
{
	static const char *const keys[] = { "type", "bom-ref", "name", "cryptoProperties", "evidence", NULL };
	static const char *const crypto[] = { "assetType",
					      "algorithmProperties",
					      "protocolProperties",
					      "certificateProperties",
					      "relatedCryptoMaterialProperties",
					      NULL };
	static const char *const evidence[] = { "occurrences", NULL };
	static const char *const occurrence[] = { "location", "additionalContext", NULL };
	json_t *properties = json_object_get(component, "cryptoProperties");
	const char *asset = json_string_value(json_object_get(properties, "assetType"));
	size_t index;
	json_t *value;

	only_keys(component, keys);
	ck_assert_str_eq(json_string_value(json_object_get(component, "type")), "cryptographic-asset");
	ck_assert_uint_gt(json_string_length(json_object_get(component, "name")), 0);
	only_keys(properties, crypto);
	if (strcmp(asset, "algorithm") == 0) {
		check_algorithm(json_object_get(properties, "algorithmProperties"));
	} else if (strcmp(asset, "certificate") == 0) {
		check_certificate(json_object_get(properties, "certificateProperties"), references);
	} else if (strcmp(asset, "related-crypto-material") == 0) {
		check_key(json_object_get(properties, "relatedCryptoMaterialProperties"));
	} else {
		ck_assert_str_eq(asset, "protocol");
		check_protocol(json_object_get(properties, "protocolProperties"), references);
	}
	if (json_object_get(component, "evidence"))
		only_keys(json_object_get(component, "evidence"), evidence);
	json_array_foreach(json_object_get(json_object_get(component, "evidence"), "occurrences"), index, value)
	{
		only_keys(value, occurrence);
		ck_assert_ptr_nonnull(json_object_get(value, "location"));
	}
}

START_TEST(the_bill_of_cryptography_keeps_the_rules)
{
	static const char *const captures[] = { "ike_log/refused.pcap", "ike_log/ikev1.pcap", "ike_log/nat.pcap",
						"ike_log/certificates.pcap", "ike_log/shown.pcap" };
	static const char *const keys[] = { "bomFormat", "specVersion", "version", "metadata", "components", NULL };
	char *octets = NULL;
	size_t length = 0, index;
	json_t *component;

	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++)
		replay(captures[i], on_record, inventory);
	init_message(false, IKE_GROUP_CURVE25519, IKE_GROUP_ML_KEM_768, false);
	send(1, 2, 1);
	init_message(true, IKE_GROUP_CURVE25519, IKE_GROUP_ML_KEM_768, false);
	send(2, 1, 2);
	init_message(false, 999, 998, false); /* groups without a name */
	send(3, 4, 3);
	inventory_sort(inventory);
	FILE *file = open_memstream(&octets, &length);
	ck_assert(inventory_write_cyclonedx(inventory, file, "test"));
	fclose(file);
	json_t *document = json_loads(octets, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(document);
	only_keys(document, keys);
	ck_assert_str_eq(json_string_value(json_object_get(document, "bomFormat")), "CycloneDX");
	ck_assert_str_eq(json_string_value(json_object_get(document, "specVersion")), "1.6");
	json_t *references = json_object();
	json_array_foreach(json_object_get(document, "components"), index, component)
	{
		const char *reference = json_string_value(json_object_get(component, "bom-ref"));
		ck_assert_msg(json_object_get(references, reference) == NULL, "%s twice", reference);
		json_object_set(references, reference, component);
	}
	ck_assert_ptr_nonnull(json_object_get(references, "algorithm/signature/sha256WithRSAEncryption"));
	ck_assert_ptr_nonnull(json_object_get(references, "protocol/ike/1.0"));
	ck_assert_ptr_nonnull(json_object_get(references, "protocol/ike/2.0"));
	ck_assert_ptr_nonnull(json_object_get(references, "algorithm/2/group/36")); /* ML-KEM-768 */
	json_array_foreach(json_object_get(document, "components"), index, component)
	    check_component(component, references);
	json_decref(references);
	json_decref(document);
	free(octets);
}
END_TEST

START_TEST(nothing_seen_is_a_valid_answer)
{
	char *octets = NULL;
	size_t length = 0;

	inventory_sort(inventory);
	FILE *file = open_memstream(&octets, &length);
	const struct page page = { .file = file, .width = 80 };
	inventory_write_text(inventory, &page);
	ck_assert(inventory_write_cyclonedx(inventory, file, "test"));
	ck_assert(inventory_write_json(inventory, file, "test"));
	fclose(file);
	ck_assert_ptr_nonnull(strstr(octets, "nothing to list"));
	ck_assert_ptr_nonnull(strstr(octets, "\"components\": []"));
	free(octets);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inventory");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make, discard);
	tcase_add_loop_test(tests, quantum_safety_is_what_was_selected, 0, 7);
	tcase_add_test(tests, a_flood_of_offers_does_not_push_out_who_negotiated);
	tcase_add_test(tests, those_of_long_ago_make_way);
	tcase_add_test(tests, a_flood_of_certificates_is_not_read);
	tcase_add_test(tests, more_algorithms_than_are_kept_are_said_to_be);
	tcase_add_test(tests, esp_is_told_as_far_as_it_shows);
	tcase_add_loop_test(tests, golden_texts, 0, 6);
	tcase_add_test(tests, json_lines_of_certificates);
	tcase_add_test(tests, json_lines_have_their_keys);
	tcase_add_test(tests, lines_give_the_inventory_again);
	tcase_add_test(tests, a_line_that_was_changed_is_refused);
	tcase_add_test(tests, the_bill_of_cryptography_keeps_the_rules);
	tcase_add_test(tests, nothing_seen_is_a_valid_answer);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
