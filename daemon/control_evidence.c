/* SPDX-License-Identifier: Apache-2.0 */
/* See control_evidence.h. Lines are short, so that no client has to take a megabyte at once. */
#include "control_evidence.h"

#include "report/evidence_folder.h"
#include "report/hex.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_OCTETS = 16 << 10, FRAME_OF_LINE = 128 /* octets of a line beside the digits */ };

/* To be freed; NULL on lack of memory. */
static char *line_of(uint64_t alert, size_t length, const uint8_t *octets, size_t count)
{
	char *line = malloc(FRAME_OF_LINE + 2 * count);
	size_t used;

	if (!line)
		return NULL;
	used = (size_t)snprintf(line, FRAME_OF_LINE,
				"{\"type\":\"evidence\",\"alert\":\"%016llx\",\"octets\":%zu,\"hex\":\"",
				(unsigned long long)alert, length);
	hex_put(line + used, octets, count);
	used += 2 * count;
	line[used++] = '"';
	line[used++] = '}';
	line[used] = '\0';
	return line;
}

static bool put_all(const struct control_evidence *request, const uint8_t *octets, size_t length)
{
	for (size_t at = 0; at < length; at += LINE_OCTETS) {
		size_t left = length - at;
		char *line = line_of(request->alert, length, octets + at, left < LINE_OCTETS ? left : LINE_OCTETS);
		if (!line || !request->put(request->context, line))
			return false;
	}
	return true;
}

bool control_evidence(const struct control_evidence *request, char *problem, size_t problem_size)
{
	size_t length;

	if (!request->folder) {
		snprintf(problem, problem_size,
			 "no captures of alerts are kept: name a folder under report.evidence in the configuration");
		return false;
	}
	uint8_t *octets = evidence_folder_read(request->folder, request->alert, &length, problem, problem_size);
	if (!octets)
		return false;
	bool good = put_all(request, octets, length);
	if (!good)
		snprintf(problem, problem_size, "the capture is not whole here, for want of memory; ask again");
	free(octets);
	return good;
}
