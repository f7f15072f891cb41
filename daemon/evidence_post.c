/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_post.h. */
#include "evidence_post.h"

#include "report/evidence_parcel.h"
#include "../config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 1 << 20 }; /* octets of parcels that wait */

struct evidence_post {
	struct evidence_post_settings settings;
	struct evidence_parcel parcel;
	uint64_t frames_lost, alerts_lost;
	/* Parcels that wait, in order, each behind its length. */
	uint8_t *backlog; /* of BACKLOG octets, owned */
	size_t used;
};

struct evidence_post *evidence_post_new(const struct evidence_post_settings *settings)
{
	struct evidence_post *post = calloc(1, sizeof(*post));

	if (!post)
		return NULL;
	post->settings = *settings;
	post->backlog = malloc(BACKLOG);
	if (post->backlog)
		return post;
	free(post);
	return NULL;
}

void evidence_post_free(struct evidence_post *post)
{
	if (!post)
		return;
	free(post->backlog);
	free(post);
}

static void keep(struct evidence_post *post)
{
	uint32_t length = (uint32_t)post->parcel.used;

	if (sizeof(length) + length > BACKLOG - post->used) {
		post->frames_lost += post->parcel.frames;
		return;
	}
	memcpy(post->backlog + post->used, &length, sizeof(length));
	memcpy(post->backlog + post->used + sizeof(length), post->parcel.octets, length);
	post->used += sizeof(length) + length;
}

void evidence_post_try(struct evidence_post *post, uint64_t alerts_lost)
{
	size_t done = 0;

	post->alerts_lost = alerts_lost;
	while (done < post->used) {
		uint32_t length;
		memcpy(&length, post->backlog + done, sizeof(length));
		if (!post->settings.deliver(post->settings.context, post->backlog + done + sizeof(length), length))
			break;
		done += sizeof(length) + length;
	}
	if (done == 0)
		return;
	memmove(post->backlog, post->backlog + done, post->used - done);
	post->used -= done;
}

/* In order: behind what waits this one waits too. */
static void hand_on(struct evidence_post *post)
{
	if (post->parcel.frames == 0)
		return;
	evidence_post_try(post, post->alerts_lost);
	if (post->used > 0 || !post->settings.deliver(post->settings.context, post->parcel.octets, post->parcel.used))
		keep(post);
}

void evidence_post_give(void *context, uint64_t alert, const struct evidence_frame *frames, size_t count)
{
	struct evidence_post *post = context;
	const struct evidence_post_settings *settings = &post->settings;

	evidence_parcel_begin(&post->parcel, alert, post->frames_lost + post->alerts_lost);
	for (size_t i = 0; i < count; i++) {
		const struct frame *frame = &frames[i].frame;
		const char *name = settings->interface_name
				       ? settings->interface_name(settings->interface_context, frame->interface)
				       : NULL;
		if (evidence_parcel_put(&post->parcel, frame, frames[i].mark, name))
			continue;
		hand_on(post);
		evidence_parcel_begin(&post->parcel, alert, post->frames_lost + post->alerts_lost);
		if (!evidence_parcel_put(&post->parcel, frame, frames[i].mark, name))
			post->frames_lost++;
	}
	hand_on(post);
}

struct evidence_settings evidence_post_fills(struct evidence_post *post, const struct config_evidence *config)
{
	return (struct evidence_settings){ .octets = (size_t)config->memory,
					   .ike_whole = config->payload == CONFIG_PAYLOAD_IKE,
					   .give = evidence_post_give,
					   .context = post };
}

bool evidence_post_send(void *context, const uint8_t *parcel, size_t length)
{
	const int *socket = context;
	ssize_t sent;

	do
		sent = send(*socket, parcel, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)length;
}
