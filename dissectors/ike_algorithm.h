/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Algorithms of IKE as values: one name for each, whatever version's registry it stands in.
 *
 * Records and findings, the IKE log and the inventory all name algorithms by this, so that a person finds one word
 * everywhere. Pure; judges nothing but whether an algorithm withstands a quantum computer, which is a property and no
 * opinion.
 */
#ifndef ESPIAL_DISSECTORS_IKE_ALGORITHM_H
#define ESPIAL_DISSECTORS_IKE_ALGORITHM_H

#include "ike_message.h"

enum ike_algorithm_kind {
	IKE_ALGORITHM_ENCRYPTION,
	IKE_ALGORITHM_INTEGRITY,
	IKE_ALGORITHM_PRF, /* IKEv1: the hash, which serves as PRF and integrity */
	IKE_ALGORITHM_GROUP,
	IKE_ALGORITHM_ADDITIONAL, /* additional key exchange of RFC 9370 */
	IKE_ALGORITHM_AUTHENTICATION,
	IKE_ALGORITHM_KIND_COUNT
};

struct ike_algorithm {
	uint8_t kind;        /* enum ike_algorithm_kind */
	uint8_t major;       /* whose registry: 1 or 2; groups share one and have 2 */
	uint16_t id;         /* number there */
	uint16_t key_length; /* bits, 0 if not said */
};

/* "encryption", "integrity", "prf", "group", "additional-key-exchange", "authentication": the keys in JSON. */
const char *ike_algorithm_kind_name(unsigned kind);

enum { IKE_ALGORITHM_NAME_SIZE = 72 };

/* "AES_CBC_256", "HMAC_SHA2_256_128", "CURVE25519", "pre-shared key", "MODP_2048", or "ENCRYPTION_77" for a number without
 * a name. Returns `name`. */
const char *ike_algorithm_name(const struct ike_algorithm *algorithm, char name[IKE_ALGORITHM_NAME_SIZE]);

/*
 * The inverse, for names out of records: the algorithm of IKE version `major` that ike_algorithm_name() calls so. Of kinds it
 * tries encryption, integrity, PRF and group in that order; an additional key exchange comes back as a group. False for a
 * number without a name, and for what is no name. Not quick: it looks through the registries.
 */
bool ike_algorithm_find(unsigned major, const char *name, struct ike_algorithm *algorithm);

/* Whether a key exchange of this group withstands a quantum computer: ML-KEM. */
bool ike_algorithm_quantum_safe(const struct ike_algorithm *algorithm);

/* What a transform says. False for one that is none of the kinds (ESN, what belongs to groups of peers, NONE). */
bool ike_algorithm_of_v2(const struct ikev2_transform *transform, struct ike_algorithm *algorithm);

/* The algorithms that an IKEv1 phase 1 transform names, at most four. Returns how many. */
unsigned ike_algorithms_of_v1(const struct ikev1_transform *transform, struct ike_algorithm algorithms[4]);

/* Whether the message selects rather than offers: it answers with one proposal, and in IKEv1 one transform. */
bool ike_algorithm_selects(const struct ike_message *message);

#endif
