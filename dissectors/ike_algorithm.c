/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_algorithm.h. */
#include "ike_algorithm.h"

#include "ike_names.h"

#include <stdbool.h>
#include <stddef.h>

const char *ike_algorithm_kind_name(unsigned kind)
{
	static const char *const names[IKE_ALGORITHM_KIND_COUNT] = {
		[IKE_ALGORITHM_ENCRYPTION] = "encryption",
		[IKE_ALGORITHM_INTEGRITY] = "integrity",
		[IKE_ALGORITHM_PRF] = "prf",
		[IKE_ALGORITHM_GROUP] = "group",
		[IKE_ALGORITHM_ADDITIONAL] = "additional-key-exchange",
		[IKE_ALGORITHM_AUTHENTICATION] = "authentication",
	};
	return kind < IKE_ALGORITHM_KIND_COUNT ? names[kind] : "?";
}

static const char *registered_name(const struct ike_algorithm *algorithm)
{
	bool v1 = algorithm->major == 1;

	switch (algorithm->kind) {
	case IKE_ALGORITHM_ENCRYPTION:
		return v1 ? ikev1_encryption_name(algorithm->id) : ikev2_encryption_name(algorithm->id);
	case IKE_ALGORITHM_INTEGRITY:
		return v1 ? ikev1_integrity_name(algorithm->id) : ikev2_integrity_name(algorithm->id);
	case IKE_ALGORITHM_PRF:
		return v1 ? ikev1_hash_name(algorithm->id) : ikev2_prf_name(algorithm->id);
	case IKE_ALGORITHM_GROUP:
	case IKE_ALGORITHM_ADDITIONAL:
		return ike_group_name(algorithm->id);
	case IKE_ALGORITHM_AUTHENTICATION:
		return v1 ? ikev1_auth_name(algorithm->id) : ikev2_auth_name(algorithm->id);
	default:
		return NULL;
	}
}

/* What does not fit is cut: no registered name is so long. */
static size_t append(char *name, size_t length, const char *text, bool words)
{
	for (; *text && length + 1 < IKE_ALGORITHM_NAME_SIZE; text++)
		name[length++] = *text == '-' && !words ? '_' : *text;
	name[length] = '\0';
	return length;
}

static size_t append_number(char *name, size_t length, unsigned number)
{
	char digits[8] = "";
	size_t at = sizeof(digits) - 1;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number && at > 1);
	digits[--at] = '_';
	return append(name, length, digits + at, false);
}

const char *ike_algorithm_name(const struct ike_algorithm *algorithm, char name[IKE_ALGORITHM_NAME_SIZE])
{
	static const char *const nameless[IKE_ALGORITHM_KIND_COUNT] = {
		[IKE_ALGORITHM_ENCRYPTION] = "ENCRYPTION",
		[IKE_ALGORITHM_INTEGRITY] = "INTEGRITY",
		[IKE_ALGORITHM_PRF] = "PRF",
		[IKE_ALGORITHM_GROUP] = "GROUP",
		[IKE_ALGORITHM_ADDITIONAL] = "GROUP",
		[IKE_ALGORITHM_AUTHENTICATION] = "AUTH",
	};
	const char *registered = registered_name(algorithm);
	size_t length;

	if (registered) {
		/* How peers prove themselves is said in words. */
		length = append(name, 0, registered, algorithm->kind == IKE_ALGORITHM_AUTHENTICATION);
	} else {
		bool known = algorithm->kind < IKE_ALGORITHM_KIND_COUNT;
		length = append(name, 0, known ? nameless[algorithm->kind] : "ALGORITHM", false);
		length = append_number(name, length, algorithm->id);
	}
	if (algorithm->key_length)
		append_number(name, length, algorithm->key_length);
	return name;
}

static bool has_name(const struct ike_algorithm *algorithm, const char *name)
{
	char own[IKE_ALGORITHM_NAME_SIZE];
	const char *at = ike_algorithm_name(algorithm, own);

	while (*at && *at == *name) {
		at++;
		name++;
	}
	return *at == *name;
}

bool ike_algorithm_find(unsigned major, const char *name, struct ike_algorithm *algorithm)
{
	enum { REGISTERED_MAX = 64 };
	static const uint16_t key_lengths[] = { 0, 128, 192, 256 };

	for (unsigned kind = IKE_ALGORITHM_ENCRYPTION; kind <= IKE_ALGORITHM_GROUP; kind++)
		for (uint16_t id = 0; id < REGISTERED_MAX; id++)
			for (unsigned i = 0; i < sizeof(key_lengths) / sizeof(key_lengths[0]); i++) {
				*algorithm = (struct ike_algorithm){ (uint8_t)kind,
								     kind == IKE_ALGORITHM_GROUP || major >= 2 ? 2 : 1,
								     id, key_lengths[i] };
				if (registered_name(algorithm) && has_name(algorithm, name))
					return true;
			}
	*algorithm = (struct ike_algorithm){ 0 };
	return false;
}

bool ike_algorithm_quantum_safe(const struct ike_algorithm *algorithm)
{
	return (algorithm->kind == IKE_ALGORITHM_GROUP || algorithm->kind == IKE_ALGORITHM_ADDITIONAL) &&
	       algorithm->id >= IKE_GROUP_ML_KEM_512 && algorithm->id <= IKE_GROUP_ML_KEM_1024;
}

bool ike_algorithm_of_v2(const struct ikev2_transform *transform, struct ike_algorithm *algorithm)
{
	*algorithm = (struct ike_algorithm){ .major = 2, .id = transform->id, .key_length = transform->key_length };
	switch (transform->type) {
	case IKEV2_TRANSFORM_ENCR:
		algorithm->kind = IKE_ALGORITHM_ENCRYPTION;
		return true;
	case IKEV2_TRANSFORM_PRF:
		algorithm->kind = IKE_ALGORITHM_PRF;
		return true;
	case IKEV2_TRANSFORM_INTEG:
		algorithm->kind = IKE_ALGORITHM_INTEGRITY;
		return transform->id != IKEV2_INTEG_NONE;
	case IKEV2_TRANSFORM_KE:
		algorithm->kind = IKE_ALGORITHM_GROUP;
		return transform->id != IKE_GROUP_NONE;
	default:
		algorithm->kind = IKE_ALGORITHM_ADDITIONAL;
		return transform->type >= IKEV2_TRANSFORM_ADDKE1 && transform->type <= IKEV2_TRANSFORM_ADDKE7 &&
		       transform->id != IKE_GROUP_NONE;
	}
}

unsigned ike_algorithms_of_v1(const struct ikev1_transform *transform, struct ike_algorithm algorithms[4])
{
	unsigned count = 0;

	if (transform->phase2)
		return 0;
	if (transform->encryption)
		algorithms[count++] =
		    (struct ike_algorithm){ IKE_ALGORITHM_ENCRYPTION, 1, transform->encryption, transform->key_length };
	if (transform->hash)
		algorithms[count++] = (struct ike_algorithm){ IKE_ALGORITHM_PRF, 1, transform->hash, 0 };
	if (transform->group)
		algorithms[count++] = (struct ike_algorithm){ IKE_ALGORITHM_GROUP, 2, transform->group, 0 };
	if (transform->auth)
		algorithms[count++] = (struct ike_algorithm){ IKE_ALGORITHM_AUTHENTICATION, 1, transform->auth, 0 };
	return count;
}

bool ike_algorithm_selects(const struct ike_message *message)
{
	if (message->proposal_count != 1)
		return false;
	if (message->header.major >= 2)
		return message->header.flags & IKEV2_FLAG_RESPONSE;
	return message->header.responder_spi != 0 && message->transform_count == 1;
}
