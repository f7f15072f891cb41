/* SPDX-License-Identifier: Apache-2.0 */
/* See spelling.h. Called where a configuration has a key, a word or a service that is not known. */
#include "spelling.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

size_t spelling_distance(const char *one, const char *other)
{
	size_t rows[3][SPELLING_WORD_MAX + 1];
	size_t length = strlen(one), width = strlen(other);

	if (length > SPELLING_WORD_MAX || width > SPELLING_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *higher = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			row[j] = least(above[j - 1] + (one[i - 1] != other[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
				row[j] = least(row[j], higher[j - 2] + 1);
		}
	}
	return rows[length % 3][width];
}
