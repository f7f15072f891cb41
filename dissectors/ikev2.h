/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of IKEv2 (RFC 7296, 7383, 9370 and extensions). Called by ike_message.c alone. */
#ifndef ESPIAL_DISSECTORS_IKEV2_H
#define ESPIAL_DISSECTORS_IKEV2_H

#include <stdbool.h>

struct cursor;
struct ike_walk;

/* Reads the body of the payload walk->type. True if the type is one whose body is understood or known to be opaque. */
bool ikev2_payload_read(struct ike_walk *walk, struct cursor *body);

#endif
