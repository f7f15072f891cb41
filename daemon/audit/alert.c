/* SPDX-License-Identifier: Apache-2.0 */
/* See alert.h. Called by the rules. */
#include "alert.h"

#include "alert_desk.h"
#include "hash.h"
#include "judge_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What becomes of a record is the desk's; what the rule said last is kept whether or not anybody heard it. */
static void said(struct alert *alert, const struct finding *finding)
{
	alert->told_ns = finding->time_ns;
	alert->cause = finding->cause;
	alert->severity = finding->severity;
	alert->grade = finding->grade;
}

static void update(struct judge *judge, struct alert *alert, struct finding *finding)
{
	finding->state = FINDING_UPDATE;
	finding->alert = alert->number;
	said(alert, finding);
	alert_desk_update(judge, alert, finding);
}

/* No secret seed here: the same problem has the same number in every run over the same traffic. */
static uint64_t number_of(const struct finding *finding, const void *subject, size_t subject_length)
{
	return hash_octets(subject, subject_length,
			   hash_octets(&finding->first_ns, sizeof(finding->first_ns), (uint64_t)finding->id));
}

/* `pair` is NULL if the alert is not about one. */
static void tell(struct judge *judge, struct alert *alert, struct finding *finding, const void *subject,
		 size_t subject_length, const struct judged_pair *pair)
{
	judge_doubt_absence(judge, finding);
	if (!alert->open) {
		alert->number = number_of(finding, subject, subject_length);
		alert->open = true;
		finding->state = FINDING_OPEN;
		finding->alert = alert->number;
		said(alert, finding);
		alert_desk_open(judge, alert, finding, pair);
	} else if (finding->cause != alert->cause || finding->severity != alert->severity ||
		   finding->grade != alert->grade ||
		   finding->time_ns - alert->told_ns >= judge->settings.thresholds.update_ns) {
		update(judge, alert, finding);
	} else {
		alert_desk_note(judge, alert, finding);
	}
}

void alert_tell(struct judge *judge, struct alert *alert, struct finding *finding, const void *subject,
		size_t subject_length)
{
	tell(judge, alert, finding, subject, subject_length, NULL);
}

void alert_begin(struct judge *judge, const struct judged_pair *pair, enum finding_id id, struct finding *finding)
{
	const struct policy_rule *rule = judge_rule(judge, pair);

	memset(finding, 0, sizeof(*finding));
	finding->time_ns = judge->now_ns;
	finding->first_ns = finding->last_ns = judge->now_ns;
	finding->id = id;
	finding->severity = catalogue_row(id)->severity;
	finding->grade = GRADE_OBSERVED;
	finding->subject = SUBJECT_PAIR;
	finding->has_pair = true;
	finding->a = pair->address[0];
	finding->b = pair->address[1];
	finding->vlan = pair->vlan;
	finding->realm = pair->realm;
	finding->rule = rule ? rule->name : pair->learned ? "learned" : NULL;
	finding->count = 1;
}

void alert_begin_sa(struct judge *judge, const struct judged_pair *pair, unsigned direction, uint32_t spi,
		    enum finding_id id, struct finding *finding)
{
	alert_begin(judge, pair, id, finding);
	finding->subject = SUBJECT_SA;
	finding->has_flow = finding->has_spi = true;
	finding->src = pair->address[direction];
	finding->dst = pair->address[!direction];
	finding->spi = spi;
}

struct pair_subject {
	uint8_t address[2][16];
	uint32_t realm, spi;
};

static struct pair_subject subject_of(const struct judged_pair *pair, const struct finding *finding)
{
	struct pair_subject subject = { .realm = pair->realm, .spi = finding->has_spi ? finding->spi : 0 };

	memcpy(subject.address[0], pair->address[0].bytes, 16);
	memcpy(subject.address[1], pair->address[1].bytes, 16);
	return subject;
}

void alert_tell_pair(struct judge *judge, const struct judged_pair *pair, struct alert *alert, struct finding *finding)
{
	struct pair_subject subject = subject_of(pair, finding);

	tell(judge, alert, finding, &subject, sizeof(subject), pair);
}

void alert_event_pair(struct judge *judge, const struct judged_pair *pair, struct finding *finding)
{
	struct pair_subject subject = subject_of(pair, finding);

	finding->alert = number_of(finding, &subject, sizeof(subject));
	alert_desk_event(judge, finding);
}

void alert_begin_host(struct judge *judge, const struct address *host, enum finding_id id, struct finding *finding)
{
	memset(finding, 0, sizeof(*finding));
	finding->time_ns = finding->first_ns = finding->last_ns = judge->now_ns;
	finding->id = id;
	finding->severity = catalogue_row(id)->severity;
	finding->grade = GRADE_OBSERVED;
	finding->subject = SUBJECT_HOST;
	finding->a = *host;
	finding->count = 1;
}

void alert_tell_host(struct judge *judge, struct alert *alert, struct finding *finding)
{
	alert_tell(judge, alert, finding, finding->a.bytes, sizeof(finding->a.bytes));
}

void alert_event_host(struct judge *judge, struct finding *finding)
{
	finding->alert = number_of(finding, finding->a.bytes, sizeof(finding->a.bytes));
	alert_desk_event(judge, finding);
}

void alert_event_sensor(struct judge *judge, struct finding *finding)
{
	const char *subject = finding->interface ? finding->interface : "";

	finding->alert = number_of(finding, subject, strlen(subject));
	alert_desk_event(judge, finding);
}

void alert_tell_group(struct judge *judge, struct alert *alert, struct finding *finding, uint32_t realm)
{
	struct {
		uint8_t host[16];
		uint32_t realm;
		char kind[8];
	} subject = { .realm = realm, .kind = "group" };

	memcpy(subject.host, finding->a.bytes, 16);
	alert_tell(judge, alert, finding, &subject, sizeof(subject));
}

void finding_say(struct finding *finding, const char *format, ...)
{
	static const size_t mark = sizeof(FINDING_CUT) - 1;
	size_t length = strlen(finding->text);
	va_list arguments;

	if (length >= mark && memcmp(finding->text + length - mark, FINDING_CUT, mark) == 0)
		return; /* there was no room for all that was said before */
	va_start(arguments, format);
	int added = vsnprintf(finding->text + length, sizeof(finding->text) - length, format, arguments);
	va_end(arguments);
	if (added >= (int)(sizeof(finding->text) - length))
		finding_mark_cut(finding->text, sizeof(finding->text));
}

void alert_update(struct judge *judge, struct alert *alert, struct finding *finding)
{
	judge_doubt_absence(judge, finding);
	update(judge, alert, finding);
}

/* The alert is over, as the finding says. */
static void close(struct judge *judge, struct alert *alert, struct finding *finding)
{
	finding->state = FINDING_CLEAR;
	finding->alert = alert->number;
	said(alert, finding);
	alert->open = false;
	alert_desk_clear(judge, alert, finding);
}

void alert_clear(struct judge *judge, struct alert *alert, struct finding *finding)
{
	if (!alert->open)
		return;
	judge_doubt_absence(judge, finding);
	close(judge, alert, finding);
}

void alert_recall(const struct judge *judge, const struct alert *alert, struct finding *finding)
{
	if (!alert->open)
		return;
	finding->cause = alert->cause;
	finding->severity = alert->severity;
	finding->grade = alert->grade;
	alert_desk_recall(judge, alert, finding);
}

void alert_end(struct judge *judge, struct alert *alert, struct finding *finding, const char *cleared_by,
	       const char *sentence)
{
	if (!alert->open)
		return;
	alert_recall(judge, alert, finding);
	finding->cleared_by = cleared_by;
	finding_say(finding, "%s", sentence);
	close(judge, alert, finding);
}

void alert_forget(struct judge *judge, struct alert *alert, struct finding *finding)
{
	alert_end(judge, alert, finding, "forgotten",
		  "It had to make room in a full table, so nobody will see whether it lasts.");
}
