/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the engine fares, as JSON, for json.c and record_reader.c: health records. Beside type, time and sensor:
 *
 *   version, started, transitions_lost, untracked, alerts_open, pairs {verdict: count}
 *   interfaces   [{name, up, received, dropped, interface_dropped, ring, ring_used, ring_peak, ring_full}]
 *   workers      [{read, tracked, together, waited, processors}], seconds; processors: "2,4-5", or null where nobody pinned it
 *   stages       {name: {packets, seconds}}, of all stages
 *   tables       [{name, used, limit, evicted, bytes}]
 *
 * They come from an engine that may have been taken over: what is not exactly so, or out of range, is refused.
 */
#ifndef ESPIAL_REPORT_HEALTH_JSON_H
#define ESPIAL_REPORT_HEALTH_JSON_H

#include "record_reader.h"
#include "../audit/record.h"

struct json_t;

/* Adds the record's own keys to the object. False on lack of memory. */
bool health_json_put(struct json_t *object, const struct record_health *health);

/* Reads the whole object; lists become the reader's, texts stay the object's. NULL, or the key that is missing, or of which the value
 * is not of its kind or range. */
const char *health_json_take(struct json_t *object, struct record_reader *reader, struct record_health *health);

#endif
