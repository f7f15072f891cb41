/* SPDX-License-Identifier: Apache-2.0 */
/* See reporter_sinks.h. */
#include "reporter_sinks.h"

#include "audit/record.h"
#include "evidence_keeper.h"
#include "loop.h"
#include "report/json.h"
#include "report/record_reader.h"
#include "report/store.h"
#include "report/syslog.h"
#include "report/text.h"
#include "report/tls.h"
#include "sandbox.h"
#include "../config/config.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WIDTH_DEFAULT = 100,
	/* Findings a sink may hold that are not known to have arrived. Of syslog a second telling would be seen by people; the
	 * store knows by the number what it has; a file is written to at once. */
	WINDOW_SYSLOG = 1,
	WINDOW_SERVER = 64, /* whose word is a round trip away */
	WINDOW_FILE = 64,
	WINDOW_STORE = 256,
};

static void say(const struct record_sink *notices, enum notice_level level, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = loop_wall_ns() };

	record.notice = (struct record_notice){ level, text };
	record_write(notices, &record);
}

bool reporter_spool_folder(const struct config *config, char folder[PATH_MAX])
{
	const char *state = getenv("STATE_DIRECTORY"); /* of systemd; several are parted by colons */
	const char *slash;

	if (config->spool.disabled)
		return false;
	if (config->spool.dir)
		snprintf(folder, PATH_MAX, "%s", config->spool.dir);
	else if (config->store.path && (slash = strrchr(config->store.path, '/')))
		snprintf(folder, PATH_MAX, "%.*s/spool", (int)(slash - config->store.path), config->store.path);
	else if (state && *state)
		snprintf(folder, PATH_MAX, "%.*s/spool", (int)strcspn(state, ":"), state);
	else
		return false;
	return true;
}

/* A folder that is made belongs to the user that will write there; one that is there is its owner's matter. */
static void prepare_folder(const char *path)
{
	const char *found = sandbox_user();
	char name[64]; /* what was found lies where getpwnam() writes */
	snprintf(name, sizeof(name), "%s", found ? found : "");
	const struct passwd *user = found ? getpwnam(name) : NULL;

	if (mkdir(path, 0750) == 0 && user)
		(void)!chown(path, user->pw_uid, user->pw_gid);
}

void reporter_prepare_folders(const struct config *config)
{
	char folder[PATH_MAX];
	char *slash;

	if (config->store.path) {
		snprintf(folder, sizeof(folder), "%s", config->store.path);
		slash = strrchr(folder, '/');
		if (slash && slash != folder) {
			*slash = '\0';
			prepare_folder(folder);
		}
	}
	if (reporter_spool_folder(config, folder))
		prepare_folder(folder);
	if (config->evidence.dir)
		prepare_folder(config->evidence.dir);
}

static bool add(struct outbox *outbox, struct sink *sink, unsigned window, bool kept, const char *what,
		const struct record_sink *notices)
{
	char text[160];

	if (sink && outbox_add(outbox, sink, window, kept))
		return true;
	snprintf(text, sizeof(text), "the %s sink cannot be made: not enough memory, or its path is too long", what);
	say(notices, NOTICE_ERROR, text);
	return false;
}

/* The text report is for a person at a terminal or behind a pipe; the journal gets the notices, the log the findings. */
static struct sink *text_sink(void)
{
	struct winsize size;
	const char *no_color = getenv("NO_COLOR");

	setlocale(LC_CTYPE, "");
	bool terminal = isatty(STDOUT_FILENO);
	unsigned width =
	    terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
	bool unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return text_sink_new(stdout, width, terminal && !(no_color && *no_color), unicode);
}

bool reporter_sinks_check(const struct config *config, char *problem, size_t problem_size)
{
	const struct config_syslog *syslog = &config->syslog;
	const struct tls_files files = { syslog->ca, syslog->certificate, syslog->key };

	if (!syslog->enabled || syslog->transport != CONFIG_TRANSPORT_TLS)
		return true;
	struct tls_context *context = tls_context_new(&files, problem, problem_size);
	bool usable = context != NULL;
	tls_context_free(context);
	return usable;
}

static struct sink *syslog_sink(const struct config *config, const struct record_sink *notices)
{
	static const enum syslog_shape shapes[] = {
		[CONFIG_SHAPE_EVENTLOG] = SYSLOG_SHAPE_EVENTLOG, [CONFIG_SHAPE_RFC5424] = SYSLOG_SHAPE_RFC5424,
		[CONFIG_SHAPE_CEF] = SYSLOG_SHAPE_CEF,           [CONFIG_SHAPE_ECS] = SYSLOG_SHAPE_ECS,
		[CONFIG_SHAPE_OCSF] = SYSLOG_SHAPE_OCSF,
	};
	static const enum remote_protocol protocols[] = { [CONFIG_TRANSPORT_UDP] = REMOTE_UDP,
							  [CONFIG_TRANSPORT_TCP] = REMOTE_TCP,
							  [CONFIG_TRANSPORT_TLS] = REMOTE_TLS };
	const struct config_syslog *syslog = &config->syslog;
	struct remote_options remote = { .protocol = protocols[syslog->transport],
					 .host = syslog->to,
					 .port = syslog->port,
					 .name = syslog->name,
					 .files = { syslog->ca, syslog->certificate, syslog->key } };
	struct syslog_options options = {
		.to = config->syslog.to,
		.sensor = config->sensor,
		.facility = config->syslog.facility,
		.remote = syslog->transport == CONFIG_TRANSPORT_SOCKET ? NULL : &remote,
		.shape = shapes[syslog->shape],
		.module = getenv("ESPIAL_EVTLOG_MODULE"),
		.notices = notices,
	};
	return syslog_sink_new(&options);
}

static struct sink *store_sink(const struct config *config, const struct record_sink *notices)
{
	struct store_settings settings = { .path = config->store.path,
					   .sensor = config->sensor,
					   .keep_ns = config->store.keep_ns,
					   .size_max = config->store.size,
					   .notices = *notices };
	return store_sink_new(&settings);
}

static bool add_sinks(struct outbox *outbox, const struct config *config, const struct record_sink *notices)
{
	if (!getenv("JOURNAL_STREAM") && !add(outbox, text_sink(), WINDOW_FILE, false, "text", notices))
		return false;
	if (config->syslog.enabled &&
	    !add(outbox, syslog_sink(config, notices),
		 config->syslog.transport == CONFIG_TRANSPORT_SOCKET ? WINDOW_SYSLOG : WINDOW_SERVER, true, "syslog",
		 notices))
		return false;
	if (config->json.file &&
	    !add(outbox, json_sink_new(config->json.file, config->sensor), WINDOW_FILE, true, "json", notices))
		return false;
	return !config->store.path || add(outbox, store_sink(config, notices), WINDOW_STORE, true, "store", notices);
}

struct evidence_keeper *reporter_evidence_new(const struct config *config, int engine,
					      const struct record_sink *notices)
{
	struct evidence_folder_settings settings = {
		.path = config->evidence.dir,
		.sensor = config->sensor,
		.file_size = config->evidence.file_size,
		.size = config->evidence.size,
		.files = config->evidence.files,
		.keep_ns = config->evidence.keep_ns,
		.notices = *notices,
	};
	return evidence_keeper_new(&settings, engine);
}

/* ---- what stood before ---- */

struct recalling {
	struct standing *standing;
	struct record_reader reader;
	uint64_t last;           /* record number of the last finding */
	unsigned refused;        /* records that are none */
	char first_refused[160]; /* what was wrong with the first of them */
};

static bool recall_line(void *context, const char *line)
{
	struct recalling *recalling = context;
	struct record record;

	if (record_from_json(line, strlen(line), &recalling->reader, &record))
		standing_take(recalling->standing, &record, line, strlen(line), 0);
	else if (recalling->refused++ == 0)
		snprintf(recalling->first_refused, sizeof(recalling->first_refused), "%s", recalling->reader.problem);
	return true;
}

static bool recall_alert(void *context, const struct store_alert *alert)
{
	struct recalling *recalling = context;

	if (alert->number > recalling->last)
		recalling->last = alert->number;
	recall_line(recalling, alert->record);
	standing_opened(recalling->standing, alert->alert, alert->opened_ns);
	if (alert->acknowledged_until_ns)
		standing_acknowledge(recalling->standing, alert->alert, alert->acknowledged_until_ns);
	return true;
}

/* Once for all of them: whoever wrote them may have written many. */
static void tell_refused(const struct recalling *recalling, const struct record_sink *notices)
{
	char text[360];

	if (!recalling->refused)
		return;
	snprintf(text, sizeof(text), "%u %s: what that tells of may be told or learned again (the first: %s)",
		 recalling->refused,
		 recalling->refused == 1 ? "record in the store is not as espial writes it, and is left out"
					 : "records in the store are not as espial writes them, and are left out",
		 recalling->first_refused);
	say(notices, NOTICE_WARNING, text);
}

/* Takes what stands from the store, if there is one; the number of the last finding in it. */
static uint64_t recall(const struct config *config, struct standing *standing, const struct record_sink *notices)
{
	struct recalling recalling = { .standing = standing };
	struct store_filter open = { .open = true, .severity = SEVERITY_INFO, .limit = STANDING_ALERTS_MAX };
	struct store_filter newest = { .severity = SEVERITY_INFO, .limit = 1 };
	char problem[300];
	struct store_view *view =
	    config->store.path ? store_view_open(config->store.path, problem, sizeof(problem)) : NULL;

	if (!view)
		return 0; /* not there yet, or not readable: the sink says so */
	bool whole = store_view_alerts(view, &newest, recall_alert, &recalling) >= 0;
	recalling.refused = 0; /* that one comes again if it is open */
	whole = store_view_alerts(view, &open, recall_alert, &recalling) >= 0 && whole;
	whole = store_view_known(view, recall_line, &recalling) >= 0 && whole;
	store_view_close(view);
	if (!whole)
		say(notices, NOTICE_WARNING,
		    "the store could not be read whole: what stood open may be told again under another number");
	tell_refused(&recalling, notices);
	record_reader_clear(&recalling.reader);
	return recalling.last;
}

struct outbox *reporter_outbox_new(const struct config *config, struct standing *standing, int refuge,
				   const struct record_sink *notices)
{
	char folder[PATH_MAX];
	bool durable = reporter_spool_folder(config, folder);
	/* A spool without a past counts from the clock, so that numbers rise even if the folder was emptied. */
	uint64_t first = (uint64_t)(loop_wall_ns() / 1000), last = recall(config, standing, notices);
	struct spool *spool = spool_open(durable ? folder : NULL, config->spool.size, first > last ? first : last + 1);
	char problem[160], reason[64];
	snprintf(problem, sizeof(problem), "the spool cannot be opened: %s; what is in it is kept",
		 strerror_r(spool ? ENOMEM : errno, reason, sizeof(reason)));

	if (spool && durable && refuge >= 0 && !spool_shelter(spool, refuge))
		say(notices, NOTICE_WARNING, "what no disk takes will not outlive the reporter: not enough memory");
	struct outbox *outbox = spool ? outbox_new(spool, standing, config->sensor, notices) : NULL;

	if (!outbox) {
		spool_close(spool);
		standing_free(standing);
		say(notices, NOTICE_ERROR, problem);
		return NULL;
	}
	bool whole = outbox_recall(outbox, last);
	if (!whole)
		say(notices, NOTICE_ERROR,
		    "the spool cannot be read whole: too little memory or too few descriptors; what is in it is kept");
	if (whole && add_sinks(outbox, config, notices))
		return outbox;
	outbox_free(outbox);
	return NULL;
}
