/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory, or the end of the process.
 *
 * For what cannot go on right without: a record that cannot be written would be a finding lost, and some libraries go on
 * with what they did not get, and fall. A process that ends says so and leaves nothing half done: espiald's monitor starts
 * another, which finds what was not taken yet where it was, and an audit says that it was none. Tables, which may be
 * larger than a machine has room for, are not allocated here: that lack is told with what to do about it.
 */
#ifndef ESPIAL_REPORT_MEMORY_OR_END_H
#define ESPIAL_REPORT_MEMORY_OR_END_H

#include <stddef.h>

/* As malloc(), calloc() and realloc(), to be given to free(), but never NULL unless nothing was asked for. */
void *memory_or_end(size_t size);
void *memory_zeroed_or_end(size_t count, size_t size);
void *memory_more_or_end(void *memory, size_t size);

/* Says on standard error that memory is short, and ends the process with status 2. */
_Noreturn void memory_end(void);

#endif
