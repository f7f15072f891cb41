/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey-too-often: SAs of a pair follow one another faster than the policy finds healthy (by default every 5 minutes or 50
 * megabytes). Which limit drives it shows in what is regular: a lifetime in seconds makes even intervals, a lifetime in
 * octets makes even volumes. The advice names the value that was inferred and the one to set.
 */
#include "rules.h"

#include <stdlib.h>

enum { REKEYS_MIN = 3 };

#define SPREAD_MAX 0.5 /* figures whose median distance from the median is more than half of it are not regular */
/* Nothing lives so short: SAs that follow one another so fast are parallel, of several processors or subnets. */
#define LIFETIME_MIN_NS (2 * INT64_C(1000000000))

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

static void consider(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	const struct judged_rekeys *rekeys = &pair->rekeys[direction];
	uint32_t count = rekeys->count < REKEY_REMEMBERED ? rekeys->count : REKEY_REMEMBERED;
	double seconds[REKEY_REMEMBERED], octets[REKEY_REMEMBERED];
	struct finding finding;
	struct address_text a, b;

	if (count < REKEYS_MIN)
		return;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = (rekeys->at + REKEY_REMEMBERED - 1 - i) % REKEY_REMEMBERED;
		seconds[i] = (double)rekeys->interval_ns[place] / 1e9;
		octets[i] = (double)rekeys->bytes[place];
	}
	struct regularity time = regularity_of(seconds, count), volume = regularity_of(octets, count);
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
	alert_tell_pair(judge, pair, &pair->rekey_often, &finding);
}

void rule_rekey_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	/* The octets of an SA are known once it is quiet, and then it may just have been counted as replaced. */
	if (transition->kind == TRANSITION_SA_QUIET || transition->kind == TRANSITION_SA_BORN)
		consider(judge, pair, transition->direction);
}
