/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge finds of the sensor itself: table-full, told once however many entries have to make room, and over once
 * none had to for the hold time. The workers tell of their tables by a transition, once a second at most; the IKE SAs are
 * the judge's own, and counted here whenever that is looked at.
 */
#include "rules.h"

#define SECOND INT64_C(1000000000)

static void count(struct judge *judge, const struct transition_full *full)
{
	struct judged_fullness *fullness = &judge->fullness;
	uint64_t evicted = ike_stories_evicted(judge->stories);

	fullness->workers.flows += full->flows;
	fullness->workers.sas += full->sas;
	fullness->workers.pairs += full->pairs;
	fullness->workers.untracked += full->untracked;
	fullness->ike += evicted - fullness->ike_before;
	fullness->ike_before = evicted;
}

static void describe(const struct judge *judge, struct finding *finding)
{
	const struct judged_fullness *fullness = &judge->fullness;
	const struct transition_full *workers = &fullness->workers;

	*finding = (struct finding){ .time_ns = judge->now_ns,
				     .first_ns = fullness->since_ns,
				     .last_ns = fullness->last_ns,
				     .id = FINDING_TABLE_FULL,
				     .severity = catalogue_row(FINDING_TABLE_FULL)->severity,
				     .grade = GRADE_OBSERVED,
				     .subject = SUBJECT_SENSOR };
	finding->count = workers->flows + workers->sas + workers->pairs + workers->untracked + fullness->ike;
	finding_say(finding,
		    "The sensor's tables are full: %llu SAs, %llu pairs, %llu flows and %llu IKE SAs were forgotten to "
		    "make room for new ones.",
		    (unsigned long long)workers->sas, (unsigned long long)workers->pairs,
		    (unsigned long long)workers->flows, (unsigned long long)fullness->ike);
	finding_note_integer(finding, "sas", (int64_t)workers->sas);
	finding_note_integer(finding, "pairs", (int64_t)workers->pairs);
	finding_note_integer(finding, "flows", (int64_t)workers->flows);
	finding_note_integer(finding, "ike_sas", (int64_t)fullness->ike);
	finding_note_integer(finding, "packets_untracked", (int64_t)workers->untracked);
}

void rule_sensor_tables_full(struct judge *judge, const struct transition_full *full)
{
	static const char subject[] = "table-full";
	struct judged_fullness *fullness = &judge->fullness;
	struct finding finding;

	count(judge, full);
	fullness->last_ns = judge->now_ns;
	if (!fullness->alert.open) {
		fullness->since_ns = judge->now_ns;
		judge_wake_sensor(judge, judge->now_ns + judge->settings.thresholds.full_hold_ns);
	}
	describe(judge, &finding);
	alert_tell(judge, &fullness->alert, &finding, subject, sizeof(subject));
}

void rule_sensor_ike(struct judge *judge)
{
	const struct judged_fullness *fullness = &judge->fullness;

	/* As seldom as the workers tell of theirs: none is lost, the difference is what counts. */
	if (ike_stories_evicted(judge->stories) != fullness->ike_before && judge->now_ns - fullness->last_ns >= SECOND)
		rule_sensor_tables_full(judge, &(struct transition_full){ 0 });
}

void rule_sensor_due(struct judge *judge)
{
	struct judged_fullness *fullness = &judge->fullness;
	int64_t over_ns = fullness->last_ns + judge->settings.thresholds.full_hold_ns;
	struct finding finding;

	if (judge->now_ns < over_ns) {
		judge_wake_sensor(judge, over_ns);
		return;
	}
	count(judge, &(struct transition_full){ 0 });
	describe(judge, &finding);
	finding.cleared_by = "room-again";
	alert_clear(judge, &fullness->alert, &finding);
	fullness->workers = (struct transition_full){ 0 };
	fullness->ike = 0;
}
