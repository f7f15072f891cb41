/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IKE log: golden texts of laboratory captures, words for each step, repetitions, silence, levels, JSON, and octets
 * that would do something to a terminal.
 */
#include "../../daemon/certificate.h"
#include "../../daemon/report/ike_log.h"

#include "../dissectors/ike_build.h"
#include "replay.h"
#include "../suite.h"

#include <jansson.h>

struct text {
	char *octets; /* owned */
	size_t length;
	FILE *file;
	struct ike_log *log;
};

static struct ike_build built;

/* When the next message is sent. */
static int64_t sent_ns;

static void begin(struct text *text, unsigned level, size_t width, bool json)
{
	sent_ns = INT64_C(1000000000);
	text->file = open_memstream(&text->octets, &text->length);
	ck_assert_ptr_nonnull(text->file);
	const struct ike_log_settings settings = { .file = text->file,
						   .level = level,
						   .width = width,
						   .json = json,
						   .sensor = "test",
						   .certificate = certificate_read };
	text->log = ike_log_new(&settings);
	ck_assert_ptr_nonnull(text->log);
}

static void end(struct text *text)
{
	ike_log_free(text->log);
	fclose(text->file);
	free(text->octets);
}

static void on_record(void *context, const struct record *record)
{
	ike_log_write(context, record);
}

/* From 10.0.0.1 to 10.0.0.2, or back; `captured` octets of what was built, in memory of just that size. */
static void send_cut(struct text *text, bool back, uint32_t captured)
{
	struct record record = { .type = RECORD_IKE_MESSAGE, .time_ns = sent_ns };
	static const uint8_t addresses[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	uint8_t *copy = malloc(captured ? captured : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, built.octets, captured);
	record.ike_message = (struct record_ike_message){
		.src = address_from_ipv4(addresses[back]),
		.dst = address_from_ipv4(addresses[!back]),
		.src_port = 500,
		.dst_port = 500,
		.message = copy,
		.captured = captured,
		.length = built.length,
	};
	ike_log_write(text->log, &record);
	free(copy);
}

static void send(struct text *text, bool back)
{
	send_cut(text, back, built.length);
}

static void expect(struct text *text, const char *word)
{
	fflush(text->file);
	ck_assert_msg(strstr(text->octets, word) != NULL, "no \"%s\" in:\n%s", word, text->octets);
}

static void expect_not(struct text *text, const char *word)
{
	fflush(text->file);
	ck_assert_msg(text->length == 0 || strstr(text->octets, word) == NULL, "\"%s\" in:\n%s", word, text->octets);
}

/* ---- golden ---- */

static const struct {
	const char *capture, *golden;
	unsigned level;
} goldens[] = {
	{ "ike_log/refused.pcap", "ike_log/refused-2.txt", 2 },
	{ "ike_log/refused.pcap", "ike_log/refused-5.txt", 5 },
	{ "ike_log/ikev1.pcap", "ike_log/ikev1-1.txt", 1 },
	{ "ike_log/ikev1.pcap", "ike_log/ikev1-2.txt", 2 },
	{ "ike_log/ikev1.pcap", "ike_log/ikev1-5.txt", 5 },
	{ "ike_log/nat.pcap", "ike_log/nat-2.txt", 2 },
	{ "ike_log/nat.pcap", "ike_log/nat-5.txt", 5 },
	{ "ike_log/certificates.pcap", "ike_log/certificates-2.txt", 2 },
	{ "ike_log/certificates.pcap", "ike_log/certificates-7.txt", 7 },
	{ "ike_log/shown.pcap", "ike_log/shown-5.txt", 5 },
	{ "ike_log/pieces.pcap", "ike_log/pieces-2.txt", 2 },
	{ "ike_log/pieces.pcap", "ike_log/pieces-5.txt", 5 },
};

START_TEST(golden_texts)
{
	struct text text;

	begin(&text, goldens[_i].level, 80, false);
	replay(goldens[_i].capture, on_record, text.log);
	fflush(text.file);
	for (const char *line = text.octets; *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(strcspn(line, "\n") <= 80, "too wide: %.100s", line);
	compare_golden(goldens[_i].golden, text.octets, text.length);
	end(&text);
}
END_TEST

/* ---- words ---- */

static void child_message(unsigned flags, unsigned inner, unsigned octets)
{
	ike_begin(&built, 0x20, IKEV2_EXCHANGE_CREATE_CHILD_SA, flags);
	uint32_t start = ike_open(&built, IKEV2_PAYLOAD_SK);
	ike_put_data(&built, octets);
	ike_close(&built, start);
	ike_set(&built, start, 1, inner);
	ike_end(&built);
}

START_TEST(a_short_answer_that_begins_with_a_notify_is_a_refusal)
{
	static const struct {
		unsigned octets;
		bool request;
		const char *says;
	} cases[] = { { 60, true, "refused, likely" },
		      { 180, true, "agreed, likely" },
		      { 60, false, "refused, or agreed with an option" } };
	struct text text;

	begin(&text, 2, 0, false);
	if (cases[_i].request) {
		child_message(IKEV2_FLAG_INITIATOR, IKEV2_PAYLOAD_NOTIFY, 200);
		send(&text, false);
		expect(&text, "asks to rekey an SA, or for one with options [200 octets hidden, first inside: NOTIFY]");
	}
	child_message(IKEV2_FLAG_RESPONSE, IKEV2_PAYLOAD_NOTIFY, cases[_i].octets);
	send(&text, true);
	expect(&text, cases[_i].says);
	end(&text);
}
END_TEST

static void first_request(void)
{
	ike_begin(&built, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, IKEV2_FLAG_INITIATOR);
	ike_set(&built, 8, 8, 0);
	uint32_t sa = ike_open(&built, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&built, 0, 1, IKEV2_PROTOCOL_IKE, 0, 5);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_AES_GCM_16, 256);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_AES_GCM_16, 128);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_PRF, IKEV2_PRF_HMAC_SHA2_384, 0);
	ike_put_v2_transform(&built, 3, IKEV2_TRANSFORM_KE, IKE_GROUP_CURVE25519, 0);
	ike_put_v2_transform(&built, 0, IKEV2_TRANSFORM_ADDKE1, IKE_GROUP_ML_KEM_768, 0);
	ike_close(&built, proposal);
	ike_close(&built, sa);
}

START_TEST(repetitions_are_counted_and_silence_is_told_once)
{
	struct text text;

	begin(&text, 1, 0, false);
	first_request();
	ike_end(&built);
	send(&text, false);
	sent_ns += INT64_C(2000000000);
	send(&text, false);
	expect_not(&text, "IKE_SA_INIT");
	sent_ns += INT64_C(4100000000);
	send(&text, false);
	expect(&text,
	       "retransmission 2 after 4.1 s: offers AES_GCM_16_256 (+1), PRF HMAC_SHA2_384, CURVE25519, additional "
	       "ML_KEM_768; no answer so far");
	size_t before = text.length;
	send(&text, false);
	fflush(text.file);
	ck_assert_uint_eq(text.length, before);
	end(&text);
}
END_TEST

START_TEST(a_repeated_answer_is_no_silence)
{
	struct text text;

	begin(&text, 2, 0, false);
	child_message(IKEV2_FLAG_RESPONSE, IKEV2_PAYLOAD_SA, 100);
	for (unsigned i = 0; i < 4; i++) {
		send(&text, true);
		sent_ns += INT64_C(500000000) << i;
	}
	expect(&text, "CREATE_CHILD_SA response 7, retransmission 3 after 2.0 s: agreed");
	expect_not(&text, "no answer");
	end(&text);
}
END_TEST

/* The log began after the first exchange: an answer is one all the same. */
START_TEST(an_answer_that_was_lost_behind_the_sensor_is_no_silence)
{
	struct text text;

	begin(&text, 2, 0, false);
	for (unsigned i = 0; i < 4; i++) {
		child_message(IKEV2_FLAG_INITIATOR, IKEV2_PAYLOAD_SA, 100);
		send(&text, false);
		child_message(IKEV2_FLAG_RESPONSE, IKEV2_PAYLOAD_SA, 100);
		send(&text, true);
		sent_ns += INT64_C(500000000) << i;
	}
	expect(&text, "CREATE_CHILD_SA request 7, retransmission 3 after 2.0 s: asks");
	expect_not(&text, "no answer");
	end(&text);
}
END_TEST

START_TEST(hostile_octets_do_not_reach_the_terminal)
{
	static const char vendor[] = "\033]0;owned\007 100% %s%n";
	struct text text;

	begin(&text, 7, 80, false);
	first_request();
	uint32_t start = ike_open(&built, IKEV2_PAYLOAD_VENDOR);
	for (size_t i = 0; i < sizeof(vendor) - 1; i++)
		ike_put(&built, 1, (uint8_t)vendor[i]);
	ike_close(&built, start);
	start = ike_open(&built, IKEV2_PAYLOAD_IDI);
	ike_put(&built, 4, IKE_ID_FQDN << 24);
	for (size_t i = 0; i < sizeof(vendor) - 1; i++)
		ike_put(&built, 1, (uint8_t)vendor[i]);
	ike_close(&built, start);
	ike_end(&built);
	send(&text, false);
	expect(&text, "\\x1b]0;owned\\x07 100% %s%n");
	for (size_t i = 0; i < text.length; i++)
		ck_assert_msg((text.octets[i] >= 0x20 && text.octets[i] < 0x7f) || text.octets[i] == '\n', "octet %d",
			      text.octets[i]);
	end(&text);
}
END_TEST

static const char *const keys[] = {
	"type",         "time",    "sensor",         "src",          "dst",        "src_port",  "dst_port", "encap",
	"ispi",         "rspi",    "version",        "exchange",     "message_id", "initiator", "response", "step",
	"meaning",      "outcome", "retransmission", "after",        "octets",     "captured",  "joined",   "state",
	"fault",        "hidden",  "proposals",      "key_exchange", "notifies",   "vendors",   "nat",      "payloads",
	"certificates",
};

/* Every message, cut at every octet, in text and JSON: nothing is read behind the end, and JSON has all its keys. */
START_TEST(cut_messages_are_told_as_cut)
{
	struct text text, json;

	begin(&text, 7, 80, false);
	begin(&json, (unsigned)_i + 1, 0, true);
	first_request();
	uint32_t start = ike_open(&built, IKEV2_PAYLOAD_NOTIFY);
	ike_put(&built, 4, IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP);
	ike_put_data(&built, 20);
	ike_close(&built, start);
	ike_end(&built);
	for (uint32_t captured = 0; captured <= built.length; captured++) {
		send_cut(&text, false, captured);
		send_cut(&json, false, captured);
	}
	expect(&text, "captured]");
	expect(&text, "NAT_DETECTION_SOURCE_IP");
	fflush(json.file);
	unsigned lines = 0;
	for (char *line = json.octets; line && *line; lines++) {
		char *newline = strchr(line, '\n');
		*newline = '\0';
		json_t *object = json_loads(line, 0, NULL);
		ck_assert_msg(object != NULL, "no JSON: %s", line);
		ck_assert_uint_eq(json_object_size(object), sizeof(keys) / sizeof(keys[0]));
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			ck_assert_msg(json_object_get(object, keys[i]) != NULL, "no key %s", keys[i]);
		ck_assert_int_eq(json_is_null(json_object_get(object, "proposals")), _i + 1 < 3);
		ck_assert_int_eq(json_is_null(json_object_get(object, "nat")), _i + 1 < 4);
		ck_assert_int_eq(json_is_null(json_object_get(object, "payloads")), _i + 1 < 5);
		json_decref(object);
		line = newline + 1;
	}
	/* Level 1 tells no mere step. */
	ck_assert_uint_eq(lines, _i == 0 ? 0 : built.length - IKE_HEADER_SIZE + 1);
	end(&text);
	end(&json);
}
END_TEST

START_TEST(many_ike_sas_are_forgotten_not_kept)
{
	struct text text;

	begin(&text, 1, 0, false);
	first_request();
	ike_end(&built);
	for (unsigned i = 0; i < 20000; i++) {
		ike_set(&built, 0, 8, i * 0x9e3779b97f4a7c15ULL + 1);
		send(&text, false);
	}
	fflush(text.file);
	ck_assert_uint_eq(text.length, 0);
	end(&text);
}
END_TEST

START_TEST(what_is_no_message_is_passed_over)
{
	struct record record = { .type = RECORD_IKE_MESSAGE };
	struct text text;

	begin(&text, 7, 80, false);
	ike_log_write(text.log, &record); /* there was no memory for it */
	record.type = RECORD_PAIR;
	ike_log_write(text.log, &record);
	record.type = RECORD_SUMMARY;
	ike_log_write(text.log, &record);
	fflush(text.file);
	ck_assert_uint_eq(text.length, 0);
	end(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ike_log");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, golden_texts, 0, sizeof(goldens) / sizeof(goldens[0]));
	tcase_add_loop_test(tests, a_short_answer_that_begins_with_a_notify_is_a_refusal, 0, 3);
	tcase_add_test(tests, repetitions_are_counted_and_silence_is_told_once);
	tcase_add_test(tests, a_repeated_answer_is_no_silence);
	tcase_add_test(tests, an_answer_that_was_lost_behind_the_sensor_is_no_silence);
	tcase_add_test(tests, hostile_octets_do_not_reach_the_terminal);
	tcase_add_loop_test(tests, cut_messages_are_told_as_cut, 0, IKE_LOG_LEVEL_MAX);
	tcase_add_test(tests, many_ike_sas_are_forgotten_not_kept);
	tcase_add_test(tests, what_is_no_message_is_passed_over);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
