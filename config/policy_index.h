/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policy.c and policy_index.c share, and how the configuration builds rules. Not for the engine, which includes
 * policy.h alone.
 */
#ifndef ESPIAL_CONFIG_POLICY_INDEX_H
#define ESPIAL_CONFIG_POLICY_INDEX_H

#include "policy.h"

/*
 * The index holds one entry for every pair of prefixes that a rule brings together. A rule of n and m prefixes has
 * n * m of them; the configuration refuses a file with more than this many, and policy_seal() fails beyond it.
 */
enum { POLICY_PAIRS_MAX = 1000000 };

/* How many index entries the rule asks for. */
uint64_t policy_rule_pairs(const struct policy_rule *rule);

/* Frees the index; NULL is fine. */
void policy_index_free(struct policy_index *index);

/* Frees what the rule owns and makes it all zero. */
void policy_rule_clear(struct policy_rule *rule);

/* Frees the entries of the list and makes it empty. */
void policy_services_clear(struct policy_services *services);

#endif
