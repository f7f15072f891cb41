/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says, as a value. The core and the sinks know certificates by this alone: reading X.509 needs a
 * library, which is at home at the edge (daemon/certificate.c), and is handed in as a function, as digests are.
 */
#ifndef ESPIAL_AUDIT_CERTIFICATE_FACTS_H
#define ESPIAL_AUDIT_CERTIFICATE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum { CERTIFICATE_NAME_SIZE = 160, CERTIFICATE_WORD_SIZE = 48, CERTIFICATE_DIGEST_SIZE = 32 };

/* Texts are printable ASCII with everything else escaped (RFC 4514), cut to their room; what they say is the peer's. */
struct certificate_facts {
	int64_t not_before_ns, not_after_ns; /* since the epoch; as far as it can be said in nanoseconds */
	char subject[CERTIFICATE_NAME_SIZE];
	char issuer[CERTIFICATE_NAME_SIZE];
	char serial[CERTIFICATE_WORD_SIZE];      /* hexadecimal */
	char key[CERTIFICATE_WORD_SIZE];         /* "RSA", "EC prime256v1", "ED25519"; "" if not known */
	char signature[CERTIFICATE_WORD_SIZE];   /* "sha256WithRSAEncryption"; "" if not known */
	uint8_t digest[CERTIFICATE_DIGEST_SIZE]; /* SHA-256 of its octets: what it is known by */
	uint16_t key_bits;                       /* 0: not known */
	bool authority;                          /* of a certificate authority: RFC 5280 section 4.2.1.9 */
};

/* Reads a certificate in DER (RFC 5280), or in PKCS #7 (RFC 2315). False: it is none, and `facts` is undefined. Must not keep what it is given. */
typedef bool certificate_read_function(void *context, const uint8_t *octets, uint32_t length,
				       struct certificate_facts *facts);

enum certificate_validity { CERTIFICATE_VALID, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID };

/* Both ends of the period belong to it (RFC 5280 section 4.1.2.5). */
static inline enum certificate_validity certificate_validity(const struct certificate_facts *facts, int64_t now_ns)
{
	return now_ns > facts->not_after_ns    ? CERTIFICATE_EXPIRED
	       : now_ns < facts->not_before_ns ? CERTIFICATE_NOT_YET_VALID
					       : CERTIFICATE_VALID;
}

#endif
