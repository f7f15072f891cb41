/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual frame: Ethernet, IPv4 without options and unfragmented, and in it ESP, ESP in UDP, TCP or UDP that is nothing
 * else. packet.c tries this first, since nearly every frame is one, and a header at a time costs three times as much.
 *
 * It must say exactly what packet_walk() says of the same frame, or nothing; tests/dissectors/check_packet_usual.c and the
 * fuzzer hold the two against each other.
 */
#ifndef ESPIAL_DISSECTORS_PACKET_USUAL_H
#define ESPIAL_DISSECTORS_PACKET_USUAL_H

#include "packet.h"

/* packet_read() of a usual frame. False if it is not one: then members of the packet may have been set already. */
bool packet_usual(const struct frame *frame, struct packet *packet);

/* packet_read() of any frame, header by header; in packet.c. */
void packet_walk(const struct frame *frame, const struct packet_options *options, struct packet *packet);

#endif
