/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike_message_read() over anything. Octet 0: its highest bit adds octets that were sent but not captured; the rest is
 * the message. The header's version, and its length if the second highest bit is set, are put right, so that the fuzzer
 * need not find them. Every payload parser is reached through the chain; vendor IDs and attributes are read too.
 */
#include "ike_demands.h"

enum { UNSEEN = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ike_message message;

	if (size < 1 || size > 1 << 17)
		return 0;
	uint32_t captured = (uint32_t)size - 1, sent = captured + (data[0] & 0x80 ? UNSEEN : 0);
	uint8_t *octets = malloc(captured > 0 ? captured : 1);
	if (!octets)
		abort();
	memcpy(octets, data + 1, captured);
	if (captured >= IKE_HEADER_SIZE && octets[17] >> 4 != 1)
		octets[17] = 0x20;
	if (captured >= IKE_HEADER_SIZE && data[0] & 0x40)
		for (unsigned i = 0; i < 4; i++)
			octets[24 + i] = (uint8_t)(sent >> (24 - 8 * i));
	check_reading(octets, captured, sent, &message);
	free(octets);
	return 0;
}
