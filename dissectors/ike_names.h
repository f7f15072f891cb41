/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and names of IKE, one list for each registry.
 *
 * IANA's registries "Internet Key Exchange (IKE) Attributes", "Magic Numbers for ISAKMP Protocol" and "Internet Key
 * Exchange Version 2 (IKEv2) Parameters", with the private numbers of Microsoft, Cisco and others that are met on real
 * networks. Each list gives an enum and a function that names a number; nobody else writes either down.
 *
 * A row is X(constant, number, name). The functions return static text, or NULL for a number without a name: the caller
 * then shows the number. Names and numbers only: no judgement of them lives here.
 */
#ifndef ESPIAL_DISSECTORS_IKE_NAMES_H
#define ESPIAL_DISSECTORS_IKE_NAMES_H

#include <stdint.h>

/* IKEv1 exchange types (RFC 2408 section 3.1, RFC 2409 appendix A); 243 to 246 are Microsoft's AuthIP. */
#define IKEV1_EXCHANGE_LIST(X)                                                                                         \
	X(IKEV1_EXCHANGE_BASE, 1, "Base")                                                                              \
	X(IKEV1_EXCHANGE_MAIN, 2, "Main Mode")                                                                         \
	X(IKEV1_EXCHANGE_AUTH_ONLY, 3, "Authentication Only")                                                          \
	X(IKEV1_EXCHANGE_AGGRESSIVE, 4, "Aggressive Mode")                                                             \
	X(IKEV1_EXCHANGE_INFORMATIONAL, 5, "Informational")                                                            \
	X(IKEV1_EXCHANGE_TRANSACTION, 6, "Transaction")                                                                \
	X(IKEV1_EXCHANGE_QUICK, 32, "Quick Mode")                                                                      \
	X(IKEV1_EXCHANGE_NEW_GROUP, 33, "New Group Mode")                                                              \
	X(IKEV1_EXCHANGE_ACKNOWLEDGED, 34, "Acknowledged Informational")                                               \
	X(IKEV1_EXCHANGE_AUTHIP_MAIN, 243, "AuthIP Main Mode")                                                         \
	X(IKEV1_EXCHANGE_AUTHIP_QUICK, 244, "AuthIP Quick Mode")                                                       \
	X(IKEV1_EXCHANGE_AUTHIP_EXTENDED, 245, "AuthIP Extended Mode")                                                 \
	X(IKEV1_EXCHANGE_AUTHIP_NOTIFY, 246, "AuthIP Notify")

/* IKEv2 exchange types. */
#define IKEV2_EXCHANGE_LIST(X)                                                                                         \
	X(IKEV2_EXCHANGE_IKE_SA_INIT, 34, "IKE_SA_INIT")                                                               \
	X(IKEV2_EXCHANGE_IKE_AUTH, 35, "IKE_AUTH")                                                                     \
	X(IKEV2_EXCHANGE_CREATE_CHILD_SA, 36, "CREATE_CHILD_SA")                                                       \
	X(IKEV2_EXCHANGE_INFORMATIONAL, 37, "INFORMATIONAL")                                                           \
	X(IKEV2_EXCHANGE_IKE_SESSION_RESUME, 38, "IKE_SESSION_RESUME")                                                 \
	X(IKEV2_EXCHANGE_GSA_AUTH, 39, "GSA_AUTH")                                                                     \
	X(IKEV2_EXCHANGE_GSA_REGISTRATION, 40, "GSA_REGISTRATION")                                                     \
	X(IKEV2_EXCHANGE_GSA_REKEY, 41, "GSA_REKEY")                                                                   \
	X(IKEV2_EXCHANGE_GSA_INBAND_REKEY, 42, "GSA_INBAND_REKEY")                                                     \
	X(IKEV2_EXCHANGE_IKE_INTERMEDIATE, 43, "IKE_INTERMEDIATE")                                                     \
	X(IKEV2_EXCHANGE_IKE_FOLLOWUP_KE, 44, "IKE_FOLLOWUP_KE")

/* IKEv1 payload types. 15 and 16 belong to GDOI and were NAT-D and NAT-OA in drafts of RFC 3947, as 130 and 131 were. */
#define IKEV1_PAYLOAD_LIST(X)                                                                                          \
	X(IKEV1_PAYLOAD_NONE, 0, "None")                                                                               \
	X(IKEV1_PAYLOAD_SA, 1, "Security Association")                                                                 \
	X(IKEV1_PAYLOAD_PROPOSAL, 2, "Proposal")                                                                       \
	X(IKEV1_PAYLOAD_TRANSFORM, 3, "Transform")                                                                     \
	X(IKEV1_PAYLOAD_KE, 4, "Key Exchange")                                                                         \
	X(IKEV1_PAYLOAD_ID, 5, "Identification")                                                                       \
	X(IKEV1_PAYLOAD_CERT, 6, "Certificate")                                                                        \
	X(IKEV1_PAYLOAD_CERTREQ, 7, "Certificate Request")                                                             \
	X(IKEV1_PAYLOAD_HASH, 8, "Hash")                                                                               \
	X(IKEV1_PAYLOAD_SIGNATURE, 9, "Signature")                                                                     \
	X(IKEV1_PAYLOAD_NONCE, 10, "Nonce")                                                                            \
	X(IKEV1_PAYLOAD_NOTIFY, 11, "Notification")                                                                    \
	X(IKEV1_PAYLOAD_DELETE, 12, "Delete")                                                                          \
	X(IKEV1_PAYLOAD_VENDOR, 13, "Vendor ID")                                                                       \
	X(IKEV1_PAYLOAD_ATTRIBUTES, 14, "Attributes")                                                                  \
	X(IKEV1_PAYLOAD_NAT_D_DRAFT, 15, "NAT-D (draft) or SA KEK")                                                    \
	X(IKEV1_PAYLOAD_NAT_OA_DRAFT, 16, "NAT-OA (draft) or SA TEK")                                                  \
	X(IKEV1_PAYLOAD_KEY_DOWNLOAD, 17, "Key Download")                                                              \
	X(IKEV1_PAYLOAD_SEQUENCE, 18, "Sequence Number")                                                               \
	X(IKEV1_PAYLOAD_PROOF, 19, "Proof of Possession")                                                              \
	X(IKEV1_PAYLOAD_NAT_D, 20, "NAT-D")                                                                            \
	X(IKEV1_PAYLOAD_NAT_OA, 21, "NAT-OA")                                                                          \
	X(IKEV1_PAYLOAD_GAP, 22, "Group Associated Policy")                                                            \
	X(IKEV1_PAYLOAD_GSSAPI, 129, "GSS-API (Microsoft)")                                                            \
	X(IKEV1_PAYLOAD_NAT_D_OLD, 130, "NAT-D (draft 03)")                                                            \
	X(IKEV1_PAYLOAD_NAT_OA_OLD, 131, "NAT-OA (draft 03)")                                                          \
	X(IKEV1_PAYLOAD_FRAGMENT, 132, "Fragment")                                                                     \
	X(IKEV1_PAYLOAD_AUTHIP_CRYPTO, 133, "Crypto (AuthIP)")                                                         \
	X(IKEV1_PAYLOAD_AUTHIP_GSS_ID, 134, "GSS-API name (AuthIP)")                                                   \
	X(IKEV1_PAYLOAD_AUTHIP_AUTH, 135, "Authentication (AuthIP)")

/* IKEv2 payload types (RFC 7296 section 3.2, RFC 7383, RFC 6467, RFC 9838). */
#define IKEV2_PAYLOAD_LIST(X)                                                                                          \
	X(IKEV2_PAYLOAD_NONE, 0, "NONE")                                                                               \
	X(IKEV2_PAYLOAD_SA, 33, "SA")                                                                                  \
	X(IKEV2_PAYLOAD_KE, 34, "KE")                                                                                  \
	X(IKEV2_PAYLOAD_IDI, 35, "IDi")                                                                                \
	X(IKEV2_PAYLOAD_IDR, 36, "IDr")                                                                                \
	X(IKEV2_PAYLOAD_CERT, 37, "CERT")                                                                              \
	X(IKEV2_PAYLOAD_CERTREQ, 38, "CERTREQ")                                                                        \
	X(IKEV2_PAYLOAD_AUTH, 39, "AUTH")                                                                              \
	X(IKEV2_PAYLOAD_NONCE, 40, "NONCE")                                                                            \
	X(IKEV2_PAYLOAD_NOTIFY, 41, "NOTIFY")                                                                          \
	X(IKEV2_PAYLOAD_DELETE, 42, "DELETE")                                                                          \
	X(IKEV2_PAYLOAD_VENDOR, 43, "VENDOR_ID")                                                                       \
	X(IKEV2_PAYLOAD_TSI, 44, "TSi")                                                                                \
	X(IKEV2_PAYLOAD_TSR, 45, "TSr")                                                                                \
	X(IKEV2_PAYLOAD_SK, 46, "SK")                                                                                  \
	X(IKEV2_PAYLOAD_CP, 47, "CP")                                                                                  \
	X(IKEV2_PAYLOAD_EAP, 48, "EAP")                                                                                \
	X(IKEV2_PAYLOAD_GSPM, 49, "GSPM")                                                                              \
	X(IKEV2_PAYLOAD_IDG, 50, "IDg")                                                                                \
	X(IKEV2_PAYLOAD_GSA, 51, "GSA")                                                                                \
	X(IKEV2_PAYLOAD_KD, 52, "KD")                                                                                  \
	X(IKEV2_PAYLOAD_SKF, 53, "SKF")                                                                                \
	X(IKEV2_PAYLOAD_PS, 54, "PS")

/* IKEv1 security protocols (RFC 2407 section 4.4.1). */
#define IKEV1_PROTOCOL_LIST(X)                                                                                         \
	X(IKEV1_PROTOCOL_ISAKMP, 1, "ISAKMP")                                                                          \
	X(IKEV1_PROTOCOL_AH, 2, "AH")                                                                                  \
	X(IKEV1_PROTOCOL_ESP, 3, "ESP")                                                                                \
	X(IKEV1_PROTOCOL_IPCOMP, 4, "IPCOMP")

/* IKEv2 security protocols. */
#define IKEV2_PROTOCOL_LIST(X)                                                                                         \
	X(IKEV2_PROTOCOL_IKE, 1, "IKE")                                                                                \
	X(IKEV2_PROTOCOL_AH, 2, "AH")                                                                                  \
	X(IKEV2_PROTOCOL_ESP, 3, "ESP")                                                                                \
	X(IKEV2_PROTOCOL_FC_ESP_HEADER, 4, "FC_ESP_HEADER")                                                            \
	X(IKEV2_PROTOCOL_FC_CT_AUTHENTICATION, 5, "FC_CT_AUTHENTICATION")                                              \
	X(IKEV2_PROTOCOL_GIKE_UPDATE, 6, "GIKE_UPDATE")

/* IKEv2 transform types (RFC 7296 section 3.3.2, RFC 9370, RFC 9838). */
#define IKEV2_TRANSFORM_TYPE_LIST(X)                                                                                   \
	X(IKEV2_TRANSFORM_ENCR, 1, "ENCR")                                                                             \
	X(IKEV2_TRANSFORM_PRF, 2, "PRF")                                                                               \
	X(IKEV2_TRANSFORM_INTEG, 3, "INTEG")                                                                           \
	X(IKEV2_TRANSFORM_KE, 4, "KE")                                                                                 \
	X(IKEV2_TRANSFORM_SN, 5, "SN")                                                                                 \
	X(IKEV2_TRANSFORM_ADDKE1, 6, "ADDKE1")                                                                         \
	X(IKEV2_TRANSFORM_ADDKE2, 7, "ADDKE2")                                                                         \
	X(IKEV2_TRANSFORM_ADDKE3, 8, "ADDKE3")                                                                         \
	X(IKEV2_TRANSFORM_ADDKE4, 9, "ADDKE4")                                                                         \
	X(IKEV2_TRANSFORM_ADDKE5, 10, "ADDKE5")                                                                        \
	X(IKEV2_TRANSFORM_ADDKE6, 11, "ADDKE6")                                                                        \
	X(IKEV2_TRANSFORM_ADDKE7, 12, "ADDKE7")                                                                        \
	X(IKEV2_TRANSFORM_KWA, 13, "KWA")                                                                              \
	X(IKEV2_TRANSFORM_GCAUTH, 14, "GCAUTH")

/* IKEv2 transform type 1. */
#define IKEV2_ENCRYPTION_LIST(X)                                                                                       \
	X(IKEV2_ENCR_DES_IV64, 1, "DES_IV64")                                                                          \
	X(IKEV2_ENCR_DES, 2, "DES")                                                                                    \
	X(IKEV2_ENCR_3DES, 3, "3DES")                                                                                  \
	X(IKEV2_ENCR_RC5, 4, "RC5")                                                                                    \
	X(IKEV2_ENCR_IDEA, 5, "IDEA")                                                                                  \
	X(IKEV2_ENCR_CAST, 6, "CAST")                                                                                  \
	X(IKEV2_ENCR_BLOWFISH, 7, "BLOWFISH")                                                                          \
	X(IKEV2_ENCR_3IDEA, 8, "3IDEA")                                                                                \
	X(IKEV2_ENCR_DES_IV32, 9, "DES_IV32")                                                                          \
	X(IKEV2_ENCR_NULL, 11, "NULL")                                                                                 \
	X(IKEV2_ENCR_AES_CBC, 12, "AES_CBC")                                                                           \
	X(IKEV2_ENCR_AES_CTR, 13, "AES_CTR")                                                                           \
	X(IKEV2_ENCR_AES_CCM_8, 14, "AES_CCM_8")                                                                       \
	X(IKEV2_ENCR_AES_CCM_12, 15, "AES_CCM_12")                                                                     \
	X(IKEV2_ENCR_AES_CCM_16, 16, "AES_CCM_16")                                                                     \
	X(IKEV2_ENCR_AES_GCM_8, 18, "AES_GCM_8")                                                                       \
	X(IKEV2_ENCR_AES_GCM_12, 19, "AES_GCM_12")                                                                     \
	X(IKEV2_ENCR_AES_GCM_16, 20, "AES_GCM_16")                                                                     \
	X(IKEV2_ENCR_NULL_AUTH_AES_GMAC, 21, "NULL_AUTH_AES_GMAC")                                                     \
	X(IKEV2_ENCR_CAMELLIA_CBC, 23, "CAMELLIA_CBC")                                                                 \
	X(IKEV2_ENCR_CAMELLIA_CTR, 24, "CAMELLIA_CTR")                                                                 \
	X(IKEV2_ENCR_CAMELLIA_CCM_8, 25, "CAMELLIA_CCM_8")                                                             \
	X(IKEV2_ENCR_CAMELLIA_CCM_12, 26, "CAMELLIA_CCM_12")                                                           \
	X(IKEV2_ENCR_CAMELLIA_CCM_16, 27, "CAMELLIA_CCM_16")                                                           \
	X(IKEV2_ENCR_CHACHA20_POLY1305, 28, "CHACHA20_POLY1305")                                                       \
	X(IKEV2_ENCR_AES_CCM_8_IIV, 29, "AES_CCM_8_IIV")                                                               \
	X(IKEV2_ENCR_AES_GCM_16_IIV, 30, "AES_GCM_16_IIV")                                                             \
	X(IKEV2_ENCR_CHACHA20_POLY1305_IIV, 31, "CHACHA20_POLY1305_IIV")                                               \
	X(IKEV2_ENCR_KUZNYECHIK_MGM_KTREE, 32, "KUZNYECHIK_MGM_KTREE")                                                 \
	X(IKEV2_ENCR_MAGMA_MGM_KTREE, 33, "MAGMA_MGM_KTREE")                                                           \
	X(IKEV2_ENCR_KUZNYECHIK_MGM_MAC_KTREE, 34, "KUZNYECHIK_MGM_MAC_KTREE")                                         \
	X(IKEV2_ENCR_MAGMA_MGM_MAC_KTREE, 35, "MAGMA_MGM_MAC_KTREE")

/* IKEv2 transform type 2. */
#define IKEV2_PRF_LIST(X)                                                                                              \
	X(IKEV2_PRF_HMAC_MD5, 1, "HMAC_MD5")                                                                           \
	X(IKEV2_PRF_HMAC_SHA1, 2, "HMAC_SHA1")                                                                         \
	X(IKEV2_PRF_HMAC_TIGER, 3, "HMAC_TIGER")                                                                       \
	X(IKEV2_PRF_AES128_XCBC, 4, "AES128_XCBC")                                                                     \
	X(IKEV2_PRF_HMAC_SHA2_256, 5, "HMAC_SHA2_256")                                                                 \
	X(IKEV2_PRF_HMAC_SHA2_384, 6, "HMAC_SHA2_384")                                                                 \
	X(IKEV2_PRF_HMAC_SHA2_512, 7, "HMAC_SHA2_512")                                                                 \
	X(IKEV2_PRF_AES128_CMAC, 8, "AES128_CMAC")                                                                     \
	X(IKEV2_PRF_HMAC_STREEBOG_512, 9, "HMAC_STREEBOG_512")

/* IKEv2 transform type 3. */
#define IKEV2_INTEGRITY_LIST(X)                                                                                        \
	X(IKEV2_INTEG_NONE, 0, "NONE")                                                                                 \
	X(IKEV2_INTEG_HMAC_MD5_96, 1, "HMAC_MD5_96")                                                                   \
	X(IKEV2_INTEG_HMAC_SHA1_96, 2, "HMAC_SHA1_96")                                                                 \
	X(IKEV2_INTEG_DES_MAC, 3, "DES_MAC")                                                                           \
	X(IKEV2_INTEG_KPDK_MD5, 4, "KPDK_MD5")                                                                         \
	X(IKEV2_INTEG_AES_XCBC_96, 5, "AES_XCBC_96")                                                                   \
	X(IKEV2_INTEG_HMAC_MD5_128, 6, "HMAC_MD5_128")                                                                 \
	X(IKEV2_INTEG_HMAC_SHA1_160, 7, "HMAC_SHA1_160")                                                               \
	X(IKEV2_INTEG_AES_CMAC_96, 8, "AES_CMAC_96")                                                                   \
	X(IKEV2_INTEG_AES_128_GMAC, 9, "AES_128_GMAC")                                                                 \
	X(IKEV2_INTEG_AES_192_GMAC, 10, "AES_192_GMAC")                                                                \
	X(IKEV2_INTEG_AES_256_GMAC, 11, "AES_256_GMAC")                                                                \
	X(IKEV2_INTEG_HMAC_SHA2_256_128, 12, "HMAC_SHA2_256_128")                                                      \
	X(IKEV2_INTEG_HMAC_SHA2_384_192, 13, "HMAC_SHA2_384_192")                                                      \
	X(IKEV2_INTEG_HMAC_SHA2_512_256, 14, "HMAC_SHA2_512_256")

/* Groups and key exchange methods: IKEv1's group description, IKEv2's transform types 4 and 6 to 12. 6 to 13 are IKEv1 drafts. */
#define IKE_GROUP_LIST(X)                                                                                              \
	X(IKE_GROUP_NONE, 0, "NONE")                                                                                   \
	X(IKE_GROUP_MODP_768, 1, "MODP_768")                                                                           \
	X(IKE_GROUP_MODP_1024, 2, "MODP_1024")                                                                         \
	X(IKE_GROUP_EC2N_155, 3, "EC2N_155")                                                                           \
	X(IKE_GROUP_EC2N_185, 4, "EC2N_185")                                                                           \
	X(IKE_GROUP_MODP_1536, 5, "MODP_1536")                                                                         \
	X(IKE_GROUP_EC2N_163_RANDOM, 6, "EC2N_163_RANDOM")                                                             \
	X(IKE_GROUP_EC2N_163_KOBLITZ, 7, "EC2N_163_KOBLITZ")                                                           \
	X(IKE_GROUP_EC2N_283_RANDOM, 8, "EC2N_283_RANDOM")                                                             \
	X(IKE_GROUP_EC2N_283_KOBLITZ, 9, "EC2N_283_KOBLITZ")                                                           \
	X(IKE_GROUP_EC2N_409_RANDOM, 10, "EC2N_409_RANDOM")                                                            \
	X(IKE_GROUP_EC2N_409_KOBLITZ, 11, "EC2N_409_KOBLITZ")                                                          \
	X(IKE_GROUP_EC2N_571_RANDOM, 12, "EC2N_571_RANDOM")                                                            \
	X(IKE_GROUP_EC2N_571_KOBLITZ, 13, "EC2N_571_KOBLITZ")                                                          \
	X(IKE_GROUP_MODP_2048, 14, "MODP_2048")                                                                        \
	X(IKE_GROUP_MODP_3072, 15, "MODP_3072")                                                                        \
	X(IKE_GROUP_MODP_4096, 16, "MODP_4096")                                                                        \
	X(IKE_GROUP_MODP_6144, 17, "MODP_6144")                                                                        \
	X(IKE_GROUP_MODP_8192, 18, "MODP_8192")                                                                        \
	X(IKE_GROUP_ECP_256, 19, "ECP_256")                                                                            \
	X(IKE_GROUP_ECP_384, 20, "ECP_384")                                                                            \
	X(IKE_GROUP_ECP_521, 21, "ECP_521")                                                                            \
	X(IKE_GROUP_MODP_1024_160, 22, "MODP_1024_160")                                                                \
	X(IKE_GROUP_MODP_2048_224, 23, "MODP_2048_224")                                                                \
	X(IKE_GROUP_MODP_2048_256, 24, "MODP_2048_256")                                                                \
	X(IKE_GROUP_ECP_192, 25, "ECP_192")                                                                            \
	X(IKE_GROUP_ECP_224, 26, "ECP_224")                                                                            \
	X(IKE_GROUP_BRAINPOOL_P224, 27, "BRAINPOOL_P224")                                                              \
	X(IKE_GROUP_BRAINPOOL_P256, 28, "BRAINPOOL_P256")                                                              \
	X(IKE_GROUP_BRAINPOOL_P384, 29, "BRAINPOOL_P384")                                                              \
	X(IKE_GROUP_BRAINPOOL_P512, 30, "BRAINPOOL_P512")                                                              \
	X(IKE_GROUP_CURVE25519, 31, "CURVE25519")                                                                      \
	X(IKE_GROUP_CURVE448, 32, "CURVE448")                                                                          \
	X(IKE_GROUP_GOST3410_2012_256, 33, "GOST3410_2012_256")                                                        \
	X(IKE_GROUP_GOST3410_2012_512, 34, "GOST3410_2012_512")                                                        \
	X(IKE_GROUP_ML_KEM_512, 35, "ML_KEM_512")                                                                      \
	X(IKE_GROUP_ML_KEM_768, 36, "ML_KEM_768")                                                                      \
	X(IKE_GROUP_ML_KEM_1024, 37, "ML_KEM_1024")

/* IKEv2 transform type 5. */
#define IKEV2_ESN_LIST(X)                                                                                              \
	X(IKEV2_ESN_NONE, 0, "32-bit sequence numbers")                                                                \
	X(IKEV2_ESN_EXTENDED, 1, "64-bit sequence numbers")                                                            \
	X(IKEV2_ESN_UNSPECIFIED, 2, "32-bit unspecified numbers")

/* IKEv2 transform attributes (RFC 7296 section 3.3.5). */
#define IKEV2_ATTRIBUTE_LIST(X)                                                                                        \
	X(IKEV2_ATTRIBUTE_KEY_LENGTH, 14, "Key Length")                                                                \
	X(IKEV2_ATTRIBUTE_SIGNATURE_ALGORITHM, 18, "Signature Algorithm Identifier")

/* IKEv1 phase 1 attributes (RFC 2409 appendix A); 16384 is Microsoft's. */
#define IKEV1_ATTRIBUTE_LIST(X)                                                                                        \
	X(IKEV1_ATTRIBUTE_ENCRYPTION, 1, "Encryption Algorithm")                                                       \
	X(IKEV1_ATTRIBUTE_HASH, 2, "Hash Algorithm")                                                                   \
	X(IKEV1_ATTRIBUTE_AUTH, 3, "Authentication Method")                                                            \
	X(IKEV1_ATTRIBUTE_GROUP, 4, "Group Description")                                                               \
	X(IKEV1_ATTRIBUTE_GROUP_TYPE, 5, "Group Type")                                                                 \
	X(IKEV1_ATTRIBUTE_GROUP_PRIME, 6, "Group Prime")                                                               \
	X(IKEV1_ATTRIBUTE_GROUP_GENERATOR_1, 7, "Group Generator One")                                                 \
	X(IKEV1_ATTRIBUTE_GROUP_GENERATOR_2, 8, "Group Generator Two")                                                 \
	X(IKEV1_ATTRIBUTE_GROUP_CURVE_A, 9, "Group Curve A")                                                           \
	X(IKEV1_ATTRIBUTE_GROUP_CURVE_B, 10, "Group Curve B")                                                          \
	X(IKEV1_ATTRIBUTE_LIFE_TYPE, 11, "Life Type")                                                                  \
	X(IKEV1_ATTRIBUTE_LIFE_DURATION, 12, "Life Duration")                                                          \
	X(IKEV1_ATTRIBUTE_PRF, 13, "PRF")                                                                              \
	X(IKEV1_ATTRIBUTE_KEY_LENGTH, 14, "Key Length")                                                                \
	X(IKEV1_ATTRIBUTE_FIELD_SIZE, 15, "Field Size")                                                                \
	X(IKEV1_ATTRIBUTE_GROUP_ORDER, 16, "Group Order")                                                              \
	X(IKEV1_ATTRIBUTE_GSS_IDENTITY, 16384, "GSS Identity Name")

/* IKEv1 phase 2 attributes (RFC 2407 section 4.5, RFC 4304). */
#define IKEV1_PHASE2_ATTRIBUTE_LIST(X)                                                                                 \
	X(IKEV1_PHASE2_ATTRIBUTE_LIFE_TYPE, 1, "SA Life Type")                                                         \
	X(IKEV1_PHASE2_ATTRIBUTE_LIFE_DURATION, 2, "SA Life Duration")                                                 \
	X(IKEV1_PHASE2_ATTRIBUTE_GROUP, 3, "Group Description")                                                        \
	X(IKEV1_PHASE2_ATTRIBUTE_ENCAPSULATION, 4, "Encapsulation Mode")                                               \
	X(IKEV1_PHASE2_ATTRIBUTE_AUTHENTICATION, 5, "Authentication Algorithm")                                        \
	X(IKEV1_PHASE2_ATTRIBUTE_KEY_LENGTH, 6, "Key Length")                                                          \
	X(IKEV1_PHASE2_ATTRIBUTE_KEY_ROUNDS, 7, "Key Rounds")                                                          \
	X(IKEV1_PHASE2_ATTRIBUTE_COMPRESS_DICTIONARY, 8, "Compress Dictionary Size")                                   \
	X(IKEV1_PHASE2_ATTRIBUTE_COMPRESS_PRIVATE, 9, "Compress Private Algorithm")                                    \
	X(IKEV1_PHASE2_ATTRIBUTE_ECN_TUNNEL, 10, "ECN Tunnel")                                                         \
	X(IKEV1_PHASE2_ATTRIBUTE_ESN, 11, "Extended Sequence Number")                                                  \
	X(IKEV1_PHASE2_ATTRIBUTE_AUTHENTICATION_KEY_LENGTH, 12, "Authentication Key Length")                           \
	X(IKEV1_PHASE2_ATTRIBUTE_SIGNATURE_ENCODING, 13, "Signature Encoding Algorithm")

/* IKEv1 phase 1 encryption algorithms; 65004 and 65005 are private, but common. */
#define IKEV1_ENCRYPTION_LIST(X)                                                                                       \
	X(IKEV1_ENCR_DES_CBC, 1, "DES-CBC")                                                                            \
	X(IKEV1_ENCR_IDEA_CBC, 2, "IDEA-CBC")                                                                          \
	X(IKEV1_ENCR_BLOWFISH_CBC, 3, "Blowfish-CBC")                                                                  \
	X(IKEV1_ENCR_RC5_CBC, 4, "RC5-R16-B64-CBC")                                                                    \
	X(IKEV1_ENCR_3DES_CBC, 5, "3DES-CBC")                                                                          \
	X(IKEV1_ENCR_CAST_CBC, 6, "CAST-CBC")                                                                          \
	X(IKEV1_ENCR_AES_CBC, 7, "AES-CBC")                                                                            \
	X(IKEV1_ENCR_CAMELLIA_CBC, 8, "CAMELLIA-CBC")                                                                  \
	X(IKEV1_ENCR_SERPENT_CBC, 65004, "Serpent-CBC")                                                                \
	X(IKEV1_ENCR_TWOFISH_CBC, 65005, "Twofish-CBC")

/* IKEv1 phase 1 hash algorithms. */
#define IKEV1_HASH_LIST(X)                                                                                             \
	X(IKEV1_HASH_MD5, 1, "MD5")                                                                                    \
	X(IKEV1_HASH_SHA1, 2, "SHA")                                                                                   \
	X(IKEV1_HASH_TIGER, 3, "Tiger")                                                                                \
	X(IKEV1_HASH_SHA2_256, 4, "SHA2-256")                                                                          \
	X(IKEV1_HASH_SHA2_384, 5, "SHA2-384")                                                                          \
	X(IKEV1_HASH_SHA2_512, 6, "SHA2-512")

/* IKEv1 authentication methods. 65001 is taken twice: Kerberos (GSS-API) with Microsoft's vendor IDs, else XAUTH. */
#define IKEV1_AUTH_LIST(X)                                                                                             \
	X(IKEV1_AUTH_PSK, 1, "pre-shared key")                                                                         \
	X(IKEV1_AUTH_DSS, 2, "DSS signatures")                                                                         \
	X(IKEV1_AUTH_RSA_SIGNATURE, 3, "RSA signatures")                                                               \
	X(IKEV1_AUTH_RSA_ENCRYPTION, 4, "RSA encryption")                                                              \
	X(IKEV1_AUTH_RSA_REVISED, 5, "revised RSA encryption")                                                         \
	X(IKEV1_AUTH_ELGAMAL_ENCRYPTION, 6, "ElGamal encryption")                                                      \
	X(IKEV1_AUTH_ELGAMAL_REVISED, 7, "revised ElGamal encryption")                                                 \
	X(IKEV1_AUTH_ECDSA, 8, "ECDSA signatures")                                                                     \
	X(IKEV1_AUTH_ECDSA_256, 9, "ECDSA with SHA-256")                                                               \
	X(IKEV1_AUTH_ECDSA_384, 10, "ECDSA with SHA-384")                                                              \
	X(IKEV1_AUTH_ECDSA_521, 11, "ECDSA with SHA-512")                                                              \
	X(IKEV1_AUTH_HYBRID_INIT_RSA, 64221, "hybrid, initiator, RSA")                                                 \
	X(IKEV1_AUTH_HYBRID_RESP_RSA, 64222, "hybrid, responder, RSA")                                                 \
	X(IKEV1_AUTH_HYBRID_INIT_DSS, 64223, "hybrid, initiator, DSS")                                                 \
	X(IKEV1_AUTH_HYBRID_RESP_DSS, 64224, "hybrid, responder, DSS")                                                 \
	X(IKEV1_AUTH_XAUTH_INIT_PSK, 65001, "Kerberos (GSS-API), or XAUTH, initiator, pre-shared key")                 \
	X(IKEV1_AUTH_XAUTH_RESP_PSK, 65002, "XAUTH, responder, pre-shared key")                                        \
	X(IKEV1_AUTH_XAUTH_INIT_DSS, 65003, "XAUTH, initiator, DSS")                                                   \
	X(IKEV1_AUTH_XAUTH_RESP_DSS, 65004, "XAUTH, responder, DSS")                                                   \
	X(IKEV1_AUTH_XAUTH_INIT_RSA, 65005, "XAUTH, initiator, RSA")                                                   \
	X(IKEV1_AUTH_XAUTH_RESP_RSA, 65006, "XAUTH, responder, RSA")                                                   \
	X(IKEV1_AUTH_XAUTH_INIT_RSA_ENCRYPTION, 65007, "XAUTH, initiator, RSA encryption")                             \
	X(IKEV1_AUTH_XAUTH_RESP_RSA_ENCRYPTION, 65008, "XAUTH, responder, RSA encryption")                             \
	X(IKEV1_AUTH_XAUTH_INIT_RSA_REVISED, 65009, "XAUTH, initiator, revised RSA encryption")                        \
	X(IKEV1_AUTH_XAUTH_RESP_RSA_REVISED, 65010, "XAUTH, responder, revised RSA encryption")

/* IKEv1 group types. */
#define IKEV1_GROUP_TYPE_LIST(X)                                                                                       \
	X(IKEV1_GROUP_TYPE_MODP, 1, "MODP")                                                                            \
	X(IKEV1_GROUP_TYPE_ECP, 2, "ECP")                                                                              \
	X(IKEV1_GROUP_TYPE_EC2N, 3, "EC2N")

/* IKEv1 life types, the same in both phases. */
#define IKEV1_LIFE_TYPE_LIST(X)                                                                                        \
	X(IKEV1_LIFE_SECONDS, 1, "seconds")                                                                            \
	X(IKEV1_LIFE_KILOBYTES, 2, "kilobytes")

/* IKEv1 ESP transforms (RFC 2407 section 4.4.4). They differ from IKEv2's from 10 and from 21 on. */
#define IKEV1_ESP_LIST(X)                                                                                              \
	X(IKEV1_ESP_DES_IV64, 1, "DES_IV64")                                                                           \
	X(IKEV1_ESP_DES, 2, "DES")                                                                                     \
	X(IKEV1_ESP_3DES, 3, "3DES")                                                                                   \
	X(IKEV1_ESP_RC5, 4, "RC5")                                                                                     \
	X(IKEV1_ESP_IDEA, 5, "IDEA")                                                                                   \
	X(IKEV1_ESP_CAST, 6, "CAST")                                                                                   \
	X(IKEV1_ESP_BLOWFISH, 7, "BLOWFISH")                                                                           \
	X(IKEV1_ESP_3IDEA, 8, "3IDEA")                                                                                 \
	X(IKEV1_ESP_DES_IV32, 9, "DES_IV32")                                                                           \
	X(IKEV1_ESP_RC4, 10, "RC4")                                                                                    \
	X(IKEV1_ESP_NULL, 11, "NULL")                                                                                  \
	X(IKEV1_ESP_AES_CBC, 12, "AES_CBC")                                                                            \
	X(IKEV1_ESP_AES_CTR, 13, "AES_CTR")                                                                            \
	X(IKEV1_ESP_AES_CCM_8, 14, "AES_CCM_8")                                                                        \
	X(IKEV1_ESP_AES_CCM_12, 15, "AES_CCM_12")                                                                      \
	X(IKEV1_ESP_AES_CCM_16, 16, "AES_CCM_16")                                                                      \
	X(IKEV1_ESP_AES_GCM_8, 18, "AES_GCM_8")                                                                        \
	X(IKEV1_ESP_AES_GCM_12, 19, "AES_GCM_12")                                                                      \
	X(IKEV1_ESP_AES_GCM_16, 20, "AES_GCM_16")                                                                      \
	X(IKEV1_ESP_SEED_CBC, 21, "SEED_CBC")                                                                          \
	X(IKEV1_ESP_CAMELLIA_CBC, 22, "CAMELLIA_CBC")                                                                  \
	X(IKEV1_ESP_NULL_AUTH_AES_GMAC, 23, "NULL_AUTH_AES_GMAC")

/* IKEv1 AH transforms (RFC 2407 section 4.4.3). */
#define IKEV1_AH_LIST(X)                                                                                               \
	X(IKEV1_AH_MD5, 2, "MD5")                                                                                      \
	X(IKEV1_AH_SHA, 3, "SHA")                                                                                      \
	X(IKEV1_AH_DES, 4, "DES")                                                                                      \
	X(IKEV1_AH_SHA2_256, 5, "SHA2_256")                                                                            \
	X(IKEV1_AH_SHA2_384, 6, "SHA2_384")                                                                            \
	X(IKEV1_AH_SHA2_512, 7, "SHA2_512")                                                                            \
	X(IKEV1_AH_RIPEMD, 8, "RIPEMD")                                                                                \
	X(IKEV1_AH_AES_XCBC_MAC, 9, "AES_XCBC_MAC")                                                                    \
	X(IKEV1_AH_RSA, 10, "RSA")                                                                                     \
	X(IKEV1_AH_AES_128_GMAC, 11, "AES_128_GMAC")                                                                   \
	X(IKEV1_AH_AES_192_GMAC, 12, "AES_192_GMAC")                                                                   \
	X(IKEV1_AH_AES_256_GMAC, 13, "AES_256_GMAC")

/* IKEv1 IPCOMP transforms (RFC 2407 section 4.4.5). */
#define IKEV1_IPCOMP_LIST(X)                                                                                           \
	X(IKEV1_IPCOMP_OUI, 1, "OUI")                                                                                  \
	X(IKEV1_IPCOMP_DEFLATE, 2, "DEFLATE")                                                                          \
	X(IKEV1_IPCOMP_LZS, 3, "LZS")                                                                                  \
	X(IKEV1_IPCOMP_LZJH, 4, "LZJH")

/* IKEv1 encapsulation modes (RFC 2407 section 4.5, RFC 3947 section 5.1, its drafts). */
#define IKEV1_ENCAPSULATION_LIST(X)                                                                                    \
	X(IKEV1_ENCAPSULATION_TUNNEL, 1, "tunnel")                                                                     \
	X(IKEV1_ENCAPSULATION_TRANSPORT, 2, "transport")                                                               \
	X(IKEV1_ENCAPSULATION_UDP_TUNNEL, 3, "tunnel in UDP")                                                          \
	X(IKEV1_ENCAPSULATION_UDP_TRANSPORT, 4, "transport in UDP")                                                    \
	X(IKEV1_ENCAPSULATION_UDP_TUNNEL_DRAFT, 61443, "tunnel in UDP (draft)")                                        \
	X(IKEV1_ENCAPSULATION_UDP_TRANSPORT_DRAFT, 61444, "transport in UDP (draft)")

/* IKEv1 phase 2 authentication algorithms. */
#define IKEV1_INTEGRITY_LIST(X)                                                                                        \
	X(IKEV1_INTEG_HMAC_MD5, 1, "HMAC-MD5")                                                                         \
	X(IKEV1_INTEG_HMAC_SHA1, 2, "HMAC-SHA")                                                                        \
	X(IKEV1_INTEG_DES_MAC, 3, "DES-MAC")                                                                           \
	X(IKEV1_INTEG_KPDK, 4, "KPDK")                                                                                 \
	X(IKEV1_INTEG_HMAC_SHA2_256, 5, "HMAC-SHA2-256")                                                               \
	X(IKEV1_INTEG_HMAC_SHA2_384, 6, "HMAC-SHA2-384")                                                               \
	X(IKEV1_INTEG_HMAC_SHA2_512, 7, "HMAC-SHA2-512")                                                               \
	X(IKEV1_INTEG_HMAC_RIPEMD, 8, "HMAC-RIPEMD")                                                                   \
	X(IKEV1_INTEG_AES_XCBC, 9, "AES-XCBC-MAC")                                                                     \
	X(IKEV1_INTEG_SIG_RSA, 10, "SIG-RSA")                                                                          \
	X(IKEV1_INTEG_AES_128_GMAC, 11, "AES-128-GMAC")                                                                \
	X(IKEV1_INTEG_AES_192_GMAC, 12, "AES-192-GMAC")                                                                \
	X(IKEV1_INTEG_AES_256_GMAC, 13, "AES-256-GMAC")

/* IKEv1 notify types (RFC 2408 section 3.14.1, RFC 2407 section 4.6.3, RFC 3706); Cisco's and Microsoft's. */
#define IKEV1_NOTIFY_LIST(X)                                                                                           \
	X(IKEV1_NOTIFY_INVALID_PAYLOAD_TYPE, 1, "INVALID-PAYLOAD-TYPE")                                                \
	X(IKEV1_NOTIFY_DOI_NOT_SUPPORTED, 2, "DOI-NOT-SUPPORTED")                                                      \
	X(IKEV1_NOTIFY_SITUATION_NOT_SUPPORTED, 3, "SITUATION-NOT-SUPPORTED")                                          \
	X(IKEV1_NOTIFY_INVALID_COOKIE, 4, "INVALID-COOKIE")                                                            \
	X(IKEV1_NOTIFY_INVALID_MAJOR_VERSION, 5, "INVALID-MAJOR-VERSION")                                              \
	X(IKEV1_NOTIFY_INVALID_MINOR_VERSION, 6, "INVALID-MINOR-VERSION")                                              \
	X(IKEV1_NOTIFY_INVALID_EXCHANGE_TYPE, 7, "INVALID-EXCHANGE-TYPE")                                              \
	X(IKEV1_NOTIFY_INVALID_FLAGS, 8, "INVALID-FLAGS")                                                              \
	X(IKEV1_NOTIFY_INVALID_MESSAGE_ID, 9, "INVALID-MESSAGE-ID")                                                    \
	X(IKEV1_NOTIFY_INVALID_PROTOCOL_ID, 10, "INVALID-PROTOCOL-ID")                                                 \
	X(IKEV1_NOTIFY_INVALID_SPI, 11, "INVALID-SPI")                                                                 \
	X(IKEV1_NOTIFY_INVALID_TRANSFORM_ID, 12, "INVALID-TRANSFORM-ID")                                               \
	X(IKEV1_NOTIFY_ATTRIBUTES_NOT_SUPPORTED, 13, "ATTRIBUTES-NOT-SUPPORTED")                                       \
	X(IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN, 14, "NO-PROPOSAL-CHOSEN")                                                   \
	X(IKEV1_NOTIFY_BAD_PROPOSAL_SYNTAX, 15, "BAD-PROPOSAL-SYNTAX")                                                 \
	X(IKEV1_NOTIFY_PAYLOAD_MALFORMED, 16, "PAYLOAD-MALFORMED")                                                     \
	X(IKEV1_NOTIFY_INVALID_KEY_INFORMATION, 17, "INVALID-KEY-INFORMATION")                                         \
	X(IKEV1_NOTIFY_INVALID_ID_INFORMATION, 18, "INVALID-ID-INFORMATION")                                           \
	X(IKEV1_NOTIFY_INVALID_CERT_ENCODING, 19, "INVALID-CERT-ENCODING")                                             \
	X(IKEV1_NOTIFY_INVALID_CERTIFICATE, 20, "INVALID-CERTIFICATE")                                                 \
	X(IKEV1_NOTIFY_CERT_TYPE_UNSUPPORTED, 21, "CERT-TYPE-UNSUPPORTED")                                             \
	X(IKEV1_NOTIFY_INVALID_CERT_AUTHORITY, 22, "INVALID-CERT-AUTHORITY")                                           \
	X(IKEV1_NOTIFY_INVALID_HASH_INFORMATION, 23, "INVALID-HASH-INFORMATION")                                       \
	X(IKEV1_NOTIFY_AUTHENTICATION_FAILED, 24, "AUTHENTICATION-FAILED")                                             \
	X(IKEV1_NOTIFY_INVALID_SIGNATURE, 25, "INVALID-SIGNATURE")                                                     \
	X(IKEV1_NOTIFY_ADDRESS_NOTIFICATION, 26, "ADDRESS-NOTIFICATION")                                               \
	X(IKEV1_NOTIFY_NOTIFY_SA_LIFETIME, 27, "NOTIFY-SA-LIFETIME")                                                   \
	X(IKEV1_NOTIFY_CERTIFICATE_UNAVAILABLE, 28, "CERTIFICATE-UNAVAILABLE")                                         \
	X(IKEV1_NOTIFY_UNSUPPORTED_EXCHANGE_TYPE, 29, "UNSUPPORTED-EXCHANGE-TYPE")                                     \
	X(IKEV1_NOTIFY_UNEQUAL_PAYLOAD_LENGTHS, 30, "UNEQUAL-PAYLOAD-LENGTHS")                                         \
	X(IKEV1_NOTIFY_MICROSOFT_STATUS, 12345, "MICROSOFT-STATUS")                                                    \
	X(IKEV1_NOTIFY_CONNECTED, 16384, "CONNECTED")                                                                  \
	X(IKEV1_NOTIFY_RESPONDER_LIFETIME, 24576, "RESPONDER-LIFETIME")                                                \
	X(IKEV1_NOTIFY_REPLAY_STATUS, 24577, "REPLAY-STATUS")                                                          \
	X(IKEV1_NOTIFY_INITIAL_CONTACT, 24578, "INITIAL-CONTACT")                                                      \
	X(IKEV1_NOTIFY_CISCO_HELLO, 30000, "CISCO-HELLO")                                                              \
	X(IKEV1_NOTIFY_CISCO_WWTEBR, 30001, "CISCO-WWTEBR")                                                            \
	X(IKEV1_NOTIFY_CISCO_SHUT_UP, 30002, "CISCO-SHUT-UP")                                                          \
	X(IKEV1_NOTIFY_R_U_THERE, 36136, "R-U-THERE")                                                                  \
	X(IKEV1_NOTIFY_R_U_THERE_ACK, 36137, "R-U-THERE-ACK")                                                          \
	X(IKEV1_NOTIFY_MICROSOFT_NOTIFY_STATUS, 40003, "MICROSOFT-NOTIFY-STATUS")                                      \
	X(IKEV1_NOTIFY_MICROSOFT_DOS_COOKIE, 40004, "MICROSOFT-DOS-COOKIE")                                            \
	X(IKEV1_NOTIFY_MICROSOFT_EXCHANGE_INFO, 40005, "MICROSOFT-EXCHANGE-INFO")                                      \
	X(IKEV1_NOTIFY_CISCO_LOAD_BALANCE, 40501, "CISCO-LOAD-BALANCE")                                                \
	X(IKEV1_NOTIFY_CISCO_PRESHARED_KEY_HASH, 40503, "CISCO-PRESHARED-KEY-HASH")

/* IKEv2 notify types: errors below 16384, status from there on; private use from 8192 and 40960 on. */
#define IKEV2_NOTIFY_LIST(X)                                                                                           \
	X(IKEV2_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, 1, "UNSUPPORTED_CRITICAL_PAYLOAD")                                \
	X(IKEV2_NOTIFY_INVALID_IKE_SPI, 4, "INVALID_IKE_SPI")                                                          \
	X(IKEV2_NOTIFY_INVALID_MAJOR_VERSION, 5, "INVALID_MAJOR_VERSION")                                              \
	X(IKEV2_NOTIFY_INVALID_SYNTAX, 7, "INVALID_SYNTAX")                                                            \
	X(IKEV2_NOTIFY_INVALID_MESSAGE_ID, 9, "INVALID_MESSAGE_ID")                                                    \
	X(IKEV2_NOTIFY_INVALID_SPI, 11, "INVALID_SPI")                                                                 \
	X(IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 14, "NO_PROPOSAL_CHOSEN")                                                   \
	X(IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 17, "INVALID_KE_PAYLOAD")                                                   \
	X(IKEV2_NOTIFY_AUTHENTICATION_FAILED, 24, "AUTHENTICATION_FAILED")                                             \
	X(IKEV2_NOTIFY_SINGLE_PAIR_REQUIRED, 34, "SINGLE_PAIR_REQUIRED")                                               \
	X(IKEV2_NOTIFY_NO_ADDITIONAL_SAS, 35, "NO_ADDITIONAL_SAS")                                                     \
	X(IKEV2_NOTIFY_INTERNAL_ADDRESS_FAILURE, 36, "INTERNAL_ADDRESS_FAILURE")                                       \
	X(IKEV2_NOTIFY_FAILED_CP_REQUIRED, 37, "FAILED_CP_REQUIRED")                                                   \
	X(IKEV2_NOTIFY_TS_UNACCEPTABLE, 38, "TS_UNACCEPTABLE")                                                         \
	X(IKEV2_NOTIFY_INVALID_SELECTORS, 39, "INVALID_SELECTORS")                                                     \
	X(IKEV2_NOTIFY_UNACCEPTABLE_ADDRESSES, 40, "UNACCEPTABLE_ADDRESSES")                                           \
	X(IKEV2_NOTIFY_UNEXPECTED_NAT_DETECTED, 41, "UNEXPECTED_NAT_DETECTED")                                         \
	X(IKEV2_NOTIFY_USE_ASSIGNED_HOA, 42, "USE_ASSIGNED_HoA")                                                       \
	X(IKEV2_NOTIFY_TEMPORARY_FAILURE, 43, "TEMPORARY_FAILURE")                                                     \
	X(IKEV2_NOTIFY_CHILD_SA_NOT_FOUND, 44, "CHILD_SA_NOT_FOUND")                                                   \
	X(IKEV2_NOTIFY_INVALID_GROUP_ID, 45, "INVALID_GROUP_ID")                                                       \
	X(IKEV2_NOTIFY_AUTHORIZATION_FAILED, 46, "AUTHORIZATION_FAILED")                                               \
	X(IKEV2_NOTIFY_STATE_NOT_FOUND, 47, "STATE_NOT_FOUND")                                                         \
	X(IKEV2_NOTIFY_TS_MAX_QUEUE, 48, "TS_MAX_QUEUE")                                                               \
	X(IKEV2_NOTIFY_REGISTRATION_FAILED, 49, "REGISTRATION_FAILED")                                                 \
	X(IKEV2_NOTIFY_MICROSOFT_STATUS, 12345, "MICROSOFT_STATUS")                                                    \
	X(IKEV2_NOTIFY_INITIAL_CONTACT, 16384, "INITIAL_CONTACT")                                                      \
	X(IKEV2_NOTIFY_SET_WINDOW_SIZE, 16385, "SET_WINDOW_SIZE")                                                      \
	X(IKEV2_NOTIFY_ADDITIONAL_TS_POSSIBLE, 16386, "ADDITIONAL_TS_POSSIBLE")                                        \
	X(IKEV2_NOTIFY_IPCOMP_SUPPORTED, 16387, "IPCOMP_SUPPORTED")                                                    \
	X(IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP, 16388, "NAT_DETECTION_SOURCE_IP")                                      \
	X(IKEV2_NOTIFY_NAT_DETECTION_DESTINATION_IP, 16389, "NAT_DETECTION_DESTINATION_IP")                            \
	X(IKEV2_NOTIFY_COOKIE, 16390, "COOKIE")                                                                        \
	X(IKEV2_NOTIFY_USE_TRANSPORT_MODE, 16391, "USE_TRANSPORT_MODE")                                                \
	X(IKEV2_NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED, 16392, "HTTP_CERT_LOOKUP_SUPPORTED")                                \
	X(IKEV2_NOTIFY_REKEY_SA, 16393, "REKEY_SA")                                                                    \
	X(IKEV2_NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED, 16394, "ESP_TFC_PADDING_NOT_SUPPORTED")                          \
	X(IKEV2_NOTIFY_NON_FIRST_FRAGMENTS_ALSO, 16395, "NON_FIRST_FRAGMENTS_ALSO")                                    \
	X(IKEV2_NOTIFY_MOBIKE_SUPPORTED, 16396, "MOBIKE_SUPPORTED")                                                    \
	X(IKEV2_NOTIFY_ADDITIONAL_IP4_ADDRESS, 16397, "ADDITIONAL_IP4_ADDRESS")                                        \
	X(IKEV2_NOTIFY_ADDITIONAL_IP6_ADDRESS, 16398, "ADDITIONAL_IP6_ADDRESS")                                        \
	X(IKEV2_NOTIFY_NO_ADDITIONAL_ADDRESSES, 16399, "NO_ADDITIONAL_ADDRESSES")                                      \
	X(IKEV2_NOTIFY_UPDATE_SA_ADDRESSES, 16400, "UPDATE_SA_ADDRESSES")                                              \
	X(IKEV2_NOTIFY_COOKIE2, 16401, "COOKIE2")                                                                      \
	X(IKEV2_NOTIFY_NO_NATS_ALLOWED, 16402, "NO_NATS_ALLOWED")                                                      \
	X(IKEV2_NOTIFY_AUTH_LIFETIME, 16403, "AUTH_LIFETIME")                                                          \
	X(IKEV2_NOTIFY_MULTIPLE_AUTH_SUPPORTED, 16404, "MULTIPLE_AUTH_SUPPORTED")                                      \
	X(IKEV2_NOTIFY_ANOTHER_AUTH_FOLLOWS, 16405, "ANOTHER_AUTH_FOLLOWS")                                            \
	X(IKEV2_NOTIFY_REDIRECT_SUPPORTED, 16406, "REDIRECT_SUPPORTED")                                                \
	X(IKEV2_NOTIFY_REDIRECT, 16407, "REDIRECT")                                                                    \
	X(IKEV2_NOTIFY_REDIRECTED_FROM, 16408, "REDIRECTED_FROM")                                                      \
	X(IKEV2_NOTIFY_TICKET_LT_OPAQUE, 16409, "TICKET_LT_OPAQUE")                                                    \
	X(IKEV2_NOTIFY_TICKET_REQUEST, 16410, "TICKET_REQUEST")                                                        \
	X(IKEV2_NOTIFY_TICKET_ACK, 16411, "TICKET_ACK")                                                                \
	X(IKEV2_NOTIFY_TICKET_NACK, 16412, "TICKET_NACK")                                                              \
	X(IKEV2_NOTIFY_TICKET_OPAQUE, 16413, "TICKET_OPAQUE")                                                          \
	X(IKEV2_NOTIFY_LINK_ID, 16414, "LINK_ID")                                                                      \
	X(IKEV2_NOTIFY_USE_WESP_MODE, 16415, "USE_WESP_MODE")                                                          \
	X(IKEV2_NOTIFY_ROHC_SUPPORTED, 16416, "ROHC_SUPPORTED")                                                        \
	X(IKEV2_NOTIFY_EAP_ONLY_AUTHENTICATION, 16417, "EAP_ONLY_AUTHENTICATION")                                      \
	X(IKEV2_NOTIFY_CHILDLESS_IKEV2_SUPPORTED, 16418, "CHILDLESS_IKEV2_SUPPORTED")                                  \
	X(IKEV2_NOTIFY_QUICK_CRASH_DETECTION, 16419, "QUICK_CRASH_DETECTION")                                          \
	X(IKEV2_NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED, 16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED")                      \
	X(IKEV2_NOTIFY_IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED, 16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED")              \
	X(IKEV2_NOTIFY_IKEV2_MESSAGE_ID_SYNC, 16422, "IKEV2_MESSAGE_ID_SYNC")                                          \
	X(IKEV2_NOTIFY_IPSEC_REPLAY_COUNTER_SYNC, 16423, "IPSEC_REPLAY_COUNTER_SYNC")                                  \
	X(IKEV2_NOTIFY_SECURE_PASSWORD_METHODS, 16424, "SECURE_PASSWORD_METHODS")                                      \
	X(IKEV2_NOTIFY_PSK_PERSIST, 16425, "PSK_PERSIST")                                                              \
	X(IKEV2_NOTIFY_PSK_CONFIRM, 16426, "PSK_CONFIRM")                                                              \
	X(IKEV2_NOTIFY_ERX_SUPPORTED, 16427, "ERX_SUPPORTED")                                                          \
	X(IKEV2_NOTIFY_IFOM_CAPABILITY, 16428, "IFOM_CAPABILITY")                                                      \
	X(IKEV2_NOTIFY_GROUP_SENDER, 16429, "GROUP_SENDER")                                                            \
	X(IKEV2_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 16430, "IKEV2_FRAGMENTATION_SUPPORTED")                          \
	X(IKEV2_NOTIFY_SIGNATURE_HASH_ALGORITHMS, 16431, "SIGNATURE_HASH_ALGORITHMS")                                  \
	X(IKEV2_NOTIFY_CLONE_IKE_SA_SUPPORTED, 16432, "CLONE_IKE_SA_SUPPORTED")                                        \
	X(IKEV2_NOTIFY_CLONE_IKE_SA, 16433, "CLONE_IKE_SA")                                                            \
	X(IKEV2_NOTIFY_PUZZLE, 16434, "PUZZLE")                                                                        \
	X(IKEV2_NOTIFY_USE_PPK, 16435, "USE_PPK")                                                                      \
	X(IKEV2_NOTIFY_PPK_IDENTITY, 16436, "PPK_IDENTITY")                                                            \
	X(IKEV2_NOTIFY_NO_PPK_AUTH, 16437, "NO_PPK_AUTH")                                                              \
	X(IKEV2_NOTIFY_INTERMEDIATE_EXCHANGE_SUPPORTED, 16438, "INTERMEDIATE_EXCHANGE_SUPPORTED")                      \
	X(IKEV2_NOTIFY_IP4_ALLOWED, 16439, "IP4_ALLOWED")                                                              \
	X(IKEV2_NOTIFY_IP6_ALLOWED, 16440, "IP6_ALLOWED")                                                              \
	X(IKEV2_NOTIFY_ADDITIONAL_KEY_EXCHANGE, 16441, "ADDITIONAL_KEY_EXCHANGE")                                      \
	X(IKEV2_NOTIFY_USE_AGGFRAG, 16442, "USE_AGGFRAG")                                                              \
	X(IKEV2_NOTIFY_SUPPORTED_AUTH_METHODS, 16443, "SUPPORTED_AUTH_METHODS")                                        \
	X(IKEV2_NOTIFY_SA_RESOURCE_INFO, 16444, "SA_RESOURCE_INFO")                                                    \
	X(IKEV2_NOTIFY_USE_PPK_INT, 16445, "USE_PPK_INT")                                                              \
	X(IKEV2_NOTIFY_PPK_IDENTITY_KEY, 16446, "PPK_IDENTITY_KEY")                                                    \
	X(IKEV2_NOTIFY_USE_BEET_MODE, 40961, "USE_BEET_MODE")

/* IKEv2 hash algorithms, in SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 7). */
#define IKEV2_HASH_LIST(X)                                                                                             \
	X(IKEV2_HASH_SHA1, 1, "SHA1")                                                                                  \
	X(IKEV2_HASH_SHA2_256, 2, "SHA2_256")                                                                          \
	X(IKEV2_HASH_SHA2_384, 3, "SHA2_384")                                                                          \
	X(IKEV2_HASH_SHA2_512, 4, "SHA2_512")                                                                          \
	X(IKEV2_HASH_IDENTITY, 5, "IDENTITY")                                                                          \
	X(IKEV2_HASH_STREEBOG_256, 6, "STREEBOG_256")                                                                  \
	X(IKEV2_HASH_STREEBOG_512, 7, "STREEBOG_512")

/* Identification types of both versions (RFC 2407 section 4.6.2.1, RFC 7296 section 3.5). 12 was a list in IKEv1. */
#define IKE_IDENTITY_TYPE_LIST(X)                                                                                      \
	X(IKE_ID_IPV4_ADDR, 1, "IPV4_ADDR")                                                                            \
	X(IKE_ID_FQDN, 2, "FQDN")                                                                                      \
	X(IKE_ID_RFC822_ADDR, 3, "RFC822_ADDR")                                                                        \
	X(IKE_ID_IPV4_ADDR_SUBNET, 4, "IPV4_ADDR_SUBNET")                                                              \
	X(IKE_ID_IPV6_ADDR, 5, "IPV6_ADDR")                                                                            \
	X(IKE_ID_IPV6_ADDR_SUBNET, 6, "IPV6_ADDR_SUBNET")                                                              \
	X(IKE_ID_IPV4_ADDR_RANGE, 7, "IPV4_ADDR_RANGE")                                                                \
	X(IKE_ID_IPV6_ADDR_RANGE, 8, "IPV6_ADDR_RANGE")                                                                \
	X(IKE_ID_DER_ASN1_DN, 9, "DER_ASN1_DN")                                                                        \
	X(IKE_ID_DER_ASN1_GN, 10, "DER_ASN1_GN")                                                                       \
	X(IKE_ID_KEY_ID, 11, "KEY_ID")                                                                                 \
	X(IKE_ID_FC_NAME, 12, "FC_NAME")                                                                               \
	X(IKE_ID_NULL, 13, "NULL")

/* Certificate encodings of both versions (RFC 2408 section 3.9, RFC 7296 section 3.6). */
#define IKE_CERTIFICATE_ENCODING_LIST(X)                                                                               \
	X(IKE_CERTIFICATE_PKCS7, 1, "PKCS #7 wrapped X.509")                                                           \
	X(IKE_CERTIFICATE_PGP, 2, "PGP")                                                                               \
	X(IKE_CERTIFICATE_DNS, 3, "DNS signed key")                                                                    \
	X(IKE_CERTIFICATE_X509_SIGNATURE, 4, "X.509 signature")                                                        \
	X(IKE_CERTIFICATE_X509_KEY_EXCHANGE, 5, "X.509 key exchange")                                                  \
	X(IKE_CERTIFICATE_KERBEROS, 6, "Kerberos token")                                                               \
	X(IKE_CERTIFICATE_CRL, 7, "certificate revocation list")                                                       \
	X(IKE_CERTIFICATE_ARL, 8, "authority revocation list")                                                         \
	X(IKE_CERTIFICATE_SPKI, 9, "SPKI")                                                                             \
	X(IKE_CERTIFICATE_X509_ATTRIBUTE, 10, "X.509 attribute")                                                       \
	X(IKE_CERTIFICATE_RAW_RSA, 11, "raw RSA key")                                                                  \
	X(IKE_CERTIFICATE_HASH_AND_URL, 12, "hash and URL of X.509")                                                   \
	X(IKE_CERTIFICATE_HASH_AND_URL_BUNDLE, 13, "hash and URL of a bundle")                                         \
	X(IKE_CERTIFICATE_OCSP, 14, "OCSP content")                                                                    \
	X(IKE_CERTIFICATE_RAW_PUBLIC_KEY, 15, "raw public key")

/* IKEv2 authentication methods (RFC 7296 section 3.8). */
#define IKEV2_AUTH_LIST(X)                                                                                             \
	X(IKEV2_AUTH_RSA, 1, "RSA digital signature")                                                                  \
	X(IKEV2_AUTH_PSK, 2, "shared key")                                                                             \
	X(IKEV2_AUTH_DSS, 3, "DSS digital signature")                                                                  \
	X(IKEV2_AUTH_ECDSA_256, 9, "ECDSA with SHA-256")                                                               \
	X(IKEV2_AUTH_ECDSA_384, 10, "ECDSA with SHA-384")                                                              \
	X(IKEV2_AUTH_ECDSA_521, 11, "ECDSA with SHA-512")                                                              \
	X(IKEV2_AUTH_PASSWORD, 12, "generic secure password")                                                          \
	X(IKEV2_AUTH_NULL, 13, "null authentication")                                                                  \
	X(IKEV2_AUTH_SIGNATURE, 14, "digital signature")

/* IKEv2 traffic selector types (RFC 7296 section 3.13.1, RFC 4595, RFC 9478). */
#define IKEV2_SELECTOR_TYPE_LIST(X)                                                                                    \
	X(IKEV2_SELECTOR_IPV4_RANGE, 7, "IPV4_RANGE")                                                                  \
	X(IKEV2_SELECTOR_IPV6_RANGE, 8, "IPV6_RANGE")                                                                  \
	X(IKEV2_SELECTOR_FC_RANGE, 9, "FC_RANGE")                                                                      \
	X(IKEV2_SELECTOR_SECLABEL, 10, "SECLABEL")

/* Configuration payloads of IKEv2 (RFC 7296 section 3.15) and of IKEv1's mode config, which took the same numbers. */
#define IKE_CONFIG_TYPE_LIST(X)                                                                                        \
	X(IKE_CONFIG_REQUEST, 1, "REQUEST")                                                                            \
	X(IKE_CONFIG_REPLY, 2, "REPLY")                                                                                \
	X(IKE_CONFIG_SET, 3, "SET")                                                                                    \
	X(IKE_CONFIG_ACK, 4, "ACK")

/* Configuration attributes of both versions: IANA's, Microsoft's from 23456 on, XAUTH from 16520 on, Cisco Unity from 28672 on. */
#define IKE_CONFIG_ATTRIBUTE_LIST(X)                                                                                   \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_ADDRESS, 1, "INTERNAL_IP4_ADDRESS")                                        \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_NETMASK, 2, "INTERNAL_IP4_NETMASK")                                        \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_DNS, 3, "INTERNAL_IP4_DNS")                                                \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_NBNS, 4, "INTERNAL_IP4_NBNS")                                              \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_ADDRESS_EXPIRY, 5, "INTERNAL_ADDRESS_EXPIRY")                                  \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_DHCP, 6, "INTERNAL_IP4_DHCP")                                              \
	X(IKE_CONFIG_ATTRIBUTE_APPLICATION_VERSION, 7, "APPLICATION_VERSION")                                          \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_ADDRESS, 8, "INTERNAL_IP6_ADDRESS")                                        \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_NETMASK, 9, "INTERNAL_IP6_NETMASK")                                        \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_DNS, 10, "INTERNAL_IP6_DNS")                                               \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_NBNS, 11, "INTERNAL_IP6_NBNS")                                             \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_DHCP, 12, "INTERNAL_IP6_DHCP")                                             \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_SUBNET, 13, "INTERNAL_IP4_SUBNET")                                         \
	X(IKE_CONFIG_ATTRIBUTE_SUPPORTED_ATTRIBUTES, 14, "SUPPORTED_ATTRIBUTES")                                       \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_SUBNET, 15, "INTERNAL_IP6_SUBNET")                                         \
	X(IKE_CONFIG_ATTRIBUTE_MIP6_HOME_PREFIX, 16, "MIP6_HOME_PREFIX")                                               \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_LINK, 17, "INTERNAL_IP6_LINK")                                             \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_PREFIX, 18, "INTERNAL_IP6_PREFIX")                                         \
	X(IKE_CONFIG_ATTRIBUTE_HOME_AGENT_ADDRESS, 19, "HOME_AGENT_ADDRESS")                                           \
	X(IKE_CONFIG_ATTRIBUTE_P_CSCF_IP4_ADDRESS, 20, "P_CSCF_IP4_ADDRESS")                                           \
	X(IKE_CONFIG_ATTRIBUTE_P_CSCF_IP6_ADDRESS, 21, "P_CSCF_IP6_ADDRESS")                                           \
	X(IKE_CONFIG_ATTRIBUTE_FTT_KAT, 22, "FTT_KAT")                                                                 \
	X(IKE_CONFIG_ATTRIBUTE_EXTERNAL_SOURCE_IP4_NAT_INFO, 23, "EXTERNAL_SOURCE_IP4_NAT_INFO")                       \
	X(IKE_CONFIG_ATTRIBUTE_TIMEOUT_PERIOD_FOR_LIVENESS_CHECK, 24, "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK")             \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_DNS_DOMAIN, 25, "INTERNAL_DNS_DOMAIN")                                         \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_DNSSEC_TA, 26, "INTERNAL_DNSSEC_TA")                                           \
	X(IKE_CONFIG_ATTRIBUTE_ENCDNS_IP4, 27, "ENCDNS_IP4")                                                           \
	X(IKE_CONFIG_ATTRIBUTE_ENCDNS_IP6, 28, "ENCDNS_IP6")                                                           \
	X(IKE_CONFIG_ATTRIBUTE_ENCDNS_DIGEST_INFO, 29, "ENCDNS_DIGEST_INFO")                                           \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_TYPE, 16520, "XAUTH_TYPE")                                                        \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_USER_NAME, 16521, "XAUTH_USER_NAME")                                              \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_USER_PASSWORD, 16522, "XAUTH_USER_PASSWORD")                                      \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_PASSCODE, 16523, "XAUTH_PASSCODE")                                                \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_MESSAGE, 16524, "XAUTH_MESSAGE")                                                  \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_CHALLENGE, 16525, "XAUTH_CHALLENGE")                                              \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_DOMAIN, 16526, "XAUTH_DOMAIN")                                                    \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_STATUS, 16527, "XAUTH_STATUS")                                                    \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_NEXT_PIN, 16528, "XAUTH_NEXT_PIN")                                                \
	X(IKE_CONFIG_ATTRIBUTE_XAUTH_ANSWER, 16529, "XAUTH_ANSWER")                                                    \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP4_SERVER, 23456, "INTERNAL_IP4_SERVER")                                      \
	X(IKE_CONFIG_ATTRIBUTE_INTERNAL_IP6_SERVER, 23457, "INTERNAL_IP6_SERVER")                                      \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_BANNER, 28672, "UNITY_BANNER")                                                    \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_SAVE_PASSWORD, 28673, "UNITY_SAVE_PASSWORD")                                      \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_DEFAULT_DOMAIN, 28674, "UNITY_DEFAULT_DOMAIN")                                    \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_SPLIT_DNS, 28675, "UNITY_SPLIT_DNS")                                              \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_SPLIT_INCLUDE, 28676, "UNITY_SPLIT_INCLUDE")                                      \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_NATT_PORT, 28677, "UNITY_NATT_PORT")                                              \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_LOCAL_LAN, 28678, "UNITY_LOCAL_LAN")                                              \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_PFS, 28679, "UNITY_PFS")                                                          \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_FIREWALL_TYPE, 28680, "UNITY_FIREWALL_TYPE")                                      \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_BACKUP_SERVERS, 28681, "UNITY_BACKUP_SERVERS")                                    \
	X(IKE_CONFIG_ATTRIBUTE_UNITY_DDNS_HOSTNAME, 28682, "UNITY_DDNS_HOSTNAME")

/* EAP codes (RFC 3748 section 4, RFC 5296). */
#define EAP_CODE_LIST(X)                                                                                               \
	X(EAP_CODE_REQUEST, 1, "Request")                                                                              \
	X(EAP_CODE_RESPONSE, 2, "Response")                                                                            \
	X(EAP_CODE_SUCCESS, 3, "Success")                                                                              \
	X(EAP_CODE_FAILURE, 4, "Failure")                                                                              \
	X(EAP_CODE_INITIATE, 5, "Initiate")                                                                            \
	X(EAP_CODE_FINISH, 6, "Finish")

/* EAP methods (RFC 3748 section 5 and IANA's registry), those met with IKE. */
#define EAP_TYPE_LIST(X)                                                                                               \
	X(EAP_TYPE_IDENTITY, 1, "Identity")                                                                            \
	X(EAP_TYPE_NOTIFICATION, 2, "Notification")                                                                    \
	X(EAP_TYPE_NAK, 3, "Legacy Nak")                                                                               \
	X(EAP_TYPE_MD5, 4, "MD5-Challenge")                                                                            \
	X(EAP_TYPE_OTP, 5, "One-Time Password")                                                                        \
	X(EAP_TYPE_GTC, 6, "Generic Token Card")                                                                       \
	X(EAP_TYPE_TLS, 13, "EAP-TLS")                                                                                 \
	X(EAP_TYPE_LEAP, 17, "EAP-Cisco Wireless")                                                                     \
	X(EAP_TYPE_SIM, 18, "EAP-SIM")                                                                                 \
	X(EAP_TYPE_TTLS, 21, "EAP-TTLS")                                                                               \
	X(EAP_TYPE_AKA, 23, "EAP-AKA")                                                                                 \
	X(EAP_TYPE_PEAP, 25, "PEAP")                                                                                   \
	X(EAP_TYPE_MSCHAPV2_MICROSOFT, 26, "MS-EAP-Authentication")                                                    \
	X(EAP_TYPE_MSCHAPV2, 29, "EAP-MSCHAP-V2")                                                                      \
	X(EAP_TYPE_POTP, 32, "Protected One-Time Password")                                                            \
	X(EAP_TYPE_FAST, 43, "EAP-FAST")                                                                               \
	X(EAP_TYPE_PAX, 46, "EAP-PAX")                                                                                 \
	X(EAP_TYPE_PSK, 47, "EAP-PSK")                                                                                 \
	X(EAP_TYPE_SAKE, 48, "EAP-SAKE")                                                                               \
	X(EAP_TYPE_IKEV2, 49, "EAP-IKEv2")                                                                             \
	X(EAP_TYPE_AKA_PRIME, 50, "EAP-AKA'")                                                                          \
	X(EAP_TYPE_GPSK, 51, "EAP-GPSK")                                                                               \
	X(EAP_TYPE_PWD, 52, "EAP-pwd")                                                                                 \
	X(EAP_TYPE_EKE, 53, "EAP-EKE")                                                                                 \
	X(EAP_TYPE_TEAP, 55, "TEAP")                                                                                   \
	X(EAP_TYPE_EXPANDED, 254, "Expanded Types")

/* An enum of each list, named as the file's comments elsewhere name it. */
#define IKE_NAMES_MEMBER(constant, number, name) constant = number,
enum ikev1_exchange { IKEV1_EXCHANGE_LIST(IKE_NAMES_MEMBER) };
enum ikev2_exchange { IKEV2_EXCHANGE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_payload { IKEV1_PAYLOAD_LIST(IKE_NAMES_MEMBER) };
enum ikev2_payload { IKEV2_PAYLOAD_LIST(IKE_NAMES_MEMBER) };
enum ikev1_protocol { IKEV1_PROTOCOL_LIST(IKE_NAMES_MEMBER) };
enum ikev2_protocol { IKEV2_PROTOCOL_LIST(IKE_NAMES_MEMBER) };
enum ikev2_transform_type { IKEV2_TRANSFORM_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ikev2_encryption { IKEV2_ENCRYPTION_LIST(IKE_NAMES_MEMBER) };
enum ikev2_prf { IKEV2_PRF_LIST(IKE_NAMES_MEMBER) };
enum ikev2_integrity { IKEV2_INTEGRITY_LIST(IKE_NAMES_MEMBER) };
enum ike_group { IKE_GROUP_LIST(IKE_NAMES_MEMBER) };
enum ikev2_esn { IKEV2_ESN_LIST(IKE_NAMES_MEMBER) };
enum ikev2_attribute { IKEV2_ATTRIBUTE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_attribute { IKEV1_ATTRIBUTE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_phase2_attribute { IKEV1_PHASE2_ATTRIBUTE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_encryption { IKEV1_ENCRYPTION_LIST(IKE_NAMES_MEMBER) };
enum ikev1_hash { IKEV1_HASH_LIST(IKE_NAMES_MEMBER) };
enum ikev1_auth { IKEV1_AUTH_LIST(IKE_NAMES_MEMBER) };
enum ikev1_group_type { IKEV1_GROUP_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_life_type { IKEV1_LIFE_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ikev1_esp { IKEV1_ESP_LIST(IKE_NAMES_MEMBER) };
enum ikev1_ah { IKEV1_AH_LIST(IKE_NAMES_MEMBER) };
enum ikev1_ipcomp { IKEV1_IPCOMP_LIST(IKE_NAMES_MEMBER) };
enum ikev1_encapsulation { IKEV1_ENCAPSULATION_LIST(IKE_NAMES_MEMBER) };
enum ikev1_integrity { IKEV1_INTEGRITY_LIST(IKE_NAMES_MEMBER) };
enum ikev1_notify { IKEV1_NOTIFY_LIST(IKE_NAMES_MEMBER) };
enum ikev2_notify { IKEV2_NOTIFY_LIST(IKE_NAMES_MEMBER) };
enum ikev2_hash { IKEV2_HASH_LIST(IKE_NAMES_MEMBER) };
enum ike_identity_type { IKE_IDENTITY_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ike_certificate_encoding { IKE_CERTIFICATE_ENCODING_LIST(IKE_NAMES_MEMBER) };
enum ikev2_auth { IKEV2_AUTH_LIST(IKE_NAMES_MEMBER) };
enum ikev2_selector_type { IKEV2_SELECTOR_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ike_config_type { IKE_CONFIG_TYPE_LIST(IKE_NAMES_MEMBER) };
enum ike_config_attribute { IKE_CONFIG_ATTRIBUTE_LIST(IKE_NAMES_MEMBER) };
enum eap_code { EAP_CODE_LIST(IKE_NAMES_MEMBER) };
enum eap_type { EAP_TYPE_LIST(IKE_NAMES_MEMBER) };
#undef IKE_NAMES_MEMBER

/* The name of a number; NULL if it has none. */
const char *ikev1_exchange_name(unsigned number);
const char *ikev2_exchange_name(unsigned number);
const char *ikev1_payload_name(unsigned number);
const char *ikev2_payload_name(unsigned number);
const char *ikev1_protocol_name(unsigned number);
const char *ikev2_protocol_name(unsigned number);
const char *ikev2_transform_type_name(unsigned number);
const char *ikev2_encryption_name(unsigned number);
const char *ikev2_prf_name(unsigned number);
const char *ikev2_integrity_name(unsigned number);
const char *ike_group_name(unsigned number);
const char *ikev2_esn_name(unsigned number);
const char *ikev2_attribute_name(unsigned number);
const char *ikev1_attribute_name(unsigned number);
const char *ikev1_phase2_attribute_name(unsigned number);
const char *ikev1_encryption_name(unsigned number);
const char *ikev1_hash_name(unsigned number);
const char *ikev1_auth_name(unsigned number);
const char *ikev1_group_type_name(unsigned number);
const char *ikev1_life_type_name(unsigned number);
const char *ikev1_esp_name(unsigned number);
const char *ikev1_ah_name(unsigned number);
const char *ikev1_ipcomp_name(unsigned number);
const char *ikev1_encapsulation_name(unsigned number);
const char *ikev1_integrity_name(unsigned number);
const char *ikev1_notify_name(unsigned number);
const char *ikev2_notify_name(unsigned number);
const char *ikev2_hash_name(unsigned number);
const char *ike_identity_type_name(unsigned number);
const char *ike_certificate_encoding_name(unsigned number);
const char *ikev2_auth_name(unsigned number);
const char *ikev2_selector_type_name(unsigned number);
const char *ike_config_type_name(unsigned number);
const char *ike_config_attribute_name(unsigned number);
const char *eap_code_name(unsigned number);
const char *eap_type_name(unsigned number);

/* The same, where the major version of the message decides. NULL for a version that is neither 1 nor 2. */
const char *ike_exchange_name(unsigned major, unsigned number);
const char *ike_payload_name(unsigned major, unsigned number);
const char *ike_notify_name(unsigned major, unsigned number);
const char *ike_protocol_name(unsigned major, unsigned number);

/* An IKEv2 transform's name by its type; NULL if the type or the number has none. */
const char *ikev2_transform_name(unsigned type, unsigned number);

/* An IKEv1 phase 2 transform's name by its security protocol; NULL likewise. */
const char *ikev1_phase2_transform_name(unsigned protocol, unsigned number);

#endif
