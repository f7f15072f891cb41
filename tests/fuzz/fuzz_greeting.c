/* SPDX-License-Identifier: Apache-2.0 */
/* greeting_read() and greeting_read_question() over anything: they keep within what was captured, and what they say does not change with octets behind. Octet 0: so
 * many octets, by tens, were not captured. */
#include "fuzz.h"

#include "dissectors/cursor.h"
#include "dissectors/greeting.h"

enum { LENGTH_MAX = 65536, TENS = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > LENGTH_MAX)
		return 0;
	uint32_t captured = (uint32_t)size - 1;
	struct cursor cursor = cursor_make(data + 1, captured, captured + data[0] * (uint32_t)TENS);
	enum greeting greeting = greeting_read(&cursor);
	/* Who is sure with less is sure with more. */
	for (uint32_t cut = 0; cut < captured; cut += captured / TENS + 1) {
		struct cursor less = cursor_make(data + 1, cut, captured + data[0] * (uint32_t)TENS);
		enum greeting early = greeting_read(&less);
		DEMAND(early == GREETING_NONE || early == greeting);
	}
	struct cursor datagram = cursor_make(data + 1, captured, captured + data[0] * (uint32_t)TENS);
	bool asks = greeting_read_question(&datagram) == GREETING_DNS;
	DEMAND(!asks || (captured >= 17 && data[3] >> 3 == 0 && data[6] == 1));
	DEMAND(greeting != GREETING_TLS || data[1] == 22);
	DEMAND(greeting != GREETING_HTTP || captured >= sizeof("GET / HTTP/1.1\r\n") - 1);
	return 0;
}
