/* SPDX-License-Identifier: Apache-2.0 */
/* See api.h. Records are those of json.h; what stands around them is made here. */
#include "api.h"

#include "inventory.h"
#include "json.h"
#include "json_line.h"
#include "timestamp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_OCTETS = 48 << 10 };

/* Which pairs come first where not all can be told: the ones that need a look. Clear traffic that no rule speaks of is
 * ordinary, and comes last. */
static unsigned rank_of(const struct record_pair *pair)
{
	static const unsigned ranks[PAIR_VERDICT_COUNT] = {
		[PAIR_CLEARTEXT] = 0,   [PAIR_MIXED] = 1,   [PAIR_INTEGRITY_ONLY] = 2,
		[PAIR_NEGOTIATING] = 3, [PAIR_SECURED] = 4, [PAIR_IDLE] = 5,
	};

	return pair->verdict == PAIR_CLEARTEXT && !pair->rule ? PAIR_VERDICT_COUNT : ranks[pair->verdict];
}

struct api_answer {
	const struct snapshot *snapshot; /* held */
	struct api_query query;
	enum { BEFORE_HEAD, IN_RECORDS, ENDED } at;
	size_t next;   /* index of the next item to look at; of pairs within the pass */
	unsigned pass; /* of pairs: the rank that is told now */
	size_t told;   /* records said so far */
	bool failed;
};

static const char *const names[API_RESOURCE_COUNT] = { "status", "pairs", "sas", "ike", "alerts", "inventory" };

enum api_resource api_resource_find(const char *name)
{
	unsigned resource = 0;

	while (resource < API_RESOURCE_COUNT && strcmp(names[resource], name) != 0)
		resource++;
	return (enum api_resource)resource;
}

struct api_query api_query_all(enum api_resource resource)
{
	return (struct api_query){ .resource = resource, .limit = API_LIMIT_DEFAULT };
}

bool api_query_add(struct api_query *query, const char *name, const char *value, const char **problem)
{
	bool is_a = strcmp(name, "a") == 0, is_b = strcmp(name, "b") == 0;

	if (query->resource == API_STATUS) {
		*problem = "status takes no parameters";
		return false;
	}
	if (is_a || is_b) {
		if (!address_parse(value, is_a ? &query->a : &query->b)) {
			*problem = "a and b have to be IPv4 or IPv6 addresses";
			return false;
		}
		*(is_a ? &query->has_a : &query->has_b) = true;
		return true;
	}
	if (strcmp(name, "limit") == 0) {
		char *end;
		errno = 0;
		unsigned long limit = strtoul(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end || errno || limit < 1 || limit > API_LIMIT_MAX) {
			*problem = "limit has to be a number from 1 to 1000000";
			return false;
		}
		query->limit = limit;
		return true;
	}
	*problem = "there are the parameters a, b and limit";
	return false;
}

bool api_query_complete(const struct api_query *query, const char **problem)
{
	if (query->has_a == query->has_b)
		return true;
	*problem = "a and b have to be given both: a pair is two addresses";
	return false;
}

static bool wanted(const struct api_query *query, const struct address *one, const struct address *other)
{
	return !query->has_a || (address_equal(one, &query->a) && address_equal(other, &query->b)) ||
	       (address_equal(one, &query->b) && address_equal(other, &query->a));
}

/* Whether an alert is about the pair, or about an SA between its ends. */
static bool wanted_alert(const struct api_query *query, const struct finding *finding)
{
	return !query->has_a || (finding->has_pair && wanted(query, &finding->a, &finding->b)) ||
	       (finding->has_flow && wanted(query, &finding->src, &finding->dst));
}

/* jansson counts to 2^63 - 1. */
static json_t *counter(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* ---- the inventory ---- */

static json_t *names_of(const struct inventory_subject *subject, bool selected)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < subject->use_count; i++) {
		const struct inventory_use *use = &subject->uses[i];
		struct line name;
		line_clear(&name);
		line_add_algorithm(&name, &use->algorithm);
		if (selected ? use->selected : use->offered)
			json_array_append_new(list, json_string(name.text));
	}
	return list;
}

/* A pair's line of `espial inventory --json`, as far as the page has a place for it. */
static char *inventory_row(const struct inventory_subject *subject)
{
	struct address_text a, b;
	struct timestamp_text last;

	return json_line(
	    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "a", address_text(&subject->a, &a),
		      "b", address_text(&subject->b, &b), "versions", inventory_json_names(subject, INVENTORY_VERSIONS),
		      "modes", inventory_json_names(subject, INVENTORY_MODES), "selected", names_of(subject, true),
		      "offered", names_of(subject, false), "esp", inventory_json_names(subject, INVENTORY_ESP),
		      "vendors", inventory_json_names(subject, INVENTORY_VENDORS_SEEN), "quantum_safe",
		      inventory_quantum_name(inventory_quantum(subject)), "last",
		      timestamp_text(subject->last_ns, &last), "messages", counter(subject->messages)));
}

/* ---- status ---- */

static json_t *real_or_null(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static json_t *interfaces_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->interface_count; i++) {
		const struct snapshot_interface *one = &snapshot->interfaces[i];
		json_array_append_new(
		    list, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", one->interface.name,
				    "up", one->interface.up, "received", counter(one->interface.received), "dropped",
				    counter(one->interface.dropped), "interface_dropped",
				    counter(one->interface.interface_dropped), "frames_per_second",
				    real_or_null(one->frames_per_second), "ring", counter(one->interface.ring),
				    "ring_used", counter(one->interface.ring_used), "ring_peak",
				    counter(one->interface.ring_peak), "ring_full", counter(one->interface.ring_full)));
	}
	return list;
}

static json_t *tables_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->table_count; i++) {
		const struct record_table *table = &snapshot->tables[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", table->name, "used",
						      counter(table->used), "limit", counter(table->limit), "evicted",
						      counter(table->evicted), "bytes", counter(table->octets)));
	}
	return list;
}

static json_t *sinks_of(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->sink_count; i++) {
		const struct snapshot_sink *sink = &snapshot->sinks[i];
		json_array_append_new(list,
				      json_pack("{s:s, s:b, s:o, s:o, s:o, s:s?}", "name", sink->name, "up",
						sink->health.up, "delivered", counter(sink->health.delivered), "queued",
						counter(sink->health.queued), "dropped", counter(sink->health.dropped),
						"problem", sink->health.up ? NULL : sink->health.problem));
	}
	return list;
}

static json_t *counts_of(const struct snapshot *snapshot)
{
	json_t *pairs = json_object(), *alerts = json_object();

	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		json_object_set_new(pairs, pair_verdict_name((enum pair_verdict)i), counter(snapshot->verdicts[i]));
	for (int i = 0; i < SEVERITY_COUNT; i++)
		json_object_set_new(alerts, finding_severity_name((enum finding_severity)i),
				    counter(snapshot->alerts_by_severity[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "pairs", pairs, "sas", counter(snapshot->living_sas), "ike_sas",
			 counter(snapshot->living_ike_sas), "alerts", alerts);
}

static json_t *summary_of(const struct snapshot *snapshot)
{
	struct record record = { .type = RECORD_SUMMARY, .time_ns = snapshot->time_ns, .summary = snapshot->summary };
	char *text = record_to_json(&record, snapshot->sensor);
	json_t *value = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return value;
}

static json_t *started_of(const struct snapshot *snapshot)
{
	struct timestamp_text text;

	return snapshot->started_ns ? json_string(timestamp_text(snapshot->started_ns, &text)) : json_null();
}

/* What every answer begins with. NULL on lack of memory. */
static json_t *head_of(const struct snapshot *snapshot)
{
	struct timestamp_text text;

	return json_pack("{s:i, s:I, s:s, s:s}", "api", 1, "number", (json_int_t)snapshot->number, "time",
			 timestamp_text(snapshot->time_ns, &text), "sensor", snapshot->sensor ? snapshot->sensor : "");
}

static char *status_text(const struct snapshot *snapshot)
{
	json_t *status = head_of(snapshot);
	json_t *rest = json_pack(
	    "{s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", snapshot->version, "started",
	    started_of(snapshot), "packets_per_second", real_or_null(snapshot->packets_per_second), "bits_per_second",
	    real_or_null(snapshot->bits_per_second), "counts", counts_of(snapshot), "summary", summary_of(snapshot),
	    "interfaces", interfaces_of(snapshot), "tables", tables_of(snapshot), "memory", counter(snapshot->memory),
	    "transitions_lost", counter(snapshot->transitions_lost), "untracked", counter(snapshot->untracked), "sinks",
	    sinks_of(snapshot));

	if (!status || !rest || json_object_update(status, rest) != 0) {
		json_decref(status);
		status = NULL;
	}
	json_decref(rest);
	return json_line(status);
}

/* ---- lists ---- */

/* Pairs come first. */
static size_t pairs_of(const struct inventory *inventory)
{
	size_t count = 0;

	while (inventory && count < inventory_count(inventory) && inventory_subject(inventory, count)->pair)
		count++;
	return count;
}

static size_t total_of(const struct api_answer *answer)
{
	const struct snapshot *snapshot = answer->snapshot;
	const struct api_query *query = &answer->query;
	size_t total = 0;

	switch (query->resource) {
	case API_PAIRS:
		for (size_t i = 0; i < snapshot->pair_count; i++)
			total += wanted(query, &snapshot->pairs[i].pair.a, &snapshot->pairs[i].pair.b);
		return total;
	case API_SAS:
		if (query->has_a)
			snapshot_sas_of(snapshot, &query->a, &query->b, &total);
		return query->has_a ? total : snapshot->sa_count;
	case API_IKE:
		for (size_t i = 0; i < snapshot->ike_sa_count; i++)
			total += wanted(query, &snapshot->ike_sas[i].ike_sa.initiator,
					&snapshot->ike_sas[i].ike_sa.responder);
		return total;
	case API_ALERTS:
		for (size_t i = 0; i < snapshot->alert_count; i++)
			total += wanted_alert(query, &snapshot->alerts[i]->finding);
		return total;
	case API_INVENTORY:
		for (size_t i = 0; i < pairs_of(snapshot->inventory); i++)
			total += wanted(query, &inventory_subject(snapshot->inventory, i)->a,
					&inventory_subject(snapshot->inventory, i)->b);
		return total;
	case API_STATUS:
	case API_RESOURCE_COUNT:
		break;
	}
	return 0;
}

/* The head of a list, open: what follows are its records. NULL on lack of memory. */
static char *list_head(const struct api_answer *answer)
{
	json_t *head = head_of(answer->snapshot);
	char *text, *whole = NULL;

	if (head && json_object_set_new(head, "total", counter(total_of(answer))) != 0) {
		json_decref(head);
		head = NULL;
	}
	text = json_line(head);
	if (text && asprintf(&whole, "%.*s,\"%s\":[", (int)strlen(text) - 1, text, names[answer->query.resource]) < 0)
		whole = NULL;
	free(text);
	return whole;
}

static bool next_pair(struct api_answer *answer, char **text)
{
	const struct snapshot *snapshot = answer->snapshot;

	for (; answer->pass <= PAIR_VERDICT_COUNT; answer->pass++, answer->next = 0) {
		while (answer->next < snapshot->pair_count) {
			const struct record_pair *pair = &snapshot->pairs[answer->next++].pair;
			if (rank_of(pair) != answer->pass || !wanted(&answer->query, &pair->a, &pair->b))
				continue;
			struct record record = { .type = RECORD_PAIR, .time_ns = snapshot->time_ns, .pair = *pair };
			*text = record_to_json(&record, snapshot->sensor);
			return true;
		}
	}
	return false;
}

static bool next_sa(struct api_answer *answer, char **text)
{
	const struct snapshot *snapshot = answer->snapshot;
	size_t count = snapshot->sa_count;
	const struct record_sa *sas = snapshot->sas;

	if (answer->query.has_a)
		sas = snapshot_sas_of(snapshot, &answer->query.a, &answer->query.b, &count);
	if (answer->next >= count)
		return false;
	const struct record_sa *sa = &sas[answer->next++];
	struct record record = { .type = RECORD_SA, .time_ns = sa->last_ns, .sa = *sa };
	*text = record_to_json(&record, snapshot->sensor);
	return true;
}

/* From the newest. */
static bool next_ike(struct api_answer *answer, char **text)
{
	const struct snapshot *snapshot = answer->snapshot;

	while (answer->next < snapshot->ike_sa_count) {
		const struct snapshot_ike_sa *one = &snapshot->ike_sas[snapshot->ike_sa_count - 1 - answer->next++];
		if (!wanted(&answer->query, &one->ike_sa.initiator, &one->ike_sa.responder))
			continue;
		struct record record = { .type = RECORD_IKE_SA, .time_ns = one->last_ns, .ike_sa = one->ike_sa };
		*text = record_to_json(&record, snapshot->sensor);
		return true;
	}
	return false;
}

/* The finding, and behind it what the reporter knows of the alert. */
static bool next_alert(struct api_answer *answer, char **text)
{
	const struct snapshot *snapshot = answer->snapshot;

	while (answer->next < snapshot->alert_count) {
		const struct snapshot_alert *alert = snapshot->alerts[answer->next++];
		struct timestamp_text opened, until;
		char *whole = NULL;
		if (!wanted_alert(&answer->query, &alert->finding))
			continue;
		struct record record = { .type = RECORD_FINDING,
					 .time_ns = alert->finding.time_ns,
					 .finding = alert->finding };
		char *finding = record_to_json(&record, snapshot->sensor);
		bool known = alert->acknowledged_until_ns > snapshot->time_ns;
		if (finding &&
		    asprintf(&whole, "%.*s,\"opened\":\"%s\",\"acknowledged_until\":%s%s%s}", (int)strlen(finding) - 1,
			     finding, timestamp_text(alert->opened_ns, &opened), known ? "\"" : "",
			     known ? timestamp_text(alert->acknowledged_until_ns, &until) : "null",
			     known ? "\"" : "") < 0)
			whole = NULL;
		free(finding);
		*text = whole;
		return true;
	}
	return false;
}

static bool next_inventory(struct api_answer *answer, char **text)
{
	const struct inventory *inventory = answer->snapshot->inventory;

	while (inventory && answer->next < inventory_count(inventory)) {
		const struct inventory_subject *subject = inventory_subject(inventory, answer->next++);
		if (!subject->pair || !wanted(&answer->query, &subject->a, &subject->b))
			continue;
		*text = inventory_row(subject);
		return true;
	}
	return false;
}

/* True if there is one more record; its text, or NULL if memory ran out. */
static bool next_record(struct api_answer *answer, char **text)
{
	static bool (*const nexts[API_RESOURCE_COUNT])(struct api_answer * answer, char **text) = {
		[API_PAIRS] = next_pair,          [API_SAS] = next_sa, [API_IKE] = next_ike, [API_ALERTS] = next_alert,
		[API_INVENTORY] = next_inventory,
	};

	*text = NULL;
	return answer->told < answer->query.limit && nexts[answer->query.resource](answer, text);
}

struct api_answer *api_answer_new(const struct snapshot *snapshot, const struct api_query *query)
{
	struct api_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return NULL;
	answer->snapshot = snapshot_hold(snapshot);
	answer->query = *query;
	return answer;
}

void api_answer_free(struct api_answer *answer)
{
	if (!answer)
		return;
	snapshot_let_go(answer->snapshot);
	free(answer);
}

/* Writes text and lets go of it. False if there was none. */
static bool say(FILE *out, char *text)
{
	bool good = text && fputs(text, out) >= 0;

	free(text);
	return good;
}

/* False if something could not be made. */
static bool say_piece(struct api_answer *answer, FILE *out)
{
	char *text;

	if (answer->query.resource == API_STATUS) {
		answer->at = ENDED;
		return say(out, status_text(answer->snapshot));
	}
	if (answer->at == BEFORE_HEAD) {
		answer->at = IN_RECORDS;
		if (!say(out, list_head(answer)))
			return false;
	}
	while (ftell(out) < PIECE_OCTETS) {
		if (!next_record(answer, &text)) {
			answer->at = ENDED;
			return fputs("]}", out) >= 0;
		}
		fputs(answer->told++ ? ",\n" : "\n", out);
		if (!say(out, text))
			return false;
	}
	return true;
}

char *api_answer_next(struct api_answer *answer, size_t *length)
{
	char *piece = NULL;

	if (answer->at == ENDED || answer->failed)
		return NULL;
	FILE *out = open_memstream(&piece, length);
	bool good = out && say_piece(answer, out);
	if (out && fclose(out) != 0)
		good = false;
	if (good)
		return piece;
	free(piece);
	answer->failed = true;
	return NULL;
}

bool api_answer_failed(const struct api_answer *answer)
{
	return answer->failed;
}
