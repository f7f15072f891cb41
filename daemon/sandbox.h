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

/* 1 in builds with sanitizers, which do at the end what no confined process may: these are not confined. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/* 1 in builds whose sanitizer looks for leaks. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_LEAKS 1
#endif
#endif
#ifndef SANDBOX_LEAKS
#define SANDBOX_LEAKS 0
#endif

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
