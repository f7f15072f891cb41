/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over every file of the folders named, where there is no libFuzzer: an ordinary test. What once went
 * wrong lies in the folder `regression` and stays right. A folder that is not there, or nothing to run, is a failure.
 *
 * `--change` before a folder runs each of its inputs again with each octet changed in its first and in its last bit, as a
 * beginning of fuzzing where no fuzzer is.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

enum { INPUT_MAX = 5 << 20, CHANGED_MAX = 1000 };

/* One file, in a block of just its size so that memory checkers see every octet too many. */
static void run_file(const char *path, bool change)
{
	uint8_t *room = malloc(INPUT_MAX);
	FILE *file = fopen(path, "rb");

	if (!room || !file) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	size_t size = fread(room, 1, INPUT_MAX, file);
	fclose(file);
	uint8_t *data = malloc(size > 0 ? size : 1);
	if (!data)
		abort();
	memcpy(data, room, size);
	free(room);
	LLVMFuzzerTestOneInput(data, size);
	for (size_t at = 0; change && size < CHANGED_MAX && at < size; at++) {
		for (unsigned bit = 0; bit < 8; bit += 7) {
			data[at] ^= (uint8_t)(1U << bit);
			LLVMFuzzerTestOneInput(data, size);
			data[at] ^= (uint8_t)(1U << bit);
		}
	}
	free(data);
}

static unsigned run_folder(const char *folder, bool change)
{
	struct dirent **entries;
	int entry_count = scandir(folder, &entries, NULL, alphasort);
	unsigned count = 0;

	if (entry_count < 0) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
	for (int i = 0; i < entry_count; i++) {
		char path[4096];
		if (entries[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
			run_file(path, change);
			count++;
		}
		free(entries[i]);
	}
	free(entries);
	return count;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	bool change = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--change") == 0) {
			change = true;
			continue;
		}
		count += run_folder(argv[i], change);
	}
	printf("%u inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
