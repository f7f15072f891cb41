/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tracker sees of each interface, second by second: how many frames and conversations, whether frames are longer than a
 * link carries, whether conversations are seen both ways. Called by track.c and track_flow.c. The judge adds up what the workers
 * tell; rule_capture.c and rule_mirror.c know what it means.
 *
 * A second is one of frame time, whatever the batches: so file and wire, one worker and many, tell the same.
 */
#include "track.h"

#include "track_state.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

enum { TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

/* What is no packet says nothing by its length; what a host says to itself never was on a link, whose MTU does not bound it. */
static bool was_on_a_link(const struct packet *packet)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (!packet->has_ip || packet->class == PACKET_MALFORMED)
		return false;
	return !(address_equal(&packet->src, &packet->dst) || memcmp(packet->src.bytes, loopback, 16) == 0 ||
		 (address_is_ipv4(&packet->src) && packet->src.bytes[12] == 127));
}

void track_seen_long(struct transition_seen *seen, const struct packet *packet)
{
	if (!was_on_a_link(packet))
		return;
	seen->over_ethernet++;
	if (packet->frame_length > TRACK_FRAME_MAX(TRACK_MTU_JUMBO))
		seen->over_jumbo++;
	if (packet->frame_length > seen->longest)
		seen->longest = packet->frame_length;
}

void track_tell(struct track *track, const struct transition *transition, int64_t now_ns)
{
	struct transition told = *transition;

	told.time_ns = now_ns;
	told.serial = ++track->serial;
	track->sink.put(track->sink.context, &told);
}

void track_seen_turn(struct track *track, int64_t now_ns)
{
	int64_t end = now_ns < track->seen_until_ns ? now_ns : track->seen_until_ns;

	for (unsigned i = 0; i < track->seen_count; i++) {
		struct transition transition = { .kind = TRANSITION_SEEN, .interface = (uint16_t)i };
		struct transition_seen *seen = &track->seen[i];
		if (seen->frames == 0 && seen->one_way == 0 && seen->two_way == 0)
			continue;
		transition.seen = *seen;
		*seen = (struct transition_seen){ 0 };
		track_tell(track, &transition, end);
	}
	track->seen_until_ns = now_ns - now_ns % SECOND + SECOND;
}

/*
 * A side that acknowledges again and again has somebody who talks to it. Where that one is never seen, the mirror shows one
 * direction, or the other one takes another path. Pairs that speak IPsec are left out: there, the other direction may well be in
 * ESP.
 */
void track_seen_tcp(struct track *track, uint32_t number, const struct packet *packet, unsigned direction)
{
	struct flow *flow = flow_at(track, number);
	const struct pair *pair = track_pair_of_flow(track, flow);
	bool both = flow_packets(flow, !direction) > 0 || (flow->flags & FLOW_ANSWERED);
	struct transition_seen *seen = track_seen_of(track, packet->interface);

	if (flow->sides == FLOW_SIDES_ONE && both) {
		flow->sides = FLOW_SIDES_BOTH;
		seen->two_way++;
		struct transition_seen *other = track_seen_of(track, (uint16_t)flow->sided_interface);
		other->one_way--;
		other->two_way += other != seen;
		return;
	}
	if (flow->sides != FLOW_SIDES_UNKNOWN || flow_packets(flow, direction) != TRACK_SIDED_PACKETS ||
	    (packet->tcp_flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK ||
	    (pair && (pair->flags & (PAIR_HAS_ESP | PAIR_HAS_AH | PAIR_HAS_IKE))))
		return;
	flow->sides = both ? FLOW_SIDES_BOTH : FLOW_SIDES_ONE;
	if (both) {
		seen->two_way++;
		return;
	}
	seen->one_way++;
	flow->sided_interface =
	    (packet->interface < TRACK_INTERFACES ? packet->interface : TRACK_INTERFACES - 1) & 0xffu;
}
