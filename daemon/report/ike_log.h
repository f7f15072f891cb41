/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IKE log: every IKE message in words, as Oakley.log was meant to be read.
 *
 * It takes the records of type RECORD_IKE_MESSAGE and writes, by level:
 *
 *   1  what is worth a line of its own: selections, SAs that came up, refusals, silence, deletions
 *   2  one line per message: time, from, to, version, step, meaning, what is hidden
 *   3  and SPIs, proposals and selections in full (at most LINE_SIZE octets to a proposal; level 6 has no such end)
 *   4  and notifies, vendor IDs by name, what NAT detection says
 *   5  and every other payload; of certificates whose they are, by whom, from when until when, and their keys
 *   6  and all attributes, lengths and offsets
 *   7  and the octets of the payloads in clear
 *
 * Only what is in clear is shown; of the rest its size, and what the header gives away about it. Octets from the wire
 * reach the terminal as printable ASCII only. The memory is bounded: of IKE SAs that are not among the last
 * IKE_LOG_SAS heard of it is forgotten which step they were at.
 *
 * As JSON, a message is one line of type "ike_message" with the keys: type, time, sensor, src, dst, src_port, dst_port,
 * encap (udp, tcp), ispi, rspi, version ("2.0"), exchange, message_id, initiator and response (IKEv2's flags; null
 * for IKEv1), step, meaning, outcome (step, progress, failure, end), retransmission (0: none), after (seconds since it last came; null), octets, captured, joined (from how many fragments of IKEv1; null: none), state
 * (whole, truncated, malformed), fault (null, or {what, offset}), hidden (null, or {octets, fragment, fragments,
 * first_payload}), and, null below their level: from 3 `proposals` [{number, protocol, spi, algorithms: [{kind, name,
 * id, key_length}], life_seconds, life_kilobytes}] and `key_exchange` {group, octets}; from 4 `notifies` [{type, name,
 * error, data}], `vendors` [{name, detail, octets}] and `nat` {source, destination} (not-said, unchanged, translated);
 * from 5 `certificates` [{encoding, octets, facts (null where they cannot be read, or {subject, issuer, serial, not_before,
 * not_after, key, key_bits, signature, authority})}] and `payloads` [{type, name, octets, offset, hex}], where offset is null below 6 and hex below 7.
 */
#ifndef ESPIAL_REPORT_IKE_LOG_H
#define ESPIAL_REPORT_IKE_LOG_H

#include "../audit/certificate_facts.h"
#include "../audit/record.h"

#include <stdbool.h>
#include <stdio.h>

enum { IKE_LOG_LEVEL_DEFAULT = 2, IKE_LOG_LEVEL_MAX = 7, IKE_LOG_SAS = 1024 };

struct ike_log;

struct ike_log_settings {
	FILE *file;     /* borrowed */
	unsigned level; /* 1 to IKE_LOG_LEVEL_MAX */
	size_t width;   /* columns to wrap at; 0: one line for each message, however long */
	bool colour;
	bool json;                              /* JSON lines; level 1 then leaves out what is no outcome, as in text */
	const char *sensor;                     /* borrowed; for JSON */
	certificate_read_function *certificate; /* NULL: of certificates only the size is shown */
	void *certificate_context;
};

/* NULL on lack of memory. */
struct ike_log *ike_log_new(const struct ike_log_settings *settings);

/* Any record, before the sink that shares the file gets it: all but IKE messages only part the log from what the sink
 * writes. */
void ike_log_write(struct ike_log *log, const struct record *record);

void ike_log_free(struct ike_log *log);

#endif
