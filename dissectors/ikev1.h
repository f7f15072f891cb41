/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of IKEv1 (RFC 2408, 2407, 2409, 3947; Cisco's and Microsoft's). Called by ike_message.c alone. */
#ifndef ESPIAL_DISSECTORS_IKEV1_H
#define ESPIAL_DISSECTORS_IKEV1_H

#include <stdbool.h>

struct cursor;
struct ike_walk;

/* Reads the body of the payload walk->type. True if the type is one whose body is understood or known to be opaque. */
bool ikev1_payload_read(struct ike_walk *walk, struct cursor *body);

#endif
