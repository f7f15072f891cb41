/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tunnel carried the traffic of two hosts, if nobody said so.
 *
 * Hosts behind gateways speak no IPsec themselves. When their tunnel goes, its ESP ends and they begin to be seen in clear:
 * the one is the mirror image of the other. So for a leak between hosts without ESP, IKE and gateways of their own, the pairs
 * are looked through for ESP both ways that went on without a pause and ended just as the clear traffic began. Most pairs speak
 * and rest by turns, and one that rests is no tunnel that is gone. Two tunnels can not be told apart, and then none is taken;
 * one that comes back while the clear traffic goes on carried something else. Asked once per leak, and the answer is kept for the rule for a second, since the
 * other hosts behind the same gateways ask at the same time.
 */
#include "rule_leak.h"

#define SECOND INT64_C(1000000000)
#define ENDED_BEFORE_NS (15 * SECOND) /* so long before the first clear packet, the tunnel may have ended */
#define ENDED_AFTER_NS (2 * SECOND)   /* or so shortly after, for gateways do not switch in one instant */
#define LASTED_NS (30 * SECOND)       /* without a pause until then; less is no tunnel that was in use */
#define KEEP_NS SECOND

static bool mirrors(const struct judged_pair *carrier, const struct judged_pair *pair)
{
	int64_t begin = pair->leak.begin_ns;

	if (carrier == pair || carrier->realm != pair->realm || carrier->leak.running)
		return false;
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_esp *esp = &carrier->esp[d];
		if (!esp->first_ns || esp->running || esp->last_ns - esp->began_ns < LASTED_NS ||
		    esp->last_ns < begin - ENDED_BEFORE_NS || esp->last_ns > begin + ENDED_AFTER_NS)
			return false;
		/* A host of the pair is no gateway of it. */
		if (address_equal(&carrier->address[d], &pair->address[0]) ||
		    address_equal(&carrier->address[d], &pair->address[1]))
			return false;
	}
	return true;
}

uint64_t rule_leak_carrier(struct judge *judge, const struct judged_pair *pair)
{
	struct judged_rule *rule = &judge->rules[pair->rule - 1];
	const struct policy_rule *policy = judge_rule(judge, pair);
	uint64_t found = 0;

	if (policy->gateway_count > 0 || pair->ike[0].message_ns || pair->ike[1].message_ns)
		return 0;
	if (rule->inferred_ns && judge->now_ns - rule->inferred_ns < KEEP_NS)
		return rule->inferred;
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		const struct judged_pair *carrier = table_at(&judge->pairs, number);
		if (!table_lives(&judge->pairs, number) || !mirrors(carrier, pair))
			continue;
		if (found) {
			found = 0;
			break;
		}
		found = carrier->link.hash;
	}
	rule->inferred = found;
	rule->inferred_ns = judge->now_ns;
	return found;
}
