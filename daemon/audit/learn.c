/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learned pairs: which pairs nobody named have shown that they are secured (DESIGN section 6).
 *
 * ESP or AH in both directions with rising sequence numbers over a time makes a pair learnable (the tracker counts, see
 * track_esp.c); so does a complete IKE exchange followed by ESP both ways. Spoofed ESP must not make a pair, nor a NAT,
 * behind which other hosts share the address: so a peer whose address changed ports on the way, that sends NAT keepalives,
 * or that answered ESP with "protocol unreachable" is not learned. Their number is bounded, in all and per network, since
 * whoever sends packets chooses them. A learned pair without ESP for 14 days is forgotten.
 */
#include "hash.h"
#include "judge_state.h"
#include "rule_leak.h"

#include <string.h>

enum {
	ICMP_UNREACHABLE = 3, /* RFC 792 */
	ICMP_UNREACHABLE_PROTOCOL = 2,
	ICMPV6_PARAMETER_PROBLEM = 4, /* RFC 4443 section 3.4 */
	ICMPV6_PARAMETER_NEXT_HEADER = 1,
	PROTOCOL_UDP = 17,
	NETWORK_SHARE = 32,
	NETWORK_MIN = 64,
};

/* NULL if no learned pair has an end in it, or `make`, if there is no room for it. */
static struct learned_network *network_of(struct judge *judge, const struct address *address, bool make)
{
	uint64_t hash = hash_octets(address->bytes, address_is_ipv4(address) ? 15 : 8, judge->settings.seed);
	uint32_t number = table_find(&judge->networks, hash);

	if (!number && make)
		number = table_insert(&judge->networks, hash);
	return number ? table_at(&judge->networks, number) : NULL;
}

/* A network without learned pairs leaves its room to others. */
static void let_go(struct judge *judge, struct learned_network *network)
{
	if (network && !network->learned)
		table_remove(&judge->networks, table_number(&judge->networks, network));
}

static void try_to_learn(struct judge *judge, struct judged_pair *pair)
{
	uint32_t share = judge->settings.learned / NETWORK_SHARE;
	if (share < NETWORK_MIN)
		share = NETWORK_MIN;

	if (pair->learned || !pair->learnable || pair->nat || pair->refuted_ns || pair->rule ||
	    !judge->settings.policy->learn || judge->learned >= judge->settings.learned)
		return;
	struct learned_network *networks[2] = { network_of(judge, &pair->address[0], true),
						network_of(judge, &pair->address[1], true) };
	if (!networks[0] || !networks[1] || networks[0]->learned >= share || networks[1]->learned >= share) {
		let_go(judge, networks[0]);
		if (networks[1] != networks[0])
			let_go(judge, networks[1]);
		return;
	}
	pair->learned = true;
	judge->learned++;
	networks[0]->learned++;
	if (networks[1] != networks[0])
		networks[1]->learned++;
	known_note_pair(judge, pair);
}

void learn_recall(struct judge *judge, struct judged_pair *pair)
{
	pair->learnable = true;
	try_to_learn(judge, pair);
}

void learn_forget(struct judge *judge, struct judged_pair *pair)
{
	if (!pair->learned)
		return;
	pair->learned = false;
	judge->learned--;
	struct learned_network *first = network_of(judge, &pair->address[0], false);
	struct learned_network *second = network_of(judge, &pair->address[1], false);
	if (first && first->learned)
		first->learned--;
	if (second && second != first && second->learned)
		second->learned--;
	let_go(judge, first);
	if (second != first)
		let_go(judge, second);
	/* A pair that is known for something else stays so, but not as a learned one. */
	known_forget_pair(judge, pair);
	known_note_pair(judge, pair);
}

/* It was no such pair: what was told of it by that is over. */
static void give_up(struct judge *judge, struct judged_pair *pair)
{
	if (pair->learned)
		rule_leak_end(judge, pair, "forgotten");
	learn_forget(judge, pair);
}

void learn_move(struct judge *judge, struct judged_pair *from, struct judged_pair *to)
{
	if (!from->learned)
		return;
	learn_forget(judge, from);
	from->learnable = false;
	to->learnable = true;
	try_to_learn(judge, to);
}

void learn_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_LEARNABLE:
		pair->learnable = true;
		break;
	case TRANSITION_NAT:
		pair->nat = true;
		give_up(judge, pair);
		return;
	case TRANSITION_ESP_BEGAN:
		if (pair->ike[0].beyond_init && pair->ike[1].beyond_init && pair->esp[0].first_ns &&
		    pair->esp[1].first_ns)
			pair->learnable = true;
		break;
	case TRANSITION_SA_BORN:
		/* What was in the way of it, a rule or want of room, may be gone, and the ESP of some pairs never rests. */
		break;
	case TRANSITION_ICMP_ERROR: {
		bool unreachable = transition->icmp.version == 4
				       ? transition->icmp.type == ICMP_UNREACHABLE &&
					     transition->icmp.code == ICMP_UNREACHABLE_PROTOCOL
				       : transition->icmp.type == ICMPV6_PARAMETER_PROBLEM &&
					     transition->icmp.code == ICMPV6_PARAMETER_NEXT_HEADER;
		bool by_an_end = address_equal(&transition->icmp.sender, &pair->address[0]) ||
				 address_equal(&transition->icmp.sender, &pair->address[1]);
		if (unreachable && by_an_end && transition->icmp.protocol != PROTOCOL_UDP) {
			pair->refuted_ns = transition->time_ns;
			give_up(judge, pair);
		}
		return;
	}
	default:
		return;
	}
	try_to_learn(judge, pair);
}

bool learn_holds(const struct judge *judge, const struct judged_pair *pair, int64_t now_ns)
{
	int64_t last = pair->esp[0].last_ns > pair->esp[1].last_ns ? pair->esp[0].last_ns : pair->esp[1].last_ns;
	bool running = pair->esp[0].running || pair->esp[1].running;

	return pair->learned && (running || now_ns - last <= judge->settings.thresholds.forget_learned_ns);
}
