/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker: packets into flows, SAs and pairs. See track.h for how it is driven, pair.h for what it keeps.
 *
 * Who owns what: pairs are found by (realm, lower address, higher address), flows and SAs by their own keys, and each
 * flow and SA refers to its pair by number and generation. A pair that is evicted takes the next generation, so flows and
 * SAs that outlive it find out at their next packet and get a new one.
 */
#include "track.h"

#include "pages.h"
#include "track_state.h"
#include "../../dissectors/cursor.h"
#include "../../dissectors/ike_names.h"
#include "../../dissectors/kerberos.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

#define FULL_LOOK_NS SECOND
#define PAIR_OUTLIVED_NS (3600 * SECOND) /* quiet for so long, a pair makes room without that being a lack of it */
#define LOSS_TOLD_NS (5 * SECOND)
#define FLOW_SLICE_NS SECOND /* how often a slice of the flows is looked over for idleness */

enum {
	IKE_OCTETS_MAX = 16384, /* of a message that is handed to the judge */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PORT_NATT = 4500,
};

/* What was joined becomes a transition like any other. */
static void put_joined(void *context, const struct transition *joined)
{
	struct track *track = context;
	struct transition transition = *joined;

	transition.serial = ++track->serial;
	track->sink.put(track->sink.context, &transition);
}

struct track *track_new(const struct track_settings *settings, const struct transition_sink *sink)
{
	struct track *track = calloc(1, sizeof(*track));
	if (!track)
		return NULL;
	track->settings = *settings;
	track->sink = *sink;
	size_t rules = settings->policy->rule_count;
	bool ok = table_init(&track->pairs, sizeof(struct pair), settings->pairs) &&
		  table_init(&track->flows, sizeof(struct flow), settings->flows) &&
		  table_init(&track->sas, sizeof(struct sa), settings->sas) &&
		  table_init(&track->stories, sizeof(struct story), settings->pairs) &&
		  table_init(&track->dialogues, sizeof(struct dialogue), settings->pairs) &&
		  wheel_init(&track->pair_wheel, settings->pairs) && wheel_init(&track->sa_wheel, settings->sas) &&
		  table_init(&track->mixes, sizeof(struct mix), settings->flows);
	track->hosts = settings->hosts ? settings->hosts : hosts_new(settings->seed);
	track->sa_cold = pages_map(((size_t)settings->sas + 1) * sizeof(*track->sa_cold));
	track->pair_generations = calloc((size_t)settings->pairs + 1, sizeof(*track->pair_generations));
	track->carriers = calloc(rules ? rules : 1, sizeof(*track->carriers));
	track->fragments = fragments_new();
	track->seen = calloc(TRACK_INTERFACES, sizeof(*track->seen));
	track->join = ike_join_new(&(struct transition_sink){ put_joined, track }, &track->counters.unread);
	if (!ok || !track->hosts || !track->sa_cold || !track->pair_generations || !track->carriers ||
	    !track->fragments || !track->seen || !track->join) {
		track_free(track);
		return NULL;
	}
	return track;
}

void track_free(struct track *track)
{
	if (!track)
		return;
	table_destroy(&track->pairs);
	table_destroy(&track->flows);
	table_destroy(&track->sas);
	table_destroy(&track->stories);
	table_destroy(&track->dialogues);
	table_destroy(&track->mixes);
	if (!track->settings.hosts)
		hosts_free(track->hosts);
	wheel_destroy(&track->pair_wheel);
	wheel_destroy(&track->sa_wheel);
	pages_unmap(track->sa_cold, ((size_t)track->settings.sas + 1) * sizeof(*track->sa_cold));
	free(track->pair_generations);
	free(track->carriers);
	free(track->seen);
	fragments_free(track->fragments);
	ike_join_free(track->join);
	free(track);
}

void track_put(struct track *track, struct transition *transition, const struct pair *pair)
{
	transition->serial = ++track->serial;
	transition->realm = pair->realm;
	transition->vlan = pair->vlan;
	transition->a = pair->address[0];
	transition->b = pair->address[1];
	track->sink.put(track->sink.context, transition);
}

void track_activate(struct track *track, uint32_t pair, int64_t now_ns)
{
	wheel_put(&track->pair_wheel, pair, now_ns + TRACK_QUIET_NS);
}

/* ---- hosts that speak IPsec: whose clear flows are worth a name ---- */

/* Hosts of all workers are added by who reads the frames, before any of them is tracked. */
static void add_host(struct track *track, const struct address *address)
{
	if (!track->settings.hosts)
		hosts_add(track->hosts, address, 0);
}

bool track_host_known(const struct track *track, const struct address *address)
{
	return hosts_known(track->hosts, address, track->frame);
}

/* ---- pairs ---- */

static unsigned pair_rank(const struct pair *pair)
{
	if (pair->esp_packets[0] && pair->esp_packets[1])
		return 0;
	if (pair->story || track_pair_remembered(pair))
		return 1;
	if (pair->sas || pair->rule)
		return 2;
	return 3;
}

static void pair_end(struct track *track, uint32_t number, int64_t now_ns)
{
	struct pair *pair = pair_at(track, number);

	/* The judge would wait for the silence of this pair for ever. */
	for (unsigned d = 0; d < SIDES; d++)
		track_esp_end(track, pair, d, now_ns);
	if (pair->story)
		track_clear_end(track, pair, story_at(track, pair->story), now_ns);
	if (pair->story)
		table_remove(&track->stories, pair->story);
	if (pair->dialogue)
		table_remove(&track->dialogues, pair->dialogue);
}

static void pair_forget(struct track *track, uint32_t number, int64_t now_ns)
{
	pair_end(track, number, now_ns);
	table_evict(&track->pairs, number);
}

void track_leave(struct track *track, const struct track_leaving *leaving, int64_t now_ns)
{
	for (uint32_t number = 1; number <= track->pairs.fresh; number++) {
		const struct pair *pair = pair_at(track, number);
		const struct address *a = &pair->address[0], *b = &pair->address[1];
		if (!table_lives(&track->pairs, number) || leaving->stays(leaving->context, pair->realm, a, b))
			continue;
		pair_end(track, number, now_ns);
		if (pair->flags & PAIR_WATCHED)
			leaving->left(leaving->context, pair->realm, pair->vlan, a, b);
		table_remove(&track->pairs, number);
	}
}

static void pair_evict(struct track *track, int64_t now_ns)
{
	struct candidate victim = { 0 };

	/* What stands in a row came in a row: candidates are drawn, and more of them if all are established. */
	for (unsigned i = 0; i < TRACK_EVICT_CANDIDATES || (victim.rank == 0 && i < TRACK_EVICT_CANDIDATES_MAX); i++) {
		uint32_t number = table_draw(&track->pairs);
		if (!number)
			break;
		const struct pair *pair = pair_at(track, number);
		int64_t last = pair->clear_last_ns;
		for (unsigned d = 0; d < SIDES; d++)
			if (pair->esp_last_ns[d] > last)
				last = pair->esp_last_ns[d];
		unsigned rank = pair_rank(pair);
		if (!victim.number || rank > victim.rank || (rank == victim.rank && last < victim.last_ns))
			victim = (struct candidate){ number, rank, last };
	}
	if (!victim.number)
		return;
	track->outlived.pairs += now_ns - victim.last_ns > PAIR_OUTLIVED_NS;
	pair_forget(track, victim.number, now_ns);
}

static void pair_obey_rule(struct track *track, struct pair *pair)
{
	const struct policy *policy = track->settings.policy;
	const struct policy_rule *rule = policy_match(policy, pair->address[0].bytes, pair->address[1].bytes);
	if (rule) {
		pair->rule = (uint32_t)(rule - policy->rules) + 1;
		pair->flags |= PAIR_WATCHED;
	}
}

uint64_t track_pair_hash(const struct track *track, const struct address *src, const struct address *dst,
			 const struct track_key *key)
{
	return pair_key_hash(key->realm, key->direction ? dst : src, key->direction ? src : dst, track->settings.seed);
}

/* The pair's number, made if it is new; 0 if there is no room at all. */
uint32_t track_pair_obtain(struct track *track, const struct packet *packet, const struct track_key *key)
{
	unsigned d = key->direction;
	uint64_t hash = track_pair_hash(track, &packet->src, &packet->dst, key);
	uint32_t number = table_find(&track->pairs, hash);
	if (number)
		return number;
	number = table_insert(&track->pairs, hash);
	if (!number) {
		pair_evict(track, key->time_ns);
		number = table_insert(&track->pairs, hash);
		if (!number) {
			track->counters.untracked++;
			return 0;
		}
	}
	struct pair *pair = pair_at(track, number);
	pair->generation = ++track->pair_generations[number];
	pair->realm = key->realm;
	pair->vlan = packet->vlan;
	pair->address[d] = packet->src;
	pair->address[!d] = packet->dst;
	pair->flags = PAIR_ESP_QUIET_0 | PAIR_ESP_QUIET_1;
	track->counters.pairs++;
	pair_obey_rule(track, pair);
	return number;
}

struct story *track_story(struct track *track, struct pair *pair)
{
	if (!pair->story) {
		pair->story = table_insert(&track->stories, pair->link.hash);
		if (!pair->story)
			return NULL;
		pair->link.owner = 0;
	}
	return story_at(track, pair->story);
}

struct carrier_search {
	struct track *track;
	struct pair *pair;
	uint32_t number;
};

static void carrier_add(size_t rule, void *context)
{
	struct carrier_search *search = context;
	struct rule_carriers *carriers = &search->track->carriers[rule];
	uint32_t place = carriers->count;

	for (uint32_t i = 0; i < carriers->count; i++) {
		const struct pair *other = table_at(&search->track->pairs, carriers->pairs[i]);
		if (carriers->pairs[i] == search->number || other->generation != carriers->generations[i]) {
			place = i;
			break;
		}
	}
	if (place < TRACK_RULE_GATEWAYS) {
		carriers->pairs[place] = search->number;
		carriers->generations[place] = search->pair->generation;
		if (place == carriers->count)
			carriers->count++;
	}
	search->pair->flags |= PAIR_RING;
}

/* A pair begins to speak ESP, AH or IKE: from now on its clear traffic matters, and its hosts' flows get names. */
void track_pair_speaks_ipsec(struct track *track, struct pair *pair, uint32_t number)
{
	if (!(pair->flags & (PAIR_HAS_ESP | PAIR_HAS_AH | PAIR_HAS_IKE))) {
		add_host(track, &pair->address[0]);
		add_host(track, &pair->address[1]);
		struct carrier_search search = { track, pair, number };
		policy_gateway_rules(track->settings.policy, pair->address[0].bytes, pair->address[1].bytes,
				     carrier_add, &search);
		if (pair->rule)
			pair->flags |= PAIR_RING;
	}
	pair->flags |= PAIR_WATCHED;
}

/* What a rule asks of a pair; the levels, or nothing. */
static int asked_of(const struct policy *policy, const struct pair *pair)
{
	return pair->rule ? (int)policy->rules[pair->rule - 1].level : -1;
}

/* Whether all that offended may be clear by now. */
static bool is_allowed_now(const struct policy *policy, const struct pair *pair, const struct story *story)
{
	const struct policy_rule *rule = pair->rule ? &policy->rules[pair->rule - 1] : NULL;

	/* The last place stands for others too. */
	if (story->service_count == STORY_SERVICES_MAX)
		return false;
	for (unsigned i = 0; i < story->service_count; i++) {
		const struct transition_service *service = &story->services[i].service;
		struct policy_traffic traffic = { .protocol = service->protocol,
						  .port = service->port,
						  .name = service->name };
		if (story->services[i].offended && policy_may_be_clear(policy, rule, &traffic) != POLICY_CLEAR_ALLOWED)
			return false;
	}
	return true;
}

bool track_set_policy(struct track *track, const struct policy *policy)
{
	const struct policy *before = track->settings.policy;
	struct rule_carriers *carriers = calloc(policy->rule_count ? policy->rule_count : 1, sizeof(*track->carriers));

	if (!carriers)
		return false;
	free(track->carriers);
	track->carriers = carriers;
	track->settings.policy = policy;
	memset(track->idle_carriers, 0, sizeof(track->idle_carriers));
	for (uint32_t number = 1; number <= track->pairs.fresh; number++) {
		struct pair *pair = pair_at(track, number);
		if (!table_lives(&track->pairs, number))
			continue;
		bool ipsec = (pair->flags & (PAIR_HAS_ESP | PAIR_HAS_AH | PAIR_HAS_IKE)) != 0;
		bool remembered = track_pair_remembered(pair);
		int asked = asked_of(before, pair);
		pair->rule = 0;
		if (!ipsec && !remembered)
			pair->flags &= (uint16_t)~PAIR_WATCHED;
		pair_obey_rule(track, pair);
		if (ipsec) {
			struct carrier_search search = { track, pair, number };
			policy_gateway_rules(policy, pair->address[0].bytes, pair->address[1].bytes, carrier_add,
					     &search);
			if (pair->rule)
				pair->flags |= PAIR_RING;
		}
		if (!pair->story)
			continue;
		struct story *story = story_at(track, pair->story);
		/* What offended does so still, whoever asks for it now: a learned pair that gets a rule has not become well. */
		if ((pair->rule || asked_of(policy, pair) == asked) && !is_allowed_now(policy, pair, story))
			continue;
		story->clear_packets[0] = story->clear_packets[1] = 0;
		story->clear_bytes = 0;
	}
	for (uint32_t number = 1; number <= track->flows.fresh; number++)
		if (table_lives(&track->flows, number))
			flow_at(track, number)->verdict = FLOW_UNASKED;
	return true;
}

void track_pair_is_nat(struct track *track, struct pair *pair, int64_t now_ns)
{
	if (pair->flags & PAIR_NAT)
		return;
	pair->flags |= PAIR_NAT;
	struct transition transition = { .time_ns = now_ns, .kind = TRANSITION_NAT };
	track_put(track, &transition, pair);
}

/* ---- IKE and ICMP errors ---- */

/* A Delete, as far as it can be told from other encrypted messages, or a notice in clear. */
static bool may_end_sas(const struct packet *packet, const struct ike_header *header)
{
	enum { INNER_AT = 28 /* behind the header, RFC 7296 section 3.1 */ };

	if (header->major == 1)
		return header->exchange == IKEV1_EXCHANGE_INFORMATIONAL && !(header->flags & IKEV1_FLAG_ENCRYPTION);
	if (header->exchange != IKEV2_EXCHANGE_INFORMATIONAL)
		return false;
	return header->next_payload != IKEV2_PAYLOAD_SK ||
	       (packet->payload_captured > INNER_AT && packet->payload[INNER_AT] == IKEV2_PAYLOAD_DELETE);
}

static void track_ike(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct ike_header header;
	struct cursor cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length);

	if (!ike_header_read(&cursor, &header))
		return;
	uint32_t number = track_pair_obtain(track, packet, key);
	if (!number)
		return;
	struct pair *pair = pair_at(track, number);
	track_pair_speaks_ipsec(track, pair, number);
	pair->flags |= PAIR_HAS_IKE;
	if (may_end_sas(packet, &header))
		track_esp_may_end(track, pair, key->time_ns);
	struct transition transition = { .time_ns = key->time_ns,
					 .kind = TRANSITION_IKE_MESSAGE,
					 .direction = key->direction,
					 .interface = packet->interface };
	transition.ike = (struct transition_ike){ .header = header,
						  .src_port = packet->src_port,
						  .dst_port = packet->dst_port,
						  .encap = packet->encap,
						  .marker = (packet->flags & PACKET_IKE_MARKER) != 0,
						  .octets = packet->payload_length };
	/* Rare enough to be copied whole: the frame's octets do not live until the judge looks. */
	uint32_t captured = packet->payload_captured < IKE_OCTETS_MAX ? packet->payload_captured : IKE_OCTETS_MAX;
	transition.ike.message = malloc(captured);
	if (transition.ike.message) {
		memcpy(transition.ike.message, packet->payload, captured);
		transition.ike.captured = captured;
	} else if (captured) {
		track->counters.unread++;
	}
	if (packet->flags & PACKET_FIRST_FRAGMENT) {
		enum { UDP_HEADER = 8, MARKER = 4 };
		uint32_t skipped = UDP_HEADER + (packet->flags & PACKET_IKE_MARKER ? MARKER : 0);
		transition.realm = pair->realm;
		transition.vlan = pair->vlan;
		transition.a = pair->address[0];
		transition.b = pair->address[1];
		if (packet->protocol == PROTOCOL_UDP &&
		    ike_join_first(track->join, track_datagram_hash(track, packet, key->realm), &transition, skipped))
			return;
	}
	track_put(track, &transition, pair);
}

__attribute__((noinline)) bool track_stream(struct track *track, struct packet *packet, const struct track_key *key,
					    struct track_handle *handle)
{
	if (packet->class != PACKET_CLEARTEXT || packet->protocol != PROTOCOL_TCP || !packet_read_stream(packet))
		return false;
	track->counters.classes[PACKET_CLEARTEXT]--;
	track->counters.classes[packet->class]++;
	if (packet->class == PACKET_ESP)
		*handle =
		    track_esp(track, packet, key,
			      entry_hash(track, &packet->src, &packet->dst, key->realm, packet->spi, PROTOCOL_ESP));
	else
		track_ike(track, packet, key);
	return true;
}

/* What the frame adds to what is seen of its interface. */
static inline void count_seen(struct track *track, const struct packet *packet, const struct track_key *key)
{
	enum { TALKER_SHIFT = 58 }; /* six bits of the hash */

	if (key->time_ns >= track->seen_until_ns)
		track_seen_turn(track, key->time_ns);
	struct transition_seen *seen = track_seen_of(track, packet->interface);
	seen->frames++;
	seen->talkers |= UINT64_C(1) << (key->hash >> TALKER_SHIFT);
	if (packet->frame_length > TRACK_FRAME_MAX(TRACK_MTU_ETHERNET))
		track_seen_long(seen, packet);
}

/* What the packet says of pairs that are not its own, each if it is meant. */
static __attribute__((noinline)) void track_aside(struct track *track, const struct packet *packet,
						  const struct track_key *key)
{
	unsigned parts = key->parts & track_parts(packet);

	if (parts & TRACK_OUTER_AH)
		track_outer_ah(track, packet, key);
	if (parts & TRACK_QUOTED)
		track_icmp_error(track, packet, key);
	if (parts & TRACK_CARRIER)
		track_carrier(track, packet, key);
}

/* A packet of whichever class. Apart from those of the two that nearly all have, so that these need no room for it. */
static __attribute__((noinline)) struct track_handle packet_of_any_class(struct track *track, struct packet *packet,
									 const struct track_key *key)
{
	struct track_handle handle = { 0 };
	uint64_t hash = key->hash;

	if (packet->class == PACKET_CLEARTEXT && packet->protocol == PROTOCOL_UDP &&
	    track_reclassify(track, packet, key))
		hash = entry_hash(track, &packet->src, &packet->dst, key->realm, packet->spi, PROTOCOL_ESP);
	track->counters.classes[packet->class]++;
	if (packet->class == PACKET_NON_IP && (packet->tunnels & TUNNELS_OF_IP))
		track_aside(track, packet, key);
	if (!key->keyed)
		return handle;

	switch (packet->class) {
	case PACKET_ESP:
		if (packet->flags & PACKET_HAS_AH)
			track_aside(track, packet, key);
		return track_esp(track, packet, key, hash);
	case PACKET_AH:
		track_esp(track, packet, key, hash);
		break;
	case PACKET_IKE:
		track_ike(track, packet, key);
		/* Elsewhere the flow has to be remembered, since its ESP cannot be told by the port. */
		if ((packet->flags & PACKET_IKE_MARKER) &&
		    (packet->encap == PACKET_ENCAP_TCP ||
		     (packet->src_port != PORT_NATT && packet->dst_port != PORT_NATT)))
			track_flow_carries_ipsec(track, packet, key);
		break;
	case PACKET_KEEPALIVE: {
		/* Only a peer behind a NAT sends these (RFC 3948 section 4). */
		uint32_t number = track_pair_obtain(track, packet, key);
		if (number)
			track_pair_is_nat(track, pair_at(track, number), key->time_ns);
		break;
	}
	case PACKET_ICMP:
		track_aside(track, packet, key);
		return track_flow(track, packet, key);
	case PACKET_CLEARTEXT:
		if (packet->src_port == KERBEROS_PORT)
			track_kerberos(track, packet, key);
		if (packet->tunnels & TUNNELS_OF_IP)
			track_aside(track, packet, key);
		return track_flow(track, packet, key);
	case PACKET_FRAGMENT:
		if (packet->protocol == PROTOCOL_UDP &&
		    ike_join_later(track->join, track_datagram_hash(track, packet, key->realm), packet->fragment_offset,
				   packet->payload, packet->payload_captured, key->time_ns))
			break;
		track_later_fragment(track, packet, key);
		break;
	default:
		break;
	}
	return handle;
}

/* Whether the packet is one of a clear flow and speaks of nothing else. */
static inline bool clear_alone(const struct packet *packet)
{
	return packet->class == PACKET_CLEARTEXT && packet->protocol == PROTOCOL_TCP &&
	       packet->src_port != KERBEROS_PORT && !(packet->tunnels & TUNNELS_OF_IP);
}

struct track_handle track_packet(struct track *track, struct packet *packet, const struct track_key *key)
{
	if (!(key->parts & TRACK_OWN)) {
		track_aside(track, packet, key);
		return (struct track_handle){ 0 };
	}
	if (packet->reason)
		track->counters.reasons[packet->reason]++;
	count_seen(track, packet, key);
	if (packet->class == PACKET_ESP && !(packet->flags & PACKET_HAS_AH) && key->keyed) {
		track->counters.classes[PACKET_ESP]++;
		return track_esp(track, packet, key, key->hash);
	}
	if (clear_alone(packet) && key->keyed) {
		track->counters.classes[PACKET_CLEARTEXT]++;
		return track_flow(track, packet, key);
	}
	return packet_of_any_class(track, packet, key);
}

uint32_t track_freed_slot(struct track *track)
{
	return track->freed_count ? track->freed[--track->freed_count] : 0;
}

/* ---- time ---- */

/* Notices a pair's quiet; when it may be quiet next, 0 if it is. */
static int64_t pair_due(void *context, uint32_t number, int64_t now_ns)
{
	struct track *track = context;

	if (!table_lives(&track->pairs, number))
		return 0;
	struct pair *pair = pair_at(track, number);
	struct story *story = pair->story ? story_at(track, pair->story) : NULL;
	int64_t last = 0;
	track_esp_notice_quiet(track, pair, 0, now_ns);
	track_esp_notice_quiet(track, pair, 1, now_ns);
	if (story)
		track_clear_notice_quiet(track, pair, story, now_ns);
	for (unsigned d = 0; d < SIDES; d++) {
		if (!(pair->flags & (PAIR_ESP_QUIET_0 << d)) && (!last || pair->esp_last_ns[d] < last))
			last = pair->esp_last_ns[d];
	}
	if (story && (pair->flags & PAIR_CLEAR_RUNS)) {
		int64_t clear = story->clear_last_ns[0] > story->clear_last_ns[1] ? story->clear_last_ns[0]
										  : story->clear_last_ns[1];
		if (!last || clear < last)
			last = clear;
	}
	return last ? last + TRACK_QUIET_NS : 0;
}

/* Tells that entries had to make room for others, at most once a second. That those did which are of the past is how a
 * table works that has run for long. */
static void notice_full(struct track *track)
{
	const struct track_counters *counters = track_counters(track);
	struct transition_full *told = &track->full_told;
	struct transition_full full = { .flows = counters->flows_evicted,
					.sas = counters->sas_evicted - track->outlived.sas,
					.pairs = counters->pairs_evicted - track->outlived.pairs,
					.untracked = counters->untracked };
	struct transition transition = { .time_ns = track->now_ns,
					 .kind = TRANSITION_TABLE_FULL,
					 .serial = ++track->serial };

	if (memcmp(&full, told, sizeof(full)) == 0)
		return;
	transition.full = (struct transition_full){ full.flows - told->flows, full.sas - told->sas,
						    full.pairs - told->pairs, full.untracked - told->untracked };
	*told = full;
	track->sink.put(track->sink.context, &transition);
}

/* Tells what SAs lack, if any was looked at. */
static void notice_loss(struct track *track)
{
	struct transition transition = { .time_ns = track->now_ns, .kind = TRANSITION_LOSS, .loss = track->loss };

	if (track->loss.sas[0] + track->loss.sas[1] == 0)
		return;
	transition.serial = ++track->serial;
	track->loss = (struct transition_loss){ 0 };
	track->sink.put(track->sink.context, &transition);
}

void track_advance(struct track *track, int64_t now_ns)
{
	if (now_ns > track->now_ns)
		track->now_ns = now_ns;
	track->turned_ns = track->now_ns;
	ike_join_advance(track->join, track->now_ns);
	wheel_turn(&track->sa_wheel, track->now_ns, track_sa_due, track);
	wheel_turn(&track->pair_wheel, track->now_ns, pair_due, track);
	if (track->now_ns >= track->flow_due_ns) {
		track_sweep_flows(track, track->now_ns);
		track->flow_due_ns = track->now_ns + FLOW_SLICE_NS;
	}
	if (track->now_ns >= track->seen_until_ns)
		track_seen_turn(track, track->now_ns);
	if (track->now_ns >= track->full_look_ns) {
		notice_full(track);
		track->full_look_ns = track->now_ns + FULL_LOOK_NS;
	}
	if (track->now_ns >= track->loss_due_ns) {
		notice_loss(track);
		track->loss_due_ns = track->now_ns + LOSS_TOLD_NS;
	}
}

void track_end(struct track *track, int64_t now_ns)
{
	if (now_ns > track->now_ns)
		track->now_ns = now_ns;
	ike_join_end(track->join, track->now_ns);
	track_esp_finish(track, track->now_ns);
	/* The second that the end falls in is not over. */
	track_seen_turn(track, track->now_ns);
}

const struct track_counters *track_counters(struct track *track)
{
	track->counters.flows_evicted = track->flows.evicted;
	track->counters.sas_evicted = track->sas.evicted;
	track->counters.pairs_evicted = track->pairs.evicted;
	return &track->counters;
}

uint64_t track_memory(const struct track *track)
{
	return ike_join_memory(track->join) + table_resident(&track->pairs) + table_resident(&track->flows) +
	       table_resident(&track->sas) + table_resident(&track->stories) + table_resident(&track->dialogues) +
	       table_resident(&track->mixes) + (track->settings.hosts ? 0 : hosts_memory(track->hosts)) +
	       ((size_t)track->sas.fresh + 1) * sizeof(*track->sa_cold);
}
