/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lineage: which SA replaced which.
 *
 * Nothing on the wire says so (the SPIs of ESP are negotiated in what IKE encrypts), so it is inferred from when SAs of one
 * direction begin and cease. Measured on real daemons a sender never goes back to the old SPI once it has used the new one
 * (EVIDENCE-measured section 9), so:
 *
 *   an SA that falls quiet was replaced by the one, not yet anybody's successor, whose birth is nearest to its last packet,
 *   within the quiet threshold before and after it; SAs that begin together (those of many subnets, or of both sides
 *   that rekey at once) are parallel;
 *   an SA born while no other of the direction is active replaces the one that spoke last;
 *   an SA that speaks again after it was thought replaced was not: the two are parallel;
 *   those of two clients behind one NAT, whose ports differ, have nothing to do with each other.
 *
 * Each confirmed step is a rekey, with the time from birth to birth and the octets that went through the old SA. It does not
 * count if the old SA's birth was not in view.
 */
#include "hash.h"
#include "judge_state.h"

#include <stdlib.h>
#include <string.h>

#define QUIET_NS (2 * INT64_C(1000000000))
#define TOGETHER_NS (INT64_C(1000000000) / 5)

enum {
	WALK_MAX = 64,  /* SAs of a direction that are looked at: older ones have ceased to matter */
	BEGUN_MAX = 32, /* an SA that is first seen with a higher number than this had begun before */
	PAUSE_FADES = 8 /* a pause shorter than the usual one takes so much of the difference from it */
};

struct judged_sa_key {
	uint64_t pair;
	uint32_t spi;
	uint32_t direction_protocol;
};

static uint64_t key_hash(const struct judge *judge, uint64_t pair, unsigned direction, uint8_t protocol, uint32_t spi)
{
	struct judged_sa_key key = { pair, spi, direction << 8 | protocol };

	return hash_octets(&key, sizeof(key), judge->settings.seed);
}

void lineage_fetch(const struct judge *judge, uint64_t pair, const struct transition *transition, bool found)
{
	switch (transition->kind) {
	case TRANSITION_SA_BORN:
	case TRANSITION_SA_WOKE:
	case TRANSITION_SA_QUIET:
	case TRANSITION_SA_GOES_ON:
	case TRANSITION_SA_COUNT:
		break;
	default:
		return;
	}
	uint64_t hash = key_hash(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
	table_prefetch(&judge->sas, hash, found);
}

struct judged_sa *lineage_find(struct judge *judge, const struct judged_pair *pair, unsigned direction,
			       uint8_t protocol, uint32_t spi)
{
	uint32_t number = table_find(&judge->sas, key_hash(judge, pair->link.hash, direction, protocol, spi));

	return number ? table_at(&judge->sas, number) : NULL;
}

static uint32_t number_of(const struct judge *judge, const struct judged_sa *sa)
{
	return (uint32_t)((size_t)((const unsigned char *)sa - judge->sas.entries) / judge->sas.entry_size);
}

/* Takes an SA out of its pair's list, and out of its neighbours' memory. */
static void forget(struct judge *judge, uint32_t number)
{
	struct judged_sa *sa = table_at(&judge->sas, number);
	uint32_t pair_number = table_find(&judge->pairs, sa->pair);

	if (pair_number) {
		struct judged_pair *pair = table_at(&judge->pairs, pair_number);
		uint32_t *from = &pair->newest_sa[sa->direction];
		while (*from && *from != number)
			from = &((struct judged_sa *)table_at(&judge->sas, *from))->older;
		if (*from)
			*from = sa->older;
	}
	if (sa->replaces)
		((struct judged_sa *)table_at(&judge->sas, sa->replaces))->replaced_by = 0;
	if (sa->replaced_by)
		((struct judged_sa *)table_at(&judge->sas, sa->replaced_by))->replaces = 0;
	move_forget(judge, number);
	/* Of a pair that is gone they are over. */
	if (pair_number)
		judge_forget_sa_alerts(judge, table_at(&judge->pairs, pair_number), sa);
	table_evict(&judge->sas, number);
}

/* How dispensable an SA is: first those of pairs that are gone or that only one side speaks for, then what is quiet. */
static unsigned rank_of(const struct judge *judge, const struct judged_sa *sa)
{
	uint32_t number = table_find(&judge->pairs, sa->pair);
	const struct judged_pair *pair = number ? table_at(&judge->pairs, number) : NULL;
	bool two_way = pair && pair->esp[0].first_ns && pair->esp[1].first_ns;

	return (two_way ? 0u : 2u) + (sa->quiet ? 1u : 0u);
}

static void make_room(struct judge *judge)
{
	enum { CANDIDATES = 16, CANDIDATES_MAX = 64 };
	uint32_t victim = 0;
	unsigned worst = 0;

	for (unsigned i = 0; i < CANDIDATES || (worst < 2 && i < CANDIDATES_MAX); i++) {
		uint32_t number = table_draw(&judge->sas);
		if (!number)
			break;
		const struct judged_sa *candidate = table_at(&judge->sas, number);
		unsigned rank = rank_of(judge, candidate);
		if (!victim || rank > worst ||
		    (rank == worst &&
		     candidate->last_ns < ((struct judged_sa *)table_at(&judge->sas, victim))->last_ns)) {
			victim = number;
			worst = rank;
		}
	}
	if (victim)
		forget(judge, victim);
}

static struct judged_sa *make(struct judge *judge, struct judged_pair *pair, unsigned direction, uint8_t protocol,
			      uint32_t spi)
{
	uint32_t number = table_insert(&judge->sas, key_hash(judge, pair->link.hash, direction, protocol, spi));

	if (!number)
		return NULL;
	struct judged_sa *sa = table_at(&judge->sas, number);
	sa->pair = pair->link.hash;
	sa->spi = spi;
	sa->protocol = protocol;
	sa->direction = (uint8_t)direction;
	sa->older = pair->newest_sa[direction];
	pair->newest_sa[direction] = number;
	return sa;
}

static struct judged_sa *obtain(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_esp *esp = &transition->esp;
	unsigned direction = transition->direction;
	struct judged_sa *sa = lineage_find(judge, pair, direction, esp->protocol, esp->spi);

	if (sa)
		return sa;
	sa = make(judge, pair, direction, esp->protocol, esp->spi);
	if (!sa) {
		make_room(judge);
		sa = make(judge, pair, direction, esp->protocol, esp->spi);
	}
	if (sa)
		sa->born_ns = sa->last_ns = sa->keyed_ns = transition->time_ns;
	return sa;
}

void lineage_recall(struct judge *judge, struct judged_pair *pair, unsigned direction, const struct known_spi *known,
		    int64_t now_ns)
{
	struct judged_sa *sa = lineage_find(judge, pair, direction, known->protocol, known->spi);
	int64_t born = known->born_ns < now_ns ? known->born_ns : now_ns;
	int64_t keyed = known->keyed_ns < now_ns ? known->keyed_ns : now_ns;
	const struct judged_sa *newest = judge_newest_sa(judge, pair, direction);

	/* The list is by birth: what came late stays out. */
	if (!sa && (judge->sas.used >= judge->sas.capacity / 4 * 3 || (newest && newest->born_ns > born)))
		return;
	if (!sa) {
		sa = make(judge, pair, direction, known->protocol, known->spi);
		if (!sa)
			return;
		sa->quiet = true;
		/* Whether it went on since nobody knows. */
		sa->last_ns = known->ended ? (known->last_ns < now_ns ? known->last_ns : now_ns) : now_ns;
		sa->told_down = known->ended;
		sa->born_ns = born;
		sa->keyed_ns = keyed;
	}
	sa->recalled = sa->told_up = sa->keyed = true;
	sa->unseen = false;
	if (born < sa->born_ns)
		sa->born_ns = born;
	if (keyed < sa->keyed_ns)
		sa->keyed_ns = keyed;
}

/* Of an SA that was there before the capture nobody knows since when, so that its interval may be much longer than what was seen
 * of it. Of one that may have been born, or replaced, while nobody looked, it is known as exactly as that took. */
static bool is_exact(const struct judge *judge, const struct judged_sa *old, const struct judged_sa *new)
{
	enum { TIMES = 10 };
	int64_t unseen = judge->known.first_ns - judge->known.until_ns;

	if (!old->keyed)
		return false;
	if (!judge->known.until_ns || unseen <= 0 || (!old->unseen && !new->unseen))
		return true;
	return new->born_ns - old->keyed_ns >= TIMES *unseen;
}

static void count_rekey(struct judge *judge, struct judged_pair *pair, const struct judged_sa *old,
			struct judged_sa *new)
{
	struct judged_rekeys *rekeys = &pair->rekeys[old->direction];

	if (!is_exact(judge, old, new))
		return;
	new->counted = true;
	rekeys->interval_ns[rekeys->at] = new->born_ns - old->keyed_ns;
	rekeys->bytes[rekeys->at] = old->recalled ? KNOWN_BYTES_NOT : old->before_bytes + old->bytes;
	rekeys->initiator[rekeys->at] = new->initiator;
	rekeys->at = (rekeys->at + 1) % REKEY_REMEMBERED;
	/* A store that nobody would write may have brought as many as there can be. */
	if (rekeys->count < UINT32_MAX) {
		rekeys->count++;
		rekeys->habit++;
	}
	rekeys->remembered += rekeys->remembered < REKEY_REMEMBERED;
	known_note_pair(judge, pair);
}

static void link_up(struct judge *judge, struct judged_pair *pair, struct judged_sa *old, struct judged_sa *new)
{
	old->replaced_by = number_of(judge, new);
	new->replaces = number_of(judge, old);
	count_rekey(judge, pair, old, new);
}

static void unlink_successor(struct judge *judge, struct judged_pair *pair, struct judged_sa *old)
{
	struct judged_rekeys *rekeys = &pair->rekeys[old->direction];
	struct judged_sa *new = table_at(&judge->sas, old->replaced_by);

	new->replaces = 0;
	old->replaced_by = 0;
	/* What was counted for it is the latest entry as often as not; taking that one back keeps the count true. */
	if (new->counted && rekeys->count > 0) {
		rekeys->count--;
		rekeys->habit -= rekeys->habit > 0;
		rekeys->remembered -= rekeys->remembered > 0;
		rekeys->at = (rekeys->at + REKEY_REMEMBERED - 1) % REKEY_REMEMBERED;
		known_note_pair(judge, pair);
	}
	new->counted = false;
}

void lineage_part(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	if (sa->replaces)
		unlink_successor(judge, pair, table_at(&judge->sas, sa->replaces));
}

bool lineage_may_follow(const struct judged_sa *one, const struct judged_sa *other)
{
	if (one->protocol != other->protocol)
		return false;
	return !one->ports[0] || !other->ports[0] ||
	       (one->ports[0] == other->ports[0] && one->ports[1] == other->ports[1]);
}

static void note_ports(struct judged_sa *sa, const struct transition_esp *esp)
{
	if (esp->ports[0])
		memcpy(sa->ports, esp->ports, sizeof(sa->ports));
}

static void born(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	struct judged_sa *latest = NULL;
	uint32_t number = sa->older;

	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		struct judged_sa *other = table_at(&judge->sas, number);
		number = other->older;
		if (!lineage_may_follow(sa, other))
			continue;
		if (!other->quiet)
			return; /* it may be replaced or parallel: its last packet will tell */
		if (!other->replaced_by && !other->went_to && (!latest || other->last_ns > latest->last_ns))
			latest = other;
	}
	if (latest)
		link_up(judge, pair, latest, sa);
}

static void fell_quiet(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	struct judged_sa *nearest = NULL;
	int64_t nearest_gap = 0;
	uint32_t number = pair->newest_sa[sa->direction];

	if (sa->replaced_by)
		return;
	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		struct judged_sa *other = table_at(&judge->sas, number);
		number = other->older;
		int64_t gap = other->born_ns - sa->last_ns;
		/* The list is by birth, save those whose birth was heard of later. */
		if (gap < -QUIET_NS && !other->recalled)
			break;
		if (other == sa || !lineage_may_follow(sa, other) || other->replaces ||
		    other->born_ns - sa->born_ns <= TOGETHER_NS || gap > QUIET_NS || gap < -QUIET_NS)
			continue;
		gap = gap < 0 ? -gap : gap;
		if (!nearest || gap < nearest_gap) {
			nearest = other;
			nearest_gap = gap;
		}
	}
	if (nearest)
		link_up(judge, pair, sa, nearest);
}

/* The longer ones of what pauses there are, fading: how long it usually is. */
static void note_pause(int64_t *usual_ns, int64_t pause_ns)
{
	int64_t longer = pause_ns - *usual_ns;

	*usual_ns += longer > 0 ? longer : longer / PAUSE_FADES;
}

/* An SPI of before speaks again, and maybe with it the whole direction. A time in which clear packets passed was no rest. */
static void note_woke(struct judged_pair *pair, const struct judged_sa *sa, int64_t time_ns)
{
	struct judged_esp *esp = &pair->esp[sa->direction];

	esp->woke_ns = time_ns;
	esp->woke_born_ns = sa->born_ns;
	/* How long one rested that an engine before this one saw is not known. */
	if (esp->running || !esp->first_ns || sa->recalled || pair->leak.last_ns > esp->last_ns)
		return;
	note_pause(&esp->rest_ns, time_ns - esp->last_ns);
	if (esp->rests < UINT8_MAX)
		esp->rests++;
}

static void woke(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa, int64_t time_ns)
{
	if (sa->quiet)
		note_woke(pair, sa, time_ns);
	if (sa->quiet && !sa->recalled)
		note_pause(&sa->pause_ns, time_ns - sa->last_ns);
	sa->quiet = false;
	sa->last_ns = sa->woke_ns = time_ns;
	if (sa->replaced_by)
		unlink_successor(judge, pair, sa);
}

void lineage_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa;

	switch (transition->kind) {
	case TRANSITION_SA_BORN:
		sa = lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
		if (sa) {
			/* New to the tracker, and not to us. */
			note_ports(sa, &transition->esp);
			woke(judge, pair, sa, transition->time_ns);
			break;
		}
		sa = obtain(judge, pair, transition);
		if (!sa)
			break;
		note_ports(sa, &transition->esp);
		sa->unseen = pair->recalled && judge_just_began(judge, transition->time_ns);
		/* Who does not count is at 0 all the time. */
		sa->begun = sa->keyed = transition->esp.sequence - 1 < BEGUN_MAX;
		origin_find(judge, pair, sa);
		born(judge, pair, sa);
		break;
	case TRANSITION_SA_QUIET:
		sa = obtain(judge, pair, transition);
		if (!sa)
			break;
		sa->quiet = true;
		sa->last_ns = transition->esp.last_ns;
		sa->packets = transition->esp.packets;
		sa->bytes = transition->esp.bytes;
		fell_quiet(judge, pair, sa);
		break;
	case TRANSITION_SA_WOKE:
		sa = obtain(judge, pair, transition);
		if (!sa)
			break;
		note_ports(sa, &transition->esp);
		woke(judge, pair, sa, transition->time_ns);
		break;
	case TRANSITION_SA_GOES_ON:
	case TRANSITION_SA_COUNT:
		sa = lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
		if (!sa)
			break;
		sa->packets = transition->esp.packets;
		sa->bytes = transition->esp.bytes;
		break;
	default:
		break;
	}
}

static int by_value(const void *left, const void *right)
{
	const int64_t *l = left, *r = right;

	return *l < *r ? -1 : *l > *r;
}

int64_t lineage_median_ns(const struct judged_pair *pair)
{
	const struct judged_rekeys *rekeys = &pair->rekeys[pair->rekeys[1].count > pair->rekeys[0].count];
	uint32_t count = rekeys->count < REKEY_REMEMBERED ? rekeys->count : REKEY_REMEMBERED;
	int64_t sorted[REKEY_REMEMBERED] = { 0 };
	uint32_t known = 0;

	/* The ring's entries are the `count` places before `at`; of some that an engine before this one counted nothing more is
	 * known. */
	for (uint32_t i = 0; i < count; i++) {
		int64_t interval = rekeys->interval_ns[(rekeys->at + REKEY_REMEMBERED - 1 - i) % REKEY_REMEMBERED];
		if (interval > 0)
			sorted[known++] = interval;
	}
	if (known == 0)
		return -1;
	qsort(sorted, known, sizeof(sorted[0]), by_value);
	return sorted[known / 2];
}
