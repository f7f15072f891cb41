/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of numbers and names: samples that the registries fix, no empty or doubled name, and the gaps. */
#include "dissectors/ike_names.h"

#include "../suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef const char *naming(unsigned number);

struct row {
	unsigned number;
	const char *name;
};

#define ROW(constant, value, text) { constant, text },
#define LIST(tag, X) static const struct row tag##_rows[] = { X(ROW) };
LIST(ikev1_payload, IKEV1_PAYLOAD_LIST)
LIST(ikev2_payload, IKEV2_PAYLOAD_LIST)
LIST(ikev1_exchange, IKEV1_EXCHANGE_LIST)
LIST(ikev2_exchange, IKEV2_EXCHANGE_LIST)
LIST(ikev1_notify, IKEV1_NOTIFY_LIST)
LIST(ikev2_notify, IKEV2_NOTIFY_LIST)
LIST(ikev1_protocol, IKEV1_PROTOCOL_LIST)
LIST(ikev2_protocol, IKEV2_PROTOCOL_LIST)
LIST(ikev2_transform_type, IKEV2_TRANSFORM_TYPE_LIST)
LIST(ikev2_encryption, IKEV2_ENCRYPTION_LIST)
LIST(ikev2_prf, IKEV2_PRF_LIST)
LIST(ikev2_integrity, IKEV2_INTEGRITY_LIST)
LIST(ike_group, IKE_GROUP_LIST)
LIST(ikev2_esn, IKEV2_ESN_LIST)
LIST(ikev2_attribute, IKEV2_ATTRIBUTE_LIST)
LIST(ikev1_attribute, IKEV1_ATTRIBUTE_LIST)
LIST(ikev1_phase2_attribute, IKEV1_PHASE2_ATTRIBUTE_LIST)
LIST(ikev1_encryption, IKEV1_ENCRYPTION_LIST)
LIST(ikev1_hash, IKEV1_HASH_LIST)
LIST(ikev1_auth, IKEV1_AUTH_LIST)
LIST(ikev1_group_type, IKEV1_GROUP_TYPE_LIST)
LIST(ikev1_life_type, IKEV1_LIFE_TYPE_LIST)
LIST(ikev1_esp, IKEV1_ESP_LIST)
LIST(ikev1_ah, IKEV1_AH_LIST)
LIST(ikev1_ipcomp, IKEV1_IPCOMP_LIST)
LIST(ikev1_encapsulation, IKEV1_ENCAPSULATION_LIST)
LIST(ikev1_integrity, IKEV1_INTEGRITY_LIST)
LIST(ikev2_hash, IKEV2_HASH_LIST)
LIST(ike_identity_type, IKE_IDENTITY_TYPE_LIST)
LIST(ike_certificate_encoding, IKE_CERTIFICATE_ENCODING_LIST)
LIST(ikev2_auth, IKEV2_AUTH_LIST)
LIST(ikev2_selector_type, IKEV2_SELECTOR_TYPE_LIST)
LIST(ike_config_type, IKE_CONFIG_TYPE_LIST)
LIST(ike_config_attribute, IKE_CONFIG_ATTRIBUTE_LIST)
LIST(eap_code, EAP_CODE_LIST)
LIST(eap_type, EAP_TYPE_LIST)

#define REGISTRY(tag)                                                                                                  \
	{                                                                                                              \
		tag##_name, tag##_rows, sizeof(tag##_rows) / sizeof(tag##_rows[0])                                     \
	}
static const struct {
	naming *name;
	const struct row *rows;
	size_t count;
} registries[] = {
	REGISTRY(ikev1_payload),     REGISTRY(ikev2_payload),
	REGISTRY(ikev1_exchange),    REGISTRY(ikev2_exchange),
	REGISTRY(ikev1_notify),      REGISTRY(ikev2_notify),
	REGISTRY(ikev1_protocol),    REGISTRY(ikev2_protocol),
	REGISTRY(ikev2_encryption),  REGISTRY(ikev2_transform_type),
	REGISTRY(ikev2_prf),         REGISTRY(ikev2_integrity),
	REGISTRY(ike_group),         REGISTRY(ikev2_esn),
	REGISTRY(ikev2_attribute),   REGISTRY(ikev1_attribute),
	REGISTRY(ikev1_encryption),  REGISTRY(ikev1_phase2_attribute),
	REGISTRY(ikev1_hash),        REGISTRY(ikev1_auth),
	REGISTRY(ikev1_group_type),  REGISTRY(ikev1_life_type),
	REGISTRY(ikev1_esp),         REGISTRY(ikev1_ah),
	REGISTRY(ikev1_ipcomp),      REGISTRY(ikev1_encapsulation),
	REGISTRY(ikev1_integrity),   REGISTRY(ikev2_hash),
	REGISTRY(ike_identity_type), REGISTRY(ike_certificate_encoding),
	REGISTRY(ikev2_auth),        REGISTRY(ikev2_selector_type),
	REGISTRY(ike_config_type),   REGISTRY(ike_config_attribute),
	REGISTRY(eap_code),          REGISTRY(eap_type),
};

/* Every number of 16 bits is named exactly where its list has a row, and by that row; no list has a name twice. */
START_TEST(lists)
{
	for (size_t i = 0; i < sizeof(registries) / sizeof(registries[0]); i++) {
		const struct row *rows = registries[i].rows;
		size_t named = 0;
		for (unsigned number = 0; number <= UINT16_MAX + 1; number++)
			named += registries[i].name(number) != NULL;
		ck_assert_uint_eq(named, registries[i].count);
		for (size_t j = 0; j < registries[i].count; j++) {
			ck_assert_str_eq(registries[i].name(rows[j].number), rows[j].name);
			ck_assert(rows[j].name[0] != '\0' && (j == 0 || rows[j].number > rows[j - 1].number));
			for (size_t k = 0; k < j; k++)
				ck_assert_str_ne(rows[j].name, rows[k].name);
		}
	}
}
END_TEST

START_TEST(samples)
{
	ck_assert_str_eq(ike_exchange_name(1, 2), "Main Mode");
	ck_assert_str_eq(ike_exchange_name(2, 34), "IKE_SA_INIT");
	ck_assert_ptr_null(ike_exchange_name(2, 2));
	ck_assert_ptr_null(ike_exchange_name(3, 34));
	ck_assert_str_eq(ike_payload_name(1, 20), "NAT-D");
	ck_assert_str_eq(ike_payload_name(2, 46), "SK");
	ck_assert_str_eq(ike_notify_name(1, 14), "NO-PROPOSAL-CHOSEN");
	ck_assert_str_eq(ike_notify_name(2, 14), "NO_PROPOSAL_CHOSEN");
	ck_assert_str_eq(ike_notify_name(2, 16441), "ADDITIONAL_KEY_EXCHANGE");
	ck_assert_str_eq(ike_notify_name(1, 36136), "R-U-THERE");
	ck_assert_str_eq(ike_protocol_name(1, 1), "ISAKMP");
	ck_assert_str_eq(ike_protocol_name(2, 1), "IKE");
	ck_assert_str_eq(ikev2_transform_name(1, 20), "AES_GCM_16");
	ck_assert_str_eq(ikev2_transform_name(2, 5), "HMAC_SHA2_256");
	ck_assert_str_eq(ikev2_transform_name(3, 12), "HMAC_SHA2_256_128");
	ck_assert_str_eq(ikev2_transform_name(5, 1), "64-bit sequence numbers");
	for (unsigned type = IKEV2_TRANSFORM_ADDKE1; type <= IKEV2_TRANSFORM_ADDKE7; type++)
		ck_assert_str_eq(ikev2_transform_name(type, 36), "ML_KEM_768");
	ck_assert_str_eq(ikev2_transform_name(4, 31), "CURVE25519");
	ck_assert_ptr_null(ikev2_transform_name(14, 1));
	/* The two versions part here: 23 is GMAC in the first and Camellia in the second. */
	ck_assert_str_eq(ikev1_phase2_transform_name(IKEV1_PROTOCOL_ESP, 23), "NULL_AUTH_AES_GMAC");
	ck_assert_str_eq(ikev2_transform_name(1, 23), "CAMELLIA_CBC");
	ck_assert_str_eq(ikev1_phase2_transform_name(IKEV1_PROTOCOL_AH, 3), "SHA");
	ck_assert_str_eq(ikev1_phase2_transform_name(IKEV1_PROTOCOL_IPCOMP, 2), "DEFLATE");
	ck_assert_ptr_null(ikev1_phase2_transform_name(IKEV1_PROTOCOL_ISAKMP, 1));
}
END_TEST

SUITE_MAIN("ike_names", lists, samples)
