/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from the wire to names: any number has a name that can be shown, or none. Each four octets of the input are a
 * list, the first number in two octets, and how many numbers from there on. Behind an octet FIND there is a name of an algorithm
 * instead.
 */
#include "fuzz.h"

#include "dissectors/ike_algorithm.h"
#include "dissectors/ike_names.h"
#include "dissectors/kerberos.h"

#include <string.h>

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
enum { LISTS = sizeof(lists) / sizeof(lists[0]), FIND = 254, KERBEROS = 255 };

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

/* What has a name is what the name finds. */
static void find(const uint8_t *text, size_t length)
{
	char name[IKE_ALGORITHM_NAME_SIZE] = "", own[IKE_ALGORITHM_NAME_SIZE];
	struct ike_algorithm algorithm;

	memcpy(name, text, length < sizeof(name) ? length : sizeof(name) - 1);
	for (unsigned major = 1; major <= 2; major++) {
		if (ike_algorithm_find(major, name, &algorithm))
			DEMAND(strcmp(ike_algorithm_name(&algorithm, own), name) == 0);
		else
			DEMAND(algorithm.id == 0 && algorithm.key_length == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == FIND) {
		find(data + 1, size - 1);
		return 0;
	}
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
