/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP headers: IPv4 (RFC 791) with options, IPv6 (RFC 8200) with its extension headers.
 *
 * Called by packet.c at every IP header of a frame, and by icmp.c for the packet an error quotes. Leaves the cursor
 * behind the header chain, narrowed to the packet by its own length field.
 */
#ifndef ESPIAL_DISSECTORS_IP_H
#define ESPIAL_DISSECTORS_IP_H

#include "packet.h"

struct cursor;

/* IANA protocol numbers that more than one dissector names. */
enum {
	IP_PROTOCOL_HOP_BY_HOP = 0,
	IP_PROTOCOL_ICMP = 1,
	IP_PROTOCOL_IPV4 = 4,
	IP_PROTOCOL_TCP = 6,
	IP_PROTOCOL_UDP = 17,
	IP_PROTOCOL_DCCP = 33,
	IP_PROTOCOL_IPV6 = 41,
	IP_PROTOCOL_ROUTING = 43,
	IP_PROTOCOL_FRAGMENT = 44,
	IP_PROTOCOL_GRE = 47,
	IP_PROTOCOL_ESP = 50,
	IP_PROTOCOL_AH = 51,
	IP_PROTOCOL_ICMPV6 = 58,
	IP_PROTOCOL_NO_NEXT = 59,
	IP_PROTOCOL_DESTINATION = 60,
	IP_PROTOCOL_ETHERIP = 97,
	IP_PROTOCOL_SCTP = 132,
	IP_PROTOCOL_MOBILITY = 135,
	IP_PROTOCOL_UDP_LITE = 136,
	IP_PROTOCOL_HIP = 139,
	IP_PROTOCOL_SHIM6 = 140,
	IP_PROTOCOL_WESP = 141,
};

/* IPv6 extension headers of one packet before it is malformed; hop-by-hop options looked at for a jumbo length. */
enum { IP_EXTENSIONS_MAX = 16, IP_OPTIONS_MAX = 64 };

/* Members in another order than struct packet has them: else compilers copy neighbours in one wide load, which has to
 * wait for the narrow stores just before it. */
struct ip_header {
	const uint8_t *start; /* first octet; borrowed, as are src and dst */
	const uint8_t *src;   /* 4 or 16 octets, by version */
	const uint8_t *dst;
	uint32_t captured; /* octets of the packet that are there, from start */
	uint32_t length;   /* octets of the packet, by its own length field */
	uint32_t end;      /* position of the cursor at which the packet (this fragment) ends */
	uint32_t id;       /* identification: of any IPv4 packet, of an IPv6 fragment, else 0 */
	uint32_t offset;   /* octets, of a fragment */
	uint8_t ttl;
	uint8_t version;
	uint8_t protocol; /* behind the last extension header that was read */
	bool fragment;    /* one of several: more follow, or offset > 0. An atomic fragment (RFC 6946) is none */
	bool more;        /* more fragments follow */
};

/*
 * Reads one header, for IPv6 with its extension headers. PACKET_REASON_NONE, or where it failed; the cursor then says
 * how. Behind a first fragment's header the cursor is promised more than the fragment holds, since the rest comes in
 * later ones: what is missing reads as truncated, and header->end says where the fragment ends.
 */
enum packet_reason ip_read_v4(struct cursor *cursor, struct ip_header *header);
enum packet_reason ip_read_v6(struct cursor *cursor, struct ip_header *header);

/* Walks IPv6 extension headers from header->protocol on: for those behind AH. */
enum packet_reason ip_read_extensions(struct cursor *cursor, struct ip_header *header);

#endif
