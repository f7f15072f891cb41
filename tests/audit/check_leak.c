/* SPDX-License-Identifier: Apache-2.0 */
/* rule_leak.c and rule_leak_words.c: for each cause the story that has it and its nearest neighbours; levels, severities,
 * gateways, and the life of the alert. Learned pairs: check_learn.c. */
#include "story_fixture.h"

#include <stdio.h>
#include <string.h>

#define A "192.0.2.1"
#define B "198.51.100.1"
#define SIMPLE(level) "  rules:\n    - { name: r, between: [192.0.2.0/24, 198.51.100.0/24], level: " level " }\n"
#define TUNNEL                                                                                                         \
	"  rules:\n    - { name: t, between: [10.1.0.0/16, 10.2.0.0/16], level: require, gateways: [" A ", " B "] }\n"

static struct story_sa out, back;
static struct story_stream web;

static void begin(const char *policy)
{
	fixture_begin(policy);
	out = story_sa(A, B, 0x1001);
	back = story_sa(B, A, 0x2001);
	web = story_stream(A, B, 6, 80);
}

static void has(const char *part, size_t count)
{
	has_times(result->findings, part, count);
}

enum { ESP_OUT = 1, ESP_BACK = 2, ESP_BOTH = 3 };

/* From now on for so many seconds: ESP and clear packets in these directions, every half second. */
static void traffic(double seconds, unsigned esp, unsigned clear)
{
	for (int i = 0; i < (int)(seconds * 2); i++) {
		if (esp & 1)
			story_esp(script, &out, 120);
		if (esp & 2)
			story_esp(script, &back, 120);
		if (clear & 1)
			story_send(script, &web, false, 500);
		if (clear & 2)
			story_send(script, &web, true, 500);
		story_wait(script, STORY_SECOND / 2);
	}
}

/* What happens, one letter a part: e/E ESP for 10 s / 2 s both ways, o ESP out only, c clear both ways for 20 s, k clear out
 * only, d one clear packet, x ESP and clear together both ways, m ESP out and clear back, i IKE opened, I IKE complete, n new SPIs, w 1 s,
 * W 30 s, h 6 min. */
static void play(const char *parts)
{
	for (; *parts; parts++)
		switch (*parts) {
		case 'e':
			traffic(10, 3, 0);
			break;
		case 'E':
			traffic(2, 3, 0);
			break;
		case 'o':
			traffic(10, 1, 0);
			break;
		case 'c':
			traffic(20, 0, 3);
			break;
		case 'k':
			traffic(20, 0, 1);
			break;
		case 'd':
			story_send(script, &web, false, 500);
			break;
		case 'x':
			traffic(10, 3, 3);
			break;
		case 'm':
			traffic(10, 1, 2);
			break;
		case 'i':
			story_ikev2(script, A, B, 0x77, false);
			break;
		case 'I':
			story_ikev2(script, B, A, 0x78, true);
			break;
		case 'n':
			out = story_sa(A, B, out.spi + 1);
			back = story_sa(B, A, back.spi + 1);
			break;
		case 'w':
			story_wait(script, STORY_SECOND);
			break;
		case 'W':
			story_wait(script, 30 * STORY_SECOND);
			break;
		case 'h':
			story_wait(script, 6 * STORY_MINUTE);
			break;
		default:
			ck_abort_msg("no such part: %c", *parts);
		}
}

START_TEST(causes)
{
	static const struct {
		const char *parts;
		const char *cause; /* of the last record; NULL: no finding */
	} cases[] = {
		{ "", NULL },
		{ "e", NULL },
		{ "iI", NULL },
		/* nobody initiates: clear both ways, no IKE, for ten seconds */
		{ "c", "nobody-initiates" },
		{ "k", "unknown" },
		{ "ic", "unknown" },
		{ "d", "unknown" },
		/* before the first SA */
		{ "ce", "before-sa" },
		{ "cIe", "before-sa" },
		{ "dwe", "before-sa" },
		{ "co", "nobody-initiates" },
		/* the SA was lost */
		{ "ec", "sa-lost" },
		{ "ewk", "sa-lost" },
		{ "eWc", "sa-lost" },
		/* after a long silence it may have idled out, which only new ESP can tell */
		{ "ehc", "unknown" },
		{ "ehce", "after-idle" },
		{ "ehcIe", "after-idle" },
		/* beside */
		{ "ex", "selector-gap" },
		{ "exc", "selector-gap" },
		{ "x", "selector-gap" },
		{ "em", "one-way" },
		{ "em", "one-way" },
		/* lost, and the SA comes back: still lost */
		{ "ece", "sa-lost" },
		{ "ecnx", "sa-lost" },
		/* the same SPIs go on, and did not when the clear traffic ended: they only rested */
		{ "ecx", "selector-gap" },
		{ "eWcwwwwe", "selector-gap" },
		{ "eWcwwwwne", "sa-lost" },
		/* who rests for half a minute at times may do so again, until half as long again is over or new SPIs come */
		{ "eWeWec", "unknown" },
		{ "eWeWecwwwwe", "selector-gap" },
		{ "eWeWeWcwwwwe", "selector-gap" },
		{ "eWeWeccccc", "sa-lost" },
		{ "eWeWecwwwwne", "sa-lost" },
		{ "eWec", "sa-lost" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[64];
		begin(SIMPLE("require"));
		play(cases[i].parts);
		tell();
		if (!cases[i].cause) {
			ck_assert_msg(result->finding_count == 0, "%s: %s", cases[i].parts, result->findings);
			end();
			continue;
		}
		snprintf(expected, sizeof(expected), "cleartext-leak/%s ", cases[i].cause);
		ck_assert_msg(result->finding_count > 0, "%s: nothing", cases[i].parts);
		const struct finding *last = &result->finding[result->finding_count - 1];
		ck_assert_msg(strcmp(catalogue_cause(last->cause)->name, cases[i].cause) == 0, "%s: not %s but\n%s",
			      cases[i].parts, cases[i].cause, result->findings);
		/* It opened at once, with the cause unknown, and is one alert. */
		ck_assert_int_eq(result->finding[0].state, FINDING_OPEN);
		ck_assert_int_eq(result->finding[0].cause, CAUSE_UNKNOWN);
		ck_assert_int_eq(result->finding[0].time_ns, result->finding[0].first_ns);
		for (size_t k = 0; k < result->finding_count; k++) {
			ck_assert_uint_eq(result->finding[k].alert, result->finding[0].alert);
			ck_assert_int_eq(result->finding[k].grade, GRADE_OBSERVED);
			ck_assert(catalogue_allows(result->finding[k].id, result->finding[k].cause));
			if (k)
				ck_assert_int_ge(result->finding[k].time_ns, result->finding[k - 1].time_ns);
		}
		end();
	}
}
END_TEST

/* What was clear each time was no rest, and makes no habit of resting. */
START_TEST(lost_again_and_again)
{
	begin(SIMPLE("require"));
	play("ecececec");
	tell();
	has("open cleartext-leak", 4);
	has("update cleartext-leak/sa-lost", 4);
	has("selector-gap", 0);
	end();
}
END_TEST

START_TEST(severity_of_levels)
{
	static const struct {
		const char *level, *parts, *severity;
	} cases[] = {
		{ "require", "c", "high" }, { "require", "ce", "high" },   { "request", "c", "medium" },
		{ "request", "ce", "low" }, { "request", "ec", "medium" }, { "respond", "ec", "low" },
		{ "respond", "ic", "low" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char policy[256];
		snprintf(policy, sizeof(policy), SIMPLE("%s"), cases[i].level);
		begin(policy);
		play(cases[i].parts);
		tell();
		ck_assert_uint_gt(result->finding_count, 0);
		enum finding_severity severity = result->finding[result->finding_count - 1].severity;
		ck_assert_msg(strcmp(finding_severity_name(severity), cases[i].severity) == 0, "%s %s: %s",
			      cases[i].level, cases[i].parts, result->findings);
		end();
	}
}
END_TEST

/* `respond`: clear is expected until IKE was opened. */
START_TEST(respond_expects_clear)
{
	begin(SIMPLE("respond"));
	play("c");
	tell();
	ck_assert_uint_eq(result->finding_count, 0);
	int64_t opened = story_now(script);
	play("ic");
	tell();
	ck_assert_uint_gt(result->finding_count, 0);
	/* What was expected is no part of the leak. */
	ck_assert_int_ge(result->finding[0].first_ns, opened);
	ck_assert_uint_le(result->finding[result->finding_count - 1].count, 80);
	end();
}
END_TEST

START_TEST(severity_of_services)
{
	static const struct story_name password = {
		.port = 80, .app = 7, .name = "HTTP", .credentials = true, .after = 2
	};
	static const struct story_name tls = { .port = 80, .app = 8, .name = "TLS", .encrypted = true, .after = 2 };

	begin(SIMPLE("require"));
	options.names = &password;
	options.name_count = 1;
	play("c");
	tell();
	has(" open cleartext-leak/unknown high ", 1);
	has(" critical observed ", 2);
	end();

	begin(SIMPLE("require"));
	options.names = &tls;
	options.name_count = 1;
	play("c");
	tell();
	ck_assert_int_eq(result->finding[result->finding_count - 1].severity, SEVERITY_LOW);
	end();

	/* One service that is not encrypted is enough, even if it finds no place of its own. */
	begin(SIMPLE("require"));
	for (unsigned round = 0; round < 5; round++) {
		for (uint16_t i = 0; i < 17; i++) {
			static const uint16_t ports[] = { 22,  443, 465, 563,  636,  853, 989, 990,
							  992, 993, 995, 5061, 8443, 443, 853, 51820 };
			struct story_stream stream = story_stream(A, B, i < 13 ? 6 : 17, i < 16 ? ports[i] : 80);
			stream.client_port = 60000;
			story_send(script, &stream, false, 500);
			story_wait(script, 70 * STORY_MILLISECOND);
		}
	}
	tell();
	ck_assert_int_eq(result->finding[0].severity, SEVERITY_LOW);
	ck_assert_int_eq(result->finding[result->finding_count - 1].severity, SEVERITY_HIGH);
	has("services=[tcp/22, tcp/443, tcp/465, tcp/563 and 12 more]", 1);
	end();

	/* IP protocol 0 has no service to name, and is clear all the same. */
	begin(SIMPLE("require"));
	struct story_stream zero = story_stream(A, B, 0, 0);
	story_send(script, &zero, false, 100);
	tell();
	has(" open cleartext-leak/unknown high ", 1);
	end();
}
END_TEST

/* A later leak of the same pair is told for what it is: what was in clear then does not stand for what is now. */
START_TEST(services_of_a_later_leak)
{
	static const struct story_name names[] = {
		{ .port = 21, .app = 7, .name = "FTP", .credentials = true, .after = 2 },
		{ .port = 80, .app = 8, .name = "HTTP", .after = 2 },
	};

	/* Credentials again, in a flow of less than a second beside another service. */
	begin(SIMPLE("require"));
	options.names = names;
	options.name_count = 2;
	options.end_ns = 6 * STORY_MINUTE;
	for (unsigned round = 0; round < 2; round++) {
		traffic(5, 0, 3);
		story_send(script, &web, false, 500);
		story_wait(script, STORY_SECOND / 4);
		struct story_stream ftp = story_stream(A, B, 6, 21);
		ftp.client_port = (uint16_t)(50000 + round);
		for (unsigned i = 0; i < 10; i++)
			story_send(script, &ftp, i % 2, 100);
		traffic(5, 0, 3);
		story_wait(script, 6 * STORY_MINUTE);
	}
	tell();
	has(" open cleartext-leak/", 2);
	has(" clear cleartext-leak/nobody-initiates critical ", 2);
	end();

	/* And without any. */
	static const struct story_name once[] = {
		{ .port = 40000, .app = 7, .name = "FTP", .credentials = true, .after = 2 },
		{ .port = 21, .app = 7, .name = "FTP", .after = 2 },
	};
	begin(SIMPLE("require"));
	options.names = once;
	options.name_count = 2;
	options.end_ns = 6 * STORY_MINUTE;
	struct story_stream ftp = story_stream(A, B, 6, 21);
	for (unsigned i = 0; i < 10; i++)
		story_send(script, &ftp, i % 2, 100);
	story_wait(script, 6 * STORY_MINUTE);
	for (unsigned i = 0; i < 10; i++) {
		ftp.client_port++;
		story_send(script, &ftp, i % 2, 100);
		story_wait(script, STORY_SECOND);
	}
	tell();
	has(" clear cleartext-leak/nobody-initiates critical ", 1);
	has(" clear cleartext-leak/nobody-initiates high ", 1);
	end();

	/* However many services there were before. */
	begin(SIMPLE("require"));
	for (uint16_t port = 1; port <= 40; port++) {
		struct story_stream stream = story_stream(A, B, 17, (uint16_t)(2000 + port));
		for (unsigned i = 0; i < 3; i++) {
			story_send(script, &stream, false, 100);
			story_wait(script, STORY_SECOND / 2);
		}
		story_wait(script, 6 * STORY_MINUTE);
	}
	tell();
	has(" open cleartext-leak/unknown", 40);
	has(" sends udp/2017 to", 1);
	has(" sends udp/2040 to", 1);
	end();
}
END_TEST

START_TEST(words_of_services)
{
	static const struct {
		uint8_t protocol;
		uint16_t port;
		const char *words;
	} cases[] = { { 6, 80, "sends tcp/80 to" },
		      { 17, 53, "sends udp/53 to" },
		      { 89, 0, "sends IP protocol 89 to" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(SIMPLE("require"));
		struct story_stream stream = story_stream(A, B, cases[i].protocol, cases[i].port);
		story_send(script, &stream, false, 500);
		tell();
		has(cases[i].words, 1);
		end();
	}
	begin(SIMPLE("require"));
	struct address a = story_host(A), b = story_host(B);
	story_echo(script, &a, &b, 600);
	tell();
	has("sends ICMP to", 1);
	end();
}
END_TEST

START_TEST(who_speaks_ipsec_elsewhere)
{
	for (unsigned who = 0; who < 4; who++) {
		begin(SIMPLE("require"));
		if (who & 1)
			story_ikev2(script, A, "203.0.113.1", 5, true);
		if (who & 2) {
			struct story_sa there = story_sa(B, "203.0.113.2", 0x900),
					here = story_sa("203.0.113.2", B, 0x901);
			story_esp(script, &there, 100);
			story_esp(script, &here, 100);
		}
		play("c");
		tell();
		has(who == 3   ? "each of them speaks IPsec with others"
		    : who == 1 ? A " speaks IPsec with others"
		    : who == 2 ? B " speaks IPsec with others"
			       : "neither was seen to speak IPsec with anyone",
		    1);
		end();
	}
}
END_TEST

START_TEST(default_response)
{
	/* The receiver of clear traffic opens IKE within two seconds, or later, or the sender does. */
	static const struct {
		const char *opener, *other;
		int64_t wait;
		const char *evidence;
	} cases[] = { { B, A, STORY_SECOND, "initiator=" B " default_response=1" },
		      { B, A, 3 * STORY_SECOND, "initiator=" B " default_response=0" },
		      { A, B, STORY_SECOND, "initiator=" A " default_response=0" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(SIMPLE("request"));
		play("d");
		story_wait(script, cases[i].wait);
		story_ikev2(script, cases[i].opener, cases[i].other, 9, true);
		play("e");
		tell();
		/* Once when decided, once more when cleared. */
		has(cases[i].evidence, 2);
		end();
	}
}
END_TEST

/* ---- the end ---- */

START_TEST(ends)
{
	static const struct {
		const char *parts;
		int64_t silence;        /* after them, in seconds */
		const char *cleared_by; /* NULL: open */
	} cases[] = {
		{ "ce", 0, "secured-again" },
		{ "cE", 2, NULL },
		{ "cE", 4, "secured-again" },
		{ "c", 299, NULL },
		{ "c", 301, "quiet" },
		{ "co", 200, NULL },
		/* Beside ESP it takes a minute of quiet. */
		{ "exeee", 0, NULL },
		{ "exeeeeeee", 0, "secured-again" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(SIMPLE("require"));
		play(cases[i].parts);
		options.end_ns = cases[i].silence * STORY_SECOND;
		tell();
		const struct finding *last = &result->finding[result->finding_count - 1];
		ck_assert_msg((last->state == FINDING_CLEAR) == (cases[i].cleared_by != NULL), "%s: %s", cases[i].parts,
			      result->findings);
		ck_assert_uint_eq(result->judge.clear_pairs, cases[i].cleared_by ? 0 : 1);
		if (cases[i].cleared_by)
			ck_assert_str_eq(last->cleared_by, cases[i].cleared_by);
		end();
	}
}
END_TEST

/* The look that a returning ESP asks for is not in the past. */
START_TEST(time_does_not_run_back)
{
	begin(SIMPLE("require"));
	play("c");
	story_wait(script, 100 * STORY_SECOND);
	int64_t came_back = story_now(script);
	play("e");
	tell();
	const struct finding *last = &result->finding[result->finding_count - 1];
	ck_assert_int_eq(last->state, FINDING_CLEAR);
	ck_assert_int_ge(last->time_ns, came_back);
	for (size_t k = 1; k < result->finding_count; k++)
		ck_assert_int_ge(result->finding[k].time_ns, result->finding[k - 1].time_ns);
	end();
}
END_TEST

START_TEST(a_new_alert_has_a_new_number)
{
	begin(SIMPLE("require"));
	play("cece");
	tell();
	has(" open ", 2);
	has(" clear cleartext-leak", 2);
	ck_assert_uint_ne(result->finding[0].alert, result->finding[result->finding_count - 1].alert);
	char *first = result->findings;
	result->findings = NULL;
	tell();
	ck_assert_str_eq(result->findings, first);
	free(first);
	end();
}
END_TEST

/* Harmless pings between two leaks do not make them one: gateways' ESP does not end the inner pair's clear run. */
START_TEST(a_new_number_behind_gateways_too)
{
	begin(TUNNEL);
	struct story_stream inner = story_stream("10.1.0.5", "10.2.0.5", 6, 80);
	struct address from = story_host("10.1.0.5"), to = story_host("10.2.0.5");
	for (unsigned half_second = 0; half_second < 60; half_second++) {
		story_echo(script, &from, &to, 30);
		if (half_second == 1 || half_second == 40)
			story_send(script, &inner, false, 900);
		story_wait(script, STORY_SECOND / 2);
		story_esp(script, &out, 120);
		story_esp(script, &back, 120);
	}
	options.thresholds.leak_gap_hold_ns = 5 * STORY_SECOND;
	tell();
	has(" open ", 2);
	ck_assert_uint_ne(result->finding[0].alert, result->finding[result->finding_count - 1].alert);
	end();
}
END_TEST

/* The judge has to forget a pair whose clear packets the tracker goes on counting: after a leak, or in the midst of one. What
 * is told then is what came since. */
START_TEST(forgotten_by_the_judge)
{
	for (unsigned ended = 0; ended < 2; ended++) {
		begin(SIMPLE("require"));
		options.judged_pairs = 16;
		traffic(5, 0, 1);
		if (ended)
			story_wait(script, 30 * STORY_MINUTE);
		for (uint32_t i = 0; i < 200; i++) {
			/* Two-way ESP ranks higher. */
			struct story_sa there = story_sa(A, B, 0x10000 + i), here = story_sa(B, A, 0x10000 + i);
			there.src = here.dst = story_host_number(i);
			there.dst = here.src = story_host("203.0.113.9");
			story_esp(script, &there, 50);
			story_esp(script, &here, 50);
			story_wait(script, 1000);
		}
		traffic(10, 0, 1);
		options.end_ns = STORY_HOUR;
		tell();
		/* Others take the place more than once. */
		unsigned lives = 0;
		uint64_t packets = 0;
		for (size_t i = 0; i < result->finding_count; i++) {
			const struct finding *over = &result->finding[i];
			if (over->state != FINDING_CLEAR)
				continue;
			lives++;
			packets += over->count;
			ck_assert_uint_eq(over->bytes, over->count * 540);
		}
		ck_assert_uint_ge(lives, 2);
		ck_assert_msg(packets <= 30 && packets >= 24, "%llu packets of 30 in %s", (unsigned long long)packets,
			      result->findings);
		end();
	}
}
END_TEST

START_TEST(hourly_while_it_lasts)
{
	begin(SIMPLE("require"));
	for (unsigned i = 0; i < 3 * 3600 + 60; i++) {
		story_send(script, &web, false, 500);
		story_wait(script, STORY_SECOND);
	}
	options.step_ns = STORY_SECOND;
	tell();
	has(" open ", 1);
	has(" update ", 3);
	ck_assert_uint_ge(result->finding[3].count, 3 * 3600);
	end();
}
END_TEST

/* ---- gateways ---- */

START_TEST(gateways_protect_what_is_behind)
{
	static const struct {
		const char *parts; /* e, E, W, h, i, I of the gateways; c: inner clear; b: both at once */
		const char *cause;
	} cases[] = { { "ec", "sa-lost" },      { "ce", "before-sa" },       { "eb", "selector-gap" },
		      { "ehce", "after-idle" }, { "c", "nobody-initiates" }, { "ic", "unknown" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(TUNNEL);
		struct story_stream inner = story_stream("10.1.0.5", "10.2.0.5", 6, 80);
		for (const char *part = cases[i].parts; *part; part++) {
			if (*part != 'c' && *part != 'b') {
				play((const char[]){ *part, '\0' });
				continue;
			}
			for (unsigned k = 0; k < 40; k++) {
				if (*part == 'b')
					traffic(0.5, 3, 0);
				else
					story_wait(script, STORY_SECOND / 2);
				/* Larger than any ESP packet: no copy. */
				story_send(script, &inner, k & 1, 900);
			}
		}
		tell();
		const struct finding *last = &result->finding[result->finding_count - 1];
		ck_assert_msg(strcmp(catalogue_cause(last->cause)->name, cases[i].cause) == 0, "%s: not %s but\n%s",
			      cases[i].parts, cases[i].cause, result->findings);
		has("a=10.1.0.5 b=10.2.0.5", result->finding_count);
		end();
	}
}
END_TEST

/* Who opened IKE for what is behind the gateways is one of them. */
START_TEST(a_gateway_opened)
{
	for (unsigned other = 0; other < 2; other++) {
		begin(TUNNEL);
		struct story_stream inner = story_stream("10.1.0.5", "10.2.0.5", 6, 80);
		story_ikev2(script, other ? B : A, other ? A : B, 9, true);
		for (unsigned k = 0; k < 6; k++) {
			story_send(script, &inner, k & 1, 900);
			story_wait(script, STORY_SECOND / 2);
		}
		play("e");
		tell();
		has(other ? " and " B " opened IKE" : " and " A " opened IKE", 1);
		has(other ? "initiator=" B " " : "initiator=" A " ", 2);
		end();
	}
}
END_TEST

/* Traffic of others in a tunnel in clear, IPv4 (RFC 2003) or IPv6 (RFC 4213), is what its own ends send. */
START_TEST(tunnels_of_ip_in_clear)
{
	static const uint8_t inner4[40] = { 0x45, 0, 0, 40, 0, 1, 0, 0,    64,   6, 0,  0,           10,
					    1,    0, 1, 10, 2, 0, 1, 0x9c, 0x40, 0, 80, [32] = 0x50, 2 };
	static const uint8_t inner6[60] = { 0x60, 0,        0,           0,    0,        20,          6,           64,
					    0x20, 1,        0xd,         0xb8, [23] = 1, [24] = 0x20, 1,           0xd,
					    0xb8, [39] = 2, [40] = 0x9c, 0x40, 0,        80,          [52] = 0x50, 2 };
	for (unsigned six = 0; six < 2; six++) {
		begin(SIMPLE("require"));
		struct story_stream tunnel = story_stream(A, B, six ? 41 : 4, 0);
		story_payload(script, &tunnel, false, six ? inner6 : inner4, six ? sizeof(inner6) : sizeof(inner4));
		tell();
		has(six ? "sends IP protocol 41 to " B : "sends IP protocol 4 to " B, 1);
		end();
	}
}
END_TEST

START_TEST(what_waits_at_the_end)
{
	begin(SIMPLE("require"));
	play("dw");
	tell();
	ck_assert_uint_eq(result->judge.in_progress, 1);
	end();
	/* Just over the time for a decision. */
	begin(SIMPLE("require"));
	traffic(4, 0, 3);
	tell();
	ck_assert_uint_eq(result->judge.in_progress, 0);
	has("nobody-initiates", 1);
	end();
}
END_TEST

/* ESP and clear traffic that begin with the very same timestamp. */
/* Of a file that ends in the middle of a leak it is told how much that came to; once, and not where all was told. */
START_TEST(the_last_word)
{
	begin(SIMPLE("require"));
	play("ec");
	tell();
	has(" update ", 1); /* the cause */
	options.last_word = true;
	tell();
	has(" update ", 2);
	const struct finding *last = &result->finding[result->finding_count - 1];
	ck_assert_int_eq(last->state, FINDING_UPDATE);
	ck_assert_uint_ge(last->count, 76); /* totals come once a second */
	ck_assert_uint_le(last->count, 80);
	end();
	begin(SIMPLE("require"));
	options.last_word = true;
	play("ed");
	tell();
	size_t updates = story_count(result->findings, " update ");
	options.last_word = false;
	tell();
	has(" update ", updates);
	end();
}
END_TEST

START_TEST(at_the_same_instant)
{
	begin(SIMPLE("require"));
	story_esp(script, &out, 120);
	story_esp(script, &back, 120);
	story_send(script, &web, false, 500);
	story_wait(script, STORY_SECOND / 2);
	traffic(10, 3, 3);
	tell();
	has("selector-gap", 1);
	end();
}
END_TEST

SUITE_MAIN("leak", causes, lost_again_and_again, severity_of_levels, respond_expects_clear, severity_of_services,
	   services_of_a_later_leak, words_of_services, who_speaks_ipsec_elsewhere, default_response, ends,
	   time_does_not_run_back, a_new_alert_has_a_new_number, a_new_number_behind_gateways_too,
	   forgotten_by_the_judge, hourly_while_it_lasts, gateways_protect_what_is_behind, a_gateway_opened,
	   tunnels_of_ip_in_clear, what_waits_at_the_end, the_last_word, at_the_same_instant)
