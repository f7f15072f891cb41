/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP that hides nothing: NULL encryption (RFC 2410), told by the heuristics of RFC 5879, and plain text behind an ESP
 * header.
 *
 * An ESP packet does not say how long its IV and its integrity value are, so every usual combination is tried: 12, 16, 24,
 * 32 or 0 octets of ICV, none or 8 of IV (AES-GMAC). A combination fits a packet if the trailer is right (a plausible next
 * header, pad octets 1, 2, 3, ...) and the inner header agrees with the inner length. Ciphertext fits by accident about once
 * in three thousand packets, so three packets in a row with the same combination decide, and one that does not fit revokes.
 *
 * Pure; one small struct per SA.
 */
#ifndef ESPIAL_AUDIT_READABLE_H
#define ESPIAL_AUDIT_READABLE_H

#include <stdbool.h>
#include <stdint.h>

enum readable_state {
	READABLE_OPEN,  /* not decided */
	READABLE_NULL,  /* NULL encryption */
	READABLE_PLAIN, /* no trailer, but text */
	READABLE_NO,    /* encrypted, as far as can be told */
};

struct readable {
	uint16_t fitting; /* combinations that fitted every packet of the present row, one bit each */
	uint8_t state;    /* enum readable_state */
	uint8_t row;      /* packets in a row that fitted */
	uint8_t text_row; /* packets in a row that were text */
	uint8_t tried;    /* whole packets looked at without a decision */
	uint8_t missed;   /* after READABLE_NULL: the decision was revoked */
};

/* What is inside, of a packet that fitted. Offsets count from the ESP header. */
struct readable_inner {
	uint8_t next_header; /* IANA protocol number: 4 and 41 in tunnel mode */
	uint8_t icv, iv;     /* octets */
	uint32_t offset, length;
	uint8_t protocol; /* of the packet inside: that of the inner IP header in tunnel mode */
	uint16_t src_port, dst_port;
};

/*
 * Looks at one whole ESP packet: `esp` has `length` octets from the SPI on. Returns whether the state changed; `inner` is
 * set when the state is READABLE_NULL afterwards and the packet fits.
 */
bool readable_packet(struct readable *readable, const uint8_t *esp, uint32_t length, struct readable_inner *inner);

/* What is inside one more packet of an SA whose state is READABLE_NULL. False if the packet does not fit. */
bool readable_look(const struct readable *readable, const uint8_t *esp, uint32_t length, struct readable_inner *inner);

/* Whether another packet would be of use: not decided, or now and then to confirm. `packets` counts the SA's packets. */
static inline bool readable_wants(const struct readable *readable, uint64_t packets)
{
	if (readable->state == READABLE_OPEN)
		return true;
	return readable->state == READABLE_NULL && packets % 16 == 0;
}

#endif
