/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge keeps of an interface, for the findings about the sensor itself: rule_capture.c and rule_mirror.c.
 *
 * What lasts is measured by the steady clock that comes with TRANSITION_CAPTURE, since frame time stands still and leaps with the
 * clock of the system; only what a finding says of times is frame time.
 */
#ifndef ESPIAL_AUDIT_CAPTURE_STATE_H
#define ESPIAL_AUDIT_CAPTURE_STATE_H

#include "alert.h"
#include "transition.h"

enum {
	JUDGE_INTERFACES = 256, /* later ones count with the last */
	CAPTURE_MINUTES = 10,   /* that an interface has to have been busy before its silence means something */
	CAPTURE_DAYS = 8,       /* for which its longest pauses are remembered, the present one included */
	CAPTURE_SECONDS = 10,   /* over which losses are summed up */
	MIRROR_MINUTES = 5,     /* over which conversations are */
};

/* The place of what is kept of an interface. */
static inline uint16_t capture_place(uint16_t interface)
{
	return interface < JUDGE_INTERFACES ? interface : JUDGE_INTERFACES - 1;
}

/* When an interface brought frames: second by second, as often as it is told of. */
struct capture_habit {
	bool any;                  /* a frame came since it is watched, or is captured on again */
	int64_t since_ns, last_ns; /* monotonic: of the first frame; of the last, or when capture on it began */
	int64_t last_time_ns;      /* frame time of that */
	int64_t minute;            /* number of the minute of the latest place */
	struct {
		uint32_t seconds, busy; /* that passed until its last frame, and those of them with frames */
	} minutes[CAPTURE_MINUTES];     /* a ring, by minute */
	int64_t day;                    /* likewise of days */
	int64_t pause_ns[CAPTURE_DAYS]; /* the longest that ended on that day; a ring */
	uint64_t talkers[2];            /* conversations of the present and the former half minute with frames */
	int64_t talkers_slot;
};

/* Frames of a second of the steady clock: all of them, those lost since the ring was full, those lost before it. */
struct capture_second {
	int64_t number;
	uint64_t all, dropped, missed;
};

/* Frames that were lost on the way from the card to the sensor. */
struct capture_loss {
	struct capture_second seconds[CAPTURE_SECONDS]; /* a ring */
	int64_t over_ns;                                /* monotonic: when it was last more than it may be */
	int64_t first_time_ns, last_time_ns;            /* frame time: since when, and when last */
	uint64_t all, dropped, missed;                  /* frames since the alert was opened */
	double worst;                                   /* share, of ten seconds */
};

/* Conversations, and how much of them is seen, within a minute of frame time. */
struct mirror_minute {
	int64_t number;
	int32_t one_way, two_way; /* TCP */
	int32_t ike_one_way, ike_two_way;
};

struct judged_mirror {
	struct mirror_minute minutes[MIRROR_MINUTES]; /* a ring */
	uint32_t esp_both, esp_alone; /* pairs that now speak ESP both ways; whose one direction alone was ever seen */
	int64_t one_way_since_ns;     /* frame time: since when it looks so without a break; 0: it does not */
	int64_t one_way_ns;           /* when it last did */
	struct mirror_minute one_way_most; /* the window that showed most of it since then */
	struct alert one_way;
};

/* Frames that are longer than what the link carries. */
struct judged_merged {
	struct alert alert;
	int64_t minute;
	uint32_t in_minute;
	uint64_t count; /* since the alert was opened, or would be */
	uint32_t longest;
	int64_t first_ns, last_ns; /* frame time */
	bool over_jumbo;
};

struct judged_capture {
	bool live;                      /* TRANSITION_CAPTURE came */
	struct transition_capture last; /* as it was told */
	int64_t watched_ns, blind_ns;   /* since then; of that, it was down or silent */
	struct alert down, silent, drops;
	bool is_down;
	int64_t down_ns, down_time_ns; /* since when; monotonic, frame time */
	uint8_t down_state;            /* enum transition_capture_state */
	struct capture_habit habit;
	struct capture_loss loss;
	struct judged_mirror mirror;
	struct judged_merged merged;
};

/* Where what is about the whole mirror, or the clock, is kept. */
struct judged_sensor {
	struct judged_capture *captures;      /* JUDGE_INTERFACES, owned */
	unsigned count;                       /* those below had frames at some time */
	struct alert doubled;                 /* mirror-doubled */
	int64_t doubled_first_ns, doubled_ns; /* when copies first and last came */
	uint64_t doubled_count;
	uint32_t doubled_spi;
	uint16_t doubled_interface;
	int64_t look_ns; /* when what is seen is looked at next; 0: nothing came */
	bool clock_told; /* clock-jump was, last: */
	int64_t clock_told_ns;
	uint32_t clock_untold;
	/* absence that may be the sensor's own doing: when it last was, and where or how much */
	int64_t blind_ns, drops_ns, one_way_ns;
	uint16_t blind_interface;
	double drops_share;
};

#endif
