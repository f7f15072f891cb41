/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport headers: TCP (RFC 9293), UDP (RFC 768), UDP-Lite (RFC 3828), SCTP (RFC 9260), DCCP (RFC 4340).
 *
 * Called by packet.c behind an IP header. Each leaves the cursor on the payload, narrowed to it where there is a
 * length. What the ports mean is packet.c's.
 */
#ifndef ESPIAL_DISSECTORS_TRANSPORT_H
#define ESPIAL_DISSECTORS_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

struct cursor;

/* Another order than in struct packet, for the reason given at struct ip_header. */
struct transport {
	uint16_t dst_port;
	uint8_t tcp_flags; /* octet 13 of the TCP header, else 0 */
	uint16_t src_port;
};

/*
 * True if the header could be read, else the cursor says how it failed. `first_fragment`: later octets of the header
 * may be in the next fragment; the ports, in the first eight octets, then suffice.
 */
bool transport_read_tcp(struct cursor *cursor, bool first_fragment, struct transport *transport);
bool transport_read_udp(struct cursor *cursor, struct transport *transport);
/* SCTP, DCCP, UDP-Lite, by their protocol number. */
bool transport_read_other(struct cursor *cursor, uint8_t protocol, struct transport *transport);

#endif
