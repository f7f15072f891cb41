/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox.h. Linux capabilities by system call: capabilities(7). */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static bool failed(struct sandbox_error *error, const char *what)
{
	snprintf(error->text, sizeof(error->text), "cannot %s: %s", what, strerror(errno));
	return false;
}

static const struct passwd *unprivileged(void)
{
	const struct passwd *entry = getpwnam("espial");
	return entry ? entry : getpwnam("nobody");
}

const char *sandbox_user(void)
{
	if (geteuid() != 0)
		return NULL;
	const struct passwd *entry = unprivileged();
	return entry ? entry->pw_name : NULL;
}

static bool set_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = mask, .permitted = mask } };

	return syscall(SYS_capset, &header, data) == 0;
}

/* The permitted capabilities among the first 32. */
static uint32_t permitted(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &header, data) == 0 ? data[0].permitted : 0;
}

bool sandbox_drop(bool keep_net_raw, struct sandbox_error *error)
{
	uint32_t net_raw = UINT32_C(1) << CAP_NET_RAW;

	if (geteuid() == 0) {
		const struct passwd *entry = unprivileged();
		pid_t parent = getppid();
		int with_parent = 0;
		if (!entry)
			return failed(error, "find the user 'espial' or 'nobody'");
		(void)prctl(PR_GET_PDEATHSIG, &with_parent, 0, 0, 0);
		uid_t uid = entry->pw_uid;
		gid_t gid = entry->pw_gid;
		if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
		    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
			return failed(error, "become an unprivileged user");
		/* A change of user makes the kernel forget that this process was to end with its parent. */
		if (with_parent && (prctl(PR_SET_PDEATHSIG, with_parent, 0, 0, 0) != 0 || getppid() != parent))
			return failed(error, "end with the monitor");
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!set_capabilities(keep_net_raw ? permitted() & net_raw : 0))
		return failed(error, "give up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(error, "forbid new privileges");
	return true;
}
