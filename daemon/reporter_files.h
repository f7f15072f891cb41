/* SPDX-License-Identifier: Apache-2.0 */
/* Which files the reporter may reach, by its configuration: what it keeps, and nothing else. */
#ifndef ESPIAL_DAEMON_REPORTER_FILES_H
#define ESPIAL_DAEMON_REPORTER_FILES_H

#include "audit/record.h"
#include "sandbox_files.h"

#include <limits.h>

struct config;

enum { REPORTER_PLACES_MAX = 24, REPORTER_PORTS_MAX = 2, REPORTER_FOLDERS = 5 };

/* The paths live here, or in the configuration. */
struct reporter_files {
	struct sandbox_files files;
	struct sandbox_place places[REPORTER_PLACES_MAX];
	uint16_t ports[REPORTER_PORTS_MAX];
	char folders[REPORTER_FOLDERS][PATH_MAX];
};

void reporter_files_list(const struct config *config, struct reporter_files *list);

/* Loads what later cannot be reached any more, and confines the process to the list. A notice where the kernel cannot. */
void reporter_confine_files(const struct config *config, const struct record_sink *notices);

#endif
