/* SPDX-License-Identifier: Apache-2.0 */
/* A store file of fuzz_store.c and fuzz_store_cells.c: written, read as espial reads it, and taken away. */
#ifndef ESPIAL_TESTS_FUZZ_STORE_READING_H
#define ESPIAL_TESTS_FUZZ_STORE_READING_H

#include "fuzz.h"

#include "daemon/report/store.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { STORE_HANDED_MAX = 10000 };

static char store_path[64];

static inline void store_remove(void)
{
	static const char *const behind[] = { "", "-wal", "-shm", "-journal" };

	for (unsigned i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s%s", store_path, behind[i]);
		unlink(name);
	}
}

/* In memory where the system has such a folder: no disk is needed for thousands of files a second. */
static inline void store_name(void)
{
	if (store_path[0])
		return;
	snprintf(store_path, sizeof(store_path), "%s/espial-fuzz-store.%d",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	atexit(store_remove);
}

static inline void store_put(const uint8_t *data, size_t size)
{
	store_name();
	store_remove();
	int file = open(store_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	DEMAND(file >= 0 && write(file, data, size) == (ssize_t)size);
	close(file);
}

static inline bool store_take_alert(void *context, const struct store_alert *alert)
{
	unsigned *handed = context;

	DEMAND(alert->id && alert->state && alert->record);
	DEMAND((unsigned)alert->severity < SEVERITY_COUNT);
	return ++*handed < STORE_HANDED_MAX;
}

static inline bool store_take_known(void *context, const char *record)
{
	unsigned *handed = context;

	DEMAND(record != NULL);
	return ++*handed < STORE_HANDED_MAX;
}

static inline bool store_take_volume(void *context, const struct store_volume *volume)
{
	unsigned *handed = context;

	DEMAND(volume->rule && volume->what);
	return ++*handed < STORE_HANDED_MAX;
}

static inline bool store_note_look(void *context, const struct store_look *look)
{
	unsigned *handed = context;

	(void)look;
	return ++*handed < STORE_HANDED_MAX;
}

static inline bool store_take_selection(void *context, const struct store_selection *selection)
{
	unsigned *handed = context;

	DEMAND(selection->initiator && selection->responder && selection->selected && selection->rule);
	return ++*handed < STORE_HANDED_MAX;
}

static inline void store_read_past(struct store_view *view, int64_t day)
{
	const struct store_span all = { 0, INT64_MAX };
	unsigned handed = 0;

	store_view_rules(view, &all, store_take_volume, &handed);
	handed = 0;
	store_view_days(view, &all, store_take_volume, &handed);
	handed = 0;
	store_view_traffic(view, day, store_take_volume, &handed);
	handed = 0;
	store_view_looks(view, &all, store_note_look, &handed);
	handed = 0;
	store_view_selections(view, &all, store_take_selection, &handed);
	handed = 0;
	store_view_sensor(view, &all, store_take_alert, &handed);
	store_view_begin(view);
}

/* `alert`: one that is asked for by itself. False, with a sentence, if it is no store. */
static inline bool store_read(uint64_t alert, int64_t day)
{
	struct store_filter filter = { .severity = SEVERITY_INFO, .limit = STORE_HANDED_MAX };
	char problem[240] = "";
	struct store_view *view = store_view_open(store_path, problem, sizeof(problem));
	unsigned handed = 0;

	if (!view) {
		DEMAND(problem[0] && memchr(problem, '\0', sizeof(problem)));
		return false;
	}
	store_view_alerts(view, &filter, store_take_alert, &handed);
	handed = 0;
	store_view_history(view, alert, store_take_alert, &handed);
	handed = 0;
	store_view_known(view, store_take_known, &handed);
	store_read_past(view, day);
	store_view_close(view);
	return true;
}

#endif
