/* SPDX-License-Identifier: Apache-2.0 */
/* What a tracker is told of before it sees it: pairs that an engine before this one knew. See track.h. */
#include "track.h"

#include "track_state.h"

bool track_know_pair(struct track *track, uint32_t realm, uint16_t vlan, const struct address *a,
		     const struct address *b)
{
	struct packet packet = { .src = *a, .dst = *b, .vlan = vlan };
	struct track_key key = { .realm = realm, .time_ns = track->now_ns, .keyed = true };

	if (track->pairs.used >= track->pairs.capacity / 4 * 3)
		return false;
	uint32_t number = track_pair_obtain(track, &packet, &key);
	if (!number)
		return false;
	pair_at(track, number)->flags |= PAIR_WATCHED;
	hosts_add(track->hosts, a, 0);
	hosts_add(track->hosts, b, 0);
	return true;
}
