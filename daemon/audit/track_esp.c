/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker's ESP and AH: SAs by (source, destination, protocol, SPI) within a realm, and what they tell of their pair:
 * when each direction began and fell quiet, and whether the pair may be learned (DESIGN section 6, "Learned pairs").
 * Sequence numbers: RFC 4303 section 2.2, RFC 4302 section 2.5.
 */
#include "track.h"

#include "esp_doubt.h"
#include "hash.h"
#include "track_state.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

enum {
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PORT_NATT = 4500,
	NAME_TRIES = 32,
	SPI_RESERVED_MAX = 255, /* RFC 4303 section 2.1 */
	CHANGES = 64,           /* what sa.changes counts to */
};

#define SA_OUTLIVED_NS (600 * SECOND) /* quiet for so long, an SA makes room without that being a lack of it */
/* How often an SA that goes on is counted: closely while it may turn out to be stale, then now and then. */
#define COUNTED_CLOSELY_NS (30 * SECOND)
#define COUNT_STEP_NS (2 * SECOND)
#define COUNT_LATER_NS (60 * SECOND)

static struct sa_cold *cold_of(const struct track *track, const struct sa *sa)
{
	return &track->sa_cold[table_number(&track->sas, sa)];
}

static void sa_evict(struct track *track)
{
	struct candidate victim = { 0 };

	/* As in pair_evict(), track.c. */
	for (unsigned i = 0; i < TRACK_EVICT_CANDIDATES || (victim.rank == 0 && i < TRACK_EVICT_CANDIDATES_MAX); i++) {
		uint32_t number = table_draw(&track->sas);
		if (!number)
			break;
		const struct sa *sa = sa_at(track, number);
		const struct pair *pair = pair_at(track, sa->link.owner);
		bool orphan = pair->generation != sa->pair_generation || !pair->link.hash;
		bool two_way = !orphan && pair->esp_packets[0] && pair->esp_packets[1];
		/* Who knows the addresses can make up SPIs for a pair that is two-way: what sent only once goes first. */
		unsigned rank = orphan ? 4 : (two_way ? 0u : 2u) + (sa->packets <= 1 ? 1u : 0u);
		if (!victim.number || rank > victim.rank || (rank == victim.rank && sa->last_ns < victim.last_ns))
			victim = (struct candidate){ number, rank, sa->last_ns };
	}
	if (!victim.number)
		return;
	const struct sa *sa = sa_at(track, victim.number);
	struct pair *pair = pair_at(track, sa->link.owner);
	track->outlived.sas += track->now_ns - sa->last_ns > SA_OUTLIVED_NS;
	if (pair->link.hash && pair->generation == sa->pair_generation && pair->sas)
		pair->sas--;
	/* It makes room as an SA, and so is one of those that were seen. */
	if (sa->flags & SA_DOUBTED)
		track->counters.sas++;
	table_evict(&track->sas, victim.number);
}

/* An SA needs a pair; it may have lost its own. */
static bool sa_adopt(struct track *track, struct sa *sa, const struct packet *packet, const struct track_key *key)
{
	uint32_t number = track_pair_obtain(track, packet, key);
	if (!number)
		return false;
	struct pair *pair = pair_at(track, number);
	sa->link.owner = number;
	sa->pair_generation = pair->generation;
	pair->sas++;
	return true;
}

static __attribute__((noinline)) uint32_t sa_make(struct track *track, const struct packet *packet,
						  const struct track_key *key, uint64_t hash, bool ah)
{
	uint32_t number = table_insert(&track->sas, hash);
	if (!number) {
		sa_evict(track);
		number = table_insert(&track->sas, hash);
	}
	if (!number) {
		track->counters.untracked++;
		return 0;
	}
	struct sa *sa = sa_at(track, number);
	if (!sa_adopt(track, sa, packet, key)) {
		table_remove(&track->sas, number);
		return 0;
	}
	sa->spi = packet->spi;
	sa->last_ns = key->time_ns;
	sa->flags = (uint8_t)((key->direction ? SA_DIRECTION : 0) | (ah ? SA_AH : 0));
	sa->encap = packet->encap & 3u;
	track->sa_cold[number] = (struct sa_cold){ .first_ns = key->time_ns, .name_tries = NAME_TRIES };
	return number;
}

static bool behind_nat(const struct packet *packet)
{
	bool elsewhere = (packet->src_port != PORT_NATT) | (packet->dst_port != PORT_NATT);

	return (packet->encap == PACKET_ENCAP_UDP) & elsewhere;
}

static __attribute__((noinline)) void esp_transition(struct track *track, struct pair *pair, enum transition_kind kind,
						     unsigned direction, int64_t time_ns, const struct packet *packet)
{
	struct transition transition = { .time_ns = time_ns, .kind = (uint8_t)kind, .direction = (uint8_t)direction };
	transition.esp.last_ns = pair->esp_last_ns[direction];
	if (packet) {
		transition.interface = packet->interface;
		transition.esp.spi = packet->spi;
		transition.esp.protocol = packet->class == PACKET_AH ? PROTOCOL_AH : PROTOCOL_ESP;
		transition.esp.encap = packet->encap;
	}
	track_put(track, &transition, pair);
}

/* A direction whose last packet is longer ago than the threshold became quiet when the threshold had passed, whenever
 * that is noticed. */
void track_esp_notice_quiet(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	uint16_t quiet = (uint16_t)(PAIR_ESP_QUIET_0 << direction);
	int64_t since = pair->esp_last_ns[direction] + TRACK_QUIET_NS;

	if ((pair->flags & quiet) || since > now_ns)
		return;
	pair->flags |= quiet;
	esp_transition(track, pair, TRANSITION_ESP_QUIET, direction, since, NULL);
}

void track_esp_end(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	int64_t last = pair->esp_last_ns[direction];

	track_esp_notice_quiet(track, pair, direction, now_ns);
	if (pair->flags & (uint16_t)(PAIR_ESP_QUIET_0 << direction))
		return;
	/* A silence stands before all else of its time, and this one is to stand behind the last packet. */
	esp_transition(track, pair, TRANSITION_ESP_QUIET, direction, last < now_ns ? now_ns : last + 1, NULL);
}

static void learn_count(struct track *track, struct pair *pair, unsigned direction, int64_t now_ns)
{
	uint16_t risen = (uint16_t)(PAIR_RISEN_0 << direction);

	if (!(pair->flags & risen) && ++pair->rising[direction] >= track->settings.learn_packets)
		pair->flags |= risen;
	if ((pair->flags & PAIR_NAT) || !(pair->flags & PAIR_RISEN_0) || !(pair->flags & PAIR_RISEN_1) ||
	    now_ns - pair->esp_first_ns < track->settings.learn_span_ns)
		return;
	if (address_is_group(&pair->address[0]) || address_is_group(&pair->address[1]))
		return;
	pair->flags |= PAIR_LEARNABLE;
	esp_transition(track, pair, TRANSITION_LEARNABLE, direction, now_ns, NULL);
}

/* ---- SAs ---- */

/* With the ports of the packet that leads to it, if there is one. */
static __attribute__((noinline)) void sa_transition(struct track *track, const struct pair *pair, const struct sa *sa,
						    enum transition_kind kind, int64_t time_ns,
						    const struct packet *packet)
{
	struct transition transition = { .time_ns = time_ns,
					 .kind = (uint8_t)kind,
					 .direction = sa->flags & SA_DIRECTION ? 1 : 0 };
	transition.esp = (struct transition_esp){
		.spi = sa->spi,
		.protocol = sa->flags & SA_AH ? PROTOCOL_AH : PROTOCOL_ESP,
		.encap = sa->encap,
		.sequence = sa->run.high,
		.last_ns = sa->last_ns,
		.packets = sa->packets,
		.bytes = sa->bytes,
	};
	if (packet && sa->encap != PACKET_ENCAP_NONE) {
		transition.esp.ports[transition.direction] = packet->src_port;
		transition.esp.ports[!transition.direction] = packet->dst_port;
	}
	track_put(track, &transition, pair);
}

/* ---- SAs that go on after what may have ended them ---- */

static void change(struct dialogue *dialogue, unsigned direction, int64_t now_ns)
{
	dialogue->side[direction].changes = (uint8_t)((dialogue->side[direction].changes + 1) % CHANGES);
	dialogue->changed_ns[direction] = now_ns;
}

void track_esp_may_end(struct track *track, const struct pair *pair, int64_t now_ns)
{
	if (!pair->dialogue)
		return;
	for (unsigned d = 0; d < SIDES; d++)
		change(dialogue_at(track, pair->dialogue), d, now_ns);
}

/* Before the packet at hand is counted: tells what an SA had carried when something may have ended it, and what it carries
 * since. */
static void sa_goes_on(struct track *track, const struct pair *pair, struct sa *sa, unsigned direction, bool born,
		       int64_t now_ns)
{
	if (!pair->dialogue)
		return;
	struct dialogue *dialogue = dialogue_at(track, pair->dialogue);
	if (born)
		change(dialogue, direction, now_ns);
	bool changed = !born && sa->changes != dialogue->side[direction].changes;
	sa->changes = dialogue->side[direction].changes & (CHANGES - 1u);
	if (changed) {
		sa->flags |= SA_GOES_ON;
		sa_transition(track, pair, sa, TRANSITION_SA_GOES_ON, now_ns, NULL);
	} else if (sa->flags & SA_GOES_ON) {
		/* By the clock of the packets, so that it is the same however they come. */
		bool closely = now_ns - dialogue->changed_ns[direction] <= COUNTED_CLOSELY_NS;
		if (closely ? now_ns / COUNT_STEP_NS != sa->last_ns / COUNT_STEP_NS
			    : now_ns / COUNT_LATER_NS != sa->last_ns / COUNT_LATER_NS)
			sa_transition(track, pair, sa, TRANSITION_SA_COUNT, now_ns, NULL);
	}
}

static __attribute__((noinline)) void put_run(struct track *track, const struct pair *pair, enum transition_kind kind,
					      unsigned direction, const struct dialogue_run *run, int64_t now_ns)
{
	struct transition transition = { .time_ns = now_ns, .kind = (uint8_t)kind, .direction = (uint8_t)direction };
	const struct dialogue *dialogue = dialogue_at(track, pair->dialogue);
	const struct dialogue_side *side = &dialogue->side[direction];

	transition.run = (struct transition_run){
		.spi = run->spi,
		.level = run->told,
		.first_ns = run->first_ns,
		.last_ns = run->last_ns,
		.reverse_ns = pair->esp_last_ns[!direction],
		.packets = run->packets,
		.answerable = run->answerable,
		.bytes = run->bytes + (uint64_t)run->packets * side->overhead,
	};
	track_put(track, &transition, pair);
}

/* An SA fell quiet whose packets nobody answered: how many that were is known now. */
static void tell_unanswered(struct track *track, const struct pair *pair, const struct sa *sa, int64_t time_ns)
{
	unsigned direction = sa->flags & SA_DIRECTION ? 1 : 0;

	if (!pair->dialogue)
		return;
	const struct dialogue *dialogue = dialogue_at(track, pair->dialogue);
	const struct dialogue_run *run = &dialogue->side[direction].run;
	if (run->told > 0 && run->spi == sa->spi)
		put_run(track, pair, TRANSITION_UNANSWERED, direction, run, time_ns);
}

static void sa_notice_quiet(struct track *track, struct sa *sa, int64_t now_ns)
{
	const struct pair *pair = pair_at(track, sa->link.owner);
	int64_t since = sa->last_ns + TRACK_QUIET_NS;

	if ((sa->flags & SA_QUIET) || since > now_ns)
		return;
	sa->flags |= SA_QUIET;
	if (!pair->link.hash || pair->generation != sa->pair_generation)
		return;
	sa_transition(track, pair, sa, TRANSITION_SA_QUIET, since, NULL);
	tell_unanswered(track, pair, sa, since);
}

/* What goes on when the capture ends is counted to its last packet. */
void track_esp_finish(struct track *track, int64_t now_ns)
{
	for (uint32_t number = 1; number <= track->sas.fresh; number++) {
		const struct sa *sa = sa_at(track, number);
		const struct pair *pair = pair_at(track, sa->link.owner);
		if (!table_lives(&track->sas, number) || (sa->flags & (SA_QUIET | SA_DOUBTED)) || !pair->link.hash ||
		    pair->generation != sa->pair_generation)
			continue;
		if (sa->flags & SA_GOES_ON)
			sa_transition(track, pair, sa, TRANSITION_SA_COUNT, now_ns, NULL);
		tell_unanswered(track, pair, sa, now_ns);
	}
}

int64_t track_sa_due(void *context, uint32_t number, int64_t now_ns)
{
	struct track *track = context;

	if (!table_lives(&track->sas, number))
		return 0;
	struct sa *sa = sa_at(track, number);
	sa_notice_quiet(track, sa, now_ns);
	return sa->flags & SA_QUIET ? 0 : sa->last_ns + TRACK_QUIET_NS;
}

/* Octets behind the sequence number, as far as they were captured: what a replayed packet repeats. Never 0. */
static uint16_t digest_of(const struct packet *packet)
{
	enum { HEADER = 8, DIGESTED = 64 };
	uint32_t length = packet->payload_captured > HEADER ? packet->payload_captured - HEADER : 0;

	if (length == 0)
		return 1;
	uint64_t hash = hash_octets(packet->payload + HEADER, length < DIGESTED ? length : DIGESTED, 0);
	return (uint16_t)(hash | 1);
}

static void put_oddity(struct track *track, struct pair *pair, const struct sa *sa, const struct packet *packet,
		       enum transition_oddity what, uint32_t count, int64_t now_ns)
{
	const struct sequence *sequence = &cold_of(track, sa)->sequence;
	struct transition transition = { .time_ns = now_ns,
					 .kind = TRANSITION_SEQUENCE,
					 .direction = sa->flags & SA_DIRECTION ? 1 : 0,
					 .interface = packet->interface };
	transition.sequence = (struct transition_sequence){
		.spi = sa->spi,
		.protocol = sa->flags & SA_AH ? PROTOCOL_AH : PROTOCOL_ESP,
		.what = (uint8_t)what,
		.number = packet->sequence,
		.high = sequence->high,
		.count = count,
		.packets = sa->packets,
	};
	track_put(track, &transition, pair);
}

/* At the third, whenever their number has doubled, and once a minute: who waits for their end has to know that they go on. */
static bool tells_replay(struct sa_cold *cold, int64_t now_ns)
{
	enum { REPLAYS_TOLD = 3 };
	uint32_t replayed = cold->sequence.replayed;
	uint16_t minute = (uint16_t)(now_ns / (60 * SECOND));

	if (replayed < REPLAYS_TOLD ||
	    (replayed > REPLAYS_TOLD && (replayed & (replayed - 1)) != 0 && minute == cold->replay_minute))
		return false;
	cold->replay_minute = minute;
	return true;
}

/* Takes a number that did not just follow the one before. True if the packet is one of the sender's own, and no copy. */
static __attribute__((noinline)) bool sa_number(struct track *track, struct pair *pair, struct sa *sa,
						struct sequence *sequence, const struct packet *packet, int64_t now_ns)
{
	enum { DOUBLED_PACKETS = 50, DOUBLED_SHARE = 5, COPIES = 3 };
	uint16_t digest = sequence_wants_digest(sequence, packet->sequence) ? digest_of(packet) : 1;
	switch (sequence_packet(sequence, packet->sequence, digest, now_ns)) {
	case SEQUENCE_NEW:
		if ((packet->sequence >= SEQUENCE_NEAR_WRAP) != ((sa->flags & SA_WRAP_TOLD) != 0)) {
			sa->flags ^= SA_WRAP_TOLD;
			put_oddity(track, pair, sa, packet,
				   sa->flags & SA_WRAP_TOLD ? ODDITY_NEAR_WRAP : ODDITY_WRAPPED, 1, now_ns);
		}
		return true;
	case SEQUENCE_LATE:
	case SEQUENCE_STILL:
		return true;
	case SEQUENCE_RESET:
		sa->flags &= (uint8_t)~SA_WRAP_TOLD;
		put_oddity(track, pair, sa, packet, ODDITY_RESET, 1, now_ns);
		return true;
	case SEQUENCE_REPLAYED:
		if (tells_replay(cold_of(track, sa), now_ns))
			put_oddity(track, pair, sa, packet, ODDITY_REPLAY, sequence->replayed, now_ns);
		return false;
	case SEQUENCE_DOUBLED:
		track_seen_of(track, packet->interface)->doubled++;
		/* A mirror makes a copy or two of each; what comes again and again is sent so. */
		if (!(sa->flags & SA_DOUBLED_TOLD) && sa->packets >= DOUBLED_PACKETS &&
		    sequence->near * DOUBLED_SHARE >= sa->packets && sequence->near / COPIES <= sequence->distinct) {
			sa->flags |= SA_DOUBLED_TOLD;
			put_oddity(track, pair, sa, packet, ODDITY_DOUBLED, sequence->near, now_ns);
		}
		return false;
	case SEQUENCE_REPEATED:
		break;
	}
	return false;
}

/*
 * Looks at what the SA lacks, once a minute at most and not before 64 packets came: the sums of all SAs show what the span
 * port loses. Who lacks more than came has counted on from elsewhere, as gateways do that take over for another.
 */
static void look_for_loss(struct track *track, const struct sa *sa, struct sa_cold *cold, int64_t now_ns)
{
	enum { PACKETS = 64, EVERY_S = 60, MISSING = 2, SHARE = 64 };
	const struct sequence *sequence = &cold->sequence;
	struct sa_loss *loss = &cold->loss;
	uint32_t second = (uint32_t)(now_ns / SECOND), lost = sequence_lost_for_good(sequence);
	unsigned d = sa->flags & SA_DIRECTION ? 1 : 0;

	if (sequence->distinct < loss->distinct) {
		*loss = (struct sa_loss){ sequence->distinct, lost, loss->second };
		return;
	}
	uint32_t passed = sequence->distinct - loss->distinct, missing = lost > loss->lost ? lost - loss->lost : 0;
	if (passed < PACKETS || (loss->second && second - loss->second < EVERY_S))
		return;
	*loss = (struct sa_loss){ sequence->distinct, lost, second };
	if (missing > passed)
		return;
	track->loss.sas[d]++;
	track->loss.lossy[d] += missing >= MISSING && (uint64_t)missing * SHARE >= passed;
	track->loss.passed[d] += passed;
	track->loss.missing[d] += missing;
}

/* Takes the packet's number; the result as that of sa_number(). */
static bool sa_sequence(struct track *track, struct pair *pair, struct sa *sa, const struct packet *packet, bool born,
			int64_t now_ns)
{
	if (sequence_run_takes(&sa->run, packet->sequence, now_ns))
		return true;
	struct sequence *sequence = &cold_of(track, sa)->sequence;
	bool own_packet = true;

	if (born) {
		sequence_begin(sequence, packet->sequence, digest_of(packet), now_ns);
	} else {
		sequence_settle(sequence, &sa->run, sa->last_ns);
		own_packet = sa_number(track, pair, sa, sequence, packet, now_ns);
		look_for_loss(track, sa, cold_of(track, sa), now_ns);
	}
	sequence_run_begin(&sa->run, sequence);
	return own_packet;
}

static bool whole(const struct packet *packet)
{
	return packet->class == PACKET_ESP && packet->payload_captured == packet->payload_length &&
	       !(packet->flags & PACKET_FIRST_FRAGMENT);
}

/* Whether ESP hides what it carries: looked at while it is undecided, in packets that are there whole. */
static __attribute__((noinline)) void sa_content(struct track *track, struct pair *pair, struct sa *sa,
						 struct readable *readable, const struct packet *packet, int64_t now_ns)
{
	struct readable_inner inner = { 0 };

	if (!whole(packet) || !readable_wants(readable, sa->packets))
		return;
	bool news = readable_packet(readable, packet->payload, packet->payload_length, &inner);
	if (readable->state == READABLE_NO || readable->state == READABLE_PLAIN)
		sa->flags |= SA_OPAQUE;
	if (!news || (readable->state == READABLE_NO && !readable->missed))
		return;
	pair->flags |= PAIR_READABLE;
	struct transition transition = { .time_ns = now_ns,
					 .kind = TRANSITION_READABLE,
					 .direction = sa->flags & SA_DIRECTION ? 1 : 0,
					 .interface = packet->interface };
	transition.readable = (struct transition_readable){ .spi = sa->spi,
							    .state = readable->state,
							    .icv = inner.icv,
							    .protocol = inner.protocol,
							    .src_port = inner.src_port,
							    .dst_port = inner.dst_port };
	track_put(track, &transition, pair);
}

/* A packet ends runs whose SAs were quiet long before it, though nobody looked at them yet: what such a run came to is
 * known since then, and not since the packet. */
static void tell_what_ended(struct track *track, const struct pair *pair, const struct dialogue *dialogue,
			    int64_t now_ns)
{
	for (unsigned d = 0; d < 2; d++) {
		const struct dialogue_run *run = &dialogue->side[d].run;
		int64_t since = run->last_ns + TRACK_QUIET_NS;
		if (run->told > 0 && since <= now_ns && since > track->turned_ns)
			put_run(track, pair, TRANSITION_UNANSWERED, d, run, since);
	}
}

static __attribute__((noinline)) void pair_dialogue(struct track *track, struct pair *pair, const struct packet *packet,
						    bool pool, unsigned direction, int64_t now_ns)
{
	struct dialogue_run ended;

	if (!pair->dialogue) {
		pair->dialogue = table_insert(&track->dialogues, pair->link.hash);
		if (!pair->dialogue)
			return;
	}
	struct dialogue *dialogue = dialogue_at(track, pair->dialogue);
	tell_what_ended(track, pair, dialogue, now_ns);
	dialogue->side[direction].overhead = (uint16_t)(packet->length - packet->payload_length);
	unsigned news = dialogue_packet(dialogue, direction, packet->spi, packet->payload_length, pool, now_ns, &ended);
	if (!news)
		return;
	if (news & DIALOGUE_ANSWERED)
		put_run(track, pair, TRANSITION_ANSWERED, !direction, &ended, now_ns);
	if (news & DIALOGUE_LEFT)
		put_run(track, pair, TRANSITION_UNANSWERED, direction, &ended, now_ns);
	if (news & DIALOGUE_UNANSWERED)
		put_run(track, pair, TRANSITION_UNANSWERED, direction, &dialogue->side[direction].run, now_ns);
	if (news & DIALOGUE_SHAPE) {
		struct transition transition = { .time_ns = now_ns,
						 .kind = TRANSITION_SHAPE,
						 .direction = (uint8_t)direction };
		transition.shape = (struct transition_shape){ .shape = dialogue->shape_told,
							      .residues = dialogue->residues,
							      .lengths = dialogue->shape_count,
							      .packets = dialogue->shape_packets };
		track_put(track, &transition, pair);
	}
}

static void remember_for_copies(struct track *track, struct pair *pair, const struct packet *packet, unsigned direction,
				int64_t now_ns)
{
	struct story *story = track_story(track, pair);

	if (!story)
		return;
	story->ring[pair->link.owner] = (struct story_esp){
		.tick = story_tick(now_ns),
		.length = packet->payload_length < UINT16_MAX ? (uint16_t)packet->payload_length : UINT16_MAX,
		.marks = (uint16_t)((packet->interface & STORY_ESP_INTERFACE) | (direction ? STORY_ESP_DIRECTION : 0)),
	};
	pair->link.owner = (pair->link.owner + 1) % STORY_RING;
}

/* A direction of the pair speaks: first time, or again. */
static void pair_esp(struct track *track, struct pair *pair, uint32_t number, const struct packet *packet,
		     unsigned direction, int64_t now_ns)
{
	bool ah = packet->class == PACKET_AH;
	uint16_t quiet = (uint16_t)(PAIR_ESP_QUIET_0 << direction);

	if (!(pair->flags & (ah ? PAIR_HAS_AH : PAIR_HAS_ESP))) {
		track_pair_speaks_ipsec(track, pair, number);
		pair->flags |= ah ? PAIR_HAS_AH : PAIR_HAS_ESP;
	}
	if (pair->esp_packets[0] == 0 && pair->esp_packets[1] == 0)
		pair->esp_first_ns = now_ns;
	if (behind_nat(packet))
		track_pair_is_nat(track, pair, now_ns);
	track_esp_notice_quiet(track, pair, direction, now_ns);
	if (pair->flags & quiet) {
		esp_transition(track, pair, TRANSITION_ESP_BEGAN, direction, now_ns, packet);
		pair->flags &= (uint16_t)~quiet;
		track_activate(track, number, now_ns);
	}
	pair->esp_last_ns[direction] = now_ns;
	pair->esp_last_length[direction] =
	    packet->payload_length < UINT16_MAX ? (uint16_t)packet->payload_length : UINT16_MAX;
	pair_add_esp_packets(pair, direction, 1);
	pair->esp_bytes += packet->length;
}

/* ---- what may be no ESP ---- */

/* The SA is told from now on, with what came of it while it was doubted. */
static void believe(const struct track *track, struct pair *pair, struct sa *sa, unsigned direction)
{
	if (pair->esp_packets[0] == 0 && pair->esp_packets[1] == 0)
		pair->esp_first_ns = cold_of(track, sa)->first_ns;
	pair_add_esp_packets(pair, direction, sa->packets);
	pair->esp_bytes += sa->bytes;
	sa->flags &= (uint8_t)~SA_DOUBTED;
	sa->run = (struct sequence_run){ 0 };
}

/*
 * Takes a packet of an SA that may be none (esp_doubt.h). Where it is one, the packet is for track_esp() as if it were the SA's
 * first. Where it is none, and this is its first packet, the entry is given back: those that the pair had before it are
 * enough to find out that one counts after all.
 */
static __attribute__((noinline)) enum esp_doubt_verdict doubt(struct track *track, struct pair *pair, struct sa *sa,
							      const struct packet *packet, const struct track_key *key,
							      bool born)
{
	enum esp_doubt_verdict verdict = born ? esp_doubt_begin(&sa->doubt, packet->sequence, digest_of(packet))
					      : esp_doubt_packet(&sa->doubt, packet->sequence, digest_of(packet));

	/* Another SA was believed since, or native ESP was seen: then the port is ESP's, but no segment begins with a frame for that. */
	bool tcp = packet->encap == PACKET_ENCAP_TCP;
	if (verdict == ESP_DOUBT_COUNTS || (!tcp && (pair->flags & PAIR_HAS_ESP))) {
		believe(track, pair, sa, key->direction);
		return ESP_DOUBT_COUNTS;
	}
	bool many = pair->doubted_sas == ESP_DOUBT_SAS && (tcp || !(pair->flags & PAIR_HAS_IKE));
	if (many && born) {
		pair->sas--;
		table_remove(&track->sas, table_number(&track->sas, sa));
		return ESP_DOUBT_OTHER;
	}
	if (born && pair->doubted_sas < ESP_DOUBT_SAS)
		pair->doubted_sas++;
	sa->last_ns = key->time_ns;
	if (many || verdict == ESP_DOUBT_OTHER)
		return ESP_DOUBT_OTHER;
	sa->packets++;
	sa->bytes += packet->length;
	track_seen_of(track, packet->interface)->esp++;
	return ESP_DOUBT_OPEN;
}

/* The packet is not of ESP, though it was read so. */
static struct track_handle take_for_clear(struct track *track, struct packet *packet, const struct track_key *key)
{
	struct track_key flow_key = *key;

	track->counters.classes[PACKET_ESP]--;
	track->counters.classes[PACKET_CLEARTEXT]++;
	packet->class = PACKET_CLEARTEXT;
	packet->encap = PACKET_ENCAP_NONE;
	packet->spi = packet->sequence = 0;
	flow_key.hash = track_flow_hash(track, packet, key->realm, key->direction);
	flow_key.entry = 0;
	flow_key.of_sa = false;
	flow_key.slot = 0;
	return track_flow(track, packet, &flow_key);
}

/* In TCP a segment may begin within a frame, with what is encrypted. */
static bool may_be_no_esp(const struct pair *pair, const struct packet *packet)
{
	return packet->encap == PACKET_ENCAP_TCP ||
	       (packet->encap == PACKET_ENCAP_UDP && !(packet->flags & PACKET_WESP) && !(pair->flags & PAIR_HAS_ESP));
}

struct track_handle track_esp(struct track *track, struct packet *packet, const struct track_key *key, uint64_t hash)
{
	struct track_handle handle = { 0 };
	bool ah = packet->class == PACKET_AH;
	unsigned d = key->direction;
	int64_t now = key->time_ns;
	uint32_t number = sa_find(track, key, hash);
	bool born = number == 0;

	if (born) {
		number = sa_make(track, packet, key, hash, ah);
		if (!number)
			return handle;
	}
	struct sa *sa = sa_at(track, number);
	struct pair *pair = pair_at(track, sa->link.owner);
	if (pair->generation != sa->pair_generation || !pair->link.hash) {
		if (!sa_adopt(track, sa, packet, key))
			return handle;
		pair = pair_at(track, sa->link.owner);
	}
	if (born && may_be_no_esp(pair, packet))
		sa->flags |= SA_DOUBTED;
	if (sa->flags & SA_DOUBTED) {
		enum esp_doubt_verdict verdict = doubt(track, pair, sa, packet, key, born);
		if (verdict == ESP_DOUBT_OTHER && packet->encap == PACKET_ENCAP_UDP)
			return take_for_clear(track, packet, key);
		if (verdict != ESP_DOUBT_COUNTS)
			return handle;
		born = true;
	}
	if (born) {
		track->counters.sas++;
		sa->run.high = packet->sequence;
		sa_transition(track, pair, sa, TRANSITION_SA_BORN, now, packet);
	} else {
		sa_notice_quiet(track, sa, now);
	}
	sa_goes_on(track, pair, sa, d, born, now);
	track_seen_of(track, packet->interface)->esp++;
	bool own_packet = sa_sequence(track, pair, sa, packet, born, now);
	sa->packets++;
	sa->bytes += packet->length;
	/* Copies and replays are counted, but they say nothing about what the two are doing now. */
	if (!own_packet)
		return handle;
	bool woke = (sa->flags & SA_QUIET) != 0;
	if (woke) {
		sa->flags &= (uint8_t)~SA_QUIET;
		sa_transition(track, pair, sa, TRANSITION_SA_WOKE, now, packet);
	}
	sa->last_ns = now;
	/* Until it is quiet its timer stays. */
	if (born || woke)
		wheel_put(&track->sa_wheel, number, now + TRACK_QUIET_NS);

	pair_esp(track, pair, sa->link.owner, packet, d, now);
	bool readable = false, unnamed = false;
	if (!(sa->flags & SA_OPAQUE)) {
		struct sa_cold *cold = &track->sa_cold[number];
		sa_content(track, pair, sa, &cold->readable, packet, now);
		readable = cold->readable.state == READABLE_NULL;
		unnamed = readable && cold->name_tries > 0;
	}
	bool pool = !ah && !readable;
	if (pair->dialogue || (pair->esp_packets[0] && pair->esp_packets[1]))
		pair_dialogue(track, pair, packet, pool, d, now);
	if (packet->spi > SPI_RESERVED_MAX && !(pair->flags & PAIR_LEARNABLE))
		learn_count(track, pair, d, now);
	if (pair->flags & PAIR_RING)
		remember_for_copies(track, pair, packet, d, now);
	if (packet->flags & PACKET_FIRST_FRAGMENT) {
		/* Later fragments only add octets; the SA is where they belong. */
		uint64_t bytes = track_first_fragment(track, packet, key, FRAGMENTS_SA, number, sa->link.hash).bytes;
		sa->bytes += bytes;
		pair->esp_bytes += bytes;
	}
	if (unnamed && whole(packet))
		handle.sa = number;
	return handle;
}

/* AH around ESP, or around a tunnel: the AH has its own SA, between its own addresses. */
void track_outer_ah(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct packet ah = *packet;
	struct track_key ah_key = *key;

	ah_key.entry = 0;
	ah.class = PACKET_AH;
	ah.src = packet->ah.src;
	ah.dst = packet->ah.dst;
	ah.spi = packet->ah.spi;
	ah.sequence = packet->ah.sequence;
	ah.encap = PACKET_ENCAP_NONE;
	ah.flags = 0;
	ah_key.direction = address_compare(&ah.src, &ah.dst) > 0;
	track_esp(track, &ah, &ah_key, entry_hash(track, &ah.src, &ah.dst, key->realm, ah.spi, PROTOCOL_AH));
}

/* ---- what readable ESP carries ---- */

uint32_t track_inner(struct track *track, uint32_t number, const struct packet *packet, uint8_t inner[TRACK_INNER_MAX])
{
	enum { IPV4_HEADER = 20, IPV6_HEADER = 40, IP_IN_IP = 4, IPV6_IN_IP = 41 };
	struct sa_cold *cold = &track->sa_cold[number];
	struct readable_inner found;

	if (!readable_look(&cold->readable, packet->payload, packet->payload_length, &found) ||
	    (found.protocol != PROTOCOL_TCP && found.protocol != PROTOCOL_UDP))
		return 0;
	cold->name_tries--;
	const uint8_t *carried = packet->payload + found.offset;
	bool tunnel = found.next_header == IP_IN_IP || found.next_header == IPV6_IN_IP;
	bool v4 = address_is_ipv4(&packet->src);
	uint32_t header = tunnel ? 0 : v4 ? IPV4_HEADER : IPV6_HEADER;
	uint32_t length = header + found.length;
	if (length > TRACK_INNER_MAX || packet->ip_captured < header)
		return 0;
	memcpy(inner, packet->ip, header);
	memcpy(inner + header, carried, found.length);
	if (!tunnel && v4) {
		/* The header without options, of a packet that never was a fragment. */
		inner[0] = 0x45;
		inner[2] = (uint8_t)(length >> 8);
		inner[3] = (uint8_t)length;
		inner[6] = inner[7] = 0;
		inner[9] = found.next_header;
	} else if (!tunnel) {
		inner[4] = (uint8_t)(found.length >> 8);
		inner[5] = (uint8_t)found.length;
		inner[6] = found.next_header;
	}
	return length;
}

void track_name_inner(struct track *track, uint32_t number, const char *name, int64_t now_ns)
{
	const struct sa *sa = sa_at(track, number);
	const struct pair *pair = pair_at(track, sa->link.owner);

	track->sa_cold[number].name_tries = 0;
	if (!pair->link.hash || pair->generation != sa->pair_generation)
		return;
	struct transition transition = { .time_ns = now_ns,
					 .kind = TRANSITION_READABLE,
					 .direction = sa->flags & SA_DIRECTION ? 1 : 0 };
	transition.readable = (struct transition_readable){ .spi = sa->spi, .state = READABLE_NULL, .name = name };
	track_put(track, &transition, pair);
}
