/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wall clock that a test can set: preloaded into espiald, adds the seconds that the file named by ESPIAL_CLOCK_STEP holds
 * (a 64-bit integer) to what clock_gettime(CLOCK_REALTIME), gettimeofday() and time() say, and to the times of frames, which the
 * kernel takes of the same clock. The machine's clock stays.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step;

__attribute__((constructor)) static void map_step(void)
{
	const char *path = getenv("ESPIAL_CLOCK_STEP");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = file >= 0 ? mmap(NULL, sizeof(*step), PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (map != MAP_FAILED)
		step = map;
	if (file >= 0)
		close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && clock == CLOCK_REALTIME && step)
		now->tv_sec += *step;
	return (int)result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &time);
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* ---- libpcap ---- */

/* As <pcap/pcap.h> has it. */
struct header {
	struct timeval time;
	uint32_t captured, length;
};
typedef void (*handler)(unsigned char *context, const struct header *header, const unsigned char *octets);

struct call {
	handler to;
	unsigned char *context;
};

static void pass_on(unsigned char *context, const struct header *header, const unsigned char *octets)
{
	const struct call *call = (const struct call *)(void *)context;
	struct header set = *header;

	if (step)
		set.time.tv_sec += *step;
	call->to(call->context, &set, octets);
}

int pcap_dispatch(void *pcap, int count, handler to, unsigned char *context);
int pcap_dispatch(void *pcap, int count, handler to, unsigned char *context)
{
	int (*real)(void *, int, handler, unsigned char *) =
	    (int (*)(void *, int, handler, unsigned char *))dlsym(RTLD_NEXT, "pcap_dispatch");
	struct call call = { to, context };

	return real ? real(pcap, count, pass_on, (unsigned char *)&call) : -1;
}
