/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clear packets of watched pairs: which of them offend, and what of that is news for the judge.
 *
 * A packet offends when policy says that its flow may not be clear, it was seen on a side where clear is wrong, and it
 * is not a decapsulated copy. Copies come from taps on an IPsec host or on a port that sees both sides of a gateway: the
 * decrypted packet follows its ESP packet on the same interface within milliseconds, shorter by what ESP adds. Each ESP
 * packet explains one clear packet. A direction in which copies are the rule forgives a few that lack their ESP packet,
 * since the capture may have lost it.
 */
#include "track.h"

#include "track_state.h"
#include "../../dissectors/esp.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

#define PROGRESS_NS SECOND
#define KNOCKS_APART_NS (300 * SECOND) /* knocks so far apart are another story */

enum {
	COPIES_FEW = 3,          /* after so many copies of a service in a row one may lack its ESP packet, */
	COPIES_KNOWN = 8,        /* so many make them its rule, */
	COPIES_SHARE = 20,       /* and a further one for so many copies may then lack it too */
	COPIES_REMEMBERED = 512, /* of the latest copies: those of last week excuse no leak of today */
	COPIES_OTHER_MIN = 2,    /* so many that fit another cipher only may be chance */
	KNOCKS = 3,              /* so many first packets without an answer */
	TCP_ACK = 0x10,
	ECHO_DATA_MAX = 128, /* DESIGN section 6: echo of up to 128 octets of data is harmless */
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	PORT_NATT = 4500,
};

/* RFC 792, RFC 4443 section 2.1, RFC 4861 section 4. */
static bool icmp_harmless(const struct packet *packet)
{
	uint8_t type = packet->icmp_type;

	if (packet->protocol == PROTOCOL_ICMP) {
		if (type == 0 || type == 8)
			return packet->payload_length <= ECHO_DATA_MAX;
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12 || type == 9 || type == 10;
	}
	if (type == 128 || type == 129)
		return packet->payload_length <= ECHO_DATA_MAX;
	return (type >= 1 && type <= 4) || (type >= 133 && type <= 137);
}

/* Ports whose usual protocol is itself encrypted: a guess for as long as the classifier has not seen enough. */
static bool encrypted_by_port(uint8_t protocol, uint16_t port)
{
	static const uint16_t tcp[] = { 22, 443, 465, 563, 636, 853, 989, 990, 992, 993, 995, 5061, 8443 };
	static const uint16_t udp[] = { 443, 853, 51820 };

	if (protocol == PROTOCOL_TCP) {
		for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++)
			if (tcp[i] == port)
				return true;
	} else if (protocol == PROTOCOL_UDP) {
		for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++)
			if (udp[i] == port)
				return true;
	}
	return false;
}

static uint16_t service_port(const struct flow *flow)
{
	return flow->port[flow->flags & FLOW_SERVICE_IS_B ? 1 : 0];
}

static enum policy_allowed ask_policy(const struct track *track, const struct pair *pair, const struct flow *flow,
				      const struct packet *packet)
{
	const struct policy *policy = track->settings.policy;
	const struct policy_rule *rule = pair->rule ? &policy->rules[pair->rule - 1] : NULL;
	struct policy_traffic traffic = {
		.protocol = flow->protocol,
		.port = service_port(flow),
		.name = track->app_names[flow->app],
		.name_pending = !(flow->flags & FLOW_NAME_FINAL) && packet->class == PACKET_CLEARTEXT,
		.icmp_harmless = packet->class == PACKET_ICMP && icmp_harmless(packet),
		.group = (packet->flags & PACKET_GROUP_LINK) || address_is_group(&packet->dst),
	};
	return policy_may_be_clear(policy, rule, &traffic);
}

/* Too short for an SPI and a number (RFC 3948 section 2): keepalives of another make, and the like. */
static bool is_stray(const struct packet *packet)
{
	return packet->protocol == PROTOCOL_UDP && packet->payload_length < ESP_HEADER_SIZE &&
	       (packet->src_port == PORT_NATT || packet->dst_port == PORT_NATT);
}

static bool offends(const struct track *track, const struct pair *pair, struct flow *flow, const struct packet *packet)
{
	if (is_stray(packet))
		return false;
	/* ICMP is judged packet by packet: type and size decide, not the flow. */
	if (packet->class == PACKET_ICMP)
		return ask_policy(track, pair, flow, packet) == POLICY_CLEAR_DENIED;
	if (flow->verdict == FLOW_UNASKED || flow->verdict == FLOW_PENDING) {
		switch (ask_policy(track, pair, flow, packet)) {
		case POLICY_CLEAR_ALLOWED:
			flow->verdict = FLOW_ALLOWED;
			break;
		case POLICY_CLEAR_DENIED:
			flow->verdict = FLOW_OFFENDING;
			break;
		case POLICY_CLEAR_PENDING:
			flow->verdict = FLOW_PENDING;
			break;
		}
	}
	return flow->verdict == FLOW_OFFENDING;
}

/* ---- decapsulated copies ---- */

/*
 * Ciphers by what they add: 8 octets of header, the IV, padding of content and 2 octets of trailer to the block, the ICV
 * (RFC 4303 section 2; RFC 3602, 2451, 4106, 3686, 2410; RFC 4868 for the longer ICVs).
 */
static const struct {
	uint8_t block, iv, icv;
} ciphers[] = {
	{ 16, 16, 12 }, { 16, 16, 16 }, { 16, 16, 24 }, { 16, 16, 32 },
	{ 16, 16, 0 }, /* AES-CBC and the like */
	{ 8, 8, 12 },   { 8, 8, 16 },   { 8, 8, 24 },   { 8, 8, 32 },
	{ 8, 8, 0 }, /* DES, 3DES */
	{ 4, 8, 8 },    { 4, 8, 12 },   { 4, 8, 16 },   { 4, 8, 24 },
	{ 4, 8, 32 },                                                 /* GCM, CCM, CTR, ChaCha20 */
	{ 4, 0, 12 },   { 4, 0, 16 },   { 4, 0, 24 },   { 4, 0, 32 }, /* NULL */
	{ 16, 8, 12 },  { 16, 8, 16 },  { 8, 0, 12 },   { 8, 0, 16 },
	{ 16, 0, 16 }, /* padded to more than they need */
};

enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

/* What they have in common, and the least and the most that any of them adds. */
enum { HEADER = 8, TRAILER = 2, LEAST = HEADER + TRAILER, MOST = HEADER + 16 + TRAILER + 15 + 32 };

/* The ciphers, as bits, with which ESP of this length carries just so many octets. */
static uint32_t ciphers_that_fit(uint32_t esp_length, uint32_t carried)
{
	uint32_t fits = 0;

	/* All of them add a multiple of four to what they pad. */
	if (esp_length % 4 != 0)
		return 0;
	for (unsigned i = 0; i < CIPHERS; i++) {
		uint32_t block = ciphers[i].block; /* a power of two */
		uint32_t padded = (carried + TRAILER + block - 1) & ~(block - 1);
		if (esp_length == HEADER + ciphers[i].iv + padded + ciphers[i].icv)
			fits |= UINT32_C(1) << i;
	}
	return fits;
}

/* The ciphers with which an ESP packet of `esp_length` octets behind its IP header can have carried the packet: whole in
 * tunnel mode, or, between the same two addresses, what is behind its IP header. */
static uint32_t can_have_carried(uint32_t esp_length, const struct packet *packet, bool same_pair)
{
	uint32_t ip_header = address_is_ipv4(&packet->src) ? 20 : 40;
	/* Most packets near ESP are no copies, and told by that alone. */
	uint32_t least = packet->length + LEAST - (packet->length < ip_header ? packet->length : ip_header);

	if (esp_length - least > packet->length + MOST - least)
		return 0;
	uint32_t fits = ciphers_that_fit(esp_length, packet->length);
	if (same_pair && packet->length >= ip_header)
		fits |= ciphers_that_fit(esp_length, packet->length - ip_header);
	return fits;
}

/* Whether copies may go on being taken for such: one cipher has to fit all of a direction's copies, until it is another one. */
static bool fits_the_others(struct story *story, unsigned direction, uint32_t fits)
{
	uint32_t both = story->copies[direction] ? story->copy_fits[direction] & fits : fits;

	if (!both)
		return false;
	story->copy_fits[direction] = both;
	return true;
}

/*
 * The packet fits this ESP packet, but with none of the ciphers that fitted so far. True once so many more did than fitted that
 * the two have agreed on another cipher: it is that of their copies from now on.
 */
static bool other_cipher(struct story *story, unsigned direction, struct story_esp *esp, uint32_t fits)
{
	uint8_t *more = &story->others[direction];
	uint32_t both = story->other_fits[direction] & fits;

	/* One whose ESP packet was lost takes no other's. */
	if (*more < COPIES_OTHER_MIN) {
		++*more;
		return false;
	}
	*more = both ? (uint8_t)(*more + 1) : COPIES_OTHER_MIN + 1;
	story->other_fits[direction] = both ? both : fits;
	esp->marks |= STORY_ESP_USED;
	if (*more < COPIES_KNOWN)
		return false;
	story->copy_fits[direction] = story->other_fits[direction];
	story->others[direction] = 0;
	story->other_fits[direction] = 0;
	return true;
}

/* `carrier` is the pair whose ring remembers the ESP packets, `story` that of the pair whose packet may be a copy. */
static bool ring_explains(struct track *track, const struct pair *carrier, struct story *story, bool same_pair,
			  const struct packet *packet, const struct track_key *key)
{
	struct story_esp *ring = ((struct story *)story_at(track, carrier->story))->ring;
	uint32_t at = carrier->link.owner, now = story_tick(key->time_ns);
	uint16_t interface = packet->interface & STORY_ESP_INTERFACE;
	uint16_t direction = key->direction ? STORY_ESP_DIRECTION : 0;
	struct story_esp *other = NULL;
	uint32_t other_fits = 0;
	unsigned young = 0;

	while (young < STORY_RING && ring[(at - young - 1) % STORY_RING].length > 0 &&
	       now - ring[(at - young - 1) % STORY_RING].tick <= (uint32_t)(STORY_YOUNG_NS >> 13))
		young++;
	/* Copies come in the order of what they are copies of. */
	for (; young > 0; young--) {
		struct story_esp *esp = &ring[(at - young) % STORY_RING];
		if ((esp->marks & STORY_ESP_USED) || (esp->marks & STORY_ESP_INTERFACE) != interface ||
		    (same_pair && (esp->marks & STORY_ESP_DIRECTION) != direction))
			continue;
		uint32_t fits = can_have_carried(esp->length, packet, same_pair);
		if (fits_the_others(story, key->direction, fits)) {
			esp->marks |= STORY_ESP_USED;
			/* Some of another cipher's fit this one by chance. */
			if (story->others[key->direction] > 0)
				story->others[key->direction]--;
			return true;
		}
		if (fits && (!other || (!(other_fits & story->other_fits[key->direction]) &&
					(fits & story->other_fits[key->direction])))) {
			other = esp;
			other_fits = fits;
		}
	}
	return other && other_cipher(story, key->direction, other, other_fits);
}

static bool esp_explains(struct track *track, struct pair *pair, struct story *story, const struct packet *packet,
			 const struct track_key *key)
{
	unsigned d = key->direction;

	if ((pair->esp_packets[d] != 0) & (key->time_ns - pair->esp_last_ns[d] <= STORY_YOUNG_NS)) {
		if (pair->flags & PAIR_RING) {
			if (ring_explains(track, pair, story, true, packet, key))
				return true;
		} else {
			/* Until now nobody had a reason to remember this pair's ESP packets; the last one is known. */
			pair->flags |= PAIR_RING;
			if (fits_the_others(story, d, can_have_carried(pair->esp_last_length[d], packet, true)))
				return true;
		}
	}
	if (pair->rule) {
		struct rule_carriers *carriers = &track->carriers[pair->rule - 1];
		for (uint32_t i = 0; i < carriers->count; i++) {
			struct pair *carrier = pair_at(track, carriers->pairs[i]);
			bool lately = key->time_ns - carrier->esp_last_ns[0] <= STORY_YOUNG_NS ||
				      key->time_ns - carrier->esp_last_ns[1] <= STORY_YOUNG_NS;
			if (lately && carrier->generation == carriers->generations[i] && carrier->story &&
			    ring_explains(track, carrier, story, carrier == pair, packet, key))
				return true;
		}
	}
	return false;
}

/* ---- services ---- */

static struct transition_service service_of(const struct track *track, const struct flow *flow)
{
	struct transition_service service = {
		.protocol = flow->protocol,
		.port = service_port(flow),
		.name = track->app_names[flow->app],
		.credentials = (flow->flags & FLOW_CREDENTIALS) != 0,
	};
	service.encrypted = (flow->flags & FLOW_ENCRYPTED) != 0 || (!service.name && !(flow->flags & FLOW_NAME_FINAL) &&
								    encrypted_by_port(service.protocol, service.port));
	return service;
}

/* The service's place in the story; NULL if it has none. */
static struct story_service *service_find(struct story *story, const struct transition_service *service)
{
	struct story_service *nameless = NULL;

	for (unsigned i = 0; i < story->service_count; i++) {
		struct story_service *known = &story->services[i];
		enum service_fit fit = transition_service_fit(&known->service, service);
		if (fit == SERVICE_SAME)
			return known;
		if (fit == SERVICE_NAMELESS)
			nameless = known;
	}
	return nameless;
}

/* The same, made if it is new. When all places are taken, one of an earlier run that no copies are known of is given up; if
 * there is none, the last one stands for the rest. */
static struct story_service *service_entry(struct story *story, const struct transition_service *service)
{
	struct story_service *found = service_find(story, service);

	if (found)
		return found;
	if (story->service_count < STORY_SERVICES_MAX)
		found = &story->services[story->service_count++];
	for (unsigned i = 0; !found && i < STORY_SERVICES_MAX; i++)
		if (story->services[i].run != story->run && !story->services[i].copies)
			found = &story->services[i];
	if (!found)
		return &story->services[STORY_SERVICES_MAX - 1];
	*found = (struct story_service){ .service = *service };
	return found;
}

/*
 * The service of a flow whose packet offends. True if there is news: a service not seen before, its name, or credentials. A
 * flow that has its place brings no more news until the classifier does, and its later packets need not look.
 */
static __attribute__((noinline)) bool service_note(const struct track *track, struct story *story, struct flow *flow)
{
	const struct transition_service of_flow = service_of(track, flow), *service = &of_flow;
	struct story_service *found = service_entry(story, service);
	bool news = !found->offended || found->run != story->run;
	if (found->run != story->run)
		found->service.credentials = false;
	found->offended = true;
	found->run = story->run;
	flow->service = (uint32_t)(found - story->services + 1) & 31u;
	flow->run = story->run & 7u;
	if (!transition_service_shares_port(&found->service, service)) {
		news =
		    (!service->encrypted && !story->rest_plain) || (service->credentials && !story->rest_credentials);
		story->rest_plain |= !service->encrypted;
		story->rest_credentials |= service->credentials;
		return news;
	}
	if (service->name && (found->service.name != service->name || found->service.encrypted != service->encrypted)) {
		found->service.name = service->name;
		found->service.encrypted = service->encrypted;
		news = true;
	} else if (!found->service.name && found->service.encrypted != service->encrypted) {
		found->service.encrypted = service->encrypted;
		news = true;
	}
	if (service->credentials && !found->service.credentials)
		found->service.credentials = news = true;
	return news;
}

/* The packet may be a copy: what else speaks for it, and what follows. */
static __attribute__((noinline)) bool copy_note(struct track *track, struct pair *pair, struct story *story,
						const struct flow *flow, unsigned d, bool explained)
{
	struct transition_service service = service_of(track, flow);
	struct story_service *entry = service_entry(story, &service);
	if (explained) {
		entry->copies += entry->copies < COPIES_KNOWN;
		if (++story->copies[d] >= COPIES_KNOWN)
			pair->flags |= PAIR_COPIES;
		if (story->copies[d] >= COPIES_REMEMBERED) {
			story->copies[d] /= 2;
			story->unexplained[d] /= 2;
		}
		track->counters.copies++;
		return true;
	}
	story->unexplained[d] += story->unexplained[d] < COPIES_REMEMBERED;
	/* The mirror may have lost it: a leak has more of its kind. */
	return entry->copies >= COPIES_FEW &&
	       story->unexplained[d] <= 1 + (entry->copies >= COPIES_KNOWN ? story->copies[d] / COPIES_SHARE : 0);
}

/*
 * Whether the packet is a decapsulated copy. One that lacks its ESP packet is forgiven where copies are the rule of its own
 * service, and few lack theirs: a leak beside the copies of others has no copies of its own.
 */
static bool is_copy(struct track *track, struct pair *pair, struct story *story, const struct flow *flow,
		    const struct packet *packet, const struct track_key *key)
{
	unsigned d = key->direction;
	bool explained = esp_explains(track, pair, story, packet, key);

	if (!explained && story->copies[d] < COPIES_FEW)
		return false;
	return copy_note(track, pair, story, flow, d, explained);
}

/* ---- news ---- */

static void put_clear(struct track *track, struct pair *pair, struct story *story, enum transition_kind kind,
		      int64_t time_ns, unsigned direction, const struct flow *flow, const struct packet *packet)
{
	struct transition transition = { .time_ns = time_ns,
					 .kind = (uint8_t)kind,
					 .direction = (uint8_t)direction,
					 .interface = pair->clear_interface };
	if (flow)
		transition.clear.service = service_of(track, flow);
	if (packet) {
		transition.clear.src_port = packet->src_port;
		transition.clear.dst_port = packet->dst_port;
		transition.clear.octets = packet->length;
	}
	transition.clear.bytes = story->clear_bytes;
	/* Of a silence it would depend on when that is noticed. */
	if (packet)
		transition.clear.since_ns = pair->clear_run_ns < time_ns ? pair->clear_run_ns : time_ns;
	for (unsigned d = 0; d < SIDES; d++) {
		transition.clear.packets[d] = story->clear_packets[d];
		transition.clear.last_ns[d] = story->clear_last_ns[d];
	}
	track_put(track, &transition, pair);
	story->clear_told_ns = time_ns;
}

/* What was in clear at some time before is news again. */
static void run_begins(struct story *story)
{
	story->run++;
	story->rest_plain = story->rest_credentials = false;
}

static int64_t last_clear(const struct story *story)
{
	return story->clear_last_ns[0] > story->clear_last_ns[1] ? story->clear_last_ns[0] : story->clear_last_ns[1];
}

static __attribute__((noinline)) void fall_quiet(struct track *track, struct pair *pair, struct story *story,
						 int64_t since_ns)
{
	pair->flags &= (uint16_t)~PAIR_CLEAR_RUNS;
	put_clear(track, pair, story, TRANSITION_CLEAR_QUIET, since_ns,
		  story->clear_last_ns[1] > story->clear_last_ns[0], NULL, NULL);
}

void track_clear_notice_quiet(struct track *track, struct pair *pair, struct story *story, int64_t now_ns)
{
	int64_t since = last_clear(story) + TRACK_QUIET_NS;

	if ((pair->flags & PAIR_CLEAR_RUNS) && since <= now_ns)
		fall_quiet(track, pair, story, since);
}

void track_clear_end(struct track *track, struct pair *pair, struct story *story, int64_t now_ns)
{
	int64_t last = last_clear(story);

	track_clear_notice_quiet(track, pair, story, now_ns);
	if (!(pair->flags & PAIR_CLEAR_RUNS))
		return;
	/* As in track_esp_end(). */
	put_clear(track, pair, story, TRANSITION_CLEAR_QUIET, last < now_ns ? now_ns : last + 1,
		  story->clear_last_ns[1] > story->clear_last_ns[0], NULL, NULL);
}

/* ---- clients that knock ---- */

static bool address_secured(const struct track *track, const struct pair *pair, const struct address *address)
{
	return pair->rule || track_host_known(track, address);
}

/*
 * A host that only takes secured traffic lets a clear SYN come to nothing, and the client repeats it. So do a packet filter
 * and a host that is down: what is told is for the judge to weigh. Only tries of one and the same connection count: who
 * tries one port after the other is no client.
 */
void track_knock(struct track *track, uint32_t number, const struct packet *packet, const struct track_key *key)
{
	struct flow *flow = flow_at(track, number);
	struct pair *pair = track_pair_of_flow(track, flow);
	unsigned d = key->direction;
	struct transition transition = { .time_ns = key->time_ns,
					 .kind = TRANSITION_KNOCK,
					 .direction = (uint8_t)d,
					 .interface = packet->interface };

	if (!pair || track_interface_of(track, packet->interface).side == TRACK_SIDE_INSIDE)
		return;
	if (packet->tcp_flags & TCP_ACK) {
		if (!(pair->flags & PAIR_KNOCKED))
			return;
		pair->flags &= (uint16_t)~PAIR_KNOCKED;
		pair->knock_ns = 0;
		track_put(track, &transition, pair);
		return;
	}
	if (flow_packets(flow, !d) || (flow->flags & FLOW_ANSWERED) || !address_secured(track, pair, &packet->dst))
		return;
	if (flow_packets(flow, d) == 1 && (!pair->knock_ns || key->time_ns - pair->knock_ns > KNOCKS_APART_NS))
		pair->knock_ns = key->time_ns;
	if (flow_packets(flow, d) < KNOCKS || ask_policy(track, pair, flow, packet) == POLICY_CLEAR_ALLOWED)
		return;
	pair->flags |= PAIR_KNOCKED;
	transition.knock = (struct transition_knock){ packet->dst_port, flow_packets(flow, d),
						      pair->knock_ns ? pair->knock_ns : key->time_ns };
	track_put(track, &transition, pair);
}

bool track_clear(struct track *track, uint32_t number, const struct packet *packet, const struct track_key *key)
{
	struct flow *flow = flow_at(track, number);
	struct pair *pair = track_pair_of_flow(track, flow);

	if (!pair || track_interface_of(track, packet->interface).side == TRACK_SIDE_INSIDE)
		return false;
	if (!offends(track, pair, flow, packet))
		return false;
	struct story *story = track_story(track, pair);
	if (!story)
		return false;
	if (is_copy(track, pair, story, flow, packet, key))
		return false;

	unsigned d = key->direction;
	track_clear_notice_quiet(track, pair, story, key->time_ns);
	if (!(pair->flags & PAIR_CLEAR_RUNS))
		run_begins(story);
	bool news = (!flow->service || flow->run != (story->run & 7u)) && service_note(track, story, flow);
	bool first_this_way = story->clear_packets[d] == 0;
	story->clear_packets[d]++;
	story->clear_bytes += packet->length;
	story->clear_last_ns[d] = key->time_ns;
	pair->clear_interface = packet->interface;
	if (!(pair->flags & PAIR_CLEAR_RUNS)) {
		pair->flags |= PAIR_CLEAR_RUNS;
		track_activate(track, flow->link.owner, key->time_ns);
		put_clear(track, pair, story, TRANSITION_CLEAR_BEGAN, key->time_ns, d, flow, packet);
	} else if (news) {
		put_clear(track, pair, story, TRANSITION_CLEAR_SERVICE, key->time_ns, d, flow, packet);
	} else if (first_this_way || key->time_ns - story->clear_told_ns >= PROGRESS_NS) {
		put_clear(track, pair, story, TRANSITION_CLEAR_PROGRESS, key->time_ns, d, flow, packet);
	}
	return true;
}
