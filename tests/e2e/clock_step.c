/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wall clock that a test can set: preloaded into espiald, adds the seconds that the file named by ESPIAL_CLOCK_STEP holds
 * (a 64-bit integer) to what clock_gettime(CLOCK_REALTIME), gettimeofday() and time() say. The machine's clock stays.
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
