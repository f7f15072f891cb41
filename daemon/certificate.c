/* SPDX-License-Identifier: Apache-2.0 */
/* See certificate.h. */
#include "certificate.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	LENGTH_MAX = 16384, /* octets; chains in the wild have certificates of 1 to 4 KiB */
	CHAIN_MAX = 16,     /* certificates of a bundle; longer ones are not looked through */
};

#define SECOND INT64_C(1000000000)
#define LAST_SECOND                                                                                                    \
	(INT64_MAX / SECOND) /* in the year 2262; "99991231235959Z" stands for no end (RFC 5280 section 4.1.2.5) */

void certificate_prepare(void)
{
	static const uint8_t nothing[1] = { 0 };
	struct certificate_facts facts;

	OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CONFIG, NULL);
	certificate_read(NULL, nothing, sizeof(nothing), &facts);
}

static bool time_of(const ASN1_TIME *time, int64_t *ns)
{
	struct tm parts;

	if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
		return false;
	int64_t seconds = timegm(&parts);
	*ns = seconds > LAST_SECOND    ? LAST_SECOND * SECOND
	      : seconds < -LAST_SECOND ? -LAST_SECOND * SECOND
				       : seconds * SECOND;
	return true;
}

/* RFC 4514, octets beyond ASCII escaped. */
static void name_of(const X509_NAME *name, char *text, size_t size)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *octets = NULL;

	text[0] = '\0';
	if (!memory)
		return;
	if (name && X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253) >= 0) {
		long length = BIO_get_mem_data(memory, &octets);
		snprintf(text, size, "%.*s", length > 0 ? (int)length : 0, octets ? octets : "");
	}
	BIO_free(memory);
	/* What is escaped above is printable; this holds whatever a library does. */
	for (char *at = text; *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			*at = '?';
}

static void serial_of(const ASN1_INTEGER *serial, char *text, size_t size)
{
	BIGNUM *number = serial ? ASN1_INTEGER_to_BN(serial, NULL) : NULL;
	char *digits = number ? BN_bn2hex(number) : NULL;

	snprintf(text, size, "%s", digits ? digits : "");
	OPENSSL_free(digits);
	BN_free(number);
}

static void key_of(X509 *certificate, struct certificate_facts *facts)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	char group[CERTIFICATE_WORD_SIZE / 2];
	size_t length;

	facts->key[0] = '\0';
	facts->key_bits = 0;
	if (!key)
		return;
	int bits = EVP_PKEY_get_bits(key), kind = EVP_PKEY_get_base_id(key);
	facts->key_bits = bits > 0 && bits <= UINT16_MAX ? (uint16_t)bits : 0;
	switch (kind) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		snprintf(facts->key, sizeof(facts->key), "RSA");
		break;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), &length) == 1)
			snprintf(facts->key, sizeof(facts->key), "EC %s", group);
		else
			snprintf(facts->key, sizeof(facts->key), "EC");
		break;
	default:
		snprintf(facts->key, sizeof(facts->key), "%s", kind > 0 ? OBJ_nid2sn(kind) : "");
		break;
	}
}

static bool facts_of(X509 *certificate, struct certificate_facts *facts)
{
	int signature = X509_get_signature_nid(certificate);

	if (!time_of(X509_get0_notBefore(certificate), &facts->not_before_ns) ||
	    !time_of(X509_get0_notAfter(certificate), &facts->not_after_ns))
		return false;
	name_of(X509_get_subject_name(certificate), facts->subject, sizeof(facts->subject));
	name_of(X509_get_issuer_name(certificate), facts->issuer, sizeof(facts->issuer));
	serial_of(X509_get0_serialNumber(certificate), facts->serial, sizeof(facts->serial));
	snprintf(facts->signature, sizeof(facts->signature), "%s", signature != NID_undef ? OBJ_nid2ln(signature) : "");
	key_of(certificate, facts);
	facts->authority = X509_check_ca(certificate) == 1;
	return true;
}

static bool read_x509(const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	const unsigned char *at = octets;
	X509 *certificate = d2i_X509(NULL, &at, (long)length);
	bool good = certificate && at == octets + length && facts_of(certificate, facts) &&
		    EVP_Digest(octets, length, facts->digest, NULL, EVP_sha256(), NULL) == 1;

	X509_free(certificate);
	return good;
}

/* The one whose key the peer has, of those that a chain is of: that issued none of the others. */
static X509 *end_of_chain(const STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *one = sk_X509_value(chain, i);
		bool issuer = X509_check_ca(one) == 1;
		for (int k = 0; k < sk_X509_num(chain) && !issuer; k++)
			issuer = k != i && X509_NAME_cmp(X509_get_subject_name(one),
							 X509_get_issuer_name(sk_X509_value(chain, k))) == 0;
		if (!issuer)
			return one;
	}
	return sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;
}

/* RFC 2315 section 9: signed data that signs nothing and holds certificates. */
static bool read_pkcs7(const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	const unsigned char *at = octets;
	PKCS7 *bundle = d2i_PKCS7(NULL, &at, (long)length);
	const STACK_OF(X509) *chain = bundle && at == octets + length && PKCS7_type_is_signed(bundle) && bundle->d.sign
					  ? bundle->d.sign->cert
					  : NULL;
	X509 *certificate = chain && sk_X509_num(chain) <= CHAIN_MAX ? end_of_chain(chain) : NULL;
	unsigned digested = 0;
	bool good = certificate && facts_of(certificate, facts) &&
		    X509_digest(certificate, EVP_sha256(), facts->digest, &digested) == 1;

	PKCS7_free(bundle);
	return good;
}

bool certificate_read(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	(void)context;
	if (length == 0 || length > LENGTH_MAX)
		return false;
	bool good = read_x509(octets, length, facts) || read_pkcs7(octets, length, facts);
	/* What is wrong with a stranger's certificate is not to pile up in the thread's queue of errors. */
	ERR_clear_error();
	return good;
}
