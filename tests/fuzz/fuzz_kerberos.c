/* SPDX-License-Identifier: Apache-2.0 */
/* kerberos_read() over anything. Octet 0: its lowest bit says TCP, its highest adds octets that were not captured. */
#include "fuzz.h"

#include "dissectors/cursor.h"
#include "dissectors/kerberos.h"

enum { UNSEEN = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kerberos_message message;

	if (size < 1 || size > KERBEROS_LENGTH_MAX)
		return 0;
	uint32_t captured = (uint32_t)size - 1;
	struct cursor cursor = cursor_make(data + 1, captured, captured + (data[0] & 0x80 ? UNSEEN : 0));
	bool read = kerberos_read(&cursor, data[0] & 1, &message);
	DEMAND(message.component_count <= KERBEROS_COMPONENTS_MAX);
	DEMAND(message.type == KERBEROS_ERROR || message.error == 0);
	for (unsigned i = 0; i < message.component_count; i++) {
		const struct kerberos_text *text = &message.service[i];
		DEMAND(text->octets >= data + 1 && text->octets + text->length <= data + size);
	}
	/* A step towards a ticket is an error that has a name. */
	if (read && kerberos_error_is_step(message.error))
		DEMAND(message.type == KERBEROS_ERROR && kerberos_error_name(message.error));
	return 0;
}
