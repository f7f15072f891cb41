/* SPDX-License-Identifier: Apache-2.0 */
/* A script's inside, shared by the making of frames (story.c) and their telling (story_tell.c). */
#ifndef ESPIAL_TESTS_AUDIT_STORY_FRAMES_H
#define ESPIAL_TESTS_AUDIT_STORY_FRAMES_H

#include "story.h"

struct story_frame {
	size_t at;       /* offset in octets */
	uint32_t length; /* octets captured */
	uint32_t cut;    /* that were on the wire and are not captured */
	int64_t time_ns;
	uint16_t interface;
};

struct story_script {
	struct story_frame *frames; /* owned */
	size_t count, room;
	uint8_t *octets; /* of all frames; owned */
	size_t used, size;
	int64_t now_ns; /* the clock */
	uint16_t interface, vlan;
	uint32_t vni;
	uint32_t identification; /* of the last fragmented datagram */
};

#endif
