/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the control socket, for the commands of espial. Blocks; speaks docs/control-protocol.md. */
#ifndef ESPIAL_DAEMON_CONTROL_CLIENT_H
#define ESPIAL_DAEMON_CONTROL_CLIENT_H

#include "../dissectors/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What is said when something cannot be asked, and what to do about it. */
struct control_client_error {
	char text[512];
	bool unanswered; /* without a word: nobody listens where somebody did, or the conversation ended */
};

/*
 * Asks, and hands over each line of the answer, without its newline, but the last. `socket`: path, NULL for
 * ESPIAL_SOCKET of the environment, or the usual one. False with the error set, by this end or by the other. It ends
 * early, and true, once standard output has failed: what is to be said of that, main() says.
 */
bool control_client_ask(const char *socket, const char *request,
			void (*each)(void *context, const char *line, size_t length), void *context,
			struct control_client_error *error);

/* Writes the request `what`, about all, or about what is of one address or of the pair of two. */
enum { PAIR_REQUEST_SIZE = 256 };
void control_client_pair_request(char request[PAIR_REQUEST_SIZE], const char *what, const struct address *addresses,
				 unsigned count);

/* What most commands have in common. */
struct ask_options {
	const char *socket;
	bool json;
	unsigned watch; /* seconds between two looks; 0: once */
	FILE *screen;   /* where the look of now goes, of a terminal that is watched; NULL: standard output */
};

enum { EXIT_DONE = 0, EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };

/* "espial: " and the text on standard error, below what was printed so far. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where a command prints what it was asked for. */
FILE *ask_output(const struct ask_options *options);

/* What is no mistake, as that there is nothing to list: the text alone, on a screen that is watched, else beside the output. */
void say_beside(const struct ask_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells the error; returns EXIT_TROUBLE. */
int ask_failed(const struct control_client_error *error);

/* The "text" of a line, safe for a terminal; it may have several lines. */
void control_client_text(const char *line, size_t length, char *text, size_t size);

/* Prints a line as it came. */
void print_line(void *context, const char *line, size_t length);

/* Calls `once` as often as --watch wants; returns its status. On a terminal each look begins at the top, and has no more lines than there
 * are: the first ones, which matter most. The options are those that `once` finds in its context. */
int ask_repeatedly(struct ask_options *options, int (*once)(void *context), void *context);

/* Seconds of --watch[=SECONDS]; 0 with a message if it is none. */
unsigned ask_watch_seconds(const char *text);

#endif
