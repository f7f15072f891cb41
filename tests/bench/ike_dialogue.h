/* SPDX-License-Identifier: Apache-2.0 */
/* IKE negotiations as daemons of today send them, for traces of the benchmark: sizes and payloads are real, keys and
 * ciphertext are noise. For generate_trace.c only. */
#ifndef ESPIAL_TESTS_BENCH_IKE_DIALOGUE_H
#define ESPIAL_TESTS_BENCH_IKE_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

enum { IKE_DIALOGUE_OCTETS_MAX = 1400, IKE_DIALOGUE_NOISE = 4096 };

/*
 * Message `step`, from 0, of the negotiation `id` into `out` (IKE_DIALOGUE_OCTETS_MAX), with random octets from `noise`
 * (IKE_DIALOGUE_NOISE of them). Returns its length; even steps are the initiator's. 0: the negotiation had its last message.
 *
 * IKEv2 (RFC 7296): IKE_SA_INIT with two proposals and nine transforms, IKE_AUTH, then an INFORMATIONAL as a liveness check. Every
 * fourth negotiation is IKEv1 (RFC 2409): main mode with four transforms and vendor ids; quick mode's three messages.
 */
uint32_t ike_dialogue_message(uint32_t id, unsigned step, const uint8_t *noise, uint8_t *out);

#endif
