/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which alerts hang on a pair, an SA, a host: for whoever has to see to all of them, as when a pair makes room. A rule that
 * keeps a further struct alert in one of these names it here. See judge_state.h.
 */
#include "judge_state.h"

#include <string.h>

static const enum finding_id troubles[TROUBLE_COUNT] = {
	[TROUBLE_UNANSWERED] = FINDING_IKE_UNANSWERED, [TROUBLE_REFUSED] = FINDING_IKE_REFUSED,
	[TROUBLE_STALLED] = FINDING_IKE_STALLED,       [TROUBLE_PATH_MTU] = FINDING_IKE_PATH_MTU,
	[TROUBLE_AUTH] = FINDING_IKE_AUTH_FAILED,      [TROUBLE_CHILD] = FINDING_IKE_CHILD_REFUSED,
};

static unsigned copy(struct judged_alert alerts[JUDGED_ALERTS_MAX], const struct judged_alert *all, unsigned count)
{
	memcpy(alerts, all, count * sizeof(*all));
	return count;
}

unsigned judge_pair_alerts(struct judged_pair *pair, struct judged_alert alerts[JUDGED_ALERTS_MAX])
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	const struct judged_alert all[] = {
		{ FINDING_CLEARTEXT_LEAK, &pair->leak.alert, false },
		{ FINDING_LOCKED_OUT, &pair->knock.alert, false },
		{ FINDING_BAD_SPI, &negotiation->notified, false },
		{ FINDING_WEAK_IKE_SELECTED, &negotiation->selections[SELECTION_WEAK].alert, true },
		{ FINDING_AGGRESSIVE_PSK, &negotiation->selections[SELECTION_AGGRESSIVE].alert, true },
		{ FINDING_IKE_VERSION_1, &negotiation->selections[SELECTION_VERSION_1].alert, true },
		{ FINDING_NOT_QUANTUM_SAFE, &negotiation->selections[SELECTION_QUANTUM].alert, true },
		{ FINDING_IKE_CA_MISMATCH, &negotiation->authorities, true },
		{ FINDING_REKEY_TOO_OFTEN, &pair->rekey_often, true },
		{ FINDING_READABLE_ESP, &pair->readable, true },
		{ FINDING_INTEGRITY_ONLY, &pair->integrity, true },
		{ FINDING_ESP_64_BIT_BLOCK, &pair->block64, true },
		{ FINDING_ESP_UNNEGOTIATED, &pair->unnegotiated, true },
	};
	unsigned count = copy(alerts, all, sizeof(all) / sizeof(all[0]));

	for (unsigned kind = 0; kind < TROUBLE_COUNT; kind++)
		alerts[count++] = (struct judged_alert){ troubles[kind], &negotiation->troubles[kind].alert, false };
	return count;
}

unsigned judge_sa_alerts(struct judged_sa *sa, struct judged_alert alerts[JUDGED_ALERTS_MAX])
{
	const struct judged_alert all[] = {
		{ FINDING_BAD_SPI, &sa->bad_spi, false },
		{ FINDING_REKEY_OVERDUE, &sa->overdue, true },
		{ FINDING_ESP_REPLAY, &sa->replay, true },
		{ FINDING_ESP_SEQUENCE_RESET, &sa->reset, true },
		{ FINDING_ESP_SEQUENCE_NEAR_WRAP, &sa->near_wrap, true },
	};

	return copy(alerts, all, sizeof(all) / sizeof(all[0]));
}

unsigned judge_host_alerts(struct judged_host *host, struct judged_alert alerts[JUDGED_ALERTS_MAX])
{
	const struct judged_alert all[] = {
		{ FINDING_IKE_FLOOD, &host->flood, false },
		{ FINDING_IKE_RESTART, &host->restart, false },
		{ FINDING_RESTART_CHECK, &host->check, false },
		{ FINDING_IKE_CERTIFICATE_EXPIRED, &host->outdated, true },
		{ FINDING_WEAK_IKE_OFFERED, &host->offered, true },
	};

	return copy(alerts, all, sizeof(all) / sizeof(all[0]));
}

void judge_forget_pair_alerts(struct judge *judge, struct judged_pair *pair)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX];
	struct finding finding;
	unsigned count = judge_pair_alerts(pair, alerts);

	judge->counters.clear_pairs -= pair->leak.alert.open;
	for (unsigned i = 0; i < count; i++) {
		if (!alerts[i].alert->open)
			continue;
		alert_begin(judge, pair, alerts[i].id, &finding);
		alert_forget(judge, alerts[i].alert, &finding);
	}
	/* The SAs stay for a while; nobody would find their pair again. */
	for (unsigned d = 0; d < 2; d++)
		for (uint32_t number = pair->newest_sa[d]; number;) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			judge_forget_sa_alerts(judge, pair, sa);
			number = sa->older;
		}
}

void judge_forget_sa_alerts(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX];
	struct finding finding;
	unsigned count = judge_sa_alerts(sa, alerts);

	for (unsigned i = 0; i < count; i++) {
		if (!alerts[i].alert->open)
			continue;
		alert_begin_sa(judge, pair, sa->direction, sa->spi, alerts[i].id, &finding);
		finding.ip_protocol = sa->protocol;
		alert_forget(judge, alerts[i].alert, &finding);
	}
}

void judge_forget_host_alerts(struct judge *judge, struct judged_host *host)
{
	struct judged_alert alerts[JUDGED_ALERTS_MAX];
	struct finding finding;
	unsigned count = judge_host_alerts(host, alerts);

	for (unsigned i = 0; i < count; i++) {
		if (!alerts[i].alert->open)
			continue;
		alert_begin_host(judge, &host->address, alerts[i].id, &finding);
		alert_forget(judge, alerts[i].alert, &finding);
	}
}
