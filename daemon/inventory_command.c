/* SPDX-License-Identifier: Apache-2.0 */
/* See inventory_command.h. The same engine as an audit's; its records go to the inventory alone. */
#include "inventory_command.h"

#include "certificate.h"
#include "control_client.h"
#include "engine.h"
#include "offline.h"
#include "report/inventory.h"
#include "report/json_line.h"
#include "terminal.h"
#include "../config/config.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET = 65536 };

const char inventory_command_usage[] =
    "Usage: espial inventory [OPTION]...          of what the running espiald sees\n"
    "       espial inventory [OPTION]... FILE...  over capture files (pcap, pcapng; gzip or zstd too)\n"
    "       espial inventory [OPTION]... -        over a capture on standard input\n"
    "\n"
    "Lists the cryptography that IKE shows in clear, selected and offered, by pair and peer: algorithms,\n"
    "key lengths, groups, versions, modes, vendors, quantum-safe or not; of ESP what its form gives away.\n"
    "\n"
    "  -s, --secured A,B[,via=G,H]  as for espial audit\n"
    "  -c, --config FILE            policy and settings from a configuration file\n"
    "      --json                   JSON lines of type \"inventory\"\n"
    "      --cyclonedx              a CycloneDX 1.6 bill of materials of cryptography (CBOM)\n"
    "      --socket PATH            where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"
    "  -h, --help                   this text\n"
    "\n"
    "Exit status: 0, or 2 if the arguments or a file could not be used, or a file not to its end, or espiald could\n"
    "not be asked; what could be read of the files is listed all the same.\n";

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CYCLONEDX };

static const struct option options[] = {
	{ "secured", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "cyclonedx", no_argument, NULL, 'x' },
	{ "socket", required_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void tell(void *context, const char *text)
{
	(void)context;
	complain("%s", text);
}

static void on_record(void *context, const struct record *record)
{
	if (record->type == RECORD_NOTICE)
		tell(NULL, record->notice.text);
	else
		inventory_add(context, record);
}

/* EXIT_TROUBLE if a file was not read to its end; what was read is told all the same. */
static int read_files(struct inventory *inventory, struct config *config, char **paths, unsigned count)
{
	struct record_sink records = { on_record, inventory };
	struct offline *offline = offline_new((const char *const *)paths, count, tell, NULL);
	int status = EXIT_TROUBLE;

	if (!offline)
		return EXIT_TROUBLE;
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
		bool whole = engine_counters(engine).transitions_lost == 0;
		if (!whole)
			tell(NULL, "the inventory is incomplete: there was not enough memory for all messages");
		status = offline_damage(offline, tell, NULL) || !whole ? EXIT_TROUBLE : EXIT_DONE;
	} else {
		tell(NULL, "not enough memory for the tables; lower limits in the configuration");
	}
	engine_free(engine);
	offline_free(offline);
	return status;
}

/* EXIT_TROUBLE on lack of memory, and `status` otherwise: that standard output takes no more is told by main(). */
static int write_inventory(struct inventory *inventory, enum format format, const char *sensor, int status)
{
	const struct page page = { stdout, terminal_width(), terminal_colour(), terminal_unicode() };
	bool good = true;

	/* An empty bill would say that there is no cryptography, when there is no capture. */
	inventory_sort(inventory);
	if (status != EXIT_DONE && inventory_count(inventory) == 0)
		return status;
	if (format == FORMAT_JSON)
		good = inventory_write_json(inventory, stdout, sensor);
	else if (format == FORMAT_CYCLONEDX)
		good = inventory_write_cyclonedx(inventory, stdout, sensor);
	else
		inventory_write_text(inventory, &page);
	if (good)
		return status;
	if (!ferror(stdout))
		tell(NULL, "not enough memory");
	return EXIT_TROUBLE;
}

static int run(struct config *config, enum format format, char **paths, unsigned count)
{
	struct inventory *inventory = inventory_new(certificate_read, NULL);

	if (!inventory) {
		tell(NULL, "not enough memory");
		return EXIT_TROUBLE;
	}
	int status = read_files(inventory, config, paths, count);
	status = write_inventory(inventory, format, config->sensor, status);
	inventory_free(inventory);
	return status;
}

/* ---- of the running espiald ---- */

struct asked {
	struct inventory *inventory;
	char sensor[256];
	bool refused;
};

static void take_line(void *context, const char *line, size_t length)
{
	struct asked *asked = context;

	if (!asked->sensor[0]) {
		char *name = json_line_text(line, length, NULL, "sensor");
		snprintf(asked->sensor, sizeof(asked->sensor), "%s", name ? name : "");
		free(name);
	}
	asked->refused |= !inventory_take_line(asked->inventory, line, length);
}

static int ask_running(enum format format, const char *socket)
{
	struct asked asked = { .inventory = inventory_new(NULL, NULL) };
	struct control_client_error error = { "not enough memory" };
	static const char request[] = "{\"request\":\"inventory\"}";
	bool answered =
	    asked.inventory &&
	    control_client_ask(socket, request, format == FORMAT_JSON ? print_line : take_line, &asked, &error);
	int status = answered ? EXIT_DONE : ask_failed(&error);

	if (answered && asked.refused) {
		tell(NULL, "some lines could not be read: this espial and espiald are of different versions");
		status = EXIT_TROUBLE;
	} else if (answered && format != FORMAT_JSON) {
		status = write_inventory(asked.inventory, format, asked.sensor, EXIT_DONE);
	}
	inventory_free(asked.inventory);
	return status;
}

int inventory_command(int count, char **arguments)
{
	struct config_error error;
	const char *config_path = NULL, *socket = NULL;
	bool of_files = false, both = false;
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
			of_files = true;
		} else if (option == 'j') {
			both |= format == FORMAT_CYCLONEDX;
			format = FORMAT_JSON;
		} else if (option == 'x') {
			both |= format == FORMAT_JSON;
			format = FORMAT_CYCLONEDX;
		} else if (option == 'k') {
			socket = optarg;
		} else if (option == 's') {
			of_files = true;
		} else {
			fputs("Try 'espial inventory --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	int first = optind;
	if (both) {
		complain("--json and --cyclonedx: give one of them\nTry 'espial inventory --help'.");
		return EXIT_TROUBLE;
	}
	if (first == count && !of_files)
		return ask_running(format, socket);
	if (first == count || socket) {
		fputs("espial inventory: --secured and --config are for capture files, --socket is for the running "
		      "espiald\n"
		      "Try 'espial inventory --help'.\n",
		      stderr);
		return EXIT_TROUBLE;
	}
	struct config *config = config_path ? config_load(config_path, &error) : config_default();
	if (!config) {
		tell(NULL, config_path ? error.text : "not enough memory");
		return EXIT_TROUBLE;
	}
	optind = 1;
	while (good && (option = getopt_long(count, arguments, "s:c:h", options, NULL)) != -1)
		good = option != 's' || config_add_secured(config, optarg, &error);
	if (!good)
		tell(NULL, error.text);
	else if (!config_seal(config))
		tell(NULL, "not enough memory");
	else
		status = run(config, format, arguments + first, (unsigned)(count - first));
	config_free(config);
	return status;
}
