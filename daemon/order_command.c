/* SPDX-License-Identifier: Apache-2.0 */
/* See order_command.h. */
#include "order_command.h"

#include "control_client.h"

#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 100, AGAIN_TRIES = 20, OUTCOME_SIZE = 16 << 10 };

#define COMMON_OPTIONS                                                                                                 \
	"      --json         JSON lines, as espiald has them\n"                                                       \
	"      --socket PATH  where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"           \
	"  -h, --help         this text\n"

static const char reload_usage[] =
    "Usage: espial reload [OPTION]...\n"
    "\n"
    "Has the running espiald read its configuration again, as SIGHUP does. Capture goes on, and what is known of "
    "pairs, SAs\n"
    "and alerts stays. A configuration with a mistake is refused, and the one in force stays.\n"
    "\n" COMMON_OPTIONS "\n"
    "Exit status: 0 if the new configuration is in force, 2 if not.\n";

static const char test_alert_usage[] =
    "Usage: espial test-alert [OPTION]...\n"
    "\n"
    "Has the running espiald send one alert through every sink, from end to end: severity high, rule 'test', between\n"
    "192.0.2.1 and 192.0.2.2, and its clear a moment later. Tells for each sink whether it was passed on.\n"
    "\n" COMMON_OPTIONS "\n"
    "Exit status: 0 if every sink passed it on, 2 if not.\n";

/* An outcome is {"type":"outcome","text":"..."}. */
static void tell_outcome(void *context, const char *line, size_t length)
{
	char text[OUTCOME_SIZE];

	(void)context;
	control_client_text(line, length, text, sizeof(text));
	if (*text)
		puts(text);
}

/* again: what is asked for may be done twice, and is asked for again where one reporter of espiald follows on another. */
static int order(const char *name, const char *usage, bool again, int count, char **arguments)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *socket = NULL;
	struct control_client_error error;
	bool json = false;
	char request[64];
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_DONE;
		} else if (option == 'j') {
			json = true;
		} else if (option == 's') {
			socket = optarg;
		} else {
			fprintf(stderr, "Try 'espial %s --help'.\n", name);
			return EXIT_TROUBLE;
		}
	}
	if (optind < count) {
		complain("'%s' is not expected here\nTry 'espial %s --help'.", arguments[optind], name);
		return EXIT_TROUBLE;
	}
	snprintf(request, sizeof(request), "{\"request\":\"%s\"}", name);
	for (unsigned tries = 0;; tries++) {
		if (control_client_ask(socket, request, json ? print_line : tell_outcome, NULL, &error))
			return EXIT_DONE;
		if (!again || !error.unanswered || tries == AGAIN_TRIES)
			return ask_failed(&error);
		poll(NULL, 0, AGAIN_MS);
	}
}

int reload_command(int count, char **arguments)
{
	return order("reload", reload_usage, true, count, arguments);
}

int test_alert_command(int count, char **arguments)
{
	return order("test-alert", test_alert_usage, false, count, arguments);
}
