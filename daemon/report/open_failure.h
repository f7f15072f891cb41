/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a file or folder could not be opened or made, for a person.
 *
 * An espiald that root started is another user by the time it opens what it writes: without the user's name "Permission denied"
 * puzzles who just made the file as root. Called by the sinks that keep files.
 */
#ifndef ESPIAL_REPORT_OPEN_FAILURE_H
#define ESPIAL_REPORT_OPEN_FAILURE_H

#include <stddef.h>

/* "No such file or directory", "Permission denied to user 65534": by number, since the names lie in a file that is closed too. */
enum { OPEN_FAILURE_SIZE = 80 };
const char *open_failure(int error, char text[OPEN_FAILURE_SIZE]);

#endif
