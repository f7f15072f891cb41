/* SPDX-License-Identifier: Apache-2.0 */
/* See memory_or_end.h. */
#include "memory_or_end.h"

#include <stdlib.h>
#include <unistd.h>

_Noreturn void memory_end(void)
{
	static const char text[] = "espial: not enough memory; this process ends\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(2);
}

void *memory_or_end(size_t size)
{
	void *memory = malloc(size);

	if (!memory && size > 0)
		memory_end();
	return memory;
}

void *memory_zeroed_or_end(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory && count > 0 && size > 0)
		memory_end();
	return memory;
}

void *memory_more_or_end(void *memory, size_t size)
{
	void *more = realloc(memory, size);

	if (!more && size > 0)
		memory_end();
	return more;
}
