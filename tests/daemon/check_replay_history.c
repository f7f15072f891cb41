/* SPDX-License-Identifier: Apache-2.0 */
/* The past judged anew: what another policy would have raised, what it would not, and what nobody can know. */
#include "../../config/config.h"
#include "../../daemon/replay.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

static struct config *config;
static struct replay *replay;

/* `rules`: what stands below policy, two spaces deep; NULL: nothing but the defaults. */
static void begin(const char *rules)
{
	struct config_error error;
	char text[2048];

	snprintf(text, sizeof(text), "policy:\n%s", rules);
	config = config_parse("test", text, strlen(text), &error);
	ck_assert_msg(config, "%s", error.text);
	ck_assert(config_seal(config));
	replay = replay_new(&config->policy);
	ck_assert_ptr_nonnull(replay);
}

static void end(void)
{
	replay_free(replay);
	config_free(config);
}

static void take(const char *line)
{
	ck_assert_msg(replay_line(replay, line, strlen(line)), "refused: %s", line);
}

static void traffic(const char *a, const char *b, const char *rule, const char *what, const char *service,
		    unsigned bytes, const char *day)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "{\"type\":\"traffic\",\"day\":\"%s\",\"a\":\"%s\",\"b\":\"%s\",\"rules\":[%s%s%s],\"what\":\"%s\","
		 "\"service\":%s%s%s,"
		 "\"packets\":1,\"bytes\":%u}",
		 day, a, b, *rule ? "\"" : "", rule, *rule ? "\"" : "", what, service ? "\"" : "",
		 service ? service : "null", service ? "\"" : "", bytes);
	take(line);
}

/* Between the two hosts of these tests, on one day. */
static void clear(const char *rule, const char *what, const char *service, unsigned bytes)
{
	traffic("10.1.0.1", "10.2.0.2", rule, what, service, bytes, "2026-11-20");
}

static const char *evidence = "{}";

static void told(const char *id, const char *cause, const char *a, const char *b, const char *severity)
{
	char line[2048];

	snprintf(
	    line, sizeof(line),
	    "{\"type\":\"alert\",\"alert\":\"0000000000000001\",\"state\":\"clear\",\"opened\":null,\"acknowledged_"
	    "until\":null,"
	    "\"acknowledged_by\":null,\"finding\":{\"type\":\"finding\",\"time\":\"2026-11-20T10:00:00.000000Z\","
	    "\"sensor\":\"s\","
	    "\"alert\":\"0000000000000001\",\"id\":\"%s\",\"cause\":%s,\"state\":\"clear\",\"severity\":\"%s\","
	    "\"grade\":\"observed\","
	    "\"subject\":{\"kind\":\"pair\",\"a\":\"%s\",\"b\":\"%s\"},\"a\":\"%s\",\"b\":\"%s\",\"src\":null,\"dst\":"
	    "null,"
	    "\"src_port\":null,\"dst_port\":null,\"spi\":null,\"ike_spi\":null,\"interface\":null,\"vlan\":null,"
	    "\"rule\":null,"
	    "\"protocol\":null,\"community_id\":null,\"count\":1,\"bytes\":1,\"first\":\"2026-11-20T10:00:00.000000Z\","
	    "\"last\":\"2026-11-20T10:00:00.000000Z\",\"duration\":0.0,\"cleared_by\":\"quiet\",\"text\":\"t\","
	    "\"advice\":\"a\","
	    "\"windows_event\":null,\"evidence\":%s}}",
	    id, cause, severity, a, b, a, b, evidence);
	take(line);
}

static const struct replay_row *rows(size_t count)
{
	size_t found;
	const struct replay_row *list = replay_rows(replay, &found);

	ck_assert_ptr_nonnull(list);
	ck_assert_msg(found == count, "%zu rows, not %zu; the first is %s, %s", found, count,
		      found ? replay_outcome_name(list->outcome) : "-", found ? list->what : "-");
	return list;
}

#define RULE                                                                                                           \
	"  rules:\n"                                                                                                   \
	"    - name: hq\n"                                                                                             \
	"      between: [10.1.0.0/16, 10.2.0.0/16]\n"

START_TEST(a_rule_that_is_new_raises_what_it_asks_for)
{
	begin(RULE);
	clear("", "HTTP", "tcp/80", 1000);
	traffic("10.1.0.1", "10.2.0.2", "", "HTTP", "tcp/80", 500, "2026-11-22");
	clear("", "tcp/9000", "tcp/9000", 40);
	traffic("10.9.0.1", "10.9.0.2", "", "HTTP", "tcp/80", 7, "2026-11-20");
	const struct replay_row *row = rows(1);
	ck_assert_int_eq(row->outcome, REPLAY_NEW);
	ck_assert_int_eq(row->severity, SEVERITY_HIGH);
	ck_assert_str_eq(row->rule, "hq");
	ck_assert_uint_eq(row->bytes, 1540);
	ck_assert_str_eq(row->what, "HTTP (tcp/80), tcp/9000");
	ck_assert_int_eq(row->last_day - row->first_day, 2);
	ck_assert_uint_eq(replay_pairs(replay), 2);
	end();
}
END_TEST

START_TEST(levels)
{
	begin(RULE "      level: request\n");
	clear("", "HTTP", "tcp/80", 1000);
	ck_assert_int_eq(rows(1)->severity, SEVERITY_MEDIUM);
	end();
	begin(RULE "      level: respond\n");
	clear("", "HTTP", "tcp/80", 1000);
	rows(0); /* a client that speaks no IPsec at all is as it should be */
	clear("hq", "=esp", NULL, 10);
	ck_assert_int_eq(rows(1)->outcome, REPLAY_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(rows(1)->doubt, "opens IKE"));
	end();
}
END_TEST

START_TEST(lists)
{
	static const struct {
		const char *list, *what, *service;
		int outcome; /* -1: nothing */
	} cases[] = {
		{ "allow: [http]", "HTTP", "tcp/80", -1 },
		{ "allow: [tcp/80]", "HTTP", "tcp/80", -1 },
		{ "allow: [tcp/80]", "HTTP", "tcp/8080", REPLAY_NEW },
		/* over several ports, of which one may be meant */
		{ "allow: [tcp/80]", "HTTP", NULL, REPLAY_UNKNOWN },
		{ "allow: [dns]", "HTTP", NULL, REPLAY_NEW },
		{ "allow: [http]", "HTTP", NULL, -1 },
		{ "allow: [http]\n      deny: [tcp/8080]", "HTTP", NULL, REPLAY_UNKNOWN },
		{ "allow: [http]\n      deny: [tcp/8080]", "HTTP", "tcp/80", -1 },
		{ "allow: [tcp/9000]", "tcp/9000", "tcp/9000", -1 },
		{ "allow: [proto/89]", "proto/89", "proto/89", -1 },
		{ "allow: [dns]", "proto/89", "proto/89", REPLAY_NEW },
		{ "allow: [dns]", "other", NULL, REPLAY_UNKNOWN },
		{ "allow: [dns]", "icmp", "proto/1", -1 },
		{ "deny: [icmp]", "icmp", "proto/1", REPLAY_NEW },
		{ "deny: [dns]", "DNS", "udp/53", REPLAY_NEW },
		/* always allowed */
		{ "deny: [dns]", "DHCP", "udp/67", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		snprintf(text, sizeof(text), RULE "      %s\n", cases[i].list);
		begin(text);
		clear("", cases[i].what, cases[i].service, 100);
		size_t count;
		const struct replay_row *list = replay_rows(replay, &count);
		int outcome = count ? (int)list->outcome : -1;
		ck_assert_msg(outcome == cases[i].outcome, "case %zu: %s and %s: %d", i, cases[i].list, cases[i].what,
			      outcome);
		end();
	}
}
END_TEST

START_TEST(pings_that_offended)
{
	begin(RULE);
	clear("hq", "icmp", "proto/1", 500);
	rows(0);
	clear("hq", "=offending", NULL, 400);
	ck_assert_int_eq(rows(1)->outcome, REPLAY_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(rows(1)->doubt, "pings"));
	end();
}
END_TEST

START_TEST(multicast_is_nobodys_leak)
{
	begin("  rules:\n    - name: all\n      between: [0.0.0.0/0]\n");
	traffic("10.1.0.1", "224.0.0.251", "", "MDNS", "udp/5353", 100, "2026-11-20");
	traffic("10.1.0.1", "255.255.255.255", "", "udp/9999", "udp/9999", 100, "2026-11-20");
	rows(0);
	end();
}
END_TEST

START_TEST(what_was_raised)
{
	begin(RULE);
	clear("hq", "HTTP", "tcp/80", 1000);
	clear("hq", "=offending", NULL, 1000);
	told("cleartext-leak", "\"sa-lost\"", "10.1.0.1", "10.2.0.2", "critical");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_SAME);
	end();
	begin(RULE "      allow: [http]\n");
	clear("hq", "HTTP", "tcp/80", 1000);
	clear("hq", "=offending", NULL, 900);
	told("cleartext-leak", "\"sa-lost\"", "10.1.0.1", "10.2.0.2", "critical");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_GONE);
	ck_assert_int_eq(rows(1)->severity, SEVERITY_CRITICAL);
	ck_assert_uint_eq(rows(1)->bytes, 900);
	end();
}
END_TEST

START_TEST(learned_pairs)
{
	static const struct {
		const char *policy;
		int outcome;
	} cases[] = { { "  learn: true\n", REPLAY_SAME },
		      { "  learn: false\n", REPLAY_GONE },
		      { "  learn: true\n" RULE "      allow: [http]\n", REPLAY_GONE } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].policy);
		clear("learned", "=esp", NULL, 5000);
		clear("learned", "HTTP", "tcp/80", 1000);
		told("cleartext-leak", "\"sa-lost\"", "10.1.0.1", "10.2.0.2", "medium");
		ck_assert_msg(rows(1)->outcome == (enum replay_outcome)cases[i].outcome, "case %zu: %s", i,
			      replay_outcome_name(rows(1)->outcome));
		end();
	}
	/* A rule that goes leaves the pair to be learned, perhaps. */
	begin("  learn: true\n");
	clear("hq", "=esp", NULL, 5000);
	clear("hq", "HTTP", "tcp/80", 1000);
	told("cleartext-leak", "\"sa-lost\"", "10.1.0.1", "10.2.0.2", "high");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_UNKNOWN);
	end();
}
END_TEST

static void selected_of(unsigned version, const char *names)
{
	char line[512];

	snprintf(
	    line, sizeof(line),
	    "{\"type\":\"selection\",\"initiator\":\"192.0.2.2\",\"responder\":\"192.0.2.1\",\"rules\":[],\"version\":"
	    "%u,"
	    "\"selected\":[%s],\"first\":\"2026-11-20T10:00:00.000000Z\",\"last\":\"2026-11-21T10:00:00.000000Z\"}",
	    version, names);
	take(line);
	take(line); /* seen on the next day too */
}

static void selected(const char *names)
{
	selected_of(2, names);
}

START_TEST(cryptography)
{
	static const char aes[] = "\"AES_CBC_256\",\"HMAC_SHA2_256_128\",\"HMAC_SHA2_256\",\"MODP_2048\"";
	static const char weak[] = "\"3DES\",\"HMAC_SHA1_96\",\"HMAC_SHA1\",\"MODP_1024\"";

	begin(RULE "      gateways: [192.0.2.1, 192.0.2.2]\n      crypto: cnsa-2.0\n");
	selected(aes);
	const struct replay_row *row = rows(1);
	ck_assert_int_eq(row->outcome, REPLAY_NEW);
	ck_assert_int_eq(row->id, FINDING_WEAK_IKE_SELECTED);
	ck_assert_int_eq(row->severity, SEVERITY_MEDIUM);
	ck_assert_str_eq(row->rule, "hq");
	ck_assert_ptr_nonnull(strstr(row->what, "AES_CBC_256 (not AES-256-GCM)"));
	ck_assert_uint_eq(replay_selections(replay), 1);
	end();
	begin(RULE);
	selected(aes);
	rows(0);
	told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "low");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_GONE);
	end();
	begin(RULE);
	selected(weak);
	told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "medium");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_SAME);
	end();
}
END_TEST

/* An alert is of a pair: one of its selections that is fine does not take it back, and it goes once. */
START_TEST(several_selections_of_a_pair)
{
	static const char aes[] = "\"AES_CBC_256\",\"HMAC_SHA2_256_128\",\"HMAC_SHA2_256\",\"MODP_2048\"";
	static const char gcm[] = "\"AES_GCM_16_256\",\"HMAC_SHA2_384\",\"ECP_384\"";
	static const char weak[] = "\"3DES\",\"HMAC_SHA1_96\",\"HMAC_SHA1\",\"MODP_1024\"";

	begin(RULE);
	selected(weak);
	selected(aes);
	told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "medium");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_SAME);
	end();
	begin(RULE);
	selected(gcm);
	selected(aes);
	told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "medium");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_GONE);
	end();
}
END_TEST

/* What the judge raised is not called fine because of how its names read. */
START_TEST(cryptography_as_the_judge_takes_it)
{
	static const struct {
		const char *crypto, *names, *weak;
	} cases[] = {
		{ "rfc8247", "\"AES_CBC_256\",\"HMAC_SHA2_256\",\"MODP_2048\"", "no integrity protection" },
		{ "rfc8247", "\"AES_CBC_256\",\"NONE\",\"HMAC_SHA2_256\",\"MODP_2048\"", "no integrity protection" },
		{ "rfc8247", "\"BLOWFISH_448\",\"HMAC_SHA2_256_128\",\"HMAC_SHA2_256\",\"MODP_2048\"",
		  "BLOWFISH_448 (withdrawn)" },
		{ "cnsa-2.0", "\"ENCRYPTION_1025_256\",\"HMAC_SHA2_384\",\"ML_KEM_1024\"",
		  "ENCRYPTION_1025_256 (not in the table)" },
		{ "cnsa-2.0", "\"AES_GCM_16_256\",\"HMAC_SHA2_384\",\"GROUP_1077\"", "GROUP_1077 (not in the table)" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rule[512];
		snprintf(rule, sizeof(rule), RULE "      gateways: [192.0.2.1, 192.0.2.2]\n      crypto: %s\n",
			 cases[i].crypto);
		begin(rule);
		selected(cases[i].names);
		told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "medium");
		ck_assert_msg(rows(1)->outcome == REPLAY_SAME, "case %zu: %s", i,
			      replay_outcome_name(rows(1)->outcome));
		ck_assert_str_eq(rows(1)->what, cases[i].weak);
		ck_assert_int_eq(rows(1)->severity, SEVERITY_MEDIUM);
		end();
	}
	/* An AEAD cipher needs none. */
	begin(RULE);
	selected("\"AES_GCM_16_256\",\"HMAC_SHA2_384\",\"ECP_384\"");
	rows(0);
	end();
	/* Of IKEv1 a shared key is discouraged, and how they prove themselves is not in the history. */
	begin(RULE);
	selected_of(1, "\"AES_CBC_256\",\"SHA2_256\",\"MODP_2048\"");
	rows(0);
	told("weak-ike-selected", "null", "192.0.2.1", "192.0.2.2", "low");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_UNKNOWN);
	ck_assert_ptr_nonnull(rows(1)->doubt);
	end();
}
END_TEST

START_TEST(what_is_not_as_it_should_be_is_refused)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"{\"type\":\"traffic\"}",
		"{\"type\":\"traffic\",\"day\":\"tomorrow\",\"a\":\"10.0.0.1\",\"b\":\"10.0.0.2\",\"rules\":[],"
		"\"what\":\"HTTP\","
		"\"service\":null,\"packets\":1,\"bytes\":1}",
		"{\"type\":\"traffic\",\"day\":\"2026-11-20\",\"a\":\"10.0.0.1\",\"b\":\"10.0.0.2\",\"rules\":[],"
		"\"what\":\"HTTP\","
		"\"service\":\"tcp/eighty\",\"packets\":1,\"bytes\":1}",
		"{\"type\":\"selection\",\"initiator\":\"10.0.0.1\",\"responder\":\"x\",\"version\":2,\"first\":null}",
		"{\"type\":\"alert\",\"finding\":{}}",
		"{\"type\":\"pair\"}",
	};

	begin("  learn: true\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!replay_line(replay, wrong[i], strlen(wrong[i])), "taken: %s", wrong[i]);
	rows(0);
	end();
}
END_TEST

/* A history of many pairs and days is judged in moments. */
START_TEST(many)
{
	begin(RULE);
	for (unsigned day = 0; day < 3; day++)
		for (unsigned i = 0; i < 20000; i++) {
			char a[32], date[32];
			snprintf(a, sizeof(a), "10.1.%u.%u", i / 250, 1 + i % 250);
			snprintf(date, sizeof(date), "2026-11-%02u", 10 + day);
			traffic(a, "10.2.0.1", "", i % 2 ? "DNS" : "icmp", i % 2 ? "udp/53" : "proto/1", 10, date);
		}
	ck_assert_uint_eq(rows(10000)->bytes, 30);
	end();
}
END_TEST

/* What espial test-alert raised was nobody's leak, and no policy would have kept it away. */
START_TEST(a_test_was_no_leak)
{
	begin("  learn: false\n");
	evidence = "{\"test\":true}";
	told("cleartext-leak", "\"unknown\"", "192.0.2.1", "192.0.2.2", "high");
	rows(0);
	evidence = "{}";
	told("cleartext-leak", "\"unknown\"", "192.0.2.1", "192.0.2.2", "high");
	ck_assert_int_eq(rows(1)->outcome, REPLAY_GONE);
	end();
}
END_TEST

SUITE_MAIN("replay_history", a_rule_that_is_new_raises_what_it_asks_for, levels, lists, pings_that_offended,
	   multicast_is_nobodys_leak, what_was_raised, learned_pairs, cryptography, several_selections_of_a_pair,
	   cryptography_as_the_judge_takes_it, what_is_not_as_it_should_be_is_refused, many, a_test_was_no_leak)
