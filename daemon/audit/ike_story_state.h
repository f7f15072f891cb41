/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the stories' table, for ike_story.c and ike_story_record.c. */
#ifndef ESPIAL_AUDIT_IKE_STORY_STATE_H
#define ESPIAL_AUDIT_IKE_STORY_STATE_H

#include "ike_story.h"

struct ike_stories {
	struct ike_stories_settings settings;
	struct table table;
	uint32_t
	    patience; /* entries that the next evictions may look at beyond their few, to spare what is established */
};

#endif
