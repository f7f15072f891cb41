/* SPDX-License-Identifier: Apache-2.0 */
/* Findings from negotiations, each with its nearest neighbour that must not make one. */
#include "../suite.h"
#include "ike_script.h"

/* One IKEv2 negotiation with keys up to the answer to its proof. */
static void negotiate(struct script *script, uint64_t ispi, unsigned inner, unsigned octets)
{
	v2_init(script, ispi, GOOD);
	say(script, 1000, 0);
	v2_answer(script, ispi, GOOD, false);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, inner, octets);
	say(script, 50, 1);
}

START_TEST(unanswered)
{
	/* tries, gap in ms, answered at last, findings */
	static const struct {
		unsigned tries, gap;
		bool answered;
		unsigned opens;
	} cases[] = { { 2, 4000, false, 0 }, { 3, 2000, false, 1 }, { 3, 500, true, 0 },
		      { 3, 500, false, 0 }, /* a scanner's; who wants an answer waits for it */
		      { 20, 100, false, 0 }, { 4, 700, false, 1 },  { 6, 4000, true, 1 } };
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		for (unsigned n = 0; n < cases[i].tries; n++) {
			v2_init(script, 7, GOOD);
			say(script, cases[i].gap, 0);
		}
		if (cases[i].answered) {
			v2_answer(script, 7, GOOD, false);
			say(script, 500, 1);
		}
		pass(script, 10000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), cases[i].opens);
		if (cases[i].opens && cases[i].answered)
			ck_assert_int_eq(last_of(script, FINDING_IKE_UNANSWERED)->state, FINDING_CLEAR);
		script_free(script);
	}
}
END_TEST

/* Tries and seconds are those of one attempt, whatever came before it. */
START_TEST(unanswered_again)
{
	struct script *script = script_new(100);
	for (unsigned n = 0; n < 5; n++) {
		v2_init(script, 7, GOOD);
		say(script, 3000, 0);
	}
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 1);
	const char *text = last_of(script, FINDING_IKE_UNANSWERED)->text;
	ck_assert_msg(strstr(text, " s without any answer") && !strstr(text, " in all"), "%s", text);
	pass(script, 57000);
	for (unsigned n = 0; n < 4; n++) {
		v2_init(script, 9, GOOD);
		say(script, 2000, 0);
	}
	/* The alert ends for want of tries, and says what was seen last. */
	pass(script, 3600000);
	ck_assert_int_eq(last_of(script, FINDING_IKE_UNANSWERED)->state, FINDING_CLEAR);
	text = last_of(script, FINDING_IKE_UNANSWERED)->text;
	ck_assert_msg(strstr(text, ", 4 times in 6.0 s without any answer, and has tried for 77 s in all"), "%s", text);
	script_free(script);
}
END_TEST

static struct script *refused_by_icmp(unsigned tries, unsigned gap_ms)
{
	struct script *script = script_new(100);

	for (unsigned n = 0; n < tries; n++) {
		v2_init(script, 7, GOOD);
		say(script, gap_ms, 0);
		struct transition transition = { .kind = TRANSITION_ICMP_ERROR };
		transition.icmp = (struct transition_icmp){ .version = 4, .type = 3, .code = 3, .protocol = 17 };
		put_transition(script, &transition, 1, 2);
	}
	return script;
}

START_TEST(unanswered_by_icmp_at_once)
{
	struct script *script = refused_by_icmp(3, 500);
	pass(script, 60000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 0); /* a scanner's tries */
	script_free(script);

	script = refused_by_icmp(3, 1000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 1);
	ck_assert_ptr_nonnull(strstr(last_of(script, FINDING_IKE_UNANSWERED)->text, "ICMP 3/3"));
	script_free(script);
}
END_TEST

START_TEST(one_way_mirror)
{
	struct script *script = script_new(100);
	for (uint64_t ispi = 1; ispi < 20; ispi++) {
		v2_init(script, ispi, GOOD);
		say(script, 3000, 0);
		v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
		say(script, 100, 0);
		v2_secret(script, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_NOTIFY, 208);
		say(script, 100, 0);
	}
	for (uint64_t ispi = 100; ispi < 120; ispi++) {
		v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
		say(script, 3000, 1);
	}
	pass(script, 60000);
	assert_calm(script);
	script_free(script);
}
END_TEST

START_TEST(refused)
{
	struct script *script = script_new(100);
	v2_init(script, 7, GOOD);
	say(script, 0, 0);
	v2_refusal(script, 7, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
	say(script, 50, 1);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_REFUSED), 0);
	pass(script, 6000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_REFUSED), 1);
	ck_assert_int_eq(last_of(script, FINDING_IKE_REFUSED)->cause, CAUSE_NO_PROPOSAL);
	ck_assert_int_eq(last_of(script, FINDING_IKE_REFUSED)->severity, SEVERITY_MEDIUM);
	negotiate(script, 8, IKEV2_PAYLOAD_IDR, 240);
	ck_assert_int_eq(last_of(script, FINDING_IKE_REFUSED)->state, FINDING_CLEAR);
	script_free(script);
}
END_TEST

/* The responder takes a proposal from 10.0.0.3 and refuses 10.0.0.1's. */
START_TEST(refused_compared)
{
	static const struct {
		struct choice offer;
		enum finding_cause cause;
		const char *attribute;
	} cases[] = {
		{ { 12, 256, 12, 5, 14, 0 }, CAUSE_UNKNOWN_PEER, "" },
		{ { 12, 128, 12, 5, 14, 0 }, CAUSE_NO_PROPOSAL, "encryption" },
		{ { 12, 256, 14, 5, 14, 0 }, CAUSE_NO_PROPOSAL, "integrity" },
		{ { 12, 256, 12, 7, 14, 0 }, CAUSE_NO_PROPOSAL, "hash or PRF" },
		{ { 12, 256, 12, 5, 19, 0 }, CAUSE_NO_PROPOSAL, "key exchange group" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		v2_init(script, 3, GOOD);
		say_between(script, 0, 2, 3, 1);
		v2_answer(script, 3, GOOD, false);
		say_between(script, 50, 2, 3, 0);
		v2_init(script, 7, cases[i].offer);
		say(script, 100, 0);
		v2_refusal(script, 7, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
		say(script, 50, 1);
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_REFUSED);
		ck_assert_ptr_nonnull(seen);
		ck_assert_int_eq(seen->cause, cases[i].cause);
		ck_assert_str_eq(seen->attribute, cases[i].attribute);
		script_free(script);
	}
}
END_TEST

START_TEST(refusal_causes)
{
	static const struct {
		unsigned major, notify, exchange;
		enum finding_cause cause;
	} cases[] = {
		{ 2, IKEV2_NOTIFY_INVALID_MAJOR_VERSION, 0, CAUSE_VERSION },
		{ 2, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 0, CAUSE_KEY_EXCHANGE_GROUP },
		{ 2, IKEV2_NOTIFY_INVALID_SYNTAX, 0, CAUSE_OTHER },
		{ 1, IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN, IKEV1_EXCHANGE_MAIN, CAUSE_NO_PROPOSAL },
		{ 1, IKEV1_NOTIFY_INVALID_MAJOR_VERSION, IKEV1_EXCHANGE_MAIN, CAUSE_VERSION },
		{ 1, IKEV1_NOTIFY_INVALID_EXCHANGE_TYPE, IKEV1_EXCHANGE_AGGRESSIVE, CAUSE_MODE },
		{ 1, IKEV1_NOTIFY_INVALID_ID_INFORMATION, IKEV1_EXCHANGE_AGGRESSIVE, CAUSE_UNKNOWN_PEER },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		if (cases[i].major == 2)
			v2_init(script, 7, GOOD);
		else
			v1_sa(script, 7, 0, cases[i].exchange, 7, 4, 1, 14);
		say(script, 0, 0);
		if (cases[i].major == 2)
			v2_refusal(script, 7, cases[i].notify, 2, 19);
		else
			v1_refusal(script, 7, cases[i].notify);
		say(script, 50, 1);
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_REFUSED);
		ck_assert_ptr_nonnull(seen);
		ck_assert_int_eq(seen->cause, cases[i].cause);
		script_free(script);
	}
}
END_TEST

/* A forged refusal, another group wanted, a cookie: each followed by what makes it none. */
START_TEST(no_refusal)
{
	static const unsigned notifies[] = { IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, IKEV2_NOTIFY_INVALID_KE_PAYLOAD,
					     IKEV2_NOTIFY_COOKIE };
	for (unsigned i = 0; i < 3; i++) {
		struct script *script = script_new(100);
		v2_init(script, 7, (struct choice){ 12, 256, 12, 5, 19, 0 });
		say(script, 0, 0);
		v2_refusal(script, 7, notifies[i], 2, 14);
		say(script, 50, 1);
		if (i > 0) {
			v2_init(script, 7, GOOD);
			say(script, 50, 0);
		}
		v2_answer(script, 7, GOOD, false);
		say(script, 500, 1);
		pass(script, 20000);
		assert_calm(script);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_REFUSED), 0);
		script_free(script);
	}
}
END_TEST

START_TEST(authentication_v2)
{
	static const struct {
		unsigned octets;
		bool certreq;
		enum finding_cause cause;
	} cases[] = { { 288, false, CAUSE_PRE_SHARED_KEY }, { 499, false, CAUSE_PRE_SHARED_KEY },
		      { 500, false, CAUSE_UNKNOWN },        { 800, true, CAUSE_CERTIFICATE },
		      { 799, true, CAUSE_UNKNOWN },         { 1400, false, CAUSE_UNKNOWN },
		      { 288, true, CAUSE_UNKNOWN } };
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		v2_init(script, 7, GOOD);
		say(script, 0, 0);
		v2_answer(script, 7, GOOD, cases[i].certreq);
		say(script, 50, 1);
		v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, cases[i].octets);
		say(script, 50, 0);
		v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
		say(script, 50, 1);
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_AUTH_FAILED);
		ck_assert_ptr_nonnull(seen);
		ck_assert_int_eq(seen->cause, cases[i].cause);
		ck_assert_int_eq(seen->grade, GRADE_LIKELY);
		script_free(script);
	}
}
END_TEST

/* An IKE SA that asks for no child (RFC 6023): octets as of strongSwan, laboratory 20r. */
static void childless(struct script *script, uint64_t ispi)
{
	v2_init(script, ispi, GOOD);
	say(script, 1000, 0);
	v2_answer(script, ispi, GOOD, false);
	v2_notify(script, IKEV2_NOTIFY_CHILDLESS_IKEV2_SUPPORTED, 0, 0);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 176);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 128);
	say(script, 400, 1);
}

/* EAP with its many exchanges; a forged failure that the true answer follows; childless IKE and MOBIKE. */
START_TEST(authentication_sound)
{
	struct script *script = script_new(100);
	negotiate(script, 7, IKEV2_PAYLOAD_IDR, 1200);
	for (uint32_t id = 2; id < 6; id++) {
		v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, id, IKEV2_PAYLOAD_EAP, 80);
		say(script, 50, 0);
		v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, id, IKEV2_PAYLOAD_EAP, 80);
		say(script, 50, 1);
	}
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 6, IKEV2_PAYLOAD_AUTH, 80);
	say(script, 50, 0);
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 6, IKEV2_PAYLOAD_AUTH, 240);
	say(script, 50, 1);
	negotiate(script, 9, IKEV2_PAYLOAD_NOTIFY, 80);
	v2_secret(script, 9, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	say(script, 500, 1);
	childless(script, 11);
	for (uint32_t id = 2; id < 6; id++) {
		v2_secret(script, 11, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, IKEV2_PAYLOAD_NOTIFY, 176);
		say_between(script, 9000, 2, 3, 1);
		v2_secret(script, 11, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, IKEV2_PAYLOAD_NOTIFY, 160);
		say_between(script, 50, 2, 3, 0);
	}
	pass(script, 60000);
	assert_calm(script);
	script_free(script);
}
END_TEST

/* Phase 1 of IKEv1 up to message 5. */
static void main_mode(struct script *script, uint64_t ispi, unsigned auth)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, auth, 14);
	say(script, 1000, 0);
	v1_sa(script, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, auth, 14);
	say(script, 50, 1);
	v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 64);
	say(script, 50, 0);
	v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 65);
	say(script, 50, 1);
	v1_secret(script, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	say(script, 50, 0);
}

START_TEST(authentication_v1)
{
	static const struct {
		unsigned auth;
		enum finding_cause cause;
	} cases[] = { { 1, CAUSE_PRE_SHARED_KEY }, { 3, CAUSE_CERTIFICATE }, { 65001, CAUSE_UNKNOWN } };
	for (unsigned i = 0; i < 3; i++) {
		struct script *script = script_new(100);
		main_mode(script, 7, cases[i].auth);
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		say(script, 50, 1);
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_AUTH_FAILED);
		ck_assert_ptr_nonnull(seen);
		ck_assert_int_eq(seen->cause, cases[i].cause);
		script_free(script);
	}
	struct script *script = script_new(100);
	main_mode(script, 7, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
	say(script, 50, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
	say(script, 50, 1);
	pass(script, 60000);
	assert_calm(script);
	script_free(script);
}
END_TEST

/* A responder that looks for a revocation list first takes its time, and is asked again; what comes late of a proof that is not repeated
 * is a peer that is asked whether it lives, and that it was believed is out of view. */
START_TEST(authentication_v1_late)
{
	for (unsigned repeated = 0; repeated < 2; repeated++) {
		struct script *script = script_new(100);
		main_mode(script, 7, 3);
		if (repeated) {
			v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
			say(script, 4000, 0);
		}
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		say(script, 10000, 1);
		pass(script, 6000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), repeated);
		script_free(script);
	}
}
END_TEST

START_TEST(authorities)
{
	for (unsigned common = 0; common < 2; common++) {
		struct script *script = script_new(100);
		v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
		say(script, 0, 0);
		v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
		say(script, 50, 1);
		v1_clear(script, 7, IKEV1_PAYLOAD_KE, 64);
		v1_certreq(script, 1);
		say(script, 50, 0);
		v1_clear(script, 7, IKEV1_PAYLOAD_KE, 65);
		v1_certreq(script, 2);
		if (common)
			v1_certreq(script, 1);
		say(script, 50, 1);
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1400);
		say(script, 50, 0);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_CA_MISMATCH), 0);
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		say(script, 50, 1);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_CA_MISMATCH), !common);
		script_free(script);
	}
}
END_TEST

START_TEST(child_v2)
{
	/* octets of the answers to IKE_AUTH and CREATE_CHILD_SA, whether ESP flows, findings */
	static const struct {
		unsigned proof, answer;
		bool esp;
		unsigned opens;
	} cases[] = { { 144, 80, false, 1 },
		      { 144, 120, false, 1 },
		      { 144, 130, false, 0 },
		      { 240, 80, false, 0 },
		      { 144, 80, true, 0 } };
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		negotiate(script, 7, IKEV2_PAYLOAD_IDR, cases[i].proof);
		if (cases[i].esp)
			esp_begins(script, 1000, 1, 2);
		v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_NOTIFY, 208);
		say(script, 5000, 0);
		v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2, IKEV2_PAYLOAD_NOTIFY,
			  cases[i].answer);
		say(script, 50, 1);
		pass(script, 6000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_CHILD_REFUSED), cases[i].opens);
		script_free(script);
	}
}
END_TEST

START_TEST(child_v1)
{
	/* how the answer comes: refused; a notice, then the answer; the answer alone; dead peer detection later */
	for (unsigned how = 0; how < 4; how++) {
		struct script *script = script_new(100);
		main_mode(script, 7, 1);
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
		say(script, 50, 1);
		v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 33, IKEV1_PAYLOAD_HASH, 188);
		say(script, 50, 0);
		if (how < 2 || how == 3) {
			v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 34, IKEV1_PAYLOAD_HASH, 92);
			say(script, how == 3 ? 3500 : 50, 1);
		}
		if (how == 1 || how == 2) {
			v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 33, IKEV1_PAYLOAD_HASH, 172);
			say(script, 50, 1);
		}
		pass(script, 6000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_CHILD_REFUSED), how == 0);
		script_free(script);
	}
}
END_TEST

/* Of two quick modes at once both are refused, or one is, which the other makes good. */
START_TEST(children_at_once)
{
	for (unsigned refusals = 0; refusals <= 2; refusals++) {
		struct script *script = script_new(100);
		main_mode(script, 7, 1);
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
		say(script, 50, 1);
		for (uint32_t id = 33; id < 35; id++) {
			v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, id, IKEV1_PAYLOAD_HASH, 188);
			say(script, 10, 0);
		}
		for (uint32_t id = 33; id < 35; id++) {
			bool no = id - 33 < refusals;
			v1_secret(script, 7, no ? IKEV1_EXCHANGE_INFORMATIONAL : IKEV1_EXCHANGE_QUICK,
				  no ? id + 20 : id, IKEV1_PAYLOAD_HASH, no ? 92 : 172);
			say(script, 50, 1);
		}
		pass(script, 6000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_CHILD_REFUSED), refusals == 2);
		script_free(script);
	}
}
END_TEST

START_TEST(stalled_or_too_large)
{
	static const struct {
		unsigned octets, tries;
		bool answered;
		unsigned stalled, mtu;
	} cases[] = { { 288, 3, false, 1, 0 },
		      { 288, 2, false, 0, 0 },
		      { 288, 3, true, 0, 0 },
		      { 1232, 3, false, 1, 0 },
		      { 1233, 3, false, 0, 1 } };
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		v2_init(script, 7, GOOD);
		say(script, 0, 0);
		v2_answer(script, 7, GOOD, false);
		say(script, 50, 1);
		for (unsigned n = 0; n < cases[i].tries; n++) {
			v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI,
				  cases[i].octets);
			say(script, 1500, 0);
		}
		if (cases[i].answered) {
			v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
			say(script, 50, 1);
		}
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED) + opens_of(script, FINDING_IKE_PATH_MTU), 0);
		pass(script, 20000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), cases[i].stalled);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_PATH_MTU), cases[i].mtu);
		script_free(script);
	}
}
END_TEST

START_TEST(cryptography)
{
	static const struct {
		struct choice choice;
		int severity; /* of weak-ike-selected; -1: none */
		bool quantum;
	} cases[] = {
		{ { 12, 256, 12, 5, 14, 0 }, -1, false },
		{ { 12, 256, 2, 5, 14, 0 }, SEVERITY_LOW, false },
		{ { 3, 0, 12, 5, 14, 0 }, SEVERITY_LOW, false },
		{ { 2, 0, 12, 5, 14, 0 }, SEVERITY_MEDIUM, false },
		{ { 12, 256, 1, 5, 14, 0 }, SEVERITY_MEDIUM, false },
		{ { 12, 256, 12, 1, 14, 0 }, SEVERITY_MEDIUM, false },
		{ { 12, 256, 12, 5, 2, 0 }, SEVERITY_MEDIUM, false },
		{ { 12, 256, 0, 5, 14, 0 }, SEVERITY_MEDIUM, false },
		{ { 20, 256, 0, 5, 14, 0 }, -1, false },
		{ { 12, 256, 12, 5, 31, 36 }, -1, true },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		v2_init(script, 7, cases[i].choice);
		say(script, 0, 0);
		v2_answer(script, 7, cases[i].choice, false);
		say(script, 50, 1);
		const struct seen *seen = last_of(script, FINDING_WEAK_IKE_SELECTED);
		ck_assert_int_eq(seen ? (int)seen->severity : -1, cases[i].severity);
		ck_assert_uint_eq(opens_of(script, FINDING_NOT_QUANTUM_SAFE), !cases[i].quantum);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_VERSION_1), 0);
		/* The next selection is sound, and ends it. */
		v2_init(script, 9, GOOD);
		say(script, 1000, 0);
		v2_answer(script, 9, GOOD, false);
		say(script, 50, 1);
		if (seen)
			ck_assert_int_eq(last_of(script, FINDING_WEAK_IKE_SELECTED)->state, FINDING_CLEAR);
		script_free(script);
	}
}
END_TEST

/* An IKE SA that is up, made of what is chosen. */
static void select_up(struct script *script, uint64_t ispi, struct choice choice)
{
	v2_init(script, ispi, choice);
	say(script, 1000, 0);
	v2_answer(script, ispi, choice, false);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	say(script, 50, 1);
}

/* A Delete, answered as that of an IKE SA is (nothing inside) or as that of a child (RFC 7296 section 1.4.1). */
static void delete_in(struct script *script, uint64_t ispi, uint32_t id, bool child)
{
	v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, IKEV2_PAYLOAD_DELETE, 80);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, child ? IKEV2_PAYLOAD_DELETE : 0, 80);
	say(script, 50, 1);
}

/* A sound IKE SA beside one that is not ends what is told of that only where it is gone. */
START_TEST(two_selections)
{
	enum what { SPEAKS, CHILD_DELETED, ESP, DELETED, DELETED_BEFORE, SILENT };
	for (enum what what = SPEAKS; what <= SILENT; what++) {
		struct script *script = script_new(100);
		struct transition born = { .kind = TRANSITION_SA_BORN };
		uint32_t id = 2;
		select_up(script, 7, (struct choice){ 12, 256, 12, 5, 2, 0 });
		born.esp.spi = 0x1000;
		born.esp.protocol = 50;
		if (what == ESP)
			put_transition(script, &born, 1, 2);
		if (what == DELETED_BEFORE)
			delete_in(script, 7, id++, false);
		pass(script, 60000);
		select_up(script, 9, GOOD);
		if (what == DELETED || what == CHILD_DELETED)
			delete_in(script, 7, id++, what == CHILD_DELETED);
		pass(script, 30000);
		bool gone = what == DELETED || what == DELETED_BEFORE;
		ck_assert_msg(last_of(script, FINDING_WEAK_IKE_SELECTED)->state ==
				  (gone ? FINDING_CLEAR : FINDING_OPEN),
			      "%d", what);
		for (unsigned minute = 0; minute < 70; minute++) {
			v2_secret(script, what == SPEAKS ? 7 : 9, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, 0, 80);
			say(script, 60000, 0);
			v2_secret(script, what == SPEAKS ? 7 : 9, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id++, 0,
				  80);
			say(script, 50, 1);
		}
		const struct seen *seen = last_of(script, FINDING_WEAK_IKE_SELECTED);
		gone = what > ESP || what == CHILD_DELETED;
		ck_assert_msg(seen->state == (gone ? FINDING_CLEAR : FINDING_OPEN), "%d", what);
		ck_assert_uint_eq(opens_of(script, FINDING_WEAK_IKE_SELECTED), 1);
		script_free(script);
	}
}
END_TEST

START_TEST(aggressive)
{
	static const struct {
		unsigned exchange, auth, opens;
	} cases[] = { { IKEV1_EXCHANGE_AGGRESSIVE, 1, 1 },
		      { IKEV1_EXCHANGE_AGGRESSIVE, 3, 0 },
		      { IKEV1_EXCHANGE_MAIN, 1, 0 } };
	for (unsigned i = 0; i < 3; i++) {
		struct script *script = script_new(100);
		v1_sa(script, 7, 0, cases[i].exchange, 7, 4, cases[i].auth, 14);
		say(script, 0, 0);
		v1_sa(script, 7, 8, cases[i].exchange, 7, 4, cases[i].auth, 14);
		say(script, 50, 1);
		ck_assert_uint_eq(opens_of(script, FINDING_AGGRESSIVE_PSK), cases[i].opens);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_VERSION_1), 1);
		script_free(script);
	}
}
END_TEST

START_TEST(verdict_tables)
{
	static const struct {
		const char *table;
		struct choice choice;
		int severity;
	} cases[] = {
		{ "rfc8247", { 12, 128, 12, 5, 14, 0 }, -1 },
		{ "cnsa-2.0", { 12, 256, 12, 5, 14, 0 }, SEVERITY_MEDIUM },
		{ "cnsa-2.0", { 20, 256, 0, 7, 37, 0 }, -1 },
		{ "cnsa-2.0", { 20, 128, 0, 7, 37, 0 }, SEVERITY_MEDIUM },
		{ "cnsa-2.0", { 20, 256, 0, 7, 20, 37 }, SEVERITY_LOW },
		{ "nist-800-77r1", { 12, 128, 12, 5, 19, 0 }, -1 },
		{ "nist-800-77r1", { 3, 0, 12, 5, 19, 0 }, SEVERITY_MEDIUM },
		{ "nist-800-77r1", { 12, 128, 12, 5, 31, 0 }, SEVERITY_LOW },
		{ "of-nobody", { 3, 0, 12, 5, 19, 0 }, SEVERITY_LOW },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new_policy(100, cases[i].table);
		v2_init(script, 7, cases[i].choice);
		say(script, 0, 0);
		v2_answer(script, 7, cases[i].choice, false);
		say(script, 50, 1);
		const struct seen *seen = last_of(script, FINDING_WEAK_IKE_SELECTED);
		ck_assert_msg((seen ? (int)seen->severity : -1) == cases[i].severity, "case %u: %s", i,
			      seen ? seen->text : "fine");
		script_free(script);
	}
}
END_TEST

/* What a rule wants of cryptography its gateways have to do: IKE is theirs. */
START_TEST(gateways_are_held_to_their_rule)
{
	static const struct choice sound_but_not_cnsa = { 12, 256, 12, 5, 14, 0 };
	struct judge_thresholds thresholds = judge_default_thresholds();
	struct script *script = script_new(100);
	struct policy policy;

	policy_init(&policy);
	script_rule(&policy, "cnsa-2.0");
	struct policy_rule *rule = &policy.rules[0];
	for (unsigned side = 0; side < 2; side++) {
		/* 172.16.0.0/16: not the gateways themselves */
		memcpy(rule->between[side]->address, (const uint8_t[16]){ [10] = 0xff, [11] = 0xff, 172, 16 }, 16);
		rule->between[side]->length = 112;
	}
	rule->gateways = calloc(2, sizeof(*rule->gateways));
	ck_assert_ptr_nonnull(rule->gateways);
	for (unsigned i = 0; i < 2; i++) {
		struct address address = address_from_ipv4((const uint8_t[]){ 10, 0, 0, (uint8_t)(1 + i) });
		memcpy(rule->gateways[i], address.bytes, 16);
	}
	rule->gateway_count = 2;
	ck_assert(policy_seal(&policy));
	struct alert_settings alerts = alert_default_settings();
	ck_assert(judge_set_policy(script->judge, &policy, &thresholds, &alerts));
	v2_init(script, 7, sound_but_not_cnsa);
	say(script, 0, 0);
	v2_answer(script, 7, sound_but_not_cnsa, false);
	say(script, 50, 1);
	const struct seen *seen = last_of(script, FINDING_WEAK_IKE_SELECTED);
	ck_assert_msg(seen && seen->severity == SEVERITY_MEDIUM, "the rule's table was not asked");
	/* Nobody's gateways are held to the usual table alone. */
	struct script *other = script_new(100);
	v2_init(other, 7, sound_but_not_cnsa);
	say(other, 0, 0);
	v2_answer(other, 7, sound_but_not_cnsa, false);
	say(other, 50, 1);
	ck_assert_ptr_null(last_of(other, FINDING_WEAK_IKE_SELECTED));
	script_free(other);
	script_free(script);
	policy_clear(&policy);
}
END_TEST

/* The causes of a leak that rest on IKE, and ESP that follows, which goes before them all. */
START_TEST(leaks)
{
	enum how { NOTHING, SILENCE, FALL_BACK, REFUSAL, PROOF, CHILD, LONG_AGO };
	static const struct {
		enum how how;
		enum finding_cause cause;
	} cases[] = { { NOTHING, CAUSE_NOBODY_INITIATES }, { SILENCE, CAUSE_UNANSWERED },
		      { FALL_BACK, CAUSE_SOFT_SA },        { REFUSAL, CAUSE_REFUSED },
		      { PROOF, CAUSE_AUTH_FAILED },        { CHILD, CAUSE_CHILD_REFUSED },
		      { LONG_AGO, CAUSE_UNKNOWN } };
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new_policy(100, "rfc8247");
		switch (cases[i].how) {
		case SILENCE:
		case FALL_BACK:
			for (unsigned n = 0; n < 3; n++) {
				v2_init(script, 7, GOOD);
				say(script, 1000, 0);
			}
			break;
		case REFUSAL:
		case LONG_AGO:
			v2_init(script, 7, GOOD);
			say(script, 1000, 0);
			v2_refusal(script, 7, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
			say(script, 50, 1);
			break;
		case PROOF:
			negotiate(script, 7, IKEV2_PAYLOAD_NOTIFY, 80);
			break;
		case CHILD:
			negotiate(script, 7, IKEV2_PAYLOAD_IDR, 144);
			v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_NOTIFY, 208);
			say(script, 1000, 0);
			v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2, IKEV2_PAYLOAD_NOTIFY, 80);
			say(script, 50, 1);
			break;
		default:
			break;
		}
		/* The first message of FALL_BACK was two seconds before the third. */
		clear_flows(script, cases[i].how == LONG_AGO ? 31000 : cases[i].how == FALL_BACK ? 1000 : 100, 30);
		const struct seen *seen = last_of(script, FINDING_CLEARTEXT_LEAK);
		ck_assert_ptr_nonnull(seen);
		ck_assert_msg(seen->cause == cases[i].cause, "case %u: %s", i, seen->text);
		ck_assert_int_eq(seen->severity, SEVERITY_HIGH);
		esp_begins(script, 100, 1, 2);
		ck_assert_int_eq(last_of(script, FINDING_CLEARTEXT_LEAK)->cause, CAUSE_BEFORE_SA);
		script_free(script);
	}
}
END_TEST

START_TEST(spi_notified)
{
	struct script *script = script_new(100);
	struct transition born = { .kind = TRANSITION_SA_BORN };
	born.esp.spi = 0xabcd1234;
	born.esp.protocol = 50;
	put_transition(script, &born, 1, 2);
	header(script, 7, 0, 0x20, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 0);
	v2_notify(script, IKEV2_NOTIFY_INVALID_SPI, 4, 0xabcd1234);
	say(script, 50, 1);
	const struct seen *seen = last_of(script, FINDING_BAD_SPI);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->cause, CAUSE_NOTIFIED);
	ck_assert_ptr_nonnull(strstr(seen->text, "0xabcd1234"));
	ck_assert_int_eq(seen->severity, SEVERITY_INFO);
	script_free(script);
}
END_TEST

SUITE_MAIN("rule_ike", unanswered, unanswered_again, unanswered_by_icmp_at_once, one_way_mirror, refused,
	   refused_compared, refusal_causes, no_refusal, authentication_v2, authentication_sound, authentication_v1,
	   authentication_v1_late, authorities, child_v2, child_v1, children_at_once, stalled_or_too_large,
	   cryptography, two_selections, aggressive, spi_notified, verdict_tables, gateways_are_held_to_their_rule,
	   leaks)
