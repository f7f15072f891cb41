/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge knows, for the records of pairs, SAs and IKE SAs and for the sensor's health. It only looks. See judge.h.
 */
#include "judge_state.h"

#include <limits.h>

#define ENDED_NS (5 * 60 * INT64_C(1000000000)) /* an SA silent for so long counts as ended */

const char *judge_pair_rule(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b)
{
	const struct judged_pair *pair = judge_pair(judge, realm, a, b);

	if (pair && !pair->rule)
		return pair->learned ? "learned" : NULL;
	const struct policy_rule *rule = policy_match(judge->settings.policy, a->bytes, b->bytes);
	return rule ? rule->name : NULL;
}

void judge_describe_sa(struct judge *judge, uint32_t realm, const struct address *src, const struct address *dst,
		       uint8_t protocol, uint32_t spi, struct judge_sa *described)
{
	unsigned direction = address_compare(src, dst) > 0;
	const struct judged_pair *pair = judge_pair(judge, realm, direction ? dst : src, direction ? src : dst);
	const struct judged_sa *sa = pair ? lineage_find(judge, pair, direction, protocol, spi) : NULL;

	*described = (struct judge_sa){ .state = SA_ACTIVE };
	if (!sa)
		return;
	if (sa->replaces) {
		described->has_replaces = true;
		described->replaces = ((const struct judged_sa *)table_at(&judge->sas, sa->replaces))->spi;
	}
	if (sa->stale || sa->bad_spi.open)
		described->state = SA_STALE;
	else if (sa->replaced_by)
		described->state = SA_SUPERSEDED;
	else if (sa->quiet && judge->now_ns - sa->last_ns > ENDED_NS)
		described->state = SA_ENDED;
}

void judge_describe_rekeys(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b,
			   uint32_t *rekeys, double *interval_median)
{
	const struct judged_pair *pair = judge_pair(judge, realm, a, b);
	int64_t median = pair ? lineage_median_ns(pair) : -1;

	*rekeys = 0;
	if (pair)
		*rekeys = pair->rekeys[0].count > pair->rekeys[1].count ? pair->rekeys[0].count : pair->rekeys[1].count;
	*interval_median = median < 0 ? -1 : (double)median / 1e9;
}

const struct judge_counters *judge_counters(const struct judge *judge)
{
	return &judge->counters;
}

const struct ike_stories *judge_ike_stories(const struct judge *judge)
{
	return judge->stories;
}

bool judge_write_ike_sas(const struct judge *judge, const struct record_sink *sink)
{
	struct ike_walk *walk = ike_walk_new(judge->stories);

	if (!walk)
		return false;
	ike_walk_write(walk, judge->stories, UINT_MAX, sink);
	ike_walk_free(walk);
	return true;
}

void judge_tables(const struct judge *judge, struct record_table tables[JUDGE_TABLES])
{
	const struct judge_settings *settings = &judge->settings;

	tables[0] = (struct record_table){ "ike", ike_stories_count(judge->stories), settings->ike,
					   ike_stories_evicted(judge->stories), ike_stories_memory(judge->stories) };
	tables[1] = (struct record_table){ "learned", judge->learned, settings->learned, judge->networks.evicted,
					   table_resident(&judge->networks) };
	tables[2] = (struct record_table){ "judged", judge->pairs.used, judge->pairs.capacity, judge->pairs.evicted,
					   table_resident(&judge->pairs) + table_resident(&judge->sas) +
					       table_resident(&judge->hosts) };
}

uint64_t judge_ike_memory(const struct judge *judge)
{
	return ike_stories_memory(judge->stories);
}

uint64_t judge_ike_evicted(const struct judge *judge)
{
	return ike_stories_evicted(judge->stories);
}
