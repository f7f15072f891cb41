/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store file that a disk or somebody else changed. The input is the database; it is opened for writing, as the sink does,
 * and read through a view, as `espial alerts` does. Damage may cost the history and has to be said; every text that is handed
 * over has to be one.
 */
#include "fuzz.h"

#include "daemon/report/store.h"
#include "daemon/report/store_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, HANDED_MAX = 10000 };

static char path[64];

static void remove_files(void)
{
	static const char *const behind[] = { "", "-wal", "-shm", "-journal" };

	for (unsigned i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s%s", path, behind[i]);
		unlink(name);
	}
}

/* In memory where the system has such a folder: no disk is needed for thousands of files a second. */
static void write_file(const uint8_t *data, size_t size)
{
	if (!path[0]) {
		snprintf(path, sizeof(path), "%s/espial-fuzz-store.%d",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
		atexit(remove_files);
	}
	remove_files();
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	DEMAND(file >= 0 && write(file, data, size) == (ssize_t)size);
	close(file);
}

static bool take_alert(void *context, const struct store_alert *alert)
{
	unsigned *handed = context;

	DEMAND(alert->id && alert->state && alert->record);
	DEMAND((unsigned)alert->severity < SEVERITY_COUNT);
	return ++*handed < HANDED_MAX;
}

static bool take_known(void *context, const char *record)
{
	unsigned *handed = context;

	DEMAND(record != NULL);
	return ++*handed < HANDED_MAX;
}

static bool take_volume(void *context, const struct store_volume *volume)
{
	unsigned *handed = context;

	DEMAND(volume->rule && volume->what);
	return ++*handed < HANDED_MAX;
}

static bool take_look(void *context, const struct store_look *look)
{
	unsigned *handed = context;

	(void)look;
	return ++*handed < HANDED_MAX;
}

static bool take_selection(void *context, const struct store_selection *selection)
{
	unsigned *handed = context;

	DEMAND(selection->initiator && selection->responder && selection->selected && selection->rule);
	return ++*handed < HANDED_MAX;
}

static void read_past(struct store_view *view)
{
	const struct store_span all = { 0, INT64_MAX };
	unsigned handed = 0;

	store_view_rules(view, &all, take_volume, &handed);
	handed = 0;
	store_view_days(view, &all, take_volume, &handed);
	handed = 0;
	store_view_traffic(view, 20778, take_volume, &handed);
	handed = 0;
	store_view_looks(view, &all, take_look, &handed);
	handed = 0;
	store_view_selections(view, &all, take_selection, &handed);
	handed = 0;
	store_view_sensor(view, &all, take_alert, &handed);
	store_view_begin(view);
}

static void read_view(void)
{
	struct store_filter filter = { .severity = SEVERITY_INFO, .limit = HANDED_MAX };
	char problem[240] = "";
	struct store_view *view = store_view_open(path, problem, sizeof(problem));
	unsigned handed = 0;

	if (!view) {
		DEMAND(problem[0] && memchr(problem, '\0', sizeof(problem)));
		return;
	}
	store_view_alerts(view, &filter, take_alert, &handed);
	handed = 0;
	store_view_history(view, 1, take_alert, &handed);
	handed = 0;
	store_view_known(view, take_known, &handed);
	read_past(view);
	store_view_close(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_problem problem = { "" };
	struct sqlite3 *database = NULL;

	if (size > FILE_MAX)
		return 0;
	write_file(data, size);
	read_view();
	enum store_file_state state = store_file_open(path, &database, &problem);
	DEMAND((state == STORE_FILE_READY) == (database != NULL));
	if (database)
		sqlite3_close(database);
	else
		DEMAND(problem.text[0] && memchr(problem.text, '\0', sizeof(problem.text)));
	read_view();
	remove_files();
	return 0;
}
