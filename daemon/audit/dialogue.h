/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialogue of a pair's two ESP directions: which lengths get answers, and whether a sender is talking to nobody.
 *
 * Linux drops ESP of an unknown SPI without a word, so the only sign of it is that what used to be answered no longer is.
 * Plain silence of the other side is no sign (syslog, video and backup are one-way by nature). So for each direction the
 * answers are learned by packet length: a length counts as answered if it was seen three times and four times in five
 * it was the latest, or in one burst with the latest, when something came back within a second. A sender is unanswered while
 * it sends on one SPI, pausing at most 5 seconds, nothing comes back, and at least half of its packets are of such lengths
 * (EVIDENCE-measured section 6).
 *
 * The same struct pools the ESP lengths of both directions modulo 16, which tell 64-bit block ciphers from others
 * (EVIDENCE-measured section 4).
 *
 * Pure; one struct per pair with ESP in both directions.
 */
#ifndef ESPIAL_AUDIT_DIALOGUE_H
#define ESPIAL_AUDIT_DIALOGUE_H

#include "table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIALOGUE_LENGTHS = 16, DIALOGUE_WAITING = 8, DIALOGUE_SHAPES = 16 };

/* How one length of one direction fared. */
struct dialogue_length {
	uint16_t length;
	uint8_t seen, answered; /* halved together when they run full */
};

/* Packets of one direction since the last one of the other. */
struct dialogue_run {
	int64_t first_ns, last_ns;
	int64_t paused_ns; /* of the time between: pauses of a run that had been told */
	uint64_t bytes;    /* octets from the SPI on */
	uint32_t spi;
	uint32_t packets;
	uint32_t answerable; /* of lengths that used to be answered */
	uint8_t told;        /* levels already told */
};

/* By use: a packet touches two lines of each side, and a third where a pair uses more than four lengths. */
struct dialogue_side {
	_Alignas(64) struct dialogue_run run;
	uint8_t unsettled[DIALOGUE_LENGTHS]; /* packets of the present run, by length */
	/* second line: packets of the run that may yet be answered, a ring of the latest; and the first lengths */
	uint32_t waiting_tick[DIALOGUE_WAITING]; /* when, in ticks of 1024 ns, which start again after 73 minutes */
	uint8_t waiting[DIALOGUE_WAITING];       /* indices into lengths; DIALOGUE_LENGTHS: of one given up since */
	uint16_t unsettled_set;                  /* bit i: unsettled[i] is not 0, which it is where a packet waits */
	uint8_t waiting_at, waiting_count;
	uint8_t victim; /* place to give up next when a new length comes */
	/* for the tracker: how often something may have ended the direction's SAs; octets of an IP packet before the SPI */
	uint8_t changes;
	uint16_t overhead;
	struct dialogue_length lengths[DIALOGUE_LENGTHS];
};

struct dialogue {
	_Alignas(64) struct table_link link; /* key: the pair's */
	/* When what may end the SAs of a direction last happened: a younger one was born, or IKE said so. For the tracker. */
	int64_t changed_ns[2];
	/* lengths of both directions, pooled, until the cipher class is known */
	uint32_t shape_packets;
	uint16_t residues; /* bit r: a length with r = length mod 16 was seen */
	uint8_t shape_count;
	uint8_t shape_told; /* enum dialogue_shape that was told */
	struct dialogue_side side[2];
	uint16_t shapes[DIALOGUE_SHAPES]; /* distinct ESP lengths */
};

_Static_assert(offsetof(struct dialogue_side, waiting_tick) == 64 && offsetof(struct dialogue_side, lengths) == 112,
	       "a side's lines");

/* What a packet brought to light. */
enum dialogue_news {
	DIALOGUE_NOTHING = 0,
	DIALOGUE_UNANSWERED =
	    1 << 0, /* the run of this packet's direction reached the next level; or, past the last, goes on */
	DIALOGUE_ANSWERED = 1 << 1, /* this packet ended a run of the other direction that had been told */
	DIALOGUE_LEFT = 1 << 3, /* this packet ended one of its own direction, that had been told: it has another SPI */
	DIALOGUE_SHAPE = 1 << 2, /* the pair's cipher class became known, or another one */
};

/* How long a run has to last for each level; what each means is the judge's business. */
enum { DIALOGUE_LEVELS = 3 };
extern const int64_t dialogue_level_ns[DIALOGUE_LEVELS];

enum dialogue_shape {
	DIALOGUE_SHAPE_UNKNOWN,
	DIALOGUE_SHAPE_64_BIT_POSSIBLE, /* 5 distinct lengths, 32 packets, one 64-bit class only */
	DIALOGUE_SHAPE_64_BIT_LIKELY,   /* 8 distinct lengths */
	DIALOGUE_SHAPE_OTHER,           /* residues that no 64-bit block cipher has */
};

/*
 * Takes one packet of `length` octets from the SPI on. The result is a set of dialogue_news. When it has DIALOGUE_ANSWERED
 * or DIALOGUE_LEFT, of which it never has both, `ended` is the run that ended, without what was answered at last. `pool` says whether the length counts for the cipher class (not for AH or NULL).
 */
unsigned dialogue_packet(struct dialogue *dialogue, unsigned direction, uint32_t spi, uint32_t length, bool pool,
			 int64_t now_ns, struct dialogue_run *ended);

enum dialogue_shape dialogue_shape(const struct dialogue *dialogue);

#endif
