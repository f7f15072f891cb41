/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a pair as it is hashed: the tracker's, the judge's, and that by which a pair has its worker. */
#ifndef ESPIAL_AUDIT_PAIR_KEY_H
#define ESPIAL_AUDIT_PAIR_KEY_H

#include "hash.h"
#include "../../dissectors/address.h"

#include <string.h>

/* Every octet is set. */
struct pair_key {
	uint8_t address[2][16]; /* lower first */
	uint32_t realm;
	uint32_t zero;
};

static inline uint64_t pair_key_hash(uint32_t realm, const struct address *lower, const struct address *upper,
				     uint64_t seed)
{
	struct pair_key key = { .realm = realm };

	memcpy(key.address[0], lower->bytes, 16);
	memcpy(key.address[1], upper->bytes, 16);
	return hash_octets(&key, sizeof(key), seed);
}

#endif
