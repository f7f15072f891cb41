/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_log_command.h. What was lost is said where it was lost: among the JSON lines, or on standard error. */
#include "ike_log_command.h"

#include "certificate.h"
#include "report/ike_log.h"
#include "report/ike_octets.h"
#include "report/nat_hash.h"
#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listener {
	struct ike_log *log;
	bool json, refused;
	struct ike_octets octets;
};

unsigned ike_log_level(const char *text)
{
	if (!text)
		return IKE_LOG_LEVEL_DEFAULT;
	if (text[0] >= '1' && text[0] <= '0' + IKE_LOG_LEVEL_MAX && text[1] == '\0')
		return (unsigned)(text[0] - '0');
	complain("--log takes a level from 1 to %d", IKE_LOG_LEVEL_MAX);
	return 0;
}

/* {"type":"ike_lost","messages":N or null,"text":"..."}; the text is the daemon's own. */
static bool take_loss(struct listener *listener, const char *line, size_t length)
{
	static const char start[] = "{\"type\":\"ike_lost\",\"messages\":", mark[] = ",\"text\":\"";

	if (length < sizeof(start) || memcmp(line, start, sizeof(start) - 1) != 0)
		return false;
	if (listener->json) {
		print_line(NULL, line, length);
		fflush(stdout);
		return true;
	}
	const char *text = memmem(line, length, mark, sizeof(mark) - 1);
	unsigned long long count = strtoull(line + sizeof(start) - 1, NULL, 10);
	if (!text)
		return false;
	text += sizeof(mark) - 1;
	int text_length = (int)strcspn(text, "\"");
	if (count)
		complain("%llu message%s missing here: %.*s", count, count == 1 ? " is" : "s are", text_length, text);
	else
		complain("messages may be missing here: %.*s", text_length, text);
	return true;
}

static void take_line(void *context, const char *line, size_t length)
{
	struct listener *listener = context;
	struct record record;

	if (ike_octets_read(line, length, &record, &listener->octets)) {
		ike_log_write(listener->log, &record);
		fflush(stdout);
	} else if (!take_loss(listener, line, length)) {
		listener->refused = true;
	}
}

int ike_log_listen(const struct ask_options *options, unsigned level, const struct address *addresses, unsigned count)
{
	static struct listener listener;
	struct control_client_error error;
	char request[PAIR_REQUEST_SIZE];
	const struct ike_log_settings settings = {
		.file = stdout,
		.level = level,
		.width = terminal_has_width() ? terminal_width() : 0,
		.colour = terminal_colour(),
		.json = options->json,
		.sensor = listener.octets.sensor,
		.certificate = certificate_read,
	};

	certificate_prepare();
	nat_hash_prepare();
	listener = (struct listener){ .log = ike_log_new(&settings), .json = options->json };
	if (!listener.log) {
		complain("not enough memory");
		return EXIT_TROUBLE;
	}
	control_client_pair_request(request, "ike-log", addresses, count);
	bool ended = control_client_ask(options->socket, request, take_line, &listener, &error);
	ike_log_free(listener.log);
	if (!ended)
		return ask_failed(&error);
	if (listener.refused)
		complain("some lines could not be read: this espial and espiald are of different versions");
	return listener.refused ? EXIT_TROUBLE : EXIT_DONE;
}
