/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyed hash of the tables' keys: XXH3 with a seed that outsiders do not know (live: random; audits of files: fixed,
 * so that two runs do the same). Never 0, which the tables use for "free".
 */
#ifndef ESPIAL_AUDIT_HASH_H
#define ESPIAL_AUDIT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_octets(const void *octets, size_t length, uint64_t seed)
{
	uint64_t hash = XXH3_64bits_withSeed(octets, length, seed);
	return hash ? hash : 1;
}

#endif
