/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suite: the algorithms that an IKE message offers or selects, kept small.
 *
 * All proposals of an SA payload for IKE itself are taken together, each algorithm once: that is what names what is weak,
 * and what tells which attribute two peers do not have in common. Both versions are mapped to the same kinds; identifiers
 * stay those of the version's own registry (RFC 2409 appendix A, RFC 7296 section 3.3.2), so suites of different versions
 * are never compared. Pure. Called by the IKE story and the rules on cryptography.
 */
#ifndef ESPIAL_AUDIT_IKE_SUITE_H
#define ESPIAL_AUDIT_IKE_SUITE_H

#include "../../dissectors/ike_algorithm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IKE_SUITE_MAX = 32 };

struct ike_suite {
	uint8_t major; /* version of the registry; 0: nothing was read */
	uint8_t count;
	bool more;  /* there were more than fit */
	bool alone; /* one proposal, in IKEv1 of one transform: what a selection looks like */
	struct ike_algorithm algorithms[IKE_SUITE_MAX];
};

/* Reads what the message's SA payloads say of IKE itself. False, and an empty suite, if they say nothing. */
bool ike_suite_read(const struct ike_message *message, struct ike_suite *suite);

/* What the kind is called in sentences: "encryption", "key exchange group". */
const char *ike_kind_name(enum ike_algorithm_kind kind);

/* The first algorithm of the kind; NULL if there is none. */
const struct ike_algorithm *ike_suite_find(const struct ike_suite *suite, enum ike_algorithm_kind kind);

/*
 * Compares two suites of one version: true if of some kind both name algorithms and none in common; `kind` is the first
 * such kind. False says only that nothing is known to differ.
 */
bool ike_suite_differs(const struct ike_suite *offer, const struct ike_suite *known, enum ike_algorithm_kind *kind);

/* Adds what `more` has and `suite` has not. */
void ike_suite_merge(struct ike_suite *suite, const struct ike_suite *more);

/* Appends "NAME, NAME" of the kind to `text`, which is a string of at most `size` octets. */
void ike_suite_list(const struct ike_suite *suite, enum ike_algorithm_kind kind, char *text, size_t size);

#endif
