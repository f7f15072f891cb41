/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link layers: everything between the first octet of a frame (or of a tunnelled frame) and an IP header.
 *
 * Called by packet.c for the frame itself and by tunnel.c for the Ethernet, PPP and MPLS that tunnels carry. All forms
 * are turned into EtherTypes and walked by one bounded loop, so tags, labels and pseudowires may be stacked at will.
 *
 * Not to be done here: anything that looks into IP, and any opinion on what an unread frame means.
 */
#ifndef ESPIAL_DISSECTORS_LINK_H
#define ESPIAL_DISSECTORS_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct cursor;

/* Headers of one link layer (tags, label stacks, pseudowires, sessions) before it is malformed. */
enum { LINK_HEADERS_MAX = 24 };
/* Entries of one MPLS label stack before it is malformed. */
enum { LINK_LABELS_MAX = 16 };

/* LINKTYPE_ numbers that are decoded (the registry of the capture file formats). */
enum {
	LINK_TYPE_NULL = 0,
	LINK_TYPE_ETHERNET = 1,
	LINK_TYPE_PPP = 9,
	LINK_TYPE_DLT_RAW = 12, /* DLT_RAW where a writer did not translate it to LINKTYPE_RAW */
	LINK_TYPE_DLT_RAW_BSD = 14,
	LINK_TYPE_PPP_HDLC = 50,
	LINK_TYPE_PPP_ETHER = 51,
	LINK_TYPE_RAW = 101,
	LINK_TYPE_C_HDLC = 104,
	LINK_TYPE_LOOP = 108,
	LINK_TYPE_LINUX_SLL = 113,
	LINK_TYPE_IPV4 = 228,
	LINK_TYPE_IPV6 = 229,
	LINK_TYPE_NFLOG = 239,
	LINK_TYPE_LINUX_SLL2 = 276,
};

/* EtherTypes that callers outside name: what GRE, GENEVE and the like carry. */
enum {
	LINK_ETHERTYPE_IPV4 = 0x0800,
	LINK_ETHERTYPE_ETHERNET = 0x6558, /* transparent Ethernet bridging (RFC 1701, RFC 7637) */
	LINK_ETHERTYPE_IPV6 = 0x86dd,
	LINK_ETHERTYPE_PPP = 0x880b, /* RFC 2637 section 4.1 */
	LINK_ETHERTYPE_MPLS = 0x8847,
};

/* What follows. */
enum link_content {
	LINK_IPV4,      /* the cursor stands on an IPv4 header, unless the content lies */
	LINK_IPV6,      /* the same for IPv6 */
	LINK_NON_IP,    /* a protocol that is known and is not IP, or a header that may not be looked through */
	LINK_UNKNOWN,   /* an EtherType or PPP protocol nobody here knows: perhaps the carrier is not what it seems */
	LINK_UNDECODED, /* the link type itself is not decoded */
	LINK_FAILED,    /* malformed or truncated: the cursor says which */
};

/* What the headers below IP said. Zero it, set `decapsulate`, and hand it down from one link layer to the next. */
struct link {
	uint16_t decapsulate; /* in: TUNNEL_ bits (packet.h) that may be looked through */
	uint16_t tunnels;     /* TUNNEL_ bits that were looked through; VN-tag and MACsec count as TUNNEL_VLAN */
	uint16_t vlan;        /* first VLAN identifier that is not 0, or 0 */
	bool group;           /* nearest link destination was multicast or broadcast */
	uint32_t vni;         /* of the nearest VXLAN, GENEVE or NVGRE header, or 0; set by tunnel.c */
};

/* From the first octet of a frame of `link_type`. */
enum link_content link_read(struct cursor *cursor, uint16_t link_type, struct link *link);

/* From behind an EtherType. Also for tunnels: LINK_ETHERTYPE_ETHERNET means a whole Ethernet frame follows. */
enum link_content link_read_ethertype(struct cursor *cursor, uint32_t ethertype, struct link *link);

/* By the first four bits, as raw link types and some tunnels leave it: IPv4, IPv6, or LINK_UNKNOWN. Moves nothing. */
enum link_content link_read_version(struct cursor *cursor);

#endif
