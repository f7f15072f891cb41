/* SPDX-License-Identifier: Apache-2.0 */
/* See group_file.h. Made and closed; whoever writes opens it for himself. */
#include "group_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void group_file_make(const char *path)
{
	enum { MODE = 0640 };
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, MODE);

	if (file < 0)
		return;
	(void)fchmod(file, MODE); /* where a file system has no modes, there is nothing to give */
	close(file);
}
