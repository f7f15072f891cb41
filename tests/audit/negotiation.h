/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negotiations as lists of messages, so that a test can tell each of them whole, or as a sensor sees it that loses a message, sees
 * one twice, or late. A message is built by ike_script.h and written down by next().
 */
#ifndef ESPIAL_TESTS_AUDIT_NEGOTIATION_H
#define ESPIAL_TESTS_AUDIT_NEGOTIATION_H

#include "ike_script.h"

enum { STEPS_MAX = 64, SPI_STEP = 0x10 };

struct step {
	int64_t milliseconds;
	unsigned direction;
	uint32_t length;
	uint8_t octets[2048];
};

static struct step steps[STEPS_MAX];
static unsigned step_count;
static int64_t pause_ms; /* before the next one */

/* The IKE SA that is spoken of now, and the direction of who opened it. Initiator SPIs are below SPI_STEP. */
static uint64_t ispi;
static unsigned opener;

static inline void negotiation_begin(void)
{
	step_count = 0;
	pause_ms = 0;
	ispi = 7;
	opener = 0;
}

/* The message built last is the next one. */
static inline void next(const struct script *script, int64_t milliseconds, unsigned direction)
{
	struct step *step = &steps[step_count++];

	ck_assert_uint_le(step_count, STEPS_MAX);
	ck_assert_uint_le(script->length, sizeof(step->octets));
	step->milliseconds = milliseconds + pause_ms;
	pause_ms = 0;
	step->direction = direction;
	step->length = script->length;
	memcpy(step->octets, script->octets, script->length);
}

/* The next message comes so much later. */
static inline void pause_for(int64_t milliseconds)
{
	pause_ms = milliseconds;
}

/* The message comes again after so long. */
static inline void repeat(struct step step, int64_t milliseconds)
{
	ck_assert_uint_lt(step_count, STEPS_MAX);
	step.milliseconds = milliseconds;
	steps[step_count++] = step;
}

/* Requests are sent by `direction` and answered by the other; octets of the answer: 0 for none. */
struct words {
	unsigned inner, octets;
};

static inline unsigned v2_flags(unsigned direction, bool answer)
{
	return (direction == opener ? V2_REQUEST : 0) | (answer ? V2_RESPONSE : 0);
}

static inline void v2_asks(struct script *script, unsigned direction, unsigned exchange, uint32_t id, unsigned inner,
			   unsigned octets)
{
	v2_secret(script, ispi, exchange, v2_flags(direction, false), id, inner, octets);
	next(script, 50, direction);
}

static inline void v2_answers(struct script *script, unsigned direction, unsigned exchange, uint32_t id, unsigned inner,
			      unsigned octets)
{
	v2_secret(script, ispi, exchange, v2_flags(direction, true), id, inner, octets);
	next(script, 20, direction);
}

static inline void v2_exchange(struct script *script, unsigned direction, unsigned exchange, uint32_t id,
			       struct words asked, struct words answered)
{
	v2_asks(script, direction, exchange, id, asked.inner, asked.octets);
	v2_answers(script, !direction, exchange, id, answered.inner, answered.octets);
}

/* An encrypted message in fragments (RFC 7383) of so many octets each. */
static inline void v2_in_pieces(struct script *script, unsigned direction, bool answer, unsigned exchange, uint32_t id,
				unsigned inner, unsigned octets, unsigned count)
{
	for (unsigned number = 1; number <= count; number++) {
		header(script, ispi, ispi + 1, 0x20, exchange, v2_flags(direction, answer), id);
		uint32_t skf = payload(script, IKEV2_PAYLOAD_SKF);
		script->octets[skf] = (uint8_t)(number == 1 ? inner : 0);
		put(script, 2, number);
		put(script, 2, count);
		put_zeros(script, octets - script->length);
		ends(script, skf);
		next(script, number == 1 ? 50 : 0, direction);
	}
}

/* ---- steps of IKEv2; lengths as of strongSwan 5.9 ---- */

static inline void v2_opens_with(struct script *script, bool certreq)
{
	v2_init(script, ispi, GOOD);
	next(script, 100, opener);
	v2_answer(script, ispi, GOOD, certreq);
	next(script, 50, !opener);
}

static inline void v2_opens(struct script *script)
{
	v2_opens_with(script, false);
}

static inline void v2_proves(struct script *script, uint32_t id)
{
	v2_exchange(script, opener, IKEV2_EXCHANGE_IKE_AUTH, id, (struct words){ IKEV2_PAYLOAD_IDI, 288 },
		    (struct words){ IKEV2_PAYLOAD_IDR, 240 });
}

/* Is somebody there? */
static inline void v2_alive(struct script *script, unsigned direction, uint32_t id)
{
	v2_exchange(script, direction, IKEV2_EXCHANGE_INFORMATIONAL, id, (struct words){ 0, 80 },
		    (struct words){ 0, 80 });
}

static inline void v2_deletes(struct script *script, unsigned direction, uint32_t id, bool child)
{
	v2_exchange(script, direction, IKEV2_EXCHANGE_INFORMATIONAL, id, (struct words){ IKEV2_PAYLOAD_DELETE, 80 },
		    (struct words){ child ? IKEV2_PAYLOAD_DELETE : 0, 80 });
}

static inline void v2_rekeys_child(struct script *script, unsigned direction, uint32_t id)
{
	v2_exchange(script, direction, IKEV2_EXCHANGE_CREATE_CHILD_SA, id, (struct words){ IKEV2_PAYLOAD_NOTIFY, 224 },
		    (struct words){ IKEV2_PAYLOAD_SA, 208 });
	v2_deletes(script, direction, id + 1, true);
}

/* The next IKE SA is the one that `direction` opens. */
static inline void v2_next_ike_sa(unsigned direction)
{
	ispi += 2;
	opener = direction;
}

/* ---- steps of IKEv1 ---- */

/* An encrypted message of IKEv1 of the phase 1 that is spoken of. */
static inline void v1_says(struct script *script, unsigned direction, unsigned exchange, uint32_t id, unsigned octets)
{
	v1_secret(script, ispi, exchange, id, exchange == IKEV1_EXCHANGE_MAIN ? IKEV1_PAYLOAD_ID : IKEV1_PAYLOAD_HASH,
		  octets);
	/* Each is encrypted by what came before it. */
	script->octets[script->length - 1] = (uint8_t)(step_count + 1);
	next(script, 50, direction);
}

static inline void v1_opens(struct script *script, unsigned exchange, unsigned method)
{
	v1_sa(script, ispi, 0, exchange, 7, 4, method, 14);
	next(script, 100, opener);
	v1_sa(script, ispi, ispi + 1, exchange, 7, 4, method, 14);
	next(script, 50, !opener);
}

static inline void main_mode_by(struct script *script, unsigned method)
{
	v1_opens(script, IKEV1_EXCHANGE_MAIN, method);
	for (unsigned side = 0; side < 2; side++) {
		v1_clear(script, ispi, IKEV1_PAYLOAD_KE, 64 + side);
		next(script, 50, side ^ opener);
	}
	for (unsigned side = 0; side < 2; side++)
		v1_says(script, side ^ opener, IKEV1_EXCHANGE_MAIN, 0, 108 - 16 * side);
}

static inline void main_mode(struct script *script)
{
	main_mode_by(script, 1);
}

/* Whatever is sent alone, and each of the two of dead peer detection. */
static inline void v1_notice(struct script *script, unsigned direction, uint32_t id)
{
	v1_says(script, direction, IKEV1_EXCHANGE_INFORMATIONAL, id, 92);
}

static inline void v1_alive(struct script *script, int64_t milliseconds, unsigned direction)
{
	pause_for(milliseconds);
	for (unsigned i = 0; i < 2; i++)
		v1_notice(script, direction ^ i, 300 + step_count);
}

static inline void quick_mode(struct script *script, unsigned direction, uint32_t id)
{
	for (unsigned i = 0; i < 3; i++)
		v1_says(script, direction ^ (i % 2), IKEV1_EXCHANGE_QUICK, id, 300 - 80 * i);
}

static inline void aggressive_mode_by(struct script *script, unsigned method)
{
	v1_opens(script, IKEV1_EXCHANGE_AGGRESSIVE, method);
	v1_says(script, opener, IKEV1_EXCHANGE_AGGRESSIVE, 0, 108);
}

/* ---- what a sensor sees of it ---- */

enum sight {
	SIGHT_WHOLE,
	SIGHT_LOST,        /* this message is not in view */
	SIGHT_BOTH_LOST,   /* nor is the next one */
	SIGHT_COPIED,      /* it is there twice, as in a mirror of two ports */
	SIGHT_REPEATED,    /* it was lost behind the sensor, and sent again */
	SIGHT_ASKED_AGAIN, /* the same: its sender was asked again first */
	SIGHT_LATE,        /* it is seen behind the next one */
	SIGHTS
};

static inline const char *sight_name(enum sight sight)
{
	static const char *const names[] = { "whole",       "lost", "lost with the next", "copied", "repeated",
					     "asked again", "late" };

	return names[sight];
}

/* The step as it is in the round: IKE SAs are new in each. */
static inline void show(struct script *script, const struct step *step, unsigned round)
{
	script->length = step->length;
	memcpy(script->octets, step->octets, step->length);
	script->octets[7] = (uint8_t)(script->octets[7] + SPI_STEP * round);
	if (script->octets[15])
		script->octets[15] = (uint8_t)(script->octets[15] + SPI_STEP * round);
	say(script, 0, step->direction);
}

/* The latest message of the other side before this one; itself if there is none. */
static inline unsigned asked_by(unsigned which)
{
	for (unsigned i = which; i > 0; i--)
		if (steps[i - 1].direction != steps[which].direction)
			return i - 1;
	return which;
}

static inline void show_round(struct script *script, unsigned round, enum sight sight, unsigned which)
{
	for (unsigned i = 0; i < step_count; i++) {
		bool late = sight == SIGHT_LATE && i == which && i + 1 < step_count;
		pass(script, steps[i].milliseconds);
		if ((sight == SIGHT_LOST && i == which) || (sight == SIGHT_BOTH_LOST && (i == which || i == which + 1)))
			continue;
		if (!late)
			show(script, &steps[i], round);
		if (sight == SIGHT_LATE && i == which + 1) {
			pass(script, 1);
			show(script, &steps[which], round);
		}
		if (i != which)
			continue;
		if (sight == SIGHT_COPIED)
			pass(script, 1);
		if (sight == SIGHT_REPEATED || sight == SIGHT_ASKED_AGAIN)
			pass(script, 2000);
		if (sight == SIGHT_ASKED_AGAIN) {
			show(script, &steps[asked_by(i)], round);
			pass(script, 20);
		}
		if (sight == SIGHT_COPIED || sight == SIGHT_REPEATED || sight == SIGHT_ASKED_AGAIN)
			show(script, &steps[i], round);
	}
}

#endif
