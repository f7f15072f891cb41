/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digests that IKE's NAT detection hashes addresses with (dissectors/ike_nat.h), from libcrypto: SHA-1 in IKEv2, the
 * negotiated hash in IKEv1. MD5 and SHA-1 are here to compare what peers sent, not to protect anything.
 */
#ifndef ESPIAL_REPORT_NAT_HASH_H
#define ESPIAL_REPORT_NAT_HASH_H

#include "../../dissectors/ike_nat.h"

/* Makes libcrypto load what it needs, for a process that will not be able to later. */
void nat_hash_prepare(void);

/* An ike_nat_hash_function; `context` is not used. False where libcrypto does not offer the algorithm. */
bool nat_hash(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets, uint32_t length, uint8_t *digest);

#endif
