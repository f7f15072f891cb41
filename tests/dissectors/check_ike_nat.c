/* SPDX-License-Identifier: Apache-2.0 */
/* NAT detection: the octets hashed, each verdict, and a hash that a real daemon sent. */
#include "dissectors/ike_nat.h"

#include "ike_build.h"
#include "../suite.h"

#include <openssl/evp.h>

static struct ike_build build;
static struct ike_message message;

static const struct address *ipv4(unsigned last)
{
	static struct address addresses[256];
	uint8_t octets[4] = { 192, 0, 2, (uint8_t)last };

	addresses[last] = address_from_ipv4(octets);
	return &addresses[last];
}

/* `context`, if given, is a counter of calls. */
static bool hash(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets, uint32_t length,
		 uint8_t *digest)
{
	const EVP_MD *const types[] = { NULL, EVP_md5(), EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512() };
	unsigned size = 0;

	if (context)
		++*(unsigned *)context;
	return EVP_Digest(octets, length, digest, &size, types[algorithm], NULL) == 1 &&
	       size == ike_nat_digest_size(algorithm);
}

static bool no_hash(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets, uint32_t length,
		    uint8_t *digest)
{
	(void)context, (void)algorithm, (void)octets, (void)length, (void)digest;
	return false;
}

START_TEST(input)
{
	static const uint8_t expected[22] = { 1,  2,  3,  4,  5,  6,   7, 8, 9, 10,   11,
					      12, 13, 14, 15, 16, 192, 0, 2, 7, 0x11, 0x94 };
	struct ike_nat_input octets;
	ike_nat_input(0x0102030405060708, 0x090a0b0c0d0e0f10, ipv4(7), 4500, &octets);
	ck_assert_uint_eq(octets.length, 22);
	ck_assert_mem_eq(octets.octets, expected, 22);
	uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 };
	struct address address = address_from_ipv6(six);
	ike_nat_input(1, 2, &address, 500, &octets);
	ck_assert_uint_eq(octets.length, IKE_NAT_INPUT_MAX);
	ck_assert_mem_eq(octets.octets + 16, six, 16);
	ck_assert(octets.octets[32] == 1 && octets.octets[33] == 0xf4);
}
END_TEST

static void put_hash(unsigned payload, unsigned notify, unsigned last, unsigned port, enum ike_nat_algorithm algorithm)
{
	struct ike_nat_input octets;
	uint8_t digest[IKE_NAT_DIGEST_MAX];

	ike_nat_input(0x1122334455667788, 0x99aabbccddeeff00, ipv4(last), (uint16_t)port, &octets);
	ck_assert(hash(NULL, algorithm, octets.octets, octets.length, digest));
	uint32_t start = ike_open(&build, payload);
	if (notify > 0)
		ike_put(&build, 4, notify);
	for (unsigned i = 0; i < ike_nat_digest_size(algorithm); i++)
		ike_put(&build, 1, digest[i]);
	ike_close(&build, start);
}

static struct ike_nat_result compare(unsigned from, unsigned to, enum ike_nat_algorithm algorithm)
{
	ike_end(&build);
	ck_assert(ike_message_read(build.octets, build.length, build.length, &message));
	return ike_nat_compare(&message, build.octets, ipv4(from), 500, ipv4(to), 500, algorithm, hash, NULL);
}

static bool is(struct ike_nat_result result, enum ike_nat_verdict source, enum ike_nat_verdict destination)
{
	return result.source == source && result.destination == destination;
}

START_TEST(version2)
{
	unsigned calls = 0;

	ike_begin(&build, 0x20, 34, IKEV2_FLAG_INITIATOR);
	ck_assert(is(compare(1, 2, IKE_NAT_UNKNOWN), IKE_NAT_NOT_SAID, IKE_NAT_NOT_SAID));
	ike_nat_compare(&message, build.octets, ipv4(1), 500, ipv4(2), 500, IKE_NAT_SHA1, hash, &calls);
	ck_assert_uint_eq(calls, 0);
	put_hash(41, 16388, 1, 500, IKE_NAT_SHA1);
	ck_assert(is(compare(1, 2, IKE_NAT_UNKNOWN), IKE_NAT_UNCHANGED, IKE_NAT_NOT_SAID));
	put_hash(41, 16389, 2, 500, IKE_NAT_SHA1);
	ck_assert(is(compare(1, 2, IKE_NAT_UNKNOWN), IKE_NAT_UNCHANGED, IKE_NAT_UNCHANGED));
	ck_assert(is(compare(9, 2, IKE_NAT_UNKNOWN), IKE_NAT_TRANSLATED, IKE_NAT_UNCHANGED));
	ck_assert(is(compare(1, 9, IKE_NAT_UNKNOWN), IKE_NAT_UNCHANGED, IKE_NAT_TRANSLATED));
	/* A sender with several addresses states them all: one that fits is enough. */
	put_hash(41, 16388, 9, 500, IKE_NAT_SHA1);
	ck_assert(is(compare(9, 2, IKE_NAT_MD5), IKE_NAT_UNCHANGED, IKE_NAT_UNCHANGED));
	struct ike_nat_result result =
	    ike_nat_compare(&message, build.octets, ipv4(1), 1024, ipv4(2), 500, IKE_NAT_SHA1, hash, NULL);
	ck_assert(is(result, IKE_NAT_TRANSLATED, IKE_NAT_UNCHANGED));
	result = ike_nat_compare(&message, build.octets, ipv4(1), 500, ipv4(2), 500, IKE_NAT_SHA1, no_hash, NULL);
	ck_assert(is(result, IKE_NAT_NOT_SAID, IKE_NAT_NOT_SAID));
}
END_TEST

START_TEST(version1)
{
	for (unsigned number = 0; number <= 7; number++) {
		enum ike_nat_algorithm algorithm = ike_nat_algorithm((uint16_t)number);
		ck_assert_int_eq(algorithm == IKE_NAT_UNKNOWN, number == 0 || number == 3 || number == 7);
		ck_assert_int_eq(ike_nat_digest_size(algorithm) == 0, algorithm == IKE_NAT_UNKNOWN);
		if (algorithm == IKE_NAT_UNKNOWN)
			continue;
		ike_begin(&build, 0x10, 2, 0);
		put_hash(20, 0, 2, 500, algorithm);
		put_hash(20, 0, 1, 500, algorithm);
		ck_assert(is(compare(1, 2, algorithm), IKE_NAT_UNCHANGED, IKE_NAT_UNCHANGED));
		ck_assert(is(compare(3, 2, algorithm), IKE_NAT_TRANSLATED, IKE_NAT_UNCHANGED));
		ck_assert(is(compare(1, 2, IKE_NAT_UNKNOWN), IKE_NAT_NOT_SAID, IKE_NAT_NOT_SAID));
		/* Hashes of another size were made by another algorithm. */
		ck_assert(is(compare(1, 2, algorithm == IKE_NAT_MD5 ? IKE_NAT_SHA1 : IKE_NAT_MD5), IKE_NAT_NOT_SAID,
			     IKE_NAT_NOT_SAID));
	}
	ck_assert_uint_eq(ike_nat_digest_size((enum ike_nat_algorithm)99), 0);
}
END_TEST

/* strongSwan's NAT_DETECTION_SOURCE_IP of the lab 01a, from 10.1.1.1 port 500, before there was a responder SPI. */
START_TEST(lab)
{
	static const uint8_t sent[20] = { 0x1c, 0x87, 0xeb, 0x66, 0xad, 0x9f, 0x9f, 0x15, 0xda, 0xb2,
					  0x71, 0xe7, 0x0f, 0x55, 0x6e, 0x46, 0x0f, 0xef, 0xb9, 0x48 };
	static const uint8_t source[4] = { 10, 1, 1, 1 };
	struct address address = address_from_ipv4(source);
	struct ike_nat_input octets;
	uint8_t digest[IKE_NAT_DIGEST_MAX];

	ike_nat_input(0xaa65f7086db279b9, 0, &address, 500, &octets);
	ck_assert(hash(NULL, IKE_NAT_SHA1, octets.octets, octets.length, digest));
	ck_assert_mem_eq(digest, sent, sizeof(sent));
}
END_TEST

SUITE_MAIN("ike_nat", input, version2, version1, lab)
