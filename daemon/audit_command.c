/* SPDX-License-Identifier: Apache-2.0 */
/* See audit_command.h. Puts configuration, captures, engine and one sink together, in one process. */
#include "audit_command.h"

#include "certificate.h"
#include "control_client.h"
#include "engine.h"
#include "evidence_post.h"
#include "interface_watch.h"
#include "live.h"
#include "loop.h"
#include "offline.h"
#include "report/evidence_folder.h"
#include "report/evidence_parcel.h"
#include "report/ike_log.h"
#include "report/json.h"
#include "report/text.h"
#include "sensor_watch.h"
#include "service_names.h"
#include "terminal.h"
#include "workers.h"
#include "../config/config.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUDGET = 65536, INTERFACES_MAX = 64 };

const char audit_command_usage[] =
    "Usage: espial audit [OPTION]... FILE...     audit capture files (pcap, pcapng; gzip or zstd too)\n"
    "       espial audit [OPTION]... -           audit a capture on standard input\n"
    "       espial audit [OPTION]... -i IFACE    audit an interface until Ctrl-C\n"
    "\n"
    "Says which pairs of hosts are secured by IPsec, which are not, and why. Times are UTC.\n"
    "\n"
    "  -s, --secured A,B[,via=G,H]  A and B (addresses or prefixes) have to be secured, by the\n"
    "                               gateways G and H where named; may be given several times\n"
    "  -c, --config FILE            policy and settings from a configuration file\n"
    "  -i, --interface IFACE        capture from an interface; may be given several times\n"
    "      --classify policy|all    name only what touches IPsec (default), or all cleartext\n"
    "      --severity LEVEL         exit with 1 for findings of this severity or above: critical,\n"
    "                               high, medium (default), low, info\n"
    "      --ike-log[=1..7]         every IKE message in words, among the findings: 1 outcomes, 2 one\n"
    "                               line each (default), 3 proposals, 4 notifies, vendors and NAT,\n"
    "                               5 every payload, 6 attributes and offsets, 7 octets in clear\n"
    "      --evidence DIR           a small capture of each alert into this folder, ALERT.pcapng: headers of\n"
    "                               the frames about it, no payload unless the configuration says ike\n"
    "      --workers N              threads that go through the frames of files, 1 to 8 (1); what is found is\n"
    "                               the same\n"
    "      --json                   JSON lines instead of the report\n"
    "  -h, --help                   this text\n"
    "\n"
    "Without --secured and --config, pairs that were seen to speak ESP are expected to go on doing so.\n"
    "Ctrl-C ends the reading of files too, and what was read until then is reported; a second one ends espial.\n"
    "Exit status: 0 nothing found, 1 findings, 2 the arguments or a file could not be used, or a file not to its\n"
    "end: the other files, and what was whole of one that is cut or damaged, are reported all the same.\n";

struct audit {
	struct config *config;
	struct sink *sink;
	enum finding_severity asked; /* this severity and above make the exit status 1 */
	bool found, json;
	unsigned workers;               /* of captures in files */
	unsigned ike_level;             /* of the IKE log; 0: none */
	struct ike_log *ike_log;        /* owned; NULL without */
	const char *evidence;           /* folder for captures of alerts; NULL: none */
	struct evidence_folder *folder; /* the same; owned */
	struct evidence_post *post;     /* owned */
	struct evidence_settings evidence_settings;
	bool progress; /* a progress line is on the terminal */
	bool show_progress;
	struct loop *loop;
	int64_t shown_ns;
};

static void hide_progress(struct audit *audit)
{
	if (!audit->progress)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	audit->progress = false;
}

static void interrupt(struct audit *audit, const char *text)
{
	hide_progress(audit);
	complain("%s", text);
}

/* A finding can go up and down in severity; what counts for the exit status is the worst word on it. */
static void on_record(void *context, const struct record *record)
{
	struct audit *audit = context;

	if (record->type == RECORD_NOTICE) {
		interrupt(audit, record->notice.text);
		return;
	}
	if (record->type == RECORD_FINDING && record->finding.state != FINDING_CLEAR &&
	    record->finding.severity <= audit->asked)
		audit->found = true;
	hide_progress(audit);
	if (audit->ike_log)
		ike_log_write(audit->ike_log, record);
	sink_write(audit->sink, record);
	if (audit->folder && record->type == RECORD_FINDING)
		evidence_folder_tell(audit->folder, record->finding.alert, &record->finding);
}

static bool put_capture(void *context, const uint8_t *parcel, size_t length)
{
	struct audit *audit = context;
	struct evidence_unpacking unpacking;

	if (evidence_parcel_open(&unpacking, parcel, length))
		(void)evidence_folder_add(audit->folder, unpacking.alert, parcel, length, loop_wall_ns());
	return true;
}

/* Tells the engine of captures, if some are wanted. False, after a message, if there is no memory for them. */
static bool want_evidence(struct audit *audit, struct engine_settings *settings)
{
	struct evidence_post_settings post = { put_capture, audit, settings->interface_name,
					       settings->interface_context };

	if (!audit->folder)
		return true;
	audit->post = evidence_post_new(&post);
	if (!audit->post) {
		interrupt(audit, "not enough memory for captures of alerts");
		return false;
	}
	audit->evidence_settings = evidence_post_fills(audit->post, &audit->config->evidence);
	settings->evidence = &audit->evidence_settings;
	return true;
}

/* NULL after a message. */
static struct engine *make_engine(struct audit *audit, struct engine_settings *settings,
				  const struct record_sink *records)
{
	struct engine *engine;

	if (!want_evidence(audit, settings))
		return NULL;
	engine = engine_new(settings, records);
	if (!engine)
		interrupt(audit, "not enough memory for the tables; lower limits in the configuration");
	return engine;
}

/* Makes the folder ready. False after a message. */
static bool prepare_evidence(struct audit *audit)
{
	struct evidence_folder_settings settings = {
		.path = audit->evidence,
		.sensor = audit->config->sensor,
		.file_size = audit->config->evidence.file_size,
		.anew = true,
		.notices = { on_record, audit },
	};

	if (mkdir(audit->evidence, 0777) != 0 && errno != EEXIST) {
		complain("--evidence %s: the folder cannot be made: %s", audit->evidence, strerror(errno));
		return false;
	}
	if (access(audit->evidence, W_OK | X_OK) != 0) {
		complain("--evidence %s: captures cannot be written there: %s", audit->evidence, strerror(errno));
		return false;
	}
	audit->folder = evidence_folder_new(&settings);
	if (!audit->folder)
		complain("not enough memory");
	return audit->folder != NULL;
}

/* Whether every capture was written; a message if not. */
static bool evidence_kept(struct audit *audit)
{
	const struct sink_health *health = audit->folder ? evidence_folder_health(audit->folder) : NULL;
	char text[256];

	if (!health || (health->up && health->dropped == 0))
		return true;
	snprintf(text, sizeof(text), "captures of alerts are incomplete: %llu frame%s lost%s%s",
		 (unsigned long long)health->dropped, health->dropped == 1 ? " or alert was" : "s or alerts were",
		 *health->problem ? ": " : "",
		 *health->problem ? health->problem
		 : health->up     ? "; there was no room for them"
				  : "");
	interrupt(audit, text);
	return false;
}

/* The end of time, and what is known by then. EXIT_TROUBLE, after a message, if not all of it could be judged. */
static int finish(struct audit *audit, struct engine *engine)
{
	char text[160];

	engine_finish(engine);
	engine_write_records(engine);
	if (audit->folder)
		evidence_folder_lost(audit->folder, engine_evidence_lost(engine));
	uint64_t lost = engine_counters(engine).transitions_lost;
	if (!lost)
		return audit->found ? EXIT_FINDINGS : EXIT_DONE;
	snprintf(text, sizeof(text), "the report is incomplete: for want of memory %llu %s not judged, or not whole",
		 (unsigned long long)lost, lost == 1 ? "message or change was" : "messages or changes were");
	interrupt(audit, text);
	return EXIT_TROUBLE;
}

static void show_progress(struct audit *audit, const struct offline *offline, struct engine *engine, int64_t began_ns)
{
	enum { BAR = 24, BAR_COLUMNS = 72 };
	int64_t now = loop_monotonic_ns();

	if (!audit->show_progress || now - audit->shown_ns < INT64_C(100000000))
		return;
	audit->shown_ns = now;
	double seconds = (double)(now - began_ns) / 1e9;
	if (seconds < 0.3)
		return;
	uint64_t packets = engine_counters(engine).track.packets;
	double part = offline_progress(offline);
	/* A line that does not fit would be another one each time. */
	bool wide = terminal_width() > BAR_COLUMNS;
	fputs("\r\033[K", stderr);
	if (part >= 0 && wide) {
		int filled = (int)(part * BAR);
		fprintf(stderr, "[%.*s%.*s] ", filled, "########################", BAR - filled,
			"........................");
	}
	if (part >= 0)
		fprintf(stderr, "%3.0f %%  ", part * 100);
	if (wide)
		fprintf(stderr, "%.1f million packets, ", (double)packets / 1e6);
	fprintf(stderr, "%.2f million/s", (double)packets / 1e6 / seconds);
	fflush(stderr);
	audit->progress = true;
}

static void on_damage(void *context, const char *text)
{
	interrupt(context, text);
}

/* Whether somebody does not want to wait for the end; with a number, that of the signal, he says so. */
static bool is_over(int number)
{
	static volatile sig_atomic_t over;

	if (number)
		over = 1;
	return over != 0;
}

static void on_signal(int number)
{
	(void)is_over(number);
}

/* The first Ctrl-C ends the reading, the second espial. Who writes into our standard input gets it too, and that ends then. */
static void heed_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

static int audit_files(struct audit *audit, char **paths, int count)
{
	struct record_sink records = { on_record, audit };
	struct offline *offline = offline_new((const char *const *)paths, (unsigned)count, on_damage, audit);
	struct engine *engine = NULL;
	int status = EXIT_TROUBLE;

	if (!offline)
		return EXIT_TROUBLE;
	struct engine_settings settings = { .config = audit->config,
					    .last_word = true,
					    .offline = true,
					    .workers = audit->workers,
					    .ike_messages = audit->ike_log != NULL,
					    .interface_name = offline_interface_name,
					    .interface_context = offline };
	engine = make_engine(audit, &settings, &records);
	if (engine) {
		int64_t began = loop_monotonic_ns();
		/* Which frames are evidence depends on when the judge looks, and so on where portions end. */
		if (audit->workers > 1 && !audit->folder)
			offline_gather(offline);
		bool more;
		heed_interrupt();
		while ((more = offline_read(offline, engine, BUDGET)) && !is_over(0))
			show_progress(audit, offline, engine, began);
		hide_progress(audit);
		status = finish(audit, engine);
		if (more)
			interrupt(audit, "interrupted: the report is about what was read until then");
		if (offline_damage(offline, on_damage, audit) || more)
			status = EXIT_TROUBLE;
	}
	engine_free(engine);
	offline_free(offline);
	return status;
}

static void on_interrupt(void *context)
{
	struct audit *audit = context;
	loop_stop(audit->loop);
}

static const char *watched_interface_name(void *context, uint16_t interface)
{
	const struct config *config = context;
	return interface < config->interface_count ? config->interfaces[interface].name : NULL;
}

static int audit_live(struct audit *audit)
{
	struct record_sink records = { on_record, audit };
	struct live_error error = { "not enough memory" };
	int status = EXIT_TROUBLE;

	audit->loop = loop_new();
	struct live *live = audit->loop ? live_new(audit->config, audit->loop, false, &records, &error) : NULL;
	if (!live) {
		interrupt(audit, error.text);
		loop_free(audit->loop);
		return EXIT_TROUBLE;
	}
	struct engine_settings settings = { .config = audit->config,
					    .last_word = true,
					    .workers = workers_wanted(audit->config),
					    .ike_messages = audit->ike_log != NULL,
					    .interface_name = watched_interface_name,
					    .interface_context = audit->config };
	struct engine *engine = make_engine(audit, &settings, &records);
	struct interface_watch *interfaces = interface_watch_new();
	struct sensor_watch *watch = engine ? sensor_watch_new(audit->loop, live, engine, interfaces,
							       audit->config->health.clock_step_ns, &records)
					    : NULL;
	if (watch && loop_on_signal(audit->loop, SIGINT, on_interrupt, audit) &&
	    loop_on_signal(audit->loop, SIGTERM, on_interrupt, audit)) {
		live_start(live, engine);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "espial: listening; Ctrl-C ends the audit and prints the report\n");
		loop_run(audit->loop);
		live_drain(live);
		status = finish(audit, engine);
		struct live_stats stats;
		live_read_stats(live, &stats);
		if (stats.dropped || stats.interface_dropped)
			fprintf(stderr,
				"espial: %llu frame%s dropped by the kernel and %llu before: the report is "
				"incomplete\n",
				(unsigned long long)stats.dropped, stats.dropped == 1 ? " was" : "s were",
				(unsigned long long)stats.interface_dropped);
	} else if (engine) {
		interrupt(audit, "not enough memory to watch the interfaces");
	}
	sensor_watch_free(watch);
	interface_watch_free(interfaces);
	live_free(live);
	engine_free(engine);
	loop_free(audit->loop);
	return status;
}

/* Where nobody looks on, a message keeps to one line, for grep. */
static struct ike_log *make_ike_log(const struct audit *audit)
{
	const struct ike_log_settings settings = {
		.file = stdout,
		.level = audit->ike_level,
		.width = terminal_has_width() ? terminal_width() : 0,
		.colour = terminal_colour(),
		.json = audit->json,
		.sensor = audit->config->sensor,
		.certificate = certificate_read,
	};
	return ike_log_new(&settings);
}

static struct sink *make_sink(const struct audit *audit)
{
	if (audit->json)
		return json_sink_new("-", audit->config->sensor);
	return text_sink_new(stdout, terminal_width(), terminal_colour(), terminal_unicode());
}

/* Whether the sink passed on all of the report; a message if not. */
static bool delivered(struct audit *audit)
{
	sink_tick(audit->sink, loop_monotonic_ns());
	const struct sink_health *health = &audit->sink->health;
	if (health->up && health->dropped == 0)
		return true;
	char text[256];
	snprintf(text, sizeof(text), "the report is incomplete: %s",
		 *health->problem ? health->problem : "standard output cannot be written");
	interrupt(audit, text);
	clearerr(stdout); /* main() has nothing to add */
	return false;
}

static int usage_error(const char *text)
{
	fprintf(stderr, "espial audit: %s\nTry 'espial audit --help'.\n", text);
	return EXIT_TROUBLE;
}

/* The options that add to the configuration, in the order given, after the configuration was made. */
static bool apply(struct audit *audit, int option, const char *value)
{
	struct config_error error;

	switch (option) {
	case 's':
		if (config_add_secured(audit->config, value, &error))
			return true;
		complain("%s", error.text);
		return false;
	case 'C':
		if (strcmp(value, "all") != 0 && strcmp(value, "policy") != 0) {
			usage_error("--classify takes 'policy' or 'all'");
			return false;
		}
		audit->config->classify = *value == 'a' ? CONFIG_CLASSIFY_ALL : CONFIG_CLASSIFY_POLICY;
		return true;
	default:
		return true;
	}
}

static bool number_of_workers(const char *text, unsigned *workers)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number < 1 || number > WORKERS_MAX)
		return false;
	*workers = (unsigned)number;
	return true;
}

int audit_command(int count, char **arguments)
{
	static const struct option options[] = {
		{ "secured", required_argument, NULL, 's' },
		{ "config", required_argument, NULL, 'c' },
		{ "interface", required_argument, NULL, 'i' },
		{ "classify", required_argument, NULL, 'C' },
		{ "severity", required_argument, NULL, 'S' },
		{ "ike-log", optional_argument, NULL, 'I' },
		{ "evidence", required_argument, NULL, 'E' },
		{ "workers", required_argument, NULL, 'W' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct audit audit = { .asked = SEVERITY_MEDIUM };
	struct config_error error;
	const char *config_path = NULL;
	const char *named[INTERFACES_MAX];
	size_t interfaces = 0;
	int option;

	setlocale(LC_CTYPE, "");
	optind = 1;
	while ((option = getopt_long(count, arguments, "s:c:i:h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(audit_command_usage, stdout);
			return EXIT_DONE;
		case 'c':
			config_path = optarg;
			break;
		case 'i':
			if (interfaces == INTERFACES_MAX)
				return usage_error("too many interfaces");
			named[interfaces++] = optarg;
			break;
		case 'j':
			audit.json = true;
			break;
		case 'W':
			if (!number_of_workers(optarg, &audit.workers))
				return usage_error("--workers takes a number from 1 to 8");
			break;
		case 'E':
			audit.evidence = optarg;
			break;
		case 'I':
			if (optarg && (optarg[0] < '1' || optarg[0] > '0' + IKE_LOG_LEVEL_MAX || optarg[1]))
				return usage_error("--ike-log takes a level from 1 to 7");
			audit.ike_level = optarg ? (unsigned)(optarg[0] - '0') : IKE_LOG_LEVEL_DEFAULT;
			break;
		case 'S': {
			int severity = finding_severity_find(optarg);
			if (severity < 0)
				return usage_error("--severity takes critical, high, medium, low or info");
			audit.asked = (enum finding_severity)severity;
			break;
		}
		case 's':
		case 'C':
			break;
		default:
			fputs("Try 'espial audit --help'.\n", stderr);
			return EXIT_TROUBLE;
		}
	}
	int files = count - optind;
	int first_file = optind;
	if (interfaces && files > 0)
		return usage_error("name capture files or interfaces, not both");
	if (!interfaces && files == 0)
		return usage_error("name a capture file, '-' for standard input, or an interface with -i");
	if (interfaces && audit.workers)
		return usage_error("--workers is for capture files; for interfaces it is capture.workers of the "
				   "configuration");
	if (!audit.workers)
		audit.workers = 1;

	audit.config = config_path ? config_load(config_path, &error) : config_default();
	if (!audit.config) {
		complain("%s", config_path ? error.text : "not enough memory");
		return EXIT_TROUBLE;
	}
	if (config_path)
		service_names_complain(&audit.config->policy, "espial", config_path);
	int status = EXIT_TROUBLE;
	bool good = true;
	if (interfaces && !config_only_interfaces(audit.config, named, interfaces)) {
		complain("not enough memory");
		good = false;
	}
	optind = 1;
	while (good && (option = getopt_long(count, arguments, "s:c:i:h", options, NULL)) != -1)
		good = apply(&audit, option, optarg);
	if (good && !config_seal(audit.config)) {
		complain("not enough memory");
		good = false;
	}
	if (good && audit.evidence)
		good = prepare_evidence(&audit);
	if (good && audit.ike_level && !(audit.ike_log = make_ike_log(&audit))) {
		complain("not enough memory");
		good = false;
	}
	if (good && !(audit.sink = make_sink(&audit)))
		complain("not enough memory");
	if (audit.sink) {
		audit.show_progress = isatty(STDERR_FILENO);
		status = interfaces ? audit_live(&audit) : audit_files(&audit, arguments + first_file, files);
		if (!delivered(&audit) || !evidence_kept(&audit))
			status = EXIT_TROUBLE;
		sink_close(audit.sink);
	}
	ike_log_free(audit.ike_log);
	evidence_post_free(audit.post);
	evidence_folder_free(audit.folder);
	config_free(audit.config);
	return status;
}
