/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large blocks of memory that are kept from one input to the next. Engine, judge and what shows their records take some of up to
 * five megabytes, of which an input touches a few pages; to map them, with the checker's notes on them, and to unmap them, for each
 * input, was most of what an input cost. The linker gives these calls, and the target's entry, to the functions here (--wrap); only
 * libFuzzer's builds have them.
 *
 * A block is empty as calloc() has it whenever it is taken. What is behind its last octet and in front of its first is poisoned, and
 * the whole of it while nobody has it. All are back after each input, for a leak checker does not see these. One thread.
 */
#include "fuzz.h"

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <string.h>
#include <sys/mman.h>

enum {
	LEAST = 32 * 1024,     /* smaller ones are the checker's, which keeps what was freed from use for a while */
	ZERO_MOST = 96 * 1024, /* up to here zeros are cheaper than pages that are new */
	GUARD = 4096,          /* before and behind each */
	BLOCKS_MAX = 512
};

struct block {
	unsigned char *start;
	size_t size;   /* what was asked for */
	size_t mapped; /* from start, without the guard behind */
	bool out;
};

/* In order of making; beside them the lowest and the highest address of any. */
static struct block blocks[BLOCKS_MAX];
static unsigned block_count, blocks_out;
static unsigned char *lowest, *highest;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
int __real_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void *__wrap_pages_map(size_t size);
void __wrap_pages_unmap(void *memory, size_t size);

static struct block *make(size_t size)
{
	size_t mapped = (size + GUARD - 1) & ~(size_t)(GUARD - 1);

	DEMAND(block_count < BLOCKS_MAX);
	unsigned char *memory =
	    mmap(NULL, mapped + 2 * GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	DEMAND(memory != MAP_FAILED);
	/* Of a large page for a table of which an input fills a hundredth, all would have to be made zero. */
	(void)madvise(memory, mapped + 2 * GUARD, MADV_NOHUGEPAGE);
	struct block *block = &blocks[block_count++];
	*block = (struct block){ .start = memory + GUARD, .mapped = mapped };
	__asan_poison_memory_region(memory, mapped + 2 * GUARD);
	/* What it points to is not lost. */
	__lsan_register_root_region(block->start, mapped);
	if (!lowest || block->start < lowest)
		lowest = block->start;
	if (block->start > highest)
		highest = block->start;
	return block;
}

static void *take(size_t size)
{
	struct block *block = NULL;
	size_t mapped = (size + GUARD - 1) & ~(size_t)(GUARD - 1);

	/* The smallest that does; none that is far too large, which somebody else will want. */
	for (unsigned i = 0; i < block_count; i++)
		if (!blocks[i].out && blocks[i].mapped >= mapped && blocks[i].mapped <= 4 * mapped &&
		    (!block || blocks[i].mapped < block->mapped))
			block = &blocks[i];
	if (!block)
		block = make(size);
	block->size = size;
	block->out = true;
	blocks_out++;
	__asan_unpoison_memory_region(block->start, size);
	return block->start;
}

/* The block that starts there; NULL: the memory is none of these. */
static struct block *block_at(const void *memory)
{
	const unsigned char *start = memory;

	if (!start || start < lowest || start > highest)
		return NULL;
	for (unsigned i = 0; i < block_count; i++)
		if (blocks[i].start == start)
			return &blocks[i];
	return NULL;
}

static void give_back(struct block *block)
{
	DEMAND(block->out);
	if (block->size <= ZERO_MOST)
		memset(block->start, 0, block->size);
	else
		DEMAND(madvise(block->start, block->mapped, MADV_DONTNEED) == 0);
	__asan_poison_memory_region(block->start, block->mapped);
	block->out = false;
	blocks_out--;
}

void *__wrap_malloc(size_t size)
{
	return size < LEAST ? __real_malloc(size) : take(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all) || all < LEAST)
		return __real_calloc(count, size);
	return take(all);
}

void *__wrap_realloc(void *memory, size_t size)
{
	struct block *block = block_at(memory);

	if (!block && (memory || size < LEAST))
		return __real_realloc(memory, size);
	void *other = __wrap_malloc(size);
	if (block) {
		memcpy(other, memory, size < block->size ? size : block->size);
		give_back(block);
	}
	return other;
}

void __wrap_free(void *memory)
{
	struct block *block = block_at(memory);

	if (block)
		give_back(block);
	else
		__real_free(memory);
}

/* Tables of any size, so that the checker sees who reads behind them. */
void *__wrap_pages_map(size_t size)
{
	return __wrap_calloc(1, size ? size : 1);
}

void __wrap_pages_unmap(void *memory, size_t size)
{
	(void)size;
	__wrap_free(memory);
}

int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = blocks_out; /* what LLVMFuzzerInitialize() made for good */
	int result = __real_LLVMFuzzerTestOneInput(data, size);

	DEMAND(blocks_out == before);
	return result;
}
