/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP that may hide nothing: packets of one SA, each a length in two octets and its octets. What is said to be inside has
 * to lie within the packet, and a decision needs the packets it needs.
 */
#include "fuzz.h"

#include "daemon/audit/readable.h"

#include <string.h>

enum { ESP_HEADER = 8, OCTETS_MAX = 0xfff };

static void check_inner(const struct readable_inner *inner, uint32_t length)
{
	DEMAND(inner->offset >= ESP_HEADER && inner->offset <= length);
	DEMAND(inner->length <= length - inner->offset);
	DEMAND(inner->icv <= 32 && inner->iv <= 8);
	DEMAND((uint64_t)inner->offset + inner->length + inner->icv + 2 <= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct readable readable = { .fitting = 0 };
	unsigned packets = 0;

	while (size >= 2) {
		uint32_t length = ((uint32_t)data[0] << 8 | data[1]) & OCTETS_MAX;
		struct readable_inner inner = { .offset = UINT32_MAX };
		data += 2, size -= 2;
		if (length > size)
			length = (uint32_t)size;
		uint8_t *esp = malloc(length ? length : 1);
		DEMAND(esp != NULL);
		memcpy(esp, data, length);
		unsigned before = readable.state;
		bool changed = readable_packet(&readable, esp, length, &inner);
		packets++;
		DEMAND(changed == (before != readable.state) && readable.state <= READABLE_NO);
		DEMAND(readable.state != READABLE_NULL || packets >= 3);
		if (readable.state == READABLE_NULL && inner.offset != UINT32_MAX)
			check_inner(&inner, length);
		if (readable.state == READABLE_NULL && readable_look(&readable, esp, length, &inner))
			check_inner(&inner, length);
		readable_wants(&readable, packets);
		free(esp);
		data += length;
		size -= length;
	}
	return 0;
}
