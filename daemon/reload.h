/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration on its way from the monitor, which may read files, to the engine, which may not.
 *
 * The monitor sends the text; the engine reads it anew, since nothing but octets can pass between them, and answers with
 * one line. Message: "config LENGTH\n", then LENGTH octets: the name for messages, the interfaces that were named on the
 * command line one a line, an empty line, the YAML. Answer: "+\n", or "-" and a sentence and a newline.
 */
#ifndef ESPIAL_DAEMON_RELOAD_H
#define ESPIAL_DAEMON_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct loop;
struct reload_reader;

enum { RELOAD_TEXT_MAX = 4 << 20, RELOAD_PROBLEM_SIZE = 512 };

/* The monitor's side. Sends the message and waits for the answer, five seconds at most. False with one sentence. */
bool reload_send(int descriptor, const char *text, size_t length, char *problem, size_t problem_size);

/* The engine's side: `take` is given each configuration that can be used, sealed, and owns it; it returns whether it is in
 * force, or false with one sentence. NULL on lack of memory. */
struct reload_reader *reload_reader_new(struct loop *loop, int descriptor,
					bool (*take)(void *context, struct config *config, char *problem,
						     size_t problem_size),
					void *context);
void reload_reader_free(struct reload_reader *reader);

#endif
