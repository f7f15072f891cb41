/* SPDX-License-Identifier: Apache-2.0 */
/* See frame_time.h. */
#include "frame_time.h"

void frame_time_ease(struct frame_time *time, int64_t steady_ns)
{
	int64_t by = (steady_ns - time->eased_ns) / FRAME_TIME_EASE, apart = time->apart_ns;

	time->eased_ns = steady_ns;
	if (by > (apart < 0 ? -apart : apart))
		by = apart < 0 ? -apart : apart;
	time->apart_ns -= apart < 0 ? -by : by;
	time->latest_ns -= apart < 0 ? -by : by;
}

void frame_time_set(struct frame_time *time, int64_t step_ns, int64_t steady_ns)
{
	frame_time_ease(time, steady_ns);
	time->apart_ns -= step_ns;
	if (time->apart_ns < -FRAME_TIME_FORWARD_MAX)
		time->apart_ns = 0;
}

static int64_t distance(int64_t one, int64_t other)
{
	return one > other ? one - other : other - one;
}

int64_t frame_time_of(const struct frame_time *time, int64_t frame_ns, int64_t steady_ns)
{
	int64_t now = frame_time_now(time, steady_ns), set_ns = frame_ns + time->apart_ns;

	if (time->apart_ns == 0 || distance(frame_ns, now) <= distance(set_ns, now))
		return frame_ns;
	/* None is taken before its time: then the clock was set again, and that was not noticed yet. */
	return set_ns < now ? set_ns : now;
}

void frame_time_came(struct frame_time *time, int64_t time_ns, int64_t steady_ns)
{
	/* What claims to be older says nothing of how late it is. */
	if (time_ns < time->latest_ns)
		return;
	time->latest_ns = time_ns;
	time->arrived_ns = steady_ns;
}

int64_t frame_time_now(const struct frame_time *time, int64_t steady_ns)
{
	return time->latest_ns ? time->latest_ns + (steady_ns - time->arrived_ns) : 0;
}
