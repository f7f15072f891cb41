/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page: where text for a person goes, with its width, colours and characters.
 *
 * The only place that writes escape sequences, and the place through which every string from outside must pass
 * (page_plain) before it is written. Called by text.c and text_report.c. Must not know what a record is.
 */
#ifndef ESPIAL_REPORT_TEXT_PAGE_H
#define ESPIAL_REPORT_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct page {
	FILE *file;   /* borrowed */
	size_t width; /* columns, 40 to 200 */
	bool colour;  /* escape sequences may be written */
	bool unicode; /* characters beyond ASCII may be written */
};

enum page_style {
	STYLE_PLAIN,
	STYLE_HEADING,
	STYLE_QUIET,
	STYLE_GOOD,
	STYLE_CRITICAL,
	STYLE_HIGH,
	STYLE_MEDIUM,
	STYLE_LOW,
	STYLE_COUNT
};

enum { PAGE_TEXT_SIZE = 512, PAGE_FIGURE_SIZE = 32 };
struct page_text {
	char text[PAGE_TEXT_SIZE];
};
struct page_figure {
	char text[PAGE_FIGURE_SIZE];
};

/* A string from outside, safe to be written: valid, without controls, ASCII where the page is; at most `limit` columns. */
const char *page_plain(const struct page *page, const char *text, size_t limit, struct page_text *buffer);

/* Writes a text, which must be safe. */
void page_put(const struct page *page, enum page_style style, const char *text);
/* The same in a column of this width, filled with blanks to its right, or to its left. */
void page_put_left(const struct page *page, enum page_style style, const char *text, size_t width);
void page_put_right(const struct page *page, enum page_style style, const char *text, size_t width);
void page_spaces(const struct page *page, size_t count);
void page_newline(const struct page *page);

/* Words from column `indent` on, broken at the width; the cursor stands at column `at`, and ends on a new line. */
void page_wrap(const struct page *page, enum page_style style, size_t indent, size_t at, const char *text);

/* A blank line, then the title and a rule to the end of the line. */
void page_heading(const struct page *page, const char *title);

/* A bar of at most `width` columns for part/whole, the last thing on its line. Anything above nothing shows. */
void page_bar(const struct page *page, uint64_t part, uint64_t whole, size_t width);

/* "<->" and "->" or their arrows; a dot between facts. */
const char *page_both_ways(const struct page *page);
const char *page_arrow(const struct page *page);

/* "99999", "1.2M" · "12 B", "1.5 kB" · "0.3 s", "2 min 5 s", "3 h 4 min" · "12.3%", "<0.1%" · "2026-11-21 20:30:00" */
const char *page_count(uint64_t count, struct page_figure *buffer);
const char *page_octets(uint64_t octets, struct page_figure *buffer);
const char *page_duration(int64_t nanoseconds, struct page_figure *buffer);
const char *page_share(uint64_t part, uint64_t whole, struct page_figure *buffer);
const char *page_time(int64_t time_ns, struct page_figure *buffer);

#endif
