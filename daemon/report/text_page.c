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
	while (count-- > 0)
		putc(' ', page->file);
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

const char *page_count(uint64_t count, struct page_figure *buffer)
{
	static const char units[] = "kMGTPE";
	double value = (double)count;
	size_t unit = 0;

	if (count < 100000) {
		snprintf(buffer->text, sizeof(buffer->text), "%u", (unsigned)count);
		return buffer->text;
	}
	for (value /= 1000; value >= 999.95 && units[unit + 1]; value /= 1000)
		unit++;
	snprintf(buffer->text, sizeof(buffer->text), "%.1f%c", value, units[unit]);
	return buffer->text;
}

const char *page_octets(uint64_t octets, struct page_figure *buffer)
{
	static const char units[] = "kMGTPE";
	double value = (double)octets;
	size_t unit = 0;

	if (octets < 1000) {
		snprintf(buffer->text, sizeof(buffer->text), "%u B", (unsigned)octets);
		return buffer->text;
	}
	for (value /= 1000; value >= 999.95 && units[unit + 1]; value /= 1000)
		unit++;
	snprintf(buffer->text, sizeof(buffer->text), "%.1f %cB", value, units[unit]);
	return buffer->text;
}

const char *page_duration(int64_t nanoseconds, struct page_figure *buffer)
{
	int64_t seconds = nanoseconds / 1000000000;

	if (nanoseconds < 0)
		snprintf(buffer->text, sizeof(buffer->text), "?");
	else if (seconds < 10)
		snprintf(buffer->text, sizeof(buffer->text), "%.1f s", (double)nanoseconds / 1e9);
	else if (seconds < 60)
		snprintf(buffer->text, sizeof(buffer->text), "%d s", (int)seconds);
	else if (seconds < 3600)
		snprintf(buffer->text, sizeof(buffer->text), "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
	else if (seconds < 86400)
		snprintf(buffer->text, sizeof(buffer->text), "%d h %d min", (int)(seconds / 3600),
			 (int)(seconds / 60 % 60));
	else
		snprintf(buffer->text, sizeof(buffer->text), "%lld d %d h", (long long)(seconds / 86400),
			 (int)(seconds / 3600 % 24));
	return buffer->text;
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
	snprintf(buffer->text, sizeof(buffer->text), "%.10s %.8s", time.text, time.text + 11);
	return buffer->text;
}
