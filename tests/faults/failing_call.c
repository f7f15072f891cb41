/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the C library or of libpcap that fails: preloaded into a program, counts the calls of each function and lets
 * the one fail that the plan names. failing_call.py writes plans and reads what came of them.
 *
 * The plan is a file that is mapped before the program begins, so that nothing here makes a system call that a sandbox
 * would have to allow, and so that a process that is started anew knows that its call has failed already. Processes are
 * told apart by the name they give themselves (PR_SET_NAME).
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What may fail, and what errno says then. A function's place here is its number in the plan. */
/* clang-format off */
#define FUNCTIONS(each)          \
	each(malloc, ENOMEM)         \
	each(calloc, ENOMEM)         \
	each(realloc, ENOMEM)        \
	each(mmap, ENOMEM)           \
	each(open, EMFILE)           \
	each(openat, EMFILE)         \
	each(fopen, EMFILE)          \
	each(read, EIO)              \
	each(pread, EIO)             \
	each(write, ENOSPC)          \
	each(writev, ENOSPC)         \
	each(pwrite, ENOSPC)         \
	each(fdatasync, EIO)         \
	each(fsync, EIO)             \
	each(ftruncate, ENOSPC)      \
	each(rename, EIO)            \
	each(unlink, EROFS)          \
	each(mkdir, EROFS)           \
	each(fstat, EIO)             \
	each(lseek, EINVAL)          \
	each(fcntl, EINVAL)          \
	each(ioctl, ENODEV)          \
	each(socket, EMFILE)         \
	each(socketpair, EMFILE)     \
	each(pipe, EMFILE)           \
	each(bind, EADDRINUSE)       \
	each(listen, EADDRINUSE)     \
	each(connect, ECONNREFUSED)  \
	each(accept4, ECONNABORTED)  \
	each(send, ENOBUFS)          \
	each(sendto, ENOBUFS)        \
	each(sendmsg, ENOBUFS)       \
	each(recv, ENOMEM)           \
	each(recvmsg, ENOMEM)        \
	each(setsockopt, ENOMEM)     \
	each(getsockopt, ENOMEM)     \
	each(epoll_create1, EMFILE)  \
	each(epoll_ctl, ENOMEM)      \
	each(epoll_wait, EINTR)      \
	each(poll, EINTR)            \
	each(eventfd, EMFILE)        \
	each(timerfd_create, EMFILE) \
	each(timerfd_settime, EINVAL)\
	each(signalfd, EMFILE)       \
	each(memfd_create, EMFILE)   \
	each(fork, EAGAIN)           \
	each(waitpid, EINTR)         \
	each(pthread_create, EAGAIN) \
	each(getrandom, EINTR)       \
	each(prctl, EPERM)           \
	each(setresuid, EAGAIN)      \
	each(pcap_create, ENOMEM)    \
	each(pcap_activate, ENOMEM)  \
	each(pcap_dispatch, EIO)
/* clang-format on */

enum function {
#define NUMBER(name, error) CALL_##name,
	FUNCTIONS(NUMBER)
#undef NUMBER
	    FUNCTION_COUNT
};

static const int errors[] = {
#define ERROR(name, error) [CALL_##name] = (error),
	FUNCTIONS(ERROR)
#undef ERROR
};

enum { ROLES = 3, FUNCTIONS_MAX = 64, SITES = 1 << 15, DEPTH = 10, EARLY = 1 << 16 };

/* A place that calls. Where the calls that led there are the same, it is the same place. */
struct site {
	_Atomic uint64_t hash; /* 0: free */
	uint32_t number;       /* of the first call from there */
	uint16_t role, function;
};

struct plan {
	uint32_t function, role, number; /* number 0: nothing fails, and places are noted */
	_Atomic uint32_t fired;
	_Atomic int64_t fired_ns; /* monotonic */
	_Atomic uint32_t calls[ROLES][FUNCTIONS_MAX];
	struct site sites[SITES];
};

static struct plan *plan;
static unsigned role; /* 0: monitor, or a program of one process; 1: engine; 2: reporter */
static __thread bool inside;

/* ---- what is behind ---- */

static uint8_t early[EARLY]; /* memory that dlsym() may want before there is any */
static _Atomic size_t early_used;

static void *take_early(size_t size)
{
	size_t at = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);

	return at + size <= EARLY ? early + at : NULL;
}

static bool is_early(const void *memory)
{
	return (const uint8_t *)memory >= early && (const uint8_t *)memory < early + EARLY;
}

static void *find(void **known, const char *name)
{
	bool was = inside;

	if (!*known) {
		inside = true;
		*known = dlsym(RTLD_NEXT, name);
		inside = was;
	}
	return *known;
}

#define BEHIND(name)                                                                                                   \
	({                                                                                                             \
		static void *known;                                                                                    \
		(__typeof__(&name))find(&known, #name);                                                                \
	})

/* ---- the plan ---- */

__attribute__((constructor)) static void map_plan(void)
{
	const char *path = getenv("ESPIAL_FAILING_CALL");
	long file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *frames[1];

	if (file < 0)
		return;
	long map = syscall(SYS_mmap, NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0L);
	syscall(SYS_close, file);
	backtrace(frames, 1); /* it loads what it needs the first time */
	if (map > 0)
		plan = (struct plan *)map;
}

/* Notes from where this function was called, if it is the first time from there. */
static void note_site(enum function function, uint32_t number)
{
	void *frames[DEPTH];
	uint64_t hash = UINT64_C(0xcbf29ce484222325) + function * 64 + role;

	inside = true;
	int depth = backtrace(frames, DEPTH);
	inside = false;
	for (int i = 2; i < depth; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
	hash |= 1;
	for (unsigned i = 0; i < 64; i++) {
		struct site *site = &plan->sites[(hash >> 20 & (SITES - 1)) ^ i];
		uint64_t none = 0;
		if (atomic_compare_exchange_strong(&site->hash, &none, hash)) {
			site->number = number;
			site->role = (uint16_t)role;
			site->function = (uint16_t)function;
			return;
		}
		if (none == hash)
			return;
	}
}

/* Whether this call is the one. */
static bool fails(enum function function)
{
	if (!plan || inside)
		return false;
	uint32_t number = atomic_fetch_add(&plan->calls[role][function], 1) + 1;
	if (plan->number == 0)
		note_site(function, number);
	if (number != plan->number || plan->function != function || plan->role != role ||
	    atomic_exchange(&plan->fired, 1) != 0)
		return false;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	atomic_store(&plan->fired_ns, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
	if (getenv("ESPIAL_FAILING_CALL_SHOW")) {
		void *frames[24];
		inside = true;
		backtrace_symbols_fd(frames, backtrace(frames, 24), STDERR_FILENO);
		inside = false;
	}
	errno = errors[function];
	return true;
}

/* ---- memory ---- */

void *malloc(size_t size)
{
	if (inside && !plan)
		return take_early(size);
	return fails(CALL_malloc) ? NULL : BEHIND(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	if (inside && !plan)
		return take_early(count * size);
	return fails(CALL_calloc) ? NULL : BEHIND(calloc)(count, size);
}

void *realloc(void *memory, size_t size)
{
	if (is_early(memory)) {
		void *moved = malloc(size);
		if (moved)
			memcpy(moved, memory,
			       size < (size_t)(early + EARLY - (uint8_t *)memory)
				   ? size
				   : (size_t)(early + EARLY - (uint8_t *)memory));
		return moved;
	}
	return fails(CALL_realloc) ? NULL : BEHIND(realloc)(memory, size);
}

void free(void *memory)
{
	if (!is_early(memory))
		BEHIND(free)(memory);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
	return fails(CALL_mmap) ? MAP_FAILED : BEHIND(mmap)(address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
	return mmap(address, length, protection, flags, file, offset);
}

/* ---- files ---- */

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
	int name(const char *path, int flags, ...)                                                                     \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		va_start(arguments, flags);                                                                            \
		mode_t mode = mode_of(flags, arguments);                                                               \
		va_end(arguments);                                                                                     \
		return fails(CALL_open) ? -1 : BEHIND(name)(path, flags, mode);                                        \
	}
#define OPENAT(name)                                                                                                   \
	int name(int folder, const char *path, int flags, ...)                                                         \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		va_start(arguments, flags);                                                                            \
		mode_t mode = mode_of(flags, arguments);                                                               \
		va_end(arguments);                                                                                     \
		return fails(CALL_openat) ? -1 : BEHIND(name)(folder, path, flags, mode);                              \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

FILE *fopen(const char *path, const char *mode)
{
	return fails(CALL_fopen) ? NULL : BEHIND(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fails(CALL_fopen) ? NULL : BEHIND(fopen64)(path, mode);
}

/* A function whose failure is -1. */
#define PASS(result, name, parameters, arguments)                                                                      \
	result name parameters                                                                                         \
	{                                                                                                              \
		return fails(CALL_##name) ? -1 : BEHIND(name) arguments;                                               \
	}
/* The same under another name. */
#define ALSO(result, name, as, parameters, arguments)                                                                  \
	result name parameters                                                                                         \
	{                                                                                                              \
		return fails(CALL_##as) ? -1 : BEHIND(name) arguments;                                                 \
	}

PASS(ssize_t, read, (int file, void *octets, size_t count), (file, octets, count))
PASS(ssize_t, pread, (int file, void *octets, size_t count, off_t at), (file, octets, count, at))
ALSO(ssize_t, pread64, pread, (int file, void *octets, size_t count, off64_t at), (file, octets, count, at))
PASS(ssize_t, write, (int file, const void *octets, size_t count), (file, octets, count))
PASS(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
PASS(ssize_t, pwrite, (int file, const void *octets, size_t count, off_t at), (file, octets, count, at))
ALSO(ssize_t, pwrite64, pwrite, (int file, const void *octets, size_t count, off64_t at), (file, octets, count, at))
PASS(int, fdatasync, (int file), (file))
PASS(int, fsync, (int file), (file))
PASS(int, ftruncate, (int file, off_t length), (file, length))
ALSO(int, ftruncate64, ftruncate, (int file, off64_t length), (file, length))
PASS(int, rename, (const char *from, const char *to), (from, to))
PASS(int, unlink, (const char *path), (path))
PASS(int, mkdir, (const char *path, mode_t mode), (path, mode))
PASS(int, fstat, (int file, struct stat *status), (file, status))
ALSO(int, fstat64, fstat, (int file, struct stat64 *status), (file, status))
PASS(off_t, lseek, (int file, off_t offset, int whence), (file, offset, whence))
ALSO(off64_t, lseek64, lseek, (int file, off64_t offset, int whence), (file, offset, whence))

#define WITH_POINTER(name, as, command_type)                                                                           \
	int name(int file, command_type command, ...)                                                                  \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		va_start(arguments, command);                                                                          \
		void *argument = va_arg(arguments, void *);                                                            \
		va_end(arguments);                                                                                     \
		return fails(CALL_##as) ? -1 : BEHIND(name)(file, command, argument);                                  \
	}
WITH_POINTER(fcntl, fcntl, int)
WITH_POINTER(fcntl64, fcntl, int)
WITH_POINTER(ioctl, ioctl, unsigned long)

/* ---- sockets ---- */

PASS(int, socket, (int family, int type, int protocol), (family, type, protocol))
PASS(int, socketpair, (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends))
PASS(int, pipe, (int ends[2]), (ends))
PASS(int, bind, (int file, const struct sockaddr *address, socklen_t length), (file, address, length))
PASS(int, listen, (int file, int backlog), (file, backlog))
PASS(int, connect, (int file, const struct sockaddr *address, socklen_t length), (file, address, length))
PASS(int, accept4, (int file, struct sockaddr *address, socklen_t *length, int flags), (file, address, length, flags))
PASS(ssize_t, send, (int file, const void *octets, size_t count, int flags), (file, octets, count, flags))
PASS(ssize_t, sendto,
     (int file, const void *octets, size_t count, int flags, const struct sockaddr *address, socklen_t length),
     (file, octets, count, flags, address, length))
PASS(ssize_t, sendmsg, (int file, const struct msghdr *message, int flags), (file, message, flags))
PASS(ssize_t, recv, (int file, void *octets, size_t count, int flags), (file, octets, count, flags))
PASS(ssize_t, recvmsg, (int file, struct msghdr *message, int flags), (file, message, flags))
PASS(int, setsockopt, (int file, int level, int option, const void *value, socklen_t length),
     (file, level, option, value, length))
PASS(int, getsockopt, (int file, int level, int option, void *value, socklen_t *length),
     (file, level, option, value, length))

/* ---- events ---- */

PASS(int, epoll_create1, (int flags), (flags))
PASS(int, epoll_ctl, (int epoll, int operation, int file, struct epoll_event *event), (epoll, operation, file, event))
PASS(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout), (epoll, events, count, timeout))
PASS(int, poll, (struct pollfd * files, nfds_t count, int timeout), (files, count, timeout))
PASS(int, eventfd, (unsigned count, int flags), (count, flags))
PASS(int, timerfd_create, (clockid_t clock, int flags), (clock, flags))
PASS(int, timerfd_settime, (int file, int flags, const struct itimerspec *next, struct itimerspec *before),
     (file, flags, next, before))
PASS(int, signalfd, (int file, const sigset_t *mask, int flags), (file, mask, flags))
PASS(int, memfd_create, (const char *name, unsigned flags), (name, flags))
PASS(ssize_t, getrandom, (void *octets, size_t count, unsigned flags), (octets, count, flags))

/* ---- processes ---- */

PASS(pid_t, fork, (void), ())
PASS(pid_t, waitpid, (pid_t process, int *status, int options), (process, status, options))
PASS(int, setresuid, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context)
{
	return fails(CALL_pthread_create) ? errors[CALL_pthread_create]
					  : BEHIND(pthread_create)(thread, attributes, run, context);
}

int prctl(int option, ...)
{
	unsigned long values[4];
	va_list arguments;

	va_start(arguments, option);
	for (unsigned i = 0; i < 4; i++)
		values[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (option == PR_SET_NAME)
		role = strcmp((const char *)values[0], "espiald-engine") == 0   ? 1
		       : strcmp((const char *)values[0], "espiald-report") == 0 ? 2
										: role;
	return fails(CALL_prctl) ? -1 : BEHIND(prctl)(option, values[0], values[1], values[2], values[3]);
}

/* ---- libpcap: errors are in its own numbers ---- */

typedef struct pcap pcap_t;
typedef void (*pcap_handler)(unsigned char *user, const void *header, const unsigned char *octets);

enum { PCAP_ERROR = -1, PCAP_ERROR_TEXT = 256 };

pcap_t *pcap_create(const char *interface, char *text)
{
	if (!fails(CALL_pcap_create))
		return BEHIND(pcap_create)(interface, text);
	snprintf(text, PCAP_ERROR_TEXT, "made to fail");
	return NULL;
}

PASS(int, pcap_activate, (pcap_t * pcap), (pcap))
PASS(int, pcap_dispatch, (pcap_t * pcap, int count, pcap_handler handler, unsigned char *user),
     (pcap, count, handler, user))
