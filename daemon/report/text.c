/* SPDX-License-Identifier: Apache-2.0 */
/* The text sink and the blocks of findings, see text.h. The report at the end is text_report.c. */
#include "text.h"

#include "finding_fields.h"
#include "text_report.h"
#include "utf8.h"
#include "../audit/finding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 10 }; /* columns of the severity word, and where a block's text begins */

struct text_sink {
	struct sink sink;
	struct page page;
	struct report *report; /* owned */
	bool written;          /* something stands above: a block keeps a line of distance */
	bool told;             /* a report was, or another process will: none at close */
};

/* "10.1.0.1 <-> 10.2.0.2", "10.1.0.1", "10.1.0.1 -> 10.2.0.2 0xc0ffee00", or "this sensor". */
static void subject_text(const struct page *page, const struct finding *finding, struct page_text *out)
{
	struct address_text a, b;

	if (finding->subject == SUBJECT_SENSOR)
		snprintf(out->text, sizeof(out->text), "this sensor");
	else if (finding->subject == SUBJECT_HOST)
		snprintf(out->text, sizeof(out->text), "%s", address_text(&finding->a, &a));
	else if (finding->subject == SUBJECT_SA && finding->has_flow && finding->has_spi)
		snprintf(out->text, sizeof(out->text), "%s %s %s 0x%08x", address_text(&finding->src, &a),
			 page_arrow(page), address_text(&finding->dst, &b), finding->spi);
	else if (finding->has_pair)
		snprintf(out->text, sizeof(out->text), "%s%s%s", address_text(&finding->a, &a), page_both_ways(page),
			 address_text(&finding->b, &b));
	else
		snprintf(out->text, sizeof(out->text), "no address");
}

static void name_text(const struct finding *finding, struct page_text *out)
{
	snprintf(out->text, sizeof(out->text), "%s%s%s", catalogue_row(finding->id)->name,
		 finding->cause == CAUSE_NONE ? "" : "/",
		 finding->cause == CAUSE_NONE ? "" : catalogue_cause(finding->cause)->name);
}

/* ", 17 packets, 1.1 kB". What has no octets counts something else, which its text names: negotiations, keys, SAs. */
static void amount_text(const struct finding *finding, struct page_text *out)
{
	struct page_figure count, octets;

	out->text[0] = '\0';
	if (finding->count > 0 && finding->bytes > 0)
		snprintf(out->text, sizeof(out->text), ", %s packet%s, %s", page_count(finding->count, &count),
			 finding_plural(finding->count), page_octets(finding->bytes, &octets));
}

/* Facts in one line: since when, how much, under which rule, how sure, and of which of several networks. */
static void facts_text(const struct page *page, const struct finding *finding, struct page_text *out)
{
	char number[REALM_TEXT_SIZE];
	const char *realm = realm_text(finding->realm, finding->realm_interface, number);
	struct page_figure since;
	struct page_text amount, name;
	size_t used;

	amount_text(finding, &amount);
	used = (size_t)snprintf(out->text, sizeof(out->text), "since %s, %s%.100s",
				page_time(finding->first_ns, &since), finding_grade_name(finding->grade), amount.text);
	if (finding->rule)
		used += (size_t)snprintf(out->text + used, sizeof(out->text) - used, ", rule %s",
					 page_plain(page, finding->rule, 40, &name));
	if (realm)
		snprintf(out->text + used, sizeof(out->text) - used, ", realm %s", page_plain(page, realm, 40, &name));
}

/* Lifecycle and heartbeat ask nothing of anybody. */
static bool needs_advice(const struct finding *finding)
{
	return finding->id < FINDING_PEER_NEW || finding->id > FINDING_SENSOR_ALIVE;
}

static void write_advice(const struct page *page, const struct finding *finding)
{
	if (!needs_advice(finding))
		return;
	page_spaces(page, MARGIN);
	page_put(page, STYLE_GOOD, page_arrow(page));
	page_wrap(page, STYLE_PLAIN, MARGIN + 3, MARGIN + utf8_width(page_arrow(page)),
		  catalogue_advice(finding->id, finding->cause));
}

static void write_open(const struct page *page, const struct finding *finding)
{
	enum page_style style = report_severity_style(finding->severity);
	struct page_text name, subject, text;
	size_t at;

	name_text(finding, &name);
	subject_text(page, finding, &subject);
	page_put_left(page, style, report_severity_word(finding->severity), MARGIN);
	page_put(page, STYLE_HEADING, name.text);
	at = MARGIN + utf8_width(name.text) + 2;
	if (at + utf8_width(subject.text) > page->width) {
		/* Long addresses go on a line of their own. */
		page_newline(page);
		page_wrap(page, STYLE_PLAIN, MARGIN, 0, subject.text);
	} else {
		page_spaces(page, 2);
		page_wrap(page, STYLE_PLAIN, at, at, subject.text);
	}
	page_wrap(page, STYLE_PLAIN, MARGIN, 0, page_plain(page, finding->text, SIZE_MAX, &text));
	facts_text(page, finding, &text);
	page_wrap(page, STYLE_QUIET, MARGIN, 0, text.text);
	write_advice(page, finding);
}

/* One line, where the width allows it; below it what is news: why, once that is known, and what to do then. */
static void write_change(const struct page *page, const struct finding *finding, bool news)
{
	struct page_text name, subject, amount, by, line, text;
	struct page_figure figure;
	bool clear = finding->state == FINDING_CLEAR;

	name_text(finding, &name);
	subject_text(page, finding, &subject);
	amount_text(finding, &amount);
	if (clear)
		snprintf(line.text, sizeof(line.text), "%.100s %.160s: %.100s after %s", name.text, subject.text,
			 finding->cleared_by ? page_plain(page, finding->cleared_by, 24, &by) : "cleared",
			 page_duration(finding->last_ns - finding->first_ns, &figure));
	else
		snprintf(line.text, sizeof(line.text), "%.100s %.160s: %s%.100s", name.text, subject.text,
			 finding_severity_name(finding->severity), amount.text);
	page_put_left(page, clear ? STYLE_GOOD : report_severity_style(finding->severity), clear ? "clear" : "update",
		      MARGIN);
	page_wrap(page, STYLE_PLAIN, MARGIN, MARGIN, line.text);
	if (news && !clear) {
		page_wrap(page, STYLE_PLAIN, MARGIN, 0, page_plain(page, finding->text, SIZE_MAX, &text));
		write_advice(page, finding);
	}
}

static void write_notice(const struct page *page, const struct record_notice *notice)
{
	static const char *const words[] = { "error", "warning", "note" };
	static const enum page_style styles[] = { STYLE_HIGH, STYLE_MEDIUM, STYLE_QUIET };
	size_t level = (size_t)notice->level < 3 ? notice->level : NOTICE_INFO;
	struct page_text text;

	page_put_left(page, styles[level], words[level], MARGIN);
	page_wrap(page, STYLE_PLAIN, MARGIN, MARGIN,
		  page_plain(page, notice->text ? notice->text : "", SIZE_MAX, &text));
}

static void text_write(struct sink *sink, const struct record *record)
{
	struct text_sink *text = (struct text_sink *)sink;
	const struct finding *finding = record->type == RECORD_FINDING ? &record->finding : NULL;
	/* An alert of which nothing stands above is told whole, also where espiald knows but its newest state. */
	bool whole = finding && (finding->state == FINDING_OPEN ||
				 (finding->state == FINDING_UPDATE && !report_knows(text->report, finding)));
	bool news = finding && report_is_news(text->report, finding);
	char reason[64];

	report_add(text->report, record);
	if (text->written && (record->type == RECORD_SUMMARY || whole))
		page_newline(&text->page);
	if (whole)
		write_open(&text->page, finding);
	else if (finding)
		write_change(&text->page, finding, news);
	else if (record->type == RECORD_NOTICE)
		write_notice(&text->page, &record->notice);
	else if (record->type == RECORD_SUMMARY)
		report_write(text->report, &text->page);
	else
		return;
	text->written = true;
	sink->health.up = fflush(text->page.file) == 0;
	if (sink->health.up)
		sink->health.delivered++;
	else
		sink->health.dropped++;
	snprintf(sink->health.problem, sizeof(sink->health.problem), "%s",
		 sink->health.up ? "" : strerror_r(errno, reason, sizeof(reason)));
	if (record->type == RECORD_SUMMARY) {
		/* What may follow is a later state, of which what was found is a part. */
		report_told(text->report);
		text->told = true;
	}
}

static void text_close(struct sink *sink)
{
	struct text_sink *text = (struct text_sink *)sink;

	if (text->report && !text->told && !report_is_empty(text->report)) {
		if (text->written)
			page_newline(&text->page);
		report_write(text->report, &text->page);
		fflush(text->page.file);
	}
	report_free(text->report);
	free(text);
}

void text_sink_recall(struct sink *sink, const struct finding *finding)
{
	report_recall(((struct text_sink *)sink)->report, finding);
}

void text_sink_since(struct sink *sink, int64_t since_ns, bool knows_open)
{
	report_since(((struct text_sink *)sink)->report, since_ns, knows_open);
}

void text_sink_leave(struct sink *sink)
{
	((struct text_sink *)sink)->told = true;
}

struct sink *text_sink_new(FILE *file, unsigned width, bool colour, bool unicode)
{
	static const struct sink_ops ops = { .write = text_write, .close = text_close };
	struct text_sink *text = calloc(1, sizeof(*text));

	if (!text)
		return NULL;
	text->sink.ops = &ops;
	text->sink.name = "text";
	text->sink.health.up = true;
	text->page = (struct page){
		.file = file,
		.width = width < 40    ? 40
			 : width > 200 ? 200
				       : width,
		.colour = colour,
		.unicode = unicode,
	};
	text->report = report_new();
	if (!text->report) {
		free(text);
		return NULL;
	}
	return &text->sink;
}
