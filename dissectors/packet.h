/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet: what one frame said.
 *
 * packet_read() walks link header, tags, labels, tunnels, IP, extension headers and transport of one frame, once, and
 * copies what the engine needs into a struct packet. It is a pure function of the frame and the options: no state, no
 * allocation, no clock, no log. What needs memory of earlier packets (later fragments, TCP streams, ports that proved
 * to carry ESP) is the tracker's work; this module only says what the bytes of this frame say.
 *
 * Addresses are those of the *innermost* IP packet that can be read in clear: a mirror's ERSPAN or VXLAN wrapping, GRE
 * and IP-in-IP are looked through, while ESP ends the walk. AH does not end it: AH is noted and the walk goes on, so
 * that AH over ESP yields both. What follows AH inside its own tunnel is not looked through for addresses: the packet
 * keeps the addresses of the AH header's own IP packet and its class is PACKET_AH, unless ESP is found behind it.
 */
#ifndef ESPIAL_DISSECTORS_PACKET_H
#define ESPIAL_DISSECTORS_PACKET_H

#include "address.h"
#include "frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Each frame has exactly one class (DESIGN section 7, `classes` of the summary). */
enum packet_class {
	PACKET_ESP,
	PACKET_AH,
	PACKET_IKE,
	PACKET_KEEPALIVE, /* NAT keepalive: UDP 4500 (or 500) with one octet 0xff (RFC 3948 section 2.3) */
	PACKET_ICMP,      /* ICMP and ICMPv6, errors whatever they quote */
	PACKET_CLEARTEXT, /* any other IP packet */
	PACKET_NON_IP,    /* ARP, LLDP, STP, a link type that is not decoded, a tunnel's content that is not IP */
	PACKET_FRAGMENT,  /* a later IP fragment: it has no transport header */
	PACKET_MALFORMED, /* a length or field that contradicts itself; `reason` says where */
	PACKET_TRUNCATED, /* the capture ended before what is needed to classify; `reason` says where */
	PACKET_CLASS_COUNT
};

/* Where a packet was found malformed or truncated; for counters and messages. */
enum packet_reason {
	PACKET_REASON_NONE,
	PACKET_REASON_LINK,      /* link header, tags, LLC, PPP */
	PACKET_REASON_LINK_TYPE, /* link type that espial does not decode (class is PACKET_NON_IP) */
	PACKET_REASON_TUNNEL,    /* GRE, ERSPAN, VXLAN, GENEVE, GTP-U header */
	PACKET_REASON_DEPTH,     /* more nested headers than PACKET_DEPTH_MAX */
	PACKET_REASON_IPV4,
	PACKET_REASON_IPV6,
	PACKET_REASON_EXTENSION, /* IPv6 extension header */
	PACKET_REASON_FRAGMENT,  /* fragment whose offset or length cannot be */
	PACKET_REASON_TCP,
	PACKET_REASON_UDP,
	PACKET_REASON_ICMP,
	PACKET_REASON_ESP,
	PACKET_REASON_AH,
	PACKET_REASON_IKE,
	PACKET_REASON_TRANSPORT, /* SCTP, DCCP */
	PACKET_REASON_COUNT
};

enum packet_encap { PACKET_ENCAP_NONE, PACKET_ENCAP_UDP, PACKET_ENCAP_TCP };

/* Bits of packet.flags */
enum {
	PACKET_FIRST_FRAGMENT = 1 << 0, /* first of several IP fragments: transport header present */
	PACKET_LATER_FRAGMENT = 1 << 1, /* offset > 0; class is PACKET_FRAGMENT */
	PACKET_LAST_FRAGMENT = 1 << 2,  /* offset > 0 and no more fragments follow */
	PACKET_GROUP_LINK = 1 << 3,     /* link-layer destination was multicast or broadcast */
	PACKET_HAS_AH = 1 << 4,         /* packet.ah is set */
	PACKET_IKE_MARKER = 1 << 5,     /* IKE behind the four-octet non-ESP marker (RFC 3948 section 2.2) */
	PACKET_WESP = 1 << 6,           /* ESP wrapped by RFC 5840, IP protocol 141 */
	PACKET_QUOTES = 1 << 7,         /* ICMP error whose quoted packet could be read: packet.quoted is set */
	PACKET_SHORT = 1 << 8,          /* classified, but the capture cut the end of the IP packet off */
	PACKET_IKETCP = 1 << 9,         /* TCP payload opens with the IKETCP stream prefix (RFC 9329 section 3) */
};

/* Headers looked through on the way to the innermost IP packet: bits of packet.tunnels and of options.decapsulate. */
enum {
	TUNNEL_VLAN = 1 << 0, /* 802.1Q, 802.1ad, any stack of them */
	TUNNEL_MPLS = 1 << 1,
	TUNNEL_PPPOE = 1 << 2,
	TUNNEL_GRE = 1 << 3, /* RFC 2784, 2890; NVGRE (RFC 7637) */
	TUNNEL_ERSPAN = 1 << 4,
	TUNNEL_VXLAN = 1 << 5, /* RFC 7348; VXLAN-GPE */
	TUNNEL_GENEVE = 1 << 6,
	TUNNEL_IPIP = 1 << 7,  /* 4in4, 4in6, 6in4, 6in6 */
	TUNNEL_GTP = 1 << 8,   /* GTP-U, 3GPP TS 29.281 */
	TUNNEL_OTHER = 1 << 9, /* any further decoded one (Teredo, EtherIP, ...) */
	TUNNEL_ALL = (1 << 10) - 1,
};

enum { PACKET_DEPTH_MAX = 8 }; /* IP headers walked in one frame before PACKET_REASON_DEPTH */

/* The AH header nearest to the payload (RFC 4302 section 2), with the addresses of the IP header before it. */
struct packet_ah {
	struct address src, dst;
	uint32_t spi;
	uint32_t sequence;
	uint8_t next_header; /* what is authenticated, in clear */
};

/* The packet that an ICMP error quotes (RFC 792, RFC 4443 section 3), as far as it was there. */
struct packet_quoted {
	struct address src, dst;
	uint32_t spi; /* of ESP (native or in UDP) or AH, 0 if none */
	uint16_t src_port, dst_port;
	uint8_t protocol; /* transport of the quoted packet, IANA protocol number */
	uint16_t mtu;     /* next-hop MTU of "fragmentation needed" or "packet too big", 0 if none */
};

struct packet {
	/* Always set. */
	int64_t time_ns;       /* of the frame */
	uint32_t frame_length; /* octets on the wire */
	uint16_t interface;    /* of the frame */
	uint8_t class;         /* enum packet_class */
	uint8_t reason;        /* enum packet_reason; not NONE for malformed, truncated and undecoded link types */
	uint16_t flags;
	uint16_t tunnels; /* TUNNEL_ bits that were looked through */
	uint16_t vlan;    /* outermost 802.1Q/ad VLAN identifier, 0 if untagged (priority tags count as untagged) */
	uint32_t vni;     /* of the innermost VXLAN, GENEVE or NVGRE header, 0 if none */
	uint8_t encap;    /* enum packet_encap: how ESP or IKE was carried */

	/* Set for every class that has an IP header: all but NON_IP, and MALFORMED or TRUNCATED when `has_ip` is false. */
	bool has_ip;
	/* IANA number behind the last extension header: 6, 17, 50, 51, 1, 58, ...; of a fragment too. 51 whenever the class is
	 * PACKET_AH: what it protects is ah.next_header */
	uint8_t protocol;
	uint8_t ttl;       /* or hop limit, of the innermost IP header */
	uint8_t tcp_flags; /* octet 13 of the TCP header, 0 otherwise */
	uint8_t icmp_type; /* of ICMP or ICMPv6, 0 otherwise */
	uint8_t icmp_code;
	uint16_t src_port, dst_port; /* of TCP, UDP, SCTP, DCCP, UDP-Lite; 0 otherwise */
	struct address src, dst;
	uint32_t length;          /* octets of the innermost IP packet (this fragment's), by its own length field */
	uint32_t spi;             /* of ESP, or of AH when the class is PACKET_AH; host byte order */
	uint32_t sequence;        /* of ESP or AH, low 32 bits */
	uint32_t fragment_id;     /* IP identification, of any fragment; of an unfragmented IPv4 packet too */
	uint16_t fragment_offset; /* octets, of a fragment */

	/*
	 * Borrowed, valid as long as the frame. What follows the transport header: UDP or TCP payload, the ICMP body after
	 * its first eight octets, the IKE message from its own header on, the ESP or AH header itself, the bytes of a later
	 * fragment. payload_length is what the headers promise, payload_captured what is there.
	 */
	const uint8_t *payload;
	uint32_t payload_captured;
	uint32_t payload_length;
	const uint8_t *ip; /* first octet of the innermost IP header */
	uint32_t ip_captured;

	/* Only with the flag or bits that say so. */
	struct address carrier_src,
	    carrier_dst;     /* endpoints of the nearest enclosing IP tunnel, if tunnels has one of GRE..OTHER */
	struct packet_ah ah; /* PACKET_HAS_AH */
	struct packet_quoted quoted; /* PACKET_QUOTES */
};

struct packet_options {
	/* TUNNEL_ bits that may be looked through; a tunnel left out is cleartext of its outer pair */
	uint16_t decapsulate;
};

/* Reads one frame. Every member documented as always set is set; others only as documented. Never fails: what cannot be
 * read is what `class` and `reason` say. */
void packet_read(const struct frame *frame, const struct packet_options *options, struct packet *packet);

/* What a segment begins with of a stream that is known to carry IKE and ESP, on whichever port (RFC 9329). `packet` is TCP of class
 * cleartext as packet_read() left it, its octets still there. True if there is a frame: then it is of class ESP or IKE. */
bool packet_read_stream(struct packet *packet);

/* "esp", "ah", ...: the names of the summary's `classes`. "?" for a number out of range. */
const char *packet_class_name(enum packet_class class);

/* "link", "ipv4", ...: names for counters. */
const char *packet_reason_name(enum packet_reason reason);

#endif
