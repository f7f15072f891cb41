/* SPDX-License-Identifier: Apache-2.0 */
/* The table of pairs, see text_pairs.h. */
#include "text_pairs.h"

#include "utf8.h"

/* A leak under a rule is worse than clear traffic nobody asked to be secured. */
static int pair_rank(const struct pair_row *pair)
{
	switch (pair->verdict) {
	case PAIR_CLEARTEXT:
		return pair->rule[0] ? 0 : 2;
	case PAIR_MIXED:
		return pair->rule[0] ? 0 : 1;
	case PAIR_INTEGRITY_ONLY:
		return 3;
	case PAIR_NEGOTIATING:
		return 4;
	case PAIR_SECURED:
		return 5;
	case PAIR_IDLE:
	case PAIR_VERDICT_COUNT:
		break;
	}
	return 6;
}

static int compare_counts(uint64_t left, uint64_t right)
{
	return left > right ? -1 : left < right; /* most first */
}

/* Worst first; equal ones by volume, then by address so that a report is the same every time. */
int pair_row_compare(const void *left, const void *right)
{
	const struct pair_row *a = left, *b = right;
	int order = pair_rank(a) - pair_rank(b);

	if (order == 0)
		order = compare_counts(a->clear_bytes, b->clear_bytes);
	if (order == 0)
		order = compare_counts(a->esp_bytes, b->esp_bytes);
	if (order == 0)
		order = address_compare(&a->a, &b->a);
	return order ? order : address_compare(&a->b, &b->b);
}

static enum page_style verdict_style(enum pair_verdict verdict)
{
	static const enum page_style styles[PAIR_VERDICT_COUNT] = {
		[PAIR_SECURED] = STYLE_GOOD,          [PAIR_MIXED] = STYLE_HIGH,      [PAIR_CLEARTEXT] = STYLE_MEDIUM,
		[PAIR_INTEGRITY_ONLY] = STYLE_MEDIUM, [PAIR_NEGOTIATING] = STYLE_LOW, [PAIR_IDLE] = STYLE_QUIET,
	};
	return (size_t)verdict < PAIR_VERDICT_COUNT ? styles[verdict] : STYLE_PLAIN;
}

/* Widths of the columns of the table of pairs; 0: not told. */
struct pair_columns {
	size_t verdict, pair, volume, rekeys, rule, protocols;
};

static size_t pair_width(const struct pair_row *pair, const struct page *page, struct page_text *text)
{
	struct address_text a, b;

	snprintf(text->text, sizeof(text->text), "%s%s%s", address_text(&pair->a, &a), page_both_ways(page),
		 address_text(&pair->b, &b));
	return utf8_width(text->text);
}

/* Verdict, pair and the two volumes always fit in 40 columns with the pair on a line of its own; the rest as room allows. */
static struct pair_columns fit_columns(const struct pair_row *pairs, size_t count, const struct page *page)
{
	bool narrow = page->width < 72;
	struct pair_columns columns = { .verdict = narrow ? 15 : 16, .volume = narrow ? 9 : 10 };
	size_t pair = 0, rule = 0, left;
	struct page_text text;

	for (size_t i = 0; i < count; i++) {
		size_t width = pair_width(&pairs[i], page, &text) + 2, rule_width = utf8_width(pairs[i].rule);

		/* One long pair must not spread the table: beyond this it gets a line of its own. */
		if (width > pair && width <= 48 && columns.verdict + width + 2 * columns.volume <= page->width)
			pair = width;
		if (rule_width > rule)
			rule = rule_width;
	}
	columns.pair = pair;
	left = page->width - columns.verdict - pair - 2 * columns.volume;
	if (left >= 18) {
		columns.protocols = 16; /* and two blanks before it */
		left -= 18;
	}
	if (rule > 0 && left >= rule + 2) {
		columns.rule = rule;
		left -= rule + 2;
	}
	if (left >= 8) {
		columns.rekeys = 6;
		left -= 8;
	}
	if (columns.protocols > 0)
		columns.protocols += left > 16 ? 16 : left;
	return columns;
}

static void protocols_text(const struct pair_row *pair, const struct page *page, size_t limit, struct page_text *out)
{
	struct page_text name;
	size_t used = 0;

	out->text[0] = '\0';
	for (size_t i = 0; i < pair->protocol_count && i < PAIR_PROTOCOLS; i++) {
		size_t width;

		page_plain(page, pair->protocols[i], limit, &name);
		width = utf8_width(out->text) + utf8_width(name.text) + (i > 0 ? 2 : 0);
		/* Whole names only, with room to say that there are more. */
		if (i > 0 && width + (i + 1 < pair->protocol_count ? 4 : 0) > limit)
			break;
		used +=
		    (size_t)snprintf(out->text + used, sizeof(out->text) - used, "%s%s", i > 0 ? ", " : "", name.text);
		if (i + 1 < pair->protocol_count && (i + 1 == PAIR_PROTOCOLS || width + 4 + 2 > limit)) {
			if (width + 3 <= limit)
				snprintf(out->text + used, sizeof(out->text) - used, " +%u",
					 (unsigned)(pair->protocol_count - i - 1) % 100);
			break;
		}
	}
}

static void write_pair_head(const struct page *page, const struct pair_columns *columns)
{
	page_put_left(page, STYLE_QUIET, "verdict", columns->verdict);
	page_put_left(page, STYLE_QUIET, "pair", columns->pair);
	page_put_right(page, STYLE_QUIET, "ESP, AH", columns->volume);
	page_put_right(page, STYLE_QUIET, "clear", columns->volume);
	if (columns->rekeys) {
		page_spaces(page, 2);
		page_put_right(page, STYLE_QUIET, "rekeys", columns->rekeys);
	}
	if (columns->rule) {
		page_spaces(page, 2);
		page_put_left(page, STYLE_QUIET, "rule", columns->protocols ? columns->rule : 0);
	}
	if (columns->protocols) {
		page_spaces(page, 2);
		page_put(page, STYLE_QUIET, "in clear");
	}
	page_newline(page);
}

static void write_pair(const struct pair_row *pair, const struct page *page, const struct pair_columns *columns)
{
	struct page_text text;
	struct page_figure figure;

	page_put_left(page, verdict_style(pair->verdict), pair_verdict_name(pair->verdict), columns->verdict);
	if (pair_width(pair, page, &text) + 2 > columns->pair) {
		page_wrap(page, STYLE_PLAIN, columns->verdict, columns->verdict, text.text);
		page_spaces(page, columns->verdict + columns->pair);
	} else {
		page_put_left(page, STYLE_PLAIN, text.text, columns->pair);
	}
	page_put_right(page, STYLE_PLAIN, pair->esp_packets ? page_octets(pair->esp_bytes, &figure) : "-",
		       columns->volume);
	page_put_right(page, STYLE_PLAIN, pair->clear_packets ? page_octets(pair->clear_bytes, &figure) : "-",
		       columns->volume);
	if (columns->rekeys) {
		page_spaces(page, 2);
		page_put_right(page, STYLE_PLAIN, pair->rekeys ? page_count(pair->rekeys, &figure) : "-",
			       columns->rekeys);
	}
	if (columns->rule) {
		page_spaces(page, 2);
		page_plain(page, pair->rule[0] ? pair->rule : "-", columns->rule, &text);
		page_put_left(page, STYLE_PLAIN, text.text,
			      columns->protocols && pair->protocol_count ? columns->rule : 0);
	}
	if (columns->protocols && pair->protocol_count) {
		page_spaces(page, 2);
		protocols_text(pair, page, columns->protocols, &text);
		page_put(page, STYLE_PLAIN, text.text);
	}
	page_newline(page);
}

void pair_rows_write(const struct pair_row *pairs, size_t count, const struct page *page)
{
	struct pair_columns columns = fit_columns(pairs, count, page);

	write_pair_head(page, &columns);
	for (size_t i = 0; i < count; i++)
		write_pair(&pairs[i], page, &columns);
}
