/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for large arrays that are reached at random: zeroed, reserved at once, resident as it is used.
 *
 * It begins at a huge page and asks for such, since with small ones each access would walk the page table too: of a table of
 * a hundred thousand entries every second access costs more for finding the page than for the line in it.
 */
#ifndef ESPIAL_AUDIT_PAGES_H
#define ESPIAL_AUDIT_PAGES_H

#include <stddef.h>

/* NULL on lack of address space. */
void *pages_map(size_t size);

/* `size` as it was asked for. NULL is nothing. */
void pages_unmap(void *memory, size_t size);

#endif
