/* SPDX-License-Identifier: Apache-2.0 */
/* origin.c: which exchange an SA came of, who asked for it, and what is left open where that was not seen. */
#include "ike_script.h"
#include "../suite.h"

enum { A, B }; /* sides */

static struct script *script;

static struct address side_address(unsigned side)
{
	const uint8_t octets[4] = { 10, 0, 0, (uint8_t)(1 + side) };

	return address_from_ipv4(octets);
}

/* IKE_SA_INIT and IKE_AUTH, opened by A. */
static void negotiate(uint64_t ispi)
{
	v2_init(script, ispi, GOOD);
	say(script, 50, A);
	v2_answer(script, ispi, GOOD, false);
	say(script, 50, B);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	say(script, 50, A);
	v2_secret(script, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	say(script, 50, B);
}

/* CREATE_CHILD_SA, asked for by this side. */
static void create(uint64_t ispi, unsigned side, uint32_t id, unsigned inner, bool refused)
{
	unsigned initiator = V2_REQUEST; /* the same bit in answers of the initiator */

	v2_secret(script, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, side == A ? initiator : 0, id, inner, 208);
	say(script, 50, side);
	v2_secret(script, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE | (side == A ? 0 : initiator), id,
		  refused ? IKEV2_PAYLOAD_NOTIFY : IKEV2_PAYLOAD_SA, refused ? 80 : 208);
	say(script, 50, !side);
}

static void born(unsigned side, uint32_t spi, int64_t wait_ms)
{
	struct transition transition = { .kind = TRANSITION_SA_BORN, .direction = (uint8_t)side };

	pass(script, wait_ms);
	transition.esp = (struct transition_esp){ .spi = spi, .protocol = 50 };
	put_transition(script, &transition, 1, 2);
}

static struct record_sa told(unsigned side, uint32_t spi)
{
	struct record_sa sa = { .src = side_address(side), .dst = side_address(!side), .protocol = 50, .spi = spi };

	judge_complete_sa(script->judge, 0, &sa);
	return sa;
}

static void came_of(unsigned side, uint32_t spi, uint64_t ispi, const char *exchange, unsigned initiator)
{
	struct record_sa sa = told(side, spi);
	struct address asked = side_address(initiator);

	ck_assert(sa.has_ike && sa.has_initiator);
	ck_assert_uint_eq(sa.ike_spi, ispi);
	ck_assert_str_eq(sa.exchange, exchange);
	ck_assert(address_equal(&sa.initiator, &asked));
}

START_TEST(first_and_rekeyed)
{
	script = script_new(100);
	negotiate(7);
	born(A, 0x1000, 300);
	born(B, 0x1001, 100);
	create(7, B, 0, IKEV2_PAYLOAD_NOTIFY, false);
	born(B, 0x2001, 500);
	born(A, 0x2000, 700);
	create(7, A, 2, IKEV2_PAYLOAD_NOTIFY, false);
	born(A, 0x3000, 500);
	came_of(A, 0x1000, 7, "IKE_AUTH", A);
	came_of(B, 0x1001, 7, "IKE_AUTH", A);
	came_of(A, 0x2000, 7, "CREATE_CHILD_SA", B);
	came_of(B, 0x2001, 7, "CREATE_CHILD_SA", B);
	came_of(A, 0x3000, 7, "CREATE_CHILD_SA", A);
	script_free(script);
}
END_TEST

/* An SA that was there before IKE was in view, one more than was agreed on, one long after, one that was refused. */
START_TEST(nothing_seen)
{
	script = script_new(100);
	born(A, 0x1000, 0);
	negotiate(7);
	born(A, 0x1001, 100);
	born(A, 0x1002, 100);
	create(7, A, 2, IKEV2_PAYLOAD_NOTIFY, true);
	born(A, 0x1003, 100);
	create(7, A, 3, IKEV2_PAYLOAD_NOTIFY, false);
	born(A, 0x1004, 40000);
	ck_assert(!told(A, 0x1000).has_ike);
	came_of(A, 0x1001, 7, "IKE_AUTH", A);
	ck_assert(!told(A, 0x1002).has_ike);
	ck_assert(!told(A, 0x1003).has_ike);
	ck_assert(!told(A, 0x1004).has_ike);
	ck_assert(told(A, 0x1004).exchange == NULL);
	script_free(script);
}
END_TEST

/* The first SA of a direction may be used long after it was agreed on. */
START_TEST(on_demand)
{
	script = script_new(100);
	negotiate(7);
	born(A, 0x1000, 600000);
	came_of(A, 0x1000, 7, "IKE_AUTH", A);
	script_free(script);
}
END_TEST

/* Both ask at once: one of the two exchanges goes to nothing, and which one is not in view. */
START_TEST(collision)
{
	script = script_new(100);
	negotiate(7);
	born(A, 0x1000, 100);
	create(7, A, 2, IKEV2_PAYLOAD_NOTIFY, false);
	create(7, B, 0, IKEV2_PAYLOAD_NOTIFY, false);
	born(A, 0x1001, 100);
	ck_assert(told(A, 0x1001).has_ike);
	ck_assert(!told(A, 0x1001).has_initiator);
	script_free(script);
}
END_TEST

/* What may have replaced the IKE SA itself is passed over for a rekey of the child before it. */
START_TEST(the_ike_sa_is_rekeyed_too)
{
	script = script_new(100);
	negotiate(7);
	born(A, 0x1000, 100);
	create(7, B, 0, IKEV2_PAYLOAD_NOTIFY, false);
	pass(script, 3000);
	create(7, A, 2, IKEV2_PAYLOAD_SA, false);
	born(A, 0x1001, 100);
	came_of(A, 0x1001, 7, "CREATE_CHILD_SA", B);
	script_free(script);
}
END_TEST

SUITE_MAIN("origin", first_and_rekeyed, nothing_seen, on_demand, collision, the_ike_sa_is_rekeyed_too)
