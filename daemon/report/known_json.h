/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next engine is to know, as JSON, for json.c and record_reader.c: known_pair, known_host and known_alert records.
 *
 *   known_pair   a, b, realm, interface, vlan, learned, forgotten, directions: two of
 *                {first, last, running, rekeys, habit, remembered, intervals: [[seconds, octets, initiator]...], oldest first,
 *                sas: [[SPI, protocol, keyed, born, last, ended]...], newest first}; beside: [[protocol, port, encrypted]...]
 *   known_host   address, first_peer, more, told_new, proof_held, forgotten, takes: [mode...], last, chose, offered: null or
 *                {major, algorithms: [[kind, number, bits]...]}
 *   known_alert  alert
 *
 * They come back from a store that anybody may have written to, and from an engine that may have been taken over: what is
 * not exactly so, out of range or out of order is refused.
 */
#ifndef ESPIAL_REPORT_KNOWN_JSON_H
#define ESPIAL_REPORT_KNOWN_JSON_H

#include "../audit/record.h"

#include <stddef.h>

struct json_t;

/* Whether the type is one of these. */
bool known_json_is(enum record_type type);

/* Adds the record's own keys to the object. False on lack of memory. */
bool known_json_put(struct json_t *object, const struct record *record);

/* Reads them: record->type is set, texts stay the object's. NULL, or what is wrong with which key. */
const char *known_json_take(struct json_t *object, struct record *record);

#endif
