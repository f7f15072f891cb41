/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. */
#include "metrics.h"

#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1e9

/* What goes out, and in which of the two formats. */
struct page {
	FILE *out;
	bool open;
};

enum kind { GAUGE, COUNTER };

/* The head of a family. OpenMetrics names a counter without the `_total` of its samples, the older format with it. */
static void family(const struct page *page, const char *name, enum kind kind, const char *help)
{
	const char *suffix = kind == COUNTER && !page->open ? "_total" : "";

	fprintf(page->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
		kind == COUNTER ? "counter" : "gauge");
}

/* The value of a label: backslash, quote and newline are escaped, what is no UTF-8 is replaced. */
static void put_label(const struct page *page, const char *value)
{
	char *valid = utf8_repair(value);

	for (const char *at = valid; *at; at++) {
		if (*at == '\n')
			fputs("\\n", page->out);
		else if (*at == '\\' || *at == '"')
			fprintf(page->out, "\\%c", *at);
		else
			fputc(*at, page->out);
	}
	free(valid);
}

static void one(const struct page *page, const char *name, double value)
{
	fprintf(page->out, "%s %.15g\n", name, value);
}

static void one_count(const struct page *page, const char *name, uint64_t value)
{
	fprintf(page->out, "%s_total %llu\n", name, (unsigned long long)value);
}

static void labelled(const struct page *page, const char *name, const char *label, const char *text, double value)
{
	fprintf(page->out, "%s{%s=\"", name, label);
	put_label(page, text);
	fprintf(page->out, "\"} %.15g\n", value);
}

static void labelled_count(const struct page *page, const char *name, const char *label, const char *text,
			   uint64_t value)
{
	fprintf(page->out, "%s_total{%s=\"", name, label);
	put_label(page, text);
	fprintf(page->out, "\"} %llu\n", (unsigned long long)value);
}

/* Returns text, which has room for any. */
static const char *number_text(char text[24], uint64_t number)
{
	snprintf(text, 24, "%llu", (unsigned long long)number);
	return text;
}

static void labelled_twice(const struct page *page, const char *name, const char *label, const char *text,
			   const char *second, const char *second_text, double value)
{
	fprintf(page->out, "%s{%s=\"", name, label);
	put_label(page, text);
	fprintf(page->out, "\",%s=\"", second);
	put_label(page, second_text);
	fprintf(page->out, "\"} %.15g\n", value);
}

/* ---- the sensor ---- */

static void put_sensor(const struct page *page, const struct snapshot *snapshot)
{
	fprintf(page->out, "# HELP espial_build%s The sensor and its version.\n# TYPE espial_build%s %s\n",
		page->open ? "" : "_info", page->open ? "" : "_info", page->open ? "info" : "gauge");
	labelled_twice(page, "espial_build_info", "sensor", snapshot->sensor ? snapshot->sensor : "", "version",
		       snapshot->version ? snapshot->version : "", 1);
	if (snapshot->started_ns) {
		family(page, "espial_engine_start_time_seconds", GAUGE, "When the engine was started.");
		one(page, "espial_engine_start_time_seconds", (double)snapshot->started_ns / SECOND);
	}
	family(page, "espial_state_time_seconds", GAUGE, "When the engine told the state that these metrics are of.");
	one(page, "espial_state_time_seconds", (double)snapshot->time_ns / SECOND);
}

static void put_traffic(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_frames", COUNTER, "Frames by the class of their innermost packet; each counts once.");
	for (int i = 0; i < PACKET_CLASS_COUNT; i++)
		labelled_count(page, "espial_frames", "class", packet_class_name((enum packet_class)i),
			       snapshot->summary.classes[i]);
	family(page, "espial_traffic_bytes", COUNTER, "Octets of these frames on the wire.");
	one_count(page, "espial_traffic_bytes", snapshot->summary.bytes);
	family(page, "espial_untracked_packets", COUNTER, "Packets that found no place in a table.");
	one_count(page, "espial_untracked_packets", snapshot->untracked);
	family(page, "espial_lost_transitions", COUNTER, "Changes that the judge was not told of for want of room.");
	one_count(page, "espial_lost_transitions", snapshot->transitions_lost);
}

static void put_interfaces(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_interface_up", GAUGE, "Whether the interface can be captured on.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled(page, "espial_interface_up", "interface", snapshot->interfaces[i].interface.name,
			 snapshot->interfaces[i].interface.up);
	family(page, "espial_interface_received_frames", COUNTER, "Frames received.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled_count(page, "espial_interface_received_frames", "interface",
			       snapshot->interfaces[i].interface.name, snapshot->interfaces[i].interface.received);
	family(page, "espial_interface_kernel_dropped_frames", COUNTER,
	       "Frames the kernel dropped: espial did not keep up.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled_count(page, "espial_interface_kernel_dropped_frames", "interface",
			       snapshot->interfaces[i].interface.name, snapshot->interfaces[i].interface.dropped);
	family(page, "espial_interface_dropped_frames", COUNTER, "Frames the interface or its driver dropped.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled_count(page, "espial_interface_dropped_frames", "interface",
			       snapshot->interfaces[i].interface.name,
			       snapshot->interfaces[i].interface.interface_dropped);
}

static void put_rings(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_interface_ring_bytes", GAUGE, "Octets of the capture ring.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled(page, "espial_interface_ring_bytes", "interface", snapshot->interfaces[i].interface.name,
			 (double)snapshot->interfaces[i].interface.ring);
	family(page, "espial_interface_ring_used_bytes", GAUGE,
	       "Octets that waited in the ring, the most within about ten seconds.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled(page, "espial_interface_ring_used_bytes", "interface", snapshot->interfaces[i].interface.name,
			 (double)snapshot->interfaces[i].interface.ring_used);
	family(page, "espial_interface_ring_full", COUNTER, "Times that the kernel found the ring full.");
	for (size_t i = 0; i < snapshot->interface_count; i++)
		labelled_count(page, "espial_interface_ring_full", "interface", snapshot->interfaces[i].interface.name,
			       snapshot->interfaces[i].interface.ring_full);
}

static void labelled_seconds(const struct page *page, const char *name, const char *label, const char *text, int64_t ns)
{
	fprintf(page->out, "%s_total{%s=\"", name, label);
	put_label(page, text);
	fprintf(page->out, "\"} %.9f\n", (double)ns / SECOND);
}

/* A worker's label is its number, from 1, as in notices. */
static void put_workers(const struct page *page, const struct snapshot *snapshot)
{
	const struct record_worker *workers = snapshot->workers;
	char number[24];

	family(page, "espial_worker_read_frames", COUNTER, "Frames that the worker read.");
	for (size_t i = 0; i < snapshot->worker_count; i++)
		labelled_count(page, "espial_worker_read_frames", "worker", number_text(number, i + 1),
			       workers[i].read);
	family(page, "espial_worker_tracked_frames", COUNTER, "Frames that the worker tracked.");
	for (size_t i = 0; i < snapshot->worker_count; i++)
		labelled_count(page, "espial_worker_tracked_frames", "worker", number_text(number, i + 1),
			       workers[i].tracked);
	family(page, "espial_worker_together_seconds", COUNTER, "How long all workers worked together.");
	for (size_t i = 0; i < snapshot->worker_count; i++)
		labelled_seconds(page, "espial_worker_together_seconds", "worker", number_text(number, i + 1),
				 workers[i].together_ns);
	family(page, "espial_worker_waited_seconds", COUNTER, "How much of that the worker waited for the others.");
	for (size_t i = 0; i < snapshot->worker_count; i++)
		labelled_seconds(page, "espial_worker_waited_seconds", "worker", number_text(number, i + 1),
				 workers[i].waited_ns);
}

static void put_stages(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_stage_packets", COUNTER, "Packets of which the stage was timed.");
	for (int i = 0; i < RECORD_STAGE_COUNT; i++)
		labelled_count(page, "espial_stage_packets", "stage", record_stage_name((enum record_stage)i),
			       snapshot->stages[i].packets);
	family(page, "espial_stage_seconds", COUNTER, "What the stage took for these packets.");
	for (int i = 0; i < RECORD_STAGE_COUNT; i++)
		labelled_seconds(page, "espial_stage_seconds", "stage", record_stage_name((enum record_stage)i),
				 snapshot->stages[i].ns);
}

static void put_tables(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_table_entries", GAUGE, "Entries in use.");
	for (size_t i = 0; i < snapshot->table_count; i++)
		labelled(page, "espial_table_entries", "table", snapshot->tables[i].name,
			 (double)snapshot->tables[i].used);
	family(page, "espial_table_limit_entries", GAUGE, "Entries there is room for.");
	for (size_t i = 0; i < snapshot->table_count; i++)
		labelled(page, "espial_table_limit_entries", "table", snapshot->tables[i].name,
			 (double)snapshot->tables[i].limit);
	family(page, "espial_table_evicted_entries", COUNTER, "Entries that made way because the table was full.");
	for (size_t i = 0; i < snapshot->table_count; i++)
		labelled_count(page, "espial_table_evicted_entries", "table", snapshot->tables[i].name,
			       snapshot->tables[i].evicted);
	family(page, "espial_table_memory_bytes", GAUGE, "Resident memory of the table.");
	for (size_t i = 0; i < snapshot->table_count; i++)
		labelled(page, "espial_table_memory_bytes", "table", snapshot->tables[i].name,
			 (double)snapshot->tables[i].octets);
}

static void put_sinks(const struct page *page, const struct snapshot *snapshot)
{
	family(page, "espial_sink_up", GAUGE, "Whether the sink passes findings on.");
	for (size_t i = 0; i < snapshot->sink_count; i++)
		labelled(page, "espial_sink_up", "sink", snapshot->sinks[i].name, snapshot->sinks[i].health.up);
	family(page, "espial_sink_queued_records", GAUGE, "Records kept for later.");
	for (size_t i = 0; i < snapshot->sink_count; i++)
		labelled(page, "espial_sink_queued_records", "sink", snapshot->sinks[i].name,
			 (double)snapshot->sinks[i].health.queued);
	family(page, "espial_sink_delivered_records", COUNTER, "Records passed on.");
	for (size_t i = 0; i < snapshot->sink_count; i++)
		labelled_count(page, "espial_sink_delivered_records", "sink", snapshot->sinks[i].name,
			       snapshot->sinks[i].health.delivered);
	family(page, "espial_sink_dropped_records", COUNTER, "Records given up because the bound was reached.");
	for (size_t i = 0; i < snapshot->sink_count; i++)
		labelled_count(page, "espial_sink_dropped_records", "sink", snapshot->sinks[i].name,
			       snapshot->sinks[i].health.dropped);
}

/* ---- what it sees ---- */

static void put_states(const struct page *page, const struct snapshot *snapshot)
{
	size_t pairs[PAIR_VERDICT_COUNT] = { 0 }, sas[SA_STATE_COUNT] = { 0 }, ike[IKE_OUTCOME_COUNT] = { 0 };

	for (size_t i = 0; i < snapshot->pair_count; i++)
		pairs[snapshot->pairs[i].pair.verdict]++;
	for (size_t i = 0; i < snapshot->sa_count; i++)
		sas[snapshot->sas[i].state]++;
	for (size_t i = 0; i < snapshot->ike_sa_count; i++)
		ike[snapshot->ike_sas[i].ike_sa.outcome]++;
	family(page, "espial_pairs", GAUGE, "Pairs in view by verdict.");
	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		labelled(page, "espial_pairs", "verdict", pair_verdict_name((enum pair_verdict)i), (double)pairs[i]);
	family(page, "espial_sas", GAUGE, "SAs in view by state.");
	for (int i = 0; i < SA_STATE_COUNT; i++)
		labelled(page, "espial_sas", "state", sa_state_name((enum sa_record_state)i), (double)sas[i]);
	family(page, "espial_ike_sas", GAUGE, "IKE SAs in view by outcome.");
	for (int i = 0; i < IKE_OUTCOME_COUNT; i++)
		labelled(page, "espial_ike_sas", "outcome", ike_outcome_name((enum ike_outcome)i), (double)ike[i]);
}

static void put_alerts(const struct page *page, const struct snapshot *snapshot, const struct metrics_tally *tally)
{
	size_t open[FINDING_ID_COUNT] = { 0 };

	for (size_t i = 0; i < snapshot->alert_count; i++)
		open[snapshot->alerts[i]->finding.id] += !finding_is_test(&snapshot->alerts[i]->finding);
	family(page, "espial_open_alerts", GAUGE, "Open alerts by finding.");
	for (int i = 0; i < FINDING_ID_COUNT; i++)
		labelled(page, "espial_open_alerts", "id", catalogue_row((enum finding_id)i)->name, (double)open[i]);
	family(page, "espial_open_alerts_by_severity", GAUGE, "Open alerts by severity.");
	for (int i = 0; i < SEVERITY_COUNT; i++)
		labelled(page, "espial_open_alerts_by_severity", "severity",
			 finding_severity_name((enum finding_severity)i), (double)snapshot->alerts_by_severity[i]);
	family(page, "espial_alerts_opened", COUNTER, "Alerts opened since the reporter's start.");
	for (int i = 0; i < FINDING_ID_COUNT; i++)
		labelled_count(page, "espial_alerts_opened", "id", catalogue_row((enum finding_id)i)->name,
			       tally->opened[i]);
	family(page, "espial_alerts_cleared", COUNTER, "Alerts cleared since the reporter's start.");
	for (int i = 0; i < FINDING_ID_COUNT; i++)
		labelled_count(page, "espial_alerts_cleared", "id", catalogue_row((enum finding_id)i)->name,
			       tally->cleared[i]);
}

/* ---- by rule ---- */

struct age {
	unsigned rule;
	double seconds;
};

struct rule {
	const char *name; /* borrowed */
	size_t pairs[PAIR_VERDICT_COUNT];
	double secured, clear, rekeys;
	size_t ages, first_age; /* where its ages are in the sorted list */
};

struct rules {
	struct rule *list; /* owned; the last two are those of no rule and of the rules that found no room */
	unsigned count;
	struct age *ages; /* owned; of active SAs */
	size_t age_count;
};

enum { RULE_NONE = METRICS_RULES_MAX, RULE_OTHER, RULE_SLOTS };

static unsigned rule_of(struct rules *rules, const char *name)
{
	if (!name)
		return RULE_NONE;
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->list[i].name == name || strcmp(rules->list[i].name, name) == 0)
			return i;
	if (rules->count == METRICS_RULES_MAX)
		return RULE_OTHER;
	rules->list[rules->count].name = name;
	return rules->count++;
}

static void add_pair(struct rules *rules, const struct record_pair *pair)
{
	struct rule *rule = &rules->list[rule_of(rules, pair->rule)];

	rule->pairs[pair->verdict]++;
	rule->secured += (double)pair->esp_bytes;
	for (size_t i = 0; i < pair->cleartext_count; i++)
		rule->clear += (double)pair->cleartext[i].bytes;
	rule->rekeys += pair->rekeys;
}

static void add_age(struct rules *rules, unsigned rule, double seconds)
{
	rules->ages[rules->age_count++] = (struct age){ rule, seconds < 0 ? 0 : seconds };
	rules->list[rule].ages++;
}

static int compare_ages(const void *left, const void *right)
{
	const struct age *one_age = left, *other = right;

	if (one_age->rule != other->rule)
		return one_age->rule < other->rule ? -1 : 1;
	return one_age->seconds < other->seconds ? -1 : one_age->seconds > other->seconds;
}

/* SAs are sorted by pair, as pairs are: the rule of an SA is looked up once for all of its pair. */
static void gather_ages(struct rules *rules, const struct snapshot *snapshot)
{
	const struct record_sa *last = NULL;
	unsigned rule = RULE_NONE;
	size_t at = 0;

	for (size_t i = 0; i < snapshot->sa_count; i++) {
		const struct record_sa *sa = &snapshot->sas[i];
		if (sa->state != SA_ACTIVE)
			continue;
		bool same = last && ((address_equal(&sa->src, &last->src) && address_equal(&sa->dst, &last->dst)) ||
				     (address_equal(&sa->src, &last->dst) && address_equal(&sa->dst, &last->src)));
		if (!same) {
			const struct snapshot_pair *pair = snapshot_find_pair(snapshot, &sa->src, &sa->dst);
			rule = pair ? rule_of(rules, pair->pair.rule) : RULE_NONE;
			last = sa;
		}
		add_age(rules, rule, (double)(snapshot->time_ns - sa->first_ns) / SECOND);
	}
	qsort(rules->ages, rules->age_count, sizeof(*rules->ages), compare_ages);
	for (at = rules->age_count; at-- > 0;)
		rules->list[rules->ages[at].rule].first_age = at;
}

static void put_rule_ages(const struct page *page, const struct rules *rules)
{
	family(page, "espial_rule_sa_age_seconds", GAUGE,
	       "Age of active SAs by rule: the median, nine of ten, the oldest.");
	for (unsigned i = 0; i < RULE_SLOTS; i++) {
		const struct rule *rule = &rules->list[i];
		const struct age *ages = rules->ages + rule->first_age;
		if (rule->ages == 0)
			continue;
		labelled_twice(page, "espial_rule_sa_age_seconds", "rule", rule->name, "of", "median",
			       ages[(rule->ages - 1) / 2].seconds);
		labelled_twice(page, "espial_rule_sa_age_seconds", "rule", rule->name, "of", "ninth_decile",
			       ages[(rule->ages - 1) * 9 / 10].seconds);
		labelled_twice(page, "espial_rule_sa_age_seconds", "rule", rule->name, "of", "oldest",
			       ages[rule->ages - 1].seconds);
	}
}

static bool is_used(const struct rule *rule)
{
	size_t pairs = 0;

	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		pairs += rule->pairs[i];
	return pairs > 0 || rule->ages > 0;
}

static void put_rules(const struct page *page, const struct rules *rules)
{
	family(page, "espial_rule_pairs", GAUGE, "Pairs in view by rule and verdict.");
	for (unsigned i = 0; i < RULE_SLOTS; i++)
		for (int k = 0; is_used(&rules->list[i]) && k < PAIR_VERDICT_COUNT; k++)
			labelled_twice(page, "espial_rule_pairs", "rule", rules->list[i].name, "verdict",
				       pair_verdict_name((enum pair_verdict)k), (double)rules->list[i].pairs[k]);
	family(page, "espial_rule_secured_bytes", GAUGE, "Octets of ESP and AH of the pairs in view.");
	for (unsigned i = 0; i < RULE_SLOTS; i++)
		if (is_used(&rules->list[i]))
			labelled(page, "espial_rule_secured_bytes", "rule", rules->list[i].name,
				 rules->list[i].secured);
	family(page, "espial_rule_clear_bytes", GAUGE, "Octets in clear of the pairs in view.");
	for (unsigned i = 0; i < RULE_SLOTS; i++)
		if (is_used(&rules->list[i]))
			labelled(page, "espial_rule_clear_bytes", "rule", rules->list[i].name, rules->list[i].clear);
	family(page, "espial_rule_rekeys", GAUGE, "Rekeyings of the pairs in view.");
	for (unsigned i = 0; i < RULE_SLOTS; i++)
		if (is_used(&rules->list[i]))
			labelled(page, "espial_rule_rekeys", "rule", rules->list[i].name, rules->list[i].rekeys);
	family(page, "espial_rule_active_sas", GAUGE, "Active SAs by rule.");
	for (unsigned i = 0; i < RULE_SLOTS; i++)
		if (is_used(&rules->list[i]))
			labelled(page, "espial_rule_active_sas", "rule", rules->list[i].name,
				 (double)rules->list[i].ages);
	put_rule_ages(page, rules);
}

/* False on lack of memory. */
static bool put_by_rule(const struct page *page, const struct snapshot *snapshot)
{
	struct rules rules = {
		.list = calloc(RULE_SLOTS, sizeof(struct rule)),
		.ages = calloc(snapshot->sa_count + 1, sizeof(struct age)),
	};
	bool good = rules.list && rules.ages;

	if (good) {
		rules.list[RULE_NONE].name = "(none)";
		rules.list[RULE_OTHER].name = "(other)";
		for (size_t i = 0; i < snapshot->pair_count; i++)
			add_pair(&rules, &snapshot->pairs[i].pair);
		gather_ages(&rules, snapshot);
		put_rules(page, &rules);
	}
	free(rules.list);
	free(rules.ages);
	return good;
}

void metrics_tally_take(struct metrics_tally *tally, const struct finding *finding)
{
	if (finding_is_test(finding))
		return;
	if (finding->state == FINDING_OPEN)
		tally->opened[finding->id]++;
	else if (finding->state == FINDING_CLEAR)
		tally->cleared[finding->id]++;
}

char *metrics_text(const struct snapshot *snapshot, const struct metrics_tally *tally, bool open, size_t *length)
{
	char *text = NULL;
	struct page page = { .out = open_memstream(&text, length), .open = open };
	bool good = page.out;

	if (!good)
		return NULL;
	family(&page, "espial_up", GAUGE, "Whether the engine has told its state.");
	one(&page, "espial_up", snapshot ? 1 : 0);
	if (snapshot) {
		put_sensor(&page, snapshot);
		put_traffic(&page, snapshot);
		put_interfaces(&page, snapshot);
		put_rings(&page, snapshot);
		put_workers(&page, snapshot);
		put_stages(&page, snapshot);
		put_tables(&page, snapshot);
		put_sinks(&page, snapshot);
		put_states(&page, snapshot);
		put_alerts(&page, snapshot, tally);
		good = put_by_rule(&page, snapshot);
	}
	if (open)
		fputs("# EOF\n", page.out);
	if (fclose(page.out) == 0 && good)
		return text;
	free(text);
	return NULL;
}
