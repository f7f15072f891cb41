/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next engine is to know, written while this one works: pairs that speak ESP or AH both ways, with how their keys
 * changed, and hosts, with what they take. recall.c takes it back. See judge_state.h.
 *
 * What changed waits in a queue, which is written every remember_ns; a hand goes round all pairs and hosts once in
 * remember_round_ns, for silences that were not written at once, and for what found no room in the queue. So much is lost
 * with an engine that is killed: the last seconds, and how long ago a pair fell quiet that did so in the last minutes.
 *
 * Who sends packets chooses what is known. Of a pair that was only ever seen to speak both ways nothing is written: it has to
 * be learned, or named by a rule, or to have changed keys; of a host, to have spoken with an answer.
 */
#include "hash.h"
#include "judge_state.h"
#include "rule_leak.h"
#include "rules.h"

#include <stdlib.h>

enum {
	QUEUE_ROOM = 1 << 16, /* a power of two */
	AT_ONCE = 4096, /* records of a step, and entries that are looked at in one where all is to be written again */
	WALK_MAX = 64,
};
#define HOST_BIT (UINT32_C(1) << 31)

bool known_init(struct judge *judge)
{
	if (!judge->settings.remember)
		return true;
	judge->known.queue = malloc(QUEUE_ROOM * sizeof(*judge->known.queue));
	return judge->known.queue != NULL;
}

/* ---- what is worth writing ---- */

static bool worth_pair(const struct judge *judge, const struct judged_pair *pair)
{
	if (!pair->esp[0].first_ns || !pair->esp[1].first_ns)
		return false;
	return pair->learned || pair->rekeys[0].count || pair->rekeys[1].count || judge_rule_or_carried(judge, pair);
}

static bool worth_host(const struct judged_host *host)
{
	return host->told_new || host->takes || host->proof_held;
}

static void enqueue(struct judge *judge, uint32_t number, bool *queued)
{
	struct judged_known *known = &judge->known;

	if (*queued || known->count == QUEUE_ROOM)
		return;
	*queued = true;
	known->queue[(known->head + known->count++) % QUEUE_ROOM] = number;
}

void known_note_pair(struct judge *judge, struct judged_pair *pair)
{
	if (judge->known.queue && !pair->known_queued && worth_pair(judge, pair))
		enqueue(judge, table_number(&judge->pairs, pair), &pair->known_queued);
}

void known_note_quiet(struct judge *judge, struct judged_pair *pair)
{
	if (!pair->known_ns || judge->now_ns - pair->known_ns >= judge->settings.thresholds.remember_idle_ns)
		known_note_pair(judge, pair);
}

void known_note_host(struct judge *judge, struct judged_host *host)
{
	if (judge->known.queue && !host->known_queued && worth_host(host))
		enqueue(judge, table_number(&judge->hosts, host) | HOST_BIT, &host->known_queued);
}

struct judged_suites *known_suites(struct judge *judge, const struct address *host, bool make)
{
	enum { CANDIDATES = 16 };
	uint64_t hash = hash_octets(host->bytes, 16, judge->settings.seed);
	uint32_t number = table_find(&judge->suites, hash);

	if (number || !make)
		return number ? table_at(&judge->suites, number) : NULL;
	number = table_insert(&judge->suites, hash);
	if (!number) {
		uint32_t oldest = 0;
		for (unsigned i = 0; i < CANDIDATES; i++) {
			uint32_t drawn = table_draw(&judge->suites);
			if (drawn &&
			    (!oldest || ((struct judged_suites *)table_at(&judge->suites, drawn))->last_ns <
					    ((struct judged_suites *)table_at(&judge->suites, oldest))->last_ns))
				oldest = drawn;
		}
		if (oldest)
			table_evict(&judge->suites, oldest);
		number = table_insert(&judge->suites, hash);
	}
	return number ? table_at(&judge->suites, number) : NULL;
}

/* ---- records ---- */

static void describe_rekeys(const struct judged_rekeys *rekeys, struct known_direction *known)
{
	uint32_t count = rekeys->count < REKEY_REMEMBERED ? rekeys->count : REKEY_REMEMBERED;

	known->rekeys = rekeys->count;
	known->habit = rekeys->habit;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = (rekeys->at + REKEY_REMEMBERED - count + i) % REKEY_REMEMBERED;
		if (rekeys->interval_ns[place] <= 0)
			continue; /* nor did the engine before this one know it */
		known->rekey[known->rekey_count++] =
		    (struct known_rekey){ rekeys->interval_ns[place], rekeys->bytes[place],
					  (enum record_initiator)rekeys->initiator[place] };
	}
	known->remembered = rekeys->remembered < known->rekey_count ? rekeys->remembered : known->rekey_count;
}

static void describe_sas(const struct judge *judge, const struct judged_pair *pair, unsigned direction,
			 struct known_direction *known)
{
	uint32_t number = pair->newest_sa[direction];

	for (unsigned i = 0; number && i < WALK_MAX && known->sa_count < KNOWN_SAS; i++) {
		const struct judged_sa *sa = table_at(&judge->sas, number);
		number = sa->older;
		if (known->sa_count && sa->born_ns > known->sa[known->sa_count - 1].born_ns)
			continue;
		known->sa[known->sa_count++] =
		    (struct known_spi){ sa->spi,
					sa->protocol,
					sa->told_down,
					sa->born_ns,
					sa->last_ns > sa->born_ns ? sa->last_ns : sa->born_ns,
					sa->keyed_ns };
	}
}

static void describe_services(const struct leak *leak, struct record_known_pair *known)
{
	for (unsigned i = 0; i < leak->service_count && known->beside_count < KNOWN_SERVICES; i++) {
		const struct transition_service *service = &leak->services[i].service;
		if (leak->services[i].beside)
			known->beside[known->beside_count++] =
			    (struct known_service){ service->protocol, service->port, service->encrypted };
	}
}

static uint8_t running_of(const struct judged_pair *pair)
{
	return (uint8_t)((pair->esp[0].running ? 1 : 0) | (pair->esp[1].running ? 2 : 0));
}

static void write_pair(struct judge *judge, struct judged_pair *pair)
{
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = judge->now_ns };
	struct record_known_pair *known = &record.known_pair;

	known->a = pair->address[0];
	known->b = pair->address[1];
	known->realm = pair->realm;
	known->vlan = pair->vlan;
	known->learned = pair->learned;
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_esp *esp = &pair->esp[d];
		known->direction[d].first_ns = esp->first_ns;
		known->direction[d].last_ns = judge_esp_last(judge, esp);
		known->direction[d].running = esp->running;
		describe_rekeys(&pair->rekeys[d], &known->direction[d]);
		describe_sas(judge, pair, d, &known->direction[d]);
	}
	describe_services(&pair->leak, known);
	pair->known_ns = judge->now_ns;
	pair->known_running = running_of(pair);
	judge->known.written_ns = judge->now_ns;
	record_write(&judge->sink, &record);
}

static void write_host(struct judge *judge, struct judged_host *host)
{
	struct record record = { .type = RECORD_KNOWN_HOST, .time_ns = judge->now_ns };
	struct record_known_host *known = &record.known_host;
	const struct judged_suites *suites = known_suites(judge, &host->address, false);

	known->address = host->address;
	known->first_peer = host->first_peer;
	known->more = host->more;
	known->told_new = host->told_new;
	known->proof_held = host->proof_held;
	known->takes = host->takes;
	known->last_ns = host->last_ns ? host->last_ns : judge->now_ns;
	if (suites) {
		known->chose = suites->chose;
		known->offered = suites->offered;
	}
	host->known_ns = judge->now_ns;
	record_write(&judge->sink, &record);
}

void known_forget_pair(struct judge *judge, struct judged_pair *pair)
{
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = judge->now_ns };

	if (!pair->known_ns || !judge->known.queue)
		return;
	pair->known_ns = 0;
	record.known_pair.a = pair->address[0];
	record.known_pair.b = pair->address[1];
	record.known_pair.realm = pair->realm;
	record.known_pair.forgotten = true;
	record_write(&judge->sink, &record);
}

/* ---- the round ---- */

/* What was written is no longer so, or goes on. */
static void look_at_pair(struct judge *judge, struct judged_pair *pair)
{
	if (pair->learned && !learn_holds(judge, pair, judge->now_ns)) {
		rule_leak_end(judge, pair, "forgotten");
		learn_forget(judge, pair);
	}
	if (!worth_pair(judge, pair)) {
		known_forget_pair(judge, pair);
		return;
	}
	bool went_on = judge_pair_esp_last(judge, pair) > pair->known_ns &&
		       judge->now_ns - pair->known_ns >= judge->settings.thresholds.remember_fresh_ns;
	if (!pair->known_ns || pair->known_ns < judge->known.again_ns || pair->known_running != running_of(pair) ||
	    went_on)
		known_note_pair(judge, pair);
}

static void look_at_host(struct judge *judge, struct judged_host *host)
{
	bool went_on = host->last_ns > host->known_ns &&
		       judge->now_ns - host->known_ns >= judge->settings.thresholds.remember_fresh_ns;
	if (!host->known_ns || host->known_ns < judge->known.again_ns || went_on)
		known_note_host(judge, host);
}

static void look_around(struct judge *judge)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	struct judged_known *known = &judge->known;
	uint32_t fresh = judge->pairs.fresh > judge->hosts.fresh ? judge->pairs.fresh : judge->hosts.fresh;
	uint32_t entries = (uint32_t)(fresh * thresholds->remember_ns / thresholds->remember_round_ns) + 1;

	if (known->again) {
		entries = known->again < AT_ONCE ? known->again : AT_ONCE;
		known->again -= entries;
	}
	for (uint32_t i = 0; i < entries && judge->pairs.fresh; i++) {
		known->pair_hand = known->pair_hand % judge->pairs.fresh + 1;
		if (table_lives(&judge->pairs, known->pair_hand))
			look_at_pair(judge, table_at(&judge->pairs, known->pair_hand));
	}
	for (uint32_t i = 0; i < entries && judge->hosts.fresh; i++) {
		known->host_hand = known->host_hand % judge->hosts.fresh + 1;
		if (table_lives(&judge->hosts, known->host_hand))
			look_at_host(judge, table_at(&judge->hosts, known->host_hand));
	}
}

/* Whoever comes after has to know until when this engine saw that pairs spoke on. */
static void beat(struct judge *judge)
{
	enum { TRIES = 64 };
	struct judged_known *known = &judge->known;

	if (judge->now_ns - known->written_ns < judge->settings.thresholds.remember_beat_ns)
		return;
	for (unsigned i = 0; i < TRIES && judge->pairs.fresh && !known->count; i++) {
		known->beat_hand = known->beat_hand % judge->pairs.fresh + 1;
		if (table_lives(&judge->pairs, known->beat_hand))
			known_note_pair(judge, table_at(&judge->pairs, known->beat_hand));
	}
}

static void write_queue(struct judge *judge, uint32_t most)
{
	struct judged_known *known = &judge->known;

	for (uint32_t i = 0; i < most && known->count > 0; i++) {
		uint32_t number = known->queue[known->head];
		known->head = (known->head + 1) % QUEUE_ROOM;
		known->count--;
		if (number & HOST_BIT) {
			struct judged_host *host = table_at(&judge->hosts, number & ~HOST_BIT);
			/* It may have made room since, for another one that waits too. */
			if (!host->link.hash || !host->known_queued)
				continue;
			host->known_queued = false;
			write_host(judge, host);
		} else {
			struct judged_pair *pair = table_at(&judge->pairs, number);
			if (!pair->link.hash || !pair->known_queued)
				continue;
			pair->known_queued = false;
			write_pair(judge, pair);
		}
	}
}

void known_step(struct judge *judge)
{
	struct judged_known *known = &judge->known;

	if (!known->queue || judge->now_ns < known->due_ns)
		return;
	known->due_ns = judge->now_ns + judge->settings.thresholds.remember_ns;
	look_around(judge);
	beat(judge);
	write_queue(judge, AT_ONCE);
}

void judge_tell_known(struct judge *judge)
{
	struct judged_known *known = &judge->known;

	known->again_ns = judge->now_ns;
	known->again = judge->pairs.fresh > judge->hosts.fresh ? judge->pairs.fresh : judge->hosts.fresh;
	known->due_ns = 0;
}

void known_finish(struct judge *judge)
{
	if (!judge->known.queue)
		return;
	judge->known.again_ns = judge->now_ns;
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++)
		if (table_lives(&judge->pairs, number))
			look_at_pair(judge, table_at(&judge->pairs, number));
	for (uint32_t number = 1; number <= judge->hosts.fresh; number++)
		if (table_lives(&judge->hosts, number))
			look_at_host(judge, table_at(&judge->hosts, number));
	write_queue(judge, QUEUE_ROOM);
}
