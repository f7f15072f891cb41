/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations that are sound, each told whole, by either direction of a mirror alone, from every message on, and with any one
 * message lost, doubled or late: none of them makes a finding about a negotiation that failed.
 */
#include "../suite.h"
#include "sound_negotiations.h"

static const enum finding_id failures[] = {
	FINDING_IKE_UNANSWERED, FINDING_IKE_REFUSED,       FINDING_IKE_AUTH_FAILED, FINDING_IKE_CA_MISMATCH,
	FINDING_IKE_STALLED,    FINDING_IKE_CHILD_REFUSED, FINDING_IKE_PATH_MTU,    FINDING_IKE_CERTIFICATE_EXPIRED,
	FINDING_IKE_RESTART,    FINDING_IKE_FLOOD,         FINDING_BAD_SPI,
};

/* What is said of a failure; NULL: nothing. */
static const struct seen *failure_of(const struct script *script)
{
	for (unsigned i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (last_of(script, failures[i]))
			return last_of(script, failures[i]);
	return NULL;
}

/* Sides: a bit for each direction in view. */
static void tell(unsigned story, unsigned sides, unsigned from, const char *how)
{
	struct script *script = script_new(100);

	negotiation_begin();
	sound[story].tell(script);
	for (unsigned i = from; i < step_count; i++) {
		pass(script, steps[i].milliseconds);
		if (sides & 1u << steps[i].direction)
			show(script, &steps[i], 0);
	}
	pass(script, 120000);
	const struct seen *seen = failure_of(script);
	ck_assert_msg(seen == NULL, "%s, %s from message %u: %s", sound[story].name, how, from, seen ? seen->text : "");
	script_free(script);
}

START_TEST(whole)
{
	for (unsigned i = 0; i < SOUND; i++)
		tell(i, 3, 0, "whole");
}
END_TEST

START_TEST(one_way_mirror)
{
	for (unsigned i = 0; i < SOUND; i++) {
		tell(i, 1, 0, "the initiator's side");
		tell(i, 2, 0, "the responder's side");
	}
}
END_TEST

START_TEST(from_any_message)
{
	for (unsigned i = 0; i < SOUND; i++) {
		tell(i, 3, 0, "whole");
		for (unsigned from = 1, count = step_count; from < count; from++)
			tell(i, 3, from, "both sides");
	}
}
END_TEST

static unsigned said_of(const struct script *script, unsigned story, enum sight sight, unsigned which)
{
	const struct seen *seen = failure_of(script);

	if (seen)
		fprintf(stderr, "%s, message %u %s: %s: %s\n", sound[story].name, which, sight_name(sight),
			catalogue_row(seen->id)->name, seen->text);
	return seen != NULL;
}

/* Three times the same within minutes, for what happens again counts. */
static unsigned tell_rounds(unsigned story, enum sight sight, unsigned which)
{
	struct script *script = script_new(100);

	negotiation_begin();
	sound[story].tell(script);
	for (unsigned round = 0; round < 3; round++) {
		show_round(script, round, sight, which);
		pass(script, 40000);
	}
	pass(script, 120000);
	unsigned said = said_of(script, story, sight, which);
	script_free(script);
	return said;
}

/*
 * Redirected with the proof: an IKE SA without a child, of which nobody sees that it is deleted at once. That it may be for its child is
 * what the wire shows then, and is told as possible.
 */
static bool has_reason(unsigned story, unsigned which)
{
	return sound[story].tell == redirected_with_the_proof && which == 4;
}

START_TEST(any_message_lost)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < SOUND; i++) {
		bad += tell_rounds(i, SIGHT_WHOLE, 0);
		for (unsigned sight = SIGHT_LOST; sight < SIGHTS; sight++)
			for (unsigned which = 0, count = step_count; which < count; which++)
				if (sight != SIGHT_BOTH_LOST && !(sight == SIGHT_LOST && has_reason(i, which)))
					bad += tell_rounds(i, (enum sight)sight, which);
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* Of two that are lost together as much may be missing as makes a failure of it; then there is ESP that says better. */
START_TEST(two_messages_lost)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < SOUND; i++) {
		tell(i, 3, 0, "whole");
		for (unsigned which = 0, count = step_count; which + 1 < count; which++) {
			if (sound[i].tell == redirected_with_the_proof)
				continue;
			struct script *script = script_new(100);
			show_round(script, 0, SIGHT_BOTH_LOST, which);
			struct transition born = { .kind = TRANSITION_SA_BORN };
			born.esp.spi = 0x1000;
			born.esp.protocol = 50;
			put_transition(script, &born, 1, 2);
			esp_begins(script, 500, 1, 2);
			pass(script, 120000);
			bad += said_of(script, i, SIGHT_BOTH_LOST, which);
			script_free(script);
		}
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

SUITE_MAIN("rule_ike_sound", whole, one_way_mirror, from_any_message, any_message_lost, two_messages_lost)
