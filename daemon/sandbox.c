/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox.h. Linux capabilities by system call: capabilities(7); filters of system calls by libseccomp. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

/* ---- system calls: seccomp(2) ---- */

/* What no process of espiald ever does: to try it is to be taken over. The process is killed, and the monitor tells. */
static const char *const never[] = {
	"execve",
	"execveat",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"bpf",
	"mount",
	"umount2",
	"pivot_root",
	"chroot",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"perf_event_open",
	"userfaultfd",
	"keyctl",
	"add_key",
	"request_key",
	"swapon",
	"swapoff",
	"reboot",
	"setns",
	"unshare",
	"open_by_handle_at",
	"iopl",
	"ioperm",
	"acct",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"quotactl",
	"personality",
	"io_uring_setup",
};

/* What all that run a loop and threads need. */
static const char *const everyone[] = {
	"read",
	"write",
	"readv",
	"writev",
	"close",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"eventfd2",
	"futex",
	"mmap",
	"munmap",
	"mremap",
	"madvise",
	"mprotect",
	"brk",
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"nanosleep",
	"clock_nanosleep",
	"getrandom",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	"restart_syscall",
	"exit",
	"exit_group",
	"gettid",
	"getpid",
	"getppid",
	"tgkill",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"set_tid_address",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"prctl",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getrlimit",
	"prlimit64",
	"getrusage",
	"sysinfo",
	"uname",
	"lseek",
	"fstat",
	"fcntl",
	"dup",
	"pipe2",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"sendto",
	"sendmsg",
	"shutdown",
	"getsockopt",
	"setsockopt",
	"getsockname",
	"getpeername",
	"socketpair",
	"bind",
	"membarrier",
	"getcpu",
	"arch_prctl",
};

static const char *const engine_calls[] = { "ioctl" };

static const char *const reporter_calls[] = {
	"connect",         "listen",     "accept",     "accept4",    "openat",          "open",       "stat",
	"lstat",           "newfstatat", "statx",      "access",     "faccessat",       "faccessat2", "unlink",
	"unlinkat",        "rename",     "renameat",   "renameat2",  "mkdir",           "mkdirat",    "rmdir",
	"ftruncate",       "fallocate",  "fsync",      "fdatasync",  "pread64",         "pwrite64",   "preadv",
	"pwritev",         "flock",      "fchmod",     "chmod",      "fchmodat",        "fchown",     "umask",
	"getcwd",          "readlink",   "readlinkat", "getdents64", "statfs",          "fstatfs",    "utimensat",
	"ioctl",           "link",       "linkat",     "sendfile",   "copy_file_range", "sendmmsg",   "timerfd_create",
	"timerfd_settime",
};

static bool add_calls(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		/* A name that this library or machine does not have cannot be called either. */
		if (number >= 0 && seccomp_rule_add(filter, action, number, 0) != 0)
			return false;
	}
	return true;
}

static bool allow_family(scmp_filter_ctx filter, int family)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)) == 0;
}

/* New threads, never a new process. */
static bool allow_threads(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
}

/* Where the calling thread runs: no other thread's, and no other process's. */
static bool allow_own_processors(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sched_setaffinity), 1, SCMP_A0(SCMP_CMP_EQ, 0)) == 0;
}

static bool fill_filter(scmp_filter_ctx filter, enum sandbox_role role)
{
	if (!add_calls(filter, SCMP_ACT_KILL_PROCESS, never, COUNT(never)))
		return false;
	if (role == SANDBOX_MONITOR)
		return true;
	/* glibc asks for clone3 first, whose flags a filter cannot see, and takes clone when it is not there. */
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) != 0 ||
	    !add_calls(filter, SCMP_ACT_ALLOW, everyone, COUNT(everyone)) || !allow_threads(filter) ||
	    !allow_family(filter, AF_UNIX))
		return false;
	if (role == SANDBOX_REPORTER)
		return add_calls(filter, SCMP_ACT_ALLOW, reporter_calls, COUNT(reporter_calls)) &&
		       allow_family(filter, AF_INET) && allow_family(filter, AF_INET6);
	return add_calls(filter, SCMP_ACT_ALLOW, engine_calls, COUNT(engine_calls)) && allow_own_processors(filter) &&
	       allow_family(filter, AF_PACKET);
}

/* In a process of its own. */
static bool write_filter(enum sandbox_role role, int descriptor)
{
	scmp_filter_ctx filter = seccomp_init(role == SANDBOX_MONITOR ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));

	return filter && fill_filter(filter, role) && seccomp_export_bpf(filter, descriptor) == 0;
}

/* Octets up to the end, or up to `size`; less than 0 with errno set. */
static ssize_t read_whole_pipe(int descriptor, void *octets, size_t size)
{
	size_t have = 0;
	ssize_t some;

	do {
		some = read(descriptor, (char *)octets + have, size - have);
		if (some > 0)
			have += (size_t)some;
	} while ((some > 0 && have < size) || (some < 0 && errno == EINTR));
	return some < 0 ? some : (ssize_t)have;
}

/*
 * The filter of the role: octets of instructions, less than 0 with errno set. When it lacks memory, libseccomp 2.5 frees what it never had,
 * or leaves out most of the filter and says that all is well. So it has a child process to make it in, whatever becomes of that, and makes
 * it twice.
 */
static ssize_t make_filter(enum sandbox_role role, struct sock_filter instructions[BPF_MAXINSNS])
{
	int ends[2], status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0)
		_exit(write_filter(role, ends[1]) ? 0 : 1);
	close(ends[1]);
	ssize_t octets = child > 0 ? read_whole_pipe(ends[0], instructions, BPF_MAXINSNS * sizeof(*instructions)) : -1;
	int reason = errno;
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	errno = status != 0 ? ENOMEM : reason;
	return status != 0 || octets == 0 ? -1 : octets;
}

static bool load_filter(struct sock_filter *instructions, size_t count)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = instructions };

	/* All threads that are there already, too. */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

bool sandbox_confine(enum sandbox_role role, struct sandbox_error *error)
{
	struct sock_filter instructions[BPF_MAXINSNS], again[BPF_MAXINSNS];

	if (SANDBOX_SANITIZED)
		return true; /* what sanitizers do at the end is not for a filter to judge */
	ssize_t octets = make_filter(role, instructions), same = octets < 0 ? -1 : make_filter(role, again);
	if (same >= 0 && (same != octets || memcmp(instructions, again, (size_t)octets) != 0)) {
		errno = ENOMEM;
		same = -1;
	}
	if (same < 0)
		return failed(error, "make the filter of system calls");
	return load_filter(instructions, (size_t)octets / sizeof(*instructions)) ||
	       failed(error, "confine the process to its system calls");
}
