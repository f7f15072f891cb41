/* SPDX-License-Identifier: Apache-2.0 */
/* Names for flows: what is named, what is never guessed, when a flow ends, and slots. */
#include "../../daemon/classify.h"
#include "../suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TCP = 6, UDP = 17, ROOM = 2048, CLIENT = 40000 };

static struct classifier *classifier;
static int chatter; /* where standard output and error go meanwhile */
static int saved[2];

static void make_classifier(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	fflush(NULL);
	chatter = fileno(file);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(i + 1);
		dup2(chatter, i + 1);
	}
	classifier = classifier_new(4);
	ck_assert_ptr_nonnull(classifier);
}

static void free_classifier(void)
{
	struct stat status;

	classifier_free(classifier);
	fflush(NULL);
	for (int i = 0; i < 2; i++)
		dup2(saved[i], i + 1);
	/* nDPI has printed nothing. */
	ck_assert_int_eq(fstat(chatter, &status), 0);
	ck_assert_int_eq(status.st_size, 0);
}

static void put16(uint8_t *octets, unsigned value)
{
	octets[0] = (uint8_t)(value >> 8);
	octets[1] = (uint8_t)value;
}

/* An IP packet from the client's port CLIENT to the server's `port`, or back. Returns its length. */
static uint16_t build(uint8_t *packet, unsigned version, uint8_t protocol, bool back, uint16_t port, uint32_t sequence,
		      const void *payload, size_t length)
{
	size_t header = version == 4 ? 20 : 40, transport = protocol == TCP ? 20 : protocol == UDP ? 8 : 0;
	size_t total = header + transport + length;
	uint8_t *ports = packet + header;

	memset(packet, 0, header + transport);
	if (version == 4) {
		packet[0] = 0x45;
		put16(packet + 2, (unsigned)total);
		packet[8] = 64;
		packet[9] = protocol;
		memcpy(packet + 12, back ? "\xc6\x12\0\2\xc6\x12\0\1" : "\xc6\x12\0\1\xc6\x12\0\2", 8);
	} else {
		packet[0] = 0x60;
		put16(packet + 4, (unsigned)(total - header));
		packet[6] = protocol;
		packet[7] = 64;
		packet[8] = packet[24] = 0xfd;
		packet[23] = back ? 2 : 1;
		packet[39] = back ? 1 : 2;
	}
	if (transport) {
		put16(ports, back ? port : CLIENT);
		put16(ports + 2, back ? CLIENT : port);
	}
	if (protocol == TCP) {
		put16(ports + 4, sequence >> 16);
		put16(ports + 6, sequence & 0xffff);
		ports[11] = 1;
		ports[12] = 0x50;
		ports[13] = 0x18;
	} else if (protocol == UDP) {
		put16(ports + 4, (unsigned)(length + 8));
	}
	memcpy(packet + header + transport, payload, length);
	return (uint16_t)total;
}

/* A flow on its way through the classifier. */
struct dialogue {
	uint32_t slot;
	unsigned version;
	uint8_t protocol;
	uint16_t port;
	uint32_t sequence[2];
	struct classify_result result;
};

static struct dialogue begin(unsigned version, uint8_t protocol, uint16_t port)
{
	struct dialogue dialogue = { .version = version, .protocol = protocol, .port = port, .sequence = { 1, 1 } };

	dialogue.slot = classifier_begin(classifier);
	ck_assert_uint_ne(dialogue.slot, CLASSIFY_SLOT_NONE);
	return dialogue;
}

static void say(struct dialogue *dialogue, bool back, const void *payload, size_t length, bool last)
{
	uint8_t packet[ROOM], *exact;
	uint16_t total = build(packet, dialogue->version, dialogue->protocol, back, dialogue->port,
			       dialogue->sequence[back], payload, length);

	dialogue->sequence[back] += (uint32_t)length;
	/* In memory of its own, so that a sanitizer sees who reads behind it. */
	exact = malloc(total);
	memcpy(exact, packet, total);
	classifier_packet(classifier, dialogue->slot, exact, total, 1700000000000000000, last, &dialogue->result);
	free(exact);
}

static void say_text(struct dialogue *dialogue, bool back, const char *text)
{
	say(dialogue, back, text, strlen(text), false);
}

static void expect(const struct dialogue *dialogue, const char *name, bool final, bool encrypted, bool credentials)
{
	const struct classify_result *result = &dialogue->result;

	if (name)
		ck_assert_str_eq(classifier_name(classifier, result->app), name);
	else
		ck_assert_uint_eq(result->app, CLASSIFY_APP_UNKNOWN);
	ck_assert_int_eq(result->final, final);
	ck_assert_int_eq(result->encrypted, encrypted);
	ck_assert_int_eq(result->credentials, credentials);
}

/* TLS 1.2 ClientHello for `name`. Returns its length. */
static size_t build_hello(uint8_t *hello, const char *name)
{
	size_t length = strlen(name), extension = length + 5, body = 2 + 32 + 1 + 4 + 2 + 2 + 4 + extension;
	uint8_t *at = hello;

	memset(hello, 0, body + 9);
	at[0] = 22;
	put16(at + 1, 0x0301);
	put16(at + 3, (unsigned)body + 4);
	at[5] = 1;
	put16(at + 7, (unsigned)body);
	put16(at + 9, 0x0303);
	for (int i = 0; i < 32; i++)
		at[11 + i] = (uint8_t)(i * 37 + 11);
	at += 11 + 32 + 1;
	put16(at, 2);
	put16(at + 2, 0xc02f);
	at[4] = 1;
	put16(at + 6, (unsigned)extension + 4);
	put16(at + 10, (unsigned)extension);
	put16(at + 12, (unsigned)extension - 2);
	put16(at + 15, (unsigned)length);
	memcpy(at + 17, name, length);
	return body + 9;
}

START_TEST(http_is_named_after_the_wire)
{
	struct dialogue flow = begin(_i ? 6 : 4, TCP, 80);

	say_text(&flow, false,
		 "GET / HTTP/1.1\r\nHost: www.facebook.com\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
	/* Named, but a login may follow. */
	expect(&flow, "HTTP", false, false, false);
	say_text(&flow, true, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n<html>");
	for (int i = 3; i < 8; i++) {
		expect(&flow, "HTTP", false, false, false);
		say_text(&flow, true, "and so on and so on");
	}
	expect(&flow, "HTTP", false, false, false);
	say_text(&flow, true, "the eighth");
	expect(&flow, "HTTP", true, false, false);
}
END_TEST

static const struct {
	const char *line;
	bool credentials;
} authorizations[] = {
	{ "Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", true },
	{ "authorization: Bearer abcdefgh", true },
	{ "Authorization: Negotiate YIIabc", false },
	{ "Authorization:  NTLM TlRMTVNTUAAB", false },
	{ "Authorization: Digest username=\"a\"", false },
	{ "Proxy-Authorization: Basic YTpi", true },
	{ "X-Nothing: Basic YWxhZGRpbjpvcGVuc2VzYW1l", false },
};

START_TEST(http_credentials)
{
	struct dialogue flow = begin(4, TCP, 8080);
	char request[300];

	snprintf(request, sizeof(request), "GET /private HTTP/1.1\r\nHost: intranet\r\nUser-Agent: curl\r\n%s\r\n\r\n",
		 authorizations[_i].line);
	say_text(&flow, false, request);
	expect(&flow, "HTTP", authorizations[_i].credentials, false, authorizations[_i].credentials);
	classifier_end(classifier, flow.slot);
	/* The slot's next flow starts with nothing. */
	flow = begin(4, TCP, 80);
	say_text(&flow, false, "GET / HTTP/1.1\r\nHost: intranet\r\nUser-Agent: curl\r\n\r\n");
	expect(&flow, "HTTP", false, false, false);
}
END_TEST

START_TEST(http_credentials_after_a_refusal)
{
	struct dialogue flow = begin(4, TCP, 80);

	say_text(&flow, false, "GET / HTTP/1.1\r\nHost: intranet\r\nUser-Agent: curl\r\n\r\n");
	say_text(&flow, true,
		 "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
	expect(&flow, "HTTP", false, false, false);
	say_text(&flow, false, "GET / HTTP/1.1\r\nHost: intranet\r\nAuthorization: Basic YWxhZGRpbjpvcGVu\r\n\r\n");
	expect(&flow, "HTTP", true, false, true);
}
END_TEST

START_TEST(ftp_login)
{
	struct dialogue flow = begin(4, TCP, 21);

	say_text(&flow, true, "220 Service ready.\r\n");
	say_text(&flow, false, "USER somebody\r\n");
	say_text(&flow, true, "331 Password please.\r\n");
	if (!flow.result.final)
		say_text(&flow, false, "PASS secret\r\n");
	if (!flow.result.final)
		say_text(&flow, true, "230 Logged in.\r\n");
	expect(&flow, "FTP_CONTROL", true, false, true);
}
END_TEST

START_TEST(rtsp_is_found)
{
	struct dialogue flow = begin(4, TCP, 554);

	say_text(&flow, false,
		 "DESCRIBE rtsp://camera.example/live RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n");
	if (!flow.result.final)
		say_text(&flow, true, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n");
	ck_assert_str_eq(classifier_name(classifier, flow.result.app), "RTSP");
}
END_TEST

/* It is the rest of something else, which nobody has to look for among commands and records. */
START_TEST(what_begins_with_octets_is_no_dialogue_of_text)
{
	static const uint8_t octets[] = { 0x9b, 0x01, 0xfe, 0x33, 0x80, 0x71, 0xc4, 0x02, 0x5d, 0xee, 0x10, 0x97 };
	struct dialogue flow = begin(4, TCP, 6000);

	say(&flow, false, octets, sizeof(octets), false);
	say_text(&flow, true, "220 Service ready.\r\n");
	say_text(&flow, false, "USER somebody\r\n");
	for (int i = 0; i < 5; i++)
		say(&flow, i % 2, octets, sizeof(octets), false);
	expect(&flow, NULL, true, false, false);
}
END_TEST

START_TEST(pop_login)
{
	struct dialogue flow = begin(4, TCP, 110);

	say_text(&flow, true, "+OK POP3 ready\r\n");
	say_text(&flow, false, "USER somebody\r\n");
	say_text(&flow, true, "+OK\r\n");
	if (!flow.result.final)
		say_text(&flow, false, "PASS secret\r\n");
	if (!flow.result.final)
		say_text(&flow, true, "+OK\r\n");
	if (!flow.result.final)
		say_text(&flow, false, "LIST\r\n");
	expect(&flow, "POP3", true, false, true);
}
END_TEST

START_TEST(tls_is_encrypted)
{
	struct dialogue flow = begin(_i ? 6 : 4, TCP, 8443);
	uint8_t hello[200];
	size_t length = build_hello(hello, "www.google.com");

	say(&flow, false, hello, length, false);
	if (!flow.result.final)
		say(&flow, true, "\x16\3\3\0\4\2\0\0\0", 9, true);
	expect(&flow, "TLS", true, true, false);
}
END_TEST

/* The name that nDPI gives by what TLS carries, which its greeting does not say. */
START_TEST(tls_of_mail_keeps_its_name)
{
	struct dialogue flow = begin(4, TCP, 993);
	uint8_t hello[200];
	size_t length = build_hello(hello, "mail.example");

	say(&flow, false, hello, length, false);
	if (!flow.result.final)
		say(&flow, true, "\x16\3\3\0\4\2\0\0\0", 9, true);
	expect(&flow, "IMAPS", true, true, false);
}
END_TEST

/* A flow whose first octets were not seen is nDPI's; a greeting counts at the beginning only. */
START_TEST(greeting_comes_first)
{
	struct dialogue flow = begin(4, TCP, 9999);

	say_text(&flow, false, "neither one nor the other");
	say_text(&flow, false, "GET / HTTP/1.1\r\n");
	ck_assert(flow.result.app == CLASSIFY_APP_UNKNOWN ||
		  strcmp(classifier_name(classifier, flow.result.app), "HTTP") != 0);
}
END_TEST

START_TEST(ssh_is_encrypted)
{
	struct dialogue flow = begin(4, TCP, 2222);

	say_text(&flow, true, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
	if (!flow.result.final)
		say_text(&flow, false, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
	expect(&flow, "SSH", true, true, false);
}
END_TEST

START_TEST(dns_is_named_after_the_wire)
{
	static const uint8_t query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7youtube\3com\0\0\1\0\1";
	struct dialogue flow = begin(_i ? 6 : 4, UDP, 53);

	say(&flow, false, query, sizeof(query) - 1, false);
	expect(&flow, "DNS", true, false, false);
}
END_TEST

static const struct {
	uint8_t protocol;
	uint16_t port;
} ports[] = {
	{ TCP, 80 },  { TCP, 443 },  { TCP, 22 },    { TCP, 21 },  { TCP, 50000 }, { UDP, 53 },   { UDP, 123 },
	{ UDP, 161 }, { UDP, 3478 }, { UDP, 51820 }, { UDP, 500 }, { UDP, 4500 },  { UDP, 1812 },
};

START_TEST(nothing_is_guessed_from_a_port)
{
	struct dialogue flow = begin(4, ports[_i].protocol, ports[_i].port);

	/* Text of no protocol. */
	for (int i = 1; i <= 8; i++) {
		ck_assert(!flow.result.final);
		say(&flow, i % 2, "zqzqzqzq zqzqzqzq zqzqzqzq zqzqzqzq zqzqzqzq", 44, false);
	}
	expect(&flow, NULL, true, false, false);
	ck_assert_ptr_null(classifier_name(classifier, flow.result.app));
	/* Its slot is free, and says so to whoever still believes to hold it. */
	say(&flow, false, "GET / HTTP/1.1\r\n\r\n", 18, false);
	expect(&flow, NULL, true, false, false);
}
END_TEST

START_TEST(ike_is_never_ipsec_of_ndpi)
{
	struct dialogue flow = begin(4, UDP, 500);
	uint8_t message[28 + 20] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	message[16] = 33;
	message[17] = 0x20;
	message[18] = 34;
	message[19] = 8;
	message[27] = sizeof(message);
	for (int i = 1; i <= 8 && !flow.result.final; i++)
		say(&flow, i % 2 == 0, message, sizeof(message), false);
	expect(&flow, NULL, true, false, false);
}
END_TEST

START_TEST(other_transports_end_at_once)
{
	static const uint8_t protocols[] = { 1, 2, 4, 41, 47, 50, 51, 58, 89, 132, 255 };
	uint8_t zeros[64] = { 0 };

	for (unsigned i = 0; i < sizeof(protocols); i++) {
		struct dialogue flow = begin(4, protocols[i], 0);

		say(&flow, false, zeros, sizeof(zeros), false);
		expect(&flow, NULL, true, false, false);
	}
}
END_TEST

START_TEST(one_flow_is_one_transport)
{
	struct dialogue flow = begin(4, TCP, 8443);
	uint8_t hello[200];
	size_t length = build_hello(hello, "host.example");

	/* nDPI now holds a buffer for the rest of the record, in a union with UDP's state. */
	say(&flow, false, hello, length - 20, false);
	for (int i = 2; i <= 8; i++) {
		flow.protocol = UDP;
		if (!flow.result.final)
			say(&flow, i % 2, hello, 60, false);
	}
	ck_assert(flow.result.final);
}
END_TEST

START_TEST(last_packet_ends_the_flow)
{
	struct dialogue flow = begin(4, TCP, 50000);

	say(&flow, false, "zqzqzqzqzqzq", 12, true);
	expect(&flow, NULL, true, false, false);
	flow = begin(4, TCP, 80);
	say(&flow, false, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 28, true);
	expect(&flow, "HTTP", true, false, false);
}
END_TEST

START_TEST(slots_are_bounded_and_used_again)
{
	uint32_t slots[4];
	struct classify_result result;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++) {
			slots[i] = classifier_begin(classifier);
			ck_assert_uint_ne(slots[i], CLASSIFY_SLOT_NONE);
			for (int other = 0; other < i; other++)
				ck_assert_uint_ne(slots[i], slots[other]);
		}
		ck_assert_uint_eq(classifier_begin(classifier), CLASSIFY_SLOT_NONE);
		classifier_end(classifier, slots[2]);
		classifier_end(classifier, slots[2]);
		ck_assert_uint_eq(classifier_begin(classifier), slots[2]);
		ck_assert_uint_eq(classifier_begin(classifier), CLASSIFY_SLOT_NONE);
		for (int i = 0; i < 4; i++)
			classifier_end(classifier, slots[i]);
	}
	classifier_end(classifier, CLASSIFY_SLOT_NONE);
	classifier_end(classifier, 5);
	classifier_end(classifier, UINT32_MAX);
	classifier_packet(classifier, CLASSIFY_SLOT_NONE, (const uint8_t *)"", 0, 0, false, &result);
	ck_assert(result.final && result.app == CLASSIFY_APP_UNKNOWN);
}
END_TEST

START_TEST(no_slots_at_all)
{
	struct classifier *none = classifier_new(0);

	ck_assert_ptr_nonnull(none);
	ck_assert_uint_eq(classifier_begin(none), CLASSIFY_SLOT_NONE);
	classifier_free(none);
	classifier_free(NULL);
	ck_assert_str_ne(classifier_library(), "");
}
END_TEST

/* Captured less than sent: shown as far as it goes, and nothing behind is read. */
START_TEST(packets_cut_at_each_octet)
{
	static const char request[] =
	    "GET /path HTTP/1.1\r\nHost: www.example.com\r\nAuthorization: Basic YTpi\r\n\r\n";
	unsigned version = _i ? 6 : 4, named = 0;
	uint8_t packet[ROOM];
	uint16_t total = build(packet, version, TCP, false, 80, 1, request, sizeof(request) - 1);

	for (uint16_t captured = 0; captured <= total; captured++) {
		uint8_t *exact = malloc(captured ? captured : 1);
		struct classify_result result;

		memcpy(exact, packet, captured);
		classifier_packet(classifier, classifier_begin(classifier), exact, captured, -5, true, &result);
		ck_assert(result.final);
		if (result.app != CLASSIFY_APP_UNKNOWN) {
			ck_assert_str_eq(classifier_name(classifier, result.app), "HTTP");
			named++;
		}
		free(exact);
	}
	/* Not only the whole one. */
	ck_assert_uint_gt(named, 5);
}
END_TEST

START_TEST(lengths_in_the_header_are_not_believed)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
	static const struct {
		unsigned version, offset, value;
		bool named;
	} cases[] = {
		{ 4, 2, 0, true },     /* left to the network card */
		{ 4, 2, 65535, true }, /* cut short in the capture */
		{ 4, 2, 19, false },   /* shorter than its header */
		{ 4, 2, 40, false },   /* no payload: what follows is padding */
		{ 6, 4, 0, true },     { 6, 4, 65535, true }, { 6, 4, 20, false },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[ROOM];
		uint16_t total = build(packet, cases[i].version, TCP, false, 80, 1, request, sizeof(request) - 1);
		struct classify_result result;

		put16(packet + cases[i].offset, cases[i].value);
		classifier_packet(classifier, classifier_begin(classifier), packet, total, 0, true, &result);
		ck_assert_msg((result.app != CLASSIFY_APP_UNKNOWN) == cases[i].named, "%u", i);
	}
}
END_TEST

/* Flows of random packets, most of them with a header that makes sense. */
START_TEST(random_packets)
{
	uint32_t state = 2463534242U + (uint32_t)_i;
	struct classify_result result;

	for (int flow = 0; flow < 1000; flow++) {
		uint32_t slot = classifier_begin(classifier);

		do {
			uint8_t packet[ROOM], *exact, payload[ROOM / 2];
			unsigned length, version;
			uint16_t total;

			for (size_t i = 0; i < sizeof(payload); i += 4) {
				state ^= state << 13;
				state ^= state >> 17;
				state ^= state << 5;
				memcpy(payload + i, &state, 4);
			}
			length = payload[0] * 3U;
			version = payload[1] % 2 ? 4 : 6;
			total = build(packet, version, payload[2] % 2 ? TCP : UDP, payload[3] % 2, payload[4], state,
				      payload + 8, length);
			if (payload[5] % 4 == 0)
				packet[payload[6] % 60] = payload[7];
			if (payload[5] % 8 == 1)
				total = (uint16_t)(total * payload[6] / 255);
			exact = malloc(total ? total : 1);
			memcpy(exact, packet, total);
			classifier_packet(classifier, slot, exact, total, flow, false, &result);
			free(exact);
		} while (!result.final);
	}
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("classify");
	TCase *tests = tcase_create("flows");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make_classifier, free_classifier);
	tcase_add_loop_test(tests, http_is_named_after_the_wire, 0, 2);
	tcase_add_loop_test(tests, http_credentials, 0, COUNT(authorizations));
	tcase_add_test(tests, http_credentials_after_a_refusal);
	tcase_add_test(tests, ftp_login);
	tcase_add_test(tests, rtsp_is_found);
	tcase_add_test(tests, what_begins_with_octets_is_no_dialogue_of_text);
	tcase_add_test(tests, pop_login);
	tcase_add_loop_test(tests, tls_is_encrypted, 0, 2);
	tcase_add_test(tests, ssh_is_encrypted);
	tcase_add_test(tests, tls_of_mail_keeps_its_name);
	tcase_add_test(tests, greeting_comes_first);
	tcase_add_loop_test(tests, dns_is_named_after_the_wire, 0, 2);
	tcase_add_loop_test(tests, nothing_is_guessed_from_a_port, 0, COUNT(ports));
	tcase_add_test(tests, ike_is_never_ipsec_of_ndpi);
	tcase_add_test(tests, other_transports_end_at_once);
	tcase_add_test(tests, one_flow_is_one_transport);
	tcase_add_test(tests, last_packet_ends_the_flow);
	tcase_add_test(tests, slots_are_bounded_and_used_again);
	tcase_add_test(tests, no_slots_at_all);
	tcase_add_loop_test(tests, packets_cut_at_each_octet, 0, 2);
	tcase_add_test(tests, lengths_in_the_header_are_not_believed);
	tcase_add_loop_test(tests, random_packets, 0, 4);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
