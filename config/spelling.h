/* SPDX-License-Identifier: Apache-2.0 */
/* How far a word that somebody wrote is from one that is possible, so that the one that was meant can be told. */
#ifndef ESPIAL_CONFIG_SPELLING_H
#define ESPIAL_CONFIG_SPELLING_H

#include <stddef.h>

enum { SPELLING_WORD_MAX = 64 }; /* octets of a word that is worth comparing */

/* Letters to change, insert, drop or swap with the next to get from one word to the other; SIZE_MAX for longer words. */
size_t spelling_distance(const char *one, const char *other);

#endif
