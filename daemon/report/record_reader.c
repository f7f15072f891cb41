/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines back to records, see record_reader.h. */
#include "record_reader.h"

#include "bulk_line.h"
#include "community_id.h"
#include "health_json.h"
#include "ip_service.h"
#include "known_json.h"
#include "memory_or_end.h"
#include "timestamp.h"
#include "utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* An object being read. The first failure sticks, and later reads give zero. */
struct fields {
	struct record_reader *reader;
	json_t *object;
	size_t taken; /* keys asked for so far: all there must be */
	bool failed;
};

/* The parser's own words quote what it met, so not every octet of `why` can be shown. */
static void refuse(struct fields *fields, const char *key, const char *why)
{
	char *problem = fields->reader->problem;

	if (!fields->failed) {
		snprintf(problem, sizeof(fields->reader->problem), "%.40s: %.110s", key, why);
		for (; *problem; problem++)
			if (*problem < ' ' || *problem > '~')
				*problem = '?';
	}
	fields->failed = true;
}

/* The value of a key, which must be there. */
static json_t *take(struct fields *fields, const char *key)
{
	json_t *value = json_object_get(fields->object, key);

	fields->taken++;
	if (!value)
		refuse(fields, key, "missing");
	return value;
}

/* A string, or NULL for null where that is allowed. */
static const char *take_text_or_null(struct fields *fields, const char *key)
{
	json_t *value = take(fields, key);

	if (value && !json_is_string(value) && !json_is_null(value))
		refuse(fields, key, "not a string or null");
	return json_string_value(value);
}

static const char *take_text(struct fields *fields, const char *key)
{
	const char *text = take_text_or_null(fields, key);

	if (!text)
		refuse(fields, key, "not a string");
	return text ? text : "";
}

static int64_t take_integer(struct fields *fields, const char *key, int64_t low, int64_t high)
{
	json_t *value = take(fields, key);
	json_int_t number = json_integer_value(value);

	if (value && (!json_is_integer(value) || number < low || number > high)) {
		refuse(fields, key, "not an integer of its range");
		return 0;
	}
	return number;
}

static uint64_t take_count(struct fields *fields, const char *key)
{
	return (uint64_t)take_integer(fields, key, 0, INT64_MAX);
}

/* `otherwise` for null. */
static int64_t take_integer_or_null(struct fields *fields, const char *key, int64_t low, int64_t high,
				    int64_t otherwise)
{
	if (json_is_null(json_object_get(fields->object, key))) {
		fields->taken++;
		return otherwise;
	}
	return take_integer(fields, key, low, high);
}

static void read_address(struct fields *fields, const char *key, const char *text, struct address *address)
{
	if (!address_parse_own(text, address))
		refuse(fields, key, "not an address");
}

static void take_address(struct fields *fields, const char *key, struct address *address)
{
	const char *text = take_text(fields, key);

	if (!fields->failed)
		read_address(fields, key, text, address);
}

/* Whether it was not null. */
static bool take_address_or_null(struct fields *fields, const char *key, struct address *address)
{
	const char *text = take_text_or_null(fields, key);

	if (text)
		read_address(fields, key, text, address);
	return text != NULL;
}

static bool take_time_or_null(struct fields *fields, const char *key, int64_t *time_ns)
{
	const char *text = take_text_or_null(fields, key);

	if (text && !timestamp_parse(text, time_ns))
		refuse(fields, key, "not a time");
	return text != NULL;
}

static void take_time(struct fields *fields, const char *key, int64_t *time_ns)
{
	if (!take_time_or_null(fields, key, time_ns))
		refuse(fields, key, "not a time");
}

/* "0x" and exactly that many digits, lower case. False for null. */
static bool take_spi(struct fields *fields, const char *key, size_t width, uint64_t *spi)
{
	const char *text = take_text_or_null(fields, key);
	size_t digits;

	if (!text)
		return false;
	digits = strspn(text + (strncmp(text, "0x", 2) == 0 ? 2 : 0), "0123456789abcdef");
	if (strncmp(text, "0x", 2) != 0 || digits != width || text[2 + width] != '\0')
		refuse(fields, key, "not an SPI");
	else
		*spi = strtoull(text + 2, NULL, 16);
	return true;
}

static bool take_spi32(struct fields *fields, const char *key, uint32_t *spi)
{
	uint64_t value = 0;
	bool known = take_spi(fields, key, 8, &value);

	*spi = (uint32_t)value;
	return known;
}

/* Index of the text among names. */
static unsigned take_name(struct fields *fields, const char *key, const char *const names[], size_t count)
{
	const char *text = take_text(fields, key);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return (unsigned)i;
	}
	refuse(fields, key, "not one of its words");
	return 0;
}

/* What the search for a name found, and 0 with a refusal where it found nothing. */
static unsigned take_found(struct fields *fields, const char *key, int found)
{
	if (found < 0)
		refuse(fields, key, "not one of its words");
	return found < 0 ? 0 : (unsigned)found;
}

static struct fields open_object(struct fields *fields, const char *key)
{
	struct fields inner = { .reader = fields->reader, .object = take(fields, key), .failed = fields->failed };

	if (!json_is_object(inner.object))
		refuse(&inner, key, "not an object");
	return inner;
}

/* Also refuses keys that nobody asked for. */
static void close_object(struct fields *fields, struct fields *inner, const char *key)
{
	if (!inner->failed && json_object_size(inner->object) != inner->taken)
		refuse(inner, key, "unknown keys");
	fields->failed = fields->failed || inner->failed;
}

static unsigned read_proto(struct fields *fields, const char *text)
{
	if (!text)
		return 0;
	if (strcmp(text, "esp") == 0)
		return 50;
	if (strcmp(text, "ah") == 0)
		return 51;
	refuse(fields, "proto", "not esp or ah");
	return 0;
}

static void read_subject(struct fields *fields, struct finding *finding)
{
	struct fields subject = open_object(fields, "subject");
	int kind = finding_subject_find(take_text(&subject, "kind"));
	struct address address;
	uint32_t spi;

	if (kind < 0)
		refuse(&subject, "kind", "not one of its words");
	finding->subject = kind < 0 ? SUBJECT_PAIR : (enum finding_subject)kind;
	switch (finding->subject) {
	case SUBJECT_PAIR:
		take_address_or_null(&subject, "a", &address);
		take_address_or_null(&subject, "b", &address);
		break;
	case SUBJECT_HOST:
		take_address(&subject, "address", &finding->a);
		break;
	case SUBJECT_SA:
		take_address_or_null(&subject, "src", &address);
		take_address_or_null(&subject, "dst", &address);
		take_spi32(&subject, "spi", &spi);
		finding->ip_protocol = (uint8_t)read_proto(&subject, take_text_or_null(&subject, "proto"));
		break;
	case SUBJECT_SENSOR:
	case SUBJECT_COUNT:
		take_text(&subject, "name");
		break;
	}
	close_object(fields, &subject, "subject");
}

/* The protocol of the flow is not in JSON by itself: it is the one that gives this hash. */
static void read_community_id(struct fields *fields, struct finding *finding)
{
	static const uint8_t protocols[] = { 6, 17, 132 };
	const char *text = take_text_or_null(fields, "community_id");
	struct community_id id;

	if (!text)
		return;
	for (size_t i = 0; finding->has_flow && finding->has_ports && i < sizeof(protocols); i++) {
		if (community_id(&finding->src, &finding->dst, finding->src_port, finding->dst_port, protocols[i],
				 &id) &&
		    strcmp(id.text, text) == 0) {
			finding->ip_protocol = protocols[i];
			return;
		}
	}
	refuse(fields, "community_id", "not the hash of this flow");
}

static void read_evidence(struct fields *fields, struct finding *finding)
{
	json_t *object = take(fields, "evidence"), *value;
	const char *key;

	if (!json_is_object(object) || json_object_size(object) > FINDING_EVIDENCE_MAX) {
		refuse(fields, "evidence", "not an object of its size");
		return;
	}
	json_object_foreach(object, key, value)
	{
		if (json_is_integer(value))
			finding_note_integer(finding, key, json_integer_value(value));
		else if (json_is_real(value))
			finding_note_real(finding, key, json_real_value(value));
		else if (json_is_boolean(value))
			finding_note_boolean(finding, key, json_boolean_value(value));
		else if (json_is_string(value) || json_is_null(value))
			finding_note_text(finding, key, json_string_value(value)); /* NULL is null again */
		else
			refuse(fields, "evidence", "a value that is neither word nor figure");
	}
}

/* What only the reporter adds, and reads back out of its store. */
static void read_reporters_keys(struct fields *fields, struct finding *finding)
{
	const char *record;
	json_t *durable;

	if (json_object_get(fields->object, "record")) {
		record = take_text(fields, "record");
		if (!finding_number_read(record, &finding->record))
			refuse(fields, "record", "not sixteen hexadecimal digits");
	}
	if (json_object_get(fields->object, "durable")) {
		durable = take(fields, "durable");
		if (!json_is_false(durable))
			refuse(fields, "durable", "not false");
		finding->not_durable = true;
	}
}

/* Only of pairs in one: its number, or the interface that it is. */
static void read_realm(struct fields *fields, uint32_t *realm, const char **interface)
{
	const json_t *value = json_object_get(fields->object, "realm");

	if (json_is_string(value))
		*interface = take_text(fields, "realm");
	else if (value)
		*realm = (uint32_t)take_integer(fields, "realm", 1, UINT32_MAX);
}

static void read_finding(struct fields *fields, struct finding *finding)
{
	const char *alert = take_text(fields, "alert"), *text;
	size_t length;
	int id = catalogue_find_id(take_text(fields, "id"));
	const char *cause_name = take_text_or_null(fields, "cause");
	int cause = cause_name ? catalogue_find_cause(cause_name) : CAUSE_NONE;
	int state = finding_state_find(take_text(fields, "state"));
	int severity = finding_severity_find(take_text(fields, "severity"));
	int grade = finding_grade_find(take_text(fields, "grade"));
	bool has_a, has_b, has_src, has_dst;
	int64_t src_port, dst_port;
	json_t *duration;

	if (!finding_number_read(alert, &finding->alert))
		refuse(fields, "alert", "not sixteen hexadecimal digits");
	if (id < 0 || cause < 0 || !catalogue_allows((enum finding_id)id, (enum finding_cause)cause))
		refuse(fields, "id", "not a finding of the catalogue, or not with this cause");
	if (state < 0 || severity < 0 || grade < 0)
		refuse(fields, "state, severity, grade", "not one of their words");
	if (fields->failed)
		return;
	read_reporters_keys(fields, finding);
	finding->id = (enum finding_id)id;
	finding->cause = (enum finding_cause)cause;
	finding->state = (enum finding_state)state;
	finding->severity = (enum finding_severity)severity;
	finding->grade = (enum finding_grade)grade;
	read_subject(fields, finding);
	has_a = take_address_or_null(fields, "a", &finding->a);
	has_b = take_address_or_null(fields, "b", &finding->b);
	if (finding->subject == SUBJECT_HOST ? !has_a || has_b : has_a != has_b)
		refuse(fields, "a, b", "not a pair or a host");
	finding->has_pair = has_a && has_b;
	has_src = take_address_or_null(fields, "src", &finding->src);
	has_dst = take_address_or_null(fields, "dst", &finding->dst);
	if (has_src != has_dst)
		refuse(fields, "src, dst", "one without the other");
	finding->has_flow = has_src;
	src_port = take_integer_or_null(fields, "src_port", 0, 65535, -1);
	dst_port = take_integer_or_null(fields, "dst_port", 0, 65535, -1);
	if ((src_port < 0) != (dst_port < 0))
		refuse(fields, "src_port, dst_port", "one without the other");
	finding->has_ports = src_port >= 0;
	finding->src_port = (uint16_t)(src_port < 0 ? 0 : src_port);
	finding->dst_port = (uint16_t)(dst_port < 0 ? 0 : dst_port);
	finding->has_spi = take_spi32(fields, "spi", &finding->spi);
	finding->has_ike_spi = take_spi(fields, "ike_spi", 16, &finding->ike_spi);
	finding->interface = take_text_or_null(fields, "interface");
	finding->vlan = (uint16_t)take_integer_or_null(fields, "vlan", 1, 4095, 0);
	read_realm(fields, &finding->realm, &finding->realm_interface);
	finding->rule = take_text_or_null(fields, "rule");
	finding->protocol = take_text_or_null(fields, "protocol");
	read_community_id(fields, finding);
	finding->count = take_count(fields, "count");
	finding->bytes = take_count(fields, "bytes");
	take_time(fields, "first", &finding->first_ns);
	take_time(fields, "last", &finding->last_ns);
	duration = take(fields, "duration");
	if (duration && !json_is_real(duration))
		refuse(fields, "duration", "not a real number");
	finding->cleared_by = take_text_or_null(fields, "cleared_by");
	text = take_text(fields, "text");
	/* A sentence that was full takes more room here where octets of it became U+FFFD: its end is not worth the alert. */
	length = strlen(text);
	if (length >= sizeof(finding->text))
		length = utf8_cut(text, sizeof(finding->text) - 1);
	memcpy(finding->text, text, length);
	/* Said by our own catalogue, whatever stands here. */
	take_text(fields, "advice");
	take_integer_or_null(fields, "windows_event", 1, 65535, 0);
	read_evidence(fields, finding);
}

/* A list of texts, which may be null, into place `at` of the reader. */
static void read_names(struct fields *fields, const char *key, unsigned at, const char *const **names, size_t *count)
{
	json_t *list = take(fields, key);
	size_t size = json_array_size(list);

	if (!list || json_is_null(list))
		return;
	if (!json_is_array(list) || size == 0 || size > RECORD_NAMES_MAX) {
		refuse(fields, key, "not a list of its size");
		return;
	}
	fields->reader->names[at] = memory_zeroed_or_end(size, sizeof(*fields->reader->names[at]));
	for (size_t i = 0; i < size; i++) {
		const json_t *text = json_array_get(list, i);
		if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text)) {
			refuse(fields, key, "not a list of texts");
			return;
		}
		fields->reader->names[at][i] = json_string_value(text);
	}
	*names = fields->reader->names[at];
	*count = size;
}

static void read_protocols(struct fields *fields, struct record_pair *pair)
{
	json_t *list = take(fields, "cleartext");
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > RECORD_PROTOCOLS_MAX) {
		refuse(fields, "cleartext", "not a list of its size");
		return;
	}
	fields->reader->cleartext = memory_zeroed_or_end(count ? count : 1, sizeof(*fields->reader->cleartext));
	for (size_t i = 0; i < count; i++) {
		struct fields row = { .reader = fields->reader, .object = json_array_get(list, i) };
		struct record_protocol *protocol = &fields->reader->cleartext[i];

		if (!json_is_object(row.object))
			refuse(&row, "cleartext", "not an object");
		protocol->name = take_text_or_null(&row, "protocol");
		const char *service = take_text_or_null(&row, "service");
		if (service && !ip_service_parse(service, &protocol->ip_protocol, &protocol->port))
			refuse(&row, "service", "not a service");
		protocol->packets = take_count(&row, "packets");
		protocol->bytes = take_count(&row, "bytes");
		close_object(fields, &row, "cleartext");
	}
	pair->cleartext = fields->reader->cleartext;
	pair->cleartext_count = count;
}

static void read_volume(struct fields *fields, const char *key, uint64_t *packets, uint64_t *bytes)
{
	struct fields volume = open_object(fields, key);

	*packets = take_count(&volume, "packets");
	*bytes = take_count(&volume, "bytes");
	close_object(fields, &volume, key);
}

static void read_pair(struct fields *fields, struct record_pair *pair)
{
	json_t *interval;

	take_address(fields, "a", &pair->a);
	take_address(fields, "b", &pair->b);
	pair->verdict =
	    (enum pair_verdict)take_found(fields, "verdict", pair_verdict_find(take_text(fields, "verdict")));
	pair->rule = take_text_or_null(fields, "rule");
	read_names(fields, "carries", 0, &pair->carries, &pair->carries_count);
	if (pair->carries_count > RECORD_CARRIES_MAX)
		refuse(fields, "carries", "not a list of its size");
	read_volume(fields, "esp", &pair->esp_packets, &pair->esp_bytes);
	read_volume(fields, "offending", &pair->offending_packets, &pair->offending_bytes);
	read_protocols(fields, pair);
	pair->rekeys = (uint32_t)take_integer(fields, "rekeys", 0, UINT32_MAX);
	interval = take(fields, "rekey_interval_median");
	if (interval && !json_is_null(interval) && !(json_is_real(interval) && json_real_value(interval) >= 0))
		refuse(fields, "rekey_interval_median", "not a real number or null");
	pair->rekey_interval_median = json_is_real(interval) ? json_real_value(interval) : -1;
	const char *initiator = take_text_or_null(fields, "rekey_initiator");
	if (initiator)
		pair->rekey_initiator =
		    (enum record_initiator)take_found(fields, "rekey_initiator", record_initiator_find(initiator));
	read_realm(fields, &pair->realm, &pair->realm_interface);
}

static void read_sa(struct fields *fields, struct record_sa *sa)
{
	static const char *const encapsulations[] = { "none", "udp", "tcp" };

	take_address(fields, "src", &sa->src);
	take_address(fields, "dst", &sa->dst);
	if (!take_spi32(fields, "spi", &sa->spi))
		refuse(fields, "spi", "not an SPI");
	sa->protocol = (uint8_t)read_proto(fields, take_text(fields, "proto"));
	sa->encap = (enum packet_encap)take_name(fields, "encap", encapsulations, 3);
	take_time(fields, "first", &sa->first_ns);
	take_time(fields, "last", &sa->last_ns);
	sa->packets = take_count(fields, "packets");
	sa->bytes = take_count(fields, "bytes");
	sa->seq_first = (uint32_t)take_integer(fields, "seq_first", 0, UINT32_MAX);
	sa->seq_last = (uint32_t)take_integer(fields, "seq_last", 0, UINT32_MAX);
	sa->lost = take_integer_or_null(fields, "lost", 0, INT64_MAX, -1);
	sa->replayed = take_integer_or_null(fields, "replayed", 0, INT64_MAX, -1);
	sa->has_replaces = take_spi32(fields, "replaces", &sa->replaces);
	sa->has_continues = !json_is_null(json_object_get(fields->object, "continues"));
	if (sa->has_continues) {
		struct fields continues = open_object(fields, "continues");

		take_address(&continues, "src", &sa->continues_src);
		take_address(&continues, "dst", &sa->continues_dst);
		if (!take_spi32(&continues, "spi", &sa->continues_spi))
			refuse(&continues, "spi", "not an SPI");
		close_object(fields, &continues, "continues");
	} else {
		fields->taken++;
	}
	sa->has_ike = take_spi(fields, "ike_spi", 16, &sa->ike_spi);
	sa->exchange = take_text_or_null(fields, "exchange");
	sa->has_initiator = !json_is_null(json_object_get(fields->object, "initiator"));
	if (sa->has_initiator)
		take_address(fields, "initiator", &sa->initiator);
	else
		fields->taken++;
	sa->state = (enum sa_record_state)take_found(fields, "state", sa_state_find(take_text(fields, "state")));
	read_realm(fields, &sa->realm, &sa->realm_interface);
}

/* Gaps in tenths of a second, which is what they are measured in. */
static void read_gaps(struct fields *fields, struct record_ike_sa *ike)
{
	json_t *list = take(fields, "gaps");
	size_t size = json_array_size(list);

	if (!json_is_array(list) || size == 0 || size > RECORD_GAPS) {
		refuse(fields, "gaps", "not a list of its size");
		return;
	}
	for (size_t i = 0; i < size; i++) {
		const json_t *gap = json_array_get(list, i);
		double tenths = json_is_real(gap) ? json_real_value(gap) * 10 : -1;
		if (!(tenths >= 0) || tenths > UINT16_MAX) {
			refuse(fields, "gaps", "not a list of seconds");
			return;
		}
		ike->schedule_ds[i] = (uint16_t)(tenths + 0.5);
	}
	ike->schedule_count = (uint8_t)size;
}

static void read_schedule(struct fields *fields, struct record_ike_sa *ike)
{
	if (json_is_null(json_object_get(fields->object, "schedule"))) {
		fields->taken++;
		return;
	}
	struct fields schedule = open_object(fields, "schedule");
	const char *sender = take_text(&schedule, "sender");
	ike->schedule_responder = strcmp(sender, "responder") == 0;
	if (!ike->schedule_responder && strcmp(sender, "initiator") != 0)
		refuse(&schedule, "sender", "not one of its words");
	read_gaps(&schedule, ike);
	close_object(fields, &schedule, "schedule");
}

static void read_ike_sa(struct fields *fields, struct record_ike_sa *ike)
{
	const char *version, *end, *mode;
	char again[12] = "";
	unsigned major = 0, minor = 0;

	take_address(fields, "initiator", &ike->initiator);
	take_address(fields, "responder", &ike->responder);
	ike->roles_known = true;
	if (!take_spi(fields, "ispi", 16, &ike->ispi))
		refuse(fields, "ispi", "not an SPI");
	take_spi(fields, "rspi", 16, &ike->rspi);
	version = take_text(fields, "version");
	end = strchr(version, '.');
	if (end && strlen(version) < sizeof(again)) {
		major = (unsigned)strtoul(version, NULL, 10);
		minor = (unsigned)strtoul(end + 1, NULL, 10);
		snprintf(again, sizeof(again), "%u.%u", major & 0xff, minor & 0xff);
	}
	if (strcmp(again, version) != 0)
		refuse(fields, "version", "not a version");
	ike->major = (uint8_t)major;
	ike->minor = (uint8_t)minor;
	mode = take_text_or_null(fields, "mode");
	if (mode)
		ike->mode = (enum ike_mode)take_found(fields, "mode", ike_mode_find(mode));
	ike->step = take_text_or_null(fields, "step");
	ike->outcome = (enum ike_outcome)take_found(fields, "outcome", ike_outcome_find(take_text(fields, "outcome")));
	read_names(fields, "offered", 0, &ike->offered, &ike->offered_count);
	read_names(fields, "selected", 1, &ike->selected, &ike->selected_count);
	ike->auth = take_text_or_null(fields, "auth");
	read_names(fields, "vendors", 2, &ike->vendors, &ike->vendor_count);
	read_names(fields, "notifies", 3, &ike->notifies, &ike->notify_count);
	read_names(fields, "children", 4, &ike->children, &ike->child_count);
	ike->nat = take_text_or_null(fields, "nat");
	ike->retransmissions = (uint32_t)take_integer(fields, "retransmissions", 0, UINT32_MAX);
	read_schedule(fields, ike);
}

static void read_summary(struct fields *fields, struct record_summary *summary)
{
	struct fields classes;
	bool has_last;

	summary->packets = take_count(fields, "packets");
	summary->bytes = take_count(fields, "bytes");
	summary->has_time = take_time_or_null(fields, "first", &summary->first_ns);
	has_last = take_time_or_null(fields, "last", &summary->last_ns);
	if (has_last != summary->has_time)
		refuse(fields, "first, last", "one without the other");
	classes = open_object(fields, "classes");
	for (size_t i = 0; i < PACKET_CLASS_COUNT; i++)
		summary->classes[i] = take_count(&classes, packet_class_name((enum packet_class)i));
	close_object(fields, &classes, "classes");
	summary->sas = take_count(fields, "sas");
	summary->ike_sas = take_count(fields, "ike_sas");
	summary->pairs = take_count(fields, "pairs");
	summary->flows = take_count(fields, "flows");
	summary->findings = take_count(fields, "findings");
	summary->in_progress = take_count(fields, "in_progress");
}

static void read_notice(struct fields *fields, struct record_notice *notice)
{
	static const char *const levels[] = { "error", "warning", "info" };

	notice->level = (enum notice_level)take_name(fields, "level", levels, 3);
	notice->text = take_text(fields, "text");
}

static void read_record(struct fields *fields, struct record *record)
{
	static const char *const types[] = { "finding",     "pair",   "sa",         "ike_sa",
					     "summary",     "notice", "known_pair", "known_host",
					     "known_alert", "health", "started",    "held_alert" };

	record->type = (enum record_type)take_name(fields, "type", types, sizeof(types) / sizeof(types[0]));
	take_time(fields, "time", &record->time_ns);
	fields->reader->sensor = take_text_or_null(fields, "sensor");
	if (fields->failed)
		return;
	switch (record->type) {
	case RECORD_FINDING:
	case RECORD_HELD_ALERT:
		record->finding.time_ns = record->time_ns;
		read_finding(fields, &record->finding);
		break;
	case RECORD_PAIR:
		read_pair(fields, &record->pair);
		break;
	case RECORD_SA:
		read_sa(fields, &record->sa);
		break;
	case RECORD_IKE_SA:
		read_ike_sa(fields, &record->ike_sa);
		break;
	case RECORD_SUMMARY:
		read_summary(fields, &record->summary);
		break;
	case RECORD_STARTED:
		break;
	case RECORD_IKE_MESSAGE: /* its name is not among the types */
		break;
	case RECORD_KNOWN_PAIR:
	case RECORD_KNOWN_HOST:
	case RECORD_KNOWN_ALERT: {
		const char *why = known_json_take(fields->object, record);
		if (why)
			refuse(fields, "known", why);
		fields->taken = json_object_size(fields->object);
		break;
	}
	case RECORD_NOTICE:
		read_notice(fields, &record->notice);
		break;
	case RECORD_HEALTH: {
		const char *key = health_json_take(fields->object, fields->reader, &record->health);
		if (key)
			refuse(fields, key, "missing, or not of its kind or range");
		fields->taken = json_object_size(fields->object);
		break;
	}
	}
	if (!fields->failed && json_object_size(fields->object) != fields->taken)
		refuse(fields, "record", "unknown keys");
}

static void clear_record(struct record_reader *reader)
{
	char *copy = reader->copy;
	size_t room = reader->copy_room;

	json_decref(reader->root);
	free(reader->cleartext);
	free(reader->interfaces);
	free(reader->tables);
	free(reader->workers);
	for (size_t i = 0; i < RECORD_NAME_LISTS; i++)
		free(reader->names[i]);
	*reader = (struct record_reader){ .copy = copy, .copy_room = room };
}

bool record_from_json(const char *text, size_t length, struct record_reader *reader, struct record *record)
{
	struct fields fields = { .reader = reader };
	json_error_t error;

	clear_record(reader);
	if (bulk_line_read(text, length, reader, record))
		return true;
	memset(record, 0, sizeof(*record));
	if (length > RECORD_LINE_MAX) {
		refuse(&fields, "record", "line too long");
		return false;
	}
	fields.object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	reader->root = fields.object;
	if (!fields.object)
		refuse(&fields, "record", error.text);
	else if (!json_is_object(fields.object))
		refuse(&fields, "record", "not an object");
	else
		read_record(&fields, record);
	if (!fields.failed)
		return true;
	memset(record, 0, sizeof(*record));
	return false;
}

void record_reader_clear(struct record_reader *reader)
{
	clear_record(reader);
	free(reader->copy);
	*reader = (struct record_reader){ .root = NULL };
}
