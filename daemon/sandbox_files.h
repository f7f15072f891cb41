/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a process may still reach: Landlock, landlock(7), in kernels that have it.
 *
 * Beside the system calls of sandbox.h and the rights of its user, and for good: what is not named cannot be opened, made,
 * removed or renamed, no TCP port bound or connected to, and no process outside signalled, as far as the kernel's version of
 * Landlock knows these. Descriptors that are open stay so.
 */
#ifndef ESPIAL_DAEMON_SANDBOX_FILES_H
#define ESPIAL_DAEMON_SANDBOX_FILES_H

#include "sandbox.h"

#include <stdint.h>

/* What may be done with a place and all below it. */
enum sandbox_use {
	SANDBOX_READ,  /* files are read, folders listed */
	SANDBOX_KEEP,  /* files are read, written, made, renamed and removed, folders too */
	SANDBOX_REMOVE /* files are removed: sockets of our own */
};

/* A file or folder. Of one that is not there, the nearest folder above it that is, but never /. */
struct sandbox_place {
	const char *path;
	enum sandbox_use use;
};

struct sandbox_files {
	const struct sandbox_place *places;
	size_t count;
	const uint16_t *ports; /* of TCP, that may be connected to */
	size_t port_count;
};

enum sandbox_files_state {
	SANDBOX_FILES_CONFINED,
	SANDBOX_FILES_NOT_HERE, /* the kernel lacks it; the error says what that means */
	SANDBOX_FILES_FAILED,   /* likewise */
};

/*
 * Confines the calling thread, and those that it starts from now on: to be called before there are others, and after
 * sandbox_drop(). No files at all: `count` 0.
 */
enum sandbox_files_state sandbox_confine_files(const struct sandbox_files *files, struct sandbox_error *error);

/* The version of Landlock that the kernel has; 0: none. */
int sandbox_files_version(void);

#endif
