/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_changes.c: each key of the file is given another value, and something has to come of it: another reporter, a word that it is heeded
 * at the next start, or it is one of those that the engine heeds at once. Which keys there are the schema says itself, so that one
 * that is added later is missed here.
 */
#include "../../config/config_changes.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

/* What a change of a key needs. */
enum { ENGINE = 0, REPORTER = 1, START = 2 };

struct key {
	const char *section, *key; /* section: "" for the file itself */
	const char *one, *other;
	unsigned needs;
};

static const struct key keys[] = {
	{ "", "sensor", "edge-1", "edge-2", REPORTER | START },
	{ "", "classify", "all", "policy", START },
	{ "", "capture", "[{interface: e0}]", "[{interface: e0}, {interface: e1}]", ENGINE },
	{ "", "policy", "{learn: true}", "{learn: false}", ENGINE },
	{ "", "rekey", "{min-lifetime: 5min}", "{min-lifetime: 6min}", ENGINE },
	{ "", "health", "{drops: 5%}", "{drops: 6%}", ENGINE },
	{ "", "alerts", "{per-minute: 5}", "{per-minute: 6}", ENGINE },
	{ "limits", "flows", "100000", "200000", START },
	{ "limits", "sas", "100000", "200000", START },
	{ "limits", "ike", "10000", "20000", START },
	{ "limits", "pairs", "100000", "200000", START },
	{ "limits", "learned", "10000", "20000", START },
	{ "limits", "memory", "2GiB", "3GiB", START },
	{ "report.syslog", "to", "/dev/log", "/run/log", REPORTER },
	{ "report.syslog", "to", "udp://192.0.2.1", "tcp://192.0.2.1", REPORTER },
	{ "report.syslog", "to", "tcp://192.0.2.1:601", "tcp://192.0.2.1:602", REPORTER },
	{ "report.syslog", "to", "none", "/dev/log", REPORTER },
	{ "report.syslog", "facility", "local0", "local1", REPORTER },
	{ "report.syslog", "shape", "cef", "rfc5424", REPORTER },
	{ "report.syslog", "ca", "/etc/one.pem", "/etc/other.pem", REPORTER },
	{ "report.syslog", "name", "one.example", "other.example", REPORTER },
	{ "report.syslog", "certificate", "/etc/one.pem", "/etc/other.pem", REPORTER },
	{ "report.syslog", "key", "/etc/one.key", "/etc/other.key", REPORTER },
	{ "report.json", "file", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.control", "socket", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.spool", "dir", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.spool", "dir", "/var/lib/espial/one", "none", REPORTER },
	{ "report.spool", "size", "64MiB", "128MiB", REPORTER },
	{ "report.store", "path", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.store", "keep", "30d", "31d", REPORTER },
	{ "report.store", "size", "1GiB", "2GiB", REPORTER },
	{ "report.http", "listen", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.http", "token-file", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.evidence", "dir", "/var/lib/espial/one", "/var/lib/espial/other", REPORTER },
	{ "report.evidence", "payload", "headers", "ike", START },
	{ "report.evidence", "file-size", "128KiB", "256KiB", REPORTER },
	{ "report.evidence", "size", "64MiB", "128MiB", REPORTER },
	{ "report.evidence", "files", "100", "200", REPORTER },
	{ "report.evidence", "keep", "30d", "31d", REPORTER },
	{ "report.evidence", "memory", "8MiB", "16MiB", START },
};

static struct config *parse(const char *yaml)
{
	struct config_error error = { "" };
	struct config *config = config_parse("test", yaml, strlen(yaml), &error);

	ck_assert_msg(config != NULL, "%s\n%s", error.text, yaml);
	ck_assert(config_seal(config));
	return config;
}

/* A file with one key, and whatever its section needs beside it. */
static void write_file(char *text, size_t size, const struct key *key, const char *value)
{
	const char *beside = "";

	if (strcmp(key->section, "report.syslog") == 0 && strcmp(key->key, "to") != 0)
		beside = "to: \"tls://192.0.2.1\", ";
	if (strcmp(key->section, "report.syslog") == 0 && strcmp(key->key, "certificate") == 0)
		beside = "to: \"tls://192.0.2.1\", key: /etc/a.key, ";
	if (strcmp(key->section, "report.syslog") == 0 && strcmp(key->key, "key") == 0)
		beside = "to: \"tls://192.0.2.1\", certificate: /etc/a.pem, ";
	if (strcmp(key->section, "report.http") == 0 && strcmp(key->key, "listen") != 0)
		beside = "listen: \"127.0.0.1:8080\", ";
	if (strcmp(key->section, "report.evidence") == 0 && strcmp(key->key, "dir") != 0)
		beside = "dir: /var/lib/espial/evidence, ";
	bool report = strncmp(key->section, "report.", 7) == 0;
	if (!*key->section)
		snprintf(text, size, "%s: %s\n", key->key, value);
	else
		snprintf(text, size, "%s%s: { %s%s: %s }\n", report ? "report:\n  " : "",
			 key->section + (report ? 7 : 0), beside, key->key, value);
}

START_TEST(each_key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key *key = &keys[i];
		char one_text[512], other_text[512];
		write_file(one_text, sizeof(one_text), key, key->one);
		write_file(other_text, sizeof(other_text), key, key->other);
		struct config *one = parse(one_text), *again = parse(one_text), *other = parse(other_text);
		ck_assert_msg(config_same_report(one, again) && config_same_start(one, again), "%s", one_text);
		ck_assert_msg(config_same(one, again), "%s", one_text);
		ck_assert_msg(!config_same(one, other) && !config_same(other, one), "%s.%s", key->section, key->key);
		for (unsigned turn = 0; turn < 2; turn++) {
			const struct config *from = turn ? other : one, *to = turn ? one : other;
			ck_assert_msg(config_same_report(from, to) == !(key->needs & REPORTER), "%s.%s: reporter",
				      key->section, key->key);
			ck_assert_msg(config_same_start(from, to) == !(key->needs & START), "%s.%s: start",
				      key->section, key->key);
		}
		config_free(one);
		config_free(again);
		config_free(other);
	}
}
END_TEST

static bool is_in_table(const char *section, const char *key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0)
			return true;
	return false;
}

/* The keys of a section, as the message about one that does not exist lists them. */
static void each_is_in_table(const char *section, const char *yaml)
{
	struct config_error error;
	unsigned count = 0;

	ck_assert_ptr_null(config_parse("test", yaml, strlen(yaml), &error));
	char *list = strstr(error.text, " key: "), *end = list ? strstr(list, " possible") : NULL;
	ck_assert_msg(end != NULL, "%s", error.text);
	*end = '\0';
	for (char *rest = NULL, *word = strtok_r(list + strlen(" key: "), ", ", &rest); word;
	     word = strtok_r(NULL, ", ", &rest)) {
		if (strcmp(word, "is") == 0 || strcmp(word, "are") == 0)
			continue;
		bool is_section = !*section && (strcmp(word, "limits") == 0 || strcmp(word, "report") == 0);
		ck_assert_msg(is_section || is_in_table(section, word), "a change of %s.%s is not tested", section,
			      word);
		count++;
	}
	ck_assert_uint_gt(count, 0);
}

START_TEST(no_key_is_missing)
{
	static const char *const sections[] = { "syslog", "json", "control", "spool", "store", "http", "evidence" };
	char section[64], yaml[128];
	struct config_error error;

	each_is_in_table("", "xxxxxxxx: 1\n");
	each_is_in_table("limits", "limits: { xxxxxxxx: 1 }\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		snprintf(section, sizeof(section), "report.%s", sections[i]);
		snprintf(yaml, sizeof(yaml), "report: { %s: { xxxxxxxx: 1 } }\n", sections[i]);
		each_is_in_table(section, yaml);
	}
	/* Nor a section. */
	static const char any[] = "report: { xxxxxxxx: 1 }\n";
	ck_assert_ptr_null(config_parse("test", any, strlen(any), &error));
	unsigned named = 0, commas = 0;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		named += strstr(error.text, sections[i]) != NULL;
	for (const char *at = error.text; *at; at++)
		commas += *at == ',';
	ck_assert_msg(named == sizeof(sections) / sizeof(sections[0]) && commas == named - 1, "%s", error.text);
}
END_TEST

/* A ring that exists keeps its size; one of an interface that is new gets what is wanted. Evidence begins and ends at a start. */
START_TEST(rings)
{
	static const char *const files[] = {
		"capture: [{interface: e0, buffer: 64MiB}]\n",
		"capture: [{interface: e0, buffer: 32MiB}]\n",
		"capture: [{interface: e1, buffer: 32MiB}]\n",
		"capture: [{interface: e0, buffer: 64MiB, side: inside, realm: vlan}]\n",
		"capture: [{interface: e0, buffer: 64MiB}]\nreport: { evidence: { dir: /var/lib/espial/e } }\n",
	};
	struct config *config[sizeof(files) / sizeof(files[0])];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		config[i] = parse(files[i]);
	ck_assert(!config_same_start(config[0], config[1]));
	ck_assert(config_same_start(config[0], config[2]));
	ck_assert(config_same_start(config[0], config[3]));
	ck_assert(!config_same_start(config[0], config[4]));
	ck_assert(!config_same_start(config[4], config[0]));
	ck_assert(!config_same_report(config[0], config[4]));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		config_free(config[i]);
}
END_TEST

/* What the engine has lists of, each entry in each of its members. The first is the one that the others are held against. */
START_TEST(lists)
{
	static const char *const files[] = {
		"capture: [{interface: e0, pin: [1, 2-3]}]\n"
		"alerts: {maintenance: [{name: w, hosts: [10.1.0.0/16], at: 'sun 02:00-04:00'}]}\n"
		"policy:\n  allow: [icmp, dns]\n  rules:\n    - name: r\n      between: [10.1.0.0/24, 10.2.0.0/24]\n"
		"      gateways: [192.0.2.1, 192.0.2.2]\n      allow: [tcp/22]\n      deny: [http]\n    - name: s\n"
		"      between: [10.1.0.9, 10.2.0.9]\n",
	};
	static const struct {
		const char *old, *new;
	} changes[] = {
		{ "e0", "e1" },
		{ "[1, 2-3]", "[1, 2-4]" },
		{ "[1, 2-3]", "[1]" },
		{ "[1, 2-3]}", "[1, 2-3], side: inside}" },
		{ "name: w", "name: v" },
		{ "10.1.0.0/16", "10.1.0.0/17" },
		{ "hosts: [10.1.0.0/16], ", "" },
		{ "04:00", "05:00" },
		{ "[icmp, dns]", "[icmp, ntp]" },
		{ "[icmp, dns]", "[icmp]" },
		{ "name: r", "name: t" },
		{ "10.2.0.0/24", "10.2.0.0/25" },
		{ "10.2.0.0/24]", "10.2.0.0/24]\n      level: respond" },
		{ "10.2.0.0/24]", "10.2.0.0/24]\n      crypto: cnsa-2.0" },
		{ "192.0.2.2", "192.0.2.3" },
		{ "tcp/22", "tcp/23" },
		{ "deny: [http]", "deny: [ntp]" },
		{ "10.2.0.9", "10.2.0.8" },
		{ "    - name: s\n      between: [10.1.0.9, 10.2.0.9]\n", "" },
	};
	char text[1024];
	struct config *from = parse(files[0]);

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(files[0], changes[i].old);
		ck_assert_ptr_nonnull(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - files[0]), files[0], changes[i].new,
			 at + strlen(changes[i].old));
		struct config *to = parse(text);
		ck_assert_msg(!config_same(from, to) && !config_same(to, from), "%s", text);
		config_free(to);
	}
	/* Where it stands is nothing to go by. */
	snprintf(text, sizeof(text), "# a word\n\n%s", files[0]);
	struct config *same = parse(text);
	ck_assert(config_same(from, same));
	config_free(same);
	config_free(from);
}
END_TEST

/* Only what differs is named. */
START_TEST(names_of_what_differs)
{
	static const struct {
		const char *yaml, *names;
		unsigned count;
	} files[] = {
		{ "sensor: a\n", "", 0 },
		{ "sensor: b\n", "sensor", 1 },
		{ "sensor: a\nlimits: {flows: 100000}\n", "limits", 1 },
		{ "sensor: a\nclassify: all\nlimits: {flows: 100000}\n", "classify, limits", 2 },
		{ "sensor: a\nreport: { evidence: { dir: /var/lib/espial/e } }\n", "report.evidence", 1 },
		{ "sensor: a\npolicy: {learn: false}\n", "", 0 },
		{ "sensor: b\nclassify: all\nlimits: {flows: 100000}\ncapture: [{interface: e0, buffer: 8MiB}]\n"
		  "report: { evidence: { dir: /var/lib/espial/e } }\n",
		  "sensor, classify, limits, report.evidence", 4 },
	};
	char names[CONFIG_START_NAMES_SIZE];
	struct config *from = parse(files[0].yaml);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config *to = parse(files[i].yaml);
		ck_assert_uint_eq(config_start_names(from, to, names), files[i].count);
		ck_assert_str_eq(names, files[i].names);
		config_free(to);
	}
	config_free(from);
	from = parse("capture: [{interface: e0, buffer: 8MiB}]\n");
	struct config *to = parse("capture: [{interface: e0, buffer: 16MiB}]\n");
	ck_assert_uint_eq(config_start_names(from, to, names), 1);
	ck_assert_str_eq(names, "buffers and workers under capture");
	config_free(from);
	config_free(to);
}
END_TEST

SUITE_MAIN("config_changes", each_key, no_key_is_missing, rings, lists, names_of_what_differs)
