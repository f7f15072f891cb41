/* SPDX-License-Identifier: Apache-2.0 */
/* See text_table.h. */
#include "text_table.h"

#include "memory_or_end.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, FLEXIBLE_MIN = 12, ROOM_FIRST = 256, TEXT_FIRST = 4096 };

struct cell {
	size_t text;            /* offset in texts */
	uint16_t length, width; /* in octets, in columns */
	enum page_style style;
};

struct text_table {
	const struct text_column *columns;
	unsigned column_count;
	struct cell *cells; /* owned, row by row */
	size_t count, room;
	char *texts; /* owned; each ends with a NUL */
	size_t text_used, text_room;
	size_t widths[TEXT_COLUMNS_MAX]; /* of the widest cell */
};

struct text_table *text_table_new(const struct text_column *columns, unsigned count)
{
	struct text_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->column_count = count < TEXT_COLUMNS_MAX ? count : TEXT_COLUMNS_MAX;
	for (unsigned i = 0; i < table->column_count; i++)
		table->widths[i] = columns[i].if_any ? 0 : strlen(columns[i].title);
	return table;
}

void text_table_free(struct text_table *table)
{
	if (!table)
		return;
	free(table->cells);
	free(table->texts);
	free(table);
}

static void make_room(void **items, size_t *room, size_t needed, size_t size, size_t first)
{
	size_t larger = *room ? *room : first;

	while (larger < needed)
		larger *= 2;
	if (larger == *room)
		return;
	*items = memory_more_or_end(*items, larger * size);
	*room = larger;
}

void text_table_put(struct text_table *table, enum page_style style, const char *text)
{
	char plain[PAGE_TEXT_SIZE];
	size_t length = utf8_plain(text ? text : "", sizeof(plain) - 1, plain, sizeof(plain));
	size_t width = utf8_width(plain);
	unsigned column = (unsigned)(table->count % table->column_count);

	make_room((void **)&table->cells, &table->room, table->count + 1, sizeof(*table->cells), ROOM_FIRST);
	make_room((void **)&table->texts, &table->text_room, table->text_used + length + 1, 1, TEXT_FIRST);
	table->cells[table->count++] = (struct cell){ table->text_used, (uint16_t)length, (uint16_t)width, style };
	memcpy(table->texts + table->text_used, plain, length + 1);
	table->text_used += length + 1;
	bool nothing = table->columns[column].if_any && strcmp(plain, "-") == 0;
	if (width > 0 && table->widths[column] == 0 && !nothing)
		table->widths[column] = strlen(table->columns[column].title);
	if (width > table->widths[column] && !nothing)
		table->widths[column] = width;
}

size_t text_table_rows(const struct text_table *table)
{
	return table->count / table->column_count;
}

static size_t total(const struct text_table *table, const size_t *widths)
{
	size_t sum = 0;

	for (unsigned i = 0; i < table->column_count; i++)
		sum += widths[i] ? widths[i] + (sum ? GAP : 0) : 0;
	return sum;
}

/* Cuts the columns of a kind as far as they may be, from the left, until the sum fits. */
static size_t cut(const struct text_table *table, size_t width, size_t *widths, bool last)
{
	size_t sum = total(table, widths);

	for (unsigned i = 0; i < table->column_count && sum > width; i++) {
		const struct text_column *column = &table->columns[i];
		if (!(last ? column->last_cut : column->flexible) || widths[i] <= FLEXIBLE_MIN)
			continue;
		size_t spare = widths[i] - FLEXIBLE_MIN;
		widths[i] -= spare < sum - width ? spare : sum - width;
		sum = total(table, widths);
	}
	return sum;
}

/* Cuts what may be cut, then leaves out what may be left out; a width of 0 leaves a column out. */
static void fit(const struct text_table *table, size_t width, size_t *widths)
{
	for (;;) {
		size_t sum = cut(table, width, widths, false);
		unsigned worst = table->column_count;
		if (sum <= width)
			return;
		for (unsigned i = 0; i < table->column_count; i++)
			if (widths[i] && table->columns[i].rank &&
			    (worst == table->column_count || table->columns[i].rank > table->columns[worst].rank))
				worst = i;
		if ((worst == table->column_count || table->columns[worst].rank == 1) &&
		    cut(table, width, widths, true) <= width)
			return;
		if (worst == table->column_count)
			return;
		widths[worst] = 0;
		/* What was cut may be whole again without it. */
		for (unsigned i = 0; i < table->column_count; i++)
			if (widths[i] && (table->columns[i].flexible || table->columns[i].last_cut))
				widths[i] = table->widths[i];
	}
}

static void write_cell(const struct text_table *table, const struct page *page, unsigned column, size_t width,
		       const struct cell *cell, bool last)
{
	const char *text = table->texts + cell->text;
	size_t used = cell->width;
	struct page_text buffer;

	/* Texts are plain already: only what is cut, or not for this page, is made anew. */
	if (used > width || (!page->unicode && cell->length != used)) {
		text = page_plain(page, text, width, &buffer);
		used = utf8_width(text);
	}
	if (table->columns[column].right)
		page_spaces(page, width - used);
	page_put(page, cell->style, text);
	if (!last)
		page_spaces(page, (table->columns[column].right ? 0 : width - used) + GAP);
}

static void write_title(const struct text_table *table, const struct page *page, unsigned column, size_t width,
			bool last)
{
	const char *title = table->columns[column].title;

	if (table->columns[column].right)
		page_put_right(page, STYLE_QUIET, title, width);
	else if (last)
		page_put(page, STYLE_QUIET, title);
	else
		page_put_left(page, STYLE_QUIET, title, width);
	if (!last)
		page_spaces(page, GAP);
}

void text_table_write(const struct text_table *table, const struct page *page, bool narrow)
{
	size_t widths[TEXT_COLUMNS_MAX];
	unsigned last = 0;

	memcpy(widths, table->widths, sizeof(widths));
	if (narrow)
		fit(table, page->width, widths);
	for (unsigned i = 0; i < table->column_count; i++)
		if (widths[i])
			last = i;
	for (unsigned i = 0; i < table->column_count; i++)
		if (widths[i])
			write_title(table, page, i, widths[i], i == last);
	page_newline(page);
	for (size_t at = 0; at + table->column_count <= table->count; at += table->column_count) {
		for (unsigned i = 0; i < table->column_count; i++)
			if (widths[i])
				write_cell(table, page, i, widths[i], &table->cells[at + i], i == last);
		page_newline(page);
	}
}
