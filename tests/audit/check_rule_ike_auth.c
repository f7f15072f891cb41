/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that are not accepted, and what stood in clear beside them: Kerberos errors, revocation lists that could not be
 * fetched, a host that fails with everyone, fragments that are lost. With each, what looks alike and is not it.
 */
#include "../suite.h"
#include "ike_script.h"
#include "../../daemon/audit/services.h"

/* Microsoft's vendor ID of Windows 2003, and that of Kerberos by GSS-API. */
static void v1_vendor_gssapi(struct script *script)
{
	uint32_t start = payload(script, IKEV1_PAYLOAD_VENDOR);

	put(script, 8, 0xad2c0dd0b9c32083);
	put(script, 8, 0xccba25b8861ec455);
	ends(script, start);
}

/* Main mode by Kerberos up to its second message. */
static void kerberos_begins(struct script *script, uint64_t ispi)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 2, 65001, 14);
	v1_vendor_gssapi(script);
	say(script, 1000, 0);
	v1_sa(script, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 2, 65001, 14);
	v1_vendor_gssapi(script);
	say(script, 50, 1);
}

/* Up to a refusal in clear of what goes with the key exchange. */
static void kerberos_fails(struct script *script, uint64_t ispi)
{
	kerberos_begins(script, ispi);
	v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 200);
	say(script, 50, 0);
	v1_refusal(script, ispi, IKEV1_NOTIFY_AUTHENTICATION_FAILED);
	say(script, 50, 1);
	pass(script, 6000);
}

static const struct seen *failure(const struct script *script)
{
	const struct seen *seen = last_of(script, FINDING_IKE_AUTH_FAILED);

	ck_assert_ptr_nonnull(seen);
	return seen;
}

static bool mentions(const struct seen *seen, const char *words)
{
	return strstr(seen->evidence, words) != NULL;
}

/* ---- Kerberos ---- */

START_TEST(ticket_refused)
{
	static const struct {
		int32_t error;
		const char *service, *name, *meaning;
	} cases[] = {
		{ 18, "krbtgt/LAB.EXAMPLE", "KDC_ERR_CLIENT_REVOKED", "locked or disabled" },
		{ 24, "krbtgt/LAB.EXAMPLE", "KDC_ERR_PREAUTH_FAILED", "the password of its computer account" },
		{ 37, "krbtgt/LAB.EXAMPLE", "KRB_AP_ERR_SKEW", "its clock" },
		{ 7, "host/bob.lab.example", "KDC_ERR_S_PRINCIPAL_UNKNOWN", "does not know the host" },
		{ 6, "krbtgt/LAB.EXAMPLE", "KDC_ERR_C_PRINCIPAL_UNKNOWN", "its computer account" },
		{ 14, "BOB$", "KDC_ERR_ETYPE_NOSUPP", "gives no ticket" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		char words[64];
		kdc_says(script, 0, 1, cases[i].error, cases[i].service);
		kerberos_fails(script, 7);
		const struct seen *seen = failure(script);
		ck_assert_int_eq(seen->cause, CAUSE_KERBEROS);
		snprintf(words, sizeof(words), " kerberos_error=%s", cases[i].name);
		ck_assert_msg(mentions(seen, words), "%s", seen->evidence);
		snprintf(words, sizeof(words), " kerberos_code=%d", (int)cases[i].error);
		ck_assert(mentions(seen, words));
		ck_assert(mentions(seen, " kerberos_host=10.0.0.1"));
		ck_assert(mentions(seen, " kerberos_kdc=10.0.0.200"));
		ck_assert_msg(strstr(seen->text, cases[i].meaning) != NULL, "%s", seen->text);
		script_free(script);
	}
}
END_TEST

/* The responder's ticket, or rather its lack, counts as well. */
START_TEST(ticket_of_the_responder)
{
	struct script *script = script_new(100);
	kdc_says(script, 0, 2, 18, "krbtgt/LAB.EXAMPLE");
	kerberos_fails(script, 7);
	ck_assert(mentions(failure(script), " kerberos_host=10.0.0.2"));
	script_free(script);
}
END_TEST

/* Without a ticket the initiator says nothing more, and the responder repeats its answer. */
START_TEST(no_ticket_no_word)
{
	struct script *script = script_new(100);
	kerberos_begins(script, 7);
	kdc_says(script, 100, 1, 7, "host/bob.lab.example");
	for (unsigned i = 0; i < 3; i++) {
		v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 2, 65001, 14);
		v1_vendor_gssapi(script);
		say(script, 2000, 1);
	}
	pass(script, 10000);
	const struct seen *seen = failure(script);
	ck_assert_int_eq(seen->cause, CAUSE_KERBEROS);
	ck_assert(mentions(seen, " kerberos_error=KDC_ERR_S_PRINCIPAL_UNKNOWN"));
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), 0);
	script_free(script);
	/* The same without an error is only a negotiation that stops. */
	script = script_new(100);
	kerberos_begins(script, 7);
	for (unsigned i = 0; i < 3; i++) {
		v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 2, 65001, 14);
		v1_vendor_gssapi(script);
		say(script, 8000, 1);
	}
	pass(script, 20000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), 0);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), 1);
	script_free(script);
}
END_TEST

/* Errors that explain nothing: named in no finding. */
START_TEST(errors_beside_it)
{
	enum { LONG_BEFORE = 70000 };
	static const struct {
		unsigned host;
		int32_t error;
		const char *service;
		int64_t before;
		bool given;
	} cases[] = {
		{ 1, 25, "krbtgt/LAB.EXAMPLE", 0, false },           /* pre-authentication required: a step */
		{ 1, 52, "krbtgt/LAB.EXAMPLE", 0, false },           /* too big for UDP: asked again over TCP */
		{ 3, 18, "krbtgt/LAB.EXAMPLE", 0, false },           /* of another host */
		{ 1, 18, "krbtgt/LAB.EXAMPLE", LONG_BEFORE, false }, /* of another time */
		{ 1, 7, "HTTP/www.lab.example", 0, false },          /* about another service */
		{ 1, 37, "krbtgt/LAB.EXAMPLE", 0, true },            /* made good: the client has set its clock */
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		kdc_says(script, 0, cases[i].host, cases[i].error, cases[i].service);
		if (cases[i].given)
			kdc_says(script, 100, cases[i].host, 0, cases[i].service);
		pass(script, cases[i].before);
		kerberos_fails(script, 7);
		const struct seen *seen = failure(script);
		ck_assert_int_eq(seen->cause, CAUSE_KERBEROS);
		ck_assert_msg(!mentions(seen, "kerberos_error"), "case %u: %s", i, seen->evidence);
		script_free(script);
	}
}
END_TEST

/* Alone, or beside a negotiation that succeeds, or one by keys, an error is nothing that is told. */
START_TEST(errors_alone)
{
	struct script *script = script_new(100);
	kdc_says(script, 0, 1, 18, "krbtgt/LAB.EXAMPLE");
	kerberos_begins(script, 7);
	v1_clear(script, 7, IKEV1_PAYLOAD_KE, 200);
	say(script, 50, 0);
	v1_clear(script, 7, IKEV1_PAYLOAD_KE, 201);
	say(script, 50, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_HASH, 108);
	say(script, 50, 0);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_HASH, 92);
	say(script, 50, 1);
	pass(script, 60000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), 0);
	script_free(script);
	script = script_new(100);
	kdc_says(script, 0, 1, 18, "krbtgt/LAB.EXAMPLE");
	v2_init(script, 9, GOOD);
	say(script, 100, 0);
	v2_answer(script, 9, GOOD, false);
	say(script, 50, 1);
	v2_secret(script, 9, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say(script, 50, 0);
	v2_secret(script, 9, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
	say(script, 50, 1);
	pass(script, 6000);
	ck_assert_int_eq(failure(script)->cause, CAUSE_PRE_SHARED_KEY);
	ck_assert(!mentions(failure(script), "kerberos"));
	script_free(script);
}
END_TEST

/* More errors, of more hosts, than are kept. */
START_TEST(bounded)
{
	struct script *script = script_new(100);
	char service[32];

	for (unsigned i = 0; i < 3 * SERVICES_HOSTS; i++)
		kdc_says(script, 0, 1000 + i, 18, "krbtgt/LAB.EXAMPLE");
	for (unsigned i = 0; i < 100; i++) {
		snprintf(service, sizeof(service), "host/h%u", i);
		kdc_says(script, 0, 1, 7, service);
	}
	kerberos_fails(script, 7);
	ck_assert(mentions(failure(script), " kerberos_service=host/h99"));
	script_free(script);
}
END_TEST

/* ---- certificates ---- */

/* IKEv2 by certificates between two peers, accepted or not. */
static void certificates(struct script *script, uint64_t ispi, unsigned a, unsigned b, bool accepted)
{
	v2_init(script, ispi, GOOD);
	say_between(script, 1000, a, b, 0);
	v2_answer(script, ispi, GOOD, true);
	say_between(script, 50, a, b, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 1200);
	say_between(script, 50, a, b, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1,
		  accepted ? IKEV2_PAYLOAD_IDR : IKEV2_PAYLOAD_NOTIFY, accepted ? 1200 : 80);
	say_between(script, 50, a, b, 1);
}

START_TEST(hint_unknown)
{
	struct script *script = script_new(100);
	certificates(script, 7, 1, 2, false);
	pass(script, 6000);
	ck_assert_int_eq(failure(script)->cause, CAUSE_CERTIFICATE);
	ck_assert(mentions(failure(script), " certificate_hint=unknown"));
	script_free(script);
}
END_TEST

START_TEST(hint_revocation_list)
{
	static const enum transition_fetched what[] = { FETCH_UNANSWERED, FETCH_REFUSED };
	for (unsigned i = 0; i < 2; i++) {
		struct script *script = script_new(100);
		fetch(script, 0, 2, what[i]);
		certificates(script, 7, 1, 2, false);
		pass(script, 6000);
		ck_assert(mentions(failure(script), " certificate_hint=crl-unreachable"));
		ck_assert(mentions(failure(script), " fetch_server=10.0.0.201"));
		ck_assert(mentions(failure(script), " fetch_port=80"));
		script_free(script);
	}
}
END_TEST

START_TEST(no_hint_of_a_revocation_list)
{
	enum { OF_ANOTHER, LONG_BEFORE, AFTER_ALL, SHARED_KEY, CASES };
	for (unsigned i = 0; i < CASES; i++) {
		struct script *script = script_new(100);
		fetch(script, 0, i == OF_ANOTHER ? 3 : 2, FETCH_UNANSWERED);
		if (i == AFTER_ALL)
			fetch(script, 3000, 2, FETCH_ANSWERED);
		pass(script, i == LONG_BEFORE ? 90000 : 0);
		if (i == SHARED_KEY) {
			v2_init(script, 7, GOOD);
			say(script, 100, 0);
			v2_answer(script, 7, GOOD, false);
			say(script, 50, 1);
			v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
			say(script, 50, 0);
			v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
			say(script, 50, 1);
		} else {
			certificates(script, 7, 1, 2, false);
		}
		pass(script, 6000);
		ck_assert(!mentions(failure(script), "crl-unreachable"));
		script_free(script);
	}
}
END_TEST

/* A host that proved itself to two peers fails with both: its certificate, or what it trusts, has run out. */
START_TEST(hint_expired)
{
	struct script *script = script_new(100);
	certificates(script, 7, 1, 2, true);
	certificates(script, 9, 1, 3, true);
	pass(script, 600000);
	certificates(script, 11, 1, 2, false);
	pass(script, 6000);
	ck_assert(mentions(failure(script), " certificate_hint=unknown"));
	certificates(script, 13, 1, 3, false);
	pass(script, 6000);
	ck_assert(mentions(failure(script), " certificate_hint=expired-likely"));
	ck_assert(mentions(failure(script), " failing_host=10.0.0.1"));
	ck_assert(mentions(failure(script), " failing_peers=2"));
	script_free(script);
}
END_TEST

/* One peer is refused while another is not; or nobody ever was accepted. */
START_TEST(no_hint_of_expiry)
{
	struct script *script = script_new(100);
	certificates(script, 7, 1, 2, true);
	certificates(script, 9, 1, 3, true);
	pass(script, 600000);
	certificates(script, 11, 1, 2, false);
	certificates(script, 13, 1, 4, true);
	certificates(script, 15, 1, 3, false);
	pass(script, 6000);
	ck_assert(!mentions(failure(script), "expired-likely"));
	script_free(script);
	script = script_new(100);
	certificates(script, 11, 1, 2, false);
	certificates(script, 15, 1, 3, false);
	pass(script, 6000);
	ck_assert(!mentions(failure(script), "expired-likely"));
	script_free(script);
}
END_TEST

START_TEST(hint_authorities)
{
	struct script *script = script_new(100);
	v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
	say(script, 0, 0);
	v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
	say(script, 50, 1);
	v1_clear(script, 7, IKEV1_PAYLOAD_KE, 64);
	v1_certreq(script, 0x41414141);
	say(script, 50, 0);
	v1_clear(script, 7, IKEV1_PAYLOAD_KE, 65);
	v1_certreq(script, 0x42424242);
	say(script, 50, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1200);
	say(script, 50, 0);
	v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
	say(script, 50, 1);
	pass(script, 6000);
	ck_assert(mentions(failure(script), " certificate_hint=ca-disjoint"));
	script_free(script);
}
END_TEST

/* A large proof that is sent again, by peers that do not both take fragments, or do. */
static const struct seen *large_proof(struct script *script, unsigned octets, unsigned sends, bool fragments)
{
	v2_init(script, 7, GOOD);
	if (fragments)
		v2_notify(script, IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 0, 0);
	say(script, 0, 0);
	v2_answer(script, 7, GOOD, true);
	if (fragments)
		v2_notify(script, IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 0, 0);
	say(script, 50, 1);
	for (unsigned i = 0; i < sends; i++) {
		v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, octets);
		say(script, 2000, 0);
	}
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
	say(script, 50, 1);
	pass(script, 6000);
	return failure(script);
}

START_TEST(hint_fragments)
{
	static const struct {
		unsigned octets, sends;
		bool fragments, hint;
	} cases[] = {
		{ 1800, 2, false, true }, { 1800, 1, false, false }, { 900, 2, false, false }, { 1800, 2, true, false }
	};
	for (unsigned i = 0; i < 4; i++) {
		struct script *script = script_new(100);
		const struct seen *seen = large_proof(script, cases[i].octets, cases[i].sends, cases[i].fragments);
		ck_assert_msg(mentions(seen, " certificate_hint=fragment-loss") == cases[i].hint, "case %u: %s", i,
			      seen->evidence);
		script_free(script);
	}
}
END_TEST

/* ---- EAP ---- */

/* RFC 7296 section 2.16: the responder proves itself first, and what the initiator does then decides. */
static void eap_begins(struct script *script, uint64_t ispi)
{
	v2_init(script, ispi, GOOD);
	say(script, 1000, 0);
	v2_answer(script, ispi, GOOD, false);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 300);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 1300);
	say(script, 50, 1);
}

static void eap_round(struct script *script, uint64_t ispi, uint32_t id, unsigned inner, unsigned answer,
		      unsigned octets)
{
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, id, inner, 120);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, id, answer, octets);
	say(script, 50, 1);
}

/* How three attempts with EAP end, a second of silence and more between them. */
START_TEST(eap)
{
	enum end { SOUND, NOT_BELIEVED, FAILURE, UNANSWERED, PATIENT };
	for (enum end end = SOUND; end <= PATIENT; end++) {
		struct script *script = script_new(100);
		for (uint64_t ispi = 10; ispi < 40; ispi += 10) {
			eap_begins(script, ispi);
			if (end == UNANSWERED) {
				for (unsigned n = 0; n < 5; n++) {
					v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 2,
						  IKEV2_PAYLOAD_EAP, 140);
					say(script, 8000, 0);
				}
				pass(script, 60000);
				continue;
			}
			eap_round(script, ispi, 2, IKEV2_PAYLOAD_EAP, IKEV2_PAYLOAD_EAP, 65);
			/* Somebody has to find his card first. */
			if (end == PATIENT)
				pass(script, 25000);
			if (end != FAILURE)
				eap_round(script, ispi, 3, IKEV2_PAYLOAD_AUTH,
					  end == NOT_BELIEVED ? IKEV2_PAYLOAD_NOTIFY : IKEV2_PAYLOAD_AUTH,
					  end == NOT_BELIEVED ? 65 : 240);
			pass(script, 20000);
		}
		pass(script, 40000);
		bool failed = end == NOT_BELIEVED || end == FAILURE;
		ck_assert_msg(opens_of(script, FINDING_IKE_AUTH_FAILED) == failed, "end %d", end);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), end == UNANSWERED);
		if (failed) {
			/* That the responder was believed in each of them did not end it, nor is it a proof by key. */
			const struct seen *seen = failure(script);
			ck_assert_int_eq(seen->state, FINDING_OPEN);
			ck_assert_int_eq(seen->grade, GRADE_LIKELY);
			ck_assert_ptr_nonnull(strstr(seen->text, "EAP"));
			ck_assert(!mentions(seen, "pre-shared-key"));
			eap_begins(script, 50);
			eap_round(script, 50, 2, IKEV2_PAYLOAD_EAP, IKEV2_PAYLOAD_EAP, 65);
			ck_assert_int_eq(failure(script)->state, FINDING_OPEN);
			eap_round(script, 50, 3, IKEV2_PAYLOAD_AUTH, IKEV2_PAYLOAD_AUTH, 240);
			ck_assert_int_eq(failure(script)->state, FINDING_CLEAR);
		} else if (end != UNANSWERED) {
			assert_calm(script);
		}
		script_free(script);
	}
}
END_TEST

/* The end of the exchange is not in view, and ESP is. */
START_TEST(eap_out_of_view)
{
	struct script *script = script_new(100);
	struct transition born = { .kind = TRANSITION_SA_BORN };

	eap_begins(script, 10);
	eap_round(script, 10, 2, IKEV2_PAYLOAD_EAP, IKEV2_PAYLOAD_EAP, 65);
	born.esp.spi = 0x1000;
	born.esp.protocol = 50;
	put_transition(script, &born, 1, 2);
	pass(script, 60000);
	assert_calm(script);
	script_free(script);
}
END_TEST

/* ---- the initiator does not believe the responder ---- */

/* RFC 7296 section 2.21.2: a notify at once after the answer, and no ESP; what looks like it is MOBIKE, or goes on. */
START_TEST(disowned)
{
	static const struct {
		unsigned inner, octets, after_ms, times;
		bool esp, goes_on, told;
	} cases[] = {
		{ IKEV2_PAYLOAD_NOTIFY, 80, 50, 4, false, false, true },
		{ IKEV2_PAYLOAD_NOTIFY, 65, 50, 4, false, false, true },
		{ IKEV2_PAYLOAD_NOTIFY, 80, 50, 1, false, false, false }, /* once */
		{ IKEV2_PAYLOAD_NOTIFY, 96, 50, 4, false, false, false }, /* MOBIKE */
		{ IKEV2_PAYLOAD_NOTIFY, 80, 50, 4, true, false, false },
		{ IKEV2_PAYLOAD_NOTIFY, 80, 50, 4, false, true, false },
		{ IKEV2_PAYLOAD_NOTIFY, 80, 6000, 4, false, false, false }, /* later */
		{ IKEV2_PAYLOAD_DELETE, 80, 50, 4, false, false, false },
		{ 0, 57, 50, 4, false, false, false },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		for (uint64_t ispi = 10; ispi < 10 + 10 * cases[i].times; ispi += 10) {
			eap_begins(script, ispi);
			v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 2, cases[i].inner,
				  cases[i].octets);
			say(script, cases[i].after_ms, 0);
			v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, 2, 0, 57);
			say(script, 50, 1);
			struct transition born = { .kind = TRANSITION_SA_BORN };
			born.esp.spi = 0x1000 + (uint32_t)ispi;
			born.esp.protocol = 50;
			if (cases[i].esp)
				put_transition(script, &born, 1, 2);
			pass(script, 15000);
			if (cases[i].goes_on) {
				v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 3, 0, 57);
				say(script, 1000, 0);
			}
			pass(script, 15000);
		}
		pass(script, 60000);
		ck_assert_msg(opens_of(script, FINDING_IKE_AUTH_FAILED) == cases[i].told, "case %u", i);
		if (cases[i].told) {
			/* Not ended by the next one that is answered, but by ESP. */
			eap_begins(script, 90);
			ck_assert_int_eq(failure(script)->state, FINDING_OPEN);
			ck_assert_int_eq(failure(script)->grade, GRADE_LIKELY);
			ck_assert_ptr_nonnull(strstr(failure(script)->text, "10.0.0.1 that does not believe 10.0.0.2"));
			esp_begins(script, 100, 1, 2);
			ck_assert_int_eq(failure(script)->state, FINDING_CLEAR);
		}
		script_free(script);
	}
}
END_TEST

/* Phase 1 of IKEv1, whole. */
static void phase_1(struct script *script, uint64_t ispi, unsigned exchange, unsigned auth)
{
	bool aggressive = exchange == IKEV1_EXCHANGE_AGGRESSIVE;

	v1_sa(script, ispi, 0, exchange, 7, 4, auth, 14);
	say(script, 1000, 0);
	v1_sa(script, ispi, ispi + 1, exchange, 7, 4, auth, 14);
	say(script, 50, 1);
	for (unsigned side = 0; side < 2 && !aggressive; side++) {
		v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 64 + side);
		say(script, 50, side);
	}
	for (unsigned side = 0; side < (aggressive ? 1 : 2); side++) {
		v1_secret(script, ispi, exchange, 0, IKEV1_PAYLOAD_ID, 108 - 16 * side);
		say(script, 50, side);
	}
}

static void v1_word(struct script *script, uint64_t ispi, int64_t milliseconds, unsigned side, unsigned exchange,
		    uint32_t id)
{
	v1_secret(script, ispi, exchange, id, IKEV1_PAYLOAD_HASH, 92 + 4 * side);
	say(script, milliseconds, side);
}

/* A notice or a Delete at once where quick mode should be, and again; and what looks like it. */
START_TEST(disowned_v1)
{
	enum { ALONE, THEN_QUICK, THEN_DPD, WITH_ESP, WITH_NEW_SA, LATE, ONCE, BOTH_SIDES };
	static const struct {
		unsigned exchange, auth, side, how;
		bool told;
		enum finding_cause cause;
	} cases[] = {
		{ IKEV1_EXCHANGE_AGGRESSIVE, 3, 1, ALONE, true, CAUSE_CERTIFICATE },
		{ IKEV1_EXCHANGE_MAIN, 3, 0, ALONE, true, CAUSE_CERTIFICATE },
		{ IKEV1_EXCHANGE_MAIN, 1, 0, ALONE, true, CAUSE_PRE_SHARED_KEY },
		{ IKEV1_EXCHANGE_MAIN, 3, 0, BOTH_SIDES, true, CAUSE_CERTIFICATE },
		{ IKEV1_EXCHANGE_MAIN, 3, 0, THEN_QUICK, false, CAUSE_NONE },  /* INITIAL-CONTACT */
		{ IKEV1_EXCHANGE_MAIN, 3, 1, THEN_QUICK, false, CAUSE_NONE },  /* RESPONDER-LIFETIME */
		{ IKEV1_EXCHANGE_MAIN, 3, 0, THEN_DPD, false, CAUSE_NONE },    /* phase 1 goes on without an SA */
		{ IKEV1_EXCHANGE_MAIN, 3, 1, WITH_ESP, false, CAUSE_NONE },    /* a former phase 1's SAs go on */
		{ IKEV1_EXCHANGE_MAIN, 3, 1, WITH_NEW_SA, false, CAUSE_NONE }, /* quick mode was not in view */
		{ IKEV1_EXCHANGE_MAIN, 3, 1, LATE, false, CAUSE_NONE },
		{ IKEV1_EXCHANGE_MAIN, 3, 1, ONCE, false, CAUSE_NONE },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		unsigned side = cases[i].side, how = cases[i].how;
		if (how == WITH_ESP)
			esp_begins(script, 100, 1, 2);
		for (uint64_t ispi = 10; ispi <= (how == ONCE ? 10 : 40); ispi += 10) {
			phase_1(script, ispi, cases[i].exchange, cases[i].auth);
			v1_word(script, ispi, how == LATE ? 7000 : 50, side, IKEV1_EXCHANGE_INFORMATIONAL, 5);
			if (how == BOTH_SIDES)
				v1_word(script, ispi, 50, !side, IKEV1_EXCHANGE_INFORMATIONAL, 6);
			for (unsigned n = 0; n < 3 && how == THEN_QUICK; n++)
				v1_word(script, ispi, 1000, n % 2, IKEV1_EXCHANGE_QUICK, 7);
			for (unsigned n = 0; n < 4 && how == THEN_DPD; n++)
				v1_word(script, ispi, n % 2 ? 50 : 10000, n % 2, IKEV1_EXCHANGE_INFORMATIONAL, 8 + n);
			struct transition born = { .kind = TRANSITION_SA_BORN };
			born.esp.spi = 0x1000 + (uint32_t)ispi;
			born.esp.protocol = 50;
			if (how == WITH_NEW_SA)
				put_transition(script, &born, 1, 2);
			pass(script, 20000);
		}
		pass(script, 60000);
		ck_assert_msg(opens_of(script, FINDING_IKE_AUTH_FAILED) == cases[i].told, "case %u", i);
		if (!cases[i].told) {
			ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
			script_free(script);
			continue;
		}
		const char *words =
		    side ? "10.0.0.2 that does not believe 10.0.0.1" : "10.0.0.1 that does not believe 10.0.0.2";
		ck_assert_int_eq(failure(script)->cause, cases[i].cause);
		ck_assert_int_eq(failure(script)->grade, GRADE_LIKELY);
		ck_assert_msg(strstr(failure(script)->text, words) != NULL, "%s", failure(script)->text);
		/* Not ended by the next phase 1 that comes up, but by quick mode. */
		phase_1(script, 90, cases[i].exchange, cases[i].auth);
		ck_assert_int_eq(failure(script)->state, FINDING_OPEN);
		v1_word(script, 90, 50, 0, IKEV1_EXCHANGE_QUICK, 7);
		v1_word(script, 90, 50, 1, IKEV1_EXCHANGE_QUICK, 7);
		ck_assert_int_eq(failure(script)->state, FINDING_CLEAR);
		script_free(script);
	}
}
END_TEST

/* XAUTH behind phase 1: whoever is asked for a password gives a wrong one. */
START_TEST(xauth)
{
	enum { WRONG, RIGHT, CONFIGURED };

	for (unsigned end = WRONG; end <= CONFIGURED; end++) {
		struct script *script = script_new(100);
		for (uint64_t ispi = 10; ispi <= 40; ispi += 10) {
			phase_1(script, ispi, IKEV1_EXCHANGE_MAIN, end == CONFIGURED ? 1 : 65001);
			v1_word(script, ispi, 50, 1, IKEV1_EXCHANGE_TRANSACTION, 5);
			v1_word(script, ispi, 9000, 0, IKEV1_EXCHANGE_TRANSACTION, 5);
			v1_word(script, ispi, 50, 1, IKEV1_EXCHANGE_TRANSACTION, 6);
			v1_word(script, ispi, 50, 0, IKEV1_EXCHANGE_TRANSACTION, 6);
			if (end == WRONG)
				v1_word(script, ispi, 50, 1, IKEV1_EXCHANGE_INFORMATIONAL, 7);
			for (unsigned n = 0; n < 3 && end != WRONG; n++)
				v1_word(script, ispi, 50, n % 2, IKEV1_EXCHANGE_QUICK, 8);
			pass(script, 20000);
			/* Disconnected again. */
			if (end != WRONG)
				v1_word(script, ispi, 50, 0, IKEV1_EXCHANGE_INFORMATIONAL, 9);
		}
		pass(script, 60000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), end == WRONG);
		if (end == WRONG) {
			ck_assert_int_eq(failure(script)->cause, CAUSE_UNKNOWN);
			ck_assert_ptr_nonnull(strstr(failure(script)->text, "XAUTH"));
		}
		script_free(script);
	}
}
END_TEST

/* ---- clients behind one address ---- */

static void client(struct script *script, uint64_t ispi, uint16_t port, bool nat, bool accepted)
{
	script->port = port;
	v2_init(script, ispi, GOOD);
	if (nat)
		v2_behind_nat(script);
	say(script, 1000, 0);
	v2_answer(script, ispi, GOOD, false);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1,
		  accepted ? IKEV2_PAYLOAD_IDR : IKEV2_PAYLOAD_NOTIFY, accepted ? 240 : 80);
	say(script, 50, 1);
}

/* Behind a NAT, who comes up from another port is another one: that it does says nothing of who fails. */
START_TEST(another_client)
{
	static const struct {
		uint16_t fails, succeeds;
		bool nat, ends;
	} cases[] = {
		{ 20009, 20000, true, false }, { 500, 20000, true, false }, { 20009, 500, true, false },
		{ 20009, 20009, true, true },  { 500, 500, true, true },    { 20009, 20000, false, true },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		for (uint64_t ispi = 10; ispi < 50; ispi += 10) {
			client(script, ispi, cases[i].fails, cases[i].nat, false);
			pass(script, 20000);
		}
		client(script, 50, cases[i].succeeds, cases[i].nat, true);
		esp_begins(script, 100, 1, 2);
		ck_assert_msg(failure(script)->state == (cases[i].ends ? FINDING_CLEAR : FINDING_OPEN), "case %u", i);
		/* Nobody fails any more. */
		pass(script, 330000);
		ck_assert_int_eq(failure(script)->state, FINDING_CLEAR);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), 1);
		script_free(script);
	}
}
END_TEST

SUITE_MAIN("rule_ike_auth", ticket_refused, ticket_of_the_responder, no_ticket_no_word, errors_beside_it, errors_alone,
	   bounded, hint_unknown, hint_revocation_list, no_hint_of_a_revocation_list, hint_expired, no_hint_of_expiry,
	   hint_authorities, hint_fragments, eap, eap_out_of_view, disowned, disowned_v1, xauth, another_client)
