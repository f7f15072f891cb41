/* SPDX-License-Identifier: Apache-2.0 */
/* Text for a person, see text_page.h. */
#include "text_page.h"

#include "timestamp.h"
#include "utf8.h"

#include <string.h>

const char *page_plain(const struct page *page, const char *text, size_t limit, struct page_text *buffer)
{
	char *in = buffer->text, *out = buffer->text;

	utf8_plain(text, limit, buffer->text, sizeof(buffer->text));
	if (page->unicode)
		return buffer->text;
	for (; *in; in++) {
		if ((*in & 0xc0) == 0x80) /* the rest of a character that is replaced already */
			continue;
		*out++ = (*in & 0x80) ? '?' : *in;
	}
	*out = '\0';
	return buffer->text;
}

static const char *style_begin(enum page_style style)
{
	static const char *const sequences[STYLE_COUNT] = {
		[STYLE_PLAIN] = "",          [STYLE_HEADING] = "\033[1m",     [STYLE_QUIET] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",   [STYLE_CRITICAL] = "\033[1;31m", [STYLE_HIGH] = "\033[31m",
		[STYLE_MEDIUM] = "\033[33m", [STYLE_LOW] = "\033[36m",
	};
	return sequences[style];
}

void page_put(const struct page *page, enum page_style style, const char *text)
{
	if (page->colour && style != STYLE_PLAIN && *text)
		fprintf(page->file, "%s%s\033[0m", style_begin(style), text);
	else
		fputs(text, page->file);
}

void page_spaces(const struct page *page, size_t count)
{
	static const char spaces[] = "                                ";

	for (; count >= sizeof(spaces); count -= sizeof(spaces) - 1)
		fwrite(spaces, 1, sizeof(spaces) - 1, page->file);
	fwrite(spaces, 1, count, page->file);
}

void page_put_left(const struct page *page, enum page_style style, const char *text, size_t width)
{
	size_t used = utf8_width(text);

	page_put(page, style, text);
	page_spaces(page, used < width ? width - used : 0);
}

void page_put_right(const struct page *page, enum page_style style, const char *text, size_t width)
{
	size_t used = utf8_width(text);

	page_spaces(page, used < width ? width - used : 0);
	page_put(page, style, text);
}

void page_newline(const struct page *page)
{
	putc('\n', page->file);
}

/* A line of page_wrap() begins and ends. */
static void open_style(const struct page *page, enum page_style style)
{
	if (page->colour)
		fputs(style_begin(style), page->file);
}

static void close_style(const struct page *page, enum page_style style)
{
	if (page->colour && style != STYLE_PLAIN)
		fputs("\033[0m", page->file);
}

void page_wrap(const struct page *page, enum page_style style, size_t indent, size_t at, const char *text)
{
	bool fresh = true; /* no word on this line yet */

	if (at < indent) {
		page_spaces(page, indent - at);
		at = indent;
	}
	open_style(page, style);
	while (*text) {
		size_t length = strcspn(text, " "), width = 0;

		for (size_t i = 0; i < length; i++)
			width += (text[i] & 0xc0) != 0x80;
		if (!fresh && at + 1 + width > page->width) {
			close_style(page, style);
			page_newline(page);
			page_spaces(page, indent);
			open_style(page, style);
			at = indent;
			fresh = true;
		}
		if (!fresh) {
			page_spaces(page, 1);
			at++;
		}
		fwrite(text, 1, length, page->file);
		at += width;
		fresh = false;
		text += length;
		text += strspn(text, " ");
	}
	close_style(page, style);
	page_newline(page);
}

void page_heading(const struct page *page, const char *title)
{
	page_newline(page);
	page_put(page, STYLE_HEADING, title);
	page_spaces(page, 1);
	if (page->colour)
		fputs(style_begin(STYLE_QUIET), page->file);
	for (size_t at = utf8_width(title) + 1; at < page->width; at++)
		fputs(page->unicode ? "\xe2\x94\x80" : "-", page->file);
	if (page->colour)
		fputs("\033[0m", page->file);
	page_newline(page);
}

void page_bar(const struct page *page, uint64_t part, uint64_t whole, size_t width)
{
	/* Full block, then one to seven eighths. */
	static const char *const eighths[] = { "",
					       "\xe2\x96\x8f",
					       "\xe2\x96\x8e",
					       "\xe2\x96\x8d",
					       "\xe2\x96\x8c",
					       "\xe2\x96\x8b",
					       "\xe2\x96\x8a",
					       "\xe2\x96\x89",
					       "\xe2\x96\x88" };
	size_t steps = page->unicode ? 8 : 1;
	double share = whole > 0 ? (double)part / (double)whole : 0;
	size_t filled = (size_t)(share * (double)(width * steps) + 0.5);

	if (filled > width * steps)
		filled = width * steps;
	if (filled == 0 && part > 0)
		filled = 1;
	for (size_t i = 0; i < filled / steps; i++)
		fputs(page->unicode ? eighths[8] : "#", page->file);
	if (filled % steps > 0)
		fputs(eighths[filled % steps], page->file);
}

const char *page_both_ways(const struct page *page)
{
	return page->unicode ? " \xe2\x86\x94 " : " <-> ";
}

const char *page_arrow(const struct page *page)
{
	return page->unicode ? "\xe2\x86\x92" : "->";
}

/* Figures are written by hand: lists have them by the hundred thousand, and printf() takes most of the time then. */

static char *put_number(char *at, uint64_t number)
{
	char digits[24];
	size_t used = sizeof(digits);

	do
		digits[--used] = (char)('0' + number % 10);
	while (number /= 10);
	memcpy(at, digits + used, sizeof(digits) - used);
	return at + sizeof(digits) - used;
}

/* "12.3" */
static char *put_tenths(char *at, uint64_t tenths)
{
	at = put_number(at, tenths / 10);
	*at++ = '.';
	*at++ = (char)('0' + tenths % 10);
	return at;
}

/* "1.5k", by thousands; below the first unit there is none. */
static char *put_scaled(char *at, uint64_t number)
{
	static const char units[] = "kMGTPE";
	double value = (double)number / 1000;
	size_t unit = 0;

	for (; value >= 999.95 && units[unit + 1]; value /= 1000)
		unit++;
	at = put_tenths(at, (uint64_t)(value * 10 + 0.5));
	*at++ = units[unit];
	return at;
}

const char *page_count(uint64_t count, struct page_figure *buffer)
{
	*(count < 100000 ? put_number(buffer->text, count) : put_scaled(buffer->text, count)) = '\0';
	return buffer->text;
}

const char *page_octets(uint64_t octets, struct page_figure *buffer)
{
	char *at;

	if (octets < 1000) {
		at = put_number(buffer->text, octets);
		*at++ = ' ';
	} else {
		at = put_scaled(buffer->text, octets);
		/* The blank stands before the unit. */
		at[0] = at[-1];
		at[-1] = ' ';
		at++;
	}
	memcpy(at, "B", sizeof("B"));
	return buffer->text;
}

/* "3 h 4 min"; without the second unit, the first alone. */
static void put_units(char *at, int64_t first, const char *first_unit, int64_t second, const char *second_unit)
{
	at = stpcpy(put_number(at, (uint64_t)first), first_unit);
	if (second_unit)
		stpcpy(put_number(at, (uint64_t)second), second_unit);
}

const char *page_duration(int64_t nanoseconds, struct page_figure *buffer)
{
	int64_t seconds = nanoseconds / 1000000000;
	char *text = buffer->text;

	if (nanoseconds < 0)
		stpcpy(text, "?");
	else if (seconds < 10)
		stpcpy(put_tenths(text, ((uint64_t)nanoseconds + 50000000) / 100000000), " s");
	else if (seconds < 60)
		put_units(text, seconds, " s", 0, NULL);
	else if (seconds < 3600)
		put_units(text, seconds / 60, " min ", seconds % 60, " s");
	else if (seconds < 86400)
		put_units(text, seconds / 3600, " h ", seconds / 60 % 60, " min");
	else
		put_units(text, seconds / 86400, " d ", seconds / 3600 % 24, " h");
	return text;
}

const char *page_share(uint64_t part, uint64_t whole, struct page_figure *buffer)
{
	double share = whole > 0 ? 100.0 * (double)part / (double)whole : 0;

	if (part > 0 && share < 0.05)
		snprintf(buffer->text, sizeof(buffer->text), "<0.1%%");
	else
		snprintf(buffer->text, sizeof(buffer->text), "%.1f%%", share);
	return buffer->text;
}

const char *page_time(int64_t time_ns, struct page_figure *buffer)
{
	struct timestamp_text time;

	timestamp_text(time_ns, &time);
	memcpy(buffer->text, time.text, 10);
	buffer->text[10] = ' ';
	memcpy(buffer->text + 11, time.text + 11, 8);
	buffer->text[19] = '\0';
	return buffer->text;
}
