/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey-too-often: SAs of a pair follow one another faster than the policy finds healthy (by default every 5 minutes or 50
 * megabytes). Which limit drives it shows in what is regular: a lifetime in seconds makes even intervals, a lifetime in
 * octets makes even volumes. The advice names the value that was inferred and the one to set.
 *
 * rekey-overdue: a pair that changed its keys by the clock goes on with one SA for several of its usual intervals.
 */
#include "rules.h"

#include <stdlib.h>

enum { REKEYS_MIN = 3 };

#define SPREAD_MAX 0.5 /* figures whose median distance from the median is more than half of it are not regular */
/* Nothing lives so short: SAs that follow one another so fast are parallel, of several processors or subnets. */
#define LIFETIME_MIN_NS (2 * INT64_C(1000000000))
#define HABIT_SPREAD_MAX 0.2                            /* intervals at least so even are a habit of the clock */
#define OVERDUE_TIMES 4.0                               /* so many usual intervals with one SA are overdue */
#define OVERDUE_HOLD_NS (60 * 60 * INT64_C(1000000000)) /* silence after which an overdue SA has ended */
#define IN_USE_NS (60 * INT64_C(1000000000))

struct regularity {
	double median, spread; /* spread: median distance from the median, as a share of it */
};

static int by_value(const void *left, const void *right)
{
	const double *l = left, *r = right;

	return *l < *r ? -1 : *l > *r;
}

static struct regularity regularity_of(double *values, uint32_t count)
{
	struct regularity regularity;

	qsort(values, count, sizeof(*values), by_value);
	regularity.median = values[count / 2];
	for (uint32_t i = 0; i < count; i++)
		values[i] =
		    values[i] > regularity.median ? values[i] - regularity.median : regularity.median - values[i];
	qsort(values, count, sizeof(*values), by_value);
	regularity.spread = regularity.median > 0 ? values[count / 2] / regularity.median : 0;
	return regularity;
}

/* False while there are too few to speak of a habit. */
static bool measure(const struct judged_rekeys *rekeys, struct regularity *time, struct regularity *volume)
{
	uint32_t count = rekeys->count < REKEY_REMEMBERED ? rekeys->count : REKEY_REMEMBERED;
	double seconds[REKEY_REMEMBERED], octets[REKEY_REMEMBERED];

	if (count < REKEYS_MIN)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = (rekeys->at + REKEY_REMEMBERED - 1 - i) % REKEY_REMEMBERED;
		seconds[i] = (double)rekeys->interval_ns[place] / 1e9;
		octets[i] = (double)rekeys->bytes[place];
	}
	*time = regularity_of(seconds, count);
	*volume = regularity_of(octets, count);
	return true;
}

static void consider(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	const struct judged_rekeys *rekeys = &pair->rekeys[direction];
	struct finding finding;
	struct regularity time, volume;
	struct address_text a, b;

	if (!measure(rekeys, &time, &volume))
		return;
	if (time.median * 1e9 >= (double)thresholds->rekey_min_lifetime_ns ||
	    time.median * 1e9 < (double)LIFETIME_MIN_NS)
		return;
	/* No limit drives what is regular in neither: SAs that take turns. */
	if (time.spread > SPREAD_MAX && volume.spread > SPREAD_MAX)
		return;
	bool by_volume = volume.spread < time.spread && volume.median < (double)thresholds->rekey_min_volume;
	alert_begin(judge, pair, FINDING_REKEY_TOO_OFTEN, &finding);
	finding.cause = by_volume ? CAUSE_VOLUME : CAUSE_TIME;
	/* An alert keeps the cause it has: both figures wander a little. */
	if (pair->rekey_often.open)
		finding.cause = pair->rekey_often.cause;
	by_volume = finding.cause == CAUSE_VOLUME;
	finding.grade = GRADE_LIKELY;
	finding.count = rekeys->count;
	address_text(&finding.a, &a);
	address_text(&finding.b, &b);
	if (by_volume)
		finding_say(
		    &finding,
		    "%s and %s change keys after about %.0f octets each time: set the limit above %.0f megabytes.",
		    a.text, b.text, volume.median, (double)thresholds->rekey_min_volume / 1e6);
	else
		finding_say(&finding,
			    "%s and %s change keys every %.1f s: the key lifetime is about that, set it above %.0f s.",
			    a.text, b.text, time.median, (double)thresholds->rekey_min_lifetime_ns / 1e9);
	finding_note_real(&finding, "interval_median", time.median);
	finding_note_real(&finding, "interval_spread", time.spread);
	finding_note_integer(&finding, "octets_median", (int64_t)volume.median);
	finding_note_real(&finding, "octets_spread", volume.spread);
	finding_note_integer(&finding, "rekeys", (int64_t)rekeys->count);
	finding_note_real(&finding, "lifetime_to_set", (double)thresholds->rekey_min_lifetime_ns / 1e9);
	origin_note(pair, &finding);
	alert_tell_pair(judge, pair, &pair->rekey_often, &finding);
}

static bool in_use(const struct judge *judge, const struct judged_sa *sa)
{
	return !sa->quiet || judge->now_ns - sa->last_ns < IN_USE_NS;
}

static void describe_overdue(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
			     struct finding *finding)
{
	struct regularity time, volume;
	struct address_text sender, receiver;
	double age = (double)(judge->now_ns - sa->born_ns) / 1e9;

	measure(&pair->rekeys[sa->direction], &time, &volume);
	alert_begin_sa(judge, pair, sa->direction, sa->spi, FINDING_REKEY_OVERDUE, finding);
	finding->grade = GRADE_LIKELY;
	finding->ip_protocol = sa->protocol;
	finding->first_ns = sa->born_ns + (int64_t)(time.median * 1e9);
	finding->last_ns = sa->quiet ? sa->last_ns : judge->now_ns;
	address_text(&finding->src, &sender);
	address_text(&finding->dst, &receiver);
	finding_say(finding,
		    "%s uses SPI 0x%08x to %s for %.0f s by now, and changed keys every %.0f s before: see whether "
		    "rekeying fails or was switched off.",
		    sender.text, sa->spi, receiver.text, age, time.median);
	finding_note_real(finding, "age", age);
	finding_note_real(finding, "interval_median", time.median);
	finding_note_integer(finding, "rekeys", (int64_t)pair->rekeys[sa->direction].count);
	origin_note(pair, finding);
}

static void clear_overdue(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa, const char *why)
{
	struct finding finding;

	if (!sa->overdue.open)
		return;
	describe_overdue(judge, pair, sa, &finding);
	finding.cleared_by = why;
	alert_clear(judge, &sa->overdue, &finding);
}

/*
 * Only the newest SA of a direction can be overdue, so that SAs side by side excuse one another, and only where time alone is
 * what the pair goes by: where volumes are even too, they may be the limit, and a line that falls quiet reaches it later.
 */
static void look_for_overdue(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	struct judged_sa *sa = pair->newest_sa[direction] ? table_at(&judge->sas, pair->newest_sa[direction]) : NULL;
	struct regularity time, volume;
	struct finding finding;

	if (!sa || !measure(&pair->rekeys[direction], &time, &volume))
		return;
	if (time.spread > HABIT_SPREAD_MAX || volume.spread <= HABIT_SPREAD_MAX ||
	    time.median * 1e9 < (double)LIFETIME_MIN_NS)
		return;
	int64_t due_ns = sa->born_ns + (int64_t)(OVERDUE_TIMES * time.median * 1e9);
	if (judge->now_ns < due_ns) {
		judge_wake(judge, pair, RULE_REKEY, due_ns);
	} else if (!sa->overdue.open) {
		if (!in_use(judge, sa))
			return; /* looked at again when it wakes */
		describe_overdue(judge, pair, sa, &finding);
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
	const struct judged_sa *newest =
	    pair->newest_sa[direction] ? table_at(&judge->sas, pair->newest_sa[direction]) : NULL;

	for (uint32_t number = newest ? newest->older : 0; number;) {
		struct judged_sa *sa = table_at(&judge->sas, number);
		number = sa->older;
		if (!sa->overdue.open)
			continue;
		clear_overdue(judge, pair, sa, "rekeyed");
		return; /* before it was told, all before it were cleared */
	}
}

void rule_rekey_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	/* The octets of an SA are known once it is quiet, and then it may just have been counted as replaced. */
	if (transition->kind == TRANSITION_SA_QUIET || transition->kind == TRANSITION_SA_BORN)
		consider(judge, pair, transition->direction);
	if (transition->kind == TRANSITION_SA_BORN)
		clear_older(judge, pair, transition->direction);
	if (transition->kind == TRANSITION_SA_BORN || transition->kind == TRANSITION_SA_WOKE)
		look_for_overdue(judge, pair, transition->direction);
}

void rule_rekey_due(struct judge *judge, struct judged_pair *pair)
{
	look_for_overdue(judge, pair, 0);
	look_for_overdue(judge, pair, 1);
}
