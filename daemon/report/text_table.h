/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for a person: columns as wide as what is in them, and as many as the page is wide enough for.
 *
 * Cells are put row by row; the table keeps copies. Every cell passes page_plain() when it is written, so hostile names do
 * no harm. Behind a pipe nothing is left out and nothing is cut.
 */
#ifndef ESPIAL_REPORT_TEXT_TABLE_H
#define ESPIAL_REPORT_TEXT_TABLE_H

#include "text_page.h"

struct text_table;

struct text_column {
	const char *title;
	bool right;    /* figures stand to the right */
	bool flexible; /* may be cut where the page is too narrow */
	/* may be cut too, but only so that no column of rank 1 is left out, and where nothing else is left */
	bool last_cut;
	unsigned rank; /* 0: always there; the highest is left out first */
	bool if_any;   /* left out while every cell of it is "-" */
};

enum { TEXT_COLUMNS_MAX = 12 };

/* The columns are borrowed. NULL on lack of memory. */
struct text_table *text_table_new(const struct text_column *columns, unsigned count);
void text_table_free(struct text_table *table);

/* The next cell, from left to right; NULL is an empty one. */
void text_table_put(struct text_table *table, enum page_style style, const char *text);

size_t text_table_rows(const struct text_table *table);

/* `narrow`: the page's width is that of something, and to be kept. */
void text_table_write(const struct text_table *table, const struct page *page, bool narrow);

#endif
