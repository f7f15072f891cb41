/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A period as one HTML file, see period.h: no script, nothing fetched, to be printed, mailed and kept. Every text from outside
 * passes put(), which leaves nothing in it that a browser would act upon, and shows what would hide or turn text by its number.
 */
#include "period.h"
#include "timestamp.h"
#include "utf8.h"
#include "../audit/finding.h"

#include <inttypes.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ground:#f6f7f9;--panel:#fff;--ink:#16202b;--dim:#52606d;--line:#d7dde3;--good:#1a7f4b;"
    "--bad:#c02f1d;--warn:#8a5a00;--allowed:#8794a3;--signed:#7a5cc4}"
    "@media(prefers-color-scheme:dark){:root{--ground:#10161c;--panel:#18212a;--ink:#e6ebf0;--dim:#a3b0bd;--line:#"
    "33404d;"
    "--good:#4cc38a;--bad:#ff8573;--warn:#e5b45a;--allowed:#7d8b9a;--signed:#b49cf0}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.45 "
    "system-ui,sans-serif}"
    "main{max-width:1200px;margin:0 auto;padding:24px 16px 64px}h1{font-size:1.5rem;margin:0 0 4px}"
    "h2{font-size:1.1rem;margin:36px 0 8px}p{margin:4px 0 10px;max-width:75ch}.dim{color:var(--dim)}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:20px "
    "0;padding:0;list-style:none}"
    ".facts li{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 14px}"
    ".facts b{display:block;font-size:1.45rem;font-variant-numeric:tabular-nums}"
    ".scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:6px}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;padding:6px "
    "10px;border-bottom:1px solid "
    "var(--line);vertical-align:top}tr:last-child td{border-bottom:0}th{color:var(--dim);font-weight:600}"
    "tr.first "
    "td{border-bottom:0;padding-bottom:0}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:"
    "nowrap}td.t{white-space:nowrap;"
    "font-variant-numeric:tabular-nums}td.w{overflow-wrap:anywhere;min-width:12ch}td.x{overflow-wrap:break-word;min-"
    "width:22ch}"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}"
    ".bar{display:flex;height:9px;min-width:110px;background:var(--line);border-radius:4px;overflow:hidden;margin-top:"
    "6px}"
    ".bar i{display:block;height:100%}.s{background:var(--good)}.g{background:var(--signed)}.o{background:var(--bad)}"
    ".a{background:var(--allowed)}.key{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 4px 0 "
    "12px}"
    "svg{display:block;width:100%;height:auto;background:var(--panel);border:1px solid var(--line);border-radius:6px}"
    "svg text{fill:var(--dim);font:11px "
    "system-ui,sans-serif}.fs{fill:var(--good)}.fg{fill:var(--signed)}.fo{fill:var(--bad)}"
    ".fa{fill:var(--allowed)}"
    "@page{size:landscape}@media "
    "print{:root{--ground:#fff;--panel:#fff;--ink:#000;--dim:#444;--line:#bbb;--good:#1a7f4b;--bad:#b02a1a;--warn:#"
    "7a5000;"
    "--allowed:#8794a3;--signed:#7a5cc4}body{font-size:10.5pt}main{max-width:none;padding:0}h2{break-after:avoid}"
    "tr,.facts li,svg{break-inside:avoid}.scroll{overflow:visible;border:0}thead{display:table-header-group}"
    "table{font-size:.8rem}th,td{padding:4px 6px}td.x{overflow-wrap:anywhere}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

/* ---- text ---- */

static void put(FILE *file, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		uint32_t point = utf8_next(&text, end);
		char octets[4] = "";
		if (utf8_is_control(point))
			fprintf(file, "&#x27e8;%04" PRIX32 "&#x27e9;", point);
		else if (point == '&' || point == '<' || point == '>' || point == '"' || point == '\'')
			fprintf(file, "&#%" PRIu32 ";", point);
		else
			(void)fwrite(octets, 1, utf8_put(point, octets), file);
	}
}

static void cell(FILE *file, const char *class, const char *text)
{
	fprintf(file, "<td class=\"%s\">", class);
	put(file, text);
	fputs("</td>", file);
}

static void cell_octets(FILE *file, const char *class, uint64_t octets)
{
	struct page_figure figure;

	cell(file, octets ? class : "n dim", octets ? page_octets(octets, &figure) : "-");
}

static void cell_time(FILE *file, int64_t time_ns)
{
	struct page_figure figure;

	cell(file, "t", page_time(time_ns, &figure));
}

static void begin_table(FILE *file, const char *label, const char *const *titles)
{
	fputs("<div class=\"scroll\"><table><caption hidden>", file);
	put(file, label);
	fputs("</caption><thead><tr>", file);
	for (; *titles; titles++) {
		bool figures = **titles == '#'; /* to the right */
		fprintf(file, "<th scope=\"col\"%s>", figures ? " class=\"n\"" : "");
		put(file, *titles + figures);
		fputs("</th>", file);
	}
	fputs("</tr></thead><tbody>\n", file);
}

static void end_table(FILE *file)
{
	fputs("</tbody></table></div>\n", file);
}

/* ---- figures ---- */

static uint64_t allowed_of(const struct period_volumes *volumes)
{
	return volumes->clear > volumes->offending ? volumes->clear - volumes->offending : 0;
}

static void write_bar(FILE *file, const struct period_volumes *volumes)
{
	const uint64_t parts[] = { volumes->secured, volumes->integrity, volumes->offending, allowed_of(volumes) };
	static const char classes[] = "sgoa";
	double whole = 0;

	for (unsigned i = 0; i < 4; i++)
		whole += (double)parts[i];
	fputs("<span class=\"bar\" aria-hidden=\"true\">", file);
	for (unsigned i = 0; i < 4 && whole > 0; i++)
		if (parts[i])
			fprintf(file, "<i class=\"%c\" style=\"width:%.2f%%;min-width:2px\"></i>", classes[i],
				100 * (double)parts[i] / whole);
	fputs("</span>", file);
}

static void write_keys(FILE *file)
{
	fputs(
	    "<p class=\"dim\">Octets<span class=\"key s\"></span>encrypted<span class=\"key g\"></span>only signed (AH)"
	    "<span class=\"key o\"></span>in clear and not allowed<span class=\"key a\"></span>in clear and "
	    "allowed</p>\n",
	    file);
}

/* ---- parts ---- */

static void fact(FILE *file, const char *class, const char *value, const char *what)
{
	fprintf(file, "<li><b class=\"%s\">", class);
	put(file, value);
	fputs("</b>", file);
	put(file, what);
	fputs("</li>\n", file);
}

static void write_facts(const struct period *period, FILE *file)
{
	struct period_volumes total = period_total(period);
	uint64_t packets, dropped = period_dropped(period, &packets);
	struct page_figure figure;
	int64_t known_ns = period_known_from(period);
	char text[32], share[PERIOD_SHARE_SIZE], what[160];
	size_t open = 0;
	double part;

	for (size_t i = 0; i < period->leak_count; i++)
		open += period->leaks[i].finding.state != FINDING_CLEAR;
	fputs("<ul class=\"facts\">\n", file);
	if (period_share(&total, &part)) {
		period_share_text(part, share);
		snprintf(text, sizeof(text), "%s %%", share);
		fact(file, part >= 1 ? "good" : "bad", text, "of the octets that rules speak of were encrypted");
	} else {
		fact(file, "dim", "-", "no traffic that a rule speaks of was counted");
	}
	snprintf(text, sizeof(text), "%zu", period->leak_count);
	fact(file, period->leak_count ? "bad" : "good", text,
	     period->leak_count == 1 ? "leak was told of" : "leaks were told of");
	snprintf(text, sizeof(text), "%zu", open);
	fact(file, open ? "bad" : "good", text, open == 1 ? "of them is open" : "of them are open");
	snprintf(text, sizeof(text), "%s", page_duration(period->blind_ns, &figure));
	if (known_ns)
		snprintf(
		    what, sizeof(what),
		    "in which the sensor or an interface saw nothing since %s; of the time before nothing is known",
		    page_time(known_ns, &figure));
	else
		snprintf(what, sizeof(what), "in which the sensor or an interface saw nothing");
	fact(file, period->blind_ns || known_ns ? "warn" : "good", text, what);
	snprintf(text, sizeof(text), "%" PRIu64, dropped);
	fact(file, dropped ? "warn" : "good", text, dropped == 1 ? "frame dropped" : "frames dropped");
	fputs("</ul>\n", file);
}

static void write_rules(const struct period *period, FILE *file)
{
	static const char *const titles[] = { "Rule",         "#Secured",     "Octets",   "#Encrypted",
					      "#Only signed", "#Not allowed", "#Allowed", NULL };

	fputs("<h2>Share secured, by rule</h2>\n", file);
	write_keys(file);
	begin_table(file, "Share secured, by rule", titles);
	for (size_t i = 0; i < period->rule_count; i++) {
		const struct period_rule *rule = &period->rules[i];
		char text[PERIOD_SHARE_SIZE];
		double share;
		bool asked = period_share(&rule->volumes, &share) && !rule->none;
		fputs("<tr>", file);
		cell(file, "w", rule->name);
		if (asked) {
			period_share_text(share, text);
			fprintf(file, "<td class=\"n %s\">%s %%</td>", share >= 1 ? "good" : "bad", text);
		} else {
			cell(file, "n dim", "-");
		}
		fputs("<td>", file);
		write_bar(file, &rule->volumes);
		fputs("</td>", file);
		cell_octets(file, "n", rule->volumes.secured);
		cell_octets(file, "n", rule->volumes.integrity);
		cell_octets(file, "n bad", rule->volumes.offending);
		cell_octets(file, "n", allowed_of(&rule->volumes));
		fputs("</tr>\n", file);
	}
	end_table(file);
	for (size_t i = 0; i < period->rule_count; i++)
		if (period->rules[i].names > 1) {
			fputs("<p class=\"dim\">Rules in one row name the same gateways: whose octets their ESP "
			      "carries cannot be "
			      "told.</p>\n",
			      file);
			break;
		}
}

/* A bar a day, stacked, as high as the largest day. */
static void write_days(const struct period *period, FILE *file)
{
	enum { WIDTH = 1060, HEIGHT = 150, LEFT = 12, BOTTOM = 22, TOP = 14 };
	static const char classes[] = "sgoa";
	double most = 0;

	if (period->day_count < 2)
		return;
	for (size_t i = 0; i < period->day_count; i++) {
		const struct period_volumes *v = &period->days[i].volumes;
		double whole = (double)v->secured + (double)v->integrity + (double)v->offending + (double)allowed_of(v);
		most = whole > most ? whole : most;
	}
	fputs("<h2>By day</h2>\n", file);
	write_keys(file);
	fprintf(
	    file,
	    "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Octets by day; the table below has the figures\">\n",
	    WIDTH, HEIGHT);
	double step = (double)(WIDTH - 2 * LEFT) / (double)period->day_count;
	for (size_t i = 0; i < period->day_count; i++) {
		const struct period_volumes *v = &period->days[i].volumes;
		const uint64_t parts[] = { v->secured, v->integrity, v->offending, allowed_of(v) };
		double at = HEIGHT - BOTTOM, x = LEFT + step * (double)i;
		for (unsigned k = 0; k < 4 && most > 0; k++) {
			double high = (HEIGHT - BOTTOM - TOP) * (double)parts[k] / most;
			if (!parts[k])
				continue;
			high = high < 1 ? 1 : high; /* anything above nothing shows */
			at -= high;
			fprintf(file, "<rect class=\"f%c\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
				classes[k], x, at, step * 0.82 < 60 ? step * 0.82 : 60, high);
		}
		if (i == 0 || i + 1 == period->day_count || (period->day_count > 8 && i == period->day_count / 2)) {
			fprintf(file, "<text x=\"%.1f\" y=\"%d\"%s>", i + 1 == period->day_count ? WIDTH - LEFT : x,
				HEIGHT - 6, i + 1 == period->day_count && i ? " text-anchor=\"end\"" : "");
			put(file, period->days[i].day);
			fputs("</text>", file);
		}
		fputc('\n', file);
	}
	fputs("</svg>\n<details><summary>Figures</summary>\n", file);
	static const char *const titles[] = { "Day",          "#Secured", "#Encrypted", "#Only signed",
					      "#Not allowed", "#Allowed", NULL };
	begin_table(file, "By day", titles);
	for (size_t i = period->day_count; i-- > 0;) {
		const struct period_volumes *v = &period->days[i].volumes;
		char text[PERIOD_SHARE_SIZE];
		double share;
		fputs("<tr>", file);
		cell(file, "t", period->days[i].day);
		if (period_share(v, &share)) {
			period_share_text(share, text);
			fprintf(file, "<td class=\"n %s\">%s %%</td>", share >= 1 ? "good" : "bad", text);
		} else {
			cell(file, "n dim", "-");
		}
		cell_octets(file, "n", v->secured);
		cell_octets(file, "n", v->integrity);
		cell_octets(file, "n bad", v->offending);
		cell_octets(file, "n", allowed_of(v));
		fputs("</tr>\n", file);
	}
	end_table(file);
	fputs("</details>\n", file);
}

/* Two rows each: its figures, and its sentence. */
static void write_leaks(const struct period *period, FILE *file)
{
	static const char *const titles[] = { "Severity", "Pair",     "Rule",  "Began", "#Lasted",
					      "#Octets",  "#Packets", "State", "Cause", NULL };

	fputs("<h2>Leaks</h2>\n", file);
	if (!period->leak_count) {
		fputs("<p class=\"good\">None was told of.</p>\n", file);
		return;
	}
	begin_table(file, "Leaks", titles);
	for (size_t i = period->leak_count; i-- > 0;) {
		const struct finding *leak = &period->leaks[i].finding;
		struct address_text a, b;
		struct page_figure figure;
		char pair[128];
		fputs("<tr class=\"first\">", file);
		cell(file,
		     leak->severity <= SEVERITY_HIGH     ? "bad"
		     : leak->severity == SEVERITY_MEDIUM ? "warn"
							 : "dim",
		     finding_severity_name(leak->severity));
		snprintf(pair, sizeof(pair), "%s%s%s", address_text(&leak->a, &a),
			 leak->has_pair ? " \xe2\x86\x94 " : "", leak->has_pair ? address_text(&leak->b, &b) : "");
		cell(file, "w", pair);
		cell(file, "w", leak->rule && *leak->rule ? leak->rule : "-");
		cell_time(file, leak->first_ns);
		cell(file, "n", page_duration(leak->last_ns - leak->first_ns, &figure));
		cell_octets(file, "n", leak->bytes);
		cell(file, "n", page_count(leak->count, &figure));
		cell(file, leak->state == FINDING_CLEAR ? "" : "bad", leak->state == FINDING_CLEAR ? "over" : "open");
		cell(file, "", leak->cause == CAUSE_NONE ? "-" : catalogue_cause(leak->cause)->name);
		fputs("</tr>\n<tr><td></td><td class=\"w dim\" colspan=\"8\">", file);
		put(file, leak->text);
		fputs("</td></tr>\n", file);
	}
	end_table(file);
}

static void write_blind(const struct period *period, FILE *file)
{
	static const char *const titles[] = { "From", "Until", "#For", "Why", "Interface", NULL };
	static const char *const reasons[BLIND_WHY_COUNT] = {
		[BLIND_SENSOR_DOWN] = "the sensor was not running",
		[BLIND_ENGINE_RESTARTED] = "the engine ended and was started again",
		[BLIND_CAPTURE_DOWN] = "the interface was down",
		[BLIND_CAPTURE_SILENT] = "nothing came where traffic is usual",
	};
	struct page_figure figure, other;
	uint64_t packets, dropped = period_dropped(period, &packets);

	fputs("<h2>Blind time</h2>\n<p>", file);
	if (period_known_from(period))
		fprintf(file, "The history begins at %s; of the time before nothing is known. ",
			page_time(period_known_from(period), &figure));
	if (period->blind_ns)
		fprintf(file, "The sensor, or one of its interfaces, saw nothing for %s in all. ",
			page_duration(period->blind_ns, &figure));
	else
		fputs(period_known_from(period) ? "Since then there was none. " : "There was none. ", file);
	if (dropped)
		fprintf(file, "%" PRIu64 " frame%s dropped, %s of those that came.", dropped,
			dropped == 1 ? " was" : "s were", page_share(dropped, packets + dropped, &other));
	else
		fprintf(file, "Of %" PRIu64 " frame%s none was dropped.", packets, finding_plural(packets));
	fputs("</p>\n", file);
	if (!period->blind_count)
		return;
	begin_table(file, "Blind time", titles);
	for (size_t i = period->blind_count; i-- > 0;) {
		const struct blind_period *blind = &period->blinds[i];
		fputs("<tr>", file);
		cell_time(file, blind->from_ns);
		cell_time(file, blind->until_ns);
		cell(file, "n", page_duration(blind->until_ns - blind->from_ns, &figure));
		cell(file, "", blind->why < BLIND_WHY_COUNT ? reasons[blind->why] : "?");
		cell(file, "w", blind->interface[0] ? blind->interface : "-");
		fputs("</tr>\n", file);
	}
	end_table(file);
	if (period->blind_left_out)
		fprintf(file, "<p class=\"warn\">%" PRIu64 " periods more are left out.</p>\n", period->blind_left_out);
}

static void cell_verdict(FILE *file, enum period_verdict verdict)
{
	static const char *const classes[] = { "good", "warn", "bad", "dim" };

	cell(file, classes[verdict], period_verdict_name(verdict));
}

static void write_cryptography(const struct period *period, const struct period_judge *judge, FILE *file)
{
	const char *titles[] = { "Initiator",
				 "Responder",
				 "IKE",
				 judge->tables[0],
				 judge->tables[1],
				 judge->tables[2],
				 "Quantum-safe",
				 "Selected",
				 "Rule",
				 "First and last",
				 NULL };

	fputs("<h2>Cryptography that IKE selected</h2>\n<p class=\"dim\">What ESP itself uses is negotiated under "
	      "encryption, and "
	      "not known.</p>\n",
	      file);
	if (!period->selection_count) {
		fputs("<p>No negotiation was seen.</p>\n", file);
		return;
	}
	begin_table(file, "Cryptography that IKE selected", titles);
	for (size_t i = 0; i < period->selection_count; i++) {
		const struct period_selection *selection = &period->selections[i];
		struct address_text text;
		struct page_figure seen;
		char version[8];
		snprintf(version, sizeof(version), "v%u", selection->version % 10);
		fputs("<tr>", file);
		cell(file, "w", address_text(&selection->initiator, &text));
		cell(file, "w", address_text(&selection->responder, &text));
		cell(file, selection->version == 1 ? "warn" : "", version);
		for (unsigned k = 0; k < PERIOD_TABLES; k++)
			cell_verdict(file, selection->verdicts[k]);
		cell(file, selection->quantum_safe ? "good" : "", selection->quantum_safe ? "yes" : "no");
		cell(file, "x", selection->selected);
		cell(file, "w", selection->rules && *selection->rules ? selection->rules : "-");
		fputs("<td class=\"t\">", file);
		put(file, page_time(selection->first_ns, &seen));
		fputs("<br>", file);
		put(file, page_time(selection->last_ns, &seen));
		fputs("</td></tr>\n", file);
	}
	end_table(file);
}

void period_write_html(const struct period *period, const struct period_judge *judge, FILE *file)
{
	struct page_figure since, until;

	fprintf(
	    file,
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>IPsec report: ");
	put(file, period->sensor);
	fprintf(
	    file,
	    "</title>\n<style>%s</style></head>\n<body><main>\n<h1>IPsec between hosts that should be secured</h1>\n",
	    style);
	fputs("<p class=\"dim\">Sensor ", file);
	put(file, period->sensor);
	fprintf(file, ", %s to %s (UTC). Made by espial from what was seen on the wire.</p>\n",
		page_time(period->since_ns, &since), page_time(period->until_ns, &until));
	write_facts(period, file);
	write_rules(period, file);
	write_days(period, file);
	write_leaks(period, file);
	write_blind(period, file);
	write_cryptography(period, judge, file);
	if (period->beyond_pairs)
		fprintf(file,
			"<h2>What is not in it</h2>\n<p class=\"warn\">At most %" PRIu64
			" pair%s at once found no room in the history; their %s are not in these figures.</p>\n",
			period->beyond_pairs, finding_plural(period->beyond_pairs),
			page_octets(period->beyond_bytes, &since));
	fputs("</main></body></html>\n", file);
}
