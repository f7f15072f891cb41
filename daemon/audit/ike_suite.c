/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_suite.h. */
#include "ike_suite.h"

#include "../../dissectors/ike_names.h"

#include <stdio.h>
#include <string.h>

enum { KEY_IKE = 1 }; /* the only transform of phase 1, RFC 2407 section 4.4.2 */

static void add(struct ike_suite *suite, struct ike_algorithm algorithm)
{
	for (unsigned i = 0; i < suite->count; i++) {
		const struct ike_algorithm *known = &suite->algorithms[i];
		if (known->kind == algorithm.kind && known->id == algorithm.id &&
		    known->key_length == algorithm.key_length)
			return;
	}
	if (suite->count == IKE_SUITE_MAX) {
		suite->more = true;
		return;
	}
	suite->algorithms[suite->count++] = algorithm;
}

static void read_v1(const struct ike_message *message, const struct ike_proposal *proposal, struct ike_suite *suite)
{
	if (proposal->protocol != IKEV1_PROTOCOL_ISAKMP)
		return;
	for (unsigned i = 0; i < proposal->count; i++) {
		const struct ikev1_transform *transform = &message->v1_transforms[proposal->first + i];
		if (transform->id != KEY_IKE || transform->phase2)
			continue;
		struct ike_algorithm algorithms[4];
		unsigned count = ike_algorithms_of_v1(transform, algorithms);
		for (unsigned j = 0; j < count; j++)
			add(suite, algorithms[j]);
	}
}

static void read_v2(const struct ike_message *message, const struct ike_proposal *proposal, struct ike_suite *suite)
{
	if (proposal->protocol != IKEV2_PROTOCOL_IKE)
		return;
	for (unsigned i = 0; i < proposal->count; i++) {
		const struct ikev2_transform *transform = &message->v2_transforms[proposal->first + i];
		switch (transform->type) {
		case IKEV2_TRANSFORM_ENCR:
			add(suite, (struct ike_algorithm){ IKE_ALGORITHM_ENCRYPTION, 2, transform->id,
							   transform->key_length });
			break;
		case IKEV2_TRANSFORM_PRF:
			add(suite, (struct ike_algorithm){ IKE_ALGORITHM_PRF, 2, transform->id, 0 });
			break;
		case IKEV2_TRANSFORM_INTEG:
			add(suite, (struct ike_algorithm){ IKE_ALGORITHM_INTEGRITY, 2, transform->id, 0 });
			break;
		case IKEV2_TRANSFORM_KE:
			add(suite, (struct ike_algorithm){ IKE_ALGORITHM_GROUP, 2, transform->id, 0 });
			break;
		default:
			if (transform->type >= IKEV2_TRANSFORM_ADDKE1 && transform->type <= IKEV2_TRANSFORM_ADDKE7)
				add(suite, (struct ike_algorithm){ IKE_ALGORITHM_ADDITIONAL, 2, transform->id, 0 });
			break;
		}
	}
}

bool ike_suite_read(const struct ike_message *message, struct ike_suite *suite)
{
	memset(suite, 0, sizeof(*suite));
	for (unsigned i = 0; i < message->proposal_count; i++) {
		if (message->header.major == 1)
			read_v1(message, &message->proposals[i], suite);
		else
			read_v2(message, &message->proposals[i], suite);
	}
	suite->major = suite->count > 0 ? message->header.major : 0;
	suite->alone = message->proposal_count == 1 && (message->header.major != 1 || message->proposals[0].count == 1);
	return suite->count > 0;
}

const char *ike_kind_name(enum ike_algorithm_kind kind)
{
	static const char *const names[IKE_ALGORITHM_KIND_COUNT] = {
		[IKE_ALGORITHM_ENCRYPTION] = "encryption",
		[IKE_ALGORITHM_INTEGRITY] = "integrity",
		[IKE_ALGORITHM_PRF] = "hash or PRF",
		[IKE_ALGORITHM_GROUP] = "key exchange group",
		[IKE_ALGORITHM_AUTHENTICATION] = "authentication",
		[IKE_ALGORITHM_ADDITIONAL] = "additional key exchange",
	};
	return (size_t)kind < IKE_ALGORITHM_KIND_COUNT ? names[kind] : "?";
}

const struct ike_algorithm *ike_suite_find(const struct ike_suite *suite, enum ike_algorithm_kind kind)
{
	for (unsigned i = 0; i < suite->count; i++)
		if (suite->algorithms[i].kind == kind)
			return &suite->algorithms[i];
	return NULL;
}

static bool has(const struct ike_suite *suite, const struct ike_algorithm *algorithm)
{
	for (unsigned i = 0; i < suite->count; i++) {
		const struct ike_algorithm *known = &suite->algorithms[i];
		if (known->kind == algorithm->kind && known->id == algorithm->id &&
		    known->key_length == algorithm->key_length)
			return true;
	}
	return false;
}

bool ike_suite_differs(const struct ike_suite *offer, const struct ike_suite *known, enum ike_algorithm_kind *kind)
{
	if (!offer->major || offer->major != known->major)
		return false;
	for (unsigned k = 0; k < IKE_ALGORITHM_KIND_COUNT; k++) {
		bool common = false;
		/* An additional key exchange is a wish that may be left out. */
		if (k == IKE_ALGORITHM_ADDITIONAL || !ike_suite_find(offer, k) || !ike_suite_find(known, k))
			continue;
		for (unsigned i = 0; i < offer->count && !common; i++)
			common = offer->algorithms[i].kind == k && has(known, &offer->algorithms[i]);
		if (!common) {
			*kind = k;
			return true;
		}
	}
	return false;
}

void ike_suite_merge(struct ike_suite *suite, const struct ike_suite *more)
{
	if (!suite->major)
		suite->major = more->major;
	if (suite->major != more->major)
		return;
	for (unsigned i = 0; i < more->count; i++)
		add(suite, more->algorithms[i]);
	suite->more |= more->more;
}

void ike_suite_list(const struct ike_suite *suite, enum ike_algorithm_kind kind, char *text, size_t size)
{
	char name[IKE_ALGORITHM_NAME_SIZE];

	for (unsigned i = 0; i < suite->count; i++) {
		size_t length = strlen(text);
		if (suite->algorithms[i].kind != kind || length + 1 >= size)
			continue;
		snprintf(text + length, size - length, "%s%s", length ? ", " : "",
			 ike_algorithm_name(&suite->algorithms[i], name));
	}
}
