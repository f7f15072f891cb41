/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IKE header, common to IKEv1 (ISAKMP, RFC 2408 section 3.1) and IKEv2 (RFC 7296 section 3.1).
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |             IKE SA initiator's SPI (IKEv1: cookie)            |
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |             IKE SA responder's SPI (IKEv1: cookie)            |
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Message ID                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                            Length                             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#ifndef ESPIAL_DISSECTORS_IKE_H
#define ESPIAL_DISSECTORS_IKE_H

#include <stdbool.h>
#include <stdint.h>

struct cursor;

enum { IKE_HEADER_SIZE = 28 };

/* RFC 7296 section 3.1 */
enum { IKEV2_FLAG_INITIATOR = 0x08, IKEV2_FLAG_VERSION = 0x10, IKEV2_FLAG_RESPONSE = 0x20 };
/* RFC 2408 section 3.1 */
enum { IKEV1_FLAG_ENCRYPTION = 0x01, IKEV1_FLAG_COMMIT = 0x02, IKEV1_FLAG_AUTH_ONLY = 0x04 };

struct ike_header {
	uint64_t initiator_spi; /* host byte order */
	uint64_t responder_spi;
	uint8_t next_payload;
	uint8_t major, minor;
	uint8_t exchange;
	uint8_t flags;
	uint32_t message_id;
	uint32_t length; /* octets of the whole message, this header included */
};

/* Exchanges of Microsoft's AuthIP ([MS-AIPS] section 2.2.1), which is IKEv1 with others of its own. */
static inline bool ike_header_is_authip(const struct ike_header *header)
{
	return header->major == 1 && header->exchange >= 243 && header->exchange <= 249;
}

/* Reads the header. True if the cursor is still sound after it. Checks nothing but that 28 octets are there. */
bool ike_header_read(struct cursor *cursor, struct ike_header *header);

/*
 * Whether a datagram on a port that says nothing is IKE: version 1.0 or 2.x, an exchange type and first payload of that
 * version, a non-zero initiator SPI, flags without reserved bits, and a length equal to `datagram` octets.
 */
bool ike_header_plausible(const struct ike_header *header, uint32_t datagram);

#endif
