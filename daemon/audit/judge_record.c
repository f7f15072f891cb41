/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge knows, for the records of pairs, SAs and IKE SAs and for the sensor's health. It only looks. See judge.h.
 */
#include "alert_desk.h"
#include "judge_state.h"
#include "readable.h"

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

/* It goes on between other addresses. */
static bool went_away(const struct judge *judge, const struct judged_sa *sa)
{
	return sa->went_to && ((const struct judged_sa *)table_at(&judge->sas, sa->went_to))->came == MOVE_SURE;
}

void judge_complete_sa(struct judge *judge, uint32_t realm, struct record_sa *record)
{
	unsigned direction = address_compare(&record->src, &record->dst) > 0;
	const struct address *a = direction ? &record->dst : &record->src, *b = direction ? &record->src : &record->dst;
	const struct judged_pair *pair = judge_pair(judge, realm, a, b);
	const struct judged_sa *sa = pair ? lineage_find(judge, pair, direction, record->protocol, record->spi) : NULL;

	record->state = SA_ACTIVE;
	if (!sa)
		return;
	if (sa->replaces) {
		record->has_replaces = true;
		record->replaces = ((const struct judged_sa *)table_at(&judge->sas, sa->replaces))->spi;
	}
	if (sa->came == MOVE_SURE) {
		record->has_continues = true;
		record->continues_spi = sa->spi;
		record->continues_src = sa->came_end ? record->src : sa->came_address;
		record->continues_dst = sa->came_end ? sa->came_address : record->dst;
	}
	if (sa->ike_major) {
		record->has_ike = true;
		record->ike_spi = sa->ike_spi;
		record->exchange = ike_story_step(sa->ike_major, sa->exchange);
		record->has_initiator = sa->initiator != INITIATOR_UNKNOWN;
		record->initiator = sa->initiator == INITIATOR_B ? *b : *a;
	}
	if (sa->stale || sa->bad_spi.open)
		record->state = SA_STALE;
	else if (sa->replaced_by || went_away(judge, sa))
		record->state = SA_SUPERSEDED;
	else if (sa->quiet && judge->now_ns - sa->last_ns > ENDED_NS)
		record->state = SA_ENDED;
}

/* Gathers the names of the rules that a pair of gateways carries. */
struct carried {
	const struct policy *policy;
	const char **names;
	size_t count;
};

static void note_carried(size_t rule, void *context)
{
	struct carried *carried = context;

	if (carried->count < RECORD_CARRIES_MAX)
		carried->names[carried->count++] = carried->policy->rules[rule].name;
}

void judge_complete_pair(struct judge *judge, uint32_t realm, struct record_pair *record,
			 const char *carries[RECORD_CARRIES_MAX])
{
	struct carried carried = { judge->settings.policy, carries, 0 };
	const struct judged_pair *pair = judge_pair(judge, realm, &record->a, &record->b);
	int64_t median = pair ? lineage_median_ns(pair) : -1;

	if (pair && record->verdict == PAIR_SECURED && (pair->readable.open || pair->hides_nothing))
		record->verdict = pair->readable_state == READABLE_PLAIN ? PAIR_CLEARTEXT : PAIR_INTEGRITY_ONLY;
	record->rule = judge_pair_rule(judge, realm, &record->a, &record->b);
	if (record->esp_packets)
		policy_gateway_rules(judge->settings.policy, record->a.bytes, record->b.bytes, note_carried, &carried);
	record->carries = carries;
	record->carries_count = carried.count;
	record->rekeys = 0;
	if (pair)
		record->rekeys =
		    pair->rekeys[0].count > pair->rekeys[1].count ? pair->rekeys[0].count : pair->rekeys[1].count;
	record->rekey_interval_median = median < 0 ? -1 : (double)median / 1e9;
	record->rekey_initiator = pair ? origin_of_rekeys(pair) : INITIATOR_UNKNOWN;
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

struct judge_costs judge_costs(void)
{
	return (struct judge_costs){
		.sa = table_cost(sizeof(struct judged_sa)) + move_index_cost(),
		.pair = table_cost(sizeof(struct judged_pair)) + table_cost(sizeof(struct judged_host)),
		.ike = ike_story_cost() + table_cost(sizeof(struct judged_suites)),
		.alert = alert_desk_cost(),
		.alerts_max = ALERT_DESK_MAX,
	};
}

uint64_t judge_ike_memory(const struct judge *judge)
{
	return ike_stories_memory(judge->stories);
}

uint64_t judge_ike_evicted(const struct judge *judge)
{
	return ike_stories_evicted(judge->stories);
}
