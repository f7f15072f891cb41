/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequence numbers of one SA (RFC 4303 section 2.2, RFC 4302 section 2.5), as an observer sees them.
 *
 * A packet may be new, late (reordered), or a repetition. Repetitions come from mirrors that copy a packet twice (within
 * milliseconds, just behind), from an attacker who plays old packets again (a second or more later), or from a sender that
 * starts counting again on the same SPI (from the beginning, with other octets). The last is told from the second by the
 * digests of the SA's first packets.
 *
 * Of the latest numbers the window knows which came. Of those further behind it is known only how many did not: as long as
 * some are missing, a number from there may be one of them, for a full queue holds packets back for seconds. So it is late,
 * and fills a gap; what comes when all gaps are filled came before, and so did a number that comes from there twice in a row.
 *
 * Pure; one struct per SA, changed by sequence_packet() alone.
 */
#ifndef ESPIAL_AUDIT_SEQUENCE_H
#define ESPIAL_AUDIT_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { SEQUENCE_WINDOW = 128, SEQUENCE_DIGESTS = 16 };

/* From here on a sender has to have a new SA soon: at the end the numbers run out. */
#define SEQUENCE_NEAR_WRAP UINT32_C(0xf0000000)

struct sequence {
	uint32_t first, low, high;
	uint32_t checkpoint, checkpoint_before; /* highest number at two moments about a second apart or more */
	int64_t checkpoint_ns, checkpoint_before_ns;
	int64_t high_ns;                       /* when the highest number came */
	uint64_t window[SEQUENCE_WINDOW / 64]; /* bit i: high - i was seen */
	uint32_t distinct;                     /* packets that were no repetition */
	uint32_t late;                         /* of these, behind a higher one */
	uint32_t near;                         /* repetitions like a doubled mirror makes them */
	uint32_t replayed;                     /* repetitions a second or more after the first time */
	uint32_t far;                          /* of the late ones, those that came from behind the window */
	uint32_t far_latest;                   /* the latest of them, if there is one */
	uint32_t behind_max;                   /* of late packets within the window: how far behind */
	uint16_t digests[SEQUENCE_DIGESTS];    /* of the first packets, by number - first; 0: none */
	uint8_t restarted;                     /* packets in a row that count from the beginning with other octets */
};

enum sequence_verdict {
	SEQUENCE_NEW,
	SEQUENCE_LATE,
	SEQUENCE_DOUBLED,  /* a repetition within 50 ms, at most 3 behind */
	SEQUENCE_REPEATED, /* any other repetition */
	SEQUENCE_REPLAYED, /* a repetition, a second or more later */
	SEQUENCE_RESET,    /* the sender counts again from the beginning; the struct starts over */
	SEQUENCE_STILL, /* other octets under the one number that there ever was: whoever sends this does not count */
};

/*
 * Packets that came in order, one number after the other, since the struct sequence was last brought up to date: all that
 * most packets change. It is small enough to stand beside an SA's counters, so that their struct sequence need not be
 * fetched for them.
 */
struct sequence_run {
	uint32_t high;    /* number of the last of them */
	uint32_t count;   /* packets that the struct sequence does not know yet */
	int64_t until_ns; /* from then on the struct sequence has to see each packet; 0: now */
};

/* Begins with the first packet in view. */
void sequence_begin(struct sequence *sequence, uint32_t number, uint16_t digest, int64_t now_ns);

/* Takes one more. `digest` is any digest of the packet's octets behind the sequence number, never 0. */
enum sequence_verdict sequence_packet(struct sequence *sequence, uint32_t number, uint16_t digest, int64_t now_ns);

/* Takes a packet that came in order. False, and nothing taken, if it is one for sequence_packet(). */
static inline bool sequence_run_takes(struct sequence_run *run, uint32_t number, int64_t now_ns)
{
	if (number != run->high + 1 || now_ns >= run->until_ns)
		return false;
	run->high = number;
	run->count++;
	return true;
}

/* Brings the struct sequence up to date: before sequence_packet(), and before anything of it is read. `last_ns` is when the
 * last packet of the run came. */
void sequence_settle(struct sequence *sequence, struct sequence_run *run, int64_t last_ns);

/* After sequence_packet(): what comes next in order may be taken by the run. */
void sequence_run_begin(struct sequence_run *run, const struct sequence *sequence);

/* Whether digests are still of use for this number, so that the caller need not make one. */
static inline bool sequence_wants_digest(const struct sequence *sequence, uint32_t number)
{
	return number - sequence->first < SEQUENCE_DIGESTS;
}

/* Numbers of the span seen that never came: lost by the network or by the span port. */
uint32_t sequence_lost(const struct sequence *sequence);

/* The same without the latest 16 numbers, which may only be late. */
uint32_t sequence_lost_for_good(const struct sequence *sequence);

#endif
