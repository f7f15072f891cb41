/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID version 1 with seed 0: the flow hash other monitors print too, so that a SIEM can join our alert with
 * their records. Called by json.c, record_reader.c and the syslog shapes. SHA-1 comes from
 * libcrypto; it is no secret here.
 */
#ifndef ESPIAL_REPORT_COMMUNITY_ID_H
#define ESPIAL_REPORT_COMMUNITY_ID_H

#include "../../dissectors/address.h"

enum { COMMUNITY_ID_SIZE = 32 };
struct community_id {
	char text[COMMUNITY_ID_SIZE]; /* "1:" and 28 characters of base64 */
};

/*
 * For TCP, UDP and SCTP (6, 17, 132), whose ports say which flow it is; false, and untouched, for any other protocol,
 * for addresses of different families, and if libcrypto refuses SHA-1.
 */
bool community_id(const struct address *src, const struct address *dst, uint16_t src_port, uint16_t dst_port,
		  uint8_t protocol, struct community_id *id);

#endif
