/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for cleartext flows: the home of nDPI.
 *
 * A classifier belongs to one worker. A flow that is being inspected holds one of a bounded number of slots; once it is
 * named or given up its slot is free again and the flow keeps only its app number. ESP, AH, IKE and NAT-T never come
 * here (DESIGN section 5).
 *
 * A name is what nDPI found in the flow's own bytes. Its guesses by port, by address and by what other flows were are
 * not taken: a flow it cannot read stays CLASSIFY_APP_UNKNOWN. Only TCP and UDP are looked at; any other transport ends
 * at once, without a name.
 */
#ifndef ESPIAL_DAEMON_CLASSIFY_H
#define ESPIAL_DAEMON_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

struct classifier;

enum { CLASSIFY_APP_UNKNOWN = 0, CLASSIFY_SLOT_NONE = 0 };

struct classify_result {
	uint16_t app;     /* number for classifier_name(); CLASSIFY_APP_UNKNOWN if there is none yet */
	bool final;       /* named for good, or given up: the slot was freed */
	bool encrypted;   /* the protocol is itself encrypted: TLS, DTLS, SSH, QUIC, WireGuard, ... */
	bool credentials; /* a login in clear was seen in the flow so far: HTTP (Basic, Bearer), FTP, telnet, mail */
};

/* At most `slots` flows at once. NULL on lack of memory. */
struct classifier *classifier_new(uint32_t slots);

/* Slots in use, and from now on no more than so many: several classifiers share a number of them. */
uint32_t classifier_used(const struct classifier *classifier);
void classifier_allow(struct classifier *classifier, uint32_t slots);

/* A slot for a new flow, or CLASSIFY_SLOT_NONE when all are taken (the flow then goes by its port). */
uint32_t classifier_begin(struct classifier *classifier);

/*
 * Shows one packet that has payload: `ip` is the innermost IP header with `captured` octets behind it. `last` makes it
 * the last one: the flow is named or given up. At most 8 packets per flow are looked at in any case.
 */
void classifier_packet(struct classifier *classifier, uint32_t slot, const uint8_t *ip, uint16_t captured,
		       int64_t time_ns, bool last, struct classify_result *result);

/* Sends for the memory of a slot that a packet will be shown soon. */
void classifier_fetch(const struct classifier *classifier, uint32_t slot);

/* Gives a slot back without a decision (the flow went away). */
void classifier_end(struct classifier *classifier, uint32_t slot);

/* nDPI's name of the wire protocol ("HTTP", "TLS", "DNS"; never a brand name carried by it), or NULL for
 * CLASSIFY_APP_UNKNOWN. Constant for the life of the classifier. */
const char *classifier_name(const struct classifier *classifier, uint16_t app);

/* Whether a flow can ever have this name, in whichever case. */
bool classifier_can_say(const struct classifier *classifier, const char *name);

/* The name that differs least from this one: by no more than two letters, and not by most of them. NULL if there is none. */
const char *classifier_nearest(const struct classifier *classifier, const char *name);

void classifier_free(struct classifier *classifier);

/* nDPI's version for --version. */
const char *classifier_library(void);

#endif
