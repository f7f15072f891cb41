/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What silence means: versions and modes that are not taken, children that are not given; and silence that means nothing
 * of the kind.
 */
#include "../suite.h"
#include "ike_script.h"

enum { PEER = 2, OTHER = 3, THIRD = 4 };

/* Main mode or aggressive mode of `from` that PEER answers; `a` is the lower address of the two. */
static void v1_answered(struct script *script, uint64_t ispi, unsigned exchange, unsigned from)
{
	unsigned a = from < PEER ? from : PEER, b = from < PEER ? PEER : from, direction = from > PEER;

	v1_sa(script, ispi, 0, exchange, 7, 4, 1, 14);
	say_between(script, 100, a, b, direction);
	v1_sa(script, ispi, ispi + 1, exchange, 7, 4, 1, 14);
	say_between(script, 50, a, b, !direction);
}

/* The rest of main mode. */
static void v1_established(struct script *script, uint64_t ispi)
{
	v1_secret(script, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	say(script, 50, 0);
	v1_secret(script, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
	say(script, 50, 1);
}

static void v2_tries(struct script *script, uint64_t ispi, unsigned count)
{
	v2_init(script, ispi, GOOD);
	for (unsigned i = 0; i < count; i++)
		say(script, 2000, 0);
}

/* PEER gives a sign of life: it opens IKE with another. */
static void lives(struct script *script, uint64_t ispi)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	say_between(script, 100, PEER, THIRD, 0);
}

static const struct seen *refused(const struct script *script)
{
	return last_of(script, FINDING_IKE_REFUSED);
}

/* The responder takes IKEv1 from others, lives, and does not answer IKEv2. */
START_TEST(version_possible)
{
	struct script *script = script_new(100);
	v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, OTHER);
	v2_tries(script, 101, 2);
	lives(script, 9);
	v2_tries(script, 101, 3);
	pass(script, 30000);
	const struct seen *seen = refused(script);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->cause, CAUSE_VERSION);
	ck_assert_int_eq(seen->grade, GRADE_POSSIBLE);
	ck_assert_str_eq(seen->attribute, "version");
	ck_assert_ptr_nonnull(strstr(seen->evidence, " offered=IKEv2 known_to_be_taken=IKEv1 main mode"));
	ck_assert_ptr_nonnull(strstr(seen->text, "from others"));
	script_free(script);
}
END_TEST

/* It took IKEv1 from this very peer. */
START_TEST(version_likely)
{
	struct script *script = script_new(100);
	v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, 1);
	v1_established(script, 7);
	pass(script, 60000);
	v2_tries(script, 101, 2);
	lives(script, 9);
	v2_tries(script, 101, 3);
	pass(script, 30000);
	ck_assert_ptr_nonnull(refused(script));
	ck_assert_int_eq(refused(script)->cause, CAUSE_VERSION);
	ck_assert_int_eq(refused(script)->grade, GRADE_LIKELY);
	ck_assert_ptr_nonnull(strstr(refused(script)->text, "from this peer"));
	/* Over once the two agree again. */
	v1_answered(script, 201, IKEV1_EXCHANGE_MAIN, 1);
	ck_assert_int_eq(refused(script)->state, FINDING_CLEAR);
	script_free(script);
}
END_TEST

START_TEST(mode)
{
	struct script *script = script_new(100);
	v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, OTHER);
	v1_sa(script, 101, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 1, 14);
	for (unsigned i = 0; i < 2; i++)
		say(script, 2000, 0);
	lives(script, 9);
	v1_sa(script, 101, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 1, 14);
	for (unsigned i = 0; i < 3; i++)
		say(script, 2000, 0);
	pass(script, 30000);
	const struct seen *seen = refused(script);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->cause, CAUSE_MODE);
	ck_assert_str_eq(seen->attribute, "mode");
	script_free(script);
}
END_TEST

/* Down since: no sign of life. Takes both. Nothing known. All are ike-unanswered and no more. */
START_TEST(only_unanswered)
{
	enum { DOWN, TAKES_BOTH, NOTHING_KNOWN, CASES };
	for (unsigned i = 0; i < CASES; i++) {
		struct script *script = script_new(100);
		if (i != NOTHING_KNOWN)
			v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, OTHER);
		if (i == TAKES_BOTH) {
			v2_init(script, 11, GOOD);
			say_between(script, 100, PEER, OTHER, 1);
			v2_answer(script, 11, GOOD, false);
			say_between(script, 50, PEER, OTHER, 0);
		}
		pass(script, 1000);
		v2_tries(script, 101, 2);
		if (i != DOWN)
			lives(script, 9);
		v2_tries(script, 101, 3);
		pass(script, 40000);
		ck_assert_ptr_null(refused(script));
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 1);
		script_free(script);
	}
}
END_TEST

/* A client that tries IKEv2 first and then what works: nothing at all. */
START_TEST(falls_back)
{
	struct script *script = script_new(100);
	v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, 1);
	v1_established(script, 7);
	for (unsigned i = 0; i < 3; i++) {
		pass(script, 600000);
		v2_tries(script, 101 + 10 * i, 1);
		lives(script, 1009 + 10 * i);
		v2_tries(script, 101 + 10 * i, 4);
		v1_answered(script, 201 + 10 * i, IKEV1_EXCHANGE_MAIN, 1);
		v1_established(script, 201 + 10 * i);
	}
	pass(script, 60000);
	assert_calm(script);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 0);
	script_free(script);
}
END_TEST

/* ---- children ---- */

static void proven(struct script *script, uint64_t ispi, unsigned request, unsigned answer)
{
	v2_init(script, ispi, GOOD);
	say(script, 1000, 0);
	v2_answer(script, ispi, GOOD, false);
	say(script, 50, 1);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, request);
	say(script, 50, 0);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, answer);
	say(script, 50, 1);
}

START_TEST(child_without_another_try)
{
	struct script *script = script_new(100);
	proven(script, 7, 288, 144);
	pass(script, 29000);
	ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
	pass(script, 10000);
	const struct seen *seen = last_of(script, FINDING_IKE_CHILD_REFUSED);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->grade, GRADE_POSSIBLE);
	/* ESP after all. */
	esp_begins(script, 1000, 1, 2);
	ck_assert_int_eq(last_of(script, FINDING_IKE_CHILD_REFUSED)->state, FINDING_CLEAR);
	script_free(script);
}
END_TEST

/* An answer that has a child, and no traffic: a trap that waits. ESP, late. A child by a later exchange. Childless by
 * intent. Deleted again. EAP. A proof by certificate, whose length says nothing. */
START_TEST(child_sound)
{
	enum { IDLE, LATE_ESP, LATER_CHILD, CHILDLESS, DELETED, EAP, CERTIFICATE, CASES };
	for (unsigned i = 0; i < CASES; i++) {
		struct script *script = script_new(100);
		if (i == EAP) {
			v2_init(script, 7, GOOD);
			say(script, 1000, 0);
			v2_answer(script, 7, GOOD, true);
			say(script, 50, 1);
			for (uint32_t id = 1; id < 5; id++) {
				v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, id, IKEV2_PAYLOAD_EAP, 400);
				say(script, 50, 0);
				v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, id,
					  id < 4 ? IKEV2_PAYLOAD_EAP : IKEV2_PAYLOAD_AUTH, 120);
				say(script, 50, 1);
			}
		} else {
			proven(script, 7,
			       i == CHILDLESS     ? 176
			       : i == CERTIFICATE ? 1400
						  : 288,
			       i == IDLE          ? 240
			       : i == CHILDLESS   ? 90
			       : i == CERTIFICATE ? 400
						  : 144);
		}
		if (i == LATE_ESP)
			esp_begins(script, 20000, 1, 2);
		if (i == LATER_CHILD) {
			v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_SA, 208);
			say(script, 9000, 0);
			v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2, IKEV2_PAYLOAD_SA, 208);
			say(script, 50, 1);
		}
		if (i == DELETED) {
			v2_secret(script, 7, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 2, IKEV2_PAYLOAD_DELETE, 80);
			say(script, 9000, 0);
		}
		pass(script, 120000);
		ck_assert_msg(last_of(script, FINDING_IKE_CHILD_REFUSED) == NULL, "case %u", i);
		script_free(script);
	}
}
END_TEST

/* The first exchange alone leaves it open, another try settles it. */
START_TEST(child_with_another_try)
{
	struct script *script = script_new(100);
	proven(script, 7, 288, 144);
	pass(script, 35000);
	ck_assert_int_eq(last_of(script, FINDING_IKE_CHILD_REFUSED)->grade, GRADE_POSSIBLE);
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_SA, 208);
	say(script, 9000, 0);
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2, IKEV2_PAYLOAD_NOTIFY, 80);
	say(script, 50, 1);
	ck_assert_int_eq(last_of(script, FINDING_IKE_CHILD_REFUSED)->grade, GRADE_LIKELY);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_CHILD_REFUSED), 1);
	script_free(script);
}
END_TEST

/* One more child is asked for, or one in the place of another. */
static void asks_for_child(struct script *script, int64_t milliseconds, uint32_t id, unsigned asked, unsigned answer)
{
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, id, IKEV2_PAYLOAD_NOTIFY, asked);
	say(script, milliseconds, 0);
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, id, IKEV2_PAYLOAD_NOTIFY, answer);
	say(script, 50, 1);
}

/* SAs for traffic are there and in use, and those that are to join or to replace them are refused; and what is none of that. */
START_TEST(child_refused_beside_others)
{
	static const struct {
		int64_t apart_ms;
		unsigned times, asked, answer, every; /* every so many times it is accepted, 0: never */
		bool told, born;                      /* with ESP on a new SPI after each */
	} cases[] = {
		{ 14000, 5, 416, 80, 0, true },        /* another group, as soon as it is to be replaced */
		{ 165000, 5, 208, 80, 0, true },       /* a trap: one more network */
		{ 14000, 2, 416, 80, 0, false },       /* twice */
		{ 1000, 5, 224, 80, 0, false },        /* the peer is busy for some seconds */
		{ 14000, 9, 416, 80, 2, false },       /* another group is asked for each time */
		{ 1200000, 5, 416, 80, 0, false },     /* each by itself */
		{ 14000, 5, 500, 208, 0, false },      /* transport mode, of many proposals */
		{ 14000, 5, 416, 80, 0, false, true }, /* what was taken in the end is out of view */
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		uint32_t id = 2;
		proven(script, 7, 288, 240);
		esp_begins(script, 1000, 1, 2);
		for (unsigned n = 1; n <= cases[i].times; n++) {
			bool taken = cases[i].every && n % cases[i].every == 0;
			asks_for_child(script, cases[i].apart_ms, id++, cases[i].asked, taken ? 300 : cases[i].answer);
			esp_begins(script, 500, 1, 2);
			struct transition born = { .kind = TRANSITION_SA_BORN };
			born.esp.spi = 0x2000 + n;
			born.esp.protocol = 50;
			if (cases[i].born)
				put_transition(script, &born, 1, 2);
		}
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_CHILD_REFUSED);
		ck_assert_msg((seen != NULL) == cases[i].told, "case %u", i);
		if (seen) {
			ck_assert_int_eq(seen->severity, SEVERITY_LOW);
			ck_assert_int_eq(seen->grade, GRADE_LIKELY);
			ck_assert_int_eq(seen->state, FINDING_OPEN);
			ck_assert_ptr_nonnull(strstr(seen->text, "to take the place of one"));
			asks_for_child(script, 14000, id, 416, 300);
			ck_assert_int_eq(last_of(script, FINDING_IKE_CHILD_REFUSED)->state, FINDING_CLEAR);
		}
		script_free(script);
	}
}
END_TEST

static void quick_begins(struct script *script, unsigned tries)
{
	v1_answered(script, 7, IKEV1_EXCHANGE_MAIN, 1);
	v1_established(script, 7);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 300);
	for (unsigned i = 0; i < tries; i++)
		say(script, 2000, 0);
}

START_TEST(quick_mode_unanswered)
{
	struct script *script = script_new(100);
	quick_begins(script, 4);
	pass(script, 40000);
	const struct seen *seen = last_of(script, FINDING_IKE_CHILD_REFUSED);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->grade, GRADE_POSSIBLE);
	script_free(script);
	/* Sent twice, or answered late: sound. */
	script = script_new(100);
	quick_begins(script, 2);
	pass(script, 60000);
	ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
	script_free(script);
	script = script_new(100);
	quick_begins(script, 4);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 290);
	say(script, 3000, 1);
	pass(script, 60000);
	ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
	script_free(script);
}
END_TEST

/* An IKE SA that is up is asked for a further SA again and again, while the peer speaks ESP; and what looks like it. */
START_TEST(further_child_unanswered)
{
	enum { SILENT = 1, ANSWERED = 2 };
	static const struct {
		unsigned exchange, octets, how;
		enum finding_id id; /* FINDING_ID_COUNT: none */
	} cases[] = {
		{ IKEV2_EXCHANGE_CREATE_CHILD_SA, 224, 0, FINDING_IKE_STALLED },
		{ IKEV2_EXCHANGE_IKE_FOLLOWUP_KE, 1280, 0, FINDING_IKE_PATH_MTU },
		{ IKEV2_EXCHANGE_CREATE_CHILD_SA, 224, SILENT, FINDING_ID_COUNT },   /* the peer is gone */
		{ IKEV2_EXCHANGE_CREATE_CHILD_SA, 224, ANSWERED, FINDING_ID_COUNT }, /* late */
		{ IKEV2_EXCHANGE_INFORMATIONAL, 80, 0, FINDING_ID_COUNT },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new(100);
		struct transition quiet = { .kind = TRANSITION_ESP_QUIET, .direction = 1 };
		proven(script, 7, 288, 240);
		esp_begins(script, 1000, 1, 2);
		quiet.esp.last_ns = script->now_ns;
		if (cases[i].how == SILENT)
			put_transition(script, &quiet, 1, 2);
		for (unsigned n = 0; n < 5; n++) {
			v2_secret(script, 7, cases[i].exchange, V2_REQUEST, 2, IKEV2_PAYLOAD_SA, cases[i].octets);
			say(script, 6000, 0);
			if (n < 2 || cases[i].how != ANSWERED)
				continue;
			v2_secret(script, 7, cases[i].exchange, V2_RESPONSE, 2, IKEV2_PAYLOAD_SA, cases[i].octets);
			say(script, 1000, 1);
		}
		pass(script, 6000);
		for (unsigned k = 0; k < 2; k++) {
			enum finding_id id = k ? FINDING_IKE_STALLED : FINDING_IKE_PATH_MTU;
			ck_assert_msg((last_of(script, id) != NULL) == (cases[i].id == id), "case %u", i);
		}
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_UNANSWERED), 0);
		if (cases[i].id == FINDING_IKE_STALLED) {
			const char *text = last_of(script, FINDING_IKE_STALLED)->text;
			ck_assert_msg(strstr(text, "stops at CREATE_CHILD_SA, sent 4 times, IKE_AUTH was answered") !=
					  NULL,
				      "%s", text);
			v2_secret(script, 7, cases[i].exchange, V2_RESPONSE, 2, IKEV2_PAYLOAD_SA, cases[i].octets);
			say(script, 1000, 1);
			ck_assert_int_eq(last_of(script, FINDING_IKE_STALLED)->state, FINDING_CLEAR);
		}
		script_free(script);
	}
}
END_TEST

/* The same in IKEv1, of a second network; that the peer asks whether we live is no answer. */
START_TEST(further_quick_mode_unanswered)
{
	struct script *script = script_new(100);
	quick_begins(script, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 290);
	say(script, 50, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 60);
	say(script, 50, 0);
	esp_begins(script, 1000, 1, 2);
	for (unsigned n = 0; n < 5; n++) {
		v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 100, IKEV1_PAYLOAD_HASH, 300);
		say(script, 6000, 0);
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 500 + n, IKEV1_PAYLOAD_HASH, 92);
		say(script, 4000, 1);
	}
	ck_assert_ptr_nonnull(last_of(script, FINDING_IKE_STALLED));
	ck_assert_ptr_nonnull(strstr(last_of(script, FINDING_IKE_STALLED)->text, "quick mode"));
	ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
	script_free(script);
}
END_TEST

/* A refusal in clear says which of the two differs. */
START_TEST(quick_mode_refused_in_clear)
{
	static const struct {
		unsigned notify;
		const char *attribute;
	} cases[] = { { IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN, "ESP proposals" },
		      { IKEV1_NOTIFY_INVALID_ID_INFORMATION, "traffic selectors" } };
	for (unsigned i = 0; i < 2; i++) {
		struct script *script = script_new(100);
		quick_begins(script, 1);
		v1_refusal(script, 7, cases[i].notify);
		say(script, 50, 1);
		pass(script, 6000);
		const struct seen *seen = last_of(script, FINDING_IKE_CHILD_REFUSED);
		ck_assert_ptr_nonnull(seen);
		ck_assert_int_eq(seen->grade, GRADE_OBSERVED);
		ck_assert_str_eq(seen->attribute, cases[i].attribute);
		script_free(script);
	}
	/* Forged, and then the true answer. */
	struct script *script = script_new(100);
	quick_begins(script, 1);
	v1_refusal(script, 7, IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN);
	say(script, 10, 1);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 290);
	say(script, 50, 1);
	pass(script, 60000);
	ck_assert_ptr_null(last_of(script, FINDING_IKE_CHILD_REFUSED));
	script_free(script);
}
END_TEST

SUITE_MAIN("rule_ike_silence", version_possible, version_likely, mode, only_unanswered, falls_back,
	   child_without_another_try, child_sound, child_with_another_try, child_refused_beside_others,
	   quick_mode_unanswered, further_child_unanswered, further_quick_mode_unanswered, quick_mode_refused_in_clear)
