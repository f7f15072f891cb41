/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a telling, as lines of text that tests compare and search. Lack of memory ends the test. */
#ifndef ESPIAL_TESTS_STORY_WORDS_H
#define ESPIAL_TESTS_STORY_WORDS_H

#include "story.h"

enum { STORY_LINE_SIZE = 2048 };

struct story_text {
	char *octets; /* owned */
	size_t used, size;
};

void story_say(struct story_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void story_say_finding(struct story_text *text, const struct finding *finding);
void story_say_record(struct story_text *text, const struct record *record);

/* What was said, the caller's; never NULL. */
char *story_text_take(struct story_text *text);

#endif
