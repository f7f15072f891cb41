/* SPDX-License-Identifier: Apache-2.0 */
/* Book-keeping of IKEv1 fragments (see ike_fragment.h). */
#include "ike_fragment.h"

#include "ike_message.h"

static bool has(const struct ike_fragment_set *set, unsigned number)
{
	return set->seen[number / 64] >> number % 64 & 1;
}

enum ike_fragment_result ike_fragment_set_add(struct ike_fragment_set *set, const struct ike_message *message)
{
	uint16_t number = message->fragment_number;

	if (message->protection != IKE_CLEAR_FRAGMENT || number == 0 || number > UINT8_MAX)
		return IKE_FRAGMENT_FOREIGN;
	if (set->count > 0 && message->fragment_id != set->id)
		return IKE_FRAGMENT_FOREIGN;
	if (set->last > 0 && (number > set->last || (message->fragment_last && number != set->last)))
		return IKE_FRAGMENT_CONFLICT;
	if (has(set, number))
		return IKE_FRAGMENT_REPEATED;
	/* A last piece below one seen before cannot be the last. */
	for (unsigned later = number + 1u; message->fragment_last && later <= UINT8_MAX; later++)
		if (has(set, later))
			return IKE_FRAGMENT_CONFLICT;
	set->id = message->fragment_id;
	set->seen[number / 64] |= UINT64_C(1) << number % 64;
	set->count++;
	if (message->fragment_last)
		set->last = (uint8_t)number;
	return IKE_FRAGMENT_NEW;
}

bool ike_fragment_set_complete(const struct ike_fragment_set *set)
{
	return set->last > 0 && set->count == set->last;
}
