/* SPDX-License-Identifier: Apache-2.0 */
/* See text_timeline.h. */
#include "text_timeline.h"

#include "../audit/finding.h"

#include <stdlib.h>
#include <string.h>

enum {
	DIRECTIONS_TOLD = 6,
	SAS_TOLD = 12, /* of one direction, the latest */
	SPI_COLUMN = 14,
	STATE_COLUMN = 12,
	OCTETS_COLUMN = 9,
	BESIDE = 2 + SPI_COLUMN + 2 + STATE_COLUMN, /* of the chart, what is always there */
	CHART_MIN = 10,
	CHART_MAX = 100,
};

void timeline_add(struct timeline *timeline, const struct record_sa *sa)
{
	if (timeline->count == TIMELINE_SAS_MAX) {
		timeline->more++;
		return;
	}
	timeline->sas[timeline->count++] = (struct timeline_sa){
		.src = sa->src,
		.dst = sa->dst,
		.spi = sa->spi,
		.replaces = sa->replaces,
		.protocol = sa->protocol,
		.has_replaces = sa->has_replaces,
		.state = sa->state,
		.first_ns = sa->first_ns,
		.last_ns = sa->last_ns,
		.bytes = sa->bytes,
		.lost = sa->lost > 0 ? (uint64_t)sa->lost : 0,
	};
}

/* By direction, then by birth. */
static int by_direction(const void *left, const void *right)
{
	const struct timeline_sa *l = left, *r = right;
	int order = address_compare(&l->src, &r->src);

	if (order == 0)
		order = address_compare(&l->dst, &r->dst);
	if (order != 0)
		return order;
	if (l->first_ns != r->first_ns)
		return l->first_ns < r->first_ns ? -1 : 1;
	return l->spi < r->spi ? -1 : l->spi > r->spi;
}

static bool same_direction(const struct timeline_sa *left, const struct timeline_sa *right)
{
	return address_equal(&left->src, &right->src) && address_equal(&left->dst, &right->dst);
}

static enum page_style state_style(enum sa_record_state state)
{
	switch (state) {
	case SA_STALE:
		return STYLE_MEDIUM;
	case SA_ACTIVE:
		return STYLE_GOOD;
	default:
		return STYLE_QUIET;
	}
}

static size_t column_of(int64_t time_ns, int64_t first_ns, int64_t last_ns, size_t width)
{
	int64_t span = last_ns - first_ns;

	if (span <= 0 || time_ns <= first_ns)
		return 0;
	size_t column = (size_t)((double)(time_ns - first_ns) / (double)span * (double)width);
	return column < width ? column : width - 1;
}

static void write_bar(const struct timeline_sa *sa, int64_t first_ns, int64_t last_ns, size_t width,
		      const struct page *page)
{
	size_t from = column_of(sa->first_ns, first_ns, last_ns, width);
	size_t to = column_of(sa->last_ns, first_ns, last_ns, width);

	for (size_t i = 0; i < width; i++) {
		bool inside = i >= from && i <= to;
		const char *mark = inside ? (page->unicode ? "\u2588" : "#") : (page->unicode ? "\u00b7" : ".");
		page_put(page, inside ? state_style(sa->state) : STYLE_QUIET, mark);
	}
}

/* Where there is no room for both, the chart is worth more. */
static bool has_octets(const struct page *page)
{
	return page->width >= BESIDE + OCTETS_COLUMN + CHART_MIN;
}

static void write_sa(const struct timeline_sa *sa, int64_t first_ns, int64_t last_ns, size_t width,
		     const struct page *page)
{
	struct page_figure octets;
	char spi[SPI_COLUMN];

	snprintf(spi, sizeof(spi), "%s0x%08x", sa->protocol == 51 ? "ah " : "", sa->spi);
	page_put(page, STYLE_PLAIN, "  ");
	page_put_left(page, STYLE_PLAIN, spi, SPI_COLUMN);
	write_bar(sa, first_ns, last_ns, width, page);
	page_put(page, STYLE_PLAIN, "  ");
	page_put_left(page, state_style(sa->state), sa_state_name(sa->state), STATE_COLUMN);
	if (has_octets(page))
		page_put_right(page, STYLE_QUIET, page_octets(sa->bytes, &octets), OCTETS_COLUMN);
	page_newline(page);
}

/* One direction: `count` SAs from `sas` on. */
static void write_direction(const struct timeline_sa *sas, size_t count, int64_t first_ns, int64_t last_ns,
			    const struct page *page)
{
	struct address_text src, dst;
	struct page_text text;
	size_t left = BESIDE + (has_octets(page) ? OCTETS_COLUMN : 0);
	size_t width = page->width > left + CHART_MIN ? page->width - left : CHART_MIN;
	size_t skipped = count > SAS_TOLD ? count - SAS_TOLD : 0;

	if (width > CHART_MAX)
		width = CHART_MAX;
	snprintf(text.text, sizeof(text.text), "%s %s %s", address_text(&sas->src, &src), page_arrow(page),
		 address_text(&sas->dst, &dst));
	page_put(page, STYLE_PLAIN, text.text);
	if (skipped) {
		snprintf(text.text, sizeof(text.text), "  (%zu earlier SA%s not shown)", skipped,
			 finding_plural(skipped));
		page_put(page, STYLE_QUIET, text.text);
	}
	page_newline(page);
	for (size_t i = skipped; i < count; i++)
		write_sa(&sas[i], first_ns, last_ns, width, page);
}

struct direction {
	size_t from, count;
};

static int most_sas_first(const void *left, const void *right)
{
	const struct direction *l = left, *r = right;

	if (l->count != r->count)
		return l->count > r->count ? -1 : 1;
	return l->from < r->from ? -1 : l->from > r->from;
}

static int in_order(const void *left, const void *right)
{
	const struct direction *l = left, *r = right;

	return l->from < r->from ? -1 : l->from > r->from;
}

void timeline_write(struct timeline *timeline, int64_t first_ns, int64_t last_ns, const struct page *page)
{
	struct direction told[DIRECTIONS_TOLD + 1];
	size_t told_count = 0, directions = 0;

	qsort(timeline->sas, timeline->count, sizeof(timeline->sas[0]), by_direction);
	for (size_t from = 0; from < timeline->count;) {
		size_t to = from + 1;
		while (to < timeline->count && same_direction(&timeline->sas[from], &timeline->sas[to]))
			to++;
		if (to - from > 1) {
			directions++;
			told[told_count++] = (struct direction){ from, to - from };
			qsort(told, told_count, sizeof(told[0]), most_sas_first);
			if (told_count > DIRECTIONS_TOLD)
				told_count = DIRECTIONS_TOLD;
		}
		from = to;
	}
	if (told_count == 0)
		return;
	page_heading(page, "SPIs over time");
	qsort(told, told_count, sizeof(told[0]), in_order);
	for (size_t i = 0; i < told_count; i++)
		write_direction(timeline->sas + told[i].from, told[i].count, first_ns, last_ns, page);
	if (directions > told_count) {
		struct page_text text;
		snprintf(text.text, sizeof(text.text), "and %zu more directions whose SAs were replaced",
			 directions - told_count);
		page_put(page, STYLE_QUIET, text.text);
		page_newline(page);
	}
}
