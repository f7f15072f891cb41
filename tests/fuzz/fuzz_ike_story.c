/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IKE tracker and the rules behind it: octets are a script of what a few hosts say, ICMP errors and time included, put
 * to a judge with small tables. The script is told twice, once as a wire would and once all at the end in the opposite
 * order; both have to come to the same records. What else has to hold: tables and memory keep their limits, counters
 * agree with records, an alert opens before anything else is said of it, time does not run back, and every record is a
 * line of JSON that reads back as the same line.
 *
 * Octet 0: settings. Then operations: what (4 bits) and which pair (3 bits) and direction (1 bit), which IKE SA, and by
 * operation a length and octets. See operate().
 */
#include "fuzz.h"

#include "config/policy.h"
#include "daemon/audit/judge.h"
#include "daemon/audit/judge_state.h"
#include "daemon/report/json.h"
#include "daemon/report/nat_hash.h"
#include "daemon/report/record_reader.h"
#include "dissectors/cursor.h"
#include "dissectors/ike_names.h"

#include <string.h>

#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define START (INT64_C(1700000000) * SECOND)

enum {
	OPERATIONS_MAX = 300,
	TRANSITIONS_MAX = 4000,
	OCTETS_MAX = 2048,
	FLOOD_MAX = 64,
	ALERTS_MAX = 4096,
	READ_BACK_MAX = 100
};

#define LONGEST (31 * 86400 * SECOND)
#define UPDATES (86400 * SECOND) /* so often an alert says that it goes on: each hour says no more, and costs most */

/* ---- what is said ---- */

struct script {
	struct transition transitions[TRANSITIONS_MAX];
	unsigned count;
	int64_t now_ns;
	uint8_t octets[OCTETS_MAX]; /* the last message */
	uint32_t length;
	uint8_t pair, direction; /* of it */
	uint16_t src_port, dst_port;
	uint8_t encap;
};

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t take(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->data++;
}

/* Pair 0 and 1 share a host, 6 and 7 are IPv6. */
static void addresses(unsigned pair, struct address *a, struct address *b)
{
	static const char *const texts[8][2] = {
		{ "10.0.0.1", "10.0.0.2" },       { "10.0.0.1", "10.0.0.3" },       { "10.0.0.2", "10.0.0.3" },
		{ "10.0.0.1", "10.1.0.4" },       { "192.0.2.1", "198.51.100.1" },  { "10.0.0.4", "10.0.0.5" },
		{ "2001:db8::1", "2001:db8::2" }, { "2001:db8::1", "2001:db8::3" },
	};

	DEMAND(address_parse(texts[pair][0], a) && address_parse(texts[pair][1], b));
}

static struct transition *say(struct script *script, enum transition_kind kind)
{
	if (script->count == TRANSITIONS_MAX)
		return NULL;
	struct transition *transition = &script->transitions[script->count++];
	memset(transition, 0, sizeof(*transition));
	transition->kind = (uint8_t)kind;
	transition->time_ns = script->now_ns;
	transition->serial = script->count;
	transition->direction = script->direction;
	addresses(script->pair, &transition->a, &transition->b);
	return transition;
}

/* The message that stands in the script, `unseen` octets of it not captured. */
static struct transition *send(struct script *script, uint32_t unseen)
{
	struct ike_header header;
	struct cursor cursor = cursor_make(script->octets, script->length, script->length);

	if (!ike_header_read(&cursor, &header))
		return NULL;
	struct transition *transition = say(script, TRANSITION_IKE_MESSAGE);
	if (!transition)
		return NULL;
	transition->ike.header = header;
	transition->ike.src_port = script->src_port;
	transition->ike.dst_port = script->dst_port;
	transition->ike.encap = script->encap;
	transition->ike.octets = script->length + unseen;
	transition->ike.captured = script->length;
	transition->ike.message = malloc(script->length);
	DEMAND(transition->ike.message != NULL);
	memcpy(transition->ike.message, script->octets, script->length);
	return transition;
}

static void put(struct script *script, unsigned count, uint64_t value)
{
	for (unsigned i = 0; i < count && script->length < OCTETS_MAX; i++)
		script->octets[script->length++] = (uint8_t)(value >> 8 * (count - 1 - i));
}

static void put_input(struct script *script, struct input *input, unsigned count)
{
	for (unsigned i = 0; i < count && input->left; i++)
		put(script, 1, take(input));
}

static void put_length(struct script *script)
{
	uint32_t length = script->length;

	script->length = 24;
	put(script, 4, length);
	script->length = length;
}

static void header(struct script *script, uint8_t sa, bool answered, uint8_t next, uint8_t version, uint8_t exchange,
		   uint8_t flags, uint32_t id)
{
	script->length = 0;
	put(script, 8, 0xa000000000000000 | sa);
	put(script, 8, answered ? 0xb000000000000000 | sa : 0);
	put(script, 1, next);
	put(script, 1, version);
	put(script, 1, exchange);
	put(script, 1, flags);
	put(script, 4, id);
	put(script, 4, 0);
}

static void payload(struct script *script, uint8_t next, uint32_t octets, unsigned head, uint64_t value)
{
	put(script, 1, next);
	put(script, 1, 0);
	put(script, 2, 4 + octets);
	put(script, head, value);
	for (uint32_t i = head; i < octets; i++)
		put(script, 1, 0x5a ^ i);
}

/* An SA with one proposal: AES-CBC, SHA-256, a group, of either version. */
static void put_sa(struct script *script, bool v1, uint8_t next, uint8_t choice)
{
	static const uint16_t ciphers[] = { 12, 20, 3, 2 };
	static const uint16_t groups[] = { 14, 2, 19, 35 };
	uint16_t cipher = ciphers[choice & 3], group = groups[choice >> 2 & 3];

	if (v1) {
		payload(script, next, 48, 8, 0x0000000100000001);
		script->length -= 40;
		put(script, 8, 0x0000002801010001);
		put(script, 8, 0x0000002001010000);
		put(script, 8, 0x80010007800e0100 | (uint64_t)(choice & 3) << 32);
		put(script, 8, 0x8002000480030001 + (choice >> 4));
		put(script, 8, 0x8004000e800b0001 ^ (uint64_t)(group ^ 14) << 32);
		return;
	}
	payload(script, next, 44, 8, 0x0000002c01010004);
	script->length -= 36;
	put(script, 8, 0x0300000c01000000 | cipher);
	put(script, 4, 0x800e0100);
	put(script, 8, 0x0300000803000000 | (choice & 64 ? 2 : 12));
	put(script, 8, 0x0300000802000005);
	put(script, 8, 0x0000000804000000 | group);
}

static void say_v2(struct script *script, uint8_t sa, uint8_t step, uint8_t more)
{
	static const uint16_t notifies[] = {
		14, 16390, 17, 7, 24, 9, 11, 5, 4, 34, 38, 43, 16388, 16389, 16404, 16406
	};
	bool answer = step & 1;
	uint8_t flags = answer ? IKEV2_FLAG_RESPONSE : IKEV2_FLAG_INITIATOR;
	uint8_t exchange = (uint8_t)(IKEV2_EXCHANGE_IKE_SA_INIT + (step >> 1 & 3));

	if (step & 8) /* an error or a cookie, in clear */ {
		header(script, sa, more & 64, IKEV2_PAYLOAD_NOTIFY, 0x20, exchange, flags, step >> 1 & 3);
		payload(script, 0, 6, 6, (uint64_t)notifies[more & 15] << 16 | (more & 32 ? 19 : 14));
	} else if (exchange == IKEV2_EXCHANGE_IKE_SA_INIT) {
		header(script, sa, answer, IKEV2_PAYLOAD_SA, 0x20, exchange, flags, 0);
		put_sa(script, false, IKEV2_PAYLOAD_KE, more);
		payload(script, IKEV2_PAYLOAD_NONCE, 36, 4, 0x000e0000);
		payload(script, more & 128 ? IKEV2_PAYLOAD_CERTREQ : 0, 32, 0, 0);
		if (more & 128)
			payload(script, 0, 21, 1, 4);
	} else {
		header(script, sa, true, more & 8 ? IKEV2_PAYLOAD_SKF : IKEV2_PAYLOAD_SK, 0x20, exchange, flags,
		       1 + (step >> 4));
		payload(script, IKEV2_PAYLOAD_IDI + (more & 7), 40 + (more >> 4) * 24u, 4, 0x00010001u + (more >> 6));
	}
	put_length(script);
}

static void say_v1(struct script *script, uint8_t sa, uint8_t step, uint8_t more)
{
	static const uint8_t exchanges[] = { IKEV1_EXCHANGE_MAIN, IKEV1_EXCHANGE_AGGRESSIVE, IKEV1_EXCHANGE_QUICK,
					     IKEV1_EXCHANGE_INFORMATIONAL };
	uint8_t exchange = exchanges[step >> 1 & 3];
	bool answer = step & 1;

	if (step & 8) {
		header(script, sa, answer || more & 1, IKEV1_PAYLOAD_NOTIFY, 0x10, IKEV1_EXCHANGE_INFORMATIONAL, 0, 77);
		payload(script, 0, 8, 8, 0x0000000101000000 | (more >> 1));
	} else if (step & 16) {
		header(script, sa, true, IKEV1_PAYLOAD_KE, 0x10, exchange, 0, 0);
		payload(script, 0, 32, 0, 0);
	} else if (step & 32 || exchange == IKEV1_EXCHANGE_QUICK || exchange == IKEV1_EXCHANGE_INFORMATIONAL) {
		header(script, sa, true, IKEV1_PAYLOAD_HASH, 0x10, exchange, IKEV1_FLAG_ENCRYPTION,
		       exchange == IKEV1_EXCHANGE_MAIN ? 0 : 1 + (more >> 6));
		for (unsigned i = 0; i < 4 + (more & 63u); i++)
			put(script, 4, more * 2654435761u + i);
	} else {
		header(script, sa, answer, IKEV1_PAYLOAD_SA, 0x10, exchange, 0, 0);
		put_sa(script, true, 0, more);
	}
	put_length(script);
}

static void flood(struct script *script, unsigned count, uint8_t more)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t spoofed[4] = { 10, 0, 0, (uint8_t)(6 + (more & 1 ? i : 0)) };
		say_v2(script, 0, 0, more & 15);
		for (unsigned at = 1; at < 8; at++)
			script->octets[at] = (uint8_t)(script->count >> (at * 3));
		struct transition *transition = send(script, 0);
		if (!transition)
			return;
		const uint8_t target[4] = { 10, 0, 0, 1 };
		transition->a = address_from_ipv4(target);
		transition->b = address_from_ipv4(spoofed);
		transition->direction = 1;
		script->now_ns += MILLISECOND;
	}
}

static void esp(struct script *script, uint8_t sa, uint8_t what)
{
	static const enum transition_kind kinds[] = { TRANSITION_SA_BORN,    TRANSITION_ESP_BEGAN, TRANSITION_ESP_QUIET,
						      TRANSITION_UNANSWERED, TRANSITION_ANSWERED,  TRANSITION_SA_QUIET,
						      TRANSITION_LEARNABLE,  TRANSITION_SA_WOKE };
	/* What goes on though it may have ended, and is counted. */
	enum transition_kind kind =
	    what & 128 ? (what & 1 ? TRANSITION_SA_COUNT : TRANSITION_SA_GOES_ON) : kinds[what & 7];
	struct transition *transition = say(script, kind);

	if (!transition)
		return;
	if (kind == TRANSITION_UNANSWERED || kind == TRANSITION_ANSWERED)
		transition->run = (struct transition_run){ .spi = 0x1000u + sa,
							   .level = (uint8_t)(1 + (what >> 3 & 1)),
							   .first_ns = script->now_ns - SECOND + script->count,
							   .last_ns = script->now_ns,
							   .packets = 20,
							   .answerable = 10,
							   .bytes = 2000 };
	else
		transition->esp = (struct transition_esp){ .spi = 0x1000u + sa,
							   .protocol = what & 64 ? 51 : 50,
							   .sequence = script->count,
							   .last_ns = script->now_ns,
							   .packets = script->count,
							   .bytes = 100u * script->count };
}

static void clear(struct script *script, uint8_t what)
{
	static const enum transition_kind kinds[] = { TRANSITION_CLEAR_BEGAN, TRANSITION_CLEAR_PROGRESS,
						      TRANSITION_CLEAR_SERVICE, TRANSITION_CLEAR_QUIET };
	struct transition *transition = say(script, kinds[what & 3]);

	if (!transition)
		return;
	transition->clear = (struct transition_clear){
		.service = { .protocol = 6, .port = 80, .name = what & 4 ? "HTTP" : NULL },
		.src_port = 40000,
		.dst_port = 80,
		.packets = { script->count, script->count },
		.bytes = 100u * script->count,
		.last_ns = { script->now_ns, script->now_ns },
		.since_ns = (what & 3) == 3 ? 0 : script->now_ns,
	};
}

static void icmp(struct script *script, uint8_t what)
{
	static const uint8_t types[] = { 3, 4, 11, 12 };
	struct transition *transition = say(script, TRANSITION_ICMP_ERROR);

	if (!transition)
		return;
	transition->icmp = (struct transition_icmp){
		.version = script->pair >= 6 ? 6 : 4,
		.type = script->pair >= 6 ? (uint8_t)(1u + (what & 3u)) : types[what & 3],
		.code = what >> 2 & 15,
		.protocol = what & 64 ? 50 : 17,
		.src_port = 500,
		.dst_port = 500,
		.sender = script->direction ? transition->a : transition->b,
	};
}

/* The last message in IKEv1 fragments: of so many octets each, without the piece numbered `missing`. */
static void cut(struct script *script, unsigned size, unsigned missing, uint8_t id)
{
	uint8_t whole[OCTETS_MAX];
	uint32_t length = script->length;

	if (length < IKE_HEADER_SIZE || length / size > 16)
		return;
	memcpy(whole, script->octets, length);
	for (unsigned number = 1; (number - 1) * size < length; number++) {
		uint32_t from = (number - 1) * size, count = length - from < size ? length - from : size;
		script->length = 16;
		put(script, 4, 0x84100000 | (uint64_t)whole[18] << 8);
		put(script, 8, 0);
		put(script, 4, 8 + count);
		put(script, 4, (uint64_t)id << 16 | number << 8 | (from + count == length));
		for (uint32_t i = 0; i < count; i++)
			put(script, 1, whole[from + i]);
		put_length(script);
		if (number != missing)
			send(script, 0);
		script->now_ns += MILLISECOND;
	}
	memcpy(script->octets, whole, length);
	script->length = length;
}

/* Operations; a length is of the octets of input that follow. */
static void operate(struct script *script, struct input *input)
{
	static const int64_t pauses[] = {
		1,           MILLISECOND,  20 * MILLISECOND, 300 * MILLISECOND,  SECOND, 4 * SECOND, 17 * SECOND,
		61 * SECOND, 301 * SECOND, 3600 * SECOND,    15 * 86400 * SECOND
	};
	uint8_t what = take(input), sa = take(input), more = take(input);
	int64_t before = script->now_ns;

	script->pair = what >> 4 & 7;
	script->direction = what >> 7;
	switch (what & 15) {
	case 0: /* an IKEv2 message made to measure */
	case 1:
		say_v2(script, sa & 31, more, take(input));
		send(script, 0);
		break;
	case 2: /* an IKEv1 message made to measure */
		say_v1(script, sa & 31, more, take(input));
		send(script, 0);
		break;
	case 3: /* a header with anything behind it, which may be longer than what was captured */
		header(script, sa & 31, sa & 32, more, sa & 64 ? 0x10 : 0x20, take(input), take(input), take(input));
		put_input(script, input, take(input));
		put_length(script);
		send(script, sa & 128);
		break;
	case 4: /* anything, as long as `sa` and `more` say */
		script->length = 0;
		put_input(script, input, ((unsigned)sa << 8 | more) & 0x7ff);
		send(script, 0);
		break;
	case 5: /* the last message, one octet changed */
		if (script->length)
			script->octets[((unsigned)sa << 8 | more) % script->length] ^= take(input);
		send(script, 0);
		break;
	case 6: /* the last message again, by whoever; cut short if asked */
		if (more & 1 && script->length > sa)
			script->length -= sa;
		send(script, 0);
		break;
	case 7: /* more behind the last message */
		put_input(script, input, sa);
		if (script->length >= IKE_HEADER_SIZE)
			put_length(script);
		send(script, 0);
		break;
	case 8:
		script->src_port = sa & 1 ? 4500 : sa & 2 ? 6000 : 500;
		script->dst_port = sa & 4 ? 4500 : sa & 8 ? 6001 : 500;
		script->encap = more % 3;
		break;
	case 9:
		flood(script, sa % FLOOD_MAX, more);
		break;
	case 10:
		icmp(script, more);
		break;
	case 11:
		esp(script, sa & 7, more);
		break;
	case 12:
		clear(script, more);
		break;
	case 14:
		cut(script, 24 + 8u * sa, more & 15, more >> 4);
		break;
	default:
		script->now_ns += pauses[sa % (sizeof(pauses) / sizeof(pauses[0]))] * (1 + more % 4);
		if (script->now_ns > START + LONGEST)
			script->now_ns = before + SECOND;
		break;
	}
}

/* ---- what comes of it ---- */

struct told {
	char *text; /* every record as a line; owned */
	size_t length, room;
	uint64_t alerts[ALERTS_MAX];
	bool open[ALERTS_MAX];
	unsigned alert_count;
	unsigned again; /* openings of alerts that were told before */
	unsigned ike_sas, messages;
	int64_t last_ns;
	bool read_back;
	unsigned lines;
};

static void keep_line(struct told *told, const char *line)
{
	size_t length = strlen(line);

	if (told->length + length + 2 > told->room) {
		told->room = 2 * (told->room + length + 2);
		told->text = realloc(told->text, told->room);
		DEMAND(told->text != NULL);
	}
	memcpy(told->text + told->length, line, length);
	told->length += length;
	told->text[told->length++] = '\n';
	told->text[told->length] = '\0';
}

static void check_line(const struct record *record, const char *line)
{
	struct record_reader reader = { .sensor = NULL };
	struct record again;

	bool reads = record_from_json(line, strlen(line), &reader, &again);
	if (!reads)
		fprintf(stderr, "%s\n%s\n", line, reader.problem);
	DEMAND(reads && again.type == record->type);
	char *second = record_to_json(&again, "s");
	DEMAND(second && strcmp(line, second) == 0);
	free(second);
	record_reader_clear(&reader);
}

static void check_finding(struct told *told, const struct finding *finding)
{
	unsigned at = 0;

	while (at < told->alert_count && told->alerts[at] != finding->alert)
		at++;
	if (at == told->alert_count) {
		DEMAND(finding->state == FINDING_OPEN);
		DEMAND(told->alert_count < ALERTS_MAX);
		told->alerts[told->alert_count++] = finding->alert;
	} else {
		/* One that was forgotten with its pair, or is over, may come again: the same trouble has the same number. */
		told->again += finding->state == FINDING_OPEN;
		DEMAND(finding->state == FINDING_OPEN || told->open[at]);
	}
	told->open[at] = finding->state != FINDING_CLEAR;
	DEMAND(finding->time_ns >= told->last_ns);
	told->last_ns = finding->time_ns;
	DEMAND(catalogue_allows(finding->id, finding->cause));
	DEMAND(finding->first_ns <= finding->last_ns && finding->last_ns <= finding->time_ns);
	DEMAND(finding->first_ns >= START - 2 * SECOND && finding->count > 0);
	DEMAND((finding->state == FINDING_CLEAR) == (finding->cleared_by != NULL));
	DEMAND(finding->text[0] && memchr(finding->text, '\0', sizeof(finding->text)));
	DEMAND(finding->severity < SEVERITY_COUNT && finding->grade < GRADE_COUNT);
	DEMAND(finding->subject == SUBJECT_HOST || address_compare(&finding->a, &finding->b) <= 0);
}

static void hear(void *context, const struct record *record)
{
	struct told *told = context;

	if (record->type == RECORD_IKE_MESSAGE) {
		told->messages += !record->ike_message.joined;
		return;
	}
	char *line = record_to_json(record, "s");
	DEMAND(line != NULL);
	if (getenv("FUZZ_TELL"))
		fprintf(stderr, "%s\n", line);
	if (record->type == RECORD_FINDING)
		check_finding(told, &record->finding);
	told->ike_sas += record->type == RECORD_IKE_SA;
	if (told->read_back && told->lines++ < READ_BACK_MAX)
		check_line(record, line);
	keep_line(told, line);
	free(line);
}

struct settings {
	struct policy *policy;
	uint32_t ike, pairs;
	bool hash, at_once;
};

static void put_copy(struct judge *judge, const struct transition *transition)
{
	struct transition copy = *transition;

	if (copy.kind == TRANSITION_IKE_MESSAGE) {
		copy.ike.message = malloc(copy.ike.captured);
		DEMAND(copy.ike.message != NULL);
		memcpy(copy.ike.message, transition->ike.message, copy.ike.captured);
	}
	judge_put(judge, &copy);
}

static void tell(const struct script *script, const struct settings *settings, struct told *told)
{
	struct judge_settings judge_settings = { .policy = settings->policy,
						 .thresholds = judge_default_thresholds(),
						 .pairs = settings->pairs,
						 .sas = 64,
						 .ike = settings->ike,
						 .learned = 64,
						 .ike_messages = true,
						 .nat_hash = settings->hash ? nat_hash : NULL };
	struct record_sink sink = { hear, told };
	judge_settings.thresholds.update_ns = UPDATES;
	struct judge *judge = judge_new(&judge_settings, &sink);
	unsigned messages = 0;

	DEMAND(judge != NULL);
	uint64_t empty = judge_ike_memory(judge);
	for (unsigned i = 0; i < script->count; i++) {
		const struct transition *transition =
		    &script->transitions[settings->at_once ? script->count - 1 - i : i];
		messages += transition->kind == TRANSITION_IKE_MESSAGE;
		put_copy(judge, transition);
		if (!settings->at_once)
			judge_advance(judge, transition->time_ns - 1);
	}
	judge_advance(judge, script->now_ns);
	judge_finish(judge, script->now_ns);
	const struct judge_counters *counters = judge_counters(judge);
	uint64_t evicted = judge_ike_evicted(judge);
	DEMAND(counters->lost == 0);
	DEMAND(counters->ike_sas >= evicted && counters->ike_sas - evicted <= settings->ike);
	DEMAND(judge_ike_memory(judge) <= empty + settings->ike * (sizeof(struct ike_story) + 64) + 65536);
	unsigned open = 0;
	for (unsigned i = 0; i < told->alert_count; i++)
		open += told->open[i];
	DEMAND(counters->opened == told->alert_count + told->again);
	DEMAND(counters->open <= open); /* those of what was evicted are not known to be open any more */
	DEMAND(told->messages == messages);
	DEMAND(judge_write_ike_sas(judge, &sink));
	DEMAND(told->ike_sas == counters->ike_sas - evicted);
	judge_free(judge);
}

/* Everything between everyone secured, negotiations judged by a table. */
static void add_rule(struct policy *policy)
{
	policy->rules = calloc(1, sizeof(*policy->rules));
	DEMAND(policy->rules != NULL);
	policy->rule_count = 1;
	policy->rules[0].name = strdup("all");
	policy->rules[0].crypto = strdup("rfc8247");
	policy->rules[0].level = POLICY_REQUIRE;
	for (unsigned side = 0; side < 2; side++) {
		policy->rules[0].between[side] = calloc(1, sizeof(struct policy_prefix));
		DEMAND(policy->rules[0].between[side] != NULL);
		policy->rules[0].between_count[side] = 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t capacities[] = { 4, 16, 64, 4096 };
	static struct script script;
	static struct told first, second;
	struct input input = { data, size };
	struct policy policy;
	uint8_t how = take(&input);

	policy_init(&policy);
	if (how & 4)
		add_rule(&policy);
	DEMAND(policy_seal(&policy));
	memset(&script.count, 0, sizeof(script) - offsetof(struct script, count));
	first = (struct told){ .read_back = true };
	second = (struct told){ .text = NULL };
	script.now_ns = START;
	script.src_port = script.dst_port = 500;
	for (unsigned i = 0; i < OPERATIONS_MAX && input.left; i++)
		operate(&script, &input);
	if (how & 16)
		script.now_ns += 3600 * SECOND;
	struct settings settings = {
		.policy = &policy, .ike = capacities[how & 3], .pairs = how & 8 ? 4 : 256, .hash = how & 32
	};
	tell(&script, &settings, &first);
	settings.at_once = true;
	tell(&script, &settings, &second);
	if (first.length != second.length || (first.length && strcmp(first.text, second.text) != 0))
		fprintf(stderr, "%s---- and\n%s", first.text ? first.text : "", second.text ? second.text : "");
	DEMAND(first.length == second.length && (!first.length || strcmp(first.text, second.text) == 0));
	for (unsigned i = 0; i < script.count; i++)
		transition_discard(&script.transitions[i]);
	free(first.text);
	free(second.text);
	policy_clear(&policy);
	return 0;
}
