/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 5424 messages, read back by a parser of their own that follows the grammar of RFC 5424 section 6 and shares no code
 * with the formatter; the header of local sockets; and the eventlog shape's text, where the module was built.
 */
#include "../../daemon/report/evtlog.h"
#include "../../daemon/report/rfc5424.h"
#include "../../daemon/report/utf8.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { PARAMETERS_MAX = 96 };

struct parsed {
	int priority;
	char time[64], host[256], program[64], process[64], message_id[64];
	char elements[4][40];
	size_t element_count;
	struct {
		size_t element;
		char name[40];
		char value[1024];
	} parameters[PARAMETERS_MAX];
	size_t parameter_count;
	const char *text;
};

static void parse_word(const char **at, size_t limit, char *out)
{
	size_t length = strcspn(*at, " ");

	ck_assert_uint_ge(length, 1);
	ck_assert_uint_le(length, limit);
	for (size_t i = 0; i < length; i++)
		ck_assert((*at)[i] > 0x20 && (*at)[i] < 0x7f);
	memcpy(out, *at, length);
	out[length] = '\0';
	ck_assert_int_eq((*at)[length], ' ');
	*at += length + 1;
}

static void parse_name(const char **at, char *out)
{
	size_t length = strcspn(*at, " =]\"");

	ck_assert_uint_ge(length, 1);
	ck_assert_uint_le(length, 32);
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length;
}

/* *at stands on "[". */
static void parse_element(const char **at, struct parsed *parsed)
{
	++*at;
	ck_assert_uint_lt(parsed->element_count, 4);
	parse_name(at, parsed->elements[parsed->element_count]);
	while (**at == ' ') {
		size_t used = 0;

		++*at;
		ck_assert_uint_lt(parsed->parameter_count, PARAMETERS_MAX);
		parsed->parameters[parsed->parameter_count].element = parsed->element_count;
		parse_name(at, parsed->parameters[parsed->parameter_count].name);
		ck_assert(strncmp(*at, "=\"", 2) == 0);
		for (*at += 2; **at != '"'; ++*at) {
			ck_assert_msg(**at != '\0' && **at != ']', "value is not closed");
			if (**at == '\\') {
				++*at;
				ck_assert_msg(strchr("\"\\]", **at) != NULL, "escapes '%c'", **at);
			}
			ck_assert_uint_lt(used, 1023);
			parsed->parameters[parsed->parameter_count].value[used++] = **at;
		}
		++*at;
		parsed->parameters[parsed->parameter_count++].value[used] = '\0';
	}
	ck_assert_int_eq(**at, ']');
	++*at;
	parsed->element_count++;
}

static void parse(const char *message, struct parsed *parsed)
{
	const char *at = message;
	char *end;

	memset(parsed, 0, sizeof(*parsed));
	ck_assert_int_eq(*at, '<');
	parsed->priority = (int)strtol(at + 1, &end, 10);
	ck_assert_msg(strncmp(end, ">1 ", 3) == 0, "%s", message);
	at = end + 3;
	parse_word(&at, 32, parsed->time);
	parse_word(&at, 255, parsed->host);
	parse_word(&at, 48, parsed->program);
	parse_word(&at, 128, parsed->process);
	parse_word(&at, 32, parsed->message_id);
	if (*at == '-')
		at++;
	else
		ck_assert_int_eq(*at, '[');
	while (*at == '[')
		parse_element(&at, parsed);
	ck_assert_msg(strncmp(at, " \xef\xbb\xbf", 4) == 0, "no BOM at '%s'", at);
	parsed->text = at + 4;
}

static const char *value_of(const struct parsed *parsed, const char *name)
{
	for (size_t i = 0; i < parsed->parameter_count; i++) {
		if (strcmp(parsed->parameters[i].name, name) == 0)
			return parsed->parameters[i].value;
	}
	return "(absent)";
}

static const struct rfc5424_origin origin = { 10, "edge-1", "espiald", 4242, RFC5424_HEADER_FULL };

START_TEST(message_says_all_it_must)
{
	static const struct {
		const char *name, *value;
	} wanted[] = {
		{ "alert", "0123456789abcdef" },
		{ "id", "cleartext-leak" },
		{ "cause", "sa-lost" },
		{ "state", "open" },
		{ "severity", "high" },
		{ "grade", "observed" },
		{ "a", "10.1.0.1" },
		{ "b", "10.2.0.2" },
		{ "src", "10.2.0.2" },
		{ "dst_port", "80" },
		{ "rule", "hq-branch" },
		{ "protocol", "HTTP" },
		{ "count", "17" },
		{ "bytes", "12345" },
		{ "first", "2026-11-21T20:29:57.623456Z" },
		{ "last", "2026-11-21T20:30:00.123456Z" },
		{ "windows_event", "4963" },
		{ "seconds", "0.1" },
		{ "delete_seen", "true" },
		{ "initiator", "10.2.0.2" },
		{ "realm", "(absent)" },
		{ "cut", "(absent)" },
	};
	struct record record = sample_finding();
	char message[RFC5424_MESSAGE_MAX];
	size_t length = rfc5424_format(&record.finding, &origin, RFC5424_WHOLE, message, sizeof(message));
	struct parsed parsed;

	ck_assert_uint_eq(length, strlen(message));
	parse(message, &parsed);
	ck_assert_int_eq(parsed.priority, 83);
	ck_assert_str_eq(parsed.time, "2026-11-21T20:30:00.123456Z");
	ck_assert_str_eq(parsed.host, "edge-1");
	ck_assert_str_eq(parsed.program, "espiald");
	ck_assert_str_eq(parsed.process, "4242");
	ck_assert_str_eq(parsed.message_id, "cleartext-leak");
	ck_assert_str_eq(parsed.elements[0], "espial@32473");
	ck_assert_str_eq(parsed.elements[1], "evidence@32473");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strcmp(value_of(&parsed, wanted[i].name), wanted[i].value) == 0, "%s is %s",
			      wanted[i].name, value_of(&parsed, wanted[i].name));
	ck_assert(strncmp(parsed.text, record.finding.text, strlen(record.finding.text)) == 0);
	ck_assert_ptr_nonnull(strstr(parsed.text, catalogue_advice(FINDING_CLEARTEXT_LEAK, CAUSE_SA_LOST)));
}
END_TEST

START_TEST(networks_that_are_kept_apart_are_named)
{
	struct record record = sample_finding();
	char message[RFC5424_MESSAGE_MAX];
	struct parsed parsed;

	record.finding.realm = 4001;
	rfc5424_format(&record.finding, &origin, RFC5424_CUT, message, sizeof(message));
	parse(message, &parsed);
	ck_assert_str_eq(value_of(&parsed, "realm"), "4001");
	/* The number is the engine's own where an interface is the network. */
	record.finding.realm_interface = "eth\"1";
	rfc5424_format(&record.finding, &origin, RFC5424_CUT, message, sizeof(message));
	parse(message, &parsed);
	ck_assert_str_eq(value_of(&parsed, "realm"), "eth\"1");
}
END_TEST

START_TEST(severities_map)
{
	static const int numbers[SEVERITY_COUNT] = { 2, 3, 4, 5, 6 };

	for (int i = 0; i < SEVERITY_COUNT; i++) {
		struct record record = sample_finding();
		char message[RFC5424_MESSAGE_MAX];
		struct parsed parsed;

		record.finding.severity = (enum finding_severity)i;
		rfc5424_format(&record.finding, &origin, RFC5424_WHOLE, message, sizeof(message));
		parse(message, &parsed);
		ck_assert_int_eq(parsed.priority, 80 + numbers[i]);
	}
}
END_TEST

/* Every octet, alone and after a quote, a backslash and a bracket. */
START_TEST(no_octet_breaks_the_frame)
{
	static const char *const before[] = { "", "\"", "\\", "]", "\xc3", "\xe2\x80" };

	for (int octet = 1; octet < 256; octet++) {
		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
			struct record record = sample_finding();
			char message[RFC5424_MESSAGE_MAX], hostile[16], plain[64];
			struct parsed parsed;
			const char *at;

			snprintf(hostile, sizeof(hostile), "%s%c", before[i], octet);
			utf8_plain(hostile, SIZE_MAX, plain, sizeof(plain));
			record.finding.protocol = hostile;
			record.finding.rule = hostile;
			snprintf(record.finding.text, sizeof(record.finding.text), "%s", hostile);
			finding_note_text(&record.finding, "name", hostile);
			rfc5424_format(&record.finding, &origin, RFC5424_WHOLE, message, sizeof(message));
			parse(message, &parsed);
			ck_assert_str_eq(value_of(&parsed, "protocol"), plain);
			ck_assert_str_eq(value_of(&parsed, "name"), plain);
			ck_assert(strncmp(parsed.text, plain, strlen(plain)) == 0);
			for (at = message; *at;) {
				uint32_t code = utf8_next(&at, message + strlen(message));
				ck_assert(!utf8_is_control(code) || code == 0xfeff);
			}
		}
	}
}
END_TEST

START_TEST(bounds_hold)
{
	struct record record = sample_finding();
	char message[RFC5424_MESSAGE_MAX], long_text[4096];
	struct parsed parsed;

	memset(long_text, ']', sizeof(long_text) - 1); /* each takes two octets */
	long_text[sizeof(long_text) - 1] = '\0';
	record.finding.protocol = record.finding.rule = record.finding.interface = record.finding.cleared_by =
	    long_text;
	memset(record.finding.text, '\xff', sizeof(record.finding.text) - 1);
	for (int i = 0; i < FINDING_EVIDENCE_MAX; i++)
		finding_note_text(&record.finding, "key", long_text);
	for (size_t size = RFC5424_CUT_MAX; size <= sizeof(message); size += 97) {
		ck_assert_uint_lt(rfc5424_format(&record.finding, &origin, RFC5424_WHOLE, message, size), size);
		parse(message, &parsed);
		ck_assert_uint_lt(rfc5424_format(&record.finding, &origin, RFC5424_CUT, message, size),
				  RFC5424_CUT_MAX);
		parse(message, &parsed);
		ck_assert_str_eq(value_of(&parsed, "cut"), "evidence,advice");
		ck_assert_uint_eq(parsed.element_count, 1);
		ck_assert_str_eq(value_of(&parsed, "id"), "cleartext-leak");
	}
}
END_TEST

START_TEST(header_names_are_made_safe)
{
	struct rfc5424_origin odd = origin;
	struct record record = sample_finding();
	char message[RFC5424_MESSAGE_MAX], name[400];
	struct parsed parsed;

	odd.sensor = "edge 1\n\xc3\xbc";
	rfc5424_format(&record.finding, &odd, RFC5424_WHOLE, message, sizeof(message));
	parse(message, &parsed);
	ck_assert_str_eq(parsed.host, "edge_1___");
	odd.sensor = "";
	rfc5424_format(&record.finding, &odd, RFC5424_WHOLE, message, sizeof(message));
	parse(message, &parsed);
	ck_assert_str_eq(parsed.host, "-");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	odd.sensor = name;
	rfc5424_format(&record.finding, &odd, RFC5424_WHOLE, message, sizeof(message));
	parse(message, &parsed);
	ck_assert_uint_eq(strlen(parsed.host), 255);
}
END_TEST

START_TEST(local_header_is_that_of_syslog)
{
	struct rfc5424_origin local = origin;
	struct record record = sample_finding();
	char message[RFC5424_MESSAGE_MAX];

	setenv("TZ", "UTC0", 1);
	local.header = RFC5424_HEADER_LOCAL;
	rfc5424_format(&record.finding, &local, RFC5424_WHOLE, message, sizeof(message));
	ck_assert_msg(
	    strncmp(message, "<83>Nov 21 20:30:00 espiald[4242]: [espial@32473 alert=\"0123456789abcdef\" ", 74) == 0,
	    "%s", message);
	record.finding.time_ns -= INT64_C(13) * 86400 * 1000000000; /* the day has two columns */
	rfc5424_format(&record.finding, &local, RFC5424_WHOLE, message, sizeof(message));
	ck_assert_msg(strncmp(message, "<83>Nov  8 20:30:00 espiald[4242]: ", 35) == 0, "%s", message);
	rfc5424_format_text("a\nb", 6, SAMPLE_TIME, &local, message, sizeof(message));
	ck_assert_str_eq(message, "<86>Nov 21 20:30:00 espiald[4242]: a\xef\xbf\xbd"
				  "b");
	rfc5424_format_text("a", 6, SAMPLE_TIME, &origin, message, sizeof(message));
	ck_assert_str_eq(message, "<86>1 2026-11-21T20:30:00.123456Z edge-1 espiald 4242 notice - \xef\xbb\xbf"
				  "a");
}
END_TEST

#ifdef EVTLOG_MODULE
START_TEST(eventlog_is_exactly_this)
{
	char problem[256], out[4096];
	struct evtlog *evtlog = evtlog_open(EVTLOG_MODULE, "espiald", 10, problem, sizeof(problem));
	struct record record = sample_finding();

	ck_assert_msg(evtlog != NULL, "%s", problem);
	record.finding.protocol = "x\\', severity='info;\n\xff";
	record.finding.state = FINDING_CLEAR;
	record.finding.evidence_count = 1;
	ck_assert_uint_eq(evtlog_format(evtlog, &record.finding, "edge-1", true, out, sizeof(out)), strlen(out));
	ck_assert_str_eq(
	    out, "10.2.0.2 sends HTTP to 10.1.0.1 in clear since its SA ended.; alert='0123456789abcdef', "
		 "id='cleartext-leak', cause='sa-lost', state='clear', severity='high', grade='observed', "
		 "subject='pair', sensor='edge-1', a='10.1.0.1', b='10.2.0.2', rule='hq-branch', "
		 "protocol='x\\\\\\', severity=\\'info;\xef\xbf\xbd\xef\xbf\xbd', src='10.2.0.2', dst='10.1.0.1', "
		 "src_port='40000', dst_port='80', interface='eth1', "
		 "community_id='1:gGAZ/p8TdbBxOnYkUMUWZGyhZsc=', count='17', bytes='12345', "
		 "first='2026-11-21T20:29:57.623456Z', last='2026-11-21T20:30:00.123456Z', windows_event='4963', "
		 "packets='17'");
	ck_assert_uint_eq(evtlog_format(evtlog, &record.finding, "edge-1", true, out, 100), 0);
	record.finding.evidence_count = 6;
	evtlog_format(evtlog, &record.finding, "edge-1", false, out, sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, ", cut='evidence,advice'"));
	ck_assert_ptr_null(strstr(out, "delete_seen"));
	evtlog_close(evtlog);
}
END_TEST
#endif

START_TEST(missing_module_is_told)
{
	char problem[256] = "";

	ck_assert_ptr_null(evtlog_open("/nonexistent/espial_evtlog.so", "espiald", 10, problem, sizeof(problem)));
	ck_assert_msg(strstr(problem, "/nonexistent/espial_evtlog.so") != NULL, "%s", problem);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rfc5424");
	TCase *messages = tcase_create("messages");

	tcase_add_test(messages, message_says_all_it_must);
	tcase_add_test(messages, networks_that_are_kept_apart_are_named);
	tcase_add_test(messages, severities_map);
	tcase_add_test(messages, no_octet_breaks_the_frame);
	tcase_add_test(messages, bounds_hold);
	tcase_add_test(messages, header_names_are_made_safe);
	tcase_add_test(messages, local_header_is_that_of_syslog);
#ifdef EVTLOG_MODULE
	tcase_add_test(messages, eventlog_is_exactly_this);
#endif
	tcase_add_test(messages, missing_module_is_told);
	tcase_set_timeout(messages, 60);
	suite_add_tcase(suite, messages);
	return suite_end(suite);
}
