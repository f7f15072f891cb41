/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which worker owns which pair.
 *
 * A pair has one owner, who sees all of its packets in their order. Most pairs go by their hash. But a clear packet may be the
 * decapsulated copy of an ESP packet that went between a rule's gateways, and to tell so takes both pairs in one hand: so a rule
 * with gateways, the pairs it speaks of and the pairs of its gateways have one owner, and rules that have a pair of gateways in
 * common, or of which one speaks of the other's gateways, are one group.
 *
 * A group goes by the lowest address among its gateways, so that it stays where it is when rules come or go that have nothing to
 * do with it. Pure; a policy that is replaced needs another one of these.
 */
#ifndef ESPIAL_AUDIT_OWNERS_H
#define ESPIAL_AUDIT_OWNERS_H

#include "../../dissectors/address.h"

#include <stdbool.h>
#include <stdint.h>

struct policy;
struct owners;

enum { OWNERS_MAX = 8 };

/* policy: borrowed, sealed; count: workers, 1 to OWNERS_MAX; seed: of the hash. NULL on lack of memory. */
struct owners *owners_new(const struct policy *policy, unsigned count, uint64_t seed);
void owners_free(struct owners *owners);

/* The pair's hash, whichever address comes first. */
uint64_t owners_hash(const struct owners *owners, uint32_t realm, const struct address *one,
		     const struct address *other);

/* Whether rules have a say, so that owners_of() costs a look into the policy and its answer is worth keeping. */
bool owners_by_rule(const struct owners *owners);

/* The owner, from 0. hash: of the pair. */
unsigned owners_of(const struct owners *owners, uint64_t hash, const struct address *one, const struct address *other);

#endif
