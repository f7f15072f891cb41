/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's end of `espial ike --log`: IKE messages as they were on the wire, to the reporter, while somebody listens.
 *
 * Whoever listens says so every second (IKE_WANTED on the socket of state_writer.h); three seconds after the last word it
 * is over, so that neither a reporter that ended nor an engine that began anew has to be told. The judge's thread puts
 * lines into a mailbox of bounded size and waits for nobody; the capturing thread sends what can be sent. What found no
 * room is counted, and each word is answered by {"type":"ike_state","began":0 or 1,"lost":N}: whether listening begins
 * with it, and how many messages were lost since the one before.
 */
#ifndef ESPIAL_DAEMON_IKE_TAP_H
#define ESPIAL_DAEMON_IKE_TAP_H

#include "audit/record.h"

#include <stdbool.h>
#include <stdint.h>

struct ike_tap;

#define IKE_WANTED "{\"type\":\"ike-wanted\"}"
#define IKE_STATE_FORMAT "{\"type\":\"ike_state\",\"began\":%u,\"lost\":%llu}"

/* Sends to the descriptor, a stream socket; the sensor's name is borrowed. NULL on lack of memory. */
struct ike_tap *ike_tap_new(const char *sensor, int descriptor);
void ike_tap_free(struct ike_tap *tap);

/* The judge's thread: an IKE message, which is passed over while nobody listens. */
void ike_tap_put(struct ike_tap *tap, const struct record *record);

/* The capturing thread: somebody listens. Times are monotonic. */
void ike_tap_wanted(struct ike_tap *tap, int64_t now_ns);

/* The capturing thread, now and then while nobody else writes to the descriptor: sends without waiting. */
void ike_tap_send(struct ike_tap *tap, int64_t now_ns);

/* No line is half sent: another may write to the descriptor. */
bool ike_tap_is_idle(const struct ike_tap *tap);

#endif
