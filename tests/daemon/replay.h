/* SPDX-License-Identifier: Apache-2.0 */
/* A capture through the engine, with every IKE message as a record; and golden texts to compare with. */
#ifndef ESPIAL_TESTS_DAEMON_REPLAY_H
#define ESPIAL_TESTS_DAEMON_REPLAY_H

#include "../../config/config.h"
#include "../../daemon/engine.h"
#include "../../daemon/offline.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void replay_fails(void *context, const char *text)
{
	(void)context;
	ck_abort_msg("%s", text);
}

/* Of a file in this folder. */
static inline void replay(const char *name, void (*write)(void *context, const struct record *record), void *context)
{
	char path[512];
	const char *paths[] = { path };
	struct record_sink sink = { write, context };
	struct config *config = config_default();

	snprintf(path, sizeof(path), "%s/%s", TEST_DIRECTORY, name);
	ck_assert_ptr_nonnull(config);
	ck_assert(config_seal(config));
	struct offline *offline = offline_new(paths, 1, replay_fails, NULL);
	ck_assert_ptr_nonnull(offline);
	struct engine_settings settings = { .config = config, .offline = true, .ike_messages = true };
	struct engine *engine = engine_new(&settings, &sink);
	ck_assert_ptr_nonnull(engine);
	while (offline_read(offline, engine, 1024))
		;
	engine_finish(engine);
	engine_write_records(engine);
	engine_free(engine);
	offline_free(offline);
	config_free(config);
}

/* Compares with the file; with ESPIAL_GOLDEN set in the environment, writes it instead. */
static inline void compare_golden(const char *name, const char *text, size_t length)
{
	char path[512], stored[65536];
	bool write = getenv("ESPIAL_GOLDEN") != NULL;

	snprintf(path, sizeof(path), "%s/%s", TEST_DIRECTORY, name);
	FILE *file = fopen(path, write ? "w" : "r");
	ck_assert_msg(file != NULL, "no %s", path);
	size_t count = write ? fwrite(text, 1, length, file) : fread(stored, 1, sizeof(stored), file);
	fclose(file);
	ck_assert_msg(count == length && (write || memcmp(stored, text, length) == 0), "%s differs from:\n%s", name,
		      text);
}

#endif
