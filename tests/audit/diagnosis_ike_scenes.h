/* SPDX-License-Identifier: Apache-2.0 */
/* More scenes of check_diagnosis.c: negotiations, what they choose, and hosts that restart or are flooded. */
#ifndef ESPIAL_TESTS_AUDIT_DIAGNOSIS_IKE_SCENES_H
#define ESPIAL_TESTS_AUDIT_DIAGNOSIS_IKE_SCENES_H

#include "scene.h"

/* ---- refusals ---- */

static void v1_refused(unsigned exchange, unsigned notify, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		uint64_t ispi = next_ispi += 2;
		v1_sa(ike, ispi, 0, exchange, 7, 4, 1, 14);
		ike_send(A, B, 0);
		v1_refusal(ike, ispi, notify);
		ike_send(B, A, 0.02);
		seconds(6);
	}
	later(2);
}
/* What its responder takes of others is known in both. */
static void refused_for_its_mode(void)
{
	uint64_t ispi = ike1_opens(C, B, 7, 1, false);

	ike1_keys(C, B, ispi, 0, 0);
	ike1_proof(C, B, ispi, 108, true);
	esp_of_others(C, B, 5);
	v1_refused(IKEV1_EXCHANGE_AGGRESSIVE, IKEV1_NOTIFY_UNSUPPORTED_EXCHANGE_TYPE, 2);
	later(60);
	v1_refused(IKEV1_EXCHANGE_AGGRESSIVE, IKEV1_NOTIFY_UNSUPPORTED_EXCHANGE_TYPE, 3);
}
static void refused_for_its_version_in_v1(void)
{
	ike_up(C, B);
	esp_of_others(C, B, 5);
	v1_refused(IKEV1_EXCHANGE_MAIN, IKEV1_NOTIFY_INVALID_MAJOR_VERSION, 2);
	later(60);
	v1_refused(IKEV1_EXCHANGE_MAIN, IKEV1_NOTIFY_INVALID_MAJOR_VERSION, 3);
}
static void refused_as_a_stranger(void)
{
	ike_up(C, B);
	esp_of_others(C, B, 5);
	v1_refused(IKEV1_EXCHANGE_MAIN, IKEV1_NOTIFY_INVALID_MAJOR_VERSION, 2);
	v1_refused(IKEV1_EXCHANGE_MAIN, IKEV1_NOTIFY_INVALID_MAJOR_VERSION, 3);
	later(400);
}
static void refused_with_no_reason_known(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_INVALID_SYNTAX);
	later(10);
}
static void refused_with_nothing_known(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
	later(10);
}
static void refused_once_then_taken(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
	seconds(1);
	ike_up(A, B);
	esp(10, BOTH);
}
/* A responder that takes IKEv2 only lets IKEv1 go without a word. */
static void silent_for_its_version(void)
{
	ike_up(C, B);
	esp_of_others(C, B, 5);
	for (unsigned i = 0; i < 5; i++) {
		v1_sa(ike, 0x777, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
		ike_send(A, B, i ? 8 : 0);
		esp_of_others(C, B, 0.5);
	}
	later(30);
}
static void silent_for_its_mode(void)
{
	uint64_t ispi = ike1_opens(C, B, 7, 1, false);

	ike1_keys(C, B, ispi, 0, 0);
	ike1_proof(C, B, ispi, 108, true);
	esp_of_others(C, B, 5);
	for (unsigned i = 0; i < 5; i++) {
		v1_sa(ike, 0x777, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 1, 14);
		ike_send(A, B, i ? 8 : 0);
		esp_of_others(C, B, 0.5);
	}
	later(30);
}
static void falls_back_to_what_is_taken(void)
{
	ike_up(C, B);
	esp_of_others(C, B, 5);
	for (unsigned i = 0; i < 3; i++) {
		v1_sa(ike, 0x777, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
		ike_send(A, B, i ? 2 : 0);
		esp_of_others(C, B, 0.5);
	}
	ike_up(A, B);
	esp(40, BOTH);
}

/* ---- proofs ---- */

static void kerberos_fails(uint8_t error)
{
	if (error)
		kdc_refuses(KDC, A, error, error == 7 ? "host" : "krbtgt", "b.lab");
	uint64_t ispi = ike1_opens(A, B, 7, 65001, true);
	v1_clear(ike, ispi, IKEV1_PAYLOAD_KE, 200);
	ike_send(A, B, 0.02);
	v1_refusal(ike, ispi, IKEV1_NOTIFY_AUTHENTICATION_FAILED);
	ike_send(B, A, 0.02);
	later(10);
}
static void account_disabled(void)
{
	kerberos_fails(18);
}
static void account_has_another_password(void)
{
	kerberos_fails(24);
}
static void clocks_differ(void)
{
	kerberos_fails(37);
}
static void service_not_known(void)
{
	kerberos_fails(7);
}
static void kerberos_without_a_word_of_the_kdc(void)
{
	kerberos_fails(0);
}
/* The same number of a method, by who takes it for something else. */
static void extended_authentication_by_key(void)
{
	uint64_t ispi = next_ispi += 2;

	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 65001, 14);
	uint32_t start = payload(ike, IKEV1_PAYLOAD_VENDOR);
	put(ike, 8, 0x09002689dfd6b712);
	ends(ike, start);
	ike_send(A, B, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, 65001, 14);
	ike_send(B, A, 0.02);
	ike1_keys(A, B, ispi, 0, 0);
	ike1_proof(A, B, ispi, 108, false);
	later(10);
}
static void kerberos_works(void)
{
	kdc_refuses(KDC, A, 25, "krbtgt", "LAB"); /* pre-authentication is asked for: a step */
	uint64_t ispi = ike1_opens(A, B, 7, 65001, true);
	ike1_keys(A, B, ispi, 0, 0);
	ike1_proof(A, B, ispi, 108, true);
	esp(20, BOTH);
}
/* As long as neither a key's proof nor a certificate's. */
static void proof_by_who_knows_what(void)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 640);
	ike_send(A, B, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
	ike_send(B, A, 0.02);
	later(10);
}
static void one_proof_fails_then_holds(void)
{
	ike_auth_failed(A, B, false);
	seconds(2);
	ike_up(A, B);
	esp(10, BOTH);
}
static void list_not_fetched(void)
{
	fetch_in_vain(B, WEB_SERVER);
	ike_auth_failed(A, B, true);
	later(10);
}
static void list_of_another_not_fetched(void)
{
	fetch_in_vain(C, WEB_SERVER);
	ike_auth_failed(A, B, true);
	later(10);
}
static void certificates_of(const char *peer, bool accepted)
{
	ike_proof(A, peer, GOOD, true, accepted ? IKEV2_PAYLOAD_IDR : IKEV2_PAYLOAD_NOTIFY, accepted ? 1400 : 80);
}
static void fails_with_all_of_late(void)
{
	certificates_of(B, true);
	certificates_of(C, true);
	later(60);
	certificates_of(C, false);
	later(10);
	certificates_of(B, false);
	later(10);
}
static void fails_with_one_of_late(void)
{
	certificates_of(B, true);
	certificates_of(C, true);
	later(60);
	certificates_of(C, true);
	later(10);
	certificates_of(B, false);
	later(10);
}
static void authorities(unsigned ours, unsigned theirs, bool accepted)
{
	uint64_t ispi = ike1_opens(A, B, 7, 3, false);

	ike1_keys(A, B, ispi, ours, theirs);
	ike1_proof(A, B, ispi, 1200, accepted);
	if (accepted)
		esp(10, BOTH);
	later(10);
}
static void authorities_differ(void)
{
	authorities(0x41414141, 0x42424242, false);
}
static void authorities_are_the_same(void)
{
	authorities(0x41414141, 0x41414141, false);
}
static void authorities_differ_and_it_works(void)
{
	authorities(0x41414141, 0x42424242, true);
}
static void large_proof(unsigned sends, bool fragments)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	if (fragments)
		v2_notify(ike, IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 0, 0);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, true);
	if (fragments)
		v2_notify(ike, IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 0, 0);
	ike_send(B, A, 0.02);
	for (unsigned i = 0; i < sends; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 1400);
		ike_send(A, B, i ? 2 : 0.02);
	}
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
	ike_send(B, A, 0.02);
	later(10);
}
static void large_proof_sent_again(void)
{
	large_proof(2, false);
}
static void large_proof_in_fragments(void)
{
	large_proof(2, true);
}

/* ---- certificates in clear ---- */

/* A certificate is text here: days until it ends, or since when it has. */
static bool read_days(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	char text[32];

	(void)context;
	snprintf(text, sizeof(text), "%.*s", (int)length, (const char *)octets);
	int64_t day = 86400 * STORY_SECOND;
	*facts = (struct certificate_facts){ .not_before_ns = STORY_EPOCH - 700 * day,
					     .not_after_ns = STORY_EPOCH + atoi(text) * day };
	strcpy(facts->subject, "CN=b.lab");
	return true;
}
static void shows_certificate(const char *days)
{
	uint64_t ispi = next_ispi += 2;

	options.certificate = read_days;
	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	ike_send(A, B, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	uint32_t start = payload(ike, IKEV1_PAYLOAD_CERT);
	put(ike, 1, 4);
	for (const char *at = days; *at; at++)
		put(ike, 1, (uint8_t)*at);
	ends(ike, start);
	ike_send(B, A, 0.02);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_AGGRESSIVE, 0, IKEV1_PAYLOAD_SIGNATURE, 300);
	ike_send(A, B, 0.02);
	esp(10, BOTH);
}
static void certificate_expired(void)
{
	shows_certificate("-3");
}
static void certificate_valid_for_a_day(void)
{
	shows_certificate("1");
}

/* ---- steps that have no answer ---- */

static void proof_without_answer(unsigned octets)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, octets > 1000);
	ike_send(B, A, 0.02);
	for (unsigned i = 0; i < 5; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, octets);
		ike_send(A, B, i ? 6 : 0.02);
	}
	later(10);
}
static void small_proof_without_answer(void)
{
	proof_without_answer(288);
}
static void large_proof_without_answer(void)
{
	proof_without_answer(1400);
}
static void proof_answered_at_the_second_try(void)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 0.02);
	for (unsigned i = 0; i < 2; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
		ike_send(A, B, i ? 6 : 0.02);
	}
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	ike_send(B, A, 0.02);
	esp(30, BOTH);
}

/* ---- children ---- */

static void child_without_another_try(void)
{
	ike_proof(A, B, GOOD, false, IKEV2_PAYLOAD_IDR, 144);
	later(40);
}
static void quick_mode_refused(void)
{
	uint64_t ispi = ike1_opens(A, B, 7, 1, false);

	ike1_keys(A, B, ispi, 0, 0);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	ike_send(A, B, 0.02);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
	ike_send(B, A, 0.02);
	for (unsigned i = 0; i < 2; i++) {
		v1_secret(ike, ispi, IKEV1_EXCHANGE_QUICK, 99 + i, IKEV1_PAYLOAD_HASH, 300);
		ike_send(A, B, 5);
		v1_secret(ike, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 10 + i, IKEV1_PAYLOAD_HASH, 92);
		ike_send(B, A, 0.02);
	}
	later(10);
}

/* ---- algorithms ---- */

static void offers(struct choice offer, struct choice selection)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, offer);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, selection, false);
	ike_send(B, A, 0.02);
	esp(5, BOTH);
}
static void offers_what_is_weak(void)
{
	uint64_t ispi = next_ispi += 2;

	/* AES and DES in one proposal; AES is chosen. */
	header(ike, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_REQUEST, 0);
	uint32_t sa = payload(ike, IKEV2_PAYLOAD_SA), proposal = ike->length;
	put(ike, 4, 0);
	put(ike, 4, 0x01010005);
	transform(ike, false, IKEV2_TRANSFORM_ENCR, 12, 256);
	transform(ike, false, IKEV2_TRANSFORM_ENCR, 2, 0);
	transform(ike, false, IKEV2_TRANSFORM_INTEG, 12, 0);
	transform(ike, false, IKEV2_TRANSFORM_PRF, 5, 0);
	transform(ike, true, IKEV2_TRANSFORM_KE, 14, 0);
	ends(ike, proposal);
	ends(ike, sa);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 0.02);
	esp(5, BOTH);
}
static void offers_what_is_sound(void)
{
	offers(GOOD, GOOD);
}
static void chooses_ml_kem_too(void)
{
	struct choice choice = GOOD;

	choice.additional = 36;
	offers(choice, choice);
}
static void aggressive(unsigned method)
{
	uint64_t ispi = next_ispi += 2;

	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, method, 14);
	ike_send(A, B, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, method, 14);
	ike_send(B, A, 0.02);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_AGGRESSIVE, 0, IKEV1_PAYLOAD_HASH, 108);
	ike_send(A, B, 0.02);
	esp(5, BOTH);
}
static void aggressive_with_a_key(void)
{
	aggressive(1);
}
static void aggressive_with_certificates(void)
{
	aggressive(3);
}
static void main_mode_up(void)
{
	uint64_t ispi = ike1_opens(A, B, 7, 1, false);

	ike1_keys(A, B, ispi, 0, 0);
	ike1_proof(A, B, ispi, 108, true);
	esp(5, BOTH);
}

/* An SA is to take the place of the one in use: with a key exchange of its own, of a group that the peer does not take, or first of
 * one that it does not. */
static void replacement_refused(bool taken_in_the_end)
{
	uint64_t ispi = ike_up(A, B);
	uint32_t id = 2;

	esp(60, BOTH);
	for (unsigned i = 0; i < 6; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, id, IKEV2_PAYLOAD_NOTIFY, 480);
		ike_send(A, B, 0);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, id++, IKEV2_PAYLOAD_NOTIFY, 80);
		ike_send(B, A, 0.02);
		if (taken_in_the_end) {
			ike_child(A, B, ispi, id++, IKEV2_PAYLOAD_NOTIFY);
			new_sas();
		}
		esp(14, BOTH);
	}
}
static void replacement_is_refused(void)
{
	replacement_refused(false);
}
static void replacement_of_another_group(void)
{
	replacement_refused(true);
}

/* ---- a host ---- */

static void opened_by_many(unsigned count, bool taken_further)
{
	for (unsigned i = 0; i < count; i++) {
		char peer[32];
		snprintf(peer, sizeof(peer), "10.99.%u.%u", i / 200, 1 + i % 200);
		if (taken_further)
			ike_up(peer, B);
		else
			ike_try(peer, B, 0x900000 + 2 * i);
		seconds(0.05);
	}
	later(10);
}
static void half_open_from_everywhere(void)
{
	opened_by_many(200, false);
}
static void everybody_comes_back(void)
{
	opened_by_many(200, true);
}

#endif
