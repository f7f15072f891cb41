/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON lines between the processes: whatever comes instead of a record is refused with a sentence, and what is taken for
 * one is written as a line that reads back as the same line. So are lines of an inventory. The input is the line.
 */
#include "fuzz.h"

#include "daemon/report/inventory.h"
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

/* A line of an inventory that is taken gives that very line again. */
static void check_inventory(const char *line, size_t size)
{
	static const char start[] = "{\"type\":\"inventory";
	struct inventory *inventory;

	if (size < sizeof(start) || memcmp(line, start, sizeof(start) - 1) != 0)
		return;
	inventory = inventory_new(NULL, NULL);
	DEMAND(inventory != NULL);
	bool taken = inventory_take_line(inventory, line, size);
	inventory_sort(inventory);
	size_t count = inventory_count(inventory) + inventory_certificate_count(inventory);
	DEMAND(taken ? count <= 1 : count == 0);
	if (taken && count == 1) {
		/* The sensor's name is not the inventory's. */
		const char *mark = memmem(line, size, "\"sensor\":\"s\"", 12);
		char *again = mark ? inventory_json_line(inventory, 0, "s") : NULL;
		DEMAND(!mark || (again && strlen(again) == size && memcmp(again, line, size) == 0));
		free(again);
	}
	inventory_free(inventory);
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
	check_inventory(line, size);
	free(line);
	return 0;
}
