/* SPDX-License-Identifier: Apache-2.0 */
/* What standard output can show. For the commands of espial; asks the environment and the terminal, keeps nothing. */
#ifndef ESPIAL_DAEMON_TERMINAL_H
#define ESPIAL_DAEMON_TERMINAL_H

#include <stdbool.h>

/* Columns: the terminal's, else COLUMNS, else 80; 20 to 160. */
unsigned terminal_width(void);

/* Rows: the terminal's, else 24; 4 at least. */
unsigned terminal_height(void);

/* Whether anything says how wide it is: a terminal, or COLUMNS. */
bool terminal_has_width(void);

/* A terminal that is not dumb, and NO_COLOR is not set. */
bool terminal_colour(void);

/* Whether the locale, which setlocale() must have set, is one of UTF-8. */
bool terminal_unicode(void);

#endif
