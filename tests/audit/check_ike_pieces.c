/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKEv1 messages in Cisco's and Microsoft's fragments: joined, they are judged as if they had come whole; what cannot be joined is
 * judged by its pieces. The octets are made after [MS-IKEE] section 2.2.4; no such traffic of a real host was at hand.
 */
#include "../suite.h"
#include "ike_script.h"

#include "../../daemon/audit/ike_pieces.h"

#define DAY_MS INT64_C(86400000)

enum { SIZE = 500 };

static bool read_text(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	int days;

	(void)context;
	if (length < 3 ||
	    sscanf((const char[]){ (char)octets[0], (char)octets[1], (char)octets[2], 0 }, "%d", &days) != 1)
		return false;
	*facts = (struct certificate_facts){ .not_before_ns = START - 100 * DAY_MS * MS,
					     .not_after_ns = START + days * DAY_MS * MS };
	strcpy(facts->subject, "CN=peer");
	return true;
}

/* Sends the message built last: whole if the size is 0. */
static void say_as(struct script *script, int64_t milliseconds, unsigned direction, uint32_t size, unsigned id)
{
	if (size)
		say_cut(script, milliseconds, direction, size, id);
	else
		say(script, milliseconds, direction);
}

/* Main mode by this method up to its answer to message 5 and what comes of it; messages 5 and 6 in pieces. */
static void main_mode(struct script *script, uint64_t ispi, unsigned method, uint32_t size, bool accepted)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, method, 14);
	say(script, 100, 0);
	v1_sa(script, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, method, 14);
	say(script, 10, 1);
	v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 64);
	say(script, 10, 0);
	v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 65);
	say(script, 10, 1);
	v1_secret(script, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1740);
	say_as(script, 10, 0, size, 1);
	if (accepted) {
		v1_secret(script, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1724);
		say_as(script, 10, 1, size, 1);
		v1_secret(script, ispi, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 188);
		say(script, 10, 0);
		v1_secret(script, ispi, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 172);
		say(script, 10, 1);
		v1_secret(script, ispi, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 60);
		say(script, 10, 0);
	} else {
		v1_secret(script, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		say(script, 10, 1);
	}
}

/* Every finding the one script has, the other has too, word for word. */
static void judged_alike(const struct script *one, const struct script *other)
{
	ck_assert_uint_eq(one->seen_count, other->seen_count);
	for (unsigned i = 0; i < one->seen_count; i++) {
		ck_assert_int_eq(one->seen[i].id, other->seen[i].id);
		ck_assert_int_eq(one->seen[i].cause, other->seen[i].cause);
		ck_assert_int_eq(one->seen[i].grade, other->seen[i].grade);
		ck_assert_str_eq(one->seen[i].text, other->seen[i].text);
	}
}

START_TEST(as_if_whole)
{
	static const uint32_t sizes[] = { 60, 500, 576, 1200, 1739 };

	for (unsigned method = 1; method <= 3; method += 2)
		for (unsigned accepted = 0; accepted < 2; accepted++) {
			struct script *whole = script_new(100);
			for (unsigned i = 0; i < 3; i++) {
				main_mode(whole, 0x70 + 2 * i, method, 0, accepted);
				pass(whole, 10000);
			}
			ck_assert_uint_eq(opens_of(whole, FINDING_IKE_AUTH_FAILED), !accepted);
			for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
				struct script *cut = script_new(100);
				for (unsigned i = 0; i < 3; i++) {
					main_mode(cut, 0x70 + 2 * i, method, sizes[s], accepted);
					pass(cut, 10000);
				}
				judged_alike(whole, cut);
				script_free(cut);
			}
			script_free(whole);
		}
}
END_TEST

/* In whatever order the pieces come, and twice each. */
START_TEST(in_any_order)
{
	static const unsigned orders[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
					      { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };

	for (unsigned o = 0; o < 6; o++)
		for (unsigned copies = 1; copies <= 2; copies++) {
			struct script *script = script_new_reading(100, read_text);
			v1_sa(script, 7, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
			say(script, 1000, 0);
			/* What message 2 says in clear stands in no single piece. */
			v1_sa(script, 7, 8, IKEV1_EXCHANGE_AGGRESSIVE, 5, 1, 3, 2);
			uint32_t start = payload(script, IKEV1_PAYLOAD_CERT);
			put(script, 4, 0x042d3137); /* "-17": expired 17 days ago */
			put_zeros(script, 1200);
			ends(script, start);
			struct pieces pieces = v1_cut(script, 460, 9);
			ck_assert_uint_eq(pieces.count, 3);
			for (unsigned i = 0; i < 3; i++)
				for (unsigned copy = 0; copy < copies; copy++) {
					v1_piece(script, &pieces, orders[o][i]);
					say(script, copy ? 1 : 10, 1);
				}
			header(script, 7, 8, 0x10, IKEV1_EXCHANGE_AGGRESSIVE, 0, 0);
			put_zeros(script, 40);
			say(script, 50, 0);
			pass(script, 5000);
			const struct seen *expired = last_of(script, FINDING_IKE_CERTIFICATE_EXPIRED);
			ck_assert_ptr_nonnull(expired);
			ck_assert_str_eq(expired->text, "10.0.0.2 shows a certificate that expired 17 days ago.");
			ck_assert_uint_eq(opens_of(script, FINDING_IKE_CERTIFICATE_EXPIRED), 1);
			ck_assert_uint_eq(opens_of(script, FINDING_WEAK_IKE_SELECTED), 1);
			script_free(script);
		}
}
END_TEST

/* Message 5 three times and no answer: it stops there; only if the pieces themselves are large may the path be to blame. */
START_TEST(repeated_without_an_answer)
{
	for (unsigned large = 0; large < 2; large++) {
		struct script *script = script_new(100);
		v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
		say(script, 100, 0);
		v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 4, 3, 14);
		say(script, 10, 1);
		v1_clear(script, 7, IKEV1_PAYLOAD_KE, 64);
		say(script, 10, 0);
		v1_clear(script, 7, IKEV1_PAYLOAD_KE, 65);
		say(script, 10, 1);
		for (unsigned i = 0; i < 5; i++) {
			v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 2600);
			say_cut(script, i ? 6000 : 10, 0, large ? 1300 : SIZE, 1 + i);
		}
		pass(script, 30000);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_PATH_MTU), large);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), !large);
		script_free(script);
	}
}
END_TEST

/* A piece that the capture lacks: what came counts for message 5 all the same, and so does what answers it. */
START_TEST(a_piece_is_missing)
{
	for (unsigned missing = 1; missing <= 4; missing++)
		for (unsigned accepted = 0; accepted < 2; accepted++) {
			struct script *script = script_new(100);
			v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
			say(script, 100, 0);
			v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
			say(script, 10, 1);
			v1_clear(script, 7, IKEV1_PAYLOAD_KE, 64);
			say(script, 10, 0);
			v1_clear(script, 7, IKEV1_PAYLOAD_KE, 65);
			say(script, 10, 1);
			v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1740);
			struct pieces pieces = v1_cut(script, SIZE, 1);
			for (unsigned number = 1; number <= pieces.count; number++) {
				v1_piece(script, &pieces, number);
				if (number != missing)
					say(script, 1, 0);
			}
			if (accepted)
				v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
			else
				v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
			say(script, 10, 1);
			pass(script, 10000);
			/* Without its first piece nothing says that a proof was sent. */
			if (missing != 1)
				ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), !accepted);
			else
				ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED) && accepted, 0);
			script_free(script);
		}
}
END_TEST

/* Two negotiations of the same two at once, their pieces in turns. */
START_TEST(two_at_once)
{
	struct script *script = script_new(100);

	for (uint64_t ispi = 7; ispi <= 9; ispi += 2) {
		v1_sa(script, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
		say(script, 100, 0);
		v1_sa(script, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
		say(script, 10, 1);
	}
	struct pieces pieces[2];
	for (unsigned i = 0; i < 2; i++) {
		v1_secret(script, 7 + 2 * i, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 1500 + 100 * i);
		pieces[i] = v1_cut(script, SIZE, 1);
	}
	for (unsigned number = 1; number <= 4; number++)
		for (unsigned i = 0; i < 2; i++)
			if (number <= pieces[i].count) {
				v1_piece(script, &pieces[i], number);
				say(script, 1, 0);
			}
	for (uint64_t ispi = 7; ispi <= 9; ispi += 2) {
		v1_secret(script, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		say(script, 10, 1);
	}
	pass(script, 10000);
	const struct seen *failed = last_of(script, FINDING_IKE_AUTH_FAILED);
	ck_assert_ptr_nonnull(failed);
	ck_assert_int_eq(failed->cause, CAUSE_PRE_SHARED_KEY);
	ck_assert_ptr_nonnull(strstr(failed->evidence, "proof_octets=1600"));
	script_free(script);
}
END_TEST

/* Whoever sends single pieces of made-up IKE SAs, or pieces that lie, spoils nothing for others. */
START_TEST(strangers_and_liars)
{
	struct script *script = script_new(64);

	main_mode(script, 7, 1, SIZE, true);
	for (uint64_t i = 0; i < 5000; i++) {
		v1_secret(script, 0x100000 + 2 * i, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 400);
		struct pieces pieces = v1_cut(script, 200, (unsigned)i & 0xffff);
		switch (i % 5) {
		case 0: /* the rest never comes */
			v1_piece(script, &pieces, 1);
			break;
		case 1: /* another number of pieces each time */
			v1_piece(script, &pieces, 2);
			script->octets[34] = (uint8_t)i;
			break;
		case 2: /* no number */
			v1_piece(script, &pieces, 1);
			script->octets[34] = 0;
			break;
		case 3: /* whole, and no IKE message inside */
			pieces.count = 1;
			v1_piece(script, &pieces, 1);
			memset(script->octets + 36, 0xff, 28);
			break;
		default: /* whole, of another IKE SA */
			pieces.octets[0] ^= 1;
			pieces.count = 1;
			v1_piece(script, &pieces, 1);
			script->octets[0] ^= 1;
			break;
		}
		say_between(script, 1, 3, 4, i & 1);
	}
	pass(script, 10000);
	for (unsigned i = 0; i < script->seen_count; i++)
		ck_assert_int_gt(script->seen[i].severity, SEVERITY_HIGH);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_AUTH_FAILED), 0);
	/* The established one still is: what comes now is not its first child. */
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 9, IKEV1_PAYLOAD_HASH, 188);
	say(script, 10, 0);
	v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 10, IKEV1_PAYLOAD_HASH, 92);
	say(script, 10, 1);
	pass(script, 10000);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_CHILD_REFUSED), 0);
	judge_finish(script->judge, script->now_ns);
	script_free(script);
}
END_TEST

/* AuthIP, which Windows tries before IKE: a peer that does not take it is no fault while IKE follows. */
static void authip_main(struct script *script, uint64_t ispi, uint64_t rspi)
{
	v1_sa(script, ispi, rspi, IKEV1_EXCHANGE_AUTHIP_MAIN, 7, 2, 0, 2);
}

START_TEST(authip)
{
	/* 0: silence, then IKE; 1: refused, then IKE; 2: silence for all; 3: taken. */
	for (unsigned way = 0; way < 4; way++) {
		struct script *script = script_new(64);
		if (way == 3) {
			authip_main(script, 7, 0);
			say(script, 100, 0);
			authip_main(script, 7, 8);
			say(script, 10, 1);
			for (unsigned i = 0; i < 2; i++) {
				header(script, 7, 8, 0x10, IKEV1_EXCHANGE_AUTHIP_MAIN, 0, i);
				uint32_t crypto = payload(script, IKEV1_PAYLOAD_AUTHIP_CRYPTO);
				put_zeros(script, 4);
				ends(script, crypto);
				uint32_t ke = payload(script, IKEV1_PAYLOAD_KE);
				put_zeros(script, 64 + i);
				ends(script, ke);
				say(script, 10, i);
			}
			v1_secret(script, 7, IKEV1_EXCHANGE_AUTHIP_QUICK, 2, IKEV1_PAYLOAD_AUTHIP_CRYPTO, 188);
			say(script, 10, 0);
			v1_secret(script, 7, IKEV1_EXCHANGE_AUTHIP_QUICK, 2, IKEV1_PAYLOAD_AUTHIP_CRYPTO, 172);
			say(script, 10, 1);
		} else {
			for (unsigned i = 0; i < 4; i++) {
				authip_main(script, 7, 0);
				say(script, i ? 1000 << (i - 1) : 100, 0);
				if (way == 1) {
					v1_refusal(script, 7, IKEV1_NOTIFY_INVALID_EXCHANGE_TYPE);
					say(script, 10, 1);
				}
			}
			if (way < 2)
				main_mode(script, 0x99, 1, 0, true);
		}
		pass(script, 60000);
		ck_assert_msg(opens_of(script, FINDING_IKE_UNANSWERED) == (way == 2), "way %u", way);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_REFUSED), 0);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_STALLED), 0);
		ck_assert_uint_eq(opens_of(script, FINDING_IKE_VERSION_1), way != 2);
		script_free(script);
	}
}
END_TEST

SUITE_MAIN("ike_pieces", as_if_whole, in_any_order, repeated_without_an_answer, a_piece_is_missing, two_at_once,
	   strangers_and_liars, authip)
