/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines: exact text, hostile strings, the way back, and what the reader refuses. */
#include "../../daemon/report/json.h"
#include "../../daemon/report/community_id.h"
#include "../../daemon/report/record_reader.h"
#include "../../daemon/report/timestamp.h"
#include "../../daemon/report/utf8.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>

START_TEST(finding_is_exactly_this)
{
	static const char head[] =
	    "{\"type\":\"finding\",\"time\":\"2026-11-21T20:30:00.123456Z\",\"sensor\":\"edge-1\","
	    "\"alert\":\"0123456789abcdef\",\"id\":\"cleartext-leak\",\"cause\":\"sa-lost\",\"state\":\"open\","
	    "\"severity\":\"high\",\"grade\":\"observed\","
	    "\"subject\":{\"kind\":\"pair\",\"a\":\"10.1.0.1\",\"b\":\"10.2.0.2\"},\"a\":\"10.1.0.1\",\"b\":\"10.2.0."
	    "2\","
	    "\"src\":\"10.2.0.2\",\"dst\":\"10.1.0.1\",\"src_port\":40000,\"dst_port\":80,\"spi\":null,\"ike_spi\":"
	    "null,"
	    "\"interface\":\"eth1\",\"vlan\":null,\"rule\":\"hq-branch\",\"protocol\":\"HTTP\",\"community_id\":\"1:";
	static const char middle[] =
	    "\",\"count\":17,\"bytes\":12345,\"first\":\"2026-11-21T20:29:57.623456Z\","
	    "\"last\":\"2026-11-21T20:30:00.123456Z\",\"duration\":2.5,\"cleared_by\":null,"
	    "\"text\":\"10.2.0.2 sends HTTP to 10.1.0.1 in clear since its SA ended.\",\"advice\":\"";
	static const char tail[] =
	    "\",\"windows_event\":4963,\"evidence\":{\"packets\":17,\"seconds\":0.1,\"delete_seen\":true,"
	    "\"last_step\":\"quick mode\",\"initiator\":\"10.2.0.2\",\"esp_until\":\"2026-11-21T20:29:57.123456Z\"}}";
	struct record record = sample_finding();
	char *line = record_to_json(&record, "edge-1");

	ck_assert_ptr_nonnull(line);
	ck_assert_msg(strncmp(line, head, strlen(head)) == 0, "%s", line);
	ck_assert_msg(strstr(line, middle) != NULL, "%s", line);
	ck_assert_msg(strstr(line, catalogue_advice(FINDING_CLEARTEXT_LEAK, CAUSE_SA_LOST)) != NULL, "%s", line);
	ck_assert_str_eq(line + strlen(line) - strlen(tail), tail);
	free(line);
}
END_TEST

START_TEST(unknown_is_null)
{
	static const char *const keys[] = { "cause",        "a",        "b",        "src",          "dst",
					    "src_port",     "dst_port", "spi",      "ike_spi",      "interface",
					    "vlan",         "rule",     "protocol", "community_id", "cleared_by",
					    "windows_event" };
	struct record record = { .type = RECORD_FINDING };
	char *line, text[64];

	record.finding = (struct finding){ .id = FINDING_SENSOR_ALIVE, .subject = SUBJECT_SENSOR };
	line = record_to_json(&record, "edge-1");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "\"%s\":null", keys[i]);
		ck_assert_msg(strstr(line, text) != NULL, "%s not in %s", text, line);
	}
	ck_assert_ptr_nonnull(strstr(line, "\"subject\":{\"kind\":\"sensor\",\"name\":\"edge-1\"}"));
	ck_assert_ptr_nonnull(strstr(line, "\"duration\":0.0"));
	ck_assert_ptr_nonnull(strstr(line, "\"evidence\":{}"));
	free(line);
}
END_TEST

START_TEST(other_records_are_exactly_this)
{
	struct record_protocol protocols[] = { { "DNS", 2, 200, 17, 53 }, { "icmp", 1, 84, 1, 0 } };
	struct record records[] = {
		{ .type = RECORD_PAIR,
		  .pair = { .a = sample_address("10.0.0.1"),
			    .b = sample_address("2001:db8::1"),
			    .verdict = PAIR_MIXED,
			    .rule = NULL,
			    .carries = (const char *const[]){ "hq", "lab" },
			    .carries_count = 2,
			    .esp_packets = 5,
			    .esp_bytes = 600,
			    .offending_packets = 2,
			    .offending_bytes = 200,
			    .cleartext = protocols,
			    .cleartext_count = 2,
			    .rekeys = 3,
			    .rekey_interval_median = -1,
			    .rekey_initiator = INITIATOR_BOTH } },
		{ .type = RECORD_SA,
		  .sa = { .src = sample_address("10.0.0.1"),
			  .dst = sample_address("10.0.0.2"),
			  .spi = 0xc0ffee,
			  .protocol = 51,
			  .encap = PACKET_ENCAP_UDP,
			  .last_ns = 1500000,
			  .packets = 1,
			  .bytes = 2,
			  .seq_first = 1,
			  .seq_last = UINT32_MAX,
			  .lost = -1,
			  .replayed = 0,
			  .has_continues = true,
			  .continues_spi = 1,
			  .continues_src = sample_address("10.0.0.3"),
			  .continues_dst = sample_address("10.0.0.2"),
			  .has_ike = true,
			  .ike_spi = 2,
			  .exchange = "quick mode",
			  .has_initiator = true,
			  .initiator = sample_address("10.0.0.2"),
			  .state = SA_STALE } },
		{ .type = RECORD_IKE_SA,
		  .ike_sa = { .initiator = sample_address("10.0.0.1"),
			      .responder = sample_address("10.0.0.2"),
			      .ispi = 1,
			      .major = 2,
			      .mode = IKE_MODE_IKEV2,
			      .step = "IKE_AUTH",
			      .outcome = IKE_OUTCOME_AUTH_FAILED,
			      .selected = (const char *const[]){ "AES_CBC_256", "MODP_2048" },
			      .selected_count = 2,
			      .auth = "certificate",
			      .notifies = (const char *const[]){ "NOTIFY_7" },
			      .notify_count = 1,
			      .children = (const char *const[]){ "0x00000009" },
			      .child_count = 1,
			      .nat = "both",
			      .retransmissions = 4,
			      .schedule_ds = { 40, 72 },
			      .schedule_count = 2 } },
		{ .type = RECORD_SUMMARY, .summary = { .packets = 9, .classes = { [PACKET_NON_IP] = 9 } } },
		{ .type = RECORD_NOTICE, .notice = { NOTICE_WARNING, "hm" } },
	};
	static const char *const lines[] = {
		("{\"type\":\"pair\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"sensor\":\"s\",\"a\":\"10.0.0.1\","
		 "\"b\":\"2001:db8::1\",\"verdict\":\"mixed\",\"rule\":null,\"carries\":[\"hq\",\"lab\"],"
		 "\"esp\":{\"packets\":5,\"bytes\":600},\"offending\":{\"packets\":2,\"bytes\":200},"
		 "\"cleartext\":[{\"protocol\":\"DNS\",\"service\":\"udp/53\",\"packets\":2,\"bytes\":200},"
		 "{\"protocol\":\"icmp\",\"service\":\"proto/"
		 "1\",\"packets\":1,\"bytes\":84}],\"rekeys\":3,\"rekey_interval_median\":null,"
		 "\"rekey_initiator\":\"both\"}"),
		("{\"type\":\"sa\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"sensor\":\"s\",\"src\":\"10.0.0.1\","
		 "\"dst\":\"10.0.0.2\",\"spi\":\"0x00c0ffee\",\"proto\":\"ah\",\"encap\":\"udp\","
		 "\"first\":\"1970-01-01T00:00:00.000000Z\",\"last\":\"1970-01-01T00:00:00.001500Z\",\"packets\":1,"
		 "\"bytes\":2,\"seq_first\":1,\"seq_last\":4294967295,\"lost\":null,\"replayed\":0,\"replaces\":null,"
		 "\"continues\":{\"src\":\"10.0.0.3\",\"dst\":\"10.0.0.2\",\"spi\":\"0x00000001\"},"
		 "\"ike_spi\":\"0x0000000000000002\",\"exchange\":\"quick mode\",\"initiator\":\"10.0.0.2\","
		 "\"state\":\"stale\"}"),
		("{\"type\":\"ike_sa\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"sensor\":\"s\",\"initiator\":\"10.0."
		 "0."
		 "1\","
		 "\"responder\":\"10.0.0.2\",\"ispi\":\"0x0000000000000001\",\"rspi\":null,\"version\":\"2.0\","
		 "\"mode\":\"ikev2\",\"step\":\"IKE_AUTH\",\"outcome\":\"auth-failed\",\"offered\":null,\"selected\":"
		 "[\"AES_CBC_256\",\"MODP_2048\"],\"auth\":\"certificate\",\"vendors\":null,\"notifies\":"
		 "[\"NOTIFY_7\"],\"children\":[\"0x00000009\"],\"nat\":\"both\","
		 "\"retransmissions\":4,\"schedule\":{\"sender\":\"initiator\",\"gaps\":[4.0,7.2]}}"),
		("{\"type\":\"summary\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"sensor\":\"s\",\"packets\":9,"
		 "\"bytes\":0,"
		 "\"first\":null,\"last\":null,\"classes\":{\"esp\":0,\"ah\":0,\"ike\":0,\"keepalive\":0,\"icmp\":0,"
		 "\"cleartext\":0,\"non_ip\":9,\"fragment\":0,\"malformed\":0,\"truncated\":0},\"sas\":0,\"ike_sas\":0,"
		 "\"pairs\":0,\"flows\":0,\"findings\":0,\"in_progress\":0}"),
		("{\"type\":\"notice\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"sensor\":\"s\",\"level\":\"warning\","
		 "\"text\":\"hm\"}"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line = record_to_json(&records[i], "s");

		ck_assert_str_eq(line, lines[i]);
		free(line);
	}
}
END_TEST

START_TEST(hostile_strings_stay_inside)
{
	struct record record = sample_finding(), again;
	struct record_reader reader = { 0 };
	char *line;

	record.finding.protocol = SAMPLE_HOSTILE;
	finding_note_text(&record.finding, "subject_name", SAMPLE_HOSTILE);
	line = record_to_json(&record, "edge-1");
	ck_assert_ptr_nonnull(line);
	for (const char *at = line; *at; at++)
		ck_assert_msg(*at >= 0x20 && *at < 0x7f, "octet 0x%02x in %s", (unsigned char)*at, line);
	ck_assert_ptr_nonnull(strstr(line, "a\\\"b\\\\c]d;e='f\\n\\u001B[31mg\\u007f\\uFFFD\\u00FC\\u202Eh"));
	ck_assert_msg(record_from_json(line, strlen(line), &reader, &again), "%s", reader.problem);
	ck_assert_str_eq(again.finding.protocol, "a\"b\\c]d;e='f\n\x1b[31mg\x7f\xef\xbf\xbd\xc3\xbc\xe2\x80\xae"
						 "h");
	record_reader_clear(&reader);
	free(line);
}
END_TEST

START_TEST(extremes_have_a_form)
{
	struct record record = sample_finding();
	char *line;

	record.finding.count = UINT64_MAX;
	record.finding.first_ns = INT64_MIN;
	record.finding.last_ns = INT64_MAX;
	finding_note_real(&record.finding, "nan", NAN);
	finding_note_text(&record.finding, "none", NULL);
	finding_note_integer(&record.finding, "least", INT64_MIN);
	line = record_to_json(&record, "edge-1");
	ck_assert_ptr_nonnull(strstr(line, "\"count\":9223372036854775807"));
	ck_assert_ptr_nonnull(strstr(line, "\"first\":\"1677-09-21T00:12:43.145224Z\""));
	ck_assert_ptr_nonnull(strstr(line, "\"last\":\"2262-04-11T23:47:16.854775Z\""));
	ck_assert_ptr_nonnull(strstr(line, "\"nan\":null,\"none\":null,\"least\":-9223372036854775808"));
	free(line);
}
END_TEST

/* A small generator of its own, so that a failure can be had again. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const char *random_text(uint64_t *state)
{
	static const char *const texts[] = { NULL,           "",     "HTTP",         "hq-branch",
					     SAMPLE_HOSTILE, "\xc3", "\xed\xa0\x80", "\xf0\x9f\x92\xa9" };
	return texts[next_random(state) % 8];
}

static struct address random_address(uint64_t *state)
{
	uint8_t octets[16];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)next_random(state);
	return next_random(state) % 2 ? address_from_ipv4(octets) : address_from_ipv6(octets);
}

static void random_finding(uint64_t *state, struct finding *finding)
{
	static const uint8_t protocols[] = { 0, 1, 6, 17, 50, 51, 58, 132 };

	do {
		finding->id = (enum finding_id)(next_random(state) % FINDING_ID_COUNT);
		finding->cause = (enum finding_cause)(next_random(state) % CAUSE_COUNT);
	} while (!catalogue_allows(finding->id, finding->cause));
	finding->alert = next_random(state);
	finding->record = next_random(state) % 2 ? next_random(state) : 0;
	finding->not_durable = next_random(state) % 2;
	finding->state = (enum finding_state)(next_random(state) % FINDING_STATE_COUNT);
	finding->severity = (enum finding_severity)(next_random(state) % SEVERITY_COUNT);
	finding->grade = (enum finding_grade)(next_random(state) % GRADE_COUNT);
	finding->subject = (enum finding_subject)(next_random(state) % SUBJECT_COUNT);
	finding->has_pair = next_random(state) % 2;
	finding->has_flow = next_random(state) % 2;
	finding->has_spi = next_random(state) % 2;
	finding->has_ike_spi = next_random(state) % 2;
	finding->has_ports = next_random(state) % 2;
	finding->a = random_address(state);
	finding->b = random_address(state);
	finding->src = random_address(state);
	finding->dst = random_address(state);
	finding->src_port = (uint16_t)next_random(state);
	finding->dst_port = (uint16_t)next_random(state);
	finding->ip_protocol = protocols[next_random(state) % 8];
	finding->spi = (uint32_t)next_random(state);
	finding->ike_spi = next_random(state);
	finding->interface = random_text(state);
	finding->vlan = (uint16_t)(next_random(state) % 4096);
	finding->realm = next_random(state) % 2 ? (uint32_t)next_random(state) : 0;
	finding->realm_interface = random_text(state);
	finding->rule = random_text(state);
	finding->protocol = random_text(state);
	finding->count = next_random(state);
	finding->bytes = next_random(state);
	finding->first_ns = (int64_t)next_random(state) / 2;
	finding->last_ns = (int64_t)next_random(state) / 2;
	finding->cleared_by = random_text(state);
	snprintf(finding->text, sizeof(finding->text), "words %llu", (unsigned long long)next_random(state));
	finding_note_integer(finding, "integer", (int64_t)next_random(state));
	finding_note_real(finding, "real", (double)(int64_t)next_random(state) / 1e7);
	finding_note_boolean(finding, "boolean", next_random(state) % 2);
	finding_note_text(finding, "text", random_text(state));
	finding_note_address(finding, "address", &finding->a);
	finding_note_time(finding, "time", finding->first_ns);
}

static const char *random_name(uint64_t *state)
{
	const char *text = random_text(state);

	return text ? text : "";
}

static void random_record(uint64_t *state, struct record *record, struct record_protocol protocols[3],
			  const char *carries[RECORD_CARRIES_MAX])
{
	static const uint8_t services[] = { 0, 1, 6, 17 };
	static const char *const names[] = { "AES_CBC_256", "", "\xf0\x9f\x92\xa9" };
	static const struct record_interface interfaces[] = { { "eth0", true, 1, 2, 3, 4, 5, 6, 7 },
							      { SAMPLE_HOSTILE, false, 4, 5, 6, 7, 8, 9, 10 } };
	static const struct record_worker workers[] = { { 1, 2, 3000000000, 1500000000, "0,2-5" },
							{ 3, 4, 3000000000, 0, NULL } };
	static const struct record_table tables[] = { { "flows", 1, 2, 3, 4 }, { "sas", 5, 6, 7, 8 } };
	memset(record, 0, sizeof(*record));
	record->type = (enum record_type)(next_random(state) % RECORD_IKE_MESSAGE);
	record->time_ns = (int64_t)next_random(state);
	switch (record->type) {
	case RECORD_FINDING:
	case RECORD_HELD_ALERT:
		random_finding(state, &record->finding);
		break;
	case RECORD_PAIR:
		for (size_t i = 0; i < 3; i++)
			protocols[i] =
			    (struct record_protocol){ random_text(state), next_random(state), next_random(state),
						      services[next_random(state) % 4], (uint16_t)next_random(state) };
		for (size_t i = 0; i < 3; i++)
			if (protocols[i].ip_protocol != 6 && protocols[i].ip_protocol != 17)
				protocols[i].port = 0;
		for (size_t i = 0; i < RECORD_CARRIES_MAX; i++)
			carries[i] = random_name(state);
		record->pair = (struct record_pair){
			.a = random_address(state),
			.b = random_address(state),
			.verdict = (enum pair_verdict)(next_random(state) % PAIR_VERDICT_COUNT),
			.rule = random_text(state),
			.carries = carries,
			.carries_count = next_random(state) % (RECORD_CARRIES_MAX + 1),
			.offending_packets = next_random(state),
			.offending_bytes = next_random(state),
			.esp_packets = next_random(state),
			.esp_bytes = next_random(state),
			.cleartext = protocols,
			.cleartext_count = next_random(state) % 4,
			.rekeys = (uint32_t)next_random(state),
			.rekey_interval_median = (double)(next_random(state) % 1000) / 7 - 20,
			.rekey_initiator = (enum record_initiator)(next_random(state) % INITIATOR_COUNT),
			.realm = next_random(state) % 2 ? (uint32_t)next_random(state) : 0,
			.realm_interface = random_text(state),
		};
		break;
	case RECORD_SA:
		record->sa = (struct record_sa){
			.src = random_address(state),
			.dst = random_address(state),
			.spi = (uint32_t)next_random(state),
			.protocol = (uint8_t)(50 + next_random(state) % 2),
			.encap = (enum packet_encap)(next_random(state) % 3),
			.first_ns = (int64_t)next_random(state),
			.last_ns = (int64_t)next_random(state),
			.packets = next_random(state),
			.seq_last = (uint32_t)next_random(state),
			.lost = (int64_t)next_random(state),
			.replayed = (int64_t)next_random(state),
			.replaces = (uint32_t)next_random(state),
			.has_replaces = next_random(state) % 2,
			.has_continues = next_random(state) % 2,
			.continues_src = random_address(state),
			.continues_dst = random_address(state),
			.has_ike = next_random(state) % 2,
			.ike_spi = next_random(state),
			.exchange = random_text(state),
			.has_initiator = next_random(state) % 2,
			.initiator = random_address(state),
			.state = (enum sa_record_state)(next_random(state) % SA_STATE_COUNT),
			.realm = next_random(state) % 2 ? (uint32_t)next_random(state) : 0,
			.realm_interface = random_text(state),
		};
		break;
	case RECORD_IKE_SA:
		record->ike_sa = (struct record_ike_sa){
			.initiator = random_address(state),
			.responder = random_address(state),
			.ispi = next_random(state),
			.rspi = next_random(state) % 2 ? next_random(state) : 0,
			.major = (uint8_t)next_random(state),
			.minor = (uint8_t)next_random(state),
			.mode = (enum ike_mode)(next_random(state) % IKE_MODE_COUNT),
			.step = random_text(state),
			.outcome = (enum ike_outcome)(next_random(state) % IKE_OUTCOME_COUNT),
			.offered = names,
			.offered_count = next_random(state) % 4,
			.selected = names,
			.selected_count = next_random(state) % 4,
			.auth = random_text(state),
			.vendors = names,
			.vendor_count = next_random(state) % 4,
			.notifies = names,
			.notify_count = next_random(state) % 4,
			.children = names,
			.child_count = next_random(state) % 4,
			.nat = random_text(state),
			.retransmissions = (uint32_t)next_random(state),
			.schedule_count = (uint8_t)(next_random(state) % (RECORD_GAPS + 1)),
		};
		for (unsigned i = 0; i < record->ike_sa.schedule_count; i++)
			record->ike_sa.schedule_ds[i] = (uint16_t)next_random(state);
		break;
	case RECORD_SUMMARY:
		record->summary.packets = next_random(state);
		record->summary.has_time = next_random(state) % 2;
		record->summary.first_ns = (int64_t)next_random(state);
		record->summary.last_ns = (int64_t)next_random(state);
		for (size_t i = 0; i < PACKET_CLASS_COUNT; i++)
			record->summary.classes[i] = next_random(state);
		record->summary.in_progress = next_random(state);
		break;
	case RECORD_KNOWN_PAIR: /* check_known.c */
	case RECORD_KNOWN_HOST:
	case RECORD_KNOWN_ALERT:
		record->type = RECORD_KNOWN_ALERT;
		record->known_alert.alert = next_random(state);
		break;
	case RECORD_HEALTH:
		record->health = (struct record_health){
			.version = "0.1.0",
			.started_ns = (int64_t)next_random(state),
			.interfaces = interfaces,
			.interface_count = next_random(state) % 3,
			.workers = workers,
			.worker_count = next_random(state) % 3,
			.stages = { { next_random(state), 12345678 }, { 7, 0 }, { 0, 0 }, [5] = { 1, 1LL << 50 } },
			.tables = tables,
			.table_count = next_random(state) % 3,
			.transitions_lost = next_random(state),
			.untracked = next_random(state),
			.alerts_open = next_random(state),
			.verdicts = { next_random(state), 1, 2, 3, 4, next_random(state) },
		};
		break;
	case RECORD_STARTED:
		break;
	case RECORD_IKE_MESSAGE: /* has no line */
	case RECORD_NOTICE:
		record->notice = (struct record_notice){ (enum notice_level)(next_random(state) % 3), SAMPLE_HOSTILE };
		break;
	}
}

START_TEST(round_trip_gives_equal_lines)
{
	struct record_reader reader = { 0 };
	uint64_t state = 0x9e3779b97f4a7c15ULL;

	for (int i = 0; i < 5000; i++) {
		struct record_protocol protocols[3];
		const char *carries[RECORD_CARRIES_MAX];
		struct record record, again;
		char *line, *second;

		random_record(&state, &record, protocols, carries);
		line = record_to_json(&record, "edge-1");
		ck_assert_ptr_nonnull(line);
		ck_assert_msg(record_from_json(line, strlen(line), &reader, &again), "%s\n%s", reader.problem, line);
		ck_assert_str_eq(reader.sensor, "edge-1");
		second = record_to_json(&again, reader.sensor);
		ck_assert_str_eq(line, second);
		free(line);
		free(second);
	}
	record_reader_clear(&reader);
}
END_TEST

static bool reads(const char *line)
{
	struct record_reader reader = { 0 };
	struct record record;
	bool read = record_from_json(line, strlen(line), &reader, &record);

	ck_assert(read != (reader.problem[0] != '\0'));
	record_reader_clear(&reader);
	return read;
}

START_TEST(reader_refuses_what_is_cut)
{
	struct record record = sample_finding();
	char *line = record_to_json(&record, "edge-1");

	ck_assert(reads(line));
	for (size_t length = strlen(line); length-- > 0;) {
		line[length] = '\0';
		ck_assert_msg(!reads(line), "read after %zu octets", length);
	}
	free(line);
}
END_TEST

/* A sentence that fills its room, with octets that are no UTF-8: longer as JSON, and the alert is not lost for it. */
START_TEST(reader_cuts_a_sentence_that_grew)
{
	struct record_reader reader = { .sensor = NULL };
	struct record record = sample_finding(), again;

	memset(record.finding.text, 'x', sizeof(record.finding.text) - 2);
	record.finding.text[sizeof(record.finding.text) - 2] = '\xc3';
	record.finding.text[sizeof(record.finding.text) - 1] = '\0';
	char *line = record_to_json(&record, "edge-1");
	ck_assert(record_from_json(line, strlen(line), &reader, &again));
	ck_assert_uint_eq(strspn(again.finding.text, "x"), sizeof(record.finding.text) - 2);
	ck_assert_uint_eq(strlen(again.finding.text), sizeof(record.finding.text) - 2);
	record_reader_clear(&reader);
	free(line);
}
END_TEST

/* Each line: in the good line, this becomes that. */
static const struct {
	const char *from, *to;
} lies[] = {
	{ "\"finding\"", "\"alarm\"" },
	{ "\"type\":\"finding\",", "" },
	{ "2026-11-21T20:30:00.123456Z", "2026-11-31T20:30:00.123456Z" },
	{ "2026-11-21T20:30:00.123456Z", "2026-11-21 20:30:00.123456Z" },
	{ "2026-11-21T20:30:00.123456Z", "9999-11-21T20:30:00.123456Z" },
	{ "2026-11-21T20:30:00.123456Z", "2026-11-21T24:30:00.123456Z" },
	{ "\"cleartext-leak\"", "\"cleartext\"" },
	{ "\"sa-lost\"", "\"stale\"" },
	{ "\"sa-lost\"", "null" },
	{ "\"open\"", "\"Open\"" },
	{ "\"high\"", "1" },
	{ "\"observed\"", "null" },
	{ "0123456789abcdef", "0123456789abcde" },
	{ "0123456789abcdef", "0123456789ABCDEF" },
	{ "\"kind\":\"pair\"", "\"kind\":\"host\"" },
	{ "},\"a\":\"10.1.0.1\"", "},\"a\":\"10.1.0.01\"" },
	{ "},\"a\":\"10.1.0.1\"", "},\"a\":null" },
	{ "\"src\":\"10.2.0.2\"", "\"src\":\"::ffff:10.2.0.2\"" },
	{ "\"src_port\":40000", "\"src_port\":65536" },
	{ "\"src_port\":40000", "\"src_port\":-1" },
	{ "\"src_port\":40000", "\"src_port\":4e4" },
	{ "\"src_port\":40000", "\"src_port\":null" },
	{ "\"src_port\":40000", "\"src_port\":40001" }, /* the community_id is then another flow's */
	{ "\"spi\":null", "\"spi\":\"0x1\"" },
	{ "\"spi\":null", "\"spi\":\"0x0000000g\"" },
	{ "\"spi\":null", "\"spi\":\"000000001\"" },
	{ "\"vlan\":null", "\"vlan\":4096" },
	{ "\"vlan\":null", "\"vlan\":null,\"realm\":0" },
	{ "\"vlan\":null", "\"vlan\":null,\"realm\":4294967296" },
	{ "\"vlan\":null", "\"vlan\":null,\"realm\":null" },
	{ "\"count\":17", "\"count\":-17" },
	{ "\"count\":17", "\"count\":99999999999999999999" },
	{ "\"count\":17", "\"count\":17,\"count\":18" },
	{ "\"count\":17", "\"count\":17,\"extra\":18" },
	{ "\"kind\":\"pair\"", "\"kind\":\"pair\",\"more\":1" },
	{ "\"duration\":2.5", "\"duration\":\"2.5\"" },
	{ "\"evidence\":{", "\"evidence\":{\"nested\":{}," },
	{ "\"evidence\":{", "\"evidence\":{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,"
			    "\"10\":1,\"11\":1," },
	{ "\"text\":\"", "\"text\":\"\\u0000" },
	{ "}}", "}} x" },
};

START_TEST(reader_refuses_lies)
{
	struct record record = sample_finding();
	char *line = record_to_json(&record, "edge-1");
	char *at = strstr(line, lies[_i].from), *lie;

	ck_assert_ptr_nonnull(at);
	lie = malloc(strlen(line) + strlen(lies[_i].to) + 1);
	memcpy(lie, line, (size_t)(at - line));
	strcpy(lie + (at - line), lies[_i].to);
	strcat(lie, at + strlen(lies[_i].from));
	ck_assert_msg(!reads(lie), "%s", lie);
	free(lie);
	free(line);
}
END_TEST

START_TEST(reader_is_bounded)
{
	struct record_reader reader = { 0 };
	struct record record = sample_finding();
	char *line = record_to_json(&record, "edge-1"), *long_line = malloc(RECORD_LINE_MAX + 2);
	size_t length = strlen(line);

	/* As long as allowed, by blanks behind the value, and one more. */
	memset(long_line, ' ', RECORD_LINE_MAX + 1);
	memcpy(long_line, line, length);
	ck_assert_msg(record_from_json(long_line, RECORD_LINE_MAX, &reader, &record), "%s", reader.problem);
	ck_assert(!record_from_json(long_line, RECORD_LINE_MAX + 1, &reader, &record));
	/* Depth. */
	memset(long_line, '[', RECORD_LINE_MAX);
	ck_assert(!record_from_json(long_line, RECORD_LINE_MAX, &reader, &record));
	record_reader_clear(&reader);
	free(line);
	free(long_line);
}
END_TEST

START_TEST(community_ids_are_those_of_others)
{
	/* Of the published reference flows. */
	static const struct {
		const char *src, *dst;
		uint16_t src_port, dst_port;
		uint8_t protocol;
		const char *id;
	} flows[] = {
		{ "128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ "66.35.250.204", "128.232.110.120", 80, 34855, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ "192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	};
	struct community_id id;

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		struct address src = sample_address(flows[i].src), dst = sample_address(flows[i].dst);

		ck_assert(community_id(&src, &dst, flows[i].src_port, flows[i].dst_port, flows[i].protocol, &id));
		ck_assert_str_eq(id.text, flows[i].id);
		ck_assert(!community_id(&src, &dst, 1, 2, 50, &id));
	}
}
END_TEST

START_TEST(utf8_is_rfc_3629)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "\x7f\xc2\x80", "\x7f\xc2\x80" },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" }, /* overlong */
		{ "\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* overlong */
		{ "\xe0\xa0\x80", "\xe0\xa0\x80" },
		{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* surrogate */
		{ "\xf0\x8f\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* beyond U+10FFFF */
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },                                 /* cut */
		{ "\xe2\x82x", "\xef\xbf\xbd\xef\xbf\xbdx" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out = utf8_repair(cases[i].in);

		ck_assert_str_eq(out, cases[i].out);
		free(out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *lines = tcase_create("lines");

	tcase_add_test(lines, finding_is_exactly_this);
	tcase_add_test(lines, unknown_is_null);
	tcase_add_test(lines, other_records_are_exactly_this);
	tcase_add_test(lines, hostile_strings_stay_inside);
	tcase_add_test(lines, extremes_have_a_form);
	tcase_add_test(lines, round_trip_gives_equal_lines);
	tcase_add_test(lines, reader_refuses_what_is_cut);
	tcase_add_test(lines, reader_cuts_a_sentence_that_grew);
	tcase_add_loop_test(lines, reader_refuses_lies, 0, (int)(sizeof(lies) / sizeof(lies[0])));
	tcase_add_test(lines, reader_is_bounded);
	tcase_add_test(lines, community_ids_are_those_of_others);
	tcase_add_test(lines, utf8_is_rfc_3629);
	tcase_set_timeout(lines, 60);
	suite_add_tcase(suite, lines);
	return suite_end(suite);
}
