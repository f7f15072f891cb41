/* SPDX-License-Identifier: Apache-2.0 */
/* A period for a person at a terminal, see period.h. */
#include "period.h"
#include "text_table.h"
#include "timestamp.h"
#include "../audit/finding.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 40, TEXT_SIZE = 512 };

static void put(struct text_table *table, enum page_style style, const char *text)
{
	text_table_put(table, style, text);
}

static void put_octets(struct text_table *table, enum page_style style, uint64_t octets)
{
	struct page_figure figure;

	put(table, octets ? style : STYLE_QUIET, octets ? page_octets(octets, &figure) : "-");
}

static void write_table(struct text_table *table, const struct page *page)
{
	if (table)
		text_table_write(table, page, page->width < 200);
	text_table_free(table);
}

static void sentence(const struct page *page, enum page_style style, const char *text)
{
	page_wrap(page, style, 0, 0, text);
}

static void write_more(const struct page *page, size_t count, const char *what)
{
	char text[TEXT_SIZE];

	if (count <= ROWS_MAX)
		return;
	snprintf(text, sizeof(text), "... and %zu %s more: --csv and --html have all of them.", count - ROWS_MAX, what);
	sentence(page, STYLE_QUIET, text);
}

/* ---- parts ---- */

static void write_rules(const struct period *period, const struct page *page)
{
	static const struct text_column columns[] = {
		{ .title = "RULE", .flexible = true },
		{ .title = "SECURED", .right = true },
		{ .title = "ENCRYPTED", .right = true, .rank = 1 },
		{ .title = "ONLY SIGNED", .right = true, .rank = 4 },
		{ .title = "NOT ALLOWED", .right = true, .rank = 2 },
		{ .title = "ALLOWED", .right = true, .rank = 3 },
	};
	struct text_table *table = text_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	page_heading(page, "Share secured, by rule");
	if (!period->rule_count)
		sentence(page, STYLE_PLAIN, "No traffic was counted.");
	for (size_t i = 0; table && i < period->rule_count; i++) {
		const struct period_rule *rule = &period->rules[i];
		const struct period_volumes *volumes = &rule->volumes;
		char figure[PERIOD_SHARE_SIZE], text[PERIOD_SHARE_SIZE + 2];
		double share;
		bool asked = period_share(volumes, &share) && !rule->none;

		period_share_text(share, figure);
		snprintf(text, sizeof(text), "%s %%", figure);
		put(table, STYLE_PLAIN, rule->name);
		put(table, !asked ? STYLE_QUIET : share >= 1 ? STYLE_GOOD : STYLE_HIGH, asked ? text : "-");
		put_octets(table, STYLE_PLAIN, volumes->secured);
		put_octets(table, STYLE_MEDIUM, volumes->integrity);
		put_octets(table, STYLE_HIGH, volumes->offending);
		put_octets(table, STYLE_PLAIN,
			   volumes->clear > volumes->offending ? volumes->clear - volumes->offending : 0);
	}
	if (period->rule_count)
		write_table(table, page);
	else
		text_table_free(table);
}

static enum page_style severity_style(enum finding_severity severity)
{
	static const enum page_style styles[SEVERITY_COUNT] = { STYLE_CRITICAL, STYLE_HIGH, STYLE_MEDIUM, STYLE_LOW,
								STYLE_QUIET };
	return (size_t)severity < SEVERITY_COUNT ? styles[severity] : STYLE_PLAIN;
}

static void write_leaks(const struct period *period, const struct page *page)
{
	static const struct text_column columns[] = {
		{ .title = "SEVERITY" },
		{ .title = "BEGAN", .rank = 3 },
		{ .title = "FOR", .right = true, .rank = 1 },
		{ .title = "OCTETS", .right = true, .rank = 2 },
		{ .title = "A" },
		{ .title = "B" },
		{ .title = "STATE", .rank = 4 },
		{ .title = "CAUSE", .rank = 5 },
		{ .title = "RULE", .flexible = true, .rank = 6 },
	};
	struct text_table *table =
	    period->leak_count ? text_table_new(columns, sizeof(columns) / sizeof(columns[0])) : NULL;

	page_heading(page, "Leaks");
	if (!period->leak_count)
		sentence(page, STYLE_GOOD, "None was told of.");
	for (size_t i = period->leak_count > ROWS_MAX ? period->leak_count - ROWS_MAX : 0;
	     table && i < period->leak_count; i++) {
		const struct finding *leak = &period->leaks[i].finding;
		struct address_text a, b;
		struct page_figure figure;
		put(table, severity_style(leak->severity), finding_severity_name(leak->severity));
		put(table, STYLE_PLAIN, page_time(leak->first_ns, &figure));
		put(table, STYLE_PLAIN, page_duration(leak->last_ns - leak->first_ns, &figure));
		put_octets(table, STYLE_PLAIN, leak->bytes);
		put(table, STYLE_PLAIN, address_text(&leak->a, &a));
		put(table, STYLE_PLAIN, leak->has_pair ? address_text(&leak->b, &b) : "-");
		put(table, STYLE_PLAIN, leak->state == FINDING_CLEAR ? "over" : "open");
		put(table, STYLE_PLAIN, leak->cause == CAUSE_NONE ? "-" : catalogue_cause(leak->cause)->name);
		put(table, STYLE_PLAIN, leak->rule ? leak->rule : "-");
	}
	write_table(table, page);
	write_more(page, period->leak_count, "before these,");
}

static void write_blind(const struct period *period, const struct page *page)
{
	static const struct text_column columns[] = {
		{ .title = "FROM" }, { .title = "UNTIL", .rank = 1 },     { .title = "FOR", .right = true },
		{ .title = "WHY" },  { .title = "INTERFACE", .rank = 2 },
	};
	struct text_table *table =
	    period->blind_count ? text_table_new(columns, sizeof(columns) / sizeof(columns[0])) : NULL;
	struct page_figure figure, other;
	uint64_t packets, dropped = period_dropped(period, &packets);
	char text[TEXT_SIZE];

	page_heading(page, "Blind time");
	text[0] = '\0';
	if (period_known_from(period))
		snprintf(text, sizeof(text), "The history begins at %s; of the time before nothing is known. ",
			 page_time(period_known_from(period), &figure));
	size_t used = strlen(text);
	if (period->blind_ns)
		snprintf(text + used, sizeof(text) - used,
			 "The sensor, or one of its interfaces, saw nothing for %s in all.",
			 page_duration(period->blind_ns, &figure));
	else
		snprintf(text + used, sizeof(text) - used,
			 period_known_from(period) ? "Since then there was none." : "There was none.");
	used = strlen(text);
	if (dropped)
		snprintf(text + used, sizeof(text) - used, " %s frame%s dropped, %s of those that came.",
			 page_count(dropped, &figure), dropped == 1 ? " was" : "s were",
			 page_share(dropped, packets + dropped, &other));
	else
		snprintf(text + used, sizeof(text) - used, " No frame was dropped.");
	sentence(page, period->blind_ns || dropped ? STYLE_MEDIUM : STYLE_GOOD, text);
	for (size_t i = 0; table && i < period->blind_count && i < ROWS_MAX; i++) {
		const struct blind_period *blind = &period->blinds[i];
		put(table, STYLE_PLAIN, page_time(blind->from_ns, &figure));
		put(table, STYLE_PLAIN, page_time(blind->until_ns, &figure));
		put(table, STYLE_PLAIN, page_duration(blind->until_ns - blind->from_ns, &figure));
		put(table, STYLE_PLAIN, blind_why_name(blind->why));
		put(table, STYLE_PLAIN, blind->interface[0] ? blind->interface : "-");
	}
	write_table(table, page);
	write_more(page, period->blind_count + period->blind_left_out, "periods");
}

static enum page_style verdict_style(enum period_verdict verdict)
{
	static const enum page_style styles[] = { STYLE_GOOD, STYLE_LOW, STYLE_HIGH, STYLE_QUIET };

	return styles[verdict];
}

static void write_cryptography(const struct period *period, const struct period_judge *judge, const struct page *page)
{
	const struct text_column columns[] = {
		{ .title = "INITIATOR" },
		{ .title = "RESPONDER" },
		{ .title = "IKE", .rank = 5 },
		{ .title = judge->tables[0], .rank = 1 },
		{ .title = judge->tables[1], .rank = 2 },
		{ .title = judge->tables[2], .rank = 3 },
		{ .title = "QUANTUM", .rank = 4 },
		{ .title = "SELECTED", .flexible = true, .rank = 6 },
	};
	struct text_table *table =
	    period->selection_count ? text_table_new(columns, sizeof(columns) / sizeof(columns[0])) : NULL;

	page_heading(page, "Cryptography that IKE selected");
	if (!period->selection_count)
		sentence(page, STYLE_PLAIN, "No negotiation was seen.");
	for (size_t i = 0; table && i < period->selection_count && i < ROWS_MAX; i++) {
		const struct period_selection *selection = &period->selections[i];
		struct address_text text;
		char version[8];
		snprintf(version, sizeof(version), "v%u", selection->version % 10);
		put(table, STYLE_PLAIN, address_text(&selection->initiator, &text));
		put(table, STYLE_PLAIN, address_text(&selection->responder, &text));
		put(table, STYLE_PLAIN, version);
		for (unsigned k = 0; k < PERIOD_TABLES; k++)
			put(table, verdict_style(selection->verdicts[k]), period_verdict_name(selection->verdicts[k]));
		put(table, selection->quantum_safe ? STYLE_GOOD : STYLE_PLAIN,
		    selection->quantum_safe ? "safe" : "not safe");
		put(table, STYLE_PLAIN, selection->selected);
	}
	write_table(table, page);
	write_more(page, period->selection_count, "selections");
}

void period_write_text(const struct period *period, const struct period_judge *judge, const struct page *page)
{
	struct page_figure since, until;
	struct page_text sensor;
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "What %.200s saw from %s to %s (UTC).",
		 page_plain(page, period->sensor, 200, &sensor), page_time(period->since_ns, &since),
		 page_time(period->until_ns, &until));
	sentence(page, STYLE_PLAIN, text);
	write_rules(period, page);
	write_leaks(period, page);
	write_blind(period, page);
	write_cryptography(period, judge, page);
	if (!period->beyond_pairs)
		return;
	snprintf(text, sizeof(text),
		 "At most %llu pair%s at once found no room in the history; their %s are not in these figures.",
		 (unsigned long long)period->beyond_pairs, finding_plural(period->beyond_pairs),
		 page_octets(period->beyond_bytes, &since));
	page_newline(page);
	sentence(page, STYLE_MEDIUM, text);
}
