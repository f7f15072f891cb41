/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tracker knows, as pair and sa records (DESIGN section 7).
 *
 * Clear traffic is counted per flow while it runs. When a flow is forgotten its counts are folded into its pair's mix:
 * one entry per pair and protocol name, or per port where there is no name. For the records all flows are folded, and the
 * mix, sorted by pair, is the `cleartext` list of the pair records.
 *
 * Live, packets do not stand still for this. So it is done in two steps: whoever owns the tracker copies the tables slice
 * by slice, at the cost of a copy; sorting, asking others and writing is then done from the copy, in whichever thread.
 */
#include "track.h"

#include "hash.h"
#include "track_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CLEARTEXT_MAX = 32, /* protocols listed per pair, the rest counts as "other" */
	LABEL_SIZE = 24,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_SCTP = 132,
};

struct mix_key {
	uint32_t pair;
	uint16_t generation, app;
	uint16_t port, other;
	uint32_t protocol;
};

static uint16_t service_port(const struct flow *flow)
{
	return flow->port[flow->flags & FLOW_SERVICE_IS_B ? 1 : 0];
}

static struct mix_key mix_key_of(const struct flow *flow)
{
	struct mix_key key = { .pair = flow->link.owner, .generation = flow->pair_generation };

	if (flow->app) {
		key.app = flow->app;
	} else {
		key.protocol = flow->protocol;
		key.port = service_port(flow);
	}
	return key;
}

static uint64_t mix_hash(const struct track *track, const struct mix_key *key)
{
	return hash_octets(key, sizeof(*key), track->settings.seed);
}

static struct mix *mix_obtain(struct track *track, const struct mix_key *key)
{
	uint64_t hash = mix_hash(track, key);
	uint32_t number = table_find(&track->mixes, hash);

	if (!number) {
		number = table_insert(&track->mixes, hash);
		if (!number)
			return NULL;
		struct mix *mix = table_at(&track->mixes, number);
		mix->pair = key->pair;
		mix->generation = key->generation;
		mix->app = key->app;
		mix->port = key->port;
		mix->protocol = (uint8_t)key->protocol;
		mix->other = key->other != 0;
	}
	return table_at(&track->mixes, number);
}

/* An app that runs over several services is none of them. */
static void note_service(struct mix *mix, const struct flow *flow)
{
	if (!mix->packets) {
		mix->protocol = flow->protocol;
		mix->port = service_port(flow);
	}
	if (mix->protocol != flow->protocol)
		mix->protocol = 0;
	if (mix->port != service_port(flow))
		mix->port = 0;
}

/* What flow_packets() is to know of it from now on. */
static unsigned before(const struct flow *flow, unsigned side)
{
	uint32_t packets = flow_packets(flow, side);

	return packets < FLOW_BEFORE_MAX ? packets : FLOW_BEFORE_MAX;
}

void track_flow_fold(struct track *track, struct flow *flow)
{
	struct mix_key key = mix_key_of(flow);
	struct mix *mix = mix_obtain(track, &key);
	if (!mix) {
		key = (struct mix_key){ .pair = flow->link.owner, .generation = flow->pair_generation, .other = 1 };
		mix = mix_obtain(track, &key);
		if (!mix)
			return;
	}
	if (flow->app && !mix->other)
		note_service(mix, flow);
	mix->packets += (uint64_t)flow->packets[0] + flow->packets[1];
	mix->bytes += flow->bytes[0] + flow->bytes[1];
	if (flow_packets(flow, 0) && flow_packets(flow, 1))
		flow->flags |= FLOW_ANSWERED;
	flow->before_0 = before(flow, 0) & FLOW_BEFORE_MAX;
	flow->before_1 = before(flow, 1) & FLOW_BEFORE_MAX;
	flow->packets[0] = flow->packets[1] = 0;
	flow->bytes[0] = flow->bytes[1] = 0;
}

void track_tables(const struct track *track, struct record_table tables[TRACK_TABLES])
{
	uint64_t cold = ((uint64_t)track->sas.fresh + 1) * sizeof(*track->sa_cold);
	const struct track_counters *counters = &track->counters;

	tables[0] = (struct record_table){ "flows", track->flows.used, track->flows.capacity, counters->flows_evicted,
					   table_resident(&track->flows) };
	tables[1] = (struct record_table){ "sas", track->sas.used, track->sas.capacity, counters->sas_evicted,
					   table_resident(&track->sas) + cold };
	tables[2] = (struct record_table){ "pairs", track->pairs.used, track->pairs.capacity, counters->pairs_evicted,
					   track_memory(track) - tables[0].octets - tables[1].octets };
}

struct track_costs track_costs(void)
{
	return (struct track_costs){
		.flow = table_cost(sizeof(struct flow)) + table_cost(sizeof(struct mix)),
		.sa = table_cost(sizeof(struct sa)) + sizeof(struct sa_cold),
		.pair = table_cost(sizeof(struct pair)) + table_cost(sizeof(struct story)) +
			table_cost(sizeof(struct dialogue)),
	};
}

/* ---- the copy ---- */

struct pair_facts {
	uint32_t number; /* of the pair, as mixes have it */
	uint16_t generation;
	uint32_t realm;
	struct record_pair pair;
};

struct sa_facts {
	uint32_t realm;
	struct record_sa sa;
};

/* A list that grows. */
struct list {
	void *items; /* owned */
	size_t count, room;
};

enum { PHASE_FLOWS, PHASE_MIXES, PHASE_SAS, PHASE_PAIRS, PHASE_DONE };

struct track_state {
	unsigned parts; /* enum record_part */
	uint64_t verdicts[PAIR_VERDICT_COUNT];
	unsigned phase;
	uint32_t numbers; /* that trackers before this one may have given to pairs: added to those of this one */
	uint32_t next;    /* entry of the phase's table to look at next */
	int64_t last_ns;
	bool failed; /* there was no memory for all of it */
	struct list sas, pairs, mixes;
};

struct track_state *track_state_new(unsigned parts)
{
	struct track_state *state = calloc(1, sizeof(*state));

	if (state)
		state->parts = parts;
	return state;
}

const uint64_t *track_state_verdicts(const struct track_state *state)
{
	return state->verdicts;
}

void track_state_free(struct track_state *state)
{
	if (!state)
		return;
	free(state->sas.items);
	free(state->pairs.items);
	free(state->mixes.items);
	free(state);
}

static void *add(struct track_state *state, struct list *list, size_t size)
{
	enum { ROOM_FIRST = 1024 };

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : ROOM_FIRST;
		void *more = realloc(list->items, room * size);
		if (!more) {
			state->failed = true;
			return NULL;
		}
		list->items = more;
		list->room = room;
	}
	return (unsigned char *)list->items + list->count++ * size;
}

static void copy_sa(const struct track *track, struct track_state *state, uint32_t number)
{
	const struct sa *sa = sa_at(track, number);
	const struct sa_cold *cold = &track->sa_cold[number];
	const struct pair *pair = pair_at(track, sa->link.owner);
	unsigned d = sa->flags & SA_DIRECTION ? 1 : 0;

	if (!pair->link.hash || pair->generation != sa->pair_generation)
		return; /* its pair was evicted, and with it the addresses: counted there */
	if (sa->flags & SA_DOUBTED)
		return; /* until it is known to be one */
	struct sa_facts *facts = add(state, &state->sas, sizeof(*facts));
	if (!facts)
		return;
	struct sequence sequence = cold->sequence;
	struct sequence_run run = sa->run;
	sequence_settle(&sequence, &run, sa->last_ns);
	facts->realm = pair->realm;
	facts->sa = (struct record_sa){
		.src = pair->address[d],
		.dst = pair->address[!d],
		.spi = sa->spi,
		.protocol = sa->flags & SA_AH ? 51 : 50,
		.encap = sa->encap,
		.first_ns = cold->first_ns,
		.last_ns = sa->last_ns,
		.packets = sa->packets,
		.bytes = sa->bytes,
		.seq_first = sequence.first,
		.seq_last = sequence.high,
		.lost = sequence_lost(&sequence),
		.replayed = sequence.replayed,
		.state = SA_ACTIVE,
		.realm = pair->realm,
	};
}

/* `clear`: packets offended. */
static enum pair_verdict verdict_of(const struct pair *pair, bool clear)
{
	bool esp = (pair->flags & PAIR_HAS_ESP) != 0;

	if (esp)
		return clear ? PAIR_MIXED : PAIR_SECURED;
	if (pair->flags & PAIR_HAS_AH)
		return clear ? PAIR_MIXED : PAIR_INTEGRITY_ONLY;
	if (clear)
		return PAIR_CLEARTEXT;
	if (pair->flags & PAIR_HAS_IKE)
		return PAIR_NEGOTIATING;
	return pair->flags & PAIR_CLEAR ? PAIR_CLEARTEXT : PAIR_IDLE;
}

static void copy_pair(const struct track *track, struct track_state *state, uint32_t number)
{
	const struct pair *pair = pair_at(track, number);
	const struct story *story = pair->story ? story_at(track, pair->story) : NULL;
	bool clear = story && (story->clear_packets[0] || story->clear_packets[1]);
	enum pair_verdict verdict = verdict_of(pair, clear);
	struct pair_facts *facts;

	state->verdicts[verdict]++;
	bool asked = verdict == PAIR_SECURED && (pair->flags & PAIR_READABLE);
	if ((!(state->parts & RECORD_PART_PAIRS) && !asked) || !(facts = add(state, &state->pairs, sizeof(*facts))))
		return;
	facts->number = state->numbers + number;
	facts->generation = pair->generation;
	facts->realm = pair->realm;
	facts->pair = (struct record_pair){
		.a = pair->address[0],
		.b = pair->address[1],
		.verdict = verdict,
		.esp_packets = pair_esp_packets(pair),
		.esp_bytes = pair->esp_bytes,
		.offending_packets = clear ? story->clear_packets[0] + story->clear_packets[1] : 0,
		.offending_bytes = clear ? story->clear_bytes : 0,
		.rekey_interval_median = -1,
		.realm = pair->realm,
	};
}

static void copy_mix(const struct track *track, struct track_state *state, uint32_t number)
{
	const struct mix *mix = table_at(&track->mixes, number);
	struct mix *copy = mix->packets ? add(state, &state->mixes, sizeof(*copy)) : NULL;

	if (!copy)
		return;
	*copy = *mix;
	copy->pair += state->numbers;
}

/* Sends for what folding the flow of this number will need: where its mix is found, and then, `found`, the mix. */
static void fetch_mix(const struct track *track, uint32_t number, bool found)
{
	if (number > track->flows.fresh || !table_lives(&track->flows, number))
		return;
	struct mix_key key = mix_key_of(flow_at(track, number));
	table_prefetch(&track->mixes, mix_hash(track, &key), found);
}

/* Whether the phase is of a part that was asked for; pairs are looked over for their verdicts in any case. */
static bool is_wanted(const struct track_state *state)
{
	static const unsigned parts[PHASE_DONE] = {
		[PHASE_FLOWS] = RECORD_PART_PAIRS,
		[PHASE_MIXES] = RECORD_PART_PAIRS,
		[PHASE_SAS] = RECORD_PART_SAS,
	};
	unsigned part = parts[state->phase];

	return !part || (state->parts & part);
}

bool track_state_collect(struct track *track, struct track_state *state, uint32_t entries)
{
	enum { AHEAD = 8 }; /* flows are folded one after the other, and their mixes are anywhere */
	const struct table *const tables[PHASE_DONE] = { &track->flows, &track->mixes, &track->sas, &track->pairs };

	for (; state->phase < PHASE_DONE; state->phase++, state->next = 0) {
		const struct table *table = tables[state->phase];
		if (!is_wanted(state))
			continue;
		for (; state->next < table->fresh; entries--) {
			if (entries == 0)
				return false;
			uint32_t number = ++state->next;
			if (!table_lives(table, number))
				continue;
			switch (state->phase) {
			case PHASE_FLOWS:
				fetch_mix(track, number + 2 * AHEAD, false);
				fetch_mix(track, number + AHEAD, true);
				track_flow_fold(track, table_at(table, number));
				break;
			case PHASE_MIXES:
				copy_mix(track, state, number);
				break;
			case PHASE_SAS:
				copy_sa(track, state, number);
				break;
			default:
				copy_pair(track, state, number);
				break;
			}
		}
	}
	if (track->counters.last_ns > state->last_ns)
		state->last_ns = track->counters.last_ns;
	return true;
}

void track_state_go_on(struct track_state *state, const struct track *from)
{
	state->numbers += from->pairs.capacity + 1;
	state->phase = PHASE_FLOWS;
	state->next = 0;
}

/* ---- the records ---- */

static int compare_pairs(uint32_t realm, const struct address address[2], uint32_t other_realm,
			 const struct address other[2])
{
	if (realm != other_realm)
		return realm < other_realm ? -1 : 1;
	int order = address_compare(&address[0], &other[0]);
	return order ? order : address_compare(&address[1], &other[1]);
}

static int by_sa(const void *left, const void *right)
{
	const struct sa_facts *a = left, *b = right;

	if (a->sa.first_ns != b->sa.first_ns)
		return a->sa.first_ns < b->sa.first_ns ? -1 : 1;
	if (a->sa.spi != b->sa.spi)
		return a->sa.spi < b->sa.spi ? -1 : 1;
	if (a->sa.protocol != b->sa.protocol)
		return a->sa.protocol < b->sa.protocol ? -1 : 1;
	unsigned l = address_compare(&a->sa.src, &a->sa.dst) > 0, r = address_compare(&b->sa.src, &b->sa.dst) > 0;
	if (l != r)
		return l < r ? -1 : 1;
	return compare_pairs(a->realm, (struct address[2]){ l ? a->sa.dst : a->sa.src, l ? a->sa.src : a->sa.dst },
			     b->realm, (struct address[2]){ r ? b->sa.dst : b->sa.src, r ? b->sa.src : b->sa.dst });
}

static int by_pair(const void *left, const void *right)
{
	const struct pair_facts *a = left, *b = right;

	return compare_pairs(a->realm, (struct address[2]){ a->pair.a, a->pair.b }, b->realm,
			     (struct address[2]){ b->pair.a, b->pair.b });
}

static int by_mix(const void *left, const void *right)
{
	const struct mix *l = left, *r = right;

	if (l->other != r->other)
		return l->other - r->other;
	if (l->bytes != r->bytes)
		return l->bytes > r->bytes ? -1 : 1;
	if (l->app != r->app)
		return l->app < r->app ? -1 : 1;
	if (l->protocol != r->protocol)
		return l->protocol < r->protocol ? -1 : 1;
	return l->port < r->port ? -1 : l->port > r->port;
}

static const char *label(const struct mix *mix, const struct track_knowledge *knowledge, char buffer[LABEL_SIZE])
{
	const char *name = mix->app ? knowledge->app_name(knowledge->context, mix->app) : NULL;

	if (name)
		return name;
	if (mix->other)
		return "other";
	switch (mix->protocol) {
	case PROTOCOL_ICMP:
		return "icmp";
	case PROTOCOL_ICMPV6:
		return "icmpv6";
	case PROTOCOL_TCP:
		snprintf(buffer, LABEL_SIZE, "tcp/%u", mix->port);
		break;
	case PROTOCOL_UDP:
		snprintf(buffer, LABEL_SIZE, "udp/%u", mix->port);
		break;
	case PROTOCOL_SCTP:
		snprintf(buffer, LABEL_SIZE, "sctp/%u", mix->port);
		break;
	default:
		snprintf(buffer, LABEL_SIZE, "proto/%u", mix->protocol);
		break;
	}
	return buffer;
}

static bool with_ports(uint8_t protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP;
}

/* The mixes in order of their pairs' numbers, and where those of each number begin; one more is the end. */
struct mix_groups {
	struct mix *mixes;  /* owned */
	uint32_t *first;    /* by pair number; owned */
	uint32_t pairs_end; /* numbers before it */
};

static bool group_mixes(const struct track_state *state, struct mix_groups *groups)
{
	const struct mix *mixes = state->mixes.items;
	const struct pair_facts *pairs = state->pairs.items;
	uint32_t end = 1;

	for (size_t i = 0; i < state->pairs.count; i++)
		if (pairs[i].number >= end)
			end = pairs[i].number + 1;
	groups->mixes = malloc((state->mixes.count + 1) * sizeof(*groups->mixes));
	groups->first = calloc((size_t)end + 2, sizeof(*groups->first));
	groups->pairs_end = end;
	if (!groups->mixes || !groups->first)
		return false;
	/* Counted one place further on, so that placing them moves each beginning to where it belongs. */
	for (size_t i = 0; i < state->mixes.count; i++)
		if (mixes[i].pair < end)
			groups->first[mixes[i].pair + 2]++;
	for (uint32_t pair = 2; pair < end + 2; pair++)
		groups->first[pair] += groups->first[pair - 1];
	for (size_t i = 0; i < state->mixes.count; i++)
		if (mixes[i].pair < end)
			groups->mixes[groups->first[mixes[i].pair + 1]++] = mixes[i];
	return true;
}

/* Where pairs were not asked for, only its verdict counts. */
static void write_pair(struct track_state *state, struct pair_facts *facts, const struct mix_groups *groups,
		       const struct track_knowledge *knowledge, const struct record_sink *sink)
{
	struct record_protocol protocols[CLEARTEXT_MAX];
	char labels[CLEARTEXT_MAX][LABEL_SIZE];
	const char *carries[RECORD_CARRIES_MAX];
	struct mix *mixes = &groups->mixes[groups->first[facts->number]];
	size_t listed = 0, count = groups->first[facts->number + 1] - groups->first[facts->number];
	struct record record = { .type = RECORD_PAIR, .time_ns = state->last_ns };

	if (count > 1)
		qsort(mixes, count, sizeof(*mixes), by_mix);
	for (const struct mix *mix = mixes; mix < mixes + count; mix++) {
		/* A place in the table may have had other pairs before; only the last one's generation counts. */
		if (mix->generation != facts->generation)
			continue;
		if (listed == CLEARTEXT_MAX) {
			protocols[CLEARTEXT_MAX - 1].name = "other";
			protocols[CLEARTEXT_MAX - 1].ip_protocol = 0;
			protocols[CLEARTEXT_MAX - 1].port = 0;
			protocols[CLEARTEXT_MAX - 1].packets += mix->packets;
			protocols[CLEARTEXT_MAX - 1].bytes += mix->bytes;
			continue;
		}
		protocols[listed].name = label(mix, knowledge, labels[listed]);
		protocols[listed].ip_protocol = mix->other ? 0 : mix->protocol;
		protocols[listed].port = with_ports(mix->protocol) && !mix->other ? mix->port : 0;
		protocols[listed].packets = mix->packets;
		protocols[listed].bytes = mix->bytes;
		listed++;
	}
	record.pair = facts->pair;
	record.pair.cleartext = protocols;
	record.pair.cleartext_count = listed;
	knowledge->pair(knowledge->context, facts->realm, &record.pair, carries);
	state->verdicts[facts->pair.verdict]--;
	state->verdicts[record.pair.verdict]++;
	if (state->parts & RECORD_PART_PAIRS)
		record_write(sink, &record);
}

static void sort(struct list *list, size_t size, int (*compare)(const void *left, const void *right))
{
	if (list->count)
		qsort(list->items, list->count, size, compare);
}

bool track_state_write(struct track_state *state, bool sorted, const struct track_knowledge *knowledge,
		       const struct record_sink *sink)
{
	struct sa_facts *sas = state->sas.items;
	struct pair_facts *pairs = state->pairs.items;

	if (state->failed)
		return false;
	if (sorted)
		sort(&state->sas, sizeof(*sas), by_sa);
	for (size_t i = 0; i < state->sas.count; i++) {
		struct record record = { .type = RECORD_SA, .time_ns = sas[i].sa.last_ns, .sa = sas[i].sa };
		knowledge->sa(knowledge->context, sas[i].realm, &record.sa);
		record_write(sink, &record);
	}
	if (knowledge->ike_sas && (state->parts & RECORD_PART_IKE_SAS))
		knowledge->ike_sas(knowledge->context, sink);
	struct mix_groups groups;
	if (sorted)
		sort(&state->pairs, sizeof(*pairs), by_pair);
	bool grouped = group_mixes(state, &groups);
	for (size_t i = 0; grouped && i < state->pairs.count; i++)
		write_pair(state, &pairs[i], &groups, knowledge, sink);
	free(groups.mixes);
	free(groups.first);
	return grouped;
}

void track_write_records(struct track *track, const struct track_knowledge *knowledge, const struct record_sink *sink)
{
	struct track_state *state = track_state_new(RECORD_PARTS_USUAL);

	if (!state)
		return;
	while (!track_state_collect(track, state, UINT32_MAX))
		;
	track_state_write(state, true, knowledge, sink);
	track_state_free(state);
}
