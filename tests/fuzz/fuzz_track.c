/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: octets are a script of operations on a small world of hosts, told to a tracker with tiny tables and a
 * judge. What has to hold whatever comes: counters add up, tables keep their limits, records agree with counters, time
 * does not run back in what the judge says, an alert opens before it is updated or cleared, and its number is new.
 *
 * Two octets of settings, then operations of four octets: what, who, how, how much.
 */
#include "fuzz.h"

#include "../audit/story.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>

/* Two ways of telling one story have to say the same; both are shown where they do not. */
static bool same(const char *one, const char *other)
{
	if (strcmp(one, other) == 0)
		return true;
	fprintf(stderr, "%s---- and\n%s", one, other);
	return false;
}

enum { HOSTS = 8, OPERATIONS_MAX = 400, FRAMES_ENOUGH = 700, RAW_MAX = 64, TINY = 16, ALERTS_MAX = 4096 };

#define POLICY                                                                                                         \
	"  rules:\n"                                                                                                   \
	"    - { name: r, between: [192.0.2.1, 192.0.2.0/24], level: require, allow: [dns], deny: [icmp] }\n"          \
	"    - { name: q, between: [192.0.2.2, 192.0.2.0/24], level: request }\n"                                      \
	"    - { name: s, between: [192.0.2.3, 192.0.2.0/24], level: respond }\n"                                      \
	"    - { name: t, between: [10.1.0.0/16, 10.2.0.0/16], gateways: [192.0.2.1, 192.0.2.4] }\n"

static const char *const hosts[HOSTS] = { "192.0.2.1", "192.0.2.2", "192.0.2.3",   "192.0.2.4",
					  "10.1.0.1",  "10.2.0.1",  "2001:db8::1", "2001:db8::2" };

static const struct story_name names[] = {
	{ .port = 53, .app = 5, .name = "DNS", .after = 2 },
	{ .port = 80, .app = 7, .name = "HTTP", .credentials = true, .after = 2 },
	{ .port = 443, .app = 8, .name = "TLS", .encrypted = true, .after = 3 },
	{ .port = 22, .no_slot = true, .after = 1 },
};

static const int64_t pauses[] = { 1,
				  STORY_MILLISECOND,
				  20 * STORY_MILLISECOND,
				  STORY_SECOND,
				  2 * STORY_SECOND,
				  5 * STORY_SECOND,
				  STORY_MINUTE,
				  301 * STORY_SECOND,
				  701 * STORY_SECOND,
				  STORY_DAY };

static void operate(struct story_script *script, struct story_sa sas[HOSTS][HOSTS], const uint8_t *op, uint32_t number)
{
	static const uint16_t ports[] = { 53, 80, 443, 22, 4500, 500, 6000, 4789 };
	static const uint8_t protocols[] = { 6, 17, 6, 17, 89, 132, 0, 4 };
	unsigned a = op[1] % HOSTS, b = op[1] / HOSTS % HOSTS;
	struct address from = story_host(hosts[a]), to = story_host(hosts[b]);
	struct story_sa *sa = &sas[a][b];
	uint32_t octets = op[3] * 6u;
	struct story_stream stream = { from, to, (uint16_t)(40000 + op[2] % 4), ports[op[2] / 4 % 8],
				       protocols[op[2] / 32 % 8] };

	if (address_is_ipv4(&from) != address_is_ipv4(&to))
		to = from; /* a host that speaks to itself is a case too */
	stream.server = to;
	sa->dst = to;
	switch (op[0] % 16) {
	case 0:
	case 1:
		story_esp(script, sa, 8 + octets);
		break;
	case 2:
		if (op[2] & 1)
			sa->spi = op[2];
		else
			sa->sequence = op[3];
		break;
	case 3:
		sa->in_udp = op[2] & 1;
		sa->src_port = op[2] & 2 ? 6000 : 4500;
		sa->dst_port = op[2] & 4 ? 6001 : 4500;
		sa->protocol = op[2] & 8 && !sa->in_udp ? 51 : 50;
		story_esp(script, sa, 24 + octets);
		break;
	case 4:
		story_esp_fragmented(script, sa, 64 + octets, op[2] & 1);
		break;
	case 5:
		story_ah_over_esp(script, sa, &sas[b][a], 8 + octets);
		break;
	case 6:
	case 7:
		story_tcp(script, &stream, op[0] & 1, op[2], octets);
		break;
	case 8:
		story_send_fragmented(script, &stream, op[2] & 1, 64 + octets, op[2] & 2);
		break;
	case 9: {
		struct story_ike ike = { from,
					 to,
					 op[2] & 1 ? 6000 : 0,
					 op[2] & 1 ? 6001 : 0,
					 op[3],
					 op[2] & 2 ? 7 : 0,
					 op[2] & 4 ? 2 : 1,
					 (uint8_t)(op[3] % 48),
					 op[2] & 0x38,
					 op[2] & 1 };
		story_ike(script, &ike);
		break;
	}
	case 10:
		story_keepalive(script, &from, &to, op[2] & 1 ? 4500 : 6000, op[2] & 2 ? 4500 : 6001);
		break;
	case 11:
		story_echo(script, &from, &to, octets);
		break;
	case 12:
		story_icmp_error(script, op[2] & 1 ? &from : &to, &from, &to, op[3] % 5, op[2] % 16,
				 op[2] & 2 ? 50 : 17);
		break;
	case 13:
		story_wait(script, pauses[op[2] % (sizeof(pauses) / sizeof(pauses[0]))] * (op[3] & 1 ? 1 : op[3] % 8));
		if (op[3] == 0xff)
			story_wait(script, -pauses[op[2] % 6]);
		break;
	case 14:
		/* A little flood of strangers. */
		for (uint32_t i = 0; i < op[3] % 40u; i++) {
			struct story_sa spoofed = *sa;
			if (address_is_ipv4(&spoofed.dst))
				spoofed.src = story_host_number(number * 64 + i);
			spoofed.spi = number * 64 + i;
			spoofed.sequence = 0;
			story_esp(script, &spoofed, 40);
		}
		break;
	default:
		story_tap(script, op[2] & 3, op[3] & 3, op[3] & 4);
		break;
	}
}

static void check_counters(const struct story_script *script, const struct story_result *result)
{
	const struct track_counters *c = &result->track;
	uint64_t classes = 0;

	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		classes += c->classes[i];
	DEMAND(c->packets == story_length(script));
	DEMAND(classes == c->packets);
	DEMAND(c->flows >= c->flows_evicted && c->sas >= c->sas_evicted);
	DEMAND(result->judge.ike_sas >= result->ike_evicted);
	DEMAND(c->flows - c->flows_evicted <= c->flows);
	DEMAND(c->sas - c->sas_evicted <= TINY);
	DEMAND(c->pairs - c->pairs_evicted <= TINY);
	DEMAND(result->judge.ike_sas - result->ike_evicted <= TINY);
	DEMAND(story_count(result->records, "pair ") == c->pairs - c->pairs_evicted);
	DEMAND(story_count(result->records, "ike ") == result->judge.ike_sas - result->ike_evicted);
	/* An SA whose pair was evicted has no addresses left to write. */
	DEMAND(story_count(result->records, "sa ") <= c->sas - c->sas_evicted);
	DEMAND(c->fragments_orphaned <= c->classes[PACKET_FRAGMENT]);
	DEMAND(c->copies <= c->classes[PACKET_CLEARTEXT] + c->classes[PACKET_ICMP]);
	DEMAND(c->packets == 0 || c->first_ns <= c->last_ns);
}

static void check_findings(const struct story_result *result)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		bool open = false, ever = false;
		for (size_t k = 0; k < i; k++)
			if (result->finding[k].alert == finding->alert) {
				ever = true;
				open = result->finding[k].state != FINDING_CLEAR;
			}
		bool in_turn = finding->state == FINDING_OPEN ? !ever : open;
		if (!in_turn)
			fprintf(stderr, "%s---- number %" PRIu64 ": %s\n", result->findings, finding->alert,
				finding->text);
		DEMAND(in_turn);
		DEMAND(i == 0 || finding->time_ns >= result->finding[i - 1].time_ns);
		DEMAND(catalogue_allows(finding->id, finding->cause));
		if (finding->first_ns > finding->last_ns || finding->last_ns > finding->time_ns)
			fprintf(stderr, "%s: first %ld, last %ld, time %ld\n", finding->text, finding->first_ns,
				finding->last_ns, finding->time_ns);
		DEMAND(finding->first_ns <= finding->last_ns && finding->last_ns <= finding->time_ns);
		DEMAND(finding->count > 0 &&
		       (finding->id == FINDING_TABLE_FULL || finding->count <= result->track.packets));
		DEMAND(finding->bytes <= result->track.bytes);
		DEMAND((finding->state == FINDING_CLEAR) == (finding->cleared_by != NULL));
		DEMAND(finding->text[0] && memchr(finding->text, '\0', sizeof(finding->text)));
		DEMAND(address_compare(&finding->a, &finding->b) <= 0);
	}
	DEMAND(result->judge.opened <= result->finding_count);
	DEMAND(result->judge.open <= result->judge.opened && result->judge.clear_pairs <= result->judge.open);
	DEMAND(result->lost == 0 && result->judge.lost == 0);
}

/* Whether the alert was opened in this telling too, at some time. */
static bool was_opened(const struct story_result *result, const struct finding *sought)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		if (finding->id == sought->id && finding->state == FINDING_OPEN &&
		    address_equal(&finding->a, &sought->a) && address_equal(&finding->b, &sought->b))
			return true;
	}
	return false;
}

/* An engine that is killed and begun anew tells of nothing, among what alarms, that one that goes on does not. */
static void check_restart(const struct story_result *plain, const struct story_result *restarted)
{
	static const bool alarms[FINDING_ID_COUNT] = {
		[FINDING_CLEARTEXT_LEAK] = true, [FINDING_LOCKED_OUT] = true, [FINDING_READABLE_ESP] = true,
		[FINDING_BAD_SPI] = true,        [FINDING_ESP_REPLAY] = true, [FINDING_REKEY_OVERDUE] = true,
	};

	for (size_t i = restarted->restarted_at[0]; i < restarted->finding_count; i++) {
		const struct finding *finding = &restarted->finding[i];
		if (finding->state != FINDING_OPEN || !alarms[finding->id] || was_opened(plain, finding))
			continue;
		fprintf(stderr, "%s---- and\n%s---- told after a restart: %s\n", plain->findings, restarted->findings,
			finding->text);
		DEMAND(was_opened(plain, finding));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned batches[] = { 1, 7, 32, 13 };
	static const int64_t steps[] = { 0, 50 * STORY_MILLISECOND, STORY_SECOND, STORY_HOUR };
	static struct config *config; /* always the same */
	struct story_sa sas[HOSTS][HOSTS];

	if (size < 2)
		return 0;
	if (!config)
		config = story_policy(POLICY);
	for (unsigned a = 0; a < HOSTS; a++)
		for (unsigned b = 0; b < HOSTS; b++)
			sas[a][b] = story_sa(hosts[a], hosts[b], 0x1000 + a * HOSTS + b);
	struct story_script *script = story_new();
	const uint8_t settings = data[0], realm = data[1];
	data += 2;
	size -= 2;
	/* A long flood says no more than some tables of it, three times over. */
	for (uint32_t i = 0; i < OPERATIONS_MAX && size >= 4 && story_length(script) < FRAMES_ENOUGH;
	     i++, data += 4, size -= 4)
		operate(script, sas, data, i);

	const struct track_interface sides[] = { { TRACK_SIDE_OUTSIDE, (enum track_realm)(realm % 4) },
						 { TRACK_SIDE_INSIDE, TRACK_REALM_NONE },
						 { TRACK_SIDE_HOST, (enum track_realm)(realm / 4 % 4) } };
	struct story_options options = story_options(story_policy_of(config));
	options.batch = batches[settings & 3];
	options.step_ns = steps[settings >> 2 & 3];
	options.flows = options.sas = options.ike = options.pairs = TINY;
	options.judged_pairs = settings & 16 ? 4 : 256;
	options.learned = 8;
	options.interfaces = sides;
	options.interface_count = sizeof(sides) / sizeof(sides[0]);
	options.names = names;
	options.name_count = sizeof(names) / sizeof(names[0]);
	options.thresholds.update_ns = STORY_DAY; /* each hour of a week says nothing more, and costs most */
	options.classify_all = settings >> 5 & 1;
	options.end_ns = settings & 64 ? 6 * STORY_MINUTE : 0;
	struct story_result *result = story_tell(script, &options);
	check_counters(script, result);
	check_findings(result);

	/* The tables were too small for some; with room for all, batches and looks make no difference. */
	uint32_t room = 64; /* no more than that: memory that is mapped anew for each story is most of what it costs */
	while (room < story_length(script) + HOSTS)
		room *= 2;
	options.flows = options.sas = options.ike = options.pairs = options.judged_pairs = room;
	struct story_result *one = story_tell(script, &options);
	options.batch = 5;
	options.step_ns = 333 * STORY_MILLISECOND;
	options.end_ns = 0;
	if (!(settings & 64)) {
		struct story_result *other = story_tell(script, &options);
		DEMAND(same(one->findings, other->findings));
		DEMAND(same(one->records, other->records));
		story_result_free(other);
	}
	if (realm & 128) {
		options.reload_ns = (story_now(script) - STORY_EPOCH) / 2 + 1;
		options.end_ns = settings & 64 ? 6 * STORY_MINUTE : 0;
		struct story_result *reloaded = story_tell(script, &options);
		DEMAND(same(one->findings, reloaded->findings));
		DEMAND(same(one->records, reloaded->records));
		story_result_free(reloaded);
		options.reload_ns = 0;
	}
	if (settings & 128) {
		options.restart_ns[0] = (story_now(script) - STORY_EPOCH) / 2 + 1;
		options.unseen_ns = STORY_MILLISECOND;
		struct story_result *restarted = story_tell(script, &options);
		check_restart(one, restarted);
		story_result_free(restarted);
	}
	story_result_free(one);
	story_result_free(result);
	story_free(script);
	return 0;
}
