/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts that rules look at: with how many others each speaks IPsec, and when it was last alive. See judge_state.h. */
#include "hash.h"
#include "judge_state.h"

#define HOSTS_TOLD_NS INT64_C(1000000000) /* how often a pair tells its hosts that they speak to each other */

/* Makes room: never a host with an open alert that is more than advice; first those with one peer, of these the longest silent. */
static void evict_host(struct judge *judge)
{
	enum { CANDIDATES = 16 };
	uint32_t victim = 0;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		uint32_t number = table_sample(&judge->hosts);
		if (!number)
			break;
		const struct judged_host *host = table_at(&judge->hosts, number);
		const struct judged_host *worst = table_at(&judge->hosts, victim);
		if (host->flood.open || host->restart.open || host->check.open || host->outdated.open)
			continue;
		if (!victim || (!host->more && worst->more) ||
		    (host->more == worst->more && host->last_ns < worst->last_ns))
			victim = number;
	}
	if (!victim)
		return;
	judge_forget_host_alerts(judge, table_at(&judge->hosts, victim));
	table_evict(&judge->hosts, victim);
}

static uint64_t host_hash(const struct judge *judge, const struct address *host)
{
	return hash_octets(host->bytes, 16, judge->settings.seed);
}

struct judged_host *judge_host(struct judge *judge, const struct address *host)
{
	uint32_t number = table_find(&judge->hosts, host_hash(judge, host));

	return number ? table_at(&judge->hosts, number) : NULL;
}

struct judged_host *judge_host_obtain(struct judge *judge, const struct address *host, const struct address *peer)
{
	uint64_t hash = host_hash(judge, host);
	uint32_t number = table_find(&judge->hosts, hash);

	if (number)
		return table_at(&judge->hosts, number);
	number = table_insert(&judge->hosts, hash);
	if (!number) {
		evict_host(judge);
		number = table_insert(&judge->hosts, hash);
	}
	if (!number)
		return NULL;
	struct judged_host *known = table_at(&judge->hosts, number);
	known->address = *host;
	known->first_peer = *peer;
	return known;
}

static void speaks(struct judge *judge, const struct address *host, const struct address *peer, bool fresh_pair)
{
	struct judged_host *known = judge_host_obtain(judge, host, peer);

	if (!known)
		return; /* full: the host's habits stay unknown, which weakens a sentence, not a finding */
	if (!address_equal(&known->first_peer, peer)) {
		known->other_peer = *peer;
		if (!known->more) {
			known->more = true;
			known_note_host(judge, known);
		}
	}
	known->peers += fresh_pair;
}

void judge_host_speaks(struct judge *judge, struct judged_pair *pair)
{
	bool fresh = !pair->counted && judge_two_way(pair);

	/* Hosts do not forget from one message to the next; each is a cache miss or two. */
	if (!fresh && pair->hosts_ns && judge->now_ns - pair->hosts_ns < HOSTS_TOLD_NS)
		return;
	pair->hosts_ns = judge->now_ns;
	pair->counted |= fresh;
	speaks(judge, &pair->address[0], &pair->address[1], fresh);
	speaks(judge, &pair->address[1], &pair->address[0], fresh);
}

void judge_host_secures(struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned side = 0; side < 2; side++) {
		struct judged_host *host = judge_host(judge, &pair->address[side]);
		if (host)
			judge_host_secured(host, pair->realm, judge->now_ns);
	}
}

/* Equal addresses in other realms are other hosts. */
static uint64_t realm_bit(uint32_t realm)
{
	return UINT64_C(1) << (realm * UINT32_C(0x9e3779b9) >> 26);
}

void judge_host_secured(struct judged_host *host, uint32_t realm, int64_t time_ns)
{
	if (time_ns > host->esp_ns)
		host->esp_ns = time_ns;
	host->esp_in |= realm_bit(realm);
}

bool judge_host_speaks_esp(const struct judged_host *host, uint32_t realm)
{
	return host && host->esp_ns && (host->esp_in & realm_bit(realm));
}

void judge_host_parts(struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned side = 0; side < 2 && pair->counted; side++) {
		struct judged_host *host = judge_host(judge, &pair->address[side]);
		if (host && host->peers)
			host->peers--;
	}
}

/* Whose life the transition is a sign of; NULL: nobody's. */
static const struct address *who_lives(const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_ICMP_ERROR:
		return &transition->icmp.sender;
	case TRANSITION_ESP_QUIET:
	case TRANSITION_SA_BORN:
	case TRANSITION_SA_WOKE:
	case TRANSITION_ESP_BEGAN:
	case TRANSITION_IKE_MESSAGE:
	case TRANSITION_CLEAR_BEGAN:
	case TRANSITION_CLEAR_PROGRESS:
	case TRANSITION_CLEAR_SERVICE:
	case TRANSITION_KNOCK:
		return transition->direction ? &transition->b : &transition->a;
	default:
		return NULL;
	}
}

void judge_host_lives(struct judge *judge, const struct transition *transition)
{
	const struct address *sender = who_lives(transition);
	/* A silence tells when the last packet was. */
	int64_t time_ns = transition->kind == TRANSITION_ESP_QUIET ? transition->esp.last_ns : transition->time_ns;
	struct judged_host *host = sender ? judge_host(judge, sender) : NULL;

	if (host && time_ns > host->last_ns)
		host->last_ns = time_ns;
}

void judge_host_fetch(const struct judge *judge, const struct transition *transition, bool entry)
{
	const struct address *sender = who_lives(transition);

	if (!sender)
		return;
	uint64_t hash = host_hash(judge, sender);
	if (!entry) {
		table_prefetch_bucket(&judge->hosts, hash);
		return;
	}
	const struct judged_host *host = table_at(&judge->hosts, table_first(&judge->hosts, hash));
	pages_fetch(host);
	pages_fetch(&host->last_ns);
}

/* Whether the host sends ESP or AH to this peer right now. */
static bool sends_to(struct judge *judge, uint32_t realm, const struct address *host, const struct address *peer)
{
	bool lower = address_compare(host, peer) < 0;
	const struct judged_pair *pair = judge_pair(judge, realm, lower ? host : peer, lower ? peer : host);

	return pair && pair->esp[!lower].running;
}

bool judge_host_alive(struct judge *judge, uint32_t realm, const struct address *host, int64_t since_ns)
{
	const struct judged_host *known = judge_host(judge, host);

	return known && (known->last_ns > since_ns || sends_to(judge, realm, host, &known->first_peer) ||
			 (known->more && sends_to(judge, realm, host, &known->other_peer)));
}

bool judge_host_elsewhere(struct judge *judge, const struct address *host, const struct address *peer)
{
	const struct judged_host *known = judge_host(judge, host);

	return known && (known->more || !address_equal(&known->first_peer, peer));
}
