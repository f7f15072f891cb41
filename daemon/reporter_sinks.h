/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reporter passes findings on with: spool, sinks and what stands, as the configuration has it.
 */
#ifndef ESPIAL_DAEMON_REPORTER_SINKS_H
#define ESPIAL_DAEMON_REPORTER_SINKS_H

#include "report/outbox.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct config;
struct evidence_keeper;

/* Whether the files without which a sink cannot be made can be used: those of TLS. If not, `problem` is one sentence that names it. */
bool reporter_sinks_check(const struct config *config, char *problem, size_t problem_size);

/* Makes the folders of spool, store and captures where they are missing, for the user that the reporter is about to become. To be
 * called while it may still do that. */
void reporter_prepare_folders(const struct config *config);

/* Where the spool is to be; false: nowhere. */
bool reporter_spool_folder(const struct config *config, char folder[PATH_MAX]);

/* The outbox with all sinks; NULL after a notice. `standing` is filled from store and spool, and belongs to the outbox.
 * refuge: of spool_refuge_new(); -1: none. */
struct outbox *reporter_outbox_new(const struct config *config, struct standing *standing, int refuge,
				   const struct record_sink *notices);

/* What keeps captures of alerts, of which the configuration names a folder; `engine`: where they come from. NULL on lack of
 * memory. */
struct evidence_keeper *reporter_evidence_new(const struct config *config, int engine,
					      const struct record_sink *notices);

#endif
