/* SPDX-License-Identifier: Apache-2.0 */
/* See terminal.h. */
#include "terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 20, WIDTH_MAX = 160, HEIGHT_DEFAULT = 24, HEIGHT_MIN = 4 };

unsigned terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
		return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
	if (columns && atoi(columns) >= WIDTH_MIN)
		return (unsigned)atoi(columns) < WIDTH_MAX ? (unsigned)atoi(columns) : WIDTH_MAX;
	return WIDTH_DEFAULT;
}

unsigned terminal_height(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
		return HEIGHT_DEFAULT;
	return size.ws_row > HEIGHT_MIN ? size.ws_row : HEIGHT_MIN;
}

bool terminal_has_width(void)
{
	return isatty(STDOUT_FILENO) || getenv("COLUMNS");
}

bool terminal_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(terminal && strcmp(terminal, "dumb") == 0);
}

bool terminal_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
