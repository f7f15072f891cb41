/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parcel: frames of one alert on their way from the engine to whoever writes captures of evidence.
 *
 * One datagram between the two processes, or a value within one. Numbers are in this machine's byte order. What is read is
 * taken to be hostile: the engine touches what strangers send. Pure.
 */
#ifndef ESPIAL_REPORT_EVIDENCE_PARCEL_H
#define ESPIAL_REPORT_EVIDENCE_PARCEL_H

#include "../audit/evidence_mark.h"
#include "../../dissectors/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVIDENCE_PARCEL_MAX = 32 << 10, EVIDENCE_NAME_MAX = 64 };

/* Being packed. */
struct evidence_parcel {
	size_t used;
	unsigned frames;
	uint8_t octets[EVIDENCE_PARCEL_MAX];
};

/* `lost`: frames and alerts that could not be handed over since the engine began. */
void evidence_parcel_begin(struct evidence_parcel *parcel, uint64_t alert, uint64_t lost);

/* The name of the frame's interface may be NULL; of a long one the start is kept. False if there is no room in this parcel. */
bool evidence_parcel_put(struct evidence_parcel *parcel, const struct frame *frame, enum evidence_mark mark,
			 const char *interface);

/* Being unpacked; borrows the octets. */
struct evidence_unpacking {
	const uint8_t *octets;
	size_t length, at;
	uint64_t alert; /* as the engine numbers it */
	uint64_t lost;
};

/* False if these octets are no parcel. */
bool evidence_parcel_open(struct evidence_unpacking *unpacking, const uint8_t *octets, size_t length);

/* The next frame; the bytes are borrowed, the name is a copy. False at the end, and at what cannot be. */
bool evidence_parcel_next(struct evidence_unpacking *unpacking, struct frame *frame, enum evidence_mark *mark,
			  char interface[EVIDENCE_NAME_MAX]);

#endif
