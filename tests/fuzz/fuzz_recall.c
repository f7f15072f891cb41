/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine is told to have known: records out of a store that anybody may have written to. Each goes out as the JSON
 * line that it would be in the store, and what the reader takes of that is put to a judge, among traffic of the same hosts,
 * for days. What has to hold: time does not run back, an alert opens, or was taken over, before anything else is said of it,
 * begins before it ends, and what the judge writes for the next engine is what the reader takes.
 *
 * Octet 0: settings. Then operations: what, which pair, and by operation more octets; see operate().
 */
#include "fuzz.h"

#include "config/config.h"
#include "config/policy.h"
#include "daemon/audit/judge.h"
#include "daemon/audit/judge_state.h"
#include "daemon/report/json.h"
#include "daemon/report/record_reader.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define START (INT64_C(1700000000) * SECOND)

enum { OPERATIONS_MAX = 60, HOSTS = 5, SMALL = 16, ALERTS_MAX = 512, PROTOCOL_ESP = 50, PROTOCOL_AH = 51 };

struct input {
	const uint8_t *data;
	size_t left;
};

struct world {
	struct judge *judge;
	struct record_reader reader;
	int64_t now_ns, told_ns;
	uint64_t serial;
	struct {
		uint64_t number;
		bool open;
	} alerts[ALERTS_MAX];
	unsigned alert_count;
	int64_t spoke_ns[HOSTS][HOSTS][2];
	unsigned running[HOSTS][HOSTS]; /* bit: ESP of that direction began and was not told to be quiet */
};

static uint64_t take(struct input *input, unsigned octets)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < octets && input->left; i++, input->left--)
		value = value << 8 | *input->data++;
	return value;
}

/* ---- what the judge says ---- */

static bool *state_of(struct world *world, uint64_t number)
{
	for (unsigned i = 0; i < world->alert_count; i++)
		if (world->alerts[i].number == number)
			return &world->alerts[i].open;
	DEMAND(world->alert_count < ALERTS_MAX);
	world->alerts[world->alert_count].number = number;
	return &world->alerts[world->alert_count++].open;
}

static void check_finding(struct world *world, const struct finding *finding)
{
	bool event = catalogue_is_event(finding->id), none = false;
	bool *open = event ? &none : state_of(world, finding->alert);

	DEMAND(finding->time_ns >= world->told_ns);
	world->told_ns = finding->time_ns;
	DEMAND(finding->first_ns <= finding->last_ns && finding->last_ns <= finding->time_ns);
	DEMAND(catalogue_allows(finding->id, finding->cause));
	DEMAND(finding->state == FINDING_OPEN ? !*open : *open);
	DEMAND(!event || finding->state == FINDING_OPEN);
	DEMAND((finding->state == FINDING_CLEAR) == (finding->cleared_by != NULL));
	DEMAND(finding->text[0] && memchr(finding->text, '\0', sizeof(finding->text)));
	*open = finding->state != FINDING_CLEAR;
}

static void check_line(struct world *world, const struct record *record)
{
	struct record read;
	char *line = record_to_json(record, "edge-1");

	DEMAND(line != NULL);
	if (!record_from_json(line, strlen(line), &world->reader, &read)) {
		fprintf(stderr, "%s\nrefused: %s\n", line, world->reader.problem);
		abort();
	}
	free(line);
}

static void on_record(void *context, const struct record *record)
{
	struct world *world = context;

	if (record->type == RECORD_FINDING)
		check_finding(world, &record->finding);
	else if (record->type == RECORD_KNOWN_ALERT)
		*state_of(world, record->known_alert.alert) = true;
	if (record->type == RECORD_FINDING || record->type == RECORD_KNOWN_ALERT || record->type == RECORD_KNOWN_PAIR ||
	    record->type == RECORD_KNOWN_HOST || record->type == RECORD_HELD_ALERT)
		check_line(world, record);
}

/* ---- what is known ---- */

static struct address host(unsigned number)
{
	static const char *const texts[HOSTS] = { "10.0.0.1", "10.0.0.2", "10.0.1.3", "192.0.2.4", "2001:db8::5" };
	struct address address;

	DEMAND(address_parse(texts[number % HOSTS], &address));
	return address;
}

/* Some time before or after now, or any that a line can carry. */
static int64_t take_time(struct input *input, int64_t now_ns)
{
	static const int64_t spans[] = { 0,   1,        SECOND,   10 * SECOND, 301 * SECOND, 3600 * SECOND,
					 DAY, 13 * DAY, 15 * DAY, 400 * DAY };
	uint8_t how = (uint8_t)take(input, 1);
	int64_t span = spans[(how >> 1 & 0x1f) % (sizeof(spans) / sizeof(spans[0]))];

	if (how >= 0xf0)
		return (int64_t)(take(input, 8) >> 1);
	return how & 1 ? now_ns + span : now_ns - span * (how & 0x40 ? 3 : 1);
}

static int64_t later(int64_t left, int64_t right)
{
	return left > right ? left : right;
}

static void take_direction(struct input *input, int64_t now_ns, struct known_direction *direction)
{
	uint8_t flags = (uint8_t)take(input, 1);

	if (flags & 1)
		return; /* never */
	direction->first_ns = take_time(input, now_ns);
	direction->last_ns = later(take_time(input, now_ns), direction->first_ns);
	direction->running = flags & 2;
	direction->rekeys = (uint32_t)take(input, flags & 4 ? 4 : 1);
	direction->habit = (uint32_t)take(input, flags & 4 ? 4 : 1);
	direction->rekey_count = (unsigned)take(input, 1) % (KNOWN_REKEYS + 1);
	direction->remembered = (uint32_t)take(input, 1) % (direction->rekey_count + 1);
	for (unsigned i = 0; i < direction->rekey_count; i++)
		direction->rekey[i] = (struct known_rekey){
			(int64_t)(take(input, flags & 8 ? 8 : 2) >> 2) + 1,
			flags & 16 ? KNOWN_BYTES_NOT : take(input, 4) << (flags & 32 ? 30 : 0),
			(enum record_initiator)(take(input, 1) % INITIATOR_COUNT),
		};
	direction->sa_count = flags >> 6;
	for (unsigned i = 0; i < direction->sa_count; i++) {
		struct known_spi *sa = &direction->sa[i];
		sa->spi = (uint32_t)take(input, 1) % 8;
		sa->protocol = sa->spi & 1 && flags & 2 ? PROTOCOL_AH : PROTOCOL_ESP;
		sa->keyed_ns = take_time(input, now_ns);
		sa->born_ns = later(take_time(input, now_ns), sa->keyed_ns);
		sa->last_ns = later(take_time(input, now_ns), sa->born_ns);
		sa->ended = take(input, 1) & 1;
	}
}

static void take_pair(struct input *input, unsigned a, unsigned b, struct world *world, struct record *record)
{
	struct record_known_pair *pair = &record->known_pair;
	uint8_t flags = (uint8_t)take(input, 1);

	record->type = RECORD_KNOWN_PAIR;
	pair->a = host(a);
	pair->b = host(b);
	pair->learned = flags & 1;
	pair->forgotten = (flags & 6) == 6;
	pair->vlan = flags & 8 ? 17 : 0;
	pair->realm = flags & 16 ? 17 : 0;
	for (unsigned d = 0; d < 2; d++)
		take_direction(input, world->now_ns, &pair->direction[d]);
	pair->beside_count = (flags >> 5) * 2;
	for (unsigned i = 0; i < pair->beside_count; i++)
		pair->beside[i] = (struct known_service){ (uint8_t)take(input, 1), (uint16_t)take(input, 1), i & 1 };
}

static void take_suite(struct input *input, struct ike_suite *suite)
{
	suite->count = (uint8_t)(1 + take(input, 1) % IKE_SUITE_MAX);
	suite->major = (uint8_t)(take(input, 1) % 3);
	for (unsigned i = 0; i < suite->count; i++) {
		enum ike_algorithm_kind kind = (enum ike_algorithm_kind)(take(input, 1) % IKE_ALGORITHM_KIND_COUNT);
		suite->algorithms[i] =
		    (struct ike_algorithm){ (uint8_t)kind, kind == IKE_ALGORITHM_GROUP ? 2 : suite->major,
					    (uint16_t)take(input, 1), (uint16_t)(take(input, 1) * 64) };
	}
}

static void take_host(struct input *input, unsigned a, unsigned b, struct world *world, struct record *record)
{
	struct record_known_host *known = &record->known_host;
	uint8_t flags = (uint8_t)take(input, 1);

	record->type = RECORD_KNOWN_HOST;
	known->address = host(a);
	known->first_peer = host(b);
	known->more = flags & 1;
	known->told_new = flags & 2;
	known->proof_held = flags & 4;
	known->forgotten = (flags & 0x18) == 0x18;
	known->takes = (uint8_t)(take(input, 1) & ((1u << IKE_MODE_COUNT) - 2));
	known->last_ns = take_time(input, world->now_ns);
	if (flags & 32)
		take_suite(input, &known->chose);
	if (flags & 64)
		take_suite(input, &known->offered);
}

/* An alert that is open. */
static void take_alert(struct input *input, unsigned a, unsigned b, struct world *world, struct record *record)
{
	struct finding *finding = &record->finding;
	uint8_t flags = (uint8_t)take(input, 1);

	record->type = RECORD_FINDING;
	finding->id = (enum finding_id)(take(input, 1) % FINDING_ID_COUNT);
	const struct catalogue_row *row = catalogue_row(finding->id);
	finding->cause = CAUSE_NONE;
	for (unsigned i = (unsigned)take(input, 1), cause = i % CAUSE_COUNT; i < 2 * CAUSE_COUNT;
	     i++, cause = i % CAUSE_COUNT)
		if (catalogue_allows(finding->id, (enum finding_cause)cause)) {
			finding->cause = (enum finding_cause)cause;
			break;
		}
	finding->alert = ++world->serial; /* in a store there is one of each number */
	finding->state = flags & 1 ? FINDING_UPDATE : FINDING_OPEN;
	finding->severity = (enum finding_severity)(take(input, 1) % SEVERITY_COUNT);
	finding->grade = (enum finding_grade)(flags % GRADE_COUNT);
	finding->subject = flags & 2 ? row->subject : (enum finding_subject)(flags >> 2 & 3) % SUBJECT_COUNT;
	finding->a = host(a);
	finding->has_pair = finding->subject == SUBJECT_PAIR || finding->subject == SUBJECT_SA;
	if (finding->has_pair)
		finding->b = host(b);
	finding->has_flow = finding->has_pair && flags & 32;
	finding->src = host(flags & 64 ? a : b);
	finding->dst = host(flags & 64 ? b : a);
	finding->has_spi = finding->has_flow && finding->subject == SUBJECT_SA;
	finding->spi = flags & 7;
	finding->ip_protocol = flags & 128 ? PROTOCOL_AH : PROTOCOL_ESP;
	finding->vlan = flags & 16 ? 17 : 0;
	finding->realm = flags & 16 && finding->has_pair ? 17 : 0;
	finding->first_ns = take_time(input, world->now_ns);
	finding->last_ns = later(take_time(input, world->now_ns), finding->first_ns);
	finding->time_ns = record->time_ns = later(take_time(input, world->now_ns), finding->last_ns);
	finding->count = 1 + take(input, flags & 8 ? 8 : 1) / 2;
	finding->bytes = take(input, flags & 8 ? 8 : 2) / 2;
	snprintf(finding->text, sizeof(finding->text), "It was so.");
	if (flags & 4)
		finding_note_text(finding, "subject", "CN=a");
}

/* What the reader takes of the line that the record is. */
static void know(struct world *world, const struct record *record)
{
	struct record read;
	char *line = record_to_json(record, "edge-1");

	DEMAND(line != NULL);
	struct record_reader reader = { 0 };
	if (record_from_json(line, strlen(line), &reader, &read))
		judge_know(world->judge, &read, world->now_ns);
	record_reader_clear(&reader);
	free(line);
}

/* ---- traffic ---- */

static struct transition transition(struct world *world, enum transition_kind kind, unsigned a, unsigned b, unsigned d)
{
	return (struct transition){ .time_ns = world->now_ns,
				    .serial = ++world->serial,
				    .kind = (uint8_t)kind,
				    .direction = (uint8_t)d,
				    .a = host(a),
				    .b = host(b) };
}

static void esp(struct world *world, enum transition_kind kind, unsigned a, unsigned b, unsigned d, uint32_t spi)
{
	struct transition put = transition(world, kind, a, b, d);

	put.esp = (struct transition_esp){ .spi = spi,
					   .protocol = PROTOCOL_ESP,
					   .sequence = 10,
					   .last_ns = world->spoke_ns[a][b][d],
					   .packets = 10,
					   .bytes = 1000 };
	if (kind != TRANSITION_ESP_QUIET)
		put.esp.last_ns = 0;
	judge_put(world->judge, &put);
}

static void speak(struct world *world, unsigned a, unsigned b, unsigned d, uint32_t spi)
{
	esp(world, TRANSITION_SA_BORN, a, b, d, spi);
	if (!(world->running[a][b] >> d & 1))
		esp(world, TRANSITION_ESP_BEGAN, a, b, d, spi);
	world->running[a][b] |= 1u << d;
	world->spoke_ns[a][b][d] = world->now_ns;
}

static void fall_quiet(struct world *world, unsigned a, unsigned b)
{
	world->now_ns += 2 * SECOND;
	for (unsigned d = 0; d < 2; d++)
		if (world->running[a][b] >> d & 1)
			esp(world, TRANSITION_ESP_QUIET, a, b, d, 0);
	world->running[a][b] = 0;
}

static void clear(struct world *world, unsigned a, unsigned b, unsigned d)
{
	struct transition put = transition(world, TRANSITION_CLEAR_BEGAN, a, b, d);

	put.clear = (struct transition_clear){ .service = { .protocol = 6, .port = 80 },
					       .src_port = 40000,
					       .dst_port = 80,
					       .octets = 100,
					       .bytes = 100,
					       .since_ns = world->now_ns };
	put.clear.packets[d] = 1;
	put.clear.last_ns[d] = world->now_ns;
	judge_put(world->judge, &put);
	world->now_ns += 2 * SECOND;
	put.kind = TRANSITION_CLEAR_QUIET;
	put.time_ns = world->now_ns;
	put.serial = ++world->serial;
	put.clear.octets = 0;
	put.clear.since_ns = 0;
	judge_put(world->judge, &put);
}

static void pass(struct world *world, struct input *input)
{
	static const int64_t spans[] = { SECOND / 10, SECOND, 4 * SECOND, 61 * SECOND, 902 * SECOND, DAY, 8 * DAY };
	int64_t span = spans[take(input, 1) % (sizeof(spans) / sizeof(spans[0]))];

	world->now_ns += span;
	judge_advance(world->judge, world->now_ns);
}

static void operate(struct world *world, struct input *input)
{
	uint8_t what = (uint8_t)take(input, 1), who = (uint8_t)take(input, 1);
	unsigned a = who % HOSTS, b = who / HOSTS % HOSTS, d = who / HOSTS / HOSTS & 1;
	struct record record = { .time_ns = world->now_ns };

	if (a == b)
		b = (a + 1) % HOSTS;
	struct address first = host(a), second = host(b);
	if (address_compare(&first, &second) > 0) {
		unsigned swap = a;
		a = b;
		b = swap;
	}
	switch (what % 8) {
	case 0:
	case 1:
		take_pair(input, a, b, world, &record);
		know(world, &record);
		break;
	case 2:
		take_host(input, a, b, world, &record);
		know(world, &record);
		break;
	case 3:
		take_alert(input, a, b, world, &record);
		know(world, &record);
		break;
	case 4:
		speak(world, a, b, d, (uint32_t)take(input, 1) % 8);
		break;
	case 5:
		clear(world, a, b, d);
		break;
	case 6:
		fall_quiet(world, a, b);
		break;
	default:
		pass(world, input);
		break;
	}
	judge_advance(world->judge, world->now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct input input = { data, size };
	uint8_t settings_octet = (uint8_t)take(&input, 1);
	struct policy policy;

	policy_init(&policy);
	DEMAND(policy_seal(&policy));
	memset(&world, 0, sizeof(world));
	world.now_ns = START;
	struct judge_settings settings = { .policy = &policy,
					   .thresholds = judge_default_thresholds(),
					   .pairs = settings_octet & 1 ? SMALL : 4 * SMALL,
					   .sas = 4 * SMALL,
					   .ike = SMALL,
					   .learned = SMALL,
					   .lifecycle = settings_octet & 2,
					   .remember = true };
	settings.thresholds.update_ns = DAY;
	world.judge = judge_new(&settings, &(struct record_sink){ on_record, &world });
	DEMAND(world.judge != NULL);
	if (settings_octet & 4)
		judge_know_until(world.judge, take_time(&input, START));
	judge_advance(world.judge, world.now_ns);
	for (unsigned i = 0; i < OPERATIONS_MAX && input.left > 1; i++)
		operate(&world, &input);
	if (settings_octet & 8) {
		judge_tell_known(world.judge);
		for (unsigned i = 0; i < 20; i++)
			judge_advance(world.judge, world.now_ns += 61 * SECOND);
	}
	judge_finish(world.judge, world.now_ns + (settings_octet & 16 ? 2 * DAY : 0));
	DEMAND(judge_counters(world.judge)->lost == 0);
	judge_free(world.judge);
	record_reader_clear(&world.reader);
	policy_clear(&policy);
	return 0;
}
