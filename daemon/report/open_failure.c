/* SPDX-License-Identifier: Apache-2.0 */
/* See open_failure.h. */
#include "open_failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *open_failure(int error, char text[OPEN_FAILURE_SIZE])
{
	char reason[48];
	const char *what = strerror_r(error, reason, sizeof(reason));

	if (error == EACCES || error == EPERM)
		snprintf(text, OPEN_FAILURE_SIZE, "%s to user %u", what, (unsigned)geteuid());
	else
		snprintf(text, OPEN_FAILURE_SIZE, "%s", what);
	return text;
}
