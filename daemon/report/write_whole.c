/* SPDX-License-Identifier: Apache-2.0 */
/* See write_whole.h. */
#include "write_whole.h"

#include <errno.h>
#include <unistd.h>

bool write_whole(int descriptor, const void *octets, size_t length)
{
	const char *at = octets;

	while (length > 0) {
		ssize_t written = write(descriptor, at, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			if (written == 0)
				errno = ENOSPC;
			return false;
		}
		at += written;
		length -= (size_t)written;
	}
	return true;
}
