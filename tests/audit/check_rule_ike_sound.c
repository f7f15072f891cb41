/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations that are sound, each told whole, by either direction of a mirror alone, and from every message on: none of
 * them makes a finding about a negotiation that failed.
 */
#include "../suite.h"
#include "ike_script.h"

enum { STEPS_MAX = 40 };

struct step {
	int64_t milliseconds;
	unsigned direction;
	uint32_t length;
	uint8_t octets[2048];
};

static struct step steps[STEPS_MAX];
static unsigned step_count;

/* The message built last is the story's next. */
static void next(const struct script *script, int64_t milliseconds, unsigned direction)
{
	struct step *step = &steps[step_count++];

	ck_assert_uint_le(step_count, STEPS_MAX);
	ck_assert_uint_le(script->length, sizeof(step->octets));
	step->milliseconds = milliseconds;
	step->direction = direction;
	step->length = script->length;
	memcpy(step->octets, script->octets, script->length);
}

static void secret(struct script *script, unsigned exchange, bool answer, uint32_t id, unsigned inner, unsigned octets)
{
	v2_secret(script, 7, exchange, answer ? V2_RESPONSE : V2_REQUEST, id, inner, octets);
	next(script, 50, answer);
}

static void v2_opens(struct script *script)
{
	v2_init(script, 7, GOOD);
	next(script, 100, 0);
	v2_answer(script, 7, GOOD, false);
	next(script, 50, 1);
}

static void v2_proves(struct script *script)
{
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, false, 1, IKEV2_PAYLOAD_IDI, 288);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, true, 1, IKEV2_PAYLOAD_IDR, 240);
}

static void cookie(struct script *script)
{
	v2_init(script, 7, GOOD);
	next(script, 100, 0);
	v2_refusal(script, 7, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
	next(script, 50, 1);
	header(script, 7, 0, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, V2_REQUEST, 0);
	v2_notify(script, IKEV2_NOTIFY_COOKIE, 8, 0x1122334455667788);
	v2_sa(script, GOOD);
	next(script, 50, 0);
	v2_answer(script, 7, GOOD, false);
	next(script, 50, 1);
	v2_proves(script);
}

static void another_group(struct script *script)
{
	v2_init(script, 7, (struct choice){ 12, 256, 12, 5, 19, 0 });
	next(script, 100, 0);
	v2_refusal(script, 7, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 14);
	next(script, 50, 1);
	v2_opens(script);
	v2_proves(script);
}

static void forged_refusal(struct script *script)
{
	v2_init(script, 7, GOOD);
	next(script, 100, 0);
	v2_refusal(script, 7, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
	next(script, 10, 1);
	v2_answer(script, 7, GOOD, false);
	next(script, 50, 1);
	v2_proves(script);
}

static void eap(struct script *script)
{
	v2_opens(script);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, false, 1, IKEV2_PAYLOAD_IDI, 900);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, true, 1, IKEV2_PAYLOAD_IDR, 1200);
	for (uint32_t id = 2; id < 6; id++) {
		secret(script, IKEV2_EXCHANGE_IKE_AUTH, false, id, IKEV2_PAYLOAD_EAP, 96);
		secret(script, IKEV2_EXCHANGE_IKE_AUTH, true, id, IKEV2_PAYLOAD_EAP, 96);
	}
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, false, 6, IKEV2_PAYLOAD_AUTH, 96);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, true, 6, IKEV2_PAYLOAD_AUTH, 240);
}

/* RFC 6023; lengths as of strongSwan. */
static void childless(struct script *script)
{
	v2_opens(script);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, false, 1, IKEV2_PAYLOAD_IDI, 176);
	secret(script, IKEV2_EXCHANGE_IKE_AUTH, true, 1, IKEV2_PAYLOAD_IDR, 128);
}

/* RFC 4555: additional addresses, their update, its check. */
static void mobike(struct script *script)
{
	v2_opens(script);
	v2_proves(script);
	for (uint32_t id = 2; id < 6; id++) {
		secret(script, IKEV2_EXCHANGE_INFORMATIONAL, false, id, IKEV2_PAYLOAD_NOTIFY, id % 2 ? 176 : 96);
		secret(script, IKEV2_EXCHANGE_INFORMATIONAL, true, id, IKEV2_PAYLOAD_NOTIFY, id % 2 ? 160 : 80);
	}
}

/* RFC 7296 section 2.8.1: both rekey at once, one is told to wait (TEMPORARY_FAILURE), one SA is deleted. */
static void collision(struct script *script)
{
	v2_opens(script);
	v2_proves(script);
	secret(script, IKEV2_EXCHANGE_CREATE_CHILD_SA, false, 2, IKEV2_PAYLOAD_NOTIFY, 224);
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, 0, IKEV2_PAYLOAD_NOTIFY, 224);
	next(script, 1, 1);
	secret(script, IKEV2_EXCHANGE_CREATE_CHILD_SA, true, 2, IKEV2_PAYLOAD_NOTIFY, 80);
	v2_secret(script, 7, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST | V2_RESPONSE, 0, IKEV2_PAYLOAD_SA, 208);
	next(script, 50, 0);
	secret(script, IKEV2_EXCHANGE_INFORMATIONAL, false, 3, IKEV2_PAYLOAD_DELETE, 80);
	secret(script, IKEV2_EXCHANGE_INFORMATIONAL, true, 3, IKEV2_PAYLOAD_DELETE, 80);
}

static void main_mode(struct script *script)
{
	v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	next(script, 100, 0);
	v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	next(script, 50, 1);
	for (unsigned side = 0; side < 2; side++) {
		v1_clear(script, 7, IKEV1_PAYLOAD_KE, 64 + side);
		next(script, 50, side);
	}
	for (unsigned side = 0; side < 2; side++) {
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108 - 16 * side);
		next(script, 50, side);
	}
}

static void dead_peer_detection(struct script *script, int64_t milliseconds, unsigned side)
{
	for (unsigned i = 0; i < 2; i++) {
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 300 + 2 * step_count + i, IKEV1_PAYLOAD_HASH, 92);
		next(script, i ? 50 : milliseconds, side ^ i);
	}
}

static void main_and_quick_mode(struct script *script)
{
	main_mode(script);
	for (unsigned i = 0; i < 3; i++) {
		v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 300 - 80 * i);
		next(script, 50, i % 2);
	}
	/* Dead peer detection, and a delete. */
	for (unsigned i = 0; i < 3; i++) {
		v1_secret(script, 7, IKEV1_EXCHANGE_INFORMATIONAL, 200 + i, IKEV1_PAYLOAD_HASH, 108);
		next(script, 2000, i % 2);
	}
}

/* A gateway with several networks asks for all of their SAs at once; what looks like a refusal is a peer that is asked whether it
 * lives. */
static void quick_modes_at_once(struct script *script, unsigned count)
{
	main_mode(script);
	for (unsigned i = 0; i < 3; i++)
		for (uint32_t id = 0; id < count; id++) {
			v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 90 + id, IKEV1_PAYLOAD_HASH, 300 - 80 * i);
			next(script, 10, i % 2);
		}
	dead_peer_detection(script, 500, 1);
	dead_peer_detection(script, 500, 0);
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
		for (unsigned side = 0; side < 2; side++) {
			v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 90 + side, IKEV1_PAYLOAD_HASH, 300 - 80 * i);
			next(script, 10, side ^ (i % 2));
		}
	dead_peer_detection(script, 500, 1);
	dead_peer_detection(script, 500, 0);
}

static const struct {
	const char *name;
	void (*tell)(struct script *script);
} stories[] = {
	{ "cookie", cookie },
	{ "another group", another_group },
	{ "forged refusal", forged_refusal },
	{ "EAP", eap },
	{ "childless", childless },
	{ "MOBIKE", mobike },
	{ "collision", collision },
	{ "main and quick mode", main_and_quick_mode },
	{ "two quick modes at once", two_quick_modes },
	{ "seven quick modes at once", seven_quick_modes },
	{ "quick modes that cross", quick_modes_that_cross },
};

static void no_failure(const struct script *script, const char *name, const char *how, unsigned from)
{
	static const enum finding_id failures[] = {
		FINDING_IKE_UNANSWERED,    FINDING_IKE_REFUSED,  FINDING_IKE_AUTH_FAILED,
		FINDING_IKE_CA_MISMATCH,   FINDING_IKE_STALLED,  FINDING_IKE_CERTIFICATE_EXPIRED,
		FINDING_IKE_CHILD_REFUSED, FINDING_IKE_PATH_MTU, FINDING_IKE_RESTART,
		FINDING_IKE_FLOOD,         FINDING_BAD_SPI,
	};

	for (unsigned i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct seen *seen = last_of(script, failures[i]);
		ck_assert_msg(seen == NULL, "%s, %s from message %u: %s", name, how, from, seen ? seen->text : "");
	}
}

/* Sides: a bit for each direction in view. */
static void tell(unsigned story, unsigned sides, unsigned from, const char *how)
{
	struct script *script = script_new(100);

	step_count = 0;
	stories[story].tell(script);
	for (unsigned i = from; i < step_count; i++) {
		pass(script, steps[i].milliseconds);
		if (!(sides & 1u << steps[i].direction))
			continue;
		memcpy(script->octets, steps[i].octets, steps[i].length);
		script->length = steps[i].length;
		say(script, 0, steps[i].direction);
	}
	pass(script, 120000);
	no_failure(script, stories[story].name, how, from);
	script_free(script);
}

enum { STORIES = sizeof(stories) / sizeof(stories[0]) };

START_TEST(whole)
{
	for (unsigned i = 0; i < STORIES; i++)
		tell(i, 3, 0, "whole");
}
END_TEST

START_TEST(one_way_mirror)
{
	for (unsigned i = 0; i < STORIES; i++) {
		tell(i, 1, 0, "the initiator's side");
		tell(i, 2, 0, "the responder's side");
	}
}
END_TEST

START_TEST(from_any_message)
{
	for (unsigned i = 0; i < STORIES; i++) {
		tell(i, 3, 0, "whole");
		for (unsigned from = 1, count = step_count; from < count; from++)
			tell(i, 3, from, "both sides");
	}
}
END_TEST

SUITE_MAIN("rule_ike_sound", whole, one_way_mirror, from_any_message)
