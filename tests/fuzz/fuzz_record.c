/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON lines between the processes: whatever comes instead of a record is refused with a sentence, and what is taken for
 * one is written as a line that reads back as the same line. The input is the line.
 */
#include "fuzz.h"

#include "daemon/report/json.h"
#include "daemon/report/record_reader.h"

#include <string.h>

static void check_refusal(const struct record_reader *reader, const struct record *record)
{
	static const struct record none;

	DEMAND(reader->problem[0] && memchr(reader->problem, '\0', sizeof(reader->problem)));
	DEMAND(memcmp(record, &none, sizeof(none)) == 0);
	for (const char *at = reader->problem; *at; at++)
		DEMAND((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void check_record(const struct record_reader *reader, const struct record *record)
{
	struct record_reader second_reader = { .sensor = NULL };
	struct record second;
	char *line = record_to_json(record, reader->sensor);

	DEMAND(line != NULL);
	for (const char *at = line; *at; at++)
		DEMAND(*at >= ' ' && *at <= '~');
	bool reads = record_from_json(line, strlen(line), &second_reader, &second);
	if (!reads)
		fprintf(stderr, "%s\n%s\n", line, second_reader.problem);
	DEMAND(reads && second.type == record->type);
	char *again = record_to_json(&second, second_reader.sensor);
	if (again && strcmp(line, again) != 0)
		fprintf(stderr, "%s\n%s\n", line, again);
	DEMAND(again && strcmp(line, again) == 0);
	free(again);
	free(line);
	record_reader_clear(&second_reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_reader reader = { .sensor = NULL };
	struct record record;
	/* In a block of just its size, for the reader takes a length. */
	char *line = malloc(size ? size : 1);

	DEMAND(line != NULL);
	memcpy(line, data, size);
	memset(&record, 0xff, sizeof(record));
	if (record_from_json(line, size, &reader, &record))
		check_record(&reader, &record);
	else
		check_refusal(&reader, &record);
	record_reader_clear(&reader);
	free(line);
	return 0;
}
