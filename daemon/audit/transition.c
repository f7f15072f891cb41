/* SPDX-License-Identifier: Apache-2.0 */
/* See transition.h. */
#include "transition.h"

#include <stdlib.h>

bool transition_before(const struct transition *left, const struct transition *right)
{
	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns;
	if (left->realm != right->realm)
		return left->realm < right->realm;
	int order = address_compare(&left->a, &right->a);
	if (order == 0)
		order = address_compare(&left->b, &right->b);
	if (order != 0)
		return order < 0;
	/* One pair belongs to one worker, so its serials are comparable. */
	return left->serial < right->serial;
}

void transition_discard(struct transition *transition)
{
	if (transition->kind != TRANSITION_IKE_MESSAGE)
		return;
	free(transition->ike.message);
	transition->ike.message = NULL;
}
