/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the configurations that an engine was given: of rules, interfaces and maintenance windows. What was told is known by them for
 * as long as it lasts, and records on their way borrow them, in whatever thread. So they outlive the configurations they came with, each
 * kept once, and nothing else of a configuration does.
 *
 * Called by engine_process.c, in the capturing thread.
 */
#ifndef ESPIAL_DAEMON_KEPT_NAMES_H
#define ESPIAL_DAEMON_KEPT_NAMES_H

#include <stdbool.h>

struct config;

struct kept_names {
	void *root; /* tree of names, owned; NULL: none */
};

/* The names in the configuration are those that are kept from now on: it goes by kept_names_free_config() only. False on lack of memory. */
bool kept_names_take(struct kept_names *names, struct config *config);

/* Frees a configuration, but not its names; NULL: nothing. */
void kept_names_free_config(struct kept_names *names, struct config *config);

/* Frees the names. */
void kept_names_clear(struct kept_names *names);

#endif
