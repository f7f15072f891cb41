/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's end of captures of evidence: packs frames of alerts into parcels and hands these on.
 *
 * Handing on never waits. What cannot be taken now is kept, up to a bound, and tried again; what is beyond is lost and counted, and each parcel says how much
 * that is. Of one thread, the capturing one.
 */
#ifndef ESPIAL_DAEMON_EVIDENCE_POST_H
#define ESPIAL_DAEMON_EVIDENCE_POST_H

#include "audit/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_evidence;
struct evidence_post;

struct evidence_post_settings {
	/* Takes a parcel, or returns false and will be asked again. Must not wait. */
	bool (*deliver)(void *context, const uint8_t *parcel, size_t length);
	void *context;
	/* Names of interfaces, as the engine has them; NULL: there are none. */
	const char *(*interface_name)(void *context, uint16_t interface);
	void *interface_context;
};

/* NULL on lack of memory. */
struct evidence_post *evidence_post_new(const struct evidence_post_settings *settings);
void evidence_post_free(struct evidence_post *post);

/* What the engine is to know of captures so that they come to this post, which has to outlive the engine. */
struct evidence_settings evidence_post_fills(struct evidence_post *post, const struct config_evidence *config);

/* What takes the frames there: `context` is the post. */
void evidence_post_give(void *context, uint64_t alert, const struct evidence_frame *frames, size_t count);

/* Tries again to hand on what is kept. `alerts_lost`: evidence_lost(), to be passed on with the next parcel. */
void evidence_post_try(struct evidence_post *post, uint64_t alerts_lost);

/* For deliver: sends to the packet socket *(int *)context. */
bool evidence_post_send(void *context, const uint8_t *parcel, size_t length);

#endif
