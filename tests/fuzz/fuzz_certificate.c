/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_read() over anything: what it says is printable and ends, and nothing of what it took stays behind. */
#include "fuzz.h"

#include "daemon/certificate.h"

#include <string.h>

static void check_text(const char *text, size_t size)
{
	DEMAND(memchr(text, 0, size) != NULL);
	for (; *text; text++)
		DEMAND(*text >= 0x20 && *text < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certificate_facts facts;

	if (size > UINT16_MAX || !certificate_read(NULL, data, (uint32_t)size, &facts))
		return 0;
	check_text(facts.subject, sizeof(facts.subject));
	check_text(facts.issuer, sizeof(facts.issuer));
	check_text(facts.serial, sizeof(facts.serial));
	check_text(facts.key, sizeof(facts.key));
	check_text(facts.signature, sizeof(facts.signature));
	return 0;
}
