/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine before this one knew, taken back: what known.c wrote, and alerts that are open.
 *
 * It comes through a store that others may have written to, and may be late: no time is later than now, a pair that is already
 * known better stays as it is, and nothing makes room for it. What the wire shows goes before what was written.
 *
 * An alert is taken over, under its number, where no traffic that goes on would tell it anew within minutes
 * (judge_alerts.c). All others the rules come upon again by themselves, and whoever keeps what stands knows them by their
 * subject. Silence counts from when an alert was taken over: nobody looked before.
 */
#include "hash.h"
#include "judge_state.h"
#include "rules.h"

#include <string.h>

enum { PROTOCOL_ESP = 50 };

/* Room is left for what speaks now. */
static bool has_room(const struct table *table)
{
	return table->used < table->capacity / 4 * 3;
}

static int64_t no_later(int64_t time_ns, int64_t now_ns)
{
	return time_ns > now_ns ? now_ns : time_ns;
}

void judge_know_until(struct judge *judge, int64_t until_ns)
{
	judge->known.until_ns = until_ns;
}

/* ---- pairs ---- */

static int64_t last_of(const struct judge *judge, const struct known_direction *known, int64_t now_ns)
{
	int64_t last = known->last_ns;

	/* What had not ceased went on for as long as anybody looked. */
	if (known->running && judge->known.until_ns > last)
		last = judge->known.until_ns;
	return no_later(last, now_ns);
}

static void recall_rekeys(struct judged_rekeys *rekeys, const struct known_direction *known)
{
	if (rekeys->count)
		return;
	rekeys->count = known->rekeys;
	rekeys->habit = known->habit;
	for (unsigned i = 0; i < known->rekey_count; i++) {
		rekeys->interval_ns[rekeys->at] = known->rekey[i].interval_ns;
		rekeys->bytes[rekeys->at] = known->rekey[i].bytes;
		rekeys->initiator[rekeys->at] = (uint8_t)known->rekey[i].initiator;
		rekeys->at = (rekeys->at + 1) % REKEY_REMEMBERED;
	}
	rekeys->remembered = known->remembered;
}

static void recall_services(struct leak *leak, const struct record_known_pair *known)
{
	if (leak->service_count)
		return;
	for (unsigned i = 0; i < known->beside_count && i < LEAK_SERVICES; i++)
		leak->services[leak->service_count++] =
		    (struct leak_service){ .service = { .protocol = known->beside[i].protocol,
							.port = known->beside[i].port,
							.encrypted = known->beside[i].encrypted },
					   .beside = true };
}

static void recall_hosts(struct judge *judge, struct judged_pair *pair, int64_t last_ns)
{
	if (has_room(&judge->hosts))
		judge_host_speaks(judge, pair);
	for (unsigned side = 0; side < 2; side++) {
		struct judged_host *host = judge_host(judge, &pair->address[side]);
		if (!host)
			continue;
		host->told_new = true;
		judge_host_secured(host, pair->realm, last_ns);
	}
}

static void recall_pair(struct judge *judge, const struct record_known_pair *known, int64_t now_ns)
{
	int64_t lasts[2] = { last_of(judge, &known->direction[0], now_ns),
			     last_of(judge, &known->direction[1], now_ns) };
	int64_t last = lasts[0] > lasts[1] ? lasts[0] : lasts[1];
	bool old = now_ns - last > judge->settings.thresholds.forget_learned_ns;
	struct judged_pair *pair = judge_pair(judge, known->realm, &known->a, &known->b);

	if (known->forgotten || !last || (!pair && (old || !has_room(&judge->pairs))))
		return;
	if (!pair)
		pair = judge_pair_obtain(judge, known->realm, &known->a, &known->b, false);
	if (!pair || pair->recalled || old)
		return;
	pair->recalled = true;
	pair->recalled_ns = now_ns;
	if (!pair->vlan)
		pair->vlan = known->vlan;
	for (unsigned d = 0; d < 2; d++) {
		const struct known_direction *direction = &known->direction[d];
		struct judged_esp *esp = &pair->esp[d];
		int64_t first = no_later(direction->first_ns, now_ns);
		if (first && (!esp->first_ns || first < esp->first_ns)) {
			if (!esp->first_ns)
				esp->began_ns = first;
			esp->first_ns = first;
		}
		if (lasts[d] > esp->last_ns)
			esp->last_ns = lasts[d];
		recall_rekeys(&pair->rekeys[d], direction);
		for (unsigned i = direction->sa_count; i > 0; i--) {
			lineage_recall(judge, pair, d, &direction->sa[i - 1], now_ns);
			pair->has_esp |= direction->sa[i - 1].protocol == PROTOCOL_ESP;
		}
	}
	recall_services(&pair->leak, known);
	judge_note_protector(judge, pair);
	if (pair->esp[0].first_ns && pair->esp[1].first_ns) {
		recall_hosts(judge, pair, last);
	}
	judge_count_secured(judge, pair);
	if (known->learned)
		learn_recall(judge, pair);
	/* So far nobody has to write it again. */
	pair->known_ns = now_ns;
}

/* ---- hosts ---- */

static void recall_host(struct judge *judge, const struct record_known_host *known, int64_t now_ns)
{
	int64_t last = no_later(known->last_ns, now_ns);
	struct judged_host *host = judge_host(judge, &known->address);

	if (known->forgotten || now_ns - last > judge->settings.thresholds.forget_learned_ns ||
	    (!host && !has_room(&judge->hosts)))
		return;
	if (!host)
		host = judge_host_obtain(judge, &known->address, &known->first_peer);
	if (!host)
		return;
	host->more |= known->more || !address_equal(&host->first_peer, &known->first_peer);
	host->told_new |= known->told_new;
	host->proof_held |= known->proof_held;
	host->takes |= known->takes;
	host->known_ns = now_ns;
	if ((!known->chose.major && !known->offered.major) || !has_room(&judge->suites))
		return;
	struct judged_suites *suites = known_suites(judge, &known->address, true);
	if (!suites)
		return;
	suites->last_ns = last;
	if (!suites->chose.major)
		suites->chose = known->chose;
	if (!suites->offered.major)
		suites->offered = known->offered;
}

/* ---- alerts ---- */

static void take_over(struct judge *judge, struct alert *alert, const struct finding *finding,
		      const struct judged_pair *pair)
{
	struct record record = { .type = RECORD_KNOWN_ALERT, .time_ns = finding->time_ns };

	alert->open = true;
	alert->number = finding->alert;
	alert->told_ns = finding->time_ns;
	alert->cause = finding->cause;
	alert->severity = finding->severity;
	alert->grade = finding->grade;
	alert_desk_know(judge, alert, finding, pair);
	record.known_alert.alert = finding->alert;
	record_write(&judge->sink, &record);
}

/* The alert of this id among those, if it can be taken over. */
static struct alert *find_alert(const struct judged_alert *alerts, unsigned count, enum finding_id id)
{
	for (unsigned i = 0; i < count; i++)
		if (alerts[i].id == id)
			return alerts[i].lasting && !alerts[i].alert->open ? alerts[i].alert : NULL;
	return NULL;
}

static struct judged_pair *obtain_pair(struct judge *judge, const struct finding *finding)
{
	struct judged_pair *pair = judge_pair(judge, finding->realm, &finding->a, &finding->b);

	if (!pair && has_room(&judge->pairs) && address_compare(&finding->a, &finding->b) < 0)
		pair = judge_pair_obtain(judge, finding->realm, &finding->a, &finding->b, false);
	return pair;
}

static void recall_pair_alert(struct judge *judge, const struct finding *finding, int64_t now_ns)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX] = { 0 };
	struct judged_pair *pair = obtain_pair(judge, finding);
	struct alert *alert = pair ? find_alert(alerts, judge_pair_alerts(pair, alerts), finding->id) : NULL;

	if (!alert)
		return;
	if (!pair->recalled_ns)
		pair->recalled_ns = now_ns;
	take_over(judge, alert, finding, pair);
	/* When to look next the rules know. */
	judge_wake(judge, pair, RULE_REKEY, now_ns);
	judge_wake(judge, pair, RULE_CONTENT, now_ns);
	judge_wake(judge, pair, RULE_CRYPTO, now_ns);
}

static void recall_sa_alert(struct judge *judge, const struct finding *finding, int64_t now_ns)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX] = { 0 };
	bool upward = finding->has_flow && address_compare(&finding->src, &finding->dst) < 0;
	struct judged_pair *pair = judge_pair(judge, finding->realm, &finding->a, &finding->b);

	if (!pair || !finding->has_flow || !finding->has_spi)
		return;
	struct judged_sa *sa = lineage_find(judge, pair, !upward, finding->ip_protocol, finding->spi);
	struct alert *alert = sa ? find_alert(alerts, judge_sa_alerts(sa, alerts), finding->id) : NULL;
	if (!alert)
		return;
	if (finding->id == FINDING_ESP_REPLAY)
		sa->replay_ns = now_ns;
	if (finding->id == FINDING_ESP_SEQUENCE_RESET)
		sa->reset_ns = now_ns;
	take_over(judge, alert, finding, pair);
	judge_wake(judge, pair, RULE_SEQUENCE, now_ns);
	judge_wake(judge, pair, RULE_REKEY, now_ns);
}

static const char *words_of(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0 && finding->evidence[i].kind == EVIDENCE_TEXT)
			return finding->evidence[i].text;
	return NULL;
}

static void recall_host_alert(struct judge *judge, const struct finding *finding, int64_t now_ns)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX] = { 0 };
	struct judged_host *host = judge_host(judge, &finding->a);
	struct alert *alert = host ? find_alert(alerts, judge_host_alerts(host, alerts), finding->id) : NULL;
	const char *subject = words_of(finding, "subject");

	if (!alert)
		return;
	if (finding->id == FINDING_WEAK_IKE_OFFERED)
		host->offered_ns = now_ns;
	if (finding->id == FINDING_IKE_CERTIFICATE_EXPIRED) {
		host->outdated_first_ns = finding->first_ns;
		host->outdated_ns = now_ns;
		host->outdated_subject = subject ? hash_octets(subject, strlen(subject), 0) : 0;
	}
	take_over(judge, alert, finding, NULL);
	judge_wake_host(judge, host, HOST_OFFERED, now_ns);
	judge_wake_host(judge, host, HOST_CERTIFICATE, now_ns);
}

/* Of what is said of the sensor only silence rests on what a former engine knew. */
static void recall_sensor_alert(struct judge *judge, const struct finding *finding)
{
	struct alert *alert = NULL;

	if (finding->id == FINDING_CAPTURE_SILENT && finding->interface)
		alert = rule_capture_recall(judge, finding->interface, finding->first_ns);
	if (alert && !alert->open)
		take_over(judge, alert, finding, NULL);
}

static void recall_alert(struct judge *judge, const struct finding *told, int64_t now_ns)
{
	struct finding finding = *told; /* its texts stay where they are */

	if (finding.state == FINDING_CLEAR || judge->settings.alerts.off[finding.id])
		return;
	judge->known.claim_ns = now_ns + judge->settings.thresholds.claim_ns;
	finding.time_ns = no_later(finding.time_ns, now_ns);
	finding.last_ns = no_later(finding.last_ns, finding.time_ns);
	finding.first_ns = no_later(finding.first_ns, finding.last_ns);
	if (finding.subject == SUBJECT_PAIR && finding.has_pair)
		recall_pair_alert(judge, &finding, now_ns);
	else if (finding.subject == SUBJECT_SA && finding.has_pair)
		recall_sa_alert(judge, &finding, now_ns);
	else if (finding.subject == SUBJECT_HOST)
		recall_host_alert(judge, &finding, now_ns);
	else if (finding.subject == SUBJECT_SENSOR)
		recall_sensor_alert(judge, &finding);
}

void judge_know(struct judge *judge, const struct record *record, int64_t now_ns)
{
	switch (record->type) {
	case RECORD_KNOWN_PAIR:
		recall_pair(judge, &record->known_pair, now_ns);
		break;
	case RECORD_KNOWN_HOST:
		recall_host(judge, &record->known_host, now_ns);
		break;
	case RECORD_FINDING:
		recall_alert(judge, &record->finding, now_ns);
		break;
	default:
		break;
	}
}
