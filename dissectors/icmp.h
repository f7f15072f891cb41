/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): the header, and the packet that an error quotes.
 *
 * Called by packet.c. A quote is cut short by design (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4), so what is
 * missing from it is never an error; what is there is told.
 */
#ifndef ESPIAL_DISSECTORS_ICMP_H
#define ESPIAL_DISSECTORS_ICMP_H

#include "packet.h"

struct cursor;

enum { ICMP_HEADER_SIZE = 8 };

struct icmp_header {
	uint8_t type, code;
	uint32_t rest; /* octets 4 to 7: their meaning goes by the type */
};

/* Reads the eight octets both versions begin with. False: see the cursor. */
bool icmp_read(struct cursor *cursor, struct icmp_header *header);

/* The packet quoted behind `header`, if this is an error that quotes one and its IP header can be read. `version` is
 * that of IP: 4 or 6. The cursor, by value, stands behind the header. */
bool icmp_read_quoted(struct cursor cursor, uint8_t version, const struct icmp_header *header,
		      struct packet_quoted *quoted);

#endif
