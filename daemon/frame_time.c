/* SPDX-License-Identifier: Apache-2.0 */
/* See frame_time.h. */
#include "frame_time.h"

void frame_time_set(struct frame_time *time, int64_t step_ns)
{
	time->behind_ns = time->behind_ns > step_ns ? time->behind_ns - step_ns : 0;
}

static int64_t apart(int64_t one, int64_t other)
{
	return one > other ? one - other : other - one;
}

int64_t frame_time_of(const struct frame_time *time, int64_t frame_ns, int64_t steady_ns)
{
	int64_t now = frame_time_now(time, steady_ns), set_ns = frame_ns + time->behind_ns;

	if (time->behind_ns == 0 || apart(frame_ns, now) <= apart(set_ns, now))
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
