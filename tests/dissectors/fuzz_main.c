/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the folders named, where there is no libFuzzer: an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

/* One file, in a buffer of just its size so that memory checkers see every octet too many. */
static int run_file(const char *path)
{
	uint8_t *room = malloc(INPUT_MAX);
	FILE *file = fopen(path, "rb");

	if (!room || !file) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	size_t size = fread(room, 1, INPUT_MAX, file);
	fclose(file);
	uint8_t *exact = realloc(room, size > 0 ? size : 1);
	int result = LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return result;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int entry_count = scandir(argv[i], &entries, NULL, alphasort);
		for (int j = 0; j < entry_count; j++) {
			char path[4096];
			if (entries[j]->d_name[0] != '.') {
				snprintf(path, sizeof(path), "%s/%s", argv[i], entries[j]->d_name);
				run_file(path);
				count++;
			}
			free(entries[j]);
		}
		if (entry_count >= 0)
			free(entries);
	}
	printf("%u inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
