/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict tables: what a policy's `crypto` thinks of each algorithm of IKE.
 *
 *   rfc8247         RFC 8247 with its updates 8221 and 9395; what everyone should hold to
 *   cnsa-2.0        the NSA's suite: AES-256-GCM, SHA-384 or SHA-512, ML-KEM-1024
 *   nist-800-77r1   NIST SP 800-77 revision 1 with SP 800-131A: approved algorithms of 112 bits and more
 *
 * Pure constants. Called by rule_crypto.c.
 */
#ifndef ESPIAL_AUDIT_CRYPTO_TABLE_H
#define ESPIAL_AUDIT_CRYPTO_TABLE_H

#include "ike_suite.h"

/* From good to bad. */
enum crypto_verdict { CRYPTO_FINE, CRYPTO_DISCOURAGED, CRYPTO_FORBIDDEN };

enum crypto_table { CRYPTO_RFC8247, CRYPTO_CNSA_2_0, CRYPTO_NIST_800_77R1, CRYPTO_TABLE_COUNT };

/* The table of this name; CRYPTO_RFC8247 for NULL and names that are not known. */
enum crypto_table crypto_table_find(const char *name);
const char *crypto_table_name(enum crypto_table table);

/* What the table thinks of the algorithm; `why`, if not NULL, gets a constant phrase. */
enum crypto_verdict crypto_verdict(enum crypto_table table, unsigned major, const struct ike_algorithm *algorithm,
				   const char **why);

#endif
