/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge finds of the sensor itself, its interfaces apart (rule_capture.c, rule_mirror.c): table-full, told once however
 * many entries have to make room, and over once none had to for the hold time. The workers tell of their tables by a transition,
 * once a second at most; the IKE SAs are the judge's own, and counted here whenever that is looked at. And clock-jump.
 *
 * And how much the span port loses: it hits all SAs alike, in both directions, where loss on a path hits those that use it.
 * That is no finding, but makes others less sure.
 */
#include "rules.h"

#include "finding.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define LOSS_SLOT_NS (5 * SECOND)
#define LOSS_HOLD_NS (300 * SECOND) /* what comes and goes with the load does not change grades to and fro */

static void count(struct judge *judge, const struct transition_full *full)
{
	struct judged_fullness *fullness = &judge->fullness;
	uint64_t evicted = ike_stories_crowded_out(judge->stories);

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
	finding_say(
	    finding,
	    "The sensor's tables are full: %llu SA%s, %llu pair%s, %llu flow%s and %llu IKE SA%s were forgotten to "
	    "make room for new ones.",
	    (unsigned long long)workers->sas, finding_plural(workers->sas), (unsigned long long)workers->pairs,
	    finding_plural(workers->pairs), (unsigned long long)workers->flows, finding_plural(workers->flows),
	    (unsigned long long)fullness->ike, finding_plural(fullness->ike));
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
		judge_wake_sensor(judge, SENSOR_TABLES, judge->now_ns + judge->settings.thresholds.full_hold_ns);
	}
	describe(judge, &finding);
	alert_tell(judge, &fullness->alert, &finding, subject, sizeof(subject));
}

void rule_sensor_ike(struct judge *judge)
{
	const struct judged_fullness *fullness = &judge->fullness;

	/* As seldom as the workers tell of theirs: none is lost, the difference is what counts. */
	if (ike_stories_crowded_out(judge->stories) != fullness->ike_before &&
	    judge->now_ns - fullness->last_ns >= SECOND)
		rule_sensor_tables_full(judge, &(struct transition_full){ 0 });
}

void rule_sensor_due(struct judge *judge)
{
	struct judged_fullness *fullness = &judge->fullness;
	int64_t over_ns = fullness->last_ns + judge->settings.thresholds.full_hold_ns;
	struct finding finding;

	if (judge->now_ns < over_ns) {
		judge_wake_sensor(judge, SENSOR_TABLES, over_ns);
		return;
	}
	count(judge, &(struct transition_full){ 0 });
	describe(judge, &finding);
	finding.cleared_by = "room-again";
	alert_clear(judge, &fullness->alert, &finding);
	fullness->workers = (struct transition_full){ 0 };
	fullness->ike = 0;
}

/* ---- what the span port loses ---- */

void rule_sensor_loss(struct judge *judge, const struct transition_loss *loss)
{
	struct judged_loss *judged = &judge->loss;
	int64_t number = judge->now_ns / LOSS_SLOT_NS;
	struct transition_loss *slot = &judged->slot[number % LOSS_SLOTS], sum = { 0 };

	if (judged->slot_number[number % LOSS_SLOTS] != number)
		*slot = (struct transition_loss){ 0 };
	judged->slot_number[number % LOSS_SLOTS] = number;
	for (unsigned d = 0; d < 2; d++) {
		slot->sas[d] += loss->sas[d];
		slot->lossy[d] += loss->lossy[d];
		slot->passed[d] += loss->passed[d];
		slot->missing[d] += loss->missing[d];
	}
	for (unsigned i = 0; i < LOSS_SLOTS; i++)
		for (unsigned d = 0; d < 2 && judged->slot_number[i] > number - LOSS_SLOTS; d++) {
			sum.sas[d] += judged->slot[i].sas[d];
			sum.lossy[d] += judged->slot[i].lossy[d];
			sum.passed[d] += judged->slot[i].passed[d];
			sum.missing[d] += judged->slot[i].missing[d];
		}
	if (!sum.lossy[0] || !sum.lossy[1] || 2 * (sum.lossy[0] + sum.lossy[1]) < sum.sas[0] + sum.sas[1])
		return;
	uint64_t missing = sum.missing[0] + sum.missing[1];
	judged->seen_ns = judge->now_ns;
	judged->share = (double)missing / (double)(missing + sum.passed[0] + sum.passed[1]);
}

/* Whether it says that something did not come. */
static bool rests_on_absence(const struct finding *finding)
{
	switch (finding->id) {
	case FINDING_BAD_SPI:
		return finding->cause == CAUSE_ONE_WAY;
	case FINDING_CLEARTEXT_LEAK:
		return finding->cause == CAUSE_ONE_WAY || finding->cause == CAUSE_UNANSWERED ||
		       finding->cause == CAUSE_NOBODY_INITIATES;
	case FINDING_IKE_UNANSWERED:
	case FINDING_IKE_STALLED:
		return true;
	default:
		return false;
	}
}

/* Whether it lately was so. */
static bool lately(const struct judge *judge, int64_t when_ns, int64_t hold_ns)
{
	return when_ns && judge->now_ns - when_ns <= hold_ns;
}

void judge_doubt_absence(const struct judge *judge, struct finding *finding)
{
	const struct judged_sensor *sensor = &judge->sensor;
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	size_t notes = finding->evidence_count;

	if (!rests_on_absence(finding))
		return;
	if (lately(judge, judge->loss.seen_ns, LOSS_HOLD_NS))
		finding_note_real(finding, "span_loss", judge->loss.share);
	if (lately(judge, sensor->drops_ns, LOSS_HOLD_NS))
		finding_note_real(finding, "capture_drops", sensor->drops_share);
	if (lately(judge, sensor->blind_ns, thresholds->blind_doubt_ns)) {
		const char *name = judge_interface(judge, sensor->blind_interface);
		finding_note_text(finding, "capture_blind", name ? name : "");
	}
	if (lately(judge, sensor->one_way_ns, thresholds->mirror_hold_ns))
		finding_note_boolean(finding, "mirror_one_way", true);
	if (finding->evidence_count > notes && finding->grade + 1 < GRADE_COUNT)
		finding->grade++;
}

/* ---- what the findings about the sensor have alike ---- */

void rule_sensor_begin(const struct judge *judge, uint16_t interface, enum finding_id id, struct finding *finding)
{
	*finding = (struct finding){ .time_ns = judge->now_ns,
				     .first_ns = judge->now_ns,
				     .last_ns = judge->now_ns,
				     .id = id,
				     .severity = catalogue_row(id)->severity,
				     .grade = GRADE_OBSERVED,
				     .subject = SUBJECT_SENSOR,
				     .count = 1 };
	finding->interface = judge_interface(judge, interface);
}

void rule_sensor_tell(struct judge *judge, struct alert *alert, struct finding *finding)
{
	const char *subject = finding->interface ? finding->interface : "";

	alert_tell(judge, alert, finding, subject, strlen(subject));
}

/* ---- the clock ---- */

/* Whoever compares findings with other logs has to know that their times are off, and until when. */
static void say_time_follows(struct finding *finding, const struct transition_clock *clock)
{
	double hours = (double)clock->agree_ns / (3600. * SECOND), apart = (double)clock->apart_ns / (double)SECOND;

	if (clock->apart_ns == 0)
		return;
	finding_say(
	    finding,
	    " So that nothing that is under way seems to end, or waits, the times of findings follow it slowly: they "
	    "are %.1f seconds %s now, and agree with it in %.1f %s.",
	    apart < 0 ? -apart : apart, apart < 0 ? "ahead" : "behind", hours < 1 ? hours * 60 : hours,
	    hours < 1 ? "minutes" : "hours");
	finding_note_real(finding, "behind_seconds", apart);
}

void rule_sensor_clock(struct judge *judge, const struct transition *transition)
{
	const struct transition_clock *clock = &transition->clock;
	struct judged_sensor *sensor = &judge->sensor;
	double seconds = (double)(clock->step_ns < 0 ? -clock->step_ns : clock->step_ns) / (double)SECOND;
	struct finding finding;

	/* A clock that is set all the time is told now and then, with the number. */
	if (sensor->clock_told && judge->now_ns - sensor->clock_told_ns <= judge->settings.thresholds.clock_tell_ns) {
		sensor->clock_untold++;
		return;
	}
	rule_sensor_begin(judge, transition->interface, FINDING_CLOCK_JUMP, &finding);
	if (clock->of_file)
		finding_say(
		    &finding,
		    "The times of the frames go back by %.1f seconds: the clock was set, or the capture was put "
		    "together from several; what lies behind counts as simultaneous until its time is reached.",
		    seconds);
	else {
		finding.interface = NULL;
		finding_say(&finding, "The sensor's clock was set %s by %.1f seconds.",
			    clock->step_ns < 0 ? "back" : "forward", seconds);
		say_time_follows(&finding, clock);
	}
	finding.count = 1 + sensor->clock_untold;
	finding_note_real(&finding, "step_seconds", (double)clock->step_ns / (double)SECOND);
	if (sensor->clock_untold)
		finding_note_integer(&finding, "steps_before", sensor->clock_untold);
	sensor->clock_untold = 0;
	sensor->clock_told = true;
	sensor->clock_told_ns = judge->now_ns;
	alert_event_sensor(judge, &finding);
}
