/* SPDX-License-Identifier: Apache-2.0 */
/* See hex.h. */
#include "hex.h"

void hex_put(char *to, const uint8_t *octets, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[octets[i] >> 4];
		*to++ = digits[octets[i] & 15];
	}
}

static int value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool hex_read(const char *digits, size_t count, uint8_t *octets)
{
	for (size_t i = 0; i < count; i++) {
		int high = value_of(digits[2 * i]), low = value_of(digits[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
