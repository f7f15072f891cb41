/* SPDX-License-Identifier: Apache-2.0 */
/* Times on command lines: "30min", "4h", "7d", "2026-11-21", "2026-11-21 20:30", "2026-11-21T20:30:00Z". Asks the clock. */
#ifndef ESPIAL_DAEMON_TIME_ARGUMENT_H
#define ESPIAL_DAEMON_TIME_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

/* An amount counts from now: `direction` 1 into the future, -1 into the past. False for anything else. */
bool time_argument(const char *text, int direction, int64_t *time_ns);

/* A time that is over, for --since of what history has by days. NULL, or what is wrong with it, behind "--since TEXT: ". */
const char *since_argument(const char *text, int64_t *time_ns);

#endif
