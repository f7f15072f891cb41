/* SPDX-License-Identifier: Apache-2.0 */
/* See crypto_table.h. One row per range of numbers of a registry; what has no row gets the table's own answer. */
#include "crypto_table.h"

#include "../../dissectors/ike_names.h"

#include <string.h>

struct crypto_row {
	uint8_t major;                    /* whose numbers: 1, 2, or 0 for both (groups) */
	uint8_t kind;                     /* enum ike_algorithm_kind */
	uint16_t first, last;             /* identifiers */
	char verdict[CRYPTO_TABLE_COUNT]; /* 'O' fine, 'W' discouraged, 'F' forbidden; by enum crypto_table */
	const char *why;
};

#define V1_ENCRYPTION 1, IKE_ALGORITHM_ENCRYPTION
#define V1_HASH 1, IKE_ALGORITHM_PRF
#define V1_AUTH 1, IKE_ALGORITHM_AUTHENTICATION
#define V2_ENCRYPTION 2, IKE_ALGORITHM_ENCRYPTION
#define V2_PRF 2, IKE_ALGORITHM_PRF
#define V2_INTEGRITY 2, IKE_ALGORITHM_INTEGRITY
#define GROUP 0, IKE_ALGORITHM_GROUP

static const struct crypto_row rows[] = {
	{ V1_ENCRYPTION, IKEV1_ENCR_DES_CBC, IKEV1_ENCR_DES_CBC, "FFF", "a key of 56 bits" },
	{ V1_ENCRYPTION, IKEV1_ENCR_IDEA_CBC, IKEV1_ENCR_RC5_CBC, "FFF", "withdrawn" },
	{ V1_ENCRYPTION, IKEV1_ENCR_3DES_CBC, IKEV1_ENCR_3DES_CBC, "WFF", "a block of 64 bits" },
	{ V1_ENCRYPTION, IKEV1_ENCR_CAST_CBC, IKEV1_ENCR_CAST_CBC, "FFF", "withdrawn" },
	{ V1_ENCRYPTION, IKEV1_ENCR_AES_CBC, IKEV1_ENCR_AES_CBC, "OFO", "not AES-256-GCM" },
	{ V1_ENCRYPTION, IKEV1_ENCR_CAMELLIA_CBC, IKEV1_ENCR_CAMELLIA_CBC, "WFF", "not a NIST cipher" },
	{ V1_HASH, IKEV1_HASH_MD5, IKEV1_HASH_MD5, "FFF", "MD5 is broken" },
	{ V1_HASH, IKEV1_HASH_SHA1, IKEV1_HASH_SHA1, "WFW", "SHA-1 is being retired" },
	{ V1_HASH, IKEV1_HASH_TIGER, IKEV1_HASH_TIGER, "FFF", "withdrawn" },
	{ V1_HASH, IKEV1_HASH_SHA2_256, IKEV1_HASH_SHA2_256, "OFO", "below SHA-384" },
	{ V1_HASH, IKEV1_HASH_SHA2_384, IKEV1_HASH_SHA2_512, "OOO", "" },
	{ V1_AUTH, IKEV1_AUTH_PSK, IKEV1_AUTH_PSK, "WWW", "IKEv1 with a shared key" },
	{ V1_AUTH, IKEV1_AUTH_DSS, IKEV1_AUTH_DSS, "FFF", "DSS is withdrawn" },
	{ V1_AUTH, IKEV1_AUTH_RSA_SIGNATURE, UINT16_MAX, "OOO", "" },

	{ V2_ENCRYPTION, IKEV2_ENCR_DES_IV64, IKEV2_ENCR_DES, "FFF", "a key of 56 bits" },
	{ V2_ENCRYPTION, IKEV2_ENCR_3DES, IKEV2_ENCR_3DES, "WFF", "a block of 64 bits" },
	{ V2_ENCRYPTION, IKEV2_ENCR_RC5, IKEV2_ENCR_3IDEA, "FFF", "withdrawn" },
	{ V2_ENCRYPTION, IKEV2_ENCR_DES_IV32, IKEV2_ENCR_DES_IV32, "FFF", "a key of 56 bits" },
	{ V2_ENCRYPTION, IKEV2_ENCR_NULL, IKEV2_ENCR_NULL, "FFF", "no encryption" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_CBC, IKEV2_ENCR_AES_CTR, "OFO", "not AES-256-GCM" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_CCM_8, IKEV2_ENCR_AES_CCM_8, "WFW", "a short integrity value" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_CCM_12, IKEV2_ENCR_AES_CCM_16, "OFO", "not AES-256-GCM" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_GCM_8, IKEV2_ENCR_AES_GCM_8, "WFW", "a short integrity value" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_GCM_12, IKEV2_ENCR_AES_GCM_12, "OFO", "not AES-256-GCM with 16 octets" },
	{ V2_ENCRYPTION, IKEV2_ENCR_AES_GCM_16, IKEV2_ENCR_AES_GCM_16, "OOO", "" },
	{ V2_ENCRYPTION, IKEV2_ENCR_NULL_AUTH_AES_GMAC, IKEV2_ENCR_NULL_AUTH_AES_GMAC, "FFF", "no encryption" },
	{ V2_ENCRYPTION, IKEV2_ENCR_CAMELLIA_CBC, IKEV2_ENCR_CAMELLIA_CCM_16, "WFF", "not a NIST cipher" },
	{ V2_ENCRYPTION, IKEV2_ENCR_CHACHA20_POLY1305, IKEV2_ENCR_CHACHA20_POLY1305, "OFF", "not a NIST cipher" },
	{ V2_PRF, IKEV2_PRF_HMAC_MD5, IKEV2_PRF_HMAC_MD5, "FFF", "MD5 is broken" },
	{ V2_PRF, IKEV2_PRF_HMAC_SHA1, IKEV2_PRF_HMAC_SHA1, "WFW", "SHA-1 is being retired" },
	{ V2_PRF, IKEV2_PRF_HMAC_TIGER, IKEV2_PRF_HMAC_TIGER, "FFF", "withdrawn" },
	{ V2_PRF, IKEV2_PRF_AES128_XCBC, IKEV2_PRF_AES128_XCBC, "OFW", "not approved" },
	{ V2_PRF, IKEV2_PRF_HMAC_SHA2_256, IKEV2_PRF_HMAC_SHA2_256, "OFO", "below SHA-384" },
	{ V2_PRF, IKEV2_PRF_HMAC_SHA2_384, IKEV2_PRF_HMAC_SHA2_512, "OOO", "" },
	{ V2_PRF, IKEV2_PRF_AES128_CMAC, IKEV2_PRF_AES128_CMAC, "OFO", "below SHA-384" },
	{ V2_INTEGRITY, IKEV2_INTEG_NONE, IKEV2_INTEG_NONE, "OOO", "" }, /* beside an AEAD cipher */
	{ V2_INTEGRITY, IKEV2_INTEG_HMAC_MD5_96, IKEV2_INTEG_HMAC_MD5_96, "FFF", "MD5 is broken" },
	{ V2_INTEGRITY, IKEV2_INTEG_HMAC_SHA1_96, IKEV2_INTEG_HMAC_SHA1_96, "WFW", "SHA-1 is being retired" },
	{ V2_INTEGRITY, IKEV2_INTEG_DES_MAC, IKEV2_INTEG_KPDK_MD5, "FFF", "withdrawn" },
	{ V2_INTEGRITY, IKEV2_INTEG_AES_XCBC_96, IKEV2_INTEG_AES_XCBC_96, "OFW", "not approved" },
	{ V2_INTEGRITY, IKEV2_INTEG_HMAC_MD5_128, IKEV2_INTEG_HMAC_SHA1_160, "FFF", "withdrawn" },
	{ V2_INTEGRITY, IKEV2_INTEG_AES_CMAC_96, IKEV2_INTEG_AES_CMAC_96, "OFO", "below SHA-384" },
	{ V2_INTEGRITY, IKEV2_INTEG_AES_128_GMAC, IKEV2_INTEG_AES_256_GMAC, "FFF", "for AH only" },
	{ V2_INTEGRITY, IKEV2_INTEG_HMAC_SHA2_256_128, IKEV2_INTEG_HMAC_SHA2_256_128, "OFO", "below SHA-384" },
	{ V2_INTEGRITY, IKEV2_INTEG_HMAC_SHA2_384_192, IKEV2_INTEG_HMAC_SHA2_512_256, "OOO", "" },

	{ GROUP, IKE_GROUP_MODP_768, IKE_GROUP_MODP_768, "FFF", "768 bits" },
	{ GROUP, IKE_GROUP_MODP_1024, IKE_GROUP_MODP_1024, "FFF", "1024 bits" },
	{ GROUP, IKE_GROUP_EC2N_155, IKE_GROUP_EC2N_185, "FFF", "withdrawn" },
	{ GROUP, IKE_GROUP_MODP_1536, IKE_GROUP_MODP_1536, "FFF", "below 112 bits of strength" },
	{ GROUP, IKE_GROUP_EC2N_163_RANDOM, IKE_GROUP_EC2N_571_KOBLITZ, "FFF", "withdrawn" },
	{ GROUP, IKE_GROUP_MODP_2048, IKE_GROUP_MODP_2048, "OFO", "112 bits of strength" },
	{ GROUP, IKE_GROUP_MODP_3072, IKE_GROUP_MODP_8192, "OWO", "not quantum-safe" },
	{ GROUP, IKE_GROUP_ECP_256, IKE_GROUP_ECP_256, "OFO", "not quantum-safe, and below P-384" },
	{ GROUP, IKE_GROUP_ECP_384, IKE_GROUP_ECP_521, "OWO", "not quantum-safe" },
	{ GROUP, IKE_GROUP_MODP_1024_160, IKE_GROUP_MODP_1024_160, "FFF", "1024 bits" },
	{ GROUP, IKE_GROUP_MODP_2048_224, IKE_GROUP_MODP_2048_256, "WFF", "a small subgroup of unexplained origin" },
	{ GROUP, IKE_GROUP_ECP_192, IKE_GROUP_ECP_192, "FFF", "below 112 bits of strength" },
	{ GROUP, IKE_GROUP_ECP_224, IKE_GROUP_ECP_224, "WFW", "112 bits of strength" },
	{ GROUP, IKE_GROUP_BRAINPOOL_P224, IKE_GROUP_BRAINPOOL_P512, "WFW", "not a NIST curve" },
	{ GROUP, IKE_GROUP_CURVE25519, IKE_GROUP_CURVE448, "OFW", "not a NIST curve" },
	{ GROUP, IKE_GROUP_GOST3410_2012_256, IKE_GROUP_GOST3410_2012_512, "WFF", "not a NIST curve" },
	{ GROUP, IKE_GROUP_ML_KEM_512, IKE_GROUP_ML_KEM_768, "OFO", "below ML-KEM-1024" },
	{ GROUP, IKE_GROUP_ML_KEM_1024, IKE_GROUP_ML_KEM_1024, "OOO", "" },
};

static const struct {
	const char *name;
	char otherwise;   /* for what has no row */
	uint16_t key_min; /* bits that a cipher with a choice of key length must have */
} tables[CRYPTO_TABLE_COUNT] = {
	[CRYPTO_RFC8247] = { "rfc8247", 'O', 0 },
	[CRYPTO_CNSA_2_0] = { "cnsa-2.0", 'F', 256 },
	[CRYPTO_NIST_800_77R1] = { "nist-800-77r1", 'W', 128 },
};

enum crypto_table crypto_table_find(const char *name)
{
	for (unsigned i = 0; name && i < CRYPTO_TABLE_COUNT; i++)
		if (strcmp(tables[i].name, name) == 0)
			return i;
	return CRYPTO_RFC8247;
}

const char *crypto_table_name(enum crypto_table table)
{
	return (size_t)table < CRYPTO_TABLE_COUNT ? tables[table].name : "?";
}

enum crypto_verdict crypto_verdict(enum crypto_table table, unsigned major, const struct ike_algorithm *algorithm,
				   const char **why)
{
	unsigned kind = algorithm->kind == IKE_ALGORITHM_ADDITIONAL ? IKE_ALGORITHM_GROUP : algorithm->kind;
	char letter = tables[table].otherwise;
	const char *reason = letter == 'O' ? "" : "not in the table";

	/* An additional key exchange that is NONE is one left out. */
	if (algorithm->kind == IKE_ALGORITHM_ADDITIONAL && algorithm->id == IKE_GROUP_NONE)
		letter = 'O';
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct crypto_row *row = &rows[i];
		if (row->kind != kind || (row->major && row->major != major) || algorithm->id < row->first ||
		    algorithm->id > row->last)
			continue;
		letter = row->verdict[table];
		reason = row->why;
		break;
	}
	if (letter == 'O' && algorithm->key_length && algorithm->key_length < tables[table].key_min) {
		letter = 'F';
		reason = "too short a key";
	}
	if (why)
		*why = reason;
	return letter == 'F' ? CRYPTO_FORBIDDEN : letter == 'W' ? CRYPTO_DISCOURAGED : CRYPTO_FINE;
}
