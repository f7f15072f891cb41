/* SPDX-License-Identifier: Apache-2.0 */
/* espial: the person's tool. One table of commands; each lives in its own file. */
#include "alerts_command.h"
#include "audit_command.h"
#include "capture.h"
#include "check_config_command.h"
#include "classify.h"
#include "control_client.h"
#include "explain_command.h"
#include "inventory_command.h"
#include "listing_command.h"
#include "loop.h"
#include "order_command.h"
#include "report/crypto_memory.h"
#include "report/json.h"
#include "report_command.h"
#include "status_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	const char *what;
	int (*run)(int count, char **arguments);
};

static const struct command commands[] = {
	{ "audit", "check captures or an interface: who is secured, who is not, and why", audit_command },
	{ "explain", "what a finding means, what else looks like it, what to do, where to look", explain_command },
	{ "inventory", "cryptography that espiald or captures show, by pair and peer; as CBOM too", inventory_command },
	{ "status", "how the running espiald fares: capture, losses, tables, sinks", status_command },
	{ "pairs", "every pair with its verdict, rule, and octets secured and in clear", pairs_command },
	{ "sas", "every SA: SPI, age, octets, loss, and what it replaced", sas_command },
	{ "ike", "every IKE SA: outcome, last step, what was selected", ike_command },
	{ "alerts", "what espiald has told: list, show one, say that it is known", alerts_command },
	{ "report", "for audit: share secured by rule, leaks, blind time, cryptography", report_command },
	{ "reload", "have espiald read its configuration again", reload_command },
	{ "check-config", "whether espiald could use a configuration; what it would have raised",
	  check_config_command },
	{ "test-alert", "one marked alert through every sink, from end to end", test_alert_command },
};

static void usage(FILE *file)
{
	fputs("Usage: espial COMMAND [OPTION]...\n\nespial audits IPsec from the wire.\n\nCommands:\n", file);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(file, "  %-12s %s\n", commands[i].name, commands[i].what);
	fputs("\n'espial COMMAND --help' or 'espial help COMMAND' tells more. 'espial --version' names the libraries "
	      "in use.\n",
	      file);
}

/* Runs the command arguments[0]. */
static int run(int count, char **arguments)
{
	static char program[32]; /* "espial audit": getopt begins its messages with it */

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, arguments[0]) == 0) {
			snprintf(program, sizeof(program), "espial %s", commands[i].name);
			arguments[0] = program;
			return commands[i].run(count, arguments);
		}
	complain("'%s' is no command\nTry 'espial --help'.", arguments[0]);
	return 2;
}

/* 'espial help audit' is 'espial audit --help'. */
static int help(int count, char **arguments)
{
	char option[] = "--help";
	char *asked[] = { count > 1 ? arguments[1] : NULL, option, NULL };

	if (count > 2) {
		fputs("espial: help: name one command\nTry 'espial --help'.\n", stderr);
		return 2;
	}
	if (asked[0] && asked[0][0] != '-')
		return run(2, asked);
	usage(stdout);
	return 0;
}

/* The number of a closed descriptor would be the next socket's or file's, and what is printed would go there. */
static void take_closed_descriptors(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/*
 * The status of what ran, or EXIT_TROUBLE, after a message, if not all that it printed is out: who keeps a list for later
 * has to learn that the disk was full. Who reads no further, as head, ends the process by SIGPIPE before, silently.
 */
static int printed(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* Why an earlier write failed is not known any more if the last one did not. */
	complain("what was printed is incomplete: standard output: %s",
		 errno ? strerror(errno) : "not all could be written; is there room on the disk?");
	return EXIT_TROUBLE;
}

static int choose(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : NULL;

	if (!name) {
		usage(stderr);
		return 2;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(name, "help") == 0)
		return help(count - 1, arguments + 1);
	if (strcmp(name, "--version") == 0) {
		printf("espial %s\n%s\nnDPI %s\nlibevent %s\n", ESPIAL_VERSION, capture_library(), classifier_library(),
		       loop_library());
		return 0;
	}
	return run(count - 1, arguments + 1);
}

int main(int count, char **arguments)
{
	take_closed_descriptors();
	json_memory_or_end();
	crypto_memory_or_end();
	return printed(choose(count, arguments));
}
