/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each process of espiald may still do (DESIGN section 9).
 *
 * Started as root, processes become the user `espial` (or, where there is none, `nobody`); started as an ordinary user
 * with CAP_NET_RAW, as the systemd unit does, they keep that user. In both cases the engine keeps CAP_NET_RAW alone and
 * the reporter nothing.
 */
#ifndef ESPIAL_DAEMON_SANDBOX_H
#define ESPIAL_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

struct sandbox_error {
	char text[256];
};

/* Gives up root, groups and every capability but CAP_NET_RAW (`keep_net_raw`) or all, for good: no program started from
 * here can get more. False with the error set. */
bool sandbox_drop(bool keep_net_raw, struct sandbox_error *error);

/* Which process it is. */
enum sandbox_role { SANDBOX_MONITOR, SANDBOX_ENGINE, SANDBOX_REPORTER };

/*
 * Confines all threads of the process to the system calls of its role, for good. What no process of espiald ever does
 * (starting programs, tracing, mounting, loading modules, ...) kills it; what the role has no need of fails with EPERM: the
 * engine opens no file, neither starts a process, the reporter has no packet sockets. Called when what needs more is done.
 * False with the error set.
 */
bool sandbox_confine(enum sandbox_role role, struct sandbox_error *error);

/* The user that sandbox_drop() would become: a name, or NULL if the process is not root. */
const char *sandbox_user(void);

#endif
