/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rate of alerts keeps for those that others crowd out.
 *
 * The rate alone would be first come, first told: a flood of forged addresses that a rule wants secured, or a network that
 * fails as a whole, would keep a leak elsewhere waiting for as long as there is more of the flood. So there is as much again
 * for pairs of which both sides spoke IKE or ESP, which no forger brings about, and for hosts that stand for many pairs;
 * of it any two networks get no more than SHARE a minute. See alert_desk.h.
 */
#include "alert_desk_state.h"

#include "hash.h"
#include "judge_state.h"

#include <string.h>

#define MINUTE (60 * INT64_C(1000000000))

enum { SHARE = 2, NETWORK_IPV4 = 15, NETWORK_IPV6 = 8 }; /* octets of an address that name its network: /24, /64 */

/*
 * Where the alerts of two networks are counted: in two places, of which each may have others to count too. What stands in the
 * one that has fewer is no less than theirs, and two that both have others are rare.
 */
static void shares_of(const struct judge *judge, const struct desk_entry *entry, struct desk_share *shares[2])
{
	struct address networks[2] = { entry->a, entry->b };

	for (unsigned side = 0; side < 2; side++) {
		unsigned octets = address_is_ipv4(&networks[side]) ? NETWORK_IPV4 : NETWORK_IPV6;
		memset(networks[side].bytes + octets, 0, sizeof(networks[side].bytes) - octets);
	}
	if (!entry->has_pair)
		memset(&networks[1], 0, sizeof(networks[1]));
	uint64_t hash = hash_octets(networks, sizeof(networks), judge->settings.seed);
	for (unsigned i = 0; i < 2; i++, hash /= DESK_SHARES) {
		shares[i] = &judge->desk->shares[hash % DESK_SHARES];
		if (judge->now_ns - shares[i]->since_ns >= MINUTE)
			*shares[i] = (struct desk_share){ .since_ns = judge->now_ns };
	}
}

static bool proven(struct judge *judge, const struct desk_entry *entry)
{
	if (!entry->has_pair)
		return true;
	const struct judged_pair *pair = judge_pair(judge, entry->realm, &entry->a, &entry->b);
	return pair && judge_two_way(pair);
}

bool desk_reserves(struct judge *judge, const struct desk_entry *entry)
{
	struct alert_desk *desk = judge->desk;
	enum alert_class class = alert_class(entry->id);
	int64_t now = judge->now_ns, cost = MINUTE / desk->settings.per_minute[class];
	int64_t reserve = desk->reserve_ns[class] + (now - desk->reserved_ns[class]);

	if (!proven(judge, entry))
		return false;
	desk->reserve_ns[class] = reserve < MINUTE ? reserve : MINUTE;
	desk->reserved_ns[class] = now;
	struct desk_share *shares[2];
	shares_of(judge, entry, shares);
	if (desk->reserve_ns[class] < cost || (shares[0]->told >= SHARE && shares[1]->told >= SHARE))
		return false;
	desk->reserve_ns[class] -= cost;
	shares[0]->told++;
	shares[1]->told += shares[1] != shares[0];
	return true;
}
