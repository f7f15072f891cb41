/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames that one interface saw lately, as far as they may be kept: what a capture of evidence is made from.
 *
 * A ring of octets. Each frame is put behind the one before, cut to its headers, and the oldest is overwritten without a look at it. It is read from the
 * newest frame backwards. One thread puts and reads. Putting neither allocates nor locks nor calls anything: it is
 * done for every packet. Memory is mapped once and becomes resident as it is used.
 */
#ifndef ESPIAL_AUDIT_EVIDENCE_RING_H
#define ESPIAL_AUDIT_EVIDENCE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EVIDENCE_KEPT_MAX = 8192 };     /* octets kept of one frame */
enum { EVIDENCE_RING_MIN = 64 << 10 }; /* octets of the smallest ring */

/* What is known of a frame without reading it again. As small as can be: it is written for each packet. */
struct evidence_entry {
	_Alignas(16) int64_t time_ns;
	uint32_t length;    /* octets on the wire */
	uint32_t host[2];   /* evidence_key() of source and destination of the innermost IP packet */
	uint32_t realm;     /* as the tracker numbers it */
	uint16_t back;      /* pieces to the entry before; 0: there is none */
	uint16_t kept;      /* octets behind this entry */
	uint16_t link_type; /* LINKTYPE_ number */
	uint8_t class;      /* enum packet_class, as the tracker took it */
	bool offends;       /* it was in clear, and policy does not let it */
};
_Static_assert(sizeof(struct evidence_entry) == 32, "nothing lies between the members");

/* What octets are copied in. */
struct evidence_piece {
	_Alignas(16) uint8_t octets[16];
};
_Static_assert(sizeof(struct evidence_entry) % sizeof(struct evidence_piece) == 0, "octets follow in whole pieces");

struct evidence_ring {
	uint8_t *octets; /* owned */
	uint32_t size;
	uint32_t at;      /* where the next entry goes */
	uint32_t last;    /* octets from there back to the latest one; 0: there is none */
	uint64_t written; /* octets so far: a position in the stream of entries */
};

/* `size` is raised to EVIDENCE_RING_MIN, and rounded down to what entries need. False on lack of memory. */
bool evidence_ring_init(struct evidence_ring *ring, size_t size);
void evidence_ring_clear(struct evidence_ring *ring);

/*
 * Makes room for an entry with `kept` octets, at most EVIDENCE_KEPT_MAX, behind it, and copies these from `octets`, where `there` of them are. The
 * caller fills in the entry, but for back and kept, at once: it is written where it stays. `position` is its position.
 */
static inline struct evidence_entry *evidence_ring_put(struct evidence_ring *ring, const uint8_t *octets, uint32_t kept,
						       uint32_t there, uint64_t *position)
{
	enum { PIECE = sizeof(struct evidence_piece) };
	uint32_t whole = (kept + PIECE - 1) & ~(uint32_t)(PIECE - 1);
	uint32_t room = (uint32_t)sizeof(struct evidence_entry) + whole, left = ring->size - ring->at;

	if (__builtin_expect(left < room, 0)) {
		ring->written += left;
		ring->last += ring->last ? left : 0;
		ring->at = 0;
	}
	struct evidence_entry *entry = (struct evidence_entry *)(void *)(ring->octets + ring->at);
	entry->back = (uint16_t)(ring->last / PIECE);
	entry->kept = (uint16_t)kept;
	/* In pieces of a fixed size, which compilers make single instructions of, where that reads nothing that is not there. */
	struct evidence_piece *to = (struct evidence_piece *)(void *)(entry + 1);
	if (__builtin_expect(whole <= there, 1))
		for (uint32_t at = 0; at < whole; at += PIECE)
			memcpy(to++, octets + at, PIECE);
	else
		memcpy(to, octets, kept);
	*position = ring->written;
	ring->at += room;
	ring->written += room;
	ring->last = room;
	return entry;
}

/* A place in the ring; good until the next put. */
struct evidence_place {
	uint64_t position;
	const struct evidence_entry *entry;
	const uint8_t *octets; /* entry->kept of them */
};

/* The latest entry, the one before `place`, the one at a position that a put returned. False if there is none, or it was overwritten. */
bool evidence_ring_latest(const struct evidence_ring *ring, struct evidence_place *place);
bool evidence_ring_before(const struct evidence_ring *ring, struct evidence_place *place);
bool evidence_ring_at(const struct evidence_ring *ring, uint64_t position, struct evidence_place *place);

#endif
