/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report at the end of an audit, see text_report.h.
 *
 * Three bounded stores: the worst pairs (a list twice as long as told, sorted and halved when it is full), alerts by
 * their number (open addressing, to know the last cause and whether it was cleared), and cleartext protocols by name
 * (the same).
 */
#include "text_report.h"

#include "fnv.h"
#include "memory_or_end.h"
#include "text_pairs.h"
#include "text_timeline.h"
#include "utf8.h"
#include "../audit/finding.h"

#include <stddef.h>
#include <stdlib.h>

struct alert_row {
	uint64_t alert;
	uint8_t id, cause, severity;
	bool used, cleared;
	bool grouped; /* another alert speaks for it, and counts */
};

struct protocol_row {
	char name[PAIR_NAME_SIZE]; /* plain; empty: free */
	uint64_t packets, bytes;
};

struct report {
	struct pair_row pairs[2 * REPORT_PAIR_ROWS];
	size_t pair_count;                     /* in pairs */
	uint64_t verdicts[PAIR_VERDICT_COUNT]; /* of all pairs */
	struct protocol_row protocols[2 * REPORT_PROTOCOLS_MAX];
	size_t protocol_count;
	struct protocol_row protocols_other; /* names beyond the bound */
	uint64_t clear_bytes, icmp_bytes;    /* of all pairs; ICMP is a class of its own */
	uint64_t sas[SA_STATE_COUNT], sa_bytes[2] /* ESP, AH */, lost, replayed;
	uint64_t ike_outcomes[IKE_OUTCOME_COUNT];
	struct timeline timeline;
	bool has_summary;
	struct record_summary summary;
	/* What follows outlasts a report. */
	struct alert_row alerts[2 * REPORT_ALERTS_MAX];
	size_t alert_count;
	uint64_t alerts_unnamed; /* opened beyond the bound, by severity below */
	uint64_t unnamed[SEVERITY_COUNT];
	int64_t since_ns; /* alerts of before are not among them; 0: they are all */
	bool knows_open;  /* but those that were open then are */
};

struct report *report_new(void)
{
	return calloc(1, sizeof(struct report));
}

void report_free(struct report *report)
{
	free(report);
}

bool report_is_empty(const struct report *report)
{
	return !report->has_summary && report->pair_count == 0 && report->alert_count == 0;
}

void report_told(struct report *report)
{
	if (report)
		memset(report, 0, offsetof(struct report, alerts));
}

void report_since(struct report *report, int64_t since_ns, bool knows_open)
{
	report->since_ns = since_ns;
	report->knows_open = knows_open;
}

static int compare_counts(uint64_t left, uint64_t right)
{
	return left > right ? -1 : left < right; /* most first */
}

static void add_protocol(struct report *report, const char *name, uint64_t packets, uint64_t bytes)
{
	size_t at = fnv_text(name) % (2 * REPORT_PROTOCOLS_MAX);
	struct protocol_row *row;

	while (report->protocols[at].name[0] && strcmp(report->protocols[at].name, name) != 0)
		at = (at + 1) % (2 * REPORT_PROTOCOLS_MAX);
	row = &report->protocols[at];
	if (!row->name[0] && report->protocol_count == REPORT_PROTOCOLS_MAX) {
		row = &report->protocols_other;
	} else if (!row->name[0]) {
		memcpy(row->name, name, strlen(name) + 1);
		report->protocol_count++;
	}
	row->packets += packets;
	row->bytes += bytes;
}

/* A name from outside in the room there is, never empty. */
static void plain_name(const char *name, char out[PAIR_NAME_SIZE])
{
	if (!name || utf8_plain(name, 24, out, PAIR_NAME_SIZE) == 0)
		memcpy(out, "unnamed", sizeof("unnamed"));
}

static void add_pair(struct report *report, const struct record_pair *pair)
{
	struct pair_row *row;

	if (report->pair_count == 2 * REPORT_PAIR_ROWS) {
		qsort(report->pairs, report->pair_count, sizeof(report->pairs[0]), pair_row_compare);
		report->pair_count = REPORT_PAIR_ROWS;
	}
	row = &report->pairs[report->pair_count++];
	memset(row, 0, sizeof(*row));
	row->a = pair->a;
	row->b = pair->b;
	row->verdict = (size_t)pair->verdict < PAIR_VERDICT_COUNT ? pair->verdict : PAIR_IDLE;
	if (pair->rule)
		utf8_plain(pair->rule, 24, row->rule, sizeof(row->rule));
	row->esp_packets = pair->esp_packets;
	row->esp_bytes = pair->esp_bytes;
	row->rekeys = pair->rekeys;
	row->protocol_count = pair->cleartext_count;
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		char name[PAIR_NAME_SIZE];

		plain_name(pair->cleartext[i].name, name);
		row->clear_packets += pair->cleartext[i].packets;
		row->clear_bytes += pair->cleartext[i].bytes;
		if (i < PAIR_PROTOCOLS)
			memcpy(row->protocols[i], name, sizeof(name));
		if (strcmp(name, "icmp") == 0) {
			report->icmp_bytes += pair->cleartext[i].bytes;
			continue;
		}
		report->clear_bytes += pair->cleartext[i].bytes;
		add_protocol(report, name, pair->cleartext[i].packets, pair->cleartext[i].bytes);
	}
	report->verdicts[row->verdict]++;
}

/* The place of an alert among those that are known; not in use if it is none of them. */
static size_t alert_place(const struct report *report, uint64_t alert)
{
	size_t at = (size_t)((alert * 0x9e3779b97f4a7c15ULL) >> 32) % (2 * REPORT_ALERTS_MAX);

	while (report->alerts[at].used && report->alerts[at].alert != alert)
		at = (at + 1) % (2 * REPORT_ALERTS_MAX);
	return at;
}

bool report_knows(const struct report *report, const struct finding *finding)
{
	return report->alert_count == REPORT_ALERTS_MAX || report->alerts[alert_place(report, finding->alert)].used;
}

bool report_is_news(const struct report *report, const struct finding *finding)
{
	const struct alert_row *row = &report->alerts[alert_place(report, finding->alert)];

	return row->used && (row->cause != finding->cause || finding->severity < row->severity);
}

static void add_finding(struct report *report, const struct finding *finding)
{
	struct alert_row *row = &report->alerts[alert_place(report, finding->alert)];

	if (!row->used) {
		if (report->alert_count == REPORT_ALERTS_MAX) {
			if (finding->state == FINDING_OPEN) {
				report->alerts_unnamed++;
				report->unnamed[(size_t)finding->severity < SEVERITY_COUNT ? finding->severity
											   : SEVERITY_INFO]++;
			}
			return;
		}
		report->alert_count++;
		row->used = true;
		row->alert = finding->alert;
		row->severity = SEVERITY_INFO;
	}
	row->id = (uint8_t)finding->id;
	row->cause = (uint8_t)finding->cause;
	if (finding->severity < row->severity)
		row->severity = (uint8_t)finding->severity; /* the worst it was */
	row->cleared = finding->state == FINDING_CLEAR;
	row->grouped = finding_is_grouped(finding);
}

void report_recall(struct report *report, const struct finding *finding)
{
	if (report)
		add_finding(report, finding);
}

void report_add(struct report *report, const struct record *record)
{
	if (!report)
		return;
	switch (record->type) {
	case RECORD_FINDING:
		add_finding(report, &record->finding);
		break;
	case RECORD_PAIR:
		add_pair(report, &record->pair);
		break;
	case RECORD_SA:
		timeline_add(&report->timeline, &record->sa);
		report->sas[(size_t)record->sa.state < SA_STATE_COUNT ? record->sa.state : SA_ACTIVE]++;
		report->sa_bytes[record->sa.protocol == 51] += record->sa.bytes;
		report->lost += record->sa.lost > 0 ? (uint64_t)record->sa.lost : 0;
		report->replayed += record->sa.replayed > 0 ? (uint64_t)record->sa.replayed : 0;
		break;
	case RECORD_IKE_SA:
		report->ike_outcomes[(size_t)record->ike_sa.outcome < IKE_OUTCOME_COUNT ? record->ike_sa.outcome : 0]++;
		break;
	case RECORD_SUMMARY:
		report->summary = record->summary;
		report->has_summary = true;
		break;
	case RECORD_NOTICE:
	case RECORD_KNOWN_PAIR:
	case RECORD_KNOWN_HOST:
	case RECORD_KNOWN_ALERT:
	case RECORD_STARTED:
	case RECORD_HELD_ALERT:
	case RECORD_HEALTH:
	case RECORD_IKE_MESSAGE:
		break;
	}
}

enum page_style report_severity_style(enum finding_severity severity)
{
	static const enum page_style styles[SEVERITY_COUNT] = {
		[SEVERITY_CRITICAL] = STYLE_CRITICAL, [SEVERITY_HIGH] = STYLE_HIGH,  [SEVERITY_MEDIUM] = STYLE_MEDIUM,
		[SEVERITY_LOW] = STYLE_LOW,           [SEVERITY_INFO] = STYLE_QUIET,
	};
	return (size_t)severity < SEVERITY_COUNT ? styles[severity] : STYLE_PLAIN;
}

const char *report_severity_word(enum finding_severity severity)
{
	static const char *const words[SEVERITY_COUNT] = {
		[SEVERITY_CRITICAL] = "CRITICAL", [SEVERITY_HIGH] = "HIGH", [SEVERITY_MEDIUM] = "MEDIUM",
		[SEVERITY_LOW] = "LOW",           [SEVERITY_INFO] = "INFO",
	};
	return (size_t)severity < SEVERITY_COUNT ? words[severity] : "?";
}

/* The answer, in a sentence or two. */
static void write_headline(const struct report *report, const struct page *page)
{
	const struct record_summary *summary = &report->summary;
	uint64_t ipsec = summary->classes[PACKET_ESP] + summary->classes[PACKET_AH];
	uint64_t attention = 0, secured = report->verdicts[PAIR_SECURED];
	enum finding_severity worst = SEVERITY_INFO;
	struct page_figure figure, since;
	struct page_text text;
	enum page_style style = STYLE_HEADING;

	for (size_t i = 0; i < 2 * REPORT_ALERTS_MAX; i++) {
		const struct alert_row *row = &report->alerts[i];

		if (!row->used || row->grouped)
			continue;
		attention += row->severity <= SEVERITY_MEDIUM;
		if (row->severity < worst)
			worst = (enum finding_severity)row->severity;
	}
	for (unsigned severity = SEVERITY_COUNT; severity-- > 0;) {
		attention += severity <= SEVERITY_MEDIUM ? report->unnamed[severity] : 0;
		if (severity < worst && report->unnamed[severity])
			worst = (enum finding_severity)severity;
	}
	if (attention > 0) {
		style = report_severity_style(worst);
		snprintf(text.text, sizeof(text.text), "%s finding%s need%s attention; the worst is %s.",
			 page_count(attention, &figure), finding_plural(attention), attention == 1 ? "s" : "",
			 finding_severity_name(worst));
		page_wrap(page, style, 0, 0, text.text);
		style = STYLE_PLAIN;
	}
	if (report->has_summary && summary->packets == 0) {
		snprintf(text.text, sizeof(text.text), "There was nothing to look at: not a single packet was seen.");
	} else if (report->has_summary && ipsec == 0 && summary->classes[PACKET_IKE] == 0) {
		snprintf(text.text, sizeof(text.text),
			 "No IPsec was seen: no ESP, no AH, and nobody tried to negotiate. All that can be read here, "
			 "anyone "
			 "on the path can read.");
	} else if (report->has_summary && ipsec == 0) {
		snprintf(text.text, sizeof(text.text),
			 "Peers negotiated (IKE), but no ESP or AH followed: nothing was secured.");
	} else if (attention == 0 && secured > 0) {
		style = STYLE_GOOD;
		snprintf(text.text, sizeof(text.text),
			 "%s pair%s %s secured, and nothing of medium severity or worse was found%s%s.",
			 page_count(secured, &figure), finding_plural(secured), secured == 1 ? "is" : "are",
			 report->since_ns ? " since " : "",
			 report->since_ns ? page_time(report->since_ns, &since) : "");
	} else {
		uint64_t mixed = report->verdicts[PAIR_MIXED];
		struct page_figure more;
		snprintf(text.text, sizeof(text.text), "%s pair%s %s secured throughout", page_count(secured, &figure),
			 finding_plural(secured), secured == 1 ? "is" : "are");
		if (mixed > 0) {
			size_t length = strlen(text.text);
			snprintf(text.text + length, sizeof(text.text) - length,
				 ", %s spoke both ESP and clear text that had to be secured", page_count(mixed, &more));
		}
		size_t length = strlen(text.text);
		snprintf(text.text + length, sizeof(text.text) - length, ".");
	}
	page_wrap(page, style, 0, 0, text.text);
}

static void write_extent(const struct report *report, const struct page *page)
{
	const struct record_summary *summary = &report->summary;
	struct page_figure packets, octets, first, last, duration;
	struct page_text text;
	size_t used;

	if (!report->has_summary)
		return;
	used = (size_t)snprintf(text.text, sizeof(text.text), "%s packet%s, %s", page_count(summary->packets, &packets),
				finding_plural(summary->packets), page_octets(summary->bytes, &octets));
	if (summary->has_time)
		snprintf(text.text + used, sizeof(text.text) - used, ", %s to %s UTC (%s)",
			 page_time(summary->first_ns, &first), page_time(summary->last_ns, &last) + 11,
			 page_duration(summary->last_ns - summary->first_ns, &duration));
	page_wrap(page, STYLE_QUIET, 0, 0, text.text);
}

/* Of which time the findings are, where that is not all the time. */
static void write_since(const struct report *report, const struct page *page)
{
	struct page_figure since;
	struct page_text text;

	if (!report->since_ns)
		return;
	snprintf(text.text, sizeof(text.text),
		 report->knows_open
		     ? "Findings are those since %s UTC, and those that were open then."
		     : "Findings are those since %s UTC; what was found before is told above or in the log.",
		 page_time(report->since_ns, &since));
	page_wrap(page, STYLE_QUIET, 0, 0, text.text);
}

/* "12 cleartext, 3 secured" for all verdicts that are not 0. */
static void verdicts_text(const uint64_t verdicts[PAIR_VERDICT_COUNT], struct page_text *out)
{
	struct page_figure figure;
	size_t used = 0;

	out->text[0] = '\0';
	for (size_t i = 0; i < PAIR_VERDICT_COUNT; i++) {
		if (verdicts[i] > 0)
			used +=
			    (size_t)snprintf(out->text + used, sizeof(out->text) - used, "%s%s %s", used ? ", " : "",
					     page_count(verdicts[i], &figure), pair_verdict_name((enum pair_verdict)i));
	}
}

static void write_pairs(const struct report *report, const struct page *page)
{
	struct pair_row *pairs = memory_or_end(sizeof(report->pairs));
	size_t told = report->pair_count < REPORT_PAIR_ROWS ? report->pair_count : REPORT_PAIR_ROWS;
	uint64_t rest[PAIR_VERDICT_COUNT], untold = 0;
	struct page_text verdicts, line;
	struct page_figure figure;

	page_heading(page, "Pairs");
	if (report->pair_count == 0) {
		page_wrap(page, STYLE_PLAIN, 0, 0, "No two addresses talked to each other.");
		free(pairs);
		return;
	}
	memcpy(pairs, report->pairs, report->pair_count * sizeof(pairs[0]));
	qsort(pairs, report->pair_count, sizeof(pairs[0]), pair_row_compare);
	pair_rows_write(pairs, told, page);
	memcpy(rest, report->verdicts, sizeof(rest));
	for (size_t i = 0; i < told; i++)
		rest[pairs[i].verdict]--;
	for (size_t i = 0; i < PAIR_VERDICT_COUNT; i++)
		untold += rest[i];
	if (untold > 0) {
		verdicts_text(rest, &verdicts);
		snprintf(line.text, sizeof(line.text), "and %s more: %.400s", page_count(untold, &figure),
			 verdicts.text);
		page_wrap(page, STYLE_QUIET, 0, 0, line.text);
	}
	free(pairs);
}

/* One line each about SAs and negotiations, under the pairs. */
static void write_sas(const struct report *report, const struct page *page)
{
	struct page_figure figure;
	struct page_text text;
	uint64_t total = 0;
	size_t used = 0;

	for (size_t i = 0; i < SA_STATE_COUNT; i++)
		total += report->sas[i];
	if (total > 0) {
		used = (size_t)snprintf(text.text, sizeof(text.text), "%s SA%s:", page_count(total, &figure),
					finding_plural(total));
		for (size_t i = 0, some = 0; i < SA_STATE_COUNT; i++) {
			if (report->sas[i] > 0)
				used += (size_t)snprintf(text.text + used, sizeof(text.text) - used, "%s %s %s",
							 some++ ? "," : "", page_count(report->sas[i], &figure),
							 sa_state_name((enum sa_record_state)i));
		}
		if (report->lost > 0)
			used += (size_t)snprintf(text.text + used, sizeof(text.text) - used,
						 "; %s packet%s missing by sequence number",
						 page_count(report->lost, &figure), finding_plural(report->lost));
		if (report->replayed > 0)
			snprintf(text.text + used, sizeof(text.text) - used, "; %s replayed",
				 page_count(report->replayed, &figure));
		page_newline(page);
		page_wrap(page, STYLE_QUIET, 0, 0, text.text);
	}
	used = 0;
	for (size_t i = 0; i < IKE_OUTCOME_COUNT; i++) {
		if (report->ike_outcomes[i] > 0)
			used += (size_t)snprintf(
			    text.text + used, sizeof(text.text) - used, "%s%s %s",
			    used ? ", " : "IKE negotiations: ", page_count(report->ike_outcomes[i], &figure),
			    ike_outcome_name((enum ike_outcome)i));
	}
	if (used > 0)
		page_wrap(page, STYLE_QUIET, 0, 0, text.text);
}

/* One line of the recapitulation. */
struct recap {
	uint8_t id, cause, severity;
	uint64_t count, open;
};

static int compare_recaps(const void *left, const void *right)
{
	const struct recap *a = left, *b = right;
	int order = a->severity - b->severity;

	if (order == 0)
		order = compare_counts(a->count, b->count);
	if (order == 0)
		order = a->id - b->id;
	return order ? order : a->cause - b->cause;
}

/* What became of the alerts of a row: "cleared", "2 still open", or nothing of those that are all open. */
static const char *recap_state(const struct recap *recap, struct page_text *out)
{
	struct page_figure figure;

	if (recap->open == 0)
		return recap->count == 1 ? "cleared" : "all cleared";
	snprintf(out->text, sizeof(out->text), "%s still open", page_count(recap->open, &figure));
	return recap->open < recap->count ? out->text : "";
}

/* On a narrow page cause and state go on below the name of the finding. */
static void write_narrow_recap(const struct recap *recap, const char *cause, const char *state, const struct page *page)
{
	enum { NAME_AT = 16 };
	struct page_figure figure;
	struct page_text text;

	page_put_right(page, STYLE_PLAIN, page_count(recap->count, &figure), NAME_AT - 10 - 2);
	page_spaces(page, 2);
	page_put(page, STYLE_PLAIN, catalogue_row((enum finding_id)recap->id)->name);
	page_newline(page);
	snprintf(text.text, sizeof(text.text), "%.40s%s%.40s", cause, *cause && *state ? ", " : "", state);
	if (text.text[0])
		page_wrap(page, STYLE_PLAIN, NAME_AT, 0, text.text);
}

static void write_recaps(const struct recap *recaps, size_t count, const struct page *page)
{
	enum { NARROW = 62 }; /* the longest name with its cause, and what became of it */
	struct page_figure figure;
	struct page_text name, text;

	for (size_t i = 0; i < count; i++) {
		const struct recap *recap = &recaps[i];
		const char *cause =
		    recap->cause == CAUSE_NONE ? "" : catalogue_cause((enum finding_cause)recap->cause)->name;
		const char *state = recap_state(recap, &text);

		page_put_left(page, report_severity_style((enum finding_severity)recap->severity),
			      report_severity_word((enum finding_severity)recap->severity), 10);
		if (page->width < NARROW) {
			write_narrow_recap(recap, cause, state, page);
			continue;
		}
		page_put_right(page, STYLE_PLAIN, page_count(recap->count, &figure), 6);
		page_spaces(page, 2);
		snprintf(name.text, sizeof(name.text), "%s%s%s", catalogue_row((enum finding_id)recap->id)->name,
			 *cause ? "/" : "", cause);
		page_put_left(page, STYLE_PLAIN, name.text, *state ? 32 : 0);
		page_put(page, recap->open == 0 ? STYLE_GOOD : STYLE_QUIET, state);
		page_newline(page);
	}
}

static void write_findings(const struct report *report, const struct page *page)
{
	size_t room = FINDING_ID_COUNT * CAUSE_COUNT, count = 0;
	struct recap *recaps = memory_zeroed_or_end(room, sizeof(*recaps));
	struct page_figure figure;

	page_heading(page, "Findings");
	for (size_t i = 0; i < 2 * REPORT_ALERTS_MAX; i++) {
		const struct alert_row *row = &report->alerts[i];
		struct recap *recap;

		if (!row->used || row->grouped || row->id >= FINDING_ID_COUNT || row->cause >= CAUSE_COUNT)
			continue;
		recap = &recaps[row->id * CAUSE_COUNT + row->cause];
		if (recap->count == 0 || row->severity < recap->severity)
			recap->severity = row->severity;
		recap->id = row->id;
		recap->cause = row->cause;
		recap->count++;
		recap->open += !row->cleared;
	}
	for (size_t i = 0; i < room; i++) {
		if (recaps[i].count > 0)
			recaps[count++] = recaps[i];
	}
	if (count == 0)
		page_wrap(page, STYLE_PLAIN, 0, 0, "None.");
	else
		qsort(recaps, count, sizeof(*recaps), compare_recaps);
	write_recaps(recaps, count, page);
	if (report->alerts_unnamed > 0) {
		page_put_right(page, STYLE_QUIET, page_count(report->alerts_unnamed, &figure), 16);
		page_put(page, STYLE_QUIET, "  more, not told apart here");
		page_newline(page);
	}
	free(recaps);
}

/* A line of the mix: name, packets, their share, octets and their share where known, a bar of the packets. */
static void write_mix(const struct page *page, const char *name, size_t indent, uint64_t packets, uint64_t all_packets,
		      bool octets_known, uint64_t octets, uint64_t all_octets)
{
	size_t name_width = 22, bar = page->width > 22 + 40 + 2 ? page->width - (22 + 40) - 2 : 0;
	struct page_figure figure;
	struct page_text plain;

	page_spaces(page, indent);
	page_put_left(page, STYLE_PLAIN, page_plain(page, name, name_width - indent - 1, &plain), name_width - indent);
	page_put_right(page, STYLE_PLAIN, page_count(packets, &figure), 8);
	page_put_right(page, STYLE_PLAIN, page_share(packets, all_packets, &figure), 7);
	if (page->width >= 62) {
		page_put_right(page, STYLE_PLAIN, octets_known ? page_octets(octets, &figure) : "", 12);
		page_put_right(page, STYLE_PLAIN, octets_known ? page_share(octets, all_octets, &figure) : "", 9);
	}
	if (bar > 4) {
		page_spaces(page, 2 + 4);
		page_bar(page, packets, all_packets, bar > 44 ? 40 : bar - 4);
	}
	page_newline(page);
}

static int compare_protocols(const void *left, const void *right)
{
	const struct protocol_row *a = left, *b = right;
	int order = compare_counts(a->packets, b->packets);

	return order ? order : strcmp(a->name, b->name);
}

static void write_protocols(const struct report *report, const struct page *page)
{
	struct protocol_row *rows = memory_zeroed_or_end(REPORT_PROTOCOLS_MAX, sizeof(*rows)),
			    rest = report->protocols_other;
	size_t count = 0, more;
	char name[48];

	for (size_t i = 0; i < 2 * REPORT_PROTOCOLS_MAX; i++) {
		if (report->protocols[i].name[0])
			rows[count++] = report->protocols[i];
	}
	qsort(rows, count, sizeof(*rows), compare_protocols);
	more = rest.packets > 0;
	for (size_t i = 0; i < count; i++) {
		if (i < REPORT_PROTOCOL_ROWS || count == REPORT_PROTOCOL_ROWS + 1) {
			write_mix(page, rows[i].name, 2, rows[i].packets, report->summary.packets, true, rows[i].bytes,
				  report->summary.bytes);
			continue;
		}
		rest.packets += rows[i].packets;
		rest.bytes += rows[i].bytes;
		more++;
	}
	if (more > 0) {
		snprintf(name, sizeof(name), "%u%s other%s", (unsigned)more, report->protocols_other.packets ? "+" : "",
			 report->protocols_other.packets ? "s" : finding_plural(more));
		write_mix(page, name, 2, rest.packets, report->summary.packets, true, rest.bytes,
			  report->summary.bytes);
	}
	free(rows);
}

static void write_mix_section(const struct report *report, const struct page *page)
{
	static const struct {
		enum packet_class class;
		const char *name;
	} rows[] = {
		{ PACKET_ESP, "ESP" },
		{ PACKET_AH, "AH" },
		{ PACKET_IKE, "IKE" },
		{ PACKET_KEEPALIVE, "NAT keepalive" },
		{ PACKET_ICMP, "ICMP" },
		{ PACKET_CLEARTEXT, "cleartext" },
		{ PACKET_FRAGMENT, "IP fragments" },
		{ PACKET_NON_IP, "not IP" },
		{ PACKET_MALFORMED, "malformed" },
		{ PACKET_TRUNCATED, "cut by the capture" },
	};
	const struct record_summary *summary = &report->summary;
	/* The summary counts frames; octets come from SAs and pairs, and are not known for the other classes. */
	uint64_t octets[PACKET_CLASS_COUNT] = {
		[PACKET_ESP] = report->sa_bytes[0],
		[PACKET_AH] = report->sa_bytes[1],
		[PACKET_ICMP] = report->icmp_bytes,
		[PACKET_CLEARTEXT] = report->clear_bytes,
	};

	page_heading(page, "Protocol mix");
	page_put_left(page, STYLE_QUIET, "", 22);
	page_put_right(page, STYLE_QUIET, "packets", 8);
	page_put_right(page, STYLE_QUIET, "share", 7);
	if (page->width >= 62) {
		page_put_right(page, STYLE_QUIET, "octets", 12);
		page_put_right(page, STYLE_QUIET, "share", 9);
	}
	page_newline(page);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum packet_class class = rows[i].class;

		if (summary->classes[class] == 0)
			continue;
		write_mix(page, rows[i].name, 0, summary->classes[class], summary->packets, octets[class] > 0,
			  octets[class], summary->bytes);
		if (class == PACKET_CLEARTEXT)
			write_protocols(report, page);
	}
}

static void write_oddities(const struct report *report, const struct page *page)
{
	static const char *const names[PACKET_REASON_COUNT] = {
		[PACKET_REASON_NONE] = "no reason given",
		[PACKET_REASON_LINK] = "link header",
		[PACKET_REASON_LINK_TYPE] = "link type that is not decoded",
		[PACKET_REASON_TUNNEL] = "tunnel header",
		[PACKET_REASON_DEPTH] = "too many headers inside each other",
		[PACKET_REASON_IPV4] = "IPv4 header",
		[PACKET_REASON_IPV6] = "IPv6 header",
		[PACKET_REASON_EXTENSION] = "IPv6 extension header",
		[PACKET_REASON_FRAGMENT] = "impossible fragment",
		[PACKET_REASON_TCP] = "TCP header",
		[PACKET_REASON_UDP] = "UDP header",
		[PACKET_REASON_ICMP] = "ICMP header",
		[PACKET_REASON_ESP] = "ESP header",
		[PACKET_REASON_AH] = "AH header",
		[PACKET_REASON_IKE] = "IKE message",
		[PACKET_REASON_TRANSPORT] = "SCTP or DCCP header",
	};
	struct page_figure figure;
	bool headed = false;

	for (size_t i = PACKET_REASON_NONE + 1; i < PACKET_REASON_COUNT; i++) {
		if (report->summary.reasons[i] == 0)
			continue;
		if (!headed) {
			page_heading(page, "Oddities");
			page_wrap(page, STYLE_QUIET, 0, 0,
				  "Frames that are malformed, cut or not decoded, by where reading ended:");
			headed = true;
		}
		page_put_right(page, STYLE_PLAIN, page_count(report->summary.reasons[i], &figure), 8);
		page_spaces(page, 2);
		page_put(page, STYLE_PLAIN, names[i]);
		page_newline(page);
	}
}

static void write_item(const struct page *page, const char *text)
{
	page_put(page, STYLE_QUIET, page->unicode ? "\xc2\xb7" : "-");
	page_wrap(page, STYLE_PLAIN, 2, 1, text);
}

static void write_blind(const struct report *report, const struct page *page)
{
	const struct record_summary *summary = &report->summary;
	struct page_figure figure;
	struct page_text text;

	page_heading(page, "What could not be seen");
	if (summary->classes[PACKET_TRUNCATED] > 0) {
		snprintf(text.text, sizeof(text.text),
			 "%s frame%s cut too short by the capture to be classified; capture with a larger snap length.",
			 page_count(summary->classes[PACKET_TRUNCATED], &figure),
			 summary->classes[PACKET_TRUNCATED] == 1 ? " was" : "s were");
		write_item(page, text.text);
	}
	if (summary->copies > 0) {
		snprintf(
		    text.text, sizeof(text.text),
		    "%s clear packet%s taken for decapsulated: each followed, on the same interface, an ESP packet "
		    "that can have carried it.",
		    page_count(summary->copies, &figure), summary->copies == 1 ? " was" : "s were");
		write_item(page, text.text);
	}
	if (summary->in_progress > 0) {
		snprintf(text.text, sizeof(text.text),
			 "%s question%s still open when the capture ended: %s may have been answered later.",
			 page_count(summary->in_progress, &figure), summary->in_progress == 1 ? " was" : "s were",
			 summary->in_progress == 1 ? "it" : "they");
		write_item(page, text.text);
	}
	if (summary->classes[PACKET_ESP] > 0 && summary->classes[PACKET_IKE] == 0)
		write_item(
		    page, "ESP was seen without IKE: how its keys were agreed, and how strong they are, is not known.");
	write_item(page, "What happened before the capture began, and on other paths than this one.");
	write_item(page, "Which policy is assigned on a host, and what encrypted notifications say; espial explain "
			 "names the log that "
			 "tells.");
}

void report_write(struct report *report, const struct page *page)
{
	if (!report)
		return;
	write_headline(report, page);
	write_extent(report, page);
	write_since(report, page);
	write_pairs(report, page);
	write_sas(report, page);
	if (report->has_summary)
		timeline_write(&report->timeline, report->summary.first_ns, report->summary.last_ns, page);
	write_findings(report, page);
	if (report->has_summary && report->summary.packets > 0) {
		write_mix_section(report, page);
		write_oddities(report, page);
	}
	if (report->has_summary)
		write_blind(report, page);
}
