/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery: messages to a local log socket, in order, without ever blocking.
 *
 * The socket may be absent, full, restarted or replaced at any time. What cannot be sent waits in a queue bounded in
 * number and octets; when it is full the least severe and of these the oldest is given up, and counted. A datagram
 * socket is tried first, then a stream (EPROTOTYPE), where each message ends with a NUL octet as syslog(3) has it.
 *
 * A datagram that the kernel took is not one that the log daemon read: if the daemon dies, its socket's queue dies with
 * it. So a message that was sent is kept until it is known to be read: the kernel says how many octets of ours are still
 * queued (SIOCOUTQ), and a second connect to the same socket file says whether the reader is still alive. When the
 * socket is lost, what is not known to be read is sent again. A message can thus come twice, never silently not at all;
 * what the log daemon itself held in memory when it died is beyond our reach.
 *
 * Called by syslog.c: push() for each message, tick() about every 100 ms. Must not know what a message says.
 */
#ifndef ESPIAL_REPORT_DELIVERY_H
#define ESPIAL_REPORT_DELIVERY_H

#include "sink.h"

enum {
	DELIVERY_MESSAGES_MAX = 16384,
	DELIVERY_OCTETS_MAX = 16 << 20,
	DELIVERY_BACKOFF_FIRST_MS = 100,
	DELIVERY_BACKOFF_LAST_MS = 2000,
};

struct delivery;

/* The socket need not be there yet. `health` is the owner's, kept true here and must outlive the delivery. NULL on lack
 * of memory or a path longer than a socket's can be. */
struct delivery *delivery_new(const char *path, struct sink_health *health);

/* Queues a message, and sends what can be sent. `cut` (of cut_length octets, may be 0) goes instead when the socket finds
 * the whole too long. */
void delivery_push(struct delivery *delivery, enum finding_severity severity, const char *whole, size_t whole_length,
		   const char *cut, size_t cut_length);

/* Of the messages pushed, how many, from the first, are read for sure or given up. */
uint64_t delivery_settled(struct delivery *delivery);

/* Confirms, connects when it is time to, even with nothing to send, and sends. */
void delivery_tick(struct delivery *delivery, int64_t monotonic_ns);

/* Tries for at most a second to send what waits, and frees. */
void delivery_free(struct delivery *delivery);

#endif
