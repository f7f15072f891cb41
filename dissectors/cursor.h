/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor: the only way dissectors read bytes.
 *
 * It holds a position and two ends: `captured`, where the bytes stop, and `promised`, where the enclosing length field
 * (outermost: the wire length) says the data stops. Reading past `promised` is malformed: the data contradicts itself.
 * Reading past `captured` but within `promised` is truncated: the capture was cut. Positions are offsets, never
 * pointers, so a position beyond the capture harms nobody.
 *
 * The first failure sticks: later reads give zero and move nothing. So a dissector reads a group of fields straight
 * down, asks cursor_ok() once, and only then decides anything from the values.
 *
 * A length field is used only to make a sub-cursor (cursor_take()); the parent has then already moved past it, so a
 * lying child cannot run over. Every loop over a cursor consumes at least one octet per turn and has a named maximum.
 */
#ifndef ESPIAL_DISSECTORS_CURSOR_H
#define ESPIAL_DISSECTORS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

enum cursor_error { CURSOR_OK, CURSOR_TRUNCATED, CURSOR_MALFORMED };

struct cursor {
	const uint8_t *base; /* borrowed; offset 0 */
	uint32_t at;         /* offset of the next octet to read; at <= promised always holds */
	uint32_t captured;   /* octets present at base; captured <= promised always holds */
	uint32_t promised;   /* octets the enclosing length says there are */
	enum cursor_error error;
};

/* A cursor over `captured` octets at `bytes`, of which `promised` were on the wire (raised to captured if less). */
static inline struct cursor cursor_make(const uint8_t *bytes, uint32_t captured, uint32_t promised)
{
	struct cursor cursor = { bytes, 0, captured, promised < captured ? captured : promised, CURSOR_OK };
	return cursor;
}

static inline bool cursor_ok(const struct cursor *cursor)
{
	return cursor->error == CURSOR_OK;
}

/* Octets promised and not yet read; 0 after a failure. */
static inline uint32_t cursor_left(const struct cursor *cursor)
{
	return cursor->error == CURSOR_OK ? cursor->promised - cursor->at : 0;
}

/* Octets captured and not yet read; 0 after a failure. */
static inline uint32_t cursor_here(const struct cursor *cursor)
{
	return cursor->error == CURSOR_OK && cursor->at < cursor->captured ? cursor->captured - cursor->at : 0;
}

/* Marks the data as contradicting itself, from a check the caller made. The first failure stays. */
static inline void cursor_fail(struct cursor *cursor)
{
	if (cursor->error == CURSOR_OK)
		cursor->error = CURSOR_MALFORMED;
}

/* True if `octets` can be read at the position; otherwise sets the error that applies. */
static inline bool cursor_need(struct cursor *cursor, uint32_t octets)
{
	if (cursor->error != CURSOR_OK)
		return false;
	if (octets > cursor->promised - cursor->at) {
		cursor->error = CURSOR_MALFORMED;
		return false;
	}
	if (cursor->at > cursor->captured || octets > cursor->captured - cursor->at) {
		cursor->error = CURSOR_TRUNCATED;
		return false;
	}
	return true;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	if (!cursor_need(cursor, 1))
		return 0;
	return cursor->base[cursor->at++];
}

static inline uint16_t cursor_u16(struct cursor *cursor)
{
	if (!cursor_need(cursor, 2))
		return 0;
	const uint8_t *p = cursor->base + cursor->at;
	cursor->at += 2;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
	if (!cursor_need(cursor, 4))
		return 0;
	const uint8_t *p = cursor->base + cursor->at;
	cursor->at += 4;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t cursor_u64(struct cursor *cursor)
{
	if (!cursor_need(cursor, 8))
		return 0;
	uint64_t high = cursor_u32(cursor);
	return high << 32 | cursor_u32(cursor);
}

/* Moves over octets that need not be captured: only going past the promise is a failure. */
static inline void cursor_skip(struct cursor *cursor, uint32_t octets)
{
	if (cursor->error != CURSOR_OK)
		return;
	if (octets > cursor->promised - cursor->at)
		cursor->error = CURSOR_MALFORMED;
	else
		cursor->at += octets;
}

/* `octets` in place, or NULL after a failure. Borrowed. */
static inline const uint8_t *cursor_bytes(struct cursor *cursor, uint32_t octets)
{
	if (!cursor_need(cursor, octets))
		return 0;
	const uint8_t *p = cursor->base + cursor->at;
	cursor->at += octets;
	return p;
}

/* Big-endian numbers within octets that cursor_bytes() gave: one bounds check for a whole fixed header. */
static inline uint16_t cursor_be16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline uint32_t cursor_be32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

/*
 * A sub-cursor over the next `octets`, which the parent has then passed. More than the parent was promised makes both
 * malformed; a capture that is cut inside does not matter until the child reads there.
 */
static inline struct cursor cursor_take(struct cursor *cursor, uint32_t octets)
{
	struct cursor child = { cursor->base, 0, 0, 0, cursor->error };
	if (cursor->error != CURSOR_OK)
		return child;
	if (octets > cursor->promised - cursor->at) {
		cursor->error = child.error = CURSOR_MALFORMED;
		return child;
	}
	uint32_t here = cursor_here(cursor);
	if (here > 0)
		child.base = cursor->base + cursor->at;
	child.captured = here < octets ? here : octets;
	child.promised = octets;
	cursor->at += octets;
	return child;
}

/* Narrows the promise to the next `octets` (an inner length field): padding behind them is no longer data. Longer than
 * what was promised so far is malformed. */
static inline void cursor_narrow(struct cursor *cursor, uint32_t octets)
{
	if (cursor->error != CURSOR_OK)
		return;
	if (octets > cursor->promised - cursor->at) {
		cursor->error = CURSOR_MALFORMED;
		return;
	}
	cursor->promised = cursor->at + octets;
	if (cursor->captured > cursor->promised)
		cursor->captured = cursor->promised;
}

/* Promises `octets` more, for data that goes on elsewhere (later fragments): what is missing then reads as truncated. */
static inline void cursor_widen(struct cursor *cursor, uint32_t octets)
{
	cursor->promised = octets > UINT32_MAX - cursor->promised ? UINT32_MAX : cursor->promised + octets;
}

#endif
