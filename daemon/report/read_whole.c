/* SPDX-License-Identifier: Apache-2.0 */
/* See read_whole.h. */
#include "read_whole.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_whole(int descriptor, void *octets, size_t room)
{
	char *at = octets;
	size_t used = 0;

	while (used < room) {
		ssize_t count = read(descriptor, at + used, room - used);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		used += (size_t)count;
	}
	return (ssize_t)used;
}
