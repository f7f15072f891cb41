/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of evidence: one worker's frames of late, and of them those that belong to alerts.
 *
 * The worker puts every packet that it has dealt with (evidence_put()); the judge's thread says which alert opened (evidence_open()); and now and
 * then, between batches, the worker looks which frames belong to it (evidence_step()), those of before at once, and a few more that come
 * within EVIDENCE_FOLLOW_NS. What is found is handed over to whoever keeps it. Every bound is small and fixed: what finds no room is counted and
 * lost, and nobody waits.
 *
 * IKE and ICMP have a ring of their own on each interface, so that ESP at line rate does not push out what was said about it.
 */
#ifndef ESPIAL_AUDIT_EVIDENCE_H
#define ESPIAL_AUDIT_EVIDENCE_H

#include "evidence_case.h"
#include "../../dissectors/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evidence;

#define EVIDENCE_FOLLOW_NS (10 * INT64_C(1000000000))

/* Frames of one alert: of before, and of the time that it is followed. */
enum { EVIDENCE_BEFORE_MAX = 128, EVIDENCE_AFTER_MAX = 48 };

/* A frame of an alert, cut to what is kept. Borrowed until the call that hands it over returns. */
struct evidence_frame {
	struct frame frame;
	enum evidence_mark mark;
};

struct evidence_settings {
	size_t octets;               /* of the rings of each interface together */
	bool ike_whole;              /* keep IKE messages to their end, not just what is open to all */
	const uint16_t *decapsulate; /* TUNNEL_ bits by frame.interface, as the worker has them; borrowed */
	unsigned decapsulate_count;
	/* Takes frames of an alert, in order of time. Called within evidence_step(). */
	void (*give)(void *context, uint64_t alert, const struct evidence_frame *frames, size_t count);
	void *context;
};

/* NULL on lack of memory. */
struct evidence *evidence_new(const struct evidence_settings *settings);
void evidence_free(struct evidence *evidence);

/* Remembers frames of this interface from now on; more than once does no harm. Not on the packet path. False on lack of memory, and
 * each alert counts as lost then. */
bool evidence_interface(struct evidence *evidence, uint16_t interface);

/* The worker: a packet that it has dealt with. `offends`: it was in clear, and policy does not let it. */
void evidence_put_packet(struct evidence *evidence, const struct frame *frame, const struct packet *packet,
			 uint32_t realm, bool offends);
static inline void evidence_put(struct evidence *evidence, const struct frame *frame, const struct packet *packet,
				uint32_t realm, bool offends)
{
	if (evidence && packet->has_ip)
		evidence_put_packet(evidence, frame, packet, realm, offends);
}

/* Any one other thread: an alert opened. False if there was no room, which is counted. */
bool evidence_open(struct evidence *evidence, const struct evidence_case *opened);

/* The worker, between batches: looks for frames of what opened, of at most `most` alerts, and of what is followed. `now_ns` is frame time.
 * True if there is more to look for. */
bool evidence_step(struct evidence *evidence, int64_t now_ns, unsigned most);

/* Alerts that found no room, or of which some interface was not remembered. From any thread. */
uint64_t evidence_lost(const struct evidence *evidence);

#endif
