/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text, and back. Called by sinks and by readers of configuration; never on the packet path. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

const char *address_text(const struct address *address, struct address_text *buffer)
{
	/* Neither call can fail: both families are known and the buffer holds any address. */
	if (address_is_ipv4(address))
		inet_ntop(AF_INET, address->bytes + 12, buffer->text, sizeof(buffer->text));
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

	return address_parse(text, address) && strcmp(address_text(address, &again), text) == 0;
}
