/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what comes on UDP port 4500 is ESP at all.
 *
 * Nothing in a single datagram tells ESP in UDP (RFC 3948 section 2.1) from another protocol on that port: WireGuard, RTP, DNS
 * or DTLS put there would make two peers look secured. But who sends ESP counts: the number behind an SPI goes up by one with
 * each packet, from 1 on (RFC 4303 section 2.2). So the first SA of a pair is doubted until it begins at a low number, or
 * one packet is seen to count on from another. Other protocols have there
 *
 *   a number that stays          WireGuard (index of the receiver), DTLS (epoch), BER, text
 *   an SPI that never returns    RTP (its own sequence number stands in the SPI), DNS (its ID does)
 *
 * In TCP (RFC 9329) it is each SA that is doubted: a segment may begin within a frame, and what is encrypted then looks like any
 * SPI, which never returns.
 *
 * The first shows after a few packets of an SA. The second takes many SAs of which none counts, and only their pair can know.
 *
 * Pure; one struct per doubted SA.
 */
#ifndef ESPIAL_AUDIT_ESP_DOUBT_H
#define ESPIAL_AUDIT_ESP_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

/* So many doubted SAs of a pair that speaks no IKE are not ESP: more than there are clients behind most NATs, all of which
 * would have to send once before one of them sends twice. */
enum { ESP_DOUBT_SAS = 256 };

struct esp_doubt {
	uint32_t number; /* of the latest packet that was no copy */
	uint16_t digest; /* of its octets behind the number */
	uint8_t still;   /* packets that did not count on, less those that did since */
};

enum esp_doubt_verdict {
	ESP_DOUBT_OPEN,
	ESP_DOUBT_COUNTS, /* it is ESP */
	ESP_DOUBT_OTHER,  /* it is something else, as far as can be told: a later packet may still count */
};

/* The SA's first packet. `number` is its sequence number, `digest` any digest of the octets behind it, never 0. */
enum esp_doubt_verdict esp_doubt_begin(struct esp_doubt *doubt, uint32_t number, uint16_t digest);

/* A further one. */
enum esp_doubt_verdict esp_doubt_packet(struct esp_doubt *doubt, uint32_t number, uint16_t digest);

#endif
