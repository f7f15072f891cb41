/* SPDX-License-Identifier: Apache-2.0 */
/* See replay.h. */
#include "replay.h"

#include "audit/hash.h"
#include "crypto_judgement.h"
#include "report/ip_service.h"
#include "report/random_seed.h"
#include "report/record_reader.h"
#include "report/store_history.h"
#include "report/timestamp.h"
#include "../config/policy.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * INT64_C(1000000000))

enum { SLOTS_FIRST = 1024, PROTOCOLS_MAX = 64, NAME_SIZE = 64, NAMES_MAX = 32, ALGORITHM_SIZE = 72 };

/* Clear traffic of a pair over one protocol and service. */
struct past_protocol {
	char name[NAME_SIZE];
	uint8_t ip_protocol; /* 0: of several, or not known */
	uint16_t port;
	uint64_t packets, bytes;
};

struct past_pair {
	struct address a, b;
	uint64_t esp_bytes, offending_bytes;
	bool learned, had_rule;
	struct past_protocol *protocols; /* owned */
	size_t protocol_count;
	int64_t first_day, last_day; /* with clear traffic; -1: none */
	size_t selections;           /* number of the first one between the two, 0: none */
	bool told;                   /* a leak of it was raised */
	enum finding_severity told_severity;
};

/* What two peers selected. */
struct past_selection {
	struct address a, b; /* initiator, responder */
	unsigned version;
	char names[NAMES_MAX][ALGORITHM_SIZE];
	size_t count;
	int64_t first_day, last_day;
	size_t next; /* number of the next one of the pair, 0: none */
};

struct past_alert {
	enum finding_id id;
	struct address a, b; /* b unspecified: of a host */
	enum finding_severity severity;
};

/* A list that grows. */
struct list {
	void *items; /* owned */
	size_t count, room;
};

struct replay {
	const struct policy *policy;
	struct list pairs, selections, alerts, rows;
	uint32_t *slots; /* hash table of pair indexes + 1; owned */
	size_t slot_count;
	uint64_t seed; /* of that: who sends packets chooses addresses */
	struct record_reader reader;
	bool failed;
};

struct replay *replay_new(const struct policy *policy)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (replay) {
		replay->policy = policy;
		replay->seed = random_seed();
	}
	return replay;
}

static struct past_pair *pair_at(const struct replay *replay, size_t at)
{
	return (struct past_pair *)replay->pairs.items + at;
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->pairs.count; i++)
		free(pair_at(replay, i)->protocols);
	free(replay->pairs.items);
	free(replay->selections.items);
	free(replay->alerts.items);
	free(replay->rows.items);
	free(replay->slots);
	record_reader_clear(&replay->reader);
	free(replay);
}

static void *add(struct replay *replay, struct list *list, size_t size)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		void *more = realloc(list->items, room * size);
		if (!more) {
			replay->failed = true;
			return NULL;
		}
		list->items = more;
		list->room = room;
	}
	return memset((char *)list->items + list->count++ * size, 0, size);
}

/* ---- pairs ---- */

static size_t slot_of(const struct replay *replay, const struct address *a, const struct address *b)
{
	struct address key[2] = { *a, *b };
	size_t at = (size_t)hash_octets(key, sizeof(key), replay->seed) & (replay->slot_count - 1);

	for (; replay->slots[at]; at = (at + 1) & (replay->slot_count - 1)) {
		const struct past_pair *pair = pair_at(replay, replay->slots[at] - 1);
		if (address_equal(&pair->a, a) && address_equal(&pair->b, b))
			break;
	}
	return at;
}

static bool grow_slots(struct replay *replay)
{
	size_t count = replay->slot_count ? 2 * replay->slot_count : SLOTS_FIRST;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	free(replay->slots);
	replay->slots = slots;
	replay->slot_count = count;
	for (size_t i = 0; i < replay->pairs.count; i++) {
		const struct past_pair *pair = pair_at(replay, i);
		replay->slots[slot_of(replay, &pair->a, &pair->b)] = (uint32_t)i + 1;
	}
	return true;
}

/* The pair, lower address first; made where there is none and `make`. */
static struct past_pair *pair_of(struct replay *replay, const struct address *one, const struct address *other,
				 bool make)
{
	bool swap = address_compare(one, other) > 0;
	const struct address *a = swap ? other : one, *b = swap ? one : other;

	if (2 * replay->pairs.count >= replay->slot_count && (!make || !grow_slots(replay))) {
		replay->failed |= make;
		if (!replay->slot_count)
			return NULL;
	}
	size_t slot = slot_of(replay, a, b);
	if (replay->slots[slot])
		return pair_at(replay, replay->slots[slot] - 1);
	struct past_pair *pair = make && !replay->failed ? add(replay, &replay->pairs, sizeof(*pair)) : NULL;
	if (!pair)
		return NULL;
	replay->slots[slot] = (uint32_t)replay->pairs.count;
	pair->a = *a;
	pair->b = *b;
	pair->first_day = pair->last_day = -1;
	return pair;
}

static void note_protocol(struct replay *replay, struct past_pair *pair, const struct past_protocol *protocol)
{
	size_t i = 0;

	while (i < pair->protocol_count &&
	       (strcmp(pair->protocols[i].name, protocol->name) != 0 ||
		pair->protocols[i].ip_protocol != protocol->ip_protocol || pair->protocols[i].port != protocol->port))
		i++;
	if (i == pair->protocol_count) {
		struct past_protocol *more =
		    i < PROTOCOLS_MAX ? realloc(pair->protocols, (i + 1) * sizeof(*more)) : NULL;
		if (!more) {
			replay->failed |= i < PROTOCOLS_MAX;
			return;
		}
		pair->protocols = more;
		pair->protocols[pair->protocol_count++] = *protocol;
		return;
	}
	pair->protocols[i].packets += protocol->packets;
	pair->protocols[i].bytes += protocol->bytes;
}

/* ---- lines ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint64_t count_of(const json_t *object, const char *key)
{
	json_int_t count = json_integer_value(json_object_get(object, key));

	return count > 0 ? (uint64_t)count : 0;
}

static bool day_of(const char *text, int64_t *day)
{
	char whole[TIMESTAMP_SIZE];
	int64_t time_ns;

	snprintf(whole, sizeof(whole), "%.10sT00:00:00.000000Z", text);
	if (!timestamp_parse(whole, &time_ns))
		return false;
	*day = time_ns / DAY;
	return true;
}

static bool ends_of(const json_t *object, const char *first, const char *second, struct address *a, struct address *b)
{
	return address_parse(text_of(object, first), a) && address_parse(text_of(object, second), b);
}

static bool take_traffic(struct replay *replay, const json_t *object)
{
	const char *what = text_of(object, "what"), *service = text_of(object, "service");
	const json_t *rules = json_object_get(object, "rules");
	struct past_protocol protocol = { .packets = count_of(object, "packets"), .bytes = count_of(object, "bytes") };
	struct address a, b;
	int64_t day;

	if (!*what || !json_is_array(rules) || !ends_of(object, "a", "b", &a, &b) ||
	    !day_of(text_of(object, "day"), &day) ||
	    (*service && !ip_service_parse(service, &protocol.ip_protocol, &protocol.port)))
		return false;
	struct past_pair *pair = pair_of(replay, &a, &b, true);
	if (!pair)
		return false;
	if (strcmp(what, HISTORY_ESP) == 0 || strcmp(what, HISTORY_INTEGRITY) == 0) {
		pair->esp_bytes += protocol.bytes;
		return true;
	}
	const char *rule = json_string_value(json_array_get(rules, 0));
	if (rule && strcmp(rule, "learned") == 0)
		pair->learned = true;
	pair->had_rule |= rule != NULL;
	if (strcmp(what, HISTORY_OFFENDING) == 0) {
		pair->offending_bytes += protocol.bytes;
		return true;
	}
	snprintf(protocol.name, sizeof(protocol.name), "%s", what);
	note_protocol(replay, pair, &protocol);
	if (pair->first_day < 0 || day < pair->first_day)
		pair->first_day = day;
	if (day > pair->last_day)
		pair->last_day = day;
	return !replay->failed;
}

static bool same_names(const struct past_selection *one, const struct past_selection *other)
{
	bool same = one->count == other->count && one->version == other->version && address_equal(&one->a, &other->a) &&
		    address_equal(&one->b, &other->b);

	for (size_t i = 0; same && i < one->count; i++)
		same = strcmp(one->names[i], other->names[i]) == 0;
	return same;
}

/* It comes again on every day on which it was seen. */
static bool take_selection(struct replay *replay, const json_t *object)
{
	struct past_selection selection = { .version = (unsigned)(count_of(object, "version") & 0xff) };
	const json_t *list = json_object_get(object, "selected");

	if (!json_is_array(list) || !ends_of(object, "initiator", "responder", &selection.a, &selection.b) ||
	    !day_of(text_of(object, "first"), &selection.first_day) ||
	    !day_of(text_of(object, "last"), &selection.last_day))
		return false;
	for (size_t i = 0; i < json_array_size(list) && selection.count < NAMES_MAX; i++) {
		const char *name = json_string_value(json_array_get(list, i));
		snprintf(selection.names[selection.count++], ALGORITHM_SIZE, "%s", name ? name : "?");
	}
	struct past_pair *pair = pair_of(replay, &selection.a, &selection.b, true);
	if (!pair)
		return false;
	const struct past_selection *known = replay->selections.items;
	for (size_t number = pair->selections; number; number = known[number - 1].next)
		if (same_names(&known[number - 1], &selection))
			return true;
	struct past_selection *place = add(replay, &replay->selections, sizeof(*place));
	if (!place)
		return false;
	*place = selection;
	place->next = pair->selections;
	pair->selections = replay->selections.count;
	return true;
}

static bool take_alert(struct replay *replay, const char *line, size_t length)
{
	static const char mark[] = ",\"finding\":";
	const char *finding = memmem(line, length, mark, sizeof(mark) - 1);
	struct record record;

	finding = finding ? finding + sizeof(mark) - 1 : line;
	if (!record_from_json(finding, length - (size_t)(finding - line) - 1, &replay->reader, &record) ||
	    record.type != RECORD_FINDING)
		return false;
	if (finding_is_test(&record.finding))
		return true;
	struct past_alert *alert = add(replay, &replay->alerts, sizeof(*alert));
	if (!alert)
		return false;
	alert->id = record.finding.id;
	alert->a = record.finding.a;
	alert->severity = record.finding.severity;
	if (record.finding.has_pair && record.finding.subject != SUBJECT_HOST)
		alert->b = record.finding.b;
	return true;
}

bool replay_line(struct replay *replay, const char *line, size_t length)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	const char *type = text_of(object, "type");
	bool taken = false;

	if (strcmp(type, "traffic") == 0)
		taken = take_traffic(replay, object);
	else if (strcmp(type, "selection") == 0)
		taken = take_selection(replay, object);
	else if (strcmp(type, "alert") == 0)
		taken = take_alert(replay, line, length);
	json_decref(object);
	return taken;
}

/* ---- judging ---- */

enum answer { ALLOWED, OFFENDS, UNSURE };

/* Doubts that are told. */
static const char of_names[] =
    "the history has it by its name; whether a port or protocol of the lists means it is not known",
		  of_icmp[] = "the history does not tell large pings from small ones",
		  of_response[] = "clear traffic is expected until the peer opens IKE; which came first is not known",
		  of_learning[] = "it has no rule any more, and may be learned by its ESP",
		  of_grouping[] = "it was told as a part of an alert about the host";

static bool is_group(const struct address *address)
{
	static const uint8_t broadcast[] = { 255, 255, 255, 255 };
	struct address all = address_from_ipv4(broadcast);

	if (address_is_ipv4(address))
		return (address->bytes[12] & 0xf0) == 0xe0 || address_equal(address, &all);
	return address->bytes[0] == 0xff;
}

static bool lists_have_ports(const struct policy_services *services)
{
	for (size_t i = 0; i < services->count; i++)
		if (services->entries[i].kind == POLICY_SERVICE_PORT ||
		    services->entries[i].kind == POLICY_SERVICE_PROTOCOL)
			return true;
	return false;
}

static bool is_icmp(const struct past_protocol *protocol)
{
	return protocol->ip_protocol == 1 || protocol->ip_protocol == 58;
}

static bool has_ports(uint8_t ip_protocol)
{
	return ip_protocol == 6 || ip_protocol == 17 || ip_protocol == 132;
}

/* A name that is only a number is none. */
static bool is_named(const struct past_protocol *protocol)
{
	static const char *const numbers[] = { "tcp/", "udp/", "sctp/", "proto/", "icmp", "other", "unknown" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strncmp(protocol->name, numbers[i], strlen(numbers[i])) == 0)
			return false;
	return true;
}

static enum answer ask(const struct replay *replay, const struct past_pair *pair, const struct policy_rule *rule,
		       const struct past_protocol *protocol, const char **doubt)
{
	const struct policy *policy = replay->policy;
	bool known = protocol->ip_protocol != 0, named = is_named(protocol);
	struct policy_traffic traffic = {
		.protocol = protocol->ip_protocol,
		.port = protocol->port,
		.name = named ? protocol->name : NULL,
		.icmp_harmless = is_icmp(protocol),
		.group = is_group(&pair->a) || is_group(&pair->b),
	};
	bool allowed = policy_may_be_clear(policy, rule, &traffic) == POLICY_CLEAR_ALLOWED;

	if (!known && !named) {
		*doubt = of_names;
		return UNSURE;
	}
	/* Over several services: a list that names one of them may mean it. */
	bool several = !known || (!protocol->port && has_ports(protocol->ip_protocol));
	bool may_deny = rule && lists_have_ports(&rule->deny);
	bool may_allow = lists_have_ports(&policy->allow) || (rule && lists_have_ports(&rule->allow));
	if (several && !traffic.group && (allowed ? may_deny : may_allow)) {
		*doubt = of_names;
		return UNSURE;
	}
	return allowed ? ALLOWED : OFFENDS;
}

/* What a pair would have been told of. */
struct leak {
	bool sure, unsure;
	uint64_t packets, bytes, icmp_bytes, other_bytes;
	const char *doubt;
	char what[REPLAY_WHAT_SIZE];
};

static void note_leak(struct leak *leak, const struct past_protocol *protocol)
{
	struct ip_service_text buffer;
	const char *service = ip_service_text(protocol->ip_protocol, protocol->port, &buffer);
	size_t used = strlen(leak->what);

	if (service && strcmp(service, protocol->name) == 0)
		service = NULL;
	leak->packets += protocol->packets;
	leak->bytes += protocol->bytes;
	snprintf(leak->what + used, sizeof(leak->what) - used, "%s%s%s%s%s", used ? ", " : "", protocol->name,
		 service && protocol->port ? " (" : "", service && protocol->port ? service : "",
		 service && protocol->port ? ")" : "");
}

static struct leak leak_of(const struct replay *replay, const struct past_pair *pair, const struct policy_rule *rule)
{
	struct leak leak = { .sure = false };

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < pair->protocol_count; i++) {
			const struct past_protocol *protocol = &pair->protocols[i];
			const char *doubt = NULL;
			enum answer answer = ask(replay, pair, rule, protocol, &doubt);
			if (pass == 0 && is_icmp(protocol))
				leak.icmp_bytes += protocol->bytes;
			else if (pass == 0)
				leak.other_bytes += protocol->bytes;
			if (pass == 0 && answer == OFFENDS) {
				leak.sure = true;
				note_leak(&leak, protocol);
			}
			/* What is not sure is told where nothing sure is. */
			if (pass == 1 && answer == UNSURE && !leak.sure) {
				leak.unsure = true;
				leak.doubt = doubt;
				note_leak(&leak, protocol);
			}
		}
	/* More offended than all else that was clear: some of the pings were not harmless. */
	if (!leak.sure && !leak.unsure && leak.icmp_bytes && pair->offending_bytes > leak.other_bytes) {
		leak.unsure = true;
		leak.doubt = of_icmp;
		snprintf(leak.what, sizeof(leak.what), "icmp");
		leak.bytes = pair->offending_bytes - leak.other_bytes;
	}
	return leak;
}

static bool gateways_speak_esp(struct replay *replay, const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->gateway_count; i++)
		for (size_t k = i + 1; k < rule->gateway_count; k++) {
			struct address a, b;
			memcpy(a.bytes, rule->gateways[i], sizeof(a.bytes));
			memcpy(b.bytes, rule->gateways[k], sizeof(b.bytes));
			const struct past_pair *pair = pair_of(replay, &a, &b, false);
			if (pair && pair->esp_bytes)
				return true;
		}
	return false;
}

static enum finding_severity severity_of(const struct policy_rule *rule)
{
	if (!rule)
		return SEVERITY_MEDIUM;
	return rule->level == POLICY_REQUIRE   ? SEVERITY_HIGH
	       : rule->level == POLICY_REQUEST ? SEVERITY_MEDIUM
					       : SEVERITY_LOW;
}

static bool host_was_told(const struct replay *replay, enum finding_id id, const struct past_pair *pair)
{
	const struct past_alert *alerts = replay->alerts.items;

	for (size_t i = 0; i < replay->alerts.count; i++)
		if (alerts[i].id == id && address_is_unspecified(&alerts[i].b) &&
		    (address_equal(&alerts[i].a, &pair->a) || address_equal(&alerts[i].a, &pair->b)))
			return true;
	return false;
}

static void judge_pair(struct replay *replay, size_t at)
{
	struct past_pair *pair = pair_at(replay, at);
	const struct policy_rule *rule = policy_match(replay->policy, pair->a.bytes, pair->b.bytes);
	bool learned = !rule && pair->learned && replay->policy->learn;
	struct leak leak = { .sure = false };

	if (rule || learned)
		leak = leak_of(replay, pair, rule);
	if (rule && rule->level == POLICY_RESPOND && leak.sure) {
		/* Without any sign of IPsec it is as a client should be. */
		leak.sure = false;
		leak.unsure = pair->esp_bytes || gateways_speak_esp(replay, rule);
		leak.doubt = of_response;
	}
	if (!rule && !learned && pair->told && pair->esp_bytes && replay->policy->learn) {
		leak = leak_of(replay, pair, NULL);
		leak.unsure = leak.sure || leak.unsure;
		leak.sure = false;
		leak.doubt = of_learning;
	}
	if (!leak.sure && !leak.unsure && !pair->told)
		return;
	struct replay_row row = {
		.outcome = leak.unsure                                           ? REPLAY_UNKNOWN
			   : !leak.sure                                          ? REPLAY_GONE
			   : pair->told                                          ? REPLAY_SAME
			   : host_was_told(replay, FINDING_CLEARTEXT_LEAK, pair) ? REPLAY_UNKNOWN
										 : REPLAY_NEW,
		.id = FINDING_CLEARTEXT_LEAK,
		.severity = !leak.sure && !leak.unsure ? pair->told_severity : severity_of(rule),
		.a = pair->a,
		.b = pair->b,
		.rule = rule      ? rule->name
			: learned ? "learned"
				  : NULL,
		.packets = leak.packets,
		.bytes = leak.sure || leak.unsure ? leak.bytes : pair->offending_bytes,
		.first_day = pair->first_day,
		.last_day = pair->last_day,
	};
	row.doubt = leak.unsure ? leak.doubt : row.outcome == REPLAY_UNKNOWN ? of_grouping : NULL;
	snprintf(row.what, sizeof(row.what), "%s", leak.what);
	struct replay_row *place = add(replay, &replay->rows, sizeof(*place));
	if (place)
		*place = row;
}

/* ---- cryptography ---- */

static bool was_told(const struct replay *replay, enum finding_id id, const struct address *one,
		     const struct address *other, enum finding_severity *severity)
{
	const struct past_alert *alerts = replay->alerts.items;

	for (size_t i = 0; i < replay->alerts.count; i++)
		if (alerts[i].id == id && ((address_equal(&alerts[i].a, one) && address_equal(&alerts[i].b, other)) ||
					   (address_equal(&alerts[i].a, other) && address_equal(&alerts[i].b, one)))) {
			*severity = alerts[i].severity;
			return true;
		}
	return false;
}

static enum period_verdict verdict_of(const struct past_selection *selection, const struct policy_rule *rule,
				      char weak[REPLAY_WHAT_SIZE])
{
	const char *names[NAMES_MAX];

	for (size_t i = 0; i < selection->count; i++)
		names[i] = selection->names[i];
	return crypto_judgement_of(rule ? rule->crypto : NULL, selection->version, names, selection->count, weak,
				   REPLAY_WHAT_SIZE);
}

static bool is_raised(enum period_verdict verdict)
{
	return verdict == PERIOD_DISCOURAGED || verdict == PERIOD_FORBIDDEN;
}

/* Whether another selection of the same two tells what became of their alert: one that is raised, or one before this. */
static bool is_told_of_another(struct replay *replay, const struct past_selection *selection,
			       const struct policy_rule *rule)
{
	const struct past_selection *all = replay->selections.items;
	const struct past_pair *pair = pair_of(replay, &selection->a, &selection->b, false);
	char weak[REPLAY_WHAT_SIZE];

	for (size_t number = pair ? pair->selections : 0; number; number = all[number - 1].next)
		if (&all[number - 1] < selection || is_raised(verdict_of(&all[number - 1], rule, weak)))
			return true;
	return false;
}

static void judge_selection(struct replay *replay, const struct past_selection *selection)
{
	static const char of_authentication[] =
	    "with IKEv1 it may have been a shared key, and how they prove themselves is not in the history";
	const struct policy_rule *rule = policy_match(replay->policy, selection->a.bytes, selection->b.bytes);
	char weak[REPLAY_WHAT_SIZE];
	enum finding_severity told_severity = SEVERITY_INFO;

	if (!rule)
		rule = policy_first_gateway_rule(replay->policy, selection->a.bytes, selection->b.bytes);
	enum period_verdict verdict = verdict_of(selection, rule, weak);
	bool raised = is_raised(verdict);
	bool told = was_told(replay, FINDING_WEAK_IKE_SELECTED, &selection->a, &selection->b, &told_severity);
	if (!raised && (!told || is_told_of_another(replay, selection, rule)))
		return;
	bool unknown = !raised && selection->version == 1;
	bool swap = address_compare(&selection->a, &selection->b) > 0;
	struct replay_row *row = add(replay, &replay->rows, sizeof(*row));
	if (!row)
		return;
	*row = (struct replay_row){
		.outcome = unknown   ? REPLAY_UNKNOWN
			   : !raised ? REPLAY_GONE
			   : told    ? REPLAY_SAME
				     : REPLAY_NEW,
		.id = FINDING_WEAK_IKE_SELECTED,
		.severity = !raised                       ? told_severity
			    : verdict == PERIOD_FORBIDDEN ? SEVERITY_MEDIUM
							  : SEVERITY_LOW,
		.a = swap ? selection->b : selection->a,
		.b = swap ? selection->a : selection->b,
		.rule = rule ? rule->name : NULL,
		.first_day = selection->first_day,
		.last_day = selection->last_day,
		.doubt = unknown ? of_authentication : NULL,
	};
	snprintf(row->what, sizeof(row->what), "%s", weak);
}

/* ---- the outcome ---- */

static int by_outcome(const void *left, const void *right)
{
	const struct replay_row *one = left, *other = right;

	if (one->outcome != other->outcome)
		return one->outcome < other->outcome ? -1 : 1;
	if (one->severity != other->severity)
		return one->severity < other->severity ? -1 : 1;
	if (one->bytes != other->bytes)
		return one->bytes > other->bytes ? -1 : 1;
	int order = address_compare(&one->a, &other->a);
	return order ? order : address_compare(&one->b, &other->b);
}

const struct replay_row *replay_rows(struct replay *replay, size_t *count)
{
	static const struct replay_row none;
	const struct past_alert *alerts = replay->alerts.items;

	replay->rows.count = 0;
	for (size_t i = 0; i < replay->alerts.count; i++) {
		struct past_pair *pair = alerts[i].id == FINDING_CLEARTEXT_LEAK && !address_is_unspecified(&alerts[i].b)
					     ? pair_of(replay, &alerts[i].a, &alerts[i].b, true)
					     : NULL;
		if (!pair)
			continue;
		if (!pair->told || alerts[i].severity < pair->told_severity)
			pair->told_severity = alerts[i].severity;
		pair->told = true;
	}
	for (size_t i = 0; i < replay->pairs.count; i++)
		judge_pair(replay, i);
	for (size_t i = 0; i < replay->selections.count; i++)
		judge_selection(replay, (const struct past_selection *)replay->selections.items + i);
	if (replay->rows.count)
		qsort(replay->rows.items, replay->rows.count, sizeof(struct replay_row), by_outcome);
	*count = replay->rows.count;
	return replay->failed ? NULL : replay->rows.count ? replay->rows.items : &none;
}

size_t replay_pairs(const struct replay *replay)
{
	return replay->pairs.count;
}

size_t replay_selections(const struct replay *replay)
{
	return replay->selections.count;
}

const char *replay_outcome_name(enum replay_outcome outcome)
{
	static const char *const names[REPLAY_OUTCOME_COUNT] = { "new", "gone", "unknown", "same" };

	return (size_t)outcome < REPLAY_OUTCOME_COUNT ? names[outcome] : "?";
}
