/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration takes: defaults, every key's value, the command line's additions, the sample file. */
#include "config/config.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t second = 1000000000;

static struct config *parse(const char *yaml)
{
	struct config_error error;
	struct config *config = config_parse("t.yaml", yaml, strlen(yaml), &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	return config;
}

static void check_defaults(const struct config *config)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	ck_assert_str_eq(config->sensor, host);
	ck_assert_uint_eq(config->interface_count, 0);
	ck_assert_int_eq(config->classify, CONFIG_CLASSIFY_POLICY);
	ck_assert(config->policy.learn);
	ck_assert_int_eq(config->policy.exempt, POLICY_EXEMPT_WINDOWS_2003);
	ck_assert_uint_eq(config->policy.allow.count, 1);
	ck_assert_int_eq(config->policy.allow.entries[0].kind, POLICY_SERVICE_ICMP);
	ck_assert_uint_eq(config->policy.rule_count, 0);
	ck_assert_int_eq(config->rekey.min_lifetime_ns, 300 * second);
	ck_assert_uint_eq(config->rekey.min_volume, 50000000);
	ck_assert_int_eq(config->rekey.stale_grace_ns, 10 * second);
	ck_assert_uint_eq(config->limits.flows, 1000000);
	ck_assert_uint_eq(config->limits.sas, 200000);
	ck_assert_uint_eq(config->limits.ike, 50000);
	ck_assert_uint_eq(config->limits.pairs, 200000);
	ck_assert_uint_eq(config->limits.learned, 50000);
	ck_assert_uint_eq(config->limits.memory, 1 << 30);
	ck_assert(config->syslog.enabled);
	ck_assert_str_eq(config->syslog.to, "/dev/log");
	ck_assert_int_eq(config->syslog.facility, 10);
	ck_assert_int_eq(config->syslog.shape, CONFIG_SHAPE_EVENTLOG);
	ck_assert_ptr_null(config->json.file);
	ck_assert_ptr_null(config->spool.dir);
	ck_assert_uint_eq(config->spool.size, 64 << 20);
	ck_assert_uint_eq(config->store.size, 1 << 30);
	ck_assert_ptr_null(config->store.path);
	ck_assert_int_eq(config->store.keep_ns, 90 * 86400 * second);
	ck_assert_ptr_null(config->http.listen);
	ck_assert_ptr_null(config->http.token_file);
	ck_assert_ptr_null(config->evidence.dir);
}

START_TEST(defaults)
{
	/* A file that says nothing, in as many ways, and no file. */
	static const char *const nothing[] = {
		"",
		"\n\n",
		"# only a comment\n",
		"---\n",
		"---\n...\n",
		"~\n",
		"{}\n",
		"\xef\xbb\xbf",
		"capture:\npolicy:\nrekey:\nlimits:\nreport:\n",
		"capture: []\npolicy: {rules: }\nreport: {syslog: , store: ~, evidence: }\n",
		"policy:\n  # learn: true\n  allow:\n  rules: []\n",
	};
	struct config *config = config_default();
	struct config_error error;

	ck_assert_ptr_null(config->path);
	check_defaults(config);
	config_free(config);
	config = config_parse("t.yaml", NULL, 0, &error);
	check_defaults(config);
	config_free(config);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		config = parse(nothing[i]);
		ck_assert_str_eq(config->path, "t.yaml");
		check_defaults(config);
		config_free(config);
	}
	config_free(NULL);
}
END_TEST

/* Every key, each with another value than the default. */
static const char everything[] =
    "sensor: edge-1\n"
    "capture:\n"
    "  - interface: eth1\n"
    "    side: inside\n"
    "    realm: vlan\n"
    "    workers: 4\n"
    "    pin: [3, 8-11, 1023]\n"
    "    buffer: 128MiB\n"
    "    decapsulate: [gtp, other]\n"
    "  - {interface: any, side: host, realm: vni, workers: auto, decapsulate: []}\n"
    "  - interface: eth2\n"
    "    realm: interface\n"
    "classify: all\n"
    "policy:\n"
    "  learn: no\n"
    "  exempt: windows-2000\n"
    "  allow: [DNS, tcp/22, udp/65535, sctp/9, dccp/1, proto/89, icmp]\n"
    "  rules:\n"
    "    - name: hq-branch\n"
    "      between: [10.1.0.0/16, 10.2.0.0/16]\n"
    "      level: request\n"
    "      gateways: [192.0.2.1, 198.51.100.1, '2001:db8::1', '2001:db8::2']\n"
    "      crypto: cnsa-2.0\n"
    "      allow: [dns]\n"
    "      deny: [icmp]\n"
    "    - name: \"Z\xc3\xbcrich, mesh\"\n"
    "      between: [[2001:db8:1::/48, 2001:db8:2::7]]\n"
    "      level: respond\n"
    "      crypto: nist-800-77r1\n"
    "    - name: servers\n"
    "      between:\n"
    "        - - 10.0.0.1\n"
    "          - 0.0.0.0/0\n"
    "        - any\n"
    "rekey: {min-lifetime: 2 h, min-volume: 1KiB, stale-grace: 250ms}\n"
    "limits: {flows: 2M, sas: 300k, ike: 16, pairs: 10M, learned: 1000, memory: 2GiB}\n"
    "report:\n"
    "  syslog: {to: /run/log, facility: local3, shape: json}\n"
    "  json: {file: /var/log/espial.jsonl}\n"
    "  spool: {dir: /var/spool/e, size: 8MiB}\n"
    "  store: {path: /var/lib/e.db, keep: 30d, size: 2GiB}\n"
    "  http: {listen: '192.0.2.9:8443', token-file: /etc/espial/token}\n"
    "  evidence: {dir: /var/lib/evidence, payload: ike, file-size: 1MiB, size: 3GiB, files: 2k, keep: 7d,\n"
    "    memory: 32MiB}\n";

static void check_service(const struct policy_service *service, int kind, unsigned protocol, unsigned port,
			  const char *name)
{
	ck_assert_int_eq((int)service->kind, kind);
	ck_assert_uint_eq(service->protocol, protocol);
	ck_assert_uint_eq(service->port, port);
	ck_assert_pstr_eq(service->name, name);
}

START_TEST(every_key)
{
	struct config *config = parse(everything);
	const struct config_interface *interfaces = config->interfaces;
	const struct policy_service *allow = config->policy.allow.entries;

	ck_assert_str_eq(config->sensor, "edge-1");
	ck_assert_uint_eq(config->interface_count, 3);
	ck_assert_str_eq(interfaces[0].name, "eth1");
	ck_assert_int_eq(interfaces[0].side, CONFIG_SIDE_INSIDE);
	ck_assert_int_eq(interfaces[0].realm, CONFIG_REALM_VLAN);
	ck_assert_uint_eq(interfaces[0].workers, 4);
	ck_assert_uint_eq(interfaces[0].pin_count, 3);
	ck_assert_uint_eq(interfaces[0].pin[0].first, 3);
	ck_assert_uint_eq(interfaces[0].pin[0].last, 3);
	ck_assert_uint_eq(interfaces[0].pin[0].line, 7);
	ck_assert_uint_eq(interfaces[0].pin[1].first, 8);
	ck_assert_uint_eq(interfaces[0].pin[1].last, 11);
	ck_assert_uint_eq(interfaces[0].pin[2].last, 1023);
	ck_assert_uint_eq(interfaces[0].entry, 0);
	ck_assert_uint_eq(interfaces[0].buffer, 128 << 20);
	ck_assert_uint_eq(interfaces[0].decapsulate, CONFIG_TUNNEL_GTP | CONFIG_TUNNEL_OTHER);
	ck_assert_int_eq(interfaces[1].side, CONFIG_SIDE_HOST);
	ck_assert_int_eq(interfaces[1].realm, CONFIG_REALM_VNI);
	ck_assert_uint_eq(interfaces[1].workers, 0);
	ck_assert_uint_eq(interfaces[1].pin_count, 0);
	ck_assert_uint_eq(interfaces[1].entry, 1);
	ck_assert_uint_eq(interfaces[1].decapsulate, 0);
	ck_assert_int_eq(interfaces[2].side, CONFIG_SIDE_OUTSIDE);
	ck_assert_int_eq(interfaces[2].realm, CONFIG_REALM_INTERFACE);
	ck_assert_uint_eq(interfaces[2].workers, 0);
	ck_assert_uint_eq(interfaces[2].buffer, 64 << 20);
	ck_assert_uint_eq(interfaces[2].decapsulate, CONFIG_TUNNEL_GTP - 1); /* all before it */
	ck_assert_int_eq(config->classify, CONFIG_CLASSIFY_ALL);
	ck_assert(!config->policy.learn);
	ck_assert_int_eq(config->policy.exempt, POLICY_EXEMPT_WINDOWS_2000);
	ck_assert_uint_eq(config->policy.allow.count, 7);
	check_service(&allow[0], POLICY_SERVICE_NAME, 0, 0, "dns");
	check_service(&allow[1], POLICY_SERVICE_PORT, 6, 22, NULL);
	check_service(&allow[2], POLICY_SERVICE_PORT, 17, 65535, NULL);
	check_service(&allow[3], POLICY_SERVICE_PORT, 132, 9, NULL);
	check_service(&allow[4], POLICY_SERVICE_PORT, 33, 1, NULL);
	check_service(&allow[5], POLICY_SERVICE_PROTOCOL, 89, 0, NULL);
	check_service(&allow[6], POLICY_SERVICE_ICMP, 0, 0, "icmp");
	ck_assert_int_eq(config->rekey.min_lifetime_ns, 7200 * second);
	ck_assert_uint_eq(config->rekey.min_volume, 1024);
	ck_assert_int_eq(config->rekey.stale_grace_ns, second / 4);
	ck_assert_uint_eq(config->limits.flows, 2000000);
	ck_assert_uint_eq(config->limits.sas, 300000);
	ck_assert_uint_eq(config->limits.ike, 16);
	ck_assert_uint_eq(config->limits.pairs, 10000000);
	ck_assert_uint_eq(config->limits.learned, 1000);
	ck_assert_uint_eq(config->limits.memory, 2ULL << 30);
	ck_assert(config->syslog.enabled);
	ck_assert_str_eq(config->syslog.to, "/run/log");
	ck_assert_int_eq(config->syslog.facility, 19);
	ck_assert_int_eq(config->syslog.shape, CONFIG_SHAPE_ECS);
	ck_assert_str_eq(config->json.file, "/var/log/espial.jsonl");
	ck_assert_str_eq(config->spool.dir, "/var/spool/e");
	ck_assert_uint_eq(config->spool.size, 8 << 20);
	ck_assert_uint_eq(config->store.size, 2ULL << 30);
	ck_assert_str_eq(config->store.path, "/var/lib/e.db");
	ck_assert_int_eq(config->store.keep_ns, 30 * 86400 * second);
	ck_assert_str_eq(config->http.listen, "192.0.2.9:8443");
	ck_assert_str_eq(config->http.token_file, "/etc/espial/token");
	ck_assert_str_eq(config->evidence.dir, "/var/lib/evidence");
	ck_assert_int_eq(config->evidence.payload, CONFIG_PAYLOAD_IKE);
	ck_assert_uint_eq(config->evidence.file_size, 1 << 20);
	ck_assert_uint_eq(config->evidence.size, 3ULL << 30);
	ck_assert_uint_eq(config->evidence.files, 2000);
	ck_assert_int_eq(config->evidence.keep_ns, 7 * 86400 * second);
	ck_assert_uint_eq(config->evidence.memory, 32 << 20);
	config_free(config);
}
END_TEST

START_TEST(rules)
{
	static const uint8_t net[16] = { [10] = 0xff, [11] = 0xff, 10, 1 };
	static const uint8_t host[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 7 };
	static const uint8_t gateway[16] = { [10] = 0xff, [11] = 0xff, 198, 51, 100, 1 };
	static const uint8_t branch[16] = { [10] = 0xff, [11] = 0xff, 10, 2, 3, 4 };
	struct config *config = parse(everything);
	const struct policy_rule *rule = config->policy.rules;

	ck_assert_uint_eq(config->policy.rule_count, 3);
	ck_assert_str_eq(rule[0].name, "hq-branch");
	ck_assert_int_eq(rule[0].line, 19);
	ck_assert_int_eq(rule[0].level, POLICY_REQUEST);
	ck_assert_str_eq(rule[0].crypto, "cnsa-2.0");
	ck_assert_uint_eq(rule[0].between_count[0], 1);
	ck_assert_uint_eq(rule[0].between_count[1], 1);
	ck_assert_ptr_ne(rule[0].between[0], rule[0].between[1]);
	ck_assert_mem_eq(rule[0].between[0][0].address, net, 16);
	ck_assert_uint_eq(rule[0].between[0][0].length, 112);
	ck_assert_uint_eq(rule[0].gateway_count, 4);
	ck_assert(policy_is_gateway(&rule[0], gateway));
	ck_assert_uint_eq(rule[0].allow.count, 1);
	check_service(&rule[0].allow.entries[0], POLICY_SERVICE_NAME, 0, 0, "dns");
	ck_assert_uint_eq(rule[0].deny.count, 1);
	check_service(&rule[0].deny.entries[0], POLICY_SERVICE_ICMP, 0, 0, "icmp");

	ck_assert_str_eq(rule[1].name, "Z\xc3\xbcrich, mesh");
	ck_assert_int_eq(rule[1].line, 26);
	ck_assert_int_eq(rule[1].level, POLICY_RESPOND);
	ck_assert_str_eq(rule[1].crypto, "nist-800-77r1");
	ck_assert_ptr_eq(rule[1].between[0], rule[1].between[1]);
	ck_assert_uint_eq(rule[1].between_count[0], 2);
	ck_assert_uint_eq(rule[1].between_count[1], 2);
	ck_assert_uint_eq(rule[1].between[0][0].length, 48);
	ck_assert_mem_eq(rule[1].between[0][1].address, host, 16);
	ck_assert_uint_eq(rule[1].between[0][1].length, 128);

	ck_assert_int_eq(rule[2].line, 30);
	ck_assert_int_eq(rule[2].level, POLICY_REQUIRE);
	ck_assert_str_eq(rule[2].crypto, "rfc8247");
	ck_assert_uint_eq(rule[2].between[0][1].length, 96);
	ck_assert_uint_eq(rule[2].between[1][0].length, 0);
	ck_assert_uint_eq(rule[2].gateway_count, 0);

	ck_assert_ptr_null(config->policy.index);
	ck_assert(config_seal(config));
	ck_assert_ptr_eq(policy_match(&config->policy, branch, net), &rule[0]);
	config_free(config);
}
END_TEST

START_TEST(spellings)
{
	/* What people write differently and mean the same. */
	struct config *aliased = parse("policy:\r\n"
				       "  allow: &services\r\n"
				       "  - icmp\r\n"
				       "  - \"dns\"\r\n"
				       "  rules:\r\n"
				       "  - name: one\r\n"
				       "    between: [&hq [10.1.0.0/16, 10.3.0.0/16], &branch 10.2.0.0/16]\r\n"
				       "    deny: *services\r\n"
				       "  - {name: 'two', between: [*hq], level: \"respond\"}\r\n"
				       "  - {name: three, between: [*branch, any]}\r\n");
	ck_assert_uint_eq(aliased->policy.allow.count, 2);
	ck_assert_uint_eq(aliased->policy.rules[0].deny.count, 2);
	ck_assert_uint_eq(aliased->policy.rules[0].between_count[0], 2);
	ck_assert_uint_eq(aliased->policy.rules[1].between_count[0], 2);
	ck_assert_ptr_eq(aliased->policy.rules[1].between[0], aliased->policy.rules[1].between[1]);
	ck_assert_int_eq(aliased->policy.rules[1].level, POLICY_RESPOND);
	ck_assert_uint_eq(aliased->policy.rules[2].between[0][0].length, 112);
	config_free(aliased);
}
END_TEST

START_TEST(listening_places)
{
	static const char *const places[] = {
		"/run/espial/http.sock", "127.0.0.1:8080", "127.255.255.254:1", "'[::1]:65535'", "localhost:80",
	};
	char yaml[256];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct config *config;
		snprintf(yaml, sizeof(yaml), "report:\n  http:\n    listen: %s\n", places[i]);
		config = parse(yaml);
		ck_assert_ptr_nonnull(config->http.listen);
		ck_assert_ptr_null(config->http.token_file);
		config_free(config);
	}
}
END_TEST

START_TEST(words)
{
	static const struct {
		const char *shape;
		enum config_shape value;
	} shapes[] = {
		{ "eventlog", CONFIG_SHAPE_EVENTLOG }, { "rfc5424", CONFIG_SHAPE_RFC5424 },
		{ "cef", CONFIG_SHAPE_CEF },           { "json", CONFIG_SHAPE_ECS },
		{ "ecs", CONFIG_SHAPE_ECS },           { "ocsf", CONFIG_SHAPE_OCSF },
	};
	static const struct {
		const char *name;
		int number;
	} facilities[] = { { "kern", 0 },      { "user", 1 }, { "auth", 4 },    { "cron", 9 },
			   { "authpriv", 10 }, { "ftp", 11 }, { "local0", 16 }, { "local7", 23 } };
	static const struct {
		const char *text;
		bool value;
	} switches[] = { { "true", true },   { "yes", true }, { "on", true },
			 { "false", false }, { "no", false }, { "off", false } };
	char yaml[128];
	struct config *config;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		snprintf(yaml, sizeof(yaml), "report: {syslog: {shape: %s}}", shapes[i].shape);
		config = parse(yaml);
		ck_assert_int_eq(config->syslog.shape, shapes[i].value);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++) {
		snprintf(yaml, sizeof(yaml), "report: {syslog: {facility: %s}}", facilities[i].name);
		config = parse(yaml);
		ck_assert_int_eq(config->syslog.facility, facilities[i].number);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		snprintf(yaml, sizeof(yaml), "policy: {learn: %s, exempt: none, allow: []}", switches[i].text);
		config = parse(yaml);
		ck_assert(config->policy.learn == switches[i].value);
		ck_assert_int_eq(config->policy.exempt, POLICY_EXEMPT_NONE);
		ck_assert_uint_eq(config->policy.allow.count, 0);
		config_free(config);
	}
	config = parse("report: {syslog: {to: none}}");
	ck_assert(!config->syslog.enabled);
	config_free(config);
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t octets;
	} values[] = {
		{ "1", 1 },          { "4096", 4096 },          { "1B", 1 },           { "2KB", 2000 },
		{ "2kB", 2000 },     { "3MB", 3000000 },        { "1GB", 1000000000 }, { "2KiB", 2048 },
		{ "3MiB", 3145728 }, { "1024GiB", 1ULL << 40 },
	};
	char yaml[64];

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct config *config;
		snprintf(yaml, sizeof(yaml), "rekey: {min-volume: %s}", values[i].text);
		config = parse(yaml);
		ck_assert_uint_eq(config->rekey.min_volume, values[i].octets);
		config_free(config);
	}
}
END_TEST

START_TEST(sections_by_name)
{
	struct config *config = parse("report: {store: {}, evidence: {}}");

	ck_assert_str_eq(config->store.path, "/var/lib/espial/espial.db");
	ck_assert_int_eq(config->store.keep_ns, 90 * 86400 * second);
	ck_assert_str_eq(config->evidence.dir, "/var/lib/espial/evidence");
	ck_assert_int_eq(config->evidence.payload, CONFIG_PAYLOAD_HEADERS);
	ck_assert_uint_eq(config->evidence.file_size, 256 << 10);
	ck_assert_uint_eq(config->evidence.size, 256 << 20);
	ck_assert_uint_eq(config->evidence.files, 10000);
	ck_assert_int_eq(config->evidence.keep_ns, 30 * 86400 * second);
	ck_assert_uint_eq(config->evidence.memory, 8 << 20);
	config_free(config);
}
END_TEST

START_TEST(secured)
{
	static const uint8_t gateway[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };
	struct config *config = config_default();
	struct config_error error;
	const struct policy_rule *rule;

	ck_assert(config_add_secured(config, "10.1.0.0/16,192.0.2.7", &error));
	ck_assert(config_add_secured(config, "10.1.0.0/16,10.2.0.0/16,via=2001:db8::1,2001:db8::2", &error));
	ck_assert(config_add_secured(config, "2001:db8::/32,fd00::1,via=192.0.2.1,192.0.2.2,192.0.2.3", &error));
	ck_assert_uint_eq(config->policy.rule_count, 3);
	rule = config->policy.rules;
	ck_assert_str_eq(rule[0].name, "10.1.0.0/16,192.0.2.7");
	ck_assert_int_eq(rule[0].level, POLICY_REQUIRE);
	ck_assert_str_eq(rule[0].crypto, "rfc8247");
	ck_assert_int_eq(rule[0].line, 0);
	ck_assert_uint_eq(rule[0].between[0][0].length, 112);
	ck_assert_uint_eq(rule[0].between[1][0].length, 128);
	ck_assert_uint_eq(rule[0].gateway_count, 0);
	ck_assert_uint_eq(rule[1].gateway_count, 2);
	ck_assert(policy_is_gateway(&rule[1], gateway));
	ck_assert_uint_eq(rule[2].gateway_count, 3);
	ck_assert(config_seal(config));
	ck_assert_ptr_eq(policy_match(&config->policy, rule[0].between[1][0].address, rule[0].between[0][0].address),
			 rule);
	config_free(config);
}
END_TEST

static const struct secured_refusal {
	const char *text, *message;
} secured_refusals[] = {
	{ "", "part 1: is empty: an address or a prefix is needed" },
	{ "10.0.0.1", "part 2: is missing: A,B or A,B,via=G,H is possible" },
	{ "10.0.0.1,", "part 2: is empty: an address or a prefix is needed" },
	{ ",10.0.0.1", "part 1: is empty: an address or a prefix is needed" },
	{ "10.0.0.1,10.0.0.2,", "part 3: '' is not expected: after A,B comes via=G,H" },
	{ "10.0.0.1,10.0.0.2,10.0.0.3", "part 3: '10.0.0.3' is not expected: after A,B comes via=G,H" },
	{ "10.0.0.1,10.0.0.2,via=", "part 3: is empty: the address of a gateway is needed" },
	{ "10.0.0.1,10.0.0.2,via=192.0.2.1", "part 4: is missing: via= needs at least two gateways" },
	{ "10.0.0.1,10.0.0.2,via=192.0.2.1,", "part 4: is empty: the address of a gateway is needed" },
	{ "10.0.0.1,10.0.0.2,via=192.0.2.1,192.0.2.1", "part 4: '192.0.2.1' is a gateway already: name each one once" },
	{ "10.0.0.1,10.0.0.2,via=192.0.2.1,fd00::1",
	  "part 4: is IPv6 and the one before is IPv4: one family is possible" },
	{ "10.0.0.1,10.0.0.2,via=192.0.2.1,via=192.0.2.2",
	  "part 4: 'via=192.0.2.2' is not an address: a gateway is one IPv4 or IPv6 address" },
	{ "10.0.0.1,fd00::1", "part 2: is IPv6 and the one before is IPv4: one family is possible" },
	{ "10.0.0.0/8,10.2.0.0/33", "part 2: '10.2.0.0/33' is not a prefix: IPv4 prefix lengths go up to 32" },
	{ "10.1.0.5/16,10.2.0.0/16",
	  "part 1: '10.1.0.5/16' has host bits set: 10.1.0.0/16 is the network, 10.1.0.5 the host" },
	{ "any,10.2.0.0/16", "part 1: 'any' is not possible here: name an address or a prefix" },
	{ "10.0.0.1 ,10.0.0.2",
	  "part 1: '10.0.0.1 ' is not a prefix: an IPv4 or IPv6 address, ADDRESS/LENGTH or 'any' is possible" },
	{ "10.9.0.1,10.9.0.2",
	  "'10.9.0.1,10.9.0.2' is there already, as rule '10.9.0.1,10.9.0.2': keep one of the two" },
	{ "10.9.0.2,10.9.0.1",
	  "'10.9.0.2,10.9.0.1' is there already, as rule '10.9.0.1,10.9.0.2': keep one of the two" },
};

enum { SECURED_REFUSALS = sizeof(secured_refusals) / sizeof(*secured_refusals) };

START_TEST(secured_refused)
{
	const struct secured_refusal *one = &secured_refusals[_i];
	struct config *config = config_default();
	struct config_error error = { "" };
	char expected[sizeof(error)];

	ck_assert(config_add_secured(config, "10.9.0.1,10.9.0.2", &error));
	ck_assert(!config_add_secured(config, one->text, &error));
	snprintf(expected, sizeof(expected), "--secured: %s", one->message);
	ck_assert_str_eq(error.text, expected);
	ck_assert_uint_eq(config->policy.rule_count, 1);
	config_free(config);
}
END_TEST

START_TEST(secured_gateways)
{
	struct config *config = config_default();
	struct config_error error;
	char text[2048] = "10.0.0.1,10.0.0.2,via=192.0.2.1";
	char *at = text + strlen(text);

	for (int i = 2; i <= 64; i++)
		at += sprintf(at, ",192.0.2.%d", i);
	ck_assert(config_add_secured(config, text, &error));
	ck_assert_uint_eq(config->policy.rules[0].gateway_count, 64);
	strcpy(at, ",192.0.2.65");
	text[7] = '5';
	ck_assert(!config_add_secured(config, text, &error));
	ck_assert_str_eq(error.text, "--secured: part 67: is one too many: up to 64 gateways are possible");
	config_free(config);
}
END_TEST

START_TEST(interfaces)
{
	struct config *config = parse("capture: [{interface: eth0, side: inside}]");

	ck_assert(config_add_interface(config, "eth0"));
	ck_assert_uint_eq(config->interface_count, 1);
	ck_assert_int_eq(config->interfaces[0].side, CONFIG_SIDE_INSIDE);
	ck_assert(config_add_interface(config, "eth1"));
	ck_assert(config_add_interface(config, "eth1"));
	ck_assert_uint_eq(config->interface_count, 2);
	ck_assert_str_eq(config->interfaces[1].name, "eth1");
	ck_assert_int_eq(config->interfaces[1].side, CONFIG_SIDE_OUTSIDE);
	ck_assert_uint_eq(config->interfaces[1].buffer, 64 << 20);
	config_free(config);
}
END_TEST

START_TEST(ten_thousand_rules)
{
	enum { COUNT = 10000 };
	char *text = malloc(COUNT * 100);
	char *at = stpcpy(text, "policy:\n  rules:\n");
	struct config *config;

	for (int i = 0; i < COUNT; i++)
		at += sprintf(at, "    - name: rule %d\n      between: [10.%d.%d.0/24, 11.%d.%d.0/24]\n", i, i / 256,
			      i % 256, i / 256, i % 256);
	config = parse(text);
	ck_assert_uint_eq(config->policy.rule_count, COUNT);
	ck_assert_int_eq(config->policy.rules[COUNT - 1].line, 2 * COUNT + 1);
	ck_assert(config_seal(config));
	config_free(config);
	free(text);
}
END_TEST

/* The sample file. Its settings that are commented out have '#' and no space before the key. */
static char *read_sample(void)
{
	FILE *file = fopen(SAMPLE, "r");
	char *text = calloc(1, 64 << 10);

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, (64 << 10) - 1, file), 0);
	fclose(file);
	return text;
}

/* The column of '#' of a setting that is commented out, or -1. `setting` receives whether the line is any setting. */
static int commented_column(const char *line, bool *setting)
{
	int column = (int)strspn(line, " ");

	*setting = line[column] != '\n' && line[column] && line[column] != '#';
	if (line[column] != '#' || line[column + 1] == ' ' || line[column + 1] == '\n')
		return -1;
	*setting = true;
	return column;
}

static char *next_line(char *line)
{
	char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Removes the '#' of the line. */
static void uncomment(char *line, int column)
{
	memmove(line + column, line + column + 1, strlen(line + column));
}

START_TEST(sample)
{
	struct config_error error;
	struct config *config = config_load(SAMPLE, &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	/* But for the interface, everything is as without a file. */
	ck_assert_uint_eq(config->interface_count, 1);
	ck_assert_str_eq(config->interfaces[0].name, "any");
	config->interface_count = 0;
	check_defaults(config);
	config->interface_count = 1;
	config_free(config);
}
END_TEST

START_TEST(sample_uncommented)
{
	char *text = read_sample();
	struct config *config;
	unsigned settings = 0;
	bool setting;

	for (char *line = text; *line; line = next_line(line)) {
		int column = commented_column(line, &setting);
		if (column >= 0) {
			uncomment(line, column);
			settings++;
		}
	}
	config = parse(text);
	ck_assert_uint_gt(settings, 40);
	ck_assert_uint_eq(config->policy.rule_count, 3);
	ck_assert_uint_eq(config->evidence.file_size, 256 << 10);
	ck_assert_uint_eq(config->evidence.size, 256 << 20);
	ck_assert_uint_eq(config->evidence.files, 10000);
	ck_assert_int_eq(config->evidence.keep_ns, 30 * 86400 * second);
	ck_assert_uint_eq(config->evidence.memory, 8 << 20);
	/* What the sample calls a default is one. */
	ck_assert_int_eq(config->rekey.min_lifetime_ns, 300 * second);
	ck_assert_uint_eq(config->rekey.min_volume, 50000000);
	ck_assert_int_eq(config->rekey.stale_grace_ns, 10 * second);
	ck_assert_uint_eq(config->limits.flows, 1000000);
	ck_assert_uint_eq(config->limits.sas, 200000);
	ck_assert_uint_eq(config->limits.ike, 50000);
	ck_assert_uint_eq(config->limits.pairs, 200000);
	ck_assert_uint_eq(config->limits.learned, 50000);
	ck_assert_uint_eq(config->limits.memory, 1 << 30);
	ck_assert_uint_eq(config->interfaces[0].buffer, 64 << 20);
	ck_assert_uint_eq(config->interfaces[0].decapsulate, CONFIG_TUNNEL_GTP - 1);
	ck_assert_str_eq(config->syslog.to, "/dev/log");
	ck_assert_int_eq(config->syslog.facility, 10);
	ck_assert_int_eq(config->store.keep_ns, 90 * 86400 * second);
	config_free(config);
	free(text);
}
END_TEST

START_TEST(sample_snippets)
{
	char *original = read_sample();
	char *text = malloc(strlen(original) + 1);
	unsigned snippets = 0;
	int outer = -1; /* column of the section that is commented out around the line; -1: none */
	bool setting;

	for (char *line = original; *line; line = next_line(line)) {
		int column = commented_column(line, &setting);
		char *at;

		if (outer >= 0 && column > outer)
			continue;
		if (setting)
			outer = -1;
		if (column < 0)
			continue;
		outer = column;
		snippets++;
		/* This line and what belongs to it, in a copy. */
		strcpy(text, original);
		at = text + (line - original);
		uncomment(at, column);
		for (at = next_line(at); *at; at = next_line(at)) {
			int inner = commented_column(at, &setting);
			if (setting && inner <= column)
				break;
			if (inner > column)
				uncomment(at, inner);
		}
		config_free(parse(text));
	}
	ck_assert_uint_gt(snippets, 20);
	free(text);
	free(original);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_values");
	TCase *tests = tcase_create("config_values");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, every_key);
	tcase_add_test(tests, rules);
	tcase_add_test(tests, spellings);
	tcase_add_test(tests, listening_places);
	tcase_add_test(tests, words);
	tcase_add_test(tests, sizes);
	tcase_add_test(tests, sections_by_name);
	tcase_add_test(tests, secured);
	tcase_add_loop_test(tests, secured_refused, 0, SECURED_REFUSALS);
	tcase_add_test(tests, secured_gateways);
	tcase_add_test(tests, interfaces);
	tcase_add_test(tests, ten_thousand_rules);
	tcase_add_test(tests, sample);
	tcase_add_test(tests, sample_uncommented);
	tcase_add_test(tests, sample_snippets);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
