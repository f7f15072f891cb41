/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text, and back. Called by sinks and by readers of configuration; never on the packet path. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

/* By hand, since lists have hundreds of thousands of them and inet_ntop() goes through printf(). */
static void write_ipv4(const uint8_t octets[4], char *at)
{
	for (int i = 0; i < 4; i++) {
		unsigned octet = octets[i];
		if (octet >= 100)
			*at++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*at++ = (char)('0' + octet / 10 % 10);
		*at++ = (char)('0' + octet % 10);
		*at++ = i < 3 ? '.' : '\0';
	}
}

/* Only four numbers below 256 without leading zeros and three dots, which is how write_ipv4() spells them. */
static bool read_ipv4(const char *text, uint8_t octets[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned octet = 0, digits = 0;
		for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++) {
			if (digits == 1 && octet == 0)
				return false;
			octet = octet * 10 + (unsigned)(*text - '0');
		}
		if (digits == 0 || octet > 255 || *text++ != (i < 3 ? '.' : '\0'))
			return false;
		octets[i] = (uint8_t)octet;
	}
	return true;
}

const char *address_text(const struct address *address, struct address_text *buffer)
{
	/* It cannot fail: the buffer holds any address. */
	if (address_is_ipv4(address))
		write_ipv4(address->bytes + 12, buffer->text);
	else
		inet_ntop(AF_INET6, address->bytes, buffer->text, sizeof(buffer->text));
	return buffer->text;
}

bool address_parse(const char *text, struct address *address)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		*address = address_from_ipv4(octets);
		return true;
	}
	if (inet_pton(AF_INET6, text, octets) == 1) {
		*address = address_from_ipv6(octets);
		return true;
	}
	return false;
}

bool address_parse_own(const char *text, struct address *address)
{
	struct address_text again;
	uint8_t octets[4];

	if (read_ipv4(text, octets)) {
		*address = address_from_ipv4(octets);
		return true;
	}
	return address_parse(text, address) && strcmp(address_text(address, &again), text) == 0;
}
