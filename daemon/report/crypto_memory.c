/* SPDX-License-Identifier: Apache-2.0 */
/* See crypto_memory.h. */
#include "crypto_memory.h"

#include "memory_or_end.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void *allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_or_end(size);
}

static void *reallocate(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_more_or_end(memory, size);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void crypto_memory_or_end(void)
{
	/* Refused where OpenSSL has begun already: then it keeps its own. */
	(void)CRYPTO_set_mem_functions(allocate, reallocate, release);
}
