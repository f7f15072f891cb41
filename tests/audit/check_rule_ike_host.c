/* SPDX-License-Identifier: Apache-2.0 */
/* What IKE tells of a whole host: restarts and floods, each with its nearest neighbours that are none. */
#include "../suite.h"
#include "ike_script.h"

static void comes_up(struct script *script, uint64_t ispi, unsigned peer, unsigned after_ms)
{
	v2_init(script, ispi, GOOD);
	say_between(script, after_ms, 1, peer, 1);
	v2_answer(script, ispi, GOOD, false);
	say_between(script, 10, 1, peer, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say_between(script, 10, 1, peer, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	say_between(script, 10, 1, peer, 0);
}

/* Peers 2 to 6 with the hub 1: which of them begin again, how, and whether that is a restart. */
START_TEST(restart)
{
	static const struct {
		unsigned peers, again;
		bool deleted, spread;
		unsigned opens;
	} cases[] = {
		{ 5, 5, false, false, 1 }, { 5, 3, false, false, 1 }, { 5, 2, false, false, 0 },
		{ 5, 5, true, false, 0 },  { 5, 5, false, true, 0 },  { 8, 3, false, false, 0 },
		{ 8, 4, false, false, 1 },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		for (unsigned round = 0; round < 2; round++) {
			unsigned peers = round ? cases[i].again : cases[i].peers;
			for (unsigned peer = 2; peer < 2 + peers; peer++) {
				uint64_t ispi = 100 * (round + 1) + 2 * peer;
				if (round && cases[i].deleted) {
					v2_secret(script, 100 + 2 * peer, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 2,
						  IKEV2_PAYLOAD_DELETE, 80);
					say_between(script, 10, 1, peer, 1);
				}
				comes_up(script, ispi, peer, round && cases[i].spread ? 20000 : 100);
			}
			pass(script, 30000);
		}
		pass(script, 60000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), cases[i].opens);
		ck_assert_uint_eq(opens_of(script, FINDING_RESTART_CHECK), cases[i].opens);
		script_free(script);
	}
}
END_TEST

static void v1_comes_up(struct script *script, uint64_t ispi, unsigned peer, bool quick)
{
	static const unsigned exchanges[] = { IKEV1_EXCHANGE_MAIN, IKEV1_EXCHANGE_QUICK };

	for (unsigned side = 0; side < 2; side++) {
		v1_sa(script, ispi, side ? ispi + 1 : 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
		say_between(script, side ? 10 : 100, 1, peer, !side);
	}
	for (unsigned e = 0; e < (quick ? 2 : 1); e++)
		for (unsigned side = 0; side < 2; side++) {
			v1_secret(script, ispi, exchanges[e], e ? 77 : 0, IKEV1_PAYLOAD_HASH, 108 - 16 * side);
			say_between(script, 10, 1, peer, !side);
		}
}

/* Phase 1 of five spokes that came up together is negotiated anew together, in time; quick mode is not. */
START_TEST(phase_1_alone)
{
	for (unsigned quick = 0; quick < 2; quick++) {
		struct script *script = script_new(100);
		for (unsigned round = 0; round < 2; round++) {
			for (unsigned peer = 2; peer < 7; peer++)
				v1_comes_up(script, 100 * (round + 1) + 2 * peer, peer, round == 0 || quick);
			pass(script, 60000);
		}
		pass(script, 60000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), quick);
		script_free(script);
	}
}
END_TEST

/* One pair alone that tries again and again, with new SPIs each time, is no restart of its hosts. */
START_TEST(one_pair_again_and_again)
{
	struct script *script = script_new(100);

	comes_up(script, 100, 2, 100);
	pass(script, 30000);
	for (unsigned attempt = 0; attempt < 6; attempt++) {
		v2_init(script, 200 + attempt, GOOD);
		say_between(script, 100, 1, 2, 1);
		pass(script, 7000);
	}
	pass(script, 60000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), 0);
	ck_assert_uint_eq(opens_of(script, FINDING_RESTART_CHECK), 0);
	script_free(script);
}
END_TEST

/* RFC 5685: a gateway that sends its clients to another ends each negotiation by that; answers without it leave them open. */
START_TEST(redirected)
{
	for (unsigned redirects = 0; redirects < 2; redirects++) {
		struct script *script = script_new(1000);
		for (unsigned peer = 10; peer < 160; peer++) {
			v2_init(script, peer, GOOD);
			say_between(script, 300, 1, peer, 1);
			v2_refusal(script, peer, redirects ? IKEV2_NOTIFY_REDIRECT : IKEV2_NOTIFY_COOKIE, 8, 1);
			say_between(script, 10, 1, peer, 0);
		}
		pass(script, 20000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), !redirects);
		script_free(script);
	}
}
END_TEST

/* Openings all the time, and as many within a second and nothing after it. */
START_TEST(flood)
{
	/* how the initiators behave: forged; real, but unanswered; completing; forged, and too few */
	for (unsigned how = 0; how < 8; how++) {
		struct script *script = script_new(1000);
		bool forged = how % 4 == 0, burst = how >= 4;
		for (unsigned peer = 10; peer < (how % 4 == 3 ? 60 : 210); peer++) {
			v2_init(script, peer, GOOD);
			say_between(script, burst ? 3 : 100, 1, peer, 1);
			if (how % 4 == 1 && peer > 30) {
				v2_init(script, peer - 20, GOOD);
				say_between(script, 1, 1, peer - 20, 1);
			}
			if (how % 4 == 2) {
				v2_answer(script, peer, GOOD, false);
				say_between(script, 1, 1, peer, 0);
				v2_secret(script, peer, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
				say_between(script, 1, 1, peer, 1);
			}
		}
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), forged && !burst);
		for (unsigned second = 0; second < 14; second++)
			pass(script, 1000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), forged);
		pass(script, 200000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), forged);
		if (forged) {
			const struct seen *over = last_of(script, FINDING_IKE_FLOOD);
			ck_assert_int_eq(over->state, FINDING_CLEAR);
			/* Not how few there are in the end. */
			unsigned most = 0;
			ck_assert_int_eq(sscanf(over->text, "%u negotiations", &most), 1);
			ck_assert_uint_ge(most, 64);
			ck_assert_ptr_nonnull(strstr(over->text, "at the height of it"));
		}
		script_free(script);
	}
}
END_TEST

/* All peers of a host that is down, each of which tries again ten seconds later, as some implementations do, and again. */
START_TEST(patient_peers)
{
	struct script *script = script_new(1000);

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned peer = 10; peer < 210; peer++) {
			v2_init(script, peer, GOOD);
			say_between(script, 10, 1, peer, 1);
		}
		for (unsigned second = 0; second < 8; second++)
			pass(script, 1000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), 0);
	}
	/* That they give up makes no flood of them either. */
	for (unsigned second = 0; second < 90; second++)
		pass(script, 1000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_FLOOD), 0);
	script_free(script);
}
END_TEST

/*
 * Five spokes were up, the hub is dead for an hour: each tries again and again with new SPIs, and nothing comes back. Where it comes
 * back in the end, they begin again together, and the first message that is answered may be an old one.
 */
START_TEST(dead_hub)
{
	for (unsigned back = 0; back < 2; back++) {
		struct script *script = script_new(1000);
		uint64_t ispi = 1000;
		for (unsigned peer = 2; peer < 7; peer++)
			comes_up(script, 100 + 2 * peer, peer, 100);
		pass(script, 300000);
		for (unsigned round = 0; round < 20; round++, ispi += 20)
			for (unsigned n = 0; n < 3; n++) {
				for (unsigned peer = 2; peer < 7; peer++) {
					v2_init(script, ispi + 2 * peer, GOOD);
					say_between(script, 200, 1, peer, 1);
				}
				pass(script, n == 2 ? 100000 : 10000);
			}
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), 0);
		for (unsigned peer = 2; back && peer < 7; peer++)
			comes_up(script, ispi - 20 + 2 * peer, peer, 200);
		pass(script, 90000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), back);
		script_free(script);
	}
}
END_TEST

/* It answers, and no negotiation comes to its end: whoever sends first messages can have that. */
START_TEST(answers_alone)
{
	struct script *script = script_new(1000);

	for (unsigned peer = 2; peer < 7; peer++)
		comes_up(script, 100 + 2 * peer, peer, 100);
	pass(script, 60000);
	for (unsigned peer = 2; peer < 7; peer++) {
		v2_init(script, 500 + 2 * peer, GOOD);
		say_between(script, 100, 1, peer, 1);
		v2_answer(script, 500 + 2 * peer, GOOD, false);
		say_between(script, 10, 1, peer, 0);
	}
	pass(script, 90000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_RESTART), 0);
	script_free(script);
}
END_TEST

SUITE_MAIN("rule_ike_host", restart, phase_1_alone, one_pair_again_and_again, dead_hub, answers_alone, flood,
	   redirected, patient_peers)
