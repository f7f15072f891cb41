/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sandbox_files.h. The C library has no functions for it, and the headers of the oldest system that is built on know only
 * its first versions: the calls are made by number, and what they take is defined here.
 */
#include "sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { ASK_VERSION = 1 << 0, RULE_PATH = 1, RULE_PORT = 2 };

/* struct landlock_ruleset_attr of <linux/landlock.h>; older kernels take its beginning. */
struct ruleset {
	uint64_t files, ports, scopes;
};

/* struct landlock_path_beneath_attr */
struct path_rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

/* struct landlock_net_port_attr */
struct port_rule {
	uint64_t allowed, port;
};

/* LANDLOCK_ACCESS_FS_ */
enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	REFER = 1 << 13,    /* to another folder; version 2 */
	TRUNCATE = 1 << 14, /* version 3 */
	IOCTL_DEV = 1 << 15 /* version 5 */
};

enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };               /* LANDLOCK_ACCESS_NET_, version 4 */
enum { ABSTRACT_UNIX_SOCKET = 1 << 0, SIGNAL_OTHERS = 1 << 1 }; /* LANDLOCK_SCOPE_, version 6 */

/* All that the version can forbid. */
static struct ruleset everything(int version)
{
	struct ruleset all = { .files = REFER - 1 };

	if (version >= 2)
		all.files |= REFER;
	if (version >= 3)
		all.files |= TRUNCATE;
	if (version >= 4)
		all.ports = BIND_TCP | CONNECT_TCP;
	if (version >= 5)
		all.files |= IOCTL_DEV;
	if (version >= 6)
		all.scopes = ABSTRACT_UNIX_SOCKET | SIGNAL_OTHERS;
	return all;
}

/* What a version does not know it takes for a mistake. */
static size_t size_for(int version)
{
	return version >= 6   ? sizeof(struct ruleset)
	       : version >= 4 ? offsetof(struct ruleset, scopes)
			      : offsetof(struct ruleset, ports);
}

int sandbox_files_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);

	return version > 0 ? (int)version : 0;
}

static enum sandbox_files_state fail(struct sandbox_error *error, const char *what, const char *path)
{
	snprintf(error->text, sizeof(error->text), "cannot fence off the file system (%s%s%.100s): %s", what,
		 *path ? " " : "", path, strerror(errno));
	return SANDBOX_FILES_FAILED;
}

/* The place, or the nearest folder above it. -1 if that is / or cannot be opened. */
static int open_place(const char *path)
{
	char at[PATH_MAX];
	int descriptor = -1;

	snprintf(at, sizeof(at), "%s", path);
	while (descriptor < 0) {
		descriptor = open(at, O_PATH | O_CLOEXEC);
		char *slash = strrchr(at, '/');
		if (descriptor >= 0 || errno != ENOENT)
			break;
		if (!slash || slash == at)
			return -1;
		*slash = '\0';
	}
	return descriptor;
}

static bool add_place(int ruleset, const struct sandbox_place *place, uint64_t known)
{
	static const uint64_t uses[] = {
		[SANDBOX_READ] = READ_FILE | READ_DIR,
		[SANDBOX_KEEP] = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REMOVE_FILE | REMOVE_DIR | MAKE_REG |
				 MAKE_DIR | REFER,
		[SANDBOX_REMOVE] = REMOVE_FILE,
	};
	struct path_rule rule = { .allowed = uses[place->use] & known, .folder = open_place(place->path) };
	struct stat status;

	/* What is not there, and has no folder where it could come to be, needs no rule. */
	if (rule.folder < 0)
		return true;
	if (fstat(rule.folder, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
	bool added = !rule.allowed || syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0) == 0;
	int reason = errno;
	close(rule.folder);
	errno = reason;
	return added;
}

static enum sandbox_files_state restrict_to(int ruleset, const struct sandbox_files *files, const struct ruleset *all,
					    struct sandbox_error *error)
{
	for (size_t i = 0; i < files->count; i++)
		if (!add_place(ruleset, &files->places[i], all->files))
			return fail(error, "rule for", files->places[i].path);
	for (size_t i = 0; i < files->port_count && all->ports; i++) {
		struct port_rule rule = { CONNECT_TCP, files->ports[i] };
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0) != 0)
			return fail(error, "rule for a port", "");
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return fail(error, "restrict", "");
	return SANDBOX_FILES_CONFINED;
}

enum sandbox_files_state sandbox_confine_files(const struct sandbox_files *files, struct sandbox_error *error)
{
	int version = sandbox_files_version();

	if (SANDBOX_SANITIZED)
		return SANDBOX_FILES_CONFINED;
	if (!version) {
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no Landlock (Linux 5.13 has, where lsm= names it): files are out of reach by "
			 "user and "
			 "system calls alone");
		return SANDBOX_FILES_NOT_HERE;
	}
	struct ruleset all = everything(version);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0);
	if (ruleset < 0)
		return fail(error, "rules", "");
	enum sandbox_files_state state = restrict_to(ruleset, files, &all, error);
	close(ruleset);
	return state;
}
