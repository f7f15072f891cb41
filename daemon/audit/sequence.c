/* SPDX-License-Identifier: Apache-2.0 */
/* See sequence.h. Called by the tracker for each ESP and AH packet. */
#include "sequence.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define DOUBLED_NS (50 * INT64_C(1000000))

enum {
	DOUBLED_BEHIND = 3,
	RESTART_PACKETS = 3, /* so many packets from the beginning, with other octets, are a restart and no accident */
	HALF = UINT32_C(1) << 31,
	RUN_MAX = 1 << 24, /* more packets than one SA can have in a second */
};

void sequence_begin(struct sequence *sequence, uint32_t number, uint16_t digest, int64_t now_ns)
{
	memset(sequence, 0, sizeof(*sequence));
	sequence->first = sequence->low = sequence->high = number;
	sequence->checkpoint = sequence->checkpoint_before = number;
	sequence->checkpoint_ns = sequence->checkpoint_before_ns = sequence->high_ns = now_ns;
	sequence->window[0] = 1;
	sequence->distinct = 1;
	sequence->digests[0] = digest;
}

static bool seen(const struct sequence *sequence, uint32_t behind)
{
	return sequence->window[behind / 64] >> (behind % 64) & 1;
}

static void shift(struct sequence *sequence, uint32_t by)
{
	uint64_t *window = sequence->window;

	if (by >= SEQUENCE_WINDOW) {
		window[0] = window[1] = 0;
	} else if (by >= 64) {
		window[1] = window[0] << (by - 64);
		window[0] = 0;
	} else if (by > 0) {
		window[1] = window[1] << by | window[0] >> (64 - by);
		window[0] <<= by;
	}
	window[0] |= 1;
}

static void advance(struct sequence *sequence, uint32_t number, int64_t now_ns)
{
	shift(sequence, number - sequence->high);
	if (now_ns - sequence->checkpoint_ns >= SECOND) {
		sequence->checkpoint_before = sequence->checkpoint;
		sequence->checkpoint_before_ns = sequence->checkpoint_ns;
		/* What was highest until now: after a pause all of it is old, and so known to be. */
		sequence->checkpoint = sequence->high;
		sequence->checkpoint_ns = sequence->high_ns;
	}
	sequence->high = number;
	sequence->high_ns = now_ns;
	sequence->restarted = 0;
}

/* Whether the number was passed a second or more ago. */
static bool passed_long_ago(const struct sequence *sequence, uint32_t number, int64_t now_ns)
{
	if (now_ns - sequence->high_ns >= SECOND)
		return true;
	if (number - sequence->checkpoint >= HALF || number == sequence->checkpoint)
		if (now_ns - sequence->checkpoint_ns >= SECOND)
			return true;
	return (number - sequence->checkpoint_before >= HALF || number == sequence->checkpoint_before) &&
	       now_ns - sequence->checkpoint_before_ns >= SECOND;
}

static enum sequence_verdict repeated(struct sequence *sequence, uint32_t number, int64_t now_ns)
{
	uint32_t behind = sequence->high - number;

	if (behind <= DOUBLED_BEHIND && now_ns - sequence->high_ns < DOUBLED_NS) {
		sequence->near++;
		return SEQUENCE_DOUBLED;
	}
	if (!passed_long_ago(sequence, number, now_ns))
		return SEQUENCE_REPEATED;
	sequence->replayed++;
	return SEQUENCE_REPLAYED;
}

/* A number at or near the SA's first one, with octets that are not those of the first time: the sender restarted. */
static bool restarts(struct sequence *sequence, uint32_t number, uint16_t digest)
{
	uint32_t index = number - sequence->first;

	if (index < SEQUENCE_DIGESTS && sequence->digests[index] != 0)
		return sequence->digests[index] != digest;
	/* Before anything that was in view: numbers that only a new count can bring. */
	return sequence->first - number < HALF && number < sequence->first && number <= SEQUENCE_DIGESTS;
}

/*
 * A number behind the window: whether it came before. One of the first is known by its digest; of the others it is sure once
 * no number is missing any more that it could be. Before the first in view nothing is known.
 */
static bool far_seen(const struct sequence *sequence, uint32_t number)
{
	uint32_t index = number - sequence->first;

	if (sequence->far > 0 && number == sequence->far_latest)
		return true;
	if (index < SEQUENCE_DIGESTS)
		return sequence->digests[index] != 0;
	return number - sequence->low < HALF && sequence_lost(sequence) == 0;
}

static enum sequence_verdict late_from_far(struct sequence *sequence, uint32_t number)
{
	sequence->late++;
	sequence->far++;
	sequence->far_latest = number;
	/* It fills a gap of the span, if it is of the span. */
	if (number - sequence->low < HALF && sequence_lost(sequence) > 0)
		sequence->distinct++;
	return SEQUENCE_LATE;
}

enum sequence_verdict sequence_packet(struct sequence *sequence, uint32_t number, uint16_t digest, int64_t now_ns)
{
	uint32_t ahead = number - sequence->high;

	if (ahead != 0 && ahead < HALF) {
		uint32_t index = number - sequence->first;
		if (index < SEQUENCE_DIGESTS)
			sequence->digests[index] = digest;
		advance(sequence, number, now_ns);
		sequence->distinct++;
		return SEQUENCE_NEW;
	}
	uint32_t behind = sequence->high - number;
	bool far = behind >= SEQUENCE_WINDOW;
	if (!far && !seen(sequence, behind)) {
		uint32_t index = number - sequence->first;
		if (index < SEQUENCE_DIGESTS)
			sequence->digests[index] = digest;
		sequence->window[behind / 64] |= UINT64_C(1) << (behind % 64);
		sequence->distinct++;
		sequence->late++;
		if (behind > sequence->behind_max)
			sequence->behind_max = behind;
		/* By distance: numbers wrap. */
		if (sequence->low - number < HALF)
			sequence->low = number;
		return SEQUENCE_LATE;
	}
	/* No ESP, or none that RFC 4303 section 2.2 would know: it looks like this to take text or another protocol for it. */
	if (number == sequence->first && number == sequence->high && sequence->digests[0] != digest)
		return SEQUENCE_STILL;
	if (behind > DOUBLED_BEHIND && restarts(sequence, number, digest)) {
		if (++sequence->restarted < RESTART_PACKETS)
			return SEQUENCE_REPEATED;
		sequence_begin(sequence, number, digest, now_ns);
		return SEQUENCE_RESET;
	}
	if (far && !far_seen(sequence, number))
		return late_from_far(sequence, number);
	return repeated(sequence, number, now_ns);
}

void sequence_settle(struct sequence *sequence, struct sequence_run *run, int64_t last_ns)
{
	if (run->count == 0)
		return;
	uint32_t earlier = run->count - 1;
	shift(sequence, run->count);
	/* The last one's bit is set; so are those of the ones before it that are still in the window. */
	if (earlier >= 64) {
		sequence->window[0] = UINT64_MAX;
		sequence->window[1] |=
		    earlier >= SEQUENCE_WINDOW - 1 ? UINT64_MAX : (UINT64_C(1) << (earlier - 63)) - 1;
	} else {
		sequence->window[0] |= (UINT64_C(2) << earlier) - 1;
	}
	sequence->high = run->high;
	sequence->high_ns = last_ns;
	sequence->distinct += run->count;
	sequence->restarted = 0;
	run->count = 0;
}

void sequence_run_begin(struct sequence_run *run, const struct sequence *sequence)
{
	/* Numbers that want a digest, now or after the wrap, are none for a run, nor are those that are news. It ends when the
	 * next checkpoint is to be made. */
	bool digests =
	    sequence_wants_digest(sequence, sequence->high + 1) || sequence->first - sequence->high - 1 < RUN_MAX;
	bool near_wrap = sequence->high >= SEQUENCE_NEAR_WRAP - RUN_MAX;

	*run = (struct sequence_run){ .high = sequence->high,
				      .until_ns = digests || near_wrap ? 0 : sequence->checkpoint_ns + SECOND };
}

uint32_t sequence_lost(const struct sequence *sequence)
{
	uint32_t span = sequence->high - sequence->low + 1;

	return span > sequence->distinct ? span - sequence->distinct : 0;
}

uint32_t sequence_lost_for_good(const struct sequence *sequence)
{
	enum { LATE_MAX = 16 };
	uint32_t span = sequence->high - sequence->low + 1, lost = sequence_lost(sequence), open = 0;

	for (uint32_t i = 0; i < LATE_MAX && i < span; i++)
		open += (sequence->window[0] >> i & 1) == 0;
	return lost > open ? lost - open : 0;
}
