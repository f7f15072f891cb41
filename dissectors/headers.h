/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the headers of a frame end: how much of it can be kept without keeping what people say to one another.
 *
 * Called for captures of evidence, for frames that packet_read() read. Pure. Link headers, tunnels, IP and transport headers are kept, and of
 * what lies behind them:
 *
 *   ESP         SPI and sequence number. Nothing more: with the NULL cipher the rest is clear text
 *   AH          the header with its integrity check value, not what it protects
 *   IKE         the header and the payloads that are open to all: proposals, nonces, key exchange values, notifies, vendor
 *               IDs, requests for certificates. It ends before the first that says who somebody is or that a key could be
 *               guessed by (identity, certificate, hash, signature, Kerberos tickets, XAUTH), and before anything encrypted. Or
 *               the whole message, if asked
 *   ICMP        eight octets, and of the packet that an error quotes what is kept of packets here
 *   keepalive   its one octet
 *
 * What is malformed ends with the last header that was read.
 */
#ifndef ESPIAL_DISSECTORS_HEADERS_H
#define ESPIAL_DISSECTORS_HEADERS_H

#include "packet.h"

/* Octets from the start of the frame; never more than were captured, 0 if there is no IP packet. `ike_whole`: IKE messages to their end. */
static inline uint32_t headers_length(const struct frame *frame, const struct packet *packet, bool ike_whole);

/* For headers_length(), which answers for most packets itself: all others, also those without IP, in clear without a payload, or cut off. */
uint32_t headers_length_of(const struct frame *frame, const struct packet *packet, bool ike_whole);

static inline uint32_t headers_length(const struct frame *frame, const struct packet *packet, bool ike_whole)
{
	enum { ESP_SPI_AND_SEQUENCE = 8 };

	if (packet->has_ip && packet->payload) {
		uint32_t headers = (uint32_t)(packet->payload - frame->bytes);
		if (packet->class == PACKET_CLEARTEXT)
			return headers;
		if (packet->class == PACKET_ESP && packet->payload_captured >= ESP_SPI_AND_SEQUENCE)
			return headers + ESP_SPI_AND_SEQUENCE;
	}
	return headers_length_of(frame, packet, ike_whole);
}

#endif
