/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations as scripts: IKE messages in the order of the wire, put to a judge, and the findings that come of it.
 *
 * A message is built by v2_*() or v1_*() into the script and sent by say(), `milliseconds` after the one before. Sides:
 * 0 is 10.0.0.1, the lower address, 1 is 10.0.0.2; others by peer.
 */
#ifndef ESPIAL_TESTS_AUDIT_IKE_SCRIPT_H
#define ESPIAL_TESTS_AUDIT_IKE_SCRIPT_H

#include "../../config/policy.h"
#include "../../daemon/audit/judge.h"
#include "../../dissectors/cursor.h"
#include "../../dissectors/ike_names.h"
#include "../../dissectors/kerberos.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
#define START (INT64_C(1700000000) * 1000 * MS)

enum { SEEN_MAX = 2048, OCTETS_MAX = 4096, V2_REQUEST = 0x08, V2_RESPONSE = 0x20, V1_ENCRYPTED = 1 };

struct seen {
	enum finding_id id;
	enum finding_cause cause;
	enum finding_state state;
	enum finding_severity severity;
	enum finding_grade grade;
	char text[FINDING_TEXT_SIZE];
	char attribute[64];
	char evidence[640]; /* " key=value" for texts, numbers and addresses */
};

struct script {
	struct policy policy;
	struct judge *judge;
	int64_t now_ns;
	uint64_t serial;
	uint8_t octets[OCTETS_MAX];
	uint32_t length, next; /* next: where the type of the next payload goes */
	uint16_t port;         /* of side 0; 0: 500 */
	struct seen seen[SEEN_MAX];
	unsigned seen_count;
};

static inline void script_write(void *context, const struct record *record)
{
	struct script *script = context;

	if (record->type != RECORD_FINDING)
		return;
	ck_assert_uint_lt(script->seen_count, SEEN_MAX);
	ck_assert_msg(catalogue_allows(record->finding.id, record->finding.cause), "%s has a cause it may not have",
		      catalogue_row(record->finding.id)->name);
	ck_assert(record->finding.text[0] != '\0');
	struct seen *seen = &script->seen[script->seen_count++];
	*seen = (struct seen){ .id = record->finding.id,
			       .cause = record->finding.cause,
			       .state = record->finding.state,
			       .severity = record->finding.severity,
			       .grade = record->finding.grade };
	strcpy(seen->text, record->finding.text);
	for (size_t i = 0; i < record->finding.evidence_count; i++)
		if (strcmp(record->finding.evidence[i].key, "attribute") == 0)
			strncpy(seen->attribute, record->finding.evidence[i].text, sizeof(seen->attribute) - 1);
	for (size_t i = 0; i < record->finding.evidence_count; i++) {
		const struct finding_evidence *evidence = &record->finding.evidence[i];
		size_t length = strlen(seen->evidence), room = sizeof(seen->evidence) - length;
		struct address_text text;
		if (evidence->kind == EVIDENCE_TEXT)
			snprintf(seen->evidence + length, room, " %s=%s", evidence->key, evidence->text);
		else if (evidence->kind == EVIDENCE_INTEGER)
			snprintf(seen->evidence + length, room, " %s=%lld", evidence->key,
				 (long long)evidence->integer);
		else if (evidence->kind == EVIDENCE_ADDRESS)
			snprintf(seen->evidence + length, room, " %s=%s", evidence->key,
				 address_text(&evidence->address, &text));
	}
}

/* A rule that wants everything between everyone secured, judged by the verdict table `crypto`. */
static inline void script_rule(struct policy *policy, const char *crypto)
{
	policy->rules = calloc(1, sizeof(*policy->rules));
	ck_assert_ptr_nonnull(policy->rules);
	policy->rule_count = 1;
	policy->rules[0].name = strdup("all");
	policy->rules[0].crypto = strdup(crypto);
	policy->rules[0].level = POLICY_REQUIRE;
	for (unsigned side = 0; side < 2; side++) {
		policy->rules[0].between[side] = calloc(1, sizeof(struct policy_prefix));
		ck_assert_ptr_nonnull(policy->rules[0].between[side]);
		policy->rules[0].between_count[side] = 1;
	}
}

/* No hash of an address is what script messages carry: all are of a sender behind a NAT. */
static inline bool script_nat_hash(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets,
				   uint32_t length, uint8_t *digest)
{
	(void)context, (void)octets, (void)length;
	memset(digest, 0, ike_nat_digest_size(algorithm));
	return true;
}

/* With a rule if `crypto` is not NULL; certificates are read by `certificate` if it is not NULL. */
static inline struct script *script_new_with(uint32_t ike, const char *crypto, certificate_read_function *certificate)
{
	struct script *script = calloc(1, sizeof(*script));

	ck_assert_ptr_nonnull(script);
	policy_init(&script->policy);
	if (crypto)
		script_rule(&script->policy, crypto);
	ck_assert(policy_seal(&script->policy));
	struct judge_settings settings = {
		.policy = &script->policy,
		.thresholds = judge_default_thresholds(),
		.pairs = 5000,
		.sas = 100,
		.ike = ike,
		.learned = 10,
		.certificate = certificate,
		.nat_hash = script_nat_hash,
	};
	struct record_sink sink = { script_write, script };
	script->judge = judge_new(&settings, &sink);
	ck_assert_ptr_nonnull(script->judge);
	script->now_ns = START;
	return script;
}

static inline struct script *script_new_policy(uint32_t ike, const char *crypto)
{
	return script_new_with(ike, crypto, NULL);
}

static inline struct script *script_new_reading(uint32_t ike, certificate_read_function *certificate)
{
	return script_new_with(ike, NULL, certificate);
}

static inline struct script *script_new(uint32_t ike)
{
	return script_new_policy(ike, NULL);
}

static inline void script_free(struct script *script)
{
	judge_free(script->judge);
	policy_clear(&script->policy);
	free(script);
}

/* ---- octets ---- */

static inline void put(struct script *script, unsigned count, uint64_t value)
{
	ck_assert_uint_le(script->length + count, OCTETS_MAX);
	for (unsigned i = 0; i < count; i++)
		script->octets[script->length++] = (uint8_t)(value >> (8 * (count - 1 - i)));
}

static inline void put_zeros(struct script *script, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put(script, 1, i);
}

static inline void header(struct script *script, uint64_t ispi, uint64_t rspi, unsigned version, unsigned exchange,
			  unsigned flags, uint32_t id)
{
	script->length = 0;
	put(script, 8, ispi);
	put(script, 8, rspi);
	script->next = script->length;
	put(script, 1, 0);
	put(script, 1, version);
	put(script, 1, exchange);
	put(script, 1, flags);
	put(script, 4, id);
	put(script, 4, 0);
}

static inline uint32_t payload(struct script *script, unsigned type)
{
	script->octets[script->next] = (uint8_t)type;
	script->next = script->length;
	put(script, 4, 0);
	return script->next;
}

static inline void ends(struct script *script, uint32_t start)
{
	uint32_t length = script->length - start;

	script->octets[start + 2] = (uint8_t)(length >> 8);
	script->octets[start + 3] = (uint8_t)length;
}

/* ---- IKEv2 ---- */

static inline void transform(struct script *script, bool last, unsigned type, unsigned id, unsigned bits)
{
	put(script, 1, last ? 0 : 3);
	put(script, 1, 0);
	put(script, 2, bits ? 12 : 8);
	put(script, 1, type);
	put(script, 1, 0);
	put(script, 2, id);
	if (bits)
		put(script, 4, 0x800e0000 | bits);
}

struct choice {
	unsigned cipher, bits, integrity, prf, group, additional;
};
#define GOOD ((struct choice){ 12, 256, 12, 5, 14, 0 })

static inline void v2_sa(struct script *script, struct choice choice)
{
	uint32_t sa = payload(script, IKEV2_PAYLOAD_SA), proposal = script->length;

	put(script, 4, 0);
	put(script, 1, 1);
	put(script, 1, 1);
	put(script, 1, 0);
	put(script, 1, choice.additional ? 5 : 4);
	transform(script, false, IKEV2_TRANSFORM_ENCR, choice.cipher, choice.bits);
	transform(script, false, IKEV2_TRANSFORM_INTEG, choice.integrity, 0);
	transform(script, false, IKEV2_TRANSFORM_PRF, choice.prf, 0);
	if (choice.additional)
		transform(script, false, IKEV2_TRANSFORM_ADDKE1, choice.additional, 0);
	transform(script, true, IKEV2_TRANSFORM_KE, choice.group, 0);
	ends(script, proposal);
	ends(script, sa);
	uint32_t ke = payload(script, IKEV2_PAYLOAD_KE);
	put(script, 4, (uint64_t)choice.group << 16);
	put_zeros(script, 32);
	ends(script, ke);
	uint32_t nonce = payload(script, IKEV2_PAYLOAD_NONCE);
	put_zeros(script, 32);
	ends(script, nonce);
}

static inline void v2_notify(struct script *script, unsigned type, unsigned count, uint64_t data)
{
	uint32_t notify = payload(script, IKEV2_PAYLOAD_NOTIFY);

	put(script, 2, 0);
	put(script, 2, type);
	put(script, count, data);
	ends(script, notify);
}

/* The hash of an address that is none of the sender's in view (RFC 7296 section 2.23). */
static inline void v2_behind_nat(struct script *script)
{
	uint32_t notify = payload(script, IKEV2_PAYLOAD_NOTIFY);

	put(script, 2, 0);
	put(script, 2, IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP);
	for (unsigned i = 0; i < 20; i++)
		put(script, 1, 0xa5);
	ends(script, notify);
}

static inline void v2_init(struct script *script, uint64_t ispi, struct choice choice)
{
	header(script, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_REQUEST, 0);
	v2_sa(script, choice);
}

static inline void v2_answer(struct script *script, uint64_t ispi, struct choice choice, bool certreq)
{
	header(script, ispi, ispi + 1, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_RESPONSE, 0);
	v2_sa(script, choice);
	if (certreq) {
		uint32_t start = payload(script, IKEV2_PAYLOAD_CERTREQ);
		put(script, 1, 4);
		put_zeros(script, 20);
		ends(script, start);
	}
}

static inline void v2_refusal(struct script *script, uint64_t ispi, unsigned type, unsigned count, uint64_t data)
{
	header(script, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_RESPONSE, 0);
	v2_notify(script, type, count, data);
}

/* An encrypted message of `octets` in all, whose first payload inside is `inner`. */
static inline void v2_secret(struct script *script, uint64_t ispi, unsigned exchange, unsigned flags, uint32_t id,
			     unsigned inner, unsigned octets)
{
	header(script, ispi, ispi + 1, 0x20, exchange, flags, id);
	uint32_t sk = payload(script, IKEV2_PAYLOAD_SK);
	script->octets[sk] = (uint8_t)inner;
	put_zeros(script, octets - script->length);
	ends(script, sk);
}

/* ---- IKEv1 ---- */

static inline void v1_sa(struct script *script, uint64_t ispi, uint64_t rspi, unsigned exchange, unsigned cipher,
			 unsigned hash, unsigned auth, unsigned group)
{
	header(script, ispi, rspi, 0x10, exchange, 0, 0);
	uint32_t sa = payload(script, IKEV1_PAYLOAD_SA);
	put(script, 4, 1);
	put(script, 4, 1);
	uint32_t proposal = script->length;
	put(script, 4, 0);
	put(script, 4, 0x01010001);
	uint32_t start = script->length;
	put(script, 4, 0);
	put(script, 4, 0x01010000);
	put(script, 4, 0x80010000 | cipher);
	put(script, 4, 0x80020000 | hash);
	put(script, 4, 0x80030000 | auth);
	put(script, 4, 0x80040000 | group);
	ends(script, start);
	ends(script, proposal);
	ends(script, sa);
}

static inline void v1_clear(struct script *script, uint64_t ispi, unsigned type, unsigned octets)
{
	header(script, ispi, ispi + 1, 0x10, IKEV1_EXCHANGE_MAIN, 0, 0);
	uint32_t start = payload(script, type);
	put_zeros(script, octets);
	ends(script, start);
}

static inline void v1_certreq(struct script *script, unsigned name)
{
	uint32_t start = payload(script, IKEV1_PAYLOAD_CERTREQ);

	put(script, 1, 4);
	put(script, 4, name);
	ends(script, start);
}

static inline void v1_secret(struct script *script, uint64_t ispi, unsigned exchange, uint32_t id, unsigned next,
			     unsigned octets)
{
	header(script, ispi, ispi + 1, 0x10, exchange, V1_ENCRYPTED, id);
	script->octets[script->next] = (uint8_t)next;
	put(script, 4, id * 2654435761u + exchange); /* what is encrypted differs from message to message */
	put_zeros(script, octets - script->length);
}

static inline void v1_refusal(struct script *script, uint64_t ispi, unsigned type)
{
	header(script, ispi, 0, 0x10, IKEV1_EXCHANGE_INFORMATIONAL, 0, 77);
	uint32_t start = payload(script, IKEV1_PAYLOAD_NOTIFY);
	put(script, 4, 1);
	put(script, 1, 1);
	put(script, 1, 0);
	put(script, 2, type);
	ends(script, start);
}

/* ---- sending ---- */

static inline void put_transition(struct script *script, struct transition *transition, unsigned peer_a,
				  unsigned peer_b)
{
	const uint8_t a[4] = { 10, 0, (uint8_t)(peer_a >> 8), (uint8_t)peer_a };
	const uint8_t b[4] = { 10, 0, (uint8_t)(peer_b >> 8), (uint8_t)peer_b };

	transition->time_ns = script->now_ns;
	transition->serial = ++script->serial;
	transition->a = address_from_ipv4(a);
	transition->b = address_from_ipv4(b);
	judge_put(script->judge, transition);
	judge_advance(script->judge, script->now_ns);
}

static inline void pass(struct script *script, int64_t milliseconds)
{
	script->now_ns += milliseconds * MS;
	judge_advance(script->judge, script->now_ns);
}

/* Sends the message built last, from `peer_a` to `peer_b` if direction is 0; peer_a is the lower. */
static inline void say_between(struct script *script, int64_t milliseconds, unsigned peer_a, unsigned peer_b,
			       unsigned direction)
{
	struct transition transition = { .kind = TRANSITION_IKE_MESSAGE, .direction = (uint8_t)direction };
	struct cursor cursor;

	script->octets[26] = (uint8_t)(script->length >> 8);
	script->octets[27] = (uint8_t)script->length;
	cursor = cursor_make(script->octets, script->length, script->length);
	ck_assert(ike_header_read(&cursor, &transition.ike.header));
	transition.ike.src_port = transition.ike.dst_port = 500;
	if (script->port)
		*(direction ? &transition.ike.dst_port : &transition.ike.src_port) = script->port;
	transition.ike.octets = transition.ike.captured = script->length;
	transition.ike.message = malloc(script->length);
	ck_assert_ptr_nonnull(transition.ike.message);
	memcpy(transition.ike.message, script->octets, script->length);
	script->now_ns += milliseconds * MS;
	put_transition(script, &transition, peer_a, peer_b);
}

static inline void say(struct script *script, int64_t milliseconds, unsigned direction)
{
	say_between(script, milliseconds, 1, 2, direction);
}

/* The message built last, cut into IKEv1 fragments (payload 132, [MS-IKEE] section 2.2.4) of so many octets of it each; the header
 * of each piece is that of the whole, without its flags. A piece at a time is built by v1_piece(). */
struct pieces {
	uint8_t octets[OCTETS_MAX];
	uint32_t length, size;
	unsigned count, id;
};

static inline struct pieces v1_cut(struct script *script, uint32_t size, unsigned id)
{
	struct pieces pieces = { .length = script->length, .size = size, .id = id };

	script->octets[26] = (uint8_t)(script->length >> 8);
	script->octets[27] = (uint8_t)script->length;
	memcpy(pieces.octets, script->octets, script->length);
	pieces.count = (script->length + size - 1) / size;
	return pieces;
}

/* Numbers begin at 1. */
static inline void v1_piece(struct script *script, const struct pieces *pieces, unsigned number)
{
	uint32_t from = (number - 1) * pieces->size, left = pieces->length - from;

	memcpy(script->octets, pieces->octets, 28);
	script->octets[16] = IKEV1_PAYLOAD_FRAGMENT;
	script->octets[19] = 0;
	script->length = 28;
	uint32_t start = script->length;
	put(script, 4, 0);
	put(script, 2, pieces->id);
	put(script, 1, number);
	put(script, 1, number == pieces->count);
	for (uint32_t i = 0; i < (left < pieces->size ? left : pieces->size); i++)
		put(script, 1, pieces->octets[from + i]);
	ends(script, start);
}

/* Sends the message built last in pieces, a millisecond apart. */
static inline void say_cut(struct script *script, int64_t milliseconds, unsigned direction, uint32_t size, unsigned id)
{
	struct pieces pieces = v1_cut(script, size, id);

	for (unsigned number = 1; number <= pieces.count; number++) {
		v1_piece(script, &pieces, number);
		say(script, number == 1 ? milliseconds : 1, direction);
	}
}

/* A KDC (peer 200) answers peer `host` about the service: an error, or the ticket if it is 0. */
static inline void kdc_says(struct script *script, int64_t milliseconds, unsigned host, int32_t error,
			    const char *service)
{
	struct transition transition = { .kind = TRANSITION_KERBEROS, .direction = host < 200 };

	transition.kerberos.type = error ? KERBEROS_ERROR : KERBEROS_TGS_REP;
	transition.kerberos.error = error;
	for (const char *at = service; *at; at++)
		transition.kerberos.service = transition.kerberos.service * 31 + (uint8_t)*at;
	strncpy(transition.kerberos.name, service, sizeof(transition.kerberos.name) - 1);
	script->now_ns += milliseconds * MS;
	put_transition(script, &transition, host < 200 ? host : 200, host < 200 ? 200 : host);
}

/* Peer `host` fetches from a server (peer 201) on port 80. */
static inline void fetch(struct script *script, int64_t milliseconds, unsigned host, enum transition_fetched what)
{
	struct transition transition = { .kind = TRANSITION_FETCH, .direction = host > 201 };

	transition.fetch = (struct transition_fetch){ (uint8_t)what, 80 };
	script->now_ns += milliseconds * MS;
	put_transition(script, &transition, host < 201 ? host : 201, host < 201 ? 201 : host);
}

/* ESP of both directions begins. */
static inline void esp_begins(struct script *script, int64_t milliseconds, unsigned peer_a, unsigned peer_b)
{
	script->now_ns += milliseconds * MS;
	for (unsigned d = 0; d < 2; d++) {
		struct transition transition = { .kind = TRANSITION_ESP_BEGAN, .direction = (uint8_t)d };
		transition.esp.spi = 0x1000 + d;
		transition.esp.protocol = 50;
		put_transition(script, &transition, peer_a, peer_b);
	}
}

/* Clear packets of both directions, `count` of them at intervals of half a second. */
static inline void clear_flows(struct script *script, int64_t milliseconds, unsigned count)
{
	script->now_ns += milliseconds * MS;
	for (unsigned n = 0; n < count; n++) {
		struct transition transition = { .kind = n ? TRANSITION_CLEAR_PROGRESS : TRANSITION_CLEAR_BEGAN };
		transition.clear = (struct transition_clear){
			.service = { .protocol = 6, .port = 80 },
			.src_port = 40000,
			.dst_port = 80,
			.packets = { n + 1, n + 1 },
			.bytes = 100 * (n + 1),
			.last_ns = { script->now_ns, script->now_ns },
			.since_ns = script->now_ns - (int64_t)n * 500 * MS,
		};
		put_transition(script, &transition, 1, 2);
		script->now_ns += 500 * MS;
	}
}

/* ---- what came of it ---- */

/* The last word on the id; NULL if it was never told. */
static inline const struct seen *last_of(const struct script *script, enum finding_id id)
{
	for (unsigned i = script->seen_count; i > 0; i--)
		if (script->seen[i - 1].id == id)
			return &script->seen[i - 1];
	return NULL;
}

static inline unsigned opens_of(const struct script *script, enum finding_id id)
{
	unsigned count = 0;

	for (unsigned i = 0; i < script->seen_count; i++)
		count += script->seen[i].id == id && script->seen[i].state == FINDING_OPEN;
	return count;
}

/* No finding of severity medium or above. */
static inline void assert_calm(const struct script *script)
{
	for (unsigned i = 0; i < script->seen_count; i++)
		ck_assert_msg(script->seen[i].severity > SEVERITY_MEDIUM, "%s: %s",
			      catalogue_row(script->seen[i].id)->name, script->seen[i].text);
}

#endif
