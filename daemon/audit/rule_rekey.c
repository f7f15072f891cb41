/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey-too-often: SAs of a pair follow one another faster than the policy finds healthy (by default every 5 minutes or 50
 * megabytes). Which limit drives it shows in what is regular. A lifetime in seconds makes even intervals, but for what the
 * peers take off at random so as not to rekey together (strongSwan's rand_time, a tenth by default; Libreswan's rekeyfuzz of
 * the margin, some hundredths of a lifetime of hours; Windows none), and volumes that go with the traffic. A lifetime in
 * octets makes even volumes, of the busier direction at least, and intervals that go with the traffic. The even one of the
 * two has to be clearly the evener; while traffic itself is even, both are, and nothing tells them apart. The advice
 * names the value that was inferred and the one to set. It ends when intervals became long enough, or no SA was born for
 * rekey_hold_ns, or twice the lifetime that the policy wants if that is longer.
 *
 * A habit is read from the latest sixteen rekeys. Who has one and is given short lifetimes without a restart has another with
 * the fourth short and even interval in a row: by hand two or three come of it, and then the old one goes on.
 *
 * rekey-overdue: a pair that changed its keys by the clock goes on with one SA for several of its usual intervals. Habits of
 * before a negotiation from the beginning are none: who changes lifetimes restarts what has them.
 */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	REKEYS_MIN = 3,
	CHANGE_MIN = 4, /* short intervals in a row that end a habit of longer ones */
	CHANGE_UNSTEADY =
	    6, /* the same, where the longer ones were no habit: what varies is short by chance at times */
};

#define SPREAD_MAX 0.3    /* figures that differ more are not regular */
#define SPREAD_CAP 1.0    /* a factor of two: an SA that ended for a reason of its own counts no more than this */
#define SPREAD_FLOOR 0.01 /* finer than this is chance: timers, and packets that are not divided */
#define EVENER 1.5        /* times as even is clearly the evener */
/* Nothing lives so short: SAs that follow one another so fast are parallel, of several processors or subnets. */
#define LIFETIME_MIN_NS (2 * INT64_C(1000000000))
#define HABIT_SPREAD_MAX 0.2                            /* intervals at least so even are a habit of the clock */
#define CHANGE_TIMES 2.0                                /* the longer ones are at least so many times as long */
#define OVERDUE_TIMES 4.0                               /* so many usual intervals with one SA are overdue */
#define OVERDUE_HOLD_NS (60 * 60 * INT64_C(1000000000)) /* silence after which an overdue SA has ended */
#define IN_USE_NS (60 * INT64_C(1000000000))

struct regularity {
	double median;
	double spread; /* mean of how many times larger or smaller than the median, less 1 */
	bool known;    /* there were enough figures */
};

static int by_value(const void *left, const void *right)
{
	const double *l = left, *r = right;

	return *l < *r ? -1 : *l > *r;
}

static struct regularity regularity_of(double *values, uint32_t count)
{
	struct regularity regularity = { .known = count >= REKEYS_MIN };

	if (!regularity.known)
		return (struct regularity){ .spread = SPREAD_CAP };
	qsort(values, count, sizeof(*values), by_value);
	regularity.median = values[count / 2];
	for (uint32_t i = 0; i < count; i++) {
		double low = values[i] < regularity.median ? values[i] : regularity.median;
		double high = values[i] < regularity.median ? regularity.median : values[i];
		double distance = low > 0 ? high / low - 1 : SPREAD_CAP;
		regularity.spread += (distance < SPREAD_CAP ? distance : SPREAD_CAP) / count;
	}
	return regularity;
}

/* How many of the latest rekeys tell of the habit. */
static uint32_t telling(const struct judged_rekeys *rekeys)
{
	/* Peers that authenticate anew each time have no other habit than that. */
	uint32_t all = rekeys->habit >= REKEYS_MIN ? rekeys->habit : rekeys->count;

	return all < rekeys->remembered ? all : rekeys->remembered;
}

/* Of `count` rekeys, the latest but `later` of them; all of them have to be remembered. */
static void measure_some(const struct judged_rekeys *rekeys, uint32_t later, uint32_t count, struct regularity *time,
			 struct regularity *volume)
{
	double seconds[REKEY_REMEMBERED], octets[REKEY_REMEMBERED];
	uint32_t counted = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = (rekeys->at + 2 * REKEY_REMEMBERED - 1 - later - i) % REKEY_REMEMBERED;
		seconds[i] = (double)rekeys->interval_ns[place] / 1e9;
		if (rekeys->bytes[place] != KNOWN_BYTES_NOT)
			octets[counted++] = (double)rekeys->bytes[place];
	}
	*time = regularity_of(seconds, count);
	*volume = regularity_of(octets, counted);
}

/* False while there are too few to speak of a habit. */
static bool measure(const struct judged_rekeys *rekeys, struct regularity *time, struct regularity *volume)
{
	uint32_t count = telling(rekeys);

	if (count < REKEYS_MIN)
		return false;
	measure_some(rekeys, 0, count, time, volume);
	return true;
}

enum limit { LIMIT_NOT_TOLD, LIMIT_TIME, LIMIT_VOLUME };

static double at_least_chance(double spread)
{
	return spread > SPREAD_FLOOR ? spread : SPREAD_FLOOR;
}

/* Both directions are asked: a limit in octets is reached by one of them, and an even stream tells nothing. */
static enum limit limit_of(const struct judged_pair *pair)
{
	double most = EVENER;
	enum limit limit = LIMIT_NOT_TOLD;

	for (unsigned d = 0; d < 2; d++) {
		struct regularity time, volume;
		if (!measure(&pair->rekeys[d], &time, &volume) || !volume.known ||
		    (time.spread > SPREAD_MAX && volume.spread > SPREAD_MAX))
			continue;
		double by_time = at_least_chance(volume.spread) / at_least_chance(time.spread);
		double by_volume = 1 / by_time;
		if (by_time >= most || by_volume >= most) {
			limit = by_time > by_volume ? LIMIT_TIME : LIMIT_VOLUME;
			most = by_time > by_volume ? by_time : by_volume;
		}
	}
	return limit;
}

static void say_limit(struct finding *finding, enum limit limit, double seconds, double octets,
		      const struct judge_thresholds *thresholds)
{
	struct address_text a, b;
	double lifetime = (double)thresholds->rekey_min_lifetime_ns / 1e9;
	double megabytes = (double)thresholds->rekey_min_volume / 1e6;

	finding_say(finding, "%s and %s change keys ", address_text(&finding->a, &a), address_text(&finding->b, &b));
	if (limit == LIMIT_VOLUME)
		finding_say(finding, "after about %.0f octets each time: set the limit above %.0f megabytes.", octets,
			    megabytes);
	else if (limit == LIMIT_TIME)
		finding_say(finding, "every %.1f s: the key lifetime is about that, set it above %.0f s.", seconds,
			    lifetime);
	else
		finding_say(finding,
			    "every %.1f s, which is about every %.0f octets: which of the two is the limit does not "
			    "show in traffic so even. Set the lifetime above %.0f s, a limit of volume above %.0f "
			    "megabytes.",
			    seconds, octets, lifetime, megabytes);
}

static bool too_often(const struct judge *judge, const struct judged_rekeys *rekeys, struct regularity *time,
		      struct regularity *volume)
{
	if (!measure(rekeys, time, volume))
		return false;
	if (time->median * 1e9 >= (double)judge->settings.thresholds.rekey_min_lifetime_ns ||
	    time->median * 1e9 < (double)LIFETIME_MIN_NS)
		return false;
	/* No limit drives what is regular in neither: SAs that take turns. */
	return time->spread <= SPREAD_MAX || volume->spread <= SPREAD_MAX;
}

/* ---- the end of it ---- */

/* A policy that wants long lifetimes waits for the next rekeying as long. */
static int64_t hold_ns(const struct judge *judge)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	int64_t twice = 2 * thresholds->rekey_min_lifetime_ns;

	return thresholds->rekey_hold_ns > twice ? thresholds->rekey_hold_ns : twice;
}

/* When the pair's keys were last new. */
static int64_t last_rekey_ns(const struct judge *judge, const struct judged_pair *pair)
{
	int64_t last = 0;

	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, d);
		if (sa && sa->born_ns > last)
			last = sa->born_ns;
	}
	return judge_silent_since(pair, last);
}

static void end_often(struct judge *judge, struct judged_pair *pair, const char *why)
{
	double kept = (double)(judge->now_ns - last_rekey_ns(judge, pair)) / 1e9;
	struct address_text a, b;
	char sentence[160];
	struct finding finding;

	if (!pair->rekey_often.open)
		return;
	alert_begin(judge, pair, FINDING_REKEY_TOO_OFTEN, &finding);
	snprintf(sentence, sizeof(sentence), "%s and %s keep their keys longer now; the last ones for %.0f s so far.",
		 address_text(&finding.a, &a), address_text(&finding.b, &b), kept);
	alert_end(judge, &pair->rekey_often, &finding, why, sentence);
	/* What they do from now on is another habit. */
	for (unsigned d = 0; d < 2; d++)
		pair->rekeys[d].habit = pair->rekeys[d].remembered = 0;
}

/* Whether the usual interval of each direction is long enough by now. */
static bool became_slower(const struct judge *judge, const struct judged_pair *pair)
{
	struct regularity time, volume;
	bool measured = false;

	for (unsigned d = 0; d < 2; d++) {
		if (!measure(&pair->rekeys[d], &time, &volume))
			continue;
		measured = true;
		if (time.median * 1e9 < (double)judge->settings.thresholds.rekey_min_lifetime_ns)
			return false;
	}
	return measured;
}

static void look_for_end(struct judge *judge, struct judged_pair *pair)
{
	if (!pair->rekey_often.open)
		return;
	if (became_slower(judge, pair)) {
		end_often(judge, pair, "slower");
		return;
	}
	int64_t due = last_rekey_ns(judge, pair) + hold_ns(judge);
	if (judge->now_ns < due)
		judge_wake(judge, pair, RULE_REKEY, due);
	else
		end_often(judge, pair, pair->esp[0].running || pair->esp[1].running ? "slower" : "quiet");
}

/* ---- and its beginning ---- */

static bool all_short(const struct judge *judge, const struct judged_rekeys *rekeys, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t interval = rekeys->interval_ns[(rekeys->at + REKEY_REMEMBERED - 1 - i) % REKEY_REMEMBERED];
		if (interval >= judge->settings.thresholds.rekey_min_lifetime_ns || interval < LIFETIME_MIN_NS)
			return false;
	}
	return true;
}

/* Whether the latest `count` intervals are a habit of their own, and those before them were another one. */
static bool changed(const struct judge *judge, const struct judged_rekeys *rekeys, uint32_t count)
{
	uint32_t all = telling(rekeys);
	struct regularity time, volume, time_before, volume_before;

	if (all < count + REKEYS_MIN || !all_short(judge, rekeys, count))
		return false;
	measure_some(rekeys, 0, count, &time, &volume);
	measure_some(rekeys, count, all - count, &time_before, &volume_before);
	if (time_before.median < CHANGE_TIMES * time.median ||
	    (count < CHANGE_UNSTEADY && time_before.spread > SPREAD_MAX))
		return false;
	bool by_time = time.spread <= HABIT_SPREAD_MAX;
	bool by_volume = volume.known && volume.spread <= HABIT_SPREAD_MAX;
	/* A healthy limit of volume is reached fast while a backup runs: nobody changed anything. */
	if (volume.known && volume.median >= (double)judge->settings.thresholds.rekey_min_volume)
		return by_time && at_least_chance(volume.spread) >= EVENER * at_least_chance(time.spread);
	return by_time || by_volume;
}

/* What went before a change counts no more. That a new habit is broken is told once it is as old as any other. */
static void notice_change(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	struct judged_rekeys *rekeys = &pair->rekeys[direction];

	for (uint32_t count = CHANGE_MIN; count <= CHANGE_UNSTEADY; count += CHANGE_UNSTEADY - CHANGE_MIN) {
		if (!changed(judge, rekeys, count))
			continue;
		rekeys->remembered = count;
		rekeys->habit = 0;
		known_note_pair(judge, pair);
		return;
	}
}

static void consider(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	const struct judged_rekeys *rekeys = &pair->rekeys[direction];
	struct finding finding;
	struct regularity time, volume;

	notice_change(judge, pair, direction);
	if (!too_often(judge, rekeys, &time, &volume))
		return;
	enum limit limit = limit_of(pair);
	if (volume.median >= (double)thresholds->rekey_min_volume)
		limit = LIMIT_TIME;
	/* An alert keeps what it was sure of: both figures wander a little. */
	if (pair->rekey_often.open && pair->rekey_often.grade == GRADE_LIKELY)
		limit = pair->rekey_often.cause == CAUSE_VOLUME ? LIMIT_VOLUME : LIMIT_TIME;
	alert_begin(judge, pair, FINDING_REKEY_TOO_OFTEN, &finding);
	finding.cause = limit == LIMIT_VOLUME ? CAUSE_VOLUME : CAUSE_TIME;
	finding.grade = limit == LIMIT_NOT_TOLD ? GRADE_POSSIBLE : GRADE_LIKELY;
	finding.count = rekeys->count;
	say_limit(&finding, limit, time.median, volume.median, thresholds);
	finding_note_real(&finding, "interval_median", time.median);
	finding_note_real(&finding, "interval_spread", time.spread);
	finding_note_integer(&finding, "octets_median", (int64_t)volume.median);
	finding_note_real(&finding, "octets_spread", volume.spread);
	finding_note_integer(&finding, "rekeys", (int64_t)rekeys->count);
	finding_note_real(&finding, "lifetime_to_set", (double)thresholds->rekey_min_lifetime_ns / 1e9);
	origin_note(pair, &finding);
	alert_tell_pair(judge, pair, &pair->rekey_often, &finding);
}

/* What fell quiet before its usual interval was over did nothing that is overdue, however soon that was. */
static bool in_use(const struct judge *judge, const struct judged_sa *sa, const struct regularity *time)
{
	return !sa->quiet ||
	       (judge->now_ns - sa->last_ns < IN_USE_NS && sa->last_ns >= sa->keyed_ns + (int64_t)(time->median * 1e9));
}

static void describe_overdue(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
			     const struct regularity *time, struct finding *finding)
{
	struct address_text sender, receiver;
	double age = (double)(judge->now_ns - sa->keyed_ns) / 1e9;

	alert_begin_sa(judge, pair, sa->direction, sa->spi, FINDING_REKEY_OVERDUE, finding);
	finding->grade = GRADE_LIKELY;
	finding->ip_protocol = sa->protocol;
	finding->first_ns = sa->keyed_ns + (int64_t)(time->median * 1e9);
	finding->last_ns = sa->quiet ? sa->last_ns : judge->now_ns;
	address_text(&finding->src, &sender);
	address_text(&finding->dst, &receiver);
	finding_say(finding,
		    "%s uses SPI 0x%08x to %s for %.0f s by now, and changed keys every %.0f s before: see whether "
		    "rekeying fails or was switched off.",
		    sender.text, sa->spi, receiver.text, age, time->median);
	finding_note_real(finding, "age", age);
	finding_note_real(finding, "interval_median", time->median);
	finding_note_integer(finding, "rekeys", (int64_t)pair->rekeys[sa->direction].count);
	origin_note(pair, finding);
}

/* The habit may be another one by now, or none: the end tells what was told, and for how long the keys were in use. */
static void clear_overdue(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa, const char *why)
{
	struct address_text sender, receiver;
	int64_t last = sa->quiet ? sa->last_ns : judge->now_ns;
	double age = (double)(last - sa->keyed_ns) / 1e9;
	struct finding finding;

	if (!sa->overdue.open)
		return;
	alert_begin_sa(judge, pair, sa->direction, sa->spi, FINDING_REKEY_OVERDUE, &finding);
	alert_recall(judge, &sa->overdue, &finding);
	finding.ip_protocol = sa->protocol;
	if (last > finding.last_ns)
		finding.last_ns = last;
	finding.cleared_by = why;
	finding_say(&finding, "%s used SPI 0x%08x to %s for %.0f s.", address_text(&finding.src, &sender), sa->spi,
		    address_text(&finding.dst, &receiver), age);
	finding_note_real(&finding, "age", age);
	finding_note_integer(&finding, "rekeys", (int64_t)pair->rekeys[sa->direction].count);
	origin_note(pair, &finding);
	alert_clear(judge, &sa->overdue, &finding);
}

/*
 * Only the newest SA of a direction can be overdue, so that SAs side by side excuse one another, and only where time alone is
 * what the pair goes by: where volumes are even too, they may be the limit, and a line that falls quiet reaches it later.
 */
static void look_for_overdue(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	struct judged_sa *sa = judge_newest_sa(judge, pair, direction);
	struct regularity time, volume;
	struct finding finding;

	if (!sa || pair->rekeys[direction].habit < REKEYS_MIN || !measure(&pair->rekeys[direction], &time, &volume))
		return;
	if (time.spread > HABIT_SPREAD_MAX || !volume.known || volume.spread <= HABIT_SPREAD_MAX ||
	    time.median * 1e9 < (double)LIFETIME_MIN_NS)
		return;
	double wait_ns = OVERDUE_TIMES * time.median * 1e9;
	if (wait_ns >= (double)(INT64_MAX - sa->keyed_ns))
		return; /* beyond all time: a store or a capture can say so */
	int64_t due_ns = sa->keyed_ns + (int64_t)wait_ns;
	if (judge->now_ns < due_ns) {
		judge_wake(judge, pair, RULE_REKEY, due_ns);
	} else if (!sa->overdue.open) {
		if (!in_use(judge, sa, &time))
			return; /* looked at again when it wakes */
		describe_overdue(judge, pair, sa, &time, &finding);
		alert_tell_pair(judge, pair, &sa->overdue, &finding);
		judge_wake(judge, pair, RULE_REKEY, judge->now_ns + OVERDUE_HOLD_NS);
	} else if (sa->quiet && judge->now_ns - sa->last_ns >= OVERDUE_HOLD_NS) {
		clear_overdue(judge, pair, sa, "sender-stopped");
	} else {
		judge_wake(judge, pair, RULE_REKEY, judge->now_ns + OVERDUE_HOLD_NS);
	}
}

static void clear_older(struct judge *judge, const struct judged_pair *pair, unsigned direction)
{
	const struct judged_sa *newest = judge_newest_sa(judge, pair, direction);

	for (uint32_t number = newest ? newest->older : 0; number;) {
		struct judged_sa *sa = table_at(&judge->sas, number);
		number = sa->older;
		if (!sa->overdue.open)
			continue;
		clear_overdue(judge, pair, sa, "rekeyed");
		return; /* before it was told, all before it were cleared */
	}
}

void rule_rekey_moved(struct judge *judge, struct judged_pair *pair)
{
	struct finding finding;

	for (unsigned d = 0; d < 2; d++)
		if (pair->newest_sa[d])
			clear_overdue(judge, pair, table_at(&judge->sas, pair->newest_sa[d]), "moved");
	if (!pair->rekey_often.open)
		return;
	alert_begin(judge, pair, FINDING_REKEY_TOO_OFTEN, &finding);
	alert_end(judge, &pair->rekey_often, &finding, "moved", "The two go on between other addresses.");
}

void rule_rekey_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	if (transition->kind == TRANSITION_IKE_MESSAGE && judge->ike.story &&
	    judge->ike.kind == IKE_EVENT_AUTH_ACCEPTED)
		pair->rekeys[0].habit = pair->rekeys[1].habit = 0;
	/* The octets of an SA are known once it is quiet, and then it may just have been counted as replaced. */
	if (transition->kind == TRANSITION_SA_QUIET || transition->kind == TRANSITION_SA_BORN) {
		consider(judge, pair, transition->direction);
		look_for_end(judge, pair);
	}
	if (transition->kind == TRANSITION_SA_BORN)
		clear_older(judge, pair, transition->direction);
	if (transition->kind == TRANSITION_SA_BORN || transition->kind == TRANSITION_SA_WOKE)
		look_for_overdue(judge, pair, transition->direction);
}

void rule_rekey_due(struct judge *judge, struct judged_pair *pair)
{
	look_for_overdue(judge, pair, 0);
	look_for_overdue(judge, pair, 1);
	look_for_end(judge, pair);
}
