/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from the wire to names: any number has a name that can be shown, or none. Each four octets of the input are a
 * list, the first number in two octets, and how many numbers from there on.
 */
#include "fuzz.h"

#include "dissectors/ike_names.h"
#include "dissectors/kerberos.h"

static const char *with_version(unsigned list, unsigned number)
{
	unsigned major = list & 3;

	switch (list >> 2 & 3) {
	case 0:
		return ike_exchange_name(major, number);
	case 1:
		return ike_payload_name(major, number);
	case 2:
		return ike_notify_name(major, number);
	default:
		return ike_protocol_name(major, number);
	}
}

/* The lists, each as a function of one number. */
static const char *(*const lists[])(unsigned number) = {
	ikev2_transform_type_name,
	ikev2_attribute_name,
	ikev1_attribute_name,
	ikev1_phase2_attribute_name,
	ikev1_encryption_name,
	ikev1_hash_name,
	ikev1_auth_name,
	ikev1_group_type_name,
	ikev1_life_type_name,
	ikev1_encapsulation_name,
	ikev1_integrity_name,
	ikev2_hash_name,
	ike_identity_type_name,
	ike_certificate_encoding_name,
	ikev2_auth_name,
	ikev2_selector_type_name,
	ike_config_type_name,
	ike_config_attribute_name,
	eap_code_name,
	eap_type_name,
};
enum { LISTS = sizeof(lists) / sizeof(lists[0]), KERBEROS = 255 };

static const char *name_of(unsigned list, unsigned number)
{
	if (list == KERBEROS)
		return kerberos_error_name((int32_t)number);
	if (list < LISTS)
		return lists[list](number);
	if (list < 64)
		return with_version(list, number);
	if (list < 128)
		return ikev2_transform_name(list - 64, number);
	return ikev1_phase2_transform_name(list - 128, number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (; size >= 4; data += 4, size -= 4)
		for (unsigned i = 0; i <= data[3]; i++) {
			const char *name = name_of(data[0], ((unsigned)data[1] << 8 | data[2]) + i);
			if (!name)
				continue;
			DEMAND(*name != '\0');
			for (; *name; name++)
				DEMAND(*name >= ' ' && *name <= '~');
		}
	return 0;
}
