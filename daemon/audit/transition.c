/* SPDX-License-Identifier: Apache-2.0 */
/* See transition.h. */
#include "transition.h"

#include <stdlib.h>

/* A silence is told when it is noticed, which may be after other things of the same time were. It speaks of what went
 * before all of them. */
static bool is_silence(const struct transition *transition)
{
	return transition->kind == TRANSITION_CLEAR_QUIET || transition->kind == TRANSITION_ESP_QUIET ||
	       transition->kind == TRANSITION_SA_QUIET;
}

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
	bool left_silence = is_silence(left), right_silence = is_silence(right);
	if (left_silence != right_silence)
		return left_silence;
	if (left_silence && left->kind != right->kind)
		return left->kind < right->kind;
	if (left_silence && left->direction != right->direction)
		return left->direction < right->direction;
	if (left_silence && left->kind == TRANSITION_SA_QUIET && left->esp.protocol != right->esp.protocol)
		return left->esp.protocol < right->esp.protocol;
	if (left_silence && left->kind == TRANSITION_SA_QUIET && left->esp.spi != right->esp.spi)
		return left->esp.spi < right->esp.spi;
	/* One pair belongs to one worker, so its serials are comparable. */
	return left->serial < right->serial;
}

bool transition_service_shares_port(const struct transition_service *left, const struct transition_service *right)
{
	return left->protocol == right->protocol && left->port == right->port;
}

enum service_fit transition_service_fit(const struct transition_service *kept, const struct transition_service *seen)
{
	if (!transition_service_shares_port(kept, seen))
		return SERVICE_OTHER;
	if (kept->name == seen->name || !seen->name)
		return SERVICE_SAME;
	return kept->name ? SERVICE_OTHER : SERVICE_NAMELESS;
}

void transition_discard(struct transition *transition)
{
	if (transition->kind != TRANSITION_IKE_MESSAGE)
		return;
	free(transition->ike.message);
	transition->ike.message = NULL;
}
