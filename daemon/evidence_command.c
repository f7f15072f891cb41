/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_command.h. Nothing is written before the capture is there whole. */
#include "evidence_command.h"

#include "control_client.h"
#include "report/evidence_folder.h"
#include "report/hex.h"
#include "report/write_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A capture as it comes. */
struct fetched {
	uint8_t *octets; /* owned */
	size_t used, length;
	bool damaged;
};

/* Digits up to the closing quote. */
static bool take_hex(struct fetched *fetched, const char *hex, const char *end)
{
	const char *quote = memchr(hex, '"', (size_t)(end - hex));
	size_t count = quote ? (size_t)(quote - hex) / 2 : 0;

	if (!quote || (quote - hex) % 2 || count > fetched->length - fetched->used ||
	    !hex_read(hex, count, fetched->octets + fetched->used))
		return false;
	fetched->used += count;
	return true;
}

/* {"type":"evidence","alert":"...","octets":N,"hex":"..."}: what control_evidence.c writes. */
static void take_line(void *context, const char *line, size_t length)
{
	static const char size_mark[] = ",\"octets\":", hex_mark[] = ",\"hex\":\"";
	struct fetched *fetched = context;
	const char *size = memmem(line, length, size_mark, sizeof(size_mark) - 1);
	const char *hex = memmem(line, length, hex_mark, sizeof(hex_mark) - 1);

	if (!size || !hex) {
		fetched->damaged = true;
		return;
	}
	if (!fetched->octets) {
		unsigned long long octets = strtoull(size + sizeof(size_mark) - 1, NULL, 10);
		fetched->length = octets <= 2ULL * EVIDENCE_FILE_MAX ? (size_t)octets : 0;
		fetched->octets = malloc(fetched->length + 1);
	}
	fetched->damaged |= !fetched->octets || !take_hex(fetched, hex + sizeof(hex_mark) - 1, line + length);
}

static int save(const struct fetched *fetched, const char *file)
{
	bool to_output = strcmp(file, "-") == 0;
	int descriptor =
	    to_output ? STDOUT_FILENO : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0640);
	bool good = descriptor >= 0 && write_whole(descriptor, fetched->octets, fetched->used);
	int reason = errno;
	if (!to_output && descriptor >= 0 && close(descriptor) != 0 && good) {
		reason = errno;
		good = false;
	}
	if (good)
		return EXIT_DONE;
	complain("%s: %s", to_output ? "standard output" : file, strerror(reason));
	return EXIT_TROUBLE;
}

int evidence_command_save(const struct ask_options *options, const char *alert, const char *file)
{
	struct control_client_error error;
	struct fetched fetched = { .octets = NULL };
	char request[80];
	int status;

	if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO)) {
		complain(
		    "--pcap -: a capture is nothing for a terminal; name a file, or pass it on: espial alerts show %s "
		    "--pcap - | tshark -r -",
		    alert);
		return EXIT_TROUBLE;
	}
	snprintf(request, sizeof(request), "{\"request\":\"evidence\",\"alert\":\"%.16s\"}", alert);
	if (!control_client_ask(options->socket, request, take_line, &fetched, &error)) {
		status = ask_failed(&error);
	} else if (fetched.damaged || !fetched.octets || fetched.used != fetched.length) {
		complain("the capture did not come whole: this espial and espiald are of different versions");
		status = EXIT_TROUBLE;
	} else {
		status = save(&fetched, file);
	}
	free(fetched.octets);
	return status;
}
