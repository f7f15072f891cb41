/* SPDX-License-Identifier: Apache-2.0 */
/* The IKE header (see ike.h, where its diagram stands). */
#include "ike.h"

#include "cursor.h"

bool ike_header_read(struct cursor *cursor, struct ike_header *header)
{
	const uint8_t *p = cursor_bytes(cursor, IKE_HEADER_SIZE);

	if (!p) {
		*header = (struct ike_header){ 0 };
		return false;
	}
	header->initiator_spi = (uint64_t)cursor_be32(p) << 32 | cursor_be32(p + 4);
	header->responder_spi = (uint64_t)cursor_be32(p + 8) << 32 | cursor_be32(p + 12);
	header->next_payload = p[16];
	header->major = p[17] >> 4;
	header->minor = p[17] & 0x0f;
	header->exchange = p[18];
	header->flags = p[19];
	header->message_id = cursor_be32(p + 20);
	header->length = cursor_be32(p + 24);
	return true;
}

/* RFC 2408 section 3.1, RFC 2409 section 5: exchanges 1 to 6, quick mode 32, new group 33; AuthIP's 243 to 246. RFC 2408 section 3.1 and
 * IANA's registry: payloads 1 to 21, private 128 on. */
static bool plausible_v1(const struct ike_header *header)
{
	bool exchange = (header->exchange >= 1 && header->exchange <= 6) || header->exchange == 32 ||
			header->exchange == 33 || (header->exchange >= 243 && header->exchange <= 246);
	bool payload = (header->next_payload >= 1 && header->next_payload <= 21) || header->next_payload >= 128;
	uint8_t flags = IKEV1_FLAG_ENCRYPTION | IKEV1_FLAG_COMMIT | IKEV1_FLAG_AUTH_ONLY;

	return header->minor == 0 && exchange && payload && (header->flags & ~flags) == 0;
}

/* RFC 7296 section 3.1 and IANA's registry: exchanges 34 to 44, payloads 33 to 54, none only in an empty message. */
static bool plausible_v2(const struct ike_header *header)
{
	bool exchange = header->exchange >= 34 && header->exchange <= 44;
	bool payload = header->next_payload == 0 ? header->length == IKE_HEADER_SIZE
						 : header->next_payload >= 33 && header->next_payload <= 54;
	uint8_t flags = IKEV2_FLAG_INITIATOR | IKEV2_FLAG_VERSION | IKEV2_FLAG_RESPONSE;

	return exchange && payload && (header->flags & ~flags) == 0;
}

bool ike_header_plausible(const struct ike_header *header, uint32_t datagram)
{
	if (header->length != datagram || header->length < IKE_HEADER_SIZE || header->initiator_spi == 0)
		return false;
	return header->major == 1 ? plausible_v1(header) : header->major == 2 && plausible_v2(header);
}
