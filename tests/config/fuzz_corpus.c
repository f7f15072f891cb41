/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files and folders of files, so that without a fuzzer it is an ordinary test: what once went
 * wrong stays right. Fails if there was nothing to run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 5 << 20 };

/* Runs one file; 1 if it could be read. */
static int run_file(const char *path, uint8_t *buffer)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	if (!file)
		return 0;
	size = fread(buffer, 1, INPUT_MAX, file);
	fclose(file);
	/* In a block of its own size, so that a sanitizer sees what lies beyond. */
	data = malloc(size ? size : 1);
	if (!data)
		return 0;
	memcpy(data, buffer, size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

static int run_folder(const char *path, uint8_t *buffer)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!folder)
		return run_file(path, buffer);
	while ((entry = readdir(folder))) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		count += run_file(name, buffer);
	}
	closedir(folder);
	return count;
}

int main(int count, char **arguments)
{
	uint8_t *buffer = malloc(INPUT_MAX);
	int done = 0;

	if (!buffer)
		return EXIT_FAILURE;
	for (int i = 1; i < count; i++)
		done += run_folder(arguments[i], buffer);
	free(buffer);
	printf("%d inputs\n", done);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
