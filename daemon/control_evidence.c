/* SPDX-License-Identifier: Apache-2.0 */
/* See control_evidence.h. Lines are short, so that no client has to take a megabyte at once. */
#include "control_evidence.h"

#include "report/evidence_folder.h"
#include "report/hex.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_OCTETS = 16 << 10, FRAME_OF_LINE = 128 /* octets of a line beside the digits */ };

struct control_evidence {
	uint8_t *octets; /* owned */
	size_t length, at;
	uint64_t alert;
};

struct control_evidence *control_evidence_new(const char *path, uint64_t alert, char *problem, size_t problem_size)
{
	struct control_evidence *evidence = path ? calloc(1, sizeof(*evidence)) : NULL;

	snprintf(problem, problem_size, "%s",
		 path ? "not enough memory"
		      : "no captures of alerts are kept: name a folder under report.evidence in the configuration");
	if (!evidence)
		return NULL;
	evidence->alert = alert;
	evidence->octets = evidence_folder_read(path, alert, &evidence->length, problem, problem_size);
	if (evidence->octets)
		return evidence;
	free(evidence);
	return NULL;
}

void control_evidence_free(struct control_evidence *evidence)
{
	if (!evidence)
		return;
	free(evidence->octets);
	free(evidence);
}

char *control_evidence_next(struct control_evidence *evidence)
{
	size_t count = evidence->length - evidence->at, used;
	const uint8_t *octets = evidence->octets + evidence->at;

	if (count > LINE_OCTETS)
		count = LINE_OCTETS;
	char *line = count ? malloc(FRAME_OF_LINE + 2 * count) : NULL;
	if (!line)
		return NULL;
	used = (size_t)snprintf(line, FRAME_OF_LINE,
				"{\"type\":\"evidence\",\"alert\":\"%016llx\",\"octets\":%zu,\"hex\":\"",
				(unsigned long long)evidence->alert, evidence->length);
	hex_put(line + used, octets, count);
	used += 2 * count;
	line[used++] = '"';
	line[used++] = '}';
	line[used] = '\0';
	evidence->at += count;
	return line;
}
