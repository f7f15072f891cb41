/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors that quote what others sent: ESP, AH and IKE for the judge, TCP as an answer of sorts. Called by track.c.
 */
#include "track.h"

#include "track_state.h"

enum {
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PROTOCOL_ICMPV6 = 58,
	PORT_IKE = 500,
	PORT_NATT = 4500,
};

/* Whoever is told so by ICMP was answered, though not by the peer. */
static void answers(struct track *track, const struct packet_quoted *quoted, const struct track_key *key)
{
	struct packet packet = { .src = quoted->src,
				 .dst = quoted->dst,
				 .src_port = quoted->src_port,
				 .dst_port = quoted->dst_port,
				 .protocol = quoted->protocol };
	struct track_key own = { .realm = key->realm };

	own.direction = address_compare(&quoted->src, &quoted->dst) > 0;
	uint32_t number = table_find(&track->flows, track_flow_hash(track, &packet, own.realm, own.direction));
	if (number)
		flow_at(track, number)->flags |= FLOW_ANSWERED;
}

void track_icmp_error(struct track *track, const struct packet *packet, const struct track_key *key)
{
	const struct packet_quoted *quoted = &packet->quoted;
	bool ike = quoted->protocol == PROTOCOL_UDP && (quoted->src_port == PORT_IKE || quoted->dst_port == PORT_IKE ||
							quoted->src_port == PORT_NATT || quoted->dst_port == PORT_NATT);
	if (quoted->protocol == PROTOCOL_TCP)
		answers(track, quoted, key);
	if (!ike && quoted->protocol != PROTOCOL_ESP && quoted->protocol != PROTOCOL_AH)
		return;
	/* It concerns the pair whose packet is quoted; an error about a pair nobody saw says nothing. */
	struct track_key own = { .realm = key->realm };
	own.direction = address_compare(&quoted->src, &quoted->dst) > 0;
	uint32_t number = table_find(&track->pairs, track_pair_hash(track, &quoted->src, &quoted->dst, &own));
	if (!number)
		return;
	struct transition transition = { .time_ns = key->time_ns,
					 .kind = TRANSITION_ICMP_ERROR,
					 .direction = own.direction,
					 .interface = packet->interface };
	transition.icmp = (struct transition_icmp){
		.version = packet->protocol == PROTOCOL_ICMPV6 ? 6 : 4,
		.type = packet->icmp_type,
		.code = packet->icmp_code,
		.protocol = quoted->protocol,
		.src_port = quoted->src_port,
		.dst_port = quoted->dst_port,
		.spi = quoted->spi,
		.sender = packet->src,
	};
	track_put(track, &transition, pair_at(track, number));
}
