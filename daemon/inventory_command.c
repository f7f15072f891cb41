/* SPDX-License-Identifier: Apache-2.0 */
/* See inventory_command.h. The same engine as an audit's; its records go to the inventory alone. */
#include "inventory_command.h"

#include "certificate.h"
#include "engine.h"
#include "offline.h"
#include "report/inventory.h"
#include "terminal.h"
#include "../config/config.h"

#include <getopt.h>
#include <locale.h>
#include <stdlib.h>

enum { EXIT_DONE = 0, EXIT_TROUBLE = 2, BUDGET = 65536 };

const char inventory_command_usage[] =
    "Usage: espial inventory [OPTION]... FILE...  over capture files (pcap, pcapng; gzip or zstd too)\n"
    "       espial inventory [OPTION]... -        over a capture on standard input\n"
    "\n"
    "Lists the cryptography that IKE shows in clear, selected and offered, by pair and peer: algorithms,\n"
    "key lengths, groups, versions, modes, vendors, quantum-safe or not; of ESP what its form gives away.\n"
    "\n"
    "  -s, --secured A,B[,via=G,H]  as for espial audit\n"
    "  -c, --config FILE            policy and settings from a configuration file\n"
    "      --json                   JSON lines of type \"inventory\"\n"
    "      --cyclonedx              a CycloneDX 1.6 bill of materials of cryptography (CBOM)\n"
    "  -h, --help                   this text\n"
    "\n"
    "Exit status: 0, or 2 if the arguments or a file could not be used.\n";

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CYCLONEDX };

static const struct option options[] = {
	{ "secured", required_argument, NULL, 's' }, { "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },          { "cyclonedx", no_argument, NULL, 'x' },
	{ "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
};

static void complain(void *context, const char *text)
{
	(void)context;
	fprintf(stderr, "espial: %s\n", text);
}

static void on_record(void *context, const struct record *record)
{
	if (record->type == RECORD_NOTICE)
		complain(NULL, record->notice.text);
	else
		inventory_add(context, record);
}

/* EXIT_TROUBLE if a file was not read to its end; what was read is told all the same. */
static int read_files(struct inventory *inventory, struct config *config, char **paths, unsigned count)
{
	struct offline_error error = { "not enough memory" };
	struct record_sink records = { on_record, inventory };
	const char **names = calloc(count, sizeof(*names));
	struct offline *offline = NULL;
	int status = EXIT_TROUBLE;

	for (unsigned i = 0; names && i < count; i++)
		names[i] = paths[i];
	if (names)
		offline = offline_new(names, count, &error);
	free(names);
	if (!offline) {
		complain(NULL, error.text);
		return EXIT_TROUBLE;
	}
	struct engine_settings settings = { .config = config,
					    .offline = true,
					    .ike_messages = true,
					    .interface_name = offline_interface_name,
					    .interface_context = offline };
	struct engine *engine = engine_new(&settings, &records);
	if (engine) {
		while (offline_read(offline, engine, BUDGET))
			;
		engine_finish(engine);
		engine_write_records(engine);
		status = offline_damage(offline, complain, NULL) ? EXIT_TROUBLE : EXIT_DONE;
	} else {
		complain(NULL, "not enough memory for the tables; lower limits in the configuration");
	}
	engine_free(engine);
	offline_free(offline);
	return status;
}

static int run(struct config *config, enum format format, char **paths, unsigned count)
{
	struct inventory *inventory = inventory_new(certificate_read, NULL);
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	bool good = true;

	if (!inventory) {
		complain(NULL, "not enough memory");
		return EXIT_TROUBLE;
	}
	int status = read_files(inventory, config, paths, count);
	inventory_sort(inventory);
	if (format == FORMAT_JSON)
		good = inventory_write_json(inventory, stdout, config->sensor);
	else if (format == FORMAT_CYCLONEDX)
		good = inventory_write_cyclonedx(inventory, stdout, config->sensor);
	else if (status == EXIT_DONE || inventory_count(inventory))
		inventory_write_text(inventory, &page);
	inventory_free(inventory);
	if (good)
		return status;
	complain(NULL, "not enough memory");
	return EXIT_TROUBLE;
}

int inventory_command(int count, char **arguments)
{
	struct config_error error;
	const char *config_path = NULL;
	enum format format = FORMAT_TEXT;
	int option, status = EXIT_TROUBLE;
	bool good = true;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "s:c:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(inventory_command_usage, stdout);
			return EXIT_DONE;
		} else if (option == 'c') {
			config_path = optarg;
		} else if (option == 'j') {
			format = FORMAT_JSON;
		} else if (option == 'x') {
			format = FORMAT_CYCLONEDX;
		} else if (option != 's') {
			fputs("Try 'espial inventory --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	int first = optind;
	if (first == count) {
		fputs("espial inventory: name a capture file, or '-' for standard input\n"
		      "Try 'espial inventory --help'.\n",
		      stderr);
		return EXIT_TROUBLE;
	}
	struct config *config = config_path ? config_load(config_path, &error) : config_default();
	if (!config) {
		complain(NULL, config_path ? error.text : "not enough memory");
		return EXIT_TROUBLE;
	}
	optind = 1;
	while (good && (option = getopt_long(count, arguments, "s:c:h", options, NULL)) != -1)
		good = option != 's' || config_add_secured(config, optarg, &error);
	if (!good)
		complain(NULL, error.text);
	else if (!config_seal(config))
		complain(NULL, "not enough memory");
	else
		status = run(config, format, arguments + first, (unsigned)(count - first));
	config_free(config);
	return status;
}
