/* SPDX-License-Identifier: Apache-2.0 */
/* espiald: the daemon. Reads its arguments and its configuration, and leaves the rest to the monitor. */
#include "capture.h"
#include "classify.h"
#include "audit/finding.h"
#include "http_listen.h"
#include "memory_limits.h"
#include "loop.h"
#include "monitor.h"
#include "processors.h"
#include "report/crypto_memory.h"
#include "report/json.h"
#include "reporter_sinks.h"
#include "service_names.h"
#include "../config/config.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_TROUBLE = 2, INTERFACES_MAX = 64 };

static const char usage[] =
    "Usage: espiald [-c FILE] [-i IFACE]... [--check-config]\n"
    "\n"
    "Watches interfaces for hosts that should speak IPsec and do not, and tells syslog.\n"
    "Stays in the foreground; SIGTERM ends it with a summary, SIGHUP reads the configuration\n"
    "again, SIGUSR1 writes its present state: as JSON lines to report.json.file, where that is set,\n"
    "and, started by hand, as a report on standard output.\n"
    "\n"
    "  -c, --config FILE      configuration; without one: learn who speaks ESP, tell /dev/log\n"
    "  -i, --interface IFACE  capture here, instead of where the configuration says\n"
    "      --check-config     only say whether the configuration can be used\n"
    "      --version          versions of espiald and of the libraries in use\n"
    "  -h, --help             this text\n";

struct arguments {
	const char *config_path;
	const char *interfaces[INTERFACES_MAX];
	size_t interface_count;
	bool check;
};

/* What messages call the configuration. */
static const char *name_of(const struct arguments *arguments)
{
	return arguments->config_path ? arguments->config_path : "defaults";
}

/* NULL after a message. */
static struct config *configure(const struct arguments *arguments)
{
	struct config_error error = { "not enough memory" };
	struct config *config = arguments->config_path ? config_load(arguments->config_path, &error) : config_default();

	if (!config) {
		fprintf(stderr, "espiald: %s\n", error.text);
		return NULL;
	}
	if ((arguments->interface_count &&
	     !config_only_interfaces(config, arguments->interfaces, arguments->interface_count)) ||
	    !config_seal(config)) {
		fprintf(stderr, "espiald: not enough memory\n");
		config_free(config);
		return NULL;
	}
	if (arguments->config_path)
		service_names_complain(&config->policy, "espiald", arguments->config_path);
	return config;
}

/* Whether espiald can start with it; `problem` says why not. The same for a start, a check and a reload. */
static bool can_start(const struct arguments *arguments, const struct config *config, char *problem, size_t size)
{
	char reason[256];

	if (config->interface_count == 0 && arguments->config_path)
		snprintf(problem, size, "%s: no interface to watch: name one under 'capture', or with -i",
			 arguments->config_path);
	else if (config->interface_count == 0)
		snprintf(problem, size,
			 "no interface to watch: name one with -i, or under 'capture' in a configuration file (-c)");
	else if (!reporter_sinks_check(config, reason, sizeof(reason)))
		snprintf(problem, size, "%s: report.syslog: %s", arguments->config_path, reason);
	else
		return true;
	return false;
}

/* The message for the engine, see reload.h; NULL on lack of memory. */
static char *write_message(const struct arguments *arguments, const char *yaml, size_t yaml_length, size_t *length)
{
	char *text = NULL;
	FILE *memory = open_memstream(&text, length);

	if (!memory)
		return NULL;
	fprintf(memory, "%s\n", name_of(arguments));
	for (size_t i = 0; i < arguments->interface_count; i++)
		fprintf(memory, "%s\n", arguments->interfaces[i]);
	fputc('\n', memory);
	fwrite(yaml, 1, yaml_length, memory);
	bool whole = !ferror(memory);
	if (fclose(memory) == 0 && whole)
		return text;
	free(text);
	return NULL;
}

/* The configuration, and the message that has the very octets it was read from: a file may be written meanwhile. */
static struct config *read_and_tell(const struct arguments *arguments, char **text, size_t *length,
				    struct config_error *error)
{
	const char *path = arguments->config_path;
	size_t yaml_length = 0;
	char *yaml = path ? config_read(path, &yaml_length, error) : strdup("");
	struct config *config = NULL;

	if (yaml)
		config = path ? config_parse(path, yaml, yaml_length, error) : config_default();
	*text = config ? write_message(arguments, yaml, yaml_length, length) : NULL;
	free(yaml);
	if (config && !*text)
		snprintf(error->text, sizeof(error->text), "not enough memory");
	return config;
}

/* Whether the configuration, read again, may take the place of the one in force. */
static bool can_follow(const struct arguments *arguments, struct config *config, char *problem, size_t size)
{
	struct limits_outcome limits;

	if (!limits_fit(config, &limits)) {
		snprintf(problem, size, "%s: %s", name_of(arguments), limits.text);
		return false;
	}
	if (!processors_check(config, problem, size))
		return false;
	if (!(arguments->interface_count == 0 ||
	      config_only_interfaces(config, arguments->interfaces, arguments->interface_count)) ||
	    !config_seal(config)) {
		snprintf(problem, size, "not enough memory");
		return false;
	}
	return can_start(arguments, config, problem, size);
}

/* A configuration that cannot be used leaves the one in force as it is, and capture going. */
static struct config *read_again(void *context, char **text, size_t *length, char *problem, size_t problem_size)
{
	const struct arguments *arguments = context;
	struct config_error error = { "not enough memory" };
	struct config *config = read_and_tell(arguments, text, length, &error);

	if (!*text)
		snprintf(problem, problem_size, "%s", error.text);
	if (*text && can_follow(arguments, config, problem, problem_size)) {
		if (arguments->config_path)
			service_names_complain(&config->policy, "espiald", arguments->config_path);
		return config;
	}
	config_free(config);
	return NULL;
}

/* Whether another espiald, which does not end in a moment, has the folder of the spool; a message if so. */
static bool is_taken(const struct config *config)
{
	enum {
		LOOKS = 50,
		BETWEEN_US = 100000
	}; /* the reporter of one that was killed has what it told to bring home */
	char folder[PATH_MAX];

	if (!reporter_spool_folder(config, folder))
		return false;
	for (unsigned i = 0; i < LOOKS; i++) {
		if (!spool_is_taken(folder))
			return false;
		usleep(BETWEEN_US);
	}
	fprintf(stderr,
		"espiald: %s: another espiald keeps its findings there: end it first (as a service: systemctl stop "
		"espiald), or give this one a report.spool.dir and a report.store.path of its own\n",
		folder);
	return true;
}

static int serve(const struct arguments *arguments)
{
	struct config *config = configure(arguments);
	struct monitor_reload reload = { read_again, (void *)(uintptr_t)arguments };

	struct limits_outcome limits;

	if (!config)
		return EXIT_TROUBLE;
	if (!limits_fit(config, &limits)) {
		fprintf(stderr, "espiald: %s: %s\n", name_of(arguments), limits.text);
		config_free(config);
		return EXIT_TROUBLE;
	}
	char problem[512];
	if (!can_start(arguments, config, problem, sizeof(problem))) {
		fprintf(stderr, "espiald: %s\n", problem);
		config_free(config);
		return EXIT_TROUBLE;
	}
	char pins[PROCESSORS_PROBLEM_SIZE];
	bool pinned = processors_check(config, pins, sizeof(pins));
	if (arguments->check && !pinned) {
		fprintf(stderr, "espiald: %s\n", pins);
		config_free(config);
		return EXIT_TROUBLE;
	}
	if (arguments->check) {
		if (!http_token_check(config->http.token_file, problem, sizeof(problem)))
			fprintf(stderr, "espiald: %s: %s\n", arguments->config_path, problem);
		printf("%s: usable, %zu rule%s, %zu interface%s\n", name_of(arguments), config->policy.rule_count,
		       finding_plural(config->policy.rule_count), config->interface_count,
		       finding_plural(config->interface_count));
		config_free(config);
		return 0;
	}
	if (is_taken(config)) {
		config_free(config);
		return EXIT_TROUBLE;
	}
	fprintf(stderr, "%sespiald: %s%s\n", getenv("JOURNAL_STREAM") ? "<6>" : "", limits.text,
		limits.scaled ? ", for which those that the file does not name were made smaller" : "");
	if (limits_exceed_service(config, limits.text))
		fprintf(stderr, "%sespiald: %s\n", getenv("JOURNAL_STREAM") ? "<4>" : "", limits.text);
	/* A sensor that is blind for the sake of speed helps nobody. */
	if (!pinned)
		fprintf(stderr, "%sespiald: %s; capturing without it\n", getenv("JOURNAL_STREAM") ? "<4>" : "", pins);
	int status = monitor_run(config, &reload);
	config_free(config);
	return status;
}

int main(int count, char **values)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "interface", required_argument, NULL, 'i' },
		{ "check-config", no_argument, NULL, 'k' }, { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
	};
	struct arguments arguments = { 0 };
	int option;

	json_memory_or_end();
	crypto_memory_or_end();
	while ((option = getopt_long(count, values, "c:i:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments.config_path = optarg;
			break;
		case 'i':
			if (arguments.interface_count == INTERFACES_MAX) {
				fprintf(stderr, "espiald: more than %d interfaces\n", INTERFACES_MAX);
				return EXIT_TROUBLE;
			}
			arguments.interfaces[arguments.interface_count++] = optarg;
			break;
		case 'k':
			arguments.check = true;
			break;
		case 'v':
			printf("espiald %s\n%s\nnDPI %s\nlibevent %s\n", ESPIAL_VERSION, capture_library(),
			       classifier_library(), loop_library());
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("Try 'espiald --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	if (optind < count) {
		fprintf(stderr, "espiald: '%s' is not an option\nTry 'espiald --help'.\n", values[optind]);
		return EXIT_TROUBLE;
	}
	return serve(&arguments);
}
