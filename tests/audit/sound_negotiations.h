/* SPDX-License-Identifier: Apache-2.0 */
/* Negotiations that are sound, as negotiation.h tells them; lengths as of strongSwan 5.9 and Libreswan 4.10. */
#ifndef ESPIAL_TESTS_AUDIT_SOUND_NEGOTIATIONS_H
#define ESPIAL_TESTS_AUDIT_SOUND_NEGOTIATIONS_H

#include "negotiation.h"

/* ---- IKEv2 ---- */

static void shared_key(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_alive(script, 1, 0);
	v2_rekeys_child(script, 0, 2);
	v2_rekeys_child(script, 1, 1);
	v2_deletes(script, 0, 4, false);
}

static void transport_mode(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, (struct words){ IKEV2_PAYLOAD_NOTIFY, 208 },
		    (struct words){ IKEV2_PAYLOAD_NOTIFY, 208 });
	v2_deletes(script, 0, 3, true);
}

static void certificates(struct script *script)
{
	v2_opens_with(script, true);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 1452 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 1368 });
	v2_alive(script, 0, 2);
}

static void certificates_in_pieces(struct script *script)
{
	v2_opens_with(script, true);
	v2_in_pieces(script, 0, false, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDI, 1236, 3);
	v2_in_pieces(script, 1, true, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDR, 1236, 3);
	v2_alive(script, 1, 0);
}

static void cookie(struct script *script)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
	next(script, 50, 1);
	header(script, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_REQUEST, 0);
	v2_notify(script, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
	v2_sa(script, GOOD);
	next(script, 50, 0);
	v2_answer(script, ispi, GOOD, false);
	next(script, 50, 1);
	v2_proves(script, 1);
}

static void another_group(struct script *script)
{
	v2_init(script, ispi, (struct choice){ 12, 256, 12, 5, 19, 0 });
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 14);
	next(script, 50, 1);
	v2_opens(script);
	v2_proves(script, 1);
}

/* RFC 7296 section 2.6.1: first a cookie, then another group, and the cookie again. */
static void cookie_and_another_group(struct script *script)
{
	static const unsigned groups[] = { 19, 14 };

	v2_init(script, ispi, (struct choice){ 12, 256, 12, 5, 19, 0 });
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
	next(script, 50, 1);
	for (unsigned i = 0; i < 2; i++) {
		header(script, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_REQUEST, 0);
		v2_notify(script, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
		v2_sa(script, (struct choice){ 12, 256, 12, 5, groups[i], 0 });
		next(script, 50, 0);
		if (i == 0)
			v2_refusal(script, ispi, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 14);
		else
			v2_answer(script, ispi, GOOD, false);
		next(script, 50, 1);
	}
	v2_proves(script, 1);
}

static void forged_refusal(struct script *script)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
	next(script, 10, 1);
	v2_answer(script, ispi, GOOD, false);
	next(script, 50, 1);
	v2_proves(script, 1);
}

/* RFC 5685 section 3: not this gateway; the initiator goes to another one, which is not in view. */
static void redirected_at_once(struct script *script)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, 0);
	v2_refusal(script, ispi, IKEV2_NOTIFY_REDIRECT, 6, 0x01040a000009);
	next(script, 50, 1);
}

/* Section 5: an IKE SA that is up is sent elsewhere; and section 6: with the answer to the proof, which then brings no child. */
static void redirected_later(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_exchange(script, 1, IKEV2_EXCHANGE_INFORMATIONAL, 0, (struct words){ IKEV2_PAYLOAD_NOTIFY, 96 },
		    (struct words){ 0, 80 });
	v2_deletes(script, 0, 2, false);
}
static void redirected_with_the_proof(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 288 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 144 });
	v2_deletes(script, 0, 2, false);
}

static void eap_of(struct script *script, bool in_pieces)
{
	uint32_t id = 2;

	v2_opens(script);
	v2_asks(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDI, 400);
	if (in_pieces)
		v2_in_pieces(script, 1, true, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDR, 1236, 2);
	else
		v2_answers(script, 1, IKEV2_EXCHANGE_IKE_AUTH, 1, IKEV2_PAYLOAD_IDR, 1200);
	for (; id < 6; id++)
		v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, id, (struct words){ IKEV2_PAYLOAD_EAP, 128 },
			    (struct words){ IKEV2_PAYLOAD_EAP, id == 5 ? 80 : 144 });
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 6, (struct words){ IKEV2_PAYLOAD_AUTH, 112 },
		    (struct words){ IKEV2_PAYLOAD_AUTH, 240 });
	v2_alive(script, 0, 7);
}
static void eap(struct script *script)
{
	eap_of(script, false);
}
static void eap_in_pieces(struct script *script)
{
	eap_of(script, true);
}

/* RFC 4739: a second authentication behind the first, by EAP. */
static void two_authentications(struct script *script)
{
	v2_opens_with(script, true);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 1452 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 1368 });
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 2, (struct words){ IKEV2_PAYLOAD_IDI, 96 },
		    (struct words){ IKEV2_PAYLOAD_EAP, 112 });
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 3, (struct words){ IKEV2_PAYLOAD_EAP, 128 },
		    (struct words){ IKEV2_PAYLOAD_EAP, 80 });
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 4, (struct words){ IKEV2_PAYLOAD_AUTH, 112 },
		    (struct words){ IKEV2_PAYLOAD_AUTH, 240 });
}

/* RFC 9242 and 9370: two more key exchanges, the first in pieces; a rekey of the IKE SA has its own. */
static void more_key_exchanges(struct script *script)
{
	v2_opens(script);
	v2_in_pieces(script, 0, false, IKEV2_EXCHANGE_IKE_INTERMEDIATE, 1, IKEV2_PAYLOAD_KE, 1236, 2);
	v2_in_pieces(script, 1, true, IKEV2_EXCHANGE_IKE_INTERMEDIATE, 1, IKEV2_PAYLOAD_KE, 1236, 2);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_INTERMEDIATE, 2, (struct words){ IKEV2_PAYLOAD_KE, 900 },
		    (struct words){ IKEV2_PAYLOAD_KE, 900 });
	v2_proves(script, 3);
	v2_exchange(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, (struct words){ IKEV2_PAYLOAD_NOTIFY, 440 },
		    (struct words){ IKEV2_PAYLOAD_SA, 440 });
	v2_exchange(script, 1, IKEV2_EXCHANGE_IKE_FOLLOWUP_KE, 1, (struct words){ IKEV2_PAYLOAD_KE, 1280 },
		    (struct words){ IKEV2_PAYLOAD_KE, 1180 });
	v2_deletes(script, 1, 2, true);
}

/* RFC 8784: the responder takes the proof without the key that is used in addition, or says that it has it. */
static void with_one_more_key(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 336 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 256 });
	v2_alive(script, 1, 0);
}

/* RFC 6023 */
static void childless(struct script *script)
{
	v2_opens(script);
	v2_exchange(script, 0, IKEV2_EXCHANGE_IKE_AUTH, 1, (struct words){ IKEV2_PAYLOAD_IDI, 176 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 128 });
	v2_alive(script, 0, 2);
	v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 3, (struct words){ IKEV2_PAYLOAD_SA, 208 },
		    (struct words){ IKEV2_PAYLOAD_SA, 208 });
}

/* RFC 4555: additional addresses, their update, its check. */
static void mobike(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	for (uint32_t id = 2; id < 6; id++)
		v2_exchange(script, 0, IKEV2_EXCHANGE_INFORMATIONAL, id,
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, id % 2 ? 176 : 96 },
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, id % 2 ? 160 : 80 });
}

/* RFC 7296 section 2.8.1: both rekey at once, one is told to wait (TEMPORARY_FAILURE), one SA is deleted. */
static void collision(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_asks(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_NOTIFY, 224);
	v2_asks(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_NOTIFY, 224);
	v2_answers(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_NOTIFY, 80);
	v2_answers(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_SA, 208);
	v2_deletes(script, 0, 3, true);
}

/* The same, and both are taken: the one of the lowest nonce is deleted again by who asked for it. */
static void collision_of_two(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_asks(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_NOTIFY, 224);
	v2_asks(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_NOTIFY, 224);
	v2_answers(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_SA, 208);
	v2_answers(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_SA, 208);
	v2_deletes(script, 0, 3, true);
	v2_deletes(script, 1, 1, true);
}

/* The IKE SA is rekeyed, by either side: the new one goes on where the old one is deleted. */
static void rekeyed_by(struct script *script, unsigned direction)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_exchange(script, direction, IKEV2_EXCHANGE_CREATE_CHILD_SA, direction ? 0 : 2,
		    (struct words){ IKEV2_PAYLOAD_SA, 416 }, (struct words){ IKEV2_PAYLOAD_SA, 416 });
	v2_deletes(script, direction, direction ? 1 : 3, false);
	v2_next_ike_sa(direction);
	pause_for(2000);
	v2_alive(script, 0, 0);
	v2_rekeys_child(script, 1, direction ? 0 : 0);
	v2_alive(script, 0, 1);
}
static void rekeyed_by_the_initiator(struct script *script)
{
	rekeyed_by(script, 0);
}
static void rekeyed_by_the_responder(struct script *script)
{
	rekeyed_by(script, 1);
}

/* Section 2.8.2: both rekey the IKE SA at once; one of the two that come of it is deleted, then the old one. */
static void ike_collision(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_asks(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_SA, 416);
	v2_asks(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_SA, 416);
	v2_answers(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 2, IKEV2_PAYLOAD_SA, 416);
	v2_answers(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, IKEV2_PAYLOAD_SA, 416);
	v2_deletes(script, 0, 3, false);
	v2_next_ike_sa(1);
	v2_deletes(script, 1, 0, false);
	v2_next_ike_sa(0);
	v2_alive(script, 1, 0);
	v2_alive(script, 0, 0);
}

/* Two children beside the first one, and a third that the other side asks for. */
static void several_children(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	for (uint32_t id = 2; id < 4; id++)
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_SA, 208 },
			    (struct words){ IKEV2_PAYLOAD_SA, 208 });
	v2_exchange(script, 1, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, (struct words){ IKEV2_PAYLOAD_SA, 208 },
		    (struct words){ IKEV2_PAYLOAD_SA, 208 });
}

/* Each time one is rekeyed another group is asked for first. */
static void another_group_for_children(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	for (uint32_t id = 2; id < 12; id += 2) {
		pause_for(20000);
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_NOTIFY, 320 },
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, 80 });
		v2_exchange(script, 0, IKEV2_EXCHANGE_CREATE_CHILD_SA, id + 1,
			    (struct words){ IKEV2_PAYLOAD_NOTIFY, 480 }, (struct words){ IKEV2_PAYLOAD_SA, 464 });
	}
}

/* The IKE SA is negotiated anew: the old one is deleted first, or when the new one is up. */
static void reauthenticated(struct script *script, bool make_before_break)
{
	v2_opens(script);
	v2_proves(script, 1);
	if (!make_before_break)
		v2_deletes(script, 0, 2, false);
	v2_next_ike_sa(0);
	v2_opens(script);
	v2_proves(script, 1);
	if (!make_before_break)
		return;
	ispi -= 2;
	v2_deletes(script, 0, 2, false);
}
static void break_before_make(struct script *script)
{
	reauthenticated(script, false);
}
static void make_before_break(struct script *script)
{
	reauthenticated(script, true);
}

/* RFC 5723: with a ticket. */
static void resumed(struct script *script)
{
	header(script, ispi, 0, 0x20, IKEV2_EXCHANGE_IKE_SESSION_RESUME, V2_REQUEST, 0);
	uint32_t nonce = payload(script, IKEV2_PAYLOAD_NONCE);
	put_zeros(script, 32);
	ends(script, nonce);
	v2_notify(script, 16413, 8, 0x1122334455667788); /* TICKET_OPAQUE */
	next(script, 100, 0);
	header(script, ispi, ispi + 1, 0x20, IKEV2_EXCHANGE_IKE_SESSION_RESUME, V2_RESPONSE, 0);
	nonce = payload(script, IKEV2_PAYLOAD_NONCE);
	put_zeros(script, 32);
	ends(script, nonce);
	next(script, 50, 1);
	v2_proves(script, 1);
}

/* RFC 6311: another member of the responder's cluster goes on, and agrees on numbers under message ID 0. */
static void numbers_agreed_anew(struct script *script)
{
	v2_opens(script);
	v2_proves(script, 1);
	v2_alive(script, 1, 0);
	v2_alive(script, 1, 1);
	v2_exchange(script, 1, IKEV2_EXCHANGE_INFORMATIONAL, 0, (struct words){ IKEV2_PAYLOAD_NOTIFY, 112 },
		    (struct words){ IKEV2_PAYLOAD_NOTIFY, 96 });
	v2_alive(script, 1, 40);
	v2_rekeys_child(script, 0, 90);
}

/* ---- IKEv1 ---- */

static void main_and_quick_mode(struct script *script)
{
	main_mode(script);
	quick_mode(script, 0, 99);
	for (unsigned i = 0; i < 3; i++) {
		pause_for(2000);
		v1_notice(script, i % 2, 200 + i);
	}
}

/* Dead peer detection goes on while there is no quick mode yet, as with a tunnel on demand. */
static void main_mode_on_demand(struct script *script)
{
	main_mode_by(script, 3);
	v1_alive(script, 10000, 1);
	v1_alive(script, 10000, 1);
	pause_for(20000);
	quick_mode(script, 0, 99);
}

/* The initiator says at once behind phase 1 that it has no other IKE SA. */
static void first_contact(struct script *script)
{
	main_mode(script);
	v1_notice(script, 0, 55);
	quick_mode(script, 0, 99);
}

/* The same of the responder, as with RESPONDER-LIFETIME. */
static void lifetime_notified(struct script *script)
{
	main_mode(script);
	v1_notice(script, 1, 55);
	quick_mode(script, 0, 99);
}

static void aggressive_mode(struct script *script)
{
	aggressive_mode_by(script, 1);
	quick_mode(script, 0, 99);
	v1_alive(script, 2000, 1);
}

static void xauth_of(struct script *script, bool aggressive)
{
	if (aggressive)
		aggressive_mode_by(script, 65001);
	else
		main_mode_by(script, 65001);
	v1_says(script, 1, IKEV1_EXCHANGE_TRANSACTION, 5, 92);
	pause_for(6000);
	v1_says(script, 0, IKEV1_EXCHANGE_TRANSACTION, 5, 108);
	v1_says(script, 1, IKEV1_EXCHANGE_TRANSACTION, 6, 92);
	v1_says(script, 0, IKEV1_EXCHANGE_TRANSACTION, 6, 92);
	/* Mode config: an address of the inside. */
	v1_says(script, 0, IKEV1_EXCHANGE_TRANSACTION, 7, 124);
	v1_says(script, 1, IKEV1_EXCHANGE_TRANSACTION, 7, 124);
	quick_mode(script, 0, 99);
	v1_alive(script, 2000, 1);
}
static void xauth(struct script *script)
{
	xauth_of(script, false);
}
static void xauth_aggressive(struct script *script)
{
	xauth_of(script, true);
}

/* A gateway with several networks asks for all of their SAs at once; what looks like a refusal is a peer that is asked whether it
 * lives. */
static void quick_modes_at_once(struct script *script, unsigned count)
{
	main_mode(script);
	for (unsigned i = 0; i < 3; i++)
		for (uint32_t id = 0; id < count; id++)
			v1_says(script, i % 2, IKEV1_EXCHANGE_QUICK, 90 + id, 300 - 80 * i);
	v1_alive(script, 500, 1);
	v1_alive(script, 500, 0);
}
static void two_quick_modes(struct script *script)
{
	quick_modes_at_once(script, 2);
}
/* More than are remembered. */
static void seven_quick_modes(struct script *script)
{
	quick_modes_at_once(script, 7);
}

/* Each side asks for one, and they cross. */
static void quick_modes_that_cross(struct script *script)
{
	main_mode(script);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned side = 0; side < 2; side++)
			v1_says(script, side ^ (i % 2), IKEV1_EXCHANGE_QUICK, 90 + side, 300 - 80 * i);
	v1_alive(script, 500, 1);
	v1_alive(script, 500, 0);
}

/* Quick mode again in time, and the old SA is deleted. */
static void quick_mode_again(struct script *script)
{
	main_mode(script);
	quick_mode(script, 0, 99);
	pause_for(5000);
	quick_mode(script, 1, 100);
	v1_notice(script, 1, 110);
	v1_notice(script, 0, 111);
}

/* Phase 1 again in time, by the other side, beside the old one. */
static void phase_1_again(struct script *script)
{
	main_mode(script);
	quick_mode(script, 0, 99);
	v2_next_ike_sa(1);
	main_mode(script);
	ispi -= 2;
	v1_notice(script, 1, 120);
	ispi += 2;
	quick_mode(script, 1, 101);
}

static const struct {
	const char *name;
	void (*tell)(struct script *script);
} sound[] = {
	{ "shared key", shared_key },
	{ "transport mode", transport_mode },
	{ "certificates", certificates },
	{ "certificates in pieces", certificates_in_pieces },
	{ "cookie", cookie },
	{ "another group", another_group },
	{ "cookie and another group", cookie_and_another_group },
	{ "forged refusal", forged_refusal },
	{ "redirected at once", redirected_at_once },
	{ "redirected later", redirected_later },
	{ "redirected with the proof", redirected_with_the_proof },
	{ "EAP", eap },
	{ "EAP in pieces", eap_in_pieces },
	{ "two authentications", two_authentications },
	{ "more key exchanges", more_key_exchanges },
	{ "one more key", with_one_more_key },
	{ "childless", childless },
	{ "MOBIKE", mobike },
	{ "collision", collision },
	{ "collision of two", collision_of_two },
	{ "rekeyed by the initiator", rekeyed_by_the_initiator },
	{ "rekeyed by the responder", rekeyed_by_the_responder },
	{ "collision of IKE SAs", ike_collision },
	{ "several children", several_children },
	{ "another group for children", another_group_for_children },
	{ "break before make", break_before_make },
	{ "make before break", make_before_break },
	{ "resumed", resumed },
	{ "numbers agreed anew", numbers_agreed_anew },
	{ "main and quick mode", main_and_quick_mode },
	{ "main mode on demand", main_mode_on_demand },
	{ "first contact", first_contact },
	{ "lifetime notified", lifetime_notified },
	{ "aggressive mode", aggressive_mode },
	{ "XAUTH", xauth },
	{ "XAUTH in aggressive mode", xauth_aggressive },
	{ "two quick modes at once", two_quick_modes },
	{ "seven quick modes at once", seven_quick_modes },
	{ "quick modes that cross", quick_modes_that_cross },
	{ "quick mode again", quick_mode_again },
	{ "phase 1 again", phase_1_again },
};

enum { SOUND = sizeof(sound) / sizeof(sound[0]) };

#endif
