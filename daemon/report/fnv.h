/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FNV-1a, for what is looked up by text or address in tables of a few thousand: it tells apart and protects nothing. The
 * tables whose keys whoever sends packets chooses are hashed with a seed, by audit/hash.h.
 */
#ifndef ESPIAL_REPORT_FNV_H
#define ESPIAL_REPORT_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)

/* Goes on from `hash`, which is FNV_BASIS at first. */
static inline uint64_t fnv_octets(uint64_t hash, const void *octets, size_t count)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static inline uint64_t fnv_text(const char *text)
{
	return fnv_octets(FNV_BASIS, text, strlen(text));
}

#endif
