/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A period as CSV (RFC 4180), see period.h: one head for rows of all kinds, so that it is one table. A text that a spreadsheet
 * would take for a formula gets an apostrophe before it, which makes it text again.
 */
#include "period.h"
#include "timestamp.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A row; what is not of its kind stays empty. */
struct row {
	const char *kind, *name, *a, *b, *severity, *state, *cause, *detail;
	int64_t from_ns, until_ns;       /* 0: none */
	bool has_volumes, has_offending; /* all, or that one alone */
	struct period_volumes volumes;
	bool has_share;
	double share;
	bool has_packets;
	uint64_t packets;
};

static const char head[] = "kind,name,a,b,severity,state,cause,from,until,seconds,share_secured,octets_encrypted,"
			   "octets_only_signed,octets_not_allowed,octets_allowed_clear,packets,detail\r\n";

static void put_text(FILE *file, const char *text, bool last)
{
	const char *end = text ? text + strlen(text) : NULL;
	const char *quote = text && strpbrk(text, ",\"") ? "\"" : "";

	fputs(quote, file);
	if (text && *text && strchr("=+-@", *text))
		fputc('\'', file);
	for (const char *at = text; at < end;) {
		const char *begin = at;
		uint32_t code = utf8_next(&at, end);
		if (code == '"')
			fputc('"', file);
		/* A tab or a line break is for whoever pastes the table another cell. */
		if (code == UTF8_REPLACEMENT || utf8_is_control(code))
			fputs("\ufffd", file);
		else
			fwrite(begin, 1, (size_t)(at - begin), file);
	}
	fputs(quote, file);
	fputs(last ? "\r\n" : ",", file);
}

static void put_time(FILE *file, int64_t time_ns)
{
	struct timestamp_text text;

	put_text(file, time_ns ? timestamp_text(time_ns, &text) : "", false);
}

static void put_count(FILE *file, bool known, uint64_t count)
{
	if (known)
		fprintf(file, "%" PRIu64, count);
	fputc(',', file);
}

static void put_row(FILE *file, const struct row *row)
{
	put_text(file, row->kind, false);
	put_text(file, row->name, false);
	put_text(file, row->a, false);
	put_text(file, row->b, false);
	put_text(file, row->severity, false);
	put_text(file, row->state, false);
	put_text(file, row->cause, false);
	put_time(file, row->from_ns);
	put_time(file, row->until_ns);
	if (row->from_ns && row->until_ns)
		fprintf(file, "%.6f", (double)(row->until_ns - row->from_ns) / 1e9);
	fputc(',', file);
	/* What is not all is not to be read as all. */
	if (row->has_share)
		fprintf(file, "%.6f", row->share < 1 && row->share > 0.999999 ? 0.999999 : row->share);
	fputc(',', file);
	put_count(file, row->has_volumes, row->volumes.secured);
	put_count(file, row->has_volumes, row->volumes.integrity);
	put_count(file, row->has_volumes || row->has_offending, row->volumes.offending);
	put_count(file, row->has_volumes && row->volumes.clear >= row->volumes.offending,
		  row->volumes.clear - row->volumes.offending);
	put_count(file, row->has_packets, row->packets);
	put_text(file, row->detail, true);
}

static void write_selections(const struct period *period, const struct period_judge *judge, FILE *file)
{
	for (size_t i = 0; i < period->selection_count; i++) {
		const struct period_selection *selection = &period->selections[i];
		struct address_text a, b;
		char detail[2560], state[160];
		snprintf(detail, sizeof(detail), "IKEv%u %s", selection->version, selection->selected);
		snprintf(state, sizeof(state), "%s %s; %s %s; %s %s; %s", judge->tables[0],
			 period_verdict_name(selection->verdicts[0]), judge->tables[1],
			 period_verdict_name(selection->verdicts[1]), judge->tables[2],
			 period_verdict_name(selection->verdicts[2]),
			 selection->quantum_safe ? "quantum-safe" : "not quantum-safe");
		put_row(file, &(struct row){ .kind = "cryptography",
					     .name = selection->rules,
					     .a = address_text(&selection->initiator, &a),
					     .b = address_text(&selection->responder, &b),
					     .state = state,
					     .from_ns = selection->first_ns,
					     .until_ns = selection->last_ns,
					     .detail = detail });
	}
}

void period_write_csv(const struct period *period, const struct period_judge *judge, FILE *file)
{
	uint64_t packets, dropped = period_dropped(period, &packets);
	struct timestamp_text known;
	char detail[160] = "";
	size_t used = 0;

	fputs(head, file);
	if (period_known_from(period))
		used = (size_t)snprintf(detail, sizeof(detail), "nothing is known of before %s; ",
					timestamp_text(period_known_from(period), &known));
	snprintf(detail + used, sizeof(detail) - used, "blind %.3f s; dropped %" PRIu64 " frames",
		 (double)period->blind_ns / 1e9, dropped);
	put_row(file, &(struct row){ .kind = "period",
				     .name = period->sensor,
				     .from_ns = period->since_ns,
				     .until_ns = period->until_ns,
				     .has_packets = true,
				     .packets = packets,
				     .detail = detail });
	for (size_t i = 0; i < period->rule_count; i++) {
		struct row row = { .kind = "rule",
				   .name = period->rules[i].name,
				   .has_volumes = true,
				   .volumes = period->rules[i].volumes };
		row.has_share = period_share(&row.volumes, &row.share) && !period->rules[i].none;
		put_row(file, &row);
	}
	for (size_t i = 0; i < period->day_count; i++) {
		struct row row = { .kind = "day",
				   .name = period->days[i].day,
				   .has_volumes = true,
				   .volumes = period->days[i].volumes };
		row.has_share = period_share(&row.volumes, &row.share);
		put_row(file, &row);
	}
	for (size_t i = 0; i < period->leak_count; i++) {
		const struct finding *leak = &period->leaks[i].finding;
		struct address_text a, b;
		put_row(file,
			&(struct row){ .kind = catalogue_row(leak->id)->name,
				       .name = leak->rule,
				       .a = address_text(&leak->a, &a),
				       .b = leak->has_pair ? address_text(&leak->b, &b) : "",
				       .severity = finding_severity_name(leak->severity),
				       .state = leak->state == FINDING_CLEAR ? "over" : "open",
				       .cause = leak->cause == CAUSE_NONE ? "" : catalogue_cause(leak->cause)->name,
				       .from_ns = leak->first_ns,
				       .until_ns = leak->last_ns,
				       .has_offending = true,
				       .volumes = { .offending = leak->bytes },
				       .has_packets = true,
				       .packets = leak->count,
				       .detail = leak->text });
	}
	for (size_t i = 0; i < period->blind_count; i++)
		put_row(file, &(struct row){ .kind = "blind",
					     .name = period->blinds[i].interface,
					     .cause = blind_why_name(period->blinds[i].why),
					     .from_ns = period->blinds[i].from_ns,
					     .until_ns = period->blinds[i].until_ns });
	write_selections(period, judge, file);
}
