/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE messages built for tests, in the order of the wire. ike_open() begins a payload, a proposal or a transform and
 * ike_close() writes its length; ike_end() writes the message's. A test that wants a lie changes an octet afterwards.
 */
#ifndef ESPIAL_TESTS_DISSECTORS_IKE_BUILD_H
#define ESPIAL_TESTS_DISSECTORS_IKE_BUILD_H

#include "dissectors/ike_message.h"
#include "dissectors/ike_names.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ike_build {
	uint8_t octets[70000];
	uint32_t length;
	uint32_t next; /* where the type of the next payload is to be written */
};

static inline void ike_put(struct ike_build *build, unsigned count, uint64_t value)
{
	if (build->length + count > sizeof(build->octets))
		abort();
	for (unsigned i = 0; i < count; i++)
		build->octets[build->length++] = (uint8_t)(value >> 8 * (count - 1 - i));
}

/* `count` octets that are no protocol. */
static inline void ike_put_data(struct ike_build *build, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ike_put(build, 1, 0xa0 + i % 90);
}

static inline void ike_set(struct ike_build *build, uint32_t offset, unsigned count, uint64_t value)
{
	uint32_t length = build->length;

	build->length = offset;
	ike_put(build, count, value);
	build->length = length;
}

static inline void ike_begin(struct ike_build *build, unsigned version, unsigned exchange, unsigned flags)
{
	build->length = 0;
	ike_put(build, 8, 0x1122334455667788);
	ike_put(build, 8, 0x99aabbccddeeff00);
	build->next = build->length;
	ike_put(build, 1, 0);
	ike_put(build, 1, version);
	ike_put(build, 1, exchange);
	ike_put(build, 1, flags);
	ike_put(build, 4, 7);
	ike_put(build, 4, 0);
}

static inline void ike_end(struct ike_build *build)
{
	ike_set(build, 24, 4, build->length);
}

/* A part that begins with next, a reserved octet and a length; returns where it begins. */
static inline uint32_t ike_open_part(struct ike_build *build, unsigned next)
{
	uint32_t start = build->length;

	ike_put(build, 1, next);
	ike_put(build, 3, 0);
	return start;
}

static inline void ike_close(struct ike_build *build, uint32_t start)
{
	ike_set(build, start + 2, 2, build->length - start);
}

/* A payload, whose type goes into the Next Payload field before it. */
static inline uint32_t ike_open(struct ike_build *build, unsigned type)
{
	ike_set(build, build->next, 1, type);
	build->next = build->length;
	return ike_open_part(build, 0);
}

/* A payload of `type` whose body is `value` in `count` octets, eight at the most. Returns where it begins. */
static inline uint32_t ike_put_payload(struct ike_build *build, unsigned type, unsigned count, uint64_t value)
{
	uint32_t start = ike_open(build, type);

	ike_put(build, count, value);
	ike_close(build, start);
	return start;
}

/* A proposal without its transforms. */
static inline uint32_t ike_open_proposal(struct ike_build *build, unsigned next, unsigned number, unsigned protocol,
					 unsigned spi_length, unsigned transforms)
{
	uint32_t start = ike_open_part(build, next);

	ike_put(build, 1, number);
	ike_put(build, 1, protocol);
	ike_put(build, 1, spi_length);
	ike_put(build, 1, transforms);
	ike_put_data(build, spi_length);
	return start;
}

static inline void ike_put_v2_transform(struct ike_build *build, unsigned next, unsigned type, unsigned id,
					unsigned key_length)
{
	uint32_t start = ike_open_part(build, next);

	ike_put(build, 1, type);
	ike_put(build, 1, 0);
	ike_put(build, 2, id);
	if (key_length > 0)
		ike_put(build, 4, 0x800e0000 | key_length);
	ike_close(build, start);
}

/* Reads the first `captured` octets from memory of just that size, so that reading one too many is seen. */
static inline bool ike_read_cut(const struct ike_build *build, uint32_t captured, uint32_t sent,
				struct ike_message *message)
{
	uint8_t *copy = malloc(captured > 0 ? captured : 1);

	if (!copy)
		abort();
	memcpy(copy, build->octets, captured);
	memset(message, 0xff, sizeof(*message));
	bool result = ike_message_read(copy, captured, sent, message);
	free(copy);
	return result;
}

static inline bool ike_read(const struct ike_build *build, struct ike_message *message)
{
	return ike_read_cut(build, build->length, build->length, message);
}

/* What is said of the last payload, at `start`, when its length, and so the message's, is every one from 4 octets to its
 * own: whole if and only if it has `enough` octets. */
static inline void ike_expect_short(struct ike_build *build, struct ike_message *message, uint32_t start,
				    uint32_t enough)
{
	uint32_t full = build->length;
	uint32_t length = full - start;

	for (uint32_t octets = 4; octets <= length; octets++) {
		build->length = start + octets;
		ike_set(build, start + 2, 2, octets);
		ike_end(build);
		ck_assert(ike_read(build, message));
		ck_assert_msg((message->state == IKE_STATE_WHOLE) == (octets >= enough), "%u octets", octets);
		ck_assert(octets >= enough || message->fault == IKE_FAULT_BODY || message->fault == IKE_FAULT_COUNT);
	}
	build->length = full;
	ike_set(build, start + 2, 2, length);
	ike_end(build);
}

/* Whether a slice is `length` octets at `offset`. */
static inline bool ike_is_slice(struct ike_slice slice, uint32_t offset, uint32_t length)
{
	return slice.length == length && (length == 0 || slice.offset == offset);
}

#endif
