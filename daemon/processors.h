/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processors, and which of them threads run on: `capture.pin`. sched_setaffinity(2) of the calling thread alone, which is all that the
 * sandbox lets the engine do.
 */
#ifndef ESPIAL_DAEMON_PROCESSORS_H
#define ESPIAL_DAEMON_PROCESSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;

enum { PROCESSORS_MAX = 1024, PROCESSORS_TEXT_SIZE = 128, PROCESSORS_PROBLEM_SIZE = 512 };

/* Some processors by their numbers, each once, in an order that means something. */
struct processors {
	uint16_t list[PROCESSORS_MAX];
	unsigned count; /* 0: none, or wherever the system likes, as the use is */
};

/* What the configuration asks for, of all interfaces, in the order of the file. */
void processors_asked(const struct config *config, struct processors *asked);

/* The part of worker `index` of `count`, from 0: every count-th from its own on; where there are fewer processors than workers, one,
 * which others have too. */
void processors_share(const struct processors *all, unsigned index, unsigned count, struct processors *share);

/* Whether threads of this process can run on all that the configuration asks for. If not, `problem` is the sentence, with file, line
 * and key. Starts a thread, which tries. */
bool processors_check(const struct config *config, char *problem, size_t problem_size);

/* The calling thread runs there from now on. False if it may on none of them, or there are none in it. */
bool processors_take(const struct processors *processors);

/* Where a thread of this process may run by now: 0 is the calling one. In rising order; none if nobody says. */
void processors_of(pid_t thread, struct processors *processors);

/* Whether the same processors are in both, in whatever order. */
bool processors_same(const struct processors *one, const struct processors *other);

/* "0-3,5": in rising order; what does not fit ends in "...". Returns text. */
const char *processors_text(const struct processors *processors, char text[PROCESSORS_TEXT_SIZE]);

#endif
