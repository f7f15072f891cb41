/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each payload parser on its own: octet 0 has the IKE version (highest bit: 1) and whether the payload was captured whole
 * (next bit: no), octet 1 is the payload's type, the rest is its body. The header and the chain around it are sound, so
 * all of the fuzzer's effort goes into the body. What was found is named and recomputed as the IKE log does it.
 */
#include "ike_demands.h"

#include "dissectors/ike_fragment.h"
#include "dissectors/ike_nat.h"

enum { UNSEEN = 200, GENERIC_SIZE = 4, TYPE_AT = 16, LENGTH_AT = 24 };

/* A digest that anybody can compute, so that matches happen. */
static bool sum(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets, uint32_t length,
		uint8_t *digest)
{
	uint8_t all = 0;

	(void)context;
	for (uint32_t i = 0; i < length; i++)
		all = (uint8_t)(all + octets[i]);
	memset(digest, all, IKE_NAT_DIGEST_MAX);
	return algorithm != IKE_NAT_SHA1 || length % 2 == 0;
}

static void check_nat(const struct ike_message *message, const uint8_t *octets)
{
	static const uint16_t hashes[] = { IKEV1_HASH_MD5, IKEV1_HASH_SHA1, IKEV1_HASH_SHA2_256, IKEV1_HASH_SHA2_512,
					   77 };
	struct address ends[2];

	DEMAND(address_parse("192.0.2.1", &ends[0]) && address_parse("2001:db8::1", &ends[1]));
	for (unsigned i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		enum ike_nat_algorithm algorithm = ike_nat_algorithm(hashes[i]);
		struct ike_nat_result result =
		    ike_nat_compare(message, octets, &ends[0], 500, &ends[1], 4500, algorithm, sum, NULL);
		DEMAND(ike_nat_digest_size(algorithm) <= IKE_NAT_DIGEST_MAX);
		DEMAND(result.source <= IKE_NAT_TRANSLATED && result.destination <= IKE_NAT_TRANSLATED);
		DEMAND(message->nat_hash_count > 0 ||
		       (result.source == IKE_NAT_NOT_SAID && result.destination == IKE_NAT_NOT_SAID));
	}
}

/* The piece that the message may be, and then every other number it may have had, last or not. */
static void check_fragments(const struct ike_message *read)
{
	static struct ike_message message;
	struct ike_fragment_set set = { .count = 0 };
	unsigned taken = 0;

	message = *read;
	for (unsigned i = 0; i <= 255; i++) {
		unsigned before = set.count;
		enum ike_fragment_result result = ike_fragment_set_add(&set, &message);
		taken += result == IKE_FRAGMENT_NEW;
		DEMAND(set.count == before + (result == IKE_FRAGMENT_NEW) && set.count == taken);
		DEMAND(!ike_fragment_set_complete(&set) || (set.last && set.count == set.last));
		message.fragment_number = (uint16_t)(read->fragment_number + i);
		message.fragment_last = i % 16 == 15 && read->fragment_last;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ike_message message;

	if (size < 2 || size > 60000)
		return 0;
	bool v1 = data[0] & 0x80;
	uint32_t body = (uint32_t)size - 2, captured = IKE_HEADER_SIZE + GENERIC_SIZE + body;
	uint32_t sent = captured + (data[0] & 0x40 ? UNSEEN : 0), length = sent - IKE_HEADER_SIZE;
	uint8_t *octets = calloc(1, captured);
	if (!octets)
		abort();
	memset(octets, 0x11, TYPE_AT);
	octets[TYPE_AT] = data[1];
	octets[TYPE_AT + 1] = v1 ? 0x10 : 0x20;
	octets[TYPE_AT + 2] = v1 ? IKEV1_EXCHANGE_MAIN : IKEV2_EXCHANGE_IKE_SA_INIT;
	octets[TYPE_AT + 3] = data[0] & 0x38;
	for (unsigned i = 0; i < 4; i++)
		octets[LENGTH_AT + i] = (uint8_t)(sent >> (24 - 8 * i));
	octets[IKE_HEADER_SIZE] = data[0] & 0x07; /* a next payload, sometimes */
	octets[IKE_HEADER_SIZE + 2] = (uint8_t)(length >> 8);
	octets[IKE_HEADER_SIZE + 3] = (uint8_t)length;
	memcpy(octets + IKE_HEADER_SIZE + GENERIC_SIZE, data + 2, body);
	check_reading(octets, captured, sent, &message);
	check_nat(&message, octets);
	check_fragments(&message);
	free(octets);
	return 0;
}
