/* SPDX-License-Identifier: Apache-2.0 */
/* Naming functions over the lists of ike_names.h: a switch each, so that a number listed twice does not compile. */
#include "ike_names.h"

#include <stddef.h>

#define CASE(constant, number, name)                                                                                   \
	case number:                                                                                                   \
		return name;

#define NAMES(function, LIST)                                                                                          \
	const char *function(unsigned number)                                                                          \
	{                                                                                                              \
		switch (number) {                                                                                      \
			LIST(CASE)                                                                                     \
		default:                                                                                               \
			return NULL;                                                                                   \
		}                                                                                                      \
	}

NAMES(ikev1_exchange_name, IKEV1_EXCHANGE_LIST)
NAMES(ikev2_exchange_name, IKEV2_EXCHANGE_LIST)
NAMES(ikev1_payload_name, IKEV1_PAYLOAD_LIST)
NAMES(ikev2_payload_name, IKEV2_PAYLOAD_LIST)
NAMES(ikev1_protocol_name, IKEV1_PROTOCOL_LIST)
NAMES(ikev2_protocol_name, IKEV2_PROTOCOL_LIST)
NAMES(ikev2_transform_type_name, IKEV2_TRANSFORM_TYPE_LIST)
NAMES(ikev2_encryption_name, IKEV2_ENCRYPTION_LIST)
NAMES(ikev2_prf_name, IKEV2_PRF_LIST)
NAMES(ikev2_integrity_name, IKEV2_INTEGRITY_LIST)
NAMES(ike_group_name, IKE_GROUP_LIST)
NAMES(ikev2_esn_name, IKEV2_ESN_LIST)
NAMES(ikev2_attribute_name, IKEV2_ATTRIBUTE_LIST)
NAMES(ikev1_attribute_name, IKEV1_ATTRIBUTE_LIST)
NAMES(ikev1_phase2_attribute_name, IKEV1_PHASE2_ATTRIBUTE_LIST)
NAMES(ikev1_encryption_name, IKEV1_ENCRYPTION_LIST)
NAMES(ikev1_hash_name, IKEV1_HASH_LIST)
NAMES(ikev1_auth_name, IKEV1_AUTH_LIST)
NAMES(ikev1_group_type_name, IKEV1_GROUP_TYPE_LIST)
NAMES(ikev1_life_type_name, IKEV1_LIFE_TYPE_LIST)
NAMES(ikev1_esp_name, IKEV1_ESP_LIST)
NAMES(ikev1_ah_name, IKEV1_AH_LIST)
NAMES(ikev1_ipcomp_name, IKEV1_IPCOMP_LIST)
NAMES(ikev1_encapsulation_name, IKEV1_ENCAPSULATION_LIST)
NAMES(ikev1_integrity_name, IKEV1_INTEGRITY_LIST)
NAMES(ikev1_notify_name, IKEV1_NOTIFY_LIST)
NAMES(ikev2_notify_name, IKEV2_NOTIFY_LIST)
NAMES(ikev2_hash_name, IKEV2_HASH_LIST)
NAMES(ike_identity_type_name, IKE_IDENTITY_TYPE_LIST)
NAMES(ike_certificate_encoding_name, IKE_CERTIFICATE_ENCODING_LIST)
NAMES(ikev2_auth_name, IKEV2_AUTH_LIST)
NAMES(ikev2_selector_type_name, IKEV2_SELECTOR_TYPE_LIST)
NAMES(ike_config_type_name, IKE_CONFIG_TYPE_LIST)
NAMES(ike_config_attribute_name, IKE_CONFIG_ATTRIBUTE_LIST)
NAMES(eap_code_name, EAP_CODE_LIST)
NAMES(eap_type_name, EAP_TYPE_LIST)

static const char *by_major(unsigned major, const char *v1, const char *v2)
{
	return major == 1 ? v1 : major == 2 ? v2 : NULL;
}

const char *ike_exchange_name(unsigned major, unsigned number)
{
	return by_major(major, ikev1_exchange_name(number), ikev2_exchange_name(number));
}

const char *ike_payload_name(unsigned major, unsigned number)
{
	return by_major(major, ikev1_payload_name(number), ikev2_payload_name(number));
}

const char *ike_notify_name(unsigned major, unsigned number)
{
	return by_major(major, ikev1_notify_name(number), ikev2_notify_name(number));
}

const char *ike_protocol_name(unsigned major, unsigned number)
{
	return by_major(major, ikev1_protocol_name(number), ikev2_protocol_name(number));
}

const char *ikev2_transform_name(unsigned type, unsigned number)
{
	switch (type) {
	case IKEV2_TRANSFORM_ENCR:
		return ikev2_encryption_name(number);
	case IKEV2_TRANSFORM_PRF:
		return ikev2_prf_name(number);
	case IKEV2_TRANSFORM_INTEG:
		return ikev2_integrity_name(number);
	case IKEV2_TRANSFORM_SN:
		return ikev2_esn_name(number);
	case IKEV2_TRANSFORM_KE:
	case IKEV2_TRANSFORM_ADDKE1:
	case IKEV2_TRANSFORM_ADDKE2:
	case IKEV2_TRANSFORM_ADDKE3:
	case IKEV2_TRANSFORM_ADDKE4:
	case IKEV2_TRANSFORM_ADDKE5:
	case IKEV2_TRANSFORM_ADDKE6:
	case IKEV2_TRANSFORM_ADDKE7:
		return ike_group_name(number);
	default:
		return NULL;
	}
}

const char *ikev1_phase2_transform_name(unsigned protocol, unsigned number)
{
	switch (protocol) {
	case IKEV1_PROTOCOL_AH:
		return ikev1_ah_name(number);
	case IKEV1_PROTOCOL_ESP:
		return ikev1_esp_name(number);
	case IKEV1_PROTOCOL_IPCOMP:
		return ikev1_ipcomp_name(number);
	default:
		return NULL;
	}
}
