/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the stories' table, for ike_story.c and ike_story_record.c. */
#ifndef ESPIAL_AUDIT_IKE_STORY_STATE_H
#define ESPIAL_AUDIT_IKE_STORY_STATE_H

#include "ike_story.h"

struct ike_stories {
	struct ike_stories_settings settings;
	struct table table;
	uint64_t outlived; /* of those that made room, had been quiet so long that nothing went with them */
	/* entries that the next evictions may look at beyond their few, to spare what is established */
	uint32_t patience;
};

/* ---- what ike_story.c and ike_story_v1.c have in common ---- */

#define IKE_STORY_DISOWN_NS INT64_C(5000000000) /* a side that does not believe the other says so within */

/* The first error that the message says in clear; NULL if it says none. */
const struct ike_notify *ike_story_error_in_clear(const struct ike_message *message);

/* What a message came to, noted in the story: the events of these names. */
enum ike_event_kind ike_story_selected(struct ike_story *story, const struct ike_message *message, int64_t now_ns);
enum ike_event_kind ike_story_refused(struct ike_story *story, const struct ike_message *message,
				      const struct ike_arrival *arrival, const struct ike_notify *notify);
enum ike_event_kind ike_story_accepted(struct ike_story *story, int64_t now_ns);
enum ike_event_kind ike_story_rejected(struct ike_story *story, int64_t now_ns);
enum ike_event_kind ike_story_child_agreed(struct ike_story *story, int64_t now_ns);
enum ike_event_kind ike_story_child_refused(struct ike_story *story, int64_t now_ns);

/* The last request of a side: a new one; whether it is news that it came again (a mirror's copy is not); whether a piece of it
 * is another one than those seen. */
void ike_story_request_begin(struct ike_request *request, const struct ike_message *message,
			     const struct ike_arrival *arrival, uint64_t digest);
bool ike_story_request_again(struct ike_request *request, int64_t now_ns);
bool ike_story_request_piece(struct ike_request *request, const struct ike_message *message,
			     const struct ike_arrival *arrival);

/* One message of IKEv1. */
enum ike_event_kind ike_story_v1(struct ike_story *story, const struct ike_message *message,
				 const struct ike_arrival *arrival, unsigned side, uint64_t digest,
				 struct ike_event *event);

#endif
