/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tracker writes at the end of an audit: the pair and sa records (DESIGN section 7).
 *
 * Clear traffic is counted per flow while it runs. When a flow is forgotten its counts are folded into its pair's mix:
 * one entry per pair and protocol name, or per port where there is no name. At the end all flows are folded, and the mix,
 * sorted by pair, is the `cleartext` list of the pair records.
 */
#include "track.h"

#include "hash.h"
#include "track_state.h"

#include <stdio.h>
#include <stdlib.h>

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

static struct mix *mix_obtain(struct track *track, const struct mix_key *key)
{
	uint64_t hash = hash_octets(key, sizeof(*key), track->settings.seed);
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

void track_flow_fold(struct track *track, struct flow *flow)
{
	struct mix_key key = { .pair = flow->link.owner, .generation = flow->pair_generation };

	if (flow->app) {
		key.app = flow->app;
	} else {
		key.protocol = flow->protocol;
		key.port = flow->port[flow->flags & FLOW_SERVICE_IS_B ? 1 : 0];
	}
	struct mix *mix = mix_obtain(track, &key);
	if (!mix) {
		key = (struct mix_key){ .pair = flow->link.owner, .generation = flow->pair_generation, .other = 1 };
		mix = mix_obtain(track, &key);
		if (!mix)
			return;
	}
	mix->packets += (uint64_t)flow->packets[0] + flow->packets[1];
	mix->bytes += flow->bytes[0] + flow->bytes[1];
	if (flow->packets[0] && flow->packets[1])
		flow->flags |= FLOW_ANSWERED;
	flow->packets[0] = flow->packets[1] = 0;
	flow->bytes[0] = flow->bytes[1] = 0;
}

/* ---- sa records ---- */

static int compare_pairs(const struct pair *left, const struct pair *right)
{
	if (left->realm != right->realm)
		return left->realm < right->realm ? -1 : 1;
	int order = address_compare(&left->address[0], &right->address[0]);
	return order ? order : address_compare(&left->address[1], &right->address[1]);
}

static int compare_sas(const struct track *track, uint32_t left, uint32_t right)
{
	const struct sa *a = table_at(&track->sas, left), *b = table_at(&track->sas, right);
	int64_t l = a->first_ns, r = b->first_ns;

	if (l != r)
		return l < r ? -1 : 1;
	if (a->spi != b->spi)
		return a->spi < b->spi ? -1 : 1;
	if ((a->flags ^ b->flags) & (SA_DIRECTION | SA_AH))
		return (a->flags & (SA_DIRECTION | SA_AH)) < (b->flags & (SA_DIRECTION | SA_AH)) ? -1 : 1;
	return compare_pairs(table_at(&track->pairs, a->link.owner), table_at(&track->pairs, b->link.owner));
}

static int by_sa(const void *left, const void *right, void *context)
{
	return compare_sas(context, *(const uint32_t *)left, *(const uint32_t *)right);
}

static void write_sa(struct track *track, uint32_t number, const struct track_knowledge *knowledge,
		     const struct record_sink *sink)
{
	const struct sa *sa = table_at(&track->sas, number);
	const struct sequence *sequence = &track->sa_cold[number].sequence;
	const struct pair *pair = table_at(&track->pairs, sa->link.owner);
	unsigned d = sa->flags & SA_DIRECTION ? 1 : 0;
	struct record record = { .type = RECORD_SA, .time_ns = sa->last_ns };

	if (!pair->link.hash || pair->generation != sa->pair_generation)
		return; /* its pair was evicted, and with it the addresses: counted there */
	record.sa = (struct record_sa){
		.src = pair->address[d],
		.dst = pair->address[!d],
		.spi = sa->spi,
		.protocol = sa->flags & SA_AH ? 51 : 50,
		.encap = sa->encap,
		.first_ns = sa->first_ns,
		.last_ns = sa->last_ns,
		.packets = sa->packets,
		.bytes = sa->bytes,
		.seq_first = sequence->first,
		.seq_last = sequence->high,
		.lost = sequence_lost(sequence),
		.replayed = sequence->replayed,
		.state = SA_ACTIVE,
	};
	knowledge->sa(knowledge->context, pair->realm, &record.sa);
	record_write(sink, &record);
}

static uint32_t *living(const struct table *table)
{
	uint32_t *order = malloc(((size_t)table->used + 1) * sizeof(*order));
	size_t count = 0;

	if (!order)
		return NULL;
	for (uint32_t number = 1; number <= table->fresh; number++)
		if (table_lives(table, number))
			order[count++] = number;
	return order;
}

/* ---- pair records ---- */

static int by_pair(const void *left, const void *right, void *context)
{
	const struct track *track = context;

	return compare_pairs(table_at(&track->pairs, *(const uint32_t *)left),
			     table_at(&track->pairs, *(const uint32_t *)right));
}

static int by_mix(const void *left, const void *right, void *context)
{
	const struct track *track = context;
	const struct mix *l = table_at(&track->mixes, *(const uint32_t *)left);
	const struct mix *r = table_at(&track->mixes, *(const uint32_t *)right);

	if (l->pair != r->pair)
		return l->pair < r->pair ? -1 : 1;
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

/* Writes one pair; `mixes` are its `count` entries of the mix. */
static void write_pair(struct track *track, const struct pair *pair, const uint32_t *mixes, size_t count,
		       const struct track_knowledge *knowledge, const struct record_sink *sink)
{
	struct record_protocol protocols[CLEARTEXT_MAX];
	char labels[CLEARTEXT_MAX][LABEL_SIZE];
	size_t listed = 0;
	const struct story *story = pair->story ? table_at(&track->stories, pair->story) : NULL;
	struct record record = { .type = RECORD_PAIR, .time_ns = track->counters.last_ns };

	for (size_t i = 0; i < count; i++) {
		const struct mix *mix = table_at(&track->mixes, mixes[i]);
		if (mix->packets == 0)
			continue;
		if (listed == CLEARTEXT_MAX) {
			protocols[CLEARTEXT_MAX - 1].name = "other";
			protocols[CLEARTEXT_MAX - 1].packets += mix->packets;
			protocols[CLEARTEXT_MAX - 1].bytes += mix->bytes;
			continue;
		}
		protocols[listed].name = label(mix, knowledge, labels[listed]);
		protocols[listed].packets = mix->packets;
		protocols[listed].bytes = mix->bytes;
		listed++;
	}
	bool clear = story && (story->clear_packets[0] || story->clear_packets[1]);
	record.pair = (struct record_pair){
		.a = pair->address[0],
		.b = pair->address[1],
		.verdict = verdict_of(pair, clear),
		.esp_packets = (uint64_t)pair->esp_packets[0] + pair->esp_packets[1],
		.esp_bytes = pair->esp_bytes,
		.cleartext = protocols,
		.cleartext_count = listed,
		.rekey_interval_median = -1,
	};
	knowledge->pair(knowledge->context, pair->realm, &record.pair);
	record_write(sink, &record);
}

static size_t first_mix_of(const struct track *track, const uint32_t *mixes, size_t count, uint32_t pair)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (((const struct mix *)table_at(&track->mixes, mixes[middle]))->pair < pair)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void track_write_records(struct track *track, const struct track_knowledge *knowledge, const struct record_sink *sink)
{
	for (uint32_t number = 1; number <= track->flows.fresh; number++)
		if (table_lives(&track->flows, number))
			track_flow_fold(track, table_at(&track->flows, number));
	uint32_t *sas = living(&track->sas);
	uint32_t *pairs = living(&track->pairs);
	uint32_t *mixes = living(&track->mixes);
	if (sas && pairs && mixes) {
		size_t mix_count = track->mixes.used;
		qsort_r(sas, track->sas.used, sizeof(*sas), by_sa, track);
		for (uint32_t i = 0; i < track->sas.used; i++)
			write_sa(track, sas[i], knowledge, sink);
		if (knowledge->ike_sas)
			knowledge->ike_sas(knowledge->context, sink);
		qsort_r(mixes, mix_count, sizeof(*mixes), by_mix, track);
		qsort_r(pairs, track->pairs.used, sizeof(*pairs), by_pair, track);
		for (uint32_t i = 0; i < track->pairs.used; i++) {
			struct pair *pair = table_at(&track->pairs, pairs[i]);
			size_t from = first_mix_of(track, mixes, mix_count, pairs[i]);
			size_t count = 0;
			/* A place in the table may have had other pairs before; only the last one's generation counts. */
			size_t kept = from;
			while (from + count < mix_count) {
				const struct mix *mix = table_at(&track->mixes, mixes[from + count]);
				if (mix->pair != pairs[i])
					break;
				if (mix->generation == pair->generation)
					mixes[kept++] = mixes[from + count];
				count++;
			}
			write_pair(track, pair, mixes + from, kept - from, knowledge, sink);
		}
	}
	free(sas);
	free(pairs);
	free(mixes);
}
