/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels over IP and over UDP: from their header to the IP header inside.
 *
 * Called by packet.c behind an IP or UDP header. Answers in the words of link.h, of which LINK_UNKNOWN means "no tunnel
 * for us": not in link->decapsulate, a version we do not know, or (for tunnels that only a UDP port suggests) a header
 * or content that does not check out. The caller then goes on as if it had not asked, so it hands in copies.
 *
 * Must not read the inner IP header beyond its version: IP is ip.c's, the depth is packet.c's.
 */
#ifndef ESPIAL_DISSECTORS_TUNNEL_H
#define ESPIAL_DISSECTORS_TUNNEL_H

#include "link.h"

/* GRE (IP protocol 47): version 0 with NVGRE and ERSPAN, version 1 with PPP. An unknown payload is LINK_NON_IP. */
enum link_content tunnel_read_gre(struct cursor *cursor, struct link *link);

/* EtherIP (IP protocol 97). */
enum link_content tunnel_read_etherip(struct cursor *cursor, struct link *link);

/* Whether either port is one of a tunnel that tunnel_read_udp() knows. */
bool tunnel_has_port(uint16_t src_port, uint16_t dst_port);

/* What a UDP datagram carries: VXLAN, VXLAN-GPE, GENEVE, GTP-U, Teredo, GRE in UDP. */
enum link_content tunnel_read_udp(struct cursor *cursor, uint16_t src_port, uint16_t dst_port, struct link *link);

#endif
