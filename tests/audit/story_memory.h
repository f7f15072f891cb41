/* SPDX-License-Identifier: Apache-2.0 */
/* What a reporter keeps of a story for the life after a restart: the last word of each pair, host and open alert. */
#ifndef ESPIAL_TESTS_STORY_MEMORY_H
#define ESPIAL_TESTS_STORY_MEMORY_H

#include "../../daemon/audit/record.h"

enum { STORY_MEMORY_MAX = 4096 };

struct story_memory {
	struct record records[STORY_MEMORY_MAX]; /* known_pair, known_host and finding; texts of evidence are NULL */
	size_t count;
};

/* What is forgotten, or over, goes. */
void story_memory_keep(struct story_memory *memory, const struct record *record);

#endif
