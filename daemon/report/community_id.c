/* SPDX-License-Identifier: Apache-2.0 */
/* Community ID version 1, see community_id.h. */
#include "community_id.h"

#include <openssl/evp.h>

static void put_port(uint8_t *at, uint16_t port)
{
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)port;
}

bool community_id(const struct address *src, const struct address *dst, uint16_t src_port, uint16_t dst_port,
		  uint8_t protocol, struct community_id *id)
{
	uint8_t input[2 + 16 + 16 + 2 + 4] = { 0, 0 }; /* seed, addresses, protocol and padding, ports */
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_length = 0;
	int order = address_compare(src, dst);
	bool ipv4 = address_is_ipv4(src);
	size_t width = ipv4 ? 4 : 16, used = 2;

	if (protocol != 6 && protocol != 17 && protocol != 132)
		return false;
	if (ipv4 != address_is_ipv4(dst))
		return false;
	/* Both directions of a flow hash alike: the lower endpoint goes first. */
	if (order > 0 || (order == 0 && src_port > dst_port)) {
		const struct address *address = src;
		uint16_t port = src_port;

		src = dst;
		src_port = dst_port;
		dst = address;
		dst_port = port;
	}
	memcpy(input + used, src->bytes + 16 - width, width);
	used += width;
	memcpy(input + used, dst->bytes + 16 - width, width);
	used += width;
	input[used++] = protocol;
	input[used++] = 0;
	put_port(input + used, src_port);
	put_port(input + used + 2, dst_port);
	used += 4;
	if (!EVP_Digest(input, used, digest, &digest_length, EVP_sha1(), NULL))
		return false;
	memcpy(id->text, "1:", 2);
	EVP_EncodeBlock((unsigned char *)id->text + 2, digest,
			(int)digest_length); /* 20 octets: 28 characters and the end */
	return true;
}
