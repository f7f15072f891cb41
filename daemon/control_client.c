/* SPDX-License-Identifier: Apache-2.0 */
/* See control_client.h. */
#include "control_client.h"

#include "report/json_line.h"
#include "report/utf8.h"
#include "terminal.h"
#include "../config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_SIZE = 256 << 10, LINE_MAX_OCTETS = 4 << 20, WATCH_DEFAULT_S = 2, WATCH_MAX_S = 3600 };

static const char done_line[] = "{\"type\":\"done\"}";
static const char error_start[] = "{\"type\":\"error\",\"text\":\"";

/* Names of files and words of arguments may be anybody's: what would do something to a terminal is shown as a question mark. */
static void put_plain(const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		const char *at = text;
		uint32_t code = utf8_next(&text, end);

		if (code != '\n' && (code == UTF8_REPLACEMENT || utf8_is_control(code)))
			fputc('?', stderr);
		else
			(void)fwrite(at, 1, (size_t)(text - at), stderr);
	}
}

/* What was printed comes first. */
static void put_beside(const char *start, const char *format, va_list arguments)
{
	char *text = NULL;

	fflush(stdout);
	fputs(start, stderr);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	put_plain(text ? text : "not enough memory");
	free(text);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_beside("espial: ", format, arguments);
	va_end(arguments);
}

FILE *ask_output(const struct ask_options *options)
{
	return options->screen ? options->screen : stdout;
}

void say_beside(const struct ask_options *options, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (options->screen) {
		vfprintf(options->screen, format, arguments);
		fputc('\n', options->screen);
	} else {
		put_beside("", format, arguments);
	}
	va_end(arguments);
}

void control_client_pair_request(char request[PAIR_REQUEST_SIZE], const char *what, const struct address *addresses,
				 unsigned count)
{
	struct address_text a, b;

	if (count == 0)
		snprintf(request, PAIR_REQUEST_SIZE, "{\"request\":\"%s\"}", what);
	else if (count == 1)
		snprintf(request, PAIR_REQUEST_SIZE, "{\"request\":\"%s\",\"pair\":[\"%s\"]}", what,
			 address_text(&addresses[0], &a));
	else
		snprintf(request, PAIR_REQUEST_SIZE, "{\"request\":\"%s\",\"pair\":[\"%s\",\"%s\"]}", what,
			 address_text(&addresses[0], &a), address_text(&addresses[1], &b));
}

int ask_failed(const struct control_client_error *error)
{
	/* Several lines are an account of several things. */
	complain("%s%s", strchr(error->text, '\n') ? "not all of it worked:\n" : "", error->text);
	return EXIT_TROUBLE;
}

void print_line(void *context, const char *line, size_t length)
{
	(void)context;
	fwrite(line, 1, length, stdout);
	fputc('\n', stdout);
}

static bool cannot_reach(const char *path, struct control_client_error *error)
{
	int reason = errno;

	error->unanswered = reason == ECONNREFUSED;
	if (reason == ENOENT || reason == ECONNREFUSED)
		snprintf(error->text, sizeof(error->text),
			 "espiald does not answer at %s: it is not running, or listens elsewhere. Start it with "
			 "'systemctl start espiald', or name its socket with --socket",
			 path);
	else if (reason == EACCES || reason == EPERM)
		snprintf(
		    error->text, sizeof(error->text),
		    "you may not ask espiald at %s: that is for root and for members of the group espial. Use sudo, or "
		    "'sudo usermod -aG espial USER' and log in again",
		    path);
	else
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(reason));
	return false;
}

static int connect_to(const char *path, struct control_client_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int descriptor;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error->text, sizeof(error->text), "the path of the socket is longer than %zu octets",
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
		return descriptor;
	cannot_reach(path, error);
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}

void control_client_text(const char *line, size_t length, char *text, size_t size)
{
	char *all = json_line_text(line, length, NULL, "text"), *rest = all, *one, *out = text;
	size_t used = 0;

	text[0] = '\0';
	while (used + 1 < size && (one = strsep(&rest, "\n"))) {
		if (one != all)
			text[used++] = '\n';
		used += utf8_plain(one, size, text + used, size - used);
	}
	/* A terminal of another character set gets one sign for each. */
	for (const char *in = text; !terminal_unicode() && *in; in++)
		if ((*in & 0xc0) != 0x80)
			*out++ = (*in & 0x80) ? '?' : *in;
	if (out != text)
		*out = '\0';
	free(all);
}

struct answer {
	char *text; /* owned; what was read and is not a whole line yet */
	size_t used, room;
	bool ended, failed;
};

static void take_lines(struct answer *answer, void (*each)(void *context, const char *line, size_t length),
		       void *context, struct control_client_error *error)
{
	char *at = answer->text, *end = answer->text + answer->used, *newline;

	while (!answer->ended && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		*newline = '\0';
		if (strcmp(at, done_line) == 0) {
			answer->ended = true;
		} else if (strncmp(at, error_start, sizeof(error_start) - 1) == 0) {
			control_client_text(at, (size_t)(newline - at), error->text, sizeof(error->text));
			answer->ended = answer->failed = true;
		} else if (each) {
			each(context, at, (size_t)(newline - at));
		}
		at = newline + 1;
	}
	answer->used = (size_t)(end - at);
	memmove(answer->text, at, answer->used);
}

static bool read_more(struct answer *answer, int descriptor)
{
	if (answer->room - answer->used < READ_SIZE) {
		char *more = answer->room < LINE_MAX_OCTETS ? realloc(answer->text, answer->room + READ_SIZE) : NULL;
		if (!more)
			return false;
		answer->text = more;
		answer->room += READ_SIZE;
	}
	ssize_t count;
	do
		count = read(descriptor, answer->text + answer->used, answer->room - answer->used);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		return false;
	answer->used += (size_t)count;
	return true;
}

bool control_client_ask(const char *socket_path, const char *request,
			void (*each)(void *context, const char *line, size_t length), void *context,
			struct control_client_error *error)
{
	const char *environment = getenv("ESPIAL_SOCKET");
	const char *path = socket_path                   ? socket_path
			   : environment && *environment ? environment
							 : CONFIG_CONTROL_SOCKET;
	error->unanswered = false;
	int descriptor = connect_to(path, error);
	struct answer answer = { .text = NULL };

	if (descriptor < 0)
		return false;
	snprintf(error->text, sizeof(error->text), "espiald at %s ended the conversation; look at its log", path);
	bool sent = send(descriptor, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request) &&
		    send(descriptor, "\n", 1, MSG_NOSIGNAL) == 1;
	while (sent && !answer.ended && !ferror(stdout) && read_more(&answer, descriptor))
		take_lines(&answer, each, context, error);
	close(descriptor);
	free(answer.text);
	/* Nobody gets the rest of an answer that cannot be printed, and one that has no end would be read for ever. */
	if (!answer.ended && ferror(stdout))
		return true;
	error->unanswered = !answer.ended;
	return answer.ended && !answer.failed;
}

unsigned ask_watch_seconds(const char *text)
{
	char *end;

	if (!text)
		return WATCH_DEFAULT_S;
	unsigned long seconds = strtoul(text, &end, 10);
	if (end != text && *end == '\0' && seconds >= 1 && seconds <= WATCH_MAX_S)
		return (unsigned)seconds;
	complain("--watch=%s: give a number of seconds from 1 to %d", text, WATCH_MAX_S);
	return 0;
}

/* Home, and the rest of the screen cleared, in one piece with what comes there, so that what did not change does not flicker. What does not
 * fit is left out: scrolled, the top would be gone. */
static void show_screen(const char *text)
{
	unsigned rows = terminal_height() - 1, lines = 0, more = 0;
	const char *end = text;

	for (const char *at = text; *at; at++) {
		if (*at != '\n')
			continue;
		lines++;
		/* The last row is for how many more there are. */
		if (lines < rows || (lines == rows && at[1] == '\0'))
			end = at + 1;
	}
	for (const char *at = end; *at; at++)
		more += *at == '\n';
	fputs("\033[H\033[J", stdout);
	(void)fwrite(text, 1, (size_t)(end - text), stdout);
	if (more)
		printf("... and %u line%s more, for which the window is too low\n", more, more == 1 ? "" : "s");
}

/* One look at a terminal. The status of `once`. */
static int look(struct ask_options *options, int (*once)(void *context), void *context)
{
	char *text = NULL;
	size_t size;

	options->screen = open_memstream(&text, &size);
	int status = once(context);
	if (options->screen && fclose(options->screen) == 0 && status != EXIT_TROUBLE)
		show_screen(text);
	options->screen = NULL;
	free(text);
	return status;
}

int ask_repeatedly(struct ask_options *options, int (*once)(void *context), void *context)
{
	bool screen = options->watch && !options->json && isatty(STDOUT_FILENO);

	for (;;) {
		int status = screen ? look(options, once, context) : once(context);
		if (!options->watch || status == EXIT_TROUBLE || fflush(stdout) != 0)
			return status;
		sleep(options->watch);
	}
}
