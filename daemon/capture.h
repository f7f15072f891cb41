/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture from one interface: the home of libpcap.
 *
 * Non-blocking over a TPACKET_V3 ring. The caller waits for capture_descriptor() and calls capture_dispatch(), also
 * without readiness every 50 ms or so, since the ring hands over a block only when it is full or its timer has run.
 */
#ifndef ESPIAL_DAEMON_CAPTURE_H
#define ESPIAL_DAEMON_CAPTURE_H

#include "audit/record.h"
#include "../dissectors/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture;

struct capture_error {
	char text[512];
	bool permission; /* the process may not capture here */
	bool missing;    /* there is no such interface, or it is down; may come back */
};

struct capture_stats {
	uint64_t received;          /* frames the kernel showed the socket */
	uint64_t dropped;           /* of these, lost because the ring was full */
	uint64_t interface_dropped; /* lost before, by driver or interface, where that is known */
	uint64_t ring;              /* octets of the ring that was asked for */
	uint64_t ring_used; /* of it, those that waited: the most that were seen within the last ten seconds or so */
	uint64_t ring_peak; /* the most since capture_open() */
	uint64_t ring_full; /* times that the kernel found no room in it, and began to drop */
	struct record_cost read; /* what it costs to take frames out, by samples (stopwatch.h) */
};

/* Opens an interface ("any" too) with a ring of `buffer` octets, promiscuous. `index` becomes frame.interface.
 * NULL with the error set. The message names the interface and what to do. */
struct capture *capture_open(const char *interface, uint16_t index, size_t buffer, struct capture_error *error);

/* From now on up to so many frames are handed on at once, where there was room for 32: for several workers. They stay 32 on lack of
 * memory. Not within capture_dispatch(). */
void capture_widen(struct capture *capture, unsigned frames);

/* For poll(). */
int capture_descriptor(const struct capture *capture);

/*
 * Hands on what is there, in batches: `each` is called with up to 32 frames at a time (capture_widen()) whose bytes live until it
 * returns, at most about `budget` frames in all. Returns how many frames, or -1 with the error set when the interface
 * went away or failed; the capture then has to be closed.
 */
int capture_dispatch(struct capture *capture, unsigned budget,
		     void (*each)(void *context, const struct frame *frames, unsigned count), void *context,
		     struct capture_error *error);

/* The number of the interface in the system; 0 for "any". */
unsigned capture_number(const struct capture *capture);

/* Totals since capture_open(). */
void capture_read_stats(struct capture *capture, struct capture_stats *stats);

void capture_close(struct capture *capture);

/* "libpcap version 1.10.3 ..." for --version. */
const char *capture_library(void);

#endif
