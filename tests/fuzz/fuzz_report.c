/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings with hostile strings and any numbers, in every form they leave in: RFC 5424 with both headers, whole and cut,
 * event records where libevtlog is, JSON, and the text for a terminal. None may carry a control character, break the
 * frame it is in, or outgrow its room; of what stands in a parameter nothing may end it early.
 *
 * The input is taken from the front: numbers as they are needed, strings up to a zero octet.
 */
#include "fuzz.h"

#include "daemon/report/evtlog.h"
#include "daemon/report/json.h"
#include "daemon/report/record_reader.h"
#include "daemon/report/rfc5424.h"
#include "daemon/report/text.h"
#include "daemon/report/utf8.h"

#include <string.h>

struct input {
	const uint8_t *data;
	size_t left;
	char *strings[64]; /* owned */
	unsigned count;
};

static uint64_t take(struct input *input, unsigned octets)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < octets && input->left; i++, input->left--)
		value = value << 8 | *input->data++;
	return value;
}

/* NULL if the string is empty. */
static const char *take_string(struct input *input)
{
	size_t length = strnlen((const char *)input->data, input->left);
	char *copy = strndup((const char *)input->data, length);

	DEMAND(copy != NULL && input->count < 64);
	input->strings[input->count++] = copy;
	input->data += length;
	input->left -= length;
	take(input, 1);
	return length ? copy : NULL;
}

static struct address take_address(struct input *input)
{
	uint8_t octets[16] = { 0 };
	bool ipv4 = take(input, 1) & 1;

	for (unsigned i = 0; i < (ipv4 ? 4 : 16); i++)
		octets[i] = (uint8_t)take(input, 1);
	return ipv4 ? address_from_ipv4(octets) : address_from_ipv6(octets);
}

/* What engines can mean: an id with a cause of its own, times after 1970. */
static void take_finding(struct input *input, struct finding *finding)
{
	static const char *const keys[] = { "packets", "seconds", "delete_seen", "attribute", "initiator", "until" };
	uint64_t flags = take(input, 2);

	finding->id = (enum finding_id)(take(input, 1) % FINDING_ID_COUNT);
	finding->cause = (enum finding_cause)(take(input, 1) % CAUSE_COUNT);
	for (unsigned i = 0; i < CAUSE_COUNT && !catalogue_allows(finding->id, finding->cause); i++)
		finding->cause = (enum finding_cause)i;
	finding->state = (enum finding_state)(take(input, 1) % FINDING_STATE_COUNT);
	finding->severity = (enum finding_severity)(take(input, 1) % SEVERITY_COUNT);
	finding->grade = (enum finding_grade)(take(input, 1) % GRADE_COUNT);
	finding->subject = (enum finding_subject)(take(input, 1) % SUBJECT_COUNT);
	finding->alert = take(input, 8);
	finding->has_pair = flags & 1;
	finding->has_flow = flags & 2;
	finding->has_spi = flags & 4;
	finding->has_ike_spi = flags & 8;
	finding->has_ports = flags & 16;
	finding->a = take_address(input);
	finding->b = take_address(input);
	finding->src = take_address(input);
	finding->dst = take_address(input);
	finding->src_port = (uint16_t)take(input, 2);
	finding->dst_port = (uint16_t)take(input, 2);
	finding->ip_protocol = (uint8_t)take(input, 1);
	finding->spi = (uint32_t)take(input, 4);
	finding->ike_spi = take(input, 8);
	finding->vlan = (uint16_t)(take(input, 2) & 0xfff);
	finding->count = take(input, 8) >> 1;
	finding->bytes = take(input, 8) >> 1;
	finding->time_ns = (int64_t)(take(input, 8) >> 1);
	finding->first_ns = (int64_t)(take(input, 8) >> 1);
	finding->last_ns = (int64_t)(take(input, 8) >> 1);
	finding->interface = take_string(input);
	finding->rule = take_string(input);
	finding->protocol = take_string(input);
	const char *cleared_by = take_string(input);
	finding->cleared_by = finding->state == FINDING_CLEAR ? cleared_by ? cleared_by : "quiet" : NULL;
	const char *text = take_string(input);
	snprintf(finding->text, sizeof(finding->text), "%s", text ? text : "A sentence.");
	for (unsigned i = 0; i < FINDING_EVIDENCE_MAX && input->left > 8; i++) {
		double real = (double)(int64_t)take(input, 4) / 7;
		switch (take(input, 1) % 7) {
		case 0:
			finding_note_integer(finding, keys[0], (int64_t)take(input, 8));
			break;
		case 1:
			finding_note_real(finding, keys[1], real);
			break;
		case 2:
			finding_note_boolean(finding, keys[2], take(input, 1) & 1);
			break;
		case 3:
			finding_note_text(finding, keys[3], take_string(input));
			break;
		case 4:
			finding_note_address(finding, keys[4], &finding->src);
			break;
		case 5:
			finding_note_time(finding, keys[5], (int64_t)(take(input, 8) >> 1));
			break;
		default: {
			const char *words = take_string(input);
			finding_note_words(finding, keys[3], words ? words : "");
			break;
		}
		}
	}
}

/* No octet that steers a terminal or ends a message, and UTF-8 as RFC 3629 has it. */
static void check_characters(const char *text, size_t length, const char *allowed)
{
	DEMAND(strlen(text) == length);
	for (const char *at = text; *at;) {
		if (strchr(allowed, *at)) {
			at++;
			continue;
		}
		size_t left = length - (size_t)(at - text);
		const char *before = at;
		uint32_t code = utf8_next(&at, before + left);
		DEMAND(at > before && (!utf8_is_control(code) || code == 0xfeff));
		/* What was invalid has become U+FFFD, in three octets. */
		DEMAND(code != 0xfffd || (at - before == 3 && memcmp(before, "\xef\xbf\xbd", 3) == 0));
	}
}

/* Walks the structured data that `at` stands on; returns what is behind it (RFC 5424 section 6.3). */
static const char *walk_elements(const char *at)
{
	DEMAND(*at == '[');
	while (*at == '[') {
		for (at++; *at != ' ' && *at != ']'; at++)
			DEMAND(*at > ' ' && *at <= '~' && *at != '"' && *at != '=');
		while (*at == ' ') {
			for (at++; *at != '='; at++)
				DEMAND(*at > ' ' && *at <= '~' && *at != '"' && *at != ']');
			DEMAND(*++at == '"');
			for (at++; *at != '"'; at++) {
				DEMAND(*at && *at != ']');
				if (*at == '\\')
					DEMAND(*++at && strchr("\"\\]", *at));
			}
			at++;
		}
		DEMAND(*at == ']');
		at++;
	}
	return at;
}

static void check_rfc5424(const struct finding *finding, const char *sensor)
{
	char message[RFC5424_MESSAGE_MAX];

	for (unsigned i = 0; i < 4; i++) {
		struct rfc5424_origin origin = { 10, sensor, "espiald", 4242,
						 i & 1 ? RFC5424_HEADER_FULL : RFC5424_HEADER_LOCAL };
		enum rfc5424_extent extent = i & 2 ? RFC5424_WHOLE : RFC5424_CUT;
		size_t length = rfc5424_format(finding, &origin, extent, message, sizeof(message));
		DEMAND(length < (extent == RFC5424_CUT ? RFC5424_CUT_MAX : RFC5424_MESSAGE_MAX));
		check_characters(message, length, "");
		const char *at = message;
		/* Six words, or the stamp of syslog(3), whose time has no year and may have two blanks. */
		if (i & 1)
			for (unsigned word = 0; word < 6; word++, at++)
				DEMAND((at = strchr(at, ' ')) != NULL);
		else
			DEMAND((at = strstr(message, " espiald[4242]: ")) == message + strcspn(message, ">") + 16 &&
			       (at += 16));
		at = walk_elements(at);
		DEMAND(strncmp(at, i & 1 ? " \xef\xbb\xbf" : " ", i & 1 ? 4 : 1) == 0);
	}
}

static void check_json(const struct record *record, const char *sensor)
{
	struct record_reader reader = { .sensor = NULL };
	struct record again;
	char *line = record_to_json(record, sensor);

	DEMAND(line != NULL);
	for (const char *at = line; *at; at++)
		DEMAND(*at >= ' ' && *at <= '~');
	bool reads = record_from_json(line, strlen(line), &reader, &again);
	if (!reads)
		fprintf(stderr, "%s\n%s\n", line, reader.problem);
	DEMAND(reads && again.finding.alert == record->finding.alert);
	free(line);
	record_reader_clear(&reader);
}

static void check_text(const struct record *record)
{
	char *text;
	size_t length;

	for (unsigned unicode = 0; unicode < 2; unicode++) {
		FILE *file = open_memstream(&text, &length);
		struct sink *sink = file ? text_sink_new(file, 100, false, unicode) : NULL;
		DEMAND(sink != NULL);
		sink_write(sink, record);
		sink_write(sink, record);
		sink_close(sink);
		fclose(file);
		check_characters(text, length, "\n");
		for (size_t i = 0; i < length; i++)
			DEMAND(unicode || (unsigned char)text[i] < 0x80);
		free(text);
	}
}

#ifdef EVTLOG_MODULE
static void check_eventlog(const struct finding *finding, const char *sensor)
{
	static struct evtlog *evtlog;
	char problem[256], message[RFC5424_MESSAGE_MAX];

	if (!evtlog)
		evtlog = evtlog_open(EVTLOG_MODULE, "espiald", 10, problem, sizeof(problem));
	DEMAND(evtlog != NULL);
	for (unsigned whole = 0; whole < 2; whole++) {
		size_t length = evtlog_format(evtlog, finding, sensor, whole, message, sizeof(message));
		if (length)
			check_characters(message, length, "");
	}
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .data = data, .left = size };
	struct record record = { .type = RECORD_FINDING };

	const char *sensor = take_string(&input);
	take_finding(&input, &record.finding);
	record.time_ns = record.finding.time_ns;
	sensor = sensor ? sensor : "sensor";
	check_rfc5424(&record.finding, sensor);
	check_json(&record, sensor);
	check_text(&record);
#ifdef EVTLOG_MODULE
	check_eventlog(&record.finding, sensor);
#endif
	for (unsigned i = 0; i < input.count; i++)
		free(input.strings[i]);
	return 0;
}
