/* SPDX-License-Identifier: Apache-2.0 */
/* See listing_command.h. One way for three lists: ask, read records, put rows, write a table. */
#include "listing_command.h"

#include "control_client.h"
#include "ike_log_command.h"
#include "loop.h"
#include "promote_command.h"
#include "report/finding_fields.h"
#include "report/hex.h"
#include "report/record_reader.h"
#include "report/text_table.h"
#include "report/timestamp.h"
#include "terminal.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

#define COMMON_OPTIONS                                                                                                 \
	"      --json             JSON lines, as espiald has them\n"                                                   \
	"      --watch[=SECONDS]  again and again, every 2 seconds unless told otherwise\n"                            \
	"      --socket PATH      where espiald listens (default: ESPIAL_SOCKET, or /run/espial/control.sock)\n"       \
	"  -h, --help             this text\n"                                                                         \
	"\n"                                                                                                           \
	"Exit status: 0, or 2 if espiald could not be asked.\n"

static const char pairs_usage[] =
    "Usage: espial pairs [OPTION]... [ADDRESS [ADDRESS]]\n"
    "       espial pairs promote [--name NAME] [ADDRESS [ADDRESS]]\n"
    "\n"
    "Lists the pairs that the running espiald sees, or those of one or two addresses: verdict, rule, octets secured\n"
    "and in clear, rekeys. 'promote' writes rules for the configuration file that make learned pairs ones that must "
    "be\n"
    "secured, each with what it rests on: for all learned pairs, those of an address, or the pair of two.\n"
    "\n"
    "      --name NAME        promote, of two addresses: the rule's name (default: made of them)\n" COMMON_OPTIONS;

static const char sas_usage[] =
    "Usage: espial sas [OPTION]... [ADDRESS [ADDRESS]]\n"
    "\n"
    "Lists the ESP and AH SAs that the running espiald sees, or those of one or two "
    "addresses: SPI, age, octets, packets,\n"
    "loss, and which SA each one replaced. AGE is the time since the first packet in view; of "
    "an SA that is\n"
    "superseded or ended, how long it was used.\n"
    "\n" COMMON_OPTIONS;

static const char ike_usage[] = "Usage: espial ike [OPTION]... [ADDRESS [ADDRESS]]\n"
				"\n"
				"Lists the IKE SAs that the running espiald saw, or those of one or two addresses: "
				"version, outcome, the last step,\n"
				"what was selected, how the peers prove themselves, NAT.\n"
				"\n"
				"      --log[=1..7]       IKE messages in words, as they come, until it is ended: 1 "
				"outcomes, 2 one line each,\n"
				"                         to 7 every octet in clear (default 2)\n" COMMON_OPTIONS;

enum { TEXT_SIZE = 256, OUTPUT_BUFFER = 256 << 10 };

struct listing {
	const char *request, *usage, *nothing; /* nothing: what there are none of */
	const struct text_column *columns;
	unsigned column_count;
	void (*put)(struct text_table *table, const struct record *record, int64_t now_ns);
};

struct asked {
	const struct listing *listing;
	struct ask_options options;
	struct address address[2];
	unsigned address_count;
	/* of one answer */
	int64_t now_ns; /* wall clock, of this machine as all that espiald says */
	struct text_table *table;
	struct record_reader reader;
	bool refused;
};

static void put_address(struct text_table *table, const struct address *address)
{
	struct address_text text;

	text_table_put(table, STYLE_PLAIN, address_text(address, &text));
}

static void put_count(struct text_table *table, uint64_t count)
{
	struct page_figure figure;

	text_table_put(table, STYLE_PLAIN, page_count(count, &figure));
}

static void put_octets(struct text_table *table, enum page_style style, uint64_t octets)
{
	struct page_figure figure;

	text_table_put(table, octets ? style : STYLE_QUIET, octets ? page_octets(octets, &figure) : "-");
}

static void put_spi(struct text_table *table, enum page_style style, uint32_t spi)
{
	const uint8_t octets[] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8), (uint8_t)spi };
	char text[sizeof("0x00000000")] = "0x";

	hex_put(text + 2, octets, sizeof(octets));
	text_table_put(table, style, text);
}

static void put_span(struct text_table *table, int64_t nanoseconds)
{
	struct page_figure figure;

	text_table_put(table, STYLE_PLAIN, page_duration(nanoseconds, &figure));
}

static enum page_style verdict_style(enum pair_verdict verdict)
{
	switch (verdict) {
	case PAIR_SECURED:
		return STYLE_GOOD;
	case PAIR_MIXED:
		return STYLE_HIGH;
	case PAIR_INTEGRITY_ONLY:
		return STYLE_MEDIUM;
	default:
		return STYLE_PLAIN;
	}
}

/* ---- pairs ---- */

/* Where capture.realm keeps networks with equal addresses apart. */
static void put_realm(struct text_table *table, uint32_t realm, const char *interface)
{
	char number[REALM_TEXT_SIZE];
	const char *text = realm_text(realm, interface, number);

	text_table_put(table, STYLE_PLAIN, text ? text : "-");
}

static const struct text_column pair_columns[] = {
	{ .title = "A" },
	{ .title = "B" },
	{ .title = "REALM", .if_any = true },
	{ .title = "VERDICT" },
	{ .title = "RULE", .flexible = true, .rank = 1 },
	{ .title = "ESP, AH", .right = true, .rank = 2 },
	{ .title = "CLEAR", .right = true, .rank = 2 },
	{ .title = "REKEYS", .right = true, .rank = 4 },
	{ .title = "IN CLEAR", .flexible = true, .rank = 3 },
};

static void put_pair(struct text_table *table, const struct record *record, int64_t now_ns)
{
	(void)now_ns;
	const struct record_pair *pair = &record->pair;
	char names[TEXT_SIZE] = "";
	uint64_t clear = 0;

	for (size_t i = 0; i < pair->cleartext_count; i++) {
		size_t used = strlen(names);
		clear += pair->cleartext[i].bytes;
		snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
			 pair->cleartext[i].name ? pair->cleartext[i].name : "?");
	}
	put_address(table, &pair->a);
	put_address(table, &pair->b);
	put_realm(table, pair->realm, pair->realm_interface);
	text_table_put(table, verdict_style(pair->verdict), pair_verdict_name(pair->verdict));
	text_table_put(table, STYLE_PLAIN, pair->rule ? pair->rule : "-");
	put_octets(table, STYLE_PLAIN, pair->esp_bytes);
	put_octets(table, pair->verdict == PAIR_MIXED ? STYLE_HIGH : STYLE_PLAIN, clear);
	put_count(table, pair->rekeys);
	text_table_put(table, STYLE_PLAIN, names);
}

/* ---- SAs ---- */

static const struct text_column sa_columns[] = {
	{ .title = "SOURCE" },
	{ .title = "DESTINATION" },
	{ .title = "REALM", .if_any = true },
	{ .title = "SPI" },
	{ .title = "PROTO", .rank = 6 },
	{ .title = "STATE" },
	{ .title = "AGE", .right = true, .rank = 1 },
	{ .title = "PACKETS", .right = true, .rank = 2 },
	{ .title = "OCTETS", .right = true, .rank = 2 },
	{ .title = "LOST", .right = true, .rank = 4 },
	{ .title = "REPLACES", .rank = 5 },
};

/* Of one that is in use its age, however long ago the last packet came; of one that is over, how long it was used. */
static int64_t sa_age(const struct record_sa *sa, int64_t now_ns)
{
	bool in_use = sa->state == SA_ACTIVE || sa->state == SA_STALE;

	return (in_use && now_ns > sa->last_ns ? now_ns : sa->last_ns) - sa->first_ns;
}

static void put_sa(struct text_table *table, const struct record *record, int64_t now_ns)
{
	static const char *const protocols[2][3] = { { "esp", "esp/udp", "esp/tcp" }, { "ah", "ah/udp", "ah/tcp" } };
	const struct record_sa *sa = &record->sa;

	put_address(table, &sa->src);
	put_address(table, &sa->dst);
	put_realm(table, sa->realm, sa->realm_interface);
	put_spi(table, STYLE_PLAIN, sa->spi);
	text_table_put(table, STYLE_PLAIN,
		       protocols[sa->protocol == 51][sa->encap == PACKET_ENCAP_NONE  ? 0
						     : sa->encap == PACKET_ENCAP_UDP ? 1
										     : 2]);
	text_table_put(table,
		       sa->state == SA_ACTIVE  ? STYLE_GOOD
		       : sa->state == SA_STALE ? STYLE_HIGH
					       : STYLE_QUIET,
		       sa_state_name(sa->state));
	put_span(table, sa_age(sa, now_ns));
	put_count(table, sa->packets);
	put_octets(table, STYLE_PLAIN, sa->bytes);
	if (sa->lost < 0)
		text_table_put(table, STYLE_QUIET, "?");
	else
		put_count(table, (uint64_t)sa->lost);
	if (sa->has_replaces)
		put_spi(table, STYLE_QUIET, sa->replaces);
	else
		text_table_put(table, STYLE_QUIET, "-");
}

/* ---- IKE SAs ---- */

static const struct text_column ike_columns[] = {
	{ .title = "INITIATOR" },
	{ .title = "RESPONDER" },
	{ .title = "OUTCOME" },
	{ .title = "IKE", .rank = 1 },
	{ .title = "STEP", .rank = 3 },
	{ .title = "LAST (UTC)", .rank = 2 },
	{ .title = "AUTH", .rank = 5 },
	{ .title = "NAT", .rank = 6 },
	{ .title = "SELECTED", .flexible = true, .rank = 4 },
};

static void put_ike(struct text_table *table, const struct record *record, int64_t now_ns)
{
	(void)now_ns;
	const struct record_ike_sa *ike = &record->ike_sa;
	char names[TEXT_SIZE] = "";
	struct page_figure figure;

	put_address(table, &ike->initiator);
	put_address(table, &ike->responder);
	text_table_put(table,
		       ike->outcome == IKE_OUTCOME_ESTABLISHED   ? STYLE_GOOD
		       : ike->outcome == IKE_OUTCOME_IN_PROGRESS ? STYLE_PLAIN
								 : STYLE_HIGH,
		       ike_outcome_name(ike->outcome));
	snprintf(names, sizeof(names), "%u.%u", ike->major, ike->minor);
	text_table_put(table, STYLE_PLAIN, names);
	text_table_put(table, STYLE_PLAIN, ike->step ? ike->step : "-");
	text_table_put(table, STYLE_PLAIN, page_time(record->time_ns, &figure));
	text_table_put(table, STYLE_PLAIN, ike->auth ? ike->auth : "-");
	text_table_put(table, STYLE_PLAIN, ike->nat ? ike->nat : "-");
	names[0] = '\0';
	for (size_t i = 0; i < ike->selected_count; i++) {
		size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", used ? "/" : "", ike->selected[i]);
	}
	text_table_put(table, STYLE_PLAIN, names[0] ? names : "-");
}

#define COLUMNS(columns) columns, sizeof(columns) / sizeof((columns)[0])

static const struct listing pairs = { "pairs", pairs_usage, "pairs", COLUMNS(pair_columns), put_pair };
static const struct listing sas = { "sas", sas_usage, "SAs", COLUMNS(sa_columns), put_sa };
static const struct listing ike = { "ike", ike_usage, "IKE SAs", COLUMNS(ike_columns), put_ike };

/* ---- asking ---- */

static void take_line(void *context, const char *line, size_t length)
{
	struct asked *asked = context;
	struct record record;

	if (record_from_json(line, length, &asked->reader, &record))
		asked->listing->put(asked->table, &record, asked->now_ns);
	else
		asked->refused = true;
}

static void say_nothing(const struct asked *asked)
{
	if (asked->address_count)
		say_beside(&asked->options, "espiald has seen no %s of %s; 'espial %s' lists all there are",
			   asked->listing->nothing, asked->address_count == 2 ? "these two together" : "this address",
			   asked->listing->request);
	else
		say_beside(&asked->options, "espiald has seen no %s yet; 'espial status' tells whether frames arrive",
			   asked->listing->nothing);
}

static int list_once(void *context)
{
	struct asked *asked = context;
	struct control_client_error error;
	char request[PAIR_REQUEST_SIZE];
	const struct page page = { ask_output(&asked->options), terminal_width(), terminal_colour(),
				   terminal_unicode() };

	control_client_pair_request(request, asked->listing->request, asked->address, asked->address_count);
	if (asked->options.json)
		return control_client_ask(asked->options.socket, request, print_line, NULL, &error)
			   ? EXIT_DONE
			   : ask_failed(&error);
	asked->table = text_table_new(asked->listing->columns, asked->listing->column_count);
	if (!asked->table) {
		complain("not enough memory");
		return EXIT_TROUBLE;
	}
	asked->now_ns = loop_wall_ns();
	bool answered = control_client_ask(asked->options.socket, request, take_line, asked, &error);
	if (!answered)
		ask_failed(&error);
	else if (text_table_rows(asked->table) == 0)
		say_nothing(asked);
	else
		text_table_write(asked->table, &page, terminal_has_width());
	text_table_free(asked->table);
	record_reader_clear(&asked->reader);
	if (asked->refused)
		complain("some lines could not be read: this espial and espiald are of different versions");
	return answered && !asked->refused ? EXIT_DONE : EXIT_TROUBLE;
}

/* Whether the options belong together; a message if not. */
static bool belong_together(const struct asked *asked, bool promoting, bool named, unsigned level)
{
	const char *problem = NULL;

	if (named && !promoting)
		problem = "--name is for 'espial pairs promote'";
	else if (promoting && (asked->options.json || asked->options.watch))
		problem = "--json and --watch are not for 'espial pairs promote', which writes rules, once";
	else if (level && asked->options.watch)
		problem = "--log goes on until it is ended: leave out --watch";
	if (problem)
		complain("%s\nTry 'espial %s --help'.", problem, asked->listing->request);
	return !problem;
}

static int command(const struct listing *listing, int count, char **arguments)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ "name", required_argument, NULL, 'n' },
		{ "log", optional_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct asked asked = { .listing = listing };
	const char *name = NULL;
	bool promoting = false;
	unsigned level = 0;
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(listing->usage, stdout);
			return EXIT_DONE;
		} else if (option == 'j') {
			asked.options.json = true;
		} else if (option == 'w') {
			asked.options.watch = ask_watch_seconds(optarg);
			if (!asked.options.watch)
				return EXIT_TROUBLE;
		} else if (option == 's') {
			asked.options.socket = optarg;
		} else if (option == 'n' && listing == &pairs) {
			name = optarg;
		} else if (option == 'l' && listing == &ike) {
			level = ike_log_level(optarg);
			if (!level)
				return EXIT_TROUBLE;
		} else {
			/* What getopt knows is of another list, and it said nothing. */
			if (option == 'n' || option == 'l')
				complain("--%s is for 'espial %s'", option == 'n' ? "name" : "log",
					 option == 'n' ? "pairs promote" : "ike");
			fprintf(stderr, "Try 'espial %s --help'.\n", listing->request);
			return EXIT_TROUBLE;
		}
	}
	if (listing == &pairs && optind < count && strcmp(arguments[optind], "promote") == 0) {
		promoting = true;
		optind++;
	}
	for (; optind < count; optind++) {
		if (asked.address_count == 2 ||
		    !address_parse(arguments[optind], &asked.address[asked.address_count])) {
			complain("'%s' is not an address, or one too many\nTry 'espial %s --help'.", arguments[optind],
				 listing->request);
			return EXIT_TROUBLE;
		}
		asked.address_count++;
	}
	if (!belong_together(&asked, promoting, name != NULL, level))
		return EXIT_TROUBLE;
	/* Lists have tens of megabytes, and what is no terminal takes them in large pieces. */
	if (!level && !isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	if (level)
		return ike_log_listen(&asked.options, level, asked.address, asked.address_count);
	if (promoting)
		return promote_pairs(asked.options.socket, asked.address, asked.address_count, name);
	return ask_repeatedly(&asked.options, list_once, &asked);
}

int pairs_command(int count, char **arguments)
{
	return command(&pairs, count, arguments);
}

int sas_command(int count, char **arguments)
{
	return command(&sas, count, arguments);
}

int ike_command(int count, char **arguments)
{
	return command(&ike, count, arguments);
}
