/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new policy for tables that are filled: judge_set_policy(). What was learned and told stays; a pair is only looked at
 * anew as far as what its rule asks of it changed.
 */
#include "judge_state.h"
#include "rule_leak.h"

#include <stdlib.h>

/* Whether the rules ask the same of a pair; NULL asks nothing. */
static bool ask_the_same(const struct policy_rule *one, const struct policy_rule *other)
{
	return one && other ? one->level == other->level : one == other;
}

/* Whether all that was in clear since the leak began may be so by now; not if its list of services is too short to tell. */
static bool is_allowed(const struct policy *policy, const struct policy_rule *rule, const struct leak *leak)
{
	if (!leak->running || leak->rest_ns >= leak->begin_ns)
		return false;
	unsigned seen = 0;
	for (unsigned i = 0; i < leak->service_count; i++) {
		const struct transition_service *service = &leak->services[i].service;
		struct policy_traffic traffic = {
			service->protocol, service->port, service->name, false, false, false
		};
		if (!rule_leak_has_service(leak, i))
			continue;
		if (policy_may_be_clear(policy, rule, &traffic) != POLICY_CLEAR_ALLOWED)
			return false;
		seen++;
	}
	return seen > 0;
}

static void obey(struct judge *judge, struct judged_pair *pair)
{
	const struct policy *policy = judge->settings.policy;
	const struct policy_rule *rule = policy_match(policy, pair->address[0].bytes, pair->address[1].bytes);

	pair->rule = rule ? (uint32_t)(rule - policy->rules) + 1 : 0;
	/* A pair that is named is no learned one; who loses its rule may be learned by what it does from now on. Where pairs
	 * are not learned any more, what was learned is not held against anybody either. */
	if (rule || !policy->learn)
		learn_forget(judge, pair);
	if (pair->ike[0].message_ns || pair->ike[1].message_ns || pair->esp[0].first_ns || pair->esp[1].first_ns)
		judge_note_protector(judge, pair);
}

bool judge_set_policy(struct judge *judge, const struct policy *policy, const struct judge_thresholds *thresholds,
		      const struct alert_settings *alerts)
{
	const struct policy *before = judge->settings.policy;
	struct judged_rule *rules = calloc(policy->rule_count ? policy->rule_count : 1, sizeof(*rules));

	if (!rules || !alert_desk_set(judge, alerts)) {
		free(rules);
		return false;
	}
	judge->settings.alerts = *alerts;
	struct judged_rule *former = judge->rules;
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		struct judged_pair *pair = table_at(&judge->pairs, number);
		if (!table_lives(&judge->pairs, number))
			continue;
		/* Told by the rules that it broke, before they are gone. */
		const struct policy_rule *new = policy_match(policy, pair->address[0].bytes, pair->address[1].bytes);
		const struct policy_rule *old = pair->rule ? &before->rules[pair->rule - 1] : NULL;
		if ((pair->learned && !policy->learn) || !ask_the_same(old, new) ||
		    is_allowed(policy, new, &pair->leak))
			rule_leak_end(judge, pair, "policy-changed");
	}
	judge->settings.policy = policy;
	judge->settings.thresholds = *thresholds;
	judge->rules = rules;
	free(former);
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++)
		if (table_lives(&judge->pairs, number))
			obey(judge, table_at(&judge->pairs, number));
	return true;
}
