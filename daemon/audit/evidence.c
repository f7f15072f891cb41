/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence.h. */
#include "evidence.h"

#include "../../dissectors/headers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

/* Before what an alert is about began, so much still belongs to the picture. */
#define TALK_LEAD_NS (300 * SECOND)
#define BULK_LEAD_NS (10 * SECOND)

enum { TALK, BULK, KINDS }; /* IKE and ICMP; all else */

enum {
	INTERFACES_MAX = 256,
	TALK_SHARE = 8, /* of the octets of an interface, one in so many is for talk */
	INBOX = 256,    /* alerts that wait to be looked for; a power of two */
	FOLLOWED_MAX = 64,
	HITS_MAX = 64, /* frames of each kind of alerts that are followed, between two steps */
	KEY_BITS = 12, /* of an address's key, for a first look */
	/* Frames of one ring that an alert gets: before what it is about began, the first since, and the latest. */
	PICK_BEFORE = 12,
	PICK_FIRST = 16,
	PICK_LATEST = 36,
	PICKS = PICK_BEFORE + PICK_FIRST + PICK_LATEST,
};

struct rings {
	struct evidence_ring ring[KINDS];
};

/* A frame that was found. */
struct pick {
	int64_t time_ns;
	uint64_t position;
	uint16_t interface;
	uint8_t kind;
};

struct followed {
	struct evidence_case about;
	unsigned left[KINDS]; /* frames that it may still get */
};

struct interest {
	uint64_t bits[(1 << KEY_BITS) / 64];
};

struct evidence {
	struct evidence_settings settings;
	bool interested;                     /* somebody is followed */
	bool incomplete;                     /* there was no memory to remember some interface */
	struct rings *rings[INTERFACES_MAX]; /* owned; NULL: not remembered */
	/* what is followed */
	struct followed followed[FOLLOWED_MAX];
	unsigned followed_count;
	struct interest interest[KINDS]; /* keys of hosts of which a packet is wanted */
	struct pick hits[KINDS][HITS_MAX];
	unsigned hit_count[KINDS];
	/* scratch */
	struct pick *picks; /* owned; PICKS for each ring */
	struct evidence_frame frames[EVIDENCE_BEFORE_MAX];
	/* between the threads */
	_Alignas(64) _Atomic uint32_t put; /* the other thread's */
	_Atomic uint64_t lost;
	_Alignas(64) _Atomic uint32_t taken; /* the worker's */
	struct evidence_case inbox[INBOX];
};

struct evidence *evidence_new(const struct evidence_settings *settings)
{
	struct evidence *evidence = aligned_alloc(_Alignof(struct evidence), sizeof(*evidence));

	if (!evidence)
		return NULL;
	memset(evidence, 0, sizeof(*evidence));
	evidence->settings = *settings;
	evidence->picks = calloc((size_t)INTERFACES_MAX * KINDS * PICKS, sizeof(struct pick));
	if (evidence->picks)
		return evidence;
	free(evidence);
	return NULL;
}

static void free_rings(struct rings *rings)
{
	if (!rings)
		return;
	for (unsigned kind = 0; kind < KINDS; kind++)
		evidence_ring_clear(&rings->ring[kind]);
	free(rings);
}

void evidence_free(struct evidence *evidence)
{
	if (!evidence)
		return;
	for (unsigned i = 0; i < INTERFACES_MAX; i++)
		free_rings(evidence->rings[i]);
	free(evidence->picks);
	free(evidence);
}

bool evidence_interface(struct evidence *evidence, uint16_t interface)
{
	size_t talk = evidence->settings.octets / TALK_SHARE;
	struct rings *rings;

	if (interface >= INTERFACES_MAX)
		return false;
	if (evidence->rings[interface])
		return true;
	rings = calloc(1, sizeof(*rings));
	if (!rings || !evidence_ring_init(&rings->ring[TALK], talk) ||
	    !evidence_ring_init(&rings->ring[BULK], evidence->settings.octets - talk)) {
		free_rings(rings);
		evidence->incomplete = true;
		return false;
	}
	evidence->rings[interface] = rings;
	return true;
}

/* ---- the packet path ---- */

static unsigned kind_of(uint8_t class)
{
	return class == PACKET_IKE || class == PACKET_ICMP || class == PACKET_KEEPALIVE ? TALK : BULK;
}

static bool interested_in(const struct interest *interest, uint32_t key)
{
	uint32_t bit = key >> (32 - KEY_BITS);

	return interest->bits[bit / 64] >> bit % 64 & 1;
}

/* A packet of somebody who is followed, as it seems. */
static void note_hit(struct evidence *evidence, const struct evidence_entry *entry, struct pick pick)
{
	const struct interest *interest = &evidence->interest[pick.kind];
	unsigned *count = &evidence->hit_count[pick.kind];

	if (*count < HITS_MAX && (interested_in(interest, entry->host[0]) || interested_in(interest, entry->host[1])))
		evidence->hits[pick.kind][(*count)++] = pick;
}

void evidence_put_packet(struct evidence *evidence, const struct frame *frame, const struct packet *packet,
			 uint32_t realm, bool offends)
{
	uint16_t interface = frame->interface < INTERFACES_MAX ? frame->interface : INTERFACES_MAX - 1;
	struct rings *rings = evidence->rings[interface];

	if (!rings)
		return;
	unsigned kind = kind_of(packet->class);
	uint32_t kept = headers_length(frame, packet, evidence->settings.ike_whole);
	uint64_t position;
	struct evidence_entry *entry =
	    evidence_ring_put(&rings->ring[kind], frame->bytes, kept < EVIDENCE_KEPT_MAX ? kept : EVIDENCE_KEPT_MAX,
			      frame->captured, &position);
	entry->time_ns = frame->time_ns;
	entry->length = frame->length;
	entry->host[0] = evidence_key(&packet->src);
	entry->host[1] = evidence_key(&packet->dst);
	entry->realm = realm;
	entry->link_type = frame->link_type;
	entry->class = packet->class;
	entry->offends = offends;
	if (evidence->interested)
		note_hit(evidence, entry, (struct pick){ entry->time_ns, position, interface, (uint8_t)kind });
}

/* ---- looking for frames ---- */

/*
 * Frames of one ring that may be the case's, in no order: the latest, the first since what it is about began, and a few before. What begins
 * and what is going on now are what people want to see; what lies between looks like both.
 */
static size_t search_ring(struct evidence *evidence, const struct evidence_case *about, uint16_t interface,
			  unsigned kind, struct pick *picks)
{
	const struct evidence_ring *ring = &evidence->rings[interface]->ring[kind];
	int64_t since = about->first_ns - (kind == TALK ? TALK_LEAD_NS : BULK_LEAD_NS);
	struct pick first[PICK_FIRST];
	size_t count = 0, first_count = 0, before = 0;
	struct evidence_place place;

	for (bool more = evidence_ring_latest(ring, &place); more; more = evidence_ring_before(ring, &place)) {
		const struct evidence_entry *entry = place.entry;
		if (entry->time_ns < since)
			break;
		if (!evidence_case_may_hold(about, entry))
			continue;
		struct pick pick = { entry->time_ns, place.position, interface, (uint8_t)kind };
		if (entry->time_ns < about->first_ns) {
			picks[count++] = pick;
			if (++before == PICK_BEFORE)
				break;
		} else if (count < PICK_LATEST) {
			picks[count++] = pick;
		} else {
			first[first_count++ % PICK_FIRST] = pick;
		}
	}
	for (size_t i = 0; i < first_count && i < PICK_FIRST; i++)
		picks[count++] = first[i];
	return count;
}

static int by_time(const void *one, const void *other)
{
	const struct pick *left = one, *right = other;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	if (left->interface != right->interface)
		return left->interface < right->interface ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->position < right->position ? -1 : left->position > right->position;
}

/* Reads the pick again. False if it was overwritten, or is not the case's after all. */
static bool confirm(struct evidence *evidence, const struct evidence_case *about, const struct pick *pick,
		    struct evidence_frame *frame)
{
	const struct evidence_settings *settings = &evidence->settings;
	struct packet_options options = { .decapsulate = pick->interface < settings->decapsulate_count
							     ? settings->decapsulate[pick->interface]
							     : TUNNEL_ALL };
	struct evidence_place place;
	struct packet packet;

	if (!evidence_ring_at(&evidence->rings[pick->interface]->ring[pick->kind], pick->position, &place))
		return false;
	/* So that what is somebody else's is not read again. */
	if (!evidence_case_may_hold(about, place.entry))
		return false;
	frame->frame = (struct frame){
		.bytes = place.octets,
		.captured = place.entry->kept,
		.length = place.entry->length,
		.time_ns = place.entry->time_ns,
		.link_type = place.entry->link_type,
		.interface = pick->interface,
	};
	packet_read(&frame->frame, &options, &packet);
	return evidence_case_holds(about, place.entry, &packet, &frame->mark);
}

/* The frames of before. Of too many the first and the last remain. */
static void search(struct evidence *evidence, const struct evidence_case *about)
{
	enum { HEAD = EVIDENCE_BEFORE_MAX / 4 };
	size_t found = 0, count = 0;

	for (unsigned i = 0; i < INTERFACES_MAX; i++)
		for (unsigned kind = 0; evidence->rings[i] && kind < KINDS; kind++)
			found += search_ring(evidence, about, (uint16_t)i, kind, evidence->picks + found);
	qsort(evidence->picks, found, sizeof(struct pick), by_time);
	for (size_t i = 0; i < found && count < EVIDENCE_BEFORE_MAX; i++) {
		if (count >= HEAD && found - i > EVIDENCE_BEFORE_MAX - count)
			i = found - (EVIDENCE_BEFORE_MAX - count);
		count += confirm(evidence, about, &evidence->picks[i], &evidence->frames[count]);
	}
	if (evidence->incomplete)
		atomic_fetch_add_explicit(&evidence->lost, 1, memory_order_relaxed);
	if (count > 0)
		evidence->settings.give(evidence->settings.context, about->alert, evidence->frames, count);
}

/* ---- what is followed ---- */

static void mark_interest(struct interest *interest, uint32_t key)
{
	uint32_t bit = key >> (32 - KEY_BITS);

	interest->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void remember_interest(struct evidence *evidence)
{
	memset(evidence->interest, 0, sizeof(evidence->interest));
	for (unsigned i = 0; i < evidence->followed_count; i++) {
		const struct followed *followed = &evidence->followed[i];
		for (unsigned kind = 0; kind < KINDS; kind++) {
			if (!followed->left[kind])
				continue;
			mark_interest(&evidence->interest[kind], followed->about.host_keys[0]);
			mark_interest(&evidence->interest[kind], followed->about.host_keys[1]);
			for (unsigned other = 0; other < followed->about.other_count; other++)
				mark_interest(&evidence->interest[kind], followed->about.other_keys[other]);
		}
	}
	evidence->interested = evidence->followed_count > 0;
}

/* Gives the hits to the alerts they belong to. */
static void give_hits(struct evidence *evidence)
{
	struct pick hits[KINDS * HITS_MAX];
	size_t hit_count = 0;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		memcpy(hits + hit_count, evidence->hits[kind], evidence->hit_count[kind] * sizeof(struct pick));
		hit_count += evidence->hit_count[kind];
		evidence->hit_count[kind] = 0;
	}
	qsort(hits, hit_count, sizeof(struct pick), by_time);
	for (unsigned i = 0; i < evidence->followed_count; i++) {
		struct followed *followed = &evidence->followed[i];
		size_t count = 0;
		for (size_t hit = 0; hit < hit_count; hit++) {
			struct evidence_frame *frame = &evidence->frames[count];
			if (!followed->left[hits[hit].kind] || !confirm(evidence, &followed->about, &hits[hit], frame))
				continue;
			followed->left[hits[hit].kind]--;
			count++;
		}
		if (count > 0)
			evidence->settings.give(evidence->settings.context, followed->about.alert, evidence->frames,
						count);
	}
}

static bool is_over(const struct followed *followed, int64_t now_ns)
{
	return now_ns - followed->about.opened_ns > EVIDENCE_FOLLOW_NS ||
	       (!followed->left[TALK] && !followed->left[BULK]);
}

static void drop_what_is_over(struct evidence *evidence, int64_t now_ns)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < evidence->followed_count; i++)
		if (!is_over(&evidence->followed[i], now_ns))
			evidence->followed[kept++] = evidence->followed[i];
	evidence->followed_count = kept;
}

/* Of too many the one that was followed longest has to do with what it has. */
static void follow(struct evidence *evidence, const struct evidence_case *about)
{
	if (evidence->followed_count == FOLLOWED_MAX) {
		evidence->followed_count--;
		memmove(evidence->followed, evidence->followed + 1,
			evidence->followed_count * sizeof(evidence->followed[0]));
	}
	evidence->followed[evidence->followed_count++] =
	    (struct followed){ *about, { EVIDENCE_AFTER_MAX / 2, EVIDENCE_AFTER_MAX / 2 } };
}

bool evidence_step(struct evidence *evidence, int64_t now_ns, unsigned most)
{
	uint32_t taken = atomic_load_explicit(&evidence->taken, memory_order_relaxed);
	uint32_t put = atomic_load_explicit(&evidence->put, memory_order_acquire);

	if (!evidence->followed_count && taken == put)
		return false;
	give_hits(evidence);
	for (; taken != put && most > 0; most--, taken++) {
		const struct evidence_case *about = &evidence->inbox[taken % INBOX];
		search(evidence, about);
		follow(evidence, about);
	}
	atomic_store_explicit(&evidence->taken, taken, memory_order_release);
	drop_what_is_over(evidence, now_ns);
	remember_interest(evidence);
	return taken != put;
}

/* ---- the other thread ---- */

bool evidence_open(struct evidence *evidence, const struct evidence_case *opened)
{
	uint32_t put = atomic_load_explicit(&evidence->put, memory_order_relaxed);
	uint32_t taken = atomic_load_explicit(&evidence->taken, memory_order_acquire);

	if (put - taken == INBOX) {
		atomic_fetch_add_explicit(&evidence->lost, 1, memory_order_relaxed);
		return false;
	}
	evidence->inbox[put % INBOX] = *opened;
	atomic_store_explicit(&evidence->put, put + 1, memory_order_release);
	return true;
}

uint64_t evidence_lost(const struct evidence *evidence)
{
	return atomic_load_explicit(&evidence->lost, memory_order_relaxed);
}
