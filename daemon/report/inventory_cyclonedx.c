/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory as a CycloneDX 1.6 bill of materials of cryptography (ECMA-424).
 *
 * One component for each algorithm, with every pair that selected or peer that offered it as an occurrence, and one for
 * each version of IKE and for IPsec itself. No serial number and no time of making: the same traffic gives the same
 * document. References stay within it.
 */
#include "inventory.h"
#include "timestamp.h"
#include "../../dissectors/ike_names.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { ALGORITHMS_MAX = 1024, OCCURRENCES_MAX = 1000 };

struct cbom {
	const struct inventory *inventory;
	struct ike_algorithm algorithms[ALGORITHMS_MAX];
	bool selected[ALGORITHMS_MAX]; /* by anybody */
	size_t count;
	json_t *components;
	bool failed;
};

static void append(struct cbom *cbom, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) != 0)
		cbom->failed = true;
}

static void put(struct cbom *cbom, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		cbom->failed = true;
}

/* "algorithm/2/encryption/AES_CBC_256" */
static void add_reference(const struct ike_algorithm *algorithm, struct line *line)
{
	/* A key exchange is the same thing whether it comes first or in addition. */
	unsigned kind = algorithm->kind == IKE_ALGORITHM_ADDITIONAL ? IKE_ALGORITHM_GROUP : algorithm->kind;

	line_add(line, "algorithm/%u/%s/%u", algorithm->major, ike_algorithm_kind_name(kind), algorithm->id);
	if (algorithm->key_length)
		line_add(line, "-%u", algorithm->key_length);
}

static bool same(const struct ike_algorithm *left, const struct ike_algorithm *right)
{
	struct line one, other;

	if (left->id != right->id || left->key_length != right->key_length || left->major != right->major)
		return false;
	line_clear(&one);
	line_clear(&other);
	add_reference(left, &one);
	add_reference(right, &other);
	return strcmp(one.text, other.text) == 0;
}

static void gather(struct cbom *cbom)
{
	for (size_t i = 0; i < inventory_count(cbom->inventory); i++) {
		const struct inventory_subject *subject = inventory_subject(cbom->inventory, i);
		for (unsigned j = 0; j < subject->use_count; j++) {
			size_t at = 0;
			while (at < cbom->count && !same(&cbom->algorithms[at], &subject->uses[j].algorithm))
				at++;
			if (at == ALGORITHMS_MAX)
				continue;
			if (at == cbom->count) {
				cbom->algorithms[cbom->count] = subject->uses[j].algorithm;
				cbom->selected[cbom->count++] = false;
			}
			cbom->selected[at] |= subject->uses[j].selected;
		}
	}
}

/* ---- what is known of algorithms ---- */

struct group_facts {
	uint16_t id;
	uint16_t classical; /* bits of security, 0: not said */
	uint8_t quantum;    /* NIST category, 0: none */
	const char *curve, *parameters;
};

static const struct group_facts groups[] = {
	{ IKE_GROUP_MODP_768, 0, 0, NULL, "768" },
	{ IKE_GROUP_MODP_1024, 80, 0, NULL, "1024" },
	{ IKE_GROUP_MODP_1536, 0, 0, NULL, "1536" },
	{ IKE_GROUP_MODP_2048, 112, 0, NULL, "2048" },
	{ IKE_GROUP_MODP_3072, 128, 0, NULL, "3072" },
	{ IKE_GROUP_MODP_4096, 0, 0, NULL, "4096" },
	{ IKE_GROUP_MODP_6144, 0, 0, NULL, "6144" },
	{ IKE_GROUP_MODP_8192, 0, 0, NULL, "8192" },
	{ IKE_GROUP_ECP_192, 96, 0, "secp192r1", NULL },
	{ IKE_GROUP_ECP_224, 112, 0, "secp224r1", NULL },
	{ IKE_GROUP_ECP_256, 128, 0, "secp256r1", NULL },
	{ IKE_GROUP_ECP_384, 192, 0, "secp384r1", NULL },
	{ IKE_GROUP_ECP_521, 256, 0, "secp521r1", NULL },
	{ IKE_GROUP_BRAINPOOL_P256, 128, 0, "brainpoolP256r1", NULL },
	{ IKE_GROUP_BRAINPOOL_P384, 192, 0, "brainpoolP384r1", NULL },
	{ IKE_GROUP_BRAINPOOL_P512, 256, 0, "brainpoolP512r1", NULL },
	{ IKE_GROUP_CURVE25519, 128, 0, "curve25519", NULL },
	{ IKE_GROUP_CURVE448, 224, 0, "curve448", NULL },
	{ IKE_GROUP_ML_KEM_512, 128, 1, NULL, "512" },
	{ IKE_GROUP_ML_KEM_768, 192, 3, NULL, "768" },
	{ IKE_GROUP_ML_KEM_1024, 256, 5, NULL, "1024" },
};

static bool contains(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

static json_t *functions(const char *first, const char *second)
{
	return second ? json_pack("[s, s]", first, second) : json_pack("[s]", first);
}

static void group_properties(struct cbom *cbom, const struct ike_algorithm *algorithm, json_t *properties)
{
	bool kem = ike_algorithm_quantum_safe(algorithm);

	put(cbom, properties, "primitive", json_string(kem ? "kem" : "key-agree"));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (groups[i].id != algorithm->id)
			continue;
		if (groups[i].parameters)
			put(cbom, properties, "parameterSetIdentifier", json_string(groups[i].parameters));
		if (groups[i].curve)
			put(cbom, properties, "curve", json_string(groups[i].curve));
		if (groups[i].classical)
			put(cbom, properties, "classicalSecurityLevel", json_integer(groups[i].classical));
		put(cbom, properties, "nistQuantumSecurityLevel", json_integer(groups[i].quantum));
	}
	put(cbom, properties, "cryptoFunctions",
	    kem ? functions("encapsulate", "decapsulate") : functions("keygen", "keyderive"));
}

static void cipher_properties(struct cbom *cbom, const struct ike_algorithm *algorithm, const char *name,
			      json_t *properties)
{
	bool gcm = contains(name, "GCM"), ccm = contains(name, "CCM"), poly = contains(name, "POLY1305");
	bool aes = strncmp(name, "AES", 3) == 0;
	const char *mode = gcm                     ? "gcm"
			   : ccm                   ? "ccm"
			   : contains(name, "CBC") ? "cbc"
			   : contains(name, "CTR") ? "ctr"
						   : NULL;
	char bits[16];

	put(cbom, properties, "primitive",
	    json_string(gcm || ccm || poly       ? "ae"
			: contains(name, "NULL") ? "other"
						 : "block-cipher"));
	if (algorithm->key_length) {
		snprintf(bits, sizeof(bits), "%u", algorithm->key_length);
		put(cbom, properties, "parameterSetIdentifier", json_string(bits));
	}
	if (mode)
		put(cbom, properties, "mode", json_string(mode));
	put(cbom, properties, "cryptoFunctions", functions("encrypt", "decrypt"));
	if (aes && algorithm->key_length) {
		put(cbom, properties, "classicalSecurityLevel", json_integer(algorithm->key_length));
		put(cbom, properties, "nistQuantumSecurityLevel",
		    json_integer(algorithm->key_length >= 256   ? 5
				 : algorithm->key_length >= 192 ? 3
								: 1));
	}
}

static json_t *algorithm_properties(struct cbom *cbom, const struct ike_algorithm *algorithm, const char *name)
{
	json_t *properties = json_object();
	bool signature;

	switch (algorithm->kind) {
	case IKE_ALGORITHM_GROUP:
	case IKE_ALGORITHM_ADDITIONAL:
		group_properties(cbom, algorithm, properties);
		break;
	case IKE_ALGORITHM_ENCRYPTION:
		cipher_properties(cbom, algorithm, name, properties);
		break;
	case IKE_ALGORITHM_INTEGRITY:
		put(cbom, properties, "primitive", json_string("mac"));
		put(cbom, properties, "cryptoFunctions", functions("tag", "verify"));
		break;
	case IKE_ALGORITHM_PRF:
		put(cbom, properties, "primitive", json_string(algorithm->major == 1 ? "hash" : "kdf"));
		put(cbom, properties, "cryptoFunctions",
		    functions(algorithm->major == 1 ? "digest" : "keyderive", NULL));
		break;
	default:
		signature = contains(name, "RSA sig") || contains(name, "DSS sig") || contains(name, "ECDSA");
		put(cbom, properties, "primitive", json_string(signature ? "signature" : "other"));
		put(cbom, properties, "cryptoFunctions",
		    signature ? functions("sign", "verify") : functions("other", NULL));
		if (signature)
			put(cbom, properties, "nistQuantumSecurityLevel", json_integer(0));
		break;
	}
	return properties;
}

/* ---- occurrences ---- */

static void add_occurrence(struct cbom *cbom, json_t *list, const struct inventory_subject *subject,
			   const char *context)
{
	struct address_text a, b;
	struct line location;

	if (json_array_size(list) >= OCCURRENCES_MAX)
		return;
	line_clear(&location);
	line_add(&location, "%s", address_text(&subject->a, &a));
	if (subject->pair)
		line_add(&location, " <-> %s", address_text(&subject->b, &b));
	append(cbom, list, json_pack("{s:s, s:s}", "location", location.text, "additionalContext", context));
}

/* Pairs that selected it, peers that offered it. */
static json_t *algorithm_occurrences(struct cbom *cbom, const struct ike_algorithm *algorithm)
{
	json_t *list = json_array();

	for (size_t i = 0; i < inventory_count(cbom->inventory); i++) {
		const struct inventory_subject *subject = inventory_subject(cbom->inventory, i);
		for (unsigned j = 0; j < subject->use_count; j++) {
			if (!same(&subject->uses[j].algorithm, algorithm))
				continue;
			if (subject->pair && subject->uses[j].selected)
				add_occurrence(cbom, list, subject, "selected in IKE");
			if (!subject->pair && subject->uses[j].offered)
				add_occurrence(cbom, list, subject, "offered in IKE");
		}
	}
	return list;
}

static void add_component(struct cbom *cbom, const char *reference, const char *name, json_t *properties,
			  json_t *occurrences)
{
	json_t *component = json_pack("{s:s, s:s, s:s, s:o}", "type", "cryptographic-asset", "bom-ref", reference,
				      "name", name, "cryptoProperties", properties);

	if (!component)
		cbom->failed = true;
	if (json_array_size(occurrences) > 0)
		put(cbom, component, "evidence", json_pack("{s:o}", "occurrences", occurrences));
	else
		json_decref(occurrences);
	append(cbom, cbom->components, component);
}

static void add_algorithm(struct cbom *cbom, size_t index)
{
	const struct ike_algorithm *algorithm = &cbom->algorithms[index];
	struct line name, reference;

	line_clear(&name);
	line_clear(&reference);
	line_add_algorithm(&name, algorithm);
	add_reference(algorithm, &reference);
	add_component(cbom, reference.text, name.text,
		      json_pack("{s:s, s:o}", "assetType", "algorithm", "algorithmProperties",
				algorithm_properties(cbom, algorithm, name.text)),
		      algorithm_occurrences(cbom, algorithm));
}

/* ---- protocols ---- */

static json_t *references(struct cbom *cbom, bool v1, unsigned kind, bool all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cbom->count; i++) {
		const struct ike_algorithm *algorithm = &cbom->algorithms[i];
		struct line reference;
		/* Groups are shared by both versions; everything else has a registry for each. */
		bool shared = algorithm->kind == IKE_ALGORITHM_GROUP || algorithm->kind == IKE_ALGORITHM_ADDITIONAL;
		if (!cbom->selected[i] || (!shared && (algorithm->major == 1) != v1))
			continue;
		if (!all && !(algorithm->kind == kind || (kind == IKE_ALGORITHM_GROUP && shared)))
			continue;
		line_clear(&reference);
		add_reference(algorithm, &reference);
		append(cbom, list, json_string(reference.text));
	}
	return list;
}

static void put_references(struct cbom *cbom, json_t *object, const char *key, unsigned kind)
{
	json_t *list = references(cbom, false, kind, false);

	if (json_array_size(list) > 0)
		put(cbom, object, key, list);
	else
		json_decref(list);
}

static void add_ike(struct cbom *cbom, bool v1)
{
	json_t *occurrences = json_array();
	json_t *properties = json_pack("{s:s, s:s}", "type", "ike", "version", v1 ? "1.0" : "2.0");

	for (size_t i = 0; i < inventory_count(cbom->inventory); i++) {
		const struct inventory_subject *subject = inventory_subject(cbom->inventory, i);
		if (!subject->pair || !(v1 ? subject->v1 : subject->v2))
			continue;
		add_occurrence(cbom, occurrences, subject,
			       v1 && subject->aggressive ? "seen on the wire, in aggressive mode" : "seen on the wire");
	}
	if (json_array_size(occurrences) == 0) {
		json_decref(occurrences);
		json_decref(properties);
		return;
	}
	if (v1) {
		json_t *list = references(cbom, true, 0, true);
		if (json_array_size(list) > 0)
			put(cbom, properties, "cryptoRefArray", list);
		else
			json_decref(list);
	} else {
		json_t *types = json_object();
		put_references(cbom, types, "encr", IKE_ALGORITHM_ENCRYPTION);
		put_references(cbom, types, "prf", IKE_ALGORITHM_PRF);
		put_references(cbom, types, "integ", IKE_ALGORITHM_INTEGRITY);
		put_references(cbom, types, "ke", IKE_ALGORITHM_GROUP);
		put(cbom, properties, "ikev2TransformTypes", types);
	}
	add_component(cbom, v1 ? "protocol/ike/1.0" : "protocol/ike/2.0", v1 ? "IKEv1" : "IKEv2",
		      json_pack("{s:s, s:o}", "assetType", "protocol", "protocolProperties", properties), occurrences);
}

static void add_ipsec(struct cbom *cbom)
{
	json_t *occurrences = json_array();

	for (size_t i = 0; i < inventory_count(cbom->inventory); i++) {
		const struct inventory_subject *subject = inventory_subject(cbom->inventory, i);
		if (!subject->esp)
			continue;
		add_occurrence(cbom, occurrences, subject,
			       subject->esp & INVENTORY_NULL ? "ESP without encryption (NULL)"
			       : subject->esp & INVENTORY_BLOCK64
				   ? "ESP, by its lengths a cipher with a block of 64 bits"
			       : subject->esp & INVENTORY_ENCRYPTED ? "ESP, cipher not visible"
								    : "AH, no encryption");
	}
	if (json_array_size(occurrences) == 0) {
		json_decref(occurrences);
		return;
	}
	add_component(cbom, "protocol/ipsec", "IPsec",
		      json_pack("{s:s, s:{s:s}}", "assetType", "protocol", "protocolProperties", "type", "ipsec"),
		      occurrences);
}

/* ---- certificates ---- */

/* "algorithm/signature/sha256WithRSAEncryption": one for each way a certificate is signed. */
static void add_signatures(struct cbom *cbom)
{
	size_t count = inventory_certificate_count(cbom->inventory);

	for (size_t i = 0; i < count; i++) {
		const char *name = inventory_certificate(cbom->inventory, i)->facts.signature;
		json_t *occurrences;
		struct line reference;
		size_t first = 0;
		while (strcmp(inventory_certificate(cbom->inventory, first)->facts.signature, name) != 0)
			first++;
		if (first < i || !name[0])
			continue;
		occurrences = json_array();
		line_clear(&reference);
		line_add(&reference, "algorithm/signature/%s", name);
		add_component(cbom, reference.text, name,
			      json_pack("{s:s, s:{s:s, s:[s, s]}}", "assetType", "algorithm", "algorithmProperties",
					"primitive", "signature", "cryptoFunctions", "sign", "verify"),
			      occurrences);
	}
}

/* One component for a certificate, however many hosts show it, and one for its public key. */
static void add_certificate(struct cbom *cbom, size_t index)
{
	const struct inventory_certificate *shown = inventory_certificate(cbom->inventory, index);
	const struct certificate_facts *facts = &shown->facts;
	struct line digest, certificate, key, signature;
	struct timestamp_text from, until;
	json_t *occurrences = json_array();
	struct address_text address;

	for (size_t i = 0; i < inventory_certificate_count(cbom->inventory); i++) {
		const struct inventory_certificate *other = inventory_certificate(cbom->inventory, i);
		if (memcmp(other->facts.digest, facts->digest, sizeof(facts->digest)) != 0)
			continue;
		if (i < index) {
			json_decref(occurrences);
			return; /* told already */
		}
		append(cbom, occurrences,
		       json_pack("{s:s, s:s}", "location", address_text(&other->host, &address), "additionalContext",
				 "shown in IKE, in clear"));
	}
	line_clear(&digest);
	line_clear(&certificate);
	line_clear(&key);
	line_clear(&signature);
	line_add_hex(&digest, facts->digest, sizeof(facts->digest), sizeof(facts->digest));
	line_add(&certificate, "certificate/%s", digest.text);
	line_add(&key, "key/%s", digest.text);
	line_add(&signature, "algorithm/signature/%s", facts->signature);
	json_t *properties = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "subjectName", facts->subject, "issuerName",
				       facts->issuer, "notValidBefore", timestamp_text(facts->not_before_ns, &from),
				       "notValidAfter", timestamp_text(facts->not_after_ns, &until),
				       "certificateFormat", "X.509", "subjectPublicKeyRef", key.text);
	if (facts->signature[0])
		put(cbom, properties, "signatureAlgorithmRef", json_string(signature.text));
	add_component(cbom, certificate.text, facts->subject[0] ? facts->subject : "certificate",
		      json_pack("{s:s, s:o}", "assetType", "certificate", "certificateProperties", properties),
		      occurrences);
	json_t *material = json_pack("{s:s}", "type", "public-key");
	if (facts->key_bits)
		put(cbom, material, "size", json_integer(facts->key_bits));
	add_component(cbom, key.text, facts->key[0] ? facts->key : "public key",
		      json_pack("{s:s, s:o}", "assetType", "related-crypto-material", "relatedCryptoMaterialProperties",
				material),
		      json_array());
}

bool inventory_write_cyclonedx(const struct inventory *inventory, FILE *file, const char *sensor)
{
	struct cbom *cbom = calloc(1, sizeof(*cbom));
	bool written = false;

	if (!cbom)
		return false;
	cbom->inventory = inventory;
	cbom->components = json_array();
	gather(cbom);
	for (size_t i = 0; i < cbom->count; i++)
		add_algorithm(cbom, i);
	add_signatures(cbom);
	for (size_t i = 0; i < inventory_certificate_count(inventory); i++)
		add_certificate(cbom, i);
	add_ike(cbom, true);
	add_ike(cbom, false);
	add_ipsec(cbom);
	json_t *document = json_pack("{s:s, s:s, s:i, s:{s:{s:[{s:s, s:s, s:s}]}, s:[{s:s, s:s}]}, s:o}", "bomFormat",
				     "CycloneDX", "specVersion", "1.6", "version", 1, "metadata", "tools", "components",
				     "type", "application", "name", "espial", "version", ESPIAL_VERSION, "properties",
				     "name", "espial:sensor", "value", sensor, "components", cbom->components);
	if (document && !cbom->failed)
		written = json_dumpf(document, file, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
	if (written)
		fputs("\n", file);
	json_decref(document);
	free(cbom);
	return written;
}
