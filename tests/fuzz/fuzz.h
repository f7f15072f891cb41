/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target has: the entry that libFuzzer calls, and DEMAND for what has to hold whatever the input is. A
 * target that demands nothing finds only what sanitizers see. Without libFuzzer, replay.c calls the entry over seeds.
 */
#ifndef ESPIAL_TESTS_FUZZ_FUZZ_H
#define ESPIAL_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where the fuzzer sees it, and says what did not hold. */
static inline void demand(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

#define DEMAND(condition) demand(condition, #condition)

#endif
