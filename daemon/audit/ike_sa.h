/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE SAs by their initiator's SPI (IKEv1: cookie), as far as message headers tell them.
 *
 * One entry per initiator SPI and realm. Which side is the initiator is known from the Initiator flag (RFC 7296 section
 * 3.1) or, in IKEv1, from a message without responder cookie; until then the sender of the first message in view stands
 * for it.
 */
#ifndef ESPIAL_AUDIT_IKE_SA_H
#define ESPIAL_AUDIT_IKE_SA_H

#include "record.h"
#include "../../dissectors/ike.h"

#include <stdbool.h>
#include <stdint.h>

struct ike_sas;

/* NULL on lack of memory. */
struct ike_sas *ike_sas_new(uint32_t capacity, uint64_t seed);
void ike_sas_free(struct ike_sas *sas);

/* Takes one message. True if it began an entry. */
bool ike_sas_message(struct ike_sas *sas, uint32_t realm, const struct address *src, const struct address *dst,
		     const struct ike_header *header, int64_t time_ns);

uint64_t ike_sas_evicted(const struct ike_sas *sas);
uint64_t ike_sas_memory(const struct ike_sas *sas);

/* Writes the ike_sa records in order of first message. False on lack of memory. */
bool ike_sas_write(const struct ike_sas *sas, const struct record_sink *sink);

#endif
