/* SPDX-License-Identifier: Apache-2.0 */
/* X.509: certificates of a laboratory's authority, valid and not, hostile names, damage at every octet. */
#include "daemon/certificate.h"

#include "../suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SIZE_MAX_DER = 4096 };

struct der {
	uint8_t octets[SIZE_MAX_DER];
	uint32_t length;
};

static void load(const char *name, struct der *der)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/certificates/%s%s", TEST_DIRECTORY, name, strchr(name, '.') ? "" : ".der");
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	der->length = (uint32_t)fread(der->octets, 1, sizeof(der->octets), file);
	fclose(file);
	ck_assert_uint_gt(der->length, 100);
}

static int64_t utc(int year, int month, int day)
{
	struct tm parts = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };

	return (int64_t)timegm(&parts) * 1000000000;
}

static bool reads(const char *name, struct certificate_facts *facts)
{
	struct der der;

	load(name, &der);
	return certificate_read(NULL, der.octets, der.length, facts);
}

START_TEST(facts_of_each)
{
	struct certificate_facts facts, again;

	ck_assert(reads("expired", &facts));
	ck_assert_str_eq(facts.subject, "CN=alice.lab.example,O=Lab,C=XX");
	ck_assert_str_eq(facts.issuer, "CN=Lab CA,O=Lab,C=XX");
	ck_assert_str_eq(facts.key, "RSA");
	ck_assert_uint_eq(facts.key_bits, 2048);
	ck_assert_str_eq(facts.signature, "sha256WithRSAEncryption");
	ck_assert_str_eq(facts.serial, "1000");
	ck_assert_int_eq(facts.not_before_ns, utc(2024, 1, 1));
	ck_assert_int_eq(facts.not_after_ns, utc(2026, 1, 1));
	ck_assert(!facts.authority);

	ck_assert(reads("valid", &again));
	ck_assert_str_eq(again.key, "EC prime256v1");
	ck_assert_uint_eq(again.key_bits, 256);
	ck_assert_mem_ne(facts.digest, again.digest, sizeof(facts.digest));

	ck_assert(reads("ca", &facts));
	ck_assert(facts.authority);
	ck_assert_str_eq(facts.subject, facts.issuer);
}
END_TEST

/* Bundles of PKCS #7: the peer's own certificate is read, wherever its authority's stands. */
START_TEST(in_pkcs7)
{
	struct certificate_facts alone, bundled;
	struct der der;

	ck_assert(reads("expired", &alone));
	ck_assert(reads("chain-expired.p7b", &bundled));
	ck_assert_str_eq(bundled.subject, alone.subject);
	ck_assert_str_eq(bundled.issuer, alone.issuer);
	ck_assert_str_eq(bundled.serial, alone.serial);
	ck_assert_int_eq(bundled.not_after_ns, alone.not_after_ns);
	ck_assert(!bundled.authority);
	ck_assert_mem_eq(bundled.digest, alone.digest, sizeof(alone.digest));
	ck_assert(reads("chain-valid.p7b", &bundled));
	ck_assert_str_eq(bundled.key, "EC prime256v1");
	/* An authority alone is what there is. */
	ck_assert(reads("chain-ca.p7b", &bundled));
	ck_assert(bundled.authority);
	FILE *empty = fopen(TEST_DIRECTORY "/certificates/chain-empty.p7b", "rb");
	ck_assert_ptr_nonnull(empty);
	der.length = (uint32_t)fread(der.octets, 1, sizeof(der.octets), empty);
	fclose(empty);
	ck_assert_uint_gt(der.length, 10);
	ck_assert(!certificate_read(NULL, der.octets, der.length, &bundled));
	/* Every octet changed in turn, and cut anywhere. */
	load("chain-expired.p7b", &der);
	for (uint32_t at = 0; at < der.length; at++) {
		ck_assert(!certificate_read(NULL, der.octets, at, &bundled));
		der.octets[at] ^= 0xff;
		if (certificate_read(NULL, der.octets, der.length, &bundled))
			ck_assert_ptr_nonnull(memchr(bundled.subject, 0, sizeof(bundled.subject)));
		der.octets[at] ^= 0xff;
	}
}
END_TEST

/* "99991231235959Z" is no overflow. */
START_TEST(without_end)
{
	struct certificate_facts facts;

	ck_assert(reads("future", &facts));
	ck_assert_str_eq(facts.key, "ED25519");
	ck_assert_int_eq(facts.not_before_ns, utc(2040, 1, 1));
	ck_assert_int_gt(facts.not_after_ns, utc(2262, 1, 1));
	ck_assert_int_eq(certificate_validity(&facts, utc(2039, 12, 31)), CERTIFICATE_NOT_YET_VALID);
	ck_assert_int_eq(certificate_validity(&facts, utc(2040, 1, 1)), CERTIFICATE_VALID);
	ck_assert_int_eq(certificate_validity(&facts, utc(2261, 1, 1)), CERTIFICATE_VALID);
}
END_TEST

START_TEST(period)
{
	struct certificate_facts facts;

	ck_assert(reads("expired", &facts));
	ck_assert_int_eq(certificate_validity(&facts, utc(2026, 1, 1)), CERTIFICATE_VALID);
	ck_assert_int_eq(certificate_validity(&facts, utc(2026, 1, 1) + 1), CERTIFICATE_EXPIRED);
	ck_assert_int_eq(certificate_validity(&facts, utc(2024, 1, 1) - 1), CERTIFICATE_NOT_YET_VALID);
}
END_TEST

/* A name with an escape sequence, a line break, a tag, quotes and an accent. */
START_TEST(hostile_name)
{
	struct certificate_facts facts;

	ck_assert(reads("hostile", &facts));
	ck_assert_ptr_nonnull(strstr(facts.subject, "evil"));
	for (const char *at = facts.subject; *at; at++)
		ck_assert_msg(*at >= 0x20 && *at < 0x7f, "octet 0x%02x in %s", (unsigned char)*at, facts.subject);
}
END_TEST

/* Every octet changed in turn, and every length: nothing is read that was not given, and texts stay what they promise. */
START_TEST(damage)
{
	struct certificate_facts facts;
	struct der der;

	load("valid", &der);
	for (uint32_t length = 0; length < der.length; length++) {
		uint8_t *copy = malloc(length ? length : 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, der.octets, length);
		ck_assert(!certificate_read(NULL, copy, length, &facts));
		free(copy);
	}
	for (uint32_t at = 0; at < der.length; at++) {
		der.octets[at] ^= 0xff;
		if (certificate_read(NULL, der.octets, der.length, &facts)) {
			ck_assert_ptr_nonnull(memchr(facts.subject, 0, sizeof(facts.subject)));
			ck_assert_ptr_nonnull(memchr(facts.issuer, 0, sizeof(facts.issuer)));
			ck_assert_ptr_nonnull(memchr(facts.key, 0, sizeof(facts.key)));
		}
		der.octets[at] ^= 0xff;
	}
	der.octets[der.length] = 0;
	ck_assert(!certificate_read(NULL, der.octets, der.length + 1, &facts));
	ck_assert(certificate_read(NULL, der.octets, der.length, &facts));
}
END_TEST

SUITE_MAIN("certificate", facts_of_each, in_pkcs7, without_end, period, hostile_name, damage)
