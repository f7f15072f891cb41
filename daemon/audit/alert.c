/* SPDX-License-Identifier: Apache-2.0 */
/* See alert.h. Called by the rules. */
#include "alert.h"

#include "hash.h"
#include "judge_state.h"

static void emit(struct judge *judge, struct alert *alert, struct finding *finding)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = finding->time_ns };

	finding->alert = alert->number;
	alert->told_ns = finding->time_ns;
	alert->cause = finding->cause;
	alert->severity = finding->severity;
	alert->grade = finding->grade;
	record.finding = *finding;
	record_write(&judge->sink, &record);
}

void alert_tell(struct judge *judge, struct alert *alert, struct finding *finding, const void *subject,
		size_t subject_length)
{
	if (!alert->open) {
		/* No secret seed here: the same problem has the same number in every run over the same traffic. */
		uint64_t seed = hash_octets(&finding->first_ns, sizeof(finding->first_ns), (uint64_t)finding->id);
		alert->number = hash_octets(subject, subject_length, seed);
		alert->open = true;
		finding->state = FINDING_OPEN;
		judge->counters.opened++;
		judge->counters.open++;
	} else if (finding->cause != alert->cause || finding->severity != alert->severity ||
		   finding->grade != alert->grade ||
		   finding->time_ns - alert->told_ns >= judge->settings.thresholds.update_ns) {
		finding->state = FINDING_UPDATE;
	} else {
		return;
	}
	emit(judge, alert, finding);
}

void alert_clear(struct judge *judge, struct alert *alert, struct finding *finding)
{
	if (!alert->open)
		return;
	finding->state = FINDING_CLEAR;
	emit(judge, alert, finding);
	alert->open = false;
	judge->counters.open--;
}
