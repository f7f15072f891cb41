/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations that fail, as peers do that try again. Each is told whole, and with any one message lost, doubled or late: the same
 * finding has to come, and no other of a negotiation. So it has to if the sensor loses the same message of every attempt, unless that
 * is the one that says it.
 */
#include "../suite.h"
#include "negotiation.h"

/* ---- IKEv2 ---- */

static void keys_differ(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 288 },
		    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
}

static void certificate_is_refused(struct script *script)
{
	v2_opens_with(script, true);
	v2_in_pieces(script, 0, false, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDI, 1236, 2);
	v2_answers(script, 1, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_NOTIFY, 80);
}

static void eap_begins(struct script *script)
{
	v2_opens_with(script, true);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 400 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 1200 });
	for (uint32_t id = 2; id < 4; id++)
		v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, id, (struct words){ IKEV2_PAYLOAD_EAP, 128 },
			    (struct words){ IKEV2_PAYLOAD_EAP, 144 });
}
static void eap_fails(struct script *script)
{
	eap_begins(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 4, (struct words){ IKEV2_PAYLOAD_EAP, 128 },
		    (struct words){ IKEV2_PAYLOAD_EAP, 80 });
}
static void eap_is_not_believed(struct script *script)
{
	eap_begins(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 4, (struct words){ IKEV2_PAYLOAD_AUTH, 112 },
		    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
}
/* The server behind the gateway is down. */
static void eap_is_not_answered(struct script *script)
{
	eap_begins(script);
	for (unsigned i = 0; i < 5; i++) {
		v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 4, IKEV2_PAYLOAD_EAP, 128);
		next(script, 5000, 0);
	}
}

/* RFC 7296 section 2.21.2 */
static void responder_is_not_believed(struct script *script)
{
	v2_opens_with(script, true);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 1452 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 1368 });
	v2_exchange(script, 0, IKEV2_EXCHANGE_INFORMATIONAL, 2, (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 },
		    (struct words){ 0, 80 });
}

static void no_proposal(struct script *script)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
	next(script, 50, 1);
}

/* The initiator has no such group, and does not try another. */
static void no_such_group(struct script *script)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 21);
	next(script, 50, 1);
}

static void nobody_answers(struct script *script)
{
	for (unsigned i = 0; i < 5; i++) {
		v2_init(script, ispi, GOOD);
		next(script, i ? 4000 : 100, 0);
	}
}

static void proof_is_not_answered(struct script *script)
{
	v2_opens(script);
	for (unsigned i = 0; i < 5; i++) {
		v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
		next(script, i ? 6000 : 50, 0);
	}
}

static void large_proof_is_not_answered(struct script *script)
{
	v2_opens_with(script, true);
	for (unsigned i = 0; i < 5; i++) {
		v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 1452);
		next(script, i ? 6000 : 50, 0);
	}
}

static void child_is_refused(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 288 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 144 });
	for (uint32_t id = 2; id < 5; id++) {
		pause_for(6000);
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_SA, 208 },
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
	}
}

static void child_is_refused_by_certificates(struct script *script)
{
	v2_opens_with(script, true);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 1452 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 1272 });
	for (uint32_t id = 2; id < 5; id++) {
		pause_for(6000);
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_SA, 208 },
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
	}
}

/* One of two networks; the other's SA is there. */
static void second_child_is_refused(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	for (uint32_t id = 2; id < 7; id++) {
		pause_for(14000);
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_SA, 208 },
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
	}
}

/* And is not asked for again. */
static void child_is_refused_once(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 288 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 144 });
}

/* ---- IKEv1 ---- */

static void v1_no_proposal(struct script *script)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	next(script, 100, 0);
	v1_refusal(script, ispi, IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN);
	next(script, 50, 1);
}

static void main_mode_up_to_proof(struct script *script, unsigned method)
{
	main_mode_by(script, method);
	step_count--;
}

/* The initiator cannot read the refusal, and repeats its proof. */
static void v1_keys_differ(struct script *script)
{
	main_mode_up_to_proof(script, 1);
	struct step proof = steps[step_count - 1];
	v1_notice(script, 1, 400);
	for (unsigned i = 1; i < 4; i++) {
		repeat(proof, 4000);
		v1_notice(script, 1, 400 + i);
	}
}

static void v1_certificate_is_refused(struct script *script)
{
	main_mode_up_to_proof(script, 3);
	v1_notice(script, 1, 400);
}

static void v1_responder_is_not_believed(struct script *script)
{
	main_mode_by(script, 3);
	v1_notice(script, 0, 400);
}

static void aggressive_keys_differ(struct script *script)
{
	v1_opens(script, IKEV1_EXCHANGE_AGGRESSIVE, 1);
	v1_notice(script, 0, 400);
}

static void xauth_fails(struct script *script)
{
	main_mode_by(script, 65001);
	v1_says(script, 1, IKEV1_EXCHANGE_TRANSACTION, 5, 92);
	v1_says(script, 0, IKEV1_EXCHANGE_TRANSACTION, 5, 108);
	v1_says(script, 1, IKEV1_EXCHANGE_TRANSACTION, 6, 92);
	v1_says(script, 0, IKEV1_EXCHANGE_TRANSACTION, 6, 92);
	v1_notice(script, 1, 400);
}

static void quick_mode_is_refused(struct script *script)
{
	main_mode(script);
	for (unsigned i = 0; i < 3; i++) {
		pause_for(i ? 6000 : 0);
		v1_says(script, 0, IKEV1_EXCHANGE_QUICK, 90 + i, 300);
		v1_notice(script, 1, 400 + i);
	}
}

static void second_quick_mode_is_refused(struct script *script)
{
	main_mode(script);
	quick_mode(script, 0, 80);
	for (unsigned i = 0; i < 5; i++) {
		pause_for(14000);
		v1_says(script, 0, IKEV1_EXCHANGE_QUICK, 90 + i, 300);
		v1_notice(script, 1, 400 + i);
	}
}

static void quick_mode_is_not_answered(struct script *script)
{
	main_mode(script);
	v1_says(script, 0, IKEV1_EXCHANGE_QUICK, 90, 300);
	struct step quick = steps[step_count - 1];
	for (unsigned i = 0; i < 4; i++)
		repeat(quick, 6000);
}

/* Messages, a bit each, without which an attempt does not show what it is. */
#define BIT(which) (UINT64_C(1) << (which))

static const struct {
	const char *name;
	void (*tell)(struct script *script);
	enum finding_id id;
	unsigned attempts; /* that it takes */
	uint64_t needed;
} failing[] = {
	{ "keys differ", keys_differ, FINDING_IKE_AUTH_FAILED, 1, BIT(2) | BIT(3) },
	{ "certificate is refused", certificate_is_refused, FINDING_IKE_AUTH_FAILED, 1, BIT(4) },
	{ "EAP fails", eap_fails, FINDING_IKE_AUTH_FAILED, 1, BIT(8) | BIT(9) },
	{ "EAP is not believed", eap_is_not_believed, FINDING_IKE_AUTH_FAILED, 1, BIT(8) | BIT(9) },
	{ "EAP is not answered", eap_is_not_answered, FINDING_IKE_STALLED, 1, 0 },
	{ "responder is not believed", responder_is_not_believed, FINDING_IKE_AUTH_FAILED, 2,
	  BIT(2) | BIT(3) | BIT(4) },
	{ "no proposal", no_proposal, FINDING_IKE_REFUSED, 1, BIT(0) | BIT(1) },
	{ "no such group", no_such_group, FINDING_IKE_REFUSED, 1, BIT(0) | BIT(1) },
	{ "nobody answers", nobody_answers, FINDING_IKE_UNANSWERED, 1, 0 },
	{ "proof is not answered", proof_is_not_answered, FINDING_IKE_STALLED, 1, BIT(1) },
	{ "large proof is not answered", large_proof_is_not_answered, FINDING_IKE_PATH_MTU, 1, BIT(1) },
	{ "child is refused", child_is_refused, FINDING_IKE_CHILD_REFUSED, 1, 0 },
	{ "child is refused, certificates", child_is_refused_by_certificates, FINDING_IKE_CHILD_REFUSED, 1, 0 },
	{ "second child is refused", second_child_is_refused, FINDING_IKE_CHILD_REFUSED, 1, 0 },
	{ "child is refused once", child_is_refused_once, FINDING_IKE_CHILD_REFUSED, 1, BIT(2) | BIT(3) },
	{ "v1, no proposal", v1_no_proposal, FINDING_IKE_REFUSED, 1, BIT(0) | BIT(1) },
	{ "v1, keys differ", v1_keys_differ, FINDING_IKE_AUTH_FAILED, 1, 0 },
	{ "v1, certificate is refused", v1_certificate_is_refused, FINDING_IKE_AUTH_FAILED, 1, BIT(4) | BIT(5) },
	{ "v1, responder is not believed", v1_responder_is_not_believed, FINDING_IKE_AUTH_FAILED, 2, BIT(5) | BIT(6) },
	{ "aggressive, keys differ", aggressive_keys_differ, FINDING_IKE_AUTH_FAILED, 1, BIT(1) | BIT(2) },
	{ "XAUTH fails", xauth_fails, FINDING_IKE_AUTH_FAILED, 2, BIT(9) | BIT(10) },
	{ "quick mode is refused", quick_mode_is_refused, FINDING_IKE_CHILD_REFUSED, 1, 0 },
	{ "second quick mode is refused", second_quick_mode_is_refused, FINDING_IKE_CHILD_REFUSED, 1, 0 },
	{ "quick mode is not answered", quick_mode_is_not_answered, FINDING_IKE_CHILD_REFUSED, 1, 0 },
};

enum { FAILING = sizeof(failing) / sizeof(failing[0]), ROUNDS = 4, EVERY = ROUNDS };

static const enum finding_id negotiations[] = {
	FINDING_IKE_UNANSWERED,    FINDING_IKE_REFUSED,  FINDING_IKE_AUTH_FAILED, FINDING_IKE_STALLED,
	FINDING_IKE_CHILD_REFUSED, FINDING_IKE_PATH_MTU, FINDING_BAD_SPI,
};

/* So many attempts as they are seen, the one of this number, or every one, with what happens to message `which` of it. */
static unsigned tell(unsigned story, enum sight sight, unsigned which, unsigned rounds, unsigned of_round)
{
	struct script *script = script_new(100);
	unsigned bad = 0;

	negotiation_begin();
	failing[story].tell(script);
	for (unsigned round = 0; round < rounds; round++) {
		show_round(script, round, of_round == EVERY || of_round == round ? sight : SIGHT_WHOLE, which);
		pass(script, 40000);
	}
	pass(script, 40000);
	for (unsigned i = 0; i < sizeof(negotiations) / sizeof(negotiations[0]); i++) {
		const struct seen *seen = last_of(script, negotiations[i]);
		if ((seen != NULL) == (negotiations[i] == failing[story].id))
			continue;
		fprintf(stderr, "%s, message %u of round %u %s: %s: %s\n", failing[story].name, which, of_round,
			sight_name(sight), catalogue_row(negotiations[i])->name, seen ? seen->text : "not told");
		bad++;
	}
	script_free(script);
	return bad;
}

static unsigned tell_all(unsigned rounds, unsigned of_round)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < FAILING; i++) {
		if (rounds < failing[i].attempts)
			continue;
		bad += tell(i, SIGHT_WHOLE, 0, rounds, of_round);
		for (unsigned sight = SIGHT_LOST; sight < SIGHTS; sight++)
			for (unsigned which = 0, count = step_count; which < count; which++)
				if (sight != SIGHT_BOTH_LOST && !(of_round == EVERY && failing[i].needed & BIT(which)))
					bad += tell(i, (enum sight)sight, which, rounds, of_round);
	}
	return bad;
}

START_TEST(any_message_lost)
{
	unsigned bad = 0;

	for (unsigned round = 0; round < ROUNDS; round++)
		bad += tell_all(ROUNDS, round);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

START_TEST(the_same_message_of_each_attempt)
{
	ck_assert_uint_eq(tell_all(ROUNDS, EVERY), 0);
}
END_TEST

START_TEST(of_one_attempt)
{
	ck_assert_uint_eq(tell_all(1, EVERY), 0);
}
END_TEST

SUITE_MAIN("rule_ike_failing", any_message_lost, of_one_attempt, the_same_message_of_each_attempt)
