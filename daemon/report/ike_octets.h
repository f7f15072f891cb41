/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IKE message as it was on the wire, as one line of JSON, from the engine to whoever listens with `espial ike --log`.
 *
 * {"type":"ike_octets","time","sensor","src","dst","src_port","dst_port","encap" ("none", "udp", "tcp"),"length","joined" (fragments of IKEv1, 0: none),"hex"}: length is
 * that on the wire, hex what was captured, from the IKE header on. Read back it is a RECORD_IKE_MESSAGE, which ike_log.h
 * puts into words. The reader takes the line for hostile, as record_reader.h does. Pure but for memory.
 */
#ifndef ESPIAL_REPORT_IKE_OCTETS_H
#define ESPIAL_REPORT_IKE_OCTETS_H

#include "../audit/record.h"

enum { IKE_OCTETS_MAX = 65536, IKE_OCTETS_SENSOR_MAX = 256 }; /* of a message; of the sensor's name with its end */

/* What a line that was read points to. */
struct ike_octets {
	uint8_t octets[IKE_OCTETS_MAX];
	char sensor[IKE_OCTETS_SENSOR_MAX]; /* what does not fit is left out */
};

/* The line without its newline, to be freed. NULL on lack of memory, and if the message itself was not kept. */
char *ike_octets_line(const struct record *record, const char *sensor);

/* False if the line is none of these. The record borrows from `octets`. */
bool ike_octets_read(const char *line, size_t length, struct record *record, struct ike_octets *octets);

#endif
