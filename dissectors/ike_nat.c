/* SPDX-License-Identifier: Apache-2.0 */
/* What NAT detection hashes, and the comparison (see ike_nat.h): RFC 7296 section 2.23, RFC 3947 section 3.2. */
#include "ike_nat.h"

#include "ike_message.h"
#include "ike_names.h"

#include <string.h>

/* Both count from the most significant octet, as they stand on the wire. */
static uint8_t put_spi(uint8_t *octets, uint64_t spi)
{
	for (unsigned i = 0; i < 8; i++)
		octets[i] = (uint8_t)(spi >> (56 - 8 * i));
	return 8;
}

void ike_nat_input(uint64_t initiator_spi, uint64_t responder_spi, const struct address *address, uint16_t port,
		   struct ike_nat_input *input)
{
	unsigned first = address_is_ipv4(address) ? 12 : 0;

	*input = (struct ike_nat_input){ 0 };
	input->length = put_spi(input->octets, initiator_spi);
	input->length = (uint8_t)(input->length + put_spi(input->octets + 8, responder_spi));
	memcpy(input->octets + 16, address->bytes + first, 16 - first);
	input->length = (uint8_t)(input->length + 16 - first);
	input->octets[input->length++] = (uint8_t)(port >> 8);
	input->octets[input->length++] = (uint8_t)port;
}

enum ike_nat_algorithm ike_nat_algorithm(uint16_t ikev1_hash)
{
	switch (ikev1_hash) {
	case IKEV1_HASH_MD5:
		return IKE_NAT_MD5;
	case IKEV1_HASH_SHA1:
		return IKE_NAT_SHA1;
	case IKEV1_HASH_SHA2_256:
		return IKE_NAT_SHA256;
	case IKEV1_HASH_SHA2_384:
		return IKE_NAT_SHA384;
	case IKEV1_HASH_SHA2_512:
		return IKE_NAT_SHA512;
	default:
		return IKE_NAT_UNKNOWN;
	}
}

uint32_t ike_nat_digest_size(enum ike_nat_algorithm algorithm)
{
	static const uint8_t sizes[] = { 0, 16, 20, 32, 48, 64 };

	return (unsigned)algorithm < sizeof(sizes) ? sizes[algorithm] : 0;
}

/* What one side's hashes say of the address that the packet shows. */
static enum ike_nat_verdict compare(const struct ike_message *message, const uint8_t *octets, bool source,
				    const uint8_t *digest, uint32_t size)
{
	enum ike_nat_verdict verdict = IKE_NAT_NOT_SAID;

	for (uint32_t i = 0; i < message->nat_hash_count; i++) {
		const struct ike_nat_hash *hash = &message->nat_hashes[i];
		if (hash->source != source || hash->hash.length != size)
			continue;
		if (memcmp(octets + hash->hash.offset, digest, size) == 0)
			return IKE_NAT_UNCHANGED;
		verdict = IKE_NAT_TRANSLATED;
	}
	return verdict;
}

struct ike_nat_result ike_nat_compare(const struct ike_message *message, const uint8_t *octets,
				      const struct address *source, uint16_t source_port,
				      const struct address *destination, uint16_t destination_port,
				      enum ike_nat_algorithm algorithm, ike_nat_hash_function *hash, void *context)
{
	struct ike_nat_result result = { IKE_NAT_NOT_SAID, IKE_NAT_NOT_SAID };
	const struct ike_header *header = &message->header;
	uint8_t digest[IKE_NAT_DIGEST_MAX];
	struct ike_nat_input input;

	if (header->major == 2)
		algorithm = IKE_NAT_SHA1;
	uint32_t size = ike_nat_digest_size(algorithm);
	if (message->nat_hash_count == 0 || size == 0)
		return result;
	ike_nat_input(header->initiator_spi, header->responder_spi, source, source_port, &input);
	if (hash(context, algorithm, input.octets, input.length, digest))
		result.source = (uint8_t)compare(message, octets, true, digest, size);
	ike_nat_input(header->initiator_spi, header->responder_spi, destination, destination_port, &input);
	if (hash(context, algorithm, input.octets, input.length, digest))
		result.destination = (uint8_t)compare(message, octets, false, digest, size);
	return result;
}
