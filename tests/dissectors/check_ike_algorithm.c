/* SPDX-License-Identifier: Apache-2.0 */
/* Names of algorithms: one for each, in both versions, with and without key length, and for numbers without a name. */
#include "../suite.h"

#include "../../dissectors/ike_algorithm.h"
#include "../../dissectors/ike_names.h"

#include <string.h>

static const struct {
	struct ike_algorithm algorithm;
	const char *name;
} named[] = {
	{ { IKE_ALGORITHM_ENCRYPTION, 2, IKEV2_ENCR_AES_CBC, 256 }, "AES_CBC_256" },
	{ { IKE_ALGORITHM_ENCRYPTION, 1, IKEV1_ENCR_AES_CBC, 128 }, "AES_CBC_128" },
	{ { IKE_ALGORITHM_ENCRYPTION, 1, IKEV1_ENCR_3DES_CBC, 0 }, "3DES_CBC" },
	{ { IKE_ALGORITHM_ENCRYPTION, 2, IKEV2_ENCR_AES_GCM_16, 256 }, "AES_GCM_16_256" },
	{ { IKE_ALGORITHM_ENCRYPTION, 2, 77, 0 }, "ENCRYPTION_77" },
	{ { IKE_ALGORITHM_ENCRYPTION, 2, 65535, 65535 }, "ENCRYPTION_65535_65535" },
	{ { IKE_ALGORITHM_INTEGRITY, 2, IKEV2_INTEG_HMAC_SHA2_256_128, 0 }, "HMAC_SHA2_256_128" },
	{ { IKE_ALGORITHM_INTEGRITY, 2, 999, 0 }, "INTEGRITY_999" },
	{ { IKE_ALGORITHM_PRF, 2, IKEV2_PRF_HMAC_SHA2_384, 0 }, "HMAC_SHA2_384" },
	{ { IKE_ALGORITHM_PRF, 1, IKEV1_HASH_SHA2_256, 0 }, "SHA2_256" },
	{ { IKE_ALGORITHM_GROUP, 2, IKE_GROUP_MODP_2048, 0 }, "MODP_2048" },
	{ { IKE_ALGORITHM_ADDITIONAL, 2, IKE_GROUP_ML_KEM_768, 0 }, "ML_KEM_768" },
	{ { IKE_ALGORITHM_GROUP, 2, 1000, 0 }, "GROUP_1000" },
	{ { IKE_ALGORITHM_AUTHENTICATION, 1, IKEV1_AUTH_PSK, 0 }, "pre-shared key" },
	{ { IKE_ALGORITHM_AUTHENTICATION, 1, 5000, 0 }, "AUTH_5000" },
	{ { IKE_ALGORITHM_KIND_COUNT, 2, 1, 0 }, "ALGORITHM_1" },
};

START_TEST(names)
{
	char name[IKE_ALGORITHM_NAME_SIZE];

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		ck_assert_str_eq(ike_algorithm_name(&named[i].algorithm, name), named[i].name);
}
END_TEST

/* No number makes a name that does not fit, or that is empty. */
START_TEST(all_names_fit)
{
	for (unsigned kind = 0; kind <= IKE_ALGORITHM_KIND_COUNT; kind++)
		for (unsigned id = 0; id <= UINT16_MAX; id += id < 1100 ? 1 : 7)
			for (unsigned major = 1; major <= 2; major++) {
				const struct ike_algorithm algorithm = { (uint8_t)kind, (uint8_t)major, (uint16_t)id,
									 UINT16_MAX };
				char name[IKE_ALGORITHM_NAME_SIZE];
				size_t length = strlen(ike_algorithm_name(&algorithm, name));
				ck_assert_uint_gt(length, 6);
				ck_assert_str_eq(name + length - 6, "_65535");
			}
}
END_TEST

START_TEST(quantum)
{
	const struct ike_algorithm kem = { IKE_ALGORITHM_ADDITIONAL, 2, IKE_GROUP_ML_KEM_1024, 0 };
	const struct ike_algorithm curve = { IKE_ALGORITHM_GROUP, 2, IKE_GROUP_CURVE25519, 0 };
	const struct ike_algorithm cipher = { IKE_ALGORITHM_ENCRYPTION, 2, IKE_GROUP_ML_KEM_1024, 0 };

	ck_assert(ike_algorithm_quantum_safe(&kem));
	ck_assert(!ike_algorithm_quantum_safe(&curve));
	ck_assert(!ike_algorithm_quantum_safe(&cipher));
}
END_TEST

/* What is chosen to be absent is no algorithm. */
START_TEST(of_transforms)
{
	struct ikev2_transform v2 = { .type = IKEV2_TRANSFORM_INTEG, .id = IKEV2_INTEG_NONE };
	struct ikev1_transform v1 = { .encryption = 7, .key_length = 256, .hash = 4, .auth = 1, .group = 14 };
	struct ike_algorithm algorithms[4];

	ck_assert(!ike_algorithm_of_v2(&v2, algorithms));
	v2 = (struct ikev2_transform){ .type = IKEV2_TRANSFORM_SN };
	ck_assert(!ike_algorithm_of_v2(&v2, algorithms));
	v2 = (struct ikev2_transform){ .type = IKEV2_TRANSFORM_ADDKE7, .id = IKE_GROUP_ML_KEM_512 };
	ck_assert(ike_algorithm_of_v2(&v2, algorithms));
	ck_assert_uint_eq(algorithms[0].kind, IKE_ALGORITHM_ADDITIONAL);
	ck_assert_uint_eq(ike_algorithms_of_v1(&v1, algorithms), 4);
	ck_assert_uint_eq(algorithms[0].key_length, 256);
	ck_assert_uint_eq(algorithms[3].kind, IKE_ALGORITHM_AUTHENTICATION);
	v1.phase2 = true;
	ck_assert_uint_eq(ike_algorithms_of_v1(&v1, algorithms), 0);
}
END_TEST

START_TEST(every_registered_name_comes_back)
{
	static const uint16_t lengths[] = { 0, 128, 256 };
	unsigned found = 0;

	for (unsigned major = 1; major <= 2; major++)
		for (unsigned kind = IKE_ALGORITHM_ENCRYPTION; kind <= IKE_ALGORITHM_GROUP; kind++)
			for (uint16_t id = 0; id < 64; id++)
				for (unsigned i = 0; i < 3; i++) {
					bool group = kind == IKE_ALGORITHM_GROUP;
					struct ike_algorithm algorithm = { (uint8_t)kind, (uint8_t)(group ? 2 : major),
									   id,
									   kind == IKE_ALGORITHM_ENCRYPTION ? lengths[i]
													    : 0 };
					struct ike_algorithm again;
					char name[IKE_ALGORITHM_NAME_SIZE], second[IKE_ALGORITHM_NAME_SIZE];
					ike_algorithm_name(&algorithm, name);
					if (!ike_algorithm_find(major, name, &again))
						continue;
					found++;
					ck_assert_str_eq(ike_algorithm_name(&again, second), name);
				}
	ck_assert_uint_gt(found, 200);
}
END_TEST

START_TEST(each_as_what_it_is)
{
	static const struct {
		unsigned major;
		const char *name;
		unsigned kind, id, key_length;
	} rows[] = {
		{ 2, "AES_CBC_256", IKE_ALGORITHM_ENCRYPTION, IKEV2_ENCR_AES_CBC, 256 },
		{ 2, "AES_GCM_16_128", IKE_ALGORITHM_ENCRYPTION, IKEV2_ENCR_AES_GCM_16, 128 },
		{ 2, "HMAC_SHA2_256_128", IKE_ALGORITHM_INTEGRITY, IKEV2_INTEG_HMAC_SHA2_256_128, 0 },
		{ 2, "MODP_2048", IKE_ALGORITHM_GROUP, IKE_GROUP_MODP_2048, 0 },
		{ 2, "ML_KEM_1024", IKE_ALGORITHM_GROUP, IKE_GROUP_ML_KEM_1024, 0 },
		{ 1, "3DES_CBC", IKE_ALGORITHM_ENCRYPTION, IKEV1_ENCR_3DES_CBC, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ike_algorithm algorithm;
		ck_assert_msg(ike_algorithm_find(rows[i].major, rows[i].name, &algorithm), "%s", rows[i].name);
		ck_assert_uint_eq(algorithm.kind, rows[i].kind);
		ck_assert_uint_eq(algorithm.id, rows[i].id);
		ck_assert_uint_eq(algorithm.key_length, rows[i].key_length);
	}
}
END_TEST

START_TEST(what_is_no_name_is_none)
{
	static const char *const none[] = {
		"", "AES", "AES_CBC_", "AES_CBC_257", "ENCRYPTION_77", "aes_cbc_256", "MODP_2048 "
	};
	struct ike_algorithm algorithm;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(!ike_algorithm_find(2, none[i], &algorithm), "'%s'", none[i]);
}
END_TEST

SUITE_MAIN("ike_algorithm", names, all_names_fit, quantum, of_transforms, every_registered_name_comes_back,
	   each_as_what_it_is, what_is_no_name_is_none)
