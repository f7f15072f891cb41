/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame: captured bytes, and what the capture knew about them.
 *
 * The value that capture (live or file) hands to everything behind it. The bytes are borrowed: they live until the
 * batch that holds the frame has been processed, never longer.
 */
#ifndef ESPIAL_DISSECTORS_FRAME_H
#define ESPIAL_DISSECTORS_FRAME_H

#include <stdint.h>

struct frame {
	const uint8_t *bytes; /* first octet of the link header; borrowed */
	uint32_t captured;    /* octets present at bytes */
	uint32_t length;      /* octets on the wire, never less than captured */
	int64_t time_ns;      /* nanoseconds since 1970-01-01 UTC */
	uint16_t link_type;   /* LINKTYPE_ number of the capture file formats (= DLT_ number where the two agree) */
	uint16_t interface;   /* index into the capture's list of interfaces, from 0 */
};

#endif
