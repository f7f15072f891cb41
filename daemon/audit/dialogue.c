/* SPDX-License-Identifier: Apache-2.0 */
/* See dialogue.h. Called by the tracker for each ESP packet of a pair that speaks both ways. */
#include "dialogue.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

#define ANSWER_NS SECOND       /* an answer comes within this time */
#define PAUSE_NS (5 * SECOND)  /* a sender that pauses so long begins a new run, */
#define REST_NS (30 * SECOND)  /* or so long, once it was told that it speaks to nobody */
#define BURST_NS (SECOND / 50) /* packets so near to the latest one are one question with it */

enum {
	NO_PLACE = DIALOGUE_LENGTHS, /* of a packet that waits under a length that was given up */
	SEEN_MIN = 3,                /* times a length has to be seen before it says anything */
	ANSWERABLE_MIN = 4,          /* packets of such lengths in a run */
	SEEN_FULL = 200,
	SHAPE_LENGTHS_POSSIBLE = 5,
	SHAPE_LENGTHS_LIKELY = 8,
	SHAPE_PACKETS = 32,
	/* Residues modulo 16 of a 64-bit block cipher with 96-bit, and with 128- or 256-bit ICV. */
	RESIDUES_4_12 = 1 << 4 | 1 << 12,
	RESIDUES_0_8 = 1 << 0 | 1 << 8,
};

const int64_t dialogue_level_ns[DIALOGUE_LEVELS] = { 5 * SECOND, 10 * SECOND, 20 * SECOND };

/* A run that pauses ends long before ticks start again, so the latest eight packets of one are told apart by them. */
static uint32_t tick(int64_t time_ns)
{
	return (uint32_t)((uint64_t)time_ns >> 10);
}

/* Whether a waiting packet was sent in one burst with the latest of its run. */
static bool in_last_burst(const struct dialogue_side *side, uint8_t waiting)
{
	return tick(side->run.last_ns) - side->waiting_tick[waiting] <= (uint32_t)(BURST_NS >> 10);
}

/* The place is another length's from now on. Packets of the former one that still wait are none of the new one. */
static uint8_t give_place(struct dialogue_side *side, uint8_t place, uint16_t length)
{
	for (uint8_t i = 0; i < DIALOGUE_WAITING; i++)
		if (side->waiting[i] == place)
			side->waiting[i] = NO_PLACE;
	side->lengths[place] = (struct dialogue_length){ .length = length };
	side->unsettled[place] = 0;
	side->unsettled_set &= (uint16_t) ~(1u << place);
	return place;
}

static uint8_t length_index(struct dialogue_side *side, uint16_t length)
{
	for (uint8_t i = 0; i < DIALOGUE_LENGTHS; i++)
		if (side->lengths[i].length == length)
			return i;
	/* A new length takes the place of one seen little, going round: a length that recurs stays. */
	for (uint8_t tries = 0; tries < DIALOGUE_LENGTHS; tries++) {
		uint8_t place = side->victim;
		side->victim = (uint8_t)((place + 1) % DIALOGUE_LENGTHS);
		if (side->lengths[place].seen < SEEN_MIN)
			return give_place(side, place, length);
	}
	return give_place(side, side->victim, length);
}

static bool answerable(const struct dialogue_length *length)
{
	return length->seen >= SEEN_MIN && length->answered * 5 >= length->seen * 4;
}

static void count(struct dialogue_length *length, uint8_t seen, uint8_t answered)
{
	while (length->seen + seen > SEEN_FULL) {
		length->seen /= 2;
		length->answered /= 2;
		seen /= 2;
		answered /= 2;
	}
	length->seen = (uint8_t)(length->seen + seen);
	length->answered = (uint8_t)(length->answered + answered);
}

/*
 * What the run's packets say of their lengths, once it is known: `answered`, when something came back now, else not. Only
 * the latest packet before an answer counts as answered, and what was sent in one burst with it, so that a stream does not
 * look like a question because what runs beside it is answered.
 */
static void settle(struct dialogue_side *side, int64_t now_ns, bool answered)
{
	uint8_t with_answer[DIALOGUE_LENGTHS + 1] = { 0 }; /* the last: NO_PLACE, of which nothing is counted */

	answered = answered && now_ns - side->run.last_ns <= ANSWER_NS;
	for (uint8_t i = 0; answered && i < side->waiting_count; i++)
		if (in_last_burst(side, i))
			with_answer[side->waiting[i]]++;
	for (unsigned left = side->unsettled_set; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		uint8_t seen = side->unsettled[i] > with_answer[i] ? side->unsettled[i] : with_answer[i];
		count(&side->lengths[i], seen, with_answer[i]);
		side->unsettled[i] = 0;
	}
	side->unsettled_set = 0;
	side->waiting_count = side->waiting_at = 0;
}

static void forget_run(struct dialogue_side *side)
{
	memset(side->unsettled, 0, sizeof(side->unsettled));
	side->unsettled_set = 0;
	side->waiting_count = side->waiting_at = 0;
}

static void wait_for_answer(struct dialogue_side *side, uint8_t index, int64_t now_ns)
{
	side->waiting[side->waiting_at] = index;
	side->waiting_tick[side->waiting_at] = tick(now_ns);
	side->waiting_at = (uint8_t)((side->waiting_at + 1) % DIALOGUE_WAITING);
	if (side->waiting_count < DIALOGUE_WAITING)
		side->waiting_count++;
	if (side->unsettled[index] < SEEN_FULL / 2)
		side->unsettled[index]++;
	side->unsettled_set |= (uint16_t)(1u << index);
}

static bool note_shape(struct dialogue *dialogue, uint32_t length)
{
	dialogue->shape_packets++;
	dialogue->residues |= (uint16_t)(1u << (length % 16));
	bool known = dialogue->shape_count == DIALOGUE_SHAPES;
	for (uint8_t i = 0; i < dialogue->shape_count && !known; i++)
		known = dialogue->shapes[i] == length;
	if (!known)
		dialogue->shapes[dialogue->shape_count++] = (uint16_t)length;
	enum dialogue_shape shape = dialogue_shape(dialogue);
	if (shape == dialogue->shape_told)
		return false;
	dialogue->shape_told = (uint8_t)shape;
	return true;
}

enum dialogue_shape dialogue_shape(const struct dialogue *dialogue)
{
	if ((dialogue->residues & ~RESIDUES_4_12) != 0 && (dialogue->residues & ~RESIDUES_0_8) != 0)
		return DIALOGUE_SHAPE_OTHER;
	/* One residue alone is what a 128-bit block cipher has. */
	if (dialogue->residues != RESIDUES_4_12 && dialogue->residues != RESIDUES_0_8)
		return DIALOGUE_SHAPE_UNKNOWN;
	if (dialogue->shape_packets < SHAPE_PACKETS || dialogue->shape_count < SHAPE_LENGTHS_POSSIBLE)
		return DIALOGUE_SHAPE_UNKNOWN;
	return dialogue->shape_count >= SHAPE_LENGTHS_LIKELY ? DIALOGUE_SHAPE_64_BIT_LIKELY
							     : DIALOGUE_SHAPE_64_BIT_POSSIBLE;
}

static void run_begin(struct dialogue_run *run, uint32_t spi, int64_t now_ns)
{
	*run = (struct dialogue_run){ .first_ns = now_ns, .spi = spi };
}

/* Whether the run has just reached its next level, or goes on past the last one into another minute. */
static bool run_reaches(struct dialogue_run *run, int64_t before_ns)
{
	if (run->told == DIALOGUE_LEVELS)
		return run->last_ns / MINUTE != before_ns / MINUTE;
	if (run->last_ns - run->first_ns - run->paused_ns < dialogue_level_ns[run->told] ||
	    run->answerable < ANSWERABLE_MIN || run->answerable * 2 < run->packets)
		return false;
	run->told++;
	return true;
}

/* Takes from a run that ended what was answered: the latest packet, and what was sent in one burst with it. */
static void take_answered(struct dialogue_run *run, const struct dialogue_side *side, int64_t now_ns)
{
	if (now_ns - run->last_ns > ANSWER_NS)
		return;
	for (uint8_t i = 0; i < side->waiting_count && run->packets > 0; i++) {
		if (!in_last_burst(side, i) || side->waiting[i] == NO_PLACE)
			continue;
		run->packets--;
		run->bytes -= side->lengths[side->waiting[i]].length;
	}
}

/* Whether the packet goes on with the run of its direction, and not with a new one. */
static bool goes_on(struct dialogue_run *run, uint32_t spi, int64_t now_ns)
{
	int64_t pause = now_ns - run->last_ns;

	if (run->packets == 0 || run->spi != spi || pause > (run->told ? REST_NS : PAUSE_NS))
		return false;
	if (pause > PAUSE_NS)
		run->paused_ns += pause;
	return true;
}

unsigned dialogue_packet(struct dialogue *dialogue, unsigned direction, uint32_t spi, uint32_t length, bool pool,
			 int64_t now_ns, struct dialogue_run *ended)
{
	struct dialogue_side *side = &dialogue->side[direction], *other = &dialogue->side[!direction];
	struct dialogue_run *run = &side->run;
	unsigned news = DIALOGUE_NOTHING;
	uint16_t octets = length > UINT16_MAX ? UINT16_MAX : (uint16_t)length;

	/* A run that was told taught nothing about lengths: that answers failed to come was the news. */
	if (other->run.told > 0) {
		*ended = other->run;
		take_answered(ended, other, now_ns);
		news |= DIALOGUE_ANSWERED;
		forget_run(other);
	} else if (other->run.packets > 0) {
		settle(other, now_ns, true);
	}
	other->run.packets = 0;
	other->run.told = 0;

	if (!goes_on(run, spi, now_ns)) {
		if (run->told > 0 && run->spi != spi) {
			*ended = *run;
			news |= DIALOGUE_LEFT;
		}
		if (run->packets > 0 && run->told == 0 && run->spi == spi)
			settle(side, now_ns, false);
		else
			forget_run(side);
		run_begin(run, spi, now_ns);
	}
	uint8_t index = length_index(side, octets);
	int64_t before_ns = run->last_ns;
	run->packets++;
	run->bytes += length;
	run->last_ns = now_ns;
	if (answerable(&side->lengths[index]))
		run->answerable++;
	wait_for_answer(side, index, now_ns);
	if (run_reaches(run, before_ns))
		news |= DIALOGUE_UNANSWERED;
	if (pool && dialogue->shape_told != DIALOGUE_SHAPE_OTHER && note_shape(dialogue, length))
		news |= DIALOGUE_SHAPE;
	return news;
}
