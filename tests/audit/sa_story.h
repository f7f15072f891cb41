/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life stories of SAs with known truth, on top of story.h: two peers, A and B, what they say to each other on which SAs,
 * and what the capture sees of it.
 *
 * A story is told twice over. First its calls write down what was sent, on a clock of its own that may be set back to lay
 * things over one another. Then sa_story_script() numbers the packets of each SA in order of time and lets them through a
 * view: lost on the span port, reordered, mirrored twice, one direction invisible. All from a seed: the same calls make
 * the same octets.
 *
 *   struct sa_story *story = sa_story_new(7);
 *   sa_story_negotiate(story, SA_STORY_A);
 *   sa_story_talk(story, SA_STORY_A, 20 * STORY_SECOND, 500 * STORY_MILLISECOND);
 *   sa_story_rekey(story);
 *   struct story_script *script = sa_story_script(story, &(struct sa_story_view){ .loss = 50 });
 *
 * Used by the check programs of this folder.
 */
#ifndef ESPIAL_TESTS_AUDIT_SA_STORY_H
#define ESPIAL_TESTS_AUDIT_SA_STORY_H

#include "story.h"

struct sa_story;

enum { SA_STORY_A, SA_STORY_B }; /* the sides, which the functions below take */

/* What the capture sees. */
struct sa_story_view {
	unsigned loss;    /* of a thousand packets */
	unsigned reorder; /* of a thousand packets come behind the next one or two of their SA */
	bool doubled;     /* the mirror copies each packet twice */
	bool hidden[2];   /* what this side sends is invisible */
	bool spared[2];   /* of what this side sends nothing is lost */
};

struct sa_story *sa_story_new(uint64_t seed);
void sa_story_free(struct sa_story *story);

/* A number below `bound`, from the story's seed. */
uint32_t sa_story_draw(struct sa_story *story, uint32_t bound);

/* The clock; it begins at STORY_EPOCH. */
int64_t sa_story_now(const struct sa_story *story);
void sa_story_wait(struct sa_story *story, int64_t ns);
void sa_story_set(struct sa_story *story, int64_t now_ns);

/* ---- SAs: a child is one SA each way ---- */

/* IKE_SA_INIT and IKE_AUTH, opened by this side, and a first child, which both sides use. */
void sa_story_negotiate(struct sa_story *story, unsigned initiator);
/* One more child; nobody uses it yet. */
unsigned sa_story_child(struct sa_story *story);
/* What this side sends goes through this child from now on. */
void sa_story_use(struct sa_story *story, unsigned side, unsigned child);
/* Make before break: a new child, which each side begins to use within a second of the other. */
void sa_story_rekey(struct sa_story *story);
unsigned sa_story_in_use(const struct sa_story *story, unsigned side);
uint32_t sa_story_spi(const struct sa_story *story, unsigned sender, unsigned child);
/* What goes through this child can be read: UDP in transport mode, NULL encryption, 12 octets of ICV. */
void sa_story_null(struct sa_story *story, unsigned child);
/* The sender of this SA counts on from further up (a failover), or again from the beginning. */
void sa_story_jump(struct sa_story *story, unsigned sender, uint32_t by);
void sa_story_restart(struct sa_story *story, unsigned sender);
/* This side has another address from now on; all SAs stay. */
void sa_story_move(struct sa_story *story, unsigned side);

/* ---- traffic; each moves the clock to its end ---- */

/* Requests, each answered after a round trip of 2 to 40 ms. */
void sa_story_talk(struct sa_story *story, unsigned client, int64_t lasts_ns, int64_t period_ns);
/* The same requests, and no answers. */
void sa_story_in_vain(struct sa_story *story, unsigned client, int64_t lasts_ns, int64_t period_ns);
/* One-way traffic of lengths that no request has. */
void sa_story_stream(struct sa_story *story, unsigned sender, int64_t lasts_ns, int64_t period_ns);
/* The latest `count` packets that this side sent until `ago_ns` before now come again, octet for octet, a millisecond
 * apart. */
void sa_story_replay(struct sa_story *story, unsigned sender, unsigned count, int64_t ago_ns);
/* One IKE message: a sign of life. */
void sa_story_informational(struct sa_story *story, unsigned sender);

/* ---- the capture ---- */

/* To be freed by the caller. */
struct story_script *sa_story_script(struct sa_story *story, const struct sa_story_view *view);

/* Packets of an SA that the latest script shows, copies and replays included. */
uint64_t sa_story_shown(const struct sa_story *story, unsigned sender, unsigned child);

#endif
